//! Reports what Bake accepts but is almost always a mistake: the lint behind `--strict`.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::files::{File, Module};
use super::redeclared::NullReference;
use crate::bake::target::attributes::{SetKey, TargetAttribute, names_of};
use crate::bake::target::{Entry as Cache, Target, Text, refused};
use crate::bake::text::syntax::{Block, Expr, ExprKind};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, suggest};
use crate::reference::Reference;
use crate::source::Span;

const VARIABLE_ATTRIBUTES: [&str; 3] = ["type", "default", "description"];

/// Attributes and blocks that Bake does not know, and ignores.
#[must_use]
pub fn unknown_names(module: &Module) -> Vec<Diagnostic> {
    let mut diagnostics = Diagnostics::default();
    for block in module.blocks() {
        let kind = &*block.kind.name;
        let own: Vec<&str> = match kind {
            "group" => names_of(kind).to_vec(),
            _ => names_of(kind).iter().copied().chain(["name", "matrix"]).collect(),
        };
        check_block(block, &own, &[], &mut diagnostics);
    }
    for block in module.variable_blocks() {
        check_block(block, &VARIABLE_ATTRIBUTES, &["validation"], &mut diagnostics);
    }
    diagnostics.into_sorted()
}

/// The blocks of a file, by what they are called.
const BLOCKS: [&str; 5] = ["variable", "function", "group", "target", "image"];

/// Blocks that are called almost as ones of Bake are. It ignores them in HCL, as it does those of other tools, and
/// takes them for variables in JSON. So is a file without any `image` block that is chosen for those.
#[must_use]
pub fn misspelt_blocks(files: &[File], is_chosen: impl Fn(&File) -> bool) -> Vec<Diagnostic> {
    let mut diagnostics = Diagnostics::default();
    for file in files {
        let has_any =
            |names: &[&str]| file.body.blocks.iter().any(|block| names.contains(&&*block.kind.name));
        // One of ours may hold a whole definition, or variables alone.
        let needed: &[&str] = if file.shared { &["image"] } else { &BLOCKS };
        if (!file.shared || is_chosen(file)) && !has_any(needed) {
            let warning = Diagnostic::warning(Code::UNKNOWN_BLOCK, "this file has no `image` block");
            diagnostics.report(warning.at(file.body.span, "").with_help(if file.json {
                "write `\"image\": {\"NAME\": {…}}`, with an object for each name"
            } else {
                "write `image \"NAME\" {`"
            }));
        }
        let blocks = file.body.blocks.iter().map(|block| (&block.kind, block.span));
        let objects =
            file.body.attributes.iter().filter(|attribute| file.json && holds_objects(&attribute.value));
        for (name, span) in blocks.chain(objects.map(|attribute| (&attribute.name, attribute.name.span))) {
            if BLOCKS.contains(&&*name.name) {
                continue;
            }
            let begins = |known: &&str| name.name.len() > 2 && known.starts_with(&*name.name);
            let near = suggest(&name.name, BLOCKS).or_else(|| BLOCKS.into_iter().find(begins));
            if let Some(near) = near {
                let taken = if file.json { "Bake takes this for a variable" } else { "Bake ignores this" };
                let message = format!("there are no `{}` blocks; {taken}", name.name);
                let diagnostic = Diagnostic::warning(Code::UNKNOWN_BLOCK, message).at(span, "");
                diagnostics.report(diagnostic.with_help(format!("did you mean `{near}`?")));
            }
        }
    }
    diagnostics.into_sorted()
}

/// Whether a value looks like the blocks of one kind in JSON: an object of objects.
fn holds_objects(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Object(members) => {
            !members.is_empty() && members.iter().all(|(_, body)| matches!(body.kind, ExprKind::Object(_)))
        }
        _ => false,
    }
}

/// What Bake calls what other tools have under this name.
fn other_name(name: &str) -> Option<&'static str> {
    match name.to_ascii_lowercase().as_str() {
        "extends" | "extend" | "extension" | "extensions" | "parent" | "from" => Some("inherits"),
        "build-args" | "build_args" | "build-arg" | "buildargs" | "env" | "environment" => Some("args"),
        "file" => Some("dockerfile"),
        "stage" => Some("target"),
        "image" | "images" => Some("tags"),
        "value" => Some("default"),
        _ => None,
    }
}

fn check_block(block: &Block, attributes: &[&str], blocks: &[&str], diagnostics: &mut Diagnostics) {
    let owner = &block.kind.name;
    let found = block.body.attributes.iter().map(|a| ("attribute", &a.name));
    let inner = block.body.blocks.iter().map(|b| ("block", &b.kind));
    for (what, name) in found.chain(inner) {
        if (if what == "block" { blocks } else { attributes }).contains(&&*name.name) {
            continue;
        }
        let code = if what == "block" { Code::UNKNOWN_BLOCK } else { Code::UNKNOWN_ATTRIBUTE };
        let message = format!("a {owner} has no {what} `{}`; Bake ignores it", name.name);
        let help = if what == "block" && attributes.contains(&&*name.name) {
            format!("it is an attribute: write `{} = …`", name.name)
        } else if what == "attribute" && blocks.contains(&&*name.name) {
            format!("it is a block: write `{} {{ … }}`", name.name)
        } else if what == "block" && BLOCKS.contains(&&*name.name) {
            format!("move it to the top level of the file, as a block of its own: `{} \"…\" {{`", name.name)
        } else {
            match suggest(&name.name, attributes.iter().chain(blocks).copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => match other_name(&name.name).filter(|near| attributes.contains(near)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "take it out, or make it a comment".to_owned(),
                },
            }
        };
        diagnostics.report(Diagnostic::error(code, message).at(name.span, "unknown").with_help(help));
    }
}

/// References that are null, since they see a target's last declaration alone.
#[must_use]
pub fn null_references(null: &[NullReference]) -> Vec<Diagnostic> {
    let mut diagnostics = Diagnostics::default();
    null.iter().for_each(|reference| diagnostics.report(reference.finding()));
    diagnostics.into_sorted()
}

/// Overrides that buildx takes and that do not do what they say.
#[must_use]
pub fn dead_overrides(sets: &[String]) -> Vec<Diagnostic> {
    let key = |set: &String| {
        let (left, _) = set.split_once('=').unwrap_or((set, ""));
        left.trim_end_matches('+').split_once('.').map(|(_, key)| key.to_owned()).unwrap_or_default()
    };
    sets.iter()
        .filter(|set| {
            TargetAttribute::set_by(&key(set)).is_some_and(|one| matches!(one.set, SetKey::Empties(_)))
        })
        .map(|set| {
            let key = key(set);
            let message = format!("`--set {set}` does not set `{key}`: buildx clears it");
            let help = format!("set `{key}` in the file; a variable can make it depend on the environment");
            Diagnostic::error(Code::DEAD_OVERRIDE, message).with_help(help)
        })
        .collect()
}

/// Strings of targets that are not what they look like: a tag with a `${` left, several platforms in one.
pub fn strings<'t>(targets: impl IntoIterator<Item = &'t Target>) -> Vec<Diagnostic> {
    let mut diagnostics = Diagnostics::default();
    for target in targets {
        for tag in target.tags.iter().flatten().filter(|tag| tag.as_str().contains("${")) {
            let message = format!("the tag `{tag}` of target `{}` still has a `${{`", target.name);
            let help = "`$${` is a literal `${`; write `${NAME}` for the value of a variable";
            diagnostics
                .report(Diagnostic::error(Code::TEMPLATE_IN_TAG, message).at(tag.span, "").with_help(help));
        }
        for platform in target.platforms.iter().flatten().filter(|text| text.as_str().contains(',')) {
            let message = format!("`{platform}` is several platforms in one string");
            let parts: Vec<String> =
                platform.as_str().split(',').map(|part| format!("\"{}\"", part.trim())).collect();
            let help = format!("write each as its own string: [{}]", parts.join(", "));
            diagnostics.report(
                Diagnostic::error(Code::PLATFORM_LIST, message).at(platform.span, "").with_help(help),
            );
        }
    }
    // Targets may inherit them.
    diagnostics.into_sorted()
}

/// Values that BuildKit refuses when it builds.
pub fn refused_values<'t>(targets: impl IntoIterator<Item = &'t Target>) -> Vec<Diagnostic> {
    let mut diagnostics = Diagnostics::default();
    targets.into_iter().for_each(|target| diagnostics.extend(refused::values(target)));
    diagnostics.into_sorted()
}

/// Tags that two targets have: of these, the last one to get there wins.
pub fn tags<'t>(targets: impl IntoIterator<Item = &'t Target>) -> Vec<Diagnostic> {
    let claims = targets.into_iter().flat_map(|target| {
        let claim = move |tag: Text, store: Store| {
            let key = (store, normalized(tag.as_str()));
            (key, Claim { target, text: tag.to_string(), span: tag.span.or(target.span) })
        };
        let stores = stores(target).into_iter();
        stores.flat_map(move |store| {
            target.image_names().into_owned().into_iter().map(move |tag| claim(tag, store))
        })
    });
    twice(claims, |first, again| {
        let message =
            format!("`{}` is claimed by `{}` and by `{}`", again.text, first.target.name, again.target.name);
        let help = "give each its own tag; if they are one image for different platforms, `bakeplan plan` makes it one";
        Diagnostic::error(Code::TAG_COLLISION, message).with_help(help)
    })
}

/// Where an image gets its tags.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Store {
    /// Where it is pushed to.
    Registry,
    /// On the machine.
    Engine,
}

/// Where a target's image gets its tags: nowhere if it is only written to files or a cache.
fn stores(target: &Target) -> BTreeSet<Store> {
    let store = |output: &Cache| match output.kind() {
        "docker" => Some(Store::Engine),
        "image" if output.forbids_push() => Some(Store::Engine),
        "image" | "registry" => Some(Store::Registry),
        _ => None,
    };
    match target.output.as_deref().unwrap_or_default() {
        [] => BTreeSet::from([Store::Registry]),
        outputs => outputs.iter().filter_map(store).collect(),
    }
}

/// Caches that two targets write to: the last one to finish wins.
pub fn caches<'t>(targets: impl IntoIterator<Item = &'t Target>) -> Vec<Diagnostic> {
    let claims = targets.into_iter().flat_map(|target| {
        target.cache_to.iter().flatten().filter_map(move |cache| {
            let key = destination(cache)?;
            Some((key, Claim { target, text: shown(cache), span: cache.span.or(target.span) }))
        })
    });
    twice(claims, |first, again| {
        let (text, first, again) = (&again.text, &first.target.name, &again.target.name);
        let message =
            format!("`{first}` and `{again}` write the same cache, `{text}`: the last one to finish wins");
        let help = if text.starts_with("type=gha") {
            "give each its own `scope`"
        } else {
            "give each its own place, such as another tag or folder"
        };
        Diagnostic::error(Code::SHARED_CACHE, message).with_help(help)
    })
}

/// What a target has and no other should.
struct Claim<'t> {
    target: &'t Target,
    text: String,
    span: Option<Span>,
}

fn twice<'t, K: Ord>(
    claims: impl Iterator<Item = (K, Claim<'t>)>,
    describe: impl Fn(&Claim<'_>, &Claim<'_>) -> Diagnostic,
) -> Vec<Diagnostic> {
    let mut diagnostics = Diagnostics::default();
    let mut known: BTreeMap<K, Claim<'_>> = BTreeMap::new();
    for (key, claim) in claims {
        match known.entry(key) {
            Entry::Vacant(slot) => {
                slot.insert(claim);
            }
            Entry::Occupied(slot) => {
                let first = slot.get();
                let diagnostic = describe(first, &claim);
                diagnostics.report(if first.span == claim.span {
                    // One place, which both inherit.
                    diagnostic.at(claim.span, "").at(first.target.span, "").at(claim.target.span, "")
                } else {
                    diagnostic.at(claim.span, "again").at(first.span, "first here")
                });
            }
        }
    }
    diagnostics.into_sorted()
}

/// The reference with its registry and its tag, both of which have a default; other text as it is.
fn normalized(text: &str) -> String {
    match text.parse::<Reference>() {
        Ok(reference) if reference.tag().is_none() && reference.digest().is_none() => {
            format!("{reference}:latest")
        }
        Ok(reference) => reference.to_string(),
        Err(_) => text.to_owned(),
    }
}

/// What tells one cache of a kind from another (<https://docs.docker.com/build/cache/backends/>); nothing for an inline
/// cache, which is in the image.
fn destination(cache: &Cache) -> Option<Vec<String>> {
    let keys: &[&str] = match cache.kind() {
        "inline" => return None,
        "gha" => &["scope", "url", "url_v2"],
        "registry" => &["ref"],
        "local" => &["dest"],
        "s3" => &["endpoint_url", "region", "bucket", "prefix", "manifests_prefix", "name"],
        "azblob" => &["account_url", "prefix", "manifests_prefix", "name"],
        _ => return Some(cache.fields.iter().map(|(key, text)| format!("{key}={text}")).collect()),
    };
    let mut parts = vec![cache.kind().to_owned()];
    parts.extend(keys.iter().map(|key| match (*key, cache.get(key).unwrap_or_default()) {
        ("ref", text) => normalized(text),
        (_, text) => text.to_owned(),
    }));
    Some(parts)
}

/// The cache as it is written, without what says nothing about its place.
fn shown(cache: &Cache) -> String {
    let place = ["scope", "ref", "dest", "bucket", "name"];
    let fields = place.iter().filter_map(|key| Some(format!(",{key}={}", cache.get(key)?)));
    format!("type={}{}", cache.kind(), fields.collect::<String>())
}
