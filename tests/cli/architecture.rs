//! Which module may use which (those of its own group in `src/lib.rs` and of the groups above), which may touch the
//! world, and how long a file may get.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Lines of a file before its tests.
const MAX_LINES: usize = 600;

/// Modules that may use less than their place in `src/lib.rs` allows: the words, which are the first group, and these.
const NARROW: [(&str, &[&str]); 4] = [
    ("registry", &[]),
    // A job of `plan.json` names its runner.
    ("published", &["registry", "runner"]),
    ("merge", &["registry", "published"]),
    ("verify", &["registry", "published"]),
];

/// What may touch files, network, environment, clock and streams.
const GATES: [&str; 2] = ["host/", "registry/"];

/// What uses the library from outside.
const MAIN: &str = "main.rs";

/// Expressions are evaluated by functions that call each other, so these files of `bake/eval/` need each other.
const EVALUATOR: [&str; 5] =
    ["calls.rs", "conditional.rs", "constructors.rs", "expression.rs", "inference.rs"];

/// The modules of a crate and what each takes from the others.
#[derive(Default)]
struct House {
    files: BTreeMap<Names, File>,
}

/// Where a module is, from the crate: empty for `lib.rs`.
type Names = Vec<String>;

#[derive(Default)]
struct File {
    /// Below `src/`.
    name: String,
    /// The modules that it declares, each with how many blank lines stand above it among the declarations.
    groups: BTreeMap<String, usize>,
    /// The modules that only tests see.
    test_modules: BTreeSet<String>,
    imports: BTreeMap<String, Import>,
    /// What its code names by more than one word.
    paths: Vec<Named>,
    words: BTreeSet<String>,
}

struct Import {
    of: Named,
    exported: bool,
}

/// A path, where it stands and in which module.
#[derive(Clone)]
struct Named {
    line: usize,
    module: Names,
    path: Names,
}

/// One file uses something of another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Arrow {
    from: Names,
    to: Names,
    line: usize,
    item: String,
}

impl House {
    fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let files = files.into_iter().filter(|(name, _)| *name != MAIN);
        let files = files.map(|(name, text)| (module_of(name), File::read(name, text)));
        Self { files: files.collect() }
    }

    /// The file that holds what a path leads to, and whether that is an item; if not, it is the module as such.
    fn find(&self, from: &[String], path: &[String], hops: usize) -> Option<(Names, bool)> {
        let mut at = from.to_vec();
        let mut rest = path;
        while let Some((first, others)) = rest.split_first() {
            match first.as_str() {
                "crate" => at.clear(),
                "self" => {}
                "super" => drop(at.pop()?),
                _ => break,
            }
            rest = others;
        }
        if rest.len() == path.len() {
            // A path without a start: what the module declares or imports, or another crate.
            let first = rest.first()?;
            let here = self.files.get(&at)?;
            if !here.groups.contains_key(first) && !here.imports.contains_key(first) {
                return None;
            }
        }
        while let Some((first, others)) = rest.split_first() {
            let inner = [&at[..], std::slice::from_ref(first)].concat();
            if self.files.contains_key(&inner) {
                (at, rest) = (inner, others);
                continue;
            }
            let import = self.files.get(&at).and_then(|file| file.imports.get(first));
            return match import.filter(|_| hops > 0) {
                Some(import) => {
                    let path = [&import.of.path[..], others].concat();
                    self.find(&import.of.module, &path, hops - 1)
                }
                None => Some((at, true)),
            };
        }
        Some((at, false))
    }

    fn arrows(&self) -> BTreeSet<Arrow> {
        let mut arrows = BTreeSet::new();
        for (from, file) in self.files.iter().filter(|(from, _)| !self.is_test(from)) {
            let used = |(name, import): &(&String, &Import)| !import.exported || file.words.contains(*name);
            let imports = file.imports.iter().filter(used).map(|(_, import)| &import.of);
            for named in imports.chain(&file.paths) {
                const HOPS: usize = 8;
                if let Some((to, true)) = self.find(&named.module, &named.path, HOPS)
                    && to != *from
                    && !self.is_test(&to)
                {
                    let item = named.path.join("::");
                    arrows.insert(Arrow { from: from.clone(), to, line: named.line, item });
                }
            }
        }
        arrows
    }

    fn is_test(&self, module: &[String]) -> bool {
        (0..module.len()).any(|depth| {
            self.files.get(&module[..depth]).is_some_and(|file| file.test_modules.contains(&module[depth]))
        })
    }

    fn name(&self, module: &[String]) -> &str {
        self.files.get(module).map_or("?", |file| &file.name)
    }

    /// Files that no `mod` declares, and arrows to a later group of the folder in which both ends are.
    fn order_faults(&self) -> Vec<String> {
        let stray = self.files.iter().filter_map(|(module, file)| {
            let (last, folder) = module.split_last()?;
            let declares = self.files.get(folder).is_some_and(|above| above.groups.contains_key(last));
            let of = self.files.get(folder).map_or("lib.rs", |above| &above.name);
            (!declares).then(|| format!("src/{}: `{last}` is not declared in src/{of}", file.name))
        });
        let upward = self.arrows().into_iter().filter_map(|Arrow { from, to, line, item }| {
            let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            let (own, used) = (from.get(shared)?, to.get(shared)?);
            let groups = &self.files.get(&from[..shared])?.groups;
            let narrow = NARROW.iter().find(|(narrow, _)| shared == 0 && narrow == own);
            let group = *groups.get(used)?;
            let is_upward = match narrow {
                Some((_, allowed)) => group > 0 && !allowed.contains(&used.as_str()),
                None => group > *groups.get(own)?,
            };
            is_upward
                .then(|| format!("src/{}:{line}: `{own}` must not use `{used}`: {item}", self.name(&from)))
        });
        let upward: Vec<_> = upward.collect();
        stray.chain(upward).collect()
    }

    /// Groups of files of which each needs all others, with what ties them.
    fn circles(&self) -> Vec<(BTreeSet<&str>, String)> {
        let arrows = self.arrows();
        let mut next: BTreeMap<&Names, BTreeSet<&Names>> = BTreeMap::new();
        for Arrow { from, to, .. } in &arrows {
            next.entry(from).or_default().insert(to);
        }
        let reach = |start| {
            let (mut seen, mut open) = (BTreeSet::new(), vec![start]);
            while let Some(at) = open.pop() {
                open.extend(next.get(at).into_iter().flatten().filter(|to| seen.insert(**to)));
            }
            seen
        };
        let reached: BTreeMap<&Names, BTreeSet<&Names>> =
            next.keys().map(|from| (*from, reach(*from))).collect();
        let mut circles = Vec::new();
        let mut done = BTreeSet::new();
        for (from, all) in &reached {
            let circle: BTreeSet<_> = all
                .iter()
                .copied()
                .filter(|to| reached.get(to).is_some_and(|back| back.contains(*from)))
                .collect();
            if circle.contains(*from) && done.insert(circle.clone()) {
                let ties = arrows.iter().filter(|a| circle.contains(&a.from) && circle.contains(&a.to));
                let ties = ties.map(|Arrow { from, to, line, item }| {
                    format!("\n    src/{}:{line} → src/{}: {item}", self.name(from), self.name(to))
                });
                let ties = ties.collect();
                circles.push((circle.iter().map(|module| self.name(module)).collect(), ties));
            }
        }
        circles
    }
}

fn module_of(name: &str) -> Names {
    let parts = name.trim_end_matches(".rs").split('/').map(str::to_owned);
    let mut parts: Names = parts.collect();
    if parts.last().is_some_and(|last| last == "mod" || last == "lib") {
        parts.pop();
    }
    parts
}

impl File {
    fn read(name: &str, text: &str) -> Self {
        let mut file = Self { name: name.to_owned(), groups: groups_of(text), ..Self::default() };
        let tokens: TokenStream = text.parse().unwrap();
        file.scan(&module_of(name), &tokens.into_iter().collect::<Vec<_>>());
        file
    }

    fn scan(&mut self, module: &Names, tokens: &[TokenTree]) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let rest = &tokens[at..];
            at += 1;
            match token {
                TokenTree::Punct(_) if is_test_attribute(rest) => {
                    let end = rest.iter().position(ends_item).unwrap_or(rest.len() - 1);
                    if let Some([_, name]) = rest[..end].windows(2).find(|pair| is_word(&pair[0], "mod")) {
                        self.test_modules.insert(name.to_string());
                    }
                    at += end;
                }
                TokenTree::Ident(word)
                    if word == "use" && !rest.get(1).is_some_and(|next| is_punct(next, '<')) =>
                {
                    let end = rest.iter().position(|token| is_punct(token, ';')).unwrap_or(rest.len());
                    let exported = match &tokens[..at - 1] {
                        [.., last] if is_word(last, "pub") => true,
                        [.., last, TokenTree::Group(_)] => is_word(last, "pub"),
                        _ => false,
                    };
                    self.import(module, &[], &rest[1..end], exported);
                    at += end;
                }
                TokenTree::Ident(word) if word == "mod" => {
                    if let [_, name, body, ..] = rest {
                        if let TokenTree::Group(inner) = body {
                            let inner: Vec<_> = inner.stream().into_iter().collect();
                            self.scan(&[&module[..], &[name.to_string()]].concat(), &inner);
                        }
                        at += 2;
                    }
                }
                TokenTree::Ident(word) => {
                    let path = path_of(rest);
                    at += (path.len() - 1) * 3;
                    self.words.insert(word.to_string());
                    if path.len() > 1 {
                        let line = word.span().start().line;
                        self.paths.push(Named { line, module: module.clone(), path });
                    }
                }
                TokenTree::Group(group) => {
                    self.scan(module, &group.stream().into_iter().collect::<Vec<_>>());
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    /// Reads the tree after `use`, or a part of it in braces.
    fn import(&mut self, module: &Names, start: &[String], tree: &[TokenTree], exported: bool) {
        for branch in tree.split(|token| is_punct(token, ',')).filter(|branch| !branch.is_empty()) {
            let own = path_of(branch);
            let path: Names = start.iter().chain(&own).cloned().collect();
            let is_self = path.len() > 1 && path.last().is_some_and(|last| last == "self");
            let path = if is_self { path[..path.len() - 1].to_vec() } else { path };
            match branch.last() {
                Some(TokenTree::Group(group)) => {
                    let inner: Vec<_> = group.stream().into_iter().collect();
                    self.import(module, &path, &inner, exported);
                }
                Some(TokenTree::Ident(name)) => {
                    let name = if is_self { path[path.len() - 1].clone() } else { name.to_string() };
                    let of = Named { line: branch[0].span().start().line, module: module.clone(), path };
                    self.imports.insert(name, Import { of, exported });
                }
                _ => {}
            }
        }
    }
}

/// The words at the start that `::` joins.
fn path_of(tokens: &[TokenTree]) -> Names {
    let mut path = Names::new();
    let mut rest = tokens;
    while let [TokenTree::Ident(word), others @ ..] = rest {
        path.push(word.to_string());
        match others {
            [a, b, after @ ..] if is_punct(a, ':') && is_punct(b, ':') => rest = after,
            _ => break,
        }
    }
    path
}

fn is_punct(token: &TokenTree, of: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == of)
}

fn is_word(token: &TokenTree, of: &str) -> bool {
    matches!(token, TokenTree::Ident(word) if word == of)
}

fn is_test_attribute(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [hash, TokenTree::Group(of), ..]
        if is_punct(hash, '#') && of.stream().to_string().replace(' ', "") == "cfg(test)")
}

fn ends_item(token: &TokenTree) -> bool {
    is_punct(token, ';') || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// The group of each module that a file declares: how many blank lines stand above it among the declarations.
fn groups_of(text: &str) -> BTreeMap<String, usize> {
    let declared = |line: &str| {
        let name = match line.strip_prefix("pub") {
            Some(rest) => {
                rest.split_once("mod ").filter(|(of, _)| of.trim().is_empty() || of.starts_with('('))?.1
            }
            None => line.strip_prefix("mod ")?,
        };
        Some(name.strip_suffix(';')?.to_owned())
    };
    let blocks = text.split("\n\n").map(|block| block.lines().filter_map(declared).collect::<Vec<_>>());
    let blocks = blocks.filter(|names| !names.is_empty()).enumerate();
    blocks.flat_map(|(group, names)| names.into_iter().map(move |name| (name, group))).collect()
}

/// A file of `src/`, cut where its tests begin and with its comments blanked.
struct Code {
    path: String,
    text: String,
}

impl Code {
    fn new(path: &str, text: &str) -> Self {
        let opens =
            |rest: &str| rest.lines().next().is_some_and(|line| line.contains("mod ") && line.ends_with('{'));
        let mut marks = text.match_indices("\n#[cfg(test)]\n");
        let tests = marks.find(|(at, mark)| opens(&text[at + mark.len()..])).map_or(text.len(), |(at, _)| at);
        let lines =
            text[..tests].lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line });
        Self { path: path.to_owned(), text: lines.collect::<Vec<_>>().join("\n") }
    }

    fn line(&self, offset: usize) -> usize {
        self.text[..offset].matches('\n').count() + 1
    }
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn all_files() -> Vec<(String, String)> {
    let (mut folders, mut code) = (vec![source()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(source()).unwrap().to_str().unwrap().replace('\\', "/");
                code.push((name, fs::read_to_string(path).unwrap()));
            }
        }
    }
    code.sort();
    code
}

fn all_code() -> Vec<Code> {
    all_files().iter().map(|(name, text)| Code::new(name, text)).collect()
}

#[test]
fn modules_use_only_their_group_and_those_above() {
    let files = all_files();
    let found = House::of(files.iter().map(|(name, text)| (&**name, &**text))).order_faults();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_files_need_each_other() {
    let files = all_files();
    let house = House::of(files.iter().map(|(name, text)| (&**name, &**text)));
    let evaluator = EVALUATOR.map(|name| format!("bake/eval/{name}"));
    let allowed: BTreeSet<&str> = evaluator.iter().map(|name| &**name).collect();
    let circles = house.circles();
    let text =
        |circle: &(BTreeSet<&str>, String)| format!("{} files: {:?}{}", circle.0.len(), circle.0, circle.1);
    let found: Vec<_> = circles.iter().filter(|circle| circle.0 != allowed).map(text).collect();
    assert!(found.is_empty(), "files that need each other:\n{}", found.join("\n"));
    assert!(circles.iter().any(|(files, _)| *files == allowed), "no longer a circle: {allowed:?}");
}

#[test]
fn only_the_gates_have_no_fence() {
    for code in all_code() {
        let text: String = code.text.split_whitespace().collect();
        let lifts = text
            .replace("#![cfg_attr(test,allow(clippy::disallowed_methods", "")
            .contains("disallowed_methods");
        let is_gate = GATES.iter().any(|gate| code.path.starts_with(gate));
        assert!(is_gate || !lifts, "src/{} lifts the fence that only {GATES:?} may lift", code.path);
    }
}

#[test]
fn files_stay_readable() {
    let code = all_code().into_iter().filter(|code| !code.path.ends_with("/tests.rs"));
    let lengths = code.map(|code| (code.line(code.text.len()), code.path));
    let long: Vec<_> = lengths.filter(|(length, _)| *length > MAX_LINES).collect();
    assert!(long.is_empty(), "more than {MAX_LINES} lines before the tests: {long:?}");
}

#[test]
fn every_test_file_is_declared() {
    for binary in ["cli", "live"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(binary);
        let main = fs::read_to_string(folder.join("main.rs")).unwrap();
        for entry in fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let module = name.trim_end_matches(".rs");
            assert!(
                module == "main" || main.contains(&format!("mod {module};")),
                "tests/{binary}/{name} is not in main.rs, and does not run"
            );
        }
    }
}

#[test]
fn the_checks_can_fail() {
    let groups = groups_of(
        "//! Map.\n\n// Words.\npub mod platform;\n\npub(crate) mod plan;\nmod registry;\n\npub(in crate::x) mod host;\n",
    );
    let groups: Vec<_> = groups.iter().map(|(name, group)| (name.as_str(), *group)).collect();
    assert_eq!(groups, [("host", 2), ("plan", 1), ("platform", 0), ("registry", 1)]);
    for (path, text, expected) in [
        ("plan.rs", "use crate::platform::Platform;", 0),
        ("plan.rs", "use crate::registry::Registry;", 0),
        ("plan.rs", "use crate::host::Host;", 1),
        ("plan.rs", "use crate::{platform::Platform, host::{Host, A}};", 2),
        ("plan.rs", "use super::host::Host;", 1),
        ("plan.rs", "use crate::host; fn f() { host::now() }", 1),
        ("plan.rs", "fn f() { println!(\"{}\", [crate::host::now()]) }", 1),
        ("plan.rs", "// use crate::host::Host;", 0),
        ("plan.rs", "/// crate::host::Host\nconst A: &str = \"crate::host::Host\";", 0),
        ("plan.rs", "#[cfg(test)]\nmod tests {\nuse crate::host::Host;\n}", 0),
        ("plan.rs", "#[cfg(test)]\nmod tests {\nuse super::*;\n}\nuse crate::host::Host;", 1),
        ("registry/http.rs", "use crate::plan::Plan;", 1),
        ("registry/http.rs", "use crate::{platform::Platform, registry::Registry};", 0),
        ("registry/http.rs", "use super::super::plan::Plan;", 1),
        ("registry/http.rs", "use super::Registry;", 0),
        ("registry/http.rs", "use super::auth::helper::Helper;", 1),
        ("registry/http.rs", "use super::Helper;", 1),
        ("registry/http.rs", "pub(in crate::host) fn f() {}", 0),
        ("registry/mod.rs", "mod http;\n\nmod auth;\nuse super::plan::Plan;", 1),
        ("registry/auth/helper.rs", "use super::super::http::Http;", 0),
        (
            "registry/auth/helper.rs",
            "use self::inner::A;\nmod inner { use super::super::super::super::host::Host; }",
            1,
        ),
        ("published/survey.rs", "use crate::{platform::Platform, registry::Registry};", 0),
        ("published/survey.rs", "use crate::plan::Plan;", 1),
        ("verify/walk.rs", "use crate::merge::check::check;", 1),
        ("merge/check.rs", "use crate::{published::survey::Survey, verify::walk::Walk};", 1),
        ("stray.rs", "", 1),
        ("registry/stray.rs", "", 1),
    ] {
        assert_eq!(house_with(path, text).order_faults().len(), expected, "{path}: {text}");
    }
    for (path, text, expected) in [
        ("platform.rs", "use crate::plan::Plan;", &["plan.rs", "platform.rs"][..]),
        (
            "registry/http.rs",
            "use crate::registry::Helper;",
            &["registry/auth/helper.rs", "registry/http.rs"],
        ),
        (
            "registry/http.rs",
            "fn f() { super::auth::helper::f() }",
            &["registry/auth/helper.rs", "registry/http.rs"],
        ),
        (
            "registry/http.rs",
            "use super::auth; use auth::{helper as h}; fn f() { h::f() }",
            &["registry/auth/helper.rs", "registry/http.rs"],
        ),
        ("registry/http.rs", "use super::Registry;", &[]),
        ("registry/mod.rs", "mod http;\n\nmod auth;\npub use auth::Helper;\nfn f(_: Helper) {}", &[]),
        ("registry/http.rs", "use super::auth;", &[]),
    ] {
        let house = house_with(path, text);
        let circles = house.circles();
        let found: Vec<_> = circles.iter().flat_map(|(files, _)| files.iter().copied()).collect();
        assert_eq!(found, expected, "{path}: {text}");
    }
}

/// A house in which one file has this text.
fn house_with(path: &str, text: &str) -> House {
    let mut files = BTreeMap::from([
        (
            "lib.rs",
            "// Words.\npub mod platform;\n\npub mod plan;\nmod registry;\n\nmod published;\n\npub mod merge;\n\
             pub mod verify;\n\npub mod host;\n",
        ),
        ("merge/mod.rs", "pub mod check;"),
        ("merge/check.rs", ""),
        ("published/mod.rs", "pub mod survey;"),
        ("published/survey.rs", ""),
        ("verify/mod.rs", "pub mod walk;"),
        ("verify/walk.rs", ""),
        ("host.rs", ""),
        ("plan.rs", "use crate::platform::Platform;"),
        ("platform.rs", ""),
        ("registry/mod.rs", "mod http;\n\nmod auth;\n\npub use auth::Helper;"),
        ("registry/http.rs", ""),
        ("registry/auth/mod.rs", "mod helper;\npub use self::helper::Helper;"),
        ("registry/auth/helper.rs", "use super::super::http::Http;"),
    ]);
    files.insert(path, text);
    House::of(files)
}
