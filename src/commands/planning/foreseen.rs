//! Plans the runs that a workflow is for: a definition may ask in which kind of run it is, and each needs what follows.

use super::making;
use crate::cli::Selection;
use crate::commands::session::Session;
use crate::error::Error;
use crate::pipeline::Server;
use crate::pipeline::runs::{self, Foreseen};
use crate::plan::Plan;
use crate::resolve::Purpose;
use crate::spec::WorkflowSettings;

/// The plan of each kind of run, or the one that is made here where the definition asks for no such thing: then they are alike.
pub(in crate::commands) fn plans(
    session: &mut Session<'_>,
    selection: &Selection,
    settings: &WorkflowSettings,
    server: Server,
    at_desk: Plan,
) -> Vec<Plan> {
    let foreseen = runs::foreseen(settings, server);
    if !session.sources.texts().any(|text| runs::may_ask(&foreseen, text)) {
        return vec![at_desk];
    }
    let mut plans = Vec::new();
    for Foreseen { what, publishes, variables } in foreseen {
        let variables = variables.iter().map(|(name, value)| (name.as_str(), value.as_deref()));
        let there = session.host.with_env(variables);
        let selection = Selection { publish: publishes, ..selection.clone() };
        match making::make_at(session, Some(&there), &selection, Purpose::Workflow) {
            Ok((plan, _)) => plans.push(plan),
            Err(error) => session.tell(&[runs::unforeseen(&what, problem(&error))]),
        }
    }
    if plans.is_empty() { vec![at_desk] } else { plans }
}

/// The first line of what went wrong.
fn problem(error: &Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
