//! Texts without a template beside versions that runs bring, and names of releases that prereleases get.

use crate::versions::{beside, block, plan, tags};

#[test]
fn a_written_text_has_nothing_of_the_version_of_a_run() {
    let lines = |text: &str| {
        format!("version = \"{{{{ tag }}}}\"\ntags = [\"{{{{ version }}}}\", \"latest\", {text}]")
    };
    for (text, tag, greater) in [
        ("\"alpine3\"", "v3", "v4"),
        ("\"s3\"", "v3", "v4"),
        ("\"k8s\"", "8", "9"),
        ("\"x86\"", "86", "87"),
        ("\"php8-apache\"", "8", "9"),
        ("\"debian12-slim\"", "v12", "v13"),
        ("{ pattern = \"alpine3\", when = \"tag\" }", "v3", "v4"),
        ("\"{{ image }}3\"", "v3", "v4"),
    ] {
        let version = tag.trim_start_matches('v');
        // A backport takes it from nobody, and the greatest has it.
        assert_eq!(beside(&lines(text), greater, tag), version, "{text} {tag}");
        let (found, _) = tags(&block(&lines(text)), &["--fact", &format!("tag={tag}")]);
        let name = text.split('"').nth(1).unwrap().replace("{{ image }}", "a");
        assert_eq!(found, format!("{version} latest=versions {name}=versions"), "{text} {tag}");
        // A rule `raw` stays what it is.
        let rules = format!("tags = [\"type=match,pattern=\\\\d+\", \"type=raw,value={name}\"]");
        let (found, _) = tags(&block(&rules), &["--fact", &format!("tag={tag}")]);
        assert!(found.contains(&format!("{name}=runs")), "{rules} {tag}: {found}");
    }
    // What a variable or a template puts there is the version's.
    let variable = "variable \"V\" {\n  default = \"3\"\n}\n";
    for text in ["\"alpine${V}\"", "\"alpine{{ major }}\"", "\"alpine{{ version }}\""] {
        let file = block(&lines(text)) + variable;
        assert_eq!(tags(&file, &["--fact", "tag=v3"]).0, "3 latest=versions alpine3", "{text}");
    }
    // So is what stands beside a version that is written, too.
    let file = block("version = \"1.2.9\"\ntags = [\"1.2.9\", \"1.2.9-alpine\", \"latest\"]");
    assert_eq!(tags(&file, &[]).0, "1.2.9 1.2.9-alpine latest=versions");
    // A version that nobody knows owns nothing that floats.
    let lines = "version = \"{{ tag }}\"\ntags = [\"{{ version }}\", \"api-v2-latest\"]";
    assert_eq!(tags(&block(lines), &["--fact", "tag=v2-latest"]).0, "2-latest");
    // Where the numbers are another version's, that is said.
    for (text, is_told) in [("8-engine", true), ("v8-engine", true), ("9-engine", false), ("engine8", false)]
    {
        let lines = format!("version = \"{{{{ tag }}}}\"\ntags = [\"{{{{ version }}}}\", \"{text}\"]");
        let (_, talk) = plan(&block(&lines), &["--fact", "tag=v9"]);
        assert_eq!(talk.contains("other-version"), is_told, "{text}: {talk}");
    }
}

#[test]
fn channels_that_read_as_a_release_are_told() {
    let of = |tags: &str, channel: &str| {
        block(&format!("version = \"{{{{ tag }}}}\"\ntags = [{tags}]\nchannels = [\"{channel}\"]"))
    };
    let version = "\"{{ version }}\"";
    for (tags, channel) in [
        (version, "latest"),
        (version, "1"),
        (version, "1.3"),
        (version, "v1"),
        (version, "1.3.0"),
        (version, "1-alpine"),
        (version, "stable"),
        (version, "api-latest"),
        ("\"{{ version }}\", \"edge-x\"", "edge-x"),
        ("\"{{ version }}\", \"iron\"", "iron"),
    ] {
        let expected = format!("`channels` gives `{channel}`, which reads as a release's, to prereleases");
        let (found, talk) = plan(&of(tags, channel), &["--fact", "tag=v1.3.0-rc1"]);
        assert!(found.is_some() && talk.contains(&expected), "{channel}: {talk}");
        let (_, talk) = plan(&of(tags, channel), &["--fact", "tag=v1.3.0"]);
        assert!(!talk.contains("reads as a release's"), "{channel}: {talk}");
    }
    for channel in ["next", "iron", "lts", "rc", "1-rc", "1.3-beta", "current", "jod"] {
        let (_, talk) = plan(&of(version, channel), &["--fact", "tag=v1.3.0-rc1"]);
        assert!(!talk.contains("prerelease-tag"), "{channel}: {talk}");
    }
}
