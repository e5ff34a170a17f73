//! The words behind the name of a command: options with their values, `NAME=VALUE`, and what is asked for.

use crate::init::values::text::{Template, is_name};

/// The text that a word is, or how it is written.
pub(super) fn text(word: &Template) -> String {
    word.constant().unwrap_or_else(|| word.shown())
}

/// The words of a command behind its name: options with their values, `NAME=VALUE`, and what is asked for.
#[derive(Default)]
pub(super) struct Line {
    pub options: Vec<(String, Template)>,
    pub set: Vec<(String, Template)>,
    pub asked: Vec<Template>,
    /// What stands behind `--`.
    pub rest: Vec<Template>,
}

impl Line {
    /// Reads words of a program whose options with values are these; `number` are those that may have one.
    pub(super) fn read(words: &[Template], valued: &[&str], number: &[&str]) -> Self {
        let mut line = Self::default();
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            let written = text(word);
            if written == "--" {
                line.rest.extend(words.cloned());
                break;
            }
            if !written.starts_with('-') || written == "-" {
                let set = word.split_once('=').and_then(|(name, value)| {
                    let name = name.constant().map(|name| name.trim_end_matches([':', '?', '+']).to_owned());
                    Some((name.filter(|name| is_name(name))?, value))
                });
                match set {
                    Some(set) => line.set.push(set),
                    None => line.asked.push(word.clone()),
                }
                continue;
            }
            let known = valued.iter().find(|known| {
                let rest = written.strip_prefix(**known);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('=') || !known.starts_with("--"))
            });
            match known {
                Some(known) if written == **known => {
                    line.options.push(((*known).to_owned(), words.next().cloned().unwrap_or_default()));
                }
                // `-CDIR`, `--directory=DIR`
                Some(known) => {
                    let value = written[known.len()..].trim_start_matches('=');
                    line.options.push(((*known).to_owned(), Template::from(value)));
                }
                None => {
                    line.options.push((written.clone(), Template::default()));
                    if number.contains(&written.as_str()) {
                        words.next_if(|next| next.constant().is_some_and(|text| text.parse::<f64>().is_ok()));
                    }
                }
            }
        }
        line
    }

    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.options.iter().any(|(name, _)| names.contains(&name.as_str()))
    }

    pub(super) fn values<'l>(&'l self, names: &'l [&str]) -> impl Iterator<Item = &'l Template> {
        self.options.iter().filter(|(name, _)| names.contains(&name.as_str())).map(|(_, value)| value)
    }
}
