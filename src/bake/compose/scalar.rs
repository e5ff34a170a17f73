//! What a plain scalar means to Go's YAML library: YAML 1.2 with the octal numbers, `_` and dates of YAML 1.1
//! (`resolve` in <https://github.com/yaml/go-yaml>).

use jiff::civil;

use super::node::{NodeKind, Time};
use crate::bake::values::MarkedStr;

/// The value of a plain scalar.
pub(super) fn resolve(text: &str) -> NodeKind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return NodeKind::Null,
        "true" | "True" | "TRUE" => return NodeKind::Bool(true),
        "false" | "False" | "FALSE" => return NodeKind::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return NodeKind::float(f64::NAN, text),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return NodeKind::float(f64::INFINITY, text);
        }
        "-.inf" | "-.Inf" | "-.INF" => return NodeKind::float(f64::NEG_INFINITY, text),
        "-0" | "-0.0" => return NodeKind::float(-0.0, text),
        _ => {}
    }
    let number = match text.as_bytes()[0] {
        b'.' => float(text).map(|value| NodeKind::float(value, text)),
        b'0'..=b'9' | b'+' | b'-' => {
            let plain = text.replace('_', "");
            time(text)
                .or_else(|| integer(&plain).map(|value| NodeKind::int(value, text)))
                .or_else(|| float(&plain).map(|value| NodeKind::float(value, text)))
        }
        _ => None,
    };
    number.unwrap_or_else(|| NodeKind::Text(MarkedStr::verbatim(text)))
}

fn integer(text: &str) -> Option<i128> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (digits, radix) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&unsigned[2..], 16),
        [b'0', b'o' | b'O', ..] => (&unsigned[2..], 8),
        [b'0', b'b' | b'B', ..] => (&unsigned[2..], 2),
        [b'0', _, ..] => (&unsigned[1..], 8),
        _ => (unsigned, 10),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| char::from(byte).is_digit(radix)) {
        return None;
    }
    let value = i128::from_str_radix(digits, radix).ok()?;
    let value = if text.starts_with('-') { -value } else { value };
    let fits = i64::try_from(value).is_ok() || (u64::try_from(value).is_ok() && unsigned.len() == text.len());
    fits.then_some(value)
}

fn float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = |text: &str| text.strip_prefix(['+', '-']).unwrap_or(text).to_owned();
    let mantissa = unsigned(mantissa);
    let valid = match mantissa.split_once('.') {
        Some(("", fraction)) => is_number(fraction),
        Some((whole, fraction)) => is_number(whole) && (fraction.is_empty() || is_number(fraction)),
        None => is_number(&mantissa),
    };
    if !valid || !exponent.is_none_or(|exponent| is_number(&unsigned(exponent))) {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// A date, with or without a time, printed as Go does: `2024-01-02 03:04:05 +0000 UTC`.
fn time(text: &str) -> Option<NodeKind> {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some((&text[at + 1..], text.as_bytes()[at] == b' '))),
        None => (text, None),
    };
    let mut parts = date.splitn(3, '-');
    let year = parts.next().filter(|year| year.len() == 4).and_then(number)?;
    let (month, day) = (parts.next().and_then(short)?, parts.next().and_then(short)?);
    let date = civil::Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    let (clock, zone) = match time {
        None => ("00:00:00".to_owned(), "+0000 UTC".to_owned()),
        Some((time, is_zoneless)) => {
            let cut = if is_zoneless { time.len() } else { time.find(['Z', '+', '-'])? };
            (clock(&time[..cut])?, if is_zoneless { "+0000 UTC".into() } else { zone(&time[cut..])? })
        }
    };
    Some(NodeKind::Time(Time { written: text.into(), printed: format!("{date} {clock} {zone}").into() }))
}

fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn short(text: &str) -> Option<u32> {
    if text.len() > 2 { None } else { number(text) }
}

fn clock(text: &str) -> Option<String> {
    let mut parts = text.splitn(3, ':');
    let (hour, minute) = (parts.next().and_then(short)?, parts.next().and_then(short)?);
    let seconds = parts.next()?;
    let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let second = short(second)?;
    if hour > 23 || minute > 59 || second > 59 || fraction.is_empty() {
        return None;
    }
    let fraction = fraction.get(..fraction.len().min(9))?;
    number(fraction)?;
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{hour:02}:{minute:02}:{second:02}{point}{fraction}"))
}

fn zone(text: &str) -> Option<String> {
    if text == "Z" {
        return Some("+0000 UTC".into());
    }
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 || number(hours)? > 24 || number(minutes)? > 59 {
        return None;
    }
    if (hours, minutes) == ("00", "00") {
        return Some("+0000 UTC".into());
    }
    let offset = format!("{}{hours}{minutes}", &text[..1]);
    Some(format!("{offset} {offset}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_mean_what_go_says() {
        let cases = [
            ("", "Null"),
            ("~", "Null"),
            ("nULL", "nULL"),
            ("yes", "yes"),
            ("True", "Bool(true)"),
            ("12", "Int(12)"),
            ("+12", "Int(12)"),
            ("1_000", "Int(1000)"),
            ("0777", "Int(511)"),
            ("0o17", "Int(15)"),
            ("0x1F", "Int(31)"),
            ("-0b11", "Int(-3)"),
            ("08", "Float(8.0)"),
            ("18446744073709551615", "Int(18446744073709551615)"),
            ("18446744073709551616", "Float(1.8446744073709552e19)"),
            ("1.50", "Float(1.5)"),
            ("1.", "Float(1.0)"),
            (".5", "Float(0.5)"),
            ("1e3", "Float(1000.0)"),
            (".", "."),
            ("-", "-"),
            ("0x", "0x"),
            ("1.2.3", "1.2.3"),
            ("1:30", "1:30"),
            ("1e999", "1e999"),
            ("-.inf", "Float(-inf)"),
            ("2024-01-02", "2024-01-02 00:00:00 +0000 UTC"),
            ("2024-1-2T3:04:05Z", "2024-01-02 03:04:05 +0000 UTC"),
            ("2024-01-02 03:04:05.60", "2024-01-02 03:04:05.6 +0000 UTC"),
            ("2024-01-02T03:04:05+02:00", "2024-01-02 03:04:05 +0200 +0200"),
            ("2024-01-02T03:04:05-00:00", "2024-01-02 03:04:05 +0000 UTC"),
            ("2024-02-30", "2024-02-30"),
            ("2024-01-02T03:04", "2024-01-02T03:04"),
            ("2024-01", "2024-01"),
        ];
        for (text, expected) in cases {
            let found = match resolve(text) {
                NodeKind::Text(text) => text.as_str().to_owned(),
                NodeKind::Time(time) => time.printed.to_string(),
                NodeKind::Int(number, _) => format!("Int({number})"),
                NodeKind::Float(number, _) => format!("Float({number:?})"),
                kind => format!("{kind:?}"),
            };
            assert_eq!(found, expected, "{text}");
        }
    }
}
