//! Patterns: texts with `{{ words }}` of a version and of the run's facts in them, and conditions over the same words.

mod words;

mod absence;
mod bounds;
mod compare;
mod condition;
mod date;
mod environment;
mod error;
mod foreign;
mod slug;

mod form;
mod possible;

mod contradiction;
mod never;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use minijinja::value::{Object, Value};
use minijinja::{ErrorKind, UndefinedBehavior};

use self::compare::{first_word, is_of_word};
pub use self::condition::holds;
pub(crate) use self::condition::{asks_for_prerelease, asks_for_version, holds_of_version};
use self::date::{check_called, date};
use self::environment::environment;
pub(crate) use self::error::PatternError;
use self::error::{detail, other_word};
pub(crate) use self::form::PatternForms;
pub(crate) use self::never::never;
pub(crate) use self::possible::{Runs, may_hold, tags_of};
pub(crate) use self::slug::slug;
use self::words::{
    COMMIT_WORDS, DATE, FACT_WORDS, IMAGE_WORDS, PRERELEASE, VERSION_WORDS, is_of_version, words,
};
use crate::facts::{Facts, Known, is_moving_tag};
use crate::parallel::lock;
use crate::version::Version;

/// What words stand for.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    /// The version, for its words.
    pub version: Option<&'a Version>,
    /// The facts, for theirs.
    pub facts: Known<'a>,
    /// What the image is called.
    pub image: ImageNames<'a>,
}

/// What an image is called.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImageNames<'a> {
    /// The name of its block.
    pub name: &'a str,
    /// Its key in the plan, which is the target's name for a member of a matrix.
    pub key: &'a str,
}

/// A rendered pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// The words that the pattern uses.
    pub uses: Uses,
    /// Whether the commit, or what stands for it, was asked for in this run: `{{ tag | default('edge') }}` has none on a
    /// branch, and the git tag `nightly` is of another one tomorrow.
    pub names_commit: bool,
    /// The first fact that was asked for and that nobody knows, so that something stood in for it, as with `default`: the run may
    /// have it.
    pub unknown: Option<PatternError>,
}

/// The words that a pattern uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// How many leading numbers of the version it names: 2 for `{{ major }}.{{ minor }}`, `usize::MAX` for the whole
    /// version; 0 for none.
    pub depth: usize,
    /// The words of facts, sorted.
    pub facts: BTreeSet<&'static str>,
}

impl Uses {
    /// Whether it names a branch or a pull request, which anybody may call or number as versions are.
    #[must_use]
    pub fn names_branch(&self) -> bool {
        let words = ["branch", "head_branch", "base_branch", "default_branch", "ref", "pr"];
        words.iter().any(|word| self.facts.contains(word))
    }

    /// Whether it names anything of the run.
    #[must_use]
    pub fn names_run(&self) -> bool {
        !self.facts.is_empty()
    }
}

/// Whether a text has a pattern's delimiters; without, it stands for itself.
#[must_use]
pub(crate) fn is_pattern(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|open| text.contains(open))
}

/// The word of a pattern that a text seems to be meant as, where it is not rendered: `version` of `v{{ version }}`.
#[must_use]
pub(crate) fn word_in(text: &str) -> Option<&'static str> {
    let inside = text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
    let mut first = inside.map(|(inside, _)| first_word(inside.trim_start_matches('-').trim_start()));
    first.find_map(|found| words().find(|word| *word == found))
}

/// Whether a pattern shows the version as it is written.
#[must_use]
pub(crate) fn names_version(pattern: &str) -> bool {
    names(pattern, "version")
}

/// Whether a pattern may show the git tag of the run.
#[must_use]
pub(crate) fn names_git_tag(pattern: &str) -> bool {
    names(pattern, "tag")
}

fn names(pattern: &str, word: &str) -> bool {
    let codes = pattern.split('{').filter_map(|part| part.split_once('}')).map(|(code, _)| code);
    codes.flat_map(compare::tokens).any(|token| token == word)
}

/// Whether a pattern or a condition may name facts of the run. Words of other meanings count, too.
#[must_use]
pub(crate) fn mentions_run(text: &str) -> bool {
    let mut words = text.split(|c: char| !is_of_word(c));
    words.any(|word| FACT_WORDS.contains(&word) || word == DATE)
}

/// Renders a pattern. `Ok(None)` when it needs a part that this version has not: `{{ minor }}` of `19beta3`.
///
/// `{{ version }}` is without a leading `v`, and `{{ semver }}` without build metadata, too, which tags cannot hold; `{{ sha }}` is short,
/// `{{ commit }}` is not; dates are in UTC unless `tz` says otherwise, and of [`Facts::time`].
///
/// # Errors
/// When the pattern can never render, or not with these facts.
pub fn render(pattern: &str, words: &Words<'_>) -> Result<Option<Rendered>, PatternError> {
    if !is_pattern(pattern) {
        let (uses, text) = (Uses::default(), pattern.to_owned());
        return Ok(Some(Rendered { text, uses, names_commit: false, unknown: None }));
    }
    bounds::check(pattern).map_err(PatternError::Refused)?;
    check_comparisons(pattern)?;
    check_called(pattern)?;
    let mut environment = environment();
    // A part of what is not there would be an empty list, which is text as well.
    if pattern.contains('[') && pattern.contains(':') {
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
    }
    let template = environment.template_from_str(pattern).map_err(|e| {
        let is_read = |text: &str| environment.compile_expression(text).is_ok();
        let meant = foreign::of_go(pattern).or_else(|| foreign::pattern_as_meant(pattern, is_read));
        PatternError::Syntax { detail: detail(&e), meant }
    })?;
    let mut used: BTreeSet<String> = template.undeclared_variables(false).into_iter().collect();
    let (uses, known, asked, rendered) = loop {
        let uses = uses(&used, None, pattern)?;
        let known = pairs(&uses, words);
        let recorder = Recorder::new(&known);
        let rendered = template.render(Value::from_dyn_object(Arc::clone(&recorder)));
        let asked = recorder.asked();
        if asked.is_subset(&used) {
            break (uses, known, asked, rendered);
        }
        used.extend(asked);
    };
    match rendered {
        Ok(text) => match words.version.filter(|version| !version.build().is_empty() && text.contains('+')) {
            Some(version) => Err(PatternError::Build(version.text().to_owned())),
            None => {
                let has = |word: &&str| asked.contains(*word) && known.iter().any(|(name, _)| name == word);
                let is_moving = |word: &str| {
                    let facts: &Facts = words.facts;
                    word == "tag" && facts.tag.as_deref().is_some_and(is_moving_tag)
                };
                let has = |word: &&str| has(word) && !is_moving(word);
                let is_known = |word: &str| known.iter().any(|(name, _)| *name == word);
                let unknown = asked.iter().find(|word| !is_known(word) && !is_absent(word, words.facts));
                let unknown =
                    unknown.filter(|word| !is_of_version(word)).map(|word| missing(word, words.facts));
                Ok(Some(Rendered { text, uses, names_commit: COMMIT_WORDS.iter().any(has), unknown }))
            }
        },
        Err(e) if matches!(e.kind(), ErrorKind::UndefinedError | ErrorKind::UnknownFunction) => {
            absent(&used, words, &known)
        }
        // Filters complain in words of their own about what is not there: does the pattern render when it is?
        Err(e) => match template.render(Value::from_pairs(completed(&used, &known))) {
            Ok(_) => absent(&used, words, &known),
            Err(e) if e.kind() == ErrorKind::UnknownFilter => Err(PatternError::Filter(detail(&e))),
            Err(_) => Err(PatternError::of_rendering(&e)),
        },
    }
}

/// Renders what is the same in every run, such as a repository: it knows what the image is called, and nothing else.
///
/// # Errors
/// When it cannot be rendered, or asks for more.
pub(crate) fn render_name(pattern: &str, image: ImageNames<'_>) -> Result<String, PatternError> {
    let facts = &Facts::default();
    match render(pattern, &Words { version: None, facts: &facts, image }) {
        Ok(Some(rendered)) if rendered.uses == Uses::default() => Ok(rendered.text),
        Ok(rendered) => {
            let word = rendered.and_then(|rendered| rendered.uses.facts.first().copied());
            Err(PatternError::NotOfImage(word.unwrap_or("version").to_owned()))
        }
        Err(PatternError::NoVersion(word) | PatternError::MissingFact { word, .. }) => {
            Err(PatternError::NotOfImage(word))
        }
        Err(e) => Err(e),
    }
}

/// The words that are known, and something in the place of the others.
fn completed<'p>(used: &'p BTreeSet<String>, known: &[(&'p str, Value)]) -> Vec<(&'p str, Value)> {
    let missing = used.iter().filter(|word| !known.iter().any(|(name, _)| name == word));
    known.iter().cloned().chain(missing.map(|word| (word.as_str(), Value::from("0")))).collect()
}

fn check_comparisons(text: &str) -> Result<(), PatternError> {
    compare::of_text(text, &example_of).map_or(Ok(()), |found| Err(found.into()))
}

/// What an expression comes to where there is all that words stand for, as far as that can be told.
fn example_of(expression: &str) -> Option<Value> {
    match examples().find(|(word, _)| *word == expression) {
        Some((_, found)) => Some(found),
        None => environment().compile_expression(expression).ok()?.eval(Value::from_pairs(examples())).ok(),
    }
}

/// All words, each with an example of what it stands for.
fn examples() -> impl Iterator<Item = (&'static str, Value)> {
    words().chain([PRERELEASE]).map(|word| {
        let example = match word {
            "version" => Value::from("1.2.3.4-rc.5+6"),
            "semver" => Value::from("1.2.3.4-rc.5"),
            "major" | "minor" | "patch" => Value::from("1"),
            "pr" => Value::from(1),
            DATE => date(Timestamp::UNIX_EPOCH),
            PRERELEASE => Value::from(false),
            text => Value::from(text),
        };
        (word, example)
    })
}

/// The words that a template may ask for, and those that it has asked for: the template language's own list of them does
/// not look into slices (`commit[:12]`).
#[derive(Debug)]
struct Recorder {
    known: BTreeMap<&'static str, Value>,
    asked: Mutex<BTreeSet<String>>,
}

impl Recorder {
    fn new(known: &[(&'static str, Value)]) -> Arc<Self> {
        Arc::new(Self { known: known.iter().cloned().collect(), asked: Mutex::default() })
    }

    /// The words that were asked for.
    fn asked(&self) -> BTreeSet<String> {
        lock(&self.asked).clone()
    }
}

impl Object for Recorder {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let word = key.as_str()?;
        lock(&self.asked).insert(word.to_owned());
        self.known.get(word).cloned()
    }
}

/// Checks the words that a text asks for; a condition may ask for one more.
fn uses(used: &BTreeSet<String>, also: Option<&str>, text: &str) -> Result<Uses, PatternError> {
    let mut uses = Uses::default();
    for word in used {
        if let Some((_, depth)) = VERSION_WORDS.iter().find(|(name, _)| name == word) {
            uses.depth = uses.depth.max(*depth);
        } else if let Some(fact) = FACT_WORDS.iter().chain([&DATE]).find(|name| *name == word) {
            uses.facts.insert(fact);
        } else if !IMAGE_WORDS.contains(&word.as_str()) && also != Some(word.as_str()) {
            let help = other_word(word, text, also.is_some());
            return Err(PatternError::UnknownWord { word: word.clone(), help });
        }
    }
    Ok(uses)
}

/// The words that are known, with their values. Facts are asked for only when they are used.
fn pairs(uses: &Uses, words: &Words<'_>) -> Vec<(&'static str, Value)> {
    let ImageNames { name, key } = words.image;
    let mut pairs: Vec<_> = IMAGE_WORDS.into_iter().zip([name, key].map(Value::from)).collect();
    if let Some(version) = words.version {
        let parts = [
            Some(version.without_v()),
            Some(version.core()),
            version.major(),
            version.minor(),
            version.patch(),
        ];
        let parts = VERSION_WORDS.iter().zip(parts);
        pairs.extend(parts.filter_map(|((word, _), part)| Some((*word, Value::from(part?)))));
    }
    for &word in &uses.facts {
        let facts: &Facts = words.facts;
        let text = |text: &Option<String>| text.as_deref().map(Value::from);
        let value = match word {
            "event" => text(&facts.event),
            "ref" => text(&facts.git_ref),
            "branch" => text(&facts.branch),
            "tag" => text(&facts.tag),
            "pr" => facts.pull_request.map(Value::from),
            "head_branch" => text(&facts.head_branch),
            "base_branch" => text(&facts.base_branch),
            "default_branch" => text(&facts.default_branch),
            "sha" => facts.short_commit().map(Value::from),
            "commit" => text(&facts.commit),
            _ => facts.time().map(date),
        };
        pairs.extend(value.map(|value| (word, value)));
    }
    pairs
}

/// What a template that needs a missing word comes to.
fn absent(
    used: &BTreeSet<String>,
    words: &Words<'_>,
    known: &[(&str, Value)],
) -> Result<Option<Rendered>, PatternError> {
    let is_missing = |word: &&String| !known.iter().any(|(name, _)| name == word);
    let of_version = |word: &&String| is_of_version(word);
    match used.iter().filter(is_missing).find(of_version) {
        Some(_) if words.version.is_some() => return Ok(None),
        Some(word) => return Err(PatternError::NoVersion(word.clone())),
        None => {}
    }
    match used.iter().find(is_missing) {
        Some(word) => Err(missing(word, words.facts)),
        None => Err(PatternError::Undefined),
    }
}

/// Whether it is known that a run has no such fact.
fn is_absent(word: &str, facts: &Facts) -> bool {
    depends_on_ref(word) && facts.git_ref.is_some() || word == "event"
}

fn depends_on_ref(word: &str) -> bool {
    ["branch", "tag", "pr", "head_branch", "base_branch"].contains(&word)
}

fn missing(word: &str, facts: &Facts) -> PatternError {
    PatternError::MissingFact {
        word: word.to_owned(),
        at: facts.git_ref.clone().filter(|_| depends_on_ref(word)),
        problem: facts.git_problem.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_branch(branch: &str) -> Facts {
        Facts {
            event: Some("push".into()),
            git_ref: Some(format!("refs/heads/{branch}")),
            commit: Some("0123456789abcdef0123456789abcdef01234567".into()),
            commit_time: Some("2026-03-04T23:30:00Z".parse().unwrap()),
            default_branch: Some("main".into()),
            ..Facts::default()
        }
        .with_ref_parts()
    }

    fn text(pattern: &str, version: Option<&str>, facts: &Facts) -> Result<Option<String>, PatternError> {
        let version: Option<Version> = version.map(|text| text.parse().unwrap());
        let words = Words { version: version.as_ref(), facts: &facts, image: ImageNames::default() };
        Ok(render(pattern, &words)?.map(|rendered| rendered.text))
    }

    #[track_caller]
    fn case(pattern: &str, version: &str, expected: Option<&str>) {
        assert_eq!(
            text(pattern, Some(version), &Facts::default()).unwrap().as_deref(),
            expected,
            "{pattern} of {version}"
        );
    }

    #[track_caller]
    fn of_facts(pattern: &str, expected: &str) {
        assert_eq!(
            text(pattern, None, &on_branch("feature/Ü x")),
            Ok(Some(expected.to_owned())),
            "{pattern}"
        );
    }

    #[track_caller]
    fn condition(condition: &str, facts: &Facts, expected: &Result<bool, PatternError>) {
        let version: Version = "1.2.3-rc.1".parse().unwrap();
        let words = Words { version: Some(&version), facts: &facts, image: ImageNames::default() };
        assert_eq!(&holds(condition, &words), expected, "{condition}");
    }

    fn missing_fact(word: &str) -> PatternError {
        PatternError::MissingFact { word: word.into(), at: None, problem: None }
    }

    #[test]
    fn words_are_the_literal_parts_of_the_version() {
        case("{{ version }}", "3.14.1", Some("3.14.1"));
        case("{{version}}", "v3.14.1", Some("3.14.1"));
        case("{{ major }}.{{ minor }}", "24.04", Some("24.04"));
        case("{{ major }}.{{ minor }}", "19beta3", None);
        case("{{ major }}.{{ minor | default('0') }}", "19beta3", Some("19.0"));
        case("{{ minor | int + 1 }}", "19beta3", None);
        case("latest", "1.2.3", Some("latest"));
        case("v{{ major }}-slim", "1.2.3", Some("v1-slim"));
    }

    #[test]
    fn what_can_never_render_is_an_error() {
        let none = Facts::default;
        let error = text("{{ verison }}", Some("1.2.3"), &none()).unwrap_err();
        assert_eq!(error.help(), "did you mean `version`?");
        assert!(matches!(text("{{ version", Some("1"), &none()), Err(PatternError::Syntax { .. })));
        assert_eq!(text("{{ major }}", None, &none()), Err(PatternError::NoVersion("major".into())));
        let endless = "{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}";
        assert!(matches!(
            text(endless, None, &none()),
            Err(PatternError::Refused(_) | PatternError::UnknownWord { .. })
        ));
    }

    #[test]
    fn facts_are_words_too() {
        of_facts("{{ branch | slug }}", "feature-x");
        of_facts("sha-{{ sha }}", "sha-0123456");
        of_facts("{{ commit }}", "0123456789abcdef0123456789abcdef01234567");
        of_facts("{{ date('%Y%m%d') }}", "20260304");
        of_facts("{{ date('%Y%m%d.%H', tz='Europe/Berlin') }}", "20260305.00");
        of_facts("{{ tag | default('edge') }}", "edge");
    }

    #[test]
    fn words_are_found_wherever_they_stand() {
        of_facts("sha-{{ commit[:12] }}", "sha-0123456789ab");
        of_facts("{{ commit[2:5] }}", "234");
        of_facts("{{ (commit ~ branch)[-1:] }}", "x");
        of_facts("{% if commit[:2] == '01' %}{{ branch[:7] }}{% endif %}", "feature");
        of_facts("{{ [sha, branch][:1] | join }}", "0123456");
        of_facts("{{ tag[:3] | default('none') if tag is defined else event[:2] }}", "pu");
        of_facts("{{ date('%Y%m%d')[2:] }}", "260304");
        case("{{ version[:4] }}", "2023.01.1", Some("2023"));
        case("{{ minor[:1] }}", "19beta3", None);
        let rendered = |pattern| {
            let words = Words { version: None, facts: &&on_branch("main"), image: ImageNames::default() };
            render(pattern, &words).unwrap().unwrap()
        };
        assert!(rendered("{{ commit[:12] }}").names_commit);
        assert!(!rendered("{{ 'edge' if branch else sha }}").names_commit);
        assert_eq!(rendered("{{ branch[:3] }}").uses.facts, BTreeSet::from(["branch"]));
        assert_eq!(text("{{ commit[:12] }}", None, &Facts::default()), Err(missing_fact("commit")));
        assert_eq!(
            text("{{ major[:1] }}", None, &on_branch("a")),
            Err(PatternError::NoVersion("major".into()))
        );
        let unknown = text("{{ comit[:12] }}", None, &on_branch("a")).unwrap_err();
        assert_eq!(unknown.help(), "did you mean `commit`?");
        condition("commit[:3] == '012'", &on_branch("main"), &Ok(true));
        condition("tag[:1] == 'v'", &Facts::default(), &Err(missing_fact("tag")));
    }

    #[test]
    fn an_image_has_names() {
        let image = ImageNames { name: "python", key: "python-3-14" };
        let facts = &Facts::default();
        let rendered =
            |pattern| render(pattern, &Words { version: None, facts: &facts, image }).unwrap().unwrap();
        assert_eq!(rendered("{{ image }}-{{ key[7:] }}").text, "python-3-14");
        assert_eq!(rendered("{{ key }}").uses, Uses::default());
        assert_eq!(render_name("r.io/{{ image }}/{{ key }}", image), Ok("r.io/python/python-3-14".into()));
        assert_eq!(render_name("r.io/x", image), Ok("r.io/x".into()));
        for word in ["tag", "branch", "version", "sha", "major"] {
            assert!(render_name(&format!("{{{{ {word} }}}}"), image).is_err(), "{word}");
            assert!(render_name(&format!("{{{{ {word} | default('x') }}}}"), image).is_err(), "{word}");
        }
        assert_eq!(render_name("{{ imgae }}", image).unwrap_err().help(), "did you mean `image`?");
        assert_eq!(holds("image == 'python'", &Words { version: None, facts: &facts, image }), Ok(true));
    }

    #[test]
    fn words_alone_ask_whether_the_run_has_them() {
        let request =
            Facts { git_ref: Some("refs/pull/7/merge".into()), ..Facts::default() }.with_ref_parts();
        let tag = Facts { git_ref: Some("refs/tags/v1".into()), ..Facts::default() }.with_ref_parts();
        for word in ["branch", "tag", "pr"] {
            condition(word, &on_branch("main"), &Ok(word == "branch"));
            condition(word, &request, &Ok(word == "pr"));
            condition(word, &tag, &Ok(word == "tag"));
            condition(&format!("not {word}"), &request, &Ok(word != "pr"));
        }
        condition("pr or tag", &request, &Ok(true));
        condition("tag or pr", &request, &Ok(true));
        condition("branch and event == 'push'", &on_branch("main"), &Ok(true));
        condition("event == 'push' and branch", &on_branch("main"), &Ok(true));
        condition("pr and tag", &request, &Ok(false));
        condition("commit", &on_branch("main"), &Ok(true));
        let not = |kind: &str| Err(PatternError::NotABool(kind.into()));
        condition("1 + 1", &tag, &not("a number"));
        condition("'tag'", &tag, &not("a string"));
        condition("[branch]", &tag, &not("a sequence"));
    }

    #[test]
    fn a_missing_fact_is_named() {
        let error = text("{{ tag }}", None, &on_branch("main")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the pattern uses `tag`, which is unknown: this is a run of `refs/heads/main`"
        );
        assert_eq!(text("{{ sha }}", None, &Facts::default()), Err(missing_fact("sha")));
        assert_eq!(text("{{ branch | slug }}", None, &Facts::default()), Err(missing_fact("branch")));
        assert_eq!(text("{{ sha | upper }}", None, &Facts::default()), Err(missing_fact("sha")));
        assert_eq!(
            missing_fact("sha").help(),
            "give it with `--fact commit=…`; `bakeplan plan --facts` shows what is known"
        );
        assert_eq!(text("{{ date('%Y') }}", None, &Facts::default()), Err(missing_fact("date")));
        assert!(matches!(text("{{ date('%Y%!') }}", None, &on_branch("a")), Err(PatternError::Render(_))));
        assert!(matches!(
            text("{{ date('%Y', tz='Moon') }}", None, &on_branch("a")),
            Err(PatternError::Render(_))
        ));
    }

    #[test]
    fn the_words_used_are_told() {
        let version: Version = "1.2.3".parse().unwrap();
        let facts = on_branch("main");
        let uses = |pattern| {
            render(pattern, &Words { version: Some(&version), facts: &&facts, image: ImageNames::default() })
                .unwrap()
                .unwrap()
                .uses
        };
        assert_eq!(
            uses("{{ major }}.{{ minor }}-{{ sha }}"),
            Uses { depth: 2, facts: BTreeSet::from(["sha"]) }
        );
        assert_eq!(uses("{{ version }}").depth, usize::MAX);
        assert_eq!(uses("latest"), Uses::default());
    }

    #[test]
    fn conditions_are_over_facts() {
        let main = || on_branch("main");
        condition("event == 'push' and branch == default_branch", &main(), &Ok(true));
        condition("branch == default_branch", &on_branch("dev"), &Ok(false));
        condition("tag", &main(), &Ok(false));
        condition("default_branch", &main(), &Ok(true));
        condition("default_branch", &on_branch("dev"), &Ok(false));
        condition("event == 'push' and not default_branch", &on_branch("dev"), &Ok(true));
        condition("(default_branch or tag) and event == 'push'", &main(), &Ok(true));
        condition("default_branch == 'main'", &on_branch("dev"), &Ok(true));
        condition("'dev' != default_branch", &on_branch("dev"), &Ok(true));
        condition("branch in [default_branch, 'dev']", &on_branch("dev"), &Ok(true));
        condition("event == 'default_branch'", &main(), &Ok(false));
        condition("not prerelease", &main(), &Ok(false));
        condition("ref is startingwith('refs/heads/')", &main(), &Ok(true));
        condition("event == 'push'", &Facts::default(), &Ok(false));
        condition("branch == default_branch", &Facts::default(), &Err(missing_fact("branch")));
        let tag = Facts { git_ref: Some("refs/tags/v1".into()), ..Facts::default() };
        condition("branch == default_branch", &tag, &Err(missing_fact("default_branch")));
        let tag = Facts { default_branch: Some("main".into()), ..tag };
        condition("default_branch", &tag, &Ok(false));
        condition("date('%u') == '3'", &main(), &Ok(true));
        let unknown =
            PatternError::UnknownWord { word: "brunch".into(), help: "did you mean `branch`?".into() };
        condition("brunch", &main(), &Err(unknown));
    }

    #[test]
    fn branches_become_parts_of_tags() {
        for (branch, expected) in [
            ("a/b", "a-b"),
            ("release/1.2", "release-1.2"),
            ("_x", "_x"),
            ("-.y//z#", "y-z"),
            ("Ünï", "n"),
            ("1/2", "1-2"),
        ] {
            assert_eq!(slug(branch).unwrap(), expected, "{branch}");
        }
        let error = text("{{ branch | slug }}", None, &on_branch("日本")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the pattern cannot be rendered: no character of `日本` can be in a tag"
        );
    }
}
