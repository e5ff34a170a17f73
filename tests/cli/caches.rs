//! Caches of single platforms: which are read.

use crate::support::Test;

/// The caches that the first leg reads, of a target with these lines and others beside it.
fn read(lines: &str, others: &str, arguments: &[&str]) -> Vec<String> {
    let file = format!(
        "target \"app\" {{\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n  tags = [\"r.io/x/app:1.2.3\", \"r.io/x/app:latest\"]\n{lines}\n}}\n{others}\ngroup \"default\" {{\n  targets = [\"app\"]\n}}\n"
    );
    let output =
        Test::new().file("docker-bake.hcl", &file).args(["bake"]).args(arguments.iter().copied()).output();
    let written: serde_json::Value = serde_json::from_slice(&output.stdout).expect(&file);
    let targets = written["target"].as_object().unwrap();
    let leg = &targets["app-linux-arm64"];
    let parents = leg["inherits"].as_array().into_iter().flatten().filter_map(|name| name.as_str());
    let all = parents.map(|name| &targets[name]).chain([leg]);
    let caches = all.filter_map(|one| one["cache-from"].as_array()).flatten();
    let shown = |cache: &serde_json::Value| {
        ["ref", "scope", "name", "src"].iter().find_map(|key| cache[*key].as_str()).unwrap_or("-").to_owned()
    };
    caches.map(shown).collect()
}

#[test]
fn a_cache_that_nobody_writes_is_not_read() {
    for (from, own) in [
        ("type=registry,ref=r.io/x/app:latest", "r.io/x/app:latest"),
        ("type=registry,ref=r.io/x/cache", "r.io/x/cache"),
        ("type=gha,scope=main", "main"),
        ("type=gha", "-"),
        ("type=s3,bucket=b,region=r,name=n", "n"),
        ("type=local,src=.cache", ".cache"),
    ] {
        let from = format!("  cache-from = [\"{from}\"]\n");
        for to in ["", "  cache-to = [\"type=inline\"]\n"] {
            for arguments in [&[][..], &["--publish=false"]] {
                assert_eq!(read(&format!("{from}{to}"), "", arguments), [own], "{from}{to}");
            }
        }
    }
}

#[test]
fn a_cache_of_the_platform_that_may_be_written_is_read_first() {
    let both = ["main-linux-arm64", "main"];
    let from = "  cache-from = [\"type=gha,scope=main\"]\n";
    let to = "cache-to = [\"type=gha,scope=main,mode=max\"]";
    for (own, others) in [
        (format!("  {to}\n"), String::new()),
        // By another target, also one that is not planned.
        (String::new(), format!("target \"warm\" {{\n  platforms = [\"linux/arm64\"]\n  {to}\n}}\n")),
        ("  cache-to = [\"type=inline\"]\n".to_owned(), format!("target \"warm\" {{\n  {to}\n}}\n")),
        // By another run.
        ("  cache-to = []\n".to_owned(), String::new()),
        (
            "  cache-to = PUSH ? [\"type=gha,scope=main\"] : []\n".to_owned(),
            "variable \"PUSH\" { default = false }\n".to_owned(),
        ),
    ] {
        for arguments in [&[][..], &["--publish=false"]] {
            assert_eq!(read(&format!("{from}{own}"), &others, arguments), both, "{own}{others}");
        }
    }
}

#[test]
fn a_cache_whose_tag_is_too_long_with_the_platform_is_refused() {
    let plan = |to: &str, arguments: &[&str]| {
        let file = format!(
            "target \"app\" {{\n  platforms = [\"linux/amd64\", \"linux/arm/v7\"]\n  tags = [\"r.io/x/app:edge\"]\n  cache-to = [\"{to}\"]\n}}\n"
        );
        let test = Test::new().file("docker-bake.hcl", file).args(["plan", "app"]);
        let output = test.args(arguments.iter().copied()).output();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for length in [116, 117, 125, 128] {
        let to = format!("type=registry,ref=r.io/x/cache:{}", "a".repeat(length));
        let (code, talk) = plan(&to, &[]);
        assert!(code == Some(1) && talk.contains("would have the tag `aaa"), "{length}: {talk}");
        assert!(talk.contains("write a shorter tag") && talk.contains("-linux-arm-v7`"), "{talk}");
        // Where it is not written, nothing is wrong.
        assert_eq!(plan(&to, &["--publish=false"]).0, Some(0));
    }
    for to in [
        format!("type=registry,ref=r.io/x/cache:{}", "a".repeat(115)),
        "type=registry,ref=r.io/x/cache".to_owned(),
        format!("type=gha,scope={}", "a".repeat(200)),
    ] {
        assert_eq!(plan(&to, &[]).0, Some(0), "{to}");
    }
}
