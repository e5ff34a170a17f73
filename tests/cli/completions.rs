//! `bakeplan completions`: what real shells offer for a line, as far as they are installed; `tests/run` says which are not.
//! BAKEPLAN_REQUIRE_SHELLS=1 makes a missing one an error.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::support::{Test, in_parallel};

const DEFINITION: &str = r#"
variable "VERSION" { default = "1.2.3" }
variable "TOKEN" { default = null }

group "default" { targets = ["app", "web"] }

target "_base" { platforms = ["linux/amd64", "linux/loong64"] }
target "app" { inherits = ["_base"] }
target "web" {
  matrix = { size = ["small", "large"] }
  name   = "web-${size}"
}

image "tool" {
  target       = "app"
  repositories = ["ghcr.io/acme/tool"]
  tags         = ["1"]
}
"#;

/// Lines up to the cursor; what is offered among others; what is not.
const LINES: &[(&str, &[&str], &[&str])] = &[
    ("bakeplan pl", &["plan"], &["print", "--help"]),
    ("bakeplan ", &["plan", "merge", "verify", "completions"], &["app", "--help"]),
    ("bakeplan plan ", &["app", "default", "tool", "web", "web-large", "web-small"], &["_base", "--out"]),
    ("bakeplan plan w", &["web", "web-large", "web-small"], &["app"]),
    ("bakeplan plan app web-", &["web-large", "web-small"], &["web"]),
    ("bakeplan print ", &["app", "default", "web"], &["tool"]),
    ("bakeplan plan --f", &["--file", "--format", "--fact"], &["--out"]),
    ("bakeplan plan --format ", &["table", "json", "markdown", "mermaid"], &["app"]),
    ("bakeplan plan --platform linux/l", &["linux/loong64"], &["linux/amd64"]),
    ("bakeplan plan --platform linux/a", &["linux/amd64", "linux/arm64"], &["linux/loong64"]),
    ("bakeplan plan --keep-variable ", &["TOKEN", "VERSION"], &["app"]),
    ("bakeplan plan --var V", &["VERSION="], &["TOKEN="]),
    ("bakeplan bake --set app.pl", &["app.platform="], &["app.tags="]),
    ("bakeplan plan --fact bran", &["branch=", "branches="], &["tag="]),
    ("bakeplan plan --color ", &["auto", "always", "never"], &["app"]),
    ("bakeplan merge --engine ", &["native", "docker"], &[]),
    ("bakeplan workflow git", &["github", "gitlab"], &[]),
    ("bakeplan schema ", &["plan", "matrix", "images", "result"], &[]),
    // The definition is the one that the line names.
    ("bakeplan -C other plan ", &["there"], &["app"]),
    ("bakeplan plan -C other ", &["there"], &["app"]),
    ("bakeplan plan -f more.hcl ", &["more"], &["app", "there"]),
    ("bakeplan plan --file=more.hcl m", &["more"], &["app"]),
    ("bakeplan -C other bake --var=A=b -f docker-bake.hcl t", &["there"], &["app"]),
    ("bakeplan plan -f ", &["docker-bake.hcl", "more.hcl"], &["app"]),
    ("bakeplan -C other plan -f ", &["docker-bake.hcl"], &["more.hcl"]),
    // Where there is none that can be read, options are still known.
    ("bakeplan plan -f broken.hcl --st", &["--strict"], &[]),
    ("bakeplan plan -f nowhere.hcl --st", &["--strict"], &[]),
    ("bakeplan -C nowhere plan ", &[], &["app"]),
    ("bakeplan plan -f broken.hcl w", &[], &["web"]),
    ("bakeplan plan -f - w", &[], &["web"]),
    ("bakeplan plan -f pipe w", &[], &["web"]),
    ("bakeplan diff --against main -- ", &[], &["app"]),
];

/// A folder with definitions.
fn definitions() -> Test {
    let test = Test::new()
        .file("docker-bake.hcl", DEFINITION)
        .file("other/docker-bake.hcl", "target \"there\" {}\n")
        .file("more.hcl", "target \"more\" {}\n")
        .file("broken.hcl", "target \"web\" {\n");
    let pipe = Command::new("mkfifo").arg(test.folder().join("pipe")).status();
    assert!(pipe.is_ok_and(|status| status.success()));
    test
}

/// Runs a shell in a folder, without any settings of the user's.
fn ask(shell: &str, arguments: &[&str], folder: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_bakeplan")).parent().unwrap();
    let mut command = Command::new(shell);
    command.args(arguments).current_dir(folder).env_clear().env("HOME", folder).env("TERM", "xterm");
    command.env("PATH", format!("{}:{}", program.display(), std::env::var("PATH").unwrap()));
    // A pipe that stays open: whatever reads it waits for ever.
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    let stdin = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.is_empty(), "{shell} {arguments:?}: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The words of a line as bash makes them, the last of which is at the cursor.
fn words_of_bash(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in line.chars() {
        let is_break = |word: &str| !word.is_empty() && word.chars().all(|c| "=:".contains(c));
        let last = words.last_mut().unwrap();
        match c {
            ' ' => words.push(String::new()),
            '=' | ':' if last.is_empty() || is_break(last) => last.push(c),
            _ if "=:".contains(c) || is_break(last) => words.push(c.to_string()),
            _ => last.push(c),
        }
    }
    words
}

fn offered(shell: &str, line: &str, folder: &Path) -> BTreeSet<String> {
    match shell {
        "bash" => {
            let words = words_of_bash(line);
            let list: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
            let current = words.last().unwrap();
            let current = if ["=", ":"].contains(&current.as_str()) { "" } else { current };
            let script = format!(
                "source <(bakeplan completions bash); COMP_WORDS=({}); COMP_CWORD={}; COMP_TYPE=9\n\
                 _clap_complete_bakeplan bakeplan '{current}' ''; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
                list.join(" "),
                words.len() - 1
            );
            ask(shell, &["--norc", "-c", &script], folder).lines().map(str::to_owned).collect()
        }
        "fish" => {
            let script = format!("bakeplan completions fish | source; complete -C '{line}'");
            let text = ask(shell, &["--no-config", "-c", &script], folder);
            text.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
        }
        "zsh" => {
            // As people do who complete with a key, in a terminal of zsh's own.
            let text = ask(shell, &["-f", "-c", ZSH, "zsh", line], folder);
            let found = text.lines().filter_map(|line| line.trim().strip_prefix("offered:"));
            found.map(|word| word.replace('\\', "")).collect()
        }
        other => panic!("{other}"),
    }
}

/// Types a line into a zsh, completes it, and prints what the completion adds.
const ZSH: &str = r#"
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PROMPT=; autoload -Uz compinit; compinit -D -u; source <(bakeplan completions zsh)'
zpty -w shell 'compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return $?; fi
  local -a found; builtin compadd -A found "$@"
  (( $#found )) && print -rl -- "" "offered:"$^found
  builtin compadd "$@"
}'
zpty -w shell 'finish() { print -r -- ""; print -r -- "completed"; exit; }; comppostfuncs=(finish)'
zpty -w shell 'bindkey "^I" complete-word; print -r -- "read""y"'
while zpty -r shell text; do [[ $text == *ready* ]] && break; done
zpty -n -w shell "$1"$'\t'
while zpty -r shell text; do
  print -rn -- "$text"
  [[ $text == *completed* ]] && break
done
zpty -d shell
"#;

fn is_here(shell: &str) -> bool {
    let found = Command::new(shell).args(["-c", "true"]).output().is_ok_and(|output| output.status.success());
    let is_required = std::env::var("BAKEPLAN_REQUIRE_SHELLS").is_ok_and(|value| value == "1");
    assert!(found || !is_required, "BAKEPLAN_REQUIRE_SHELLS=1, and {shell} is missing");
    found
}

fn compare(shell: &str) {
    if !is_here(shell) {
        return;
    }
    let test = definitions();
    let wrong = in_parallel(LINES, |(line, expected, unwanted)| {
        let offered = offered(shell, line, test.folder());
        // bash replaces what is behind the last `=` or `:` alone.
        let is_offered = |word: &&&str| offered.contains(**word);
        let missing: Vec<_> = expected.iter().filter(|word| !is_offered(word)).collect();
        let wrong: Vec<_> = unwanted.iter().filter(is_offered).collect();
        (!missing.is_empty() || !wrong.is_empty())
            .then(|| format!("{line:?}: missing {missing:?}, wrong {wrong:?} in {offered:?}"))
    });
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{shell}:\n{}", wrong.join("\n"));
}

#[test]
fn bash_completes() {
    compare("bash");
}

#[test]
fn zsh_completes() {
    compare("zsh");
}

#[test]
fn fish_completes() {
    compare("fish");
}

/// `COMP_WORDBREAKS` has `=` and `:`.
#[test]
fn bash_completes_behind_an_equals_sign() {
    if !is_here("bash") {
        return;
    }
    let test = definitions().file("my file.hcl", "");
    for (line, expected) in [
        ("bakeplan plan --format=m", &["markdown", "mermaid"][..]),
        ("bakeplan plan --format=", &["json", "markdown", "mermaid", "table"]),
        ("bakeplan plan --file=mo", &["more.hcl"]),
        ("bakeplan plan --set=app.plat", &["app.platform="]),
        ("bakeplan plan --file=my", &["my\\ file.hcl"]),
    ] {
        let expected: BTreeSet<String> = expected.iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(offered("bash", line, test.folder()), expected, "{line}");
    }
}

/// A file `_bakeplan` in the `fpath` completes from the first time on.
#[test]
fn zsh_loads_the_script_by_itself() {
    if !is_here("zsh") {
        return;
    }
    let script = Test::new().args(["completions", "zsh"]).output();
    let script = String::from_utf8(script.stdout).unwrap();
    let test = definitions().file("functions/_bakeplan", &script);
    let loads = "PROMPT=; fpath=(./functions $fpath); autoload -Uz compinit; compinit -D -u";
    let typed = ZSH
        .replace("PROMPT=; autoload -Uz compinit; compinit -D -u; source <(bakeplan completions zsh)", loads);
    assert_ne!(typed, ZSH);
    let text = ask("zsh", &["-f", "-c", &typed, "zsh", "bakeplan plan web-"], test.folder());
    assert!(text.contains("offered:web-large"), "{text}");
}

/// Whoever presses a key waits for the answer.
#[test]
fn no_definition_takes_long() {
    let test = definitions();
    let child = Command::new(env!("CARGO_BIN_EXE_bakeplan"))
        .args(["--", "bakeplan", "plan", "-f", "pipe", "--str"])
        .env("_BAKEPLAN_COMPLETE", "fish")
        .current_dir(test.folder())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = child.unwrap();
    for _ in 0..100 {
        if child.try_wait().unwrap().is_some() {
            let output = child.wait_with_output().unwrap();
            assert!(String::from_utf8(output.stdout).unwrap().starts_with("--strict"));
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    child.kill().unwrap();
    panic!("it waits for a pipe");
}

/// What a file says that is not a word of a shell is not put into one.
#[test]
fn names_mean_nothing_to_a_shell() {
    let image = |label: &&str| {
        format!("image \"{label}\" {{\n  repositories = [\"a.example/a\"]\n  tags = [\"1\"]\n}}\n")
    };
    let definition: String = ["$(touch x)", "a;b", "a\\u001b[1m", "fine"].iter().map(image).collect();
    let test = Test::new()
        .file("docker-bake.hcl", format!("target \"app\" {{}}\n{definition}"))
        .env("_BAKEPLAN_COMPLETE", "fish")
        .args(["--", "bakeplan", "plan", ""]);
    let output = test.output();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "app\nfine");
}

/// Nothing is done in the place of a command whose environment has the variable.
#[test]
fn the_variable_alone_asks_for_nothing() {
    for value in ["fish", "bash", "nothing"] {
        let output = Test::new().env("_BAKEPLAN_COMPLETE", value).args(["schema", "plan"]).output();
        assert!(output.stdout.starts_with(b"{"), "{value}");
    }
    let output = Test::new().env("_BAKEPLAN_COMPLETE", "nothing").args(["--", "bakeplan", ""]).output();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn each_shell_has_a_script() {
    for (shell, word) in [
        ("bash", "complete -o nospace"),
        ("zsh", "#compdef bakeplan"),
        ("fish", "complete --keep-order"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let output = Test::new().args(["completions", shell]).output();
        assert_eq!(output.status.code(), Some(0), "{shell}");
        assert!(String::from_utf8(output.stdout).unwrap().contains(word), "{shell}");
    }
}
