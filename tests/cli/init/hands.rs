//! Runs that a person starts.

use super::init;

const FROM: &str = "FROM scratch\n";

#[test]
fn runs_by_hand_beside_other_events_are_named() {
    let told = "this can be started by hand, too, from any branch";
    let on = |on: &str| {
        let text = format!(
            "on:\n{on}jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: docker build --push -t ghcr.io/acme/n:x .\n"
        );
        init(&[(".github/workflows/w.yml", text.as_str()), ("Dockerfile", FROM)])
    };
    for events in [
        "  push: { branches: [main] }\n  workflow_dispatch:\n",
        "  push: { tags: ['v*'] }\n  workflow_dispatch:\n",
        "  schedule: [{ cron: '0 3 * * *' }]\n  workflow_dispatch:\n",
    ] {
        on(events).tells(&[told, "w.yml:"]);
    }
    // With a row of its own, or none by hand.
    for events in ["  push: { branches: [main] }\n", "  push: { branches: [main] }\n  pull_request:\n"] {
        on(events).lacks(&[told]);
    }
    let alone = "on: workflow_dispatch\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: docker build --push -t ghcr.io/acme/n:x .\n";
    let said = init(&[(".github/workflows/w.yml", alone), ("Dockerfile", FROM)]);
    said.lacks(&[told]);
    said.proposes(&["run by hand"]);
}
