//! No input of a build is forgotten: what is not built again would have become the same.
//!
//! Each test commits to a repository, asks the program what has changed, and has real buildx build all of it, so that
//! what was foretold can be compared with what came of it.

mod history; // forty commits, one after the other
mod random; // commits at random
mod situations; // one change each, by what it makes of one image
mod walks; // what contexts and ignore files leave, by real builds
mod world; // a repository whose images are built
