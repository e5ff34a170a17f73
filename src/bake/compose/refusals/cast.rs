//! The types of strings, once their variables have values: an empty `${UNSET}` is not a number. Most are in attributes that
//! Bake does not read.

use super::unread::UNREAD;
use crate::bake::compose::node::{Node, NodeKind};
use crate::bake::values::{MarkedStr, parse_float};
use crate::code::Code;
use crate::diagnostic::Diagnostic;

/// What a string stands for.
#[derive(Clone, Copy)]
enum ExpectedType {
    Boolean,
    Integer,
    Float,
    /// One of 32 bits.
    Single,
}

impl ExpectedType {
    /// The table of
    /// <https://github.com/compose-spec/compose-go/blob/v2.14.0/loader/interpolate.go>; `[]` is an element of a list.
    fn of(path: &[&str]) -> Option<Self> {
        let attribute = match path {
            ["services", _, attribute @ ..] => attribute,
            ["networks", _, "attachable" | "enable_ipv4" | "enable_ipv6" | "external" | "internal"]
            | ["configs" | "secrets" | "volumes", _, "external"] => return Some(Self::Boolean),
            _ => return None,
        };
        Some(match attribute {
            ["init" | "oom_kill_disable" | "privileged" | "read_only" | "stdin_open" | "tty"]
            | ["depends_on", _, "required" | "restart"]
            | ["healthcheck", "disable"]
            | ["volumes", "[]", "read_only"]
            | ["volumes", "[]", "volume", "nocopy"] => Self::Boolean,
            [
                "cpu_count" | "cpu_period" | "cpu_quota" | "cpu_rt_period" | "cpu_rt_runtime" | "cpu_shares"
                | "oom_score_adj" | "pids_limit" | "scale",
            ]
            | ["deploy", "replicas"]
            | ["deploy", "update_config" | "rollback_config", "parallelism"]
            | ["deploy", "restart_policy", "max_attempts"]
            | ["deploy", "placement", "max_replicas_per_node"]
            | ["healthcheck", "retries"]
            | ["ports", "[]", "target"]
            | ["ulimits", _]
            | ["ulimits", _, "hard" | "soft"] => Self::Integer,
            ["cpu_percent"] | ["deploy", "update_config" | "rollback_config", "max_failure_ratio"] => {
                Self::Float
            }
            ["cpus"] => Self::Single,
            _ => return None,
        })
    }

    /// What a string becomes; `None` if it does not say that.
    fn read(self, text: &MarkedStr) -> Option<NodeKind> {
        let is_number = match self {
            Self::Boolean => {
                return match &*text.as_str().to_ascii_lowercase() {
                    "true" | "y" | "yes" | "on" => Some(NodeKind::Bool(true)),
                    "false" | "n" | "no" | "off" => Some(NodeKind::Bool(false)),
                    _ => None,
                };
            }
            Self::Integer => {
                return text
                    .as_str()
                    .parse::<i64>()
                    .ok()
                    .map(|number| NodeKind::int(number.into(), text.as_str()));
            }
            Self::Float => parse_float(text.as_str()).is_some(),
            Self::Single => parse_float(text.as_str()).is_some_and(fits_single),
        };
        is_number.then(|| NodeKind::Text(text.clone()))
    }

    fn describe(self) -> (&'static str, &'static str) {
        match self {
            Self::Boolean => ("`true` or `false`", "false"),
            Self::Integer => ("a whole number", "0"),
            Self::Float | Self::Single => ("a number", "0"),
        }
    }
}

/// Whether a number is in the range of 32 bits, if it has one.
fn fits_single(number: f64) -> bool {
    !number.is_finite() || number.abs() <= f64::from(f32::MAX)
}

/// Gives a string at a path the type that is expected there.
pub(in crate::bake::compose) fn cast(node: Node, path: &[&str]) -> Result<Node, Diagnostic> {
    let (Some(kind), Some(text)) = (ExpectedType::of(path), node.as_text()) else { return Ok(node) };
    if let Some(kind) = kind.read(text) {
        return Ok(Node::new(kind, node.span));
    }
    let (expected, default) = kind.describe();
    let found = if text.as_str().is_empty() { "an empty string" } else { "another string" };
    let message = format!("`{}` must be {expected}, found {found}", path.join("."));
    let help =
        format!("write {expected}; a variable that may be empty needs a default: `${{NAME:-{default}}}`");
    Err(Diagnostic::error(Code::ATTRIBUTE_TYPE, message).at(node.span, "").with_note(UNREAD).with_help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_converted_as_go_does() {
        let read = |kind: ExpectedType, text: &str| kind.read(&MarkedStr::normalized(text)).is_some();
        for text in ["true", "Yes", "ON", "y", "FALSE", "no", "off", "n"] {
            assert!(read(ExpectedType::Boolean, text), "{text}");
        }
        for text in ["", "1", "truth", " true"] {
            assert!(!read(ExpectedType::Boolean, text), "{text}");
        }
        for text in ["0", "+5", "-5", "007", "9223372036854775807"] {
            assert!(read(ExpectedType::Integer, text), "{text}");
        }
        for text in ["", "1.0", "1_000", "0x1", " 1", "9223372036854775808"] {
            assert!(!read(ExpectedType::Integer, text), "{text}");
        }
        for text in ["0", "-.5", "1.", "1e38", "1_000", "1_0.0_1", "inf", "+Infinity", "nan", "0x1p-2"] {
            assert!(read(ExpectedType::Single, text) && read(ExpectedType::Float, text), "{text}");
        }
        for text in ["", ".", "x", " 1", "_1", "1_", "1__0", "1_.0", "1e_1", "1e999", "-nan", "0x1"] {
            assert!(!read(ExpectedType::Single, text) && !read(ExpectedType::Float, text), "{text}");
        }
        assert!(read(ExpectedType::Float, "1e39") && !read(ExpectedType::Single, "1e39"));
    }
}
