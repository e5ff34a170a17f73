//! What the builds pushed: the metadata files of `docker buildx bake --metadata-file`, joined with a plan by target
//! name (<https://docs.docker.com/reference/cli/docker/buildx/bake/#metadata-file>).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::provenance::{Base, Checkout, Provenance};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, listed};
use crate::reference::Digest;

/// The key of the digest that was pushed.
const DIGEST: &str = "containerimage.digest";
/// The key of the descriptor of the same.
const DESCRIPTOR: &str = "containerimage.descriptor";
/// What begins the keys of provenance: one for each platform of a target with several.
const PROVENANCE: &str = "buildx.build.provenance";
/// The repositories that it was pushed to, with commas between them.
const NAMES: &str = "image.name";
/// What buildx calls the build.
const REFERENCE: &str = "buildx.build.ref";
/// The output of Docker's bake action, a text that holds a metadata file.
const OUTPUT: &str = "metadata";
/// How deeply outputs of a CI may hold outputs.
const MAX_DEPTH: usize = 4;
/// What a build pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The digest of its index or manifest.
    pub digest: Digest,
    /// The file or argument that says so.
    pub origin: String,
    /// The images that it was built from; none when its metadata has no provenance.
    pub bases: Option<Vec<Base>>,
    /// The repositories that it was pushed to, as written.
    pub names: Vec<String>,
    /// What buildx calls the build, for `docker buildx history`.
    pub build: Option<String>,
    /// When the build ended, as its provenance says.
    pub finished: Option<String>,
    /// The checkout that its local context was in, as its provenance says.
    pub checkout: Option<Checkout>,
}

/// What all builds pushed.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    /// By leg.
    pub builds: BTreeMap<String, Pushed>,
    /// The files and arguments that say what was pushed.
    pub origins: BTreeSet<String>,
    /// What was left out, and why.
    pub notes: Vec<Diagnostic>,
}

impl Metadata {
    /// Adds the text of a metadata file. `is_planned` knows the legs of the plan.
    ///
    /// # Errors
    /// When it is not a metadata file, or contradicts what was added before.
    pub fn add_text(
        &mut self,
        origin: &str,
        text: &str,
        is_planned: &impl Fn(&str) -> bool,
    ) -> Result<(), Diagnostic> {
        let mut skipped = Skipped::default();
        self.add(origin, text, is_planned, &mut skipped, 0)?;
        self.notes.extend(skipped.notes(origin));
        Ok(())
    }

    /// Adds `target=digest`.
    ///
    /// # Errors
    /// When it contradicts what was added before.
    pub fn add_pair(
        &mut self,
        target: &str,
        digest: Digest,
        is_planned: &impl Fn(&str) -> bool,
    ) -> Result<(), Diagnostic> {
        let origin = format!("{target}={digest}");
        if is_planned(target) {
            let (bases, names, build, finished, checkout) = Default::default();
            return self.insert(target, Pushed { digest, origin, bases, names, build, finished, checkout });
        }
        let skipped = Skipped { unplanned: vec![target.to_owned()], without_digest: Vec::new() };
        self.notes.extend(skipped.notes(&origin));
        Ok(())
    }

    fn add(
        &mut self,
        origin: &str,
        text: &str,
        is_planned: &impl Fn(&str) -> bool,
        skipped: &mut Skipped,
        depth: usize,
    ) -> Result<(), Diagnostic> {
        let Members(entries) = serde_json::from_str(text).map_err(|error| {
            Diagnostic::error(Code::NOT_METADATA, format!("`{origin}` is not build metadata: {error}"))
                .with_help("expected what `docker buildx bake --metadata-file` or the output `metadata` of docker/bake-action holds")
        })?;
        if ["schema", "images", "jobs"].iter().all(|key| entries.iter().any(|(own, _)| own == key)) {
            return Err(Diagnostic::error(Code::NOT_METADATA, format!("`{origin}` is a plan, not build metadata"))
                .with_help("builds write it, with `docker buildx bake --metadata-file FILE`; give these files, or a folder that holds nothing else"));
        }
        for (key, value) in entries {
            if key == DIGEST && !is_planned(&key) {
                let digest: String =
                    serde_json::from_str(value.get()).unwrap_or_else(|_| "DIGEST".to_owned());
                let message =
                    format!("`{origin}` was written by `docker buildx build`, which does not name the build");
                self.notes.push(
                    Diagnostic::note(Code::NO_METADATA, message)
                        .with_help(format!("say which one of the plan it is: `--metadata BUILD={digest}`")),
                );
            } else if is_planned(&key) {
                match read_build(origin, &key, value.get())? {
                    Some(pushed) => self.insert(&key, pushed)?,
                    None => skipped.without_digest.push(key),
                }
            } else if let Some(inner) = output(&key, value.get()).filter(|_| depth < MAX_DEPTH) {
                self.add(origin, &inner, is_planned, skipped, depth + 1)?;
            } else if has_digest(value.get()) {
                skipped.unplanned.push(key);
            }
        }
        Ok(())
    }

    fn insert(&mut self, target: &str, pushed: Pushed) -> Result<(), Diagnostic> {
        self.origins.insert(pushed.origin.clone());
        match self.builds.get(target) {
            Some(known) if known.digest != pushed.digest => {
                let message = format!(
                    "two digests for build `{target}`: {} in `{}`, {} in `{}`",
                    known.digest, known.origin, pushed.digest, pushed.origin
                );
                Err(Diagnostic::error(Code::TWO_DIGESTS, message).with_help(
                    "give the metadata of one run only: a build that is run again must replace its file",
                ))
            }
            Some(_) => Ok(()),
            None => {
                self.builds.insert(target.to_owned(), pushed);
                Ok(())
            }
        }
    }
}

/// What a file holds and a plan does not ask for.
#[derive(Default)]
struct Skipped {
    unplanned: Vec<String>,
    without_digest: Vec<String>,
}

impl Skipped {
    fn notes(self, origin: &str) -> impl Iterator<Item = Diagnostic> {
        let note = |names: Vec<String>, code, why: &str| {
            let message = format!("`{origin}`: skipped {}: {why}", listed(&names));
            (!names.is_empty()).then(|| Diagnostic::note(code, message))
        };
        let unplanned = note(self.unplanned, Code::UNPLANNED, "not a build of this plan");
        let unplanned = unplanned.map(|note| note.with_help("a plan builds targets of its own: run `docker buildx bake --file DIR/docker-bake.json` on what `bakeplan plan --out DIR` wrote"));
        unplanned.into_iter().chain(note(
            self.without_digest,
            Code::NO_DIGEST,
            "it has no digest, so it pushed nothing",
        ))
    }
}

/// Whether an entry is of a build that pushed something. Docker adds entries about the run, and bakeplan helper targets:
/// neither needs a word.
fn has_digest(text: &str) -> bool {
    serde_json::from_str::<Members<'_>>(text).is_ok_and(|members| members.all(DIGEST).next().is_some())
}

/// The members of an object, in which a key may stand twice: then neither is the right one.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Members<'t> {
    /// All that has a key.
    fn all(&self, key: &str) -> impl Iterator<Item = &'t RawValue> {
        self.0.iter().filter(move |(own, _)| own == key).map(|(_, value)| *value)
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

fn read_build(origin: &str, target: &str, text: &str) -> Result<Option<Pushed>, Diagnostic> {
    let fail = |problem: String| {
        Diagnostic::error(Code::NOT_METADATA, format!("`{origin}`: build `{target}`: {problem}"))
            .with_help("use the file as buildx writes it, with full digests")
    };
    let Ok(members) = serde_json::from_str::<Members<'_>>(text) else { return Ok(None) };
    let string = |key: &str| {
        let mut found = members.all(key);
        let Some(value) = found.next() else { return Ok(None) };
        if found.any(|other| other.get() != value.get()) {
            return Err(fail(format!("`{key}` stands there twice, with different values")));
        }
        serde_json::from_str::<Option<String>>(value.get())
            .map_err(|error| fail(format!("`{key}` is not a string: {error}")))
    };
    let Some(digest) = string(DIGEST)?.filter(|digest| !digest.is_empty()) else { return Ok(None) };
    let digest: Digest =
        digest.parse().map_err(|error| fail(format!("`{DIGEST}` is {digest:?}: {error}")))?;
    if let Some(other) = described(&members).filter(|other| *other != digest) {
        return Err(fail(format!("`{DIGEST}` is {digest}, but `{DESCRIPTOR}` has {other}")));
    }
    let names = string(NAMES)?.unwrap_or_default();
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let provenance = members.0.iter().filter(|(key, _)| key.starts_with(PROVENANCE));
    let values = provenance.clone().filter_map(|(_, value)| serde_json::from_str(value.get()).ok());
    let values: Vec<Value> = values.collect();
    let finished = values.iter().find_map(finished);
    let checkout = values.iter().find_map(Checkout::of);
    // It is about the build, not part of what is published: nothing depends on its being read.
    let provenance = provenance.filter_map(|(_, value)| serde_json::from_str::<Provenance>(value.get()).ok());
    let mut provenance = provenance.peekable();
    let bases = provenance.peek().is_some();
    let bases = bases.then(|| provenance.flat_map(|provenance| provenance.bases()).collect());
    let build = string(REFERENCE).ok().flatten();
    Ok(Some(Pushed { digest, origin: origin.to_owned(), bases, names, build, finished, checkout }))
}

/// The digest in the descriptor of what was pushed.
fn described(members: &Members<'_>) -> Option<Digest> {
    #[derive(Deserialize)]
    struct Described {
        digest: Digest,
    }
    members
        .all(DESCRIPTOR)
        .find_map(|value| serde_json::from_str::<Described>(value.get()).ok())
        .map(|one| one.digest)
}

/// When a build ended, as its provenance says, in either version of SLSA.
fn finished(provenance: &Value) -> Option<String> {
    let places = ["/metadata/buildFinishedOn", "/runDetails/metadata/finishedOn"];
    places.iter().find_map(|place| Some(provenance.pointer(place)?.as_str()?.to_owned()))
}

/// The metadata in the output of a CI step or job: `{"metadata": "…"}`, perhaps below `outputs`, perhaps by job.
fn output(key: &str, text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Holder<'a> {
        #[serde(borrow)]
        outputs: Option<&'a RawValue>,
        #[serde(borrow)]
        metadata: Option<&'a RawValue>,
    }
    if key == OUTPUT {
        return serde_json::from_str::<String>(text).ok().filter(|text| !text.trim().is_empty());
    }
    let holder: Holder<'_> = serde_json::from_str(text).ok()?;
    (holder.outputs.is_some() || holder.metadata.is_some()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    const B: &str = "sha256:ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73";

    fn is_planned(name: &str) -> bool {
        name.starts_with("app-")
    }

    fn read(texts: &[(&str, &str)]) -> Result<Metadata, Diagnostic> {
        let mut metadata = Metadata::default();
        for (origin, text) in texts {
            metadata.add_text(origin, text, &is_planned)?;
        }
        Ok(metadata)
    }

    fn told(metadata: &Metadata) -> Vec<&str> {
        metadata.notes.iter().map(|note| note.message.as_str()).collect()
    }

    #[test]
    fn builds_are_found_and_all_else_is_skipped_with_a_note() {
        let text = format!(
            r#"{{"app-amd64":{{"containerimage.digest":"{A}","image.name":"r.io/a, r.io/b","x":[1]}},
                "app-arm64":{{"buildx.build.ref":"x"}},"app-386":[],"lint":{{"containerimage.digest":"{B}"}},
                "buildx.build.warnings":[{{"short":"x"}}]}}"#
        );
        let metadata = read(&[("m.json", &text)]).unwrap();
        assert_eq!(metadata.builds.keys().collect::<Vec<_>>(), ["app-amd64"]);
        let pushed = &metadata.builds["app-amd64"];
        assert_eq!((pushed.digest.as_str(), pushed.names.len()), (A, 2));
        assert_eq!(
            told(&metadata),
            [
                "`m.json`: skipped `lint`: not a build of this plan",
                "`m.json`: skipped `app-arm64`, `app-386`: it has no digest, so it pushed nothing",
            ]
        );
    }

    #[test]
    fn outputs_of_docker_s_action_are_read_in_all_their_forms() {
        let file = format!(r#"{{"app-amd64":{{"containerimage.digest":"{A}"}}}}"#);
        let quoted = serde_json::to_string(&file).unwrap();
        for text in [
            format!("  {file}\n"),
            format!(r#"{{"metadata":{quoted}}}"#),
            format!(r#"{{"result":"success","outputs":{{"metadata":{quoted}}}}}"#),
            format!(r#"{{"build":{{"result":"success","outputs":{{"metadata":{quoted}}}}}}}"#),
        ] {
            let metadata = read(&[("m", &text)]).unwrap();
            assert_eq!(metadata.builds["app-amd64"].digest.as_str(), A, "{text}");
        }
    }

    #[test]
    fn two_digests_are_an_error_that_names_both_files() {
        let file = |digest: &str| format!(r#"{{"app-amd64":{{"containerimage.digest":"{digest}"}}}}"#);
        read(&[("a.json", &file(A)), ("b.json", &file(A))]).unwrap();
        let error = read(&[("a.json", &file(A)), ("b.json", &file(B))]).unwrap_err();
        assert_eq!(
            error.message,
            format!("two digests for build `app-amd64`: {A} in `a.json`, {B} in `b.json`")
        );
        let own = |digest: &str| format!(r#""app-amd64":{{"containerimage.digest":"{digest}"}}"#);
        read(&[("m.json", &format!("{{{},{}}}", own(A), own(A)))]).unwrap();
        let error = read(&[("m.json", &format!("{{{},{}}}", own(A), own(B)))]).unwrap_err();
        assert_eq!(error.code, Code::TWO_DIGESTS);
        let twice = format!(
            r#"{{"app-amd64":{{"containerimage.digest":"{A}","x":1,"containerimage.digest":"{B}"}}}}"#
        );
        let error = read(&[("m.json", &twice)]).unwrap_err();
        assert_eq!(
            error.message,
            "`m.json`: build `app-amd64`: `containerimage.digest` stands there twice, with different values"
        );
        let described = |digest: &str| {
            format!(
                r#"{{"app-amd64":{{"containerimage.digest":"{A}","containerimage.descriptor":{{"digest":"{digest}","size":7}}}}}}"#
            )
        };
        read(&[("m.json", &described(A))]).unwrap();
        let error = read(&[("m.json", &described(B))]).unwrap_err();
        assert_eq!(
            error.message,
            format!(
                "`m.json`: build `app-amd64`: `containerimage.digest` is {A}, but `containerimage.descriptor` has {B}"
            )
        );
        let mut metadata = read(&[("a.json", &file(A))]).unwrap();
        metadata.add_pair("other", B.parse().unwrap(), &is_planned).unwrap();
        assert_eq!(told(&metadata).len(), 1);
        assert!(metadata.add_pair("app-amd64", B.parse().unwrap(), &is_planned).is_err());
    }

    #[test]
    fn other_files_than_metadata_are_errors() {
        for text in ["", "[]", "null", "\"\"", "{", r#"{"app-a":{"containerimage.digest":"md5:1"}}"#] {
            assert!(read(&[("m.json", text)]).is_err(), "{text}");
        }
        let deep = "{\"metadata\":".repeat(100_000);
        assert!(read(&[("m.json", &deep)]).is_err());
    }
}
