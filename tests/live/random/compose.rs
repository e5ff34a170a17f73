//! Random Compose files: services with `build`, `x-bake`, interpolation and `extends`, anchors, several files.

use super::choice::Choices;
use super::table;
use super::tree::Tree;

const TABLE: &str = include_str!("compose.txt");

/// What `@` stands for.
const INTERPOLATIONS: [&str; 14] = [
    "x",
    "1.2",
    "${C0}",
    "$C0",
    "${C1:-d}",
    "${C1-d}",
    "${NONE:-${C0}}",
    "${NONE-e}",
    "${C0:+y}",
    "${C0+y}",
    "${NONE:+y}",
    "$$x",
    "${C2:-}",
    "${C0:?needed}",
];

pub(super) struct Compose {
    pub(super) files: Vec<(String, Tree)>,
    pub(super) environment: Vec<(String, String)>,
    pub(super) services: Vec<String>,
}

pub(super) fn files(choices: &mut Choices) -> Compose {
    let mut services = choices.some(&["api", "worker", "web.site", "app"], 3);
    if services.is_empty() {
        services.push("api");
    }
    let mut files = vec![("compose.yaml".to_owned(), file(choices, &services))];
    if choices.chance(25) {
        files.push(("docker-compose.yml".to_owned(), file(choices, &services)));
    }
    if choices.chance(50) {
        files.push((".env".to_owned(), Tree::new().text("C0=dot\nC1='a b'\n# comment\nexport C2=\"q\"\n")));
    }
    files.push(("one.env".to_owned(), Tree::new().text("B=file\nE=${C0:-x}\n")));
    let mut environment = Vec::new();
    for name in ["C0", "C1"] {
        if choices.chance(40) {
            let value = choices.of(&["env", "", "e f", "é"]);
            environment.push((name.to_owned(), value.to_owned()));
        }
    }
    let services = services.iter().map(|name| name.replace('.', "_")).collect();
    Compose { files, environment, services }
}

fn file(choices: &mut Choices, services: &[&str]) -> Tree {
    let mut parts = lines(choices, "t", 1, "");
    parts.push(Tree::new().text("secrets:\n  one: {file: ./one.txt}\n  two: {environment: TWO}"));
    let mut shown = Vec::new();
    for (at, name) in services.iter().enumerate() {
        let mut members = lines(choices, "s", 2, "    ");
        if choices.chance(90) {
            members.push(build(choices));
        }
        if at > 0 && choices.chance(20) {
            let base = services[choices.below(at)];
            members.push(Tree::new().text(format!("    extends: {{service: {base}}}")));
        }
        let service = Tree::new().text(format!("  {name}:\n    tty: true\n")).many("\n", members);
        shown.push(service);
    }
    parts.push(Tree::new().text("services:\n").many("\n", shown));
    Tree::new().many("\n", parts).text("\n")
}

fn build(choices: &mut Choices) -> Tree {
    if choices.chance(10) {
        return Tree::new().text("    build: ./short");
    }
    let mut members = lines(choices, "b", 6, "      ");
    if choices.chance(40) {
        let fields = lines(choices, "x", 4, "        ");
        if !fields.is_empty() {
            members.push(Tree::new().text("      x-bake:\n").many("\n", fields));
        }
    }
    if members.is_empty() {
        return Tree::new().text("    build: {}");
    }
    Tree::new().text("    build:\n").many("\n", members)
}

/// Lines of a place in the file, none with the key of another.
fn lines(choices: &mut Choices, place: &str, most: usize, indent: &str) -> Vec<Tree> {
    let mut keys = Vec::new();
    let mut found = Vec::new();
    for _ in 0..choices.below(most + 1) {
        let (_, text) = table::line(choices, TABLE, |letter| letter == place);
        let key = text.split(':').next().unwrap_or_default();
        if keys.contains(&key) {
            continue;
        }
        keys.push(key);
        let parts: Vec<&str> = text.split('@').collect();
        let mut line = format!("{indent}{}", parts[0]);
        for part in &parts[1..] {
            line.push_str(choices.of(&INTERPOLATIONS));
            line.push_str(part);
        }
        found.push(Tree::new().text(line));
    }
    found
}
