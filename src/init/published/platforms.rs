//! Platforms as steps and targets name them.

use crate::init::values::text::Line;
use crate::platform::Platform;

/// The lines of platforms as a list, each normalised where it can be.
pub(in crate::init) fn of_lines(lines: &[Line]) -> Vec<String> {
    let texts: Vec<String> = lines.iter().filter_map(|line| line.text.constant()).collect();
    normal(texts.iter().map(String::as_str))
}

/// Platforms as they are called, each once.
pub(in crate::init) fn normal<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<String> {
    let mut platforms: Vec<String> = Vec::new();
    for text in texts {
        for one in text.split(',').map(|one| one.trim().trim_matches('"')).filter(|one| !one.is_empty()) {
            if one.parse::<Platform>().is_err() {
                continue;
            }
            let normal = one.parse::<Platform>().map_or_else(|_| one.to_owned(), |one| one.to_string());
            if !platforms.contains(&normal) {
                platforms.push(normal);
            }
        }
    }
    platforms
}
