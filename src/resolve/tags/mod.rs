//! Which tags each image gets in this run, and what they take from others.

pub(super) mod claims;

pub(super) mod taken;

pub(super) mod names;

pub(super) mod owners;

pub(super) mod apart;
pub(super) mod fewer;
pub(super) mod imagined;
pub(super) mod neighbours;
pub(super) mod numbered;

pub(super) mod turns;
pub(super) mod untagged;

pub(super) mod publish;
