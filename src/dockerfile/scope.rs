//! Variables: what `ARG` and `ENV` set, in front of the first stage and inside each.

use indexmap::IndexMap;

use super::problem::Problem;
use super::word::{self, Lookup, Unknowable, Value, Work};
use super::{Argument, Build, GlobalArg, Platform};

/// `ARG`s that do not become part of the environment
/// (<https://docs.docker.com/build/metadata/attestations/sbom/#arguments>).
const ATTESTATIONS: [&str; 2] = ["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"];

/// Where a variable is looked for that a scope does not set.
#[derive(Debug)]
pub(super) enum Beyond {
    /// Nowhere: it has no value.
    Nothing,
    /// In the scope of an earlier stage.
    Stage(usize),
    /// It may have a value that we cannot know.
    Unknown(Unknowable),
}

/// The variables of a stage.
#[derive(Debug)]
pub(super) struct Scope {
    own: IndexMap<String, Value>,
    beyond: Beyond,
}

impl Scope {
    /// The variables in front of the first stage, which `FROM` may use: those of the builder and its `ARG`s.
    pub(super) fn global(
        build: &Build<'_>,
        stage: &str,
        args: &[GlobalArg],
        escape: char,
        work: &Work,
    ) -> Self {
        let mut scope = Self { own: predefined(build, stage), beyond: Beyond::Nothing };
        for GlobalArg { line, arguments } in args {
            for (name, default) in arguments {
                let value = match (build.arg(name), default) {
                    (Some(value), _) => word::given(value),
                    (None, Some(default)) => {
                        settle(word::expand(default, escape, &|name| scope.own_lookup(name), work), *line)
                    }
                    (None, None) => continue,
                };
                scope.own.insert(name.clone(), value);
            }
        }
        scope
    }

    /// The variables at the start of a stage.
    pub(super) fn stage(beyond: Beyond) -> Self {
        let mut own = IndexMap::new();
        if matches!(beyond, Beyond::Nothing) {
            own.insert("PATH".to_owned(), Err(Unknowable::Engine));
        }
        Self { own, beyond }
    }

    /// What a scope that builds on no other says of a variable.
    pub(super) fn own_lookup(&self, name: &str) -> Lookup {
        match (self.own.get(name), &self.beyond) {
            (Some(value), _) => Lookup::Set(value.clone()),
            (None, Beyond::Unknown(unknowable)) => Lookup::Unknown(unknowable.clone()),
            (None, Beyond::Nothing | Beyond::Stage(_)) => Lookup::Unset,
        }
    }
}

/// The scopes of the stages that are read so far.
#[derive(Debug)]
pub(super) struct Scopes {
    stages: IndexMap<usize, Scope>,
    global: Scope,
    escape: char,
    work: Work,
}

impl Scopes {
    pub(super) fn new(global: Scope, escape: char, work: Work) -> Self {
        Self { stages: IndexMap::new(), global, escape, work }
    }

    /// Starts a stage.
    pub(super) fn enter(&mut self, stage: usize, beyond: Beyond) {
        self.stages.insert(stage, Scope::stage(beyond));
    }

    /// `word` in front of the first stage.
    ///
    /// # Errors
    /// Where the build itself would fail.
    pub(super) fn expand_global(&self, word: &str) -> Result<Value, Problem> {
        word::expand(word, self.escape, &|name| self.global.own_lookup(name), &self.work)
    }

    /// What is in scope in front of the first stage.
    pub(super) fn global(&self, name: &str) -> Lookup {
        self.global.own_lookup(name)
    }

    /// `word` inside a stage.
    ///
    /// # Errors
    /// Where the build itself would fail.
    pub(super) fn expand(&self, stage: usize, word: &str) -> Result<Value, Problem> {
        word::expand(word, self.escape, &|name| self.lookup(stage, name), &self.work)
    }

    /// Runs an `ARG` of a stage.
    pub(super) fn arg(&mut self, stage: usize, line: usize, arguments: &[Argument], build: &Build<'_>) {
        for (name, default) in arguments {
            let value = match (build.arg(name), default) {
                (Some(value), _) => word::given(value),
                (None, Some(default)) => settle(self.expand(stage, default), line),
                (None, None) => match self.global(name) {
                    Lookup::Set(value) => value,
                    // Whatever the base sets stays.
                    Lookup::Unset => continue,
                    Lookup::Unknown(unknowable) => Err(unknowable),
                },
            };
            if !ATTESTATIONS.contains(&name.as_str()) {
                self.set(stage, name.clone(), value);
            }
        }
    }

    /// Runs an `ENV` of a stage, whose values do not see each other.
    pub(super) fn env(&mut self, stage: usize, line: usize, pairs: &[(String, String)]) {
        let expanded: Vec<_> = pairs
            .iter()
            .map(|(name, value)| (self.expand(stage, name), settle(self.expand(stage, value), line)))
            .collect();
        for (name, value) in expanded {
            match name {
                Ok(Ok(name)) => self.set(stage, name, value),
                // Any variable may be the one.
                Ok(Err(_)) | Err(_) => self.enter(stage, Beyond::Unknown(Unknowable::Name(line))),
            }
        }
    }

    fn set(&mut self, stage: usize, name: String, value: Value) {
        if let Some(scope) = self.stages.get_mut(&stage) {
            scope.own.insert(name, value);
        }
    }

    fn lookup(&self, mut stage: usize, name: &str) -> Lookup {
        while let Some(scope) = self.stages.get(&stage) {
            match (scope.own.get(name), &scope.beyond) {
                // A stage only builds on earlier ones, so this ends.
                (None, Beyond::Stage(earlier)) if *earlier < stage => stage = *earlier,
                _ => return scope.own_lookup(name),
            }
        }
        Lookup::Unset
    }
}

/// A value, or that the instruction in this line fails.
fn settle(result: Result<Value, Problem>, line: usize) -> Value {
    result.unwrap_or_else(|problem| Err(Unknowable::Failed { line, problem }))
}

/// What BuildKit sets by itself (<https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope>).
fn predefined(build: &Build<'_>, stage: &str) -> IndexMap<String, Value> {
    let known = |text: &str| Ok(text.to_owned());
    let of_builder = |part: fn(&Platform) -> &str| {
        build.build_platform.map(part).map(str::to_owned).ok_or(Unknowable::Builder)
    };
    let of_target =
        |part: fn(&Platform) -> &str| build.platform.map(part).map(str::to_owned).ok_or(Unknowable::Platform);
    [
        ("BUILDPLATFORM", of_builder(Platform::as_str)),
        ("BUILDOS", of_builder(Platform::os)),
        // What a machine runs is not part of what it is asked for.
        ("BUILDOSVERSION", Err(Unknowable::Builder)),
        ("BUILDARCH", of_builder(Platform::architecture)),
        ("BUILDVARIANT", of_builder(Platform::variant)),
        ("TARGETPLATFORM", of_target(Platform::as_str)),
        ("TARGETOS", of_target(Platform::os)),
        ("TARGETOSVERSION", of_target(Platform::os_version)),
        ("TARGETARCH", of_target(Platform::architecture)),
        ("TARGETVARIANT", of_target(Platform::variant)),
        ("TARGETSTAGE", known(stage)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), build.arg(name).map_or(value, word::given)))
    .collect()
}
