//! Finds and reads the files of the definition, and tells which were not read.

use std::path::{Path, PathBuf};

use crate::bake::text::discovery::{self, Format, Found, Images, Places, STDIN};
use crate::bake::text::{resembling, unread};
use crate::code::Code;
use crate::commands::session::Session;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::host::{Host, YamlText};
use crate::readable::shell_word;

/// Finds and reads the files. A generated one that nobody named is a product, not a source. Where they are confined, none
/// may be a link out of the project.
pub(in crate::commands) fn read(
    session: &Session<'_>,
    files: &[String],
    images: Images<'_>,
    are_confined: bool,
) -> Result<Vec<(Found, String)>, Error> {
    let host = session.host;
    let mut texts = Vec::new();
    for mut found in discovery::discover(files, images, host.env(), host)? {
        if are_confined {
            session.refuse_link(&found.path)?;
        }
        // Looked at before it is read whole: a product may be larger than any input.
        if !found.origin.is_named() && Places::is_generated(host, &found.path) {
            session.note(&format!("leaving out {}, which is generated", found.path));
            continue;
        }
        let is_yaml = matches!(found.format, Format::Compose | Format::Unknown);
        let text = if is_yaml {
            let yaml = if found.path == STDIN { host.read_stdin_yaml() } else { host.read_yaml(&found.path) };
            let YamlText { text, is_utf16 } = yaml?;
            if is_utf16 {
                found.format = Format::Compose;
            }
            text
        } else {
            host.read(&found.path)?
        };
        // As Bake does, whatever it would be.
        if text.is_empty() && found.path != STDIN && !found.origin.is_for_images() {
            session.note(&format!("leaving out {}, which is empty", found.path));
            continue;
        }
        texts.push((found, text));
    }
    if texts.is_empty() { Err(discovery::no_definition().into()) } else { Ok(texts) }
}

/// A note with the files that look like input and are not among those that were `read`.
pub(in crate::commands) fn unread(
    session: &Session<'_>,
    files: &[Found],
    read: &[&str],
    images: Images<'_>,
) -> Option<Diagnostic> {
    let unread = unread::unread(files, read, images, session.host);
    let (yaml, wanted): (Vec<&String>, Vec<&String>) =
        unread.iter().partition(|path| resembling::is_images_in_yaml(path));
    let (images, others): (Vec<&String>, Vec<&String>) =
        wanted.iter().copied().partition(|path| discovery::is_images(path));
    // `--images` takes one.
    let option = if images.len() == 1 { "--images" } else { "-f" };
    // Whoever names one file names all of them.
    let is_named = files.iter().any(|file| file.origin.is_named() && !file.origin.is_for_images());
    let found = files.iter().filter(|file| !is_named && !file.origin.is_for_images()).map(|file| &file.path);
    let found: Vec<&String> = if wanted.is_empty() { Vec::new() } else { found.collect() };
    let others = found.into_iter().chain(others).map(|path| format!("-f {}", shell_word(path)));
    let options: Vec<String> =
        others.chain(images.iter().map(|path| format!("{option} {}", shell_word(path)))).collect();
    if unread.is_empty() {
        return None;
    }
    let names: Vec<String> = unread.iter().map(|path| format!("`{path}`")).collect();
    let are = if unread.len() == 1 { "looks like input but is" } else { "look like input but are" };
    let belong = if wanted.len() == 1 { "it belongs" } else { "they belong" };
    let add = options.join(" ");
    let cure = match (options.is_empty(), is_named) {
        (true, _) => None,
        (false, true) => Some(format!("only the named files are read; if {belong} to them, add `{add}`")),
        (false, false) => {
            Some(format!("Bake looks for other names; if {belong} to what is read, name all: `{add}`"))
        }
    };
    let format = (!yaml.is_empty())
        .then(|| "`image` blocks are HCL or JSON: write them into `images.hcl` or `images.json`".to_owned());
    let help: Vec<String> = cure.into_iter().chain(format).collect();
    let help = help.join("; ");
    Some(Diagnostic::note(Code::UNREAD_FILE, format!("{} {are} not read", names.join(", "))).with_help(help))
}

impl Places for Host {
    fn has_content(&self, path: &str) -> bool {
        Self::has_content(self, path)
    }

    fn is_generated(&self, path: &str) -> bool {
        // Standard input can be read only once, and nothing is known of it before.
        path != STDIN && self.head(path).is_ok_and(|head| discovery::is_generated(&head))
    }

    fn names(&self, folder: &str) -> Vec<String> {
        Self::names(self, folder)
    }

    fn place(&self, path: &str) -> PathBuf {
        Self::place(self, path)
    }

    fn is_in_project(&self, place: &Path) -> bool {
        Self::is_in_project(self, place)
    }
}
