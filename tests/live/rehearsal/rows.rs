//! Matrices out of the ordinary: rows whose names begin alike, none at all, thousands of them, and a matrix that GitHub dropped.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::run::{FIRST, PUSH, Run};
use super::{generated, set, tags};
use crate::engine::{Project, engine};
use crate::registry::Repository;

/// Names that begin alike, of images and of what is built for a platform.
const ALIKE: [&str; 5] = ["app", "app-api", "app-linux", "lc", "lc-dev"];

#[test]
fn images_whose_names_begin_alike_take_nothing_from_each_other() {
    let project = Project::new(engine(), "rows-alike");
    let image = |name: &str| {
        format!(
            r#"
            target "{name}" {{
              dockerfile = "any.Dockerfile"
              args       = {{ NAME = "{name}" }}
              platforms  = ["linux/amd64", "linux/arm64"]
            }}
            image "{name}" {{
              repositories = ["{}"]
              tags         = ["edge"]
            }}
            "#,
            project.repository(0, name)
        )
    };
    let definition: String = ALIKE.map(image).concat();
    let project = project.file("docker-bake.hcl", &definition).file(
        "any.Dockerfile",
        "FROM scratch\nARG NAME\nARG TARGETARCH\nLABEL of=${NAME}-${TARGETARCH}\nCOPY any.Dockerfile /\n",
    );
    let served = |name: &str| {
        let repository = project.repository(0, name);
        let repository = Repository::new(&repository);
        let tags = repository.tags();
        let index = tags.first().map(|tag| repository.index(tag));
        let images = index.iter().flat_map(|index| &index.images);
        images.map(|image| image.label("of").unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    let both = |name: &str| [format!("{name}-amd64"), format!("{name}-arm64")].into();
    let mut run = Run::new(generated(&project, &[]), &project, &PUSH, &FIRST);
    assert!(run.plan(), "{}", run.log);
    // What fails must not be made good by what has a longer or a shorter name.
    run.outage("/app-linux-arm64.plan-");
    run.build(&|_| {});
    let ended = run.finish();
    assert_eq!(ended.rows.len(), 10, "{:?}", ended.rows);
    assert_eq!((ended.merge, ended.gate), (Some(5), false), "{}", ended.log);
    for name in ALIKE {
        let due = if name == "app" { BTreeSet::new() } else { both(name) };
        assert_eq!(served(name), due, "{name}\n{}", ended.log);
    }
    run.outage("");
    run.build_failed_again();
    let ended = run.finish();
    assert_eq!((ended.merge, ended.verify, ended.gate), (Some(0), Some(0), true), "{}", ended.log);
    for name in ALIKE {
        assert_eq!(served(name), both(name), "{name}");
    }
}

#[test]
fn without_rows_nothing_is_built_and_the_gate_is_green() {
    let project = Project::new(engine(), "rows-none");
    let repository = project.repository(0, "app");
    let definition = format!(
        r#"
        target "app" {{
          platforms = ["linux/amd64"]
        }}
        image "app" {{
          repositories = ["{repository}"]
          tags         = [{{ pattern = "nightly", when = "tag" }}]
        }}
        "#
    );
    let project = project.file("docker-bake.hcl", &definition).file("Dockerfile", "FROM scratch\nCOPY . /\n");
    let mut run = Run::new(generated(&project, &[]), &project, &PUSH, &FIRST);
    assert!(run.plan(), "{}", run.log);
    assert_eq!(run.plan["outputs"]["matrix"], "[]");
    assert!(run.log.contains("0 jobs"), "{}", run.log);
    assert!(run.matrix().is_empty());
    run.build(&|_| panic!("there is nothing to build"));
    let ended = run.finish_after("skipped");
    assert_eq!((ended.merge, ended.verify, ended.gate), (None, None, true), "{}", ended.log);
    assert_eq!(tags(&repository), set(&[]));
}

/// As many images, with names of a length.
fn images(count: usize, length: usize) -> String {
    let names: Vec<String> = (0..count).map(|number| format!("i{number:0>length$}")).collect();
    format!(
        r#"
        target "app" {{
          matrix    = {{ n = {names:?} }}
          name      = n
          platforms = ["linux/amd64"]
        }}
        image "app" {{
          repositories = ["localhost:5000/acme/${{n}}"]
          tags         = ["edge"]
        }}
        "#
    )
}

/// What GitHub hands on of an output, in UTF-16
/// (<https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idoutputs>).
const MAX_OUTPUT: usize = 1_000_000;

#[test]
fn hundreds_and_thousands_of_jobs_fit_into_the_rows_and_outputs_of_github() {
    for (count, length, is_fitting) in
        [(300, 10, true), (3_000, 10, true), (3_000, 40, true), (3_000, 60, false)]
    {
        let project = Project::new(engine(), "rows-many");
        let definition = images(count, length);
        let project = project.file("docker-bake.hcl", &definition).file("Dockerfile", "FROM scratch\n");
        let workflow = crate::github::Workflow::generated(
            &definition,
            &["--install=path", "--login=localhost:5000=none"],
        );
        let mut run = Run::new(workflow, &project, &PUSH, &FIRST);
        let is_planned = run.plan();
        let size: usize = run.plan["outputs"]
            .as_object()
            .unwrap()
            .values()
            .map(|value| value.as_str().unwrap().encode_utf16().count() * 2)
            .sum();
        eprintln!("{count} images, names of {length}: {size} bytes of outputs");
        assert_eq!(is_planned, is_fitting, "{count} images, names of {length}: {size}\n{}", run.log);
        if !is_fitting {
            // The plan fails before anything is built, says why, and the gate is red.
            assert!(run.log.contains("matrix-size") && run.log.contains("GitHub hands on"), "{}", run.log);
            let ended = run.finish_after("skipped");
            assert_eq!((ended.merge, ended.gate), (None, false), "{}", ended.log);
            continue;
        }
        assert!(size < MAX_OUTPUT, "{count} images, names of {length}: {size}");
        let rows = run.matrix();
        assert_eq!(rows.len(), 256);
        let targets: Vec<&str> =
            rows.iter().flat_map(|row| row["targets"].as_str().unwrap().split(',')).collect();
        assert_eq!(targets.len(), count);
        assert_eq!(targets.iter().collect::<BTreeSet<_>>().len(), count, "a target is in two rows");
        assert!(run.log.contains(&format!("packed from {count}")), "it is said");
    }
}

/// GitHub drops an output in which the value of a secret occurs.
#[test]
fn a_matrix_that_github_dropped_is_named_and_nothing_is_published() {
    for on_missing in ["hold", "drop", "carry"] {
        let (project, [tool, base, api, worker]) = super::project("rows-dropped", on_missing);
        let mut run = Run::new(generated(&project, &[]), &project, &PUSH, &FIRST);
        assert!(run.plan(), "{}", run.log);
        run.plan["outputs"]["matrix"] = json!("");
        // `fromJSON('')` is an error of the job that builds.
        let include =
            |plan: &Value| plan["outputs"]["matrix"].as_str().map(serde_json::from_str::<Value>).unwrap();
        assert!(include(&run.plan).is_err());
        let ended = run.finish_after("failure");
        assert_eq!((ended.merge, ended.gate), (Some(5), false), "{on_missing}: {}", ended.log);
        let told =
            "::error::GitHub dropped outputs of a job, because the value of a secret occurs in them: matrix.";
        assert!(ended.log.contains(told), "{}", ended.log);
        for repository in [&tool, &base, &api, &worker] {
            assert_eq!(tags(repository), set(&[]), "{on_missing}: {repository}");
        }
    }
}
