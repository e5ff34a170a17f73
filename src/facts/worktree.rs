//! Tells whether the working tree differs from the commit.
//!
//! `git status` compares files with the index by size and time, and where these leave a doubt by content. For that, it
//! would run the filters that `.gitattributes` and the configuration name together, such as Git LFS. They are switched
//! off one by one, so that a file that has one cannot be compared. Such a file is unchanged if it has the very
//! nanosecond of the index, which git looks at in few builds; else it is unknown whether it was changed, unless another
//! file tells.

use std::collections::BTreeSet;

use super::command::{CommandFailure, Run};

/// How many bytes of paths a command is given at most, which is less than Windows allows.
const MAX_PATHS: usize = 16_000;

/// How many lines `git ls-files --debug` writes about a file.
const DEBUG_LINES: usize = 5;

/// When a file was last written, and how large it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Since 1970.
    pub seconds: u64,
    /// Of the next second.
    pub nanoseconds: u32,
    /// Its length in bytes, in as many bits as the index has for it.
    pub length: u32,
}

/// Finds the stamp of a file by its path from the working directory; none when there is none.
pub(crate) type Stamps<'a> = &'a dyn Fn(&str) -> Option<Stamp>;

/// Whether tracked files differ from the commit, or why that is unknown. A generated file that nobody committed is no
/// change; of a submodule, only its commit counts, since to look into it would be to run git with its configuration.
pub(super) fn is_dirty(run: Run<'_>, stamps: Stamps<'_>) -> Result<bool, String> {
    let reason = |failure: CommandFailure| failure.reason();
    let filters = filters(run)?;
    let off = off(&filters)?;
    let status =
        ["status", "--porcelain", "--untracked-files=no", "--ignore-submodules=dirty", "--no-renames"];
    let mut arguments: Vec<&str> = off.iter().map(String::as_str).chain(status).collect();
    if filters.is_empty() {
        return run(&arguments).map(|changes| !changes.is_empty()).map_err(reason);
    }
    arguments.push("-z");
    let changes = run(&arguments).map_err(reason)?;
    let changes: Vec<&str> = changes.split_terminator('\0').collect();
    // What is staged, deleted or of another type differs whatever a filter would say.
    let changed: Option<Vec<&str>> = changes.iter().map(|change| change.strip_prefix(" M ")).collect();
    let Some(paths) = changed else { return Ok(true) };
    let changed =
        if paths.is_empty() { None } else { doubt(&paths, &filters, run, stamps).map_err(reason)? };
    match changed {
        None => Ok(false),
        Some(Doubt::Changed) => Ok(true),
        Some(Doubt::Filtered { path, filter }) => Err(format!(
            "only the filter `{filter}` can say whether `{path}` was changed, and it is not run; say it with `--fact dirty=…`"
        )),
    }
}

/// The filters that the configuration names.
fn filters(run: Run<'_>) -> Result<BTreeSet<String>, String> {
    let listed = run(&["config", "-z", "--name-only", "--list"]).map_err(|failure| failure.reason())?;
    Ok(listed.split('\0').filter_map(filter).map(str::to_owned).collect())
}

/// The options that switch filters off.
fn off(filters: &BTreeSet<String>) -> Result<Vec<String>, String> {
    if let Some(name) = filters.iter().find(|name| name.contains('=')) {
        return Err(format!("the filter `{name}` of git's configuration cannot be switched off"));
    }
    let off = |name: &String| {
        let settings = ["clean=", "smudge=", "process=", "required=false"];
        settings.map(|setting| ["-c".to_owned(), format!("filter.{name}.{setting}")])
    };
    Ok(filters.iter().flat_map(off).flatten().collect())
}

/// The options with which git runs no filter.
///
/// # Errors
/// Why one cannot be switched off.
pub(crate) fn without_filters(run: Run<'_>) -> Result<Vec<String>, String> {
    off(&filters(run)?)
}

/// What is to be said of files that seem changed.
enum Doubt {
    /// One of them is.
    Changed,
    /// This one may be.
    Filtered { path: String, filter: String },
}

/// What is to be said of files that seem changed; none when they are not. The paths are from the top of the working
/// tree.
fn doubt(
    paths: &[&str],
    filters: &BTreeSet<String>,
    run: Run<'_>,
    stamps: Stamps<'_>,
) -> Result<Option<Doubt>, CommandFailure> {
    let up = run(&["rev-parse", "--show-cdup"])?;
    let paths: Vec<String> = paths.iter().map(|path| format!("{}{path}", up.trim_end())).collect();
    let mut filtered = Vec::new();
    for some in portions(&paths) {
        let listed = run(&[&["check-attr", "-z", "filter", "--"][..], &some].concat())?;
        // The path, the attribute and its value.
        let fields: Vec<&str> = listed.split_terminator('\0').collect();
        for entry in fields.chunks_exact(3) {
            if !filters.contains(entry[2]) {
                return Ok(Some(Doubt::Changed));
            }
            filtered.push((entry[0].to_owned(), entry[2].to_owned()));
        }
    }
    let mut unchanged = BTreeSet::new();
    for some in portions(&paths) {
        let listed = run(&[&["--literal-pathspecs", "ls-files", "-z", "--debug", "--"][..], &some].concat())?;
        let same = stamps_of_index(&listed).into_iter();
        let same = same.filter(|(path, stamp)| stamp.nanoseconds != 0 && stamps(path) == Some(*stamp));
        unchanged.extend(same.map(|(path, _)| path.to_owned()));
    }
    let unknown = filtered.into_iter().find(|(path, _)| !unchanged.contains(path));
    Ok(unknown.map(|(path, filter)| Doubt::Filtered { path, filter }))
}

/// As many of the paths at a time as a command line holds.
fn portions(paths: &[String]) -> impl Iterator<Item = Vec<&str>> {
    let mut rest = paths;
    std::iter::from_fn(move || {
        let mut length = 0;
        let fits = |path: &&String| {
            length += path.len();
            length <= MAX_PATHS
        };
        let count = rest.iter().take_while(fits).count().max(1).min(rest.len());
        let (some, others) = rest.split_at(count);
        rest = others;
        (!some.is_empty()).then(|| some.iter().map(String::as_str).collect())
    })
}

/// The paths that `git ls-files -z --debug` lists, with what the index says of them. What is not understood is left out.
fn stamps_of_index(listed: &str) -> Vec<(&str, Stamp)> {
    let mut fields = listed.split('\0');
    let Some(mut path) = fields.next() else { return Vec::new() };
    let mut found = Vec::new();
    for field in fields {
        let mut lines = field.splitn(DEBUG_LINES + 1, '\n');
        let about: Vec<&str> = lines.by_ref().take(DEBUG_LINES).collect();
        found.extend(stamp(&about).map(|stamp| (path, stamp)));
        path = lines.next().unwrap_or_default();
    }
    found
}

fn stamp(lines: &[&str]) -> Option<Stamp> {
    let value = |name: &str| lines.iter().find_map(|line| line.strip_prefix(name));
    let (seconds, nanoseconds) = value("  mtime: ")?.split_once(':')?;
    let length = value("  size: ")?.split('\t').next()?;
    Some(Stamp {
        seconds: seconds.parse().ok()?,
        nanoseconds: nanoseconds.parse().ok()?,
        length: length.parse().ok()?,
    })
}

/// The filter that a key of the configuration is about.
fn filter(key: &str) -> Option<&str> {
    let (name, variable) = key.strip_prefix("filter.")?.rsplit_once('.')?;
    ["clean", "smudge", "process"].contains(&variable).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp_at(nanoseconds: u32) -> Stamp {
        Stamp { seconds: 17, nanoseconds, length: 2 }
    }

    fn debug(path: &str, nanoseconds: u32) -> String {
        format!(
            "{path}\0  ctime: 1:2\n  mtime: 17:{nanoseconds}\n  dev: 1\tino: 2\n  uid: 0\tgid: 0\n  size: 2\tflags: 0\n"
        )
    }

    #[test]
    fn the_stamps_of_the_index() {
        let listed = [debug("a", 1), debug("b\nc", 2), debug("d", 3)].concat();
        let expected = [("a", stamp_at(1)), ("b\nc", stamp_at(2)), ("d", stamp_at(3))];
        assert_eq!(stamps_of_index(&listed), expected);
        assert_eq!(stamps_of_index(""), []);
        assert_eq!(stamps_of_index("a\0something new\n"), []);
    }

    #[test]
    fn a_filtered_file_is_unchanged_when_its_time_is_that_of_the_index() {
        for (filter, of_index, of_file, expected) in [
            ("lfs", 5, Some(stamp_at(5)), Ok(false)),
            ("lfs", 5, Some(stamp_at(6)), Err(())),
            ("lfs", 5, None, Err(())),
            // Where there are only seconds, a change may be hidden.
            ("lfs", 0, Some(stamp_at(0)), Err(())),
            ("unspecified", 5, Some(stamp_at(5)), Ok(true)),
        ] {
            let run = |arguments: &[&str]| {
                let words = arguments.join(" ");
                Ok(match words.as_str() {
                    words if words.starts_with("config") => {
                        "core.bare\0filter.lfs.clean\0filter.lfs.required\0".into()
                    }
                    words if words.contains("filter.lfs.clean= ") && words.ends_with(" -z") => {
                        " M a b\0".into()
                    }
                    "rev-parse --show-cdup" => "../\n".into(),
                    "check-attr -z filter -- ../a b" => format!("../a b\0filter\0{filter}\0"),
                    "--literal-pathspecs ls-files -z --debug -- ../a b" => debug("../a b", of_index),
                    other => panic!("git {other}"),
                })
            };
            let told = is_dirty(&run, &|_| of_file);
            assert_eq!(told.map_err(|_| ()), expected, "{filter} {of_index} {of_file:?}");
        }
    }

    #[test]
    fn a_command_line_holds_so_many_paths() {
        let paths: Vec<String> = (0..5000).map(|number| format!("folder/{number}")).collect();
        let portions: Vec<_> = portions(&paths).collect();
        assert_eq!(portions.concat(), paths);
        assert!(portions.len() > 1 && portions.iter().all(|some| some.concat().len() <= MAX_PATHS));
        let long = ["x".repeat(MAX_PATHS + 1), "y".to_owned()];
        assert_eq!(super::portions(&long).count(), 2);
    }
}
