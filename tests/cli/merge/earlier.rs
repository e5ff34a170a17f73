//! An earlier run takes nothing back in the second step of a merge, nor by Docker, and a layout on disk is looked into before.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::Outcome;
use bakeplan::internals::oci::{ImageManifest, Index};
use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::{Store, TagOrDigest};

use super::rebuilt::{CHANNEL, EDGE, FLOATING, LEG, OWN, planned_as, says};
use super::runs::W;
use super::steps::{first, second};
use super::world::{Build, World, plan, put_tag};

/// How an image is built, and what its plan says of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Index,
    DockerList,
    Plain,
}

impl Form {
    fn build(self, world: &mut World, salt: &str) {
        let build = Build::new(LEG, "linux/amd64").salt(salt);
        let build = match self {
            Self::Index => build,
            Self::DockerList => build.docker(),
            Self::Plain => build.plain(),
        };
        world.build(&["a"], build);
    }

    /// The plan of a run, with an index that says its version where there may be one.
    fn plan(self, run: &str, is_said: bool, tags: &[&str], host: &str) -> String {
        let more = match self {
            Self::Index if is_said => says("1.0.0"),
            Self::Index | Self::DockerList => String::new(),
            Self::Plain => r#""index":false,"#.to_owned(),
        };
        planned_as(run, "1.0.0", &more, tags).replace("oci-layout:a", &format!("{host}/a"))
    }
}

/// What each tag is: of the first run, of the second, or neither.
fn whose(tags: &BTreeMap<String, Digest>, own: &Digest, there: &Digest) -> String {
    let whose = |(tag, digest): (&String, &Digest)| match digest {
        digest if digest == own => format!("{tag}=own"),
        digest if digest == there => format!("{tag}=there"),
        _ => format!("{tag}=?"),
    };
    tags.iter().map(whose).collect::<Vec<_>>().join(" ")
}

/// The tags after `own` has been merged beside `there`: in one step, or in two of which the second comes last.
fn merged(form: Form, is_said: bool, there: &str, own: &str, in_two: bool, more: &[&str]) -> String {
    let tags = [OWN, FLOATING, CHANNEL, EDGE];
    let mut world = World::new();
    let host = world.serve();
    let document = form.plan(own, is_said, &tags, &host.host());
    form.build(&mut world, "own");
    let built = std::mem::take(&mut world.built);
    Form::Index.build(&mut world, "there");
    let later = Form::Index.plan(there, is_said, &tags, &host.host());
    let result = in_two.then(|| {
        let rest = std::mem::replace(&mut world.built, built.clone());
        let result = first(&world, &document, 0);
        world.built = rest;
        result
    });
    let report = world.merge(&later, Options::default());
    assert_eq!(report.problems, [], "{there}");
    let of_there = world.tags("a")["1.0.0"].clone();
    world.built = built;
    let of_own = match result {
        Some(result) => {
            let (status, told) = second(&world, &document, &result, more);
            assert_eq!(status, Some(0), "{own} after {there}: {told}");
            result["images"]["app"]["digest"].as_str().unwrap().parse().unwrap()
        }
        None => {
            let is_backward = more.contains(&"--allow-backward");
            let options = Options { allow_backward: is_backward, ..Options::default() };
            let report = world.merge(&document, options);
            assert_eq!(report.problems, [], "{own} after {there}");
            report.images["app"].digest.clone().unwrap()
        }
    };
    whose(&world.tags("a"), &of_own, &of_there)
}

#[test]
fn the_second_step_compares_runs_as_a_merge_in_one_step_does() {
    let all =
        |whose: &str| ["1", "1.0.0", "edge", "iron", "latest"].map(|tag| format!("{tag}={whose}")).join(" ");
    let release = "ci.yml refs/tags/v1.0.0 4 01";
    for form in [Form::Index, Form::DockerList, Form::Plain] {
        for (there, own, expected) in [
            (format!("{W} 3 -"), format!("{W} 2 -"), Some("there")),
            (format!("{W} 3 -"), format!("{W} 4 -"), Some("own")),
            (format!("{W} 10 01"), format!("{W} 9 05"), Some("there")),
            ("nightly.yml refs/heads/main 1 05".to_owned(), format!("{W} 200 01"), Some("there")),
            // A release of an older commit: only what moves with runs is the branch's.
            (release.to_owned(), format!("{W} 3 05"), None),
        ] {
            for is_said in [true, false] {
                let [one, two] = [false, true].map(|in_two| merged(form, is_said, &there, &own, in_two, &[]));
                assert_eq!(one, two, "{form:?} {own} after {there}");
                if let Some(expected) = expected {
                    assert_eq!(two, all(expected), "{form:?} {own} after {there}");
                }
            }
        }
        let back = merged(form, true, &format!("{W} 3 -"), &format!("{W} 2 -"), true, &["--allow-backward"]);
        assert_eq!(back, all("own"), "{form:?}");
    }
}

/// What the first step kept is what its own run made, however late the plan is that gives it more tags.
#[test]
fn what_the_first_step_kept_counts_as_the_run_that_made_it() {
    for (kept, expected) in [(2, Outcome::Kept), (4, Outcome::Moved)] {
        let mut world = World::new();
        let server = world.serve();
        let mut publish = |run: u32, tags: &[&str]| {
            let document = Form::Index.plan(&format!("{W} {run} -"), true, tags, &server.host());
            Form::Index.build(&mut world, &run.to_string());
            let report = world.merge(&document, Options { allow_backward: true, ..Options::default() });
            assert_eq!(report.problems, [], "{run}");
        };
        publish(3, &[EDGE]);
        publish(kept, &[OWN]);
        Form::Index.build(&mut world, "nine");
        let document = Form::Index.plan(&format!("{W} 9 -"), true, &[OWN, EDGE], &server.host());
        let keep = Options { keep_existing: true, no_tags: true, ..Options::default() };
        let report = world.merge(&document, keep);
        assert_eq!(report.problems, []);
        let before = world.tags("a");
        assert_eq!(report.images["app"].digest.as_ref(), Some(&before["1.0.0"]));
        let result = serde_json::from_str(&report.to_json()).unwrap();
        let (status, told) = second(&world, &document, &result, &[]);
        assert_eq!(status, Some(0), "{told}");
        let is_kept = world.tags("a")["edge"] == before["edge"];
        assert_eq!(is_kept, expected == Outcome::Kept, "{kept}: {told}");
    }
}

/// A tag is read just before it is written, whoever writes it.
#[test]
fn a_later_run_that_comes_after_the_look_keeps_its_tag() {
    for use_docker in [false, true] {
        for (there, is_kept) in [(3, true), (1, false)] {
            let mut world = World::new();
            let plain = world.serve();
            Form::Index.build(&mut world, "there");
            let later = Form::Index.plan(&format!("{W} {there} -"), false, &[EDGE], &plain.host());
            let report = world.merge(&later, Options { no_tags: true, ..Options::default() });
            let digest = report.images["app"].digest.clone().unwrap();
            let layout = world.layout("a");
            let index = layout.get_manifest(&TagOrDigest::Digest(digest.clone())).unwrap().unwrap();
            let looks = AtomicUsize::new(0);
            let server = world.serve_through(move |seen, forward| {
                let is_look = seen.method == "HEAD" && seen.path().ends_with("/manifests/edge");
                if is_look && looks.fetch_add(1, Ordering::SeqCst) == 1 {
                    put_tag(&layout, "edge", &index);
                }
                forward().into()
            });
            Form::Index.build(&mut world, "own");
            let document = Form::Index.plan(&format!("{W} 2 -"), false, &[EDGE], &server.host());
            let options = Options { use_docker, ..Options::default() };
            let report = world.merge_by(&document, options, &|_| Err("it is called".to_owned()));
            let outcome = report.images["app"].references[0].outcome;
            match (is_kept, use_docker) {
                (true, _) => {
                    assert_eq!(
                        (report.problems.as_slice(), outcome),
                        (&[][..], Outcome::Kept),
                        "{use_docker}"
                    );
                    assert_eq!(world.tags("a")["edge"], digest, "{use_docker}");
                }
                (false, false) => {
                    assert_eq!((report.problems.as_slice(), outcome), (&[][..], Outcome::Created));
                    assert_ne!(world.tags("a")["edge"], digest);
                }
                (false, true) => assert_eq!(report.problems[0].code.name(), "docker"),
            }
        }
    }
}

/// Runs the program in a folder.
fn run(folder: &Path, line: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bakeplan"));
    let output = command.args(line).current_dir(folder).env_clear().env("HOME", folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The files of an index and of all that it refers to.
fn files(world: &World, repository: &str, digest: &Digest) -> Vec<PathBuf> {
    let layout = world.layout(repository);
    let read = |digest: &Digest| layout.get_manifest(&digest.clone().into()).unwrap().unwrap().bytes;
    let index: Index = serde_json::from_slice(&read(digest)).unwrap();
    let mut all = vec![digest.clone()];
    for entry in &index.manifests {
        let image: ImageManifest = serde_json::from_slice(&read(&entry.digest)).unwrap();
        all.push(entry.digest.clone());
        all.extend(std::iter::once(&image.config).chain(&image.layers).map(|blob| blob.digest.clone()));
    }
    all.iter().map(|one| layout.path().join("blobs/sha256").join(one.hex())).collect()
}

/// A folder is looked into: where something is missing or cut, no tag moves, whether or not the tags are there, unless another
/// repository mends it.
#[test]
fn a_layout_that_was_damaged_between_the_steps_gets_no_tag() {
    for repositories in [&["a"][..], &["a", "b"]] {
        let world = World::with_app(repositories);
        let names: Vec<String> = repositories.iter().map(|one| format!("oci-layout:{one}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        fs::write(world.root().join("plan.json"), plan(&names)).unwrap();
        fs::write(world.root().join("m.json"), world.metadata()).unwrap();
        let line = ["merge", "--plan", "plan.json", "--metadata", "m.json", "--no-tags", "--format", "json"];
        let (status, result, told) = run(world.root(), &line);
        assert_eq!(status, Some(0), "{told}");
        fs::write(world.root().join("result.json"), &result).unwrap();
        let result: serde_json::Value = serde_json::from_str(&result).unwrap();
        let digest: Digest = result["images"]["app"]["digest"].as_str().unwrap().parse().unwrap();
        let second = ["merge", "--plan", "plan.json", "--result", "result.json"];
        let tags = || {
            repositories
                .iter()
                .map(|one| fs::read(world.root().join(one).join("index.json")).unwrap())
                .collect::<Vec<_>>()
        };
        for harms in [&["remove", "cut", "change"][..], &["cut"]] {
            let mut refused = 0;
            for file in files(&world, "a", &digest) {
                let whole = fs::read(&file).unwrap();
                for harm in harms {
                    match *harm {
                        "remove" => fs::remove_file(&file).unwrap(),
                        "cut" => fs::write(&file, &whole[..whole.len() - 1]).unwrap(),
                        _ => fs::write(&file, [&whole[..whole.len() - 1], b"~"].concat()).unwrap(),
                    }
                    let before = tags();
                    let (status, _, told) = run(world.root(), &second);
                    let is_mended = fs::read(&file).is_ok_and(|now| now == whole);
                    assert_eq!(status == Some(0), is_mended, "{harm} {}: {told}", file.display());
                    if !is_mended {
                        refused += 1;
                        let name = file.file_name().unwrap().to_str().unwrap();
                        assert!(status == Some(1) && told.contains(name), "{harm} {name}: {told}");
                        assert_eq!(tags(), before, "{harm} {name}");
                    }
                    fs::write(&file, &whole).unwrap();
                }
            }
            assert!(refused > 0);
            let (status, _, told) = run(world.root(), &second);
            assert_eq!(status, Some(0), "{told}");
            assert_eq!(world.tags("a").len(), 4);
        }
    }
}
