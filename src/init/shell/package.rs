//! Scripts of a `package.json`, as npm, yarn, pnpm and bun run them.

use std::rc::Rc;

use super::command_line::Line;
use super::lost::Lost;
use super::{Ran, Script};
use crate::glob::Glob;
use crate::init::values::folder::Folder;
use crate::init::values::text::Template;

/// How many packages are looked at.
const MAX_PACKAGES: usize = 100;

/// The scripts around the publication of a package.
const OF_PUBLICATION: [&str; 6] =
    ["prepublishOnly", "prepack", "prepare", "postpack", "publish", "postpublish"];

/// What a command runs.
pub(super) struct Package {
    /// The folders of the packages.
    pub folders: Vec<Folder>,
    /// The scripts.
    pub names: Vec<String>,
    /// What they are given.
    pub rest: Vec<Template>,
    /// Whether it runs scripts, and nothing else of that name.
    pub is_certain: bool,
}

/// The scripts of a package: their names and commands.
type Scripts = Vec<(String, String)>;

/// The scripts of a `package.json`.
fn scripts(text: &str) -> Scripts {
    let Ok(serde_json::Value::Object(root)) = serde_json::from_str(text) else { return Vec::new() };
    let Some(serde_json::Value::Object(all)) = root.get("scripts") else { return Vec::new() };
    let named =
        |(name, command): (&String, &serde_json::Value)| Some((name.clone(), command.as_str()?.to_owned()));
    all.iter().filter_map(named).collect()
}

/// How many lines are above a script.
fn above(text: &str, name: &str) -> usize {
    let written = serde_json::to_string(name).unwrap_or_default();
    let from = text.find("\"scripts\"").unwrap_or_default();
    let is_key = |at: &usize| text[at + written.len()..].trim_start().starts_with(':');
    let at = text[from..].match_indices(&written).map(|(at, _)| from + at).find(is_key);
    text[..at.unwrap_or_default()].matches('\n').count()
}

/// Whether one of these scripts is there; a name may be a pattern.
pub(super) fn has_any(text: &str, names: &[String]) -> bool {
    scripts(text).iter().any(|(script, _)| names.iter().any(|name| fits(name, script)))
}

/// Whether a name is meant: a `*` stops at `:` and `/`, and `**` does not.
fn fits(pattern: &str, name: &str) -> bool {
    let separator = if pattern.contains("**") { "\u{e002}" } else { "/" };
    let apart = |text: &str| text.replace([':', '/'], separator);
    pattern == name
        || pattern.contains('*') && Glob::parse(&apart(pattern)).is_ok_and(|glob| glob.matches(&apart(name)))
}

impl Script<'_> {
    /// Which scripts of which packages a command runs.
    pub(super) fn package(&self, program: &str, words: &[Template], folder: &Folder) -> Option<Package> {
        let valued: &[&str] = match program {
            "npm" => &["--prefix", "-C", "-w", "--workspace", "--loglevel"],
            "pnpm" => &["-C", "--dir", "--filter", "-F", "--filter-prod", "--loglevel", "--reporter"],
            "run-s" | "run-p" | "npm-run-all" => &["--max-parallel", "--npm-path"],
            _ => &["--cwd", "--filter", "-F", "--loglevel"],
        };
        let line = Line::read(words, valued, &[]);
        let asked: Vec<String> = line.asked.iter().map(Template::shown).collect();
        let mut asked: Vec<&str> = asked.iter().map(String::as_str).collect();
        let inside = line.values(&["--prefix", "-C", "--dir", "--cwd"]).last();
        let home = inside.map_or_else(|| folder.clone(), |path| folder.at(path));
        let mut wanted: Vec<String> = line
            .values(&["-w", "--workspace", "--filter", "-F", "--filter-prod"])
            .map(Template::shown)
            .collect();
        if program == "pnpm" && line.has(&["-w", "--workspace-root"]) {
            return self.package("pnpm", &line.asked, &Folder::default());
        }
        let mut is_all = line.has(&["-r", "--recursive", "--workspaces", "-ws"]);
        match asked.as_slice() {
            ["workspace", name, ..] if program == "yarn" => {
                wanted.push((*name).to_owned());
                asked.drain(..2);
            }
            ["workspaces", "foreach" | "run", ..] if program == "yarn" => {
                is_all = true;
                let from = if asked[1] == "run" { 1 } else { 2 };
                asked.drain(..from);
            }
            _ => {}
        }
        let is_list = program.starts_with("run-") || program == "npm-run-all";
        let runs = matches!(asked.first(), Some(&("run" | "run-script" | "rum" | "urn")));
        let mut rest: Vec<Template> = Vec::new();
        let names: Vec<String> = if is_list {
            asked.iter().map(|name| name.split(' ').next().unwrap_or_default().to_owned()).collect()
        } else {
            let at = usize::from(runs);
            let name = *asked.get(at)?;
            let behind = line.asked.len() - asked.len() + at + 1;
            rest.extend(line.asked.get(behind..).unwrap_or_default().iter().cloned());
            match (program, name, runs) {
                ("npm", "t" | "tst", false) => vec!["test".to_owned()],
                ("npm" | "pnpm" | "yarn", "publish", false) => OF_PUBLICATION.map(str::to_owned).to_vec(),
                ("npm", "test" | "start" | "stop" | "restart", false) => vec![name.to_owned()],
                ("npm", _, false) => return None,
                _ => vec![name.to_owned()],
            }
        };
        rest.extend(line.rest.iter().cloned());
        let is_certain =
            (is_list || runs && matches!(program, "npm" | "pnpm")) && !line.has(&["--if-present"]);
        let folders = match (&home, wanted.is_empty() && !is_all) {
            (_, true) => vec![self.package_above(&home, &names)],
            (Folder::Unknown(_), false) => Vec::new(),
            (Folder::Known(home), false) => self.packages(home, &wanted, &names),
        };
        Some(Package { folders, names, rest, is_certain })
    }

    /// The folder of the package that a folder belongs to.
    fn package_above(&self, folder: &Folder, names: &[String]) -> Folder {
        let Folder::Known(path) = folder else { return folder.clone() };
        let mut here = path.as_str();
        loop {
            let file =
                if here.is_empty() { "package.json".to_owned() } else { format!("{here}/package.json") };
            let found = self.scope.world.scripts.at(&file);
            let is_there = found.is_some();
            let has = |(_, text): (Rc<str>, Rc<str>)| {
                self.scope.world.work.spend(text.len() / 16) && has_any(&text, names)
            };
            if found.is_some_and(has) {
                return Folder::Known(here.to_owned());
            }
            if here.is_empty() || is_there {
                return folder.clone();
            }
            here = here.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }

    /// The packages below a folder that have such scripts: those that are named, or all.
    fn packages(&self, home: &str, wanted: &[String], names: &[String]) -> Vec<Folder> {
        let all = self.scope.world.scripts.named("package.json");
        let of = |(path, text): (&str, &str)| {
            let folder = path.strip_suffix("package.json")?.trim_end_matches('/');
            let below =
                if home.is_empty() { folder } else { folder.strip_prefix(home)?.trim_start_matches('/') };
            self.scope.world.work.spend(8 + text.len() / 8).then_some(())?;
            let root: Option<serde_json::Value> = serde_json::from_str(text).ok();
            let own = root
                .as_ref()
                .and_then(|root| root.get("name"))
                .and_then(|name| name.as_str())
                .unwrap_or_default();
            let is_it = |one: &String| {
                let one = one.trim_start_matches("./").trim_matches(['{', '}', '.']);
                one == own || own.ends_with(&format!("/{one}")) || one == below || fits(one, own)
            };
            let is_wanted = wanted.is_empty() || wanted.iter().any(is_it);
            (is_wanted && has_any(text, names)).then(|| Folder::Known(folder.to_owned()))
        };
        all.take(MAX_PACKAGES).filter_map(of).collect()
    }

    /// Reads scripts of a `package.json`, each with those that run before and behind it; answers with those that it lacks.
    pub(super) fn scripts_of_package(
        &mut self,
        text: &str,
        names: &[String],
        given: &[Template],
        is_certain: bool,
        ran: &mut Ran,
    ) -> Vec<Lost> {
        let all = scripts(text);
        let given: Vec<String> = given.iter().map(|word| self.marked(word.clone())).collect();
        let mut lost = Vec::new();
        for wanted in names {
            let mut fitting = all.iter().filter(|(script, _)| fits(wanted, script)).peekable();
            if fitting.peek().is_none() && is_certain {
                lost.extend(Lost::part(&Template::from(wanted.as_str()), "script", self.file.as_deref()));
            }
            for (script, _) in fitting {
                for (around, words) in [("pre", None), ("", Some(&given)), ("post", None)] {
                    let name = format!("{around}{script}");
                    let Some((_, command)) = all.iter().find(|(one, _)| *one == name) else { continue };
                    if !self.scope.world.work.spend(8 + text.len() / 32) {
                        return lost;
                    }
                    let words = words.into_iter().flatten();
                    let line = words.fold(command.clone(), |line, word| format!("{line} {word}"));
                    self.flow.folder = self.home.folder.clone();
                    self.run_apart(&line, above(text, &name), ran);
                }
            }
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_found_with_their_lines() {
        let text = "{\n  \"name\": \"push\",\n  \"scripts\": {\n    \"build\": \"npm run push\",\n    \"push\": \"docker push x\"\n  }\n}\n";
        assert_eq!((above(text, "build"), above(text, "push"), scripts(text).len()), (3, 4, 2));
        let has = |text: &str, name: &str| has_any(text, &[name.to_owned()]);
        assert!(has(text, "p*") && !has(text, "x") && !has("{", "x") && !has("[]", "x"));
        assert!(
            fits("image:*", "image:api")
                && !fits("image:*", "image:api:x")
                && fits("image:**", "image:api")
                && fits("image:**", "image:api:x")
        );
    }
}
