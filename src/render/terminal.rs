//! The plan as a person looks at it in a terminal: each image with its tags, what moves, its platforms and their runners.
//!
//! A table crate breaks words where a column is narrow, or knows nothing of lists. Here a value wraps at the commas and blanks
//! between its words, and a word that is wider than the terminal stays whole.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use anstyle::Style;
use unicode_width::UnicodeWidthStr;

use super::choice;
use super::table::{self, explained};
use crate::palette::{FAINT, FAINT as LABEL, MOVES, STAYS, STRONG as NAME};
use crate::plan::{Image, Job, Leg, Plan, PlannedTag};
use crate::platform::Platform;
use crate::published::plan_json::ReusedEntry;
use crate::readable;
use crate::reference::Repository;

/// What the terminal is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// How many columns it has.
    pub columns: usize,
    /// Whether it shows styles.
    pub color: bool,
    /// Whether it shows links.
    pub links: bool,
}

/// From this width on, platforms stand beside the tags.
const WIDE: usize = 110;

/// Between two columns.
const GAP: usize = 2;

const PLAIN: Style = Style::new();

/// A piece of text that is not broken, with its style and what follows it without a break.
#[derive(Clone, Debug)]
struct Word<'a> {
    text: Cow<'a, str>,
    after: &'static str,
    style: Style,
    link: Option<String>,
}

impl<'a> Word<'a> {
    fn new(text: impl Into<Cow<'a, str>>, style: Style) -> Self {
        Self { text: readable::cow(text.into()), after: "", style, link: None }
    }

    fn width(&self) -> usize {
        self.text.width() + self.after.width()
    }
}

/// Words in a line.
type Line<'a> = Vec<Word<'a>>;

/// A list with commas.
fn list<'a>(words: impl IntoIterator<Item = Cow<'a, str>>, style: Style) -> Line<'a> {
    let mut words: Line<'a> = words.into_iter().map(|word| Word::new(word, style)).collect();
    let last = words.len().saturating_sub(1);
    words[..last].iter_mut().for_each(|word| word.after = ",");
    words
}

/// A sentence.
fn sentence<'a>(text: &str, style: Style) -> Line<'a> {
    text.split(' ').map(|word| Word::new(word.to_owned(), style)).collect()
}

fn width(line: &[Word<'_>]) -> usize {
    line.iter().map(Word::width).sum::<usize>() + line.len().saturating_sub(1)
}

/// The words in lines of at most so many columns; a word that has more has a line for itself.
fn wrap(words: Line<'_>, columns: usize) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = vec![Vec::new()];
    for word in words {
        match lines.last_mut() {
            Some(line) if line.is_empty() || width(line) + 1 + word.width() <= columns => line.push(word),
            _ => lines.push(vec![word]),
        }
    }
    lines
}

/// Lines behind a label.
struct Row<'a> {
    label: &'static str,
    words: Line<'a>,
}

/// The plan. With `explain`, it says of each tag why it is where it is.
#[must_use]
pub fn render(plan: &Plan, screen: Screen, explain: bool) -> String {
    let mut text = String::new();
    let shared = table::shared(plan);
    let left: Vec<Vec<Row<'_>>> =
        plan.images.iter().map(|(key, image)| rows(plan, &shared, key, image, explain)).collect();
    let label = left.iter().flatten().map(|row| row.label.width()).max().unwrap_or(0);
    // As wide as all need, and as the platforms beside it leave room for.
    let needed = left.iter().flatten().map(|row| width(&row.words)).max().unwrap_or(0);
    let right: Vec<Vec<Line<'_>>> =
        plan.images.iter().map(|(key, image)| platforms(plan, key, image)).collect();
    let beside_it = right.iter().flatten().map(|line| width(line)).max().unwrap_or(0);
    let is_wide = screen.columns >= WIDE && beside_it <= screen.columns / 2;
    let available = if is_wide { screen.columns - beside_it - 2 * GAP } else { screen.columns };
    let value = available.saturating_sub(GAP + label + GAP).min(needed).max(1);
    for (((key, image), rows), platforms) in plan.images.iter().zip(left).zip(right) {
        heading(key, image, screen, &mut text);
        let mut lines: Vec<Line<'_>> = Vec::new();
        for row in rows {
            for (at, words) in wrap(row.words, value).into_iter().enumerate() {
                let shown = if at == 0 { row.label } else { "" };
                let style = if shown.is_empty() { PLAIN } else { LABEL };
                let mut line = vec![Word::new(format!("{shown:label$}"), style), Word::new("", PLAIN)];
                line.extend(words);
                lines.push(line);
            }
        }
        if is_wide {
            let start = GAP + label + GAP + value + 2 * GAP;
            beside(&lines, &platforms, start, screen, &mut text);
        } else {
            lines.iter().for_each(|line| write_line(GAP, line, screen, &mut text));
            platforms.iter().for_each(|line| write_line(2 * GAP, line, screen, &mut text));
        }
        text.push('\n');
    }
    if !plan.local.is_empty() {
        let mut words = sentence("local, not published:", LABEL);
        words.extend(list(plan.local.iter().map(|name| Cow::from(&**name)), PLAIN));
        wrap(words, screen.columns).iter().for_each(|line| write_line(0, line, screen, &mut text));
        text.push('\n');
    }
    let may_move = plan.images.values().filter(|image| image.tags.iter().any(|tag| tag.is_provisional));
    let known: BTreeSet<&str> = may_move.map(|image| table::nothing_known(&shared, image)).collect();
    if let Some(known) = known.last() {
        let words = sentence(&format!("may move: {known}, so the merge decides"), LABEL);
        wrap(words, screen.columns).iter().for_each(|line| write_line(0, line, screen, &mut text));
        text.push('\n');
    }
    for [image, done, why] in choice::rows(plan) {
        let mut words = vec![Word::new(format!("{image}:"), NAME)];
        words.extend(sentence(&format!("{done}, {why}"), PLAIN));
        wrap(words, screen.columns).iter().for_each(|line| write_line(0, line, screen, &mut text));
    }
    if !plan.verdicts.is_empty() {
        text.push('\n');
    }
    if explain && !plan.reads.is_empty() {
        text.push_str(&choice::reads(plan));
    }
    let numbers = sentence(table::numbers(plan).trim_end(), NAME);
    wrap(numbers, screen.columns).iter().for_each(|line| write_line(0, line, screen, &mut text));
    text
}

fn write_line(indent: usize, line: &[Word<'_>], screen: Screen, text: &mut String) {
    text.extend(std::iter::repeat_n(' ', indent));
    let mut open = PLAIN;
    for (at, word) in line.iter().enumerate() {
        let style = if screen.color { word.style } else { PLAIN };
        let change = style != open;
        if change {
            let _ = write!(text, "{open:#}");
        }
        if at > 0 {
            text.push(' ');
        }
        if change {
            let _ = write!(text, "{style}");
            open = style;
        }
        let link = word.link.as_deref().filter(|_| screen.links);
        if let Some(link) = link {
            let _ = write!(text, "\x1b]8;;{link}\x1b\\");
        }
        let _ = write!(text, "{}{}", word.text, word.after);
        if link.is_some() {
            text.push_str("\x1b]8;;\x1b\\");
        }
    }
    let _ = write!(text, "{open:#}");
    text.truncate(text.trim_end_matches(' ').len());
    text.push('\n');
}

/// Two blocks, the second from a column on.
fn beside(left: &[Line<'_>], right: &[Line<'_>], start: usize, screen: Screen, text: &mut String) {
    for at in 0..left.len().max(right.len()) {
        let empty = Vec::new();
        let (a, b) = (left.get(at).unwrap_or(&empty), right.get(at).unwrap_or(&empty));
        let mut line = a.clone();
        if !b.is_empty() {
            // A blank stands between two words.
            let taken = if a.is_empty() { GAP + 1 } else { GAP + width(a) + 2 };
            line.push(Word::new(" ".repeat(start.saturating_sub(taken)), PLAIN));
            line.extend(b.iter().cloned());
        }
        write_line(GAP, &line, screen, text);
    }
}

/// The line that begins an image.
fn heading(key: &str, image: &Image, screen: Screen, text: &mut String) {
    let mut line = vec![Word::new(key.to_owned(), NAME)];
    if let Some(version) = image.version.as_ref().filter(|version| **version != key) {
        line.push(Word::new(version.clone(), LABEL));
    }
    write_line(0, &line, screen, text);
}

/// Where an image is published, under which tags, and which of these move.
fn rows<'a>(
    plan: &'a Plan,
    shared: &'a BTreeSet<&'a Repository>,
    key: &'a str,
    image: &'a Image,
    explain: bool,
) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for (repositories, tags) in by_tags(image) {
        for (at, repository) in repositories.into_iter().enumerate() {
            let mut word = Word::new(repository.to_string(), PLAIN);
            word.link = page_of(&word.text);
            let mirror = image.mirrors.contains(repository).then(|| Word::new("(mirror)", LABEL));
            let label = if at == 0 { "in" } else { "" };
            rows.push(Row { label, words: [word].into_iter().chain(mirror).collect() });
        }
        let names = |is_wanted: &dyn Fn(&PlannedTag) -> bool, style| {
            let wanted = tags.iter().filter(|tag| is_wanted(tag));
            list(wanted.map(|tag| Cow::from(tag.name.as_str())), style)
        };
        let stays = names(&|tag| tag.why.is_none(), STAYS);
        let moves = names(&|tag| tag.why.is_some() && !tag.is_provisional, MOVES);
        let open = names(&|tag| tag.why.is_some() && tag.is_provisional, MOVES);
        for (label, words) in [("stays", stays), ("moves", moves), ("may move", open)] {
            if !words.is_empty() {
                rows.push(Row { label, words });
            }
        }
    }
    if let Some(reused) = &image.reused {
        let words = sentence(&ReusedEntry::from(reused).same_inputs(), PLAIN);
        rows.push(Row { label: "reused", words });
    }
    for (owner, tags) in table::elsewhere(plan, image) {
        let mut words = list(tags.into_iter().map(Cow::from), FAINT);
        words.extend(sentence(&format!("stay with {owner}"), FAINT));
        rows.push(Row { label: "left alone", words });
    }
    if explain {
        for (at, [_, tag, why]) in explained(plan, shared, key, image).enumerate() {
            let mut words = vec![Word { after: ":", ..Word::new(tag, NAME) }];
            words.extend(sentence(&why, PLAIN));
            rows.push(Row { label: if at == 0 { "why" } else { "" }, words });
        }
    }
    rows
}

/// The repositories that have the same tags, with these.
fn by_tags(image: &Image) -> Vec<(Vec<&Repository>, Vec<&PlannedTag>)> {
    let mut groups: Vec<(Vec<&Repository>, Vec<&PlannedTag>)> = Vec::new();
    for repository in image.places() {
        let tags: Vec<&PlannedTag> = image.tags_in(repository).collect();
        match groups.iter_mut().find(|(_, known)| *known == tags) {
            Some((repositories, _)) => repositories.push(repository),
            None => groups.push((vec![repository], tags)),
        }
    }
    groups
}

/// Each platform of an image with the runner that builds it, in columns; the job is named where it builds others, too.
fn platforms<'a>(plan: &'a Plan, key: &str, image: &'a Image) -> Vec<Line<'a>> {
    let shown = |leg: &'a Leg| {
        let platform = leg.platform.as_ref().map_or("the runner's", Platform::as_str);
        (platform, plan.job_of(leg))
    };
    let found: Vec<(&str, Option<&Job>)> = plan.legs_of(image).map(shown).collect();
    let widest = found.iter().map(|(platform, _)| platform.width()).max().unwrap_or(0);
    let runner = |job: Option<&Job>| job.map(|job| job.runner.display().into_owned()).unwrap_or_default();
    let runners = found.iter().map(|(_, job)| runner(*job).width()).max().unwrap_or(0);
    let line = |(platform, job): &(&'a str, Option<&'a Job>)| {
        let shared = job.filter(|job| job.images.iter().any(|other| other != key));
        let padded =
            |text: String, to: usize| format!("{text}{}", " ".repeat(to.saturating_sub(text.width())));
        let is_emulated = job.is_some_and(|job| job.qemu);
        let more = is_emulated || shared.is_some();
        let mut line: Line<'a> = vec![
            Word { after: " ", ..Word::new(padded((*platform).to_owned(), widest), PLAIN) },
            Word::new(padded(runner(*job), if more { runners } else { 0 }), LABEL),
        ];
        line.extend(is_emulated.then(|| Word::new("QEMU", NAME)));
        line.extend(shared.map(|job| Word::new(format!("in {}", job.name), LABEL)));
        line
    };
    found.iter().map(line).collect()
}

/// The page of a repository, of the registries that have pages under the same name.
fn page_of(repository: &str) -> Option<String> {
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
    let (registry, name) = repository.split_once('/').filter(|(_, name)| plain(name))?;
    match (registry, name.strip_prefix("library/")) {
        ("docker.io", Some(official)) => Some(format!("https://hub.docker.com/_/{official}")),
        ("docker.io", None) => Some(format!("https://hub.docker.com/r/{name}")),
        ("ghcr.io", _) => Some(format!("https://ghcr.io/{name}")),
        ("quay.io", _) => Some(format!("https://quay.io/repository/{name}")),
        _ => None,
    }
}
