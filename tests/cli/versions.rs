//! Versions that could surprise: numbers, tails that nobody knows, build metadata, and constants beside or without one.

use serde_json::{Value, json};

use crate::support::Test;

pub(crate) fn block(lines: &str) -> String {
    format!(
        "target \"a\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"a\" {{\n  repositories = [\"r.io/x/a\"]\n{lines}\n}}\n"
    )
}

pub(crate) fn plan(file: &str, arguments: &[&str]) -> (Option<Value>, String) {
    let run = Test::new().file("docker-bake.hcl", file).args(["plan", "--format", "json"]);
    let output = run.args(arguments.iter().copied()).output();
    (serde_json::from_slice(&output.stdout).ok(), String::from_utf8(output.stderr).unwrap())
}

/// The tags of the only image, each with what it moves with.
#[track_caller]
pub(crate) fn tags(file: &str, arguments: &[&str]) -> (String, String) {
    let (plan, talk) = plan(file, arguments);
    let plan = plan.unwrap_or_else(|| panic!("{file}: {talk}"));
    let image = plan["images"].as_object().unwrap().values().next().unwrap();
    let tag = |tag: &Value| match crate::support::moves_with(tag) {
        Some(with) => format!("{}={with}", tag["name"].as_str().unwrap()),
        None => tag["name"].as_str().unwrap().to_owned(),
    };
    (image["tags"].as_array().unwrap().iter().map(tag).collect::<Vec<_>>().join(" "), talk)
}

#[track_caller]
fn refused(file: &str, expected: &[&str]) {
    let output = Test::new().file("docker-bake.hcl", file).args(["plan"]).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{file}");
    for part in expected {
        assert!(talk.contains(part), "{file}: {part} is not in {talk}");
    }
}

#[test]
fn a_number_is_no_version() {
    let quoted = ["error[version-number]", "`\"3.10\"`"];
    refused(&block("version = 3.10"), &quoted);
    refused(&(block("version = V") + "variable \"V\" {\n  default = 3.10\n}\n"), &quoted);
    refused(&(block("version = \"${V}-r1\"") + "variable \"V\" {\n  default = 3.10\n}\n"), &quoted);
    refused(&(block("version = LOCAL") + "LOCAL = 3.10\n"), &quoted);
    refused(&(block("version = f()") + "function \"f\" {\n  params = []\n  result = 3.10\n}\n"), &quoted);
    refused(&block("version = \"3.9\"\nknown_versions = [\"3.8\", 3.10]"), &quoted);
    refused(&block("version = \"3.9\"\nwithdrawn = 3.10"), &quoted);
    refused(&block("version = 24"), &["`\"24\"`"]);
    let json = r#"{"target": {"a": {}}, "image": {"a": {"repositories": ["r.io/x/a"], "version": 3.10}}}"#;
    let output = Test::new().file("docker-bake.json", json).args(["plan"]).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(quoted.iter().all(|part| talk.contains(part)), "{talk}");
}

#[test]
fn a_text_is_a_version() {
    for (lines, expected) in [
        ("version = \"3.10\"", "3.10 3=versions latest=versions"),
        ("version = \"${3}.${10}\"", "3.10 3=versions latest=versions"),
        ("version = format(\"%d.%d\", 3, 10)", "3.10 3=versions latest=versions"),
    ] {
        assert_eq!(tags(&block(lines), &[]).0, expected, "{lines}");
    }
    let variable = "variable \"V\" {\n  default = \"3.10\"\n}\n";
    assert_eq!(tags(&(block("version = V") + variable), &[]).0, "3.10 3=versions latest=versions");
}

#[test]
fn an_unknown_tail_owns_nothing_that_floats() {
    for tail in ["-acme", "-main.5", "-a1b2c3d", ".custom"] {
        refused(&block(&format!("version = \"1.2.3{tail}\"")), &["error[unknown-suffix]", "stable_suffixes"]);
        let own = tags(&block(&format!("version = \"1.2.3{tail}\"\ntags = [\"{{{{ version }}}}\"]")), &[]);
        assert_eq!(own, (format!("1.2.3{tail}"), String::new()));
        let fact = format!("tag=v1.2.3{tail}");
        let (own, talk) = tags(&block("version = \"{{ tag }}\""), &["--fact", &fact]);
        assert_eq!(own, format!("1.2.3{tail}"));
        assert!(talk.contains("\"warning\"") && talk.contains("\"unknown-suffix\""), "{talk}");
        let known = format!("version = \"1.2.3\"\nknown_versions = [\"1.2.4{tail}\", \"1.2.3{tail}\"]");
        let (own, talk) = tags(&block(&known), &[]);
        assert_eq!(own, "1.2.3 1.2=versions 1=versions latest=versions");
        assert!(talk.contains("\"note\"") && talk.contains("\"unknown-suffix\""), "{talk}");
    }
}

#[test]
fn what_an_image_says_of_its_tails_decides() {
    let all = "1.2.3-acme 1.2=versions 1=versions latest=versions";
    for more in [
        "stable_suffixes = [\"acme\"]",
        "stable_suffixes = [\"-acme\"]",
        "stable_suffixes = \"ACME\"",
        "known_versions = [\"1.2.2-acme\"]",
        "known_versions = [\"1.2.2-acme2\", \"1.1.0-acme\"]",
    ] {
        assert_eq!(tags(&block(&format!("version = \"1.2.3-acme\"\n{more}")), &[]).0, all, "{more}");
    }
    let prerelease = block("version = \"1.2.3-acme\"\nprerelease_suffixes = [\"acme\"]");
    assert_eq!(tags(&prerelease, &[]).0, "1.2.3-acme");
    // One version of another shape, and the tail is no part of the scheme.
    refused(
        &block("version = \"1.2.3-acme\"\nknown_versions = [\"1.2.2-acme\", \"1.2.1\"]"),
        &["unknown-suffix"],
    );
}

#[test]
fn build_metadata_is_for_the_pattern_to_decide() {
    let of =
        |pattern: &str, more: &str| block(&format!("version = \"1.30.1+k3s2\"\ntags = {pattern}\n{more}"));
    for pattern in ["null", "\"{{ version }}\"", "\"v{{ version }}\"", "\"x-{{ version | upper }}\""] {
        refused(&of(pattern, ""), &["build metadata", "replace('+', '-')", "{{ semver }}"]);
    }
    for (pattern, expected) in [
        ("\"{{ version | replace('+', '-') }}\"", "1.30.1-k3s2"),
        ("\"{{ version | replace('+', '_') }}\"", "1.30.1_k3s2"),
        ("\"{{ semver }}\"", "1.30.1=versions"),
        ("[\"{{ major }}.{{ minor }}\", \"latest\"]", "1.30=versions latest=versions"),
    ] {
        assert_eq!(tags(&of(pattern, ""), &[]).0, expected);
    }
    let both = "[\"{{ version | replace('+', '-') }}\", \"{{ semver }}\", \"latest\"]";
    let older = "known_versions = [\"1.30.1+k3s1\", \"1.30.0+k3s9\"]";
    assert_eq!(tags(&of(both, older), &[]).0, "1.30.1-k3s2 1.30.1=versions latest=versions");
    assert_eq!(tags(&of(both, "known_versions = [\"1.30.1+k3s3\"]"), &[]).0, "1.30.1-k3s2");
    assert_eq!(tags(&of(both, "known_versions = [\"1.30.1+k3s10\"]"), &[]).0, "1.30.1-k3s2");
}

#[test]
fn a_build_after_a_release_takes_none_of_its_tags() {
    for build in ["5.gabcdef0", "5.gabcdef0.dirty", "dirty", "dev", "untagged.5.gabcdef0", "rc1", "nightly"] {
        let of = |version: &str, tags: &str, more: &str| {
            block(&format!("version = {version}\ntags = {tags}\n{more}"))
        };
        let floats = "[\"{{ version | replace('+', '-') }}\", \"{{ semver }}\", \"{{ major }}\", \"latest\"]";
        let declared = format!("\"1.2.3+{build}\"");
        refused(&of(&declared, floats, ""), &["unknown-suffix", "a build after the release"]);
        // A run gets its own tag, and so does a file that asks for no other.
        let fact = format!("tag=v1.2.3+{build}");
        let (found, talk) = tags(&of("\"{{ tag }}\"", floats, ""), &["--fact", &fact]);
        assert_eq!(found, format!("1.2.3-{build}"), "{talk}");
        assert!(talk.contains("unknown-suffix"), "{talk}");
        let own = of(&declared, "\"{{ version | replace('+', '-') }}\"", "");
        assert_eq!(tags(&own, &[]).0, format!("1.2.3-{build}"));
    }
    for build in ["5.gabcdef0", "5.gabcdef0.dirty", "dirty", "rc1", "dev", "test.1"] {
        let fact = format!("tag=v1.2.3+{build}");
        let strict = "version = \"{{ tag }}\"\nscheme = \"semver\"\ntags = [\"{{ version | replace('+', '-') }}\", \"{{ semver }}\", \"latest\"]";
        let pep440 =
            "tags = [\"type=pep440,pattern={{version}}\", \"type=pep440,pattern={{major}}.{{minor}}\"]";
        for lines in [strict, pep440] {
            let (found, talk) = tags(&block(lines), &["--fact", &fact]);
            assert_eq!(found, format!("1.2.3-{build}"), "{lines} {build}: {talk}");
            assert!(talk.contains("unknown-suffix"), "{lines} {build}: {talk}");
        }
    }
    let strict =
        block("version = \"1.2.3+k3s1\"\nscheme = \"semver\"\ntags = [\"{{ semver }}\", \"latest\"]");
    assert_eq!(tags(&strict, &[]).0, "1.2.3=versions latest=versions");
    let local = block("tags = [\"type=pep440,pattern={{version}}\", \"type=pep440,pattern={{major}}\"]");
    assert_eq!(tags(&local, &["--fact", "tag=1.2.3+ubuntu1"]).0, "1.2.3-ubuntu1 1=versions latest=versions");
    let words = block(
        "version = \"1.2.3+dirty\"\ntags = [\"{{ semver }}\", \"latest\"]\nstable_suffixes = [\"dirty\"]",
    );
    assert_eq!(tags(&words, &[]).0, "1.2.3=versions latest=versions");
    for build in ["k3s2", "build.5", "20130313144700", "exp.sha.5114f85", "21AF26D3", "abcdef0", "post1"] {
        let file = block(&format!("version = \"1.2.3+{build}\"\ntags = [\"{{{{ semver }}}}\", \"latest\"]"));
        assert_eq!(tags(&file, &[]).0, "1.2.3=versions latest=versions", "{build}");
    }
}

#[test]
fn what_prereleases_get_is_called_like_no_release() {
    let of = |version: &str, tags: &str| {
        block(&format!(
            "version = \"{version}\"\ntags = [\"{{{{ version }}}}\", \"stable\"]\nprerelease_tags = [{tags}]"
        ))
    };
    for tags in ["\"latest\"", "\"{{ major }}\"", "\"{{ major }}.{{ minor }}\"", "\"stable\""] {
        let (found, talk) = plan(&of("1.3.0-rc1", tags), &[]);
        assert!(found.is_some() && talk.contains("prerelease-tag"), "{tags}: {talk}");
        assert!(talk.contains("reads as a release's"), "{tags}: {talk}");
        let (_, talk) = plan(&of("1.3.0-rc1", &format!("{{ pattern = {tags}, any = true }}")), &[]);
        assert!(!talk.contains("reads as a release's"), "{tags}: {talk}");
        let (_, talk) = plan(&of("1.3.0", tags), &[]);
        assert!(!talk.contains("reads as a release's"), "{tags}: {talk}");
    }
    for tags in ["\"next\"", "\"{{ major }}.{{ minor }}-rc\"", "\"rc\""] {
        let (_, talk) = plan(&of("1.3.0-rc1", tags), &[]);
        assert!(!talk.contains("reads as a release's"), "{tags}: {talk}");
    }
}

#[test]
fn a_rule_with_another_release_competes_as_that() {
    let rules = "tags = [\"type=semver,pattern={{version}}\", \"type=raw,value=VALUE\"]";
    for (value, tag, expected) in [
        ("1.2", "v1.2.3", "1.2.3 1.2=versions latest=versions"),
        ("1.2", "v1.3.0-rc.1", "1.3.0-rc.1"),
        ("1.2.4", "v1.3.0-rc.1", "1.3.0-rc.1"),
        ("beta", "v1.3.0-rc.1", "1.3.0-rc.1 beta=runs"),
        ("build-1234", "v1.3.0-rc.1", "1.3.0-rc.1 build-1234=runs"),
    ] {
        let file = block(&rules.replace("VALUE", value));
        assert_eq!(tags(&file, &["--fact", &format!("tag={tag}")]).0, expected, "{value} {tag}");
    }
    let (_, talk) = plan(&block(&rules.replace("VALUE", "1.2.4")), &["--fact", "tag=v1.2.3"]);
    assert!(talk.contains("other-version"), "{talk}");
}

#[test]
fn default_variants_are_variants() {
    let matrix = |default: &str| {
        format!(
            "target \"a\" {{\n  name = \"a-${{v}}\"\n  matrix = {{ v = [\"alpine\", \"debian\"] }}\n  platforms = [\"linux/amd64\"]\n}}\nimage \"a\" {{\n  repositories = [\"r.io/x/a\"]\n  version = \"1.2.3\"\n  variant = v\n  default_variant = {default}\n}}\n"
        )
    };
    refused(&matrix("\"debain\""), &["[variant]", "`debain`", "did you mean `debian`?"]);
    refused(&matrix("[\"alpine\", \"slm\"]"), &["[variant]", "`slm`", "alpine"]);
    refused(&block("version = \"1.2.3\"\ndefault_variant = \"debian\""), &["[variant]", "no `variant`"]);
    for default in ["\"debian\"", "[\"alpine\"]", "[]", "\"\"", "null"] {
        let (found, talk) = plan(&matrix(default), &[]);
        assert!(found.is_some(), "{default}: {talk}");
    }
    // Defaults are for images with variants and for others.
    let file = block("version = \"1.2.3\"") + "image {\n  default_variant = \"debian\"\n}\n";
    assert!(plan(&file, &[]).0.is_some(), "{}", plan(&file, &[]).1);
}

#[test]
fn what_nothing_is_built_of_is_named() {
    let none = block("version = \"1.2.3\"\ntargets = []");
    let skipped = block("version = \"1.2.3\"\nplatform \"linux/amd64\" {\n  skip = true\n}");
    for file in [none, skipped.clone()] {
        let talk = plan(&file, &[]).1;
        assert!(talk.contains("no-images") && talk.contains("`a`"), "{file}: {talk}");
    }
    let one_left = skipped.replace("[\"linux/amd64\"]", "[\"linux/amd64\", \"linux/arm64\"]");
    assert!(!plan(&one_left, &[]).1.contains("no-images"), "{one_left}");
}

#[test]
fn two_builds_share_no_tag_of_their_own() {
    for (versions, pattern) in [
        ("\"1.0.0+2\", \"1.0.0-2\"", "{{ version | replace('+', '-') }}"),
        ("\"1.30.1+k3s1\", \"1.30.1-k3s1\"", "v{{ version | replace('+', '-') }}-alpine"),
        ("\"2.0+b\", \"2.0_b\"", "{{ version | replace('+', '_') }}"),
    ] {
        let file = format!(
            "target \"a\" {{\n  matrix = {{ v = [{versions}] }}\n  name = \"a-${{replace(replace(replace(v, \".\", \"-\"), \"+\", \"plus\"), \"_\", \"u\")}}\"\n  platforms = [\"linux/amd64\"]\n}}\nimage \"a\" {{\n  repositories = [\"r.io/x/a\"]\n  version = v\n  stable_suffixes = [\"b\"]\n  tags = [\"{pattern}\"]\n}}\n"
        );
        refused(&file, &["error[tag-collision]", "both have the tag"]);
        tags(
            &file.replace(&format!("[\"{pattern}\"]"), "[\"{{ version | replace('+', '-build.') }}\"]"),
            &[],
        );
    }
}

#[test]
fn a_version_in_another_spelling_is_its_own_tag() {
    for (version, pattern, tag) in [
        ("1.2.3", "{{ version | replace('.', '_') }}", "1_2_3"),
        ("1.2.3", "v{{ version | replace('.', '-') }}-alpine", "v1-2-3-alpine"),
        ("1.2.3-rc.1", "{{ version | replace('.', '_') }}", "1_2_3-rc_1"),
        ("1.2.3-rc.1", "{{ version | upper }}", "1.2.3-RC.1"),
        ("1.2.3-rc.1", "{{ version | replace('rc', 'RC') }}", "1.2.3-RC.1"),
    ] {
        let file = block(&format!("version = \"{version}\"\ntags = [\"{pattern}\"]"));
        assert_eq!(tags(&file, &[]).0, tag, "{pattern}");
    }
    // A part of it floats.
    let file = block("version = \"1.2.3\"\ntags = [\"{{ version[:3] | replace('.', '_') }}\"]");
    assert_eq!(tags(&file, &[]).0, "1_2=versions");
}

/// What rewrites the version gives each its own tag, if it keeps all of its numbers; whether another version stands in the file or
/// is known from elsewhere.
#[test]
fn a_version_that_is_rewritten_is_its_own_tag() {
    for (version, other, pattern, tag) in [
        ("1.30.1+k3s1", "1.30.1+k3s2", "{{ version | replace('+k3s', '-r') }}", "1.30.1-r1"),
        ("1.30.1+k3s1", "1.30.1+k3s2", "{{ version | replace('+k3s', '.') }}-slim", "1.30.1.1-slim"),
        ("17.0.9+9", "17.0.9+10", "jdk-{{ version | replace('+', '_b') }}", "jdk-17.0.9_b9"),
        ("1.2.3-beta.1", "1.2.3-beta.2", "{{ version | replace('-beta.', 'b') }}", "1.2.3b1"),
        ("1.2.3-alpha.4", "1.2.3", "{{ version | replace('-alpha.', 'a') }}", "1.2.3a4"),
        ("1.2.3-beta.1", "1.3.0", "{{ version | replace('-beta.', '-preview') }}", "1.2.3-preview1"),
        ("2.4.1", "2.4.2", "{{ version | replace('2.', 'two-') }}", "two-4.1"),
    ] {
        let lines = format!("version = \"{version}\"\ntags = [\"{pattern}\"]");
        assert_eq!(tags(&block(&lines), &[]).0, tag, "{pattern}");
        let known = format!("{lines}\nknown_versions = [\"{other}\"]");
        assert_eq!(tags(&block(&known), &[]).0, tag, "{pattern} beside {other}");
        let run = block(&lines.replace(&format!("\"{version}\""), "\"{{ tag }}\""));
        let fact = format!("tag=v{version}");
        assert_eq!(tags(&run, &["--fact", &fact, "--fact", "event=push"]).0, tag, "{pattern} of {fact}");
    }
    // What lacks one of the numbers is a name that the next version has, too, unless that has another one.
    for (version, known, pattern, expected) in [
        ("8u422-b05", "8u432-b06", "{{ version | split('-') | first }}", "8u422=versions"),
        ("8u422-b05", "8u422-b04", "{{ version | split('-') | first }}", "8u422=versions"),
        ("9u1-b02", "9u11-b01", "jdk{{ version | split('-') | first }}", "jdk9u1=versions"),
    ] {
        let lines =
            format!("version = \"{version}\"\nknown_versions = [\"{known}\"]\ntags = [\"{pattern}\"]");
        assert_eq!(tags(&block(&lines), &[]).0, expected, "{version} beside {known}");
    }
    let taken = "version = \"8u422-b05\"\nknown_versions = [\"8u422-b06\"]\ntags = [\"{{ version }}\", \"{{ version | split('-') | first }}\", \"latest\"]";
    assert_eq!(tags(&block(taken), &[]).0, "8u422-b05");
}

#[test]
fn constants_float() {
    let main = ["--fact", "branch=main", "--fact", "default_branch=main"];
    for (lines, expected) in [
        ("tags = [\"edge\"]", "edge=runs"),
        ("tags = [\"nightly\", { pattern = \"edge\", when = \"default_branch\" }]", "nightly=runs edge=runs"),
        ("tags = [\"type=raw,value=edge\"]", "edge=runs"),
        ("version = \"1.2.3\"\ntags = [\"{{ version }}\", \"edge\"]", "1.2.3 edge=versions"),
        ("tags = [\"1.2.3\", \"latest\", \"stable\"]", "1.2.3 latest=versions stable=versions"),
    ] {
        assert_eq!(tags(&block(lines), &main).0, expected, "{lines}");
    }
}

#[test]
fn tags_of_a_target_float_with_the_one_version_among_them() {
    for (names, expected) in [
        ("1.2.9 latest", "1.2.9 latest=versions"),
        ("v1.2.9 1.2 1 latest stable", "v1.2.9 1.2=versions 1=versions latest=versions stable=versions"),
        ("1.2.9 1.2.9-alpine alpine latest", "1.2.9 1.2.9-alpine alpine=versions latest=versions"),
        ("1.2.9-r2 1.2.9 latest", "1.2.9-r2 1.2.9=versions latest=versions"),
        ("3 latest", "3 latest=versions"),
        ("1.2.9 20260101 latest", "1.2.9 20260101 latest=versions"),
        ("edge", "edge=runs"),
        ("latest", "latest=runs"),
        ("0123456789abcdef latest", "0123456789abcdef latest=runs"),
        // What nobody knows is a variant.
        ("1.2.9-alpine alpine 1-alpine", "1.2.9-alpine alpine=versions 1-alpine=versions"),
        ("1.2.9-bookworm latest", "1.2.9-bookworm latest=versions"),
        ("v1.2.3-alpine v1.2-alpine alpine", "v1.2.3-alpine v1.2-alpine=versions alpine=versions"),
        ("1.2.3-amd64 1.2.3-arm64 latest", "1.2.3-amd64 1.2.3-arm64 latest=versions"),
        ("1.2.3-0abc123 latest", "1.2.3-0abc123 latest=versions"),
        ("1.2.3 1.2.3-rc.1 latest", "1.2.3-rc.1"),
        ("1.2.9 1.3.0 latest", "1.2.9 1.3.0 latest=runs"),
    ] {
        assert_eq!(tags(&target(names), &[]).0, expected, "{names}");
    }
}

/// A target with these tags.
fn target(names: &str) -> String {
    let list: Vec<String> = names.split(' ').map(|name| format!("\"r.io/x/a:{name}\"")).collect();
    format!("target \"default\" {{\n  tags = [{}]\n}}\n", list.join(", "))
}

#[test]
fn a_prerelease_among_the_tags_of_a_target_takes_none_of_releases() {
    for (names, expected, left_out) in [
        ("2.0.0-rc.1 latest", "2.0.0-rc.1", "latest"),
        ("1.0.1-beta.1 latest 1", "1.0.1-beta.1", "latest 1"),
        ("2.0.0-rc.2 2", "2.0.0-rc.2", "2"),
        ("2.0.0-rc.2 2.0 next", "2.0.0-rc.2 next=prereleases", "2.0"),
        ("1.2.3-nightly nightly latest", "1.2.3-nightly nightly=prereleases", "latest"),
        ("2.0.0-rc.1-alpine alpine", "2.0.0-rc.1-alpine", "alpine"),
        // A date or a commit behind the word, and the numbers of the release.
        ("1.4.0-nightly.20240817 latest", "1.4.0-nightly.20240817", "latest"),
        ("1.3.0-canary.a1b2c3d latest", "1.3.0-canary.a1b2c3d", "latest"),
        ("1.3.0-dev.9f86d08 dev latest", "1.3.0-dev.9f86d08 dev=prereleases", "latest"),
        ("1.3.0-alpha.1234567 1.3 latest", "1.3.0-alpha.1234567", "1.3 latest"),
        ("19beta3 19 latest", "19beta3", "19 latest"),
        ("5.0-rc1 5.0 5 latest", "5.0-rc1", "5.0 5 latest"),
        ("1.3.0-rc.1 1.3.0 latest", "1.3.0-rc.1", "1.3.0 latest"),
        ("2.0.0-rc.1-alpine 2.0-alpine 2", "2.0.0-rc.1-alpine", "2.0-alpine 2"),
        ("v2.0.0-rc.1 stable", "v2.0.0-rc.1", "stable"),
        ("2.0.0-rc.1 20260101 latest", "2.0.0-rc.1 20260101", "latest"),
        ("3-rc latest", "3-rc", "latest"),
    ] {
        let names_of_block = names.replace(' ', "\", \"");
        for file in [target(names), block(&format!("tags = [\"{names_of_block}\"]"))] {
            let (found, talk) = tags(&file, &[]);
            assert_eq!(found, expected, "{names}");
            for name in left_out.split(' ') {
                let is_told = talk.contains("\"prerelease-tag\"") && talk.contains("\"warning\"");
                assert!(is_told && talk.contains(&format!("does not become `{name}`")), "{names}: {talk}");
            }
        }
    }
    for (names, expected) in [
        (
            "1.0.1-beta.1 1.0.1-beta 1.0-beta beta",
            "1.0.1-beta.1 1.0.1-beta=prereleases 1.0-beta=prereleases beta=prereleases",
        ),
        ("2.0.0-rc.1 2.0.0-rc.1-alpine3.20 rc", "2.0.0-rc.1 2.0.0-rc.1-alpine3.20 rc=prereleases"),
        ("2.0.0-rc.2 next", "2.0.0-rc.2 next=prereleases"),
        ("1.2.3-nightly nightly", "1.2.3-nightly nightly=prereleases"),
        ("2.0.0-rc.1", "2.0.0-rc.1"),
        ("2.0.0-rc.1 sha-0abc123", "2.0.0-rc.1 sha-0abc123"),
        ("1.9.0 2.0.0-rc.1 latest", "1.9.0 2.0.0-rc.1 latest=versions"),
    ] {
        let (found, talk) = tags(&target(names), &[]);
        assert_eq!((&*found, talk.contains("prerelease-tag")), (expected, false), "{names}: {talk}");
    }
}

const RUNS: [&str; 3] = ["branch=main", "pull_request=7", "tag=v1.2.3"];

/// The tags in each of the [`RUNS`], or what is told instead.
#[track_caller]
fn in_runs(lines: &str, expected: [&str; 3]) -> String {
    let mut talk = String::new();
    for (fact, expected) in RUNS.iter().zip(expected) {
        let facts = ["--fact", fact, "--fact", "default_branch=main", "--fact", "commit=0123456789abcdef"];
        let (plan, told) = plan(&block(lines), &facts);
        let is_of_none = fact.starts_with("tag") && told.contains("\"no-tag\"");
        let plan = match plan.filter(Value::is_object) {
            Some(plan) => plan,
            None if is_of_none => json!({ "images": {} }),
            None => panic!("{lines} with {fact}: {told}"),
        };
        let tags = plan["images"].get("a").map_or_else(Vec::new, |image| {
            let tags = image["tags"].as_array().unwrap();
            tags.iter().map(|tag| tag["name"].as_str().unwrap().to_owned()).collect()
        });
        assert_eq!(tags.join(" "), expected, "{lines} with {fact}");
        talk += &told;
    }
    talk
}

#[test]
fn a_run_without_the_version_has_no_tags_of_it() {
    let all = "1.2.3 1.2 1 latest";
    let talk = in_runs("version = \"{{ tag }}\"", ["", "", all]);
    assert!(talk.contains("\"no-version\"") && talk.contains("refs/pull/7/merge"), "{talk}");
    in_runs(
        "version = \"{{ tag }}\"\ntags = [\"{{ version }}\", \"latest\", \"sha-{{ sha }}\"]",
        ["sha-0123456", "sha-0123456", "1.2.3 latest sha-0123456"],
    );
    in_runs(
        "version = \"{{ tag[1:] }}\"\ntags = [\"{{ major }}\", { pattern = \"edge\", when = \"default_branch\" }]",
        ["edge", "", "1"],
    );
    in_runs(
        "version = \"3.{{ pr }}\"\ntags = [\"{{ version }}\"]\nchannels = [\"next\"]",
        ["", "3.7 next", ""],
    );
    in_runs(
        "version = \"{{ tag }}\"\nvariant = [\"slim\"]\ntags = [\"type=ref,event=branch\", \"{{ minor }}\"]",
        ["main-slim", "", "2-slim"],
    );
}

#[test]
fn a_version_may_have_a_condition() {
    let all = "1.2.3 1.2 1 latest";
    in_runs("version = { pattern = \"{{ tag }}\", when = \"tag\" }", ["", "", all]);
    in_runs("version = { pattern = \"1.2.3\", when = \"branch\" }", [all, "", ""]);
    in_runs("version = { pattern = \"1.2.3\", when = \"not pr\" }", [all, "", all]);
    in_runs("version = { pattern = \"1.2.3\", when = \"pr or tag\" }", ["", all, all]);
    in_runs("version = { pattern = \"1.2.3\", when = true }", [all, all, all]);
    in_runs("version = { pattern = \"1.2.3\" }", [all, all, all]);
    for (version, expected) in [
        ("{ pattern = 3.10 }", "error[version-number]"),
        ("{ when = \"tag\" }", "needs a `pattern`"),
        ("{ pattern = \"1\", unless = \"tag\" }", "but no `unless`"),
        ("{ pattern = \"1\", when = \"tags\" }", "did you mean `tag`?"),
    ] {
        refused(&block(&format!("version = {version}")), &[expected]);
    }
}

#[test]
fn a_pull_request_is_a_condition_as_a_branch_is() {
    for (word, expected) in [("branch", ["x", "", ""]), ("pr", ["", "x", ""]), ("tag", ["", "", "x"])] {
        for entry in ["x", "type=raw,value=x"] {
            in_runs(&format!("tags = [{{ pattern = \"{entry}\", when = \"{word}\" }}]"), expected);
        }
    }
    in_runs("tags = [{ pattern = \"x\", when = \"pr or branch\" }]", ["x", "x", ""]);
}

#[test]
fn a_known_version_is_not_also_a_floating_tag() {
    let told = |file: &str, known: &str| {
        let test = Test::new().file("docker-bake.hcl", file).file("known", known);
        let output = test.args(["plan", "--known-versions=known", "--fact=tag=v1.4.2"]).output();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let rules = "tags = [\"type=pep440,pattern={{version}}\", \"type=pep440,pattern={{major}}.{{minor}}\"]";
    for (lines, known, literal, floating) in [
        ("version = \"2023.01.1\"", "2023.01", "2023.01", "2023.01.1"),
        ("version = \"2023.01\"", "2023.01.1", "2023.01", "2023.01.1"),
        ("version = \"2023.01\"", "2023.01.3\n2023.01.2\n2022.12", "2023.01", "2023.01.3"),
        ("version = \"1.4.2\"", "v1", "v1", "1.4.2"),
        ("version = \"1\"", "1.4.2", "1", "1.4.2"),
        ("version = \"{{ tag }}\"", "1.4", "1.4", "v1.4.2"),
        ("version = \"{{ tag }}\"\ntags = [\"x-{{ version }}\", \"x-{{ major }}\"]", "1", "1", "v1.4.2"),
        (
            "version = \"1.4.2-r2\"\ntags = [\"{{ version }}\", \"{{ patch and '1.4.2' }}\"]",
            "1.4.2",
            "1.4.2",
            "1.4.2-r2",
        ),
        (rules, "1.4", "1.4", "1.4.2"),
    ] {
        let says = format!("is version `{literal}` itself and also floats, claimed by version `{floating}`");
        let list: Vec<String> = known.lines().map(|one| format!("\"{one}\"")).collect();
        let declared = format!("{lines}\nknown_versions = [{}]", list.join(", "));
        let from_file = told(&block(&declared), "[]");
        let from_option = told(&block(lines), known);
        for (code, talk) in [from_file, from_option] {
            assert_eq!(code, Some(1), "{lines} {known}: {talk}");
            assert!(talk.contains("error[tag-collision]") && talk.contains(&says), "{lines} {known}: {talk}");
            assert!(talk.contains("withdrawn = ["), "{talk}");
        }
    }
    for (lines, known) in [
        ("version = \"2023.01.1\"\nwithdrawn = [\"2023.01\"]", "2023.01"),
        ("version = \"2023.01.1\"\ntags = [\"{{ version }}\", \"{{ major }}\"]", "2023.01"),
        ("version = \"2023.01.1\"\ntags = [\"v{{ version }}\", \"y-{{ major }}\"]", "2023.01"),
        ("version = \"2023.01.1\"", "2023.01.1\n2023.02\n2022.12.1"),
        ("version = \"1.4.2\"", "1.4.2-rc.1\n1.4.0\n1.3.9\n11"),
        ("version = \"1.4\"\ntags = [\"{{ version }}\", \"latest\"]", "1.4.2-rc.1\n1.3.2"),
        ("version = \"3.15.0rc1\"", "3.15\n3"),
    ] {
        let (code, talk) = told(&block(lines), known);
        assert_eq!(code, Some(0), "{lines} {known}: {talk}");
    }
}

#[test]
fn a_number_that_may_have_lost_digits_is_no_text() {
    let variable = |default: &str| format!("variable \"V\" {{\n  default = {default}\n}}\n");
    for (lines, quoted) in [
        ("tags = [3.10]", "`\"3.10\"`"),
        ("tags = 3.10", "`\"3.10\"`"),
        ("tags = [{ pattern = 1.20, when = \"tag\" }]", "`\"1.20\"`"),
        ("tags = [3.0]", "`\"3.0\"`"),
        ("tags = [1e3]", "`\"1e3\"`"),
        ("version = \"1.0\"\nchannels = [2.10]", "`\"2.10\"`"),
        ("version = \"1.0\"\nvariant = 3.20", "`\"3.20\"`"),
        ("version = \"1.0\"\nvariant = [\"a\", [3.20, \"\"]]", "`\"3.20\"`"),
        ("version = \"1.0\"\ndefault_variant = 3.20", "`\"3.20\"`"),
        ("version = \"1.0\"\nprerelease_tags = [3.10]", "`\"3.10\"`"),
        ("version = \"1.0\"\ntag_prefix = 3.10", "`\"3.10\"`"),
        ("version = \"1.0\"\nstable_suffixes = [1.10]", "`\"1.10\"`"),
    ] {
        refused(&block(lines), &["error[version-number]", quoted]);
    }
    for (lines, default, quoted) in [
        ("tags = [V]", "3.10", "`\"3.10\"`"),
        ("tags = [\"${V}-slim\"]", "3.10", "`\"3.10\"`"),
        ("tags = [\"${V}-slim\"]", "3.0", "`\"3.0\"`"),
        ("version = \"${V}.1\"", "3.0", "`\"3.0\"`"),
        ("version = \"1.0\"\nvariant = \"alpine${V}\"", "3.20", "`\"3.20\"`"),
    ] {
        refused(&(block(lines) + &variable(default)), &["error[version-number]", quoted]);
    }
    refused(&block("tags = [3 + 0.5]"), &["error[version-number]", "make it a string"]);
    for (lines, expected) in [
        ("tags = [3]", "3"),
        ("tags = 3", "3"),
        ("tags = [\"3.10\"]", "3.10"),
        ("tags = [\"${3}.${10}\"]", "3.10"),
        ("version = \"1.0\"\ntags = [\"{{ version }}\"]\nvariant = 3", "1.0-3"),
        ("version = \"1.0\"\ntags = [\"{{ version }}\"]\nchannels = [7]", "1.0 7=channel"),
    ] {
        assert_eq!(tags(&block(lines), &[]).0, expected, "{lines}");
    }
    assert_eq!(tags(&(block("tags = [V, \"${V}-slim\"]") + &variable("24")), &[]).0, "24 24-slim");
    assert_eq!(tags(&(block("tags = [V]") + &variable("\"3.10\"")), &[]).0, "3.10");
}

#[test]
fn a_suffix_is_of_releases_or_of_prereleases() {
    for (stable, prerelease) in [("acme", "acme"), ("-acme", "acme"), ("ACME", ".acme"), ("rc", "rc")] {
        let lines = format!(
            "version = \"1.2.3\"\nstable_suffixes = [\"x\", \"{stable}\"]\nprerelease_suffixes = [\"{prerelease}\", \"y\"]"
        );
        refused(&block(&lines), &["error[suffix]", "leave it out of one of them"]);
    }
    let lines = "version = \"1.2.3\"\nstable_suffixes = [\"acme\"]\nprerelease_suffixes = [\"acme-rc\"]";
    assert_eq!(tags(&block(lines), &[]).0, "1.2.3 1.2=versions 1=versions latest=versions");
}

/// The tags in a run of a git tag, where these versions are known.
#[track_caller]
pub(crate) fn beside(lines: &str, known: &str, tag: &str) -> String {
    let test = Test::new().file("docker-bake.hcl", block(lines)).file("known", known);
    let fact = format!("tag={tag}");
    let output =
        test.args(["metadata", "--format", "tags", "--known-versions", "known", "--fact", &fact]).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{lines}: {talk}");
    String::from_utf8(output.stdout)
        .unwrap()
        .replace("r.io/x/a:", "")
        .replace('\n', " ")
        .trim_end()
        .to_owned()
}

#[test]
fn known_git_tags_are_read_as_in_a_run_of_them() {
    let tags = "web/v1.2.3\nweb/v1.9.0\nv9.9.9\n1.2.3\napi/v3.0.0\nrelease-3.0.0\nrelease-3.1.0\n";
    let semver = |part: &str| format!("\"type=semver,pattern={{{{{part}}}}},match=^web/v(.*)$\"");
    let rules = format!("tags = [{}, {}]", semver("version"), semver("major"));
    assert_eq!(beside(&rules, tags, "web/v2.0.0"), "2.0.0 2 latest");
    assert_eq!(beside(&rules, tags, "web/v1.2.4"), "1.2.4");
    let matched = "tags = [\"type=match,pattern=^web/v(.*)$,group=1\"]";
    assert_eq!(beside(matched, tags, "web/v2.0.0"), "2.0.0 latest");
    // A rule that takes any tag takes the others, too.
    let whole = "tags = [\"type=semver,pattern={{version}}\", \"type=semver,pattern={{major}}\"]";
    assert_eq!(beside(whole, tags, "v2.0.0"), "2.0.0 2");
    for pattern in ["{{ tag | replace('release-', '') }}", "{{ tag[8:] }}"] {
        let version = format!(
            "version = {{ pattern = \"{pattern}\", when = \"tag and tag is startingwith('release-')\" }}"
        );
        assert_eq!(beside(&version, tags, "release-3.0.1"), "3.0.1 3.0", "{pattern}");
        assert_eq!(beside(&version, tags, "release-3.2.0"), "3.2.0 3.2 3 latest", "{pattern}");
    }
    assert_eq!(beside("version = \"{{ tag }}\"\ntag_prefix = \"web/\"", tags, "web/v1.2.4"), "1.2.4 1.2");
    let version = "version = { pattern = \"{{ tag }}\", when = \"tag\" }";
    assert_eq!(beside(version, tags, "v1.2.4"), "1.2.4 1.2 1");
}

#[test]
fn a_list_for_an_image_may_leave_the_prefix_out() {
    let lines = "version = \"{{ tag }}\"\ntag_prefix = \"b/v\"\ntags = [\"{{ version }}\", \"{{ major }}.{{ minor }}\"]";
    for known in [
        "{\"a\": [\"1.1.9\", \"1.1.10\"]}",
        "{\"a\": [\"b/v1.1.9\", \"b/v1.1.10\"]}",
        "{\"a\": [\"b/v1.1.9\", \"1.1.10\"]}",
        "{\"a\": [\"b/v1.1.10\", \"v1.1.9\"]}",
    ] {
        assert_eq!(beside(lines, known, "b/v1.1.3"), "1.1.3", "{known}");
        assert_eq!(beside(lines, known, "b/v1.1.11"), "1.1.11 1.1", "{known}");
    }
    assert_eq!(beside(lines, "{\"a\": [\"c/v1.1.9\"]}", "b/v1.1.3"), "1.1.3 1.1");
}

#[test]
fn the_cure_for_other_git_tags_has_the_prefix() {
    for (prefix, tag, begin) in [
        ("", "nightly", "v"),
        ("api/", "api/latest", "api/v"),
        ("b/v", "b/vnext", "b/v"),
        ("app-", "app-edge", "app-v"),
    ] {
        let own = if prefix.is_empty() { String::new() } else { format!("tag_prefix = \"{prefix}\"\n") };
        let fact = format!("tag={tag}");
        let (plan_of, talk) = plan(&block(&format!("{own}version = \"{{{{ tag }}}}\"")), &["--fact", &fact]);
        let cure = format!(
            "version = {{ pattern = \"{{{{ tag }}}}\", when = \"tag and tag is startingwith('{begin}')\" }}"
        );
        assert!(
            plan_of.is_none() && talk.contains(&cure.replace('"', "\\\"")) || talk.contains(&cure),
            "{talk}"
        );
        let cured = block(&format!("{own}{cure}"));
        let release = format!("tag={begin}1.2.3");
        assert_eq!(tags(&cured, &["--fact", &release]).0.split('=').next(), Some("1.2.3 1.2"), "{prefix}");
    }
    let file = block("tag_prefix = \"api/\"\nversion = \"{{ tag }}\"");
    let (_, talk) = plan(&file, &["--fact", "tag=api/"]);
    assert!(talk.contains("as in `api/1.2.3`"), "{talk}");
}

#[test]
fn a_version_behind_a_word_is_a_version() {
    for (names, expected) in [
        ("api-1.3.0 api-latest latest", "api-1.3.0 api-latest=versions latest=versions"),
        ("api-1.3.0 api-1.3 api-1", "api-1.3.0 api-1.3=versions api-1=versions"),
        ("release-1.2.3", "release-1.2.3"),
        ("version-1.2.3 latest", "version-1.2.3 latest=versions"),
        ("latest-1.2.3", "latest-1.2.3"),
        ("web_2.0.1-alpine web_latest", "web_2.0.1-alpine web_latest=versions"),
        // One that stands alone is the image's own.
        ("1.2.9 cuda-12.4.1 latest", "1.2.9 cuda-12.4.1=versions latest=versions"),
        // A variant, two images, and what moves with runs.
        ("php-8.3 latest", "php-8.3=runs latest=runs"),
        ("api-1.2.3 web-1.4.0 latest", "api-1.2.3=runs web-1.4.0=runs latest=runs"),
        ("nightly-2026.01.31 nightly", "nightly-2026.01.31=runs nightly=runs"),
        ("build-42 latest", "build-42=runs latest=runs"),
    ] {
        assert_eq!(tags(&target(names), &[]).0, expected, "{names}");
    }
    let (found, talk) = tags(&target("api-1.3.0-rc.1 api-latest latest"), &[]);
    assert!(found == "api-1.3.0-rc.1" && talk.contains("prerelease-tag"), "{found}: {talk}");
}

/// What people write out for one release: the tag that says most is the version, and the others move with it.
#[test]
fn the_tag_that_says_most_is_the_version() {
    for (names, expected) in [
        ("1.2.3-alpine 1.2 latest", "1.2.3-alpine 1.2=versions latest=versions"),
        ("1.2.3-alpine 1.2-alpine 1 latest", "1.2.3-alpine 1.2-alpine=versions 1=versions latest=versions"),
        ("1.17.2-otp-27 1.17 latest", "1.17.2-otp-27 1.17=versions latest=versions"),
        ("16.4.0-debian-12-r0 16 latest", "16.4.0-debian-12-r0 16=versions latest=versions"),
        ("5.0.1-apache-bookworm 5.0.1 5 apache", "5.0.1-apache-bookworm 5.0.1 5=versions apache=versions"),
        // Editions of one version.
        (
            "2.462.1-lts-jdk17 lts-jdk17 lts 2.462.1-lts",
            "2.462.1-lts-jdk17 lts-jdk17=versions lts=versions 2.462.1-lts",
        ),
        ("1.2.3-jre 1.2.3-jre-alpine 1.2-jre", "1.2.3-jre 1.2.3-jre-alpine 1.2-jre=versions"),
        ("1.2.3-ce.0 1.2.3-ee.0 latest", "1.2.3-ce.0 1.2.3-ee.0 latest=versions"),
        (
            "10.6.0-community 10.6-community community",
            "10.6.0-community 10.6-community=versions community=versions",
        ),
        ("1.2.3-1 1.2-1 latest", "1.2.3-1 1.2-1=versions latest=versions"),
        // A revision moves the bare numbers, too.
        ("1.2.3-r2 1.2.3 1.2", "1.2.3-r2 1.2.3=versions 1.2=versions"),
        // Behind words, with a `v` or without a separator.
        ("alpine-v17.2.1 alpine-latest alpine", "alpine-v17.2.1 alpine-latest=versions alpine=versions"),
        ("distroless-v1.31.0 distroless-v1.31-latest", "distroless-v1.31.0 distroless-v1.31-latest=versions"),
        ("php8.3.10-apache php8.3-apache apache", "php8.3.10-apache php8.3-apache=versions apache=versions"),
        ("arm64v8-4.0.9.2244-ls240 arm64v8-latest", "arm64v8-4.0.9.2244-ls240 arm64v8-latest=versions"),
        (
            "alpine-7.0.3 alpine-7.0-latest alpine-latest",
            "alpine-7.0.3 alpine-7.0-latest=versions alpine-latest=versions",
        ),
        ("py3.12-2.4.1 py3.12-2.4 py3.12-latest", "py3.12-2.4.1 py3.12-2.4=versions py3.12-latest=versions"),
        ("ubuntu-24.04-1.2.3 latest", "ubuntu-24.04-1.2.3 latest=versions"),
        // A commit behind the version, and one that is all digits.
        ("1.3.0-9f86d08 latest", "1.3.0-9f86d08 latest=versions"),
        ("api-1.3.0-9f86d08 api-latest", "api-1.3.0-9f86d08 api-latest=versions"),
        ("1234567 latest", "1234567 latest=runs"),
        ("0123456 latest", "0123456 latest=runs"),
        ("20240817 latest", "20240817 latest=versions"),
    ] {
        assert_eq!(tags(&target(names), &[]).0, expected, "{names}");
    }
}

/// What is known of other versions counts for constants, too, as does what the image says of its versions.
#[test]
fn constants_are_compared_with_known_versions() {
    let known = |file: &str, known: &str| {
        let test = Test::new().file("docker-bake.hcl", file).file("known", known);
        let output = test.args(["metadata", "--format=tags", "--known-versions=known"]).output();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{file}: {talk}");
        let tags = String::from_utf8(output.stdout).unwrap();
        tags.replace("r.io/x/a:", "").replace('\n', " ").trim_end().to_owned()
    };
    for (names, versions, expected) in [
        ("1.2.9 1.2 1 latest", "1.3.0", "1.2.9 1.2"),
        ("1.2.9 1.2 1 latest", "1.2.10\n1.3.0", "1.2.9"),
        ("1.2.9 1.2 1 latest", "1.2.8", "1.2.9 1.2 1 latest"),
        ("1.2.9-alpine 1.2-alpine alpine", "v1.3.0", "1.2.9-alpine 1.2-alpine"),
        ("api-1.2.9 api-1.2 api-latest", "1.3.0", "api-1.2.9 api-1.2"),
        ("edge", "1.3.0", "edge"),
    ] {
        assert_eq!(known(&target(names), versions), expected, "{names} {versions}");
    }
    for (lines, expected) in [
        ("tags = [\"1.2.9\", \"1\", \"latest\"]\nknown_versions = [\"1.3.0\"]", "1.2.9"),
        (
            "tags = [\"1.2.9\", \"1\", \"latest\"]\nknown_versions = [\"1.1.0\"]",
            "1.2.9 1=versions latest=versions",
        ),
        ("tags = [\"1.2.9\", \"latest\"]\nlatest = false", "1.2.9"),
        ("tags = [\"1.2.9\", \"1\", \"latest\"]\nwithdrawn = [\"1.2.9\"]", "1.2.9"),
        ("tags = [\"1.2.9-acme\", \"latest\"]\nprerelease_suffixes = [\"acme\"]", "1.2.9-acme"),
    ] {
        assert_eq!(tags(&block(lines), &[]).0, expected, "{lines}");
    }
}

/// Dates beside a version are names of their own, which no later release is compared with.
#[test]
fn dates_beside_a_version_are_no_versions() {
    for file in [target("3.20.2 3.20 latest 20240807"), target("3.20.2 3.20 latest 2024-08-07")] {
        let test = Test::new().file("docker-bake.hcl", &file).args(["plan", "--out", "out"]);
        let output = test.output();
        assert_eq!(output.status.code(), Some(0), "{file}");
        let text = std::fs::read_to_string(test.folder().join("out/plan.json")).unwrap();
        let plan: Value = serde_json::from_str(&text).unwrap();
        let image = plan["images"].as_object().unwrap().values().next().unwrap();
        let date = image["tags"]
            .as_array()
            .unwrap()
            .iter()
            .find(|tag| tag["name"].as_str().unwrap().starts_with("2024"));
        let date = date.unwrap();
        assert!(date["form"].as_str().unwrap().starts_with("{date:"), "{date}");
        assert_eq!(date["floating"], false, "{date}");
    }
}

/// How far a tag follows its version, and what a merge reads back.
#[test]
fn forms_of_what_is_written_out() {
    for (names, name, form) in [
        ("alpine-7.0.3 alpine-7.0-latest", "alpine-7.0-latest", "alpine-{version}-latest"),
        ("1.2.3-jre 1.2-jre", "1.2-jre", "{version}-jre"),
        ("1.2.3-ce.0 1.2.3-ee.0 latest", "1.2.3-ce.0", "{version}"),
        ("2.462.1-lts-jdk17 2.462.1-lts lts", "2.462.1-lts-jdk17", "{version}"),
        ("1.2.3-alpine 1.2 latest", "1.2.3-alpine", "{version}-alpine"),
        ("1.3.0-9f86d08 latest", "1.3.0-9f86d08", "{version}-{commit:7}"),
        ("alpine-v17.2.1 alpine", "alpine-v17.2.1", "alpine-v{version}"),
    ] {
        let test = Test::new().file("docker-bake.hcl", target(names)).args(["plan", "--out", "out"]);
        let output = test.output();
        assert_eq!(output.status.code(), Some(0), "{names}");
        let text = std::fs::read_to_string(test.folder().join("out/plan.json")).unwrap();
        let plan: Value = serde_json::from_str(&text).unwrap();
        let image = plan["images"].as_object().unwrap().values().next().unwrap();
        let found = image["tags"].as_array().unwrap().iter().find(|tag| tag["name"] == name);
        assert_eq!(found.map(|tag| &tag["form"]), Some(&Value::from(form)), "{names}");
    }
}

/// Where it is not clear which version is meant, nothing is guessed in silence.
#[test]
fn tags_that_leave_the_version_open_are_noted() {
    let noted =
        |names: &str| tags(&target(names), &[]).1.contains("cannot tell which version image `default` has");
    for names in [
        "php-8.3 latest",
        "8u422-b05-jre 8-jre 8",
        "2022-CU14-ubuntu-22.04 2022-latest",
        "16-3.4.2-alpine 16-3.4-alpine latest",
        "22.04 1.2.3-ubuntu22.04 latest",
        "api-1.2.3 web-1.4.0 latest",
        "1.2.3.4.5.6.7 latest",
        "debian-12.5.0-1.2.3 latest",
        "jdk-21 latest",
        "app-17-slim slim-latest",
        "python_3 latest edge",
        "node-20 node-latest",
        "node20 node20-slim latest",
        "jdk21 latest",
        "17-alpine latest",
        "3-slim-bookworm slim latest",
        "2.x latest",
        "RELEASE.2026-08-03T04-33-23Z latest",
        "RELEASE.2026-08-03 latest",
        "release-2026_08_03 latest",
    ] {
        assert!(noted(names), "{names}");
    }
    for names in [
        "latest",
        "edge latest",
        "php-8.3",
        "1 2",
        "1.2.3 latest",
        "sha-1a2b3c4 latest",
        "1a2b3c4 latest",
        "release-2026-13-40 latest",
        "1234567 latest",
        "build-42 latest",
        "run-7 pr-12 latest",
        "arm64 latest latest-amd64",
        "b42 r7 latest",
        "jdk-21",
        "api-beta-2 latest",
        "alpine-3 edge",
        "nightly-2026.01.31 nightly",
        "api-1.3.0 api-latest latest",
    ] {
        assert!(!noted(names), "{names}");
    }
}

#[test]
fn known_versions_that_nobody_reads_are_noted() {
    let noted = |lines: &str, run: &str, known: &str| {
        let test = Test::new().file("docker-bake.hcl", block(lines)).file("known", known);
        let arguments = ["metadata", "--format=tags", "--known-versions=known", "--fact"];
        let output = test.args(arguments).args([format!("tag={run}").as_str()]).output();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{lines} {known}: {talk}");
        let severity =
            talk.split_once("[known-versions]").map(|(before, _)| before.rsplit('\n').next().unwrap());
        (severity.map(str::to_owned), talk)
    };
    let plain = "version = \"{{ tag }}\"";
    let with_prefix = "version = \"{{ tag }}\"\ntag_prefix = \"b/v\"";
    // A warning where versions seem to be there, since tags would move back.
    for (lines, run, known, unread, severity) in [
        (plain, "3.11.0", "'3.12'", "`'3.12'`", "note"),
        (plain, "3.11.0", "release-3.12", "`release-3.12`", "warning"),
        (plain, "3.11.0", "[\"nightly\", \"edge\"]", "`nightly`, `edge`", "note"),
        (with_prefix, "b/v1.1.3", "{\"a\": [\"1.1.2\", \"c/v1.1.9\"]}", "`c/v1.1.9`", "note"),
        (with_prefix, "b/v1.1.3", "c/v1.1.9", "`c/v1.1.9`", "warning"),
    ] {
        let (found, talk) = noted(lines, run, known);
        assert_eq!(found.as_deref(), Some(severity), "{known}: {talk}");
        assert!(talk.contains(unread) && !talk.contains("1.1.2"), "{known}: {talk}");
    }
    for (lines, run, known) in [
        (plain, "3.11.0", "3.12\nnightly"),
        (plain, "3.11.0", "refs/tags/v3.12"),
        (plain, "3.11.0", "[]"),
        (with_prefix, "b/v1.1.3", "b/v1.1.2\nc/v1.1.9"),
        (with_prefix, "b/v1.1.3", "{\"a\": [\"1.1.2\", \"b/v1.1.1\"]}"),
    ] {
        let (found, talk) = noted(lines, run, known);
        assert_eq!(found, None, "{known}: {talk}");
    }
}

/// Whether the digits of a commit are all decimal is chance, and decides nothing.
#[test]
fn a_commit_in_a_version_is_no_number() {
    let letters = "a123456f00ba12345678901234567890abcdef12";
    let digits = "1234567890abcdef1234567890abcdef12345678";
    for version in ["1.2.3-{{ sha }}", "1.2.{{ sha }}", "1.2.3-r1.{{ commit[:8] }}", "2026.08.17-{{ sha }}"] {
        for commit in [letters, digits] {
            let lines = format!(
                "version = \"{version}\"\ntags = [\"{{{{ version }}}}\", \"{{{{ major }}}}\", \"latest\"]"
            );
            let (found, talk) = tags(&block(&lines), &["--fact", &format!("commit={commit}")]);
            assert!(!found.contains([' ', '=']), "{version} {commit}: {found}");
            assert!(talk.contains("unknown-suffix"), "{version} {commit}: {talk}");
            assert!(talk.contains("put the commit into a tag, such as `{{ version }}-{{ sha }}`"), "{talk}");
        }
    }
    for commit in [letters, digits] {
        // Written down.
        let lines =
            format!("version = \"1.2.3-{}\"\ntags = [\"{{{{ version }}}}\", \"latest\"]", &commit[..7]);
        let (_, talk) = plan(&block(&lines), &["--fact", &format!("commit={commit}")]);
        assert!(talk.contains("unknown-suffix"), "{talk}");
        // The cure.
        let lines = "version = \"1.2.3\"\ntags = [\"{{ version }}-{{ sha }}\", \"latest\"]";
        let (found, talk) = tags(&block(lines), &["--fact", &format!("commit={commit}")]);
        assert_eq!((found, talk.as_str()), (format!("1.2.3-{} latest=versions", &commit[..7]), ""));
    }
    // Another number is one.
    let lines = "version = \"1.2.3-7654321\"\ntags = [\"{{ version }}\", \"latest\"]";
    let (found, _) = tags(&block(lines), &["--fact", &format!("commit={digits}")]);
    assert_eq!(found, "1.2.3-7654321 latest=versions");
}

#[test]
fn the_greater_of_two_commits_is_not_the_later_build() {
    for (version, known) in [
        ("1.2.3+1a2b3c4", "1.2.3+9f86d08"),
        ("1.2.3+9f86d08", "1.2.3+1a2b3c4"),
        ("1.2.3+k3s1.1a2b3c4", "1.2.3+k3s1.9f86d08"),
    ] {
        let lines = format!(
            "version = \"{version}\"\nknown_versions = [\"{known}\"]\ntags = [\"{{{{ version | replace('+', '-') }}}}\", \"{{{{ major }}}}\", \"latest\"]"
        );
        let (found, _) = tags(&block(&lines), &[]);
        assert!(found.ends_with("1=versions latest=versions"), "{version} {known}: {found}");
    }
    // Numbers of builds have an order.
    let lines = "version = \"1.2.3+build.9\"\nknown_versions = [\"1.2.3+build.10\"]\ntags = [\"{{ version | replace('+', '-') }}\", \"latest\"]";
    assert_eq!(tags(&block(lines), &[]).0, "1.2.3-build.9");
}

#[test]
fn conditions_know_prereleases_and_compare_numbers() {
    let version = |when: &str| {
        format!(
            "version = {{ pattern = \"{{{{ tag }}}}\", when = \"{when}\" }}\ntags = [\"{{{{ version }}}}\", {{ pattern = \"run\", when = \"tag\" }}]"
        )
    };
    for (when, prerelease, release) in [
        ("tag and not prerelease", "run=runs", "1.2.3 run=versions"),
        ("not prerelease", "run=runs", "1.2.3 run=versions"),
        ("tag and prerelease", "1.2.3-rc.1", "run=runs"),
    ] {
        for (tag, expected) in [("v1.2.3-rc.1", prerelease), ("v1.2.3", release)] {
            let (found, talk) = tags(&block(&version(when)), &[&format!("--fact=tag={tag}")]);
            assert_eq!(found, expected, "{when} {tag}: {talk}");
        }
    }
    // What is for prereleases is theirs.
    let lines = "version = \"{{ tag }}\"\ntags = [\"{{ version }}\", { pattern = \"latest\", when = \"not prerelease\" }, { pattern = \"beta\", when = \"prerelease\" }, { pattern = \"next\", when = \"tag and prerelease\" }]";
    let (found, _) = tags(&block(lines), &["--fact=tag=v1.2.3-rc.1"]);
    assert_eq!(found, "1.2.3-rc.1 beta=prereleases next=prereleases");
    assert_eq!(tags(&block(lines), &["--fact=tag=v1.2.3"]).0, "1.2.3 latest=versions");
    let major = |when: &str| {
        format!(
            "version = \"{{{{ tag }}}}\"\ntags = [\"{{{{ version }}}}\", {{ pattern = \"{{{{ major }}}}\", when = \"{when}\" }}]"
        )
    };
    for (when, cure) in [
        ("major != 0", "major | int != 0"),
        ("major > 0", "major | int > 0"),
        ("major >= '10'", "major | int >= 10"),
        ("version >= '10.0.0'", "major | int >= 10"),
        ("version >= '10.2.0'", "(major | int > 10 or major | int == 10 and minor | int >= 2)"),
        (
            "semver < 2.3.4",
            "(major | int < 2 or major | int == 2 and (minor | int < 3 or minor | int == 3 and patch | int < 4))",
        ),
        ("minor in [2, 3]", "minor | int in [2, 3]"),
    ] {
        let (_, talk) = plan(&block(&major(when)), &["--fact=tag=v9.2.3"]);
        assert!(talk.contains("tag-pattern") && talk.contains(&format!("`{cure}`")), "{when}: {talk}");
        assert!(plan(&block(&major(cure)), &["--fact=tag=v9.2.3"]).0.is_some(), "{cure}");
    }
    for (when, tag, expected) in [
        ("major | int >= 10", "9.2.3", "9.2.3"),
        ("major | int >= 10", "10.2.3", "10.2.3 10=versions"),
        ("major | int > 0", "0.2.3", "0.2.3"),
        ("major != '0'", "0.2.3", "0.2.3"),
        ("major != '0'", "1.2.3", "1.2.3 1=versions"),
    ] {
        assert_eq!(tags(&block(&major(when)), &[&format!("--fact=tag={tag}")]).0, expected, "{when} {tag}");
    }
}

/// The cure of a comparison asks what was written.
#[test]
fn the_cure_of_a_comparison_is_exact() {
    let lines = |when: &str| {
        format!(
            "version = \"{{{{ tag }}}}\"\ntags = [\"{{{{ version }}}}\", {{ pattern = \"yes\", when = \"{when}\" }}]"
        )
    };
    for (when, yes, no) in [
        (
            "version >= 10.2.0",
            &["10.2.0", "10.3.0", "11.0.0", "10.2.9"][..],
            &["10.1.9", "9.9.9", "2.10.2"][..],
        ),
        ("version > 10.2.0", &["10.2.1", "10.3.0", "11.0.0"], &["10.2.0", "10.1.9", "9.9.9"]),
        ("tag and version <= 1.2.3", &["1.2.3", "1.2.2", "0.9.9", "1.1.10"], &["1.2.4", "1.3.0", "2.0.0"]),
        ("version < '1.10'", &["1.9.9", "0.11.0"], &["1.10.0", "2.0.0", "1.11.0"]),
        ("3.0.0 > version", &["2.9.9", "0.1.0"], &["3.0.0", "3.0.1", "10.0.0"]),
        ("1.2 <= version and tag", &["1.2.0", "1.10.0", "2.0.0"], &["1.1.9", "0.2.0"]),
        ("version == 1.5", &[], &["1.5.0", "1.5.1"]),
    ] {
        let (_, talk) = plan(&block(&lines(when)), &["--fact=tag=v9.2.3"]);
        let help = talk.split("such as `").nth(1).unwrap_or_else(|| panic!("{when}: {talk}"));
        let cure = help.split('`').next().unwrap();
        let cure = if when.contains(" and ") { format!("tag and {cure}") } else { cure.to_owned() };
        for (versions, expected) in [(yes, true), (no, false)] {
            for version in versions {
                let (found, _) = tags(&block(&lines(&cure)), &[&format!("--fact=tag=v{version}")]);
                assert_eq!(found.contains("yes"), expected, "{when} {version}: {cure}");
            }
        }
    }
}

/// Versions that all end alike have a scheme of their own, unless what they end with is a word of prereleases.
#[test]
fn a_word_of_prereleases_behind_digits_is_no_scheme() {
    for (version, other) in [
        ("11.2.0-71634pre", "11.2.0-71600pre"),
        ("1.2.3-1rc2", "1.2.3-1rc1"),
        ("1.2.3-0beta1", "1.2.2-0beta1"),
    ] {
        let lines = format!("version = \"{version}\"\nknown_versions = [\"{other}\"]");
        refused(&block(&lines), &["error[unknown-suffix]", "prerelease_suffixes"]);
    }
    let lines = "version = \"1.2.3-71634acme\"\nknown_versions = [\"1.2.3-71600acme\"]";
    assert_eq!(tags(&block(lines), &[]).0, "1.2.3-71634acme 1.2=versions 1=versions latest=versions");
}

/// Only what stands where the run's commit does may be another one, and a date never is.
#[test]
fn dates_and_numbers_beside_a_commit_keep_their_order() {
    let letters = "commit=1a2b3c4d5e6f708192a3b4c5d6e7f80912345678";
    let tags_of = "tags = [\"{{ version | replace('+', '-') }}\", \"{{ major }}\", \"latest\"]";
    for (version, greater, lower) in [
        ("1.2.3-20260201-1a2b3c4d", "1.2.3-20260301-aaaaaaaa", "1.2.3-20260101-aaaaaaaa"),
        ("1.2.3+20260201.1a2b3c4d", "1.2.3+20260301.aaaaaaaa", "1.2.3+20260101.aaaaaaaa"),
        ("1.2.3-20260201.1a2b3c4d", "1.2.3-20260301.aaaaaaaa", "1.2.3-20260101.aaaaaaaa"),
        ("1.2.3+1234567.1a2b3c4", "1.2.3+7654321.aaaaaaa", "1.2.3+1111111.aaaaaaa"),
        ("1.2.3+1a2b3c4d.20260201", "1.2.3+aaaaaaaa.20260301", "1.2.3+aaaaaaaa.20260101"),
    ] {
        for (known, expected) in [
            (format!("\"{greater}\", \"{lower}\""), ""),
            (format!("\"{lower}\""), " 1=versions latest=versions"),
        ] {
            let lines = format!("version = \"{version}\"\nknown_versions = [{known}]\n{tags_of}");
            let (found, talk) = tags(&block(&lines), &["--fact", letters]);
            assert_eq!(found, format!("{}{expected}", version.replace('+', "-")), "{known}: {talk}");
        }
    }
    // Other commits in the same place have no order, and their dates have one.
    let digits = "commit=1234567890abcdef1234567890abcdef12345678";
    for (known, floats) in [("87654321", true), ("aaaaaaaa", true), ("20260301", false)] {
        let lines =
            format!("version = \"1.2.3+b1.12345678\"\nknown_versions = [\"1.2.3+b1.{known}\"]\n{tags_of}");
        let (found, _) = tags(&block(&lines), &["--fact", digits]);
        assert_eq!(found.ends_with("latest=versions"), floats, "{known}: {found}");
    }
}

#[test]
fn the_tag_of_a_commit_beside_a_version_never_moves() {
    for (names, commit) in [
        ("1.2.3-r2 1.2-1a2b3c4 latest", "1.2-1a2b3c4"),
        ("1.2.3-r2 1.2.3-1a2b3c4 latest", "1.2.3-1a2b3c4"),
        ("1.2.3 1-1a2b3c4d5e 1 latest", "1-1a2b3c4d5e"),
        ("1.2.3 1.2-main-0f1e2d3 latest", "1.2-main-0f1e2d3"),
    ] {
        let known = target(names) + "image \"default\" {\n  known_versions = [\"1.2.4\"]\n}\n";
        let (found, talk) = tags(&known, &[]);
        assert!(found.split(' ').any(|tag| tag == commit), "{names}: {found} {talk}");
    }
    for names in
        ["1.2.3-r2 1.2 latest", "20260201.1.2 20260201.1 latest", "1.2.3-12345678 1.2-12345678 latest"]
    {
        let moving = names.split(' ').nth(1).unwrap();
        let (found, _) = tags(&target(names), &[]);
        assert!(found.contains(&format!("{moving}=versions")), "{names}: {found}");
    }
}

#[test]
fn a_withdrawn_version_that_tags_show_is_told() {
    let told = |file: &str| plan(file, &[]).1.contains("\"withdrawn\"");
    let withdrawn = |list: &str| format!("image \"default\" {{\n  withdrawn = [{list}]\n}}\n");
    for names in
        ["1.2.3-debian-12-r3 1.2 latest edge", "1.2.3 1.2 latest", "v1.2.3 edge", "api-1.2.3 api-latest"]
    {
        assert!(told(&(target(names) + &withdrawn("\"1.2.3\""))), "{names}");
        assert!(!told(&(target(names) + &withdrawn("\"1.2.4\""))), "{names}");
    }
    assert!(told(&block("tags = [\"1.2.3\", \"1.2\", \"latest\"]\nwithdrawn = [\"1.2.3\"]")));
    assert!(!told(&block("tags = [\"edge\", \"latest\"]\nwithdrawn = [\"1.2.3\"]")));
}

/// What a constant is called says nothing of the version.
#[test]
fn a_constant_with_a_word_in_it_changes_no_owner() {
    for constant in ["conversion", "version", "semversion", "versions"] {
        let lines = format!(
            "version = \"1.2.0+foo.3\"\nknown_versions = [\"1.2.0-foo.4\"]\ntags = [\"{{{{ semver }}}}\", \"{constant}\", \"latest\"]"
        );
        let (found, talk) = tags(&block(&lines), &[]);
        assert_eq!(found, format!("1.2.0=versions {constant}=versions latest=versions"), "{talk}");
    }
    // The version itself with its build does.
    let lines = "version = \"1.2.0+foo.3\"\nknown_versions = [\"1.2.0-foo.4\"]\ntags = [\"{{ version | replace('+', '-') }}\", \"latest\"]";
    assert_eq!(tags(&block(lines), &[]).0, "1.2.0-foo.3");
}

#[test]
fn a_latest_beside_rules_is_not_of_prereleases() {
    let lines = |rule: &str| format!("tags = [\"{rule}\", \"latest\"]");
    for rule in [
        "type=match,pattern=\\\\d+\\\\.\\\\d+",
        "type=semver,pattern={{version}}",
        "type=ref,event=tag",
        "type=pep440,pattern={{version}}",
    ] {
        let latest = |tag: &str| {
            let (found, talk) = tags(&block(&lines(rule)), &["--fact", &format!("tag={tag}")]);
            (found.contains("latest"), talk)
        };
        let (found, talk) = latest("v1.2.3-rc.1");
        assert!(!found, "{rule}: {talk}");
        let (found, talk) = latest("v1.2.3");
        assert!(found, "{rule}: {talk}");
    }
}

#[test]
fn all_unknown_keys_of_a_tag_are_told() {
    for keys in [
        "name = \"x\", if = \"tag\"",
        "pattern = \"x\", unless = \"tag\", anyway = true",
        "a = \"x\", b = 1, when = \"tag\"",
    ] {
        let (_, talk) = plan(&block(&format!("version = \"1.2.3\"\ntags = [{{ {keys} }}]")), &[]);
        assert_eq!(talk.matches("\"unknown-attribute\"").count(), 2, "{keys}: {talk}");
    }
}

/// A form has so many parts at most, whatever a tag is made of.
#[test]
fn a_plan_has_no_form_that_no_merge_reads() {
    let commits = ["abcdef1"; 13].join("-");
    let patterns = |word: &str| [word; 13].join("-");
    for file in [
        target(&format!("1.2.3-{commits} 1.2.3 latest")),
        target(&format!("1.2.3-{} latest", ["1a"; 30].join("."))),
        block(&format!("version = \"1.2.3\"\ntags = [\"{{{{ version }}}}\", \"{}\"]", patterns("{{ sha }}"))),
        block(&format!("tags = [\"n-{}\"]", patterns("{{ pr | default(1) }}"))),
        block(&format!(
            "version = \"1.2.3\"\ntags = [\"{{{{ version }}}}-{}\"]",
            patterns("{{ date('%d') }}-{{ sha[:4] }}")
        )),
    ] {
        let facts = [
            "--fact=commit=1a2b3c4d5e6f708192a3b4c5d6e7f80912345678",
            "--fact=commit_time=2026-01-31T12:00:00Z",
            "--fact=branch=main",
        ];
        let (found, talk) = plan(&file, &facts);
        let found = found.unwrap_or_else(|| panic!("{file}: {talk}"));
        let image = found["images"].as_object().unwrap().values().next().unwrap();
        for tag in image["tags"].as_array().unwrap() {
            let forms = tag["family"].as_array().into_iter().flatten().chain(tag.get("form"));
            for form in forms.map(|form| form.as_str().unwrap()) {
                let braces = form.matches('{').count();
                assert!(
                    braces + form.split(['{', '}']).filter(|part| !part.is_empty()).count() <= 2 * 24,
                    "{form}"
                );
                assert!(braces <= 24, "{form}");
            }
        }
    }
}

/// What stands for all versions that begin so floats with the greatest of them.
#[test]
fn an_x_stands_for_any_number() {
    for (names, expected) in [
        ("1.2.9 1.2.x 1.x latest", "1.2.9 1.2.x=versions 1.x=versions latest=versions"),
        ("1.2.9-alpine 1.2.x-alpine 1.X-alpine", "1.2.9-alpine 1.2.x-alpine=versions 1.X-alpine=versions"),
        ("v1.2.9 v1.x", "v1.2.9 v1.x=versions"),
        ("release-1.2.9 release-1.x", "release-1.2.9 release-1.x=versions"),
        ("1.2.9 2.x", "1.2.9 2.x=runs"),
        ("1.x edge", "1.x=runs edge=runs"),
        ("1.2.9 1.xenial", "1.2.9 1.xenial"),
    ] {
        assert_eq!(tags(&target(names), &[]).0, expected, "{names}");
    }
    let lines = "version = \"1.2.9\"\nknown_versions = [\"1.3.0\"]\ntags = [\"{{ version }}\", \"1.2.x\", \"1.x\", \"{{ major }}.X\"]";
    assert_eq!(tags(&block(lines), &[]).0, "1.2.9 1.2.x=versions");
}

/// What follows the numbers may be of a branch, and not of a variant.
#[test]
fn a_branch_behind_the_numbers_is_noted_where_others_move() {
    let noted = |names: &str| tags(&target(names), &[]).1.contains("is taken for the release `1.3.0`");
    for names in [
        "1.3.0-main.5 latest",
        "1.3.0-main.5 1.3 latest",
        "1.3.0-a1b2c3d latest",
        "1.3.0-feature-login edge",
        "api-1.3.0-master api-latest",
    ] {
        assert!(noted(names), "{names}");
    }
    for names in [
        "1.3.0-alpine latest",
        "1.3.0-main.5",
        "1.3.0-main.5 1.3-main.5",
        "1.3.0 1.3.0-main.5 latest",
        "1.3.0-r2 latest",
        "1.3.0-debian-12 1.3.0-a1b2c3d-debian-12 1.3.0 latest",
    ] {
        assert!(!noted(names), "{names}");
    }
}

/// Builds of a prerelease share no tag that stays.
#[test]
fn a_prerelease_without_its_build_floats_to_the_greatest_build() {
    let both = r#""{{ version | replace('+', '-') }}", "{{ semver }}""#;
    for (version, known, tags_of, expected) in [
        ("1.31.0-rc1+k3s1", "", both, "1.31.0-rc1-k3s1 1.31.0-rc1=prereleases"),
        ("1.31.0-rc1+k3s1", "1.31.0-rc1+k3s2", both, "1.31.0-rc1-k3s1"),
        ("1.31.0-rc1+k3s2", "1.31.0-rc1+k3s1", both, "1.31.0-rc1-k3s2 1.31.0-rc1=prereleases"),
        ("1.31.0-rc1+k3s1", "1.31.0-rc2+k3s1", both, "1.31.0-rc1-k3s1 1.31.0-rc1=prereleases"),
        ("1.2.3-rc.1+b2", "1.2.3-rc.1+b3", r#""{{ semver }}", "{{ sha }}""#, "0123456"),
        ("1.2.3-beta.1+b2", "1.2.3-beta.1+b10", r#""v{{ semver }}-slim", "{{ commit[:9] }}""#, "012345678"),
        ("1.2.3-rc.1+b2", "1.2.3-rc.1+b3", r#""type=semver,pattern={{version}}", "{{ sha }}""#, "0123456"),
        // Without build metadata it is the whole version.
        ("1.2.3-rc.1", "1.2.3-rc.2", r#""{{ semver }}""#, "1.2.3-rc.1"),
    ] {
        let known = if known.is_empty() { String::new() } else { format!("\"{known}\"") };
        let lines = format!("version = \"{version}\"\nknown_versions = [{known}]\ntags = [{tags_of}]");
        let commit = "--fact=commit=0123456789abcdef0123456789abcdef01234567";
        let (found, talk) = tags(&block(&lines), &[commit, &format!("--fact=tag=v{version}")]);
        assert_eq!(found, expected, "{version} {known} {tags_of}: {talk}");
    }
}

/// What an image of a block withdraws is withdrawn for all of it, whether their tags are written out or made of patterns.
#[test]
fn a_block_withdraws_for_all_its_images() {
    for (lines, expected) in [
        ("", "1.2.3 1.2=versions latest=versions"),
        (
            "version = \"1.2.3\"\ntags = [\"{{ version }}\", \"1.2\", \"latest\"]",
            "1.2.3 1.2=versions latest=versions",
        ),
        ("tags = [\"1.2.3\", \"1.2\", \"latest\"]", "1.2.3 1.2=versions latest=versions"),
    ] {
        let file = |withdrawn: &str| {
            format!(
                "target \"a\" {{\n  name = \"a-${{v}}\"\n  matrix = {{ v = [\"one\", \"two\"] }}\n  tags = [\"r.io/x/${{v}}:1.2.3\", \"r.io/x/${{v}}:1.2\", \"r.io/x/${{v}}:latest\"]\n}}\nimage \"a\" {{\n  repositories = [\"r.io/x/${{v}}\"]\n  known_versions = [\"1.2.4\"]\n  withdrawn = {withdrawn}\n{lines}\n}}\n"
            )
        };
        let of = |withdrawn: &str, key: &str| {
            let (plan, talk) = plan(&file(withdrawn), &[]);
            let plan = plan.unwrap_or_else(|| panic!("{lines} {withdrawn}: {talk}"));
            let tags = plan["images"][key]["tags"].as_array().unwrap().clone();
            let tag = |tag: &Value| match crate::support::moves_with(tag) {
                Some(with) => format!("{}={with}", tag["name"].as_str().unwrap()),
                None => tag["name"].as_str().unwrap().to_owned(),
            };
            tags.iter().map(tag).collect::<Vec<_>>().join(" ")
        };
        for key in ["a-one", "a-two"] {
            assert_eq!(of("[]", key), "1.2.3", "{lines}");
            assert_eq!(of("[\"1.2.4\"]", key), expected, "{lines}");
            assert_eq!(of("v == \"one\" ? [\"1.2.4\"] : []", key), expected, "{lines} {key}");
        }
    }
    // A mistake in a list is told once for the block.
    for list in ["known_versions = [\"x y\"]", "withdrawn = [\"[\"]", "withdrawn = [\"x.y\"]"] {
        let file = format!(
            "target \"a\" {{\n  tags = [\"r.io/x/a:1.2.3\"]\n}}\nimage \"a\" {{\n  repositories = [\"r.io/x/a\"]\n  {list}\n}}\n"
        );
        let (found, talk) = plan(&file, &[]);
        assert!(found.is_none() && talk.matches("is not a valid version").count() == 1, "{list}: {talk}");
    }
}

/// A suffix that is another one in each version is not told to be listed.
#[test]
fn a_tail_without_words_is_told_by_the_versions_before() {
    let told = |tag: &str, options: &[&str]| {
        let lines = "version = \"{{ tag }}\"\ntag_prefix = \"RELEASE.\"\ntags = [\"RELEASE.{{ version }}\", \"latest\"]";
        let fact = format!("--fact=tag=RELEASE.{tag}");
        tags(&block(lines), &[&[fact.as_str()], options].concat())
    };
    for tag in ["2026-08-03T04-33-23Z", "2026-08-03T04-33Z", "1.2.3-7x4"] {
        let (found, talk) = told(tag, &[]);
        assert_eq!(found, format!("RELEASE.{tag}"));
        assert!(talk.contains("name an earlier one, with `--known-versions git`"), "{tag}: {talk}");
    }
    for tag in ["1.2.3-acme", "1.2.3-main.5", "1.2.3-a1b2c3d"] {
        assert!(told(tag, &[]).1.contains("decide with `stable_suffixes"), "{tag}");
    }
}

/// A list of versions is no plan, whatever it begins with.
#[test]
fn numbers_among_known_versions_are_refused_as_numbers() {
    for known in ["[1.30]", "[2]", "[1.30, \"1.31\"]"] {
        let test = Test::new()
            .file("docker-bake.hcl", block("version = \"1.29\""))
            .file("known", known)
            .args(["plan", "--known-versions=known"]);
        let output = test.output();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{known}: {talk}");
        assert!(!talk.contains("schema"), "{known}: {talk}");
    }
}
