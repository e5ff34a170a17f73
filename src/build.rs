//! The build script: how the program is linked.
#![expect(clippy::disallowed_methods, reason = "this is cargo's way to tell and to be told")]

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=src/build.rs");
    let target = |part: &str| env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    let is_static = target("FEATURE").split(',').any(|feature| feature == "crt-static");
    if target("OS") == "linux" && target("ENV") == "gnu" && !is_static {
        // At a fixed address nothing is relocated when the program starts, which takes a fifth of the time that a small
        // file takes, for the tables of time zones and of Unicode. What is written in Go, as buildx, is linked so too.
        println!("cargo::rustc-link-arg-bins=-no-pie");
        println!("cargo::rustc-link-arg-benches=-no-pie");
    }
}
