//! `plan --format markdown` and `readme`: the table of tags, alone and between the markers of a file.

use std::fs;

use snapbox::str;

use crate::support::Test;

const SPEC: &str = r#"target "app" {
  name      = "app-${replace(version, ".", "-")}"
  matrix    = { version = ["1.10.0", "1.9.3", "2.0.0-rc.1"] }
  platforms = ["linux/amd64", "linux/arm64"]
}

target "tool" {
  tags = ["ghcr.io/acme/tool:edge", "docker.io/acme/tool:edge", "docker.io/acme/tool:latest"]
}

image "app" {
  repositories = ["ghcr.io/acme/app", "docker.io/acme/app"]
  version      = version
}

image "tool" {}
"#;

const TABLE: &str = "\
| Image | Tags | Platforms |
|---|---|---|
| `ghcr.io/acme/app`<br>`docker.io/acme/app` | `1.10.0`, `1.10`, `1`, `latest` | linux/amd64, linux/arm64 |
| `ghcr.io/acme/app`<br>`docker.io/acme/app` | `1.9.3`, `1.9` | linux/amd64, linux/arm64 |
| `ghcr.io/acme/app`<br>`docker.io/acme/app` | `2.0.0-rc.1` | linux/amd64, linux/arm64 |
| `ghcr.io/acme/tool` | `edge` | the runner's |
| `docker.io/acme/tool` | `edge`, `latest` | the runner's |
";

const BEFORE: &str = "# Images\n\n<!-- bakeplan:begin -->\n";
const AFTER: &str = "<!-- bakeplan:end -->\n\nThe end, without a line end.";

fn test() -> Test {
    Test::new().file("docker-bake.hcl", SPEC)
}

const NO_PLATFORMS: &str = "warning[no-platforms]: [..]\n...\n";

#[test]
fn the_table_has_a_row_for_each_image_and_each_repository_with_its_own_tags() {
    test().args(["plan", "--format=markdown"]).stdout(TABLE).stderr(NO_PLATFORMS).run();
    let empty =
        Test::new().file("docker-bake.hcl", "target \"app\" {}\n").args(["plan", "--format=markdown"]);
    empty.stdout("Nothing is published.\n").stderr("note[no-images]: [..]\n...\n").run();
}

#[test]
fn a_readme_is_written_once_and_checked() {
    let expected = format!("{BEFORE}\n{TABLE}\n{AFTER}");
    let old = format!("{BEFORE}| old |\n{AFTER}");
    let ran = test().file("README.md", &old).args(["readme", "README.md"]).stderr(NO_PLATFORMS).run();
    assert_eq!(ran.read("README.md"), expected);
    let again = test().file("README.md", &expected).args(["readme", "README.md", "--verbose"]);
    let ran = again.stderr("...\nREADME.md is up to date\n").run();
    assert_eq!(ran.read("README.md"), expected);

    test().file("README.md", &expected).args(["readme", "README.md", "--check"]).stderr(NO_PLATFORMS).run();
    let stale = expected.replace("`1.9`", "`1.9`, `1`");
    let ran = test()
        .file("README.md", &stale)
        .args(["readme", "--check", "README.md", "--set=app*.args.A=b c"])
        .status(3)
        .stderr(str![[r#"
warning[no-platforms]: [..]
...
--- README.md
+++ README.md (regenerated)
...
-| `ghcr.io/acme/app`<br>`docker.io/acme/app` | `1.9.3`, `1.9`, `1` | linux/amd64, linux/arm64 |
+| `ghcr.io/acme/app`<br>`docker.io/acme/app` | `1.9.3`, `1.9` | linux/amd64, linux/arm64 |
...
error[out-of-date]: `README.md` is out of date
  = help: run `bakeplan readme README.md --set 'app*.args.A=b c'`

"#]])
        .run();
    assert_eq!(ran.read("README.md"), stale);
}

#[test]
fn without_one_pair_of_markers_nothing_is_written() {
    for (text, told) in [
        ("# Images\n".to_owned(), "there are no markers"),
        (BEFORE.to_owned(), "line 3 has `<!-- bakeplan:begin -->`, but there is no `<!-- bakeplan:end -->`"),
        (AFTER.to_owned(), "line 1 has `<!-- bakeplan:end -->`, but there is no `<!-- bakeplan:begin -->`"),
        (
            format!("{AFTER}\n{BEFORE}"),
            "`<!-- bakeplan:end -->` is on line 1, above `<!-- bakeplan:begin -->` on line 6",
        ),
        (format!("{BEFORE}{BEFORE}{AFTER}"), "`<!-- bakeplan:begin -->` is on line 3 and again on line 6"),
        (format!("{BEFORE}{AFTER}\n{AFTER}"), "`<!-- bakeplan:end -->` is on line 4 and again on line 7"),
    ] {
        for check in [&[][..], &["--check"]] {
            let ran = test()
                .file("docs/tags.md", &text)
                .args(["readme", "docs/tags.md"])
                .args(check.iter().copied())
                .status(1)
                .stderr(format!("...\nerror[markers]: `docs/tags.md`: {told}\n  = help: the table goes between two lines: `<!-- bakeplan:begin -->` and `<!-- bakeplan:end -->`\n"))
                .run();
            assert_eq!(ran.read("docs/tags.md"), text);
        }
    }
    let missing = test().args(["readme", "README.md"]).status(1);
    missing.stderr("error[no-such-file]: cannot read `README.md`: [..]\n...\n").run();
}

#[test]
fn after_a_mistake_the_old_file_is_still_there() {
    let old = format!("{BEFORE}{AFTER}");
    let wrong = SPEC.replace("version      = version", "version      = \"x\"");
    let test =
        Test::new().file("docker-bake.hcl", wrong).file("README.md", &old).args(["readme", "README.md"]);
    let ran = test.status(1).stderr("error[version]: [..]\n...\n").run();
    assert_eq!(ran.read("README.md"), old);
    assert_eq!(fs::read_dir(ran.folder()).unwrap().count(), 2, "and nothing beside it");
}

#[test]
fn what_depends_on_the_run_is_left_out_unless_it_is_given() {
    let spec = "target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version = \"1.2.3\"\n  tags = [\"{{ version }}\", \"{{ branch | slug }}\", \"type=sha\", \"type=semver,pattern={{major}},value=1.2.3\"]\n}\n";
    let text = format!("{BEFORE}{AFTER}");
    let run = |args: &[&str], notes: &'static str, tags: &str| {
        let test =
            Test::new().file("docker-bake.hcl", spec).file("README.md", &text).env("GITHUB_ACTIONS", "true");
        let test = test.env("GITHUB_REF", "refs/heads/main").env("GITHUB_SHA", &"c".repeat(40));
        let ran = test.args(["readme", "README.md"]).args(args.iter().copied()).stderr(notes).run();
        let row = format!("| `ghcr.io/acme/app` | {tags} | linux/amd64 |\n");
        assert!(ran.read("README.md").contains(&row), "{}", ran.read("README.md"));
    };
    let note = "::stop-commands::[..]\nnote[run-tag]: tags that depend on the run are left out of a committed file\n...\n[..]\"{{ branch | slug }}\", \"type=sha\", [..]\n...\n";
    run(&[], note, "`1`, `latest`, `1.2.3`");
    let facts = format!("--fact=commit={}", "d".repeat(40));
    run(&["--fact=branch=a/b", &facts], "", "`1`, `sha-ddddddd`, `latest`, `1.2.3`, `a-b`");
}

#[test]
fn a_table_that_changes_with_the_clock_is_refused() {
    let of = |tags: &str, args: &str| {
        let spec = format!(
            "target \"app\" {{\n  args = {{ A = {args} }}\n  tags = [\"ghcr.io/acme/app:${{{tags}}}\"]\n  platforms = [\"linux/amd64\"]\n}}\n"
        );
        Test::new()
            .file("docker-bake.hcl", spec)
            .file("README.md", format!("{BEFORE}{AFTER}"))
            .args(["readme", "README.md"])
    };
    let clock = "formatdate(\"YYYY\", timestamp())";
    of(clock, "1")
        .status(1)
        .stderr("error[volatile]: `tags` of target `app` depends on the clock[..]\n...\n")
        .run();
    of("\"1\"", clock).run();
}

/// The table that is there may show a version, which a run without one would take away.
#[test]
fn a_version_that_depends_on_the_run_is_not_lost() {
    let old = format!("{BEFORE}\n| `1.2.3`, `latest` |\n{AFTER}");
    let spec = |attributes: &str| {
        format!(
            "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"app\" {{\n  repositories = [\"ghcr.io/acme/app\"]\n{attributes}\n}}\n"
        )
    };
    for attributes in [
        "version = \"{{ tag }}\"",
        "version = \"{{ tag }}\"\ntags = [\"{{ version }}\", { pattern = \"edge\", when = \"default_branch\" }]",
        "version = { pattern = \"1.2.3\", when = \"tag\" }",
        "version = \"{{ tag }}\"\ntags = [\"{{ major }}-x\", \"latest\"]",
    ] {
        for args in [&[][..], &["--fact=branch=main", "--fact=default_branch=main"]] {
            let test = Test::new().file("docker-bake.hcl", spec(attributes)).file("README.md", &old);
            let test = test.args(["readme", "README.md"]).args(args.iter().copied()).status(1);
            let ran = test.stderr("error[run-tag]: [..]\n...\n").run();
            assert_eq!(ran.read("README.md"), old, "{attributes} {args:?}");
        }
        let test = Test::new().file("docker-bake.hcl", spec(attributes)).file("README.md", &old);
        let args = ["readme", "README.md", "--fact=tag=v1.2.3", "--fact=default_branch=main"];
        let ran = test.args(args).run();
        assert_ne!(ran.read("README.md"), old, "{attributes}");
    }
}

#[test]
fn the_note_about_tags_of_a_run_has_the_facts_that_they_need() {
    let readme = format!("{BEFORE}{AFTER}");
    for tags in [
        "{ pattern = \"edge\", when = \"default_branch\" }",
        "\"{{ branch | slug }}\"",
        "\"{{ date('%Y') }}\"",
        "\"sha-{{ sha }}\"",
        "\"pr-{{ pr }}\"",
        "\"{{ tag }}\"",
        "\"type=ref,event=branch\"",
    ] {
        let file = format!(
            "target \"a\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"a\" {{\n  repositories = [\"r.io/x/a\"]\n  tags = [{tags}]\n}}\n"
        );
        let run = |facts: &[String]| {
            let test = Test::new().file("docker-bake.hcl", &file).file("README.md", &readme);
            let test = test.args(["readme", "README.md"]).args(facts.iter().map(String::as_str));
            let output = test.output();
            (output.status.code(), String::from_utf8(output.stderr).unwrap())
        };
        let (code, talk) = run(&[]);
        assert_eq!(code, Some(1), "{tags}: {talk}");
        let note = talk.split("give the facts, such as `").nth(1).and_then(|rest| rest.split('`').next());
        let facts: Vec<String> = note.expect(&talk).split(' ').map(str::to_owned).collect();
        let (code, talk) = run(&facts);
        assert_eq!(code, Some(0), "{tags} {facts:?}: {talk}");
    }
}

/// What other versions have is published, but not by this plan: an empty table would say that it is not.
#[test]
fn tags_that_belong_to_versions_elsewhere_are_not_lost() {
    let old = format!("{BEFORE}\n| `1.2.3`, `latest` |\n{AFTER}");
    let spec = |attributes: &str| {
        format!(
            "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"app\" {{\n  repositories = [\"ghcr.io/acme/app\"]\n{attributes}\n}}\n"
        )
    };
    let tool = "target \"tool\" {\n  platforms = [\"linux/amd64\"]\n}\nimage \"tool\" {\n  repositories = [\"ghcr.io/acme/tool\"]\n  tags = [\"edge\"]\n}\n";
    for (attributes, known, others) in [
        ("version = \"1.2.3\"\ntags = [\"latest\"]", "2.0.0\n", ""),
        ("version = \"1.2.3\"\ntags = [\"latest\"]", "2.0.0\n", tool),
        ("version = \"1.2.3\"\ntags = [\"latest\", \"{{ major }}\"]\nknown_versions = [\"1.9.0\"]", "[]", ""),
        ("version = \"1.2.3\"\ntags = [\"{{ major }}.{{ minor }}\"]", "[\"v1.2.4\"]", ""),
        ("version = \"1.2.3\"\ntags = [\"latest\"]\nvariant = \"slim\"", "2.0.0\n", ""),
    ] {
        let test = Test::new().file("docker-bake.hcl", spec(attributes) + others).file("README.md", &old);
        let test = test.file("known", known).args(["readme", "README.md", "--known-versions", "known"]);
        let ran = test.status(1).stderr("...\nerror[no-tag]: all tags of `app` belong to other versions, such as `[..]` to [..]\n...\n").run();
        assert_eq!(ran.read("README.md"), old, "{attributes}");
    }
    // A condition that no run of this version fulfils says nothing of runs.
    let never = spec("version = \"1.2.3\"\ntags = [{ pattern = \"next\", when = \"prerelease\" }]");
    let output = Test::new()
        .file("docker-bake.hcl", never)
        .file("README.md", &old)
        .args(["readme", "README.md"])
        .output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && !talk.contains("depend on the run"), "{talk}");
    // Those of versions in the same table have their rows there.
    let matrix = "target \"app\" {\n  name = \"app-${v.n}\"\n  matrix = { v = [{ n = \"a\", v = \"1.2.3\" }, { n = \"b\", v = \"1.2.4\" }] }\n  platforms = [\"linux/amd64\"]\n}\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version = v.v\n  tags = [\"latest\"]\n}\n";
    let ran = Test::new()
        .file("docker-bake.hcl", matrix)
        .file("README.md", &old)
        .args(["readme", "README.md"])
        .notes()
        .run();
    assert!(ran.read("README.md").contains("| `ghcr.io/acme/app` | `latest` | linux/amd64 |"));
    let named = Test::new().file("docker-bake.hcl", matrix).file("README.md", &old).args([
        "readme",
        "README.md",
        "app-a",
    ]);
    let ran = named.status(1).stderr("...\nerror[no-tag]: [..]\n...\n").run();
    assert_eq!(ran.read("README.md"), old);
}

/// The images of a repository of several, each with git tags of its own; `of` is what the block of an image says.
fn monorepo(of: impl Fn(&str) -> String) -> String {
    let image = |name: &&str| {
        format!(
            "target \"{name}\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"{name}\" {{\n  tag_prefix = \"{name}/\"\n{}}}\n",
            of(name)
        )
    };
    ["api", "web", "worker"].iter().map(image).collect()
}

fn row(repository: &str, tags: &[&str]) -> String {
    let tags: Vec<String> = tags.iter().map(|tag| format!("`{tag}`")).collect();
    format!("| `ghcr.io/acme/{repository}` | {} | linux/amd64 |\n", tags.join(", "))
}

fn table(rows: &[String]) -> String {
    format!("{BEFORE}\n| Image | Tags | Platforms |\n|---|---|---|\n{}\n{AFTER}", rows.concat())
}

/// A git tag says nothing of the images that it is not of.
#[test]
fn rows_of_images_that_the_git_tag_is_not_of_stay() {
    let own = |name: &str| format!("  repositories = [\"ghcr.io/acme/{name}\"]\n");
    let version = monorepo(|name| format!("{}  version = \"{{{{ tag }}}}\"\n", own(name)));
    let patterns = monorepo(|name| {
        format!("{}  version = \"{{{{ tag }}}}\"\n  tags = [\"{{{{ version }}}}\", \"latest\"]\n", own(name))
    });
    let rules = monorepo(|name| {
        let match_it = format!("type=match,pattern={name}/v(.*),group=1");
        format!("{}  tags = [\"{match_it}\"]\n", own(name))
    });
    let constants = monorepo(|name| {
        format!(
            "{}  tags = [{{ pattern = \"1.2.4\", when = \"tag\" }}, {{ pattern = \"latest\", when = \"tag\" }}]\n",
            own(name)
        )
    });
    let all = ["1.2.4", "1.2", "1", "latest"];
    for (spec, tags) in [
        (&version, &all[..]),
        (&patterns, &["1.2.4", "latest"]),
        (&rules, &["1.2.4", "latest"]),
        (&constants, &["1.2.4", "latest"]),
    ] {
        let run = |old: &str, args: &[&str]| {
            let test = Test::new().file("docker-bake.hcl", spec).file("README.md", old);
            let ran = test.args(["readme", "README.md"]).args(args.iter().copied()).notes().run();
            ran.read("README.md")
        };
        // The tables of the first runs have the images that were released.
        let first = run(&format!("{BEFORE}{AFTER}"), &["--fact=tag=worker/v1.2.4"]);
        assert_eq!(first, table(&[row("worker", tags)]), "{spec}");
        let second = run(&first, &["--fact=tag=api/v1.2.4"]);
        assert_eq!(second, table(&[row("api", tags), row("worker", tags)]), "{spec}");
        let third = run(&second, &["--fact=tag=web/v1.2.4"]);
        assert_eq!(third, table(&["api", "web", "worker"].map(|name| row(name, tags))), "{spec}");
        // And what stays is as current as what is written.
        let again = run(&third, &["--fact=tag=api/v1.2.4", "--check"]);
        assert_eq!(again, third, "{spec}");
        // Whoever names images means these alone.
        let named = run(&third, &["api", "--fact=tag=api/v1.2.4"]);
        assert_eq!(named, table(&[row("api", tags)]), "{spec}");
        let stale = third.replace("`1.2.4`", "`1.2.3`");
        let api = run(&stale, &["--fact=tag=api/v1.2.4"]);
        let old: Vec<&str> = tags.iter().map(|tag| if *tag == "1.2.4" { "1.2.3" } else { tag }).collect();
        assert_eq!(api, table(&[row("api", tags), row("web", &old), row("worker", &old)]), "{spec}");
    }
}

#[test]
fn a_row_that_may_be_of_an_image_that_is_left_out_is_not_lost() {
    let version = "  version = \"{{ tag }}\"\n  tags = [\"{{ key }}-{{ version }}\"]\n";
    let shared = monorepo(|_| format!("  repositories = [\"ghcr.io/acme/all\"]\n{version}"));
    let half = monorepo(|name| {
        format!("  repositories = [\"ghcr.io/acme/{name}\", \"ghcr.io/acme/all\"]\n{version}")
    });
    let mirrored = monorepo(|name| {
        format!("  repositories = [\"ghcr.io/acme/{name}\"]\n  mirrors = [\"ghcr.io/acme/all\"]\n{version}")
    });
    let own = monorepo(|name| format!("  repositories = [\"ghcr.io/acme/{name}\"]\n{version}"));
    let plain = "{ pattern = \"{{ version }}\", any = true }";
    let plain = shared.replace("\"{{ key }}-{{ version }}\"", plain);
    let both = "| `ghcr.io/acme/web`<br>`ghcr.io/acme/all` | `web-1.0.0` | linux/amd64 |\n".to_owned();
    let may_be = "the row of [..] may be of image `[..]`, which is left out, or of another";
    for (spec, rows, told) in [
        // Of which nothing tells whose it is.
        (&shared, vec![row("all", &["1.0.0"])], may_be),
        (&shared, vec![row("all", &["web-1.0.0", "api-1.0.0"])], may_be),
        (&plain, vec![row("all", &["1.0.0"])], may_be),
        (&half, vec![row("api", &["api-1.0.0"]), both.replace("web-1", "1")], may_be),
        (
            &own,
            vec![row("api", &["api-1.0.0"]), row("frontend", &["web-1.0.0"])],
            "the row of `ghcr.io/acme/frontend` is of no image here",
        ),
    ] {
        let old = table(&rows);
        let test = Test::new().file("docker-bake.hcl", spec).file("README.md", &old).status(1);
        let told = format!("...\nerror[run-tag]: `README.md`: {told}\n  = help: [..]\n");
        let ran = test.args(["readme", "README.md", "--fact=tag=api/v1.2.4"]).stderr(told).run();
        assert_eq!(ran.read("README.md"), old);
    }
    // Where the tags tell whose a row is, it stays, or gives way to the one of this run.
    let api = |both: &str| row("api", &["api-1.2.4"]).replace("api` |", &format!("api`{both} |"));
    for (spec, rows, kept) in [
        (
            &shared,
            vec![row("all", &["web-1.0.0"])],
            vec![row("all", &["api-1.2.4"]), row("all", &["web-1.0.0"])],
        ),
        (
            &shared,
            vec![row("all", &["api-1.0.0"]), row("all", &["worker-1.0.0"])],
            vec![row("all", &["api-1.2.4"]), row("all", &["worker-1.0.0"])],
        ),
        (&half, vec![both.clone()], vec![api("<br>`ghcr.io/acme/all`"), both.clone()]),
        (&mirrored, vec![both.clone()], vec![api("<br>`ghcr.io/acme/all`"), both]),
    ] {
        let test = Test::new().file("docker-bake.hcl", spec).file("README.md", table(&rows));
        let ran = test.args(["readme", "README.md", "--fact=tag=api/v1.2.4"]).notes().run();
        assert_eq!(ran.read("README.md"), table(&kept), "{spec}");
    }
    // A git tag of none of them changes nothing, and a row of no image goes where all images are there.
    let old = table(&[row("web", &["web-1.0.0"])]);
    let test = Test::new().file("docker-bake.hcl", &own).file("README.md", &old).status(1);
    let ran = test
        .args(["readme", "README.md", "--fact=tag=v1.2.4"])
        .stderr("...\nerror[run-tag]: [..]\n  = help: [..]\n")
        .run();
    assert_eq!(ran.read("README.md"), old);
    let alone = own.split("target \"web\"").next().unwrap();
    let test = Test::new().file("docker-bake.hcl", alone).file("README.md", &old);
    let ran = test.args(["readme", "README.md", "--fact=tag=api/v1.2.4"]).run();
    assert_eq!(ran.read("README.md"), table(&[row("api", &["api-1.2.4"])]));
}
