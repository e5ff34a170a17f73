//! What a repository may make git do: nothing of what its configuration names runs, and its remote can still be asked.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::loopback::{Answer, Server};
use crate::support::Test;

const SPEC: &str = "target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = \"1.2.3\"\n}\n";

/// The tags of [`SPEC`] when the remote has a `v2.0.0`.
const TAGS: &str = "ghcr.io/acme/app:1.2.3\nghcr.io/acme/app:1.2\nghcr.io/acme/app:1\n";

/// The repository `app`, with a commit; `remote.git`, with the tag `v2.0.0`; and a server of the same, for those who know
/// the password.
struct World {
    test: Test,
    server: Server,
}

impl World {
    fn new() -> Self {
        let server = Server::start(|seen| {
            let known = ["basic c2VjcmV0", "Basic bWU6cGFzcw=="];
            if !known.contains(&seen.header("authorization")) {
                return Answer::new(401, "", "").header("WWW-Authenticate", "Basic realm=\"x\"");
            }
            match seen.path() {
                "/a/info/refs" => {
                    Answer::new(200, "text/plain", format!("{}\trefs/tags/v2.0.0\n", "1".repeat(40)))
                }
                _ => Answer::new(404, "", ""),
            }
        });
        let test = Test::new().file("app/file", "1").file("app/docker-bake.hcl", SPEC);
        let test = test.file("home/.gitconfig", "[user]\n\tname = A\n\temail = a@example.com\n");
        let mark = test.folder().join("mark");
        let test = test.file("evil", format!("#!/bin/sh\necho >> '{}'\nexit 1\n", mark.display()));
        fs::set_permissions(test.folder().join("evil"), fs::Permissions::from_mode(0o755)).unwrap();
        let home = test.folder().join("home");
        let test = test.env("HOME", home.to_str().unwrap()).env("GIT_CONFIG_NOSYSTEM", "1").cwd("app");
        let world = Self { test, server };
        world.prepare("git init -q -b main; git add .; git commit -q -m first");
        world.prepare("git init -q --bare ../remote.git; git push -q ../remote.git HEAD:refs/tags/v2.0.0");
        world
    }

    /// The same after these lines of a shell.
    fn with(lines: &str) -> Self {
        let world = Self::new();
        world.prepare(lines);
        world
    }

    fn sh(&self, lines: &str) -> Output {
        let folder = self.test.folder();
        let mut command = Command::new("sh");
        command.args(["-ec", lines]).current_dir(folder.join("app")).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", folder.join("home"));
        command.env("EVIL", folder.join("evil")).env("SERVER", self.server.host());
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0");
        command.output().unwrap()
    }

    #[track_caller]
    fn prepare(&self, lines: &str) {
        let output = self.sh(lines);
        assert!(output.status.success(), "{lines}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Whether something of the repository's ran since the last look.
    fn has_run(&self) -> bool {
        fs::remove_file(self.test.folder().join("mark")).is_ok()
    }

    fn change(self, change: impl FnOnce(Test) -> Test) -> Self {
        Self { test: change(self.test), server: self.server }
    }

    /// Standard output and standard error of a run.
    fn run(&self, arguments: &[&str]) -> (String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bakeplan"));
        command.env_clear();
        self.test.prepare(&mut command);
        let output = command.args(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr))
    }

    fn facts(&self) -> (serde_json::Value, String) {
        let (stdout, stderr) = self.run(&["plan", "--facts", "-v"]);
        (serde_json::from_str(&stdout).unwrap(), stderr)
    }

    /// The tags that are planned, and what is said.
    fn tags(&self) -> (String, String) {
        self.run(&["metadata", "--format=tags", "--known-versions=git"])
    }

    #[track_caller]
    fn knows_its_remote(&self, case: &str) {
        assert_eq!(self.tags(), (TAGS.to_owned(), String::new()), "{case}");
    }
}

/// A line that makes a filter `x` of `file`'s, and one that makes git look at the file.
const FILTER: &str = "echo 'file filter=x' > .gitattributes; touch file;";

/// What the configuration of a repository can make git run, and a command of git's that runs it.
const ATTACKS: [(&str, &str); 34] = [
    // ----- looking at the working tree
    (r#"git config core.fsmonitor "$EVIL""#, "git status"),
    (
        r#"mkdir hooks; cp "$EVIL" hooks/post-index-change; git config core.hooksPath hooks; touch file"#,
        "git status",
    ),
    (r#"FILTER git config filter.x.clean "$EVIL""#, "git status"),
    (r#"FILTER git config filter.x.process "$EVIL""#, "git status"),
    (r#"FILTER git config filter.x.clean "$EVIL"; git config filter.x.required true"#, "git status"),
    (
        r#"echo 'file filter=a.b' > .gitattributes; touch file; git config filter.a.b.clean "$EVIL""#,
        "git status",
    ),
    (
        r#"echo 'file filter=a=b' > .gitattributes; touch file; git config filter.a=b.clean "$EVIL""#,
        "git status",
    ),
    (r#"FILTER git config -f other filter.x.clean "$EVIL"; git config include.path ../other"#, "git status"),
    (
        r#"FILTER git config -f other filter.x.clean "$EVIL"; git config includeIf.onbranch:main.path ../other"#,
        "git status",
    ),
    (
        r#"FILTER git config extensions.worktreeConfig true; git config --worktree filter.x.clean "$EVIL""#,
        "git status",
    ),
    (
        r#"echo 'file filter=x' > other; git config core.attributesFile other; git config filter.x.clean "$EVIL"; touch file"#,
        "git status",
    ),
    (
        r#"mkdir -p .git/info; echo 'file filter=x' > .git/info/attributes; git config filter.x.clean "$EVIL"; touch file"#,
        "git status",
    ),
    (r#"git config diff.external "$EVIL"; echo 2 > file"#, "git diff"),
    (r#"echo 'file diff=x' > .gitattributes; git config diff.x.textconv "$EVIL"; echo 2 > file"#, "git diff"),
    (
        r#"git init -q sub; git -C sub commit -q --allow-empty -m x; git add sub; git commit -q -m sub; git -C sub config core.fsmonitor "$EVIL""#,
        "git status",
    ),
    (
        r#"git init -q sub; cd sub; echo 'file filter=x' > .gitattributes; echo > file; git add .; git commit -q -m x; cd ..; git add sub; git commit -q -m sub; git -C sub config filter.x.clean "$EVIL"; touch sub/file"#,
        "git status",
    ),
    (
        r#"mv .git elsewhere; echo 'gitdir: elsewhere' > .git; git config core.fsmonitor "$EVIL""#,
        "git status",
    ),
    // ----- reading the history
    (
        r#"git config alias.evil "!$EVIL"; for name in status rev-list symbolic-ref remote config; do git config alias.$name "!$EVIL"; done"#,
        "git evil",
    ),
    (
        r#"git config gpg.program "$EVIL"; git config log.showSignature true; tree=$(git rev-parse 'HEAD^{tree}')
        new=$(printf 'tree %s\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\ngpgsig -----BEGIN PGP SIGNATURE-----\n x\n -----END PGP SIGNATURE-----\n\nx\n' "$tree" | git hash-object -t commit -w --stdin)
        git update-ref refs/heads/main "$new""#,
        "git log",
    ),
    (
        r#"git config protocol.ext.allow always; git config core.repositoryFormatVersion 1; git config extensions.partialClone origin; git config remote.origin.promisor true; git config remote.origin.url "ext::$EVIL"; echo 1111111111111111111111111111111111111111 > .git/refs/heads/main"#,
        "git rev-list HEAD",
    ),
    // ----- asking the remote
    (r#"git remote add origin git@127.0.0.1:a/b; git config core.sshCommand "$EVIL""#, LIST),
    (
        r#"git remote add origin ssh://git@127.0.0.1:1/a; git config core.sshCommand "ssh -o ProxyCommand=$EVIL""#,
        LIST,
    ),
    (
        r#"git remote add origin ssh://git@127.0.0.1:1/a; git config core.sshCommand "ssh -i key; $EVIL;""#,
        LIST,
    ),
    (
        r#"mkdir bin; cp "$EVIL" bin/ssh; git remote add origin ssh://git@127.0.0.1:1/a; git config core.sshCommand "bin/ssh -i key""#,
        LIST,
    ),
    (r#"git config protocol.ext.allow always; git remote add origin "ext::$EVIL""#, LIST),
    (
        r#"git config protocol.ext.allow always; git remote add origin https://127.0.0.1:1/a; git config "url.ext::$EVIL .insteadOf" https://127.0.0.1:1/"#,
        LIST,
    ),
    (
        r#"git config protocol.ext.allow always; git remote add origin "$EVIL"; git config remote.origin.vcs ext"#,
        LIST,
    ),
    (r#"git remote add origin ../remote.git; git config remote.origin.uploadpack "$EVIL""#, LIST),
    (r#"git remote add origin git://127.0.0.1:1/a; git config core.gitProxy "$EVIL""#, LIST),
    (r#"git remote add origin "http://$SERVER/a"; git config credential.helper "$EVIL""#, LIST),
    (
        r#"git remote add origin "http://$SERVER/a"; git config "credential.http://$SERVER.helper" "!$EVIL""#,
        LIST,
    ),
    (r#"git remote add origin "http://$SERVER/a"; git config core.askPass "$EVIL""#, LIST),
    (
        r#"git remote add origin "http://$SERVER/a"; git config -f other credential.helper "$EVIL"; git config include.path ../other"#,
        LIST,
    ),
    (
        r#"git remote add origin "http://$SERVER/a"; git config extensions.worktreeConfig true; git config --worktree core.askPass "$EVIL""#,
        LIST,
    ),
];

const LIST: &str = "git ls-remote origin";

#[test]
fn nothing_that_a_repository_names_is_run() {
    for (lines, provoke) in ATTACKS {
        let lines = lines.replace("FILTER", FILTER);
        let world = World::with(&lines);
        world.sh(provoke);
        assert!(world.has_run(), "{lines}: git itself runs it");
        // git may have taken the file for unchanged.
        world.prepare("touch file; test ! -e sub/file || touch sub/file");
        world.facts();
        world.tags();
        assert!(!world.has_run(), "{lines}");
    }
}

#[test]
fn what_looks_like_a_repository_is_none() {
    let bare = "git clone -q --bare . sub; mkdir -p sub/deeper; cd sub; git config core.bare false; git config core.worktree ..; git read-tree HEAD;";
    for (lines, provoke) in [
        (r#"git config core.fsmonitor "$EVIL""#, "git status"),
        (
            r#"echo 'file filter=x' > ../.gitattributes; git config filter.x.clean "$EVIL"; touch ../file"#,
            "git status",
        ),
        (r#"git config remote.origin.url git@127.0.0.1:a/b; git config core.sshCommand "$EVIL""#, LIST),
        (r#"git config remote.origin.url "ext::$EVIL"; git config protocol.ext.allow always"#, LIST),
        // Its parts elsewhere.
        (
            r#"git config remote.origin.url git@127.0.0.1:a/b; git config core.sshCommand "$EVIL"; mkdir ../parts; mv objects refs config ../parts; echo ../parts > commondir"#,
            LIST,
        ),
    ] {
        let lines = format!("{bare} {lines}");
        let world = World::with(&lines);
        world.sh(&format!("cd sub; {provoke}"));
        assert!(world.has_run(), "{lines}: git itself runs it");
        for place in ["sub", "sub/deeper"] {
            let (stdout, stderr) = world.run(&["-C", place, "plan", "--facts", "-v"]);
            assert_eq!(stdout, "{}\n");
            assert!(stderr.contains("sub` looks like a bare git repository"), "{stderr}");
            assert!(stderr.contains("set `GIT_DIR`"), "{stderr}");
            let of_parent =
                "--file=".to_owned() + world.test.folder().join("app/docker-bake.hcl").to_str().unwrap();
            let (stdout, stderr) = world.run(&["-C", place, "metadata", &of_parent, "--known-versions=git"]);
            assert_eq!(stdout, "");
            assert!(stderr.starts_with("error[git]: "), "{stderr}");
            assert!(stderr.contains("sub` looks like a bare git repository"), "{stderr}");
        }
        assert!(!world.has_run(), "{lines}");
        // Above it, there is the checkout, and below it, whoever sets GIT_DIR says which is meant.
        assert_eq!(world.facts().0["branch"], "main");
        let git_dir = world.test.folder().join("app/sub");
        let world = world.change(|test| test.env("GIT_DIR", git_dir.to_str().unwrap()).cwd("app/sub"));
        let (facts, told) = world.facts();
        assert_eq!(facts["branch"], "main", "{told}");
        assert!(!world.has_run(), "{lines}");
    }
}

/// `-C` through a link of the checkout: git looks above the place that the link leads to. Before 2.38 it has no
/// `safe.bareRepository`, so it is run without that here.
#[test]
fn what_looks_like_a_repository_is_none_behind_a_link_either() {
    let world = World::with(
        "git clone -q --bare . sub/deep; mkdir -p sub/deep/inner/most plain/folder; git -C sub/deep branch -m stranger; \
         ln -s sub/deep/inner in; ln -s sub/deep itself; ln -s in chain; ln -s ../sub/deep/inner plain/most; \
         ln -s plain/folder away",
    );
    let old_git = "#!/bin/sh\nfor word do shift\n\
                   case $word in safe.bareRepository=*) word=core.abbrev=7 ;; esac\nset -- \"$@\" \"$word\"\ndone\n\
                   PATH=${PATH#*:}\nexec git \"$@\"\n";
    let folder = world.test.folder().to_owned();
    let world = world.change(|test| test.file("bin/git", old_git));
    fs::set_permissions(folder.join("bin/git"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap());
    let world = world.change(|test| test.env("PATH", &path));
    for place in ["in", "in/most", "itself", "chain", "plain/most", "sub/deep/inner"] {
        let (stdout, stderr) = world.run(&["-C", place, "plan", "--facts", "-v"]);
        assert_eq!(stdout, "{}\n", "{place}");
        assert!(stderr.contains("sub/deep` looks like a bare git repository"), "{place}: {stderr}");
    }
    // A link to a folder of the checkout is no harm.
    for place in ["away", "plain/folder"] {
        let (stdout, stderr) = world.run(&["-C", place, "plan", "--facts", "-v"]);
        assert!(stdout.contains("\"branch\": \"main\""), "{place}: {stdout}{stderr}");
    }
}

#[test]
fn invalid_addresses_are_refused() {
    for (address, problem) in [
        ("--upload-pack=./evil", "it is not the address of a repository"),
        ("-x", "it is not the address of a repository"),
        ("ssh://-oProxyCommand=evil/a", "it is not the address of a repository"),
        ("ext::sh -c evil", "git would run another program to reach it"),
        ("fd::17", "git would run another program to reach it"),
        ("codecommit://profile@repo", "git would run another program to reach it"),
    ] {
        let world = World::new();
        world.prepare(&format!("git config remote.origin.url '{address}'"));
        let (stdout, told) = world.tags();
        assert_eq!(stdout, "", "{address}");
        let shown = address.replace("profile@", "");
        assert!(
            told.starts_with(&format!("error[git]: the remote `origin` is `{shown}`: {problem}\n")),
            "{told}"
        );
        assert!(told.contains("= help: an address starts with `https://`"), "{told}");
    }
}

#[test]
fn a_remote_is_asked_with_what_is_meant_for_it() {
    let header = "'AUTHORIZATION: basic c2VjcmV0'";
    let http = r#"git remote add origin "http://$SERVER/a";"#;
    for lines in [
        // actions/checkout up to v5, and later
        &format!(r#"{http} git config "http.http://$SERVER/.extraheader" {header}"#),
        &format!(
            r#"{http} git config -f ../credentials "http.http://$SERVER/.extraheader" {header}; git config "includeIf.gitdir:$PWD/.git.path" "$PWD/../credentials""#
        ),
        // GitLab's runner, with its token in the address or in what replaces it
        r#"git remote add origin "http://me:pass@$SERVER/a""#,
        r#"git remote add origin http://gitlab.example/a; git config "url.http://me:pass@$SERVER/.insteadOf" http://gitlab.example/"#,
        // of the user
        &format!(
            r#"{http} git config --global credential.helper '!f() {{ echo username=me; echo password=pass; }}; f'"#
        ),
        &format!(r#"{http} git config --global http.extraHeader {header}"#),
        &format!(
            r#"{http} git config -f ../work "http.http://$SERVER/.extraheader" {header}; git config --global "includeIf.gitdir:$PWD/.path" "$PWD/../work""#
        ),
        // A name chosen by the repository, and a password by the user.
        &format!(
            r#"{http} git config credential.username me; git config --global credential.helper '!f() {{ grep -q username=me && echo password=pass; }}; f'"#
        ),
        // What is not used does no harm.
        &format!(
            r#"{http} git config "http.http://$SERVER/.extraheader" {header}; git config http.proxy http://127.0.0.1:1"#
        ),
    ] {
        World::with(lines).knows_its_remote(lines);
    }
    let world = World::with(http).change(|test| {
        test.env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "http.extraHeader")
            .env("GIT_CONFIG_VALUE_0", "AUTHORIZATION: basic c2VjcmV0")
    });
    world.knows_its_remote("GIT_CONFIG_COUNT");
    let world = World::with(&format!(
        "{http} printf '#!/bin/sh\\ncase $1 in User*) echo me;; *) echo pass; esac' > ../ask; chmod +x ../ask"
    ));
    let ask = world.test.folder().join("ask");
    world.change(|test| test.env("GIT_ASKPASS", ask.to_str().unwrap())).knows_its_remote("GIT_ASKPASS");
}

#[test]
fn what_is_meant_for_another_remote_is_not_sent() {
    let http = r#"git remote add origin "http://$SERVER/a";"#;
    for (lines, left_out) in [
        (r#"git config http.http://other.example/.extraheader 'AUTHORIZATION: basic c2VjcmV0'"#, None),
        (r#"git config http.extraheader 'AUTHORIZATION: basic c2VjcmV0'"#, Some("`http.extraheader`")),
        (r#"git config credential.helper '!echo password=pass'"#, Some("`credential.helper`")),
        (
            r#"git config core.askPass "$EVIL"; git config http.proxy http://127.0.0.1:1"#,
            Some("`core.askpass`, `http.proxy`"),
        ),
    ] {
        let world = World::with(&format!("{http} {lines}"));
        let (stdout, told) = world.tags();
        assert_eq!(stdout, "", "{lines}");
        assert!(
            told.starts_with("error[git]: git says: could not read Username for 'http://127.0.0.1"),
            "{told}"
        );
        assert!(world.server.seen().iter().all(|seen| seen.header("authorization").is_empty()), "{lines}");
        let note = "= note: not used, because a repository's own configuration may name programs, proxies and hosts that nobody checks: ";
        match left_out {
            Some(keys) => assert!(
                told.contains(&format!("{note}{keys}; set what you trust with `git config --global`")),
                "{told}"
            ),
            None => assert!(!told.contains("= note: not used"), "{told}"),
        }
    }
}

/// An `ssh` that notes its arguments, and then does on this machine what it should do on the other.
fn with_ssh(world: World, name: &str) -> World {
    let script =
        "#!/bin/sh\nprintf '%s\\n' \"$0\" \"$@\" > \"$TRACE\"\nfor last; do :; done\nexec sh -c \"$last\"\n";
    world.change(|test| {
        let test = test.file(&format!("bin/{name}"), script);
        let bin = test.folder().join("bin");
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let trace = test.folder().join("trace");
        test.env("PATH", &path).env("TRACE", trace.to_str().unwrap()).env("RUNNER_TEMP", "/a b")
    })
}

#[test]
fn ssh_gets_the_key_of_the_checkout_and_of_the_user() {
    let remote = r#"git remote add origin "git@127.0.0.1:$PWD/../remote.git";"#;
    let batch = "-o\nBatchMode=yes\n-o\nConnectTimeout=30\n";
    let writes_nothing = format!("{batch}-o\nCheckHostIP=no\n-o\nUpdateHostKeys=no\n");
    for (lines, expected) in [
        ("true", batch.to_owned()),
        // as actions/checkout writes it
        (
            r#"git config core.sshCommand '"/usr/bin/ssh" -i "$RUNNER_TEMP/key" -o StrictHostKeyChecking=yes -o CheckHostIP=no -o "UserKnownHostsFile=$RUNNER_TEMP/key_known_hosts"'"#,
            format!(
                "{writes_nothing}-o\nStrictHostKeyChecking=yes\n-o\nUserKnownHostsFile=/a b/key_known_hosts\n-i\n/a b/key\n-o\nStrictHostKeyChecking=yes\n-o\nCheckHostIP=no\n"
            ),
        ),
        (
            "git config core.sshCommand 'ssh -i ~/.ssh/key -F /dev/null'",
            format!("{writes_nothing}-i\n~/.ssh/key\n-F\n/dev/null\n"),
        ),
        // ssh would append what the host shows to any file.
        (
            "git config core.sshCommand 'ssh -i key -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=~/.bashrc'",
            format!("{writes_nothing}-i\nkey\n-o\nSendEnv=GIT_PROTOCOL\n"),
        ),
        (
            "git config core.sshCommand 'ssh -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null'",
            format!("{writes_nothing}-F\nnone\n-o\nSendEnv=GIT_PROTOCOL\n"),
        ),
        (
            "git config core.sshCommand 'ssh -o UserKnownHostsFile=known -o CheckHostIP=yes'",
            format!(
                "{writes_nothing}-o\nStrictHostKeyChecking=yes\n-o\nUserKnownHostsFile=known\n-o\nSendEnv=GIT_PROTOCOL\n"
            ),
        ),
        ("git config --global core.sshCommand 'ssh -o ProxyJump=a'", "-o\nProxyJump=a\n".to_owned()),
        // The repository's is nearer, as ever.
        (
            "git config --global core.sshCommand 'ssh -v'; git config core.sshCommand 'ssh -i key'",
            format!("{writes_nothing}-i\nkey\n"),
        ),
    ] {
        let world = with_ssh(World::with(&format!("{remote} {lines}")), "ssh");
        world.knows_its_remote(lines);
        let trace = fs::read_to_string(world.test.folder().join("trace")).unwrap();
        let arguments = trace.split_once('\n').unwrap().1;
        assert!(arguments.starts_with(&expected), "{lines}: {trace}");
    }
    for (variable, value) in [("GIT_SSH_COMMAND", "my-ssh -x"), ("GIT_SSH", "my-ssh")] {
        let world = with_ssh(World::with(remote), "my-ssh");
        let world = world.change(|test| test.env(variable, value).env("GIT_SSH_VARIANT", "ssh"));
        world.knows_its_remote(variable);
    }
}

#[test]
fn the_repository_itself_works_from_wherever_it_is_used() {
    let remote = "git remote add origin ../remote.git;";
    for (lines, place) in [
        (remote, "app"),
        (&*format!("{remote} mkdir -p a/b"), "app/a/b"),
        (r#"git remote add origin "$PWD/../remote.git""#, "app"),
        (r#"git remote add origin "file://$PWD/../remote.git""#, "app"),
        (&*format!("{remote} git worktree add -q -b main2 ../tree"), "tree"),
        (
            r#"git clone -q . ../module; git -c protocol.file.allow=always submodule --quiet add ../module sub; git -C sub remote set-url origin ../../remote.git"#,
            "app/sub",
        ),
    ] {
        let world = World::with(lines);
        let world = world.change(|test| test.cwd(place));
        let spec = format!("--file={}", world.test.folder().join("app/docker-bake.hcl").display());
        let (stdout, told) = world.run(&["metadata", "--format=tags", "--known-versions=git", &spec]);
        assert_eq!(stdout, TAGS, "{lines}: {told}");
        // There, the file that was named is checked out a second time.
        let has_copy = matches!(place, "tree" | "app/sub");
        let expected = if has_copy { "note[unread-file]: `docker-bake.hcl` looks like input" } else { "" };
        assert!(told.starts_with(expected) && told.is_empty() != has_copy, "{lines}: {told}");
        let (facts, told) = world.facts();
        assert!(facts["branch"].as_str().is_some_and(|name| name.starts_with("main")), "{lines}: {told}");
        assert_eq!(facts["dirty"], false, "{lines}: {told}");
    }
    let world = World::with(remote);
    let git_dir = world.test.folder().join("app/.git");
    let world = world.change(|test| test.env("GIT_DIR", git_dir.to_str().unwrap()));
    world.knows_its_remote("GIT_DIR");
    assert_eq!(world.facts().0["branch"], "main");
    // What the user forbids stays forbidden.
    let world = World::with(remote).change(|test| test.env("GIT_ALLOW_PROTOCOL", "https:ssh"));
    assert!(world.tags().1.contains("git says: transport 'file' not allowed"));
    let world = World::with(&format!("{remote} git config --global protocol.file.allow never"));
    assert!(world.tags().1.contains("git says: transport 'file' not allowed"));
}

#[test]
fn a_change_that_only_a_filter_could_see_is_unknown() {
    let lfs = "git config --global filter.lfs.clean 'tr a-z A-Z'; git config --global filter.lfs.required true; echo '*.bin filter=lfs' > .gitattributes; mkdir a; echo x > a/x.bin; git add .; git commit -q -m second; sleep 0.1;";
    let unknown = "the fact `dirty` is unknown: only the filter `lfs` can say whether `a/x.bin` was changed, and it is not run; say it with `--fact dirty=…`\n";
    for (lines, dirty, told) in [
        ("true", Some(false), ""),
        ("touch a/x.bin", None, unknown),
        ("echo y > a/x.bin", None, unknown),
        ("touch file", Some(false), ""),
        ("echo 2 > file", Some(true), ""),
        ("echo 2 > file; touch a/x.bin", Some(true), ""),
        ("rm a/x.bin", Some(true), ""),
        ("touch a/x.bin; git rm -q --cached file", Some(true), ""),
        ("rm file; git config --global --remove-section filter.lfs", Some(true), ""),
    ] {
        let world = World::with(&format!("{lfs} {lines}"));
        let (facts, stderr) = world.facts();
        assert_eq!(facts["dirty"].as_bool(), dirty, "{lines}: {stderr}");
        assert!(stderr.ends_with(told), "{lines}: {stderr}");
        assert_eq!(stderr.contains("unknown"), !told.is_empty(), "{stderr}");
    }
    // From a folder inside, and said where it matters.
    let world = World::with(&format!("{lfs} touch a/x.bin")).change(|test| test.cwd("app/a"));
    assert!(world.facts().1.contains("whether `../a/x.bin` was changed"));
    let labels = SPEC.replace("version ", "oci_labels = true\n  version ");
    let world =
        World::with(&format!("{lfs} touch a/x.bin")).change(|test| test.file("app/docker-bake.hcl", labels));
    world.prepare("git commit -q -m labels docker-bake.hcl; touch a/x.bin");
    let (_, told) = world.run(&["plan"]);
    assert!(
        told.contains("warning[oci-labels]: it is unknown whether the working tree matches the commit"),
        "{told}"
    );
    assert!(told.contains("= help: only the filter `lfs` can say"), "{told}");
    let (_, told) = world.run(&["plan", "--fact=dirty=false"]);
    assert!(!told.contains("it is unknown whether"), "{told}");
}

#[test]
fn of_a_submodule_only_its_commit_counts() {
    let module =
        "git init -q sub; git -C sub commit -q --allow-empty -m x; git add sub; git commit -q -m sub;";
    for (lines, dirty) in
        [("true", false), ("echo > sub/new", false), ("git -C sub commit -q --allow-empty -m y", true)]
    {
        assert_eq!(World::with(&format!("{module} {lines}")).facts().0["dirty"], dirty, "{lines}");
    }
}

#[test]
fn credentials_are_no_arguments() {
    let world = World::with(r#"git remote add origin "http://me:pass@$SERVER/a""#);
    let world = world.change(|test| {
        let script = "#!/bin/sh\necho \"$@\" >> \"$TRACE\"\nPATH=$REAL exec git \"$@\"\n";
        let test = test.file("bin/git", script);
        let bin = test.folder().join("bin");
        fs::set_permissions(bin.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
        let path = std::env::var("PATH").unwrap();
        let trace = test.folder().join("trace");
        let test = test.env("PATH", &format!("{}:{path}", bin.display())).env("REAL", &path);
        test.env("TRACE", trace.to_str().unwrap())
    });
    world.knows_its_remote("a git between");
    let trace = fs::read_to_string(world.test.folder().join("trace")).unwrap();
    assert!(trace.contains("ls-remote --tags --heads origin") && !trace.contains("pass"), "{trace}");
}

#[test]
fn git_is_run_in_one_place() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut found) = (vec![source], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if fs::read_to_string(&path).unwrap_or_default().contains("Command::new(\"git\")") {
                found.push(path);
            }
        }
    }
    assert!(found.len() == 1 && found[0].ends_with("host/git.rs"), "{found:?}");
}
