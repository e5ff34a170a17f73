//! What a repository has already, and the `image` blocks that it comes to: for `bakeplan init`.
//!
//! [`workflow`] and [`commands`] find what is published today, [`images`] joins that to images, [`proposal`] writes them
//! as blocks, and [`splice`] puts these into files of which no byte changes.

// Words.
mod expression;
mod jq;
pub(crate) mod mask;
pub(crate) mod scripts;
pub(crate) mod services;
mod work;

pub(crate) mod kinds;

pub(crate) mod path;

pub(crate) mod printed;

pub(crate) mod world;

pub(crate) mod moment;

pub(crate) mod text;

mod ref_parts;
mod turn;
mod value;

pub(crate) mod folder;
mod foreign;

mod runs_on;
mod when;

mod choose;

pub(crate) mod guard;

mod written;

pub(crate) mod scope;

// What is written in steps and scripts.
mod inputs;
mod matrix;

mod carried;
pub(crate) mod shell;

pub(crate) mod quote;

mod triggers;

pub(crate) mod found;

mod changed_files;
mod jobs;
mod release_tools;
mod subactions;

mod beside;
mod short_commit;
mod step_if;
mod unread;

mod build_secrets;

mod build_push;
pub(crate) mod logins;
mod metadata_action;

mod bake_action;

mod setting;

mod pushes;

mod compose;

pub(crate) mod commands;

pub(crate) mod workflow;

pub(crate) mod examples;

mod gitlab_rules;

mod gitlab_turns;

pub(crate) mod gitlab;

// What is there already, and what it comes to.
pub(crate) mod definition;
pub(crate) mod render;

mod parts;

mod bake_targets;
pub(crate) mod compose_services;
pub(crate) mod entry;
mod platforms;
mod released;

mod candidate;

mod differences;

pub(crate) mod images;

mod applies;
mod rule_fields;
mod tags;
pub(crate) mod today;

pub(crate) mod clashes;

pub(crate) mod bases;

pub(crate) mod splice;

mod covered;
mod names;
mod target_block;

mod linked;

mod overrides;
mod set_variables;

mod runners;
mod workflow_block;

pub(crate) mod proposal;

pub(crate) mod first;

pub(crate) mod report;
