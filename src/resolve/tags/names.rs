//! The names that an image claims: its rendered tag patterns, before it is known who owns them.

use std::collections::BTreeSet;

use indexmap::IndexSet;

use super::claims;
use super::taken::Taken;
use crate::bake::target::Text;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{self, Facts};
use crate::form::Form;
use crate::pattern::{self, PatternError, PatternForms, Rendered, Runs, Uses, Words};
use crate::reference::Tag;
use crate::resolve::images::constants::{self, names_prereleases};
use crate::resolve::images::forms;
use crate::resolve::images::image::UnresolvedImage;
use crate::resolve::images::lists;
use crate::resolve::images::rules::{AppliedRules, NamedTag};
use crate::resolve::images::variants;
use crate::resolve::images::version::{ImageVersion, cure, cure_by, subject};
use crate::resolve::images::versions;
use crate::resolve::input::{Input, Purpose};
use crate::rules::{self, Rule};
use crate::source::Span;
use crate::spec::{Settings, TagPattern};
use crate::tags::{self, CandidateName, Claim, LATEST};
use crate::version::Version;

/// What an image claims.
#[derive(Clone, Debug, Default)]
pub(in crate::resolve) struct Names {
    pub(in crate::resolve) names: Vec<CandidateName>,
    /// Those that nothing was put into.
    pub(in crate::resolve) constants: BTreeSet<String>,
    /// Whether other runs may have others.
    pub(in crate::resolve) depend_on_run: bool,
    /// Whether there are none in any run, since each condition lets only runs through that lack what its pattern needs.
    pub(in crate::resolve) contradict: bool,
    /// What its variant puts behind each; an empty text for an image without.
    pub(in crate::resolve) suffixes: IndexSet<String>,
}

/// Renders the patterns of an image.
pub(in crate::resolve) fn names(
    input: &Input<'_>,
    image: &UnresolvedImage,
    pattern_forms: &PatternForms,
    diagnostics: &mut Diagnostics,
) -> Names {
    let taken = Taken::of(image, pattern_forms, input);
    let of_rules = image
        .rules
        .as_ref()
        .map(|rules| rules.names(image.reading(), pattern_forms.sha_length(), diagnostics));
    let mut renderer = Renderer {
        input,
        image,
        pattern_forms,
        taken,
        names: Vec::new(),
        constants: BTreeSet::new(),
        without_version: Vec::new(),
        of_other_refs: Vec::new(),
        diagnostics,
    };
    let settings = image.settings();
    if let Some(rules) = &image.rules {
        rules.named().for_each(|tag| renderer.check_named(&tag));
        rules.days().for_each(|(line, text)| renderer.check_day(line, text));
    }
    let default: Vec<TagPattern> = match settings.version {
        // An error about the version has been told.
        Some(_) if matches!(image.version, ImageVersion::None | ImageVersion::Refused) => Vec::new(),
        _ => tags::default_patterns().into_iter().map(|pattern| renderer.default_pattern(pattern)).collect(),
    };
    renderer.names.extend(of_rules.unwrap_or_default());
    let patterns = settings.tags.as_ref().unwrap_or(&default);
    for one in patterns.iter().filter(|one| !rules::is_rule(one.pattern.as_str())) {
        // A constant whose condition asks for prereleases is theirs.
        let asks = one.when.as_ref().is_some_and(|when| pattern::asks_for_prerelease(when.as_str()));
        renderer.pattern(one, |claim, version, rendered| match claim {
            Claim::Versions(depth) if asks && version.is_some_and(Version::is_prerelease) => {
                let is_theirs =
                    if depth == 0 { rendered.text != LATEST } else { names_prereleases(&rendered.text) };
                if is_theirs { Claim::Prereleases(depth) } else { Claim::Versions(depth) }
            }
            claim => claim,
        });
    }
    for text in settings.prerelease_tags.iter().map(|one| &one.pattern).chain(&settings.channels) {
        if rules::is_rule(text.as_str()) {
            let diagnostic =
                Diagnostic::error(Code::TAG_RULE, "rules of docker/metadata-action are entries of `tags`");
            renderer
                .diagnostics
                .report(diagnostic.at(text.span, "").with_help("move it there, or write a pattern"));
            return Names::default();
        }
    }
    if image.version.known().is_some_and(Version::is_prerelease) {
        for pattern in &settings.prerelease_tags {
            renderer.pattern(pattern, |claim, _, _| match claim {
                Claim::Versions(depth) => Claim::Prereleases(depth),
                other => other,
            });
        }
    }
    for channel in &settings.channels {
        let pattern = TagPattern {
            pattern: channel.clone(),
            when: None,
            is_fixed: true,
            is_written: false,
            any: false,
        };
        renderer.pattern(&pattern, |_, _, _| Claim::Channel);
    }
    if image.version.known().is_some_and(Version::is_prerelease) {
        renderer.warn_of_releases();
    }
    renderer.note_without_version();
    renderer.note_other_refs();
    let (names, constants) = (renderer.names, renderer.constants);
    let follows = |claim| matches!(claim, Claim::Versions(_) | Claim::Prereleases(_) | Claim::Channel);
    let floats: Vec<&str> =
        names.iter().filter(|one| follows(one.claim)).map(|one| one.name.as_str()).collect();
    versions::check_class(image, &floats, diagnostics);
    if let Some(version) = image.version.known() {
        lists::check_withdrawn(image, version, diagnostics);
    }
    note_constants(image, &names, &constants, diagnostics);
    let depend_on_run = depend_on_run(image);
    let contradict = depend_on_run && !may_have_tag(settings);
    let suffixes = variants::suffixes(settings, diagnostics);
    variants::check(image, &names, &constants, &suffixes, diagnostics);
    Names { names, constants, depend_on_run, contradict, suffixes }
}

/// The names that the patterns of an image give to another version, as far as they can be told.
pub(in crate::resolve) fn names_of(
    input: &Input<'_>,
    image: &UnresolvedImage,
    version: &Version,
) -> Vec<CandidateName> {
    let settings = image.settings();
    let words = Words { version: Some(version), facts: input.facts, image: image.names() };
    let of_rules = image.rules.as_ref().map(|rules| rules.names_of(version, input.facts));
    let mut names = of_rules.unwrap_or_default();
    let default = || tags::default_patterns().into_iter().map(TagPattern::verbatim).collect();
    let patterns: Vec<TagPattern> = settings.tags.clone().unwrap_or_else(default);
    for one in patterns.iter().filter(|one| !rules::is_rule(one.pattern.as_str())) {
        let holds = one.when.as_ref().is_none_or(|when| pattern::holds(when.as_str(), &words) == Ok(true));
        if let (true, Ok(Some(rendered))) = (holds, pattern::render(one.pattern.as_str(), &words)) {
            let claim = claims::claim(one, &rendered, image, image.version.is_from_run(), &words);
            let form = Form::text(&rendered.text);
            names.push(CandidateName { name: rendered.text, claim, form, span: None });
        }
    }
    names
}

/// Says which constants a prerelease does not get although they say that they are of prereleases, and which read as another
/// version.
fn note_constants(
    image: &UnresolvedImage,
    names: &[CandidateName],
    constants: &BTreeSet<String>,
    diagnostics: &mut Diagnostics,
) {
    let Some(version) = image.version.known() else { return };
    let floats = names.iter().filter(|one| matches!(one.claim, Claim::Versions(_) | Claim::Channel));
    let of_rules: BTreeSet<&str> = image.rules.iter().flat_map(|rules| rules.constants()).collect();
    let is_constant = |one: &&CandidateName| constants.contains(&one.name) || of_rules.contains(&*one.name);
    for CandidateName { name, claim, form: _, span } in floats.filter(is_constant) {
        let (is_channel, is_pattern) = (*claim == Claim::Channel, constants.contains(name));
        let names_prereleases = is_pattern && names_prereleases(name);
        let (found, help) = if version.is_prerelease() && names_prereleases && !is_channel {
            let message = format!("`{version}` is a prerelease, so it does not become `{name}`");
            let help = format!(
                "`channels = [\"{name}\"]` gives it to the greatest version, a prerelease or not, and the condition `when = \"prerelease\"` to the greatest prerelease"
            );
            (Diagnostic::note(Code::PRERELEASE_TAG, message), help)
        } else if (is_channel || *claim == Claim::Versions(0)) && constants::reads_as_other(name, version) {
            let message = format!("`{name}` reads as a version, and would be one of `{version}`");
            let help = "numbers of the version itself are `{{ major }}` and `{{ major }}.{{ minor }}`; what the tag says besides goes behind a word";
            (Diagnostic::note(Code::OTHER_VERSION, message), help.to_owned())
        } else {
            continue;
        };
        diagnostics.report(found.at(*span, "").with_help(help));
    }
}

/// Whether the names of an image may differ from run to run.
fn depend_on_run(image: &UnresolvedImage) -> bool {
    let settings = image.settings();
    let of_version = match &image.version {
        ImageVersion::None | ImageVersion::Refused => false,
        ImageVersion::Known { version: _, is_from_run } => *is_from_run,
        ImageVersion::Unknown(..) | ImageVersion::Absent { .. } | ImageVersion::Elsewhere { .. } => true,
    };
    let may_hold = |one: &&TagPattern| {
        // What an expression came to may be something else in another run.
        let is_open = one.is_off() && !one.is_fixed;
        is_open || one.when.as_ref().is_none_or(|when| pattern::may_hold(when.as_str()))
    };
    let patterns = settings.tags.iter().flatten().chain(&settings.prerelease_tags).filter(may_hold);
    if patterns.clone().any(TagPattern::is_off) {
        return true;
    }
    let texts = patterns.flat_map(|one| [Some(&one.pattern), one.when.as_ref()]).flatten();
    let version = settings.version.as_ref().and_then(|version| version.when.as_ref());
    let mut texts = texts.chain(&settings.channels).chain(version);
    of_version
        || texts.any(|text| {
            if rules::is_rule(text.as_str()) {
                Rule::parse(text.as_str()).map_or(true, |rule| rule.depends_on_run())
            } else {
                pattern::mentions_run(text.as_str())
            }
        })
}

/// Whether there may be a run in which the image has a tag: one that fulfils the conditions and has what the patterns need.
fn may_have_tag(settings: &Settings) -> bool {
    let fulfil = |when: &Option<Text>, may_change: bool| match when {
        // What an expression came to may be something else in another run.
        Some(when) if !may_change => Runs::that_fulfil(when.as_str()),
        _ => Runs::ALL,
    };
    let of_version = settings.version.as_ref().map_or(Runs::ALL, |version| {
        let is_off = version.when.as_ref().is_some_and(|when| when.as_str() == "false");
        fulfil(&version.when, is_off).and(Runs::that_render(version.as_str(), false))
    });
    let may_be = |one: &TagPattern| {
        let pattern = one.pattern.as_str();
        let runs = fulfil(&one.when, !one.is_fixed);
        let with_version = || runs.and(of_version).and(Runs::that_render(pattern, true));
        // A constant without a condition is the version's.
        let is_let = pattern::is_pattern(pattern) || one.when.is_some();
        let without = || runs.and(Runs::that_render(pattern, false));
        rules::is_rule(pattern) || with_version().any() || (is_let && without().any())
    };
    let has_more = !settings.prerelease_tags.is_empty() || !settings.channels.is_empty();
    match &settings.tags {
        Some(tags) => tags.iter().any(may_be) || (has_more && of_version.any()),
        None => of_version.any(),
    }
}

struct Renderer<'a, 'd> {
    input: &'a Input<'a>,
    image: &'a UnresolvedImage,
    pattern_forms: &'a PatternForms,
    taken: Taken<'a>,
    names: Vec<CandidateName>,
    constants: BTreeSet<String>,
    /// The patterns that need a version, which this run has not.
    without_version: Vec<Text>,
    /// The patterns that need what runs of other refs have, and the ref of this one.
    of_other_refs: Vec<(Text, String)>,
    diagnostics: &'d mut Diagnostics,
}

impl Renderer<'_, '_> {
    fn default_pattern(&self, pattern: &str) -> TagPattern {
        let span = self.image.settings().version.as_ref().and_then(|text| text.span);
        let one = TagPattern::verbatim(pattern);
        TagPattern { pattern: Text { span, ..one.pattern }, ..one }
    }

    fn pattern(&mut self, one: &TagPattern, settle: impl Fn(Claim, Option<&Version>, &Rendered) -> Claim) {
        let version = self.image.version.known();
        let words = Words { version, facts: self.input.facts, image: self.image.names() };
        if let Some(condition) = &one.when {
            match pattern::holds(condition.as_str(), &words) {
                Ok(true) => {}
                Ok(false) => return,
                Err(e) => return self.refuse(&e, condition),
            }
        }
        match pattern::render(one.pattern.as_str(), &words) {
            Ok(Some(rendered)) if rendered.text.is_empty() => {}
            // A run that publishes nothing needs no tag, and may be of a branch that no run publishes, as in a merge queue.
            Ok(Some(rendered)) if self.is_of_no_tag(&rendered) => {}
            // The note about the rules has said so.
            Ok(Some(rendered)) if one.when.is_none() && self.is_latest_of_prerelease(&rendered) => {}
            // `latest` beside versions is theirs; with a condition, somebody has thought of runs without.
            Ok(Some(rendered))
                if rendered.uses == Uses::default() && one.when.is_none() && self.has_no_version() =>
            {
                self.without_version.push(one.pattern.clone());
            }
            Ok(Some(Rendered { unknown: Some(error), .. })) if !self.input.purpose.is_committed() => {
                self.refuse(&error, &one.pattern);
            }
            Ok(Some(rendered)) => {
                let whole = version.filter(|_| rendered.uses.depth == usize::MAX);
                let cut = whole.and_then(|version| constants::cut(&rendered.text, version, one.pattern.span));
                if let Some(problem) = cut {
                    return self.diagnostics.report(problem);
                }
                let own = claims::claim(one, &rendered, self.image, self.image.version.is_from_run(), &words);
                let claim = settle(own, version, &rendered);
                self.check_branch(one, &rendered, claim);
                self.note_stand_in(one, &rendered);
                if rendered.uses == Uses::default() {
                    self.constants.insert(rendered.text.clone());
                }
                let said = self.pattern_forms.of(one.pattern.as_str(), self.image.names());
                let form = forms::of_image(&rendered.text, claim, self.image.reading(), said);
                self.names.push(CandidateName { name: rendered.text, claim, form, span: one.pattern.span });
            }
            Ok(None) => {}
            Err(PatternError::MissingFact { word: _, at: Some(at), problem: _ })
                if self.tells_refs_apart() =>
            {
                self.of_other_refs.push((one.pattern.clone(), at));
            }
            Err(e) => self.refuse(&e, &one.pattern),
        }
    }

    /// Whether what is rendered of a run can be no tag, and need not be one.
    fn is_of_no_tag(&self, rendered: &Rendered) -> bool {
        !self.input.publish && rendered.uses.names_run() && rendered.text.parse::<Tag>().is_err()
    }

    /// Whether a pattern that needs what runs of other refs have is left out of this one, which publishes its other tags.
    fn tells_refs_apart(&self) -> bool {
        self.input.publish && !self.input.purpose.is_committed()
    }

    /// Says where a table has what stands in for a fact that it does not know, as in `{{ tag | default('dev') }}`.
    fn note_stand_in(&mut self, one: &TagPattern, rendered: &Rendered) {
        let is_of_ref = |word: &&&str| matches!(**word, "tag" | "branch" | "pr");
        let Some(word) = rendered.uses.facts.iter().find(is_of_ref) else { return };
        if self.input.purpose != Purpose::TagTable || self.input.facts.git_ref.is_some() {
            return;
        }
        let facts = facts::examples(if *word == "pr" { "pull_request" } else { word });
        let options: Vec<String> = facts.iter().map(|fact| format!("--fact {fact}")).collect();
        let message = format!(
            "the table shows `{}`, which runs with a value for `{{{{ {word} }}}}` do not have",
            rendered.text
        );
        let note = Diagnostic::note(Code::RUN_TAG, message).at(one.pattern.span, "");
        self.diagnostics.report(note.with_help(format!(
            "give the facts, such as `{}`, to have their tags in the table",
            options.join(" ")
        )));
    }

    /// Warns of floating tags that a prerelease gets and that whoever pulls them takes for those of releases.
    fn warn_of_releases(&mut self) {
        let settings = self.image.settings();
        let (prerelease_tags, channels) = (&settings.prerelease_tags, &settings.channels);
        let is_of_versions = |name: &str| {
            let mut others = self.names.iter().filter(|one| matches!(one.claim, Claim::Versions(_)));
            others.any(|one| one.name == name)
        };
        let mut warnings = Vec::new();
        for CandidateName { name, claim, form: _, span } in &self.names {
            let (attribute, help) = match claim {
                Claim::Prereleases(_) => {
                    let mut patterns = prerelease_tags.iter().filter(|one| !one.any);
                    let Some(written) = patterns.find(|pattern| pattern.pattern.span == *span) else {
                        continue;
                    };
                    let pattern = written.pattern.as_str().replace('"', "\\\"");
                    let allowed = format!("{{ pattern = \"{pattern}\", any = true }}");
                    ("prerelease_tags", format!("or allow it: `{allowed}`"))
                }
                Claim::Channel if channels.iter().any(|channel| channel.span == *span) => {
                    ("channels", "or write it into `tags`, which only releases have".to_owned())
                }
                _ => continue,
            };
            if constants::names_releases(name) || is_of_versions(name) {
                let message =
                    format!("`{attribute}` gives `{name}`, which reads as a release's, to prereleases");
                let help = format!("use a name that says so, such as `next`; {help}");
                warnings
                    .push(Diagnostic::warning(Code::PRERELEASE_TAG, message).at(*span, "").with_help(help));
            }
        }
        self.diagnostics.extend(warnings);
    }

    /// Whether it is a `latest` beside rules that keep it from a prerelease.
    fn is_latest_of_prerelease(&self, rendered: &Rendered) -> bool {
        let is_latest = rendered.text == LATEST && rendered.uses == Uses::default();
        is_latest && self.image.rules.as_deref().is_some_and(AppliedRules::keep_latest_back)
    }

    fn has_no_version(&self) -> bool {
        matches!(self.image.version, ImageVersion::Absent { .. })
    }

    fn refuse(&mut self, error: &PatternError, text: &Text) {
        // A run that publishes nothing needs no tag.
        if matches!(error, PatternError::MissingFact { .. }) && !self.input.publish {
            return;
        }
        if matches!(error, PatternError::NoVersion(_)) && self.has_no_version() {
            return self.without_version.push(text.clone());
        }
        if matches!((error, &self.image.version), (PatternError::NoVersion(_), ImageVersion::Refused)) {
            return;
        }
        let is_unknown = matches!(error, PatternError::MissingFact { .. })
            || (matches!(error, PatternError::NoVersion(_))
                && matches!(self.image.version, ImageVersion::Unknown(..)));
        if self.input.purpose.is_committed() && is_unknown {
            if matches!(error, PatternError::NoVersion(_)) && self.input.purpose == Purpose::TagTable {
                return self.refuse_table(text.span);
            }
            let cause = match &self.image.version {
                ImageVersion::Unknown(cause, _) if error.missing_fact().is_none() => cause,
                _ => error,
            };
            return self.input.leave_out(text.span, cause.missing_fact(), self.diagnostics);
        }
        let diagnostic = match (error, &self.image.version) {
            // What is missing is not the version, but what it is made of.
            (PatternError::NoVersion(_), ImageVersion::Unknown(cause, version)) => {
                let diagnostic = Diagnostic::error(Code::VERSION, cause.to_string()).at(version.span, "");
                diagnostic.with_help(cause.help())
            }
            _ => Diagnostic::error(Code::TAG_PATTERN, error.to_string())
                .at(text.span, "")
                .with_help(error.help()),
        };
        self.diagnostics.report(diagnostic);
    }

    /// Refuses a table without the version that is its point: the one that is there may show it.
    fn refuse_table(&mut self, span: Option<Span>) {
        let message = format!(
            "the version of image `{}` depends on the run, so the table cannot show its tags",
            self.image.key
        );
        self.diagnostics.report(Diagnostic::error(Code::RUN_TAG, message).at(span, "").with_help(
            "give the facts of a release, such as `--fact tag=v1.2.3`, or name the images to show",
        ));
    }

    /// Says which tags this run does not have because it has no version.
    fn note_without_version(&mut self) {
        let ImageVersion::Absent { at } = &self.image.version else { return };
        if self.without_version.is_empty() || !self.input.publish {
            return;
        }
        if self.input.purpose == Purpose::TagTable {
            return self.refuse_table(self.without_version[0].span);
        }
        // Who gives the version a condition knows that other runs have none.
        let Some(at) = at else { return };
        let patterns: Vec<String> = self.without_version.iter().map(|text| format!("`{text}`")).collect();
        let (key, patterns) = (&self.image.key, patterns.join(", "));
        let message = format!(
            "image `{key}` has no version in this run (`{at}`), so it gets none of these tags: {patterns}"
        );
        let several =
            format!("have no version in this run (`{at}`), so they get none of these tags: {patterns}");
        let place = self.image.settings().version.as_ref().and_then(|text| text.span);
        let note = self.image.tells(Diagnostic::note(Code::NO_VERSION, message).at(place, ""), several);
        self.diagnostics.report(note.with_help(
            "give a tag that is meant for other runs a condition, `{ pattern = \"edge\", when = \"default_branch\" }`; if all is as meant, give the version one: `version = { pattern = \"{{ tag }}\", when = \"tag\" }`",
        ));
    }

    /// Says which tags this run does not have because it is of another kind of ref.
    fn note_other_refs(&mut self) {
        let Some((first, at)) = self.of_other_refs.first() else { return };
        let patterns: Vec<String> =
            self.of_other_refs.iter().map(|(pattern, _)| format!("`{pattern}`")).collect();
        let (key, patterns) = (&self.image.key, patterns.join(", "));
        let message = format!(
            "image `{key}` gets none of these tags, which need what a run of `{at}` does not have: {patterns}"
        );
        let several =
            format!("get none of these tags, which need what a run of `{at}` does not have: {patterns}");
        let note = self.image.tells(Diagnostic::note(Code::NO_TAG, message).at(first.span, ""), several);
        self.diagnostics.report(note.with_help(
            "if that is as meant, say which runs they are for: `{ pattern = \"{{ branch }}\", when = \"branch\" }`",
        ));
    }

    /// Refuses the tag of a pattern that is another's.
    fn check_branch(&mut self, one: &TagPattern, rendered: &Rendered, claim: Claim) {
        let uses = &rendered.uses;
        let is_day = uses.facts.contains("date") && uses.depth == 0 && !rendered.names_commit;
        if is_day && !uses.names_branch() && !uses.facts.contains("tag") {
            self.check_day(one, &rendered.text);
        }
        // With words of the version in it, it may be the version's own.
        let is_of_run = claim == Claim::Run || (uses.depth == 0 && !rendered.names_commit);
        let is_of_git_tag = uses.facts.contains("tag") && self.input.facts.tag.is_some();
        let is_marked = !(is_of_git_tag || is_of_run && uses.names_branch());
        let names_branch = uses.facts.contains("branch") && !rendered.names_commit;
        if names_branch || !is_marked {
            let form = self.pattern_forms.of(one.pattern.as_str(), self.image.names());
            let tag = NamedTag {
                line: one,
                text: &rendered.text,
                stem: &rendered.text,
                names_branch,
                is_told_apart: form.as_ref().is_some_and(Form::has_word_behind_numbers),
                has_name: form.is_none_or(|form| form.has_name()),
                is_marked,
            };
            self.check_named(&tag);
        }
    }

    /// Warns of a day in a run without a version that reads as the version of a release, where those may be days, too.
    fn check_day(&mut self, line: &TagPattern, text: &str) {
        let is_absent = self.image.version.known().is_none();
        if !self.input.publish || line.any || !is_absent || !self.taken.is_dated_version(text) {
            return;
        }
        let known = versions::all_known(self.image, self.input, &mut Diagnostics::default());
        if known.is_empty() || known.iter().any(Version::is_dated) {
            let message =
                format!("the day `{text}` has the form of a version's tag, which a release may have");
            let found = Diagnostic::warning(Code::BRANCH_COLLISION, message).at(line.pattern.span, "");
            self.diagnostics.report(found.with_help(cure_by(line, "nightly-")));
        }
    }

    /// Refuses a tag with a name in it that another branch has, too, or that is called as those of versions or of another pattern
    /// are. Where nothing is published, nothing is taken.
    fn check_named(&mut self, tag: &NamedTag<'_>) {
        if !self.input.publish {
            return;
        }
        let NamedTag { line, text, stem, names_branch, has_name: _, is_told_apart: _, is_marked } = *tag;
        let facts: &Facts = self.input.facts;
        let twin = facts.branch.as_ref().filter(|_| names_branch && facts.tag.is_none());
        // Of two, it is the one whose name ends like another pattern that is in the way.
        let shorter = |branch: &String| self.taken.branch(text).filter(|twin| twin.len() <= branch.len());
        let found = match twin.and_then(|branch| Some((branch, shorter(branch)?))) {
            Some((branch, twin)) => {
                let message =
                    format!("the branches `{branch}` and `{twin}` would both have the tag `{text}`");
                let commit = if rules::is_rule(line.pattern.as_str()) {
                    "the commit into the rule: `suffix=-{{sha}}`"
                } else {
                    "`{{ sha }}` into the pattern"
                };
                Some((message, format!("rename one of them, or put {commit}")))
            }
            None if line.any || is_marked => None,
            None => {
                let owner = self.taken.by(text, tag).or_else(|| self.taken.by(stem, tag));
                // The rules of metadata-action have a word for it.
                let is_of_base = || !rules::is_rule(line.pattern.as_str()) && self.taken.is_of_base(text);
                let owner = owner.or_else(|| is_of_base().then_some("a branch's"));
                let of = subject(self.input.facts);
                owner.map(|owner| {
                    (
                        format!("the {of} would take the tag `{text}`, which is {owner}"),
                        cure(line, self.input.facts),
                    )
                })
            }
        };
        if let Some((message, help)) = found {
            let found = Diagnostic::error(Code::BRANCH_COLLISION, message).at(line.pattern.span, "");
            self.diagnostics.report(found.with_help(help));
        }
    }
}
