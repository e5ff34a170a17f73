//! What one build reads: its definition, its Dockerfile, its contexts, and the builds that it links to.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};

use super::build::Read;
use super::definition::{self, Moment};
use super::files::{Files, Known};
use super::part::{Part, inputs};
use super::place::{self, Place, find, find_within};
use crate::bake::target::context::{HERE, LAYOUT, dockerfile_in, is_remote, link_of, normalize_context};
use crate::bake::target::{Target, Text};
use crate::bake::values::Name;
use crate::commit::is_whole;
use crate::context::{Context, Id, Ignore, Sources};
use crate::dockerfile::{self, Base, Dockerfile, Git, Narrowing, Parent, Remote};
use crate::inputs::Inputs;
use crate::plan::{Build, Image, Plan};
use crate::platform::Platform;

/// The Dockerfile of a target that names none.
pub(crate) const DOCKERFILE: &str = "Dockerfile";
/// What counts where there is none of that name, as in buildx.
pub(crate) const FALLBACK: &str = "dockerfile";

/// The ignore file of a context.
const IGNORE: &str = ".dockerignore";

/// What comes before an image as a named context.
pub(crate) const IMAGE: &str = "docker-image://";
/// The argument that names another frontend.
const SYNTAX: &str = "BUILDKIT_SYNTAX";

/// The argument that sets the times in an image.
pub(crate) const EPOCH: &str = "SOURCE_DATE_EPOCH";

/// How many links of targets are followed.
const MAX_LINKS: usize = 1000;

/// Reads builds; what several share is read once.
pub(super) struct Reader<'a> {
    plan: &'a Plan,
    files: &'a dyn Files,
    known: Known<'a>,
    /// The Dockerfiles by path.
    dockerfiles: BTreeMap<String, Arc<Result<Dockerfile, String>>>,
    /// What was seen of contexts.
    seen: BTreeMap<Seen, Arc<Sight>>,
    /// What git makes of the files of contexts, by their roots.
    attributes: BTreeMap<Vec<u8>, String>,
    /// The hashes of what is linked to.
    linked: BTreeMap<Name, Inputs>,
    /// The links that are being followed.
    open: Vec<Name>,
}

/// What decides what is seen of a context.
type Seen = (String, Option<Vec<u8>>, Option<Vec<Vec<u8>>>);

/// What is seen of a context: the value of a part, or why that is unknown.
type Sight = Result<String, String>;

/// What is gathered of one build.
#[derive(Default)]
pub(super) struct Gathered {
    parts: Vec<Part>,
    pub(super) unknown: Vec<String>,
    notes: Vec<String>,
    bases: Vec<Base>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(plan: &'a Plan, files: &'a dyn Files, known: Known<'a>) -> Self {
        Self {
            plan,
            files,
            known,
            dockerfiles: BTreeMap::new(),
            seen: BTreeMap::new(),
            attributes: BTreeMap::new(),
            linked: BTreeMap::new(),
            open: Vec::new(),
        }
    }

    /// What a build of an image reads.
    pub(super) fn build(&mut self, image: &Image, build: &Build) -> Read {
        let plan = self.plan;
        let Some(leg) = plan.leg(build) else {
            let why = format!("`{}` is not a build of the plan", build.leg);
            return Read {
                inputs: Inputs::Unknown(why),
                parts: Vec::new(),
                notes: Vec::new(),
                bases: Vec::new(),
            };
        };
        let source = plan.targets.get(&leg.of).map(|target| &**target);
        let definition = definition::read(leg, source, image, build, self.moment());
        let mut gathered =
            Gathered { parts: definition.parts, unknown: definition.unknown, ..Gathered::default() };
        // Without a platform, the runner's is built.
        if let (None, Some(job)) = (&leg.platform, plan.job_of(leg)) {
            gathered.parts.push(Part::new("runner", &job.runner.display()));
        }
        self.open.push(Arc::clone(&build.leg));
        self.content(&leg.definition, leg.platform.as_ref(), &mut gathered);
        self.open.pop();
        let Gathered { parts, unknown, notes, bases } = gathered;
        Read { inputs: inputs(&parts, &unknown), parts, notes, bases }
    }

    /// What values may say of the run.
    fn moment(&self) -> Moment<'a> {
        Moment { commit: self.plan.run.commit.as_deref(), now: self.known.now }
    }

    /// The hash of what a build links to.
    fn link(&mut self, name: &str) -> Inputs {
        if let Some(known) = self.linked.get(name) {
            return known.clone();
        }
        let key: Name = name.into();
        if self.open.contains(&key) || self.open.len() > MAX_LINKS {
            return Inputs::Unknown(format!("the links of `{name}` go in a circle"));
        }
        let plan = self.plan;
        let (target, of, platform) = match (plan.legs.get(&key), plan.targets.get(&key)) {
            (Some(leg), _) => (&*leg.definition, &leg.of, leg.platform.as_ref()),
            (None, Some(target)) => (&**target, &key, None),
            (None, None) => return Inputs::Unknown(format!("`{name}` is not a target of the plan")),
        };
        let source = plan.targets.get(of).map(|target| &**target);
        let definition = definition::read_linked(target, source, self.moment());
        let mut gathered =
            Gathered { parts: definition.parts, unknown: definition.unknown, ..Gathered::default() };
        self.open.push(Arc::clone(&key));
        self.content(target, platform, &mut gathered);
        self.open.pop();
        let found = match inputs(&gathered.parts, &gathered.unknown) {
            Inputs::Unknown(why) => Inputs::Unknown(format!("{why} (in `{name}`)")),
            known @ Inputs::Hash(_) => known,
        };
        self.linked.insert(key, found.clone());
        found
    }

    /// The Dockerfile and the contexts of a target.
    fn content(&mut self, target: &Target, platform: Option<&Platform>, gathered: &mut Gathered) {
        if let Some(epoch) = self.known.epoch
            && !target.args.iter().any(|(name, _)| **name == *EPOCH)
        {
            gathered.parts.push(Part::new(&format!("args.{EPOCH} (environment)"), epoch));
        }
        let written = context_of(target);
        let context = local(written);
        let dockerfile = self.dockerfile(target, context.as_deref(), gathered);
        for (name, text) in &target.contexts {
            self.named(name, text, gathered);
        }
        let sources = self.sources(target, platform, dockerfile.as_ref(), gathered);
        let Some(context) = context else {
            if !is_pinned(written) {
                gathered
                    .unknown
                    .push(format!("the context `{written}` is fetched, and may be another one each time"));
            }
            gathered.parts.push(Part::new("context", written));
            return;
        };
        let ignore = dockerfile.as_ref().and_then(|found| found.ignore.clone());
        let part = format!("context {context}");
        self.context(&part, &context, ignore, sources, gathered);
    }

    /// Finds the Dockerfile of a target and the ignore file beside it.
    pub(super) fn dockerfile(
        &mut self,
        target: &Target,
        context: Option<&str>,
        gathered: &mut Gathered,
    ) -> Option<Found> {
        if let Some(inline) = &*target.dockerfile_inline {
            gathered.parts.push(Part::new("dockerfile-inline", inline.as_str()));
            let read = Arc::new(Dockerfile::parse(inline.as_str()).map_err(|problem| problem.to_string()));
            return Some(Found { read, ignore: None });
        }
        let named = target.dockerfile.as_ref().map_or(DOCKERFILE, Text::as_str);
        // Beside a context from anywhere, it may be of this machine.
        let Some((context, named)) = dockerfile_in(named, context) else {
            gathered.parts.push(Part::new("dockerfile", named));
            gathered.unknown.push(format!("the Dockerfile `{named}` is not here, and may download"));
            return None;
        };
        let folder = self.place_in_repository(context);
        let path = folder.and_then(|folder| place::below(&folder, named));
        let Some(path) = path else {
            gathered.unknown.push(format!("the Dockerfile `{named}` lies outside of the repository"));
            return None;
        };
        let (path, real, id) = match self.find_dockerfile(&path) {
            Ok(found) => found,
            Err(why) => {
                gathered.unknown.push(why);
                return None;
            }
        };
        let folder = real.rsplit_once('/').map_or("", |(folder, _)| folder);
        let attributes = self.files.tree().attributes_in(folder.as_bytes()).unwrap_or_default();
        gathered.parts.push(Part::new("dockerfile", &format!("{id}{}", shown(&attributes))));
        gathered.notes.push(format!("`dockerfile` is git's hash of `{real}`"));
        let read = match self.dockerfiles.get(&real) {
            Some(known) => Arc::clone(known),
            None => {
                let read = self.files.read(real.as_bytes()).and_then(|content| {
                    let text = String::from_utf8(content).map_err(|_| "it is not UTF-8".to_owned())?;
                    Dockerfile::parse(&text).map_err(|problem| format!("line {}: {problem}", problem.line))
                });
                let read = Arc::new(read);
                self.dockerfiles.insert(real, Arc::clone(&read));
                read
            }
        };
        // An empty one counts, too (https://docs.docker.com/build/concepts/context/#filename-and-location).
        let ignore = format!("{path}{IGNORE}");
        let has_ignore = match find_within(self.files.tree(), parent(&path), &ignore) {
            Place::File { .. } | Place::Other => true,
            Place::Missing { path } => {
                gathered.unknown.extend(self.untracked(&path));
                false
            }
        };
        Some(Found { read, ignore: has_ignore.then_some(ignore) })
    }

    /// The path of a Dockerfile, the one that links lead to, and the id of its content.
    fn find_dockerfile(&self, path: &str) -> Result<(String, String, String), String> {
        let is_whole = |start: &&str| start.is_empty() || start.ends_with('/');
        let fallback =
            path.strip_suffix(DOCKERFILE).filter(is_whole).map(|start| format!("{start}{FALLBACK}"));
        for path in [Some(path.to_owned()), fallback].into_iter().flatten() {
            match find(self.files.tree(), &path) {
                Place::File { path: real, id } => return Ok((path, real, id)),
                Place::Missing { path } => {
                    if let Some(why) = self.untracked(&path) {
                        return Err(why);
                    }
                }
                Place::Other => {
                    return Err(format!("the Dockerfile `{path}` is not a file of the repository"));
                }
            }
        }
        Err(format!("the Dockerfile `{path}` is not a file that git tracks"))
    }

    /// That a path that git does not have may be there all the same, as nobody committed it.
    fn untracked(&self, path: &str) -> Option<String> {
        let holds = |other: &Vec<u8>| match other.strip_suffix(b"/") {
            Some(folder) => path.as_bytes().strip_prefix(folder).is_some_and(|rest| rest.starts_with(b"/")),
            None => path.as_bytes() == &**other,
        };
        self.files
            .untracked()
            .iter()
            .any(holds)
            .then(|| format!("the build reads `{path}`, which git does not track; commit it"))
    }

    /// Which files of its context a target reads; `None` for all of them.
    fn sources(
        &mut self,
        target: &Target,
        platform: Option<&Platform>,
        dockerfile: Option<&Found>,
        gathered: &mut Gathered,
    ) -> Option<Vec<Vec<u8>>> {
        let dockerfile = match dockerfile.map(|found| &*found.read) {
            Some(Ok(dockerfile)) => dockerfile,
            Some(Err(why)) => {
                // It may download.
                gathered.unknown.push(format!("the Dockerfile cannot be read: {why}"));
                return None;
            }
            None => return None,
        };
        let reads = followed(target, platform, dockerfile);
        gathered.bases.extend(reads.bases.iter().cloned());
        for remote in &reads.remote {
            if let Some(why) = unpinned(remote) {
                gathered.unknown.push(why);
            }
        }
        if let Some(reason) = reads.unknown.first() {
            gathered.unknown.push(reason.to_string());
            return None;
        }
        let Narrowing { sources, needs_no_onbuild } = match reads.sources {
            dockerfile::Sources::Paths(narrowing) => narrowing,
            dockerfile::Sources::Whole(reason) => {
                gathered.notes.push(format!("the whole context counts: {reason}"));
                return None;
            }
        };
        let mut may_trigger = |parent: &&Parent| match parent {
            Parent::Base(name) => !(self.known.is_without_triggers)(name),
            Parent::Context(name) => match target.contexts.get(name) {
                Some(text) => match (link_of(text), text.as_str().strip_prefix(IMAGE)) {
                    (Some(linked), _) => !self.leaves_nothing(linked),
                    (None, Some(image)) => !(self.known.is_without_triggers)(image),
                    (None, None) => true,
                },
                None => true,
            },
        };
        if let Some(parent) = needs_no_onbuild.iter().find(&mut may_trigger) {
            let (Parent::Base(name) | Parent::Context(name)) = parent;
            gathered
                .notes
                .push(format!("the whole context counts, since `{name}` may have ONBUILD instructions"));
            return None;
        }
        gathered
            .notes
            .push(counted(&sources.iter().map(|source| source.pattern.as_str()).collect::<Vec<_>>()));
        Some(sources.iter().map(|source| source.pattern.clone().into_bytes()).collect())
    }

    /// Whether the image of a target that is linked to has no instructions for those that start from it.
    fn leaves_nothing(&mut self, linked: &str) -> bool {
        let plan = self.plan;
        let leg = plan.legs.get(linked).map(|leg| &*leg.definition);
        let Some(target) = leg.or_else(|| plan.targets.get(linked).map(|target| &**target)) else {
            return false;
        };
        let context = local(context_of(target));
        let found = self.dockerfile(target, context.as_deref(), &mut Gathered::default());
        let syntax = target.args.iter().find(|(name, _)| ***name == *SYNTAX).map(|(_, text)| text.as_str());
        found.is_some_and(|found| found.read.as_ref().as_ref().is_ok_and(|read| read.leaves_nothing(syntax)))
    }

    /// A named context.
    fn named(&mut self, name: &str, text: &Text, gathered: &mut Gathered) {
        let part = format!("contexts.{name}");
        let written = text.as_str();
        if let Some(target) = link_of(text) {
            match self.link(target) {
                Inputs::Hash(hash) => {
                    gathered.parts.push(Part::new(&format!("linked target {target}"), &hash.to_string()));
                }
                Inputs::Unknown(why) => gathered.unknown.push(why),
            }
            return;
        }
        if written.starts_with(IMAGE) {
            gathered.parts.push(Part::new(&part, written));
            return;
        }
        if written.starts_with(LAYOUT) {
            gathered.unknown.push(format!(
                "the named context `{name}` is a layout, `{written}`, which git does not have"
            ));
            return;
        }
        match local(written) {
            Some(path) => {
                let part = format!("{part} {path}");
                self.context(&part, &path, None, None, gathered);
            }
            None => {
                if !is_pinned(written) {
                    gathered.unknown.push(format!(
                        "the named context `{written}` is fetched, and may be another one each time"
                    ));
                }
                gathered.parts.push(Part::new(&part, written));
            }
        }
    }

    /// A path of the definition, from the top; `None` for one outside of the repository.
    fn place_in_repository(&self, path: &str) -> Option<String> {
        match Path::new(path).strip_prefix(self.files.place()) {
            Ok(below) if Path::new(path).is_absolute() => place::from_top(b"", below.to_str()?),
            _ => place::from_top(self.files.folder(), path),
        }
    }

    /// What is seen of a folder, and what git makes of its files.
    fn context(
        &mut self,
        part: &str,
        path: &str,
        ignore: Option<String>,
        sources: Option<Vec<Vec<u8>>>,
        gathered: &mut Gathered,
    ) {
        let Some(root) = self.place_in_repository(path) else {
            gathered.unknown.push(format!("the context `{path}` lies outside of the repository"));
            return;
        };
        // BuildKit has the folder of the Dockerfile, or the context, and nothing around it.
        let own = ignore.map(|ignore| (parent(&ignore).to_owned(), ignore));
        let ignore = own.or_else(|| Some((root.clone(), place::below(&root, IGNORE)?)));
        let found = ignore.map(|(folder, ignore)| find_within(self.files.tree(), &folder, &ignore));
        let ignore = match found {
            Some(Place::File { path, .. }) => match self.files.read(path.as_bytes()) {
                Ok(text) => Some(text),
                Err(why) => {
                    gathered.unknown.push(format!("`{path}` cannot be read: {why}"));
                    return;
                }
            },
            Some(Place::Other) => {
                gathered.unknown.push(format!(
                    "the ignore file of `{path}` is not a file of its folder: a link that leads out is not followed by a build"
                ));
                return;
            }
            Some(Place::Missing { path }) => {
                gathered.unknown.extend(self.untracked(&path));
                None
            }
            None => None,
        };
        let key = (root, ignore, sources);
        let sight = match self.seen.get(&key) {
            Some(known) => Arc::clone(known),
            None => {
                let sight = Arc::new(self.look(&key));
                self.seen.insert(key, Arc::clone(&sight));
                sight
            }
        };
        match &*sight {
            Ok(value) => gathered.parts.push(Part::new(part, value)),
            Err(why) => gathered.unknown.push(why.clone()),
        }
    }

    fn look(&mut self, (root, ignore, sources): &Seen) -> Sight {
        let tree = self.files.tree();
        let ignore = Ignore::parse(ignore.as_deref().unwrap_or_default())
            .map_err(|problem| format!("the ignore file of `{root}`: {problem}"))?;
        let sources = match sources {
            None => Sources::Whole,
            Some(paths) => Sources::Paths(paths),
        };
        // What no build could copy is made by a step before it.
        let literal = |path: &&Vec<u8>| !path.iter().any(|byte| b"*?[\\".contains(byte));
        let paths: &[Vec<u8>] = match sources {
            Sources::Paths(paths) => paths,
            Sources::Whole => &[],
        };
        let mut named = paths.iter().filter(literal).filter_map(|path| str::from_utf8(path).ok());
        if let Some(missing) = named.find(|path| !place::is_there(tree, root, path)) {
            return Err(format!(
                "the Dockerfile copies `{missing}`, which is not in the checkout: something makes it before the build"
            ));
        }
        let context =
            Context::new(tree, root.as_bytes(), &ignore, sources).map_err(|problem| problem.to_string())?;
        if context.sees_git() {
            return Err("the build sees `.git`, which every commit changes; put `.git` into the ignore file"
                .to_owned());
        }
        if let Some(path) = self.files.untracked().iter().find(|path| context.sees(path)) {
            return Err(format!(
                "the build sees `{}`, which git does not track; commit it, or put it into the ignore file",
                path.escape_ascii()
            ));
        }
        if let Some((_, why)) = self.files.unknown().iter().find(|(path, _)| context.sees(path)) {
            return Err(why.clone());
        }
        // Images may share a context that holds the whole repository.
        let attributes = self
            .attributes
            .entry(context.root().to_vec())
            .or_insert_with(|| shown(&tree.attributes(context.root()).unwrap_or_default()));
        Ok(format!("{}{attributes}", context.fingerprint()))
    }
}

/// The folder that a path from the top is in.
fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// What a target reads of its Dockerfile on a platform.
pub(super) fn followed(
    target: &Target,
    platform: Option<&Platform>,
    dockerfile: &Dockerfile,
) -> dockerfile::Reads {
    let args: IndexMap<String, Option<String>> =
        target.args.iter().map(|(name, text)| (name.to_string(), Some(text.to_string()))).collect();
    let contexts: IndexSet<String> = target.contexts.iter().map(|(name, _)| name.to_string()).collect();
    dockerfile.reads(&dockerfile::Build {
        args: &args,
        target: target.target.as_ref().map(Text::as_str).filter(|stage| !stage.is_empty()),
        platform,
        build_platform: None,
        contexts: &contexts,
    })
}

/// The context of a target as its definition has it.
pub(crate) fn context_of(target: &Target) -> &str {
    target.context.as_ref().or(target.default_context.as_ref()).map_or(".", Text::as_str)
}

/// Which files of its context a build reads, where its Dockerfile says so.
fn counted(sources: &[&str]) -> String {
    let names: Vec<String> = sources.iter().map(|source| format!("`{source}`")).collect();
    match names.as_slice() {
        [] => "no file of the context counts, since the Dockerfile copies none".to_owned(),
        names => format!("of the context, only what the Dockerfile copies counts: {}", names.join(", ")),
    }
}

/// What git makes of files as it checks them out, behind the value of a part.
fn shown(attributes: &[(Vec<u8>, Id)]) -> String {
    attributes.iter().map(|(path, id)| format!(" {}={id}", path.escape_ascii())).collect()
}

/// A Dockerfile, or why it cannot be read, and the ignore file that is its own.
pub(super) struct Found {
    pub(super) read: Arc<Result<Dockerfile, String>>,
    ignore: Option<String>,
}

/// Why what is downloaded may be something else each time; `None` when a checksum or a commit says what it is.
fn unpinned(remote: &Remote) -> Option<String> {
    let Remote { url, checksum, git, line } = remote;
    let is_commit = |git: &Git| git.reference.as_deref().is_some_and(is_whole);
    match git {
        _ if checksum.is_some() => None,
        Some(git) if is_commit(git) => None,
        Some(_) => Some(format!("line {line}: `{url}` does not name a commit by its whole hash")),
        None => Some(format!("line {line}: `{url}` is downloaded without `--checksum`")),
    }
}

/// The path of a context; `None` for one that is fetched.
pub(crate) fn local(written: &str) -> Option<String> {
    (!is_remote(written) && !written.contains("://") || written.starts_with(HERE))
        .then(|| normalize_context(written))
}

/// Whether a context of Git names a commit by its whole hash, so that it never changes. What stands behind the `#` of an archive
/// means nothing.
fn is_pinned(written: &str) -> bool {
    let git = Remote::parse(written, None, 0).and_then(|remote| remote.git);
    git.and_then(|git| git.reference).as_deref().is_some_and(is_whole)
}
