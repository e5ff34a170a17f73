//! Where the marks of values go that are in no text: of how many elements there are, which of them, and in which order.

use crate::support::{Test, in_parallel};

/// What a run of `bake -o` and one of `readme` are expected to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Committed {
    /// Both refuse to write what depends on the clock.
    Neither,
    /// Only the table of tags may be written.
    Table,
    /// Both may be written.
    Both,
}
use Committed::{Both, Neither, Table};

const YEAR: &str = "parseint(formatdate(\"YYYY\", timestamp()), 10)";
const TAGS: &str = "tags = [\"ghcr.io/acme/app:1\"]";

/// A published target with these lines.
fn app(lines: &str) -> String {
    let tags = if lines.contains("tags =") { "" } else { TAGS };
    format!("target \"app\" {{\n{tags}\n{lines}\n}}\n")
}

/// Likewise, with an argument.
fn arg(value: &str) -> String {
    app(&format!("args = {{ A = {value} }}"))
}

/// Runs both commands on each file, in which `YEAR` is a number that the clock gives, and checks what they write.
#[track_caller]
fn check_committed(files: &[(String, Committed)]) {
    let wrong = in_parallel(files, |(text, expected)| {
        let text = text.replace("YEAR", YEAR);
        let run = |args: &[&str]| {
            let test = Test::new().file("docker-bake.hcl", &text);
            let test = test.file("README.md", "<!-- bakeplan:begin -->\n<!-- bakeplan:end -->\n");
            let output = test.args(args.iter().copied()).output();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let written = match output.status.code() {
                Some(0) => Some(true),
                Some(1) if said.contains("error[volatile]") => Some(false),
                _ => None,
            };
            (written, said)
        };
        let (file, table) = (run(&["bake", "-o", "out/bake.json"]), run(&["readme", "README.md"]));
        let found = match (file.0, table.0) {
            (Some(false), Some(false)) => Some(Neither),
            (Some(false), Some(true)) => Some(Table),
            (Some(true), Some(true)) => Some(Both),
            _ => None,
        };
        (found != Some(*expected)).then(|| format!("{text}{expected:?}: {found:?}\n{}{}", file.1, table.1))
    });
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn order_and_number_of_the_elements_of_a_set_depend_on_each() {
    // In each of these, what is written is a text that does not come from the clock.
    let values = [
        "[for x in convert([\"m\", YEAR > 2000 ? \"a\" : \"z\"], set(string)) : x][1]",
        "[for x in setunion([\"m\"], [YEAR > 2000 ? \"a\" : \"z\"]) : x][1]",
        "length(convert([\"m\", YEAR > 2000 ? \"m\" : \"z\"], set(string)))",
        "length(setsubtract([\"m\"], [YEAR > 2000 ? \"m\" : \"z\"]))",
        "\"%{ for x in convert([\"m\", YEAR > 2000 ? \"m\" : \"z\"], set(string)) }q%{ endfor }\"",
        "[for x in convert([[\"m\"], [YEAR > 2000 ? \"a\" : \"z\"]], set(list(string))) : x][1][0]",
        "coalesce(convert([\"m\", YEAR > 2000 ? \"a\" : \"z\"], set(string))...)",
        "length(convert([1, YEAR > 2000 ? 1 : 2], set(number))[*])",
        "\"${length(convert([true, YEAR > 2000], set(bool)))}\"",
        "[for x in setproduct([\"a\"], convert([\"m\", YEAR > 2000 ? \"a\" : \"z\"], set(string))) : \"q\"][0]",
    ];
    let mut files: Vec<(String, Committed)> = values.iter().map(|value| (arg(value), Table)).collect();
    let set = |other: &str| {
        let fixed = "ghcr.io/acme/app:1";
        format!("convert([\"{fixed}\", YEAR > 2000 ? \"{fixed}\" : \"{other}\"], set(string))")
    };
    files.extend([
        (app(&format!("tags = {}", set("ghcr.io/acme/app:2"))), Neither),
        (format!("target \"_o\" {{\ntags = {}\n}}\n{}", set("x"), arg("length(target._o.tags)")), Table),
        (app("labels = { for x in convert([\"m\"], set(string)) : x => x }"), Both),
        (arg("[for x in convert([\"m\", \"a\"], set(string)) : x][1]"), Both),
        (arg("length(convert([timestamp()], set(string)))"), Both),
    ]);
    check_committed(&files);
}

#[test]
fn an_element_depends_on_what_the_keys_beside_it_depend_on() {
    let of = |value: &str| arg(&value.replace("KEY", "(YEAR > 2000 ? \"n\" : \"m\")"));
    let values = [
        "{ m = \"y\", KEY = \"x\" }.m",
        "{ m = \"y\", KEY = \"x\" }[\"m\"]",
        "keys({ KEY = 1 })[0]",
        "values({ m = \"y\", KEY = \"x\" })[0]",
        "length(keys({ m = \"y\", KEY = \"x\" }))",
        "lookup({ m = \"y\", KEY = \"x\" }, \"m\", \"d\")",
        "merge({ m = \"y\" }, { KEY = \"x\" }).m",
        "values(merge({ m = \"y\" }, { KEY = \"x\" }))[0]",
        "[for v in { m = \"y\", KEY = \"x\" } : v][0]",
        "zipmap([\"m\", KEY], [\"y\", \"x\"]).m",
        "{ for k in [\"m\", KEY] : k => \"y\"... }.m[0]",
        "length({ for x in [\"a\", \"b\"] : \"k\" => x... if x == \"a\" || YEAR < 2000 }.k)",
        "convert({ m = \"y\", KEY = \"x\" }, map(string)).m",
        "can({ KEY = \"x\" }.m)",
        "flatten([[for x in [\"a\"] : x if YEAR > 2000], \"b\"])[1]",
    ];
    let mut files: Vec<(String, Committed)> = values.iter().map(|value| (of(value), Table)).collect();
    // Elements that stand beside one from the clock do not depend on it.
    files.extend(
        [
            "{ m = \"y\", n = timestamp() }.m",
            "merge({ m = \"y\" }, { n = timestamp() }).m",
            "concat([\"y\"], [timestamp()])[0]",
            "join(\"-\", keys(merge({ m = \"y\" }, { n = timestamp() })))",
            "slice([\"y\", timestamp()], 0, 1)[0]",
            "reverselist([\"y\", timestamp()])[1]",
            "flatten([[\"y\"], [timestamp()]])[0]",
            "values({ m = \"y\", n = timestamp() })[0]",
            "length([timestamp()])",
        ]
        .map(|value| (arg(value), Both)),
    );
    check_committed(&files);
}

/// A secret number and text, and what is written with them.
fn with_secrets(text: &str) -> (Option<i32>, String) {
    let text = format!("variable \"PIN_PASSWORD\" {{ type = number }}\nvariable \"A_TOKEN\" {{}}\n{text}");
    let test = Test::new().file("docker-bake.hcl", text).env("PIN_PASSWORD", "4");
    let output = test.env("A_TOKEN", "S3cr3tVal-9f").args(["bake", "-o", "out/bake.json"]).output();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn what_a_secret_counts_or_chooses_tells_it() {
    const LETTERS: &str = "[\"a\", \"b\", \"c\", \"d\", \"e\", \"f\"]";
    let values = [
        "length(range(PIN_PASSWORD))",
        "join(\"-\", [for i in range(PIN_PASSWORD) : \"x\"])",
        "\"%{ for i in range(PIN_PASSWORD) }x%{ endfor }\"",
        "length(range(PIN_PASSWORD)[*])",
        "format(\"%v%v%v%v\", [for x in range(PIN_PASSWORD) : \"a\"]...)",
        "LETTERS[PIN_PASSWORD]",
        "{ \"4\" = \"a\", \"5\" = \"b\" }[PIN_PASSWORD]",
        "element(LETTERS, PIN_PASSWORD)",
        "join(\"-\", slice(LETTERS, 0, PIN_PASSWORD))",
        "substr(\"abcdefgh\", 0, PIN_PASSWORD)",
        "indent(PIN_PASSWORD, \"a\\nb\")",
        "[for v in values({ for x in range(PIN_PASSWORD) : \"k\" => \"v\"... }) : length(v)][0]",
        "length(convert(range(PIN_PASSWORD), set(number)))",
        "length(split(\"3\", A_TOKEN))",
        "timeadd(\"2020-01-01T00:00:00Z\", \"${PIN_PASSWORD}h\")",
    ];
    let mut texts: Vec<String> = values.iter().map(|value| arg(&value.replace("LETTERS", LETTERS))).collect();
    texts.extend(
        [
            "labels = { for i in range(PIN_PASSWORD) : \"k${i}\" => \"1\" }",
            "ulimits = [for x in range(PIN_PASSWORD) : \"nofile=1\"]",
            "cache-from = [for x in range(PIN_PASSWORD) : \"type=gha\"]",
            "secret = [for i, x in [for i in range(PIN_PASSWORD) : \"q\"] : \"id=k${i}\"]",
            "tags = [for i, x in [for i in range(PIN_PASSWORD) : \"q\"] : \"ghcr.io/acme/app:${i}\"]",
            "matrix = { x = [for i, y in [for z in range(PIN_PASSWORD) : \"a\"] : \"n${i}\"] }\nname = \"t${x}\"",
        ]
        .map(app),
    );
    let wrong = in_parallel(&texts, |text| {
        let (status, said) = with_secrets(text);
        (status != Some(1) || !said.contains("error[secret]")).then(|| format!("{text}{status:?}\n{said}"))
    });
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for value in [
        "PIN_PASSWORD > 3 ? \"a\" : \"b\"",
        "contains(range(9), PIN_PASSWORD) ? \"a\" : \"b\"",
        "length(concat([\"a\"], [A_TOKEN]))",
        "merge({ a = A_TOKEN }, { b = 1 }).b",
        "join(\"-\", [for i, x in concat([A_TOKEN], [\"b\"]) : \"${i}\"])",
        "slice([A_TOKEN, \"b\"], 1, 2)[0]",
    ] {
        let (status, said) = with_secrets(&arg(value));
        assert_eq!(status, Some(0), "{value}: {said}");
    }
}
