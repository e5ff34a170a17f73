//! Bake and Compose files that are there already.

use super::{Written, init, workflow};

const BAKE_ACTION: &str = "\
- id: meta
  uses: docker/metadata-action@v5
  with:
    images: ghcr.io/acme/app
    tags: |
      type=ref,event=branch
      type=semver,pattern={{version}}
- uses: docker/bake-action@v6
  with:
    files: |
      ./docker-bake.hcl
      ${{ steps.meta.outputs.bake-file }}
    targets: app
    push: ${{ github.event_name != 'pull_request' }}
    set: |
      *.platform=linux/amd64,linux/arm64
      *.cache-to=type=gha,mode=max
";

const BAKE: &str = "\
group \"default\" { targets = [\"app\", \"test\"] }

target \"docker-metadata-action\" {}

target \"app\" {
  inherits = [\"docker-metadata-action\"]
} # the image

target \"test\" { output = [\"type=cacheonly\"] }
";

#[test]
fn blocks_stand_behind_the_target_and_nothing_else_changes() {
    let text = workflow(BAKE_ACTION);
    let files = [(".github/workflows/image.yml", text.as_str()), ("docker-bake.hcl", BAKE)];
    let said = init(&files);
    said.proposes(&[
        "docker-bake.hcl, after target `app`:",
        "# Bake merges this with the target of the same name\ntarget \"app\" {\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n  cache-to = [\"type=gha,mode=max\"]\n}",
        "image \"app\" {\n",
    ]);
    assert_eq!(
        said.rows(),
        [
            "push to main | app | ghcr.io/acme/app: main | the same",
            "git tag v1.2.3 | app | ghcr.io/acme/app: 1.2.3, latest | the same",
            "pull request 7 | app | nothing | nothing",
        ]
    );
    let written = Written::new(&files, &[]);
    let new = written.read("docker-bake.hcl");
    let (before, after) = BAKE.split_once("} # the image\n").unwrap();
    assert!(new.starts_with(&format!("{before}}} # the image\n")) && new.ends_with(after), "{new}");
    assert_eq!(written.tags("refs/heads/main"), ["ghcr.io/acme/app:main"]);
    written.proposes_nothing_more();
}

#[test]
fn what_targets_say_themselves_gets_a_block() {
    let hcl = "target \"default\" {\n  tags = [\"acme/app:1.2.3\", \"acme/app:latest\"]\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n}\n";
    let matrix = "target \"py\" {\n  name = \"py-${replace(v, \".\", \"_\")}\"\n  matrix = { v = [\"3.13\", \"3.14\"] }\n  tags = [\"acme/py:${v}\"]\n}\n\ngroup \"default\" { targets = [\"py\"] }\n";
    let json = r#"{"target": {"default": {"tags": ["acme/app:1"]}}}"#;
    for (path, text, place, tags) in [
        (
            "docker-bake.hcl",
            hcl,
            "docker-bake.hcl, after target `default`:",
            &["docker.io/acme/app:1.2.3", "docker.io/acme/app:latest"][..],
        ),
        (
            "docker-bake.hcl",
            matrix,
            "docker-bake.hcl, after target `py`:",
            &["docker.io/acme/py:3.13", "docker.io/acme/py:3.14"],
        ),
        ("docker-bake.json", json, "images.hcl, a new file:", &["docker.io/acme/app:1"]),
        (
            "compose.yaml",
            "services:\n  default:\n    image: acme/app:1\n    build: .\n",
            "images.hcl, a new file:",
            &["docker.io/acme/app:1"],
        ),
    ] {
        let files = [(path, text)];
        let said = init(&files);
        said.proposes(&[place, "# repositories and tags are those of the target"]);
        // A table would have nothing but "not known" in it.
        said.proposes(&["The tags of the targets decide what is published, with these blocks or without"]);
        said.lacks(&["PUBLISHED TODAY"]);
        let written = Written::new(&files, &[]);
        assert_eq!(written.tags("refs/heads/main"), tags, "{path}");
        written.proposes_nothing_more();
    }
}

#[test]
fn a_bake_file_of_another_name_is_found_where_a_step_names_it() {
    let text = workflow(&BAKE_ACTION.replace("./docker-bake.hcl", "docker/bake.hcl"));
    let files = [(".github/workflows/image.yml", text.as_str()), ("docker/bake.hcl", BAKE)];
    init(&files).proposes(&["docker/bake.hcl, after target `app`:"]);
    let written = Written::new(&files, &[]);
    assert_eq!(
        written.run(&["plan", "-f", "docker/bake.hcl", "--fact", "branch=main", "--fact", "event=push"]).code,
        0
    );
    written.proposes_nothing_more();
}

#[test]
fn a_step_that_builds_what_a_target_builds_gives_its_tags_to_that() {
    let text = workflow(
        "- uses: docker/build-push-action@v6\n  with:\n    context: app\n    push: true\n    tags: acme/app:edge\n",
    );
    let files = [
        (".github/workflows/image.yml", text.as_str()),
        ("docker-bake.hcl", "target \"server\" {\n  context = \"./app/\"\n}\n"),
    ];
    init(&files).proposes(&["docker-bake.hcl, after target `server`:", "image \"server\" {"]);
    Written::new(&files, &[]).proposes_nothing_more();
}

/// Bake reads both, so the names must differ; and a Compose file that lacks something must not be in the way.
#[test]
fn a_new_bake_file_gets_on_with_the_compose_file_beside_it() {
    let text =
        workflow("- uses: docker/build-push-action@v6\n  with:\n    push: true\n    tags: acme/app:edge\n");
    let compose = "services:\n  app:\n    image: app\n    build:\n      context: .\n      target: dev\n  db:\n    image: postgres\n";
    let files = [(".github/workflows/image.yml", text.as_str()), ("docker-compose.yml", compose)];
    let written = Written::new(&files, &[]);
    assert!(
        written.read("docker-bake.hcl").contains("target \"app-acme\""),
        "{}",
        written.read("docker-bake.hcl")
    );
    assert_eq!(written.tags("refs/heads/main"), ["docker.io/acme/app:edge"]);
    written.proposes_nothing_more();

    let broken = compose.replace("target: dev", "target: ${STAGE:?not set}");
    let files = [(".github/workflows/image.yml", text.as_str()), ("docker-compose.yml", broken.as_str())];
    let said = init(&files);
    said.proposes(&["name the new file: `bakeplan plan -f docker-bake.hcl`"]);
    said.tells(&["cannot be evaluated"]);
    let written = Written::new(&files, &[]);
    let plan = ["plan", "-f", "docker-bake.hcl", "--fact", "branch=main", "--fact", "event=push"];
    assert_eq!(written.run(&plan).code, 0);
    let again = written.run(&["init"]);
    assert!(again.stdout.starts_with("nothing to propose"), "{}{}", again.stdout, again.stderr);
}

#[test]
fn blocks_that_are_there_are_left_alone() {
    let text = workflow(BAKE_ACTION);
    let block = "\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  tags = [\"mine\"]\n}\n";
    let bake = format!("{BAKE}{block}");
    let files = [(".github/workflows/image.yml", text.as_str()), ("docker-bake.hcl", bake.as_str())];
    let said = init(&files);
    assert_eq!(said.stdout, "nothing to propose: every published target has an `image` block\n");
}

/// What is wrong in a file that was there is said once, not once for each example.
#[test]
fn a_mistake_is_said_once() {
    let text = workflow(
        "- uses: docker/bake-action@v6\n  with:\n    push: true\n\
         - uses: docker/build-push-action@v6\n  with:\n    push: true\n    context: web\n    tags: acme/web:edge\n",
    );
    for (bake, code) in [
        ("target \"app\" {\n  tags = [\"acme/app:${TAGG}\"]\n}\n", "error[unknown-variable]"),
        (
            "target \"app\" {\n  tags = [\"acme/app:1\"]\n  platforms = [\"linux/amd\"]\n}\n",
            "error[unknown-platform]",
        ),
    ] {
        let bake = format!("group \"default\" {{ targets = [\"app\"] }}\n{bake}");
        let files = [(".github/workflows/a.yml", text.as_str()), ("docker-bake.hcl", bake.as_str())];
        let said = init(&files);
        assert_eq!(said.stderr.matches(code).count(), 1, "{}", said.stderr);
        said.proposes(&["unknown: the plan has errors"]);
    }
}

/// What a step sets for targets replaces what these have, also what they inherit, and only for those that are meant.
#[test]
fn platforms_that_a_step_sets_are_those_of_the_targets() {
    let hcl = "group \"default\" {\n  targets = [\"api\", \"web\"]\n}\ntarget \"_common\" {\n  platforms = [\"linux/amd64\"]\n}\ntarget \"api\" {\n  inherits = [\"_common\"]\n  tags = [\"ghcr.io/acme/api:1\"]\n}\ntarget \"web\" {\n  platforms = [\"linux/amd64\"]\n  tags = [\"ghcr.io/acme/web:1\"]\n}\n";
    let both = "platforms = [\"linux/amd64\", \"linux/arm64\"]";
    for (set, api, web) in [
        ("*.platform=linux/amd64,linux/arm64", true, true),
        ("api.platform=linux/amd64,linux/arm64", true, false),
        ("w*.platform=linux/amd64,linux/arm64", false, true),
        ("*.platform=linux/amd64", false, false),
    ] {
        let text = workflow(&format!(
            "- uses: docker/bake-action@v6\n  with:\n    push: true\n    set: |\n      {set}\n"
        ));
        let said = init(&[
            (".github/workflows/a.yml", text.as_str()),
            ("docker-bake.hcl", hcl),
            ("Dockerfile", "FROM scratch\n"),
        ]);
        for (name, expected) in [("api", api), ("web", web)] {
            let block = said.stdout.split_once(&format!("target \"{name}\" {{\n")).map(|(_, rest)| rest);
            let has = block.is_some_and(|rest| rest.split('}').next().unwrap().contains(both));
            assert_eq!(has, expected, "{set} {name}\n{}", said.stdout);
        }
        assert_eq!(said.stderr, "", "{set}");
    }
    let text = workflow(
        "- uses: docker/bake-action@v6\n  with: { push: true, set: '*.platform=${{ vars.PLATFORMS }}' }\n",
    );
    let said = init(&[
        (".github/workflows/a.yml", text.as_str()),
        ("docker-bake.hcl", hcl),
        ("Dockerfile", "FROM scratch\n"),
    ]);
    said.tells(&["a platform of target `api` is not in the proposal"]);
}

/// Targets that only some runs build have their condition, or are named.
#[test]
fn targets_of_some_runs_are_not_those_of_all() {
    let hcl = "group \"default\" {\n  targets = [\"api\"]\n}\ngroup \"release\" {\n  targets = [\"api\", \"docs\"]\n}\ntarget \"api\" {\n  tags = [\"ghcr.io/acme/api:1\"]\n}\ntarget \"docs\" {\n  tags = [\"ghcr.io/acme/docs:1\"]\n}\n";
    for targets in [
        "${{ github.ref_type == 'tag' && 'release' || 'default' }}",
        "${{ startsWith(github.ref, 'refs/tags/') && 'api,docs' || 'api' }}",
        "${{ github.event_name == 'push' && github.ref != 'refs/heads/main' && 'release' || '' }}",
    ] {
        let text = workflow(&format!(
            "- uses: docker/bake-action@v6\n  with:\n    push: true\n    targets: {targets}\n"
        ));
        let said = init(&[
            (".github/workflows/a.yml", text.as_str()),
            ("docker-bake.hcl", hcl),
            ("Dockerfile", "FROM scratch\n"),
        ]);
        let rows = said.rows();
        let of = |start: &str, name: &str| {
            let mut rows = rows.iter().skip_while(|row| !row.starts_with(start));
            rows.find(|row| row.contains(&format!("{name} | ")) && !row.contains("/{name}")).cloned().unwrap()
        };
        assert!(of("push to main", "api").ends_with("ghcr.io/acme/api: 1 | the same"), "{targets}: {rows:?}");
        assert!(of("push to main", "docs").contains("docs | nothing"), "{targets}: {rows:?}");
        assert!(of("git tag v1.2.3", "docs").contains("ghcr.io/acme/docs: 1"), "{targets}: {rows:?}");
        // What is published with the plan is that, or a warning says what differs.
        let differs = !of("push to main", "docs").ends_with("docs | nothing | nothing");
        assert!(!differs || said.stderr.contains("a.yml:"), "{targets}: {rows:?}\n{}", said.stderr);
    }
}
