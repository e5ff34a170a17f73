//! Random whole definitions: variables, functions, targets with any attribute, groups, a matrix, in one file or several,
//! with an environment and a command line.

use super::choice::Choices;
use super::compose;
use super::expression::{Grammar, Kind};
use super::file::Input;
use super::functions::signatures;
use super::syntax::{Setting, Syntax};
use super::table::{self, Line};
use super::tree::Tree;
use super::versions::Version;

const ATTRIBUTES: &str = include_str!("attributes.txt");
const OVERRIDES: &str = include_str!("overrides.txt");

const LABELS: [&str; 6] = ["app", "web", "db", "base", "default", "_hidden"];

/// Files that go together: found in the folder, or named.
const LAYOUTS: [&[&str]; 8] = [
    &["docker-bake.hcl"],
    &["docker-bake.json"],
    &["docker-bake.hcl"],
    &["docker-bake.json", "docker-bake.hcl", "docker-bake.override.json", "docker-bake.override.hcl"],
    &["docker-bake.hcl", "docker-bake.override.hcl"],
    &["a.hcl", "b.json"],
    &["sub/a.json", "b.hcl"],
    &["sub/a.hcl", "sub/deep/b.hcl"],
];

const LISTS: [&str; 4] = [
    "--list=targets",
    "--list=variables",
    "--list=type=targets,format=json",
    "--list=type=variables,format=json",
];

/// A variable: its type, its default, what it is, and what the environment may say, as text and as JSON.
struct Variable {
    ty: &'static str,
    default: &'static str,
    kind: Kind,
    texts: &'static [&'static str],
    json: &'static [&'static str],
}

#[rustfmt::skip]
const VARIABLES: [Variable; 18] = [
    Variable { ty: "", default: "\"text\"", kind: Kind::Text, texts: &["env", "", "é,1"], json: &["1"] },
    Variable { ty: "", default: "\"1.2.3\"", kind: Kind::Text, texts: &["2"], json: &["\"x\""] },
    Variable { ty: "", default: "", kind: Kind::Text, texts: &["env", "a b"], json: &["[1]"] },
    Variable { ty: "", default: "true", kind: Kind::Bool, texts: &["false", "0", "T", "x"], json: &["false"] },
    Variable { ty: "", default: "1.5", kind: Kind::Number, texts: &["0.1", "7", "0x10", "1e400"], json: &["2"] },
    Variable { ty: "", default: "null", kind: Kind::Any, texts: &["env"], json: &["null"] },
    Variable { ty: "", default: "[\"a\", \"b\"]", kind: Kind::List, texts: &[], json: &[] },
    Variable { ty: "", default: "{\"a\": 1, \"b\": [true]}", kind: Kind::Map, texts: &[], json: &[] },
    Variable { ty: "string", default: "12", kind: Kind::Text, texts: &["env", ""], json: &["\"j\"", "1", "null"] },
    Variable { ty: "number", default: "\"12\"", kind: Kind::Number, texts: &["3", "-0.5", "1_0"], json: &["4", "\"5\""] },
    Variable { ty: "bool", default: "\"true\"", kind: Kind::Bool, texts: &["false", "f"], json: &["true"] },
    Variable { ty: "list(string)", default: "[\"b\", 1]", kind: Kind::List, texts: &["x,y", "\"q,r\",s", "z,", ""], json: &["[\"j\"]", "[1]"] },
    Variable { ty: "set(number)", default: "[2, 1, 2]", kind: Kind::List, texts: &["3,1,3", "10,9"], json: &["[3,3]"] },
    Variable { ty: "map(string)", default: "{\"a\": 1}", kind: Kind::Map, texts: &["k:v,x:y", "k:v:w"], json: &["{\"j\":\"1\"}"] },
    Variable { ty: "map(list(number))", default: "{\"a\": [1]}", kind: Kind::Map, texts: &[], json: &["{\"j\":[1,2]}"] },
    Variable { ty: "object({a = string, b = optional(number)})", default: "{\"a\": 1, \"c\": 2}", kind: Kind::Map, texts: &[], json: &["{\"a\":\"j\"}", "{\"a\":\"j\",\"b\":2}"] },
    Variable { ty: "tuple([string, number])", default: "[\"x\", \"1\"]", kind: Kind::List, texts: &["a,1"], json: &["[\"a\",1]"] },
    Variable { ty: "any", default: "[1, \"a\"]", kind: Kind::List, texts: &[], json: &[] },
];

/// A `matrix`, a part of names that tells its combinations apart, and the names that it brings.
struct Matrix {
    axes: &'static str,
    name: &'static str,
    brings: &'static [(&'static str, Kind)],
    targets: &'static [&'static str],
}

#[rustfmt::skip]
const MATRICES: [Matrix; 6] = [
    Matrix { axes: "{\"os\": [\"alpine\", \"debian\"]}", name: "os", brings: &[("os", Kind::Text)], targets: &["alpine", "debian"] },
    Matrix { axes: "{\"v\": [1, \"2\"]}", name: "v", brings: &[("v", Kind::Text)], targets: &["1", "2"] },
    Matrix { axes: "{\"v\": [\"1.0\", \"2.1\"], \"os\": [\"a\", \"b\"]}", name: "sanitize(\"${v}${os}\")", brings: &[("v", Kind::Text), ("os", Kind::Text)], targets: &["1_0a", "2_1b"] },
    Matrix { axes: "{\"item\": [{\"n\": \"x\", \"t\": 1}, {\"n\": \"y\"}]}", name: "item.n", brings: &[("item.n", Kind::Text), ("item", Kind::Map)], targets: &["x", "y"] },
    Matrix { axes: "{\"m\": {\"b\": \"q\", \"a\": \"p\"}}", name: "m", brings: &[("m", Kind::Text)], targets: &["p", "q"] },
    Matrix { axes: "{}", name: "\"only\"", brings: &[], targets: &["only"] },
];

/// A definition in the making.
struct Draft<'c> {
    grammar: Grammar<'c>,
    version: Version,
    files: Vec<(&'static str, Syntax, Vec<Tree>)>,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
    targets: Vec<String>,
    groups: Vec<String>,
    is_unordered: bool,
}

pub(super) fn definition(choices: &mut Choices, version: Version) -> Input {
    let signatures = signatures(version);
    let layout = choices.of(&LAYOUTS);
    let grammar = Grammar {
        choices,
        signatures: &signatures,
        names: Vec::new(),
        functions: Vec::new(),
        unfit: 2,
        short_circuits: version.knows("short circuit"),
        unknown: 0,
        is_inline: true,
    };
    let syntax = |name: &str| if name.ends_with(".json") { Syntax::Json } else { Syntax::Hcl };
    let mut draft = Draft {
        grammar,
        version,
        files: layout.iter().map(|name| (*name, syntax(name), Vec::new())).collect(),
        environment: Vec::new(),
        arguments: Vec::new(),
        targets: Vec::new(),
        groups: Vec::new(),
        is_unordered: false,
    };
    draft.variables();
    draft.functions();
    let mut files = draft.compose();
    draft.targets();
    draft.groups();
    draft.invocation(!files.is_empty());
    files
        .extend(draft.files.into_iter().map(|(name, syntax, blocks)| (name.to_owned(), syntax.file(blocks))));
    let shown = match draft.grammar.choices.below(20) {
        0 if !draft.is_unordered => draft.grammar.choices.of(&LISTS),
        _ => "--print",
    };
    Input {
        files,
        environment: draft.environment,
        arguments: draft.arguments,
        shown,
        is_unordered: draft.is_unordered,
    }
}

impl Draft<'_> {
    fn chance(&mut self, percent: usize) -> bool {
        self.grammar.choices.chance(percent)
    }

    /// Adds a block to one of the files.
    fn put(&mut self, kind: &str, label: &str, members: impl FnOnce(&mut Self, Syntax) -> Vec<Tree>) {
        let file = self.grammar.choices.below(self.files.len());
        let syntax = self.files[file].1;
        let members = members(self, syntax);
        self.files[file].2.push(syntax.block(kind, label, members));
    }

    fn variables(&mut self) {
        for at in 0..self.grammar.choices.below(6) {
            let variable = &VARIABLES[self.grammar.choices.below(VARIABLES.len())];
            let name = format!("V{at}");
            self.put("variable", &name, |draft, syntax| draft.variable(&name, variable, syntax));
            self.grammar.names.push((name.clone(), variable.kind));
            if !variable.texts.is_empty() && self.chance(25) {
                let text = self.grammar.choices.of(variable.texts);
                if self.version.knows("--var") && self.chance(30) {
                    self.arguments.push(format!("--var={name}={text}"));
                } else {
                    self.environment.push((name.clone(), text.to_owned()));
                }
            }
            if !variable.json.is_empty() && self.chance(10) {
                let text = self.grammar.choices.of(variable.json);
                self.environment.push((format!("{name}_JSON"), text.to_owned()));
            }
        }
        if self.chance(15) {
            let file = self.grammar.choices.below(self.files.len());
            let value = self.setting("\"local-@\"");
            let attribute = self.files[file].1.attribute("local", value);
            self.files[file].2.push(attribute);
            self.grammar.names.push(("local".to_owned(), Kind::Text));
        }
    }

    fn variable(&mut self, name: &str, variable: &Variable, syntax: Syntax) -> Vec<Tree> {
        let mut members = Vec::new();
        if !variable.ty.is_empty() {
            members.push(syntax.attribute("type", Setting::Bare(variable.ty.to_owned())));
        }
        let has_default = variable.ty.is_empty() || !self.version.knows("typed null") || self.chance(95);
        if !variable.default.is_empty() && has_default {
            members.push(syntax.attribute("default", Setting::text(variable.default)));
        }
        if self.chance(10) {
            members.push(syntax.attribute("description", Setting::text("\"what it is for\"")));
        }
        if self.chance(10) {
            let condition = match self.grammar.choices.below(4) {
                0 => self.safe(Kind::Bool, "true"),
                _ => Tree::expression().text(format!("{name} != \"nosuch\"")),
            };
            let condition = syntax.attribute("condition", Setting::Expression(condition));
            let message = syntax.attribute("error_message", Setting::text("\"not so\""));
            members.push(syntax.block("validation", "", vec![condition, message]));
        }
        members
    }

    fn functions(&mut self) {
        for at in 0..self.grammar.choices.below(3) {
            let name = format!("f{at}");
            let count = self.grammar.choices.below(3);
            let params: Vec<String> = ["p", "q"][..count].iter().map(|name| (*name).to_owned()).collect();
            let known = self.grammar.names.len();
            self.grammar.names.extend(params.iter().map(|name| (name.clone(), Kind::Any)));
            self.put("function", &name, |draft, syntax| {
                let result = draft.grammar.expression(Kind::Text, 2);
                vec![
                    syntax.attribute("params", Setting::Names(params)),
                    syntax.attribute("result", Setting::Expression(result)),
                ]
            });
            self.grammar.names.truncate(known);
            self.grammar.functions.push((name, count));
        }
    }

    /// An expression that has a value in any case.
    fn safe(&mut self, kind: Kind, instead: &str) -> Tree {
        let value = self.grammar.expression(kind, 2);
        if kind == Kind::Text {
            return Tree::expression().text("try(\"${").one(value).text(format!("}}\", {instead})"));
        }
        Tree::expression().text("try(").one(value).text(format!(", {instead})"))
    }

    /// What is put into a string.
    fn hole(&mut self) -> Tree {
        let plain = |(_, kind): &&(String, Kind)| matches!(kind, Kind::Text | Kind::Number | Kind::Bool);
        let names: Vec<&String> = self.grammar.names.iter().filter(plain).map(|(name, _)| name).collect();
        if !names.is_empty() && self.grammar.choices.chance(55) {
            return Tree::expression().text(self.grammar.choices.of(&names));
        }
        if self.chance(25) {
            return self.safe(Kind::Text, "\"x\"");
        }
        Tree::expression().text(self.grammar.choices.of(&["\"x\"", "\"1.2\"", "\"a-b\"", "7"]))
    }

    fn setting(&mut self, value: &str) -> Setting {
        let holes = value.matches('@').map(|_| self.hole()).collect();
        Setting::Data(value.to_owned(), holes)
    }

    fn targets(&mut self) {
        let mut labels = self.grammar.choices.some(&LABELS, 4);
        if labels.is_empty() {
            labels.push("default");
        }
        if self.chance(20) {
            // Blocks of one name become one.
            labels.push(labels[0]);
        }
        for label in labels {
            let mut made = vec![label.to_owned()];
            let mut shown = Vec::new();
            let known = self.grammar.names.len();
            self.put("target", label, |draft, syntax| {
                let mut members = Vec::new();
                if draft.chance(15) {
                    made = draft.matrix(label, syntax, &mut members);
                }
                draft.attributes(label, syntax, &mut members, &mut shown);
                members
            });
            self.grammar.names.truncate(known);
            if made == [label] {
                self.grammar.names.extend(shown);
            }
            self.targets.extend(made);
        }
    }

    /// A matrix, and the names of some of the targets that come of it.
    fn matrix(&mut self, label: &str, syntax: Syntax, members: &mut Vec<Tree>) -> Vec<String> {
        let matrix = &MATRICES[self.grammar.choices.below(MATRICES.len())];
        self.is_unordered |= matrix.brings.len() > 1;
        members.push(syntax.attribute("matrix", Setting::text(matrix.axes)));
        self.grammar.names.extend(matrix.brings.iter().map(|(name, kind)| ((*name).to_owned(), *kind)));
        if self.chance(4) {
            return Vec::new();
        }
        let name = Tree::new().text(format!("\"{label}-${{{}}}\"", matrix.name));
        members.push(syntax.attribute("name", Setting::Expression(name)));
        matrix.targets.iter().map(|target| format!("{label}-{target}")).collect()
    }

    fn attributes(
        &mut self,
        label: &str,
        syntax: Syntax,
        members: &mut Vec<Tree>,
        shown: &mut Vec<(String, Kind)>,
    ) {
        let version = self.version;
        let fits = |key: &str| !matches!(key, "policy" | "resources") || version.knows(key);
        let mut links = Vec::new();
        if self.chance(35) && !self.targets.is_empty() {
            let parents = self.some_targets(2);
            members.push(syntax.attribute("inherits", Setting::text(format!("{parents:?}"))));
        }
        if self.chance(12) && !self.targets.is_empty() {
            links = self.some_targets(1);
            self.is_unordered |= !links.is_empty();
        }
        if let [link] = &links[..] {
            let contexts = format!("{{\"link\": \"target:{link}\"}}");
            members.push(syntax.attribute("contexts", Setting::text(contexts)));
        }
        for (name, value) in table::keys(self.grammar.choices, ATTRIBUTES, 8, fits) {
            if name == "contexts" && !links.is_empty() {
                continue;
            }
            let (kind, setting) = self.attribute((name, value));
            members.push(syntax.attribute(name, setting));
            if kind != Kind::Any && name != "unknown" {
                shown.push((format!("target.{label}.{name}"), kind));
            }
        }
    }

    /// What an attribute is set to: as it is in the table, or by an expression around that.
    fn attribute(&mut self, (name, value): Line) -> (Kind, Setting) {
        let kind = match value.as_bytes().first() {
            Some(b'[') => Kind::List,
            Some(b'{') => Kind::Map,
            Some(b'"') => Kind::Text,
            Some(b't' | b'f') => Kind::Bool,
            _ => Kind::Any,
        };
        let known: Vec<String> = self
            .grammar
            .names
            .iter()
            .filter(|(known, of)| {
                *of == kind && (known.ends_with(&format!(".{name}")) || known.starts_with('V'))
            })
            .map(|(known, _)| known.clone())
            .collect();
        let setting = match self.grammar.choices.below(20) {
            0 if kind == Kind::List => {
                let condition = self.safe(Kind::Bool, "true");
                Tree::expression()
                    .text("(")
                    .one(condition)
                    .text(format!(" ? {} : [])", value.replace('@', "x")))
            }
            1 if kind != Kind::List => {
                let condition = self.safe(Kind::Bool, "true");
                let value = value.replace('@', "x");
                Tree::expression().text("(").one(condition).text(format!(" ? {value} : null)"))
            }
            2 if kind == Kind::List => {
                Tree::expression().text(format!("concat({}, [\"\"])", value.replace('@', "x")))
            }
            3 if kind == Kind::Map => {
                Tree::expression().text(format!("merge({}, {{}})", value.replace('@', "x")))
            }
            4..8 if !known.is_empty() => {
                let at = self.grammar.choices.below(known.len());
                Tree::expression().text(known[at].clone())
            }
            _ => return (kind, self.setting(value)),
        };
        (kind, Setting::Expression(setting))
    }

    fn some_targets(&mut self, most: usize) -> Vec<String> {
        let names: Vec<&String> = self.targets.iter().collect();
        self.grammar.choices.some(&names, most).into_iter().cloned().collect()
    }

    fn groups(&mut self) {
        let mut labels = self.grammar.choices.some(&["default", "all", "app", "inner"], 2);
        if !self.targets.iter().any(|name| name == "default") {
            labels.push("default");
        }
        for label in labels {
            self.put("group", label, |draft, syntax| {
                let mut names = draft.some_targets(3);
                names.extend(draft.groups.last().cloned().filter(|_| draft.grammar.choices.chance(30)));
                vec![syntax.attribute("targets", Setting::text(format!("{names:?}")))]
            });
            self.groups.push(label.to_owned());
        }
    }

    /// A Compose file, and what goes with it.
    fn compose(&mut self) -> Vec<(String, Tree)> {
        // Named files leave out those that would be found.
        if self.files[0].0.starts_with("docker-bake") && self.chance(15) {
            let compose = compose::files(self.grammar.choices);
            self.targets.extend(compose.services);
            self.environment.extend(compose.environment);
            return compose.files;
        }
        Vec::new()
    }

    fn invocation(&mut self, has_compose: bool) {
        if !self.files[0].0.starts_with("docker-bake") {
            self.arguments.extend(self.files.iter().map(|(name, ..)| format!("--file={name}")));
            let relative = "BUILDX_BAKE_FILE_RELATIVE_PATHS";
            if self.version.knows(relative) && self.chance(40) {
                self.environment.push((relative.to_owned(), "1".to_owned()));
            }
        }
        let disable = "BUILDX_BAKE_DISABLE_VARS_ENV_LOOKUP";
        if self.version.knows(disable) && self.chance(4) {
            self.environment.push((disable.to_owned(), "1".to_owned()));
        }
        if self.chance(5) {
            self.environment.push(("SOURCE_DATE_EPOCH".to_owned(), "1700000000".to_owned()));
        }
        if self.chance(30) {
            for _ in 0..=self.grammar.choices.below(3) {
                let change = self.change();
                self.argument(change);
            }
        }
        if self.chance(15) {
            let flags = [
                "--push",
                "--load",
                "--no-cache",
                "--no-cache=false",
                "--pull",
                "--pull=false",
                "--sbom=true",
                "--sbom=generator=x",
                "--provenance=false",
                "--provenance=mode=max",
                "--check",
                "--call=outline",
                "--policy=filename=x.rego",
                "--policy=disabled=true",
            ];
            let flag = self.grammar.choices.of(&flags);
            if !flag.starts_with("--policy") || self.version.knows("--policy") {
                self.argument(flag.to_owned());
            }
        }
        if has_compose || self.chance(50) {
            let mut names = self.some_targets(2);
            if self.chance(20) {
                names.push(
                    self.grammar
                        .choices
                        .of(&["all", "a*", "*", "app-*", "default", "nosuch", "[aw]*"])
                        .to_owned(),
                );
            }
            self.arguments.extend(names);
        }
    }

    /// Adds an argument. buildx applies those that change outputs in a random order, so there is only one of these.
    fn argument(&mut self, argument: String) {
        let is_output = |argument: &String| {
            ["push", "load", ".output"]
                .iter()
                .any(|word| argument.starts_with('-') && argument.contains(word))
        };
        if !is_output(&argument) || !self.arguments.iter().any(is_output) {
            self.arguments.push(argument);
        }
    }

    /// An attribute that the command line changes.
    fn change(&mut self) -> String {
        let version = self.version;
        let fits = |key: &str| match key.split(['.', '=', '+']).next() {
            Some("resources") => version.knows("resources"),
            Some("policy") => version.knows("policy"),
            Some("secret") => version.knows("--set secret.ID"),
            _ => true,
        };
        let (key, rest) = table::line(self.grammar.choices, OVERRIDES, fits);
        debug_assert!(rest.is_empty(), "an override has no blanks");
        let pattern = match self.grammar.choices.below(10) {
            0..5 => "*".to_owned(),
            _ if self.targets.is_empty() => "*".to_owned(),
            5 => self.grammar.choices.of(&["a*", "*b*", "[aw]*", "app-*"]).to_owned(),
            _ => self.targets[self.grammar.choices.below(self.targets.len())].clone(),
        };
        format!("--set={pattern}.{key}")
    }
}
