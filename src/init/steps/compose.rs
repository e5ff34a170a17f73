//! `docker compose push` and `docker compose build --push`: what the `image` of services says is pushed.

use super::found::{BakeBuild, Build, ComposeRun, Publication};
use super::setting::{Setting, options};
use crate::init::shell::ShellCommand;
use crate::init::values::folder::{Folder, clean, relative};
use crate::init::values::scope::Scope;
use crate::init::values::text::{Line, Template};

/// What of Compose is neither an option with a value nor that of the build.
const FLAGS: [&str; 16] = [
    "--all-resources",
    "--compatibility",
    "--dry-run",
    "--verbose",
    "--push",
    "--no-cache",
    "--pull",
    "-q",
    "--quiet",
    "--with-dependencies",
    "--print",
    "--check",
    "--ignore-push-failures",
    "--include-deps",
    "--force-rm",
    "--no-rm",
];

/// What a command of Compose pushes, if it does: `words` are those behind `compose`.
pub(in crate::init) fn publication(
    words: &[Template],
    command: &ShellCommand,
    scope: &Scope,
    setting: &Setting<'_>,
) -> Option<Publication> {
    let (given, rest) = options(words, &FLAGS);
    let (what, services) = rest.split_first()?;
    let has = |wanted: &str| {
        given.iter().any(|(name, value)| name == wanted && value.constant().as_deref() != Some("false"))
    };
    let pushes = match what.constant().as_deref() {
        Some("push") => true,
        Some("build") => has("--push"),
        _ => false,
    };
    if !pushes || ["--dry-run", "--print", "--check"].into_iter().any(has) {
        return None;
    }
    let place = setting.place(command);
    let line = |text: Template| Line { text, place: place.clone() };
    let values = |names: &'static [&'static str]| {
        let of = given.iter().filter(move |(name, _)| names.contains(&name.as_str()));
        of.map(|(_, value)| value.clone())
    };
    let mut files: Vec<Template> = values(&["-f", "--file"]).collect();
    if files.is_empty()
        && let Some(all) = command.variable("COMPOSE_FILE", scope)
    {
        files = all.split(':').into_iter().filter(|one| !one.0.is_empty()).collect();
    }
    let mut profiles: Vec<Template> = values(&["--profile"]).collect();
    if let Some(all) = command.variable("COMPOSE_PROFILES", scope) {
        profiles.extend(all.split(',').into_iter().filter(|one| !one.0.is_empty()));
    }
    let mut found = setting.publication(command);
    if let Some(text) = profiles.iter().find(|text| text.constant().is_none()).filter(|_| services.is_empty())
    {
        found.unread = Some(format!("its profile `{}` is not known here", text.shown()));
    }
    let folder = match &command.folder {
        Folder::Known(folder) => folder.clone(),
        Folder::Unknown(written) => {
            found.unread = Some(format!("it runs in the folder `{written}`, which is not known here"));
            String::new()
        }
    };
    let project = values(&["--project-directory", "--workdir"]).next();
    if let Some(text) = files.iter().chain(&project).find(|text| text.constant().is_none()) {
        found.unread = Some(format!("its Compose file `{}` is not known here", text.shown()));
    }
    let mut build = BakeBuild {
        folder,
        files: files.into_iter().map(line).collect(),
        targets: services.iter().map(|service| line((*service).clone())).collect(),
        pushes: true,
        variables: command.variables(scope),
        compose: Some(ComposeRun { profiles: profiles.iter().filter_map(Template::constant).collect() }),
        ..BakeBuild::default()
    };
    settle(&mut build, project.and_then(|text| text.constant()).as_deref());
    found.build = Some(Build::Bake(Box::new(build)));
    Some(found)
}

/// A build in the folder of its project, from which paths in its files are seen.
fn settle(build: &mut BakeBuild, project: Option<&str>) {
    let first = build.files.first().and_then(|line| line.text.constant());
    let of_first = first.as_deref().and_then(|path| path.rsplit_once('/')).map(|(folder, _)| folder);
    let Some(below) = project.or(of_first) else { return };
    let whole = clean(&format!("{}/{below}", build.folder));
    let whole = if whole == "." { String::new() } else { whole };
    for line in &mut build.files {
        let Some(path) = line.text.constant() else { continue };
        let path = clean(&format!("{}/{path}", build.folder));
        line.text = Template::from(relative(&path, &whole).as_str());
    }
    build.folder = whole;
}
