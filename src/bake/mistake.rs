//! What an HCL syntax error most likely comes from, in words.
//!
//! The parser says where it gave up and what it would have taken. Where it gave up may be the start of the attribute,
//! so the text from there is searched for what no HCL has: an open string, a single quote, an unknown directive.

use std::ops::Range;

/// The escape sequences that there are.
pub(super) const ESCAPES: &str =
    r#"the escapes are `\n`, `\r`, `\t`, `\"`, `\\`, `\uXXXX` and `\UXXXXXXXX`; write a backslash as `\\`"#;

const QUOTES: &str = "HCL has only double quotes";
const OWN_LIMIT: &str = "a limit of bakeplan; give inner parts names of their own";

/// A syntax error to show.
#[derive(Debug, PartialEq)]
pub(super) struct Mistake {
    /// The offending bytes.
    pub(super) range: Range<usize>,
    /// What was found and expected.
    pub(super) message: String,
    /// What to do.
    pub(super) help: Option<&'static str>,
}

impl Mistake {
    fn new(range: Range<usize>, message: impl Into<String>, help: &'static str) -> Self {
        Self { range, message: message.into(), help: (!help.is_empty()).then_some(help) }
    }
}

/// Explains the parser's error at `offset`; `column` tells the last byte from the end of the text.
pub(super) fn explain(text: &str, offset: usize, column: usize, parser: &str) -> Mistake {
    let at = if is_at_end(text, offset, column) { text.len() } else { floor_boundary(text, offset) };
    let next = text[at..].chars().next();
    let gave_up_early = match next {
        Some('"') => parser != "expected `}`",
        Some('/') => true,
        Some(c) => parser == "unexpected token" && is_word(c),
        None => false,
    };
    from_parser(text, at, parser)
        .or_else(|| wrong_character(text, at))
        .or_else(|| if gave_up_early { first_slip(text, at) } else { None })
        .or_else(|| in_context(text, at, next, parser))
        .unwrap_or_else(|| {
            let expected =
                parser.strip_prefix("invalid ").and_then(|p| p.split_once("; ")).map_or(parser, |p| p.1);
            let message = match expected {
                "unexpected token" => format!("unexpected {}", found(text, at)),
                expected => format!("unexpected {}, {expected}", found(text, at)),
            };
            Mistake::new(token(text, at), message, "")
        })
}

/// The parser clamps the offset to the last byte, but not the column, which counts characters.
fn is_at_end(text: &str, offset: usize, column: usize) -> bool {
    if offset + 1 < text.len() {
        return false;
    }
    let line = text[..floor_boundary(text, offset)].rfind('\n').map_or(0, |at| at + 1);
    text.is_empty() || column > text[line..].chars().count()
}

fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

/// The word or character at an offset, nothing at the end of a line.
fn token(text: &str, at: usize) -> Range<usize> {
    let word: usize = text[at..].chars().take(60).take_while(|c| is_word(*c)).map(char::len_utf8).sum();
    match text[at..].chars().next() {
        Some(c) if !matches!(c, '\n' | '\r') => at..at + word.max(c.len_utf8()),
        _ => at..at,
    }
}

fn found(text: &str, at: usize) -> String {
    match &text[token(text, at)] {
        "" if at == text.len() => "end of the file".to_owned(),
        "" => "end of the line".to_owned(),
        token => format!("`{token}`"),
    }
}

/// Errors of which the parser's message tells all.
fn from_parser(text: &str, at: usize, parser: &str) -> Option<Mistake> {
    let range = token(text, at);
    let word = &text[range.clone()];
    if parser.contains("nesting depth") {
        return Some(Mistake::new(range, "more than 64 levels of nesting", OWN_LIMIT));
    }
    if parser.contains("chained binary operators") {
        return Some(Mistake::new(range, "more than 128 operators in one expression", OWN_LIMIT));
    }
    if parser.contains("redefined attribute") {
        return Some(Mistake::new(
            range,
            format!("`{word}` is set twice in one body"),
            "remove one of the two",
        ));
    }
    if parser.contains("redefined object key") {
        let help = "remove one of the two; buildx would take the last";
        return Some(Mistake::new(range, "an object has this key twice", help));
    }
    if parser.contains("escape sequence") || parser.contains("hex code") {
        let start = text[..at].rfind('\\').unwrap_or(at);
        let digits = text[start..].chars().skip(2).take(8).take_while(char::is_ascii_hexdigit).count();
        let selector = text[start..].chars().nth(1);
        let length = match selector {
            Some('u' | 'U') => 2 + digits,
            _ => 1 + selector.map_or(0, char::len_utf8),
        };
        let range = start..floor_boundary(text, start + length);
        return Some(Mistake::new(
            range.clone(),
            format!("`{}` is not an escape sequence", &text[range]),
            ESCAPES,
        ));
    }
    if parser.contains("heredoc end delimiter") {
        let start = text[..at].rfind("<<").unwrap_or(at);
        let end = text[start..].find(['\r', '\n']).map_or(text.len(), |length| start + length);
        let help = "close it with its marker alone on a line";
        return Some(Mistake::new(start..end, "this heredoc is not closed", help));
    }
    None
}

/// Characters that no HCL has outside strings.
fn wrong_character(text: &str, at: usize) -> Option<Mistake> {
    let rest = &text[at..];
    let c = rest.chars().next()?;
    let range = at..at + c.len_utf8();
    let mistake = |message: String, help| Some(Mistake::new(range.clone(), message, help));
    match c {
        '\'' => mistake("single quotes are not valid".to_owned(), QUOTES),
        '\u{2018}'..='\u{201f}' => mistake("curly quotes are not valid".to_owned(), QUOTES),
        '`' => mistake("backticks are not valid".to_owned(), QUOTES),
        ';' => {
            mistake("`;` is not valid".to_owned(), "end an attribute with a newline, an item with a comma")
        }
        '&' if !rest.starts_with("&&") => mistake("`&` is not an operator".to_owned(), "did you mean `&&`?"),
        '|' if !rest.starts_with("||") => mistake("`|` is not an operator".to_owned(), "did you mean `||`?"),
        _ => None,
    }
}

/// Errors whose cause shows in what the parser expected and what stands there.
fn in_context(text: &str, at: usize, next: Option<char>, parser: &str) -> Option<Mistake> {
    let line_ends = matches!(next, None | Some('\n' | '\r'));
    let range = token(text, at);
    let found = found(text, at);
    let before = text[..at].trim_end_matches([' ', '\t']);
    let mistake = |message: &str, help| Some(Mistake::new(range.clone(), message, help));
    let missing =
        |what: &str, help| Some(Mistake::new(range.clone(), format!("expected {what}, found {found}"), help));
    match parser.split_once("; ").map_or(parser, |(label, _)| label) {
        "expected newline or eof" => match next {
            Some(',') => {
                mistake("a comma after an attribute", "attributes end with a newline, not with a comma")
            }
            Some('{') => mistake("a block has no `=` before its `{`", "remove the `=`"),
            Some('}') => mistake(
                "the `}` of a block of several lines stands on its own line",
                "put a newline before it",
            ),
            _ => missing("a newline", "write each attribute and each block on a line of its own"),
        },
        "invalid block body" => match next {
            None => mistake("a block is not closed", "add the missing `}`"),
            Some(',') => {
                mistake("a block on one line has only one attribute", "write each attribute on its own line")
            }
            Some('\n' | '\r') => mistake(
                "a block that has an attribute on its first line ends on that line",
                "put a newline after the `{`, or the `}` on this line",
            ),
            _ => missing("`}` or an attribute", "a block on one line has at most one attribute"),
        },
        "expected `{`" => match next {
            Some('"') => mistake("a label is a plain string", "labels cannot hold `${…}`"),
            Some('\n' | '\r') => {
                mistake("the `{` of a block stands on the line of its name", "move it there")
            }
            _ => missing("`{` or a label", ""),
        },
        "expected `]`" | "expected `)` or expression" | "expected `)`" if !line_ends => {
            let close = if parser.contains(']') { "`,` or `]`" } else { "`,` or `)`" };
            missing(close, "separate items with commas")
        }
        "expected `]`" => missing("`,` or `]`", "lists separate items with commas, also at line ends"),
        "expected `)` or expression" | "expected `)`" => missing("`)`", ""),
        "expected `}`" if next == Some('"') => {
            mistake("the string ends inside a `${…}`", "add the missing `}`")
        }
        "expected `}`" => missing("`}`", "write `$${` for a literal `${`"),
        "expected `:`" => missing("`:`", ""),
        "invalid object item" => missing("a newline, `,` or `}`", "separate items with commas or newlines"),
        "invalid object value assignment" => missing("`=` or `:` after a key", ""),
        "invalid structure" => {
            missing("`=`, `{` or a label", "write `name = value` for an attribute, `name { … }` for a block")
        }
        "invalid expression"
            if line_ends && before.ends_with(['+', '-', '*', '/', '%', '&', '|', '<', '>']) =>
        {
            mistake("an expression goes on over a line end", "wrap it in parentheses to break the line")
        }
        "invalid expression" => missing("a value", ""),
        "unexpected token" => match next {
            Some('}') => mistake("`}` without an open block", ""),
            Some('"') => mistake("an attribute's name has no quotes", "remove the quotes"),
            Some('$') => mistake("this `${` does not hold an expression", "write `$${` for a literal `${`"),
            Some('%') => mistake("this directive is unknown or not closed", "write `%%{` for a literal `%{`"),
            Some(c) if is_word(c) => mistake("this attribute or block is not complete", ""),
            _ => None,
        },
        _ => None,
    }
}

/// Where the search for a slip is: in code inside so many braces, or in the string opened at an offset, with the
/// offsets of its open directives.
enum Mode {
    Code(usize),
    String(usize, Vec<usize>),
}

/// The first thing from `at` on that no HCL has.
fn first_slip(text: &str, mut at: usize) -> Option<Mistake> {
    let mut modes = vec![Mode::Code(0)];
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let mode = modes.last_mut()?;
        at += match mode {
            Mode::Code(braces) => match c {
                '"' => {
                    modes.push(Mode::String(at, Vec::new()));
                    1
                }
                '{' => {
                    *braces += 1;
                    1
                }
                '}' if *braces > 0 => {
                    *braces -= 1;
                    1
                }
                '}' if modes.len() > 1 => {
                    modes.pop();
                    1
                }
                '#' => rest.find('\n').unwrap_or(rest.len()),
                '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
                '/' if rest.starts_with("/*") => match rest.find("*/") {
                    Some(length) => length + 2,
                    None => return Some(Mistake::new(at..at + 2, "this comment is not closed", "add `*/`")),
                },
                // What a heredoc holds may look like anything.
                '<' if rest.starts_with("<<") => return None,
                '&' | '|' if rest.starts_with("&&") || rest.starts_with("||") => 2,
                _ => match wrong_character(text, at) {
                    Some(mistake) => return Some(mistake),
                    None => c.len_utf8(),
                },
            },
            Mode::String(open, directives) => match c {
                '\n' => return Some(open_string(*open)),
                '\\' => 1 + rest[1..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8),
                '"' => {
                    if let Some(start) = directives.pop() {
                        let message = "this directive is not closed";
                        return Some(Mistake::new(
                            start..start + 2,
                            message,
                            "add `%{ endif }` or `%{ endfor }`",
                        ));
                    }
                    modes.pop();
                    1
                }
                '$' | '%' if rest.starts_with("$${") || rest.starts_with("%%{") => 3,
                '%' if rest.starts_with("%{") => {
                    if let Some(mistake) = directive(text, at, directives) {
                        return Some(mistake);
                    }
                    modes.push(Mode::Code(0));
                    2
                }
                '$' if rest.starts_with("${") => {
                    modes.push(Mode::Code(0));
                    2
                }
                _ => c.len_utf8(),
            },
        };
    }
    modes.iter().rev().find_map(|mode| match mode {
        Mode::String(open, _) => Some(open_string(*open)),
        Mode::Code(_) => None,
    })
}

fn open_string(open: usize) -> Mistake {
    let help = "end it on its line; write a newline as `\\n`, or use a heredoc (`<<EOT`)";
    Mistake::new(open..open + 1, "this string is not closed", help)
}

/// Checks the directive at an offset against those that are open.
fn directive(text: &str, at: usize, open: &mut Vec<usize>) -> Option<Mistake> {
    let keyword = text[at + 2..].trim_start_matches('~').trim_start();
    let start = text.len() - keyword.len();
    let word = token(text, start);
    match &text[word.clone()] {
        "if" | "for" => {
            open.push(at);
            None
        }
        "else" if !open.is_empty() => None,
        "endif" | "endfor" if open.pop().is_some() => None,
        "else" | "endif" | "endfor" => Some(Mistake::new(word, "this directive closes none", "")),
        other => {
            let message = format!("`{other}` is not a directive");
            Some(Mistake::new(word, message, "write `%%{` for a literal `%{`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lower::parse_hcl;
    use crate::source::Sources;

    #[test]
    fn common_mistakes_are_recognised() {
        for (text, place, message) in [
            ("a = 'x'\n", "'", "single quotes are not valid"),
            ("a = “x”\n", "“", "curly quotes are not valid"),
            ("a = `x`\n", "`", "backticks are not valid"),
            ("a = 1; b = 2\n", ";", "`;` is not valid"),
            ("a = b & c\n", "&", "`&` is not an operator"),
            ("a = (b | c)\n", "|", "`|` is not an operator"),
            ("a = \"x\nb = 1\n", "\"", "this string is not closed"),
            ("a = \"x", "\"", "this string is not closed"),
            ("a = [\n  \"x\n]\n", "\"", "this string is not closed"),
            ("a = \"${b\"\n", "\"", "the string ends inside a `${…}`"),
            ("a = \"${b c}\"\n", "c", "expected `}`, found `c`"),
            ("a = \"\\q\"\n", "\\q", "`\\q` is not an escape sequence"),
            ("a = \"\\u12\"\n", "\\u12", "`\\u12` is not an escape sequence"),
            ("a = \"%{ when b }\"\n", "when", "`when` is not a directive"),
            ("a = \"%{ if b }\"\n", "%{", "this directive is not closed"),
            ("a = \"%{ endif }\"\n", "endif", "this directive closes none"),
            ("a = <<EOT\nb\n", "<<EOT", "this heredoc is not closed"),
            ("/* a\n", "/*", "this comment is not closed"),
            ("b {\n  a = 1,\n}\n", ",", "a comma after an attribute"),
            ("b {\n  a = 1 }\n", "}", "the `}` of a block of several lines stands on its own line"),
            ("b { a = 1, c = 2 }\n", ",", "a block on one line has only one attribute"),
            ("b { a = 1\n}\n", "", "a block that has an attribute on its first line ends on that line"),
            ("b \"c\"\n{\n}\n", "", "the `{` of a block stands on the line of its name"),
            ("b \"${c}\" {\n}\n", "\"", "a label is a plain string"),
            ("b {\n  a = 1\n", "", "a block is not closed"),
            ("b = \"c\" {\n}\n", "{", "a block has no `=` before its `{`"),
            ("a = 1\n}\n", "}", "`}` without an open block"),
            ("\"a\" = 1\n", "\"", "an attribute's name has no quotes"),
            ("a = 1\nb = 2\na = 3\n", "a", "`a` is set twice in one body"),
            ("a = 1 2\n", "2", "expected a newline, found `2`"),
            ("a = [1 2]\n", "2", "expected `,` or `]`, found `2`"),
            ("a = [1\n", "", "expected `,` or `]`, found end of the file"),
            ("a = f(1 2)\n", "2", "expected `,` or `)`, found `2`"),
            ("a = f(1\n", "", "expected `)`, found end of the file"),
            ("a = {b = 1 c = 2}\n", "c", "expected a newline, `,` or `}`, found `c`"),
            ("a = {b 1}\n", "}", "expected `=` or `:` after a key, found `}`"),
            ("a = b ? c\n", "", "expected `:`, found end of the line"),
            ("a = b +\n  c\n", "", "an expression goes on over a line end"),
            ("a = [1,,2]\n", ",", "expected a value, found `,`"),
            ("a.b = 1\n", ".", "expected `=`, `{` or a label, found `.`"),
            ("a", "a", "this attribute or block is not complete"),
            ("<%= a %>\n", "<", "unexpected `<`"),
            ("{\"target\": {}}\n", "{", "unexpected `{`"),
        ] {
            let mut sources = Sources::default();
            let id = sources.add("docker-bake.hcl", text);
            let errors = parse_hcl(&sources, id).err().unwrap_or_else(|| panic!("{text} is accepted"));
            assert_eq!(errors[0].message, message, "{text}");
            assert_eq!(sources.text(errors[0].labels[0].span), place, "{text}");
        }
    }
}
