//! Tests of `cli`.

use std::path::PathBuf;

use super::*;

fn parse(line: &str) -> Result<Cli, ErrorKind> {
    Cli::read(format!("bakeplan {line}").split(' ')).map_err(|error| error.kind())
}

#[track_caller]
fn print(line: &str) -> Print {
    match parse(&format!("print {line}")).unwrap().command {
        Command::Print(print) => print.0,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_definition_of_the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn bakes_options_are_read_as_bake_reads_them() {
    let print = print(
        "-f a.hcl -f - --set *.tags=x,y --var A= --push --no-cache --pull=F --sbom=1 app -D --allow=x b*",
    );
    let definition = print.definition;
    assert_eq!(definition.files, ["a.hcl", "-"]);
    assert_eq!(definition.overrides, ["*.tags=x,y"]);
    assert_eq!(definition.variables, ["A="]);
    assert_eq!(definition.targets, ["app", "b*"]);
    assert!(definition.push == Some(true) && !definition.load);
    assert_eq!((definition.no_cache, definition.pull), (Some(true), Some(false)));
    assert_eq!(definition.sbom.as_deref(), Some("1"));
}

#[test]
fn the_last_of_several_wins() {
    assert_eq!(print("--call check --call outline").definition.call.as_deref(), Some("outline"));
    assert_eq!(print("--push --push=false").definition.push, Some(false));
}

/// As buildx has it: `--check=false` says nothing about `--call`, nor about another `--check`.
#[test]
fn the_last_of_check_and_call_wins() {
    for (line, is_lint) in [
        ("--check", true),
        ("--check=t", true),
        ("--call=outline --check", true),
        ("--check --check=false", true),
        ("--check=0 --check", true),
        ("--call=check --call=outline --check --check=F", true),
        ("", false),
        ("--check=false", false),
        ("--call=outline", false),
        ("--check --call=outline", false),
        ("--call=outline --check=false", false),
        ("--check --call=outline --check=false", false),
    ] {
        let read = print(line);
        assert_eq!(read.lint, Lint(is_lint), "{line}");
        let call = line.contains("outline").then_some("outline");
        assert_eq!(read.definition.call.as_deref(), call, "{line}");
    }
}

/// As pflag reads them, which `docker buildx` uses: what follows an option that takes a value is the value.
#[test]
fn values_may_begin_with_a_hyphen() {
    let definition =
        print("-f -x.hcl --file --y.hcl --set -a.tags=x --var -n=1 --var -- --sbom -s -f-").definition;
    assert_eq!(definition.files, ["-x.hcl", "--y.hcl", "-"]);
    assert_eq!(definition.overrides, ["-a.tags=x"]);
    assert_eq!(definition.variables, ["-n=1", "--"]);
    assert_eq!(definition.sbom.as_deref(), Some("-s"));
    let ignored = print("--builder -b --allow -a --metadata-file -m --jobs -1 --call -c").definition;
    assert_eq!(ignored.call.as_deref(), Some("-c"));
    assert_eq!(ignored.ignored.metadata_file.as_deref(), Some("-m"));
    assert_eq!(ignored.ignored.jobs.as_deref(), Some("-1"));
}

#[test]
fn what_does_not_shape_a_definition_is_taken_by_all_that_read_one() {
    let options = "--metadata-file meta.json --debug=false -D=0 --print=true --progress=plain --allow=fs.read=/ -j 4 \
                   --builder b --execution defer-error";
    for command in ["print", "plan", "bake", "matrix", "metadata", "readme README.md"] {
        parse(&format!("{command} {options}")).unwrap();
    }
    let flags = print("-Df a.hcl --print --print=F");
    assert_eq!(flags.definition.files, ["a.hcl"]);
    assert!(flags.definition.ignored.debug && !flags.definition.ignored.print);
    for mode in ["auto", "plain", "quiet", "rawjson", "tty", "none", ""] {
        parse(&format!("print --progress={mode}")).unwrap();
    }
    for line in [
        "print --debug=maybe",
        "plan --print=2",
        "print -D=x",
        "print --list-targets=yes",
        "print --progress=foo",
        "plan --progress=PLAIN",
        "bake --progress json",
        "matrix --progress=plain,tty",
        "metadata --progress -p",
    ] {
        assert_eq!(parse(line).unwrap_err(), ErrorKind::ValueValidation, "{line}");
    }
    for line in ["print --metadata-file", "plan --jobs", "print -f"] {
        assert_eq!(parse(line).unwrap_err(), ErrorKind::InvalidValue, "{line}");
    }
}

#[test]
fn durations_have_a_unit() {
    for (text, seconds) in [("90", 90), ("90s", 90), ("5m", 300), ("24h", 86_400)] {
        assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
    }
    for text in ["", "s", "5ms", "1.5m", "-1", "25h", "99999999999999999999"] {
        assert!(parse_duration(text).is_err(), "{text}");
    }
}

#[test]
fn contradictions_are_usage_errors() {
    for (line, kind) in [
        ("plan --check", ErrorKind::MissingRequiredArgument),
        ("plan --facts --out x", ErrorKind::ArgumentConflict),
        ("plan --facts app", ErrorKind::ArgumentConflict),
        ("plan --publish=maybe", ErrorKind::ValueValidation),
        ("plan --format yaml", ErrorKind::InvalidValue),
        ("merge", ErrorKind::MissingRequiredArgument),
        ("publish", ErrorKind::InvalidSubcommand),
        ("matrix --check", ErrorKind::UnknownArgument),
    ] {
        assert_eq!(parse(line).unwrap_err(), kind, "{line}");
    }
}

#[test]
fn nothing_is_published_only_when_asked() {
    for (line, expected) in [("plan", true), ("plan --publish", true), ("bake --publish=false", false)] {
        let selection = match parse(line).unwrap().command {
            Command::Plan(plan) => plan.0.selection,
            Command::Bake(bake) => bake.0.selection,
            other => panic!("{other:?}"),
        };
        assert_eq!(selection.publish, expected, "{line}");
    }
}

#[test]
fn global_options_stand_before_or_after_the_command() {
    for line in ["-C a -C b -v plan", "plan -C a -C b -v", "-C a plan -C b -v"] {
        let global = parse(line).unwrap().global;
        assert_eq!(global.directories, [PathBuf::from("a"), PathBuf::from("b")], "{line}");
        assert!(global.verbose);
    }
}
