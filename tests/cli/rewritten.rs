//! Numbers and dates that are not printed as they were written, such as `3.10`: where they end in what is published or built,
//! nobody is silent.

use crate::support::Test;

const IMAGE: &str = "}\nimage \"app\" {\nrepositories = [\"r.io/x/app\"]\n";

/// The exit code and what is said of a target with these lines, beside these blocks.
fn told(blocks: &str, lines: &str, env: &[(&str, &str)], options: &[&str]) -> (Option<i32>, String) {
    let file = format!("{blocks}\ntarget \"app\" {{\n  platforms = [\"linux/amd64\"]\n{lines}\n}}\n");
    let test = Test::new().file("docker-bake.hcl", &file).args(["plan", "app"]);
    let test = env.iter().fold(test, |test, (name, value)| test.env(name, *value));
    let output = test.args(options.iter().copied()).output();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_number_that_loses_digits_names_nothing() {
    for (blocks, lines, written, printed) in [
        ("variable \"V\" { default = 3.10 }", "tags = [\"r.io/x/app:${V}\"]", "3.10", "3.1"),
        ("variable \"V\" { default = 1.0 }", "tags = [\"r.io/x/app:v${V}-x\"]", "1.0", "1"),
        ("variable \"V\" { default = 2.50 }", "tags = [join(\":\", [\"r.io/x/app\", V])]", "2.50", "2.5"),
        ("variable \"V\" { default = 1e3 }", "tags = [format(\"r.io/x/app:%s\", V)]", "1e3", "1000"),
        ("variable \"V\" { default = { a = 3.10 } }", "tags = [\"r.io/x/app:${V.a}\"]", "3.10", "3.1"),
        (
            "variable \"V\" { default = 1.20 }\nvariable \"W\" { default = \"v${V}\" }",
            "tags = [\"r.io/x/app:${W}\"]",
            "1.20",
            "1.2",
        ),
        (
            "variable \"V\" {\ntype = number\ndefault = \"3.10\"\n}",
            "tags = [\"r.io/x/app:${V}\"]",
            "3.10",
            "3.1",
        ),
        (
            "function \"tag\" {\nparams = [v]\nresult = \"r.io/x/app:${v}\"\n}",
            "tags = [tag(3.10)]",
            "3.10",
            "3.1",
        ),
        ("V = 3.10", "tags = [\"r.io/x/app:${V}\"]", "3.10", "3.1"),
        ("", "tags = [\"r.io/x/app:${3.10}\"]", "3.10", "3.1"),
        ("", "tags = [\"r.io/x/app:${jsondecode(\"[3.10]\")[0]}\"]", "3.10", "3.1"),
        ("", "tags = [\"r.io/x/app:${true ? 3.10 : 4}\"]", "3.10", "3.1"),
        ("", "tags = [for v in [3.10] : \"r.io/x/app:${v}\"]", "3.10", "3.1"),
        ("", "output = [\"type=registry,name=r.io/x/app:${3.10}\"]", "3.10", "3.1"),
    ] {
        let (status, talk) = told(blocks, lines, &[], &[]);
        let expected = format!("was written `{written}`, but is printed as `{printed}`");
        assert_eq!(status, Some(1), "{blocks} {lines}: {talk}");
        assert!(talk.starts_with("error[rewritten]: ") && talk.contains(&expected), "{lines}: {talk}");
        assert!(talk.contains(&format!("`\"{written}\"`")), "{lines}: {talk}");
    }
}

#[test]
fn a_number_that_the_run_gives_is_no_better() {
    for declared in ["default = 1", "type = number"] {
        let blocks = format!("variable \"V\" {{\n{declared}\n}}");
        for value in ["3.0", "3.10", "1e3", "007", "12345678901234567890"] {
            for lines in [
                "tags = [\"r.io/x/app:${V}\"]".to_owned(),
                format!("{IMAGE}tags = [\"v${{V}}\"]"),
                format!("{IMAGE}version = \"1.${{V}}\""),
                "}\nimage \"app\" {\nrepositories = [\"r.io/x/app${V}\"]\ntags = [\"1\"]".to_owned(),
            ] {
                let assigned = format!("V={value}");
                for (env, options) in [(&[("V", value)][..], &[][..]), (&[], &["--var", assigned.as_str()])] {
                    let (status, talk) = told(&blocks, &lines, env, options);
                    assert_eq!(status, Some(1), "{declared} {value} {lines}: {talk}");
                    assert!(talk.contains(&format!("`\"{value}\"`")), "{value} {lines}: {talk}");
                }
            }
        }
        for value in ["3", "3.5", "0", "20260921"] {
            let (status, talk) = told(&blocks, "tags = [\"r.io/x/app:${V}\"]", &[("V", value)], &[]);
            assert_eq!((status, talk.as_str()), (Some(0), ""), "{declared} {value}");
        }
    }
    // As a string, it is what it is.
    let (status, talk) =
        told("variable \"V\" { default = \"\" }", "tags = [\"r.io/x/app:${V}\"]", &[("V", "3.10")], &[]);
    assert_eq!((status, talk.as_str()), (Some(0), ""));
}

#[test]
fn a_number_that_loses_digits_in_a_build_is_a_warning() {
    const TAGS: &str = "tags = [\"r.io/x/app:1\"]\n";
    for (lines, place) in [
        ("args = { V = 3.10 }", "`args`"),
        ("args = { V = \"v${1.0}\" }", "`args`"),
        ("labels = { \"org.example.v\" = 2.50 }", "`labels`"),
        ("annotations = [\"k=${3.10}\"]", "`annotations`"),
        (
            "matrix = { v = [3.9, 3.10] }\nname = \"app-${replace(v, \".\", \"-\")}\"\nargs = { V = v }",
            "`args`",
        ),
    ] {
        let lines = if lines.contains("matrix") { lines.to_owned() } else { format!("{TAGS}{lines}") };
        let (status, talk) = told("", &lines, &[], &[]);
        assert_eq!(status, Some(0), "{lines}: {talk}");
        if lines.contains("matrix") {
            // Nothing of it is published, and nothing is built.
            continue;
        }
        assert!(talk.starts_with("warning[rewritten]: ") && talk.contains(place), "{lines}: {talk}");
    }
    let matrix = "matrix = { v = [3.9, 3.10] }\nname = \"app-${replace(v, \".\", \"-\")}\"\ntags = [\"r.io/x/app:${v}\"]";
    let (status, talk) = told("", matrix, &[], &[]);
    assert_eq!(status, Some(1), "{talk}");
    assert!(talk.contains("was written `3.10`"), "{talk}");
}

#[test]
fn a_number_that_is_printed_as_written_or_only_counts_is_not_mentioned() {
    for (blocks, lines) in [
        ("variable \"V\" { default = 3.5 }", "tags = [\"r.io/x/app:${V}\"]"),
        ("variable \"V\" { default = 3 }", "tags = [\"r.io/x/app:${V}\"]"),
        ("variable \"V\" { default = \"3.10\" }", "tags = [\"r.io/x/app:${V}\"]"),
        ("variable \"V\" { default = 0.5 }", "tags = [\"r.io/x/app:${V + 1.0}\"]"),
        ("variable \"V\" { default = 1.0 }", "tags = [\"r.io/x/app:${V > 0.50 ? \"a\" : \"b\"}\"]"),
        ("variable \"V\" { default = 1.0 }", "tags = [\"r.io/x/app:${[\"a\", \"b\"][V]}\"]"),
        ("variable \"V\" { default = 3.10 }", "tags = [\"r.io/x/app:1\"]"),
        (
            "variable \"V\" { default = 3.10 }\ntarget \"other\" { args = { V = V } }",
            "tags = [\"r.io/x/app:1\"]",
        ),
    ] {
        let (status, talk) = told(blocks, lines, &[], &[]);
        assert_eq!((status, talk.as_str()), (Some(0), ""), "{blocks} {lines}");
    }
}

/// A Compose file of a service with these lines below `build`.
fn service(lines: &str) -> String {
    format!(
        "services:\n  app:\n    image: r.io/x/app:1\n    build:\n      context: .\n      platforms: [linux/amd64]\n{lines}\n"
    )
}

/// The exit code and what is said of a service with these lines below `build`.
fn told_of_service(lines: &str) -> (Option<i32>, String) {
    let output = Test::new().file("compose.yaml", service(lines)).args(["plan", "app"]).output();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_number_of_yaml_that_loses_digits_is_not_passed_on_silently() {
    for (lines, written, printed) in [
        ("      args: { V: 3.10 }", "3.10", "3.1"),
        ("      args: { V: 1.0 }", "1.0", "1"),
        ("      args: { V: 1e3 }", "1e3", "1000"),
        ("      args: { V: 007 }", "007", "7"),
        ("      args: { V: 0x1F }", "0x1F", "31"),
        ("      args: { V: 1_000 }", "1_000", "1000"),
        ("      args: { V: !!float 1.50 }", "1.50", "1.5"),
        ("      labels: { org.example.v: 2.50 }", "2.50", "2.5"),
    ] {
        let (status, talk) = told_of_service(lines);
        let expected = format!("was written `{written}`, but is printed as `{printed}`");
        assert_eq!(status, Some(0), "{lines}: {talk}");
        assert!(talk.starts_with("warning[rewritten]: ") && talk.contains(&expected), "{lines}: {talk}");
    }
    for lines in [
        "      args: { V: \"3.10\", W: 3.5, X: 3, Y: -1, Z: true }",
        "      args: [V=3.10]",
        "      labels: { v: '1.0' }",
        // It is printed, and not in what is built.
        "      shm_size: 1e3",
    ] {
        let (status, talk) = told_of_service(lines);
        assert_eq!((status, talk.as_str()), (Some(0), ""), "{lines}");
    }
}

/// buildx before 0.30 refuses dates where newer ones print them, so that quotes are the cure for both.
#[test]
fn a_date_of_yaml_is_not_passed_on_silently() {
    for (lines, written, printed) in [
        ("      args: { D: 2026-09-21 }", "2026-09-21", "2026-09-21 00:00:00 +0000 UTC"),
        ("      labels: { org.example.d: 2026-9-1 }", "2026-9-1", "2026-09-01 00:00:00 +0000 UTC"),
        ("      args: { D: 2026-09-21T10:20:30Z }", "2026-09-21T10:20:30Z", "2026-09-21 10:20:30 +0000 UTC"),
        (
            "      labels: { d: 2026-09-21 10:20:30.50 }",
            "2026-09-21 10:20:30.50",
            "2026-09-21 10:20:30.5 +0000 UTC",
        ),
        (
            "      args: { D: 2026-09-21T10:20:30+02:00 }",
            "2026-09-21T10:20:30+02:00",
            "2026-09-21 10:20:30 +0200 +0200",
        ),
        ("      args: { D: !!timestamp 2026-09-21 }", "2026-09-21", "2026-09-21 00:00:00 +0000 UTC"),
        (
            "      args: { D: }\n    environment: { D: 2026-09-21 }",
            "2026-09-21",
            "2026-09-21 00:00:00 +0000 UTC",
        ),
    ] {
        let file = service(lines);
        for command in ["plan", "print"] {
            let output = Test::new().file("compose.yaml", &file).args([command, "app"]).output();
            let talk = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(0), "{command} {lines}: {talk}");
            let expected = format!("was written `{written}`, but is printed as `{printed}`");
            assert!(
                talk.starts_with("warning[rewritten]: a date in ") && talk.contains(&expected),
                "{command} {lines}: {talk}"
            );
            assert!(
                talk.contains(&format!("make it a string: `\"{written}\"`")),
                "{command} {lines}: {talk}"
            );
            assert!(
                command == "plan" || String::from_utf8(output.stdout).unwrap().contains(printed),
                "{lines}"
            );
        }
    }
    for lines in [
        "      args: { D: \"2026-09-21\", E: '2026-09-21T10:20:30Z', F: !!str 2026-09-21 }",
        "      args: [D=2026-09-21]",
        "      labels: { d: 2026-09, e: 2026-13-01, f: 1.2.2026 }",
        "      labels: { d: \"${NOT_SET:-2026-09-21}\" }",
        // It is no part of what is built.
        "    x-date: 2026-09-21",
    ] {
        for command in ["plan", "print"] {
            let output = Test::new().file("compose.yaml", service(lines)).args([command, "app"]).output();
            assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{command} {lines}");
        }
    }
}

/// In `x-bake` a date is what Go's YAML library writes, RFC 3339.
#[test]
fn a_date_in_a_tag_of_x_bake_is_not_printed_silently() {
    for (date, printed) in [
        ("2026-09-21", Some("2026-09-21T00:00:00Z")),
        ("2026-9-1", Some("2026-09-01T00:00:00Z")),
        ("2026-09-21 10:20:30", Some("2026-09-21T10:20:30Z")),
        ("2026-09-21T10:20:30Z", None),
        ("2026-09-21T10:20:30+02:00", None),
    ] {
        let file = service(&format!("      x-bake: {{ tags: [{date}] }}"));
        let output = Test::new().file("compose.yaml", &file).args(["print", "app"]).output();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{date}: {talk}");
        let shown = printed.unwrap_or(date);
        assert!(String::from_utf8(output.stdout).unwrap().contains(&format!("\"{shown}\"")), "{date}");
        match printed {
            Some(_) => assert!(
                talk.starts_with("warning[rewritten]: a date in `tags` of target `app`")
                    && talk.contains(&format!("was written `{date}`, but is printed as `{shown}`")),
                "{date}: {talk}"
            ),
            None => assert_eq!(talk, "", "{date}"),
        }
    }
}

#[test]
fn a_number_of_json_in_the_environment_is_no_better() {
    let blocks = "variable \"V\" { type = number }\nvariable \"L\" { type = list(number) }\nvariable \"M\" { type = map(number) }\nvariable \"A\" { type = any }";
    for (tag, name, value) in [
        ("${V}", "V_JSON", "3.10"),
        ("${L[0]}", "L_JSON", "[3.10]"),
        ("${M.a}", "M_JSON", "{\"a\": 3.10}"),
        ("${A}", "A_JSON", "{\"value\": 3.10, \"type\": \"number\"}"),
    ] {
        let lines = format!("tags = [\"r.io/x/app:{tag}\"]");
        let (status, talk) = told(blocks, &lines, &[(name, value)], &[]);
        assert_eq!(status, Some(1), "{name}={value}: {talk}");
        assert!(talk.contains("was written `3.10`, but is printed as `3.1`"), "{name}={value}: {talk}");
        let image = format!("}}\nimage \"app\" {{\nrepositories = [\"r.io/x/app\"]\nversion = \"{tag}\"");
        let (status, talk) = told(blocks, &image, &[(name, value)], &[]);
        assert_eq!(status, Some(1), "{name}={value}: {talk}");
        assert!(talk.contains("`\"3.10\"`"), "{name}={value}: {talk}");
    }
    let strings = "variable \"V\" { type = string }";
    let (status, talk) = told(strings, "tags = [\"r.io/x/app:${V}\"]", &[("V_JSON", "3.10")], &[]);
    assert_eq!((status, talk.as_str()), (Some(0), ""));
}

/// Bake prints the number, and so does `print`, which says so.
#[test]
fn print_prints_what_bake_prints() {
    for (lines, place) in [
        ("tags = [\"r.io/x/app:${3.10}\"]", "`tags` of target `default`"),
        ("args = { V = 3.10 }", "`args` of target `default`"),
        ("labels = { v = \"v${3.10}\" }", "`labels` of target `default`"),
        ("output = [\"type=registry,name=r.io/x/app:${3.10}\"]", "`output` of target `default`"),
        ("inherits = [\"base\"]", "`args` of target `default`"),
    ] {
        let file = format!(
            "target \"base\" {{\n  args = {{ V = 3.10 }}\n}}\ntarget \"default\" {{\n  {lines}\n}}\n"
        );
        for strict in [false, true] {
            let test = Test::new().file("docker-bake.hcl", &file).args(["print"]);
            let output = if strict { test.args(["--strict"]) } else { test }.output();
            let talk = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(0), "{lines}: {talk}");
            assert!(
                talk.starts_with("warning[rewritten]: a number in ") && talk.contains(place),
                "{lines}: {talk}"
            );
            assert_eq!(talk.matches("warning").count(), 1, "{lines}: {talk}");
            assert!(!String::from_utf8(output.stdout).unwrap().contains("3.10"), "{lines}");
        }
    }
    // What nobody asks for is not mentioned, and neither is what is printed as it was written.
    for lines in ["args = { V = 3.5 }", "args = { V = \"3.10\" }", "shm-size = 1.0"] {
        let file = format!(
            "target \"other\" {{\n  args = {{ V = 3.10 }}\n}}\ntarget \"default\" {{\n  {lines}\n}}\n"
        );
        let output = Test::new().file("docker-bake.hcl", &file).args(["print"]).output();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{lines}");
    }
    let json =
        r#"{"variable": {"V": {"default": 3.10}}, "target": {"default": {"tags": ["r.io/x/app:${V}"]}}}"#;
    let output = Test::new().file("docker-bake.json", json).args(["plan"]).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(talk.starts_with("error[rewritten]: "), "{talk}");
}
