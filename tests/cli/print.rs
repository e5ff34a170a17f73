//! `bakeplan print`: its lists and streams. What it prints is compared with Bake's answers in `cases.rs`.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use snapbox::str;

use crate::support::Test;

const FILE: &str = r#"
variable "TAG" {
  description = "what ${1 + 1} call it"
  default     = "latest"
}
variable "PORTS" {
  type    = list(number)
  default = [80, 443]
}
variable "EMPTY" {
  default = null
}
group "default" {
  targets = ["web", "app"]
}
target "app" {
  description = "the app"
}
target "web" {}
target "_base" {}
"#;

#[test]
fn lists_are_aligned_with_tabs_as_in_buildx() {
    Test::new()
        .file("docker-bake.hcl", FILE)
        .args(["print", "--list=variables"])
        .stdout(
            "VARIABLE\tTYPE\t\tVALUE\t\tDESCRIPTION\n\
             EMPTY\t\t\t\t<null>\t\t\n\
             PORTS\t\tlist of number\t[80,443]\t\n\
             TAG\t\t\t\tlatest\t\twhat 2 call it\n",
        )
        .run();
    Test::new()
        .file("docker-bake.hcl", FILE)
        .args(["print", "--list=targets", "--set=*.args=1"])
        .stderr("warning[unused-option]: nothing that is listed depends on `--set`\n...\n")
        .stdout("TARGET\tDESCRIPTION\napp\tthe app\ndefault\tapp, web\nweb\t\n")
        .run();
}

#[test]
fn values_of_any_type_are_listed_with_their_own() {
    const FILE: &str = r#"
variable "ANY" {
  type    = any
  default = [1, "a"]
}
variable "ANIES" {
  type    = map(any)
  default = { a = 1 }
}
variable "LINES" {
  default = "one\ntwo"
}
variable "PARTS" {
  type    = object({ a = any, b = optional(set(string)) })
  default = { a = { x = true } }
}
variable "TEXT" {
  type    = string
  default = "<\"q\">\n"
}
"#;
    // buildx ends the line where the value has a line end, and begins other columns.
    let expected = r#"VARIABLE^TYPE^^^VALUE^^^^^^^^^DESCRIPTION
ANIES^^map of any single type^{"a":{"value":1,"type":"number"}}^^^^^
ANY^^any type^^{"value":[1,"a"],"type":["tuple",["number","string"]]}^^^
LINES^^^^^one\ntwo^^^^^^^^
PARTS^^object^^^{"a":{"value":{"x":true},"type":["object",{"x":"bool"}]},"b":null}^
TEXT^^string^^^\u003c\"q\"\u003e\n^^^^^^^
"#;
    Test::new()
        .file("docker-bake.hcl", FILE)
        .args(["print", "--list=variables"])
        .stdout(expected.replace('^', "\t"))
        .run();
}

#[test]
fn the_group_of_a_matrix_is_listed_though_another_hides_it() {
    const FILE: &str = r#"
target "a" {
  name   = "a-${x}"
  matrix = { x = [1, 2] }
}
group "a" {
  description = "mine"
  targets     = ["a-1"]
}
"#;
    Test::new()
        .file("docker-bake.hcl", FILE)
        .args(["print", "--list=targets"])
        .stdout("TARGET\tDESCRIPTION\na\tmine (a-1)\na\ta-1, a-2\na-1\t\na-2\t\n")
        .run();
}

#[test]
fn lists_are_json_when_asked() {
    Test::new()
        .file("docker-bake.hcl", FILE)
        .args(["print", "--list=type=targets,format=json"])
        .stdout(str![[r#"
[
  {
    "name": "app",
    "description": "the app"
  },
  {
    "name": "default",
    "description": "app, web",
    "group": true
  },
  {
    "name": "web"
  }
]

"#]])
        .run();
}

#[test]
fn a_list_of_no_targets_is_null_as_in_buildx() {
    Test::new()
        .file("docker-bake.hcl", "variable \"A\" {}\ntarget \"_a\" {}\n")
        .args(["print", "--list=type=targets,format=json"])
        .stdout("null\n")
        .run();
}

/// The program with standard output and error of the caller's choice.
fn command(stdout: impl Into<Stdio>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bakeplan"));
    command.args(["print", "-f", "-"]).stdin(Stdio::piped()).stdout(stdout).stderr(Stdio::piped());
    command
}

fn give(child: &mut std::process::Child, text: &str) {
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
}

#[test]
fn a_reader_that_goes_away_has_seen_enough() {
    let names: String = (0..20_000).map(|at| format!("target \"t{at}\" {{}}\n")).collect();
    let all: Vec<String> = (0..20_000).map(|at| format!("\"t{at}\"")).collect();
    let mut child = command(Stdio::piped()).spawn().unwrap();
    give(&mut child, &format!("{names}group \"default\" {{ targets = [{}] }}\n", all.join(",")));
    let mut first = String::new();
    // Dropping the reader closes the pipe, as `head -1` does.
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first, "{\n");
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
}

#[test]
#[cfg(target_os = "linux")]
fn output_on_a_full_disk_is_a_failure() {
    let mut child = command(File::options().write(true).open("/dev/full").unwrap()).spawn().unwrap();
    give(&mut child, "target \"default\" {}\n");
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(told, "error[io-error]: cannot write standard output: no space left on device\n");
}

const APP: &str = "variable \"A\" {}\ntarget \"default\" {\n  tags = [\"ghcr.io/acme/app:1\"]\n  platforms = [\"linux/amd64\"]\n}\n";

/// A line that is copied from CI, where Docker ran, works as it is.
#[test]
fn options_that_shape_no_definition_are_taken() {
    let plain = Test::new().file("docker-bake.hcl", APP).args(["print"]).output().stdout;
    for line in [
        "--print=true --debug=false --metadata-file meta.json --progress plain",
        "--print --allow network.host --builder remote -D=1 --jobs 4",
        "--print=0 --execution=defer-output --metadata-file=- --list-targets=false",
        "--list= -D --list-variables=F --debug=T -j2",
    ] {
        let test = Test::new().file("docker-bake.hcl", APP).args(["print"]).args(line.split(' '));
        let output = test.output();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.stdout, plain, "{line}");
    }
    for command in ["plan", "matrix", "metadata", "bake"] {
        let test = Test::new().file("docker-bake.hcl", APP).args([command]);
        let output = test.args("--metadata-file meta.json --print --debug=true".split(' ')).output();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// As in buildx, but never in silence.
#[test]
fn what_changes_no_list_is_named() {
    let list = |line: &str| {
        let test = Test::new().file("docker-bake.hcl", APP).args(["print", "--list=targets"]);
        let output = test.args(line.split_whitespace()).output();
        assert!(output.status.success(), "{line}");
        (output.stdout, String::from_utf8(output.stderr).unwrap())
    };
    let (plain, stderr) = list("-f docker-bake.hcl --strict --builder b --push=false");
    assert_eq!(stderr, "");
    for (line, options) in [
        ("app", "the names of targets"),
        ("--set nothing.tags=x --push", "`--set`, `--push`"),
        ("--call=check --provenance=true --sbom=1", "`--provenance`, `--sbom`, `--call`"),
        ("--no-cache --pull=false --load", "`--load`, `--no-cache`, `--pull`"),
        ("--check --policy strict=true", "`--policy`, `--check`"),
    ] {
        let (listed, stderr) = list(line);
        assert_eq!(listed, plain, "{line}");
        let warning = format!("warning[unused-option]: nothing that is listed depends on {options}\n");
        assert!(stderr.starts_with(&warning), "{line}: {stderr}");
    }
    let unknown = APP.replace("  tags", "  zzz = 1\n  tags");
    let test = Test::new().file("docker-bake.hcl", unknown).args(["print", "--list=targets", "--strict"]);
    test.status(1)
        .stderr("error[unknown-attribute]: a target has no attribute `zzz`; Bake ignores it\n...\n")
        .run();
}

#[test]
fn the_older_forms_of_lists_are_taken() {
    let list = |line: &str| Test::new().file("docker-bake.hcl", APP).args(["print"]).args(line.split(' '));
    for (line, same) in [
        ("--list-targets", "--list=targets"),
        ("--list-variables=true", "--list=variables"),
        ("--list-targets --list-variables", "--list=type=targets"),
        ("--list=variables --list-targets", "--list=type=variables,format=table"),
        ("--print=false --list=targets", "--list=\"type=targets\""),
    ] {
        assert_eq!(list(line).output().stdout, list(same).output().stdout, "{line}");
    }
    for line in ["--list=targets --print", "--list-variables --print=1", "--list-targets --keep-variable A"] {
        list(line).status(2).stderr("error[usage]: `--list` cannot be used with `--[..]`\n").run();
    }
}

#[test]
fn values_that_begin_with_a_hyphen_are_values() {
    let file = "variable \"V\" { default = \"\" }\ntarget \"-a\" { args = { V = V } }\n";
    let test = |line: &str| Test::new().file("-x.hcl", file).args(["print"]).args(line.split(' '));
    let tags = test("-f -x.hcl --set -a.tags=x --var V=-1 -- -a").output();
    let text = String::from_utf8_lossy(&tags.stdout).into_owned();
    assert!(text.contains("\"V\": \"-1\"") && text.contains("\"x\""), "{text}");
    test("--file --y.hcl").status(1).stderr("error[no-such-file]: [..]--y.hcl[..]\n...\n").run();
    test("-f -x.hcl --set --print").status(1).stderr("error[..]--print[..]\n...\n").run();
}

#[test]
fn an_empty_variable_is_skipped_and_one_without_a_name_refused() {
    let file = "variable \"V\" { default = \"kept\" }\ntarget \"default\" { args = { V = V } }\n";
    let test = |vars: &[&str]| {
        let test = Test::new().file("docker-bake.hcl", file).args(["print"]);
        vars.iter().fold(test, |test, var| test.args(["--var", *var]))
    };
    for vars in [&[""][..], &["", "W=1"], &["V=kept", ""]] {
        let output = test(vars).output();
        assert!(String::from_utf8_lossy(&output.stdout).contains("\"V\": \"kept\""), "{vars:?}");
    }
    for var in ["=x", "=", "==y"] {
        let told = format!("error[usage]: `--var {var}` has no name; write `--var NAME{var}`\n");
        test(&["V=1", var]).status(2).stderr(&told).run();
    }
}

/// As in buildx, where the attribute replaces the type together with the default.
#[test]
fn a_variable_that_an_attribute_sets_is_listed_without_its_type() {
    for (file, listed) in [
        ("V = \"5\"\nvariable \"V\" {\n  type = number\n}\n", "V\t\t\t5\t\n"),
        ("V = [\"a\"]\nvariable \"V\" {\n  type = list(string)\n}\n", "V\t\t\t[\"a\"]\t\n"),
        ("V = null\nvariable \"V\" {\n  type = string\n  default = \"x\"\n}\n", "V\t\t\t<null>\t\n"),
        ("V = \"a\"\nvariable \"V\" {\n  type = any\n}\n", "V\t\t\ta\t\n"),
        ("W = \"a\"\nvariable \"V\" {\n  type = string\n}\n", "V\t\tstring\t<null>\t\n"),
    ] {
        Test::new()
            .file("docker-bake.hcl", file)
            .args(["print", "--list=variables"])
            .stdout(format!("VARIABLE\tTYPE\tVALUE\tDESCRIPTION\n{listed}"))
            .run();
    }
}

/// Bake builds either of them, as the order of a map of Go happens to be.
#[test]
fn services_that_become_one_target_are_refused() {
    for (first, second, status) in
        [("a.b", "a_b", 1), ("a_b", "a.b", 1), ("a.b.c", "a_b.c", 1), ("a.b", "a-b", 0), ("a.b", "ab", 0)]
    {
        let file = format!(
            "services:\n  {first}:\n    image: r/one:1\n    build: x\n  {second}:\n    image: r/two:1\n    build: z\n"
        );
        for command in [&["print"][..], &["plan", "--publish=false"], &["bake"]] {
            let output = Test::new().file("compose.yaml", &file).args(command.iter().copied()).output();
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(status), "{file}: {told}");
            let message = told.contains("both become the target `a_b");
            let names = [first, second].iter().all(|service| told.contains(&format!("`{service}`")));
            assert_eq!((message, message && names), (status == 1, status == 1), "{file}: {told}");
        }
    }
    // What is not built becomes no target.
    let file = "services:\n  a.b:\n    image: r/one:1\n  a_b:\n    image: r/two:1\n    build: z\n";
    let output = Test::new().file("compose.yaml", file).args(["print"]).output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// As in buildx: the last of several parameters with one name has it, and words of the language may be names of parameters.
#[test]
fn parameters_are_named_as_in_buildx() {
    for (parameters, result, call, expected) in [
        ("params = [a, a]", "\"x${a}\"", "f(1, 2)", "x2"),
        ("params = [a, b, a]", "\"x${a}${b}\"", "f(1, 2, 3)", "x32"),
        ("params = [a]\n  variadic_params = a", "jsonencode(a)", "f(1, 2, 3)", "[2,3]"),
        ("params = [a, b]", "\"x${a}${b}\"", "f(1, 2)", "x12"),
        ("params = [true, a, null]", "\"${a}${true}\"", "f(1, 2, 3)", "2true"),
        ("params = [false]\n  variadic_params = null", "\"${false}\"", "f(1, 2)", "false"),
    ] {
        let file = format!(
            "function \"f\" {{\n  {parameters}\n  result = {result}\n}}\ntarget \"default\" {{\n  args = {{ X = {call} }}\n}}\n"
        );
        let output = Test::new().file("docker-bake.hcl", &file).args(["print"]).output();
        let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(printed["target"]["default"]["args"]["X"], expected, "{file}: {told}");
    }
}

/// Bake compares the endings of Compose files without case, and those of its own languages, too, before it tries Compose.
#[test]
fn a_file_of_bake_is_no_compose_file_in_any_case() {
    let compose = r#"{"services":{"x":{"build":{"context":".","args":{"A":"1"}}}}}"#;
    let bake = r#"{"target":{"x":{"args":{"A":"1"}}}}"#;
    let hcl = "target \"x\" {\n  args = { A = \"1\" }\n}\n";
    for (name, text, is_found) in [
        ("x.JSON", compose, false),
        ("x.Hcl", compose, false),
        ("x.JSON", bake, true),
        ("x.HCL", bake, true),
        ("x.Json", hcl, true),
        ("x.HCL", hcl, true),
        ("x.conf", compose, true),
        ("x.YML", compose, true),
    ] {
        let own = "target \"x\" {\n  tags = [\"r/a:1\"]\n}\n";
        let test = Test::new().file(name, text).file("a.hcl", own);
        let output = test.args(["print", "-f", name, "-f", "a.hcl", "x"]).output();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() || !is_found, "{name} {text}: {told}");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert_eq!(printed.contains("\"A\": \"1\""), is_found, "{name} {text}: {printed}{told}");
    }
    // As buildx, which does not skip it there.
    let test =
        Test::new().file(".env", "\u{feff}V=1\n").file("compose.yaml", "services:\n  x:\n    build: .\n");
    test.args(["print", "x"])
        .status(1)
        .stderr("error[env-file]: `.env` begins with a byte order mark[..]\n...\n")
        .run();
}
