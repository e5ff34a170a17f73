//! The string forms of `output`, `cache-from`, `cache-to`, `attest`, `secret`, `ssh` and `policy`: one CSV record of
//! `key=value` fields each, as buildx's util/buildflags reads them.

use super::definition::{Entry, Policy, Secret, Ssh};
use super::text::Text;
use crate::bake::values::csv;

/// Why a string form cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct FlagError(pub String);

/// Reads a boolean as Go's `strconv.ParseBool` does.
#[must_use]
pub fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// Splits one CSV record.
fn csv_fields(line: &str) -> Result<Vec<String>, FlagError> {
    csv::fields(line, ',')
        .map_err(|error| FlagError(format!("{line:?} is not a list of comma-separated values: {error}")))
}

/// Writes a CSV record that [`csv::fields`] splits into these fields.
#[must_use]
pub(crate) fn csv_record<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let quoted = fields.into_iter().map(|field| {
        if field.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", field.replace('"', "\"\""))
        } else {
            field.to_owned()
        }
    });
    quoted.collect::<Vec<_>>().join(",")
}

fn key_value(field: &str) -> Result<(&str, &str), FlagError> {
    field.split_once('=').ok_or_else(|| FlagError(format!("field {field:?} is not of the form key=value")))
}

fn boolean(field: &str, value: &str) -> Result<bool, FlagError> {
    parse_bool(value).ok_or_else(|| FlagError(format!("field {field:?} is neither true nor false")))
}

/// Reads an element of `output`: `key=value` fields, or a path alone, or `-` for a tar on standard output.
///
/// # Errors
/// Bad CSV, a field without `=`, no `type`.
pub(crate) fn output(text: &Text) -> Result<Entry, FlagError> {
    let line = text.as_str();
    let fields = csv_fields(line)?;
    let mut entry = Entry { span: text.span, ..Entry::default() };
    if fields.len() == 1 && fields[0] == line && !line.starts_with("type=") {
        entry.set("type", text.derive(if line == "-" { "tar" } else { "local" }));
        entry.set("dest", text.clone());
        return Ok(entry);
    }
    for field in &fields {
        let (key, value) = key_value(field)?;
        entry.set(key.to_lowercase().trim(), text.derive(value));
    }
    check_output(entry)
}

/// Checks an output read in whatever form, and drops an empty `dest`, which means the same as none.
///
/// # Errors
/// No `type`.
pub(crate) fn check_output(mut entry: Entry) -> Result<Entry, FlagError> {
    if entry.kind().is_empty() {
        return Err(FlagError("an output needs a `type`, such as `type=image`".into()));
    }
    if entry.get("dest") == Some("") {
        entry.fields.remove("dest");
    }
    Ok(entry)
}

/// Reads an element of `cache-from` or `cache-to`: `key=value` fields for one cache, or references, each of which is a
/// registry cache of its own.
///
/// # Errors
/// Bad CSV, a field without `=`, no `type`.
pub(crate) fn caches(text: &Text) -> Result<Vec<Entry>, FlagError> {
    if text.as_str().contains('=') {
        return Ok(vec![cache(text)?]);
    }
    csv_fields(text.as_str())?.iter().map(|field| cache(&text.derive(field))).collect()
}

fn cache(text: &Text) -> Result<Entry, FlagError> {
    let fields = csv_fields(text.as_str())?;
    let mut entry = Entry { span: text.span, ..Entry::default() };
    if let [reference] = fields.as_slice()
        && !reference.contains('=')
    {
        entry.set("type", text.derive("registry"));
        entry.set("ref", text.derive(reference));
        return Ok(entry);
    }
    for field in &fields {
        let (key, value) = key_value(field)?;
        entry.set(&key.to_lowercase(), text.derive(value));
    }
    check_cache(entry)
}

/// Checks a cache read in whatever form.
///
/// # Errors
/// No `type`.
pub(crate) fn check_cache(entry: Entry) -> Result<Entry, FlagError> {
    if entry.kind().is_empty() {
        return Err(FlagError("a cache needs a `type`, such as `type=registry`".into()));
    }
    Ok(entry)
}

/// Reads an element of `attest`. Unlike elsewhere, keys keep their case.
///
/// # Errors
/// Bad CSV, a field without `=`, `disabled` that is not a boolean, no `type`.
pub(crate) fn attestation(text: &Text) -> Result<Entry, FlagError> {
    let mut entry = Entry { span: text.span, ..Entry::default() };
    for field in &csv_fields(text.as_str())? {
        let (key, value) = key_value(field)?;
        match key.to_lowercase().trim() {
            "type" => entry.set("type", text.derive(value)),
            "disabled" => set_disabled(&mut entry, boolean(field, value)?),
            _ => entry.set(key, text.derive(value)),
        }
    }
    if entry.kind().is_empty() {
        return Err(FlagError("an attestation needs a `type`, such as `type=provenance`".into()));
    }
    Ok(entry)
}

/// Turns an attestation off or on; on is what it is without the field.
pub(crate) fn set_disabled(entry: &mut Entry, disabled: bool) {
    if disabled {
        entry.set("disabled", "true");
    } else {
        entry.fields.remove("disabled");
    }
}

/// Reads an element of `secret`.
///
/// # Errors
/// Bad CSV, a field without `=`, an unknown key or type.
pub(crate) fn secret(text: &Text) -> Result<Secret, FlagError> {
    let mut secret = Secret { id: text.derive(""), src: None, env: None, span: text.span };
    let mut of_environment = false;
    for field in &csv_fields(text.as_str())? {
        let (key, value) = key_value(field)?;
        let given = Some(text.derive(value)).filter(|value| !value.is_empty());
        match key.to_lowercase().as_str() {
            "type" => {
                of_environment = match value {
                    "env" => true,
                    "file" => false,
                    _ => return Err(FlagError(format!("secret type {value:?} is neither `file` nor `env`"))),
                }
            }
            "id" => secret.id = text.derive(value),
            "source" | "src" => secret.src = given,
            "env" => secret.env = given,
            key => {
                let message =
                    format!("unknown key {key:?} in a secret; known are id, src, source, env and type");
                return Err(FlagError(message));
            }
        }
    }
    if of_environment && secret.env.is_none() {
        secret.env = secret.src.take();
    }
    Ok(secret)
}

/// Reads an element of `ssh`: `id` or `id=path,…`.
#[must_use]
pub(crate) fn ssh(text: &Text) -> Ssh {
    let (id, paths) = text.as_str().split_once('=').map_or((text.as_str(), None), |(id, p)| (id, Some(p)));
    let paths = paths.into_iter().flat_map(|paths| paths.split(',')).map(|path| text.derive(path)).collect();
    Ssh { id: text.derive(id), paths, span: text.span }
}

/// Reads an element of `policy`.
///
/// # Errors
/// Bad CSV and whatever [`set_policy`] refuses.
pub(crate) fn policy(text: &Text) -> Result<Policy, FlagError> {
    let mut policy = Policy { span: text.span, ..Policy::default() };
    for field in &csv_fields(text.as_str())? {
        let (key, value) = key_value(field)?;
        set_policy(&mut policy, key, &text.derive(value))?;
    }
    Ok(policy)
}

/// Sets one field of a policy.
///
/// # Errors
/// An unknown key, a bad boolean or level, an empty file name.
pub(crate) fn set_policy(policy: &mut Policy, key: &str, value: &Text) -> Result<(), FlagError> {
    let field = format!("{key}={value}");
    match key.to_lowercase().trim() {
        "filename" if value.is_empty() => return Err(FlagError("a policy's `filename` is empty".into())),
        "filename" => policy.files.push(value.clone()),
        "reset" => policy.reset = boolean(&field, value.as_str())?,
        "disabled" => policy.disabled = boolean(&field, value.as_str())?,
        "strict" => policy.strict = Some(boolean(&field, value.as_str())?),
        "log-level" => policy.log_level = Some(log_level(value.as_str())?),
        key => {
            let known = "known are filename, reset, disabled, strict and log-level";
            return Err(FlagError(format!("unknown key {key:?} in a policy; {known}")));
        }
    }
    Ok(())
}

/// Levels of <https://pkg.go.dev/github.com/sirupsen/logrus#ParseLevel>.
fn log_level(text: &str) -> Result<&'static str, FlagError> {
    const LEVELS: [&str; 7] = ["panic", "fatal", "error", "warning", "info", "debug", "trace"];
    if text.eq_ignore_ascii_case("warn") {
        return Ok("warning");
    }
    let known = LEVELS.into_iter().find(|level| level.eq_ignore_ascii_case(text));
    known.ok_or_else(|| {
        FlagError(format!("{text:?} is not a log level; expected one of {}", LEVELS.join(", ")))
    })
}

impl Policy {
    /// The string form, which [`policy`] reads.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let Self { files, reset, disabled, strict, log_level, span: _ } = self;
        let mut fields: Vec<String> = files.iter().map(|file| format!("filename={file}")).collect();
        fields.extend(reset.then(|| "reset=true".to_owned()));
        fields.extend(disabled.then(|| "disabled=true".to_owned()));
        fields.extend(strict.map(|strict| format!("strict={strict}")));
        fields.extend(log_level.map(|level| format!("log-level={level}")));
        csv_record(fields.iter().map(String::as_str))
    }
}

/// The string form of what `--sbom` and `--provenance` take: a boolean, or attributes.
#[must_use]
pub(crate) fn canonical_attestation(kind: &str, value: &str) -> String {
    match parse_bool(value) {
        _ if value.is_empty() => String::new(),
        Some(enabled) => format!("type={kind},disabled={}", !enabled),
        None => format!("type={kind},{value}"),
    }
}

/// The method that `--call` names; `None` for `build`, which is what happens anyway. `check` is `lint`.
///
/// # Errors
/// Bad CSV, several names, an unknown field.
pub(crate) fn call_method(value: &str) -> Result<Option<String>, FlagError> {
    if value.is_empty() {
        return Ok(None);
    }
    let mut name = String::new();
    for field in csv_fields(value)? {
        match field.split_once('=') {
            None if name.is_empty() => name = field,
            Some(("format", _)) => {}
            Some(("ignorestatus", flag)) => {
                boolean(&field, flag)?;
            }
            Some(_) => {
                return Err(FlagError(format!("unknown field {field:?}; known are format and ignorestatus")));
            }
            None => return Err(FlagError(format!("{value:?} names several methods"))),
        }
    }
    Ok(match name.as_str() {
        "check" => Some("lint".to_owned()),
        "build" => None,
        _ => Some(name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(fields: &Entry) -> String {
        let fields: Vec<_> = fields.fields.iter().map(|(key, value)| format!("{key}={value}")).collect();
        fields.join(" ")
    }

    #[track_caller]
    fn check(found: Result<String, FlagError>, expected: Result<&str, &str>) {
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(found), Err(part)) => assert!(found.0.contains(part), "{found} has no {part}"),
            (found, expected) => panic!("found {found:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn a_written_record_reads_back() {
        let fields = ["a=b", "x=1,2", "q=\"", "n=\n", ""];
        assert_eq!(csv_fields(&csv_record(fields)).unwrap(), fields);
    }

    #[test]
    fn outputs() {
        let cases: &[(&str, Result<&str, &str>)] = &[
            ("type=image,push=true", Ok("push=true type=image")),
            ("out", Ok("dest=out type=local")),
            ("-", Ok("dest=- type=tar")),
            ("push=true", Ok("dest=push=true type=local")),
            ("TYPE=image, Name=A,name=b", Ok("name=b type=image")),
            ("type=image,\"name=a,b\"", Ok("name=a,b type=image")),
            ("type=oci,dest=", Ok("type=oci")),
            ("\"type=docker\"", Ok("type=docker")),
            ("type=", Err("type")),
            ("push=true,name=a", Err("type")),
            ("type=image,push", Err("push")),
        ];
        for (text, expected) in cases {
            check(output(&Text::verbatim(text)).map(|entry| show(&entry)), *expected);
        }
    }

    #[test]
    fn cache_entries() {
        let cases: &[(&str, Result<&str, &str>)] = &[
            ("user/app:cache", Ok("ref=user/app:cache type=registry")),
            ("a/b:c,d/e:f", Ok("ref=a/b:c type=registry; ref=d/e:f type=registry")),
            ("Type=gha,SCOPE=a", Ok("scope=a type=gha")),
            ("scope=a", Err("type")),
            ("type=gha,scope", Err("scope")),
            ("a,,b", Err("empty")),
            ("\"a,b\"", Err("key=value")),
        ];
        for (text, expected) in cases {
            let found = caches(&Text::verbatim(text));
            check(found.map(|list| list.iter().map(show).collect::<Vec<_>>().join("; ")), *expected);
        }
    }

    #[test]
    fn attestations() {
        let cases: &[(&str, Result<&str, &str>)] = &[
            ("type=provenance,mode=max", Ok("mode=max type=provenance")),
            ("Type=sbom,Mode=x,mode=y", Ok("Mode=x mode=y type=sbom")),
            ("type=sbom,disabled=1", Ok("disabled=true type=sbom")),
            ("type=sbom,disabled=true,disabled=F", Ok("type=sbom")),
            ("type=sbom,disabled=yes", Err("disabled=yes")),
            ("provenance", Err("provenance")),
            ("mode=max", Err("type")),
        ];
        for (text, expected) in cases {
            check(attestation(&Text::verbatim(text)).map(|entry| show(&entry)), *expected);
        }
    }

    #[test]
    fn secrets() {
        let show = |secret: Secret| {
            format!(
                "{} {:?} {:?}",
                secret.id,
                secret.src.map(|t| t.to_string()),
                secret.env.map(|t| t.to_string())
            )
        };
        let cases: &[(&str, Result<&str, &str>)] = &[
            ("id=a,src=b", Ok("a Some(\"b\") None")),
            ("id=a,source=b", Ok("a Some(\"b\") None")),
            ("type=env,id=KUBE", Ok("KUBE None None")),
            ("type=env,id=a,src=E", Ok("a None Some(\"E\")")),
            ("type=env,id=a,src=s,env=E", Ok("a Some(\"s\") Some(\"E\")")),
            ("src=b", Ok(" Some(\"b\") None")),
            ("type=vault,id=a", Err("vault")),
            ("id=a,mode=0400", Err("mode")),
            ("a", Err("key=value")),
        ];
        for (text, expected) in cases {
            check(secret(&Text::verbatim(text)).map(show), *expected);
        }
    }

    #[test]
    fn ssh_keys() {
        for (text, id, paths) in
            [("default", "default", vec![]), ("k=p1,p2", "k", vec!["p1", "p2"]), ("k=", "k", vec![""])]
        {
            let found = ssh(&Text::verbatim(text));
            assert_eq!(found.id.as_str(), id);
            assert_eq!(found.paths.iter().map(Text::as_str).collect::<Vec<_>>(), paths);
        }
    }

    #[test]
    fn policies_read_back_from_their_string_form() {
        let text = "filename=a.rego,\"filename=b,c\",reset=true,strict=0,log-level=warn";
        let found = policy(&Text::verbatim(text)).unwrap();
        assert_eq!(found.files.len(), 2);
        assert_eq!((found.reset, found.disabled, found.strict), (true, false, Some(false)));
        assert_eq!(found.log_level, Some("warning"));
        assert_eq!(policy(&Text::verbatim(&found.to_csv())).unwrap(), found);
        for bad in ["filename=", "x=1", "strict=maybe", "log-level=loud", "disabled"] {
            assert!(policy(&Text::verbatim(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn flags_become_string_forms() {
        assert_eq!(canonical_attestation("sbom", "true"), "type=sbom,disabled=false");
        assert_eq!(canonical_attestation("sbom", "0"), "type=sbom,disabled=true");
        assert_eq!(canonical_attestation("provenance", "mode=max"), "type=provenance,mode=max");
        let method = |text| call_method(text).unwrap();
        assert_eq!(method("check"), Some("lint".into()));
        assert_eq!(method("outline,format=json"), Some("outline".into()));
        assert_eq!(method("build"), None);
        assert_eq!(method("format=json"), Some(String::new()));
        assert!(call_method("a,b").is_err() && call_method("a,x=1").is_err());
    }
}
