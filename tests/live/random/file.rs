//! Random definitions: their files, the environment and the command line.

use super::choice::Choices;
use super::definition::definition;
use super::expression::{Grammar, Kind};
use super::functions::signatures;
use super::tree::Tree;
use super::versions::Version;

/// What both programs are given.
#[derive(Clone)]
pub(super) struct Input {
    pub(super) files: Vec<(String, Tree)>,
    pub(super) environment: Vec<(String, String)>,
    pub(super) arguments: Vec<String>,
    /// What is asked for: `--print`, or one of the lists.
    pub(super) shown: &'static str,
    /// Whether buildx puts the targets of groups into a random order.
    pub(super) is_unordered: bool,
}

impl Input {
    pub(super) fn random(choices: &mut Choices, version: Version) -> Self {
        if choices.chance(60) { definition(choices, version) } else { expressions(choices, version) }
    }

    /// The same with less in it.
    pub(super) fn smaller(&self) -> Vec<Self> {
        let mut found = Vec::new();
        let with = |change: &dyn Fn(&mut Self)| {
            let mut input = self.clone();
            change(&mut input);
            input
        };
        if self.files.len() > 1 {
            found.extend((0..self.files.len()).map(|at| with(&|input| drop(input.files.remove(at)))));
        }
        found.extend((0..self.arguments.len()).map(|at| with(&|input| drop(input.arguments.remove(at)))));
        found.extend((0..self.environment.len()).map(|at| with(&|input| drop(input.environment.remove(at)))));
        for (at, (_, text)) in self.files.iter().enumerate() {
            found.extend(
                text.smaller().into_iter().map(|text| with(&|input| input.files[at].1 = text.clone())),
            );
        }
        found
    }
}

/// Variables of every kind, for expressions to use.
const NAMES: [(&str, Kind, &str); 17] = [
    // buildx takes the types of `convert` for variables, and refuses a second use of one that does not exist.
    ("any", Kind::Text, ""),
    ("bool", Kind::Text, ""),
    ("string", Kind::Text, ""),
    ("flag", Kind::Bool, "default = true"),
    ("number", Kind::Number, "default = 7"),
    ("text", Kind::Text, "default = \"té,xt\""),
    ("none", Kind::Any, "default = null"),
    ("list", Kind::List, "type = list(string)\n  default = [\"b\", \"a\", \"b\"]"),
    ("numbers", Kind::List, "type = list(number)\n  default = [3, 1, 2]"),
    ("set", Kind::List, "type = set(string)\n  default = [\"y\", \"x\", \"y\"]"),
    ("map", Kind::Map, "type = map(string)\n  default = {b = 1, a = \"x\"}"),
    ("maps", Kind::Map, "type = map(map(number))\n  default = {a = {b = 1}, x = {}}"),
    ("object", Kind::Map, "type = object({a = number, b = optional(list(string))})\n  default = {a = \"1\"}"),
    ("tuple", Kind::List, "type = tuple([string, number])\n  default = [1, 2]"),
    ("empty", Kind::List, "type = list(string)\n  default = []"),
    ("no_list", Kind::List, "type = list(string)"),
    ("no_text", Kind::Text, "type = string"),
];

/// Many expressions, of which each shows its value or that it has none.
fn expressions(choices: &mut Choices, version: Version) -> Input {
    let signatures = signatures(version);
    let is_json = choices.chance(20);
    let names = NAMES
        .iter()
        .filter(|(_, _, body)| body.contains("default") || body.is_empty() || version.knows("typed null"));
    let names = names.map(|(name, kind, _)| ((*name).to_owned(), *kind)).collect();
    let mut grammar = Grammar {
        choices,
        signatures: &signatures,
        names,
        functions: Vec::new(),
        unfit: 8,
        short_circuits: version.knows("short circuit"),
        unknown: 0,
        is_inline: is_json,
    };
    let count = 30;
    let entries = (0..count).map(|at| {
        let depth = 1 + grammar.choices.below(4);
        let value = grammar.expression(Kind::Any, depth);
        let shown = match grammar.choices.below(10) {
            0 if !is_json => Tree::new().text("try(\"<${").one(value).text("}>\", \"failed\")"),
            _ => Tree::new().text("try(jsonencode(").one(value).text("), \"failed\")"),
        };
        if is_json {
            Tree::new().text(format!("        \"v{at}\": \"${{")).escaped(shown).text("}\"")
        } else {
            Tree::new().text(format!("    v{at} = ")).one(shown)
        }
    });
    let entries: Vec<Tree> = entries.collect();
    let variables =
        NAMES.map(|(name, _, body)| Tree::new().text(format!("variable \"{name}\" {{\n  {body}\n}}\n")));
    let variables = Tree::new().many("", variables.into());
    let files = if is_json {
        let target = Tree::new()
            .text("{\"target\": {\"default\": {\"args\": {\n")
            .many(",\n", entries)
            .text("\n}}}}\n");
        vec![("docker-bake.hcl".to_owned(), variables), ("docker-bake.json".to_owned(), target)]
    } else {
        let target =
            Tree::new().text("target \"default\" {\n  args = {\n").many("\n", entries).text("\n  }\n}\n");
        vec![("docker-bake.hcl".to_owned(), Tree::new().many("", vec![variables, target]))]
    };
    Input { files, environment: Vec::new(), arguments: Vec::new(), shown: "--print", is_unordered: false }
}
