//! The tables of the reference that follow from what the code declares. `SNAPSHOTS=overwrite` writes them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use bakeplan::internals::cli::{self, Exit, Manual};
use bakeplan::internals::facts::given::SOURCES;
use bakeplan::internals::spec::{
    Covered, Declared, Null, Patterns, PlatformSettings, Settings, WorkflowSettings,
};
use bakeplan::internals::version::words;
use clap::{Arg, Command};
use snapbox::{Assert, Data};

use crate::support::read;

/// Checks or writes what stands between the markers of each name on a page.
#[track_caller]
fn check(page: &str, parts: &[(&str, String)]) {
    let mut text = read(page);
    for (name, part) in parts {
        let begin = format!("<!-- generated: {name} -->\n");
        let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{page} lacks {begin}"));
        let (_, after) = rest.split_once("<!-- end -->\n").expect(name);
        text = format!("{before}{begin}\n{}\n\n<!-- end -->\n{after}", part.trim());
    }
    let assert = Assert::new().action_env(snapbox::assert::DEFAULT_ACTION_ENV).normalize_paths(false);
    let recorded = Data::read_from(&Path::new(env!("CARGO_MANIFEST_DIR")).join(page), None).raw();
    if let Err(difference) = assert.try_eq(Some(&page), Data::text(text), recorded) {
        panic!("{difference}");
    }
}

/// A table of Markdown.
fn table<const N: usize>(heads: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let line = |cells: [String; N]| format!("| {} |\n", cells.join(" | ")).replace("|  |", "| |");
    let mut text = line(heads.map(str::to_owned));
    let _ = writeln!(text, "{}|", "|---".repeat(N));
    let escaped = |cells: [String; N]| cells.map(|cell| cell.replace('|', "\\|"));
    rows.into_iter().for_each(|row| text += &line(escaped(row)));
    text
}

/// What an attribute means, and its default.
fn meaning(declared: &Declared) -> (String, String) {
    let (meaning, default) = declared.about.split_once(" Default: ").unwrap_or((declared.about, ""));
    (meaning.to_owned(), default.trim_end_matches('.').to_owned())
}

#[test]
fn attributes_of_images_and_platforms() {
    let rows = |sets: &[&'static [Declared]]| -> Vec<[String; 3]> {
        let declared = sets.concat();
        let row = |one: Declared| {
            let (meaning, default) = meaning(&one);
            [format!("`{}`", one.name), meaning, default]
        };
        declared.into_iter().map(row).collect()
    };
    let heads = |block| [block, "meaning", "default"];
    let all = [Covered::DECLARED, Settings::DECLARED].concat();
    let named = |is: fn(&Declared) -> bool| {
        let names: BTreeSet<String> =
            all.iter().filter(|one| is(one)).map(|one| format!("`{}`", one.name)).collect();
        names.into_iter().collect::<Vec<_>>().join(", ")
    };
    let patterns = format!(
        "Patterns such as `{{{{ version }}}}` are rendered in {}. Elsewhere in the block, a word of theirs is an error.",
        named(|one| one.patterns == Patterns::Rendered)
    );
    let null = format!(
        "An attribute that is `null` has its default again, whatever earlier blocks say of it, such as the defaults; {} keep what these say.",
        named(|one| one.null == Null::Keeps)
    );
    check(
        "docs/reference/images.md",
        &[
            ("attributes", table(heads("in `image`"), rows(&[Covered::DECLARED, Settings::DECLARED]))),
            ("patterns", patterns),
            ("null", null),
            ("platform", table(heads("in `platform`"), rows(&[PlatformSettings::DECLARED]))),
        ],
    );
}

#[test]
fn settings_of_the_workflow() {
    let program = cli::command();
    let workflow = program.find_subcommand("workflow").unwrap();
    let rows = WorkflowSettings::DECLARED.iter().map(|declared| {
        let option = workflow.get_arguments().find(|option| option.get_id().as_str() == declared.name);
        let option = option.and_then(Arg::get_long).expect(declared.name);
        let (meaning, default) = meaning(declared);
        [format!("`{}`", declared.name), format!("`--{option}`"), meaning, default]
    });
    let table = table(["in `workflow`", "option", "does", "default"], rows);
    check("docs/how-to/github-actions.md", &[("settings", table)]);
}

#[test]
fn facts_and_where_they_come_from() {
    let rows = SOURCES.map(|fact| {
        [format!("`{}`", fact.name), fact.github.to_owned(), fact.gitlab.to_owned(), fact.git.to_owned()]
    });
    check("docs/reference/facts.md", &[("facts", table(["fact", "GitHub", "GitLab", "git"], rows))]);
}

#[test]
fn what_follows_the_numbers_of_a_version() {
    let list =
        |words: Vec<&str>| words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let rows =
        words().into_iter().map(|kind| [kind.class.to_owned(), list(kind.words), kind.form.to_owned()]);
    check("docs/reference/tags.md", &[("suffixes", table(["class", "words", "form"], rows))]);
}

/// The first paragraph of an option's help, and its default.
fn help(option: &Arg) -> String {
    let mut text = option.get_help().map(ToString::to_string).unwrap_or_default();
    let defaults: Vec<_> = option.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if !option.is_hide_default_value_set() && option.get_action().takes_values() && !defaults.is_empty() {
        let _ = write!(text, " [default: {}]", defaults.join(", "));
    }
    if !option.is_hide_possible_values_set() {
        for value in option.get_possible_values().iter().filter(|_| option.get_action().takes_values()) {
            if let Some(about) = value.get_help() {
                let _ = write!(text, "; `{}`: {about}", value.get_name());
            }
        }
    }
    text
}

/// How an option is written.
fn name(option: &Arg) -> String {
    if option.is_positional() {
        return format!("`{option}`");
    }
    let short = option.get_short().map(|short| format!("`-{short}`"));
    let long = option.get_long().map(|long| format!("`--{long}`"));
    let names: Vec<String> = short.into_iter().chain(long).collect();
    let value = option.to_string();
    let value = value.trim_start_matches(|c: char| c == '-' || c.is_ascii_alphanumeric() || "-_".contains(c));
    let value = value.trim();
    let mut text = names.join(", ");
    if !value.is_empty() {
        text.pop();
        let gap = if value.starts_with("[=") { "" } else { " " };
        let _ = write!(text, "{gap}{}`", value.trim_end_matches("..."));
    }
    text
}

fn heading(option: &Arg) -> &str {
    option.get_help_heading().unwrap_or("Options")
}

/// The options of a command, below their headings.
fn headed(command: &Command) -> BTreeMap<String, Vec<&Arg>> {
    let mut headed: BTreeMap<String, Vec<&Arg>> = BTreeMap::new();
    let shown = command.get_arguments().filter(|one| !one.is_hide_set() && one.get_id() != "help");
    for option in shown {
        headed.entry(heading(option).to_owned()).or_default().push(option);
    }
    headed
}

/// The headings in the order in which they are declared.
fn headings(command: &Command) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for option in command.get_arguments().filter(|one| !one.is_hide_set() && one.get_id() != "help") {
        if !names.iter().any(|name| name == heading(option)) {
            names.push(heading(option).to_owned());
        }
    }
    names
}

fn options(options: &[&Arg]) -> String {
    table(["option", "does"], options.iter().map(|one| [name(one), help(one)]))
}

/// The anchor of a title, as forges make it.
fn anchor(title: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || "-_ ".contains(*c);
    title.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")
}

#[test]
fn commands_and_their_options() {
    let program = cli::command();
    let groups = cli::groups(&program);
    let commands: Vec<&Command> = groups.iter().flat_map(|(_, commands)| commands.clone()).collect();
    // A heading below which several commands have the same options.
    let mut sets: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut users: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for command in &commands {
        for (heading, options) in headed(command) {
            let names: Vec<String> = options.iter().map(|one| name(one)).collect();
            sets.entry(heading.clone()).or_default().insert(names.join(" "));
            users.entry(heading).or_default().push(command.get_name());
        }
    }
    let is_shared =
        |heading: &str| heading != "Options" && sets[heading].len() == 1 && users[heading].len() > 1;

    let mut list = String::new();
    let mut text = String::new();
    for (group, commands) in &groups {
        let heading = group.heading();
        let rows = commands.iter().map(|command| {
            let name = command.get_name();
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            [format!("[`bakeplan {name}`](options.md#bakeplan-{name})"), about]
        });
        let _ = writeln!(list, "{}", table([heading, "does"], rows));
        for command in commands {
            let manual = command.get::<Manual>().expect("each command is documented");
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            let _ = write!(text, "## `bakeplan {}`\n\n{about}.\n\n", command.get_name());
            if !manual.more.is_empty() {
                let _ = write!(text, "{}\n\n", manual.more);
            }
            let headed = headed(command);
            let own = headings(command).into_iter().filter(|heading| !is_shared(heading));
            for heading in own {
                if heading != "Options" {
                    let _ = write!(text, "{heading}:\n\n");
                }
                let _ = writeln!(text, "{}", options(&headed[&heading]));
            }
            let shared: Vec<String> = headings(command)
                .into_iter()
                .filter(|heading| is_shared(heading))
                .map(|heading| format!("[{heading}](#{})", anchor(&heading)))
                .collect();
            let _ = write!(text, "It also takes: {}.\n\n", shared.join(", "));
            let codes = manual.exits.iter().map(|exit| format!("`{}`", *exit as u8));
            let _ = write!(text, "Exit codes: {}.\n\n", codes.collect::<Vec<_>>().join(", "));
        }
    }
    let mut done = BTreeSet::new();
    for command in &commands {
        let headed = headed(command);
        for heading in headings(command).into_iter().filter(|heading| is_shared(heading)) {
            if done.insert(heading.clone()) {
                let of = if users[&heading].len() == commands.len() {
                    "all commands".to_owned()
                } else {
                    users[&heading].iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
                };
                let _ = write!(text, "## {heading}\n\nOf {of}.\n\n{}\n", options(&headed[&heading]));
            }
        }
    }
    let exits = Exit::ALL.iter().map(|exit| {
        let has =
            |command: &&&Command| command.get::<Manual>().is_some_and(|manual| manual.exits.contains(exit));
        let names: Vec<String> =
            commands.iter().filter(has).map(|command| format!("`{}`", command.get_name())).collect();
        let of = if names.len() == commands.len() { "all commands".to_owned() } else { names.join(", ") };
        [format!("`{}`", *exit as u8), exit.meaning().to_owned(), of]
    });
    let exits = table(["code", "means", "of"], exits);
    check("docs/reference/command-line.md", &[("commands", list), ("exit codes", exits)]);
    check("docs/reference/options.md", &[("options", text)]);
}
