//! What an earlier run made takes no floating tag from a later one, whatever it is promoted by.

use bakeplan::internals::merge::Options;
use bakeplan::internals::oci::OCI_INDEX;
use bakeplan::internals::reference::Digest;

use super::stage::Stage;
use crate::merge::world::{Build, TAGS, plan_of, put, put_tag};

const MORE: &str = r#"{"name":"iron","floating":true,"class":"channel","form":"iron"},
    {"name":"edge","floating":true,"class":"constant","form":"edge"}"#;
const FLOATING: [&str; 5] = ["1.4", "1", "latest", "iron", "edge"];

/// A plan of version 1.4.2 of a run of the branch.
fn plan(stage: &Stage, run: u32, more: &str) -> String {
    let tags = format!("{TAGS},{MORE}");
    let document = plan_of(&[&stage.at("app")], &tags, &format!(r#""version":"1.4.2",{more}"#), "hold");
    let run = format!(r#"{{"run":{{"workflow":"w","ref":"refs/heads/main","number":{run}}},"#);
    document.replacen('{', &run, 1)
}

/// An index of the stage's builds that says which run made it, if one did, and which version it is, if that is said.
fn index(stage: &Stage, run: Option<u32>, is_said: bool) -> Digest {
    let mut index = serde_json::to_value(stage.world.index("app", "sha-c0ffee0")).unwrap();
    let mut annotations = serde_json::Map::new();
    let mut say = |name: &str, value: String| annotations.insert(name.to_owned(), value.into());
    if let Some(run) = run {
        say("dev.bakeplan.run.workflow", "w".to_owned());
        say("dev.bakeplan.run.ref", "refs/heads/main".to_owned());
        say("dev.bakeplan.run.number", run.to_string());
    }
    if is_said {
        say("org.opencontainers.image.version", "1.4.2".to_owned());
    }
    index["annotations"] = annotations.into();
    let layout = stage.world.layout("app");
    let manifest = put(&layout, OCI_INDEX, &index.to_string());
    if run == Some(3) {
        for tag in ["1.4.2"].iter().chain(&FLOATING) {
            put_tag(&layout, tag, &manifest);
        }
    }
    manifest.digest
}

#[test]
fn another_digest_for_a_version_is_no_way_back_for_its_floating_tags() {
    for is_said in [true, false] {
        for (own, of_plan, is_kept, is_unknown) in [
            (Some(2), 2, true, false),
            (Some(4), 4, false, false),
            // What is promoted counts, and the plan where that says nothing.
            (Some(2), 9, true, false),
            (Some(4), 2, false, false),
            (None, 2, true, false),
            (None, 4, false, true),
        ] {
            let what = format!("{own:?} by {of_plan}, {is_said}");
            let stage = Stage::new();
            let there = index(&stage, Some(3), is_said);
            let digest = index(&stage, own, is_said);
            let line = format!("app={digest} --plan plan.json");
            let document = plan(&stage, of_plan, "");
            stage.refuses(&document, &line, 1, "a version's own tag and has");
            let immutable = plan(&stage, of_plan, r#""immutable":true,"#);
            stage.refuses(&immutable, &line, 1, "is immutable");
            let outcome = stage.passes(&document, &format!("{line} --allow-retag"));
            let tags = stage.world.tags("app");
            assert_eq!(tags["1.4.2"], digest, "{what}");
            for tag in FLOATING {
                let owner = if is_kept { &there } else { &digest };
                assert_eq!(&tags[tag], owner, "{what} {tag}: {}", outcome.told);
            }
            let is_told = outcome.told.contains("perhaps from a later run: what it gets does not say");
            assert_eq!(is_told, is_unknown, "{what}: {}", outcome.told);
            assert_eq!(
                outcome.told.contains("run 3 is later than run 2"),
                is_kept,
                "{what}: {}",
                outcome.told
            );
            // Again: what has its own tag by now is no reason to take the others without a word.
            let outcome = stage.passes(&document, &format!("{line} --allow-retag"));
            let is_back = stage.world.tags("app")["latest"] == digest;
            let is_said_so = outcome.told.contains("does not say which version it made");
            assert!(is_back != is_kept || is_said_so, "{what}: {}", outcome.told);
            // On purpose.
            stage.passes(&document, &format!("{line} --allow-retag --allow-backward"));
            assert!(FLOATING.iter().all(|tag| stage.world.tags("app")[*tag] == digest), "{what}");
        }
    }
}

#[test]
fn a_tag_that_is_named_stays_with_a_later_run_of_the_version() {
    for (own, is_kept) in [(2, true), (4, false)] {
        for tag in ["1.4", "latest", "edge"] {
            let stage = Stage::new();
            let there = index(&stage, Some(3), true);
            let digest = index(&stage, Some(own), true);
            let line = format!("HOST/app@{digest} --to HOST/app:{tag}");
            let outcome = stage.run_with("", &line);
            // Nothing that was asked for is done.
            assert_eq!(outcome.status, if is_kept { 5 } else { 0 }, "{own} {tag}: {}", outcome.told);
            let owner = if is_kept { &there } else { &digest };
            assert_eq!(&stage.world.tags("app")[tag], owner, "{own} {tag}: {}", outcome.told);
            let line = format!("HOST/app@{digest} --to HOST/app:1.4.2");
            stage.refuses("", &line, 1, "a version's own tag and has");
            stage.passes("", &format!("{line} --allow-retag"));
            assert_eq!(stage.world.tags("app")["1.4.2"], digest, "{own}");
        }
    }
}

/// What does not say which run made it may be taken from: that is said in a run of which the plan knows it, whatever the form.
#[test]
fn what_does_not_say_which_run_made_it_is_said_to_be_unguarded() {
    let names = "an earlier run can take back `1.4.2`, `1.4`, `1`, `edge`, `iron`, `latest`";
    for form in ["index", "docker", "plain", "plain of an index"] {
        let mut stage = Stage::new();
        for (leg, platform) in [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")] {
            let build = Build::new(leg, platform).salt(form);
            stage.world.build(&["app"], if form == "docker" { build.docker() } else { build.plain() });
        }
        let (digest, said) = match form {
            "index" => (stage.digest(), "image `app` does not say which run made it"),
            "docker" => {
                let tags = r#"{"name":"staged","class":"constant","form":"staged"}"#;
                let document = plan_of(&[&stage.at("app")], tags, "", "hold");
                assert_eq!(stage.world.merge(&document, Options::default()).problems, []);
                (stage.world.tags("app")["staged"].clone(), "image `app` is a Docker manifest list")
            }
            _ => (stage.world.built["app-linux-amd64"].clone(), "image `app` has no index"),
        };
        let shape = |document: String| {
            if !form.starts_with("plain") {
                return document;
            }
            let mut document: serde_json::Value = serde_json::from_str(&document).unwrap();
            document["images"]["app"]["builds"].as_object_mut().unwrap().remove("app-linux-arm64");
            document["images"]["app"]["index"] = (form != "plain").into();
            document.to_string()
        };
        let line = format!("app={digest} --plan plan.json");
        let dry = |document: String| stage.passes(&document, &format!("{line} --dry-run")).told;
        let told = dry(shape(plan(&stage, 7, "")));
        assert!(told.contains(said) && told.contains(names), "{form}: {told}");
        // What never changes is not taken back, and where nothing orders the run, nothing is compared.
        let told = dry(shape(plan(&stage, 7, r#""immutable":true,"#)));
        assert!(told.contains(&names.replace("`1.4.2`, ", "")), "{form}: {told}");
        let told = dry(shape(plan(&stage, 7, "").replace(r#""number":7"#, r#""event":"push""#)));
        assert!(!told.contains("can take back"), "{form}: {told}");
        stage.passes(&shape(plan(&stage, 7, "")), &line);
        let told = dry(shape(plan(&stage, 7, "")));
        assert!(!told.contains("can take back"), "nothing is given: {form}: {told}");
    }
    // What says it is guarded.
    let stage = Stage::new();
    let digest = index(&stage, Some(7), true);
    let told = stage.passes(&plan(&stage, 7, ""), &format!("app={digest} --plan plan.json")).told;
    assert!(!told.contains("can take back"), "{told}");
}
