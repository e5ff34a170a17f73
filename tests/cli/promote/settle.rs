//! A look at lists after a while, which show late what other merges have written.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bakeplan::internals::oci::OCI_INDEX;

use super::stage::Stage;
use crate::loopback::Server;
use crate::merge::world::{TAGS, index_of, plan_of, put, put_tag};

/// A registry that shows version 1.5.0 in the second list after `latest` was written.
fn late(stage: &Stage) -> Server {
    let layout = stage.world.layout("app");
    let text = index_of(&layout, stage.world.built.values(), "1.5.0");
    let greater = put(&layout, OCI_INDEX, &text);
    let (is_written, lists) = (AtomicBool::new(false), AtomicUsize::new(0));
    stage.world.serve_through(move |seen, forward| {
        if seen.method == "PUT" && seen.path().ends_with("/latest") {
            is_written.store(true, Ordering::SeqCst);
        }
        let is_list = seen.path().ends_with("/tags/list") && !seen.target.contains("last=");
        if is_list && is_written.load(Ordering::SeqCst) && lists.fetch_add(1, Ordering::SeqCst) == 1 {
            put_tag(&layout, "1.5.0", &greater);
        }
        forward().into()
    })
}

#[test]
fn what_lists_show_late_gets_its_floating_tags_after_a_while() {
    for is_planned in [true, false] {
        for (option, owner) in [("", "1.4.2"), (" --settle 1s", "1.5.0")] {
            let stage = Stage::new();
            let server = late(&stage);
            let app = format!("{}/app", server.host());
            let document = plan_of(&[&app], TAGS, r#""version":"1.4.2","#, "hold");
            let to = if is_planned {
                "--plan plan.json".to_owned()
            } else {
                ["1.4.2", "1.4", "1", "latest"].map(|tag| format!("--to {app}:{tag}")).join(" ")
            };
            let outcome = stage.run_with(&document, &format!("{app}:sha-c0ffee0 {to}{option}"));
            // Whoever has named the tags is told that they are another's.
            let is_left = !is_planned && owner == "1.5.0";
            assert_eq!(outcome.status, if is_left { 5 } else { 0 }, "{to}{option}: {}", outcome.told);
            let tags = stage.world.tags("app");
            assert_eq!(tags["1.4"], tags["1.4.2"], "{to}{option}");
            assert_eq!(tags.contains_key("1.5.0"), owner == "1.5.0", "{to}{option}");
            for tag in ["1", "latest"] {
                assert_eq!(tags[tag], tags[owner], "{to}{option}: {tag}");
            }
        }
    }
}

#[test]
fn where_nothing_is_looked_at_afterwards_it_is_refused() {
    let stage = Stage::new();
    let document = plan_of(&[&stage.at("app")], TAGS, r#""version":"1.4.2","#, "hold");
    for line in [
        "HOST/app:sha-c0ffee0 --to HOST/app:latest --dry-run --settle 1s",
        "HOST/app:sha-c0ffee0 --to HOST/app:latest --allow-backward --settle 1s",
        "--floating HOST/app --plan plan.json --settle 1s",
    ] {
        stage.refuses(&document, line, 2, "cannot be used with");
    }
}
