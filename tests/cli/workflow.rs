//! `bakeplan workflow github`: what the workflow must get right, in several settings. Each check is shown to fail by
//! mutations of the workflow.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};

mod access; // what jobs log in and sign with: identities, an SSH agent, ready signers
mod changed; // what is built where only what has changed is
mod checkouts; // what checkouts of jobs do not have
mod command; // the command: what it refuses, writes and checks
mod foreseen; // definitions that ask in which run they are
mod mutations; // mistakes in the workflow
mod names; // variables that are called as those of a step or a script
mod others; // other workflows, and machines without the program
mod place; // where it is, and what is around it
mod settings; // the settings in which it is generated

use crate::github::expression::{Before, Scope};
use crate::github::{Workflow, path, program, run, run_in_each, steps};
use crate::support::{in_parallel, read};
use mutations::MUTATIONS;
use settings::{SETTINGS, Setting};

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

type Check = fn(&Workflow, &Setting) -> Result<(), String>;

/// What a workflow must get right.
const CHECKS: [(&str, Check); 35] = [
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
    ("failed tests", a_failed_test_costs_what_it_names),
    ("temporary", our_files_are_outside_the_build_context),
    ("metadata", metadata_is_in_files_with_provenance),
    ("scripts", scripts_hold_no_expressions),
    ("rows", rows_are_built_as_the_plan_says),
    ("targets", a_failing_target_costs_no_other),
    ("binary", one_build_of_the_program_plans_and_merges),
    ("logins", jobs_log_in_to_the_registries_of_the_plan),
    ("buildx", an_older_buildx_is_refused_before_it_builds),
    ("hooks", what_was_built_is_tested_and_what_was_published_is_signed),
    ("secrets", rows_get_the_secrets_that_they_need),
    ("settings", settings_are_where_they_belong),
    ("plan", the_plan_is_the_one_of_the_desk),
    ("changes", a_pull_request_shows_what_it_changes),
    ("provenance", private_repositories_attest_little),
    ("reusable", a_caller_gets_what_was_published),
    ("again", the_merge_plans_again),
    ("identities", access::jobs_log_in_with_their_identity),
    ("identity", access::an_identity_is_looked_for),
    ("agent", access::rows_with_ssh_get_an_agent),
    ("signers", access::ready_signers_sign_each_reference),
    ("unset", what_is_not_set_leaves_the_default),
    ("runner", jobs_that_build_nothing_have_a_runner),
    ("changed", changed::the_event_says_what_is_built),
];

fn check(is_right: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if is_right { Ok(()) } else { Err(message()) }
}

fn merge_runs_when_a_build_failed(workflow: &Workflow, _: &Setting) -> Result<(), String> {
    let merge = workflow.job("merge");
    check(merge["needs"] == json!(["plan", "push"]), || "the merge needs plan and push".into())?;
    let runs = |plan: &str, push: &str, due: &str, before| {
        let outputs = json!({ "any": "true", "publish": "true", "merge": due });
        let contexts = json!({ "needs": {
            "plan": { "result": plan, "outputs": outputs }, "push": { "result": push },
        }});
        scope(contexts, before).condition(merge["if"].as_str())
    };
    let cases = [
        (true, runs("success", "success", "true", Before::Success)),
        (true, runs("success", "failure", "true", Before::Failure)),
        // Nothing is built, and what is published gets tags.
        (true, runs("success", "skipped", "true", Before::Success)),
        (false, runs("failure", "skipped", "", Before::Failure)),
        (false, runs("failure", "skipped", "true", Before::Failure)),
        (false, runs("success", "skipped", "false", Before::Success)),
        (false, runs("success", "cancelled", "true", Before::Cancelled)),
    ];
    check(cases.iter().all(|(due, runs)| due == runs), || format!("due and runs: {cases:?}"))
}

fn verify_runs_after_an_incomplete_merge(workflow: &Workflow, _: &Setting) -> Result<(), String> {
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
    let published = r#"{"images":{"app":{"digest":"sha256:1"}},"published":["ghcr.io/a/app@sha256:1"]}"#;
    let nothing = r#"{"images":{},"published":[]}"#;
    for (status, result, is_due) in [
        (0, published, true),
        (0, nothing, true),
        (5, nothing, true),
        // One image is published, and another one failed.
        (1, published, true),
        (1, nothing, false),
        (1, "", false),
        (2, "", false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let result = if result.is_empty() { String::new() } else { format!("result={result}\n") };
        fs::write(folder.path().join("result"), &result).unwrap();
        let script = format!("cat \"$RUNNER_TEMP/result\" >> \"$GITHUB_OUTPUT\"; exit {status}");
        program(&folder.path().join("plan/bin/bakeplan"), &script);
        let output = folder.path().join("output");
        fs::write(&output, "").unwrap();
        let mut step = workflow.step("merge", "Merge").clone();
        step["env"] = json!({ "GITHUB_OUTPUT": output });
        let ended = run(&step, &scope(json!({}), Before::Success), folder.path(), folder.path(), &path());
        check(ended.status.code() == Some(status), || format!("{status} is {:?}", ended.status))?;
        let text = fs::read_to_string(&output).unwrap_or_default();
        let due = result + if is_due { "verify=true\n" } else { "" };
        check(text == due, || format!("the output of {status} is {text:?}"))?;
    }
    Ok(())
}

fn the_gate_passes_what_is_right_alone(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
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
    let (mut cases, mut scopes) = (Vec::new(), Vec::new());
    for (any, publish, due) in [
        ("true", "true", "true"),
        ("true", "true", "false"),
        ("true", "false", "false"),
        ("true", "false", "true"),
        ("false", "true", "true"),
        ("false", "true", "false"),
        ("false", "false", "false"),
        ("false", "false", "true"),
        ("", "", ""),
    ] {
        for [plan, build, push, merge] in [
            ["success", "skipped", "success", "success"],
            ["success", "success", "skipped", "skipped"],
            ["success", "skipped", "skipped", "success"],
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
            let outputs =
                json!({ "any": any, "publish": publish, "merge": due, "matrix": "[{}]", "artifact": "7" });
            let contexts = json!({ "needs": {
                "plan": { "result": plan, "outputs": outputs }, "build": { "result": build },
                "push": { "result": push }, "merge": { "result": merge, "outputs": { "published": "[]" } },
            }});
            scopes.push(scope(contexts, Before::Failure));
            cases.push(format!("{any} {publish} {due}: {plan} {build} {push} {merge}"));
        }
    }
    let ends = run_in_each(step, &scopes);
    let passing: Vec<String> =
        cases.into_iter().zip(ends).filter(|(_, is_right)| *is_right).map(|(case, _)| case).collect();
    let right = [
        "true true true: success skipped success success",
        "true false false: success success skipped skipped",
        "false true true: success skipped skipped success",
        "false true false: success skipped skipped skipped",
        "false false false: success skipped skipped skipped",
    ];
    check(passing == right, || format!("the gate passes {passing:#?}"))?;
    // An output in which the value of a secret occurs is dropped.
    let of_caller = setting.is_reusable.then_some("published");
    for dropped in ["matrix", "any", "publish", "merge", "artifact"].into_iter().chain(of_caller) {
        let mut outputs =
            json!({ "any": "true", "publish": "true", "merge": "true", "matrix": "[{}]", "artifact": "7" });
        outputs.as_object_mut().expect("an object").remove(dropped);
        let published = if dropped == "published" { json!({}) } else { json!({ "published": "[]" }) };
        let contexts = json!({ "needs": {
            "plan": { "result": "success", "outputs": outputs }, "build": { "result": "skipped" },
            "push": { "result": "success" }, "merge": { "result": "success", "outputs": published },
        }});
        let ended = run(step, &scope(contexts, Before::Failure), folder.path(), folder.path(), &path());
        let told = String::from_utf8_lossy(&ended.stdout).into_owned();
        let is_told =
            told.contains("::error::GitHub dropped outputs") && told.contains(&format!(": {dropped}."));
        check(is_told && !ended.status.success(), || format!("{dropped} was dropped: {told}"))?;
    }
    // A plan that failed has none, and says itself why.
    let contexts = json!({ "needs": { "plan": { "result": "failure", "outputs": {} } } });
    let ended = run(step, &scope(contexts, Before::Failure), folder.path(), folder.path(), &path());
    let told = String::from_utf8_lossy(&ended.stdout).into_owned();
    check(!told.contains("dropped") && !ended.status.success(), || told)
}

/// Whether the step of the plan asks for what is published, in a run of this event and ref.
fn plans_to_publish(workflow: &Workflow, name: &str, reference: &str) -> bool {
    let mut contexts = event(name, reference, false);
    contexts["github"]["actor"] = "someone".into();
    let publish = workflow.step("plan", "Plan")["env"]["PUBLISH"].as_str().unwrap_or_default();
    let publish = scope(contexts, Before::Success).interpolate(publish);
    let env = [
        ("PUBLISH", publish.as_str()),
        ("GITHUB_EVENT_NAME", name),
        ("GITHUB_REF", reference),
        ("DEFAULT_BRANCH", "main"),
        ("FORK", "false"),
    ];
    let (status, told) = run_plan(workflow, &env, "false");
    assert_eq!(status, Some(0), "{told}");
    told.contains("|--publish=true|")
}

fn only_these_events_publish(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    let plan = workflow.step("plan", "Plan");
    let publishes = |name: &str, reference: &str, fork: bool, actor: &str| {
        let mut contexts = event(name, reference, fork);
        contexts["github"]["actor"] = actor.into();
        if name == "schedule" {
            contexts["github"]["event"] = json!({ "schedule": "17 3 * * 1" });
        }
        scope(contexts, Before::Success).interpolate(plan["env"]["PUBLISH"].as_str().unwrap_or_default())
    };
    let branches = ["main", "master", "side", "x/main", "release/1", "release", "trunk"];
    let branches = branches.map(|name| format!("refs/heads/{name}"));
    let references = branches.into_iter().chain(["refs/tags/v1.2.3".to_owned(), "refs/tags/main".to_owned()]);
    for reference in references {
        for name in [
            "push",
            "workflow_dispatch",
            "schedule",
            "pull_request",
            "pull_request_target",
            "merge_group",
            "workflow_run",
            "release",
        ] {
            // The clock starts a run of the default branch.
            let default =
                if setting.branches.contains(&"trunk") { "refs/heads/trunk" } else { "refs/heads/main" };
            if name == "schedule" && reference != default {
                continue;
            }
            let due = setting.is_published(name, &reference);
            let real = publishes(name, &reference, false, "someone");
            check(real == due.to_string(), || format!("{name} {reference}: {real:?}"))?;
            let of_bot = publishes(name, &reference, false, "dependabot[bot]");
            check(of_bot == "false", || format!("{name} {reference} of a bot: {of_bot:?}"))?;
            if name != "schedule" {
                let of_fork = publishes(name, &reference, true, "someone");
                check(of_fork == "false", || format!("{name} {reference} in a fork: {of_fork:?}"))?;
            }
        }
    }
    let script = plan["run"].as_str().ok_or("no script")?;
    check(script.contains(" --publish=\"$PUBLISH\""), || script.into())?;
    // An expression takes `Main` for `main`, which are two branches.
    let branches = if setting.branches.is_empty() { &["main"] } else { setting.branches };
    for branch in branches.iter().map(|branch| branch.replace("**", "1")) {
        for name in [branch.clone(), branch.to_uppercase(), format!("x/{branch}")] {
            let reference = format!("refs/heads/{name}");
            let due = setting.is_published("workflow_dispatch", &reference);
            let real = plans_to_publish(workflow, "workflow_dispatch", &reference);
            check(real == due, || format!("a run of {reference} is planned with --publish={real}"))?;
        }
    }
    let of_tag = plans_to_publish(workflow, "push", "refs/tags/v1.2.3");
    let due = setting.is_published("push", "refs/tags/v1.2.3");
    check(of_tag == due, || format!("a run of a tag is planned with --publish={of_tag}"))?;
    let on = workflow.tree["on"].as_object().ok_or("no events")?;
    let events: BTreeSet<&str> = on.keys().map(String::as_str).collect();
    let always: &[&str] =
        if setting.is_reusable { &[] } else { &["merge_group", "pull_request", "workflow_dispatch"] };
    let due: BTreeSet<&str> = always.iter().chain(setting.starts).copied().collect();
    check(events == due, || format!("events: {events:?}"))?;
    let has = |event| setting.publishes.contains(&event);
    let mut push = json!({});
    if has("push") {
        push["branches"] =
            if setting.branches.is_empty() { json!(["main", "master"]) } else { json!(setting.branches) };
    }
    if has("tag") {
        push["tags"] = json!(["**"]);
    }
    check(on.get("push").is_none_or(|on| *on == push), || format!("{:?} and not {push}", on.get("push")))
}

/// Runs the step *Plan* with a `bakeplan` and a `gh` that tell what they are called with: the exit code and what was told.
fn run_plan(workflow: &Workflow, env: &[(&str, &str)], fork: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    for place in ["bin/bakeplan", "plan/bin/bakeplan"] {
        program(&folder.path().join(place), "printf '%s|' \"$@\" | sed \"s|$RUNNER_TEMP/||g\"");
    }
    program(
        &folder.path().join("bin/gh"),
        // It asks the server of the run, for which it takes no other token.
        &format!(
            "[ \"$GH_HOST $GH_ENTERPRISE_TOKEN $*\" = 'github.example token api repos/acme/app --jq .fork' ] && echo {fork}"
        ),
    );
    let mut step = workflow.step("plan", "Plan").clone();
    let token = step["env"].get("GH_ENTERPRISE_TOKEN").is_some().then_some(("GH_ENTERPRISE_TOKEN", "token"));
    let own: BTreeMap<&str, &str> = env.iter().copied().chain(token).collect();
    step["env"] = json!(own);
    step["env"]["GITHUB_SERVER_URL"] = "https://github.example".into();
    let path = format!("{}:{}", folder.path().join("bin").display(), path());
    let ended = run(&step, &scope(json!({}), Before::Success), folder.path(), folder.path(), &path);
    let told = [ended.stdout, ended.stderr].concat();
    (ended.status.code(), String::from_utf8_lossy(&told).into_owned())
}

fn the_plan_is_the_one_of_the_desk(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    let options: String = match setting.planned_with {
        "" => String::new(),
        " --var 'A=b c' --platform linux/amd64 --known-versions git" => {
            "--var|A=b c|--platform|linux/amd64|--known-versions|git|".to_owned()
        }
        " --keep-variable KEPT" => "--keep-variable|KEPT|".to_owned(),
        other => return Err(format!("what is {other}?")),
    };
    let due = |event: &str, publish: &str| {
        let [always, on_schedule] = setting.choice();
        let choice = format!("{always}{}", if event == "schedule" { on_schedule } else { "" });
        format!("plan|--out|plan|--github|--publish={publish}|{choice}--default-provenance=max|{options}")
    };
    let branch = setting.branches.first().map_or("main".to_owned(), |branch| branch.replace("**", "1"));
    let reference = format!("refs/heads/{branch}");
    let of = |event: &'static str, fork: &str| {
        let env = [
            ("PUBLISH", "true"),
            ("GITHUB_EVENT_NAME", event),
            ("GITHUB_REF", reference.as_str()),
            ("GITHUB_REPOSITORY", "acme/app"),
            ("DEFAULT_BRANCH", "main"),
            ("PROVENANCE", "max"),
        ];
        run_plan(workflow, &env, fork)
    };
    let real = of("push", "true");
    check(real == (Some(0), due("push", "true")), || format!("a push: {real:?}"))?;
    if setting.starts.contains(&"schedule") || setting.is_reusable {
        // What the event says is enough; where it says nothing, the server is asked, and its answer is needed.
        for (answer, publish) in [("false", "true"), ("true", "false")] {
            let (status, told) = of("schedule", answer);
            let is_right = status == Some(0) && told.ends_with(&due("schedule", publish));
            check(is_right, || format!("by the clock, fork {answer:?}: {status:?} {told}"))?;
        }
        for answer in ["", "null", "no answer"] {
            let (status, told) = of("schedule", answer);
            let is_right = status == Some(1) && told.contains("::error::") && !told.contains("plan|--out");
            check(is_right, || format!("by the clock, {answer:?}: {status:?} {told}"))?;
        }
        let env = [
            ("PUBLISH", "true"),
            ("GITHUB_EVENT_NAME", "schedule"),
            ("GITHUB_REF", reference.as_str()),
            ("FORK", "false"),
            ("PROVENANCE", "max"),
        ];
        let real = run_plan(workflow, &env, "true");
        let is_right = real == (Some(0), due("schedule", "true"));
        check(is_right, || format!("the event is asked first: {real:?}"))?;
    }
    let env =
        [("PUBLISH", "false"), ("GITHUB_EVENT_NAME", "push"), ("FORK", "true"), ("DEFAULT_BRANCH", "main")];
    let (status, told) = run_plan(workflow, &env, "true");
    let due = "::notice::nothing is published: this repository is a fork";
    check(status == Some(0) && told.contains(due), || told.clone())?;
    // A run that could publish and does not says why.
    for (event, publish, actor, due) in [
        ("push", "false", "dependabot[bot]", "Dependabot started this run"),
        ("workflow_dispatch", "false", "someone", "not by workflow_dispatch on "),
        ("schedule", "false", "someone", "not by schedule on "),
        ("pull_request", "false", "someone", ""),
        ("merge_group", "false", "someone", ""),
        ("push", "true", "someone", ""),
    ] {
        let env = [
            ("PUBLISH", publish),
            ("GITHUB_EVENT_NAME", event),
            ("GITHUB_ACTOR", actor),
            ("GITHUB_REF", &reference),
            ("FORK", "false"),
            ("DEFAULT_BRANCH", "main"),
        ];
        let (status, told) = run_plan(workflow, &env, "false");
        let is_told = told.contains(&format!("::notice::nothing is published: {due}"));
        check(status == Some(0) && is_told != due.is_empty(), || format!("{event} {publish}: {told}"))?;
    }
    if ["path", "action"].contains(&setting.install) {
        let folder = tempfile::tempdir().unwrap();
        let mut step = workflow.step("plan", "Plan").clone();
        step["env"] = json!({ "FORK": "false", "DEFAULT_BRANCH": "main" });
        let ended =
            run(&step, &scope(json!({}), Before::Success), folder.path(), folder.path(), "/usr/bin:/bin");
        let told = String::from_utf8_lossy(&ended.stdout).into_owned();
        let is_told = told.contains("::error::bakeplan is not on the PATH of this runner");
        check(is_told && !ended.status.success(), || told)?;
    }
    // Pushes are filtered by name before anything runs, and a default branch with another name would never publish.
    let is_guessed =
        setting.branches.is_empty() && setting.publishes.contains(&"push") && !setting.is_reusable;
    for (branch, is_found) in [("main", true), ("master", true), ("", true), ("develop", false)] {
        let env = [("PUBLISH", "true"), ("GITHUB_EVENT_NAME", "push"), ("DEFAULT_BRANCH", branch)];
        let (status, told) = run_plan(workflow, &env, "false");
        let is_right = if is_found || !is_guessed {
            status == Some(0)
        } else {
            status == Some(1) && told.contains("::error::") && told.contains("--branch develop")
        };
        check(is_right, || format!("the default branch {branch:?}: {status:?} {told}"))?;
    }
    Ok(())
}

/// The options of the plan, and with the versions that it knew.
fn the_merge_plans_again(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    let merge = workflow.step("merge", "Merge");
    let env = &merge["env"];
    for (name, value) in setting.env {
        check(env[name] == *value, || format!("the merge has {env}"))?;
    }
    check(env["PROVENANCE"] == workflow.step("plan", "Plan")["env"]["PROVENANCE"], || env.to_string())?;
    let folder = tempfile::tempdir().unwrap();
    program(
        &folder.path().join("plan/bin/bakeplan"),
        "printf '%s|' \"$@\" | sed \"s|$RUNNER_TEMP/||g\" > \"$RUNNER_TEMP/told\"",
    );
    let mut step = merge.clone();
    fs::write(folder.path().join("output"), "").unwrap();
    let options = match setting.planned_with {
        "" => "",
        " --keep-variable KEPT" => "--keep-variable|KEPT|",
        _ => "--var|A=b c|--platform|linux/amd64|",
    };
    // Only then may the plan leave images out.
    let choice = if setting.only_changed { "--changed-since|auto|" } else { "" };
    for (pushed, missing) in
        [("success", "--if-missing|hold|"), ("failure", ""), ("cancelled", ""), ("skipped", "")]
    {
        step["env"] = json!({ "GITHUB_OUTPUT": folder.path().join("output"), "PROVENANCE": "min" });
        if !env["PUSHED"].is_null() {
            step["env"]["PUSHED"] = env["PUSHED"].clone();
        }
        let contexts = json!({ "needs": { "push": { "result": pushed } } });
        let ended = run(&step, &scope(contexts, Before::Success), folder.path(), folder.path(), &path());
        check(ended.status.success(), || format!("{ended:?}"))?;
        let told = fs::read_to_string(folder.path().join("told")).unwrap_or_default();
        // One setting has both.
        let all = if setting.requires_all { "--require-all|--settle|30s|" } else { missing };
        let due = format!(
            "merge|--plan|plan/plan.json|--metadata|metadata|--github|{all}--from-source|--|--default-provenance=min|{choice}{options}"
        );
        check(told == due, || format!("{told} and not {due}"))?;
    }
    Ok(())
}

fn permissions_are_the_least(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    let top = &workflow.tree["permissions"];
    check(*top == json!({}), || format!("at the top: {top}"))?;
    let with = |mut permissions: Value, packages: &str| {
        if !setting.federated.is_empty() {
            permissions["id-token"] = "write".into();
        }
        if setting.has_job_token {
            permissions["packages"] = packages.into();
        }
        permissions
    };
    // A signature needs the identity of the job.
    let of_merge = match setting.sign {
        [] => json!({ "contents": "read" }),
        ["cosign"] => json!({ "contents": "read", "id-token": "write" }),
        _ => json!({ "contents": "read", "attestations": "write", "id-token": "write" }),
    };
    let expected = BTreeMap::from([
        // It may read what is published, where it compares with that.
        (
            "plan",
            if setting.only_changed {
                with(json!({ "contents": "read" }), "read")
            } else {
                json!({ "contents": "read" })
            },
        ),
        ("build", with(json!({ "contents": "read" }), "read")),
        ("push", with(json!({ "contents": "read" }), "write")),
        ("merge", with(of_merge, "write")),
        ("images-ok", json!({})),
    ]);
    let real: BTreeMap<&str, Value> =
        workflow.jobs().map(|(name, job)| (name.as_str(), job["permissions"].clone())).collect();
    check(real == expected, || format!("{real:?}"))?;
    for (name, job) in workflow.jobs().filter(|(_, job)| job["permissions"]["packages"] == "write") {
        let outputs = json!({ "any": "true", "publish": "false" });
        let scope = scope(
            json!({ "needs": { "plan": { "result": "success", "outputs": outputs } } }),
            Before::Success,
        );
        check(!scope.condition(job["if"].as_str()), || format!("{name} runs when nothing is published"))?;
    }
    Ok(())
}

fn actions_are_pinned(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    let pins = read("templates/actions.txt");
    let known: BTreeSet<&str> = pins.lines().collect();
    let lines =
        workflow.text.lines().filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix("uses: "));
    let used: BTreeSet<&str> = lines.collect();
    let (own, others): (BTreeSet<&str>, BTreeSet<&str>) =
        used.into_iter().partition(|uses| known.contains(uses));
    let is_there = |action: &str| own.iter().any(|uses| uses.starts_with(action));
    check(is_there("actions/checkout@") && is_there("docker/setup-buildx-action@"), || format!("{own:?}"))?;
    // What the settings name: an action of the repository itself, and one at a commit.
    let is_set = |uses: &&str| {
        let own = [setting.setup, setting.test].into_iter().flatten();
        own.chain(setting.sign.iter().copied())
            .any(|own| *uses == format!("{own} # zizmor: ignore[self-repository]"))
            || (setting.install == "action" && uses.starts_with("acme/setup-bakeplan@0123456789abcdef"))
    };
    let strange: Vec<_> = others.into_iter().filter(|uses| !is_set(uses)).collect();
    check(strange.is_empty(), || format!("not in templates/actions.txt: {strange:?}"))
}

fn the_checkout_keeps_no_credentials(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    let checkouts: Vec<_> = workflow.jobs().flat_map(|(_, job)| uses(job, "actions/checkout")).collect();
    check(checkouts.len() == 4, || format!("{} checkouts", checkouts.len()))?;
    for (name, job) in workflow.jobs() {
        for step in uses(job, "actions/checkout") {
            // The plan asks the remote for its tags, or for the commit before.
            let due = if name == "plan" && setting.keeps_credentials { "true" } else { "false" };
            let credentials = &step["with"]["persist-credentials"];
            check(*credentials == due, || format!("{name}: {credentials}"))?;
        }
    }
    Ok(())
}

fn every_job_has_a_timeout(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    let minutes = |job: &Value| job["timeout-minutes"].as_str().and_then(|text| text.parse::<u32>().ok());
    let without: Vec<_> =
        workflow.jobs().filter(|(_, job)| minutes(job).is_none()).map(|(name, _)| name).collect();
    check(without.is_empty(), || format!("{without:?}"))?;
    let of_job = |name: &str| workflow.job(name)["timeout-minutes"].as_str().unwrap_or_default();
    let of_build = |job: &str| workflow.step(job, "Build")["timeout-minutes"].as_str().unwrap_or_default();
    for job in ["build", "push"] {
        let script = workflow.step(job, "Build")["run"].as_str().unwrap_or_default();
        let seconds = script.lines().find_map(|line| line.strip_prefix("limit=")?.parse::<u32>().ok());
        let together = seconds.map(|seconds| (seconds / 60).to_string()).unwrap_or_default();
        let real = [of_job("plan"), &together, of_job("merge")];
        check(real == setting.minutes, || format!("{real:?}"))?;
        // Then each of its targets has its share of some minutes more.
        let step = of_build(job).parse::<u32>().ok();
        check(step > seconds.map(|seconds| seconds / 60 + 10), || format!("{job}: {step:?}"))?;
        // A job that runs into its timeout is cancelled, and uploads nothing of what it built.
        let (row, build) = (of_job(job).parse::<u32>(), of_build(job).parse::<u32>());
        check(row.is_ok_and(|row| build.is_ok_and(|build| row > build + 10)), || {
            format!("{job}: nothing is left for the upload")
        })?;
    }
    Ok(())
}

fn pull_requests_alone_cancel(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    check(workflow.jobs().all(|(_, job)| job["concurrency"].is_null()), || "a job has a group".into())?;
    let concurrency = &workflow.tree["concurrency"];
    if setting.is_reusable {
        // Calls in one run would share it, and cancel each other.
        return check(concurrency.is_null(), || "the caller has a group of its own".into());
    }
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

fn artifacts_replace_those_of_an_earlier_attempt(workflow: &Workflow, _: &Setting) -> Result<(), String> {
    for (job, names) in [
        ("plan", ["images.plan"].as_slice()),
        ("build", &[]),
        // Of this plan: a job that is lost replaces nothing, and what an earlier attempt left does not count.
        ("push", &["metadata.${{ needs.plan.outputs.artifact }}.${{ matrix.job }}"]),
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
    check(fetched.len() == 2, || format!("{fetched:?}"))?;
    // The plan of this run, and not what another job put in its place under its name.
    for job in ["build", "push", "merge"] {
        let first = &uses(workflow.job(job), "actions/download-artifact")[0]["with"];
        check(first["artifact-ids"] == "${{ needs.plan.outputs.artifact }}", || format!("{job}: {first}"))?;
    }
    let outputs = &workflow.job("plan")["outputs"];
    let upload = uses(workflow.job("plan"), "actions/upload-artifact")[0];
    check(
        outputs["artifact"] == "${{ steps.upload.outputs.artifact-id }}" && upload["id"] == "upload",
        || format!("{outputs}"),
    )?;
    let pattern = "metadata.${{ needs.plan.outputs.artifact }}.*";
    check(fetched[1]["pattern"] == pattern && fetched[1]["merge-multiple"] == "true", || {
        format!("{fetched:?}")
    })
}

fn what_was_built_is_uploaded_when_a_build_failed(
    workflow: &Workflow,
    setting: &Setting,
) -> Result<(), String> {
    let uploads = uses(workflow.job("push"), "actions/upload-artifact");
    check(uploads.len() == 1, || format!("{uploads:?}"))?;
    let collect = workflow.step("push", "Collect what was built");
    for (before, due) in [(Before::Success, true), (Before::Failure, true), (Before::Cancelled, false)] {
        for step in [uploads[0], collect] {
            let runs = scope(json!({}), before).condition(step["if"].as_str());
            check(runs == due, || format!("{before:?}: {runs}: {step}"))?;
        }
    }
    // The checkout may be what failed.
    check(collect["working-directory"] == "${{ runner.temp }}", || format!("{collect}"))?;
    for outcome in ["success", "skipped", "failure"] {
        for built in [&[][..], &["a.json"], &["a.json", "b.json"]] {
            let folder = tempfile::tempdir().unwrap();
            let metadata = folder.path().join("metadata");
            for name in built {
                fs::create_dir_all(&metadata).unwrap();
                fs::write(metadata.join(name), "{\"a\":1}").unwrap();
            }
            let contexts = json!({
                "steps": { "test": { "outcome": outcome, "outputs": {} } }, "matrix": { "metadata": OF_ROW },
            });
            let ended =
                run(collect, &scope(contexts, Before::Failure), folder.path(), folder.path(), &path());
            check(ended.status.success(), || format!("{outcome}: {ended:?}"))?;
            let entries = fs::read_dir(&metadata).map_err(|error| error.to_string())?;
            let names: BTreeSet<String> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            // A build that was not tested is a platform that is missing. A file is there in any case, or GitHub keeps the
            // artifact of an earlier attempt.
            let is_kept = !built.is_empty() && (setting.test.is_none() || outcome == "success");
            let due: BTreeSet<String> = if is_kept {
                built.iter().map(|name| (*name).to_owned()).collect()
            } else {
                [OF_ROW.to_owned()].into()
            };
            check(names == due, || format!("{outcome}, {built:?}: {names:?}"))?;
            let text = fs::read_to_string(metadata.join(OF_ROW)).unwrap_or_default();
            check(is_kept || text.trim() == "{}", || text)?;
        }
    }
    Ok(())
}

/// Builds that the test names are missing for the merge; if it names none, or one that is not there, all are.
fn a_failed_test_costs_what_it_names(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    if setting.test.is_none() {
        return Ok(());
    }
    let collect = workflow.step("push", "Collect what was built");
    for (outcome, failed, due) in [
        ("success", "", "app base web"),
        ("failure", "app", ""),
        ("failure", "", ""),
        ("cancelled", "app", ""),
        ("success", "app", "base web"),
        ("success", "app\nweb\n", "base"),
        ("success", "app  base web", ""),
        ("success", "app api", ""),
        ("success", "web", "app base"),
        ("success", "ap", ""),
        ("skipped", "", ""),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let metadata = folder.path().join("metadata");
        fs::create_dir_all(&metadata).unwrap();
        fs::write(metadata.join("a.json"), r#"{"app":{"a":1},"base":{},"buildx.build.warnings":[]}"#)
            .unwrap();
        fs::write(metadata.join("web.a.json"), r#"{"web":{}}"#).unwrap();
        let contexts = json!({
            "steps": { "test": { "outcome": outcome, "outputs": { "failed": failed } } },
            "matrix": { "metadata": OF_ROW },
        });
        let ended = run(collect, &scope(contexts, Before::Failure), folder.path(), folder.path(), &path());
        check(ended.status.success(), || format!("{outcome} {failed:?}: {ended:?}"))?;
        let mut left = BTreeSet::new();
        for entry in fs::read_dir(&metadata).unwrap() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            let tree: Value = serde_json::from_str(&text).map_err(|error| format!("{text}: {error}"))?;
            left.extend(tree.as_object().into_iter().flatten().map(|(name, _)| name.clone()));
        }
        left.remove("buildx.build.warnings");
        let left = left.into_iter().collect::<Vec<_>>().join(" ");
        check(left == due, || format!("{outcome} {failed:?}: {left:?} is left, and not {due:?}"))?;
    }
    for job in ["build", "push"] {
        let step = workflow.step(job, "Check the test");
        for (outcome, failed, due) in
            [("success", "", false), ("success", "app", true), ("failure", "app", false)]
        {
            let test = json!({ "outcome": outcome, "outputs": { "failed": failed } });
            let scope = scope(json!({ "steps": { "test": test } }), Before::Success);
            check(scope.condition(step["if"].as_str()) == due, || format!("{job}: {outcome} {failed:?}"))?;
        }
        let folder = tempfile::tempdir().unwrap();
        let ended = run(step, &scope(json!({}), Before::Success), folder.path(), folder.path(), &path());
        check(!ended.status.success(), || format!("{ended:?}"))?;
    }
    Ok(())
}

fn our_files_are_outside_the_build_context(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
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
    let is_compiled = ["git", "cargo"].contains(&setting.install);
    for option in options.into_iter().filter(|option| *option != "--root" || is_compiled) {
        let paths: Vec<_> = workflow
            .scripts()
            .flat_map(|script| {
                let script = format!(" {}", script.replace('\n', "\n "));
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

fn metadata_is_in_files_with_provenance(workflow: &Workflow, _: &Setting) -> Result<(), String> {
    for forbidden in ["BUILDX_METADATA_PROVENANCE", "outputs.metadata", "docker/bake-action", "--provenance"]
    {
        check(!workflow.text.contains(forbidden), || format!("{forbidden} is there"))?;
    }
    let build = workflow.step("push", "Build")["run"].as_str().ok_or("no script")?;
    check(build.contains("--metadata-file "), || build.into())
}

fn scripts_hold_no_expressions(workflow: &Workflow, _: &Setting) -> Result<(), String> {
    let found: Vec<_> = workflow.scripts().filter(|script| script.contains("${{")).collect();
    check(found.is_empty(), || format!("{found:?}"))
}

fn rows_are_built_as_the_plan_says(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    let (build, push) = (workflow.job("build"), workflow.job("push"));
    // `push` collects and uploads what it built, and fails without an account.
    let is_upload = |step: &&Value| {
        step["name"] == "Collect what was built"
            || step["uses"].as_str().is_some_and(|uses| uses.starts_with("actions/upload-artifact@"))
    };
    let plain = |job: &Value| -> Vec<Value> {
        let without_if = |step: &Value| {
            let mut step = step.clone();
            if step["name"].as_str().is_some_and(|name| name.starts_with("Log in")) {
                step.as_object_mut().expect("a step").remove("if");
            }
            // Where what is tested is kept, is another matter.
            if setting.test.is_some() && (step["name"] == "Build" || step["name"] == "List what was built") {
                step.as_object_mut().expect("a step").remove("run");
            }
            step
        };
        let is_of_identity = |step: &&Value| {
            let name = step["name"].as_str().unwrap_or_default();
            !setting.federated.is_empty()
                && ["Log in", "Get credentials", "Look for"].iter().any(|start| name.starts_with(start))
        };
        steps(job).filter(|step| !is_upload(step) && !is_of_identity(step)).map(without_if).collect()
    };
    check(plain(build) == plain(push) && build["strategy"] == push["strategy"], || "the jobs differ".into())?;
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
    }
    check(push["runs-on"] == "${{ matrix.runner }}" && build["runs-on"] == push["runs-on"], || {
        "the runner".into()
    })?;
    let qemu = uses(push, "docker/setup-qemu-action");
    check(qemu.is_empty() != setting.qemu, || "QEMU is there for nothing, or lacking".into())?;
    for emulated in [true, false] {
        let scope = scope(json!({ "matrix": { "qemu": emulated } }), Before::Success);
        let runs = qemu.iter().filter(|step| scope.condition(step["if"].as_str())).count();
        let due = usize::from(emulated && setting.qemu);
        check(runs == due, || format!("a row with qemu {emulated}: {runs} times"))?;
    }
    Ok(())
}

/// Builds a row with a `docker` that fails for some targets and hangs for others; the calls, and the files of metadata.
fn build(
    workflow: &Workflow,
    job: &str,
    failing: &str,
    hanging: &str,
    row: &Value,
) -> (Option<i32>, Vec<String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    // It stands for the clock, and stops what it is told to.
    let stops = format!(
        r#"shift 3
        for word; do case $word in {hanging}) printf '%s|' "$@" | sed "s|$RUNNER_TEMP/||g" >> "$RUNNER_TEMP/calls"; echo >> "$RUNNER_TEMP/calls"; exit 124 ;; esac; done
        exec docker "$@""#
    );
    program(&folder.path().join("bin/timeout"), &stops);
    let script = format!(
        r#"printf '%s|' "$@" | sed "s|$RUNNER_TEMP/||g" >> "$RUNNER_TEMP/calls"; echo >> "$RUNNER_TEMP/calls"
        for word; do case $word in {failing}) exit 1 ;; *.json) file=$word ;; esac; done
        echo {{}} > "$file""#
    );
    program(&folder.path().join("bin/docker"), &script);
    let path = format!("{}:{}", folder.path().join("bin").display(), path());
    let row = scope(json!({ "matrix": row }), Before::Success);
    let ended = run(workflow.step(job, "Build"), &row, folder.path(), folder.path(), &path);
    let calls = fs::read_to_string(folder.path().join("calls")).unwrap_or_default();
    let files = fs::read_dir(folder.path().join("metadata")).into_iter().flatten();
    let mut files: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    (ended.status.code(), calls.lines().map(str::to_owned).collect(), files)
}

/// What a row says that its metadata goes to.
const OF_ROW: &str = "a.plan-0123456789abcdef.json";

fn a_failing_target_costs_no_other(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
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
        for job in ["build", "push"] {
            let stuck = build(workflow, job, "none", failing, &row);
            let real = build(workflow, job, failing, "none", &row);
            // What is tested and not pushed stays on the machine.
            let targets = row["targets"].as_str().unwrap_or_default().split(',');
            let mut kept = String::new();
            if setting.test.is_some() && job == "build" {
                kept.push_str("--allow=fs.write=layouts|");
                let outputs = targets
                    .map(|target| format!("--set={target}.output=type=oci,tar=false,dest=layouts/{target}|"));
                kept.extend(outputs);
            }
            let calls: Vec<String> = calls
                .iter()
                .map(|call| call.replace("--metadata-file|", &format!("{kept}--metadata-file|")))
                .collect();
            let due = (Some(status), calls, files.clone());
            check(real == due, || format!("{job}: {row}, {failing} fails: {real:#?}"))?;
            check(stuck == due, || format!("{job}: {row}, {failing} hangs: {stuck:#?}"))?;
        }
    }
    Ok(())
}

fn one_build_of_the_program_plans_and_merges(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    let install = steps(workflow.job("plan")).find(|step| step["name"] == "Install bakeplan");
    let env = |name: &str| install.map_or(Value::Null, |step| step["env"][name].clone());
    let script = install.and_then(|step| step["run"].as_str()).unwrap_or_default().trim();
    let (due, is_set) = match setting.install {
        "path" => ("", install.is_none()),
        "pipx" => (
            "pipx install \"bakeplan==$BAKEPLAN_VERSION\"\ninstall -D \"$PIPX_BIN_DIR/bakeplan\" \"$RUNNER_TEMP/plan/bin/bakeplan\"",
            env("BAKEPLAN_VERSION") == "1.2.3",
        ),
        "cargo" => (
            r#"cargo install --locked --version "$BAKEPLAN_VERSION" --root "$RUNNER_TEMP/plan" bakeplan"#,
            env("BAKEPLAN_VERSION") == "1.2.3-rc.1",
        ),
        "git" => (
            r#"cargo install --locked --git "$BAKEPLAN_REPOSITORY" --rev "$BAKEPLAN_COMMIT" --root "$RUNNER_TEMP/plan" bakeplan"#,
            env("BAKEPLAN_REPOSITORY") == "https://github.com/acme/bakeplan"
                && env("BAKEPLAN_COMMIT") == "0123456789abcdef0123456789abcdef01234567",
        ),
        "action" => (
            "",
            install.is_some_and(|step| {
                step["uses"] == "acme/setup-bakeplan@0123456789abcdef0123456789abcdef01234567"
            }),
        ),
        other => return Err(format!("what is {other}?")),
    };
    check(script == due && is_set, || format!("{install:?}"))?;
    for (job, step) in [("plan", "Plan"), ("merge", "Merge"), ("merge", "Verify")] {
        let script = workflow.step(job, step)["run"].as_str().ok_or("no script")?;
        let command = format!("\"$RUNNER_TEMP/plan/bin/bakeplan\" {} ", step.to_lowercase());
        check(script.contains(&command), || format!("{step}: {script}"))?;
    }
    let keeps = workflow.step("plan", "Plan")["run"]
        .as_str()
        .is_some_and(|script| script.contains("install -D \"$program\" \"$RUNNER_TEMP/plan/bin/bakeplan\""));
    check(keeps == ["path", "action"].contains(&setting.install), || {
        "what is on the PATH is not handed on".into()
    })?;
    let count =
        workflow.text.matches("cargo install").count() + workflow.text.matches("pipx install").count();
    let due = usize::from(["pipx", "cargo", "git"].contains(&setting.install));
    check(count == due, || format!("it is installed {count} times"))
}

fn jobs_log_in_to_the_registries_of_the_plan(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    let user = |(host, user, secret): &(&str, &str, &str)| json!({ "registry": host, "username": format!("${{{{ vars.{user} }}}}"), "password": format!("${{{{ secrets.{secret} }}}}") });
    let job = json!({ "registry": "ghcr.io", "username": "${{ github.actor }}", "password": "${{ github.token }}" });
    let key = |login: &Value| login["registry"].to_string();
    let mut all: Vec<Value> =
        setting.accounts.iter().map(user).chain(setting.has_job_token.then_some(job)).collect();
    all.sort_by_key(key);
    for name in ["build", "push", "merge"].into_iter().chain(setting.only_changed.then_some("plan")) {
        let job = workflow.job(name);
        let is_due = |login: &&Value| name != "merge" || login["registry"] != "base.example";
        let due: Vec<Value> = all.iter().filter(is_due).cloned().collect();
        let mut logins = uses(job, "docker/login-action");
        logins.retain(|step| !setting.federated.iter().any(|host| step["with"]["registry"] == *host));
        let mut real: Vec<Value> = logins.iter().map(|step| step["with"].clone()).collect();
        real.sort_by_key(key);
        check(real == due, || format!("{name}: {real:?} and not {due:?}"))?;
        for step in logins {
            let is_of_user = step["with"]["registry"] != "ghcr.io";
            for secret in ["", "sesame"] {
                // A pull request of a fork has no secrets, and needs none; what publishes does.
                let all: BTreeMap<&str, &str> =
                    setting.accounts.iter().map(|(_, _, name)| (*name, secret)).collect();
                let secrets = scope(json!({ "secrets": all }), Before::Success);
                let env = job["env"].as_object().cloned().unwrap_or_default();
                let env: BTreeMap<&String, String> = env
                    .iter()
                    .map(|(name, value)| (name, secrets.interpolate(value.as_str().unwrap_or_default())))
                    .collect();
                let runs = scope(json!({ "env": env }), Before::Success).condition(step["if"].as_str());
                let due = !["plan", "build"].contains(&name) || !is_of_user || !secret.is_empty();
                check(runs == due, || format!("{name}, secret {secret:?}, {}: {runs}", step["with"]))?;
            }
        }
    }
    Ok(())
}

fn an_older_buildx_is_refused_before_it_builds(workflow: &Workflow, _: &Setting) -> Result<(), String> {
    for job in ["build", "push"] {
        let at = |name: &str| steps(workflow.job(job)).position(|step| step["name"] == name);
        check(at("Check buildx") < at("Build"), || format!("{job} checks too late"))?;
        for (version, is_fine) in [
            ("github.com/docker/buildx v0.36.0 abcdef0123", true),
            ("github.com/docker/buildx v0.20.0-rc1 abcdef0123", true),
            ("github.com/docker/buildx 1.0.0+azure-1 abcdef0123", true),
            ("github.com/docker/buildx v0.19.3 abcdef0123", false),
            ("github.com/docker/buildx v0.9.1 abcdef0123", false),
            ("unknown", false),
        ] {
            let folder = tempfile::tempdir().unwrap();
            program(&folder.path().join("bin/docker"), &format!("echo {version}"));
            let path = format!("{}:{}", folder.path().join("bin").display(), path());
            let step = workflow.step(job, "Check buildx");
            let ended = run(step, &scope(json!({}), Before::Success), folder.path(), folder.path(), &path);
            check(ended.status.success() == is_fine, || format!("{job}: {version}: {:?}", ended.status))?;
            let told = String::from_utf8_lossy(&ended.stdout).into_owned();
            check(is_fine || told.contains("::error::this needs buildx 0.20 or later"), || told)?;
        }
    }
    Ok(())
}

fn what_was_built_is_tested_and_what_was_published_is_signed(
    workflow: &Workflow,
    setting: &Setting,
) -> Result<(), String> {
    for (job, images) in [
        ("build", ["oci-layout://LAYOUTS/app", "oci-layout://LAYOUTS/web"]),
        ("push", ["ghcr.io/a/app@sha256:1", "ghcr.io/a/web@sha256:2"]),
    ] {
        let test = steps(workflow.job(job)).find(|step| step["name"] == "Test");
        let Some(test) = test else {
            check(setting.test.is_none(), || format!("{job} has no test"))?;
            continue;
        };
        let input = test["with"]["builds"] == "${{ steps.built.outputs.builds }}";
        check(test["uses"].as_str() == setting.test && input && test["id"] == "test", || test.to_string())?;
        for (builds, before, due) in [
            ("app", Before::Success, true),
            // Other targets of the row failed.
            ("app", Before::Failure, true),
            ("app", Before::Cancelled, false),
            ("", Before::Failure, false),
        ] {
            let scope = scope(json!({ "steps": { "built": { "outputs": { "builds": builds } } } }), before);
            check(scope.condition(test["if"].as_str()) == due, || format!("{job}, {builds:?}, {before:?}"))?;
        }
        let folder = tempfile::tempdir().unwrap();
        let mut list = workflow.step(job, "List what was built").clone();
        let output = folder.path().join("output");
        list["env"]["GITHUB_OUTPUT"] = json!(output);
        let row = scope(json!({ "matrix": { "platform": "linux/arm64" } }), Before::Success);
        let lines = || {
            let ended = run(&list, &row, folder.path(), folder.path(), &path());
            let text = fs::read_to_string(&output).unwrap_or_default();
            (
                ended.status.success(),
                text.replace(&folder.path().join("layouts").display().to_string(), "LAYOUTS"),
            )
        };
        check(lines() == (true, String::new()), || "nothing was built, and there is a list".into())?;
        fs::create_dir_all(folder.path().join("metadata")).unwrap();
        for (name, metadata) in [
            (
                "a.json",
                json!({ "app": { "containerimage.digest": "sha256:1", "image.name": "ghcr.io/a/app,docker.io/a/app" } }),
            ),
            (
                "web.a.json",
                json!({
                    "web": { "containerimage.digest": "sha256:2", "image.name": "ghcr.io/a/web" },
                    "buildx.build.warnings": [],
                    "local": { "buildx.build.ref": "x" },
                }),
            ),
        ] {
            fs::write(folder.path().join("metadata").join(name), metadata.to_string()).unwrap();
        }
        let [app, web] = images;
        let due =
            format!("builds<<END-OF-BUILDS\napp linux/arm64 {app}\nweb linux/arm64 {web}\nEND-OF-BUILDS\n");
        let real = lines();
        check(real == (true, due), || format!("{job}: {real:?}"))?;
    }
    let sign = steps(workflow.job("merge")).find(|step| step["name"] == "Sign");
    let local = setting.sign.iter().copied().find(|one| one.starts_with("./"));
    check(sign.and_then(|step| step["uses"].as_str()) == local, || format!("{sign:?}"))?;
    let Some(sign) = sign else { return Ok(()) };
    let result = json!({ "published": ["ghcr.io/a/app@sha256:1", "ghcr.io/a/web@sha256:2"] }).to_string();
    let outputs = json!({ "verify": "true", "result": result });
    let scope = scope(json!({ "steps": { "merge": { "outputs": outputs } } }), Before::Failure);
    check(scope.condition(sign["if"].as_str()), || {
        "what an incomplete merge published is not signed".into()
    })?;
    let references = scope.interpolate(sign["with"]["references"].as_str().unwrap_or_default());
    check(references == "ghcr.io/a/app@sha256:1\nghcr.io/a/web@sha256:2", || references)
}

fn rows_get_the_secrets_that_they_need(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    let secrets = json!({ "NPM_TOKEN": "sesame", "OTHER": "thistle", "VALUE": "kept" });
    let get = |job: &str, needs: &[&str], secrets: &Value| {
        let needed: Vec<&str> = needs.iter().map(|need| need.split_once('=').unwrap().1).collect();
        let contexts = json!({
            "matrix": {
                "env": needed, "needs": needs, "allow": [], "targets": "a,b,c", "metadata": OF_ROW,
            },
            "secrets": secrets, "github": { "token": "of-the-job" },
        });
        let folder = tempfile::tempdir().unwrap();
        let script = r#"for word; do case $word in ?) echo "$word" >> "$RUNNER_TEMP/built" ;; esac; done
            echo "$NPM_TOKEN $GIT_AUTH_TOKEN $RENAMED $KEPT" > "$RUNNER_TEMP/told""#;
        program(&folder.path().join("bin/docker"), script);
        let path = format!("{}:{}", folder.path().join("bin").display(), path());
        let ended = run(
            workflow.step(job, "Build"),
            &scope(contexts, Before::Success),
            folder.path(),
            folder.path(),
            &path,
        );
        let [told, built] =
            ["told", "built"].map(|name| fs::read_to_string(folder.path().join(name)).unwrap_or_default());
        let built = built.replace('\n', "");
        (ended.status.code(), built, told, String::from_utf8_lossy(&ended.stdout).into_owned())
    };
    // What an empty secret is needed for is not built, and all else is.
    for job in ["build", "push"] {
        // A definition may ask what only a run has.
        let (status, built, _, said) = get(job, &["a=UNKNOWN"], &secrets);
        check(status == Some(1) && built == "bc", || format!("{status:?} {built:?} {said}"))?;
        check(said.contains("::error::this workflow gives builds no UNKNOWN, which a needs"), || said)?;
        let (status, _, told, said) = get(job, &["a=UNKNOWN", "b=UNKNOWN", "c=UNKNOWN"], &secrets);
        check(status == Some(1) && told.is_empty(), || format!("{status:?} {told:?}"))?;
        check(said.contains("which c needs"), || said)?;
        // A name is not run, whoever wrote it.
        for name in
            ["x[$(echo z >> $RUNNER_TEMP/built)]", "`echo z >> $RUNNER_TEMP/built`", "a[0$(exit 7)]", "-i"]
        {
            let (status, built, _, said) = get(job, &[&format!("a={name}")], &secrets);
            check(status == Some(1) && built == "bc", || format!("{name}: {status:?} {built:?} {said}"))?;
        }
        let (status, built, _, said) = get(job, &["b=SSH_AUTH_SOCK"], &secrets);
        check(status == Some(1) && built == "ac", || format!("{status:?} {built:?} {said}"))?;
        check(said.contains("::error::b needs an SSH agent, and none runs"), || said)?;
        let (status, built, ..) = get(job, &[], &secrets);
        check(status == Some(0) && built == "abc", || format!("{status:?} {built:?}"))?;
    }
    if !setting.has_secrets {
        let is_exposed = workflow.text.contains("contains(matrix.env");
        return check(!is_exposed, || "secrets are there for nothing".into());
    }
    for job in ["build", "push"] {
        let (status, built, told, _) = get(job, &["a=NPM_TOKEN", "b=GIT_AUTH_TOKEN"], &secrets);
        check((status, told.as_str()) == (Some(0), "sesame of-the-job  kept\n"), || {
            format!("{status:?} {told:?}")
        })?;
        check(built == "abc", || built)?;
        let (status, _, told, _) = get(job, &["a=RENAMED"], &secrets);
        check((status, told.as_str()) == (Some(0), "  thistle kept\n"), || format!("{status:?} {told:?}"))?;
        let none = json!({ "VALUE": "kept" });
        let (status, built, _, said) = get(job, &["a=NPM_TOKEN", "c=RENAMED"], &none);
        check(status == Some(1) && built == "b", || format!("{status:?} {built:?}"))?;
        check(
            said.contains("::error::NPM_TOKEN is empty: a needs")
                && said.contains("::error::RENAMED is empty: c needs"),
            || said,
        )?;
    }
    // The plan has no use for them.
    let env = &workflow.step("plan", "Plan")["env"];
    check(env["RENAMED"].is_null() && env["KEPT"].is_null(), || format!("the plan has {env}"))?;
    let cache = |job: &str| uses(workflow.job(job), "crazy-max/ghaction-github-runtime");
    for (job, is_used) in [("build", true), ("build", false), ("push", true), ("push", false)] {
        let scope = scope(json!({ "matrix": { "gha_cache": is_used } }), Before::Success);
        let steps = cache(job);
        let runs = steps.iter().filter(|step| scope.condition(step["if"].as_str())).count();
        check(runs == usize::from(is_used), || {
            format!("a cache {is_used}: the token is exposed {runs} times")
        })?;
    }
    Ok(())
}

fn settings_are_where_they_belong(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    for (name, job) in workflow.jobs() {
        let publishes = ["push", "merge"].contains(&name.as_str());
        let due = setting.environment.filter(|_| publishes).map(str::to_owned);
        check(text(&job["environment"]) == due, || format!("{name} is in {}", job["environment"]))?;
        let builds = ["build", "push"].contains(&name.as_str());
        let due = setting.max_parallel.filter(|_| builds).map(str::to_owned);
        check(text(&job["strategy"]["max-parallel"]) == due, || format!("{name}: {}", job["strategy"]))?;
        let set_up: Vec<usize> =
            steps(job).enumerate().filter(|(_, step)| step["name"] == "Set up").map(|(at, _)| at).collect();
        let build = steps(job).position(|step| step["name"] == "Build");
        let is_due = setting.setup.is_some() && builds;
        check(
            set_up.len() == usize::from(is_due) && set_up.first().is_none_or(|at| Some(*at) < build),
            || format!("{name} is set up at {set_up:?}"),
        )?;
    }
    let env = &workflow.step("plan", "Plan")["env"];
    for (name, value) in setting.env {
        check(env[name] == *value, || format!("the plan has {env}"))?;
    }
    // Builds have the same date as the plan.
    let has_epoch = setting.env.iter().any(|(name, _)| *name == "SOURCE_DATE_EPOCH");
    for job in ["build", "push"] {
        let epoch = &workflow.step(job, "Build")["env"]["SOURCE_DATE_EPOCH"];
        check(epoch.is_null() != has_epoch, || format!("{job}: the date is {epoch}"))?;
    }
    let merge = workflow.step("merge", "Merge")["run"].as_str().unwrap_or_default();
    // One setting has both.
    let is_so = |option: &str| merge.contains(option) == setting.requires_all;
    check(is_so(" --require-all ") && is_so(" --settle 30s "), || merge.into())
}

fn a_pull_request_shows_what_it_changes(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    let step = workflow.step("plan", "Show what changes");
    for (event, due) in [("pull_request", true), ("push", false), ("merge_group", false)] {
        let scope = scope(json!({ "github": { "event_name": event } }), Before::Success);
        check(scope.condition(step["if"].as_str()) == due, || format!("{event}: it runs, or does not"))?;
    }
    let checkout = uses(workflow.job("plan"), "actions/checkout")[0];
    check(checkout["with"]["fetch-depth"] == "2", || "the base is not there".into())?;
    let plan = &workflow.step("plan", "Plan")["env"];
    for (name, value) in setting.env {
        check(step["env"][name] == *value && plan[name] == *value, || format!("{name} differs"))?;
    }
    for (status, due) in [(0, ""), (1, "What changes is unknown: the log of this step says why.\n")] {
        let folder = tempfile::tempdir().unwrap();
        program(
            &folder.path().join("plan/bin/bakeplan"),
            &format!("printf '%s|' \"$@\" > \"$RUNNER_TEMP/told\"; exit {status}"),
        );
        let mut step = step.clone();
        step["env"] = json!({ "GITHUB_STEP_SUMMARY": folder.path().join("summary") });
        let ended = run(&step, &scope(json!({}), Before::Success), folder.path(), folder.path(), &path());
        let summary = fs::read_to_string(folder.path().join("summary")).unwrap_or_default();
        check(ended.status.success() && summary == due, || format!("{status}: {summary:?}"))?;
        let told = fs::read_to_string(folder.path().join("told")).unwrap_or_default();
        let options = match setting.planned_with {
            "" => "",
            " --keep-variable KEPT" => "--keep-variable|KEPT|",
            _ => "--var|A=b c|--platform|linux/amd64|--known-versions|git|",
        };
        // Like the plan of a pull request.
        let due = format!("diff|--against|HEAD^1|--format|markdown|--|--publish=false|{options}");
        check(told == due, || told)?;
    }
    Ok(())
}

/// Bake takes an empty variable for a value, and GitHub has one for what is not set, also in pull requests of forks.
fn what_is_not_set_leaves_the_default(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    let has_epoch = setting.env.iter().any(|(name, _)| *name == "SOURCE_DATE_EPOCH");
    let of_plan: Vec<&str> = setting.env.iter().map(|(name, _)| *name).collect();
    let of_build: Vec<&str> = setting
        .has_secrets
        .then_some("KEPT")
        .into_iter()
        .chain(has_epoch.then_some("SOURCE_DATE_EPOCH"))
        .collect();
    for (job, step, names) in [
        ("plan", "Plan", &of_plan),
        ("plan", "Show what changes", &of_plan),
        ("merge", "Merge", &of_plan),
        ("build", "Build", &of_build),
        ("push", "Build", &of_build),
    ] {
        for name in names {
            for (given, due) in [("", "none"), ("x y", "x y"), ("0", "0")] {
                let folder = tempfile::tempdir().unwrap();
                let script = format!("echo \"${{{name}-none}}\" > \"$RUNNER_TEMP/told\"");
                for place in ["plan/bin/bakeplan", "bin/bakeplan", "bin/docker"] {
                    program(&folder.path().join(place), &script);
                }
                let mut step = workflow.step(job, step).clone();
                step["env"] = json!({
                    *name: given, "DEFAULT_BRANCH": "main", "FORK": "false", "TARGETS": "a", "METADATA": OF_ROW,
                    "GITHUB_OUTPUT": folder.path().join("output"),
                    "GITHUB_STEP_SUMMARY": folder.path().join("summary"),
                });
                fs::write(folder.path().join("output"), "").unwrap();
                let path = format!("{}:{}", folder.path().join("bin").display(), path());
                let ended =
                    run(&step, &scope(json!({}), Before::Success), folder.path(), folder.path(), &path);
                let told = fs::read_to_string(folder.path().join("told")).unwrap_or_default();
                check(ended.status.success() && told.trim_end() == due, || {
                    format!("{job}: {name} is {given:?}, and the program gets {told:?}: {ended:?}")
                })?;
            }
        }
    }
    Ok(())
}

fn jobs_that_build_nothing_have_a_runner(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    let due = match setting.runner {
        [] => json!("ubuntu-latest"),
        [label] => json!(label),
        labels => json!(labels),
    };
    for job in ["plan", "merge", "images-ok"] {
        let real = &workflow.job(job)["runs-on"];
        check(*real == due, || format!("{job} runs on {real}"))?;
    }
    Ok(())
}

fn private_repositories_attest_little(workflow: &Workflow, _: &Setting) -> Result<(), String> {
    let env = &workflow.step("plan", "Plan")["env"]["PROVENANCE"];
    for (visibility, due) in [("public", "max"), ("private", "min"), ("internal", "min"), ("", "min")] {
        let event = json!({ "repository": { "visibility": visibility } });
        let real = scope(json!({ "github": { "event": event } }), Before::Success);
        let real = real.interpolate(env.as_str().unwrap_or_default());
        check(real == due, || format!("{visibility}: {real}"))?;
    }
    // A schedule does not say what the repository is.
    let unknown = scope(json!({ "github": { "event": {} } }), Before::Success);
    check(unknown.interpolate(env.as_str().unwrap_or_default()) == "min", || "unknown is private".into())
}

fn a_caller_gets_what_was_published(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    let outputs = &workflow.tree["on"]["workflow_call"]["outputs"]["published"]["value"];
    let of_merge = &workflow.job("merge")["outputs"]["published"];
    if !setting.is_reusable {
        return check(outputs.is_null() && of_merge.is_null(), || "nobody calls it".into());
    }
    let result = json!({ "published": ["ghcr.io/a/app@sha256:1"] }).to_string();
    for (outputs, due) in [(json!({ "result": result }), "[\"ghcr.io/a/app@sha256:1\"]"), (json!({}), "[]")] {
        let scope = scope(json!({ "steps": { "merge": { "outputs": outputs } } }), Before::Success);
        let real = scope.interpolate(of_merge.as_str().unwrap_or_default());
        check(real == due, || format!("the merge gives {real}"))?;
    }
    for (published, merge, due) in [
        (Some("[1]"), "success", "[1]"),
        (Some("[1]"), "failure", "[1]"),
        (None, "skipped", "[]"),
        // A merge that ran gives a list: GitHub dropped it, or it never got there.
        (None, "success", ""),
        (None, "failure", ""),
    ] {
        let jobs = json!({ "merge": { "result": merge, "outputs": { "published": published } } });
        let real = scope(json!({ "jobs": jobs }), Before::Success);
        let real = real.interpolate(outputs.as_str().unwrap_or_default());
        check(real == due, || format!("the caller gets {real}"))?;
    }
    Ok(())
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
        ("format('{0}{1}', a.none == '' && ' none' || '', a.text == '' && ' text' || '')", json!(" none")),
        ("join(a.list, '\n')", json!("x\ny")),
        ("success() || cancelled()", json!(false)),
        ("failure() && always()", json!(true)),
    ] {
        assert_eq!(scope.evaluate(expression), expected, "{expression}");
    }
}

#[test]
fn the_workflow_gets_everything_right() {
    for setting in SETTINGS {
        let workflow = setting.workflow();
        for (name, check) in CHECKS {
            check(&workflow, &setting).unwrap_or_else(|error| panic!("{}: {name}: {error}", setting.name));
        }
    }
}

#[test]
fn each_mutation_of_the_workflow_is_found_by_its_check() {
    let texts = SETTINGS.map(|setting| (setting.workflow().text, setting));
    let checks = BTreeMap::from(CHECKS);
    let missed = in_parallel(MUTATIONS, |(name, from, to)| {
        // In the first setting that has it.
        let Some((text, setting)) = texts.iter().find(|(text, _)| text.contains(from)) else {
            return Some(format!("{name}: {from:?} is in no workflow"));
        };
        let mutated = Workflow::parse(&text.replacen(from, to, 1));
        let is_missed = checks[name](&mutated, setting).is_ok();
        is_missed.then(|| format!("{name} does not find {from:?} → {to:?}"))
    });
    let missed: Vec<String> = missed.into_iter().flatten().collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    let seen: BTreeSet<&str> = MUTATIONS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(seen, checks.into_keys().collect(), "checks with a mutation");
}
