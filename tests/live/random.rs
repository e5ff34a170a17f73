//! Random definitions mean to the program what they mean to real buildx: both print the same, or both refuse.
//!
//! Every run looks at the same ones. `BAKEPLAN_RANDOM_FILES=5000` looks at more, and `BAKEPLAN_RANDOM_SEED` begins with
//! another seed; `BAKEPLAN_BUILDX=FILE` compares with that buildx, without an engine, too. A difference is reported with its seed, in the smallest form that still differs.

mod choice;
mod compose;
mod definition;
mod expression;
mod file;
mod functions;
mod syntax;
mod table;
mod tree;
mod versions;

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use self::choice::Choices;
use self::file::Input;
use self::versions::Version;
use super::engine::{Engine, Project, buildx};
use crate::support::in_parallel;

/// How many definitions are compared when nothing else is asked for, and the first seed.
const FILES: usize = 100;
const SEED: u64 = 1;

/// How many differences are made small, and in how many steps at most; each takes a run of both programs.
const REPORTED: usize = 8;
const STEPS: usize = 400;

/// What came of a definition: what is printed, or why it is refused.
type Answer = Result<String, String>;

/// What both programs say of one definition, ours second.
struct Answers(Answer, Answer);

impl Answers {
    fn to(engine: &Engine, input: &Input) -> Self {
        let mut project = Project::new(engine.clone(), "random").env("HOME", "/nowhere");
        // What buildx wants to find.
        for path in ["secret.txt", "one.txt"] {
            project = project.file(path, "");
        }
        for (path, text) in &input.files {
            project = project.file(path, &text.render());
        }
        for (name, value) in &input.environment {
            project = project.env(name, value);
        }
        let arguments: Vec<&str> = input.arguments.iter().map(String::as_str).collect();
        let bake = project.try_buildx(&[&["bake", input.shown], &arguments[..]].concat());
        Self(bake, project.try_bakeplan(&[&["print", input.shown], &arguments[..]].concat()))
    }

    /// Whether they differ in the same way: of what is printed, or in who refuses.
    fn differ_like(&self, other: &Self, is_unordered: bool) -> bool {
        let shape = |answers: &Self| (answers.0.is_ok(), answers.1.is_ok());
        shape(self) == shape(other) && self.differ(is_unordered)
    }

    fn differ(&self, is_unordered: bool) -> bool {
        match (&self.0, &self.1) {
            (Ok(bake), Ok(own)) if is_unordered => sorted(bake) != sorted(own),
            (Ok(bake), Ok(own)) => bake != own,
            (Err(_), Err(_)) => false,
            // It looks for the file of an output, which planning does not.
            (Err(bake), Ok(_)) if bake.contains(": file name too long") => false,
            _ => true,
        }
    }
}

/// A definition with everything sorted that buildx puts into a random order.
fn sorted(text: &str) -> Value {
    let mut definition: Value = serde_json::from_str(text).expect("what is printed is JSON");
    for (part, list) in [("group", "targets"), ("target", "entitlements"), ("target", "ulimits")] {
        let members = definition[part].as_object_mut().into_iter().flatten();
        for list in members.filter_map(|(_, member)| member[list].as_array_mut()) {
            list.sort_by_key(Value::to_string);
        }
    }
    definition
}

/// The same with less in it, as long as the two still differ.
fn smallest(engine: &Engine, mut input: Input) -> (Input, Answers) {
    let mut answers = Answers::to(engine, &input);
    // What could not be left out before can rarely be later.
    let (mut steps, mut from) = (0, 0);
    loop {
        let smaller = input.smaller();
        let found = smaller.iter().enumerate().skip(from).take(STEPS - steps).find_map(|(at, smaller)| {
            steps += 1;
            let theirs = Answers::to(engine, smaller);
            theirs.differ_like(&answers, smaller.is_unordered).then_some((at, theirs))
        });
        match found {
            Some((at, theirs)) => (input, answers, from) = (smaller[at].clone(), theirs, at),
            None if from > 0 && steps < STEPS => from = 0,
            None => return (input, answers),
        }
    }
}

fn report(seed: u64, input: &Input, answers: &Answers) -> String {
    let files = input.files.iter().map(|(path, text)| format!("--- {path}\n{}\n", text.render()));
    let show = |answer: &Answer| match answer {
        Ok(text) => format!("prints {text}"),
        Err(text) => format!("refuses: {text}"),
    };
    format!(
        "===== BAKEPLAN_RANDOM_SEED={seed} BAKEPLAN_RANDOM_FILES=1\n{}--- {:?} {} {:?}\nbuildx {}\nbakeplan {}",
        files.collect::<String>(),
        input.environment,
        input.shown,
        input.arguments,
        show(&answers.0),
        show(&answers.1)
    )
}

pub(super) fn number<T: std::str::FromStr>(name: &str, default: T) -> T {
    let Ok(text) = std::env::var(name) else { return default };
    text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}"))
}

fn version(engine: &Engine) -> Version {
    let (probe, printed) = Version::PROBE;
    let project = Project::new(engine.clone(), "version").file("docker-bake.hcl", probe);
    let has_old_libraries =
        !project.try_buildx(&["bake", "--print"]).is_ok_and(|text| text.contains(printed));
    let version = project.buildx(&["version"]);
    let minor = version.split_whitespace().find_map(Version::minor_of).unwrap_or(Version::NEWEST);
    Version { minor, has_old_libraries }
}

#[test]
fn random_definitions_mean_what_they_mean_to_buildx() {
    let engine = buildx();
    let version = version(&engine);
    if version.minor == Version::NEWEST {
        eprintln!("this buildx is taken for the newest");
    }
    for line in version.left_out() {
        eprintln!("{line}");
    }
    let (files, first) = (number("BAKEPLAN_RANDOM_FILES", FILES), number("BAKEPLAN_RANDOM_SEED", SEED));
    let seeds: Vec<u64> = (first..).take(files).collect();
    let [printed, refused, found] = [const { AtomicUsize::new(0) }; 3];
    let faults = in_parallel(&seeds, |seed| {
        let input = Input::random(&mut Choices::new(*seed), version);
        let answers = Answers::to(&engine, &input);
        match &answers.0 {
            Ok(_) => printed.fetch_add(1, Ordering::Relaxed),
            Err(_) => refused.fetch_add(1, Ordering::Relaxed),
        };
        if !answers.differ(input.is_unordered) || found.fetch_add(1, Ordering::Relaxed) >= REPORTED {
            return None;
        }
        let (input, answers) = smallest(&engine, input);
        let report = report(*seed, &input, &answers);
        eprintln!("{report}");
        Some(report)
    });
    let [printed, refused, found] = [printed, refused, found].map(AtomicUsize::into_inner);
    let summary = format!("of {files} definitions, {printed} are printed, {refused} refused, {found} differ");
    eprintln!("{summary}");
    let faults: Vec<String> = faults.into_iter().flatten().collect();
    assert!(found == 0, "{summary}\n{}", faults.join("\n"));
    // Otherwise little is compared.
    assert!(files < 50 || printed * 2 > files, "{summary}");
}
