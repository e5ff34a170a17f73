//! Tags that move with runs: an earlier run that ends last does not take back what a later one published.

use bakeplan::internals::merge::report::{Outcome, Report, Status};
use bakeplan::internals::merge::{IfMissing, Options};
use bakeplan::internals::oci::{DOCKER_LIST, OCI_MANIFEST};
use bakeplan::internals::registry::Store;

use super::world::{Build, World, document};
use crate::loopback::{Answer, Reply};
use crate::support::Test;

const A: &str = "oci-layout:a";
pub(super) const BACKWARD: Options = Options {
    no_tags: false,
    allow_other_version: false,
    restores: false,
    allow_backward: true,
    trust_known_versions: false,
    dry_run: false,
    if_missing: IfMissing::AsPlanned,
    allow_retag: false,
    keep_existing: false,
    allow_mixed_bases: false,
    use_docker: false,
    wait: std::time::Duration::ZERO,
    settle: std::time::Duration::ZERO,
};

/// A run of `WORKFLOW REF NUMBER TIME`, where `-` is unknown, as `plan.json` has it.
pub(super) fn run(text: &str) -> String {
    let mut members = vec![r#""event":"push","commit":"0123456789abcdef""#.to_owned()];
    for (name, value) in ["workflow", "ref", "number", "commit_time"].iter().zip(text.split_whitespace()) {
        match (*name, value) {
            (_, "-") => {}
            ("number", value) => members.push(format!(r#""number":{value}"#)),
            ("commit_time", day) => members.push(format!(r#""commit_time":"2026-11-{day}T00:00:00Z""#)),
            (name, value) => members.push(format!(r#""{name}":"{value}""#)),
        }
    }
    members.join(",")
}

/// A plan of an image whose tags move with runs, but for its own.
fn planned(text: &str, repositories: &[&str]) -> String {
    let tags = r#"{"name":"sha-TEXT","class":"run","form":"sha-{name}"},
        {"name":"main","floating":true,"class":"run","form":"{name}"},
        {"name":"edge","floating":true,"class":"constant","form":"edge"}"#;
    let tags = tags.replace("TEXT", &text.replace([' ', '/'], "_"));
    document(&format!(
        r#""app":{{"repositories":{repositories:?},"tags":[{tags}],"builds":{{
            "app-linux-amd64":{{"platform":"linux/amd64","job":"a"}},
            "app-linux-arm64":{{"platform":"linux/arm64","job":"b"}}}}}}"#
    ))
    .replacen('{', &format!(r#"{{"run":{{{}}},"#, run(text)), 1)
}

/// Builds anew, as each run does, and merges.
fn merged(world: &mut World, text: &str, options: Options) -> Report {
    build(world, text);
    let report = world.merge(&planned(text, &[A]), options);
    assert_eq!(report.problems, [], "{text}");
    report
}

fn build(world: &mut World, salt: &str) {
    for (leg, platform) in [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")] {
        world.build(&["a"], Build::new(leg, platform).salt(salt));
    }
}

/// What became of the image's own tag, and of those that move.
fn outcomes(report: &Report) -> [Outcome; 3] {
    let outcomes: Vec<Outcome> = report.images["app"].references.iter().map(|one| one.outcome).collect();
    outcomes.try_into().unwrap()
}

/// What is said, but for that a branch has the tag of another one.
fn notes(report: &Report) -> Vec<&str> {
    let notes = report.notes.iter().filter(|note| note.code.name() != "branch-collision");
    notes.map(|note| note.message.as_str()).collect()
}

pub(super) const W: &str = "ci.yml refs/heads/main";

#[test]
fn a_later_run_replaces_an_earlier_one_and_an_earlier_one_does_not() {
    use Outcome::{Created, Kept, Moved};
    let workflows = "the runs are of the workflows `nightly.yml` and `ci.yml`, whose numbers do not tell";
    let refs = "the runs are of `refs/heads/next` and `refs/heads/main`, whose numbers do not tell";
    let numbers = "";
    for (published, own, expected, apart) in [
        // Later over earlier, and earlier over later.
        (format!("{W} 6 -"), format!("{W} 7 -"), None, numbers),
        (format!("{W} 9 -"), format!("{W} 10 -"), None, numbers),
        (
            format!("{W} 7 -"),
            format!("{W} 6 -"),
            Some("run 7, of commit 0123456789ab, is later than run 6"),
            numbers,
        ),
        (
            format!("{W} 10 01"),
            format!("{W} 9 02"),
            Some("run 10, of commit 0123456789ab, is later than run 9"),
            numbers,
        ),
        // A branch that went back: the number counts.
        (format!("{W} 6 09"), format!("{W} 7 01"), None, numbers),
        // Another workflow, and another ref: the commits count.
        ("nightly.yml refs/heads/main 900 01".into(), format!("{W} 7 02"), None, workflows),
        (
            "nightly.yml refs/heads/main 3 02".into(),
            format!("{W} 7 01"),
            Some("commit 0123456789ab of 2026-11-02T00:00:00Z is later than 2026-11-01T00:00:00Z"),
            workflows,
        ),
        ("ci.yml refs/heads/next 900 01".into(), format!("{W} 7 02"), None, refs),
        (
            "ci.yml refs/heads/next 3 02".into(),
            format!("{W} 7 01"),
            Some("commit 0123456789ab of 2026-11-02"),
            refs,
        ),
        // No numbers.
        ("- - - 01".into(), "- - - 02".into(), None, numbers),
        ("- - - 02".into(), "- - - 01".into(), Some("commit 0123456789ab of 2026-11-02"), numbers),
        (format!("{W} 7 02"), format!("{W} - 01"), Some("commit 0123456789ab of 2026-11-02"), numbers),
    ] {
        let mut world = World::new();
        let report = merged(&mut world, &published, Options::default());
        assert_eq!((outcomes(&report), notes(&report)), ([Created; 3], vec![]), "{published}");
        let before = world.tags("a");
        let report = merged(&mut world, &own, Options::default());
        // The tag of a branch that another one has is said anyway.
        let moved = if apart == refs {
            "`oci-layout://a:edge`"
        } else {
            "`oci-layout://a:edge`, `oci-layout://a:main`"
        };
        let moved =
            format!("image `app` moves {moved} from an older commit, perhaps from a later run: {apart}");
        let is_said = expected.is_none() && apart != numbers;
        let said = is_said.then_some(moved.as_str());
        assert_eq!(notes(&report), said.as_slice(), "{published} < {own}");
        let tags = world.tags("a");
        let image = &report.images["app"];
        match expected {
            None => {
                assert_eq!(outcomes(&report), [Created, Moved, Moved], "{published} < {own}");
                assert_ne!(tags["edge"], before["edge"]);
            }
            Some(why) => {
                assert_eq!(outcomes(&report), [Created, Kept, Kept], "{published} > {own}");
                for reference in &image.references[1..] {
                    let told = reference.why.as_deref().unwrap_or_default();
                    assert!(told.starts_with(why), "{published} > {own}: {told}");
                    assert_eq!(told.contains("whose numbers do not tell"), apart != numbers, "{told}");
                    assert!(told.contains(apart), "{told}");
                    assert_eq!(reference.digest.as_ref(), Some(&before["edge"]));
                }
                assert_eq!((&tags["edge"], &tags["main"]), (&before["edge"], &before["edge"]));
                // Again, nothing changes.
                let report = world.merge(&planned(&own, &[A]), Options::default());
                assert_eq!(outcomes(&report), [Outcome::Unchanged, Kept, Kept]);
                assert_eq!(world.tags("a"), tags);
            }
        }
        // Deliberately.
        build(&mut world, "back");
        let report = world.merge(&planned(&own, &[A]), BACKWARD);
        assert_eq!((&outcomes(&report)[1..], notes(&report)), (&[Moved, Moved][..], vec![]));
    }
}

/// The names of two branches come to one tag: it moves with the later run, and that is said.
#[test]
fn a_tag_that_another_branch_had_is_reported() {
    let branch = |name: &str, number: u32| format!("build.yml refs/heads/{name} {number} 0{number}");
    for (first, second, expected) in [
        (branch("feature/x", 1), branch("feature-x", 2), true),
        (branch("a/b", 1), branch("a_b", 2), true),
        ("build.yml refs/tags/a/b 1 01".to_owned(), branch("a-b", 2), true),
        (branch("main", 1), branch("main", 2), false),
        ("build.yml refs/pull/7/merge 1 01".to_owned(), branch("main", 2), false),
    ] {
        let mut world = World::with_app(&["a"]);
        merged(&mut world, &first, Options::default());
        let report = merged(&mut world, &second, Options::default());
        let found: Vec<_> = report.notes.iter().filter(|one| one.code.name() == "branch-collision").collect();
        assert_eq!(found.len(), usize::from(expected), "{second}: {:?}", report.notes);
        assert!(found.iter().all(|one| one.message.contains("a:main`")), "{found:?}");
    }
}

#[test]
fn what_nothing_orders_moves_and_is_said() {
    for (published, own, expected) in [
        // Another attempt of the same run.
        (format!("{W} 7 01"), format!("{W} 7 01"), "run 7 made that index, too"),
        // The same commit.
        ("- - - 01".to_owned(), "- - - 01".to_owned(), "both commits were made at 2026-11-01T00:00:00Z"),
        ("release.yml refs/heads/main 7 01".into(), format!("{W} 8 01"), "both commits were made at"),
        // Nothing is known.
        ("- - - -".into(), format!("{W} 7 01"), "the index there does not say which run made it"),
        (format!("{W} 7 01"), "- - - -".into(), "the plan has neither the number of its run nor"),
        (format!("{W} 7 01"), format!("{W} - -"), "the plan has neither the number of its run nor"),
        (
            "nightly.yml refs/heads/main 7 -".into(),
            format!("{W} 8 01"),
            "the runs are not of one workflow and ref",
        ),
        (
            "ci.yml refs/heads/next 7 01".into(),
            format!("{W} 8 -"),
            "the runs are not of one workflow and ref",
        ),
        (
            "- refs/heads/main 9 -".into(),
            "- refs/heads/main 8 -".into(),
            "the runs are not of one workflow and ref",
        ),
    ] {
        let mut world = World::new();
        merged(&mut world, &published, Options::default());
        build(&mut world, "again");
        let report = world.merge(&planned(&own, &[A]), Options::default());
        assert_eq!(outcomes(&report)[1..], [Outcome::Moved; 2], "{published} = {own}");
        let start = format!(
            "image `app` moves `oci-layout://a:edge`, `oci-layout://a:main`, perhaps from a later run: {expected}"
        );
        let [note] = notes(&report)[..] else { panic!("{published} = {own}: {:?}", report.notes) };
        assert!(note.starts_with(&start), "{published} = {own}: {note}");
        assert!(report.notes.iter().any(|note| note.code.name() == "unguarded-tag"), "{:?}", report.notes);
        // Nobody need be told who wants it.
        build(&mut world, "back");
        assert_eq!(notes(&world.merge(&planned(&own, &[A]), BACKWARD)), [""; 0]);
    }
}

#[test]
fn indexes_say_which_run_made_them() {
    let mut world = World::new();
    merged(&mut world, &format!("{W} 7 02"), Options::default());
    let annotations = world.index("a", "edge").annotations;
    let annotations: Vec<_> = annotations.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(
        annotations,
        [
            "dev.bakeplan.run.committed=2026-11-02T00:00:00Z",
            "dev.bakeplan.run.number=7",
            "dev.bakeplan.run.ref=refs/heads/main",
            "dev.bakeplan.run.revision=0123456789abcdef",
            "dev.bakeplan.run.workflow=ci.yml",
        ]
    );
    // Beside those of the plan.
    let own = planned(&format!("{W} 8 02"), &[A]).replace(r#""app":{"#, r#""app":{"annotations":{"k":"v"},"#);
    build(&mut world, "own");
    assert_eq!(world.merge(&own, Options::default()).problems, []);
    assert_eq!(world.index("a", "edge").annotations.len(), 6);
    assert_eq!(world.index("a", "edge").annotations["k"], "v");
    // A run that nothing orders.
    let literal = planned(&format!("{W} 9 02"), &[A]).replace(r#""floating":true,"#, "");
    let version =
        super::world::plan(&[A]).replacen('{', &format!(r#"{{"run":{{{}}},"#, run(&format!("{W} 9 02"))), 1);
    // Another run may build the same tags again.
    for (document, tag, count) in [
        (planned("ci.yml refs/heads/main - -", &[A]), "edge", 0),
        (literal, "edge", 5),
        (version, "latest", 5),
    ] {
        build(&mut world, &document);
        let report = world.merge(&document, Options { allow_retag: true, ..BACKWARD });
        assert_eq!(report.problems, [], "{document}");
        assert_eq!(world.index("a", tag).annotations.len(), count, "{document}");
    }
}

#[test]
fn a_docker_list_cannot_say_which_run_made_it() {
    let mut world = World::new();
    let docker = |world: &mut World, salt| {
        for (leg, platform) in [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")] {
            world.build(&["a"], Build::new(leg, platform).salt(salt).docker());
        }
    };
    let said = "image `app` is a Docker manifest list, which cannot say which run made it: an earlier run can take back `edge`, `main`";
    for (salt, number) in [("one", 7), ("two", 6)] {
        docker(&mut world, salt);
        let report = world.merge(&planned(&format!("{W} {number} 02"), &[A]), Options::default());
        let notes: Vec<_> = notes(&report).into_iter().filter(|note| note.contains("`edge`")).collect();
        assert_eq!((report.problems.len(), notes), (0, vec![said]), "{salt}");
        assert_eq!(report.images["app"].media_type.as_deref(), Some(DOCKER_LIST));
        assert!(report.images["app"].references[1].outcome.writes());
    }
    // An index of a later run keeps its tags from a list, too.
    merged(&mut world, &format!("{W} 8 -"), Options::default());
    docker(&mut world, "three");
    let report = world.merge(&planned(&format!("{W} 7 -"), &[A]), Options::default());
    assert_eq!(outcomes(&report), [Outcome::Created, Outcome::Kept, Outcome::Kept]);
    // Where a plan has annotations of its own, it is an error as before.
    let own = planned(&format!("{W} 9 02"), &[A]).replace(r#""app":{"#, r#""app":{"annotations":{"k":"v"},"#);
    assert_eq!(world.merge(&own, Options::default()).problems[0].code.name(), "compose");
}

#[test]
fn each_repository_is_compared_for_itself_and_nothing_is_said_to_be_where_it_is_not() {
    let mut world = World::new();
    merged(&mut world, &format!("{W} 8 -"), Options::default());
    for (leg, platform) in [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")] {
        world.build(&["a", "b"], Build::new(leg, platform).salt("seven"));
    }
    // Only tags that move.
    let document = planned(&format!("{W} 7 -"), &[A, "oci-layout:b"]);
    let start = document.find(r#"{"name":"sha-"#).unwrap();
    let end = document.find(r#"{"name":"main""#).unwrap();
    let document = format!("{}{}", &document[..start], &document[end..]);
    let report = world.merge(&document, Options::default());
    assert_eq!(report.problems, []);
    let image = &report.images["app"];
    let outcomes: Vec<Outcome> = image.references.iter().map(|one| one.outcome).collect();
    assert_eq!(outcomes, [Outcome::Kept, Outcome::Kept, Outcome::Created, Outcome::Created]);
    let digest = image.digest.as_ref().unwrap();
    assert_eq!(report.published, [format!("oci-layout://b@{digest}")]);
    assert_ne!(&world.tags("a")["edge"], digest);
    // In one repository alone, nothing is written at all.
    let report = world.merge(&document.replace(r#", "oci-layout:b""#, ""), Options::default());
    assert_eq!((report.images["app"].status, report.published.len()), (Status::Kept, 0));
}

#[test]
fn an_existing_release_counts_as_the_run_that_made_it() {
    let mut world = World::new();
    let old = format!("{W} 5 -");
    merged(&mut world, &old, Options::default());
    let kept = world.tags("a")["edge"].clone();
    merged(&mut world, &format!("{W} 7 -"), Options::default());
    // Run 9 builds run 5's commit again.
    build(&mut world, "nine");
    let document = planned(&old, &[A]).replace(r#""number":5"#, r#""number":9"#);
    let keep = Options { keep_existing: true, ..Options::default() };
    let report = world.merge(&document, keep);
    assert_eq!(outcomes(&report), [Outcome::Unchanged, Outcome::Kept, Outcome::Kept]);
    assert_ne!(world.tags("a")["edge"], kept);
    let report = world.merge(&document, Options { allow_backward: true, ..keep });
    assert_eq!(outcomes(&report), [Outcome::Unchanged, Outcome::Moved, Outcome::Moved]);
    assert_eq!(world.tags("a")["edge"], kept);
}

#[test]
fn what_a_tag_has_may_be_no_index_or_damaged() {
    let mut world = World::new();
    let layout = world.layout("a");
    let text = super::world::image(&layout, OCI_MANIFEST, "{}", &[]);
    let image = super::world::put(&layout, OCI_MANIFEST, &text);
    super::world::put_tag(&layout, "edge", &image);
    let report = merged(&mut world, &format!("{W} 7 -"), Options::default());
    assert_eq!(outcomes(&report)[2], Outcome::Moved);
    assert!(notes(&report)[0].ends_with("the index there does not say which run made it"));

    let digest = world.tags("a")["edge"].to_string();
    build(&mut world, "six");
    let server = world.serve_with(move |seen| {
        seen.path().ends_with(&digest).then(|| Reply::Whole(Answer::error(500, "UNKNOWN")))
    });
    let document = planned(&format!("{W} 6 -"), &[&format!("{}/a", server.host())]);
    let report = world.merge(&document, Options::default());
    assert_eq!((report.problems.len(), outcomes(&report)[2]), (0, Outcome::Moved));
    assert!(report.notes.iter().all(|note| note.code.name() == "damaged-tag"), "{:?}", report.notes);
    assert_eq!(report.notes.len(), 2);
}

/// `bakeplan` in a folder with the world's layouts, the plan and the metadata.
fn program(world: &World, text: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let test = Test::new()
        .file("plan.json", planned(text, &[A]))
        .file("metadata.json", world.metadata())
        .files(world.root(), "")
        .args(args.iter().copied())
        .args(["--plan", "plan.json", "--metadata", "metadata.json"]);
    let output = test.output();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_command_says_which_run_keeps_a_tag_and_verify_agrees() {
    let mut world = World::new();
    merged(&mut world, &format!("{W} 8 -"), Options::default());
    let own = format!("{W} 7 -");
    build(&mut world, "seven");
    let (status, stdout, stderr) = program(&world, &own, &["merge"]);
    assert_eq!(status, Some(0), "{stderr}");
    let why = "(run 8, of commit 0123456789ab, is later than run 7)";
    assert!(stdout.contains(&format!("kept: main {why}, edge {why}")), "{stdout}");
    // What is written by hand has the same annotations.
    let (status, stdout, stderr) = program(&world, &own, &["merge", "--dry-run", "--allow-backward"]);
    assert_eq!(status, Some(0), "{stderr}");
    for annotation in ["number=7", "ref=refs/heads/main", "revision=0123456789abcdef", "workflow=ci.yml"] {
        let annotation = format!("--annotation index:dev.bakeplan.run.{annotation} ");
        assert!(stdout.contains(&annotation), "{annotation}: {stdout}");
    }
    // The tags are rightly the later run's.
    assert_eq!(world.merge(&planned(&own, &[A]), Options::default()).problems, []);
    let (status, stdout, stderr) = program(&world, &own, &["verify"]);
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    assert!(
        stderr.contains("`edge` stays with a later run: run 8, of commit 0123456789ab"),
        "{stdout}{stderr}"
    );
    // An earlier run's are not.
    let (status, stdout, stderr) = program(&world, &format!("{W} 9 -"), &["verify"]);
    assert_eq!(status, Some(4), "{stdout}{stderr}");
    assert!(!stderr.contains("stays with a later run"), "{stderr}");
}

/// What `bakeplan plan` writes and says of an image with these tags and this output, in run 7.
fn written(tags: &str, output: &str) -> (String, String) {
    let spec = format!(
        "target \"app\" {{\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n  output = [\"type=image{output}\"]\n}}\nimage \"app\" {{\n  repositories = [\"r.io/a\"]\n  tags = [{tags}]\n}}\n"
    );
    let facts = [
        "ref=refs/heads/main",
        "workflow=ci.yml",
        "run=7",
        "commit=0123456789012345678901234567890123456789",
        "commit_time=2026-11-02T03:04:05Z",
    ];
    let facts: Vec<String> = facts.iter().map(|fact| format!("--fact={fact}")).collect();
    let test = Test::new().file("docker-bake.hcl", &spec).args(["plan", "--format", "json"]);
    let output = test.args(facts.iter().map(String::as_str)).output();
    let (stdout, stderr) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{tags}: {stderr}");
    (stdout.replace("r.io/a", A), stderr)
}

#[test]
fn plans_as_they_are_written_are_ordered() {
    let mut world = World::new();
    for tags in [
        r#""edge""#,
        r#""{{ branch }}""#,
        r#""type=ref,event=branch""#,
        r#""{{ sha }}", "{{ date('%Y%m%d') }}""#,
    ] {
        let (document, _) = written(tags, "");
        build(&mut world, tags);
        let report = world.merge(&document, Options::default());
        assert_eq!((report.problems.len(), report.notes.as_slice()), (0, &[][..]), "{tags}");
        let image = &report.images["app"];
        let tag = image.references.iter().find(|one| one.floating).unwrap().tag.clone();
        assert_eq!(world.index("a", &tag).annotations["dev.bakeplan.run.number"], "7", "{tags}");
        // The run before ends last.
        build(&mut world, &format!("{tags} again"));
        let report = world.merge(&document.replace(r#""number": 7"#, r#""number": 6"#), Options::default());
        let kept = report.images["app"].references.iter().find(|one| one.tag == tag).unwrap();
        assert_eq!((kept.outcome, kept.digest == image.digest), (Outcome::Kept, true), "{tags}");
        std::fs::remove_dir_all(world.root().join("a")).unwrap();
    }
}

#[test]
fn the_plan_says_what_a_docker_list_leaves_unguarded() {
    let said = "`oci-mediatypes=false`, and Docker manifest lists cannot say which run made them: an earlier run that is merged last takes back `edge`";
    for (tags, output, expected) in [
        (r#""edge""#, ",oci-mediatypes=false", true),
        (r#""{{ sha }}", "edge""#, ",oci-mediatypes=0", true),
        (r#""edge""#, ",oci-mediatypes=true", false),
        (r#""edge""#, "", false),
        (r#""{{ sha }}""#, ",oci-mediatypes=false", false),
    ] {
        let (_, talk) = written(tags, output);
        assert_eq!(talk.contains(said), expected, "{tags} {output}: {talk}");
    }
    // Those of a version that stands in the file, too.
    for (tags, output, expected) in [
        (r#""{{ version }}", "latest""#, ",oci-mediatypes=false", "`1.0.0`, `latest`"),
        (r#""{{ major }}""#, ",oci-mediatypes=false", "`1`"),
        (r#""{{ version }}", "{{ sha }}""#, ",oci-mediatypes=false", "`1.0.0`"),
        (r#""{{ version }}""#, "", ""),
    ] {
        let (_, talk) = written(&format!("{tags}]\n  version = \"1.0.0\"\n  channels = [\"iron\""), output);
        let names = if expected.is_empty() { "" } else { &format!("last takes back {expected}, `iron`") };
        assert_eq!(talk.contains("an earlier run that is merged"), !names.is_empty(), "{tags}: {talk}");
        assert!(talk.contains(names), "{tags}: {talk}");
    }
}

#[test]
fn a_commit_of_digits_is_not_a_version() {
    for tags in [
        r#""{{ sha }}", "edge""#,
        r#""{{ commit }}", "edge", "latest""#,
        r#""type=sha,prefix=", "type=edge,branch=main""#,
        r#""type=sha,prefix=,format=long", "type=raw,value=edge""#,
    ] {
        let (document, _) = written(tags, "");
        let image = &serde_json::from_str::<serde_json::Value>(&document).unwrap()["images"]["app"];
        assert_eq!(image.get("version"), None, "{tags}");
        let edge = image["tags"].as_array().unwrap().iter().find(|tag| tag["name"] == "edge").unwrap();
        assert_eq!((&edge["class"], &edge["floating"]), (&"constant".into(), &true.into()), "{tags}");
    }
    // A version beside one is still seen.
    let (document, _) = written(r#""1.2.9", "{{ sha }}", "latest""#, "");
    let image = &serde_json::from_str::<serde_json::Value>(&document).unwrap()["images"]["app"];
    assert_eq!(image["version"], "1.2.9");
}

/// An index that is taken as its build pushed it must not say which run made it: tags would stay with what it says.
#[test]
fn a_build_does_not_say_which_run_made_an_index() {
    for (key, is_refused) in [
        ("dev.bakeplan.run.number", true),
        ("dev.bakeplan.run.x", true),
        ("dev.bakeplan.runs", false),
        ("k", false),
    ] {
        let mut world = World::new();
        world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64"));
        let layout = world.layout("a");
        let built = layout.get_manifest(&world.built["app-linux-amd64"].clone().into()).unwrap().unwrap();
        let text = String::from_utf8(built.bytes).unwrap();
        let text = text.replacen('{', &format!(r#"{{"annotations":{{"{key}":"999999"}},"#), 1);
        let said = super::world::put(&layout, &built.media_type, &text);
        world.built.insert("app-linux-amd64".into(), said.digest.clone());
        let document = document(&format!(
            r#""app":{{"repositories":["oci-layout:a"],"tags":[{}],"builds":{{"app-linux-amd64":{{"platform":"linux/amd64"}}}}}}"#,
            super::world::CONSTANTS
        ));
        let report = world.merge(&document, Options::default());
        let codes: Vec<&str> = report.problems.iter().map(|one| one.code.name()).collect();
        assert_eq!(codes == ["reserved-annotation"], is_refused, "{key}: {codes:?}");
        assert_eq!(world.tags("a").get("latest"), (!is_refused).then_some(&said.digest), "{key}");
        // With annotations of its own, an image leaves those of its builds behind.
        let document = document.replace(r#""repositories""#, r#""annotations":{"own":"1"},"repositories""#);
        assert_eq!(world.merge(&document, Options::default()).problems, [], "{key}");
        assert!(!world.index("a", "latest").annotations.contains_key(key), "{key}");
    }
}
