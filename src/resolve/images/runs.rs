//! What runs are of to an image: the version that `version` makes of each, and whether its condition lets it through.

use std::borrow::Cow;

use super::image::UnresolvedImage;
use super::version::tails_of;
use crate::bake::target::Text;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{Facts, Known};
use crate::pattern::{self, PatternError, Rendered, Words};
use crate::version::{Tails, Version, VersionError};

/// What a run is of to an image.
pub(in crate::resolve) enum OfRun {
    /// Nothing follows from it: there is no `version`, or its pattern comes to nothing.
    Nothing,
    /// A version of the image.
    Own(Box<OwnVersion>),
    /// The condition of `version` refuses it.
    Declined {
        /// Whether `version` would be made of the git tag.
        is_of_tag: bool,
    },
    /// Its git tag does not begin with the image's prefix.
    Elsewhere {
        /// The git tag.
        tag: String,
        /// The longer prefix of the other image, if the tag begins with that of this one, too.
        other: Option<String>,
    },
    /// The pattern cannot be rendered, or the condition is none.
    Failed(PatternError, Text),
}

/// What `version` comes to in a run.
pub(in crate::resolve) struct OwnVersion {
    /// Without what stands before the version in git tags.
    pub(in crate::resolve) name: String,
    /// The version that it is.
    pub(in crate::resolve) version: Result<Version, VersionError>,
    /// Whether it is made of the git tag.
    pub(in crate::resolve) is_of_tag: bool,
    /// Whether it is made of anything of the run.
    pub(in crate::resolve) is_of_run: bool,
}

/// How an image reads runs.
pub(in crate::resolve) struct RunReader<'a> {
    image: &'a UnresolvedImage,
    /// What stands before the version in git tags, where that is said.
    pub(in crate::resolve) prefix: Option<Text>,
    /// How the image reads what follows the numbers; where that is not known yet, it depends on the run.
    tails: Option<&'a Tails>,
    /// Whether it takes each git tag as it is, or says nothing of any.
    is_plain: bool,
}

impl<'a> RunReader<'a> {
    /// That of an image whose version is not known yet. A wrong prefix is reported.
    pub(in crate::resolve) fn new(image: &'a UnresolvedImage, diagnostics: &mut Diagnostics) -> Self {
        let is_plain = image.settings().version.as_ref().is_none_or(|version| {
            let is_let = version.when.as_ref().is_none_or(|when| when.as_str() == "tag");
            (version.as_str() == "{{ tag }}" && is_let) || !pattern::is_pattern(version.as_str())
        });
        Self { image, prefix: tag_prefix(image, diagnostics), tails: None, is_plain }
    }

    /// That of an image whose own version is known. Mistakes have been reported.
    pub(in crate::resolve) fn of(image: &'a UnresolvedImage) -> Self {
        Self { tails: Some(&image.tails), ..Self::new(image, &mut Diagnostics::default()) }
    }

    /// What a run is of.
    pub(in crate::resolve) fn read(&self, facts: Known<'_>) -> OfRun {
        let Some(version) = &self.image.settings().version else {
            let is_said = self.prefix.is_some();
            let tag = is_said.then(|| facts.tag.clone()).flatten();
            return tag.and_then(|tag| self.elsewhere(&tag)).unwrap_or(OfRun::Nothing);
        };
        let words = Words { version: None, facts, image: self.image.names() };
        let rendered = pattern::render(version.as_str(), &words).and_then(|mut one| {
            let unknown = one.as_mut().and_then(|one| one.unknown.take());
            unknown.map_or_else(|| Ok(one.map(|one| self.made(one, facts))), Err)
        });
        if let Some(when) = &version.when {
            let made = rendered.as_ref().ok().and_then(Option::as_ref);
            let version = made.and_then(OfRun::version);
            match pattern::holds_of_version(when.as_str(), &Words { version, ..words }) {
                Ok(true) => {}
                Ok(false) => return OfRun::Declined { is_of_tag: made.is_some_and(OfRun::is_of_tag) },
                Err(e) => return OfRun::Failed(e, when.clone()),
            }
        }
        match rendered {
            Ok(made) => made.unwrap_or(OfRun::Nothing),
            Err(e) => OfRun::Failed(e, Text::clone(version)),
        }
    }

    /// What a run of a git tag would be of, with all else as in these facts.
    pub(in crate::resolve) fn read_tag(&self, tag: &str, facts: Known<'_>) -> OfRun {
        let read = (!self.is_plain).then(|| self.read(&&Facts::of_tag(facts, tag)));
        match read {
            Some(read) if read.is_of_tag() => read,
            // `version` says nothing of git tags, or is one.
            Some(_) | None => self.git_tag(tag, facts),
        }
    }

    /// The version that is rendered in a run, whether or not the condition lets it through.
    pub(in crate::resolve) fn rendered_version(&self, facts: Known<'_>) -> Option<Version> {
        let version = self.image.settings().version.as_ref()?;
        let words = Words { version: None, facts, image: self.image.names() };
        let rendered = pattern::render(version.as_str(), &words).ok()??;
        self.made(rendered, facts).version().cloned()
    }

    /// What `version` is when it comes to this.
    fn made(&self, rendered: Rendered, facts: Known<'_>) -> OfRun {
        let Rendered { text, uses, names_commit: _, unknown: _ } = rendered;
        if uses.facts.contains("tag") {
            return self.git_tag(&text, facts);
        }
        let name = text.strip_prefix(self.prefix()).unwrap_or(&text);
        self.own(name, false, uses.names_run(), facts)
    }

    /// What a git tag is, of which `version` may have cut off something.
    fn git_tag(&self, tag: &str, facts: Known<'_>) -> OfRun {
        self.elsewhere(tag).unwrap_or_else(|| {
            let name = tag.strip_prefix(self.prefix()).unwrap_or(tag);
            self.own(name, true, true, facts)
        })
    }

    fn own(&self, name: &str, is_of_tag: bool, is_of_run: bool, facts: Known<'_>) -> OfRun {
        let settings = self.image.settings();
        let tails = self.tails.map_or_else(|| Cow::Owned(tails_of(settings, name, facts)), Cow::Borrowed);
        let version = Version::parse_with(name, settings.scheme, &tails);
        OfRun::Own(Box::new(OwnVersion { name: name.to_owned(), version, is_of_tag, is_of_run }))
    }

    /// A git tag that is not the image's.
    fn elsewhere(&self, tag: &str) -> Option<OfRun> {
        let other = self.image.other_prefix(tag, self.prefix()).map(str::to_owned);
        let is_other = other.is_some() || !tag.starts_with(self.prefix());
        is_other.then(|| OfRun::Elsewhere { tag: tag.to_owned(), other })
    }

    /// What stands before the version in git tags.
    pub(in crate::resolve) fn prefix(&self) -> &str {
        self.prefix.as_ref().map(Text::as_str).unwrap_or_default()
    }
}

impl OfRun {
    /// The version of the image, if it is one.
    pub(in crate::resolve) fn version(&self) -> Option<&Version> {
        match self {
            Self::Own(own) => own.version.as_ref().ok(),
            Self::Nothing | Self::Declined { .. } | Self::Elsewhere { .. } | Self::Failed(..) => None,
        }
    }

    /// Whether the git tag decides it.
    fn is_of_tag(&self) -> bool {
        match self {
            Self::Own(own) => own.is_of_tag,
            Self::Declined { is_of_tag } => *is_of_tag,
            Self::Elsewhere { tag: _, other: _ } => true,
            Self::Nothing | Self::Failed(..) => false,
        }
    }
}

/// What stands before the version in git tags, if that is known.
pub(in crate::resolve) fn git_prefix(image: &UnresolvedImage) -> Option<String> {
    let prefix = tag_prefix(image, &mut Diagnostics::default())?;
    (!prefix.is_empty()).then(|| prefix.to_string())
}

/// What stands before the version in git tags.
fn tag_prefix(image: &UnresolvedImage, diagnostics: &mut Diagnostics) -> Option<Text> {
    let prefix = image.settings().tag_prefix.as_ref()?;
    match pattern::render_name(prefix.as_str(), image.names()) {
        Ok(text) => Some(Text { span: prefix.span, ..Text::verbatim(&text) }),
        Err(e) => {
            let diagnostic = Diagnostic::error(Code::TAG_PREFIX, e.to_string()).at(prefix.span, "");
            diagnostics.report(diagnostic.with_help(e.help()));
            None
        }
    }
}
