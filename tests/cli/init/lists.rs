//! Words of scripts that are several: arrays, arguments, variables with options in them; and what here-documents run.

use super::{Said, init, workflow};

/// What is proposed for a step with this script.
fn of_script(script: &str) -> Said {
    let script: String = script.lines().map(|line| format!("    {line}\n")).collect();
    let text = workflow(&format!("- run: |\n{script}"));
    init(&[(".github/workflows/image.yml", &text), ("Dockerfile", "FROM scratch\n")])
}

const WEB: &str = "docker build --push -t ghcr.io/acme/web:x .";

#[test]
fn the_words_of_a_list_are_those_of_the_command() {
    for script in [
        "args=(--push -t ghcr.io/acme/api:x)\ndocker buildx build \"${args[@]}\" .",
        "args=(--push)\nargs+=(-t \"ghcr.io/acme/api:x\")\ndocker buildx build ${args[@]} .",
        "args=(\n  --push  # always\n  -t ghcr.io/acme/api:x\n)\ndocker buildx build \"${args[@]}\" .",
        "declare -a args=(--push)\nargs+=(\n-t ghcr.io/acme/api:x .\n)\ndocker buildx build \"${args[@]}\"",
        "args=()\nfor t in x; do args+=(-t ghcr.io/acme/api:$t); done\ndocker buildx build --push \"${args[@]}\" .",
        "args=(docker build --push -t ghcr.io/acme/api:x .)\n\"${args[@]}\"",
        "set -- --push -t ghcr.io/acme/api:x\ndocker buildx build \"$@\" .",
        "set -- --push\nset -- \"$@\" -t ghcr.io/acme/api:x\ndocker buildx build $@ .",
        "set -- a --push -t ghcr.io/acme/api:x\nshift\ndocker buildx build \"$@\" .",
        "ARGS=\"--push -t ghcr.io/acme/api:x\"\ndocker buildx build $ARGS .",
        "CMD=\"docker build --push\"\n$CMD -t ghcr.io/acme/api:x .",
        "run() { echo \"+ $*\"; \"$@\"; }\nrun docker build --push -t ghcr.io/acme/api:x .",
        "retry() {\n  for i in 1 2 3; do\n    \"$@\" && return 0\n    sleep 5\n  done\n  return 1\n}\nretry docker build --push -t ghcr.io/acme/api:x .",
        "build() {\n  local name=\"$1\" tag=${2:-x}\n  shift\n  docker build --push -t ghcr.io/acme/$name:$tag .\n}\nbuild api",
        "run() { \"$@\"; }\nship() { docker build --push -t ghcr.io/acme/$1:x .; }\nrun ship api",
        "build() { docker build \"${@:2}\" -t ghcr.io/acme/$1:x .; }\nbuild api --push",
        "args=(a --push b)\ndocker build ${args[1]} -t ghcr.io/acme/api:x .",
        "unset NONE\nfor one in api; do docker build ${NONE:+--x} --push -t ghcr.io/acme/$one:x .; done",
        "push() { docker push \"$1\"; }\ndocker build -t ghcr.io/acme/api:x .\nif true; then push ghcr.io/acme/api:x; fi",
    ] {
        let said = of_script(script);
        assert_eq!(
            said.rows()[0],
            "push to main | api | ghcr.io/acme/api: x | the same",
            "{script}\n{}",
            said.stderr
        );
        assert_eq!(said.stderr, "", "{script}");
    }
}

#[test]
fn a_loop_runs_for_each_word_of_a_list() {
    for script in [
        "list=(api web)\nfor s in \"${list[@]}\"; do",
        "list=(api)\nlist+=(web)\nfor s in ${list[@]}; do",
        "set -- api web\nfor s; do",
        "set -- api web\nfor s in \"$@\"; do",
        "list=\"api\nweb\"\nfor s in $list; do",
        "list=(x api web)\nfor s in \"${list[@]:1}\"; do",
        "declare -r list=(\n  api\n  web\n)\nfor s in \"${list[@]}\"\ndo",
    ] {
        let said = of_script(&format!("{script} docker build --push -t ghcr.io/acme/$s:x .; done"));
        said.proposes(&["ghcr.io/acme/api: x", "ghcr.io/acme/web: x"]);
        assert_eq!(said.stderr, "", "{script}");
    }
}

/// What is in a list that is not known may be the push, and the names.
#[test]
fn a_list_that_is_not_known_is_told() {
    for build in [
        "args=($(cat args))\ndocker build \"${args[@]}\" -t ghcr.io/acme/api:x .",
        "declare -A tags=([a]=x)\ndocker build --push -t ghcr.io/acme/api:${tags[a]} .",
        "docker build \"$@\" -t ghcr.io/acme/api:x .",
        "docker build $FLAGS -t ghcr.io/acme/api:x .",
        "args=(-q)\nif [ -f x ]; then args+=(--push); fi\ndocker build \"${args[@]}\" -t ghcr.io/acme/api:x .",
        "mapfile -t args < file\ndocker build \"${args[@]}\" -t ghcr.io/acme/api:x .",
        "args[0]=--push\ndocker build \"${args[@]}\" -t ghcr.io/acme/api:x .",
        "shift $((OPTIND - 1))\ndocker build \"$@\" -t ghcr.io/acme/api:x .",
    ] {
        let said = of_script(&format!("{WEB}\n{build}"));
        let line = 11 + build.lines().count();
        said.tells(&["is not in the proposal: `", "is not known here", &format!("image.yml:{line}:")]);
        said.proposes(&["not known: ", "ghcr.io/acme/web: x"]);
    }
    // A build for the machine is none that is published.
    for build in [
        "docker build $FLAGS -t app:test .",
        "docker build $FLAGS -t ghcr.io/acme/web:y .\ndocker push ghcr.io/acme/web:y",
    ] {
        assert_eq!(of_script(&format!("{WEB}\n{build}")).stderr, "", "{build}");
    }
}

#[test]
fn a_here_document_runs_what_is_substituted_in_it() {
    const API: &str = "docker build -q --push -t ghcr.io/acme/api:x .";
    for script in [
        format!("cat > notes <<EOF\nit's $({API})\nEOF"),
        format!("cat <<EOF\n\"one\"\n`{API}`\nEOF"),
        format!("tee notes <<-END\n\t$(echo $({API}))\n\tEND"),
        format!("cat <<EOF | sort\na\nb: $(set -e; {API})\nEOF"),
    ] {
        let said = of_script(&script);
        said.proposes(&["ghcr.io/acme/api: x"]);
        let line = 11 + script.lines().position(|line| line.contains(API)).unwrap();
        said.proposes(&[&format!("# from .github/workflows/image.yml:{line}\n")]);
    }
    for script in [
        format!("cat <<'EOF'\n$({API})\nEOF"),
        format!("cat <<EOF\n\\$({API})\nEOF"),
        format!("cat <<\\EOF\n`{API}`\nEOF"),
    ] {
        of_script(&format!("{WEB}\n{script}")).lacks(&["acme/api"]);
    }
}
