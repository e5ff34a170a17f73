//! What scripts print: the files of the runner that a block writes, values of several lines, and what a function or a block
//! of a script says.

use super::{Said, init};

const WORKFLOW: &str = ".github/workflows/w.yml";

/// What is proposed where a step runs this script and a later one pushes this.
#[track_caller]
fn of(script: &str, tags: &str) -> Said {
    let script: String = script.lines().map(|line| format!("          {line}\n")).collect();
    let text = format!(
        "on: {{ push: {{ branches: [main, dev], tags: ['v*'] }} }}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - id: s\n        \
         run: |\n{script}      - uses: docker/build-push-action@v6\n        with: {{ push: true, tags: '{tags}' }}\n"
    );
    init(&[(WORKFLOW, &text), ("Dockerfile", "FROM scratch\n")])
}

const TAG: &str = "ghcr.io/acme/app:${{ steps.s.outputs.tag }}";

/// Each of these says `latest` for the default branch and `dev` for everything else.
#[test]
fn a_tag_of_two_branches_is_two_tags_however_it_is_written() {
    for (script, tags) in [
        (
            "{\n  if [ \"$GITHUB_REF\" = refs/heads/main ]; then\n    echo \"tag=latest\"\n  else\n    echo \"tag=dev\"\n  fi\n} >> \"$GITHUB_OUTPUT\"",
            TAG,
        ),
        (
            "if [ $GITHUB_REF = refs/heads/main ]; then echo tag=latest; else echo tag=dev; fi >> $GITHUB_OUTPUT",
            TAG,
        ),
        (
            "case $GITHUB_REF in\n  refs/heads/main) echo TAG=latest ;;\n  *) printf 'TAG=%s\\n' dev ;;\nesac >> \"${GITHUB_ENV}\"",
            "ghcr.io/acme/app:${{ env.TAG }}",
        ),
        (
            "TAG=$(if [ \"$GITHUB_REF\" = refs/heads/main ]; then echo latest; else echo dev; fi)\necho \"tag=$TAG\" >> $GITHUB_OUTPUT",
            TAG,
        ),
        (
            "tag_of() {\n  if [ \"$1\" = refs/heads/main ]; then\n    echo latest\n    return\n  fi\n  echo dev\n}\necho \"tag=$(tag_of \"$GITHUB_REF\")\" >> $GITHUB_OUTPUT",
            TAG,
        ),
        (
            "name() {\n  local t\n  case \"$GITHUB_REF\" in refs/heads/main) t=latest ;; *) t=dev ;; esac\n  echo \"looking\" >&2\n  echo \"$t\"\n}\ntag=`name`\necho \"tag=${tag}\" >> $GITHUB_OUTPUT",
            TAG,
        ),
        (
            "tag=$([ \"$GITHUB_REF\" = refs/heads/main ] && echo latest || echo dev)\necho \"tag=$tag\" >> $GITHUB_OUTPUT",
            TAG,
        ),
        (
            "[ \"$GITHUB_REF\" = refs/heads/main ] && T=ghcr.io/acme/app:latest || T=ghcr.io/acme/app:dev\necho \"tags<<EOF\" >> $GITHUB_OUTPUT\necho \"$T\" >> $GITHUB_OUTPUT\necho \"EOF\" >> $GITHUB_OUTPUT",
            "${{ steps.s.outputs.tags }}",
        ),
        (
            "{\n  echo 'tags<<END'\n  if [ \"$GITHUB_REF\" = refs/heads/main ]; then echo ghcr.io/acme/app:latest; fi\n  if [ \"$GITHUB_REF\" != refs/heads/main ]; then echo ghcr.io/acme/app:dev; fi\n  echo END\n} >> $GITHUB_OUTPUT",
            "${{ steps.s.outputs.tags }}",
        ),
        (
            "[ \"$GITHUB_REF\" = refs/heads/main ] && T=latest || T=dev\ncat <<EOF >> $GITHUB_OUTPUT\nother=x\ntag=$T\nEOF",
            TAG,
        ),
    ] {
        let rows = of(script, tags).rows();
        assert_eq!(
            rows[..3],
            [
                "push to main | app | ghcr.io/acme/app: latest | the same",
                "push to dev | app | ghcr.io/acme/app: dev | the same",
                "git tag v1.2.3 | app | ghcr.io/acme/app: dev | the same"
            ],
            "{script}"
        );
    }
}

/// What is not known of a value is named, and never taken for something that is there.
#[test]
fn what_a_script_prints_that_is_not_known_is_named() {
    for script in [
        "tag_of() { cat VERSION; }\necho \"tag=$(tag_of)\" >> $GITHUB_OUTPUT",
        "tag_of() { if [ -f x ]; then echo latest; else echo dev; fi; }\necho \"tag=$(tag_of)\" >> $GITHUB_OUTPUT",
        "{\n  if git diff --quiet; then echo tag=latest; else echo tag=dev; fi\n} >> $GITHUB_OUTPUT",
        "tag=$(if [ -f x ]; then ./next.sh; else echo dev; fi)\necho \"tag=$tag\" >> $GITHUB_OUTPUT",
        "{\n  echo tag=latest\n} >> other.txt\necho \"tag=$(cat other.txt)\" >> $GITHUB_OUTPUT",
    ] {
        let text = format!("{script}\n");
        let lines: String = text.lines().map(|line| format!("          {line}\n")).collect();
        let workflow = format!(
            "on: {{ push: {{ branches: [main] }} }}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - id: s\n        run: |\n{lines}      - uses: docker/build-push-action@v6\n        with: {{ push: true, tags: '{TAG},ghcr.io/acme/app:known' }}\n"
        );
        let said = init(&[(WORKFLOW, &workflow), ("Dockerfile", "FROM scratch\n")]);
        said.proposes(&["\"known\"", "not translated"]);
        said.lacks(&["pattern = \"latest\"", "\"latest\",", "\"dev\","]);
        said.tells(&["this tag is not in the proposal"]);
    }
}

/// What make is given on its command line is there for what it runs.
#[test]
fn make_gives_its_variables_to_what_it_runs() {
    for (make, given) in [
        ("push:\n\t@bash scripts/push.sh\n", "make push TAGS=\"--push -t ghcr.io/acme/app:x\""),
        ("push:\n\tbash scripts/push.sh\n", "make TAGS='--push --tag ghcr.io/acme/app:x' push"),
        ("push:\n\tcd scripts && ./push.sh\n", "make -s push TAGS='-t ghcr.io/acme/app:x --push'"),
    ] {
        let context = if make.contains("cd ") { ".." } else { "." };
        let script = format!("#!/bin/bash\ndocker buildx build ${{TAGS}} {context}\n");
        let text = format!(
            "on: {{ push: {{ branches: [main] }} }}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: {given}\n"
        );
        let said = init(&[
            (WORKFLOW, &text),
            ("Makefile", make),
            ("scripts/push.sh", &script),
            ("Dockerfile", "FROM scratch\n"),
        ]);
        assert_eq!(said.rows()[0], "push to main | app | ghcr.io/acme/app: x | the same", "{make}");
    }
}

/// A rule that stands in a matrix keeps its condition.
#[test]
fn a_condition_in_the_rules_of_a_matrix_is_kept() {
    for (condition, branch, tag) in [
        ("startsWith(github.ref, 'refs/tags/v')", "nothing", "ghcr.io/acme/app: stable"),
        ("github.ref == 'refs/heads/main'", "ghcr.io/acme/app: stable", "nothing"),
        ("github.event_name == 'push' && github.ref_type == 'tag'", "nothing", "ghcr.io/acme/app: stable"),
    ] {
        let text = format!(
            "on: {{ push: {{ branches: [main], tags: ['v*'] }} }}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    strategy:\n      matrix:\n        include:\n          - {{ file: Dockerfile, tags: \"type=raw,value=stable,enable=${{{{ {condition} }}}}\" }}\n    steps:\n      - id: meta\n        uses: docker/metadata-action@v5\n        with: {{ images: ghcr.io/acme/app, tags: '${{{{ matrix.tags }}}}', flavor: latest=false }}\n      - uses: docker/build-push-action@v6\n        with: {{ push: true, file: '${{{{ matrix.file }}}}', tags: '${{{{ steps.meta.outputs.tags }}}}' }}\n"
        );
        let rows = init(&[(WORKFLOW, &text), ("Dockerfile", "FROM scratch\n")]).rows();
        let same = |what: &str| if what == "nothing" { "nothing" } else { "the same" };
        assert_eq!(rows[0], format!("push to main | app | {branch} | {}", same(branch)), "{condition}");
        assert_eq!(rows[1], format!("git tag v1.2.3 | app | {tag} | {}", same(tag)), "{condition}");
    }
}
