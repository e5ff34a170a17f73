//! The tutorial, block by block in one shell, as its reader types it; only the registry and the builder are those of the tests.

use std::fs;
use std::process::Command;

use crate::engine::{Project, engine};
use crate::{github, support};

/// The page's registry.
const REGISTRY: &str = "127.0.0.1:5000";

/// The lines of the page for a shell: each command of a `console` block writes to a file of its own.
fn script(page: &str) -> (String, Vec<String>) {
    let (mut script, mut outputs) = ("set -e\n".to_owned(), Vec::new());
    for part in page.split("\n```").skip(1).step_by(2) {
        let (language, block) = part.split_once('\n').expect("a fence has a line");
        match language {
            // What the tests have already, and must not lose.
            "sh" if block.contains("docker run ") || block.contains("docker rm ") => {}
            "sh" => script.extend([block, "\n"]),
            "console" => {
                for line in block.lines() {
                    match line.strip_prefix("$ ") {
                        Some(command) => {
                            let to = outputs.len().to_string();
                            script.extend(["{ ", command, "\n} >\"$OUTPUTS/", &to, "\"\n"]);
                            outputs.push(String::new());
                        }
                        None => outputs.last_mut().expect("a command comes first").extend([line, "\n"]),
                    }
                }
            }
            other => panic!("what is a block of {other:?}?"),
        }
    }
    (script, outputs)
}

/// Digests differ from build to build, and columns with the length of the registry's name.
fn comparable(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let words = line.split_whitespace();
        let words = words.map(|word| if word.starts_with("sha256:") { "sha256:…" } else { word });
        words.collect::<Vec<_>>().join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_tutorial_ends_where_it_says() {
    let page = support::read("docs/tutorial.md");
    assert_eq!(page.matches("docker run ").count(), 1, "only the registry is left out");
    let (script, outputs) = script(&page);
    assert!(outputs.len() > 8, "the commands are not found");

    let project = Project::new(engine(), "tutorial");
    let repository = project.repository(0, "hello");
    let registry = repository.strip_suffix("/hello").expect("that is its name");
    let (bin, said) = (project.scratch_folder().join("bin"), project.scratch_folder().join("said"));
    fs::create_dir_all(&said).unwrap();
    let docker = format!("shift; exec '{}' \"$@\"", project.buildx_program().display());
    github::program(&bin.join("docker"), &docker);
    github::bakeplan(&bin.join("bakeplan"));
    let mut command = Command::new("bash");
    command.args(["-c", &script.replace(REGISTRY, registry)]).current_dir(project.root());
    command.env("PATH", format!("{}:{}", bin.display(), github::path())).env("OUTPUTS", &said);
    let ended = command.output().unwrap();
    let log = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{log}");
    for (at, expected) in outputs.iter().enumerate() {
        let actual = fs::read_to_string(said.join(at.to_string())).unwrap().replace(registry, REGISTRY);
        assert_eq!(comparable(&actual), comparable(expected), "command {at}\n{log}");
    }
}
