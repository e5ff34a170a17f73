//! Conditions of jobs, steps, repositories and tags: a plan says them as they are, or leaves out what depends on them and warns.

use super::{Said, init, workflow};

const WORKFLOW: &str = ".github/workflows/image.yml";

/// What is proposed for a workflow with this `on` and these jobs.
fn of(on: &str, jobs: &str) -> Said {
    let text = format!("on: {on}\njobs:\n{jobs}");
    init(&[(WORKFLOW, text.as_str()), ("Dockerfile", "FROM scratch\n"), ("web/Dockerfile", "FROM scratch\n")])
}

/// A job with this condition, which pushes `IMAGE:TAG` from this context.
fn job(name: &str, condition: &str, context: &str, reference: &str) -> String {
    format!(
        "  {name}:\n    if: {condition}\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/build-push-action@v6\n        \
         with: {{context: {context}, push: true, tags: '{reference}'}}\n"
    )
}

const ON: &str = "{push: {branches: [main, develop], tags: ['v*']}, pull_request: }";

/// A branch may be called like a word of ours, or like an event.
#[test]
fn a_branch_with_the_name_of_an_event_is_a_branch() {
    for name in ["production", "release", "push", "create", "schedule", "tag", "branch", "pr", "true"] {
        for condition in
            [format!("github.ref_name == '{name}'"), format!("${{{{ '{name}' == github.ref_name }}}}")]
        {
            for on in ["push", "{push: {branches: [main]}}", "{push: , pull_request: }"] {
                let said = of(on, &job("x", &condition, ".", "ghcr.io/acme/app:x"));
                said.proposes(&["(tag or branch)", &format!("\\\"{name}\\\"")]);
            }
        }
    }
    let said = of("push", &job("x", "github.event_name == 'push'", ".", "ghcr.io/acme/app:x"));
    said.proposes(&["\"x\","]);
}

#[test]
fn tags_of_a_condition_that_only_a_run_knows_are_left_out_with_a_warning() {
    for condition in [
        "steps.l.outputs.latest == 'true'",
        "contains(github.event.head_commit.message, '[docker]')",
        "github.actor == 'bob'",
        "vars.PUBLISH == 'true'",
        "needs.changes.outputs.any == 'true' && github.event_name == 'push'",
        "github.ref == 'refs/heads/main' && inputs.latest",
    ] {
        let jobs = [
            job("always", "true", ".", "ghcr.io/acme/app:edge"),
            job("x", condition, ".", "ghcr.io/acme/app:latest"),
        ];
        let said = of(ON, &jobs.concat());
        said.proposes(&["\"edge\",", &format!("not translated: a plan cannot express `{condition}`")]);
        said.lacks(&["\"latest\""]);
        said.tells(&["a plan cannot express", "image.yml:10:"]);
        if !condition.contains("refs/heads") {
            assert!(
                said.rows()[0].contains("not known: whether .github/workflows/image.yml:13 publishes"),
                "{condition}"
            );
        }
    }
    // What every run of a person fulfils is no condition.
    for condition in [
        "github.actor != 'dependabot[bot]'",
        "always() && !cancelled()",
        "success()",
        "github.repository == 'acme/app'",
    ] {
        let said = of(ON, &job("x", condition, ".", "ghcr.io/acme/app:latest"));
        said.proposes(&["    \"latest\",\n"]);
        assert_eq!(said.stderr, "", "{condition}");
    }
}

#[test]
fn a_condition_on_a_branch_or_a_git_tag_stays_as_it_is() {
    for (condition, when) in [
        ("github.ref == 'refs/heads/develop'", "ref == \\\"refs/heads/develop\\\""),
        ("github.ref_name == 'develop'", "branch and ((tag or branch) == \\\"develop\\\")"),
        ("startsWith(github.ref, 'refs/heads/release/')", "ref is startingwith(\\\"refs/heads/release/\\\")"),
        (
            "github.ref == 'refs/heads/main' || github.ref == 'refs/heads/develop'",
            "(ref == \\\"refs/heads/main\\\") or (ref == \\\"refs/heads/develop\\\")",
        ),
        (
            "contains(fromJSON('[\"refs/heads/main\", \"refs/heads/develop\"]'), github.ref)",
            "ref in [\\\"refs/heads/main\\\", \\\"refs/heads/develop\\\"]",
        ),
        ("github.ref != 'refs/heads/main'", "not (ref == \\\"refs/heads/main\\\")"),
        ("startsWith(github.ref, 'refs/tags/v1.')", "ref is startingwith(\\\"refs/tags/v1.\\\")"),
    ] {
        let said =
            of(ON, &job("x", &format!("\"{}\"", condition.replace('"', "\\\"")), ".", "ghcr.io/acme/app:x"));
        said.proposes(&[&format!("{{ pattern = \"x\", when = \"{when}\" }}")]);
        for row in
            said.rows().iter().filter(|row| !row.contains("pull request") && !row.contains("docs-2024"))
        {
            assert!(row.ends_with("the same") || row.ends_with("nothing | nothing"), "{condition}: {row}");
        }
    }
    // Where no other branch publishes, the kind of a run is enough.
    let said = of(
        "{push: {branches: [main], tags: ['v*']}}",
        &job("x", "github.ref == 'refs/heads/main'", ".", "ghcr.io/acme/app:x"),
    );
    said.proposes(&["{ pattern = \"x\", when = \"branch\" }"]);
    let said = of(ON, &job("x", "github.event_name == 'push'", ".", "ghcr.io/acme/app:x"));
    said.proposes(&["    \"x\",\n"]);
    // The input `push` is one, too, and so is that of a job before.
    let jobs = "  x:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/build-push-action@v6\n        \
                with: {push: \"${{ github.ref == 'refs/heads/develop' }}\", tags: 'ghcr.io/acme/app:x'}\n";
    of(ON, jobs).proposes(&["{ pattern = \"x\", when = \"ref == \\\"refs/heads/develop\\\"\" }"]);
    let jobs = format!(
        "  first:\n    if: github.ref == 'refs/heads/develop'\n    runs-on: ubuntu-latest\n    steps: [{{run: make}}]\n{}",
        job("x", "success()", ".", "ghcr.io/acme/app:x")
            .replace("    runs-on", "    needs: first\n    runs-on")
    );
    of(ON, &jobs).proposes(&["{ pattern = \"x\", when = \"ref == \\\"refs/heads/develop\\\"\" }"]);
}

#[test]
fn prereleases_of_a_forge_are_those_of_the_version() {
    let steps = |condition: &str| {
        format!(
            "  x:\n    runs-on: ubuntu-latest\n    steps:\n      - if: \"{condition}\"\n        uses: docker/build-push-action@v6\n        \
             with: {{push: true, tags: 'ghcr.io/acme/app:x'}}\n"
        )
    };
    for (condition, when) in [
        ("!github.event.release.prerelease", "tag and not prerelease"),
        ("github.event.release.prerelease == false", "tag and not prerelease"),
        ("github.event.release.prerelease", "prerelease"),
    ] {
        let said = of("{release: {types: [published]}}", &steps(condition));
        said.proposes(&[&format!("{{ pattern = \"x\", when = \"{when}\" }}")]);
    }
}

#[test]
fn a_repository_with_a_condition_has_it_in_the_proposal() {
    let with = |images: &str| {
        format!(
            "  x:\n    runs-on: ubuntu-latest\n    steps:\n      - id: meta\n        uses: docker/metadata-action@v5\n        with:\n          \
             images: |\n            ghcr.io/acme/app\n            {images}\n          tags: type=raw,value=x\n      \
             - uses: docker/build-push-action@v6\n        with: {{push: true, tags: \"${{{{ steps.meta.outputs.tags }}}}\"}}\n"
        )
    };
    for (enable, when) in [
        ("startsWith(github.ref, 'refs/tags/')", "tag"),
        ("github.ref == 'refs/heads/develop'", "ref == \\\"refs/heads/develop\\\""),
        ("github.event_name == 'push' && github.ref_type == 'tag'", "tag"),
    ] {
        let said = of(ON, &with(&format!("name=quay.io/acme/app,enable=${{{{ {enable} }}}}")));
        said.proposes(&["repositories = [\"ghcr.io/acme/app\"]", "repositories = [\"quay.io/acme/app\"]"]);
        said.proposes(&[when]);
        assert!(said.rows()[0].contains("ghcr.io/acme/app: x | the same"), "{:?}", said.rows());
        assert!(said.rows().iter().all(|row| !row.starts_with("push to main") || !row.contains("quay")));
    }
    // One that only a run knows is left out with a warning, and what always or never holds is none.
    let said = of(ON, &with("name=quay.io/acme/app,enable=${{ vars.QUAY == 'yes' }}"));
    said.tells(&["a plan cannot express `vars.QUAY == 'yes'`"]);
    of(ON, &with("name=quay.io/acme/app,enable=${{ true }}"))
        .proposes(&["\"ghcr.io/acme/app\",", "\"quay.io/acme/app\","]);
    of(ON, &with("name=quay.io/acme/app,enable=false")).lacks(&["quay.io/acme/app\""]);
}

#[test]
fn what_some_runs_lack_has_something_else_in_its_place() {
    let with = |value: &str| {
        format!(
            "  x:\n    runs-on: ubuntu-latest\n    steps:\n      - id: meta\n        uses: docker/metadata-action@v5\n        with:\n          \
             images: ghcr.io/acme/app\n          tags: type=raw,value=${{{{ {value} }}}}\n      - uses: docker/build-push-action@v6\n        \
             with: {{push: \"${{{{ github.event_name != 'pull_request' }}}}\", tags: \"${{{{ steps.meta.outputs.tags }}}}\"}}\n"
        )
    };
    for (value, main, tag) in [
        ("github.head_ref || github.ref_name", "main", "v1.2.3"),
        ("github.event.pull_request.head.ref || github.ref_name", "main", "v1.2.3"),
        ("github.event.release.tag_name || github.ref_name", "main", "v1.2.3"),
        (
            "github.event.number || github.sha",
            "0123456789abcdef0123456789abcdef01234567",
            "0123456789abcdef0123456789abcdef01234567",
        ),
        ("github.head_ref || 'edge'", "edge", "edge"),
        ("github.event.release.tag_name || github.sha", "0123456789abcdef0123456789abcdef01234567", "v1.2.3"),
    ] {
        let said = of("{push: {branches: [main], tags: ['v*']}, release: , pull_request: }", &with(value));
        let rows = said.rows();
        let is_of_release = value.contains("release");
        assert_eq!(rows[0], format!("push to main | app | ghcr.io/acme/app: {main} | the same"), "{value}");
        if !is_of_release {
            assert_eq!(
                rows[1],
                format!("git tag v1.2.3 | app | ghcr.io/acme/app: {tag} | the same"),
                "{value}"
            );
        }
        said.lacks(&["left out: the workflow pushes nothing"]);
    }
    // Neither is known.
    let text = format!("on: {ON}\njobs:\n{}", with("github.head_ref || steps.x.outputs.y"));
    let said = super::said(&super::test(&[(WORKFLOW, text.as_str())]).args(["init"]));
    said.tells(&["is not known here", "none of its tags is known"]);
}

/// A variable is a text: `false` counts as true where it stands alone, and is compared as a text.
#[test]
fn a_variable_that_says_whether_something_holds_is_a_text() {
    const TAG: &str = "tag is startingwith('v')";
    let on_main = "${{ github.ref == 'refs/heads/main' }}";
    for (value, condition, when) in [
        (on_main, "env.PUSH == 'true'", Some("branch")),
        (on_main, "env.PUSH != 'false'", Some("branch")),
        (on_main, "'true' == env.PUSH", Some("branch")),
        (on_main, "${{ env.PUSH == 'true' }}", Some("branch")),
        ("${{ startsWith(github.ref, 'refs/tags/') }}", "env.PUSH == 'true'", Some(TAG)),
        ("${{ github.ref_type == 'tag' && github.event_name == 'push' }}", "env.PUSH == 'true'", Some(TAG)),
        (on_main, "env.PUSH", None),
        (on_main, "env.PUSH && true", None),
        ("${{ github.ref_type == 'tag' }}", "env.PUSH", None),
        ("false", "env.PUSH", None),
    ] {
        let text = workflow(&format!(
            "- if: {}\n  uses: docker/build-push-action@v6\n  with: {{ push: true, tags: 'ghcr.io/acme/app:x' }}\n",
            if condition.starts_with('\'') { format!("\"{condition}\"") } else { condition.to_owned() }
        ));
        let text = format!("env: {{ PUSH: \"{value}\" }}\n{text}");
        let said = init(&[(".github/workflows/a.yml", text.as_str()), ("Dockerfile", "FROM scratch\n")]);
        match when {
            Some(when) => said.proposes(&[&format!("{{ pattern = \"x\", when = \"{when}\" }},")]),
            None => said.proposes(&["    \"x\",\n"]),
        }
        let tag = said.rows().into_iter().find(|row| row.starts_with("git tag v1.2.3")).unwrap();
        assert_eq!(
            tag.contains("ghcr.io/acme/app: x | the same"),
            when != Some("branch"),
            "{condition}: {tag}"
        );
        assert_eq!(said.stderr, "", "{value} {condition}");
    }
    // An input of an action is what the text says.
    for (value, when) in [(on_main, "branch"), ("${{ github.ref_type == 'tag' }}", TAG)] {
        let text = workflow(
            "- uses: docker/build-push-action@v6\n  with: { push: '${{ env.PUSH }}', tags: 'ghcr.io/acme/app:x' }\n",
        );
        let text = format!("env: {{ PUSH: \"{value}\" }}\n{text}");
        let said = init(&[(".github/workflows/a.yml", text.as_str()), ("Dockerfile", "FROM scratch\n")]);
        said.proposes(&[&format!("{{ pattern = \"x\", when = \"{when}\" }},")]);
    }
}
