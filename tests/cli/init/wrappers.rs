//! What stands before a command in a script and changes its folder, its environment or its words.

use super::{Said, init, workflow};

/// What is proposed for a step with this script.
fn of_script(script: &str) -> Said {
    let script: String = script.lines().map(|line| format!("    {line}\n")).collect();
    let text = workflow(&format!("- run: |\n{script}"));
    init(&[
        (".github/workflows/image.yml", &text),
        ("Dockerfile", "FROM scratch\n"),
        ("api/Dockerfile", "FROM scratch\n"),
        ("web/Dockerfile", "FROM scratch\n"),
    ])
}

const API: &str = "docker build --push -t ghcr.io/acme/api:x .";
const WEB: &str = "docker build --push -t ghcr.io/acme/web:x web";

#[test]
fn a_folder_that_is_named_before_a_command_is_followed() {
    for script in [
        format!("env -C api {API}"),
        format!("env --chdir=api A=1 {API}"),
        format!("/usr/bin/env -u X -C api -- {API}"),
        format!("env -Capi nice -n 5 {API}"),
        format!("sudo -D api {API}"),
        format!("sudo -u docker --chdir=api {API}"),
        format!("timeout -k 5 600 sudo -E -D api {API}"),
        format!("nice env --chdir api {API} | tee log"),
        format!("systemd-run --pty --working-directory=api {API}"),
        format!("env -C api bash -ec '{API}'"),
        format!("sudo -D api sh -c '{API}'"),
        format!("cd web\nenv -C ../api {API}"),
        "env -C api docker build -t ghcr.io/acme/api:x .\ndocker push ghcr.io/acme/api:x".to_owned(),
    ] {
        let said = of_script(&script);
        said.proposes(&["context = \"api\"", "repositories = [\"ghcr.io/acme/api\"]"]);
        assert_eq!(said.rows()[0], "push to main | api | ghcr.io/acme/api: x | the same", "{script}");
        assert_eq!(said.stderr, "", "{script}");
    }
    // Those that change nothing.
    for before in [
        "nice",
        "nice -n 10",
        "timeout 600",
        "timeout -s KILL --kill-after=5 10m",
        "env",
        "env -u DOCKER_HOST",
        "sudo -u docker -g docker",
        "nohup",
        "stdbuf -oL",
        "ionice -c 3",
        "flock /tmp/lock",
        "time -p",
        "exec",
        "command",
    ] {
        let said = of_script(&format!("{before} {API}"));
        said.lacks(&["context = "]);
        assert_eq!(said.rows()[0], "push to main | api | ghcr.io/acme/api: x | the same", "{before}");
        assert_eq!(said.stderr, "", "{before}");
    }
    for docker in
        ["docker -H ssh://b", "docker --host=tcp://b", "docker --context b", "docker -l debug", "docker -c b"]
    {
        let said = of_script(&API.replace("docker", docker));
        assert_eq!(said.rows()[0], "push to main | api | ghcr.io/acme/api: x | the same", "{docker}");
    }
    for build in [
        "docker buildx --builder b build",
        "docker buildx --builder=b build",
        "docker buildx --debug b",
        "docker --debug buildx build",
    ] {
        let said = of_script(&API.replace("docker build", build));
        assert_eq!(said.rows()[0], "push to main | api | ghcr.io/acme/api: x | the same", "{build}");
    }
}

#[test]
fn a_command_that_runs_elsewhere_is_not_guessed() {
    for command in [
        format!("env -C \"$X\" {API}"),
        format!("env --chdir=/srv/api {API}"),
        format!("sudo -D ~/api {API}"),
        format!("sudo -i {API}"),
        format!("chroot /mnt {API}"),
        format!("ssh deploy@host {API}"),
        format!("ssh -p 22 host 'cd api && {API}'"),
        format!("tool run --cwd api {API}"),
        format!("su - deploy -c '{API}'"),
        format!("env -C \"$X\" sh -c '{API}'"),
    ] {
        let said = of_script(&format!("{WEB}\n{command}"));
        said.tells(&["`ghcr.io/acme/api` is not in the proposal: it runs in the folder", "image.yml:12:"]);
        said.proposes(&["ghcr.io/acme/web: x", "not known: what .github/workflows/image.yml:12 publishes"]);
        assert!(!said.stdout.contains("ghcr.io/acme/api"), "{command}\n{}", said.stdout);
    }
}

#[test]
fn words_from_the_input_are_not_guessed() {
    for command in [
        "docker images -q | xargs docker push",
        "echo a b | xargs -n 1 -I{} docker push ghcr.io/acme/{}",
        "cat list | xargs -t docker buildx build --push -t ghcr.io/acme/api:x",
        "parallel -j 2 docker push ::: a b",
    ] {
        let said = of_script(&format!("{WEB}\n{command}"));
        said.tells(&["is not in the proposal: some of its words come from standard input", "image.yml:12:"]);
        said.proposes(&["ghcr.io/acme/web: x"]);
    }
    for command in ["docker images -q | xargs docker rmi", "docker ps -q | xargs docker inspect"] {
        assert_eq!(of_script(&format!("{WEB}\n{command}")).stderr, "", "{command}");
    }
}

#[test]
fn a_command_has_the_variables_that_are_set_for_it() {
    let build = "docker build --push --build-arg MODE -t ghcr.io/acme/api:x .";
    for script in [
        format!("MODE=release {build}"),
        format!("env MODE=release {build}"),
        format!("export MODE=release\n{build}"),
        format!("set -a\nMODE=release\n{build}"),
        format!("sudo MODE=release {build}"),
        format!("MODE=debug\nexport OTHER=1 MODE\nMODE=release\n{build}"),
    ] {
        let said = of_script(&script);
        said.proposes(&["MODE = \"release\""]);
        assert_eq!(said.stderr, "", "{script}");
    }
    for script in [
        format!("MODE=release\n{build}"),
        format!("export MODE=release\nenv -u MODE {build}"),
        format!("export MODE=release\nenv -i {build}"),
        format!("export MODE=release\nunset MODE\nMODE=$X {build}"),
    ] {
        of_script(&script).tells(&["the value of the argument `MODE` is not known here"]);
    }
    for script in [
        "DOCKER_DEFAULT_PLATFORM=linux/arm64 ",
        "env DOCKER_DEFAULT_PLATFORM=linux/arm64 ",
        "export DOCKER_DEFAULT_PLATFORM=linux/arm64\n",
    ] {
        of_script(&format!("{script}{API}")).proposes(&["platforms = [\"linux/arm64\"]"]);
        let other = API.replace("--push", "--push --platform linux/386");
        of_script(&format!("{script}{other}")).proposes(&["platforms = [\"linux/386\"]"]);
    }
}
