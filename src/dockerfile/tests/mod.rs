//! What builds read, in tables by kind; the readings of each table were compared with real builds.

mod files;
mod properties;
mod sources;
mod stages;
mod variables;

use indexmap::{IndexMap, IndexSet};

use super::reads::{BasePlatform, Reads};
use super::source::Source;
use super::{Build, Dockerfile, Parent, Sources};
use crate::platform::Platform;

/// A build in the making: `linux/amd64`, built on the same, without arguments and contexts.
pub(super) struct Given {
    args: IndexMap<String, Option<String>>,
    target: Option<&'static str>,
    platform: &'static str,
    builder: Option<&'static str>,
    contexts: IndexSet<String>,
}

pub(super) fn given() -> Given {
    Given {
        args: IndexMap::new(),
        target: None,
        platform: "linux/amd64",
        builder: Some("linux/amd64"),
        contexts: IndexSet::new(),
    }
}

impl Given {
    pub(super) fn arg(mut self, name: &str, value: &str) -> Self {
        self.args.insert(name.to_owned(), Some(value.to_owned()));
        self
    }

    pub(super) fn empty_arg(mut self, name: &str) -> Self {
        self.args.insert(name.to_owned(), None);
        self
    }

    pub(super) fn target(mut self, target: &'static str) -> Self {
        self.target = Some(target);
        self
    }

    pub(super) fn platform(mut self, platform: &'static str) -> Self {
        self.platform = platform;
        self
    }

    pub(super) fn builder(mut self, builder: Option<&'static str>) -> Self {
        self.builder = builder;
        self
    }

    pub(super) fn context(mut self, name: &str) -> Self {
        self.contexts.insert(name.to_owned());
        self
    }

    pub(super) fn reads(&self, text: &str) -> Reads {
        let file =
            Dockerfile::parse(text).unwrap_or_else(|error| panic!("{text}\nline {}: {error}", error.line));
        let platform: Platform = self.platform.parse().unwrap();
        let builder: Option<Platform> = self.builder.map(|builder| builder.parse().unwrap());
        file.reads(&Build {
            args: &self.args,
            target: self.target,
            platform: Some(&platform),
            build_platform: builder.as_ref(),
            contexts: &self.contexts,
        })
    }

    /// Asserts what each of some Dockerfiles reads, as [`summary`] has it.
    pub(super) fn expect(&self, table: &[(&str, &str)]) {
        let found: Vec<_> = table.iter().map(|(text, _)| (*text, summary(&self.reads(text)))).collect();
        for ((text, found), (_, expected)) in found.iter().zip(table) {
            assert_eq!(found, expected, "\n{text}");
        }
    }
}

/// `source | folder/ | +parents pattern? -exclude | from base | with context | unless ONBUILD in base | download url | …`
pub(super) fn summary(reads: &Reads) -> String {
    let mut parts = vec![];
    parts.extend(reads.frontend.iter().map(|frontend| format!("frontend {frontend}")));
    match &reads.sources {
        Sources::Whole(reason) => parts.push(format!("whole: {reason}")),
        Sources::Paths(narrowing) => {
            parts.extend(narrowing.sources.iter().map(source));
            parts.extend(narrowing.needs_no_onbuild.iter().map(|parent| match parent {
                Parent::Base(name) => format!("no ONBUILD in {name}"),
                Parent::Context(name) => format!("no ONBUILD in context {name}"),
            }));
        }
    }
    parts.extend(reads.bases.iter().map(|base| {
        let digest = if base.is_digest { " (digest)" } else { "" };
        match &base.platform {
            BasePlatform::Leg => format!("from {}{digest}", base.name),
            BasePlatform::Flag(platform) => format!("from {}{digest} for {platform}", base.name),
            BasePlatform::Unknown(reason) => format!("from {}{digest} for? {reason}", base.name),
        }
    }));
    parts.extend(reads.contexts.iter().map(|context| format!("with {context}")));
    parts.extend(reads.remote.iter().map(|remote| {
        let checksum = remote.checksum.as_ref().map(|checksum| format!(" = {checksum}")).unwrap_or_default();
        match &remote.git {
            None => format!("download {}{checksum}", remote.url),
            Some(git) => {
                format!(
                    "clone {}{checksum} at {}",
                    remote.url,
                    git.reference.as_deref().unwrap_or("its head")
                )
            }
        }
    }));
    parts.extend(reads.unknown.iter().map(|reason| format!("unknown: {reason}")));
    parts.join(" | ")
}

fn source(source: &Source) -> String {
    let mut text = source.pattern.clone();
    if source.is_glob {
        text.push_str(" (glob)");
    }
    if source.parents {
        text.push_str(" (parents)");
    }
    for exclude in &source.excludes {
        text.push_str(" -");
        text.push_str(exclude);
    }
    text
}
