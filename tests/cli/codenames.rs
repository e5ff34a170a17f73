//! Tags that say no version: those that a greater version takes, and those that stay with one line.

use crate::support::Test;

fn written_out(names: &str) -> String {
    let tags: Vec<String> = names.split(' ').map(|name| format!("\"r.io/x/a:{name}\"")).collect();
    format!("target \"a\" {{\n  tags = [{}]\n  platforms = [\"linux/amd64\"]\n}}\n", tags.join(", "))
}

fn block(lines: &str) -> String {
    format!(
        "target \"a\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"a\" {{\n  repositories = [\"r.io/x/a\"]\n{lines}\n}}\n"
    )
}

/// The tags, and what is told.
fn tags(file: &str, known: &str) -> (String, String) {
    let test = Test::new().file("docker-bake.hcl", file).file("known", known.replace(' ', "\n"));
    let output = test.args(["metadata", "--format=tags", "--known-versions=known"]).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{file}: {talk}");
    let tags = String::from_utf8(output.stdout).unwrap().replace("r.io/x/a:", "");
    (tags.lines().collect::<Vec<_>>().join(" "), talk)
}

/// What a warning says to write.
fn cure<'t>(talk: &'t str, attribute: &str) -> &'t str {
    let help = talk.split("= help: ").nth(1).unwrap_or_else(|| panic!("{talk}"));
    let mut written = help.split('`').skip(1).step_by(2);
    written.find(|one| one.starts_with(attribute)).unwrap_or_else(|| panic!("{attribute}: {talk}"))
}

/// A greater version of another line takes them, and the warning says how they stay.
#[test]
fn a_codename_that_another_line_takes_is_told_with_its_cure() {
    for (names, rest) in [
        ("20.1.0 20 iron", "20.1.0 20"),
        ("20.1.0 lts", "20.1.0"),
        ("20.1.0 hydrogen latest", "20.1.0"),
        ("20.1.0 20.1 iron lts", "20.1.0 20.1"),
        ("api-20.1.0 api-iron", "api-20.1.0"),
    ] {
        let (found, talk) = tags(&written_out(names), "18.3.0 22.0.0");
        assert_eq!(found, rest, "{names}: {talk}");
        assert!(talk.contains("warning[codename]") && talk.contains("version `22.0.0`"), "{names}: {talk}");
        let attributes = ["version", "tags", "channels"].map(|attribute| cure(&talk, attribute));
        let cured = block(&attributes.join("\n"));
        let (found, talk) = tags(&cured, "18.3.0 22.0.0");
        assert!(
            names
                .split(' ')
                .filter(|name| !name.contains("latest"))
                .all(|name| found.split(' ').any(|tag| tag == name)),
            "{names}: {found}: {talk}"
        );
        assert!(!talk.contains("codename"), "{talk}");
    }
    for lines in [
        "version = \"20.1.0\"\ntags = [\"{{ version }}\", \"iron\"]",
        "version = \"20.1.0\"\ntags = [\"{{ version }}\", \"{{ major }}\", \"lts\", \"latest\"]\nvariant = [[\"slim\", \"\"]]",
        "tags = [\"type=semver,pattern={{version}},value=20.1.0\", \"hydrogen\"]",
    ] {
        let (_, talk) = tags(&block(lines), "22.0.0");
        assert!(talk.contains("warning[codename]"), "{lines}: {talk}");
        let name = cure(&talk, "channels").split('"').nth(1).unwrap();
        let bare = lines.replace(&format!(", \"{name}\""), "");
        let (found, talk) = tags(&block(&format!("{bare}\n{}", cure(&talk, "channels"))), "22.0.0");
        assert!(
            found.split(' ').any(|tag| tag == name) && !talk.contains("codename"),
            "{lines}: {found}: {talk}"
        );
    }
}

#[test]
fn what_is_no_codename_is_not_told() {
    for (names, known, expected) in [
        // Of the same line, or of lesser ones.
        ("20.1.0 iron", "20.2.0", "20.1.0"),
        ("20.1.0 iron", "18.0.0", "20.1.0 iron"),
        ("20.1.0 iron", "20.0.0", "20.1.0 iron"),
        // What says that it goes from line to line, and variants.
        ("20.1.0 latest stable", "22.0.0", "20.1.0"),
        ("20.1.0 current api-latest", "22.0.0", "20.1.0"),
        ("20.1.0-alpine 20-alpine alpine", "22.0.0", "20.1.0-alpine 20-alpine"),
    ] {
        let (found, talk) = tags(&written_out(names), known);
        assert_eq!(found, expected, "{names} {known}");
        assert!(!talk.contains("codename"), "{names} {known}: {talk}");
    }
}

/// What says that it is of prereleases moves with the greatest version, a prerelease or not.
#[test]
fn a_tag_of_prereleases_does_not_go_back() {
    for name in ["beta", "next", "edge", "rc"] {
        for (version, known, is_given) in [
            ("20.1.0", "22.0.0-beta.1", false),
            ("20.1.0", "22.0.0", false),
            ("20.1.0", "20.1.0-rc.1 18.0.0", true),
            ("20.1.0-beta.2", "20.1.0-beta.3", false),
            ("20.1.0-beta.2", "20.1.0", false),
            ("20.1.0-beta.2", "20.1.0-beta.1 18.3.0", true),
        ] {
            let (found, talk) = tags(&written_out(&format!("{version} {name}")), known);
            let expected = if is_given { format!("{version} {name}") } else { version.to_owned() };
            assert_eq!(found, expected, "{version} {name} {known}: {talk}");
        }
    }
}

/// A released version keeps its own tag, also from tags that are written out.
#[test]
fn a_released_version_is_no_floating_tag_of_another_one() {
    for (names, known) in [
        ("2023.01.1 2023.01", "2023.01"),
        ("1.2.3 1.2 1 latest", "1.2 0.9"),
        ("v24.04.1 v24.04 v24", "v24.04"),
        ("api-1.2.3 api-1.2", "1.2"),
        ("8.1.0 8", "8"),
    ] {
        let test =
            Test::new().file("docker-bake.hcl", written_out(names)).file("known", known.replace(' ', "\n"));
        let output = test.args(["metadata", "--known-versions=known"]).output();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{names} {known}: {talk}");
        assert!(
            talk.contains("itself and also floats") && talk.contains("`withdrawn = ["),
            "{names}: {talk}"
        );
        let first = known.split(' ').next().unwrap();
        let withdrawn = format!("{}image {{\n  withdrawn = [\"{first}\"]\n}}\n", written_out(names));
        assert!(tags(&withdrawn, known).0.starts_with(names.split(' ').next().unwrap()), "{names}");
    }
    for (names, known, expected) in [
        ("2023.01.1 2023.01", "2023.01.0", "2023.01.1 2023.01"),
        ("1.2.3 1.2 latest", "1.2.3 1.1", "1.2.3 1.2 latest"),
        ("1.2.3 latest", "1.2", "1.2.3 latest"),
    ] {
        assert_eq!(tags(&written_out(names), known).0, expected, "{names} {known}");
    }
}

/// What says that it is of prereleases is not left out of them in silence.
#[test]
fn a_constant_of_prereleases_that_a_prerelease_does_not_get_is_noted() {
    let run = |lines: &str, version: &str| {
        let test = Test::new().file("docker-bake.hcl", block(lines));
        let fact = format!("--fact=tag=v{version}");
        let output = test.args(["metadata", "--format=tags", &fact]).output();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{lines}: {talk}");
        let tags = String::from_utf8(output.stdout).unwrap().replace("r.io/x/a:", "");
        (tags.lines().collect::<Vec<_>>().join(" "), talk)
    };
    let version = "version = \"{{ tag }}\"\ntags = [\"{{ version }}\"";
    for name in ["edge", "beta", "next", "1.3-rc"] {
        let (found, talk) = run(&format!("{version}, \"{name}\"]"), "1.3.0-rc.1");
        assert_eq!(found, "1.3.0-rc.1", "{name}");
        assert!(
            talk.contains("note[prerelease-tag]") && talk.contains(&format!("does not become `{name}`")),
            "{talk}"
        );
        // Both cures.
        let (found, talk) = run(&format!("{version}]\nchannels = [\"{name}\"]"), "1.3.0-rc.1");
        assert_eq!((found, talk), (format!("1.3.0-rc.1 {name}"), String::new()));
        let when = format!("{version}, {{ pattern = \"{name}\", when = \"prerelease\" }}]");
        let (found, talk) = run(&when, "1.3.0-rc.1");
        assert_eq!((found, talk), (format!("1.3.0-rc.1 {name}"), String::new()));
        // Releases have it, and what is of releases alone is not missed.
        let (found, talk) = run(&format!("{version}, \"{name}\"]"), "1.3.0");
        assert_eq!((found, talk), (format!("1.3.0 {name}"), String::new()));
    }
    let (found, talk) = run(&format!("{version}, \"latest\", \"stable\"]"), "1.3.0-rc.1");
    assert_eq!((found.as_str(), talk.as_str()), ("1.3.0-rc.1", ""));
    // A rule says what it says.
    let rules = "tags = [\"type=semver,pattern={{version}}\", \"type=raw,value=NAME\"]";
    for name in ["edge", "beta", "1.3-rc", "1-next"] {
        let (found, talk) = run(&rules.replace("NAME", name), "1.3.0-rc.1");
        assert_eq!(found, format!("1.3.0-rc.1 {name}"));
        assert!(!talk.contains("does not become"), "{name}: {talk}");
    }
}

/// Other numbers than those of the version are told.
#[test]
fn a_constant_that_reads_as_another_version_is_noted() {
    let lines = |name: &str| format!("version = \"1.2.3\"\ntags = [\"{{{{ version }}}}\", \"{name}\"]");
    for name in ["1.3", "2", "v2", "1.2.4", "2.0.0-r1"] {
        let (found, talk) = tags(&block(&lines(name)), "1.0.0");
        assert!(
            found.contains(name)
                && talk.contains(&format!("note[other-version]: `{name}` reads as a version")),
            "{talk}"
        );
        let channel = block(&format!("version = \"1.2.3\"\nchannels = [\"{name}\"]"));
        assert!(tags(&channel, "1.0.0").1.contains("note[other-version]"), "{name}");
    }
    for name in ["1", "1.2", "v1", "1.2-slim", "latest", "stable", "20260102", "slim", "php8.3"] {
        let (found, talk) = tags(&block(&lines(name)), "1.0.0");
        assert_eq!((found, talk), (format!("1.2.3 {name}"), String::new()));
    }
}

/// The merge compares what releases have with releases.
#[test]
fn a_tag_of_prereleases_that_a_release_takes_is_noted() {
    let run = |names: &str| {
        let test = Test::new().file("docker-bake.hcl", written_out(names)).args(["metadata"]);
        String::from_utf8(test.output().stderr).unwrap()
    };
    for name in ["beta", "edge", "next", "rc-slim"] {
        let talk = run(&format!("1.2.3 {name} latest"));
        assert!(
            talk.contains(&format!("note[unguarded-tag]: `{name}` moves to the release `1.2.3`")),
            "{talk}"
        );
        assert!(!tags(&written_out(&format!("1.2.3 {name}")), "1.2.0").1.contains("unguarded"));
    }
    for names in ["1.2.3 latest stable", "1.2.3-rc.1 rc", "edge", "1.2.3 slim"] {
        assert_eq!(run(names), "", "{names}");
    }
}
