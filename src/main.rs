//! The `bakeplan` program.

use std::process::ExitCode;

/// musl's allocator is slow. Others are left alone, since mimalloc takes longer to start than a small file to print.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    bakeplan::main()
}
