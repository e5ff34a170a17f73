//! `bakeplan diff`: two plans, or the plans of two revisions; and names that mean something in Markdown and Mermaid.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::schema::expect_changes;
use crate::support::{Test, git};

/// A definition with a version, platforms and something that is built otherwise.
fn definition(version: &str, platforms: &str, argument: &str) -> String {
    format!(
        "target \"app\" {{
  platforms = [{platforms}]
  args      = {{ KIND = \"{argument}\" }}
}}
image \"app\" {{
  repositories = [\"ghcr.io/acme/app\"]
  version      = \"{version}\"
}}
"
    )
}

const AMD: &str = "\"linux/amd64\"";
const BOTH: &str = "\"linux/amd64\", \"linux/arm64\"";

fn bakeplan(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bakeplan"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", folder);
    command.args(arguments).current_dir(folder).output().unwrap()
}

#[track_caller]
fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = bakeplan(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A folder with the plans `old` and `new`.
fn two_plans(old: &str, new: &str) -> Test {
    let test = Test::new().file("a/docker-bake.hcl", old).file("b/docker-bake.hcl", new);
    done(test.folder(), &["-C", "a", "plan", "--out", "../old"]);
    done(test.folder(), &["-C", "b", "plan", "--out", "../new"]);
    test
}

#[test]
fn tags_platforms_jobs_and_definitions_are_compared() {
    let test = two_plans(&definition("1.4.1", BOTH, "x"), &definition("1.5.0", AMD, "y"));
    let folder = test.folder();
    assert_eq!(
        done(folder, &["diff", "old", "new"]),
        "TAGS
  moved    ghcr.io/acme/app:1  1.4.1 → 1.5.0
  lost     ghcr.io/acme/app:1.4  app 1.4.1
  lost     ghcr.io/acme/app:1.4.1  app 1.4.1
  added    ghcr.io/acme/app:1.5  app 1.5.0
  added    ghcr.io/acme/app:1.5.0  app 1.5.0
  moved    ghcr.io/acme/app:latest  1.4.1 → 1.5.0
PLATFORMS
  lost     app  linux/arm64
JOBS
  lost     app-linux-arm64
DEFINITIONS
  changed  app-linux-amd64  args.KIND
"
    );
    let markdown = done(folder, &["diff", "old", "new/plan.json", "--format", "markdown"]);
    assert!(markdown.contains("| moved | ghcr.io/acme/app:latest | 1.4.1 → 1.5.0 |"), "{markdown}");
    let json = done(folder, &["diff", "old", "new", "--format=json"]);
    expect_changes(&json);
    expect_changes(&done(folder, &["diff", "old", "old", "--format=json"]));
    let changes: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        changes["tags"][0],
        json!({
            "reference": "ghcr.io/acme/app:1", "change": "moved",
            "from": { "image": "app", "version": "1.4.1" }, "to": { "image": "app", "version": "1.5.0" },
        })
    );
    assert_eq!(changes["definitions"], json!([{ "target": "app-linux-amd64", "what": ["args.KIND"] }]));
    assert_eq!(done(folder, &["diff", "old", "old"]), "nothing differs\n");
    // Without the Bake file, nobody knows what of the definition differs.
    fs::remove_file(folder.join("old/docker-bake.json")).unwrap();
    assert!(
        done(folder, &["diff", "old", "new"])
            .ends_with("The definition differs; what of it is unknown without both docker-bake.json.\n")
    );
    // One of another plan says nothing.
    fs::copy(folder.join("new/docker-bake.json"), folder.join("old/docker-bake.json")).unwrap();
    assert!(done(folder, &["diff", "old", "new"]).contains("is unknown"));
}

/// What stands in no Bake file.
#[test]
fn what_else_an_image_is_is_compared() {
    let plain = definition("1.4.1", BOTH, "x");
    let with = |attribute: &str| plain.replace("  version ", &format!("  {attribute}\n  version "));
    for (attribute, expected) in [
        ("immutable = true", "immutable"),
        ("scheme = \"calver\"", "scheme"),
        ("annotations = { \"org.example.a\" = \"b\" }", "annotations.org.example.a"),
        ("withdrawn = [\"1.3.0\"]", "withdrawn"),
        ("on_missing = \"drop\"", "on_missing.app-linux-amd64, on_missing.app-linux-arm64"),
    ] {
        let test = two_plans(&plain, &with(attribute));
        let found = done(test.folder(), &["diff", "old", "new"]);
        assert!(found.contains(&format!("IMAGES\n  changed  app  {expected}\n")), "{attribute}: {found}");
        let back: Value =
            serde_json::from_str(&done(test.folder(), &["diff", "new", "old", "--format=json"])).unwrap();
        assert_eq!(back["images"][0]["image"], "app", "{attribute}");
        assert_eq!(done(test.folder(), &["diff", "new", "new"]), "nothing differs\n", "{attribute}");
    }
}

#[test]
fn what_is_reused_is_compared() {
    let text = definition("1.4.1", AMD, "x");
    let test = two_plans(&text, &text);
    let folder = test.folder();
    let plan: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("new/plan.json")).unwrap()).unwrap();
    let reusing = |to: &str, digit: &str| {
        let mut plan = plan.clone();
        let digest = format!("sha256:{}", digit.repeat(64));
        plan["images"]["app"]["reused"] =
            json!({ "repository": "ghcr.io/acme/app", "tag": "edge", "digest": digest });
        fs::create_dir_all(folder.join(to)).unwrap();
        fs::write(folder.join(to).join("plan.json"), plan.to_string()).unwrap();
        format!("ghcr.io/acme/app:edge@{digest}")
    };
    let (one, two) = (reusing("one", "1"), reusing("two", "2"));
    let told = |old: &str, new: &str| done(folder, &["diff", old, new]);
    assert_eq!(told("new", "one"), format!("REUSED\n  added    app  {one}\n"));
    assert_eq!(told("one", "new"), format!("REUSED\n  lost     app  {one}\n"));
    assert_eq!(told("one", "two"), format!("REUSED\n  moved    app  {one} → {two}\n"));
    assert_eq!(told("one", "one"), "nothing differs\n");
    let json = done(folder, &["diff", "one", "two", "--format=json"]);
    expect_changes(&json);
    let changes: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(changes["reused"], json!([{ "image": "app", "change": "moved", "from": one, "to": two }]));
    let markdown = done(folder, &["diff", "new", "one", "--format", "markdown"]);
    assert!(markdown.contains("| Reused | | |"), "{markdown}");
}

#[test]
fn a_linked_target_that_changes_and_a_job_that_moves_are_seen() {
    let of = |base: &str, runner: &str| {
        format!(
            "target \"base\" {{\n dockerfile = \"{base}\"\n}}
target \"app\" {{\n contexts = {{ base = \"target:base\" }}\n platforms = [{AMD}]\n tags = [\"r.io/x/app:1\"]\n}}
image {{\n runners = {{ default = \"{runner}\" }}\n}}\n"
        )
    };
    let test = two_plans(&of("a", "one"), &of("b", "two"));
    let told = done(test.folder(), &["diff", "old", "new"]);
    assert_eq!(told, "JOBS\n  changed  app-linux-amd64  runner\nDEFINITIONS\n  changed  base  dockerfile\n");
}

#[test]
fn invalid_plans_are_refused() {
    let test = two_plans(&definition("1", AMD, "x"), &definition("1", AMD, "x"));
    let test = test.file("broken/plan.json", "{\"schema\": 2}").file("older/plan.json", "{\"schema\": 1}");
    for (arguments, code, message) in [
        (&["diff", "old", "nowhere"][..], 1, "cannot read `nowhere`"),
        (&["diff", "old", "a"], 1, "cannot read `a/plan.json`"),
        (&["diff", "broken", "new"], 1, "`broken/plan.json` is not a plan: missing field `id`"),
        (&["diff", "old", "older"], 1, "has schema 1, but this program reads schema 2"),
        (&["diff", "old", "a/docker-bake.hcl"], 1, "is not a plan"),
        (&["diff", "old"], 2, "2 values required"),
        (&["diff"], 2, "required arguments"),
        (&["diff", "old", "new", "--", "-f", "x"], 2, "--against"),
        (&["diff", "--against=--output=x"], 2, "is not a revision"),
        (&["diff", "--against="], 2, "is not a revision"),
        (&["diff", "--against", "HEAD", "--", "-f", "-"], 2, "and not standard input"),
    ] {
        let output = bakeplan(test.folder(), arguments);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), told.contains(message)),
            (Some(code), true),
            "{arguments:?}: {told}"
        );
    }
}

/// A repository whose commits have these files, one after the other.
fn repository(commits: &[&[(&str, &str)]]) -> Test {
    let mut test = Test::new();
    git(test.folder(), &["init", "-q", "-b", "main"]);
    for files in commits {
        for (path, text) in *files {
            test = test.file(path, text);
        }
        git(test.folder(), &["add", "."]);
        git(test.folder(), &["commit", "-q", "-m", "x"]);
    }
    test
}

/// A commit that adds a variable, or takes one away, is compared like any other.
#[test]
fn a_revision_may_lack_a_variable_that_the_options_name() {
    let (old, new) = (definition("1.4.1", AMD, "x"), definition("1.4.2", AMD, "x") + "variable \"NEW\" {}\n");
    let dockerfile = ("Dockerfile", "FROM scratch\n");
    let test = repository(&[&[("docker-bake.hcl", &old), dockerfile], &[("docker-bake.hcl", &new)]]);
    let folder = test.folder();
    for arguments in [
        &["diff", "--against", "HEAD^", "--", "--var", "NEW=2"][..],
        &["diff", "--against", "HEAD^", "--", "--strict", "--var", "NEW=2"],
        &["plan", "--changed-since", "HEAD^", "--on-unknown", "fail", "--var", "NEW=2"],
        &["plan", "--changed-since", "HEAD^", "--on-unknown", "fail", "--var", "NEW=2", "--strict"],
    ] {
        let output = bakeplan(folder, arguments);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && !told.contains("NEW"), "{arguments:?}: {told}");
    }
    // Here, it is an error as before.
    let output = bakeplan(folder, &["diff", "--against", "HEAD^", "--", "--var", "NEWER=2"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the only variable is `NEW`"));
}

#[test]
fn another_revision_is_planned_with_the_same_options() {
    let (old, new) = (definition("1.4.1", AMD, "x"), definition("1.4.2", AMD, "x"));
    let other = "target \"app\" {\n  args = { MORE = OTHER }\n}\nvariable \"OTHER\" {}\n";
    let test = repository(&[
        &[("docker-bake.hcl", &old), ("sub/other.hcl", other), ("unread.json", "no JSON")],
        &[("docker-bake.hcl", &new)],
    ]);
    let folder = test.folder();
    let expected = "  moved    ghcr.io/acme/app:latest  1.4.1 → 1.4.2\n";
    for arguments in [
        &["diff", "--against", "HEAD^"][..],
        &[
            "diff",
            "--against=HEAD~1",
            "--",
            "-f",
            "docker-bake.hcl",
            "-f",
            "sub/other.hcl",
            "--var",
            "OTHER=y",
        ],
        &["-C", "sub", "diff", "--against", "HEAD^", "--", "-f", "../docker-bake.hcl"],
    ] {
        let told = done(folder, arguments);
        assert!(told.contains(expected) && !told.contains("DEFINITIONS"), "{arguments:?}: {told}");
    }
    assert_eq!(done(folder, &["diff", "--against", "main"]), "nothing differs\n");
    // What is not committed counts here, and git's own files are as they were.
    fs::write(folder.join("docker-bake.hcl"), &old).unwrap();
    assert_eq!(done(folder, &["diff", "--against", "HEAD^"]), "nothing differs\n");
    let status = Command::new("git").args(["status", "--porcelain"]).current_dir(folder).output().unwrap();
    assert_eq!(String::from_utf8(status.stdout).unwrap(), " M docker-bake.hcl\n");
}

#[test]
fn a_revision_without_a_definition_or_with_a_broken_one_is_told() {
    let test = repository(&[
        &[("file", "1")],
        &[("docker-bake.hcl", "target \"app\" {\n  tags = [\n}\n")],
        &[("docker-bake.hcl", &definition("1.0.0", AMD, "x"))],
    ]);
    let output = bakeplan(test.folder(), &["diff", "--against", "HEAD~2"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success() && told.contains("`HEAD~2` has no definition, so everything is new"),
        "{told}"
    );
    assert!(
        String::from_utf8(output.stdout).unwrap().contains("added    ghcr.io/acme/app:1.0.0  app 1.0.0\n")
    );
    for (revision, message) in [
        ("HEAD^", "this is about the definition of `HEAD^`"),
        ("nothing", "`nothing` cannot be read"),
        ("HEAD~9", "fetch-depth: 2"),
    ] {
        let output = bakeplan(test.folder(), &["diff", "--against", revision]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && told.contains(message), "{revision}: {told}");
        assert!(!told.contains("git says: nothing"), "{revision}: {told}");
    }
}

/// Files that options name may be new: what the other revision has without them is compared.
#[test]
fn files_that_another_revision_lacks_are_new() {
    let compose = "services:\n  app:\n    build: .\n    image: ghcr.io/acme/app:edge\n";
    let images = "image \"app\" {\n  tags = [\"edge\", \"next\"]\n}\n";
    let bake = definition("1.0.0", AMD, "x");
    for (before, after, options, note, expected) in [
        // Beside a Compose file, and with a name that was another one.
        (
            vec![("compose.yaml", compose)],
            vec![("images.hcl", images)],
            vec!["-f", "compose.yaml", "-f", "images.hcl"],
            "`HEAD^` has no `images.hcl`: what it has without is compared",
            "ghcr.io/acme/app:next",
        ),
        (
            vec![("compose.yaml", compose)],
            vec![("other.hcl", images)],
            vec!["-f", "compose.yaml", "--images", "other.hcl"],
            "`HEAD^` has no `other.hcl`: what it has without is compared",
            "ghcr.io/acme/app:next",
        ),
        (
            vec![("docker-bake.hcl", bake.as_str())],
            vec![("renamed.hcl", bake.as_str())],
            vec!["-f", "renamed.hcl"],
            "`HEAD^` has no definition, so everything is new",
            "added    ghcr.io/acme/app:1.0.0",
        ),
        (
            vec![("file", "1")],
            vec![("a.hcl", bake.as_str()), ("b.hcl", "")],
            vec!["-f", "a.hcl", "-f", "b.hcl"],
            "`HEAD^` has no definition, so everything is new",
            "added    ghcr.io/acme/app:1.0.0",
        ),
    ] {
        let test = repository(&[&before, &after]);
        let arguments = [&["diff", "--against", "HEAD^", "--"], options.as_slice()].concat();
        let output = bakeplan(test.folder(), &arguments);
        let (found, told) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.success() && told.contains(note), "{options:?}: {told}");
        assert!(found.contains(expected), "{options:?}: {found}");
    }
    // One that is nowhere is a mistake.
    let test = repository(&[&[("file", "1")], &[("docker-bake.hcl", &bake)]]);
    let output = bakeplan(test.folder(), &["diff", "--against", "HEAD^", "--", "-f", "misspelt.hcl"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && told.contains("`misspelt.hcl`"), "{told}");
}

/// Nothing that the repository's configuration names runs, and a link does not lead out.
#[cfg(unix)]
#[test]
fn another_revision_runs_nothing_and_stays_inside() {
    let test = repository(&[&[
        ("docker-bake.hcl", &definition("1.0.0", AMD, "x")),
        (".gitattributes", "*.hcl filter=evil\n"),
    ]]);
    let folder = test.folder();
    let mark = folder.join("mark");
    git(folder, &["config", "filter.evil.smudge", &format!("touch {}", mark.display())]);
    git(folder, &["config", "filter.evil.required", "true"]);
    assert_eq!(done(folder, &["diff", "--against", "HEAD"]), "nothing differs\n");
    assert!(!mark.exists(), "a filter ran");
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.hcl"), definition("6.6.6", AMD, "x")).unwrap();
    fs::remove_file(folder.join("docker-bake.hcl")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret.hcl"), folder.join("docker-bake.hcl")).unwrap();
    git(folder, &["-c", "filter.evil.required=false", "commit", "-q", "-a", "-m", "x"]);
    fs::remove_file(folder.join("docker-bake.hcl")).unwrap();
    fs::write(folder.join("docker-bake.hcl"), definition("1.0.0", AMD, "x")).unwrap();
    // What it led to is not known, and so neither is what differs.
    let output = bakeplan(folder, &["diff", "--against", "HEAD"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        !told.contains("6.6.6") && told.contains("`docker-bake.hcl`") && told.contains("outside"),
        "{told}"
    );
}

#[test]
fn the_graph_leads_from_targets_to_images() {
    let test = Test::new().file("docker-bake.hcl", definition("1.0.0", BOTH, "x"));
    test.args(["plan", "--format", "mermaid"])
        .stdout(
            "flowchart LR
  i0([\"app\"])
  t0[\"app\"]
  l0(\"linux/amd64 on ubuntu-latest\")
  t0 --> l0
  l0 --> i0
  l1(\"linux/arm64 on ubuntu-24.04-arm\")
  t0 --> l1
  l1 --> i0
",
        )
        .run();
}

#[test]
fn a_summary_says_why_and_its_names_mean_nothing_to_markdown() {
    let odd = "r|`<b>";
    let text = definition("1.0.0", AMD, "x")
        + &format!("image {{\n  runners = {{ default = \"{odd}\" }}\n}}\n")
        + "target \"many\" {\n  matrix = { n = range(50) }\n  name = \"m-${n}\"\n  tags = [\"r.io/x/m:${n}\"]\n  platforms = [\"linux/amd64\"]\n}\n";
    let summary = |names: &[&str]| {
        let test = Test::new()
            .file("docker-bake.hcl", &text)
            .env("GITHUB_OUTPUT", "o")
            .env("GITHUB_STEP_SUMMARY", "s");
        let test = test.args(["plan", "--github"]).args(names.iter().copied());
        assert!(test.output().status.success());
        fs::read_to_string(test.folder().join("s")).unwrap()
    };
    let small = summary(&["app"]);
    assert!(small.contains("| app | latest | greatest stable version; no other version is known"), "{small}");
    assert!(small.contains("r\\|\\`&lt;b&gt;") && !small.contains("<b>"), "{small}");
    assert!(
        small.contains("```mermaid\nflowchart LR\n") && small.contains("on r#124;#96;#60;b#62;"),
        "{small}"
    );
    assert!(!summary(&["many"]).contains("mermaid"), "a graph that nobody can read");
}
