//! What a definition is read with: environment variables that are not text, those that switch something, and files that
//! are not UTF-8.

use crate::support::Test;

const FILE: &str = r#"
variable "MESSAGE" {
  default = "x"
}
variable "WORDS" {
  type    = list(string)
  default = []
}
target "default" {
  args = {
    message = MESSAGE
    words   = join("|", WORDS)
    length  = strlen(MESSAGE)
  }
  tags = [sanitize(MESSAGE)]
}
"#;

/// The value of a key that stands on a line of its own.
fn value<'o>(printed: &'o str, key: &str) -> &'o str {
    let line = printed.lines().find_map(|line| line.trim().strip_prefix(&format!("\"{key}\": ")));
    line.unwrap_or_else(|| panic!("no `{key}` in {printed}")).trim_end_matches(',')
}

/// As Go has it, each byte that is not UTF-8 is one U+FFFD.
#[cfg(unix)]
#[test]
fn a_value_that_is_not_utf8_is_read_with_replacements_and_a_warning() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let warned = "warning[not-utf8]: the environment variable `MESSAGE` is not UTF-8; [..]\n  = help: [..]\n";
    for (bytes, text, length) in [
        (&b"caf\xe9 x"[..], "caf\u{fffd} x", "6"),
        (b"\xe2\x82", "\u{fffd}\u{fffd}", "2"),
        (b"a\xff\xfe\xfdz", "a\u{fffd}\u{fffd}\u{fffd}z", "5"),
        (b"e\xcc\x81\xe9", "\u{e9}\u{fffd}", "2"),
    ] {
        let test = || Test::new().file("docker-bake.hcl", FILE).env("MESSAGE", OsStr::from_bytes(bytes));
        let output = test().args(["print"]).output();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(value(&printed, "message"), format!("\"{text}\""));
        assert_eq!(value(&printed, "length"), format!("\"{length}\""));
        test().args(["print"]).stdout(printed).stderr(warned).run();
    }
    let words = Test::new().file("docker-bake.hcl", FILE).env("WORDS", OsStr::from_bytes(b"a,\xe9"));
    let output = words.args(["print"]).output();
    assert_eq!(value(&String::from_utf8(output.stdout).unwrap(), "words"), "\"a|\u{fffd}\"");
    let compose = "services:\n  app:\n    build:\n      context: .\n      args:\n        - MESSAGE\n        - B=${MESSAGE}\n";
    let test = Test::new().file("compose.yml", compose).env("MESSAGE", OsStr::from_bytes(b"\xe9"));
    let output = test.args(["print"]).output();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!((value(&printed, "MESSAGE"), value(&printed, "B")), ("\"\u{fffd}\"", "\"\u{fffd}\""));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("warning[not-utf8]"));
    // Of what nothing asks for, nothing is said.
    let unused = Test::new().file("docker-bake.hcl", FILE).env("MESSAGES", OsStr::from_bytes(b"\xe9"));
    assert!(unused.args(["print"]).output().stderr.is_empty());
    let given = Test::new().file("docker-bake.hcl", FILE).env("OTHER", OsStr::from_bytes(b"\xe9"));
    let output = given.args(["print", "--set", "*.args.OTHER="]).output();
    assert!(String::from_utf8_lossy(&output.stderr).contains("`OTHER` is not UTF-8"));
}

/// `strconv.ParseBool` of Go, white space cut off.
#[test]
fn whether_contexts_are_relative_to_their_file_is_a_bool_of_go() {
    let file = "target \"default\" {\n  context = \"src\"\n}\n";
    let test = |given: &str| {
        let test = Test::new().file("app/docker-bake.hcl", file).args(["print", "-f", "app/docker-bake.hcl"]);
        test.env("BUILDX_BAKE_FILE_RELATIVE_PATHS", given)
    };
    for (given, context) in [
        ("1", "app/src"),
        ("T", "app/src"),
        (" true\n", "app/src"),
        ("True", "app/src"),
        ("", "src"),
        ("  ", "src"),
        ("0", "src"),
        ("FALSE", "src"),
        ("f", "src"),
    ] {
        let printed = String::from_utf8(test(given).output().stdout).unwrap();
        assert_eq!(value(&printed, "context"), format!("\"{context}\""), "{given:?}");
    }
    for given in ["yes", "on", "2", "tRUE", "01"] {
        let told = "error[environment]: the environment variable `BUILDX_BAKE_FILE_RELATIVE_PATHS` is [..], which is \
                    neither true nor false\n  = help: set it to `true` or `false`, or unset it\n";
        test(given).status(1).stderr(told).run();
    }
}

fn utf16(text: &str, mark: [u8; 2], bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    mark.into_iter().chain(text.encode_utf16().flat_map(bytes)).collect()
}

fn little(text: &str) -> Vec<u8> {
    utf16(text, [0xff, 0xfe], u16::to_le_bytes)
}

#[test]
fn yaml_may_be_utf16() {
    let file = "services:\r\n  app:\r\n    image: x/y\r\n    build:\r\n      args: {A: \"é😀\"}\r\n";
    let big = utf16(file, [0xfe, 0xff], u16::to_be_bytes);
    let extends = "services:\n  app:\n    extends: {file: base.yml, service: app}\n";
    let tests = [
        Test::new().file("compose.yml", little(file)).args(["print"]),
        Test::new().file("compose.yml", &big).args(["print"]),
        Test::new().file("definition", little(file)).args(["print", "-f", "definition"]),
        Test::new().stdin(little(file)).args(["print", "-f", "-"]),
        Test::new()
            .file("compose.yml", "include: [base.yml]\n")
            .file("base.yml", &big)
            .args(["print", "app"]),
        Test::new().file("compose.yml", extends).file("base.yml", little(file)).args(["print"]),
        Test::new()
            .file("a.yml", file)
            .file("b.yml", little("services: {app: {image: x/z}}"))
            .args(["print", "-f", "a.yml", "-f", "b.yml"]),
    ];
    for (at, test) in tests.into_iter().enumerate() {
        let output = test.output();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{at}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(value(&printed, "A"), "\"é😀\"", "{at}");
    }
}

/// Whatever else buildx refuses is refused.
#[test]
fn nothing_else_may_be_utf16() {
    let hcl = "target \"default\" {}\n";
    let json = "{\"target\": {\"default\": {}}}";
    let yaml = little("services: {app: {build: .}}");
    for (name, content) in [
        ("docker-bake.hcl", little(hcl)),
        ("docker-bake.json", little(json)),
        ("definition", little(hcl)),
        ("definition", little(json)),
        ("compose.yml", [&yaml[..], b"\n"].concat()),
        ("compose.yml", [&yaml[..], b"\x00\xd8"].concat()),
        ("compose.yml", yaml[2..].to_vec()),
    ] {
        let output = Test::new().file(name, &content).args(["print", "-f", name]).output();
        assert_eq!(output.status.code(), Some(1), "{name}: {}", String::from_utf8_lossy(&output.stdout));
        assert!(output.stderr.starts_with(b"error["), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// What the help of an error recommends.
#[test]
fn the_cures_of_mistakes_work() {
    let matrix = |name: &str| {
        format!(
            "target \"b\" {{\n  {name}\n  matrix = {{\n    version = [\"1.2\", \"1.3\"]\n    slim = [true, false]\n  }}\n}}\n"
        )
    };
    let broken = Test::new().file("docker-bake.hcl", matrix("")).args(["print", "b"]).output();
    let told = String::from_utf8(broken.stderr).unwrap();
    let cure = told.split('`').find(|part| part.starts_with("name = ")).unwrap();
    let output = Test::new().file("docker-bake.hcl", matrix(cure)).args(["print", "b"]).output();
    let printed = String::from_utf8(output.stdout).unwrap();
    for name in ["b-false-1-2", "b-false-1-3", "b-true-1-2", "b-true-1-3"] {
        assert!(printed.contains(&format!("\"{name}\": {{")), "{name}: {printed}");
    }

    let target = "target \"default\" {\n  tags = [\"a:${TAG}\"]\n}\n";
    let broken = Test::new().file("docker-bake.hcl", target).env("TAG", "1").args(["print"]).output();
    let told = String::from_utf8(broken.stderr).unwrap();
    let cure = told.split('`').find(|part| part.starts_with("variable ")).unwrap();
    let file = format!("{cure}\n{target}");
    let output = Test::new().file("docker-bake.hcl", file).env("TAG", "1").args(["print"]).output();
    assert!(String::from_utf8(output.stdout).unwrap().contains("\"a:1\""));

    let target = "target \"default\" {\n  tags = [\"a:${{ github.sha }}\"]\n}\n";
    let broken = Test::new().file("docker-bake.hcl", target).args(["print"]).output();
    let told = String::from_utf8(broken.stderr).unwrap();
    assert!(told.contains("`SHA: ${{ github.sha }}`"), "{told}");
    let parts: Vec<&str> = told.split('`').collect();
    let (variable, use_of) = (parts[1], parts[3]);
    let file = format!("{variable}\n{}", target.replace("${{ github.sha }}", use_of));
    let output = Test::new().file("docker-bake.hcl", file).env("SHA", "abc").args(["print"]).output();
    assert!(String::from_utf8(output.stdout).unwrap().contains("\"a:abc\""));
}

/// Blocks of other tools, and those that a later version of Bake may have, stay without a word.
#[test]
fn blocks_that_are_called_like_none_of_bake_are_nobodys_business() {
    let file =
        "locals {\n  a = 1\n}\nresource \"x\" \"y\" {\n}\nmodule \"z\" {\n}\ntarget \"default\" {\n}\n";
    let output = Test::new().file("docker-bake.hcl", file).args(["print", "--strict"]).output();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let json = r#"{"labels": {"a": {"b": "c"}}, "groups": ["a"], "x": {"y": {}}, "target": {"default": {}}}"#;
    let output = Test::new().file("docker-bake.json", json).args(["print", "--strict"]).output();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[cfg(unix)]
#[test]
fn variables_of_a_ci_that_are_not_utf8_are_a_warning() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let facts = |env: &[(&str, &[u8])]| {
        let test = Test::new().args(["plan", "--facts"]);
        let test = env.iter().fold(test, |test, (name, value)| test.env(name, OsStr::from_bytes(value)));
        let output = test.output();
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stderr).unwrap()
    };
    for (ci, name, value) in [
        ("GITHUB_ACTIONS", "GITHUB_REF", &b"refs/heads/caf\xe9"[..]),
        ("GITHUB_ACTIONS", "GITHUB_EVENT_NAME", b"\xff"),
        ("GITHUB_ACTIONS", "GITHUB_HEAD_REF", b"a\xfe"),
        ("GITLAB_CI", "CI_COMMIT_BRANCH", b"caf\xe9"),
    ] {
        let mut env: Vec<(&str, &[u8])> = vec![(ci, b"true"), (name, value)];
        if name == "GITHUB_HEAD_REF" {
            env.push(("GITHUB_REF", b"refs/pull/7/merge"));
        }
        let talk = facts(&env);
        assert!(
            talk.contains(&format!("warning[not-utf8]: the environment variables `{name}` are not UTF-8")),
            "{talk}"
        );
    }
    assert!(
        !facts(&[("GITHUB_ACTIONS", b"true"), ("GITHUB_REF", "refs/heads/café".as_bytes())])
            .contains("not-utf8")
    );
    assert!(!facts(&[("GITHUB_ACTIONS", b"true"), ("GITHUB_ACTOR", b"\xe9")]).contains("not-utf8"));
}

#[cfg(unix)]
#[test]
fn arguments_that_are_not_utf8_are_wrong_usage() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::process::Command;

    let bytes = OsStr::from_bytes(b"caf\xe9");
    for before in [
        &["plan"][..],
        &["print", "-f"],
        &["plan", "--var"],
        &["plan", "--fact"],
        &["verify"],
        &["readme"],
        &["merge", "--metadata", "x", "--plan"],
        &[],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_bakeplan")).args(before).arg(bytes).output().unwrap();
        let talk = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{before:?}: {talk}");
        assert!(talk.starts_with("error: ") && !talk.contains("panicked"), "{before:?}: {talk}");
    }
}
