//! What people write by mistake or from other tools: the message says what was meant, and its cure is run.

use crate::support::Test;

#[test]
fn extensions_of_compose_that_nobody_reads_are_noted() {
    let compose = |text: &str, arguments: &[&str]| {
        let output = Test::new().file("compose.yaml", text).args(arguments.iter().copied()).output();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let service = "services:\n  web:\n    image: r.io/x/a:1\n    build:\n      context: .\n      platforms: [linux/amd64]\n      x-bake:\n        pull: true\n";
    for (key, near) in [
        ("platfroms: [linux/arm64]", "`platforms`"),
        ("tag: [x]", "`tags`"),
        ("no_cache: true", "`no-cache`"),
        ("cacheto: x", "`cache-to`"),
        ("cache_from: x", "`cache-from`"),
    ] {
        let text = format!("{service}        {key}\n");
        for command in [&["print"][..], &["plan"]] {
            let (code, talk) = compose(&text, command);
            assert_eq!(code, Some(0), "{talk}");
            assert!(talk.contains("warning[unknown-attribute]"), "{key}: {talk}");
            assert!(talk.contains(&format!("did you mean {near}?")), "{key}: {talk}");
        }
        let (code, talk) = compose(&text, &["print", "--strict"]);
        assert!(code == Some(1) && talk.contains("error[unknown-attribute]"), "{talk}");
    }
    let extension = "x-bake:\n  tags: [r.io/x/a:2]\n";
    let misplaced = [
        format!("{service}    {}", extension.replace('\n', "\n    ")),
        format!("{service}{extension}"),
        service.replace("x-bake", "x-bak"),
    ];
    for text in misplaced {
        let (code, talk) = compose(&text, &["plan"]);
        assert!(code == Some(0) && talk.contains("warning[unknown-attribute]"), "{text}: {talk}");
    }
    // What an alias reads, and what others keep in the file.
    let aliased = "x-bake: &bake\n  pull: true\n";
    let alias = service.replace("x-bake:\n        pull: true", "x-bake: *bake");
    let merged =
        service.replace("x-bake:\n        pull: true", "x-bake:\n        <<: *bake\n        no-cache: true");
    for text in [
        service.to_owned(),
        format!("{aliased}{alias}"),
        format!("{aliased}{merged}"),
        format!("x-common:\n  a: 1\n{service}        x-mine: 1\n      x-other: 1\n"),
    ] {
        assert_eq!(compose(&text, &["plan"]), (Some(0), String::new()), "{text}");
    }
}

/// A key of a service or a file that looks like another one.
#[test]
fn misspelt_keys_of_compose_files_are_named() {
    let compose = |of_service: &str, of_file: &str| {
        format!(
            "services:\n  web:\n    image: r.io/x/a:1\n    build: {{context: ., platforms: [linux/amd64]}}\n{of_service}{of_file}"
        )
    };
    let of_services = [
        ("platfrom: linux/arm64", "did you mean `platform`?"),
        ("buil: .", "did you mean `build`?"),
        ("imagee: x", "did you mean `image`?"),
        ("Environment: {A: b}", "did you mean `environment`?"),
        ("enviroment: {A: b}", "did you mean `environment`?"),
        ("platforms: [linux/arm64]", "move it below `build:`"),
        ("dockerfile: X", "move it below `build:`"),
        ("context: .", "move it below `build:`"),
        ("args: {A: b}", "move it below `build:`"),
        ("tags: [x]", "move it below `build:`"),
        ("target: x", "move it below `build:`"),
        ("dockerfle: X", "did you mean `dockerfile`? It stands below `build:`"),
        ("contxt: .", "did you mean `context`? It stands below `build:`"),
        ("arg: {A: b}", "did you mean `args`? It stands below `build:`"),
        ("platfroms: [linux/arm64]", "did you mean `platforms`? It stands below `build:`"),
        ("Target: x", "did you mean `target`? It stands below `build:`"),
        ("no-cache-filter: x", "move it below `x-bake:` in `build:`"),
        ("contexts: {a: b}", "move it below `x-bake:` in `build:`"),
        ("no-cach: true", "did you mean `no-cache`? It stands below `x-bake:` in `build:`"),
    ];
    let of_files = [
        ("service: {a: {build: .}}", "did you mean `services`?"),
        ("Services: {a: {build: .}}", "did you mean `services`?"),
        ("volumez: {}", "did you mean `volumes`?"),
        ("target: {a: {}}", "the blocks of Bake stand in a file of its own"),
        ("group: {a: {}}", "the blocks of Bake stand in a file of its own"),
    ];
    let services = of_services.map(|(key, expected)| (compose(&format!("    {key}\n"), ""), key, expected));
    let files = of_files.map(|(key, expected)| (compose("", &format!("{key}\n")), key, expected));
    for (text, key, expected) in services.into_iter().chain(files) {
        let name = key.split(':').next().unwrap();
        let has = format!("has no key `{name}`; Bake ignores it");
        let warning = ["warning[unknown-attribute]", &has, expected];
        told("compose.yaml", &text, &["plan"], 0, &warning);
        told("compose.yaml", &text, &["print"], 0, &warning);
        told("compose.yaml", &text, &["print", "--strict"], 1, &["error[unknown-attribute]", &has]);
    }
    // All keys that Compose has, those of others, and words that nobody can know.
    for key in [
        "platform: linux/amd64",
        "labels: {a: b}",
        "secrets: []",
        "isolation: x",
        "x-platfrom: 1",
        "x-dockerfle: 1",
        "x-no-cach: 1",
        "shm_size: 1m",
        "extra_hosts: []",
        "use_api_socket: true",
        "something_of_a_later_compose: 1",
    ] {
        assert_eq!(
            told("compose.yaml", &compose(&format!("    {key}\n"), ""), &["plan"], 0, &[]),
            "",
            "{key}"
        );
    }
    for key in ["name: x", "version: '3'", "x-services: {}", "models: {}", "networks: {}"] {
        assert_eq!(told("compose.yaml", &compose("", &format!("{key}\n")), &["plan"], 0, &[]), "", "{key}");
    }
}

/// Values whose form is that of another place: a list in a string, the list of YAML, the shell's `-`.
#[test]
fn values_in_another_form_are_put_right() {
    for (file, expected) in [
        (
            "target \"a\" {\n  platforms = [\"linux/amd64, linux/arm64\"]\n  tags = [\"r.io/x/a:1\"]\n}\n"
                .to_owned(),
            "each platform is a string of its own: `\"linux/amd64\", \"linux/arm64\"`",
        ),
        (
            image("version = \"1.2.3\"\n  tags = [\"1.2.3,latest\"]"),
            "each tag is a string of its own: `\"1.2.3\", \"latest\"`",
        ),
        (image("version = \"1.2.3\"\n  tags = [\"<version>\"]"), "a pattern is written `{{ version }}`"),
        (image("version = \"1.2.3\"\n  tags = [\"%VERSION%\"]"), "a variable `${VERSION}`"),
        (target("args = [\"A=1\"]"), "`args = { NAME = \"value\" }`"),
        (target("labels = [\"a=b\", \"c=d\"]"), "`labels = { NAME = \"value\" }`"),
        (image("version = \"1.2.3\\n\""), "`trimspace(…)`"),
        (image("version = \" 1.2.3\""), "the version is `1.2.3`"),
    ] {
        told(HCL, &file, &["plan", "a"], 1, &[expected]);
    }
    // The cures.
    for file in [
        "target \"a\" {\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n  tags = [\"r.io/x/a:1\"]\n}\n"
            .to_owned(),
        image("version = \"1.2.3\"\n  tags = [\"1.2.3\", \"latest\"]"),
        target("args = { NAME = \"value\" }"),
        image("version = trimspace(\"1.2.3\\n\")"),
    ] {
        told(HCL, &file, &["plan", "a"], 0, &[]);
    }
    let services = "web:\n  build: .\n  image: r.io/x/a:1\n";
    told("compose.yaml", services, &["plan"], 1, &["`web` looks like a service: move it below `services:`"]);
    told("compose.yaml", "configs: {a: {file: x}}\n", &["plan"], 1, &["has no services"]);
    for path in ["Dockerfile", "web.Dockerfile", "Containerfile"] {
        told(path, "FROM scratch\nCOPY . /\n", &["plan", "-f", path], 1, &["this is a Dockerfile"]);
    }
}

#[test]
fn an_error_points_at_the_null_that_takes_something_away() {
    let block = "target \"a\" {\n  platforms = [\"linux/amd64\"]\n}\nimage \"a\" {\n  repositories = [\"r.io/x/a\"]\n  version = \"1.2.3\"\n  tags = [\"{{ version }}\"]\n}\n";
    for (later, attribute) in [
        ("version = null\n  tags = null", "version"),
        ("version = null\n  tags = null", "tags"),
        ("repositories = null", "repositories"),
    ] {
        let images = format!("image \"a\" {{\n  {later}\n}}\n");
        let test = Test::new().file("docker-bake.hcl", block).file("images.hcl", &images).args(["plan", "a"]);
        let output = test.output();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{later}: {talk}");
        let place = format!("`{attribute}` is unset by this null");
        assert!(talk.contains("images.hcl") && talk.contains(&place), "{later}: {talk}");
    }
    // What a later block says again is there.
    let once = "image \"a\" {\n  tags = null\n}\n";
    let more = "image \"a\" {\n  tags = [\"edge\"]\n}\n";
    let test = Test::new().file("docker-bake.hcl", block).file("one.hcl", once).file("two.hcl", more);
    let output = test.args(["plan", "-f", "docker-bake.hcl", "-f", "one.hcl", "-f", "two.hcl", "a"]).output();
    assert_eq!(output.status.code(), Some(0));
}

/// Runs a command in a folder with this file, and looks for texts in what it says.
#[track_caller]
fn told(path: &str, file: &str, arguments: &[&str], code: i32, expected: &[&str]) -> String {
    let output = Test::new().file(path, file).args(arguments.iter().copied()).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?} {file}: {talk}");
    for text in expected {
        assert!(talk.contains(text), "{arguments:?} {file}: expected `{text}` in {talk}");
    }
    talk
}

const HCL: &str = "docker-bake.hcl";

fn target(attributes: &str) -> String {
    format!("target \"a\" {{\n  platforms = [\"linux/amd64\"]\n  {attributes}\n}}\n")
}

fn image(attributes: &str) -> String {
    format!("{}image \"a\" {{\n  repositories = [\"r.io/x/a\"]\n  {attributes}\n}}\n", target(""))
}

#[test]
fn references_of_other_languages_are_put_right() {
    for (tag, expected) in [
        ("r.io/x/a:{{ version }}", "in the `tags` of an `image` block"),
        ("r.io/x/a:$TAG", "`${TAG}`"),
        ("r.io/x/a:v$VERSION-x", "`${VERSION}`"),
        ("r.io/x/a:@VERSION@", "nothing replaces `@VERSION@`"),
        ("r.io/x/a:1,r.io/x/b:2", "[\"r.io/x/a:1\", \"r.io/x/b:2\"]"),
        ("r.io/x/a:${VERSION:-1}", "`variable \"VERSION\" { default = \"1\" }`"),
        ("r.io/x/a:${var.TAG}", "not `var.NAME`, but `NAME`"),
        ("r.io/x/a:${env.TAG}", "not `env.NAME`, but `NAME`"),
        ("r.io/x/a:${local.tag}", "not `local.NAME`, but `NAME`"),
        ("r.io/x/a:${{ secrets.TOKEN }}", "`secret = [\"id=token,env=TOKEN\"]`"),
    ] {
        told(HCL, &target(&format!("tags = [\"{tag}\"]")), &["plan", "a"], 1, &[expected]);
    }
    // The cures.
    let variable = "variable \"VERSION\" { default = \"1\" }\n";
    told(HCL, &format!("{variable}{}", target("tags = [\"r.io/x/a:${VERSION}\"]")), &["plan", "a"], 0, &[]);
    told(HCL, &target("tags = [\"r.io/x/a:1\", \"r.io/x/b:2\"]"), &["plan", "a"], 0, &[]);
    told(
        HCL,
        &target("tags = [\"r.io/x/a:1\"]\n  secret = [\"id=token,env=TOKEN\"]"),
        &["plan", "a"],
        0,
        &[],
    );
    let unset = "variable \"T\" { default = \"\" }\n";
    told(
        HCL,
        &format!("{unset}{}", target("tags = [\"r.io/x/a:${T}\"]")),
        &["plan", "a"],
        1,
        &["`--var NAME=VALUE`"],
    );
}

#[test]
fn expressions_of_github_in_compose_files_are_explained() {
    let compose = |image: &str| format!("services:\n  web:\n    image: {image}\n    build: .\n");
    for image in ["ghcr.io/${{ github.repository }}:1", "\"r.io/x/a:${{ github.ref_name }}\""] {
        told(
            "compose.yaml",
            &compose(image),
            &["plan"],
            1,
            &["GitHub evaluates workflows, not Compose files"],
        );
    }
    told("compose.yaml", &compose("r.io/x/a:${-}"), &["plan"], 1, &["write `$$` for a dollar sign"]);
}

#[test]
fn mistaken_patterns_and_conditions_are_put_right() {
    for (attributes, expected) in [
        ("version = \"1.2.3\"\n  tags = [\"{{ version.split('.')[0] }}\"]", "but no methods"),
        ("version = \"1.2.3\"\n  tags = [\"{{ version | truncate(3) }}\"]", "`{{ major }}.{{ minor }}`"),
        ("version = \"1.2.3\"\n  tags = [\"{% set x = version %}\"]", "write what it is made of"),
        ("version = \"{{ version }}\"", "cannot be made of itself"),
        ("version = \"{{ major }}.0\"", "cannot be made of itself"),
        ("version = { pattern = \"{{ tag }}\", when = \"{{ tag }}\" }", "`when = \"tag\"`"),
        (
            "version = { pattern = \"{{ tag }}\", when = \"{{ branch == 'main' }}\" }",
            "`when = \"branch == 'main'\"`",
        ),
        ("version = { pattern = \"{{ tag }}\", when = \"tag == v1.2.3\" }", "a text has quotes"),
        (
            "version = { pattern = \"{{ tag }}\", when = \"tag.startswith('v')\" }",
            "`tag is startingwith('v')`",
        ),
        ("version = { pattern = \"{{ tag }}\", any = true }", "take it out"),
    ] {
        told(HCL, &image(attributes), &["plan", "a", "--fact=tag=v1.2.3"], 1, &[expected]);
    }
    for attributes in [
        "version = \"1.2.3\"\n  tags = [\"{{ major }}.{{ minor }}\", \"{{ version | replace('.', '-') }}\"]",
        "version = { pattern = \"{{ tag }}\", when = \"tag\" }",
        "version = { pattern = \"{{ tag }}\", when = \"tag is startingwith('v')\" }",
    ] {
        told(HCL, &image(attributes), &["plan", "a", "--fact=tag=v1.2.3"], 0, &[]);
    }
}

#[test]
fn command_lines_of_other_programs_are_put_right() {
    let file = target("tags = [\"r.io/x/a:1\"]");
    for (arguments, code, expected) in [
        (&["plan", "--json"][..], 2, "`--format json`"),
        (&["plan", "-o", "out"], 2, "`bakeplan plan --out DIR`"),
        (&["plan", "--tag", "v1.2.3"], 2, "`--fact tag=v1.2.3`"),
        (&["plan", "--branch", "main"], 2, "`--fact`"),
        (&["metadata", "--tags"], 2, "`bakeplan metadata --format tags`"),
        (&["plan", "--version", "1.2.3"], 2, "`--fact tag=v1.2.3`"),
        (&["merge", "plan.json"], 2, "`--plan plan.json`"),
        (&["verify", "docker-bake.hcl.json"], 2, "`--plan docker-bake.hcl.json`"),
        (&["plan", "tag=v1.2.3"], 1, "`--fact tag=v1.2.3`"),
        (&["print", "TAG=1"], 1, "`--var TAG=1`"),
        (
            &["plan", "--platform", "linux/amd64,linux/arm64"],
            2,
            "`--platform linux/amd64 --platform linux/arm64`",
        ),
        (&["plan", "--allow", "networkhost"], 2, "did you mean `network.host`?"),
        (&["print", "--allow=-x"], 2, "is not an entitlement"),
        (&["bake", "-t", "r.io/x/a:1"], 2, "`--set TARGET.tags=NAME:TAG`"),
        (&["plan", "--dry-run"], 2, "writes nothing without `--out`"),
        (&["bake", "-o", "-"], 2, "standard output is written to"),
        (&["plan", "--out", "-"], 2, "`./-` is a file"),
        (&["workflow", "github", "-o", "-"], 2, "standard output is written to"),
        (&["bake", "--allow", "fs.reads=x"], 2, "did you mean `fs.read`?"),
    ] {
        let test =
            Test::new().file(HCL, &file).file("docker-bake.hcl.json", "{}").args(arguments.iter().copied());
        let output = test.output();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {talk}");
        assert!(talk.contains(expected), "{arguments:?}: {talk}");
    }
    for allow in [
        "network.host",
        "security.insecure",
        "fs=/x",
        "fs.read=*",
        "fs.write=x",
        "ssh",
        "device=a",
        "image.push=x",
    ] {
        told(HCL, &file, &["plan", "a", "--allow", allow], 0, &[]);
    }
    told(HCL, &target(""), &["plan", "a", "--platform=linux/amd64"], 0, &[]);
}

/// The first image that people write, and what the message says to add.
#[test]
fn an_image_with_repositories_alone_is_told_to_set_its_version() {
    let file = |more: &str| {
        format!(
            "target \"a\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"a\" {{\n  repositories = [\"r.io/x/a\"]\n{more}\n}}\n"
        )
    };
    let cures = ["version = \"1.2.3\"", "version = { pattern = \"{{ tag }}\", when = \"tag\" }"];
    let told_to = told(HCL, &file(""), &["plan", "a"], 1, &["error[no-tag]", "or list `tags`"]);
    for cure in cures {
        assert!(told_to.contains(&format!("`{cure}`")), "{told_to}");
        let arguments = ["metadata", "--format=tags", "--fact", "tag=v1.2.3", "--fact", "event=push"];
        let output = Test::new().file(HCL, file(cure)).args(arguments).output();
        let tags = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            tags.lines().map(|tag| tag.rsplit(':').next().unwrap()).collect::<Vec<_>>(),
            ["1.2.3", "1.2", "1", "latest"]
        );
    }
}

#[test]
fn outputs_of_no_type_are_refused() {
    for (kind, near) in [("images", "image"), ("dockers", "docker"), ("locals", "local")] {
        let file = target(&format!("tags = [\"r.io/x/a:1\"]\n  output = [\"type={kind}\"]"));
        let near = format!("did you mean `type={near}`?");
        told(HCL, &file, &["plan", "a"], 0, &["warning[refused-value]", &near]);
        told(HCL, &file, &["print", "--strict", "a"], 1, &["error[refused-value]", &near]);
    }
    let file = target("tags = [\"r.io/x/a:1\"]\n  output = [\"type=image\"]");
    told(HCL, &file, &["print", "--strict", "a"], 0, &[]);
}

#[test]
fn plans_of_a_newer_program_need_a_newer_one() {
    for (schema, expected) in [
        ("3", "a newer bakeplan"),
        ("99", "a newer bakeplan"),
        ("1", "write it again"),
        ("\"2\"", "write it again"),
    ] {
        let plan = format!("{{\"schema\": {schema}}}");
        told("plan.json", &plan, &["verify", "--plan", "plan.json"], 1, &[expected]);
    }
}

#[test]
fn images_of_refused_versions_do_not_collide() {
    let file = "target \"a\" {\n  name = \"a-${replace(v, \".\", \"_\")}\"\n  matrix = { v = [\"3.8\", \"3.9\"] }\n  platforms = [\"linux/amd64\"]\n}\nimage \"a\" {\n  repositories = [\"r.io/x/a\"]\n  version = VERSION\n  tags = [\"{{ version }}\", \"latest\"]\n}\n";
    let talk = told(HCL, &file.replace("VERSION", "\"x${v}\""), &["plan", "a"], 1, &["error[version]"]);
    assert!(!talk.contains("tag-collision"), "{talk}");
    // A version that is not known may not be asked for by any of the tags.
    let constant =
        file.replace("VERSION", "\"{{ tag }}\"").replace("\"{{ version }}\", \"latest\"", "\"edge\"");
    told(HCL, &constant, &["plan", "a"], 1, &["error[tag-collision]"]);
    let same = file.replace("version = VERSION\n", "").replace("\"{{ version }}\", ", "");
    told(HCL, &same, &["plan", "a"], 1, &["error[tag-collision]"]);
}

#[test]
fn digests_that_are_none_are_put_right() {
    let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
    let whole = format!("ghcr.io/x/a@{digest}");
    for (given, expected) in [
        ("abc123", "64 hexadecimal digits"),
        ("", "64 hexadecimal digits"),
        ("abc123def456", "write the digest in full"),
        (whole.as_str(), "leave the repository out"),
    ] {
        let test = Test::new().file(HCL, target("tags = [\"r.io/x/a:1\"]"));
        let plan = String::from_utf8(test.args(["plan", "a", "--format=json"]).output().stdout).unwrap();
        let pair = format!("a-linux-amd64={given}");
        told(
            "plan.json",
            &plan,
            &["merge", "--plan", "plan.json", "--metadata", &pair],
            1,
            &["error[digest]", expected],
        );
    }
}

#[test]
fn variables_of_files_that_are_not_utf_8_are_read() {
    let compose = "services:\n  w:\n    build:\n      context: .\n      args: { N: \"${N-}\", M: }\n    env_file: e.env\n";
    for (path, text) in [(".env", &b"N=caf\xe9\n"[..]), ("e.env", b"M=caf\xe9\n")] {
        let test = Test::new().file("compose.yaml", compose).file("e.env", "").file(path, text);
        let output = test.args(["print"]).output();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{path}: {talk}");
        assert!(String::from_utf8(output.stdout).unwrap().contains("caf\u{fffd}"), "{path}");
        assert!(talk.contains("warning[not-utf8]") && talk.contains(&format!("`{path}`")), "{path}: {talk}");
        let test = Test::new().file("compose.yaml", compose).file("e.env", "").file(path, "N=café\n");
        assert_eq!(test.args(["print"]).output().stderr, b"", "{path}");
    }
}

#[test]
fn print_reads_a_file_of_images_only_when_it_is_named() {
    let test = |arguments: &[&str]| {
        let test = Test::new().file(HCL, "target \"q\" {\n  args = { from = \"bake\" }\n}\n");
        let test =
            test.file("images.hcl", "target \"q\" {\n  args = { from = \"images\" }\n}\ntarget \"x\" {}\n");
        let output = test.args(arguments.iter().copied()).output();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    for arguments in [&["print", "q"][..], &["print", "q", "-f", HCL], &["print", "q", "--images=none"]] {
        assert!(test(arguments).1.contains("\"bake\""), "{arguments:?}");
    }
    for arguments in [
        &["print", "q", "--images=images.hcl"][..],
        &["print", "q", "-f", HCL, "-f", "images.hcl"],
        &["bake", "q"],
    ] {
        assert!(test(arguments).1.contains("\"images\""), "{arguments:?}");
    }
    assert_eq!(test(&["print", "x"]).0, Some(1));
    let cure = "`-f images.hcl` reads `images.hcl`, which Bake does not read by itself";
    told("images.hcl", "target \"q\" {}\n", &["print", "q"], 1, &["error[no-definition]", cure]);
    told("images.hcl", "target \"q\" {}\n", &["print", "q", "-f", "images.hcl"], 0, &[]);
}

#[test]
fn the_name_of_one_member_is_no_name_of_a_matrix() {
    let matrix = |name: &str| {
        format!(
            "target \"a\" {{\n  name = \"{name}\"\n  matrix = {{ v = [\"8.2\", \"8.3\"], os = [\"alpine3.20\", \"bookworm\"] }}\n}}\n"
        )
    };
    let all = ["print", "a"];
    for name in ["php-${replace(v, \".\", \"-\")}-${os}", "${v}", "${os}/${v}", "a ${v}-${os}"] {
        let talk = told(HCL, &matrix(name), &all, 1, &["error[target-name]", "`${sanitize(AXIS)}`"]);
        assert!(!talk.contains("write `"), "{talk}");
    }
    for name in [
        "php-${replace(v, \".\", \"-\")}-${sanitize(os)}",
        "${sanitize(v)}-${replace(os, \".\", \"-\")}",
        "a-${sanitize(\"${v}/${os}\")}",
    ] {
        told(HCL, &matrix(name), &all, 0, &[]);
    }
    // A name that is written down is the one to write.
    told(HCL, "target \"a.b\" {\n}\n", &["print", "a.b"], 1, &["write `a_b`"]);
}
