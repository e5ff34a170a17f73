//! What a step with a condition leaves to others, and flavors that a run decides.

use super::{Said, init, workflow};

fn of(steps: &str) -> Said {
    init(&[(".github/workflows/w.yml", &workflow(steps)), ("Dockerfile", "FROM scratch\n")])
}

/// A step that pushes these references.
fn push(references: &str) -> String {
    format!("- uses: docker/build-push-action@v6\n  with: {{ push: true, tags: '{references}' }}\n")
}

/// A step with docker/metadata-action and another one that pushes.
fn meta(own: &str, with: &str) -> String {
    format!(
        "- id: meta\n  uses: docker/metadata-action@v5\n{own}  with:\n    images: ghcr.io/acme/n\n{with}{}",
        push("${{ steps.meta.outputs.tags }}")
    )
}

#[test]
fn what_a_step_sets_is_there_where_it_runs() {
    let env = |condition: &str, value: &str| {
        format!("- if: {condition}\n  run: echo \"V={value}\" >> $GITHUB_ENV\n")
    };
    let output = |id: &str, condition: &str, value: &str| {
        format!("- id: {id}\n  if: {condition}\n  run: echo \"v={value}\" >> $GITHUB_OUTPUT\n")
    };
    let (on_tag, on_branch) = ("github.ref_type == 'tag'", "github.ref_type != 'tag'");
    for (steps, main, tag) in [
        // A tag, and whole references.
        (
            env(on_tag, "stable") + &env(on_branch, "edge") + &push("ghcr.io/acme/n:${{ env.V }}"),
            "edge",
            "stable",
        ),
        (
            env(on_tag, "ghcr.io/acme/n:stable")
                + &env(on_branch, "ghcr.io/acme/n:edge")
                + &push("${{ env.V }}"),
            "edge",
            "stable",
        ),
        // What was there before stays.
        (
            env("true", "edge") + &env(on_tag, "stable") + &push("ghcr.io/acme/n:${{ env.V }}"),
            "edge",
            "stable",
        ),
        (
            output("a", on_tag, "stable")
                + &output("b", on_branch, "edge")
                + &push("ghcr.io/acme/n:${{ steps.a.outputs.v || steps.b.outputs.v }}"),
            "edge",
            "stable",
        ),
        (
            output("a", on_tag, "ghcr.io/acme/n:stable") + &push("ghcr.io/acme/n:x,${{ steps.a.outputs.v }}"),
            "x",
            "x, stable",
        ),
        // What all runs fulfil that publish is no condition.
        (
            output("a", "github.event_name != 'pull_request'", "x")
                + &push("ghcr.io/acme/n:${{ steps.a.outputs.v }}"),
            "x",
            "x",
        ),
    ] {
        let said = of(&steps);
        let rows = said.rows();
        assert_eq!(rows[0], format!("push to main | n | ghcr.io/acme/n: {main} | the same"), "{steps}");
        assert_eq!(rows[1], format!("git tag v1.2.3 | n | ghcr.io/acme/n: {tag} | the same"), "{steps}");
        assert_eq!(said.stderr, "", "{steps}");
    }
    // What only a run knows is no tag.
    for condition in ["vars.STABLE == 'yes'", "github.actor == 'bob'", "steps.other.outputs.it == 'x'"] {
        for steps in [
            env(condition, "latest") + &push("ghcr.io/acme/n:x,ghcr.io/acme/n:${{ env.V }}"),
            output("a", condition, "latest")
                + &push("ghcr.io/acme/n:x,ghcr.io/acme/n:${{ steps.a.outputs.v }}"),
        ] {
            let said = of(&steps);
            said.proposes(&[
                "    \"x\",\n",
                &format!("# not translated: `latest, if {condition}` is not known here"),
            ]);
            said.lacks(&["\"latest\""]);
            said.tells(&["this tag is not in the proposal", "w.yml:1"]);
        }
    }
}

#[test]
fn rules_of_a_step_with_a_condition_have_it() {
    let raw = "    tags: type=raw,value=stable\n";
    let said = of(&meta("  if: startsWith(github.ref, 'refs/tags/')\n", raw));
    said.proposes(&["{ pattern = \"type=raw,value=stable\", when = \"tag is startingwith('v')\" }"]);
    assert_eq!(said.rows()[0], "push to main | n | nothing | nothing");
    let both = "    tags: type=raw,value=stable,enable=${{ github.ref_name != 'v1' }}\n";
    of(&meta("  if: github.ref_type == 'tag'\n", both))
        .proposes(&["when = \"(tag is startingwith('v')) and (not ((tag or branch) == \\\"v1\\\"))\""]);
    // No word says it.
    let two = format!(
        "- id: more\n  if: vars.MORE == 'true'\n  uses: docker/metadata-action@v5\n  with: {{ images: ghcr.io/acme/n, tags: 'type=raw,value=latest' }}\n{}",
        meta("", raw).replace(
            "${{ steps.meta.outputs.tags }}",
            "${{ steps.meta.outputs.tags }},${{ steps.more.outputs.tags }}"
        )
    );
    let said = of(&two);
    said.tells(&["this tag is not in the proposal: a plan cannot express `vars.MORE == 'true'`"]);
    said.lacks(&["\"type=raw,value=latest\""]);
    // What all its runs fulfil is none.
    let said = of(&meta("  if: github.event_name != 'pull_request'\n", raw));
    said.proposes(&["    \"type=raw,value=stable\",\n"]);
}

#[test]
fn a_flavor_that_a_run_decides_gives_no_more_than_today() {
    let with = |flavor: &str| {
        of(&meta(
            "",
            &format!(
                "    flavor: {flavor}\n    tags: |\n      type=semver,pattern={{{{version}}}}\n      type=ref,event=branch\n"
            ),
        ))
    };
    // A condition that a plan can say is one of the tag.
    let said = with("latest=${{ github.ref == 'refs/heads/main' }}");
    said.proposes(&["flavor = [\"latest=false\"]", "when = \"ref == \\\"refs/heads/main\\\"\""]);
    assert_eq!(said.rows()[0], "push to main | n | ghcr.io/acme/n: main, latest | the same");
    assert_eq!(said.rows()[1], "git tag v1.2.3 | n | ghcr.io/acme/n: 1.2.3 | the same");
    assert_eq!(said.stderr, "");
    // One that it cannot say is named, and there is no such tag.
    for flavor in [
        "latest=${{ vars.LATEST == 'true' }}",
        "latest=${{ vars.LATEST }}",
        "latest=${{ steps.x.outputs.y && 'auto' || 'false' }}",
    ] {
        let said = with(flavor);
        said.proposes(&["flavor = [\"latest=false\"]"]);
        said.tells(&["this tag is not in the proposal", "w.yml:14:"]);
        assert!(said.rows()[1].ends_with("| ghcr.io/acme/n: 1.2.3"), "{:?}", said.rows());
    }
    // What would be in each tag.
    let steps = format!(
        "{}{}",
        meta("", "    flavor: suffix=-${{ vars.FLAVOR }}\n    tags: type=raw,value=x\n"),
        push("ghcr.io/acme/web:y")
    );
    of(&steps).lacks(&["# not translated"]);
    let said = of(&steps.replace("vars.FLAVOR", "steps.x.outputs.y"));
    said.tells(&["`suffix` of the flavor is", "is not known here"]);
    said.lacks(&["\"type=raw,value=x\""]);
    // These are the same in each run.
    for flavor in ["latest=false", "latest=${{ true }}", "latest=auto"] {
        let said = with(flavor);
        said.lacks(&["latest,prefix"]);
        said.tells_of_prereleases_alone();
    }
}

#[test]
fn braces_beside_text_are_a_text() {
    let step = |condition: &str| {
        format!(
            "- if: {condition}\n  uses: docker/build-push-action@v6\n  with: {{ push: true, tags: 'ghcr.io/acme/n:x' }}\n"
        )
    };
    for condition in ["${{ vars.A }} == 'x'", "${{ github.ref }} == 'refs/heads/none' || ${{ vars.B }} != ''"]
    {
        let said = of(&step(condition));
        assert_eq!(said.rows()[0], "push to main | n | ghcr.io/acme/n: x | the same", "{condition}");
    }
    of(&(push("ghcr.io/acme/n:y") + &step("${{ vars.A == 'x' }}")))
        .tells(&["a plan cannot express `vars.A == 'x'`"]);
}
