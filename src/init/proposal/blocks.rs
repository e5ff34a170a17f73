//! What is proposed: an `image` block for each image that is published today, and the targets that are missing.

use std::collections::{BTreeMap, BTreeSet};

use hcl::Expression;
use hcl::expr::ObjectKey;
use indexmap::IndexSet;

use super::linked::{self, Built};
use super::names::{self, base_name, hints, named, sanitized};
use super::overrides;
use super::render::{Lines, Variables, formatted, from, one_line, quoted};
use super::runners;
use super::set_variables;
use super::splice::At;
use super::tags::{self, Tags, list};
use super::target_block::{self, key};
pub(crate) use super::target_block::{Told, of_run};
use super::workflow_block::{self, Today};
use crate::init::github::logins;
use crate::init::github::workflow::Reading;
use crate::init::published::bases::BaseOf;
use crate::init::published::covered::{Covered, home};
use crate::init::published::definition::{Known, KnownImage};
use crate::init::published::images::{Candidate, Stray, TargetOf, is_same_build, is_yaml};
use crate::init::repository::world::World;
use crate::init::steps::entry::of_one_kind;
use crate::init::values::mask::quotable;
use crate::init::values::moment::Moment;
use crate::init::values::text::{Line, Place};
use crate::reference::Repository;

/// Blocks for one definition.
#[derive(Debug, Default)]
pub(crate) struct Proposal {
    /// The definition; none for a new Bake file.
    pub definition: Option<usize>,
    /// The images, in the order of their blocks.
    pub images: Vec<ProposedImage>,
    /// Targets, each with where it goes; in a new file, the group of them is first.
    pub targets: Vec<(At, String)>,
    /// `image` blocks, in the same way.
    pub blocks: Vec<(At, String)>,
    /// Variables.
    pub variables: String,
    /// What its `workflow` block gives variables in a run: their names, each with what it is called there.
    pub env: Vec<(String, String)>,
    /// Whether it is for Dockerfiles that nothing publishes yet.
    pub is_first: bool,
}

/// An image of a proposal.
#[derive(Debug)]
pub(crate) struct ProposedImage {
    /// The name of its block.
    pub name: String,
    /// The target that builds it, by its label.
    pub target: String,
    /// What publishes it today; none where that is what its target says.
    pub candidate: Option<Candidate>,
    /// Arguments that are empty until the plan gets them.
    pub open: Vec<String>,
    /// Whether its build has something today that is told, and not proposed.
    pub lacks: bool,
    /// What its `tags` are.
    pub tags: Vec<Expression>,
}

impl ProposedImage {
    /// One that is published as its target says.
    pub(in crate::init) fn own(name: &str, target: &str) -> Self {
        Self {
            name: name.to_owned(),
            target: target.to_owned(),
            candidate: None,
            open: Vec::new(),
            lacks: false,
            tags: Vec::new(),
        }
    }
}

/// What is proposed, and what could not be.
pub(crate) fn propose(
    candidates: Vec<Candidate>,
    bases: &[Vec<BaseOf>],
    known: &[Known],
    reading: &Reading,
    world: &World,
    written: &dyn Fn(&Place) -> String,
) -> (Vec<Proposal>, Vec<Told>, Vec<Stray>) {
    let mut strays: Vec<Stray> = Vec::new();
    let mut proposals: Vec<Maker<'_>> = Vec::new();
    let mut told: Vec<Told> = Vec::new();
    let has_candidates = !candidates.is_empty();
    let mut covered = Covered::new(known);
    let called: Vec<String> = candidates.iter().map(|candidate| base_name(candidate, world)).collect();
    let prefixes: Vec<Option<String>> = candidates.iter().map(names::prefix).collect();
    let mut built = Built::new();
    for (number, mut candidate) in candidates.into_iter().enumerate() {
        if covered.has(&candidate, known, world) {
            continue;
        }
        let of = home(&candidate, known);
        let at = proposals.iter().position(|maker| maker.proposal.definition == of).unwrap_or_else(|| {
            proposals.push(Maker::new(of, known, world));
            proposals.len() - 1
        });
        // The name without more is for the one that has no prefix.
        let is_shared = called.iter().filter(|name| **name == called[number]).count() > 1;
        let prefix = prefixes[number].as_deref().filter(|_| is_shared);
        let own = bases.get(number).map_or(&[][..], Vec::as_slice);
        let unlinked = linked::link(&mut candidate, own, &built, &called, of);
        let is_linked = unlinked.is_empty();
        told.extend(unlinked);
        match proposals[at].add(candidate, prefix, written, &mut told) {
            Some(stray) => strays.push(stray),
            None => {
                if let Some(image) = proposals[at].proposal.images.last_mut() {
                    image.lacks |= !is_linked;
                    built.insert(number, (of, image.target.clone()));
                }
            }
        }
    }
    // What Bake files say by themselves.
    for (at, one) in known.iter().enumerate().filter(|(_, one)| !one.has_blocks) {
        let own = proposals.iter().position(|maker| maker.proposal.definition == Some(at));
        for image in &one.images {
            let is_there = own.is_some_and(|own| {
                proposals[own].proposal.images.iter().any(|known| image.targets.contains(&known.target))
            });
            if is_there {
                continue;
            }
            let place = one
                .targets
                .iter()
                .find(|target| image.targets.contains(&target.label))
                .and_then(|t| t.place.clone());
            let is_compose = place.as_ref().is_some_and(|place| is_yaml(&place.path));
            if has_candidates {
                // Nothing says that it is published, and with blocks for others it no longer is.
                if let (Some(_), Some(place), false) = (own, place, is_compose) {
                    let message = format!(
                        "`{}` has a repository in its tags, but found no step that publishes it: next to `image` blocks for others, it counts as local",
                        image.key
                    );
                    if !told.iter().any(|(known, _)| *known == place) {
                        told.push((place, message));
                    }
                }
                continue;
            }
            let maker = proposals
                .iter()
                .position(|maker| maker.proposal.definition == Some(at))
                .unwrap_or_else(|| {
                    proposals.push(Maker::new(Some(at), known, world));
                    proposals.len() - 1
                });
            proposals[maker].add_own(image);
        }
    }
    (proposals.into_iter().map(|maker| maker.finish(reading, &mut told)).collect(), told, strays)
}

/// A proposal in the making.
struct Maker<'a> {
    proposal: Proposal,
    known: Option<&'a Known>,
    world: &'a World,
    variables: Variables,
    names: IndexSet<String>,
    new_targets: Vec<String>,
    today: Today,
    registries: BTreeSet<String>,
    env: BTreeMap<String, String>,
}

impl<'a> Maker<'a> {
    fn new(definition: Option<usize>, known: &'a [Known], world: &'a World) -> Self {
        let known_one = definition.map(|at| &known[at]);
        let mut names: IndexSet<String> = IndexSet::new();
        // A new file stands beside the Compose files at the top.
        let beside = known.iter().filter(|one| one.folder.is_empty() && one.files.is_empty());
        for one in known_one.into_iter().chain(beside) {
            names.extend(one.named.keys().cloned());
            names.extend(one.images.iter().filter(|_| one.has_blocks).map(|image| image.key.clone()));
        }
        Self {
            proposal: Proposal { definition, ..Proposal::default() },
            known: known_one,
            world,
            variables: Variables::default(),
            names,
            new_targets: Vec::new(),
            today: Today::default(),
            registries: BTreeSet::new(),
            env: BTreeMap::new(),
        }
    }

    /// A name that nothing has yet.
    fn unique(&mut self, wanted: &str, hints: &[String]) -> String {
        let base = sanitized(wanted);
        let base = if base.is_empty() { "app".to_owned() } else { base };
        let hinted =
            hints.iter().map(|hint| sanitized(hint)).filter(|hint| !hint.is_empty() && *hint != base);
        let candidates = std::iter::once(base.clone()).chain(hinted.map(|hint| format!("{base}-{hint}")));
        let free = candidates
            .chain((2..).map(|number| format!("{base}-{number}")))
            .find(|name| !self.names.contains(name));
        let free = free.unwrap_or(base);
        self.names.insert(free.clone());
        free
    }

    /// A block for what the target says itself.
    fn add_own(&mut self, image: &KnownImage) {
        let Some(known) = self.known else { return };
        let [label] = image.targets.as_slice() else {
            self.add_several(image);
            return;
        };
        if self.proposal.images.iter().any(|known| known.target == *label) {
            return;
        }
        let target = known.targets.iter().find(|target| target.label == *label);
        let mut lines = Lines::default();
        if let Some(target) = target {
            let place = target.place.as_ref().map(ToString::to_string).unwrap_or_default();
            lines.comment(&format!("from {place}: {}", quotable(&target.tags.join(", "))));
        }
        lines.open(&format!("image {} {{", quoted(label)));
        lines.comment("repositories and tags are those of the target");
        lines.close("}");
        self.proposal.blocks.push((self.place_of(label), lines.finish()));
        self.proposal.images.push(ProposedImage::own(label, label));
    }

    /// The same for several targets of one image.
    fn add_several(&mut self, image: &KnownImage) {
        let mut lines = Lines::default();
        lines.open(&format!("image {} {{", quoted(&image.key)));
        lines.comment("they have the same tags and different platforms");
        lines.attribute(
            "targets",
            &list(image.targets.iter().map(|target| Expression::from(target.as_str()))),
        );
        lines.close("}");
        self.proposal.blocks.push((At::End, lines.finish()));
        let target = image.targets.first().map_or("", String::as_str);
        self.proposal.images.push(ProposedImage::own(&image.key, target));
    }

    /// Where a block about a target goes.
    fn place_of(&self, label: &str) -> At {
        let target = self.known.and_then(|known| known.targets.iter().find(|target| target.label == label));
        let is_hcl =
            target.and_then(|target| target.place.as_ref()).is_some_and(|place| place.path.ends_with(".hcl"));
        if is_hcl { At::Target(label.to_owned()) } else { At::End }
    }

    /// The target of an image that the same step publishes: what it gives to one repository alone is another image.
    fn built_by(&self, candidate: &Candidate) -> Option<String> {
        let is_same = |known: &Candidate| is_same_build(known, candidate);
        let is_it = |image: &&ProposedImage| image.candidate.as_ref().is_some_and(is_same);
        self.proposal.images.iter().find(is_it).map(|image| image.target.clone())
    }

    /// Adds an image; one of which no tag is known comes back.
    fn add(
        &mut self,
        candidate: Candidate,
        prefix: Option<&str>,
        written: &dyn Fn(&Place) -> String,
        told: &mut Vec<Told>,
    ) -> Option<Stray> {
        let world = self.world;
        let variables = self.variables.clone();
        let mut repositories: Vec<(String, Expression)> = Vec::new();
        for line in &candidate.repositories {
            let lower = line.text.lowered();
            let example =
                [Moment::Branch, Moment::Tag].into_iter().find_map(|moment| lower.at(moment, world));
            if let Some(example) = example.filter(|example| example.parse::<Repository>().is_err()) {
                told.push((line.place.clone(), format!("`{}` is not a repository", quotable(&example))));
                continue;
            }
            match self.variables.name_expression(&lower, world) {
                Ok(value) => {
                    self.registries.extend(logins::host_of(&line.text));
                    repositories.push((from(&line.place, &written(&line.place)), value));
                }
                Err(unknown) => told.push((
                    line.place.clone(),
                    format!("the repository is not known, since it has `{}` in it", quotable(&unknown)),
                )),
            }
        }
        if repositories.is_empty() && !candidate.repositories.is_empty() {
            self.variables = variables;
            return Some(Stray::of(&candidate, "its repository is not known"));
        }
        let tags = tags::translate(&candidate, &mut self.variables, world, written);
        for (place, why) in &tags.lost {
            told.push((place.clone(), format!("this tag is not in the proposal: {why}")));
        }
        if !repositories.is_empty() && tags.entries.iter().all(|entry| entry.value.is_none()) {
            self.variables = variables;
            return Some(Stray::of(&candidate, "none of its tags is known"));
        }
        let (target, name) = match &candidate.target {
            TargetOf::Known(_, label) => {
                let is_free = !self.proposal.images.iter().any(|image| image.name == *label)
                    && !self.known.is_some_and(|known| {
                        known.has_blocks && known.images.iter().any(|image| image.key == *label)
                    });
                let name = if is_free { label.clone() } else { self.unique(label, &hints(&candidate)) };
                (label.clone(), name)
            }
            TargetOf::Dockerfile(_) if self.built_by(&candidate).is_some() => {
                let target = self.built_by(&candidate).unwrap_or_default();
                let base = named(base_name(&candidate, world), prefix);
                let name = self.unique(&base, &hints(&candidate));
                (target, name)
            }
            TargetOf::Dockerfile(build) => {
                let base = named(base_name(&candidate, world), prefix);
                let name = self.unique(&base, &hints(&candidate));
                let target =
                    target_block::block(&mut self.variables, world, &name, build, &candidate, written, told);
                self.proposal.targets.push((At::End, target));
                self.new_targets.push(name.clone());
                (name.clone(), name)
            }
        };
        let before = told.len();
        if let TargetOf::Known(..) = &candidate.target {
            self.platforms(&target, &candidate, written, told);
        }
        let lacks = told.len() > before || !candidate.untold.is_empty() || !candidate.foreign.is_empty();
        let is_told = self
            .known
            .is_some_and(|known| set_variables::add(known, &target, &candidate, &mut self.env, world, told));
        let lacks = lacks || is_told;
        let of_parts = [
            (
                &candidate.ending,
                "is a tag of a single platform, and ends with the proposal: a second block that skips the other platforms keeps it",
            ),
            (
                &candidate.foreign,
                "is a part of the index here, and nothing builds it that was read: its platforms are not known, and not in the proposal",
            ),
        ];
        for (lines, what) in of_parts {
            let message = |line: &Line| format!("`{}` {what}", quotable(&line.text.shown()));
            told.extend(lines.iter().map(|line| (line.place.clone(), message(line))));
        }
        for line in &candidate.untold {
            // What is written says more than what is known of it.
            let said = line.text.constant().unwrap_or_else(|| written(&line.place));
            told.push((line.place.clone(), format!("this is not in the proposal: `{}`", quotable(&said))));
        }
        for entry in &candidate.entries {
            self.today.add(entry);
            told.extend(entry.told(&name));
        }
        let of_tags = tags.entries.iter().filter_map(|entry| entry.value.clone()).collect();
        let text = self.image_block(&name, &target, &candidate, &repositories, tags, told);
        let at =
            if matches!(candidate.target, TargetOf::Known(..)) { self.place_of(&target) } else { At::End };
        self.proposal.blocks.push((at, text));
        let open = std::mem::take(&mut self.variables.open);
        let candidate = Some(candidate);
        self.proposal.images.push(ProposedImage { name, target, candidate, open, lacks, tags: of_tags });
        None
    }

    fn image_block(
        &mut self,
        name: &str,
        target: &str,
        candidate: &Candidate,
        repositories: &[(String, Expression)],
        tags: Tags,
        told: &mut Vec<Told>,
    ) -> String {
        let mut lines = Lines::default();
        lines.comment(&from(&candidate.place, ""));
        lines.open(&format!("image {} {{", quoted(name)));
        if target != name {
            lines.attribute("target", &Expression::from(target));
        }
        if repositories.is_empty() {
            lines.comment("repositories and tags are those of the target");
        }
        if let [(comment, value)] = repositories {
            lines.comment(comment);
            lines.attribute("repositories", &list([value.clone()]));
        } else if !repositories.is_empty() {
            lines.open("repositories = [");
            for (comment, value) in repositories {
                lines.comment(comment);
                lines.line(&format!("{},", formatted(value)));
            }
            lines.close("]");
        }
        let Tags { entries, flavor, has_version, lost: _ } = tags;
        if has_version {
            let when = self.world.releases_when.as_deref().unwrap_or("tag");
            lines.line(&format!("version = {{ pattern = \"{{{{ tag }}}}\", when = {} }}", quoted(when)));
        }
        if !repositories.is_empty() {
            lines.open("tags = [");
            for entry in &entries {
                for comment in &entry.comments {
                    lines.comment(comment);
                }
                if let Some(value) = &entry.value {
                    let text = one_line(value);
                    lines.line(&format!("{text},"));
                }
            }
            lines.close("]");
        }
        if let [(comment, value)] = flavor.as_slice() {
            lines.comment(comment);
            lines.attribute("flavor", &list([value.clone()]));
        } else if !flavor.is_empty() {
            lines.open("flavor = [");
            for (comment, value) in &flavor {
                lines.comment(comment);
                lines.line(&format!("{},", formatted(value)));
            }
            lines.close("]");
        }
        let is_shared = self.proposal.images.iter().any(|image| image.target == target);
        if candidate.oci_labels && is_shared {
            told.push((
                candidate.place.clone(),
                format!(
                    "`{name}` is not the first image of target `{target}`, so it has the labels of that one"
                ),
            ));
        } else if candidate.oci_labels {
            lines.comment("the labels and annotations of docker/metadata-action");
            lines.attribute("oci_labels", &Expression::from(true));
        }
        runners::write(candidate, &mut lines, told);
        for (platform, build) in &candidate.variants {
            if let TargetOf::Dockerfile(first) = &candidate.target {
                target_block::variant(platform, (first, build), &mut self.variables, self.world, &mut lines);
            }
        }
        lines.close("}");
        lines.finish()
    }

    /// What steps set for a target: platforms that it has not, and other attributes.
    fn platforms(
        &mut self,
        label: &str,
        candidate: &Candidate,
        written: &dyn Fn(&Place) -> String,
        told: &mut Vec<Told>,
    ) {
        let Some(target) =
            self.known.and_then(|known| known.targets.iter().find(|target| target.label == label))
        else {
            return;
        };
        if self.proposal.images.iter().any(|image| image.target == label) {
            return;
        }
        let platforms = overrides::platforms(&candidate.platforms, target, told);
        let mut set: Vec<(Place, &str, Expression)> = platforms.into_iter().collect();
        let world = self.world;
        set.extend(overrides::attributes(
            &candidate.overrides,
            target,
            &mut self.variables,
            world,
            written,
            told,
        ));
        let Some((first, _, _)) = set.first() else { return };
        if target.is_matrix {
            for (place, attribute, _) in set {
                let message = format!(
                    "the {attribute} are not in the proposal: write `{attribute}` into target `{label}`, which is a matrix"
                );
                told.push((place, message));
            }
            return;
        }
        let mut lines = Lines::default();
        lines.comment(&from(first, &written(first)));
        lines.comment("Bake merges this with the target of the same name");
        lines.open(&format!("target {} {{", quoted(label)));
        for (_, attribute, value) in &set {
            lines.attribute(attribute, value);
        }
        lines.close("}");
        self.proposal.targets.push((self.place_of(label), lines.finish()));
    }

    fn finish(mut self, reading: &Reading, told: &mut Vec<Told>) -> Proposal {
        if self.today.is_of_all_refs() {
            let all =
                self.proposal.images.iter().filter_map(|image| Some((image, image.candidate.as_ref()?)));
            told.extend(all.filter_map(|(image, candidate)| of_one_kind(&image.name, &candidate.entries)));
        }
        let mut lines = Lines::default();
        let of_steps = self.env.iter();
        let mut env: Vec<(ObjectKey, Expression)> =
            of_steps.map(|(name, from)| (key(name), Expression::from(from.as_str()))).collect();
        for (name, variable) in &self.variables.list {
            if let Some(setting) = &variable.setting {
                env.push((key(name), Expression::from(setting.as_str())));
            }
            if self.known.is_some_and(|known| known.variables.contains(name)) {
                continue;
            }
            if variable.is_guess {
                let place = self
                    .proposal
                    .images
                    .iter()
                    .find_map(|image| Some(image.candidate.as_ref()?.place.clone()));
                if let Some(place) = place {
                    told.push((
                        place,
                        format!("the default of the variable `{name}` is a guess: `{}`", variable.default),
                    ));
                }
            }
            lines.gap();
            lines.comment(&variable.comment);
            lines.open(&format!("variable {} {{", quoted(name)));
            lines.attribute("default", &Expression::from(variable.default.as_str()));
            lines.close("}");
        }
        self.proposal.variables = lines.finish();
        if self.new_targets.len() > 1 || self.new_targets.iter().any(|name| name != "default") {
            let has_default = self.known.is_some_and(|known| known.named.contains_key("default"));
            if !has_default && self.known.is_none() {
                let mut lines = Lines::default();
                lines.open("group \"default\" {");
                lines.attribute(
                    "targets",
                    &list(self.new_targets.iter().map(|name| Expression::from(name.as_str()))),
                );
                lines.close("}");
                self.proposal.targets.insert(0, (At::End, lines.finish()));
            }
        }
        self.workflow(env, reading, told);
        self.proposal
    }

    /// What the workflow has to know.
    fn workflow(&mut self, env: Vec<(ObjectKey, Expression)>, reading: &Reading, told: &mut Vec<Told>) {
        let mut places =
            self.proposal.images.iter().filter_map(|image| Some(image.candidate.as_ref()?.place.clone()));
        let Some(place) = places.next() else { return };
        let mut settings = self.today.settings(&reading.beside, self.world, told);
        if !env.is_empty() {
            settings.push((
                "settings of the repository that the plan needs",
                "env",
                Expression::Object(env.into_iter().collect()),
            ));
        }
        settings.extend(workflow_block::logins(&reading.logins, &self.registries, told));
        if settings.is_empty() {
            return;
        }
        let block = workflow_block::block(&settings);
        if self.known.is_some_and(|known| known.has_defaults) {
            told.push((
                place,
                format!(
                    "the file has an `image` block without a label already; what CI needs to know is: {}",
                    quotable(&block.replace('\n', " "))
                ),
            ));
            return;
        }
        self.proposal.env = std::mem::take(&mut self.env).into_iter().collect();
        self.proposal.blocks.insert(0, (At::End, block));
    }
}
