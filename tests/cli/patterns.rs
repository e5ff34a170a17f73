//! Every pattern that a page or a message recommends renders, in one kind of run at least.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Test, pages, read};
use crate::versions::{block, tags};

/// What each kind of run knows.
const RUNS: [&[&str]; 4] = [
    &["ref=refs/tags/v1.2.3"],
    &["ref=refs/heads/main"],
    &["ref=refs/heads/feature/x"],
    &["ref=refs/pull/7/merge", "head_branch=feature/x", "base_branch=main"],
];

/// What the texts of messages have holes for.
const HOLES: [&str; 5] = ["tag", "branch", "base_branch", "date", "version"];

/// The spans of code in a text that have a word of a pattern in them.
fn spans(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.contains("${{"));
    let spans = lines.flat_map(|line| line.split('`').skip(1).step_by(2));
    // A block of a Bake file is none.
    let spans = spans.filter(|span| !span.starts_with("image "));
    spans.filter(|span| span.contains("{{") && span.contains("}}")).map(str::to_owned).collect()
}

fn of_pages() -> Vec<String> {
    let text: String = pages().iter().map(|page| read(page)).collect();
    let is_entry = |line: &&str| line.contains("{{") && !line.contains("${{") && !line.contains('`');
    // Lists in examples.
    let lists = text.lines().filter(is_entry).flat_map(|line| line.split('"').skip(1).step_by(2));
    let lists = lists.filter(|text| text.contains("{{")).map(str::to_owned);
    // What is shown there because it is an error.
    let is_wrong = |span: &String| ["{{date YYYYMMDD}}", "{{date '%Y%m%d'}}"].contains(&span.as_str());
    spans(&text).into_iter().filter(|span| !is_wrong(span)).chain(lists).collect()
}

/// The files of a folder and of those in it. The tests of a room, which have a file or a folder, show no messages.
fn files(folder: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let all = all.filter(|path| path.file_stem().is_some_and(|stem| stem != "tests"));
    all.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Those of messages: what stands in a string, with something in its holes.
fn of_messages(root: &Path) -> Vec<Vec<String>> {
    let mut files = [
        files(&root.join("src/rules")),
        files(&root.join("src/resolve")),
        vec![root.join("src/pattern/mod.rs")],
    ]
    .concat();
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
        let is_message = |line: &&str| {
            !line.trim_start().starts_with("//") && !line.contains("#[error") && line.contains('"')
        };
        for line in text.lines().filter(is_message) {
            let is_format = line.contains("{{{{");
            for span in spans(line) {
                let span = span.replace("\\\"", "\"");
                found.push(if is_format { filled(&span) } else { vec![span] });
            }
        }
    }
    found
}

/// A string of `format!`, with each of the words in its holes.
fn filled(span: &str) -> Vec<String> {
    let fill = |word: &&str| {
        let text = span.replace("{word}", word).replace("{when}", word).replace("{kind}", "semver");
        let text = text.replace("{pattern}", &format!("{{{{{{{{ {word} | slug }}}}}}}}"));
        let text = text.replace("{{{{", "\u{1}").replace("}}}}", "\u{2}");
        let text = text.replace("{{", "{").replace("}}", "}");
        text.replace('\u{1}', "{{").replace('\u{2}', "}}")
    };
    HOLES.iter().map(fill).collect()
}

/// The attributes of an image in which a span is tried.
fn attributes(span: &str) -> String {
    let span = span.replace('…', "x");
    let quoted = |text: &str| format!("tags = [{text:?}]");
    let is_rule_word = span.contains("{{") && !span.contains("{{ ");
    let of_version =
        ["{{version}}", "{{major}}", "{{minor}}", "{{raw}}"].iter().any(|word| span.contains(word));
    let outside: String = span.split("}}").map(|part| part.split("{{").next().unwrap()).collect();
    if outside.contains('/') {
        // A repository, or what stands before the version in a git tag, in the same words.
        let name = span.trim_matches(['"', '/']);
        format!("tags = [\"x\"]\n  repositories = [\"r.io/{name}\"]\n  version = \"1.0\"")
    } else if span.starts_with('{') && !span.starts_with("{{") {
        format!("tags = [{span}]")
    } else if span.contains(" = ") {
        span
    } else if span.starts_with("type=") {
        quoted(&span)
    } else if span.starts_with("suffix=") && of_version {
        // That is for versions of the run, and has a word of the run in its place.
        quoted("type=raw,value=x")
    } else if span.starts_with("suffix=") || span.starts_with("prefix=") || span.starts_with("enable=") {
        let branch = span.replace("is_default_branch", "is_not_default_branch");
        quoted(&format!("type=raw,value=x,{branch}"))
    } else if is_rule_word && of_version {
        quoted(&format!("type=semver,pattern={span}"))
    } else if is_rule_word {
        quoted(&format!("type=raw,value=x-{span}"))
    } else {
        quoted(span.trim_matches('"'))
    }
}

/// Whether the span gives a tag in one of the runs; else what is told.
fn tried(span: &str) -> Result<(), String> {
    let mut attributes = attributes(span);
    if !attributes.contains("repositories = ") {
        attributes += "\n  repositories = [\"r.io/x/a\"]";
    }
    if !attributes.contains("version = ") {
        attributes += "\n  version = \"{{ tag }}\"";
    }
    let file =
        format!("target \"a\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"a\" {{\n  {attributes}\n}}\n");
    let mut told = String::new();
    for run in RUNS {
        let facts =
            ["event=push", "commit=0123456789abcdef", "commit_time=1700000000", "default_branch=main"];
        let facts = facts.iter().chain(run).map(|fact| format!("--fact={fact}")).collect::<Vec<_>>();
        let test = Test::new().file("docker-bake.hcl", &file).args(["metadata", "--format=tags"]);
        let output = test.args(facts.iter().map(String::as_str)).output();
        if output.status.success() && !output.stdout.is_empty() {
            return Ok(());
        }
        told += &String::from_utf8_lossy(&output.stderr);
    }
    Err(format!("{file}{told}"))
}

#[test]
fn every_pattern_of_the_readme_renders() {
    let spans = of_pages();
    assert!(spans.len() > 20 && spans.iter().any(|span| span == "sha-{{ commit[:12] }}"), "{spans:?}");
    for span in spans {
        tried(&span).unwrap_or_else(|told| panic!("{span}\n{told}"));
    }
}

#[test]
fn every_pattern_of_a_message_renders() {
    let found = of_messages(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(found.len() > 15 && found.iter().flatten().any(|span| span == "{{ commit[:12] }}"), "{found:?}");
    for spans in found {
        let told: Vec<String> = spans.iter().filter_map(|span| tried(span).err()).collect();
        assert!(told.len() < spans.len(), "{spans:?}\n{}", told.join("\n"));
    }
}

/// Of Jinja's filters, the reference names those that there are not.
#[test]
fn filters_are_those_of_jinja_but_for_the_named_ones() {
    const ALL: [(&str, &str); 47] = [
        ("abs", "0 | abs"),
        ("attr", "branch | attr('x')"),
        ("batch", "branch | batch(2)"),
        ("capitalize", "branch | capitalize"),
        ("center", "branch | center(9)"),
        ("default", "branch | default('x')"),
        ("dictsort", "{} | dictsort"),
        ("escape", "branch | escape"),
        ("filesizeformat", "1 | filesizeformat"),
        ("first", "branch | first"),
        ("float", "'1' | float"),
        ("forceescape", "branch | forceescape"),
        ("format", "branch | format"),
        ("groupby", "[] | groupby('x')"),
        ("indent", "branch | indent"),
        ("int", "'1' | int"),
        ("items", "{} | items"),
        ("join", "branch | join"),
        ("last", "branch | last"),
        ("length", "branch | length"),
        ("list", "branch | list"),
        ("lower", "branch | lower"),
        ("map", "branch | map('upper')"),
        ("max", "branch | max"),
        ("min", "branch | min"),
        ("pprint", "branch | pprint"),
        ("random", "branch | random"),
        ("reject", "branch | reject"),
        ("replace", "branch | replace('a', 'b')"),
        ("reverse", "branch | reverse"),
        ("round", "1.5 | round"),
        ("safe", "branch | safe"),
        ("select", "branch | select"),
        ("slice", "branch | slice(2)"),
        ("sort", "branch | sort"),
        ("string", "branch | string"),
        ("striptags", "branch | striptags"),
        ("sum", "[1] | sum"),
        ("title", "branch | title"),
        ("tojson", "branch | tojson"),
        ("trim", "branch | trim"),
        ("truncate", "branch | truncate(3)"),
        ("unique", "branch | unique"),
        ("upper", "branch | upper"),
        ("urlencode", "branch | urlencode"),
        ("wordcount", "branch | wordcount"),
        ("wordwrap", "branch | wordwrap"),
    ];
    let readme = read("docs/reference/tags.md");
    let (_, missing) = readme.split_once("are those of Jinja without").unwrap();
    let (missing, _) = missing.split_once(';').unwrap();
    let missing: Vec<&str> = missing.split('`').skip(1).step_by(2).collect();
    let is_there = |expression: &str| {
        let spec = format!(
            "target \"app\" {{}}\nimage \"app\" {{\n  repositories = [\"r.io/x/app\"]\n  tags = [\"x{{{{ ({expression}) | length }}}}\"]\n}}\n"
        );
        let output = Test::new().file("docker-bake.hcl", spec).args(["plan", "--fact=branch=main"]).output();
        let talk = String::from_utf8(output.stderr).unwrap();
        !talk.contains("is unknown")
    };
    for (name, expression) in ALL {
        assert_eq!(is_there(expression), !missing.contains(&name), "{name}");
    }
    for name in ["urlize", "xmlattr"] {
        assert!(missing.contains(&name) && !is_there(&format!("branch | {name}")), "{name}");
    }
}

/// The word that a help names is one that the run has.
#[test]
fn a_tag_that_does_not_fit_is_helped_with_its_own_word() {
    for (pattern, facts, word) in [
        ("{{ branch }}", &["branch=feature/x"][..], "branch"),
        ("x-{{ ref }}", &["pull_request=7", "ref=refs/pull/7/merge"], "ref"),
        ("{{ head_branch }}", &["pull_request=7", "head_branch=a/b"], "head_branch"),
        ("{{ base_branch }}-x", &["pull_request=7", "base_branch=release/1"], "base_branch"),
        ("{{ event }}", &["branch=main", "event=merge/group"], "event"),
    ] {
        let spec = |pattern: &str| {
            format!(
                "target \"app\" {{}}\nimage \"app\" {{\n  repositories = [\"r.io/x/app\"]\n  tags = [\"{pattern}\"]\n}}\n"
            )
        };
        let run = |pattern: &str| {
            let test = Test::new().file("docker-bake.hcl", spec(pattern)).args(["plan"]);
            let output = facts.iter().fold(test, |test, fact| test.args(["--fact", fact])).output();
            (output.status.code(), String::from_utf8(output.stderr).unwrap())
        };
        let (status, talk) = run(pattern);
        assert_eq!(status, Some(1), "{pattern}: {talk}");
        let cure = format!("{{{{ {word} | slug }}}}");
        assert!(talk.contains(&format!("`{cure}`")), "{pattern}: {talk}");
        assert_eq!(run(&pattern.replace(&format!("{{{{ {word} }}}}"), &cure)).0, Some(0), "{pattern}");
    }
}

/// What a condition in the pattern leaves out is not in the tag: a constant floats however it comes about.
#[test]
fn a_constant_out_of_a_condition_floats() {
    let of = |pattern: &str, fact: &str| {
        let lines = format!("tags = [\"{pattern}\"]");
        let commit = "--fact=commit=0123456789abcdef0123456789abcdef01234567";
        tags(&block(&lines), &[commit, "--fact=event=push", fact]).0
    };
    for (pattern, on_main, elsewhere, fact) in [
        ("{{ 'edge' if branch == 'main' else sha }}", "edge=runs", "0123456", "branch=next"),
        (
            "{% if branch == 'main' %}edge{% else %}{{ sha }}{% endif %}",
            "edge=runs",
            "0123456",
            "branch=next",
        ),
        ("{{ commit[:9] if branch != 'main' else 'dev' }}", "dev=runs", "012345678", "branch=next"),
        ("{{ tag | default('dev') }}", "dev=runs", "app-1", "tag=app-1"),
        ("{{ tag if tag is defined else 'dev' }}", "dev=runs", "app-1", "tag=app-1"),
    ] {
        assert_eq!(of(pattern, "--fact=branch=main"), on_main, "{pattern}");
        assert_eq!(of(pattern, &format!("--fact={fact}")), elsewhere, "{pattern}");
    }
}

/// The function takes the directives of `strftime`: a format without any, or with words of moment.js, is the same text on
/// every day.
#[test]
fn a_date_has_directives() {
    let facts =
        ["--fact=commit=0123456789abcdef0123456789abcdef01234567", "--fact=commit_time=2026-01-02T03:04:05Z"];
    let plan = |lines: &str| {
        let test = Test::new().file("docker-bake.hcl", block(lines)).args(["metadata", "--format", "tags"]);
        let output = test.args(facts).args(["--fact=branch=main", "--fact=event=push"]).output();
        let [names, talk] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        (output.status.code(), names.replace("r.io/x/a:", ""), talk)
    };
    for (format, meant) in [
        ("YYYYMMDD", "%Y%m%d"),
        ("YYYY.MM.DD", "%Y.%m.%d"),
        ("%Y-MM-DD", "%Y-%m-%d"),
        ("YYYYMMDD-HHmmss", "%Y%m%d-%H%M%S"),
        ("nightly", "%Y%m%d"),
        ("%%", "%Y%m%d"),
    ] {
        for lines in [
            format!("tags = [\"{{{{ date('{format}') }}}}\"]"),
            format!("tags = [\"x-{{{{ date('{format}', tz='Asia/Tokyo') | lower }}}}\"]"),
            format!("version = \"{{{{ date('{format}') }}}}\""),
            format!("tags = [{{ pattern = \"x\", when = \"date('{format}') == '1'\" }}]"),
        ] {
            let (status, names, talk) = plan(&lines);
            assert_eq!((status, names.as_str()), (Some(1), ""), "{lines}: {talk}");
            let is_told = talk.contains("directive of `strftime`")
                && talk.contains(&format!("write `date('{meant}')`"));
            assert!(is_told, "{lines}: {talk}");
        }
    }
    for (pattern, expected) in [
        ("{{ date('%Y%m%d') }}", "20260102"),
        ("{{ date('%Y%m%dT%H%M') }}", "20260102T0304"),
        ("{{ date('%G-%V', tz='Asia/Tokyo') }}", "2026-01"),
        ("{{ date('build-%Y') }}", "build-2026"),
        ("{{ date('%dd%Hh') }}", "02d03h"),
        ("type=raw,value={{date 'YYYYMMDD'}}", "20260102"),
        ("type=raw,value={{date 'YYYY.MM'}}-x", "2026.01-x"),
    ] {
        let (status, names, talk) = plan(&format!("tags = [\"{pattern}\"]"));
        assert_eq!((status, names.trim()), (Some(0), expected), "{pattern}: {talk}");
    }
}

/// A part of a version that ends within a number reads as another version.
#[test]
fn a_part_of_a_version_ends_with_a_number() {
    for (version, pattern, shown) in [
        ("1.10.2", "{{ version[:3] }}", Some("1.1")),
        ("2026.10.1", "{{ version[:6] }}", Some("2026.1")),
        ("12.4.1", "{{ version[:1] }}", Some("1")),
        ("1.10.2", "v{{ version[:3] }}", Some("1.1")),
        ("1.10.2", "php{{ version[:3] }}-fpm", Some("1.1")),
        ("1.10.2", "{{ semver[:3] }}-alpine", Some("1.1")),
        ("1.4.2", "{{ version[:3] }}", None),
        ("1.10.2", "{{ version[:4] }}", None),
        ("1.10.2", "{{ version }}-alpine1", None),
        ("12.4.1", "alpine1-{{ version | replace('.', '-') }}", None),
        ("12.4.1", "{{ version | replace('.', '_') }}", None),
        ("12.4.1", "{{ version | replace('.', '') }}", None),
        ("1.10.2", "{{ major }}.1", None),
        ("1.10.2", "{{ major }}.{{ minor }}-{{ commit[:8] }}", None),
    ] {
        let spec = format!(
            "target \"app\" {{ platforms = [\"linux/amd64\"] }}\nimage \"app\" {{\n  repositories = [\"r.io/a\"]\n  version = \"{version}\"\n  tags = [\"{pattern}\"]\n}}\n"
        );
        let test = Test::new().file("docker-bake.hcl", &spec);
        let output = test.args(["plan", "--fact=commit=c0ffee0123456789c0ffee0123456789c0ffee01"]).output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.success(), shown.is_none(), "{version} {pattern}: {told}");
        if let Some(shown) = shown {
            let part = format!("shows `{shown}` of version `{version}`, which ends within a number");
            assert!(told.contains(&part) && told.contains("`{{ major }}.{{ minor }}`"), "{pattern}: {told}");
        }
    }
}
