//! `plan.json` beyond tags and builds: the run, what the plan is called, the versions known, and what is no plan.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Test, moves_with};

const SPEC: &str = r#"
target "app" {
  platforms = ["linux/amd64", "linux/arm64"]
}
image "app" {
  repositories = ["ghcr.io/acme/app"]
  version      = "1.4.2"
  channels     = ["lts"]
  tags = [
    "{{ version }}", "{{ major }}", "latest", "api-{{ version }}", "edge", "{{ version }}-{{ sha }}", "sha-{{ sha }}",
    { pattern = "{{ date('%Y%m%d') }}", when = "event == 'schedule'" },
    { pattern = "{{ branch | slug }}", when = "branch" },
    { pattern = "pr-{{ pr }}", when = "pr" },
  ]
}
"#;

const COMMIT: &str = "5f3c1e0d9b8a7c6d5e4f3a2b1c0d9e8f7a6b5c4d";

/// The pairs of a run of GitHub Actions.
const GITHUB: [(&str, &str); 8] = [
    ("GITHUB_ACTIONS", "true"),
    ("GITHUB_EVENT_NAME", "push"),
    ("GITHUB_REF", "refs/heads/main"),
    ("GITHUB_SHA", COMMIT),
    ("GITHUB_REPOSITORY", "acme/app"),
    ("GITHUB_WORKFLOW_REF", "acme/app/.github/workflows/publish.yml@refs/heads/main"),
    ("GITHUB_RUN_NUMBER", "17"),
    ("GITHUB_RUN_ATTEMPT", "1"),
];

fn with(pairs: &[(&str, &str)]) -> Test {
    pairs.iter().fold(Test::new(), |test, (name, value)| test.env(name, value))
}

/// The plan of a definition, as JSON.
#[track_caller]
fn plan(test: Test, spec: &str, arguments: &[&str]) -> Value {
    let test = test.file("docker-bake.hcl", spec).args(["plan", "--format", "json"]);
    let output = test.args(arguments.iter().copied()).output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn each_tag_says_what_it_is() {
    let facts = ["--fact=branch=feature/x", "--fact=commit=c0ffee0", "--fact=event=push"];
    let plan = plan(Test::new(), SPEC, &facts);
    let image = &plan["images"]["app"];
    let tag = |tag: &Value| {
        let text = |name: &str| tag[name].as_str().unwrap().to_owned();
        let family: Vec<&str> =
            tag["family"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let numbers = tag["numbers"].as_u64().map_or(String::new(), |numbers| numbers.to_string());
        let moves = if moves_with(tag).is_some() { "moves" } else { "stays" };
        format!("{} {moves} {}{numbers} {} [{}]", text("name"), text("class"), text("form"), family.join(" "))
    };
    let tags: Vec<String> = image["tags"].as_array().unwrap().iter().map(tag).collect();
    assert_eq!(
        tags,
        [
            "1.4.2 stays version {version} []",
            "1 moves version1 {version} [{version}]",
            "latest moves version0 latest [{version}]",
            "api-1.4.2 stays version api-{version} []",
            "edge moves version0 edge [api-{version} {version}]",
            "1.4.2-c0ffee0 stays version {version}-{commit:7} []",
            "sha-c0ffee0 stays run sha-{commit:7} []",
            "feature-x moves run {name} []",
            "lts moves channel lts []",
        ]
    );
    let others = ["{version}-{commit:7}", "{date:%Y%m%d}", "pr-{number}", "sha-{commit:7}", "{name}"];
    let found: BTreeSet<&str> =
        image["other_forms"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(found, BTreeSet::from(others));

    let prerelease = SPEC.replace("1.4.2", "2.0.0-rc.1");
    let plan = self::plan(Test::new(), &prerelease, &facts);
    assert_eq!(plan["images"]["app"]["tags"][0]["class"], "prerelease");
    // Without a version, a constant moves with each run.
    let constant =
        SPEC.replace("version      = \"1.4.2\"", "").replace("\"{{ version }}\", \"{{ major }}\", ", "");
    let constant =
        constant.replace("\"api-{{ version }}\", ", "").replace("\"{{ version }}-{{ sha }}\", ", "");
    let plan = self::plan(Test::new(), &constant, &facts);
    let tags = plan["images"]["app"]["tags"].as_array().unwrap();
    let classes: Vec<&str> = tags.iter().filter_map(|tag| tag["class"].as_str()).collect();
    assert_eq!(classes, ["constant", "constant", "run", "run", "channel"]);
}

/// The commit has another length where facts say so, also in tags of other runs.
#[test]
fn the_form_of_a_commit_has_its_length() {
    for (length, fact) in [(7, ""), (12, "--fact=sha_length=12"), (9, "--fact=sha_length=9")] {
        let mut facts = vec!["--fact=branch=main", "--fact=commit=5f3c1e0d9b8a7c6d5e4f3a2b1c0d9e8f7a6b5c4d"];
        facts.extend(Some(fact).filter(|fact| !fact.is_empty()));
        let plan = plan(Test::new(), SPEC, &facts);
        let others = plan["images"]["app"]["other_forms"].as_array().unwrap();
        assert!(others.contains(&json!(format!("sha-{{commit:{length}}}"))), "{others:?}");
    }
}

#[test]
fn the_run_is_named() {
    let spec = CONSTANT;
    let run = |test: Test, arguments: &[&str]| plan(test, spec, arguments)["run"].clone();
    let expected = json!({
        "event": "push", "ref": "refs/heads/main", "workflow": ".github/workflows/publish.yml", "number": 17,
        "commit": COMMIT,
    });
    assert_eq!(run(with(&GITHUB), &[]), expected);
    // A time that is known belongs to it.
    let mut timed = expected.clone();
    timed["commit_time"] = json!("2026-01-02T03:04:05Z");
    assert_eq!(run(with(&GITHUB), &["--fact=commit_time=2026-01-02T03:04:05Z"]), timed);
    let gitlab = [
        ("GITLAB_CI", "true"),
        ("CI_PIPELINE_SOURCE", "schedule"),
        ("CI_COMMIT_BRANCH", "main"),
        ("CI_COMMIT_SHA", COMMIT),
        ("CI_COMMIT_TIMESTAMP", "2026-01-02T04:04:05+01:00"),
        ("CI_CONFIG_PATH", ".gitlab-ci.yml"),
        ("CI_PIPELINE_IID", "3"),
    ];
    timed["event"] = json!("schedule");
    timed["workflow"] = json!(".gitlab-ci.yml");
    timed["number"] = json!(3);
    assert_eq!(run(with(&gitlab), &[]), timed);
    // Where the variable of the file is missing, the workflow has a name.
    let gitea =
        [("GITHUB_ACTIONS", "true"), ("GITHUB_WORKFLOW", "Publish"), ("GITHUB_REPOSITORY", "acme/app")];
    assert_eq!(run(with(&gitea), &[]), json!({ "workflow": "Publish" }));
    assert_eq!(
        run(Test::new(), &["--fact=workflow=nightly", "--fact=run=2"]),
        json!({ "workflow": "nightly", "number": 2 })
    );
    // At the desk nothing is known, and git is not asked for what no tag needs.
    assert_eq!(run(Test::new(), &[]), json!({}));
}

#[test]
fn the_definition_is_the_same_in_every_run_and_for_the_same_file() {
    let definition =
        |test: Test, spec: &str, arguments: &[&str]| plan(test, spec, arguments)["definition"].clone();
    let (commit, branch) = ("--fact=commit=c0ffee0", "--fact=branch=main");
    let first = definition(Test::new(), SPEC, &[commit, branch]);
    for (test, arguments) in [
        (with(&GITHUB), &[][..]),
        (Test::new(), &[commit, "--fact=tag=v1.4.2"]),
        (Test::new(), &[commit, branch, "--fact=event=schedule", "--fact=commit_time=2026-11-02T03:04:05Z"]),
        (Test::new().env("SOURCE_DATE_EPOCH", "1"), &[commit, branch]),
    ] {
        assert_eq!(definition(test, SPEC, arguments), first, "{arguments:?}");
    }
    for other in [
        SPEC.replace("linux/arm64", "linux/s390x"),
        SPEC.replace("ghcr.io", "quay.io"),
        SPEC.replace("target \"app\" {", "target \"app\" {\n  args = { A = \"1\" }"),
    ] {
        assert_ne!(definition(Test::new(), &other, &[commit, branch]), first, "{other}");
    }
    // The committed file says it, too.
    let output = Test::new().file("docker-bake.hcl", SPEC).args(["bake", "-o", "out/docker-bake.json"]).run();
    let file: Value = serde_json::from_str(&output.read("out/docker-bake.json")).unwrap();
    let origin = file["//"].as_str().unwrap();
    assert_eq!(origin.rsplit(' ').next(), first.as_str(), "{origin}");
}

#[test]
fn the_id_is_that_of_the_definition_and_the_run() {
    let id = |pairs: &[(&str, &str)], spec: &str, arguments: &[&str]| {
        plan(with(pairs), spec, arguments)["id"].clone()
    };
    let first = id(&GITHUB, SPEC, &[]);
    let changed = |name: &str, value: &'static str| {
        let mut pairs = GITHUB.to_vec();
        pairs.iter_mut().filter(|(own, _)| *own == name).for_each(|pair| pair.1 = value);
        id(&pairs, SPEC, &[])
    };
    // Another attempt is the same run, whatever else there is in its environment.
    assert_eq!(changed("GITHUB_RUN_ATTEMPT", "2"), first);
    let more = [&GITHUB[..], &[("RUNNER_TEMP", "/elsewhere"), ("USER", "somebody")]].concat();
    assert_eq!(id(&more, SPEC, &[]), first);
    assert_eq!(id(&GITHUB, SPEC, &["--fact=commit_time=2026-11-02T03:04:05Z"]), first);
    let others = [
        changed("GITHUB_RUN_NUMBER", "18"),
        changed("GITHUB_REF", "refs/heads/dev"),
        changed("GITHUB_SHA", "0000000d9b8a7c6d5e4f3a2b1c0d9e8f7a6b5c4d"),
        changed("GITHUB_EVENT_NAME", "workflow_dispatch"),
        id(&GITHUB, &SPEC.replace("1.4.2", "1.4.3"), &[]),
        id(&GITHUB, &SPEC.replace("linux/arm64", "linux/s390x"), &[]),
    ];
    let different: BTreeSet<String> = others.iter().chain([&first]).map(Value::to_string).collect();
    assert_eq!(different.len(), 7);
    // It is in each row of the matrix, whoever prints it.
    let test = with(&GITHUB).file("docker-bake.hcl", SPEC).args(["plan", "--out", "out", "--github"]);
    let ran =
        test.env("GITHUB_OUTPUT", "outputs").env("GITHUB_STEP_SUMMARY", "summary").stdout("...\n").run();
    let outputs = ran.read("outputs");
    let row = outputs.lines().find_map(|line| line.strip_prefix("matrix=")).unwrap();
    let matrix = with(&GITHUB).file("docker-bake.hcl", SPEC).args(["matrix", "--format", "json"]).output();
    let texts = [ran.read("out/matrix.json"), row.to_owned(), String::from_utf8(matrix.stdout).unwrap()];
    for text in texts {
        let rows: Vec<Value> = serde_json::from_str(&text).unwrap();
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().all(|row| row["id"] == first), "{text}");
    }
    assert_eq!(serde_json::from_str::<Value>(&ran.read("out/plan.json")).unwrap()["id"], first);
}

/// A later job plans again from the plan alone, and gets the same.
#[test]
fn a_plan_made_again_from_its_own_known_versions_is_the_same() {
    let two = r#"
        target "a" { platforms = ["linux/amd64"] }
        target "b" { platforms = ["linux/amd64"] }
        image "a" {
          repositories = ["r.io/x/a"]
          version      = "1.4.2"
          tag_prefix   = "a/v"
        }
        image "b" {
          repositories = ["r.io/x/b"]
          version      = "2.0"
        }
    "#;
    let two = two.replace(" { platforms = [\"linux/amd64\"] }", " {\n  platforms = [\"linux/amd64\"]\n}");
    for (list, known, yielded) in [
        ("v1.5.0\nmain\nsnapshot-7\na/v1.4.9\n", json!({ "names": ["v1.5.0", "a/v1.4.9"] }), 1),
        (r#"["a/v2.0.0", "v3.0", "other/v9"]"#, json!({ "names": ["a/v2.0.0", "v3.0"] }), 2),
        (
            r#"{"a": ["a/v1.4.3", "x"], "b": ["2.1"], "c": ["9"]}"#,
            json!({ "by_image": { "a": ["a/v1.4.3"], "b": ["2.1"] } }),
            2,
        ),
        ("[]", Value::Null, 0),
    ] {
        let write = |list: &str| {
            let test = Test::new().file("docker-bake.hcl", &two).file("known.json", list);
            let output = test.args(["plan", "--format=json", "--known-versions", "known.json"]).output();
            String::from_utf8(output.stdout).unwrap()
        };
        let first = write(list);
        let plan: Value = serde_json::from_str(&first).unwrap();
        assert_eq!(plan["known_versions"], known, "{list}");
        let images = plan["images"].as_object().unwrap().values();
        assert_eq!(images.filter(|image| image["yielded"].is_array()).count(), yielded, "{list}: {first}");
        assert_eq!(write(&first), first, "{list}");
    }
}

#[test]
fn what_is_no_plan_of_this_schema_is_refused_with_the_way_out() {
    let old = r#"{"schema":1,"images":{}}"#;
    let commands: [&[&str]; 3] = [
        &["merge", "--plan", "ci/plan.json", "--metadata", "metadata"],
        &["verify", "--plan", "ci/plan.json"],
        &["plan", "--known-versions", "ci/plan.json"],
    ];
    for command in commands {
        let refused = |text: &str| {
            let test = Test::new().file("docker-bake.hcl", SPEC).file("ci/plan.json", text);
            let output = test.file("metadata/a.json", "{}").args(command.iter().copied()).output();
            assert_eq!(output.status.code(), Some(1), "{command:?} {text}");
            String::from_utf8(output.stderr).unwrap()
        };
        let told = refused(old);
        assert!(
            told.contains("schema 1") && told.contains("`bakeplan plan --out ci`"),
            "{command:?}: {told}"
        );
        let told = refused(r#"{"schema":3}"#);
        assert!(
            told.contains("schema 3") && told.contains("a newer bakeplan wrote it"),
            "{command:?}: {told}"
        );
        for text in [r#"{"schema":2.5}"#, r#"{"schema":-2}"#] {
            let told = refused(text);
            assert!(
                told.contains("schema") && told.contains("bakeplan plan --out"),
                "{command:?} {text}: {told}"
            );
        }
        if command[0] != "plan" {
            for (text, expected) in
                [(r#"{"schema":2}"#, "missing field `id`"), (r#"{"schema":"2"}"#, "schema"), ("{}", "schema")]
            {
                let told = refused(text);
                assert!(told.contains(expected), "{command:?} {text}: {told}");
            }
        }
    }
}

/// Files of another run are current as long as the sources are the same.
#[test]
fn files_of_another_run_are_current() {
    let ran =
        with(&GITHUB).file("docker-bake.hcl", CONSTANT).args(["plan", "--out", "out"]).stdout("...\n").run();
    let files = ["docker-bake.json", "matrix.json", "plan.json"];
    let check = |spec: &str, pairs: &[(&str, &str)]| {
        let test = files.iter().fold(with(pairs).file("docker-bake.hcl", spec), |test, name| {
            let path = format!("out/{name}");
            test.file(&path, ran.read(&path))
        });
        test.args(["plan", "--out", "out", "--check"]).output().status.code()
    };
    let mut later = GITHUB.to_vec();
    later.iter_mut().filter(|(name, _)| *name == "GITHUB_RUN_NUMBER").for_each(|pair| pair.1 = "18");
    assert_eq!(check(CONSTANT, &GITHUB), Some(0));
    assert_eq!(check(CONSTANT, &later), Some(0));
    assert_eq!(check(CONSTANT, &[]), Some(0));
    assert_eq!(check(&CONSTANT.replace("1.4.2", "1.4.3"), &later), Some(3));
}

const CONSTANT: &str = r#"
target "app" {
  platforms = ["linux/amd64"]
}
image "app" {
  repositories = ["ghcr.io/acme/app"]
  version      = "1.4.2"
}
"#;

/// Another run publishes them in the same repository.
#[test]
fn forms_of_images_that_are_left_out_are_known() {
    let image = |name: &str, tags: &str| {
        format!(
            "target \"{name}\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"{name}\" {{\n  repositories = [\"r.io/x/all\"]\n  version = \"{{{{ tag }}}}\"\n  tag_prefix = \"{name}/v\"\n  tags = [{tags}]\n}}\n"
        )
    };
    for (tags, form) in [
        ("\"{{ date('%Y.%m.%d') }}\"", "{date:%Y.%m.%d}"),
        ("\"1.{{ pr }}\"", "1.{number}"),
        ("\"type=schedule,pattern={{date 'YYYYMMDD'}}\"", "{date:%Y%m%d}"),
        ("\"web-{{ version }}\", \"{{ sha }}\"", "{commit:7}"),
    ] {
        let file = image("app", "\"{{ version }}\", \"latest\"") + &image("web", tags);
        let test = Test::new().file("docker-bake.hcl", &file).args(["plan", "--format=json"]);
        let output = test.args(["--fact=tag=app/v1.2.3", "--fact=event=push"]).output();
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        let plan: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{talk}"));
        let forms = plan["images"]["app"]["other_forms"].as_array().unwrap_or_else(|| panic!("{plan}"));
        assert!(forms.iter().any(|one| one == form), "{tags}: {forms:?}");
    }
}

#[test]
fn what_is_wrong_with_a_plan_is_said_in_words_of_json() {
    let spec = "target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\nimage \"app\" {\n  repositories = [\"r.io/x/app\"]\n  version = \"1.2.3\"\n}\n";
    let output = Test::new().file("docker-bake.hcl", spec).args(["plan", "--format=json"]).output();
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    let key = plan["images"].as_object().unwrap().keys().next().unwrap().clone();
    let merge = |text: &str| {
        let test = Test::new().file("plan.json", text).file("metadata/a.json", "{}");
        let output = test.args(["merge", "--plan=plan.json", "--metadata=metadata", "--dry-run"]).output();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let changed = |pointer: &str, value: Value| {
        let mut plan = plan.clone();
        *plan.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
        plan.to_string()
    };
    let build = format!("/images/{key}/builds/{key}-linux-amd64");
    let with = |member: &str, value: Value| {
        let mut build = plan.pointer(&build).unwrap().clone();
        build[member] = value;
        build
    };
    let long = |text: &str| text.repeat(5000);
    for (text, expected) in [
        (changed(&format!("/images/{key}/tags"), json!("x")), "found string \"x\", expected a list"),
        (changed(&format!("/images/{key}/tags/0/name"), json!(1)), "found integer `1`, expected a string"),
        (changed(&format!("/images/{key}/tags/0/floating"), json!("no")), "expected a boolean"),
        (changed(&format!("/images/{key}/builds"), json!([])), "found list, expected an object"),
        (changed(&format!("/images/{key}"), Value::Null), "found null, expected an object"),
        (changed("/images", json!([])), "found list, expected an object"),
        (
            changed("/jobs/0/runner", json!(3)),
            "expected a label, a list of labels, or an object with `group`",
        ),
        (changed("/images", json!({ long("x"): plan["images"][&key] })), "has 5000 bytes; at most 4096"),
        (changed("/jobs/0/job", json!(long("j"))), "has 5000 bytes; at most 4096"),
        (
            changed(&format!("/images/{key}/annotations"), json!({ "a": long("x").repeat(300) })),
            "have 1500001 bytes; at most 1048576",
        ),
        (
            changed(&format!("/images/{key}/annotations"), json!({ long("x").repeat(300): "a" })),
            "have 1500001 bytes; at most 1048576",
        ),
        (
            changed(
                &build,
                with("annotations", json!({ "a": long("x").repeat(150), "b": long("x").repeat(150) })),
            ),
            "have 1500002 bytes; at most 1048576",
        ),
        (
            changed(&build, with("labels", json!({ "a": long("x").repeat(300) }))),
            "have 1500001 bytes; at most 1048576",
        ),
        ("\u{feff}{}".to_owned(), "expected the member `schema`"),
    ] {
        let (status, told) = merge(&text);
        assert_eq!(status, Some(1), "{told}");
        assert!(
            told.contains("`plan.json` is not a plan: ") && told.contains(expected),
            "{expected}: {told}"
        );
        assert!(!told.contains("struct ") && !told.contains("sequence") && told.len() < 1000, "{told}");
    }
    // As many as there may be.
    let fits = changed(&format!("/images/{key}/annotations"), json!({ "a": "x".repeat((1 << 20) - 1) }));
    assert!(!merge(&fits).1.contains("not-a-plan"));
    // A mark before it changes nothing.
    let (status, marked) = merge(&format!("\u{feff}{plan}"));
    assert_eq!((status, marked), merge(&plan.to_string()));
}

#[test]
fn no_plan_is_made_that_the_merge_refuses_to_read() {
    let image = |annotation: &str| {
        format!(
            "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n  tags = [\"r.io/x/app:1\"]\n{annotation}\n}}\n"
        )
    };
    let value = |size: usize| "x".repeat(size);
    for (lines, is_too_long) in [
        (format!("  annotations = [\"index:a={}\"]", value(1_100_000)), true),
        (format!("  annotations = [\"a={}\"]", value(1_100_000)), true),
        (format!("  annotations = [\"manifest-descriptor:a={}\"]", value(1_100_000)), true),
        (format!("  labels = {{ a = \"{}\" }}", value(1_100_000)), true),
        (format!("  labels = {{ a = \"{}\" }}", value(900_000)), false),
        (format!("  args = {{ a = \"{}\" }}", value(1_100_000)), false),
    ] {
        let output = Test::new().file("docker-bake.hcl", image(&lines)).args(["plan"]).output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.success(), !is_too_long, "{told}");
        assert_eq!(told.contains("bytes; at most 1048576 are allowed"), is_too_long, "{told}");
    }
}

/// The families of what an image's tags float with, by tag.
fn families(spec: &str) -> String {
    let output = Test::new().file("docker-bake.hcl", spec).args(["plan", "--format", "json"]).output();
    assert!(output.status.success(), "{spec}: {}", String::from_utf8_lossy(&output.stderr));
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut found = BTreeSet::new();
    for image in plan["images"].as_object().unwrap().values() {
        for tag in image["tags"].as_array().unwrap().iter().filter(|tag| !tag["family"].is_null()) {
            let family: Vec<&str> =
                tag["family"].as_array().unwrap().iter().map(|form| form.as_str().unwrap()).collect();
            found.insert(format!("{}={}", tag["name"].as_str().unwrap(), family.join("+")));
        }
    }
    found.into_iter().collect::<Vec<_>>().join(" ")
}

/// A number that another image of the repository has otherwise is no number of a base or a revision, which the next release
/// has otherwise.
#[test]
fn numbers_that_tell_images_apart_are_text_in_families() {
    let spec = |values: &str, image: &str| {
        format!(
            "target \"app\" {{\n  name = \"app-${{replace(f, \".\", \"-\")}}\"\n  matrix = {{ f = [{values}] }}\n  args = {{ F = f }}\n  platforms = [\"linux/amd64\"]\n}}\nimage \"app\" {{\n  repositories = [\"r.io/a\"]\n  {image}\n}}\n"
        )
    };
    let two = |tag: &str, last: &str| {
        format!("version = \"1.10.0\"\n  tags = [\"{tag}\", f == \"{last}\" ? \"latest\" : \"old\"]")
    };
    for (values, image, expected) in [
        (r#""cuda11", "cuda12""#, two("{{ version }}-${f}", "cuda12"), "latest={version}-cuda12 old={version}-cuda11"),
        (r#""py3.9", "py3.12""#, two("${f}-{{ version }}", "py3.12"), "latest=py3.12-{version} old=py3.9-{version}"),
        (r#""11", "12""#, two("{{ version }}-debian-${f}-r3", "12"), "latest={version}-debian-12-r3 old={version}-debian-11-r3"),
        (r#""8.4", "9""#, two("{{ version }}-php${f}", "9"), "latest={version}-php{number} old={version}-php{number}.{number}"),
        // What is alone, or differs in more than numbers, has any number.
        (r#""cuda12""#, two("{{ version }}-${f}", "cuda12"), "latest={version}-cuda{number}"),
        (r#""debian12", "alpine3""#, two("{{ version }}-${f}", "alpine3"), "latest={version}-alpine{number} old={version}-debian{number}"),
        // Two versions of one image have another revision each.
        (
            r#""1.10.0-r3", "1.9.0-r1""#,
            "version = split(\"-\", f)[0]\n  tags = [\"{{ version }}-debian-12-${split(\"-\", f)[1]}\", \"latest\"]".to_owned(),
            "latest={version}-debian-{number}-r{number}",
        ),
    ] {
        assert_eq!(families(&spec(values, &image)), expected, "{values}");
    }
    // Level 0, and two blocks.
    let target = |name: &str, tags: &str| {
        format!(
            "target \"{name}\" {{\n  args = {{ N = \"{name}\" }}\n  platforms = [\"linux/amd64\"]\n  tags = [{tags}]\n}}\n"
        )
    };
    let targets = [
        target("a", r#""r.io/a:1.10.0-cuda11", "r.io/a:old""#),
        target("b", r#""r.io/a:1.10.0-cuda12", "r.io/a:latest""#),
        "group \"default\" { targets = [\"a\", \"b\"] }\n".to_owned(),
    ];
    assert_eq!(families(&targets.concat()), "latest={version}-cuda12 old={version}-cuda11");
}
