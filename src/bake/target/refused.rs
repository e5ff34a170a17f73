//! Values in outputs, caches and attestations that Bake hands on as they are, and that BuildKit refuses when it builds.

use super::definition::{Entry, Target};
use super::flags::parse_bool;
use super::text::Text;
use crate::bake::values::kept::variable_in;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, all_listed, suggest};

/// What BuildKit takes.
#[derive(Clone, Copy)]
enum Taken {
    /// A boolean, as Go's `strconv.ParseBool` reads it.
    Bool,
    /// The same; nothing means true.
    Switch,
    /// A whole number of 64 bits.
    Whole,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// What is in some attribute, by its type.
struct Fields {
    of: fn(&Target) -> &[Entry],
    types: &'static [&'static str],
    fields: &'static [(&'static str, Taken)],
}

const COMPRESSION: Taken = Taken::Word(&["uncompressed", "gzip", "estargz", "zstd"]);

/// All that is checked, as it was tried on BuildKit 0.29 (`util/exporter/containerimage/exptypes/keys.go`,
/// `exporter/containerimage/opts.go`, `cache/remotecache` and `frontend/attestations/parse.go` in
/// <https://github.com/moby/buildkit>).
const FIELDS: [Fields; 7] = [
    // Of the type `registry`, buildx says itself that it is pushed.
    Fields { of: outputs, types: &["image"], fields: &[("push", Taken::Switch)] },
    Fields {
        of: outputs,
        types: &["image", "registry"],
        fields: &[
            ("push-by-digest", Taken::Switch),
            ("name-canonical", Taken::Switch),
            ("registry.insecure", Taken::Switch),
            ("store", Taken::Switch),
            ("unpack", Taken::Switch),
            ("unsafe-internal-store-allow-incomplete", Taken::Switch),
        ],
    },
    Fields { of: outputs, types: &["oci", "docker"], fields: &[("tar", Taken::Switch)] },
    Fields {
        of: outputs,
        types: &["image", "registry", "oci", "docker"],
        fields: &[
            ("oci-mediatypes", Taken::Switch),
            ("oci-artifact", Taken::Bool),
            ("rewrite-timestamp", Taken::Bool),
            ("prefer-nondist-layers", Taken::Bool),
            ("force-compression", Taken::Switch),
            ("compression", COMPRESSION),
            ("compression-level", Taken::Whole),
        ],
    },
    Fields { of: outputs, types: &["local", "tar"], fields: &[("platform-split", Taken::Bool)] },
    Fields {
        of: caches,
        types: &["registry", "local"],
        fields: &[
            ("oci-mediatypes", Taken::Bool),
            ("image-manifest", Taken::Bool),
            ("registry.insecure", Taken::Bool),
            ("force-compression", Taken::Switch),
            ("compression", COMPRESSION),
            ("compression-level", Taken::Whole),
        ],
    },
    Fields {
        of: attestations,
        types: &["provenance"],
        fields: &[
            ("reproducible", Taken::Bool),
            ("mode", Taken::Word(&["min", "max", "full"])),
            ("version", Taken::Word(&["v0.2", "v1"])),
        ],
    },
];

/// The types of outputs: those of BuildKit (`Exporter` in `worker/base/worker.go`), `moby` of the engine, and what buildx makes
/// of the others.
const OUTPUTS: [&str; 8] = ["image", "registry", "docker", "oci", "local", "tar", "cacheonly", "moby"];

/// What `cache-to` may write (`newController` in `cmd/buildkitd/main.go`). What `cache-from` cannot read, a build goes without.
const CACHES: [&str; 6] = ["registry", "local", "inline", "gha", "s3", "azblob"];

/// The attestations of a build, in any case (`Parse` and `Validate` in `frontend/attestations/parse.go`).
const ATTESTATIONS: [&str; 2] = ["provenance", "sbom"];

fn outputs(target: &Target) -> &[Entry] {
    target.output.as_deref().unwrap_or_default()
}

fn caches(target: &Target) -> &[Entry] {
    target.cache_to.as_deref().unwrap_or_default()
}

fn attestations(target: &Target) -> &[Entry] {
    &target.attest
}

/// An error for each value of a target that BuildKit refuses.
#[must_use]
pub(crate) fn values(target: &Target) -> Vec<Diagnostic> {
    let is_same = |kind: &str, known: &str| kind == known;
    let mut found: Vec<Diagnostic> = unknown(outputs(target), "output", &OUTPUTS, is_same).collect();
    found.extend(unknown(caches(target), "cache", &CACHES, is_same));
    found.extend(unknown(attestations(target), "attestation", &ATTESTATIONS, str::eq_ignore_ascii_case));
    for Fields { of, types, fields } in &FIELDS {
        for entry in of(target).iter().filter(|entry| types.contains(&entry.kind()) && !is_disabled(entry)) {
            for (key, taken) in *fields {
                let given = entry.fields.get(key).filter(|text| variable_in(&text.value).is_none());
                found.extend(
                    given
                        .filter(|text| !taken.takes(text.as_str()))
                        .map(|text| refuse(entry, key, text, *taken)),
                );
            }
        }
    }
    found
}

/// Those of a type that there is not.
fn unknown(
    entries: &[Entry],
    what: &str,
    types: &'static [&'static str],
    is_type: fn(&str, &str) -> bool,
) -> impl Iterator<Item = Diagnostic> {
    entries.iter().filter(|entry| !is_disabled(entry)).filter_map(move |entry| {
        let kind = entry.fields.get("type").filter(|text| variable_in(&text.value).is_none())?;
        if types.iter().any(|known| is_type(kind.as_str(), known)) {
            return None;
        }
        let message = format!("BuildKit refuses `type={kind}`: there is no such {what}");
        let error = Diagnostic::error(Code::REFUSED_VALUE, message).at(kind.span.or(entry.span), "");
        Some(error.with_help(match suggest(&kind.as_str().to_lowercase(), types.iter().copied()) {
            Some(near) => format!("did you mean `type={near}`?"),
            None => format!("the types are {}", all_listed(types.iter().copied())),
        }))
    })
}

/// An attestation that is switched off is not looked at.
fn is_disabled(entry: &Entry) -> bool {
    entry.get("disabled").and_then(parse_bool) == Some(true)
}

fn refuse(entry: &Entry, key: &str, text: &Text, taken: Taken) -> Diagnostic {
    let kind = entry.kind();
    let message = format!("BuildKit refuses `{key}={text}` of type `{kind}`: expected {}", taken.expected());
    let error = Diagnostic::error(Code::REFUSED_VALUE, message).at(text.span.or(entry.span), "");
    match taken.meant(text.as_str()) {
        Some(meant) => error.with_help(format!("write `{key}={meant}`")),
        None => error.with_help(format!("leave `{key}` out, or write one of these")),
    }
}

impl Taken {
    fn takes(self, text: &str) -> bool {
        match self {
            Self::Bool => parse_bool(text).is_some(),
            Self::Switch => text.is_empty() || parse_bool(text).is_some(),
            Self::Whole => text.parse::<i64>().is_ok(),
            Self::Word(words) => words.contains(&text),
        }
    }

    fn expected(self) -> String {
        match self {
            Self::Bool | Self::Switch => "`true` or `false`".to_owned(),
            Self::Whole => "a whole number, such as `3`".to_owned(),
            Self::Word(words) => {
                format!("one of {}", all_listed(words))
            }
        }
    }

    /// What was probably to be written.
    fn meant(self, text: &str) -> Option<&'static str> {
        let lower = text.trim().to_lowercase();
        match self {
            Self::Bool | Self::Switch => match lower.as_str() {
                "true" | "yes" | "y" | "on" | "enabled" => Some("true"),
                "false" | "no" | "n" | "off" | "disabled" => Some("false"),
                _ => None,
            },
            Self::Whole => None,
            Self::Word(words) => suggest(&lower, words.iter().copied()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::flags;
    use super::*;

    fn read(attribute: &str, entry: &str) -> Target {
        let (text, mut target) = (Text::verbatim(entry), Target::new("t"));
        match attribute {
            "output" => target.output = Some(vec![flags::output(&text).unwrap()]),
            "cache-to" => target.cache_to = Some(flags::caches(&text).unwrap()),
            _ => target.attest = vec![flags::attestation(&text).unwrap()].into(),
        }
        target
    }

    #[test]
    fn outputs_of_no_type_are_refused() {
        for (kind, near) in [
            ("images", "image"),
            ("dockers", "docker"),
            ("IMAGE", "image"),
            ("oic", "oci"),
            ("cache-only", "cacheonly"),
        ] {
            let found = values(&read("output", &format!("type={kind}")));
            let help = found.iter().filter_map(|one| one.help.as_deref()).collect::<Vec<_>>();
            assert_eq!(help, [format!("did you mean `type={near}`?")], "{kind}");
        }
        assert_eq!(values(&read("output", "type=warehouse")).len(), 1);
        for kind in OUTPUTS {
            assert_eq!(values(&read("output", &format!("type={kind},dest=x"))), [], "{kind}");
        }
    }

    /// What is said about the value of each field that is checked: `{}` stands for it.
    #[test]
    fn each_field_has_values_that_are_refused_and_that_pass() {
        for Fields { of, types, fields } in &FIELDS {
            let names = ["output", "cache-to", "attest"];
            let with_one = |name: &&str| !of(&read(name, "type=image")).is_empty();
            let attribute = names.into_iter().find(with_one).unwrap();
            for (kind, (key, taken)) in
                types.iter().flat_map(|kind| fields.iter().map(move |one| (kind, one)))
            {
                let (good, bad): (&[&str], &[&str]) = match taken {
                    Taken::Bool => {
                        (&["1", "t", "TRUE", "false", "F", "0"], &["", "yes", "on", "tRue", " true"])
                    }
                    Taken::Switch => (&["", "1", "True", "f"], &["yes", "no", "2", "tRUE"]),
                    Taken::Whole => {
                        (&["3", "-1", "+3", "99"], &["", "x", "1.5", "0x3", " 3", "9223372036854775808"])
                    }
                    Taken::Word(words) => (words, &["", "zip", "1"]),
                };
                let found = |value: &str| {
                    values(&read(attribute, &format!("type={kind},dest=x,{key}={value}")))
                        .into_iter()
                        .map(|one| one.message)
                        .collect::<Vec<_>>()
                };
                for value in good {
                    assert_eq!(found(value), Vec::<String>::new(), "{attribute} {kind} {key}={value}");
                }
                for value in bad {
                    let told = found(value);
                    let begin = format!("BuildKit refuses `{key}={value}` of type `{kind}`: expected ");
                    assert!(told.len() == 1 && told[0].starts_with(&begin), "{told:?}");
                }
            }
        }
    }

    #[test]
    fn what_buildkit_does_not_read_is_let_through() {
        for (attribute, entry) in [
            ("output", "type=registry,push=yes"),
            ("output", "type=oci,dest=x,push=yes,unpack=yes,name-canonical=yes"),
            ("output", "type=local,dest=x,push=yes"),
            ("output", "type=cacheonly,push=yes"),
            ("output", "type=image,frobnicate=yes,name=r.io/yes"),
            ("cache-to", "type=registry,ref=r.io/a,mode=yes,ignore-error=yes"),
            ("cache-to", "type=inline,oci-mediatypes=yes"),
            ("attest", "type=provenance,inline-only=yes,builder-id=yes,filename=yes"),
            ("attest", "type=provenance,mode=none,disabled=true"),
            ("attest", "type=sbom,mode=none"),
        ] {
            assert_eq!(values(&read(attribute, entry)).len(), 0, "{entry}");
        }
    }

    #[test]
    fn what_was_meant_is_proposed() {
        for (attribute, entry, help) in [
            ("output", "type=image,push=yes", "write `push=true`"),
            ("output", "type=image,unpack=Off", "write `unpack=false`"),
            ("output", "type=oci,compression=GZIP", "write `compression=gzip`"),
            ("cache-to", "type=registry,ref=r.io/a,compression=zst", "write `compression=zstd`"),
            ("attest", "type=provenance,mode=MAX", "write `mode=max`"),
            ("output", "type=image,push=maybe", "leave `push` out, or write one of these"),
        ] {
            let found = values(&read(attribute, entry));
            assert_eq!(found[0].help.as_deref(), Some(help), "{entry}");
        }
    }
}
