//! The secrets of docker/build-push-action, as Bake has them. Their values are never taken over: what GitHub holds under a name
//! comes from the environment, and what the workflow has in another way is told.

use super::found::DockerfileBuild;
use crate::init::values::inputs::Inputs;
use crate::init::values::scope::Scope;
use crate::init::values::text::{Line, Piece, Place, Template};

/// Reads them into a build.
pub(in crate::init) fn read(inputs: &Inputs<'_>, scope: &Scope, build: &mut DockerfileBuild) {
    let mut is_open = false;
    for raw in inputs.raw_lines("secrets") {
        // In quotes, a value goes on in the next line.
        let is_inner = is_open;
        is_open ^= raw.text.matches('"').count() % 2 == 1;
        if is_inner {
            continue;
        }
        for (_, text) in scope.template(&raw.text).lines() {
            let id_and_value = text.split_once('=');
            let Some((id, mut value)) = id_and_value.and_then(|(id, value)| Some((id.constant()?, value)))
            else {
                let message = "which secrets these are is not known here, and they are not in the proposal";
                build.told.push((raw.place.clone(), message.to_owned()));
                continue;
            };
            if id.trim().starts_with('"') {
                end_quotation(&mut value);
            }
            let id = id.trim().trim_matches('"').to_owned();
            let own = id.to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
            add(&id, &own, Some(&value), &raw.place, build);
        }
    }
    for Line { text, place } in inputs.records("secret-envs", scope) {
        let known = text.split_once('=').and_then(|(id, name)| Some((id.constant()?, name.constant()?)));
        match known {
            Some((id, name)) => {
                let (id, name) = (id.trim(), name.trim());
                let written = scope.env.iter().rev().find(|(known, _)| known == name);
                let value = written.map(|(_, written)| scope.template(written));
                add(id, name, value.as_ref(), &place, build);
            }
            None => lost("secret-envs", &text, &place, build),
        }
    }
    for Line { text, place } in inputs.records("secret-files", scope) {
        let Some((id, path)) = text.split_once('=') else {
            lost("secret-files", &text, &place, build);
            continue;
        };
        let said = format!(
            "the secret `{}` is read from the file `{}`, which the jobs of a plan have only if it is in the repository",
            id.shown().trim(),
            path.shown().trim()
        );
        build.told.push((place.clone(), said));
        let mut secret = Template::from("id=");
        secret.extend(id);
        secret.push(Piece::Text(",src=".to_owned()));
        secret.extend(path);
        build.secrets.push(Line { text: secret, place });
    }
}

/// Takes away the quotation mark that a line ends with.
fn end_quotation(value: &mut Template) {
    if let Some(Piece::Text(last)) = value.0.last_mut()
        && let Some(inner) = last.trim_end().strip_suffix('"')
    {
        *last = inner.to_owned();
        value.0.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
    }
}

/// Adds a secret that comes from the environment; told is where CI has to have its value.
fn add(id: &str, name: &str, value: Option<&Template>, place: &Place, build: &mut DockerfileBuild) {
    let held = match value.map(|value| value.0.as_slice()) {
        Some([Piece::Setting(name, true)]) => Some(name.to_ascii_uppercase()),
        Some([Piece::Unknown(text)]) if text.trim() == "github.token" => Some("GITHUB_TOKEN".to_owned()),
        _ => None,
    };
    if held.is_none() {
        let has = match value.map(|value| value.0.as_slice()) {
            Some([Piece::Setting(setting, false)]) => format!("is in the setting `vars.{setting}`"),
            Some(_) if value.is_some_and(|value| value.constant().is_some()) => {
                "is written into the workflow".to_owned()
            }
            _ => "is made in the workflow".to_owned(),
        };
        let message = format!(
            "the value of the secret `{id}` {has}, and not in the proposal: the build gets it from the variable `{name}`, so CI has to have a secret of that name"
        );
        build.told.push((place.clone(), message));
    }
    let name = held.unwrap_or_else(|| name.to_owned());
    build
        .secrets
        .push(Line { text: Template::from(format!("id={id},env={name}").as_str()), place: place.clone() });
}

/// That a secret is not known; what is written there may be its value.
fn lost(input: &str, text: &Template, place: &Place, build: &mut DockerfileBuild) {
    let id = text.split_once('=').map_or_else(|| text.shown(), |(id, _)| id.shown());
    let message = format!("a secret of `{input}` is not in the proposal: `{}` is not known here", id.trim());
    build.told.push((place.clone(), message));
}
