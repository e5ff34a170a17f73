//! The `bakeplan` program: arguments in, exit code out.

fn main() {}
