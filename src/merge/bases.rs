//! Whether the platforms of an image were built on the same bases, as their provenance tells.

use std::collections::BTreeMap;
use std::fmt;

use crate::diagnostic::Diagnostic;
use crate::published::metadata::Metadata;
use crate::published::planned::PlannedImage;

/// The bases that differ between the builds of an image.
#[must_use]
pub(crate) fn mixed(key: &str, image: &PlannedImage, metadata: &Metadata) -> Vec<Diagnostic> {
    let mut uses: BTreeMap<&str, Vec<Use<'_>>> = BTreeMap::new();
    for leg in image.builds.keys() {
        let Some(pushed) = metadata.builds.get(leg) else { continue };
        for base in &pushed.bases {
            let own = Use { leg, digest: &base.digest, origin: &pushed.origin };
            uses.entry(&base.name).or_default().push(own);
        }
    }
    let differing = uses.into_iter().filter_map(|(name, uses)| {
        let first = uses.first()?;
        let other = uses.iter().find(|one| one.digest != first.digest)?;
        let message = format!("image `{key}`: its builds have different bases: `{name}` moved between them");
        let help = "run the older of these builds again, or pass `--allow-mixed-bases`";
        Some(
            Diagnostic::error("mixed-bases", message)
                .with_note(first.to_string())
                .with_note(other.to_string())
                .with_help(help),
        )
    });
    differing.collect()
}

/// The use of a base by a build.
struct Use<'a> {
    leg: &'a str,
    digest: &'a str,
    origin: &'a str,
}

impl fmt::Display for Use<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` was built on {} (`{}`)", self.leg, self.digest, self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::published::planned::tests::{image, planned};

    #[test]
    fn a_base_that_moved_is_told_once() {
        let builds = r#""app-a":{},"app-b":{},"app-c":{}"#;
        let text = image(r#""r.io/a""#, r#"{"name":"1","class":"constant","form":"1"}"#, builds);
        let planned = planned(&format!(r#""app":{text}"#)).unwrap();
        let metadata = |digests: &[(&str, &str)]| {
            let mut metadata = Metadata::default();
            for (leg, base) in digests {
                let text = format!(
                    r#"{{"{leg}":{{"containerimage.digest":"sha256:{}","buildx.build.provenance":
                        {{"materials":[{{"uri":"pkg:docker/alpine@3.19","digest":{{"sha256":"{base}"}}}}]}}}}}}"#,
                    "0".repeat(64)
                );
                metadata.add_text(&format!("{leg}.json"), &text, &|_| true).unwrap();
            }
            metadata
        };
        let mixed = |digests| mixed("app", &planned.images["app"], &metadata(digests));
        assert_eq!(mixed(&[("app-a", "aa"), ("app-b", "aa")]), []);
        let told = mixed(&[("app-a", "aa"), ("app-b", "bb"), ("app-c", "bb")]);
        let [told] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(
            told.message,
            "image `app`: its builds have different bases: `alpine:3.19` moved between them"
        );
        assert_eq!(
            told.notes,
            [
                "`app-a` was built on sha256:aa (`app-a.json`)",
                "`app-b` was built on sha256:bb (`app-b.json`)"
            ]
        );
    }
}
