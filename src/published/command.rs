//! What the configuration of an image says that is run
//! (<https://github.com/opencontainers/image-spec/blob/main/config.md>).

use serde::Deserialize;

/// What an image runs, as its configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Command {
    /// The program, and arguments; none when it says nothing.
    pub(crate) words: Vec<String>,
    /// The folders in which programs are looked for.
    pub(crate) path: Option<String>,
    /// The working directory.
    pub(crate) folder: String,
}

impl Command {
    /// What the content of a configuration says: the entrypoint, then the command, which it gets as arguments. Nothing when it
    /// cannot be read.
    #[must_use]
    pub(crate) fn read(configuration: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Form {
            config: Option<Execution>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Execution {
            entrypoint: Option<Vec<String>>,
            cmd: Option<Vec<String>>,
            env: Option<Vec<String>>,
            working_dir: Option<String>,
        }
        let form = serde_json::from_slice::<Form>(configuration).ok().and_then(|form| form.config);
        let Some(Execution { entrypoint, cmd, env, working_dir }) = form else { return Self::default() };
        let words = entrypoint.into_iter().chain(cmd).flatten().collect();
        let path =
            env.unwrap_or_default().iter().rev().find_map(|one| Some(one.strip_prefix("PATH=")?.to_owned()));
        Self { words, path, folder: working_dir.unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_follows_the_entrypoint() {
        for (text, words, path) in [
            (r#"{"config":{"Entrypoint":["/a","x"],"Cmd":["y"]}}"#, &["/a", "x", "y"][..], None),
            (
                r#"{"config":{"Entrypoint":[],"Cmd":["y"],"Env":["A=PATH=1","PATH=/b:/c"]}}"#,
                &["y"],
                Some("/b:/c"),
            ),
            (r#"{"config":{"Entrypoint":null,"Cmd":null}}"#, &[], None),
            (r#"{"config":{"Entrypoint":"/a"}}"#, &[], None),
            ("{}", &[], None),
            ("[", &[], None),
        ] {
            let found = Command::read(text.as_bytes());
            assert_eq!(
                (found.words.as_slice(), found.path.as_deref()),
                (&words.iter().map(ToString::to_string).collect::<Vec<_>>()[..], path),
                "{text}"
            );
        }
    }
}
