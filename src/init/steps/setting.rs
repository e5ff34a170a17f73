//! Commands of scripts as what they are: where they stand, their options, and what stands by itself.

use std::rc::Rc;

use super::found::Publication;
use crate::init::shell::ShellCommand;
use crate::init::values::moment::Answers;
use crate::init::values::text::{Piece, Place, Template};

/// Where a script is, and when it runs.
pub(crate) struct Setting<'a> {
    /// The file.
    pub path: &'a Rc<str>,
    /// Where each line of the script is; those behind the last are below it.
    pub lines: &'a [usize],
    /// In which examples it runs.
    pub runs: Answers,
    /// The job or file that it is in.
    pub job: &'a str,
}

impl Setting<'_> {
    /// Where a command is.
    pub(in crate::init) fn place(&self, command: &ShellCommand) -> Place {
        if let Some(file) = &command.file {
            return Place { path: Rc::clone(file), line: command.line + 1 };
        }
        let behind = (command.line + 1).saturating_sub(self.lines.len());
        let line = self.lines.get(command.line).or(self.lines.last()).map_or(1, |line| line + behind);
        Place { path: Rc::clone(self.path), line }
    }

    /// A command that publishes, of which nothing else is known yet.
    pub(in crate::init) fn publication(&self, command: &ShellCommand) -> Publication {
        let mut publication = Publication::new(self.place(command), self.job, self.runs);
        command.guards.iter().cloned().for_each(|guard| publication.guard(guard, self.place(command)));
        publication
    }
}

/// The text that a word begins with.
pub(in crate::init) fn first_of(word: &Template) -> &str {
    match word.0.first() {
        Some(Piece::Text(text)) => text.as_str(),
        _ => "",
    }
}

/// The words of a command without redirections, and without options before what it does: `docker --config x build`.
pub(in crate::init) fn plain(words: &[Template]) -> Option<Vec<Template>> {
    let (mut kept, mut words) = (Vec::new(), words.iter());
    while let Some(word) = words.next() {
        let text = first_of(word);
        let sign = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&');
        if !sign.starts_with(['<', '>']) {
            kept.push(word.clone());
            continue;
        }
        // The file may be the next word.
        if sign.trim_start_matches(['<', '>', '|', '-']).is_empty() && word.0.len() == 1 {
            words.next();
        }
    }
    const FLAGS: [&str; 7] =
        ["-D", "--debug", "--tls", "--tlsverify", "--remote", "-r", "--insecure-registry"];
    const FURTHER: [&str; 5] = ["buildx", "builder", "image", "manifest", "imagetools"];
    let mut plain = vec![kept.first()?.clone()];
    let mut rest = kept.into_iter().skip(1).peekable();
    loop {
        while let Some(option) = rest.next_if(|word| first_of(word).starts_with('-')) {
            let text = first_of(&option);
            if plain.first().is_some_and(|program| first_of(program).starts_with('/')) {
                plain.push(option);
                plain.extend(rest);
                return Some(plain);
            }
            if !text.contains('=') && !FLAGS.contains(&text) {
                rest.next();
            }
        }
        let Some(word) = rest.next() else { break };
        let is_further = FURTHER.contains(&first_of(&word));
        plain.push(word);
        if !is_further {
            break;
        }
    }
    plain.extend(rest);
    Some(plain)
}

/// The words of a command by what they are: options with their values, and what stands by itself.
pub(in crate::init) fn options<'w>(
    words: &'w [Template],
    flags: &[&str],
) -> (Vec<(String, Template)>, Vec<&'w Template>) {
    let (mut options, mut rest) = (Vec::new(), Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let first = first_of(word);
        if !first.starts_with('-') || first == "-" {
            rest.push(word);
            continue;
        }
        match word.split_once('=') {
            Some((name, value)) if first.contains('=') => {
                options.push((name.constant().unwrap_or_default(), value));
            }
            _ if flags.contains(&first) => options.push((first.to_owned(), Template::from("true"))),
            // `-tNAME`
            _ if first.len() > 2
                && !first.starts_with("--")
                && !first[1..].chars().all(|c| c.is_ascii_lowercase()) =>
            {
                let mut value = word.clone();
                if let Some(Piece::Text(text)) = value.0.first_mut() {
                    text.drain(..2);
                }
                options.push((first[..2].to_owned(), value));
            }
            _ => options.push((first.to_owned(), words.next().cloned().unwrap_or_default())),
        }
    }
    (options, rest)
}

/// The references of a word: a variable without quotes may hold several.
pub(in crate::init) fn references(word: &Template) -> Vec<Template> {
    word.split(' ').into_iter().filter(|one| !one.0.is_empty()).collect()
}
