//! What decides in a script whether and where a command runs: folders, conditions, functions, here-documents, redirections.

use super::{Said, init, test, workflow};

/// What is proposed for a step with this script, beside Dockerfiles at the top and in two folders.
fn of_script(script: &str) -> Said {
    of_step(script, "")
}

/// The same with more keys of the step.
fn of_step(script: &str, keys: &str) -> Said {
    let script: String = script.lines().map(|line| format!("    {line}\n")).collect();
    of_workflow(&workflow(&format!("- run: |\n{script}{keys}")))
}

fn of_workflow(text: &str) -> Said {
    init(&[
        (".github/workflows/image.yml", text),
        ("Dockerfile", "FROM scratch\n"),
        ("api/Dockerfile", "FROM scratch\n"),
        ("web/Dockerfile", "FROM scratch\n"),
    ])
}

/// The lines of the proposal that are about contexts, in their order.
fn contexts(said: &Said) -> Vec<String> {
    let lines = said.stdout.lines().map(str::trim);
    lines.filter(|line| line.starts_with("context = ")).map(str::to_owned).collect()
}

const API: &str = "docker build --push -t ghcr.io/acme/api:x .";
const WEB: &str = "docker build --push -t ghcr.io/acme/web:x .";

#[test]
fn paths_are_those_of_the_folder_that_a_command_runs_in() {
    let both = ["context = \"api\"", "context = \"web\""];
    for script in [
        format!("cd api\n{API}\ncd ../web\n{WEB}"),
        format!("cd api && {API}\ncd - && cd web && {WEB}"),
        format!("(cd api && {API})\n(cd web; {WEB})"),
        format!("(\n  cd api\n  {API}\n)\n(\n  cd web\n  {WEB} )"),
        format!("pushd api > /dev/null\n{API}\npopd\npushd web\n{WEB}"),
        format!("cd \"$GITHUB_WORKSPACE/api\"\n{API}\ncd ${{{{ github.workspace }}}}/web\n{WEB}"),
        format!("cd api\n{API}\ndocker build --push -t ghcr.io/acme/web:x \"$GITHUB_WORKSPACE/web\""),
        "build() {\n  cd $1\n  docker build --push -t ghcr.io/acme/$1:x .\n  cd ..\n}\nbuild api\nbuild web"
            .to_owned(),
        "for d in api web; do (cd $d && docker build --push -t ghcr.io/acme/$d:x .); done".to_owned(),
    ] {
        let said = of_script(&script);
        assert_eq!(contexts(&said), both, "{script}\n{}", said.stdout);
        assert_eq!(said.stderr, "", "{script}");
    }
    // A Dockerfile is seen from the folder, too.
    let said = of_script("cd api\ndocker build --push -f ../web/Dockerfile -t ghcr.io/acme/api:x .");
    said.proposes(&["context = \"api\"", "dockerfile = \"../web/Dockerfile\""]);
    // Back at the top.
    for script in
        [format!("(cd web)\n{API}"), format!("cd web/..\n{API}"), format!("mkdir x && cd x && cd ..\n{API}")]
    {
        let said = of_script(&script);
        assert_eq!(contexts(&said), [""; 0], "{script}");
        said.proposes(&["ghcr.io/acme/api: x"]);
    }
}

#[test]
fn paths_are_those_of_the_folder_that_a_workflow_names() {
    let step = of_step(API, "  working-directory: api\n");
    assert_eq!(contexts(&step), ["context = \"api\""]);
    let whole = workflow(&format!("- run: {API}\n"));
    for text in [
        format!("defaults:\n  run:\n    working-directory: ./api/\n{whole}"),
        whole.replace(
            "    steps:\n",
            "    defaults:\n      run:\n        working-directory: api\n    steps:\n",
        ),
        whole
            .replace("    steps:\n", "    strategy:\n      matrix:\n        dir: [api]\n    steps:\n")
            .replace("      - run:", "      - working-directory: ${{ matrix.dir }}\n        run:"),
    ] {
        assert_eq!(contexts(&of_workflow(&text)), ["context = \"api\""], "{text}");
    }
    let bare = workflow(&format!("- uses: actions/checkout@v4\n  working-directory: api\n- run: {API}\n"));
    assert_eq!(contexts(&of_workflow(&bare)), [""; 0]);
}

#[test]
fn a_build_in_an_unknown_folder_is_not_guessed() {
    for script in [
        format!("cd \"$FOLDER\"\n{API}"),
        format!("cd /srv\n{API}"),
        format!("pushd $(mktemp -d)\n{API}"),
        format!("if [ -d api ]; then cd api; fi\n{API}"),
        format!("cd\n{API}"),
    ] {
        let said = of_script(&format!("{WEB}\n{script}"));
        said.tells(&["`ghcr.io/acme/api` is not in the proposal: it runs in the folder"]);
        said.proposes(&["ghcr.io/acme/web: x", "not known: what .github/workflows/image.yml:"]);
        assert!(!said.stdout.contains("ghcr.io/acme/api"), "{}", said.stdout);
    }
}

#[test]
fn recipes_of_make_run_in_the_folder_of_their_file() {
    let recipe = format!("push:\n\tcd ../web\n\t{API}\n\tcd ../web && {WEB}\n");
    let said = init(&[
        ("api/Makefile", &recipe),
        ("api/Dockerfile", "FROM scratch\n"),
        ("web/Dockerfile", "FROM scratch\n"),
    ]);
    assert_eq!(contexts(&said), ["context = \"api\"", "context = \"web\""]);
    let script = format!("#!/bin/sh\ncd \"$(dirname \"$0\")/../api\"\n{API}\n");
    let said = init(&[("hack/push.sh", &script), ("api/Dockerfile", "FROM scratch\n")]);
    assert_eq!(contexts(&said), ["context = \"api\""]);
}

/// What the tags `one` and `always` are with a script that pushes the one on a condition.
#[track_caller]
fn conditional(script: &str, expected: &str) {
    let said = of_script(&script.replace("ONE", "docker build --push -t ghcr.io/acme/app:one ."));
    said.proposes(&[expected]);
    assert!(!said.stdout.contains("    \"one\",\n"), "{script}\n{}", said.stdout);
}

#[test]
fn conditions_of_a_script_become_those_of_its_tags() {
    const TAG: &str = "{ pattern = \"one\", when = \"tag is startingwith('v')\" },";
    const MAIN: &str = "{ pattern = \"one\", when = \"branch\" },";
    for script in [
        "if [[ \"$GITHUB_REF\" == refs/tags/* ]]; then ONE; fi",
        "if [[ $GITHUB_REF =~ ^refs/tags/ ]]\nthen\n  ONE\nfi",
        "if [ \"$GITHUB_REF_TYPE\" = tag ]; then\n  ONE\nelse\n  echo no\nfi",
        "if [ \"${{ github.ref_type }}\" != \"tag\" ]; then\n  echo no\nelse\n  ONE\nfi",
        "[[ $GITHUB_REF == refs/tags/* ]] && ONE",
        "[[ $GITHUB_REF == refs/tags/* ]] || exit 0\nONE",
        "if ! [[ $GITHUB_REF == refs/tags/* ]]; then exit 0; fi\nONE",
        "[[ $GITHUB_REF == refs/tags/* ]] || { echo no; exit 1; }\nONE",
        "case $GITHUB_REF in\n  refs/tags/*) ONE ;;\n  *) echo no ;;\nesac",
        "case \"$GITHUB_REF\" in refs/tags/*)\n    if true; then ONE; fi ;;\nesac",
        "publish() {\n  [[ $GITHUB_REF == refs/tags/* ]] || return 0\n  ONE\n}\npublish",
        "for i in 1 2; do [[ $GITHUB_REF == refs/tags/* ]] || continue; ONE; done",
        "if [[ $GITHUB_REF == refs/tags/* ]]; then\n  docker build -t ghcr.io/acme/app:one .\n  docker push ghcr.io/acme/app:one\nfi",
        "docker build -t ghcr.io/acme/app:one .\nif [[ $GITHUB_REF == refs/tags/* ]]; then docker push ghcr.io/acme/app:one; fi",
    ] {
        conditional(script, TAG);
    }
    for script in [
        "[ \"$GITHUB_REF\" = refs/heads/main ] && ONE",
        "test $GITHUB_REF = refs/heads/main || exit 0\nONE",
        "if [ $GITHUB_REF != 'refs/heads/main' ]; then\n  echo no\nelse ONE\nfi",
        "case ${{ github.ref }} in refs/heads/main) ONE;; esac",
    ] {
        conditional(script, MAIN);
    }
    conditional(
        "if [[ $GITHUB_REF == refs/tags/* ]]; then echo; elif [[ $GITHUB_REF == refs/heads/main ]]; then ONE; fi",
        MAIN,
    );
}

#[test]
fn what_a_script_does_in_any_case_has_no_condition() {
    const ONE: &str = "docker build --push -t ghcr.io/acme/app:one .";
    for script in [
        format!("if true; then {ONE}; fi"),
        format!("[ \"$GITHUB_EVENT_NAME\" != pull_request ] || exit 0\n{ONE}"),
        format!("cd . && {ONE} || exit 1"),
        format!("if ! {ONE}; then exit 1; fi"),
        format!("command -v docker || exit 1\n{ONE}"),
        format!("[ -n \"$TOKEN\" ] || {{ echo no token; exit 1; }}\n{ONE}"),
        format!("until {ONE}; do sleep 5; done"),
        format!("for i in {{1..3}}; do {ONE} && break; done"),
        format!("if [ x = y ]; then exit 0; fi\n{ONE}"),
        format!("(exit 0)\n{ONE}"),
        format!("[[ a == a && b == b ]] && {ONE}"),
        format!("docker info &&\n  {ONE}"),
    ] {
        let said = of_script(&script);
        said.proposes(&["    \"one\",\n"]);
        assert_eq!(said.rows()[0], "push to main | app | ghcr.io/acme/app: one | the same", "{script}");
    }
}

#[test]
fn what_depends_on_something_unknown_is_left_out_with_a_warning() {
    const ONE: &str = "docker build --push -t ghcr.io/acme/app:one .";
    for script in [
        format!("if grep -q x y; then\n{ONE}\nfi"),
        format!("if [ \"$PUSH\" = yes ]; then :\n{ONE}\nfi"),
        format!("git diff --quiet HEAD^ ||\n{ONE}"),
        format!("[ -f release ] && :\n[ -f release ] && {ONE}"),
        format!("[ -f skip ] && exit 0\n{ONE}"),
        format!("case $MODE in push)\n{ONE} ;; esac"),
        format!("unused() {{\n{ONE}\n}}"),
        format!("is_release &&\n{ONE}"),
        format!("while read -r line; do\n{ONE}\ndone < list"),
        format!("docker push x ||\n{ONE}"),
    ] {
        let said = of_script(&format!("{WEB}\n{script}"));
        let line = script.lines().position(|line| line.contains(ONE)).unwrap() + 12;
        said.tells(&[
            "this tag is not in the proposal: a plan cannot express",
            &format!("image.yml:{line}:"),
        ]);
        said.proposes(&[&format!("not known: what .github/workflows/image.yml:{line} publishes")]);
        assert!(!said.stdout.contains("    \"one\",\n"), "{script}\n{}", said.stdout);
        said.proposes(&["ghcr.io/acme/web: x"]);
    }
    let never =
        of_script(&format!("if false; then {ONE}; fi\nexit_now() {{ exit 0; }}\n{WEB}\nexit_now\n{API}"));
    never.lacks(&["\"one\"", "acme/api"]);
}

#[test]
fn a_push_has_the_conditions_of_its_build() {
    let said = of_script(
        "if [[ $GITHUB_REF == refs/tags/* ]]; then\n  docker build --build-arg MODE=release -t ghcr.io/acme/app:one .\nelse\n  docker build -t ghcr.io/acme/app:one .\nfi\ndocker push ghcr.io/acme/app:one",
    );
    said.proposes(&[
        "MODE = \"release\"",
        "{ pattern = \"one\", when = \"tag is startingwith('v')\" },",
        "{ pattern = \"one\", when = \"branch\" },",
    ]);
}

#[test]
fn all_tags_of_a_repository_are_pushed_at_once() {
    for push in ["-a", "--all-tags", "--quiet --all-tags"] {
        let said = of_script(&format!(
            "docker build -t ghcr.io/acme/app:a -t ghcr.io/acme/app:b .\ndocker tag ghcr.io/acme/app:a ghcr.io/acme/app:c\ndocker build -t ghcr.io/acme/app-base:d .\ndocker push {push} ghcr.io/acme/app"
        ));
        assert_eq!(said.rows()[0], "push to main | app | ghcr.io/acme/app: a, b, c | the same");
        said.lacks(&["latest", "app-base"]);
    }
    let one = of_script(
        "docker build -t ghcr.io/acme/app:a -t ghcr.io/acme/app -t ghcr.io/acme/app:b .\ndocker push --all-tags=false ghcr.io/acme/app",
    );
    assert_eq!(one.rows()[0], "push to main | app | ghcr.io/acme/app: latest | the same");
    let unknown = of_script(&format!("docker load -i x.tar\ndocker push -a ghcr.io/acme/app\n{WEB}"));
    unknown.tells(&["`ghcr.io/acme/app` is not in the proposal: all tags of it are pushed"]);
}

#[test]
fn the_text_of_a_here_document_is_data() {
    const NOTES: &str = "docker build --push -t ghcr.io/acme/notes:1 .";
    for script in [
        format!("cat > notes.md <<EOF\n{NOTES}\nEOF"),
        format!("cat <<'EOF'\n{NOTES}\nEOF"),
        format!("tee notes.md <<-END >/dev/null\n\t{NOTES}\n\tEND"),
        format!("usage() {{\n  cat <<EOF\n{NOTES}\nEOF\n}}\nusage"),
        format!("python3 - <<EOF\n{NOTES}\nEOF"),
        format!("bash release.sh <<EOF\n{NOTES}\nEOF"),
        format!("echo sh <<EOF\n{NOTES}\nEOF"),
    ] {
        let said = of_script(&format!("{script}\n{WEB}"));
        said.lacks(&["acme/notes"]);
        said.proposes(&["ghcr.io/acme/web: x"]);
    }
    for script in [
        format!("bash <<EOF\n{NOTES}\nEOF"),
        format!("sudo sh -e <<'EOF'\n{NOTES}\nEOF"),
        format!("cat <<EOF | bash\n{NOTES}\nEOF"),
        format!("bash -s -- x <<EOF > log\n{NOTES}\nEOF"),
    ] {
        of_script(&script).proposes(&["repositories = [\"ghcr.io/acme/notes\"]"]);
    }
}

#[test]
fn redirections_and_what_runs_beside_are_no_arguments() {
    let build = "docker build -t ghcr.io/acme/app:b api";
    for script in [
        format!("{build}\ndocker push ghcr.io/acme/app:b > /dev/null 2>&1"),
        format!("{build} >log\ndocker push ghcr.io/acme/app:b &> log"),
        format!("{build} 2> /dev/null\ndocker push 2>&1 ghcr.io/acme/app:b | tee log"),
        format!("{build} &\nwait\ndocker push ghcr.io/acme/app:b & wait"),
        format!("{build} < /dev/null\ndocker --config x push ghcr.io/acme/app:b"),
        "docker buildx --builder b build --push -t ghcr.io/acme/app:b api >> log".to_owned(),
    ] {
        let said = of_script(&script);
        said.proposes(&["context = \"api\""]);
        assert_eq!(said.rows()[0], "push to main | app | ghcr.io/acme/app: b | the same", "{script}");
        assert_eq!(said.stderr, "", "{script}");
    }
    let two = of_script(
        "docker build --push -t ghcr.io/acme/api:x api & docker build --push -t ghcr.io/acme/web:x web & wait",
    );
    assert_eq!(contexts(&two), ["context = \"api\"", "context = \"web\""]);
}

#[test]
fn what_comes_from_standard_input_is_not_guessed() {
    for (build, told) in [
        ("docker build --push -t ghcr.io/acme/api:x - < api/Dockerfile", "its build context comes from"),
        ("tar c api | docker build --push -t ghcr.io/acme/api:x -", "its build context comes from"),
        ("docker build --push -t ghcr.io/acme/api:x -f - api < Dockerfile", "its Dockerfile comes from"),
        (
            "docker build --push -t ghcr.io/acme/api:x -f- . <<EOF\nFROM scratch\nEOF",
            "its Dockerfile comes from",
        ),
        (
            "docker build -t ghcr.io/acme/api:x - < Dockerfile\ndocker push ghcr.io/acme/api:x",
            "its build context",
        ),
    ] {
        let said = of_script(&format!("{WEB}\n{build}"));
        said.tells(&["`ghcr.io/acme/api` is not in the proposal: ", told]);
        said.proposes(&["ghcr.io/acme/web: x", "not known: what .github/workflows/image.yml:"]);
    }
}

#[test]
fn commands_of_other_tools_are_named() {
    for (command, tool) in [
        ("crane tag ghcr.io/acme/web:x latest", "crane tag"),
        ("skopeo copy --all docker://a docker://b", "skopeo copy"),
        ("regctl image copy a b", "regctl copy"),
        ("oras cp a b", "oras cp"),
        ("ko build ./cmd/app", "ko build"),
        ("goreleaser release --clean", "goreleaser release"),
        ("rake docker:push", "rake docker:push"),
        ("pack build acme/x --publish", "pack --publish"),
        ("earthly --push +image", "earthly --push"),
        ("depot build --push .", "depot --push"),
    ] {
        let said = of_script(&format!("{WEB}\n{command}"));
        said.tells(&[&format!("`init` does not read what `{tool}` publishes"), "image.yml:12:"]);
        assert_eq!(
            said.rows()[1],
            "not read | not known: what .github/workflows/image.yml:12 publishes | nothing"
        );
    }
    let said = of_script(&format!("{WEB}\nif [[ $GITHUB_REF == refs/tags/* ]]; then crane tag a b; fi"));
    assert_eq!(said.rows()[0], "push to main | web | ghcr.io/acme/web: x | the same");
    assert!(!said.rows()[1].contains("not read"), "{:?}", said.rows());
    for command in
        ["crane digest x", "docker compose up", "goreleaser check", "npm run build", "echo crane tag a b"]
    {
        let said = of_script(&format!("{WEB}\n{command}"));
        assert_eq!(said.stderr, "", "{command}");
    }
}

/// A step that publishes was read, so nobody hears that nothing publishes, and no repository is made up.
#[test]
fn where_something_publishes_nothing_is_made_up() {
    for step in [
        "- run: crane push x.tar ghcr.io/acme/app:x\n",
        "- run: docker build --push -t ghcr.io/acme/app:x - < Dockerfile\n",
        "- run: |\n    cd $X\n    docker build --push -t ghcr.io/acme/app:x .\n",
        "- run: docker push ghcr.io/acme/app:x\n",
    ] {
        let text = workflow(step);
        let said = super::said(
            &test(&[(".github/workflows/image.yml", &text), ("Dockerfile", "FROM scratch\n")]).args(["init"]),
        );
        assert_eq!(said.code, 1, "{step}\n{}", said.stdout);
        said.lacks(&["Nothing that `init` can read publishes", "image \""]);
        said.tells(&["is not in the proposal: "]);
    }
}

/// What no person writes ends soon, and without a crash.
#[test]
fn deep_and_long_scripts_end() {
    for script in [
        "a && (".repeat(20_000),
        "( ".repeat(40_000),
        "case a in ".repeat(20_000),
        format!("case a in {} esac", "a) ".repeat(40_000)),
        format!("if a; then b; {} fi", "elif a; then b; ".repeat(400)),
        "if [ $A = a ]; then ".repeat(4_000) + &"fi; ".repeat(4_000),
        "[ $A = a ] || exit 0; ".repeat(4_000) + WEB,
        "f() { f; }; f; ".repeat(2_000),
        "! ".repeat(40_000),
    ] {
        let text = format!("{WEB}\n{script}");
        let said = init(&[("push.sh", &text), ("Dockerfile", "FROM scratch\n")]);
        said.proposes(&["repositories = [\"ghcr.io/acme/web\"]"]);
    }
}
