//! What blocks are called.

use crate::init::published::definition::clean;
use crate::init::published::images::{Candidate, TargetOf};
use crate::init::repository::world::World;
use crate::init::values::moment::Moment;
use crate::init::values::text::Template;

/// What Bake takes as the name of a target.
pub(in crate::init) fn sanitized(name: &str) -> String {
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let name: String = name.to_lowercase().chars().map(|c| if valid(c) { c } else { '-' }).collect();
    name.trim_matches('-').to_owned()
}

/// What an image is called after its repository.
pub(in crate::init) fn base_name(candidate: &Candidate, world: &World) -> String {
    let of = candidate.repositories.iter().filter_map(|line| line.text.at(Moment::Branch, world));
    let named = of.filter_map(|repository| repository.rsplit('/').next().map(str::to_owned)).next();
    named.unwrap_or_else(|| match &candidate.target {
        TargetOf::Known(_, label) => label.clone(),
        TargetOf::Dockerfile(_) => String::new(),
    })
}

/// A name with what its tags begin with.
pub(in crate::init) fn named(base: String, prefix: Option<&str>) -> String {
    match prefix {
        Some(prefix) if prefix != base => format!("{base}-{prefix}"),
        _ => base,
    }
}

/// What all tags of an image begin with, where its build has the same name: `api` of `api-1.2.3`, built from `api/Dockerfile`.
pub(in crate::init) fn prefix(candidate: &Candidate) -> Option<String> {
    let mut tags = candidate.entries.iter().flat_map(|entry| &entry.tags).peekable();
    tags.peek()?;
    let texts: Vec<String> = tags.map(|tag| tag.line().text.shown()).collect();
    let begins = |hint: &String| {
        texts.iter().all(|text| {
            text.strip_prefix(hint.as_str()).is_some_and(|rest| rest.starts_with(['-', '.', '_']))
        })
    };
    hints(candidate).into_iter().find(|hint| !hint.is_empty() && begins(hint))
}

/// What may tell an image from others in its repository, the best first.
pub(in crate::init) fn hints(candidate: &Candidate) -> Vec<String> {
    let mut hints = Vec::new();
    for tag in candidate.entries.iter().flat_map(|entry| &entry.tags) {
        let text = tag.line().text.constant().unwrap_or_default();
        hints.extend(text.strip_prefix("latest-").map(str::to_owned));
    }
    for line in &candidate.flavor {
        let text = line.text.shown();
        hints.extend(
            text.split(',')
                .filter_map(|field| field.trim().strip_prefix("suffix="))
                .map(|suffix| suffix.trim_matches('-').to_owned()),
        );
    }
    if let TargetOf::Dockerfile(build) = &candidate.target {
        hints.extend(build.stage.as_ref().and_then(Template::constant));
        if let Some(path) = build.dockerfile.as_ref().and_then(Template::constant) {
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            let lower = name.to_lowercase();
            hints.extend(
                lower
                    .strip_prefix("dockerfile.")
                    .or_else(|| lower.strip_suffix(".dockerfile"))
                    .map(str::to_owned),
            );
            hints.extend(path.rsplit('/').nth(1).map(str::to_owned));
        }
        hints.extend(
            build
                .context
                .constant()
                .and_then(|context| clean(&context).rsplit('/').next().map(str::to_owned))
                .filter(|name| name != "."),
        );
    }
    let repository = candidate.repositories.first().and_then(|line| line.text.constant());
    hints.extend(repository.and_then(|repository| repository.split('/').next().map(str::to_owned)));
    hints
}
