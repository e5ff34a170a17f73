//! What workflows and scripts say is text in what is written, never a part of the language around it, and no secret.

use super::{Written, init, workflow};

/// Texts that mean something in HCL.
const TEXTS: [&str; 14] = [
    "a\"b",
    "a\" entitlements = [\"security.insecure\"] x = \"",
    "a\\",
    "a\\n\\\"b",
    "a$",
    "a$$",
    "a%",
    "${upper(\"evil\")}",
    "$${x}",
    "$$${x}",
    "%{ if true }x%{ endif }",
    "%%{x}",
    "a\u{1b}[31m\u{202e}b\u{200b}\u{e0041}",
    "a\"\n  contexts = { root = \"/root\" }\r\n\tdescription = \"x",
];

/// A text in YAML.
fn yaml(text: &str) -> String {
    // JSON leaves these as they are, and so they would reach YAML raw.
    let json = serde_json::to_string(text).unwrap();
    json.chars()
        .map(|c| if c.is_ascii() { c.to_string() } else { format!("\\U{:08X}", u32::from(c)) })
        .collect()
}

/// The targets of what is written, as Bake sees them.
fn target(written: &Written) -> serde_json::Value {
    let said = written.run(&["print", "--var", "GITHUB_REPOSITORY_OWNER=o"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let printed: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    printed["target"]["app"].clone()
}

#[test]
fn texts_are_written_as_they_are() {
    for text in TEXTS {
        for (given, expected) in [
            (text.to_owned(), text.to_owned()),
            (format!("{text}${{{{ github.repository_owner }}}}{text}"), format!("{text}o{text}")),
        ] {
            let given = yaml(&given);
            let step = workflow(&format!(
                "- uses: docker/build-push-action@v6\n  with:\n    push: true\n    tags: ghcr.io/acme/app:edge\n    target: {given}\n"
            ));
            let written = Written::new(&[(".github/workflows/a.yml", step.as_str())], &[]);
            let hcl = written.read("docker-bake.hcl");
            assert!(!hcl.contains(['\u{1b}', '\u{202e}', '\u{200b}', '\u{e0041}', '\r']), "{hcl:?}");
            let target = target(&written);
            assert_eq!(target["target"], serde_json::json!(expected), "{hcl}");
            for key in ["entitlements", "contexts", "description"] {
                assert!(target.get(key).is_none(), "{hcl}");
            }
        }
    }
}

/// The same wherever a text of others goes: keys and values of objects, lists, names of files.
#[test]
fn texts_are_written_as_they_are_everywhere() {
    for text in TEXTS.into_iter().filter(|text| !text.contains('\n') && !text.contains(['"', ','])) {
        let own = "${{ github.repository_owner }}";
        let lines: String = [
            ("build-args", format!("A{text}=1\nB={text}{own}\nC={own}{text}")),
            ("labels", format!("l.{text}=1\nm={text}{own}{text}")),
            ("secrets", format!("id={text}{own}")),
            ("cache-from", format!("type=registry,ref={text}{own}")),
            ("file", format!("{text}{own}")),
        ]
        .into_iter()
        .map(|(name, value)| format!("    {name}: {}\n", yaml(&value)))
        .collect();
        let step = workflow(&format!(
            "- uses: docker/build-push-action@v6\n  with:\n    push: true\n    tags: ghcr.io/acme/app:edge\n{lines}"
        ));
        let written = Written::new(&[(".github/workflows/a.yml", step.as_str())], &[]);
        let hcl = written.read("docker-bake.hcl");
        let target = target(&written);
        let expected = format!("{text}o");
        // What is printed of these is itself read as templates.
        let printed = |text: String| text.replace("${", "$${").replace("%{", "%%{");
        if !text.contains('{') {
            assert_eq!(target["args"][format!("A{text}")], "1", "{hcl}");
        }
        assert_eq!(target["args"]["B"], printed(format!("{text}o")), "{hcl}");
        assert_eq!(target["args"]["C"], printed(format!("o{text}")), "{hcl}");
        assert_eq!(target["labels"]["m"], printed(format!("{text}o{text}")), "{hcl}");
        assert_eq!(target["dockerfile"], expected.as_str(), "{hcl}");
        for key in ["entitlements", "contexts", "description"] {
            assert!(target.get(key).is_none(), "{hcl}");
        }
    }
}

/// A script's line is quoted as a comment, and shown where something is told of it.
#[test]
fn secrets_beside_what_is_published_are_not_quoted() {
    for (path, text) in [
        (
            "Makefile",
            "push:\n\tdocker login -u bob -p fishbone4711 ghcr.io && docker build --build-arg NPM_TOKEN=fishbone4711 -t ghcr.io/acme/z:1 . && docker push ghcr.io/acme/z:1\n",
        ),
        (
            "build.sh",
            "docker login --password=fishbone4711 ghcr.io; docker buildx build --push -t ghcr.io/acme/z:1 .\n",
        ),
        (
            "build.sh",
            "DB_PASSWORD='fish bone4711' docker buildx build --push --build-arg \"API_KEY=fishbone4711\" -t ghcr.io/acme/z:1 .\n",
        ),
        (
            "build.sh",
            "docker buildx build --push --cache-to type=s3,secret_access_key=fishbone4711,bucket=x -t ghcr.io/acme/z:1 https://bob:fishbone4711@example.com/x.git\n",
        ),
    ] {
        let written = Written::new(&[(path, text)], &[]);
        let said = init(&[(path, text)]);
        said.proposes(&["image \"z\""]);
        said.lacks(&["bone4711"]);
        assert!(!said.stdout.contains("docker login"), "{}", said.stdout);
        let hcl = written.read("docker-bake.hcl");
        assert!(!hcl.contains("bone4711") && !hcl.contains("docker login"), "{hcl}");
    }
    let step = workflow(
        "- run: docker login -p fishbone4711 ghcr.io && docker buildx build --push -t ghcr.io/acme/z:1 --build-arg API_TOKEN=fishbone4711 .\n",
    );
    let said = init(&[(".github/workflows/a.yml", step.as_str())]);
    said.proposes(&["image \"z\"", "docker buildx build --push"]);
    said.lacks(&["fishbone4711"]);
    assert!(!said.stdout.contains("docker login"), "{}", said.stdout);
}

/// The names of settings become those of variables.
#[test]
fn names_that_no_setting_has_are_in_no_proposal() {
    for name in ["X} ${upper(\"evil\")} ${Y", "a-b", "1", "", "a b", "a.b"] {
        for of in ["vars", "secrets"] {
            let step = workflow(&format!(
                "- uses: docker/build-push-action@v6\n  with:\n    push: true\n    tags: ghcr.io/acme/app:edge\n    target: \"x${{{{ {of}['{}'] }}}}\"\n",
                name.replace('"', "\\\"")
            ));
            let said =
                super::said(&super::test(&[(".github/workflows/a.yml", step.as_str())]).args(["init"]));
            said.tells(&["its stage `x", "is not known here"]);
            said.lacks(&["variable \"", "image \""]);
        }
    }
    let step = workflow(
        "- uses: docker/build-push-action@v6\n  with:\n    push: true\n    tags: ghcr.io/acme/app:edge\n    target: \"x${{ vars['STAGE_1'] }}\"\n",
    );
    let written = Written::new(&[(".github/workflows/a.yml", step.as_str())], &[]);
    assert!(written.read("docker-bake.hcl").contains("\"x${STAGE_1}\""));
}
