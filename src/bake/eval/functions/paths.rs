//! Functions on slash-separated paths, as Go's `path` package works, and the home directory.

use super::strings::one;
use super::{Ambient, Family, FunctionError, fixed, param};
use crate::bake::values::{Type, Value, clean_path};

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
    clean_path(path.rfind('/').map_or("", |slash| &path[..=slash]))
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
    fn path_functions_give_what_buildx_gives() {
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
