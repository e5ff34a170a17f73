//! Tests of `host`.

use std::borrow::Cow;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use super::processor::{arm_variant, go_names};
use super::programs::{Kill, run};
use super::read::{HEAD, MAX_PRODUCT};
use super::turn::Turns;
use super::write::Prepared;
use super::*;
use crate::facts::command::CommandFailure;

fn host() -> (tempfile::TempDir, Host) {
    let directory = tempfile::tempdir().unwrap();
    let host = Host {
        directory: directory.path().to_owned(),
        environment: BTreeMap::new(),
        replaced: BTreeSet::new(),
        color: ColorChoice::Never,
        fence: None,
        moved: None,
        looked: None,
        token: Arc::default(),
    };
    (directory, host)
}

fn write(host: &Host, path: &str, content: &str) -> Result<Written, HostError> {
    write_all(host, &[(path, content)]).map(|written| written[0])
}

fn write_all(host: &Host, files: &[(&str, &str)]) -> Result<Vec<Written>, HostError> {
    let mut writing = host.writing();
    files.iter().try_for_each(|(path, content)| writing.add(path, Cow::Borrowed(content.as_bytes())))?;
    Ok(writing.commit()?.into_iter().map(|(_, written)| written).collect())
}

fn entries(directory: &Path) -> Vec<String> {
    let names = fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[test]
fn each_reason_not_to_read_has_its_message() {
    let (directory, host) = host();
    fs::create_dir(directory.path().join("folder")).unwrap();
    fs::write(directory.path().join("latin1"), b"# a\n# caf\xe9\n").unwrap();
    File::create(directory.path().join("big")).unwrap().set_len(MAX_INPUT + 1).unwrap();
    for (path, message) in [
        ("absent", "cannot read `absent`: no such file or directory"),
        ("folder", "cannot read `folder`: it is a directory"),
        ("latin1", "cannot read `latin1`: it is not UTF-8 text (line 2, byte 9 of the file)"),
        ("latin1/x", "cannot read `latin1/x`: it is not a directory"),
        ("big", "cannot read `big`: it is larger than 16 MiB"),
    ] {
        assert_eq!(host.read(path).unwrap_err().to_string(), message);
    }
    fs::write(directory.path().join("good"), "é").unwrap();
    assert_eq!(host.read("good").unwrap(), "é");
}

#[test]
fn products_may_be_larger_than_inputs() {
    let (directory, host) = host();
    let large = "x".repeat(MAX_INPUT as usize + 1);
    fs::write(directory.path().join("large"), &large).unwrap();
    assert_eq!(host.read("large").unwrap_err().code().name(), "file-too-large");
    assert_eq!(host.read_product("large").unwrap().len(), large.len());
    assert_eq!(host.head("large").unwrap().len() as u64, HEAD);
    assert_eq!(host.compare("large", &large).unwrap(), Compared::Equal);
    assert_eq!(write(&host, "large", &large).unwrap(), Written::Unchanged);
    assert_eq!(host.compare("large", "x").unwrap(), Compared::Other(large.clone()));
    assert_eq!(write(&host, "large", "x").unwrap(), Written::Updated);

    // Nobody reads a hole of a terabyte.
    File::create(directory.path().join("huge")).unwrap().set_len(1 << 40).unwrap();
    let Compared::Other(found) = host.compare("huge", "x").unwrap() else { panic!("it is not equal") };
    assert_eq!(found.len() as u64, MAX_INPUT + 1);
    assert_eq!(host.head("huge").unwrap().len() as u64, HEAD);
    File::create(directory.path().join("huge")).unwrap().set_len(MAX_PRODUCT + 1).unwrap();
    assert_eq!(
        host.read_product("huge").unwrap_err().to_string(),
        "cannot read `huge`: it is larger than 512 MiB"
    );

    for (path, expected) in [("absent", Compared::Absent), ("empty", Compared::Other(String::new()))] {
        fs::write(directory.path().join("empty"), "").unwrap();
        assert_eq!(host.compare(path, "x").unwrap(), expected, "{path}");
    }
    fs::write(directory.path().join("latin1"), b"caf\xe9").unwrap();
    assert_eq!(host.compare("latin1", "x").unwrap(), Compared::Other("caf\u{fffd}".into()));
    assert_eq!(host.compare(".", "x").unwrap_err().to_string(), "cannot read `.`: it is a directory");
    assert_eq!(host.head("absent").unwrap_err().code().name(), "no-such-file");
}

#[test]
fn absent_and_empty_files_have_no_content() {
    let (directory, host) = host();
    fs::create_dir(directory.path().join("folder")).unwrap();
    fs::write(directory.path().join("empty"), "").unwrap();
    fs::write(directory.path().join("full"), "x").unwrap();
    for (path, expected) in
        [("absent", false), ("empty", false), ("full/x", false), ("full", true), ("folder", true)]
    {
        assert_eq!(host.has_content(path), expected, "{path}");
    }
}

#[test]
fn a_file_is_written_only_when_it_changes() {
    let (directory, host) = host();
    let path = directory.path().join("a/b/file");
    assert_eq!(write(&host, "a/b/file", "one").unwrap(), Written::Created);
    let long_ago = UNIX_EPOCH + Duration::from_secs(1_000_000);
    OpenOptions::new().write(true).open(&path).unwrap().set_modified(long_ago).unwrap();
    assert_eq!(write(&host, "a/b/file", "one").unwrap(), Written::Unchanged);
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), long_ago);
    assert_eq!(write(&host, "a/b/file", "two").unwrap(), Written::Updated);
    assert_eq!(fs::read_to_string(&path).unwrap(), "two");
    assert_eq!(entries(path.parent().unwrap()), ["file"]);
}

#[test]
fn a_failed_write_leaves_everything_as_it_was() {
    let (directory, host) = host();
    fs::create_dir(directory.path().join("folder")).unwrap();
    fs::write(directory.path().join("file"), "old").unwrap();
    for (path, message) in [
        ("folder", "cannot write `folder`: it is a directory"),
        ("", "cannot write ``: it is a directory"),
        ("new/", "cannot write `new/`: it is a directory"),
        ("file/below", "cannot write `file/below`: it is not a directory"),
    ] {
        assert_eq!(write(&host, path, "new").unwrap_err().to_string(), message);
    }
    let mut permissions = fs::metadata(directory.path().join("file")).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(directory.path().join("file"), permissions).unwrap();
    assert_eq!(write(&host, "file", "new").unwrap_err().to_string(), "cannot write `file`: it is read-only");
    assert_eq!(fs::read_to_string(directory.path().join("file")).unwrap(), "old");
    assert_eq!(entries(directory.path()), ["file", "folder"]);
}

#[cfg(unix)]
#[test]
fn permissions_stay() {
    use std::os::unix::fs::PermissionsExt;
    let (directory, host) = host();
    let at = |name: &str| directory.path().join(name);
    let mode = |name: &str| fs::metadata(at(name)).unwrap().permissions().mode() & 0o777;
    fs::write(at("file"), "old").unwrap();
    fs::set_permissions(at("file"), fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(write(&host, "file", "new").unwrap(), Written::Updated);
    assert_eq!((fs::read_to_string(at("file")).unwrap().as_str(), mode("file")), ("new", 0o640));
    assert_eq!(write(&host, "created", "new").unwrap(), Written::Created);
    fs::write(at("plain"), "").unwrap();
    assert_eq!(mode("created"), mode("plain"));
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    use std::os::unix::fs::symlink;
    let (directory, host) = host();
    let outside = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(directory.path()).unwrap();
    fs::create_dir(root.join("sub")).unwrap();
    fs::write(outside.path().join("victim"), "old").unwrap();
    symlink(outside.path().join("victim"), root.join("file")).unwrap();
    symlink(outside.path().join("absent"), root.join("sub/dangling")).unwrap();
    symlink(outside.path(), root.join("folder")).unwrap();
    symlink("../folder", root.join("sub/chain")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    symlink("/dev/null", root.join("device")).unwrap();
    let absolute = |path: &str| root.join(path).display().to_string();
    let outer = outside.path().display();
    for (path, link, target) in [
        ("file".to_owned(), "file", format!("{outer}/victim")),
        ("sub/../file".into(), "sub/../file", format!("{outer}/victim")),
        ("sub/dangling".into(), "sub/dangling", format!("{outer}/absent")),
        ("folder/victim".into(), "folder", outer.to_string()),
        ("folder/new/file".into(), "folder", outer.to_string()),
        ("sub/chain/victim".into(), "sub/chain", "../folder".into()),
        ("loop".into(), "loop", "loop".into()),
        ("device".into(), "device", "/dev/null".into()),
        (absolute("file"), &absolute("file"), format!("{outer}/victim")),
        (absolute("folder/victim"), &absolute("folder"), outer.to_string()),
    ] {
        let error = write(&host, &path, "new").unwrap_err();
        let link = link.strip_prefix(&format!("{}/", directory.path().display())).unwrap_or(link);
        let message = format!("cannot write `{path}`: `{link}` is a symbolic link to `{target}`");
        assert_eq!((error.to_string(), error.help().is_some()), (message, true));
    }
    assert_eq!(fs::read_to_string(outside.path().join("victim")).unwrap(), "old");
    assert_eq!(entries(outside.path()), ["victim"]);
    assert_eq!(entries(&root), ["device", "file", "folder", "loop", "sub"]);
}

#[cfg(unix)]
#[test]
fn folders_outside_the_checkout_are_the_users_own() {
    use std::os::unix::fs::symlink;
    let outer = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(outer.path()).unwrap();
    fs::create_dir_all(root.join("real/checkout/.git")).unwrap();
    fs::create_dir_all(root.join("real/checkout/sub")).unwrap();
    fs::create_dir(root.join("real/free")).unwrap();
    symlink("real", root.join("way")).unwrap();
    symlink("../free", root.join("real/checkout/out")).unwrap();
    // The working directory itself is reached through a link.
    let host = Host {
        directory: root.join("way/checkout/sub"),
        environment: BTreeMap::new(),
        replaced: BTreeSet::new(),
        color: ColorChoice::Never,
        fence: None,
        moved: None,
        looked: None,
        token: Arc::default(),
    };
    let absolute = |path: &str| root.join(path).display().to_string();
    for path in ["a", "new/a", &absolute("way/free/a"), &absolute("way/checkout/sub/b")] {
        assert_eq!(write(&host, path, "x").unwrap(), Written::Created, "{path}");
    }
    // Of the checkout, but not below the working directory.
    for path in ["../out/a", &absolute("real/checkout/out/a"), &absolute("way/checkout/out/a")] {
        assert_eq!(write(&host, path, "x").unwrap_err().code().name(), "is-a-link", "{path}");
    }
    assert_eq!(entries(&root.join("real/free")), ["a"]);
    // A file is not a link even there.
    symlink("a", root.join("real/free/link")).unwrap();
    assert_eq!(write(&host, &absolute("way/free/link"), "y").unwrap_err().code().name(), "is-a-link");
}

#[cfg(unix)]
#[test]
fn a_link_is_of_the_checkout_also_from_a_checkout_within_it() {
    use std::os::unix::fs::symlink;
    type Nest = fn(&Path);
    let nests: [Nest; 4] = [
        |git| fs::write(git, "gitdir: ../.git/modules/sub").unwrap(),
        |git| fs::write(git, "").unwrap(),
        |git| fs::create_dir(git).unwrap(),
        |git| symlink("nowhere", git).unwrap(),
    ];
    for nest in nests {
        let outer = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(outer.path()).unwrap();
        let at = |path: &str| root.join(path);
        fs::create_dir_all(at("checkout/.git")).unwrap();
        fs::create_dir_all(at("checkout/sub/deep")).unwrap();
        fs::create_dir_all(at("victim/inner")).unwrap();
        nest(&at("checkout/sub/.git"));
        nest(&at("checkout/sub/deep/.git"));
        symlink("../victim", at("checkout/out")).unwrap();
        symlink("../../victim", at("checkout/sub/out")).unwrap();
        // The user's own, outside of all of them.
        symlink("victim", at("way")).unwrap();
        for directory in ["checkout/sub", "checkout/sub/deep", "checkout", "."] {
            let host = Host {
                directory: fs::canonicalize(at(directory)).unwrap(),
                environment: BTreeMap::new(),
                replaced: BTreeSet::new(),
                color: ColorChoice::Never,
                fence: None,
                moved: None,
                looked: None,
                token: Arc::default(),
            };
            for path in ["checkout/out/a", "checkout/out/inner/a", "checkout/sub/out/a"] {
                let error = write(&host, &at(path).display().to_string(), "x").unwrap_err();
                assert_eq!(error.code().name(), "is-a-link", "{path} from {directory}");
            }
            if directory != "." {
                let way = at("way/new").display().to_string();
                assert_eq!(write(&host, &way, "x").unwrap(), Written::Created);
                fs::remove_file(at("victim/new")).unwrap();
            }
            assert_eq!(entries(&at("victim")), ["inner"]);
            assert_eq!(entries(&at("victim/inner")), [""; 0]);
        }
    }
}

#[test]
fn none_of_several_files_is_touched_when_one_cannot_be() {
    let (directory, host) = host();
    fs::create_dir(directory.path().join("folder")).unwrap();
    fs::write(directory.path().join("a"), "old").unwrap();
    let error = write_all(&host, &[("a", "new"), ("b", "new"), ("folder", "new")]).unwrap_err();
    assert_eq!(error.to_string(), "cannot write `folder`: it is a directory");
    assert_eq!(fs::read_to_string(directory.path().join("a")).unwrap(), "old");
    assert_eq!(entries(directory.path()), ["a", "folder"]);
    let written = write_all(&host, &[("a", "new"), ("b", "new")]).unwrap();
    assert_eq!(written, [Written::Updated, Written::Created]);
}

#[cfg(unix)]
#[test]
fn an_unwritable_folder_is_a_clear_error() {
    use std::os::unix::fs::PermissionsExt;
    let (directory, host) = host();
    fs::write(directory.path().join("file"), "old").unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let is_root = File::create(directory.path().join("probe")).is_ok();
    let result = write(&host, "file", "new");
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    if !is_root {
        assert_eq!(result.unwrap_err().to_string(), "cannot write `file`: permission denied");
        assert_eq!(fs::read_to_string(directory.path().join("file")).unwrap(), "old");
        assert_eq!(entries(directory.path()), ["file"]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn devices_are_written_to_and_not_replaced() {
    let (_directory, host) = host();
    assert_eq!(write(&host, "/dev/null", "x").unwrap(), Written::Updated);
    let full = write(&host, "/dev/full", "x").unwrap_err();
    assert_eq!(full.to_string(), "cannot write `/dev/full`: no space left on device");
}

#[test]
fn text_is_appended() {
    let (_directory, host) = host();
    host.append("output", "a=1\n").unwrap();
    host.append("output", "b=2\n").unwrap();
    assert_eq!(host.read("output").unwrap(), "a=1\nb=2\n");
}

#[test]
fn each_directory_is_relative_to_the_one_before() {
    let (directory, host) = host();
    write(&host, "a/b/file", "x").unwrap();
    let enter = |parts: &[&str]| {
        let parts: Vec<_> =
            [directory.path().to_owned()].into_iter().chain(parts.iter().map(PathBuf::from)).collect();
        Host::new(&parts, ColorChoice::Never)
    };
    assert!(enter(&["a", "", "b"]).unwrap().has_content("file"));
    assert_eq!(
        enter(&["a", "c"]).unwrap_err().to_string(),
        "cannot change to `c`: no such file or directory"
    );
    assert_eq!(
        enter(&["a/b/file"]).unwrap_err().to_string(),
        "cannot change to `a/b/file`: it is not a directory"
    );
}

#[test]
fn platforms_are_named_as_containerd_does() {
    assert_eq!(go_names("macos", "aarch64", true), ("darwin", "arm64"));
    assert_eq!(go_names("linux", "powerpc64", true), ("linux", "ppc64le"));
    assert_eq!(go_names("linux", "s390x", false), ("linux", "s390x"));
    for (arch, cpuinfo, expected) in [
        ("arm64", "", "v8"),
        ("arm64", "processor\t: 0\nCPU architecture: 8\n", "v8"),
        ("arm", "CPU architecture: 7\n", "v7"),
        ("arm", "model name\t: ARMv6-compatible processor rev 7\nCPU architecture: 7\n", "v6"),
    ] {
        assert_eq!(arm_variant(arch, cpuinfo), expected, "{arch} {cpuinfo}");
    }
    assert!(host().1.local_platform().contains('/'));
}

#[test]
fn time_has_whole_seconds_and_random_bytes_differ() {
    let now = Host::now().to_string();
    assert!(now.len() == "2026-11-21T09:30:00Z".len() && now.ends_with('Z'), "{now}");
    assert_ne!(Host::random(), Host::random());
}

/// A shell with these lines, stopped after a second.
#[cfg(unix)]
fn shell(lines: &str) -> Result<String, CommandFailure> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", lines]);
    run(command, "sh", Duration::from_secs(1), Kill::WithChildren, &|| None)
}

#[test]
#[cfg(unix)]
fn a_program_says_what_it_says_or_why_not() {
    assert_eq!(shell("echo out; echo err >&2"), Ok("out\n".into()));
    let failure = CommandFailure::Status { code: Some(3), errors: "fatal: x\n".into() };
    assert_eq!(shell("echo out; echo fatal: x >&2; exit 3"), Err(failure));
    assert_eq!(
        shell("read line && echo asked"),
        Err(CommandFailure::Status { code: Some(1), errors: "".into() })
    );
    assert_eq!(shell("printf '\\377'"), Err(CommandFailure::Other("its output is not UTF-8".into())));
    let timed_out = CommandFailure::TimedOut { command: "sh".into(), seconds: 1 };
    assert_eq!(shell("exec sleep 600"), Err(timed_out));
    let too_much = CommandFailure::TooMuch { command: "sh".into(), bytes: MAX_INPUT };
    for endless in ["head -c 20000000 /dev/zero", "cat /dev/zero", "cat /dev/zero >&2"] {
        assert_eq!(shell(endless), Err(too_much.clone()), "{endless}");
    }
    let absent = Command::new("bakeplan-no-such-program");
    let absent = run(absent, "absent", Duration::from_secs(1), Kill::WithChildren, &|| None);
    assert_eq!(absent, Err(CommandFailure::NotInstalled));
    // Nothing that a program has started outlives its time.
    let (folder, _) = host();
    let mark = folder.path().join("mark");
    let lines = format!("(sleep 2; echo > '{}') & wait", mark.display());
    assert!(matches!(shell(&lines), Err(CommandFailure::TimedOut { .. })));
    std::thread::sleep(Duration::from_secs(2));
    assert!(!mark.exists());
    // A connection that is kept open holds the streams.
    assert_eq!(shell("sleep 3 & echo out"), Ok("out\n".into()));
}

/// Between the look at a path and the writing, a folder of it is swapped for a link: what is written stays in the folder that
/// was looked at.
#[cfg(unix)]
#[test]
fn a_folder_that_is_swapped_for_a_link_leads_nowhere() {
    use std::os::unix::fs::symlink;

    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("new"), "victim").unwrap();
    for (path, swapped) in [
        ("sub/file", "sub"),
        ("sub/new", "sub"),
        ("sub/deep/file", "sub"),
        ("sub/deep/file", "sub/deep"),
        ("sub/made/now", "sub/made"),
    ] {
        let (directory, _) = host();
        let root = directory.path();
        fs::create_dir_all(root.join("sub/deep")).unwrap();
        fs::write(root.join("sub/file"), "old").unwrap();
        let prepared =
            Prepared::new(root, Path::new(path), Cow::Borrowed(b"ours"), &mut Turns::default()).unwrap();
        fs::rename(root.join(swapped), root.join("moved")).unwrap();
        symlink(outside.path(), root.join(swapped)).unwrap();
        prepared.commit().unwrap();
        assert_eq!(entries(outside.path()), ["new"], "{path}");
        assert_eq!(fs::read(outside.path().join("new")).unwrap(), b"victim", "{path}");
        let rest = Path::new(path).strip_prefix(swapped).unwrap();
        assert_eq!(fs::read(root.join("moved").join(rest)).unwrap(), b"ours", "{path}");
        assert!(entries(&root.join("moved")).iter().all(|name| !name.starts_with('.')), "{path}");
        // The next one sees the link.
        let Err(problem) =
            Prepared::new(root, Path::new(path), Cow::Borrowed(b"more"), &mut Turns::default())
        else {
            panic!("{path}")
        };
        assert!(matches!(problem, Problem::Link { .. }), "{path}: {problem}");
    }
    // A file that is swapped for a link is replaced itself.
    let (directory, _) = host();
    let root = directory.path();
    fs::write(root.join("file"), "old").unwrap();
    let prepared =
        Prepared::new(root, Path::new("file"), Cow::Borrowed(b"ours"), &mut Turns::default()).unwrap();
    fs::remove_file(root.join("file")).unwrap();
    symlink(outside.path().join("new"), root.join("file")).unwrap();
    prepared.commit().unwrap();
    assert_eq!(fs::read(outside.path().join("new")).unwrap(), b"victim");
    assert!(fs::symlink_metadata(root.join("file")).unwrap().is_file());
    // What is dropped leaves nothing behind.
    drop(Prepared::new(root, Path::new("file"), Cow::Borrowed(b"never"), &mut Turns::default()).unwrap());
    assert_eq!(entries(root), ["file"]);
}

/// What processes left that were killed while they wrote is removed by the next one that writes there, and nothing else is.
#[cfg(unix)]
#[test]
fn what_was_left_behind_is_removed() {
    use std::os::unix::fs::symlink;
    use std::time::{Duration, SystemTime};

    // It has ended, so that no process has its number for now.
    let mut child = Command::new("true").spawn().unwrap();
    let (gone, own) = (child.id(), std::process::id());
    child.wait().unwrap();
    let (directory, _) = host();
    let root = directory.path();
    let (minute, day) = (90, 25 * 60 * 60);
    for (name, age, stays) in [
        (format!(".bakeplan-{gone}-123-0"), minute, false),
        (format!(".bakeplan-{gone}-123-1"), day, false),
        (format!(".bakeplan-{own}-1-2"), day, false),
        (format!(".bakeplan-{gone}-123-2"), 0, true),
        (format!(".bakeplan-{own}-1-3"), minute, true),
        (format!(".bakeplan-{gone}-123-0.txt"), day, true),
        (format!(".bakeplan-{gone}"), day, true),
        (format!(".bakeplan-{gone}-1-2-3"), day, true),
        (format!("bakeplan-{gone}-1-2"), day, true),
        (".bakeplan-x-1-2".to_owned(), day, true),
        (".bakeplan-0-1-2".to_owned(), day, true),
        (".bakeplan.json".to_owned(), day, true),
    ] {
        let path = root.join(&name);
        fs::write(&path, "rest").unwrap();
        let time = SystemTime::now() - Duration::from_secs(age);
        File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        drop(Prepared::new(root, Path::new("file"), Cow::Borrowed(b"x"), &mut Turns::default()).unwrap());
        assert_eq!(path.exists(), stays, "{name}");
        let _ = fs::remove_file(path);
    }
    // Links and folders of such a name are another's.
    fs::create_dir(root.join(format!(".bakeplan-{gone}-4-0"))).unwrap();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("victim"), "x").unwrap();
    let old = SystemTime::now() - Duration::from_secs(day);
    let victim = File::options().write(true).open(outside.path().join("victim")).unwrap();
    victim.set_modified(old).unwrap();
    symlink(outside.path().join("victim"), root.join(format!(".bakeplan-{gone}-5-0"))).unwrap();
    let prepared =
        Prepared::new(root, Path::new("file"), Cow::Borrowed(b"x"), &mut Turns::default()).unwrap();
    prepared.commit().unwrap();
    assert!(outside.path().join("victim").exists());
    assert_eq!(entries(root).len(), 3, "{:?}", entries(root));
}

/// The same by chance: a folder is a link again and again while it is written to.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_flickers_leads_nowhere() {
    use std::os::unix::fs::symlink;
    use std::sync::atomic::{AtomicBool, Ordering};

    use rustix::fs::{CWD, RenameFlags, renameat_with};

    let (directory, host) = host();
    let (outside, root) = (tempfile::tempdir().unwrap(), directory.path());
    fs::create_dir(root.join("sub")).unwrap();
    symlink(outside.path(), root.join("link")).unwrap();
    let (done, mut written, mut refused) = (AtomicBool::new(false), 0, BTreeSet::new());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let (sub, link) = (root.join("sub"), root.join("link"));
                renameat_with(CWD, &sub, CWD, &link, RenameFlags::EXCHANGE).unwrap();
            }
        });
        for number in 0..100_000 {
            match write(&host, "sub/file", &number.to_string()) {
                Ok(_) => written += 1,
                Err(error) => _ = refused.insert(error.code().name()),
            }
            // On a busy machine, the first ones may all meet the link.
            if number >= 400 && written > 0 {
                break;
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(written > 0);
    let expected = ["is-a-link", "no-such-file", "io-error", "not-a-directory"];
    assert!(refused.iter().all(|code| expected.contains(code)), "{refused:?}");
    assert_eq!(entries(outside.path()), [""; 0]);
}

#[test]
fn a_listing_tells_what_a_folder_lacks() {
    let (directory, host) = host();
    fs::create_dir(directory.path().join("Web")).unwrap();
    fs::write(directory.path().join("file"), "").unwrap();
    let here = host.listing(".").unwrap();
    for path in ["api/Dockerfile", "./api", "Dockerfile", "web2/../Web/Dockerfile"] {
        assert!(here.lacks(path), "{path}");
    }
    // What is deeper, and what a system may take for what is there, is not known.
    for path in ["Web/Dockerfile", "web/api", "./WEB", "file", "../api", "/api", ".", "wéb"] {
        assert!(!here.lacks(path), "{path}");
    }
    assert!(host.listing("Web").unwrap().lacks("file"));
    assert!(host.listing("none").is_none());
}

/// What two runs write into one folder is that of one of them, and is never mixed.
#[cfg(unix)]
#[test]
fn files_of_two_runs_are_not_mixed() {
    let (folder, host) = host();
    let names = ["out/a", "out/b", "out/c", "out/d"];
    let write = |content: &'static str| {
        let mut writing = host.writing();
        for name in names {
            writing.add(name, Cow::Borrowed(content.as_bytes())).unwrap();
        }
        writing.commit().unwrap();
    };
    for _ in 0..50 {
        std::thread::scope(|scope| {
            for content in ["one", "two", "three"] {
                scope.spawn(move || write(content));
            }
        });
        let found = names.map(|name| fs::read_to_string(folder.path().join(name)).unwrap());
        assert!(found.iter().all(|text| *text == found[0]), "{found:?}");
    }
    // By two spellings, nobody waits for itself.
    let mut writing = host.writing();
    for name in ["out/a", "./out/b", "out/../out/c"] {
        writing.add(name, Cow::Borrowed(b"four")).unwrap();
    }
    writing.commit().unwrap();
}
