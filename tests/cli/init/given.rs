//! Inputs of the actions that build: each is in the proposal, or a warning names its line.

use super::{Files, init, said, test, workflow};

const WORKFLOW: &str = ".github/workflows/image.yml";

/// A step that builds and pushes with further inputs.
fn step(inputs: &str) -> String {
    let inputs: String = inputs.lines().map(|line| format!("    {line}\n")).collect();
    workflow(&format!(
        "- uses: docker/build-push-action@v6\n  with:\n    push: true\n    tags: ghcr.io/acme/app:edge\n{inputs}"
    ))
}

fn files(text: &str) -> [(&str, &str); 2] {
    [(WORKFLOW, text), ("Dockerfile", "FROM scratch\n")]
}

#[test]
fn inputs_are_attributes_of_the_target() {
    for (input, expected) in [
        (
            "network: host\nallow: network.host",
            &["network = \"host\"", "entitlements = [\"network.host\"]"][..],
        ),
        ("allow: |\n  network.host\n  security.insecure", &["[\"network.host\", \"security.insecure\"]"]),
        ("shm-size: 1g", &["shm-size = \"1g\""]),
        ("ulimit: nofile=1024:1024", &["ulimits = [\"nofile=1024:1024\"]"]),
        ("no-cache-filters: install,test", &["no-cache-filter = [\"install\", \"test\"]"]),
        ("add-hosts: db:10.0.0.1,host=host-gateway", &["db = \"10.0.0.1\"", "host = \"host-gateway\""]),
        ("annotations: index:a.b=c", &["annotations = [\"index:a.b=c\"]"]),
        ("ssh: default", &["ssh = [\"default\"]"]),
        ("attests: type=sbom", &["attest = [\"type=sbom\"]"]),
        ("provenance: mode=max\nsbom: true", &["\"type=provenance,mode=max\"", "\"type=sbom\""]),
        ("provenance: false", &["attest = [\"type=provenance,disabled=true\"]"]),
        ("target: prod", &["target = \"prod\""]),
        ("labels: a.b=c", &["labels = {", "= \"c\""]),
        ("build-contexts: src=./src", &["contexts = {", "\"./src\""]),
        ("outputs: type=image,compression=zstd", &["output = [\"type=image,compression=zstd\"]"]),
        ("No-Cache: True\npull: true", &["no-cache = true", "pull = true"]),
        ("secrets: npm=${{ secrets.NPM }}", &["secret = [\"id=npm,env=NPM\"]"]),
    ] {
        let said = init(&files(&step(input)));
        said.proposes(expected);
        assert_eq!(said.stderr, "", "{input}");
    }
    // What is about the runner is nothing for a plan.
    for input in
        ["builder: x", "load: true", "github-token: ${{ github.token }}", "call: build", "network: ''"]
    {
        let said = init(&files(&step(input)));
        assert_eq!(said.stderr, "", "{input}");
    }
}

#[test]
fn unknown_attributes_are_named_with_their_line() {
    for input in [
        "cgroup-parent: /x",
        "outputs: type=local,dest=out",
        "provenance: ${{ steps.x.outputs.y }}",
        "sbom: ${{ inputs.sbom }}",
        "no-cache: ${{ steps.x.outputs.y }}",
        "pull: ${{ github.event_name == 'schedule' }}",
        "shm-size: ${{ steps.x.outputs.y }}",
        "ulimit: ${{ steps.x.outputs.y }}",
        "add-hosts: db:${{ steps.x.outputs.y }}",
        "something-new: 1",
    ] {
        let said = init(&files(&step(input)));
        said.tells(&["not in the proposal", " --> .github/workflows/image.yml:14"]);
    }
}

#[test]
fn secrets_without_a_place_are_told_and_never_shown() {
    for (input, told, proposed) in [
        ("secrets: json=Abc123xyz", "`json` is written into the workflow", "id=json,env=JSON"),
        (
            "secrets: |\n  \"json={\"\"a\"\":\"\"Abc123xyz\"\"}\"",
            "`json` is written into the workflow",
            "id=json,env=JSON",
        ),
        (
            "secrets: |\n  \"json={\n  \"\"k\"\": \"\"Abc123xyz=\"\"\n  }\"\n  b=${{ secrets.B }}",
            "`json` is written into the workflow",
            "\"id=json,env=JSON\", \"id=b,env=B\"",
        ),
        ("secrets: a=${{ steps.x.outputs.y }}", "`a` is made in the workflow", "id=a,env=A"),
        ("secrets: a=${{ vars.X }}", "`a` is in the setting `vars.X`", "id=a,env=A"),
        ("secrets: a-b=x${{ secrets.A }}", "`a-b` is made in the workflow", "id=a-b,env=A_B"),
        ("secret-envs: a=TOKEN", "`a` is made in the workflow", "id=a,env=TOKEN"),
        ("secret-files: a=./token.txt", "`a` is read from the file `./token.txt`", "id=a,src=./token.txt"),
    ] {
        let said = init(&files(&step(input)));
        said.tells(&[told, " --> .github/workflows/image.yml:1"]);
        said.proposes(&[proposed]);
        said.lacks(&["Abc123xyz"]);
    }
    let said = init(&files(&step("secrets: ${{ secrets.ALL }}")));
    said.tells(&["which secrets these are is not known here"]);
    // What the environment of the step has from a secret is that secret.
    let text = step("secret-envs: a=TOKEN")
        .replace("      - uses", "      - env: { TOKEN: '${{ secrets.NPM }}' }\n        uses");
    let said = init(&files(&text));
    said.proposes(&["secret = [\"id=a,env=NPM\"]"]);
    assert_eq!(said.stderr, "");
    // Nor is it shown where another input of the same line is.
    let text = workflow(
        "- uses: docker/build-push-action@v6\n  with: { push: true, tags: \"ghcr.io/acme/app:edge\", secrets: \"json=Abc123xyz\" }",
    );
    init(&files(&text)).lacks(&["Abc123xyz"]);
}

#[test]
fn a_step_that_only_checks_publishes_nothing() {
    for call in ["check", "outline", "targets"] {
        let two = format!("{}{}", step(""), "      - run: docker push ghcr.io/acme/other:x\n");
        let text = step(&format!("call: {call}"));
        let said = said(&test(&files(&text)).args(["init"]));
        said.lacks(&["ghcr.io/acme/app"]);
        assert!(two.contains("docker push"), "{call}");
    }
}

const BAKE: &str = "target \"app\" {\n  tags = [\"ghcr.io/acme/app:edge\"]\n}\n";

fn of_bake(inputs: &str) -> String {
    let inputs: String = inputs.lines().map(|line| format!("    {line}\n")).collect();
    workflow(&format!("- uses: docker/bake-action@v6\n  with:\n    push: true\n    targets: app\n{inputs}"))
}

#[test]
fn inputs_of_bake_are_in_the_proposal_or_named() {
    let files = |text: &str| -> [(&'static str, String); 2] {
        [(WORKFLOW, text.to_owned()), ("docker-bake.hcl", BAKE.to_owned())]
    };
    let init_of = |text: &str| {
        let files = files(text);
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        init(Files::from(&files))
    };
    for (input, expected) in [
        ("no-cache: true", "no-cache = true"),
        ("pull: true", "pull = true"),
        ("provenance: false", "attest = [\"type=provenance,disabled=true\"]"),
        ("sbom: true", "attest = [\"type=sbom\"]"),
    ] {
        let said = init_of(&of_bake(input));
        said.proposes(&["target \"app\" {", expected]);
        assert_eq!(said.stderr, "", "{input}");
    }
    for input in ["builder: x", "allow: network.host", "load: false", "source: .", "no-cache: false"] {
        assert_eq!(init_of(&of_bake(input)).stderr, "", "{input}");
    }
    for input in ["no-cache: ${{ steps.x.outputs.y }}", "sbom: ${{ steps.x.outputs.y }}", "new-one: 1"] {
        init_of(&of_bake(input)).tells(&["not in the proposal", " --> .github/workflows/image.yml:14"]);
    }
}

/// Two workflows that publish one image, of which the second has more, or less.
#[test]
fn what_two_builds_of_one_image_do_not_share_is_told() {
    let at = |steps: &str, on: &str| {
        let text = workflow(steps);
        let (_, jobs) = text.split_once("jobs:").unwrap();
        format!("on: {on}\njobs:{jobs}")
    };
    let build = |tag: &str, inputs: &str| {
        let inputs: String = inputs.lines().map(|line| format!("    {line}\n")).collect();
        format!(
            "- uses: docker/build-push-action@v6\n  with:\n    push: true\n    tags: ghcr.io/acme/app:{tag}\n{inputs}"
        )
    };
    for (first, second, told) in [
        (
            "platforms: linux/amd64,linux/arm64",
            "platforms: linux/amd64",
            &["platforms: linux/amd64 alone"][..],
        ),
        ("platforms: linux/amd64", "platforms: linux/amd64,linux/arm64", &["platforms: linux/amd64 alone"]),
        (
            "platforms: linux/amd64",
            "platforms: linux/arm64",
            &["platforms: linux/amd64 alone", "platforms: linux/arm64 alone"],
        ),
        ("", "no-cache: true", &["no-cache: true"]),
        ("", "network: host", &["network: host"]),
        ("", "secrets: a=${{ secrets.A }}", &["not in the proposal: `secret: "]),
        ("", "provenance: false", &["attests: type=provenance,disabled=true"]),
        ("platforms: linux/amd64", "platforms: linux/amd64", &[]),
        ("shm-size: 1g", "shm-size: 1g", &[]),
    ] {
        let one = at(&build("edge", first), "{ push: { branches: [main] } }");
        let two = at(&build("nightly", second), "{ schedule: [{ cron: '0 0 * * *' }] }");
        let said = init(&[
            (".github/workflows/a.yml", one.as_str()),
            (".github/workflows/b.yml", two.as_str()),
            ("Dockerfile", "FROM scratch\n"),
        ]);
        said.tells(told);
        if told.is_empty() {
            said.lacks(&["not in the proposal"]);
        }
    }
}

/// What only runs for files that a push changes is read as for one that changes all of them.
#[test]
fn what_depends_on_changed_files_is_proposed_with_a_warning() {
    let head = "on:\n  push:\n    branches: [main]\njobs:\n  changes:\n    runs-on: ubuntu-latest\n    outputs:\n      api: ${{ steps.filter.outputs.api }}\n      all: ${{ steps.filter.outputs.changes }}\n      any: ${{ steps.files.outputs.any_changed }}\n    steps:\n      - id: filter\n        uses: dorny/paths-filter@v3\n        with:\n          filters: |\n            # ours\n            api:\n              - api/**\n            web: web/**\n      - id: files\n        uses: tj-actions/changed-files@v45\n";
    let job = |condition: &str, strategy: &str, app: &str| {
        format!(
            "{head}  image:\n    needs: changes\n    {condition}\n    runs-on: ubuntu-latest\n{strategy}    steps:\n      - uses: docker/build-push-action@v6\n        with: {{ context: \"{app}\", push: true, tags: \"ghcr.io/acme/{app}:edge\" }}\n"
        )
    };
    let matrix = "    strategy:\n      matrix:\n        app: ${{ fromJSON(needs.changes.outputs.all) }}\n";
    for (text, images) in [
        (job("if: needs.changes.outputs.api == 'true'", "", "api"), &["api"][..]),
        (job("if: ${{ needs.changes.outputs.any == 'true' }}", "", "api"), &["api"]),
        (job("if: needs.changes.outputs.all != '[]'", matrix, "${{ matrix.app }}"), &["api", "web"]),
    ] {
        let said = init(&[
            (WORKFLOW, text.as_str()),
            ("api/Dockerfile", "FROM scratch\n"),
            ("web/Dockerfile", "FROM scratch\n"),
        ]);
        for image in images {
            said.proposes(&[&format!("repositories = [\"ghcr.io/acme/{image}\"]")]);
        }
        said.tells(&[
            "the files that a push changes decide what runs behind this",
            "image.yml:12",
            "only_changed",
        ]);
        said.lacks(&["cannot express"]);
    }
    // Filters in a file are not known.
    let text = job("if: needs.changes.outputs.api == 'true'", "", "api");
    let (before, after) = text.split_once("filters: |").unwrap();
    let (_, after) = after.split_once("web: web/**\n").unwrap();
    let text = format!("{before}filters: .github/filters.yml\n{after}");
    let said = said(&test(&[(WORKFLOW, text.as_str()), ("api/Dockerfile", "FROM scratch\n")]).args(["init"]));
    said.tells(&["a plan cannot express `needs.changes.outputs.api == 'true'`"]);
}

#[test]
fn what_a_person_may_say_who_starts_a_run_is_named() {
    let of = |inputs: &str, tag: &str| {
        let text = format!(
            "on:\n  push:\n    branches: [main]\n  workflow_dispatch:\n{inputs}jobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          push: true\n          tags: ghcr.io/acme/app:{tag}\n"
        );
        init(&[(WORKFLOW, text.as_str()), ("Dockerfile", "FROM scratch\n")])
    };
    let inputs = "    inputs:\n      tag: { type: string }\n      level: { default: info }\n";
    for tag in ["${{ inputs.tag || 'edge' }}", "${{ github.event.inputs.tag || 'edge' }}"] {
        let said = of(inputs, tag);
        said.tells(&["a run by hand can have another `tag` today", "image.yml:6"]);
        said.lacks(&["another `level`"]);
    }
    of(inputs, "edge").lacks(&["a run by hand can have"]);
    of("", "edge").lacks(&["a run by hand can have"]);
}
