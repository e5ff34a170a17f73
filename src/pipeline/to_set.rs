//! What somebody must still set in the repository before the workflow does what it says.

use std::collections::BTreeSet;

use super::{Logins, Pipeline};
use crate::ci::{Account, EnvVariable, Id, Login};
use crate::code::Code;
use crate::diagnostic::Diagnostic;

impl Pipeline {
    /// A note with the variables and secrets that the workflow reads, and the check that a branch rule names.
    #[must_use]
    pub(crate) fn to_set(&self) -> Diagnostic {
        let mut names = Names::default();
        [&self.env, &self.secrets, &self.kept].into_iter().flatten().for_each(|one| names.add(one));
        let Logins { pushed, mirrors, bases, written: _ } = &self.logins;
        [pushed, mirrors, bases].into_iter().flatten().for_each(|one| names.add_login(one));
        names.secrets.extend(self.ssh_keys.iter().map(ToString::to_string));
        let Names { variables, secrets } = names;
        let list = |kind: &str, names: &BTreeSet<String>| {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            (!names.is_empty()).then(|| format!("{kind} {}", names.join(", ")))
        };
        let set: Vec<String> =
            [list("variables", &variables), list("secrets", &secrets)].into_iter().flatten().collect();
        let check = format!("`{}-ok` is the check for branch rules", self.name);
        let message = if set.is_empty() {
            check
        } else {
            format!("the repository needs {}; {check}", set.join(" and "))
        };
        let note = Diagnostic::note(Code::TO_SET, message);
        if self.reusable {
            return note.with_help(format!(
                "its caller hands the secrets on (`secrets: inherit`), and the check is `JOB / {}-ok` there",
                self.name
            ));
        }
        match (set.is_empty(), &self.environment) {
            (true, _) => note,
            (false, None) => note.with_help("*Settings > Secrets and variables > Actions* of the repository"),
            (false, Some(environment)) if self.only_changed => note.with_help(format!(
                "*Settings > Secrets and variables > Actions* of the repository: the plan has none of the environment `{environment}`, and builds what it cannot look at"
            )),
            (false, Some(environment)) => note.with_help(format!(
                "*Settings > Secrets and variables > Actions*, or those of the environment `{environment}`"
            )),
        }
    }
}

#[derive(Default)]
struct Names {
    variables: BTreeSet<String>,
    secrets: BTreeSet<String>,
}

impl Names {
    fn add(&mut self, EnvVariable { name: _, from }: &EnvVariable) {
        match from.split_once('.') {
            Some(("vars", name)) => self.variables.insert(name.to_owned()),
            // GitHub's own.
            Some(("secrets", name)) if name != "GITHUB_TOKEN" => self.secrets.insert(name.to_owned()),
            _ => false,
        };
    }

    fn add_login(&mut self, Login { registry: _, account }: &Login) {
        match account {
            Account::None | Account::Job => {}
            Account::User { username, password } => {
                self.variables.insert(username.clone());
                self.secrets.insert(password.clone());
            }
            Account::Federated(federated) => {
                let ids = federated.ids(true).into_iter().chain(federated.ids(false));
                self.variables.extend(ids.filter_map(|(_, id)| match id {
                    Id::Variable(name) => Some(name.clone()),
                    Id::Literal(_) => None,
                }));
            }
        }
    }
}
