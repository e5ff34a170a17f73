//! Files and parts of files that commands run and that are not there: what they publish is not known, and a warning says so.

use super::{Files, Said, init, said, test, workflow};

const FROM: &str = "FROM scratch\n";
const WEB: &str = "docker build --push -t ghcr.io/acme/web:x web";

/// What is proposed where a step runs this, beside one that builds `web` itself.
fn of_step(script: &str, files: Files<'_>) -> Said {
    let lines: String = script.lines().map(|line| format!("    {line}\n")).collect();
    let text = workflow(&format!("- run: {WEB}\n- run: |\n{lines}"));
    let own = [
        (".github/workflows/image.yml", text.as_str()),
        ("Dockerfile", FROM),
        ("api/Dockerfile", FROM),
        ("web/Dockerfile", FROM),
    ];
    init(&[&own[..], files].concat())
}

/// A warning names the line, and so does the table.
#[track_caller]
fn is_told(script: &str, files: Files<'_>, why: &str) {
    let said = of_step(script, files);
    said.tells(&[
        "warning[init-unread]: this is not in the proposal: ",
        why,
        ".github/workflows/image.yml:12:",
    ]);
    assert_eq!(
        said.rows()[1],
        "not read | not known: what .github/workflows/image.yml:12 publishes | nothing",
        "{script}"
    );
    said.proposes(&["ghcr.io/acme/web: x | the same".split(" |").next().unwrap()]);
}

#[test]
fn what_runs_parts_of_a_file_that_is_not_there_is_named() {
    let missing = |path: &str, command: &str| {
        format!("no `{path}` was found that `init` reads, so what `{command}` publishes is not known")
    };
    for (script, path, command) in [
        ("make -C tools push", "tools/Makefile", "make push"),
        ("make -C tools", "tools/Makefile", "make"),
        ("make --directory=tools push 2>&1 | tee log", "tools/Makefile", "make push"),
        ("make -f release.mk", "release.mk", "make"),
        ("make --file=build/x.mk images > log 2>&1", "build/x.mk", "make images"),
        ("cd tools && make publish", "tools/Makefile", "make publish"),
        ("sudo -E make -j4 VERSION=1 push", "Makefile", "make push"),
        ("just -f ci.just push", "ci.just", "just push"),
        ("just push x", "justfile", "just push"),
        ("just tools/push", "tools/justfile", "just push"),
        ("just", "justfile", "just"),
        ("task -d tools image:push", "tools/Taskfile.yml", "task image:push"),
        ("task -t ci.yml push", "ci.yml", "task push"),
        ("task", "Taskfile.yml", "task"),
        ("npm run release", "package.json", "npm run release"),
        ("pnpm --dir web run push", "web/package.json", "pnpm run push"),
        ("npm --prefix web run image", "web/package.json", "npm run image"),
    ] {
        is_told(script, &[], &missing(path, command));
    }
    for (script, name) in [
        ("./hack/push.sh", "hack/push.sh"),
        ("bash ci/release.sh x", "ci/release.sh"),
        ("bash < push.sh", "push.sh"),
        ("tools/docker-publish", "tools/docker-publish"),
        ("sh -e $DIR/push.sh", "$DIR/push.sh"),
        (". ./push-images.sh", "push-images.sh"),
        ("./ci.sh", "ci.sh"),
    ] {
        let file = name.rsplit('/').next().unwrap();
        is_told(script, &[], &format!("no `{name}` was found that `init` reads, so what `{file}` publishes"));
    }
}

#[test]
fn a_part_that_a_file_has_not_is_named() {
    for (script, files, why) in [
        ("make push", &[("Makefile", "build:\n\techo\n")][..], "no target `push` was found in `Makefile`"),
        (
            "make push",
            &[("Makefile", "include gone.mk\npush: docker-push\n")],
            "no target `docker-push` was found in `Makefile`",
        ),
        (
            "make $GOAL",
            &[("Makefile", "push:\n\tdocker push ghcr.io/acme/web:x\n")],
            "which target of `Makefile` this runs is not known: `$GOAL`",
        ),
        ("just push", &[("justfile", "build:\n  echo\n")], "no recipe `push` was found in `justfile`"),
        ("just ship", &[("justfile", "ship: push\n")], "no recipe `push` was found in `justfile`"),
        ("just images push", &[("justfile", "mod images\n")], "no module `images` was found in `justfile`"),
        (
            "task push",
            &[("Taskfile.yml", "version: '3'\ntasks:\n  build: echo\n")],
            "no task `push` was found in `Taskfile.yml`",
        ),
        (
            "task docker:push",
            &[("Taskfile.yml", "version: '3'\nincludes: { docker: ./docker }\ntasks: { build: echo }\n")],
            "no task `docker:push` was found in `Taskfile.yml`",
        ),
        (
            "npm run push",
            &[("package.json", "{\"scripts\":{\"build\":\"x\"}}")],
            "no script `push` was found in `package.json`",
        ),
        ("$DOCKER push ghcr.io/acme/api:x", &[], "which program `$DOCKER` stands for is not known"),
    ] {
        is_told(script, files, why);
    }
}

/// What nobody calls so that publishes, and what is not of the repository, says nothing.
#[test]
fn what_publishes_nothing_is_not_named() {
    let makefile = ("Makefile", "include gone.mk\nbuild: x.o\n\techo\ntest: lint\n");
    for (script, files) in [
        ("make test", &[][..]),
        ("make lint test", &[]),
        ("./configure && make && make check && sudo make install", &[]),
        ("make -n push", &[makefile]),
        ("make build", &[makefile]),
        ("make test", &[makefile]),
        ("make $GOAL", &[makefile]),
        ("just --list", &[]),
        ("just --dry-run push", &[]),
        ("task --list", &[]),
        ("task lint", &[]),
        ("npm ci && npm test && npm run build --if-present", &[]),
        ("npm run lint", &[]),
        ("yarn install && yarn build", &[]),
        ("pnpm exec vitest", &[]),
        ("./gradlew build", &[]),
        ("./manage.py migrate", &[]),
        ("source venv/bin/activate", &[]),
        (". ~/.profile", &[]),
        ("curl -fsSL https://get.docker.com -o get-docker.sh && sh get-docker.sh", &[]),
        ("bash -c 'echo push.sh'", &[]),
        ("/usr/local/bin/wait-for.sh x", &[]),
        ("$PYTHON push", &[]),
    ] {
        assert_eq!(of_step(script, files).stderr, "", "{script}");
    }
}

/// What is only not known to publish nothing does not stand in the way of a first proposal.
#[test]
fn a_first_proposal_is_made_beside_what_was_not_found() {
    for script in ["./ci.sh", "make -C third_party", "npm run bundle", "just prepare"] {
        let text = workflow(&format!("- run: {script}\n"));
        let said = init(&[(".github/workflows/ci.yml", text.as_str()), ("Dockerfile", FROM)]);
        said.proposes(&["for Dockerfile", "a first guess"]);
        said.tells(&["was found that `init` reads", ".github/workflows/ci.yml:10:"]);
    }
    for script in ["./push.sh", "make -C tools push", "npm run docker-push", "just release"] {
        let text = workflow(&format!("- run: {script}\n"));
        let said =
            said(&test(&[(".github/workflows/ci.yml", text.as_str()), ("Dockerfile", FROM)]).args(["init"]));
        said.tells(&["error[no-images]", ".github/workflows/ci.yml:10:"]);
    }
}
