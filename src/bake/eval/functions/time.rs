//! Functions on timestamps.

use std::collections::BTreeMap;

use jiff::civil::{DateTime, date};
use jiff::{SignedDuration, Span};

use super::strings::{bounded, text};
use super::{Ambient, Family, Function, FunctionError, fixed, param};
use crate::bake::values::{Mark, Number, Type, Value};

pub(super) fn family() -> Family {
    let text = |name| param(name, Type::String);
    vec![
        ("formatdate", fixed(vec![text("format"), text("time")], format_date)),
        ("formattimestamp", fixed(vec![text("format"), param("time", Type::Dynamic)], format_timestamp)),
        ("timeadd", fixed(vec![text("timestamp"), text("duration")], time_add)),
        ("timestamp", Function { impurity: Some(Mark::Clock), ..fixed(vec![], timestamp) }),
        ("unixtimestampparse", fixed(vec![param("unix_timestamp", Type::Number)], unix_timestamp_parse)),
    ]
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// After so many years the days of the calendar are the same again, those of the week included.
const CYCLE: i32 = 400;
const CYCLE_SECONDS: i64 = 146_097 * 86_400;

/// A moment as a clock shows it.
struct Timestamp {
    clock: DateTime,
    /// How many times 400 years it is later than the clock shows.
    cycles: i64,
    /// How far the clock is ahead of UTC.
    offset_minutes: i32,
}

/// How RFC 3339 is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// As go-cty does: two digits everywhere, a fraction after a point.
    Strict,
    /// As Go's [`time.Parse`](https://pkg.go.dev/time#Parse) does: an hour may have one digit, a fraction follow a comma,
    /// and an offset be as large as `+24:60`.
    Go,
}

const EPOCH: DateTime = date(1970, 1, 1).at(0, 0, 0, 0);

impl Timestamp {
    /// Reads RFC 3339: upper-case `T` and `Z`, no leap second.
    fn parse(text: &str, form: Form) -> Option<Self> {
        let lengthened = (form == Form::Go && text.as_bytes().get(12) == Some(&b':'))
            .then(|| Some(format!("{}0{}", text.get(..11)?, text.get(11..)?)))
            .flatten();
        let text = lengthened.as_deref().unwrap_or(text);
        let bytes = text.as_bytes();
        let separated = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
        if !separated.iter().all(|(at, separator)| bytes.get(*at) == Some(separator)) {
            return None;
        }
        let field = |from: usize, to: usize| digits(text.get(from..to)?);
        let second = field(17, 19).filter(|second| *second < 60)?;
        let is_point = |c: char| c == '.' || form == Form::Go && c == ',';
        let (fraction, zone) = match text.get(19..)?.strip_prefix(is_point) {
            Some(rest) => rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count()),
            None => ("0", text.get(19..)?),
        };
        let nanosecond = digits(&format!("{fraction:0<9}")[..9]).filter(|_| !fraction.is_empty())?;
        let day = date_of(field(0, 4)?, field(5, 7)?, field(8, 10)?)?;
        let (hour, minute) = (field(11, 13)?, field(14, 16)?);
        let time = jiff::civil::Time::new(
            i8::try_from(hour).ok()?,
            i8::try_from(minute).ok()?,
            i8::try_from(second).ok()?,
            nanosecond,
        );
        Some(Self { clock: day.to_datetime(time.ok()?), cycles: 0, offset_minutes: offset(zone, form)? })
    }

    /// Seconds since 1970 in UTC.
    fn from_unix(seconds: i64) -> Self {
        let (cycles, rest) = (seconds.div_euclid(CYCLE_SECONDS), seconds.rem_euclid(CYCLE_SECONDS));
        Self { clock: EPOCH + SignedDuration::from_secs(rest), cycles, offset_minutes: 0 }
    }

    fn year(&self) -> i64 {
        i64::from(self.clock.year()) + self.cycles * i64::from(CYCLE)
    }

    fn unix(&self) -> i64 {
        let seconds = self.clock.duration_since(EPOCH);
        // A fraction of a second before 1970 belongs to the second before.
        seconds.as_secs() + self.cycles * CYCLE_SECONDS
            - i64::from(seconds.subsec_nanos() < 0)
            - i64::from(self.offset_minutes) * 60
    }

    fn month_name(&self) -> &'static str {
        MONTHS[usize::from(self.clock.month().unsigned_abs()) - 1]
    }

    /// Days since Sunday.
    fn weekday(&self) -> usize {
        usize::from(self.clock.weekday().to_sunday_zero_offset().unsigned_abs())
    }

    /// `+05:30`, with or without the colon.
    fn offset(&self, colon: &str) -> String {
        let sign = if self.offset_minutes < 0 { '-' } else { '+' };
        let minutes = self.offset_minutes.abs();
        format!("{sign}{:02}{colon}{:02}", minutes / 60, minutes % 60)
    }

    /// RFC 3339 without a fraction.
    fn rfc3339(&self) -> String {
        let (clock, year) = (self.clock, self.year());
        let sign = if year < 0 { "-" } else { "" };
        format!(
            "{sign}{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}",
            year.abs(),
            clock.month(),
            clock.day(),
            clock.hour(),
            clock.minute(),
            clock.second(),
            self.short_offset()
        )
    }

    fn short_offset(&self) -> String {
        if self.offset_minutes == 0 { "Z".to_owned() } else { self.offset(":") }
    }
}

fn digits(text: &str) -> Option<i32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

fn date_of(year: i32, month: i32, day: i32) -> Option<jiff::civil::Date> {
    jiff::civil::Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// The minutes of `Z` or `+05:30`.
fn offset(zone: &str, form: Form) -> Option<i32> {
    if zone == "Z" {
        return Some(0);
    }
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let number = |text: &str, limit: i32| digits(text).filter(|number| text.len() == 2 && *number < limit);
    let more = i32::from(form == Form::Go);
    let minutes = number(hours, 24 + more)? * 60 + number(minutes, 60 + more)?;
    match zone.as_bytes().first() {
        Some(b'+') => Some(minutes),
        Some(b'-') => Some(-minutes),
        _ => None,
    }
}

fn timestamp_argument(args: &[Value], index: usize, form: Form) -> Result<Timestamp, FunctionError> {
    let text = text(args, index)?;
    Timestamp::parse(text, form).ok_or_else(|| {
        FunctionError::argument(
            index,
            format!("{text:?} is not a valid RFC3339 timestamp such as 2006-01-02T15:04:05Z"),
        )
    })
}

fn unix_argument(args: &[Value], index: usize) -> Result<Timestamp, FunctionError> {
    let seconds = match args.get(index) {
        Some(Value::Number(number, _)) => number.to_i64(),
        _ => None,
    };
    let seconds =
        seconds.ok_or_else(|| FunctionError::argument(index, "unix timestamp must be an integer"))?;
    Ok(Timestamp::from_unix(seconds))
}

fn timestamp(ambient: &Ambient, _: &[Value]) -> Result<Value, FunctionError> {
    Ok(Value::string((ambient.now)()))
}

fn format_date(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    format_with(text(args, 0)?, &timestamp_argument(args, 1, Form::Strict)?)
}

/// `formatdate` for timestamps of both kinds; the format `X` gives seconds since 1970.
fn format_timestamp(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let format = text(args, 0)?;
    let time = match args.get(1) {
        Some(Value::String(_)) => {
            timestamp_argument(args, 1, if format == "X" { Form::Go } else { Form::Strict })?
        }
        Some(Value::Number(_, _)) => unix_argument(args, 1)?,
        _ => {
            let message = "must be a string timestamp or a unix timestamp number";
            return Err(FunctionError::argument(1, message));
        }
    };
    if format == "X" {
        return Ok(Value::string(time.unix().to_string()));
    }
    if !(0..=9999).contains(&time.year()) {
        return Err(FunctionError::argument(1, "the year must be between 0 and 9999"));
    }
    format_with(format, &time)
}

fn format_with(format: &str, time: &Timestamp) -> Result<Value, FunctionError> {
    let mut result = String::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' => quoted(rest, &mut result)?,
            'a'..='z' | 'A'..='Z' => {
                let length = rest.len() - rest.trim_start_matches(first).len();
                let text = verb(first, length, time).ok_or_else(|| {
                    let message = format!("invalid date format verb {:?}{}", &rest[..length], hint(first));
                    FunctionError::argument(0, message)
                })?;
                result.push_str(&text);
                length
            }
            c => {
                result.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    bounded(result)
}

/// Appends what the quotes at the beginning of `format` hold, and returns their length.
fn quoted(format: &str, result: &mut String) -> Result<usize, FunctionError> {
    if format.starts_with("''") {
        result.push('\'');
        return Ok(2);
    }
    let mut chars = format.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != '\'' {
            result.push(c);
            continue;
        }
        if chars.next_if(|(_, next)| *next == '\'').is_none() {
            return Ok(at + 1);
        }
        result.push('\'');
        if chars.peek().is_none() {
            // Two quotes at the end are one, and close the literal too, as in go-cty's `splitDateFormat`.
            return Ok(format.len());
        }
    }
    Err(FunctionError::argument(0, "unterminated literal '"))
}

/// What a verb stands for, `None` if it has not that length.
fn verb(letter: char, length: usize, time: &Timestamp) -> Option<String> {
    let clock = time.clock;
    let number = |value: i8| match length {
        1 => Some(value.to_string()),
        2 => Some(format!("{value:02}")),
        _ => None,
    };
    let name = |name: &str, short: usize, long: usize| match length {
        length if length == short => Some(name[..3].to_owned()),
        length if length == long => Some(name.to_owned()),
        _ => None,
    };
    match letter {
        'Y' if length == 2 => Some(format!("{:02}", time.year() % 100)),
        'Y' if length == 4 => Some(format!("{:04}", time.year())),
        'M' if length < 3 => number(clock.month()),
        'M' => name(time.month_name(), 3, 4),
        'D' => number(clock.day()),
        'E' => name(WEEKDAYS[time.weekday()], 3, 4),
        'h' => number(clock.hour()),
        'H' => number((clock.hour() + 11) % 12 + 1),
        'A' | 'a' if length == 2 => {
            let half = if clock.hour() < 12 { "AM" } else { "PM" };
            Some(if letter == 'A' { half.to_owned() } else { half.to_lowercase() })
        }
        'm' => number(clock.minute()),
        's' => number(clock.second()),
        'Z' => match length {
            1 => Some(time.short_offset()),
            3 if time.offset_minutes == 0 => Some("UTC".to_owned()),
            3 | 4 => Some(time.offset("")),
            5 => Some(time.offset(":")),
            _ => None,
        },
        _ => None,
    }
}

/// The forms that a verb has.
fn hint(letter: char) -> &'static str {
    match letter {
        'Y' => ": year must either be \"YY\" or \"YYYY\"",
        'M' => ": month must be \"M\", \"MM\", \"MMM\", or \"MMMM\"",
        'D' => ": day of month must either be \"D\" or \"DD\"",
        'E' => ": day of week must either be \"EEE\" or \"EEEE\"",
        'h' => ": 24-hour must either be \"h\" or \"hh\"",
        'H' => ": 12-hour must either be \"H\" or \"HH\"",
        'A' => ": must be \"AA\"",
        'a' => ": must be \"aa\"",
        'm' => ": minute must either be \"m\" or \"mm\"",
        's' => ": second must either be \"s\" or \"ss\"",
        'Z' => ": timezone must be \"Z\", \"ZZZ\", \"ZZZZ\" or \"ZZZZZ\"",
        _ => "; letters that are meant literally must be in single quotes",
    }
}

fn time_add(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let time = timestamp_argument(args, 0, Form::Strict)?;
    let duration = parse_duration(text(args, 1)?).map_err(|e| FunctionError::argument(1, e))?;
    let duration = SignedDuration::from_nanos(duration);
    let added = |clock: DateTime| clock.checked_add(duration).ok();
    let earlier = || time.clock.checked_sub(Span::new().years(CYCLE)).ok();
    let (clock, cycles) = match added(time.clock) {
        Some(clock) => (Some(clock), 0),
        None => (earlier().and_then(added), 1),
    };
    let clock = clock.ok_or_else(|| FunctionError::new("the result is too far away"))?;
    Ok(Value::string(Timestamp { clock, cycles, ..time }.rfc3339()))
}

/// The nanoseconds of `1h30m` or `-1.5s`: Go's [`time.ParseDuration`](https://pkg.go.dev/time#ParseDuration).
fn parse_duration(text: &str) -> Result<i64, String> {
    let invalid = || format!("invalid duration {text:?}; expected a duration such as `1h30m`");
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if unsigned == "0" {
        return Ok(0);
    }
    if unsigned.is_empty() {
        return Err(invalid());
    }
    let mut rest = unsigned;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (whole, after) = rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count());
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => after.split_at(after.bytes().take_while(u8::is_ascii_digit).count()),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let (unit, after) =
            after.split_at(after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len()));
        let nanoseconds: u64 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "" => return Err(format!("missing unit in duration {text:?}")),
            unit => return Err(format!("unknown unit {unit:?} in duration {text:?}")),
        };
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| invalid())? };
        total = whole
            .checked_mul(nanoseconds)
            .and_then(|whole| whole.checked_add(part_of(fraction, nanoseconds)))
            .and_then(|part| total.checked_add(part))
            .filter(|total| *total <= i64::MIN.unsigned_abs())
            .ok_or_else(invalid)?;
        rest = after;
    }
    let signed = if negative { -i128::from(total) } else { i128::from(total) };
    i64::try_from(signed).map_err(|_| invalid())
}

/// A decimal fraction of a unit, computed in floating point as Go does. Digits beyond 63 bits do not count.
fn part_of(fraction: &str, unit: u64) -> u64 {
    let (mut numerator, mut scale) = (0u64, 1.0);
    for digit in fraction.bytes().map(|b| u64::from(b - b'0')) {
        let longer = numerator.checked_mul(10).and_then(|n| n.checked_add(digit));
        let Some(longer) = longer.filter(|n| *n <= i64::MIN.unsigned_abs()) else { break };
        numerator = longer;
        scale *= 10.0;
    }
    (numerator as f64 * (unit as f64 / scale)) as u64
}

fn unix_timestamp_parse(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let time = unix_argument(args, 0)?;
    let clock = time.clock;
    let week = clock.date().iso_week_date();
    let number = |value: i64| Value::from(Number::from(value));
    let members = [
        ("year", number(time.year())),
        ("year_day", number(clock.day_of_year().into())),
        ("day", number(clock.day().into())),
        ("month", number(clock.month().into())),
        ("month_name", Value::string(time.month_name())),
        ("weekday", number(clock.weekday().to_sunday_zero_offset().into())),
        ("weekday_name", Value::string(WEEKDAYS[time.weekday()])),
        ("hour", number(clock.hour().into())),
        ("minute", number(clock.minute().into())),
        ("second", number(clock.second().into())),
        ("rfc3339", Value::string(time.rfc3339())),
        ("iso_year", number(i64::from(week.year()) + time.cycles * i64::from(CYCLE))),
        ("iso_week", number(week.week().into())),
    ];
    Ok(Value::object(
        members.into_iter().map(|(name, value)| (name.into(), value)).collect::<BTreeMap<_, _>>(),
    ))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_errors, check_mark};
    use super::*;

    #[test]
    fn time_functions_give_what_buildx_gives() {
        check(&[
            (
                "formatdate",
                r#"["YYYY-MM-DD'T'hh:mm:ssZ","2018-01-02T23:12:01Z"]"#,
                r#""2018-01-02T23:12:01Z""#,
            ),
            (
                "formatdate",
                r#"["DD MMM YYYY hh:mm ZZZ","2018-01-02T23:12:01-08:00"]"#,
                r#""02 Jan 2018 23:12 -0800""#,
            ),
            (
                "formatdate",
                r#"["EEEE, DD-MMM-YY hh:mm:ss ZZZ","2018-01-02T23:12:01Z"]"#,
                r#""Tuesday, 02-Jan-18 23:12:01 UTC""#,
            ),
            ("formatdate", r#"["M D h m s","2018-01-02T03:04:05Z"]"#, r#""1 2 3 4 5""#),
            ("formattimestamp", r#"["YYYY-MM-DD",1690328596]"#, r#""2023-07-25""#),
            ("timeadd", r#"["9999-12-31T23:59:59Z","1s"]"#, r#""10000-01-01T00:00:00Z""#),
            ("timeadd", r#"["2018-01-02T23:12:01Z","1h30m"]"#, r#""2018-01-03T00:42:01Z""#),
            ("timeadd", r#"["2018-01-02T23:12:01+02:00","1.5h"]"#, r#""2018-01-03T00:42:01+02:00""#),
            (
                "unixtimestampparse",
                "[1690328596]",
                r#"{"day":25,"hour":23,"iso_week":30,"iso_year":2023,"minute":43,"month":7,"month_name":"July","rfc3339":"2023-07-25T23:43:16Z","second":16,"weekday":2,"weekday_name":"Tuesday","year":2023,"year_day":206}"#,
            ),
            (
                "unixtimestampparse",
                "[-1]",
                r#"{"day":31,"hour":23,"iso_week":1,"iso_year":1970,"minute":59,"month":12,"month_name":"December","rfc3339":"1969-12-31T23:59:59Z","second":59,"weekday":3,"weekday_name":"Wednesday","year":1969,"year_day":365}"#,
            ),
            (
                "formatdate",
                r#"["''|'o''c'|H:mm aa|HH AA|YY|Z ZZZ ZZZZ ZZZZZ","2018-01-02T00:04:05+05:30"]"#,
                r#""'|o'c|12:04 am|12 AM|18|+05:30 +0530 +0530 +05:30""#,
            ),
            ("formatdate", r#"["'abc''","2018-01-02T00:04:05Z"]"#, r#""abc'""#),
            ("formattimestamp", r#"["X","2018-01-02T00:00:00.5+01:00"]"#, r#""1514847600""#),
            ("formattimestamp", r#"["X",-1]"#, r#""-1""#),
            ("formattimestamp", r#"["YYYY YY",-1]"#, r#""1969 69""#),
            ("formattimestamp", r#"["YYYY",-62167219200]"#, r#""0000""#),
            ("formattimestamp", r#"["X","2026-01-02T03:04:05,5Z"]"#, r#""1767323045""#),
            ("formattimestamp", r#"["X","2026-01-02T3:04:05-24:60"]"#, r#""1767413045""#),
            ("formattimestamp", r#"["X","1969-12-31T23:59:59.5Z"]"#, r#""-1""#),
            ("timeadd", r#"["2018-01-02T23:12:01.6Z","0"]"#, r#""2018-01-02T23:12:01Z""#),
            ("timeadd", r#"["2018-01-02T23:12:01.6Z","-1.5h"]"#, r#""2018-01-02T21:42:01Z""#),
            ("timeadd", r#"["2018-01-02T23:12:01.6Z","+1m"]"#, r#""2018-01-02T23:13:01Z""#),
            ("timeadd", r#"["2018-01-02T23:12:01.6Z","500ms"]"#, r#""2018-01-02T23:12:02Z""#),
            ("timeadd", r#"["2018-01-02T23:12:01.6Z","1h1h"]"#, r#""2018-01-03T01:12:01Z""#),
            ("timeadd", r#"["2018-01-02T23:12:01.6Z","3us"]"#, r#""2018-01-02T23:12:01Z""#),
            ("timeadd", r#"["2018-01-02T23:12:01.6Z","1µs"]"#, r#""2018-01-02T23:12:01Z""#),
            ("timeadd", r#"["2018-01-02T23:12:01.6Z","9223372036s"]"#, r#""2310-04-14T22:59:17Z""#),
        ]);
    }

    #[test]
    fn time_functions_refuse_what_buildx_refuses() {
        check_errors(&[
            (
                "formatdate",
                r#"["QQ","2018-01-02T03:04:05Z"]"#,
                r#"invalid date format verb "QQ"; letters that are meant litera"#,
            ),
            (
                "formatdate",
                r#"["YYY","2018-01-02T03:04:05Z"]"#,
                r#"invalid date format verb "YYY": year must either be "YY" or "#,
            ),
            ("timeadd", r#"["2018-01-02T23:12:01Z","1d"]"#, r#"unknown unit "d" in duration "1d""#),
            ("timeadd", r#"["2018-01-02","1h"]"#, r#"is not a valid RFC3339 timestamp"#),
            ("formatdate", r#"["'abc","2018-01-02T00:04:05Z"]"#, "unterminated literal '"),
            ("formattimestamp", r#"["YYYY",1.5]"#, "unix timestamp must be an integer"),
            ("formattimestamp", r#"["YYYY",true]"#, "must be a string timestamp or a unix timestamp number"),
            ("formattimestamp", r#"["YYYY",-62200000000]"#, "the year must be between 0 and 9999"),
            ("unixtimestampparse", "[1.5]", "unix timestamp must be an integer"),
            ("unixtimestampparse", "[1e+30]", "unix timestamp must be an integer"),
            (
                "timeadd",
                r#"["2018-01-02T23:12:01Z",""]"#,
                r#"invalid duration ""; expected a duration such as `1h30m`"#,
            ),
            ("timeadd", r#"["2018-01-02T23:12:01Z","1"]"#, r#"missing unit in duration "1""#),
            ("timeadd", r#"["2018-01-02T23:12:01Z","1h-1m"]"#, r#"unknown unit "h-" in duration "1h-1m""#),
            ("timeadd", r#"["2018-01-02T23:12:01Z","1 h"]"#, r#"unknown unit " h" in duration "1 h""#),
            (
                "timeadd",
                r#"["2018-01-02T23:12:01Z","-"]"#,
                r#"invalid duration "-"; expected a duration such as `1h30m`"#,
            ),
            (
                "timeadd",
                r#"["2018-01-02T23:12:01Z",".s"]"#,
                r#"invalid duration ".s"; expected a duration such as `1h30m`"#,
            ),
            (
                "timeadd",
                r#"["2018-01-02T23:12:01Z","9999999999h"]"#,
                r#"invalid duration "9999999999h"; expected a duration such as `1h30m"#,
            ),
        ]);
    }

    #[test]
    fn malformed_timestamps() {
        for text in [
            "2018-01-02",
            "2018-01-02t00:04:05Z",
            "2018-01-02T24:00:00Z",
            "2018-02-30T00:00:00Z",
            "2018-01-02T00:04:60Z",
            "2018-01-02T00:04:05,5Z",
            "2018-01-02T00:04:05.Z",
            "2018-01-02T00:04:05+24:00",
            "2018-01-02T0:04:05Z",
            "2018-01-02T00:04:05",
            "",
        ] {
            assert!(Timestamp::parse(text, Form::Strict).is_none(), "{text}");
        }
    }

    #[test]
    fn the_clock_leaves_a_mark() {
        check(&[("timestamp", "[]", r#""2018-01-02T23:12:01Z""#)]);
        check_mark("timestamp", "[]", Mark::Clock);
    }
}
