//! Values that depend on a condition, tags that are set for single targets, and names that are not known.

use super::{Said, Written, init, workflow};

const FROM: &str = "FROM scratch\n";

fn of(steps: &str) -> Said {
    init(&[(".github/workflows/w.yml", &workflow(steps)), ("Dockerfile", FROM)])
}

/// A step that pushes this tag.
fn push(tag: &str) -> String {
    format!("- uses: docker/build-push-action@v6\n  with:\n    push: true\n    tags: ghcr.io/acme/n:{tag}\n")
}

#[test]
fn a_condition_with_two_values_is_two_tags() {
    for (expression, main, tag) in [
        ("github.ref_type == 'tag' && github.ref_name || 'edge'", "edge", "v1.2.3"),
        ("startsWith(github.ref, 'refs/tags/') && github.ref_name || 'edge'", "edge", "v1.2.3"),
        ("github.event_name == 'pull_request' && 'pr' || 'edge'", "edge", "edge"),
        ("github.ref == 'refs/heads/main' && 'edge' || github.ref_name", "edge", "v1.2.3"),
        ("github.ref_type == 'tag' && 'stable' || 'nightly'", "nightly", "stable"),
        (
            "github.ref_type == 'branch' && github.sha || 'stable'",
            "0123456789abcdef0123456789abcdef01234567",
            "stable",
        ),
    ] {
        let said = of(&push(&format!("${{{{ {expression} }}}}")));
        let rows = said.rows();
        assert_eq!(rows[0], format!("push to main | n | ghcr.io/acme/n: {main} | the same"), "{expression}");
        assert_eq!(rows[1], format!("git tag v1.2.3 | n | ghcr.io/acme/n: {tag} | the same"), "{expression}");
        assert_eq!(said.stderr, "", "{expression}");
        // As a value of a rule, and with text around it.
        let around = of(&push(&format!("a-${{{{ {expression} }}}}-b")));
        assert_eq!(around.rows()[0], format!("push to main | n | ghcr.io/acme/n: a-{main}-b | the same"));
        let rule = format!(
            "- id: meta\n  uses: docker/metadata-action@v5\n  with:\n    images: ghcr.io/acme/n\n    flavor: latest=false\n    tags: type=raw,value=${{{{ {expression} }}}}\n- uses: docker/build-push-action@v6\n  with: {{ push: true, tags: '${{{{ steps.meta.outputs.tags }}}}' }}\n"
        );
        let said = of(&rule);
        assert_eq!(
            said.rows()[0],
            format!("push to main | n | ghcr.io/acme/n: {main} | the same"),
            "{expression}"
        );
    }
    // What is empty counts as false, and what only a run knows is not known.
    let said = of(&push("x-${{ github.ref_type == 'tag' && '' || 'edge' }}"));
    assert!(!said.rows()[1].contains("x- "), "{:?}", said.rows());
    let said = of(&(push("y") + &push("${{ github.actor == 'x' && 'a' || 'b' }}")));
    said.tells(&["this tag is not in the proposal"]);
}

#[test]
fn inputs_of_an_action_are_texts() {
    let action = |condition: &str| {
        format!(
            "inputs:\n  push: {{ default: 'false' }}\nruns:\n  using: composite\n  steps:\n    - if: {condition}\n      shell: bash\n      run: docker build --push -t ghcr.io/acme/n:x .\n"
        )
    };
    let of = |condition: &str, given: &str| {
        let text = workflow(&format!("- uses: ./.github/actions/image\n  with: {{ push: {given} }}\n"));
        init(&[
            (".github/workflows/w.yml", &text),
            (".github/actions/image/action.yml", &action(condition)),
            ("Dockerfile", FROM),
        ])
    };
    let of_push = "\"${{ github.event_name == 'push' }}\"";
    for (condition, given, request) in [
        ("inputs.push == 'true'", of_push, "nothing"),
        ("${{ inputs.push == 'true' }}", of_push, "nothing"),
        ("inputs.push != 'false'", of_push, "nothing"),
        ("inputs.push == 'true'", "true", "ghcr.io/acme/n: x"),
        // Any text is true.
        ("inputs.push", of_push, "ghcr.io/acme/n: x"),
    ] {
        let said = of(condition, given);
        let rows = said.rows();
        assert_eq!(rows[0], "push to main | n | ghcr.io/acme/n: x | the same", "{condition}");
        let row = rows.iter().find(|row| row.starts_with("pull request")).unwrap();
        assert!(row.contains(&format!("n | {request}")), "{condition}: {row}");
        assert_eq!(said.stderr, "", "{condition}");
    }
    for push in ["True", "TRUE"] {
        let said = super::choices::of(&format!(
            "- uses: docker/build-push-action@v6\n  with: {{ push: {push}, tags: 'ghcr.io/acme/n:x' }}\n"
        ));
        assert_eq!(said.rows()[0], "push to main | n | ghcr.io/acme/n: x | the same");
    }
}

const BAKE: &str = "target \"api\" {\n  tags = [\"ghcr.io/acme/api:edge\"]\n}\ntarget \"web\" {\n  tags = [\"ghcr.io/acme/web:edge\"]\n}\ngroup \"default\" {\n  targets = [\"api\", \"web\"]\n}\n";

#[test]
fn tags_that_are_set_for_a_target_are_its_own() {
    let action = |set: &str| {
        workflow(&format!(
            "- uses: docker/bake-action@v6\n  with:\n    push: true\n    set: |\n      {set}\n"
        ))
    };
    let script = |set: &str| workflow(&format!("- run: docker buildx bake --push --set {set}\n"));
    let more = "ghcr.io/acme/web: edge, beta | the same";
    for (text, api, web) in [
        (
            action("web.tags=ghcr.io/acme/web:beta"),
            "ghcr.io/acme/api: edge | the same",
            "ghcr.io/acme/web: beta | the same",
        ),
        (
            script("web.tags=ghcr.io/acme/web:beta"),
            "ghcr.io/acme/api: edge | the same",
            "ghcr.io/acme/web: beta | the same",
        ),
        (
            action("w*.tags=ghcr.io/acme/web:beta"),
            "ghcr.io/acme/api: edge | the same",
            "ghcr.io/acme/web: beta | the same",
        ),
        (script("web.tags+=ghcr.io/acme/web:beta"), "ghcr.io/acme/api: edge | the same", more),
        (action("web.tags+=ghcr.io/acme/web:beta"), "ghcr.io/acme/api: edge | the same", more),
    ] {
        let files =
            [(".github/workflows/w.yml", text.as_str()), ("docker-bake.hcl", BAKE), ("Dockerfile", FROM)];
        let said = init(&files);
        let rows = said.rows();
        assert_eq!(rows[0], format!("push to main | api | {api}"), "{text}");
        assert_eq!(rows[1], format!("web | {web}"), "{text}");
        said.lacks(&["tag-collision", "error"]);
        Written::new(&files, &[]).proposes_nothing_more();
    }
}

#[test]
fn a_registry_of_the_job_is_nobody_elses() {
    for name in ["localhost:5000/n:ci", "127.0.0.1:5000/acme/n:ci", "localhost/n:ci"] {
        let own = format!("- run: docker build --push -t {name} .\n");
        let said = of(&(push("x") + &own));
        said.tells(&["is on the machine of the job, where nobody else can pull it", "w.yml:14:"]);
        said.lacks(&["localhost:5000\"", "127.0.0.1\""]);
        assert_eq!(said.rows()[0], "push to main | n | ghcr.io/acme/n: x | the same", "{name}");
    }
    of("- run: docker build --push -t localhost.example.org/n:x .\n")
        .proposes(&["localhost.example.org/n: x"]);
}

#[test]
fn a_name_that_is_not_known_is_named() {
    for (script, word) in [
        (
            "for T in $(cat tags); do ARGS=\"$ARGS -t acme/n:$T\"; done\n    docker build --push $ARGS .",
            "ARGS",
        ),
        ("docker build --push $(./tags.sh) .", "$(./tags.sh)"),
        ("docker buildx build --push $TAGS -f Dockerfile .", "$TAGS"),
    ] {
        let said = of(&(push("x") + &format!("- run: |\n    {script}\n")));
        said.tells(&["is not known here, and may be its tags", word]);
        said.lacks(&["pushed by digest"]);
        assert!(said.rows()[1].contains("not known: what"), "{script}: {:?}", said.rows());
    }
}

#[test]
fn a_variable_of_bake_gets_what_the_run_has() {
    let bake = "variable \"TAG\" {\n  default = \"local\"\n}\ntarget \"default\" {\n  tags = [\"ghcr.io/acme/n:${TAG}\"]\n}\n";
    for (value, from) in [
        ("github.ref_name", "github.ref_name"),
        ("github.sha", "github.sha"),
        ("github.run_number", "github.run_number"),
    ] {
        let text = workflow(&format!(
            "- uses: docker/bake-action@v6\n  env: {{ TAG: '${{{{ {value} }}}}' }}\n  with: {{ push: true }}\n"
        ));
        let said =
            init(&[(".github/workflows/w.yml", &text), ("docker-bake.hcl", bake), ("Dockerfile", FROM)]);
        said.proposes(&[&format!("TAG = \"{from}\"")]);
        said.lacks(&["the step sets the variable"]);
    }
    let text = workflow(
        "- uses: docker/bake-action@v6\n  env: { TAG: 'x-${{ github.sha }}' }\n  with: { push: true }\n",
    );
    let said = init(&[(".github/workflows/w.yml", &text), ("docker-bake.hcl", bake), ("Dockerfile", FROM)]);
    said.tells(&["the step sets the variable `TAG`", "--env NAME=FROM"]);
}

#[test]
fn runs_that_fail_with_what_the_proposal_gives_them_are_named() {
    let bake = "variable \"TAG\" {\n  default = \"local\"\n}\ntarget \"default\" {\n  tags = [\"ghcr.io/acme/n:${TAG}\"]\n}\n";
    let of = |value: &str| {
        let text = workflow(&format!(
            "- uses: docker/bake-action@v6\n  env: {{ TAG: '${{{{ {value} }}}}' }}\n  with: {{ push: true }}\n"
        ));
        init(&[(".github/workflows/w.yml", &text), ("docker-bake.hcl", bake), ("Dockerfile", FROM)])
    };
    let said = of("github.ref_name");
    said.tells(&["a run such as `pull request 7` fails with", "`TAG=7/merge`", "w.yml:"]);
    let rows = said.rows();
    assert!(rows[0].ends_with("| ghcr.io/acme/n: main"), "{rows:?}");
    assert!(rows[1].ends_with("| ghcr.io/acme/n: v1.2.3"), "{rows:?}");
    assert!(
        rows.iter().any(|row| row.starts_with("pull request 7") && row.ends_with("| this run fails")),
        "{rows:?}"
    );
    for value in ["github.sha", "github.run_number"] {
        let said = of(value);
        said.lacks(&["fails"]);
        let rows = said.rows();
        assert!(!rows[0].ends_with("ghcr.io/acme/n: local"), "{rows:?}");
    }
}
