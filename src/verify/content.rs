//! Reads what images run: one layer after another, from the top, until the program is found.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::code::Code;
use super::finding::Finding;
use super::layer::{Layer, Left};
use super::program::{self, Layers, Verdict};
use super::walk::Program;
use crate::diagnostic::Diagnostic;
use crate::published::progress::{Event, Progress};
use crate::published::record::Fault;
use crate::published::sites::Site;
use crate::reference::Digest;

/// The largest layer that is read, in bytes as the registry has it. Only one is in memory at a time.
const MAX_LAYER: u64 = 256 * 1024 * 1024;

/// What came of reading.
#[derive(Default)]
pub(super) struct Found {
    /// What is wrong, and what cannot be told.
    pub(super) findings: Vec<Finding>,
    /// Repositories that failed.
    pub(super) failures: Vec<Diagnostic>,
}

/// Looks at the programs of images, each once.
pub(super) fn look(programs: &[Program<'_>], sites: &[Site], progress: &dyn Progress) -> Found {
    let mut found = Found::default();
    let mut images: BTreeMap<&Digest, (&Program<'_>, Vec<String>)> = BTreeMap::new();
    for one in programs {
        let (_, references) = images.entry(&one.digest).or_insert((one, Vec::new()));
        let new = one.place.references.iter().filter(|reference| !references.contains(reference));
        references.extend(new.cloned().collect::<Vec<_>>());
    }
    for (digest, (one, references)) in images {
        let site = &sites[one.place.site];
        let failure = Cell::new(None);
        let read = |at: usize, left: &mut Left| {
            let layer = &one.manifest.layers[at];
            let size = u64::try_from(layer.size).unwrap_or(0);
            if size > MAX_LAYER {
                return Err(format!("it has {size} bytes, and at most {MAX_LAYER} are read"));
            }
            match site.store.get_blob(&layer.digest, MAX_LAYER) {
                Ok(Some(content)) => Layer::read(&content, left),
                Ok(None) => Err("it is not there".to_owned()),
                Err(error) => {
                    let fault = Fault::of(&error);
                    let why = error.to_diagnostic();
                    let message = why.message.clone();
                    if fault.is_none() {
                        failure.set(Some(why));
                    }
                    Err(message)
                }
            }
        };
        let mut layers = Layers::new(one.manifest.layers.len(), &read);
        let verdict = program::look(&one.platform, one.command, &mut layers);
        if let Some(failure) = failure.take() {
            found.failures.push(failure);
            return found;
        }
        let platform = &one.platform;
        let what = format!("looked at the program for {platform}");
        progress.tell(&Event::Done { location: &site.location, what: &what });
        let finding = match verdict {
            Verdict::Fits => continue,
            Verdict::Differs(path, machine) => {
                let message =
                    format!("the image for {platform}, {digest}, runs `{path}`, which is for {machine}");
                Finding::new(Code::WrongMachine, &references, message)
            }
            Verdict::Unknown(why) => {
                let message = format!(
                    "whether the program of the image for {platform}, {digest}, is for its machine cannot be told: {why}"
                );
                Finding::new(Code::UnreadProgram, &references, message)
            }
        };
        found.findings.push(finding.about(digest));
    }
    found
}
