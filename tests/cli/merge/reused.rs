//! What an index records of its inputs, and images that are published before from the same inputs.

use bakeplan::internals::merge::report::{Outcome, Report, Status};
use bakeplan::internals::merge::{IfMissing, Options};
use bakeplan::internals::oci::OCI_INDEX;
use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::Store;
use serde_json::{Value, json};

use super::world::{Build, TAGS, World, document, literal, put, put_tag, remove};
use crate::support::Test;
use crate::verify::desk::{found, of_plan};

const A: &str = "oci-layout:a";
const B: &str = "oci-layout:b";
const RECORD: &str = "dev.bakeplan.inputs";
const LEGS: [(&str, &str); 2] = [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")];

/// A tag that moves with each run.
const EDGE: &str = r#"{"name":"edge","floating":true,"class":"constant","form":"edge"}"#;

fn digest(name: &str) -> Digest {
    Digest::sha256(name.as_bytes())
}

/// What `plan.json` says of inputs: the hash of a name, what is not known for `?`, and nothing for nothing.
fn inputs(name: &str) -> Value {
    match name {
        "" => Value::Null,
        "?" => json!({ "unknown": "ADD of a URL" }),
        name => json!({ "hash": digest(name) }),
    }
}

/// A plan of `app` in run `number`, as a value that may be changed.
fn planned(repositories: &[&str], tags: &str, number: u64, hashes: [&str; 2]) -> Value {
    let mut plan: Value = serde_json::from_str(&document(&format!(
        r#""app":{{"repositories":{repositories:?},"tags":[{tags}],"builds":{{}}}}"#
    )))
    .unwrap();
    plan["run"] = json!({ "workflow": "ci.yml", "ref": "refs/heads/main", "number": number, "commit": "0123456789abcdef" });
    for ((leg, platform), name) in LEGS.into_iter().zip(hashes) {
        let mut build = json!({ "platform": platform, "job": "j" });
        if !name.is_empty() {
            build["inputs"] = inputs(name);
        }
        plan["images"]["app"]["builds"][leg] = build;
    }
    plan
}

/// The same, with what it reuses.
fn reusing(repositories: &[&str], tags: &str, number: u64, hashes: [&str; 2], digest: &Digest) -> Value {
    let mut plan = planned(repositories, tags, number, hashes);
    plan["images"]["app"]["reused"] =
        json!({ "repository": repositories[0], "tag": "edge", "digest": digest });
    plan
}

fn tags(number: u64) -> String {
    format!("{},{EDGE}", literal(&format!("sha-{number}")))
}

#[track_caller]
fn merged(world: &World, plan: &Value, options: Options) -> Report {
    let report = world.merge(&plan.to_string(), options);
    assert_eq!(report.problems, []);
    report
}

/// The outcomes of the tags, by repository and in order.
fn outcomes(report: &Report) -> Vec<Outcome> {
    report.images["app"].references.iter().map(|one| one.outcome).collect()
}

/// What run 1 published of inputs `x` and `y` in these repositories; its digest.
fn published(repositories: &[&str]) -> (World, Digest) {
    let world = World::with_app(repositories);
    let names: Vec<String> = repositories.iter().map(|one| format!("oci-layout:{one}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let report = merged(&world, &planned(&names, &tags(1), 1, ["x", "y"]), Options::default());
    let digest = report.images["app"].digest.clone().unwrap();
    (world, digest)
}

/// A world whose builds nobody has built in this run.
fn without_builds(mut world: World) -> World {
    world.built.clear();
    world
}

fn record(world: &World, tag: &str) -> Option<String> {
    world.index("a", tag).annotations.get(RECORD).cloned()
}

fn text(of: &[(&str, &str)]) -> String {
    of.iter().map(|(platform, name)| format!("{platform}={}", digest(name))).collect::<Vec<_>>().join(" ")
}

#[test]
fn an_index_records_the_inputs_of_what_is_in_it() {
    for (hashes, expected) in [
        (["x", "y"], Some(text(&[("linux/amd64", "x"), ("linux/arm64", "y")]))),
        (["x", "?"], Some(text(&[("linux/amd64", "x")]))),
        (["", "y"], Some(text(&[("linux/arm64", "y")]))),
        (["?", "?"], None),
        (["", ""], None),
    ] {
        let world = World::with_app(&["a"]);
        merged(&world, &planned(&[A], TAGS_OF_NO_RUN, 1, hashes), Options::default());
        assert_eq!(record(&world, "1.4.2"), expected, "{hashes:?}");
        if expected.is_none() {
            // Byte for byte as before there were records.
            let plain = World::with_app(&["a"]);
            merged(&plain, &planned(&[A], TAGS_OF_NO_RUN, 1, ["", ""]), Options::default());
            assert_eq!(world.tags("a"), plain.tags("a"));
            let index = world.index("a", "1.4.2");
            assert!(index.annotations.keys().all(|key| key.starts_with("dev.bakeplan.run.")), "{index:?}");
        }
    }
}

const TAGS_OF_NO_RUN: &str = r#"{"name":"1.4.2","class":"constant","form":"1.4.2"}"#;

#[test]
fn what_is_dropped_is_not_recorded_and_what_is_carried_is_as_before() {
    // The older index records nothing, one platform, or both; what is planned now is of other inputs.
    for (older, expected) in [
        (["x", "y"], text(&[("linux/amd64", "p"), ("linux/arm64", "y")])),
        (["x", ""], text(&[("linux/amd64", "p")])),
        (["x", "?"], text(&[("linux/amd64", "p")])),
        (["", ""], text(&[("linux/amd64", "p")])),
    ] {
        let mut world = World::with_app(&["a"]);
        merged(&world, &planned(&[A], TAGS_OF_NO_RUN, 1, older), Options::default());
        world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("new"));
        world.built.remove("app-linux-arm64");
        let mut plan = planned(&[A], TAGS_OF_NO_RUN, 2, ["p", "q"]);
        plan["images"]["app"]["builds"]["app-linux-arm64"]["on_missing"] = "carry".into();
        merged(&world, &plan, Options::default());
        assert_eq!(world.platforms("a", "1.4.2"), ["linux/amd64", "linux/arm64"]);
        assert_eq!(record(&world, "1.4.2"), Some(expected), "{older:?}");
    }
    let mut world = World::with_app(&["a"]);
    world.built.remove("app-linux-arm64");
    let mut plan = planned(&[A], TAGS_OF_NO_RUN, 1, ["x", "y"]);
    plan["images"]["app"]["builds"]["app-linux-arm64"]["on_missing"] = "drop".into();
    merged(&world, &plan, Options::default());
    assert_eq!(record(&world, "1.4.2"), Some(text(&[("linux/amd64", "x")])));
    // Without a plan of inputs, nothing that is carried is recorded.
    let mut world = World::with_app(&["a"]);
    merged(&world, &planned(&[A], TAGS_OF_NO_RUN, 1, ["x", "y"]), Options::default());
    world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("new"));
    world.built.remove("app-linux-arm64");
    let mut plan = planned(&[A], TAGS_OF_NO_RUN, 2, ["", ""]);
    plan["images"]["app"]["builds"]["app-linux-arm64"]["on_missing"] = "carry".into();
    merged(&world, &plan, Options::default());
    assert_eq!(record(&world, "1.4.2"), None);
}

#[test]
fn what_has_no_place_for_a_record_is_said_once() {
    let notes = |report: &Report| -> Vec<String> {
        let notes = report.notes.iter().filter(|note| note.code.name() == "unrecorded-inputs");
        notes.map(|note| note.message.clone()).collect()
    };
    for hash in ["x", "?", ""] {
        // A Docker list, which has annotations neither of inputs nor of runs.
        let mut world = World::new();
        for (leg, platform) in LEGS {
            world.build(&["a"], Build::new(leg, platform).docker());
        }
        let mut plan = planned(&[A], TAGS_OF_NO_RUN, 1, [hash, hash]);
        // An image without an index.
        world.build(&["a"], Build::new("plain", "linux/amd64").plain());
        plan["images"]["plain"] = json!({
            "repositories": [A], "index": false, "tags": [{ "name": "plain", "class": "constant", "form": "plain" }],
            "builds": { "plain": { "platform": "linux/amd64" } }
        });
        if !hash.is_empty() {
            plan["images"]["plain"]["builds"]["plain"]["inputs"] = inputs(hash);
        }
        let report = merged(&world, &plan, Options::default());
        let expected = match hash {
            "x" => vec![
                "only an index of OCI's media type can record of which inputs it was made: later plans cannot reuse `app`, `plain`"
                    .to_owned(),
            ],
            _ => vec![],
        };
        assert_eq!(notes(&report), expected, "{hash}");
        assert_eq!(report.images["app"].status, Status::Published);
        assert_eq!(record(&world, "1.4.2"), None);
    }
}

#[test]
fn a_build_cannot_bring_a_record_of_its_own() {
    for annotation in [RECORD, "dev.bakeplan.run.number"] {
        let mut world = World::new();
        let built = world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64"));
        let layout = world.layout("a");
        let own = layout.get_manifest(&built.into()).unwrap().unwrap();
        let own = String::from_utf8(own.bytes).unwrap();
        let own = own.replacen('{', &format!(r#"{{"annotations":{{"{annotation}":"7"}},"#), 1);
        world.built.insert("app-linux-amd64".into(), put(&layout, OCI_INDEX, &own).digest);
        let mut plan = planned(&[A], TAGS_OF_NO_RUN, 1, ["", ""]);
        // Without annotations of the run, it is taken as it is.
        plan["run"] = json!({});
        plan["images"]["app"]["builds"].as_object_mut().unwrap().remove("app-linux-arm64");
        let report = world.merge(&plan.to_string(), Options::default());
        assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
        assert_eq!(report.problems[0].code.name(), "reserved-annotation");
        assert!(world.tags("a").is_empty());
        // An index that is made anew has none of it.
        plan["images"]["app"]["builds"]["app-linux-amd64"]["inputs"] = inputs("x");
        merged(&world, &plan, Options::default());
        assert_eq!(record(&world, "1.4.2"), Some(text(&[("linux/amd64", "x")])));
    }
}

#[test]
fn what_is_reused_gets_the_tags_of_this_run() {
    let (world, digest) = published(&["a"]);
    let world = without_builds(world);
    let mut plan = reusing(&[A], &tags(2), 2, ["x", "y"], &digest);
    // What this run would have written into it is not expected of it.
    plan["images"]["app"]["annotations"] = json!({ "org.opencontainers.image.revision": "fedcba" });
    for (leg, _) in LEGS {
        plan["images"]["app"]["builds"][leg]["labels"] =
            json!({ "org.opencontainers.image.revision": "fedcba" });
    }
    let report = merged(&world, &plan, Options::default());
    assert_eq!(outcomes(&report), [Outcome::Created, Outcome::Unchanged]);
    assert_eq!(
        (&report.images["app"].digest, report.images["app"].status),
        (&Some(digest.clone()), Status::Published)
    );
    assert_eq!(world.tags("a").into_values().collect::<Vec<_>>(), vec![digest.clone(); 3]);
    let short = format!("reused: same inputs as oci-layout://a:edge@{digest}");
    let table = report.to_table();
    assert!(table.contains(&format!("\n  {short}\n")), "{table}");
    assert!(table.ends_with("1 image published, 1 of them reused, 1 tag written\n"), "{table}");
    assert!(report.to_markdown().contains("reused: same inputs as"), "{}", report.to_markdown());
    let output: Value = serde_json::from_str(&report.to_output()).unwrap();
    assert_eq!(output["images"]["app"]["reused"]["tag"], "edge");
    found(&of_plan(&world, &plan.to_string()), &[]);

    // Again, nothing changes.
    let report = merged(&world, &plan, Options::default());
    assert_eq!(outcomes(&report), [Outcome::Unchanged; 2]);
    assert!(report.to_table().ends_with("1 image unchanged, 1 of them reused, 0 tags written\n"));
}

#[test]
fn what_is_reused_is_copied_with_its_attestations_to_repositories_that_lack_it() {
    for mirrors in [false, true] {
        let (world, digest) = published(&["a"]);
        let world = without_builds(world);
        world.layout("b");
        let plan = if mirrors {
            let mut plan = reusing(&[A], &tags(2), 2, ["x", "y"], &digest);
            plan["images"]["app"]["mirrors"] = json!([B]);
            plan
        } else {
            reusing(&[A, B], &tags(2), 2, ["x", "y"], &digest)
        };
        merged(&world, &plan, Options::default());
        let there = world.tags("b");
        assert_eq!(there.into_values().collect::<Vec<_>>(), vec![digest.clone(); 2], "{mirrors}");
        assert_eq!(world.index("b", "edge").manifests.len(), 4);
        found(&of_plan(&world, &plan.to_string()), &[]);
    }
}

/// A plan of run 2 that reuses what run 1 published, and of an image that is built beside it.
fn with_another(plan: &mut Value, world: &mut World) {
    world.build(&["a"], Build::new("other", "linux/amd64"));
    plan["images"]["other"] = json!({
        "repositories": [A], "tags": [{ "name": "other", "class": "constant", "form": "other" }],
        "builds": { "other": { "platform": "linux/amd64" } }
    });
}

#[test]
fn what_cannot_be_reused_is_an_error_and_nothing_is_written() {
    type Harm = fn(&World, &mut Value);
    let retagged = |world: &World, plan: &mut Value, change: fn(&mut Value)| {
        let own = world
            .layout("a")
            .get_manifest(&"edge".parse::<bakeplan::internals::reference::Tag>().unwrap().into());
        let own = own.unwrap().unwrap();
        let mut index: Value = serde_json::from_slice(&own.bytes).unwrap();
        change(&mut index);
        let other = put(&world.layout("a"), OCI_INDEX, &index.to_string());
        put_tag(&world.layout("a"), "edge", &other);
        plan["images"]["app"]["reused"]["digest"] = json!(other.digest);
    };
    let harms: [(Harm, &str); 4] = [
        (
            |_, plan| plan["images"]["app"]["builds"]["app-linux-arm64"]["inputs"] = inputs("z"),
            "was made of other inputs than those that are planned",
        ),
        (
            |_, plan| {
                plan["images"]["app"]["builds"]["more"] =
                    json!({ "platform": "linux/s390x", "inputs": inputs("s") });
            },
            "was made of other inputs",
        ),
        (
            |_, plan| {
                plan["images"]["app"]["builds"].as_object_mut().unwrap().remove("app-linux-arm64");
            },
            "was made of other inputs",
        ),
        (
            |_, plan| plan["images"]["app"]["reused"]["digest"] = json!(digest("nothing")),
            "is not in `oci-layout:a`",
        ),
    ];
    type Change = fn(&mut Value);
    let changes: [(Change, &str); 3] = [
        (
            |index| drop(index["annotations"].as_object_mut().unwrap().remove(RECORD)),
            "does not record of which inputs",
        ),
        (|index| index["annotations"][RECORD] = "soon".into(), "records of its inputs cannot be read"),
        (
            |index| index["annotations"][RECORD] = format!("linux/amd64={}", digest("x")).into(),
            "was made of other inputs",
        ),
    ];
    let check = |world: &World, plan: &Value, before: &_, expected: &str| {
        let report = world.merge(&plan.to_string(), Options::default());
        let [problem] = &report.problems[..] else { panic!("{expected}: {:?}", report.problems) };
        assert_eq!(problem.code.name(), "not-reusable", "{problem:?}");
        assert!(problem.message.contains(expected), "{expected}: {problem:?}");
        assert!(
            problem.help.as_ref().is_some_and(|help| help.starts_with("make the plan again")),
            "{problem:?}"
        );
        assert!(problem.notes.iter().any(|note| note.contains(":edge@sha256:")), "{problem:?}");
        assert_eq!(world.tags("a"), *before, "{expected}");
        assert!(report.images.values().all(|image| image.status == Status::Failed));
    };
    for (harm, expected) in harms {
        let (mut world, own) = published(&["a"]);
        let mut plan = reusing(&[A], &tags(2), 2, ["x", "y"], &own);
        harm(&world, &mut plan);
        with_another(&mut plan, &mut world);
        check(&world, &plan, &world.tags("a"), expected);
    }
    for (change, expected) in changes {
        let (mut world, own) = published(&["a"]);
        let mut plan = reusing(&[A], &tags(2), 2, ["x", "y"], &own);
        retagged(&world, &mut plan, change);
        with_another(&mut plan, &mut world);
        check(&world, &plan, &world.tags("a"), expected);
    }
    // One of its manifests is gone, which the one with the tags has named.
    let (mut world, own) = published(&["a"]);
    let mut plan = reusing(&[A], &tags(2), 2, ["x", "y"], &own);
    with_another(&mut plan, &mut world);
    let before = world.tags("a");
    let lost = world.index("a", "edge").manifests[2].digest.clone();
    remove(&world.layout("a"), &lost);
    check(&world, &plan, &before, "is not in `oci-layout:a` any more");
    // It is the manifest of an image, and not an index.
    let (mut world, own) = published(&["a"]);
    let mut plan = reusing(&[A], &tags(2), 2, ["x", "y"], &own);
    with_another(&mut plan, &mut world);
    plan["images"]["app"]["reused"]["digest"] = json!(world.index("a", "edge").manifests[0].digest);
    check(&world, &plan, &world.tags("a"), "is not an index");
}

#[test]
fn what_is_built_and_what_is_reused_are_merged_together() {
    let (mut world, own) = published(&["a"]);
    let mut plan = reusing(&[A], &tags(2), 2, ["x", "y"], &own);
    world.built.clear();
    with_another(&mut plan, &mut world);
    let report = merged(&world, &plan, Options::default());
    assert!(report.to_table().ends_with("2 images published, 1 of them reused, 2 tags written\n"));
    assert!(report.images["other"].reused.is_none());
    // If the other one lacks its build, this one is published all the same; not if all are required.
    for (if_missing, expected) in [
        (IfMissing::AsPlanned, Status::Published),
        (IfMissing::Fail, Status::Published),
        (IfMissing::Hold, Status::Published),
        (IfMissing::RequireAll, Status::Held),
    ] {
        let (mut world, own) = published(&["a"]);
        let mut plan = reusing(&[A], &tags(2), 2, ["x", "y"], &own);
        with_another(&mut plan, &mut world);
        world.built.clear();
        let options = Options { if_missing, ..Options::default() };
        let report = merged(&world, &plan, options);
        assert_eq!((report.images["app"].status, report.images["other"].status), (expected, Status::Held));
    }
}

#[test]
fn a_tag_is_this_runs_though_its_index_is_an_earlier_ones() {
    use Outcome::{Created, Kept, Moved, Unchanged};
    let build = |world: &mut World, salt: &str| {
        for (leg, platform) in LEGS {
            world.build(&["a"], Build::new(leg, platform).salt(salt));
        }
    };
    let (mut world, first) = published(&["a"]);
    // Run 3 publishes something else; runs 2 and 4 have planned to reuse what run 1 published.
    build(&mut world, "3");
    merged(&world, &planned(&[A], &tags(3), 3, ["p", "q"]), Options::default());
    let third = world.tags("a")["edge"].clone();
    let report = merged(&world, &reusing(&[A], &tags(2), 2, ["x", "y"], &first), Options::default());
    assert_eq!(outcomes(&report), [Created, Kept]);
    assert_eq!(world.tags("a")["edge"], third);
    let plan = reusing(&[A], &tags(4), 4, ["x", "y"], &first);
    let report = merged(&world, &plan, Options { dry_run: true, ..Options::default() });
    assert_eq!((outcomes(&report), &world.tags("a")["edge"]), (vec![Created, Moved], &third));
    let report = merged(&world, &plan, Options::default());
    assert_eq!(outcomes(&report), [Created, Moved]);
    assert_eq!(world.tags("a")["edge"], first);
    // The index cannot say that run 4 chose it, which is told.
    let told: Vec<&str> = report.notes.iter().map(|note| note.message.as_str()).collect();
    assert_eq!(
        told,
        [
            "image `app` gives `oci-layout://a:edge` to what run 1 made: a merge of a run between that one and this one can take it back"
        ]
    );
    let report = merged(&world, &plan, Options::default());
    assert_eq!((outcomes(&report), report.notes.len()), (vec![Unchanged, Unchanged], 0));
    found(&of_plan(&world, &plan.to_string()), &[]);
    // A later run that builds takes it as always.
    build(&mut world, "5");
    let report = merged(&world, &planned(&[A], &tags(5), 5, ["r", "s"]), Options::default());
    assert_eq!(outcomes(&report), [Created, Moved]);
    found(&of_plan(&world, &plan.to_string()), &["tag-kept"]);
}

/// Whatever moves, another run can take it back: that is said of all such tags, also of those that are new.
#[test]
fn each_tag_of_what_an_earlier_run_made_may_go_back_and_that_is_said() {
    let version = r#"{"name":"1.0.0","class":"version","form":"{version}"},
        {"name":"1","floating":true,"class":"version","numbers":1,"form":"{version}","family":["{version}"]}"#;
    let channel = r#"{"name":"iron","floating":true,"class":"channel","form":"iron"}"#;
    let branch = r#"{"name":"main","floating":true,"class":"run","form":"{name}"}"#;
    for (tags, immutable, expected) in [
        (version, false, "`oci-layout://a:1.0.0`, `oci-layout://a:1`"),
        // It never changes.
        (version, true, "`oci-layout://a:1`"),
        (channel, false, "`oci-layout://a:iron`"),
        (branch, false, "`oci-layout://a:main`"),
        (&literal("sha-2"), false, ""),
    ] {
        // Of the run itself, nothing need be said.
        for number in [1, 2] {
            let (world, digest) = published(&["a"]);
            let world = without_builds(world);
            let mut plan = reusing(&[A], tags, number, ["x", "y"], &digest);
            plan["images"]["app"]["version"] = "1.0.0".into();
            plan["images"]["app"]["immutable"] = immutable.into();
            let report = merged(&world, &plan, Options::default());
            let told: Vec<&str> = report.notes.iter().map(|note| note.message.as_str()).collect();
            let said = format!(
                "image `app` gives {expected} to what run 1 made: a merge of a run between that one and this one can take it back"
            );
            let is_said = number == 2 && !expected.is_empty();
            let said: Vec<&str> = Some(said.as_str()).filter(|_| is_said).into_iter().collect();
            assert_eq!(told, said, "{number} {tags}");
        }
    }
}

#[test]
fn the_own_tags_of_a_version_that_is_there_stay_as_they_say() {
    let version = |plan: &mut Value| plan["images"]["app"]["version"] = "1.4.2".into();
    // A release of other inputs is there, and the plan reuses what edge had.
    let prepared = || {
        let (mut world, first) = published(&["a"]);
        world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("release"));
        let mut release = planned(&[A], TAGS, 2, ["p", "y"]);
        version(&mut release);
        merged(&world, &release, Options::default());
        let mut plan = reusing(&[A], TAGS, 3, ["x", "y"], &first);
        version(&mut plan);
        let had = world.tags("a")["1.4.2"].clone();
        (without_builds(world), plan, first, had)
    };
    let (world, plan, first, _) = prepared();
    merged(&world, &plan, Options::default());
    assert!(["1.4.2", "1.4", "1", "latest"].iter().all(|tag| world.tags("a")[*tag] == first));

    let (world, plan, first, had) = prepared();
    let report = merged(&world, &plan, Options { keep_existing: true, ..Options::default() });
    assert_eq!(report.images["app"].digest, Some(had.clone()));
    assert!(report.images["app"].reused.is_none());
    let note = report.notes.iter().find(|note| note.code.name() == "existing-release").unwrap();
    assert!(note.message.ends_with(&format!("stays so; {first} does not get its tags")), "{note:?}");
    assert_eq!(world.tags("a")["1.4.2"], had);

    let (world, mut plan, _, had) = prepared();
    plan["images"]["app"]["immutable"] = true.into();
    let report = world.merge(&plan.to_string(), Options::default());
    assert_eq!(report.problems[0].code.name(), "immutable-tag");
    assert!(report.problems[0].message.contains("what is to get the tag is"), "{:?}", report.problems);
    assert_eq!(world.tags("a")["1.4.2"], had);
    // A greater version keeps what is its own.
    let (world, first) = published(&["a"]);
    let mut greater = planned(&[A], &TAGS.replace("1.4.2", "1.4.3"), 2, ["p", "y"]);
    greater["images"]["app"]["version"] = "1.4.3".into();
    merged(&world, &greater, Options::default());
    let mut plan = reusing(&[A], TAGS, 3, ["x", "y"], &first);
    version(&mut plan);
    let report = merged(&without_builds(world), &plan, Options::default());
    assert_eq!(outcomes(&report), [Outcome::Created, Outcome::Kept, Outcome::Kept, Outcome::Kept]);
}

/// Runs the program in a world, with this plan.
fn run(world: &World, plan: &Value, files: &[(&str, &Value)], line: &[&str]) -> (Option<i32>, String, Value) {
    let mut test = Test::new().files(world.root(), "").file("plan.json", plan.to_string());
    for (name, content) in files {
        test = test.file(name, content.to_string());
    }
    let output = test.args(line.iter().copied()).output();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), told, serde_json::from_slice(&output.stdout).unwrap_or_default())
}

#[test]
fn indexes_come_first_and_tags_later_when_one_is_reused() {
    const FIRST: [&str; 7] =
        ["merge", "--plan", "plan.json", "--metadata=none", "--no-tags", "--format", "json"];
    const SECOND: [&str; 7] = ["merge", "--plan", "plan.json", "--result", "result.json", "--format", "json"];
    let (world, own) = published(&["a"]);
    let server = world.serve();
    let names = ["a", "b"].map(|name| format!("{}/{name}", server.host()));
    let names = names.each_ref().map(String::as_str);
    let plan = reusing(&names, &tags(2), 2, ["x", "y"], &own);
    let line = FIRST.map(|word| if word == "--metadata=none" { "--metadata=none.json" } else { word });
    let (status, told, result) = run(&world, &plan, &[("none.json", &json!({}))], &line);
    assert_eq!(status, Some(0), "{told}");
    assert_eq!(result["images"]["app"]["status"], "indexed");
    assert_eq!(result["images"]["app"]["reused"]["digest"], own.as_str());
    assert_eq!(result["indexes"], json!(names.map(|name| format!("{name}@{own}"))));
    assert_eq!((world.tags("a").len(), world.tags("b").len()), (2, 0));
    let (status, told, done) = run(&world, &plan, &[("result.json", &result)], &SECOND);
    assert_eq!(status, Some(0), "{told}");
    assert_eq!(done["images"]["app"]["reused"], result["images"]["app"]["reused"]);
    assert_eq!(world.tags("b").into_values().collect::<Vec<_>>(), vec![own.clone(); 2]);
    let verify = ["verify", "--plan", "plan.json", "--result", "result.json", "--format", "json"];
    let (status, told, _) = run(&world, &plan, &[("result.json", &done)], &verify);
    assert_eq!(status, Some(0), "{told}");
    // A result that names another digest is none of this plan.
    let mut other = result.clone();
    other["images"]["app"]["digest"] = json!(digest("other"));
    let (status, told, _) = run(&world, &plan, &[("result.json", &other)], &SECOND);
    assert!(
        status == Some(1) && told.contains("not-a-result") && told.contains("and the plan reuses"),
        "{told}"
    );
    // What is gone meanwhile is told.
    remove(&world.layout("a"), &own);
    remove(&world.layout("b"), &own);
    let (status, told, _) = run(&world, &plan, &[("result.json", &result)], &SECOND);
    assert!(status == Some(1) && told.contains("\"code\": \"not-reusable\""), "{told}");
}

#[test]
fn a_dry_run_shows_the_command_that_gives_the_tags() {
    let (world, own) = published(&["a"]);
    let server = world.serve();
    let name = format!("{}/a", server.host());
    let plan = reusing(&[&name], &tags(2), 2, ["x", "y"], &own);
    let line = ["merge", "--plan", "plan.json", "--metadata", "m.json", "--dry-run", "--format", "json"];
    let (status, told, report) = run(&world, &plan, &[("m.json", &json!({}))], &line);
    assert_eq!(status, Some(0), "{told}");
    let command = format!("docker buildx imagetools create -t {name}:sha-2 {name}@{own}");
    assert_eq!(report["images"]["app"]["commands"], json!([command]));
    assert_eq!(world.tags("a").len(), 2);
}

#[test]
fn verify_expects_what_is_reused() {
    let (mut world, own) = published(&["a"]);
    let mut plan = reusing(&[A], &tags(2), 2, ["x", "y"], &own);
    // The labels and annotations of this run are those of nothing that was built.
    plan["images"]["app"]["annotations"] = json!({ "k": "of this run" });
    for (leg, _) in LEGS {
        plan["images"]["app"]["builds"][leg]["labels"] = json!({ "k": "of this run" });
    }
    found(&of_plan(&world, &plan.to_string()), &["tag-missing"]);
    merged(&world, &plan, Options::default());
    found(&of_plan(&world, &plan.to_string()), &[]);
    // Somebody has moved the tag.
    for (leg, platform) in LEGS {
        world.build(&["a"], Build::new(leg, platform).salt("other"));
    }
    let other = planned(&[A], &literal("sha-2"), 1, ["x", "y"]);
    merged(&world, &other, Options::default());
    found(&of_plan(&world, &plan.to_string()), &["other-build"]);
}

/// A git repository with a definition whose image is published there.
fn sources(host: &str) -> Test {
    let definition = format!(
        r#"
variable "T" {{}}
target "app" {{
  context   = "app"
  platforms = ["linux/amd64", "linux/arm64"]
}}
image "app" {{
  repositories = ["{host}/a"]
  tags         = [T, "edge"]
}}
image "web" {{
  target       = "app"
  repositories = ["{host}/web"]
  tags         = ["edge"]
  retag        = false
}}
"#
    );
    let test = Test::new()
        .file("docker-bake.hcl", definition)
        .file("app/Dockerfile", "FROM scratch\nCOPY file /\n")
        .file("app/file", "x");
    for words in [&["init", "-q"][..], &["add", "."], &["commit", "-q", "-m", "x"]] {
        let identity = ["-c", "user.name=A", "-c", "user.email=a@example.com"];
        let folder = test.folder();
        let status = std::process::Command::new("git")
            .args(identity)
            .args(words)
            .current_dir(folder)
            .status()
            .unwrap();
        assert!(status.success(), "{words:?}");
    }
    test
}

/// Runs the program there; its exit code and all that it prints.
fn bakeplan(folder: &std::path::Path, line: &[&str]) -> (Option<i32>, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_bakeplan"))
        .args(line)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", folder)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn a_plan_that_reuses_is_made_again_from_the_sources() {
    let world = World::with_app(&["a", "web"]);
    let server = world.serve();
    let test = sources(&server.host());
    let folder = test.folder();
    let done = |line: &[&str]| {
        let (status, told) = bakeplan(folder, line);
        assert_eq!(status, Some(0), "{line:?}: {told}");
        told
    };
    std::fs::write(folder.join("m.json"), world.metadata()).unwrap();
    std::fs::write(folder.join("none.json"), "{}").unwrap();
    done(&["plan", "--inputs", "--var", "T=one", "--out", "out"]);
    done(&["merge", "--plan", "out/plan.json", "--metadata", "m.json"]);
    let first = world.tags("a")["edge"].clone();
    assert!(record(&world, "one").is_some());

    let plan = ["plan", "--skip-published", "--var", "T=two", "--out", "out"];
    let told = done(&plan);
    assert!(told.contains("1 image, 1 of them reused"), "{told}");
    let planned = std::fs::read_to_string(folder.join("out/plan.json")).unwrap();
    let value: Value = serde_json::from_str(&planned).unwrap();
    assert_eq!(value["images"].as_object().unwrap().keys().collect::<Vec<_>>(), ["app"]);
    assert_eq!(value["images"]["app"]["reused"]["digest"], first.as_str());
    let merge = ["merge", "--plan", "out/plan.json", "--metadata", "none.json", "--from-source", "--"];
    let options = ["--skip-published", "--var", "T=two"];
    let merge = [&merge[..], &options].concat();
    let refused = |change: &dyn Fn(&mut Value), expected: &str| {
        let mut other = value.clone();
        change(&mut other);
        std::fs::write(folder.join("out/plan.json"), other.to_string()).unwrap();
        let (status, told) = bakeplan(folder, &merge);
        assert!(status == Some(1) && told.contains(&format!("error[{expected}]")), "{told}");
        std::fs::write(folder.join("out/plan.json"), &planned).unwrap();
    };
    // Nobody asked for images to be left out.
    let without = ["merge", "--plan", "out/plan.json", "--metadata", "none.json", "--from-source", "--"];
    for options in [&["--var", "T=two"][..], &["--inputs", "--var", "T=two"]] {
        let (status, told) = bakeplan(folder, &[&without[..], options].concat());
        assert!(status == Some(1) && told.contains("error[plan-differs]"), "{options:?}: {told}");
    }
    // Something else in place of what is reused has another id, and hashes that make it right are not those of the sources.
    refused(&|plan| plan["images"]["app"]["reused"]["digest"] = json!(digest("other")), "plan-differs");
    refused(&|plan| plan["images"]["app"]["reused"]["repository"] = json!("r.io/evil"), "not-a-plan");
    refused(
        &|plan| plan["images"]["app"]["builds"]["app-linux-amd64"]["inputs"] = inputs("x"),
        "plan-differs",
    );
    refused(&|plan| plan["images"]["app"]["tags"][0]["name"] = "three".into(), "not-a-plan");
    // The sources are others than those that were published.
    std::fs::write(folder.join("app/file"), "y").unwrap();
    refused(&|_| {}, "plan-differs");
    std::fs::write(folder.join("app/file"), "x").unwrap();
    assert_eq!(world.tags("a").len(), 2);

    done(&merge);
    assert_eq!(
        world.tags("a").into_iter().collect::<Vec<_>>(),
        ["edge", "one", "two"].map(|tag| (tag.to_owned(), first.clone()))
    );
    assert_eq!(world.tags("web").keys().collect::<Vec<_>>(), ["edge"]);
    done(&["verify", "--plan", "out/plan.json"]);
    // What changed is built.
    std::fs::write(folder.join("app/file"), "y").unwrap();
    let told = done(&plan);
    assert!(told.contains("2 images,") && !told.contains("reused:"), "{told}");
}

#[test]
fn images_that_the_plan_leaves_as_they_are_are_named() {
    let keys = ["api", "web", "x1", "x2", "x3", "x4", "x5"];
    for (spared, told) in [
        (0, None),
        (1, Some("image `api` is left as it is: the plan does not build it")),
        (2, Some("2 images are left as they are: the plan does not build `api`, `web`")),
        (
            7,
            Some(
                "7 images are left as they are: the plan does not build `api`, `web`, `x1`, `x2`, `x3` and 2 more",
            ),
        ),
    ] {
        let world = World::with_app(&["a"]);
        let mut plan = planned(&[A], &tags(1), 1, ["x", "y"]);
        let built = std::iter::once(("app", true)).chain(keys[..spared].iter().map(|key| (*key, false)));
        for (key, is_built) in built {
            plan["verdicts"][key] = json!({ "build": is_built, "why": "same inputs" });
        }
        let report = world.merge(&plan.to_string(), Options::default());
        assert_eq!(report.images["app"].status, Status::Published, "{:?}", report.problems);
        let notes: Vec<&str> = report
            .notes
            .iter()
            .filter(|note| note.code.name() == "not-planned")
            .map(|note| note.message.as_str())
            .collect();
        assert_eq!(notes, Vec::from_iter(told));
    }
}
