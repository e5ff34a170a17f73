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
    ] {
        let facts = format!("{{ \"branch\": \"{branch}\", \"branches\": [\"{branch}\", \"{other}\"] }}");
        let test = Test::new().file("docker-bake.hcl", &file).file("facts.json", &facts);
        let output = test.args(["plan", "--facts-file=facts.json"]).output();
        let talk = String::from_utf8(output.stderr).unwrap();
        let expected = format!("has on the branch `{other}`");
        assert_eq!(talk.contains(&expected), is_error, "{branch} {other}: {talk}");
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
