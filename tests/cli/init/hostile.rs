//! What a stranger's repository may hold.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::{said, test, workflow};
use crate::support::Test;

const STEP: &str =
    "- uses: docker/build-push-action@v6\n  with:\n    push: true\n    tags: ghcr.io/acme/app:edge\n";

/// Files that ask for very much are left out or read in part, soon, and that is said.
#[test]
fn large_things_end_soon() {
    let mut bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for (last, next) in ["a", "b", "c", "d", "e", "f", "g"].windows(2).map(|pair| (pair[0], pair[1])) {
        let _ = writeln!(bomb, "{next}: &{next} [{}]", vec![format!("*{last}"); 9].join(","));
    }
    let mut matrix = "on: push\njobs:\n  a:\n    strategy:\n      matrix:\n".to_owned();
    for axis in ["a", "b", "c", "d", "e"] {
        let _ = writeln!(
            matrix,
            "        {axis}: [{}]",
            (0..100).map(|n| n.to_string()).collect::<Vec<_>>().join(",")
        );
    }
    matrix.push_str("    steps:\n      - uses: docker/build-push-action@v6\n        with: { push: true, tags: 'acme/app:${{ matrix.a }}-${{ matrix.b }}' }\n");
    let calls = "on: push\njobs:\n  a:\n    uses: ./.github/workflows/x.yml\n  b:\n    uses: ./.github/workflows/x.yml\n";
    let variables: String =
        (0..2000).map(|n| format!("  V{n}: ${{{{ env.V{} }}}}${{{{ env.V{} }}}}\n", n + 1, n + 1)).collect();
    let variables = format!(
        "on: push\nenv:\n{variables}jobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with: {{ push: true, tags: 'acme/app:${{{{ env.V0 }}}}' }}\n"
    );
    let script = format!("docker push {}\n", "$(".repeat(100_000));
    for (path, text) in [
        (".github/workflows/x.yml", bomb.as_str()),
        (".github/workflows/x.yml", &matrix),
        (".github/workflows/x.yml", calls),
        (".github/workflows/x.yml", &variables),
        ("x.sh", &script),
    ] {
        let start = Instant::now();
        let good = workflow(STEP);
        let said = said(&test(&[(path, text), (".github/workflows/good.yml", good.as_str())]).args(["init"]));
        assert!([0, 1].contains(&said.code), "{}", said.stderr);
        said.proposes(&["image \"app"]);
        assert!(start.elapsed() < Duration::from_secs(60), "{path}");
    }
}

/// What refers to others again and again is given up soon, with a note, and in little memory.
#[test]
fn work_has_a_limit() {
    let build =
        |with: &str| format!("- uses: docker/build-push-action@v6\n  with: {{ push: true, {with} }}\n");
    // Environment variables that name the next one many times.
    let mut wide = "on: push\nenv:\n  V0: a\n".to_owned();
    for level in 1..8 {
        let _ = writeln!(wide, "  V{level}: \"{}\"", format!("${{{{ env.V{} }}}}", level - 1).repeat(12));
    }
    wide.push_str("jobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with: { push: true, tags: 'acme/app:${{ env.V7 }}' }\n");
    // A workflow that calls itself, and some that call each other, each in many rows.
    let rows = (0..256).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let calls = |of: &str| {
        let mut text = "on: { push: , workflow_call: }\njobs:\n".to_owned();
        for job in 0..10 {
            let _ = writeln!(
                text,
                "  j{job}:\n    strategy: {{ matrix: {{ a: [{rows}] }} }}\n    uses: ./.github/workflows/{of}.yml"
            );
        }
        text
    };
    // Many images.
    let mut many = "on: push\njobs:\n".to_owned();
    for job in 0..70 {
        let _ = writeln!(
            many,
            "  j{job}:\n    strategy: {{ matrix: {{ a: [{rows}] }} }}\n    steps:\n      - uses: docker/build-push-action@v6\n        with: {{ push: true, tags: 'acme/a{job}-${{{{ matrix.a }}}}:1' }}"
        );
    }
    // Texts that double.
    let doubled: String = (1..40).map(|n| format!("A{n}=$A{}$A{}\n", n - 1, n - 1)).collect();
    let doubled = format!("A0=aaaaaaaaaaaaaaaa\n{doubled}docker push ghcr.io/acme/app:$A39\n");
    let mut steps = "- run: echo V=aaaaaaaaaaaaaaaa >> $GITHUB_ENV\n".to_owned();
    for _ in 0..40 {
        steps.push_str("- run: echo \"V=${{ env.V }}${{ env.V }}\" >> $GITHUB_ENV\n");
    }
    steps.push_str(&build("tags: 'acme/app:${{ env.V }}'"));
    let steps = workflow(&steps);
    let formats = format!(
        "on: push\nenv:\n  V0: aaaaaaaaaaaaaaaa\n{}jobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with: {{ push: true, tags: \"acme/app:${{{{ env.V11 }}}}\" }}\n",
        (1..12)
            .map(|n| format!("  V{n}: \"${{{{ format('{}', env.V{}) }}}}\"\n", "{0}".repeat(16), n - 1))
            .collect::<String>()
    );
    // Expansions within each other.
    let depth = 26_000;
    let nested = format!("docker push ghcr.io/acme/app:{}x{}\n", "${A:-".repeat(depth), "}".repeat(depth));
    let pairs: String =
        (0..6000).map(|n| format!("docker build -t acme/a{n}:1 .\ndocker push acme/a{n}:1\n")).collect();
    let itself = calls("a");
    // Texts in the place of others.
    let (a, b) = ("a".repeat(30_000), "b".repeat(30_000));
    let replaced = format!("A={a}\nB=${{A//a/{b}}}\ndocker build -t ghcr.io/acme/app:$B --push .\n");
    let called = format!(
        "define f\ndocker push ghcr.io/acme/app:{}\nendef\nall:\n\t$(call f,{b})\n\t$(foreach s,{b},docker push ghcr.io/acme/app:{};)\n",
        "$(1)".repeat(10_000),
        "$(s)".repeat(10_000)
    );
    let globs: String = (0..700).map(|n| format!("\"**a{n}*\",")).collect();
    let globs = format!(
        "on: {{ push: {{ branches: [{globs}], tags: [{globs}] }} }}\njobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with: {{ push: true, tags: \"acme/app:${{{{ github.ref_name }}}}\" }}\n"
    );
    let (calls_a, calls_b) = (calls("b"), calls("a"));
    for (name, files, is_cut) in [
        ("replaced", &[("build.sh", replaced.as_str())][..], false),
        ("called", &[("Makefile", called.as_str())], false),
        ("globs", &[(".github/workflows/x.yml", globs.as_str())], false),
        ("wide", &[(".github/workflows/x.yml", wide.as_str())], true),
        ("itself", &[(".github/workflows/a.yml", itself.as_str())], false),
        (
            "each other",
            &[(".github/workflows/a.yml", calls_a.as_str()), (".github/workflows/b.yml", calls_b.as_str())],
            true,
        ),
        ("many", &[(".github/workflows/x.yml", many.as_str())], true),
        ("doubled", &[("build.sh", doubled.as_str())], false),
        ("steps", &[(".github/workflows/x.yml", steps.as_str())], false),
        ("formats", &[(".github/workflows/x.yml", formats.as_str())], false),
        ("nested", &[("build.sh", nested.as_str())], false),
        ("pairs", &[("build.sh", pairs.as_str())], true),
    ] {
        let start = Instant::now();
        let said = said(&test(files).args(["init"]));
        assert!([0, 1].contains(&said.code), "{name}: {}", said.stderr);
        assert!(start.elapsed() < Duration::from_secs(90), "{name}: {:?}", start.elapsed());
        assert!(said.stdout.len() + said.stderr.len() < 4 << 20, "{name}");
        if is_cut {
            said.tells(&["warning[init-limit]", "ask for so much work"]);
        }
    }
}

#[test]
fn what_is_shown_controls_no_terminal_and_no_runner() {
    let text = workflow(&STEP.replace("edge", "\"\u{9b}2J\u{202e}\\n::error::x\""));
    let said = said(&test(&[(".github/workflows/a.yml", text.as_str())]).args(["init"]));
    for text in [&said.stdout, &said.stderr] {
        assert!(!text.contains(['\u{9b}', '\u{202e}']), "{text:?}");
        assert!(text.lines().all(|line| !line.trim_start().starts_with("::")), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_behind_a_link_is_not_read() {
    let secret = workflow(STEP);
    let outside = Test::new().file("a.yml", &secret);
    let test = test(&[(".github/workflows/b.yml", "on: push\n")]).args(["init"]);
    std::os::unix::fs::symlink(outside.folder().join("a.yml"), test.folder().join(".github/workflows/a.yml"))
        .unwrap();
    let said = said(&test);
    assert_eq!(said.code, 1, "{}", said.stdout);
    said.lacks(&["acme/app"]);
}

#[test]
fn a_broken_workflow_does_not_hide_the_others() {
    let good = workflow(STEP);
    let files = [(".github/workflows/a.yml", "on: [\n"), (".github/workflows/b.yml", good.as_str())];
    let said = said(&test(&files).args(["init"]));
    assert_eq!(said.code, 0);
    said.proposes(&["image \"app\" {"]);
    said.tells(&["warning[yaml-syntax]", "a.yml:", "this file is left out"]);
}

/// Passwords that somebody wrote into a workflow or a script are in nothing that is shown, whatever line it is about.
#[test]
fn passwords_in_lines_are_not_shown() {
    for line in [
        "PASSWORD=hunter2fish docker push $UNKNOWN/app:1",
        "docker login -u me -p hunter2fish && docker push $UNKNOWN/app:1",
        "echo hunter2fish | docker login -u me --password-stdin; docker push $UNKNOWN/app:1",
        "export API_TOKEN_V2='hunter2fish'; docker push ghcr.io/acme/app:$UNKNOWN",
        "curl -fsS https://me:hunter2fish@r.example/x && docker push $UNKNOWN/app:1",
        "docker push ghcr.io/acme/$(cat name) --registry-token hunter2fish",
    ] {
        let step = format!("- run: |\n    {line}\n");
        for files in [
            vec![(".github/workflows/a.yml", workflow(&step)), (".github/workflows/b.yml", workflow(STEP))],
            vec![("push.sh", format!("#!/bin/sh\n{line}\n")), (".github/workflows/b.yml", workflow(STEP))],
        ] {
            let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
            for arguments in [&["init"][..], &["-v", "init"]] {
                said(&test(&files).args(arguments.iter().copied())).lacks(&["hunter2"]);
            }
        }
    }
    let login = "- uses: docker/login-action@v3\n  with: { username: me, password: hunter2fish }\n- uses: acme/build@v1\n  with: { push: true, tags: \"x/${{ env.A }}\", token: hunter2fish }\n";
    let text = workflow(&format!("{login}{STEP}"));
    said(&test(&[(".github/workflows/a.yml", text.as_str())]).args(["init"])).lacks(&["hunter2"]);
    // What is no password is shown as it is.
    let step = "- run: |\n    docker build -t $UNKNOWN/app:1 . && docker push $UNKNOWN/app:1 # wide open\n";
    let text = workflow(step);
    let said = said(&test(&[(".github/workflows/a.yml", text.as_str())]).args(["init"]));
    assert!(format!("{}{}", said.stdout, said.stderr).contains("$UNKNOWN/app:1"), "{}", said.stderr);
}

/// One mistake of the plan is said once, however many examples have it.
#[test]
fn a_mistake_in_every_run_is_said_once() {
    let bake = "target \"app\" {\n  tags = [\"ghcr.io/acme/app:1\"]\n  platforms = [\"linux/amd64\", \"nonsense/x/y/z\"]\n}\n";
    let text = workflow(STEP);
    let said =
        said(&test(&[("docker-bake.hcl", bake), (".github/workflows/a.yml", text.as_str())]).args(["init"]));
    for line in said.stderr.lines().filter(|line| line.starts_with("error[")) {
        assert_eq!(said.stderr.matches(line).count(), 1, "{}", said.stderr);
    }
    assert!(said.stderr.contains("error["), "{}{}", said.stdout, said.stderr);
}

/// GitHub takes at most 256 rows, and what has more is not read as if it had those alone.
#[test]
fn a_matrix_with_more_rows_than_github_takes_is_not_cut_silently() {
    let list = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let include =
        |count: usize| (0..count).map(|n| format!("{{ a: {n}, b: 0 }}")).collect::<Vec<_>>().join(",");
    for (matrix, is_cut) in [
        (format!("a: [{}], b: [{}]", list(16), list(16)), false),
        (format!("a: [{}], b: [{}]", list(17), list(16)), true),
        (format!("a: [{}], b: [0]", list(257)), true),
        (format!("include: [{}]", include(256)), false),
        (format!("include: [{}]", include(257)), true),
        (format!("a: [{}], b: [x], include: [{}]", list(200), include(100)), true),
    ] {
        let text = format!(
            "on: push\njobs:\n  a:\n    strategy: {{ matrix: {{ {matrix} }} }}\n    steps:\n      - uses: docker/build-push-action@v6\n        with: {{ push: true, tags: 'ghcr.io/acme/app:${{{{ matrix.a }}}}-${{{{ matrix.b }}}}' }}"
        );
        let said = said(&test(&[(".github/workflows/x.yml", text.as_str())]).args(["init"]));
        assert_eq!(said.stderr.contains("warning[init-limit]"), is_cut, "{matrix}: {}", said.stderr);
    }
}

/// Expressions and conditions of very many parts are told as what was not read, with their line, and soon. Run it with
/// `--release`, too: an optimised build has less of a stack.
#[test]
fn expressions_of_very_many_parts_are_not_read() {
    let joined = |part: &str, by: &str, count: usize| vec![part; count].join(by);
    let tag = |expression: &str| {
        workflow(&format!(
            "- uses: docker/build-push-action@v6\n  with:\n    push: true\n    tags: \"ghcr.io/acme/app:${{{{ {expression} }}}}\"\n"
        ))
    };
    let guarded = |condition: &str| {
        workflow(&format!(
            "- uses: docker/build-push-action@v6\n  if: \"{condition}\"\n  with:\n    push: true\n    tags: ghcr.io/acme/app:edge\n"
        ))
    };
    let of_gitlab = |condition: &str| {
        format!("push:\n  script: docker push ghcr.io/acme/app:edge\n  rules:\n    - if: '{condition}'\n")
    };
    let good = workflow(&STEP.replace("acme/app", "acme/good"));
    let count = 20_000;
    for (path, text) in [
        (".github/workflows/a.yml", tag(&joined("env.a", "||", count))),
        (".github/workflows/a.yml", tag(&joined("env.a", "&&", count))),
        (".github/workflows/a.yml", tag(&joined("env.a", "==", count))),
        (".github/workflows/a.yml", tag(&format!("{}a{}", "(".repeat(count), ")".repeat(count)))),
        (".github/workflows/a.yml", tag(&format!("{}a", "!".repeat(count)))),
        (".github/workflows/a.yml", tag(&format!("fromJSON(a){}", ".a".repeat(count)))),
        (".github/workflows/a.yml", guarded(&joined("github.ref == 'a'", " || ", count))),
        (".github/workflows/a.yml", guarded(&joined("a", " && ", count))),
        (".gitlab-ci.yml", of_gitlab(&joined("$CI_COMMIT_BRANCH == \"a\"", " || ", count))),
        (".gitlab-ci.yml", of_gitlab(&joined("$CI_COMMIT_BRANCH =~ /a{900}/", " && ", count))),
        (
            "push.sh",
            format!("if {}; then docker push ghcr.io/acme/app:1; fi\n", joined("[ a = b ]", " || ", count)),
        ),
        (
            "push.sh",
            format!("[[ {} ]] && docker push ghcr.io/acme/app:1\n", joined("$A == b", " && ", count)),
        ),
        ("push.sh", format!("docker push ghcr.io/acme/app:$(({}))\n", joined("1", "+", count))),
    ] {
        let start = Instant::now();
        let shown: String = text.chars().take(400).collect();
        let said = said(
            &test(&[(path, text.as_str()), (".github/workflows/good.yml", good.as_str())]).args(["init"]),
        );
        assert!([0, 1].contains(&said.code), "{shown}: {}", said.stderr);
        said.proposes(&["image \"good"]);
        assert!(said.stdout.len() + said.stderr.len() < 1 << 20, "{shown}");
        assert!(start.elapsed() < Duration::from_secs(60), "{shown}: {:?}", start.elapsed());
    }
    // Where it stands is said.
    let text = tag(&joined("env.a", "||", 20_000));
    let told = said(&test(&[(".github/workflows/a.yml", text.as_str())]).args(["init"]));
    let place = format!("a.yml:{}", text.lines().position(|line| line.contains("env.a||")).unwrap() + 1);
    assert!(format!("{}{}", told.stdout, told.stderr).contains(&place), "{}{}", told.stdout, told.stderr);
    // What people write is read.
    let text = guarded(&joined("github.ref == 'refs/heads/main'", " || ", 100));
    said(&test(&[(".github/workflows/a.yml", text.as_str())]).args(["init"])).proposes(&["image \"app"]);
}
