//! From a definition and the arguments of an invocation to what is built: `docker buildx bake [TARGET…]`.
//!
//! Follows `ReadTargets` of buildx's bake/bake.go and `runBake` of its commands/bake.go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};

use super::check;
use super::definition::{Definition, Group, Resolved};
use super::inherit::Resolver;
use super::links;
use super::overrides::Overrides;
use super::text::Text;
use crate::bake::text::resembling::is_dockerfile;
use crate::bake::values::{MarkedStr, Name};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, names_help};
use crate::glob::Glob;
use crate::source::Span;

/// After so many errors, further targets are not looked at.
const MAX_ERRORS: usize = 20;

/// How many members of groups are followed, for circles of many groups that are all asked for.
const MAX_STEPS: usize = 10_000_000;

const DEFAULT: &str = "default";

/// What else changes the resolved targets.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `SOURCE_DATE_EPOCH` of the environment, which becomes a build argument of targets that have none such.
    pub source_date_epoch: Option<String>,
}

/// Resolves what the arguments name, which are targets, groups and patterns; none means `default`.
///
/// # Errors
/// All that is wrong with the arguments or the overrides, or else with the targets.
pub fn resolve(
    definition: &Definition,
    names: &[String],
    overrides: &Overrides,
    options: &Options,
) -> Result<Resolved, Vec<Diagnostic>> {
    let arguments = match_arguments(definition, names);
    let resolver = Resolver::new(definition, overrides);
    let (arguments, mut resolver) = match (arguments, resolver) {
        (Ok(arguments), Ok(resolver)) => (arguments, resolver),
        (arguments, resolver) => {
            return Err([arguments.err(), resolver.err()].into_iter().flatten().flatten().collect());
        }
    };

    let mut diagnostics = Diagnostics::default();
    let mut resolved = Resolved::default();
    let mut failed = BTreeSet::new();
    let mut expander = Expander::new(definition);
    for argument in &arguments {
        let members = expander.expand(argument).map_err(|diagnostic| vec![diagnostic])?;
        for (name, asked) in members.targets {
            if resolved.targets.contains_key(&name) || failed.contains(&name) {
                continue;
            }
            match resolver.unchecked(&name, asked) {
                Ok(target) => drop(resolved.targets.insert(name, Box::new(target))),
                Err(diagnostic) => {
                    failed.insert(name);
                    diagnostics.report(*diagnostic);
                }
            }
            if diagnostics.len() >= MAX_ERRORS {
                return Err(diagnostics.into_found());
            }
        }
        for name in members.groups {
            if let Some(group) = definition.groups.get(&name) {
                resolved.groups.entry(name).or_insert_with(|| group.clone());
            }
        }
    }
    if diagnostics.is_empty() {
        links::follow(&mut resolver, &mut resolved.targets).map_err(|diagnostic| vec![*diagnostic])?;
    }
    for target in resolved.targets.values_mut() {
        if let Some(epoch) = options.source_date_epoch.as_deref().filter(|epoch| !epoch.is_empty()) {
            target.args.insert_missing("SOURCE_DATE_EPOCH", || Text::verbatim(epoch));
        }
        check::check(target, &mut diagnostics);
        check::normalize(target);
        if diagnostics.len() >= MAX_ERRORS {
            break;
        }
    }
    if !diagnostics.is_empty() {
        return Err(diagnostics.into_found());
    }
    add_default_group(&mut resolved.groups, &arguments);
    Ok(resolved)
}

/// The targets that arguments mean, groups expanded, in order, each once. A target need not exist.
///
/// # Errors
/// Each pattern that matches nothing.
pub(crate) fn targets_of(definition: &Definition, names: &[String]) -> Result<Vec<Name>, Vec<Diagnostic>> {
    let arguments = match_arguments(definition, names)?;
    let mut expander = Expander::new(definition);
    let mut targets: IndexSet<Name> = IndexSet::new();
    for argument in &arguments {
        let members = expander.expand(argument).map_err(|diagnostic| vec![diagnostic])?;
        targets.extend(members.targets.into_iter().map(|(name, _)| name));
    }
    Ok(targets.into_iter().collect())
}

/// The targets and groups that arguments mean, in order, each once. A dot stands for the underscore that buildx makes
/// of it in the name of a compose service.
fn match_arguments(definition: &Definition, names: &[String]) -> Result<IndexSet<Name>, Vec<Diagnostic>> {
    let mut found: IndexSet<Name> = IndexSet::new();
    let mut diagnostics = Diagnostics::default();
    for argument in names {
        let pattern = argument.replace('.', "_");
        if !pattern.contains(['*', '?', '[', ']']) {
            let is_known = definition.targets.contains_key(pattern.as_str())
                || definition.groups.contains_key(pattern.as_str());
            match misplaced(argument).filter(|_| !is_known) {
                Some(help) => {
                    let message = format!("there is no target `{argument}`");
                    diagnostics.report(Diagnostic::error(Code::UNKNOWN_TARGET, message).with_help(help));
                }
                // An error about it shows what was written.
                None => {
                    found.insert(if is_known { pattern.into() } else { argument.as_str().into() });
                }
            }
            continue;
        }
        let mut any = false;
        if let Ok(glob) = Glob::parse(&pattern) {
            for name in definition.groups.keys().chain(definition.targets.keys()) {
                if glob.matches(name) {
                    any = true;
                    found.insert(Arc::clone(name));
                }
            }
        }
        if !any {
            let message = format!("could not find any target matching `{pattern}`");
            let known = definition.targets.keys().map(|name| &**name);
            let diagnostic = Diagnostic::error(Code::UNKNOWN_TARGET, message);
            diagnostics.report(diagnostic.with_help(names_help(&pattern, "target", known)));
        }
    }
    if names.is_empty() {
        found.insert(DEFAULT.into());
    }
    if diagnostics.is_empty() { Ok(found) } else { Err(diagnostics.into_found()) }
}

/// What to write instead of an argument that is not meant as a name: a file, a folder, or the value of an option.
#[must_use]
pub(crate) fn misplaced(argument: &str) -> Option<String> {
    const TRUE: [&str; 6] = ["true", "yes", "on", "1", "t", "y"];
    const FALSE: [&str; 6] = ["false", "no", "off", "0", "f", "n"];
    let lower = argument.to_lowercase();
    let is_of = |words: [&str; 6]| words.contains(&lower.as_str());
    if is_of(TRUE) || is_of(FALSE) {
        let value = is_of(TRUE);
        return Some(format!(
            "the value of an option follows a `=`, such as `--push={value}` or `--publish={value}`"
        ));
    }
    if let Some((name, _)) = argument.split_once('=') {
        return Some(format!(
            "a name has no `=`: a fact is given with `--fact {argument}`, a variable with `--var {argument}`, and what a target says with `--set TARGET.{name}=…`"
        ));
    }
    let name = argument.rsplit(['/', '\\']).next().unwrap_or_default();
    if is_dockerfile(name) {
        return Some("a Dockerfile is named in a target, as `dockerfile`; `-f` names Bake files".to_owned());
    }
    let extension = argument.rsplit_once('.').map(|(_, extension)| extension);
    if extension.is_some_and(|extension| matches!(extension, "hcl" | "json" | "yaml" | "yml")) {
        return Some(format!("files are given with an option: `-f {argument}`"));
    }
    let is_folder = matches!(argument, "." | ".." | "~")
        || argument.starts_with(['.', '/', '~'])
        || argument.ends_with('/');
    if is_folder || argument.contains('\\') {
        return Some(format!(
            "a folder is given with an option before the command: `bakeplan -C {argument} …`"
        ));
    }
    argument.contains('/').then(|| {
        format!("no name has a `/`: an image is called like its `image` block or target, not like its repository; a folder is given before the command, as in `bakeplan -C {argument} …`")
    })
}

/// Follows groups of groups, for one argument after the other.
struct Expander<'a> {
    definition: &'a Definition,
    /// Groups that were followed to the end: they lead to nothing new. But not those in or above a circle of groups,
    /// whose meaning depends on where one starts.
    known: BTreeSet<&'a str>,
    steps: usize,
}

/// How far one has come with a group.
#[derive(Clone, Copy, PartialEq, Eq)]
enum GroupState {
    Following,
    Done { in_circle: bool },
}

/// What an argument leads to, but for what earlier arguments led to.
#[derive(Default)]
struct Members {
    /// Targets in order of first mention, with the place of that mention.
    targets: IndexMap<Name, Option<Span>>,
    groups: Vec<Name>,
}

impl<'a> Expander<'a> {
    fn new(definition: &'a Definition) -> Self {
        Self { definition, known: BTreeSet::new(), steps: 0 }
    }

    /// A group's name inside itself, or inside a group that it is in, means a target; so does the name of an empty
    /// group inside another.
    fn expand(&mut self, name: &Name) -> Result<Members, Diagnostic> {
        let mut members = Members::default();
        let Some(group) = self.definition.groups.get(name) else {
            members.targets.insert(Arc::clone(name), None);
            return Ok(members);
        };
        if self.known.contains(&**name) {
            return Ok(members);
        }
        let mut progress: BTreeMap<&str, GroupState> =
            BTreeMap::from([(&*group.name, GroupState::Following)]);
        members.groups.push(Arc::clone(name));
        // The group, the next of its members, and whether a circle was met in it.
        let mut frames: Vec<(&Group, usize, bool)> = vec![(group, 0, false)];
        while let Some((group, next, in_circle)) = frames.last_mut() {
            let Some(member) = group.members().get(*next) else {
                let (group, in_circle) = (*group, *in_circle);
                progress.insert(&group.name, GroupState::Done { in_circle });
                if !in_circle {
                    self.known.insert(&group.name);
                }
                frames.pop();
                if let Some((.., outer)) = frames.last_mut() {
                    *outer |= in_circle;
                }
                continue;
            };
            *next += 1;
            self.steps += 1;
            if self.steps > MAX_STEPS {
                let message = format!("the groups have more than {MAX_STEPS} members in all");
                return Err(Diagnostic::error(Code::GROUPS_TOO_LARGE, message).at(group.span, ""));
            }
            let inner = self.definition.groups.get(member.as_str());
            let followed = inner.filter(|inner| !inner.members().is_empty());
            match followed.map(|inner| (inner, progress.get(&*inner.name))) {
                Some((_, Some(GroupState::Done { in_circle: inner }))) => *in_circle |= *inner,
                Some((inner, None)) if self.known.contains(&*inner.name) => {}
                Some((inner, None)) => {
                    progress.insert(&inner.name, GroupState::Following);
                    members.groups.push(Arc::clone(&inner.name));
                    frames.push((inner, 0, false));
                }
                nothing_inside => {
                    *in_circle |= nothing_inside.is_some();
                    members.groups.extend(inner.map(|inner| Arc::clone(&inner.name)));
                    members.targets.entry(Arc::clone(member.name())).or_insert(member.span);
                }
            }
        }
        Ok(members)
    }
}

/// The group `default` of the output: the user's if it was reached, plus the arguments, sorted.
fn add_default_group(groups: &mut BTreeMap<Name, Group>, arguments: &IndexSet<Name>) {
    let default: Name = DEFAULT.into();
    for argument in arguments {
        if *argument == default && groups.contains_key(&default) {
            continue;
        }
        let group = groups
            .entry(Arc::clone(&default))
            .or_insert_with(|| Group { name: Arc::clone(&default), ..Group::default() });
        group
            .targets
            .get_or_insert_default()
            .push(Text { value: MarkedStr::verbatim(Arc::clone(argument)), span: None });
    }
    for group in groups.values_mut() {
        if let Some(targets) = &mut group.targets {
            let mut seen = IndexSet::new();
            targets.retain(|text| seen.insert(Arc::clone(text.name())));
            if group.name == default {
                targets.sort_by(|a, b| a.as_str().cmp(b.as_str()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bake::target::Target;

    fn definition(groups: &[(&str, &[&str])], targets: &[&str]) -> Definition {
        let mut definition = Definition::default();
        for (name, members) in groups {
            let targets = members.iter().map(|member| Text::verbatim(member)).collect();
            definition.add_group(Group { name: (*name).into(), targets: Some(targets), ..Group::default() });
        }
        targets.iter().for_each(|name| definition.add_target(Target::new(*name)));
        definition
    }

    /// Shows groups and targets, or the messages.
    fn run(definition: &Definition, names: &[&str]) -> String {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        match resolve(definition, &names, &Overrides::default(), &Options::default()) {
            Err(diagnostics) => {
                let messages: Vec<_> =
                    diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
                messages.join("; ")
            }
            Ok(resolved) => {
                let group = |group: &Group| {
                    let members: Vec<_> = group.members().iter().map(Text::as_str).collect();
                    format!("{}=[{}]", group.name, members.join(","))
                };
                let groups: Vec<_> = resolved.groups.values().map(group).collect();
                let targets: Vec<_> = resolved.targets.keys().map(|name| &**name).collect();
                format!("{} | {}", groups.join(" "), targets.join(","))
            }
        }
    }

    #[test]
    fn arguments_lead_to_groups_and_targets() {
        let some = definition(
            &[
                ("g", &["b", "a", "b"]),
                ("h", &["g", "c"]),
                ("default", &["c", "a"]),
                ("e", &[]),
                ("f", &["e"]),
            ],
            &["a", "b", "c", "x_y"],
        );
        let cases: &[(&[&str], &str)] = &[
            (&[], "default=[a,c] | a,c"),
            (&["a"], "default=[a] | a"),
            (&["g"], "default=[g] g=[b,a] | a,b"),
            (&["h"], "default=[h] g=[b,a] h=[g,c] | a,b,c"),
            (&["default", "b"], "default=[a,b,c] | a,b,c"),
            (&["x.y"], "default=[x_y] | x_y"),
            (&["[a-b]"], "default=[a,b] | a,b"),
            (&["g", "*"], "failed to find target `e`"),
            (&["e"], "default=[e] e=[] | "),
            (&["f"], "failed to find target `e`"),
            (
                &["z*", "[", "nope"],
                "could not find any target matching `z*`; could not find any target matching `[`",
            ),
            (&["nope", "none"], "failed to find target `nope`; failed to find target `none`"),
        ];
        for (names, expected) in cases {
            assert_eq!(run(&some, names), *expected, "{names:?}");
        }
    }

    #[test]
    fn the_default_target_is_printed_as_a_group_unless_named_after_another() {
        let some = definition(&[], &["default", "a"]);
        assert_eq!(run(&some, &[]), "default=[default] | default");
        assert_eq!(run(&some, &["default", "a"]), "default=[a,default] | a,default");
        assert_eq!(run(&some, &["a", "default"]), "default=[a] | a,default");
    }

    #[test]
    fn a_group_s_own_name_inside_it_means_a_target() {
        let some = definition(&[("a", &["a", "b"]), ("m", &["n"]), ("n", &["m"])], &["a", "b"]);
        assert_eq!(run(&some, &["a"]), "a=[a,b] default=[a] | a,b");
        assert_eq!(run(&some, &["m"]), "failed to find target `m`");
        assert_eq!(run(&some, &["n", "m"]), "failed to find target `n`; failed to find target `m`");
        let null = Group { name: "default".into(), ..Group::default() };
        let mut some = definition(&[], &[]);
        some.add_group(null);
        let resolved = resolve(&some, &[], &Overrides::default(), &Options::default()).unwrap();
        assert_eq!(resolved.groups["default"].targets, None);
    }

    #[test]
    fn the_epoch_becomes_an_argument_of_targets_without_one() {
        let mut some = definition(&[], &["a", "b"]);
        some.targets["a"].args.insert("SOURCE_DATE_EPOCH".into(), "7".into());
        let options = Options { source_date_epoch: Some("5".into()) };
        let resolved = resolve(&some, &["*".into()], &Overrides::default(), &options).unwrap();
        let epochs: Vec<_> =
            resolved.targets.values().map(|t| t.args["SOURCE_DATE_EPOCH"].as_str()).collect();
        assert_eq!(epochs, ["7", "5"]);
        let options = Options { source_date_epoch: Some(String::new()) };
        let resolved = resolve(&some, &["b".into()], &Overrides::default(), &options).unwrap();
        assert!(resolved.targets["b"].args.is_empty());
    }

    #[test]
    fn all_faulty_targets_are_reported_and_a_faulty_parent_once() {
        let mut some = definition(&[], &["a", "b", "c", "p"]);
        for name in ["a", "b", "p"] {
            some.targets[name].inherits = vec!["missing".into()].into();
        }
        some.targets["c"].shm_size = Some("big".into()).into();
        assert_eq!(
            run(&some, &["*"]),
            "failed to find target `missing`; `shm-size` is \"big\"; expected a size such as `128m` or `1GiB`"
        );
    }

    #[test]
    fn nested_groups_are_followed_once() {
        let names: Vec<[String; 2]> = (0..10_000).map(|i| [format!("g{i}"), format!("h{i}")]).collect();
        let mut some = definition(&[], &["x"]);
        for (index, both) in names.iter().enumerate() {
            for name in both {
                let members = match index {
                    0 => vec!["x".into()],
                    _ => names[index - 1].iter().map(|name| name.as_str().into()).collect(),
                };
                some.add_group(Group {
                    name: name.as_str().into(),
                    targets: Some(members),
                    ..Group::default()
                });
            }
        }
        let resolved = resolve(&some, &["*".into()], &Overrides::default(), &Options::default()).unwrap();
        assert_eq!((resolved.groups.len(), resolved.targets.len()), (20_001, 1));
    }
}
