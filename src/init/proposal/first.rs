//! What to begin with where nothing is published yet: a target and an image for each Dockerfile, which is a guess.

use std::collections::BTreeSet;

use hcl::Expression;

use super::blocks::{Proposal, ProposedImage};
use super::names::sanitized;
use super::render::{Lines, quoted};
use super::splice::At;
use super::tags::list;
use super::workflow_block;
use crate::ci::Branch;
use crate::init::published::definition::{Known, KnownTarget, clean};
use crate::init::published::images::is_yaml;
use crate::init::repository::world::{NamedBy, World};
use crate::init::values::triggers;
use crate::reference::Repository;

/// Folders that hold how something is built, and not what.
const OF_BUILDS: [&str; 9] =
    ["docker", ".docker", "build", "ci", ".ci", "deploy", "container", "containers", "dockerfiles"];

/// Folders whose Dockerfiles are seldom published.
const ASIDE: [&str; 12] = [
    ".devcontainer",
    ".github",
    "test",
    "tests",
    "testdata",
    "fixtures",
    "e2e",
    "example",
    "examples",
    "vendor",
    "third_party",
    "node_modules",
];

/// What is proposed to begin with.
#[derive(Debug, Default)]
pub(crate) struct First {
    /// Blocks, by definition.
    pub proposals: Vec<Proposal>,
    /// Dockerfiles of tests, examples and the like, which are left out.
    pub aside: Vec<String>,
}

/// A Dockerfile, and what it is taken for.
#[derive(Debug)]
struct Draft<'p> {
    path: &'p str,
    context: String,
    /// From the context.
    dockerfile: String,
    /// The words of its name, the last of which is usually enough.
    words: Vec<String>,
}

impl<'p> Draft<'p> {
    fn of(path: &'p str) -> Self {
        let mut folders: Vec<&str> = path.split('/').collect();
        let name = folders.pop().unwrap_or_default();
        let mut below: Vec<&str> = Vec::new();
        while let Some(last) = folders.last()
            && OF_BUILDS.contains(&last.to_ascii_lowercase().as_str())
        {
            below.insert(0, last);
            folders.pop();
        }
        let context = if folders.is_empty() { ".".to_owned() } else { folders.join("/") };
        below.push(name);
        let mut words: Vec<String> = folders.iter().map(|folder| (*folder).to_owned()).collect();
        if let Some(kind) = kind(name) {
            // `web/Dockerfile.dev` is a kind of `web`, and `Dockerfile.web` is `web`.
            match words.last_mut() {
                Some(last) => *last = format!("{last}-{kind}"),
                None => words.push(kind.to_owned()),
            }
        }
        Self { path, context, dockerfile: below.join("/"), words }
    }

    /// Whether it is that of the repository as a whole.
    fn is_whole(&self) -> bool {
        self.words.is_empty()
    }

    /// What it may be called, the best first.
    fn names(&self, world: &World) -> Vec<String> {
        if self.is_whole() {
            let whole = world.repository.as_ref().map_or("app", |_| world.name()).to_owned();
            let folder = self.dockerfile.rsplit('/').nth(1).map(|folder| format!("{whole}-{folder}"));
            return std::iter::once(whole).chain(folder).collect();
        }
        (0..self.words.len()).rev().map(|from| self.words[from..].join("-")).collect()
    }

    fn is_aside(&self) -> bool {
        self.path.split('/').any(|part| ASIDE.contains(&part.to_ascii_lowercase().as_str()))
    }
}

/// `api` of `Dockerfile.api` and `api.Dockerfile`.
fn kind(name: &str) -> Option<&str> {
    let lower = name.to_ascii_lowercase();
    let of = |word: &str| {
        let behind = lower.starts_with(&format!("{word}.")).then(|| &name[word.len() + 1..]);
        behind.or_else(|| lower.ends_with(&format!(".{word}")).then(|| &name[..name.len() - word.len() - 1]))
    };
    of("dockerfile").or_else(|| of("containerfile")).filter(|kind| !kind.is_empty())
}

/// Blocks for these Dockerfiles; for those that a target builds already, only its image.
pub(crate) fn propose(dockerfiles: &[&str], known: &[Known], world: &World) -> First {
    let (mut drafts, aside): (Vec<Draft<'_>>, Vec<Draft<'_>>) =
        dockerfiles.iter().map(|path| Draft::of(path)).partition(|draft| !draft.is_aside());
    let aside = if drafts.is_empty() {
        drafts = aside;
        Vec::new()
    } else {
        aside.iter().map(|draft| draft.path.to_owned()).collect()
    };
    drafts.sort_by_key(|draft| (draft.words.len(), draft.dockerfile.matches('/').count(), draft.path));
    let at_top: Vec<usize> =
        (0..known.len()).filter(|&at| known[at].folder.is_empty() && known[at].files.is_empty()).collect();
    let has_bake = |at: usize| known[at].read.iter().any(|path| !is_yaml(path));
    let home = at_top.iter().copied().find(|&at| has_bake(at));
    let mut taken: BTreeSet<String> = at_top.iter().flat_map(|&at| known[at].named.keys().cloned()).collect();
    taken.insert("default".to_owned());
    let is_one = drafts.len() == 1;
    let mut proposals: Vec<(Option<usize>, Vec<Named<'_>>)> = Vec::new();
    for draft in drafts {
        let there = at_top.iter().find_map(|&at| Some((at, built_by(&draft, &known[at])?)));
        let (of, name, is_new) = match there {
            Some((_, target)) if target.is_matrix || target.label.starts_with('_') => continue,
            Some((at, target)) => (Some(at), target.label.clone(), false),
            None => (home, unique(&draft.names(world), &mut taken), true),
        };
        match proposals.iter_mut().find(|(known, _)| *known == of) {
            Some((_, drafts)) => drafts.push((name, draft, is_new)),
            None => proposals.push((of, vec![(name, draft, is_new)])),
        }
    }
    let mut proposals: Vec<Proposal> =
        proposals.into_iter().map(|(of, drafts)| proposal(of, drafts, known, is_one, world)).collect();
    if let (Some(first), Some(block)) = (proposals.first_mut(), settings(world))
        && !first.definition.is_some_and(|at| known[at].has_defaults)
    {
        first.blocks.insert(0, (At::End, block));
    }
    First { proposals, aside }
}

/// A target's name, what it builds, and whether it is a new one.
type Named<'d> = (String, Draft<'d>, bool);

/// The target that builds a Dockerfile.
fn built_by<'k>(draft: &Draft<'_>, known: &'k Known) -> Option<&'k KnownTarget> {
    let path = clean(&format!("{}/{}", draft.context, draft.dockerfile));
    known.targets.iter().find(|target| clean(&format!("{}/{}", target.context, target.dockerfile)) == path)
}

fn unique(names: &[String], taken: &mut BTreeSet<String>) -> String {
    let mut names: Vec<String> =
        names.iter().map(|name| sanitized(name)).filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        names.push("app".to_owned());
    }
    let base = names[0].clone();
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    let free = names.into_iter().chain(numbered).find(|name| !taken.contains(name)).unwrap_or(base);
    taken.insert(free.clone());
    free
}

fn proposal(
    of: Option<usize>,
    drafts: Vec<Named<'_>>,
    known: &[Known],
    is_one: bool,
    world: &World,
) -> Proposal {
    let known = of.map(|at| &known[at]);
    let mut proposal = Proposal { definition: of, is_first: true, ..Proposal::default() };
    if known.is_none() {
        let names = drafts.iter().map(|(name, ..)| Expression::from(name.as_str()));
        let mut lines = Lines::default();
        lines.open("group \"default\" {");
        lines.attribute("targets", &list(names));
        lines.close("}");
        proposal.targets.push((At::End, lines.finish()));
    }
    for (name, draft, is_new) in drafts {
        if is_new {
            proposal.targets.push((At::End, target(&name, &draft)));
        }
        let target = known.and_then(|known| known.targets.iter().find(|target| target.label == name));
        let place = target.and_then(|target| target.place.as_ref());
        let at = match place {
            Some(place) if !is_new && place.path.ends_with(".hcl") => At::Target(name.clone()),
            _ => At::End,
        };
        let is_whole = is_one || draft.is_whole() && sanitized(world.name()) == name;
        proposal.blocks.push((at, image(&name, is_whole, world)));
        proposal.images.push(ProposedImage::own(&name, &name));
    }
    proposal
}

fn target(name: &str, draft: &Draft<'_>) -> String {
    let mut lines = Lines::default();
    lines.comment(&format!("for {}", draft.path));
    lines.open(&format!("target {} {{", quoted(name)));
    if draft.context != "." {
        lines.attribute("context", &Expression::from(draft.context.as_str()));
    }
    if draft.dockerfile != "Dockerfile" {
        lines.attribute("dockerfile", &Expression::from(draft.dockerfile.as_str()));
    }
    lines.attribute("platforms", &list(["linux/amd64", "linux/arm64"].map(Expression::from)));
    lines.close("}");
    lines.finish()
}

fn image(name: &str, is_whole: bool, world: &World) -> String {
    let mut lines = Lines::default();
    lines.open(&format!("image {} {{", quoted(name)));
    lines.comment(if world.registry.is_some() {
        "guessed from the git remote: the repository that the image is pushed to"
    } else {
        "a placeholder, where nothing can be pushed: put the repository that the image is pushed to in its place"
    });
    lines.attribute("repositories", &list([Expression::from(repository(name, is_whole, world))]));
    let (pushes, when) = branches(world);
    lines.comment(&format!("a git tag such as v1.2.3 is the version, and {pushes} are `edge`"));
    lines.line("version = { pattern = \"{{ tag }}\", when = \"tag\" }");
    lines.line(&format!(
        "tags = [\"{{{{ version }}}}\", \"latest\", {{ pattern = \"edge\", when = {} }}]",
        quoted(&when)
    ));
    lines.close("}");
    lines.finish()
}

/// The pushes that are no releases, and their condition: those to the default branch, as far as it is known.
fn branches(world: &World) -> (String, String) {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let name = &world.default_branch;
    match world.named_by {
        NamedBy::Plan => ("pushes to the default branch".to_owned(), "default_branch".to_owned()),
        NamedBy::Checkout if name.chars().all(is_plain) => {
            (format!("pushes to `{name}`"), format!("branch == '{name}'"))
        }
        NamedBy::Checkout | NamedBy::Nobody => {
            ("pushes to the branches that the workflow publishes from".to_owned(), "branch".to_owned())
        }
    }
}

/// The branches of the workflow, where they are not what it has anyway.
fn settings(world: &World) -> Option<String> {
    let is_usual = triggers::is_default("main", &world.default_branch);
    let is_known = world.named_by != NamedBy::Nobody && world.default_branch.parse::<Branch>().is_ok();
    let branches = list([Expression::from(world.default_branch.as_str())]);
    (is_known && !is_usual)
        .then(|| workflow_block::block(&[("the branches whose pushes publish", "branches", branches)]))
}

/// Whether the repositories are placeholders.
pub(crate) fn has_placeholder(world: &World) -> bool {
    world.registry.as_deref().is_none_or(|registry| registry.to_lowercase().parse::<Repository>().is_err())
}

/// Where an image is pushed: that of the repository as a whole has its name, and the others are below it.
fn repository(name: &str, is_whole: bool, world: &World) -> String {
    // A name that is nobody's, where a push fails.
    const PLACEHOLDER: &str = "registry.example/owner/repository";
    let is_valid = |text: &String| text.parse::<Repository>().is_ok();
    let own = format!("registry.example/{}", world.repository());
    let known = world.registry.iter().map(|registry| registry.to_lowercase()).chain([own]);
    let whole = known.into_iter().find(is_valid).unwrap_or_else(|| PLACEHOLDER.to_owned());
    if is_whole {
        return whole;
    }
    let plain: Vec<&str> = name.split(['-', '_']).filter(|part| !part.is_empty()).collect();
    [name.to_owned(), plain.join("-")]
        .iter()
        .map(|name| format!("{whole}/{name}"))
        .find(is_valid)
        .unwrap_or(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(registry: Option<&str>) -> World {
        World {
            repository: registry.map(|_| "acme/six".to_owned()),
            registry: registry.map(str::to_owned),
            default_branch: "main".to_owned(),
            named_by: NamedBy::Plan,
            ..World::default()
        }
    }

    /// Name, context, Dockerfile and repository of each.
    fn drafted(paths: &[&str]) -> Vec<String> {
        let first = propose(paths, &[], &world(Some("ghcr.io/Acme/six")));
        let of = |text: &str, name: &str| -> String {
            let line = text.lines().find_map(|line| line.trim().strip_prefix(name)?.trim().strip_prefix('='));
            line.unwrap_or_default().trim().trim_matches(['[', ']', '"']).to_owned()
        };
        let mut drafted = Vec::new();
        for proposal in &first.proposals {
            for (at, image) in proposal.images.iter().enumerate() {
                let (target, block) = (&proposal.targets[at + 1].1, &proposal.blocks[at].1);
                drafted.push(format!(
                    "{} {} {} {}",
                    image.name,
                    of(target, "context"),
                    of(target, "dockerfile"),
                    of(block, "repositories").replace("ghcr.io/acme/", "")
                ));
            }
        }
        drafted
    }

    #[test]
    fn dockerfiles_are_named_by_their_folders() {
        assert_eq!(drafted(&["api/Dockerfile"]), ["api api  six"]);
        assert_eq!(drafted(&["Dockerfile"]), ["six   six"]);
        assert_eq!(drafted(&["api/Dockerfile", "web/Dockerfile"]), ["api api  six/api", "web web  six/web"]);
        // One of the whole repository, and others.
        assert_eq!(
            drafted(&["web/Dockerfile", "Dockerfile", "Dockerfile.api", "job.Dockerfile"]),
            ["six   six", "api  Dockerfile.api six/api", "job  job.Dockerfile six/job", "web web  six/web"]
        );
        // Folders of builds are none of what is built.
        assert_eq!(drafted(&["build/Dockerfile"]), ["six  build/Dockerfile six"]);
        assert_eq!(
            drafted(&["Dockerfile", "docker/Dockerfile", "docker/api.Dockerfile"]),
            [
                "six   six",
                "six-docker  docker/Dockerfile six/six-docker",
                "api  docker/api.Dockerfile six/api"
            ]
        );
        assert_eq!(drafted(&["api/docker/Dockerfile"]), ["api api docker/Dockerfile six"]);
        // A name that is taken is told apart by the folder above.
        assert_eq!(
            drafted(&["libs/api/Dockerfile", "api/Dockerfile", "Dockerfile.api", "api/Dockerfile.dev"]),
            [
                "api  Dockerfile.api six/api",
                "api-2 api  six/api-2",
                "api-dev api Dockerfile.dev six/api-dev",
                "libs-api libs/api  six/libs-api"
            ]
        );
        assert_eq!(
            drafted(&["default/Dockerfile", "Größe_/containerfile"]),
            ["gr--e_ Größe_ containerfile six/gr-e", "default-2 default  six/default-2"]
        );
    }

    #[test]
    fn dockerfiles_of_tests_are_left_out_unless_there_are_no_others() {
        let of = |paths: &[&str]| propose(paths, &[], &world(None));
        let first = of(&["app/Dockerfile", "tests/app/Dockerfile", ".devcontainer/Dockerfile"]);
        assert_eq!(first.aside, ["tests/app/Dockerfile", ".devcontainer/Dockerfile"]);
        assert_eq!(first.proposals[0].images.len(), 1);
        let first = of(&["tests/Dockerfile"]);
        assert!(first.aside.is_empty() && first.proposals[0].images.len() == 1);
        assert!(of(&[]).proposals.is_empty());
    }
}
