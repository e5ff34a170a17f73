//! The lines of a script as a shell reads them: some go on where a line ends.

/// The text of a here-document.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// The text.
    pub text: String,
    /// How many lines there are above it in the script.
    pub at: usize,
    /// Whether a shell puts values into it.
    pub is_expanded: bool,
}

/// A line with the texts of the here-documents that it begins.
#[derive(Debug)]
pub(super) struct Whole {
    /// The line.
    pub text: String,
    /// How many lines there are above it.
    pub at: usize,
    /// The texts.
    pub documents: Vec<Document>,
}

/// Lines with what they go on with: after a backslash, to the end of a quoted text, and in here-documents.
pub(super) fn joined(text: &str) -> Vec<Whole> {
    let all: Vec<&str> = text.lines().collect();
    let (mut lines, mut at, mut spans) = (Vec::new(), 0, true);
    while at < all.len() {
        if let Some((line, next)) = array(&all[at..]) {
            lines.push(Whole { text: line, at, documents: Vec::new() });
            at += next;
            continue;
        }
        // A quote without an end is none of a shell: the file is another one, and quotes end with their lines.
        let whole = spans.then(|| one(&all, at, true)).flatten();
        spans &= whole.is_some();
        let Some((line, next)) = whole.or_else(|| one(&all, at, false)) else { break };
        let (begin, mut documents) = (at, Vec::new());
        at = next;
        for (end, is_expanded) in here_documents(&line) {
            // One without an end is none: `<<` also shifts numbers.
            let Some(length) = all[at..].iter().position(|line| line.trim() == end) else { continue };
            documents.push(Document { text: all[at..at + length].join("\n"), at, is_expanded });
            at += length + 1;
        }
        lines.push(Whole { text: line, at: begin, documents });
    }
    lines
}

/// How many lines an array may have.
const MAX_ARRAY: usize = 200;

/// An array over several lines as one, and how many these are: `NAME=(`, its words, `)`.
fn array(lines: &[&str]) -> Option<(String, usize)> {
    let first = lines.first()?.trim();
    let (name, _) = first.split_once("=(")?;
    let name = name.strip_suffix('+').unwrap_or(name).rsplit(' ').next()?;
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return None;
    }
    let (mut whole, mut quote, mut depth) = (String::new(), Quote::None, 0_i32);
    for (at, line) in lines.iter().take(MAX_ARRAY).enumerate() {
        let mut end = line.len();
        let begins = quote;
        quote = begins.read_all(line, |place, c| match c {
            '#' => end = place,
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        });
        let line = &line[..end];
        whole.push_str(line.trim_end().strip_suffix('\\').unwrap_or(line));
        if quote == Quote::None && depth <= 0 {
            return (at > 0).then_some((whole, at + 1));
        }
        whole.push(if quote == Quote::None { ' ' } else { '\n' });
    }
    None
}

/// The line that begins here, and where the next one does; `spans` says whether a quoted text may go on behind the end of a
/// line. None when nothing is there, or a quote has no end.
fn one(all: &[&str], from: usize, spans: bool) -> Option<(String, usize)> {
    let mut quote = Quote::None;
    let (mut joined, mut at) = (String::new(), from);
    while let Some(line) = all.get(at) {
        if spans {
            quote = quote.after(line);
        }
        at += 1;
        // Blanks behind a backslash are a mistake that people do not see.
        match line.trim_end().strip_suffix('\\').filter(|_| quote != Quote::Single) {
            Some(line) => {
                joined.push_str(line);
                joined.push(' ');
            }
            None if quote == Quote::None => {
                joined.push_str(line);
                return Some((joined, at));
            }
            None => {
                joined.push_str(line);
                joined.push('\n');
            }
        }
    }
    (at > from && quote == Quote::None).then_some((joined, at))
}

/// What a place in a script is within.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    None,
    Single,
    Double,
}

impl Quote {
    /// What is open behind a line.
    fn after(self, line: &str) -> Self {
        self.read(line, |_| {})
    }

    /// What is open behind a line, of which `plain` gets the places outside quotes and comments.
    fn read(self, line: &str, mut plain: impl FnMut(usize)) -> Self {
        self.read_all(line, |at, c| {
            if c != '#' {
                plain(at);
            }
        })
    }

    /// The same with the characters there; a comment is its first one.
    fn read_all(self, line: &str, mut plain: impl FnMut(usize, char)) -> Self {
        let (mut quote, mut previous) = (self, ' ');
        let mut chars = line.char_indices();
        while let Some((at, c)) = chars.next() {
            match (quote, c) {
                (Self::None, '#') if previous.is_whitespace() => {
                    plain(at, c);
                    return quote;
                }
                (Self::None, '#') => {}
                (Self::None | Self::Double, '\\') => {
                    chars.next();
                }
                (Self::None, '\'') => quote = Self::Single,
                (Self::None, '"') => quote = Self::Double,
                (Self::Single, '\'') | (Self::Double, '"') => quote = Self::None,
                (Self::None, _) => plain(at, c),
                _ => {}
            }
            previous = c;
        }
        quote
    }
}

/// The words that end the here-documents that a line begins, and whether a shell puts values into these.
fn here_documents(line: &str) -> Vec<(String, bool)> {
    let (mut ends, mut behind) = (Vec::new(), 0);
    Quote::None.read(line, |at| {
        let Some(after) = line[at..].strip_prefix("<<").filter(|_| at >= behind) else { return };
        let is_number = line[..at].matches("((").count() > line[..at].matches("))").count();
        let rest = after.trim_start_matches('<');
        behind = line.len() - rest.len();
        // `<<<` has its text behind it.
        if is_number || rest.len() < after.len() {
            return;
        }
        let word = after.trim_start_matches('-').trim_start();
        let bare = word.strip_prefix(['\'', '"', '\\']);
        let is_expanded = bare.is_none();
        let word = bare.unwrap_or(word);
        let length = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(word.len());
        if word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            ends.push((word[..length].to_owned(), is_expanded));
        }
    });
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(script: &str) -> Vec<String> {
        let show = |whole: Whole| {
            let documents = whole.documents.into_iter().map(|one| format!("{}< {}", one.at, one.text));
            std::iter::once(format!("{}: {}", whole.at, whole.text)).chain(documents).collect::<Vec<_>>()
        };
        joined(script).into_iter().flat_map(show).collect()
    }

    #[test]
    fn a_line_goes_on_to_the_end_of_a_quoted_text() {
        assert_eq!(shown("a \"b\nc\" d\ne"), ["0: a \"b\nc\" d", "2: e"]);
        assert_eq!(shown("a 'b \\\nc' d\ne \\ \n f"), ["0: a 'b \\\nc' d", "2: e   f"]);
        assert_eq!(shown("a \\\"b\nc # don't\nd"), ["0: a \\\"b", "1: c # don't", "2: d"]);
    }

    #[test]
    fn an_array_is_one_line() {
        assert_eq!(
            shown("a=(\n  b # c)\n  \"d (\"\n  $(e)\n)\nf"),
            ["0: a=(   b    \"d (\"   $(e) )", "5: f"]
        );
        assert_eq!(shown("local -a a+=(b \\\n c)\nf"), ["0: local -a a+=(b   c)", "2: f"]);
        assert_eq!(shown("a=(b)\nc=(\nd"), ["0: a=(b)", "1: c=(", "2: d"]);
    }

    #[test]
    fn what_has_no_end_stands_for_itself() {
        assert_eq!(shown("it isn't\na \\"), ["0: it isn't", "1: a  "]);
        assert_eq!(
            shown("cat <<-'END' <<X\ndon't\n END\nit's\nX\na"),
            ["0: cat <<-'END' <<X", "1< don't", "3< it's", "5: a"]
        );
        assert_eq!(shown("a <<X\nb \\\n it's \\\nX\nc"), ["0: a <<X", "1< b \\\n it's \\", "4: c"]);
        assert_eq!(shown("a <<< 'b\nc'\nd"), ["0: a <<< 'b\nc'", "2: d"]);
        for shifted in
            ["a $((1 << n))", "((a<<n))", "a # see \"cat << EOF\"", "a 'b << c'", "a \"b <<c\"", "a << z"]
        {
            assert_eq!(
                shown(&format!("{shifted}\nb \\\nc\nd")),
                [format!("0: {shifted}"), "1: b  c".into(), "3: d".into()]
            );
        }
        assert_eq!(shown("a \"$(cat <<X\nb\nX\n)\"\nc"), ["0: a \"$(cat <<X\nb\nX\n)\"", "4: c"]);
    }
}
