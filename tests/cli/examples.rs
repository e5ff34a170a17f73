//! The folders of `examples/`: what the program says and writes there is what stands there, byte for byte.
//!
//! `SNAPSHOTS=overwrite cargo test examples` writes it anew.

use std::fs;
use std::path::{Path, PathBuf};

use snapbox::{Assert, Data, data::DataFormat};

use crate::support::Test;

/// What `plan --out out` writes.
const PRODUCTS: [&str; 3] = ["docker-bake.json", "matrix.json", "plan.json"];

/// What an example's specification may be.
const SPECS: [&str; 3] = ["docker-bake.hcl", "images.hcl", "images.json"];

fn examples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let entries = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(folders.len() > 4, "the examples are not where they were");
    folders
}

/// The files of a folder, relative to it.
fn files(folder: &Path) -> Vec<String> {
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    files
}

/// A run in a copy of the example, which is the folder `example`; `with_products` says whether `out/` is copied, too.
fn test(example: &Path, with_products: bool) -> Test {
    let copied = files(example).into_iter().filter(|path| with_products || !path.starts_with("out/"));
    copied.fold(Test::new(), |test, path| {
        let content = fs::read(example.join(&path)).unwrap();
        test.file(&format!("example/{path}"), content)
    })
}

fn golden(path: &Path) -> Data {
    Data::read_from(path, Some(DataFormat::Text)).raw()
}

#[test]
fn each_is_what_the_program_makes_of_it() {
    let assert = Assert::new().action_env(snapbox::assert::DEFAULT_ACTION_ENV).normalize_paths(false);
    for example in examples() {
        let plan = ["-C", "example", "plan", "--out", "out"];
        let ran = test(&example, false).args(plan).stdout(golden(&example.join("plan.txt"))).run();
        for product in PRODUCTS {
            let made = ran.read(&format!("example/out/{product}"));
            assert.eq(Data::text(made), golden(&example.join("out").join(product)));
        }
        let written = files(&ran.folder().join("example/out")).len();
        assert_eq!(written, PRODUCTS.len(), "{}", example.display());
    }
}

#[test]
fn one_changed_byte_is_out_of_date() {
    let check = ["-C", "example", "plan", "--out", "out", "--check"];
    for example in examples() {
        test(&example, true).args(check).run();
        for product in PRODUCTS {
            let mut content = fs::read(example.join("out").join(product)).unwrap();
            let last = content.len() - 2;
            assert!([b'}', b']'].contains(&content[last]), "{product} of {}", example.display());
            content[last] = b')';
            let complaint = format!(
                "--- out/{product}\n+++ out/{product} (regenerated)\n...\n-)\n+{}\n\
                 error[out-of-date]: `out/{product}` is out of date\n...\n = help: run `bakeplan plan --out out`\n",
                if product == "matrix.json" { ']' } else { '}' },
            );
            let changed = test(&example, true).file(&format!("example/out/{product}"), content);
            changed.args(check).status(3).stderr(complaint).run();
        }
    }
}

#[test]
fn each_has_a_specification_a_dockerfile_and_a_short_readme() {
    for example in examples() {
        let shown = example.display();
        let files = files(&example);
        assert!(
            SPECS.iter().any(|spec| files.iter().any(|path| path == spec)),
            "{shown} has no specification"
        );
        assert!(files.iter().any(|path| path.contains("Dockerfile")), "{shown} has no Dockerfile");
        let readme = fs::read_to_string(example.join("README.md")).unwrap_or_default();
        let lines = readme.lines().count();
        assert!((3..=8).contains(&lines), "{shown}/README.md has {lines} lines");
        let outside: Vec<_> = files.iter().filter(|path| path.starts_with("out/")).collect();
        assert_eq!(outside.len(), PRODUCTS.len(), "{shown}/out has {outside:?}");
    }
}
