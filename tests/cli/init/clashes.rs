//! Tags that two images have today, repositories that have different tags, and targets that are filled in one by one.

use super::{Said, Written, init, workflow};

const WORKFLOW: &str = ".github/workflows/w.yml";
const FROM: &str = "FROM scratch\n";

fn of(text: &str) -> Said {
    init(&[(WORKFLOW, text), ("Dockerfile", FROM), ("web/Dockerfile", FROM)])
}

/// A job that pushes these from a context.
fn job(name: &str, more: &str, context: &str, tags: &str) -> String {
    format!(
        "  {name}:\n    runs-on: ubuntu-latest\n{more}    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          context: {context}\n          push: true\n          tags: |\n            {}\n",
        tags.replace(' ', "\n            ")
    )
}

const ON: &str = "on: { push: { branches: [main], tags: ['**'] } }\njobs:\n";

#[test]
fn a_tag_that_two_images_have_is_that_of_one() {
    let needs = "    needs: one\n";
    let named = "    if: github.ref_type == 'tag'\n";
    for (text, told, first, second) in [
        // The second one is pushed over the first.
        (
            format!(
                "{ON}{}{}",
                job("one", "", ".", "ghcr.io/acme/n:latest ghcr.io/acme/n:x"),
                job("two", needs, "web", "ghcr.io/acme/n:latest ghcr.io/acme/n:y")
            ),
            "`ghcr.io/acme/n:latest` is pushed at .github/workflows/w.yml:11 first and at .github/workflows/w.yml:22 over it",
            "n | ghcr.io/acme/n: x | the same",
            "n-web | ghcr.io/acme/n: latest, y | the same",
        ),
        // Nobody knows which job ends last.
        (
            format!(
                "{ON}{}{}",
                job("one", "", ".", "ghcr.io/acme/n:x ghcr.io/acme/n:latest"),
                job("two", "", "web", "ghcr.io/acme/n:y ghcr.io/acme/n:latest")
            ),
            "is pushed at .github/workflows/w.yml:12 and at .github/workflows/w.yml:22, and which of the two it is today depends on which ends last",
            "n | ghcr.io/acme/n: x | the same",
            "n-web | ghcr.io/acme/n: y, latest | the same",
        ),
        // In one job, the later step.
        (
            format!(
                "{ON}{}      - uses: docker/build-push-action@v6\n        with: {{ context: web, push: true, tags: 'ghcr.io/acme/n:latest,ghcr.io/acme/n:y' }}\n",
                job("one", "", ".", "ghcr.io/acme/n:latest ghcr.io/acme/n:x")
            ),
            "is pushed at .github/workflows/w.yml:11 first and at .github/workflows/w.yml:14 over it",
            "n | ghcr.io/acme/n: x | the same",
            "n-web | ghcr.io/acme/n: latest, y | the same",
        ),
    ] {
        let said = of(&text);
        said.tells(&[told, "the proposal has no such tag for", "the proposal has it for the image"]);
        said.lacks(&["tag-collision"]);
        assert_eq!(said.rows()[0], format!("push to main | {first}"), "{text}");
        assert_eq!(said.rows()[1], second, "{text}");
        let files = [(WORKFLOW, text.as_str()), ("Dockerfile", FROM), ("web/Dockerfile", FROM)];
        let published = Written::new(&files, &[]).tags("refs/heads/main");
        assert_eq!(published.iter().filter(|name| name.ends_with(":latest")).count(), 1, "{published:?}");
    }
    // In other runs, in other repositories, or with other tags, both have what they have.
    for text in [
        format!(
            "{ON}{}{}",
            job("one", named, ".", "ghcr.io/acme/n:latest"),
            job("two", "    if: github.ref_type == 'branch'\n", "web", "ghcr.io/acme/n:latest")
        ),
        format!(
            "{ON}{}{}",
            job("one", "", ".", "ghcr.io/acme/n:latest"),
            job("two", "", "web", "ghcr.io/acme/m:latest")
        ),
        format!(
            "{ON}{}{}",
            job("one", "", ".", "ghcr.io/acme/n:latest"),
            job("two", "", "web", "ghcr.io/acme/n:web")
        ),
        format!(
            "{ON}{}{}",
            job("one", "", ".", "${{vars.ONE}}/n:latest"),
            job("two", "", "web", "${{vars.TWO}}/n:latest")
        ),
    ] {
        of(&text).lacks(&["is pushed at"]);
    }
}

#[test]
fn an_image_that_is_overwritten_whole_is_left_out() {
    let text = format!(
        "{ON}{}{}",
        job("one", "", ".", "ghcr.io/acme/n:latest"),
        job("two", "    needs: one\n", "web", "ghcr.io/acme/n:latest ghcr.io/acme/n:y")
    );
    let said = of(&text);
    said.tells(&[
        "`ghcr.io/acme/n` is not in the proposal: what is built elsewhere is pushed under each of its tags",
    ]);
    said.proposes(&["context = \"web\""]);
    assert_eq!(said.rows()[0], "push to main | n | ghcr.io/acme/n: latest, y | the same");
}

#[test]
fn each_repository_has_its_own_tags() {
    for (tags, rows) in [
        (
            "ghcr.io/acme/n:edge quay.io/acme/n:latest",
            [
                "push to main | n | ghcr.io/acme/n: edge | the same",
                "n-quay-io | quay.io/acme/n: latest | the same",
            ],
        ),
        (
            "ghcr.io/acme/n:edge ghcr.io/acme/n:x quay.io/acme/n:x",
            [
                "push to main | n | ghcr.io/acme/n: edge, x | the same",
                "n-quay-io | quay.io/acme/n: x | the same",
            ],
        ),
        (
            "ghcr.io/acme/n:x quay.io/acme/n:x",
            ["push to main | n | ghcr.io/acme/n: x | the same", "quay.io/acme/n: x | the same"],
        ),
    ] {
        let text = format!("{ON}{}", job("one", "", ".", tags));
        let said = of(&text);
        assert_eq!(said.rows()[..2], rows, "{tags}");
        // It is built once.
        assert_eq!(said.stdout.matches("\ntarget \"").count(), 1, "{}", said.stdout);
        let files = [(WORKFLOW, text.as_str()), ("Dockerfile", FROM), ("web/Dockerfile", FROM)];
        Written::new(&files, &[]).proposes_nothing_more();
    }
    let two = "- id: a\n  uses: docker/metadata-action@v5\n  with: { images: ghcr.io/acme/n, tags: 'type=raw,value=edge' }\n- id: b\n  uses: docker/metadata-action@v5\n  with: { images: quay.io/acme/n, tags: 'type=raw,value=latest' }\n- uses: docker/build-push-action@v6\n  with:\n    push: true\n    tags: |\n      ${{ steps.a.outputs.tags }}\n      ${{ steps.b.outputs.tags }}\n";
    let said = of(&workflow(two));
    assert_eq!(
        said.rows()[..2],
        [
            "push to main | n | ghcr.io/acme/n: edge | the same",
            "n-quay-io | quay.io/acme/n: latest | the same"
        ]
    );
}

#[test]
fn rows_of_a_matrix_build_what_each_names() {
    let text = workflow(
        "- uses: docker/build-push-action@v6\n  with: { push: true, file: '${{ matrix.file }}', tags: 'ghcr.io/acme/n:${{ matrix.tag }}' }\n",
    )
    .replace(
        "    steps:\n",
        "    strategy:\n      matrix:\n        include: [{ file: Dockerfile, tag: a }, { file: web/Dockerfile, tag: b }]\n    steps:\n",
    );
    let said = of(&text);
    assert_eq!(
        said.rows()[..2],
        ["push to main | n | ghcr.io/acme/n: a | the same", "n-web | ghcr.io/acme/n: b | the same"]
    );
    assert_eq!(said.stdout.matches("\ntarget \"").count(), 2, "{}", said.stdout);
}

#[test]
fn a_target_has_the_tags_of_the_step_that_fills_it_in() {
    for (api, web) in [
        ("docker-metadata-action-api", "docker-metadata-action-web"),
        ("api-meta", "web-meta"),
        ("docker-metadata-action", "web-meta"),
    ] {
        let steps = format!(
            "- id: a\n  uses: docker/metadata-action@v5\n  with: {{ images: ghcr.io/acme/api, tags: 'type=raw,value=a', bake-target: {api} }}\n- id: b\n  uses: docker/metadata-action@v5\n  with: {{ images: ghcr.io/acme/web, tags: 'type=raw,value=b', bake-target: {web} }}\n- uses: docker/bake-action@v6\n  with:\n    push: true\n    files: |\n      docker-bake.hcl\n      cwd://${{{{ steps.a.outputs.bake-file }}}}\n      cwd://${{{{ steps.b.outputs.bake-file }}}}\n"
        );
        let bake = format!(
            "group \"default\" {{\n  targets = [\"api\", \"web\"]\n}}\ntarget \"{api}\" {{}}\ntarget \"{web}\" {{}}\ntarget \"api\" {{\n  inherits = [\"{api}\"]\n}}\ntarget \"web\" {{\n  inherits = [\"{web}\"]\n  context = \"web\"\n}}\n"
        );
        let text = workflow(&steps);
        let said = init(&[
            (WORKFLOW, text.as_str()),
            ("docker-bake.hcl", &bake),
            ("Dockerfile", FROM),
            ("web/Dockerfile", FROM),
        ]);
        said.lacks(&["tag-collision", "error"]);
        assert_eq!(
            said.rows()[..2],
            ["push to main | api | ghcr.io/acme/api: a | the same", "web | ghcr.io/acme/web: b | the same"],
            "{api}"
        );
    }
}
