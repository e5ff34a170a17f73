//! What a plan is made of.

use std::collections::{BTreeMap, BTreeSet};

use crate::bake::module::Module;
use crate::bake::target::Definition;
use crate::bake::target::overrides::Overrides;
use crate::bake::values::kept::KeptVariable;
use crate::ci::{MaxJobs, ProvenanceMode};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{self, Facts, Known, KnownVersions};
use crate::plan::{Reused, SourceFile};
use crate::platform::Platform;
use crate::source::{Sources, Span};

/// What a plan is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A run, which builds and publishes.
    Run,
    /// A Bake file that is committed: nothing in it depends on facts of the run. Tags are not in it.
    BakeFile,
    /// A table of tags that is committed: those that depend on the run are not in it.
    TagTable,
    /// A CI workflow that is committed: it has neither tags nor labels.
    Workflow,
}

impl Purpose {
    /// Whether it goes into a committed file, which must be the same in each run.
    #[must_use]
    pub fn is_committed(self) -> bool {
        self != Self::Run
    }
}

/// Images that need not be built, by key.
#[derive(Clone, Debug, Default)]
pub struct Spared {
    /// They were published before from the same inputs, and that gets the tags.
    pub reused: BTreeMap<String, Reused>,
    /// Nothing of them has changed: they are left out of the plan.
    pub unchanged: BTreeSet<String>,
}

impl Spared {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reused.is_empty() && self.unchanged.is_empty()
    }
}

/// What a plan is made of.
#[derive(Clone)]
pub struct Input<'a> {
    /// The evaluated files.
    pub module: &'a Module,
    /// Their targets and groups.
    pub definition: &'a Definition,
    /// `--set` and its shorthands.
    pub overrides: &'a Overrides,
    /// Images, targets or groups to plan; empty for all.
    pub names: &'a [String],
    /// Platforms to plan; empty for all.
    pub platforms: &'a [Platform],
    /// Whether the legs push.
    pub publish: bool,
    /// How many jobs there may be; more are packed into fewer.
    pub max_jobs: Option<MaxJobs>,
    /// The provenance of builds whose targets say nothing about it.
    pub default_provenance: Option<ProvenanceMode>,
    /// What it is for.
    pub purpose: Purpose,
    /// What is known about the run without asking git.
    pub given: &'a Facts,
    /// What is known about the run.
    pub facts: Known<'a>,
    /// Versions that were released before.
    pub known_versions: &'a KnownVersions,
    /// The variables that are left to the build.
    pub kept: &'a [KeptVariable],
    /// The images that need not be built.
    pub spared: &'a Spared,
    /// The files, for the record.
    pub sources: Vec<SourceFile>,
    /// Their texts, to show what is written.
    pub texts: &'a Sources,
}

impl Input<'_> {
    /// Leaves tags that depend on the run out of a committed file, and says so where they would be, with the fact that they
    /// lack.
    pub(super) fn leave_out(&self, span: Option<Span>, fact: Option<&str>, diagnostics: &mut Diagnostics) {
        let message = "tags that depend on the run are left out of a committed file";
        let note = Diagnostic::note(Code::RUN_TAG, message).at(span, "");
        let facts = facts::examples(fact.unwrap_or("tag"));
        let options: Vec<String> = facts.iter().map(|fact| format!("--fact {fact}")).collect();
        let note = note.with_help(format!(
            "give the facts, such as `{}`, to have its tags in the file",
            options.join(" ")
        ));
        if self.purpose == Purpose::TagTable {
            diagnostics.report(note);
        }
    }
}
