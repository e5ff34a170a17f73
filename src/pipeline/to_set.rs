//! Lists what somebody must still set in the repository before the workflow does what it says.

use std::collections::BTreeSet;

use super::{Logins, Pipeline};
use crate::ci::{Account, EnvVariable, Federated, Id, Login};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, all_listed};

impl Pipeline {
    /// A note with the variables and secrets that the workflow reads, and the check that a branch rule names.
    #[must_use]
    pub(crate) fn to_set(&self) -> Diagnostic {
        let mut own = Names::default();
        [&self.env, &self.secrets, &self.kept].into_iter().flatten().for_each(|one| own.add(one));
        own.secrets.extend(self.ssh_keys.iter().map(ToString::to_string));
        // Jobs that push nothing are in no environment, and log in all the same.
        let mut of_publishing = Names::default();
        let Logins { pushed, mirrors, bases, written: _ } = &self.logins;
        bases.iter().for_each(|one| own.add_login(one, &[true, false]));
        pushed.iter().for_each(|one| own.add_identity(one));
        for one in pushed.iter().chain(mirrors) {
            let names = if self.environment.is_none() || self.only_changed.is_some() {
                &mut own
            } else {
                &mut of_publishing
            };
            names.add_login(one, &[true]);
        }
        let of_publishing = of_publishing.without(&own);
        let check = format!("`{}-ok` is the check for branch rules", self.name);
        let message = match (own.list(), of_publishing.list(), &self.environment) {
            (None, Some(of_publishing), Some(environment)) => {
                format!("the repository, or its environment `{environment}`, needs {of_publishing}; {check}")
            }
            (Some(own), Some(of_publishing), Some(environment)) => format!(
                "the repository needs {own}, and the same or its environment `{environment}` {of_publishing}; {check}"
            ),
            (Some(own), ..) => format!("the repository needs {own}; {check}"),
            (None, ..) => check,
        };
        let note = Diagnostic::note(Code::TO_SET, message);
        if self.reusable {
            return note.with_help(format!(
                "its caller hands the secrets on (`secrets: inherit`), and the check is `JOB / {}-ok` there",
                self.name
            ));
        }
        match (own.list(), &self.environment) {
            (None, _) if of_publishing.list().is_none() => note,
            (Some(_), Some(environment)) => note.with_help(format!(
                "set them in the repository, under Settings > Secrets and variables > Actions; the jobs that plan and that build pull requests do not see what only `{environment}` has, and the merge refuses a plan for which it has other values"
            )),
            _ => note.with_help("set them in the repository, under Settings > Secrets and variables > Actions"),
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

    /// What a login needs in jobs that publish, or do not.
    fn add_login(&mut self, Login { registry: _, account }: &Login, publishes: &[bool]) {
        match account {
            Account::None | Account::Job => {}
            Account::User { username, password } => {
                self.variables.insert(username.clone());
                self.secrets.insert(password.clone());
            }
            Account::Federated(federated) => {
                let ids = publishes.iter().flat_map(|publishes| federated.ids(*publishes));
                self.variables.extend(ids.filter_map(|(_, id)| match id {
                    Id::Variable(name) => Some(name.clone()),
                    Id::Literal(_) => None,
                }));
            }
        }
    }
    /// What a login with an identity needs in jobs that do not publish.
    fn add_identity(&mut self, login: &Login) {
        if login.account.federated().is_some_and(Federated::pulls) {
            self.add_login(login, &[false]);
        }
    }

    /// Those that are not among others.
    fn without(self, others: &Self) -> Self {
        let Self { variables, secrets } = self;
        Self { variables: &variables - &others.variables, secrets: &secrets - &others.secrets }
    }

    /// All of them, if there are any.
    fn list(&self) -> Option<String> {
        let list = |kind: &str, names: &BTreeSet<String>| {
            let ending = if names.len() == 1 { "" } else { "s" };
            (!names.is_empty()).then(|| format!("the {kind}{ending} {}", all_listed(names)))
        };
        let Self { variables, secrets } = self;
        let all: Vec<String> =
            [list("variable", variables), list("secret", secrets)].into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join(" and "))
    }
}
