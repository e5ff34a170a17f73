//! Secrets and the clock in every attribute of a target: nothing of either is written.

use std::fs;

use bakeplan::internals::bake::target::attributes::{GROUP_NAMES, TARGET_NAMES};
use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine as _};

use crate::support::{Test, in_parallel};

/// A number, so that every attribute but a flag can take it.
const SECRET: &str = "8314159265";
const CLOCK: &str = "formatdate(\"YYYYMMDDhhmmss\", timestamp())";

/// For each attribute the ways to write `VALUE` into it.
const PLACES: &[(&str, &[&str])] = &[
    (
        "annotations",
        &[
            "[\"manifest:a=${VALUE}\"]",
            "[\"manifest:a${VALUE}=b\"]",
            "convert([\"a=${VALUE}\"], set(string))",
        ],
    ),
    (
        "args",
        &[
            "{ A = VALUE }",
            "{ (VALUE) = \"a\" }",
            "{ for x in [VALUE] : x => x }",
            "convert({ A = VALUE }, map(string))",
        ],
    ),
    (
        "attest",
        &[
            "[\"type=sbom,generator=${VALUE}\"]",
            "[{ type = \"sbom\", generator = VALUE }]",
            "[{ type = \"sbom\", (VALUE) = \"a\" }]",
        ],
    ),
    (
        "cache-from",
        &[
            "[VALUE]",
            "[\"type=s3,bucket=${VALUE}\"]",
            "[{ type = \"s3\", bucket = VALUE }]",
            "[{ type = \"s3\", (VALUE) = \"a\" }]",
        ],
    ),
    (
        "cache-to",
        &[
            "[VALUE]",
            "[\"type=s3,bucket=${VALUE}\"]",
            "[{ type = \"s3\", bucket = VALUE }]",
            "[\"type=s3,${VALUE}=a\"]",
        ],
    ),
    ("call", &["VALUE", "\"${VALUE}\""]),
    ("context", &["VALUE", "\"./${VALUE}\"", "\"https://example.com/${VALUE}.git\""]),
    ("contexts", &["{ a = VALUE }", "{ (VALUE) = \"a\" }", "{ a = \"docker-image://${VALUE}\" }"]),
    ("description", &["VALUE", "upper(VALUE)"]),
    ("dockerfile", &["VALUE", "\"${VALUE}/Dockerfile\""]),
    ("dockerfile-inline", &["VALUE", "<<EOT\nFROM scratch\nLABEL a=${VALUE}\nEOT\n"]),
    ("entitlements", &["[VALUE]", "[\"device=${VALUE}\"]"]),
    ("extra-hosts", &["{ a = VALUE }", "{ (VALUE) = \"1.2.3.4\" }"]),
    ("inherits", &["[VALUE]", "[\"base-${VALUE}\"]"]),
    ("labels", &["{ a = VALUE }", "{ (VALUE) = \"a\" }", "{ \"${VALUE}\" = null, (VALUE) = \"a\" }"]),
    ("network", &["VALUE"]),
    ("no-cache", &["VALUE", "VALUE == \"\" ? null : VALUE"]),
    ("no-cache-filter", &["[VALUE]", "[\"a\", VALUE]", "split(\",\", VALUE)"]),
    (
        "output",
        &[
            "[\"type=image,name=${VALUE}\"]",
            "[\"type=image,compression-level=${VALUE}\"]",
            "[{ type = \"image\", dangling-name-prefix = VALUE }]",
            "[{ type = \"image\", (VALUE) = \"a\" }]",
        ],
    ),
    ("platforms", &["[VALUE]", "[\"linux/amd64\", \"linux/${VALUE}\"]"]),
    (
        "policy",
        &[
            "[\"filename=${VALUE}\"]",
            "[{ filename = VALUE }]",
            "[{ log-level = VALUE }]",
            "[\"strict=${VALUE}\"]",
        ],
    ),
    ("pull", &["VALUE"]),
    (
        "resources",
        &[
            "{ memory = VALUE }",
            "{ memory-swap = VALUE }",
            "{ cpu-shares = VALUE }",
            "{ cpu-period = VALUE }",
            "{ cpu-quota = VALUE }",
            "{ cpuset-cpus = VALUE }",
            "{ cpuset-mems = VALUE }",
            "{ cpuset-mems = \"${VALUE}\", cpu-shares = 2 }",
        ],
    ),
    (
        "secret",
        &[
            "[\"id=a,src=${VALUE}\"]",
            "[\"id=${VALUE}\"]",
            "[{ id = VALUE }]",
            "[{ id = \"a\", src = VALUE }]",
            "[{ id = \"a\", env = join(\"\", [\"A\", VALUE]) }]",
        ],
    ),
    ("shm-size", &["VALUE", "\"${VALUE}\""]),
    ("ssh", &["[VALUE]", "[\"a=${VALUE}\"]", "[{ id = VALUE }]", "[{ id = \"a\", paths = [VALUE] }]"]),
    (
        "tags",
        &[
            "[\"ghcr.io/acme/app:${VALUE}\"]",
            "[\"ghcr.io/acme/app:1\", \"ghcr.io/acme/a${VALUE}:1\"]",
            "[VALUE]",
        ],
    ),
    ("target", &["VALUE"]),
    ("ulimits", &["[\"nofile=${VALUE}\"]", "[VALUE]"]),
];

/// Of these, what no number can be: they are refused for that, before anybody asks where the value is from.
const MISFITS: &[(&str, &str)] = &[
    ("inherits", "[VALUE]"),
    ("inherits", "[\"base-${VALUE}\"]"),
    ("no-cache", "VALUE"),
    ("no-cache", "VALUE == \"\" ? null : VALUE"),
    ("platforms", "[VALUE]"),
    ("platforms", "[\"linux/amd64\", \"linux/${VALUE}\"]"),
    ("policy", "[{ log-level = VALUE }]"),
    ("policy", "[\"strict=${VALUE}\"]"),
    ("pull", "VALUE"),
    ("ulimits", "[VALUE]"),
];

/// The same attributes, with what only depends on the value.
const ANSWERING: &[(&str, &str)] = &[
    ("inherits", "VALUE == \"\" ? [\"other\"] : []"),
    ("no-cache", "VALUE != \"\""),
    ("no-cache", "VALUE != \"\" ? null : true"),
    ("platforms", "[VALUE == \"\" ? \"linux/arm64\" : \"linux/amd64\"]"),
    ("policy", "[{ filename = \"a\", log-level = VALUE == \"\" ? \"info\" : \"debug\" }]"),
    ("policy", "[\"filename=a,strict=${VALUE != \"\"}\"]"),
    ("pull", "VALUE != \"\""),
    ("ulimits", "[VALUE != \"\" ? \"nofile=1\" : \"nofile=2\"]"),
];

/// The attributes that say which images and tags there are, and for which platforms.
const IN_TABLE: [&str; 7] = ["tags", "platforms", "inherits", "targets", "output", "name", "matrix"];

/// A definition with a value in one of its attributes.
struct Holder {
    attribute: &'static str,
    form: &'static str,
    text: String,
}

/// A definition for each way to write the value into an attribute of a published target, of one that is not published,
/// or of one that both inherit from.
fn definitions(places: &[(&'static str, &'static str)], value: &str) -> Vec<Holder> {
    let targets = places.iter().flat_map(|&(attribute, form)| {
        let line = format!("{attribute} = {}", form.replace("VALUE", value));
        let tags = if attribute == "tags" { "" } else { "tags = [\"ghcr.io/acme/app:1\"]\n" };
        [
            format!("target \"app\" {{\n{tags}{line}\n}}\n"),
            format!("target \"app\" {{\n{tags}}}\ntarget \"local\" {{\n{line}\n}}\n"),
            format!("target \"_base\" {{\n{line}\n}}\ntarget \"app\" {{\ninherits = [\"_base\"]\n{tags}}}\n"),
        ]
        .map(|text| Holder { attribute, form, text })
    });
    // Nothing inherits what a target inherits.
    let is_reached = |one: &Holder| one.attribute != "inherits" || !one.text.contains("\"_base\"");
    targets.filter(is_reached).collect()
}

/// All ways to write a value into an attribute of a target.
fn all_places() -> Vec<(&'static str, &'static str)> {
    let known: Vec<&str> = PLACES.iter().map(|(attribute, _)| *attribute).collect();
    let mut names = TARGET_NAMES;
    names.sort_unstable();
    assert_eq!(known, names, "each attribute has its places here");
    PLACES.iter().flat_map(|(attribute, forms)| forms.iter().map(|form| (*attribute, *form))).collect()
}

/// Likewise for groups and names.
fn definitions_of_others(value: &str) -> Vec<Holder> {
    let app = "target \"app\" {\ntags = [\"ghcr.io/acme/app:1\"]\n}\n";
    let mut all = Vec::new();
    let mut add = |attribute, text| all.push(Holder { attribute, form: "", text });
    for attribute in GROUP_NAMES {
        let (line, more) = match attribute {
            "targets" => (format!("targets = [{value}]"), ""),
            _ => (format!("{attribute} = {value}"), "targets = [\"app\"]\n"),
        };
        add(attribute, format!("{app}group \"all\" {{\n{line}\n{more}}}\n"));
    }
    // Names.
    let matrix = "matrix = { x = [\"a\"] }\n";
    add(
        "name",
        format!("target \"app\" {{\n{matrix}name = \"t${{{value}}}\"\ntags = [\"ghcr.io/acme/app:1\"]\n}}\n"),
    );
    add("matrix", format!("{app}target \"m\" {{\nmatrix = {{ x = [{value}] }}\nname = \"t${{x}}\"\n}}\n"));
    all
}

/// All that a run says, and all that it leaves behind but its source.
fn products(test: &Test) -> (Option<i32>, String) {
    let output = test.output();
    let mut all = [output.stdout, output.stderr].concat();
    let mut folders = vec![test.folder().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.ends_with("docker-bake.hcl") => {}
                false => all.extend(fs::read(path).unwrap()),
            }
        }
    }
    (output.status.code(), String::from_utf8(all).unwrap())
}

#[test]
fn a_secret_in_any_attribute_fails_and_is_nowhere() {
    let mut definitions = definitions(&all_places(), "PIN_TOKEN");
    definitions.extend(definitions_of_others("PIN_TOKEN"));
    let wrong = in_parallel(&definitions, |Holder { attribute, form, text }| {
        let is_misfit = MISFITS.contains(&(*attribute, *form));
        let expected = if is_misfit { "error[" } else { "error[secret]" };
        let commands: [&[&str]; 2] = [&["plan", "--out", "ci", "--github"], &["bake", "-o", "out/bake.json"]];
        commands.map(|command| {
            let text = format!("variable \"PIN_TOKEN\" {{}}\n{text}");
            let test = Test::new()
                .file("docker-bake.hcl", &text)
                .env("PIN_TOKEN", SECRET)
                .args(command.iter().copied());
            let (status, products) = products(&test);
            let fails = status == Some(1) && !products.contains(SECRET) && products.contains(expected);
            (!fails).then(|| format!("{text}{command:?}: {status:?}\n{products}"))
        })
    });
    let wrong: Vec<String> = wrong.into_iter().flatten().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_variable_that_is_no_secret_may_be_in_any_of_them() {
    // Those that the secret is an error of, and nothing else.
    let text = "target \"app\" {
  tags      = [\"ghcr.io/acme/app:1\"]
  resources = { cpuset-cpus = PIN, cpuset-mems = PIN, cpu-shares = PIN, memory = PIN }
  args      = { (PIN) = PIN }
  secret    = [{ id = PIN, src = PIN }]
  policy    = [{ filename = PIN }]
}
";
    for (command, product) in
        [(["plan", "--out", "ci"], "ci/docker-bake.json"), (["bake", "-o", "out/bake.json"], "out/bake.json")]
    {
        let test = Test::new()
            .file("docker-bake.hcl", format!("variable \"PIN\" {{}}\n{text}"))
            .env("PIN", SECRET)
            .args(command);
        assert_eq!(products(&test).0, Some(0));
        let written = fs::read_to_string(test.folder().join(product)).unwrap();
        for part in [
            "cpuset-cpus\": \"8",
            "cpuset-mems\": \"8",
            "cpu-shares\": 8",
            "\"8314159265\": \"8",
            "\"src\": \"8",
        ] {
            assert!(written.contains(part), "{part} in\n{written}");
        }
    }
}

#[test]
fn the_clock_in_any_attribute_is_refused_for_a_committed_file() {
    let mut definitions = definitions(&[&all_places()[..], ANSWERING].concat(), CLOCK);
    definitions.extend(definitions_of_others(CLOCK));
    let wrong = in_parallel(&definitions, |Holder { attribute, form, text }| {
        let is_misfit = MISFITS.contains(&(*attribute, *form));
        let commands: [&[&str]; 2] = [&["bake", "-o", "out/bake.json"], &["readme", "README.md"]];
        commands.map(|command| {
            let test = Test::new()
                .file("docker-bake.hcl", text)
                .file("README.md", "<!-- bakeplan:begin -->\n<!-- bakeplan:end -->\n")
                .args(command.iter().copied());
            let (status, products) = products(&test);
            let readme = fs::read_to_string(test.folder().join("README.md")).unwrap();
            let is_volatile = status == Some(1) && products.contains("error[volatile]");
            let is_right = if is_misfit {
                // The table has nothing of it, or it is refused.
                status == Some(1) || (command[0] == "readme" && !IN_TABLE.contains(attribute))
            } else if command[0] == "bake" || IN_TABLE.contains(attribute) {
                is_volatile
            } else {
                status == Some(0) && has_no_moment(&readme)
            };
            (!is_right).then(|| format!("{text}{command:?}: {status:?}\n{products}"))
        })
    });
    let wrong: Vec<String> = wrong.into_iter().flatten().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a text has nothing that [`CLOCK`] could have made.
fn has_no_moment(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit()).all(|digits| digits.len() < "YYYYMMDDhhmmss".len())
}

/// A target with tags and a line, and the variables that the line uses.
fn target_with(line: &str) -> String {
    let tags = if line.starts_with("tags") { "" } else { "  tags = [\"ghcr.io/acme/app:1\"]\n" };
    format!(
        "variable \"PIN_TOKEN\" {{ type = number }}\nvariable \"ON_TOKEN\" {{ type = bool }}\nvariable \"TEXT_TOKEN\" {{}}\ntarget \"app\" {{\n{tags}  {line}\n}}\n"
    )
}

/// Runs both commands; whether they fail for the secret and show none of it.
fn refused_for_secret(line: &str) -> Vec<String> {
    let commands: [&[&str]; 2] = [&["plan", "--out", "ci", "--github"], &["bake", "-o", "out/bake.json"]];
    let results = commands.map(|command| {
        let test = Test::new()
            .file("docker-bake.hcl", target_with(line))
            .env("PIN_TOKEN", SECRET)
            .env("TEXT_TOKEN", SECRET)
            .env("ON_TOKEN", "true")
            .args(command.iter().copied());
        let (status, products) = products(&test);
        let fails = status == Some(1) && !products.contains(SECRET) && products.contains("error[secret]");
        (!fails).then(|| format!("{line} {command:?}: {status:?}\n{products}"))
    });
    results.into_iter().flatten().collect()
}

#[test]
fn a_secret_that_is_no_string_any_more_is_refused_too() {
    let lines = [
        // Numbers and what is calculated from them.
        "args = { A = PIN_TOKEN }",
        "args = { A = PIN_TOKEN + 1 }",
        "args = { A = -PIN_TOKEN }",
        "labels = { A = convert(TEXT_TOKEN, number) }",
        "labels = { A = max(PIN_TOKEN, 1) }",
        "labels = { A = strlen(TEXT_TOKEN) }",
        "shm-size = PIN_TOKEN",
        "resources = { cpu-shares = PIN_TOKEN }",
        "resources = { memory = PIN_TOKEN }",
        "tags = [\"ghcr.io/acme/app:${PIN_TOKEN}\"]",
        "ulimits = [for x in [PIN_TOKEN] : \"nofile=${x}\"]",
        // Bools.
        "pull = ON_TOKEN",
        "no-cache = !ON_TOKEN",
        "args = { A = ON_TOKEN }",
        "policy = [{ filename = \"p.rego\", strict = ON_TOKEN }]",
        "attest = [{ type = \"sbom\", disabled = ON_TOKEN }]",
        // Keys.
        "args = { (TEXT_TOKEN) = 1 }",
        "args = { (PIN_TOKEN) = true }",
        "labels = { for x in [TEXT_TOKEN] : x => 1 }",
        "labels = { for k, v in { (TEXT_TOKEN) = 1 } : \"a\" => k }",
        "labels = { A = jsonencode({ (TEXT_TOKEN) = 1 }) }",
        "labels = { A = join(\"-\", keys({ (TEXT_TOKEN) = 1 })) }",
        "labels = convert({ (TEXT_TOKEN) = 1 }, map(string))",
        "labels = { A = \"%{ for k, v in { (TEXT_TOKEN) = 1 } }${k}%{ endfor }\" }",
    ];
    let wrong: Vec<String> = in_parallel(&lines, |line| refused_for_secret(line)).concat();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_only_asked_of_a_secret_is_let_through() {
    for line in [
        "args = { A = TEXT_TOKEN != \"\" ? \"a\" : \"b\" }",
        "args = { A = PIN_TOKEN > 5 ? \"a\" : \"b\" }",
        "args = { A = ON_TOKEN && true ? \"a\" : \"b\" }",
        "args = { A = ON_TOKEN ? \"a\" : \"b\" }",
        "args = { A = can(convert(TEXT_TOKEN, number)) }",
        "pull = TEXT_TOKEN != \"\"",
        "labels = { A = \"%{ if TEXT_TOKEN != \"\" }a%{ endif }\" }",
        "labels = { for k, v in { a = TEXT_TOKEN } : k => k }",
        "tags = [for x in [\"1\", \"2\"] : \"ghcr.io/acme/app:${x}\" if TEXT_TOKEN != \"\"]",
    ] {
        let test = Test::new()
            .file("docker-bake.hcl", target_with(line))
            .env("PIN_TOKEN", SECRET)
            .env("TEXT_TOKEN", SECRET)
            .env("ON_TOKEN", "true")
            .args(["bake", "-o", "out/bake.json"]);
        let (status, products) = products(&test);
        assert_eq!(status, Some(0), "{line}\n{products}");
        assert!(!products.contains(SECRET), "{line}\n{products}");
    }
}

#[test]
fn what_depends_on_the_clock_is_refused_for_a_committed_file_whatever_it_is() {
    const YEAR: &str = "parseint(formatdate(\"YYYY\", timestamp()), 10)";
    let lines = [
        "pull = YEAR > 2000",
        "no-cache = YEAR < 2000",
        "pull = YEAR < 2000 ? true : null",
        "pull = !(YEAR > 2000 || false)",
        "args = { A = YEAR }",
        "args = { (YEAR) = 1 }",
        "args = { A = YEAR > 2000 ? \"a\" : \"b\" }",
        "args = { A = [\"a\", \"b\"][YEAR > 2000 ? 0 : 1] }",
        "args = { A = { a = \"b\" }[YEAR > 2000 ? \"a\" : \"b\"] }",
        "args = { A = \"%{ if YEAR > 2000 }a%{ endif }\" }",
        "args = { A = strlen(timestamp()) }",
        "args = YEAR < 2000 ? { A = \"a\" } : {}",
        "args = { A = YEAR < 2000 ? \"a\" : null }",
        "labels = { for k, v in { a = 1 } : k => v if YEAR < 2000 }",
        "resources = { cpu-shares = YEAR }",
        "resources = { memory = YEAR }",
        "cache-from = [for x in [\"type=gha\"] : x if YEAR < 2000]",
        "cache-from = [YEAR < 2000 ? \"type=gha\" : \"\"]",
        "contexts = { a = YEAR < 2000 ? \"b\" : \"\" }",
        "policy = [{ filename = \"p.rego\", strict = YEAR > 2000 }]",
        "attest = [{ type = \"sbom\", disabled = YEAR > 2000 }]",
        "description = YEAR < 2000 ? \"a\" : \"\"",
        "shm-size = YEAR < 2000 ? 1 : null",
    ];
    let lines: Vec<String> = lines.iter().map(|line| line.replace("YEAR", YEAR)).collect();
    let wrong = in_parallel(&lines, |line| {
        let command = ["bake", "-o", "out/bake.json"];
        let (status, products) =
            products(&Test::new().file("docker-bake.hcl", target_with(line)).args(command));
        let is_refused = status == Some(1) && products.contains("error[volatile]");
        (!is_refused).then(|| format!("{line}: {status:?}\n{products}"))
    });
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Attempts at what may fail; `VALUE` is looked at, and fails or not.
const ATTEMPTS: &[&str] = &[
    "args = { A = try(regex(\"no match\", VALUE), \"x\") }",
    "args = { A = try(VALUE.a, 1) }",
    "args = { A = try(1 + convert(\"x${VALUE}\", number), VALUE[0], \"x\") }",
    "args = { A = try([\"a\"][\"x${VALUE}\"], [\"x\"]...) }",
    "args = { A = try(try(VALUE.a, VALUE.b), \"x\") }",
    "args = { A = try([regex(\"no match\", VALUE), \"a\"][1], \"x\") }",
    "args = { A = try({ (VALUE) = 1 }.a, \"x\") }",
    "args = { A = try([for x in [VALUE] : x.a], [\"x\"])[0] }",
    "tags = try([\"ghcr.io/acme/app:${VALUE.a}\"], [\"ghcr.io/acme/app:1\"])",
    "contexts = try({ a = VALUE.a }, { a = \"b\" })",
    "cache-from = [try(VALUE.a, \"type=gha\")]",
];

/// The same, with a bool in its place.
const ANSWERS: &[&str] = &[
    "pull = can(regex(\"no match\", VALUE))",
    "args = { A = can(VALUE.a) }",
    "args = { A = can(VALUE.a) ? \"a\" : \"b\" }",
    "args = { A = can([regex(\".\", VALUE), \"a\"][1]) }",
    "args = { A = try(convert(\"x${VALUE}\", number) > 5, false) }",
    "no-cache = try(VALUE.a, true)",
    "no-cache = VALUE.a == 1 || true",
    "args = { A = false && VALUE.a && true }",
];

#[test]
fn what_is_there_because_an_attempt_failed_depends_on_what_that_looked_at() {
    let of = |lines: &[&str], value: &str| -> Vec<String> {
        lines.iter().map(|line| line.replace("VALUE", value)).collect()
    };
    let impure = ["timestamp()", "uuidv4()", "bcrypt(\"a\", 4)", "upper(timestamp())"];
    let lines: Vec<String> =
        impure.iter().flat_map(|value| of(&[ATTEMPTS, ANSWERS].concat(), value)).collect();
    let command = ["bake", "-o", "out/bake.json"];
    let wrong = in_parallel(&lines, |line| {
        let (status, products) =
            products(&Test::new().file("docker-bake.hcl", target_with(line)).args(command));
        let is_refused = status == Some(1) && products.contains("error[volatile]");
        (!is_refused).then(|| format!("{line}: {status:?}\n{products}"))
    });
    let mut wrong: Vec<String> = wrong.into_iter().flatten().collect();
    wrong.extend(in_parallel(&of(&ATTEMPTS[..5], "TEXT_TOKEN"), |line| refused_for_secret(line)).concat());
    wrong.extend(
        in_parallel(&of(&ATTEMPTS[6..], "upper(TEXT_TOKEN)"), |line| refused_for_secret(line)).concat(),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_attempt_depends_on_nothing_that_it_did_not_look_at() {
    let mut lines: Vec<String> = ANSWERS.iter().map(|line| line.replace("VALUE", "TEXT_TOKEN")).collect();
    lines.extend(
        [
            "args = { A = try(\"a\", timestamp()) }",
            "args = { A = try(DATES.b, \"y\") }",
            "args = { A = try(DATES[\"name\"], \"y\") }",
            "args = { A = try(length(DATES) > 5 ? 1 : DATES.b, \"y\") }",
            "args = { A = try(TAG != \"\" ? TAG : timestamp(), \"y\") }",
            "args = { A = try(TEXT_TOKEN != \"\" ? DATES.b : \"x\", \"y\") }",
            "args = { A = can(TEXT_TOKEN.a) ? \"a\" : \"b\" }",
            "args = { A = try(TAG.a, \"y\") }",
        ]
        .map(str::to_owned),
    );
    let globals = "variable \"TAG\" { default = \"1\" }\nDATES = { date = timestamp(), name = \"x\" }\n";
    let wrong = in_parallel(&lines, |line| {
        let test = Test::new()
            .file("docker-bake.hcl", format!("{globals}{}", target_with(line)))
            .env("TEXT_TOKEN", SECRET)
            .args(["bake", "-o", "out/bake.json"]);
        let (status, products) = products(&test);
        (status != Some(0) || products.contains(SECRET)).then(|| format!("{line}: {status:?}\n{products}"))
    });
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_flag_from_the_clock_counts_no_more_once_it_is_replaced() {
    let earlier = "target \"app\" {\n  pull = timestamp() != \"\"\n}\n";
    for (later, set, expected) in [
        ("no-cache = true", None, 1),
        ("pull = null", None, 1),
        ("pull = false", None, 0),
        ("no-cache = true", Some("app.no-cache=false"), 1),
        ("no-cache = true", Some("app.pull=false"), 0),
    ] {
        let text = format!("{earlier}target \"app\" {{\n  tags = [\"ghcr.io/acme/app:1\"]\n  {later}\n}}\n");
        let mut args = vec!["bake", "-o", "out/bake.json"];
        args.extend(set.iter().flat_map(|set| ["--set", set]));
        let (status, products) = products(&Test::new().file("docker-bake.hcl", text).args(args));
        assert_eq!(status, Some(expected), "{later} {set:?}: {products}");
    }
}

#[test]
fn what_has_no_text_counts_no_more_once_an_option_replaces_it() {
    const EMPTY: &str = "[for x in [\"VALUE\"] : x if timestamp() == \"\"]";
    for (attribute, value, replaces, keeps) in [
        ("target", "timestamp() != \"\" ? null : \"x\"", &["target=y"][..], &["args.A=1"][..]),
        ("dockerfile", "timestamp() != \"\" ? null : \"x\"", &["dockerfile=y"], &["target=y"]),
        ("context", "timestamp() != \"\" ? null : \"x\"", &["context=y"], &["contexts.y=y"]),
        ("call", "timestamp() != \"\" ? null : \"check\"", &["call=build"], &["target=y"]),
        ("shm-size", "timestamp() != \"\" ? null : \"1m\"", &["shm-size=2m"], &["target=y"]),
        ("tags", EMPTY, &["tags=ghcr.io/acme/app:1"], &["tags+=ghcr.io/acme/app:1"]),
        ("platforms", EMPTY, &["platform=linux/amd64"], &["platform+=linux/amd64"]),
        ("output", EMPTY, &["output=type=image"], &["output+=type=image", "load=true"]),
        ("cache-to", EMPTY, &["cache-to=type=inline"], &["cache-to+=type=inline"]),
        ("cache-from", EMPTY, &["cache-from=type=gha"], &["cache-from+=type=gha"]),
        ("secret", EMPTY, &["secrets=id=a"], &["secrets+=id=a"]),
        ("ssh", EMPTY, &["ssh=a"], &["ssh+=a"]),
        ("policy", EMPTY, &["policy=filename=a"], &["policy+=filename=a"]),
        ("ulimits", EMPTY, &["ulimits=nofile=1"], &["target=y"]),
        ("no-cache-filter", EMPTY, &["no-cache-filter=a"], &["target=y"]),
        ("network", "timestamp() != \"\" ? null : \"none\"", &["network=host"], &["target=y"]),
        ("pull", "timestamp() != \"\"", &["pull=true"], &["no-cache=true"]),
        ("entitlements", EMPTY, &[], &["entitlements=network.host"]),
        ("args", "{ for x in [\"VALUE\"] : x => x if timestamp() == \"\" }", &[], &["args.B=1"]),
        (
            "resources",
            "{ memory = timestamp() != \"\" ? null : \"2g\" }",
            &["resources.memory=1g"],
            &["resources.cpu-shares=1"],
        ),
    ] {
        let tags = if attribute == "tags" { "" } else { "  tags = [\"ghcr.io/acme/app:1\"]\n" };
        let text = format!("target \"app\" {{\n{tags}  {attribute} = {value}\n}}\n");
        let ways = replaces.iter().map(|set| (set, Some(0))).chain(keeps.iter().map(|set| (set, Some(1))));
        for (set, expected) in ways {
            let set = format!("--set=app.{set}");
            let args = ["bake", "-o", "out/bake.json", &set];
            let (status, products) = products(&Test::new().file("docker-bake.hcl", &text).args(args));
            assert_eq!(status, expected, "{attribute} = {value} {set}: {products}");
            assert_eq!(products.contains("error[volatile]"), expected == Some(1), "{set}: {products}");
        }
    }
    let text = format!("target \"app\" {{\n  tags = [\"ghcr.io/acme/app:1\"]\n  policy = {EMPTY}\n}}\n");
    for (option, expected) in [("--policy=disabled=true", Some(0)), ("--policy=strict=true", Some(1))] {
        let args = ["bake", "-o", "out/bake.json", option];
        let (status, products) = products(&Test::new().file("docker-bake.hcl", &text).args(args));
        assert_eq!(status, expected, "{option}: {products}");
    }
}

#[test]
fn the_error_names_the_attribute() {
    for (attribute, line) in [
        ("resources", "resources = { cpuset-cpus = API_TOKEN }"),
        ("resources", "resources = { cpu-shares = API_TOKEN }"),
        ("policy", "policy = [\"filename=${API_TOKEN}\"]"),
        ("shm-size", "shm-size = API_TOKEN"),
    ] {
        let test = Test::new()
            .file("docker-bake.hcl", format!("variable \"API_TOKEN\" {{}}\ntarget \"app\" {{\n  tags = [\"ghcr.io/acme/app:1\"]\n  {line}\n}}\n"))
            .env("API_TOKEN", SECRET)
            .args(["plan"]);
        let (status, said) = products(&test);
        let message = format!("error[secret]: `{attribute}` of target `app` holds the value of `API_TOKEN`");
        assert!(status == Some(1) && said.contains(&message), "{said}");
    }
}

/// The value of a variable whose name says that it is secret, in messages about Compose files.
#[test]
fn messages_about_compose_files_show_no_secret() {
    let value = "S3cr3tVal-9f";
    let builds = [
        "shm_size: '${API_TOKEN}'",
        "ssh: ['${API_TOKEN}', '${API_TOKEN}']",
        "ulimits: {nofile: '${API_TOKEN}'}",
        "no_cache: '${API_TOKEN}'",
        "pull: 'x${API_TOKEN}'",
        "privileged: '${API_TOKEN}'",
        "platforms: ['${API_TOKEN}', '${API_TOKEN}']",
        "secrets: ['${API_TOKEN}']",
        "x-bake: {cache-to: 'type=${API_TOKEN},${API_TOKEN}'}",
        "x-bake: {secret: 'id=a,type=${API_TOKEN}'}",
        "x-bake: {no-cache: '${API_TOKEN}'}",
        "dockerfile: '${NOT_THERE:?see $API_TOKEN}'",
    ];
    let services = builds.map(|build| format!("services: {{a: {{build: {{context: ., {build}}}}}}}\n"));
    let more = [
        "services: {a: {build: ., extends: {service: '${API_TOKEN}'}}}\n".to_owned(),
        "services: {a: {build: ., extends: {service: a, file: '${API_TOKEN}'}}}\n".to_owned(),
        "services: {a: {build: ., env_file: '${API_TOKEN}'}}\n".to_owned(),
        "include: ['${API_TOKEN}']\nservices: {a: {build: .}}\n".to_owned(),
        "services: {a: {build: ., ports: ['${API_TOKEN}']}}\n".to_owned(),
    ];
    let files: Vec<String> = services.into_iter().chain(more).collect();
    for file in &files {
        let dotenv = format!("API_TOKEN={value}\n");
        let given = format!("API_TOKEN={value}");
        let part_of = format!("API_TOKEN=user:{value}");
        let derived = format!("API_TOKEN=${{INNER_KEY}}\nINNER_KEY={value}\n");
        let test = || Test::new().file("compose.yaml", file).args(["print"]);
        for (way, test) in [
            ("environment", test().env("API_TOKEN", value)),
            ("parts", test().env("API_TOKEN", part_of.split_once('=').unwrap().1)),
            (".env", test().file(".env", &dotenv)),
            ("derived", test().file(".env", &derived).env("INNER_KEY", value)),
            ("--var", test().args(["--var", &given])),
            (
                "file of unknown language",
                Test::new().file("a", file).args(["print", "-f", "a"]).env("API_TOKEN", value),
            ),
        ] {
            let output = test.output();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{way}: {file}{stderr}");
            assert!(!stderr.contains(value), "{way}: {file}{stderr}");
        }
        // What is not secret is shown as it is.
        let plain = file.replace("API_TOKEN", "API_NAME");
        let output = Test::new().file("compose.yaml", &plain).args(["print"]).env("API_NAME", value).output();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!stderr.contains('…'), "{stderr}");
    }
}

/// Likewise in those about Bake files.
#[test]
fn messages_about_bake_files_show_no_secret() {
    const ENCODED: &str = "replace(base64encode(API_TOKEN), \"=\", \"\")";
    let value = "S3cr3tVal-9f";
    for attribute in [
        "cache-to = [\"type=a,${VALUE}\"]",
        "secret = [\"type=${VALUE}\"]",
        "policy = [\"log-level=${VALUE}\"]",
        "attest = [VALUE]",
        "no-cache = VALUE",
        "pull = VALUE",
        "inherits = [VALUE]",
        "contexts = VALUE",
        "resources = { cpu-period = VALUE }",
        "args = { A = { a = 1 }[VALUE] }",
        "args = { A = parseint(VALUE, 10) }",
        "args = { A = timeadd(\"2020-01-01T00:00:00Z\", VALUE) }",
        "args = { (VALUE) = [] }",
        "policy = [{ (VALUE) = \"x\" }]",
        "matrix = { a = [\"${VALUE}!\"] }\n  name = a",
    ] {
        for expression in ["API_TOKEN", "upper(API_TOKEN)", "lower(API_TOKEN)", ENCODED] {
            let attribute = attribute.replace("VALUE", expression);
            let file = format!("variable \"API_TOKEN\" {{}}\ntarget \"default\" {{\n  {attribute}\n}}\n");
            for given in [value.to_owned(), format!("user:{value}")] {
                let test = Test::new().file("docker-bake.hcl", &file).args(["print"]);
                let output = test.env("API_TOKEN", &given).output();
                let stderr = String::from_utf8_lossy(&output.stderr).to_lowercase();
                assert_eq!(output.status.code(), Some(1), "{attribute}: {stderr}");
                assert!(!stderr.contains(&value.to_lowercase()), "{attribute}: {stderr}");
                let encoded = BASE64_STANDARD_NO_PAD.encode(&given).to_lowercase();
                assert!(!stderr.contains(&encoded), "{attribute}: {stderr}");
                // The library hides as much.
                let evaluated =
                    bakeplan::Evaluated::new(&[("docker-bake.hcl", &file)], &[("API_TOKEN", &given)]);
                let printed = evaluated.and_then(|evaluated| evaluated.print(&[]));
                let mistakes = printed.expect_err(&attribute).to_string().to_lowercase();
                for text in [&value.to_lowercase(), &encoded] {
                    assert!(!mistakes.contains(text), "{attribute}: {mistakes}");
                }
            }
        }
    }
}

/// Whoever reads the file knows what it says; that it is written is said all the same.
#[test]
fn a_secret_in_the_file_itself_is_a_warning() {
    let file = |variable: &str| {
        format!(
            "{variable}\ntarget \"app\" {{\n  tags = [\"r.io/x/app:1\"]\n  platforms = [\"linux/amd64\"]\n  args = {{ A = \"v\" }}\n}}\n"
        )
    };
    let run = |variable: &str, options: &str| {
        let test = Test::new().file("docker-bake.hcl", file(variable)).env("GIVEN_TOKEN", "sesame");
        let output = test.args(["bake", "app"]).args(options.split_whitespace()).output();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{variable} {options}: {stderr}");
        stderr
    };
    for variable in [
        "variable \"API_TOKEN\" { default = \"open\" }",
        "variable \"npm_password\" {\n  default = \"open\"\n}",
        "variable \"CLIENT_SECRET\" {\n  type = string\n  default = \"open\"\n}",
        "variable \"SIGNING_KEY\" { default = \"o${1}n\" }",
        "variable \"PIN_KEY\" { default = 1234 }",
        "variable \"API_TOKEN\" {}\nAPI_TOKEN = \"open\"",
    ] {
        let stderr = run(variable, "");
        assert!(stderr.starts_with("warning[public-secret]: `"), "{variable}: {stderr}");
        assert!(stderr.contains("docker-bake.hcl:1:10"), "{stderr}");
        // It is no mistake of the kind that `--strict` refuses.
        assert_eq!(run(variable, "--strict"), stderr);
    }
    for (variable, options) in [
        ("variable \"API_TOKEN\" {}", ""),
        ("variable \"API_TOKEN\" { default = \"\" }", ""),
        ("variable \"API_TOKEN\" { default = null }", ""),
        ("variable \"WITH_TOKEN\" { default = true }", ""),
        ("variable \"TOKENS\" { default = \"open\" }", ""),
        ("variable \"KEYRING\" { default = \"open\" }", ""),
        ("variable \"GIVEN_TOKEN\" { default = \"open\" }", ""),
        ("variable \"API_TOKEN\" { default = \"open\" }", "--var API_TOKEN=sesame"),
        ("variable \"API_TOKEN\" { default = \"open\" }", "--keep-variable API_TOKEN"),
    ] {
        assert_eq!(run(variable, options), "", "{variable} {options}");
    }
}

/// What is wrong on the command line is quoted, and an address there may hold a login.
#[test]
fn a_login_in_an_address_on_the_command_line_is_not_shown() {
    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
    for (args, shown) in [
        (vec!["workflow", "github", "--install", "git=https://user:pa55-w0rd@h.example/x@main"], "h.example"),
        (vec!["plan", "--max-jobs=https://pa55-w0rd@h.example"], "h.example"),
        (vec!["https://user:pa55-w0rd@h.example/x"], "h.example"),
        (vec!["merge", "--wait", "https://user:pa55-w0rd@h.example/x"], "h.example"),
        (vec!["plan", "--fact", "https://user:pa55-w0rd@h.example/x"], "h.example"),
    ] {
        let output =
            Test::new().file("docker-bake.hcl", "target \"a\" {}\n").args(args.iter().copied()).output();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {text}");
        assert!(text.contains(shown) && !text.contains("pa55-w0rd"), "{args:?}: {text}");
    }
    let address = format!("git=https://git.example/x@{COMMIT}");
    let output = Test::new().args(["workflow", "gitlub", "--install", &address]).output();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("gitlub"), "{text}");
}
