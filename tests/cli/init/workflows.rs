//! Workflows with QEMU, matrices, digests and reusable parts.

use super::{Written, init, workflow};

const META: &str = "\
- id: meta
  uses: docker/metadata-action@v5
  with:
    images: ghcr.io/acme/app
    tags: |
      type=ref,event=branch
      type=ref,event=pr
      type=semver,pattern={{version}}
      type=semver,pattern={{major}}.{{minor}}
      type=raw,value=edge,enable=${{ github.ref == 'refs/heads/main' }}
- uses: docker/build-push-action@v6
  with:
    platforms: linux/amd64,linux/arm64
    push: ${{ github.event_name != 'pull_request' }}
    tags: ${{ steps.meta.outputs.tags }}
    labels: ${{ steps.meta.outputs.labels }}
";

#[test]
fn under_qemu_the_bake_file_is_written_too() {
    let text = workflow(META);
    let files = [(".github/workflows/image.yml", text.as_str()), ("Dockerfile", "FROM scratch\n")];
    let said = init(&files);
    said.proposes(&[
        "docker-bake.hcl, a new file:",
        "platforms = [\"linux/amd64\", \"linux/arm64\"]",
        "# from .github/workflows/image.yml:13: images: ghcr.io/acme/app\n  repositories = [\"ghcr.io/acme/app\"]",
        "# from .github/workflows/image.yml:17: type=semver,pattern={{version}}\n    { pattern = \"type=semver,pattern={{version}}\", when = \"tag is startingwith('v')\" },",
        "{ pattern = \"type=raw,value=edge\", when = \"ref == \\\"refs/heads/main\\\"\" },",
        "oci_labels = true",
        "Nothing is written. `bakeplan init --write` writes `docker-bake.hcl`.",
    ]);
    assert_eq!(
        said.rows(),
        [
            "push to main | app | ghcr.io/acme/app: main, edge | the same",
            "git tag v1.2.3 | app | ghcr.io/acme/app: 1.2.3, 1.2, latest | the same",
            "pull request 7 | app | nothing | nothing",
        ]
    );
    assert_eq!(said.stderr, "");
    let written = Written::new(&files, &[]);
    assert_eq!(
        written.tags("refs/tags/v1.2.3"),
        ["ghcr.io/acme/app:1.2.3", "ghcr.io/acme/app:1.2", "ghcr.io/acme/app:latest"]
    );
    written.proposes_nothing_more();
}

#[test]
fn tags_without_rules_become_patterns() {
    let text = workflow(
        "\
- run: echo \"short=$(git rev-parse --short HEAD)\" >> $GITHUB_OUTPUT
  id: vars
- uses: docker/build-push-action@v6
  with:
    context: ./web
    file: ./web/Dockerfile.prod
    push: true
    tags: |
      acme/web:${{ github.sha }}
      acme/web:git-${{ steps.vars.outputs.short }}
      acme/web:${{ github.ref_name }}
      acme/web:latest
",
    );
    let files = [(".github/workflows/image.yml", text.as_str())];
    let said = init(&files);
    said.proposes(&[
        "context = \"web\"",
        "dockerfile = \"Dockerfile.prod\"",
        "\"{{ commit }}\",",
        "\"git-{{ sha }}\",",
        "{ pattern = \"{{ tag }}\", when = \"tag is startingwith('v')\" },",
        "{ pattern = \"{{ branch | slug }}\", when = \"branch\" },",
        "no platforms are named",
    ]);
    let long = "0123456789abcdef0123456789abcdef01234567";
    let rows = said.rows();
    assert_eq!(
        rows[0],
        format!("push to main | web | docker.io/acme/web: {long}, git-0123456, main, latest | the same")
    );
    assert_eq!(
        rows[1],
        format!("git tag v1.2.3 | web | docker.io/acme/web: {long}, git-0123456, v1.2.3, latest | the same")
    );
    Written::new(&files, &[]).proposes_nothing_more();
}

#[test]
fn where_only_git_tags_publish_the_version_is_the_git_tag() {
    let text = "\
on:
  push:
    tags: ['*.*.*']
jobs:
  image:
    runs-on: ubuntu-latest
    env:
      VERSION: ${{ inputs.version || github.ref_name }}
    steps:
      - uses: docker/build-push-action@v6
        with:
          push: true
          platforms: linux/amd64,linux/arm64
          tags: acme/app:${{ env.VERSION }},acme/app:latest
";
    let files = [(".github/workflows/image.yml", text)];
    let said = init(&files);
    said.proposes(&["version = { pattern = \"{{ tag }}\", when = \"tag\" }", "publish_on = [\"tag\"]"]);
    assert_eq!(
        said.rows(),
        [
            "push to main | app | nothing | nothing",
            "git tag v1.2.3 | app | docker.io/acme/app: v1.2.3, latest | the same",
            "git tag v1.2.3-rc.1 | app | docker.io/acme/app: v1.2.3-rc.1, latest | docker.io/acme/app: v1.2.3-rc.1",
            "git tag docs-2024 | app | nothing | this run fails",
            "git tag v1 | app | nothing | docker.io/acme/app: v1, latest",
            "pull request 7 | app | nothing | nothing",
        ]
    );
    let written = Written::new(&files, &[]);
    assert_eq!(written.tags("refs/heads/main"), [""; 0]);
    written.proposes_nothing_more();
}

#[test]
fn conditions_are_said_in_our_words() {
    for (condition, expected, main, tag) in [
        ("github.ref_type == 'tag'", "tag is startingwith('v')", false, true),
        ("startsWith(github.ref, 'refs/tags/v')", "ref is startingwith(\\\"refs/tags/v\\\")", false, true),
        (
            "github.event_name == 'push' && github.ref_name == 'main'",
            "(event == \\\"push\\\") and ((tag or branch) == \\\"main\\\")",
            true,
            false,
        ),
        ("!contains(github.ref, 'beta')", "not (\\\"beta\\\" in ref)", true, true),
        (
            "github.ref == format('refs/heads/{0}', github.event.repository.default_branch)",
            "ref == \\\"refs/heads/\\\" ~ default_branch",
            true,
            false,
        ),
    ] {
        let text = workflow(&META.replace("github.ref == 'refs/heads/main'", condition));
        let files = [(".github/workflows/image.yml", text.as_str())];
        let said = init(&files);
        said.proposes(&[&format!("when = \"{expected}\"")]);
        let has = |row: usize| said.rows()[row].contains("edge");
        assert_eq!((has(0), has(1)), (main, tag), "{condition}: {}", said.stdout);
        assert!(
            said.rows().iter().take(2).all(|row| row.ends_with("the same")),
            "{condition}: {}",
            said.stdout
        );
    }
}

#[test]
fn what_cannot_be_known_is_a_comment_and_a_warning() {
    for (rule, part) in [
        (
            "type=raw,value=${{ steps.version.outputs.it }}",
            "`${{ steps.version.outputs.it }}` is not known here",
        ),
        ("type=semver,pattern={{version}},value=${{ inputs.version }}", "is not known here"),
        ("type=raw,value=x,enable=${{ needs.a.outputs.b == 'yes' }}", "a plan cannot express"),
        ("type=semver,pattrn={{version}}", "pattrn"),
    ] {
        let text = workflow(&META.replace("type=ref,event=pr\n", &format!("{rule}\n")));
        let said = init(&[(".github/workflows/image.yml", text.as_str())]);
        said.proposes(&[&format!("# from .github/workflows/image.yml:16: {rule}\n    # not translated: ")]);
        said.tells(&["warning[init-open]: this tag is not in the proposal", "image.yml:16:", part]);
    }
}

#[test]
fn the_official_recipe_with_digests_is_one_image() {
    let text = "\
on:
  push:
    branches: [main]
    tags: ['v*']
env:
  REGISTRY_IMAGE: acme/app
jobs:
  build:
    strategy:
      matrix:
        platform: [linux/amd64, linux/arm64]
    runs-on: ubuntu-latest
    steps:
      - id: meta
        uses: docker/metadata-action@v5
        with:
          images: ${{ env.REGISTRY_IMAGE }}
      - id: build
        uses: docker/build-push-action@v6
        with:
          platforms: ${{ matrix.platform }}
          labels: ${{ steps.meta.outputs.labels }}
          outputs: type=image,name=${{ env.REGISTRY_IMAGE }},push-by-digest=true,name-canonical=true,push=true
  merge:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - id: meta
        uses: docker/metadata-action@v5
        with:
          images: ${{ env.REGISTRY_IMAGE }}
          tags: |
            type=edge
            type=semver,pattern={{version}}
      - run: |
          docker buildx imagetools create $(jq -cr '.tags | map(\"-t \" + .) | join(\" \")' <<< \"$DOCKER_METADATA_OUTPUT_JSON\") \\
            $(printf '${{ env.REGISTRY_IMAGE }}@sha256:%s ' *)
";
    let files = [(".github/workflows/image.yml", text)];
    let said = init(&files);
    said.proposes(&["platforms = [\"linux/amd64\", \"linux/arm64\"]", "\"type=edge\",", "oci_labels = true"]);
    assert_eq!(
        said.rows(),
        [
            "push to main | app | docker.io/acme/app: edge | the same",
            "git tag v1.2.3 | app | docker.io/acme/app: 1.2.3, latest | the same",
            "pull request 7 | app | nothing | nothing",
        ]
    );
    assert_eq!(said.stderr, "");
    Written::new(&files, &[]).proposes_nothing_more();
}

#[test]
fn tags_of_single_platforms_are_parts_of_an_index() {
    let text = "\
on: { push: { tags: ['v*'] } }
jobs:
  build:
    strategy:
      matrix:
        include:
          - { arch: amd64, file: Dockerfile }
          - { arch: arm64, file: Dockerfile.arm64 }
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        with:
          file: ${{ matrix.file }}
          push: true
          tags: acme/app:${{ github.ref_name }}-${{ matrix.arch }}
  merge:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - run: |
          docker manifest create acme/app:${{ github.ref_name }} \\
            --amend acme/app:${{ github.ref_name }}-amd64 \\
            --amend acme/app:${{ github.ref_name }}-arm64
          docker manifest push acme/app:${{ github.ref_name }}
";
    let files = [(".github/workflows/image.yml", text)];
    let said = init(&files);
    said.proposes(&[
        "platforms = [\"linux/amd64\", \"linux/arm64\"]",
        "platform \"linux/arm64\" {\n    dockerfile = \"Dockerfile.arm64\"",
    ]);
    assert_eq!(said.rows()[1], "git tag v1.2.3 | app | docker.io/acme/app: v1.2.3 | the same");
    assert_eq!(Written::new(&files, &[]).tags("refs/tags/v1.2.3"), ["docker.io/acme/app:v1.2.3"]);
}

#[test]
fn a_matrix_of_images_is_an_image_each() {
    let text = "\
on: { push: { branches: [main] } }
jobs:
  build:
    strategy:
      matrix:
        image: [api, web]
        platforms: ['linux/amd64,linux/arm64']
        exclude: []
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        with:
          context: services/${{ matrix.image }}
          platforms: ${{ matrix.platforms }}
          push: true
          tags: ghcr.io/acme/${{ matrix.image }}:edge
";
    let files = [(".github/workflows/image.yml", text)];
    let said = init(&files);
    said.proposes(&["targets = [\"api\", \"web\"]", "context = \"services/api\"", "image \"web\" {"]);
    let written = Written::new(&files, &[]);
    assert_eq!(written.tags("refs/heads/main"), ["ghcr.io/acme/api:edge", "ghcr.io/acme/web:edge"]);
    written.proposes_nothing_more();
}

/// Two workflows that build the same, of which one publishes less widely.
#[test]
fn each_tag_stays_in_the_repositories_that_it_has() {
    let of = |event: &str, references: &str| {
        format!(
            "on: {event}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          push: true\n          tags: {references}\n"
        )
    };
    let test = of("{ push: { branches: [main] } }", "ghcr.io/acme/app:test");
    let release = of(
        "{ push: { tags: ['v*'] } }",
        "ghcr.io/acme/app:${{ github.ref_name }},acme/app:${{ github.ref_name }}",
    );
    let files = [(".github/workflows/a.yml", test.as_str()), (".github/workflows/b.yml", release.as_str())];
    let written = Written::new(&files, &[]);
    assert_eq!(written.tags("refs/heads/main"), ["ghcr.io/acme/app:test"]);
    assert_eq!(written.tags("refs/tags/v1.2.3"), ["ghcr.io/acme/app:v1.2.3", "docker.io/acme/app:v1.2.3"]);
    written.proposes_nothing_more();
}

#[test]
fn called_workflows_and_actions_are_read_with_what_they_are_given() {
    let caller = "\
on: { push: { branches: [main], tags: ['v*'] } }
jobs:
  api:
    uses: ./.github/workflows/build.yml
    with: { name: api }
  web:
    uses: ./.github/workflows/build.yml
    with: { name: web, suffix: -web }
";
    let called = "\
on:
  workflow_call:
    inputs:
      name: { type: string, required: true }
      suffix: { type: string, default: '' }
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: ./.github/actions/publish
        with:
          image: ghcr.io/acme/${{ inputs.name }}
          context: ${{ inputs.name }}
";
    let action = "\
inputs:
  image: { required: true }
  context: { default: . }
runs:
  using: composite
  steps:
    - id: meta
      uses: docker/metadata-action@v5
      with:
        images: ${{ inputs.image }}
        tags: type=semver,pattern={{version}}
    - uses: docker/build-push-action@v6
      with:
        context: ${{ inputs.context }}
        push: ${{ github.ref_type == 'tag' }}
        tags: ${{ steps.meta.outputs.tags }}
";
    let files = [
        (".github/workflows/ci.yml", caller),
        (".github/workflows/build.yml", called),
        (".github/actions/publish/action.yml", action),
    ];
    let said = init(&files);
    said.proposes(&["image \"api\" {", "image \"web\" {", "context = \"web\""]);
    assert_eq!(said.stdout.matches("docker/").count(), said.stdout.matches("docker/metadata-action").count());
    assert_eq!(
        Written::new(&files, &[]).tags("refs/tags/v1.2.3"),
        [
            "ghcr.io/acme/api:1.2.3",
            "ghcr.io/acme/api:latest",
            "ghcr.io/acme/web:1.2.3",
            "ghcr.io/acme/web:latest"
        ]
    );
}

#[test]
fn the_repository_and_settings_become_variables() {
    let text = workflow(&META.replace(
        "images: ghcr.io/acme/app",
        "images: |\n        ghcr.io/${{ github.repository }}\n        ${{ vars.DOCKERHUB_USERNAME }}/app",
    ));
    let files = [(".github/workflows/image.yml", text.as_str())];
    let said = init(&files);
    said.proposes(&[
        "variable \"GITHUB_REPOSITORY\" {\n  default = \"owner/repository\"\n}",
        "\"ghcr.io/${GITHUB_REPOSITORY}\",",
        "\"${DOCKERHUB_USERNAME}/app\",",
        "DOCKERHUB_USERNAME = \"vars.DOCKERHUB_USERNAME\"",
    ]);
    said.tells(&["the default of the variable `GITHUB_REPOSITORY` is a guess: `owner/repository`"]);
    let written = Written::new(&files, &[]);
    let test = crate::support::Test::new().files(written.folder(), "").env("GITHUB_REPOSITORY", "acme/tool");
    let output = test
        .args(["metadata", "--format", "tags", "--fact", "tag=v1.2.3", "--fact", "default_branch=main"])
        .output();
    let tags = String::from_utf8(output.stdout).unwrap();
    assert!(tags.starts_with("ghcr.io/acme/tool:1.2.3\n"), "{tags}");
}

#[test]
fn secrets_are_named_and_never_shown() {
    let text = workflow(&format!(
        "{META}    secrets: |\n      npm=${{{{ secrets.NPM_TOKEN }}}}\n    build-args: |\n      API_TOKEN=hunter2hunter2\n      KEY=${{{{ secrets.SIGNING }}}}\n      MODE=prod\n"
    ));
    let said = init(&[(".github/workflows/image.yml", text.as_str())]);
    said.proposes(&["secret = [\"id=npm,env=NPM_TOKEN\"]", "MODE = \"prod\""]);
    said.tells(&["the argument `API_TOKEN` is not in the proposal: it is a secret", "the argument `KEY`"]);
    assert!(!said.stdout.contains("hunter2"), "{}", said.stdout);
}

/// What the generated workflow knows by itself is not said again; user names in secrets have to move.
#[test]
fn logins_become_settings_of_the_workflow() {
    let text = workflow(
        "\
- uses: docker/login-action@v3
  with:
    registry: ghcr.io
    username: ${{ github.actor }}
    password: ${{ secrets.GITHUB_TOKEN }}
- uses: docker/login-action@v3
  with:
    username: ${{ secrets.DOCKERHUB_USERNAME }}
    password: ${{ secrets.DOCKERHUB_TOKEN }}
- uses: docker/login-action@v3
  with:
    registry: registry.example:5000
    username: ${{ vars.REGISTRY_USER }}
    password: ${{ secrets.REGISTRY_PASSWORD }}
- uses: docker/login-action@v3
  with:
    registry: other.example
    username: robot
    password: ${{ secrets.OTHER }}
- uses: docker/build-push-action@v6
  with:
    push: true
    tags: |
      ghcr.io/acme/app:edge
      acme/app:edge
      registry.example:5000/acme/app:edge
",
    );
    let files = [(".github/workflows/image.yml", text.as_str()), ("Dockerfile", "FROM scratch\n")];
    let said = init(&files);
    said.proposes(&[
        "# how today's workflows log in\n    logins = {\n      \"registry.example:5000\" = \"REGISTRY_USER:REGISTRY_PASSWORD\"\n    }",
    ]);
    said.tells(&["the user name for `docker.io` is in the secret `DOCKERHUB_USERNAME`"]);
    assert!(
        !said.stdout.contains("other.example") && !said.stdout.contains("\"ghcr.io\""),
        "{}",
        said.stdout
    );
    let written = Written::new(&files, &[]);
    written.proposes_nothing_more();
    let workflow = written.run(&["workflow", "github", "--install", "path"]).stdout;
    assert!(
        workflow.contains("vars.REGISTRY_USER") && workflow.contains("secrets.REGISTRY_PASSWORD"),
        "{workflow}"
    );
}

/// What a step sets for Bake is for the plan, too.
#[test]
fn variables_of_a_step_are_settings_or_named() {
    let text = workflow(
        "\
- uses: docker/bake-action@v6
  env:
    RELEASE: ${{ vars.APP_RELEASE }}
    CHANNEL: ${{ github.ref_name }}
    OTHER: ${{ vars.OTHER }}
  with:
    push: true
    set: app.tags=ghcr.io/acme/app:edge
",
    );
    let bake = "variable \"RELEASE\" { default = \"1\" }\nvariable \"CHANNEL\" { default = \"\" }\n\
                group \"default\" { targets = [\"app\"] }\n\
                target \"app\" {\n  args = { A = RELEASE, B = CHANNEL }\n}\n";
    let files = [(".github/workflows/image.yml", text.as_str()), ("docker-bake.hcl", bake)];
    let said = init(&files);
    said.proposes(&[
        "env = {\n      CHANNEL = \"github.ref_name\"\n      RELEASE = \"vars.APP_RELEASE\"\n    }",
    ]);
    assert!(!said.stdout.contains("OTHER") && !said.stderr.contains("OTHER"), "{}", said.stderr);
}

/// What a run knows reaches build arguments, or the table says that it does not.
#[test]
fn arguments_of_a_run_are_not_lost() {
    let with = |args: &str| {
        let steps = META.to_owned()
            + "    build-args: |\n"
            + &args.lines().map(|line| format!("      {line}\n")).collect::<String>();
        init(&[(".github/workflows/image.yml", workflow(&steps).as_str()), ("Dockerfile", "FROM scratch\n")])
    };
    let known = with("GIT_SHA=${{ github.sha }}\nVERSION=${{ github.ref_name }}");
    known.proposes(&[
        "variable \"GITHUB_SHA\" {",
        "GIT_SHA = GITHUB_SHA",
        "VERSION = GITHUB_REF_NAME",
        "the same",
    ]);
    known.lacks(&["empty"]);
    let open = with("RUN=${{ github.run_id }}");
    open.proposes(&["RUN = RUN", "the same tags; empty in the image: RUN"]);
    open.tells(&["`bakeplan workflow github --env RUN=FROM`"]);
    assert!(!open.rows().iter().any(|row| row.ends_with("| the same")), "{:?}", open.rows());
    let of_meta = with("APP_VERSION=${{ steps.meta.outputs.version }}");
    of_meta.lacks(&["empty in the image"]);
}

#[test]
fn the_version_of_metadata_action_is_a_marked_guess() {
    let steps = "\
- id: meta
  uses: docker/metadata-action@v5
  with:
    images: ghcr.io/acme/app
    tags: type=semver,pattern={{version}}
- uses: docker/build-push-action@v6
  with:
    push: true
    tags: ${{ steps.meta.outputs.tags }}
    build-args: APP_VERSION=${{ steps.meta.outputs.version }}
";
    let text = workflow(steps);
    let said = init(&[(".github/workflows/image.yml", text.as_str()), ("Dockerfile", "FROM scratch\n")]);
    said.proposes(&["APP_VERSION = trimprefix(GITHUB_REF_NAME, \"v\")"]);
    said.tells(&["the value of `APP_VERSION` is a guess"]);
}

/// The machines of a matrix become `runners` where the plan would choose others.
#[test]
fn runners_of_a_matrix_stay() {
    let text = "\
on: { push: { tags: ['v*'] } }
jobs:
  build:
    strategy:
      matrix:
        include:
          - { platform: linux/amd64, runner: ubuntu-24.04 }
          - { platform: linux/arm64, runner: ubuntu-24.04-arm }
          - { platform: linux/arm/v7, runner: [self-hosted, armv7] }
          - { platform: linux/s390x, runner: { group: big, labels: [s390x] } }
    runs-on: ${{ matrix.runner }}
    steps:
      - uses: docker/build-push-action@v6
        with:
          platforms: ${{ matrix.platform }}
          outputs: type=image,name=ghcr.io/acme/app,push-by-digest=true,push=true
  merge:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - run: docker buildx imagetools create -t ghcr.io/acme/app:1.0 $(printf 'ghcr.io/acme/app@sha256:%s ' *)
";
    let said = init(&[(".github/workflows/image.yml", text), ("Dockerfile", "FROM scratch\n")]);
    said.proposes(&[
        "runners = {",
        "\"linux/amd64\" = \"ubuntu-24.04\"",
        "\"linux/arm/v7\" = [\"self-hosted\", \"armv7\"]",
        "\"linux/s390x\" = {",
        "group = \"big\"",
    ]);
    // The plan chooses the others by itself, and native machines where today one emulates.
    said.lacks(&["\"ubuntu-24.04-arm\""]);
    for runner in ["ubuntu-latest", "ubuntu-24.04"] {
        let text = workflow(META).replace("ubuntu-latest", runner);
        init(&[(".github/workflows/image.yml", text.as_str()), ("Dockerfile", "FROM scratch\n")])
            .lacks(&["runners"]);
    }
    let text = workflow(META).replace("ubuntu-latest", "big-machine");
    init(&[(".github/workflows/image.yml", text.as_str()), ("Dockerfile", "FROM scratch\n")])
        .tells(&["this job builds on `big-machine`"]);
}

/// Patterns have no word for the number of a run, and Bake reads the environment.
#[test]
fn the_number_of_a_run_is_a_variable() {
    let steps = "\
- id: meta
  uses: docker/metadata-action@v5
  with:
    images: ghcr.io/acme/app
    tags: |
      type=raw,value=${{ github.run_number }}
      type=ref,event=pr
- uses: docker/build-push-action@v6
  with:
    push: ${{ github.event_name != 'pull_request' }}
    tags: ${{ steps.meta.outputs.tags }}
- uses: docker/build-push-action@v6
  with:
    push: true
    tags: ghcr.io/acme/tool:build-${{ github.run_number }}
    context: tool
";
    let text = workflow(steps);
    let files = [(".github/workflows/image.yml", text.as_str()), ("Dockerfile", "FROM scratch\n")];
    let said = init(&files);
    said.proposes(&[
        "# GitHub sets this in each run; the default is for plans elsewhere\nvariable \"GITHUB_RUN_NUMBER\" {\n  default = \"0\"\n}",
        "    GITHUB_RUN_NUMBER,\n",
        "\"build-${GITHUB_RUN_NUMBER}\"",
        "# left out: the workflow pushes nothing in the runs that this is for",
    ]);
    said.lacks(&["not translated", "not known"]);
    let written = Written::new(&files, &[]);
    let arguments = [
        "metadata",
        "--format",
        "tags",
        "--var",
        "GITHUB_RUN_NUMBER=42",
        "--fact",
        "branch=main",
        "--fact",
        "event=push",
    ];
    let tags = written.run(&arguments).stdout;
    assert!(
        tags.contains("ghcr.io/acme/app:42\n") && tags.contains("ghcr.io/acme/tool:build-42\n"),
        "{tags}"
    );
}

/// What was generated is what the plan says, and not what there was before.
#[test]
fn a_generated_workflow_is_not_read() {
    let image = "target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  tags = [\"edge\"]\n}\n";
    let path = ".github/workflows/images.yml";
    let test = crate::support::Test::new().file("docker-bake.hcl", image);
    let test = test.args(["workflow", "github", "-o", path, "--install", "pipx=0.1.0"]);
    assert!(test.output().status.success());
    let generated = std::fs::read_to_string(test.folder().join(path)).unwrap();
    let said = init(&[("docker-bake.hcl", image), (path, &generated)]);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    said.proposes(&["nothing to propose"]);
}
