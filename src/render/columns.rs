//! Text in columns.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

use crate::readable;

/// Between two columns.
const GAP: &str = "  ";

/// Writes left-aligned columns, without blanks at the ends of lines.
pub(crate) fn columns<'a, const N: usize>(
    head: [&'static str; N],
    rows: impl Iterator<Item = [Cow<'a, str>; N]>,
    text: &mut String,
) {
    let shown = |row: [Cow<'a, str>; N]| row.map(readable::cow);
    let all: Vec<[Cow<'_, str>; N]> = std::iter::once(head.map(Cow::from)).chain(rows.map(shown)).collect();
    let mut widths = [0; N];
    for row in &all {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = width(cell).max(*widest);
        }
    }
    for row in &all {
        let end = row.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
        for (at, (cell, width_of_column)) in row[..end].iter().zip(&widths).enumerate() {
            text.push_str(cell);
            if at + 1 < end {
                text.extend(std::iter::repeat_n(' ', width_of_column - width(cell)));
                text.push_str(GAP);
            }
        }
        text.push('\n');
    }
}

/// How many columns of a terminal a text takes.
fn width(text: &str) -> usize {
    if text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') { text.len() } else { text.width() }
}
