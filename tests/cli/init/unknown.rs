//! What is not known of a step is no part of a proposal, and nobody has to find out by themselves.

use super::{Said, Written, init, workflow};

const FROM: &str = "FROM scratch\n";
const WEB: &str = "- run: docker build --push -t ghcr.io/acme/web:x web\n";

/// What is proposed for these steps, beside one that builds `web`.
fn of_steps(steps: &str) -> Said {
    of_workflow(&workflow(&format!("{WEB}{steps}")))
}

fn of_workflow(text: &str) -> Said {
    init(&[
        (".github/workflows/image.yml", text),
        ("Dockerfile", FROM),
        ("api/Dockerfile", FROM),
        ("web/Dockerfile", FROM),
    ])
}

#[test]
fn actions_and_workflows_that_are_not_read_are_named() {
    for (step, told) in [
        ("- uses: acme/actions/docker-publish@v1\n", "`acme/actions/docker-publish@v1` may publish images"),
        (
            "- uses: acme/ship@v2\n  with: { image: ghcr.io/acme/api, tags: x }\n",
            "`acme/ship@v2` may publish images",
        ),
        ("- uses: ./.github/actions/push-image\n", "`./.github/actions/push-image` may publish images"),
        (
            "- uses: redhat-actions/push-to-registry@v2\n",
            "`redhat-actions/push-to-registry@v2` publishes images",
        ),
    ] {
        let said = of_steps(step);
        said.tells(&["this is not in the proposal: ", told, "image.yml:11:"]);
        assert_eq!(
            said.rows()[1],
            "not read | not known: what .github/workflows/image.yml:11 publishes | nothing"
        );
    }
    for called in ["acme/workflows/.github/workflows/docker.yml@main", "./.github/workflows/build-image.yml"]
    {
        let text = workflow(WEB) + &format!("  other:\n    uses: {called}\n");
        let said = of_workflow(&text);
        said.tells(&[&format!("`{called}` may publish images, and `init` does not read it")]);
        said.proposes(&["not known: what .github/workflows/image.yml:"]);
    }
    for step in [
        "- uses: docker/setup-buildx-action@v3\n",
        "- uses: docker/setup-qemu-action@v3\n",
        "- uses: aquasecurity/trivy-action@master\n  with: { image-ref: ghcr.io/acme/web:x }\n",
        "- uses: actions/upload-artifact@v4\n  with: { name: image, path: x }\n",
        "- uses: acme/setup-docker@v1\n",
        "- uses: docker/scout-action@v1\n  with: { image: ghcr.io/acme/web:x }\n",
    ] {
        assert_eq!(of_steps(step).stderr, "", "{step}");
    }
}

#[test]
fn all_names_and_attributes_of_an_output_are_read() {
    let of_action =
        |output: &str| format!("- uses: docker/build-push-action@v6\n  with:\n    outputs: {output}\n");
    let of_script = |output: &str| format!("- run: docker buildx build --output {output} .\n");
    let both = "push to main | n | ghcr.io/acme/n: 1 | the same";
    for steps in [
        of_action("'type=image,\"name=ghcr.io/acme/n:1,quay.io/acme/n:1\",push=true'"),
        of_script("'type=image,\"name=ghcr.io/acme/n:1,quay.io/acme/n:1\",push=true'"),
        of_action("'type=registry,\"name=ghcr.io/acme/n:1,quay.io/acme/n:1\"'"),
    ] {
        let said = of_workflow(&workflow(&steps));
        assert_eq!(said.rows()[0], both, "{steps}");
        assert!(said.rows()[1].contains("quay.io/acme/n: 1 | the same"), "{:?}", said.rows());
        assert_eq!(said.stderr, "", "{steps}");
    }
    for steps in [
        of_action("type=image,name=ghcr.io/acme/n:1,push=true,compression=zstd"),
        of_script("type=image,name=ghcr.io/acme/n:1,push=true,compression=zstd"),
        of_action("type=registry,compression=zstd,name=ghcr.io/acme/n:1"),
    ] {
        let said = of_workflow(&workflow(&steps));
        said.proposes(&["output = [\"type=image,compression=zstd\"]"]);
        assert_eq!(said.rows()[0], both, "{steps}");
    }
    for steps in [
        of_action("type=image,name=ghcr.io/acme/n:1,push=true"),
        of_script("type=registry,name=ghcr.io/acme/n:1"),
    ] {
        of_workflow(&workflow(&steps)).lacks(&["output = "]);
    }
}

#[test]
fn the_context_of_the_action_is_the_repository() {
    for (context, expected) in [
        ("'{{defaultContext}}'", None),
        ("'{{defaultContext}}:api'", Some("context = \"api\"")),
        ("'{{defaultContext}}:${{ matrix.dir }}'", Some("context = \"api\"")),
    ] {
        let steps = format!(
            "- uses: docker/build-push-action@v6\n  with: {{ push: true, tags: 'ghcr.io/acme/n:1', context: {context} }}\n"
        );
        let text =
            workflow(&steps).replace("    steps:", "    strategy: { matrix: { dir: [api] } }\n    steps:");
        let said = of_workflow(&text);
        match expected {
            Some(expected) => said.proposes(&[expected]),
            None => said.lacks(&["context = "]),
        }
        said.lacks(&["context = \"{{"]);
        assert_eq!(said.stderr, "", "{context}");
    }
}

/// A target whose context, Dockerfile or stage is not known would build another image.
#[test]
fn a_build_of_which_the_inputs_are_not_known_is_no_target() {
    for (step, told) in [
        ("- run: docker build --push -t ghcr.io/acme/api:x $DIR\n", "its build context `$DIR`"),
        ("- run: docker build --push -t ghcr.io/acme/api:x -f $FILE .\n", "its Dockerfile `$FILE`"),
        ("- run: docker build --push -t ghcr.io/acme/api:x --target $STAGE .\n", "its stage `$STAGE`"),
        (
            "- uses: docker/build-push-action@v6\n  with: { push: true, tags: 'ghcr.io/acme/api:x', context: '${{ steps.a.outputs.b }}' }\n",
            "its build context `${{ steps.a.outputs.b }}`",
        ),
        (
            "- uses: docker/build-push-action@v6\n  with: { push: true, tags: 'ghcr.io/acme/api:x', context: 'x/${{ github.ref_name }}' }\n",
            "its build context `x/",
        ),
    ] {
        let said = of_steps(step);
        said.tells(&["`ghcr.io/acme/api` is not in the proposal: ", told, "image.yml:11:"]);
        said.proposes(&["not known: what .github/workflows/image.yml:11 publishes", "ghcr.io/acme/web: x"]);
        assert!(!said.stdout.contains("ghcr.io/acme/api"), "{step}\n{}", said.stdout);
    }
    for step in [
        "- run: docker build --push -t ghcr.io/acme/api:x ${DIR:-api}\n",
        "- run: D=api; docker build --push -t ghcr.io/acme/api:x $D\n",
    ] {
        let said = of_steps(step);
        said.proposes(&["context = \"api\""]);
        assert_eq!(said.stderr, "", "{step}");
    }
}

/// No tag is made up for an image of which none is known.
#[test]
fn an_image_without_a_known_tag_is_not_guessed() {
    for step in [
        "- run: docker build --push -t ghcr.io/acme/api:$(make version) api\n",
        "- run: docker build --push -t ghcr.io/acme/api:${{ steps.a.outputs.b }} api\n",
        "- run: if [ -f x ]; then docker build --push -t ghcr.io/acme/api:x api; fi\n",
    ] {
        let said = of_steps(step);
        said.tells(&[
            "this tag is not in the proposal",
            "`ghcr.io/acme/api` is not in the proposal: none of its tags is known",
        ]);
        said.lacks(&["image \"api\"", "{{ tag }}", "a guess"]);
        said.proposes(&["not known: what .github/workflows/image.yml:11 publishes", "ghcr.io/acme/web: x"]);
    }
    // One that is known is enough.
    let said = of_steps(
        "- run: docker build --push -t ghcr.io/acme/api:$(make version) -t ghcr.io/acme/api:x api\n",
    );
    said.proposes(&["ghcr.io/acme/api: x"]);
}

#[test]
fn a_run_by_hand_has_a_row() {
    let of = |tag: &str| {
        format!(
            "on:\n  workflow_dispatch:\n    inputs:\n      version:\n        required: true\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: docker build --push -t ghcr.io/acme/api:{tag} api\n"
        )
    };
    let known = of("edge");
    let files = [(".github/workflows/hand.yml", known.as_str()), ("api/Dockerfile", FROM)];
    let said = init(&files);
    said.proposes(&["publish_on = [\"workflow_dispatch\"]"]);
    assert_eq!(
        said.rows(),
        [
            "push to main | api | nothing | nothing",
            "git tag v1.2.3 | api | nothing | nothing",
            "pull request 7 | api | nothing | nothing",
            "run by hand | api | ghcr.io/acme/api: edge | the same",
        ]
    );
    Written::new(&files, &[]).proposes_nothing_more();
    // Its inputs are not known, beside what is.
    let both = workflow(WEB);
    for tag in ["${{ inputs.version }}", "${{ github.event.inputs.version }}", "v${{ inputs.version }}-x"] {
        let hand = of(tag);
        let said = init(&[
            (".github/workflows/hand.yml", hand.as_str()),
            (".github/workflows/image.yml", both.as_str()),
            ("api/Dockerfile", FROM),
        ]);
        said.tells(&["`ghcr.io/acme/api` is not in the proposal: none of its tags is known", "hand.yml:10:"]);
        said.lacks(&["{{ tag }}", "workflow_dispatch\"]"]);
        assert!(
            said.rows()
                .iter()
                .any(|row| row
                    == "not read | not known: what .github/workflows/hand.yml:10 publishes | nothing"),
            "{:?}",
            said.rows()
        );
    }
    // Where pushes start it, too, these tell what it does.
    let usual = workflow(WEB);
    assert!(!init(&[(".github/workflows/a.yml", usual.as_str())]).stdout.contains("by hand"));
}

/// A word that may be `--push` or nothing is a condition that nobody can tell.
#[test]
fn a_push_that_a_variable_asks_for_is_not_certain() {
    for script in [
        "docker build ${PUSH:+--push} -t ghcr.io/acme/api:x api",
        "docker buildx build $([ -f x ] && echo --push) -t ghcr.io/acme/api:x api",
        "docker buildx build ${{ vars.PUSH == 'x' && '--push' || '' }} -t ghcr.io/acme/api:x api",
        "make push",
    ] {
        let makefile = "push:\n\tdocker build $(if $(PUSH),--push) -t ghcr.io/acme/api:x api\n";
        let text = workflow(&format!("{WEB}- run: {script}\n"));
        let said = init(&[
            (".github/workflows/image.yml", text.as_str()),
            ("Makefile", makefile),
            ("api/Dockerfile", FROM),
            ("web/Dockerfile", FROM),
        ]);
        said.tells(&["`ghcr.io/acme/api` is not in the proposal", "--push"]);
        said.proposes(&["not known: what ", "ghcr.io/acme/web: x"]);
        said.lacks(&["image \"api\""]);
    }
    let text =
        workflow(&format!("{WEB}- run: docker build ${{X:+--pull}} --push -t ghcr.io/acme/api:x api\n"));
    let said = init(&[
        (".github/workflows/image.yml", text.as_str()),
        ("api/Dockerfile", FROM),
        ("web/Dockerfile", FROM),
    ]);
    said.proposes(&["ghcr.io/acme/api: x"]);
}

/// Each workflow has a branch among the examples that starts it.
#[test]
fn workflows_of_other_branches_have_rows() {
    let of = |branches: &str, tag: &str| {
        format!(
            "on: {{ push: {{ branches: {branches} }} }}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: docker build --push -t ghcr.io/acme/api:{tag} api\n"
        )
    };
    let main = workflow(WEB);
    for (branches, name) in [
        ("[develop]", "develop"),
        ("develop", "develop"),
        ("['release/**']", "release/1.2"),
        ("['!main', next]", "next"),
    ] {
        let text = of(branches, "x");
        let said = init(&[(".github/workflows/a.yml", text.as_str()), ("api/Dockerfile", FROM)]);
        let row = format!("push to {name} | api | ghcr.io/acme/api: x | the same");
        assert!(said.rows().contains(&row), "{branches}: {:?}", said.rows());
        // Beside one of the default branch, and one of a third.
        let third = of("[staging]", "y");
        let said = init(&[
            (".github/workflows/a.yml", text.as_str()),
            (".github/workflows/b.yml", third.as_str()),
            (".github/workflows/c.yml", main.as_str()),
            ("api/Dockerfile", FROM),
        ]);
        let has = |start: &str, tag: &str| {
            let mut rows =
                said.rows().into_iter().skip_while(|row| !row.starts_with(&format!("push to {start}")));
            rows.any(|row| row.contains(&format!("ghcr.io/acme/api: {tag} | the same")))
        };
        assert!(has(name, "x") && has("staging", "y"), "{branches}: {:?}\n{}", said.rows(), said.stdout);
    }
}

/// So do all that one workflow names, and a note names those for which there is no room.
#[test]
fn each_branch_that_is_named_has_a_row() {
    let of = |branches: &[&str]| {
        let list = branches.join(", ");
        format!(
            "on: {{ push: {{ branches: [{list}] }} }}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: docker build --push -t ghcr.io/acme/api:${{GITHUB_REF_NAME}} api\n"
        )
    };
    let names = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    for count in [1, 3, 4, 5, 8] {
        // In one workflow, and each in its own.
        let list = [&["main"], &names[..count]].concat();
        let all = vec![(".github/workflows/all.yml".to_owned(), of(&list))];
        let each = list.iter().map(|name| (format!(".github/workflows/{name}.yml"), of(&[name])));
        for workflows in [all, each.collect()] {
            let mut files: Vec<(&str, &str)> = vec![("api/Dockerfile", FROM)];
            files.extend(workflows.iter().map(|(path, text)| (path.as_str(), text.as_str())));
            let said = init(&files);
            for name in &list {
                let row = format!("push to {name} | api | ghcr.io/acme/api: {name} | the same");
                assert!(said.rows().contains(&row), "{row} in {:?}\n{}", said.rows(), said.stderr);
            }
            said.lacks(&["init-limit"]);
        }
    }
    let text = of(&[&["main"], &names[..]].concat());
    let said = init(&[(".github/workflows/all.yml", text.as_str()), ("api/Dockerfile", FROM)]);
    said.tells(&["note[init-limit]", "it lacks `nine`, `ten`", "--fact ref=refs/heads/NAME"]);
    // A branch that nothing names, beside those that something does.
    let open = of(&["main", "develop", "'**'"]);
    let said = init(&[(".github/workflows/all.yml", open.as_str()), ("api/Dockerfile", FROM)]);
    assert!(!said.rows().iter().any(|row| row.starts_with("push to another-branch")), "{:?}", said.rows());
    let (one, two) = (of(&["main", "develop"]), of(&["main"]).replace("{ branches: [main] }", ""));
    let said = init(&[
        (".github/workflows/one.yml", one.as_str()),
        (".github/workflows/two.yml", two.as_str()),
        ("api/Dockerfile", FROM),
    ]);
    assert!(said.rows().iter().any(|row| row.starts_with("push to another-branch")), "{:?}", said.rows());
}

/// The tags alone do not say that the build is the same.
#[test]
fn what_is_lost_of_a_build_is_in_the_table() {
    let bake = "target \"app\" {\n  tags = [\"ghcr.io/acme/app:x\"]\n}\n";
    let rows = |inputs: &str| {
        let text = workflow(&format!(
            "- uses: docker/bake-action@v6\n  with:\n    push: true\n    targets: app\n    set: |\n      {inputs}\n"
        ));
        let said = init(&[(".github/workflows/image.yml", text.as_str()), ("docker-bake.hcl", bake)]);
        (said.rows()[0].clone(), said.stderr)
    };
    for lost in ["app.load=true", "app.shm-size=1g", "app.args.A=${{ steps.a.outputs.b }}", "*.no-cache=true"]
    {
        let (row, told) = rows(lost);
        assert!(row.ends_with("the same tags; another build, as the warnings say"), "{lost}: {row}");
        assert!(told.contains("is not in the proposal"), "{lost}: {told}");
    }
    for kept in ["app.args.A=b", "*.platform=linux/amd64", "app.context=web"] {
        let (row, told) = rows(kept);
        assert!(row.ends_with("| the same") && told.is_empty(), "{kept}: {row}\n{told}");
    }
}

/// A place in a file of a folder has the folder.
#[test]
fn places_have_their_folders() {
    for folder in ["docker", "deploy/images"] {
        let path = format!("{folder}/docker-bake.hcl");
        let step = format!(
            "- uses: docker/bake-action@v6\n  with: {{ push: true, workdir: {folder}, targets: app }}\n"
        );
        let text = workflow(&format!("{WEB}{step}"));
        for bake in ["target \"app\" {\n  tags = [nothing]\n}\n", "target \"app\" {\n  tags = [\n"] {
            let said = init(&[
                (".github/workflows/image.yml", text.as_str()),
                (path.as_str(), bake),
                ("web/Dockerfile", FROM),
            ]);
            said.tells(&[&format!(" --> {path}:")]);
            said.lacks(&[" --> docker-bake.hcl"]);
        }
    }
}

/// In a folder of a context of git, the Dockerfile is looked for in that folder, and in a path not.
#[test]
fn a_dockerfile_is_seen_from_where_buildx_looks_for_it() {
    for (inputs, expected) in [
        ("context: '{{defaultContext}}:api', file: Dockerfile.prod", "dockerfile = \"Dockerfile.prod\""),
        ("context: '{{defaultContext}}:api', file: ./x/Dockerfile", "dockerfile = \"x/Dockerfile\""),
        ("context: '{{defaultContext}}:api/', file: ci/../y.Dockerfile", "dockerfile = \"y.Dockerfile\""),
        ("context: '{{defaultContext}}', file: x/Dockerfile", "dockerfile = \"x/Dockerfile\""),
        ("file: x/Dockerfile", "dockerfile = \"x/Dockerfile\""),
        ("context: api, file: api/Dockerfile.prod", "dockerfile = \"Dockerfile.prod\""),
        ("context: ./api, file: docker/Dockerfile.api", "dockerfile = \"../docker/Dockerfile.api\""),
    ] {
        let steps = format!(
            "- uses: docker/build-push-action@v6\n  with: {{ push: true, tags: 'ghcr.io/acme/n:1', {inputs} }}\n"
        );
        let said = of_workflow(&workflow(&steps));
        said.proposes(&[expected]);
        assert_eq!(said.stderr, "", "{inputs}");
    }
}

/// An action that is given a command is one that runs it, or is named.
#[test]
fn commands_in_the_inputs_of_actions_are_read_or_named() {
    const API: &str = "docker build --push -t ghcr.io/acme/api:x api";
    for step in [
        format!("- uses: nick-fields/retry@v3\n  with: {{ max_attempts: 3, command: {API} }}\n"),
        format!("- uses: nick-invision/retry@v2\n  with:\n    command: |\n      set -e\n      {API}\n"),
        format!("- uses: Wandalen/wretry.action@v3\n  with: {{ command: {API} }}\n"),
    ] {
        let said = of_steps(&step);
        said.proposes(&["context = \"api\"", "ghcr.io/acme/api: x"]);
        assert_eq!(said.stderr, "", "{step}");
    }
    for step in [
        format!("- uses: acme/run@v1\n  with: {{ script: {API} }}\n"),
        "- uses: appleboy/ssh-action@v1\n  with:\n    script: |\n      cd x\n      docker push ghcr.io/acme/api:x\n".to_owned(),
        "- uses: actions/github-script@v7\n  with: { script: \"await exec('docker push x')\" }\n".to_owned(),
        "- uses: acme/run@v1\n  with: { args: buildah push x }\n".to_owned(),
    ] {
        let said = of_steps(&step);
        said.tells(&["is given commands in `", "`init` does not read what it publishes", "image.yml:11:"]);
        said.proposes(&["not known: what .github/workflows/image.yml:11 publishes"]);
    }
    for step in [
        "- uses: acme/run@v1\n  with: { script: docker build . }\n",
        "- uses: acme/run@v1\n  with: { script: git push }\n",
        "- uses: nick-fields/retry@v3\n  with: { command: npm test }\n",
    ] {
        assert_eq!(of_steps(step).stderr, "", "{step}");
    }
}
