//! Values of YAML on one line.

/// A list of YAML on one line, and of JSON.
pub(super) fn flow_list(texts: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let texts: Vec<String> = texts.into_iter().map(|text| quoted(text.as_ref())).collect();
    format!("[{}]", texts.join(", "))
}

/// A mapping of YAML on one line.
pub(super) fn flow_map(members: &[&str]) -> String {
    if members.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", members.join(", ")) }
}

/// A string of YAML as it stands, where nothing else is read from it: a host or a label.
pub(super) fn plain(text: &str) -> String {
    let is_of = |c: char| c.is_ascii_alphanumeric() || "-_.:/".contains(c);
    let is_word = text.chars().all(is_of) && text.contains(|c: char| c.is_ascii_alphabetic() || c == ':');
    let is_keyword =
        ["true", "false", "null", "yes", "no", "on", "off"].contains(&text.to_ascii_lowercase().as_str());
    let starts = text.starts_with(|c: char| c.is_ascii_alphanumeric()) && !text.ends_with(':');
    if is_word && starts && !is_keyword { text.to_owned() } else { quoted(text) }
}

/// A string of YAML, which is one of JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
