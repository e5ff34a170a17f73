//! The GitHub workflow in README.md: what it must get right. Each check is shown to fail by mutations of the workflow.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};

mod mutations; // mistakes in the workflow

use crate::github::expression::{Before, Scope};
use crate::github::{Workflow, path, program, run, steps};
use mutations::MUTATIONS;

/// The steps with an action.
fn uses<'w>(job: &'w Value, action: &str) -> Vec<&'w Value> {
    let start = format!("{action}@");
    steps(job).filter(|step| step["uses"].as_str().is_some_and(|uses| uses.starts_with(&start))).collect()
}

/// The words after an option in scripts, each up to the next space.
fn values_of<'t>(script: &'t str, option: &str) -> Vec<&'t str> {
    let option = format!(" {option} ");
    script
        .match_indices(&option)
        .map(|(at, found)| script[at + found.len()..].split([' ', '\n']).next().unwrap())
        .collect()
}

fn scope(contexts: Value, before: Before) -> Scope {
    Scope { contexts, before }
}

/// An event of GitHub: is what it starts published?
fn event(name: &str, reference: &str, fork: bool) -> Value {
    let kind = if reference.starts_with("refs/tags/") { "tag" } else { "branch" };
    let short = reference.splitn(3, '/').last();
    json!({ "github": {
        "event_name": name, "ref": reference, "ref_type": kind, "ref_name": short, "run_id": "1", "workflow": "images",
        "event": { "repository": { "fork": fork, "default_branch": "main" } },
    }})
}

type Check = fn(&Workflow) -> Result<(), String>;

/// What a workflow must get right.
const CHECKS: [(&str, Check); 17] = [
    ("merge", merge_runs_when_a_build_failed),
    ("verify", verify_runs_after_an_incomplete_merge),
    ("gate", the_gate_passes_what_is_right_alone),
    ("publish", only_these_events_publish),
    ("permissions", permissions_are_the_least),
    ("pins", actions_are_pinned),
    ("credentials", the_checkout_keeps_no_credentials),
    ("timeouts", every_job_has_a_timeout),
    ("concurrency", pull_requests_alone_cancel),
    ("artifacts", artifacts_replace_those_of_an_earlier_attempt),
    ("failed builds", what_was_built_is_uploaded_when_a_build_failed),
    ("temporary", our_files_are_outside_the_build_context),
    ("metadata", metadata_is_in_files_with_provenance),
    ("scripts", scripts_hold_no_expressions),
    ("rows", rows_are_built_as_the_plan_says),
    ("targets", a_failing_target_costs_no_other),
    ("binary", one_build_of_the_program_plans_and_merges),
];

fn check(is_right: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if is_right { Ok(()) } else { Err(message()) }
}

fn merge_runs_when_a_build_failed(workflow: &Workflow) -> Result<(), String> {
    let merge = workflow.job("merge");
    check(merge["needs"] == json!(["plan", "push"]), || "the merge needs plan and push".into())?;
    let runs = |plan: &str, push: &str, any: &str, publish: &str, before| {
        let contexts = json!({ "needs": {
            "plan": { "result": plan, "outputs": { "any": any, "publish": publish } }, "push": { "result": push },
        }});
        scope(contexts, before).condition(merge["if"].as_str())
    };
    let cases = [
        (true, runs("success", "success", "true", "true", Before::Success)),
        (true, runs("success", "failure", "true", "true", Before::Failure)),
        (false, runs("failure", "skipped", "", "", Before::Failure)),
        (false, runs("failure", "skipped", "true", "true", Before::Failure)),
        (false, runs("success", "skipped", "false", "true", Before::Success)),
        (false, runs("success", "skipped", "true", "false", Before::Success)),
        (false, runs("success", "cancelled", "true", "true", Before::Cancelled)),
    ];
    check(cases.iter().all(|(due, runs)| due == runs), || format!("due and runs: {cases:?}"))
}

fn verify_runs_after_an_incomplete_merge(workflow: &Workflow) -> Result<(), String> {
    let verify = workflow.step("merge", "Verify");
    for (outputs, before, due) in [
        (json!({ "verify": "true" }), Before::Success, true),
        (json!({ "verify": "true" }), Before::Failure, true),
        (json!({ "verify": "true" }), Before::Cancelled, false),
        // The merge failed, or was not reached.
        (json!({}), Before::Failure, false),
    ] {
        let contexts = json!({ "steps": { "merge": { "outputs": outputs } } });
        let runs = scope(contexts, before).condition(verify["if"].as_str());
        check(runs == due, || format!("{before:?}, outputs {outputs}: {runs}"))?;
    }
    for (status, due) in [(0, "verify=true\n"), (1, ""), (5, "verify=true\n")] {
        let folder = tempfile::tempdir().unwrap();
        program(&folder.path().join("plan/bin/bakeplan"), &format!("exit {status}"));
        let output = folder.path().join("output");
        let mut step = workflow.step("merge", "Merge").clone();
        step["env"] = json!({ "GITHUB_OUTPUT": output });
        let ended = run(&step, &scope(json!({}), Before::Success), folder.path(), folder.path(), &path());
        check(ended.status.code() == Some(status), || format!("{status} is {:?}", ended.status))?;
        let text = fs::read_to_string(&output).unwrap_or_default();
        check(text == due, || format!("the output of {status} is {text:?}"))?;
    }
    Ok(())
}

fn the_gate_passes_what_is_right_alone(workflow: &Workflow) -> Result<(), String> {
    let gate = workflow.job("images-ok");
    check(gate["if"] == "always()", || "a gate that is skipped passes".into())?;
    check(gate["name"].is_null(), || "the gate's name is its key".into())?;
    let needs: BTreeSet<&str> =
        gate["needs"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let others: BTreeSet<&str> =
        workflow.jobs().map(|(name, _)| name.as_str()).filter(|name| *name != "images-ok").collect();
    check(needs == others, || format!("the gate needs {needs:?} and not {others:?}"))?;
    let step = steps(gate).next().ok_or("no step")?;
    let folder = tempfile::tempdir().unwrap();
    let outcomes = ["success", "failure", "cancelled", "skipped"];
    let mut passing = Vec::new();
    for (any, publish) in
        [("true", "true"), ("true", "false"), ("false", "true"), ("false", "false"), ("", "")]
    {
        for [plan, build, push, merge] in [
            ["success", "skipped", "success", "success"],
            ["success", "success", "skipped", "skipped"],
            ["success", "skipped", "skipped", "skipped"],
        ]
        .into_iter()
        .flat_map(|right| {
            // Each job with each of the other results, one at a time.
            (0..4).flat_map(move |at| {
                outcomes.map(|outcome| {
                    let mut results = right;
                    results[at] = outcome;
                    results
                })
            })
        })
        .collect::<BTreeSet<_>>()
        {
            let outputs = json!({ "any": any, "publish": publish, "matrix": "[{}]" });
            let contexts = json!({ "needs": {
                "plan": { "result": plan, "outputs": outputs }, "build": { "result": build },
                "push": { "result": push }, "merge": { "result": merge },
            }});
            let ended = run(step, &scope(contexts, Before::Failure), folder.path(), folder.path(), &path());
            if ended.status.success() {
                passing.push(format!("{any} {publish}: {plan} {build} {push} {merge}"));
            }
        }
    }
    let right = [
        "true true: success skipped success success",
        "true false: success success skipped skipped",
        "false true: success skipped skipped skipped",
        "false false: success skipped skipped skipped",
    ];
    check(passing == right, || format!("the gate passes {passing:#?}"))?;
    let contexts = json!({ "needs": { "plan": { "result": "success", "outputs": { "any": "true", "publish": "true" } } } });
    let ended = run(step, &scope(contexts, Before::Failure), folder.path(), folder.path(), &path());
    let told = String::from_utf8_lossy(&ended.stdout).into_owned();
    check(told.contains("::error::GitHub dropped the output matrix"), || format!("a dropped matrix: {told}"))
}

fn only_these_events_publish(workflow: &Workflow) -> Result<(), String> {
    let plan = workflow.step("plan", "Plan");
    let (main, side, tag) = ("refs/heads/main", "refs/heads/side", "refs/tags/v1.2.3");
    let cases = [
        (true, "push", main, false),
        (true, "push", tag, false),
        (false, "push", side, false),
        (false, "push", "refs/heads/x/main", false),
        (false, "push", main, true),
        (false, "push", tag, true),
        (false, "pull_request", "refs/pull/7/merge", false),
        (false, "pull_request", "refs/pull/7/merge", true),
        (false, "pull_request_target", main, false),
        (false, "merge_group", "refs/heads/gh-readonly-queue/main/pr-7-0", false),
        (false, "workflow_dispatch", side, false),
        (false, "workflow_run", main, false),
        (false, "release", tag, false),
    ];
    for (due, name, reference, fork) in cases {
        let scope = scope(event(name, reference, fork), Before::Success);
        let publishes = scope.interpolate(plan["env"]["PUBLISH"].as_str().ok_or("no PUBLISH")?);
        check(publishes == due.to_string(), || format!("{name} {reference}, fork: {fork}: {publishes:?}"))?;
    }
    let script = plan["run"].as_str().ok_or("no script")?;
    check(script.contains(" --publish=\"$PUBLISH\""), || script.into())?;
    let on = workflow.tree["on"].as_object().ok_or("no events")?;
    let events: Vec<&str> = on.keys().map(String::as_str).collect();
    check(events == ["merge_group", "pull_request", "push"], || format!("events: {events:?}"))?;
    check(on["push"] == json!({ "branches": ["main"], "tags": ["**"] }), || on["push"].to_string())
}

fn permissions_are_the_least(workflow: &Workflow) -> Result<(), String> {
    let top = &workflow.tree["permissions"];
    check(*top == json!({}), || format!("at the top: {top}"))?;
    let expected = BTreeMap::from([
        ("plan", json!({ "contents": "read" })),
        ("build", json!({ "contents": "read" })),
        ("push", json!({ "contents": "read", "packages": "write" })),
        ("merge", json!({ "packages": "write" })),
        ("images-ok", json!({})),
    ]);
    let real: BTreeMap<&str, Value> =
        workflow.jobs().map(|(name, job)| (name.as_str(), job["permissions"].clone())).collect();
    check(real == expected, || format!("{real:?}"))?;
    for (name, job) in workflow.jobs().filter(|(_, job)| job["permissions"].get("packages").is_some()) {
        let outputs = json!({ "any": "true", "publish": "false" });
        let scope = scope(
            json!({ "needs": { "plan": { "result": "success", "outputs": outputs } } }),
            Before::Success,
        );
        check(!scope.condition(job["if"].as_str()), || format!("{name} runs when nothing is published"))?;
    }
    Ok(())
}

fn actions_are_pinned(workflow: &Workflow) -> Result<(), String> {
    let mut commits: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let lines =
        workflow.text.lines().filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix("uses: "));
    for line in lines {
        let parts =
            line.split_once(" # v").and_then(|(uses, version)| Some((uses.split_once('@')?, version)));
        let ((action, commit), version) = parts.ok_or(format!("{line}: no commit with a version"))?;
        let is_commit = commit.len() == 40 && commit.bytes().all(|byte| b"0123456789abcdef".contains(&byte));
        let is_version =
            version.split('.').count() == 3 && version.split('.').all(|part| part.parse::<u32>().is_ok());
        check(is_commit && is_version, || line.into())?;
        commits.entry(action).or_default().insert(line);
    }
    check(commits.len() == 6, || format!("{commits:?}"))?;
    check(commits.values().all(|lines| lines.len() == 1), || format!("{commits:?}"))
}

fn the_checkout_keeps_no_credentials(workflow: &Workflow) -> Result<(), String> {
    let checkouts: Vec<_> = workflow.jobs().flat_map(|(_, job)| uses(job, "actions/checkout")).collect();
    check(checkouts.len() == 3, || format!("{} checkouts", checkouts.len()))?;
    check(checkouts.iter().all(|step| step["with"]["persist-credentials"] == "false"), || {
        format!("{checkouts:?}")
    })
}

fn every_job_has_a_timeout(workflow: &Workflow) -> Result<(), String> {
    let minutes = |job: &Value| job["timeout-minutes"].as_str().and_then(|text| text.parse::<u32>().ok());
    let without: Vec<_> =
        workflow.jobs().filter(|(_, job)| minutes(job).is_none()).map(|(name, _)| name).collect();
    check(without.is_empty(), || format!("{without:?}"))
}

fn pull_requests_alone_cancel(workflow: &Workflow) -> Result<(), String> {
    check(workflow.jobs().all(|(_, job)| job["concurrency"].is_null()), || "a job has a group".into())?;
    let concurrency = &workflow.tree["concurrency"];
    check(concurrency["cancel-in-progress"] == "true", || concurrency.to_string())?;
    let group = |name: &str, run: &str, number: Option<u32>| {
        let mut contexts = event(name, "refs/heads/main", false);
        contexts["github"]["run_id"] = run.into();
        contexts["github"]["event"]["pull_request"] =
            number.map_or(Value::Null, |number| json!({ "number": number }));
        scope(contexts, Before::Success).interpolate(concurrency["group"].as_str().unwrap_or_default())
    };
    let pull_request = |run, number| group("pull_request", run, Some(number));
    check(pull_request("1", 7) == pull_request("2", 7), || "a newer run leaves the older one".into())?;
    check(pull_request("1", 7) != pull_request("1", 8), || "pull requests cancel each other".into())?;
    check(group("push", "1", None) != group("push", "2", None), || "runs that publish share a group".into())
}

fn artifacts_replace_those_of_an_earlier_attempt(workflow: &Workflow) -> Result<(), String> {
    for (job, names) in [
        ("plan", ["plan"].as_slice()),
        ("build", &["metadata.${{ matrix.job }}"]),
        ("push", &["metadata.${{ matrix.job }}"]),
        ("merge", &[]),
        ("images-ok", &[]),
    ] {
        let uploads = uses(workflow.job(job), "actions/upload-artifact");
        let found: Vec<_> = uploads.iter().filter_map(|step| step["with"]["name"].as_str()).collect();
        check(found == names, || format!("{job} uploads {found:?}"))?;
        check(uploads.iter().all(|step| step["with"]["overwrite"] == "true"), || {
            format!("{job}: no overwrite")
        })?;
    }
    let downloads = uses(workflow.job("merge"), "actions/download-artifact");
    let fetched: Vec<_> = downloads.iter().map(|step| &step["with"]).collect();
    check(fetched.len() == 2 && fetched[0]["name"] == "plan", || format!("{fetched:?}"))?;
    check(fetched[1]["pattern"] == "metadata.*" && fetched[1]["merge-multiple"] == "true", || {
        format!("{fetched:?}")
    })
}

fn what_was_built_is_uploaded_when_a_build_failed(workflow: &Workflow) -> Result<(), String> {
    let uploads = uses(workflow.job("push"), "actions/upload-artifact");
    for (before, publish, due) in [
        (Before::Success, "true", true),
        (Before::Failure, "true", true),
        (Before::Cancelled, "true", false),
        (Before::Success, "false", false),
    ] {
        let scope = scope(json!({ "needs": { "plan": { "outputs": { "publish": publish } } } }), before);
        let runs = uploads.iter().all(|step| scope.condition(step["if"].as_str()));
        check(runs == due, || format!("{before:?}, publish {publish}: {runs}"))?;
    }
    Ok(())
}

fn our_files_are_outside_the_build_context(workflow: &Workflow) -> Result<(), String> {
    for (name, job) in workflow.jobs() {
        for action in ["actions/upload-artifact", "actions/download-artifact"] {
            for step in uses(job, action) {
                let path = step["with"]["path"].as_str().unwrap_or_default();
                check(path.starts_with("${{ runner.temp }}/"), || {
                    format!("{name}: an artifact in {path:?}")
                })?;
            }
        }
    }
    let options = ["--root", "--out", "--file", "--metadata-file", "--plan", "--metadata", "mkdir -p"];
    for option in options {
        let paths: Vec<_> = workflow
            .scripts()
            .flat_map(|script| {
                let script = format!(" {script}");
                values_of(&script, option).into_iter().map(str::to_owned).collect::<Vec<_>>()
            })
            .collect();
        check(!paths.is_empty(), || format!("no {option}"))?;
        check(paths.iter().all(|path| path.starts_with("\"$RUNNER_TEMP/")), || {
            format!("{option}: {paths:?}")
        })?;
    }
    Ok(())
}

fn metadata_is_in_files_with_provenance(workflow: &Workflow) -> Result<(), String> {
    for forbidden in ["BUILDX_METADATA_PROVENANCE", "outputs.metadata", "docker/bake-action", "--provenance"]
    {
        check(!workflow.text.contains(forbidden), || format!("{forbidden} is there"))?;
    }
    let build = workflow.step("push", "Build")["run"].as_str().ok_or("no script")?;
    check(build.contains("--metadata-file "), || build.into())
}

fn scripts_hold_no_expressions(workflow: &Workflow) -> Result<(), String> {
    let found: Vec<_> = workflow.scripts().filter(|script| script.contains("${{")).collect();
    check(found.is_empty(), || format!("{found:?}"))
}

fn rows_are_built_as_the_plan_says(workflow: &Workflow) -> Result<(), String> {
    let (build, push) = (workflow.job("build"), workflow.job("push"));
    check(build["steps"] == push["steps"] && build["strategy"] == push["strategy"], || {
        "the jobs differ".into()
    })?;
    let strategy = &push["strategy"];
    check(strategy["fail-fast"] == "false", || "a failing build cancels the others".into())?;
    let rows = "${{ fromJSON(needs.plan.outputs.matrix) }}";
    check(strategy["matrix"] == json!({ "include": rows }), || strategy["matrix"].to_string())?;
    for (any, publish, due) in [
        ("true", "true", (false, true)),
        ("true", "false", (true, false)),
        ("false", "true", (false, false)),
        ("false", "false", (false, false)),
        ("", "", (false, false)),
    ] {
        let outputs = json!({ "any": any, "publish": publish });
        let scope = scope(json!({ "needs": { "plan": { "outputs": outputs } } }), Before::Success);
        let runs = |job: &Value| scope.condition(job["if"].as_str());
        let real = (runs(build), runs(push));
        check(real == due, || format!("any {any}, publish {publish}: build and push are {real:?}"))?;
        let logins = uses(push, "docker/login-action");
        let logs_in = !logins.is_empty() && logins.iter().all(|step| scope.condition(step["if"].as_str()));
        check(logs_in == (publish == "true"), || format!("publish {publish}: login {logs_in}"))?;
    }
    check(push["runs-on"] == "${{ matrix.runner }}" && build["runs-on"] == push["runs-on"], || {
        "the runner".into()
    })?;
    let qemu = uses(push, "docker/setup-qemu-action");
    for emulated in [true, false] {
        let scope = scope(json!({ "matrix": { "qemu": emulated } }), Before::Success);
        let runs = qemu.iter().filter(|step| scope.condition(step["if"].as_str())).count();
        check(runs == usize::from(emulated), || format!("a row with qemu {emulated}: {runs} times"))?;
    }
    Ok(())
}

/// Builds a row with a `docker` that fails for some targets; the calls, and the files of metadata.
fn build(workflow: &Workflow, failing: &str, row: &Value) -> (Option<i32>, Vec<String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        r#"printf '%s|' "$@" | sed "s|$RUNNER_TEMP/||g" >> "$RUNNER_TEMP/calls"; echo >> "$RUNNER_TEMP/calls"
        for word; do case $word in {failing}) exit 1 ;; *.json) file=$word ;; esac; done
        echo {{}} > "$file""#
    );
    program(&folder.path().join("bin/docker"), &script);
    let path = format!("{}:{}", folder.path().join("bin").display(), path());
    let row = scope(json!({ "matrix": row }), Before::Success);
    let ended = run(workflow.step("push", "Build"), &row, folder.path(), folder.path(), &path);
    let calls = fs::read_to_string(folder.path().join("calls")).unwrap_or_default();
    let files = fs::read_dir(folder.path().join("metadata")).into_iter().flatten();
    let mut files: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    (ended.status.code(), calls.lines().map(str::to_owned).collect(), files)
}

/// What a row says that its metadata goes to.
const OF_ROW: &str = "a.plan-0123456789abcdef.json";

fn a_failing_target_costs_no_other(workflow: &Workflow) -> Result<(), String> {
    let call = |options: &str, file: &str, targets: &str| {
        format!(
            "buildx|bake|--file|plan/docker-bake.json|{options}--metadata-file|metadata/{file}|{targets}|"
        )
    };
    let row = |targets: &str, allow: &[&str]| json!({ "job": "a", "targets": targets, "allow": allow, "metadata": OF_ROW });
    let of = |target: &str| format!("{target}.{OF_ROW}");
    let allow = ["network.host", "fs.read=/a b, c"];
    let options = "--allow=network.host|--allow=fs.read=/a b, c|";
    let cases = [
        ("none", row("a", &[]), (0, vec![call("", OF_ROW, "a")], vec![OF_ROW.to_owned()])),
        ("none", row("a,b,c", &allow), (0, vec![call(options, OF_ROW, "a|b|c")], vec![OF_ROW.to_owned()])),
        ("a", row("a", &[]), (1, vec![call("", OF_ROW, "a")], vec![])),
        (
            "b",
            row("a,b,c", &allow),
            (
                1,
                vec![
                    call(options, OF_ROW, "a|b|c"),
                    call(options, &of("a"), "a"),
                    call(options, &of("b"), "b"),
                    call(options, &of("c"), "c"),
                ],
                vec![of("a"), of("c")],
            ),
        ),
        // Names are not run.
        ("none", row("$(exit 7)", &[]), (0, vec![call("", OF_ROW, "$(exit 7)")], vec![OF_ROW.to_owned()])),
    ];
    for (failing, row, (status, calls, files)) in cases {
        let real = build(workflow, failing, &row);
        check(real == (Some(status), calls, files), || format!("{row}, {failing} fails: {real:#?}"))?;
    }
    Ok(())
}

fn one_build_of_the_program_plans_and_merges(workflow: &Workflow) -> Result<(), String> {
    let install = workflow.step("plan", "Install bakeplan")["run"].as_str().ok_or("no script")?;
    let due = r#"cargo install --locked --git "$BAKEPLAN_REPOSITORY" --rev "$BAKEPLAN_COMMIT" --root "$RUNNER_TEMP/plan" bakeplan"#;
    check(install == due, || install.into())?;
    for (job, step) in [("plan", "Plan"), ("merge", "Merge"), ("merge", "Verify")] {
        let script = workflow.step(job, step)["run"].as_str().ok_or("no script")?;
        let command = format!("\"$RUNNER_TEMP/plan/bin/bakeplan\" {} ", step.to_lowercase());
        check(script.contains(&command), || format!("{step}: {script}"))?;
    }
    let count = workflow.text.matches("cargo install").count();
    check(count == 1, || format!("it is installed {count} times"))
}

/// The answers are those of GitHub's own evaluator (`@actions/expressions`).
#[test]
fn expressions_are_evaluated_as_github_does() {
    let contexts = json!({ "a": { "text": "Text", "zero": 0, "yes": true, "list": ["x", "y"] } });
    let scope = scope(contexts, Before::Failure);
    for (expression, expected) in [
        ("a.text == 'tEXT'", json!(true)),
        ("a.none == ''", json!(true)),
        ("a.none != ''", json!(false)),
        ("a.none == '0'", json!(true)),
        ("a.none == 'false'", json!(false)),
        ("a.yes == 'true'", json!(false)),
        ("a.yes == '1'", json!(true)),
        ("a.none || a.text", json!("Text")),
        ("a.text && a.zero", json!(0)),
        ("a.yes && !a.none && (a.zero == '' || a.none)", json!(true)),
        ("!a.yes == false", json!(true)),
        ("format('x/{0}', a.text)", json!("x/Text")),
        ("join(a.list, '\n')", json!("x\ny")),
        ("success() || cancelled()", json!(false)),
        ("failure() && always()", json!(true)),
    ] {
        assert_eq!(scope.evaluate(expression), expected, "{expression}");
    }
}

#[test]
fn the_workflow_gets_everything_right() {
    let workflow = Workflow::of_readme();
    for (name, check) in CHECKS {
        check(&workflow).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn each_mutation_of_the_workflow_is_found_by_its_check() {
    let text = Workflow::of_readme().text;
    let checks = BTreeMap::from(CHECKS);
    let mut seen = BTreeSet::new();
    for (name, from, to) in MUTATIONS {
        assert!(text.contains(from), "{name}: {from:?} is not in the workflow");
        let mutated = Workflow::parse(&text.replacen(from, to, 1));
        assert!(checks[name](&mutated).is_err(), "{name} does not find {from:?} → {to:?}");
        seen.insert(*name);
    }
    assert_eq!(seen, checks.into_keys().collect(), "checks with a mutation");
}
