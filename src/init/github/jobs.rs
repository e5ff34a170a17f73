//! What jobs and steps say beside what they do: conditions, defaults, variables, and the jobs before.

use std::rc::Rc;

use crate::bake::compose::Yaml;
use crate::init::values::guard::Guard;
use crate::init::values::inputs::place_of;
use crate::init::values::scope::Scope;
use crate::source::Source;

/// The condition in an `if`.
pub(in crate::init) fn guard_of(of: &Yaml, scope: &Scope, source: &Source, path: &Rc<str>) -> Option<Guard> {
    Some(Guard { condition: scope.condition_of_if(of.as_text()?), place: place_of(of, source, path) })
}

/// What the scripts of a job have unless they say something else: what the job says, or its workflow.
pub(in crate::init) fn default_of<'y>(job: &'y Yaml, workflow: &'y Yaml, name: &str) -> Option<&'y str> {
    [job, workflow].into_iter().find_map(|of| of.get("defaults")?.get("run")?.get(name)?.as_text())
}

pub(in crate::init) fn add_env(scope: &mut Scope, env: Option<&Yaml>) {
    let members = env.map(Yaml::members).unwrap_or_default().iter();
    scope
        .env
        .extend(members.map(|(name, value)| (name.clone(), value.as_text().unwrap_or_default().to_owned())));
}

/// The jobs that a job needs.
pub(in crate::init) fn needs(job: &Yaml) -> Vec<&str> {
    match job.get("needs") {
        Some(needs) => {
            needs.as_text().into_iter().chain(needs.items().iter().filter_map(Yaml::as_text)).collect()
        }
        None => Vec::new(),
    }
}
