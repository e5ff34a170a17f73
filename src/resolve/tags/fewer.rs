//! Images that a part of a plan publishes for fewer platforms than they have.

use std::collections::{BTreeMap, BTreeSet};

use super::owners;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, listed};
use crate::plan::Plan;
use crate::platform::Platform;
use crate::resolve::images::image::UnresolvedImage;
use crate::resolve::input::Input;
use crate::resolve::targets::Targets;

/// Says which images `--platform` publishes without some of their platforms.
pub(in crate::resolve) fn platforms(
    plan: &Plan,
    images: &[UnresolvedImage],
    targets: &Targets<'_>,
    input: &Input<'_>,
) -> Vec<Diagnostic> {
    if input.platforms.is_empty() || !input.publish || input.purpose.is_committed() {
        return Vec::new();
    }
    let mut lacking: BTreeMap<BTreeSet<Platform>, Vec<&str>> = BTreeMap::new();
    for image in images {
        let Some(planned) = plan.images.get(&image.key).filter(|planned| !planned.tags.is_empty()) else {
            continue;
        };
        let built: BTreeSet<&Platform> =
            planned.builds.iter().filter_map(|build| plan.legs.get(&build.leg)?.platform.as_ref()).collect();
        let all = owners::platforms(image, targets);
        let lacks: BTreeSet<Platform> = all.into_iter().filter(|one| !built.contains(one)).collect();
        if !built.is_empty() && !lacks.is_empty() {
            lacking.entry(lacks).or_default().push(&image.key);
        }
    }
    let warning = |(lacks, keys): (BTreeSet<Platform>, Vec<&str>)| {
        let lacks: Vec<String> = lacks.iter().map(Platform::to_string).collect();
        let images = if keys.len() == 1 { "image" } else { "images" };
        let message = format!("{images} {} would be published without {}", listed(&keys), listed(&lacks));
        Diagnostic::warning(Code::FEWER_PLATFORMS, message).with_help(
            "`--platform` leaves them out, and those who pull the tags on them will get nothing: plan all platforms, or only try it with `--publish=false`",
        )
    };
    lacking.into_iter().map(warning).collect()
}
