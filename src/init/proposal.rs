//! What is proposed: an `image` block for each image that is published today, and the targets that are missing.

use hcl::Expression;
use hcl::expr::ObjectKey;
use indexmap::IndexSet;

use super::definition::{Known, KnownImage, clean, relative};
use super::found::DockerfileBuild;
use super::images::{Candidate, TargetOf, is_yaml};
use super::moment::Moment;
use super::render::{Lines, Variables, from, quotable, quoted};
use super::splice::At;
use super::tags::{self, Tags, list};
use super::text::{Line, Piece, Place, Template};
use super::today::normal;
use super::world::World;
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
    /// `image` blocks, likewise.
    pub blocks: Vec<(At, String)>,
    /// Variables.
    pub variables: String,
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
}

/// Something to tell: where, and what.
pub(crate) type Told = (Place, String);

/// What is proposed, and what could not be.
pub(crate) fn propose(
    candidates: Vec<Candidate>,
    known: &[Known],
    world: &World,
    written: &dyn Fn(&Place) -> String,
) -> (Vec<Proposal>, Vec<Told>) {
    let mut proposals: Vec<Maker<'_>> = Vec::new();
    let mut told: Vec<Told> = Vec::new();
    let has_candidates = !candidates.is_empty();
    let mut covered = Covered::new(known);
    for candidate in candidates {
        if covered.has(&candidate, known, world) {
            continue;
        }
        let of = home(&candidate, known);
        let at = proposals.iter().position(|maker| maker.proposal.definition == of).unwrap_or_else(|| {
            proposals.push(Maker::new(of, known, world));
            proposals.len() - 1
        });
        proposals[at].add(candidate, written, &mut told);
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
                        "`{}` has a repository in its tags, but no step that was read publishes it: beside `image` blocks for others it is local",
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
    (proposals.into_iter().map(|maker| maker.finish(&mut told)).collect(), told)
}

/// The definition to which an image goes.
fn home(candidate: &Candidate, known: &[Known]) -> Option<usize> {
    match &candidate.target {
        TargetOf::Known(at, _) => Some(*at),
        // The Bake file at the top, if there is one.
        TargetOf::Dockerfile(_) => known.iter().position(|known| {
            known.folder.is_empty() && known.files.is_empty() && known.read.iter().any(|path| !is_yaml(path))
        }),
    }
}

/// Which images have blocks already.
struct Covered<'k> {
    left: Vec<(usize, &'k KnownImage)>,
}

impl<'k> Covered<'k> {
    fn new(known: &'k [Known]) -> Self {
        let with_blocks = known.iter().enumerate().filter(|(_, one)| one.has_blocks);
        Self {
            left: with_blocks.flat_map(|(at, one)| one.images.iter().map(move |image| (at, image))).collect(),
        }
    }

    /// Whether an image has a block, which then counts for no other.
    fn has(&mut self, candidate: &Candidate, known: &[Known], world: &World) -> bool {
        let repositories: Vec<String> = candidate
            .repositories
            .iter()
            .filter_map(|line| {
                line.text.at(Moment::Branch, world).or_else(|| line.text.at(Moment::Tag, world))
            })
            .map(|repository| normal(&repository))
            .collect();
        let found = self.left.iter().position(|(at, image)| {
            let shares =
                repositories.is_empty() || image.repositories.iter().any(|one| repositories.contains(one));
            let is_target = match &candidate.target {
                TargetOf::Known(of, label) => of == at && image.targets.contains(label),
                TargetOf::Dockerfile(build) => known[*at]
                    .targets
                    .iter()
                    .any(|target| image.targets.contains(&target.label) && builds(target, build)),
            };
            shares && is_target
        });
        match found {
            // A target of a file may have several images of one block.
            Some(at) => {
                if repositories.is_empty() {
                    return true;
                }
                self.left.remove(at);
                true
            }
            None => false,
        }
    }
}

/// Whether a target builds the same Dockerfile.
fn builds(target: &super::definition::KnownTarget, build: &DockerfileBuild) -> bool {
    let Some(context) = build.context.constant().map(|context| clean(&context)) else { return true };
    let dockerfile = match &build.dockerfile {
        Some(path) => match path.constant() {
            Some(path) => relative(&path, &context),
            None => return true,
        },
        None => "Dockerfile".to_owned(),
    };
    clean(&target.context) == context && clean(&target.dockerfile) == dockerfile
}

/// A proposal in the making.
struct Maker<'a> {
    proposal: Proposal,
    known: Option<&'a Known>,
    world: &'a World,
    variables: Variables,
    names: IndexSet<String>,
    new_targets: Vec<String>,
    /// Whether images are published in runs of branches, and of git tags.
    on: (bool, bool),
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
            on: (false, false),
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
        self.proposal.images.push(ProposedImage {
            name: label.clone(),
            target: label.clone(),
            candidate: None,
        });
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
        let target = image.targets.first().cloned().unwrap_or_default();
        self.proposal.images.push(ProposedImage { name: image.key.clone(), target, candidate: None });
    }

    /// Where a block about a target goes.
    fn place_of(&self, label: &str) -> At {
        let target = self.known.and_then(|known| known.targets.iter().find(|target| target.label == label));
        let is_hcl =
            target.and_then(|target| target.place.as_ref()).is_some_and(|place| place.path.ends_with(".hcl"));
        if is_hcl { At::Target(label.to_owned()) } else { At::End }
    }

    fn add(&mut self, candidate: Candidate, written: &dyn Fn(&Place) -> String, told: &mut Vec<Told>) {
        let world = self.world;
        let mut repositories: Vec<(String, Expression)> = Vec::new();
        for line in &candidate.repositories {
            let lower = lowered(&line.text);
            let example =
                [Moment::Branch, Moment::Tag].into_iter().find_map(|moment| lower.at(moment, world));
            if let Some(example) = example.filter(|example| example.parse::<Repository>().is_err()) {
                told.push((line.place.clone(), format!("`{}` is not a repository", quotable(&example))));
                continue;
            }
            match self.variables.expression(&lower, world) {
                Ok(value) => repositories.push((from(&line.place, &written(&line.place)), value)),
                Err(unknown) => told.push((
                    line.place.clone(),
                    format!("the repository is not known, since it has `{}` in it", quotable(&unknown)),
                )),
            }
        }
        if repositories.is_empty() && !candidate.repositories.is_empty() {
            return;
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
            TargetOf::Dockerfile(build) => {
                let base = base_name(&candidate, world);
                let name = self.unique(&base, &hints(&candidate));
                let build = (**build).clone();
                self.target(&name, &build, &candidate, written, told);
                (name.clone(), name)
            }
        };
        if let TargetOf::Known(..) = &candidate.target {
            self.platforms(&target, &candidate, written, told);
        }
        if candidate.repositories.is_empty() {
            for (name, value) in &candidate.variables {
                if self.known.is_some_and(|known| known.variables.contains(name)) {
                    let message = format!(
                        "the step sets the variable `{name}` to `{}`: give it to the plan, too, or say the tags in the `image` block",
                        quotable(&value.shown())
                    );
                    told.push((candidate.place.clone(), message));
                }
            }
        }
        let tags = tags::translate(&candidate, &mut self.variables, world, written);
        for (place, why) in &tags.lost {
            told.push((place.clone(), format!("this tag is not in the proposal: {why}")));
        }
        for line in &candidate.untold {
            told.push((
                line.place.clone(),
                format!("this is not in the proposal: `{}`", quotable(&line.text.shown())),
            ));
        }
        for entry in &candidate.entries {
            self.on.0 |= entry.runs.may(Moment::Branch) || !entry.others.is_empty();
            self.on.1 |= entry.runs.may(Moment::Tag) || entry.runs.may(Moment::Release);
        }
        let text = self.image_block(&name, &target, &candidate, &repositories, tags, told);
        let at =
            if matches!(candidate.target, TargetOf::Known(..)) { self.place_of(&target) } else { At::End };
        self.proposal.blocks.push((at, text));
        self.proposal.images.push(ProposedImage { name, target, candidate: Some(candidate) });
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
                lines.line(&format!("{},", super::render::formatted(value)));
            }
            lines.close("]");
        }
        let Tags { entries, flavor, has_version, lost: _ } = tags;
        let is_empty = entries.iter().all(|entry| entry.value.is_none());
        let is_guess = is_empty && !repositories.is_empty();
        if has_version || is_guess {
            if is_guess {
                lines
                    .comment("a guess, since none of today's tags is known here: the version is the git tag");
                told.push((candidate.place.clone(), format!("none of the tags of `{name}` is known, so its block takes the version from the git tag")));
            }
            lines.attribute("version", &Expression::from("{{ tag }}"));
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
            if is_guess {
                lines.line("\"{{ version }}\",");
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
                lines.line(&format!("{},", super::render::formatted(value)));
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
        for (platform, build) in &candidate.variants {
            self.variant(platform, build, candidate, &mut lines);
        }
        lines.close("}");
        lines.finish()
    }

    /// What differs for a platform.
    fn variant(&mut self, platform: &str, build: &DockerfileBuild, candidate: &Candidate, lines: &mut Lines) {
        let TargetOf::Dockerfile(first) = &candidate.target else { return };
        lines.open(&format!("platform {} {{", quoted(platform)));
        let path = |build: &DockerfileBuild| dockerfile(build).and_then(|path| path.constant());
        if path(build) != path(first) {
            let value = path(build).unwrap_or_else(|| "Dockerfile".to_owned());
            lines.attribute("dockerfile", &Expression::from(value));
        }
        if build.stage.as_ref().map(Template::key) != first.stage.as_ref().map(Template::key)
            && let Some(Ok(stage)) =
                build.stage.as_ref().map(|stage| self.variables.expression(stage, self.world))
        {
            lines.attribute("target", &stage);
        }
        let mut args: Vec<(ObjectKey, Expression)> = Vec::new();
        for line in
            build.args.iter().filter(|line| !first.args.iter().any(|one| one.text.key() == line.text.key()))
        {
            if let Some((name, value)) = line.text.split_once('=')
                && let (Some(name), Ok(value)) =
                    (name.constant(), self.variables.expression(&value, self.world))
            {
                args.push((key(name.trim()), value));
            }
        }
        if !args.is_empty() {
            lines.attribute("args", &Expression::Object(args.into_iter().collect()));
        }
        lines.close("}");
    }

    /// Platforms for a target that has none.
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
        let platforms = tags::platforms(&candidate.platforms);
        let Some(first) = candidate.platforms.first().filter(|_| !platforms.is_empty()) else { return };
        if target.has_platforms || self.proposal.images.iter().any(|image| image.target == label) {
            return;
        }
        if target.is_matrix {
            let message = format!(
                "the platforms are not in the proposal: write `platforms` into target `{label}`, which is a matrix"
            );
            told.push((first.place.clone(), message));
            return;
        }
        let mut lines = Lines::default();
        lines.comment(&from(&first.place, &written(&first.place)));
        lines.comment("Bake merges this with the target of the same name");
        lines.open(&format!("target {} {{", quoted(label)));
        lines.attribute("platforms", &list(platforms.into_iter().map(Expression::from)));
        lines.close("}");
        self.proposal.targets.push((self.place_of(label), lines.finish()));
    }

    /// A target for a Dockerfile.
    fn target(
        &mut self,
        name: &str,
        build: &DockerfileBuild,
        candidate: &Candidate,
        written: &dyn Fn(&Place) -> String,
        told: &mut Vec<Told>,
    ) {
        self.new_targets.push(name.to_owned());
        let mut lines = Lines::default();
        lines.comment(&from(&candidate.place, ""));
        lines.open(&format!("target {} {{", quoted(name)));
        let mut lost = |place: &Place, what: &str, unknown: &str| {
            told.push((
                place.clone(),
                format!("{what} is not in the proposal: `{}` is not known here", quotable(unknown)),
            ));
        };
        if clean(&build.context.shown()) != "." {
            match self.variables.expression(&build.context, self.world) {
                Ok(_) if build.context.constant().is_some() => {
                    let context = build.context.constant().unwrap_or_default();
                    let context = if context.contains("://") { context } else { clean(&context) };
                    lines.attribute("context", &Expression::from(context));
                }
                Ok(value) => lines.attribute("context", &value),
                Err(unknown) => lost(&candidate.place, "the context", &unknown),
            }
        }
        if let Some(path) = dockerfile(build) {
            match self.variables.expression(&path, self.world) {
                Ok(value) => lines.attribute("dockerfile", &value),
                Err(unknown) => lost(&candidate.place, "the Dockerfile", &unknown),
            }
        }
        if let Some(stage) = &build.stage {
            match self.variables.expression(stage, self.world) {
                Ok(value) => lines.attribute("target", &value),
                Err(unknown) => lost(&candidate.place, "the stage", &unknown),
            }
        }
        let platforms = tags::platforms(&candidate.platforms);
        if platforms.is_empty() {
            lines.comment("no platforms are named, so it is built for that of the runner: `platforms = [\"linux/amd64\", \"linux/arm64\"]`");
        } else {
            if let Some(first) = candidate.platforms.first() {
                lines.comment(&from(&first.place, &written(&first.place)));
            }
            lines.attribute("platforms", &list(platforms.into_iter().map(Expression::from)));
        }
        let is_known = |line: &&Line| tags::platforms(std::slice::from_ref(*line)).is_empty();
        for line in candidate.platforms.iter().filter(is_known) {
            lost(&line.place, "a platform", &line.text.shown());
        }
        let pairs = [("args", &build.args), ("contexts", &build.contexts), ("labels", &build.labels)];
        for (attribute, given) in pairs {
            let mut members: Vec<(ObjectKey, Expression)> = Vec::new();
            for line in given {
                let Some((name, value)) = line.text.split_once('=') else {
                    // The value is that of the environment.
                    if let Some(name) = line.text.constant().filter(|_| attribute == "args") {
                        self.argument(&name, line, &written(&line.place), told);
                        members.push((key(&name), variable(&name)));
                    }
                    continue;
                };
                let Some(name) = name.constant().map(|name| name.trim().trim_matches('"').to_owned()) else {
                    continue;
                };
                let value = unquoted(value);
                let is_secret = value.0.iter().any(|piece| matches!(piece, Piece::Setting(_, true)))
                    || crate::bake::values::SecretNames::default().has(&name);
                if is_secret && attribute == "args" {
                    told.push((line.place.clone(), format!("the argument `{name}` is not in the proposal: it is a secret, and everybody who has the image can read its arguments; give it as a `secret`")));
                    continue;
                }
                match self.variables.expression(&value, self.world) {
                    Ok(value) => members.push((key(&name), value)),
                    Err(_) if attribute == "args" && is_variable(&name) => {
                        self.argument(&name, line, &written(&line.place), told);
                        members.push((key(&name), variable(&name)));
                    }
                    Err(unknown) => told.push((
                        line.place.clone(),
                        format!(
                            "`{name}` in `{attribute}` is not in the proposal: `{}` is not known here",
                            quotable(&unknown)
                        ),
                    )),
                }
            }
            if !members.is_empty() {
                if let Some(first) = given.first() {
                    lines.comment(&from(&first.place, ""));
                }
                lines.attribute(attribute, &Expression::Object(members.into_iter().collect()));
            }
        }
        let lists = [
            ("secret", &build.secrets),
            ("ssh", &build.ssh),
            ("cache-from", &build.cache_from),
            ("cache-to", &build.cache_to),
            ("attest", &build.attest),
        ];
        for (attribute, given) in lists {
            let mut items: Vec<Expression> = Vec::new();
            for line in given {
                let text = if attribute.starts_with("cache") {
                    without_scope(&line.text)
                } else {
                    line.text.clone()
                };
                match self.variables.expression(&text, self.world) {
                    Ok(value) if !items.contains(&value) => items.push(value),
                    Ok(_) => {}
                    Err(unknown) => told.push((
                        line.place.clone(),
                        format!(
                            "this {attribute} is not in the proposal: `{}` is not known here",
                            quotable(&unknown)
                        ),
                    )),
                }
            }
            if !items.is_empty() {
                if let Some(first) = given.first() {
                    lines.comment(&from(&first.place, ""));
                }
                lines.attribute(attribute, &list(items));
            }
        }
        if build.pull {
            lines.attribute("pull", &Expression::from(true));
        }
        if build.no_cache {
            lines.attribute("no-cache", &Expression::from(true));
        }
        lines.close("}");
        self.proposal.targets.push((At::End, lines.finish()));
    }

    /// A variable for an argument whose value only a run knows.
    fn argument(&mut self, name: &str, line: &Line, said: &str, told: &mut Vec<Told>) {
        told.push((line.place.clone(), format!("the value of the argument `{name}` is not known here: give it to the plan as the environment variable `{name}`")));
        self.variables.list.entry(name.to_owned()).or_insert_with(|| super::render::Variable {
            default: String::new(),
            comment: format!("{}; give it as an environment variable", from(&line.place, said)),
            setting: None,
            is_guess: false,
        });
    }

    fn finish(mut self, told: &mut Vec<Told>) -> Proposal {
        let mut lines = Lines::default();
        let mut env: Vec<(ObjectKey, Expression)> = Vec::new();
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
        self.workflow(env, told);
        self.proposal
    }

    /// What the workflow has to know.
    fn workflow(&mut self, env: Vec<(ObjectKey, Expression)>, told: &mut Vec<Told>) {
        let is_of_steps = self.proposal.images.iter().any(|image| image.candidate.is_some());
        let publish_on: &[&str] = match self.on {
            (true, false) => &["push", "schedule", "workflow_dispatch"],
            (false, true) => &["tag"],
            _ => &[],
        };
        if env.is_empty() && publish_on.is_empty() || !is_of_steps {
            return;
        }
        let mut lines = Lines::default();
        lines.open("image {");
        lines.open("workflow {");
        if !publish_on.is_empty() {
            let what =
                if self.on.0 { "git tags publish nothing today" } else { "only git tags publish today" };
            lines.comment(what);
            lines.attribute("publish_on", &list(publish_on.iter().map(|event| Expression::from(*event))));
        }
        if !env.is_empty() {
            lines.comment("what the plan needs of the repository's settings");
            lines.attribute("env", &Expression::Object(env.into_iter().collect()));
        }
        lines.close("}");
        lines.close("}");
        if self.known.is_some_and(|known| known.has_defaults) {
            let place =
                self.proposal.images.iter().find_map(|image| Some(image.candidate.as_ref()?.place.clone()));
            if let Some(place) = place {
                told.push((
                    place,
                    format!(
                        "the file has an `image` block without a label already; what CI needs to know is: {}",
                        quotable(&lines.finish().replace('\n', " "))
                    ),
                ));
            }
            return;
        }
        self.proposal.blocks.insert(0, (At::End, lines.finish()));
    }
}

/// A variable of the file.
fn variable(name: &str) -> Expression {
    hcl::expr::Variable::new(name).map_or_else(|_| Expression::from(name), Expression::from)
}

fn key(name: &str) -> ObjectKey {
    ObjectKey::from(name)
}

/// An object on one line.
fn one_line(value: &Expression) -> String {
    match value {
        Expression::Object(members) => {
            let member = |(key, value): (&ObjectKey, &Expression)| {
                format!("{key} = {}", super::render::formatted(value))
            };
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{ {} }}", members.join(", "))
        }
        other => super::render::formatted(other),
    }
}

/// Whether Bake takes it for a variable.
fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !crate::bake::values::SecretNames::default().has(name)
}

/// What Bake takes as the name of a target.
fn sanitized(name: &str) -> String {
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let name: String = name.to_lowercase().chars().map(|c| if valid(c) { c } else { '-' }).collect();
    name.trim_matches('-').to_owned()
}

/// The Dockerfile as seen from the context; none where it is the usual one.
fn dockerfile(build: &DockerfileBuild) -> Option<Template> {
    let path = build.dockerfile.as_ref()?;
    let (Some(text), Some(context)) = (path.constant(), build.context.constant()) else {
        return Some(path.clone());
    };
    if context.contains("://") {
        return Some(path.clone());
    }
    let text = relative(&text, &context);
    (text != "Dockerfile").then(|| Template::from(text.as_str()))
}

/// What an image is called after its repository.
fn base_name(candidate: &Candidate, world: &World) -> String {
    let of = candidate.repositories.iter().filter_map(|line| line.text.at(Moment::Branch, world));
    of.filter_map(|repository| repository.rsplit('/').next().map(str::to_owned)).next().unwrap_or_default()
}

/// What may tell an image from others in its repository.
fn hints(candidate: &Candidate) -> Vec<String> {
    let mut hints = Vec::new();
    for tag in candidate.entries.iter().flat_map(|entry| &entry.tags) {
        let text = tag.line().text.constant().unwrap_or_default();
        hints.extend(text.strip_prefix("latest-").map(str::to_owned));
    }
    for line in &candidate.flavor {
        let text = line.text.shown();
        hints.extend(
            text.split(',')
                .filter_map(|field| field.trim().strip_prefix("suffix="))
                .map(|suffix| suffix.trim_matches('-').to_owned()),
        );
    }
    if let TargetOf::Dockerfile(build) = &candidate.target {
        hints.extend(build.stage.as_ref().and_then(Template::constant));
        if let Some(path) = build.dockerfile.as_ref().and_then(Template::constant) {
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            let lower = name.to_lowercase();
            hints.extend(
                lower
                    .strip_prefix("dockerfile.")
                    .or_else(|| lower.strip_suffix(".dockerfile"))
                    .map(str::to_owned),
            );
            hints.extend(path.rsplit('/').nth(1).map(str::to_owned));
        }
        hints.extend(
            build
                .context
                .constant()
                .and_then(|context| clean(&context).rsplit('/').next().map(str::to_owned))
                .filter(|name| name != "."),
        );
    }
    let repository = candidate.repositories.first().and_then(|line| line.text.constant());
    hints.extend(repository.and_then(|repository| repository.split('/').next().map(str::to_owned)));
    hints
}

/// In lower case, as repositories are.
fn lowered(text: &Template) -> Template {
    let lower = |piece: &Piece| match piece {
        Piece::Text(text) => Piece::Text(text.to_lowercase()),
        other => other.clone(),
    };
    Template(text.0.iter().map(lower).collect())
}

/// Without the quotes around a value.
fn unquoted(text: Template) -> Template {
    match text.constant() {
        Some(value) => {
            let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(&value);
            Template::from(bare)
        }
        None => text,
    }
}

/// A cache without its scope: each leg has one of its own.
fn without_scope(text: &Template) -> Template {
    let fields = text.split(',');
    let mut out = Template::default();
    for field in fields.into_iter().filter(|field| !field.shown().trim().starts_with("scope=")) {
        out.push(Piece::Text(if out.0.is_empty() { String::new() } else { ",".to_owned() }));
        out.extend(field);
    }
    out
}
