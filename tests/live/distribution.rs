//! Our client of the distribution API against a real registry, into which crane writes.

use std::process::Command;

use bakeplan::internals::oci::{ImageManifest, OCI_INDEX};
use bakeplan::internals::reference::{Digest, Repository};
use bakeplan::internals::registry::{Client, MAX_CONFIG, Manifest, Mount, Settings, Store, TagOrDigest};

use super::engine::{Project, engine, need};

fn tag(name: &str) -> TagOrDigest {
    TagOrDigest::Tag(name.parse().expect("it is a tag"))
}

#[test]
fn what_crane_wrote_is_read_mounted_and_put_into_an_index() {
    let engine = engine();
    let project = Project::new(engine, "distribution");
    // An empty archive is a layer.
    let layer = project.scratch("layer.tar", &"\0".repeat(1024));
    let (name, sibling) = (project.repository(0, "app"), project.repository(0, "sibling"));
    let written = Command::new(need("BAKEPLAN_CRANE"))
        .args(["append", "--insecure", "--oci-empty-base", "-f", &layer, "-t", &format!("{name}:crane")])
        .output()
        .expect("crane starts");
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));

    let client = Client::new(&Settings::default()).expect("there is nothing to go wrong");
    let name: Repository = name.parse().expect("it is a repository");
    let repository = client.repository(&name);
    let sibling = client.repository(&sibling.parse().expect("it is a repository"));
    let image = repository.get_manifest(&tag("crane")).expect("it is served").expect("it is there");
    let head = repository.head_manifest(&tag("crane")).expect("it is served");
    assert_eq!(head, Some(image.descriptor()));
    let content: ImageManifest = serde_json::from_slice(&image.bytes).expect("it is a manifest");
    let config = repository.get_blob(&content.config.digest, MAX_CONFIG).expect("it is served");
    assert_eq!(config.map(|config| config.len() as i64), Some(content.config.size));
    let blobs = [&content.config, &content.layers[0]];

    let absent = Digest::sha256(b"nobody wrote this");
    assert_eq!(repository.head_blob(&absent).expect("it is answered"), None);
    assert_eq!(repository.get_manifest(&absent.clone().into()).expect("it is answered"), None);
    assert_eq!(repository.head_manifest(&tag("none")).expect("it is answered"), None);
    assert_eq!(sibling.list_tags().expect("it is answered"), []);

    // Before its blobs are there, the manifest is refused.
    let refused = sibling.put_manifest(&image.digest.clone().into(), &image).expect_err("blobs are missing");
    assert!(refused.entries().iter().any(|entry| entry.code == "MANIFEST_BLOB_UNKNOWN"), "{refused}");
    assert!(refused.named_digests().contains(&content.config.digest), "{refused}");
    for blob in blobs {
        assert_eq!(sibling.mount_blob(&blob.digest, &name).expect("it is answered"), Mount::Mounted);
        assert_eq!(sibling.head_blob(&blob.digest).expect("it is answered"), u64::try_from(blob.size).ok());
    }
    let declined = sibling.mount_blob(&absent, &name).expect("it is answered");
    assert!(matches!(declined, Mount::Declined(_)), "{declined:?}");
    sibling.put_manifest(&image.digest.clone().into(), &image).expect("its blobs are there");

    let entry = format!(
        r#"{{"mediaType":"{}","digest":"{}","size":{}}}"#,
        image.media_type,
        image.digest,
        image.bytes.len()
    );
    let text = format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[{entry}]}}"#);
    let index = Manifest::new(OCI_INDEX, text.into_bytes());
    for name in ["1.0", "1", "latest"] {
        sibling.put_manifest(&tag(name), &index).expect("its children are there");
    }
    assert_eq!(sibling.get_manifest(&tag("1")).expect("it is served"), Some(index.clone()));
    let mut tags: Vec<_> =
        sibling.list_tags().expect("it is served").iter().map(ToString::to_string).collect();
    tags.sort();
    assert_eq!(tags, ["1", "1.0", "latest"]);
    assert_eq!(sibling.list_referrers(&index.digest, None).expect("it is answered"), []);
}
