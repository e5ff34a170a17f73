//! Tells which plan metadata is of: the name of the file that a job writes carries the plan's `id`.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use super::fingerprint::Fingerprint;
use super::metadata::Metadata;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, listed};

/// What stands before the id in a name.
const MARK: &str = "plan-";

/// The name of the file that the metadata of a job goes to. What is put before it, with a dot, leaves the id in it.
#[must_use]
pub(crate) fn metadata_file(job: &str, id: &Fingerprint) -> String {
    [job, ".", MARK, id.as_str(), ".json"].concat()
}

/// The id in the name of a file, or else of a folder that it is in: what downloads artifacts may make a folder of each. Browsers
/// and people add to names, such as `app.plan-0123456789abcdef (1).json`.
fn id_in(path: &str) -> Option<Fingerprint> {
    // What is left again is no folder of the file.
    let parts = Path::new(path).components().rev().take_while(|part| *part != Component::ParentDir);
    parts.filter_map(|part| part.as_os_str().to_str()).find_map(id_in_name)
}

fn id_in_name(name: &str) -> Option<Fingerprint> {
    let name = name.to_ascii_lowercase();
    // Jobs have no dots in their names, and stand before it.
    name.rsplit('.').find_map(|part| {
        let rest = part.strip_prefix(MARK)?;
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        rest[..end].parse().ok()
    })
}

/// Whether the name of a file says that it is of this plan.
#[must_use]
pub(crate) fn is_of(path: &str, id: &Fingerprint) -> bool {
    let name = Path::new(path).file_name().and_then(|name| name.to_str());
    name.and_then(id_in_name).as_ref() == Some(id)
}

/// Refuses metadata whose name says that it is of another plan, and adds a note about that whose name says nothing. The
/// right id is not proof: what was built is compared with the plan all the same.
///
/// # Errors
/// One for each other plan, with the files.
pub(crate) fn check(metadata: &mut Metadata, id: &Fingerprint) -> Result<(), Vec<Diagnostic>> {
    let mut others: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut unnamed = Vec::new();
    for origin in &metadata.origins {
        match id_in(origin) {
            Some(own) if own == *id => {}
            Some(other) => others.entry(other.to_string()).or_default().push(origin),
            None => unnamed.push(origin.as_str()),
        }
    }
    if !others.is_empty() {
        let other = |(other, files): (String, Vec<&str>)| {
            let belong = if files.len() == 1 { "belongs" } else { "belong" };
            let message = format!("{} {belong} to plan `{other}`, but this is plan `{id}`", listed(&files));
            Diagnostic::error(Code::OTHER_PLAN, message)
                .with_help("give the `plan.json` and the metadata of one run; a file that an earlier run left behind can go")
        };
        return Err(others.into_iter().map(other).collect());
    }
    if !unnamed.is_empty() {
        let (does, its) = if unnamed.len() == 1 { ("does", "it belongs") } else { ("do", "they belong") };
        let message = format!(
            "{} {does} not say which plan {its} to: builds of another plan are noticed only if their labels or annotations differ",
            listed(&unnamed)
        );
        let note = Diagnostic::note(Code::NO_ID, message).with_help(
            "write the metadata of each job to the file that `metadata` in its row of the matrix names",
        );
        metadata.notes.push(note);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "0123456789abcdef";
    const B: &str = "fedcba9876543210";

    fn id(text: &str) -> Fingerprint {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_carries_the_id_wherever_it_is() {
        for job in ["app", "app-linux-amd64", "plan-fedcba9876543210", "plan-", "_"] {
            let name = metadata_file(job, &id(A));
            for path in [
                name.clone(),
                format!("metadata/{name}"),
                format!("/a.b/{B}/{name}"),
                format!("web.{name}"),
                name.replace(".json", " (1).json"),
                name.replace(".json", "-retry.json"),
                name.replace(".json", "_2"),
                name.replace(".plan-", ".PLAN-").to_uppercase(),
                format!("{name}/metadata.json"),
                format!("x.plan-{B}.json/{name}"),
            ] {
                assert_eq!(id_in(&path), Some(id(A)), "{path}");
            }
        }
    }

    #[test]
    fn what_only_looks_like_an_id_is_none() {
        for path in [
            "app.json",
            "app-0123456789abcdef.json",
            "app.0123456789abcdef.json",
            "app.plan-0123456789abcdef0.json",
            "app.plan-0123456789abcde.json",
            "app-plan-0123456789abcdef.json",
            "app.plan-0123456789abcdefx.json",
            "plan-0123456789abcdef/../app.json",
            "app.plan-0123456789abcdeg.json",
            "app=sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
            "standard input",
            "",
            "..",
        ] {
            assert_eq!(id_in(path), None, "{path}");
        }
    }

    #[test]
    fn other_plans_are_errors_and_nameless_files_a_note() {
        let metadata = |origins: &[&str]| Metadata {
            origins: origins.iter().map(ToString::to_string).collect(),
            ..Metadata::default()
        };
        let right = metadata_file("app", &id(A));
        let mut good = metadata(&[&right]);
        check(&mut good, &id(A)).unwrap();
        assert!(good.notes.is_empty());
        let mut plain = metadata(&[&right, "a.json", "b.json"]);
        check(&mut plain, &id(A)).unwrap();
        let [note] = plain.notes.as_slice() else { panic!("{:?}", plain.notes) };
        assert!(note.message.starts_with("`a.json`, `b.json` do not say which plan they belong to"));
        let mut many = metadata(&["a", "b", "c", "d", "e", "f", "g"]);
        check(&mut many, &id(A)).unwrap();
        assert!(many.notes[0].message.starts_with("`a`, `b`, `c`, `d`, `e` and 2 more do not"));
        let errors = check(&mut metadata(&[&right, "a.json"]), &id(B)).unwrap_err();
        let [error] = errors.as_slice() else { panic!("{errors:?}") };
        assert_eq!(error.message, format!("`{right}` belongs to plan `{A}`, but this is plan `{B}`"));
        let three = ["1111111111111111", "2222222222222222", A].map(|other| metadata_file("app", &id(other)));
        let three: Vec<&str> = three.iter().map(String::as_str).collect();
        assert_eq!(check(&mut metadata(&three), &id(A)).unwrap_err().len(), 2);
    }
}
