//! Paths that a definition names outside of the folder of `--confine`, and what is said of files there.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::support::Test;

fn target(lines: &str) -> String {
    format!(
        "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n  tags = [\"ghcr.io/acme/app:1\"]\n  {lines}\n}}\n"
    )
}

/// The exit code and messages of `plan` in a checkout with a link `out` to a folder elsewhere.
fn plan(hcl: &str, args: &[&str]) -> (Option<i32>, String) {
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("Dockerfile"), "FROM scratch\n").unwrap();
    let test = Test::new().file("docker-bake.hcl", hcl).file(".git/HEAD", "").file("Dockerfile", "");
    let test = test.file("sub/Dockerfile", "").file("sub/token", "").file("keys/id", "");
    symlink(elsewhere.path(), test.folder().join("out")).unwrap();
    symlink("sub", test.folder().join("inside")).unwrap();
    let output = test.args(["plan"]).args(args.iter().copied()).output();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn with_confine_no_target_names_a_path_elsewhere() {
    for (lines, what) in [
        ("context = \"/srv/x\"", "the context `/srv/x` of target `app`"),
        ("context = \"../x\"", "the context `../x` of target `app`"),
        ("context = \"nothing/../../x\"", "the context `../x` of target `app`"),
        ("context = \"out\"", "the context `out` of target `app`"),
        ("contexts = { a = \"/srv/x\" }", "the context `/srv/x`, which target `app` calls `a`,"),
        (
            "contexts = { a = \"oci-layout:///srv/x:1\" }",
            "the context `/srv/x`, which target `app` calls `a`,",
        ),
        ("dockerfile = \"/etc/passwd\"", "the Dockerfile `/etc/passwd` of target `app`"),
        ("dockerfile = \"../../etc/passwd\"", "the Dockerfile `../../etc/passwd` of target `app`"),
        ("dockerfile = \"out/Dockerfile\"", "the Dockerfile `out/Dockerfile` of target `app`"),
        ("secret = [\"id=a,src=/root/.netrc\"]", "the file `/root/.netrc` of a secret of target `app`"),
        ("ssh = [\"default=/root/.ssh/id\"]", "the SSH key or socket `/root/.ssh/id` of target `app`"),
        ("cache-from = [\"type=local,src=/srv/c\"]", "the cache `/srv/c` of target `app`"),
        ("policy = [\"filename=/etc/p.rego\"]", "the policy `/etc/p.rego` of target `app`"),
        ("policy = [\"filename=cwd://../p.rego\"]", "the policy `../p.rego` of target `app`"),
        ("policy = [{ filename = \"out/p.rego\" }]", "the policy `out/p.rego` of target `app`"),
        ("cache-to = [\"type=local,dest=../c\"]", "the cache `../c-linux-amd64` of target `app`"),
    ] {
        let (code, told) = plan(&target(lines), &["--confine", "."]);
        assert_eq!(code, Some(1), "{lines}: {told}");
        assert!(told.contains(&format!("error[outside]: {what} lies outside of `")), "{lines}: {told}");
        assert!(told.contains("docker-bake.hcl:"), "{lines}: {told}");
        let (code, told) = plan(&target(lines), &[]);
        assert!(code == Some(0) && !told.contains("[outside]"), "{lines}: {told}");
    }
    // In what is only linked to, through another.
    for path in ["/srv/x", "../x", "out"] {
        let linked = format!(
            "contexts = {{ a = \"target:b\" }}\n}}\ntarget \"b\" {{\n  contexts = {{ c = \"target:c\" }}\n}}\ntarget \"c\" {{\n  context = \"{path}\""
        );
        let (code, told) = plan(&target(&linked), &["--confine", "."]);
        let expected = format!("the context `{path}` of target `c` lies outside of `");
        assert!(code == Some(1) && told.contains(&expected), "{path}: {told}");
    }
    // All at once.
    let (_, told) = plan(&target("context = \"/srv/x\"\n  secret = [\"id=a,src=/b\"]"), &["--confine", "."]);
    assert_eq!(told.matches("error[outside]").count(), 2, "{told}");
    // A folder below the checkout.
    let (code, told) =
        plan(&target("context = \"sub\"\n  secret = [\"id=a,src=keys/id\"]"), &["--confine", "sub"]);
    assert!(code == Some(1) && told.contains("the file `keys/id` of a secret"), "{told}");
    assert_eq!(told.matches("error[outside]").count(), 1, "{told}");
}

/// A Dockerfile that no attribute names is read all the same.
#[test]
fn with_confine_an_unnamed_dockerfile_leads_nowhere() {
    let compose = |build: &str| {
        format!(
            "services:\n  app:\n    image: ghcr.io/acme/app:1\n    platform: linux/amd64\n    build: {build}\n"
        )
    };
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("Dockerfile");
    fs::write(&file, "FROM scratch\n").unwrap();
    for (name, text, folder) in [
        ("docker-bake.hcl", target(""), ""),
        ("docker-bake.hcl", target("context = \".\""), ""),
        ("docker-bake.hcl", target("context = \"sub\""), "sub"),
        ("docker-bake.hcl", target("context = \"sub\"\n  dockerfile = \"Dockerfile\""), "sub"),
        (
            "docker-bake.hcl",
            target(
                "contexts = { a = \"target:b\" }\n  dockerfile-inline = \"FROM a\"\n}\ntarget \"b\" {\n  context = \"sub\"",
            ),
            "sub",
        ),
        ("compose.yaml", compose("."), ""),
        ("compose.yaml", compose("sub"), "sub"),
        ("compose.yaml", compose("{ context: sub }"), "sub"),
    ] {
        for is_link in [true, false] {
            let test = Test::new().file(name, &text).file(".git/HEAD", "").file("sub/a", "");
            let place = test.folder().join(folder).join("Dockerfile");
            if is_link {
                symlink(&file, &place).unwrap();
            } else {
                fs::copy(&file, &place).map(drop).unwrap();
            }
            let output = test.args(["plan", "--confine", "."]).output();
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(i32::from(is_link)), "{text}: {told}");
            assert_eq!(told.contains("error[outside]: the Dockerfile `"), is_link, "{text}: {told}");
        }
    }
    // What the command line names may be anywhere.
    for (text, args) in [
        ("", vec!["--set".to_owned(), format!("app.context={}", elsewhere.path().display())]),
        ("", vec!["--set".to_owned(), format!("app.dockerfile={}", file.display())]),
    ] {
        let test = Test::new().file("docker-bake.hcl", target(text)).file(".git/HEAD", "");
        let output = test.args(["plan", "--confine", "."]).args(args.iter().map(String::as_str)).output();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn with_confine_what_lies_in_the_folder_or_is_allowed_passes() {
    for lines in [
        "context = \"sub\"",
        "context = \"inside\"",
        "context = \"made-by-a-step\"",
        "context = \"sub/../inside\"",
        "context = \"https://github.com/acme/app.git\"",
        "contexts = { base = \"docker-image://ghcr.io/acme/base\" }",
        "contexts = { base = \"oci-layout://sub:1\" }",
        "dockerfile-inline = \"FROM scratch\"",
        "secret = [\"id=a,env=A\"]",
        "secret = [\"id=a,src=sub/token\"]",
        "ssh = [\"default\"]",
        "cache-from = [\"type=local,src=.cache\"]",
        "cache-from = [\"type=gha\"]",
        "policy = [\"filename=sub/p.rego\"]",
        "policy = [\"filename=cwd://p.rego\"]",
    ] {
        let (code, told) = plan(&target(lines), &["--confine", "."]);
        assert!(code == Some(0) && !told.contains("[outside]"), "{lines}: {told}");
    }
    let outside = target("context = \"/srv/x\"");
    for (hcl, args, expected) in [
        (&outside, &["--allow", "fs.read=/srv/x"][..], 0),
        (&outside, &["--allow", "fs.read=/srv"], 0),
        (&outside, &["--allow", "fs=*"], 0),
        (&outside, &["--allow", "fs.write=/srv/x", "--allow", "fs.read=/other"], 1),
        (&outside, &["--set", "app.context=/srv/y"], 0),
        (&outside, &["--set", "app.context=."], 0),
        (&target("context = \".\""), &["--set", "app.secrets=id=a,src=/root/.netrc"], 0),
        (&target("cache-to = [\"type=local,dest=/srv/c\"]"), &["--allow", "fs.write=/srv"], 0),
    ] {
        let (code, told) = plan(hcl, &[&["--confine", "."], args].concat());
        assert_eq!(code, Some(expected), "{hcl} {args:?}: {told}");
    }
}

/// Otherwise a note, or that there is none, would say which files the machine has.
#[test]
fn where_files_are_confined_nothing_is_said_of_files_elsewhere() {
    for path in ["../../../../../../../../etc/passwd", "../../../../../../../../no/such/file"] {
        let hcl = target(&format!("dockerfile = \"{path}\""));
        let (_, told) = plan(&hcl, &["--github"]);
        assert!(!told.contains("does not exist"), "{path}: {told}");
    }
    for context in ["../../../../../../../../etc", "../../../../../../../../no-such-folder"] {
        let hcl = target(&format!("context = \"{context}\"\n  contexts = {{ a = \"{context}\" }}"));
        let (_, told) = plan(&hcl, &["--github"]);
        assert!(!told.contains("does not exist"), "{context}: {told}");
    }
    let (_, told) = plan(&target("dockerfile = \"none\""), &["--github"]);
    assert!(told.contains("the Dockerfile `none` of target `app` does not exist"), "{told}");
    let (_, told) = plan(&target("contexts = { a = \"../no-such-folder\" }"), &[]);
    assert!(told.contains("the context `../no-such-folder`"), "{told}");
}

#[test]
fn a_file_of_variables_that_is_not_there_is_not_outside() {
    let compose = "services: {app: {image: r.io/a/b:1, build: {context: sub}}}\n";
    let plan = |files: &[(&str, &str)]| {
        let test = Test::new().file("sub/compose.yaml", compose).file("sub/Dockerfile", "FROM scratch\n");
        let test = files.iter().fold(test, |test, (name, text)| test.file(name, text));
        let output = test.args(["plan", "-f", "sub/compose.yaml", "--confine", "sub"]).output();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for files in [&[][..], &[(".env", "")], &[("sub/.env", "A=b\n")]] {
        let (code, told) = plan(files);
        assert_eq!(code, Some(0), "{files:?}: {told}");
    }
    let (code, told) = plan(&[(".env", "A=b\n")]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("`.env` lies outside of"), "{told}");
}

/// Consent to a folder is none to what a link in it leads to, as for Bake.
#[test]
fn consent_to_a_folder_covers_no_link_in_it() {
    let elsewhere = tempfile::tempdir().unwrap();
    let root = elsewhere.path().canonicalize().unwrap();
    fs::create_dir_all(root.join("srv/real")).unwrap();
    fs::create_dir_all(root.join("etc")).unwrap();
    symlink("../etc", root.join("srv/lnk")).unwrap();
    symlink("real", root.join("srv/current")).unwrap();
    let (srv, etc) = (root.join("srv").display().to_string(), root.join("etc").display().to_string());
    for (lines, allowed, may) in [
        (format!("context = \"{srv}/lnk\""), vec![srv.clone()], false),
        (format!("context = \"{srv}/lnk/x\""), vec![srv.clone()], false),
        (format!("contexts = {{ x = \"{srv}/lnk\" }}"), vec![srv.clone()], false),
        (format!("secret = [\"id=a,src={srv}/lnk/t\"]"), vec![srv.clone()], false),
        (format!("ssh = [\"a={srv}/lnk/k\"]"), vec![srv.clone()], false),
        (format!("cache-from = [\"type=local,src={srv}/lnk/c\"]"), vec![srv.clone()], false),
        (format!("context = \"{srv}/lnk\""), vec![srv.clone(), etc.clone()], true),
        (format!("context = \"{srv}/lnk\""), vec![format!("{srv}/lnk")], true),
        (format!("context = \"{srv}/lnk/x\""), vec![format!("{srv}/lnk")], true),
        (format!("context = \"{srv}/current\""), vec![srv.clone()], true),
        (format!("context = \"{srv}/real\""), vec![format!("{srv}/current")], true),
        (format!("context = \"{srv}/real\""), vec![format!("{srv}/lnk")], false),
    ] {
        let test = Test::new().file("docker-bake.hcl", target(&lines)).file(".git/HEAD", "");
        let allow = allowed.iter().map(|allowed| format!("--allow=fs.read={allowed}"));
        let args = ["plan", "--github", "--publish=false"].map(str::to_owned).into_iter().chain(allow);
        let args: Vec<String> = args.collect();
        let test = test.env("GITHUB_EVENT_NAME", "pull_request_target");
        let output = test.args(args.iter().map(String::as_str)).output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(!told.contains("error[entitlement"), may, "{lines} {allowed:?}: {told}");
        assert_eq!(output.status.success(), may, "{lines} {allowed:?}: {told}");
    }
}

/// The context of a target is a folder to buildx, unless it is fetched: a link there with the name of something else leads
/// where it leads (`LoadInputs` in <https://github.com/docker/buildx/blob/master/build/opt.go>).
#[test]
fn a_context_that_looks_like_a_target_or_an_image_is_a_folder() {
    let elsewhere = tempfile::tempdir().unwrap();
    let there = elsewhere.path().canonicalize().unwrap();
    for (link, context) in [
        ("target:z", "target:z"),
        ("target:z", "./target:z"),
        ("target:z", "cwd://target:z"),
        ("target:z", "target:z/"),
        ("target:", "target:/sub"),
        ("docker-image:", "docker-image://alpine"),
        ("oci-layout:", "oci-layout://layout"),
        ("input:y", "input:y"),
    ] {
        for leads_out in [true, false] {
            let lines = format!("context = \"{context}\"\n  dockerfile-inline = \"FROM scratch\"");
            for args in [&["plan", "--github", "--publish=false"][..], &["plan", "--confine", "."]] {
                let test = Test::new().file("docker-bake.hcl", target(&lines)).file(".git/HEAD", "");
                let test =
                    test.file("inside/sub/x", "").file("inside/alpine/x", "").file("inside/layout/x", "");
                let to = if leads_out { &*there } else { Path::new("inside") };
                symlink(to, test.folder().join(link)).unwrap();
                let test = test.env("GITHUB_EVENT_NAME", "pull_request_target");
                let output = test.args(args.iter().copied()).output();
                let told = String::from_utf8(output.stderr).unwrap();
                assert_eq!(output.status.success(), !leads_out, "{context} {args:?}: {told}");
                let is_refused = told.contains("error[entitlement]") || told.contains("error[outside]");
                assert_eq!(is_refused, leads_out, "{context} {args:?}: {told}");
            }
        }
    }
    // As contexts with names, they are what they look like.
    let linked = "contexts = { a = \"target:other\", b = \"docker-image://alpine\" }";
    let file = format!("{}target \"other\" {{}}\n", target(linked));
    let output = Test::new().file("docker-bake.hcl", file).args(["plan", "--confine", "."]).output();
    assert!(output.status.success(), "{}", String::from_utf8(output.stderr).unwrap());
}

/// A Dockerfile may be named from the root, and behind `cwd://`, too.
#[test]
fn a_dockerfile_of_the_machine_is_outside() {
    for (named, is_outside) in [
        ("/etc/hostname", true),
        ("cwd:///etc/hostname", true),
        ("cwd:////etc/hostname", true),
        ("cwd://../x", true),
        ("../x", true),
        ("cwd://Dockerfile", false),
        ("./Dockerfile", false),
        ("etc/hostname", false),
    ] {
        for context in ["", "context = \"https://example.com/a.git\"\n  "] {
            let lines = format!("{context}dockerfile = \"{named}\"");
            let test =
                Test::new().file("docker-bake.hcl", target(&lines)).file("Dockerfile", "FROM scratch\n");
            let output = test.args(["plan", "--confine", "."]).output();
            let told = String::from_utf8(output.stderr).unwrap();
            // What is fetched has its own `..`.
            let is_outside =
                is_outside && (context.is_empty() || named.contains("cwd://") || named.starts_with('/'));
            assert_eq!(told.contains("error[outside]"), is_outside, "{lines}: {told}");
        }
    }
}

/// Links of the machine are the user's own: consent holds for the place, by whatever name. Those of the checkout are not.
#[test]
fn consent_is_to_a_place() {
    let elsewhere = tempfile::tempdir().unwrap();
    let root = elsewhere.path().canonicalize().unwrap();
    fs::create_dir_all(root.join("srv/assets")).unwrap();
    fs::create_dir_all(root.join("etc")).unwrap();
    symlink("srv", root.join("data")).unwrap();
    symlink(&root, root.join("self")).unwrap();
    symlink("../etc", root.join("srv/lnk")).unwrap();
    let root = root.display().to_string();
    let place = |name: &str| format!("{root}/{name}");
    for (path, allowed, may) in [
        ("data/assets", "srv", true),
        ("srv/assets", "data", true),
        ("data/assets", "data", true),
        ("self/data/assets", "srv", true),
        ("srv/assets", "self/self/data", true),
        ("data/new/one", "srv", true),
        ("srv/new/one", "data/new", true),
        ("data/lnk", "srv", false),
        ("data/lnk/x", "data", false),
        ("data/../etc", "data", false),
        ("data/../etc", "etc", true),
        ("self/etc", "data", false),
        ("srvother", "data", false),
        ("srv", "data/assets", false),
    ] {
        let (path, allowed) = (place(path), place(allowed));
        for lines in [
            format!("context = \"{path}\""),
            format!("contexts = {{ x = \"{path}\" }}"),
            format!("secret = [\"id=a,src={path}\"]"),
        ] {
            // In a checkout and without one, and where files are confined.
            for (git, args) in [
                (".git/HEAD", &["plan", "--github", "--publish=false"][..]),
                ("unused", &["plan"]),
                (".git/HEAD", &["plan", "--confine", "."]),
            ] {
                let test = Test::new().file("docker-bake.hcl", target(&lines)).file(git, "");
                let allow = format!("--allow=fs.read={allowed}");
                let test = test.env("GITHUB_EVENT_NAME", "pull_request_target");
                let output = test.args(args.iter().copied()).args([&*allow]).output();
                let told = String::from_utf8(output.stderr).unwrap();
                assert_eq!(output.status.success(), may, "{lines} {allow} {args:?}: {told}");
                let is_refused = told.contains("error[entitlement]") || told.contains("error[outside]");
                assert_eq!(is_refused, !may, "{lines} {allow} {args:?}: {told}");
            }
        }
    }
    // A link in the checkout widens nothing, by whatever path the consent names it.
    for named in [
        "link",
        "./link",
        "../repo/link",
        "FOLDER/repo/link",
        "FOLDER/there/link",
        "FOLDER/there/link/assets",
    ] {
        let hcl = target(&format!("context = \"{root}/srv/assets\""));
        let test = Test::new().file("repo/docker-bake.hcl", hcl).file("repo/.git/HEAD", "");
        symlink(place("srv"), test.folder().join("repo/link")).unwrap();
        symlink(test.folder().join("repo"), test.folder().join("there")).unwrap();
        let allow =
            format!("--allow=fs.read={named}").replace("FOLDER", &test.folder().display().to_string());
        let output = test.cwd("repo").args(["plan", &*allow]).output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{allow}: {told}");
        assert!(told.contains("error[entitlement]"), "{allow}: {told}");
    }
}

/// Bake asks for the place that a link leads to, and so does the row of its job.
#[test]
fn links_that_lead_out_are_asked_for() {
    let elsewhere = tempfile::tempdir().unwrap();
    let there = elsewhere.path().display().to_string();
    let run = |lines: &str, args: &[&str], event: &str| {
        let test = Test::new().file("beside/Dockerfile", "FROM scratch\n").file("beside/token", "");
        let test = test.file("beside/deep/er/Dockerfile", "FROM scratch\n");
        let test = test.file("repo/docker-bake.hcl", target(lines)).file("repo/.git/HEAD", "");
        let test = test.file("repo/Dockerfile", "").file("repo/sub/Dockerfile", "");
        let link = |to: &str, name: &str| symlink(to, test.folder().join("repo").join(name)).unwrap();
        link("../beside", "up");
        link("up", "twice");
        link(&there, "absolute");
        link("sub", "inside");
        link("../../beside/Dockerfile", "sub/Dockerfile.out");
        link("../beside", "github.com");
        link("../beside", "https:");
        link("../beside/deep", "git@example.com:x");
        for scheme in ["tar:", "HTTPS:", "Docker-image:", "docker-image:", "git+https:"] {
            link("../beside/deep", scheme);
        }
        let output = test.env("GITHUB_EVENT_NAME", event).cwd("repo").args(args.iter().copied()).output();
        (output.status.code(), output.stdout, String::from_utf8(output.stderr).unwrap())
    };
    let absolute = format!("fs.read={there}");
    for (lines, expected) in [
        ("context = \"up\"", &["fs.read=../beside"][..]),
        ("context = \"twice\"", &["fs.read=../beside"]),
        ("context = \"./twice/\"", &["fs.read=../beside"]),
        ("context = \"up/more\"", &["fs.read=../beside/more"]),
        ("context = \"absolute\"", &[absolute.as_str()]),
        ("contexts = { x = \"up\" }", &["fs.read=../beside"]),
        ("contexts = { x = \"oci-layout://up:1\" }", &["fs.read=../beside"]),
        ("context = \"sub\"\n  dockerfile = \"Dockerfile.out\"", &["fs.read=../beside/Dockerfile"]),
        ("dockerfile = \"up/Dockerfile\"", &["fs.read=../beside/Dockerfile"]),
        ("secret = [\"id=a,src=up/token\"]", &["fs.read=../beside/token"]),
        ("ssh = [\"a=up/key\"]", &["fs.read=../beside/key"]),
        ("cache-from = [\"type=local,src=up/c\"]", &["fs.read=../beside/c"]),
        ("cache-to = [\"type=local,dest=up/c\"]", &["fs.write=../beside/c-linux-amd64"]),
        (
            "contexts = { x = \"up\" }\n  secret = [\"id=a,src=absolute/t\"]",
            &["fs.read=../beside", &format!("{absolute}/t")],
        ),
        (
            "contexts = { x = \"target:base\" }\n}\ntarget \"base\" {\n  context = \"up\"",
            &["fs.read=../beside"],
        ),
        // To the system, `..` behind a link is above the place that it leads to.
        ("contexts = { x = \"up/..\" }", &["fs.read=.."]),
        ("secret = [\"id=a,src=up/../token\"]", &["fs.read=../token"]),
        ("secret = [\"id=up/../token\"]", &["fs.read=../token"]),
        ("ssh = [\"a=up/../key\"]", &["fs.read=../key"]),
        ("cache-from = [\"type=local,src=inside/../up/c\"]", &["fs.read=../beside/c"]),
        // Without a variable of its name, a secret is the file of its name.
        ("secret = [\"id=up\"]", &["fs.read=../beside"]),
        ("secret = [\"type=file,id=twice\"]", &["fs.read=../beside"]),
        ("secret = [\"id=up,env=TOKEN\"]", &[]),
        // What reads like an address is a folder where there is one.
        ("context = \"github.com/deep/er\"", &["fs.read=../beside/deep/er"]),
        ("context = \"https://deep/er\"", &["fs.read=../beside/deep/er"]),
        ("context = \"git@example.com:x\"", &["fs.read=../beside/deep", "ssh"]),
        ("dockerfile = \"github.com/Dockerfile\"", &["fs.read=../beside/Dockerfile"]),
        (
            "context = \"github.com/deep/er\"\n  dockerfile = \"up/Dockerfile\"",
            &["fs.read=../beside/Dockerfile", "fs.read=../beside/deep/er"],
        ),
        // Whatever looks like an address and is none to buildx.
        ("contexts = { x = \"tar://..\" }", &["fs.read=../beside"]),
        ("contexts = { x = \"tar://er\" }", &["fs.read=../beside/deep/er"]),
        ("contexts = { x = \"HTTPS://..\" }", &["fs.read=../beside"]),
        ("contexts = { x = \"Docker-image://..\" }", &["fs.read=../beside"]),
        ("contexts = { x = \"git+https://.\" }", &["fs.read=../beside/deep"]),
        ("context = \"tar://er\"", &["fs.read=../beside/deep/er"]),
        ("contexts = { x = \"docker-image://alpine\" }", &[]),
        ("contexts = { x = \"s3://bucket\" }", &[]),
        ("context = \"github.com/acme/app\"", &[]),
        ("context = \"https://example.com/app.git\"", &[]),
        // What stays inside, and what is outside by its name.
        ("context = \"inside\"", &[]),
        ("context = \"sub\"", &[]),
        ("context = \"up/../sub\"", &[]),
        ("context = \"made-by-a-step\"", &[]),
        ("context = \"../beside\"", &["fs.read=../beside"]),
    ] {
        let (code, rows, told) = run(lines, &["matrix"], "push");
        assert_eq!(code, Some(0), "{lines}: {told}");
        let rows: serde_json::Value = serde_json::from_slice(&rows).unwrap();
        let mut wanted: Vec<&str> = expected.to_vec();
        wanted.sort_unstable();
        assert_eq!(rows[0]["allow"], serde_json::json!(wanted), "{lines}");
        // Strangers need consent to what the link leads to.
        let (code, _, told) = run(lines, &["plan", "--github"], "pull_request_target");
        assert_eq!(code, Some(i32::from(!expected.is_empty())), "{lines}: {told}");
        let allowed = expected.iter().flat_map(|one| ["--allow", one]);
        let args: Vec<&str> = ["plan", "--github"].into_iter().chain(allowed).collect();
        let (code, _, told) = run(lines, &args, "pull_request_target");
        assert_eq!(code, Some(0), "{lines}: {told}");
    }
    // A row holds an entitlement in each line.
    for (to, is_held) in
        [("/srv/a\nfs=*", false), ("../a\rssh", false), ("/srv/a\u{85}b", false), ("/srv/a b", true)]
    {
        for lines in
            ["context = \"K/x\"", "contexts = { x = \"K\" }", "secret = [\"id=a,src=K\"]", "ssh = [\"a=K\"]"]
        {
            let test = Test::new().file("docker-bake.hcl", target(lines)).file(".git/HEAD", "");
            symlink(to, test.folder().join("K")).unwrap();
            let output = test.args(["matrix"]).output();
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.success(), is_held, "{to:?} {lines}: {told}");
            assert_eq!(told.contains("error[line-end]"), !is_held, "{to:?} {lines}: {told}");
        }
    }
    // Leave to read one place is none for another.
    let (code, _, told) =
        run("context = \"up\"", &["plan", "--github", "--allow", "fs.read=up"], "pull_request_target");
    assert!(code == Some(1) && told.contains("`fs.read=../beside`"), "{told}");
}
