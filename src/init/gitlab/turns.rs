//! When the jobs of a pipeline have their turns: stage by stage, or behind those that they need
//! (<https://docs.gitlab.com/ci/yaml/#needs>).

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::init::values::turn::Turn;

/// How many jobs are put in order.
const MAX_JOBS: usize = 256;

/// What a job says of its turn.
pub(in crate::init) struct JobOrder<'y> {
    pub(in crate::init) name: &'y str,
    pub(in crate::init) stage: &'y str,
    /// The jobs that it waits for; none where it waits for the stages before its own.
    pub(in crate::init) needs: Option<Vec<&'y str>>,
}

/// The turns of jobs, by their names; of stages, those that the pipeline lists.
pub(in crate::init) fn turns(
    path: &str,
    jobs: &[JobOrder<'_>],
    stages: &[&str],
) -> BTreeMap<String, Rc<Turn>> {
    const USUAL: [&str; 3] = ["build", "test", "deploy"];
    let stages = if stages.is_empty() { &USUAL[..] } else { stages };
    let place = |stage: &str| match stage {
        ".pre" => 0,
        ".post" => usize::MAX,
        other => stages.iter().position(|known| *known == other).map_or(0, |at| at + 1),
    };
    let mut turns: BTreeMap<String, Rc<Turn>> = BTreeMap::new();
    if jobs.len() > MAX_JOBS {
        return turns;
    }
    // Needs may lead to jobs that are written below.
    for _ in jobs {
        let before = turns.len();
        for job in jobs {
            let is_needed = |other: &&JobOrder<'_>| match &job.needs {
                Some(needs) => needs.contains(&other.name),
                None => place(other.stage) < place(job.stage),
            };
            let needed = jobs.iter().filter(is_needed).map(|other| turns.get(other.name));
            let Some(needed) = needed.collect::<Option<Vec<_>>>() else { continue };
            if !turns.contains_key(job.name) {
                let needed: Vec<&Turn> = needed.into_iter().map(|turn| &**turn).collect();
                let turn = Turn::of(&format!("{path}#{}", job.name), &Turn::default(), &needed);
                turns.insert(job.name.to_owned(), Rc::new(turn));
            }
        }
        if turns.len() == before {
            break;
        }
    }
    turns
}
