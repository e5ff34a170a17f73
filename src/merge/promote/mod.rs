//! Gives tags to what is there already, byte for byte: an index or the manifest of an image, in its repository or another.

mod by_name;
mod said;
pub(super) mod tagging;
pub(crate) mod withdrawal;

use indexmap::IndexMap;

use self::by_name::{commit_of, given_tags, own_tag_of, replaced, unknown_versions};
use super::guard::ready::Ready;
use super::mirrors::fill;
use super::newborn::conclude;
use super::report::{ImageReport, MissingReport, Outcome, Report, Status, TagReport};
use super::run::{deadline, read};
use super::sources::taken::{self, Origin};
use super::subject::{Made, Subject};
use super::tools::{MergeTools, Options};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, listed, suggest};
use crate::oci::VERSION;
use crate::published::given;
use crate::published::metadata::Metadata;
use crate::published::named::{commits_in, other_versions};
use crate::published::plan_json::RunEntry;
use crate::published::planned::PlannedImage;
use crate::published::record::{Known, Question, Questions, Record};
use crate::published::served::Served;
use crate::published::sites::Site;
use crate::published::survey::{Round, Survey, Trouble};
use crate::published::target::Target;
use crate::reference::{Digest, Tag};
use crate::registry::Location;
use crate::version::Version;

/// What tells which of two versions something is.
const TWO_VERSIONS: &str = "give a plan of this version that knows its inputs (`bakeplan plan --inputs`), which are then compared with what the index records; or pass `--allow-other-version`, if it is right";

/// What is to get tags.
#[derive(Clone, Debug)]
pub(crate) struct Promotion {
    /// What reports call it.
    pub(crate) key: String,
    /// Where it may be: the first that is there counts.
    pub(crate) sources: Vec<Target>,
    /// The tags.
    pub(crate) to: To,
}

/// The tags that something is to get.
#[derive(Clone, Debug)]
pub(crate) enum To {
    /// Those of an image.
    Image(Box<PlannedImage>),
    /// These.
    Tags(Vec<(Location, Tag)>),
}

impl Promotion {
    /// The repositories that are read or written.
    pub(crate) fn locations(&self) -> impl Iterator<Item = &Location> {
        self.targets().into_iter().chain(self.read())
    }

    /// The repositories that are written, and need not be there: nothing comes from them.
    pub(crate) fn made(&self) -> impl Iterator<Item = &Location> {
        self.targets().into_iter().filter(|one| !self.read().any(|read| read == *one))
    }

    fn targets(&self) -> Vec<&Location> {
        match &self.to {
            To::Image(image) => image.places().collect(),
            To::Tags(tags) => tags.iter().map(|(location, _)| location).collect(),
        }
    }

    fn read(&self) -> impl Iterator<Item = &Location> {
        self.sources.iter().map(|source| &source.location)
    }

    /// The tag by which the source was named.
    fn source_tag(&self) -> Option<&Tag> {
        self.sources.first()?.tag.as_ref()
    }
}

/// What a promotion's source turned out to be.
struct Found<'p> {
    promotion: &'p Promotion,
    site: usize,
    digest: Digest,
    image: PlannedImage,
    /// The version as it was named, with its variant.
    named: Option<Version>,
    /// The commit that the tags name.
    commit: Option<RunEntry>,
}

/// Gives tags to what is there. `run` is that of the plan, if there is one.
#[must_use]
pub(crate) fn promote(
    promotions: &[Promotion],
    run: &RunEntry,
    options: Options,
    tools: &MergeTools<'_>,
    mut report: Report,
) -> Report {
    for promotion in promotions {
        report.images.insert(promotion.key.clone(), ImageReport::new(Status::Held));
    }
    let keys = promotions.iter().map(|promotion| promotion.key.as_str());
    let mut survey = Survey::new(tools.sites, tools.progress, Trouble::EndsIt);
    let found = match find(promotions, run, tools.sites, &mut survey, options) {
        Ok(found) => found,
        Err(problems) => {
            report.problems.extend(problems);
            return report.abandoned(keys);
        }
    };
    let nothing = Metadata::default();
    let places = |found: &Found<'_>| -> Vec<usize> {
        let place = |location: &Location| tools.sites.iter().position(|site| site.location == *location);
        found.image.repositories.iter().filter_map(place).collect()
    };
    let subject = |found: &'_ Found<'_>| {
        let mut all = places(found);
        if !all.contains(&found.site) {
            all.push(found.site);
        }
        all
    };
    let subjects: Vec<Subject<'_>> = found
        .iter()
        .map(|one| Subject {
            key: &one.promotion.key,
            image: &one.image,
            run: one.commit.as_ref().unwrap_or(run),
            places: subject(one),
            metadata: &nothing,
            sites: tools.sites,
            if_missing: options.if_missing,
            allow_backward: options.allow_backward,
            trust_known_versions: options.trust_known_versions,
            wants_origins: options.dry_run || options.use_docker,
        })
        .collect();
    let look = |at: usize, records: &[Record]| {
        taken::check(
            &subjects[at],
            &found[at].digest,
            Origin::Anywhere { is_meant: options.allow_other_version },
            records,
        )
    };
    let all = match read(subjects.len(), &mut survey, deadline(options, tools), tools, &look) {
        Ok(all) => all,
        Err(problems) => {
            report.problems.extend(problems);
            return report.abandoned(keys);
        }
    };
    let mut ready = Vec::new();
    for ((found, subject), checked) in found.iter().zip(&subjects).zip(all) {
        report.problems.extend(checked.problems.iter().cloned());
        report.notes.extend(checked.notes.iter().cloned());
        let image = report.images.get_mut(subject.key).expect("every image is reported");
        image.missing = checked.missing.iter().map(MissingReport::from).collect();
        image.platforms.clone_from(&checked.platforms);
        let (places, records) = (places(found), survey.records());
        let one = Ready::taken(subject, &found.digest, checked, Made::Taken, &places, records);
        let mut one = one.map(|one| one.with_copies(found.site, records));
        report.held.extend(one.as_mut().and_then(|one| one.hold_two_versions(TWO_VERSIONS)));
        match (&one, &found.promotion.to) {
            (Some(one), To::Tags(_)) => {
                let source = found.promotion.source_tag();
                report.problems.extend(given_tags(one, source, found.named.as_ref(), options));
            }
            (Some(one), To::Image(image))
                if !(options.allow_retag || options.restores || image.immutable) =>
            {
                report.problems.extend(replaced(one));
            }
            (_, To::Tags(_) | To::Image(_)) => {}
        }
        ready.extend(one);
    }
    if !options.allow_backward {
        let tags = |one: &Found<'_>| {
            let tags = one.promotion.sources.iter().filter_map(|source| source.tag.clone());
            tags.map(|tag| (one.site, tag)).collect::<Vec<_>>()
        };
        let sources: Vec<(usize, Tag)> = found.iter().flat_map(tags).collect();
        report.problems.extend(unknown_versions(&ready, &sources, tools.sites, options, &mut survey));
    }
    let complete = ready.clone();
    let mut report = conclude(ready, &subjects, run, options, &mut survey, tools, report);
    fill(&complete, &subjects, run, options, tools, &mut report);
    for promotion in promotions {
        if let (To::Tags(_), Some(image)) = (&promotion.to, report.images.get(&promotion.key)) {
            let kept = kept(image);
            // Each tag is named once, also where it stays for a reason that a merge would tell.
            report.notes.retain(|note| note.code != Code::KEPT_TAG);
            report.held.extend(kept);
        }
    }
    report
}

/// What to say of tags that were asked for by name and stay with others, reason by reason.
fn kept(image: &ImageReport) -> Vec<Diagnostic> {
    let mut reasons: IndexMap<&str, Vec<&TagReport>> = IndexMap::new();
    for one in image.references.iter().filter(|one| one.outcome == Outcome::Kept) {
        reasons.entry(one.why.as_deref().unwrap_or_default()).or_default().push(one);
    }
    reasons.into_iter().map(|(why, kept)| stay(why, &kept)).collect()
}

/// That tags stay with others for a reason.
fn stay(why: &str, kept: &[&TagReport]) -> Diagnostic {
    let (there, absent): (Vec<_>, Vec<_>) = kept.iter().partition(|one| one.digest.is_some());
    let become_of = |tags: &[&TagReport], one: &str, several: &str| {
        let names: Vec<&str> = tags.iter().map(|tag| tag.reference.as_str()).collect();
        let verb = if names.len() == 1 { one } else { several };
        (!names.is_empty()).then(|| format!("{} {verb}", listed(&names)))
    };
    let parts = [
        become_of(&there, "stays as before", "stay as before"),
        become_of(&absent, "is not created", "are not created"),
    ];
    let why = if why.is_empty() { String::new() } else { format!(": {why}") };
    let message = format!("{}{why}", parts.into_iter().flatten().collect::<Vec<_>>().join(", and "));
    let them = if kept.len() == 1 { "it" } else { "them" };
    let move_them = if there.is_empty() { format!("create {them}") } else { format!("move {them} back") };
    Diagnostic::warning(Code::KEPT_TAG, message)
        .with_help(format!("to {move_them} all the same, pass `--allow-backward`"))
}

/// Finds what is to be promoted.
fn find<'p>(
    promotions: &'p [Promotion],
    run: &RunEntry,
    sites: &[Site],
    survey: &mut Survey<'_>,
    options: Options,
) -> Result<Vec<Found<'p>>, Vec<Diagnostic>> {
    let (found, failures) = survey.conduct(|records| {
        let mut questions = Questions::new();
        let found: Vec<_> =
            promotions.iter().map(|one| look_up(one, sites, records, &mut questions)).collect();
        (found, questions)
    });
    let (mut all, mut problems) = (Vec::new(), failures);
    if !problems.is_empty() {
        return Err(problems);
    }
    for (promotion, found) in promotions.iter().zip(found) {
        let found = match found {
            Ok((site, digest)) => identify(promotion, site, digest, run, survey, options),
            Err(problem) => Err(vec![problem]),
        };
        match found {
            Ok(found) => all.push(found),
            Err(more) => problems.extend(more.into_iter().map(|problem| {
                let is_absent = problem.code == Code::NO_SOURCE;
                if is_absent { with_tags(problem, promotion, sites, survey) } else { problem }
            })),
        }
    }
    if problems.is_empty() { Ok(all) } else { Err(problems) }
}

/// What is promoted: an image of the plan, or which version and commit the tags name.
fn identify<'p>(
    promotion: &'p Promotion,
    site: usize,
    digest: Digest,
    run: &RunEntry,
    survey: &mut Survey<'_>,
    options: Options,
) -> Result<Found<'p>, Vec<Diagnostic>> {
    let served = survey.records()[site].manifest(&digest).present().cloned();
    let served = served.ok_or_else(|| vec![not_there(promotion)])?;
    let tags = match &promotion.to {
        To::Image(image) => {
            of_another_commit(promotion, image, run).map_err(|problem| vec![problem])?;
            if !options.allow_other_version {
                named_otherwise(promotion, image, &served).map_err(|problem| vec![problem])?;
            }
            let image = (**image).clone();
            return Ok(Found { promotion, site, digest, image, named: None, commit: None });
        }
        To::Tags(tags) => tags,
    };
    let names = || tags.iter().map(|(_, tag)| tag);
    let commit = commit_of(promotion.source_tag(), names()).map_err(|problem| vec![problem])?;
    // What is not a release owns no floating tag of releases.
    let said = served.version().map(|(_, text)| text.as_str());
    let said = said.filter(|_| !options.allow_other_version);
    let mut source = promotion.source_tag().cloned();
    let mut named = given::version(said, source.as_ref(), tags);
    if named.is_none()
        && let Some(own) = own_tag_of(site, &digest, names(), options, survey)?
    {
        named = given::version(None, Some(&own), tags);
        source = Some(own);
    }
    let plain = named.as_ref().and_then(given::without_variant);
    let mut image = given::image(plain.as_ref().or(named.as_ref()), named.as_ref(), source.as_ref(), tags)
        .map_err(|problem| vec![Diagnostic::error(Code::TAGS, problem)])?;
    if image.version.is_none() {
        // As `jdk-17` does, it may leave open which version it is of, and others like it may be greater.
        image.unclear.extend(promotion.source_tag().cloned());
    }
    Ok(Found { promotion, site, digest, image, named, commit })
}

/// Refuses a source whose tag is that of another commit than the one that it would get: such tags never stand for another.
fn of_another_commit(promotion: &Promotion, image: &PlannedImage, run: &RunEntry) -> Result<(), Diagnostic> {
    for source in promotion.sources.iter().filter_map(|source| source.tag.as_ref()) {
        for tag in &image.tags {
            if !tag.form.has_commit() {
                continue;
            }
            let named = commits_in(image, source);
            if named.is_empty() || named.iter().any(|commit| !run.excludes_planned(commit)) {
                continue;
            }
            let message = format!(
                "`{source}` is of another commit by its name than `{}`, which it would get",
                tag.name
            );
            return Err(Diagnostic::error(Code::OTHER_PLAN, message).with_help(
                "promote what was built from the commit of the plan, or make a plan at the other one",
            ));
        }
    }
    Ok(())
}

/// Refuses a source whose tag is the own one of another version than planned, and that does not say which version it is.
fn named_otherwise(promotion: &Promotion, image: &PlannedImage, served: &Served) -> Result<(), Diagnostic> {
    if served.annotations().is_some_and(|said| said.contains_key(VERSION)) {
        return Ok(());
    }
    let Some(planned) = &image.version else { return Ok(()) };
    let other = promotion.sources.iter().find_map(|source| {
        let tag = std::slice::from_ref(source.tag.as_ref()?);
        // Where it was staged, tags may have other forms than those of the plan.
        other_versions(image, &source.location, tag).into_iter().map(|(_, version)| version).next()
    });
    let Some(version) = other else { return Ok(()) };
    let message = format!(
        "`{}` is version `{}` by its tag, but the tags that it would get are for `{planned}`",
        promotion.sources.first().map(ToString::to_string).unwrap_or_default(),
        version.text()
    );
    Err(Diagnostic::error(Code::OTHER_VERSION, message)
        .with_help("promote that version; or pass `--allow-other-version`"))
}

/// The site and digest of a promotion's source.
fn look_up(
    promotion: &Promotion,
    sites: &[Site],
    records: &[Record],
    questions: &mut Questions,
) -> Result<(usize, Digest), Diagnostic> {
    for source in &promotion.sources {
        let Some(site) = sites.iter().position(|site| site.location == source.location) else { continue };
        let record = &records[site];
        let mut digest = source.digest.clone();
        if let Some(tag) = &source.tag {
            match record.tag(tag) {
                Known::Unasked => {
                    questions.insert((site, Question::Tag(tag.clone())));
                    continue;
                }
                Known::Absent => continue,
                Known::Faulty(fault) => return Err(fault.diagnostic.clone()),
                Known::Present(found) => match &digest {
                    Some(wanted) if wanted != found => {
                        let message = format!("tag `{tag}` is {found}, but the source says {wanted}");
                        return Err(Diagnostic::error(Code::TAG_MOVED, message)
                            .with_help("promote the digest, or what the tag has now"));
                    }
                    _ => digest = Some(found.clone()),
                },
            }
        }
        let Some(digest) = digest else { continue };
        match record.manifest(&digest) {
            Known::Unasked => {
                questions.insert((site, Question::Manifest(digest.clone())));
            }
            Known::Absent => {}
            Known::Faulty(fault) => return Err(fault.diagnostic.clone()),
            Known::Present(_) => return Ok((site, digest)),
        }
    }
    Err(not_there(promotion))
}

fn not_there(promotion: &Promotion) -> Diagnostic {
    let sources: Vec<String> = promotion.sources.iter().map(|source| format!("`{source}`")).collect();
    let be = if sources.len() == 1 { "is" } else { "are" };
    Diagnostic::error(Code::NO_SOURCE, format!("{} {be} not there", sources.join(", ")))
        .with_help("clean-ups remove what has no tag: build and merge again")
}

/// A tag that is not there is rather misspelt than gone: says which there are, where the registry lists them.
fn with_tags(
    problem: Diagnostic,
    promotion: &Promotion,
    sites: &[Site],
    survey: &mut Survey<'_>,
) -> Diagnostic {
    let [Target { location, tag: Some(tag), digest: None }] = promotion.sources.as_slice() else {
        return problem;
    };
    let Some(site) = sites.iter().position(|site| site.location == *location) else { return problem };
    let help = "check the name of the tag";
    if matches!(survey.ask([(site, Question::Tags)].into_iter().collect()), Round::Asked(failures) if !failures.is_empty())
    {
        return problem.with_help(help);
    }
    let there = survey.records()[site].tags().present();
    let names: Vec<&str> = there.into_iter().flatten().map(Tag::as_str).collect();
    problem.with_help(match (suggest(tag.as_str(), names.iter().copied()), names.is_empty()) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, false) => format!("{help}: the repository has {}", listed(&names)),
        (None, true) => format!("{help} and of the repository, which has no tags"),
    })
}
