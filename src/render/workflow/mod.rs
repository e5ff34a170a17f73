//! The workflow of a pipeline for GitHub Actions.

mod gitlab;
mod login;
mod pins;
mod yaml;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, Value, context};

use crate::ci::{
    AFTER_A_BUILD, AROUND_A_BUILD, Account, Branch, DEFAULT_BRANCHES, EnvVariable, Install, Login, OF_PLAN,
    PublishEvent, RunnerLabel, Signer,
};
use crate::pipeline::{Minutes, Pipeline, PlannedWith};
pub(crate) use gitlab::render as render_gitlab;
pub(crate) use pins::with_newer_pins;
use yaml::{flow_list, flow_map, plain, quoted};

/// Valid YAML as it stands: statements are comments to it.
const TEMPLATE: &str = include_str!("../../../templates/github.yml");

/// What stands in it more than once.
const PARTS: [(&str, &str); 2] = [
    ("identity.yml", include_str!("../../../templates/identity.yml")),
    ("login.yml", include_str!("../../../templates/login.yml")),
];

/// Says that GitHub dropped the list of what was published, as an argument of `format`.
const OUTPUT_OF_MERGE: &str =
    ", needs.merge.result == 'success' && needs.merge.outputs.published == '' && ' published' || ''";

/// Where a build is that was not pushed, as an interpolation of jq.
const LAYOUT: &str = r"oci-layout://\($layouts)/\(.key)";

/// Where one is that was pushed.
const PUSHED: &str = r#"\(.value["image.name"] | split(",")[0])@\(.value["containerimage.digest"])"#;

/// The workflow's text; `origin` is what it says about itself.
///
/// # Errors
/// What is wrong with the template.
pub(crate) fn render(pipeline: &Pipeline, origin: &str) -> Result<String, String> {
    rendered(pipeline, origin).map_err(|error| format!("templates/github.yml: {error:#}"))
}

fn rendered(pipeline: &Pipeline, origin: &str) -> Result<String, Error> {
    let Pipeline {
        name,
        install,
        publish_on,
        branches,
        schedule,
        rebuild,
        only_changed,
        env,
        secrets,
        kept,
        environment,
        logins,
        plan_runner,
        minutes: Minutes { plan, build, merge },
        max_parallel,
        require_all,
        settle,
        reusable,
        setup,
        test,
        sign,
        ssh_keys,
        qemu,
        gha_cache,
        planned_with: PlannedWith { words, again, folder, asks_git, consents },
    } = pipeline;
    let is_on = |event| publish_on.contains(&event);
    let filter = match branches.as_slice() {
        _ if !is_on(PublishEvent::Push) => None,
        [] => Some(flow_list(DEFAULT_BRANCHES)),
        // Where `+` is meant as it stands, a filter wants it escaped
        // (<https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet>).
        branches => Some(flow_list(branches.iter().map(|branch| branch.to_string().replace('+', r"\+")))),
    };
    let [of_build, of_push, of_merge] = [logins.of_build(), logins.of_push(), logins.of_merge()];
    let is_by_job = |login: &&Login| login.account == Account::Job;
    let uses_job_token = of_push.iter().any(is_by_job);
    let merge_identity = login::identity(&of_merge, true);
    // An action of the repository does what it likes with the identity of the job.
    let is_local = |one: &Signer| matches!(one, Signer::Local(_));
    let attests = |one: &Signer| is_local(one) || *one == Signer::Attest;
    let merge_permissions: Vec<&str> = [
        (true, "contents: read"),
        (sign.iter().any(attests), "attestations: write"),
        (!sign.is_empty() || merge_identity.is_some(), "id-token: write"),
        (of_merge.iter().any(is_by_job), "packages: write"),
    ]
    .into_iter()
    .filter_map(|(is_needed, permission)| is_needed.then_some(permission))
    .collect();
    let logins_write = logins.writes_by_job();
    let job = |name: &str, publishes: bool, logins: &[&Login], image: &str| {
        let packages = if publishes && logins_write { "write" } else { "read" };
        let identity = login::identity(logins, publishes);
        // What publishes fails without an account.
        let user_logins = if publishes { Vec::new() } else { login::flags(logins) };
        let logins = login::values(logins, publishes);
        context! { name, publish => publishes.to_string(), packages, image, logins, identity, user_logins }
    };
    // Its logins are those of a build that pushes nothing.
    let choice = only_changed.map(|only_changed| {
        let [always, on_schedule] = only_changed.options();
        let identity = login::identity(&of_build, false);
        let (logins, user_logins) = (login::values(&of_build, false), login::flags(&of_build));
        context! { always, on_schedule, all => all_condition(pipeline), logins, user_logins, identity, packages => of_build.iter().any(is_by_job) }
    });
    let values = context! {
        origin,
        name,
        choice,
        runner => runner(plan_runner),
        pushes => is_on(PublishEvent::Push) || is_on(PublishEvent::Tag),
        branches => filter,
        tags => is_on(PublishEvent::Tag),
        schedule => texts(schedule.iter().chain(rebuild)),
        publish => condition(pipeline),
        published_refs => published_refs(pipeline),
        names_default => branches.is_empty() && publish_on.iter().any(PublishEvent::is_of_branches),
        defaults_to => branches.is_empty().then(|| DEFAULT_BRANCHES.join(" | ")).filter(|_| is_on(PublishEvent::Push) && !reusable),
        install => install_values(install),
        env => variables(env),
        env_names => names(env),
        of_plan => OF_PLAN.join(" "),
        kept_names => names(kept),
        secrets => variables(secrets),
        secret_names => names(secrets),
        kept => variables(kept),
        environment => environment.as_ref().map(|name| quoted(&name.to_string())),
        merge_logins => login::values(&of_merge, true),
        merge_identity,
        uses_job_token,
        merge_permissions => flow_map(&merge_permissions),
        jobs => [job("build", false, &of_build, LAYOUT), job("push", true, &of_push, PUSHED)],
        layouts => test.as_ref().map_or("", |_| r#" "${layouts[@]}""#),
        timeouts => context! { plan, build, spare => AFTER_A_BUILD, step => build + AFTER_A_BUILD + 1, row => build + AROUND_A_BUILD, merge },
        max_parallel => max_parallel.map(|number| number.to_string()),
        require_all,
        settle => settle.map(|time| time.to_string()),
        reusable,
        setup => setup.as_ref().map(ToString::to_string),
        test => test.as_ref().map(ToString::to_string),
        sign => sign.iter().map(signer).collect::<Vec<_>>(),
        publishes_list => !sign.is_empty(),
        ssh_keys => texts(ssh_keys),
        qemu,
        gha_cache,
        options => words.iter().map(|word| format!(" {word}")).collect::<String>(),
        again => again.iter().map(|word| format!(" {word}")).collect::<String>(),
        folder => folder.as_deref().map(quoted),
        // What a run compares with may have to be fetched.
        keeps_credentials => (*asks_git || only_changed.is_some() || consents.is_some()).to_string(),
        consents => consents.as_ref().map(ToString::to_string),
        dropped_place => if *reusable { "{5}" } else { "" },
        dropped => if *reusable { OUTPUT_OF_MERGE } else { "" },
        action => pins::uses(),
    };
    filled(TEMPLATE, values)
}

/// A template with its values.
fn filled(template: &str, values: Value) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    let syntax = SyntaxConfig::builder()
        .variable_delimiters("<%", "%>")
        .block_delimiters("<%%", "%%>")
        .comment_delimiters("<#", "#>")
        .line_statement_prefix("#%")
        .keep_trailing_newline(true)
        .build()?;
    environment.set_syntax(syntax);
    for (name, part) in PARTS {
        environment.add_template(name, part)?;
    }
    Ok(environment.render_str(template, values)?.trim_end().to_owned() + "\n")
}

/// Which runs publish, as an expression of GitHub.
fn condition(pipeline: &Pipeline) -> String {
    let Pipeline { publish_on, branches, .. } = pipeline;
    let is_branch = branch_condition(branches);
    let clause = |event: &PublishEvent| match event {
        PublishEvent::Push => format!("github.event_name == 'push' && {is_branch}"),
        PublishEvent::Tag => "github.event_name == 'push' && github.ref_type == 'tag'".to_owned(),
        // Its event does not name the default branch, but it only runs there.
        PublishEvent::Schedule if branches.is_empty() => "github.event_name == 'schedule'".to_owned(),
        PublishEvent::Schedule => format!("github.event_name == 'schedule' && {is_branch}"),
        PublishEvent::Dispatch => {
            format!("github.event_name == 'workflow_dispatch' && {is_branch}")
        }
    };
    let clauses: Vec<String> = publish_on.iter().map(|event| format!("({})", clause(event))).collect();
    let clauses = if clauses.is_empty() { "false".to_owned() } else { clauses.join(" ||\n            ") };
    format!("!github.event.repository.fork && github.actor != 'dependabot[bot]' && (\n            {clauses})")
}

/// Which runs build everything, whatever has changed, as an expression of GitHub. Of a time that is not known to be one of
/// `schedule`, that is safe.
fn all_condition(pipeline: &Pipeline) -> String {
    let Pipeline { schedule, rebuild, .. } = pipeline;
    if schedule.is_empty() && rebuild.is_empty() {
        return "inputs.all".to_owned();
    }
    let others = schedule.iter().map(|time| format!(" && github.event.schedule != '{time}'"));
    format!("inputs.all || github.event_name == 'schedule'{}", others.collect::<String>())
}

/// Whether the ref is a branch that publishes.
fn branch_condition(branches: &[Branch]) -> String {
    let one = |branch: &Branch| match branch.prefix() {
        Some(start) => format!("startsWith(github.ref, 'refs/heads/{start}')"),
        None => format!("github.ref == 'refs/heads/{branch}'"),
    };
    match branches {
        [] => "github.ref == format('refs/heads/{0}', github.event.repository.default_branch)".to_owned(),
        [branch] => one(branch),
        branches => format!("({})", branches.iter().map(one).collect::<Vec<_>>().join(" || ")),
    }
}

/// The same events and refs as patterns of a shell, which regard case. `None` if no branch publishes.
fn published_refs(pipeline: &Pipeline) -> Option<String> {
    let Pipeline { publish_on, branches, .. } = pipeline;
    if !publish_on.iter().any(PublishEvent::is_of_branches) {
        return None;
    }
    let one = |branch: &Branch| match branch.prefix() {
        Some(start) => format!("*' refs/heads/{start}'*"),
        None => format!("*' refs/heads/{branch}'"),
    };
    let refs: Vec<String> = match &branches[..] {
        [] => vec!["'schedule '*".to_owned(), "*\" refs/heads/$DEFAULT_BRANCH\"".to_owned()],
        branches => branches.iter().map(one).collect(),
    };
    Some([vec!["*' refs/tags/'*".to_owned()], refs].concat().join(" | "))
}

fn install_values(install: &Install) -> Value {
    match install {
        Install::Path => context! { kind => "path", is_on_path => true },
        Install::Pipx(version) => context! { kind => "pipx", version },
        Install::Cargo(version) => context! { kind => "cargo", version },
        Install::Git { url, commit } => context! { kind => "git", url, commit },
        Install::Action { action, commit } => {
            let uses = format!("{action}@{commit}");
            context! { kind => "action", is_on_path => true, set => uses.clone(), uses }
        }
        Install::Local(action) => {
            let uses = format!("{action} # zizmor: ignore[self-repository]");
            context! { kind => "action", is_on_path => true, set => "", uses }
        }
    }
}

fn signer(signer: &Signer) -> Value {
    match signer {
        Signer::Cosign => context! { kind => "cosign" },
        Signer::Attest => context! { kind => "attest" },
        Signer::Local(action) => context! { kind => "local", uses => action.to_string() },
    }
}

fn variables(all: &[EnvVariable]) -> Vec<Value> {
    let one =
        |EnvVariable { name, from }: &EnvVariable| context! { name => name.as_str(), from => from.as_str() };
    all.iter().map(one).collect()
}

/// Names of variables, as words of a shell.
fn names(all: &[EnvVariable]) -> String {
    all.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(" ")
}

/// What `runs-on` is for these labels.
fn runner(labels: &[RunnerLabel]) -> String {
    let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
    match labels.as_slice() {
        [] => "ubuntu-latest".to_owned(),
        [label] => plain(label),
        labels => flow_list(labels),
    }
}

fn texts<'t, T: ToString + 't>(all: impl IntoIterator<Item = &'t T>) -> Vec<String> {
    all.into_iter().map(ToString::to_string).collect()
}
