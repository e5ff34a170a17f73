//! What buildx refuses in attributes that Bake does not read, such as `ports`: compose-go looks at all of a file before
//! Bake takes what it needs (<https://github.com/compose-spec/compose-go/tree/v2.14.0>).

use super::{ports, volumes};
use crate::bake::compose::node::{Map, Member, Node, NodeKind, fail, single, unique, unique_by, wrong_type};
use crate::bake::values::Name;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Failure};

/// Why such an attribute matters.
pub(super) const UNREAD: &str = "docker buildx bake refuses it, though a build may not need it";

const STRING_OR_MAPPING: &str = "a string or a mapping";

/// Removes from lists what they have twice and checks what has a short form (override/uncity.go and
/// transform/canonical.go).
pub(in crate::bake::compose) fn canonical(model: &mut Map) -> Result<(), Failure> {
    canonical_sections(model).map_err(refused)
}

/// Checks what has defaults (transform/defaults.go).
pub(in crate::bake::compose) fn check_defaults(model: &Map) -> Result<(), Failure> {
    let check = |(name, service): (&Name, &Node)| {
        let path = |key: &str| format!("services.{name}.{key}");
        let devices = ["deploy", "resources", "reservations", "devices"];
        for device in inside(service, &["gpus"]) {
            mapping(device, &path("gpus"))?;
        }
        for device in inside(service, &devices) {
            mapping(device, &path(&devices.join(".")))?;
        }
        for bind in inside(service, &["volumes"]).into_iter().filter_map(|volume| volume.get("bind")) {
            mapping(bind, &path("volumes.bind"))?;
        }
        Ok(())
    };
    members(model, "services").try_for_each(check).map_err(refused)
}

/// Checks what holds paths (paths/resolve.go).
pub(in crate::bake::compose) fn check_paths(model: &Map) -> Result<(), Failure> {
    let check = |(name, service): (&Name, &Node)| {
        let path = |key: &str| format!("services.{name}.{key}");
        for volume in inside(service, &["volumes"]) {
            let is_bind = volume.get("type").and_then(Node::as_str) == Some("bind");
            if is_bind && volume.get("source").is_none() {
                let message = format!("`{}`: a bind mount needs a `source`", path("volumes"));
                return fail(Code::ATTRIBUTE_VALUE, message, volume.span);
            }
        }
        for file in inside(service, &["label_file"]) {
            strings(file, &path("label_file"))?;
        }
        let watched = inside(service, &["develop", "watch"]);
        for file in watched.into_iter().filter_map(|node| node.get("path")) {
            strings(file, &path("develop.watch.path"))?;
        }
        Ok(())
    };
    members(model, "services").try_for_each(check).map_err(refused)
}

fn canonical_sections(model: &mut Map) -> Result<(), Failure> {
    for (name, service) in members_mut(model, "services") {
        for (key, member) in service.as_map_mut().into_iter().flatten() {
            attribute(key, &mut member.value, &format!("services.{name}.{key}"))?;
        }
    }
    for (name, network) in members_mut(model, "networks") {
        unique_in(network, "labels", &format!("networks.{name}"))?;
        if let Some(ipam) = network.get_mut("ipam") {
            unique_in(ipam, "options", &format!("networks.{name}.ipam"))?;
        }
    }
    for section in ["configs", "networks", "secrets", "volumes"] {
        for (name, resource) in members_mut(model, section) {
            let path = format!("{section}.{name}");
            if !resource.is_null() {
                mapping(resource, &path)?;
            }
            external(resource, &path)?;
        }
        let listed = model.get(section).map(|member| &member.value);
        let items = listed.and_then(Node::as_list).unwrap_or_default();
        if let Some(item) = items.iter().find(|item| !item.is_null() && item.as_map().is_none()) {
            let help = format!("write `{section}: {{{}: {{}}}}`", item.as_str().unwrap_or("NAME"));
            return wrong_type(section, "a mapping", listed.unwrap_or(item))
                .map_err(|failure: Failure| Box::new(failure.with_help(help)));
        }
    }
    match model.get("include") {
        Some(include) => strings_or_mappings(&include.value, "include"),
        None => Ok(()),
    }
}

/// Checks an attribute of a service.
fn attribute(key: &str, value: &mut Node, path: &str) -> Result<(), Failure> {
    match key {
        "annotations" | "cap_add" | "cap_drop" | "dns" | "dns_opt" | "dns_search" | "labels" | "links"
        | "profiles" | "sysctls" | "tmpfs" => unique(value, path),
        "configs" | "secrets" => strings_or_mappings(value, path),
        "deploy" => unique_in(value, "labels", path),
        "depends_on" => depends_on(value, path),
        "devices" => devices(value, path),
        "expose" => expose(value, path),
        "extends" if !is_string_or_mapping(value) => wrong_type(path, STRING_OR_MAPPING, value),
        "gpus" => gpus(value, path),
        "models" => names(value, path),
        "networks" => {
            names(value, path)?;
            for (name, member) in value.as_map_mut().into_iter().flatten() {
                let path = format!("{path}.{name}");
                unique_in(&mut member.value, "aliases", &path)?;
                unique_in(&mut member.value, "link_local_ips", &path)?;
            }
            Ok(())
        }
        "ports" => ports(value, path),
        "ulimits" => {
            let is_limit = |node: &Node| node.as_integer().is_some() || node.as_map().is_some();
            match children(value).into_iter().find(|limit| !is_limit(limit)) {
                Some(limit) => wrong_type(path, "a mapping of numbers or of `soft` and `hard`", limit),
                None => Ok(()),
            }
        }
        "volumes" => volumes(value, path),
        _ => Ok(()),
    }
}

/// Checks that a list holds names only.
fn names(node: &Node, path: &str) -> Result<(), Failure> {
    let wrong = node.as_list().unwrap_or_default().iter().find(|item| item.as_text().is_none());
    wrong.map_or(Ok(()), |item| wrong_type(path, "a list of strings or a mapping", item))
}

fn depends_on(node: &Node, path: &str) -> Result<(), Failure> {
    match &node.kind {
        NodeKind::List(_) => Ok(()),
        NodeKind::Map(map) => match map.iter().find(|(_, member)| member.value.as_map().is_none()) {
            Some((name, member)) => wrong_type(&format!("{path}.{name}"), "a mapping", &member.value),
            None => Ok(()),
        },
        _ => wrong_type(path, "a list of services or a mapping", node),
    }
}

fn devices(node: &mut Node, path: &str) -> Result<(), Failure> {
    unique_by(node, |device| match device.as_str() {
        Some(text) => Ok(text.split(':').take(2).last().unwrap_or_default().into()),
        None => mount_target(device, path),
    })?;
    for device in children(node) {
        match device.as_str() {
            Some(text) if text.split(':').count() > 3 => {
                let message = format!("`{path}`: a device is `SOURCE[:TARGET[:PERMISSIONS]]`");
                return fail(Code::ATTRIBUTE_VALUE, message, device.span);
            }
            _ => string_or_mapping(device, path)?,
        }
    }
    Ok(())
}

fn expose(node: &mut Node, path: &str) -> Result<(), Failure> {
    unique_by(node, |port| match port.printed() {
        Some(text) if port.as_text().is_some() || port.as_integer().is_some() => Ok(text.name().clone()),
        _ => wrong_type(path, "a list of strings or whole numbers", port),
    })
}

/// `gpus: all` is short for a list, which others are added to.
fn gpus(node: &mut Node, path: &str) -> Result<(), Failure> {
    if node.as_text().is_some() {
        *node = Node::list(vec![single("count", node.literal("all"))], node.span);
    }
    if node.as_list().is_some() { Ok(()) } else { wrong_type(path, "`all` or a list", node) }
}

fn ports(node: &mut Node, path: &str) -> Result<(), Failure> {
    unique_by(node, |port| match &port.kind {
        NodeKind::Text(text) => Ok(text.name().clone()),
        NodeKind::Int(number, _) => Ok(number.to_string().into()),
        NodeKind::Map(_) => mapped_port(port, path),
        _ => Ok("".into()),
    })?;
    let Some(list) = node.as_list() else { return wrong_type(path, "a list", node) };
    for port in list {
        match (&port.kind, port.printed()) {
            (NodeKind::Map(_), _) => {}
            (NodeKind::Text(_) | NodeKind::Int(..), Some(text)) => {
                if let Err(problem) = ports::check(text.as_str()) {
                    let message = format!("`{path}`: {problem}");
                    let help = "write `[[IP:]HOST:]CONTAINER[/PROTOCOL]`, such as `8080:80`";
                    let diagnostic = Diagnostic::error(Code::ATTRIBUTE_VALUE, message).at(port.span, "");
                    return Err(Box::new(diagnostic.with_help(help)));
                }
            }
            _ => return wrong_type(path, "a list of strings, whole numbers or mappings", port),
        }
    }
    Ok(())
}

/// What a port is known by.
fn mapped_port(port: &Node, path: &str) -> Result<Name, Failure> {
    if port.get("target").is_none() {
        return fail(Code::ATTRIBUTE_VALUE, format!("`{path}`: a port needs a `target`"), port.span);
    }
    let part = |key: &str, default: &str| match port.get(key).map(Node::printed) {
        None => default.to_owned(),
        Some(text) => text.map_or("".into(), |text| text.as_str().to_owned()),
    };
    let (address, protocol) = (part("host_ip", "0.0.0.0"), part("protocol", "tcp"));
    Ok(format!("{address}:{}:{}/{protocol}", part("published", ""), part("target", "")).into())
}

fn volumes(node: &mut Node, path: &str) -> Result<(), Failure> {
    let target = |volume: &Node| match volume.as_str() {
        Some(text) => match volumes::target(text) {
            Ok(target) => Ok(target.into()),
            Err(problem) => {
                let message = format!("`{path}`: this is not a valid volume: {problem}");
                let help = "write `[SOURCE:]TARGET[:OPTIONS]`, such as `./data:/data:ro`";
                let diagnostic = Diagnostic::error(Code::ATTRIBUTE_VALUE, message).at(volume.span, "");
                Err(Box::new(diagnostic.with_help(help)))
            }
        },
        None => mount_target(volume, path),
    };
    unique_by(node, target)?;
    for volume in children(node) {
        string_or_mapping(volume, path)?;
        if volume.as_text().is_some() {
            target(volume)?;
        }
    }
    Ok(())
}

/// Where a mapping mounts something.
fn mount_target(mount: &Node, path: &str) -> Result<Name, Failure> {
    match (mount.as_map(), mount.get("target").and_then(Node::as_text)) {
        (None, _) => Ok("".into()),
        (_, Some(target)) => Ok(target.name().clone()),
        _ => fail(Code::ATTRIBUTE_VALUE, format!("`{path}`: this needs a `target`, a string"), mount.span),
    }
}

/// `external: {name: NAME}` is an old form of `external: true` with `name: NAME`.
fn external(resource: &mut Node, path: &str) -> Result<(), Failure> {
    let Some(old) = resource.get("external").filter(|node| node.as_map().is_some()).cloned() else {
        return Ok(());
    };
    let Some(map) = resource.as_map_mut() else { return Ok(()) };
    let same = |a: &Node, b: &Node| a.describe() == b.describe() && a.printed() == b.printed();
    match (old.get("name"), map.get("name")) {
        (Some(old), Some(new)) if !same(old, &new.value) => {
            let message = format!("`{path}` has a different name in `external`");
            let diagnostic = Diagnostic::error(Code::ATTRIBUTE_VALUE, message).at(old.span, "");
            return Err(Box::new(diagnostic.with_help("write `external: true` and one `name`")));
        }
        (Some(name), None) => {
            map.insert("name".into(), Member { key: name.span, value: name.clone() });
        }
        _ => {}
    }
    let value = Node::new(NodeKind::Bool(true), old.span);
    map.insert("external".into(), Member { key: old.span, value });
    Ok(())
}

fn strings(node: &Node, path: &str) -> Result<(), Failure> {
    match &node.kind {
        NodeKind::Text(_) => Ok(()),
        NodeKind::List(list) => list.iter().try_for_each(|item| strings(item, path)),
        _ => wrong_type(path, "a string or a list of strings", node),
    }
}

fn mapping(node: &Node, path: &str) -> Result<(), Failure> {
    if node.as_map().is_some() { Ok(()) } else { wrong_type(path, "a mapping", node) }
}

fn strings_or_mappings(node: &Node, path: &str) -> Result<(), Failure> {
    children(node).into_iter().try_for_each(|item| string_or_mapping(item, path))
}

fn string_or_mapping(node: &Node, path: &str) -> Result<(), Failure> {
    if is_string_or_mapping(node) { Ok(()) } else { wrong_type(path, STRING_OR_MAPPING, node) }
}

fn is_string_or_mapping(node: &Node) -> bool {
    node.as_text().is_some() || node.as_map().is_some()
}

/// Removes from a list in a mapping what it has twice.
fn unique_in(node: &mut Node, key: &str, path: &str) -> Result<(), Failure> {
    if node.get(key).is_none_or(|list| list.as_list().is_none()) {
        return Ok(());
    }
    node.get_mut(key).map_or(Ok(()), |list| unique(list, &format!("{path}.{key}")))
}

/// The elements of a list, or the values of a mapping.
fn children(node: &Node) -> Vec<&Node> {
    match &node.kind {
        NodeKind::List(list) => list.iter().collect(),
        NodeKind::Map(map) => map.values().map(|member| &member.value).collect(),
        _ => vec![],
    }
}

/// The same of what these keys lead to.
fn inside<'n>(node: &'n Node, keys: &[&str]) -> Vec<&'n Node> {
    keys.iter().try_fold(node, |node, key| node.get(key)).map(children).unwrap_or_default()
}

fn members<'m>(model: &'m Map, section: &str) -> impl Iterator<Item = (&'m Name, &'m Node)> {
    let section = model.get(section).and_then(|member| member.value.as_map());
    section.into_iter().flatten().map(|(name, member)| (name, &member.value))
}

fn members_mut<'m>(model: &'m mut Map, section: &str) -> impl Iterator<Item = (&'m Name, &'m mut Node)> {
    let section = model.get_mut(section).and_then(|member| member.value.as_map_mut());
    section.into_iter().flatten().map(|(name, member)| (name, &mut member.value))
}

#[expect(clippy::boxed_local, reason = "it serves `map_err`")]
fn refused(failure: Failure) -> Failure {
    Box::new(failure.with_note(UNREAD))
}
