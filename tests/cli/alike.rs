//! What is said of several images alike is said once, with their number and the first of their names.

use crate::support::Test;

/// A matrix of so many members, and what its block says.
fn matrix(count: usize, target: &str, lines: &str) -> String {
    let members: Vec<String> = (0..count).map(|at| format!("\"m{at}\"")).collect();
    format!(
        "target \"app\" {{
  name      = \"app-${{v}}\"
  matrix    = {{ v = [{}] }}
  platforms = [\"linux/amd64\"]
  {target}
}}
image \"app\" {{
  repositories = [\"ghcr.io/acme/app-${{v}}\"]
  {lines}
}}
",
        members.join(", ")
    )
}

/// The notes, warnings and errors of a code: the first line of each, and what is under it.
fn said(spec: &str, code: &str, options: &[&str]) -> Vec<(String, String)> {
    let test = Test::new().file("docker-bake.hcl", spec);
    let output = test.args(["plan"].iter().chain(options).copied()).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    let mut all: Vec<(String, String)> = Vec::new();
    for line in talk.lines() {
        let is_first = ["note[", "warning[", "error["].iter().any(|word| line.starts_with(word));
        match all.last_mut() {
            Some((_, rest)) if !is_first => rest.push_str(line),
            _ => all.push((line.to_owned(), String::new())),
        }
    }
    all.retain(|(first, _)| first.contains(&format!("[{code}]: ")));
    all
}

#[test]
fn the_members_of_a_matrix_are_told_of_together() {
    let names = "the images are `app-m0`, `app-m1`, `app-m2`, `app-m3`, `app-m4` and 25 more";
    let docker = "output = [\"type=image,oci-mediatypes=false\"]";
    for (target, lines, fact, code, message) in [
        (
            "",
            "version = \"{{ tag }}\"",
            "branch=main",
            "no-tag",
            "note[no-tag]: 30 images of block `app` have no tag in this run, so they are not built",
        ),
        (
            "",
            "version = \"{{ tag }}\"",
            "branch=main",
            "no-version",
            "note[no-version]: 30 images of block `app` have no version in this run (`refs/heads/main`), so they get none of these tags: `{{ version }}`",
        ),
        (
            "",
            "tags = [\"edge\", \"{{ branch }}\"]",
            "tag=v1",
            "no-tag",
            "note[no-tag]: 30 images of block `app` get none of these tags, which need what a run of `refs/tags/v1` does not have: `{{ branch }}`",
        ),
        (
            "",
            "tags = [{ pattern = \"x\", when = \"tag and branch\" }]",
            "branch=main",
            "no-tag",
            "error[no-tag]: 30 images of block `app` can never have a tag",
        ),
        (
            "",
            "version = \"1.2.3\"\n  withdrawn = [\"1.2.3\"]",
            "branch=main",
            "withdrawn",
            "warning[withdrawn]: 30 images of block `app` have the version `1.2.3`, which is withdrawn",
        ),
        (
            "",
            "version = \"1.2.3\"\n  tags = [\"latest\"]",
            "branch=main",
            "unguarded-tag",
            "note[unguarded-tag]: 30 images of block `app` have no tag that shows their whole version",
        ),
        (
            "",
            "tags = [\"php-8.3\", \"latest\"]",
            "branch=main",
            "unguarded-tag",
            "note[unguarded-tag]: 30 images of block `app` do not tell which version they have",
        ),
        (
            "",
            "version = \"1.2.3\"\n  index = false",
            "branch=main",
            "unguarded-tag",
            "note[unguarded-tag]: 30 images have no index",
        ),
        (
            "",
            "version = \"1.2.3\"\n  index = false\n  annotations = { a = \"b\" }",
            "branch=main",
            "lost-annotations",
            "warning[lost-annotations]: 30 images of block `app` have `index = false`",
        ),
        (
            docker,
            "version = \"1.2.3\"",
            "branch=main",
            "unguarded-tag",
            "note[unguarded-tag]: 30 images are built with `oci-mediatypes=false`",
        ),
    ] {
        let found = said(&matrix(30, target, lines), code, &["--fact", fact]);
        assert_eq!(found.len(), 1, "{lines}: {found:?}");
        assert!(found[0].0.starts_with(message), "{lines}: {found:?}");
        assert!(found[0].1.contains(names), "{lines}: {found:?}");
    }
}

#[test]
fn one_image_and_what_differs_is_told_as_it_is() {
    // Of one, all is said in one sentence.
    let found = said(&matrix(1, "", "version = \"{{ tag }}\""), "no-tag", &["--fact=branch=main"]);
    assert_eq!(found[0].0, "note[no-tag]: image `app-m0` has no tag in this run, so it is not built");
    // What is said of each differs.
    let found =
        said(&matrix(3, "", "tags = [\"edge\", \"${v}-{{ branch }}\"]"), "no-tag", &["--fact=tag=v1"]);
    assert_eq!(found.len(), 3, "{found:?}");
    // Two blocks are two causes.
    let two = matrix(3, "", "version = \"{{ tag }}\"");
    let two = format!("{two}{}", two.replace("\"app\"", "\"lib\"").replace("app-", "lib-"));
    let found = said(&two, "no-tag", &["--fact=branch=main"]);
    let messages: Vec<&str> = found.iter().map(|(message, _)| message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "note[no-tag]: 3 images of block `app` have no tag in this run, so they are not built",
            "note[no-tag]: 3 images of block `lib` have no tag in this run, so they are not built",
        ]
    );
}

/// As data, it is one finding, too, and warnings stay warnings.
#[test]
fn what_is_counted_is_what_is_shown() {
    let spec = matrix(30, "", "version = \"1.2.3\"\n  withdrawn = [\"1.2.3\"]");
    let output = Test::new()
        .file("docker-bake.hcl", &*spec)
        .args(["plan", "--format=json", "--fact=branch=main"])
        .output();
    assert!(output.status.success());
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(talk.matches("\"code\": \"withdrawn\"").count(), 1, "{talk}");
    assert!(talk.contains("30 images of block `app`"), "{talk}");
    let plan: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(plan["images"].as_object().unwrap().len(), 30);
}
