//! A run of a command: where it is, how it speaks, and what it keeps secret.

use std::mem::take;
use std::sync::Arc;

use self::leaks::Leaks;
use crate::bake::values::{SecretNames, kept};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Secrets};
use crate::error::Error;
use crate::host::{Delivery, Host};
use crate::readable;
use crate::registry::Echoes;
use crate::source::Sources;

/// How mistakes are reported.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Voice {
    /// As JSON instead of text.
    pub(super) json: bool,
    /// As GitHub annotations, too.
    pub(super) github: bool,
    /// Only errors.
    pub(super) quiet: bool,
}

/// A run: where it is, how it speaks, and the sources that its diagnostics point into.
pub(super) struct Session<'a> {
    pub(super) host: &'a Host,
    pub(super) sources: Sources,
    pub(super) voice: Voice,
    /// Whether what is made goes to a run of GitHub Actions, in which the files may be a stranger's.
    pub(super) for_github: bool,
    pub(super) verbose: bool,
    /// Texts that must not be told.
    pub(super) secrets: Secrets,
    /// Which variables are secret.
    pub(super) secret_names: SecretNames,
    /// Texts that no product may hold.
    pub(super) leaks: Leaks,
    /// What registries are sent to log in: what they serve may say it back.
    pub(super) echoes: Arc<Echoes>,
}

/// How many diagnostics are reported at once; thousands are one mistake of what made the file.
const MAX_TOLD: usize = 100;

/// How long a text of a diagnostic is at most, in bytes: what is quoted in it may be of any size.
const MAX_TEXT: usize = 4000;

/// A text without its middle, if it is very long.
fn shortened(text: &str) -> String {
    if text.len() <= MAX_TEXT {
        return text.to_owned();
    }
    let boundary = |at: usize| (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let (start, end) = (boundary(MAX_TEXT / 2), boundary(text.len() - MAX_TEXT / 2));
    format!("{}… ({} more bytes) …{}", &text[..start], end - start, &text[end..])
}

impl Session<'_> {
    /// Does work with the files of another place, of which only errors are reported.
    pub(super) fn within<T>(
        &mut self,
        host: &Host,
        work: impl FnOnce(&mut Session<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Self { host: _, sources, voice, for_github, verbose, secrets, secret_names, leaks, echoes } =
            self;
        let mut there = Session {
            host,
            sources: take(sources),
            voice: Voice { quiet: true, ..*voice },
            for_github: *for_github,
            verbose: *verbose,
            secrets: take(secrets),
            secret_names: take(secret_names),
            leaks: take(leaks),
            echoes: echoes.clone(),
        };
        let done = work(&mut there);
        (*sources, *secrets) = (there.sources, there.secrets);
        (*secret_names, *leaks) = (there.secret_names, there.leaks);
        done
    }

    /// Writes diagnostics to standard error.
    pub(super) fn tell(&self, diagnostics: &[Diagnostic]) {
        if diagnostics.is_empty() || self.voice.quiet {
            return;
        }
        let told = diagnostics.iter().take(MAX_TOLD);
        let told = told
            .map(|one| one.without(&self.secrets).with_texts(kept::readable).with_texts(shortened))
            .map(|one| one.with_texts(|text| self.echoes.without(text)));
        let more = diagnostics
            .len()
            .checked_sub(MAX_TOLD)
            .filter(|more| *more > 0)
            .map(|more| Diagnostic::note(Code::MORE, format!("{more} more are not shown")));
        let diagnostics: Vec<Diagnostic> = told.chain(more).collect();
        if self.voice.json {
            let wire: Vec<_> =
                diagnostics.iter().map(|diagnostic| diagnostic.to_wire(&self.sources)).collect();
            let json = serde_json::to_string_pretty(&wire).unwrap_or_default();
            self.host.stderr_json(&format!("{json}\n"));
        } else {
            let color = self.host.stderr_color();
            for diagnostic in &diagnostics {
                self.host.stderr(&diagnostic.render(&self.sources, color));
            }
        }
        if self.voice.github {
            for diagnostic in &diagnostics {
                self.host.stderr_commands(&diagnostic.render_github(&self.sources));
            }
        }
    }

    /// Keeps texts out of everything that is distinguished from now on.
    pub(super) fn hide(&mut self, texts: impl Iterator<Item = String>) {
        self.secrets.hide(texts);
    }

    /// Refuses a file that a link in the project leads to from there: whoever may change the project chose it.
    pub(super) fn refuse_link(&self, path: &str) -> Result<(), Error> {
        if !self.host.leads_out(path) {
            return Ok(());
        }
        let message = format!("`{path}` is a link out of `{}`", self.host.project().display());
        Err(vec![Diagnostic::error(Code::IS_A_LINK, message).with_help("name the place that it leads to")]
            .into())
    }

    /// Says what is done, when asked to.
    pub(super) fn note(&self, text: &str) {
        if self.verbose {
            self.host.stderr(&format!("{}\n", readable::line(text)));
        }
    }

    /// Refuses a product in which the value of a secret is.
    pub(super) fn check_leaks(&self, place: &str, product: &str) -> Result<(), Error> {
        self.leaks.check(place, product).map_err(|leak| vec![leak])?;
        if self.echoes.are_in(product) {
            let message = format!("{place} would hold what was sent to a registry to log in");
            return Err(vec![
                Diagnostic::error(Code::SECRET, message)
                    .with_help("look whether what the registry serves holds it, and replace the login if so"),
            ]
            .into());
        }
        Ok(())
    }

    /// Writes a product for a person to read: what it holds of others controls neither a terminal nor a runner.
    pub(super) fn show(&self, text: &str) -> Result<(), Error> {
        self.deliver(&readable::lines(&self.echoes.without(text)))
    }

    /// The same with styles and links of ours; `plain` is what it says without them, which may be broken up in it.
    pub(super) fn show_styled(&self, text: &str, plain: &str) -> Result<(), Error> {
        self.check_leaks("the output", &self.echoes.without(plain))?;
        self.deliver(&readable::linked(&self.echoes.without(text)))
    }

    /// Writes JSON.
    pub(super) fn deliver_json(&self, text: &str) -> Result<(), Error> {
        self.check_leaks("the output", text)?;
        self.deliver_json_as_bake(text)
    }

    /// The same of what Bake would print, also where that is a secret: byte for byte where a program reads it, and with escapes
    /// in its texts on a terminal, and in a step of GitHub Actions where its runner would take one for a command.
    pub(super) fn deliver_json_as_bake(&self, text: &str) -> Result<(), Error> {
        let is_read_by_runner = self.host.is_in_step() && readable::has_command(text);
        if self.host.screen().is_some() || is_read_by_runner {
            self.deliver_as_bake(&readable::json(text))
        } else {
            self.deliver_as_bake(text)
        }
    }

    /// Writes the product, byte for byte.
    pub(super) fn deliver(&self, text: &str) -> Result<(), Error> {
        self.check_leaks("the output", text)?;
        self.deliver_as_bake(text)
    }

    /// Writes what Bake would print, also where that is a secret. A reader that has gone away has seen all it wanted.
    pub(super) fn deliver_as_bake(&self, text: &str) -> Result<(), Error> {
        match self.host.stdout(text)? {
            Delivery::Complete | Delivery::ReaderGone => Ok(()),
        }
    }
}

pub(super) mod diff;
pub(super) mod leaks;
pub(super) mod network;
pub(super) mod products;
pub(super) mod talk;

/// Sets outputs of the step and writes the job summary
/// (<https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions>).
pub(super) fn github(session: &Session<'_>, outputs: &str, summary: &str) -> Result<(), Error> {
    let host = session.host;
    session.check_leaks("an output of the step", outputs)?;
    let summary = session.echoes.without(summary);
    session.check_leaks("the job summary", &summary)?;
    let file = |name: &str| host.env().get(name).filter(|path| !path.is_empty());
    match file("GITHUB_OUTPUT") {
        Some(path) => host.append(path, outputs)?,
        None => session.tell(&[Diagnostic::warning(
            Code::NO_GITHUB,
            "GITHUB_OUTPUT is not set, so no outputs are set",
        )
        .with_help("`--github` is for steps of GitHub Actions")]),
    }
    if let Some(path) = file("GITHUB_STEP_SUMMARY") {
        host.append(path, &summary)?;
    }
    Ok(())
}
