//! The attributes of the `workflow` block, which stands in the `image` block without a label: what CI is told about the
//! whole file.

use std::str::FromStr;

use serde_json::{Value as Json, json};

use super::declare::{Declared, Marked, Null, Per, declare};
use super::read::{AttributeReader, ReadAttribute};
use crate::bake::target::Reach;
use crate::bake::text::syntax::Expr;
use crate::bake::values::Value;
use crate::ci::{
    Branch, Cron, EnvVariable, Environment, Install, Keyed, LocalAction, Login, MaxParallel, PublishEvent,
    SecretName, Settle, Signer, Timeout,
};
use crate::code::Code;
use crate::diagnostic::Diagnostic;

declare! {
    /// What a `workflow` block says.
    pub struct WorkflowSettings {
        /// How the program gets into a job: `path`, `pipx=VERSION`, `cargo=VERSION`, `git=URL@COMMIT`, `action=OWNER/REPO@COMMIT` or `action=./FOLDER`.
        install: Option<Install> = None; Reach::Neither, Per::Image, Null::Resets;
        /// What publishes: `push`, `tag`, `schedule`, `workflow_dispatch`; by default all of them.
        publish_on: Option<Vec<PublishEvent>> = None; Reach::Neither, Per::Image, Null::Resets;
        /// The branches that publish; by default the repository's default branch.
        branches: Vec<Branch> = Vec::new(); Reach::Neither, Per::Image, Null::Resets;
        /// When runs start by themselves, as `cron` has it.
        schedule: Vec<Cron> = Vec::new(); Reach::Neither, Per::Image, Null::Resets;
        /// Environment variables of the plan: `{ NAME = "vars.NAME" }`.
        env: Vec<EnvVariable> = Vec::new(); Reach::Neither, Per::Image, Null::Keeps;
        /// The deployment environment of the jobs that publish.
        environment: Option<Environment> = None; Reach::Neither, Per::Image, Null::Resets;
        /// How jobs log in to registries: `{ HOST = "USERNAME_VARIABLE:PASSWORD_SECRET" }`, `oidc:KEY=VALUE,…` or `none`.
        logins: Vec<Login> = Vec::new(); Reach::Neither, Per::Image, Null::Keeps;
        /// How many minutes `plan`, `build` and `merge` may take.
        timeouts: Vec<Timeout> = Vec::new(); Reach::Neither, Per::Image, Null::Keeps;
        /// How many rows of the matrix run at once.
        max_parallel: Option<MaxParallel> = None; Reach::Neither, Per::Image, Null::Resets;
        /// Whether nothing is published when any build of any image is missing.
        require_all: bool = false; Reach::Neither, Per::Image, Null::Resets;
        /// How long the merge waits after its tags for lists that show late what other merges have written: `30s`.
        settle: Option<Settle> = None; Reach::Neither, Per::Image, Null::Resets;
        /// Whether another workflow calls it, instead of events.
        reusable: bool = false; Reach::Neither, Per::Image, Null::Resets;
        /// A composite action of the repository that runs before each build.
        setup: Option<LocalAction> = None; Reach::Neither, Per::Image, Null::Resets;
        /// A composite action of the repository that tests what a row built, before it gets tags.
        test: Option<LocalAction> = None; Reach::Neither, Per::Image, Null::Resets;
        /// What signs what was published: `cosign`, `attest`, or a composite action of the repository.
        sign: Vec<Signer> = Vec::new(); Reach::Neither, Per::Image, Null::Resets;
        /// The secrets with the keys of the SSH agent that builds use.
        ssh_keys: Vec<SecretName> = Vec::new(); Reach::Neither, Per::Image, Null::Resets;
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
    Signer: json!({ "type": "string" }),
    MaxParallel: json!({ "type": ["string", "number"] }),
    Settle: json!({ "type": ["string", "number"] })
);

/// Settings with a key are attributes that hold an object, merged by key.
macro_rules! maps {
    ($($type:ty: $schema:expr),*) => {
        $(impl ReadAttribute for Vec<$type> {
            const MERGES: bool = true;

            fn read(value: &Value, place: &Expr, reader: &mut AttributeReader<'_, '_>) -> Option<Self> {
                let Some(members) = value.members() else {
                    reader.misfit(place.span, "an object of strings", value);
                    return None;
                };
                let given = members.iter().filter(|(_, member)| !member.is_null());
                let read = given.map(|(key, member)| {
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
