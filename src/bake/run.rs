//! From the files of a run to its module and targets: each file is parsed in its language, Compose files are merged, and
//! what Bake files say goes on top.

use super::compose::{self, Composition};
use super::eval::functions::Ambient;
use super::module::{File, Module, ModuleInputs, NullReference, explain_null};
use super::target::Definition;
use super::text::discovery::Format;
use super::text::resembling::is_dockerfile;
use super::text::syntax::Body;
use super::text::{hcl, json};
use super::values::kept::KeptVariable;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{SourceId, Sources};

/// A file to be parsed.
pub(crate) struct RunFile {
    /// Its text.
    pub id: SourceId,
    /// Its language.
    pub format: Format,
    /// Whether Bake reads it, too.
    pub shared: bool,
}

/// What files hold.
#[derive(Default)]
pub(crate) struct Parsed {
    /// Bake files.
    pub bodies: Vec<File>,
    /// Compose files.
    pub compose_files: Vec<SourceId>,
}

/// What files mean.
pub(crate) struct Evaluated {
    /// Variables, functions and images.
    pub module: Module,
    /// Targets and groups.
    pub definition: Definition,
    /// The variables that are left to the build.
    pub kept: Vec<KeptVariable>,
    /// The references that are null, since they see a target's last declaration alone.
    pub null: Vec<NullReference>,
}

/// Parses files in the order in which they merge.
pub(crate) fn parse(
    sources: &mut Sources,
    files: Vec<RunFile>,
    surroundings: &compose::ComposeInputs<'_>,
    diagnostics: &mut Diagnostics,
) -> Parsed {
    let mut parsed = Parsed::default();
    for RunFile { id, format, shared } in files {
        match parse_file(sources, id, format, surroundings) {
            Ok(Language::Compose) => parsed.compose_files.push(id),
            Ok(Language::Bake(body, json)) => parsed.bodies.push(File { body, json, shared }),
            Err(found) if sources.get(id).path.rsplit(['/', '\\']).next().is_some_and(is_dockerfile) => {
                let hint = "this is a Dockerfile: a target of a Bake file names it with `dockerfile = \"…\"`, and `bakeplan init` proposes one";
                diagnostics.extend(found.into_iter().map(|one| one.with_help(hint)));
            }
            Err(found) => diagnostics.extend(found),
        }
    }
    parsed
}

/// What the Compose files among the parsed ones say together.
pub(crate) fn compose(
    sources: &mut Sources,
    parsed: &Parsed,
    surroundings: &compose::ComposeInputs<'_>,
    diagnostics: &mut Diagnostics,
) -> Composition {
    if parsed.compose_files.is_empty() {
        return Composition::default();
    }
    match compose::load(sources, &parsed.compose_files, surroundings) {
        Ok(composition) => composition,
        Err(found) => {
            diagnostics.extend(found);
            Composition::default()
        }
    }
}

/// Evaluates Bake files on top of what Compose files say.
///
/// # Errors
/// All that is found wrong at the first stage that fails.
pub(crate) fn evaluate(
    bodies: Vec<File>,
    composed: Definition,
    sources: &Sources,
    surroundings: ModuleInputs,
    ambient: Ambient,
) -> Result<Evaluated, Vec<Diagnostic>> {
    let null = NullReference::among(&bodies);
    let evaluated = || {
        let module = Module::new(bodies, surroundings, ambient)?;
        let kept = module.kept(|span| sources.text(span))?;
        let definition = module.merge_onto(composed)?;
        Ok((module, definition, kept))
    };
    match evaluated() {
        Ok((module, definition, kept)) => Ok(Evaluated { module, definition, kept, null }),
        Err(found) => Err(explain_null(found, &null)),
    }
}

/// What a file turns out to hold.
enum Language {
    /// Services, to be read together with those of the other Compose files.
    Compose,
    /// Blocks, and whether they are written in JSON.
    Bake(Body, bool),
}

/// Parses a file in the language that its name tells.
fn parse_file(
    sources: &mut Sources,
    id: SourceId,
    format: Format,
    surroundings: &compose::ComposeInputs<'_>,
) -> Result<Language, Vec<Diagnostic>> {
    match format {
        Format::Hcl => hcl::parse_hcl(sources, id).map(|body| Language::Bake(body, false)),
        Format::HclJson => json::parse_json(sources, id).map(|body| Language::Bake(body, true)),
        Format::Compose => Ok(Language::Compose),
        Format::Bake => parse_bake(sources, id),
        Format::Unknown => parse_unknown(sources, id, surroundings),
    }
}

/// Parses a file as HCL, or else JSON.
fn parse_bake(sources: &mut Sources, id: SourceId) -> Result<Language, Vec<Diagnostic>> {
    let hcl = match hcl::parse_hcl(sources, id) {
        Ok(body) => return Ok(Language::Bake(body, false)),
        Err(hcl) => hcl,
    };
    match json::parse_json(sources, id) {
        Ok(body) => Ok(Language::Bake(body, true)),
        Err(json) => Err(if sources.get(id).text.trim_start().starts_with('{') { json } else { hcl }),
    }
}

/// Parses a file whose name tells nothing: as Compose, or else HCL, or else JSON. Of the errors, those of the language
/// that the file seems to be in are reported in full.
fn parse_unknown(
    sources: &mut Sources,
    id: SourceId,
    surroundings: &compose::ComposeInputs<'_>,
) -> Result<Language, Vec<Diagnostic>> {
    let Err(compose) = compose::check(sources, id, surroundings) else { return Ok(Language::Compose) };
    let hcl = match hcl::parse_hcl(sources, id) {
        Ok(body) => return Ok(Language::Bake(body, false)),
        Err(hcl) => hcl,
    };
    let json = match json::parse_json(sources, id) {
        Ok(body) => return Ok(Language::Bake(body, true)),
        Err(json) => json,
    };
    let text = &sources.get(id).text;
    let seems_compose = text.lines().any(|line| line.starts_with("services:"));
    let (language, mut told, other, reason) = if text.trim_start().starts_with('{') {
        ("JSON", json, "Compose", compose)
    } else if seems_compose {
        ("Compose", compose, "HCL", hcl)
    } else {
        ("HCL", hcl, "Compose", compose)
    };
    if let (Some(first), Some(reason)) = (told.first_mut(), reason.first()) {
        first.notes.push(format!("`{}` was read as {language}", sources.get(id).path));
        first.notes.push(format!("it is not {other} either: {}", reason.message));
    }
    Err(told)
}
