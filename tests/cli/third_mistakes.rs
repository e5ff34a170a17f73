//! Mistakes whose cure was not said: why nothing is tagged, which file is not read, and what stands in the wrong place.

use crate::support::Test;

/// What is said of these files, and the exit code.
fn run(files: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, String) {
    let test = files.iter().fold(Test::new(), |test, (path, text)| test.file(path, text));
    let output = test.args(arguments.iter().copied()).output();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn image(lines: &str) -> String {
    format!(
        "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"app\" {{\n  repositories = [\"r.io/x/app\"]\n{lines}\n}}\n"
    )
}

fn of_image(lines: &str, arguments: &[&str]) -> (Option<i32>, String) {
    run(&[("docker-bake.hcl", &image(lines))], arguments)
}

fn of_file(text: &str) -> (Option<i32>, String) {
    run(&[("docker-bake.hcl", text)], &["plan"])
}

#[track_caller]
fn says((code, talk): (Option<i32>, String), expected_code: i32, expected: &str) {
    assert_eq!(code, Some(expected_code), "{expected}: {talk}");
    assert!(talk.contains(expected), "{expected} is not in {talk}");
}

#[test]
fn a_git_tag_that_gives_no_tag_is_told_why() {
    for (tags, tag, why) in [
        (
            "\"type=semver,pattern={{version}}\"",
            "v1.2",
            "note: `v1.2` is not a valid SemVer version, so the rule gives no tag",
        ),
        ("\"type=semver,pattern={{version}}\"", "nightly", "note: `nightly` is not a valid SemVer version"),
        ("\"type=semver,pattern={{major}}\"", "v2.0rc1", "note: `v2.0rc1` is not a valid SemVer version"),
        ("\"type=pep440,pattern={{version}}\"", "api/1.0", "note: `api/1.0` is not a valid PEP 440 version"),
        ("\"type=match,pattern=v(.*),group=1\"", "nightly", "note: `v(.*)` does not match `nightly`"),
        (
            "\"{{ branch }}\"",
            "v1.2.3",
            "which need what a run of `refs/tags/v1.2.3` does not have: `{{ branch }}`",
        ),
    ] {
        let lines = format!("tags = [{tags}]");
        let arguments = ["plan".to_owned(), format!("--fact=tag={tag}"), "--fact=event=push".to_owned()];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (code, talk) = of_image(&lines, &arguments);
        assert!(!talk.contains("gives none for it"), "{talk}");
        // The entry that gives none is shown.
        assert!(talk.contains(&format!("tags = [{tags}]")), "{talk}");
        says((code, talk), 1, why);
    }
    let semver = "tags = [\"type=semver,pattern={{version}}\"]";
    says(of_image(semver, &["plan", "--fact=tag=v1.2"]), 1, "help: write `version = \"{{ tag }}\"`");
    // Where nothing was said of an entry, the image is named.
    let declined = "tags = [{ pattern = \"nightly\", when = \"event == 'schedule'\" }]";
    let said = of_image(declined, &["plan", "--fact=tag=v1", "--fact=event=push"]);
    says(said, 1, "what image `app` says of `version` and `tags` gives none for it");
    let (code, talk) = of_image(semver, &["plan", "--fact=tag=v1.2.3"]);
    assert!(code == Some(0) && !talk.contains("no-tag"), "{talk}");
}

#[test]
fn an_axis_without_a_name_is_noted() {
    let tags = |variant: &str| {
        let file =
            image(&format!("version = \"1.2.3\"\ntags = [\"{{{{ version }}}}\"]\nvariant = {variant}"));
        let test = Test::new().file("docker-bake.hcl", file).args(["plan", "--format=json"]);
        let output = test.output();
        let plan: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let tags = plan["images"]["app"]["tags"].as_array().unwrap().clone();
        let names: Vec<String> = tags.iter().map(|tag| tag["name"].as_str().unwrap().to_owned()).collect();
        (names.join(" "), String::from_utf8(output.stderr).unwrap())
    };
    for variant in ["[\"slim\", \"\"]", "[\"\", \"slim\"]", "[\"slim\", [\"\"]]", "[[\"slim\"], \"\"]"] {
        let (names, talk) = tags(variant);
        assert_eq!(names, "1.2.3-slim");
        assert!(talk.contains("this axis of `variant` has no name"), "{variant}: {talk}");
        assert!(talk.contains("`variant = [[\\\"slim\\\", \\\"\\\"]]`"), "{variant}: {talk}");
    }
    assert!(tags("[\"\"]").1.contains("leave `variant` out"));
    // The form that it shows, and values that are empty for this image alone.
    for (variant, expected) in [
        ("[[\"slim\", \"\"]]", "1.2.3-slim 1.2.3"),
        ("[\"slim\", [\"trixie\", \"\"]]", "1.2.3-slim-trixie 1.2.3-slim"),
        ("\"\"", "1.2.3"),
        ("[\"slim\", true ? \"\" : \"x\"]", "1.2.3-slim"),
        ("\"slim\"", "1.2.3-slim"),
    ] {
        let (names, talk) = tags(variant);
        assert_eq!(names, expected);
        assert!(!talk.contains("this axis"), "{variant}: {talk}");
    }
}

const COMPOSE: &str = "services:\n  app:\n    image: r.io/x/app:dev\n    build:\n      context: .\n      platforms: [linux/amd64]\n";

#[test]
fn image_blocks_in_yaml_are_told_where_they_belong() {
    let blocks = "image:\n  app:\n    version: \"1.2.3\"\n";
    let cure = "`image` blocks are HCL or JSON: write them into `images.hcl` or `images.json`";
    for name in ["images.yaml", "images.yml", "image.yaml", "Images.yml"] {
        let (code, talk) = run(&[("compose.yaml", COMPOSE), (name, blocks)], &["plan"]);
        assert!(code == Some(0) && talk.contains(&format!("`{name}` looks like input")), "{talk}");
        assert!(talk.contains(cure) && !talk.contains("-f compose.yaml"), "{talk}");
        says(run(&[(name, blocks)], &["plan", "-f", name]), 1, cure);
    }
    // Beside others, these are still named.
    let (_, talk) = run(
        &[("compose.yaml", COMPOSE), ("images.yaml", blocks), ("bake.hcl", "target \"b\" {}\n")],
        &["plan"],
    );
    assert!(talk.contains("`-f compose.yaml -f bake.hcl`") && talk.contains(cure), "{talk}");

    // In the Compose file itself.
    let top = "`image` blocks stand in a file of their own beside it";
    for (more, said) in [
        ("image:\n  app:\n    version: \"1.2.3\"\n", top),
        ("images:\n  app:\n    tags: [edge]\n", top),
        ("x-image:\n  app:\n    repositories: [r.io/x/app]\n", top),
        ("x-images:\n  version: \"1\"\n", top),
    ] {
        says(run(&[("compose.yaml", &format!("{COMPOSE}{more}"))], &["plan"]), 0, said);
    }
    let of_service = COMPOSE.replace("    build:", "    x-image:\n      version: \"1.2.3\"\n    build:");
    says(
        run(&[("compose.yaml", &of_service)], &["plan"]),
        0,
        "write `image \"app\" { … }` into `images.hcl`",
    );
    // What services share has the same name.
    for more in [
        "x-image: &image r.io/x/base:1\n",
        "x-image: &image\n  image: r.io/x/base:1\n  tags: 1\n",
        "x-image: &image\n  build:\n    tags: [r.io/x/app:1]\n",
        "x-images:\n  base: r.io/x/base:1\n",
    ] {
        let (code, talk) = run(&[("compose.yaml", &format!("{COMPOSE}{more}"))], &["plan"]);
        assert!(code == Some(0) && !talk.contains("images.hcl"), "{more}: {talk}");
    }
}

#[test]
fn a_file_that_would_be_read_if_it_were_named_is_named() {
    for name in
        ["docker-compose.prod.yml", "compose.prod.yaml", "docker-compose.build.yml", "docker-bake.local.hcl"]
    {
        let text = if name.ends_with("hcl") { "target \"app\" {}\n" } else { COMPOSE };
        says(run(&[(name, text)], &["plan"]), 1, &format!("`-f {name}` reads `{name}`"));
    }
    for name in ["compose.override.yaml", "app.yaml", "images.yaml"] {
        let (code, talk) = run(&[(name, COMPOSE)], &["plan"]);
        assert!(code == Some(1) && !talk.contains(&format!("-f {name}")), "{name}: {talk}");
    }
}

#[test]
fn a_service_without_a_build_is_one() {
    let compose = "services:\n  db:\n    image: postgres:17\n  cache:\n    image: redis:8\n  app:\n    image: r.io/x/app:dev\n    build: .\n";
    for blocks in [
        "image \"db\" {}\n",
        "image \"x\" {\n  target = \"cache\"\n}\n",
        "image \"y\" {\n  targets = [\"app\", \"db\"]\n}\n",
    ] {
        let said = run(&[("compose.yaml", compose), ("images.hcl", blocks)], &["plan"]);
        assert!(said.1.contains("compose.yaml:"), "{}", said.1);
        says(said, 1, "help: add one, such as `build: .`, or leave the block out");
    }
    let said = run(&[("compose.yaml", compose), ("images.hcl", "image \"web\" {}\n")], &["plan"]);
    says(said, 1, "or declare it");
    says(run(&[("compose.yaml", compose), ("images.hcl", "image \"app\" {}\n")], &["plan"]), 0, "");
}

#[test]
fn what_is_called_otherwise_elsewhere_is_told_what_it_is_called() {
    says(of_file("variable \"TAG\" { value = \"a\" }\ntarget \"app\" {}\n"), 0, "did you mean `default`?");
    says(of_file("target \"a\" {}\ngroup \"default\" { target = [\"a\"] }\n"), 1, "did you mean `targets`?");
    says(of_file("target \"a\" {}\ngroup \"default\" { targest = [\"a\"] }\n"), 1, "did you mean `targets`?");
    says(of_file("target \"a\" {}\ngroup \"default\" { members = [\"a\"] }\n"), 1, "list the targets");
    for (file, help) in [
        (
            "target \"base\" {}\ntarget \"a\" { inherits = [target.base] }\n",
            "a target is called by its name, in quotes: `\"base\"`",
        ),
        (
            "target \"a\" {}\ngroup \"g\" { targets = [target.a] }\n",
            "a target is called by its name, in quotes: `\"a\"`",
        ),
    ] {
        says(of_file(file), 1, help);
    }
    // An attribute of it is a value.
    says(
        of_file("target \"base\" { context = \"x\" }\ntarget \"a\" { context = target.base.context }\n"),
        0,
        "",
    );
}

#[test]
fn platforms_in_one_string_are_shown_apart() {
    for (written, help) in [
        ("linux/amd64;linux/arm64", "`\"linux/amd64\", \"linux/arm64\"`"),
        ("linux/amd64 linux/arm64", "`\"linux/amd64\", \"linux/arm64\"`"),
        ("linux/amd64|linux/arm/v7", "`\"linux/amd64\", \"linux/arm/v7\"`"),
        ("linux/amd64 ", "`\"linux/amd64\"`"),
        (" linux/arm64", "`\"linux/arm64\"`"),
    ] {
        says(of_file(&format!("target \"a\" {{\n  platforms = [\"{written}\"]\n}}\n")), 1, help);
    }
    let (_, talk) = of_file("target \"a\" {\n  platforms = [\"linux/%\"]\n}\n");
    assert!(talk.contains("error[") && !talk.contains("help:"), "{talk}");
}

#[test]
fn a_version_inside_a_reference_is_shown_alone() {
    for (version, alone) in [
        ("ghcr.io/acme/app:1.2.3", "1.2.3"),
        ("refs/tags/v1.2.3", "v1.2.3"),
        ("localhost:5000/app:2.0.0-rc.1", "2.0.0-rc.1"),
        ("acme/app:3", "3"),
    ] {
        let (code, talk) = of_image(&format!("version = \"{version}\""), &["plan"]);
        assert_eq!(talk.contains("git tag"), version.starts_with("refs/"), "{talk}");
        says((code, talk), 1, &format!("a version stands alone: `{alone}`"));
    }
    let (code, talk) = of_image("version = \"1.2.3/4\"", &["plan"]);
    assert!(
        code == Some(1) && !talk.contains("git tag") && talk.contains("a version looks like `1.2.3`"),
        "{talk}"
    );
    // In a git tag, there is a prefix.
    says(of_image("version = \"{{ tag }}\"", &["plan", "--fact=tag=app/x/y"]), 1, "goes into `tag_prefix`");
}

#[test]
fn a_rule_without_its_type_is_told_so() {
    for (rule, kind) in [
        ("semver,pattern={{version}}", "semver"),
        ("match,pattern=v(.*),group=1", "match"),
        ("ref,event=branch", "ref"),
        ("sha,format=long", "sha"),
    ] {
        says(of_image(&format!("tags = [\"{rule}\"]"), &["plan"]), 1, &format!("write `type={kind},…`"));
    }
    // A tag may be called so, and another attribute that is none is no type.
    let (code, talk) = of_image("tags = [\"edge,priority=10\"]", &["plan"]);
    assert_eq!(code, Some(0), "{talk}");
    says(of_image("tags = [\"beta,pattern=x\"]", &["plan"]), 1, "`type=raw` has no attribute `pattern`");
}

#[test]
fn a_word_in_capitals_may_be_a_variable() {
    for word in ["VERSION", "TAG", "BRANCH"] {
        let near = word.to_lowercase();
        let help = format!("did you mean `{near}`? A variable of the file is `${{{word}}}`");
        says(of_image(&format!("tags = [\"{{{{ {word} }}}}\"]"), &["plan"]), 1, &help);
    }
    says(of_image("tags = [\"{{ FLAVOUR }}\"]", &["plan"]), 1, "a variable of the file is `${FLAVOUR}`");
    says(of_image("tags = [\"{{ versoin }}\"]", &["plan"]), 1, "did you mean `version`?\n");
    let said = of_image("tags = [{ pattern = \"edge\", when = \"preprelease\" }]", &["plan"]);
    says(said, 1, "did you mean `prerelease`?");
    says(of_image("tags = [{ pattern = \"edge\", when = \"stable\" }]", &["plan"]), 1, "`prerelease`");
}

#[test]
fn a_commit_of_another_length_is_never_one() {
    let warned = |when: &str, more: &[&str]| {
        let lines = format!("tags = [\"x\", {{ pattern = \"edge\", when = \"{when}\" }}]");
        let commit = format!("--fact=commit={}", "0123456789".repeat(4));
        of_image(&lines, &[&["plan", "--fact=branch=main", &commit], more].concat()).1
    };
    for when in ["sha == '0123456789abcdef'", "sha == '012345'", "commit == '0123456'"] {
        let talk = warned(when, &[]);
        assert!(
            talk.contains("is never `") && talk.contains("ask `commit is startingwith('"),
            "{when}: {talk}"
        );
    }
    for (when, more) in [
        ("sha == '0123456'", &[][..]),
        ("sha == '012345678901'", &["--fact=sha_length=12"]),
        ("commit is startingwith('0123')", &[]),
    ] {
        let talk = warned(when, more);
        assert!(!talk.contains("never"), "{when}: {talk}");
    }
}

#[test]
fn caches_and_attestations_that_there_are_not_are_noticed() {
    for (line, help) in [
        ("cache-to = [\"type=nope\"]", "the types are `registry`"),
        ("cache-to = [\"type=INLINE\"]", "did you mean `type=inline`?"),
        ("cache-to = [\"type=github\"]", "the types are `registry`"),
        ("attest = [\"type=nope\"]", "the types are `provenance`, `sbom`"),
        ("attest = [\"type=sboms\"]", "did you mean `type=sbom`?"),
        ("output = [\"type=IMAGE\"]", "did you mean `type=image`?"),
    ] {
        let (_, talk) = of_file(&format!("target \"a\" {{\n  platforms = [\"linux/amd64\"]\n  {line}\n}}\n"));
        assert!(talk.contains("[refused-value]") && talk.contains(help), "{line}: {talk}");
    }
    for line in [
        "cache-to = [\"type=inline\"]",
        "cache-from = [\"type=s3,region=r,bucket=b\", \"r.io/x/cache\"]",
        "attest = [\"type=sbom\", \"type=provenance,mode=max\"]",
        "attest = [\"type=provenance,disabled=true\"]",
        "attest = [\"type=SBOM\"]",
        // A build goes without what it cannot read.
        "cache-from = [\"type=github\"]",
    ] {
        let (_, talk) = of_file(&format!("target \"a\" {{\n  platforms = [\"linux/amd64\"]\n  {line}\n}}\n"));
        assert!(!talk.contains("refused-value"), "{line}: {talk}");
    }
}

#[test]
fn a_name_that_there_is_not_is_shown_as_it_is_written() {
    let file = "target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags = [\"r.io/x/app:1\"]\n}\ntarget \"web_api\" {}\n";
    for name in ["app:1.2.3", "app.x.y", "v1.2.3"] {
        for command in ["plan", "print"] {
            let (code, talk) = run(&[("docker-bake.hcl", file)], &[command, name]);
            assert!(talk.contains(&format!("`{name}`")) && !talk.contains(&name.replace('.', "_")), "{talk}");
            assert_eq!(code, Some(1), "{talk}");
        }
    }
    // A dot stands for the underscore that Bake makes of it.
    says(run(&[("docker-bake.hcl", file)], &["print", "web.api"]), 0, "");
}

#[test]
fn a_suffix_of_releases_is_none_to_semver() {
    let of = |lines: &str| of_image(&format!("{lines}\nlatest = true"), &["plan"]).1;
    for suffix in ["lts", "acme", "k3s1"] {
        let lines = format!("version = \"1.2.3-{suffix}\"\nstable_suffixes = [\"{suffix}\"]\n");
        let talk = of(&format!("{lines}scheme = \"semver\""));
        assert!(
            talk.contains("warning[idle-attribute]: `stable_suffixes` changes nothing for `1.2.3-"),
            "{talk}"
        );
        assert!(!of(&lines).contains("changes nothing"), "{suffix}");
    }
    for version in ["1.2.3", "1.2.3-rc.1", "1.2.3+acme"] {
        let lines = format!(
            "version = \"{version}\"\nstable_suffixes = [\"acme\"]\nscheme = \"semver\"\ntags = [\"{{{{ semver }}}}\"]"
        );
        assert!(!of(&lines).contains("changes nothing for"), "{version}");
    }
}

#[test]
fn a_file_that_is_chosen_for_image_blocks_has_some() {
    let target = "target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags = [\"r.io/x/app:1\"]\n}\n";
    for arguments in [
        &["plan", "--images", "docker-bake.hcl"][..],
        &["plan", "-f", "docker-bake.hcl", "--images", "docker-bake.hcl"],
        &["plan", "--images=docker-bake.hcl", "app"],
    ] {
        let talk = run(&[("docker-bake.hcl", target)], arguments).1;
        assert!(talk.contains("[unknown-block]: this file has no `image` block"), "{arguments:?}: {talk}");
        let with = format!("{target}image \"app\" {{}}\n");
        assert!(!run(&[("docker-bake.hcl", &with)], arguments).1.contains("unknown-block"), "{arguments:?}");
    }
    let talk = run(&[("docker-bake.hcl", target)], &["plan", "--images", "none"]).1;
    assert!(!talk.contains("unknown-block"), "{talk}");
    let talk = run(&[("docker-bake.hcl", target), ("images.hcl", target)], &["plan"]).1;
    assert!(!talk.contains("unknown-block"), "{talk}");
}
