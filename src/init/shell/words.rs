//! What a line of shell is made of: commands, the stages of a pipeline, words.

/// What may stand before the name of a command: words of the shell, and what only runs what follows.
pub(in crate::init) const BEFORE_COMMANDS: [&str; 15] = [
    "export", "local", "readonly", "sudo", "then", "do", "if", "elif", "else", "while", "until", "!", "{",
    "time", "exec",
];

/// `NAME=VALUE`
pub(in crate::init) fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    is_assigned(name).then(|| (name.to_owned(), value.to_owned()))
}

/// Whether a variable or an output may be called so.
pub(super) fn is_assigned(name: &str) -> bool {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    !name.is_empty() && name.chars().all(is_of_name) && !name.starts_with('-')
}

/// `NAME=(WORD…)`: the name, and the words with blanks between them.
pub(super) fn array(command: &str) -> Option<(String, String)> {
    let (name, list) = command.split_once("=(")?;
    let list = list.strip_suffix(')').filter(|_| is_assigned(name))?;
    Some((name.to_owned(), words(list).join(" ")))
}

/// `NAME ?= VALUE` and the like, of make.
pub(super) fn is_of_make(line: &str) -> bool {
    let Some((name, _)) = line.split_once('=') else { return false };
    let bare = name.trim_end_matches(['?', ':', '+']).trim_end();
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    name.len() > bare.len() && !bare.is_empty() && bare.chars().all(is_of_name)
}

/// A line cut where one command ends and another begins.
pub(in crate::init) fn commands(line: &str) -> Vec<String> {
    cut(line, |c, next| match c {
        ';' => 1,
        '&' | '|' if next == Some(c) => 2,
        _ => 0,
    })
}

/// The commands that a pipe is between.
pub(in crate::init) fn stages(command: &str) -> Vec<String> {
    cut(command, |c, next| match (c, next) {
        ('|', Some('&')) => 2,
        ('|', _) => 1,
        _ => 0,
    })
}

/// Cuts a text, outside of quotes and parentheses, where so many characters end a command.
fn cut(text: &str, end: impl Fn(char, Option<char>) -> usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut single, mut double, mut depth) = (false, false, 0usize);
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let previous = std::mem::replace(&mut before, c);
        match c {
            '\\' if !single => {
                if let Some(last) = parts.last_mut() {
                    last.push(c);
                    last.extend(chars.next());
                }
                continue;
            }
            '\'' if !double => single = !single,
            '"' if !single => double = !double,
            // In double quotes, one is a part of the text unless something is substituted.
            '(' if !single && (!double || depth > 0 || previous == '$') => depth += 1,
            ')' if !single && depth > 0 => depth -= 1,
            _ => {}
        }
        let is_outside = !single && !double && depth == 0;
        let ends = if is_outside { end(c, chars.peek().copied()) } else { 0 };
        if ends > 0 {
            for _ in 1..ends {
                chars.next();
            }
            parts.push(String::new());
        } else if is_outside && c == '#' && parts.last().is_some_and(|last| last.ends_with([' ', '\t'])) {
            break;
        } else if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// The words of a command, without their quotes; what a substitution holds is one word.
pub(in crate::init) fn words(command: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let (mut single, mut double, mut depth) = (false, false, 0usize);
    let mut previous = ' ';
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        if c == '\\' && !single && depth == 0 {
            let next = chars.next();
            let word = word.get_or_insert_default();
            // In double quotes, it stands before these alone.
            if double && next.is_some_and(|next| !matches!(next, '$' | '`' | '"' | '\\' | '\n')) {
                word.push('\\');
            }
            word.extend(next);
            continue;
        }
        match c {
            '(' if previous == '$' && !single => depth += 1,
            '(' if depth > 0 => depth += 1,
            ')' if depth > 0 => depth -= 1,
            _ => {}
        }
        let is_inside = single || double || depth > 0;
        match c {
            '\'' if !double && depth == 0 => {
                single = !single;
                word.get_or_insert_default();
            }
            '"' if !single && depth == 0 => {
                double = !double;
                word.get_or_insert_default();
            }
            c if c.is_whitespace() && !is_inside => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
        previous = c;
    }
    words.extend(word);
    words
}

/// What the `$(…)` and `` `…` `` of a command hold. Single quotes count where double ones do not hold them.
pub(super) fn substitutions(command: &str) -> Vec<&str> {
    let (mut found, mut single, mut double, mut depth) = (Vec::new(), false, false, 0usize);
    let (mut opened, mut tick): (Option<usize>, Option<usize>) = (None, None);
    let mut previous = ' ';
    let mut chars = command.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if !single => {
                chars.next();
            }
            '`' if !single && depth == 0 => match tick.take() {
                Some(from) => found.push(&command[from..at]),
                None => tick = Some(at + 1),
            },
            _ if tick.is_some() => {}
            '\'' if !double && depth == 0 => single = !single,
            '"' if !single && depth == 0 => double = !double,
            '(' if previous == '$' && !single && depth == 0 => {
                opened = Some(at + 1);
                depth = 1;
            }
            '(' if depth > 0 => depth += 1,
            ')' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    found.extend(opened.take().map(|from| &command[from..at]));
                }
            }
            _ => {}
        }
        previous = c;
    }
    found
}
