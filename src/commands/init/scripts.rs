//! What scripts publish that nothing was read to run.

use std::rc::Rc;

use super::scan::Found;
use crate::commands::session::Session;
use crate::init::repository::world::World;
use crate::init::shell::{self, Home};
use crate::init::steps::commands::{self, Setting};
use crate::init::steps::found::Publication;
use crate::init::values::folder::Folder;
use crate::init::values::moment::Answers;
use crate::init::values::scope::Scope;
use crate::source::SourceId;

/// What scripts publish, too: indexes of what workflows build, and builds where workflows have none. What else publishes is
/// named.
pub(super) fn with_scripts(
    mut publications: Vec<Publication>,
    found: &Found,
    session: &Session<'_>,
    world: &Rc<World>,
) -> (Vec<Publication>, Vec<String>) {
    world.work.begin();
    let has_builds = publications.iter().any(|one| one.build.is_some());
    let mut left: Vec<String> = Vec::new();
    let scope = Scope { world: Rc::clone(world), ..Scope::default() };
    let read = |(path, id): &(Rc<str>, SourceId)| {
        let text = &session.sources.get(*id).text;
        let home = home(path);
        let ran = if shell::has_parts(path) {
            shell::read_parts(path, text, &scope, &home)
        } else {
            shell::read(text, &scope, &home)
        };
        (Rc::clone(path), ran)
    };
    let is_left = |path: &str| !world.scripts.is_run(path);
    let all: Vec<_> = found.scripts.iter().filter(|(path, _)| is_left(path)).map(read).collect();
    // What is run by others is theirs.
    for (path, ran) in all.iter().filter(|(path, _)| is_left(path)) {
        let setting = Setting { path, lines: &[1], runs: Answers::of(|_| None), job: path };
        let of_script = commands::publications(ran, &scope, &setting).into_iter();
        // What people run may need much that is not here.
        let of_script = of_script.filter(|one| !one.is_guess);
        let (read, others): (Vec<_>, Vec<_>) =
            of_script.partition(|one| !has_builds || one.build.is_none() && !one.sources.is_empty());
        publications.extend(read);
        if !others.is_empty() {
            left.push(format!("`{path}`"));
        }
    }
    (publications, left)
}

/// Where a script begins: what has recipes or tasks in the folder of its file, and others at the top.
fn home(path: &str) -> Home {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let own = Folder::Known(folder.to_owned());
    let name = name.to_ascii_lowercase();
    let has_parts = shell::has_parts(path);
    Home {
        folder: if has_parts { own.clone() } else { Folder::default() },
        own: Some(own),
        by_line: name.ends_with("makefile") || name.ends_with(".mk"),
        running: vec![path.into()],
    }
}
