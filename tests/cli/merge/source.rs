//! `merge --from-source`: a plan that was replaced on its way is refused, the one that the sources give is followed.

use std::process::Output;

use serde_json::{Value, json};

use super::world::World;
use crate::loopback::Server;
use crate::support::Test;

/// A definition whose image is published there.
fn definition(host: &str) -> String {
    with_target(host, "")
}

/// The same with more in its target and in its image.
fn with_target(host: &str, more: &str) -> String {
    format!(
        r#"
variable "V" {{ default = "1.4.2" }}

target "app" {{
  platforms = ["linux/amd64", "linux/arm64"]
  {more}
}}

image "app" {{
  repositories = ["{host}/acme/app"]
  version      = V
  tags         = ["{{{{ version }}}}", "{{{{ major }}}}", {{ pattern = "{{{{ branch }}}}", when = "branch" }}]
}}
"#
    )
}

/// Options that another plan is made with.
const OPTIONS: [&str; 4] = ["--var", "V=1.5.0", "--platform", "linux/amd64"];
const BRANCH: (&str, &str) = ("GITHUB_REF", "refs/heads/main");

/// A world with builds, a registry in front of it, and the plan that these options give.
struct Case {
    world: World,
    server: Server,
    plan: Value,
    definition: String,
}

impl Case {
    fn new(options: &[&str]) -> Self {
        Self::with_target("", options)
    }

    /// With more in its target.
    fn with_target(more: &str, options: &[&str]) -> Self {
        let world = World::with_app(&["acme/app"]);
        let server = world.serve();
        let definition = with_target(&server.host(), more);
        let output = Test::new()
            .file("docker-bake.hcl", definition.clone())
            .env(BRANCH.0, BRANCH.1)
            .args(["plan", "--format", "json"])
            .args(options.iter().copied())
            .output();
        let plan = serde_json::from_slice(&output.stdout).unwrap();
        Self { world, server, plan, definition }
    }

    /// Merges the plan, with more arguments.
    fn merge(&self, arguments: &[&str], reference: &str) -> Output {
        Test::new()
            .file("docker-bake.hcl", self.definition.clone())
            .file("artifacts/plan.json", self.plan.to_string())
            .file("artifacts/a.json", self.world.metadata())
            .env(BRANCH.0, reference)
            .args(["merge", "--plan", "artifacts/plan.json", "--metadata", "artifacts/a.json"])
            .args(arguments.iter().copied())
            .output()
    }

    #[track_caller]
    fn passes(&self, arguments: &[&str]) {
        let output = self.merge(arguments, BRANCH.1);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {told}");
        assert!(!self.world.tags("acme/app").is_empty());
    }

    #[track_caller]
    fn is_refused(&self, arguments: &[&str], reference: &str) -> String {
        let output = self.merge(arguments, reference);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {told}");
        assert!(told.contains("error[plan-differs]: `artifacts/plan.json` differs from the plan"), "{told}");
        assert!(self.world.tags("acme/app").is_empty(), "{told}");
        told
    }
}

#[test]
fn the_plan_of_the_sources_is_followed() {
    Case::new(&[]).passes(&["--from-source"]);
    Case::new(&OPTIONS).passes(&[&["--from-source", "--"], &OPTIONS[..]].concat());
    Case::new(&["app"]).passes(&["--from-source", "--", "app"]);
    // As docs/reference/merge.md writes it.
    let case = Case::new(&["--platform", "linux/amd64"]);
    let allowed = format!("{}/acme/*", case.server.host());
    let options = ["--from-source", "--", "-f", "docker-bake.hcl", "--platform", "linux/amd64"];
    case.passes(&[&["--repository", &allowed], &options[..]].concat());
    // Versions that were known then are known now, and where files lie is of no account.
    let mut case = Case::new(&["--fact", "branch=side"]);
    case.plan["source"] = json!({ "files": [] });
    case.passes(&["--from-source", "--", "--fact", "branch=side"]);
}

#[test]
fn versions_known_to_the_plan_are_known_again() {
    for known in ["1.9.0\n", "1.9.0\n1.3.0\n", "[\"1.5.0\"]"] {
        let world = World::with_app(&["acme/app"]);
        let server = world.serve();
        let definition = definition(&server.host());
        let output = Test::new()
            .file("docker-bake.hcl", definition.clone())
            .file("known.txt", known)
            .env(BRANCH.0, BRANCH.1)
            .args(["plan", "--format", "json", "--known-versions", "known.txt"])
            .output();
        let plan = serde_json::from_slice(&output.stdout).unwrap();
        let case = Case { world, server, plan, definition };
        case.passes(&["--from-source"]);
        assert!(!case.world.tags("acme/app").contains_key("1"), "{known}");
    }
}

#[test]
fn what_was_replaced_is_refused_though_the_id_is_right() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 8] = [
        ("evil/app", |plan| {
            let text = plan["images"]["app"]["repositories"][0].as_str().unwrap().replace("acme", "evil");
            plan["images"]["app"]["repositories"][0] = text.into();
        }),
        ("9.9.9", |plan| {
            plan["images"]["app"]["tags"][0]["name"] = "9.9.9".into();
            plan["images"]["app"]["tags"][0]["form"] = "9.9.9".into();
        }),
        ("\"evil\": \"yes\"", |plan| plan["images"]["app"]["annotations"] = json!({ "evil": "yes" })),
        ("withdrawn", |plan| plan["images"]["app"]["withdrawn"] = json!(["1.*"])),
        ("\"number\": 99", |plan| plan["run"]["number"] = 99.into()),
        ("refs/heads/other", |plan| plan["run"]["ref"] = "refs/heads/other".into()),
        ("fedcba9876543210", |plan| plan["id"] = "fedcba9876543210".into()),
        ("immutable", |plan| plan["images"]["app"]["immutable"] = true.into()),
    ];
    for (shown, change) in changes {
        let mut case = Case::new(&[]);
        change(&mut case.plan);
        let told = case.is_refused(&["--from-source"], BRANCH.1);
        assert!(told.contains(shown), "{shown}: {told}");
        // Nobody notices without the option, or something else does.
        let output = case.merge(&[], BRANCH.1);
        assert!(!String::from_utf8_lossy(&output.stderr).contains("plan-differs"));
    }
}

/// A target whose arguments say when it was planned, and what chance gave it.
const MOMENT: &str =
    r#"args = { AT = timestamp(), DAY = formatdate("YYYY", timestamp()), ONE = uuidv4(), OTHER = uuidv4() }"#;

#[test]
fn what_the_clock_and_chance_said_is_said_again() {
    let mut case = Case::with_target(MOMENT, &[]);
    case.plan["moment"]["time"].as_str().expect("the clock was asked");
    case.passes(&["--from-source"]);
    // Nobody asks the clock, or chance.
    let plain = Case::new(&[]);
    assert_eq!(plain.plan.get("moment"), None);
    for (of, what) in [("AT = timestamp()", "time"), ("ONE = uuidv4()", "seed")] {
        let case = Case::with_target(&format!("args = {{ {of} }}"), &[]);
        let asked: Vec<&String> = case.plan["moment"].as_object().unwrap().keys().collect();
        assert_eq!(asked, [what]);
        std::thread::sleep(std::time::Duration::from_millis(1100));
        case.passes(&["--from-source"]);
    }
    // It may be long ago, if all else fits, and not to come.
    case.plan["moment"]["time"] = "2999-01-01T00:00:00Z".into();
    let output = case.merge(&["--from-source"], BRANCH.1);
    let told = String::from_utf8_lossy(&output.stderr);
    let future = "says that it was made at 2999-01-01T00:00:00Z, which is in the future";
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("error[plan-differs]") && told.contains(future), "{told}");
}

#[test]
fn another_moment_than_that_of_the_plan_is_refused() {
    type Change = fn(&mut Value);
    let changes: [Change; 7] = [
        |plan| plan["moment"]["time"] = "2020-01-01T00:00:00Z".into(),
        |plan| plan["moment"]["time"] = Value::Null,
        |plan| plan["moment"]["seed"] = "00000000000000000000000000000000".into(),
        |plan| plan["moment"] = Value::Null,
        // The moment is right, and something else is not.
        |plan| plan["id"] = "fedcba9876543210".into(),
        |plan| plan["images"]["app"]["withdrawn"] = json!(["1.*"]),
        |plan| plan["images"]["app"]["tags"][0]["name"] = "1.4.2-r1".into(),
    ];
    for change in changes {
        let mut case = Case::with_target(MOMENT, &[]);
        change(&mut case.plan);
        case.is_refused(&["--from-source"], BRANCH.1);
    }
    // A moment in which nobody asked for it.
    let mut case = Case::new(&[]);
    case.plan["moment"] = json!({ "time": "2020-01-01T00:00:00Z" });
    case.is_refused(&["--from-source"], BRANCH.1);
}

#[test]
fn another_run_and_other_options_are_refused() {
    Case::new(&[]).is_refused(&["--from-source"], "refs/heads/side");
    Case::new(&[]).is_refused(&["--from-source", "--", "--var", "V=2.0.0"], BRANCH.1);
    Case::new(&OPTIONS).is_refused(&["--from-source"], BRANCH.1);
    Case::new(&[]).is_refused(&["--from-source", "--", "--publish=false"], BRANCH.1);
}

#[test]
fn options_that_plan_does_not_take_are_wrong_usage() {
    for (arguments, expected) in [
        (&["--from-source", "--", "--nothing"][..], "after `--`: unexpected argument '--nothing' found"),
        (&["--from-source", "--", "--help"], "after `--`: unexpected argument '--help' found"),
        (&["--from-source", "--", "--var"], "after `--`: a value is required for '--var <VARIABLE>'"),
        (&["--", "app"], "--from-source"),
        (&["--metadata", "-", "--from-source", "--", "-f", "-"], "cannot both read standard input"),
    ] {
        let output = Case::new(&[]).merge(arguments, BRANCH.1);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(expected), "{told}");
    }
}

/// A variable that is another one in the next attempt, in which *Re-run failed jobs* merges.
#[test]
fn the_attempt_of_the_plan_is_that_of_the_merge() {
    let attempt = "variable \"GITHUB_RUN_ATTEMPT\" { default = \"\" }\n";
    let make = |attempt_of_plan: &str, attempt_of_merge: &str, change: fn(&mut Value)| {
        let world = World::with_app(&["acme/app"]);
        let server = world.serve();
        let more = "args = { BUILD = \"7-${GITHUB_RUN_ATTEMPT}\" }";
        let definition = format!("{attempt}{}", with_target(&server.host(), more));
        let test = || Test::new().file("docker-bake.hcl", definition.clone()).env(BRANCH.0, BRANCH.1);
        let planned = test().env("GITHUB_RUN_ATTEMPT", attempt_of_plan).args(["plan", "--format", "json"]);
        let mut plan: Value = serde_json::from_slice(&planned.output().stdout).unwrap();
        assert_eq!(plan["moment"]["attempt"].to_string(), attempt_of_plan);
        change(&mut plan);
        let output = test()
            .env("GITHUB_RUN_ATTEMPT", attempt_of_merge)
            .file("plan.json", plan.to_string())
            .file("a.json", world.metadata())
            .args(["merge", "--plan", "plan.json", "--metadata", "a.json", "--from-source"])
            .output();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for (of_plan, of_merge) in [("1", "1"), ("1", "2"), ("2", "17")] {
        let (status, told) = make(of_plan, of_merge, |_| {});
        assert_eq!(status, Some(0), "{told}");
    }
    let (status, told) = make("3", "2", |_| {});
    let due = "says that it was made in attempt 3 of the run, and this is attempt 2";
    assert!(status == Some(1) && told.contains("error[plan-differs]") && told.contains(due), "{told}");
    let changes: [fn(&mut Value); 2] =
        [|plan| plan["moment"] = Value::Null, |plan| plan["moment"]["attempt"] = 2.into()];
    for change in changes {
        let (status, told) = make("1", "2", change);
        assert!(status == Some(1) && told.contains("error[plan-differs]"), "{told}");
    }
    // Nobody reads it.
    assert_eq!(Case::new(&[]).plan.get("moment"), None);
    // A file of variables does.
    let compose =
        "services: { a: { image: 'ghcr.io/acme/a:1', build: { context: ., args: { A: '${TAG}' } } } }";
    for (variables, read) in [("TAG=a-${GITHUB_RUN_ATTEMPT}", true), ("TAG=a", false)] {
        let test = Test::new().file("compose.yaml", compose).file(".env", variables);
        let output = test.env("GITHUB_RUN_ATTEMPT", "3").args(["plan", "--format", "json"]).output();
        let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(plan["moment"]["attempt"] == 3, read, "{variables}: {plan}");
    }
}

#[test]
fn variables_that_may_differ_are_named() {
    let case = Case::new(&[]);
    let merge = |value: Option<&str>| {
        let test = Test::new()
            .file("docker-bake.hcl", case.definition.clone())
            .file("plan.json", case.plan.to_string())
            .env(BRANCH.0, BRANCH.1)
            .args(["merge", "--plan", "plan.json", "--metadata", "app=x", "--from-source"]);
        let test = value.into_iter().fold(test, |test, value| test.env("V", value));
        String::from_utf8(test.output().stderr).unwrap()
    };
    let told = merge(Some("1.4.3"));
    assert!(
        told.contains("error[plan-differs]") && told.contains("give `V` the same value in the job"),
        "{told}"
    );
    assert!(!merge(None).contains("plan-differs"));
}
