//! The images that the builds of a plan start from, copy from and mount.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::files::{Files, Known};
use super::leg::{Gathered, IMAGE, Reader, context_of, followed, local};
use crate::bake::values::Name;
use crate::dockerfile::{Base, BasePlatform, Parent, Reads, Sources};
use crate::plan::{Leg, Plan};
use crate::platform::Platform;

/// Those of all legs, by name.
pub(crate) type Bases = BTreeMap<Name, LegBases>;

/// Those of one leg.
#[derive(Clone, Debug, Default)]
pub(crate) struct LegBases {
    /// The images that its Dockerfile names and no named context stands for.
    pub(crate) images: Vec<BaseUse>,
    /// The images whose `ONBUILD` instructions could read more of the context than the Dockerfile says.
    pub(crate) parents: Vec<BaseUse>,
    /// The names of the stages, in lower case.
    pub(crate) stages: Vec<String>,
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
            plan.legs.iter().map(|(name, leg)| (name.clone(), reader.bases(leg))).collect()
        }
        Err(why) => plan.legs.keys().map(|name| (name.clone(), LegBases::unknown(why))).collect(),
    }
}

impl LegBases {
    fn unknown(why: &str) -> Self {
        Self { unknown: Some(why.to_owned()), ..Self::default() }
    }
}

impl Reader<'_> {
    fn bases(&mut self, leg: &Leg) -> LegBases {
        let target = &*leg.definition;
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
        let mut platforms: Vec<Platform> = named.collect();
        if platforms.is_empty() {
            platforms.extend(leg.platform.clone());
        }
        if platforms.is_empty() {
            return LegBases::unknown("the target has no platform");
        }
        let mut all =
            LegBases { stages: dockerfile.stage_names().map(str::to_owned).collect(), ..LegBases::default() };
        for platform in &platforms {
            let Reads { frontend: _, bases, contexts: _, sources, remote: _, unknown } =
                followed(target, Some(platform), dockerfile);
            let of_leg = |base: &Base| BaseUse {
                name: base.name.clone(),
                platform: match &base.platform {
                    BasePlatform::Leg => Some(platform.clone()),
                    BasePlatform::Flag(text) => text.parse().ok(),
                    BasePlatform::Unknown(_) => None,
                },
                is_digest: base.is_digest,
            };
            if let Sources::Paths(narrowing) = sources {
                for parent in narrowing.needs_no_onbuild {
                    match parent {
                        Parent::Base(name) => {
                            all.parents.extend(bases.iter().filter(|base| base.name == name).map(of_leg));
                        }
                        Parent::Context(name) => {
                            let text = target.contexts.get(&name).map(|text| text.as_str());
                            let image = text.and_then(|text| text.strip_prefix(IMAGE));
                            all.parents.extend(image.map(|image| BaseUse {
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
