//! What is called `image` and is not quite a block: read as one, or named.

use crate::support::Test;

const REST: &str = r#""target":{"app":{"platforms":["linux/amd64"],"tags":["ghcr.io/a/app:dev"]}},"group":{"default":{"targets":["app"]}}"#;
const BLOCK: &str = r#"{"repositories":["ghcr.io/a/app"],"version":"1.2.3"}"#;

fn tags(test: Test) -> (Option<i32>, String, String) {
    let output = test.args(["metadata", "--format", "tags"]).output();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn json(image: &str) -> Test {
    Test::new().file("docker-bake.json", format!("{{{REST},\"image\":{image}}}"))
}

#[test]
fn a_block_of_json_may_have_comments() {
    for image in [
        format!(r#"{{"app":{BLOCK}}}"#),
        format!(r#"{{"//":"our images","app":{BLOCK}}}"#),
        format!(r#"[{{"//":["two","lines"],"app":{BLOCK}}}]"#),
        format!(r#"{{"//":1,"app":[{BLOCK}],"":{{"//":"x"}}}}"#),
    ] {
        let (code, stdout, stderr) = tags(json(&image));
        assert!(code == Some(0) && stdout.contains("app:1.2.3"), "{image}: {stdout}{stderr}");
        let file = format!("{{\"image\":{image}}}");
        let beside = Test::new().file("docker-bake.json", format!("{{{REST}}}")).file("images.json", file);
        let (code, stdout, stderr) = tags(beside);
        assert!(code == Some(0) && stdout.contains("app:1.2.3"), "{image}: {stdout}{stderr}");
    }
}

#[test]
fn what_is_almost_a_block_is_named() {
    for image in [
        r#"{"repositories":["ghcr.io/a/app"],"app":{"version":"1.2.3"}}"#.to_owned(),
        format!(r#"[{{"repositories":["ghcr.io/a/app"]}},{{"app":{BLOCK}}}]"#),
        format!(r#"{{"app":{BLOCK},"web":"x"}}"#),
        format!(r#"{{"app":{BLOCK},"web":[1]}}"#),
        BLOCK.to_owned(),
        format!(r#"{{"app":[{BLOCK},"x"]}}"#),
        format!(r#"{{"app":["x",{{"name":"y"}},{BLOCK}]}}"#),
        format!(r#"{{"app":[[{BLOCK}]]}}"#),
        format!(r#"{{"web":"x","app":[["y",[{BLOCK}]]]}}"#),
        format!(r#"[[{{"app":{BLOCK}}}]]"#),
        format!(r#"[["x",[{{"app":[[{BLOCK}]]}}]]]"#),
        format!("[[{BLOCK}]]"),
    ] {
        let (_, _, stderr) = tags(json(&image));
        assert!(
            stderr.contains("unknown-block") && stderr.contains("`image` is a variable"),
            "{image}: {stderr}"
        );
    }
    let hcl = "target \"app\" {\n  tags = [\"ghcr.io/a/app:dev\"]\n}\nimage = { app = { repositories = [\"r.io/a\"] } }\n";
    let (_, _, stderr) = tags(Test::new().file("docker-bake.hcl", hcl));
    assert!(stderr.contains("`image` is a variable"), "{stderr}");
    // A variable of that name is nobody's mistake.
    for image in [
        r#""x""#,
        r#"{"name":"x"}"#,
        r#"["x"]"#,
        r#"[["x",1],[{"name":"x"}]]"#,
        r#"{"app":[["x"],{"name":"y"}]}"#,
    ] {
        let (code, _, stderr) = tags(json(image));
        assert!(code == Some(0) && !stderr.contains("unknown-block"), "{image}: {stderr}");
    }
}

#[test]
fn a_file_of_images_without_any_is_named() {
    for (name, text) in [
        ("images.json", format!(r#"{{"app":{BLOCK}}}"#)),
        ("images.json", "{}".to_owned()),
        ("images.hcl", "app = { version = \"1.2.3\" }\n".to_owned()),
        ("images.hcl", "images \"app\" {}\n".to_owned()),
    ] {
        let (_, _, stderr) =
            tags(Test::new().file("docker-bake.json", format!("{{{REST}}}")).file(name, &text));
        assert!(stderr.contains("unknown-block"), "{name} {text}: {stderr}");
    }
}
