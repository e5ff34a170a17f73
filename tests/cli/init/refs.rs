//! Parts of refs, and the commit in other lengths: what they are in each run.

use super::{Said, init, workflow};

const BRANCHES: &str = "on:\n  push:\n    branches: [main, 'release/**']\n    tags: ['v*']\n  pull_request:\njobs:\n  image:\n    runs-on: ubuntu-latest\n";

fn of_script(script: &str, more: &str) -> Said {
    let lines: String = script.lines().map(|line| format!("          {line}\n")).collect();
    let text = format!("{BRANCHES}{more}    steps:\n      - run: |\n{lines}");
    init(&[(".github/workflows/w.yml", &text), ("Dockerfile", "FROM scratch\n")])
}

/// The rows of a table by their runs: what is published today and with the plan.
fn row(said: &Said, run: &str) -> String {
    let start = format!("{run} | n | ");
    let rows = said.rows();
    let found = rows.iter().find_map(|row| row.strip_prefix(&start));
    found.unwrap_or_else(|| panic!("{run}: {rows:?}")).to_owned()
}

#[test]
fn the_end_and_the_start_of_a_ref_are_cut_at_its_slashes() {
    for (cut, end) in [
        ("${GITHUB_REF##*/}", true),
        ("${GITHUB_REF_NAME##*/}", true),
        ("${GITHUB_REF##refs/*/}", true),
        ("$(basename $GITHUB_REF)", true),
        ("$(basename \"${GITHUB_REF}\")", true),
        ("$(echo $GITHUB_REF | sed 's,.*/,,')", true),
        ("$(echo \"$GITHUB_REF\" | sed -e 's#.*/##')", true),
        ("$(echo ${GITHUB_REF_NAME} | sed 's/.*\\///')", true),
        ("$(echo $GITHUB_REF | awk -F/ '{print $NF}')", true),
        ("$(echo $GITHUB_REF | cut -d / -f 3)", false),
        ("$(echo $GITHUB_REF | cut -d/ -f3)", false),
        ("$(echo ${GITHUB_REF} | cut --delimiter=/ --fields=3)", false),
        ("$(echo $GITHUB_REF_NAME | cut -d/ -f1)", false),
        ("${GITHUB_REF_NAME%%/*}", false),
    ] {
        let said = of_script(&format!("T={cut}\ndocker build --push -t ghcr.io/acme/n:b-$T ."), "");
        let (of_branch, of_request) = if end { ("1.2", "merge") } else { ("release", "7") };
        assert_eq!(row(&said, "push to main"), "ghcr.io/acme/n: b-main | the same", "{cut}");
        assert_eq!(
            row(&said, "push to release/1.2"),
            format!("ghcr.io/acme/n: b-{of_branch} | the same"),
            "{cut}"
        );
        assert_eq!(row(&said, "git tag v1.2.3"), "ghcr.io/acme/n: b-v1.2.3 | the same", "{cut}");
        assert_eq!(
            row(&said, "pull request 7"),
            format!("ghcr.io/acme/n: b-{of_request} | nothing"),
            "{cut}"
        );
        assert_eq!(said.stderr, "", "{cut}");
    }
    // All of the name behind the kind of the ref.
    for whole in [
        "${GITHUB_REF#refs/*/}",
        "$(echo $GITHUB_REF | cut -d/ -f3-)",
        "$(echo $GITHUB_REF | sed 's,refs/[^/]*/,,')",
    ] {
        let said = of_script(&format!("T={whole}\ndocker build --push -t ghcr.io/acme/n:b-${{T}} ."), "");
        assert!(row(&said, "push to release/1.2").contains("b-release/1.2"), "{whole}: {:?}", said.rows());
    }
    // What cuts otherwise is not known.
    for other in
        ["${GITHUB_REF_NAME#*/}", "$(echo $GITHUB_REF | cut -d/ -f4)", "$(echo $GITHUB_REF | sed 's,.*e/,,')"]
    {
        let said =
            of_script(&format!("docker build --push -t ghcr.io/acme/n:x -t ghcr.io/acme/n:b-{other} ."), "");
        said.tells(&["this tag is not in the proposal: "]);
        assert!(row(&said, "push to main").contains("not known"), "{other}");
    }
}

/// Where no name has a slash, they are all of the name, as a plan says it.
#[test]
fn names_without_slashes_are_whole() {
    let steps = "- run: |\n    TAG=${GITHUB_REF##*/}\n    docker build --push -t ghcr.io/acme/n:$TAG -t ghcr.io/acme/n:v-${TAG#v} .\n  if: startsWith(github.ref, 'refs/tags/')\n";
    let said = init(&[(".github/workflows/w.yml", &workflow(steps)), ("Dockerfile", "FROM scratch\n")]);
    said.proposes(&["\"{{ tag }}\"", "\"v-{{ version }}\""]);
    let condition = "- run: |\n    if [ \"${GITHUB_REF##*/}\" = main ]; then docker build --push -t ghcr.io/acme/n:edge .; fi\n";
    let said = init(&[(".github/workflows/w.yml", &workflow(condition)), ("Dockerfile", "FROM scratch\n")]);
    assert_eq!(row(&said, "push to main"), "ghcr.io/acme/n: edge | the same");
    assert_eq!(row(&said, "git tag v1.2.3"), "nothing | nothing");
}

#[test]
fn the_commit_of_metadata_action_has_as_many_digits_as_it_is_told() {
    let meta = |env: &str, rules: &str| {
        format!(
            "- id: meta\n{env}  uses: docker/metadata-action@v5\n  with:\n    images: ghcr.io/acme/n\n    tags: |\n{rules}- uses: docker/build-push-action@v6\n  with: {{ push: true, tags: '${{{{ steps.meta.outputs.tags }}}}' }}\n"
        )
    };
    let of = |text: &str| init(&[(".github/workflows/w.yml", text), ("Dockerfile", "FROM scratch\n")]);
    let of_step = |value: &str| format!("  env:\n    DOCKER_METADATA_SHORT_SHA_LENGTH: {value}\n");
    for (rule, tag) in [
        ("      type=sha\n", "sha-0123456789ab"),
        ("      type=sha,prefix=\n", "0123456789ab"),
        ("      type=sha,prefix=git-,suffix=-x\n", "git-0123456789ab-x"),
        ("      type=sha,format=long\n", "sha-0123456789abcdef0123456789abcdef01234567"),
    ] {
        let said = of(&workflow(&meta(&of_step("12"), rule)));
        assert_eq!(row(&said, "push to main"), format!("ghcr.io/acme/n: {tag} | the same"), "{rule}");
        assert_eq!(said.stderr, "", "{rule}");
    }
    // Of the workflow and of the job.
    let own = meta("", "      type=sha\n");
    let of_workflow = format!("env:\n  DOCKER_METADATA_SHORT_SHA_LENGTH: 10\n{}", workflow(&own));
    let of_job = workflow(&own)
        .replace("    steps:\n", "    env: { DOCKER_METADATA_SHORT_SHA_LENGTH: '10' }\n    steps:\n");
    for text in [of_workflow, of_job] {
        assert_eq!(row(&of(&text), "push to main"), "ghcr.io/acme/n: sha-0123456789 | the same");
    }
    // Seven are what a plan has anyway.
    for env in ["", &of_step("7"), &of_step("''")] {
        let said = of(&workflow(&meta(env, "      type=sha\n")));
        said.proposes(&["\"type=sha\""]);
        assert_eq!(row(&said, "push to main"), "ghcr.io/acme/n: sha-0123456 | the same");
    }
    // Beside other words, and where only a run knows it.
    let said =
        of(&workflow(&meta(&of_step("12"), "      type=raw,value={{branch}}-{{sha}}\n      type=edge\n")));
    said.tells(&["`{{sha}}` has 12 digits there", "DOCKER_METADATA_SHORT_SHA_LENGTH=12"]);
    assert!(row(&said, "push to main").contains("main-0123456789ab"), "{:?}", said.rows());
    let said = of(&workflow(&meta(&of_step("${{ vars.LENGTH }}"), "      type=sha\n      type=edge\n")));
    said.tells(&["the value of `DOCKER_METADATA_SHORT_SHA_LENGTH` is not known here"]);
    assert!(row(&said, "push to main").contains("not known"), "{:?}", said.rows());
    let head = "  env: { DOCKER_METADATA_PR_HEAD_SHA: 'true' }\n";
    of(&workflow(&meta(head, "      type=sha\n"))).tells(&["`DOCKER_METADATA_PR_HEAD_SHA: true`"]);
    let usual = "  env: { DOCKER_METADATA_PR_HEAD_SHA: 'false' }\n";
    of(&workflow(&meta(usual, "      type=sha\n"))).lacks(&["PR_HEAD_SHA"]);
}
