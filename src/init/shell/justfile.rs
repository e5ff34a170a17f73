//! What is in a justfile: its recipes, variables, modules and what it imports (<https://just.systems/man/en/>).

use std::rc::Rc;

/// How many lines an expression or the head of a recipe may have.
const MAX_LINES: usize = 100;

/// A recipe.
#[derive(Clone, Debug, Default)]
pub(super) struct Recipe {
    pub name: String,
    pub parameters: Vec<Parameter>,
    /// The recipes before and behind it.
    pub needs: Vec<Need>,
    pub after: Vec<Need>,
    /// Its lines, each with how many are above it.
    pub body: Vec<(usize, String)>,
    /// How many lines are above its head.
    pub above: usize,
    /// What its brackets say.
    pub attributes: Vec<String>,
    pub file: Option<Rc<str>>,
}

#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub name: String,
    pub default: Option<String>,
    /// Whether it takes all that is left.
    pub is_open: bool,
    pub is_exported: bool,
}

/// A recipe that another one needs, with what it is given.
#[derive(Clone, Debug)]
pub(super) struct Need {
    pub name: String,
    pub given: Vec<String>,
}

/// What is in a justfile.
#[derive(Debug, Default)]
pub(super) struct Justfile {
    pub recipes: Vec<Recipe>,
    /// Variables: name, expression, whether commands get it.
    pub variables: Vec<(String, String, bool)>,
    pub aliases: Vec<(String, String)>,
    /// Justfiles with names of their own: the name, and the path if one is said.
    pub modules: Vec<(String, Option<String>)>,
    pub imports: Vec<String>,
    pub exports_all: bool,
    /// Whether its lines are for a shell.
    pub is_foreign: bool,
}

impl Justfile {
    pub(super) fn read(&mut self, text: &str, file: Option<&Rc<str>>) {
        let lines: Vec<&str> = text.lines().collect();
        let mut attributes: Vec<String> = Vec::new();
        // Whether a recipe is open, which lines may belong to.
        let mut is_open = false;
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            let above = at;
            at += 1;
            if line.trim().is_empty() {
                continue;
            }
            if line.starts_with([' ', '\t']) && is_open {
                if let Some(recipe) = self.recipes.last_mut() {
                    recipe.body.push((above, (*line).to_owned()));
                }
                continue;
            }
            is_open = false;
            let mut whole = (*line).to_owned();
            let mut open = Open::default();
            open.read(line);
            while at < lines.len() && at - above < MAX_LINES && open.goes_on() {
                let cut = whole.trim_end().trim_end_matches('\\').len();
                whole.truncate(cut);
                whole.push('\n');
                whole.push_str(lines[at]);
                open.read(lines[at]);
                at += 1;
            }
            let line = whole.trim();
            if line.starts_with('#') {
                continue;
            }
            if let Some(inner) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                attributes.extend(inner.0.split(',').map(|one| one.trim().to_owned()));
                continue;
            }
            if self.says(line) {
                attributes.clear();
                continue;
            }
            let Some(mut recipe) = head(line) else { continue };
            recipe.attributes = std::mem::take(&mut attributes);
            recipe.file = file.cloned();
            recipe.above = above;
            self.recipes.push(recipe);
            is_open = true;
        }
    }

    /// Reads what is no recipe.
    fn says(&mut self, line: &str) -> bool {
        let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        match first {
            "import" | "import?" => self.imports.extend(quoted(rest)),
            "mod" | "mod?" => {
                let (name, path) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                self.modules.push((name.to_owned(), quoted(path)));
            }
            "set" => {
                let (name, value) = rest.split_once(":=").unwrap_or((rest, "true"));
                let value = value.trim();
                match name.trim() {
                    "export" => self.exports_all = value == "true",
                    "shell" => {
                        let program = value.trim_start_matches('[').split(',').next().and_then(quoted);
                        self.is_foreign = program.is_some_and(|program| !is_shell(&program));
                    }
                    _ => {}
                }
            }
            "alias" | "export" | "eager" | "unexport" if rest.contains(":=") => {
                let (name, value) = rest.split_once(":=").unwrap_or_default();
                let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
                match first {
                    "alias" => self.aliases.push((name, value)),
                    _ => self.variables.push((name, value, first == "export")),
                }
            }
            "unexport" => {}
            _ => {
                let Some((name, value)) = line.split_once(":=").filter(|(name, _)| is_name(name.trim()))
                else {
                    return false;
                };
                self.variables.push((name.trim().to_owned(), value.trim().to_owned(), false));
            }
        }
        true
    }

    /// A recipe, by its name or another one for it; of several, the one for this system.
    pub(super) fn recipe(&self, name: &str) -> Option<&Recipe> {
        let name = self.aliases.iter().find(|(alias, _)| alias == name).map_or(name, |(_, name)| name);
        let all = || self.recipes.iter().filter(|recipe| recipe.name == name);
        let is_elsewhere = |recipe: &&Recipe| {
            let has = |word: &str| recipe.attributes.iter().any(|one| one == word);
            (has("macos") || has("windows")) && !has("linux") && !has("unix")
        };
        all().find(|recipe| !is_elsewhere(recipe)).or_else(|| all().next())
    }
}

/// What is open behind the lines of an expression or a head.
#[derive(Default)]
struct Open {
    depth: usize,
    quote: Option<&'static str>,
    /// Whether the last line ends with a backslash.
    is_cut: bool,
}

impl Open {
    /// Reads a line more.
    fn read(&mut self, line: &str) {
        const QUOTES: [&str; 6] = ["'''", "\"\"\"", "```", "'", "\"", "`"];
        self.is_cut = line.trim_end().ends_with('\\');
        let mut rest = line;
        while let Some(c) = rest.chars().next() {
            let sign = QUOTES.into_iter().find(|sign| rest.starts_with(sign));
            let length = sign.map_or(c.len_utf8(), str::len);
            match (self.quote, sign) {
                (None, Some(sign)) => self.quote = Some(sign),
                // Two quotes may be the end of a text and the beginning of another one.
                (Some(open), Some(_)) if rest.starts_with(open) => {
                    self.quote = None;
                    rest = &rest[open.len()..];
                    continue;
                }
                (None, None) if c == '(' => self.depth += 1,
                (None, None) if c == ')' => self.depth = self.depth.saturating_sub(1),
                (None, None) if c == '#' && self.depth == 0 => return,
                _ => {}
            }
            rest = &rest[length..];
        }
        // Only three of them go over several lines.
        self.quote = self.quote.filter(|open| open.len() == 3);
    }

    /// Whether the next line belongs to it.
    fn goes_on(&self) -> bool {
        self.depth > 0 || self.quote.is_some() || self.is_cut
    }
}

pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

pub(super) fn is_shell(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or_default();
    matches!(name, "sh" | "bash" | "dash" | "zsh" | "ksh" | "ash" | "fish")
}

/// The text in quotes.
fn quoted(text: &str) -> Option<String> {
    let text = text.trim();
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    Some(text[1..].split(quote).next()?.to_owned())
}

/// The first line of a recipe: `@NAME PARAMETER…: NEED… && NEED…`
fn head(line: &str) -> Option<Recipe> {
    let words = words(line.trim_start_matches('@'));
    let colon = words.iter().position(|word| word == ":")?;
    let (name, parameters) = words[..colon].split_first()?;
    let parameter = |word: &String| {
        let (written, default) =
            word.split_once('=').map_or((word.as_str(), None), |(name, default)| (name, Some(default)));
        let name = written.trim_start_matches(['+', '*', '$']);
        is_name(name).then(|| Parameter {
            name: name.to_owned(),
            default: default.map(str::to_owned).or_else(|| written.contains('*').then(|| "''".to_owned())),
            is_open: written.contains(['+', '*']),
            is_exported: written.contains('$'),
        })
    };
    let mut recipe = Recipe { name: name.clone(), ..Recipe::default() };
    recipe.parameters = parameters.iter().map(parameter).collect::<Option<_>>()?;
    let mut is_after = false;
    for word in &words[colon + 1..] {
        if word == "&&" {
            is_after = true;
            continue;
        }
        let inner =
            self::words(word.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(word));
        let Some((name, given)) = inner.split_first() else { continue };
        let need = Need { name: name.clone(), given: given.to_vec() };
        if is_after { recipe.after.push(need) } else { recipe.needs.push(need) }
    }
    is_name(name).then_some(recipe)
}

/// Words with what is in quotes or parentheses; a colon that ends the parameters is one by itself.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut depth) = (Vec::new(), String::new(), None, 0_u32);
    let mut has_colon = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_outside = quote.is_none() && depth == 0;
        match c {
            '#' if is_outside && word.is_empty() => break,
            c if is_outside && c.is_whitespace() => words.push(std::mem::take(&mut word)),
            ':' if is_outside && !has_colon && chars.peek() != Some(&':') && !word.ends_with(':') => {
                has_colon = true;
                words.push(std::mem::take(&mut word));
                words.push(":".to_owned());
            }
            c => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_have_parameters_and_needs() {
        let shown = |line: &str| {
            let recipe = head(line)?;
            let parameters: Vec<String> =
                recipe.parameters.iter().map(|one| format!("{}={:?}", one.name, one.default)).collect();
            let needs: Vec<String> = recipe
                .needs
                .iter()
                .chain(&recipe.after)
                .map(|need| format!("{} {}", need.name, need.given.join(" ")).trim().to_owned())
                .collect();
            Some(format!("{} [{}] [{}]", recipe.name, parameters.join(", "), needs.join(", ")))
        };
        for (line, expected) in [
            ("push:", "push [] []"),
            (
                "@push tag='a: b' +rest: build (login \"x y\") && done # no",
                "push [tag=Some(\"'a: b'\"), rest=None] [build, login \"x y\", done]",
            ),
            ("push $tag *more: api::build", "push [tag=None, more=Some(\"''\")] [api::build]"),
        ] {
            assert_eq!(shown(line).as_deref(), Some(expected), "{line}");
        }
        for line in ["push", "a := 'b'", "it's: not"] {
            assert_eq!(shown(line).filter(|_| !line.contains(":=")), None, "{line}");
        }
    }

    #[test]
    fn an_expression_may_have_several_lines() {
        let goes_on = |line: &str| {
            let mut open = Open::default();
            open.read(line);
            open.goes_on()
        };
        for line in ["a := (", "a := '''x", "push: a \\", "a := ('x' +"] {
            assert!(goes_on(line), "{line}");
        }
        for line in ["a := ('x')", "a := '''x'''", "a := 'it # (' # (", "# don't (", "a := ''"] {
            assert!(!goes_on(line), "{line}");
        }
    }
}
