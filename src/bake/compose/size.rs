//! Sizes in bytes as Docker reads and writes them (<https://github.com/docker/go-units/blob/master/size.go>).

const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// Reads a number of bytes, or a number with a unit such as `128m`, `1.5 GiB`.
pub(super) fn parse(text: &str) -> Option<i64> {
    if let Ok(bytes) = text.strip_prefix('+').unwrap_or(text).parse() {
        return Some(bytes);
    }
    let last = text.rfind(|c: char| c.is_ascii_digit() || ".  ".contains(c))?;
    let (number, unit) = text.split_at(last + 1);
    let number = number.strip_suffix(' ').unwrap_or(number);
    let unit = unit.to_ascii_lowercase();
    let is_number = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
    let number: f64 = Some(number).filter(|text| text.chars().all(is_number))?.parse().ok()?;
    let power = match unit.as_bytes() {
        [] | [b'b'] => 0,
        [prefix] | [prefix, b'b'] | [prefix, b'i', b'b'] => 1 + "kmgtp".find(char::from(*prefix))?,
        _ => return None,
    };
    let bytes = number * 1024_f64.powi(i32::try_from(power).ok()?);
    (number >= 0.0).then_some(bytes as i64)
}

/// Writes a size with the largest unit that fits, in four digits.
pub(super) fn print(bytes: i64) -> String {
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    // A size is below 1024, so four digits are enough for the part before the point.
    let decimals = match size {
        _ if size >= 1000.0 => 0,
        _ if size >= 100.0 => 1,
        _ if size >= 10.0 => 2,
        _ => 3,
    };
    let text = format!("{size:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written_as_docker_does() {
        let cases = [
            ("128m", Some("128MiB")),
            ("1.5 GiB", Some("1.5GiB")),
            ("1000", Some("1000B")),
            ("1023", Some("1023B")),
            ("1024", Some("1KiB")),
            ("1234567", Some("1.177MiB")),
            ("64MB", Some("64MiB")),
            ("1e3k", Some("1000KiB")),
            ("2b", Some("2B")),
            ("1p", Some("1PiB")),
            ("2000p", Some("1.953EiB")),
            ("", None),
            ("m", None),
            ("1x", None),
            ("1bb", None),
            ("1mi", None),
            ("-1m", None),
            ("1 2m", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).map(print).as_deref(), expected, "{text}");
        }
    }
}
