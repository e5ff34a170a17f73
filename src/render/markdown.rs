//! The tags of each image and its platforms, as a table of Markdown for people who look for an image.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use minijinja::{AutoEscape, Environment, Value, context};

use crate::form::Form;
use crate::plan::{Image, Plan};
use crate::readable;
use crate::reference::Repository;

const TEMPLATE: &str = include_str!("../../templates/tags.md");

/// What stands between the repositories of a row.
const BREAK: &str = "<br>";

/// Why it is not known whose a row of an old table is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RowError {
    /// Several images publish there, and the run is not of one of them.
    #[error("the row of {row} may be of image `{key}`, which is left out, or of another")]
    Shared {
        /// Its repositories.
        row: String,
        /// The image that is left out.
        key: String,
    },
    /// No image publishes there, while images are left out that may have done so.
    #[error("the row of {row} is of no image here")]
    Stray {
        /// Its repositories.
        row: String,
    },
}

/// A row: what stands in its cells.
#[derive(Clone, Debug)]
struct Row {
    repositories: String,
    tags: String,
    platforms: String,
}

/// The table: a row for each image, or for each part of its repositories that has tags of its own. Ends with a newline.
#[must_use]
pub fn render(plan: &Plan) -> String {
    table(&plan.images.values().flat_map(|image| rows(plan, image)).collect::<Vec<_>>())
}

/// The same in the place of an `old` table, of which the rows stay that are of images which the run is not of.
///
/// # Errors
/// When it is not known whose a row is.
pub(crate) fn render_over(plan: &Plan, old: &str) -> Result<String, RowError> {
    let mut kept = kept(plan, old)?.into_iter().peekable();
    let mut all = Vec::new();
    for (at, image) in plan.images.values().enumerate() {
        all.extend(std::iter::from_fn(|| kept.next_if(|(position, _)| *position <= at)).map(|(_, row)| row));
        all.extend(rows(plan, image));
    }
    all.extend(kept.map(|(_, row)| row));
    Ok(table(&all))
}

fn table(rows: &[Row]) -> String {
    let rows: Vec<Value> = rows
        .iter()
        .map(|Row { repositories, tags, platforms }| context! { repositories, tags, platforms })
        .collect();
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let text = environment.render_str(TEMPLATE, context! { rows }).unwrap_or_else(|e| e.to_string());
    text.trim_end().to_owned() + "\n"
}

/// The rows of an old table that are of images which the run is not of, in their order, each with how many images of the plan stand before it.
fn kept(plan: &Plan, old: &str) -> Result<Vec<(usize, Row)>, RowError> {
    if plan.elsewhere.is_empty() {
        return Ok(Vec::new());
    }
    let planned: BTreeSet<String> = plan.images.values().flat_map(Image::places).map(name).collect();
    let mut owners: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (at, image) in plan.elsewhere.iter().enumerate() {
        for place in &image.places {
            owners.entry(name(place)).or_default().insert(at);
        }
    }
    let mut kept = Vec::new();
    for row in old.lines().filter_map(Row::read) {
        let places: Vec<&str> = row.repositories.split(BREAK).collect();
        let is_planned = |place: &&str| planned.contains(*place);
        let of: BTreeSet<usize> =
            places.iter().filter_map(|place| owners.get(*place)).flatten().copied().collect();
        match of.first() {
            None if places.iter().all(is_planned) => {}
            None => return Err(RowError::Stray { row: row.shown() }),
            Some(first) if places.iter().any(is_planned) => match shown_by(plan, &row, &of) {
                Some(Shown::Planned) => {}
                Some(Shown::Elsewhere(at)) => kept.push((at, row)),
                None => {
                    let key = plan.elsewhere[*first].key.clone();
                    return Err(RowError::Shared { row: row.shown(), key });
                }
            },
            Some(first) => kept.push((*first, row)),
        }
    }
    kept.sort_by_key(|(at, _)| *at);
    Ok(kept.into_iter().map(|(at, row)| (plan.elsewhere[at].position, row)).collect())
}

/// Whose a row is.
enum Shown {
    /// One of an image of the plan.
    Planned,
    /// That of an image which is left out, by its position among these.
    Elsewhere(usize),
}

/// Whose a row is of repositories that several images have, some of them left out: the one of which all its tags have a
/// form. `None` where that may be several, or none.
fn shown_by(plan: &Plan, row: &Row, left_out: &BTreeSet<usize>) -> Option<Shown> {
    let tags: Vec<&str> = row.tags.split(", ").map(|tag| tag.trim_matches('`')).collect();
    let have = |forms: &[&Form]| tags.iter().all(|tag| forms.iter().any(|form| form.fits(tag)));
    let is_planned = plan.images.values().any(|image| {
        let forms: Vec<&Form> = image.tags.iter().map(|tag| &tag.form).collect();
        have(&forms)
    });
    let mut others = left_out.iter().filter(|at| {
        let forms: Vec<&Form> = plan.elsewhere[**at].forms.iter().collect();
        have(&forms)
    });
    match (is_planned, others.next(), others.next()) {
        (true, None, _) => Some(Shown::Planned),
        (false, Some(at), None) => Some(Shown::Elsewhere(*at)),
        _ => None,
    }
}

impl Row {
    /// The row that a line of a table is, if it is one of an image.
    fn read(line: &str) -> Option<Self> {
        let inside = line.trim().strip_prefix('|')?.strip_suffix('|')?;
        let cells: Vec<&str> = inside.split('|').map(str::trim).collect();
        let [repositories, tags, platforms] = cells.try_into().ok()?;
        let row = Self {
            repositories: repositories.to_owned(),
            tags: tags.to_owned(),
            platforms: platforms.to_owned(),
        };
        repositories.starts_with('`').then_some(row)
    }

    /// Its repositories, as a message shows them.
    fn shown(&self) -> String {
        self.repositories.replace(BREAK, ", ")
    }
}

fn rows(plan: &Plan, image: &Image) -> Vec<Row> {
    let mut by_tags: IndexMap<Vec<&str>, Vec<&Repository>> = IndexMap::new();
    for repository in image.places() {
        let tags: Vec<&str> = image.tags_in(repository).map(|tag| tag.name.as_str()).collect();
        if !tags.is_empty() {
            by_tags.entry(tags).or_default().push(repository);
        }
    }
    let platforms: Vec<String> = plan
        .legs_of(image)
        .map(|leg| leg.platform.as_ref().map_or_else(|| "the runner's".to_owned(), ToString::to_string))
        .collect();
    let row = |(tags, repositories): (Vec<&str>, Vec<&Repository>)| Row {
        repositories: joined(repositories.into_iter().map(name), BREAK),
        tags: joined(tags.into_iter().map(name), ", "),
        platforms: platforms.join(", "),
    };
    by_tags.into_iter().map(row).collect()
}

fn joined(names: impl Iterator<Item = String>, separator: &str) -> String {
    names.collect::<Vec<_>>().join(separator)
}

/// A name as code: nothing of it means anything to Markdown.
fn name(name: impl std::fmt::Display) -> String {
    readable::code(&name.to_string())
}
