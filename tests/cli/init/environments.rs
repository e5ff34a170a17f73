//! Variables that steps set: what to do with them, and which of them win.

use super::{Written, init};

const FROM: &str = "FROM scratch\n";

#[test]
fn the_advice_for_a_variable_fits_its_value() {
    let bake = "variable \"TAG\" {\n  default = \"latest\"\n}\ntarget \"default\" {\n  tags = [\"ghcr.io/acme/n:${TAG}\"]\n}\n";
    for (value, advice, other) in [
        ("edge", "`bakeplan workflow github --var TAG=edge` does", "--env NAME=FROM"),
        ("v1.2", "`bakeplan workflow github --var TAG=v1.2` does", "--env NAME=FROM"),
        ("'x-${{ github.sha }}'", "--env NAME=FROM", "--var"),
    ] {
        let text = format!(
            "on: {{ push: {{ branches: [main] }} }}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/bake-action@v6\n        env: {{ TAG: {value} }}\n        with: {{ push: true }}\n"
        );
        let files =
            [(".github/workflows/w.yml", text.as_str()), ("docker-bake.hcl", bake), ("Dockerfile", FROM)];
        let said = init(&files);
        said.tells(&["the step sets the variable `TAG`", advice]);
        said.lacks(&[other]);
        let Some((_, option)) = advice.split_once("github ").filter(|_| advice.contains("--var")) else {
            continue;
        };
        let (option, _) = option.split_once('`').unwrap();
        let (name, set) = option.split_once(' ').unwrap();
        let written = Written::new(&files, &[]);
        let workflow = written.run(&["workflow", "github", "--install", "path", name, set]);
        assert_eq!(workflow.code, 0, "{}", workflow.stderr);
        workflow.proposes(&[option]);
    }
}

/// What the step sets wins over the file, which fills in what it leaves.
#[test]
fn the_variables_of_a_step_win_over_the_file_beside_a_compose_file() {
    let compose = "services:\n  worker:\n    image: ${REGISTRY:-ghcr.io}/${OWNER:-nobody}/worker:${TAG:-latest}\n    build: .\n";
    for (environment, expected) in [
        ("", "ghcr.io/nobody/worker: edge"),
        ("OWNER=acme\n", "ghcr.io/acme/worker: edge"),
        ("TAG=file\nOWNER=acme\n", "ghcr.io/acme/worker: edge"),
        ("REGISTRY=quay.io\nOWNER=\"acme\"\n", "quay.io/acme/worker: edge"),
    ] {
        for step in
            ["uses: docker/bake-action@v6\n        with: { push: true }", "run: docker buildx bake --push"]
        {
            let text = format!(
                "on: {{ push: {{ branches: [main] }} }}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - {step}\n        env: {{ TAG: edge }}\n"
            );
            let said = init(&[
                (".github/workflows/w.yml", text.as_str()),
                ("compose.yaml", compose),
                (".env", environment),
                ("Dockerfile", FROM),
            ]);
            assert_eq!(
                said.rows()[0],
                format!("push to main | worker | {expected} | the same"),
                "{environment}"
            );
        }
    }
}
