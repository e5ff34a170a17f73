//! Events that start a workflow, in all their combinations: in each run, a plan publishes what is published today.

use super::{Said, init, said, test};

const WORKFLOW: &str = ".github/workflows/w.yml";

/// What is proposed for a workflow with these events, one a line, that pushes `x` and the name of the ref.
fn of(events: &[&str]) -> (i32, Said) {
    let on: String = events.iter().map(|event| format!("  {event}\n")).collect();
    let text = format!(
        "on:\n{on}jobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          push: ${{{{ github.event_name != 'pull_request' && github.event_name != 'merge_group' }}}}\n          tags: |\n            ghcr.io/acme/n:x\n            ghcr.io/acme/n:${{{{ github.ref_name }}}}\n"
    );
    let said = said(&test(&[(WORKFLOW, &text), ("Dockerfile", "FROM scratch\n")]).args(["init"]));
    (said.code, said)
}

#[test]
fn every_combination_of_events_publishes_what_it_does_today() {
    const PUSHES: [Option<&str>; 4] = [
        None,
        Some("push: { branches: [main] }"),
        Some("push: { tags: ['**'] }"),
        Some("push: { branches: [main], tags: ['**'] }"),
    ];
    const OTHERS: [&str; 5] = [
        "schedule: [{ cron: '7 3 * * *' }]",
        "workflow_dispatch:",
        "release: { types: [published] }",
        "pull_request:",
        "merge_group:",
    ];
    for push in PUSHES {
        for set in 0_u32..1 << OTHERS.len() {
            let others = OTHERS.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
            let events: Vec<&str> = push.into_iter().chain(others.map(|(_, event)| *event)).collect();
            // Nothing but requests publishes nothing.
            let publishes = push.is_some() || set & 0b111 != 0;
            let (code, said) = of(&events);
            if !publishes {
                said.lacks(&["not read", "is not in the proposal"]);
                continue;
            }
            assert_eq!(code, 0, "{events:?}\n{}", said.stderr);
            said.lacks(&["error[", "errors"]);
            for row in said.rows() {
                let is_same = row.ends_with("| the same")
                    || row.ends_with("nothing | nothing")
                    || row.ends_with("the same, on the push of its git tag");
                // What moves is not for prereleases, and a row says so.
                let is_of_release = row
                    == "git tag v1.2.3-rc.1 | n | ghcr.io/acme/n: x, v1.2.3-rc.1 | ghcr.io/acme/n: v1.2.3-rc.1";
                // A git tag that starts nothing today has a row where a plan publishes it.
                assert!(is_same || is_of_release, "{events:?}\n{row}\n{}", said.stdout);
            }
        }
    }
}

#[test]
fn conditions_of_events_are_no_wider_than_these() {
    for (events, x, name) in [
        (
            &["push: { branches: [main] }"][..],
            "\"x\",",
            "{ pattern = \"{{ branch | slug }}\", when = \"branch\" }",
        ),
        (&["push: { tags: ['**'] }"], "\"x\",", "\"{{ tag }}\","),
        (&["release: { types: [published] }"], "\"x\",", "\"{{ tag }}\","),
        (
            &["push: { branches: [main], tags: ['**'] }"],
            "\"x\",",
            "{ pattern = \"{{ tag }}\", when = \"tag\" }",
        ),
        (
            &["schedule: [{ cron: '7 3 * * *' }]"],
            "{ pattern = \"x\", when = \"event == \\\"schedule\\\"\" }",
            "when = \"event == \\\"schedule\\\"",
        ),
        (
            &["workflow_dispatch:"],
            "{ pattern = \"x\", when = \"event == \\\"workflow_dispatch\\\"\" }",
            "when = \"event == \\\"workflow_dispatch\\\"",
        ),
    ] {
        let (_, said) = of(events);
        said.proposes(&[x, name]);
    }
}

#[test]
fn what_starts_no_plan_is_named_or_publishes_nothing() {
    let (_, said) =
        of(&["push: { branches: [main] }", "workflow_run: { workflows: [test], types: [completed] }"]);
    said.tells(&["`workflow_run` starts this workflow today, and starts no plan", "w.yml:3:"]);
    let (_, said) = of(&["push: { branches: [main] }", "repository_dispatch:"]);
    said.tells(&["`repository_dispatch` starts this workflow today, and starts no plan"]);
    for event in ["merge_group:", "pull_request:", "pull_request_target:"] {
        let (_, alone) = of(&[event]);
        alone.lacks(&["{ pattern = \"x\"", "    \"x\","]);
        let (_, beside) = of(&["push: { branches: [main] }", event]);
        beside.lacks(&["starts no plan"]);
        assert_eq!(beside.rows()[0], "push to main | n | ghcr.io/acme/n: x, main | the same", "{event}");
    }
    // What runs behind another workflow is of the default branch, as far as is known.
    let text = "on: { workflow_run: { workflows: [test], types: [completed] } }\njobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/build-push-action@v6\n        with: { push: true, tags: 'ghcr.io/acme/n:x' }\n";
    let said = init(&[(WORKFLOW, text), ("Dockerfile", "FROM scratch\n")]);
    said.tells(&["`workflow_run` starts this workflow today, and starts no plan"]);
    assert!(said.rows()[0].contains("not known: whether"), "{:?}", said.rows());
}

/// A git tag that is created starts a workflow, whatever filters say of pushes.
#[test]
fn a_git_tag_that_is_created_starts_a_workflow() {
    for events in [
        &["create:", "push: { branches: [main] }"][..],
        &["create:", "push: { branches: [main], paths: ['src/**'] }", "workflow_dispatch:"],
        &["create:", "push: { branches: [main], tags: ['v9.*', '!v1.*'] }"],
        &["create: {}"],
    ] {
        let (code, said) = of(events);
        assert_eq!(code, 0, "{events:?}\n{}", said.stderr);
        let row = said.rows().into_iter().find(|row| row.starts_with("git tag v")).unwrap_or_default();
        assert!(row.ends_with(" | the same") && row.contains("ghcr.io/acme/n: x, v"), "{events:?} {row}");
    }
}

/// A version that a filter names, such as `v1`, is not alone: `v2` starts nothing.
#[test]
fn a_short_git_tag_that_a_filter_names_is_not_alone() {
    for (tags, short) in
        [("['v*.*.*', v1]", "v2"), ("['v[0-9]+.[0-9]+.[0-9]+', 'v1']", "v2"), ("['v*.*.*']", "v1")]
    {
        let text = format!(
            "on: {{ push: {{ tags: {tags} }} }}\njobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n      - id: meta\n        uses: docker/metadata-action@v5\n        with: {{ images: ghcr.io/acme/n, tags: 'type=semver,pattern={{{{version}}}}' }}\n      - uses: docker/build-push-action@v6\n        with: {{ push: true, tags: '${{{{ steps.meta.outputs.tags }}}}' }}\n"
        );
        let said = said(&test(&[(WORKFLOW, &text), ("Dockerfile", "FROM scratch\n")]).args(["init"]));
        let rows = said.rows();
        assert!(rows.iter().any(|row| row.starts_with(&format!("git tag {short} | "))), "{tags}\n{rows:?}");
    }
}
