//! What `docker buildx bake --print` v0.36 answered, against what `bakeplan print` answers: `tests/cases/*.jsonl` and
//! `stdlib.tsv`. `language.jsonl` is what v0.29 answered to what newer versions have not changed.
//!
//! A case is one JSON object a line: `files`, `args` (as given to `bake`), `env`, `stdin`, `expect` and `alternatives`
//! (other answers of the same buildx to the same input, whose order is random there). `@HOME@` stands for the home folder.
//! Where buildx answered, the same JSON is expected; where it refused, a refusal with a message in any words.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::support::{Test, in_parallel};

/// Cases that come out otherwise, and why. One that does not belong here any more fails the test.
const DIFFERENT: [(&str, &[&str]); 2] = [
    (
        "buildx looks for the files of secrets and ssh, which planning does not touch",
        &[
            "05-all",
            "05-escape-others",
            "05-secret-dup",
            "05-secret-objtype",
            "05-ssh-dup",
            "05b-ssh-default-obj",
            "12-source-policy",
        ],
    ),
    ("buildx looks at the destination of an output, which planning does not touch", &["05b-all"]),
];

/// What a run said, with its home folder called `@HOME@`.
struct Answer {
    status: Option<i32>,
    /// As data if it is JSON, else as text; null if there is none.
    output: Value,
    errors: String,
}

impl Answer {
    fn to(case: &Value) -> Self {
        let folder = tempfile::tempdir().expect("tests can create folders");
        let home = folder.path().to_str().expect("its name is UTF-8");
        let here = |text: &Value| text.as_str().expect("a string").replace("@HOME@", home);
        let members = |key: &str| case[key].as_object().into_iter().flatten();
        let mut test = Test::new().args(["print"]).env("HOME", home);
        for (path, text) in members("files") {
            test = test.file(path, here(text));
        }
        for (name, value) in members("env") {
            test = test.env(name, &here(value));
        }
        for argument in case["args"].as_array().into_iter().flatten().map(here) {
            test = test.args([argument.as_str()]);
        }
        if !case["stdin"].is_null() {
            test = test.stdin(here(&case["stdin"]));
        }
        let Output { status, stdout, stderr } = test.output();
        let text = String::from_utf8_lossy(&stdout).replace(home, "@HOME@");
        let output = match text.trim() {
            "" => Value::Null,
            _ => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        };
        Self { status: status.code(), output, errors: String::from_utf8_lossy(&stderr).into_owned() }
    }

    fn is(&self, expected: &Value) -> bool {
        match expected["rc"].as_i64() {
            Some(0) => self.status == Some(0) && self.output == expected["out"],
            _ => self.is_refusal(),
        }
    }

    fn is_refusal(&self) -> bool {
        matches!(self.status, Some(1 | 2)) && self.errors.contains("error")
    }
}

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn bake_answers_are_ours() {
    let files = ["bake.jsonl", "expressions.jsonl", "language.jsonl", "blocks.jsonl", "yaml.jsonl"];
    let text = files.map(read).concat();
    let cases: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("a case is JSON")).collect();
    let reason =
        |name: &str| DIFFERENT.iter().find(|(_, names)| names.contains(&name)).map(|(reason, _)| reason);
    let faults: Vec<String> = in_parallel(&cases, |case| {
        let name = case["name"].as_str().expect("a case has a name");
        let answer = Answer::to(case);
        let alternatives = case["alternatives"].as_array().into_iter().flatten();
        let good = std::iter::once(&case["expect"]).chain(alternatives).any(|expected| answer.is(expected));
        match (good, reason(name)) {
            (true, None) => None,
            // A difference must still be an answer.
            (false, Some(_)) if answer.status == Some(0) || answer.is_refusal() => None,
            (true, Some(reason)) => Some(format!("{name}: comes out as in Bake; it is listed as: {reason}")),
            (false, _) => Some(format!(
                "{name}: expected {}\n  found {:?} {}\n{}",
                case["expect"], answer.status, answer.output, answer.errors
            )),
        }
    })
    .into_iter()
    .flatten()
    .collect();
    assert!(faults.is_empty(), "{} of {} cases:\n{}", faults.len(), cases.len(), faults.join("\n"));
    for name in DIFFERENT.iter().flat_map(|(_, names)| *names) {
        assert!(cases.iter().any(|case| case["name"] == **name), "there is no case {name}");
    }
}

/// A target that shows the values of expressions as JSON.
fn showing<'a>(expressions: impl Iterator<Item = &'a str>) -> Value {
    let args: Vec<String> =
        expressions.enumerate().map(|(at, text)| format!("    v{at} = jsonencode({text})\n")).collect();
    // Bake takes the types of `convert` for variables, and refuses a second use of one that does not exist.
    let types = ["any", "bool", "number", "string"].map(|ty| format!("variable \"{ty}\" {{}}\n")).concat();
    let file = format!("{types}target \"default\" {{\n  args = {{\n{}  }}\n}}\n", args.concat());
    serde_json::json!({ "files": { "docker-bake.hcl": file } })
}

#[test]
fn functions_of_the_standard_library_return_what_they_return_in_bake() {
    let text = read("stdlib.tsv");
    let rows = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (values, refusals): (Vec<Vec<&str>>, _) =
        rows.map(|row| row.split('\t').collect()).partition(|row: &Vec<&str>| row[1] == "ok");
    let answer = Answer::to(&showing(values.iter().map(|row| row[0])));
    assert_eq!(answer.status, Some(0), "{}", answer.errors);
    let args = &answer.output["target"]["default"]["args"];
    for (at, row) in values.iter().enumerate() {
        let shown = args[format!("v{at}")].as_str().unwrap_or_default();
        let shown = shown.replace("$${", "${").replace("%%{", "%{");
        let data = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|_| text.into());
        assert_eq!(data(&shown), data(row[2]), "{}", row[0]);
    }
    let refused = in_parallel(&refusals, |row| Answer::to(&showing(std::iter::once(row[0]))).is_refusal());
    for (row, refused) in refusals.iter().zip(refused) {
        assert!(refused, "{} is an error in Bake: {}", row[0], row[2]);
    }
}
