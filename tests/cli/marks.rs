//! Where the marks of values go that are in no text: of how many elements there are, which of them, and in which order.

use bakeplan::internals::bake::target::attributes::TARGET_NAMES;

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

/// Attributes that the table of tags shows.
const IN_TABLE: [&str; 4] = ["inherits", "output", "platforms", "tags"];

/// Of each attribute, an element of a list and another one in its place.
const ELEMENTS: &[(&str, &str, &str)] = &[
    ("annotations", "manifest:a=1", "manifest:a=2"),
    ("attest", "type=sbom", "type=provenance"),
    ("cache-from", "type=gha,scope=a", "type=gha,scope=b"),
    ("cache-to", "type=gha,scope=a", "type=gha,scope=b"),
    ("entitlements", "network.host", "security.insecure"),
    ("inherits", "_p", "_q"),
    ("no-cache-filter", "a", "b"),
    ("output", "type=image", "type=local,dest=x"),
    ("platforms", "linux/amd64", "linux/arm64"),
    ("policy", "filename=a", "filename=b"),
    ("secret", "id=a", "id=b"),
    ("ssh", "a", "b"),
    ("tags", "ghcr.io/acme/app:1", "ghcr.io/acme/app:2"),
    ("ulimits", "nofile=1", "nofile=2"),
];

/// Attributes that are not lists.
const OTHERS: [&str; 15] = [
    "args",
    "call",
    "context",
    "contexts",
    "description",
    "dockerfile",
    "dockerfile-inline",
    "extra-hosts",
    "labels",
    "network",
    "no-cache",
    "pull",
    "resources",
    "shm-size",
    "target",
];

/// What is refused for an attribute.
fn refused(attribute: &str) -> Committed {
    if IN_TABLE.contains(&attribute) { Neither } else { Table }
}

#[test]
fn each_list_depends_on_what_decides_how_many_elements_it_has() {
    let mut known: Vec<&str> = ELEMENTS.iter().map(|(name, ..)| *name).chain(OTHERS).collect();
    known.sort_unstable();
    let mut names = TARGET_NAMES;
    names.sort_unstable();
    assert_eq!(known, names, "each attribute is a list or is not");
    let parents = "target \"_p\" {}\ntarget \"_q\" {}\n";
    let mut files = Vec::new();
    for (attribute, one, other) in ELEMENTS {
        let chosen = format!("YEAR > 2000 ? \"{one}\" : \"{other}\"");
        let mut lists = vec![
            // Of two equal elements one is left, which does not depend on the clock.
            format!("[\"{one}\", {chosen}]"),
            format!("[{chosen}, \"{one}\"]"),
            // With many elements they are looked up another way.
            format!("[\"{one}\", {chosen}, {}]", vec![format!("\"{one}\""); 12].join(", ")),
            format!("[for x in [\"{one}\", \"{other}\"] : x if x == \"{one}\" || YEAR < 2000]"),
            format!("[for x in [\"{one}\"] : x if YEAR < 2000]"),
            format!("concat([\"{one}\"], YEAR < 2000 ? [\"{other}\"] : [])"),
            format!("slice([\"{one}\", \"{other}\"], 0, YEAR > 2000 ? 1 : 2)"),
        ];
        if *attribute != "platforms" && *attribute != "inherits" {
            lists.push(format!("[\"{one}\", YEAR < 2000 ? \"{other}\" : \"\"]"));
        }
        for list in lists {
            files.push((format!("{parents}{}", app(&format!("{attribute} = {list}"))), refused(attribute)));
        }
    }
    check_committed(&files);
}

#[test]
fn what_a_function_of_ones_own_gets_of_a_list_depends_on_how_many_there_are() {
    let function = |result: &str, value: &str| {
        let lines = format!("args = {{ A = {value} }}");
        format!(
            "function \"f\" {{\n  params = []\n  variadic_params = xs\n  result = {result}\n}}\n{}",
            app(&lines)
        )
    };
    let files: Vec<(String, Committed)> = [
        ("\"${length(xs)}\"", "f(range(YEAR - 2000)...)", Table),
        ("join(\",\", [for i, x in xs : \"${i}\"])", "f(range(YEAR - 2000)...)", Table),
        ("join(\",\", [for x in xs : \"q\"])", "f([for x in [\"a\", \"b\"] : x if YEAR > 3000]...)", Table),
        ("\"${length(xs)}\"", "f(\"first\", range(YEAR - 2000)...)", Table),
        ("\"${length(concat(xs, []))}\"", "f(range(YEAR - 2000)...)", Table),
        ("\"${length(xs)}\"", "f([\"a\", \"${YEAR}\"]...)", Both),
        ("\"${length(xs)}\"", "f(range(20)...)", Both),
    ]
    .map(|(result, value, expected)| (function(result, value), expected))
    .into();
    check_committed(&files);
}

#[test]
fn a_parent_that_the_clock_chooses_is_seen_in_all_its_heirs() {
    let parents = "target \"_p\" {\nargs = { B = 1 }\n}\ntarget \"_q\" {\nargs = { B = 2 }\n}\n";
    let matrix = "target \"p\" {\nmatrix = { x = [YEAR] }\nname = \"p${x}\"\n}\n";
    let middle = "target \"_m\" {\ninherits = [YEAR > 2000 ? \"_p\" : \"_q\"]\n}\n";
    let files = [
        (format!("{parents}{}", app("inherits = [YEAR > 2000 ? \"_p\" : \"_q\"]")), Neither),
        (format!("{parents}{}", app("inherits = YEAR > 2000 ? [\"_p\"] : []")), Neither),
        (format!("{parents}{}", app("inherits = YEAR > 2000 ? null : [\"_p\"]")), Neither),
        (format!("{matrix}{}", app("inherits = [\"p${YEAR}\"]")), Neither),
        (format!("{parents}{middle}{}", app("inherits = [\"_m\"]")), Neither),
        (format!("{parents}{middle}{}", app("inherits = [\"_p\", \"_m\"]\nargs = { B = 3 }")), Neither),
        (format!("{parents}{middle}{}", app("contexts = { m = \"target:_m\" }")), Neither),
        (format!("{parents}{middle}{}", app("inherits = [\"_p\"]")), Both),
    ];
    check_committed(&files);
}

#[test]
fn a_group_depends_on_what_decides_which_members_it_has() {
    let targets = format!("{}target \"b\" {{}}\n", app(""));
    let group = |lines: &str| format!("{targets}group \"all\" {{\n{lines}\n}}\n");
    let mut files: Vec<(String, Committed)> = [
        "[for t in [\"app\"] : t if YEAR > 2000]",
        "[for t in [\"app\"] : t if YEAR < 2000]",
        "[for t in [\"app\", \"b\"] : t if t == \"app\" || YEAR < 2000]",
        "YEAR > 2000 ? null : [\"app\"]",
        "[\"app\", YEAR > 2000 ? \"app\" : \"b\"]",
        "convert([\"app\", YEAR > 2000 ? \"app\" : \"b\"], set(string))",
    ]
    .iter()
    .map(|members| (group(&format!("targets = {members}")), Neither))
    .collect();
    files.extend([
        (group("targets = [\"app\"]\ndescription = YEAR < 2000 ? \"a\" : \"\""), Table),
        // A later group of the name replaces it.
        (
            format!(
                "{}group \"all\" {{\ntargets = [\"b\"]\n}}\n",
                group("targets = YEAR < 2000 ? [\"app\"] : []")
            ),
            Both,
        ),
    ]);
    check_committed(&files);
}

/// Of each attribute: what a parent says with the clock, what a child says in place of it, and what it says beside it.
const REPLACED: &[(&str, &str, Option<&str>, Option<&str>)] = &[
    ("annotations", "[\"manifest:a=${YEAR}\"]", None, Some("[\"manifest:b=1\"]")),
    ("args", "{ A = YEAR }", Some("{ A = 1 }"), Some("{ B = 1 }")),
    ("args", "{ A = YEAR > 2000 ? null : 1 }", Some("{ A = 1 }"), Some("{ B = 1 }")),
    ("args", "{ (YEAR > 2000 ? \"A\" : \"B\") = 1 }", None, Some("{ A = 1 }")),
    ("args", "merge({ A = YEAR }, { B = 1 })", Some("{ A = 1 }"), Some("{ B = 2 }")),
    (
        "attest",
        "[{ type = \"sbom\", disabled = YEAR < 2000 }]",
        Some("[\"type=sbom\"]"),
        Some("[\"type=provenance\"]"),
    ),
    (
        "attest",
        "[\"type=sbom,generator=${YEAR}\"]",
        Some("[{ type = \"sbom\" }]"),
        Some("[\"type=provenance\"]"),
    ),
    ("attest", "[YEAR > 2000 ? \"type=sbom\" : \"type=provenance\"]", None, Some("[\"type=sbom\"]")),
    ("cache-from", "[YEAR > 2000 ? \"type=gha\" : \"a\"]", None, Some("[\"type=gha\"]")),
    ("cache-to", "[\"type=gha,scope=${YEAR}\"]", Some("[\"type=gha\"]"), None),
    ("call", "YEAR > 2000 ? null : \"check\"", Some("\"check\""), Some("null")),
    ("context", "YEAR > 2000 ? null : \"x\"", Some("\"x\""), Some("null")),
    ("contexts", "{ a = YEAR > 2000 ? \"\" : \"x\" }", Some("{ a = \"x\" }"), Some("{ b = \"x\" }")),
    ("description", "YEAR > 2000 ? \"\" : \"x\"", Some("\"x\""), Some("\"\"")),
    ("dockerfile", "YEAR > 2000 ? null : \"x\"", Some("\"x\""), Some("null")),
    ("dockerfile-inline", "YEAR > 2000 ? null : \"x\"", Some("\"x\""), Some("null")),
    ("entitlements", "[YEAR > 2000 ? \"network.host\" : \"\"]", None, Some("[\"network.host\"]")),
    ("extra-hosts", "{ a = YEAR > 2000 ? null : \"1.2.3.4\" }", Some("{ a = \"1.2.3.4\" }"), Some("{}")),
    ("labels", "{ a = YEAR > 2000 ? null : \"x\" }", Some("{ a = \"x\" }"), Some("{ a = null }")),
    ("network", "YEAR > 2000 ? null : \"none\"", Some("\"none\""), Some("null")),
    ("no-cache", "YEAR > 2000", Some("true"), Some("null")),
    ("no-cache-filter", "[YEAR > 2000 ? \"a\" : \"b\"]", None, Some("[\"a\"]")),
    ("output", "YEAR > 2000 ? [] : [\"type=oci\"]", Some("[\"type=image\"]"), None),
    ("platforms", "[for x in [\"linux/amd64\"] : x if YEAR < 2000]", Some("[\"linux/amd64\"]"), Some("null")),
    ("policy", "[{ filename = \"a\", strict = YEAR > 2000 }]", None, Some("[\"filename=a\"]")),
    ("pull", "YEAR < 2000", Some("false"), Some("null")),
    (
        "resources",
        "{ memory = YEAR > 2000 ? null : \"1g\" }",
        Some("{ memory = \"1g\" }"),
        Some("{ cpu-shares = 1 }"),
    ),
    ("resources", "{ cpu-shares = YEAR }", Some("{ cpu-shares = 1 }"), Some("{ memory = \"1g\" }")),
    ("secret", "[\"id=a,src=${YEAR}\"]", Some("[\"id=a,src=x\"]"), Some("[\"id=b,src=x\"]")),
    ("secret", "[{ id = \"a\", src = YEAR > 2000 ? \"\" : \"x\" }]", Some("[\"id=a\"]"), Some("[\"id=b\"]")),
    ("secret", "[YEAR > 2000 ? \"id=a\" : \"id=b\"]", None, Some("[\"id=a\"]")),
    ("shm-size", "YEAR > 2000 ? null : \"1m\"", Some("\"1m\""), Some("null")),
    ("ssh", "[\"a=${YEAR}\"]", Some("[\"a\"]"), Some("[\"b\"]")),
    ("ssh", "[YEAR > 2000 ? \"a\" : \"b\"]", None, Some("[\"a\"]")),
    ("tags", "[\"ghcr.io/acme/app:${YEAR}\"]", Some("[\"ghcr.io/acme/app:1\"]"), Some("null")),
    ("target", "YEAR > 2000 ? null : \"x\"", Some("\"x\""), Some("null")),
    ("ulimits", "[YEAR > 2000 ? \"nofile=1\" : \"nofile=2\"]", None, Some("[\"nofile=1\"]")),
];

#[test]
fn what_a_child_replaces_counts_no_more_and_what_decides_does() {
    // Nothing inherits what a target inherits.
    let known: Vec<&str> = REPLACED.iter().map(|(name, ..)| *name).chain(["inherits"]).collect();
    assert!(TARGET_NAMES.iter().all(|name| known.contains(name)), "each attribute has a row");
    let mut files = Vec::new();
    for (attribute, parent, instead, beside) in REPLACED {
        let children = [(instead, Both), (beside, refused(attribute))];
        for (child, expected) in
            children.into_iter().filter_map(|(child, expected)| Some((child.as_ref()?, expected)))
        {
            let of = |name: &str, lines: String| {
                let tags = if *attribute == "tags" { "" } else { TAGS };
                format!("target \"{name}\" {{\n{tags}\n{lines}\n}}\n")
            };
            let (first, second) = (format!("{attribute} = {parent}"), format!("{attribute} = {child}"));
            files.push((
                of("_base", first.clone()) + &of("app", format!("inherits = [\"_base\"]\n{second}")),
                expected,
            ));
            // Blocks of one name are merged alike.
            files.push((of("app", first) + &of("app", second), expected));
        }
    }
    check_committed(&files);
}

#[test]
fn which_targets_a_matrix_makes_decides_which_images_there_are() {
    let matrix =
        |matrix: &str, name: &str| format!("{}target \"m\" {{\nmatrix = {matrix}\n{name}\n}}\n", app(""));
    let mut files: Vec<(String, Committed)> = [
        // Without any targets nothing is left that could have the mark.
        ("{ x = YEAR > 2000 ? [] : [\"a\"] }", "name = \"m${x}\""),
        ("{ x = [for x in [\"a\"] : x if YEAR < 2000] }", "name = \"m${x}\""),
        (
            "{ x = convert([for x in [\"a\"] : x if YEAR < 2000], set(string)), y = [\"a\"] }",
            "name = \"m${x}\"",
        ),
        // One is left, and its name says nothing of it.
        ("{ x = [for x in [\"a\", \"b\"] : x if x == \"a\" || YEAR < 2000] }", "name = \"m\""),
        ("{ x = slice([\"a\", \"b\"], 0, YEAR > 2000 ? 1 : 2) }", ""),
        ("YEAR > 2000 ? {} : { x = [\"a\", \"b\"] }", "name = \"m\""),
        ("merge({ x = [\"a\"] }, YEAR > 2000 ? {} : { y = [\"a\", \"b\"] })", "name = \"m\""),
        ("{ for x in [\"x\", \"y\"] : x => [\"a\"] if x == \"x\" || YEAR < 2000 }", "name = \"m\""),
        // Several are left, whose names do.
        ("{ x = YEAR > 2000 ? [\"a\", \"b\"] : [\"a\"] }", "name = \"m${x}\""),
        ("{ x = [\"a${YEAR}\"] }", "name = \"m${x}\""),
        ("{ x = [\"a\"] }", "name = \"m${YEAR}\""),
        ("{ x = [\"a\"] }", "name = YEAR > 2000 ? \"m\" : \"n\""),
    ]
    .iter()
    .map(|(axes, name)| (matrix(axes, name), Neither))
    .collect();
    files.extend([
        (matrix("{ x = [\"a\", \"b\"] }", "name = \"m${x}\""), Both),
        (matrix("{ x = [\"a\"] }", "args = { A = YEAR }"), Table),
        // The values of an axis need not be in what is written.
        (matrix("{ x = [{ name = \"a\", at = YEAR }] }", "name = \"m${x.name}\""), Both),
    ]);
    check_committed(&files);
}

#[test]
fn which_targets_an_image_covers_decides_whether_it_is_there() {
    let image = |line: &str| {
        let other = "target \"b\" {\nplatforms = [\"linux/arm64\"]\ntags = [\"ghcr.io/acme/app:1\"]\n}\n";
        let app = app("platforms = [\"linux/amd64\"]");
        format!(
            "{app}{other}image \"all\" {{\ntargets = [\"app\", \"b\"]\n}}\nimage \"app\" {{\nrepositories = [\"ghcr.io/acme/other\"]\n{line}\n}}\n"
        )
    };
    let mut files: Vec<(String, Committed)> = [
        "target = YEAR > 2000 ? null : \"app\"",
        "target = YEAR < 2000 ? null : \"app\"",
        "targets = YEAR > 2000 ? null : [\"app\", \"b\"]",
        "targets = [for x in [\"app\"] : x if YEAR < 2000]",
        "targets = [for x in [\"app\", \"b\"] : x if x == \"app\" || YEAR < 2000]",
        "targets = slice([\"app\", \"b\"], 0, YEAR > 2000 ? 1 : 2)",
        "targets = YEAR > 2000 ? [] : [\"app\"]",
    ]
    .iter()
    .map(|line| (image(line), Neither))
    .collect();
    files.extend(["target = null", "targets = []", "target = \"app\"", ""].map(|line| (image(line), Both)));
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

#[test]
fn limits_of_ours_are_no_failures_that_try_answers() {
    let deep = format!("jsondecode(\"{}{}\")", "[".repeat(600), "]".repeat(600));
    let long = "9".repeat(100_001);
    for attempt in [
        "format(\"%20000d\", 1)",
        "format(\"%.20000f\", 1)",
        "formatlist(\"%20000s\", [\"a\"])",
        "bcrypt(\"a\", 20)",
        "jsondecode(\"1e30000\")",
        "parseint(\"LONG\", 10)",
        "1e20000 * 1e20000",
        "multiply(1e20000, 1e20000)",
        "range(1e19999, 9e19999, 1e20000 * 1e20000)",
        "indent(100000000, \"a\\nb\")",
        deep.as_str(),
    ] {
        let attempt = attempt.replace("LONG", &long);
        for (value, name) in [(format!("try({attempt}, \"x\")"), "try"), (format!("can({attempt})"), "can")] {
            let test = Test::new().file("docker-bake.hcl", arg(&value)).args(["print"]);
            let output = test.output();
            let said = String::from_utf8_lossy(&output.stderr);
            let shown: String = attempt.chars().take(60).collect();
            assert_eq!(output.status.code(), Some(1), "{name} {shown}: {said}");
            assert!(!said.contains("every argument of `try` failed"), "{shown}: {said}");
        }
    }
    // What Bake refuses, too, they do answer.
    for attempt in ["format(\"%d\", \"a\")", "jsondecode(\"[\")", "parseint(\"x\", 10)", "1 % \"a\""] {
        let test = Test::new()
            .file("docker-bake.hcl", arg(&format!("try({attempt}, \"x\")")))
            .args(["print", "app"]);
        let output = test.output();
        assert!(String::from_utf8_lossy(&output.stdout).contains("\"A\": \"x\""), "{attempt}");
    }
}

#[test]
fn no_message_shows_a_part_of_a_secret_in_another_form() {
    // `é` in two code points: Bake's strings have it in one.
    const GIVEN: &str = "cafe\u{301}-S3cr3tVal-9f";
    let parts = ["S3cr3tVal", "s3cr3tval", "S3CR3TVAL", "caf\u{e9}-", "cafe\u{301}-", "cr3t", "Y2Fmw6ktUzNj"];
    let lines = [
        "matrix = { a = [VALUE] }\nname = a",
        "args = { A = parseint(VALUE, 10) }",
        "args = { A = timeadd(\"2020-01-01T00:00:00Z\", VALUE) }",
        "args = { A = timeadd(VALUE, \"1h\") }",
        "args = { A = formatdate(VALUE, \"2020-01-01T00:00:00Z\") }",
        "args = { A = format(VALUE, 1) }",
        "args = { A = cidrhost(VALUE, 1) }",
        "args = { A = semvercmp(VALUE, \"1\") }",
        "args = { A = jsondecode(VALUE) }",
        "args = { A = csvdecode(\"a,a\\n${VALUE},x\") }",
        "args = { A = regex(\"(${VALUE}\", \"x\") }",
        "args = { A = base64decode(\"${VALUE}!\") }",
        "args = { A = zipmap([VALUE], []) }",
        "args = { A = { a = 1 }[VALUE] }",
        "args = { A = convert({ (VALUE) = \"x\" }, map(number)) }",
        "args = { A = 1 + VALUE }",
        "args = { (VALUE) = [] }",
        "cache-to = [\"type=a,${VALUE}\"]",
        "policy = [\"log-level=${VALUE}\"]",
        "secret = [{ (VALUE) = [] }]",
        "no-cache = VALUE",
        "inherits = [VALUE]",
        "contexts = VALUE",
        "ulimits = [VALUE]",
        "platforms = [VALUE]",
        "shm-size = VALUE",
    ];
    let values = [
        "API_TOKEN",
        "upper(API_TOKEN)",
        "base64encode(API_TOKEN)",
        "urlencode(API_TOKEN)",
        "split(\"-\", API_TOKEN)[1]",
        "element(split(\"-\", API_TOKEN), 1)",
        "regex(\"S3.*\", API_TOKEN)",
        "[for part in split(\"-\", API_TOKEN) : part][1]",
        "jsonencode({ a = API_TOKEN })",
        "keys({ (API_TOKEN) = 1 })[0]",
    ];
    let all: Vec<String> =
        lines.iter().flat_map(|line| values.map(|value| line.replace("VALUE", value))).collect();
    let wrong = in_parallel(&all, |line| {
        let text = format!("variable \"API_TOKEN\" {{}}\n{}", app(line));
        let test = Test::new().file("docker-bake.hcl", text).env("API_TOKEN", GIVEN).args(["plan"]);
        let output = test.output();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let shown: Vec<&&str> = parts.iter().filter(|part| said.contains(**part)).collect();
        (output.status.code() != Some(1) || !shown.is_empty()).then(|| format!("{line} {shown:?}\n{said}"))
    });
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
