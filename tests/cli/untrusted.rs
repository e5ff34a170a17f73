//! What strangers write, in files, names and arguments: it controls neither a terminal nor a runner, takes little
//! memory, and names nothing that is an option.

use std::fs;

use serde_json::Value;

use crate::support::Test;

/// What must reach no terminal and no runner.
const HOSTILE: &str = "x\n::error::forged\u{1b}]0;title\u{7}\u{9b}2J\u{202e}\u{200b}\r##[add-mask]y";

/// The same in a string of HCL and of JSON.
const WRITTEN: &str = r"x\n::error::forged\u001b]0;title\u0007\u009b2J\u202e\u200b\r##[add-mask]y";

/// What came out on both streams, after a look at it.
#[track_caller]
fn calm(test: &Test) -> String {
    let output = test.output();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    for line in text.split('\n') {
        let is_ours = line.starts_with("::stop-commands::")
            || line.starts_with("::error ")
            || line.starts_with("::warning ");
        let is_token = line.len() == 36 && line.starts_with("::") && line.ends_with("::");
        assert!(is_ours || is_token || !line.trim_start().starts_with("::"), "{line:?}\n{text}");
        assert!(!line.contains("##["), "{line:?}");
    }
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}', '\u{200b}', '\r']), "{text:?}");
    text
}

fn image(body: &str) -> String {
    format!(
        "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"app\" {{\n  repositories = [\"localhost:5000/acme/app\"]\n{body}\n}}\n"
    )
}

#[test]
fn nothing_that_is_shown_controls_a_terminal_or_a_runner() {
    let variable = format!(
        "variable \"V\" {{\n  default = \"{WRITTEN}\"\n  description = \"{WRITTEN}\"\n  validation {{\n    condition = V == \"\"\n    error_message = \"{WRITTEN}\"\n  }}\n}}\n"
    );
    let target =
        format!("target \"default\" {{\n  description = \"{WRITTEN}\"\n  platforms = [\"{WRITTEN}\"]\n}}\n");
    let file = |text: &str| Test::new().file("docker-bake.hcl", text);
    let quoted = format!("target \"app\" {{\n  # {HOSTILE}\n  tags = [\"a\" \"b{HOSTILE}\"]\n}}\n");
    let plan = format!("{{\"schema\": 2, \"images\": {{\"{WRITTEN}\": {{}}}}}}");
    let runner = image(&format!("  tags = [\"1\"]\n  runners = {{ default = \"{WRITTEN}\" }}"));
    let json = format!("{{\"target\": {{\"{WRITTEN}\": {{\"tags\": [\"{WRITTEN}\"]}}}}}}");
    for (name, test, expected) in [
        ("a validation", file(&variable).args(["print"]), "forged"),
        ("a list of variables", file(&variable).args(["print", "--list", "variables"]), "forged"),
        ("a list of targets", file(&target).args(["print", "--list", "targets"]), "forged"),
        ("a platform", file(&target).args(["plan"]), "forged"),
        ("a piece of a source", file(&quoted).args(["print"]), "forged"),
        ("names in JSON", Test::new().file("docker-bake.json", &json).args(["print"]), "forged"),
        ("a runner", file(&runner).args(["plan"]), "forged"),
        ("a runner in Markdown", file(&runner).args(["plan", "--github"]), "forged"),
        ("an option's value", file("target \"a\" {}\n").args(["print", "--set", HOSTILE]), "forged"),
        ("a fact", file("target \"a\" {}\n").args(["plan", "--fact", HOSTILE]), "forged"),
        ("a command", Test::new().args([HOSTILE]), "forged"),
        ("an option", Test::new().args(["print", &format!("--{HOSTILE}")]), "forged"),
        ("a file that is not there", Test::new().args(["print", "-f", HOSTILE]), "forged"),
        ("a folder that is not there", Test::new().args(["-C", HOSTILE, "print"]), "forged"),
        ("a file's name", Test::new().file(HOSTILE, "{").args(["print", "-f", HOSTILE]), "forged"),
        (
            "a plan",
            Test::new().file("plan.json", &plan).args(["merge", "--plan", "plan.json", "m.json"]),
            "plan",
        ),
        (
            "a branch",
            file(&image("  tags = [\"{{ branch }}\"]")).args([
                "plan",
                "--fact",
                &format!("branch={HOSTILE}"),
            ]),
            "",
        ),
    ] {
        let text = calm(&test);
        assert!(text.contains(expected), "{name}: {text}");
        let text = calm(&test.env("GITHUB_ACTIONS", "true").args(["-v"]));
        assert!(text.contains(expected), "{name}: {text}");
    }
}

#[test]
fn in_a_step_of_github_the_runner_obeys_only_what_comes_after_the_token() {
    let broken = || Test::new().file("docker-bake.hcl", "target \"a\" {\n  tags = [B]\n}\n");
    let run = |test: Test| String::from_utf8(test.output().stderr).unwrap();
    let text = run(broken().args(["plan", "--github"]).env("GITHUB_ACTIONS", "true"));
    let lines: Vec<&str> = text.lines().collect();
    let token = lines[0].strip_prefix("::stop-commands::").unwrap();
    assert!(token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
    let end = lines.iter().position(|line| *line == format!("::{token}::")).unwrap();
    let annotation = lines.iter().position(|line| line.starts_with("::error file=")).unwrap();
    assert!(end < annotation, "{text}");
    // Each run has another, which nobody can write into a file before.
    assert!(!run(broken().args(["plan"]).env("GITHUB_ACTIONS", "true")).contains(token));
    let ends = run(broken().args(["plan"]).env("GITHUB_ACTIONS", "true"));
    let last = ends.lines().last().unwrap();
    assert!(ends.starts_with(&format!("::stop-commands::{}", last.trim_matches(':'))), "{ends}");
    for test in [broken().args(["plan"]), broken().args(["plan"]).env("GITHUB_ACTIONS", "false")] {
        assert!(!run(test).contains("stop-commands"));
    }
}

/// The runner looks for such commands anywhere in a line, and standard output is not between the tokens.
#[test]
fn json_in_a_step_of_github_has_no_command() {
    let hcl = image("  tags = [\"1\"]\n  annotations = { k = \"x ##[add-mask]acme ###[error]\" }").replacen(
        "{",
        "{\n  labels = { l = \"##[group]a\" }",
        1,
    );
    for args in [
        &["plan", "--format", "json"][..],
        &["metadata"],
        &["bake"],
        &["print", "app"],
        &["plan", "--facts", "--fact", "branch=a##[error]b"],
    ] {
        let run = |value: &str| {
            let test = Test::new().file("docker-bake.hcl", &hcl).args(args.iter().copied());
            String::from_utf8(test.env("GITHUB_ACTIONS", value).output().stdout).unwrap()
        };
        let (step, desk) = (run("true"), run("false"));
        assert!(desk.contains("##[") && !step.contains("##["), "{args:?}: {desk} {step}");
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(read(&step), read(&desk), "{args:?}");
    }
}

#[test]
fn patterns_ask_for_little() {
    for pattern in [
        "{{ '%1000000000d' | format(1) }}",
        "{{ '%.1000000000f' | format(1.5) }}",
        "{{ ['a'] | batch(10000000000, 'b') }}",
        "{{ ['a'] | slice(10000000000, 'b') }}",
        "{{ 'a\\nb' | indent(10000000000) }}",
        "{{ 'a' * 1000000000 }}",
        "{% set a = 'aaaaaaaa' %}{% set a = a ~ a %}{{ a }}",
        "{% for c in 'aaaaaaaa' %}{{ c }}{% endfor %}",
        "{{ 'aaaa' | replace('', 'b') | replace('', 'b' | replace('', 'c')) | list | join('d') | pprint }}",
    ] {
        let test = Test::new().file("docker-bake.hcl", image(&format!("  tags = [\"{pattern}\"]")));
        let output = test.args(["plan"]).output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{pattern}: {told}");
        assert!(told.starts_with("error[tag-pattern]"), "{pattern}: {told}");
    }
    for (pattern, expected) in [
        ("{{ '%03d' | format(7) }}", "007"),
        ("{% if branch == 'main' %}a{% else %}b{% endif %}", "a"),
        ("{{ branch | replace('i', '-') | upper }}", "MA-N"),
        ("{{ ['a', 'b'] | join('_') }}", "a_b"),
    ] {
        let test = Test::new().file("docker-bake.hcl", image(&format!("  tags = [\"{pattern}\"]")));
        let output = test.args(["plan", "--fact", "branch=main"]).output();
        let table = String::from_utf8(output.stdout).unwrap();
        assert!(table.contains(&format!("  {expected}  ")), "{pattern}: {table}");
    }
}

#[test]
fn no_name_of_a_matrix_is_an_option_or_several_names() {
    for name in [
        "-x",
        "--push",
        "a b",
        "a,b",
        "a=b",
        "a\tb",
        "",
        "\u{2013}push",
        "@file",
        "$(id)",
        "`id`",
        "a;b",
        "../a",
        "a\u{200b}b",
    ] {
        let file = format!(
            "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"{}\" {{\n  target = \"app\"\n  repositories = [\"localhost:5000/acme/app\"]\n  tags = [\"1\"]\n}}\n",
            name.replace('\t', "\\t")
        );
        let output = Test::new().file("docker-bake.hcl", file).args(["matrix"]).output();
        assert_ne!(output.status.code(), Some(0), "{name}");
    }
    let target =
        "target \"-x\" {\n  platforms = [\"linux/amd64\"]\n  tags = [\"localhost:5000/acme/app:1\"]\n}\n";
    let output = Test::new().file("docker-bake.hcl", target).args(["matrix", "--", "-x"]).output();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && told.contains("begins with `-`"), "{told}");
    // Bake itself takes it.
    let output = Test::new().file("docker-bake.hcl", target).args(["print", "--", "-x"]).output();
    assert_eq!(output.status.code(), Some(0));
    for name in ["app", "app-1.2", "a/b", "größe", "_x"] {
        let file = format!(
            "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"{name}\" {{\n  target = \"app\"\n  repositories = [\"localhost:5000/acme/app\"]\n  tags = [\"1\"]\n}}\n",
        );
        let output = Test::new().file("docker-bake.hcl", file).args(["matrix"]).output();
        assert_eq!(output.status.code(), Some(0), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Of others, who may have rebuilt it: the same text, as it is or encoded, is not written.
/// Scripts of CI look into the variables that rows name, and a shell runs what stands in brackets behind a name.
#[test]
fn no_name_of_a_variable_in_a_matrix_is_a_command() {
    let file = |secret: &str, helper: &str| {
        format!(
            "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n  contexts = {{ base = \"target:base\" }}\n  {secret}\n}}\ntarget \"base\" {{\n  {helper}\n}}\nimage \"app\" {{\n  repositories = [\"ghcr.io/acme/app\"]\n  tags = [\"edge\"]\n}}\n"
        )
    };
    let plans: [&[&str]; 4] =
        [&["plan"], &["plan", "--github", "--publish=false"], &["matrix"], &["matrix", "--format", "github"]];
    for name in ["x[$(touch pwned)]", "a b", "-x", "A.B", "1A", "A$B", "ä", "A\\nB"] {
        let secret = format!("secret = [{{ id = \"x\", env = \"{}\" }}]", name.replace("$B", "$${B}"));
        for (own, helper) in [(secret.as_str(), ""), ("", secret.as_str())] {
            for command in plans {
                let output =
                    Test::new().file("docker-bake.hcl", file(own, helper)).args(command.iter().copied());
                let output = output.env("GITHUB_OUTPUT", "out").output();
                let said = String::from_utf8(output.stderr).unwrap();
                assert_eq!(output.status.code(), Some(1), "{name} {command:?}: {said}");
                assert!(said.contains("error[secret-variable]: job `"), "{name} {command:?}: {said}");
                assert!(output.stdout.is_empty(), "{name} {command:?}");
            }
        }
    }
    // What is a name goes through, and so does a secret in a file, whatever it is called.
    for secret in ["id=x,env=_A1", "id=a.b,src=docker-bake.hcl", "id=a[0],src=docker-bake.hcl"] {
        let text = file(&format!("secret = [\"{secret}\"]"), "");
        let output = Test::new().file("docker-bake.hcl", text).args(["matrix"]).output();
        assert!(output.status.success(), "{secret}: {}", String::from_utf8_lossy(&output.stderr));
    }
    // Compose says it in other words.
    let compose = "services:\n  app:\n    image: ghcr.io/acme/app:1\n    build:\n      context: .\n      platforms: [linux/amd64]\n      secrets: [x]\nsecrets:\n  x:\n    environment: 'x[$$(touch pwned)]'\n";
    let output = Test::new().file("compose.yaml", compose).args(["matrix"]).output();
    assert!(String::from_utf8_lossy(&output.stderr).contains("error[secret-variable]"), "{output:?}");
}

/// Scripts of CI allow what a row asks for line by line.
#[test]
fn no_entitlement_is_more_than_one_line() {
    let file = |attribute: &str| {
        format!(
            "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n  {attribute}\n}}\nimage \"app\" {{\n  repositories = [\"ghcr.io/acme/app\"]\n  tags = [\"edge\"]\n}}\n"
        )
    };
    for attribute in [
        r#"context = "/srv/a\nsecurity.insecure""#,
        r#"contexts = { a = "../b\nnetwork.host" }"#,
        r#"secret = [{ id = "x", src = "/srv/a\rnetwork.host" }]"#,
        r#"cache-to = [{ type = "local", dest = "/srv/a\nssh" }]"#,
        r#"dockerfile = "/srv/a\u2028b\u0085c""#,
        r#"entitlements = ["device=a\nsecurity.insecure"]"#,
    ] {
        for command in [&["plan", "--allow", "fs.read=/srv", "--allow", "fs.write=/srv"][..], &["matrix"]] {
            let output =
                Test::new().file("docker-bake.hcl", file(attribute)).args(command.iter().copied()).output();
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(
                output.status.code() == Some(1) && output.stdout.is_empty(),
                "{attribute} {command:?}: {said}"
            );
            assert!(
                said.contains("error[line-end]") || said.contains("error[entitlement"),
                "{attribute}: {said}"
            );
        }
    }
    // In the working directory nothing is asked for, and a blank is no line.
    for attribute in [r#"context = "a\nb""#, r#"context = "/srv/a b""#] {
        let output = Test::new().file("docker-bake.hcl", file(attribute)).args(["matrix"]).output();
        assert!(output.status.success(), "{attribute}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_value_of_a_secret_is_in_nothing_that_is_written() {
    const VALUE: &str = "q7+hunter/2fish";
    let of = |args: &str| {
        format!(
            "variable \"API_TOKEN\" {{}}\ntarget \"app\" {{\n  platforms = [\"linux/amd64\"]\n  args = {{ {args} }}\n}}\nimage \"app\" {{\n  repositories = [\"localhost:5000/acme/app\"]\n  tags = [\"1\"]\n}}\n"
        )
    };
    let conditional = format!("A = API_TOKEN == \"{VALUE}\" ? \"{VALUE}\" : \"none\"");
    let url = "A = API_TOKEN == \"\" ? \"none\" : \"https://me:q7%2Bhunter%2F2fish@host\"".to_owned();
    let base64 = "A = API_TOKEN == \"\" ? \"none\" : \"bWU6cTcraHVudGVyLzJmaXNo\"".to_owned();
    let set = format!("app.args.B={VALUE}");
    for (name, args, options) in [
        ("a condition", &conditional, vec![]),
        ("a URL", &url, vec![]),
        ("Base64", &base64, vec![]),
        ("an option", &"A = \"a\"".to_owned(), vec!["--set", set.as_str()]),
    ] {
        for command in [vec!["plan", "--out", "out"], vec!["bake"], vec!["bake", "-o", "out/x.json"]] {
            let test = Test::new().file("docker-bake.hcl", of(args)).env("API_TOKEN", VALUE);
            let test = test.args(command.iter().copied().chain(options.iter().copied()));
            let output = test.output();
            let told = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.code() == Some(1) && told.contains("`API_TOKEN`"), "{name}: {told}");
            assert!(!told.contains(VALUE) && output.stdout.is_empty(), "{name}: {told}");
            assert!(!test.folder().join("out").exists(), "{name}");
        }
    }
    // A word may be anything else, too, and what is not given is not there.
    for value in ["postgres", "main", ""] {
        let file = of("A = \"postgres-main\"");
        let test =
            Test::new().file("docker-bake.hcl", file).env("API_TOKEN", value).args(["plan", "--out", "out"]);
        assert_eq!(test.output().status.code(), Some(0), "{value}");
    }
}

/// A login is one whatever its variable is called.
#[test]
fn a_value_with_a_login_is_secret() {
    let of = |image: &str| {
        format!(
            "variable \"PIP_INDEX_URL\" {{ default = \"\" }}\ntarget \"app\" {{\n  platforms = [\"linux/amd64\"]\n  args = {{ A = PIP_INDEX_URL }}\n}}\nimage {{\n  {image}\n}}\nimage \"app\" {{\n  repositories = [\"localhost:5000/acme/app\"]\n  tags = [\"1\"]\n}}\n"
        )
    };
    let denied = "secret_variables = [\"!PIP_INDEX_URL\"]";
    for (value, image, event, code) in [
        ("https://me:q7hunter2fish@pypi.example.com/simple", "", "push", 1),
        ("ghp_q7hunter2fish0123456789", "", "push", 1),
        ("jdbc:postgresql://db/app?password=q7hunter2fish", "", "push", 1),
        (r#"{"auths": {"ghcr.io": {"auth": "q7hunter2fish"}}}"#, "", "push", 1),
        ("https://pypi.example.com/simple", "", "push", 0),
        ("https://me:q7hunter2fish@pypi.example.com/simple", denied, "push", 0),
        ("https://me:q7hunter2fish@pypi.example.com/simple", denied, "pull_request_target", 1),
    ] {
        for command in [&["plan", "--github", "--out", "out"][..], &["bake"], &["matrix"]] {
            if !command.contains(&"--github") && event != "push" {
                continue;
            }
            let test = Test::new().file("docker-bake.hcl", of(image)).env("PIP_INDEX_URL", value);
            let output = test.env("GITHUB_EVENT_NAME", event).args(command.iter().copied()).output();
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(code), "{value} {event} {command:?}: {told}");
            assert!(!told.contains("hunter"), "{told}");
            assert_eq!(told.contains("`PIP_INDEX_URL`"), code == 1, "{told}");
        }
    }
}

/// A login that a file of the project has is as public as the file.
#[test]
fn a_login_in_a_file_of_the_project_is_let_through() {
    let compose = "services:\n  app:\n    image: localhost:5000/acme/app:1\n    build:\n      context: .\n      args: { A: \"${DB}\" }\n";
    let url = "postgres://postgres:q7hunter2fish@db/app";
    for (in_file, in_environment, code) in [(url, None, 0), ("", Some(url), 1)] {
        let test = Test::new().file("compose.yaml", compose).file("Dockerfile", "FROM scratch\n");
        let test =
            test.file(".env", if in_file.is_empty() { String::new() } else { format!("DB={in_file}\n") });
        let test = in_environment.into_iter().fold(test, |test, value| test.env("DB", value));
        let output = test.args(["plan", "-f", "compose.yaml"]).output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{told}");
        assert!(!told.contains("hunter"), "{told}");
    }
}

#[test]
fn a_definition_says_which_variables_are_secret() {
    let of = |more: &str, name: &str| {
        format!(
            "image {{\n  {more}\n}}\nvariable \"{name}\" {{}}\ntarget \"app\" {{\n  platforms = [\"linux/amd64\"]\n  args = {{ A = {name} }}\n}}\nimage \"app\" {{\n  repositories = [\"localhost:5000/acme/app\"]\n  tags = [\"1\"]\n}}\n"
        )
    };
    let run = |file: &str, name: &str| {
        let test = Test::new().file("docker-bake.hcl", file).env(name, "q7hunter2fish").args(["bake"]);
        let output = test.output();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for (more, name, is_secret) in [
        ("", "LICENSE", false),
        ("secret_variables = [\"LICENSE\"]", "LICENSE", true),
        ("secret_variables = [\"OTHER\"]", "LICENSE", false),
        ("", "CACHE_KEY", true),
        ("secret_variables = [\"!CACHE_KEY\"]", "CACHE_KEY", false),
        ("", "API_TOKEN_V2", true),
        ("", "DATABASE_URL", true),
    ] {
        let (code, told) = run(&of(more, name), name);
        assert_eq!(code, Some(i32::from(is_secret)), "{more} {name}: {told}");
        assert!(!told.contains("hunter"), "{told}");
    }
    for (more, expected) in [
        ("secret_variables = NAMES", "secret-variables"),
        ("secret_variables = \"LICENSE\"", "secret-variables"),
        ("secret_variables = [\"${LICENSE}\"]", "secret-variables"),
        ("secret_variables = [\"\"]", "secret-variables"),
    ] {
        let (code, told) = run(&of(more, "LICENSE"), "LICENSE");
        assert!(code == Some(1) && told.contains(expected), "{more}: {told}");
    }
    let labelled = image("  tags = [\"1\"]\n  secret_variables = [\"A\"]");
    let (code, told) = run(&labelled, "A");
    assert!(code == Some(1) && told.contains("image-secrets"), "{told}");
    // In a Compose file, too.
    let compose = "services:\n  app:\n    image: localhost:5000/acme/app:1\n    platform: linux/amd64\n    build:\n      context: .\n      args:\n        A: ${LICENSE}\n";
    for (names, is_secret) in [("[]", false), ("[\"LICENSE\"]", true)] {
        let images = format!(
            "image {{\n  secret_variables = {names}\n}}\nimage \"app\" {{\n  repositories = [\"localhost:5000/acme/app\"]\n  tags = [\"1\"]\n}}\n"
        );
        let test = Test::new().file("compose.yml", compose).file("images.hcl", images);
        let output = test.env("LICENSE", "q7hunter2fish").args(["bake"]).output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(i32::from(is_secret)), "{names}: {told}");
    }
}

fn fork(base: &str) -> String {
    format!(
        "{{\"pull_request\": {{\"head\": {{\"repo\": {{\"full_name\": \"mallory/app\"}}}}, \"base\": {{\"repo\": {{\"full_name\": \"{base}\"}}}}}}}}"
    )
}

/// What builds read outside the working directory is asked for, and what is below it is not.
#[test]
fn what_builds_read_outside_is_asked_for() {
    for (reads, expected) in [
        (r#"dockerfile = "/etc/x""#, &["fs.read=/etc/x"][..]),
        (r#"dockerfile = "../x""#, &["fs.read=../x"]),
        (r#"dockerfile = "cwd://../x""#, &["fs.read=../x"]),
        ("context = \"a\"\n  dockerfile = \"../../x\"", &["fs.read=a/../../x"]),
        ("context = \"..\"\n  dockerfile = \"a/x\"", &["fs.read=.."]),
        ("context = \"..\"\n  dockerfile = \"../x\"", &["fs.read=..", "fs.read=../../x"]),
        ("context = \"https://example.com/a.git\"\n  dockerfile = \"../x\"", &[]),
        ("context = \"https://example.com/a.git\"\n  dockerfile = \"cwd://../x\"", &["fs.read=../x"]),
        (r#"dockerfile = "a/../x""#, &[]),
        ("context = \"a/b\"\n  dockerfile = \"../x\"", &[]),
        (r#"contexts = { x = "oci-layout:///root/x" }"#, &["fs.read=/root/x"]),
        (
            r#"contexts = { x = "oci-layout://../x:1.2@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" }"#,
            &["fs.read=../x"],
        ),
        (r#"contexts = { x = "oci-layout://x:1.2" }"#, &[]),
        (r#"contexts = { x = "cwd://.." }"#, &["fs.read=.."]),
        (r#"contexts = { x = "docker-image://alpine" }"#, &[]),
        // Bake itself asks nothing for policies.
        (r#"policy = ["filename=/etc/p.rego"]"#, &["fs.read=/etc/p.rego"]),
        (r#"policy = [{ filename = "../p.rego" }]"#, &["fs.read=../p.rego"]),
        (r#"policy = ["filename=cwd:///etc/p.rego"]"#, &["fs.read=/etc/p.rego"]),
        (r#"policy = ["filename=cwd://../p.rego,strict=true"]"#, &["fs.read=../p.rego"]),
        (r#"policy = ["filename=a/p.rego", "filename=cwd://p.rego"]"#, &[]),
        (r#"policy = ["disabled=true"]"#, &[]),
        ("context = \"https://github.com/acme/public.git\"\n  policy = [\"filename=/p.rego\"]", &[]),
        // A secret that is only named is a file where no variable can have its name, and Bake itself asks nothing.
        (r#"secret = ["id=/root/.docker/config.json"]"#, &["fs.read=/root/.docker/config.json"]),
        (r#"secret = [{ id = "../x" }]"#, &["fs.read=../x"]),
        (r#"secret = ["id=a/../../x"]"#, &["fs.read=a/../../x"]),
        (r#"secret = ["id=/root/x,env=TOKEN"]"#, &[]),
        (r#"secret = ["id=/root/x,src=a"]"#, &[]),
        (r#"secret = ["id=npm-token", "id=TOKEN"]"#, &[]),
        // An empty path is the agent, which a context that is fetched over SSH gets where nothing else is said.
        (r#"ssh = ["default="]"#, &["ssh"]),
        (r#"ssh = ["key="]"#, &["ssh"]),
        (r#"ssh = ["default=,"]"#, &["ssh"]),
        (r#"ssh = [{ id = "default", paths = [""] }]"#, &["ssh"]),
        (r#"ssh = ["default", "key=a"]"#, &["ssh"]),
        (r#"ssh = ["key=a"]"#, &[]),
        (r#"context = "git@github.com:acme/private.git""#, &["ssh"]),
        (r#"context = "ssh://git@example.com/private.git#main""#, &["ssh"]),
        ("context = \"git@github.com:acme/private.git\"\n  ssh = [\"key=a\"]", &[]),
        (r#"context = "https://git@github.com/acme/public.git""#, &[]),
        (r#"context = "github.com/acme/public""#, &[]),
        (r#"context = "git://example.com/public.git""#, &[]),
        (r#"contexts = { x = "git@github.com:acme/private.git" }"#, &[]),
    ] {
        let spec = format!(
            "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n  tags = [\"ghcr.io/acme/app:1\"]\n  {reads}\n}}\n"
        );
        let output = Test::new().file("docker-bake.hcl", &spec).args(["matrix"]).output();
        let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(rows[0]["allow"], serde_json::json!(expected), "{reads}");
        let test = Test::new().file("docker-bake.hcl", &spec).env("GITHUB_EVENT_NAME", "pull_request_target");
        let output = test.args(["plan", "--github"]).output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(told.contains("entitlement"), !expected.is_empty(), "{reads}: {told}");
    }
}

#[test]
fn who_may_not_change_the_command_decides_about_machines() {
    let insecure = "target \"app\" {\n  platforms = [\"linux/amd64\"]\n  entitlements = [\"security.insecure\"]\n  contexts = { a = \"/root/.docker\" }\n}\nimage \"app\" {\n  repositories = [\"localhost:5000/acme/app\"]\n  tags = [\"1\"]\n  runners = { default = [\"self-hosted\", \"x64\"] }\n}\n";
    let consent = r#"{"allow": ["security.insecure", "fs.read=/root"], "runners": ["self-hosted", "X64"]}"#;
    let run = |options: &[&str], event: &str, payload: &str| {
        let test = Test::new().file("repo/docker-bake.hcl", insecure).file("event.json", payload);
        let test =
            test.file("consent.json", consent).file("repo/consent.json", consent).file("repo/.git/HEAD", "");
        let event_file = test.folder().join("event.json");
        let test = test.env("GITHUB_EVENT_NAME", event).env("GITHUB_EVENT_PATH", &event_file);
        let output = test.cwd("repo").args(["plan"]).args(options.iter().copied()).output();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let all = [
        "--allow",
        "security.insecure",
        "--allow",
        "fs.read=/root",
        "--runner",
        "self-hosted",
        "--runner=x64",
    ];
    let (own, strange) = (fork("mallory/app"), fork("acme/app"));
    for (options, event, payload, refused) in [
        // Who runs it at the desk has read it.
        (&[][..], "push", "{}", &[][..]),
        (&["--github"], "push", "{}", &[]),
        (&["--github"], "pull_request", &*own, &[]),
        (&["--github"], "pull_request", &*strange, &["entitlement", "runner-consent"]),
        (&["--github"], "pull_request_target", &*own, &["entitlement", "runner-consent"]),
        // Nobody knows where it comes from.
        (&["--github"], "pull_request", "{}", &["entitlement", "runner-consent"]),
        (
            &["--github", "--runner", "self-hosted", "--runner", "x64"],
            "pull_request",
            &*strange,
            &["entitlement"],
        ),
        (&["--allow", "network.host"], "push", "{}", &["entitlement"]),
        (&["--allow", "fs.read=/root/.docker"], "push", "{}", &["`security.insecure`"]),
        (&["--runner", "self-hosted"], "push", "{}", &["runner-consent"]),
        (&all, "pull_request", &*strange, &[]),
        (&["--github", "--consent", "../consent.json"], "pull_request", &*strange, &[]),
        (&["--consent", "consent.json"], "push", "{}", &["consent-file"]),
        (&["--consent", "../repo/consent.json"], "push", "{}", &["consent-file"]),
        (&["--consent", "../nothing.json"], "push", "{}", &["nothing.json"]),
    ] {
        let (code, told) = run(options, event, payload);
        assert_eq!(code, Some(i32::from(!refused.is_empty())), "{options:?} {event} {payload}: {told}");
        for word in refused {
            assert!(told.contains(word), "{options:?} {event}: {told}");
        }
    }
    // A link in the repository is the author's, wherever it leads.
    #[cfg(unix)]
    {
        let test = Test::new().file("repo/docker-bake.hcl", insecure).file("consent.json", consent);
        let test = test.file("repo/.git/HEAD", "").cwd("repo").args(["plan", "--consent", "link.json"]);
        std::os::unix::fs::symlink("../consent.json", test.folder().join("repo/link.json")).unwrap();
        let output = test.output();
        assert!(String::from_utf8(output.stderr).unwrap().contains("consent-file"));
    }
    let hosted = image("  tags = [\"1\"]\n  runners = { default = \"ubuntu-24.04\" }");
    let test = Test::new().file("docker-bake.hcl", hosted).env("GITHUB_EVENT_NAME", "pull_request_target");
    assert_eq!(test.args(["plan", "--github"]).output().status.code(), Some(0));
}

#[test]
fn what_is_allowed_stands_in_another_revision() {
    let test =
        Test::new().file("docker-bake.hcl", image("  tags = [\"1\"]\n  runners = { default = \"own\" }"));
    let test = test.file(".github/consent.json", r#"{"runners": ["own"]}"#);
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        command
            .args(["-c", "user.name=a", "-c", "user.email=a@b"])
            .args(arguments)
            .current_dir(test.folder());
        assert!(command.output().unwrap().status.success(), "{arguments:?}");
    };
    git(&["init", "-q", "-b", "main"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "a"]);
    fs::write(test.folder().join(".github/consent.json"), r#"{"runners": ["other"]}"#).unwrap();
    let run = |consent: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_bakeplan"));
        let output =
            command.args(["plan", "--consent", consent]).current_dir(test.folder()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(run("git:main:.github/consent.json").0, Some(0));
    for (consent, code) in
        [("git:main:nothing.json", 1), ("git:none:a", 1), ("git:main", 2), ("git:--all:a", 2)]
    {
        let (found, told) = run(consent);
        assert_eq!(found, Some(code), "{consent}: {told}");
    }
    // What is checked out in an untrusted event may be theirs, however it is called.
    git(&["remote", "add", "origin", "https://github.com/acme/app"]);
    git(&["branch", "base"]);
    git(&["commit", "-q", "--allow-empty", "-m", "b"]);
    let in_event = |consent: &str, event: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_bakeplan"));
        command.args(["plan", "--github", "--consent", consent]).current_dir(test.folder());
        command.env("GITHUB_EVENT_NAME", event).env_remove("GITHUB_OUTPUT").env_remove("GITHUB_STEP_SUMMARY");
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for name in [
        "HEAD",
        "@",
        "HEAD^{commit}",
        "HEAD~0",
        "@{0}",
        "main",
        "main@{0}",
        "main^0",
        "refs/heads/main",
        "FETCH_HEAD",
    ] {
        let consent = format!("git:{name}:.github/consent.json");
        let (code, told) = in_event(&consent, "pull_request_target");
        assert!(code == Some(1) && told.contains("error[consent-file]"), "{name}: {told}");
        if !name.starts_with("FETCH") {
            assert_eq!(in_event(&consent, "push").0, Some(0), "{name}");
        }
    }
    let (code, told) = in_event("git:base:.github/consent.json", "pull_request_target");
    assert!(code == Some(1) && told.contains("a branch of this clone"), "{told}");
    let (code, told) = in_event("git:refs/heads/base:.github/consent.json", "pull_request_target");
    assert_eq!(code, Some(0), "{told}");
    // A name that is also that of a branch or tag which somebody else may have pushed.
    git(&["update-ref", "refs/remotes/origin/main", "base"]);
    let own = "git:origin/main:.github/consent.json";
    assert_eq!(in_event(own, "pull_request_target").0, Some(0));
    for other in ["refs/heads/origin/main", "refs/tags/origin/main"] {
        git(&["update-ref", other, "base"]);
        for consent in
            [own, "git:origin/main~0:.github/consent.json", "git:origin/main@{0}:.github/consent.json"]
        {
            let (code, told) = in_event(consent, "pull_request_target");
            assert!(code == Some(1) && told.contains("name of several refs"), "{other} {consent}: {told}");
        }
        assert_eq!(
            in_event("git:refs/remotes/origin/main:.github/consent.json", "pull_request_target").0,
            Some(0)
        );
        assert_eq!(in_event(own, "push").0, Some(0));
        git(&["update-ref", "-d", other]);
    }
    for text in ["[]", "{\"allowed\": []}", "{\"allow\": \"a\"}", "{", "{\"allow\": [1]}"] {
        let outside = tempfile::tempdir().unwrap();
        let path = outside.path().join("c.json");
        fs::write(&path, text).unwrap();
        let (code, told) = run(path.to_str().unwrap());
        assert!(code == Some(1) && told.contains("consent-file"), "{text}: {told}");
    }
}

/// Whatever its name is, what the contributor wrote allows nothing.
#[test]
fn no_commit_of_the_contributor_says_what_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(arguments);
        let output = command.current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let spec = image("  tags = [\"1\"]\n  runners = { default = \"own\" }");
    fs::write(folder.path().join("docker-bake.hcl"), spec).unwrap();
    fs::write(folder.path().join("c.json"), r#"{"runners": ["own"]}"#).unwrap();
    git(&["init", "-q", "-b", "main"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "of the base"]);
    git(&["remote", "add", "origin", "https://github.com/acme/app"]);
    let base = git(&["rev-parse", "HEAD"]);
    git(&["commit", "-q", "--allow-empty", "-m", "theirs, too"]);
    let below = git(&["rev-parse", "HEAD"]);
    git(&["commit", "-q", "--allow-empty", "-m", "theirs"]);
    let theirs = git(&["rev-parse", "HEAD"]);
    git(&["commit", "-q", "--allow-empty", "-m", "the merge"]);
    let head = git(&["rev-parse", "HEAD"]);
    let events = tempfile::tempdir().unwrap();
    let payload = events.path().join("event.json");
    let event = format!(
        r#"{{"pull_request": {{"head": {{"sha": "{theirs}", "repo": {{"full_name": "them/app"}}}}, "base": {{"repo": {{"full_name": "acme/app"}}}}}}}}"#
    );
    fs::write(&payload, event).unwrap();
    let run = |revision: &str, event: &str, sha: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_bakeplan"));
        command.args(["plan", "--github", "--publish=false", "--consent", &format!("git:{revision}:c.json")]);
        command.env("GITHUB_EVENT_NAME", event).env("GITHUB_EVENT_PATH", &payload);
        command.env("GITHUB_SHA", sha).env("GITHUB_REPOSITORY", "acme/app");
        command.env_remove("GITHUB_OUTPUT").env_remove("GITHUB_STEP_SUMMARY").current_dir(folder.path());
        let output = command.output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() || told.contains("error[consent-file]"), "{revision}: {told}");
        (output.status.success(), told)
    };
    let origin = "refs/remotes/origin/main";
    let (of_merge, of_base) = ("pull_request", "pull_request_target");
    // What the remote's branch is, the event, the commit of the run, and whether it may say what is allowed.
    for (at, event, sha, may) in [
        (&base, of_merge, &head, true),
        (&base, of_base, &base, true),
        (&head, of_merge, &head, false),
        (&head, of_base, &base, false),
        (&theirs, of_merge, &head, false),
        (&theirs, of_base, &base, false),
        // Where the base itself is checked out.
        (&head, of_base, &head, true),
        (&head, "issue_comment", &head, true),
        (&head, "workflow_run", &head, true),
    ] {
        git(&["update-ref", origin, at]);
        for name in [origin, "origin/main", at.as_str()] {
            let (ran, told) = run(name, event, sha);
            assert_eq!(ran, may, "{name} {at} {event} {sha}: {told}");
        }
    }
    // A commit of theirs below that one, unless a branch of the base has it, too.
    for (at, sha, may) in [(&base, &base, false), (&below, &base, true), (&base, &below, true)] {
        git(&["update-ref", origin, at]);
        let (ran, told) = run(&below, of_base, sha);
        assert_eq!(ran, may, "{at} {sha}: {told}");
        assert_eq!(told.contains("a commit below the one that they ask to merge"), !may, "{told}");
    }
    // A tree is the same in whoever's commit it stands.
    git(&["update-ref", origin, &base]);
    for commit in [&base, &theirs, &head] {
        let tree = git(&["rev-parse", &format!("{commit}^{{tree}}")]);
        for name in [tree.as_str(), &format!("{commit}^{{tree}}"), &format!("{tree}^{{}}")] {
            for event in [of_merge, of_base, "issue_comment", "workflow_run"] {
                let (ran, told) = run(name, event, &base);
                assert!(!ran, "{name} {event}: {told}");
            }
            assert!(run(name, "push", &base).0, "{name}");
        }
    }
    // A ref that looks like one of a remote, of which there is none.
    git(&["update-ref", "refs/remotes/pull/7/merge", &below]);
    let (ran, told) = run("refs/remotes/pull/7/merge", of_merge, &head);
    assert!(!ran && told.contains("there is no such remote"), "{told}");
    git(&["update-ref", "-d", "refs/remotes/pull/7/merge"]);
    // The remote is their fork.
    git(&["remote", "set-url", "origin", "https://github.com/them/app"]);
    let (ran, told) = run(origin, of_base, &base);
    assert!(!ran && told.contains("it is of https://github.com/them/app"), "{told}");
    for own in ["https://github.com/acme/app", "git@github.com:Acme/app.git", "ssh://git@github.com/acme/app"]
    {
        git(&["remote", "set-url", "origin", own]);
        assert!(run(origin, of_base, &base).0, "{own}");
    }
    // Nothing says where a tag is from.
    git(&["tag", "policy", &base]);
    for (url, may) in [
        ("https://github.com/them/app", false),
        ("https://evil.example/acme/app", false),
        ("git@evil.example:acme/app.git", false),
        ("https://github.com/them/acme/app", false),
        ("file:///srv/acme/app", false),
        ("https://github.com/acme/app.git", true),
    ] {
        git(&["remote", "set-url", "origin", url]);
        for name in ["policy", "refs/tags/policy", origin, "origin/main"] {
            let (ran, told) = run(name, of_base, &base);
            assert_eq!(ran, may, "{url} {name}: {told}");
        }
    }
    git(&["tag", "-d", "policy"]);
    // Names that lead elsewhere than they look, and others that do not.
    for (branch, name, may) in [
        ("refs/heads/origin", "origin", false),
        (&*format!("refs/heads/{}", &base[..8]), &base[..8], false),
        ("refs/heads/refs/remotes/origin/main", origin, true),
        ("refs/heads/refs/remotes/origin/other", "refs/remotes/origin/other", false),
        ("refs/heads/upstream/main", "upstream/main", false),
        ("refs/tags/policy", "policy", true),
        ("refs/tags/policy", "refs/tags/policy", true),
        ("refs/heads/policy", "refs/heads/policy", true),
    ] {
        git(&["update-ref", branch, &base]);
        git(&["symbolic-ref", "refs/remotes/origin/HEAD", origin]);
        let (ran, told) = run(name, of_base, &base);
        assert_eq!(ran, may, "{branch} {name}: {told}");
        git(&["update-ref", "-d", branch]);
    }
    assert!(run("origin", of_base, &base).0, "the default branch of the remote");
}

/// As with Compose at the desk; but where a stranger may have written the path, the file is whoever's the machine is.
#[test]
fn what_files_name_lies_in_the_project_where_strangers_write_them() {
    let outside = tempfile::tempdir().unwrap();
    let path = |name: &str| outside.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("passwd"), "root:x:hunter2hunter\nmore:hunter2hunter\n").unwrap();
    fs::write(path("other.yml"), "services:\n  other:\n    build: .\n").unwrap();
    fs::write(path("vars.env"), "A=1\n").unwrap();
    let (passwd, other, vars) = (path("passwd"), path("other.yml"), path("vars.env"));
    let include = |file: &str| format!("include:\n  - {file}\nservices:\n  app:\n    build: .\n");
    let extends = |file: &str| {
        format!("services:\n  app:\n    build: .\n    extends:\n      file: {file}\n      service: other\n")
    };
    let env_file = |file: &str| {
        format!("services:\n  app:\n    build:\n      context: .\n      args: [A]\n    env_file: {file}\n")
    };
    let run = |compose: &str, args: &[&str]| {
        let test = Test::new().file("compose.yml", compose).args(args.iter().copied());
        let output = test.output();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for (compose, args, expected) in [
        (include(&other), &["print", "app"][..], None),
        (extends(&other), &["print", "app"], None),
        (env_file(&vars), &["print", "app"], None),
        (include(&other), &["print", "app", "--confine", "/"], None),
        (include(&other), &["print", "app", "--confine", "."], Some("lies outside of")),
        (extends(&other), &["print", "app", "--confine", "."], Some("lies outside of")),
        (env_file(&vars), &["print", "app", "--confine", "."], Some("lies outside of")),
        (include(&other), &["plan", "--github"], Some("lies outside of")),
        (include("../../../../../../etc/hostname"), &["plan", "--github"], Some("lies outside of")),
        (include(&other), &["print", "app", "--confine", "nothing"], Some("is not a folder")),
    ] {
        let (code, told) = run(&compose, args);
        assert_eq!(code.unwrap() != 0, expected.is_some(), "{compose} {args:?}: {told}");
        assert!(told.contains(expected.unwrap_or_default()), "{args:?}: {told}");
    }
    // What the command line names is the user's own.
    let output = Test::new().args(["print", "other", "-f", &other, "--confine", "."]).output();
    assert_eq!(output.status.code(), Some(0));
    // Nothing of a file elsewhere is shown.
    for compose in [include(&passwd), extends(&passwd), include(&path("nothing.yml"))] {
        let (code, told) = run(&compose, &["print", "app"]);
        assert!(code == Some(1) && !told.contains("hunter"), "{told}");
    }
    let (_, told) = run(&include(&passwd), &["print", "app"]);
    assert!(told.contains("passwd:1:1, which is not shown"), "{told}");
    // A link in the project leads where its author wants.
    let test = Test::new().file("compose.yml", include("link.yml")).args(["plan", "--github"]);
    std::os::unix::fs::symlink(&other, test.folder().join("link.yml")).unwrap();
    assert!(String::from_utf8(test.output().stderr).unwrap().contains("lies outside of"));
}

/// A pipe without a writer in the checkout would be waited for; one that a shell makes is the user's.
#[test]
fn a_pipe_in_the_project_is_not_read() {
    for (name, args) in [
        ("docker-bake.hcl", &["print"][..]),
        ("f.hcl", &["print", "-f", "f.hcl"]),
        ("plan.json", &["merge", "--plan", "plan.json", "--metadata", "m.json"]),
        ("facts.json", &["plan", "--facts-file", "facts.json"]),
    ] {
        let test = Test::new().args(args.iter().copied());
        let made = std::process::Command::new("mkfifo").arg(test.folder().join(name)).status();
        assert!(made.unwrap().success());
        let output = test.output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && told.contains("not a regular file"), "{name}: {told}");
    }
    let shell = format!("{} print -f <(echo 'target \"default\" {{}}')", env!("CARGO_BIN_EXE_bakeplan"));
    let folder = tempfile::tempdir().unwrap();
    let output = std::process::Command::new("bash").args(["-c", &shell]).current_dir(folder.path()).output();
    assert!(output.unwrap().status.success());
}

#[test]
fn a_message_is_short_whatever_it_quotes() {
    let long = "x".repeat(3_000_000);
    for text in [
        format!("target \"default\" {{\n  tags = [\"localhost:5000/a/b:{long}\"]\n}}\n"),
        format!(
            "target \"default\" {{\n  platforms = [\"{long}\"]\n  tags = [\"localhost:5000/a/b:1\"]\n}}\n"
        ),
        format!("target \"{long}\" {{\n  platforms = [1, {{}}]\n}}\n"),
    ] {
        let output = Test::new().file("docker-bake.hcl", text).args(["plan", "--github"]).output();
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stderr.len() < 40_000, "{}", output.stderr.len());
    }
}

/// Whoever may change the repository makes a link of any file in it, also of one that is read by default or that the
/// command line names.
#[cfg(unix)]
#[test]
fn a_definition_that_is_a_link_out_of_the_project_is_not_read_for_strangers() {
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("config");
    fs::write(&secret, "hunter2: [hunter2\nhunter2=x y\n").unwrap();
    let folder = outside.path().join("folder");
    fs::create_dir(&folder).unwrap();
    fs::copy(&secret, folder.join("bake.hcl")).unwrap();
    let good = image("  tags = [\"1\"]\n  version = \"1.2.3\"");
    let run = |links: &[(&str, &std::path::Path)], arguments: &[&str]| {
        let test = Test::new().file(".git/HEAD", "").file("inside.hcl", &good);
        for (name, target) in links {
            std::os::unix::fs::symlink(target, test.folder().join(name)).unwrap();
        }
        let has_definition =
            links.iter().any(|(name, _)| name.starts_with("compose") || name.starts_with("docker-bake"));
        let test = if has_definition { test } else { test.file("docker-bake.hcl", &good) };
        let output = test.args(arguments.iter().copied()).output();
        (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    for (name, options) in [
        ("compose.yaml", &[][..]),
        ("docker-bake.hcl", &[]),
        ("docker-bake.json", &[]),
        ("docker-bake.override.hcl", &[]),
        ("images.hcl", &[]),
        ("named.hcl", &["-f", "named.hcl"]),
        ("images2.hcl", &["--images", "images2.hcl"]),
    ] {
        for command in
            [&["plan", "--github"][..], &["matrix", "--format", "github"], &["plan", "--confine", "."]]
        {
            let (code, told) = run(&[(name, &secret)], &[command, options].concat());
            assert!(code == Some(1) && told.contains("is a link out of"), "{name} {command:?}: {told}");
            assert!(!told.contains("hunter"), "{name} {command:?}: {told}");
        }
        // At the desk it is read, and no line of it is shown.
        let (_, told) = run(&[(name, &secret)], &[&["plan"][..], options].concat());
        assert!(!told.contains("[hunter") && !told.contains("is a link out of"), "{name}: {told}");
    }
    let (code, told) = run(&[("way", &folder)], &["plan", "--github", "-f", "way/bake.hcl"]);
    assert!(code == Some(1) && told.contains("is a link out of") && !told.contains("hunter"), "{told}");
    for option in ["--known-versions", "--facts-file"] {
        let (code, told) = run(&[("list", &secret)], &["plan", "--github", option, "list"]);
        assert!(
            code == Some(1) && told.contains("is a link out of") && !told.contains("hunter"),
            "{option}: {told}"
        );
    }
    // A link that stays, and a place outside that the command line names.
    let (code, told) = run(&[("docker-bake.hcl", std::path::Path::new("inside.hcl"))], &["plan", "--github"]);
    assert_eq!(code, Some(0), "{told}");
    fs::write(&secret, &good).unwrap();
    let (code, told) = run(&[], &["plan", "--github", "-f", secret.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn who_causes_an_event_decides_whether_strangers_may_have_written_the_definition() {
    let asks = image("  tags = [\"1\"]\n  runners = { default = \"own\" }");
    let run = |event: &str, payload: &str, arguments: &[&str]| {
        let test = Test::new().file("docker-bake.hcl", &asks).file("event.json", payload);
        let file = test.folder().join("event.json");
        let test = test.env("GITHUB_EVENT_NAME", event).env("GITHUB_EVENT_PATH", &file);
        let output = test.args(arguments.iter().copied()).output();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let commands = [&["plan", "--github"][..], &["matrix", "--format", "github"]];
    for event in ["push", "schedule", "workflow_dispatch", "release", "merge_group", ""] {
        for command in commands {
            let (code, told) = run(event, "{}", command);
            assert_eq!(code, Some(0), "{event} {command:?}: {told}");
        }
    }
    let strange = [
        "pull_request_target",
        "workflow_run",
        "issue_comment",
        "issues",
        "discussion_comment",
        "check_run",
        "check_suite",
        "status",
        "deployment_status",
        "fork",
        "watch",
        "PULL_REQUEST",
        "something_new",
    ];
    for event in strange {
        for command in commands {
            let (code, told) = run(event, "{}", command);
            assert!(code == Some(1) && told.contains("runner-consent"), "{event} {command:?}: {told}");
        }
        // Rows for others to read go nowhere.
        assert_eq!(run(event, "{}", &["matrix", "--format", "json"]).0, Some(0));
        assert_eq!(run(event, "{}", &["matrix", "--format", "github", "--runner", "own"]).0, Some(0));
    }
    for command in commands {
        assert_eq!(run("pull_request", &fork("mallory/app"), command).0, Some(0));
        assert_eq!(run("pull_request", &fork("acme/app"), command).0, Some(1));
    }
}

/// Wherever the working directory is, who may change what is planned may not change what is allowed.
#[test]
fn what_is_allowed_lies_in_no_checkout_of_what_is_planned() {
    let asks = image("  tags = [\"1\"]\n  runners = { default = \"own\" }");
    let consent = r#"{"runners": ["own"]}"#;
    let run = |place: &str, arguments: &[&str]| {
        let test = Test::new().file("repo/docker-bake.hcl", &asks).file("repo/sub/docker-bake.hcl", &asks);
        let test = test.file("repo/.git/HEAD", "").file("repo/sub/.git", "gitdir: x").file("elsewhere/x", "");
        let test = test
            .file("repo/consent.json", consent)
            .file("consent.json", consent)
            .file("trusted/c.json", consent);
        let test = test.file("trusted/.git/HEAD", "");
        #[cfg(unix)]
        std::os::unix::fs::symlink("../..", test.folder().join("repo/up")).unwrap();
        let output = test.cwd(place).args(["plan"]).args(arguments.iter().copied()).output();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for (place, arguments, is_read) in [
        ("repo", &["--consent", "../consent.json"][..], true),
        ("repo", &["--consent", "../trusted/c.json"], true),
        ("elsewhere", &["-f", "../repo/docker-bake.hcl", "--consent", "../consent.json"], true),
        ("repo", &["--consent", "consent.json"], false),
        ("repo/sub", &["--consent", "../consent.json"], false),
        ("elsewhere", &["-f", "../repo/docker-bake.hcl", "--consent", "../repo/consent.json"], false),
        ("elsewhere", &["-f", "../repo/sub/docker-bake.hcl", "--consent", "../repo/consent.json"], false),
    ] {
        let (code, told) = run(place, arguments);
        assert_eq!(code, Some(i32::from(!is_read)), "{place} {arguments:?}: {told}");
        assert_eq!(told.contains("lies in the repository"), !is_read, "{place} {arguments:?}: {told}");
    }
    // A link to a folder that holds the repository is in it all the same.
    let test = Test::new()
        .file("repo/docker-bake.hcl", &asks)
        .file("repo/.git/HEAD", "")
        .file("consent.json", consent);
    #[cfg(unix)]
    std::os::unix::fs::symlink("..", test.folder().join("repo/up")).unwrap();
    let output = test.cwd("repo").args(["plan", "--consent", "up/consent.json"]).output();
    #[cfg(unix)]
    assert!(String::from_utf8(output.stderr).unwrap().contains("lies in the repository"));
}

#[test]
fn in_markdown_nothing_becomes_a_link_by_itself() {
    for label in
        ["https://evil.example/x", "www.evil.example", "@acme", "acme/app#1", "me@evil.example", ":eyes:"]
    {
        let file = image(&format!("  tags = [\"1\"]\n  runners = {{ default = \"{label}\" }}"));
        let test = Test::new().file("docker-bake.hcl", file).file("summary", "");
        let summary = test.folder().join("summary");
        let test = test.env("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()).args(["plan", "--github"]);
        let output = test.output();
        assert_eq!(output.status.code(), Some(0));
        let text = fs::read_to_string(&summary).unwrap();
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| app-")).collect();
        assert!(rows.iter().all(|row| !row.contains(label) && row.contains("<!-- -->")), "{label}: {rows:?}");
        assert!(!rows.is_empty(), "{text}");
    }
}

/// What a definition says of secrets is not believed where a stranger may have written it and the environment has one.
#[test]
fn a_stranger_cannot_say_that_a_secret_is_none() {
    let hostile = |name: &str| {
        format!(
            "variable \"{name}\" {{ default = \"\" }}\ntarget \"app\" {{\n  platforms = [\"linux/amd64\"]\n  labels = {{ x = {name} }}\n}}\nimage {{\n  secret_variables = [\"!{name}\"]\n}}\nimage \"app\" {{\n  repositories = [\"localhost:5000/acme/app\"]\n  tags = [\"1\"]\n}}\n"
        )
    };
    for (name, options, event, value, code, is_warned) in [
        ("API_TOKEN", &["--github"][..], "pull_request_target", "q7hunter2fish", 1, true),
        ("DB_PASSWORD_PROD", &["--github"], "pull_request_target", "q7hunter2fish", 1, true),
        ("CACHE_KEY", &["--github"], "pull_request", "q7hunter2fish", 1, true),
        // No value, no stranger, and no secret by its name.
        ("API_TOKEN", &["--github"], "pull_request_target", "", 0, false),
        ("API_TOKEN", &["--github"], "push", "q7hunter2fish", 0, false),
        ("API_TOKEN", &[], "pull_request_target", "q7hunter2fish", 0, false),
        ("LICENSE", &["--github"], "pull_request_target", "q7hunter2fish", 0, false),
    ] {
        let test =
            Test::new().file("docker-bake.hcl", hostile(name)).file("event.json", "{}").env(name, value);
        let event_path = test.folder().join("event.json");
        let test = test.env("GITHUB_EVENT_NAME", event).env("GITHUB_EVENT_PATH", &event_path);
        let output = test.args(["plan"]).args(options.iter().copied()).output();
        let told = String::from_utf8(output.stderr).unwrap();
        let what = format!("{name} {options:?} {event} {value}: {told}");
        assert_eq!(output.status.code(), Some(code), "{what}");
        assert_eq!(told.contains("stays a secret"), is_warned, "{what}");
        assert!(!told.contains("hunter") || code == 0, "{what}");
    }
}

/// A link in a checkout is its author's, also on the way to the working directory.
#[cfg(unix)]
#[test]
fn the_working_directory_does_not_lead_out_of_a_checkout() {
    use std::os::unix::fs::symlink;
    let run = |directory: &str, args: &[&str]| {
        let file = image("  tags = [\"1\"]\n  runners = { default = \"ubuntu-24.04\" }");
        let test = Test::new().file("repo/.git/HEAD", "").file("repo/in/docker-bake.hcl", &file);
        let test = test.file("elsewhere/deep/docker-bake.hcl", &file);
        symlink("../elsewhere", test.folder().join("repo/link")).unwrap();
        symlink("in", test.folder().join("repo/inner")).unwrap();
        let test = test.env("GITHUB_EVENT_NAME", "pull_request_target").cwd("repo").args(["-C", directory]);
        let test = test.args(args.iter().copied());
        let output = test.output();
        let is_written = test.folder().join("elsewhere/deep/ci").exists();
        (output.status.code(), is_written, String::from_utf8(output.stderr).unwrap())
    };
    const GITHUB: [&str; 4] = ["plan", "--github", "--out", "ci"];
    const CONFINED: [&str; 5] = ["plan", "--confine", ".", "--out", "ci"];
    for (directory, args, code) in [
        ("link/deep", &GITHUB[..], 1),
        ("link/deep", &CONFINED, 1),
        ("link/deep", &["matrix", "--format", "github"], 1),
        ("./in/../link/deep/", &GITHUB, 1),
        ("link/../elsewhere/deep", &GITHUB, 1),
        // At the desk, with one's own folders, and within the checkout.
        ("link/deep", &["plan"], 0),
        ("inner", &GITHUB, 0),
        ("inner", &CONFINED, 0),
        ("in", &GITHUB, 0),
        ("../elsewhere/deep", &GITHUB, 0),
    ] {
        let (found, is_written, told) = run(directory, args);
        assert_eq!(found, Some(code), "{directory} {args:?}: {told}");
        assert_eq!(told.contains("leads out of the checkout"), code == 1, "{directory} {args:?}: {told}");
        assert!(code == 0 || !is_written, "{directory} {args:?}");
    }
}

/// A message about a name quotes it, and the names of several targets can hold the whole of a secret.
#[test]
fn no_name_that_is_made_of_a_secret_is_quoted() {
    let of = |text: &str| {
        format!(
            "variable \"MY_TOKEN\" {{ default = \"\" }}\ntarget \"base\" {{\n  platforms = [\"linux/arm64\"]\n}}\ntarget \"app\" {{\n  platforms = [\"linux/amd64\"]\n  {text}\n}}\n"
        )
    };
    let image = |attributes: &str| {
        format!(
            "}}\nimage \"app\" {{\n  repositories = [\"ghcr.io/acme/app\"]\n  tags = [\"e\"]\n  {attributes}\n"
        )
    };
    let matrix = |length: usize, more: &str| {
        let part = |number: usize| format!("substr(MY_TOKEN, {}, {length})", number * length);
        let parts: Vec<String> = (0..3).map(part).collect();
        of(&format!("name = \"a-${{m}}\"\n  matrix = {{ m = [{}] }}\n  {more}", parts.join(", ")))
    };
    for file in [
        matrix(4, &image("")),
        matrix(2, &image("")),
        matrix(4, &image("version = \"1.2.3\"")),
        matrix(4, &format!("output = [\"type=local,dest=x\"]\n{}", image(""))),
        matrix(4, &format!("contexts = {{ c = \"target:base\" }}\n{}", image(""))),
        of(&format!("contexts = {{ c = \"target:${{substr(MY_TOKEN, 0, 3)}}\" }}\n{}", image(""))),
        of(&format!("contexts = {{ c = \"target:${{substr(MY_TOKEN, 0, 6)}}\" }}\n{}", image(""))),
        of(&format!("inherits = [substr(MY_TOKEN, 3, 3)]\n{}", image(""))),
        of(&format!(
            "{}}}\ngroup \"default\" {{\n  targets = [substr(MY_TOKEN, 0, 3), substr(MY_TOKEN, 3, 3)]",
            image("")
        )),
    ] {
        for command in [&["plan"][..], &["plan", "--github"], &["matrix"], &["metadata"], &["bake"]] {
            let test = Test::new().file("docker-bake.hcl", &file).args(command.iter().copied());
            let output = test.env("MY_TOKEN", "ghpAbCdEfGhIjKlMnOpQrXyZ").output();
            let told = String::from_utf8_lossy(&output.stderr).to_lowercase();
            assert_eq!(output.status.code(), Some(1), "{file} {command:?}: {told}");
            assert!(told.contains("error[secret]"), "{file} {command:?}: {told}");
            let shown = told.replace("my_token", "");
            for part in ["`gh`", "a-gh", "`ghp`", "abc`", "ghpa", "pabc", "defg", "fghi"] {
                assert!(!shown.contains(part), "{file} {command:?}: {told}");
            }
        }
    }
}

/// What is quoted of an invalid value may be a part of a secret that is too short to be known again.
#[test]
fn no_part_of_a_secret_is_quoted() {
    for attribute in [
        "platforms = [\"${substr(MY_TOKEN, 0, 6)}+/x\"]",
        "platforms = [\"linux/${substr(MY_TOKEN, 6, 5)}+\"]",
        "platforms = [substr(MY_TOKEN, 0, 6)]",
        "platforms = [\"linux/${substr(MY_TOKEN, 0, 6)}\"]",
        "platforms = [\"linux/arm64\", \"linux/arm64/${substr(MY_TOKEN, 0, 6)}\"]",
        "platforms = [MY_TOKEN]",
        "platforms = [\"linux/amd64\"]\n  shm-size = substr(MY_TOKEN, 0, 6)",
        "platforms = [\"linux/amd64\"]\n  ulimits = [\"${substr(MY_TOKEN, 0, 6)}=1\"]",
        "platforms = [\"linux/amd64\"]\n  annotations = [\"${substr(MY_TOKEN, 0, 6)}:a=b\"]",
        "platforms = [\"linux/amd64\"]\n  annotations = [\"manifest[${substr(MY_TOKEN, 0, 6)}+/x]:a=b\"]",
    ] {
        let file = format!(
            "variable \"MY_TOKEN\" {{\n  default = \"\"\n}}\ntarget \"app\" {{\n  tags = [\"ghcr.io/acme/app:1\"]\n  {attribute}\n}}\n"
        );
        for command in [&["plan"][..], &["plan", "--github"], &["print", "app"], &["matrix"], &["bake"]] {
            let test = Test::new().file("docker-bake.hcl", &file).args(command.iter().copied());
            let output = test.env("MY_TOKEN", "ghpAbC/dEfGhIjKlMnOpQrXyZ").output();
            let told = String::from_utf8_lossy(&output.stderr).to_lowercase();
            let shown = told.replace("my_token", "");
            for part in ["ghpa", "pabc", "defg", "fghi"] {
                assert!(!shown.contains(part), "{attribute} {command:?}: {told}");
            }
        }
    }
}
