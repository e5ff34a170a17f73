//! Values of the command line that have no effect because an `image` block has the last word.

use crate::support::Test;

fn file(image: &str) -> String {
    format!(
        "variable \"TAG\" {{\n  default = \"edge\"\n}}\ntarget \"a\" {{\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n  tags = [\"ghcr.io/x/a:1\"]\n}}\nimage \"a\" {{\n{image}\n}}\n"
    )
}

/// What is told of a plan of this file with these options, which has no error.
#[track_caller]
fn talk(file: &str, options: &[&str]) -> String {
    let output = Test::new()
        .file("docker-bake.hcl", file)
        .args([&["metadata", "--format", "tags"][..], options].concat())
        .output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{options:?} {file}: {talk}");
    talk + &String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn told(image: &str, set: &str, expected: &str) {
    let talk = talk(&file(image), &["--set", set]);
    let is_told = talk.contains("warning[overruled]") && talk.contains(expected);
    assert!(is_told, "{image} {set}: {expected} is not in {talk}");
    assert_eq!(talk.matches("overruled").count(), 1, "{talk}");
}

#[track_caller]
fn quiet(image: &str, set: &str) {
    let talk = talk(&file(image), &["--set", set]);
    assert!(!talk.contains("overruled"), "{image} {set}: {talk}");
}

const BOTH: &str = "repositories = [\"ghcr.io/x/a\"]\ntags = [TAG]";

#[test]
fn tags_that_a_block_replaces_are_told() {
    for set in ["a.tags=ghcr.io/x/a:new", "*.tags=ghcr.io/x/a:new", "a.tags+=ghcr.io/x/a:new"] {
        let expected =
            format!("`--set {set}` publishes nothing: image `a` has `tags` and `repositories` of its own");
        told(BOTH, set, &expected);
    }
    told(
        "repositories = [\"ghcr.io/x/a\"]\nversion = \"1.2.3\"",
        "a.tags=ghcr.io/x/a:9",
        "has `version` and `repositories`",
    );
    told(
        "tags = [\"edge\"]",
        "a.tags=ghcr.io/x/a:new",
        "does not publish `ghcr.io/x/a:new`: image `a` has `tags`",
    );
    told("repositories = [\"ghcr.io/x/a\"]", "a.tags=ghcr.io/x/b:2", "publishes nothing in `ghcr.io/x/b`");
    quiet("repositories = [\"ghcr.io/x/a\"]", "a.tags=ghcr.io/x/a:2");
    quiet("tags = [\"edge\"]", "a.tags=ghcr.io/x/a:edge");
    quiet(BOTH, "a.tags=ghcr.io/x/a:edge");
    quiet("jobs = \"target\"", "a.tags=ghcr.io/x/a:new");
    // The cure.
    assert!(talk(&file(BOTH), &["--var", "TAG=new"]).ends_with("ghcr.io/x/a:new\n"));
}

#[test]
fn names_of_outputs_that_a_block_replaces_are_told() {
    let file = |image: &str| file(image).replace("  tags = [\"ghcr.io/x/a:1\"]\n", "");
    let set = "a.output=type=registry,name=ghcr.io/x/a:new";
    let told = talk(&file(BOTH), &["--set", set]);
    assert!(told.contains("warning[overruled]") && told.contains("publishes nothing"), "{told}");
    let told = talk(&file("jobs = \"target\""), &["--set", set]);
    assert!(!told.contains("overruled") && told.ends_with("ghcr.io/x/a:new\n"), "{told}");
}

#[test]
fn what_a_platform_block_replaces_is_told() {
    let image = |lines: &str| format!("{BOTH}\nplatform \"linux/arm64\" {{\n{lines}\n}}");
    for (line, set, name) in [
        ("args = { A = \"1\" }", "a.args.A=2", "args.A"),
        ("dockerfile = \"arm.Dockerfile\"", "a.dockerfile=Dockerfile", "dockerfile"),
        ("context = \"arm\"", "a.context=.", "context"),
        ("target = \"arm\"", "*.target=all", "target"),
        ("contexts = { base = \"arm\" }", "a.contexts.base=all", "contexts.base"),
    ] {
        let expected =
            format!("has no effect on `linux/arm64`: a `platform` block of image `a` sets `{name}`");
        told(&image(line), set, &expected);
    }
    told(&image("skip = true"), "a.platform=linux/amd64,linux/arm64", "builds nothing for `linux/arm64`");
    quiet(&image("args = { A = \"1\" }"), "a.args.B=2");
    quiet(&image("args = { A = \"1\" }"), "a.dockerfile=x");
    quiet(&image("runner = \"arm\""), "a.labels.x=1");
}

#[test]
fn annotations_that_a_block_replaces_are_told() {
    let image = format!("{BOTH}\nannotations = {{ k = \"own\" }}");
    told(&image, "a.annotations=index:k=other", "an annotation `k` of its own");
    quiet(&image, "a.annotations=index:k=own");
    quiet(&image, "a.annotations=index:other=1");
    quiet(&image, "a.annotations=k=other");
}

const FILE: &str = "variable \"TAG\" {\n  default = \"dev\"\n}\ntarget \"a\" {\n  platforms = [\"linux/amd64\"]\n  TAGS\n}\nimage \"a\" {\n  repositories = [\"ghcr.io/x/a\"]\n  tags = [\"edge\"]\n}\n";

/// What is told of these files, of which the first is named first.
#[track_caller]
fn told_of_files(files: &[(&str, &str)], options: &[&str], env: &[(&str, &str)]) -> String {
    let mut test = files.iter().fold(Test::new(), |test, (path, text)| test.file(path, text));
    test = env.iter().fold(test, |test, (name, value)| test.env(name, value));
    let named = files.iter().flat_map(|(path, _)| ["-f", path]);
    let output = test.args(["plan"].into_iter().chain(named).chain(options.iter().copied())).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{talk}");
    talk
}

#[test]
fn tags_of_a_later_file_that_a_block_replaces_are_told() {
    let meta = "{\"target\": {\"docker-metadata-action\": {\"tags\": [\"ghcr.io/x/a:pr-7\"]}}}";
    let inherited = FILE.replace("TAGS", "inherits = [\"docker-metadata-action\"]")
        + "target \"docker-metadata-action\" {\n  tags = [\"ghcr.io/x/a:local\"]\n}\n";
    let own = FILE.replace("TAGS", "tags = [\"ghcr.io/x/a:dev\"]");
    let again = "target \"a\" {\n  tags = [\"ghcr.io/x/a:new\"]\n}\n";
    for (files, place) in [
        ([("docker-bake.hcl", &*inherited), ("meta.json", meta)], "meta.json:1:"),
        ([("docker-bake.hcl", &*own), ("later.hcl", again)], "later.hcl:2:"),
        ([("docker-bake.hcl", &*own), ("ci/release.hcl", again)], "ci/release.hcl:2:"),
    ] {
        let talk = told_of_files(&files, &[], &[]);
        let told = "image `a` has tags and repositories of its own";
        assert!(talk.contains("warning[overruled]") && talk.contains(told) && talk.contains(place), "{talk}");
        // The cure.
        let cured = files[0].1.replace("  repositories = [\"ghcr.io/x/a\"]\n  tags = [\"edge\"]\n", "");
        let talk = told_of_files(&[(files[0].0, &cured), files[1]], &[], &[]);
        assert_eq!(talk, "", "{cured}");
    }
    // In the target's own file, they are for people.
    assert_eq!(told_of_files(&[("docker-bake.hcl", &own)], &[], &[]), "");
    assert_eq!(told_of_files(&[("docker-bake.hcl", &inherited)], &[], &[]), "");
    let local = again.replace("ghcr.io/x/a:new", "app:dev").replace("tags =", "args = { A = \"b\" }\n  #");
    assert_eq!(told_of_files(&[("docker-bake.hcl", &own), ("later.hcl", &local)], &[], &[]), "");
}

#[test]
fn variables_that_only_replaced_tags_use_are_told() {
    let own = FILE.replace("TAGS", "tags = [\"ghcr.io/x/a:${TAG}\"]");
    let file = [("docker-bake.hcl", &*own)];
    let talk = told_of_files(&file, &["--var", "TAG=new"], &[]);
    assert!(talk.contains("warning[overruled]: `--var TAG` has no effect"), "{talk}");
    let talk = told_of_files(&file, &[], &[("TAG", "new")]);
    assert!(talk.contains("note[overruled]: the environment variable `TAG` has no effect"), "{talk}");
    assert_eq!(told_of_files(&file, &[], &[]), "");
    for more in [
        own.replace("tags = [\"edge\"]", "tags = [TAG]"),
        own.replace("platforms", "args = { TAG = TAG }\n  platforms"),
        own.replace("  repositories = [\"ghcr.io/x/a\"]\n", ""),
        own.clone()
            + "target \"b\" {\n  tags = [\"ghcr.io/x/b:${TAG}\"]\n  platforms = [\"linux/amd64\"]\n}\n",
        own.clone() + "variable \"OTHER\" {\n  default = TAG\n}\n",
    ] {
        for (options, env) in [(&["--var", "TAG=new"][..], &[][..]), (&[], &[("TAG", "new")])] {
            let talk = told_of_files(&[("docker-bake.hcl", &more)], options, env);
            assert!(!talk.contains("overruled"), "{more}: {talk}");
        }
    }
}
