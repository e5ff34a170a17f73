//! Attributes of `image` blocks that change nothing, because no image that they are about has what they need.

use super::images::guards;
use super::images::image::UnresolvedImage;
use super::input::Input;
use super::publication::Publication;
use super::targets::Targets;
use crate::bake::target::Text;
use crate::bake::text::syntax::{Attribute, ExprKind};
use crate::code::{Code, Severity};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::form::Form;
use crate::pattern::{self, PatternForms};
use crate::rules::{self, Rule};
use crate::spec::{Declared, Needs, Settings, Spec, TagPattern};
use crate::tags::Claim;

/// Whether an image has what an attribute needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Has {
    /// In no run.
    Never,
    /// Not in this run, and a variable may say otherwise in another one.
    NotHere,
    /// In this run, or in one of another ref.
    Yes,
}

/// Warns of each attribute that changes nothing for any image of its block; of the defaults, for any image at all. It is a
/// note where that may be otherwise in another run.
pub(super) fn warn(
    input: &Input<'_>,
    spec: &Spec,
    images: &[UnresolvedImage],
    left_out: &[UnresolvedImage],
    publications: &[Publication],
    targets: &Targets<'_>,
    diagnostics: &mut Diagnostics,
) {
    if diagnostics.has_errors() {
        return;
    }
    let forms = PatternForms::new(input.given.short_length());
    let planned = images.iter().zip(publications).map(|(image, publication)| (image, Some(publication)));
    let all: Vec<_> = planned.chain(left_out.iter().map(|image| (image, None))).collect();
    for (block, written) in spec.blocks() {
        let is_of_block = |image: &UnresolvedImage| block.is_none() || image.block == block;
        let own: Vec<Subject<'_>> = all
            .iter()
            .filter(|(image, _)| is_of_block(image))
            .map(|(image, publication)| Subject {
                image,
                publication: *publication,
                input,
                targets,
                forms: &forms,
            })
            .collect();
        for (declared, attribute) in written.declared() {
            let Some(most) = own.iter().map(|image| image.has(declared.needs)).max() else { continue };
            if most != Has::Yes && own.iter().any(|one| says(one.image.settings(), declared, attribute)) {
                diagnostics.report(idle(declared, attribute, written.label.is_none(), most));
            }
        }
    }
}

/// Whether an attribute says anything else than without being written, or says `true`.
fn says(settings: &Settings, declared: &Declared, attribute: &Attribute) -> bool {
    let is_true = matches!(attribute.value.kind, ExprKind::Bool(true));
    is_true || settings.differences(&Settings::default()).contains(&declared.name)
}

fn idle(declared: &Declared, attribute: &Attribute, is_default: bool, has: Has) -> Diagnostic {
    const VERSION: &str = "say the version, such as `version = \"1.2.3\"` or `version = \"{{ tag }}\"`";
    let name = declared.name;
    let (lacks, cure) = match declared.needs {
        Needs::Nothing => ("", ""),
        Needs::Tags => ("the tags are those of the targets", "set `version` or `tags`"),
        Needs::Rules => {
            let message = "a flavor applies to rule lines in `tags`, but there are none";
            let help = "write tags such as `type=semver,pattern={{version}}`, or leave `flavor` out";
            return Diagnostic::warning(Code::FLAVOR, message).at(attribute.value.span, "").with_help(help);
        }
        Needs::Variant => ("there is no `variant`", "set `variant`"),
        Needs::Version => ("there is no `version`, and no tag shows one", VERSION),
        Needs::OwnVersion => ("there is no `version`", VERSION),
        Needs::LiteralTag => (
            "all tags move, and none stays with a version or a commit",
            "publish such a tag, as `{{ version }}` or `{{ sha }}`",
        ),
    };
    let (here, severity) = match has {
        Has::NotHere => (" in this run", Severity::Note),
        Has::Never | Has::Yes => ("", Severity::Warning),
    };
    let of_all = if is_default { " for any image" } else { "" };
    let message = format!("`{name}` changes nothing{of_all}{here}: {lacks}");
    let found = Diagnostic::warning(Code::IDLE_ATTRIBUTE, message).with_severity(severity);
    found.at(attribute.name.span, "").with_help(format!("{cure}, or leave `{name}` out"))
}

/// An image, of which it is asked what it has.
struct Subject<'a> {
    image: &'a UnresolvedImage,
    /// What is published of it in this run, if anything is.
    publication: Option<&'a Publication>,
    input: &'a Input<'a>,
    targets: &'a Targets<'a>,
    forms: &'a PatternForms,
}

impl Subject<'_> {
    fn has(&self, needs: Needs) -> Has {
        let settings = self.image.settings();
        let is_null = |name: &str| settings.nulls.iter().any(|(one, _)| one.name == name);
        let lacks =
            |names: &[&str]| if names.iter().any(|name| is_null(name)) { Has::NotHere } else { Has::Never };
        let (is_met, otherwise) = match needs {
            Needs::Nothing => (true, Has::Never),
            Needs::Tags => {
                (settings.tags.is_some() || settings.version.is_some(), lacks(&["tags", "version"]))
            }
            Needs::Rules => (self.rules().next().is_some(), lacks(&["tags"])),
            Needs::Variant => (settings.variant.is_some(), lacks(&["variant"])),
            Needs::OwnVersion => (self.has_version(), lacks(&["version"])),
            Needs::Version => {
                let is_met = self.has_version() || self.shows_version();
                (is_met, lacks(&["version"]).max(self.constants()))
            }
            Needs::LiteralTag => {
                let is_met = self.has_version() || self.shows_version() || self.has_literal();
                (is_met, lacks(&["version"]).max(self.constants()))
            }
        };
        if is_met { Has::Yes } else { otherwise }
    }

    /// Whether it has a version of its own in any run.
    fn has_version(&self) -> bool {
        let of_git_tag = |line: &TagPattern| {
            let rule = Rule::of_image(line.pattern.as_str(), self.image.names());
            rule.map_or(true, |rule| rule.is_of_git_tags())
        };
        self.image.settings().version.is_some()
            || self.image.version.known().is_some()
            || self.rules().any(of_git_tag)
    }

    /// Whether a tag shows a version, as that of another run's git tag may.
    fn shows_version(&self) -> bool {
        let is_seen = |publication: &Publication| publication.values().any(|listing| listing.seen.is_some());
        self.publication.is_some_and(is_seen)
            || self.tags().any(|one| pattern::names_git_tag(one.pattern.as_str()))
    }

    /// Whether a tag stays with what it is of.
    fn has_literal(&self) -> bool {
        let stays = |publication: &Publication| {
            publication.values().flat_map(|listing| &listing.tags).any(|tag| tag.claim == Claim::Literal)
        };
        let names_commit = |form: &Form| form.has_commit();
        self.publication.is_some_and(stays)
            || guards::all_forms(self.image, self.forms).iter().any(names_commit)
    }

    /// Whether a variable may give another tag in the place of one.
    fn constants(&self) -> Has {
        let settings = self.image.settings();
        let is_written =
            |text: &Text| text.span.is_some_and(|span| self.input.texts.text(span).contains(text.as_str()));
        let may_change = match &settings.tags {
            Some(tags) => tags.iter().any(|one| !one.is_written),
            None => self
                .image
                .sources(self.targets)
                .flat_map(|target| target.tags.iter().flatten())
                .any(|tag| !is_written(tag)),
        };
        if may_change { Has::NotHere } else { Has::Never }
    }

    /// Its rule lines.
    fn rules(&self) -> impl Iterator<Item = &TagPattern> {
        self.tags().filter(|one| rules::is_rule(one.pattern.as_str()))
    }

    /// The entries of its `tags`.
    fn tags(&self) -> impl Iterator<Item = &TagPattern> {
        self.image.settings().tags.iter().flatten()
    }
}
