//! What starts a workflow (<https://docs.github.com/en/actions/reference/workflow-syntax-for-github-actions#on>).

use std::rc::Rc;

use regex::Regex;

use super::guard::Guard;
use super::inputs::place_of;
pub(in crate::init) use super::moment::ANY_BRANCH;
use super::moment::{Answers, Moment};
use super::text::{Condition, Place};
use super::turn::Turn;
use super::when;
use crate::bake::compose::{Yaml, YamlKind};
use crate::ci::DEFAULT_BRANCHES;
use crate::init::repository::world::World;
use crate::source::Source;

/// What starts a workflow.
#[derive(Clone, Debug)]
pub(crate) struct Triggers {
    /// In which examples it runs.
    pub runs: Answers,
    /// Under which conditions.
    pub guards: Vec<Guard>,
    /// Events beside these that start it: `schedule`, `workflow_dispatch`.
    pub others: Vec<String>,
    /// Whether another workflow calls it.
    pub is_called: bool,
    /// What of it is written where.
    pub start: Rc<Start>,
    /// When the job has its turn that calls it.
    pub turn: Rc<Turn>,
}

/// What starts a workflow, as it is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Start {
    /// The file that it is in.
    pub path: Rc<str>,
    /// When the clock does.
    pub schedule: Vec<(String, Place)>,
    /// The patterns of branches whose pushes do; none where they are not filtered.
    pub branches: Vec<(String, Place)>,
    /// Where pushes are that are not filtered by branch.
    pub any_branch: Option<Place>,
    /// Where releases are.
    pub release: Option<Place>,
    /// Where something is published by the run that makes a release.
    pub made: Option<Place>,
    /// Whether nothing but pull requests starts it.
    pub is_of_requests: bool,
    /// Events that start no plan, and where they are.
    pub foreign: Vec<(String, Place)>,
    /// Whether nothing else starts it.
    pub is_foreign: bool,
    /// The patterns of git tags whose pushes do, and where they are; none where they are not filtered.
    pub tags: Option<(Vec<String>, Place)>,
    /// What no plan has of it.
    pub unsaid: Vec<(Unsaid, Place)>,
}

impl Start {
    /// The filter that keeps a git tag from starting it though it begins as one of its patterns does, and where that is: what
    /// begins otherwise can be told by a condition.
    pub(crate) fn keeps_out(&self, tag: &str) -> Option<(&[String], &Place)> {
        let (patterns, place) = self.tags.as_ref()?;
        let begins_so = |pattern: &&String| !pattern.starts_with('!') && tag.starts_with(literal(pattern));
        let begins_so = patterns.iter().any(|pattern| begins_so(&pattern));
        (begins_so && !matches(patterns, tag)).then_some((patterns, place))
    }
}

/// What starts a run, or keeps it from starting, and no plan has.
#[derive(Clone, Debug)]
pub(crate) enum Unsaid {
    /// Of the files that a push changes, by its name.
    Paths(&'static str),
    /// Of git tags that start nothing, by their patterns.
    Tags(Vec<String>),
    /// No filter, but what a person may say who starts a run, by its name.
    Input(String),
}

/// The events, each with its filters.
fn events(on: &Yaml) -> Vec<(String, Option<&Yaml>)> {
    match &on.kind {
        YamlKind::Text(event) => vec![(event.clone(), None)],
        YamlKind::List(items) => {
            items.iter().filter_map(Yaml::as_text).map(|event| (event.to_owned(), None)).collect()
        }
        YamlKind::Map(members) => {
            members.iter().map(|(event, filters)| (event.clone(), Some(filters))).collect()
        }
        YamlKind::Null => Vec::new(),
    }
}

/// Whether an event starts no plan.
fn is_foreign(event: &str) -> bool {
    const OWN: [&str; 9] = [
        "push",
        "pull_request",
        "pull_request_target",
        "merge_group",
        "schedule",
        "workflow_dispatch",
        "workflow_call",
        "release",
        "create",
    ];
    !OWN.contains(&event)
}

/// Reads `on` of a file.
pub(crate) fn read(on: &Yaml, world: &World, source: &Source, path: &Rc<str>) -> Triggers {
    let events = events(on);
    let find = |name: &str| events.iter().find(|(event, _)| event == name).map(|(_, filters)| *filters);
    let any = events.iter().any(|(event, _)| is_foreign(event));
    let runs = Answers::of(|moment| match moment {
        Moment::Branch => match find("push") {
            Some(filters) => Some(passes(filters, "branches", "tags", &world.default_branch)),
            None if any => None,
            None => Some(false),
        },
        Moment::OtherBranch(at) => match (world.other_branches.get(at), find("push")) {
            (Some(branch), Some(filters)) => Some(passes(filters, "branches", "tags", branch)),
            (None, _) | (_, None) => Some(false),
        },
        Moment::Schedule => Some(find("schedule").is_some()),
        Moment::Tag => match (find("push"), find("create")) {
            // Each new git tag is created, whatever filters say of pushes.
            (_, Some(_)) => Some(true),
            (Some(filters), None) => Some(passes(filters, "tags", "branches", &world.tag)),
            (None, None) => Some(false),
        },
        Moment::Release => Some(find("release").is_some()),
        // Whoever reads its steps knows whether they make releases.
        Moment::Made => Some(false),
        Moment::PullRequest => Some(find("pull_request").or_else(|| find("pull_request_target")).is_some()),
    });
    let others = ["schedule", "workflow_dispatch"];
    let is_open = find("release").or_else(|| find("create")).is_some();
    let tags = guard(find("push"), world, source, path).filter(|_| !is_open);
    let branches = guard_of_branches(&events, world, source, path);
    Triggers {
        runs,
        guards: tags.iter().cloned().chain(branches).collect(),
        others: others.into_iter().filter(|name| find(name).is_some()).map(str::to_owned).collect(),
        is_called: find("workflow_call").is_some(),
        start: Rc::new(Start {
            unsaid: unsaid(find("push").flatten(), tags.is_some() || find("create").is_some(), source, path)
                .into_iter()
                .chain(
                    by_hand(find("workflow_dispatch").flatten(), source, path)
                        .filter(|_| find("push").is_some()),
                )
                .collect(),
            ..start(on, source, path)
        }),
        turn: Rc::default(),
    }
}

/// The condition in filters of git tags, where other workflows have others.
fn guard(push: Option<Option<&Yaml>>, world: &World, source: &Source, path: &Rc<str>) -> Option<Guard> {
    let filters = push??;
    let (written, patterns) = filters_of_tags(filters)?;
    let (excluded, named): (Vec<&String>, Vec<&String>) =
        patterns.iter().partition(|pattern| pattern.starts_with('!'));
    // Those of a part of the repository are not those of another one.
    let is_of_part = |pattern: &&String| {
        let start = literal(pattern).trim_start_matches('v');
        !start.is_empty() && !start.starts_with(|c: char| c.is_ascii_digit())
    };
    let is_narrow = world.tags.iter().any(|tag| !matches(&patterns, tag))
        || !named.is_empty() && named.iter().all(is_of_part);
    if !is_narrow && excluded.is_empty() {
        return None;
    }
    let when = named.iter().map(|pattern| {
        let end = pattern.find(['*', '[', '?', '+', '\\', '"']).unwrap_or(pattern.len());
        let sign = if end == pattern.len() { "==" } else { "is startingwith" };
        match &pattern[..end] {
            "" if excluded.is_empty() => None,
            "" => Some("tag".to_owned()),
            name if end == pattern.len() => Some(format!("tag {sign} \"{name}\"")),
            prefix => Some(format!("tag {sign}(\"{prefix}\")")),
        }
    });
    let mut when: Vec<String> = when.collect::<Option<_>>()?;
    if !excluded.is_empty() {
        let is_one = when.len() == 1;
        let named = std::mem::take(&mut when).join(" or ");
        let without = excluded.iter().map(|pattern| without(&pattern[1..], &named));
        let without = without.collect::<Option<Vec<String>>>()?.join(" and ");
        let named = if is_one { named } else { format!("({named})") };
        when.push(format!("({named} and {without})"));
    }
    let has_branches =
        passes(Some(filters), "branches", "tags", &world.default_branch) || filters.get("branches").is_some();
    if has_branches {
        when.insert(0, "branch".to_owned());
    } else if let ([only], false) = (when.as_mut_slice(), excluded.is_empty()) {
        only.pop();
        only.remove(0);
    }
    let answers = Answers::of(|moment| Some(moment != Moment::Tag || matches(&patterns, &world.tag)));
    let condition =
        Condition::new(format!("tags: {}", patterns.join(", ")), answers, Some(when.join(" or ")));
    Some(Guard { condition, place: place_of(written, source, path) })
}

/// What a pattern begins with that stands for itself.
fn literal(pattern: &str) -> &str {
    &pattern[..pattern.find(['*', '[', '?', '+', '\\', '"']).unwrap_or(pattern.len())]
}

/// The filters of git tags: those that start a workflow, or all but those that do not.
fn filters_of_tags(filters: &Yaml) -> Option<(&Yaml, Vec<String>)> {
    if let Some(written) = filters.get("tags") {
        return Some((written, patterns(filters, "tags")));
    }
    let ignored = filters.get("tags-ignore")?;
    let without = patterns(filters, "tags-ignore").into_iter().map(|pattern| format!("!{pattern}"));
    Some((ignored, std::iter::once("**".to_owned()).chain(without).collect()))
}

/// What a person may say who starts a run, as far as something depends on it.
fn by_hand<'y>(
    event: Option<&'y Yaml>,
    source: &'y Source,
    path: &'y Rc<str>,
) -> impl Iterator<Item = (Unsaid, Place)> + 'y {
    let inputs = event.and_then(|event| event.get("inputs")).map(Yaml::members).unwrap_or_default();
    let is_used = |(name, _): &&(String, Yaml)| source.text.contains(&format!("inputs.{name}"));
    let of = |(name, input): &(String, Yaml)| (Unsaid::Input(name.clone()), place_of(input, source, path));
    inputs.iter().filter(is_used).map(of)
}

/// The filters of a push that no plan has.
fn unsaid(
    filters: Option<&Yaml>,
    are_tags_said: bool,
    source: &Source,
    path: &Rc<str>,
) -> Vec<(Unsaid, Place)> {
    let Some(filters) = filters else { return Vec::new() };
    let of_paths = ["paths", "paths-ignore"]
        .into_iter()
        .filter_map(|name| Some((Unsaid::Paths(name), place_of(filters.get(name)?, source, path))));
    let of_tags = filters_of_tags(filters).filter(|_| !are_tags_said).and_then(|(written, patterns)| {
        let excluded = patterns.iter().filter_map(|pattern| pattern.strip_prefix('!'));
        let excluded: Vec<String> = excluded.map(str::to_owned).collect();
        (!excluded.is_empty()).then(|| (Unsaid::Tags(excluded), place_of(written, source, path)))
    });
    of_paths.chain(of_tags).collect()
}

/// That a git tag, of which `named` holds, is not like a pattern; none where a condition cannot say so.
fn without(pattern: &str, named: &str) -> Option<String> {
    if pattern.contains(['[', ']', '?', '+', '\\', '"']) {
        return None;
    }
    let parts: Vec<&str> = pattern.split('*').collect();
    let (start, rest) = parts.split_first()?;
    let Some((end, middle)) = rest.split_last() else { return Some(format!("tag != \"{pattern}\"")) };
    let starting = format!("tag is startingwith(\"{start}\")");
    let mut like: Vec<String> = Vec::new();
    if !start.is_empty() && named != starting {
        like.push(starting);
    }
    let middle: Vec<&&str> = middle.iter().filter(|part| !part.is_empty()).collect();
    match middle.as_slice() {
        [] => {}
        [part] => like.push(format!("\"{part}\" in tag")),
        // They would have to stand in this order.
        _ => return None,
    }
    if !end.is_empty() {
        like.push(format!("tag is endingwith(\"{end}\")"));
    }
    match like.as_slice() {
        [] => None,
        [one] => Some(match one.strip_suffix(" in tag") {
            Some(part) => format!("{part} not in tag"),
            None => format!("not ({one})"),
        }),
        all => Some(format!("not ({})", all.join(" and "))),
    }
}

/// The condition in filters of branches, where other workflows have others.
fn guard_of_branches(
    events: &[(String, Option<&Yaml>)],
    world: &World,
    source: &Source,
    path: &Rc<str>,
) -> Option<Guard> {
    let (_, filters) = events.iter().find(|(event, _)| event == "push")?;
    let filters = (*filters)?;
    let written = filters.get("branches")?;
    let patterns = patterns(filters, "branches");
    let mut examples = world.other_branches.iter().chain([&world.default_branch]);
    let filter = Filter::of(&patterns);
    if examples.all(|name| filter.matches(name)) {
        return None;
    }
    let of = |pattern: &String| {
        let is_plain = |text: &str| !text.contains(['*', '[', '?', '+', '\\', '"']);
        let start = pattern.strip_suffix("**").or_else(|| pattern.strip_suffix('*'));
        match start.filter(|start| is_plain(start) && !start.is_empty()) {
            Some(start) => Some(format!("branch and branch is startingwith(\"{start}\")")),
            None => is_plain(pattern).then(|| format!("branch == \"{pattern}\"")),
        }
    };
    let named: Vec<&String> = patterns.iter().filter(|pattern| !pattern.starts_with('!')).collect();
    // What is taken out of names is none of them.
    let is_simple =
        named.len() == patterns.len() || named.iter().all(|name| !name.contains('*') && filter.matches(name));
    let mut when: Option<Vec<String>> = named.into_iter().map(of).collect();
    let others = events.iter().filter_map(|(event, _)| match event.as_str() {
        "schedule" | "workflow_dispatch" => Some(format!("event == \"{event}\"")),
        "release" => Some("tag".to_owned()),
        _ => None,
    });
    if let Some(when) = &mut when {
        when.extend(passes(Some(filters), "tags", "branches", &world.tag).then(|| "tag".to_owned()));
        when.extend(others.filter(|one| one != "tag" || filters.get("tags").is_none()));
    }
    let when = when.filter(|_| is_simple).map(|all| {
        all.into_iter()
            .reduce(|one, other| when::both(one, other, "or"))
            .unwrap_or_else(|| "false".to_owned())
    });
    let answers = Answers::of(|moment| match moment {
        Moment::Branch => Some(matches(&patterns, &world.default_branch)),
        Moment::OtherBranch(at) => {
            Some(world.other_branches.get(at).is_some_and(|name| matches(&patterns, name)))
        }
        _ => Some(true),
    });
    let condition = Condition::new(format!("branches: {}", patterns.join(", ")), answers, when);
    Some(Guard { condition, place: place_of(written, source, path) })
}

/// What of `on` is written where.
fn start(on: &Yaml, source: &Source, path: &Rc<str>) -> Start {
    let place = |yaml: &Yaml| place_of(yaml, source, path);
    let placed = |list: Option<&Yaml>| -> Vec<(String, Place)> {
        let list = list
            .into_iter()
            .flat_map(|list| if list.items().is_empty() { std::slice::from_ref(list) } else { list.items() });
        list.filter_map(|one| Some((one.as_text()?.to_owned(), place(one)))).collect()
    };
    let events = events(on);
    let find = |name: &str| events.iter().find(|(event, _)| event == name).map(|(_, filters)| *filters);
    let crons = find("schedule").flatten().map(Yaml::items).unwrap_or_default();
    let push = find("push");
    let is_filtered = ["branches", "branches-ignore", "tags", "tags-ignore"]
        .iter()
        .any(|name| push.flatten().is_some_and(|filters| filters.get(name).is_some()));
    let ignored = push.flatten().and_then(|filters| filters.get("branches-ignore"));
    let filters = events.iter().find(|(event, _)| event == "push").and_then(|(_, filters)| *filters);
    let tags = filters.filter(|_| find("create").is_none()).and_then(filters_of_tags);
    let tags = tags.map(|(written, patterns)| (patterns, place(written)));
    Start {
        tags,
        path: Rc::clone(path),
        schedule: crons.iter().flat_map(|one| placed(one.get("cron"))).collect(),
        branches: placed(push.flatten().and_then(|filters| filters.get("branches"))),
        any_branch: match (push, ignored) {
            (_, Some(ignored)) => Some(place(ignored)),
            (Some(filters), None) if !is_filtered => Some(place(filters.unwrap_or(on))),
            (_, None) => None,
        },
        release: find("release").map(|filters| place(filters.unwrap_or(on))),
        made: None,
        foreign: events
            .iter()
            .filter(|(event, _)| is_foreign(event))
            .map(|(event, filters)| (event.clone(), place(filters.unwrap_or(on))))
            .collect(),
        // What runs behind another workflow is most often of the default branch.
        is_foreign: !events.is_empty()
            && events.iter().all(|(event, _)| is_foreign(event) && event != "workflow_run"),
        unsaid: Vec::new(),
        is_of_requests: events.iter().all(|(event, _)| {
            matches!(event.as_str(), "pull_request" | "pull_request_target" | "merge_group")
        }),
    }
}

/// Whether one of these events starts a workflow.
pub(crate) fn has_any(on: &Yaml, names: &[&str]) -> bool {
    events(on).iter().any(|(event, _)| names.contains(&event.as_str()))
}

/// Branches beside the default one whose pushes start workflows: those that these name, and one for each of their patterns.
pub(crate) fn other_branches(starts: &[&Yaml], default: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for on in starts {
        let events = events(on);
        let Some((_, filters)) = events.into_iter().find(|(event, _)| event == "push") else { continue };
        let patterns = filters.map(|filters| patterns(filters, "branches")).unwrap_or_default();
        let filter = Filter::of(&patterns);
        for pattern in patterns.iter().filter(|pattern| !pattern.starts_with('!')) {
            let end = pattern.find(['*', '[', '?', '+']).unwrap_or(pattern.len());
            let own = expression(pattern).filter(|_| end < pattern.len());
            let is_known = own.is_some_and(|own| names.iter().any(|name| own.is_match(name)));
            let name = match &pattern[..end] {
                "" => ANY_BRANCH.to_owned(),
                _ if end == pattern.len() => pattern.clone(),
                prefix => format!("{prefix}1.2"),
            };
            if !is_known && !is_default(&name, default) && filter.matches(&name) && !names.contains(&name) {
                names.push(name);
            }
        }
        let any = ANY_BRANCH.to_owned();
        if patterns.is_empty() && passes(filters, "branches", "tags", &any) && !names.contains(&any) {
            names.push(any);
        }
    }
    names
}

/// Whether it is the default branch, or another usual name for it.
pub(crate) fn is_default(name: &str, default: &str) -> bool {
    name == default || DEFAULT_BRANCHES.contains(&name) && DEFAULT_BRANCHES.contains(&default)
}

/// The patterns of git tags that start a workflow; `None` where any git tag does.
pub(crate) fn tag_patterns(on: &Yaml) -> Option<Vec<String>> {
    let events = events(on);
    if events.iter().any(|(event, _)| event == "create") {
        return None;
    }
    let Some((_, filters)) = events.into_iter().find(|(event, _)| event == "push") else {
        return Some(Vec::new());
    };
    let patterns = patterns(filters?, "tags");
    let is_open = patterns.is_empty() && passes(filters, "tags", "branches", "");
    (!is_open).then_some(patterns)
}

fn patterns(filters: &Yaml, name: &str) -> Vec<String> {
    match filters.get(name) {
        Some(Yaml { kind: YamlKind::Text(text), .. }) => vec![text.clone()],
        Some(list) => list.items().iter().filter_map(Yaml::as_text).map(str::to_owned).collect(),
        None => Vec::new(),
    }
}

/// Whether a push of a ref of one kind passes the filters, which may be about refs of the other kind alone.
fn passes(filters: Option<&Yaml>, own: &str, other: &str, name: &str) -> bool {
    let Some(filters) = filters else { return true };
    let has = |key: &str| filters.get(key).is_some();
    let ignored = format!("{own}-ignore");
    if has(&ignored) {
        return !matches(&patterns(filters, &ignored), name);
    }
    if has(own) {
        return matches(&patterns(filters, own), name);
    }
    !has(other) && !has(&format!("{other}-ignore"))
}

/// A list of patterns, of which the last that is about a name decides. There may be many patterns and names.
struct Filter {
    /// Whether each takes names out, and what it reads as; none where nothing fits it.
    patterns: Vec<(bool, Option<Regex>)>,
}

impl Filter {
    fn of(patterns: &[String]) -> Self {
        let of = |pattern: &String| match pattern.strip_prefix('!') {
            Some(pattern) => (true, expression(pattern)),
            None => (false, expression(pattern)),
        };
        Self { patterns: patterns.iter().map(of).collect() }
    }

    fn matches(&self, name: &str) -> bool {
        let is_about = |(_, own): &&(bool, Option<Regex>)| own.as_ref().is_some_and(|own| own.is_match(name));
        self.patterns.iter().rev().find(is_about).is_some_and(|(takes_out, _)| !takes_out)
    }
}

/// Whether a name matches a list of patterns, of which the last that is about it decides.
pub(crate) fn matches(patterns: &[String], name: &str) -> bool {
    Filter::of(patterns).matches(name)
}

/// What a pattern reads as.
fn expression(pattern: &str) -> Option<Regex> {
    let mut regex = String::from("^");
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.peek() == Some(&'*') => {
                chars.next();
                regex.push_str(".*");
            }
            '*' => regex.push_str("[^/]*"),
            '?' | '+' | '[' | ']' | '-' => regex.push(c),
            '\\' => regex.push_str(&regex::escape(&chars.next().map(String::from).unwrap_or_default())),
            other => regex.push_str(&regex::escape(&other.to_string())),
        }
    }
    regex.push('$');
    Regex::new(&regex).ok()
}

/// A git tag as these patterns have releases.
pub(in crate::init) fn example_tag(patterns: &[String]) -> String {
    const USUAL: [&str; 2] = ["v1.2.3", "1.2.3"];
    let usual = USUAL.into_iter().find(|tag| patterns.is_empty() || matches(patterns, tag));
    if let Some(usual) = usual {
        return usual.to_owned();
    }
    let made = patterns.iter().filter(|pattern| !pattern.starts_with('!')).map(|pattern| {
        let end = pattern.find(['*', '[', '?', '+']).unwrap_or(pattern.len());
        (pattern, &pattern[..end])
    });
    for (pattern, prefix) in made {
        for tag in
            [format!("{prefix}1.2.3"), format!("{prefix}v1.2.3"), format!("{prefix}1.2"), prefix.to_owned()]
        {
            if expression(pattern).is_some_and(|own| own.is_match(&tag)) && !tag.is_empty() {
                return tag;
            }
        }
    }
    USUAL[0].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_of_refs_are_those_of_github() {
        for (pattern, name, expected) in [
            ("v*", "v1.2.3", true),
            ("v[0-9]+.[0-9]+.[0-9]+", "v1.2.3", true),
            ("v[0-9]+.[0-9]+.[0-9]+", "v1.2.3-rc.1", false),
            ("*", "a/b", false),
            ("**", "a/b", true),
            ("*.*.*", "1.2.3", true),
            ("release/**", "release/1/2", true),
            ("v1.2.3", "v1x2.3", false),
            ("[", "[", false),
        ] {
            assert_eq!(matches(&[pattern.to_owned()], name), expected, "{pattern} {name}");
        }
        let list = ["v*", "!v*-rc*"].map(str::to_owned);
        assert!(matches(&list, "v1") && !matches(&list, "v1-rc1"));
    }

    #[test]
    fn an_example_is_a_tag_that_starts_the_workflow() {
        for (patterns, expected) in [
            (&[][..], "v1.2.3"),
            (&["v*"], "v1.2.3"),
            (&["[0-9]+.[0-9]+.[0-9]+"], "1.2.3"),
            (&["api-v*"], "api-v1.2.3"),
            (&["release/*"], "release/1.2.3"),
            (&["stable"], "stable"),
        ] {
            let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
            assert_eq!(example_tag(&patterns), expected, "{patterns:?}");
        }
    }
}
