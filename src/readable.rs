//! Texts from outside as a person may read them: on a terminal, in the log of a CI, in Markdown.
//!
//! Bake files, artifacts, branch names and the answers of registries are written by strangers. A terminal obeys control
//! characters, a bidirectional override makes text read as other text, and the runner of GitHub Actions obeys lines that
//! begin with `::`. So whatever is shown passes through here, where it is put into a line or, at the latest, where it
//! is written.

use std::borrow::Cow;
use std::fmt::Write as _;

/// What a runner takes for a command wherever it stands in a line, followed by the command's name and `[`
/// (<https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs>; Azure Pipelines likewise).
const ANYWHERE: &str = "##";

/// What a runner takes for a command at the beginning of a line, after blanks (likewise).
const AT_START: &str = "::";

/// A text within a line: control characters and line ends are escaped as in `"\u{1b}"`.
#[must_use]
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    escape(text, |c| is_hidden(c) || c == '\n' || c == '\t')
}

/// The same of a text that is held as either.
#[must_use]
pub(crate) fn cow(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => line(text),
        Cow::Owned(text) => Cow::Owned(line(&text).into_owned()),
    }
}

/// JSON for people to read: the same data, with escapes in its strings.
#[must_use]
pub(crate) fn json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else if c == '[' && is_name_of_command(&shown) {
            // Between the signs of a command there is nothing but a string.
            shown.push_str("\\u005b");
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Whether a runner may take something in a text for a command that stands anywhere in a line.
#[must_use]
pub(crate) fn has_command(text: &str) -> bool {
    text.contains(ANYWHERE)
}

/// Bytes as hexadecimal digits, in lower case.
#[must_use]
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| DIGITS[usize::from(digit)]).collect()
}

/// A word as a POSIX shell reads it back.
#[must_use]
pub(crate) fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Lines of text, of which none is a command to a runner. Other control characters are escaped.
#[must_use]
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    match escape(text, is_hidden) {
        Cow::Borrowed(text) => without_commands(text),
        Cow::Owned(text) => Cow::Owned(without_commands(&text).into_owned()),
    }
}

/// A text that is a line by itself, and that no runner takes for a command, whatever it quotes.
#[must_use]
pub(crate) fn message_line(text: &str) -> String {
    without_commands(&line(text.trim_end())).into_owned()
}

/// Lines of ours that may have styles (`ESC [ … m`): these stay, and all else is as in [`lines`].
#[must_use]
pub(crate) fn styled(text: &str) -> Cow<'_, str> {
    with_escapes(text, style_length)
}

/// The same of lines that may have links to web pages, too. What is a stranger's in them has passed through `line`.
#[must_use]
pub(crate) fn linked(text: &str) -> Cow<'_, str> {
    with_escapes(text, |text| style_length(text).or_else(|| link_length(text)))
}

/// Lines in which the escape sequences stay that have a length.
fn with_escapes(text: &str, length_of: impl Fn(&str) -> Option<usize>) -> Cow<'_, str> {
    if !text.contains('\x1b') {
        return lines(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\x1b') {
        shown.push_str(&escape(&rest[..at], is_hidden));
        let length = length_of(&rest[at..]);
        match length {
            Some(length) => shown.push_str(&rest[at..at + length]),
            None => shown.extend('\x1b'.escape_default()),
        }
        rest = &rest[at + length.unwrap_or(1)..];
    }
    shown.push_str(&escape(rest, is_hidden));
    Cow::Owned(without_commands(&shown).into_owned())
}

/// A text within a line of Markdown, in which it means nothing but itself.
#[must_use]
pub(crate) fn markdown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in line(text).chars() {
        match c {
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            '\\' | '`' | '|' | '*' | '[' | ']' | '!' | '~' | '#' | '$' => shown.extend(['\\', c]),
            _ => shown.push(c),
        }
    }
    // Within a word it means nothing (<https://spec.commonmark.org/0.31.2/#emphasis-and-strong-emphasis>).
    let is_outside = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
    let means = |(at, _): (usize, _)| {
        is_outside(shown[..at].chars().next_back()) || is_outside(shown[at + 1..].chars().next())
    };
    let shown = if shown.match_indices('_').any(means) { shown.replace('_', "\\_") } else { shown };
    unlinked(&shown)
}

/// A text of Markdown in which nothing becomes a link or a picture by itself: addresses, names of people, numbers of issues
/// and names of emoji. What makes them that is looked for after escapes are gone, and not across a comment
/// (<https://github.github.com/gfm/#autolinks-extension->,
/// <https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls>).
fn unlinked(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        shown.push(c);
        rest = &rest[c.len_utf8()..];
        let begins_word = |rest: &str| rest.starts_with(|c: char| c.is_alphanumeric() || "_+-".contains(c));
        let links = match c {
            '@' | '#' => begins_word(rest),
            ':' => rest.starts_with("//") || is_shortcode(rest),
            '.' => ends_with_word(&shown[..shown.len() - 1], "www"),
            '-' => ends_with_word(&shown[..shown.len() - 1], "gh") && begins_word(rest),
            _ => false,
        };
        if links {
            shown.push_str("<!-- -->");
        }
    }
    shown
}

/// Whether what comes after a colon is the name of an emoji, up to the next colon.
fn is_shortcode(rest: &str) -> bool {
    rest.split_once(':').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
    })
}

/// Whether the last word of a text is this, in upper or lower case.
fn ends_with_word(text: &str, word: &str) -> bool {
    let last = text.rsplit(|c: char| !c.is_alphanumeric()).next();
    last.is_some_and(|last| last.eq_ignore_ascii_case(word))
}

/// A text in a label of Mermaid, which stands in quotes
/// (<https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters>).
#[must_use]
pub(crate) fn mermaid(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in line(text).chars() {
        if c.is_alphanumeric() || !c.is_ascii() || " -./:,@+=_()".contains(c) {
            shown.push(c);
        } else {
            let _ = write!(shown, "#{};", u32::from(c));
        }
    }
    shown
}

/// A text as code in a cell of a Markdown table.
#[must_use]
pub(crate) fn code(text: &str) -> String {
    let text = line(text).replace('|', "\\|");
    // Code ends at as many backticks as it begins with.
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let (fence, gap) = ("`".repeat(longest + 1), if longest > 0 { " " } else { "" });
    format!("{fence}{gap}{text}{gap}{fence}")
}

/// A message in a cell of a Markdown table, in which backticks quote what was found. Where that has backticks itself,
/// other parts of the message become code, and still nothing means anything to Markdown.
#[must_use]
pub(crate) fn message(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, quoted, after)) = quotation(rest) {
        shown.push_str(&markdown(before));
        shown.push_str(&code(quoted));
        rest = after;
    }
    shown.push_str(&markdown(rest));
    shown
}

/// What comes before the first quotation of a text, the quotation, and what comes after it.
fn quotation(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('`')?;
    let (quoted, after) = rest.split_once('`')?;
    (!quoted.is_empty()).then_some((before, quoted, after))
}

/// Whether a character changes what is seen, other than by being seen, or ends a line. Line feeds and tabs are not among
/// them.
pub(crate) fn is_hidden(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        // Marks and overrides of direction, separators of lines, the byte order mark, interlinear notes, and tags.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}' => true,
        '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => true,
        // What has no width, so that two names look the same: all that Unicode calls ignorable, but for joiners and the
        // first variation selectors, which some scripts and emoji need
        // (<https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point>).
        '\u{ad}'
        | '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' => true,
        '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{3164}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' => true,
        '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0080}'..='\u{e0fff}' => true,
        _ => c.is_control(),
    }
}

/// Whether a text is one line to every reader, and shows all of itself. Readers of YAML 1.1 also end a line at U+2028.
pub(crate) fn is_one_line(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() || is_hidden(c))
}

fn escape(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    // Nearly all bytes are plain, in tables that may be long.
    let is_plain = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    let stays = |byte: u8| is_plain(byte) || byte.is_ascii() && !is_escaped(char::from(byte));
    if text.bytes().all(stays) || !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_escaped(c) {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// The length of the style that a text begins with.
fn style_length(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("\x1b[")?;
    let numbers = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b';').count();
    rest[numbers..].starts_with('m').then_some(text.len() - rest.len() + numbers + 1)
}

/// The length of the beginning or end of a link that a text begins with
/// (<https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda>).
fn link_length(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("\x1b]8;;")?;
    let length = rest.bytes().take_while(u8::is_ascii_graphic).count();
    let is_page = length == 0 || rest.starts_with("https://");
    (is_page && rest[length..].starts_with("\x1b\\")).then_some(text.len() - rest.len() + length + 2)
}

/// Lines of which a runner obeys none: `\::` at the beginning of a line, `## [` and the like anywhere.
fn without_commands(text: &str) -> Cow<'_, str> {
    let is_command = |line: &str| without_styles(line).starts_with(AT_START);
    let has_one = text.contains(ANYWHERE) || text.contains(AT_START) && text.split('\n').any(is_command);
    if !has_one {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for line in text.split_inclusive('\n') {
        let start = if is_command(line) { line.find(AT_START).unwrap_or_default() } else { 0 };
        shown.push_str(&line[..start]);
        shown.push_str(if is_command(line) { "\\" } else { "" });
        for c in line[start..].chars() {
            if c == '[' && is_name_of_command(&shown) {
                shown.push(' ');
            }
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Whether a text ends with what makes a following `[` a command.
fn is_name_of_command(text: &str) -> bool {
    text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).ends_with(ANYWHERE)
}

/// What comes after the blanks and styles that a line begins with.
fn without_styles(line: &str) -> &str {
    let mut rest = line.trim_start();
    while let Some(length) = style_length(rest) {
        rest = rest[length..].trim_start();
    }
    rest
}

/// What stands before the host in the addresses of a text: `USER:PASSWORD` of `https://USER:PASSWORD@HOST`.
pub(crate) fn logins_in_addresses(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("://").filter_map(|(at, mark)| {
        let rest = &text[at + mark.len()..];
        let end =
            rest.find(|c: char| c == '/' || c.is_whitespace() || "\"'".contains(c)).unwrap_or(rest.len());
        rest[..end].rsplit_once('@').map(|(login, _)| login).filter(|login| !login.is_empty())
    })
}

/// A text in which asterisks stand for them: a user's name may be a token.
pub(crate) fn without_logins_in_addresses(text: &str) -> Cow<'_, str> {
    logins_in_addresses(text)
        .fold(Cow::Borrowed(text), |text, login| Cow::Owned(text.replace(&format!("://{login}@"), "://***@")))
}

/// The parts of a list that stands in one string, each as a string of its own.
pub(crate) fn apart(list: &str) -> String {
    let parts: Vec<String> = list.split(',').map(|one| format!("{:?}", one.trim())).collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_has_no_control_characters() {
        for (text, expected) in [
            ("", ""),
            ("ghcr.io/acme/app", "ghcr.io/acme/app"),
            ("größer 日本 👩‍👧", "größer 日本 👩‍👧"),
            ("a\nb\r\n\tc", "a\\nb\\r\\n\\tc"),
            ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"),
            ("\u{9b}31m\u{7f}\0", "\\u{9b}31m\\u{7f}\\u{0}"),
            ("a\u{202e}b\u{2066}c\u{61c}d\u{200f}", "a\\u{202e}b\\u{2066}c\\u{61c}d\\u{200f}"),
            ("a\u{2028}b\u{85}c\u{feff}\u{e0041}", "a\\u{2028}b\\u{85}c\\u{feff}\\u{e0041}"),
            ("a\u{200b}b\u{2060}c\u{ad}d\u{3164}", "a\\u{200b}b\\u{2060}c\\u{ad}d\\u{3164}"),
            ("ن\u{200c}ه \u{2764}\u{fe0f} e\u{301}", "ن\u{200c}ه \u{2764}\u{fe0f} e\u{301}"),
        ] {
            assert_eq!(line(text), expected, "{text:?}");
        }
    }

    #[test]
    fn no_line_is_a_command() {
        for (text, expected) in [
            ("a::b\nc", "a::b\nc"),
            ("::error::x", "\\::error::x"),
            ("a\n  \u{a0}::set-output name=a::b\n", "a\n  \u{a0}\\::set-output name=a::b\n"),
            ("a\r::error::x", "a\\r::error::x"),
            ("x ##[error]y", "x ## [error]y"),
            ("##vso[task.x]y", "##vso [task.x]y"),
            ("### Plan ##", "### Plan ##"),
            ("###[add-mask]a", "### [add-mask]a"),
        ] {
            assert_eq!(lines(text), expected, "{text:?}");
        }
    }

    #[test]
    fn styles_of_ours_stay() {
        for (text, expected) in [
            ("\u{1b}[1m\u{1b}[38;5;9merror\u{1b}[0m: a\n", "\u{1b}[1m\u{1b}[38;5;9merror\u{1b}[0m: a\n"),
            ("\u{1b}[1m ::error::x", "\u{1b}[1m \\::error::x"),
            ("\u{1b}[2Ja\u{1b}[1A\u{1b}", "\\u{1b}[2Ja\\u{1b}[1A\\u{1b}"),
            ("\u{1b}[1m\u{9b}2J", "\u{1b}[1m\\u{9b}2J"),
        ] {
            assert_eq!(styled(text), expected, "{text:?}");
        }
    }

    #[test]
    fn links_of_ours_stay_where_they_are_expected() {
        let link = "\u{1b}]8;;https://ghcr.io/a/b\u{1b}\\ghcr.io/a/b\u{1b}]8;;\u{1b}\\\n";
        assert_eq!(linked(link), link);
        assert_eq!(styled(link).matches('\u{1b}').count(), 0);
        for other in [
            "\u{1b}]8;;file:///etc\u{1b}\\a",
            "\u{1b}]8;;https://a\u{7}a",
            "\u{1b}]0;title\u{1b}\\",
            "\u{1b}]8;;https://a b\u{1b}\\",
        ] {
            assert_eq!(linked(other).matches('\u{1b}').count(), 0, "{other:?}");
        }
    }

    #[test]
    fn in_markdown_a_text_is_only_itself() {
        for (text, expected) in [
            ("app-1_2", "app-1_2"),
            ("<img src=x> & | `a`\nb", "&lt;img src=x&gt; &amp; \\| \\`a\\`\\\\nb"),
            (
                "[a](http://b) **c** @me ![d]",
                "\\[a\\](http:<!-- -->//b) \\*\\*c\\*\\* @<!-- -->me \\!\\[d\\]",
            ),
            ("HTTPS://b www.b.c WWW.d", "HTTPS:<!-- -->//b www.<!-- -->b.c WWW.<!-- -->d"),
            ("me@host.example a/b@c", "me@<!-- -->host.example a/b@<!-- -->c"),
            ("#1 a/b#2 GH-3 Xgh-4 #", "\\#<!-- -->1 a/b\\#<!-- -->2 GH-<!-- -->3 Xgh-4 \\#"),
            (":+1: ghcr.io:5000/a:1.2 a:b:c", ":<!-- -->+1: ghcr.io:5000/a:1.2 a:<!-- -->b:c"),
            ("_a_", "\\_a\\_"),
        ] {
            assert_eq!(markdown(text), expected, "{text:?}");
        }
        let text = mermaid("a|b`c`<img>&\"'\n::x [y](z) *w* #35; é");
        assert!(!text.contains(['|', '`', '<', '>', '"', '\'', '\n', '[', ']', '*']), "{text}");
        assert!(text.contains("#34;") && text.contains("#35;35#59;") && text.ends_with('é'), "{text}");
        for plain in ["ghcr.io/acme/app:1.4-rc.1", "linux/arm/v7", "app-linux-amd64"] {
            assert_eq!((markdown(plain), mermaid(plain)), (plain.to_owned(), plain.to_owned()));
        }
        assert_eq!(code("a|b\nc"), "`a\\|b\\nc`");
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(code("a``"), "``` a`` ```");
        for (text, expected) in [
            ("`a/b:1` is not a tag", "`a/b:1` is not a tag"),
            ("`a*|b` has **c**", "`a*\\|b` has \\*\\*c\\*\\*"),
            ("`a`[x](y)` b", "`a`\\[x\\](y)\\` b"),
            ("``", "\\`\\`"),
        ] {
            assert_eq!(message(text), expected, "{text:?}");
        }
    }

    #[test]
    fn json_stays_the_same_data() {
        let value =
            serde_json::json!({ "a": "::x\u{9b}2J\u{202e}##[error]\u{e0041}##vso[y]", "b": ["\u{1b}"] });
        let shown = json(&serde_json::to_string_pretty(&value).unwrap());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        assert!(shown.contains(r"::x\u009b2J\u202e##\u005berror]\udb40\udc41##vso\u005by]"), "{shown}");
    }

    proptest! {
        #[test]
        fn nothing_of_a_stranger_reaches_a_terminal_or_a_runner(text in "(::|##|\\[|m|[a-z]|\\PC|[\u{0}-\u{a0}]|\u{202e}|\u{1b}\\[1m|\n){0,40}") {
            let is_calm = |shown: &str| {
                shown.split('\n').all(|line| {
                    !line.trim_start().starts_with("::") && !line.contains("##[") && !line.contains('\u{9b}')
                }) && !shown.contains(['\r', '\u{7}', '\u{202e}', '\u{85}'])
            };
            let (in_line, in_lines) = (line(&text), lines(&text));
            let is_line = !in_line.contains(['\n', '\u{1b}', '\t']);
            prop_assert!(is_line && is_calm(&in_lines) && !in_lines.contains('\u{1b}'), "{in_line} {in_lines}");
            let shown = styled(&text);
            prop_assert!(is_calm(&shown), "{shown:?}");
            prop_assert_eq!(lines(&lines(&text)).into_owned(), lines(&text).into_owned());
        }
    }
}
