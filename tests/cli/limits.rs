//! Definitions that ask for more than any machine has, and files of a megabyte that are one construct over and over: each is
//! refused or done soon, and refusals are short.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::choice::commit;
use crate::support::{Test, git};

/// A release build takes two seconds at most for each; this is for debug builds on busy machines.
const SOON: Duration = Duration::from_secs(120);

/// The whole of what is told.
const SHORT: usize = 200_000;

/// What a definition ends with: done, or refused with a message in which this stands.
type End = Result<(), &'static str>;

#[track_caller]
fn check(command: &str, name: &str, text: &str, end: End) {
    let start = Instant::now();
    let output = Test::new().file(name, text).args([command]).output();
    let told = String::from_utf8_lossy(&output.stderr);
    let shown: String = text.chars().take(200).collect();
    match end {
        Ok(()) => assert_eq!(output.status.code(), Some(0), "{shown}\n{told}"),
        Err(part) => {
            assert_eq!(output.status.code(), Some(1), "{shown}\n{told}");
            assert!(told.contains(part), "{shown}\n{told}");
        }
    }
    assert!(told.len() < SHORT, "{} bytes are told of {shown}", told.len());
    assert!(start.elapsed() < SOON, "{shown} takes {:?}", start.elapsed());
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

/// A target with an argument of this value.
fn argument(value: &str) -> String {
    format!("target \"default\" {{\n  args = {{ A = {value} }}\n}}\n")
}

#[test]
fn few_lines_that_mean_very_much() {
    let doubled = |of: &str| {
        lines(60, |at| {
            let next = at + 1;
            of.replace('V', &format!("v{next}")).replace("NAME", &format!("v{at}"))
        }) + "v60 = \"x\"\ntarget \"default\" {\n  args = { A = \"${v0}\" }\n}\n"
    };
    let axes = |b: &str, more: &str| {
        format!(
            "r = range(300)\ntarget \"default\" {{\n  name = \"t-${{a}}-${{b}}\"\n  matrix = {{\n    a = r\n    \
             b = [for i in r : i if i < {b}]\n  }}\n  {more}\n}}\n"
        )
    };
    let functions = lines(60, |at| {
        format!("function \"f{at}\" {{\n  params = [x]\n  result = f{0}(f{0}(x))\n}}\n", at + 1)
    });
    let functions = functions + "function \"f60\" {\n  params = [x]\n  result = x\n}\n" + &argument("f0(1)");
    let product = format!("setproduct({})", ["range(100)"; 10].join(","));
    let steps = "more than 20000000 steps are needed";
    let many = |what: &str| argument(&format!("[for i in range(1000) : {what}]"));
    let parts = |what: &str| "l = flatten([for i in range(900) : range(1000)])\n".to_owned() + &many(what);
    let megabyte = |what: &str| {
        let text = "x".repeat(1000);
        format!("m = join(\"\", [for i in range(1000) : \"{text}\"])\n") + &many(what)
    };
    for (text, end) in [
        (doubled("NAME = \"${V}${V}\"\n"), Err("this string is longer than 16 MiB")),
        (doubled("NAME = [V, V]\n"), Err("has more than 1000000 parts")),
        (functions, Err(steps)),
        (
            argument(&format!("{}1{}", "[for a in range(1000) : ".repeat(5), "]".repeat(5))),
            Err("has more than 1000000 parts"),
        ),
        (
            axes("100", &format!("args = {{ X = \"{}\" }}", "y".repeat(50_000))),
            Err("come to more than 64 MiB"),
        ),
        (axes("100", "tags = [for i in r : \"t${i}\"]"), Err("the targets have more than 1000000 elements")),
        (axes("60", ""), Ok(())),
        (argument("bcrypt(\"x\", 31)"), Err("the cost is 31")),
        (argument("[for i in range(1000) : bcrypt(\"x\")]"), Err(steps)),
        // Functions that go through much, again and again.
        (parts("contains(l, -1)"), Err(steps)),
        (parts("length(distinct(l))"), Err(steps)),
        (megabyte("regex_replace(m, \".?\", \"\")"), Err(steps)),
        (megabyte("regex_replace(m, \"a.*?b|a\", \"\")"), Err(steps)),
        (megabyte("length(regexall(\".*b|a\", m))"), Err(steps)),
        (
            argument("length(regexall(\".*b|x\", join(\"\", [for i in range(1000) : \"xxxxxxxxxx\"])))"),
            Ok(()),
        ),
        (megabyte("length(regexall(\"[ab]*a[ab]{1000}c\", m))"), Err(steps)),
        (megabyte("upper(m)"), Err("the strings of this file come to more than 128 MiB")),
        (megabyte("reverse(m)"), Err("the strings of this file come to more than 128 MiB")),
        (megabyte("length(split(\"\", m))"), Err("has more than 1000000 parts")),
        (
            argument("length([for i in range(1000) : upper(\"text ${i}\") if contains(range(100), i)])"),
            Ok(()),
        ),
        (
            argument(
                "length([for i in range(1000) : 1 if can(regex(\"^[0-9]{1,3}(-[a-z]+)?$\", \"1-${i}\"))])",
            ),
            Ok(()),
        ),
        (argument(&product), Err("values")),
        (argument("format(\"%1000000000d\", 1)"), Err("`format` failed")),
        (argument("1e999999999"), Err("too large")),
        (argument("pow(10, 1e9)"), Ok(())),
        (argument(&vec!["1"; 10_000].join("+")), Ok(())),
    ] {
        // As many steps as are allowed, or as much text, take a minute where nothing is optimised.
        if cfg!(debug_assertions) && (end == Err(steps) || text.starts_with("m = ")) {
            continue;
        }
        check("print", "docker-bake.hcl", &text, end);
    }
}

/// A limit is judged while something is made, and not after: values share their parts, so that a small one stands for very much.
#[cfg(target_os = "linux")]
#[test]
fn what_is_much_is_refused_before_it_takes_memory() {
    /// In KiB, of addresses, of which most are of the program itself.
    const MEMORY: u32 = 900_000;
    let megabyte = |sign: &str| {
        let text = sign.repeat(1000);
        format!("m = join(\"\", [for i in range(1000) : \"{text}\"])\n")
    };
    let parts = "l = flatten([for i in range(900) : range(1000)])\n";
    let many = "[for i in range(1000) : m]";
    let of = |before: &str, value: &str| before.to_owned() + &argument(value);
    let nested = |times: usize| {
        let loops = lines(times, |at| format!("[for a{at} in l : "));
        format!("length({loops}1{})", "]".repeat(times))
    };
    let groups = format!("length(regex(\"{}.*{}\", m))", "(".repeat(100), ")".repeat(100));
    let steps = "more than 20000000 steps are needed";
    let long = "the result is longer than 16 MiB";
    let shown = lines(50, |at| format!("variable \"v{at}\" {{\n  default = [m, m, m]\n}}\n"));
    let rows = "length(csvdecode(\"a,b\\n${join(\"\", [for i in range(1000) : \"%{for j in range(200)}1,2\\n%{endfor}\"])}\"))";
    let objects = "length(jsondecode(\"[${join(\",\", [for i in range(1000) : join(\",\", [for j in range(200) : \"{}\"])])}]\"))";
    for (command, text, end) in [
        ("print", of(&megabyte("x"), &format!("jsonencode({many})")), Err(long)),
        ("print", of(&megabyte("\\u0001"), "jsonencode([m, m, m])"), Err(long)),
        ("print", of(&megabyte("x"), &format!("format(\"%#v\", {many})")), Err(long)),
        ("print", of(&megabyte("x"), &groups), Err(long)),
        ("print", of(&megabyte("%"), "urlencode(\"${m}${m}${m}${m}${m}${m}\")"), Err(long)),
        (
            "print",
            of(&megabyte("x"), "base64encode(\"${m}${m}${m}${m}${m}${m}${m}${m}${m}${m}${m}${m}${m}\")"),
            Err(long),
        ),
        (
            "print",
            of(&megabyte("x"), "\"%{for i in range(20)}${m}%{endfor}\""),
            Err("this string is longer than 16 MiB"),
        ),
        ("print", of(parts, &nested(100)), Err(steps)),
        ("print", of(parts, "length([for i in range(1000) : concat(l, [i])])"), Err(steps)),
        ("print", of(parts, "length([for i in range(1000) : l == l])"), Err(steps)),
        ("print", of(parts, "\"%{for a in l}%{for b in l}%{endfor}%{endfor}\""), Err(steps)),
        ("print", of(parts, "can([for a in l : a.b])"), Ok(())),
        ("print", argument(rows), Err("the result has more than")),
        ("print", argument(objects), Err("the JSON has more than")),
        (
            "print --list=variables",
            megabyte("x") + &shown,
            Err("the values of the variables come to more than 32 MiB"),
        ),
        // What is much, and not too much.
        ("print", of(&megabyte("x"), "jsonencode([m, m])"), Ok(())),
        ("print", of(&megabyte("%"), "urlencode(m)"), Ok(())),
        ("print", of(&megabyte("x"), "\"${m}${m}\""), Ok(())),
        ("print", argument("length([for i in range(1000) : { a = i, b = [i] }])"), Ok(())),
        ("print --list=variables", megabyte("x") + "variable \"v\" {\n  default = [m]\n}\n", Ok(())),
    ] {
        let test = Test::new().file("docker-bake.hcl", &text);
        let script = format!("ulimit -v {MEMORY}; exec {} {command}", env!("CARGO_BIN_EXE_bakeplan"));
        let output = Command::new("sh").args(["-c", &script]).current_dir(test.folder()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        let first: String = text.chars().skip(text.len().saturating_sub(200)).collect();
        match end {
            Ok(()) => assert_eq!(output.status.code(), Some(0), "{first}\n{told}"),
            Err(part) => {
                assert_eq!(output.status.code(), Some(1), "{first}\n{told}");
                assert!(told.contains(part), "{first}\n{told}");
            }
        }
    }
}

/// What a Dockerfile's patterns and variables make is not made where it is much.
#[test]
fn what_a_dockerfile_repeats_takes_no_memory() {
    /// In KiB, of addresses, of which most are of the program itself.
    const MEMORY: u32 = 900_000;
    let (many, word) = ("a".repeat(50_000), "b".repeat(50_000));
    let long = "its value is longer than 4096 bytes";
    let much = "the variables of this file take more than 4194304 steps";
    let given = format!("args = {{ G = \"{}\" }}", "a".repeat(50_000));
    for (args, text, told) in [
        ("", format!("FROM scratch\nARG A={many}\nENV B=${{A//a/{word}}}\nCOPY $B /\n"), Some(long)),
        ("", format!("FROM scratch\nARG A={many}\nCOPY ${{A//a/{word}}} /\n"), Some(long)),
        ("", format!("FROM scratch\nARG A={many}\nCOPY [\"${{A//a/{word}}}\", \"/\"]\n"), Some(long)),
        ("", format!("ARG A={many}\nFROM ${{A//a/{word}}}\nCOPY a /\n"), Some(long)),
        (&*given, format!("FROM scratch\nARG G\nCOPY ${{G//a/{word}}} /\n"), Some(long)),
        (&*given, "FROM scratch\nARG G\nCOPY ${G//a/$G} /\n".to_owned(), Some(long)),
        ("", format!("FROM scratch\nENV A=aa\n{}COPY $A /\n", "ENV A=\"$A$A\"\n".repeat(1000)), Some(long)),
        (
            "",
            format!(
                "FROM scratch\nARG A={}\n{}COPY $A /\n",
                &many[..4000],
                "ENV B=${A//?/x}\n".repeat(50_000)
            ),
            Some(much),
        ),
        // What is not copied does not matter.
        ("", format!("FROM scratch\nARG A={many}\nENV B=${{A//a/{word}}}\nCOPY a /\n"), None),
        (&*given, "FROM scratch\nARG G\nCOPY a /\n".to_owned(), None),
        ("", "FROM scratch\nARG A=x.y\nARG B=${A//x.y/a}\nCOPY $B /\n".to_owned(), None),
    ] {
        let start = Instant::now();
        let definition = format!(
            "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n  tags = [\"ghcr.io/acme/app:1\"]\n  {args}\n}}\n"
        );
        let test = Test::new().file("docker-bake.hcl", &definition).file("Dockerfile", &text).file("a", "a");
        let test = test.file(".dockerignore", ".git\n");
        git(test.folder(), &["init", "-q", "-b", "main"]);
        commit(test.folder(), "first");
        let script =
            format!("ulimit -v {MEMORY}; exec {} plan --inputs --explain", env!("CARGO_BIN_EXE_bakeplan"));
        let output = Command::new("sh").args(["-c", &script]).current_dir(test.folder()).output().unwrap();
        let plan = String::from_utf8_lossy(&output.stdout);
        let shown: String = text.chars().take(60).collect();
        assert!(output.status.success(), "{shown}\n{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(plan.contains("is not known"), told.is_some(), "{shown}\n{plan}");
        assert!(told.is_none_or(|told| plan.contains(told)), "{shown}");
        assert!(start.elapsed() < SOON, "{shown} takes {:?}", start.elapsed());
    }
}

/// What needs the most of the stack. Run it with `--release`, too: an optimised build has less of it.
/// Bake has none of these limits, so it would not take the alternative.
#[test]
fn what_is_too_much_for_us_is_not_answered_by_try_and_can() {
    let wide = "a".repeat(64);
    let pattern = format!("join(\"\", [for a in range(1024) : \"{wide}\"])");
    for (attempt, told) in [
        ("[for a in range(1024) : range(1024)]", "has more than 1000000 parts"),
        ("length(setproduct(range(1024), range(1024), range(1024)))", "the result has more than"),
        (&*format!("regex({pattern}, \"a\")"), "invalid regexp pattern: it is longer than"),
        ("regex(\"((((a{100}){100}){9}){9}){9}\", \"a\")", "invalid regexp pattern: it takes more than"),
    ] {
        for value in [
            format!("try({attempt}, \"x\")"),
            format!("can({attempt})"),
            format!("try(can({attempt}), \"x\")"),
            format!("try([{attempt}][0], \"x\")"),
        ] {
            check("print", "docker-bake.hcl", &argument(&value), Err(told));
        }
    }
    // What is wrong for Bake, too, is answered.
    for attempt in ["range(2000)", "regex(\"(\", \"a\")", "[][0]"] {
        check("print", "docker-bake.hcl", &argument(&format!("try({attempt}, \"x\")")), Ok(()));
    }
}

#[test]
fn as_deep_as_may_be() {
    let nested = |before: &str, inner: &str, after: &str| {
        format!("{}{inner}{}", before.repeat(240), after.repeat(240))
    };
    let chain = |count: usize, value: &dyn Fn(String) -> String, end: &str| {
        let all = lines(count, |at| {
            format!("variable \"v{at}\" {{\n  default = {}\n}}\n", value(format!("v{}", at + 1)))
        });
        format!("{all}v{count} = {end}\n")
    };
    let calls = |before: &str, after: &str| {
        let all = lines(3, |at| {
            let result = nested(before, &format!("f{}(x)", at + 1), after);
            format!("function \"f{at}\" {{\n  params = [x]\n  result = {result}\n}}\n")
        });
        format!("{all}function \"f3\" {{\n  params = [x]\n  result = x\n}}\n")
    };
    let first = |value: String| format!("[for x in [{value}] : x][0]");
    let row = chain(490, &first, "f0(\"x\")") + &argument("v0");
    let lists = chain(20, &|value| nested("[", &value, "]"), "1") + &argument("jsonencode(v0)");
    let objects = chain(20, &|value| nested("{a=", &value, "}"), "1") + &argument("jsonencode(v0)");
    let sums = chain(400, &|value| format!("{value} + {}", vec!["1"; 20].join("+")), "1") + &argument("v0");
    for text in [
        calls("upper(", ")") + &row,
        calls("try(", ", 1)") + &row,
        calls("true ? ", " : null") + &row,
        lists,
        objects,
        sums,
        argument(&vec!["1"; 10_000].join("+")),
    ] {
        check("print", "docker-bake.hcl", &text, Ok(()));
    }
}

#[test]
fn variables_of_services_are_few() {
    let variables = lines(8_000, |at| format!("A{at}={}\n", "x".repeat(1_000)));
    for (services, end) in
        [(2, Ok(())), (300, Err("the services have more than 64 MiB of variables in files"))]
    {
        let service =
            |at: usize| format!("  s{at}: {{ build: ., env_file: e.env, platform: linux/amd64 }}\n");
        let compose = format!("services:\n{}", lines(services, service));
        let test = Test::new().file("compose.yaml", &compose).file("e.env", &variables);
        let output = test.args(["print"]).output();
        let told = String::from_utf8_lossy(&output.stderr);
        match end {
            Ok(()) => assert!(output.status.success(), "{told}"),
            Err(part) => {
                assert_eq!(output.status.code(), Some(1), "{told}");
                assert!(told.contains(part) && told.len() < SHORT, "{told}");
            }
        }
    }
}

#[test]
fn images_of_one_repository_are_few_where_each_has_forms_of_its_own() {
    let images = |count: usize, tag: &str| {
        let defaults =
            format!("image {{\n  repositories = [\"ghcr.io/acme/app\"]\n  tags = [\"{tag}\"]\n}}\n");
        let image = |at: usize| {
            format!("target \"s{at}\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"s{at}\" {{}}\n")
        };
        defaults + &lines(count, image)
    };
    let plan = |text: String| {
        let test = Test::new().file("docker-bake.hcl", text);
        let output = test.args(["plan", "--fact", "branch=main", "--fact", "default_branch=main"]).output();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for (count, tag, end) in [
        (600, "{{ branch }}-{{ image }}", Some(0)),
        (3_000, "{{ branch }}-{{ image }}", Some(1)),
        (3_000, "{{ image }}", Some(0)),
    ] {
        let (code, told) = plan(images(count, tag));
        assert_eq!(code, end, "{count} {tag}: {}", told.chars().take(2_000).collect::<String>());
        assert_eq!(told.contains("too many images"), end == Some(1), "{count} {tag}");
    }
}

#[test]
fn links_in_a_row_are_followed_as_far_as_may_be() {
    let chain = |count: usize, platforms: &str| {
        let target = |at: usize| {
            let link = if at > 0 { format!("a = \"target:s{}\"", at - 1) } else { String::new() };
            format!("target \"s{at}\" {{\n  {platforms}\n  contexts = {{ {link} }}\n}}\n")
        };
        lines(count, target)
    };
    let published = |target: &str, platforms: &str| {
        format!(
            "target \"app\" {{\n  {platforms}\n  contexts = {{ a = \"target:{target}\" }}\n}}\nimage \"app\" {{\n  repositories = [\"ghcr.io/acme/app\"]\n  tags = [\"edge\"]\n}}\n"
        )
    };
    let (one, two) = ("platforms = [\"linux/amd64\"]", "platforms = [\"linux/amd64\", \"linux/arm64\"]");
    let many = "more than 250 targets link to each other in a row";
    for (of_chain, of_image) in [(one, one), (two, two), ("", one), ("", "")] {
        for (count, end) in [(200, Ok(())), (5_000, Err(many))] {
            let text = chain(count, of_chain) + &published(&format!("s{}", count - 1), of_image);
            check("plan", "docker-bake.hcl", &text, end);
        }
    }
    // Each of them is an image, so that nothing has to be followed.
    let tagged = lines(2_000, |at| {
        let link = if at > 0 { format!("a = \"target:s{}\"", at - 1) } else { String::new() };
        format!(
            "target \"s{at}\" {{\n  {one}\n  tags = [\"ghcr.io/acme/s{at}:1\"]\n  contexts = {{ {link} }}\n}}\n"
        )
    });
    let group =
        format!("group \"default\" {{\n  targets = [{}]\n}}\n", lines(2_000, |at| format!("\"s{at}\",")));
    check("plan", "docker-bake.hcl", &(tagged + &group), Ok(()));
}

#[test]
fn a_megabyte_of_one_thing() {
    let unknown = lines(40_000, |at| format!("a{at} = x{at}\n"));
    let numbers = lines(20_000, |at| format!("1e{},", 1_000_000 - at));
    let exposed = format!(
        "target \"a\" {{\n  args = {{\n{}\n}}\n}}\ntarget \"default\" {{\n  args = {{\n{}\n}}\n}}\n",
        lines(3_000, |at| format!("x{at} = 1\n")),
        lines(3_000, |at| format!("x{at} = target.a.args.x{at}\n")),
    );
    let long = "x".repeat(400_000);
    let row = "more than 500 values refer to each other in a row";
    let variables = |count: usize| {
        let all = lines(count, |at| format!("variable \"v{at}\" {{\n  default = v{}\n}}\n", at + 1));
        format!("{all}v{count} = 1\n{}", argument("v0"))
    };
    let targets = |count: usize| {
        let all =
            lines(count, |at| format!("target \"t{at}\" {{\n  network = target.t{}.network\n}}\n", at + 1));
        format!("{all}target \"t{count}\" {{}}\n{}", argument("target.t0.network"))
    };
    let functions = |count: usize| {
        let all = lines(count, |at| {
            format!("function \"f{at}\" {{\n  params = [x]\n  result = f{}(x)\n}}\n", at + 1)
        });
        format!("{all}function \"f{count}\" {{\n  params = [x]\n  result = x\n}}\n{}", argument("f0(1)"))
    };
    for (text, end) in [
        (variables(400), Ok(())),
        (targets(400), Ok(())),
        (functions(400), Ok(())),
        (variables(25_000), Err(row)),
        (targets(20_000), Err(row)),
        (functions(17_000), Err(row)),
        (unknown, Err("there is no variable named `x0`")),
        (argument(&format!("[{numbers}]")), Err("too large")),
        (exposed, Ok(())),
        (argument(&format!("{}1{}", "[".repeat(300_000), "]".repeat(300_000))), Err("levels of nesting")),
        (
            argument(&format!("regex(\"{}\", \"a\")", "\\\\p{L}".repeat(50_000))),
            Err("longer than 32768 bytes"),
        ),
        (argument(&format!("strlen(\"{}\")", "\u{301}".repeat(200_000))), Ok(())),
        (format!("# {long}\n{}", argument("1")), Ok(())),
    ] {
        check("print", "docker-bake.hcl", &text, end);
    }
    for (text, end) in [
        (format!("services:\n  a:\n    build:\n      context: {long}\n"), Ok(())),
        (format!("a: {}", "[".repeat(400_000)), Err("error")),
    ] {
        check("print", "compose.yaml", &text, end);
    }
}

#[test]
fn plans_of_very_much() {
    let list = |count: usize, item: &str| lines(count, |at| format!("\"{item}{at}\", "));
    let image = format!(
        "target \"t\" {{}}\nimage \"t\" {{\n  repositories = [{}]\n  tags = [{}]\n}}\n",
        list(1_000, "ghcr.io/a/b"),
        list(1_000, "t")
    );
    let platforms = format!(
        "target \"t\" {{\n  platforms = [{}]\n  tags = [\"ghcr.io/a/b:1\"]\n}}\n",
        list(20_000, "linux/a")
    );
    check(
        "plan",
        "docker-bake.hcl",
        &image,
        Err("the images have 1000000 references; at most 200000 are allowed"),
    );
    check("plan", "docker-bake.hcl", &platforms, Err("target `t` has more than 500 platforms"));
}

/// A limit of ours is an error, and not one that an expression may answer: buildx has no such limit.
#[test]
fn a_number_beyond_our_limits_is_not_answered_by_try() {
    for expression in [
        "try(convert(\"1e30000\", number), \"x\")",
        "can(convert(\"-1e99999\", number))",
        "try(\"1e30000\" + 1, \"x\")",
        "try(max(\"1e-30000\", 1), \"x\")",
        "try(jsondecode(\"1e30000\"), \"x\")",
    ] {
        let file = format!("target \"default\" {{\n  args = {{ A = {expression} }}\n}}\n");
        let output = Test::new().file("docker-bake.hcl", &file).args(["print"]).output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{expression}: {told}");
    }
    for expression in [
        "try(convert(\"x\", number), \"x\")",
        "try(\"1e\" + 1, \"x\")",
        "try(convert(\"1e30000\", bool), \"x\")",
    ] {
        let file = format!("target \"default\" {{\n  args = {{ A = {expression} }}\n}}\n");
        let output = Test::new().file("docker-bake.hcl", &file).args(["print"]).output();
        assert!(String::from_utf8(output.stdout).unwrap().contains("\"A\": \"x\""), "{expression}");
    }
}

/// What is planned, as the rows of the table, the targets, the images and the rows of the matrix; and the warnings.
fn planned(some: &[usize]) -> ([Vec<String>; 3], [Value; 2]) {
    let names: Vec<String> = some.iter().map(|at| format!("\"t{at}\"")).collect();
    let group = format!("group \"default\" {{\n  targets = [{}]\n}}\n", names.join(", "));
    let target = |at: &usize| {
        let tag = if at.is_multiple_of(2) { "edge" } else { "1.2.3" };
        // Of one kind of warning, no more than a hundred are shown.
        let annotation = if at.is_multiple_of(100) { "index-descriptor" } else { "index" };
        format!(
            "target \"t{at}\" {{\n  tags = [\"ghcr.io/acme/{at}:{tag}\"]\n  \
             platforms = [\"linux/amd64\", \"linux/arm64\"]\n  annotations = [\"{annotation}:at={at}\"]\n}}\n"
        )
    };
    let text = group + &some.iter().map(target).collect::<String>();
    let test = Test::new().file("docker-bake.hcl", text).args(["plan", "--out", "out"]);
    let output = test.output();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    let told = told.lines().filter(|line| line.contains("the annotation `at=")).map(str::to_owned).collect();
    let shown = String::from_utf8_lossy(&output.stdout);
    let shown = shown.lines().skip(1).take_while(|line| !line.is_empty());
    let shown = shown.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    let read = |file: &str| fs::read_to_string(test.folder().join("out").join(file)).expect("it is there");
    // They end in what the plan is called.
    let rows = read("matrix.json");
    let rows =
        rows.lines().filter_map(|row| row.split_once(",\"id\"")).map(|(row, _)| row.to_owned()).collect();
    let json = |file: &str| serde_json::from_str::<Value>(&read(file)).expect("it is JSON");
    ([told, shown, rows], [json("docker-bake.json")["target"].take(), json("plan.json")["images"].take()])
}

/// The work on many is shared out among threads.
#[test]
fn of_many_targets_the_same_is_planned_and_told_as_of_few() {
    let all: Vec<usize> = (0..601).collect();
    let few = [0, 1, 299, 300, 301, 600];
    let ([many_told, many_shown, many_rows], many) = planned(&all);
    let ([told, shown, rows], some) = planned(&few);
    assert_eq!(many_told.len(), 7);
    assert_eq!(told, [0, 3, 6].map(|at| many_told[at].clone()));
    assert_eq!(many_shown, all.iter().map(|at| format!("t{at}")).collect::<Vec<_>>());
    assert_eq!(shown, few.map(|at| format!("t{at}")));
    assert_eq!(many_rows.len(), 2 * all.len());
    assert_eq!(rows, few.map(|at| [many_rows[2 * at].clone(), many_rows[2 * at + 1].clone()]).concat());
    for (many, some) in many.iter().zip(&some) {
        for (name, one) in some.as_object().expect("it is an object") {
            assert_eq!(&many[name], one, "{name}");
        }
    }
}

#[test]
fn lists_of_an_image_block() {
    let block = |lines: &str| {
        let target = "target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n";
        format!("{target}image \"app\" {{\n  version = \"1.2.3\"\n{lines}}}\n")
    };
    let list = |name: &str, count: usize, text: &str| {
        let items = lines(count, |at| format!("\"{}\", ", text.replace('N', &at.to_string())));
        format!("  {name} = [{items}]\n")
    };
    let repository = list("repositories", 1, "ghcr.io/acme/app");
    let refused =
        Err("has 2001 entries in `tags`, `prerelease_tags` and `channels`; at most 2000 are allowed");
    for (of_block, end) in [
        (list("tags", 2000, "{{ major }}-N"), Ok(())),
        (list("tags", 2001, "N"), refused),
        (list("tags", 1, "{{ version }}") + &list("channels", 2000, "cN"), refused),
        (list("tags", 1, "{{ version }}") + &list("prerelease_tags", 2000, "{{ version }}-N"), refused),
        (list("tags", 2001, "type=raw,value=N"), refused),
    ] {
        check("plan", "docker-bake.hcl", &block(&format!("{repository}{of_block}")), end);
    }
    // Each has all tags.
    for name in ["repositories", "mirrors"] {
        let many = list(name, 20_000, "ghcr.io/acme/appN");
        let others = if name == "mirrors" { repository.as_str() } else { "" };
        check("plan", "docker-bake.hcl", &block(&format!("{others}{many}")), Ok(()));
    }
}
