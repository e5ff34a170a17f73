//! What a line of shell is made of: commands, the stages of a pipeline, words.

/// What may stand before the name of a command: words of the shell, and what only runs what follows.
pub(in crate::init) const BEFORE_COMMANDS: [&str; 15] = [
    "export", "local", "readonly", "sudo", "then", "do", "if", "elif", "else", "while", "until", "!", "{",
    "time", "exec",
];

/// Those of them that are words of the shell and no commands.
pub(super) const KEYWORDS: [&str; 9] = ["then", "do", "if", "elif", "else", "while", "until", "!", "{"];

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

/// `NAME=(WORD…)`: the name, the words, and whether they come behind those that it has (`+=`).
pub(super) fn array(command: &str) -> Option<(String, Vec<Word>, bool)> {
    let (name, list) = command.split_once("=(")?;
    let list = list.trim_end().strip_suffix(')')?;
    let (before, name) = name.rsplit_once(char::is_whitespace).unwrap_or(("", name));
    let is_declaration = |word: &str| {
        matches!(word, "declare" | "local" | "readonly" | "typeset" | "export") || word.starts_with('-')
    };
    let (name, is_more) = name.strip_suffix('+').map_or((name, false), |name| (name, true));
    let is_one = is_assigned(name) && before.split_whitespace().all(is_declaration);
    is_one.then(|| (name.to_owned(), quoted(list), is_more))
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
    chained(line).0.into_iter().map(|(_, command)| command).collect()
}

/// What stands between two commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joint {
    /// `;`, `&` or the end of a line: the second one runs anyway.
    Then,
    /// `&&`
    And,
    /// `||`
    Or,
}

/// The commands of a line with what stands before each, and what stands behind the last.
pub(super) fn chained(line: &str) -> (Vec<(Joint, String)>, Joint) {
    let parts = cut(line, |previous, c, next| match c {
        ';' => Some((1, Joint::Then)),
        '&' if next == Some('&') => Some((2, Joint::And)),
        '|' if next == Some('|') => Some((2, Joint::Or)),
        // Redirections have one, too.
        '&' if next != Some('>') && !matches!(previous, '>' | '<' | '|') => Some((1, Joint::Then)),
        _ => None,
    });
    let (mut commands, mut open) = (Vec::new(), Joint::Then);
    for (joint, part) in parts {
        // Before an empty part, what is open stays so: `;;`
        let joint = joint.filter(|joint| *joint != Joint::Then).unwrap_or(open);
        if part.is_empty() {
            open = joint;
        } else {
            commands.push((joint, part));
            open = Joint::Then;
        }
    }
    (commands, open)
}

/// The commands that a pipe is between.
pub(in crate::init) fn stages(command: &str) -> Vec<String> {
    let parts = cut(command, |previous, c, next| match (c, next) {
        ('|', Some('&')) => Some((2, ())),
        // `>|` is a redirection.
        ('|', _) if previous != '>' => Some((1, ())),
        _ => None,
    });
    parts.into_iter().map(|(_, part)| part).filter(|part| !part.is_empty()).collect()
}

/// Cuts a text, outside of quotes, parentheses and `[[ … ]]`, where so many characters end a command: each part with what
/// stands before it.
fn cut<J: Copy>(
    text: &str,
    end: impl Fn(char, char, Option<char>) -> Option<(usize, J)>,
) -> Vec<(Option<J>, String)> {
    let mut parts: Vec<(Option<J>, String)> = vec![(None, String::new())];
    let (mut single, mut double, mut depth, mut is_test) = (false, false, 0usize, false);
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let previous = std::mem::replace(&mut before, c);
        let next = chars.peek().copied();
        match c {
            '\\' if !single => {
                if let Some((_, last)) = parts.last_mut() {
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
            '[' if !single && !double && depth == 0 && next == Some('[') && previous.is_whitespace() => {
                is_test = true;
            }
            ']' if !single && !double && depth == 0 && next == Some(']') => is_test = false,
            _ => {}
        }
        let is_outside = !single && !double && depth == 0;
        let ends = if is_outside && !is_test { end(previous, c, next) } else { None };
        if let Some((length, joint)) = ends {
            for _ in 1..length {
                chars.next();
            }
            parts.push((Some(joint), String::new()));
        } else if is_outside
            && c == '#'
            && parts.last().is_some_and(|(_, last)| last.is_empty() || last.ends_with([' ', '\t']))
        {
            break;
        } else if let Some((_, last)) = parts.last_mut() {
            last.push(c);
        }
    }
    parts.into_iter().map(|(joint, part)| (joint, part.trim().to_owned())).collect()
}

/// The pattern of a case, and what stands behind it on its line.
pub(super) fn case_of(text: &str) -> Option<(&str, &str)> {
    let (pattern, command) = text.split_once(')')?;
    let pattern = pattern.strip_prefix('(').unwrap_or(pattern).trim();
    let is_pattern = !pattern.contains(['(', '=', '$', '`', ';'])
        && pattern.split('|').all(|one| one.split_whitespace().count() == 1);
    is_pattern.then(|| (pattern, command.trim()))
}

/// A word of a command, without its quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub text: String,
    /// Whether it had any.
    pub is_quoted: bool,
}

/// The words of a command, without their quotes.
pub(in crate::init) fn words(command: &str) -> Vec<String> {
    quoted(command).into_iter().map(|word| word.text).collect()
}

/// The words of a command; what a substitution holds is one word.
pub(super) fn quoted(command: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut word: Option<Word> = None;
    let (mut single, mut double, mut depth) = (false, false, 0usize);
    let mut previous = ' ';
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        if c == '\\' && !single && depth == 0 {
            let next = chars.next();
            let word = word.get_or_insert_default();
            // In double quotes, it stands before these alone.
            if double && next.is_some_and(|next| !matches!(next, '$' | '`' | '"' | '\\' | '\n')) {
                word.text.push('\\');
            }
            word.text.extend(next);
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
                word.get_or_insert_default().is_quoted = true;
            }
            '"' if !single && depth == 0 => {
                double = !double;
                word.get_or_insert_default().is_quoted = true;
            }
            c if c.is_whitespace() && !is_inside => words.extend(word.take()),
            c => word.get_or_insert_default().text.push(c),
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

/// The same of a text in which quotes say nothing, each with how many lines are above it.
pub(super) fn substitutions_in_text(text: &str) -> Vec<(&str, usize)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(['$', '`', '\\']).map(|at| from + at) {
        let rest = &text[at..];
        let inner = if rest.starts_with("$(") {
            substitutions(rest).first().copied()
        } else if let Some(behind) = rest.strip_prefix('`') {
            behind.split_once('`').map(|(inner, _)| inner)
        } else {
            None
        };
        let Some(inner) = inner else {
            // What stands behind a backslash is a text.
            let escaped = rest.chars().nth(1).filter(|_| rest.starts_with('\\')).map_or(0, char::len_utf8);
            from = at + 1 + escaped;
            continue;
        };
        found.push((inner, text[..at].matches('\n').count()));
        from = at + inner.len() + 2;
    }
    found
}

/// Whether a command with a here-document runs it as a script: a shell without the name of a file.
pub(super) fn reads_script(command: &str) -> bool {
    stages(command).iter().any(|stage| {
        let words = words(stage);
        let Some(shell) = words.iter().position(|word| {
            let name = word.rsplit('/').next().unwrap_or_default();
            matches!(name, "sh" | "bash" | "dash" | "zsh" | "ksh" | "ash" | "ssh")
        }) else {
            return false;
        };
        if words[..shell].iter().any(|word| matches!(word.as_str(), "echo" | "printf" | "cat")) {
            return false;
        }
        let mut rest = words[shell + 1..].iter().map(String::as_str);
        let is_plain = |word: &str| !word.starts_with(['-', '<', '>']) && !word.starts_with("2>");
        words[shell].ends_with("ssh") || rest.clone().any(|word| word == "-s") || {
            // What stands behind the document is where its output goes.
            let before = rest.by_ref().take_while(|word| !word.starts_with("<<"));
            !before.into_iter().any(is_plain)
        }
    })
}
