//! The attributes of the `workflow` block, which stands in the `image` block without a label: what CI needs to know about the
//! whole file.

use std::str::FromStr;

use serde_json::{Value as Json, json};

use super::declare::{Declared, Marked, Needs, Null, Patterns, Per, declare};
use super::read::{AttributeReader, ReadAttribute};
use crate::bake::target::Reach;
use crate::bake::text::syntax::Expr;
use crate::bake::values::{Name, Value};
use crate::ci::{
    Branch, Cron, EnvVariable, Environment, Install, Keyed, LocalAction, Login, MaxParallel, MostStale,
    OnUnknown, PublishEvent, RunnerLabel, SecretName, Settle, Signer, Timeout,
};
use crate::code::Code;
use crate::diagnostic::Diagnostic;

declare! {
    /// What a `workflow` block says.
    pub struct WorkflowSettings {
        /// How jobs install bakeplan: `path` (it is already there), `pipx=VERSION`, `cargo=VERSION`, `git=URL@COMMIT`, `action=OWNER/REPO@COMMIT` (an action that puts it on the `PATH`) or `action=./FOLDER` (such an action in the repository).
        install: Option<Install> = None; Reach::Neither, Per::Image, Null::Resets, Needs::Nothing, Patterns::Left;
        /// The events that publish: `push`, `tag`, `schedule`, `workflow_dispatch`. Default: all of them.
        publish_on: Option<Vec<PublishEvent>> = None; Reach::Neither, Per::Image, Null::Resets, Needs::Nothing, Patterns::Left;
        /// The branches that publish: a name, or a prefix such as `release/**`. Default: the default branch, if it is `main` or `master`; if it has another name, a push starts no run, and every other run fails and says so.
        branches: Vec<Branch> = Vec::new(); Reach::Neither, Per::Image, Null::Resets, Needs::Nothing, Patterns::Left;
        /// When runs start by themselves, in `cron` syntax and UTC: `"17 3 * * 1"`. Default: never.
        schedule: Vec<Cron> = Vec::new(); Reach::Neither, Per::Image, Null::Resets, Needs::Nothing, Patterns::Left;
        /// When runs start that build everything, beside those of `schedule`, where `only_changed` says what others build. Default: never.
        rebuild: Vec<Cron> = Vec::new(); Reach::Neither, Per::Image, Null::Resets, Needs::Nothing, Patterns::Left;
        /// Whether only images are built whose inputs differ from what is published, or in pull requests from the target branch; on a schedule, also those whose bases have moved. Default: `false`, and every run builds everything.
        only_changed: bool = false; Reach::Neither, Per::Image, Null::Resets, Needs::Nothing, Patterns::Left;
        /// Where `only_changed` cannot know whether an image has changed: `build` builds it, `fail` fails the run. Default: `build`.
        on_unknown: Option<OnUnknown> = None; Reach::Neither, Per::Image, Null::Resets, Needs::Nothing, Patterns::Left;
        /// How many images a run on a schedule builds at most because their bases have moved, where `only_changed` says what is built. Default: all of them.
        most_stale: Option<MostStale> = None; Reach::Neither, Per::Image, Null::Resets, Needs::Nothing, Patterns::Left;
        /// Environment variables that the plan depends on: `{ RELEASE = "vars.RELEASE" }`. Secrets of a target, and variables that are left to the build, go to the builds instead.
        env: Vec<EnvVariable> = Vec::new(); Reach::Neither, Per::Image, Null::Keeps, Needs::Nothing, Patterns::Left;
        /// The deployment environment of the jobs that publish. Default: none.
        environment: Option<Environment> = None; Reach::Neither, Per::Image, Null::Resets, Needs::Nothing, Patterns::Left;
        /// How jobs log in to registries, including those of base images: `{ "HOST" = "USERNAME_VARIABLE:PASSWORD_SECRET" }`, `"oidc:KEY=VALUE,…"` for the identity of the job, or `"none"`. Default: known for `ghcr.io`, `docker.io` and `quay.io`.
        logins: Vec<Login> = Vec::new(); Reach::Neither, Per::Image, Null::Keeps, Needs::Nothing, Patterns::Left;
        /// The labels of the runner of the jobs that build nothing: those that plan, merge and check. Default: `ubuntu-latest`.
        plan_runner: Vec<RunnerLabel> = Vec::new(); Reach::Neither, Per::Image, Null::Resets, Needs::Nothing, Patterns::Left;
        /// Time limits of jobs, in minutes. Default: `{ plan = 20, build = 60, merge = 30 }`.
        timeouts: Vec<Timeout> = Vec::new(); Reach::Neither, Per::Image, Null::Keeps, Needs::Nothing, Patterns::Left;
        /// How many build jobs may run at once. Default: GitHub's limit.
        max_parallel: Option<MaxParallel> = None; Reach::Neither, Per::Image, Null::Resets, Needs::Nothing, Patterns::Left;
        /// Whether nothing is published if any build of any image is missing. Default: `false`, and each complete image is published.
        require_all: bool = false; Reach::Neither, Per::Image, Null::Resets, Needs::Nothing, Patterns::Left;
        /// How long the merge waits after its tags before it looks again, such as `30s`, where a registry shows late what other merges have written. Default: it does not wait.
        settle: Option<Settle> = None; Reach::Neither, Per::Image, Null::Resets, Needs::Nothing, Patterns::Left;
        /// Whether other workflows call it (`workflow_call`) instead of events starting it. Default: `false`.
        reusable: bool = false; Reach::Neither, Per::Image, Null::Resets, Needs::Nothing, Patterns::Left;
        /// A composite action of the repository that runs before each build: `./.github/actions/setup`. Default: none.
        setup: Option<LocalAction> = None; Reach::Neither, Per::Image, Null::Resets, Needs::Nothing, Patterns::Left;
        /// A composite action of the repository that tests what a job built before it is tagged; if it fails, the platform is missing; if it succeeds and names targets in its output `failed`, only these are. Its input `builds` has one line per build: `TARGET PLATFORM REPOSITORY@DIGEST` or, where nothing is pushed, `TARGET PLATFORM oci-layout://FOLDER`, with `-` as the platform where the target names none. Default: none.
        test: Option<LocalAction> = None; Reach::Neither, Per::Image, Null::Resets, Needs::Nothing, Patterns::Left;
        /// What signs published images, one or several: `cosign` (without a key, with the identity of the job), `attest` (attestations of the provenance, kept by GitHub), or a composite action of the repository, whose input `references` has one `REPOSITORY@DIGEST` per line, as has the file `published` in the folder `RUNNER_TEMP`, since a long list does not fit into a variable. Default: none.
        sign: Vec<Signer> = Vec::new(); Reach::Neither, Per::Image, Null::Resets, Needs::Nothing, Patterns::Left;
        /// The secrets with the private keys, without a passphrase, of the SSH agent for builds with `ssh = ["default"]`. A target whose key is empty is not built, and its row fails. Default: none.
        ssh_keys: Vec<SecretName> = Vec::new(); Reach::Neither, Per::Image, Null::Resets, Needs::Nothing, Patterns::Left;
    }
}

/// Reads one text.
fn parse<T: FromStr<Err = String>>(
    value: &Value,
    place: &Expr,
    reader: &mut AttributeReader<'_, '_>,
) -> Option<T> {
    let text = reader.word(value, place, "a string")?;
    reader.parsed(text.as_str().parse(), place)
}

impl AttributeReader<'_, '_> {
    /// The members of an object of strings, without those that are null.
    pub(super) fn given_members<'v>(
        &mut self,
        value: &'v Value,
        place: &Expr,
    ) -> Option<Vec<(&'v Name, &'v Value)>> {
        let Some(members) = value.members() else {
            self.misfit(place.span, "an object of strings", value);
            return None;
        };
        Some(members.iter().filter(|(_, member)| !member.is_null()).collect())
    }

    fn parsed<T>(&mut self, parsed: Result<T, String>, place: &Expr) -> Option<T> {
        let parsed =
            parsed.map_err(|message| Diagnostic::error(Code::ATTRIBUTE_VALUE, message).at(place.span, ""));
        self.diagnostics.ok(parsed)
    }
}

/// Settings that are one text are attributes, and so are lists of them.
macro_rules! texts {
    ($($type:ty: $schema:expr),*) => {
        $(impl ReadAttribute for $type {
            fn read(value: &Value, place: &Expr, reader: &mut AttributeReader<'_, '_>) -> Option<Self> {
                parse(value, place, reader)
            }

            fn schema() -> Json {
                $schema
            }
        }

        impl ReadAttribute for Vec<$type> {
            fn read(value: &Value, place: &Expr, reader: &mut AttributeReader<'_, '_>) -> Option<Self> {
                let Some(items) = value.items() else {
                    return Some(vec![<$type>::read(value, place, reader)?]);
                };
                let items = items.iter().enumerate();
                items.map(|(at, item)| <$type>::read(item, place.element(at), reader)).collect()
            }

            fn schema() -> Json {
                let one = <$type>::schema();
                json!({ "anyOf": [one, { "type": "array", "items": one }] })
            }
        })*
    };
}
texts!(
    Install: json!({ "type": "string" }),
    PublishEvent: json!({ "enum": PublishEvent::names() }),
    Branch: json!({ "type": "string" }),
    Cron: json!({ "type": "string" }),
    Environment: json!({ "type": "string" }),
    LocalAction: json!({ "type": "string" }),
    SecretName: json!({ "type": "string" }),
    RunnerLabel: json!({ "type": "string" }),
    Signer: json!({ "type": "string" }),
    MaxParallel: json!({ "type": ["string", "number"] }),
    MostStale: json!({ "type": ["string", "number"] }),
    OnUnknown: json!({ "enum": OnUnknown::ALL.map(OnUnknown::name) }),
    Settle: json!({ "type": ["string", "number"] })
);

/// Settings with a key are attributes that hold an object, merged by key.
macro_rules! maps {
    ($($type:ty: $schema:expr),*) => {
        $(impl ReadAttribute for Vec<$type> {
            const MERGES: bool = true;

            fn read(value: &Value, place: &Expr, reader: &mut AttributeReader<'_, '_>) -> Option<Self> {
                let read = reader.given_members(value, place)?.into_iter().map(|(key, member)| {
                    let place = place.member(key);
                    let text = reader.word(member, place, "a string")?;
                    reader.parsed(format!("{key}={text}").parse(), place)
                });
                read.collect()
            }

            fn schema() -> Json {
                json!({ "type": "object", "additionalProperties": { "anyOf": [$schema, { "type": "null" }] } })
            }

            fn merge(&mut self, later: Self) {
                *self = Keyed::merge(std::mem::take(self), later);
            }
        })*
    };
}
maps!(
    EnvVariable: json!({ "type": "string" }),
    Login: json!({ "type": "string" }),
    Timeout: json!({ "type": ["string", "number"] })
);
