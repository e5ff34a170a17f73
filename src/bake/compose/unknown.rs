//! Keys that Compose does not have and that look like one that it has. Bake reads past them without a word.

use super::extension;
use super::node::{Map, Member};
use super::service::BUILD_KEYS;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, suggest};

/// The keys of a file (<https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json>).
const FILE_KEYS: [&str; 9] =
    ["configs", "include", "models", "name", "networks", "secrets", "services", "version", "volumes"];

/// The keys of a service, of the same schema.
const SERVICE_KEYS: [&str; 92] = [
    "annotations",
    "attach",
    "blkio_config",
    "build",
    "cap_add",
    "cap_drop",
    "cgroup",
    "cgroup_parent",
    "command",
    "configs",
    "container_name",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_rt_period",
    "cpu_rt_runtime",
    "cpu_shares",
    "cpus",
    "cpuset",
    "credential_spec",
    "depends_on",
    "deploy",
    "develop",
    "device_cgroup_rules",
    "devices",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "driver_opts",
    "entrypoint",
    "env_file",
    "environment",
    "expose",
    "extends",
    "external_links",
    "extra_hosts",
    "gpus",
    "group_add",
    "healthcheck",
    "hostname",
    "image",
    "init",
    "ipc",
    "isolation",
    "label_file",
    "labels",
    "links",
    "logging",
    "mac_address",
    "mem_limit",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "models",
    "network_mode",
    "networks",
    "oom_kill_disable",
    "oom_score_adj",
    "pid",
    "pids_limit",
    "platform",
    "ports",
    "post_start",
    "pre_stop",
    "privileged",
    "profiles",
    "provider",
    "pull_policy",
    "pull_refresh_after",
    "read_only",
    "restart",
    "runtime",
    "scale",
    "secrets",
    "security_opt",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "storage_opt",
    "sysctls",
    "tmpfs",
    "tty",
    "ulimits",
    "use_api_socket",
    "user",
    "userns_mode",
    "uts",
    "volumes",
    "volumes_from",
];

/// What most `image` blocks say something of.
const IMAGE_ATTRIBUTES: [&str; 4] = ["repositories", "tags", "variant", "version"];

/// What stands at the top of a Bake file.
const BAKE_BLOCKS: [&str; 4] = ["function", "group", "target", "variable"];

/// A warning for each. A key that looks like none may be of a later Compose.
pub(super) fn keys(model: &Map) -> Vec<Diagnostic> {
    let of_file = model.iter().filter_map(|(key, member)| {
        let help = match &**key {
            key if BAKE_BLOCKS.contains(&key) => {
                "a Compose file has `services`; the blocks of Bake stand in a file of its own".to_owned()
            }
            key if is_of_images(key, member, &["build", "image"]) => {
                "`image` blocks stand in a file of their own beside it: `images.hcl` or `images.json`"
                    .to_owned()
            }
            key => near(key, &FILE_KEYS)?,
        };
        Some(warning("a Compose file", key, member, help))
    });
    let services = model.get("services").and_then(|member| member.value.as_map());
    let of_services = services.into_iter().flatten().flat_map(|(name, service)| {
        let keys = service.value.as_map().into_iter().flatten();
        keys.filter_map(move |(key, member)| {
            let help = if key.starts_with("x-") && is_of_images(key, member, &[]) {
                format!("write `image \"{name}\" {{ … }}` into `images.hcl` beside the file")
            } else {
                of_service(key)?
            };
            Some(warning(&format!("the service `{name}`"), key, member, help))
        })
    });
    of_file.chain(of_services).collect()
}

/// What was meant by a key of a service: one that it has, or one that stands deeper in it.
fn of_service(key: &str) -> Option<String> {
    if SERVICE_KEYS.contains(&key) || key.starts_with("x-") {
        return None;
    }
    let is_of_build = |key: &str| BUILD_KEYS.contains(&key);
    let is_of_extension = |key: &str| extension::keys().any(|one| one == key);
    if is_of_build(key) {
        return Some("move it below `build:`".to_owned());
    }
    if is_of_extension(key) {
        return Some("move it below `x-bake:` in `build:`".to_owned());
    }
    let all = SERVICE_KEYS.into_iter().chain(BUILD_KEYS).chain(extension::keys());
    let near = suggest(key, all)?;
    Some(if SERVICE_KEYS.contains(&near) {
        format!("did you mean `{near}`?")
    } else if is_of_build(near) {
        format!("did you mean `{near}`? It stands below `build:`")
    } else {
        format!("did you mean `{near}`? It stands below `x-bake:` in `build:`")
    })
}

/// Whether a key is called as `image` blocks are, and has what they have: names with something, or what is said of one. Other keys
/// of an extension are those of the `services` that take it over.
fn is_of_images(key: &str, member: &Member, services: &[&str]) -> bool {
    let Some(map) = member.value.as_map() else { return false };
    match key {
        "image" | "images" => true,
        "x-image" | "x-images" => {
            let is_setting = |map: &Map| IMAGE_ATTRIBUTES.iter().any(|name| map.contains_key(*name));
            let inner = || map.values().filter_map(|member| member.value.as_map()).any(is_setting);
            !services.iter().any(|name| map.contains_key(*name)) && (is_setting(map) || inner())
        }
        _ => false,
    }
}

fn near(key: &str, known: &[&str]) -> Option<String> {
    if known.contains(&key) || key.starts_with("x-") {
        return None;
    }
    suggest(key, known.iter().copied()).map(|near| format!("did you mean `{near}`?"))
}

fn warning(owner: &str, key: &str, member: &Member, help: String) -> Diagnostic {
    let message = format!("{owner} has no key `{key}`; Bake ignores it");
    Diagnostic::warning(Code::UNKNOWN_ATTRIBUTE, message).at(member.key, "unknown").with_help(help)
}
