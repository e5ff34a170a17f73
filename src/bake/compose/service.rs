//! Targets of services: what `ParseCompose` of buildx's bake/compose.go makes of a model.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::decoder::{Decoder, Pairs};
use super::dotenv::{self, Environment};
use super::extension::{self, caches, link, target_name};
use super::files::Unreadable;
use super::node::{Map, Node, NodeKind, part};
use super::size;
use crate::bake::target::check::ULIMITS;
use crate::bake::target::{Definition, Group, Secret, Ssh, Target, Text, flags};
use crate::bake::values::{MarkedStr, Name};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, suggest};
use crate::source::Span;

/// The keys of `build` in the Compose Specification.
pub(super) const BUILD_KEYS: [&str; 25] = [
    "additional_contexts",
    "args",
    "cache_from",
    "cache_to",
    "context",
    "dockerfile",
    "dockerfile_inline",
    "entitlements",
    "extra_hosts",
    "isolation",
    "labels",
    "network",
    "no_cache",
    "no_cache_filter",
    "platforms",
    "privileged",
    "provenance",
    "pull",
    "sbom",
    "secrets",
    "shm_size",
    "ssh",
    "tags",
    "target",
    "ulimits",
];

/// The keys of a secret.
const SECRET_KEYS: [&str; 8] =
    ["driver", "driver_opts", "environment", "external", "file", "labels", "name", "template_driver"];

/// How long the files of variables of all services may be, in bytes: each service keeps its own.
const MAX_VARIABLES: usize = 64 << 20;

/// A secret of the file; `None` where it is external.
type Secrets = BTreeMap<Name, Option<Source>>;

/// Where a secret comes from.
#[derive(Clone, Default)]
struct Source {
    file: Option<Text>,
    environment: Option<Text>,
}

/// The targets of a model's services, in order of their names, and the group `default` of them all.
pub(super) fn definition(model: &Map, mut decoder: Decoder<'_>) -> Result<Definition, Vec<Diagnostic>> {
    let empty = Map::new();
    let secrets = decoder.secrets(model);
    let services = match model.get("services").map(|member| &member.value) {
        None => &empty,
        Some(node) => decoder.map(node, "services").unwrap_or(&empty),
    };
    let mut definition = Definition::default();
    let mut members = vec![];
    for (name, member) in services {
        let Some(target) = decoder.service(name, member.key, &member.value, services, &secrets) else {
            continue;
        };
        if let Some(other) = definition.targets.get(&target.name) {
            let other = services.iter().find(|(_, member)| Some(member.key) == other.span);
            let other = other.map_or(&target.name, |(name, _)| name);
            let message =
                format!("the services `{other}` and `{name}` both become the target `{}`", target.name);
            let error = Diagnostic::error(Code::DUPLICATE_NAME, message).at(member.key, "");
            let help = "Bake writes `_` for a `.` and builds either of them by chance: rename one";
            decoder.diagnostics.report(error.with_help(help));
            continue;
        }
        members.push(Text { value: MarkedStr::verbatim(Arc::clone(&target.name)), span: Some(member.key) });
        definition.add_target(target);
    }
    if !services.is_empty() {
        let targets = Some(members).filter(|members| !members.is_empty());
        definition.add_group(Group { name: "default".into(), targets, ..Group::default() });
    }
    if decoder.diagnostics.is_empty() { Ok(definition) } else { Err(decoder.diagnostics.into_found()) }
}

impl Decoder<'_> {
    fn secrets(&mut self, model: &Map) -> Secrets {
        let mut secrets = Secrets::new();
        let Some(node) = model.get("secrets").map(|member| &member.value) else { return secrets };
        self.finite(node);
        for (name, member) in self.map(node, "secrets").into_iter().flatten() {
            let path = format!("secrets.{name}");
            self.name(name, member.key, "secret");
            let mut source = Source::default();
            let mut external = false;
            for (key, value) in self.map(&member.value, &path).into_iter().flatten() {
                let (value, place, path) = (&value.value, value.key, format!("{path}.{key}"));
                match &**key {
                    "file" => source.file = self.string(value, &path).filter(|text| !text.is_empty()),
                    "environment" => {
                        source.environment = self.string(value, &path).filter(|text| !text.is_empty());
                    }
                    "external" => external = self.boolean(value, &path).unwrap_or_default(),
                    "name" | "driver" | "template_driver" => drop(self.string(value, &path)),
                    "labels" => drop(self.pairs(value, &path)),
                    "driver_opts" => self.driver_options(value, &path),
                    key if SECRET_KEYS.contains(&key) || key.starts_with("x-") => {}
                    key => self.unknown_key(key, place, &format!("secrets.{name}"), &SECRET_KEYS),
                }
            }
            let nowhere = source.file.is_none() && source.environment.is_none();
            if self.complete && nowhere && !external && member.value.as_map().is_some() {
                let message = format!("the secret `{name}` needs `file` or `environment`");
                self.report(Code::COMPOSE_SECRET, message, member.key);
            }
            secrets.insert(Arc::clone(name), Some(source).filter(|_| !external));
        }
        secrets
    }

    fn driver_options(&mut self, node: &Node, path: &str) {
        for (key, member) in self.map(node, path).into_iter().flatten() {
            let value = &member.value;
            if key.starts_with("x-") {
                let message = format!("`{path}`: `{key}` is an extension, not an option");
                self.report(Code::ATTRIBUTE_VALUE, message, member.key);
            } else if value.as_text().is_none() && value.as_integer().is_none() {
                self.wrong(value, &format!("{path}.{key}"), "a string or an integer");
            }
        }
    }

    /// The target of a service; `None` for one that is not built.
    fn service(
        &mut self,
        name: &Name,
        span: Span,
        node: &Node,
        services: &Map,
        secrets: &Secrets,
    ) -> Option<Target> {
        self.name(name, span, "service");
        let path = format!("services.{name}");
        let empty = Map::new();
        let service = if node.is_null() { &empty } else { self.map(node, &path)? };
        let get = |key: &str| service.get(key).map(|member| &member.value);
        ["image", "build", "environment", "env_file"]
            .into_iter()
            .filter_map(get)
            .for_each(|node| self.finite(node));
        let image = get("image").and_then(|node| self.string(node, &format!("{path}.image")));
        let variables = self.service_variables(get("environment"), get("env_file"), &path);
        let Some(build) = get("build") else {
            if self.complete && image.as_ref().is_none_or(Text::is_empty) {
                let message = format!("the service `{name}` has neither `image` nor `build`");
                self.report(Code::COMPOSE_SERVICE, message, span);
            }
            return None;
        };
        let mut target = Target { span: Some(span), ..Target::new(target_name(name)) };
        let path = format!("{path}.build");
        for (key, member) in self.map(build, &path)? {
            self.attribute(&mut target, key, member.key, &member.value, &path);
        }
        if let Some(node) = build.get("args") {
            self.args(&mut target, node, &variables, &path);
        }
        if let Some(node) = build.get("secrets") {
            self.build_secrets(&mut target, node, secrets, &path);
        }
        if let Some(node) = build.get("x-bake").filter(|node| self.complete && !node.is_null()) {
            extension::apply(self, &mut target, node, &format!("{path}.x-bake"));
        }
        if target.tags.as_ref().is_none_or(Vec::is_empty) {
            target.tags = image.filter(|image| !image.is_empty()).map(|image| vec![image]);
        }
        if self.complete {
            self.check(&target, build, services, name);
        }
        Some(target)
    }

    /// Reads an attribute of `build`, but for those that need more than their own value.
    fn attribute(&mut self, target: &mut Target, key: &str, place: Span, node: &Node, parent: &str) {
        let path = &format!("{parent}.{key}");
        let text = |decoder: &mut Self| decoder.string(node, path).filter(|text| !text.is_empty());
        match key {
            "context" => target.context = text(self),
            "dockerfile" => target.dockerfile = text(self),
            "dockerfile_inline" => target.dockerfile_inline = text(self).into(),
            "target" => target.target = text(self).into(),
            "network" => target.network = text(self).into(),
            "isolation" => drop(text(self)),
            "tags" => target.tags = self.strings(node, path),
            "platforms" => target.platforms = self.strings(node, path).filter(|list| !list.is_empty()),
            "entitlements" => drop(self.strings(node, path)),
            "no_cache_filter" if node.as_text().is_none() => {
                let texts = self.strings(node, path).unwrap_or_default();
                self.unique(&texts, path);
            }
            "cache_from" | "cache_to" => {
                let texts = self.strings(node, path).unwrap_or_default();
                let caches: Vec<_> =
                    texts.iter().filter_map(|text| self.accept(caches(text), text, path)).flatten().collect();
                match key {
                    "cache_from" => target.cache_from = caches.into(),
                    _ => target.cache_to = Some(caches).filter(|caches| !caches.is_empty()),
                }
            }
            "no_cache" => target.no_cache = self.boolean(node, path).filter(|value| *value),
            "pull" => target.pull = self.boolean(node, path).filter(|value| *value),
            "privileged" => drop(self.boolean(node, path)),
            "labels" => {
                let empty = || Text { span: Some(node.span), ..Text::verbatim("") };
                let labels = self.pairs(node, path).into_iter();
                target.labels = labels.map(|(key, value)| (key, value.unwrap_or_else(empty))).collect();
            }
            "additional_contexts" => {
                let contexts = self.pairs(node, path).into_iter();
                let contexts = contexts.filter_map(|(name, context)| Some((name, link(context?))));
                target.contexts.extend(contexts);
            }
            "extra_hosts" => self.extra_hosts(target, node, path),
            "ssh" => {
                let keys = self.pairs(node, path).into_iter();
                let key = |(id, path): (Name, Option<Text>)| Ssh {
                    id: Text { value: MarkedStr::verbatim(Arc::clone(&id)), span: Some(node.span) },
                    paths: path.into_iter().filter(|path| !path.is_empty()).collect(),
                    span: Some(node.span),
                };
                target.ssh = keys.map(key).collect::<Vec<_>>().into();
            }
            "shm_size" => self.shm_size(target, node, path),
            "ulimits" => self.ulimits(target, node, path),
            "provenance" | "sbom" => {
                if let Some(value) = text(self) {
                    let canonical = value.derive(&flags::canonical_attestation(key, value.as_str()));
                    target.attest.extend(self.accept(flags::attestation(&canonical), &canonical, path));
                    target.attest.sort_by_key(|entry| entry.kind() != "sbom");
                }
            }
            key if BUILD_KEYS.contains(&key) || key.starts_with("x-") => {}
            key => self.unknown_key(key, place, parent, &BUILD_KEYS),
        }
    }

    /// Build arguments; one without value takes it from the service's variables or else from the environment.
    fn args(&mut self, target: &mut Target, node: &Node, variables: &Pairs, path: &str) {
        let mut args = Vec::new();
        for (name, value) in self.variables(node, &format!("{path}.args")) {
            let from_service = || variables.get(&name).cloned().flatten();
            let from_environment = || self.variable(&name, node.span);
            if let Some(value) = value.or_else(from_service).or_else(from_environment) {
                args.push((name, value));
            }
        }
        target.args.extend(args);
    }

    fn variable(&self, name: &str, span: Span) -> Option<Text> {
        let value = self.environment.get(name)?.clone();
        Some(Text { value, span: Some(span) })
    }

    /// The variables of `environment` and of the files of `env_file`.
    fn service_variables(&mut self, environment: Option<&Node>, files: Option<&Node>, path: &str) -> Pairs {
        let mut own = Pairs::new();
        if let Some(node) = environment {
            own = self.variables(node, &format!("{path}.environment"));
            for (name, value) in &mut own {
                match value {
                    Some(text) => text.value = dotenv::in_file(name, text.value.clone(), self.names),
                    None => *value = self.variable(name, node.span),
                }
            }
        }
        let given =
            own.iter().filter_map(|(name, text)| Some((Arc::clone(name), text.as_ref()?.value.clone())));
        let mut all: Environment = given.collect();
        for file in files.and_then(Node::as_list).unwrap_or_default() {
            self.env_file(file, &own, &mut all, &format!("{path}.env_file"));
        }
        let span = files.map(|files| files.span);
        let mut variables: Pairs =
            all.into_iter().map(|(name, value)| (name, Some(Text { value, span }))).collect();
        variables.extend(own);
        variables
    }

    fn env_file(&mut self, file: &Node, own: &Pairs, all: &mut Environment, path: &str) {
        let mut required = true;
        let mut name = None;
        for (key, member) in self.map(file, path).into_iter().flatten() {
            let value = &member.value;
            match &**key {
                "path" => name = self.string(value, &format!("{path}.path")),
                "required" => required = self.boolean(value, &format!("{path}.required")).unwrap_or(true),
                "format" => {
                    let format = self.string(value, &format!("{path}.format"));
                    if format.is_some_and(|format| !["", ".env"].contains(&format.as_str())) {
                        self.report(
                            Code::ATTRIBUTE_VALUE,
                            format!("`{path}.format` can only be `.env`"),
                            value.span,
                        );
                    }
                }
                key => self.unknown_key(key, member.key, path, &["path", "required", "format"]),
            }
        }
        let Some(name) = name else { return };
        let problem = match self.files.read_variables(name.as_str()) {
            Err(Unreadable::Missing) if !required => return,
            Err(problem) => problem.about(name.as_str()),
            Ok(text) => {
                self.variables += text.len();
                if self.variables > MAX_VARIABLES {
                    let message = format!(
                        "the services have more than {} MiB of variables in files",
                        MAX_VARIABLES >> 20
                    );
                    self.report(Code::LIMIT, message, file.span);
                    return;
                }
                let lookup = |name: &str| {
                    let own = || Some(own.get(name)?.as_ref()?.value.clone());
                    self.environment.get(name).cloned().or_else(own)
                };
                match dotenv::read(&text, all, self.names, &lookup) {
                    Ok(()) => return,
                    Err(problem) => format!("`{name}`, {problem}"),
                }
            }
        };
        self.report(Code::ENV_FILE, problem, file.span);
    }

    fn extra_hosts(&mut self, target: &mut Target, node: &Node, path: &str) {
        let mut hosts: BTreeMap<Name, Vec<Text>> = BTreeMap::new();
        match &node.kind {
            NodeKind::Map(map) => {
                for (host, member) in map.iter() {
                    self.free_key(host, member.key, path);
                    if host.starts_with("x-") {
                        let message = format!("`{path}`: `{host}` is an extension, not a host");
                        self.report(Code::ATTRIBUTE_VALUE, message, member.key);
                    }
                    let addresses = match member.value.as_list() {
                        Some(list) => self.strings_and_dates(list, path),
                        None => self.string(&member.value, path).into_iter().collect(),
                    };
                    hosts.insert(Arc::clone(host), addresses);
                }
            }
            NodeKind::List(list) => {
                let texts = self.strings_and_dates(list, path);
                self.unique(&texts, path);
                for text in texts {
                    let span = text.span.unwrap_or(node.span);
                    let found = text.as_str().split_once('=').or_else(|| text.as_str().split_once(':'));
                    let Some((host, addresses)) = found else {
                        let message = format!("`{path}`: `{text}` has no address; write `HOST=ADDRESS`");
                        self.report(Code::ATTRIBUTE_VALUE, message, span);
                        continue;
                    };
                    let addresses = addresses.split(',').map(|address| text.derive(address));
                    hosts.entry(host.into()).or_default().extend(addresses);
                }
            }
            _ => self.wrong(node, path, "a mapping or a list of `HOST=ADDRESS`"),
        }
        let mut all = Vec::with_capacity(hosts.len());
        for (host, addresses) in hosts {
            if host.is_empty() || host.contains([':', '=']) {
                self.report(
                    Code::ATTRIBUTE_VALUE,
                    format!("`{path}`: `{host}` is not a valid host name"),
                    node.span,
                );
            }
            let mut joined = Text { span: Some(node.span), ..Text::verbatim("") };
            for (index, address) in addresses.iter().enumerate() {
                let bare = address.as_str().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
                let bare = bare.filter(|bare| !bare.is_empty()).unwrap_or(address.as_str());
                let comma = if index == 0 { "" } else { "," };
                let text = part(&joined.value, &format!("{joined}{comma}{bare}"));
                joined = Text { value: text.marked(address.value.marks()), span: address.span };
            }
            all.push((host, joined));
        }
        target.extra_hosts.extend(all);
    }

    fn shm_size(&mut self, target: &mut Target, node: &Node, path: &str) {
        let bytes = match &node.kind {
            NodeKind::Int(..) => node.as_integer(),
            // compose-go accepts them and forgets them.
            NodeKind::Float(bytes, _) if bytes.fract() == 0.0 => None,
            NodeKind::Time(_) => None,
            NodeKind::Text(text) => {
                let bytes = size::parse(text.as_str());
                if bytes.is_none() {
                    self.report(
                        Code::ATTRIBUTE_VALUE,
                        format!("`{path}`: `{}` is not a valid size", text.as_str()),
                        node.span,
                    );
                }
                bytes
            }
            _ => {
                self.wrong(node, path, "a number of bytes or a string such as `128m`");
                None
            }
        };
        let text = |bytes| Text { span: Some(node.span), ..Text::verbatim(&size::print(bytes)) };
        target.shm_size = bytes.filter(|bytes| *bytes > 0).map(text).into();
    }

    fn ulimits(&mut self, target: &mut Target, node: &Node, path: &str) {
        for (name, member) in self.map(node, path).into_iter().flatten() {
            let (path, span) = (format!("{path}.{name}"), member.value.span);
            let mut limits = BTreeMap::from([("soft", None), ("hard", None)]);
            for (key, limit) in member.value.as_map().into_iter().flatten() {
                match (limit.value.as_integer(), limits.get_mut(&**key)) {
                    (Some(value), Some(slot)) => *slot = Some(value),
                    (None, Some(_)) => {
                        self.wrong(&limit.value, &format!("{path}.{key}"), "an integer below 2^63");
                    }
                    (_, None) if key.starts_with("x-") => {}
                    (_, None) => self.unknown_key(key, limit.key, &path, &["soft", "hard"]),
                }
            }
            // buildx forgets a limit that is a number alone: it prints `0:0`.
            let (soft, hard) = match (member.value.as_integer(), limits["soft"], limits["hard"]) {
                (Some(_), ..) => (0, 0),
                (_, Some(soft), Some(hard)) => (soft, hard),
                _ => {
                    self.report(Code::ATTRIBUTE_VALUE, format!("`{path}` needs `soft` and `hard`"), span);
                    continue;
                }
            };
            if !ULIMITS.contains(&&**name) {
                self.report(Code::ATTRIBUTE_VALUE, format!("`{path}` is not a known limit"), member.key);
            } else if hard != -1 && (soft == -1 || soft > hard) {
                self.report(
                    Code::ATTRIBUTE_VALUE,
                    format!("`{path}`: soft {soft} is above hard {hard}"),
                    span,
                );
            }
            let text = Text { span: Some(span), ..Text::verbatim(&format!("{name}={soft}:{hard}")) };
            target.ulimits.push(text);
        }
    }

    fn build_secrets(&mut self, target: &mut Target, node: &Node, secrets: &Secrets, path: &str) {
        let path = format!("{path}.secrets");
        let Some(list) = node.as_list() else {
            return self.wrong(node, &path, "a list");
        };
        for item in list {
            let mut id = Text { span: Some(item.span), ..Text::verbatim("") };
            for (key, member) in item.as_map().into_iter().flatten() {
                match &**key {
                    "source" => id = self.string(&member.value, &format!("{path}.source")).unwrap_or(id),
                    "target" | "uid" | "gid" => drop(self.string(&member.value, &format!("{path}.{key}"))),
                    "mode" => self.mode(&member.value, &format!("{path}.mode")),
                    key if key.starts_with("x-") => {}
                    key => {
                        self.unknown_key(key, member.key, &path, &["source", "target", "uid", "gid", "mode"]);
                    }
                }
            }
            match secrets.get(id.name()) {
                Some(Some(source)) => {
                    let (src, env) = (source.file.clone(), source.environment.clone());
                    target.secret.push(Secret { id, src, env, span: Some(item.span) });
                }
                Some(None) => {
                    let message = format!("the secret `{id}` is external, which a build cannot use");
                    let diagnostic = Diagnostic::error(Code::COMPOSE_SECRET, message).at(item.span, "");
                    let help = "give the secret a `file` or an `environment` variable";
                    self.diagnostics.report(diagnostic.with_help(help));
                }
                None if self.complete => {
                    let message = format!("there is no secret `{id}`");
                    let diagnostic = Diagnostic::error(Code::COMPOSE_SECRET, message).at(item.span, "");
                    let help =
                        format!("declare it under the key `secrets` of the file: `{id}: {{file: PATH}}`");
                    self.diagnostics.report(diagnostic.with_help(help));
                }
                None => {}
            }
        }
    }

    /// The permissions of a secret's file: a number, or octal digits.
    fn mode(&mut self, node: &Node, path: &str) {
        match node.as_str() {
            Some(text) if i64::from_str_radix(text, 8).is_err() => {
                self.report(
                    Code::ATTRIBUTE_VALUE,
                    format!("`{path}`: `{text}` is not an octal number"),
                    node.span,
                );
            }
            None if node.as_integer().is_none() => {
                self.wrong(node, path, "an integer or a string of octal digits");
            }
            _ => {}
        }
    }

    /// What services say of each other.
    fn check(&mut self, target: &Target, build: &Node, services: &Map, name: &str) {
        if target.dockerfile.is_some()
            && let Some(inline) = &*target.dockerfile_inline
        {
            let message = format!("the service `{name}` has both `dockerfile` and `dockerfile_inline`");
            self.diagnostics.report(Diagnostic::error(Code::COMPOSE_SERVICE, message).at(inline.span, ""));
        }
        // Contexts that begin with `x-` are part of another one by now.
        let contexts = build.get("additional_contexts").and_then(Node::as_map).into_iter().flatten();
        for (key, member) in contexts.filter(|(key, _)| !key.starts_with("x-")) {
            let Some(other) = member.value.as_str().and_then(|text| text.strip_prefix("service:")) else {
                continue;
            };
            let problem = match services.get(other).map(|other| other.value.get("build")) {
                None => "there is no such service",
                Some(None) => "that service has no `build`",
                Some(Some(_)) => continue,
            };
            let message = format!("the context `{key}` of `{name}` is the service `{other}`: {problem}");
            let diagnostic = Diagnostic::error(Code::UNKNOWN_SERVICE, message).at(member.value.span, "");
            let known = services.keys().map(|name| &**name);
            self.diagnostics.report(match suggest(other, known).filter(|known| *known != other) {
                Some(known) => diagnostic.with_help(format!("did you mean `service:{known}`?")),
                None => diagnostic,
            });
        }
    }
}
