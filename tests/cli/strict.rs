//! `--strict`: what Bake lets pass and is almost always a mistake.

use snapbox::str;

use crate::support::Test;

const MISTAKES: &str = r#"
variable "TAG" {
  defualt = "1"
  default = "1"
}
group "default" {
  targets   = ["app", "web", "tools"]
  platforms = ["linux/amd64"]
}
target "app" {
  dockerFile = "Dockerfile"
  args {
    A = "1"
  }
  tags      = ["ghcr.io/acme/app:$${TAG}", "acme/app:1"]
  platforms = ["linux/amd64,linux/arm64"]
  cache-to  = ["type=gha,mode=max"]
}
target "web" {
  inherits = ["app"]
  note     = "for the web"
  tags     = ["docker.io/acme/app:1"]
}
target "tools" {
  tags     = ["acme/tools"]
  cache-to = ["type=gha"]
}
"#;

#[test]
fn all_mistakes_are_told_at_once() {
    let test = || Test::new().file("docker-bake.hcl", MISTAKES);
    test()
        .args(["print", "--set", "app.network=host"])
        .stdout("...\n")
        .stderr("warning[unknown-attribute]: [..]\n...\n")
        .run();
    test()
        .args(["print", "--strict", "--set", "app.network=host"])
        .status(1)
        .stderr(str![[r#"
error[dead-override]: `--set app.network=host` does not set `network`: buildx clears it
  = help: set `network` in the file; a variable can make it depend on the environment
error[unknown-attribute]: a variable has no attribute `defualt`; Bake ignores it
 --> docker-bake.hcl:3:3
  |
3 |   defualt = "1"
  |   ^^^^^^^ unknown
  |
  = help: did you mean `default`?
error[unknown-attribute]: a group has no attribute `platforms`; Bake ignores it
 --> docker-bake.hcl:8:3
  |
8 |   platforms = ["linux/amd64"]
  |   ^^^^^^^^^ unknown
  |
  = help: take it out, or make it a comment
error[unknown-attribute]: a target has no attribute `dockerFile`; Bake ignores it
  --> docker-bake.hcl:11:3
   |
11 |   dockerFile = "Dockerfile"
   |   ^^^^^^^^^^ unknown
   |
   = help: did you mean `dockerfile`?
error[unknown-block]: a target has no block `args`; Bake ignores it
  --> docker-bake.hcl:12:3
   |
12 |   args {
   |   ^^^^ unknown
   |
   = help: it is an attribute: write `args = …`
error[template-in-tag]: the tag `ghcr.io/acme/app:${TAG}` of target `app` still has a `${`
  --> docker-bake.hcl:15:16
   |
15 |   tags      = ["ghcr.io/acme/app:$${TAG}", "acme/app:1"]
   |                ^^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: `$${` is a literal `${`; write `${NAME}` for the value of a variable
error[platform-list]: `linux/amd64,linux/arm64` is several platforms in one string
  --> docker-bake.hcl:16:16
   |
16 |   platforms = ["linux/amd64,linux/arm64"]
   |                ^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: write each as its own string: ["linux/amd64", "linux/arm64"]
error[shared-cache]: `app` and `web` write the same cache, `type=gha`: the last one to finish wins
  --> docker-bake.hcl:17:16
   |
10 | target "app" {
   | ------------
...
17 |   cache-to  = ["type=gha,mode=max"]
   |                ^^^^^^^^^^^^^^^^^^^
18 | }
19 | target "web" {
   | ------------
   |
   = help: give each its own `scope`
error[unknown-attribute]: a target has no attribute `note`; Bake ignores it
  --> docker-bake.hcl:21:3
   |
21 |   note     = "for the web"
   |   ^^^^ unknown
   |
   = help: take it out, or make it a comment
error[tag-collision]: `docker.io/acme/app:1` is claimed by `app` and by `web`
  --> docker-bake.hcl:22:15
   |
15 |   tags      = ["ghcr.io/acme/app:$${TAG}", "acme/app:1"]
   |                                            ------------ first here
...
22 |   tags     = ["docker.io/acme/app:1"]
   |               ^^^^^^^^^^^^^^^^^^^^^^ again
   |
   = help: give each its own tag; if they are one image for different platforms, `bakeplan plan` makes it one
error[shared-cache]: `app` and `tools` write the same cache, `type=gha`: the last one to finish wins
  --> docker-bake.hcl:26:15
   |
17 |   cache-to  = ["type=gha,mode=max"]
   |                ------------------- first here
...
26 |   cache-to = ["type=gha"]
   |               ^^^^^^^^^^ again
   |
   = help: give each its own `scope`

"#]])
        .run();
}

#[test]
fn each_override_that_does_nothing_is_told() {
    for key in ["network", "no-cache-filter", "ulimits"] {
        let set = format!("app.{key}=x");
        Test::new()
            .file("docker-bake.hcl", "target \"app\" {}\n")
            .args(["print", "app", "--strict", "--set", &set])
            .status(1)
            .stderr(format!(
                "error[dead-override]: `--set {set}` does not set `{key}`: buildx clears it\n  = help: [..]\n"
            ))
            .run();
    }
}

#[test]
fn what_is_no_mistake_passes() {
    let clean = r#"
variable "TAG" {
  type        = string
  default     = "1"
  description = "a tag"
  validation {
    condition     = TAG != ""
    error_message = "no tag"
  }
}
group "default" {
  description = "all"
  targets     = ["app-a", "app-b", "base", "index"]
}
target "app" {
  name      = "app-${x}"
  matrix    = { x = ["a", "b"] }
  contexts  = { base = "target:base" }
  tags      = ["acme/app:${x}", "acme/app:${TAG}-${x}"]
  platforms = ["linux/amd64", "linux/arm64"]
  cache-to  = ["type=inline", "type=gha,scope=${x}", "type=registry,ref=acme/cache:${x}", "type=local,dest=${x}"]
}
target "base" {
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = ["acme/base"]
  cache-to  = ["type=inline", "type=gha", "type=registry,ref=acme/cache"]
}
target "index" {
  platforms = ["linux/amd64"]
  tags      = ["acme/app"]
}
anything "else" {
  is = "Bake's to ignore"
}
"#;
    for command in ["print", "plan", "bake", "matrix", "metadata"] {
        Test::new().file("docker-bake.hcl", clean).args([command, "--strict"]).stdout("...\n").run();
    }
    let json = r#"{"//": "a", "group": {"default": {"//": "b", "targets": ["app"]}}, "target": {"app": {"//": "c"}}}"#;
    Test::new().file("docker-bake.json", json).args(["print", "--strict"]).stdout("...\n").run();
}

#[test]
fn a_tag_without_its_defaults_is_the_same_tag() {
    for (first, second, shared) in [
        ("acme/app", "docker.io/acme/app:latest", true),
        ("acme/app", "acme/app:1", false),
        ("not a reference", "not a reference", true),
    ] {
        let spec = format!(
            "target \"one\" {{\n  tags = [\"{first}\"]\n}}\ntarget \"two\" {{\n  tags = [\"{second}\"]\n}}\n"
        );
        let output =
            Test::new().file("docker-bake.hcl", spec).args(["print", "one", "two", "--strict"]).output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(told.starts_with("error[tag-collision]"), shared, "{first} {second}\n{told}");
    }
}

/// Caches are the same when they are in the same place, whatever else they say.
#[test]
fn caches_are_compared_by_their_place() {
    for (first, second, shared) in [
        ("type=registry,ref=acme/cache", "type=registry,ref=docker.io/acme/cache:latest,mode=max", true),
        ("type=registry,ref=acme/cache:a", "type=registry,ref=acme/cache:b", false),
        ("type=local,dest=a", "type=local,dest=a,mode=max", true),
        ("type=gha,scope=a,mode=max", "type=gha,scope=a", true),
        ("type=s3,region=a,bucket=b,name=c", "type=s3,region=a,bucket=b,name=d", false),
        ("type=s3,region=a,bucket=b", "type=s3,region=a,bucket=b,mode=max", true),
        ("type=azblob,account_url=a,name=b", "type=azblob,account_url=c,name=b", false),
        ("type=other,a=b", "type=other,a=b", true),
        ("type=inline", "type=inline", false),
    ] {
        let spec = format!(
            "target \"one\" {{\n  cache-to = [\"{first}\"]\n}}\ntarget \"two\" {{\n  cache-to = [\"{second}\"]\n}}\n"
        );
        let output =
            Test::new().file("docker-bake.hcl", spec).args(["print", "one", "two", "--strict"]).output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(told.contains("error[shared-cache]"), shared, "{first} {second}\n{told}");
        assert_eq!(output.status.code(), Some(i32::from(shared)));
    }
}

/// A plan gives each platform and target a cache of its own, and one image to targets that share their tags.
#[test]
fn a_plan_is_strict_about_what_it_does_not_mend() {
    let spec = |cache: &str| {
        format!(
            r#"
target "amd64" {{
  tags      = ["acme/app:1"]
  platforms = ["linux/amd64"]
  cache-to  = ["{cache}"]
}}
target "arm64" {{
  tags      = ["acme/app:1"]
  cache-to  = ["{cache}"]
  platforms = ["linux/arm64"]
  note      = 1
}}
"#
        )
    };
    let test =
        |cache: &str| Test::new().file("docker-bake.hcl", spec(cache).replace("  note      = 1\n", ""));
    test("type=gha")
        .args(["plan", "--strict"])
        .stdout("...\n")
        .stderr("note[merged-targets]: [..]\n...\n")
        .run();
    test("type=registry,ref=acme/c@sha256:0000000000000000000000000000000000000000000000000000000000000000")
        .args(["plan", "--strict"])
        .status(1)
        .stderr("error[shared-cache]: [..]\n...\n")
        .run();
    Test::new()
        .file("docker-bake.hcl", spec("type=gha"))
        .args(["bake", "--strict"])
        .status(1)
        .stderr("error[unknown-attribute]: a target has no attribute `note`; Bake ignores it\n...\n")
        .run();
    // Together with what is wrong anyway.
    Test::new()
        .file("docker-bake.hcl", spec("type=gha").replace("arm64\"]\n  note", "amd64\"]\n  note"))
        .args(["bake", "--strict"])
        .status(1)
        .stderr("error[tag-collision]: [..]\n...\nerror[unknown-attribute]: [..]\n...\n")
        .run();
}
