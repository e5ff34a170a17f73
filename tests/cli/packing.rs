//! `--max-jobs`: jobs that are packed into fewer rows, and what is refused.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use crate::support::Test;

/// A list, which may be longer than those of `range`.
fn numbers(count: usize) -> String {
    format!("{:?}", (0..count).collect::<Vec<_>>())
}

/// Images that have nothing to do with each other.
fn images(count: usize) -> String {
    let count = numbers(count);
    format!(
        "target \"a\" {{\n  matrix = {{ n = {count} }}\n  name = \"a-${{n}}\"\n  tags = [\"r.io/x/a:${{n}}\"]\n  platforms = [\"linux/amd64\"]\n}}\n"
    )
}

/// As many pairs of which one is linked to the other, for two platforms.
fn pairs(count: usize) -> String {
    let count = numbers(count);
    format!(
        "target \"base\" {{
  matrix    = {{ n = {count} }}
  name      = \"base-${{n}}\"
  tags      = [\"r.io/x/base:${{n}}\"]
  platforms = [\"linux/amd64\", \"linux/arm64\"]
}}
target \"app\" {{
  matrix    = {{ n = {count} }}
  name      = \"app-${{n}}\"
  contexts  = {{ base = \"target:base-${{n}}\" }}
  tags      = [\"r.io/x/app:${{n}}\"]
  platforms = [\"linux/amd64\", \"linux/arm64\"]
}}
"
    )
}

/// The rows of a definition.
fn rows(definition: &str, arguments: &[&str]) -> Vec<Value> {
    let test = Test::new().file("docker-bake.hcl", definition).args(["matrix"]);
    let output = test.args(arguments.iter().copied()).output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn targets(row: &Value) -> Vec<&str> {
    row["targets"].as_str().unwrap().split(',').collect()
}

/// Each leg is there once, in a row of its own platform and runner.
fn whole(rows: &[Value], most: usize, legs: usize) {
    assert!(rows.len() <= most, "{} rows", rows.len());
    let all: Vec<&str> = rows.iter().flat_map(targets).collect();
    assert_eq!(all.len(), legs);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), legs, "a leg is there twice");
    let names: BTreeSet<&str> = rows.iter().map(|row| row["job"].as_str().unwrap()).collect();
    assert_eq!(names.len(), rows.len(), "two rows have one name");
    for row in rows {
        let end = row["platform"].as_str().unwrap().replace('/', "-");
        assert!(targets(row).iter().all(|target| target.ends_with(&end)), "{row}");
        assert_eq!(row["job"], targets(row)[0]);
    }
}

#[test]
fn hundreds_and_thousands_of_rows_fit_into_a_matrix_of_github() {
    for (definition, legs, most_of_a_row) in
        [(images(300), 300, 2), (images(3000), 3000, 12), (pairs(750), 3000, 12)]
    {
        for arguments in [&["--format", "github"][..], &["--format", "json", "--max-jobs", "256"]] {
            let rows = rows(&definition, arguments);
            whole(&rows, 256, legs);
            assert_eq!(rows.len(), 256);
            assert!(rows.iter().all(|row| targets(row).len() <= most_of_a_row), "evenly");
        }
        assert!(rows(&definition, &["--format", "json"]).len() > 256, "other CIs have other limits");
    }
}

#[test]
fn linked_targets_stay_together_and_dependencies_come_first() {
    let rows = rows(&pairs(150), &["--format", "json", "--max-jobs", "7"]);
    whole(&rows, 7, 600);
    for row in &rows {
        let targets = targets(row);
        for (at, target) in targets.iter().enumerate().filter(|(_, target)| target.starts_with("app-")) {
            let base = target.replacen("app", "base", 1);
            let place = targets.iter().position(|other| *other == base);
            assert!(place.is_some_and(|place| place < at), "{base} before {target} in {row}");
        }
    }
}

#[test]
fn what_fits_is_not_packed() {
    for most in ["3", "4", "256"] {
        assert_eq!(
            rows(&images(3), &["--format", "json"]),
            rows(&images(3), &["--format", "json", "--max-jobs", most])
        );
    }
}

#[test]
fn the_plan_says_that_it_packed() {
    let test = Test::new()
        .file("docker-bake.hcl", images(300))
        .env("GITHUB_OUTPUT", "o")
        .env("GITHUB_STEP_SUMMARY", "s");
    let test = test.args(["plan", "--out", "out", "--github", "--publish=false"]);
    let output = test.output();
    assert!(output.status.success());
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("256 jobs (packed from 300)"), "{table}");
    let read = |path: &str| std::fs::read_to_string(test.folder().join(path)).unwrap();
    assert!(read("s").contains("256 jobs (packed from 300)"));
    let plan: Value = serde_json::from_str(&read("out/plan.json")).unwrap();
    assert_eq!(plan["packed"], serde_json::json!({ "from": 300, "most": 256 }));
    let matrix: Vec<Value> = serde_json::from_str(&read("out/matrix.json")).unwrap();
    whole(&matrix, 256, 300);
    // A row of several targets is a group of the Bake file.
    let bake: Value = serde_json::from_str(&read("out/docker-bake.json")).unwrap();
    let several = matrix.iter().find(|row| targets(row).len() > 1).unwrap();
    let group = format!("job-{}", several["job"].as_str().unwrap());
    assert_eq!(bake["group"][&group]["targets"], serde_json::json!(targets(several)));
    // The files are current, with and without the option that they were written with.
    let folder = test.folder();
    for arguments in [&["--github"][..], &[], &["--max-jobs=256"]] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_bakeplan"));
        command
            .args(["plan", "--out", "out", "--check", "--publish=false"])
            .args(arguments)
            .current_dir(folder);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn rows_share_the_weight_and_not_the_number() {
    let definition = images(9) + "image \"a\" {\n  weight = n == 0 ? 8 : 1\n}\n";
    let rows = rows(&definition, &["--format", "json", "--max-jobs", "2"]);
    let sizes: Vec<usize> = rows.iter().map(|row| targets(row).len()).collect();
    assert_eq!(sizes, [1, 8]);
    for (weight, message) in [
        ("0", "`0` is not a whole number"),
        ("1.5", "`1.5` is not"),
        ("1001", "from 1 to 1000"),
        ("\"much\"", "`much` is not"),
    ] {
        let definition = images(1) + &format!("image \"a\" {{\n  weight = {weight}\n}}\n");
        let output = Test::new().file("docker-bake.hcl", definition).args(["plan"]).output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && told.contains(message), "{told}");
    }
}

#[test]
fn what_cannot_fit_is_an_error_that_says_how_many_would() {
    let definition = "target \"a\" {\n  tags = [\"r.io/x/a:1\"]\n  platforms = [\"linux/amd64\", \"linux/arm64\", \"linux/s390x\"]\n}\n";
    Test::new()
        .file("docker-bake.hcl", definition)
        .args(["plan", "--max-jobs=2"])
        .status(1)
        .stderr(
            "error[too-many-jobs]: the plan has 3 jobs, which cannot be packed into 2: a job has one runner and one platform, and there are 3 combinations of them
  = help: allow more with `--max-jobs 3`, or plan a part: `bakeplan plan IMAGE…` or `--platform PLATFORM`
",
        )
        .run();
    assert_eq!(rows(definition, &["--format=json", "--max-jobs=3"]).len(), 3);
    assert_eq!(rows(definition, &["--format=json", "--max-jobs=2", "--platform=linux/arm64"]).len(), 1);
}

/// A row whose secret is missing fails as a whole, so that others keep out of it where they can.
#[test]
fn builds_that_need_a_secret_keep_to_themselves() {
    let definition = "target \"a\" {
  matrix    = { n = range(20) }
  name      = \"a-${n}\"
  tags      = [\"r.io/x/a:${n}\"]
  platforms = [\"linux/amd64\"]
  secret    = n % 10 == 0 ? [\"id=npm,env=NPM\"] : []
}
";
    let of = |most: &str| rows(definition, &["--format=json", "--max-jobs", most]);
    let with = |rows: &[Value]| -> Vec<usize> {
        rows.iter()
            .filter(|row| row["env"] == serde_json::json!(["NPM"]))
            .map(|row| targets(row).len())
            .collect()
    };
    assert_eq!(with(&of("4")), [2]);
    assert_eq!(with(&of("1")), [20], "unless there is no row to spare");
}

#[test]
fn a_matrix_that_github_would_drop_is_an_error() {
    let long = "x".repeat(100);
    for (count, name, message) in [
        (6000, format!("{long}-${{n}}"), "GitHub hands on 500000"),
        (2000, format!("{long}-${{n}}"), "a program gets 128000"),
    ] {
        let definition = images(count).replace("a-${n}", &name);
        let test = Test::new().file("docker-bake.hcl", definition);
        let output = test.env("GITHUB_OUTPUT", "o").args(["plan", "--github", "--max-jobs=1"]).output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && told.contains(message), "{told}");
    }
}

/// Some images for some platforms, linked in some way.
fn definition(images: &[(u8, u8, bool)]) -> String {
    let platforms = ["linux/amd64", "linux/arm64", "linux/s390x"];
    let target = |(at, (mask, weight, is_linked)): (usize, &(u8, u8, bool))| {
        let own: Vec<String> = platforms
            .iter()
            .enumerate()
            .filter(|(bit, _)| *bit == 0 || mask & (1 << bit) != 0)
            .map(|(_, platform)| format!("\"{platform}\""))
            .collect();
        let before = at.checked_sub(1).filter(|_| *is_linked);
        let link = before.filter(|before| mask & !images[*before].0 & 6 == 0);
        let link = link.map_or_else(String::new, |at| format!("contexts = {{ base = \"target:t{at}\" }}"));
        format!(
            "target \"t{at}\" {{\n platforms = [{}]\n {link}\n}}\nimage \"t{at}\" {{\n repositories = [\"r.io/x/t{at}\"]\n tags = [\"1\"]\n weight = {weight}\n}}\n",
            own.join(", ")
        )
    };
    images.iter().enumerate().map(target).collect()
}

#[test]
fn every_leg_is_in_one_row_of_its_platform_and_runner() {
    let images = proptest::collection::vec((0_u8..8, 1_u8..20, any::<bool>()), 1..12);
    let config = Config { cases: 40, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&(images, 3_usize..9), |(images, most)| {
        let definition = definition(&images);
        let apart = rows(&definition, &["--format=json"]);
        let packed = rows(&definition, &["--format=json", "--max-jobs", &most.to_string()]);
        let legs: usize = apart.iter().map(|row| targets(row).len()).sum();
        whole(&packed, most, legs);
        assert_eq!(packed.len(), apart.len().min(most), "no fewer than there may be\n{definition}");
        let place: BTreeMap<&str, &Value> =
            packed.iter().flat_map(|row| targets(row).into_iter().map(move |leg| (leg, row))).collect();
        for row in &apart {
            let homes: Vec<&Value> = targets(row).iter().map(|leg| place[leg]).collect();
            assert!(homes.iter().all(|home| **home == *homes[0]), "what was together is apart\n{definition}");
            assert_eq!((&homes[0]["runner"], &homes[0]["qemu"]), (&row["runner"], &row["qemu"]));
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}
