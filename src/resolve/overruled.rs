//! What the command line, variables and later files say of a target in vain, because an `image` block says it, too, and
//! has the last word.

use std::collections::{BTreeMap, BTreeSet};

use super::images::annotations;
use super::images::image::{Covered, UnresolvedImage};
use super::input::Input;
use super::publication::Publication;
use super::targets::Targets;
use crate::bake::module::SetInVain;
use crate::bake::target::overrides::counted::SetValue;
use crate::bake::target::{Target, Text, flags};
use crate::bake::text::syntax::Block;
use crate::bake::values::Name;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::platform::{Platform, split_list};
use crate::reference::{Reference, Tag};
use crate::source::Span;
use crate::spec::{PlatformSettings, Settings};

/// Warns of each value that reaches no build or tag of the images that are wanted.
pub(super) fn warn(
    input: &Input<'_>,
    images: &[UnresolvedImage],
    publications: &[Publication],
    targets: &Targets<'_>,
    diagnostics: &mut Diagnostics,
) {
    set_values(input, images, publications, targets, diagnostics);
    tags_of_files(input, images, targets, diagnostics);
}

fn set_values(
    input: &Input<'_>,
    images: &[UnresolvedImage],
    publications: &[Publication],
    targets: &Targets<'_>,
    diagnostics: &mut Diagnostics,
) {
    let set = input.overrides.values(input.definition);
    if set.is_empty() {
        return;
    }
    for (image, publication) in images.iter().zip(publications).filter(|(image, _)| image.is_wanted) {
        for Covered { name, at, settings } in &image.targets {
            let target = targets.at(*at);
            let platforms: Vec<&Platform> = targets.valid_platforms(*at).collect();
            for value in set.get(name).into_iter().flatten() {
                let image =
                    Overruling { key: &image.key, settings, publication, target, platforms: &platforms };
                diagnostics.extend(image.overrules(value));
            }
        }
    }
}

/// Where a target block has its tags.
struct Holder<'m> {
    /// Its position among all blocks.
    at: usize,
    block: &'m Block,
    value: Span,
}

/// Reports tags that stand in a later file than the target itself, and variables that are set for such tags alone, where
/// the image has tags and repositories of its own. In the file of the target they are for people who build without us.
fn tags_of_files(
    input: &Input<'_>,
    images: &[UnresolvedImage],
    targets: &Targets<'_>,
    diagnostics: &mut Diagnostics,
) {
    if images.iter().all(UnresolvedImage::is_named_by_target) {
        return;
    }
    let mut replaced: BTreeMap<Span, &str> = BTreeMap::new();
    let mut kept: BTreeSet<Span> = BTreeSet::new();
    let mut holders: Vec<Holder<'_>> = Vec::new();
    for (at, block) in input.module.blocks().enumerate() {
        let tags = block.body.attribute("tags").map(|tags| tags.value.span);
        holders.extend(tags.map(|value| Holder { at, block, value }));
    }
    holders.sort_by_key(|holder| holder.value);
    let holder_of = |tag: &Text| {
        let span = tag.span?;
        let after = holders.partition_point(|holder| holder.value <= span || holder.value.holds(span));
        holders[..after].last().filter(|holder| holder.value.holds(span))
    };
    let covered = images.iter().flat_map(|image| image.targets.iter().map(move |one| (&one.name, image)));
    let covered: BTreeMap<&Name, &UnresolvedImage> = covered.collect();
    let parents: BTreeSet<&Name> =
        input.definition.targets.values().flat_map(|target| &target.inherits).map(Text::name).collect();
    for (name, target) in &targets.resolved {
        let image = covered.get(name).filter(|image| !image.is_named_by_target());
        for holder in target.tags.iter().flatten().filter_map(holder_of) {
            match image {
                Some(image) => drop(replaced.entry(holder.value).or_insert(&image.key)),
                // Others have the tags of a parent.
                None if parents.contains(name) => {}
                None => drop(kept.insert(holder.value)),
            }
        }
    }
    replaced.retain(|span, _| !kept.contains(span));
    let path = |block: &Block| input.texts.path(block.span);
    for (span, key) in &replaced {
        let Some(holder) = holders.iter().find(|holder| holder.value == *span) else { continue };
        let Some(label) = holder.block.labels.first() else { continue };
        let is_of_it = |block: &&Block| {
            block.kind.name == holder.block.kind.name && block.labels.iter().any(|one| one.name == label.name)
        };
        let first = input.module.blocks().take(holder.at).find(is_of_it);
        if first.is_none_or(|first| path(first) == path(holder.block)) {
            continue;
        }
        let (file, name) = (path(holder.block).unwrap_or_default(), &label.name);
        let message = format!(
            "the tags that `{file}` gives target `{name}` are not published: image `{key}` has tags and repositories of its own"
        );
        diagnostics.report(warning(message).at(*span, "").with_help(
            "leave them out, or `tags`, `version` and `repositories` of the `image` block, so that the target's are used",
        ));
    }
    let unused: BTreeSet<Span> = replaced.keys().copied().collect();
    if unused.is_empty() {
        return;
    }
    for SetInVain { name, source, is_option, span } in input.module.set_in_vain(&unused) {
        let key = replaced[&span];
        let message = format!(
            "{source} has no effect: only tags are made of it that are not published, since image `{key}` has tags and repositories of its own"
        );
        let found = if is_option { warning(message) } else { Diagnostic::note(Code::OVERRULED, message) };
        diagnostics.report(
            found
                .at(span, "")
                .with_help(format!("use `{name}` in the `image` block, such as `tags = [{name}]`")),
        );
    }
}

/// An image, of which one target is looked at.
struct Overruling<'a> {
    key: &'a str,
    settings: &'a Settings,
    publication: &'a Publication,
    target: &'a Target,
    platforms: &'a [&'a Platform],
}

impl Overruling<'_> {
    fn overrules(&self, value: &SetValue) -> Vec<Diagnostic> {
        let SetValue { written, key, values } = value;
        let (root, name) = key.split_once('.').unwrap_or((key, ""));
        match root {
            "tags" => values.iter().filter_map(|tag| self.tag(written, tag, tag)).collect(),
            "output" if self.target.tags.as_ref().is_none_or(Vec::is_empty) => {
                let names = |value: &Text| -> Vec<Text> {
                    let output = flags::output(value).ok().map(|output| vec![output]);
                    Target { output, ..Target::new("") }.output_names().collect()
                };
                let all =
                    values.iter().flat_map(|value| names(value).into_iter().map(move |name| (value, name)));
                all.filter_map(|(value, name)| self.tag(written, value, &name)).collect()
            }
            "annotations" => values.iter().filter_map(|value| self.annotation(written, value)).collect(),
            "platform" => values.iter().flat_map(|value| self.skipped(written, value)).collect(),
            _ => self.of_platforms(written, root, name).into_iter().collect(),
        }
    }

    /// A tag that is not published, or not where it says.
    fn tag(&self, written: &str, value: &Text, name: &Text) -> Option<Diagnostic> {
        let reference: Reference = name.as_str().parse().ok()?;
        let (repository, tag) = (reference.repository(), reference.tag());
        let listing = self.publication.get(repository);
        let is_there =
            |tag: &Tag| listing.is_some_and(|listing| listing.tags.iter().any(|one| one.tag == *tag));
        let has_repositories = self.settings.repositories.is_some();
        let own = match (&self.settings.tags, &self.settings.version) {
            (Some(_), _) => Some("tags"),
            (None, Some(_)) => Some("version"),
            (None, None) => None,
        };
        let own_tags = own.filter(|_| tag.is_some_and(|tag| !is_there(tag)));
        let lacks_repository = has_repositories && listing.is_none();
        let (what, attribute) = match (own_tags, lacks_repository) {
            (None, false) => return None,
            (Some(own), _) if has_repositories => {
                ("publishes nothing".to_owned(), format!("`{own}` and `repositories`"))
            }
            (Some(own), _) => (format!("does not publish `{name}`"), format!("`{own}`")),
            (None, true) => (format!("publishes nothing in `{repository}`"), "`repositories`".to_owned()),
        };
        let message = format!("`{written}={value}` {what}: image `{}` has {attribute} of its own", self.key);
        Some(warning(message).with_help(
            "set it in the `image` block, where a variable can make it depend on the command line: `tags = [TAG]` and `--var TAG=…`",
        ))
    }

    /// An annotation of the index that the block says otherwise.
    fn annotation(&self, written: &str, value: &Text) -> Option<Diagnostic> {
        let target = Target { annotations: vec![value.clone()].into(), ..Target::new("") };
        let lifted = annotations::lifted(&target);
        let differs = |(key, text): (&String, &String)| {
            let own = self.settings.annotations.iter().find(|(name, _)| ***name == **key)?.1;
            (own.as_str() != text).then(|| key.clone())
        };
        let key = lifted.iter().find_map(differs)?;
        let message = format!(
            "`{written}={value}` has no effect on the index: image `{}` has an annotation `{key}` of its own",
            self.key
        );
        Some(warning(message).with_help("set it in `annotations` of the `image` block"))
    }

    /// Platforms that the image leaves out.
    fn skipped(&self, written: &str, value: &Text) -> Vec<Diagnostic> {
        let is_skipped = |platform: &Platform| {
            self.settings.overrides_of(Some(platform)).iter().any(|one| one.settings.skip)
        };
        let skipped = split_list(value.as_str()).unwrap_or_default().into_iter().filter(is_skipped);
        let warn = |platform| {
            let message = format!(
                "`{written}={value}` builds nothing for `{platform}`: a `platform` block of image `{}` has `skip = true`",
                self.key
            );
            warning(message).with_help("leave the platform or `skip` out")
        };
        skipped.map(warn).collect()
    }

    /// What `platform` blocks say otherwise.
    fn of_platforms(&self, written: &str, root: &str, name: &str) -> Option<Diagnostic> {
        let says = |platform: &&&Platform| {
            self.settings.overrides_of(Some(platform)).iter().any(|one| one.settings.replaces(root, name))
        };
        let platforms: Vec<String> =
            self.platforms.iter().filter(says).map(|platform| format!("`{platform}`")).collect();
        if platforms.is_empty() {
            return None;
        }
        let message = format!(
            "`{written}` has no effect on {}: a `platform` block of image `{}` sets `{}`",
            platforms.join(", "),
            self.key,
            if name.is_empty() { root.to_owned() } else { format!("{root}.{name}") }
        );
        Some(
            warning(message)
                .with_help("set it in that block, where a variable can make it depend on the command line"),
        )
    }
}

impl PlatformSettings {
    /// Whether it says what the target has under this key of `--set`.
    fn replaces(&self, root: &str, name: &str) -> bool {
        let Self {
            dockerfile,
            context,
            contexts,
            target,
            args,
            // The target has none of these.
            runner: _,
            on_missing: _,
            skip: _,
            marked: _,
            nulls: _,
        } = self;
        match root {
            "dockerfile" => dockerfile.is_some(),
            "context" => context.is_some(),
            "target" => target.is_some(),
            "contexts" => contexts.contains_key(name),
            "args" => args.contains_key(name),
            _ => false,
        }
    }
}

fn warning(message: String) -> Diagnostic {
    Diagnostic::warning(Code::OVERRULED, message)
}
