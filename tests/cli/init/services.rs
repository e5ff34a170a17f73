//! Pipelines of other services and files of other tools: each that publishes images is named, and no repository is invented
//! for what it does.

use super::{Said, Written, init, workflow};

/// What publishes, by file.
const PUBLISHING: [(&str, &str, usize, &str); 29] = [
    (
        ".circleci/config.yml",
        "orbs:\n  docker: circleci/docker@2\nworkflows:\n  a:\n    jobs:\n      - docker/publish: { image: acme/n }\n",
        6,
        "this pipeline of CircleCI",
    ),
    (".circleci/continue.yml", "jobs:\n  a:\n    steps:\n      - run: docker push acme/n:1\n", 4, "CircleCI"),
    (
        "azure-pipelines.yml",
        "steps:\n- task: Docker@2\n  inputs: { command: buildAndPush }\n",
        2,
        "this pipeline of Azure",
    ),
    ("ci/azure-pipelines.release.yaml", "steps:\n- script: docker buildx build --push .\n", 2, "Azure"),
    (".drone.yml", "steps:\n- name: a\n  image: plugins/docker\n", 3, "this pipeline of Drone"),
    (
        ".woodpecker/build.yml",
        "steps:\n  a:\n    image: woodpeckerci/plugin-docker-buildx\n",
        3,
        "Woodpecker",
    ),
    (
        ".gitea/workflows/w.yml",
        "on: push\njobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with: { push: true, tags: gitea.example.org/acme/n }\n",
        5,
        "this workflow of Gitea",
    ),
    (".forgejo/workflows/w.yaml", "jobs:\n  a:\n    steps:\n      - run: docker push x/y:1\n", 4, "Forgejo"),
    (
        ".buildkite/pipeline.yml",
        "steps:\n  - command: docker push acme/n:bk\n",
        2,
        "this pipeline of Buildkite",
    ),
    (
        "bitbucket-pipelines.yml",
        "pipelines:\n  default:\n    - step: { script: [docker push acme/n] }\n",
        3,
        "Bitbucket",
    ),
    (
        "cloudbuild.yaml",
        "steps:\n- name: gcr.io/cloud-builders/docker\nimages: [gcr.io/a/b]\n",
        2,
        "Cloud Build",
    ),
    ("buildspec.yml", "phases:\n  build:\n    commands:\n      - docker push $REPO:latest\n", 4, "CodeBuild"),
    ("skaffold.yaml", "build:\n  artifacts:\n  - image: acme/n\n", 2, "this file of Skaffold"),
    ("Earthfile", "VERSION 0.8\nimage:\n    FROM alpine\n    SAVE IMAGE --push acme/n:1\n", 4, "Earthly"),
    ("Jenkinsfile", "node {\n  docker.build('acme/n').push()\n}\n", 2, "this pipeline of Jenkins"),
    ("ci/Jenkinsfile.release", "sh 'docker push acme/n:1'\n", 1, "Jenkins"),
    (".tekton/push.yaml", "spec:\n  tasks:\n  - name: buildah\n", 3, "Tekton"),
    ("ci/pipeline.yml", "resources:\n- name: n\n  type: registry-image\n", 3, "Concourse"),
    (".travis.yml", "script:\n  - docker push acme/n\n", 2, "Travis"),
    ("appveyor.yml", "after_build:\n  - docker push acme/n\n", 2, "AppVeyor"),
    (
        ".teamcity/settings.kts",
        "steps {\n    dockerCommand {\n        commandType = push {}\n    }\n}\n",
        2,
        "TeamCity",
    ),
    (
        ".semaphore/semaphore.yml",
        "blocks:\n  - task: { jobs: [{ commands: [docker push acme/n] }] }\n",
        2,
        "Semaphore",
    ),
    ("codefresh.yml", "steps:\n  a:\n    type: push\n", 3, "Codefresh"),
    (".cirrus.yml", "docker_builder:\n  build_script: docker build .\n", 1, "Cirrus"),
    ("BUILD.bazel", "oci_push(\n    name = \"push\",\n)\n", 1, "Bazel"),
    (
        ".releaserc.json",
        "{\n  \"plugins\": [\n    \"@semantic-release/npm\",\n    \"@codedependant/semantic-release-docker\"\n  ]\n}\n",
        4,
        "semantic-release",
    ),
    (
        "release.config.js",
        "module.exports = {\n  plugins: [['@semantic-release-plus/docker', { name: 'acme/n' }]],\n};\n",
        2,
        "semantic-release",
    ),
    (
        "package.json",
        "{\n  \"devDependencies\": { \"semantic-release-docker\": \"2\" },\n  \"release\": {\n    \"plugins\": [\"semantic-release-docker\"]\n  }\n}\n",
        4,
        "semantic-release",
    ),
    (".goreleaser.yaml", "builds: []\ndockers:\n  - image_templates: [acme/n]\n", 2, "GoReleaser"),
];

#[test]
fn what_publishes_elsewhere_is_named_and_no_repository_is_invented() {
    let config = "[remote \"origin\"]\n\turl = https://github.com/acme/n\n";
    for (path, text, line, what) in PUBLISHING {
        let files = [
            (path, text),
            ("Dockerfile", "FROM scratch\n"),
            (".git/config", config),
            (".git/HEAD", "ref: refs/heads/main\n"),
        ];
        let said = init(&files);
        said.tells(&[what, "publishes images, and `init` does not read how", &format!("{path}:{line}:")]);
        said.proposes(&["registry.example", &format!("not known: what {path}:{line} publishes")]);
        said.lacks(&["ghcr.io/acme"]);
    }
    // Nothing is said twice, and all of it again.
    let (path, text, ..) = PUBLISHING[0];
    let written = Written::new(&[(path, text), ("Dockerfile", "FROM scratch\n")], &[]);
    written.proposes_nothing_more();
    written.run(&["init"]).tells(&["this pipeline of CircleCI publishes images"]);
}

#[test]
fn what_publishes_elsewhere_stands_beside_workflows() {
    let text = workflow("- run: docker build --push -t ghcr.io/acme/web:x .\n");
    for (path, other, line, what) in PUBLISHING {
        let said =
            init(&[(".github/workflows/w.yml", &text), (path, other), ("Dockerfile", "FROM scratch\n")]);
        said.tells(&[what, &format!("{path}:{line}:")]);
        said.proposes(&["ghcr.io/acme/web", &format!("not known: what {path}:{line} publishes")]);
    }
}

#[test]
fn what_leads_elsewhere_may_publish() {
    for (path, text) in [
        ("azure-pipelines.yml", "extends:\n  template: images.yml@shared\n"),
        ("Jenkinsfile", "@Library('shared') _\nstandardPipeline()\n"),
        (".tekton/push.yaml", "spec:\n  pipelineRef: { name: build }\n"),
        (".travis.yml", "import:\n  - acme/shared:ci.yml\n"),
    ] {
        let said = init(&[(path, text), ("Dockerfile", "FROM scratch\n")]);
        said.tells(&["may publish images, and `init` does not read how", path]);
    }
}

#[test]
fn what_is_about_something_else_is_not_named() {
    for (path, text) in [
        (
            ".circleci/config.yml",
            "jobs:\n  a:\n    docker: [{ image: cimg/go }]\n    steps: [{ run: make test }]\n",
        ),
        ("azure-pipelines.yml", "steps:\n- script: make test\n"),
        (".drone.yml", "steps:\n- image: golang\n  commands: [go test ./...]\n"),
        (".travis.yml", "# docker push acme/n\nscript: make test\n"),
        ("Jenkinsfile", "node { sh 'make test' }\n"),
        (".goreleaser.yaml", "builds: []\n"),
        ("ci/pipeline.yml", "resources:\n- name: n\n  type: git\n"),
        ("docs/cloudbuild.md", "docker push acme/n\n"),
        ("BUILD.bazel", "go_binary(name = \"a\")\n"),
    ] {
        let said = init(&[(path, text), ("Dockerfile", "FROM scratch\n")]);
        said.lacks(&["does not read how", "not read"]);
    }
}

const COMPOSE: &str = "services:\n  api:\n    image: ghcr.io/acme/api:${TAG:-latest}\n    build: ./api\n  tools:\n    image: ghcr.io/acme/tools:latest\n    build: ./ops\n    profiles: [ops]\n  local:\n    build: ./ops\n  db:\n    image: postgres:16\n";

/// What is proposed for a step that runs this, with a Compose file at a path.
fn of_compose(step: &str, path: &str) -> Said {
    let text = workflow(step);
    let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let [api, ops] = ["api", "ops"].map(|name| format!("{folder}{name}/Dockerfile"));
    init(&[
        (".github/workflows/w.yml", &text),
        (path, COMPOSE),
        (&api, "FROM scratch\n"),
        (&ops, "FROM scratch\n"),
    ])
}

#[test]
fn services_that_compose_pushes_are_proposed() {
    for step in [
        "docker compose push",
        "docker-compose push",
        "docker compose push api",
        "docker compose build --push api",
        "docker compose --ansi never build && docker compose push --ignore-push-failures",
        "docker compose -f compose.yaml -p acme push",
        "podman compose push",
    ] {
        let said = of_compose(&format!("- run: {step}\n"), "compose.yaml");
        assert_eq!(said.rows()[0], "push to main | api | ghcr.io/acme/api: latest | the same", "{step}");
        said.lacks(&["image \"tools\"", "image \"db\"", "image \"local\"", "not read"]);
    }
    // Profiles, and services that are named.
    for step in [
        "- run: docker compose --profile ops push\n",
        "- run: docker compose --profile '*' push\n",
        "- run: docker compose push\n  env: { COMPOSE_PROFILES: 'dev,ops' }\n",
        "- run: docker compose push api tools\n",
    ] {
        let said = of_compose(step, "compose.yaml");
        assert_eq!(
            said.rows()[..2],
            [
                "push to main | api | ghcr.io/acme/api: latest | the same",
                "tools | ghcr.io/acme/tools: latest | the same"
            ],
            "{step}"
        );
    }
    // The variables of a step are in the names of its images.
    for (env, main) in [
        ("{ TAG: edge }", "edge"),
        ("{ TAG: '${{ github.sha }}' }", "0123456789abcdef0123456789abcdef01234567"),
        ("{ OTHER: x }", "latest"),
    ] {
        let said = of_compose(&format!("- run: docker compose push\n  env: {env}\n"), "compose.yaml");
        assert_eq!(
            said.rows()[0],
            format!("push to main | api | ghcr.io/acme/api: {main} | the same"),
            "{env}"
        );
    }
    // So are its conditions.
    let step = "- if: github.ref_type == 'tag'\n  run: docker compose push\n";
    let said = of_compose(step, "compose.yaml");
    assert_eq!(said.rows()[0], "push to main | api | nothing | nothing");
    assert_eq!(said.rows()[1], "git tag v1.2.3 | api | ghcr.io/acme/api: latest | the same");
}

#[test]
fn compose_looks_for_its_files_where_it_runs() {
    for (step, path) in [
        ("- run: docker compose -f deploy/compose.yaml push\n", "deploy/compose.yaml"),
        ("- run: docker compose -f deploy/images.yaml push\n", "deploy/images.yaml"),
        ("- run: docker compose push\n  env: { COMPOSE_FILE: deploy/images.yaml }\n", "deploy/images.yaml"),
        ("- run: docker compose push\n  working-directory: deploy\n", "deploy/docker-compose.yml"),
        ("- run: cd deploy && docker compose -f images.yaml push\n", "deploy/images.yaml"),
    ] {
        let said = of_compose(step, path);
        assert_eq!(said.rows()[0], "push to main | api | ghcr.io/acme/api: latest | the same", "{step}");
        said.proposes(&["deploy/images.hcl"]);
    }
    // An override adds to the file beside it.
    let over = "services:\n  api:\n    image: ghcr.io/acme/api:over\n";
    let text = workflow("- run: docker compose push\n");
    let said = init(&[
        (".github/workflows/w.yml", text.as_str()),
        ("compose.yaml", COMPOSE),
        ("compose.override.yaml", over),
        ("api/Dockerfile", "FROM scratch\n"),
        ("ops/Dockerfile", "FROM scratch\n"),
    ]);
    assert_eq!(said.rows()[0], "push to main | api | ghcr.io/acme/api: over | the same");
}

#[test]
fn what_of_compose_is_not_known_is_named() {
    for (step, told) in [
        ("- run: docker compose -f $FILE push\n", "its Compose file `$FILE` is not known here"),
        ("- run: docker compose --profile $P push\n", "its profile `$P` is not known here"),
        ("- run: docker compose -f other.yaml push\n", "its Bake file was not found"),
    ] {
        let push = "- uses: docker/build-push-action@v6\n  with: { push: true, tags: 'ghcr.io/acme/n:x' }\n";
        let said = of_compose(&format!("{push}{step}"), "compose.yaml");
        said.tells(&[told]);
        assert!(said.rows().iter().any(|row| row.contains("not known: what")), "{:?}", said.rows());
    }
    // What pushes nothing is nothing.
    for step in [
        "docker compose build",
        "docker compose up --build",
        "docker compose push --dry-run",
        "docker compose pull",
    ] {
        let push = "- uses: docker/build-push-action@v6\n  with: { push: true, tags: 'ghcr.io/acme/n:x' }\n";
        let said = of_compose(&format!("{push}- run: {step}\n"), "compose.yaml");
        said.lacks(&["image \"api\"", "not read"]);
    }
}

#[test]
fn what_may_publish_is_named_and_what_does_not_is_not() {
    for (path, text, line, what) in [
        (
            "pom.xml",
            "<project>\n  <artifactId>jib-maven-plugin</artifactId>\n</project>\n",
            2,
            "this build of Maven",
        ),
        (
            "app/build.gradle.kts",
            "plugins {\n  id(\"com.google.cloud.tools.jib\")\n}\n",
            2,
            "this build of Gradle",
        ),
        ("build.sbt", "dockerRepository := Some(\"acme\")\n", 1, "this build of sbt"),
        (
            "src/n.csproj",
            "<Project>\n  <ContainerRegistry>ghcr.io</ContainerRegistry>\n</Project>\n",
            2,
            "this project of .NET",
        ),
    ] {
        let said = init(&[(path, text), ("Dockerfile", "FROM scratch\n")]);
        said.tells(&[what, "may publish images, and `init` does not read how", &format!("{path}:{line}:")]);
    }
    for (path, text) in [
        ("pom.xml", "<project><artifactId>surefire</artifactId></project>\n"),
        ("build.gradle", "plugins { id 'java' }\n"),
        (".releaserc.yml", "plugins: ['@semantic-release/github']\n"),
        ("package.json", "{ \"devDependencies\": { \"semantic-release-docker\": \"2\" } }\n"),
        ("package.json", "{ \"release\": { \"plugins\": [\"@semantic-release/npm\"] } }\n"),
    ] {
        init(&[(path, text), ("Dockerfile", "FROM scratch\n")]).lacks(&["does not read how"]);
    }
}

/// What is proposed for a step in whose folder there is a Compose file with these lines of a service.
fn of_service(step: &str, lines: &str) -> Said {
    let text = workflow(step);
    let lines: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    let compose = format!("services:\n  api:\n{lines}");
    init(&[(".github/workflows/w.yml", &text), ("compose.yaml", &compose), ("Dockerfile", "FROM scratch\n")])
}

/// The ways in which a step builds what Bake makes of a Compose file.
fn of_bake(env: &str) -> [String; 2] {
    [
        format!("- uses: docker/bake-action@v6\n  env: {env}\n  with: {{ push: true }}\n"),
        format!("- run: docker buildx bake --push\n  env: {env}\n"),
    ]
}

#[test]
fn a_variable_in_the_name_of_a_service_that_bake_builds_is_that_of_the_step() {
    let image = "image: ghcr.io/acme/api:${TAG:-latest}\nbuild: .\n";
    for (env, main, release) in [
        ("{ TAG: edge }", "edge", "edge"),
        ("{ TAG: '${{ github.ref_name }}' }", "main", "v1.2.3"),
        ("{ TAG: \"x-${{ github.run_number }}\" }", "x-0", "x-0"),
    ] {
        for step in of_bake(env) {
            let said = of_service(&step, image);
            let rows = said.rows();
            let row = |tag: &str| format!("| api | ghcr.io/acme/api: {tag} | the same");
            assert_eq!(rows[0], format!("push to main {}", row(main)), "{step}");
            assert_eq!(rows[1], format!("git tag v1.2.3 {}", row(release)), "{step}");
            said.lacks(&["sets the variable"]);
        }
    }
    // One without a default, and one that is not in the name.
    for step in of_bake("{ TAG: edge }") {
        let said = of_service(&step, "image: \"ghcr.io/acme/api:${TAG}\"\nbuild: .\n");
        assert_eq!(said.rows()[0], "push to main | api | ghcr.io/acme/api: edge | the same", "{step}");
        let said = of_service(&step, "image: ghcr.io/acme/api:latest\nbuild: .\n");
        assert_eq!(said.rows()[0], "push to main | api | ghcr.io/acme/api: latest | the same", "{step}");
        said.lacks(&["sets the variable"]);
    }
    // Outputs and variables of earlier steps.
    for before in [
        "- { id: t, run: 'echo tag=edge >> $GITHUB_OUTPUT' }\n",
        "- { id: t, run: 'echo TAG=edge >> $GITHUB_ENV' }\n",
    ] {
        let env =
            if before.contains("OUTPUT") { "{ TAG: '${{ steps.t.outputs.tag }}' }" } else { "{ A: b }" };
        for step in of_bake(env) {
            let said = of_service(&format!("{before}{step}"), image);
            assert_eq!(said.rows()[0], "push to main | api | ghcr.io/acme/api: edge | the same", "{step}");
        }
    }
}

#[test]
fn a_variable_of_a_service_that_is_not_known_is_named() {
    let image = "image: ghcr.io/acme/api:${TAG:-latest}\nbuild: .\n";
    let before = "- { id: t, run: 'echo tag=$(cat VERSION) >> $GITHUB_OUTPUT' }\n";
    for step in of_bake("{ TAG: '${{ steps.t.outputs.tag }}' }") {
        let said = of_service(&format!("{before}{step}"), image);
        said.tells(&["the step sets the variable `TAG`"]);
        assert!(said.rows()[0].contains("not known: what the tags are with the variable TAG"), "{step}");
    }
    for step in of_bake("{ TAG: '${{ vars.CHANNEL }}' }") {
        let said = of_service(&step, image);
        said.proposes(&["TAG = \"vars.CHANNEL\""]);
        assert!(said.rows()[0].contains("not known: what the tags are with the variable TAG"), "{step}");
    }
    // Where Bake takes other tags than the name.
    for step in of_bake("{ TAG: edge }") {
        let tags = "image: acme/api\nbuild:\n  context: .\n  tags: [\"ghcr.io/acme/api:${TAG:-latest}\"]\n";
        let said = of_service(&step, tags);
        said.tells(&["the step sets the variable `TAG` to `edge`"]);
        assert!(said.rows()[0].contains("not known: what the tags are with the variable TAG"), "{step}");
    }
}

#[test]
fn a_variable_in_the_build_of_a_service_is_named() {
    for build in [
        "build:\n  context: .\n  args: { PY: \"${PY:-3.12}\" }\n",
        "build:\n  context: .\n  args: [\"PY=$PY\"]\n",
        "build:\n  context: .\n  args: [PY]\n",
        "build:\n  context: .\n  args: { PY: }\n",
        "build:\n  context: .\n  target: py${PY-3.12}\n",
    ] {
        let lines = format!("image: ghcr.io/acme/api:latest\n{build}");
        let push = "- run: docker compose build --push\n  env: { PY: '3.13' }\n".to_owned();
        for step in of_bake("{ PY: '3.13' }").into_iter().chain([push]) {
            let said = of_service(&step, &lines);
            said.tells(&["the step sets the variable `PY` to `3.13`"]);
            assert_eq!(
                said.rows()[0],
                "push to main | api | ghcr.io/acme/api: latest | the same tags; another build, as the warnings say",
                "{step}{build}"
            );
        }
        for step in of_bake("{ PYTHON: '3.13' }") {
            let said = of_service(&step, &lines);
            said.lacks(&["sets the variable"]);
            assert_eq!(said.rows()[0], "push to main | api | ghcr.io/acme/api: latest | the same", "{step}");
        }
        for step in of_bake("{ PY: '${{ vars.PYTHON }}' }") {
            of_service(&step, &lines).proposes(&["PY = \"vars.PYTHON\""]);
        }
    }
}

#[test]
fn steps_that_set_a_variable_differently_are_named() {
    let of = |first: &str, second: &str| {
        let [first, second] = [first, second]
            .map(|env| format!("- uses: docker/bake-action@v6\n  env: {env}\n  with: {{ push: true }}\n"));
        let bake = "variable \"TAG\" { default = \"latest\" }\ntarget \"default\" { tags = [\"ghcr.io/acme/n:${TAG}\"] }\n";
        let text = workflow(&format!("{first}{second}"));
        init(&[
            (".github/workflows/w.yml", &text),
            ("docker-bake.hcl", bake),
            ("Dockerfile", "FROM scratch\n"),
        ])
    };
    for (first, second) in [
        ("{ A: b }", "{ TAG: '${{ github.ref_name }}' }"),
        ("{ TAG: '${{ github.ref_name }}' }", "{ A: b }"),
        ("{ TAG: '${{ github.ref_name }}' }", "{ TAG: '${{ github.sha }}' }"),
    ] {
        let said = of(first, second);
        said.tells(&["steps set the variable `TAG` to different values"]);
        said.lacks(&["TAG = \"github"]);
        assert!(said.rows()[0].contains("not known: what the tags are with the variable TAG"), "{second}");
    }
    let same = "{ TAG: '${{ github.ref_name }}' }";
    let said = of(same, same);
    said.proposes(&["TAG = \"github.ref_name\""]);
    said.lacks(&["to different values"]);
}

/// A variable that Compose asks for: the cures that are named work, and what the step sets is in the proposal then.
#[test]
fn what_a_service_requires_is_named_with_cures_that_work() {
    let compose = |image: &str| format!("services:\n  web:\n    image: {image}\n    build: .\n");
    let steps = "on: { push: { branches: [main], tags: ['v*'] } }\njobs:\n  a:\n    runs-on: ubuntu-latest\n    env: { VERSION: \"${{ github.ref_type == 'tag' && github.ref_name || 'edge' }}\" }\n    steps:\n      - run: docker compose build\n      - run: docker compose push\n";
    let files = |image: &str, more: &[(&str, &str)]| {
        let compose = compose(image);
        let all = [
            ("compose.yaml", compose.as_str()),
            (".github/workflows/w.yml", steps),
            ("Dockerfile", "FROM scratch\n"),
        ];
        let all: Vec<_> = all.into_iter().chain(more.iter().copied()).collect();
        super::said(&super::test(&all).args(["init"]))
    };
    for image in [
        "ghcr.io/acme/web:${VERSION:?set it}",
        "ghcr.io/acme/web:${VERSION?}",
        "ghcr.io/acme/web:v-${VERSION:?}",
    ] {
        let said = files(image, &[]);
        assert_eq!(said.code, 1, "{}", said.stdout);
        said.tells(&[
            "required-variable",
            "such as `${NAME:-dev}`, or a value in `.env`",
            "mend what cannot be evaluated",
        ]);
        said.lacks(&["--var", "in the environment", "write a Bake file"]);
        let (before, _) = image.split_once("${").unwrap();
        let row =
            |name: &str| format!("push to main | web | {}{name} | the same", before.replacen(":", ": ", 1));
        for (image, more) in [
            (format!("{before}${{VERSION:-dev}}"), &[][..]),
            (image.to_owned(), &[(".env", "VERSION=local\n")]),
        ] {
            let said = files(&image, more);
            assert_eq!(said.code, 0, "{}", said.stderr);
            assert_eq!(said.rows()[0], row("edge"), "{image}: {}", said.stderr);
        }
    }
    // Nothing that could be mended.
    let said = super::said(&super::test(&[("README.md", "x\n")]).args(["init"]));
    said.tells(&["write a Bake file"]);
    said.lacks(&["cannot be evaluated"]);
}
