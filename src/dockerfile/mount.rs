//! Mounts of `RUN`: `--mount=type=bind,from=stage,source=path,target=path`.

/// A mount, not expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    /// What `type` says; bind without it.
    pub(super) kind: Option<String>,
    /// What `from` says, which takes no variables.
    pub(super) from: Option<String>,
    /// What `source` or `src` says.
    pub(super) source: Option<String>,
}

impl Mount {
    /// Reads the value of the flag.
    ///
    /// # Errors
    /// Quotes as CSV has them; a variable in `from`; a field that BuildKit may read as another one.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.contains(['"', '\n']) {
            return Err(format!("quotes in `--mount={text}`"));
        }
        let mut mount = Self { kind: None, from: None, source: None };
        for field in text.split(',') {
            let Some((name, value)) = field.split_once('=') else { continue };
            match name.to_lowercase().as_str() {
                "type" => mount.kind = Some(value.to_owned()),
                "from" if value.strip_suffix('$').unwrap_or(value).contains('$') => {
                    return Err("`from` of a mount does not take variables".to_owned());
                }
                "from" => mount.from = Some(value.to_owned()).filter(|from| !from.is_empty()),
                "source" | "src" => mount.source = Some(value.to_owned()),
                "target" | "dst" | "destination" | "readonly" | "ro" | "readwrite" | "rw" | "required"
                | "size" | "id" | "sharing" | "mode" | "uid" | "gid" | "env" => {}
                _ => return Err(format!("unknown field `{name}` of a mount")),
            }
        }
        Ok(mount)
    }
}
