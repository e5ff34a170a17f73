//! What people mistype or leave out on their second day, and what helps them.

use crate::support::Test;

const FILE: &str = "target \"a\" {\n  platforms = [\"linux/amd64\"]\n}\n";

#[track_caller]
fn told(file: &str, arguments: &[&str], status: i32, expected: &[&str]) {
    let output = Test::new().file("docker-bake.hcl", file).args(arguments.iter().copied()).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{arguments:?} {file}: {talk}");
    for part in expected {
        assert!(talk.contains(part), "{arguments:?}: {part} is not in {talk}");
    }
}

fn image(lines: &str) -> String {
    format!("{FILE}image \"a\" {{\n{lines}\n}}\n")
}

fn published(lines: &str) -> String {
    image(&format!("repositories = [\"r.io/x/a\"]\n{lines}"))
}

#[test]
fn a_variable_that_nothing_declares_is_no_silent_mistake() {
    let file = "variable \"VERSION\" { default = \"1.0.0\" }\nNAME = \"app\"\n".to_owned()
        + &published("tags = [VERSION]");
    let unknown = "error[unknown-variable]: `--var VERSIONS`: there is no `variable` block of this name";
    for command in
        [&["plan"][..], &["metadata"], &["bake"], &["plan", "--strict"], &["print", "a", "--strict"]]
    {
        let args = [command, &["--var", "VERSIONS=2"]].concat();
        told(&file, &args, 1, &[unknown, "did you mean `VERSION`?"]);
    }
    told(&file, &["plan", "--var", "NAME=2"], 1, &["options nor the environment change attributes"]);
    told(&file, &["print", "a", "--var", "VERSIONS=2"], 0, &["warning[unknown-variable]: `--var VERSIONS`"]);
    for variable in ["VERSION=2", "VERSION_JSON=2"] {
        for command in [&["plan"][..], &["plan", "--strict"], &["print", "a"]] {
            let output = Test::new()
                .file("docker-bake.hcl", &file)
                .args([command, &["--var", variable]].concat())
                .output();
            let talk = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.success() && !talk.contains("unknown-variable"), "{variable}: {talk}");
        }
    }
}

/// Compose files declare no variables: what they, the files that they include, and their files of variables use is known.
#[test]
fn variables_of_compose_files_are_known() {
    let compose = "include: [more.yaml]\nservices:\n  app:\n    image: ghcr.io/acme/app:${TAG:-1}\n    build:\n      context: .\n      args: [MODE]\n";
    let more = "services:\n  db:\n    build: { context: \"${DB}\" }\n";
    let test = |name: &str| {
        Test::new()
            .file("compose.yaml", compose)
            .file("more.yaml", more)
            .file(".env", "DB=$BASE\n")
            .args(["plan", "--var", &format!("{name}=x")])
            .output()
    };
    for name in ["TAG", "MODE", "DB", "BASE"] {
        let output = test(name);
        let talk = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && !talk.contains("unknown-variable"), "{name}: {talk}");
    }
    let output = test("TA");
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && talk.contains("error[unknown-variable]: `--var TA`"), "{talk}");
}

/// A condition that tells git tags apart says which publish nothing; without one, a git tag is there to publish something.
#[test]
fn git_tags_that_a_condition_declines_publish_nothing() {
    let of = |tags: &str| published(&format!("tags = [{tags}]"));
    let semver = "\"type=semver,pattern={{version}}\"";
    for declining in [
        "{ pattern = \"sha-{{ sha }}\", when = \"branch or tag is startingwith('v')\" }",
        "{ pattern = \"x\", when = \"ref is startingwith('refs/tags/v')\" }",
        "{ pattern = \"x\", when = \"tag == 'v1'\" }",
    ] {
        let file = of(&format!("{semver}, {declining}"));
        let said = &["note[no-tag]: no image has a tag", "decline it", "0 images"];
        told(&file, &["plan", "--fact", "tag=docs-2024"], 0, &said[..2]);
    }
    let version = published("version = { pattern = \"{{ tag }}\", when = \"tag is startingwith('v')\" }");
    told(&version, &["plan", "--fact", "tag=docs-2024"], 0, &["decline it"]);
    for other in [
        "{ pattern = \"edge\", when = \"branch == 'main'\" }",
        "{ pattern = \"edge\", when = \"not tag\" }",
        "{ pattern = \"edge\", when = \"event == 'schedule'\" }",
    ] {
        let file = of(&format!("{semver}, {other}"));
        told(&file, &["plan", "--fact", "tag=docs-2024", "--fact", "event=push"], 1, &["error[no-tag]"]);
    }
    // Each image has to decline it.
    let two = version.clone() + &of(semver).replace("\"a\"", "\"b\"").replace("x/a", "x/b");
    told(&two, &["plan", "--fact", "tag=docs-2024"], 1, &["error[no-tag]"]);
}

#[test]
fn words_of_other_tools_lead_to_ours() {
    let of = |tags: &str| published(&format!("tags = [{tags}]"));
    for (entry, meant) in [
        ("{ pattern = \"edge\", if = \"branch\" }", "did you mean `when`?"),
        ("{ tag = \"edge\" }", "did you mean `pattern`?"),
        ("{ pattern = \"edge\", then = \"branch\" }", "did you mean `when`?"),
        ("{ pattern = \"edge\", zzz = \"branch\" }", "take it out"),
        ("\"{{ sha | short }}\"", "`{{ major }}.{{ minor }}`, and `{{ sha }}` is the short commit"),
    ] {
        told(&of(entry), &["plan", "--fact", "commit=0123456789abcdef0123456789abcdef01234567"], 1, &[meant]);
    }
    // What the help says works.
    for entry in [
        "\"{{ sha }}\"",
        "\"{{ commit[:12] }}\"",
        "\"{{ branch | replace('/', '-') }}\"",
        "\"{{ branch | slug }}\"",
    ] {
        let facts =
            ["plan", "--fact", "commit=0123456789abcdef0123456789abcdef01234567", "--fact", "branch=a/b"];
        told(&of(entry), &facts, 0, &[]);
    }
    for option in ["--output", "-o"] {
        told(&published(""), &["plan", option, "ci"], 2, &["`bakeplan plan --out DIR`"]);
    }
    told(&published(""), &["plan", "--jsn"], 2, &["`--format json`"]);
}

/// Without an owner, it is one of the official images.
#[test]
fn a_repository_without_an_owner_is_told() {
    let of = |repository: &str| image(&format!("repositories = [\"{repository}\"]\ntags = [\"1\"]"));
    told(
        &of("app"),
        &["plan"],
        0,
        &["warning[repository]: `app` is `docker.io/library/app`", "`ghcr.io/acme/app`"],
    );
    for repository in ["acme/app", "docker.io/library/app", "localhost:5000/app"] {
        let output = Test::new().file("docker-bake.hcl", of(repository)).args(["plan"]).output();
        assert!(!String::from_utf8(output.stderr).unwrap().contains("warning[repository]"), "{repository}");
    }
}

#[test]
fn the_default_branch_can_be_kept_by_git() {
    let file = published("tags = [{ pattern = \"edge\", when = \"default_branch\" }]");
    told(
        &file,
        &["plan", "--fact", "branch=main"],
        1,
        &["`--fact default_branch=…`", "`git remote set-head origin --auto`"],
    );
    let other = published("tags = [\"{{ base_branch }}\"]");
    let output = Test::new().file("docker-bake.hcl", other).args(["plan"]).output();
    assert!(!String::from_utf8(output.stderr).unwrap().contains("set-head"));
}

/// In a folder with Dockerfiles, one that is missing is a mistake, also outside of git.
#[test]
fn missing_dockerfiles_are_told_outside_of_git() {
    let target = |of: &str| format!("target \"a\" {{\n  {of}\n  platforms = [\"linux/amd64\"]\n}}\n");
    let image = "image \"a\" {\n  repositories = [\"r.io/x/a\"]\n  tags = [\"1\"]\n}\n";
    let run = |of: &str, dockerfile: Option<&str>| {
        let test = Test::new().file("docker-bake.hcl", target(of) + image);
        let test = dockerfile.into_iter().fold(test, |test, path| test.file(path, "FROM scratch\n"));
        String::from_utf8(test.args(["plan"]).output().stderr).unwrap()
    };
    for of in ["dockerfile = \"Dockerfile.nope\"", "context = \"nope\""] {
        let talk = run(of, Some("Dockerfile"));
        assert!(talk.contains("note[absent]") && talk.contains("does not exist here"), "{talk}");
        // A Bake file may be planned without what it builds.
        assert!(!run(of, None).contains("absent"));
    }
    assert!(!run("dockerfile = \"b/Dockerfile\"", Some("b/Dockerfile")).contains("absent"));
}

#[test]
fn a_plan_of_nothing_leaves_nothing_to_verify() {
    let file = published("version = { pattern = \"{{ tag }}\", when = \"tag\" }");
    let planned =
        Test::new().file("docker-bake.hcl", file).args(["plan", "--fact", "branch=x", "--out", "o"]);
    assert!(planned.output().status.success());
    let output = Test::new().files(planned.folder(), "").args(["verify", "--plan", "o/plan.json"]).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && talk.contains("there is nothing to verify"), "{talk}");
}
