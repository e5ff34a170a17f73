//! `bakeplan verify`: everything that can be wrong with a published image is named, and nothing else is.

mod agree; // tags and repositories that a later run leaves apart
mod ahead; // what was made without the version that it is promoted to
mod another; // versions whose tags have another one's content
mod command; // options, exit codes, what is printed
mod content; // what images run
mod count; // how many requests a verification sends
pub(crate) mod desk; // runs a verification on layouts and servers
mod explain; // why an image does not work that nobody planned
mod hostile; // registries that do harm
mod keep_set; // what clean-ups must leave alone
mod result; // what a merge says that it did
mod rows; // each row of the decision table
