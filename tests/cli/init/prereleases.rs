//! Prereleases: they have a row and a warning where the plan publishes something else than today.

use super::{Said, Written, init};

const FROM: &str = "FROM scratch\n";

/// A workflow with these filters of git tags, flavor and rules of docker/metadata-action.
fn rules(filters: &str, flavor: &str, rules: &[&str]) -> String {
    let rules: String = rules.iter().map(|rule| format!("            {rule}\n")).collect();
    format!(
        "on:\n  push:\n    branches: [main]\n    tags: {filters}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - id: meta\n        uses: docker/metadata-action@v5\n        with:\n          images: ghcr.io/acme/n\n          flavor: {flavor}\n          tags: |\n            type=edge\n{rules}      - uses: docker/build-push-action@v6\n        with: {{ push: true, tags: '${{{{ steps.meta.outputs.tags }}}}' }}\n"
    )
}

fn row_of(said: &Said) -> Option<String> {
    said.rows().into_iter().find(|row| row.starts_with("git tag v1.2.3-rc.1 |"))
}

#[test]
fn what_differs_for_prereleases_has_a_row_and_a_warning() {
    for (flavor, lines, today, plan, lost) in [
        ("latest=auto", &["type=semver,pattern=v{{version}}"][..], "1.2.3-rc.1", "v1.2.3-rc.1", "1.2.3-rc.1"),
        ("latest=true", &["type=semver,pattern={{version}}"], "1.2.3-rc.1, latest", "1.2.3-rc.1", "latest"),
        ("latest=auto", &["type=ref,event=tag"], "v1.2.3-rc.1, latest", "v1.2.3-rc.1", "latest"),
        ("latest=auto", &["type=match,pattern=v(.*),group=1"], "1.2.3-rc.1, latest", "1.2.3-rc.1", "latest"),
    ] {
        let text = rules("['v*']", flavor, lines);
        let files = [(".github/workflows/w.yml", text.as_str()), ("Dockerfile", FROM)];
        let said = init(&files);
        let expected = format!("git tag v1.2.3-rc.1 | n | ghcr.io/acme/n: {today} | ghcr.io/acme/n: {plan}");
        assert_eq!(row_of(&said), Some(expected), "{lines:?}");
        said.tells(&[&format!(
            "a prerelease such as `v1.2.3-rc.1` publishes `ghcr.io/acme/n:{lost}` today, and does not with the proposal"
        )]);
        // What the plan has is what the row says.
        let written = Written::new(&files, &[]);
        let tags: Vec<String> = plan.split(", ").map(|tag| format!("ghcr.io/acme/n:{tag}")).collect();
        assert_eq!(written.tags("refs/tags/v1.2.3-rc.1"), tags, "{lines:?}");
    }
}

#[test]
fn prereleases_that_are_the_same_have_none() {
    let semver = "type=semver,pattern={{version}}";
    let without = "type=semver,pattern=v{{version}},enable=${{ !contains(github.ref, '-') }}";
    for (filters, flavor, lines) in [
        ("['v*']", "latest=auto", &[semver][..]),
        ("['v*']", "latest=auto", &[semver, "type=semver,pattern={{major}}.{{minor}}"]),
        ("['v*']", "latest=false", &["type=ref,event=tag"]),
        ("['v*']", "latest=auto", &["type=semver,pattern={{raw}}"]),
        // A condition keeps the rule from them, today and with the plan.
        ("['v*']", "latest=auto", &[without]),
        // They start nothing today.
        ("['v*', '!v*-*']", "latest=auto", &["type=ref,event=tag"]),
    ] {
        let text = rules(filters, flavor, lines);
        let said = init(&[(".github/workflows/w.yml", text.as_str()), ("Dockerfile", FROM)]);
        assert_eq!(row_of(&said), None, "{filters} {lines:?}");
        said.lacks(&["a prerelease such as"]);
    }
}

/// A constant that a script moves for each git tag is one for prereleases, too.
#[test]
fn conditions_of_steps_count_for_prereleases() {
    let script = |condition: &str| {
        format!(
            "on: {{ push: {{ branches: [main], tags: ['v*'] }} }}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: docker build -t acme/n:edge . && docker push acme/n:edge\n        if: github.ref_type == 'branch'\n      - if: {condition}\n        run: docker build -t acme/n:${{GITHUB_REF_NAME#v}} . && docker push acme/n:${{GITHUB_REF_NAME#v}} && docker tag acme/n:${{GITHUB_REF_NAME#v}} acme/n:latest && docker push acme/n:latest\n"
        )
    };
    for (condition, has_row) in [
        ("startsWith(github.ref, 'refs/tags/v')", true),
        ("github.ref_type == 'tag'", true),
        ("startsWith(github.ref, 'refs/tags/v') && !contains(github.ref, '-')", false),
    ] {
        let text = script(condition);
        let said = init(&[(".github/workflows/w.yml", text.as_str()), ("Dockerfile", FROM)]);
        assert_eq!(row_of(&said).is_some(), has_row, "{condition}: {:?} {}", said.rows(), said.stderr);
        assert_eq!(said.stderr.contains("n:latest` today"), has_row, "{condition}: {}", said.stderr);
    }
}
