//! The lines of a script as a shell reads them: some go on where a line ends.

/// A line, and how many there are above it in the script.
pub(super) type Numbered = (String, usize);

/// Lines with what they go on with: after a backslash, and to the end of a quoted text. A here-document is read line by line,
/// since its text has quotes of its own.
pub(super) fn joined(text: &str) -> Vec<Numbered> {
    let all: Vec<&str> = text.lines().collect();
    let (mut lines, mut at) = (Vec::new(), 0);
    while at < all.len() {
        let (line, next) = one(&all, at);
        let ends = here_documents(&line);
        lines.push((line, at));
        at = next;
        for end in ends {
            while let Some(line) = all.get(at) {
                lines.push(((*line).to_owned(), at));
                at += 1;
                if line.trim() == end {
                    break;
                }
            }
        }
    }
    lines
}

/// The line that begins here, and where the next one does.
fn one(all: &[&str], from: usize) -> (String, usize) {
    let mut quote = Quote::None;
    let (mut joined, mut at) = (String::new(), from);
    while let Some(line) = all.get(at) {
        quote = quote.after(line);
        at += 1;
        // Blanks behind a backslash are a mistake that people do not see.
        match line.trim_end().strip_suffix('\\').filter(|_| quote != Quote::Single) {
            Some(line) => {
                joined.push_str(line);
                joined.push(' ');
            }
            None if quote == Quote::None => {
                joined.push_str(line);
                return (joined, at);
            }
            None => {
                joined.push_str(line);
                joined.push('\n');
            }
        }
    }
    // A quote without an end is none of a shell: the file is another one, and each line stands for itself.
    if quote == Quote::None { (joined, at) } else { (all[from].to_owned(), from + 1) }
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
        let (mut quote, mut previous) = (self, ' ');
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            match (quote, c) {
                (Self::None, '#') if previous.is_whitespace() => return quote,
                (Self::None | Self::Double, '\\') => {
                    chars.next();
                }
                (Self::None, '\'') => quote = Self::Single,
                (Self::None, '"') => quote = Self::Double,
                (Self::Single, '\'') | (Self::Double, '"') => quote = Self::None,
                _ => {}
            }
            previous = c;
        }
        quote
    }
}

/// The words that end the here-documents that a line begins.
fn here_documents(line: &str) -> Vec<String> {
    let mut ends = Vec::new();
    let mut rest = line;
    while let Some((_, after)) = rest.split_once("<<") {
        rest = after.trim_start_matches('<');
        // `<<<` has its text behind it.
        if rest.len() < after.len() {
            continue;
        }
        let word = after.trim_start_matches('-').trim_start();
        let word = word.strip_prefix(['\'', '"', '\\']).unwrap_or(word);
        let length = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(word.len());
        if word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            ends.push(word[..length].to_owned());
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(script: &str) -> Vec<String> {
        joined(script).into_iter().map(|(line, at)| format!("{at}: {line}")).collect()
    }

    #[test]
    fn a_line_goes_on_to_the_end_of_a_quoted_text() {
        assert_eq!(shown("a \"b\nc\" d\ne"), ["0: a \"b\nc\" d", "2: e"]);
        assert_eq!(shown("a 'b \\\nc' d\ne \\ \n f"), ["0: a 'b \\\nc' d", "2: e   f"]);
        assert_eq!(shown("a \\\"b\nc # don't\nd"), ["0: a \\\"b", "1: c # don't", "2: d"]);
    }

    #[test]
    fn what_has_no_end_stands_for_itself() {
        assert_eq!(shown("it isn't\na \\"), ["0: it isn't", "1: a  "]);
        assert_eq!(
            shown("cat <<-'END' <<X\ndon't\n END\nit's\nX\na"),
            ["0: cat <<-'END' <<X", "1: don't", "2:  END", "3: it's", "4: X", "5: a"]
        );
        assert_eq!(shown("a <<< 'b\nc'\nd"), ["0: a <<< 'b\nc'", "2: d"]);
    }
}
