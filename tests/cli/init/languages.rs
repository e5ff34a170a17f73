//! Scripts of steps in other languages than that of a shell: what publishes there is named.

use super::{Said, init};

const FROM: &str = "FROM scratch\n";

/// What is proposed for these steps on such a machine, beside a job that builds `web`.
fn of(runs_on: &str, more: &str, steps: &str) -> Said {
    let steps: String = steps.lines().map(|line| format!("      {line}\n")).collect();
    let text = format!(
        "on: {{ push: {{ branches: [main] }} }}\njobs:\n  web:\n    runs-on: ubuntu-latest\n    steps:\n      - run: docker build --push -t ghcr.io/acme/web:x web\n  other:\n    runs-on: {runs_on}\n{more}    steps:\n{steps}"
    );
    init(&[(".github/workflows/w.yml", &text), ("Dockerfile", FROM), ("web/Dockerfile", FROM)])
}

#[test]
fn what_another_language_publishes_is_not_known() {
    let windows = "windows-2022";
    let linux = "ubuntu-latest";
    for (machine, more, step, language, line) in [
        (
            windows,
            "",
            "- run: |\n    docker build -t acme/win:1 .\n    if ($env:GITHUB_REF -like 'refs/tags/*') { docker push acme/win:1 }\n",
            "PowerShell",
            12,
        ),
        ("[self-hosted, Windows]", "", "- run: docker push acme/win:1\n", "PowerShell", 10),
        (linux, "", "- shell: pwsh\n  run: docker push $tag\n", "PowerShell", 11),
        (windows, "", "- shell: cmd\n  run: docker push acme/win:%TAG%\n", "`cmd`", 11),
        (
            linux,
            "",
            "- shell: python\n  run: |\n    import subprocess\n    subprocess.run([\"docker\", \"push\", \"acme/py:1\"])\n",
            "`python`",
            13,
        ),
        (linux, "", "- shell: perl {0}\n  run: system 'docker buildx build --push .'\n", "`perl`", 11),
        (
            linux,
            "    defaults: { run: { shell: pwsh } }\n",
            "- run: crane copy a/b:1 a/b:2\n",
            "PowerShell",
            11,
        ),
    ] {
        let said = of(machine, more, step);
        said.tells(&[
            &format!("this is not in the proposal: it runs in {language}, and"),
            &format!("w.yml:{line}:"),
        ]);
        let row = format!("not known: what .github/workflows/w.yml:{line} publishes");
        assert!(said.rows().iter().any(|one| one.contains(&row)), "{step}: {:?}", said.rows());
    }
}

#[test]
fn a_shell_is_read_and_what_publishes_nothing_is_not_named() {
    for (machine, step) in [
        ("windows-2022", "- shell: bash\n  run: docker build --push -t ghcr.io/acme/api:x .\n"),
        (
            "ubuntu-latest",
            "- shell: bash --noprofile -eo pipefail {0}\n  run: docker build --push -t ghcr.io/acme/api:x .\n",
        ),
        ("ubuntu-latest", "- shell: sh\n  run: docker build --push -t ghcr.io/acme/api:x .\n"),
        ("ubuntu-latest", "- run: docker build --push -t ghcr.io/acme/api:x .\n"),
    ] {
        let said = of(machine, "", step);
        said.proposes(&["ghcr.io/acme/api: x"]);
        said.lacks(&["it runs in"]);
    }
    for (machine, step) in [
        ("windows-2022", "- run: docker build -t x .\n"),
        ("windows-2022", "- run: Write-Host 'docker push x'\n"),
        ("windows-2022", "- run: |\n    # docker push x\n    choco install crane\n"),
        ("ubuntu-latest", "- shell: python\n  run: print('docker push x')\n"),
        ("ubuntu-latest", "- shell: pwsh\n  run: git push\n"),
    ] {
        of(machine, "", step).lacks(&["it runs in", "not known"]);
    }
}
