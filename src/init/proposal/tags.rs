//! From the tags of today to entries of `tags`: rules stay as they are where they can, and the rest becomes patterns.

use std::collections::BTreeSet;

use hcl::Expression;

use super::conditions::{and, conditional, of_releases};
use super::render::{Variables, from};
use super::rule_fields::{self, fields, has_only_names, joined, open_flavor, valid};
use crate::init::published::applies::Mask;
use crate::init::published::images::Candidate;
use crate::init::repository::world::World;
use crate::init::steps::found::TagLine;
use crate::init::values::guard::Guarded;
use crate::init::values::mask::quotable;
use crate::init::values::moment::Fact;
use crate::init::values::ref_parts;
use crate::init::values::short_commit;
use crate::init::values::text::{Choice, Piece, Place, RuleLine, Template};
use crate::init::values::when;
use crate::pattern::asks_for_prerelease;

/// An entry of `tags`, or a comment in its place.
#[derive(Clone, Debug)]
pub(crate) struct TagEntry {
    /// Where it is from.
    pub comments: Vec<String>,
    /// What it says; nothing where that cannot be said.
    pub value: Option<Expression>,
}

/// What an image's tags come to.
#[derive(Debug, Default)]
pub(crate) struct Tags {
    /// The entries.
    pub entries: Vec<TagEntry>,
    /// The lines of `flavor`, each with its comment.
    pub flavor: Vec<(String, Expression)>,
    /// Whether the version is the git tag.
    pub has_version: bool,
    /// What could not be said: where, and why.
    pub lost: Vec<(Place, String)>,
}

/// An entry before its condition.
struct Draft {
    comments: Vec<String>,
    value: Result<Template, (Place, String)>,
    domain: Mask,
    mask: Mask,
    condition: Option<String>,
    guarded: Guarded,
    others: Vec<String>,
}

/// Translates the tags of an image. `written` is a line as it stands in its file.
pub(crate) fn translate(
    candidate: &Candidate,
    variables: &mut Variables,
    world: &World,
    written: &dyn Fn(&Place) -> String,
) -> Tags {
    let mut tags = Tags::default();
    let is_tag_only =
        candidate.entries.iter().map(Mask::of).all(|mask| mask.tag && !mask.branch && !mask.others);
    let is_rule = |tag: &TagLine| matches!(tag, TagLine::Rule(_));
    let has_rules = candidate.entries.iter().flat_map(|entry| &entry.tags).any(is_rule);
    let all_others: BTreeSet<&String> = candidate.entries.iter().flat_map(|entry| &entry.others).collect();
    let mut drafts: Vec<Draft> = Vec::new();
    let open = open_flavor(candidate);
    for entry in &candidate.entries {
        let mask = Mask::of(entry);
        for tag in &entry.tags {
            let tag =
                &tag.with_text(|text| ref_parts::plain(text, (mask.branch || mask.others, mask.tag), world));
            let line = tag.line();
            let is_default = matches!(tag, TagLine::Rule(rule) if rule.is_default);
            let said = if is_default {
                "the tags of docker/metadata-action without `tags`".to_owned()
            } else {
                written(&line.place)
            };
            let comment = from(&line.place, &said);
            let guard = match &entry.guarded {
                Guarded::Told => None,
                Guarded::When(when) => Some(when.clone()),
                Guarded::Unknown(place, written) => {
                    let why = format!("a plan cannot express `{}`", quotable(written));
                    drafts.push(Draft {
                        comments: vec![comment],
                        value: Err((place.clone(), why)),
                        domain: Mask::ALL,
                        mask,
                        condition: None,
                        guarded: Guarded::Told,
                        others: Vec::new(),
                    });
                    continue;
                }
            };
            let made = match tag {
                // What stands before or behind each of its tags.
                TagLine::Rule(_) if open.is_some() => Err(open.clone().unwrap_or_default()),
                TagLine::Rule(rule) => of_rule(rule, candidate),
                TagLine::Text(line) => of_text(&line.text, mask, has_rules),
            };
            match made {
                Ok(made) => {
                    for (value, domain, condition) in made {
                        let exact = value.exact();
                        let condition = condition.map(|condition| entry.without_releases(condition));
                        let condition = and(guard.clone(), condition);
                        let is_same = |known: &&mut Draft| {
                            known.condition == condition
                                && known.value.as_ref().is_ok_and(|value| value.exact() == exact)
                        };
                        if let Some(known) = drafts.iter_mut().find(is_same) {
                            known.mask = known.mask.or(mask);
                            let more = entry.others.iter().filter(|event| !known.others.contains(event));
                            let more: Vec<String> = more.cloned().collect();
                            known.others.extend(more);
                            if !known.comments.contains(&comment) {
                                known.comments.push(comment.clone());
                            }
                            continue;
                        }
                        drafts.push(Draft {
                            comments: vec![comment.clone()],
                            value: Ok(value),
                            domain,
                            mask,
                            condition,
                            guarded: entry.guarded.clone(),
                            others: entry.others.clone(),
                        });
                    }
                }
                Err(why) => drafts.push(Draft {
                    comments: vec![comment],
                    value: Err((line.place.clone(), why)),
                    domain: Mask::ALL,
                    mask,
                    condition: None,
                    guarded: Guarded::Told,
                    others: Vec::new(),
                }),
            }
        }
    }
    let uses = |fact: &Fact| {
        let is_it = |piece: &Piece| matches!(piece, Piece::Fact(used) if used == fact);
        drafts.iter().filter_map(|draft| draft.value.as_ref().ok()).any(|value| value.0.iter().any(is_it))
    };
    tags.has_version = !has_rules
        && (uses(&Fact::Version)
            || [1, 2].iter().any(|count| uses(&Fact::Numbers(*count)) || uses(&Fact::Number(*count)))
            || is_tag_only && world.has_version() && (uses(&Fact::Tag) || uses(&Fact::RefName)));
    let asks = |draft: &Draft| draft.condition.as_deref().is_some_and(asks_for_prerelease);
    for mut draft in drafts {
        if asks(&draft) && has_rules {
            let place = place_in(&draft.comments).unwrap_or_else(|| candidate.place.clone());
            draft.value = Err((
                place,
                "beside rules, a plan does not know of prereleases; `type=semver` leaves `latest` where it is for them".to_owned(),
            ));
        }
        // A prerelease is one of the version.
        tags.has_version |= asks(&draft) && !has_rules;
        let missing: Vec<&String> =
            all_others.iter().copied().filter(|event| !draft.others.contains(*event)).collect();
        tags.push(draft, &missing, variables, world);
    }
    for line in &candidate.flavor {
        match variables.expression(&line.text, world) {
            Ok(value) => tags.flavor.push((from(&line.place, &written(&line.place)), value)),
            Err(unknown) => {
                let why = format!("`{unknown}` is not known here");
                let comment = from(&line.place, &written(&line.place));
                // Nothing gets a tag that it may not have today.
                tags.flavor.push((comment, Expression::from("latest=false")));
                tags.lost.push((line.place.clone(), why));
            }
        }
    }
    if !has_rules {
        tags.flavor.clear();
    }
    tags
}

impl Tags {
    /// Adds an entry. `missing` are events that start others of the image and not this one.
    fn push(&mut self, draft: Draft, missing: &[&String], variables: &mut Variables, world: &World) {
        let Draft { mut comments, value, domain, mask, condition, guarded, others } = draft;
        let is_fact = |piece: &Piece| matches!(piece, Piece::Fact(_));
        let has_fact = value.as_ref().is_ok_and(|template| template.0.iter().any(is_fact));
        let value = value.and_then(|template| {
            let said = said(&template, mask);
            let place = || Place { path: "".into(), line: 0 };
            let said = said.map_err(|why| (place(), why))?;
            let value = variables.expression(&said, world);
            let value = value.map_err(|unknown| (place(), format!("`{unknown}` is not known here")))?;
            Ok((said, value))
        });
        let value = match value {
            Ok((_, value)) => value,
            Err((place, why)) => {
                comments.push(format!("not translated: {why}"));
                let place = if place.line > 0 { place } else { place_in(&comments).unwrap_or(place) };
                self.lost.push((place, why));
                self.entries.push(TagEntry { comments, value: None });
                return;
            }
        };
        // A version is that of a git tag, so its entries need no further condition.
        let is_of_version = self.has_version
            && !mask.branch
            && !mask.others
            && !condition.as_deref().is_some_and(asks_for_prerelease);
        let of_runs = if is_of_version { None } else { mask.when(domain, &others) };
        let of_runs = of_runs.filter(|kind| !guarded.implies(kind));
        if !domain.meets(mask) {
            comments.push("left out: the workflow pushes nothing in the runs that this is for".to_owned());
            self.entries.push(TagEntry { comments, value: None });
            return;
        }
        // What they start is of a branch.
        let is_of_branch = mask.branch && domain.branch && !missing.is_empty();
        let others: Vec<String> = missing.iter().map(|event| format!("event != \"{event}\"")).collect();
        let of_event = is_of_branch.then(|| others.join(" and "));
        let when = and(and(of_runs, of_event), condition).filter(|when| when != "true");
        if when.as_deref() == Some("false") {
            comments.push("it never applies".to_owned());
            self.entries.push(TagEntry { comments, value: None });
            return;
        }
        let is_of_rules = !self.has_version && domain == Mask::TAG;
        let when = match &world.releases_when {
            Some(releases) if is_of_rules || when.is_some() => of_releases(releases, when, is_of_rules),
            _ => when,
        };
        // A run without the version leaves a constant out that has no condition.
        if self.has_version && when.is_none() && mask.branch && !has_fact {
            let releases = world.releases_when.as_deref().unwrap_or("tag");
            let value = [conditional(value.clone(), "branch"), conditional(value, releases)];
            let [branch, release] =
                value.map(|value| TagEntry { comments: comments.clone(), value: Some(value) });
            self.entries.extend([branch, TagEntry { comments: Vec::new(), ..release }]);
            return;
        }
        let value = match when {
            None => value,
            Some(when) => conditional(value, &when),
        };
        self.entries.push(TagEntry { comments, value: Some(value) });
    }
}

/// The place in the first of these comments.
fn place_in(comments: &[String]) -> Option<Place> {
    let rest = comments.first()?.strip_prefix("from ")?;
    let (path, rest) = rest.split_once(':')?;
    let line: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some(Place { path: path.into(), line: line.parse().ok()? })
}

/// A text whose facts are in the words of patterns.
fn said(template: &Template, mask: Mask) -> Result<Template, String> {
    let mut text = Template::default();
    for piece in &template.0 {
        match piece {
            // Patterns have no word for it; the variable has it.
            Piece::Fact(Fact::RunNumber) => text.push(piece.clone()),
            Piece::Fact(fact) => text.push(Piece::Text(match fact {
                Fact::Tag => "{{ tag }}".to_owned(),
                Fact::Version => "{{ version }}".to_owned(),
                Fact::Numbers(1) => "{{ major }}".to_owned(),
                Fact::Numbers(_) => "{{ major }}.{{ minor }}".to_owned(),
                Fact::Number(1) => "{{ minor }}".to_owned(),
                Fact::Number(_) => "{{ patch }}".to_owned(),
                Fact::OfRelease(_) => return Err("only the run that makes a release knows it".to_owned()),
                Fact::RefName if mask.tag && !mask.branch && !mask.others => "{{ tag }}".to_owned(),
                Fact::RefName => "{{ branch | slug }}".to_owned(),
                Fact::Commit(None) => "{{ commit }}".to_owned(),
                Fact::Commit(Some(7)) => "{{ sha }}".to_owned(),
                Fact::Commit(Some(length)) => format!("{{{{ commit[:{length}] }}}}"),
                Fact::PullRequest => "{{ pr }}".to_owned(),
                Fact::HeadBranch => "{{ head_branch | slug }}".to_owned(),
                Fact::BaseBranch => "{{ base_branch | slug }}".to_owned(),
                Fact::DefaultBranch => "{{ default_branch }}".to_owned(),
                Fact::Event => "{{ event }}".to_owned(),
                Fact::Date(format) if format.contains(['"', '\\', '{', '}']) => {
                    return Err(format!("`{}` is not a format of dates", quotable(format)));
                }
                Fact::Date(format) => format!("{{{{ date(\"{format}\") }}}}"),
                Fact::Ref | Fact::RefSlug | Fact::RefStart | Fact::RefEnd => {
                    return Err("a ref is not a tag".to_owned());
                }
                Fact::RunNumber => return Err("the number of the run is in a variable".to_owned()),
            })),
            Piece::Unknown(written) => {
                return Err(format!("`{}` is not known here", quotable(written)));
            }
            Piece::Or(..) | Piece::Choice(_) => {
                return Err(format!("`{}` is not known here", Template(vec![piece.clone()]).shown()));
            }
            Piece::Meta(_, output) => {
                return Err(format!("the output `{output}` of docker/metadata-action is not known here"));
            }
            other => text.push(other.clone()),
        }
    }
    Ok(text)
}

/// What a rule or a text comes to: entries with where they apply by themselves, and their conditions.
type Made = Vec<(Template, Mask, Option<String>)>;

/// A text that is a tag.
fn of_text(text: &Template, mask: Mask, has_rules: bool) -> Result<Made, String> {
    if let Some(made) = of_choice(text, mask, has_rules) {
        return made;
    }
    let at = text.0.iter().position(|piece| matches!(piece, Piece::Or(..)));
    if let Some((at, Piece::Or(fact, other))) = at.and_then(|at| Some((at, text.0.get(at)?))) {
        let with = |pieces: &[Piece]| Template([&text.0[..at], pieces, &text.0[at + 1..]].concat());
        let is_name = matches!(other.0.as_slice(), [Piece::Fact(Fact::RefName)]);
        // What is published is of no pull request.
        if fact.is_of_request() || *fact == Fact::Tag && is_name || !mask.tag {
            return of_text(&with(&other.0), mask, has_rules);
        }
        let own = [Piece::Fact(fact.clone())];
        if !mask.branch && !mask.others {
            return of_text(&with(&own), mask, has_rules);
        }
        let mut made = of_text(&with(&own), Mask { branch: false, ..mask }, has_rules)?;
        made.extend(of_text(&with(&other.0), Mask { tag: false, ..mask }, has_rules)?.into_iter().map(
            |(text, domain, when)| {
                let is_open = when.is_none() && domain == Mask::ALL;
                if is_open { (text, Mask::BRANCH, Some("branch".to_owned())) } else { (text, domain, when) }
            },
        ));
        return Ok(made);
    }
    if let Some(made) = of_slug(text, mask).or_else(|| of_part(text, mask)) {
        return made;
    }
    let uses = |wanted: &dyn Fn(&Fact) -> bool| {
        text.0.iter().any(|piece| matches!(piece, Piece::Fact(fact) if wanted(fact)))
    };
    if uses(&|fact| matches!(fact, Fact::Version | Fact::Numbers(_) | Fact::Number(_))) && has_rules {
        return Err(
            "it is the git tag without its `v`, beside rules: write `type=semver,pattern={{version}}`"
                .to_owned(),
        );
    }
    let of_branches = mask.branch || mask.others;
    if uses(&|fact| matches!(fact, Fact::RefName)) && of_branches && mask.tag {
        let with = |fact: &Fact| {
            let piece = |piece: &Piece| match piece {
                Piece::Fact(Fact::RefName) => match fact {
                    Fact::Tag => Piece::Fact(Fact::Tag),
                    _ => Piece::Fact(Fact::RefName),
                },
                other => other.clone(),
            };
            Template(text.0.iter().map(piece).collect())
        };
        return Ok(vec![
            (with(&Fact::Tag), Mask::TAG, Some("tag".to_owned())),
            (with(&Fact::RefName), Mask::BRANCH, Some("branch".to_owned())),
        ]);
    }
    let is_name = uses(&|fact| matches!(fact, Fact::RefName));
    if uses(&|fact| matches!(fact, Fact::Tag)) || is_name && mask.tag {
        // Without a condition, a run without a git tag would be an error.
        return Ok(vec![(text.clone(), Mask::TAG, Some("tag".to_owned()))]);
    }
    if is_name {
        return Ok(vec![(text.clone(), Mask::BRANCH, Some("branch".to_owned()))]);
    }
    if uses(&|fact| matches!(fact, Fact::Version | Fact::Numbers(_) | Fact::Number(_))) {
        return Ok(vec![(text.clone(), Mask::TAG, None)]);
    }
    if uses(&|fact| matches!(fact, Fact::PullRequest | Fact::HeadBranch | Fact::BaseBranch)) {
        return Ok(vec![(
            text.clone(),
            Mask { branch: false, tag: false, pull_request: true, others: false },
            Some("pr".to_owned()),
        )]);
    }
    Ok(vec![(text.clone(), Mask::ALL, None)])
}

/// A text that depends on a condition: two entries, each with where it applies.
fn of_choice(text: &Template, mask: Mask, has_rules: bool) -> Option<Result<Made, String>> {
    let at = text.0.iter().position(|piece| matches!(piece, Piece::Choice(_)))?;
    let Piece::Choice(choice) = &text.0[at] else { return None };
    let Choice { when, condition: _, then, other } = &**choice;
    let (when, then, other) = match when.as_str() {
        "not tag" => ("tag", other, then),
        "not branch" => ("branch", other, then),
        when => (when, then, other),
    };
    let (of_tags, of_branches) = (Mask { branch: false, others: false, ..mask }, Mask { tag: false, ..mask });
    // What is published is of no pull request.
    let sides = match when {
        "tag" => [(then, of_tags, Some("tag".to_owned())), (other, of_branches, Some("branch".to_owned()))],
        "branch" => {
            [(then, of_branches, Some("branch".to_owned())), (other, of_tags, Some("tag".to_owned()))]
        }
        when if when::is_of_requests(when) => {
            let none = Mask { branch: false, tag: false, pull_request: false, others: false };
            [(then, none, Some("false".to_owned())), (other, mask, None)]
        }
        _ => [(then, mask, Some(when.to_owned())), (other, mask, Some(when::negated(when)))],
    };
    let mut made = Made::new();
    for (side, mask, when) in sides {
        if !mask.branch && !mask.tag && !mask.others {
            continue;
        }
        let is_of_tags = mask.tag && !mask.branch && !mask.others;
        // The name of a ref that is a git tag.
        let named = |piece: &Piece| match piece {
            Piece::Fact(Fact::RefName) if is_of_tags => Piece::Fact(Fact::Tag),
            other => other.clone(),
        };
        let side: Vec<Piece> = side.0.iter().map(named).collect();
        // Where there is nothing, there is no tag.
        if side.is_empty() {
            continue;
        }
        let whole = Template([&text.0[..at], side.as_slice(), &text.0[at + 1..]].concat());
        match of_text(&whole, mask, has_rules) {
            Ok(all) => made.extend(all.into_iter().map(|(text, domain, own)| {
                let domain = match when.as_deref() {
                    Some("tag") => domain.and(Mask::TAG),
                    Some("branch") => domain.and(Mask::BRANCH),
                    _ => domain,
                };
                (text, domain, and(own, when.clone()))
            })),
            Err(why) => return Some(Err(why)),
        }
    }
    Some(Ok(made))
}

/// A text with the name of the branch or git tag as GitLab shortens it, for each of them.
fn of_slug(text: &Template, mask: Mask) -> Option<Result<Made, String>> {
    let is_slug = |piece: &Piece| matches!(piece, Piece::Fact(Fact::RefSlug));
    let with = |word: &str| {
        let slug = format!("{{{{ ({word} | lower | replace('.', '-') | replace('_', '-') | slug)[:63] }}}}");
        let one = |piece: &Piece| if is_slug(piece) { Piece::Text(slug.clone()) } else { piece.clone() };
        (Template(text.0.iter().map(one).collect()), Some(word.to_owned()))
    };
    text.0.iter().any(is_slug).then(|| {
        let of = |(text, when), mask| (text, mask, when);
        let tag = mask.tag.then(|| of(with("tag"), Mask::TAG));
        let branch = (mask.branch || mask.others).then(|| of(with("branch"), Mask::BRANCH));
        Ok(tag.into_iter().chain(branch).collect())
    })
}

/// A text with a part of the name of the branch or git tag, for each of them.
fn of_part(text: &Template, mask: Mask) -> Option<Result<Made, String>> {
    ref_parts::has_part(text).then(|| {
        let of = |word: &str, domain| (ref_parts::said(text, word), domain, Some(word.to_owned()));
        let tag = mask.tag.then(|| of("tag", Mask::TAG));
        let branch = (mask.branch || mask.others).then(|| of("branch", Mask::BRANCH));
        Ok(tag.into_iter().chain(branch).collect())
    })
}

/// A rule of docker/metadata-action.
fn of_rule(rule: &RuleLine, candidate: &Candidate) -> Result<Made, String> {
    let RuleLine { line, enable, is_default: _, digits } = rule;
    let condition = match enable {
        None => None,
        Some(enable) => {
            let why = || format!("a plan cannot express `{}`", quotable(&enable.written));
            Some(enable.when.clone().ok_or_else(why)?)
        }
    };
    let constant = line.text.constant();
    let fields: Vec<(String, Template)> = fields(&line.text);
    if let Some((fields, value)) = short_commit::as_pattern(&line.text, &fields, *digits)? {
        return raw(&fields, &value, condition, candidate);
    }
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    let kind = field("type").and_then(Template::constant).unwrap_or_else(|| "raw".to_owned());
    let has_value = field("value").is_some_and(|value| !value.0.is_empty());
    let domain = match (kind.as_str(), field("event").and_then(Template::constant).as_deref()) {
        ("semver" | "pep440" | "match", _) if !has_value => Mask::TAG,
        ("ref", Some("tag")) => Mask::TAG,
        ("ref", Some("branch")) | ("edge", _) => Mask::BRANCH,
        ("ref", Some("pr")) => Mask { branch: false, tag: false, pull_request: true, others: false },
        ("schedule", _) => Mask { branch: false, tag: false, pull_request: false, others: true },
        _ => Mask::ALL,
    };
    if let Some(text) = constant {
        valid(&text)?;
        return Ok(vec![(Template::from(text.as_str()), domain, condition)]);
    }
    let of_version = matches!(kind.as_str(), "semver" | "pep440" | "match");
    if let Some(value) = field("value") {
        match value.0.as_slice() {
            // What the rule takes by itself.
            [Piece::Fact(Fact::RefName | Fact::Tag | Fact::Version)] if of_version => {
                let rest = fields.iter().filter(|(name, _)| name != "value");
                let text = joined(rest);
                let domain = Mask::TAG;
                if let Some(text) = text.constant() {
                    valid(&text)?;
                }
                return Ok(vec![(text, domain, condition)]);
            }
            _ if kind == "raw" && !has_only_names(value) => return raw(&fields, value, condition, candidate),
            _ => {}
        }
    }
    if let Some(unknown) = line.text.unknown_parts().first() {
        return Err(format!("`{}` is not known here", quotable(unknown)));
    }
    if !has_only_names(&line.text) {
        let shown = line.text.0.iter().find(|piece| matches!(piece, Piece::Fact(_) | Piece::Meta(..)));
        let shown = shown.map(|piece| Template(vec![piece.clone()]).shown()).unwrap_or_default();
        return Err(format!("a rule has no word for `{shown}` there"));
    }
    Ok(vec![(line.text.clone(), domain, condition)])
}

/// A rule `raw` whose value is of the run: a pattern of ours.
fn raw(
    fields: &[(String, Template)],
    value: &Template,
    condition: Option<String>,
    candidate: &Candidate,
) -> Result<Made, String> {
    let affix = |name: &str| -> Template {
        let own = fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let of_flavor = candidate
            .flavor
            .iter()
            .flat_map(|line| rule_fields::fields(&line.text))
            .rfind(|(known, _)| known == name);
        own.or(of_flavor.map(|(_, value)| value)).unwrap_or_default()
    };
    let mut text = affix("prefix");
    text.extend(value.clone());
    text.extend(affix("suffix"));
    if text.0.iter().any(|piece| matches!(piece, Piece::Text(text) if text.contains("{{"))) {
        return Err("words of the action are mixed with words of a pattern".to_owned());
    }
    let enable = fields.iter().find(|(name, _)| name == "enable").and_then(|(_, value)| value.constant());
    let own = match enable.as_deref().map(|text| text.replace(' ', "")).as_deref() {
        None | Some("true") => None,
        Some("{{is_default_branch}}") => Some("default_branch".to_owned()),
        Some("{{is_not_default_branch}}") => Some("not default_branch".to_owned()),
        Some("false") => Some("false".to_owned()),
        Some(other) => return Err(format!("`enable={other}` is not known beside a value of the run")),
    };
    let condition = and(condition, own);
    let made = of_text(&text, Mask::ALL, true)?;
    Ok(made.into_iter().map(|(text, domain, own)| (text, domain, and(own, condition.clone()))).collect())
}

/// A list of strings.
pub(crate) fn list(items: impl IntoIterator<Item = Expression>) -> Expression {
    Expression::Array(items.into_iter().collect())
}
