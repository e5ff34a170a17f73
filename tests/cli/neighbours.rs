//! Tags with the name of a branch: another image of the repository, or another variant, may have them in other runs.

use crate::support::Test;

/// Two images in one repository, with these attributes each.
fn two(app: &str, other: &str) -> String {
    let image = |name: &str, attributes: &str| {
        format!(
            "target \"{name}\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"{name}\" {{\n  repositories = [\"r.io/x/app\"]\n  {attributes}\n}}\n"
        )
    };
    image("app", app) + &image("other", other)
}

fn plan(file: &str, facts: &[&str]) -> (Option<i32>, String) {
    let facts = facts.iter().flat_map(|fact| ["--fact", fact]);
    let test = Test::new().file("docker-bake.hcl", file).args(["plan"]).args(facts);
    let output = test.output();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

const BRANCH: &str = "tags = [\"{{ branch | slug }}\"]";

/// Whatever a branch is called, it makes no version of what begins with numbers and a word of the pattern.
#[test]
fn branches_behind_numbers_and_a_word_are_no_versions() {
    let file = |tags: &str| {
        format!(
            "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"app\" {{\n  repositories = [\"r.io/x/app\"]\n  tags = [{tags}]\n}}\n"
        )
    };
    let names = [
        "main",
        "feature/x",
        "test/x",
        "dev",
        "next",
        "beta",
        "rc.1",
        "pr-9",
        "1",
        "gh-readonly-queue/main/pr-7-ab",
    ];
    for tags in [
        "\"8.3-cli-{{ branch | slug }}\"",
        "\"v1.2-dev-{{ branch | slug }}\"",
        "\"2026.1-nightly.{{ branch | slug }}\"",
        "\"type=ref,event=branch,prefix=8.3-fpm-\"",
    ] {
        for name in names {
            let (code, talk) = plan(&file(tags), &[&format!("branch={name}"), "default_branch=main"]);
            assert!(code == Some(0) && !talk.contains("branch-collision"), "{tags} {name}: {talk}");
        }
    }
    let pull_request = ["pull_request=7", "head_branch=x", "base_branch=main", "default_branch=main"];
    let pattern =
        "{ pattern = \"0.0.0-pr.{{ pr }}\", when = \"pr\" }, { pattern = \"{{ version }}\", when = \"tag\" }";
    let (code, talk) = plan(&file(pattern), &pull_request);
    assert!(code == Some(0) && !talk.contains("branch-collision"), "{talk}");
    // Where the name makes the version, or nothing stands between them, it is refused.
    for (tags, name) in [
        ("\"8.{{ branch | slug }}\"", "3"),
        ("\"8.3-{{ branch | slug }}\"", "beta.1"),
        ("\"{{ branch | slug }}\"", "1.2"),
        ("\"v{{ branch | slug }}\"", "1.2"),
        ("\"{{ branch | slug }}-1\"", "1.2"),
        ("\"type=ref,event=branch,prefix=8.3-\"", "beta.1"),
    ] {
        let (code, talk) = plan(&file(tags), &[&format!("branch={name}"), "default_branch=main"]);
        assert!(code == Some(1) && talk.contains("which is a version's"), "{tags} {name}: {talk}");
    }
}

#[test]
fn a_branch_does_not_take_what_another_image_has_in_other_runs() {
    let versioned = "version = { pattern = \"{{ tag }}\", when = \"tag\" }";
    for (other, branch, tag) in [
        // The floating tag of a variant.
        (format!("{versioned}\n  variant = \"slim\""), "slim", "slim"),
        (format!("{versioned}\n  variant = [[\"slim\"], [\"trixie\"]]"), "slim/trixie", "slim-trixie"),
        (
            format!("{versioned}\n  variant = \"slim\"\n  tags = [\"{{{{ version }}}}\", \"edge\"]"),
            "edge-slim",
            "edge-slim",
        ),
        // Constants, channels and rules.
        (format!("{versioned}\n  tags = [\"{{{{ version }}}}-slim\", \"slim\"]"), "slim", "slim"),
        ("tags = [{ pattern = \"dev\", when = \"tag\" }]".to_owned(), "dev", "dev"),
        ("tags = [{ pattern = \"dev\", when = \"default_branch\" }, \"x\"]".to_owned(), "dev", "dev"),
        (format!("{versioned}\n  channels = [\"lts\"]\n  tags = [\"{{{{ version }}}}\"]"), "lts", "lts"),
        ("tags = [\"type=schedule\", \"x\"]".to_owned(), "nightly", "nightly"),
        // What runs number.
        ("tags = [{ pattern = \"mr-{{ pr }}\", when = \"pr\" }, \"x\"]".to_owned(), "mr-7", "mr-7"),
        // Versions behind a name.
        (format!("{versioned}\n  tags = [\"web-{{{{ version }}}}\"]"), "web-1.2", "web-1.2"),
    ] {
        for app in [BRANCH, "tags = [\"type=ref,event=branch\"]"] {
            let branch = if app == BRANCH { branch.to_owned() } else { branch.to_lowercase() };
            let facts = [&*format!("branch={branch}"), "default_branch=main"];
            let (code, talk) = plan(&two(app, &other), &facts);
            let expected = format!(
                "the branch `{branch}` would take the tag `{tag}`, which is image `other`'s in other runs"
            );
            assert!(code == Some(1) && talk.contains(&expected), "{other} {app}: {talk}");
            assert!(talk.contains("[branch-collision]") && talk.contains("any = true"), "{talk}");
            // Another name is nobody's, another repository has other tags, and who says so may take it.
            let (code, talk) = plan(&two(app, &other), &["branch=topic", "default_branch=main"]);
            assert_eq!(code, Some(0), "{other} {app}: {talk}");
            let elsewhere = two(app, &other).replacen("r.io/x/app", "r.io/x/app2", 1);
            assert_eq!(plan(&elsewhere, &facts).0, Some(0), "{elsewhere}");
            let any = app.replace("[\"", "[{ pattern = \"").replace("\"]", "\", any = true }]");
            let (code, talk) = plan(&two(&any, &other), &facts);
            assert_eq!(code, Some(0), "{any} {other}: {talk}");
        }
    }
}

#[test]
fn what_is_published_on_branches_alone_may_be_called_as_they_are() {
    for (other, branch) in [
        ("tags = [\"other-{{ branch }}\"]", "main"),
        ("tags = [\"other\"]", "main"),
        ("version = \"1.2.3\"\n  variant = \"slim\"", "main"),
        ("version = \"1.2.3\"\n  variant = \"slim\"", "slim-fix"),
        ("tags = [\"sha-{{ sha }}\"]", "main"),
    ] {
        let facts = [&*format!("branch={branch}"), "commit=0123456789abcdef0123456789abcdef01234567"];
        let (code, talk) = plan(&two(BRANCH, other), &facts);
        assert!(code == Some(0) && !talk.contains("branch-collision"), "{other} {branch}: {talk}");
    }
}

#[test]
fn a_branch_that_is_called_like_the_variant_of_another_one_is_named() {
    let default = "variant = \"debian\"\n  default_variant = \"debian\"\n  tags = [\"{{ branch }}\"]";
    let slim = "variant = \"slim\"\n  tags = [\"{{ branch }}\"]";
    for (app, other, branch, owner) in [
        (default, slim, "main-slim", "other"),
        (default, slim, "main-debian", "app"),
        (BRANCH, slim, "x-slim", "other"),
        (BRANCH, "tags = [\"other-{{ branch }}\"]", "other-main", "other"),
        (
            "tags = [\"{{ branch }}\", { pattern = \"from-{{ head_branch }}\", when = \"pr\" }]",
            slim,
            "from-x",
            "app",
        ),
    ] {
        let (code, talk) = plan(&two(app, other), &[&*format!("branch={branch}")]);
        let expected = format!(
            "the branch `{branch}` takes the tag `{branch}`, which image `{owner}` may have in another run"
        );
        assert!(code == Some(0) && talk.contains(&expected), "{app} {other}: {talk}");
        assert!(talk.contains("warning[branch-collision]"), "{talk}");
    }
    for branch in ["main", "slim-main", "mainslim", "debian-fix"] {
        let (code, talk) = plan(&two(default, slim), &[&*format!("branch={branch}")]);
        assert!(code == Some(0) && !talk.contains("branch-collision"), "{branch}: {talk}");
    }
}

#[test]
fn a_branch_does_not_take_what_a_variant_of_its_own_image_has_in_other_runs() {
    let versioned = "version = { pattern = \"{{ tag }}\", when = \"tag\" }";
    let of_matrix = |attributes: &str| {
        format!(
            "target \"app\" {{\n  name = \"app-${{v}}\"\n  matrix = {{ v = [\"alpine\", \"debian\"] }}\n  platforms = [\"linux/amd64\"]\n}}\nimage \"app\" {{\n  repositories = [\"r.io/x/app\"]\n  variant = v\n  default_variant = \"debian\"\n  {attributes}\n}}\n"
        )
    };
    let of_one = |attributes: &str| {
        let variant = "variant = \"alpine\"\n  default_variant = \"alpine\"";
        two(&format!("{variant}\n  {attributes}"), "tags = [\"other\"]")
    };
    let tags = "tags = [\"{{ version }}\", \"{{ branch | slug }}\", \"sha-{{ sha }}\", { pattern = \"edge\", when = \"default_branch\" }]";
    let commit = "commit=0123456789abcdef0123456789abcdef01234567";
    for attributes in [format!("{versioned}\n  {tags}\n  channels = [\"lts\"]")] {
        for file in [of_one(&attributes), of_matrix(&attributes)] {
            for branch in ["lts-alpine", "edge-alpine", "sha-3643d7e-alpine"] {
                let (code, talk) = plan(&file, &[&format!("branch={branch}"), commit, "default_branch=main"]);
                let expected = format!("the branch `{branch}` would take the tag `{branch}`");
                assert!(code == Some(1) && talk.contains(&expected), "{branch}: {talk}");
            }
            for branch in ["main", "topic", "alpine-lts", "lts.alpine"] {
                let (code, talk) = plan(&file, &[&format!("branch={branch}"), commit, "default_branch=main"]);
                assert!(code == Some(0) && !talk.contains("branch-collision"), "{branch}: {talk}");
            }
        }
    }
    // The constant of this run is no other run's.
    let file = of_one("tags = [{ pattern = \"edge\", when = \"default_branch\" }, \"{{ branch }}\"]");
    let (code, talk) = plan(&file, &["branch=edge", "default_branch=edge"]);
    assert_eq!(code, Some(0), "{talk}");
}

#[test]
fn branches_that_are_there_share_no_tag_over_variants_or_patterns() {
    let default = "variant = \"debian\"\n  default_variant = \"debian\"\n  tags = [\"{{ branch | slug }}\"]";
    let alpine = "variant = \"alpine\"\n  tags = [\"{{ branch | slug }}\"]";
    let dev = "tags = [\"{{ branch | slug }}\", \"{{ branch | slug }}-dev\"]";
    for (file, branch, other, is_error) in [
        (two(default, alpine), "main-alpine", "main", true),
        (two(default, alpine), "a/b-alpine", "a/b", true),
        (two(default, alpine), "main-debian", "main", true),
        (two(dev, "tags = [\"x\"]"), "a-b-dev", "a/b", true),
        (two(default, alpine), "main-alpine", "mainline", false),
        (two(default, alpine), "main", "main-alpine", false),
        (two(dev, "tags = [\"x\"]"), "dev-a", "a", false),
        (two(dev, "tags = [\"x\"]"), "a", "a-dev", false),
    ] {
        let facts = format!("{{ \"branch\": \"{branch}\", \"branches\": [\"{branch}\", \"{other}\"] }}");
        let test = Test::new().file("docker-bake.hcl", &file).file("facts.json", &facts);
        let output = test.args(["plan", "--facts-file=facts.json"]).output();
        let talk = String::from_utf8(output.stderr).unwrap();
        let expected = [format!("has on the branch `{other}`"), format!("and `{other}` would both have")];
        assert_eq!(expected.iter().any(|one| talk.contains(one)), is_error, "{branch} {other}: {talk}");
        assert_eq!(output.status.code(), Some(i32::from(is_error)), "{branch} {other}: {talk}");
    }
}

#[test]
fn a_git_tag_takes_no_tag_of_other_runs() {
    let patterns = "tags = [\"{{ tag | slug }}\", { pattern = \"edge\", when = \"default_branch\" }, { pattern = \"pr-{{ pr }}\", when = \"pr\" }, { pattern = \"sha-{{ sha }}\", when = \"branch\" }, { pattern = \"latest\", when = \"branch\" }, { pattern = \"{{ date('%Y-%m-%d') }}\", when = \"event == 'schedule'\" }]";
    let rules = "tags = [\"type=ref,event=tag\", \"type=edge,branch=main\", \"type=ref,event=pr\", \"type=schedule\"]";
    let facts = ["commit=0123456789abcdef0123456789abcdef01234567", "default_branch=main"];
    for (attributes, taken) in [
        (patterns, ["edge", "pr-7", "sha-3643d7e", "latest"].as_slice()),
        (rules, ["edge", "pr-7", "nightly"].as_slice()),
    ] {
        let file = two(attributes, "tags = [\"other\"]");
        for tag in taken {
            let (code, talk) = plan(&file, &[&format!("tag={tag}"), facts[0], facts[1]]);
            assert!(code == Some(1) && talk.contains("[branch-collision]"), "{attributes} {tag}: {talk}");
            let any = file.replacen(
                attributes,
                &attributes
                    .replacen("\"{{ tag | slug }}\"", "{ pattern = \"{{ tag | slug }}\", any = true }", 1)
                    .replacen(
                        "\"type=ref,event=tag\"",
                        "{ pattern = \"type=ref,event=tag\", any = true }",
                        1,
                    ),
                1,
            );
            let (code, talk) = plan(&any, &[&format!("tag={tag}"), facts[0], facts[1]]);
            assert_eq!(code, Some(0), "{any} {tag}: {talk}");
        }
        for tag in ["v1.2.3", "1.2", "2026-01-02", "release-7", "main-7", "v2.0.0-rc.1"] {
            let (code, talk) = plan(&file, &[&format!("tag={tag}"), facts[0], facts[1]]);
            assert!(code == Some(0) && !talk.contains("branch-collision"), "{attributes} {tag}: {talk}");
        }
    }
}

#[test]
fn a_pull_request_takes_no_tag_of_a_branch() {
    for entry in ["{{ head_branch | slug }}", "{{ base_branch | slug }}", "{{ base_branch }}"] {
        let file = two(&format!("tags = [\"{entry}\"]"), "tags = [\"other\"]");
        let facts = ["pull_request=7", "head_branch=main", "base_branch=main", "default_branch=main"];
        let (code, talk) = plan(&file, &facts);
        assert!(code == Some(1) && talk.contains("which is a branch's"), "{entry}: {talk}");
        for cured in [format!("{{ pattern = \"{entry}\", any = true }}"), format!("\"pr-{entry}\"")] {
            let file = two(&format!("tags = [{cured}]"), "tags = [\"other\"]");
            let (code, talk) = plan(&file, &facts);
            assert_eq!(code, Some(0), "{cured}: {talk}");
        }
    }
    let file = two("tags = [\"{{ head_branch | slug }}\"]", "tags = [\"other\"]");
    let (code, talk) = plan(&file, &["pull_request=7", "head_branch=fix", "base_branch=main"]);
    assert_eq!(code, Some(0), "{talk}");
}

#[test]
fn a_pull_request_does_not_take_the_tag_of_its_base_by_a_rule() {
    let facts = ["event=pull_request", "ref=refs/pull/7/merge", "head_branch=fix", "base_branch=main"];
    let base = "type=raw,value={{base_ref}}";
    for (tags, is_refused) in [
        (format!("\"{base}\", \"type=ref,event=branch\""), true),
        (format!("\"{base}\", {{ pattern = \"{{{{ branch }}}}\", when = \"branch\" }}"), true),
        (format!("\"{base},suffix=-x\", \"type=ref,event=branch,suffix=-x\""), true),
        (format!("\"{base},prefix=base-\", \"type=ref,event=branch\""), false),
        (format!("{{ pattern = \"{base}\", any = true }}, \"type=ref,event=branch\""), false),
        // The action's own example.
        (format!("\"{base}\""), false),
    ] {
        let file = two(&format!("tags = [{tags}]"), "tags = [\"other\"]");
        let (code, talk) = plan(&file, &facts);
        assert_eq!(code, Some(i32::from(is_refused)), "{tags}: {talk}");
        assert_eq!(talk.contains("which is a branch's"), is_refused, "{tags}: {talk}");
    }
    // A branch of the name that it comes from may be there.
    let of_both =
        "{ pattern = \"{{ branch | slug }}\", when = \"branch\" }, { pattern = \"PATTERN\", when = \"pr\" }";
    for (pattern, is_told) in
        [("{{ head_branch | slug }}", true), ("pr-{{ head_branch | slug }}", false), ("pr-{{ pr }}", false)]
    {
        let file = two(&format!("tags = [{}]", of_both.replace("PATTERN", pattern)), "tags = [\"other\"]");
        let (code, talk) = plan(&file, &facts);
        assert_eq!(code, Some(0), "{pattern}: {talk}");
        assert_eq!(talk.contains("warning[branch-collision]"), is_told, "{pattern}: {talk}");
    }
}

const VERSIONED: &str = "version = { pattern = \"{{ tag }}\", when = \"tag\" }";

#[test]
fn a_version_does_not_take_what_another_one_has() {
    let app = format!(
        "{VERSIONED}\n  tags = [\"{{{{ version }}}}\", \"{{{{ major }}}}.{{{{ minor }}}}\", \"latest\"]"
    );
    for word in ["debug", "1", "beta", "lts", "alpine3.20"] {
        for list in [
            format!("\"{{{{ version }}}}-{word}\""),
            format!("\"type=semver,pattern={{{{version}}}}-{word}\""),
        ] {
            let flavor = if list.contains("type=") { "\n  flavor = [\"latest=false\"]" } else { "" };
            let other = format!("{VERSIONED}\n  tags = [{list}]{flavor}");
            let file = two(&app, &other);
            let (code, talk) = plan(&file, &[&format!("tag=v1.2.3-{word}")]);
            let expected =
                format!("would take the tag `1.2.3-{word}`, which image `other` has for version `1.2.3`");
            assert!(code == Some(1) && talk.contains(&expected), "{list}: {talk}");
            let (code, talk) = plan(&file, &["tag=v1.2.3"]);
            assert_eq!(code, Some(0), "{list}: {talk}");
            let elsewhere = file.replacen("r.io/x/app", "r.io/x/app2", 1);
            assert_eq!(plan(&elsewhere, &[&format!("tag=v1.2.3-{word}")]).0, Some(0), "{list}");
            let any = app.replacen("[\"{{ version }}\"", "[{ pattern = \"{{ version }}\", any = true }", 1);
            let (code, talk) = plan(&two(&any, &other), &[&format!("tag=v1.2.3-{word}")]);
            assert_eq!(code, Some(0), "{list}: {talk}");
        }
        // One image has both.
        let both = format!("{VERSIONED}\n  tags = [\"{{{{ version }}}}\", \"{{{{ version }}}}-{word}\"]");
        let file = two(&both, "tags = [\"other\"]");
        let (code, talk) = plan(&file, &[&format!("tag=v1.2.3-{word}")]);
        assert!(code == Some(1) && talk.contains("tag-collision"), "{word}: {talk}");
        assert_eq!(plan(&file, &["tag=v1.2.3"]).0, Some(0), "{word}");
    }
    // Tails of a scheme are nobody else's.
    let other =
        format!("{VERSIONED}\n  tags = [\"{{{{ version }}}}-debug\", \"v{{{{ version }}}}\", \"debug\"]");
    for tag in
        ["v1.2.3", "v1.2.3-r2", "v1.2.3-rc.1", "v1.2.3-1", "v1.2.3-lts", "v1.2.3-alpine", "v1.2.3-debugging"]
    {
        let (code, talk) = plan(&two(&app, &other), &[&format!("tag={tag}")]);
        assert!(code == Some(0) && !talk.contains("tag-collision"), "{tag}: {talk}");
    }
}

#[test]
fn what_two_images_have_in_different_runs_is_told() {
    let of_tag = |list: &str| format!("{VERSIONED}\n  tags = [\"{{{{ version }}}}\", {list}]");
    let on_main = |tag: &str| format!("tags = [{{ pattern = \"{tag}\", when = \"default_branch\" }}]");
    let commit = "commit=0123456789abcdef0123456789abcdef01234567";
    let time = "commit_time=2026-01-02T03:04:05Z";
    for (app, other, tag) in [
        (of_tag("\"latest\""), on_main("latest"), "latest"),
        (of_tag("\"edge\""), on_main("edge"), "edge"),
        (of_tag("\"{{ major }}.{{ minor }}\""), on_main("1.2"), "1.2"),
        (of_tag("\"{{ major }}\"") + "\n  channels = [\"lts\"]", on_main("lts"), "lts"),
        (of_tag("\"latest\"") + "\n  variant = \"slim\"", on_main("slim"), "slim"),
        (of_tag("\"edge-b\""), on_main("edge") + "\n  variant = \"b\"", "edge-b"),
        (of_tag("\"sha-{{ sha }}\""), on_main("sha-{{ sha }}"), "sha-0123456"),
        (of_tag("\"d-{{ date('%Y%m%d') }}\""), on_main("d-{{ date('%Y%m%d') }}"), "d-20260102"),
        (
            of_tag("\"x\""),
            "version = \"1.2.3\"\n  tags = [{ pattern = \"{{ version }}\", when = \"branch\" }]".to_owned(),
            "1.2.3",
        ),
        (
            of_tag("\"{{ major }}\""),
            "version = \"1.0.7\"\n  tags = [{ pattern = \"{{ major }}\", when = \"branch\" }]".to_owned(),
            "1",
        ),
    ] {
        let (code, talk) = plan(&two(&app, &other), &["tag=v1.2.3", "default_branch=main", commit, time]);
        assert!(code == Some(0) && talk.contains("warning[tag-collision]"), "{app} {other}: {talk}");
        let expected = "in this run, and image `other` in other runs: what is published last has it";
        assert!(talk.contains(expected) && talk.contains(&format!("takes `{tag}`")), "{app} {other}: {talk}");
        let elsewhere = two(&app, &other).replacen("r.io/x/app", "r.io/x/app2", 1);
        let (code, talk) = plan(&elsewhere, &["tag=v1.2.3", "default_branch=main", commit, time]);
        assert!(code == Some(0) && !talk.contains("tag-collision"), "{app} {other}: {talk}");
    }
    // The other run says so, too, and who has said that it is meant is not told.
    let file = two(&of_tag("\"latest\""), &on_main("latest"));
    let (_, talk) = plan(&file, &["branch=main", "default_branch=main"]);
    assert!(
        talk.contains("image `other` takes `latest` in this run, and image `app` in other runs"),
        "{talk}"
    );
    let any = two(&of_tag("{ pattern = \"latest\", any = true }"), &on_main("latest"));
    let (_, talk) = plan(&any, &["tag=v1.2.3", "default_branch=main"]);
    assert!(!talk.contains("tag-collision"), "{talk}");
    // A release and its prereleases, and what never is, share nothing.
    let prereleases = "version = { pattern = \"{{ tag }}\", when = \"tag and prerelease\" }\n  prerelease_tags = [\"next\"]";
    let releases = "version = { pattern = \"{{ tag }}\", when = \"tag and not prerelease\" }";
    let never = "tags = [{ pattern = \"latest\", when = \"false\" }, { pattern = \"x\", when = \"branch\" }]";
    for (app, other, tag) in [
        (releases.to_owned(), prereleases.to_owned(), "v1.2.3"),
        (releases.to_owned(), prereleases.to_owned(), "v1.2.3-rc.1"),
        (of_tag("\"latest\""), never.to_owned(), "v1.2.3"),
        (of_tag("\"latest\""), on_main("edge"), "v1.2.3"),
        (
            of_tag("\"latest\""),
            "version = \"0.9.1\"\n  tags = [{ pattern = \"{{ version }}\", when = \"branch\" }]".to_owned(),
            "v1.2.3",
        ),
    ] {
        let (code, talk) = plan(&two(&app, &other), &[&format!("tag={tag}"), "default_branch=main"]);
        assert!(code == Some(0) && !talk.contains("tag-collision"), "{app} {other}: {talk}");
    }
}

#[test]
fn versions_behind_different_prefixes_do_not_overwrite_each_other() {
    let plain = |prefix: &str| format!("{VERSIONED}\n  tag_prefix = \"{prefix}\"");
    let rule = |kind: &str, prefix: &str| format!("tags = [\"type={kind}^{prefix}v(.*)$\"]");
    let matrix = |variant: &str| {
        format!(
            "target \"app\" {{\n  name = \"app-${{v}}\"\n  matrix = {{ v = [\"a\", \"b\"] }}\n  platforms = [\"linux/amd64\"]\n}}\nimage \"app\" {{\n  repositories = [\"r.io/x/app\"]\n  {VERSIONED}\n  tag_prefix = \"${{v}}/\"\n  {variant}\n}}\n"
        )
    };
    let tags = |prefix: &str, list: &str| format!("{}\n  tags = [{list}]", plain(prefix));
    let semver = "semver,pattern={{version}},match=";
    let of_runs = ["tag=a/v1.2.3", "tag=b/v2.0.0", "branch=main", "pull_request=7"];
    for file in [
        two(&plain("a/"), &plain("b/")),
        two(&plain("a/"), &plain("a/b/")),
        two(&plain("a-"), &plain("b-v")),
        matrix(""),
        two(&tags("a/", "\"v{{ version }}\""), &tags("b/", "\"v{{ major }}.{{ minor }}.{{ patch }}\"")),
        two(&tags("a/", "\"{{ version }}-x\""), &(tags("b/", "\"{{ version }}\"") + "\n  variant = \"x\"")),
        two(&tags("a/", "\"{{ major }}\""), &tags("b/", "{ pattern = \"{{ major }}\", when = \"tag\" }")),
        two(&(plain("a/") + "\n  scheme = \"semver\""), &(plain("b/") + "\n  scheme = \"calver\"")),
        two(&(plain("a/") + "\n  mirrors = [\"r.io/x/m\"]"), &(plain("b/") + "\n  mirrors = [\"r.io/x/m\"]"))
            .replacen("r.io/x/app", "r.io/x/app2", 1),
        two(&rule(semver, "a/"), &rule(semver, "b/")),
        two(&rule("pep440,pattern={{version}},match=", "a-"), &rule("pep440,pattern={{raw}},match=", "b-")),
        two(&rule("match,group=1,pattern=", "a/"), &rule("match,group=1,pattern=", "b/")),
        two(&rule(semver, "a/"), &plain("b/")),
    ] {
        for run in of_runs {
            let (code, talk) = plan(&file, &[run]);
            assert!(code == Some(1) && talk.contains("error[tag-collision]"), "{run} {file}: {talk}");
            assert!(talk.contains("gives `r.io/x/") && talk.contains("gives it to image"), "{talk}");
        }
    }
    let bare = two(VERSIONED, &plain("b/"));
    for run in ["tag=v1.2.3", "branch=main"] {
        let (code, talk) = plan(&bare, &[run]);
        assert!(code == Some(1) && talk.contains("error[tag-collision]"), "{run}: {talk}");
    }
    // Rules of one kind of run alone are looked at in all.
    let of_tags = |prefix: &str| {
        format!(
            "tags = [{{ pattern = \"type={semver}^{prefix}v(.*)$\", when = \"tag\" }}, \"type=ref,event=pr\"]"
        )
    };
    let (code, talk) = plan(&two(&of_tags("a/"), &of_tags("b/")), &["branch=main"]);
    assert!(code == Some(1) && talk.contains("error[tag-collision]"), "{talk}");
    let suffixed =
        |prefix: &str| rule(semver, prefix).replace("$\"]", &format!("$,suffix=-{}\"]", &prefix[..1]));
    let any = "{ pattern = \"{{ version }}\", any = true }";
    let elsewhere = two(&plain("a/"), &plain("b/")).replacen("r.io/x/app", "r.io/x/app2", 1);
    let together = two(&plain("a/"), &(plain("b/") + "\n  targets = [\"app\"]"));
    for (file, runs) in [
        (matrix("variant = v"), of_runs.as_slice()),
        (elsewhere, &of_runs),
        (two(&plain("a/"), &tags("b/", "\"b-{{ version }}\"")), &of_runs),
        (
            two(&tags("a/", "\"{{ image }}-{{ version }}\""), &tags("b/", "\"{{ image }}-{{ version }}\"")),
            &of_runs,
        ),
        (two(&suffixed("a/"), &suffixed("b/")), &of_runs),
        (two(&tags("a/", any), &tags("b/", "\"{{ version }}\"")), &of_runs),
        (two(&tags("a/", "\"{{ version }}\""), &tags("b/", any)), &of_runs),
        (together, &of_runs[2..]),
        // Those of another image are no git tags.
        (two(&plain("a/"), "version = \"1.2.3\""), &of_runs[2..]),
        (two(&plain("a/"), "tags = [\"edge\"]"), &of_runs),
    ] {
        for run in runs {
            let (code, talk) = plan(&file, &[run]);
            assert!(code == Some(0) && !talk.contains("error"), "{run} {file}: {talk}");
        }
    }
    // What is not of the version is told in the run that takes it.
    let file =
        two(&tags("a/", "\"a-{{ version }}\", \"latest\""), &tags("b/", "\"b-{{ version }}\", \"latest\""));
    let (code, talk) = plan(&file, &["tag=a/v1.2.3"]);
    assert!(code == Some(0) && talk.contains("warning[tag-collision]"), "{talk}");
    assert!(
        talk.contains("image `app` takes `latest` in this run, and image `other` in other runs"),
        "{talk}"
    );
}

#[test]
fn a_day_that_reads_as_a_version_is_told() {
    let of = |version: &str, day: &str| {
        format!("{VERSIONED}\n  tags = [{version}, \"latest\", {{ pattern = \"{day}\", when = \"branch\" }}]")
    };
    let whole = "\"{{ version }}\"";
    let rules =
        "tags = [\"type=schedule,pattern={{date 'YYYY.MM'}}\", \"type=semver,pattern={{major}}.{{minor}}\"]";
    for (attributes, known, is_told) in [
        (of("\"{{ major }}.{{ minor }}\"", "{{ date('%Y.%m') }}"), "", true),
        (of(whole, "{{ date('%Y.%m.%d') }}"), "", true),
        (of(whole, "{{ date('%Y.%m.%d') }}"), "v2025.12.1", true),
        (of("\"{{ major }}\"", "{{ date('%Y') }}"), "", true),
        (of("\"v{{ version }}\"", "v{{ date('%Y.%m.%d') }}"), "", true),
        (rules.to_owned(), "", true),
        // Versions are no days here, or days no versions.
        (of(whole, "{{ date('%Y.%m.%d') }}"), "v1.2.3", false),
        (of(whole, "{{ date('%Y%m%d') }}"), "", false),
        (of(whole, "{{ date('%Y-%m-%d') }}"), "", false),
        (of(whole, "nightly-{{ date('%Y.%m.%d') }}"), "", false),
        (of("\"api-{{ version }}\"", "{{ date('%Y.%m.%d') }}"), "", false),
        (
            of(whole, "{{ date('%Y.%m.%d') }}\", any = true, when = \"branch").replacen(
                ", when = \"branch\" }",
                " }",
                1,
            ),
            "",
            false,
        ),
    ] {
        let facts =
            ["branch=main", "event=schedule", "default_branch=main", "commit_time=2026-01-02T03:04:05Z"];
        let facts = facts.iter().flat_map(|fact| ["--fact", fact]);
        let test = Test::new().file("docker-bake.hcl", two(&attributes, "tags = [\"other\"]"));
        let test = test.file("known", if known.is_empty() { "[]" } else { known });
        let output = test.args(["plan", "--known-versions=known"]).args(facts).output();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{attributes}: {talk}");
        assert_eq!(talk.contains("has the form of a version's tag"), is_told, "{attributes} {known}: {talk}");
    }
}

/// An image alone, in a run with these facts.
fn alone(attributes: &str, facts: &[&str]) -> (Option<i32>, String) {
    let file = two(attributes, "tags = [\"other\"]").replacen("r.io/x/app", "r.io/x/alone", 1);
    plan(
        &file,
        &[facts, &["default_branch=main", "commit=0123456789abcdef0123456789abcdef01234567"]].concat(),
    )
}

#[test]
fn what_releases_and_other_runs_of_an_image_take_from_each_other_is_said() {
    let of_tags = |list: &str| format!("{VERSIONED}\n  tags = [\"{{{{ version }}}}\", {list}]");
    let on_main = |tag: &str| format!("{{ pattern = \"{tag}\", when = \"default_branch\" }}");
    let rules = |more: &str| format!("tags = [\"type=semver,pattern={{{{version}}}}\", {more}]");
    let main = "runs of the default branch";
    for (attributes, tag, versions, runs) in [
        (rules("\"type=raw,value=latest,enable={{is_default_branch}}\""), "latest", "releases", main),
        (rules(&on_main("type=raw,value=latest")), "latest", "releases", main),
        (rules("\"type=raw,value=latest\""), "latest", "releases", "runs of branches"),
        (rules("\"type=schedule,pattern=latest\""), "latest", "releases", "scheduled runs"),
        (of_tags(&format!("\"latest\", {}", on_main("latest"))), "latest", "releases", main),
        (of_tags(&format!("\"{{{{ major }}}}\", {}", on_main("1"))), "1", "releases", main),
        (
            of_tags(&format!("\"{{{{ major }}}}.{{{{ minor }}}}\", {}", on_main("1.2"))),
            "1.2",
            "releases",
            main,
        ),
        (of_tags(&on_main("lts")) + "\n  channels = [\"lts\"]", "lts", "versions", main),
        (
            of_tags(&format!("\"latest\", {}", on_main("latest"))) + "\n  variant = \"slim\"",
            "slim",
            "releases",
            main,
        ),
        (
            of_tags(&format!("\"latest\", {}", on_main("latest"))) + "\n  tag_prefix = \"app/\"",
            "latest",
            "releases",
            main,
        ),
    ] {
        let prefix = if attributes.contains("tag_prefix") { "app/" } else { "" };
        let said = format!("`{tag}` is given by {versions} and by {runs}; whichever ran last has it");
        let event = if runs.contains("sched") { "event=schedule" } else { "event=push" };
        for run in [format!("tag={prefix}v1.2.3"), "branch=main".to_owned()] {
            let event = if run.contains("tag=") { "event=push" } else { event };
            let (code, talk) = alone(&attributes, &[&run, event]);
            assert!(code == Some(0) && talk.contains("note[tag-collision]"), "{run} {attributes}: {talk}");
            assert_eq!(talk.matches(&said).count(), 1, "{run} {attributes}: {talk}");
        }
        // A run that gives the tag to nothing says nothing, and who means it is not told.
        let (code, talk) = alone(&attributes, &["pull_request=7", "event=pull_request"]);
        let is_everywhere = runs == "runs of branches";
        assert!(code == Some(0) && talk.contains("tag-collision") == is_everywhere, "{attributes}: {talk}");
        let any = attributes.replace("when = \"default_branch\"", "when = \"default_branch\", any = true");
        if any != attributes {
            let (code, talk) = alone(&any, &["branch=main", "event=push"]);
            assert!(code == Some(0) && !talk.contains("tag-collision"), "{any}: {talk}");
        }
    }
    let prereleases = of_tags(&on_main("next")) + "\n  prerelease_tags = [\"next\"]";
    for run in ["tag=v1.2.3-rc.1", "branch=main"] {
        let (code, talk) = alone(&prereleases, &[run]);
        assert!(
            code == Some(0) && talk.contains("`next` is given by prereleases and by runs of"),
            "{run}: {talk}"
        );
    }
    for attributes in [
        rules("\"type=raw,value=edge,enable={{is_default_branch}}\""),
        rules("\"type=edge\""),
        rules("\"type=raw,value=latest,enable={{is_default_branch}}\"") + "\n  flavor = [\"latest=false\"]",
        of_tags(&format!("\"latest\", {}", on_main("edge"))),
        of_tags(&on_main("latest")),
        of_tags(&format!("\"{{{{ major }}}}\", {}", on_main("edge-1"))),
        of_tags(&format!("\"latest\", {}", on_main("latest"))) + "\n  latest = false",
        "version = \"1.2.3\"\n  tags = [\"latest\", { pattern = \"latest\", when = \"default_branch\" }]"
            .to_owned(),
        of_tags("{ pattern = \"latest\", when = \"tag\" }, { pattern = \"edge\", when = \"branch\" }"),
    ] {
        for run in ["tag=v1.2.3", "tag=v1.2.3-rc.1", "branch=main"] {
            let (code, talk) = alone(&attributes, &[run, "event=push"]);
            assert!(code == Some(0) && !talk.contains("tag-collision"), "{run} {attributes}: {talk}");
        }
    }
}

#[test]
fn one_repository_may_have_several_names() {
    for (first, second, is_one) in [
        ("docker.io/acme/x", "registry-1.docker.io/acme/x", true),
        ("acme/x", "registry-1.docker.io:443/acme/x", true),
        ("index.docker.io/acme/x", "registry-1.docker.io/acme/x", true),
        ("ghcr.io/acme/x", "ghcr.io:443/acme/x", true),
        ("ghcr.io/acme/x", "ghcr.io:8443/acme/x", false),
        ("acme/x", "registry-2.docker.io/acme/x", false),
        ("localhost/acme/x", "localhost:5000/acme/x", false),
    ] {
        let at = |image: &str, place: &str| image.replace("r.io/x/app", place);
        let both = |attributes: &str, other: &str| {
            let file = two(attributes, other);
            let (app, other) = file.split_at(file.find("target \"other\"").unwrap());
            at(app, first) + &at(other, second)
        };
        let (code, talk) = plan(&both("tags = [\"1\"]", "tags = [\"1\"]"), &["branch=main"]);
        assert_eq!(talk.contains("is claimed by two images"), is_one, "{first} {second}: {talk}");
        assert_eq!(code, Some(i32::from(is_one)), "{first} {second}: {talk}");
        let versioned = |prefix: &str| format!("{VERSIONED}\n  tag_prefix = \"{prefix}\"");
        let (_, talk) = plan(&both(&versioned("a/"), &versioned("b/")), &["branch=main"]);
        assert_eq!(talk.contains("error[tag-collision]"), is_one, "{first} {second}: {talk}");
        let edge = "tags = [{ pattern = \"edge\", when = \"tag\" }]";
        let (_, talk) = plan(&both(BRANCH, edge), &["branch=edge"]);
        assert_eq!(talk.contains("error[branch-collision]"), is_one, "{first} {second}: {talk}");
        let mirrored = two(&format!("tags = [\"1\"]\n  mirrors = [\"{second}\"]"), "tags = [\"2\"]");
        let (_, talk) = plan(&at(&mirrored, first), &["branch=main"]);
        assert_eq!(
            talk.contains("among its repositories and its mirrors"),
            is_one,
            "{first} {second}: {talk}"
        );
    }
}
