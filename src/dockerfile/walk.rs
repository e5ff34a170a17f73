//! From the stage that a target builds to all that it reads.

use indexmap::IndexSet;

use super::instruction::{Copy, Instruction, Verb};
use super::mount::Mount;
use super::problem::Problem;
use super::reads::{Base, BasePlatform, Narrowing, Parent, Reads, Sources};
use super::reason::{Reason, Why};
use super::scope::{Beyond, Scope, Scopes};
use super::source::{Remote, Source};
use super::word::{self, Lookup, Unknowable, Value, Work};
use super::{Build, Content, Dockerfile, Numbered};
use crate::reference::{LATEST, Reference, ReferenceError};

/// The base without content.
const SCRATCH: &str = "scratch";

/// The repository of the frontend that BuildKit has built in.
const FRONTEND: &str = "docker.io/docker/dockerfile";

impl Dockerfile {
    /// Whether the image has no instructions for those that start from it (`ONBUILD`), where `syntax` is the build argument
    /// that may name another frontend. Those of its own base have run by then.
    pub(crate) fn leaves_nothing(&self, syntax: Option<&str>) -> bool {
        let Ok(content) = &self.content else { return false };
        let is_known = self.frontend.as_deref().is_none_or(is_known_frontend);
        let is_onbuild = |one: &Numbered| matches!(one.instruction, Instruction::Onbuild(_));
        is_known
            && syntax.is_none_or(is_known_frontend)
            && !content.stages.iter().flat_map(|stage| &stage.instructions).any(is_onbuild)
    }

    /// What the stages read that this build needs.
    pub(crate) fn reads(&self, build: &Build<'_>) -> Reads {
        let argument =
            build.arg("BUILDKIT_SYNTAX").map(|text| text.trim().split(' ').next().unwrap_or_default());
        let frontend = argument.map(str::to_owned).or_else(|| self.frontend.clone());
        let whole = |frontend, reason: Reason| Reads {
            frontend,
            bases: vec![],
            contexts: IndexSet::new(),
            parents: IndexSet::new(),
            sources: Sources::Whole(reason.clone()),
            remote: vec![],
            unknown: vec![reason],
        };
        match (frontend, &self.content) {
            (Some(foreign), _) if !is_known_frontend(&foreign) => {
                let reason = Reason { line: None, why: Why::Frontend(foreign.clone()) };
                whole(Some(foreign), reason)
            }
            (frontend, Err(unreadable)) => {
                whole(frontend, Reason { line: Some(unreadable.line), why: unreadable.clone().into() })
            }
            (frontend, Ok(content)) => Walk::new(content, build).finish(frontend),
        }
    }
}

/// Whether a frontend is `docker/dockerfile`, of any tag.
fn is_known_frontend(name: &str) -> bool {
    name.parse::<Reference>().is_ok_and(|reference| reference.repository().to_string() == FRONTEND)
}

/// What a stage starts from.
#[derive(Clone, Debug)]
enum Start {
    /// Nothing.
    Scratch,
    /// An earlier stage.
    Stage(usize),
    /// Something outside the Dockerfile.
    Parent(Parent),
    /// A named context takes the place of the stage.
    Replaced(Parent),
    /// We cannot know.
    Unknown,
}

/// A build that is being followed.
struct Walk<'a> {
    content: &'a Content,
    build: &'a Build<'a>,
    /// The named contexts: what they stand for, and what the target calls them.
    contexts: Vec<(Reference, &'a str)>,
    scopes: Scopes,
    bases: Vec<Base>,
    used: IndexSet<String>,
    remote: Vec<Remote>,
    narrowing: Narrowing,
    whole: Option<Reason>,
    unknown: Vec<Reason>,
}

impl<'a> Walk<'a> {
    fn new(content: &'a Content, build: &'a Build<'a>) -> Self {
        let last = content.stages.last().and_then(|stage| stage.from.name.as_deref());
        let stage = build.target.filter(|target| !target.is_empty()).or(last).unwrap_or("default");
        let work = Work::default();
        let global = Scope::global(build, stage, &content.args, content.escape, &work);
        let mut walk = Self {
            content,
            build,
            contexts: vec![],
            scopes: Scopes::new(global, content.escape, work),
            bases: vec![],
            used: IndexSet::new(),
            remote: vec![],
            narrowing: Narrowing::default(),
            whole: None,
            unknown: vec![],
        };
        for name in build.contexts {
            match normalised(name) {
                Ok(reference) => walk.contexts.push((reference, name)),
                Err(_) => walk.unknown(None, Why::Context(name.clone())),
            }
        }
        walk
    }

    fn finish(mut self, frontend: Option<String>) -> Reads {
        self.check_epoch();
        if let Some(target) = self.target() {
            let starts = self.reach(target);
            self.run(&starts);
        }
        self.bases.sort_by_key(|base| base.line);
        self.bases.dedup();
        self.unknown.sort_by_key(|reason| reason.line);
        // Each stage is gone through twice.
        self.unknown.dedup();
        let parents = self.narrowing.needs_no_onbuild.clone();
        let sources = match self.whole.or_else(|| self.unknown.first().cloned()) {
            Some(reason) => Sources::Whole(reason),
            None => Sources::Paths(self.narrowing),
        };
        let (bases, contexts, remote, unknown) = (self.bases, self.used, self.remote, self.unknown);
        Reads { frontend, bases, contexts, parents, sources, remote, unknown }
    }

    /// Notes that something is read that we cannot tell.
    fn unknown(&mut self, line: Option<usize>, why: Why) {
        self.unknown.push(Reason { line, why });
    }

    /// Notes that any file of the context may be read.
    fn whole(&mut self, line: usize, why: Why) {
        self.whole.get_or_insert(Reason { line: Some(line), why });
    }

    /// Timestamps can come from a context, an image or a download, too.
    fn check_epoch(&mut self) {
        const NAME: &str = "SOURCE_DATE_EPOCH";
        let value = match self.build.arg(NAME) {
            Some(value) => Ok(value.to_owned()),
            None => match self.scopes.global(NAME) {
                Lookup::Set(value) => value,
                Lookup::Unset => return,
                Lookup::Unknown(unknowable) => Err(unknowable),
            },
        };
        match value {
            Ok(value) if value.is_empty() || value.parse::<i64>().is_ok() => {}
            Ok(value) => self.unknown(None, Why::Epoch(value)),
            Err(unknowable) => self.unknown(None, Why::Value { word: NAME.to_owned(), unknowable }),
        }
    }

    /// The number of the stage that is built.
    fn target(&mut self) -> Option<usize> {
        let Some(target) = self.build.target.filter(|target| !target.is_empty()) else {
            return self.content.stages.len().checked_sub(1);
        };
        let found = self.stage(target);
        if found.is_none() {
            self.unknown(None, Why::Target(target.to_owned()));
        }
        found
    }

    /// The last stage of a name, in any case.
    fn stage(&self, name: &str) -> Option<usize> {
        let name = name.to_lowercase();
        self.content.stages.iter().rposition(|stage| stage.from.name.as_deref() == Some(&name))
    }

    /// What the stages start from that `target` needs, by their number. A stage only needs earlier ones.
    fn reach(&mut self, target: usize) -> Vec<(usize, Start)> {
        let mut needed = IndexSet::from([target]);
        let mut starts = vec![];
        for number in (0..=target).rev() {
            if !needed.contains(&number) {
                continue;
            }
            let start = self.start(number);
            if let Start::Stage(earlier) = start {
                needed.insert(earlier);
            }
            for (line, instruction) in self.instructions(number, &start) {
                needed.extend(self.dependencies(number, line, instruction));
            }
            starts.push((number, start));
        }
        starts.reverse();
        starts
    }

    /// What a stage starts from.
    fn start(&mut self, number: usize) -> Start {
        let content = self.content;
        let Some(stage) = content.stages.get(number) else { return Start::Unknown };
        let line = stage.line;
        if let Some(name) = &stage.from.name
            && let Some(context) = self.context(name)
        {
            if stage.instructions.iter().any(|one| matches!(one.instruction, Instruction::Onbuild(_))) {
                self.unknown(Some(line), Why::Replaced(name.clone()));
            }
            return Start::Replaced(Parent::Context(context));
        }
        let base = match settled(&stage.from.base, self.scopes.expand_global(&stage.from.base)) {
            Ok(base) => base,
            Err(why) => {
                self.unknown(Some(line), why);
                return Start::Unknown;
            }
        };
        let platform = match &stage.from.platform {
            None => BasePlatform::Leg,
            Some(flag) => match settled(flag, self.scopes.expand_global(flag)) {
                Ok(platform) => BasePlatform::Flag(platform),
                Err(why) => BasePlatform::Unknown(Reason { line: Some(line), why }),
            },
        };
        if base.is_empty() {
            self.unknown(Some(line), Why::Blank(stage.from.base.clone()));
            Start::Unknown
        } else if let Some(earlier) = content
            .stages
            .iter()
            .take(number)
            .rposition(|earlier| earlier.from.name.as_deref() == Some(&base))
        {
            Start::Stage(earlier)
        } else if base == SCRATCH {
            Start::Scratch
        } else {
            match self.outside(base, platform, line) {
                Some(parent) => {
                    self.narrowing.needs_no_onbuild.insert(parent.clone());
                    Start::Parent(parent)
                }
                None => Start::Unknown,
            }
        }
    }

    /// The instructions that a stage runs: first those that the stage it starts from leaves to it.
    fn instructions(&mut self, number: usize, start: &Start) -> Vec<(usize, &'a Instruction)> {
        let content = self.content;
        let of = |number: usize| match content.stages.get(number) {
            Some(stage) => stage.instructions.as_slice(),
            None => &[],
        };
        let (left, own) = match start {
            Start::Stage(earlier) => (of(*earlier), of(number)),
            Start::Scratch | Start::Parent(_) | Start::Unknown => ([].as_slice(), of(number)),
            Start::Replaced(_) => ([].as_slice(), [].as_slice()),
        };
        let mut instructions = vec![];
        for Numbered { line, instruction } in left {
            match instruction {
                Instruction::Onbuild(Ok(instruction)) => instructions.push((*line, &**instruction)),
                Instruction::Onbuild(Err(unreadable)) => self.unknown(Some(*line), unreadable.clone().into()),
                _ => {}
            }
        }
        instructions.extend(own.iter().map(|Numbered { line, instruction }| (*line, instruction)));
        instructions
    }

    /// The stages that an instruction reads, besides what else it reads from outside the Dockerfile.
    fn dependencies(&mut self, number: usize, line: usize, instruction: &Instruction) -> Vec<usize> {
        match instruction {
            Instruction::Copy(Copy { from: Some(from), .. }) => {
                self.copied_from(number, line, from).into_iter().collect()
            }
            Instruction::Run(mounts) => {
                let from = |mount: &Mount| mount.from.clone().unwrap_or_else(|| SCRATCH.to_owned());
                mounts.iter().filter_map(|mount| self.read_from(number, line, &from(mount))).collect()
            }
            Instruction::Copy(Copy { from: None, .. })
            | Instruction::Arg(_)
            | Instruction::Env(_)
            | Instruction::Onbuild(_)
            | Instruction::Other => vec![],
        }
    }

    /// The stage that `COPY --from` names, perhaps by number.
    fn copied_from(&mut self, number: usize, line: usize, from: &str) -> Option<usize> {
        let literal = word::expand(from, self.content.escape, &|_| Lookup::Unset, &Work::default());
        if !matches!(literal, Ok(Ok(literal)) if literal == from) {
            self.unknown(Some(line), Why::From(from.to_owned()));
            return None;
        }
        let Ok(index) = from.parse::<i64>() else { return self.read_from(number, line, from) };
        match usize::try_from(index) {
            Ok(index) if index < number => Some(index),
            _ => {
                self.unknown(Some(line), Why::Number(from.to_owned()));
                None
            }
        }
    }

    /// The stage of a name; where there is none, an image or a named context.
    fn read_from(&mut self, number: usize, line: usize, from: &str) -> Option<usize> {
        match self.stage(from) {
            Some(stage) if stage < number => return Some(stage),
            Some(_) => self.unknown(Some(line), Why::Order(from.to_owned())),
            None if from == SCRATCH => {}
            None => {
                self.outside(from.to_owned(), BasePlatform::Leg, line);
            }
        }
        None
    }

    /// Notes an image, or the named context that takes its place.
    fn outside(&mut self, name: String, platform: BasePlatform, line: usize) -> Option<Parent> {
        let reference = match normalised(&name) {
            Ok(reference) => reference,
            Err(problem) => {
                self.unknown(Some(line), Why::Image { name, problem });
                return None;
            }
        };
        if let Some(context) = self.context(&name) {
            return Some(Parent::Context(context));
        }
        let is_digest = reference.digest().is_some();
        self.bases.push(Base { name: name.clone(), platform, is_digest, line });
        Some(Parent::Base(name))
    }

    /// The named context that stands for a stage or an image, which is read then.
    fn context(&mut self, name: &str) -> Option<String> {
        // The name of the main context, and of no context at all.
        if [SCRATCH, "context"].iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
            return None;
        }
        let reference = normalised(name).ok()?;
        let (_, context) = self.contexts.iter().find(|(own, _)| *own == reference)?;
        self.used.insert((*context).to_owned());
        Some((*context).to_owned())
    }

    /// Runs the stages in order, for what they set and what of the context they read.
    fn run(&mut self, starts: &[(usize, Start)]) {
        for (number, start) in starts {
            let environment = |parent: &Parent| match parent {
                Parent::Base(name) | Parent::Context(name) => {
                    Beyond::Unknown(Unknowable::Environment(name.clone()))
                }
            };
            self.scopes.enter(
                *number,
                match start {
                    Start::Scratch => Beyond::Nothing,
                    Start::Stage(earlier) => Beyond::Stage(*earlier),
                    Start::Parent(parent) => environment(parent),
                    Start::Replaced(parent) => {
                        self.narrowing.needs_no_onbuild.insert(parent.clone());
                        environment(parent)
                    }
                    Start::Unknown => Beyond::Unknown(Unknowable::Environment("its base".to_owned())),
                },
            );
            for (line, instruction) in self.instructions(*number, start) {
                match instruction {
                    Instruction::Arg(arguments) => self.scopes.arg(*number, line, arguments, self.build),
                    Instruction::Env(pairs) => self.scopes.env(*number, line, pairs),
                    Instruction::Copy(copy) if copy.from.is_none() => self.copy(*number, line, copy),
                    Instruction::Run(mounts) => {
                        mounts.iter().for_each(|mount| self.mount(*number, line, mount));
                    }
                    Instruction::Copy(_) | Instruction::Onbuild(_) | Instruction::Other => {}
                }
            }
        }
    }

    /// Notes what `COPY` or `ADD` reads.
    fn copy(&mut self, number: usize, line: usize, copy: &Copy) {
        // Without its value it is as if it were not there: what is downloaded may be anything.
        let checksum = copy.checksum.as_deref().and_then(|text| self.scopes.expand(number, text).ok()?.ok());
        let checksum = checksum.filter(|checksum| !checksum.is_empty());
        for word in &copy.sources {
            let text = match settled(word, self.scopes.expand(number, word)) {
                Ok(text) => text,
                // Whatever follows, it is an address.
                Err(_) if copy.verb == Verb::Add && is_literally_remote(word) => word.clone(),
                Err(why) if copy.verb == Verb::Add && !is_literally_local(word) => {
                    self.unknown(Some(line), why);
                    continue;
                }
                Err(why) => {
                    self.whole(line, why);
                    continue;
                }
            };
            match (copy.verb, Remote::parse(&text, checksum.clone(), line)) {
                (Verb::Add, Some(remote)) => self.remote.push(remote),
                (Verb::Copy, Some(remote)) => self.whole(line, Why::Download(remote.url)),
                (Verb::Add | Verb::Copy, None) => {
                    self.source(line, Source::new(&text, copy.parents, &copy.excludes, line));
                }
            }
        }
    }

    /// Notes what a mount reads.
    fn mount(&mut self, number: usize, line: usize, mount: &Mount) {
        if mount.from.is_some() {
            return;
        }
        let expand = |word: &String| settled(word, self.scopes.expand(number, word));
        let source = match mount.kind.as_ref().map(expand).transpose() {
            Ok(Some(kind)) if !kind.eq_ignore_ascii_case("bind") => return,
            Ok(Some(_) | None) => match mount.source.as_ref().map(expand).transpose() {
                Ok(source) => source.ok_or(Why::WholeMount).and_then(|source| Source::literal(&source, line)),
                Err(why) => Err(why),
            },
            Err(why) => Err(why),
        };
        self.source(line, source);
    }

    fn source(&mut self, line: usize, source: Result<Source, Why>) {
        match source {
            Ok(source) => {
                self.narrowing.sources.insert(source);
            }
            Err(why) => self.whole(line, why),
        }
    }
}

/// Whether a word is an address whatever its variables are.
fn is_literally_remote(word: &str) -> bool {
    word.starts_with("https://") || word.starts_with("http://")
}

/// Whether a word is a path whatever its variables are: no address has a slash so early.
fn is_literally_local(word: &str) -> bool {
    let of_address = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    word.find(of_address).is_some_and(|at| word[at..].starts_with('/'))
}

/// The value of a word, or why it cannot be told.
fn settled(word: &str, result: Result<Value, Problem>) -> Result<String, Why> {
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(unknowable)) => Err(Why::Value { word: word.to_owned(), unknowable }),
        Err(problem) => Err(Why::Expansion { word: word.to_owned(), problem }),
    }
}

/// The reference that BuildKit compares names of images and of contexts by: without a tag and a digest, `latest`.
fn normalised(name: &str) -> Result<Reference, ReferenceError> {
    let reference: Reference = name.parse()?;
    if reference.tag().is_some() || reference.digest().is_some() {
        return Ok(reference);
    }
    Ok(reference.repository().clone().with_tag(LATEST.parse()?))
}
