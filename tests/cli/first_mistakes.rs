//! Mistakes of the first day: each is refused, or noted, with the cure.

use crate::support::Test;

const FILE: &str = "target \"a\" {\n  platforms = [\"linux/amd64\"]\n}\n";

/// Runs the command on the file and looks for each text in what is told.
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
fn arguments_that_are_no_names_are_explained() {
    for file in ["docker-bake.hcl", "meta.json", "compose.yaml", "deploy/images.yml"] {
        told(FILE, &["plan", file], 1, &[&format!("`-f {file}`")]);
        told(FILE, &["print", file], 1, &[&format!("`-f {file}`")]);
    }
    for (word, value) in [
        ("false", "false"),
        ("no", "false"),
        ("off", "false"),
        ("0", "false"),
        ("Yes", "true"),
        ("on", "true"),
    ] {
        told(FILE, &["plan", "--publish", word], 1, &[&format!("`--publish={value}`")]);
        told(FILE, &["plan", &format!("--publish={value}")], 0, &[]);
    }
    for folder in [".", "./", "..", "deploy/", "./deploy", "/srv/app", ".\\deploy"] {
        told(FILE, &["plan", folder], 1, &[&format!("`bakeplan -C {folder} …`")]);
        told(&published(""), &["plan", folder], 1, &[&format!("`bakeplan -C {folder} …`")]);
        told(FILE, &["print", folder], 1, &[&format!("`bakeplan -C {folder} …`")]);
    }
    told(&published("tags = [\"1\"]"), &["-C", "./", "plan"], 0, &[]);
    for name in ["ghcr.io/acme/app", "services/api"] {
        told(&published(""), &["plan", name], 1, &["no name has a `/`", "`image` block or target"]);
    }
    for file in ["Dockerfile", "app/Dockerfile", "app.dockerfile"] {
        told(&published(""), &["plan", file], 1, &["named in a target, as `dockerfile`"]);
    }
    told(&published(""), &["plan", "--push", "true"], 1, &["`--push=true`"]);
    // Names may look like them.
    let names = "target \"true\" {}\ntarget \"app_json\" {\n  tags = [\"r.io/a/b:1\"]\n}\n";
    told(names, &["plan", "true"], 0, &[]);
    told(names, &["plan", "app.json"], 0, &[]);
}

#[test]
fn usage_errors_say_what_was_meant() {
    told(FILE, &["-f", "x", "plan"], 2, &["`bakeplan plan -f …`"]);
    told(FILE, &["--set", "a.tags=x", "print"], 2, &["`bakeplan print --set …`"]);
    told(FILE, &["--require-all", "merge"], 2, &["`bakeplan merge --require-all …`"]);
    told(FILE, &["build"], 2, &["docker buildx bake"]);
    told(FILE, &["push"], 2, &["`bakeplan merge`"]);
    told(FILE, &["ls"], 2, &["`bakeplan plan`"]);
    told(FILE, &["github", "workflow"], 2, &["`bakeplan workflow github`"]);
    // Commands with several forms show all of them.
    told(FILE, &["workflow"], 2, &["<github|gitlab>"]);
    told(FILE, &["explain"], 2, &["bakeplan explain [OPTIONS] --list"]);
    told(FILE, &["diff"], 2, &["bakeplan diff [OPTIONS] --against <REVISION>", "<OLD> <NEW>"]);
    let floating = "bakeplan promote [OPTIONS] --floating <REPOSITORY> --plan <FILE>";
    told(FILE, &["promote", "--floating", "r.io/x/a"], 2, &[floating]);
    told(FILE, &["promote", "--floating", "r.io/x/a", "--to", "r.io/x/a:1"], 2, &[floating]);
    told(FILE, &["--nonsense", "plan"], 2, &["unexpected argument"]);
}

#[test]
fn references_and_rules_in_tags_are_explained() {
    for (tag, repository, name) in [
        ("ghcr.io/a/b:latest", "ghcr.io/a/b", "latest"),
        ("localhost:5000/x:1.2", "localhost:5000/x", "1.2"),
        ("quay.io/acme/app:edge", "quay.io/acme/app", "edge"),
        ("ghcr.io/x/a:{{ version }}", "ghcr.io/x/a", "{{ version }}"),
        ("localhost:5000/x:v{{ major }}", "localhost:5000/x", "v{{ major }}"),
    ] {
        let (wrong, right) = (format!("tags = [\"{tag}\"]"), format!("`tags = [\"{name}\"]`"));
        let cure = format!("`repositories = [\"{repository}\"]` and {right}");
        let versioned = |lines: &str| format!("version = \"1.2.3\"\n{lines}");
        told(&image(&versioned(&wrong)), &["plan"], 1, &[&cure]);
        let cured = format!("repositories = [\"{repository}\"]\ntags = [\"{name}\"]");
        told(&image(&versioned(&cured)), &["plan"], 0, &[]);
        // What is there already is not proposed.
        told(
            &published(&versioned(&wrong)),
            &["plan"],
            1,
            &[&format!("write {right}, and add `\"{repository}\"` to `repositories`")],
        );
        let own = format!("repositories = [\"{repository}\"]\n{wrong}");
        told(&image(&versioned(&own)), &["plan"], 1, &[&format!("write {right}: tags are written")]);
    }
    told(
        &published("version = \"1.2.3\"\ntags = [\"a:{{ version }}\"]"),
        &["plan"],
        1,
        &["help: write `tags = [\"{{ version }}\"]`: tags are written"],
    );
    told(
        &format!(
            "variable \"REPO\" {{\n  default = \"r.io/x/a\"\n}}\n{}",
            published("version = \"1.2.3\"\ntags = [\"${REPO}:{{ version }}\"]")
        ),
        &["plan"],
        1,
        &["help: write `tags = [\"{{ version }}\"]`: tags are written"],
    );
    told(
        &published("version = \"1.2.3\"\ntags = [\"$version\"]"),
        &["plan"],
        1,
        &["a pattern is written `{{ version }}`"],
    );
    told(&published("tags = [\"ghcr.io/x/b\"]"), &["plan"], 1, &["move `\"ghcr.io/x/b\"` to `repositories`"]);
    told(&published("tags = [\"r.io/x/a\"]"), &["plan"], 1, &["stands in `repositories` already"]);
    told(&image("tags = [\"ghcr.io/x/a\"]"), &["plan"], 1, &["write `repositories = [\"ghcr.io/x/a\"]`"]);
    told(
        &published("tags = [\"a@sha256:0123456789012345678901234567890123456789012345678901234567890123\"]"),
        &["plan"],
        1,
        &["cannot have a digest"],
    );
    let rules = published("tags = <<EOT\ntype=raw,value=edge\ntype=raw,value=next\nEOT");
    told(&rules, &["plan"], 1, &["`tags = [\"type=raw,value=edge\", \"type=raw,value=next\"]`"]);
    told(&published("tags = [\"type=raw,value=edge\", \"type=raw,value=next\"]"), &["plan"], 0, &[]);
}

#[test]
fn versions_that_are_none_are_explained() {
    let empty = ["the version is empty", "leave `version` out"];
    told(&published("version = \"\""), &["plan"], 1, &empty);
    for (tag, prefix) in [("release-1.2.3", "release-"), ("api_2.0", "api_"), ("app@2.0", "app@")] {
        let fact = format!("tag={tag}");
        let file = published("version = \"{{ tag }}\"");
        told(&file, &["plan", "--fact", &fact], 1, &[&format!("`tag_prefix = \"{prefix}\"`")]);
        let cured = published(&format!("version = \"{{{{ tag }}}}\"\ntag_prefix = \"{prefix}\""));
        told(&cured, &["plan", "--fact", &fact], 0, &[]);
    }
}

#[test]
fn platforms_that_nothing_builds_are_refused() {
    let target = |all: &str| format!("target \"a\" {{\n  tags = [\"r.io/x/a:1\"]\n  platforms = {all}\n}}\n");
    let plan = ["plan", "a"];
    told(&target("[\"linux/x64\"]"), &plan, 1, &["error[unknown-platform]", "did you mean `amd64`?"]);
    told(&target("[\"linux/armv7\"]"), &plan, 1, &["error[unknown-platform]", "did you mean `arm/v7`?"]);
    told(&target("[\"linux/arm7\"]"), &plan, 1, &["did you mean `arm/v7`?"]);
    told(&target("[\"linux/arm/v7\"]"), &plan, 0, &[]);
    told(&target("[\"arm32v7\"]"), &plan, 1, &["did you mean `linux/arm/v7`?"]);
    told(&target("[\"linux(+)/amd64\"]"), &plan, 1, &["a feature is empty"]);
    told(&target("[\"linux/arm/v9\"]"), &plan, 0, &["warning[unknown-variant]", "`v9` of `arm`"]);
    told(&target("[\"linux/amd64/v7\"]"), &plan, 0, &["warning[unknown-variant]", "`v7` of `amd64`"]);
    told(&target("[\"linux/arm64/v9\", \"linux/arm64/v8.2\"]"), &plan, 0, &[]);
    told(&target("[\"linux/risc\"]"), &plan, 1, &["error[unknown-platform]"]);
    told(&target("[\"linx/amd64\"]"), &plan, 1, &["did you mean `linux`?"]);
    told(&target("\"linux/amd64\""), &plan, 1, &["`platforms = [\"linux/amd64\"]`"]);
    told(&target("[\"linux/x86_64\", \"linux/aarch64\", \"linux/loong64\", \"wasi/wasm\"]"), &plan, 0, &[]);
    told(&target("[\"windows/amd64\"]"), &plan, 1, &["depends on its Dockerfile", "\"ubuntu-latest\""]);
    told(&target("[\"linux/amd64\"]"), &["plan", "a", "--platform", "arm"], 1, &["are `linux/amd64`"]);
}

#[test]
fn runners_that_are_not_by_platform_are_shown_how() {
    let file = |runners: &str| {
        format!(
            "target \"a\" {{\n  tags = [\"r.io/x/a:1\"]\n  platforms = [\"linux/amd64\"]\n}}\nimage {{\n  runners = {runners}\n}}\n"
        )
    };
    for runners in ["\"self-hosted\"", "[\"self-hosted\"]", "[\"self-hosted\", \"arm64\"]", "1", "true"] {
        told(
            &file(runners),
            &["plan", "a"],
            1,
            &["error[attribute-type]", "`{ default = \"self-hosted\" }`"],
        );
    }
    told(&file("{ default = \"self-hosted\" }"), &["plan", "a"], 0, &[]);
}

#[test]
fn windows_is_never_emulated() {
    let file = "target \"a\" {\n  tags = [\"r.io/x/a:1\"]\n  platforms = [\"windows/amd64\", \"linux/s390x\"]\n}\nimage {\n  runners = { windows = \"ubuntu-latest\" }\n}\n";
    let output = Test::new().file("docker-bake.hcl", file).args(["matrix", "--format", "json", "a"]).output();
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let qemu = rows.as_array().unwrap().iter().map(|row| row["qemu"].as_bool().unwrap());
    assert_eq!(qemu.collect::<Vec<_>>(), [false, true]);
}

#[test]
fn outputs_of_the_command_line_are_explained() {
    let file = "target \"a\" {\n  tags = [\"r.io/x/a:1\"]\n  platforms = [\"linux/amd64\"]\n  output = [\"type=docker\"]\n}\n";
    // Where the other one is not pushed, both are in the way.
    told(
        file,
        &["plan", "a", "--push"],
        1,
        &["`--push` or `--load`", "leave `output` out, and that option too"],
    );
    let plain = file.replace("  output = [\"type=docker\"]\n", "");
    told(&plain, &["plan", "a"], 0, &[]);
    told(&plain, &["plan", "a", "--load"], 0, &["nothing is published", "leave `--load`"]);
    let image = file.replace("docker", "image");
    told(&image, &["plan", "a", "--load"], 1, &["`--push` or `--load`", "leave that option out"]);
    told(&image, &["plan", "a"], 0, &[]);
    told(&file.replace("docker", "image"), &["plan", "a", "--push"], 0, &[]);
}

#[test]
fn typos_in_targets_are_noted() {
    let file = "target \"a\" {\n  tags = [\"r.io/x/a:1\"]\n  platfroms = [\"linux/amd64\"]\n}\n";
    let noted = ["warning[unknown-attribute]", "did you mean `platforms`?"];
    told(file, &["plan", "a"], 0, &noted);
    told(file, &["print", "a"], 0, &noted);
    told(file, &["matrix", "a"], 0, &noted);
    told(file, &["plan", "--strict", "a"], 1, &["error[unknown-attribute]"]);
}

#[test]
fn what_a_second_declaration_leaves_out_is_null() {
    let file = "target \"meta\" {\n  tags = [\"r.io/x/a:1\"]\n}\ntarget \"meta\" {\n  args = { A = \"1\" }\n}\ntarget \"a\" {\n  USE\n  platforms = [\"linux/amd64\"]\n}\n";
    let noted = ["warning[null-reference]", "`inherits = [\"meta\"]`"];
    told(&file.replace("USE", "tags = target.meta.tags"), &["plan", "a"], 0, &noted);
    told(&file.replace("USE", "pull = target.meta.tags == null"), &["print", "a"], 0, &noted);
    told(&file.replace("USE", "tags = target.meta.tags"), &["plan", "--strict", "a"], 1, &["null-reference"]);
    let cured = file.replace("USE", "inherits = [\"meta\"]");
    let output = Test::new().file("docker-bake.hcl", &cured).args(["plan", "a"]).output();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn errors_say_that_a_second_declaration_leaves_it_out() {
    let file = "target \"meta\" {\n  tags = [\"r.io/x/a:1\"]\n  args = { A = \"1\" }\n  context = \".\"\n}\ntarget \"meta\" {\n  description = \"x\"\n}\n";
    let uses = [
        "tags = [target.meta.tags[0]]",
        "args = { X = target.meta.args.A }",
        "args = { X = target.meta.args[\"A\"] }",
        "tags = concat(target.meta.tags, [\"r.io/x/a:2\"])",
        "context = upper(target.meta.context)",
        "tags = [for t in target.meta.tags : t]",
        "context = \"${target.meta.context}/x\"",
        "tags = [target.meta.context]",
        "tags = [\"${target.meta.tags}\"]",
        "tags = target.meta.tags[*] == [] ? [] : [target.meta.tags.0]",
    ];
    for one in uses {
        let both = format!("{file}target \"a\" {{\n  {one}\n}}\n");
        told(
            &both,
            &["print", "a"],
            1,
            &["declared again", "`inherits = [\"meta\"]` takes the merged declarations"],
        );
        let once = both.replace("target \"meta\" {\n  description = \"x\"\n}\n", "");
        let output = Test::new().file("docker-bake.hcl", &once).args(["print", "a"]).output();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert!(!talk.contains("declared again"), "{one}: {talk}");
    }
    // An error that has another cause has none of it.
    let other =
        format!("{file}target \"a\" {{\n  pull = target.meta.tags == null\n  tags = [upper(null)]\n}}\n");
    let output = Test::new().file("docker-bake.hcl", &other).args(["print", "a"]).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(talk.contains("error[") && !talk.contains("declared again"), "{talk}");
}

#[test]
fn tags_collide_where_two_targets_publish_them() {
    let file =
        "target \"meta\" {\n  tags = [\"r.io/x/a:local\"]\n}\ntarget \"a\" {\n  inherits = [\"meta\"]\n}\n";
    // Nobody builds the target whose placeholders others take.
    told(file, &["print", "--strict", "a"], 0, &[]);
    let linked = file.replace("[\"meta\"]", "[\"meta\"]\n  contexts = { base = \"target:meta\" }");
    told(&linked, &["print", "--strict", "a"], 0, &[]);
    told(file, &["print", "--strict", "meta", "a"], 1, &["error[tag-collision]"]);
    let group = format!("group \"default\" {{\n  targets = [\"meta\", \"a\"]\n}}\n{file}");
    told(&group, &["print", "--strict"], 1, &["error[tag-collision]"]);
    let two = format!("{file}target \"b\" {{\n  inherits = [\"meta\"]\n}}\n");
    told(&two, &["print", "--strict", "a", "b"], 1, &["error[tag-collision]"]);
    let with =
        |output: &str| two.replace("target \"b\" {", &format!("target \"b\" {{\n  output = [\"{output}\"]"));
    for output in [
        "type=local,dest=x",
        "type=tar,dest=x",
        "type=oci,dest=x",
        "type=cacheonly",
        "type=docker",
        "type=image,push=false",
    ] {
        told(&with(output), &["print", "--strict", "a", "b"], 0, &[]);
    }
    for output in ["type=image", "type=image,push=true", "type=registry"] {
        told(&with(output), &["print", "--strict", "a", "b"], 1, &["error[tag-collision]"]);
    }
    // Of two images with one tag, an engine keeps the last one.
    let loaded =
        with("type=docker").replace("target \"a\" {", "target \"a\" {\n  output = [\"type=docker\"]");
    told(&loaded, &["print", "--strict", "a", "b"], 1, &["error[tag-collision]"]);
}

#[test]
fn a_limit_of_github_stops_github_alone() {
    let file = "target \"a\" {\n  matrix = { n = range(300) }\n  name = \"a-${n}\"\n  tags = [\"r.io/x/a:${n}\"]\n  platforms = [\"linux/amd64\"]\n}\n";
    for most in ["257", "300"] {
        for command in [&["matrix"][..], &["plan", "--github"], &["workflow", "github", "--install=path"]] {
            let command = [command, &["--max-jobs", most, "a"]].concat();
            told(file, &command, 2, &["a matrix of GitHub has at most 256 rows"]);
        }
    }
    told(file, &["plan", "--max-jobs", "300", "a"], 0, &[]);
    // What cannot be packed for GitHub is not cured by more.
    let runners = format!("{file}image \"a\" {{\n  runners = {{ default = \"r${{n}}\" }}\n}}\n");
    told(
        &runners,
        &["matrix", "a"],
        1,
        &["300 combinations", "a matrix of GitHub has no more rows: plan a part"],
    );
    told(&runners, &["matrix", "--format", "json", "a"], 0, &[]);
    told(&runners, &["plan", "--max-jobs", "9", "a"], 1, &["allow more with `--max-jobs 300`"]);
    for command in
        [&["matrix", "--format", "json", "a"][..], &["plan", "a"], &["bake", "a"], &["metadata", "a"]]
    {
        told(file, command, 0, &[]);
    }
}

#[test]
fn a_readme_keeps_its_table_when_tags_depend_on_the_run() {
    let text = "<!-- bakeplan:begin -->\n| a |\n<!-- bakeplan:end -->\n";
    let readme = |file: &str| {
        let test = Test::new().file("docker-bake.hcl", file).file("README.md", text);
        test.args(["readme", "README.md"]).output().status.code()
    };
    assert_eq!(readme(&published("tags = [\"{{ branch }}\"]")), Some(1));
    assert_eq!(readme(&published("tags = [\"sha-{{ sha }}\"]")), Some(1));
    assert_eq!(readme(FILE), Some(1));
    assert_eq!(readme(&published("tags = [\"{{ branch }}\", \"edge\"]")), Some(0));
}

#[test]
fn services_without_platforms_are_one_note() {
    let file =
        "services:\n  a:\n    image: r.io/x/a:1\n    build: .\n  b:\n    image: r.io/x/b:1\n    build: .\n";
    let output = Test::new().file("compose.yaml", file).args(["plan"]).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(talk.matches("no-platforms").count(), 1, "{talk}");
    assert!(talk.contains("2 services") && talk.contains("`platforms: [\"linux/amd64\""), "{talk}");
}

#[test]
fn an_inline_cache_is_read_where_it_is_written() {
    let read = |to: &str| {
        let file = format!(
            "target \"a\" {{\n  tags = [\"r.io/x/a:1\"]\n  platforms = [\"linux/amd64\"]\n  cache-from = [\"type=registry,ref=r.io/x/a:1\"]\n  cache-to = [\"{to}\"]\n}}\n"
        );
        let output = Test::new().file("docker-bake.hcl", file).args(["bake", "a"]).output();
        String::from_utf8(output.stdout).unwrap().matches("r.io/x/a:1-linux-amd64").count()
    };
    for elsewhere in ["type=inline", "type=gha", "type=registry,ref=r.io/x/a:cache"] {
        assert_eq!(read(elsewhere), 0, "{elsewhere}");
    }
    assert_eq!(read("type=inline\", \"type=registry,ref=r.io/x/a:cache"), 0);
    assert_eq!(read("type=registry,ref=r.io/x/a:1"), 2);
}

#[test]
fn metadata_that_is_none_is_explained() {
    let planned = "target \"a\" {\n  tags = [\"127.0.0.1:9/x/a:1\"]\n  platforms = [\"linux/amd64\"]\n}\n";
    let plan = Test::new().file("docker-bake.hcl", planned).args(["plan", "a", "--format", "json"]).output();
    let merge = |metadata: &str| {
        let test = Test::new().file("out/plan.json", &plan.stdout);
        let output = test.args(["merge", "--plan", "out/plan.json", "--metadata", metadata]).output();
        assert_ne!(output.status.code(), Some(0), "{metadata}");
        String::from_utf8(output.stderr).unwrap()
    };
    for pair in [
        "a-linux-amd64=sha256:abc",
        "a-linux-amd64=sha256:",
        "a-linux-amd64=sha512:0",
        "a-linux-amd64=0123456789ab",
        "a-linux-amd64=deadbeef",
    ] {
        let talk = merge(pair);
        assert!(talk.contains("write the digest in full"), "{pair}: {talk}");
    }
    assert!(merge("out").contains("--metadata-file FILE"));
}

#[test]
fn words_of_patterns_are_no_variables() {
    for (lines, cure) in [
        ("tags = [\"${version}\"]", "write `{{ version }}`"),
        ("tags = [\"${major}.${minor}\"]", "write `{{ major }}`"),
        ("tags = [\"sha-${sha}\"]", "write `{{ sha }}`"),
        ("tags = [branch]", "write `{{ branch }}`"),
        (
            "tags = [\"type=raw,value=x\"]\n  flavor = [\"latest=true\\nprefix=x\"]",
            "`flavor = [\"latest=true\", \"prefix=x\"]`",
        ),
        ("tags = [\"type=raw,value=x\\ntype=sha\"]", "`tags = [\"type=raw,value=x\", \"type=sha\"]`"),
    ] {
        told(&published(&format!("version = \"1.2.3\"\n{lines}")), &["plan"], 1, &[cure]);
    }
    // About others nothing is known.
    let test = Test::new().file("docker-bake.hcl", published("tags = [\"${nothing}\"]")).args(["plan"]);
    assert!(!String::from_utf8(test.output().stderr).unwrap().contains("`image` block"));
}

#[test]
fn no_text_of_a_file_is_a_command_for_the_runner_that_prints_it() {
    for lines in [
        r#"annotations = ["index-descriptor:d=x\n::add-mask::true\n"]"#,
        r#"inherits = ["z\n  ::error::x"]"#,
        r###"inherits = ["z\n##[error]x"]"###,
        "args = { A = nothing } # ##[add-mask]x",
    ] {
        let file = format!("target \"app\" {{\n  tags = [\"ghcr.io/acme/app:1\"]\n  {lines}\n}}\n");
        for command in [&["plan", "--github"][..], &["print"], &["bake"]] {
            let output = Test::new().file("docker-bake.hcl", &file).args(command.iter().copied()).output();
            let talk = String::from_utf8(output.stderr).unwrap();
            let obeyed = |line: &&str| {
                let line = line.trim_start();
                let is_ours = ["::error ", "::warning ", "::notice "].iter().any(|own| line.starts_with(own));
                !is_ours && (line.starts_with("::") || line.contains("##["))
            };
            assert_eq!(talk.lines().find(obeyed), None, "{lines} {command:?}: {talk}");
        }
    }
    let file = "target \"app\" {\n  description = \"x\\n::add-mask::true\"\n}\n";
    let test = Test::new().file("docker-bake.hcl", file).args(["print", "--list", "targets"]);
    let list = String::from_utf8(test.output().stdout).unwrap();
    assert!(list.contains("x\\n::add-mask::true"), "{list}");
}

#[test]
fn the_folder_of_a_plan_is_not_one_of_metadata() {
    let test = Test::new().file("docker-bake.hcl", "target \"a\" {\n  platforms = [\"linux/amd64\"]\n}\nimage \"a\" {\n  repositories = [\"r.invalid/x/a\"]\n  tags = [\"edge\"]\n}\n");
    let ran = test.args(["plan", "--out", "out"]).stdout("...\n").run();
    for metadata in ["out", "out/plan.json"] {
        for command in ["merge", "verify"] {
            let test = Test::new().file("plan.json", ran.read("out/plan.json"));
            let test =
                test.file("out/plan.json", ran.read("out/plan.json")).args([command, "--plan", "plan.json"]);
            let output = test.args(["--metadata", metadata]).output();
            let talk = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{talk}");
            assert!(talk.contains("`out/plan.json` is a plan, not build metadata"), "{talk}");
            assert!(talk.contains("a folder that holds nothing else"), "{talk}");
        }
    }
}

#[test]
fn patterns_where_none_are_rendered_are_noted() {
    let with = |lines: &str| {
        published("version = \"1.2.3\"").replace("\n}\nimage", &format!("\n{lines}\n}}\nimage"))
    };
    for lines in ["args = { V = \"{{ version }}\" }", "args = { V = \"v{{major}}.x\" }"] {
        told(
            &with(lines),
            &["plan"],
            0,
            &["note[unrendered]", "`args` of target `a`", "`trimprefix(GITHUB_REF_NAME, \"v\")`"],
        );
    }
    for lines in
        ["labels = { \"org.example.v\" = \"{{ sha }}\" }", "annotations = [\"org.example.v={{ version }}\"]"]
    {
        told(&with(lines), &["plan"], 0, &["note[unrendered]", "`oci_labels = true`"]);
    }
    // The cure.
    let cured = "variable \"GITHUB_REF_NAME\" { default = \"dev\" }\n".to_owned()
        + &with("args = { V = trimprefix(GITHUB_REF_NAME, \"v\") }");
    let output =
        Test::new().file("docker-bake.hcl", &cured).env("GITHUB_REF_NAME", "v1.2.3").args(["bake"]).output();
    assert!(String::from_utf8(output.stdout).unwrap().contains("\"V\": \"1.2.3\""));
    // Templates of others mean something else.
    for lines in [
        "args = { V = \"{{ .Version }}\" }",
        "args = { V = \"{ version }\" }",
        "args = { V = \"{{ nothing }}\" }",
    ] {
        let output = Test::new().file("docker-bake.hcl", with(lines)).args(["plan"]).output();
        assert!(!String::from_utf8(output.stderr).unwrap().contains("unrendered"), "{lines}");
    }
}

#[test]
fn mistaken_patterns_are_put_right() {
    for (tags, cure) in [
        ("${{ version }}", "without `$`"),
        ("{{ major.minor }}", "`{{ major }}.{{ minor }}`"),
        ("{version}", "a pattern is written `{{ version }}`"),
        ("$VERSION", "a variable `${VERSION}`"),
    ] {
        told(&published(&format!("version = \"1.2.3\"\ntags = [\"{tags}\"]")), &["plan"], 1, &[cure]);
    }
    told(&published("tags = [{ patern = \"edge\" }]"), &["plan"], 1, &["did you mean `pattern`?"]);
    // The cures.
    for tags in ["{{ version }}", "{{ major }}.{{ minor }}"] {
        told(&published(&format!("version = \"1.2.3\"\ntags = [\"{tags}\"]")), &["plan"], 0, &[]);
    }
    // What GitHub does have.
    told(&published("tags = [\"${{ github.ref_name }}\"]"), &["plan"], 1, &["`variable \"REF_NAME\" {}`"]);
}

#[test]
fn a_git_tag_that_is_no_version_is_one_error_with_its_cure() {
    let file = |when: &str| {
        published(&format!(
            "version = {{ pattern = \"{{{{ tag }}}}\", when = \"{when}\" }}\ntags = [\"{{{{ major }}}}\", \"{{{{ version }}}}\"]"
        ))
    };
    let run = |when: &str, fact: &str| {
        let output = Test::new().file("docker-bake.hcl", file(when)).args(["plan", "--fact", fact]).output();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, talk) = run("tag", "tag=nightly");
    assert_eq!((code, talk.matches("error[").count()), (Some(1), 1), "{talk}");
    let cure = "tag and tag is startingwith('v')";
    assert!(talk.contains(cure) && !talk.contains("has no `version`"), "{talk}");
    for fact in ["tag=v1.2.3", "branch=main"] {
        let (code, talk) = run(cure, fact);
        assert_eq!(code, Some(0), "{fact}: {talk}");
    }
    let (_, talk) = run(cure, "tag=nightly");
    assert!(!talk.contains("is not a version"), "{talk}");
}

#[test]
fn blocks_in_the_wrong_place_are_put_right() {
    let inside = "target \"a\" {\n  platforms = [\"linux/amd64\"]\n  image {\n    version = \"1\"\n  }\n}\n";
    told(inside, &["plan", "--strict"], 1, &["move it to the top level of the file"]);
    let bare = format!("{FILE}image {{\n  repositories = [\"r.io/x/a\"]\n  version = \"1.0.0\"\n}}\n");
    told(&bare, &["plan"], 0, &["note[no-images]", "write `image \"app\" {`"]);
    told(FILE, &["plan"], 0, &["add an `image` block"]);
}

#[test]
fn a_runner_for_a_platform_that_nothing_is_built_for_is_named() {
    let file = |runners: &str| published(&format!("version = \"1.2.3\"\nrunners = {{ {runners} }}"));
    told(
        &file("\"linux/amd46\" = \"x\""),
        &["plan"],
        0,
        &["warning[unused-runner]", "did you mean `linux/amd64`?"],
    );
    told(
        &file("\"windows\" = \"x\""),
        &["plan"],
        0,
        &["warning[unused-runner]", "the platforms are linux/amd64"],
    );
    for runners in ["\"linux/amd64\" = \"x\"", "linux = \"x\"", "default = \"x\""] {
        let output = Test::new().file("docker-bake.hcl", file(runners)).args(["plan"]).output();
        assert!(!String::from_utf8(output.stderr).unwrap().contains("unused-runner"), "{runners}");
    }
}

#[test]
fn a_folder_without_a_definition_leads_to_init() {
    let output = Test::new().file("Dockerfile", "FROM scratch\n").args(["plan"]).output();
    assert!(String::from_utf8(output.stderr).unwrap().contains("`bakeplan init`"));
    let output = Test::new().args(["init"]).output();
    assert!(String::from_utf8(output.stderr).unwrap().contains("write a Bake file with a target"));
}

/// What no run gives a tag may lack nothing but the value of a variable.
#[test]
fn an_empty_tag_names_the_variable_that_has_no_value() {
    let with = |head: &str, tags: &str| format!("{head}{}", published(&format!("tags = [{tags}]")));
    let unset = "variable \"TAG\" {}\n";
    let cause = ["can never have a tag", "the variable `TAG` has no value", "`--var TAG=…`"];
    told(&with(unset, "\"${TAG}\""), &["plan"], 1, &cause);
    told(&with(unset, "TAG"), &["plan"], 1, &["`--var TAG=…`"]);
    let empty = "variable \"TAG\" { default = \"\" }\n";
    told(&with(empty, "\"${TAG}\""), &["plan"], 1, &cause);
    told(&with("", "\"\""), &["plan"], 1, &["nothing in `tags` is a tag: write one"]);
    told(&with("", "{ pattern = \"x\", when = \"false\" }"), &["plan"], 1, &["such as `{{ version }}`"]);
    told(&with(unset, "\"${TAG}\""), &["plan", "--var", "TAG=1"], 0, &[]);
    told(&with(unset, "\"${TAG}\", \"edge\""), &["plan"], 0, &["the variable `TAG` has no value"]);
}

#[test]
fn a_withdrawn_version_is_planned_with_a_warning() {
    let with = |version: &str, withdrawn: &str| {
        published(&format!("version = \"{version}\"\n  withdrawn = [\"{withdrawn}\"]"))
    };
    for (version, withdrawn) in [("1.1.0", "1.1.0"), ("v1.1.0", "1.1.0"), ("2026.3.1", "2026.*")] {
        let output = Test::new().file("docker-bake.hcl", with(version, withdrawn)).args(["plan"]).output();
        let (shown, talk) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(
            output.status.success() && talk.contains("warning[withdrawn]: version `"),
            "{version}: {talk}"
        );
        assert!(talk.contains("gets no floating one") && !shown.contains(", latest"), "{shown}{talk}");
    }
    for (version, withdrawn) in [("1.1.1", "1.1.0"), ("1.1.0-rc.1", "1.1.0"), ("2027.3.1", "2026.*")] {
        let test = Test::new().file("docker-bake.hcl", with(version, withdrawn)).args(["plan"]);
        let talk = String::from_utf8(test.output().stderr).unwrap();
        assert!(!talk.contains("withdrawn"), "{version}: {talk}");
    }
}

#[test]
fn a_matrix_is_told_from_a_plan() {
    let test =
        Test::new().file("docker-bake.hcl", published("tags = [\"edge\"]")).args(["plan", "--out", "ci"]);
    assert!(test.output().status.success());
    let merge = |plan: &str| {
        let test = Test::new().files(test.folder(), "").args(["merge", "--plan", plan, "--metadata", "ci"]);
        String::from_utf8(test.output().stderr).unwrap()
    };
    let told = merge("ci/matrix.json");
    assert!(told.contains("`ci/matrix.json` is not a plan but a list, as matrix.json is"), "{told}");
    assert!(!merge("ci/plan.json").contains("is not a plan"));
}
