//! The short form of `volumes`, `[SOURCE:]TARGET[:OPTIONS]`, as far as buildx refuses it (`ParseVolume` in
//! <https://github.com/compose-spec/compose-go/blob/v2.14.0/format/volume.go>).

/// The place in the container that a string mounts something at.
///
/// # Errors
/// What is wrong with the string.
pub(super) fn target(text: &str) -> Result<&str, &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.len() <= 2 {
        return Ok(text);
    }
    let (sections, rest) = sections(text);
    if sections.contains(&"") || rest == Some("") {
        return Err("it has an empty section between colons");
    }
    match (sections.as_slice(), rest) {
        ([] | [_], Some(target)) => Ok(target),
        ([_, target], _) => Ok(target),
        ([] | [_], None) => Err("its `${` is not closed"),
        _ => Err("it has too many colons"),
    }
}

/// What colons end, and the rest, which an open `${` swallows. Colons of Windows drives and inside of `${…}` end nothing,
/// and a NUL ends a section as well.
fn sections(text: &str) -> (Vec<&str>, Option<&str>) {
    let mut sections = vec![];
    let mut start = 0;
    let mut depth = 0_usize;
    for (at, char) in text.char_indices() {
        let section = &text[start..at];
        match char {
            '$' if text[at + 1..].starts_with('{') => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ':' if is_letter(section) => {}
            ':' | '\0' if depth == 0 => {
                sections.push(section);
                start = at + 1;
            }
            _ => {}
        }
    }
    (sections, Some(&text[start..]).filter(|_| depth == 0))
}

fn is_letter(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(char::is_alphabetic) && chars.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_mount_as_compose_says() {
        for (text, expected) in [
            ("/a", Ok("/a")),
            ("::", Ok("::")),
            ("data", Ok("data")),
            ("data:/a", Ok("/a")),
            ("./a:/b:ro,z", Ok("/b")),
            ("./a:/b:anything", Ok("/b")),
            ("C:/a:/b", Ok("/b")),
            ("C:/a:D:/b:ro", Ok("D:/b")),
            ("a:b", Ok("a:b")),
            ("${A:-x}:/b", Ok("/b")),
            ("", Err("it is empty")),
            (":/a", Err("it has an empty section between colons")),
            ("data:", Err("it has an empty section between colons")),
            ("data::ro", Err("it has an empty section between colons")),
            ("ab:/b:ro:x", Err("it has too many colons")),
            ("ab:${A:/b", Err("its `${` is not closed")),
            ("ab:/b:${A", Ok("/b")),
        ] {
            assert_eq!(target(text), expected, "{text}");
        }
    }
}
