//! What a build sees of small contexts, by what it copies. That our walk sees the same is up to the unit tests, which
//! have the same table.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use serde_json::{Value, json};

use self::situations::{SITUATIONS, Situation, Thing};
use super::world::bake;
use crate::engine::{Project, engine};

#[path = "../../../src/context/situations.rs"]
mod situations;

/// How many targets are exported at once.
const AT_ONCE: usize = 16;

fn path(thing: &Thing) -> &'static str {
    match thing {
        Thing::File(path) | Thing::Executable(path) | Thing::Link(path, _) | Thing::Folder(path) => path,
    }
}

/// Fills a context. What is not `seen` holds something else if it `differs`.
fn fill(root: &Path, files: &[Thing], differs: impl Fn(&str) -> bool) {
    for thing in files {
        let name = path(thing);
        let full = root.join(name);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        let content = if differs(name) { "another" } else { name };
        match thing {
            Thing::File(_) => fs::write(full, content).unwrap(),
            Thing::Executable(_) => {
                fs::write(&full, content).unwrap();
                fs::set_permissions(full, fs::Permissions::from_mode(0o755)).unwrap();
            }
            Thing::Link(_, to) => symlink(if differs(name) { "elsewhere" } else { to }, full).unwrap(),
            Thing::Folder(_) => fs::create_dir_all(full).unwrap(),
        }
    }
}

/// A target whose context, Dockerfile and ignore file are in a folder of its own.
fn target(project: &Project, name: &str, situation: &Situation, differs: impl Fn(&str) -> bool) -> Value {
    let copy = if situation.sources.is_empty() {
        "COPY . /".to_owned()
    } else {
        let quoted: Vec<String> = situation.sources.iter().map(|source| format!("{source:?}")).collect();
        format!("COPY [{}, \"/x/\"]", quoted.join(", "))
    };
    let folder = project.path(name);
    fs::create_dir_all(folder.join("context")).unwrap();
    fs::write(folder.join("Dockerfile"), format!("FROM scratch\n{copy}\n")).unwrap();
    fs::write(folder.join("Dockerfile.dockerignore"), situation.ignore).unwrap();
    fill(&folder.join("context"), situation.files, differs);
    json!({ "context": format!("{name}/context"), "dockerfile": "../Dockerfile", "platforms": ["linux/amd64"] })
}

fn write_definition(project: &Project, targets: &serde_json::Map<String, Value>) -> Vec<String> {
    let names = targets.keys().cloned().collect();
    let definition = json!({ "target": targets }).to_string();
    fs::write(project.path("docker-bake.json"), definition).unwrap();
    names
}

#[test]
fn a_build_copies_what_the_table_says() {
    let project = Project::new(engine(), "walks");
    let whole: Vec<&Situation> = SITUATIONS.iter().filter(|one| one.sources.is_empty()).collect();
    let targets = whole.iter().enumerate().map(|(at, situation)| {
        let name = format!("w{at}");
        let mut target = target(&project, &name, situation, |_| false);
        target["output"] = json!([format!("type=local,dest=out/{name}")]);
        (name, target)
    });
    let names = write_definition(&project, &targets.collect());
    for names in names.chunks(AT_ONCE) {
        let mut arguments = vec!["bake", "--progress=quiet", "--provenance=false", "--allow=fs=*"];
        arguments.extend(names.iter().map(String::as_str));
        project.buildx(&arguments);
    }
    for (at, situation) in whole.iter().enumerate() {
        let mut found = BTreeSet::new();
        list(&project.path(&format!("out/w{at}")), "", &mut found);
        let expected: BTreeSet<String> = situation.sees.iter().map(|path| (*path).to_owned()).collect();
        assert_eq!(found, expected, "{}", situation.name);
    }
}

fn list(folder: &Path, before: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{before}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            found.insert(format!("{path}/"));
            list(&entry.path(), &format!("{path}/"), found);
        } else {
            found.insert(path);
        }
    }
}

#[test]
fn what_is_not_seen_does_not_change_the_image() {
    let project = Project::new(engine(), "narrow");
    let narrow: Vec<&Situation> = SITUATIONS.iter().filter(|one| !one.sources.is_empty()).collect();
    let mut targets = serde_json::Map::new();
    for (at, situation) in narrow.iter().enumerate() {
        let is_seen = |path: &str| situation.sees.iter().any(|seen| seen.trim_end_matches('/') == path);
        targets.insert(
            format!("n{at}-as-it-is"),
            target(&project, &format!("n{at}-as-it-is"), situation, |_| false),
        );
        let unseen = format!("n{at}-unseen");
        targets.insert(unseen.clone(), target(&project, &unseen, situation, |path| !is_seen(path)));
    }
    let names = write_definition(&project, &targets);
    let built = bake(&project, &project.path("docker-bake.json"), &[], &names, true);
    for (at, situation) in narrow.iter().enumerate() {
        let digest = |what: &str| &built[&format!("n{at}-{what}")];
        assert_eq!(digest("as-it-is"), digest("unseen"), "{}", situation.name);
    }
}
