//! Merges that run at the same time: a floating tag goes to the greater version that has appeared meanwhile, and a tag
//! that an older merge took is taken back, until nothing changes any more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use super::super::guard::later::moved_by_commit;
use super::super::report::Outcome;
use super::super::sources::whole::{check_whole, lacking};
use super::super::subject::Subject;
use super::super::tools::{IfMissing, MergeTools};
use super::fresh::{Given, later_run};
use super::job::{Job, ONE_AT_A_TIME, Place, Stage, TagJob, now};
use super::shown::{self, Shown};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::{Index, is_index};
use crate::published::floating::{Keeper, keeper, members};
use crate::published::metadata::Metadata;
use crate::published::plan_json::{RunEntry, TagEntry};
use crate::published::planned::PlannedImage;
use crate::published::progress::Event;
use crate::published::record::{Answer, Question, Record, Reply};
use crate::published::renamed::{Kept, kept};
use crate::published::runs::Standing;
use crate::published::served::{Content, Served};
use crate::published::sites::parallel;
use crate::published::survey::{Survey, Trouble};
use crate::reference::{Digest, Tag};
use crate::registry::{Error, Manifest, TagList};

/// How many tags that have appeared are looked at to find out whose index a tag has.
const MAX_APPEARED: usize = 20;

/// What has the tag of a greater version that has appeared meanwhile, as far as an image is concerned.
enum Owner {
    /// It may have floating tags.
    Fit(Manifest),
    /// It may not, and why.
    Unfit(String),
}

/// What is found out in one repository.
#[derive(Default)]
struct Look<'a> {
    given: Vec<(Place<'a>, Given)>,
    /// Where a later run has taken a tag that does not move with runs.
    by_run: Vec<Place<'a>>,
    /// The tags that were written, as they are called.
    written: Vec<String>,
    lag: Option<Duration>,
    /// That the list does not show what was written.
    late: Option<Diagnostic>,
    problems: Vec<Diagnostic>,
    notes: Vec<Diagnostic>,
}

/// What several merges at once come to.
pub(super) struct Overtaken<'a> {
    jobs: &'a [Job<'a>],
    tools: MergeTools<'a>,
    /// When writing began.
    began: Duration,
    /// The sites whose lists were looked at.
    proven: BTreeSet<usize>,
    /// How long lists take to show what was written, by site.
    lags: BTreeMap<usize, Duration>,
    /// The tags that others rightly have.
    pub(super) given: BTreeMap<Place<'a>, Given>,
    /// Of these, what later runs have of versions.
    by_run: BTreeSet<Place<'a>>,
    /// The lists that do not show what was written, by site.
    pub(super) late: BTreeMap<usize, Diagnostic>,
    /// What is wrong, and what is worth knowing.
    pub(super) problems: Vec<Diagnostic>,
    pub(super) notes: Vec<Diagnostic>,
}

/// A repository whose list is not known to show what is there.
pub(super) struct Unproven<'a> {
    pub(super) site: usize,
    /// What was written and is not listed.
    pub(super) created: Vec<&'a Tag>,
    /// For how long.
    pub(super) lag: Duration,
    /// Why there is no list.
    pub(super) error: Option<Error>,
}

/// A tag in one repository.
struct Spot<'s, 'a> {
    job: &'a Job<'a>,
    tag: &'a TagJob,
    planned: &'a TagEntry,
    /// What it has, if that is neither what was written nor what others rightly have.
    wrong: Option<&'s Digest>,
}

impl<'a> Spot<'_, 'a> {
    fn place(&self) -> Place<'a> {
        (self.job.image, self.tag.reference)
    }
}

impl<'a> Overtaken<'a> {
    /// Before anything is written.
    pub(super) fn new(jobs: &'a [Job<'a>], tools: MergeTools<'a>) -> Self {
        let began = tools.clock.elapsed();
        let (proven, lags, given, by_run, late, problems, notes) = Default::default();
        Self { jobs, tools, began, proven, lags, given, by_run, late, problems, notes }
    }

    /// Looks once whether lists show the tags that were just written, before those of a stage move by what the lists did not show.
    pub(super) fn prove(&mut self, stage: Stage, written: &BTreeSet<Place<'a>>) -> Vec<Unproven<'a>> {
        let moves_by_list = |job: &&Job<'a>| {
            let moves = job.tags.iter().any(|tag| tag.moves_by_list(stage));
            moves && job.is_guarded && !self.proven.contains(&job.site)
        };
        let sites: BTreeSet<usize> = self.jobs.iter().filter(moves_by_list).map(|job| job.site).collect();
        let sites: Vec<(usize, Vec<&'a Tag>)> =
            sites.into_iter().map(|site| (site, created(self.jobs, site, written))).collect();
        let sites: Vec<_> = sites.into_iter().filter(|(_, created)| !created.is_empty()).collect();
        self.proven.extend(sites.iter().map(|(site, _)| *site));
        let looks = parallel(&sites, sites.len(), |(site, created)| {
            shown::shown(*site, created, self.began, &self.tools)
        });
        let mut unproven = Vec::new();
        for ((site, created), look) in sites.into_iter().zip(looks) {
            match look {
                Ok(Shown::Now) => {}
                Ok(Shown::After(lag)) => {
                    self.lags.insert(site, lag);
                }
                Ok(Shown::Never(lag)) => {
                    // It was waited for long enough.
                    self.lags.insert(site, Duration::ZERO);
                    unproven.push(Unproven { site, created, lag, error: None });
                }
                Err(error) => {
                    self.lags.insert(site, Duration::ZERO);
                    unproven.push(Unproven { site, created, lag: Duration::ZERO, error: Some(error) });
                }
            }
        }
        unproven
    }

    /// Whether another merge could have a right to one of these tags.
    pub(super) fn watches(&self, written: &BTreeSet<Place<'a>>) -> bool {
        self.jobs.iter().any(|job| {
            let mut moving = job.tags.iter().filter(|tag| tag.floating);
            job.is_guarded && moving.any(|tag| written.contains(&(job.image, tag.reference)))
        })
    }

    /// Waits until lists show what other merges have written.
    pub(super) fn wait(&self, pause: Duration) {
        if let Some(job) = self.jobs.iter().find(|job| job.is_guarded) {
            let location = &self.tools.sites[job.site].location;
            let why = "other merges may have written what lists do not show yet";
            self.tools.progress.tell(&Event::Waiting { location, pause, why });
        }
        self.tools.clock.sleep(pause);
    }

    /// Looks once at all tags that move and were written; which are written now.
    pub(super) fn look(
        &mut self,
        written: &BTreeSet<Place<'a>>,
        wrong: &BTreeMap<Place<'a>, Digest>,
    ) -> Vec<String> {
        let mut sites: BTreeMap<usize, Vec<Spot<'_, 'a>>> = BTreeMap::new();
        for job in self.jobs {
            for tag in &job.tags {
                let place = (job.image, tag.reference);
                let wrong = wrong.get(&place);
                let is_meant = written.contains(&place) && (tag.floating || wrong.is_some());
                let planned = job.of.tags.iter().find(|one| one.name == tag.tag);
                let Some(planned) = planned.filter(|_| is_meant) else { continue };
                let spot = Spot { job, tag, planned, wrong };
                sites.entry(job.site).or_default().push(spot);
            }
        }
        let sites: Vec<(usize, Vec<Spot<'_, 'a>>)> = sites.into_iter().collect();
        let looks = parallel(&sites, sites.len(), |(site, spots)| self.look_at(*site, spots, written));
        let mut written = Vec::new();
        for ((site, spots), look) in sites.iter().zip(looks) {
            let is_open = |one: &&Spot<'_, 'a>| {
                let is_told = self.by_run.contains(&one.place());
                one.wrong.is_some() || (one.planned.follows().is_some() && !is_told)
            };
            for spot in spots.iter().filter(is_open) {
                self.given.remove(&spot.place());
            }
            self.given.extend(look.given);
            self.by_run.extend(look.by_run);
            self.lags.extend(look.lag.map(|lag| (*site, lag)));
            self.late.extend(look.late.map(|late| (*site, late)));
            self.problems.extend(look.problems);
            self.notes.extend(look.notes);
            written.extend(look.written);
        }
        written
    }

    fn look_at(&self, site: usize, spots: &[Spot<'_, 'a>], written: &BTreeSet<Place<'a>>) -> Look<'a> {
        let mut look = Look::default();
        let (versions, runs): (Vec<_>, Vec<_>) =
            spots.iter().partition(|spot| spot.planned.follows().is_some());
        self.versions(site, &versions, written, &mut look);
        for spot in runs.into_iter().filter(|spot| spot.job.is_guarded) {
            match spot.wrong {
                Some(found) if spot.planned.moves_with_runs() => self.run(spot, found, &mut look),
                Some(found) => {
                    self.later(spot, found, &mut look);
                }
                None => {}
            }
        }
        look
    }

    /// Leaves a tag that does not move with runs with a later run that has taken it; whether there is one.
    fn later(&self, spot: &Spot<'_, 'a>, found: &Digest, look: &mut Look<'a>) -> bool {
        if !spot.tag.floating && !spot.tag.may_be_taken {
            return false;
        }
        let store = &self.tools.sites[spot.job.site].store;
        let given = store.get_manifest(&found.clone().into()).and_then(|served| match served {
            Some(served) => later_run(spot.job, spot.planned, &Served::read(served), &self.tools),
            None => Ok(None),
        });
        match given {
            Ok(given) => {
                let is_later = given.is_some();
                look.by_run.extend(given.iter().map(|_| spot.place()));
                look.given.extend(given.map(|given| (spot.place(), given)));
                is_later
            }
            Err(error) => {
                look.problems.push(error.to_diagnostic());
                false
            }
        }
    }

    /// Looks at tags that move with versions.
    fn versions(
        &self,
        site: usize,
        spots: &[&Spot<'_, 'a>],
        written: &BTreeSet<Place<'a>>,
        look: &mut Look<'a>,
    ) {
        let spots: Vec<_> =
            spots.iter().filter(|spot| spot.job.is_guarded && spot.job.listed.is_some()).collect();
        if spots.is_empty() {
            return;
        }
        let listed = match self.listed(site, written, look) {
            Ok(listed) => listed,
            Err(error) => {
                let problem = error.to_diagnostic().with_note(
                    "floating tags were moved; whether a greater version has appeared meanwhile is not known",
                );
                look.problems.push(problem.with_help("run the merge again"));
                return;
            }
        };
        let mut owners: BTreeMap<(&'a str, Tag), Owner> = BTreeMap::new();
        for spot in spots {
            let result = self.version(spot, &listed, &mut owners, look);
            look.problems.extend(result.err());
        }
    }

    /// Gives a tag to the greatest version that has it, or takes it back from a lesser one.
    fn version(
        &self,
        spot: &Spot<'_, 'a>,
        listed: &[Tag],
        owners: &mut BTreeMap<(&'a str, Tag), Owner>,
        look: &mut Look<'a>,
    ) -> Result<(), Diagnostic> {
        let store = &self.tools.sites[spot.job.site].store;
        let tell = |error: Error| error.to_diagnostic();
        let mut listed = listed.to_vec();
        while let Some(keeper) = self.keeper(spot, &listed)? {
            let key = (spot.job.image, keeper.tag.clone());
            if !owners.contains_key(&key) {
                let owner = self.owner(spot, &keeper, look)?;
                owners.insert(key.clone(), owner);
            }
            // This depends on the floating tag, and what else an owner is does not.
            let other_scheme = "it follows another scheme, and need not be a release";
            let owner = match &owners[&key] {
                Owner::Fit(_) if keeper.other_scheme.is_some() => Err(other_scheme),
                Owner::Fit(owner) => Ok(owner),
                Owner::Unfit(why) => Err(why.as_str()),
            };
            let owner = match owner {
                Ok(owner) => owner,
                Err(why) => {
                    let reference = self.tools.sites[spot.job.site].location.with_tag(&spot.tag.tag);
                    let message = format!(
                        "`{}` has appeared meanwhile and is greater, but does not get `{reference}`: {why}",
                        keeper.tag
                    );
                    self.note(Diagnostic::warning(Code::UNGUARDED_TAG, message), look);
                    listed.retain(|tag| *tag != keeper.tag);
                    continue;
                }
            };
            let found = store.head_manifest(&spot.tag.tag.clone().into()).map_err(tell)?;
            let mut why = format!("`{}` is greater, and was published meanwhile", keeper.tag);
            if found.is_none_or(|found| found.digest != owner.digest) {
                self.put(spot, owner, look).map_err(tell)?;
                let _ = write!(why, "; this merge moved the tag to it, {}", owner.digest.short());
            } else if let Some(known) = self.known(spot, owner) {
                why.clone_from(&known.why);
            }
            let given = Given { digest: owner.digest.clone(), why, is_same_version: false };
            look.given.push((spot.place(), given));
            return Ok(());
        }
        let Some(found) = spot.wrong else { return Ok(()) };
        if self.later(spot, found, look) {
            return Ok(());
        }
        // None is greater: if it has the index of one that has appeared, that is a lesser one.
        let before = spot.job.listed.unwrap_or_default();
        for tag in listed.iter().filter(|tag| !before.contains(tag)).take(MAX_APPEARED) {
            let is_own = spot.job.of.tags.iter().any(|own| own.name == *tag);
            let has_it = |tag: &Tag| -> Result<bool, Diagnostic> {
                let one = store.head_manifest(&tag.clone().into()).map_err(tell)?;
                Ok(one.is_some_and(|one| one.digest == *found))
            };
            if !is_own && has_it(tag)? {
                self.put(spot, spot.job.manifest, look).map_err(tell)?;
                self.note(self.taken_back(spot, tag, found), look);
                return Ok(());
            }
        }
        Ok(())
    }

    /// The greatest version that keeps a tag. What is only another name of a lesser one keeps nothing, nor does what may be.
    fn keeper(&self, spot: &Spot<'_, 'a>, listed: &[Tag]) -> Result<Option<Keeper>, Diagnostic> {
        let (image, planned) = (spot.job.of, spot.planned);
        if keeper(image, planned, listed).is_none() {
            return Ok(None);
        }
        let mut record = Record::default();
        let list = TagList { tags: listed.to_vec(), ..TagList::default() };
        record.learn(Question::Tags, Reply::Present(Answer::Tags(list, None)));
        let own = Answer::Tag(spot.job.manifest.digest.clone());
        record.learn(Question::Tag(spot.tag.tag.clone()), Reply::Present(own));
        loop {
            let open = match kept(image, planned, &record) {
                Kept::By(keeper) => return Ok(Some(keeper)),
                Kept::No | Kept::Perhaps(_) => return Ok(None),
                Kept::Open(open) => open,
            };
            let store = &self.tools.sites[spot.job.site].store;
            for question in open {
                let found = match &question {
                    Question::Tag(tag) => store
                        .head_manifest(&tag.clone().into())
                        .map(|one| one.map(|one| Answer::Tag(one.digest))),
                    Question::Previous(digest) => store
                        .get_manifest(&digest.clone().into())
                        .map(|one| one.map(|one| Answer::Manifest(Arc::new(Served::read(one))))),
                    _ => continue,
                };
                let found = found.map_err(|error| error.to_diagnostic())?;
                record.learn(question, found.map_or(Reply::Absent, Reply::Present));
            }
        }
    }

    /// Says that another change of a tag was undone: by the merge of a lesser version, or by whoever wrote `other`.
    fn taken_back(&self, spot: &Spot<'_, 'a>, other: &Tag, found: &Digest) -> Diagnostic {
        let reference = self.tools.sites[spot.job.site].location.with_tag(&spot.tag.tag);
        let message = format!(
            "`{reference}` was changed to {}, which has the tag `{other}`, while this merge ran; it was given back to {}",
            found.short(),
            spot.job.manifest.digest.short()
        );
        if members(spot.job.of, spot.planned, std::slice::from_ref(other)).is_empty() {
            Diagnostic::warning(Code::CONCURRENT_CHANGE, message).with_help(ONE_AT_A_TIME)
        } else {
            Diagnostic::note(Code::CONCURRENT_CHANGE, message)
        }
    }

    /// What was found out before of a tag that has this.
    fn known(&self, spot: &Spot<'_, 'a>, owner: &Manifest) -> Option<&Given> {
        self.given.get(&spot.place()).filter(|given| given.digest == owner.digest)
    }

    fn note(&self, note: Diagnostic, look: &mut Look<'a>) {
        if !self.notes.contains(&note) && !look.notes.contains(&note) {
            look.notes.push(note);
        }
    }

    /// What has the tag of a greater version, or why it cannot have floating tags: it is checked like anything else that
    /// gets a tag.
    fn owner(&self, spot: &Spot<'_, 'a>, keeper: &Keeper, look: &mut Look<'a>) -> Result<Owner, Diagnostic> {
        let MergeTools { sites, progress, clock: _, patience: _, docker: _ } = self.tools;
        let (image, of, site) = (spot.job.image, spot.job.of, spot.job.site);
        let found = sites[site].store.get_manifest(&keeper.tag.clone().into());
        let Some(owner) = found.map_err(|error| error.to_diagnostic())? else {
            return Ok(Owner::Unfit("it no longer exists".to_owned()));
        };
        if let Some(why) = cannot_own(of, &owner) {
            return Ok(Owner::Unfit(why));
        }
        if self.known(spot, &owner).is_some() {
            return Ok(Owner::Fit(owner));
        }
        let subject = Subject {
            key: image,
            image: of,
            run: &spot.job.run,
            places: vec![site],
            metadata: &Metadata::default(),
            sites,
            if_missing: IfMissing::AsPlanned,
            allow_backward: false,
            trust_known_versions: false,
            wants_origins: false,
        };
        let mut survey = Survey::new(sites, progress, Trouble::IsTold);
        let (checked, failures) = survey.conduct(|records| {
            let mut checked = check_whole(&subject, &owner, records);
            let questions = std::mem::take(&mut checked.questions);
            (checked, questions)
        });
        if let Some(failure) = failures.into_iter().next() {
            return Err(failure);
        }
        if let Some(problem) = checked.problems.into_iter().next() {
            return Ok(Owner::Unfit(problem.message));
        }
        // The platform of what is no index stands in its configuration, and it is the only one.
        let index = serde_json::from_slice::<Index>(&owner.bytes).unwrap_or_default();
        let lacking = lacking(of, index.manifests.iter());
        if is_index(&owner.media_type) && !lacking.is_empty() {
            let message = format!(
                "`{}` has appeared meanwhile and gets floating tags of image `{image}`, but is without {}, which this plan has",
                sites[site].location.with_tag(&keeper.tag),
                lacking.join(", ")
            );
            self.note(Diagnostic::warning(Code::UNGUARDED_TAG, message), look);
        }
        Ok(Owner::Fit(owner))
    }

    /// Leaves a tag with the later run that has taken it, or takes it back from an earlier one.
    fn run(&self, spot: &Spot<'_, 'a>, found: &Digest, look: &mut Look<'a>) {
        let store = &self.tools.sites[spot.job.site].store;
        let result = store.get_manifest(&found.clone().into()).and_then(|served| {
            let Some(served) = served else { return Ok(()) };
            let there = RunEntry::of_served(&Served::read(served));
            match spot.job.run.beside_in_turn(&there, now(&self.tools)) {
                Standing::Later => {
                    if let Some(apart) = spot.job.run.apart_in_turn(&there) {
                        let at = &self.tools.sites[spot.job.site].location;
                        let references = BTreeSet::from([at.with_tag(&spot.tag.tag)]);
                        self.note(moved_by_commit(spot.job.image, &references, &apart), look);
                    }
                    self.put(spot, spot.job.manifest, look)?;
                }
                Standing::Earlier(why) => {
                    let given = Given { digest: found.clone(), why, is_same_version: false };
                    look.given.push((spot.place(), given));
                }
                // The read-back reports it.
                Standing::Unknown(_) => {}
            }
            Ok(())
        });
        look.problems.extend(result.err().map(|error| error.to_diagnostic()));
    }

    fn put(&self, spot: &Spot<'_, 'a>, manifest: &Manifest, look: &mut Look<'a>) -> Result<(), Error> {
        let site = &self.tools.sites[spot.job.site];
        let (location, reference) = (&site.location, site.location.with_tag(&spot.tag.tag));
        self.tools.progress.tell(&Event::Writing { location, what: spot.tag.tag.as_str() });
        if spot.job.command.is_none() {
            site.store.put_manifest(&spot.tag.tag.clone().into(), manifest)?;
        } else {
            let source = location.with_digest(&manifest.digest);
            let words = ["docker", "buildx", "imagetools", "create", "-t", &reference, &source];
            let words = words.map(str::to_owned);
            if let Err(complaint) = (self.tools.docker)(&words) {
                let message =
                    format!("image `{}`: `{}` failed: {complaint}", spot.job.image, words.join(" "));
                look.problems.push(Diagnostic::error(Code::DOCKER, message));
                return Ok(());
            }
        }
        let what = format!("gave {} to {}", spot.tag.tag, manifest.digest.short());
        self.tools.progress.tell(&Event::Done { location, what: &what });
        look.written.push(reference);
        Ok(())
    }

    /// The tags of a repository, with all that was written before: lists may lag behind.
    fn listed(
        &self,
        site: usize,
        written: &BTreeSet<Place<'a>>,
        look: &mut Look<'a>,
    ) -> Result<Vec<Tag>, Error> {
        let store = &self.tools.sites[site].store;
        if let Some(lag) = self.lags.get(&site) {
            if !lag.is_zero() {
                shown::wait(site, *lag, &self.tools);
            }
            return store.list_tags();
        }
        let created = created(self.jobs, site, written);
        let listed = store.list_tags()?;
        if created.iter().all(|tag| listed.contains(tag)) {
            return Ok(listed);
        }
        match shown::shown(site, &created, self.began, &self.tools)? {
            Shown::Now => {}
            // Whatever was written before this moment will show as soon as that did.
            Shown::After(lag) => {
                look.lag = Some(lag);
                shown::wait(site, lag, &self.tools);
            }
            Shown::Never(lag) => {
                let message = format!(
                    "the list of tags of `{}` does not show what was written {} s ago: a greater version that was published meanwhile is not seen",
                    self.tools.sites[site].location,
                    lag.as_secs()
                );
                look.late = Some(
                    Diagnostic::warning(Code::TAG_LIST, message)
                        .with_help("merge one version after the other, or run the merge again later"),
                );
                // How long it takes is not known, so that waiting as long again helps nobody.
                look.lag = Some(Duration::ZERO);
            }
        }
        store.list_tags()
    }
}

/// The tags that were created in a repository.
fn created<'a>(jobs: &'a [Job<'a>], site: usize, written: &BTreeSet<Place<'a>>) -> Vec<&'a Tag> {
    let jobs = jobs.iter().filter(|job| job.site == site);
    let tags = jobs.flat_map(|job| job.tags.iter().map(move |tag| (job, tag)));
    tags.filter(|(job, tag)| tag.outcome == Outcome::Created && written.contains(&(job.image, tag.reference)))
        .map(|(_, tag)| &tag.tag)
        .collect()
}

/// Why what has the tag of a version cannot have a floating tag.
fn cannot_own(image: &PlannedImage, owner: &Manifest) -> Option<String> {
    if image.index && !is_index(&owner.media_type) {
        return Some(format!("it is {}, not an index", owner.media_type));
    }
    match Served::read(owner.clone()).content {
        Content::Image(_) if !image.index => None,
        Content::Index(index) if index.entries.is_empty() => Some("its index is empty".to_owned()),
        Content::Index(index) => {
            let why = index.entries.into_iter().find_map(Result::err)?;
            Some(format!("its index cannot be read: {why}"))
        }
        Content::Image(_) => Some("it is not an index".to_owned()),
        Content::Unreadable(why) => Some(format!("its index cannot be read: {why}")),
    }
}
