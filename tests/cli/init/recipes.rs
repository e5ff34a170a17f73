//! Justfiles, Taskfiles and scripts of packages that workflows run, and here-documents that scripts write and run.

use super::{Files, Said, init, workflow};

const FROM: &str = "FROM scratch\n";
const WEB: &str = "docker build --push -t ghcr.io/acme/web:x web";

/// What is proposed where steps run these scripts, beside one that builds `web` itself.
fn of_steps(scripts: &[&str], files: Files<'_>) -> Said {
    let step = |script: &&str| {
        let lines: String = script.lines().map(|line| format!("    {line}\n")).collect();
        format!("- run: |\n{lines}")
    };
    let steps: String = scripts.iter().map(step).collect();
    let text = workflow(&format!("- run: {WEB}\n{steps}"));
    let own = [
        (".github/workflows/image.yml", text.as_str()),
        ("Dockerfile", FROM),
        ("api/Dockerfile", FROM),
        ("web/Dockerfile", FROM),
    ];
    init(&[&own[..], files].concat())
}

fn of_step(script: &str, files: Files<'_>) -> Said {
    of_steps(&[script], files)
}

/// The step publishes `api:x` from the folder `api`, and the proposal says where that is written.
#[track_caller]
fn publishes_api(script: &str, files: Files<'_>, place: &str) {
    let said = of_step(script, files);
    said.proposes(&["context = \"api\"", &format!("# from {place}")]);
    assert!(
        said.rows().iter().any(|row| row.ends_with("ghcr.io/acme/api: x | the same")),
        "{script}: {:?}\n{}",
        said.rows(),
        said.stderr
    );
    assert_eq!(said.stderr, "", "{script}");
}

#[test]
fn recipes_of_a_justfile_are_read() {
    for (script, justfile, line) in [
        ("just push", "push:\n    docker build --push -t ghcr.io/acme/api:x api\n", 2),
        (
            "just",
            "tag := 'x'\n\n# the first\npush:\n    docker build --push -t ghcr.io/acme/api:{{tag}} api\n",
            5,
        ),
        (
            "just --set tag x push",
            "tag := 'y'\npush:\n  docker build --push -t ghcr.io/acme/api:{{ tag }} api\n",
            3,
        ),
        (
            "just tag=x push",
            "tag := 'y'\npush:\n  docker build --push -t ghcr.io/acme/api:{{ tag }} api\n",
            3,
        ),
        ("just push x", "push tag:\n  @docker build --push -t ghcr.io/acme/api:{{tag}} api\n", 2),
        ("just push x", "push $tag='y':\n  docker build --push -t ghcr.io/acme/api:$tag api\n", 2),
        ("just push", "push tag=('x'):\n  docker build --push -t ghcr.io/acme/api:{{tag}} api\n", 2),
        (
            "just push build x",
            "push what +tags:\n  docker build --push -t ghcr.io/acme/api:{{tags}} api\n",
            2,
        ),
        (
            "just push",
            "name := \"ghcr.io\" / 'acme'\npush: (ship 'x')\n@ship tag:\n  docker build --push -t {{name / \"api\" + ':' + tag}} api\n",
            4,
        ),
        (
            "just p",
            "alias p := push\npush: build\n  docker push ghcr.io/acme/api:x\nbuild:\n  docker build -t ghcr.io/acme/api:x api\n",
            5,
        ),
        (
            "just push",
            "push:\n  #!/usr/bin/env bash\n  set -e\n\n  cd api\n  docker build --push -t ghcr.io/acme/api:x .\n",
            6,
        ),
        ("just push", "push:\n  cd web\n  docker build --push \\\n    -t ghcr.io/acme/api:x api\n", 3),
        ("just push", "export TAG := 'x'\npush:\n  docker build --push -t ghcr.io/acme/api:$TAG api\n", 3),
        (
            "TAG=x just push",
            "tag := env_var('TAG')\npush:\n  docker build --push -t ghcr.io/acme/api:{{tag}} api\n",
            3,
        ),
        (
            "just push",
            "tag := env('TAG', 'x')\npush:\n  docker build --push -t ghcr.io/acme/api:{{tag}} api\n",
            3,
        ),
        (
            "just push",
            "mode := 'a'\ntag := if mode == 'a' { 'x' } else { 'y' }\npush:\n  docker build --push -t ghcr.io/acme/api:{{tag}} api\n",
            4,
        ),
        (
            "just push",
            "[macos]\npush:\n  echo\n[linux]\npush:\n  docker build --push -t ghcr.io/acme/api:x api\n",
            6,
        ),
        (
            "just push",
            "[working-directory: 'api']\npush:\n  docker build --push -t ghcr.io/acme/api:x .\n",
            3,
        ),
        (
            "just push",
            "set positional-arguments\npush: (ship 'x')\nship tag:\n  docker build --push -t ghcr.io/acme/api:$1 api\n",
            4,
        ),
        (
            "just push",
            "push: && ship\n  echo\nship:\n  docker build --push -t ghcr.io/acme/api:x {{justfile_directory()}}/api\n",
            4,
        ),
        ("cd web && just push", "push:\n  docker build --push -t ghcr.io/acme/api:x api\n", 2),
    ] {
        publishes_api(script, &[("justfile", justfile)], &format!("justfile:{line}"));
    }
    let own = "push:\n  docker build --push -t ghcr.io/acme/api:x .\n";
    for (script, files, place) in [
        ("just api/push", &[("api/justfile", own)][..], "api/justfile:2"),
        ("cd api && just push", &[("api/.justfile", own)], "api/.justfile:2"),
        ("just -f api/justfile push", &[("api/justfile", own)], "api/justfile:2"),
        ("just -d api -f ci.just push", &[("ci.just", own)], "ci.just:2"),
        ("just api push", &[("justfile", "mod api\n"), ("api/mod.just", own)], "api/mod.just:2"),
        ("just images::push", &[("justfile", "mod images 'api'\n"), ("api/justfile", own)], "api/justfile:2"),
        (
            "just push",
            &[
                ("justfile", "import 'ci/x.just'\n"),
                ("ci/x.just", "push:\n  cd api && docker build --push -t ghcr.io/acme/api:x .\n"),
            ],
            "ci/x.just:2",
        ),
        (
            "just push",
            &[
                ("justfile", "push:\n  make -C api push\n"),
                ("api/Makefile", "push:\n\tdocker build --push -t ghcr.io/acme/api:x .\n"),
            ],
            "api/Makefile:2",
        ),
        ("make push", &[("Makefile", "push:\n\tjust api/push\n"), ("api/justfile", own)], "api/justfile:2"),
    ] {
        publishes_api(script, files, place);
    }
}

#[test]
fn tasks_of_a_taskfile_are_read() {
    const BUILD: &str = "docker build --push -t ghcr.io/acme/api";
    let head = "version: '3'\n";
    for (script, tasks, line) in [
        ("task push", format!("tasks:\n  push:\n    cmds:\n      - {BUILD}:x api\n"), 5),
        ("task", format!("tasks:\n  default: {BUILD}:x api\n"), 3),
        (
            "task push",
            format!("tasks:\n  push:\n    - echo\n    - cmd: {BUILD}:x api\n      silent: true\n"),
            5,
        ),
        ("task push", format!("vars: {{ TAG: x }}\ntasks:\n  push:\n    cmd: {BUILD}:{{{{.TAG}}}} api\n"), 5),
        (
            "task push TAG=x",
            format!("vars: {{ TAG: y }}\ntasks:\n  push:\n    cmds: ['{BUILD}:{{{{.TAG}}}} api']\n"),
            5,
        ),
        ("TAG=x task push", format!("tasks:\n  push:\n    cmds: ['{BUILD}:{{{{.TAG}}}} api']\n"), 4),
        (
            "task push",
            format!(
                "tasks:\n  push:\n    vars:\n      TAG: '{{{{.TAG | default \"x\"}}}}'\n    cmds:\n      - {BUILD}:{{{{.TAG}}}} api\n"
            ),
            7,
        ),
        (
            "task push",
            format!("env: {{ TAG: x }}\ntasks:\n  push:\n    cmds:\n      - {BUILD}:$TAG api\n"),
            6,
        ),
        ("task push", format!("tasks:\n  push:\n    dir: api\n    cmds:\n      - {BUILD}:x .\n"), 6),
        (
            "task push",
            format!(
                "tasks:\n  push:\n    deps: [ship]\n  ship:\n    cmds:\n      - |\n        set -e\n        {BUILD}:x api\n"
            ),
            9,
        ),
        (
            "task push",
            format!(
                "tasks:\n  push:\n    cmds:\n      - task: ship\n        vars: {{ TAG: x }}\n  ship:\n    cmds:\n      - {BUILD}:{{{{.TAG}}}} api\n"
            ),
            9,
        ),
        (
            "task push",
            format!(
                "tasks:\n  push:\n    cmds:\n      - for: [api]\n        cmd: docker build --push -t ghcr.io/acme/{{{{.ITEM}}}}:x {{{{.ITEM}}}}\n{}",
                if BUILD.is_empty() { "x" } else { "" }
            ),
            6,
        ),
        (
            "task push",
            format!(
                "vars: {{ ALL: 'api' }}\ntasks:\n  push:\n    cmds:\n      - for: {{ var: ALL, as: ONE }}\n        cmd: {BUILD}:x {{{{.ONE}}}}\n"
            ),
            7,
        ),
        ("task push -- x", format!("tasks:\n  push:\n    cmds:\n      - {BUILD}:{{{{.CLI_ARGS}}}} api\n"), 5),
        (
            "task ship",
            format!(
                "tasks:\n  push:\n    aliases: [ship]\n    cmds:\n      - {BUILD}:x {{{{.ROOT_DIR}}}}/api\n"
            ),
            6,
        ),
        (
            "task push",
            format!(
                "tasks:\n  push:\n    cmds:\n      - defer: echo\n      - {BUILD}:x api\n      - cmd: docker push ghcr.io/acme/other:x\n        platforms: [windows]\n"
            ),
            6,
        ),
    ] {
        let text = format!("{head}{tasks}");
        publishes_api(script, &[("Taskfile.yml", &text)], &format!("Taskfile.yml:{line}"));
    }
    let own = format!("{head}tasks:\n  push:\n    cmds:\n      - {BUILD}:x .\n");
    let root = |includes: &str| format!("{head}includes:\n  api: {includes}\n");
    for (script, files, place) in [
        ("task -d api push", &[("api/Taskfile.yml", own.as_str())][..], "api/Taskfile.yml:5"),
        ("cd api && task push", &[("api/Taskfile.yaml", &own)], "api/Taskfile.yaml:5"),
        ("task -t api/Taskfile.yml push", &[("api/Taskfile.yml", &own)], "api/Taskfile.yml:5"),
        (
            "task api:push",
            &[("Taskfile.yml", &root("{ taskfile: ./api, dir: ./api }")), ("api/Taskfile.yml", &own)],
            "api/Taskfile.yml:5",
        ),
        (
            "task api:push",
            &[("Taskfile.yml", &root("./tasks/api.yml")), ("tasks/api.yml", &own.replace(" .\n", " api\n"))],
            "tasks/api.yml:5",
        ),
    ] {
        publishes_api(script, files, place);
    }
}

#[test]
fn scripts_of_a_package_are_read() {
    let one = |name: &str, command: &str| {
        format!("{{\n  \"scripts\": {{\n    \"{name}\": \"{command}\"\n  }}\n}}\n")
    };
    let push = one("push", "docker build --push -t ghcr.io/acme/api:x api");
    for script in [
        "npm run push",
        "npm run-script push",
        "yarn push",
        "yarn run push",
        "pnpm push",
        "pnpm run push",
        "bun run push",
        "npm --silent run push --if-present",
        "cd web && npm run push --prefix ..",
        "npx run-s push",
    ] {
        let script = script.strip_prefix("npx ").unwrap_or(script);
        publishes_api(script, &[("package.json", &push)], "package.json:3");
    }
    let with = one("push", "docker build api --push -t");
    publishes_api("npm run push -- ghcr.io/acme/api:x", &[("package.json", &with)], "package.json:3");
    publishes_api("yarn push ghcr.io/acme/api:x", &[("package.json", &with)], "package.json:3");
    let two = "{\n  \"name\": \"x\",\n  \"scripts\": {\n    \"prepush\": \"docker build -t ghcr.io/acme/api:x api\",\n    \"push\": \"docker push ghcr.io/acme/api:x\",\n    \"ship\": \"npm run lint && npm run push\",\n    \"lint\": \"x\"\n  }\n}\n";
    for script in ["npm run push", "npm run ship", "yarn ship", "run-s lint push"] {
        publishes_api(script, &[("package.json", two)], "package.json:4");
    }
    let own = "{\n  \"name\": \"@acme/api\",\n  \"scripts\": { \"push\": \"docker build --push -t ghcr.io/acme/api:x .\" }\n}\n";
    for script in [
        "npm --prefix api run push",
        "npm run push -w @acme/api",
        "npm run push --workspace=api",
        "npm run push --workspaces",
        "yarn --cwd api push",
        "yarn workspace @acme/api push",
        "yarn workspace @acme/api run push",
        "pnpm -C api push",
        "pnpm --filter @acme/api push",
        "pnpm --filter api run push",
        "pnpm -r push",
        "cd api && npm run push",
    ] {
        let root = ("package.json", "{ \"name\": \"root\" }\n");
        publishes_api(script, &[root, ("api/package.json", own)], "api/package.json:3");
    }
    // What no step runs is named as before.
    of_step("npm test", &[("package.json", &push)]).tells(&["a script of this package publishes images"]);
}

/// What depends on the run, on a setting or on a condition is not written as if it did not.
#[test]
fn what_recipes_do_not_say_is_not_known() {
    for (script, files, told) in [
        (
            "just push $TAG",
            &[("justfile", "push tag:\n  docker build --push -t ghcr.io/acme/api:{{tag}} api\n")][..],
            "`$TAG` is not known here",
        ),
        (
            "just push",
            &[(
                "justfile",
                "tag := `cat VERSION`\npush:\n  docker build --push -t ghcr.io/acme/api:{{tag}} api\n",
            )],
            "cat VERSION",
        ),
        (
            "just push",
            &[(
                "justfile",
                "tag := env_var('TAG')\npush:\n  docker build --push -t ghcr.io/acme/api:{{tag}} api\n",
            )],
            "`$TAG` is not known here",
        ),
        (
            "just push",
            &[("justfile", "push:\n  [ -f x ] && docker build --push -t ghcr.io/acme/api:x api\n")],
            "a plan cannot express `-f x`",
        ),
        (
            "just push",
            &[("justfile", "push:\n  #!/usr/bin/env python3\n  run('docker push ghcr.io/acme/api:x')\n")],
            "`push` is in another language than that of a shell",
        ),
        (
            "task push",
            &[(
                "Taskfile.yml",
                "tasks:\n  push:\n    vars: { TAG: { sh: cat VERSION } }\n    cmd: docker build --push -t ghcr.io/acme/api:{{.TAG}} api\n",
            )],
            "cat VERSION",
        ),
        (
            "task push",
            &[("Taskfile.yml", "tasks:\n  push: 'docker build --push -t ghcr.io/acme/api:{{.TAG}} api'\n")],
            "`{{.TAG}}` is not known here",
        ),
        (
            "task push",
            &[(
                "Taskfile.yml",
                "tasks:\n  push: 'docker build {{if .PUSH}}--push{{end}} -t ghcr.io/acme/api:x api'\n",
            )],
            "ghcr.io/acme/api",
        ),
        (
            "task push",
            &[(
                "Taskfile.yml",
                "tasks:\n  push:\n    status: [test -f done]\n    cmd: docker build --push -t ghcr.io/acme/api:x api\n",
            )],
            "a plan cannot express `! test -f done`",
        ),
        (
            "task push",
            &[(
                "Taskfile.yml",
                "tasks:\n  push:\n    if: '[ -f x ]'\n    cmd: docker build --push -t ghcr.io/acme/api:x api\n",
            )],
            "a plan cannot express `-f x`",
        ),
        (
            "npm run push",
            &[(
                "package.json",
                "{\"scripts\":{\"push\":\"docker build --push -t ghcr.io/acme/api:$npm_package_version api\"}}\n",
            )],
            "`$npm_package_version` is not known here",
        ),
        (
            "npm run push -- $TAG",
            &[("package.json", "{\"scripts\":{\"push\":\"docker build api --push -t\"}}\n")],
            "$TAG",
        ),
    ] {
        let said = of_step(script, files);
        said.tells(&[told]);
        said.proposes(&["not known"]);
        assert!(!said.stdout.contains("\"x\",\n  ]\n}\n\nimage \"api\""), "{}", said.stdout);
    }
    // What a plan can say, it says.
    for (script, files) in [
        (
            "[[ $GITHUB_REF == refs/tags/* ]] && just push",
            &[("justfile", "push:\n  docker build --push -t ghcr.io/acme/api:x api\n")][..],
        ),
        (
            "just push",
            &[(
                "justfile",
                "push:\n  [[ $GITHUB_REF == refs/tags/* ]] && docker build --push -t ghcr.io/acme/api:x api\n",
            )],
        ),
        (
            "task push",
            &[(
                "Taskfile.yml",
                "tasks:\n  push:\n    if: '[[ $GITHUB_REF == refs/tags/* ]]'\n    cmd: docker build --push -t ghcr.io/acme/api:x api\n",
            )],
        ),
        (
            "npm run push",
            &[(
                "package.json",
                "{\"scripts\":{\"push\":\"[ $GITHUB_REF_TYPE = tag ] && docker build --push -t ghcr.io/acme/api:x api\"}}\n",
            )],
        ),
    ] {
        let said = of_step(script, files);
        said.proposes(&["{ pattern = \"x\", when = \"tag is startingwith('v')\" },"]);
    }
    let said = of_step(
        "just push ${GITHUB_REF_NAME#v}",
        &[("justfile", "push tag:\n  docker build --push -t ghcr.io/acme/api:{{tag}} api\n")],
    );
    said.proposes(&[
        "git tag v1.2.3 | api | ghcr.io/acme/api: 1.2.3 | the same".split(" |").next().unwrap(),
        "ghcr.io/acme/api: 1.2.3",
    ]);
    let said = of_step(
        "task push TAG=${{ github.sha }}",
        &[("Taskfile.yml", "tasks:\n  push: 'docker build --push -t ghcr.io/acme/api:{{.TAG}} api'\n")],
    );
    said.proposes(&["ghcr.io/acme/api: 0123456789abcdef0123456789abcdef01234567"]);
}

/// By themselves they are read as Makefiles are, and beside workflows that build they are named.
#[test]
fn recipes_that_nothing_runs_are_read_or_named() {
    for (path, text) in [
        ("justfile", "push:\n  docker build --push -t ghcr.io/acme/api:x api\n"),
        (".justfile", "push tag='x':\n  docker build --push -t ghcr.io/acme/api:{{tag}} api\n"),
        ("Taskfile.yml", "tasks:\n  push: docker build --push -t ghcr.io/acme/api:x api\n"),
    ] {
        let said = init(&[(path, text), ("api/Dockerfile", FROM)]);
        said.proposes(&["context = \"api\"", "repositories = [\"ghcr.io/acme/api\"]"]);
        let said = of_step("echo", &[(path, text)]);
        said.tells(&[&format!("none was found that runs this: `{path}`")]);
        said.lacks(&["acme/api"]);
    }
}

#[test]
fn words_that_env_splits_are_a_command() {
    for script in [
        "env -S 'docker build --push -t ghcr.io/acme/api:x api'",
        "env -S \"docker build --push\" -t ghcr.io/acme/api:x api",
        "env --split-string='docker build --push -t ghcr.io/acme/api:x api'",
        "env -iS 'docker build --push -t ghcr.io/acme/api:x' api",
        "sudo env TAG=x -S'docker build --push -t ghcr.io/acme/api:$TAG api'",
        "/usr/bin/env -C api -S 'docker build --push -t ghcr.io/acme/api:x .'",
        "/usr/bin/docker build --push -t ghcr.io/acme/api:x api",
    ] {
        publishes_api(script, &[], ".github/workflows/image.yml:12");
    }
    assert_eq!(of_step("env -S 'echo docker push x'", &[]).stderr, "");
}

#[test]
fn a_script_that_a_here_document_writes_is_read_where_it_runs() {
    const API: &str = "docker build --push -t ghcr.io/acme/api:x api";
    for (script, line) in [
        (format!("cat > push.sh <<'EOF'\nset -e\n{API}\nEOF\nbash push.sh"), 14),
        (format!("cat <<EOF > push.sh\n{API}\nEOF\nchmod +x push.sh\n./push.sh"), 13),
        (format!("mkdir -p ci\ntee ci/push.sh <<'EOF' > /dev/null\n{API}\nEOF\nsh ci/push.sh"), 14),
        (format!("cat <<'EOF' | sudo tee /tmp/push.sh\n{API}\nEOF\nsudo bash /tmp/push.sh"), 13),
        (format!("TAG=x\ncat > push.sh <<EOF\n{}\nEOF\n. ./push.sh", API.replace(":x", ":$TAG")), 14),
        (format!("export TAG=x\ncat > push.sh <<'EOF'\n{}\nEOF\n./push.sh", API.replace(":x", ":$TAG")), 14),
        (format!("cat > push.sh <<EOF\n{}\nEOF\nbash push.sh x", API.replace(":x", ":\\$1")), 13),
        (
            format!("cat > push.sh <<'EOF'\nset -e\nEOF\ncat >> push.sh <<'EOF'\n{API}\nEOF\nbash < push.sh"),
            16,
        ),
        (format!("cat > $RUNNER_TEMP/push.sh <<'EOF'\n{API}\nEOF\nbash $RUNNER_TEMP/push.sh"), 13),
    ] {
        publishes_api(&script, &[], &format!(".github/workflows/image.yml:{line}"));
    }
    // In a step behind it, too.
    let write = format!("cat > push.sh <<'EOF'\n{API}\nEOF");
    let said = of_steps(&[&write, "echo", "bash push.sh"], &[]);
    said.proposes(&["context = \"api\"", "# from .github/workflows/image.yml:13"]);
    assert_eq!(said.stderr, "");
    // It is not the file of that name that was there before.
    let said = of_steps(&[&write, "bash push.sh"], &[("push.sh", "docker push ghcr.io/acme/old:x\n")]);
    said.lacks(&["acme/old: "]);
    // What nothing runs is data.
    assert_eq!(of_step(&write, &[]).stderr, "");
    of_step(&write, &[]).lacks(&["acme/api"]);
    // What is written on a condition is run on it.
    let two = format!(
        "if [[ $GITHUB_REF == refs/tags/* ]]; then\n{write}\nelse\ncat > push.sh <<'EOF'\necho\nEOF\nfi\nbash push.sh"
    );
    of_step(&two, &[]).proposes(&["{ pattern = \"x\", when = \"tag is startingwith('v')\" },"]);
    let maybe = format!("if [ -f x ]; then\n{write}\nfi\nbash push.sh");
    of_step(&maybe, &[]).tells(&["a plan cannot express `-f x`"]);
}
