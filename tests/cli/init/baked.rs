//! Matrices that steps make of what Bake prints, and Bake files of docker/metadata-action that go from job to job.

use super::{Files, Said, Written, init};

/// What a job has that merges what was pushed by digest.
const MERGED: &str = "      - working-directory: /tmp/digests
        run: |
          docker buildx imagetools create $(jq -cr '.target.\"docker-metadata-action\".tags | map(select(startswith(\"ghcr.io/acme/tool\")) | \"-t \" + .) | join(\" \")' ${FILE}) \\
            $(printf 'ghcr.io/acme/tool@sha256:%s ' *)
";

const BAKE: &str = "variable \"NAME\" { default = \"tool:local\" }
target \"docker-metadata-action\" { tags = [NAME] }
group \"default\" { targets = [\"tool-local\"] }
target \"tool\" { inherits = [\"docker-metadata-action\"] }
target \"tool-local\" {
  inherits = [\"tool\"]
  output = [\"type=docker\"]
}
target \"tool-all\" {
  inherits = [\"tool\"]
  platforms = [\"linux/amd64\", \"linux/arm/v7\", \"linux/arm64\"]
}
";

/// A workflow in which a job makes a matrix and a file with tags, which another one builds with, and a third one merges.
fn workflow(matrix: &str, carried: &str, fetched: &str, file: &str, entry: &str) -> String {
    let merged = MERGED.replace("${FILE}", file);
    format!(
        "on: {{ push: {{ branches: [main], tags: ['v*'] }} }}
jobs:
  prepare:
    runs-on: ubuntu-latest
    outputs:
      matrix: ${{{{ steps.list.outputs.matrix }}}}
    steps:
      - uses: actions/checkout@v4
      - id: list
{matrix}
      - id: meta
        uses: docker/metadata-action@v5
        with: {{ images: ghcr.io/acme/tool, tags: \"type=ref,event=branch\\ntype=semver,pattern={{{{version}}}}\" }}
{carried}
  build:
    needs: prepare
    runs-on: ubuntu-latest
    strategy:
      matrix:
        {entry}
    steps:
      - uses: actions/checkout@v4
{fetched}
      - uses: docker/bake-action@v6
        with:
          source: .
          files: |
            ./docker-bake.hcl
            cwd://{file}
          targets: tool
          set: |
            *.tags=
            *.platform=${{{{ matrix.platform }}}}
            *.output=type=image,\"name=ghcr.io/acme/tool\",push-by-digest=true,name-canonical=true,push=true
  merge:
    needs: build
    runs-on: ubuntu-latest
    steps:
{fetched}
{merged}"
    )
}

const LISTED: &str = "        run: echo \"matrix=$(docker buildx bake tool-all --print | jq -cr '.target.\"tool-all\".platforms')\" >> $GITHUB_OUTPUT";
const ENTRY: &str = "platform: ${{ fromJson(needs.prepare.outputs.matrix) }}";
const CARRIED: &str = "      - run: mv \"${{ steps.meta.outputs.bake-file }}\" /tmp/tags.json
      - uses: actions/upload-artifact@v4
        with: { name: tags, path: /tmp/tags.json }";
const FETCHED: &str = "      - uses: actions/download-artifact@v4
        with: { name: tags, path: /tmp }";

#[track_caller]
fn of(bake: &str, workflow: &str) -> Said {
    let files: Files<'_> = &[
        (".github/workflows/ci.yml", workflow),
        ("docker-bake.hcl", bake),
        ("Dockerfile", "FROM scratch\n"),
    ];
    init(files)
}

#[track_caller]
fn is_whole(workflow: &str) {
    let said = of(BAKE, workflow);
    said.proposes(&[
        "  platforms = [\"linux/amd64\", \"linux/arm/v7\", \"linux/arm64\"]\n",
        "  repositories = [\"ghcr.io/acme/tool\"]\n",
        "\"type=ref,event=branch\",",
    ]);
    assert_eq!(
        said.rows()[..2],
        [
            "push to main | tool | ghcr.io/acme/tool: main | the same",
            "git tag v1.2.3 | tool | ghcr.io/acme/tool: 1.2.3, latest | the same"
        ],
        "{workflow}{}",
        said.stderr
    );
    said.lacks(&["init-unread", "[outside]"]);
}

/// Docker's recipe for Bake on several runners, as people write it.
#[test]
fn a_matrix_of_what_bake_prints_is_read() {
    for listed in [
        LISTED,
        "        run: |
          PLATFORMS=$(docker buildx bake --print tool-all 2>/dev/null | jq -c '.target[\"tool-all\"].platforms')
          echo \"matrix=$PLATFORMS\" >> \"$GITHUB_OUTPUT\"",
        "        run: |
          definition=\"$(docker buildx bake -f docker-bake.hcl --print tool-all)\"
          echo \"matrix=$(jq -c '[.target[].platforms[]] | unique' <<< \"$definition\")\" >> $GITHUB_OUTPUT",
        "        run: |
          {
            echo \"matrix<<END\"
            echo \"$(docker buildx bake --print tool-all | jq -c '.target | .[\"tool-all\"] | .platforms')\"
            echo \"END\"
          } >> \"$GITHUB_OUTPUT\"",
    ] {
        is_whole(&workflow(listed, CARRIED, FETCHED, "/tmp/tags.json", ENTRY));
    }
    let of_action = "        uses: docker/bake-action/subaction/matrix@v6
        with: { target: tool-all, fields: platforms }";
    let entry = "include: ${{ fromJson(needs.prepare.outputs.matrix) }}";
    let text = workflow(of_action, CARRIED, FETCHED, "/tmp/tags.json", entry);
    is_whole(&text.replace("matrix.platform ", "matrix.platforms "));
}

#[test]
fn a_file_of_metadata_action_is_followed_from_job_to_job() {
    for (carried, fetched, file) in [
        (CARRIED, FETCHED, "/tmp/tags.json"),
        (
            "      - run: cp ${{ steps.meta.outputs.bake-file }} ${{ runner.temp }}/meta/\n      - uses: actions/upload-artifact@v4\n        with: { name: tags, path: '${{ runner.temp }}/meta' }",
            "      - uses: actions/download-artifact@v4\n        with: { path: plan }",
            "plan/tags/docker-metadata-action-bake.json",
        ),
        (
            "      - uses: actions/upload-artifact@v4\n        with: { name: tags-of-run, path: '${{ steps.meta.outputs.bake-file }}' }",
            "      - uses: actions/download-artifact@v4\n        with: { pattern: 'tags-*', merge-multiple: true, path: /tmp/x/ }",
            "/tmp/x/docker-metadata-action-bake.json",
        ),
    ] {
        is_whole(&workflow(LISTED, carried, fetched, file, ENTRY));
    }
    // Another file is none of these, and is named.
    let said = super::said(
        &super::test(&[
            (".github/workflows/ci.yml", &workflow(LISTED, CARRIED, FETCHED, "/tmp/other.json", ENTRY)),
            ("docker-bake.hcl", BAKE),
            ("Dockerfile", "FROM scratch\n"),
        ])
        .args(["init"]),
    );
    said.tells(&["`/tmp/other.json` lies outside of the repository"]);
}

/// Each target of a list is an image; a list that is not known is named.
#[test]
fn targets_that_an_action_lists_are_known() {
    let bake = "group \"default\" { targets = [\"api\", \"web\"] }
target \"api\" { tags = [\"ghcr.io/acme/api:edge\"] }
target \"web\" {
  tags = [\"ghcr.io/acme/web:edge\"]
  platforms = [\"linux/amd64\", \"linux/arm64\"]
}
target \"test\" { tags = [\"ghcr.io/acme/test:edge\"] }
";
    let workflow = |uses: &str, matrix: &str| {
        format!(
            "on: {{ push: {{ branches: [main] }} }}
jobs:
  list:
    runs-on: ubuntu-latest
    outputs: {{ all: '${{{{ steps.list.outputs.{} }}}}' }}
    steps:
      - uses: actions/checkout@v4
      - id: list
        uses: docker/bake-action/subaction/{uses}
  build:
    needs: list
    runs-on: ubuntu-latest
    strategy:
      matrix:
        {matrix}: ${{{{ fromJson(needs.list.outputs.all) }}}}
    steps:
      - uses: docker/bake-action@v6
        with: {{ push: true, targets: '${{{{ matrix.target }}}}' }}
",
            if uses.starts_with("matrix") { "matrix" } else { "targets" }
        )
    };
    for (uses, matrix) in [
        ("list-targets@v5", "target"),
        ("list-targets@v6\n        with: { files: ./docker-bake.hcl }", "target"),
        ("matrix@v6", "include"),
        ("matrix@v6\n        with: { target: default, workdir: . }", "include"),
    ] {
        let said = of(bake, &workflow(uses, matrix));
        said.proposes(&["image \"api\" {", "image \"web\" {"]);
        said.lacks(&["image \"test\" {", "init-unread"]);
    }
    // A variable that the step sets, a definition that is not there.
    for (uses, bake) in [
        (
            "list-targets@v5\n        env: { SET: '${{ vars.SET }}' }",
            format!("variable \"SET\" {{}}\n{bake}"),
        ),
        ("list-targets@v5\n        with: { files: other.hcl }", bake.to_owned()),
    ] {
        let said = of(&bake, &workflow(uses, "target"));
        said.tells(&["this is not in the proposal: `with: { push: true, targets: '${{ matrix.target }}' }`"]);
    }
}

/// What Bake prints with a variable that is set, or with options, is not what it prints without.
#[test]
fn what_bake_prints_with_something_set_is_not_guessed() {
    for listed in [
        LISTED.replace("tool-all --print", "tool-all --print --set *.platform=linux/s390x"),
        LISTED.replace("tool-all --print", "-f other.hcl tool-all --print"),
        LISTED.replace("jq -cr", "./list.sh"),
        format!("        env: {{ NAME: x }}\n{LISTED}"),
        LISTED.replace("matrix=$(docker", "matrix=$(cat x | docker"),
    ] {
        let said = of(BAKE, &workflow(&listed, CARRIED, FETCHED, "/tmp/tags.json", ENTRY));
        said.lacks(&["linux/s390x\"", "  platforms = [\"linux/amd64\", \"linux/arm/v7\""]);
        said.tells(&[".github/workflows/ci.yml:"]);
    }
}

/// A step of Bake that pushes nothing publishes nothing, whatever tags it is given; one that pushes is read or named.
#[test]
fn what_pushes_nothing_is_not_missed() {
    let bake = "group \"default\" { targets = [\"server\"] }\ntarget \"docker-metadata-action\" {}\ntarget \"server\" { inherits = [\"docker-metadata-action\"] }\ntarget \"cli\" {}\n";
    let workflow = |first: &str| {
        format!(
            "on: {{ push: {{ branches: [main] }}, pull_request: {{}} }}\njobs:\n  bake:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - id: meta\n        uses: docker/metadata-action@v5\n        with: {{ images: ghcr.io/acme/server, tags: 'type=ref,event=branch' }}\n      - uses: docker/bake-action@v6\n        with:\n          files: |\n            docker-bake.hcl\n            cwd://${{{{ steps.meta.outputs.bake-file }}}}\n{first}      - uses: docker/bake-action@v6\n        if: github.event_name != 'pull_request'\n        with:\n          files: |\n            docker-bake.hcl\n            cwd://${{{{ steps.meta.outputs.bake-file }}}}\n          targets: server,cli\n          push: true\n          set: |\n            cli.tags=ghcr.io/acme/cli:latest\n"
        )
    };
    for (first, is_named) in [
        ("          targets: server\n", false),
        ("          targets: server\n          push: false\n", false),
        ("          targets: none\n", true),
    ] {
        let text = workflow(first);
        let said = init(&[
            (".github/workflows/r.yml", text.as_str()),
            ("docker-bake.hcl", bake),
            ("Dockerfile", "FROM scratch\n"),
        ]);
        assert_eq!(said.stderr.contains("is not in the proposal"), is_named, "{first}: {}", said.stderr);
        assert_eq!(said.rows()[0], "push to main | server | ghcr.io/acme/server: main | the same", "{first}");
        // The labels of docker/metadata-action are of the targets that its file sets.
        let written = Written::new(
            &[
                (".github/workflows/r.yml", text.as_str()),
                ("docker-bake.hcl", bake),
                ("Dockerfile", "FROM scratch\n"),
            ],
            &[],
        );
        let blocks = written.read("docker-bake.hcl");
        let of = |name: &str| -> String {
            let (_, rest) = blocks.split_once(&format!("image \"{name}\" {{")).expect(&blocks);
            rest.split("\n}").next().unwrap().to_owned()
        };
        assert!(of("server").contains("oci_labels = true"), "{blocks}");
        assert!(!of("cli").contains("oci_labels"), "{blocks}");
    }
}
