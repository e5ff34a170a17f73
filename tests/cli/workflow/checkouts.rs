//! What of a repository the checkouts of jobs do not have.

use crate::support::{Test, git};

const SPEC: &str = "target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  tags = [\"edge\"]\n}\n";

#[test]
fn what_is_not_checked_out_is_named() {
    let modules = "[submodule \"lib\"]\n\tpath = lib\n\turl = ../lib\n";
    for (path, text, words, of_gitlab) in [
        (".gitmodules", modules, "submodules", true),
        (".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n", "Git LFS", false),
        (".gitattributes", "*.txt text=auto\n# filter=lfs\n", "", false),
        ("other", "filter=lfs\n", "", false),
    ] {
        let output = "images.yml";
        for (ci, install, setup) in
            [("github", "pipx=1.0.0", "./.github/actions/setup"), ("gitlab", "pipx=1.0.0", "./ci/setup")]
        {
            for folder in [".", "sub"] {
                let test = Test::new()
                    .file("docker-bake.hcl", SPEC)
                    .file("sub/docker-bake.hcl", SPEC)
                    .file(".github/actions/setup/action.yml", "runs: {}\n")
                    .file(path, text);
                git(test.folder(), &["init", "-q", "-b", "main"]);
                let told = |more: &[&str]| {
                    let arguments = [
                        &[
                            "-C",
                            folder,
                            "workflow",
                            ci,
                            "--install",
                            install,
                            "-o",
                            output,
                            "--login",
                            "ghcr.io=none",
                        ],
                        more,
                    ]
                    .concat();
                    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_bakeplan"));
                    let output = command.args(arguments).current_dir(test.folder()).output().unwrap();
                    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                    String::from_utf8(output.stderr).unwrap()
                };
                let found = told(&[]);
                let is_named = found.contains("check it out without");
                let expected = !words.is_empty() && (ci == "github" || of_gitlab);
                assert!(
                    is_named == expected && found.contains(words) == expected || words.is_empty(),
                    "{path} {ci} {folder}: {found}"
                );
                assert_eq!(is_named, expected, "{path} {ci} {folder}: {found}");
                assert!(!told(&["--setup", setup]).contains("check it out without"), "{path} {ci}");
            }
        }
    }
}
