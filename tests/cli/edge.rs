//! What all commands share: usage, streams, the working directory.

use snapbox::str;

use crate::support::Test;

#[test]
fn no_command_is_a_usage_error_with_the_help() {
    Test::new().status(2).stderr("Plan and publish multi-platform container images[..]\n...\n").run();
}

#[test]
fn an_unknown_command_is_a_usage_error() {
    Test::new()
        .args(["plam"])
        .status(2)
        .stderr(str![[r#"
error: unrecognized subcommand 'plam'

  tip: some similar subcommands exist: 'explain', 'plan'

Usage: bakeplan [OPTIONS] <COMMAND>

For more information, try '--help'.

"#]])
        .run();
}

#[test]
fn a_working_directory_must_exist() {
    Test::new()
        .file("a/b/file", "")
        .args(["-C", "a", "-C", "c", "plan"])
        .status(2)
        .stderr(str![[r#"
error: cannot change to `c`: no such file or directory

Usage: bakeplan [OPTIONS] <COMMAND>

For more information, try '--help'.

"#]])
        .run();
}

#[test]
fn help_and_version_go_to_standard_output() {
    let version = concat!("bakeplan ", env!("CARGO_PKG_VERSION"), "\n");
    Test::new().args(["--version"]).stdout(version).run();
    Test::new().args(["plan", "--help"]).stdout("Show or write the plan[..]\n...\n").run();
}
