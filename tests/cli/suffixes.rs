//! Suffixes that no version has, and `latest = false` where there is no version.

use crate::support::Test;
use crate::versions::{block, plan};

/// `latest = false` keeps versions from `latest`.
#[test]
fn a_latest_of_no_version_is_told() {
    let told = "keeps versions from `latest`";
    for (lines, is_told) in [
        ("tags = [\"latest\", \"edge\"]\nlatest = false", true),
        ("tags = [\"type=raw,value=latest\"]\nlatest = false", true),
        ("version = \"{{ tag }}\"\ntags = [\"type=raw,value=latest\", \"edge\"]\nlatest = false", true),
        ("tags = [\"latest\", \"edge\"]", false),
        ("tags = [\"edge\", \"api-latest\"]\nlatest = false", false),
        ("tags = [{ pattern = \"latest\", when = \"branch\" }]\nlatest = false", false),
        ("tags = [\"1.2.9\", \"latest\"]\nlatest = false", false),
        ("version = \"1.2.9\"\ntags = [\"{{ version }}\", \"latest\"]\nlatest = false", false),
    ] {
        let (found, talk) = plan(&block(lines), &["--fact=branch=main", "--fact=default_branch=main"]);
        assert_eq!(talk.contains(told), is_told, "{lines}: {talk}");
        assert!(found.is_some(), "{lines}: {talk}");
    }
}

#[test]
fn a_suffix_that_no_version_has_is_refused() {
    for name in ["stable_suffixes", "prerelease_suffixes"] {
        for (suffix, help) in [
            ("acme*", "`acme`"),
            ("-acme.*", "`acme`"),
            ("^acme$", "`acme`"),
            ("acme|other", "`acme`"),
            ("acme/x", "`acme`"),
            ("my acme", "`my`"),
            ("*", "`acme`"),
        ] {
            let (found, talk) = plan(&block(&format!("version = \"1.2.3\"\n{name} = [\"{suffix}\"]")), &[]);
            assert!(found.is_none() && talk.contains(&format!("of `{name}`")), "{name} {suffix}: {talk}");
            assert!(talk.contains(&format!("no pattern: {help}")), "{name} {suffix}: {talk}");
        }
        for suffix in
            ["acme", "-acme", "acme4", "debian-12", "alpine3.20", "rc", "jre", "A", "1", "eks-x.y", ""]
        {
            let (found, talk) = plan(&block(&format!("version = \"1.2.3\"\n{name} = [\"{suffix}\"]")), &[]);
            assert!(found.is_some(), "{name} {suffix}: {talk}");
        }
    }
}

#[test]
fn a_post_release_is_not_called_a_prerelease() {
    let file =
        block("tags = [\"type=pep440,pattern={{version}}\", \"type=pep440,pattern=v{{major}}.{{minor}}\"]");
    let output = Test::new()
        .file("docker-bake.hcl", &file)
        .args(["plan", "--fact=tag=1.2.3.post1", "--fact=default_branch=main"])
        .output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(
        talk.contains("which is for versions of numbers alone") && !talk.contains("prerelease"),
        "{talk}"
    );
}
