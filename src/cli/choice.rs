//! The options that say which images of a plan are built, and from which inputs.

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::registries::Network;
use crate::ci::OnUnknown;

/// Which images of a plan are built.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "What is built")]
pub(crate) struct Choice {
    /// Record in plan.json a hash of what each build reads, which a merge writes into the index
    #[arg(long)]
    pub inputs: bool,
    /// Build the images whose inputs differ from those of this git revision; `auto` takes the one that the event of CI names
    #[arg(long, value_name = "REF|auto")]
    pub changed_since: Option<String>,
    /// Build only images that the registry does not serve with the same inputs; the others get the tags of this run
    #[arg(long)]
    pub skip_published: bool,
    /// Build images whose bases have moved since they were published
    #[arg(long)]
    pub stale: bool,
    /// Build at most this many of the images whose bases have moved, besides those that link to them
    #[arg(long, value_name = "N", requires = "stale")]
    pub most_stale: Option<usize>,
    /// Give all builds the same bases: what the registry serves now takes the place of each
    #[arg(long)]
    pub pin_bases: bool,
    /// What becomes of images when the registry or git does not answer [default: build]
    #[arg(long, value_name = "WHAT", value_enum, hide_possible_values = false)]
    pub on_unknown: Option<OnUnknown>,
    /// Build all images, whatever has changed
    #[arg(long)]
    pub all: bool,
    /// How registries are reached.
    #[command(flatten)]
    pub network: Network,
}

impl ValueEnum for OnUnknown {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Build => "Build such images",
            Self::Fail => "Stop with an error",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

impl Choice {
    /// Finds an option that would change nothing.
    ///
    /// # Errors
    /// It, and what it needs.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Self {
            inputs: _,
            changed_since,
            skip_published,
            stale,
            // It needs `--stale`.
            most_stale: _,
            pin_bases,
            on_unknown,
            all,
            network,
        } = self;
        let Network { insecure, ca_files } = network;
        let compares = "`--changed-since`, `--skip-published` or `--stale`";
        let asks = *skip_published || *stale || *pin_bases || changed_since.as_deref() == Some("auto");
        let of_registry = "an option that asks registries, such as `--skip-published`";
        let path = |path: &std::path::PathBuf| format!("`--ca-file {}`", path.display());
        let idle = [
            (on_unknown.is_some() && !self.chooses(), "`--on-unknown`".to_owned(), compares),
            (*all && !self.chooses(), "`--all`".to_owned(), compares),
            (!insecure.is_empty() && !asks, "`--insecure-registry`".to_owned(), of_registry),
            (!asks && !ca_files.is_empty(), ca_files.first().map(path).unwrap_or_default(), of_registry),
        ];
        match idle.into_iter().find(|(is_idle, _, _)| *is_idle) {
            Some((_, option, needs)) => Err(format!("{option} changes nothing without {needs}")),
            None => Ok(()),
        }
    }

    /// Whether it takes more than the definition to know what is built.
    #[must_use]
    pub(crate) fn is_given(&self) -> bool {
        self.inputs || self.pin_bases || self.chooses()
    }

    /// Whether images may be left out.
    #[must_use]
    pub(crate) fn chooses(&self) -> bool {
        self.changed_since.is_some() || self.skip_published || self.stale
    }
}
