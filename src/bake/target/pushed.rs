//! Names the image of a target as it is pushed.
//!
//! Its tags, or else the names in its outputs: buildx puts the tags over those
//! (`toSolveOpt` in <https://github.com/docker/buildx/blob/master/build/opt.go>).

use std::borrow::Cow;

use super::flags::parse_bool;
use super::{Entry, Target, Text};

impl Entry {
    /// Whether Bake could push what this output makes, which may say that it is not to be pushed.
    #[must_use]
    pub fn is_pushable(&self) -> bool {
        matches!(self.kind(), "image" | "registry") && !self.forbids_push()
    }

    /// Whether this output says that it is not to be pushed.
    #[must_use]
    pub fn forbids_push(&self) -> bool {
        self.push() == Some(false)
    }

    /// Whether this output is pushed unasked.
    #[must_use]
    pub fn is_pushed(&self) -> bool {
        self.push() == Some(true)
    }

    /// Whether it says that it is pushed. Buildx pushes the type `registry` whatever else it says (`CreateExports` in
    /// <https://github.com/docker/buildx/blob/master/util/buildflags/export.go>).
    fn push(&self) -> Option<bool> {
        match self.kind() {
            "registry" => Some(true),
            "image" => self.switch("push"),
            _ => None,
        }
    }

    /// A boolean as BuildKit reads those of images: without a value it is true.
    fn switch(&self, key: &str) -> Option<bool> {
        self.get(key).and_then(|value| if value.is_empty() { Some(true) } else { parse_bool(value) })
    }

    /// The names in this output, which commas divide
    /// (<https://github.com/moby/buildkit/blob/master/exporter/containerimage/export.go>).
    fn names(&self) -> impl Iterator<Item = Text> {
        let given = self.fields.get("name").filter(|name| !name.is_empty());
        given.into_iter().flat_map(|name| name.as_str().split(',').map(|one| name.derive(one)))
    }
}

impl Target {
    /// The outputs that Bake could push.
    fn pushable_outputs(&self) -> impl Iterator<Item = &Entry> {
        self.output.iter().flatten().filter(|output| output.is_pushable())
    }

    /// The names in its outputs.
    pub fn output_names(&self) -> impl Iterator<Item = Text> {
        self.pushable_outputs().flat_map(Entry::names)
    }

    /// What its image is called: its tags, or else the names in its outputs.
    #[must_use]
    pub fn image_names(&self) -> Cow<'_, [Text]> {
        match self.tags.as_deref() {
            None | Some([]) => self.output_names().collect(),
            Some(tags) => tags.into(),
        }
    }

    /// Those with a slash: one without is local, by the convention of Bake files.
    #[must_use]
    pub fn pushed_names(&self) -> Vec<Text> {
        self.image_names().iter().filter(|name| name.as_str().contains('/')).cloned().collect()
    }

    /// Whether it is pushed without any tag: a name without one stands for the repository, and not for its `latest`.
    #[must_use]
    pub fn is_pushed_by_digest(&self) -> bool {
        let by_digest = |output: &Entry| output.switch("push-by-digest") == Some(true);
        self.pushable_outputs().any(by_digest)
    }

    /// Whether it is pushed unasked.
    #[must_use]
    pub fn is_pushed(&self) -> bool {
        self.pushable_outputs().any(Entry::is_pushed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bake::target::flags;

    /// The target's names, with what is pushed unasked and by digest.
    #[track_caller]
    fn case(tags: &[&str], output: &str, expected: &str) {
        let target = Target {
            tags: Some(tags.iter().map(|tag| Text::verbatim(tag)).collect()),
            output: Some(vec![flags::output(&Text::verbatim(output)).unwrap()]),
            ..Target::new("app")
        };
        let names: Vec<String> = target.image_names().iter().map(ToString::to_string).collect();
        let flag = |is: bool, text: &str| if is { text.to_owned() } else { String::new() };
        let flags = flag(target.is_pushed(), " pushed") + &flag(target.is_pushed_by_digest(), " by digest");
        assert_eq!(names.join(" ") + &flags, expected, "{tags:?} {output}");
    }

    #[test]
    fn names_are_those_that_buildx_pushes() {
        case(&[], "type=registry,name=r.io/a:1", "r.io/a:1 pushed");
        case(&[], "type=image,push=true,name=r.io/a", "r.io/a pushed");
        case(&[], "type=image,\"name=r.io/a:1,r.io/b:2\"", "r.io/a:1 r.io/b:2");
        case(&[], "type=image,push-by-digest=1,push=T,name=r.io/a", "r.io/a pushed by digest");
        case(&[], "type=registry,push=false,name=r.io/a", "r.io/a pushed");
        case(&[], "type=registry,push=yes,name=r.io/a", "r.io/a pushed");
        case(&[], "type=image,push=false,name=r.io/a", "");
        case(&[], "type=image,push=,name=r.io/a", "r.io/a pushed");
        case(&[], "type=image,push-by-digest=,push=1,name=r.io/a", "r.io/a pushed by digest");
        case(&["b:2"], "type=registry,name=r.io/a:1", "b:2 pushed");
        case(&[], "type=docker,name=r.io/a:1", "");
        case(&[], "type=oci,dest=x,name=r.io/a:1", "");
        case(&[], "type=registry,name=", " pushed");
        case(&[], "type=registry", " pushed");
    }
}
