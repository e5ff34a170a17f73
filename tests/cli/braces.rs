//! Patterns where none are taken, and patterns and names that lack their quotes.

use crate::support::Test;

/// What is said of an image with these lines in its block, and the exit code.
fn run(lines: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let file = format!(
        "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"app\" {{\n  repositories = [\"r.io/x/app\"]\n{lines}\n}}\n"
    );
    file_run(&file, arguments)
}

fn file_run(file: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let output =
        Test::new().file("docker-bake.hcl", file).args(["plan"]).args(arguments.iter().copied()).output();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_pattern_is_refused_where_it_would_be_published_as_it_is() {
    for (lines, attribute, word) in [
        ("annotations = { \"org.example.title\" = \"{{ image }} of today\" }", "annotations", "image"),
        ("annotations = { a = \"x\", b = \"v{{version}}\" }", "annotations", "version"),
        ("variant = \"{{ branch }}\"", "variant", "branch"),
        ("variant = [[\"slim\", \"{{ image }}\"]]", "variant", "image"),
        ("known_versions = [\"{{ tag }}\"]", "known_versions", "tag"),
        ("stable_suffixes = [\"{{ key }}\"]", "stable_suffixes", "key"),
        ("runners = { \"linux/amd64\" = [\"self-hosted\", \"{{ image }}\"] }", "runners", "image"),
        ("platform \"linux/amd64\" {\n  context = \"./{{ image }}\"\n}", "context", "image"),
        ("platform \"linux/amd64\" {\n  contexts = { a = \"./{{ key }}\" }\n}", "contexts", "key"),
    ] {
        let (code, talk) = run(&format!("version = \"1.2.3\"\n{lines}"), &[]);
        let said = format!("error[attribute-value]: `{attribute}` takes no patterns, so `{{{{ {word} }}}}`");
        assert!(code == Some(1) && talk.contains(&said), "{lines}: {talk}");
        assert_eq!(talk.matches("error[").count(), 1, "{lines}: {talk}");
    }
    let (_, talk) = run("version = \"1.2.3\"\nannotations = { a = \"{{ sha }}\" }", &[]);
    assert!(talk.contains("help: `oci_labels = true`"), "{talk}");
    // Where they are rendered, and where the braces are those of others.
    for lines in [
        "mirrors = [\"docker.io/x/{{ image }}\"]",
        "channels = [\"{{ image }}\"]",
        "tag_prefix = \"{{ image }}/\"",
        "annotations = { a = \"{{ .Version }} {{ nothing }} { version }\" }",
        "variant = \"slim\"",
    ] {
        let (code, talk) = run(&format!("version = \"1.2.3\"\n{lines}"), &[]);
        assert!(code == Some(0) && !talk.contains("takes no patterns"), "{lines}: {talk}");
    }
    // The build gets arguments as they are.
    let (code, talk) =
        run("version = \"1.2.3\"\nplatform \"linux/amd64\" {\n  args = { A = \"{{ version }}\" }\n}", &[]);
    assert!(code == Some(0) && talk.contains("note[unrendered]"), "{talk}");
}

#[test]
fn a_pattern_without_quotes_is_shown_with_them() {
    for (lines, shown) in [
        ("version = {{ tag }}", "{{ tag }}"),
        ("version = v{{ tag }}", "v{{ tag }}"),
        ("tags = [{{ version }}]", "{{ version }}"),
        ("tags = [\"a\", {{ major }}.{{ minor }}, \"b\"]", "{{ major }}.{{ minor }}"),
        ("tags = [{{ branch | slug }}]", "{{ branch | slug }}"),
        ("tags = [edge-{{ sha }}-x]", "edge-{{ sha }}-x"),
        ("tags = [{{ tag | default(\"dev\") }}]", "{{ tag | default('dev') }}"),
        ("tags = [{{ date('%Y%m%d') }}]", "{{ date('%Y%m%d') }}"),
        ("version = { pattern = {{ tag }}, when = \"tag\" }", "{{ tag }}"),
        ("version = { pattern = {{tag}}}", "{{tag}}"),
        ("tag_prefix = {{ image }}/", "{{ image }}/"),
    ] {
        let (code, talk) = run(lines, &[]);
        let help = format!("help: put the pattern in quotes: `\"{shown}\"`\n");
        assert!(code == Some(1) && talk.contains(&help), "{lines}: {talk}");
        assert_eq!(talk.matches("error[").count(), 1, "{lines}: {talk}");
    }
    // Objects are no patterns.
    for lines in ["annotations = {{a = \"b\"}}", "annotations = { a = { b }}", "tags = [{ }}"] {
        let (code, talk) = run(lines, &[]);
        assert!(code == Some(1) && !talk.contains("put the pattern in quotes"), "{lines}: {talk}");
    }
    for (lines, help) in [
        ("version = v1.2.3", "put a version or an address in quotes"),
        ("version = v10.0.1", "put a version or an address in quotes"),
        ("version = 1.2.3", "put a version or an address in quotes"),
        ("version = v1.2", "a version stands in quotes"),
        ("version = v3", "a version stands in quotes"),
        ("version = tag", "write `{{ tag }}`, in quotes"),
        ("tags = [version]", "write `{{ version }}`, in quotes"),
    ] {
        let (code, talk) = run(lines, &[]);
        assert!(code == Some(1) && talk.contains(help), "{lines}: {talk}");
    }
    let (_, talk) = file_run("target \"a\" {\n  args = { A = vary.1.2 }\n}\n", &[]);
    assert!(talk.contains("write `[1][2]`"), "{talk}");
}

#[test]
fn a_name_without_quotes_is_told_what_it_is() {
    let blocks = "target \"base\" {}\ntarget \"app-web\" {}\ngroup \"all\" { targets = [\"base\"] }\n";
    for (file, help) in [
        ("target \"app\" { inherits = [base] }\n", "`base` is a target: a name stands in quotes, `\"base\"`"),
        ("group \"default\" { targets = [app-web] }\n", "`app-web` is a target: a name stands in quotes"),
        ("group \"default\" { targets = [\"base\", all] }\n", "`all` is a group: a name stands in quotes"),
        (
            "target \"app\" { tags = [ghcr.io/acme/app] }\n",
            "a text stands in quotes; a variable is declared: `variable \"ghcr\" {}`",
        ),
        ("image \"base\" { version = latest }\n", "a text stands in quotes"),
        ("target \"app\" { args = { A = release } }\n", "a text stands in quotes"),
    ] {
        let (code, talk) = file_run(&format!("{blocks}{file}"), &[]);
        assert!(code == Some(1) && talk.contains(help), "{file}: {talk}");
    }
    // A variable that is nearly there is meant.
    let (_, talk) = file_run("variable \"TAG\" {}\ntarget \"app\" { tags = [TAGS] }\n", &[]);
    assert!(talk.contains("did you mean `TAG`?"), "{talk}");
}

#[test]
fn values_of_ci_are_named_as_it_has_them() {
    let number = "`variable \"GITHUB_RUN_NUMBER\" { default = \"0\" }`";
    for (word, help) in [
        ("run", number),
        ("run_number", number),
        ("build_number", number),
        ("github.run_number", number),
        ("GITHUB_RUN_NUMBER", number),
        ("github.run_id", "`variable \"GITHUB_RUN_ID\" { default = \"\" }`"),
        ("run_attempt", "`variable \"GITHUB_RUN_ATTEMPT\" { default = \"\" }`"),
        ("github.actor", "`variable \"GITHUB_ACTOR\" { default = \"\" }`"),
        ("runner.os", "`variable \"RUNNER_OS\" { default = \"\" }`"),
        ("ci_pipeline_iid", "`variable \"CI_PIPELINE_IID\" { default = \"\" }`"),
        (
            "inputs.flavour",
            "`variable \"FLAVOUR\" { default = \"\" }`, and `${FLAVOUR}` in the text, and set it in the `env` of the step",
        ),
        ("vars.LINE", "`variable \"LINE\" { default = \"\" }`"),
    ] {
        let (code, talk) = run(&format!("tags = [\"build-{{{{ {word} }}}}\"]"), &[]);
        assert!(code == Some(1) && talk.contains(help), "{word}: {talk}");
    }
    // Done as it says.
    let file = "variable \"GITHUB_RUN_NUMBER\" { default = \"0\" }\ntarget \"app\" {\n  platforms = [\"linux/amd64\"]\n}\nimage \"app\" {\n  repositories = [\"r.io/x/app\"]\n  tags = [\"build-${GITHUB_RUN_NUMBER}\"]\n}\n";
    let test = Test::new().file("docker-bake.hcl", file).env("GITHUB_RUN_NUMBER", "42");
    let tags = test.args(["metadata", "--format", "tags"]).output();
    assert_eq!(String::from_utf8(tags.stdout).unwrap(), "r.io/x/app:build-42\n");
}
