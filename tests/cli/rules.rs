//! The way over from docker/metadata-action: its rule lines in real specs, with the results of its own README.

use snapbox::str;

use crate::support::Test;

const COMMIT: &str = "--fact=commit=860c1904a1ce19322e91ac35af1ab07466440c37";

fn spec(rules: &[&str], flavor: &[&str]) -> String {
    let list = |lines: &[&str]| lines.iter().map(|line| format!("    {line:?},\n")).collect::<String>();
    format!(
        "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"app\" {{\n  repositories = [\"ghcr.io/acme/app\"]\n  tags = [\n{}  ]\n  flavor = [\n{}  ]\n}}\n",
        list(rules),
        list(flavor)
    )
}

/// A run of an event on a ref of a repository whose default branch is `master`.
fn on(command: &str, test: Test, run: &str) -> Test {
    let (event, git_ref) = run.split_once(' ').unwrap();
    let test = test.args([
        command,
        COMMIT,
        "--fact=commit_time=2020-01-10T00:30:00Z",
        "--fact=default_branch=master",
    ]);
    let test = test
        .args([format!("--fact=event={event}"), format!("--fact=ref={git_ref}")].iter().map(|arg| &**arg));
    if event.starts_with("pull_request") { test.args(["--fact=base_branch=master"]) } else { test }
}

/// The tags in the order of the plan.
fn tags(rules: &[&str], flavor: &[&str], run: &str) -> String {
    let output = on("metadata", Test::new().file("docker-bake.hcl", spec(rules, flavor)), run)
        .args(["--format=tags"])
        .output();
    assert!(output.status.success(), "{rules:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let names: Vec<&str> = text.lines().map(|line| line.rsplit(':').next().unwrap()).collect();
    names.join(" ")
}

/// Each example of <https://github.com/docker/metadata-action#readme> for a type of rule.
#[test]
fn the_examples_of_its_readme_give_its_tags() {
    let (push, tag) = ("push refs/heads/master", "push refs/tags/v1.2.3");
    let (pr, schedule) = ("pull_request refs/pull/2/merge", "schedule refs/heads/master");
    for (rule, run, expected) in [
        ("type=schedule", schedule, "nightly"),
        ("type=schedule,pattern=nightly", schedule, "nightly"),
        ("type=schedule,pattern={{date 'YYYYMMDD'}}", schedule, "20200110"),
        ("type=schedule,pattern={{date 'YYYYMMDD-HHmmss' tz='Asia/Tokyo'}}", schedule, "20200110-093000"),
        ("type=schedule", push, ""),
        ("type=semver,pattern={{raw}}", tag, "v1.2.3 latest"),
        ("type=semver,pattern={{version}}", tag, "1.2.3 latest"),
        ("type=semver,pattern={{major}}.{{minor}}", tag, "1.2 latest"),
        ("type=semver,pattern={{version}}", "push refs/tags/v2.0.8-beta.67", "2.0.8-beta.67"),
        ("type=semver,pattern={{major}}.{{minor}}", "push refs/tags/v2.0.8-beta.67", "2.0.8-beta.67"),
        ("type=semver,pattern={{version}},value=v1.0.0", push, "1.0.0 latest"),
        (r"type=semver,pattern={{version}},value=p1/v1.0.0,match=v(\d.\d.\d)$", push, "1.0.0 latest"),
        ("type=pep440,pattern={{version}}", "push refs/tags/1.2.3", "1.2.3 latest"),
        ("type=pep440,pattern={{raw}}", "push refs/tags/v1.2.3rc2", "v1.2.3rc2"),
        ("type=pep440,pattern={{major}}.{{minor}}", "push refs/tags/1.2.3rc2", "1.2.3rc2"),
        ("type=pep440,pattern={{version}},value=1.0.0", push, "1.0.0 latest"),
        (r"type=match,pattern=\d.\d.\d", tag, "1.2.3 latest"),
        ("type=match,pattern=v(.*),group=1", tag, "1.2.3 latest"),
        (r"type=match,pattern=v(\d.\d),group=1", tag, "1.2 latest"),
        (r"type=match,pattern=p1/v(\d.\d.\d),group=1", "push refs/tags/p1/v1.2.3", "1.2.3 latest"),
        ("type=match,pattern=v(.*),group=1,value=v1.0.0", push, "1.0.0 latest"),
        ("type=edge", push, "edge"),
        ("type=edge,branch=main", "push refs/heads/main", "edge"),
        ("type=edge", "push refs/heads/dev", ""),
        ("type=ref,event=branch", push, "master"),
        ("type=ref,event=branch", "push refs/heads/my/branch", "my-branch"),
        ("type=ref,event=tag", tag, "v1.2.3 latest"),
        ("type=ref,event=pr", pr, "pr-2"),
        ("type=raw,value=foo", push, "foo"),
        ("type=raw,value=mytag-{{branch}}-{{sha}}", push, "mytag-master-860c190"),
        ("type=raw,value=latest,enable={{is_default_branch}}", push, "latest"),
        ("type=raw,value=latest,enable={{is_default_branch}}", "push refs/heads/dev", ""),
        ("type=raw,value={{base_ref}}", pr, "master"),
        ("foo", push, "foo"),
        ("type=sha", push, "sha-860c190"),
        ("type=sha,format=long", push, "sha-860c1904a1ce19322e91ac35af1ab07466440c37"),
    ] {
        assert_eq!(tags(&[rule], &[], run), expected, "{rule} in {run}");
    }
}

/// The workflow of the beginning of its README, in each event of its table.
#[test]
fn its_usual_list_gives_its_tags() {
    let rules = [
        "type=schedule",
        "type=ref,event=branch",
        "type=ref,event=pr",
        "type=semver,pattern={{version}}",
        "type=semver,pattern={{major}}.{{minor}}",
        "type=semver,pattern={{major}}",
        "type=sha",
    ];
    for (run, expected) in [
        ("push refs/heads/master", "master sha-860c190"),
        ("push refs/heads/releases/v1", "releases-v1 sha-860c190"),
        ("pull_request refs/pull/2/merge", "pr-2 sha-860c190"),
        ("push refs/tags/v1.2.3", "1.2.3 1.2 1 sha-860c190 latest"),
        ("push refs/tags/v2.0.8-beta.67", "2.0.8-beta.67 sha-860c190"),
        ("schedule refs/heads/master", "nightly master sha-860c190"),
    ] {
        assert_eq!(tags(&rules, &[], run), expected, "{run}");
    }
    let flavor = ["latest=auto", "prefix=foo-", "suffix=-alpine,onlatest=true"];
    assert_eq!(
        tags(&rules[3..5], &flavor, "push refs/tags/v1.2.3"),
        "foo-1.2.3-alpine foo-1.2-alpine latest-alpine"
    );
    assert_eq!(tags(&rules[3..4], &["latest=true"], "push refs/tags/v1.2.3"), "1.2.3 latest");
}

/// What the action cannot: it takes `latest` and `1` for whatever is built last.
#[test]
fn a_backport_takes_nothing_from_what_is_greater() {
    let rules = [
        "type=semver,pattern={{version}}",
        "type=semver,pattern={{major}}.{{minor}}",
        "type=semver,pattern={{major}}",
    ];
    let rules = [rules.as_slice(), &["type=raw,value=latest", "type=ref,event=tag", "type=raw,value=stable"]]
        .concat();
    let test = Test::new()
        .file("docker-bake.hcl", spec(&rules, &[]))
        .file("known", "v2.0.1\nv1.10.0\nv2.1.0-rc.1\n");
    on("plan", test, "push refs/tags/v1.9.1")
        .args(["--known-versions=known"])
        .stdout(str![[r#"
IMAGE  REPOSITORY        TAGS                        PLATFORMS
app    ghcr.io/acme/app  1.9.1, 1.9, v1.9.1, stable  linux/amd64

JOB              BUILDS           RUNNER
app-linux-amd64  app-linux-amd64  ubuntu-latest

app: stay with v1.10.0: 1
app: stay with v2.0.1: latest

1 image, 4 tags, 1 platform, 1 job

"#]])
        .run();
}

#[test]
fn rules_stand_beside_patterns_of_the_same_version() {
    let text = spec(&["type=semver,pattern={{version}}"], &[]).replace(
        "  ]\n  flavor",
        "    { pattern = \"type=raw,value=manual\", when = \"event == 'workflow_dispatch'\" },\n    \"{{ major }}-{{ sha }}\",\n  ]\n  variant = [\"slim\"]\n  flavor",
    );
    let run = |run: &str, expected: &'static str| {
        let test = on("metadata", Test::new().file("docker-bake.hcl", &text), run);
        test.args(["--format=tags"]).stdout(expected).run();
    };
    run(
        "push refs/tags/v1.2.3",
        "ghcr.io/acme/app:1.2.3-slim\nghcr.io/acme/app:slim\nghcr.io/acme/app:1-860c190-slim\n",
    );
}

#[test]
fn what_the_action_does_in_silence_is_noted() {
    let rules =
        ["type=semver,pattern={{version}}", "type=semver,pattern=v{{major}}", "type=raw,value=latest"];
    let test = Test::new().file("docker-bake.hcl", spec(&rules, &[]));
    on("metadata", test, "push refs/tags/v1.2.3-rc.1")
        .args(["--format=tags"])
        .stdout("ghcr.io/acme/app:1.2.3-rc.1\n")
        .stderr(str![[r#"
note[tag-rule]: `1.2.3-rc.1` has no `v{{major}}`, which is for versions of numbers alone
 --> docker-bake.hcl:8:5
  |
8 |     "type=semver,pattern=v{{major}}",
  |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: give it a tag with the whole version in it, such as `v{{version}}`
note[tag-rule]: `v1.2.3-rc.1` is a prerelease, so it does not become `latest`
 --> docker-bake.hcl:9:5
  |
9 |     "type=raw,value=latest",
  |     ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: metadata-action would move it; for a floating name of prereleases, use `channels = ["next"]`

"#]])
        .run();
    let test = Test::new().file("docker-bake.hcl", spec(&["{{ sha }}"], &["latest=true"]));
    on("metadata", test, "push refs/heads/master")
        .args(["--format=tags"])
        .stdout("ghcr.io/acme/app:860c190\n")
        .stderr("warning[flavor]: a flavor applies to rule lines in `tags`, but there are none\n...\n")
        .run();
}

#[test]
fn branches_that_come_to_one_tag_are_refused() {
    let facts = format!(
        "{{\"ref\": \"refs/heads/a/b\", \"commit\": \"{}\", \"branches\": [\"main\", \"a/b\", \"a-b\"]}}",
        "c".repeat(40)
    );
    let run = |rule: &str| {
        Test::new()
            .file("docker-bake.hcl", spec(&["type=raw,value=dev", rule], &[]))
            .file("facts.json", &facts)
            .args(["metadata", "--format=tags", "--facts-file=facts.json"])
    };
    run("type=ref,event=branch")
        .status(1)
        .stderr(str![[r#"
error[branch-collision]: the branches `a/b` and `a-b` would both have the tag `a-b`
 --> docker-bake.hcl:8:5
  |
8 |     "type=ref,event=branch",
  |     ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: rename one of them, or put the commit into the rule: `suffix=-{{sha}}`

"#]])
        .run();
    run("type=ref,event=branch,suffix=-{{sha}}")
        .stdout("ghcr.io/acme/app:a-b-ccccccc\nghcr.io/acme/app:dev\n")
        .run();
}

#[test]
fn the_version_of_rules_is_the_image_s() {
    let text =
        spec(&["type=semver,pattern={{version}}"], &[]).replace("  flavor", "  version = \"1.3\"\n  flavor");
    on("plan", Test::new().file("docker-bake.hcl", text), "push refs/tags/v1.2.3")
        .status(1)
        .stderr("error[version]: `version` is `1.3`, but the rules in `tags` are about `v1.2.3`\n...\n  = help: leave `version` out, or write patterns such as `{{ major }}` instead of the rules\n")
        .run();
}

/// The plan's tags in the order of the plan, each with what it moves with.
fn planned(rules: &[&str], flavor: &[&str], run: &str, known: &str) -> String {
    let variable = |(name, value): (&str, &str)| format!("variable {name:?} {{\n  default = {value:?}\n}}\n");
    let variables = [("RUN", "42"), ("DATE", "20260921"), ("LONG", "19876543210")].map(variable).concat();
    let test = Test::new().file("docker-bake.hcl", spec(rules, flavor) + &variables).file("known", known);
    let output = on("metadata", test, run).args(["--format=json", "--known-versions=known"]).output();
    assert!(output.status.success(), "{rules:?}: {}", String::from_utf8_lossy(&output.stderr));
    let plan: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let tags = plan["images"]["app"]["tags"].as_array().unwrap().iter().map(|tag| {
        let name = tag["name"].as_str().unwrap();
        crate::support::moves_with(tag).map_or_else(|| name.to_owned(), |with| format!("{name}={with}"))
    });
    tags.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_raw_rule_beside_a_version_stays_what_it_is() {
    let (release, prerelease) = ("push refs/tags/v1.9.1", "push refs/tags/v2.0.0-rc.1");
    let version = "type=semver,pattern={{version}}";
    for (value, expected) in [
        ("beta", "beta=runs"),
        ("build-1234", "build-1234=runs"),
        ("run-42", "run-42=runs"),
        ("stable", "stable=runs"),
        ("edge,prefix=my-", "my-edge=runs"),
        ("nightly-2026", "nightly-2026=runs"),
        ("0123456789abcdef", "0123456789abcdef"),
        ("pr-{{sha}}", "pr-860c190"),
        ("42", "42=runs"),
        ("2024", "2024=runs"),
        ("8,suffix=-jdk", "8-jdk=runs"),
        ("${RUN}", "42"),
        ("${RUN},prefix=b-", "b-42=runs"),
        ("${DATE}", "20260921"),
        ("${DATE}-1", "20260921-1"),
        ("${LONG}", "19876543210"),
    ] {
        let raw = format!("type=raw,value={value}");
        // A greater version is known, and a prerelease owns nothing that floats with versions.
        assert_eq!(planned(&[version, &raw], &[], release, "v2.0.1"), format!("1.9.1 {expected}"));
        assert_eq!(planned(&[version, &raw], &[], prerelease, "v2.0.1"), format!("2.0.0-rc.1 {expected}"));
    }
    for value in ["latest", "latest,suffix=-alpine", "1", "1.9", "1,suffix=-alpine"] {
        let raw = format!("type=raw,value={value}");
        let rules = [version, raw.as_str()];
        assert_eq!(planned(&rules, &["latest=false"], release, "v2.0.1\nv1.9.2"), "1.9.1", "{value}");
    }
}

#[test]
fn the_variables_of_the_action_are_read() {
    let head = "c0ffee0000000000000000000000000000000000";
    let event = format!(r#"{{"number": 7, "pull_request": {{"head": {{"sha": "{head}"}}}}}}"#);
    let on = |name: &str, git_ref: &str, variables: &[(&str, &str)]| {
        let test = Test::new()
            .file("docker-bake.hcl", spec(&["type=sha", "type=raw,value=x-{{sha}}", "p-{{ sha }}"], &[]))
            .file("event.json", &event)
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_EVENT_PATH", "event.json")
            .env("GITHUB_EVENT_NAME", name)
            .env("GITHUB_REF", git_ref)
            .env("GITHUB_SHA", "860c1904a1ce19322e91ac35af1ab07466440c37");
        let test = variables.iter().fold(test, |test, (name, value)| test.env(name, value));
        let output = test.args(["metadata", "--format=tags"]).output();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap().replace("ghcr.io/acme/app:", "");
        text.trim_end().replace('\n', " ")
    };
    let (length, asked) = ("DOCKER_METADATA_SHORT_SHA_LENGTH", "DOCKER_METADATA_PR_HEAD_SHA");
    let (main, request) = ("refs/heads/main", "refs/pull/7/merge");
    assert_eq!(on("push", main, &[]), "x-860c190 sha-860c190 p-860c190");
    assert_eq!(on("push", main, &[(length, "12")]), "x-860c1904a1ce sha-860c1904a1ce p-860c1904a1ce");
    assert_eq!(on("push", main, &[(asked, "true")]), "x-860c190 sha-860c190 p-860c190");
    for (name, value, expected) in [
        ("pull_request", "", "x-860c190 sha-860c190 p-860c190"),
        ("pull_request", "false", "x-860c190 sha-860c190 p-860c190"),
        ("pull_request", "true", "x-c0ffee0 sha-c0ffee0 p-c0ffee0"),
        ("pull_request_target", "TRUE", "x-c0ffee0 sha-c0ffee0 p-c0ffee0"),
    ] {
        assert_eq!(on(name, request, &[(asked, value)]), expected, "{name} {value}");
    }
    assert!(on("push", main, &[(length, "0")]).contains("error[sha-length]"));
}

#[test]
fn the_differences_that_the_readme_names_are_there() {
    let refused = |text: String, arguments: &[&str], expected: &str| {
        let test = Test::new().file("docker-bake.hcl", text);
        let output = test.args(["plan"]).args(arguments.iter().copied()).output();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && talk.contains(expected), "{talk}");
    };
    let main = "--fact=ref=refs/heads/main";
    let bare = spec(&["type=ref,event=branch"], &[]).replace("repositories = [\"ghcr.io/acme/app\"]\n", "");
    refused(bare, &[main], "error[no-repository]");
    for format in ["date YYYYMMDD", "date", "commit_date YYYY"] {
        let rule = format!("type=raw,value=n-{{{{{format}}}}}");
        refused(spec(&[&rule], &[]), &[main, COMMIT], "has no format in quotes");
    }
    for rule in ["type=ref,event=branch", "type=edge,branch=main", "type=semver,pattern={{version}}"] {
        refused(spec(&[rule], &[]), &[], "`ref`, which is not known");
    }
}

#[test]
fn rules_know_the_names_of_their_image() {
    let tag = "push refs/tags/app-v1.2.3";
    for (rule, flavor, expected) in [
        ("type=raw,value={{image}}", &[][..], "app"),
        ("type=raw,value={{ image }}-{{key}}", &[], "app-app"),
        ("type=semver,pattern={{image}}-{{version}},value=1.2.3", &[], "app-1.2.3 latest"),
        ("type=semver,pattern={{version}},match={{image}}-v(.*)", &[], "1.2.3 latest"),
        ("type=match,pattern={{image}}-v(.*),group=1", &[], "1.2.3 latest"),
        ("type=raw,value=x,prefix={{ key }}_,suffix=-{{image}}", &[], "app_x-app"),
        ("type=raw,value=x", &["prefix={{image}}-"], "app-x"),
    ] {
        let mut found: Vec<String> = tags(&[rule], flavor, tag).split(' ').map(str::to_owned).collect();
        let mut expected: Vec<&str> = expected.split(' ').collect();
        found.sort();
        expected.sort_unstable();
        assert_eq!(found, expected, "{rule}");
    }
}

/// A rule reads known git tags as it reads the one of its run.
#[test]
fn known_tags_are_read_as_match_reads_them() {
    let known = "app-v1.2.3\napp-v1.3.0\nweb-v9.0.0\nnightly\n";
    for rules in [
        &[
            "type=semver,pattern={{version}},match=^app-v(.*)",
            "type=semver,pattern={{major}},match=^app-v(.*)",
        ][..],
        &[
            "type=pep440,pattern={{version}},match=^app-v(.*)",
            "type=pep440,pattern={{major}},match=^app-v(.*)",
        ],
        &["type=match,pattern=^app-v(.*),group=1", "type=match,pattern=^app-v(\\d+),group=1"],
    ] {
        let listed = |known: &str| {
            let test = Test::new().file("docker-bake.hcl", spec(rules, &[])).file("known", known);
            let output = on("metadata", test, "push refs/tags/app-v1.2.3")
                .args(["--format=tags", "--known-versions=known"])
                .output();
            let text = String::from_utf8(output.stdout).unwrap();
            text.lines().map(|line| line.rsplit(':').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(listed(known), ["1.2.3"], "{rules:?}");
        let all = listed("app-v1.2.2\nweb-v9.0.0\n");
        assert!(all.contains(&"1".to_owned()) && all.contains(&"latest".to_owned()), "{rules:?}: {all:?}");
    }
}

/// The version of a rule `match` is what the match leaves of the git tag, whatever it cuts off.
#[test]
fn a_match_takes_off_what_is_no_part_of_the_version() {
    for (rules, tag, expected) in [
        (&["type=match,pattern=v(.*)-alpine,group=1"][..], "v1.2.3-alpine", "1.2.3 latest=versions"),
        (&["type=match,pattern=(.*)_build.*,group=1"], "v1.2.3_build7", "v1.2.3 latest=versions"),
        (&["type=match,pattern=^app-(.*)-acme$,group=1"], "app-1.2.3-acme", "1.2.3 latest=versions"),
        (
            &["type=match,pattern=v(.*)-alpine,group=1", "type=ref,event=tag"],
            "v1.2.3-alpine",
            "1.2.3 v1.2.3-alpine latest=versions",
        ),
        (
            &[r"type=match,pattern=v(\d+\.\d+\.\d+)-,group=1", r"type=match,pattern=v(\d+\.\d+)\.,group=1"],
            "v1.2.3-alpine",
            "1.2.3 1.2=versions latest=versions",
        ),
        (&[r"type=match,pattern=\d.\d"], "v1.2.3-alpine", "1.2=versions latest=versions"),
        (&["type=match,pattern=v(.*)-alpine,group=1"], "v1.2.3-rc.1-alpine", "1.2.3-rc.1"),
    ] {
        assert_eq!(planned(rules, &[], &format!("push refs/tags/{tag}"), "[]"), expected, "{rules:?} {tag}");
    }
}

#[test]
fn dates_take_both_kinds_of_quotes() {
    let schedule = "schedule refs/heads/master";
    for (rule, expected) in [
        (r#"type=schedule,pattern={{date "YYYYMMDD"}}"#, "20200110"),
        (r#"type=schedule,pattern=x-{{date "YYYY" tz="Asia/Tokyo"}}-{{date 'MM'}}"#, "x-2020-01"),
        (r#"type=raw,value={{commit_date "YYYY"}}-{{sha}},priority=1"#, "2020-860c190"),
        (r#"type=schedule,"pattern={{date ""YYYYMMDD""}}""#, "20200110"),
    ] {
        assert_eq!(tags(&[rule], &[], schedule), expected, "{rule}");
    }
    for (rule, meant) in [
        ("type=raw,value={{date '%Y%m%d'}}", "'YYYYMMDD'"),
        ("type=schedule,pattern=x-{{date '%Y-%-m' tz='Asia/Tokyo'}}", "'YYYY-M'"),
        ("type=raw,value={{commit_date 'YYYY%m'}}", "'YYYYMM'"),
    ] {
        let output = on("plan", Test::new().file("docker-bake.hcl", spec(&[rule], &[])), schedule).output();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{rule}: {talk}");
        let is_told =
            talk.contains("has directives of `strftime`") && talk.contains(&format!("write `{meant}`"));
        assert!(is_told, "{rule}: {talk}");
    }
    // Text in brackets is none.
    assert_eq!(tags(&["type=raw,value=x{{date '[%Y]YYYY'}}"], &[], schedule), "xY2020");
    on("plan", Test::new().file("docker-bake.hcl", spec(&[r#"type=raw,value=a"b"#], &[])), schedule)
        .status(1)
        .stderr("error[tag-rule]: the rule is not a list of attributes with commas between them: a quote stands inside an unquoted field\n...\n  = help: leave the quote out, or put the whole attribute in quotes and write each quote inside twice; dates take single ones: `{{date 'YYYYMMDD'}}`\n")
        .run();
}

/// What stands before the version in git tags is no part of it for rules, either.
#[test]
fn rules_read_the_version_behind_the_prefix_of_git_tags() {
    let run = |prefix: &str, lines: &str, tag: &str| {
        let file = format!(
            "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"app\" {{\n  repositories = [\"ghcr.io/acme/app\"]\n  tag_prefix = \"{prefix}\"\n{lines}\n}}\n"
        );
        let test = Test::new().file("docker-bake.hcl", file).file("known", format!("{prefix}2.0.0"));
        let fact = format!("--fact=tag={tag}");
        let output = test.args(["metadata", "--format=tags", "--known-versions=known", &fact]).output();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{lines} {tag}: {talk}");
        let tags = String::from_utf8(output.stdout).unwrap().replace("ghcr.io/acme/app:", "");
        (tags.lines().collect::<Vec<_>>().join(" "), talk)
    };
    let semver = "tags = [\"type=semver,pattern={{version}}\", \"type=semver,pattern={{major}}\"]";
    for (lines, greater, lesser) in [
        (semver, "3.1.0 3 latest", "1.2.3 1"),
        ("tags = [\"type=pep440,pattern={{version}}\"]", "3.1.0 latest", "1.2.3"),
        (r#"tags = ["type=match,pattern=\\d+.\\d+.\\d+"]"#, "3.1.0 latest", "1.2.3"),
        (r#"tags = ["type=match,pattern=^v?(.*)$,group=1"]"#, "3.1.0 latest", "1.2.3"),
        (r#"tags = ["type=semver,pattern={{version}},match=^v?(.*)$"]"#, "3.1.0 latest", "1.2.3"),
        (
            "version = \"{{ tag }}\"\ntags = [\"type=semver,pattern={{version}}\", \"{{ major }}\"]",
            "3.1.0 latest 3",
            "1.2.3 1",
        ),
    ] {
        for prefix in ["app/", "app2-", "app/v", "app@"] {
            let tag = |version: &str| format!("{prefix}{version}");
            assert_eq!(run(prefix, lines, &tag("3.1.0")).0, greater, "{lines} {prefix}");
            assert_eq!(run(prefix, lines, &tag("1.2.3")).0, lesser, "{lines} {prefix}");
        }
    }
    // Whoever writes the prefix into the expression means the whole git tag.
    let whole = r#"tags = ["type=match,pattern=^app/v(.*)$,group=1"]"#;
    assert_eq!(run("app/", whole, "app/v3.1.0").0, "3.1.0 latest");
    let whole = r#"tags = ["type=semver,pattern={{version}},match=^app/(.*)$"]"#;
    assert_eq!(run("app/", whole, "app/v3.1.0").0, "3.1.0 latest");
    // The whole git tag is a tag, and its version is known.
    for (prefix, tag, expected) in [
        ("app/", "app/v3.1.0", "app-v3.1.0 latest"),
        ("app-", "app-3.1.0", "app-3.1.0 latest"),
        ("app-", "app-1.2.3", "app-1.2.3"),
    ] {
        let (found, talk) = run(prefix, "tags = [\"type=ref,event=tag\"]", tag);
        assert_eq!(found, expected);
        assert!(talk.contains("is the whole git tag, of which"), "{talk}");
    }
    let (found, talk) =
        run("v", "tags = [\"type=ref,event=branch\", \"type=semver,pattern={{version}}\"]", "v3.1.0");
    assert_eq!((found.as_str(), talk.as_str()), ("3.1.0 latest", ""));
}

/// The action reads a line without `type=` as `type=raw`: here it is a pattern, and that is said.
#[test]
fn an_entry_without_the_flavor_of_the_rules_beside_it_is_told() {
    let told = |entry: &str, flavor: &[&str]| {
        let file = spec(&["type=semver,pattern={{version}}", entry], flavor);
        let test = Test::new().file("docker-bake.hcl", file);
        let output = on("metadata", test, "push refs/heads/master").args(["--format=tags"]).output();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{entry}: {talk}");
        talk.contains("warning[flavor]") && talk.contains(&format!("`{entry}` is not a rule line"))
    };
    for (entry, flavor) in [
        ("edge", &["suffix=-alpine"][..]),
        ("edge-alpine", &["prefix=p-", "suffix=-alpine"]),
        ("sha-{{ sha }}", &["latest=false", "suffix=-alpine"]),
        ("foo", &["latest=true", "prefix=p-", "suffix=-s"]),
    ] {
        assert!(told(entry, flavor), "{entry}");
    }
    for (entry, flavor) in [
        ("edge", &["latest=true"][..]),
        ("edge-alpine", &["suffix=-alpine"]),
        ("p-{{ sha }}-alpine", &["prefix=p-", "suffix=-alpine"]),
        ("type=raw,value=edge", &["suffix=-alpine"]),
        ("type=raw,value=edge,suffix=", &["suffix=-alpine"]),
    ] {
        assert!(!told(entry, flavor), "{entry}");
    }
}
