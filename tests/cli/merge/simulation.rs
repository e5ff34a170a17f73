//! Merges that run at the same time, in many orders: whose the floating tags are in the end. `RACE_ROUNDS=200` plays as many
//! rounds, and prints how they ended.
//!
//! A registry in memory gives one merge after the other a turn of one request, by chance from a seed; its clock moves with the
//! requests, and nobody really waits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use bakeplan::internals::merge::report::Report;
use bakeplan::internals::merge::{MergeTools, Options, merge};
use bakeplan::internals::oci::Descriptor;
use bakeplan::internals::published::metadata::Metadata;
use bakeplan::internals::published::planned::Planned;
use bakeplan::internals::published::progress::Quiet;
use bakeplan::internals::published::sites::Site;
use bakeplan::internals::reference::{Digest, Repository, Tag};
use bakeplan::internals::registry::{
    Clock, Content, Error, Manifest, Mount, Open, ReferrerList, Store, TagOrDigest,
};

use crate::support::Dice;

use super::world::{Build, World, plan_of};

const A: &str = "oci-layout:a";
/// How long a request takes, in milliseconds.
const REQUEST: u64 = 10;

/// How far lists of tags are behind, in milliseconds.
#[derive(Clone, Copy, Debug)]
enum Lag {
    /// Always as far.
    Constant(u64),
    /// As far as this, another time less.
    UpTo(u64),
    /// As far, but not for what a merge has written itself.
    OfOthers(u64),
}

struct State {
    now: u64,
    chance: Dice,
    /// How often, of ten, the merge that had a turn has the next one, too.
    stays: u64,
    last: usize,
    lag: Lag,
    manifests: BTreeMap<Digest, Manifest>,
    blobs: BTreeMap<Digest, Vec<u8>>,
    /// The digest of each tag, when it was made, and by which merge.
    tags: BTreeMap<String, (Digest, u64, usize)>,
    /// What waits for a turn, by merge: from when on, and its ticket. None when the merge has ended.
    waiting: Vec<Option<BTreeSet<(u64, u64)>>>,
    tickets: u64,
    granted: Option<u64>,
}

/// A registry whose clients take turns.
struct Sim {
    state: Mutex<State>,
    turn: Condvar,
}

impl Sim {
    /// Waits for a turn of a merge, not before `pause` is over, and uses it.
    fn turn<T>(&self, merge: usize, pause: u64, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap();
        state.tickets += 1;
        let (ticket, from) = (state.tickets, state.now + pause);
        state.waiting[merge].as_mut().expect("it has not ended").insert((from, ticket));
        loop {
            state.grant();
            self.turn.notify_all();
            if state.granted == Some(ticket) {
                break;
            }
            state = self.turn.wait(state).unwrap();
        }
        state.granted = None;
        state.waiting[merge].as_mut().expect("it has not ended").remove(&(from, ticket));
        state.now += REQUEST;
        let done = act(&mut state);
        state.grant();
        self.turn.notify_all();
        done
    }

    fn end(&self, merge: usize) {
        let mut state = self.state.lock().unwrap();
        state.waiting[merge] = None;
        state.grant();
        self.turn.notify_all();
    }
}

impl State {
    /// Gives the next turn, once all merges wait for one.
    fn grant(&mut self) {
        let going: Vec<(usize, (u64, u64))> = self
            .waiting
            .iter()
            .enumerate()
            .filter_map(|(at, waiting)| Some((at, *waiting.as_ref()?.first()?)))
            .collect();
        let all = self.waiting.iter().flatten().count();
        if self.granted.is_some() || going.is_empty() || going.len() < all {
            return;
        }
        let first = going.iter().map(|(_, (from, _))| *from).min().unwrap_or_default();
        self.now = self.now.max(first);
        let ready: Vec<_> = going.into_iter().filter(|(_, (from, _))| *from <= self.now).collect();
        let stays = self.chance.below(10) < self.stays;
        let again = ready.iter().find(|(at, _)| stays && *at == self.last);
        let any = &ready[usize::try_from(self.chance.below(ready.len() as u64)).unwrap()];
        let (merge, (_, ticket)) = again.unwrap_or(any);
        (self.last, self.granted) = (*merge, Some(*ticket));
    }

    fn digest(&self, at: &TagOrDigest) -> Option<Digest> {
        match at {
            TagOrDigest::Tag(tag) => self.tags.get(tag.as_str()).map(|(digest, _, _)| digest.clone()),
            TagOrDigest::Digest(digest) => Some(digest.clone()),
        }
    }

    fn list(&mut self, reader: usize) -> Vec<Tag> {
        let (lag, own) = match self.lag {
            Lag::Constant(lag) => (lag, lag),
            Lag::UpTo(lag) => [self.chance.below(lag + 1); 2].into(),
            Lag::OfOthers(lag) => (lag, 0),
        };
        let is_seen = |made: u64, by: usize| made + if by == reader { own } else { lag } <= self.now;
        let seen = self.tags.iter().filter(|(_, (_, made, by))| is_seen(*made, *by));
        seen.map(|(tag, _)| tag.parse().unwrap()).collect()
    }
}

/// The registry as one merge sees it, and its clock.
#[derive(Clone)]
struct Client {
    sim: Arc<Sim>,
    merge: usize,
}

impl Client {
    fn turn<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        self.sim.turn(self.merge, 0, act)
    }
}

impl Store for Client {
    fn name(&self) -> String {
        A.to_owned()
    }

    fn get_manifest(&self, at: &TagOrDigest) -> Result<Option<Manifest>, Error> {
        Ok(self.turn(|state| state.manifests.get(&state.digest(at)?).cloned()))
    }

    fn head_manifest(&self, at: &TagOrDigest) -> Result<Option<Descriptor>, Error> {
        Ok(self.get_manifest(at)?.map(|manifest| manifest.descriptor()))
    }

    fn put_manifest(&self, at: &TagOrDigest, manifest: &Manifest) -> Result<(), Error> {
        self.turn(|state| {
            state.manifests.insert(manifest.digest.clone(), manifest.clone());
            if let TagOrDigest::Tag(tag) = at {
                let now = state.now;
                let first = state.tags.get(tag.as_str()).map(|(_, made, by)| (*made, *by));
                let (made, by) = first.unwrap_or((now, self.merge));
                state.tags.insert(tag.to_string(), (manifest.digest.clone(), made, by));
            }
        });
        Ok(())
    }

    fn head_blob(&self, digest: &Digest) -> Result<Option<u64>, Error> {
        Ok(self.turn(|state| state.blobs.get(digest).map(|blob| blob.len() as u64)))
    }

    fn get_blob(&self, digest: &Digest, _: u64) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.turn(|state| state.blobs.get(digest).cloned()))
    }

    fn open_blob<'a>(&'a self, _: &Digest, _: u64) -> Result<Option<Box<dyn Content + 'a>>, Error> {
        unimplemented!("merges into one repository copy nothing")
    }

    fn put_blob(&self, _: &Digest, _: u64, _: &Open<'_>) -> Result<(), Error> {
        unimplemented!("merges into one repository copy nothing")
    }

    fn mount_blob(&self, _: &Digest, _: &Repository) -> Result<Mount, Error> {
        Ok(Mount::Declined("it is all there".to_owned()))
    }

    fn list_tags(&self) -> Result<Vec<Tag>, Error> {
        Ok(self.turn(|state| state.list(self.merge)))
    }

    fn referrer_list(&self, _: &Digest, _: Option<&str>) -> Result<ReferrerList, Error> {
        Ok(ReferrerList::default())
    }
}

impl Clock for Client {
    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.sim.state.lock().unwrap().now)
    }

    fn unix_seconds(&self) -> i64 {
        0
    }

    fn sleep(&self, duration: Duration) {
        self.sim.turn(self.merge, u64::try_from(duration.as_millis()).unwrap(), |_| ());
    }

    fn random(&self) -> u64 {
        0
    }
}

/// What a merge publishes: its plan, and what was built.
struct Release {
    /// Its own tag.
    own: String,
    document: String,
    metadata: String,
    blobs: Vec<Vec<u8>>,
}

impl Release {
    fn new(own: &str, document: String) -> Self {
        let mut world = World::new();
        for (leg, platform) in [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")] {
            world.build(&["a"], Build::new(leg, platform).salt(own));
        }
        let files = std::fs::read_dir(world.root().join("a/blobs/sha256")).unwrap();
        let blobs = files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
        Self { own: own.to_owned(), document, metadata: world.metadata(), blobs }
    }

    /// A version with its floating tags.
    fn version(version: &str) -> Self {
        let [major, minor, _] = version.split('.').collect::<Vec<_>>()[..] else { panic!("{version}") };
        let tags = super::world::TAGS
            .replace("1.4.2", version)
            .replace("\"1.4\"", &format!("\"{major}.{minor}\""))
            .replace("\"1\"", &format!("\"{major}\""));
        let document = plan_of(&[A], &tags, &format!(r#""version":"{version}","#), "hold");
        Self::new(version, document)
    }

    /// A run with tags that move from run to run.
    fn run(number: u64) -> Self {
        let own = format!("sha-{number}");
        let tags = format!(
            r#"{{"name":"{own}","class":"run","form":"sha-{{name}}"}},
               {{"name":"main","floating":true,"class":"run","form":"{{name}}"}},
               {{"name":"edge","floating":true,"class":"constant","form":"edge"}}"#
        );
        let run = format!(r#"{{"run":{{"workflow":"ci.yml","ref":"refs/heads/main","number":{number}}},"#);
        Self::new(&own, plan_of(&[A], &tags, "", "hold").replacen('{', &run, 1))
    }

    fn merge(&self, client: &Client, settle: Duration) -> Report {
        let planned = Planned::read("plan.json", &self.document).expect("the test's plan is one");
        let mut metadata = Metadata::default();
        metadata.add_text("m.json", &self.metadata, &|_| true).expect("it is metadata");
        let store: Arc<dyn Store> = Arc::new(client.clone());
        let sites: Vec<Site> =
            planned.locations().into_iter().map(|location| Site { location, store: store.clone() }).collect();
        let docker = |_: &[String]| Err("there is no Docker in this test".to_owned());
        let patience = Duration::from_secs(20);
        let tools = MergeTools { sites: &sites, clock: client, progress: &Quiet, patience, docker: &docker };
        merge(&planned, &metadata, Options { settle, ..Options::default() }, &tools)
    }
}

/// How a round is played.
struct Round<'a> {
    seed: u64,
    lag: Lag,
    /// How long a merge waits after its tags, in seconds.
    settle: u64,
    before: &'a Release,
    releases: &'a [&'a Release],
}

impl Round<'_> {
    /// Merges all releases at the same time, after the one that was there long before; the reports and what each tag has.
    fn play(&self) -> (Vec<Report>, BTreeMap<String, Digest>) {
        let mut state = State {
            now: 0,
            chance: Dice(self.seed),
            stays: [0, 5, 9][usize::try_from(self.seed % 3).unwrap()],
            last: 0,
            lag: Lag::Constant(0),
            manifests: BTreeMap::new(),
            blobs: BTreeMap::new(),
            tags: BTreeMap::new(),
            waiting: vec![Some(BTreeSet::new())],
            tickets: 0,
            granted: None,
        };
        for blob in self.releases.iter().chain([&self.before]).flat_map(|release| &release.blobs) {
            #[derive(serde::Deserialize)]
            #[serde(rename_all = "camelCase")]
            struct Typed {
                media_type: String,
            }
            match serde_json::from_slice::<Typed>(blob) {
                Ok(typed) => {
                    let manifest = Manifest::new(typed.media_type, blob.clone());
                    state.manifests.insert(manifest.digest.clone(), manifest);
                }
                Err(_) => drop(state.blobs.insert(Digest::sha256(blob), blob.clone())),
            }
        }
        let sim = Arc::new(Sim { state: Mutex::new(state), turn: Condvar::new() });
        let report = self.before.merge(&Client { sim: sim.clone(), merge: 0 }, Duration::ZERO);
        assert_eq!(report.problems, []);
        {
            let mut state = sim.state.lock().unwrap();
            state.now += 3_600_000;
            state.lag = self.lag;
            state.waiting = vec![Some(BTreeSet::new()); self.releases.len()];
        }
        let reports = thread::scope(|scope| {
            let started = self.releases.iter().enumerate().map(|(at, release)| {
                let client = Client { sim: sim.clone(), merge: at };
                scope.spawn(move || {
                    // They begin within the time that one of them takes.
                    let begin = Dice(client.sim.state.lock().unwrap().chance.0 ^ at as u64).below(300);
                    client.sim.turn(at, begin, |_| ());
                    let report = release.merge(&client, Duration::from_secs(self.settle));
                    client.sim.end(at);
                    report
                })
            });
            let started: Vec<_> = started.collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let state = sim.state.lock().unwrap();
        let tags = state.tags.iter().map(|(tag, (digest, _, _))| (tag.clone(), digest.clone())).collect();
        (reports, tags)
    }
}

/// How many rounds ended how.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ends {
    /// All tags are with the greatest version or the latest run.
    right: usize,
    /// Some are not, and a merge failed or warned.
    said: usize,
    /// Some are not, and nobody says so.
    silent: usize,
    /// A merge failed though all is right.
    false_alarms: usize,
}

fn rounds() -> u64 {
    std::env::var("RACE_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(12)
}

#[expect(clippy::print_stderr, reason = "this is a measurement, too")]
fn tell(name: &str, lag: Lag, settle: u64, ends: &Ends) {
    eprintln!("{name}, {lag:?}, settle {settle} s: {ends:?}");
}

/// Plays rounds of each of these groups of releases. `owner` is the release that a tag should be with in the end, by its own
/// tag.
fn play(
    name: &str,
    lag: Lag,
    settle: u64,
    before: &Release,
    groups: &[Vec<&Release>],
    owner: &dyn Fn(&str, &[&str]) -> String,
) -> Ends {
    let mut ends = Ends::default();
    for seed in 0..rounds() {
        let releases = &groups[usize::try_from(seed).unwrap() % groups.len()];
        let (reports, tags) = Round { seed, lag, settle, before, releases }.play();
        let mut published: Vec<&str> = vec![&before.own];
        published.extend(releases.iter().map(|release| release.own.as_str()));
        for own in &published {
            assert!(tags.contains_key(*own), "{name}, round {seed}: {own} is published");
        }
        let floating = tags.keys().filter(|tag| !published.contains(&tag.as_str()));
        let is_right = floating.clone().all(|tag| tags[tag] == tags[&owner(tag, &published)]);
        let is_said = |report: &Report| {
            let mut told = report.notes.iter().chain(&report.held);
            report.has_failed() || told.any(|note| note.code.name() == "tag-list")
        };
        let is_said = reports.iter().any(is_said);
        match (is_right, is_said) {
            (true, _) if reports.iter().any(Report::has_failed) => ends.false_alarms += 1,
            (true, _) => ends.right += 1,
            (false, true) => ends.said += 1,
            (false, false) => ends.silent += 1,
        }
    }
    tell(name, lag, settle, &ends);
    ends
}

/// The greatest of these versions that a floating tag is about.
fn greatest(tag: &str, versions: &[&str]) -> String {
    let numbers =
        |version: &str| -> Vec<u64> { version.split('.').map(|part| part.parse().unwrap()).collect() };
    let is_of = |version: &&&str| tag == "latest" || version.starts_with(&format!("{tag}."));
    versions.iter().filter(is_of).max_by_key(|version| numbers(version)).unwrap().to_string()
}

/// The latest of these runs.
fn latest(_: &str, runs: &[&str]) -> String {
    runs.iter().max_by_key(|run| run.trim_start_matches("sha-").parse::<u64>().unwrap()).unwrap().to_string()
}

fn all_right() -> Ends {
    Ends { right: usize::try_from(rounds()).unwrap(), ..Ends::default() }
}

#[test]
fn floating_tags_end_with_the_greatest_of_several_versions_at_once() {
    let [before, a, b, c, d] = ["1.2.2", "1.2.3", "1.2.4", "1.3.0", "2.0.0"].map(Release::version);
    let two = [vec![&a, &b], vec![&c, &a], vec![&b, &d], vec![&d, &c]];
    let three = [vec![&a, &b, &c], vec![&d, &a, &b], vec![&c, &d, &a]];
    for lag in [0, 100, 3_000, 8_000] {
        let lag = Lag::Constant(lag);
        assert_eq!(play("two versions", lag, 0, &before, &two, &greatest), all_right());
        assert_eq!(play("three versions", lag, 0, &before, &three, &greatest), all_right());
    }
}

#[test]
fn what_lists_that_lag_for_long_or_at_times_leave_wrong_is_said_or_rare() {
    let [before, a, b, c, d] = ["1.2.2", "1.2.3", "1.2.4", "1.3.0", "2.0.0"].map(Release::version);
    let groups = [vec![&a, &b], vec![&d, &a, &b], vec![&c, &a], vec![&a, &b, &c]];
    // Longer than anybody waits.
    let ends = play("versions", Lag::Constant(600_000), 0, &before, &groups, &greatest);
    assert_eq!(ends.silent, 0, "{ends:?}");
    // One answer is further behind than another, so that what one shows says nothing about the next.
    for most in [300, 3_000, 8_000] {
        let ends = play("versions", Lag::UpTo(most), 0, &before, &groups, &greatest);
        assert!(ends.right * 5 >= usize::try_from(rounds()).unwrap() * 4, "{ends:?}");
    }
    // Nothing shows that such a list is behind.
    for lag in [300, 8_000] {
        let ends = play("versions", Lag::OfOthers(lag), 0, &before, &groups, &greatest);
        assert!(ends.silent < usize::try_from(rounds()).unwrap(), "{ends:?}");
    }
}

#[test]
fn tags_of_runs_end_with_the_latest_of_several_at_once() {
    let [before, a, b, c] = [6, 7, 8, 9].map(Release::run);
    let two = [vec![&a, &b], vec![&c, &a]];
    let three = [vec![&a, &b, &c], vec![&c, &a, &b], vec![&b, &c, &a]];
    for (name, groups) in [("two runs", &two[..]), ("three runs", &three)] {
        let ends = play(name, Lag::Constant(0), 0, &before, groups, &latest);
        // No list shows a run that came and was replaced between the last look at a tag and its writing.
        assert!(ends.right * 10 >= usize::try_from(rounds()).unwrap() * 9, "{ends:?}");
        assert_eq!(ends.false_alarms, 0);
    }
}

/// A merge that looks again when the lists show what the others wrote finds it, whatever the order was.
#[test]
fn merges_that_wait_for_lists_end_right() {
    let [before, a, b, c, d] = ["1.2.2", "1.2.3", "1.2.4", "1.3.0", "2.0.0"].map(Release::version);
    let groups = [vec![&a, &b], vec![&d, &a, &b], vec![&c, &a], vec![&a, &b, &c]];
    for (lag, settle) in [
        (Lag::Constant(0), 1),
        (Lag::OfOthers(300), 1),
        (Lag::OfOthers(8_000), 10),
        (Lag::UpTo(8_000), 10),
        (Lag::OfOthers(60_000), 90),
    ] {
        assert_eq!(play("versions", lag, settle, &before, &groups, &greatest), all_right());
    }
    // After a wait that is too short, a tag is found to be another than it was written: that is said, but not put right.
    let ends = play("versions", Lag::OfOthers(60_000), 10, &before, &groups, &greatest);
    assert_eq!((ends.right, ends.silent), (0, 0), "{ends:?}");
    let [before, a, b, c] = [6, 7, 8, 9].map(Release::run);
    let groups = [vec![&a, &b], vec![&c, &a], vec![&a, &b, &c], vec![&c, &a, &b], vec![&b, &c, &a]];
    assert_eq!(play("runs", Lag::Constant(0), 2, &before, &groups, &latest), all_right());
}
