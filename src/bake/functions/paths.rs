//! Functions on slash-separated paths, as Go's `path` package works, and the home directory.

use super::super::value::{Type, Value};
use super::strings::one;
use super::{Ambient, Family, FunctionError, fixed, param};

pub(super) fn family() -> Family {
    vec![
        ("basename", fixed(vec![param("path", Type::String)], |_, args| one(args, base))),
        ("dirname", fixed(vec![param("path", Type::String)], |_, args| one(args, directory))),
        ("homedir", fixed(vec![], home)),
    ]
}

/// Go's [`path.Base`](https://pkg.go.dev/path#Base).
fn base(path: &str) -> String {
    let trimmed = path.trim_end_matches('/');
    match trimmed.rsplit('/').next() {
        Some("") | None if path.is_empty() => ".",
        Some("") | None => "/",
        Some(name) => name,
    }
    .to_owned()
}

/// Go's [`path.Dir`](https://pkg.go.dev/path#Dir).
fn directory(path: &str) -> String {
    clean(path.rfind('/').map_or("", |slash| &path[..=slash]))
}

/// The shortest path of the same meaning: Go's [`path.Clean`](https://pkg.go.dev/path#Clean).
pub(crate) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

fn home(ambient: &Ambient, _: &[Value]) -> Result<Value, FunctionError> {
    let home =
        ambient.home.as_deref().ok_or_else(|| FunctionError::new("the home directory is not known"))?;
    Ok(Value::string(home))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn results() {
        check(&[
            ("basename", r#"["a/b/"]"#, r#""b""#),
            ("basename", r#"[""]"#, r#"".""#),
            ("basename", r#"["/"]"#, r#""/""#),
            ("dirname", r#"["c.txt"]"#, r#"".""#),
            ("dirname", r#"["a/b/"]"#, r#""a/b""#),
            ("basename", r#"["a/"]"#, r#""a""#),
            ("dirname", r#"["a/"]"#, r#""a""#),
            ("basename", r#"["//a//b//"]"#, r#""b""#),
            ("dirname", r#"["//a//b//"]"#, r#""/a/b""#),
            ("basename", r#"["a/../b"]"#, r#""b""#),
            ("dirname", r#"["a/../b"]"#, r#"".""#),
            ("basename", r#"["../a"]"#, r#""a""#),
            ("dirname", r#"["../a"]"#, r#""..""#),
            ("basename", r#"[".."]"#, r#""..""#),
            ("dirname", r#"[".."]"#, r#"".""#),
            ("basename", r#"["/.."]"#, r#""..""#),
            ("dirname", r#"["/.."]"#, r#""/""#),
            ("homedir", "[]", r#""/home/bake""#),
        ]);
    }
}
