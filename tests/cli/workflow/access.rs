//! What jobs log in and sign with: their identity, an SSH agent, ready signers.

use std::fs;

use serde_json::{Value, json};

use super::settings::Setting;
use super::{check, scope, uses};
use crate::github::expression::Before;
use crate::github::{Workflow, path, program, run, steps};

const ECR: &str = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";

/// Where GitHub gives a job its identity.
const IDENTITY: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";

/// The registries that a job logs in to, with the steps that do it.
fn logins(job: &Value) -> Vec<(&str, Vec<&Value>)> {
    let mut logins: Vec<(&str, Vec<&Value>)> = Vec::new();
    for step in steps(job) {
        let name = step["name"].as_str().unwrap_or_default();
        let host = name.strip_prefix("Log in to ").or_else(|| name.strip_prefix("Get credentials for "));
        let Some(host) = host else { continue };
        match logins.iter_mut().find(|(known, _)| *known == host) {
            Some((_, steps)) => steps.push(step),
            None => logins.push((host, vec![step])),
        }
    }
    logins
}

pub(super) fn jobs_log_in_with_their_identity(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    let text = &workflow.text;
    if setting.federated.is_empty() {
        return check(!text.contains("identity") && !text.contains("Get credentials"), || {
            "for nothing".into()
        });
    }
    for (name, hosts) in [
        // What may push stays out of a run that publishes nothing, but for what may only pull; base images are for builds.
        ("build", vec![ECR, "acme.azurecr.io"]),
        // It looks for what is published, and only reads.
        ("plan", vec![ECR, "acme.azurecr.io"]),
        ("push", vec![ECR, "docker.io", "public.ecr.aws", "acme.azurecr.io"]),
        ("merge", vec![ECR, "docker.io", "public.ecr.aws", "europe-docker.pkg.dev"]),
    ] {
        let job = workflow.job(name);
        let real: Vec<&str> = logins(job).iter().map(|(host, _)| *host).collect();
        check(real == hosts, || format!("{name} logs in to {real:?} and not {hosts:?}"))?;
        for (host, steps) in logins(job) {
            let login = steps.last().expect("there is one");
            let with = &login["with"];
            let id = steps[0]["id"].as_str().unwrap_or_default();
            let of = |output: &str| format!("${{{{ steps.{id}.outputs.{output} }}}}");
            match host {
                ECR | "public.ecr.aws" => {
                    let role = match (host, name) {
                        (ECR, "build" | "plan") => "${{ vars.AWS_PULL }}",
                        (ECR, _) => "${{ vars.AWS_ROLE }}",
                        _ => "arn:aws:iam::123456789012:role/images",
                    };
                    let region = if host == ECR { "eu-central-1" } else { "us-east-1" };
                    let due = json!({
                        "role-to-assume": role, "aws-region": region,
                        "output-credentials": "true", "output-env-credentials": "false",
                    });
                    check(steps[0]["with"] == due, || format!("{name}: {}", steps[0]))?;
                    let due = json!({
                        "AWS_ACCESS_KEY_ID": of("aws-access-key-id"),
                        "AWS_SECRET_ACCESS_KEY": of("aws-secret-access-key"),
                        "AWS_SESSION_TOKEN": of("aws-session-token"),
                    });
                    check(login["env"] == due && *with == json!({ "registry": host }), || login.to_string())?;
                }
                "europe-docker.pkg.dev" => {
                    let due = json!({
                        "workload_identity_provider": "${{ vars.POOL }}", "service_account": "${{ vars.ACCOUNT }}",
                        "token_format": "access_token", "create_credentials_file": "false",
                        "export_environment_variables": "false",
                    });
                    check(steps[0]["with"] == due, || format!("{name}: {}", steps[0]))?;
                    let due = json!({ "registry": host, "username": "oauth2accesstoken", "password": of("access_token") });
                    check(*with == due, || login.to_string())?;
                }
                "acme.azurecr.io" => {
                    let due = json!({
                        "client-id": "${{ vars.CLIENT }}", "tenant-id": "${{ vars.TENANT }}",
                        "environment": "azurecloud", "allow-no-subscriptions": "true",
                    });
                    check(steps[0]["with"] == due, || format!("{name}: {}", steps[0]))?;
                    let folder = tempfile::tempdir().unwrap();
                    program(&folder.path().join("bin/az"), "echo \"$*\" > \"$RUNNER_TEMP/told\"");
                    let path = format!("{}:{}", folder.path().join("bin").display(), path());
                    run(login, &scope(json!({}), Before::Success), folder.path(), folder.path(), &path);
                    let told = fs::read_to_string(folder.path().join("told")).unwrap_or_default();
                    check(told == "acr login --name acme\n", || told)?;
                }
                _ => {
                    let due = json!({ "DOCKERHUB_OIDC_CONNECTIONID": "${{ vars.HUB }}", "DOCKERHUB_OIDC_EXPIREIN": "3600" });
                    check(login["env"] == due, || login.to_string())?;
                    check(*with == json!({ "registry": "docker.io", "username": "acme" }), || {
                        login.to_string()
                    })?;
                }
            }
            for (found, is_there) in [(json!({ "found": "true" }), true), (json!({}), false)] {
                let scope = scope(json!({ "steps": { "identity": { "outputs": found } } }), Before::Success);
                for step in &steps {
                    let runs = scope.condition(step["if"].as_str());
                    let publishes = ["push", "merge"].contains(&name);
                    check(runs == (publishes || is_there), || format!("{name}: {step}"))?;
                }
            }
        }
    }
    Ok(())
}

/// Before the first login that needs it. What publishes fails without it; what only builds may pull what is public.
pub(super) fn an_identity_is_looked_for(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    if setting.federated.is_empty() {
        return Ok(());
    }
    let all = ["AWS_ROLE", "AWS_PULL", "POOL", "ACCOUNT", "CLIENT", "TENANT", "HUB"];
    for (job, needed) in [
        ("build", vec!["AWS_PULL", "CLIENT", "TENANT"]),
        ("plan", vec!["AWS_PULL", "CLIENT", "TENANT"]),
        ("push", vec!["AWS_ROLE", "HUB", "CLIENT", "TENANT"]),
        ("merge", vec!["AWS_ROLE", "HUB", "POOL", "ACCOUNT"]),
    ] {
        let place = |name: &str| {
            steps(workflow.job(job))
                .position(|step| step["name"].as_str().is_some_and(|step| step.starts_with(name)))
        };
        check(place("Look for") < place("Get credentials"), || format!("{job} looks too late"))?;
        let look = |url: &str, lacking: &[&str], is_fork: bool| {
            let folder = tempfile::tempdir().unwrap();
            let output = folder.path().join("output");
            let mut step = workflow.step(job, "Look for an identity").clone();
            step["env"]["GITHUB_OUTPUT"] = json!(output);
            step["env"][IDENTITY] = json!(url);
            let mut vars = json!({});
            for name in all.iter().filter(|name| !lacking.contains(*name)) {
                vars[*name] = json!("x");
            }
            let contexts =
                json!({ "vars": vars, "github": { "event": { "repository": { "fork": is_fork } } } });
            let ended = run(&step, &scope(contexts, Before::Success), folder.path(), folder.path(), &path());
            let found = fs::read_to_string(&output).unwrap_or_default();
            (ended.status.success(), found, String::from_utf8_lossy(&ended.stdout).into_owned())
        };
        let publishes = ["push", "merge"].contains(&job);
        let (is_fine, found, _) = look("https://x", &[], false);
        check(is_fine && (publishes || found == "found=true\n"), || format!("{job}: {found:?}"))?;
        let (is_fine, found, told) = look("", &[], false);
        let sign = if publishes { "::error::" } else { "::notice::" };
        check(is_fine != publishes && found.is_empty() && told.starts_with(sign), || {
            format!("{job}: {told}")
        })?;
        for name in all {
            let (is_fine, found, told) = look("https://x", &[name], false);
            if needed.contains(&name) {
                let is_right =
                    is_fine != publishes && found.is_empty() && told.contains(&format!(": {name}"));
                check(is_right, || format!("{job} without {name}: {told}"))?;
            } else {
                check(is_fine && told.is_empty(), || format!("{job} does not need {name}: {told}"))?;
            }
        }
        if !publishes {
            // A fork may have an identity, which is not the one that is trusted.
            let (is_fine, found, _) = look("https://x", &[], true);
            check(is_fine && found.is_empty(), || "a fork logs in".into())?;
        }
    }
    Ok(())
}

pub(super) fn rows_with_ssh_get_an_agent(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    for job in ["build", "push"] {
        let agent = steps(workflow.job(job)).find(|step| step["name"] == "Start an SSH agent");
        check(agent.is_none() == setting.ssh_keys.is_empty(), || format!("{job}: {agent:?}"))?;
        let build = workflow.step(job, "Build");
        let Some(agent) = agent else {
            check(build["env"]["SSH_AUTH_SOCK"].is_null(), || "the agent of the runner is hidden".into())?;
            continue;
        };
        for (allow, due) in
            [(json!([]), false), (json!(["network.host"]), false), (json!(["fs.read=/a", "ssh"]), true)]
        {
            let row = scope(json!({ "matrix": { "allow": allow } }), Before::Success);
            check(row.condition(agent["if"].as_str()) == due, || format!("{job}: a row with {allow}"))?;
        }
        let start = |first: &str, second: &str| {
            let folder = tempfile::tempdir().unwrap();
            let bin = folder.path().join("bin");
            program(&bin.join("ssh-agent"), "echo 'SSH_AUTH_SOCK=/tmp/agent.7; export SSH_AUTH_SOCK;'");
            program(
                &bin.join("ssh-add"),
                "[ \"$SSH_AUTH_SOCK\" = /tmp/agent.7 ] || exit 2\nkey=$(cat)\ncase $key in locked) exit 1 ;; esac\nprintf '%s|' \"$key\" >> \"$RUNNER_TEMP/told\"",
            );
            let output = folder.path().join("output");
            let mut step = agent.clone();
            step["env"]["GITHUB_OUTPUT"] = json!(output);
            let secrets = json!({ "secrets": { "DEPLOY_KEY": first, "OTHER_KEY": second } });
            let path = format!("{}:{}", bin.display(), path());
            let ended = run(&step, &scope(secrets, Before::Success), folder.path(), folder.path(), &path);
            let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
            (
                ended.status.success(),
                text("told"),
                text("output"),
                String::from_utf8_lossy(&ended.stdout).into_owned(),
            )
        };
        let real = start("one\r\nkey\r\n", "two");
        let due = (true, "one\nkey|two|".to_owned(), "socket=/tmp/agent.7\n".to_owned(), String::new());
        check(real == due, || format!("{job}: {real:?}"))?;
        for (first, second, told) in [
            ("", "two", "::error::DEPLOY_KEY is empty: this build needs an SSH key"),
            ("one", "", "::error::OTHER_KEY is empty: this build needs an SSH key"),
            ("one", "locked", "::error::OTHER_KEY is not a private key"),
        ] {
            let (is_fine, added, output, said) = start(first, second);
            let is_early = second == "locked" || added.is_empty();
            check(is_fine && is_early && output.is_empty() && said.contains(told), || {
                format!("{job}: {said}")
            })?;
        }
        let socket = &build["env"]["SSH_AUTH_SOCK"];
        let outputs = json!({ "steps": { "ssh": { "outputs": { "socket": "/tmp/agent.7" } } } });
        let real = scope(outputs, Before::Success).interpolate(socket.as_str().unwrap_or_default());
        check(real == "/tmp/agent.7", || format!("{job}: the build has {real}"))?;
    }
    Ok(())
}

pub(super) fn ready_signers_sign_each_reference(
    workflow: &Workflow,
    setting: &Setting,
) -> Result<(), String> {
    let merge = workflow.job("merge");
    let has = |name: &str| steps(merge).any(|step| step["name"] == name);
    for (signer, name) in [("cosign", "Sign with cosign"), ("attest", "Attest")] {
        check(has(name) == setting.sign.contains(&signer), || format!("{name} is there, or lacking"))?;
    }
    if setting.sign.is_empty() {
        return Ok(());
    }
    // A list that is too long for a variable is in a file.
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let result = json!({ "published": ["a.example/app@sha256:1", "a.example/web@sha256:2"], "indexes": [] });
    program(&at("plan/bin/bakeplan"), &format!("echo 'result={result}' >> \"$GITHUB_OUTPUT\""));
    let mut step = workflow.step("merge", "Merge").clone();
    step["env"] = json!({ "GITHUB_OUTPUT": at("output") });
    run(&step, &scope(json!({}), Before::Success), folder.path(), folder.path(), &path());
    let listed = fs::read_to_string(at("published")).unwrap_or_default();
    check(listed == "a.example/app@sha256:1\na.example/web@sha256:2\n", || format!("listed: {listed:?}"))?;
    if !setting.sign.contains(&"cosign") {
        return Ok(());
    }
    let digest = "0123456789abcdef".repeat(4);
    let [app, web] =
        ["docker.io/acme/app", "public.ecr.aws/acme/web"].map(|name| format!("{name}@sha256:{digest}"));
    for (published, failing, signed, subjects) in [
        (
            vec![&app, &web],
            "nothing",
            Some(true),
            format!("{digest}  docker.io/acme/app\n{digest}  public.ecr.aws/acme/web\n"),
        ),
        // One that fails costs no other its signature.
        (
            vec![&app, &web],
            app.as_str(),
            Some(false),
            format!("{digest}  docker.io/acme/app\n{digest}  public.ecr.aws/acme/web\n"),
        ),
        (vec![], "nothing", Some(true), String::new()),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let result = json!({ "published": published, "indexes": [], "images": {} });
        program(&at("plan/bin/bakeplan"), &format!("echo 'result={result}' >> \"$GITHUB_OUTPUT\""));
        program(
            &at("bin/cosign"),
            &format!(
                "cat\nfor word; do :; done\n[ \"$word\" != '{failing}' ] || exit 1\necho \"$*\" >> \"$RUNNER_TEMP/signed\""
            ),
        );
        let path = format!("{}:{}", at("bin").display(), path());
        let step = |name: &str| {
            let mut step = workflow.step("merge", name).clone();
            step["env"] = json!({ "GITHUB_OUTPUT": at("output") });
            run(&step, &scope(json!({}), Before::Success), folder.path(), folder.path(), &path)
        };
        let text = |name: &str| fs::read_to_string(at(name)).unwrap_or_default();
        check(step("Merge").status.success(), || "the merge".into())?;
        check(Some(step("Sign with cosign").status.success()) == signed, || "cosign".into())?;
        let due: String = published
            .iter()
            .filter(|one| **one != failing)
            .map(|one| format!("sign --yes {one}\n"))
            .collect();
        check(text("signed") == due, || format!("cosign got {:?} and not {due:?}", text("signed")))?;
        step("List what is attested");
        check(text("subjects") == subjects, || text("subjects"))?;
        let is_listed = text("output").contains("any=true\n");
        check(is_listed != published.is_empty(), || "an empty list is attested".into())?;
        let attest = workflow.step("merge", "Attest");
        check(attest["with"] == json!({ "subject-checksums": "${{ runner.temp }}/subjects" }), || {
            attest.to_string()
        })?;
        for any in ["true", ""] {
            let outputs = json!({ "steps": { "subjects": { "outputs": { "any": any } } } });
            let runs = scope(outputs, Before::Success).condition(attest["if"].as_str());
            check(runs == (any == "true"), || format!("any {any:?}: attested {runs}"))?;
        }
    }
    let install = uses(merge, "sigstore/cosign-installer");
    check(install.len() == 1, || format!("{install:?}"))
}
