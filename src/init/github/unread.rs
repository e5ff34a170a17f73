//! What steps run and nobody reads here: actions that may publish images, and scripts in other languages than that of a
//! shell.

use crate::init::shell::foreign;
use crate::init::steps::found::Publication;
use crate::init::values::inputs::{Inputs, RawLine};
use crate::init::values::moment::Answers;
use crate::init::values::text::Template;
use crate::runner::Runner;

/// Actions that are known to publish images, and whose inputs are not read.
const UNREAD: [&str; 9] = [
    "redhat-actions/push-to-registry",
    "redhat-actions/buildah-build",
    "elgohr/publish-docker-github-action",
    "macbre/push-to-ghcr",
    "mr-smithers-excellent/docker-build-push",
    "whoan/docker-build-with-cache-action",
    "akhilerm/tag-push-action",
    "docker/build-push-action-multi",
    "ko-build/setup-ko",
];

/// The shells whose language is read.
const SHELLS: [&str; 6] = ["bash", "sh", "dash", "ash", "zsh", "ksh"];

/// What is said of an action or a workflow that may publish; nothing of others.
pub(in crate::init) fn of_action(uses: &str, inputs: &Inputs<'_>) -> Option<String> {
    let name = uses.split('@').next().unwrap_or_default().to_ascii_lowercase();
    if UNREAD.contains(&name.as_str()) {
        return Some(format!("`{uses}` publishes images, but `init` does not read its inputs"));
    }
    if foreign::may_publish(uses, inputs.names()) {
        return Some(format!("`{uses}` may publish images, and `init` does not read it"));
    }
    let is_given = |name: &&str| inputs.raw(name).is_some_and(foreign::says_push);
    let given = inputs.names().find(is_given)?;
    Some(format!("`{uses}` is given commands in `{given}`, and `init` does not read what it publishes"))
}

/// In which language a script is that a step runs in such a shell and on such a machine; nothing where a shell reads it.
pub(in crate::init) fn language(shell: Option<&Template>, runner: Option<&Runner>) -> Option<String> {
    let is_windows = |label: &String| label.to_ascii_lowercase().contains("windows");
    let is_on_windows = match runner {
        Some(Runner::Label(label)) => is_windows(label),
        Some(Runner::Labels(labels) | Runner::Group { group: _, labels }) => labels.iter().any(is_windows),
        None => false,
    };
    let Some(shell) = shell else { return is_on_windows.then(|| "PowerShell".to_owned()) };
    let Some(text) = shell.constant() else { return Some(format!("`{}`", shell.shown())) };
    let first = text.split_whitespace().next().unwrap_or_default();
    let program = first.rsplit(['/', '\\']).next().unwrap_or_default();
    let program = program.strip_suffix(".exe").unwrap_or(program).to_ascii_lowercase();
    match program.as_str() {
        "" => None,
        shell if SHELLS.contains(&shell) => None,
        "pwsh" | "powershell" => Some("PowerShell".to_owned()),
        other => Some(format!("`{other}`")),
    }
}

/// What the lines of a script in another language publish.
pub(in crate::init) fn publications(
    language: &str,
    lines: &[RawLine],
    job: &str,
    runs: Answers,
) -> Vec<Publication> {
    let why = format!("it runs in {language}, and `init` does not read what that publishes");
    let of_line = |line: &RawLine| Publication {
        unread: Some(why.clone()),
        ..Publication::new(line.place.clone(), job, runs)
    };
    lines.iter().filter(|line| says_push(&line.text)).map(of_line).collect()
}

/// Whether a line in any language runs what publishes images: `subprocess.run(["docker", "push", …])`.
fn says_push(line: &str) -> bool {
    let is_comment = ["#", "//", "::", "rem ", "REM "].iter().any(|sign| line.starts_with(sign));
    let is_of_word = |c: char| c.is_alphanumeric() || "-_./:@=".contains(c);
    let words: Vec<String> =
        line.split(|c: char| !is_of_word(c)).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    let is_shown = words.first().is_some_and(|word| {
        matches!(word.to_ascii_lowercase().as_str(), "echo" | "print" | "write-host" | "write-output")
    });
    const LOOKING: [&str; 4] = ["install", "which", "where", "get-command"];
    let is_run = |at: &usize| *at == 0 || !LOOKING.contains(&words[at - 1].to_ascii_lowercase().as_str());
    let mut starts = (0..words.len()).filter(is_run);
    !is_comment
        && !is_shown
        && (foreign::says_push(&words.join(" ")) || starts.any(|at| foreign::of(&words[at..]).is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_is_known_by_its_program_and_its_machine() {
        let of = |shell: Option<&str>, runner: Option<&str>| {
            let runner = runner.map(|label| Runner::Label(label.to_owned()));
            language(shell.map(Template::from).as_ref(), runner.as_ref())
        };
        for shell in [None, Some("bash"), Some("sh"), Some("bash -leo pipefail {0}"), Some("/bin/bash {0}")] {
            assert_eq!(of(shell, Some("ubuntu-latest")), None, "{shell:?}");
        }
        assert_eq!(of(Some("bash"), Some("windows-2022")), None);
        for (shell, runner, expected) in [
            (None, Some("windows-2022"), "PowerShell"),
            (Some("pwsh"), Some("ubuntu-latest"), "PowerShell"),
            (Some("powershell"), None, "PowerShell"),
            (Some("cmd"), Some("windows-latest"), "`cmd`"),
            (Some("python {0}"), None, "`python`"),
            (Some("perl {0}"), None, "`perl`"),
        ] {
            assert_eq!(of(shell, runner).as_deref(), Some(expected), "{shell:?}");
        }
    }

    #[test]
    fn commands_are_found_in_any_language() {
        for line in [
            "if ($env:GITHUB_REF -like 'refs/tags/*') { docker push acme/app:win }",
            "subprocess.run([\"docker\", \"push\", \"acme/app:py\"], check=True)",
            "os.system('docker buildx build --push -t acme/app:1 .')",
            "& docker push $tag",
            "docker push %TAG%",
            "exec(\"crane copy a b\")",
        ] {
            assert!(says_push(line), "{line}");
        }
        for line in [
            "docker build -t acme/app:win .",
            "# docker push acme/app:1",
            "print('docker push')",
            "Write-Host 'docker push x'",
            "git push",
            "choco install crane",
        ] {
            assert!(!says_push(line), "{line}");
        }
    }
}
