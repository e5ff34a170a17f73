//! Puts a table between two markers of a text, and leaves the rest of it as it is.

/// The line above the table.
pub(crate) const BEGIN: &str = "<!-- bakeplan:begin -->";

/// The line below the table.
pub(crate) const END: &str = "<!-- bakeplan:end -->";

/// How to write them.
pub(crate) const HELP: &str =
    "the table goes between two lines: `<!-- bakeplan:begin -->` and `<!-- bakeplan:end -->`";

/// Why there is no place for the table. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MarkerError {
    /// Neither of them.
    #[error("there are no markers")]
    None,
    /// One of them.
    #[error("line {line} has `{found}`, but there is no `{missing}`")]
    Lone {
        /// The line.
        line: usize,
        /// The marker on it.
        found: &'static str,
        /// The other one.
        missing: &'static str,
    },
    /// One of them twice.
    #[error("`{marker}` is on line {} and again on line {}", lines[0], lines[1])]
    Twice {
        /// The marker.
        marker: &'static str,
        /// The first two lines that have it.
        lines: [usize; 2],
    },
    /// The end before the beginning.
    #[error("`{END}` is on line {end}, above `{BEGIN}` on line {begin}")]
    Reversed {
        /// The line of the beginning.
        begin: usize,
        /// The line of the end.
        end: usize,
    },
}

/// What stands between the markers now.
///
/// # Errors
/// When there is not one pair of markers.
pub(crate) fn old_table(text: &str) -> Result<&str, MarkerError> {
    markers(text).map(|(begin, end)| &text[begin.end..end.start])
}

/// The text with the table between the markers, whose line ends decide about those of the table. Lines of fenced code
/// are not markers (<https://spec.commonmark.org/0.31.2/#fenced-code-blocks>).
///
/// # Errors
/// When there is not one pair of markers.
pub(crate) fn splice(text: &str, table: &str) -> Result<String, MarkerError> {
    let (begin, end) = markers(text)?;
    let (before, after) = (&text[..begin.end], &text[end.start..]);
    let line_end = if before.ends_with("\r\n") { "\r\n" } else { "\n" };
    let table = table.replace('\n', line_end);
    Ok(format!("{before}{line_end}{table}{line_end}{after}"))
}

/// The lines of the two markers.
fn markers(text: &str) -> Result<(Line, Line), MarkerError> {
    let begin = find(text, BEGIN)?;
    let end = find(text, END)?;
    let lone = |line, found, missing| MarkerError::Lone { line, found, missing };
    let (begin, end) = match (begin, end) {
        (Some(begin), Some(end)) => (begin, end),
        (None, None) => return Err(MarkerError::None),
        (Some(begin), None) => return Err(lone(begin.line, BEGIN, END)),
        (None, Some(end)) => return Err(lone(end.line, END, BEGIN)),
    };
    if end.line < begin.line {
        return Err(MarkerError::Reversed { begin: begin.line, end: end.line });
    }
    Ok((begin, end))
}

/// A line of a text, by its number and its bytes; the line end belongs to it.
#[derive(Clone, Copy, Debug)]
struct Line {
    line: usize,
    start: usize,
    end: usize,
}

/// The one line that is this marker.
fn find(text: &str, marker: &'static str) -> Result<Option<Line>, MarkerError> {
    let mut found: Option<Line> = None;
    let mut fence: Option<&str> = None;
    let mut end = 0;
    for (at, line) in text.split_inclusive('\n').enumerate() {
        let start = end;
        end += line.len();
        let trimmed = line.trim();
        match fence {
            Some(open) if trimmed.starts_with(open) && trimmed.trim_start_matches(&open[..1]).is_empty() => {
                fence = None;
            }
            Some(_) => {}
            None => fence = opens(trimmed),
        }
        if fence.is_some() || trimmed != marker {
            continue;
        }
        if let Some(first) = found {
            return Err(MarkerError::Twice { marker, lines: [first.line, at + 1] });
        }
        found = Some(Line { line: at + 1, start, end });
    }
    Ok(found)
}

/// The fence that a line opens.
fn opens(line: &str) -> Option<&str> {
    let fence = |mark: char| {
        let length = line.len() - line.trim_start_matches(mark).len();
        (length >= 3).then(|| &line[..length])
    };
    // What follows backticks has none of them, or it is code in a line.
    fence('`').filter(|fence| !line[fence.len()..].contains('`')).or_else(|| fence('~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "it reads better where it is called")]
    fn case(text: &str, expected: Result<&str, MarkerError>) {
        assert_eq!(splice(text, "| a |\n").as_deref(), expected.as_ref().copied(), "{text}");
    }

    #[test]
    fn the_table_takes_the_place_of_what_was_there() {
        let spliced = "# A\n<!-- bakeplan:begin -->\n\n| a |\n\n<!-- bakeplan:end -->\nrest";
        case("# A\n<!-- bakeplan:begin -->\n<!-- bakeplan:end -->\nrest", Ok(spliced));
        case("# A\n<!-- bakeplan:begin -->\nold\n\nolder\n<!-- bakeplan:end -->\nrest", Ok(spliced));
        case(spliced, Ok(spliced));
        case(
            "<!-- bakeplan:begin -->\n  <!-- bakeplan:end -->",
            Ok("<!-- bakeplan:begin -->\n\n| a |\n\n  <!-- bakeplan:end -->"),
        );
    }

    #[test]
    fn line_ends_stay_what_they_are() {
        case(
            "x\n<!-- bakeplan:begin -->\r\n<!-- bakeplan:end -->\r\n",
            Ok("x\n<!-- bakeplan:begin -->\r\n\r\n| a |\r\n\r\n<!-- bakeplan:end -->\r\n"),
        );
    }

    #[test]
    fn code_has_no_markers() {
        let code = "```html\n<!-- bakeplan:begin -->\n```\n~~~~\n<!-- bakeplan:end -->\n~~~\n~~~~\n `<!-- bakeplan:end -->`\n";
        case(code, Err(MarkerError::None));
        let pair = "<!-- bakeplan:begin -->\n\n| a |\n\n<!-- bakeplan:end -->\n";
        let text = format!("{code}```not` code\n{pair}");
        case(&text, Ok(&text));
    }

    #[test]
    fn there_is_one_pair() {
        let lone = |line, found, missing| Err(MarkerError::Lone { line, found, missing });
        case("", Err(MarkerError::None));
        case("a\n<!-- bakeplan:begin -->\n", lone(2, BEGIN, END));
        case("<!-- bakeplan:end -->", lone(1, END, BEGIN));
        case(
            "<!-- bakeplan:end -->\n<!-- bakeplan:begin -->",
            Err(MarkerError::Reversed { begin: 2, end: 1 }),
        );
        let pair = "<!-- bakeplan:begin -->\n<!-- bakeplan:end -->\n";
        case(&pair.repeat(2), Err(MarkerError::Twice { marker: BEGIN, lines: [1, 3] }));
        let end = format!("{pair}<!-- bakeplan:end -->");
        case(&end, Err(MarkerError::Twice { marker: END, lines: [2, 3] }));
    }
}
