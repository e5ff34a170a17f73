//! What clean-ups must leave alone: all that tags need, or nothing at all.

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use bakeplan::internals::oci::{OCI_INDEX, OCI_MANIFEST};
use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::Store;

use super::desk::merged;
use crate::loopback::{Answer, Seen, Server};
use crate::merge::world::{World, image, index, put, put_tag, remove};
use crate::support::Test;

/// What is printed of the repository `acme/app` of a registry, or the exit code and what is said.
fn keep(server: &Server) -> Result<BTreeSet<String>, (i32, String)> {
    let repository = format!("{}/acme/app", server.host());
    let output = Test::new().args(["verify", "--keep-set", "--allow-gaps", &repository]).output();
    let text = String::from_utf8(output.stdout).unwrap();
    if !output.status.success() {
        assert_eq!(text, "", "nothing that looks complete");
        return Err((output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap()));
    }
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.is_sorted() && (text.is_empty() || text.ends_with('\n')), "{text}");
    let prefix = format!("{repository}@");
    Ok(lines.into_iter().map(|line| line.strip_prefix(&prefix).unwrap().to_owned()).collect())
}

/// The digests of all manifests that a layout holds.
fn manifests(world: &World) -> BTreeSet<String> {
    let layout = world.layout("acme/app");
    let names = fs::read_dir(layout.path().join("blobs/sha256")).unwrap();
    let digests = names.map(|name| format!("sha256:{}", name.unwrap().file_name().to_str().unwrap()));
    let is_manifest = |digest: &String| {
        let text = layout.get_blob(&digest.parse::<Digest>().unwrap(), 1 << 20).unwrap().unwrap();
        String::from_utf8(text).is_ok_and(|text| text.contains("\"schemaVersion\""))
    };
    digests.filter(is_manifest).collect()
}

/// Puts a manifest that refers to another, which no tag names.
fn referrer(world: &World, subject: &Digest, text: &str) -> Digest {
    let layout = world.layout("acme/app");
    let text = image(&layout, OCI_MANIFEST, "{}", &[text.to_owned()]).replacen(
        '{',
        &format!(r#"{{"artifactType":"a/b","subject":{{"mediaType":"{OCI_MANIFEST}","digest":"{subject}","size":1}},"#),
        1,
    );
    put(&layout, OCI_MANIFEST, &text).digest
}

/// A registry that knows what refers to what.
fn serve(world: &World) -> Server {
    let root = world.root().to_owned();
    world.serve_with(move |seen| {
        let (name, subject) = seen.path().strip_prefix("/v2/")?.split_once("/referrers/")?;
        let layout = bakeplan::internals::registry::Layout::open(root.join(name)).unwrap();
        let found = layout.list_referrers(&subject.parse().unwrap(), None).unwrap();
        let entries: Vec<String> = found.iter().map(|one| serde_json::to_string(one).unwrap()).collect();
        Some(Answer::new(200, OCI_INDEX, index(&entries)).into())
    })
}

#[test]
fn indexes_images_attestations_and_what_refers_to_them_are_kept() {
    let world = merged();
    let server = serve(&world);
    let all = manifests(&world);
    // The index of each build is needed by no tag.
    let builds: BTreeSet<String> = world.built.values().map(ToString::to_string).collect();
    let needed: BTreeSet<String> = all.difference(&builds).cloned().collect();
    assert_eq!((needed.len(), keep(&server)), (5, Ok(needed.clone())));
    // A signature of the index, one of an image, and what attests a signature.
    let tag = world.tags("acme/app")["latest"].clone();
    let child = world.index("acme/app", "latest").manifests[0].digest.clone();
    let signature = referrer(&world, &tag, "of the index");
    let more =
        [signature.clone(), referrer(&world, &child, "of an image"), referrer(&world, &signature, "of it")];
    let with_more: BTreeSet<String> = needed.iter().cloned().chain(more.map(|one| one.to_string())).collect();
    assert_eq!(keep(&server), Ok(with_more.clone()));
    // What is about something that no tag needs is not needed.
    referrer(&world, &world.built["app-linux-amd64"], "of a build");
    assert_eq!(keep(&server), Ok(with_more));
}

/// Registries without that endpoint have a tag instead, and what it lists is kept; cosign's tags are tags.
#[test]
fn tags_that_stand_for_referrers_are_followed() {
    let world = merged();
    let server = world.serve();
    let layout = world.layout("acme/app");
    let before = keep(&server).unwrap();
    let tag = world.tags("acme/app")["latest"].clone();
    let text = image(&layout, OCI_MANIFEST, "{}", &["a signature".to_owned()]);
    let signature = put(&layout, OCI_MANIFEST, &text);
    let entry = serde_json::to_string(&signature.descriptor()).unwrap();
    let list = put(&layout, OCI_INDEX, &index(&[entry]));
    put_tag(&layout, &format!("sha256-{}", tag.hex()), &list);
    let text = image(&layout, OCI_MANIFEST, "{}", &["cosign".to_owned()]);
    let cosign = put(&layout, OCI_MANIFEST, &text);
    put_tag(&layout, &format!("sha256-{}.sig", tag.hex()), &cosign);
    let more = [signature, list, cosign].map(|one| one.digest.to_string());
    assert_eq!(keep(&server), Ok(before.into_iter().chain(more).collect()));
}

/// An index in an index, a tag of one image, and what a tagged artifact is about.
#[test]
fn whatever_a_tag_names_is_followed() {
    let world = merged();
    let server = world.serve();
    let layout = world.layout("acme/app");
    let before = keep(&server).unwrap();
    let build = layout.get_manifest(&world.built["app-linux-amd64"].clone().into()).unwrap().unwrap();
    let outer = put(&layout, OCI_INDEX, &index(&[serde_json::to_string(&build.descriptor()).unwrap()]));
    put_tag(&layout, "nested", &outer);
    let untagged = put(&layout, OCI_MANIFEST, &image(&layout, OCI_MANIFEST, "{}", &["untagged".to_owned()]));
    let about = referrer(&world, &untagged.digest, "about it");
    let manifest = layout.get_manifest(&about.clone().into()).unwrap().unwrap();
    put_tag(&layout, "about", &manifest);
    let more = [outer.digest, build.digest, untagged.digest, about].map(|one| one.to_string());
    assert_eq!(keep(&server), Ok(before.into_iter().chain(more).collect()));
}

#[test]
fn plans_and_layouts_name_repositories_too() {
    let world = merged();
    let test = || {
        Test::new().file("plan.json", crate::merge::world::plan(&[super::desk::APP])).files(world.root(), "")
    };
    let outputs = [
        test().args(["verify", "--keep-set", "--plan", "plan.json"]).output(),
        test().args(["verify", "--keep-set", "oci-layout:acme/app", "oci-layout:acme/app"]).output(),
    ];
    for output in &outputs {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.stdout, outputs[0].stdout);
        assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 5);
    }
}

#[test]
fn what_is_not_a_repository_is_refused() {
    for text in ["ghcr.io/acme/app:1", "app@sha256:00", "ghcr.io/ACME"] {
        Test::new()
            .args(["verify", "--keep-set", text])
            .status(2)
            .stderr("[..]`--keep-set` takes whole ones[..]\n")
            .run();
    }
}

/// What cannot be known is no reason to delete: whatever fails, nothing is printed.
#[test]
fn nothing_is_printed_when_something_is_not_known() {
    let world = merged();
    let digest = world.tags("acme/app")["latest"].clone();
    let child = world.index("acme/app", "latest").manifests[0].digest.clone();
    let of = |suffix: String, status: u16, code: &'static str| {
        world.serve_with(move |seen| {
            seen.path().ends_with(&suffix).then(|| Answer::error(status, code).into())
        })
    };
    for (server, exit, expected) in [
        (of("tags/list".into(), 403, "DENIED"), 5, "DENIED"),
        (of("tags/list".into(), 400, "UNSUPPORTED"), 5, "cannot list the tags"),
        (of(format!("manifests/{digest}"), 404, "MANIFEST_UNKNOWN"), 5, "is needed, and is not in"),
        (of(format!("manifests/{digest}"), 400, "MANIFEST_INVALID"), 5, "cannot be read"),
        (
            of("manifests/latest".into(), 404, "MANIFEST_UNKNOWN"),
            5,
            "is in the list of tags, and is not there",
        ),
        (of(format!("referrers/{child}"), 403, "DENIED"), 1, "DENIED"),
        (of(format!("referrers/{digest}"), 500, "UNKNOWN"), 1, "cannot list"),
    ] {
        let (status, told) = keep(&server).expect_err(expected);
        assert!(status == exit && told.contains(expected), "{expected}: {status} {told}");
    }
    // Content that makes no sense.
    for text in [r#"{"manifests":[{"digest":"md5:00"}]}"#, r#"{"manifests":7}"#, "[]"] {
        let digest = Digest::sha256(text.as_bytes());
        let server = Server::start(move |seen: &Seen| match seen.path().rsplit('/').next() {
            Some("list") => Answer::json(200, r#"{"tags":["strange"]}"#),
            _ => Answer::new(200, OCI_INDEX, text).header("Docker-Content-Digest", digest.to_string()),
        });
        let (status, told) = keep(&server).expect_err(text);
        assert!(status == 5 && told.contains("cannot be read"), "{text}: {told}");
    }
    // An inner index that is gone.
    let world = merged();
    let layout = world.layout("acme/app");
    let build = layout.get_manifest(&world.built["app-linux-amd64"].clone().into()).unwrap().unwrap();
    let outer = put(&layout, OCI_INDEX, &index(&[serde_json::to_string(&build.descriptor()).unwrap()]));
    put_tag(&layout, "nested", &outer);
    remove(&layout, &build.digest);
    let (status, told) = keep(&world.serve()).expect_err("it is gone");
    assert!(status == 5 && told.contains("is needed, and is not in"), "{told}");
}

/// Every manifest that an index names is needed, that of an attestation too.
#[test]
fn a_child_that_is_missing_is_noticed() {
    let count = merged().index("acme/app", "latest").manifests.len();
    for at in 0..count {
        let world = merged();
        let child = world.index("acme/app", "latest").manifests[at].digest.clone();
        remove(&world.layout("acme/app"), &child);
        let (status, told) = keep(&world.serve()).expect_err("it is gone");
        assert!(status == 5 && told.contains(&format!("{child} is needed, and is not in")), "{told}");
    }
}

/// Tags that come or move while they are read would be lost.
#[test]
fn tags_that_change_meanwhile_are_noticed() {
    for moved in ["1.4", "new"] {
        let world = merged();
        let layout = world.layout("acme/app");
        let text = image(&layout, OCI_MANIFEST, "{}", &["another".to_owned()]);
        let other = put(&layout, OCI_MANIFEST, &text);
        let lists = AtomicUsize::new(0);
        let root = world.root().to_owned();
        let server = world.serve_with(move |seen| {
            // The second look begins with the first page again.
            let begins = seen.path().ends_with("/tags/list") && !seen.target.contains("last=");
            if begins && lists.fetch_add(1, Ordering::SeqCst) == 1 {
                let layout = bakeplan::internals::registry::Layout::open(root.join("acme/app")).unwrap();
                let at = bakeplan::internals::registry::TagOrDigest::Tag(moved.parse().unwrap());
                layout.put_manifest(&at, &other).unwrap();
            }
            None
        });
        let outcome = keep(&server);
        let (status, told) = outcome.expect_err(moved);
        assert!(status == 5 && told.contains("changed while they were read"), "{moved}: {told}");
        assert!(keep(&server).is_ok(), "{moved}");
    }
}

#[test]
fn a_repository_without_tags_is_an_error() {
    let absent = Server::start(|_: &Seen| Answer::error(404, "NAME_UNKNOWN"));
    let empty = Server::start(|_: &Seen| Answer::json(200, r#"{"tags":[]}"#));
    for server in [World::new().serve(), absent, empty] {
        let (status, told) = keep(&server).expect_err("it has no tags");
        assert!(status == 5 && told.contains("[not-known]"), "{status} {told}");
        assert!(told.contains("/acme/app` has no tags, or does not exist"), "{told}");
        assert!(told.contains("check the name of the repository"), "{told}");
    }
}

/// What a repository is told of, with gaps and without: nothing is printed without, if there are any.
fn gaps(server: &Server, message: &str, has_gaps: bool) {
    let repository = format!("{}/acme/app", server.host());
    for (options, status) in [(&["--allow-gaps"][..], 0), (&[], if has_gaps { 5 } else { 0 })] {
        let arguments = [&["verify", "--keep-set", &repository], options].concat();
        let output = Test::new().args(arguments).output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{options:?} {told}");
        assert_eq!(output.stdout.is_empty(), status == 5, "{options:?} {told}");
        let severity = if options.is_empty() { "error" } else { "warning" };
        let count = told.matches(&format!("`{repository}` {message}")).count();
        assert_eq!(count, usize::from(has_gaps), "{told}");
        assert_eq!(told.contains(&format!("{severity}[")), has_gaps, "{told}");
    }
}

/// Whoever deletes what has no tag would delete what is attached in a way that cannot be listed.
#[test]
fn a_repository_that_cannot_list_what_refers_to_images_is_named() {
    let world = merged();
    for (server, is_named) in [(world.serve(), true), (serve(&world), false)] {
        gaps(&server, "has no list of what refers to a manifest", is_named);
    }
}

/// A gateway that knows nothing of that endpoint may answer with anything, which does not mean that there is nothing.
#[test]
fn an_answer_without_a_list_is_no_empty_list() {
    for body in ["{}", r#"{"manifests":null}"#, r#"{"schemaVersion":2,"manifests":[]}"#] {
        let world = merged();
        let server = world.serve_with(move |seen| {
            seen.path().contains("/referrers/").then(|| Answer::new(200, OCI_INDEX, body).into())
        });
        gaps(&server, "has no list of what refers to a manifest", !body.contains("[]"));
    }
}

/// What refers to manifests is unknown in a whole repository: one error, which says of how many.
#[test]
fn referrers_that_cannot_be_read_are_said_once() {
    let world = merged();
    let server = world.serve_with(|seen| {
        seen.path().contains("/referrers/").then(|| Answer::new(200, "text/html", "<h1>Sorry</h1>").into())
    });
    let (status, told) = keep(&server).expect_err("they are not known");
    assert!(status == 5 && told.matches("error[").count() == 1, "{told}");
    // An index, two images and their attestations.
    assert!(told.contains(" and 4 other manifests in `"), "{told}");
}

/// A list that lacks a tag of the plan may lack others.
#[test]
fn a_list_that_lacks_a_planned_tag_is_not_known() {
    for (list, is_known) in [(r#"["1.4.2","1.4","1","latest"]"#, true), (r#"["1.4","1","latest"]"#, false)] {
        let world = merged();
        let server = world.serve_with(move |seen| match seen.target.contains("last=") {
            _ if !seen.path().ends_with("/tags/list") => None,
            true => Some(Answer::json(200, r#"{"tags":[]}"#).into()),
            false => Some(Answer::json(200, format!(r#"{{"tags":{list}}}"#)).into()),
        });
        let document = crate::merge::world::plan(&[&format!("{}/acme/app", server.host())]);
        let test = Test::new().file("plan.json", &document);
        let output = test.args(["verify", "--keep-set", "--allow-gaps", "--plan", "plan.json"]).output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(if is_known { 0 } else { 5 }), "{told}");
        assert_eq!(output.stdout.is_empty(), !is_known);
        assert_eq!(told.contains("the list of tags lacks it"), !is_known, "{told}");
    }
}

/// Who deletes what the set lacks must know when tags may be missing from the list.
#[test]
fn a_list_that_may_go_on_is_named() {
    let list = r#"{"tags":["1.4.2","1.4","1","latest"]}"#;
    // What follows the last tag is nothing, is refused, or is the same list again.
    for (after, is_whole) in
        [(Some(r#"{"tags":[]}"#), true), (Some(r#"{"tags":null}"#), true), (None, false), (Some(list), false)]
    {
        let world = merged();
        let server = world.serve_with(move |seen| match (seen.target.contains("last="), after) {
            _ if seen.path().contains("/referrers/") => {
                Some(Answer::new(200, OCI_INDEX, index(&Vec::<String>::new())).into())
            }
            _ if !seen.path().ends_with("/tags/list") => None,
            (false, _) => Some(Answer::json(200, list).into()),
            (true, Some(after)) => Some(Answer::json(200, after).into()),
            (true, None) => Some(Answer::error(405, "UNSUPPORTED").into()),
        });
        gaps(&server, "does not say that its list of tags is whole", !is_whole);
    }
}
