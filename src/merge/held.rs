//! Images that lack builds: what to do about it.

use std::collections::BTreeSet;

use super::index::is_mixed;
use super::report::ImageReport;
use super::tools::IfMissing;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Severity};
use crate::on_missing::OnMissing;
use crate::published::plan_json::BuildEntry;
use crate::published::planned::PlannedImage;
use crate::registry::Manifest;

/// Says that some registries refuse the index of an image.
pub(super) fn mixed(key: &str, index: &Manifest) -> Option<Diagnostic> {
    let message = format!(
        "image `{key}`: its builds have both Docker's and OCI's media types, which Quay and others refuse"
    );
    is_mixed(index).then(|| {
        Diagnostic::warning(Code::MIXED_MEDIA_TYPES, message)
            .with_help("build all platforms with the same `oci-mediatypes` in `output`")
    })
}

/// Says what was not built of an image that is published all the same.
pub(super) fn published_without(
    key: &str,
    image: &PlannedImage,
    report: &ImageReport,
    if_missing: IfMissing,
) -> Option<Diagnostic> {
    let without: Vec<String> = report.published_without().collect();
    let message = format!("image `{key}`: {}", without.join("; "));
    let severity = if if_missing == IfMissing::Fail { Severity::Warning } else { Severity::Note };
    let said = Diagnostic::note(Code::NOT_BUILT, message).with_severity(severity);
    (!without.is_empty()).then(|| said.with_help(again(image, report)))
}

/// The planned builds that are missing.
fn lacking<'i>(image: &'i PlannedImage, report: &'i ImageReport) -> impl Iterator<Item = &'i BuildEntry> {
    report.missing.iter().filter_map(|missing| image.builds.get(&missing.build))
}

/// What gives an image what it lacks.
fn again(image: &PlannedImage, report: &ImageReport) -> String {
    let jobs: BTreeSet<&str> = lacking(image, report).map(|build| build.job.as_str()).collect();
    let jobs: Vec<String> =
        jobs.into_iter().filter(|job| !job.is_empty()).map(|job| format!("`{job}`")).collect();
    match jobs.as_slice() {
        [] => "build what is missing, then merge again".to_owned(),
        [job] => format!("run the job {job} again, then the merge"),
        several => format!("run the jobs {} again, then the merge", several.join(", ")),
    }
}

/// Says that an image is left as it was, and what to do.
pub(super) fn tell(
    key: &str,
    image: &PlannedImage,
    report: &ImageReport,
    if_missing: IfMissing,
) -> Diagnostic {
    let message = format!("image `{key}` is left as it was: {}", report.why.join("; "));
    let held = Diagnostic::warning(Code::HELD, message);
    let again = again(image, report);
    let is_held = |on_missing| on_missing == OnMissing::Hold;
    let mut builds = lacking(image, report);
    let cannot_go_without = builds.any(|build| is_held(build.on_missing));
    let some_are_there = report.missing.len() < image.builds.len();
    held.with_help(match if_missing {
        IfMissing::RequireAll => {
            format!("{again}; without `--require-all`, images that are complete are published")
        }
        IfMissing::Hold if !cannot_go_without => format!(
            "{again}; without `--if-missing hold`, `on_missing` decides, and what was lost on the way counts as not built"
        ),
        IfMissing::AsPlanned | IfMissing::Fail | IfMissing::Hold if cannot_go_without && some_are_there => {
            format!(
                "{again}; to publish the image without it, set `on_missing` of the image or platform to \"drop\" or \"carry\""
            )
        }
        IfMissing::AsPlanned | IfMissing::Fail | IfMissing::Hold => again,
    })
}
