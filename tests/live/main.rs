//! With a real engine: buildx reads what is generated, builds it, and registries hold what the plan says.
//!
//! `tests/run` starts the engine (buildx, BuildKit, two registries). `cargo test` alone leaves these tests out.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests touch files, start programs and may panic"
)]

#[path = "../cli/github/mod.rs"]
#[expect(dead_code, reason = "the tests without an engine need more of it")]
mod github;
#[path = "../cli/loopback.rs"]
#[expect(dead_code, reason = "the tests without an engine need more of it")]
mod loopback;
#[path = "../cli/support.rs"]
mod support;

mod bases; // builds whose base moved between them
mod distribution; // our client against a real registry
mod engine; // the engine, and a folder in which both programs run
mod gitlab; // a pipeline of GitLab, and the recipe for any other CI
mod init; // what `bakeplan init` writes is for buildx, too
mod inputs; // what is not built again would have become the same
mod keep; // a kept variable gets its value from buildx
mod labels; // labels and annotations from facts
mod links; // linked targets are those of the leg's own platform
mod merge; // our merge makes what imagetools makes
mod mirrors; // another registry gets what the first one has
mod plain; // an image without an index
mod print; // the generated file means what its source means
mod promote; // tags for what is there, and a merge in two steps
mod publish; // jobs, digests, merge, tags
mod random; // random definitions mean the same to both programs
mod registry; // what a registry serves
mod rehearsal; // the generated workflow, from its plan to its gate
mod reused; // images that are not built again
mod tutorial; // docs/tutorial.md, as its reader types it
mod verify; // what is wrong in a registry is named
