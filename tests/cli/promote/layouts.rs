//! Layouts on disk that are filled, made and mended.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bakeplan::internals::oci::ImageManifest;
use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::{Layout, Store};

use super::stage::Stage;
use crate::merge::world::{TAGS, plan_of};
use crate::support::Test;

/// The arguments that copy the image of a stage to a layout.
fn fill(stage: &Stage, layout: &str) -> [String; 4] {
    let source = format!("{}:sha-c0ffee0", stage.at("app"));
    ["promote".to_owned(), source, "--to".to_owned(), format!("oci-layout:{layout}:1.4.2")]
}

/// Runs the program in a folder: the exit code, and what is told.
fn run(folder: &Path, arguments: &[impl AsRef<str>]) -> (i32, String) {
    let test = Test::new().args(["-C", folder.to_str().unwrap()]);
    let output = test.args(arguments.iter().map(AsRef::as_ref)).output();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// All files below a folder, with their content.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            let name = entry.strip_prefix(folder).unwrap().display().to_string();
            match fs::symlink_metadata(&entry).unwrap() {
                link if link.is_symlink() => drop(found.insert(name, b"a link".to_vec())),
                other if other.is_dir() => open.push(entry),
                _ => drop(found.insert(name, fs::read(&entry).unwrap())),
            }
        }
    }
    found
}

#[test]
fn a_new_or_empty_folder_becomes_a_layout() {
    let stage = Stage::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let absolute = elsewhere.path().join("new").display().to_string();
    for path in ["new", "deep/in/new", "./empty", "interrupted/", &absolute] {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("empty")).unwrap();
        fs::create_dir(folder.path().join("interrupted")).unwrap();
        fs::write(folder.path().join("interrupted/.bakeplan.a1b2c3"), "half of").unwrap();
        let before = files(folder.path());
        let mut dry = fill(&stage, path).to_vec();
        dry.push("--dry-run".to_owned());
        let (status, told) = run(folder.path(), &dry);
        assert_eq!((status, files(folder.path())), (0, before), "{path}: {told}");
        assert!(!folder.path().join("new").exists() && !folder.path().join("deep").exists(), "{path}");
        for _ in 0..2 {
            let (status, told) = run(folder.path(), &fill(&stage, path));
            assert_eq!(status, 0, "{path}: {told}");
        }
        let place = folder.path().join(path);
        assert_eq!(
            fs::read_to_string(place.join("oci-layout")).unwrap(),
            r#"{"imageLayoutVersion":"1.0.0"}"#
        );
        let index = fs::read_to_string(place.join("index.json")).unwrap();
        assert!(index.contains(stage.digest().as_str()) && index.contains("1.4.2"), "{index}");
        let (status, told) = run(folder.path(), &["verify", &format!("oci-layout:{path}:1.4.2")]);
        assert_eq!(status, 0, "{path}: {told}");
    }
}

/// Tags of a plan go to a new layout, too, beside a registry.
#[test]
fn a_layout_of_a_plan_is_made() {
    let stage = Stage::new();
    let document = plan_of(&[&stage.at("app"), "oci-layout:new"], TAGS, r#""version":"1.4.2","#, "hold");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("plan.json"), document).unwrap();
    let source = format!("app={}:sha-c0ffee0", stage.at("app"));
    let (status, told) = run(folder.path(), &["promote", &source, "--plan", "plan.json"]);
    assert_eq!(status, 0, "{told}");
    let layout = Layout::open(folder.path().join("new")).unwrap();
    assert_eq!(layout.list_tags().unwrap().len(), 4);
}

#[test]
fn nothing_else_becomes_a_layout() {
    let stage = Stage::new();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("other")).unwrap();
    fs::write(at("other/notes.txt"), "mine").unwrap();
    fs::create_dir_all(at("parent/child")).unwrap();
    fs::create_dir_all(at("half/blobs")).unwrap();
    fs::write(at("file"), "mine").unwrap();
    fs::create_dir(at("target")).unwrap();
    let mut paths = vec![
        ("other", "a new one is made in an empty folder only"),
        ("parent", "a new one is made in an empty folder only"),
        ("half", "a new one is made in an empty folder only"),
        ("file", "it is not an OCI layout"),
        ("file/below", "a directory"),
    ];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("target", at("link")).unwrap();
        std::os::unix::fs::symlink("none", at("dangling")).unwrap();
        paths.extend([
            ("link", "it is not an OCI layout"),
            ("link/", "it is not an OCI layout"),
            ("dangling", "it is not an OCI layout"),
            ("link/new", "`link` is a symbolic link"),
        ]);
    }
    let before = files(folder.path());
    for (path, expected) in paths {
        let (status, told) = run(folder.path(), &fill(&stage, path));
        assert!(status == 1 && told.contains(expected), "{path}: {status} {told}");
        assert_eq!(files(folder.path()), before, "{path}");
    }
    // What is read has to be there.
    for source in ["new:1.4.2", "target:1.4.2"] {
        let source = format!("oci-layout:{source}");
        for to in ["oci-layout:new:1.5", "oci-layout:target:1.5"] {
            let (status, told) = run(folder.path(), &["promote", &source, "--to", to]);
            assert!(status == 1 && told.contains("it is not an OCI layout"), "{source} {to}: {told}");
        }
        assert_eq!(run(folder.path(), &["verify", &source]).0, 1, "{source}");
    }
    assert_eq!(files(folder.path()), before);
    assert!(!at("new").exists());
}

/// The digests of one of each kind of what an image is made of.
fn parts(stage: &Stage) -> Vec<(&'static str, Digest)> {
    let index = stage.world.index("app", "sha-c0ffee0");
    let [child, attestation] = [0, 1].map(|at| index.manifests[at].digest.clone());
    let manifest = stage.world.layout("app").get_manifest(&child.clone().into()).unwrap().unwrap();
    let parsed: ImageManifest = serde_json::from_slice(&manifest.bytes).unwrap();
    let (layer, config) = (parsed.layers[0].digest.clone(), parsed.config.digest);
    let whole = stage.digest();
    vec![
        ("layer", layer),
        ("config", config),
        ("image", child),
        ("attestation", attestation),
        ("index", whole),
    ]
}

#[test]
fn what_is_damaged_in_a_layout_is_replaced_where_the_source_is_right() {
    let stage = Stage::new();
    let folder = tempfile::tempdir().unwrap();
    let (status, told) = run(folder.path(), &fill(&stage, "l"));
    assert_eq!(status, 0, "{told}");
    let whole = files(folder.path());
    type Damage = fn(&[u8]) -> Vec<u8>;
    let damages: [Damage; 3] =
        [|_| Vec::new(), |bytes| bytes[1..].to_vec(), |bytes| bytes.iter().map(|byte| byte ^ 1).collect()];
    for (part, digest) in parts(&stage) {
        let name = format!("l/blobs/sha256/{}", digest.hex());
        for damage in damages {
            let spoil = || fs::write(folder.path().join(&name), damage(&whole[&name])).unwrap();
            spoil();
            let (status, told) = run(folder.path(), &["verify", "oci-layout:l:1.4.2"]);
            assert!(status == 4 && told.contains("digest-mismatch"), "{part}: {told}");
            let (status, told) = run(folder.path(), &fill(&stage, "l"));
            assert_eq!(status, 0, "{part}: {told}");
            assert_eq!(files(folder.path()), whole, "{part}");
            // Under another tag as well, and for a plan.
            spoil();
            let mut other = fill(&stage, "l");
            other[3] = "oci-layout:l:prod".to_owned();
            let (status, told) = run(folder.path(), &other);
            assert_eq!(status, 0, "{part}: {told}");
            assert_eq!(run(folder.path(), &["verify", "oci-layout:l:1.4.2"]).0, 0, "{part}");
            fs::write(folder.path().join("l/index.json"), &whole["l/index.json"]).unwrap();
        }
    }
}

/// Where nothing else has it, that is said in words that are true of a folder.
#[test]
fn what_is_damaged_everywhere_is_told() {
    let stage = Stage::new();
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(folder.path(), &fill(&stage, "l")).0, 0);
    for (part, digest) in parts(&stage) {
        let name = folder.path().join(format!("l/blobs/sha256/{}", digest.hex()));
        let right = fs::read(&name).unwrap();
        fs::write(&name, "damaged").unwrap();
        for to in ["oci-layout:l:prod", "oci-layout:other:prod", &format!("{}:prod", stage.at("other"))] {
            let (status, told) = run(folder.path(), &["promote", "oci-layout:l:1.4.2", "--to", to]);
            assert_eq!(status, 1, "{part} {to}: {told}");
            for expected in ["digest-mismatch", "its file is damaged", "fill the layout again"] {
                assert!(told.contains(expected), "{part} {to}: {told}");
            }
            for wrong in ["network", "between here and the registry", "merge soon after"] {
                assert!(!told.contains(wrong), "{part} {to}: {told}");
            }
            assert!(!told.contains("prod created"), "{part} {to}: {told}");
        }
        fs::write(&name, right).unwrap();
    }
}
