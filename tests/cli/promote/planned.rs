//! Tags of a plan.

use super::stage::Stage;
use crate::loopback::Answer;
use crate::merge::world::{TAGS, document, plan_of, put_tag, remove, untag};

fn plan(stage: &Stage, more: &str) -> String {
    plan_of(&[&stage.at("app")], TAGS, &format!(r#""version":"1.4.2",{more}"#), "hold")
}

#[test]
fn an_image_gets_the_tags_of_its_plan() {
    let stage = Stage::new();
    let digest = stage.digest();
    let document = plan(&stage, "");
    for source in [
        "HOST/app:sha-c0ffee0".to_owned(),
        "app=HOST/app:sha-c0ffee0".to_owned(),
        format!("app={digest}"),
        digest.to_string(),
    ] {
        let outcome = stage.passes(&document, &format!("{source} --plan plan.json"));
        assert_eq!(outcome.report["images"]["app"]["digest"], digest.to_string());
        assert_eq!(outcome.report["plan"], "0123456789abcdef");
    }
    let tags = stage.world.tags("app");
    assert_eq!(tags.len(), 5);
    assert!(tags.values().all(|own| *own == digest));
}

/// A staging repository, and a digest that only one of the image's repositories has.
#[test]
fn an_image_may_be_anywhere_in_the_registry() {
    let stage = Stage::new();
    stage.world.layout("release");
    stage.world.layout("mirror");
    let to = [stage.at("release"), stage.at("mirror")];
    let document = plan_of(&to.each_ref().map(String::as_str), TAGS, r#""version":"1.4.2","#, "hold");
    stage.passes(&document, "HOST/app:sha-c0ffee0 --plan plan.json");
    for repository in ["release", "mirror"] {
        assert_eq!(stage.manifest(repository, "latest"), stage.manifest("app", "sha-c0ffee0"));
    }
    // The first repository has lost it.
    stage.world.layout("third");
    let to = [stage.at("third"), stage.at("mirror")];
    let document = plan_of(&to.each_ref().map(String::as_str), TAGS, r#""version":"1.4.2","#, "hold");
    stage.passes(&document, &format!("app={} --plan plan.json", stage.digest()));
    assert_eq!(stage.manifest("third", "1.4.2"), stage.manifest("app", "sha-c0ffee0"));
}

/// Mirrors of the plan are filled, too.
#[test]
fn mirrors_get_what_is_promoted() {
    let stage = Stage::new();
    let other = stage.world.serve();
    stage.world.layout("mirror");
    let document = plan(&stage, &format!(r#""mirrors":["{}/mirror"],"#, other.host()));
    let outcome = stage.passes(&document, "HOST/app:sha-c0ffee0 --plan plan.json");
    assert_eq!(outcome.tags().len(), 8, "{:?}", outcome.tags());
    assert_eq!(outcome.report["indexes"].as_array().unwrap().len(), 2);
    assert_eq!(stage.manifest("mirror", "latest"), stage.manifest("app", "sha-c0ffee0"));
}

#[test]
fn the_guards_are_those_of_a_merge() {
    let stage = Stage::new();
    let document = plan(&stage, r#""immutable":true,"#);
    let old = stage.other("1.5.0");
    stage.other("latest");
    let outcome = stage.passes(&document, "HOST/app:sha-c0ffee0 --plan plan.json");
    assert_eq!(outcome.tags(), ["1.4.2 created", "1.4 created", "1 kept", "latest kept"]);
    assert_eq!(stage.world.tags("app")["latest"], old);
    stage.other("1.4.2");
    stage.refuses(&document, "HOST/app:sha-c0ffee0 --plan plan.json", 1, "is immutable");
    stage.passes(&document, "HOST/app:sha-c0ffee0 --plan plan.json --allow-retag");
    let line = "HOST/app:sha-c0ffee0 --plan plan.json --repository";
    stage.refuses(&document, &format!("{line} ghcr.io/*/*"), 1, "which no `--repository` allows");
    stage.passes(&document, &format!("{line} HOST/app"));
}

/// What was not planned is refused, in whatever it differs.
#[test]
fn only_what_was_planned_gets_the_tags() {
    let version = r#""org.opencontainers.image.version":"1.4.1","org.opencontainers.image.revision":"abc""#;
    let stage = Stage::annotated(version);
    let line = "HOST/app:sha-c0ffee0 --plan plan.json";
    let good = plan(&stage, "");
    for (document, expected) in [
        (good.clone(), "says that it is version \"1.4.1\", but its tags are for `1.4.2`"),
        (good.replace("linux/arm64", "linux/s390x"), "lacks linux/s390x, which is planned"),
        (good.replace("linux/arm64", "linux/s390x"), "has linux/arm64, which is not planned"),
        (
            plan(&stage, r#""annotations":{"org.opencontainers.image.revision":"def"},"#),
            "was built from revision \"abc\", but the plan is for \"def\"",
        ),
    ] {
        stage.refuses(&document, line, 1, expected);
        let is_meant = expected.contains("version") || expected.contains("revision");
        let outcome = stage.run_with(&document, &format!("{line} --allow-other-version --dry-run"));
        assert_eq!(outcome.status, i32::from(!is_meant), "{expected}: {}", outcome.told);
    }
    // One that may be dropped is not missing.
    let document =
        plan_of(&[&stage.at("app")], &TAGS.replace("1.4.2", "1.4.1"), r#""version":"1.4.1","#, "drop");
    let more = r#""app-linux-s390x":{"platform":"linux/s390x","on_missing":"drop"},"app-linux-amd64""#;
    let outcome = stage.passes(&document.replacen(r#""app-linux-amd64""#, more, 1), line);
    assert_eq!(outcome.report["images"]["app"]["missing"][0]["build"], "app-linux-s390x");
}

/// What has the tag of another version is that version, however it is named and in whatever form the tag is, if it does not say
/// what it is.
#[test]
fn another_version_gets_no_tags() {
    let refused = |stage: &Stage, source: &str| {
        let line = format!("{source} --plan plan.json");
        stage.refuses(&plan(stage, ""), &line, 1, "other-version");
        let line = format!("{line} --allow-other-version --dry-run");
        stage.passes(&plan(stage, ""), &line);
    };
    for tag in [
        "1.3.0",
        "v1.3.0",
        "1.4.2.1",
        "2.0.0-rc.1",
        "1.3.0-slim",
        "web-1.3.0",
        "release-v1.3.0",
        "1.3",
        "v1.5",
        "1.3-slim",
        "2",
    ] {
        let stage = Stage::new();
        let digest = stage.digest();
        put_tag(&stage.world.layout("app"), tag, &stage.manifest("app", "sha-c0ffee0"));
        for source in [format!("HOST/app:{tag}"), format!("app={digest}"), "HOST/app:sha-c0ffee0".to_owned()]
        {
            refused(&stage, &source);
        }
    }
    // In the repository that it comes from.
    for (tag, is_other) in
        [("1.3.0", true), ("1.3.0-slim", true), ("1.3", true), ("1.4", false), ("57", false)]
    {
        let stage = Stage::new();
        stage.world.layout("release");
        put_tag(&stage.world.layout("app"), tag, &stage.manifest("app", "sha-c0ffee0"));
        let document = plan_of(&[&stage.at("release")], TAGS, r#""version":"1.4.2","#, "hold");
        for source in [tag, "sha-c0ffee0"] {
            let line = format!("HOST/app:{source} --plan plan.json --dry-run");
            if is_other {
                stage.refuses(&document, &line, 1, "other-version");
            } else {
                stage.passes(&document, &line);
            }
        }
    }
    // Its own candidates, days and runs, and what others are.
    for tag in
        ["1.4.2-rc.1", "v1.4.2", "web-1.4.2", "1.4", "v1", "2026.11.28", "2026.11", "build-57", "pr-12.1.0"]
    {
        let stage = Stage::new();
        put_tag(&stage.world.layout("app"), tag, &stage.manifest("app", "sha-c0ffee0"));
        for source in [format!("HOST/app:{tag}"), format!("app={}", stage.digest())] {
            stage.passes(&plan(&stage, ""), &format!("{source} --plan plan.json --dry-run"));
        }
        for other in ["1.3.0", "1.3.0-slim", "1.3", "2"] {
            stage.other(other);
        }
        stage.passes(&plan(&stage, ""), "HOST/app:sha-c0ffee0 --plan plan.json");
    }
    // What says that it is this version may have been tagged wrongly.
    let stage = Stage::annotated(r#""org.opencontainers.image.version":"1.4.2""#);
    put_tag(&stage.world.layout("app"), "1.3.0", &stage.manifest("app", "sha-c0ffee0"));
    stage.passes(&plan(&stage, ""), "HOST/app:1.3.0 --plan plan.json");
}

/// What was built without a version says its first tag where others say their version; a candidate is no release.
#[test]
fn what_says_a_tag_that_is_no_version_gets_the_tags_of_one() {
    let said = |version: &str| format!(r#""org.opencontainers.image.version":"{version}""#);
    for (version, is_refused) in [
        ("sha-c0ffee0", false),
        ("edge", false),
        ("main", false),
        ("v1.4.2", false),
        ("1.4.2-rc.1", true),
        ("1.4.1", true),
    ] {
        let stage = Stage::annotated(&said(version));
        let document = plan(&stage, &format!(r#""annotations":{{{}}},"#, said("1.4.2")));
        let line = "HOST/app:sha-c0ffee0 --plan plan.json";
        if is_refused {
            stage.refuses(&document, line, 1, &format!("says that it is version {version:?}"));
        } else {
            stage.passes(&document, line);
        }
    }
}

/// A revision that label and annotation say is told once.
#[test]
fn another_revision_is_told_once_of_each_image() {
    let said = |revision: &str| format!(r#""org.opencontainers.image.revision":"{revision}""#);
    let stage = Stage::built("", &said("abc"), &said("abc"));
    let own = said("def");
    let document = plan(&stage, "")
        .replace(r#""on_missing""#, &format!(r#""labels":{{{own}}},"annotations":{{{own}}},"on_missing""#));
    let told = stage.run_with(&document, "HOST/app:sha-c0ffee0 --plan plan.json").told;
    assert_eq!(told.matches("was built from revision").count(), 2, "one of each platform: {told}");
}

/// Where tags cannot be listed, nobody knows, which is said.
#[test]
fn what_cannot_be_listed_is_not_known() {
    let stage = Stage::new();
    let server = stage
        .world
        .serve_with(|seen| seen.target.contains("/tags/list").then(|| Answer::error(403, "DENIED").into()));
    let document = plan(&stage, "").replace(&stage.server.host(), &server.host());
    let line = format!("{}/app:sha-c0ffee0 --plan plan.json", server.host());
    let outcome = stage.run_with(&document, &line);
    assert!(outcome.told.contains("unknown-version"), "{}", outcome.told);
    put_tag(&stage.world.layout("app"), "1.3.0", &stage.manifest("app", "sha-c0ffee0"));
    let outcome = stage.run_with(&document, &line.replace("sha-c0ffee0", "1.3.0"));
    assert!(
        outcome.status == 1 && outcome.told.contains("is version `1.3.0` by its tag"),
        "{}",
        outcome.told
    );
}

/// An image without an index gets a manifest of its platform.
#[test]
fn what_is_planned_without_an_index_is_none() {
    let stage = Stage::new();
    let other = stage.other("plain");
    let document = plan(&stage, r#""index":false,"#);
    let at = document.find(r#""app-linux-arm64""#).unwrap();
    let alone = format!("{}}}}}}},\"jobs\":[]}}", document[..at].trim_end().trim_end_matches(','));
    stage.refuses(
        &alone,
        "HOST/app:sha-c0ffee0 --plan plan.json",
        1,
        "is an index, and the image is published without one",
    );
    stage.passes(&alone, "HOST/app:plain --plan plan.json");
    assert_eq!(stage.world.tags("app")["1.4.2"], other);
}

/// Labels and annotations cannot be changed without changing the digest, so that the difference is said.
#[test]
fn other_annotations_stay_as_they_are() {
    let stage = Stage::annotated(r#""a":"1""#);
    let document = plan(&stage, r#""annotations":{"a":"2","b":"3"},"#);
    let outcome = stage.passes(&document, "HOST/app:sha-c0ffee0 --plan plan.json");
    for expected in
        ["not-as-planned", "the annotation `a` of the index is \"1\"", "`b` of the index is not there"]
    {
        assert!(outcome.told.contains(expected), "{expected}: {}", outcome.told);
    }
    assert_eq!(stage.world.tags("app")["latest"], stage.digest());
}

#[test]
fn sources_name_the_images_of_the_plan() {
    let stage = Stage::new();
    let digest = stage.digest();
    let one = plan(&stage, "");
    let image = |key: &str| {
        format!(
            r#""{key}":{{"repositories":["{}"],"tags":[{{"name":"{key}","class":"constant","form":"{key}"}}],
                "builds":{{"{key}-a":{{"platform":"linux/amd64"}},"{key}-b":{{"platform":"linux/arm64"}}}}}}"#,
            stage.at("app")
        )
    };
    let two = document(&[image("web"), image("api")].join(","));
    for (document, source, expected) in [
        (&one, format!("app-linux-amd64={digest}"), "`bakeplan merge --metadata app-linux-amd64=sha256:"),
        (&one, format!("ap={digest}"), "did you mean `app`?"),
        (&one, format!("other={digest}"), "`other` is not an image of the plan"),
        (&one, format!("app={digest} app=HOST/app:1"), "image `app` has two sources"),
        (&one, "app=HOST/app".to_owned(), "it has neither a tag nor a digest"),
        (&two, digest.to_string(), "does not say which image of the plan it is"),
        (&two, "HOST/app:sha-c0ffee0".to_owned(), "write `IMAGE="),
    ] {
        stage.refuses(document, &format!("{source} --plan plan.json"), 1, expected);
    }
    // Only what is named gets tags.
    stage.passes(&two, &format!("web={digest} --plan plan.json"));
    assert_eq!(stage.world.tags("app").keys().collect::<Vec<_>>(), ["sha-c0ffee0", "web"]);
    let outcome = stage.passes(&two, &format!("web={digest} api=HOST/app:web --plan plan.json"));
    assert_eq!(outcome.tags(), ["api created", "web unchanged"]);
}

/// Where tags may not be listed, floating ones are held, or move as the plan says.
#[test]
fn tags_that_nobody_may_list_are_held() {
    let stage = Stage::new();
    let root = stage
        .world
        .serve_with(|seen| (seen.path().contains("/tags/")).then(|| Answer::error(403, "DENIED").into()));
    let stage = Stage { server: root, ..stage };
    let document = plan(&stage, "");
    let outcome = stage.run_with(&document, "HOST/app:sha-c0ffee0 --plan plan.json");
    assert_eq!(outcome.status, 5, "{}", outcome.told);
    assert_eq!(outcome.tags(), ["1.4.2 created", "1.4 held", "1 held", "latest held"]);
    let outcome = stage.passes(&document, "HOST/app:sha-c0ffee0 --plan plan.json --trust-known-versions");
    assert_eq!(outcome.tags(), ["1.4.2 unchanged", "1.4 created", "1 created", "latest created"]);
}

/// One image that cannot be promoted leaves all as they are.
#[test]
fn nothing_is_written_when_one_image_is_wrong() {
    let stage = Stage::new();
    let other = stage.other("broken");
    let layout = stage.world.layout("app");
    let image = |key: &str| {
        let tag = format!(r#"{{"name":"{key}","class":"constant","form":"{key}"}}"#);
        format!(
            r#""{key}":{{"repositories":["{}"],"tags":[{tag}],"builds":{{"{key}":{{}}}}}}"#,
            stage.at("app")
        )
    };
    let two = document(&[image("web"), image("api")].join(","));
    remove(&layout, &other);
    stage.refuses(&two, "web=HOST/app:sha-c0ffee0 api=HOST/app:broken --plan plan.json", 1, "is not there");
}

/// Whatever says that the source is of another commit than the plan keeps it from the tags, unless that is meant; the tag of a
/// commit never stands for another one.
#[test]
fn another_commit_gets_no_tags() {
    let (own, other) = ("a".repeat(40), "b".repeat(40));
    let of_commit = r#"{"name":"sha-aaaaaaa","class":"run","form":"sha-{commit:7}"}"#;
    let annotation = r#""org.opencontainers.image.revision""#;
    for (said, is_other) in [
        (format!("{annotation}:{other:?}"), true),
        (format!("{annotation}:\"bbbbbbbbbbbb\""), true),
        (format!("{annotation}:{own:?}"), false),
        (format!("{annotation}:\"aaaaaaa\""), false),
    ] {
        let stage = Stage::annotated(&said);
        let plan = |tags: &str| {
            let document = plan_of(&[&stage.at("app")], tags, r#""version":"1.4.2","#, "hold");
            document.replacen(r#""images""#, &format!(r#""run":{{"commit":{own:?}}},"images""#), 1)
        };
        put_tag(&stage.world.layout("app"), "staged", &stage.manifest("app", "sha-c0ffee0"));
        let line = "HOST/app:staged --plan plan.json --dry-run";
        let with_commit = plan(&[TAGS, of_commit].join(","));
        if is_other {
            stage.refuses(&plan(TAGS), line, 1, "is of commit `bbbbbbbbbbbb`, but the plan is for");
            stage.passes(&plan(TAGS), &format!("{line} --allow-other-version"));
            for option in ["", "--allow-other-version", "--allow-retag"] {
                let line = format!("{line} {option}");
                stage.refuses(&with_commit, &line, 1, "`sha-aaaaaaa` never stands for another one");
            }
        } else {
            stage.passes(&plan(TAGS), line);
            stage.passes(&with_commit, line);
        }
        // The tag that it comes from says it, too.
        let line = "HOST/app:sha-c0ffee0 --plan plan.json --dry-run";
        stage.refuses(
            &with_commit,
            &format!("{line} --allow-other-version"),
            1,
            "is of another commit by its name",
        );
        put_tag(&stage.world.layout("app"), "sha-aaaaaaa", &stage.manifest("app", "sha-c0ffee0"));
        if !is_other {
            stage.passes(&with_commit, "HOST/app:sha-aaaaaaa --plan plan.json --dry-run");
        }
    }
}

/// What does not tell its commit is of the one that another tag of it names, in whatever form; if none does, that is said.
#[test]
fn the_tags_of_a_digest_tell_its_commit() {
    let (own, other) = ("a1".repeat(20), "b2".repeat(20));
    let of_commit = r#"{"name":"sha-a1a1a1a","class":"run","form":"sha-{commit:7}"}"#;
    let plan = |stage: &Stage, tags: &str| {
        let document = plan_of(&[&stage.at("release")], tags, r#""version":"1.4.2","#, "hold");
        document.replacen(r#""images""#, &format!(r#""run":{{"commit":{own:?}}},"images""#), 1)
    };
    let staged = |tags: &[&str]| {
        let stage = Stage::new();
        stage.world.layout("release");
        for tag in tags {
            put_tag(&stage.world.layout("app"), tag, &stage.manifest("app", "sha-c0ffee0"));
        }
        untag(&stage.world.layout("app"), "sha-c0ffee0");
        stage
    };
    for tag in ["sha-b2b2b2b", "b2b2b2b", "main-b2b2b2b", "git-1234567", &other] {
        let stage = staged(&["staged", tag]);
        let document = plan(&stage, &[TAGS, of_commit].join(","));
        let digest = stage.world.tags("app")["staged"].clone();
        for source in [format!("HOST/app@{digest}"), "HOST/app:staged".to_owned(), format!("HOST/app:{tag}")]
        {
            for option in ["", "--allow-other-version", "--allow-retag", "--allow-backward"] {
                let line = format!("app={source} --plan plan.json --dry-run {option}");
                stage.refuses(&document, &line, 1, "other-plan");
            }
            // What gets no tag of a commit may be of any.
            stage.passes(&plan(&stage, TAGS), &format!("app={source} --plan plan.json --dry-run"));
        }
    }
    for (tags, is_told) in [
        (&["staged", "sha-a1a1a1a"][..], true),
        (&["staged", "main-a1a1a1a1"], true),
        (&["staged", &own], true),
        (&["staged", "sha-b2b2b2b", "sha-a1a1a1a"], true),
        (&["staged"], false),
        (&["staged", "20261130", "57", "facade", "sha-main"], false),
    ] {
        let stage = staged(tags);
        stage.other("sha-b2b2b2c");
        let digest = stage.world.tags("app")["staged"].clone();
        let document = plan(&stage, &[TAGS, of_commit].join(","));
        for source in [format!("HOST/app@{digest}"), "HOST/app:staged".to_owned()] {
            let outcome = stage.passes(&document, &format!("app={source} --plan plan.json --dry-run"));
            assert_eq!(outcome.told.contains("unknown-commit"), !is_told, "{tags:?}: {}", outcome.told);
        }
    }
}

/// The annotation of the index, the annotations of its images and their planned labels are all believed.
#[test]
fn what_says_that_it_is_another_version_gets_no_tags() {
    let key = "org.opencontainers.image.version";
    let said = |version: &str| format!("\"{key}\":{version:?}");
    for (index, image, label, is_other) in [
        ("1.4.2", "", "", false),
        ("1.4.2", "1.4.2", "1.4.2", false),
        ("", "1.4.2-rc.1", "v1.4.2", false),
        ("9.9.9", "1.4.2", "1.4.2", true),
        ("1.4.2", "9.9.9", "1.4.2", true),
        ("1.4.2", "1.4.2", "9.9.9", true),
        ("", "9.9.9", "", true),
        ("", "", "9.9.9", true),
    ] {
        let given = |version: &str| if version.is_empty() { String::new() } else { said(version) };
        let stage = Stage::built(&given(index), &given(label), &given(image));
        let planned =
            format!(r#""labels":{{{}}},"on_missing""#, given(if label.is_empty() { "" } else { "1.4.2" }));
        let document = plan(&stage, "").replace(r#""on_missing""#, &planned);
        let line = "HOST/app:sha-c0ffee0 --plan plan.json --dry-run";
        if is_other {
            stage.refuses(&document, line, 1, "says that it is version \"9.9.9\"");
            stage.passes(&document, &format!("{line} --allow-other-version"));
        } else {
            stage.passes(&document, line);
        }
        // A label that nobody planned may be that of a base.
        let unplanned = plan(&stage, "");
        if label == "9.9.9" {
            stage.passes(&unplanned, line);
        }
    }
}

/// A version's own tag keeps what it has, also without `immutable`.
#[test]
fn the_own_tag_of_a_version_is_not_replaced() {
    for (own, class, form, whose) in [
        ("1.4.2", "version", "{version}", "a version's own tag"),
        ("v1.4.2", "version", "v{version}", "a version's own tag"),
        ("1.4.2-alpine", "version", "{version}-alpine", "a version's own tag"),
        ("sha-aaaaaaa", "run", "sha-{commit:7}", "the tag of a commit"),
    ] {
        let stage = Stage::new();
        put_tag(&stage.world.layout("app"), "staged", &stage.manifest("app", "sha-c0ffee0"));
        let tags = format!(r#"{{"name":"{own}","class":"{class}","form":"{form}"}}"#);
        let document = plan_of(&[&stage.at("app")], &tags, r#""version":"1.4.2","#, "hold");
        let old = stage.other(own);
        let line = "HOST/app:staged --plan plan.json";
        for option in ["", "--allow-other-version", "--allow-backward"] {
            stage.refuses(&document, &format!("{line} {option}"), 1, &format!("is {whose} and has"));
        }
        assert_eq!(stage.world.tags("app")[own], old);
        let outcome = stage.passes(&document, &format!("{line} --allow-retag"));
        assert_eq!(outcome.tags()[0], format!("{own} replaced"));
        // What it has already is no change.
        stage.passes(&document, line);
    }
}

/// A tag that names another version in whatever form is believed where nothing else tells the version.
#[test]
fn a_source_that_is_named_as_another_version_gets_no_tags() {
    for (tag, is_refused) in [
        ("v1.3.0-alpine", true),
        ("1.3.0-slim", true),
        ("web-1.3.0", true),
        ("release_2.0.0", true),
        ("web-1.4.2", false),
        ("v1.4.2-r1", false),
        ("1.4.2-rc.1", false),
        ("1.4", false),
        ("build-1.0.4567", false),
        ("ci-3.0.12", false),
        ("nightly-1.3.0", false),
        ("2026.11.28", false),
        ("alpine3.20.1", false),
    ] {
        let stage = Stage::new();
        put_tag(&stage.world.layout("app"), tag, &stage.manifest("app", "sha-c0ffee0"));
        let line = format!("HOST/app:{tag} --plan plan.json --dry-run");
        if is_refused {
            stage.refuses(
                &plan(&stage, ""),
                &line,
                1,
                "by its tag, but the tags that it would get are for `1.4.2`",
            );
            stage.passes(&plan(&stage, ""), &format!("{line} --allow-other-version"));
        } else {
            stage.passes(&plan(&stage, ""), &line);
        }
        // What says that it is this version may be called anything.
        let stage = Stage::annotated(r#""org.opencontainers.image.version":"1.4.2""#);
        put_tag(&stage.world.layout("app"), tag, &stage.manifest("app", "sha-c0ffee0"));
        stage.passes(&plan(&stage, ""), &line);
    }
}

/// What labels say of the version and the revision counts as what annotations say, if it is planned: other labels may be those of a
/// base, unless the repository has that version.
#[test]
fn labels_are_evidence_like_annotations() {
    const VERSION: &str = "org.opencontainers.image.version";
    const REVISION: &str = "org.opencontainers.image.revision";
    let of = |key: &str, value: &str| format!(r#""{key}":"{value}""#);
    let nothing = String::new;
    for (labels, annotations, planned, expected) in [
        (of(VERSION, "9.9.9"), nothing(), [of(VERSION, "1.4.2"), nothing()], "is version \"9.9.9\""),
        (
            of(VERSION, "1.4.2-rc.1"),
            nothing(),
            [of(VERSION, "1.4.2"), nothing()],
            "is version \"1.4.2-rc.1\"",
        ),
        (
            nothing(),
            of(VERSION, "1.4.2-rc.1"),
            [nothing(), of(VERSION, "1.4.2")],
            "is version \"1.4.2-rc.1\"",
        ),
        (of(REVISION, "bbb"), nothing(), [of(REVISION, "aaa"), nothing()], "from revision \"bbb\""),
        (
            of(REVISION, "aaa"),
            of(REVISION, "bbb"),
            [of(REVISION, "aaa"), of(REVISION, "aaa")],
            "from revision \"bbb\"",
        ),
        // What is not planned, and that version is there.
        (of(VERSION, "1.3.0"), nothing(), [nothing(), nothing()], "is version \"1.3.0\""),
        (of(VERSION, "v1.3.0"), nothing(), [nothing(), nothing()], "is version \"v1.3.0\""),
        // What says nothing of it, or may be that of a base.
        (of(VERSION, "v1.4.2"), nothing(), [of(VERSION, "1.4.2"), nothing()], ""),
        (of(VERSION, "24.04"), nothing(), [nothing(), nothing()], ""),
        (of(VERSION, "1.2.0"), nothing(), [nothing(), nothing()], ""),
        (of(REVISION, "bbb"), nothing(), [nothing(), nothing()], ""),
        (of("x.title", "b"), nothing(), [of("x.title", "a"), nothing()], ""),
        (nothing(), nothing(), [of(VERSION, "1.4.2"), nothing()], ""),
    ] {
        let stage = Stage::built("", &labels, &annotations);
        stage.other("1.3.0");
        let [of_labels, of_annotations] = &planned;
        let more = format!(r#""labels":{{{of_labels}}},"annotations":{{{of_annotations}}},"on_missing""#);
        let document = plan(&stage, "").replace(r#""on_missing""#, &more);
        let line = format!("app={} --plan plan.json", stage.digest());
        if expected.is_empty() {
            stage.passes(&document, &format!("{line} --dry-run"));
        } else {
            stage.refuses(&document, &line, 1, expected);
            stage.passes(&document, &format!("{line} --allow-other-version --dry-run"));
        }
    }
}
