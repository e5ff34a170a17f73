//! The images that the builds of a plan start from, copy from and mount.

use std::collections::BTreeMap;

use indexmap::{IndexMap, IndexSet};
use jiff::Timestamp;

use super::files::{Files, Known};
use super::leg::{Gathered, IMAGE, Reader, context_of, followed, local};
use crate::bake::target::Target;
use crate::bake::target::links::links;
use crate::bake::values::Name;
use crate::dockerfile::{self, Base, BasePlatform, Dockerfile, Parent, Reads, Sources};
use crate::plan::Plan;
use crate::platform::Platform;

/// Those of all legs, and of all targets without platforms that these link to, by name.
pub(crate) type Bases = BTreeMap<Name, LegBases>;

/// Those of one leg.
#[derive(Clone, Debug, Default)]
pub(crate) struct LegBases {
    /// The images that its Dockerfile names and no named context stands for.
    pub(crate) images: Vec<BaseUse>,
    /// Those of them that stages start from.
    pub(crate) starts: Vec<BaseUse>,
    /// The images whose `ONBUILD` instructions could read more of the context than the Dockerfile says.
    pub(crate) parents: Vec<BaseUse>,
    /// The names of the stages, in lower case.
    pub(crate) stages: Vec<String>,
    /// The names of all named contexts.
    pub(crate) contexts: IndexSet<String>,
    /// The images without digests that named contexts stand for, by their names, of those that the Dockerfile reads.
    pub(crate) own: IndexMap<String, String>,
    /// Why images may be missing here, if some may.
    pub(crate) unknown: Option<String>,
}

/// An image that a leg reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUse {
    /// Its name as the Dockerfile has it, with the values of variables.
    pub(crate) name: String,
    /// Which of its platforms; `None` where that cannot be told.
    pub(crate) platform: Option<Platform>,
    /// Whether the name has a digest.
    pub(crate) is_digest: bool,
}

/// What the legs of a plan start from, copy from and mount.
#[must_use]
pub(crate) fn bases(plan: &Plan, files: Result<&dyn Files, &str>) -> Bases {
    match files {
        Ok(files) => {
            let known = Known { is_without_triggers: &|_| false, epoch: None, now: Timestamp::UNIX_EPOCH };
            let mut reader = Reader::new(plan, files, known);
            built(plan).into_iter().map(|(name, target, own)| (name, reader.bases(target, own))).collect()
        }
        Err(why) => built(plan).into_iter().map(|(name, _, _)| (name, LegBases::unknown(why))).collect(),
    }
}

/// The legs and what they link to, with their platforms.
fn built(plan: &Plan) -> Vec<(Name, &Target, Option<&Platform>)> {
    let legs = plan.legs.iter().map(|(name, leg)| (name, &*leg.definition, leg.platform.as_ref()));
    let mut all: IndexMap<Name, (&Target, Option<&Platform>)> =
        legs.map(|(name, target, own)| (name.clone(), (target, own))).collect();
    let mut next = 0;
    while let Some((_, (target, _))) = all.get_index(next) {
        let linked = links(target).filter_map(|(_, name)| plan.targets.get_key_value(name));
        let linked: Vec<_> = linked.filter(|(name, _)| !all.contains_key(*name)).collect();
        all.extend(linked.into_iter().map(|(name, target)| (name.clone(), (&**target, None))));
        next += 1;
    }
    all.into_iter().map(|(name, (target, own))| (name, target, own)).collect()
}

/// The images without digests that an instruction reads which a base leaves to its children (`ONBUILD`), beside named contexts.
///
/// # Errors
/// Why that cannot be told.
pub(crate) fn left_to_children(
    instruction: &str,
    contexts: &IndexSet<String>,
) -> Result<Vec<String>, String> {
    let dockerfile = Dockerfile::parse(&format!("FROM scratch\n{instruction}\n"));
    let dockerfile = dockerfile.map_err(|problem| problem.to_string())?;
    let build = dockerfile::Build {
        args: &IndexMap::new(),
        target: None,
        platform: None,
        build_platform: None,
        contexts,
    };
    let bases = dockerfile.reads(&build).bases.into_iter();
    Ok(bases.filter(|base| !base.is_digest).map(|base| base.name).collect())
}

/// The images that a target reads of a registry on a platform, as far as its Dockerfile tells.
pub(crate) fn images_of(
    target: &Target,
    platform: Option<&Platform>,
    dockerfile: &Dockerfile,
) -> impl Iterator<Item = Base> + use<> {
    followed(target, platform, dockerfile).bases.into_iter().filter(|base| !base.is_digest)
}

impl LegBases {
    fn unknown(why: &str) -> Self {
        Self { unknown: Some(why.to_owned()), ..Self::default() }
    }
}

impl Reader<'_> {
    fn bases(&mut self, target: &Target, own: Option<&Platform>) -> LegBases {
        let context = local(context_of(target));
        let mut gathered = Gathered::default();
        let found = self.dockerfile(target, context.as_deref(), &mut gathered);
        let dockerfile = match found.as_ref().map(|found| &*found.read) {
            Some(Ok(dockerfile)) => dockerfile,
            Some(Err(why)) => return LegBases::unknown(&format!("the Dockerfile cannot be read: {why}")),
            None => {
                let why = gathered.unknown.first().map_or("its context is fetched", String::as_str);
                return LegBases::unknown(why);
            }
        };
        // A copy for a runner of another platform is built for both.
        let named = target.platforms.iter().flatten().filter_map(|text| text.as_str().parse().ok());
        let mut platforms: Vec<Option<Platform>> = named.map(Some).collect();
        if platforms.is_empty() {
            platforms.push(own.cloned());
        }
        let mut all = LegBases {
            stages: dockerfile.stage_names().map(str::to_owned).collect(),
            contexts: target.contexts.iter().map(|(name, _)| name.to_string()).collect(),
            ..LegBases::default()
        };
        let image = |name: &str| target.contexts.get(name)?.as_str().strip_prefix(IMAGE);
        for platform in &platforms {
            let Reads { frontend: _, bases, contexts, parents, sources, remote: _, unknown } =
                followed(target, platform.as_ref(), dockerfile);
            let of_leg = |base: &Base| BaseUse {
                name: base.name.clone(),
                platform: match &base.platform {
                    BasePlatform::Leg => platform.clone(),
                    BasePlatform::Flag(text) => text.parse().ok(),
                    BasePlatform::Unknown(_) => None,
                },
                is_digest: base.is_digest,
            };
            let is_start = |base: &&Base| parents.contains(&Parent::Base(base.name.clone()));
            all.starts.extend(bases.iter().filter(is_start).map(of_leg));
            let moving = |name: &String| Some((name.clone(), image(name)?.to_owned()));
            all.own.extend(contexts.iter().filter_map(moving).filter(|(_, image)| !image.contains('@')));
            if let Sources::Paths(narrowing) = sources {
                for parent in narrowing.needs_no_onbuild {
                    match parent {
                        Parent::Base(name) => {
                            all.parents.extend(bases.iter().filter(|base| base.name == name).map(of_leg));
                        }
                        Parent::Context(name) => {
                            all.parents.extend(image(&name).map(|image| BaseUse {
                                name: image.to_owned(),
                                platform: None,
                                is_digest: image.contains('@'),
                            }));
                        }
                    }
                }
            }
            all.images.extend(bases.iter().map(of_leg));
            all.unknown = all.unknown.or_else(|| unknown.first().map(ToString::to_string));
        }
        all
    }
}
