//! `bakeplan promote`: tags for what is there already, byte for byte.

mod earlier; // what an earlier run made
mod given; // tags that are named
mod layouts; // layouts on disk that are made and mended
mod named; // what such tags say of a variant, a version and a commit
mod planned; // tags of a plan
mod pulled; // what is left of withdrawn versions and prereleases
mod recipes; // the recipes of the documentation
mod settle; // a look at lists after a while
mod stage; // runs a promotion against a registry
mod two_versions; // what has the tags of two versions
mod variants; // variants and nightly builds
mod withdrawn; // floating tags after a version is withdrawn
