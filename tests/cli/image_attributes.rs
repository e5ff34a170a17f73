//! Every attribute of an `image` block, as it is declared: a secret in it is an error, and the clock in it keeps exactly
//! those committed files from being written in which the attribute shows.

use std::collections::{BTreeMap, BTreeSet};

use bakeplan::internals::bake::eval::functions::Ambient;
use bakeplan::internals::bake::module::{File, Module, ModuleInputs};
use bakeplan::internals::bake::target::Definition;
use bakeplan::internals::bake::target::overrides::Overrides;
use bakeplan::internals::bake::text::hcl;
use bakeplan::internals::diagnostic::Diagnostic;
use bakeplan::internals::facts::{Facts, KnownVersions};
use bakeplan::internals::plan::Plan;
use bakeplan::internals::render;
use bakeplan::internals::resolve::{self, Input, Purpose, Spared};
use bakeplan::internals::source::Sources;
use bakeplan::internals::spec::{
    Covered, Declared, Per, PlatformSettings, Reach, Settings, WorkflowSettings,
};

use crate::support::{Test, in_parallel};

/// The ways to write something into an attribute, whatever its type.
const FORMS: [&str; 23] = [
    "VALUE",
    "[VALUE]",
    "[\"app\", VALUE]",
    "[[VALUE]]",
    "[\"slim\", [VALUE, \"\"]]",
    "[for x in [VALUE] : x]",
    "setunion([VALUE], [])",
    "[{ pattern = VALUE }]",
    "{ pattern = VALUE }",
    "[{ pattern = \"x\", when = VALUE }]",
    "{ a = VALUE }",
    "{ (VALUE) = \"a\" }",
    "{ for x in [VALUE] : x => x }",
    "merge({ a = VALUE }, {})",
    "{ default = VALUE }",
    "{ default = [\"a\", VALUE] }",
    "{ default = { runner = VALUE } }",
    "{ default = { runner = \"a\", platform = VALUE } }",
    "{ default = { group = VALUE, labels = [\"a\"] } }",
    "{ default = { group = \"a\", labels = [VALUE] } }",
    "{ runner = VALUE }",
    "{ build = VALUE }",
    "VALUE == \"\" ? null : VALUE",
];

/// What attributes hold. Each attribute takes at least one of them in one of the forms.
const VALUES: [&str; 18] = [
    "app",
    "1.2.3",
    "0.9.0",
    "ghcr.io/acme/other",
    "latest=false",
    "branch == 'main'",
    "linux/amd64",
    "true",
    "false",
    "semver",
    "truncate",
    "target",
    "platform",
    "hold",
    "drop",
    "api/",
    "{{ version }}",
    "7",
];

/// What those of `workflow` blocks hold.
const WORKFLOW_VALUES: [&str; 10] =
    ["true", "app", "fail", "path", "push", "1 2 3 4 5", "vars.A", "none", "7", "./a"];

/// Where an attribute is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block {
    Image,
    Defaults,
    Platform,
    Workflow,
}

fn attributes() -> Vec<(Block, &'static Declared)> {
    let of = |block, declared: &'static [Declared]| declared.iter().map(move |one| (block, one));
    of(Block::Image, Covered::DECLARED)
        .chain(of(Block::Image, Settings::DECLARED))
        .chain(of(Block::Defaults, Settings::DECLARED))
        .chain(of(Block::Platform, PlatformSettings::DECLARED))
        .chain(of(Block::Workflow, WorkflowSettings::DECLARED))
        .collect()
}

/// A definition with an attribute that is written in a form; what is `value` there is an expression.
fn definition(block: Block, attribute: &str, form: &str, value: &str) -> String {
    let line = format!("  {attribute} = {}\n", form.replace("VALUE", value));
    let own = |name: &str, text: &str| {
        if name == attribute && [Block::Image, Block::Defaults].contains(&block) {
            String::new()
        } else {
            format!("  {name} = {text}\n")
        }
    };
    let (mut defaults, mut image, mut platform, mut workflow) =
        (String::new(), String::new(), String::new(), String::new());
    *(match block {
        Block::Image => &mut image,
        Block::Defaults => &mut defaults,
        Block::Platform => &mut platform,
        Block::Workflow => &mut workflow,
    }) = line;
    image += &own("repositories", "[\"ghcr.io/acme/app\"]");
    // A flavor needs a rule.
    image += &own("version", "\"1.2.3\"");
    image +=
        &own("tags", "[\"{{ version }}\", \"{{ major }}.{{ minor }}\", \"latest\", \"type=raw,value=edge\"]");
    // What is left out by default is one of them.
    let default = if attribute == "default_variant" { format!(", {value}") } else { String::new() };
    image += &own("variant", &format!("[\"slim\", \"\"{default}]"));
    format!(
        "variable \"PIN_TOKEN\" {{}}
target \"base\" {{
  platforms = [\"linux/amd64\", \"linux/arm64\"]
}}
target \"app\" {{
  contexts = {{ base = \"target:base\" }}
  platforms = [\"linux/amd64\", \"linux/arm64\"]
}}
image {{
{defaults}  workflow {{
{workflow}  }}
}}
image \"app\" {{
{image}  platform \"linux/arm64\" {{
{platform}  }}
}}
target \"next\" {{
  platforms = [\"linux/amd64\"]
}}
image \"next\" {{
  repositories = [\"ghcr.io/acme/next\"]
  version = \"1.3.0-rc.1\"
}}
"
    )
}

/// The plan of a definition, or what is wrong with it.
fn planned(text: &str, secret: Option<&str>, purpose: Purpose) -> Result<Plan, Vec<Diagnostic>> {
    let mut sources = Sources::default();
    let id = sources.add("docker-bake.hcl", text.to_owned());
    let body = hcl::parse_hcl(&sources, id)?;
    let env = secret.map(|secret| ("PIN_TOKEN".to_owned(), secret.to_owned())).into_iter().collect();
    let ambient = Ambient {
        now: Box::new(|| "2026-11-21T09:30:00Z".to_owned()),
        random: Box::new(|| [7; 16]),
        home: None,
    };
    let surroundings = ModuleInputs { env, ..ModuleInputs::default() };
    let module = Module::new(vec![File { body, json: false, shared: true }], surroundings, ambient)?;
    let definition = module.merge_onto(Definition::default())?;
    resolve::resolve(&Input {
        module: &module,
        definition: &definition,
        overrides: &Overrides::default(),
        names: &[],
        platforms: &[],
        publish: true,
        max_jobs: None,
        default_provenance: None,
        purpose,
        given: &Facts::default(),
        facts: &&Facts::default(),
        known_versions: &KnownVersions::default(),
        kept: &[],
        spared: &Spared::default(),
        sources: Vec::new(),
        texts: &Sources::default(),
    })
}

/// A kind of file that is committed.
struct Committed {
    purpose: Purpose,
    render: fn(&Plan) -> String,
    /// How far reaches what shows in it.
    reach: Reach,
}

const COMMITTED: [Committed; 2] = [
    Committed {
        purpose: Purpose::BakeFile,
        render: |plan| render::bake::render(plan, "origin"),
        reach: Reach::BakeFile,
    },
    Committed { purpose: Purpose::TagTable, render: render::markdown::render, reach: Reach::TagTable },
];

/// The same text as an expression that depends on the clock.
fn by_clock(text: &str) -> String {
    format!("\"{text}${{substr(timestamp(), 0, 0)}}\"")
}

/// The values that an attribute takes in a form.
fn fitting(block: Block, attribute: &str, form: &str) -> Vec<&'static str> {
    let fits = |value: &str| {
        let text = definition(block, attribute, form, &format!("\"{value}\""));
        planned(&text, None, Purpose::BakeFile)
            .map_err(|found| found.into_iter().map(|one| one.code.name()).collect())
    };
    if block == Block::Workflow {
        return WORKFLOW_VALUES.into_iter().filter(|value| fits(value).is_ok()).collect();
    }
    let is_misfit = |value: &str| {
        let codes: BTreeSet<&str> = fits(value).err().unwrap_or_default();
        ["attribute-type", "unknown-attribute", "runner"].iter().any(|code| codes.contains(code))
    };
    // Most forms are of another type.
    if is_misfit("app") && is_misfit("true") && is_misfit("linux/amd64") {
        return Vec::new();
    }
    VALUES.into_iter().filter(|value| fits(value).is_ok()).collect()
}

/// What is wrong when an attribute is not the same for two targets of one image.
fn disagreement(declared: &Declared, form: &str, values: &[&str]) -> Option<String> {
    let [first, second, ..] = values else { return None };
    let value = form.replace("VALUE", &format!("(axis == \"x\" ? \"{first}\" : \"{second}\")"));
    let own = |name: &str, text: &str| {
        if name == declared.name { String::new() } else { format!("  {name} = {text}\n") }
    };
    let repositories = own("repositories", "[\"ghcr.io/acme/app\"]");
    let version = own("version", "\"1.2.3\"");
    let text = format!(
        "target \"app\" {{
  name = \"app-${{axis}}\"
  matrix = {{ axis = [\"x\", \"y\"] }}
  platforms = [axis == \"x\" ? \"linux/amd64\" : \"linux/arm64\"]
}}
image \"app\" {{
  targets = [\"app-x\", \"app-y\"]
{repositories}{version}  {} = {value}
}}
",
        declared.name
    );
    let message = format!("`{}` differs between `app-x` and `app-y`, which form one image", declared.name);
    let found = planned(&text, None, Purpose::Run).err().unwrap_or_default();
    let is_told = found.iter().any(|one| one.message == message);
    (is_told != (declared.per == Per::Image)).then(|| format!("{is_told} for\n{text}"))
}

/// What is wrong with an attribute in one of its forms, and in which way it can be written.
fn faults(block: Block, declared: &Declared) -> Vec<String> {
    let mut faults = Vec::new();
    let mut is_written = false;
    for form in FORMS {
        let values = fitting(block, declared.name, form);
        let Some(first) = values.first() else { continue };
        is_written = true;
        if block == Block::Image && !Covered::DECLARED.contains(declared) {
            faults.extend(disagreement(declared, form, &values));
        }
        for Committed { purpose, render, reach } in COMMITTED {
            let shows = declared.reach == reach || declared.reach == Reach::Both;
            let clock = definition(block, declared.name, form, &by_clock(first));
            let told = planned(&clock, None, purpose).map(|plan| !plan.volatile.is_empty());
            if told != Ok(shows) {
                faults.push(format!("{purpose:?}: {told:?} instead of {shows} for\n{clock}"));
            }
            if shows {
                continue;
            }
            let plain = values
                .iter()
                .map(|value| (value, definition(block, declared.name, form, &format!("\"{value}\""))));
            let products: BTreeMap<String, &str> = plain
                .filter_map(|(value, text)| Some((render(&planned(&text, None, purpose).ok()?), *value)))
                .collect();
            if products.len() > 1 {
                let values: Vec<_> = products.values().collect();
                let attribute = declared.name;
                faults.push(format!("{purpose:?}: `{attribute} = {form}` shows, as {values:?} tell"));
            }
        }
        if block == Block::Defaults {
            break;
        }
    }
    if !is_written {
        faults.push(format!("none of the values fits `{}` in any form", declared.name));
    }
    faults
}

/// The clock in it is refused for the files in which it shows, and for no others; in the others, no value makes a
/// difference; and the targets of an image agree about what is one for the image.
#[test]
fn what_is_declared_of_an_attribute_holds() {
    // It is read before all variables, so that no form fits: see tests/cli/untrusted.rs.
    let attributes = attributes().into_iter().filter(|(_, declared)| declared.name != "secret_variables");
    let attributes: Vec<_> = attributes.collect();
    let faults = in_parallel(&attributes, |(block, declared)| faults(*block, declared));
    let faults: Vec<String> = faults.into_iter().flatten().collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What is wrong when an expression that gives a secret stands in an attribute.
fn leaks(block: Block, declared: &Declared, value: &str) -> Vec<String> {
    const SECRET: &str = "8314159265";
    let is_told = |found: &[Diagnostic]| {
        found.iter().any(|one| one.code.name() == "secret") && !format!("{found:?}").contains(SECRET)
    };
    let mut leaks = Vec::new();
    for form in FORMS {
        let text = definition(block, declared.name, form, value);
        match planned(&text, Some(SECRET), Purpose::Run) {
            Err(found) if is_told(&found) => {}
            Err(found) => leaks.push(format!("{found:?}\n{text}")),
            Ok(_) => leaks.push(format!("let through\n{text}")),
        }
    }
    leaks
}

#[test]
fn a_secret_in_any_attribute_is_an_error_that_does_not_tell_it() {
    let leaks = in_parallel(&attributes(), |(block, declared)| {
        ["PIN_TOKEN", "\"x${PIN_TOKEN}\""].map(|value| leaks(*block, declared, value)).concat()
    });
    let leaks: Vec<String> = leaks.into_iter().flatten().collect();
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}

#[test]
fn a_secret_that_became_a_number_is_an_error_too() {
    let leaks = in_parallel(&attributes(), |(block, declared)| {
        ["parseint(PIN_TOKEN, 10)", "PIN_TOKEN + 1"].map(|value| leaks(*block, declared, value)).concat()
    });
    let leaks: Vec<String> = leaks.into_iter().flatten().collect();
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}

/// The commands say what the plan says.
#[test]
fn the_commands_refuse_what_would_not_be_current() {
    let readme = "<!-- bakeplan:begin -->\n<!-- bakeplan:end -->\n";
    let run = |attribute: &str, form: &str, command: [&str; 3], told: Option<&str>| {
        let definition = definition(Block::Image, attribute, form, "formatdate(\"YYYY\", timestamp())");
        let test = Test::new().file("docker-bake.hcl", definition).file("README.md", readme).args(command);
        let output = test.output();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(i32::from(told.is_some())), "{attribute}: {said}");
        assert!(said.contains(told.unwrap_or_default()), "{said}");
    };
    let table = ["readme", "README.md", "--color=never"];
    let bake = ["bake", "-o", "x.json"];
    for (attribute, form) in [
        ("channels", "[\"y${VALUE}\"]"),
        ("variant", "[\"y${VALUE}\"]"),
        ("prerelease_tags", "[{ pattern = \"y${VALUE}\" }]"),
        ("known_versions", "[VALUE]"),
        ("withdrawn", "[VALUE]"),
        ("default_variant", "[VALUE]"),
        ("flavor", "[\"prefix=y${VALUE}\"]"),
    ] {
        let told = format!("error[volatile]: `{attribute}` of image `app` depends on the clock");
        run(attribute, form, table, Some(&told));
        run(attribute, form, bake, None);
    }
    for (attribute, form) in [("runners", "{ default = \"y${VALUE}\" }"), ("annotations", "{ a = VALUE }")] {
        let told = format!("error[volatile]: `{attribute}` of image `app` depends on the clock");
        run(attribute, form, bake, Some(&told));
        run(attribute, form, table, None);
    }
}
