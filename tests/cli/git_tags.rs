//! Git tags that are no versions: they take nothing of branches and of versions, and move.

use crate::versions::{beside, block, plan, tags};

const DEFAULT: &str = "default_branch=main";

/// What each of these lists gives to a run of a git tag.
fn on(lines: &str, tag: &str) -> (Option<String>, String) {
    let (found, talk) = plan(&block(lines), &["--fact", &format!("tag={tag}"), "--fact", DEFAULT]);
    let found =
        found.is_some().then(|| tags(&block(lines), &["--fact", &format!("tag={tag}"), "--fact", DEFAULT]).0);
    (found, talk)
}

#[test]
fn a_git_tag_takes_no_tag_of_a_branch() {
    for lines in [
        "tags = [\"type=ref,event=branch\", \"type=ref,event=tag\"]",
        "tags = [{ pattern = \"{{ branch | slug }}\", when = \"branch\" }, { pattern = \"{{ tag | slug }}\", when = \"tag\" }]",
        "tags = [\"{{ branch }}-x\", \"{{ tag }}-x\"]",
        "tags = [\"{{ ref | replace('refs/heads/', '') | replace('refs/tags/', '') }}\"]",
        "tags = [\"type=ref,event=branch\", \"type=match,pattern=.*\"]",
        "tags = [\"type=raw,value={{branch}}\", \"type=raw,value={{tag}}\"]",
        "tags = [\"{{ branch | default(tag) }}\"]",
    ] {
        let (found, talk) = on(lines, "main");
        assert!(found.is_none() && talk.contains("branch-collision"), "{lines}: {talk}");
        assert!(talk.contains("which is a branch's"), "{lines}: {talk}");
        // Nobody knows whether there is this branch.
        let (found, talk) = on(lines, "develop");
        assert!(found.is_some_and(|tags| tags.starts_with("develop")), "{lines}: {talk}");
        assert!(
            talk.contains("branch-collision") && talk.contains("may have in another run"),
            "{lines}: {talk}"
        );
        for tag in ["v1.2.3", "1.2", "release-7", "2026-01-02"] {
            let (found, talk) = on(lines, tag);
            assert!(found.is_some() && !talk.contains("branch-collision"), "{lines} {tag}: {talk}");
        }
        // Where the branches are known, it is known.
        let facts = |branches: &str, tag: &str| {
            let all = [format!("tag={tag}"), DEFAULT.to_owned(), format!("branches={branches}")];
            let all: Vec<&str> = all.iter().flat_map(|fact| ["--fact", fact.as_str()]).collect();
            plan(&block(lines), &all)
        };
        let (found, talk) = facts("main,develop", "develop");
        assert!(found.is_none() && talk.contains("which is a branch's"), "{lines}: {talk}");
        let (found, talk) = facts("main,develop", "nightly");
        assert!(found.is_some() && !talk.contains("branch-collision"), "{lines}: {talk}");
    }
    let any = "tags = [\"{{ branch }}\", { pattern = \"{{ tag }}\", any = true }]";
    for tag in ["main", "develop", "latest"] {
        let (found, talk) = on(any, tag);
        assert!(found.is_some() && !talk.contains("branch-collision"), "{tag}: {talk}");
    }
}

#[test]
fn nothing_that_runs_name_is_latest() {
    for lines in [
        "tags = [\"{{ tag | slug }}\"]",
        "tags = [\"type=ref,event=tag\"]",
        "tags = [\"type=match,pattern=.*\", \"type=edge\"]",
        "tags = [\"type=raw,value={{tag}}\"]",
        "tags = [\"{{ ref | replace('refs/tags/', '') }}\"]",
    ] {
        let (found, talk) = on(lines, "latest");
        assert!(found.is_none() && talk.contains("`latest`, which is a version's"), "{lines}: {talk}");
    }
    for (branch, value, is_refused) in [
        ("latest", ".*,value={{branch}}", true),
        ("edge", ".*,value={{branch}}", true),
        ("1.2", ".*,value={{branch}}", true),
        ("release/edge", "release/(.*),group=1,value={{branch}}", true),
        // A version that is cut out is meant as one.
        ("release/1.2", "release/(.*),group=1,value={{branch}}", false),
        ("topic", ".*,value={{branch}}", false),
    ] {
        let lines = format!("tags = [\"type=match,pattern={value}\", \"type=edge,branch=x\"]");
        let (found, talk) = plan(&block(&lines), &["--fact", &format!("branch={branch}"), "--fact", DEFAULT]);
        assert_eq!(found.is_none(), is_refused, "{branch} {value}: {talk}");
    }
}

#[test]
fn latest_is_no_git_tag_s_that_is_no_version() {
    let (semver, of_tag) = ("\"type=semver,pattern={{version}}\"", "\"type=ref,event=tag\"");
    let both = "{ pattern = \"{{ tag }}\", when = \"tag\" }, { pattern = \"latest\", when = \"tag\" }";
    for (list, tag, known, expected) in [
        // A version is known.
        (of_tag, "nightly", "v1.3.0", "nightly"),
        (of_tag, "foo-2", "v1.3.0", "foo-2"),
        ("\"type=match,pattern=(.*)\"", "foo-2", "v1.3.0", "foo-2"),
        (both, "docs-fix", "v1.3.0", "docs-fix"),
        (both, "foo-2", "v1.3.0", "foo-2"),
        // Other runs have versions, or it is called as no release is.
        (&format!("{semver}, {of_tag}"), "foo-2", "v", "foo-2"),
        (of_tag, "vNext", "v", "vNext"),
        // It may be a release.
        (of_tag, "foo-2", "v", "foo-2 latest"),
        (of_tag, "v1.2.3", "v", "v1.2.3 latest"),
        (of_tag, "v1.4.0", "v1.3.0", "v1.4.0 latest"),
        (both, "v1.4.0", "v1.3.0", "v1.4.0 latest"),
        (both, "docs-fix", "v", "docs-fix latest"),
        (&both.replace("when = \"tag\" }]", "any = true }]"), "v1.2.0", "v1.3.0", "v1.2.0"),
    ] {
        assert_eq!(beside(&format!("tags = [{list}]"), known, tag), expected, "{list} {tag} {known}");
    }
    let allowed = both.replacen("\"latest\", when = \"tag\"", "\"latest\", any = true", 1);
    assert_eq!(beside(&format!("tags = [{allowed}]"), "v1.3.0", "docs-fix"), "docs-fix latest");
    let (_, talk) = on(&format!("tags = [{of_tag}]"), "nightly");
    assert!(talk.contains("`nightly` is not a version, so it does not become `latest`"), "{talk}");
}

#[test]
fn a_git_tag_without_a_number_moves() {
    for list in
        ["\"type=ref,event=tag\"", "\"{{ tag }}\"", "\"type=match,pattern=.*\"", "\"type=raw,value={{tag}}\""]
    {
        let lines = format!("tags = [{list}]");
        for (tag, expected, class) in [
            ("nightly", "nightly=runs", "run"),
            ("release-7", "release-7", "run"),
            ("v1.2.3", "v1.2.3", "version"),
        ] {
            let (found, talk) = plan(&block(&lines), &["--fact", &format!("tag={tag}")]);
            let first =
                found.unwrap_or_else(|| panic!("{lines} {tag}: {talk}"))["images"]["a"]["tags"][0].clone();
            let form = if class == "version" { "v{version}" } else { "{name}" };
            let form = if class == "version" && first["form"] == "{version}" { "{version}" } else { form };
            assert_eq!((&first["class"], &first["form"]), (&class.into(), &form.into()), "{lines} {tag}");
            let (found, _) = tags(&block(&lines), &["--fact", &format!("tag={tag}")]);
            assert!(found.starts_with(expected), "{lines} {tag}: {found}");
        }
    }
}
