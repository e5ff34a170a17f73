//! Which file of the repository a command runs, and what of it: `./push.sh`, `make -C api push`, `just push`, `task push`,
//! `npm run push`.

use std::rc::Rc;

use super::command_line::{Line, text};
use super::lost::Lost;
use super::package::Package;
use super::run::{FileRun, Inside, Kind, Recipes, Run, Tasks};
use super::wrappers::BUILDERS;
use super::{Script, taskfile};
use crate::init::values::folder::{Folder, TOP};
use crate::init::values::text::{Piece, Template, is_name};
use crate::init::values::written::WrittenFile;

/// The names of a Makefile, in the order in which make looks for them.
const MAKEFILES: [&str; 3] = ["GNUmakefile", "makefile", "Makefile"];

/// The names of a justfile.
const JUSTFILES: [&str; 4] = [".justfile", "JUSTFILE", "Justfile", "justfile"];

/// A file that is found, or where it was looked for.
type Looked = Result<(Rc<str>, Rc<str>), String>;

impl Script<'_> {
    /// What a command runs of the repository, if it does.
    pub(super) fn run_of(&self, words: &[Template], folder: &Folder) -> Option<Run> {
        let (program, behind) = words.split_first()?;
        let written = text(program);
        let own = without_redirections(behind);
        let rest = own.as_slice();
        let name = written.rsplit('/').next().unwrap_or_default();
        match name {
            "make" | "gmake" => self.make_of(rest, folder),
            "just" => self.just_of(rest, folder),
            "task" | "go-task" => self.task_of(rest, folder),
            "npm" | "yarn" | "pnpm" | "bun" | "run-s" | "run-p" | "npm-run-all" => {
                self.package_of(name, rest, folder)
            }
            "source" | "." => self.script_of_path(rest.first()?, &rest[1..], folder, true),
            "sh" | "bash" | "dash" | "zsh" | "ksh" | "ash" => {
                let (mut at, mut is_inline) = (0, false);
                while let Some(option) = rest.get(at).map(text).filter(|word| word.starts_with(['-', '+'])) {
                    let is_short = !option.starts_with("--");
                    is_inline |= is_short && option.contains(['c', 's']);
                    // `-o NAME`
                    let is_valued = is_short && option.ends_with(['o', 'O']);
                    at += 1 + usize::from(is_valued || matches!(option.as_str(), "--rcfile" | "--init-file"));
                }
                // `bash < push.sh`
                if (at >= rest.len() || is_inline)
                    && let Some(input) = input_of(behind)
                {
                    return self.script_of_path(&input, &[], folder, false);
                }
                let path = rest.get(at).filter(|_| !is_inline)?;
                self.script_of_path(path, &rest[at + 1..], folder, false)
            }
            _ if BUILDERS.contains(&name) => None,
            _ => {
                let lost = program.constant().is_none().then(|| Lost::program(program, rest)).flatten();
                let script = || self.script_of_path(program, rest, folder, false);
                lost.map(Run::Lost).or_else(|| written.contains(['/', TOP]).then(script).flatten())
            }
        }
    }

    /// A script at a path: one that was written before, or a file.
    fn script_of_path(
        &self,
        word: &Template,
        arguments: &[Template],
        folder: &Folder,
        is_source: bool,
    ) -> Option<Run> {
        let place = folder.at(word);
        let run = |path: &Rc<str>, text: &Rc<str>, inside| FileRun {
            path: Rc::clone(path),
            text: Rc::clone(text),
            inside,
            arguments: arguments.to_vec(),
            folder: folder.clone(),
            kind: if is_source { Kind::Source } else { Kind::Script },
        };
        let (Folder::Known(key) | Folder::Unknown(key)) = &place;
        let made = WrittenFile::of(self.scope.files.iter().chain(&self.files), key);
        if !made.is_empty() {
            let inside = |one: &WrittenFile, guards| Inside {
                file: one.file.clone(),
                above: one.above,
                expressions: one.expressions.clone(),
                guards,
            };
            let all =
                made.into_iter().map(|(one, guards)| run(&one.path, &one.text, Some(inside(one, guards))));
            return Some(Run::Files(all.collect()));
        }
        if let Folder::Known(path) = &place
            && let Some((path, text)) = self.scope.world.scripts.at(path)
        {
            return Some(Run::Files(vec![run(&path, &text, None)]));
        }
        // Files of the machine are programs, which are known by their names if they publish.
        let is_elsewhere = key.starts_with(['/', '~']) || key.starts_with("../");
        // What a shell reads itself are most often variables.
        let is_shell = key.ends_with("sh");
        let lost = Lost::script(key)
            .filter(|lost| !lost.is_guess || !is_source && !is_elsewhere)
            .filter(|_| is_shell || !is_source && !is_elsewhere);
        lost.map(Run::Lost)
    }

    /// The first of these files in a folder, or above it.
    fn found(&self, names: &[Template], folder: &Folder, looks_up: bool) -> Looked {
        let shown = |folder: &Folder, name: &Template| match folder.at(name) {
            Folder::Known(path) | Folder::Unknown(path) => path,
        };
        let mut here = folder.clone();
        loop {
            let found = names.iter().find_map(|name| match here.at(name) {
                Folder::Known(path) => self.scope.world.scripts.at(&path),
                Folder::Unknown(_) => None,
            });
            if let Some(found) = found {
                return Ok(found);
            }
            let above = match &here {
                Folder::Known(path) if looks_up && !path.is_empty() => {
                    path.rsplit_once('/').map_or("", |(above, _)| above)
                }
                _ => return Err(names.last().map(|name| shown(folder, name)).unwrap_or_default()),
            };
            here = Folder::Known(above.to_owned());
        }
    }

    /// `make -C FOLDER -f FILE NAME=VALUE TARGET…`
    fn make_of(&self, words: &[Template], folder: &Folder) -> Option<Run> {
        let valued = [
            "-C",
            "--directory",
            "-f",
            "--file",
            "--makefile",
            "-I",
            "--include-dir",
            "-o",
            "--old-file",
            "-W",
            "--what-if",
            "--new-file",
            "-E",
            "--eval",
        ];
        let line = Line::read(words, &valued, &["-j", "-l"]);
        let only_shows =
            line.has(&["--dry-run", "--just-print", "--recon", "--question", "--version", "--help"])
                || line.options.iter().any(|(name, _)| !name.starts_with("--") && name.contains(['n', 'q']));
        if only_shows {
            return None;
        }
        let inner =
            line.values(&["-C", "--directory"]).fold(folder.clone(), |folder, inside| folder.at(inside));
        let file = line.values(&["-f", "--file", "--makefile"]).last();
        let names = file.map_or_else(|| MAKEFILES.map(Template::from).to_vec(), |file| vec![file.clone()]);
        let is_named = file.is_some() || inner != Folder::default();
        Some(match self.found(&names, &inner, false) {
            Ok((path, text)) => {
                let equal = |(name, value): (String, Template)| {
                    let mut word = Template::from(format!("{name}=").as_str());
                    word.extend(value);
                    word
                };
                Run::Files(vec![FileRun {
                    path,
                    text,
                    inside: None,
                    arguments: line.set.into_iter().map(equal).collect(),
                    folder: inner,
                    kind: Kind::Make(line.asked.into_iter().chain(line.rest).collect()),
                }])
            }
            Err(path) => Run::Lost(Lost::file(&path, "make", &line.asked, is_named)?),
        })
    }

    /// `just -f FILE -d FOLDER NAME=VALUE RECIPE WORD…`
    fn just_of(&self, words: &[Template], folder: &Folder) -> Option<Run> {
        let valued = [
            "-f",
            "--justfile",
            "-d",
            "--working-directory",
            "--set",
            "--shell",
            "--shell-arg",
            "-E",
            "--dotenv-path",
            "--dotenv-filename",
            "--color",
            "--command-color",
            "--tempdir",
            "--timestamp-format",
            "--chooser",
        ];
        // Behind the name of a recipe, all is for it.
        let is_plain = |word: &&Template| {
            let text = text(word);
            !text.starts_with('-') && !text.split_once('=').is_some_and(|(name, _)| is_name(name))
        };
        let mut split = words.len();
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let written = text(word);
            if is_plain(&word) {
                split = at;
                break;
            }
            at += 1 + usize::from(valued.contains(&written.as_str())) + usize::from(written == "--set");
        }
        let split = split.min(words.len());
        let mut own: Vec<Template> = words[..split].to_vec();
        let mut set = Vec::new();
        while let Some(at) = own.iter().position(|word| text(word) == "--set") {
            let mut given = own.drain(at..(at + 3).min(own.len())).skip(1);
            set.extend(given.next().map(|name| text(&name)).zip(given.next()));
        }
        let line = Line::read(&own, &valued, &[]);
        let shows = [
            "-n",
            "--dry-run",
            "-l",
            "--list",
            "-s",
            "--show",
            "--summary",
            "--evaluate",
            "--fmt",
            "--dump",
            "--init",
            "--choose",
            "-c",
            "--command",
            "--variables",
            "--version",
            "-V",
            "--help",
            "-h",
            "-e",
            "--edit",
            "--groups",
            "--changelog",
            "--completions",
            "--man",
            "--usage",
        ];
        if line.has(&shows) {
            return None;
        }
        set.extend(line.set.iter().cloned());
        let mut asked: Vec<Template> = line.rest.iter().chain(&words[split..]).cloned().collect();
        let mut from = folder.clone();
        let mut is_named = false;
        // `just api/push` is `push` of the justfile in `api`.
        if let Some(first) = asked.first_mut()
            && let Some((path, name)) = text(first).rsplit_once('/')
        {
            from = folder.at(&Template::from(path));
            *first = Template::from(name);
            is_named = true;
        }
        if text(asked.first().unwrap_or(&Template::default())).is_empty() {
            asked.clear();
        }
        let file = line.values(&["-f", "--justfile"]).last();
        let names = file.map_or_else(|| JUSTFILES.map(Template::from).to_vec(), |file| vec![file.clone()]);
        let given = line.values(&["-d", "--working-directory"]).last().map(|path| folder.at(path));
        let looked =
            self.found(&names, given.as_ref().filter(|_| file.is_none()).unwrap_or(&from), file.is_none());
        Some(match looked {
            Ok(file) => of_file(file, given, Kind::Just(Recipes { recipes: Some(asked), set })),
            Err(path) => {
                asked.truncate(1);
                Run::Lost(Lost::file(&path, "just", &asked, is_named || file.is_some() || asked.is_empty())?)
            }
        })
    }

    /// `task -t FILE -d FOLDER NAME=VALUE TASK… -- WORD…`
    fn task_of(&self, words: &[Template], folder: &Folder) -> Option<Run> {
        let valued = [
            "-t",
            "--taskfile",
            "-d",
            "--dir",
            "-o",
            "--output",
            "-C",
            "--concurrency",
            "-I",
            "--interval",
            "--sort",
            "--output-group-begin",
            "--output-group-end",
        ];
        let line = Line::read(words, &valued, &[]);
        let shows = [
            "-n",
            "--dry",
            "-l",
            "--list",
            "-a",
            "--list-all",
            "--summary",
            "--status",
            "-i",
            "--init",
            "--version",
            "-h",
            "--help",
            "--completion",
        ];
        if line.has(&shows) {
            return None;
        }
        let file = line.values(&["-t", "--taskfile"]).last();
        let given = line.values(&["-d", "--dir"]).last().map(|path| folder.at(path));
        let from = given.clone().unwrap_or_else(|| folder.clone());
        let names: Vec<Template> = match file {
            Some(file) => std::iter::once(file.clone()).chain(taskfile::in_folder(file)).collect(),
            None => taskfile::NAMES.map(Template::from).to_vec(),
        };
        let from = if file.is_some() { folder.clone() } else { from };
        let is_named = file.is_some() || given.is_some() || line.asked.is_empty();
        Some(match self.found(&names, &from, file.is_none()) {
            Ok(file) => {
                let tasks = Tasks { tasks: Some(line.asked), set: line.set, rest: line.rest };
                of_file(file, given, Kind::Task(tasks))
            }
            Err(_) => {
                let path = names.first().map(|name| match from.at(name) {
                    Folder::Known(path) | Folder::Unknown(path) => path,
                });
                Run::Lost(Lost::file(&path.unwrap_or_default(), "task", &line.asked, is_named)?)
            }
        })
    }

    /// `npm --prefix FOLDER run SCRIPT -- WORD…`
    fn package_of(&self, program: &str, words: &[Template], folder: &Folder) -> Option<Run> {
        let Package { folders, names, rest, is_certain } = self.package(program, words, folder)?;
        let lost = |path: &str| {
            let asked: Vec<Template> = names.iter().map(|name| Template::from(name.as_str())).collect();
            let program = if program.starts_with("run-") || program == "npm-run-all" {
                program.to_owned()
            } else {
                format!("{program} run")
            };
            Lost::file(path, &program, &asked, true).filter(|_| is_certain).map(Run::Lost)
        };
        if folders.is_empty() {
            return lost("package.json");
        }
        let mut runs = Vec::new();
        for inner in &folders {
            match self.found(&[Template::from("package.json")], inner, false) {
                Ok((path, text)) => {
                    let has = super::package::has_any(&text, &names);
                    let own = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
                    let kind = Kind::Package(names.clone(), is_certain);
                    let run = FileRun {
                        path,
                        text,
                        inside: None,
                        arguments: rest.clone(),
                        folder: Folder::Known(own),
                        kind,
                    };
                    runs.extend((has || is_certain).then_some(run));
                }
                Err(path) => return lost(&path),
            }
        }
        (!runs.is_empty()).then_some(Run::Files(runs))
    }
}

/// Whether a word is where input comes from or output goes to, and whether the file is the next word.
fn redirection(word: &Template) -> Option<bool> {
    let Some(Piece::Text(text)) = word.0.first() else { return None };
    let sign = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&');
    let is_one = sign.starts_with('>') || sign.starts_with('<') && !sign.starts_with("<(");
    is_one.then(|| word.0.len() == 1 && sign.trim_start_matches(['<', '>', '|', '-']).is_empty())
}

/// Words without where input comes from and output goes to.
fn without_redirections(words: &[Template]) -> Vec<Template> {
    let mut kept = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match redirection(word) {
            None => kept.push(word.clone()),
            Some(true) => drop(words.next()),
            Some(false) => {}
        }
    }
    kept
}

/// The run of a file of recipes, in the folder that was given or in that of the file.
fn of_file((path, text): (Rc<str>, Rc<str>), given: Option<Folder>, kind: Kind) -> Run {
    let own = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let folder = given.unwrap_or(Folder::Known(own));
    Run::Files(vec![FileRun { path, text, inside: None, arguments: Vec::new(), folder, kind }])
}

/// The file that input comes from.
fn input_of(words: &[Template]) -> Option<Template> {
    let at = words.iter().position(|word| {
        let text = text(word);
        text.starts_with('<') && !text.starts_with("<<") && !text.starts_with("<(")
    })?;
    if redirection(&words[at])? {
        words.get(at + 1).cloned()
    } else {
        Some(Template::from(&text(&words[at])[1..]))
    }
}
