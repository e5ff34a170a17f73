//! What a run has tags for: images that get none are not built, and a release that publishes nothing fails.

use serde_json::Value;

use crate::support::Test;

const API: &str = "tag=api/v1.2.3";

/// Two images, each with these attributes; `IMAGE` stands for the name.
fn two(attributes: &str) -> String {
    let one = |name: &str| {
        let attributes = attributes.replace("IMAGE", name);
        format!(
            "target \"{name}\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"{name}\" {{\n  repositories = [\"r.io/x/{name}\"]\n  {attributes}\n}}\n"
        )
    };
    one("api") + &one("web")
}

struct Told {
    code: Option<i32>,
    /// Each image with its tags.
    images: String,
    /// The images of the rows.
    rows: String,
    talk: String,
}

fn run(file: &str, arguments: &[&str]) -> Told {
    let test = Test::new().file("docker-bake.hcl", file).args(["plan", "--out=out", "--format=json"]);
    let output = test.args(arguments.iter().copied()).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    let code = output.status.code();
    let (mut images, mut rows) = (String::new(), String::new());
    if code == Some(0) {
        let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
        let names = |image: &Value| {
            let tags = image["tags"].as_array().unwrap().iter();
            tags.map(|tag| tag["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
        };
        let all = plan["images"].as_object().unwrap().iter();
        images = all.map(|(key, image)| format!("{key}: {}", names(image))).collect::<Vec<_>>().join(", ");
        let matrix = plan["jobs"].as_array().unwrap().iter();
        rows = matrix.map(|job| job["job"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ");
    }
    Told { code, images, rows, talk }
}

#[test]
fn a_git_tag_builds_nothing_of_other_images() {
    for attributes in [
        "version = \"{{ tag }}\"\n  tag_prefix = \"IMAGE/\"",
        "tags = [\"type=match,pattern=^IMAGE/v(.*)$,group=1\"]",
        "tags = [\"type=semver,pattern={{version}},match=^IMAGE/v(.*)$\"]",
        "tags = [{ pattern = \"{{ tag | replace('IMAGE/v', '') }}\", when = \"tag is startingwith('IMAGE/')\" }]",
        "version = { pattern = \"{{ tag[5:] }}\", when = \"tag[:3] == 'IMAGE'\" }",
    ] {
        let told = run(&two(attributes), &["--fact", API]);
        assert!(told.code == Some(0) && told.images.starts_with("api: 1.2.3"), "{attributes}: {}", told.talk);
        assert!(!told.images.contains("web"), "{attributes}: {}", told.images);
        assert_eq!(told.rows, "api-linux-amd64", "{attributes}");
        assert!(told.talk.contains("\"note\"") && told.talk.contains("`web`"), "{attributes}: {}", told.talk);
    }
    // What tells of the commit is a tag in each run.
    let told = run(
        &two("tags = [\"type=match,pattern=^IMAGE/v(.*)$,group=1\", \"type=sha\"]"),
        &["--fact", API, "--fact=commit=0123456789abcdef"],
    );
    assert_eq!(told.images, "api: 1.2.3 sha-0123456 latest, web: sha-0123456");
    assert_eq!(told.rows, "api-linux-amd64 web-linux-amd64");
}

#[test]
fn a_git_tag_is_of_the_image_with_the_longest_prefix() {
    let pair = |a: (&str, &str), b: (&str, &str)| {
        [a, b].map(|(name, prefix)| {
            let prefix = if prefix.is_empty() { String::new() } else { format!("  tag_prefix = \"{prefix}\"\n") };
            format!("target \"{name}\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"{name}\" {{\n  repositories = [\"r.io/x/{name}\"]\n  version = \"{{{{ tag }}}}\"\n{prefix}  tags = [\"{{{{ version }}}}\", \"{{{{ major }}}}\"]\n}}\n")
        })
        .concat()
    };
    for (short, long, tag) in [
        (("api", "{{ image }}-"), ("api-gateway", "{{ image }}-"), "api-gateway-1.2.0"),
        (("api", "api/"), ("api-web", "api/web/"), "api/web/v1.2.0"),
        (("a", ""), ("b", "b-"), "b-1.2.0"),
        (("v", "v"), ("v2", "v2-"), "v2-1.2.0"),
    ] {
        for file in [pair(short, long), pair(long, short)] {
            let told = run(&file, &["--fact", &format!("tag={tag}")]);
            assert_eq!(told.images, format!("{}: 1.2.0 1", long.0), "{tag}: {}", told.talk);
            assert!(told.talk.contains("of another image"), "{tag}: {}", told.talk);
        }
        // What is known of the one is not known of the other.
        let file = pair(short, long);
        let own = format!("{}1.1.0", short.1.replace("{{ image }}", short.0));
        let test = Test::new().file("docker-bake.hcl", &file).file("known", format!("{tag}\n"));
        let fact = format!("tag={own}");
        let output =
            test.args(["metadata", "--format=tags", "--known-versions=known", "--fact", &fact]).output();
        let tags = String::from_utf8(output.stdout).unwrap();
        assert_eq!(tags, format!("r.io/x/{0}:1.1.0\nr.io/x/{0}:1\n", short.0), "{tag}");
    }
    // A `v` is the version's, and not a prefix that another image has.
    let both = run(&pair(("a", "v"), ("b", "")), &["--fact=tag=v1.2.0"]);
    assert_eq!(both.images, "a: 1.2.0 1, b: 1.2.0 1", "{}", both.talk);
    // The cure goes on from the prefix that is there.
    let file = pair(("api", "{{ image }}"), ("web", "{{ image }}"));
    let told = run(&file, &["--fact=tag=api/1.2.0"]);
    assert!(told.code == Some(1) && told.talk.contains("tag_prefix = \\\"{{ image }}/\\\""), "{}", told.talk);
    // A word may be the end of a name, which others do not have.
    let told = run(&file, &["--fact=tag=api-gateway-1.2.0"]);
    assert!(told.talk.contains("tag_prefix = \\\"api-gateway-\\\""), "{}", told.talk);
    let cured =
        run(&pair(("api", "api-gateway-"), ("web", "{{ image }}")), &["--fact=tag=api-gateway-1.2.0"]);
    assert_eq!(cured.images, "api: 1.2.0 1");
    let cured = run(&pair(("api", "{{ image }}/"), ("web", "{{ image }}/")), &["--fact=tag=api/1.2.0"]);
    assert_eq!(cured.images, "api: 1.2.0 1");
}

#[test]
fn a_git_tag_that_publishes_nothing_fails() {
    for attributes in [
        "version = \"{{ tag }}\"\n  tag_prefix = \"IMAGE-\"",
        "tags = [\"type=match,pattern=^IMAGE-v(.*)$,group=1\"]",
        "tags = [\"type=ref,event=branch\", \"type=edge,branch=main\"]",
        "tags = [{ pattern = \"edge\", when = \"branch\" }]",
        "version = { pattern = \"1.2.3\", when = \"default_branch\" }",
    ] {
        let told = run(&two(attributes), &["--fact", API, "--fact=default_branch=main"]);
        assert_eq!(told.code, Some(1), "{attributes}: {}", told.talk);
        assert!(told.talk.contains("\"no-tag\"") && told.talk.contains("api/v1.2.3"), "{}", told.talk);
        // Nor is any other of the images there, when one is asked for.
        assert_eq!(
            run(&two(attributes), &["--fact", API, "--fact=default_branch=main", "web"]).code,
            Some(1)
        );
    }
    // One image is enough, and another one may be asked for.
    let attributes = two("version = \"{{ tag }}\"\n  tag_prefix = \"IMAGE/\"");
    let told = run(&attributes, &["--fact", API]);
    assert_eq!((told.code, told.images.as_str()), (Some(0), "api: 1.2.3 1.2 1 latest"));
}

#[test]
fn a_run_of_a_branch_may_publish_nothing() {
    for attributes in [
        "version = \"{{ tag }}\"",
        "tags = [\"type=ref,event=tag\"]",
        "tags = [\"type=semver,pattern={{version}}\"]",
        "tags = [{ pattern = \"{{ tag }}\", when = \"tag\" }]",
    ] {
        for fact in ["branch=main", "pull_request=7"] {
            let told = run(&two(attributes), &["--fact", fact]);
            assert_eq!((told.code, &*told.images, &*told.rows), (Some(0), "", ""), "{}", told.talk);
            assert!(told.talk.contains("\"no-tag\"") && !told.talk.contains("\"error\""), "{}", told.talk);
            // Without publishing, all are built, and nothing is said of tags.
            let told = run(&two(attributes), &["--fact", fact, "--publish=false"]);
            assert_eq!((told.code, &*told.images), (Some(0), "api: , web: "), "{}", told.talk);
            assert_eq!(told.rows, "api-linux-amd64 web-linux-amd64");
            for code in ["no-tag", "no-version"] {
                assert!(!told.talk.contains(code), "{}", told.talk);
            }
        }
    }
}

#[test]
fn a_run_that_only_builds_builds_all_images_of_any_git_tag() {
    for (attributes, tag) in [
        ("version = \"{{ tag }}\"\n  tag_prefix = \"IMAGE/\"", "docs/v1.0"),
        ("version = \"{{ tag }}\"\n  tag_prefix = \"IMAGE/\"", "api/v1.0.0"),
        ("version = \"{{ tag }}\"\n  tag_prefix = \"IMAGE-\"", "web-2.0.0"),
        ("version = \"{{ tag }}\"\n  tag_prefix = \"{{ image }}/\"", "v1.0.0"),
    ] {
        let fact = format!("tag={tag}");
        let told = run(&two(attributes), &["--fact", &fact, "--publish=false"]);
        assert_eq!(
            (told.code, &*told.rows),
            (Some(0), "api-linux-amd64 web-linux-amd64"),
            "{tag}: {}",
            told.talk
        );
        assert!(!told.talk.contains("other-version"), "{}", told.talk);
        // What is published is of the tag's own image.
        let told = run(&two(attributes), &["--fact", &fact]);
        assert!(told.rows != "api-linux-amd64 web-linux-amd64", "{tag}: {}", told.rows);
    }
}

/// A constant goes with the version: where a condition keeps that from a run, the note says so, and its cure works.
#[test]
fn constants_that_go_with_a_version_are_named() {
    let version = "version = { pattern = \"{{ tag }}\", when = \"tag\" }";
    for (tags, first, named) in [
        ("\"latest\", \"{{ version }}\"", "latest", "`latest`"),
        ("\"{{ version }}\", \"edge\", \"x-1\"", "edge", "`edge`, `x-1`"),
        ("\"{{ major }}\", \"stable\", { pattern = \"y\", when = \"tag\" }", "stable", "`stable`"),
    ] {
        let told = run(&two(&format!("{version}\n  tags = [{tags}]")), &["--fact=branch=main"]);
        assert_eq!((told.code, &*told.rows), (Some(0), ""), "{}", told.talk);
        let note = format!("tags without a condition go with it: {named}");
        assert!(told.talk.contains(&note), "{}", told.talk);
        let cure = ["branch", "tag"].map(|when| format!("{{ pattern = \"{first}\", when = \"{when}\" }}"));
        let mended = tags.replace(&format!("\"{first}\""), &cure.join(", "));
        let told = run(&two(&format!("{version}\n  tags = [{mended}]")), &["--fact=branch=main"]);
        assert!(told.images.contains(first), "{mended}: {} {}", told.images, told.talk);
    }
    // Nothing goes with it, or the run is of a git tag, or there is no condition.
    for (attributes, fact) in [
        (format!("{version}\n  tags = [\"{{{{ version }}}}\"]"), "--fact=branch=main"),
        (format!("{version}\n  tags = [{{ pattern = \"x\", when = \"tag\" }}]"), "--fact=branch=main"),
        (
            "version = { pattern = \"{{ tag }}\", when = \"tag is startingwith('v')\" }\n  tags = [\"latest\"]".to_owned(),
            "--fact=tag=docs-1",
        ),
    ] {
        let told = run(&two(&attributes), &[fact]);
        assert!(!told.talk.contains("go with it"), "{attributes}: {}", told.talk);
    }
}

#[test]
fn an_image_that_can_never_have_a_tag_is_a_mistake() {
    for attributes in [
        "tags = []",
        "tags = [\"\"]",
        "version = \"19beta3\"\n  tags = [\"{{ minor }}\"]",
        "version = \"1.2.3-rc.1\"\n  tags = [\"{{ major }}\", \"latest\"]",
        "version = \"1.2.3\"\n  tags = [{ pattern = \"{{ version }}\", when = \"prerelease\" }]",
        "version = \"1.2.3\"\n  withdrawn = [\"1.2.3\"]\n  tags = [\"{{ major }}\"]",
    ] {
        for arguments in [&["--fact=branch=main"][..], &["--fact=tag=v1"], &[]] {
            let told = run(&two(attributes), arguments);
            assert_eq!(told.code, Some(1), "{attributes}: {}", told.images);
            assert!(told.talk.contains("\"no-tag\"") && told.talk.contains("never"), "{}", told.talk);
        }
    }
    // What a variable has switched off may be on in the next run.
    for attributes in [
        "tags = { pattern = \"edge\", when = ON }\n  version = \"1.0\"",
        "tags = [{ pattern = \"edge\", when = ON }]",
        "version = { pattern = \"1.0\", when = ON }",
    ] {
        let file = two(attributes) + "variable \"ON\" {\n  default = false\n}\n";
        let told = run(&file, &["--fact=branch=main"]);
        assert_eq!((told.code, &*told.rows), (Some(0), ""), "{}", told.talk);
        assert!(told.talk.contains("has no tag in this run"), "{}", told.talk);
        let on = run(&file, &["--fact=branch=main", "--var", "ON=true"]);
        assert!(on.images.starts_with("api: "), "{}", on.talk);
    }
    // Another version may own its tags today, and not tomorrow.
    let older = "version = \"1.2.3\"\n  known_versions = [\"1.3.0\"]\n  tags = [\"{{ major }}\", \"latest\"]";
    let told = run(&two(older), &["--fact=branch=main"]);
    assert_eq!((told.code, &*told.rows), (Some(0), ""), "{}", told.talk);
    assert!(told.talk.contains("belong to greater versions"), "{}", told.talk);
}

#[test]
fn what_has_no_tag_may_be_linked_all_the_same() {
    let file = two("version = \"{{ tag }}\"\n  tag_prefix = \"IMAGE/\"")
        + "target \"api\" {\n  contexts = { web = \"target:web\" }\n}\n";
    let of_rules = two("tags = [\"type=match,pattern=^IMAGE/v(.*)$,group=1\"]")
        + "target \"api\" {\n  contexts = { web = \"target:web\" }\n}\n";
    for file in [file, of_rules] {
        let told = run(&file, &["--fact", API]);
        assert_eq!((told.code, &*told.rows), (Some(0), "api-linux-amd64"), "{}", told.talk);
        assert!(told.images.starts_with("api: ") && !told.images.contains("web"), "{}", told.images);
    }
}

fn one(attributes: &str) -> String {
    two(attributes).split("target \"web\"").next().unwrap().to_owned()
}

#[test]
fn a_branch_does_not_take_the_tag_of_a_version() {
    let entries = [
        "\"{{ branch | slug }}\"",
        "\"{{ branch | replace('/', '-') }}\"",
        "\"{{ ref[11:] }}\"",
        "\"type=ref,event=branch\"",
        "\"type=raw,value={{branch}}\"",
        "\"type=ref,event=branch,suffix=-alpine\"",
    ];
    for branch in ["latest", "1.2", "1", "v2", "24.04", "1.2.3", "2.0.0-rc.1", "1.2.3-r1"] {
        for (at, entry) in entries.iter().enumerate() {
            let version = ["", "version = \"1.2.3\"", "version = \"{{ tag }}\""][at % 3];
            let fact = format!("branch={branch}");
            let told = run(&one(&format!("tags = [{entry}]\n  {version}")), &["--fact", &fact]);
            let is_told = told.talk.contains("\"branch-collision\"") && told.talk.contains("any = true");
            assert!(told.code == Some(1) && is_told, "{branch} {entry} {version}: {}", told.talk);
            let any = format!("tags = [{{ pattern = {entry}, any = true }}]\n  {version}");
            let told = run(&one(&any), &["--fact", &fact]);
            assert!(told.code == Some(0) && told.images.contains(branch), "{any}: {}", told.talk);
        }
    }
    for branch in
        ["main", "release-1.2", "1.x", "12-test", "123-fix-login", "2.x-fix", "latest-fix", "v-next"]
    {
        for entry in entries {
            let told = run(&one(&format!("tags = [{entry}]")), &["--fact", &format!("branch={branch}")]);
            assert!(told.code == Some(0) && told.images.contains(branch), "{branch} {entry}: {}", told.talk);
        }
    }
    // What stands before it makes it another name, and what names the commit is one build's own.
    for entry in
        ["\"branch-{{ branch }}\"", "\"type=ref,event=branch,prefix=branch-\"", "\"{{ branch }}-{{ sha }}\""]
    {
        let told =
            run(&one(&format!("tags = [{entry}]")), &["--fact=branch=1.2", "--fact=commit=0123456789a"]);
        assert_eq!(told.code, Some(0), "{entry}: {}", told.talk);
    }
}

#[test]
fn a_branch_does_not_take_what_versions_are_called_like() {
    let versioned = "version = { pattern = \"{{ tag }}\", when = \"tag\" }\n  ";
    for (tags, branch, tag) in [
        ("\"{{ version }}-alpine\", \"{{ branch | slug }}-alpine\"", "1.2", "1.2-alpine"),
        ("\"{{ major }}.{{ minor }}-alpine\", \"{{ branch }}-alpine\"", "2.0.0-rc.1", "2.0.0-rc.1-alpine"),
        ("\"api-{{ major }}.{{ minor }}\", \"api-{{ branch | slug }}\"", "1.2", "api-1.2"),
        ("\"{{ version }}\", \"latest-alpine\", \"{{ branch }}-alpine\"", "latest", "latest-alpine"),
        ("{ pattern = \"edge\", when = \"default_branch\" }, \"{{ branch }}\"", "edge", "edge"),
        ("\"type=edge\", \"type=ref,event=branch\"", "edge", "edge"),
        ("\"type=schedule\", \"{{ branch }}\"", "nightly", "nightly"),
        (
            "\"type=semver,pattern={{version}},prefix=api-\", \"type=ref,event=branch,prefix=api-\"",
            "1.2",
            "api-1.2",
        ),
        // Those of commits, pull requests and days.
        ("\"sha-{{ sha }}\", \"{{ branch | slug }}\"", "sha-3643d7e", "sha-3643d7e"),
        ("{ pattern = \"pr-{{ pr }}\", when = \"pr\" }, \"{{ branch }}\"", "pr-5", "pr-5"),
        ("\"{{ date('%Y-%m-%d') }}\", \"{{ branch }}\"", "2026-01-02", "2026-01-02"),
        ("\"type=ref,event=pr\", \"type=ref,event=branch\"", "pr-5", "pr-5"),
        ("\"type=sha\", \"type=ref,event=branch\"", "sha-3643d7e", "sha-3643d7e"),
    ] {
        let facts = [
            "--fact",
            &format!("branch={branch}"),
            "--fact=default_branch=main",
            "--fact=commit=0123456789abcdef0123456789abcdef01234567",
            "--fact=commit_time=2026-03-04T05:06:07Z",
        ];
        let attributes = if tags.contains("type=semver") { "" } else { versioned };
        let file = one(&format!("{attributes}tags = [{tags}]"));
        let told = run(&file, &facts);
        let expected = format!("would take the tag `{tag}`, which is");
        let is_told = told.talk.contains("\"branch-collision\"") && told.talk.contains(&expected);
        assert!(told.code == Some(1) && is_told, "{tags}: {}", told.talk);
        let other = ["--fact=branch=feature-x", "--fact=default_branch=main"];
        let told = run(&file, &[&other[..], &facts[3..]].concat());
        assert_eq!(told.code, Some(0), "{tags}: {}", told.talk);
        // Where nothing is published, nothing is taken.
        assert_eq!(run(&file, &[&facts[..], &["--publish=false"]].concat()).code, Some(0), "{tags}");
    }
    let channel = one(&format!(
        "{versioned}channels = [\"stable\"]\n  tags = [\"{{{{ version }}}}\", \"{{{{ branch }}}}\"]"
    ));
    assert!(run(&channel, &["--fact=branch=stable"]).talk.contains("which is another pattern's"));
    // A constant that this run has is no other run's.
    for tags in [
        "\"edge\", \"{{ branch }}\"",
        "{ pattern = \"edge\", when = \"default_branch\" }, \"{{ branch }}\"",
        "\"type=edge\", \"type=ref,event=branch\"",
    ] {
        let told =
            run(&one(&format!("tags = [{tags}]")), &["--fact=branch=edge", "--fact=default_branch=edge"]);
        assert_eq!((told.code, told.images.as_str()), (Some(0), "api: edge"), "{tags}: {}", told.talk);
    }
}

#[test]
fn the_cure_of_a_collision_is_made_of_the_pattern() {
    for (tags, facts, before, any) in [
        (
            "{ pattern = \"{{ branch | slug }}\", when = \"branch\" }",
            "branch=1.2",
            "branch-{{ branch | slug }}",
            "{ pattern = \"{{ branch | slug }}\", when = \"branch\", any = true }",
        ),
        ("\"{{ pr }}\"", "pull_request=7", "pr-{{ pr }}", "{ pattern = \"{{ pr }}\", any = true }"),
        (
            "\"{{ head_branch }}\"",
            "pull_request=7",
            "pr-{{ head_branch }}",
            "{ pattern = \"{{ head_branch }}\", any = true }",
        ),
        (
            "\"type=ref,event=pr,prefix=\"",
            "pull_request=7",
            "prefix=pr-",
            "{ pattern = \"type=ref,event=pr,prefix=\", any = true }",
        ),
        (
            "\"type=raw,value={{branch}}\"",
            "branch=1.2",
            "prefix=branch-",
            "{ pattern = \"type=raw,value={{branch}}\", any = true }",
        ),
    ] {
        let facts = ["--fact", facts, "--fact=head_branch=1.2"];
        let file = one(&format!("tags = [{tags}]"));
        let output =
            Test::new().file("docker-bake.hcl", &file).args([&["plan"][..], &facts].concat()).output();
        let talk = String::from_utf8(output.stderr).unwrap();
        let cure = format!("put something before it, such as `{before}`, or allow it: `{any}`");
        assert!(talk.contains(&cure), "{tags}: {talk}");
        let entry = if before.starts_with("prefix=") {
            format!("{},{before}\"", tags.trim_end_matches('"').trim_end_matches(",prefix="))
        } else {
            format!("\"{before}\"")
        };
        for cured in [any.to_owned(), entry] {
            let told = run(&one(&format!("tags = [{cured}]")), &facts);
            assert_eq!(told.code, Some(0), "{cured}: {}", told.talk);
        }
    }
}

#[test]
fn a_check_of_a_pull_request_needs_no_tag() {
    for tags in
        ["\"{{ branch | slug }}\"", "\"{{ head_branch }}\", \"pr-{{ pr }}\"", "\"{{ pr }}\"", "\"{{ tag }}\""]
    {
        let arguments = [
            "--fact=event=pull_request",
            "--fact=pull_request=7",
            "--fact=head_branch=1.2",
            "--publish=false",
        ];
        let told = run(&one(&format!("tags = [{tags}]")), &arguments);
        assert_eq!((told.code, told.rows.as_str()), (Some(0), "api-linux-amd64"), "{tags}: {}", told.talk);
    }
}

#[test]
fn a_pull_request_does_not_take_the_tag_of_a_version() {
    for entry in ["\"{{ pr }}\"", "\"v{{ pr }}\"", "\"{{ head_branch }}\"", "\"type=ref,event=pr,prefix=\""] {
        let arguments = ["--fact=pull_request=7", "--fact=head_branch=1.2"];
        let told = run(&one(&format!("tags = [{entry}]")), &arguments);
        assert!(told.code == Some(1) && told.talk.contains("\"branch-collision\""), "{entry}: {}", told.talk);
        let any = format!("tags = [{{ pattern = {entry}, any = true }}]");
        assert_eq!(run(&one(&any), &arguments).code, Some(0), "{entry}");
    }
    let told =
        run(&one("tags = [\"pr-{{ pr }}\", \"type=ref,event=pr,prefix=mr-\"]"), &["--fact=pull_request=7"]);
    assert_eq!(told.images, "api: mr-7 pr-7");
}

#[test]
fn an_image_may_say_what_it_is_called() {
    let targets = |names: &[&str]| -> String {
        names
            .iter()
            .map(|name| format!("target \"{name}\" {{\n  platforms = [\"linux/amd64\"]\n}}\n"))
            .collect()
    };
    let readme = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/tags.md"),
    );
    let readme = readme.unwrap().replace("\r\n", "\n");
    let section = readme.split("## One block for many images").nth(1).unwrap();
    let example = section.split("```hcl").nth(1).unwrap().split("```").next().unwrap();
    let file = targets(&["api", "web"]) + example;
    let told = run(&file, &["--fact=tag=api/v1.2.3"]);
    assert_eq!(told.images, "api: 1.2.3 1.2 1 latest", "{}", told.talk);
    assert_eq!(run(&file, &["--fact=tag=web/v2.0"]).images, "web: 2.0 2 latest");

    let tags = |file: &str, arguments: &[&str]| {
        let test = Test::new().file("docker-bake.hcl", file).args(["metadata", "--format=tags"]);
        let output = test.args(arguments.iter().copied()).output();
        let text = [output.stdout, output.stderr].concat();
        String::from_utf8(text).unwrap().lines().collect::<Vec<_>>().join(" ")
    };
    let matrix = "target \"py\" {\n  name = \"py-${v}\"\n  matrix = { v = [\"3\", \"4\"] }\n  platforms = [\"linux/amd64\"]\n}\n";
    let block = "image \"py\" {\n  repositories = [\"r.io/{{ image }}/{{ key }}\"]\n  tags = [\"{{ key | upper }}-{{ image }}\"]\n}\n";
    assert_eq!(tags(&(matrix.to_owned() + block), &[]), "r.io/py/py-3:PY-3-py r.io/py/py-4:PY-4-py");
    let when = "image {\n  repositories = [\"r.io/x/{{ image }}\"]\n  tags = [\"a\", { pattern = \"b\", when = \"image == 'web'\" }]\n}\nimage \"api\" {}\nimage \"web\" {}\n";
    assert_eq!(tags(&(targets(&["api", "web"]) + when), &[]), "r.io/x/api:a r.io/x/web:a r.io/x/web:b");
    let version = "image {\n  repositories = [\"r.io/x/{{ image }}\"]\n  version = \"{{ tag | replace(image ~ '-', '') }}\"\n  tags = [\"{{ version }}\"]\n}\nimage \"api\" {}\n";
    assert_eq!(tags(&(targets(&["api"]) + version), &["--fact=tag=api-1.2.3"]), "r.io/x/api:1.2.3");

    for (repository, expected) in [
        ("r.io/{{ branch }}", "error[repository]: the pattern uses `branch`"),
        ("r.io/{{ tag | default('x') }}", "error[repository]: the pattern uses `tag`"),
        ("r.io/{{ version }}", "error[repository]: the pattern uses `version`"),
        ("r.io/{{ imgae }}", "did you mean `image`?"),
        ("r.io/x/{{ image | upper }}", "`r.io/x/API` is not a valid repository"),
    ] {
        let file = format!(
            "{}image \"api\" {{\n  repositories = [\"{repository}\"]\n  tags = [\"1\"]\n}}\n",
            targets(&["api"])
        );
        let told = tags(&file, &["--fact=branch=main"]);
        assert!(told.contains(expected), "{repository}: {told}");
    }
}

/// Of an image whose rules and conditions hold in no run, nobody would ever hear again.
#[test]
fn an_image_that_can_never_have_a_tag_is_an_error() {
    for tags in [
        "\"type=semver,pattern={{version}},enable=false\"",
        "\"type=raw,value=x,enable=false\", \"type=sha,enable=false\"",
        "\"type=semver,pattern={{version}},value=abc\"",
        "\"type=match,pattern=v(.*),value=abc,group=1\"",
        "{ pattern = \"x\", when = \"false\" }",
        "{ pattern = \"x\", when = false }, { pattern = \"y\", when = \"not true\" }",
        "{ pattern = \"x\", when = \"tag and branch\" }",
        "{ pattern = \"type=sha\", when = \"pr and branch\" }",
        "{ pattern = \"{{ tag }}\", when = \"default_branch and tag\" }",
    ] {
        let told = run(
            &two(&format!("tags = [{tags}]")),
            &["--fact", "branch=main", "--fact", "event=push", "--fact", "default_branch=main"],
        );
        assert!(told.talk.contains("image `api` can never have a tag"), "{tags}: {}", told.talk);
        assert_eq!(told.code, Some(1), "{tags}: {}", told.talk);
    }
    for tags in [
        "\"type=semver,pattern={{version}}\"",
        "\"type=ref,event=tag\"",
        "{ pattern = \"x\", when = \"tag\" }",
        "{ pattern = \"x\", when = \"not branch\" }",
        "{ pattern = \"x\", when = ON }",
        "{ pattern = \"x\", when = \"${ON}\" }",
    ] {
        let file = format!("variable \"ON\" {{ default = \"false\" }}\n{}", two(&format!("tags = [{tags}]")));
        let told = run(&file, &["--fact", "branch=main", "--fact", "event=push"]);
        assert_eq!(told.code, Some(0), "{tags}: {}", told.talk);
        assert!(told.talk.contains("image `api` has no tag in this run"), "{tags}: {}", told.talk);
    }
}

#[test]
fn images_of_other_versions_are_one_note() {
    let targets: String = (0..8)
        .map(|n| format!("target \"a{n}\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"a{n}\" {{}}\n"))
        .collect();
    let block = "image {\n  repositories = [\"r.io/x/{{ image }}\"]\n  version = \"{{ tag }}\"\n  tag_prefix = \"{{ image }}/\"\n}\n";
    let told = run(&format!("{targets}{block}"), &["--fact=tag=a3/1.0.0"]);
    assert_eq!(told.images, "a3: 1.0.0 1.0 1 latest", "{}", told.talk);
    assert_eq!(told.talk.matches("other-version").count(), 1, "{}", told.talk);
    assert!(
        told.talk.contains("images `a0`, `a1`, `a2`, `a4`, `a5` and 2 more are left out"),
        "{}",
        told.talk
    );
    // Prefixes of their own are places of their own.
    let own = targets.replace("\" {}", "\" {\n  version = \"{{ tag }}\"\n  repositories = [\"r.io/x/{{ image }}\"]\n  tag_prefix = \"{{ image }}/\"\n}");
    let told = run(&own, &["--fact=tag=a3/1.0.0"]);
    assert_eq!(told.talk.matches("other-version").count(), 7, "{}", told.talk);
}

#[test]
fn a_version_with_a_condition_is_missed_by_nobody() {
    for (version, notes) in [
        ("\"{{ tag }}\"", 2),
        ("{ pattern = \"{{ tag }}\", when = \"tag\" }", 0),
        ("{ pattern = \"{{ tag }}\", when = \"event == 'push' and tag\" }", 0),
    ] {
        let file = two(&format!(
            "version = {version}\n  tags = [\"{{{{ version }}}}\", {{ pattern = \"edge\", when = \"branch\" }}]"
        ));
        let told = run(&file, &["--fact=branch=main", "--fact=event=push"]);
        assert_eq!(told.images, "api: edge, web: edge", "{}", told.talk);
        assert_eq!(told.talk.matches("\"no-version\"").count(), notes, "{}", told.talk);
        assert_eq!(told.talk.contains("version = { pattern = "), notes > 0, "{}", told.talk);
    }
}

/// A run gives the tags that it has the facts for, and says which it does not.
#[test]
fn a_pattern_for_other_refs_gives_no_tag_and_is_said() {
    let release = ["tag=v1.2.3", "ref=refs/tags/v1.2.3"];
    let branch = ["branch=main", "ref=refs/heads/main"];
    for (tags, [fact, git_ref], given, left) in [
        (r#"["edge", "{{ branch }}"]"#, release, "edge", "`{{ branch }}`"),
        (r#"["edge", "{{ branch }}", "x-{{ pr }}"]"#, release, "edge", "`{{ branch }}`, `x-{{ pr }}`"),
        (r#"["edge", "{{ tag }}"]"#, branch, "edge", "`{{ tag }}`"),
        (r#"["pr-{{ pr }}", "{{ branch }}"]"#, branch, "main", "`pr-{{ pr }}`"),
        (r#"["{{ branch }}", "edge"]"#, branch, "main edge", ""),
        (r#"["edge", { pattern = "{{ branch }}", when = "branch" }]"#, release, "edge", ""),
        (r#"["edge", "{{ branch | default('none') }}"]"#, release, "edge none", ""),
    ] {
        let told = run(&one(&format!("tags = {tags}")), &["--fact", fact, "--fact", git_ref]);
        assert_eq!((told.code, told.images), (Some(0), format!("api: {given}")), "{tags}: {}", told.talk);
        let at = git_ref.trim_start_matches("ref=");
        let said = format!("which need what a run of `{at}` does not have: {left}");
        assert_eq!(told.talk.contains(&said), !left.is_empty(), "{tags}: {}", told.talk);
        assert_eq!(told.talk.contains("does not have"), !left.is_empty(), "{tags}: {}", told.talk);
    }
    // Nothing is left of a git tag, which is there to publish something.
    let told = run(&one(r#"tags = ["{{ branch }}"]"#), &["--fact", release[0], "--fact", release[1]]);
    assert!(told.code == Some(1) && told.talk.contains("no image has a tag in this run"), "{}", told.talk);
    // What git could tell is missing.
    let spec = one(r#"tags = ["edge", "{{ sha }}"]"#);
    let told = run(&spec, &["--fact", release[0], "--fact", release[1]]);
    assert!(told.code == Some(1) && told.talk.contains("tag-pattern"), "{}", told.talk);
}

#[test]
fn conditions_and_patterns_that_need_other_runs_are_an_error() {
    let runs = ["branch=main", "pull_request=7", "tag=v1.2.3"];
    for attributes in [
        "version = { pattern = \"{{ tag }}\", when = \"branch\" }",
        "version = { pattern = \"{{ branch }}\", when = \"tag\" }",
        "version = \"{{ tag }}\"\n  tags = [{ pattern = \"{{ version }}\", when = \"branch\" }]",
        "version = { pattern = \"{{ tag }}\", when = \"branch\" }\n  tags = [\"{{ version }}\", \"latest\"]",
        "version = { pattern = \"{{ tag }}\", when = \"tag\" }\n  tags = [{ pattern = \"{{ version }}\", when = \"pr\" }]",
        "tags = [{ pattern = \"{{ tag }}\", when = \"not tag\" }, { pattern = \"{{ pr }}\", when = \"branch\" }]",
    ] {
        for fact in runs {
            let told = run(&one(attributes), &["--fact", fact, "--fact=default_branch=main"]);
            let is_told = told.talk.contains("can never have a tag") && told.talk.contains("no run fulfils");
            assert_eq!(told.code, Some(1), "{attributes} {fact}: {}", told.talk);
            assert!(is_told || told.talk.contains("tag-pattern"), "{attributes} {fact}: {}", told.talk);
        }
    }
    for attributes in [
        "version = { pattern = \"{{ tag }}\", when = \"tag\" }",
        "version = { pattern = \"{{ tag }}\", when = \"event == 'release'\" }",
        "version = \"{{ tag }}\"\n  tags = [{ pattern = \"edge\", when = \"pr\" }]",
        "version = \"{{ tag }}\"\n  tags = [{ pattern = \"version-{{ pr }}\", when = \"pr\" }]",
        "tags = [{ pattern = \"{{ head_branch | slug }}\", when = \"pr\" }]",
    ] {
        let told =
            run(&one(attributes), &["--fact=branch=main", "--fact=default_branch=main", "--fact=event=push"]);
        assert_eq!(told.code, Some(0), "{attributes}: {}", told.talk);
    }
}

/// `tag_prefix` says which git tags are an image's own, also where it has no version.
#[test]
fn a_git_tag_of_another_image_is_not_for_one_without_a_version() {
    let file = |tags: &str| {
        let image = |name: &str| {
            format!(
                "target \"{name}\" {{}}\nimage \"{name}\" {{\n  repositories = [\"r.io/x/{name}\"]\n  tag_prefix = \"{name}-v\"\n  tags = {tags}\n}}\n"
            )
        };
        format!("group \"default\" {{\n  targets = [\"api\", \"web\"]\n}}\n{}{}", image("api"), image("web"))
    };
    for tags in ["[\"{{ tag }}\", \"latest\"]", "[\"type=ref,event=tag\"]", "[\"latest\"]"] {
        let published = |fact: &str| {
            let test = Test::new().file("docker-bake.hcl", file(tags));
            let output = test.args(["metadata", "--format=tags", "--fact", fact]).output();
            let talk = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.success(), "{tags} {fact}: {talk}");
            (String::from_utf8(output.stdout).unwrap(), talk)
        };
        let (found, talk) = published("tag=api-v1.2.3");
        assert!(found.contains("r.io/x/api:") && !found.contains("r.io/x/web:"), "{tags}: {found}");
        assert!(talk.contains("note[other-version]: image `web` is left out"), "{tags}: {talk}");
    }
    let (tags, _) = {
        let test = Test::new().file("docker-bake.hcl", file("[\"latest\"]"));
        let output = test.args(["metadata", "--format=tags", "--fact", "branch=main"]).output();
        (String::from_utf8(output.stdout).unwrap(), output.status)
    };
    assert!(tags.contains("r.io/x/api:latest") && tags.contains("r.io/x/web:latest"), "{tags}");
}

/// A merge queue and a branch that is only built have names that no tag can have.
#[test]
fn a_run_that_publishes_nothing_needs_no_valid_tag() {
    let queue = "branch=gh-readonly-queue/main/pr-1-abc";
    let long = format!("branch={}", "b".repeat(129));
    for (tags, fact) in [
        (r#"tags = ["edge", "{{ branch }}"]"#, queue),
        (r#"tags = ["edge", { pattern = "{{ branch }}", when = "branch" }]"#, queue),
        (r#"tags = ["edge", "x-{{ branch }}"]"#, "branch=feature/x"),
        (r#"tags = ["edge", "{{ branch }}"]"#, &long),
        (r#"tags = ["edge", "{{ ref }}"]"#, "ref=refs/heads/a"),
    ] {
        let told = run(&two(tags), &["--fact", fact, "--publish=false"]);
        assert!(told.code == Some(0) && !told.talk.contains("error"), "{tags} {fact}: {}", told.talk);
        assert_eq!(
            (told.images.as_str(), told.rows.as_str()),
            ("api: edge, web: edge", "api-linux-amd64 web-linux-amd64"),
            "{tags} {fact}"
        );
        let told = run(&two(tags), &["--fact", fact]);
        assert!(
            told.code == Some(1) && told.talk.contains("is not a valid tag"),
            "{tags} {fact}: {}",
            told.talk
        );
    }
    // Nor a valid version.
    for (version, fact) in [
        (r#"version = "1.0.0-{{ branch }}""#, queue),
        (r#"version = "1.0.0-{{ branch }}""#, "branch=feature/\u{e9}"),
        (r#"version = "{{ branch }}""#, "branch=main"),
        (r#"version = "2.{{ branch }}""#, "branch=a/b"),
    ] {
        let spec = two(&format!("{version}\n  tags = [\"{{{{ version }}}}\", \"edge\"]"));
        let told = run(&spec, &["--fact", fact, "--publish=false"]);
        assert!(told.code == Some(0) && !told.talk.contains("error"), "{version} {fact}: {}", told.talk);
        assert_eq!(told.rows, "api-linux-amd64 web-linux-amd64", "{version} {fact}");
        let told = run(&spec, &["--fact", fact]);
        assert!(
            told.code == Some(1) && told.talk.contains("is not a version"),
            "{version} {fact}: {}",
            told.talk
        );
    }
    // Nor valid names of any kind.
    for names in [
        r#"tags = ["{{ version }}"]
  channels = ["{{ branch }}"]"#,
        r#"tags = ["{{ version }}", "{{ version }}-{{ branch }}"]"#,
        r#"tags = ["{{ version }}"]
  prerelease_tags = ["{{ branch }}"]"#,
        r#"tags = ["{{ version }}", "{{ major }}-{{ branch }}"]"#,
    ] {
        let spec = two(&format!("version = \"1.0.0-rc.1\"\n  {names}"));
        let told = run(&spec, &["--fact", queue, "--publish=false"]);
        assert!(told.code == Some(0) && !told.talk.contains("error"), "{names}: {}", told.talk);
        assert_eq!(told.images, "api: 1.0.0-rc.1, web: 1.0.0-rc.1", "{names}");
        let told = run(&spec, &["--fact", queue]);
        assert!(told.code == Some(1) && told.talk.contains("is not a valid tag"), "{names}: {}", told.talk);
        let told =
            run(&two("version = \"1.0.0\"\n  channels = [\"a b\"]"), &["--fact", queue, "--publish=false"]);
        assert!(told.code == Some(1) && told.talk.contains("is not a valid tag"), "{names}: {}", told.talk);
    }
    // One that stands in the file, or is a git tag, is an error in each run.
    for (version, fact) in [(r#"version = "1.0/0""#, queue), (r#"version = "{{ tag }}""#, "tag=oops")] {
        let spec = two(&format!("{version}\n  tags = [\"{{{{ version }}}}\", \"edge\"]"));
        let told = run(&spec, &["--fact", fact, "--publish=false"]);
        assert!(told.code == Some(1) && told.talk.contains("is not a version"), "{version}: {}", told.talk);
    }
    // What can be no tag in any run is an error in each.
    let told = run(&two(r#"tags = ["a b"]"#), &["--fact", queue, "--publish=false"]);
    assert!(told.code == Some(1) && told.talk.contains("is not a valid tag"), "{}", told.talk);
}
