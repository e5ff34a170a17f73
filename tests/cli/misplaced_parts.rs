//! What `variable` and `function` blocks and the sections of Compose files cannot hold, and what they are told. What Bake
//! answers to these and many more is in `tests/cases/blocks.jsonl` and `tests/cases/yaml.jsonl`.

use crate::support::Test;

/// What `print` says of a file that it refuses, in lines.
#[track_caller]
fn refused(path: &str, file: &str) -> String {
    let output = Test::new().file(path, file).args(["print"]).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{file}: {talk}");
    talk
}

#[track_caller]
fn accepted(path: &str, file: &str) -> serde_json::Value {
    let output = Test::new().file(path, file).args(["print"]).output();
    assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn validations_and_functions_hold_what_they_know_and_no_more() {
    let variable = |inside: &str| format!("variable \"V\" {{\n  default = \"x\"\n{inside}}}\n");
    let function = |inside: &str| {
        format!(
            "function \"f\" {{\n  params = [a]\n  result = a\n{inside}}}\ntarget \"default\" {{\n  args = {{ v = f(\"1\") }}\n}}\n"
        )
    };
    let target = "target \"default\" {\n  args = { v = V }\n}\n";
    for (inside, message, help) in [
        (
            "  validation {\n    condition = true\n    error_mesage = \"m\"\n  }\n",
            "unknown-attribute]: a validation has no attribute `error_mesage`",
            "did you mean `error_message`?",
        ),
        (
            "  validation {\n    condition = true\n    foo = 1\n  }\n",
            "unknown-attribute]: a validation has no attribute `foo`",
            "`condition`, `error_message`",
        ),
        (
            "  validation \"v\" {\n    condition = true\n  }\n",
            "block-label]: a validation block has no label",
            "write `validation {`",
        ),
        (
            "  validation {\n    condition {}\n  }\n",
            "unknown-block]: a validation contains no blocks, but here is `condition`",
            "it is an attribute: `condition = …`",
        ),
        (
            "  validation {\n    error_message = \"m\"\n  }\n",
            "missing-attribute]: a validation needs `condition`",
            "",
        ),
        (
            "  validation {\n    condition = V == \"y\"\n  }\n",
            "validation]: validation failed: this condition does not hold",
            "`error_message` in the validation would say why",
        ),
        (
            "  description = null\n",
            "description]: the description of a variable cannot be null",
            "write a string, or leave `description` out",
        ),
    ] {
        let talk = refused("docker-bake.hcl", &(variable(inside) + target));
        assert!(talk.contains(message) && talk.contains(help), "{inside}: {talk}");
    }
    for (inside, message, help) in [
        (
            "  foo {}\n",
            "unknown-block]: a function contains no blocks, but here is `foo`",
            "leave it out; if it belongs at the top of the file, a `}` is missing before it",
        ),
        ("  variadic_params {}\n", "here is `variadic_params`", "it is an attribute: `variadic_params = …`"),
        (
            "  foo = 1\n",
            "unknown-attribute]: a function has no attribute `foo`",
            "`params`, `variadic_params`, `result`",
        ),
    ] {
        let talk = refused("docker-bake.hcl", &function(inside));
        assert!(talk.contains(message) && talk.contains(help), "{inside}: {talk}");
    }
    for inside in [
        "",
        "  validation {\n    condition = V == \"x\"\n  }\n",
        "  validation {\n    condition = V == \"x\"\n  }\n  validation {\n    condition = true\n    error_message = \"m\"\n  }\n",
        "  description = \"d\"\n  sensitive = true\n  foo \"a\" {}\n",
    ] {
        let printed = accepted("docker-bake.hcl", &(variable(inside) + target));
        assert_eq!(printed["target"]["default"]["args"]["v"], "x", "{inside}");
    }
    let printed = accepted("docker-bake.hcl", &function("  variadic_params = more\n"));
    assert_eq!(printed["target"]["default"]["args"]["v"], "1");
}

/// All mistakes of all blocks are told at once, those in a block that a later one replaces too.
#[test]
fn blocks_that_are_replaced_are_judged_too() {
    let talk = refused(
        "docker-bake.hcl",
        "variable \"V\" {\n  description = []\n  validation {\n    foo = 1\n    bar {}\n  }\n}\nvariable \"V\" {\n  default = \"x\"\n}\n\
         function \"upper\" {\n  params = [a]\n  foo {}\n}\ntarget \"default\" {}\n",
    );
    for part in ["must be a string", "no attribute `foo`", "here is `bar`", "here is `foo`"] {
        assert!(talk.contains(part), "{part} is not in {talk}");
    }
}

#[test]
fn a_parameter_in_json_is_a_name_in_a_string() {
    let file = |param: &str| {
        format!(
            "{{\"function\": {{\"f\": {{\"params\": [{param}], \"result\": \"r-${{a}}\"}}}}, \"target\": {{\"default\": {{\"args\": {{\"v\": \"${{f(1)}}\"}}}}}}}}"
        )
    };
    for param in ["\"a\"", "\" a\"", "\"a\\n\"", "\"/* first */ a // x\"", "\"\\ufeffa\"", "\"# c\\na\""] {
        let printed = accepted("docker-bake.json", &file(param));
        assert_eq!(printed["target"]["default"]["args"]["v"], "r-1", "{param}");
    }
    for (param, found) in [
        ("\"a.b\"", "`a.b` is not a name"),
        ("\"${a}\"", "`${a}` is not a name"),
        ("\"\"", "`` is not a name"),
        ("\"a b\"", "`a b` is not a name"),
        ("true", "found true, which is not a string"),
        ("null", "found null"),
        ("[\"a\"]", "this is not a string"),
        ("1", "this is not a string"),
    ] {
        let talk = refused("docker-bake.json", &file(param));
        let message = format!("function-params]: a parameter must be a plain name: {found}");
        assert!(talk.contains(&message) && talk.contains("`\"first\"`"), "{param}: {talk}");
    }
}

/// A validation that is left to the build is written as it is, with a message or without.
#[test]
fn a_kept_validation_without_a_message_is_kept() {
    let file = "variable \"TOKEN\" {\n  default = \"\"\n  validation {\n    condition = TOKEN != \"\"\n  }\n}\n\
                target \"app\" {\n  args = { TOKEN = TOKEN }\n  tags = [\"ghcr.io/acme/app:1\"]\n  platforms = [\"linux/amd64\"]\n}\n";
    let run =
        Test::new().file("docker-bake.hcl", file).args(["bake", "-o", "b.json", "--keep-variable", "TOKEN"]);
    let written: serde_json::Value = serde_json::from_str(&run.run().read("b.json")).unwrap();
    let expected = serde_json::json!([{ "condition": "${TOKEN != \"\"}" }]);
    assert_eq!(written["variable"]["TOKEN"]["validation"], expected);
}

#[test]
fn compose_sections_hold_mappings() {
    let file = |lines: &str| format!("{lines}\nservices:\n  a:\n    build: .\n");
    for section in ["configs", "networks", "secrets", "volumes"] {
        for (value, path) in [
            ("{a: b}", format!("{section}.a")),
            ("{a: [b]}", format!("{section}.a")),
            ("{a: 1}", format!("{section}.a")),
            ("{x-a: \"\"}", format!("{section}.x-a")),
            ("[a]", section.to_owned()),
            ("[[a]]", section.to_owned()),
        ] {
            let talk = refused("compose.yaml", &file(&format!("{section}: {value}")));
            let message = format!("attribute-type]: `{path}` must be a mapping");
            assert!(talk.contains(&message), "{section}: {value}: {talk}");
        }
        for value in ["{}", "{a: {external: true}}"] {
            accepted("compose.yaml", &file(&format!("{section}: {value}")));
        }
    }
    // Secrets need more than that.
    for section in ["configs", "networks", "volumes"] {
        for value in ["", "{a: }", "{a: {}}", "{a: {name: n}}"] {
            accepted("compose.yaml", &file(&format!("{section}: {value}")));
        }
    }
    let talk = refused("compose.yaml", &file("networks: [front]"));
    assert!(talk.contains("write `networks: {front: {}}`"), "{talk}");
    for value in ["[1]", "[[n]]", "[{n: }]", "[null]"] {
        let talk =
            refused("compose.yaml", &format!("services:\n  a:\n    build: .\n    networks: {value}\n"));
        assert!(
            talk.contains("`services.a.networks` must be a list of strings or a mapping"),
            "{value}: {talk}"
        );
    }
}

#[test]
fn binary_keys_are_decoded_or_refused() {
    let file = |args: &str| format!("services:\n  a:\n    build:\n      context: .\n      args: {args}\n");
    let printed = accepted("compose.yaml", &file("{!!binary aGk=: v, j: !!binary aGk=, !!str 5: w}"));
    let expected = serde_json::json!({ "hi": "v", "j": "hi", "5": "w" });
    assert_eq!(printed["target"]["a"]["args"], expected);
    for (args, message) in [
        ("{!!binary aGk: v}", "yaml-key]: the key `aGk` cannot be read: `!!binary` needs Base64"),
        ("{!!binary \"aG k=\": v}", "yaml-key]: the key `aG k=` cannot be read"),
        ("{!!binary /w==: v}", "cannot be read: `!!binary` does not hold UTF-8 text"),
        ("{5: v}", "yaml-key]: the key `5` is not a string"),
    ] {
        let talk = refused("compose.yaml", &file(args));
        assert!(talk.contains(message), "{args}: {talk}");
    }
}

/// Places in messages are those of the file, behind characters that others stand in for.
#[test]
fn control_characters_are_text_and_places_stay_right() {
    let file = |args: &str| format!("services:\n  a:\n    build:\n      context: .\n      args: {args}\n");
    for (text, expected) in [
        ("\"a\u{7f}b\"", "a\u{7f}b"),
        ("'\u{7f}\u{80}'", "\u{7f}\u{80}"),
        ("\u{9f}", "\u{9f}"),
        ("\"\u{e000}\u{7f}\"", "\u{e000}\u{7f}"),
    ] {
        let printed = accepted("compose.yaml", &file(&format!("{{k: {text}}}")));
        assert_eq!(printed["target"]["a"]["args"]["k"], expected, "{text:?}");
    }
    let talk = refused("compose.yaml", "x-a: \"\u{7f}\u{80}\"\nservices:\n  a:\n    build: 5\n");
    assert!(talk.contains("compose.yaml:4:12"), "{talk}");
    for text in ["&a\u{7f} b", "!a\u{7f} b", "\"\u{1}\"", "\"\u{1f}\""] {
        let talk = refused("compose.yaml", &file(&format!("{{k: {text}}}")));
        assert!(talk.contains("error[yaml-syntax]"), "{text:?}: {talk}");
    }
}
