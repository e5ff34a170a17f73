//! Scripts that set variables and outputs within `if` and `case`: each value has its condition, and what is not known is named.

use super::{Said, init, workflow};

fn of(steps: &str) -> Said {
    init(&[(".github/workflows/w.yml", &workflow(steps)), ("Dockerfile", "FROM scratch\n")])
}

/// A step that runs a script, whose output `v` the next one pushes in this reference.
fn script(script: &str, reference: &str) -> String {
    let script: String = script.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "- id: a\n  run: |\n{script}- uses: docker/build-push-action@v6\n  with: {{ push: true, tags: '{reference}' }}\n"
    )
}

const TAG: &str = "ghcr.io/acme/n:${{ steps.a.outputs.v }}";
const ALL: &str = "${{ steps.a.outputs.v }}";

/// The rows of pushes to `main` and of git tags.
#[track_caller]
fn rows(said: &Said, main: &str, tag: &str) {
    let rows = said.rows();
    let expected = |what: &str| match what {
        "nothing" => "nothing | nothing".to_owned(),
        tags => format!("ghcr.io/acme/n: {tags} | the same"),
    };
    assert_eq!(rows[0], format!("push to main | n | {}", expected(main)), "{}", said.stdout);
    assert_eq!(rows[1], format!("git tag v1.2.3 | n | {}", expected(tag)), "{}", said.stdout);
}

#[test]
fn what_a_branch_sets_has_its_condition() {
    for (text, main, tag) in [
        (
            "if [ \"$GITHUB_REF_TYPE\" = tag ]; then echo v=stable >> $GITHUB_OUTPUT; else echo v=edge >> $GITHUB_OUTPUT; fi",
            "edge",
            "stable",
        ),
        (
            "V=edge\nif [[ $GITHUB_REF == refs/tags/* ]]; then\n  V=${GITHUB_REF#refs/tags/v}\nfi\necho \"v=$V\" >> $GITHUB_OUTPUT",
            "edge",
            "1.2.3",
        ),
        (
            "case \"$GITHUB_REF\" in\n  refs/tags/v*) V=${GITHUB_REF_NAME#v} ;;\n  refs/heads/main) V=edge ;;\n  *) V=other ;;\nesac\necho \"v=$V\" >> \"$GITHUB_OUTPUT\"",
            "edge",
            "1.2.3",
        ),
        (
            "if [ \"${{ github.ref_type }}\" = tag ]; then V=stable\nelif [ \"$GITHUB_REF_NAME\" = main ]; then V=edge\nelse V=x; fi\necho v=$V >> $GITHUB_OUTPUT",
            "edge",
            "stable",
        ),
        (
            "KIND=\"${{ github.ref_type }}\"\nV=edge\n[[ $KIND == tag ]] && V=stable\necho v=$V >> $GITHUB_OUTPUT",
            "edge",
            "stable",
        ),
        // A part of the tag, and what is cut from what depends on the run.
        (
            "P=\nif [ $GITHUB_REF_TYPE = tag ]; then P=r-; else P=b-; fi\necho v=$P${GITHUB_SHA::7} >> $GITHUB_OUTPUT",
            "b-0123456",
            "r-0123456",
        ),
        (
            "V=0.0.0\nif [ $GITHUB_REF_TYPE = tag ]; then V=${GITHUB_REF_NAME#v}; fi\nM=$(echo \"$V\" | cut -d. -f1)\necho v=$M >> $GITHUB_OUTPUT",
            "0",
            "1",
        ),
        // Nested ones, and one that is tested in its turn.
        (
            "V=\nif [ $GITHUB_EVENT_NAME = push ]; then\n  if [ $GITHUB_REF_TYPE = tag ]; then V=stable; else V=edge; fi\nfi\necho v=$V >> $GITHUB_OUTPUT",
            "edge",
            "stable",
        ),
        (
            "V=\nif [ $GITHUB_REF_TYPE = tag ]; then V=${GITHUB_REF_NAME#v}; fi\nif [ -n \"$V\" ]; then T=\"$V\"; else T=edge; fi\necho v=$T >> $GITHUB_OUTPUT",
            "edge",
            "1.2.3",
        ),
        // What has ended before goes no further.
        (
            "if [ $GITHUB_REF_TYPE = branch ]; then\n  echo v=edge >> $GITHUB_OUTPUT\n  exit 0\nfi\necho v=stable >> $GITHUB_OUTPUT",
            "edge",
            "stable",
        ),
        (
            "f() {\n  if [ $GITHUB_REF_TYPE = branch ]; then V=edge; return; fi\n  V=stable\n}\nf\necho v=$V >> $GITHUB_OUTPUT",
            "edge",
            "stable",
        ),
    ] {
        let said = of(&script(text, TAG));
        rows(&said, main, tag);
        said.tells_of_prereleases_alone();
    }
}

#[test]
fn lists_have_the_items_of_each_branch() {
    for (text, main, tag) in [
        (
            "R=ghcr.io/acme/n\nif [ $GITHUB_REF_TYPE = tag ]; then T=\"$R:${GITHUB_REF_NAME#v},$R:latest\"; else T=$R:edge; fi\necho v=$T >> $GITHUB_OUTPUT",
            "edge",
            "1.2.3, latest",
        ),
        (
            "T=ghcr.io/acme/n:${GITHUB_SHA::7}\nif [[ $GITHUB_REF == refs/heads/main ]]; then T=\"$T,ghcr.io/acme/n:edge\"; fi\nif [[ $GITHUB_REF == refs/tags/* ]]; then T=\"$T,ghcr.io/acme/n:stable\"; fi\necho \"v=$T\" >> $GITHUB_OUTPUT",
            "0123456, edge",
            "0123456, stable",
        ),
        (
            "T=\nif [[ $GITHUB_REF == refs/tags/* ]]; then T=\"ghcr.io/acme/n:a, ghcr.io/acme/n:b\"; fi\necho \"v=$T\" >> $GITHUB_OUTPUT",
            "nothing",
            "a, b",
        ),
    ] {
        let said = of(&script(text, ALL));
        rows(&said, main, tag);
        said.tells_of_prereleases_alone();
    }
}

#[test]
fn words_of_a_command_depend_on_the_branch() {
    for (text, main, tag) in [
        (
            "V=\nif [ $GITHUB_REF_TYPE = tag ]; then V=${GITHUB_REF/refs\\/tags\\/v/}; fi\n[ -n \"$V\" ] && docker build --push -t ghcr.io/acme/n:$V --label=version=$V .",
            "nothing",
            "1.2.3",
        ),
        (
            "A=\nif [ $GITHUB_REF_TYPE = tag ]; then A=--push; fi\ndocker buildx build $A -t ghcr.io/acme/n:x .",
            "nothing",
            "x",
        ),
        (
            "if [ $GITHUB_REF_TYPE = tag ]; then A=\"-t ghcr.io/acme/n:a -t ghcr.io/acme/n:b\"; else A=\"-t ghcr.io/acme/n:edge\"; fi\ndocker build --push $A .",
            "edge",
            "a, b",
        ),
        (
            "A=(-t ghcr.io/acme/n:x)\nif [ $GITHUB_REF_TYPE = tag ]; then A+=(-t ghcr.io/acme/n:latest); fi\ndocker build --push \"${A[@]}\" .",
            "x",
            "x, latest",
        ),
        (
            "T=edge\nif [ $GITHUB_REF_TYPE = tag ]; then T=stable; fi\ndocker build --push -t ghcr.io/acme/n:$T .",
            "edge",
            "stable",
        ),
    ] {
        let said = of(&format!(
            "- run: |\n{}",
            text.lines().map(|line| format!("    {line}\n")).collect::<String>()
        ));
        let all = said.rows().join("\n");
        let has = |run: &str, tags: &str| match tags {
            "nothing" => assert!(!all.contains(&format!("{run} | n | ghcr.io")), "{text}\n{all}"),
            tags => {
                let rest = all.split_once(run).unwrap().1;
                assert!(
                    rest.starts_with(&format!(" | n | ghcr.io/acme/n: {tags} | the same")),
                    "{text}\n{all}"
                );
            }
        };
        has("push to main", main);
        has("git tag v1.2.3", tag);
    }
}

#[test]
fn a_condition_of_what_a_script_says_is_said() {
    let push = |text: &str| {
        format!(
            "- id: a\n  run: |\n{}- uses: docker/build-push-action@v6\n  if: steps.a.outputs.v == 'true'\n  with: {{ push: true, tags: 'ghcr.io/acme/n:x' }}\n",
            text.lines().map(|line| format!("    {line}\n")).collect::<String>()
        )
    };
    for (text, main, tag) in [
        (
            "V=false\nif [ $GITHUB_REF_TYPE = tag ]; then V=true; fi\necho v=$V >> $GITHUB_OUTPUT",
            "nothing",
            "x",
        ),
        (
            "V=false\nif [ $GITHUB_EVENT_NAME = push ]; then V=true\nelif [[ $GITHUB_EVENT_NAME = pull_request && $GITHUB_HEAD_REF =~ ^(a|b) ]]; then V=true; fi\necho v=$V >> $GITHUB_OUTPUT",
            "x",
            "x",
        ),
    ] {
        let said = of(&push(text));
        rows(&said, main, tag);
    }
    let said = of(&(push("V=false\nif ./is-wanted; then V=true; fi\necho v=$V >> $GITHUB_OUTPUT")
        + "- uses: docker/build-push-action@v6\n  with: { push: true, tags: 'ghcr.io/acme/n:y' }\n"));
    said.tells(&["a plan cannot express `steps.a.outputs.v == 'true'`"]);
    said.lacks(&["\"x\""]);
}

#[test]
fn what_nobody_says_is_empty_and_what_is_not_known_is_named() {
    // Only a run that somebody starts has inputs.
    let text = "V=\"${{ github.event.inputs.version }}\"\nif [[ -n \"$V\" ]]; then T=\"${V#v}\"; else T=edge; fi\necho \"v=$T\" >> $GITHUB_OUTPUT";
    rows(&of(&script(text, TAG)), "edge", "edge");
    let text = "T=\"${{ inputs.version }}\"\necho \"v=${T:-${GITHUB_SHA::7}}\" >> $GITHUB_OUTPUT";
    rows(&of(&script(text, TAG)), "0123456", "0123456");
    // A command that somebody asks for is not left out without a word.
    let said = of(
        "- uses: docker/build-push-action@v6\n  with: { push: true, tags: 'ghcr.io/acme/n:x' }\n- run: |\n    if [ \"${{ inputs.more }}\" = true ]; then docker build --push -t ghcr.io/acme/n:more .; fi\n",
    );
    said.tells(&["this tag is not in the proposal"]);
    said.lacks(&["\"more\""]);
    // One side is known, and the other one has its line.
    let text = "V=edge\nif [ $GITHUB_REF_TYPE = tag ]; then V=$(./version); fi\necho v=$V >> $GITHUB_OUTPUT";
    let said = of(&script(text, TAG));
    assert_eq!(said.rows()[0], "push to main | n | ghcr.io/acme/n: edge | the same");
    assert!(said.rows()[1].starts_with("git tag v1.2.3 | n | not known"), "{:?}", said.rows());
    said.tells(&["this tag is not in the proposal: `$(./version)` is not known here", "w.yml:"]);
    // Nothing of these is certain.
    for text in [
        "V=edge\nif ./is-release; then V=stable; fi\necho v=$V >> $GITHUB_OUTPUT",
        "if docker pull x; then exit 0; fi\necho v=stable >> $GITHUB_OUTPUT",
        "for i in $(ls); do V=$i; done\necho v=$V >> $GITHUB_OUTPUT",
        "V=a\nif [[ $GITHUB_REF_NAME =~ ^[0-9]+$ ]]; then V=b; fi\necho v=$V >> $GITHUB_OUTPUT",
    ] {
        let more = "- uses: docker/build-push-action@v6\n  with: { push: true, tags: 'ghcr.io/acme/n:y' }\n";
        let said = of(&(script(text, TAG) + more));
        said.tells(&["this tag is not in the proposal"]);
        said.lacks(&["\"stable\"", "\"a\"", "\"b\"", "\"edge\""]);
    }
}
