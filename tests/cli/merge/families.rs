//! Plans as the program writes them, merged into repositories that have other tags: which of them keep a floating tag.

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::{Outcome, Report};
use bakeplan::internals::registry::{Store, TagOrDigest};

use super::world::{Build, World, put_tag};
use crate::support::Test;
use crate::verify::desk::of_plan;

const TIME: &str = "commit_time=2026-11-02T03:04:05Z";

/// The plan of an image with these attributes, in a run of these facts, for a layout.
pub(super) fn planned(lines: &str, facts: &[&str]) -> (String, String) {
    let spec = format!(
        "target \"app\" {{\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n}}\nimage \"app\" {{\n  repositories = [\"r.io/acme/app\"]\n{lines}\n}}\n"
    );
    let facts = facts.iter().chain(&[TIME]).map(|fact| format!("--fact={fact}"));
    let facts: Vec<String> = facts.collect();
    let test = Test::new().file("docker-bake.hcl", &spec).args(["plan", "--format", "json"]);
    let output = test.args(facts.iter().map(String::as_str)).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{lines}: {talk}");
    (String::from_utf8(output.stdout).unwrap().replace("r.io/acme/app", "oci-layout:acme/app"), talk)
}

/// Merges it into a repository with these tags, which are of another image.
fn merged(document: &str, listed: &str) -> Report {
    let mut world = World::with_app(&["acme/app"]);
    let layout = world.layout("acme/app");
    let other = TagOrDigest::Digest(world.built["app-linux-amd64"].clone());
    let other = layout.get_manifest(&other).unwrap().unwrap();
    listed.split_whitespace().for_each(|tag| put_tag(&layout, tag, &other));
    world.build(&["acme/app"], Build::new("app-linux-amd64", "linux/amd64").salt("new"));
    let report = world.merge(document, Options::default());
    assert_eq!(report.problems, [], "{document}");
    report
}

/// The tags that stay where they are, each with the tag that keeps it.
pub(super) fn kept(report: &Report) -> String {
    let references = report.images["app"].references.iter();
    let kept = references.filter(|one| one.outcome == Outcome::Kept).map(|one| {
        let keeper = one.why.as_deref().unwrap_or_default().split('`').nth(1).unwrap_or_default();
        format!("{}={keeper}", one.tag)
    });
    kept.collect::<Vec<_>>().join(" ")
}

#[test]
fn floating_tags_are_compared_with_the_tags_of_their_form() {
    let rules = |rules: &str, flavor: &str| format!("tags = [{rules}]\nflavor = [{flavor}]");
    let semver = r#""type=semver,pattern={{version}}""#;
    for (lines, listed, expected) in [
        // What stands before and after.
        (r#"version = "1.2.9", tags = ["api-{{ version }}", "api-{{ major }}"]"#.to_owned(), "api-1.3.0 2.0.0 web-1.4.0", "api-1=api-1.3.0"),
        (r#"version = "1.2.9", tags = ["api-{{ version }}", "latest"]"#.to_owned(), "api-1.3.0 2.0.0", "latest=api-1.3.0"),
        (r#"version = "1.2.9", tags = ["v{{ version }}", "v{{ major }}"]"#.to_owned(), "1.3.0", "v1=1.3.0"),
        (r#"version = "1.2.9", tags = ["{{ version }}-debian", "{{ major }}-debian", "debian", "latest"]"#.to_owned(), "1.3.0 1.2.10-debian", "1-debian=1.2.10-debian debian=1.2.10-debian latest=1.2.10-debian"),
        (r#"version = "1.2.9", tags = ["{{ version }}", "{{ version }}-debian", "latest", "latest-debian"]"#.to_owned(), "1.3.0-debian", "latest-debian=1.3.0-debian"),
        (r#"version = "2026-01-02", tags = ["RELEASE.{{ version }}", "latest"]"#.to_owned(), "RELEASE.2026-03-04 2027-01-01", "latest=RELEASE.2026-03-04"),
        (r#"version = "12.4.1", tags = ["{{ version }}-cudnn-runtime-ubuntu22.04", "{{ major }}-cudnn-runtime-ubuntu22.04"]"#.to_owned(), "12.5.0 12.6.0-cudnn-runtime-ubuntu22.04 12.9.0-cudnn-runtime-ubuntu24.04", "12-cudnn-runtime-ubuntu22.04=12.6.0-cudnn-runtime-ubuntu22.04"),
        // Variants.
        (r#"version = "1.2.9", variant = ["slim", ["trixie", ""]]"#.to_owned(), "1.3.0-slim 1.2.10-slim-trixie 2.0.0", "1-slim-trixie=1.2.10-slim-trixie 1-slim=1.3.0-slim slim-trixie=1.2.10-slim-trixie slim=1.3.0-slim 1.2-slim-trixie=1.2.10-slim-trixie"),
        // Prereleases.
        (r#"version = "2.0.0-rc.1", prerelease_tags = ["next-{{ major }}.{{ minor }}"], tags = ["{{ version }}"]"#.to_owned(), "2.0.0-rc.2 2.0.0 2.1.0-rc.1", "next-2.0=2.0.0-rc.2"),
        // Rules.
        (rules(&format!(r#"{semver}, "type=semver,pattern={{{{major}}}}""#), r#""prefix=api-,onlatest=true""#), "api-1.3.0 2.0.0", "api-1=api-1.3.0 api-latest=api-1.3.0"),
        (rules(&format!(r#"{semver}, "type=semver,pattern={{{{major}}}},prefix=v""#), r#""suffix=-alpine""#), "1.3.0-alpine 2.0.0", "v1-alpine=1.3.0-alpine latest=1.3.0-alpine"),
        (rules(r#""type=match,pattern=\\d+\\.\\d+\\.\\d+,prefix=rel-""#, ""), "rel-1.3.0 2.0.0", "latest=rel-1.3.0"),
        // The latest of something, in whatever rule.
        (rules(r#""type=semver,pattern={{version}},prefix=api-", "type=raw,value=api-latest""#, ""), "api-1.3.0 2.0.0", "api-latest=api-1.3.0 latest=api-1.3.0"),
        (rules(r#""type=semver,pattern=api-{{version}}", "type=raw,value=latest-api", "type=raw,value=api,suffix=-latest", "api_latest""#, r#""latest=false""#), "api-1.3.0 2.0.0", "latest-api=api-1.3.0 api-latest=api-1.3.0 api_latest=api-1.3.0"),
        (rules(r#""type=semver,pattern={{version}}", "type=raw,value={{image}}-latest", "type=raw,value=latest,prefix=v-""#, r#""latest=false""#), "1.3.0", "app-latest=1.3.0 v-latest=1.3.0"),
        (rules(r#""type=match,pattern=\\d.*,suffix=-alpine", "type=raw,value=latest-alpine""#, r#""latest=false""#), "1.3.0-alpine 2.0.0", "latest-alpine=1.3.0-alpine"),
        (rules(r#""type=ref,event=tag", "type=raw,value=x-latest""#, r#""latest=false""#), "v1.3.0", "x-latest=v1.3.0"),
        // Numbers of the version beside the whole of it are others in the next one.
        (r#"version = "1.2.9", tags = ["pg{{ major }}-{{ version }}", "pg{{ major }}", "latest"]"#.to_owned(), "pg2-2.0.0 pg1-1.2.8", "latest=pg2-2.0.0"),
        (r#"version = "1.2.9", tags = ["php{{ major }}{{ minor }}-{{ version }}", "latest"]"#.to_owned(), "php13-1.3.0", "latest=php13-1.3.0"),
        (r#"version = "1.2.9", tags = ["app{{ major }}-{{ version }}-x", "latest"]"#.to_owned(), "app2-2.0.0-x app3-3.0.0-y", "latest=app2-2.0.0-x"),
        (r#"version = "1.2.9", tags = ["{{ version }}-line{{ major }}.{{ minor }}", "{{ major }}", "latest"]"#.to_owned(), "1.3.0-line1.3", "latest=1.3.0-line1.3 1=1.3.0-line1.3"),
        (rules(r#""type=semver,pattern=php{{major}}-{{version}}""#, ""), "php2-2.0.0", "latest=php2-2.0.0"),
        // A number alone, where the image has no more.
        (r#"version = "1.2.9", tags = ["{{ major }}", "latest"]"#.to_owned(), "2", "latest=2"),
        (r#"version = "1.2.9", tags = ["api-{{ major }}", "api-latest"]"#.to_owned(), "api-2 3", "api-latest=api-2"),
        (r#"version = "1.2.9", tags = ["{{ major }}", "{{ major }}.{{ minor }}", "latest"]"#.to_owned(), "2", ""),
        (r#"version = "1.2.9", tags = ["{{ version }}", "{{ major }}", "latest"]"#.to_owned(), "2", ""),
        // Constants beside a version.
        (r#"tags = ["1.2.9", "latest", "1"]"#.to_owned(), "1.3.0", "latest=1.3.0 1=1.3.0"),
    ] {
        let lines = lines.replace(", tags", "\ntags").replace(", variant", "\nvariant").replace(", prerelease_tags", "\nprerelease_tags");
        let (document, talk) = planned(&lines, &["tag=v1.2.9", "event=push"]);
        let shows_parts = lines.contains("{{ major") && !lines.contains("{{ version");
        assert_eq!(talk.contains("unguarded"), shows_parts, "{lines}: {talk}");
        let found = kept(&merged(&document, listed));
        let sorted = |text: &str| {
            let mut all: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            all.sort();
            all
        };
        assert_eq!(sorted(&found), sorted(expected), "{lines} {listed}");
    }
}

#[test]
fn tags_that_the_plan_writes_as_something_else_hold_nothing_back() {
    let version = r#"version = "1.2.4""#;
    for (tags, listed) in [
        // The release's own date, and that of an earlier one.
        (r#""{{ version }}", "latest", "{{ date('%Y.%m.%d') }}""#, "2026.09.21 2026.11.02"),
        (r#""{{ version }}", "latest", "{{ date('%Y.%-m.%-d') }}""#, "2026.9.21"),
        (r#""{{ version }}", "latest", "{{ date('%Y-%m-%d') | replace('-', '.') }}""#, "2026.09.21"),
        (r#""{{ version }}", "latest", "{{ date('%Y.%m.%d') }}-{{ sha }}""#, "2026.09.21-f00ba12"),
        // Those of other runs, which this one does not have.
        (
            r#""{{ version }}", "latest", { pattern = "{{ date('%Y.%m.%d') }}", when = "event == 'schedule'" }"#,
            "2026.09.21",
        ),
        (r#""{{ version }}", "latest", "type=schedule,pattern={{date 'YYYY.MM.DD'}}""#, "2026.09.21"),
        (r#""{{ version }}", "latest", "type=raw,value={{date 'YYYY.M.D'}},enable=false""#, "2026.9.21"),
        (r#""{{ version }}", "latest", { pattern = "{{ pr }}.0.0", when = "pr" }"#, "7.0.0 12.0.0"),
        (
            r#""{{ version }}", "latest", { pattern = "{{ version }}-{{ sha }}", when = "event == 'schedule'" }"#,
            "1.3.0-0000000",
        ),
        // A constant.
        (r#""{{ version }}", "latest", { pattern = "9.9.9", when = "event == 'schedule'" }"#, "9.9.9"),
    ] {
        let (document, _) =
            planned(&format!("{version}\ntags = [{tags}]"), &["event=push", "tag=v1.2.4", "commit=c0ffee0"]);
        assert_eq!(kept(&merged(&document, &format!("latest {listed}"))), "", "{tags}");
        // What is no such tag does.
        assert_eq!(kept(&merged(&document, &format!("latest {listed} 1.3.0"))), "latest=1.3.0", "{tags}");
    }
}

#[test]
fn a_version_of_another_scheme_holds_the_tag_until_it_is_withdrawn() {
    let tags = "version = \"1.2.4\"\ntags = [\"{{ version }}\", \"latest\"]";
    for (listed, pattern) in [("2026.09.21", "2026.*"), ("v2025.1", "2025.*"), ("2026.09.21-r1", "2026.*")] {
        let report = merged(&planned(tags, &[]).0, listed);
        assert_eq!(kept(&report), format!("latest={listed}"));
        let why = report.images["app"].references[1].why.clone().unwrap();
        let cure = format!("withdrawn = [\"{pattern}\"]");
        assert!(why.contains("another scheme") && why.contains(&cure), "{why}");
        let (document, _) = planned(&format!("{tags}\n{cure}"), &[]);
        assert_eq!(kept(&merged(&document, listed)), "", "{listed}");
        assert_eq!(kept(&merged(&document, &format!("{listed} 1.3.0"))), "latest=1.3.0", "{listed}");
    }
    // A version of the same scheme has no such cure.
    let report = merged(&planned(tags, &[]).0, "1.3.0");
    assert_eq!(report.images["app"].references[1].why.as_deref(), Some("`1.3.0` is greater"));
}

#[test]
fn what_cannot_be_compared_is_said_by_plan_and_merge() {
    for (lines, floating) in [
        ("version = \"8.3.1\"\ntags = [\"php{{ major }}{{ minor }}{{ patch }}\", \"latest\"]", "latest"),
        ("version = \"8.3.1\"\ntags = [\"sha-{{ sha }}\", \"stable\"]", "stable"),
        ("version = \"8.3.1\"\ntags = [\"{{ major }}x{{ minor }}x{{ patch }}\", \"latest\"]", "latest"),
        ("version = \"8.3.1-r2\"\ntags = [\"{{ minor }}_{{ major }}_{{ patch }}\", \"latest\"]", "latest"),
        ("version = \"8.3.1\"\ntags = [\"{{ branch }}-{{ version }}\", \"latest\"]", "latest"),
    ] {
        let (document, talk) = planned(lines, &["branch=main", "commit=c0ffee0"]);
        assert!(talk.contains("unguarded-tag") && talk.contains(&format!("`{floating}`")), "{lines}: {talk}");
        let report = merged(&document, floating);
        let notes: Vec<&str> = report.notes.iter().map(|note| note.message.as_str()).collect();
        assert!(notes.iter().any(|note| note.contains(&format!("moves `{floating}`"))), "{lines}: {notes:?}");
        // What looks like a version is one, in doubt.
        assert_eq!(kept(&merged(&document, &format!("{floating} 9.0.0"))), format!("{floating}=9.0.0"));
        // Nothing moves, so that there is nothing to say.
        assert!(merged(&document, "").notes.is_empty());
    }
    // The first numbers can be read, and what they are of cannot.
    for (version, tags, floating) in [
        ("8.3.1", "\"{{ major }}{{ minor }}{{ patch }}\", \"{{ major }}\"", "8"),
        ("8.3.1", "\"{{ major }}x{{ minor }}x{{ patch }}\", \"{{ major }}.{{ minor }}\"", "8.3"),
        ("8.3", "\"{{ minor }}_{{ major }}\", \"{{ major }}\"", "8"),
    ] {
        let (_, talk) = planned(&format!("version = \"{version}\"\ntags = [{tags}]"), &[]);
        assert!(talk.contains("unguarded-tag") && talk.contains(&format!("`{floating}`")), "{tags}: {talk}");
        let readable = format!("version = \"{version}\"\ntags = [{tags}, \"{{{{ version }}}}\"]");
        assert!(!planned(&readable, &[]).1.contains("unguarded-tag"), "{tags}");
    }
    let (document, talk) = planned("version = \"1.2.4\"\nchannels = [\"lts\"]", &[]);
    assert_eq!(talk, "");
    let report = merged(&document, "lts latest");
    let notes: Vec<&str> = report.notes.iter().map(|note| note.message.as_str()).collect();
    assert!(matches!(notes[..], [note] if note.contains("moves `lts`,")), "{notes:?}");
}

/// A date beside versions may be the first release of a new scheme, in whatever form: it holds `latest` and is named, with what
/// to do where it is none.
#[test]
fn a_date_holds_latest_and_is_named() {
    let lines = |more: &str| format!("version = \"1.4.2\"\n{more}");
    for date in [
        "2026",
        "2026.09.21",
        "2026-09-21",
        "2026_09_21",
        "2026w38",
        "20260921",
        "20260921.1",
        "202609211030",
    ] {
        let listed = format!("1.4 1 latest {date}");
        let (document, _) = planned(&lines(""), &["event=push"]);
        let report = merged(&document, &listed);
        assert_eq!(kept(&report), format!("latest={date}"));
        let table = report.to_table();
        let cure = if date.starts_with("2026.") { "2026.*" } else { "2026*" };
        assert!(table.contains(&format!("set `withdrawn = [\"{cure}\"]`")), "{date}: {table}");
        // What the report recommends.
        let (document, _) = planned(&lines(&format!("withdrawn = [\"{cure}\"]")), &["event=push"]);
        assert_eq!(kept(&merged(&document, &listed)), "", "{date}");
    }
    // Days that the plan itself writes are no releases.
    let nightly = "tags = [\"{{ version }}\", \"latest\", \"{{ date('%Y%m%d') }}\"]";
    let (document, _) = planned(&lines(nightly), &["event=push"]);
    assert_eq!(kept(&merged(&document, "1.4.1 20260921")), "");
    assert_eq!(kept(&merged(&document, "latest 2026w38")), "latest=2026w38");
}

/// A floating tag that is for a greater version and was never there is not said to be kept.
#[test]
fn a_floating_tag_that_is_not_there_does_not_stay() {
    let (document, _) = planned("version = \"1.4.2\"", &["event=push"]);
    let table = merged(&document, "1.5.0").to_table();
    assert!(table.contains("not created: 1 (`1.5.0` is greater), latest (`1.5.0` is greater)"), "{table}");
    let table = merged(&document, "1.5.0 1 latest").to_table();
    assert!(table.contains("kept: 1 (`1.5.0` is greater), latest (`1.5.0` is greater)"), "{table}");
    let mut world = World::with_app(&["acme/app"]);
    let greater = world.layout("acme/app").get_manifest(&world.built["app-linux-amd64"].clone().into());
    put_tag(&world.layout("acme/app"), "1.5.0", &greater.unwrap().unwrap());
    world.build(&["acme/app"], Build::new("app-linux-amd64", "linux/amd64").salt("new"));
    assert_eq!(world.merge(&document, Options::default()).problems, []);
    let report = of_plan(&world, &document);
    let said: Vec<&str> = report.findings.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(said, ["`1` is not there, and is for `1.5.0`", "`latest` is not there, and is for `1.5.0`"]);
}

/// What keeps `latest` after a plan of this version and these tags is merged, with what the plan says.
fn latest_of(version: &str, tags: &str, facts: &[&str], listed: &str) -> (String, String) {
    let lines = format!("version = \"{version}\"\ntags = [{tags}, \"latest\"]");
    let (document, talk) = planned(&lines, facts);
    let all = kept(&merged(&document, &format!("latest {listed}")));
    let latest = all.split(' ').find_map(|one| one.strip_prefix("latest="));
    (latest.unwrap_or_default().to_owned(), talk)
}

#[test]
fn filtered_versions_are_read_back_as_their_tags_have_them() {
    for (version, filter, lower, greater) in [
        ("1.30.11.Final", "lower", "1.30.10.final 1.30.11.final 1.30.11.Final", "1.30.12.final"),
        ("1.2.3-R2", "lower", "1.2.3 1.2.3-r1 1.2.3-r2", "1.2.3-r3"),
        ("1.2.3-2", "replace('-', '.')", "1.2.3 1.2.3.1 1.2.3.2", "1.2.3.3"),
        ("17.0.12+7", "replace('+', '.')", "17.0.12.6 17.0.12.7", "17.0.12.8"),
        ("17.0.12+7", "replace('+', '_')", "17.0.12_6 17.0.12_7", "17.0.13_1"),
        ("1.3.0+build.7", "replace('+', '-')", "1.2.9-build.8 1.3.0-build.6", "1.3.0-build.10"),
        ("1.2.9+f00ba12", "replace('+', '-')", "1.2.8-a1b2c3d", "1.3.0-a1b2c3d"),
        ("1.2.9+f00ba12", "replace('+', '-')", "1.2.9-a1b2c3d 1.2.9-f99ba12", "1.2.10-a1b2c3d"),
        ("1.2.3-rc.1", "replace('-', '')", "", ""),
    ] {
        let tags = format!("\"{{{{ version | {filter} }}}}\"");
        let (latest, talk) = latest_of(version, &tags, &[], lower);
        assert_eq!((latest.as_str(), talk.contains("unguarded")), ("", false), "{version} {filter}: {talk}");
        let (latest, _) = latest_of(version, &tags, &[], &format!("{lower} {greater}"));
        assert_eq!(latest, greater, "{version} {filter}");
    }
}

/// What stands in the place of the dots, the image's own tag shows.
#[test]
fn versions_without_dots_are_read_as_the_image_writes_them() {
    for (version, tags, lower, greater) in [
        ("1.3.0", r#""{{ version | replace('.', '_') }}""#, "1_2_9 1_3_0 2-0-0 web-2_0_0", "1_3_1"),
        ("1.3.0", r#""{{ version | replace('.', '-') }}""#, "1-2-9 2_0_0 2-0-0-rc1", "1-10-0"),
        (
            "1.3.0",
            r#""{{ version | replace('.', '-') }}-debian", "{{ major }}""#,
            "1-2-9-debian 1-4-0",
            "1-10-0-debian",
        ),
        (
            "1.3.0",
            r#""v{{ version | split('.') | join('-') }}", "{{ major }}.{{ minor }}""#,
            "v1-2-9 v1_9_9",
            "v2-0-0",
        ),
        ("1.3.0", r#""api-{{ version | replace('.', '_') }}""#, "web-2_0_0 2_0_0 api-1_2_9", "api-1_3_1"),
        ("8.3.1", r#""{{ major }}_{{ minor }}_{{ patch }}""#, "8_3_0 8_3", "8_10_0"),
        ("8.3.1-r2", r#""{{ major }}_{{ minor }}_{{ patch }}""#, "8_3_0", "8_4_0"),
        ("8.3", r#""{{ major }}_{{ minor }}""#, "8_2", "8_10"),
        ("8.3.1", r#""{{ major }}_{{ minor }}""#, "8_2", "8_10"),
        ("1.3.0", r#""{{ version | replace('.', '-') }}""#, "1-2-9", "2.0.0"),
    ] {
        let (latest, talk) = latest_of(version, tags, &[], lower);
        // A revision, or the last number, is in no tag.
        let is_part =
            ["8.3.1-r2", "8.3.1"].contains(&version) && !tags.contains("patch") || version.contains("-r");
        assert_eq!((latest.as_str(), talk.contains("unguarded")), ("", is_part), "{version} {tags}: {talk}");
        let (latest, _) = latest_of(version, tags, &[], &format!("{lower} {greater}"));
        assert_eq!(latest, greater, "{version} {tags}");
    }
    // The narrower ones move among their own.
    let tags = "version = \"1.3.0\"\ntags = [\"{{ version | replace('.', '_') }}\", \"{{ major }}_{{ minor }}\", \"{{ major }}\"]";
    let (document, _) = planned(tags, &[]);
    assert_eq!(kept(&merged(&document, "1_3 1 1_3_1 2_0_0")), "1_3=1_3_1 1=1_3_1");
    assert_eq!(kept(&merged(&document, "1_3 1 1_4_0 2_0_0")), "1=1_4_0");
    assert_eq!(kept(&merged(&document, "1_3 1 1_2_9 2_0_0")), "");
}

#[test]
fn filters_that_make_another_version_are_said_by_the_plan() {
    for (version, tags) in [
        ("1.3.0", r#""{{ version | replace('.', '') }}""#),
        ("1.3.0", r#""{{ version | replace('.', 'x') }}-debian", "{{ major }}""#),
        ("2024.08.17", r#""{{ version | replace('.', '') }}""#),
    ] {
        let (_, talk) = latest_of(version, tags, &[], "");
        assert!(talk.contains("unguarded-tag") && talk.contains("`latest`"), "{version} {tags}: {talk}");
    }
    // Two versions that come to one tag are still an error.
    let two = "target \"x\" {\n  name = \"x-${n}\"\n  matrix = { n = [1, 2] }\n  platforms = [\"linux/amd64\"]\n}\nimage \"x\" {\n  repositories = [\"r.io/x/a\"]\n  version = n == 1 ? \"1.11.0\" : \"11.1.0\"\n  tags = [\"{{ version | replace('.', '') }}\"]\n}\n";
    let output = Test::new().file("docker-bake.hcl", two).args(["plan", "x"]).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && talk.contains("error[tag-collision]"), "{talk}");
}

#[test]
fn short_tags_say_no_more_than_whole_versions_in_another_form() {
    for (tags, greater) in [
        (r#""{{ version }}-alpine", "{{ major }}""#, "1.3.0-alpine"),
        (r#""api-{{ version }}", "{{ major }}""#, "api-1.3.0"),
        (r#""php{{ version }}", "{{ major }}""#, "php1.3.0"),
        (r#""{{ version }}-{{ sha }}", "{{ major }}""#, "1.3.0-a1b2c3d"),
        (r#""{{ version }}-alpine", "{{ major }}-alpine", "{{ major }}", "alpine""#, "1.3.0-alpine"),
        (
            r#""type=semver,pattern={{version}},suffix=-alpine", "type=semver,pattern={{major}}""#,
            "1.3.0-alpine",
        ),
        (r#""type=semver,pattern=api-{{version}}", "type=semver,pattern={{major}}""#, "api-1.3.0"),
    ] {
        let facts = ["commit=f00ba12", "tag=v1.2.9", "event=push"];
        let (latest, _) = latest_of("1.2.9", tags, &facts, "1");
        assert_eq!(latest, "", "{tags}");
        let (latest, _) = latest_of("1.2.9", tags, &facts, &format!("1 {greater}"));
        assert_eq!(latest, greater, "{tags}");
    }
}

#[test]
fn a_version_is_no_rival_of_itself() {
    for (version, tags, listed) in [
        (
            "1.2.3",
            r#""{{ version }}", "{{ version }}-{{ date('%Y%m%d') }}""#,
            "1.2.3-20260102 1.2.3-20261102",
        ),
        ("1.2.3", r#""{{ version }}", "{{ version }}.{{ date('%Y%m%d') }}""#, "1.2.3.20260102"),
        ("1.2.3", r#""{{ version }}", "{{ version }}-45""#, "1.2.3-44 1.2.3-45"),
        ("1.2.3", r#""{{ version }}", "{{ version }}-r2""#, "1.2.3-r1 1.2.3-r2"),
        ("1.2.3", r#""{{ version }}", "{{ version }}-{{ sha }}""#, "1.2.3-0123456 1.2.3-9999999"),
        ("1.2.3", r#""{{ version }}-{{ sha }}", "{{ major }}""#, "1.2.3-0123456 1.2.3-9999999"),
        ("17", r#""{{ version }}", "{{ version }}-{{ date('%Y%m%d') }}""#, "17-20260102"),
        ("1.2.3", r#""v{{ version }}", "{{ version }}-{{ date('%Y%m%d') }}""#, "1.2.3-20260102"),
        (
            "1.2.3",
            r#""type=semver,pattern={{version}}", "type=semver,pattern={{version}},suffix=-45""#,
            "1.2.3-44",
        ),
        // Its day.
        ("1.2.3", r#""{{ version }}", "20260202""#, "20260102 20260202"),
        ("1.2.3", r#""{{ version }}", "${formatdate("YYYY-MM-DD", "2026-02-02T00:00:00Z")}""#, "2026-01-02"),
        ("1.2.3", r#""{{ version }}", "2026.02.02""#, "2026.01.02"),
    ] {
        let facts = ["commit=1234567", "tag=v1.2.3", "event=push"];
        let (latest, _) = latest_of(version, tags, &facts, listed);
        assert_eq!(latest, "", "{tags}");
        let (latest, _) = latest_of(version, tags, &facts, &format!("{listed} 18.0.0"));
        // All of them are one index here, which is that of 18.0.0, in whatever form that has.
        assert_eq!(latest, "18.0.0", "{tags}");
    }
}

/// Only what stands where the run's commit does is another one: a date beside it keeps its order.
#[test]
fn a_date_beside_a_commit_keeps_its_order_in_the_registry() {
    let facts = ["commit=1a2b3c4d5e6f708192a3b4c5d6e7f80912345678"];
    for (version, known, lower, greater) in [
        (
            "1.2.3-20260201-1a2b3c4d",
            "1.2.3-20260101-aaaaaaaa",
            "1.2.3-20260101-aaaaaaaa",
            "1.2.3-20260301-aaaaaaaa",
        ),
        (
            "1.2.3-20260201.1a2b3c4d",
            "1.2.3-20260101.aaaaaaaa",
            "1.2.3-20260131.aaaaaaaa",
            "1.2.3-20260301.aaaaaaaa",
        ),
        (
            "1.2.3+20260201.1a2b3c4d",
            "1.2.3+20260101.aaaaaaaa",
            "1.2.3-20260101.ffffffff",
            "1.2.3-20260301.aaaaaaaa",
        ),
        (
            "1.2.3+1a2b3c4d.20260201",
            "1.2.3+aaaaaaaa.20260101",
            "1.2.3-aaaaaaaa.20260101",
            "1.2.3-aaaaaaaa.20260301",
        ),
        (
            "1.2.3-20260201-1a2b3c4d",
            "1.2.2-20260101-aaaaaaaa",
            "1.2.2-20260301-aaaaaaaa",
            "1.2.4-20260101-aaaaaaaa",
        ),
    ] {
        let lines = format!(
            "version = \"{version}\"\nknown_versions = [\"{known}\"]\ntags = [\"{{{{ version | replace('+', '-') }}}}\", \"{{{{ major }}}}\", \"latest\"]"
        );
        let (document, talk) = planned(&lines, &facts);
        assert_eq!(kept(&merged(&document, &format!("latest {lower}"))), "", "{version} {lower}: {talk}");
        let found = kept(&merged(&document, &format!("latest {lower} {greater}")));
        assert_eq!(found, format!("1={greater} latest={greater}"), "{version}: {talk}");
    }
}

#[test]
fn what_stands_for_several_versions_stays_with_the_greatest() {
    for (version, tags, listed, expected) in [
        // Any number.
        ("1.1.5", r#""{{ version }}", "1.1.x", "1.x""#, "1.2.9 1.2.x 1.x", "1.x=1.2.9"),
        ("1.2.5", r#""{{ version }}", "1.2.x", "1.x""#, "1.2.9 1.x", "1.2.x=1.2.9 1.x=1.2.9"),
        ("1.2.5", r#""{{ version }}-slim", "{{ major }}.x-slim""#, "1.2.9 1.2.4-slim", ""),
        // The builds of a prerelease.
        ("1.31.0-rc1+k3s1", BUILDS, "1.31.0-rc1-k3s2 1.31.0-rc1", "1.31.0-rc1=1.31.0-rc1-k3s2"),
        ("1.31.0-rc1+k3s3", BUILDS, "1.31.0-rc1-k3s2 1.31.0-rc1", ""),
        ("1.31.0-rc1+k3s1", BUILDS, "1.31.0-rc2-k3s1 1.31.0-rc2 1.31.0-rc10-k3s1", ""),
    ] {
        let (document, _) = planned(&format!("version = \"{version}\"\ntags = [{tags}]"), &[]);
        assert_eq!(kept(&merged(&document, listed)), expected, "{version} {listed}");
    }
}

/// The tags of a version with build metadata: of this build, and of all.
const BUILDS: &str = r#""{{ version | replace('+', '-') }}", "{{ semver }}""#;
