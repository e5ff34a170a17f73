//! `bakeplan init`: small repositories of every kind, what is proposed for them, and that it is what they publish today.

mod baked;
mod bases;
mod branches;
mod choices;
mod clashes;
mod conditions;
mod environments;
mod events;
mod existing;
mod files;
mod first;
mod flow;
mod gitlab;
mod gitlab_images;
mod given;
mod hands;
mod hostile;
mod indexes;
mod inputs;
mod languages;
mod lists;
mod lost;
mod made;
mod odd_tags;
mod outside;
mod overrides;
mod prereleases;
mod printed;
mod quoting;
mod recipes;
mod refs;
mod runs;
mod scripts;
mod services;
mod sets;
mod steps;
mod triggers;
mod unknown;
mod values;
mod workflows;
mod wrappers;
mod write;

use std::path::Path;

use crate::support::Test;

/// Files of a repository, by path.
type Files<'a> = &'a [(&'a str, &'a str)];

/// What a run says: its exit code, standard output and standard error.
struct Said {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Said {
    /// All of these are on standard output.
    #[track_caller]
    fn proposes(&self, texts: &[&str]) {
        for text in texts {
            assert!(self.stdout.contains(text), "{text}\n--- in\n{}\n{}", self.stdout, self.stderr);
        }
    }

    /// None of these is anywhere.
    #[track_caller]
    fn lacks(&self, texts: &[&str]) {
        for text in texts {
            let all = format!("{}{}", self.stdout, self.stderr);
            assert!(!all.contains(text), "{text}\n--- in\n{all}");
        }
    }

    /// All of these are warnings or errors.
    #[track_caller]
    fn tells(&self, texts: &[&str]) {
        for text in texts {
            assert!(self.stderr.contains(text), "{text}\n--- in\n{}\n{}", self.stderr, self.stdout);
        }
    }

    /// Nothing is told but which tags that move a prerelease has today.
    #[track_caller]
    fn tells_of_prereleases_alone(&self) {
        let is_told =
            |line: &&str| ["warning[", "note[", "error["].iter().any(|start| line.starts_with(start));
        let mut told = self.stderr.lines().filter(is_told);
        assert!(told.all(|line| line.contains("a prerelease such as")), "{}\n{}", self.stderr, self.stdout);
    }

    /// The rows of the table that begin with a run: what is published today and with the plan, without what separates
    /// columns.
    fn rows(&self) -> Vec<String> {
        let (_, table) = self.stdout.split_once("published with this proposal:\n\n").unwrap_or_default();
        let rows = table.lines().skip(1).take_while(|line| !line.is_empty());
        rows.map(|row| {
            row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(" | ")
        })
        .collect()
    }
}

fn test(files: Files<'_>) -> Test {
    files.iter().fold(Test::new(), |test, (path, text)| test.file(path, text))
}

fn said(test: &Test) -> Said {
    let output = test.output();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// What is proposed for these files.
#[track_caller]
fn init(files: Files<'_>) -> Said {
    let said = said(&test(files).args(["init"]));
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    said
}

/// The same files after `bakeplan init --write --yes` and more options, and what else can be run there.
struct Written(Test);

impl Written {
    #[track_caller]
    fn new(files: Files<'_>, options: &[&str]) -> Self {
        let test = test(files).args(["init", "--write", "--yes"]).args(options.iter().copied());
        let said = said(&test);
        assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
        Self(test)
    }

    fn folder(&self) -> &Path {
        self.0.folder()
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.folder().join(path)).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Said {
        said(&Test::new().files(self.folder(), "").args(arguments.iter().copied()))
    }

    /// The references that the plan publishes in the run of a ref.
    #[track_caller]
    fn tags(&self, git_ref: &str) -> Vec<String> {
        let git_ref = format!("ref={git_ref}");
        let facts = [
            "metadata",
            "--format",
            "tags",
            "--fact",
            &git_ref,
            "--fact",
            "event=push",
            "--fact",
            "default_branch=main",
            "--fact",
            "commit=0123456789abcdef0123456789abcdef01234567",
            "--fact",
            "commit_time=2026-01-02T03:04:05Z",
        ];
        let said = self.run(&facts);
        assert_eq!(said.code, 0, "{}", said.stderr);
        said.stdout.lines().map(str::to_owned).collect()
    }

    /// Everything that is published has a block now.
    #[track_caller]
    fn proposes_nothing_more(&self) {
        let again = self.run(&["init"]);
        assert_eq!(
            (again.code, again.stdout.as_str()),
            (0, "nothing to propose: every published target has an `image` block\n"),
            "{}",
            again.stderr
        );
    }
}

/// A workflow of one job with these steps, which starts for the default branch, git tags and pull requests.
fn workflow(steps: &str) -> String {
    let steps: String = steps.lines().map(|line| format!("      {line}\n")).collect();
    format!(
        "on:\n  push:\n    branches: [main]\n    tags: ['v*']\n  pull_request:\njobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n{steps}"
    )
}
