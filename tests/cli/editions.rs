//! Editions of a release: the plain release has the floating tags, and of other editions none is greater than another.

use crate::support::Test;
use crate::versions::plan;

/// One image of each of these versions.
fn matrix(versions: &str, lines: &str) -> String {
    let all: Vec<String> = versions.split_whitespace().map(|version| format!("{version:?}")).collect();
    let all = all.join(", ");
    format!(
        "target \"app\" {{\n  name = \"app-${{replace(replace(v, \".\", \"-\"), \"+\", \"_\")}}\"\n  matrix = {{ v = [{all}] }}\n  args = {{ V = v }}\n  platforms = [\"linux/amd64\"]\n}}\nimage \"app\" {{\n  repositories = [\"r.io/x/a\"]\n  version = v\n{lines}\n}}\n"
    )
}

/// Which version has each of these tags.
#[track_caller]
fn owners(file: &str, arguments: &[&str], tags: &str) -> (String, String) {
    let (plan, talk) = plan(file, arguments);
    let plan = plan.unwrap_or_else(|| panic!("{file}: {talk}"));
    let images = plan["images"].as_object().unwrap();
    let owner = |tag: &str| {
        let has = |image: &&serde_json::Value| {
            image["tags"].as_array().unwrap().iter().any(|one| one["name"] == tag)
        };
        let version = images.values().find(has).map_or("-", |image| image["version"].as_str().unwrap());
        format!("{tag}={version}")
    };
    (tags.split_whitespace().map(owner).collect::<Vec<_>>().join(" "), talk)
}

#[test]
fn the_plain_release_has_the_floating_tags() {
    for (versions, tags, expected) in [
        ("3.60.0 3.60.0-ee", "3.60 3 latest", "3.60=3.60.0 3=3.60.0 latest=3.60.0"),
        ("1.20.1-ent 1.20.1", "1.20 1 latest", "1.20=1.20.1 1=1.20.1 latest=1.20.1"),
        ("2.479.1 2.479.1-jdk21 2.479.1-jdk17", "2 latest", "2=2.479.1 latest=2.479.1"),
        ("128.0.1esr 128.0.1", "128 latest", "128=128.0.1 latest=128.0.1"),
        ("17.0.2-JRE 17.0.2 17.0.2-jdk", "latest", "latest=17.0.2"),
        ("1.30.1-eks1 1.30.1 1.30.1-gke.4", "latest", "latest=1.30.1"),
        // A revision of the release is one, and an edition of it is none.
        ("3.60.0-r1 3.60.0-ee 3.60.0", "3.60 latest", "3.60=3.60.0-r1 latest=3.60.0-r1"),
        ("3.60.0-ee.7 3.60.0", "latest", "latest=3.60.0"),
        // The edition that says less is the plain one.
        ("2.462.3-lts 2.462.3-lts-jdk17", "2 latest", "2=2.462.3-lts latest=2.462.3-lts"),
        // Greater numbers are a greater version, whatever the edition.
        ("3.60.0 3.61.0-ee", "3 latest", "3=3.61.0-ee latest=3.61.0-ee"),
        ("3.60.0-ce 3.61.0-ee", "3 latest", "3=3.61.0-ee latest=3.61.0-ee"),
        // Revisions have an order.
        ("1.2.3 1.2.3-r2 1.2.3-r10", "latest", "latest=1.2.3-r10"),
        ("1.2.3-1 1.2.3", "latest", "latest=1.2.3-1"),
        ("17.4.2-ce.0 17.4.2-ce.1", "latest", "latest=17.4.2-ce.1"),
        ("1.30.1-k3s1 1.30.1-k3s2", "latest", "latest=1.30.1-k3s2"),
        ("5.0.0.Final 5.0.0.SP1", "latest", "latest=5.0.0.SP1"),
        (
            "3.3.4.8.1874-ls5 3.3.4.8.1874-ls12 3.3.4.7.2000-ls1",
            "3 latest",
            "3=3.3.4.8.1874-ls12 latest=3.3.4.8.1874-ls12",
        ),
    ] {
        let (found, talk) = owners(&matrix(versions, ""), &[], tags);
        assert_eq!(found, expected, "{versions}: {talk}");
    }
}

#[test]
fn two_editions_share_no_floating_tag() {
    for (versions, pair) in [
        ("10.4.1-community 10.4.1-developer 10.4.1-enterprise", "10.4.1-"),
        ("17.0.2-jdk 17.0.2-jre", "17.0.2-jdk"),
        ("1.30.1-aks1 1.30.1-eks2", "1.30.1-aks1"),
        ("17.4.2-ce.0 17.4.2-ee.0", "17.4.2-ce.0"),
        ("1.0-lts-jre 1.0-lts-jdk", "1.0-lts-jre"),
        // What says nothing but that it is the release.
        ("2.4.0.Final 2.4.0.GA", "2.4.0.GA"),
        ("2.4.0-release 2.4.0.FINAL", "2.4.0-release"),
    ] {
        let (plan, talk) = plan(&matrix(versions, ""), &[]);
        assert!(plan.is_none() && talk.contains("\"tag-collision\""), "{versions}: {talk}");
        assert!(
            talk.contains("can own the floating tag `latest`") && talk.contains(pair),
            "{versions}: {talk}"
        );
    }
}

/// What the error recommends.
#[test]
fn editions_are_told_apart() {
    let versions = "10.4.1-community 10.4.1-developer";
    let in_tags = "tags = [\"{{ version }}\", \"{{ major }}-${split(\"-\", v)[1]}\"]";
    let (found, talk) = owners(&matrix(versions, in_tags), &[], "10-community 10-developer");
    assert_eq!(found, "10-community=10.4.1-community 10-developer=10.4.1-developer", "{talk}");
    for (word, owner) in [("community", "10.4.1-community"), ("developer", "10.4.1-developer")] {
        let lines = format!("stable_suffixes = [{word:?}]");
        let (found, talk) = owners(&matrix(versions, &lines), &[], "10 latest");
        assert_eq!(found, format!("10={owner} latest={owner}"), "{talk}");
    }
    let talk = plan(&matrix(versions, ""), &[]).1.replace("\\\"", "\"");
    assert!(talk.contains("`{{ major }}-community`"), "{talk}");
    assert!(talk.contains("`stable_suffixes = [\"community\"]`"), "{talk}");
}

/// What git tags say of other versions.
#[test]
fn known_editions_keep_nothing_from_the_release() {
    let file = "target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\nimage \"app\" {\n  repositories = [\"r.io/x/a\"]\n  version = \"{{ tag }}\"\n}\n";
    for (tag, known, expected, is_beside) in [
        ("v1.20.1", "v1.20.1-ent v1.20.0", "1.20=v1.20.1 1=v1.20.1 latest=v1.20.1", false),
        ("v1.20.1", "v1.20.1-ent v1.20.1-ce", "1.20=v1.20.1 1=v1.20.1 latest=v1.20.1", false),
        ("v1.20.1-ent", "v1.20.1 v1.20.0", "1.20=- 1=- latest=-", false),
        ("v1.20.1-ent", "v1.20.0 v1.20.0-ent", "1.20=v1.20.1-ent 1=v1.20.1-ent latest=v1.20.1-ent", false),
        ("v1.20.1", "v1.21.0-ent", "1.20=v1.20.1 1=- latest=-", false),
        // None of two is greater, whichever comes first.
        ("v1.20.1-ent", "v1.20.1-ce", "1.20=- 1=- latest=-", true),
        ("v1.20.1-ce", "v1.20.1-ent", "1.20=- 1=- latest=-", true),
        ("v1.20.2-ce", "v1.20.1-ent", "1.20=v1.20.2-ce 1=v1.20.2-ce latest=v1.20.2-ce", false),
    ] {
        let arguments = [format!("--fact=tag={tag}"), "--known-versions=known".to_owned()];
        let run = Test::new()
            .file("docker-bake.hcl", file)
            .file("known", known.replace(' ', "\n"))
            .args(["plan", "--format", "json"]);
        let output = run.args(arguments.iter().map(String::as_str)).output();
        let talk = String::from_utf8(output.stderr).unwrap();
        let plan: serde_json::Value = serde_json::from_slice(&output.stdout).expect(&talk);
        let has = |name: &str| {
            plan["images"]["app"]["tags"].as_array().unwrap().iter().any(|one| one["name"] == name)
        };
        let found =
            ["1.20", "1", "latest"].map(|name| format!("{name}={}", if has(name) { tag } else { "-" }));
        assert_eq!(found.join(" "), expected, "{tag} {known}: {talk}");
        assert_eq!(talk.contains("is another edition of the release"), is_beside, "{tag} {known}: {talk}");
    }
}
