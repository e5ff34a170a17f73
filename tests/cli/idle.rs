//! Attributes of `image` blocks that change nothing: each is told, unless something else lets it count.

use crate::support::Test;

const TARGET: &str = "target \"app\" { platforms = [\"linux/amd64\"] }\n";

/// What `plan` says of a definition.
fn talk(spec: &str, options: &[&str]) -> String {
    let facts = ["plan", "--fact=branch=main", "--fact=commit=5f3c1e0d9b8a"];
    let test = Test::new().file("docker-bake.hcl", format!("{TARGET}{spec}"));
    let output = test.args(facts.iter().chain(options).copied()).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{spec}: {talk}");
    talk
}

fn image(lines: &str) -> String {
    format!("image \"app\" {{\n  repositories = [\"ghcr.io/acme/app\"]\n  {lines}\n}}\n")
}

/// Whether the attribute is told, and how.
fn told(talk: &str, attribute: &str) -> Option<String> {
    let of = |line: &&str| line.contains(&format!("[idle-attribute]: `{attribute}` changes nothing"));
    talk.lines().find(of).map(str::to_owned)
}

const OF_VERSIONS: [(&str, &str); 8] = [
    ("latest", "false"),
    ("latest", "true"),
    ("known_versions", "[\"1.0.0\"]"),
    ("withdrawn", "[\"1.0.0\"]"),
    ("scheme", "\"semver\""),
    ("stable_suffixes", "[\"acme\"]"),
    ("prerelease_suffixes", "[\"acme\"]"),
    ("prerelease_tags", "[\"{{ major }}-rc\"]"),
];

#[test]
fn what_is_about_versions_is_told_where_there_is_none() {
    for (attribute, value) in OF_VERSIONS {
        for tags in ["[\"edge\"]", "[\"edge\", \"{{ sha }}\"]", "[\"type=raw,value=edge\", \"type=sha\"]"] {
            let talk = talk(&image(&format!("tags = {tags}\n  {attribute} = {value}")), &[]);
            let found = told(&talk, attribute).unwrap_or_else(|| panic!("{attribute} {tags}: {talk}"));
            assert!(found.starts_with("warning") && found.contains("there is no `version`"), "{found}");
            assert!(talk.contains(" --> docker-bake.hcl:5:3"), "{talk}");
            assert!(talk.contains("or leave `") && talk.contains("version = \"{{ tag }}\""), "{talk}");
        }
        // Any of these has a version, in this run or in another one.
        for lines in [
            "version = \"1.2.3\"",
            "version = { pattern = \"{{ tag }}\", when = \"tag\" }\n  tags = [{ pattern = \"edge\", when = \"branch\" }]",
            "tags = [\"type=semver,pattern={{version}}\", \"type=raw,value=edge\"]",
        ] {
            let talk = talk(&image(&format!("{lines}\n  {attribute} = {value}")), &[]);
            assert_eq!(told(&talk, attribute), None, "{lines}");
        }
    }
}

#[test]
fn a_tag_that_shows_a_version_lets_it_count() {
    for (attribute, value) in OF_VERSIONS.into_iter().filter(|(one, _)| *one != "prerelease_tags") {
        for tags in ["[\"1.2.3\", \"edge\"]", "[\"{{ tag or 'edge' }}\"]"] {
            let talk = talk(&image(&format!("tags = {tags}\n  {attribute} = {value}")), &[]);
            assert_eq!(told(&talk, attribute), None, "{tags}");
        }
    }
    // These are made of a version of the image's own.
    let lines = "tags = [\"1.2.3\"]\n  prerelease_tags = [\"next\"]";
    assert!(told(&talk(&image(lines), &[]), "prerelease_tags").is_some());
}

#[test]
fn a_variable_may_make_it_count_in_another_run() {
    let spec = "variable \"TAG\" { default = \"edge\" }\n";
    let spec = format!("{spec}{}", image("tags = [TAG]\n  withdrawn = [\"1.0.0\"]\n  immutable = true"));
    for attribute in ["withdrawn", "immutable"] {
        let found = told(&talk(&spec, &[]), attribute).unwrap();
        assert!(found.starts_with("note") && found.contains("in this run"), "{found}");
        assert_eq!(told(&talk(&spec, &["--var=TAG=1.2.3"]), attribute), None);
    }
    let spec = "variable \"VERSION\" { default = \"\" }\n";
    let lines = "tags = [\"edge\"]\n  version = VERSION == \"\" ? null : VERSION\n  latest = false";
    let found = told(&talk(&format!("{spec}{}", image(lines)), &[]), "latest").unwrap();
    assert!(found.starts_with("note"), "{found}");
}

#[test]
fn what_needs_something_else_is_told() {
    let of_target = "target \"app\" { tags = [\"ghcr.io/acme/app:edge\"] }\n";
    for (spec, attribute, why) in [
        (
            image("tags = [\"edge\"]\n  immutable = true"),
            "immutable",
            "none stays with a version or a commit",
        ),
        (image("tags = [\"edge\"]\n  variant_tags = \"truncate\""), "variant_tags", "there is no `variant`"),
        (
            format!("{of_target}image \"app\" {{\n  channels = [\"lts\"]\n}}\n"),
            "channels",
            "the tags are those of the targets",
        ),
    ] {
        let found = told(&talk(&spec, &[]), attribute);
        assert!(found.as_ref().is_some_and(|found| found.contains(why)), "{attribute}: {found:?}");
    }
    for (lines, attribute) in [
        ("tags = [\"{{ sha }}\"]\n  immutable = true", "immutable"),
        ("tags = [\"edge\", \"1.2.3\"]\n  immutable = true", "immutable"),
        ("tags = [\"type=sha\"]\n  immutable = true", "immutable"),
        ("tags = [\"edge\"]\n  variant = [\"slim\", \"\"]\n  variant_tags = \"truncate\"", "variant_tags"),
        ("tags = [\"edge\"]\n  channels = [\"lts\"]", "channels"),
        // What says no more than without being written.
        ("tags = [\"edge\"]\n  immutable = false", "immutable"),
        ("tags = [\"edge\"]\n  withdrawn = []", "withdrawn"),
        ("tags = [\"edge\"]\n  scheme = null", "scheme"),
    ] {
        assert_eq!(told(&talk(&image(lines), &[]), attribute), None, "{lines}");
    }
}

#[test]
fn defaults_are_told_only_where_no_image_uses_them() {
    let other = "target \"tool\" { platforms = [\"linux/amd64\"] }\nimage \"tool\" {\n  repositories = [\"ghcr.io/acme/tool\"]\n  ";
    for (attribute, value, uses) in [
        ("known_versions", "[\"1.0.0\"]", "version = \"1.2.3\""),
        ("latest", "false", "version = \"{{ tag }}\"\n  tags = [{ pattern = \"x\", when = \"branch\" }]"),
        ("immutable", "true", "tags = [\"{{ sha }}\"]"),
        ("variant_tags", "\"truncate\"", "tags = [\"edge\"]\n  variant = \"slim\""),
    ] {
        let spec = |lines: &str| {
            let defaults = format!("image {{\n  {attribute} = {value}\n}}\n");
            format!("{defaults}{}{other}{lines}\n}}\n", image("tags = [\"edge\"]"))
        };
        assert_eq!(told(&talk(&spec(uses), &[]), attribute), None, "{attribute}");
        let talk = talk(&spec("tags = [\"edge\"]"), &[]);
        let found = told(&talk, attribute).unwrap_or_else(|| panic!("{attribute}: {talk}"));
        assert!(found.contains("for any image"), "{found}");
        assert_eq!(talk.matches("idle-attribute").count(), 1, "{talk}");
    }
    // A flavor is one for rules, in the same way.
    let flavor = |lines: &str| {
        let defaults = "image {\n  flavor = [\"latest=false\"]\n}\n";
        talk(&format!("{defaults}{}{other}{lines}\n}}\n", image("tags = [\"edge\"]")), &[])
    };
    assert!(!flavor("tags = [\"type=raw,value=edge\"]").contains("warning[flavor]: a flavor applies"));
    assert!(flavor("tags = [\"edge\"]").contains("warning[flavor]: a flavor applies"));
}

/// The members of a matrix are images of one block, which is told once.
#[test]
fn a_block_of_many_images_is_told_once() {
    let spec = "target \"lib\" {
  name      = \"lib-${v}\"
  matrix    = { v = [\"a\", \"b\", \"c\", \"d\"] }
  platforms = [\"linux/amd64\"]
}
image \"lib\" {
  repositories   = [\"ghcr.io/acme/lib-${v}\"]
  tags           = v == \"d\" ? [\"1.2.3\"] : [\"edge\"]
  known_versions = [\"1.0.0\"]
  withdrawn      = v == \"d\" ? [] : [\"1.0.0\"]
  scheme         = \"semver\"
  variant_tags   = \"truncate\"
}
";
    let talk = talk(spec, &[]);
    assert_eq!(told(&talk, "known_versions"), None);
    assert_eq!(talk.matches("idle-attribute").count(), 1, "{talk}");
    assert!(told(&talk, "variant_tags").is_some());
}
