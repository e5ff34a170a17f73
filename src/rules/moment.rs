//! Dates in the letters of moment.js (<https://momentjs.com/docs/#/displaying/format/>), in English.

use jiff::ZonedDateTime;

use crate::reference::is_of_tag;

/// The letters that stand for a part of a date; what is in none of them stands for itself.
const TOKENS: [&str; 61] = [
    "YYYY",
    "YY",
    "Y",
    "Q",
    "Qo",
    "M",
    "Mo",
    "MM",
    "MMM",
    "MMMM",
    "D",
    "Do",
    "DD",
    "DDD",
    "DDDo",
    "DDDD",
    "d",
    "do",
    "dd",
    "ddd",
    "dddd",
    "e",
    "E",
    "w",
    "wo",
    "ww",
    "W",
    "Wo",
    "WW",
    "gg",
    "gggg",
    "GG",
    "GGGG",
    "a",
    "A",
    "H",
    "HH",
    "h",
    "hh",
    "k",
    "kk",
    "m",
    "mm",
    "s",
    "ss",
    "S",
    "SS",
    "SSS",
    "SSSS",
    "SSSSS",
    "SSSSSS",
    "SSSSSSS",
    "SSSSSSSS",
    "SSSSSSSSS",
    "x",
    "X",
    "z",
    "zz",
    "Z",
    "ZZ",
    "LT",
];

/// Letters of moment.js that are left out: eras, years of more digits, and forms that depend on a locale.
const REFUSED: [&str; 20] = [
    "YYYYYY", "YYYYY", "yyyy", "yyy", "yy", "yo", "y", "N", "NN", "NNN", "ggggg", "GGGGG", "LTS", "L", "LL",
    "LLL", "LLLL", "l", "ll", "lll",
];

/// The letters that `strftime` has, too.
const DIRECTIVES: [(&str, &str); 18] = [
    ("YYYY", "%Y"),
    ("YY", "%y"),
    ("M", "%-m"),
    ("MM", "%m"),
    ("MMM", "%b"),
    ("MMMM", "%B"),
    ("D", "%-d"),
    ("DD", "%d"),
    ("DDDD", "%j"),
    ("ddd", "%a"),
    ("dddd", "%A"),
    ("GGGG", "%G"),
    ("WW", "%V"),
    ("H", "%-H"),
    ("HH", "%H"),
    ("mm", "%M"),
    ("ss", "%S"),
    ("X", "%s"),
];

/// A format that has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Format(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Token(&'static str),
}

impl Format {
    /// Reads a format; text in brackets stands for itself.
    ///
    /// # Errors
    /// Gives the letters that have no meaning here.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let quoted = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
            if let Some((quoted, after)) = quoted.filter(|(quoted, _)| !quoted.contains('[')) {
                pieces.push(Piece::Text(quoted.to_owned()));
                rest = after;
                continue;
            }
            let longest = |tokens: &[&'static str]| {
                tokens.iter().filter(|token| rest.starts_with(**token)).max_by_key(|t| t.len()).copied()
            };
            match (longest(&TOKENS), longest(&REFUSED)) {
                (token, Some(refused)) if token.is_none_or(|token| token.len() < refused.len()) => {
                    return Err(refused.to_owned());
                }
                (Some(token), _) => {
                    pieces.push(Piece::Token(token));
                    rest = &rest[token.len()..];
                }
                (None, _) => {
                    pieces.push(Piece::Text(first.to_string()));
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        Ok(Self(pieces))
    }

    /// The date in this format.
    pub(super) fn render(&self, time: &ZonedDateTime) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Token(token) => value(token, time),
        };
        self.0.iter().map(piece).collect()
    }

    /// The same format as `strftime` has it, as tags hold it; `None` for what it has not.
    pub(super) fn strftime(&self) -> Option<String> {
        let mut format = String::new();
        let mut gap = false;
        for piece in &self.0 {
            match piece {
                Piece::Text(text) if is_of_tags(text) => format.push_str(text),
                Piece::Text(_) if gap => {}
                Piece::Text(_) => format.push('-'),
                Piece::Token(token) => {
                    format.push_str(DIRECTIVES.iter().find(|(own, _)| own == token)?.1);
                }
            }
            gap = matches!(piece, Piece::Text(text) if !is_of_tags(text));
        }
        Some(format)
    }
}

/// What a format of `strftime` is in these letters; `None` for one that has no directives. Text in brackets counts as text.
pub(super) fn of_strftime(format: &str) -> Option<String> {
    let mut meant = String::new();
    let mut found = false;
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        let is_directive = || {
            let after = rest[1..].strip_prefix('-').unwrap_or(&rest[1..]);
            after.starts_with(|c: char| c.is_ascii_alphabetic())
        };
        let length = match rest.split_once(']') {
            Some((quoted, _)) if first == '[' => quoted.len() + 1,
            _ if first == '%' && is_directive() => {
                found = true;
                let known = DIRECTIVES.iter().find(|(_, directive)| rest.starts_with(directive));
                if let Some((letters, directive)) = known {
                    meant.push_str(letters);
                    rest = &rest[directive.len()..];
                    continue;
                }
                first.len_utf8()
            }
            _ => first.len_utf8(),
        };
        meant.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    found.then_some(meant)
}

fn is_of_tags(text: &str) -> bool {
    text.chars().all(is_of_tag)
}

fn value(token: &str, time: &ZonedDateTime) -> String {
    let named = |directive: &str| time.strftime(directive).to_string();
    let (year, month, day) = (i64::from(time.year()), i64::from(time.month()), i64::from(time.day()));
    let (hour, minute, second) = (i64::from(time.hour()), i64::from(time.minute()), i64::from(time.second()));
    let quarter = (month - 1) / 3 + 1;
    let day_of_year = i64::from(time.day_of_year());
    let weekday = i64::from(time.weekday().to_sunday_zero_offset());
    let hour_of_half = (hour + 11) % 12 + 1;
    let hour_from_one = (hour + 23) % 24 + 1;
    let iso = time.date().iso_week_date();
    let (iso_year, iso_week) = (i64::from(iso.year()), i64::from(iso.week()));
    let (week_year, week) = week(time);
    match token {
        "YYYY" | "Y" => padded(year, 4),
        "YY" => padded(year % 100, 2),
        "Q" => quarter.to_string(),
        "Qo" => ordinal(quarter),
        "M" => month.to_string(),
        "Mo" => ordinal(month),
        "MM" => padded(month, 2),
        "MMM" => named("%b"),
        "MMMM" => named("%B"),
        "D" => day.to_string(),
        "Do" => ordinal(day),
        "DD" => padded(day, 2),
        "DDD" => day_of_year.to_string(),
        "DDDo" => ordinal(day_of_year),
        "DDDD" => padded(day_of_year, 3),
        "d" | "e" => weekday.to_string(),
        "do" => ordinal(weekday),
        "dd" => named("%a").chars().take(2).collect(),
        "ddd" => named("%a"),
        "dddd" => named("%A"),
        "E" => time.weekday().to_monday_one_offset().to_string(),
        "w" => week.to_string(),
        "wo" => ordinal(week),
        "ww" => padded(week, 2),
        "W" => iso_week.to_string(),
        "Wo" => ordinal(iso_week),
        "WW" => padded(iso_week, 2),
        "gg" => padded(week_year % 100, 2),
        "gggg" => padded(week_year, 4),
        "GG" => padded(iso_year % 100, 2),
        "GGGG" => padded(iso_year, 4),
        "a" => if hour < 12 { "am" } else { "pm" }.to_owned(),
        "A" => if hour < 12 { "AM" } else { "PM" }.to_owned(),
        "H" => hour.to_string(),
        "HH" => padded(hour, 2),
        "h" => hour_of_half.to_string(),
        "hh" => padded(hour_of_half, 2),
        "k" => hour_from_one.to_string(),
        "kk" => padded(hour_from_one, 2),
        "m" => minute.to_string(),
        "mm" => padded(minute, 2),
        "s" => second.to_string(),
        "ss" => padded(second, 2),
        "x" => time.timestamp().as_millisecond().to_string(),
        "X" => time.timestamp().as_second().to_string(),
        "z" | "zz" => named("%Z"),
        "Z" => named("%:z"),
        "ZZ" => named("%z"),
        "LT" => format!("{hour_of_half}:{} {}", padded(minute, 2), if hour < 12 { "AM" } else { "PM" }),
        // Fractions of a second, in as many digits.
        digits => padded(i64::from(time.subsec_nanosecond()), 9).chars().take(digits.len()).collect(),
    }
}

/// The week as it is counted in the United States, and its year: weeks begin on Sunday, and the first has 1 January.
fn week(time: &ZonedDateTime) -> (i64, i64) {
    let year = i64::from(time.year());
    let weekday = i64::from(time.weekday().to_sunday_zero_offset());
    let day_of_year = i64::from(time.day_of_year());
    if day_of_year - weekday + 6 > i64::from(time.days_in_year()) {
        return (year + 1, 1);
    }
    let first_weekday = (weekday - (day_of_year - 1)).rem_euclid(7);
    (year, (day_of_year - 1 + first_weekday) / 7 + 1)
}

fn padded(number: i64, width: usize) -> String {
    format!("{number:0width$}")
}

fn ordinal(number: i64) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, tz::TimeZone};

    use super::*;

    #[track_caller]
    fn at(time: &str, zone: &str, format: &str) -> String {
        let zone = TimeZone::get(zone).expect("a zone");
        let time: Timestamp = time.parse().expect("a time");
        Format::parse(format).expect("a format").render(&time.to_zoned_datetime(zone))
    }

    #[test]
    fn dates_are_those_of_moment() {
        let time = "2020-01-10T00:30:05.120Z";
        for (format, expected) in [
            ("YYYYMMDD", "20200110"),
            ("YYYY-MM-DDTHH:mm:ss.SSS[Z]", "2020-01-10T00:30:05.120Z"),
            ("dddd, MMMM Do YYYY, h:mm:ss a", "Friday, January 10th 2020, 12:30:05 am"),
            ("YY.M.D", "20.1.10"),
            ("YYYY.0M", "2020.01"),
            ("Y Q Qo Mo MMM DDD DDDo DDDD", "2020 1 1st 1st Jan 10 10th 010"),
            ("d do dd ddd e E", "5 5th Fr Fri 5 5"),
            ("w wo ww W Wo WW gg gggg GG GGGG", "2 2nd 02 2 2nd 02 20 2020 20 2020"),
            ("H h hh k kk A", "0 12 12 24 24 AM"),
            ("m mm s ss S SS SSSSSS", "30 30 5 05 1 12 120000"),
            ("X x", "1578616205 1578616205120"),
            ("z zz Z ZZ", "UTC UTC +00:00 +0000"),
            ("Hmm LT", "030 12:30 AM"),
            ("[YYYY] _-.u", "YYYY _-.u"),
        ] {
            assert_eq!(at(time, "UTC", format), expected, "{format}");
        }
        assert_eq!(at(time, "Asia/Tokyo", "YYYYMMDD-HHmmss z Z"), "20200110-093005 JST +09:00");
        assert_eq!(at("2020-01-10T15:25:50Z", "UTC", "h:mm:ss a hh k"), "3:25:50 pm 03 15");
    }

    #[test]
    fn weeks_at_the_turn_of_the_year() {
        for (day, expected) in [
            ("2019-12-28", "2019 52 2019 52"),
            ("2019-12-29", "2020 1 2019 52"),
            ("2019-12-31", "2020 1 2020 1"),
            ("2021-01-01", "2021 1 2020 53"),
            ("2021-01-03", "2021 2 2020 53"),
            ("2022-12-31", "2022 53 2022 52"),
            ("2023-01-01", "2023 1 2022 52"),
        ] {
            assert_eq!(at(&format!("{day}T12:00:00Z"), "UTC", "gggg w GGGG W"), expected, "{day}");
        }
    }

    #[test]
    fn ordinals_are_english() {
        for (number, expected) in
            [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (21, "21st"), (112, "112th")]
        {
            assert_eq!(ordinal(number), expected);
        }
    }

    #[test]
    fn letters_that_mean_something_else_are_refused() {
        for (format, letters) in [("LL", "LL"), ("YYYYY", "YYYYY"), ("yyyy-MM-DD", "yyyy"), ("LTS", "LTS")] {
            assert_eq!(Format::parse(format), Err(letters.to_owned()), "{format}");
        }
    }
}
