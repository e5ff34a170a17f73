//! The filter `slug`.

use minijinja::ErrorKind;

/// What a branch's name is as a part of a tag: what tags cannot hold becomes `-`, and nothing is lost at the end.
pub(crate) fn slug(text: &str) -> Result<String, minijinja::Error> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_');
    let parts: Vec<&str> = text.split(|c: char| !allowed(c)).filter(|part| !part.is_empty()).collect();
    let slug = parts.join("-").trim_start_matches('.').to_owned();
    if slug.is_empty() {
        let message = format!("no character of `{text}` can be in a tag");
        return Err(minijinja::Error::new(ErrorKind::InvalidOperation, message));
    }
    Ok(slug)
}
