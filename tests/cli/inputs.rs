//! The hash of what a build reads: whatever makes another image makes another hash, or none.

use std::fs;
use std::path::Path;

use crate::choice::{built, commit, hashes, plan_in, published_at};
use crate::support::{Test, git};

/// A repository with one image, which copies `a`.
fn repository() -> Test {
    published_at("ghcr.io")
}

/// The same with another Dockerfile, of which no build sees `.git`.
fn with_dockerfile(text: &str) -> Test {
    let test = repository().file("Dockerfile", text).file(".dockerignore", "**/.git\n");
    commit(test.folder(), "Dockerfile");
    test
}

/// The inputs of the image as they are in the plan.
#[track_caller]
fn inputs(folder: &Path) -> String {
    inputs_with(folder, &[], &[])
}

#[track_caller]
fn inputs_with(folder: &Path, options: &[&str], env: &[(&str, &str)]) -> String {
    let all = hashes(&plan_in(folder, &[&["--inputs"], options].concat(), env));
    let [one] = all.as_slice() else { panic!("{all:?}") };
    one.clone()
}

#[track_caller]
fn expect_known(inputs: &str) {
    assert!(inputs.starts_with("{\"hash\":\""), "{inputs}");
}

#[track_caller]
fn expect_unknown(inputs: &str, why: &str) {
    assert!(inputs.starts_with("{\"unknown\":\"") && inputs.contains(why), "{inputs} lacks {why}");
}

fn write(folder: &Path, path: &str, text: &str) {
    fs::write(folder.join(path), text).unwrap();
}

/// What is built from a linked target does not depend on whether the same run publishes that one, and how.
#[test]
fn a_linked_target_counts_by_its_content() {
    let base = "target \"base\" {\n  context = \"base\"\n  platforms = [\"linux/amd64\"]\n}\n";
    let app =
        "target \"app\" {\n  contexts = { base = \"target:base\" }\n  platforms = [\"linux/amd64\"]\n}\n";
    let images = "image {\n  repositories = [\"ghcr.io/acme/{{ image }}\"]\n  tags = [\"edge\"]\n  oci_labels = true\n}\nimage \"base\" {}\nimage \"app\" {}\n";
    let test = Test::new()
        .file("docker-bake.hcl", format!("{base}{app}{images}"))
        .file("base/Dockerfile", "FROM scratch\nCOPY f /\n")
        .file("base/f", "f\n")
        .file("Dockerfile", "FROM base\nCOPY base/Dockerfile /\n");
    git(test.folder(), &["init", "-q", "-b", "main"]);
    commit(test.folder(), "first");
    let of_app = |options: &[&str]| {
        let plan = plan_in(test.folder(), &[&["--inputs"], options].concat(), &[]);
        plan["images"]["app"]["builds"]["app-linux-amd64"]["inputs"].to_string()
    };
    let first = of_app(&[]);
    expect_known(&first);
    for options in [
        &["app"][..],
        &["base", "app"],
        &["--set", "base.output=type=image,push=true,compression=zstd"],
        &["--set", "base.attest=type=sbom"],
        &["--set", "base.annotations=a=b"],
        &["--set", "base.cache-to=type=inline"],
        &["app", "--publish=false"],
    ] {
        assert_eq!(of_app(options), first, "{options:?}");
    }
    for options in [
        &["--set", "base.labels.a=b"][..],
        &["--set", "base.args.a=b"],
        &["--set", "base.target=x"],
        &["--set", "app.attest=type=sbom"],
    ] {
        assert_ne!(of_app(options), first, "{options:?}");
    }
    write(test.folder(), "base/f", "other\n");
    assert_ne!(of_app(&[]), first);
    assert_eq!(of_app(&["app"]), of_app(&[]));
}

#[test]
fn an_ignore_file_counts_though_nobody_committed_it() {
    for name in [".dockerignore", "Dockerfile.dockerignore"] {
        for ignored in ["", "*.dockerignore\n"] {
            let test = repository().file(".gitignore", ignored);
            commit(test.folder(), "ignored");
            let before = inputs(test.folder());
            expect_known(&before);
            // It is not beside this Dockerfile.
            write(test.folder(), "other.dockerignore", "a\n");
            assert_eq!(inputs(test.folder()), before);
            write(test.folder(), name, "a\n");
            expect_unknown(&inputs(test.folder()), &format!("`{name}`, which git does not track"));
            git(test.folder(), &["add", "-f", name]);
            commit(test.folder(), "tracked");
            expect_known(&inputs(test.folder()));
            assert_ne!(inputs(test.folder()), before);
        }
    }
    // That of a named context, through a link.
    let test = repository().file("real/f", "f\n").file("Dockerfile", "FROM scratch\nCOPY --from=lib f /f\n");
    let definition = fs::read_to_string(test.folder().join("docker-bake.hcl")).unwrap();
    let named = definition.replacen("  platforms", "  contexts  = { lib = \"lib\" }\n  platforms", 1);
    write(test.folder(), "docker-bake.hcl", &named);
    write(test.folder(), ".gitignore", ".dockerignore\n");
    #[cfg(unix)]
    std::os::unix::fs::symlink("real", test.folder().join("lib")).unwrap();
    #[cfg(not(unix))]
    return;
    commit(test.folder(), "named");
    expect_known(&inputs(test.folder()));
    write(test.folder(), "real/.dockerignore", "f\n");
    expect_unknown(&inputs(test.folder()), "`real/.dockerignore`");
}

#[test]
fn a_dockerfile_in_lower_case_is_found() {
    let test = repository();
    git(test.folder(), &["mv", "Dockerfile", "dockerfile"]);
    commit(test.folder(), "lower case");
    expect_known(&inputs(test.folder()));
    write(test.folder(), "Dockerfile", "FROM scratch\n");
    expect_unknown(&inputs(test.folder()), "`Dockerfile`, which git does not track");
}

#[test]
fn what_may_be_downloaded_is_unknown() {
    for (text, why) in [
        (
            "FROM scratch\nARG BUILDPLATFORM\nADD ${BUILDPLATFORM:+http://x.example/}x /\n",
            "line 3: the value of",
        ),
        ("FROM scratch\nARG BUILDARCH\nADD git://x.example/x#$BUILDARCH /\n", "line 3: the value of"),
        ("FROM scratch\nARG BUILDARCH\nADD git@x.example:x/y.git#$BUILDARCH /\n", "line 3: the value of"),
        ("FROM x.example/base:1\nADD $U /x\n", "line 2: the value of"),
        // Without a value, it is no checksum.
        (
            "FROM scratch\nADD --checksum= http://x.example/x /\n",
            "line 2: `http://x.example/x` is downloaded",
        ),
        (
            "FROM scratch\nARG SUM\nADD --checksum=$SUM http://x.example/x /\n",
            "line 3: `http://x.example/x` is downloaded",
        ),
        ("FROM scratch\nADD https://x.example/r.git?checksum= /\n", "does not name a commit"),
        ("FROM scratch\nADD https://x.example/r.git?commit=&ref=v1 /\n", "does not name a commit"),
        ("FROM x.example/base:1\nADD a-${U}/x /x\n", "line 2: the value of"),
        ("# syntax=x.example/front:1\nFROM scratch\nCOPY a /\n", "is not docker/dockerfile"),
        (
            "FROM scratch AS u\nRUN --mount='type=cache,\"target=/x\"' true\nFROM scratch\nADD http://x.example/x /\n",
            "the Dockerfile cannot be read: line 2",
        ),
    ] {
        expect_unknown(&inputs(with_dockerfile(text).folder()), why);
    }
    for text in [
        "FROM scratch\nARG BUILDARCH\nADD d/$BUILDARCH /\n",
        "FROM scratch\nARG BUILDARCH\nADD ./$BUILDARCH /\n",
        "FROM scratch\nARG BUILDARCH\nCOPY $BUILDARCH /\n",
        "FROM x.example/base:1\nCOPY $U /x\n",
    ] {
        expect_known(&inputs(with_dockerfile(text).folder()));
    }
}

/// What is fetched may be something else each time, unless Git says that it is a commit; and what a Dockerfile downloads that
/// comes from there is not known.
#[test]
fn what_is_fetched_in_the_place_of_a_context_is_unknown() {
    let hash = "0123456789".repeat(4);
    let with = |attributes: &str| {
        let test = repository();
        let definition = fs::read_to_string(test.folder().join("docker-bake.hcl")).unwrap();
        let own = definition.replacen("  platforms", &format!("  {attributes}\n  platforms"), 1);
        write(test.folder(), "docker-bake.hcl", &own);
        commit(test.folder(), "context");
        test
    };
    let here = "dockerfile = \"cwd://Dockerfile\"";
    for (context, why) in [
        (format!("http://x.example/c.tar#{hash}"), "is fetched"),
        ("https://x.example/r.git#main".to_owned(), "is fetched"),
    ] {
        expect_unknown(&inputs(with(&format!("context = \"{context}\"\n  {here}")).folder()), why);
        let named = format!("contexts = {{ c = \"{context}\" }}");
        expect_unknown(&inputs(with(&named).folder()), why);
    }
    let context = format!("context = \"https://x.example/r.git#{hash}\"");
    expect_unknown(&inputs(with(&context).folder()), "the Dockerfile `Dockerfile` is not here");
    expect_known(&inputs(with(&format!("contexts = {{ c = \"https://x.example/r.git#{hash}\" }}")).folder()));
    // One of this machine counts as it is.
    let test = with(&format!("{context}\n  {here}"));
    let before = inputs(test.folder());
    expect_known(&before);
    write(test.folder(), "Dockerfile", "FROM scratch\nCOPY b /b\n");
    let after = inputs(test.folder());
    expect_known(&after);
    assert_ne!(after, before);
    write(test.folder(), "Dockerfile", "FROM scratch\nADD http://x.example/x /\n");
    expect_unknown(&inputs(test.folder()), "is downloaded");
    expect_known(&inputs(with(here).folder()));
}

#[test]
fn a_cache_in_the_image_counts() {
    let test = repository();
    let plain = inputs(test.folder());
    let definition = fs::read_to_string(test.folder().join("docker-bake.hcl")).unwrap();
    let with = |cache: &str| {
        let own =
            definition.replacen("  platforms", &format!("  cache-to = [\"type={cache}\"]\n  platforms"), 1);
        write(test.folder(), "docker-bake.hcl", &own);
        inputs(test.folder())
    };
    assert_eq!(with("gha"), plain);
    assert_ne!(with("inline"), plain);
    expect_known(&with("inline"));
}

#[test]
fn what_git_converts_counts_as_it_is_checked_out() {
    let test = repository();
    let folder = test.folder();
    let plain = inputs(folder);
    let checked_out = || {
        fs::remove_file(folder.join("a")).unwrap();
        git(folder, &["checkout", "-q", "a"]);
        inputs(folder)
    };
    git(folder, &["config", "core.autocrlf", "true"]);
    let with_returns = checked_out();
    expect_known(&with_returns);
    assert_ne!(with_returns, plain);
    git(folder, &["config", "core.autocrlf", "false"]);
    assert_eq!(checked_out(), plain);
    write(folder, ".git/info/attributes", "* text eol=crlf\n");
    assert_eq!(checked_out(), with_returns);
    // As commits, both are the same.
    assert_eq!(built(&plan_in(folder, &["--changed-since", "HEAD"], &[])), [""; 0]);
}

#[test]
fn a_filtered_file_counts_as_it_is_checked_out_whatever_git_says_of_it() {
    let test = repository().file(".gitattributes", "a filter=lfs\n").file("a", "pointer\n");
    let folder = test.folder();
    commit(folder, "pointer");
    let pointer = inputs(folder);
    expect_known(&pointer);
    git(folder, &["config", "filter.lfs.clean", "sed s/content/pointer/"]);
    git(folder, &["config", "filter.lfs.smudge", "sed s/pointer/content/"]);
    fs::remove_file(folder.join("a")).unwrap();
    git(folder, &["checkout", "-q", "a"]);
    assert_eq!(fs::read_to_string(folder.join("a")).unwrap(), "content\n");
    let content = inputs(folder);
    expect_known(&content);
    assert_ne!(content, pointer);
    // Once git knows that it is as committed, it does not look any more.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    git(folder, &["status", "--short"]);
    assert_eq!(inputs(folder), content);
}

#[cfg(unix)]
#[test]
fn permissions_count_as_a_build_copies_them() {
    use std::os::unix::fs::PermissionsExt;
    let test = repository();
    let folder = test.folder();
    let set = |mode: u32| {
        fs::set_permissions(folder.join("a"), fs::Permissions::from_mode(mode)).unwrap();
        let now = inputs(folder);
        expect_known(&now);
        now
    };
    let mut all = vec![set(0o644), set(0o600), set(0o664), set(0o755), set(0o700)];
    git(folder, &["config", "core.fileMode", "false"]);
    assert_eq!(set(0o755), all[3]);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 5);
}

#[test]
fn submodules_count_as_they_are_checked_out() {
    let outer = Test::new().file("f", "1\n");
    git(outer.folder(), &["init", "-q", "-b", "main"]);
    commit(outer.folder(), "library");
    let test = with_dockerfile("FROM scratch\nCOPY m/f /\n");
    let folder = test.folder();
    let url = outer.folder().to_str().unwrap();
    git(folder, &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url, "m"]);
    commit(folder, "submodule");
    let mut all = vec![inputs(folder)];
    write(folder, "m/f", "2\n");
    expect_unknown(&inputs(folder), "`m/f` differs from the commit of its submodule");
    commit(&folder.join("m"), "second");
    all.push(inputs(folder));
    assert_eq!(built(&plan_in(folder, &["--changed-since", "HEAD"], &[])), ["web"]);
    write(folder, "m/f", "3\n");
    commit(&folder.join("m"), "third");
    // What git is told to overlook counts.
    git(folder, &["config", "submodule.m.ignore", "all"]);
    all.push(inputs(folder));
    git(folder, &["submodule", "--quiet", "deinit", "-f", "m"]);
    expect_unknown(&inputs(folder), "copies `m/f`, which is not in the checkout");
    all.iter().for_each(|one| expect_known(one));
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 3, "{all:?}");
    // What it does not track counts wherever it is.
    git(folder, &["-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init", "m"]);
    write(folder, "m/new", "x\n");
    expect_unknown(&inputs(folder), "`m/new`, which git does not track");
}

#[test]
fn the_time_of_sources_is_an_argument_that_the_environment_gives() {
    let test = repository();
    let at = |time: &str| inputs_with(test.folder(), &[], &[("SOURCE_DATE_EPOCH", time)]);
    assert_eq!(at("5"), at("5"));
    assert_ne!(at("5"), at("6"));
    assert_ne!(at("5"), inputs(test.folder()));
    let definition = fs::read_to_string(test.folder().join("docker-bake.hcl")).unwrap();
    let own =
        definition.replacen("  platforms", "  args      = { SOURCE_DATE_EPOCH = \"7\" }\n  platforms", 1);
    write(test.folder(), "docker-bake.hcl", &own);
    assert_eq!(at("5"), at("6"));
}

#[test]
fn the_form_of_a_time_or_a_commit_counts() {
    let commits = ["0123456789".repeat(4), "abcdef0123".repeat(4)];
    let given = |expression: &str, id: &str| {
        let test = repository();
        let definition = fs::read_to_string(test.folder().join("docker-bake.hcl")).unwrap();
        let argument = format!("  args      = {{ V = {expression} }}\n  platforms");
        let text = definition.replacen("  platforms", &argument, 1);
        write(test.folder(), "docker-bake.hcl", &format!("variable \"C\" {{ default = \"{id}\" }}\n{text}"));
        inputs_with(test.folder(), &["--fact", &format!("commit={id}")], &[])
    };
    let mut forms = Vec::new();
    for expression in [
        "formatdate(\"YYYYMMDD\", timestamp())",
        "formatdate(\"YYYY-MM-DD\", timestamp())",
        "\"99999999\"",
        "substr(C, 0, 7)",
        "substr(C, 0, 12)",
        "C",
        "\"{12}\"",
        "\"{12}-${substr(C, 0, 7)}\"",
        "\"${substr(C, 0, 12)}-{7}\"",
    ] {
        let [one, other] = commits.each_ref().map(|id| given(expression, id));
        expect_known(&one);
        assert_eq!(one, other, "{expression}");
        forms.push(one);
    }
    forms.sort();
    forms.dedup();
    assert_eq!(forms.len(), 9);
    // It may have been chosen by the clock, or counted from it.
    for expression in [
        "formatdate(\"YYYYMMDD\", timestamp()) > 2020 ? \"20200101\" : \"x\"",
        "formatdate(\"YYYYMMDD\", timeadd(timestamp(), \"-87600h\"))",
    ] {
        expect_unknown(&given(expression, &commits[0]), "depends on the clock");
    }
}

/// A build has the context, or the folder of the Dockerfile, and nothing around it: what a link leads to from there is another file.
#[cfg(unix)]
#[test]
fn an_ignore_file_that_is_a_link_out_of_its_folder_is_unknown() {
    for (link, to, is_known) in [
        ("ctx/.dockerignore", "../shared.ignore", false),
        ("ctx/.dockerignore", "../ctx/sub/ignore", false),
        ("ctx/.dockerignore", "sub/../../shared.ignore", false),
        ("ctx/Dockerfile.dockerignore", "../shared.ignore", false),
        ("ctx/.dockerignore", "sub/ignore", true),
        ("ctx/.dockerignore", "sub/deep/../ignore", true),
        ("ctx/Dockerfile.dockerignore", "sub/ignore", true),
    ] {
        for context in ["ctx", "way"] {
            let test = repository()
                .file("ctx/Dockerfile", "FROM scratch\nCOPY . /\n")
                .file("ctx/a.txt", "a\n")
                .file("ctx/sub/ignore", "b.txt\n**/.git\n")
                .file("ctx/sub/deep/x", "x\n")
                .file("shared.ignore", "*.txt\n**/.git\n");
            let folder = test.folder();
            let definition = fs::read_to_string(folder.join("docker-bake.hcl")).unwrap();
            let context = format!("  context   = {context:?}\n  platforms");
            write(folder, "docker-bake.hcl", &definition.replacen("  platforms", &context, 1));
            std::os::unix::fs::symlink(to, folder.join(link)).unwrap();
            std::os::unix::fs::symlink("ctx", folder.join("way")).unwrap();
            commit(folder, "link");
            let before = inputs(folder);
            if is_known {
                expect_known(&before);
                write(folder, "ctx/a.txt", "b\n");
                assert_ne!(inputs(folder), before, "{link} {to}");
            } else {
                expect_unknown(&before, "ignore file");
            }
        }
    }
}

/// What no build could copy from the checkout is made before it by something else.
#[test]
fn a_source_that_is_not_in_the_checkout_is_unknown() {
    for (copied, is_known) in [
        ("COPY dist/app /", false),
        ("COPY ./dist/app /", false),
        ("COPY /dist/ /", false),
        ("COPY a dist /x/", false),
        ("RUN --mount=type=bind,source=dist,target=/d true\nCOPY a /", false),
        ("ADD dist.tar /", false),
        ("COPY a /", true),
        ("COPY src/ /", true),
        ("COPY src/main /", true),
        // A pattern may fit nothing.
        ("COPY a dist* /", true),
    ] {
        let test = repository()
            .file("Dockerfile", format!("FROM scratch\n{copied}\n"))
            .file(".gitignore", "dist\n")
            .file("src/main", "1\n");
        commit(test.folder(), "source");
        let found = inputs(test.folder());
        if is_known {
            expect_known(&found);
        } else {
            expect_unknown(&found, "which is not in the checkout");
        }
    }
}

/// Without a platform, the image is for the one that its runner has.
#[test]
fn the_runner_of_a_build_without_a_platform_counts() {
    for (platforms, is_same) in [("", false), ("  platforms = [\"linux/amd64\"]\n", true)] {
        let all = ["ubuntu-latest", "ubuntu-24.04-arm"].map(|runner| {
            let test = repository();
            write(
                test.folder(),
                "docker-bake.hcl",
                &format!(
                    "target \"web\" {{\n{platforms}}}\nimage \"web\" {{\n  repositories = [\"ghcr.io/acme/web\"]\n  tags = [\"edge\"]\n  runners = {{ default = {runner:?} }}\n}}\n"
                ),
            );
            commit(test.folder(), "runner");
            inputs(test.folder())
        });
        all.iter().for_each(|one| expect_known(one));
        assert_eq!(all[0] == all[1], is_same, "{platforms}");
    }
}

/// The checkout of a plan need not have what that of a build has.
#[test]
fn the_commit_of_a_submodule_counts_that_is_not_checked_out() {
    let outer = Test::new().file("f", "1\n");
    git(outer.folder(), &["init", "-q", "-b", "main"]);
    commit(outer.folder(), "library");
    for copied in ["COPY . /", "COPY m /m"] {
        let test = with_dockerfile(&format!("FROM scratch\n{copied}\n"));
        let folder = test.folder();
        let url = outer.folder().to_str().unwrap();
        git(folder, &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url, "m"]);
        commit(folder, "submodule");
        let here = inputs(folder);
        git(folder, &["submodule", "--quiet", "deinit", "-f", "m"]);
        let empty = inputs(folder);
        write(outer.folder(), "f", "2\n");
        let next = commit(outer.folder(), "second");
        git(folder, &["update-index", "--cacheinfo", &format!("160000,{next},m")]);
        git(folder, &["commit", "-q", "-m", "bump"]);
        let bumped = inputs(folder);
        [&here, &empty, &bumped].into_iter().for_each(|one| expect_known(one));
        assert!(here != empty && empty != bumped && here != bumped, "{copied}: {here} {empty} {bumped}");
    }
}
