//! Scripts and Makefiles that workflows run, those that nothing runs, and how recipes are made.

use super::{Files, Said, init, workflow};

const FROM: &str = "FROM scratch\n";
const API: &str = "docker build --push -t ghcr.io/acme/api:x api";
const WEB: &str = "docker build --push -t ghcr.io/acme/web:x web";

/// What is proposed where a step runs this, beside one that builds `web` itself.
fn of_step(script: &str, files: Files<'_>) -> Said {
    let lines: String = script.lines().map(|line| format!("    {line}\n")).collect();
    let text = workflow(&format!("- run: {WEB}\n- run: |\n{lines}"));
    let own = [
        (".github/workflows/image.yml", text.as_str()),
        ("Dockerfile", FROM),
        ("api/Dockerfile", FROM),
        ("web/Dockerfile", FROM),
    ];
    init(&[&own[..], files].concat())
}

#[test]
fn a_script_that_a_step_runs_is_a_part_of_it() {
    let push = format!("#!/bin/bash\nset -e\n{API}\n");
    for (script, path) in [
        ("./hack/push.sh", "hack/push.sh"),
        ("bash hack/push.sh", "hack/push.sh"),
        ("bash -euo pipefail ./hack/push.sh a b", "hack/push.sh"),
        ("source hack/push.sh", "hack/push.sh"),
        (". ./hack/push.sh", "hack/push.sh"),
        ("cd hack && ../hack/push.sh", "hack/push.sh"),
        ("\"$GITHUB_WORKSPACE/hack/push.sh\"", "hack/push.sh"),
        ("sudo -E timeout 600 hack/push.sh | tee log", "hack/push.sh"),
        ("hack/push", "hack/push"),
        ("scripts/push && echo done", "scripts/push"),
    ] {
        let text = if script.starts_with("cd") { push.replace(" api\n", " ../api\n") } else { push.clone() };
        let said = of_step(script, &[(path, &text)]);
        said.proposes(&["context = \"api\"", &format!("# from {path}:3")]);
        assert!(
            said.rows().iter().any(|row| row.ends_with("ghcr.io/acme/api: x | the same")),
            "{script}: {:?}",
            said.rows()
        );
        assert_eq!(said.stderr, "", "{script}");
    }
}

#[test]
fn a_script_has_what_its_step_gives_it() {
    const PUSH: &str = "docker build --push -t ghcr.io/acme/api:$TAG api\n";
    for (step, script) in [
        ("TAG=x ./push.sh", PUSH),
        ("export TAG=x\n./push.sh", PUSH),
        ("env TAG=x bash push.sh", PUSH),
        ("TAG=x\n. ./push.sh", PUSH),
        ("./push.sh x", "TAG=$1\ndocker build --push -t ghcr.io/acme/api:$TAG api\n"),
        (
            "./push.sh --tag x",
            "while [ $# -gt 0 ]; do shift; done\ndocker build --push -t ghcr.io/acme/api:x \"${@:2}\" api\n",
        ),
        ("./outer.sh", "TAG=x docker info\nexport TAG=x\ndocker build --push -t ghcr.io/acme/api:$TAG api\n"),
        (". ./push.sh\nship x", "ship() {\n  docker build --push -t ghcr.io/acme/api:$1 api\n}\n"),
    ] {
        let outer =
            if step.contains("outer") { "#!/bin/sh\nexec \"$(dirname \"$0\")/push.sh\"\n" } else { "" };
        let said = of_step(step, &[("push.sh", script), ("outer.sh", outer)]);
        said.proposes(&["ghcr.io/acme/api: x | the same".split(" |").next().unwrap(), "# from push.sh:"]);
        assert_eq!(said.stderr, "", "{step}");
    }
    // What is not exported is not there.
    for step in ["TAG=x\n./push.sh", "./push.sh", "export TAG=x\nenv -i ./push.sh"] {
        of_step(step, &[("push.sh", PUSH)]).tells(&["`$TAG` is not known here\n --> push.sh:1"]);
    }
    // A condition around it is one of all that is in it.
    let said = of_step("if [[ $GITHUB_REF == refs/tags/* ]]; then ./push.sh; fi", &[("push.sh", API)]);
    said.proposes(&["{ pattern = \"x\", when = \"tag is startingwith('v')\" },"]);
    let said = of_step("if [ -f x ]; then ./push.sh; fi", &[("push.sh", API)]);
    said.tells(&["a plan cannot express `-f x`"]);
    // They may run each other again.
    of_step("./a.sh", &[("a.sh", "./b.sh\ndocker push x\n"), ("b.sh", "./a.sh\ndocker push y\n")]);
}

#[test]
fn a_makefile_that_a_step_runs_gives_what_it_asks_for() {
    let makefile = "\
IMAGE ?= ghcr.io/acme/api
TAG = $(BASE)
BASE := x

all: other
push: build
\tdocker push $(IMAGE):$(TAG)
build:
\t@docker build -t $(IMAGE):$(TAG) api
other:
\tdocker build --push -t ghcr.io/acme/other:x .
";
    for step in [
        "make push",
        "make -j 4 -s push",
        "make -C . push",
        "make -f Makefile push",
        "make build && docker push ghcr.io/acme/api:x",
        "make TAG=x push",
        "BASE=y make push TAG=x",
        "make push BASE=x",
    ] {
        let said = of_step(step, &[("Makefile", makefile)]);
        said.proposes(&["ghcr.io/acme/api: x", "# from Makefile:9"]);
        said.lacks(&["acme/other"]);
        assert_eq!(said.stderr, "", "{step}");
    }
    of_step("make push TAG=y", &[("Makefile", makefile)]).proposes(&["ghcr.io/acme/api: y"]);
    of_step("IMAGE=ghcr.io/acme/six make push", &[("Makefile", makefile)]).proposes(&["ghcr.io/acme/six: x"]);
    of_step("make", &[("Makefile", makefile)]).proposes(&["ghcr.io/acme/other: x"]);
    // In its own folder, and from another Makefile.
    let own = "push:\n\tdocker build --push -t ghcr.io/acme/api:x .\n";
    for (step, files) in [
        ("make -C api push", &[("api/Makefile", own)][..]),
        ("cd api && make push", &[("api/Makefile", own)]),
        ("make --directory=api push", &[("api/GNUmakefile", own)]),
        ("make ship", &[("Makefile", "ship:\n\t$(MAKE) -C api push\n"), ("api/Makefile", own)]),
        (
            "make ship",
            &[
                ("Makefile", "include x.mk\n"),
                ("x.mk", "ship:\n\tcd api && docker build --push -t ghcr.io/acme/api:x .\n"),
            ],
        ),
        (
            "make ship",
            &[
                ("Makefile", "ship:\n\t./push.sh x\n"),
                ("push.sh", "docker build --push -t ghcr.io/acme/api:$1 api\n"),
            ],
        ),
    ] {
        let said = of_step(step, files);
        said.proposes(&["context = \"api\"", "ghcr.io/acme/api: x"]);
        assert_eq!(said.stderr, "", "{step}");
    }
}

#[test]
fn recipes_are_made_of_patterns_and_functions() {
    let both = ["context = \"api\"", "context = \"web\"", "ghcr.io/acme/api: x", "ghcr.io/acme/web: x"];
    for makefile in [
        "ALL := api web\nship: $(addprefix image-,$(ALL))\nimage-%:\n\tdocker build --push -t ghcr.io/acme/$*:x $*\n",
        "ship: api.image web.image\n%.image:\n\tdocker build --push -t ghcr.io/acme/$(@:.image=):x $*\n",
        "ALL = api web\nship: $(ALL:%=image-%)\nimage-%: ; docker build --push -t ghcr.io/acme/$*:x $*\n",
        "ALL = api web\nship: $(foreach s,$(ALL),image-$(s))\nimage-%:\n\t@docker build --push -t ghcr.io/acme/$*:x ./$*\n",
        "ALL = api web\nship:\n\t$(foreach s,$(ALL),docker build --push -t ghcr.io/acme/$(s):x $(s);)\n",
        "ALL = api web\nship:\n\tfor s in $(ALL); do docker build --push -t ghcr.io/acme/$$s:x $$s; done\n",
        "ship: api web\napi web:\n\tdocker build --push -t ghcr.io/acme/$@:x $@\n",
        "define image\n\tdocker build --push -t ghcr.io/acme/$(1):x $(1)\nendef\nship:\n\t$(call image,api)\n\t$(call image,web)\n",
        "ship: $(patsubst %/Dockerfile,image-%,api/Dockerfile web/Dockerfile)\nimage-%:\n\tdocker build --push -t ghcr.io/acme/$*:x $*\n",
        "ship: image-api image-web\nimage-%: NAME = ghcr.io/acme\nimage-%:\n\tdocker build --push -t $(NAME)/$*:x $*\n",
    ] {
        // By itself, and where a step runs it.
        let said = init(&[("Makefile", makefile), ("api/Dockerfile", FROM), ("web/Dockerfile", FROM)]);
        said.proposes(&both);
        assert_eq!(said.stderr, "", "{makefile}");
        let said = of_step("make ship", &[("Makefile", makefile)]);
        said.proposes(&both);
        assert_eq!(said.stderr, "", "{makefile}");
    }
    // A pattern that nothing names.
    for makefile in [
        "image-%:\n\tdocker build --push -t ghcr.io/acme/$*:x $*\n",
        "ship: $(addprefix image-,$(shell ls))\nimage-%:\n\tdocker build --push -t ghcr.io/acme/$*:x $*\n",
        "ship:\n\t$(foreach s,$(shell ls),docker build --push -t ghcr.io/acme/$(s):x .;)\n",
    ] {
        let said = super::said(&super::test(&[("Makefile", makefile), ("Dockerfile", FROM)]).args(["init"]));
        let told = if makefile.contains("foreach") {
            "the repository is not known, since it has `$(s)` in it"
        } else {
            "its build context `$*` is not known here"
        };
        said.tells(&[told, "Makefile:"]);
        said.lacks(&["image \""]);
    }
    // What is in a condition of make has it.
    let said = of_step(
        "make ship",
        &[("Makefile", "ifdef PUSH\nship:\n\tdocker build --push -t ghcr.io/acme/api:x api\nendif\n")],
    );
    said.tells(&["a plan cannot express `ifdef PUSH`", "Makefile:3:"]);
}

#[test]
fn scripts_that_nothing_runs_are_named() {
    let makefile = format!("push:\n\t{API}\n");
    for (path, text) in [
        ("hack/push.sh", API),
        ("Makefile", makefile.as_str()),
        ("scripts/push", &format!("#!/bin/sh\n{API}\n")),
        ("push.sh", "docker push ghcr.io/acme/api:x\n"),
        ("push.sh", "crane push x ghcr.io/acme/api:x # instead of docker push\n"),
    ] {
        let said = of_step("echo", &[(path, text)]);
        said.tells(&[
            "note[init-unread]: left out of the proposal",
            &format!("none was found that runs this: `{path}`"),
        ]);
        said.lacks(&["acme/api"]);
        said.proposes(&["ghcr.io/acme/web: x"]);
    }
    // Those that publish nothing are of no interest.
    for (path, text) in [
        ("hack/test.sh", "docker build -t app:test .\n# docker push is for CI\n"),
        ("Makefile", "test:\n\tdocker run app # and never push it\n"),
        ("push.py", API),
    ] {
        assert_eq!(of_step("echo", &[(path, text)]).stderr, "", "{path}");
    }
    // A part of an index is read as it was.
    let said =
        of_step("./a.sh", &[("a.sh", "./b.sh\n"), ("b.sh", API), ("c.sh", "docker push ghcr.io/acme/c:x\n")]);
    said.tells(&["runs this: `c.sh`"]);
    said.lacks(&["`b.sh`"]);
}
