//! Values in workflows and pipelines as the tools that read them today read them.

use super::{Written, init, said, test, workflow};

const WORKFLOW: &str = ".github/workflows/image.yml";

fn of(steps: &str) -> super::Said {
    init(&[(WORKFLOW, workflow(steps).as_str()), ("Dockerfile", "FROM scratch\n")])
}

#[test]
fn quotes_around_the_lines_of_a_list_are_read_as_the_action_reads_them() {
    let said = of("\
- uses: docker/build-push-action@v6
  with:
    push: true
    tags: ghcr.io/acme/app:x
    build-args: |
      \"B=two words\"
      \"LIST=a,b\"
      C=a,b
      \"D=say \"\"yes\"\"\"
      E=\"in\"
      F=\"open
    labels: |
      \"org.example.a=x,y\"
    secrets: |
      \"npm=${{ secrets.NPM_TOKEN }}\"
      pip=${{ secrets.PIP_TOKEN }}
");
    for expected in [
        "B = \"two words\"",
        "LIST = \"a,b\"",
        "C = \"a,b\"",
        "D = \"say \\\"yes\\\"\"",
        "E = \"\\\"in\\\"\"",
        "F = \"\\\"open\"",
        "\"org.example.a\" = \"x,y\"",
        "\"id=npm,env=NPM_TOKEN\"",
        "\"id=pip,env=PIP_TOKEN\"",
    ] {
        said.proposes(&[expected]);
    }
}

/// Registries tell upper case from lower in tags, and shells, builds and `date` in all else.
#[test]
fn what_differs_in_its_case_differs() {
    let build = |with: &str| format!("- uses: docker/build-push-action@v6\n  with:\n    push: true\n{with}");
    let said = of(&build(
        "    tags: |\n      ghcr.io/acme/app:RC\n      ghcr.io/acme/app:rc\n      GHCR.io/acme/app:rc\n",
    ));
    said.proposes(&["\"RC\"", "\"rc\""]);
    let dates = "- run: echo a=$(date +%Y%m%d) b=$(date +%Y%M%d) >> $GITHUB_ENV\n";
    let dates = format!(
        "{dates}- run: |\n    A=$(date +%Y%m%d)\n    B=$(date +%y%m%d)\n    docker build --push -t ghcr.io/acme/app:$A -t ghcr.io/acme/app:$B .\n"
    );
    let said = of(&dates);
    said.proposes(&["%Y%m%d", "%y%m%d"]);
    let two = |one: &str, other: &str| {
        format!(
            "{}    tags: ghcr.io/acme/app:a\n    build-args: {one}\n{}    tags: ghcr.io/acme/app:b\n    build-args: {other}\n",
            build(""),
            build("")
        )
    };
    let said = of(&two("MODE=Debug", "MODE=debug"));
    said.proposes(&["MODE = \"Debug\"", "MODE = \"debug\""]);
    let said = of(&two("MODE=debug", "MODE=debug"));
    assert_eq!(said.stdout.matches("MODE = \"debug\"").count(), 1, "{}", said.stdout);
}

#[test]
fn labels_of_metadata_action_stay_with_every_file_that_it_writes() {
    for (outputs, has_labels, has_tags) in [
        (&["bake-file"][..], true, true),
        (&["bake-file-labels"], true, false),
        (&["bake-file-annotations"], true, false),
        (&["bake-file-tags"], false, true),
        (&["bake-file-tags", "bake-file-labels"], true, true),
    ] {
        let files: String = outputs
            .iter()
            .map(|output| format!("      cwd://${{{{ steps.meta.outputs.{output} }}}}\n"))
            .collect();
        let steps = format!(
            "- id: meta\n  uses: docker/metadata-action@v5\n  with:\n    images: ghcr.io/acme/app\n    tags: type=raw,value=x\n    labels: org.opencontainers.image.vendor=Acme\n- uses: docker/bake-action@v6\n  with:\n    push: true\n    files: |\n      ./docker-bake.hcl\n{files}"
        );
        let bake = "target \"docker-metadata-action\" {}\ntarget \"default\" {\n  inherits = [\"docker-metadata-action\"]\n  tags = [\"ghcr.io/acme/app:own\"]\n}\n";
        let text = workflow(&steps);
        let said =
            init(&[(WORKFLOW, text.as_str()), ("docker-bake.hcl", bake), ("Dockerfile", "FROM scratch\n")]);
        assert_eq!(said.stdout.contains("oci_labels = true"), has_labels, "{outputs:?}\n{}", said.stdout);
        assert_eq!(said.stdout.contains("type=raw,value=x"), has_tags, "{outputs:?}\n{}", said.stdout);
        let has_own =
            outputs.iter().any(|output| !output.ends_with("tags") && !output.ends_with("annotations"));
        assert_eq!(
            said.stderr.contains("label org.opencontainers.image.vendor=Acme"),
            has_own,
            "{outputs:?}\n{}",
            said.stderr
        );
    }
}

#[test]
fn a_matrix_that_only_a_run_knows_is_told_beside_others() {
    for matrix in [
        "{s: '${{ fromJSON(needs.p.outputs.list) }}'}",
        "'${{ fromJSON(needs.p.outputs.list) }}'",
        "{include: '${{ fromJSON(needs.p.outputs.list) }}'}",
        "{a: [1, 2], s: '${{ fromJSON(vars.LIST) }}'}",
    ] {
        let text = format!(
            "on: {{push: {{branches: [main]}}}}\njobs:\n  web:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/build-push-action@v6\n        \
             with: {{push: true, tags: 'ghcr.io/acme/web:edge'}}\n  c:\n    strategy: {{matrix: {matrix}}}\n    runs-on: ubuntu-latest\n    steps:\n      \
             - uses: docker/build-push-action@v6\n        with: {{push: true, context: '${{{{ matrix.s }}}}', tags: 'ghcr.io/acme/dyn-${{{{ matrix.s }}}}:edge'}}\n"
        );
        let said = init(&[(WORKFLOW, text.as_str()), ("Dockerfile", "FROM scratch\n")]);
        said.proposes(&["image \"web\""]);
        said.tells(&["is not in the proposal: its build context `${{", "image.yml:12:"]);
    }
}

#[test]
fn numbers_without_quotes_are_numbers() {
    for (written, read) in
        [("3.10", "3.1"), ("1e3", "1000"), ("0x10", "16"), ("0o17", "15"), ("010", "10"), ("1.0", "1")]
    {
        for text in [
            format!(
                "on: {{push: {{branches: [main]}}}}\nenv: {{V: {written}}}\njobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with: {{push: true, tags: 'ghcr.io/acme/app:${{{{ env.V }}}}'}}\n"
            ),
            format!(
                "on: {{push: {{branches: [main]}}}}\njobs:\n  a:\n    strategy: {{matrix: {{v: [{written}]}}}}\n    steps:\n      - uses: docker/build-push-action@v6\n        with: {{push: true, tags: 'ghcr.io/acme/app:${{{{ matrix.v }}}}'}}\n"
            ),
        ] {
            let said = init(&[(WORKFLOW, text.as_str()), ("Dockerfile", "FROM scratch\n")]);
            assert_eq!(said.rows()[0], format!("push to main | app | ghcr.io/acme/app: {read} | the same"));
            said.tells(&[&format!("without quotes, `{written}` is the number `{read}`")]);
        }
    }
    for written in ["'3.10'", "3.1", "10", "1.2.3", "true", "yes"] {
        let text = format!(
            "on: {{push: {{branches: [main]}}}}\nenv: {{V: {written}}}\njobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with: {{push: true, tags: 'ghcr.io/acme/app:${{{{ env.V }}}}'}}\n"
        );
        let said = init(&[(WORKFLOW, text.as_str()), ("Dockerfile", "FROM scratch\n")]);
        let tag = written.trim_matches('\'');
        assert_eq!(said.rows()[0], format!("push to main | app | ghcr.io/acme/app: {tag} | the same"));
        assert_eq!(said.stderr, "");
    }
}

#[test]
fn generated_folders_are_passed_over() {
    let files = [
        ("docker-bake.hcl", "target \"default\" { tags = [\"ghcr.io/acme/app:1\"] }\n"),
        ("Dockerfile", "FROM scratch\n"),
    ];
    let written = Written::new(&files, &[]);
    for folder in ["out", "build/plan", "docs"] {
        let plan = written.run(&["plan", "--out", folder]);
        assert_eq!(plan.code, 0, "{}", plan.stderr);
    }
    assert_eq!(written.run(&["init"]).stderr, "");
}

#[test]
fn the_next_command_names_the_files() {
    let bake = "target \"app\" {}\n";
    let with = |files: &str| {
        workflow(&format!(
            "- uses: docker/bake-action@v6\n  with:\n    push: true\n    files: '{files}'\n    targets: app\n    set: app.tags=ghcr.io/acme/app:x\n"
        ))
    };
    for (files, options) in [
        ("docker/docker-bake.hcl,docker/vars.hcl", " -f docker/docker-bake.hcl -f docker/vars.hcl"),
        ("docker/app.hcl", " -f docker/app.hcl"),
        ("docker-bake.hcl", ""),
    ] {
        let text = with(files);
        let mut all = vec![(WORKFLOW, text.as_str()), ("Dockerfile", "FROM scratch\n")];
        all.extend(
            files
                .split(',')
                .map(|path| (path, if path.contains("vars") { "variable \"A\" {}\n" } else { bake })),
        );
        let test = test(&all).args(["init", "--write", "--yes"]);
        let done = said(&test);
        assert_eq!(done.code, 0, "{}", done.stderr);
        done.proposes(&[
            &format!("look at `bakeplan plan{options}`"),
            &format!("bakeplan workflow github{options} -o"),
        ]);
        let arguments: Vec<&str> = std::iter::once("plan").chain(options.split_whitespace()).collect();
        let plan = Written(test).run(&arguments);
        assert_eq!(plan.code, 0, "{}", plan.stderr);
    }
}

/// GitHub reads workflows at the top of the repository alone, and with `-C` paths are those of the folder.
#[test]
fn the_workflow_of_a_definition_in_a_folder_goes_to_the_top() {
    for (folder, top) in [("app", "../"), ("images/app", "../../")] {
        let text = workflow(&format!(
            "- uses: docker/bake-action@v6\n  with:\n    push: true\n    workdir: {folder}\n    targets: app\n    set: app.tags=ghcr.io/acme/app:x\n"
        ));
        let bake = format!("{folder}/docker-bake.hcl");
        let docker = format!("{folder}/Dockerfile");
        let test = test(&[
            (WORKFLOW, text.as_str()),
            (bake.as_str(), "target \"app\" {}\n"),
            (docker.as_str(), "FROM scratch\n"),
            (".git/HEAD", "ref: refs/heads/main\n"),
        ])
        .args(["init", "--write", "--yes"]);
        let done = said(&test);
        assert_eq!(done.code, 0, "{}", done.stderr);
        let output = format!("{top}.github/workflows/images.yml");
        done.proposes(&[&format!("`bakeplan workflow github -C {folder} -o {output} --install HOW`")]);
        let written = Written(test);
        let own = written.run(&[
            "workflow",
            "github",
            "-C",
            folder,
            "-o",
            ".github/workflows/images.yml",
            "--install",
            "path",
        ]);
        let help = format!("write it to a file such as `{output}`");
        assert!(own.stderr.contains("note[unfit-path]") && own.stderr.contains(&help), "{}", own.stderr);
        let right = written.run(&["workflow", "github", "-C", folder, "-o", &output, "--install", "path"]);
        assert!(right.code == 0 && !right.stderr.contains("unfit-path"), "{}", right.stderr);
    }
}

#[test]
fn what_a_step_sets_for_a_target_is_written_into_it() {
    let bake = "target \"app\" {\n  tags = [\"ghcr.io/acme/app:own\"]\n}\n";
    let with = |set: &str| {
        let text = workflow(&format!(
            "- uses: docker/bake-action@v6\n  with:\n    push: true\n    targets: app\n    set: |\n      {set}\n"
        ));
        init(&[(WORKFLOW, text.as_str()), ("docker-bake.hcl", bake), ("Dockerfile", "FROM scratch\n")])
    };
    for (set, expected) in [
        ("*.cache-from=type=gha,scope=x", "cache-from = [\"type=gha\"]"),
        ("*.cache-to=type=gha,mode=max", "cache-to = [\"type=gha,mode=max\"]"),
        ("app.context=sub", "context = \"sub\""),
        ("app.target=prod", "target = \"prod\""),
        ("app.args.SHA=${{ github.sha }}", "SHA = GITHUB_SHA"),
        ("a*.platform=linux/arm64", "platforms = [\"linux/arm64\"]"),
    ] {
        let said = with(set);
        said.proposes(&["target \"app\" {", expected]);
        assert_eq!(said.stderr, "", "{set}");
    }
    // What has no attribute is told as it is written, and what is for others is nothing.
    with("app.args.SHA=${{ steps.x.outputs.y }}").tells(&["app.args.SHA=${{ steps.x.outputs.y }}"]);
    with("app.shm-size=1g").tells(&["app.shm-size=1g"]);
    with("web.context=sub").lacks(&["context ="]);
}

#[test]
fn a_table_that_is_wider_than_the_terminal_is_a_list() {
    let text = workflow(
        "- uses: docker/build-push-action@v6\n  with:\n    push: true\n    tags: |\n      ghcr.io/acme/app:one\n      ghcr.io/acme/app:two\n      ghcr.io/acme/app:three\n      ghcr.io/acme/app:${{ steps.x.outputs.y }}\n",
    );
    let files = [(WORKFLOW, text.as_str()), ("Dockerfile", "FROM scratch\n")];
    for (columns, is_table) in [("48", false), ("60", false), ("80", false), ("200", true)] {
        let shown = said(&test(&files).env("COLUMNS", columns).args(["--color", "always", "init"]));
        assert_eq!(shown.code, 0, "{}", shown.stderr);
        let (_, table) = shown.stdout.split_once("with this proposal:").unwrap();
        assert_eq!(table.contains("PUBLISHED TODAY"), is_table, "{columns}: {table}");
        let (table, _) =
            table.split_once("\n\nToday").or_else(|| table.split_once("\n\nNothing is written")).unwrap();
        assert!(table.lines().all(|line| line.len() <= columns.parse().unwrap()), "{columns}: {table}");
        for word in ["ghcr.io/acme/app:", "one,", "three;", ".github/workflows/image.yml:17"] {
            assert!(table.split_whitespace().any(|one| one == word), "{columns} {word}: {table}");
        }
    }
}
