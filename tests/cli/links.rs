//! What image blocks say of a linked target holds wherever it is built: for its own image, and under another's.

use serde_json::{Value, json};

use crate::support::Test;

/// For each attribute of a `platform` block that changes what is built: its lines, and what the target has of it.
const OVERRIDES: [(&str, &str, &str); 7] = [
    ("dockerfile", "dockerfile = \"Dockerfile.s390x\"", "dockerfile = \"Dockerfile.base\""),
    ("dockerfile", "dockerfile = \"Dockerfile.s390x\"", "dockerfile-inline = \"FROM scratch\""),
    ("context", "context = \"other\"", "context = \"base\""),
    (
        "contexts",
        "contexts = { lib = \"docker-image://lib:2\" }",
        "contexts = { lib = \"docker-image://lib:1\", a = \"b\" }",
    ),
    ("contexts", "contexts = { lib = \"target:lib\" }", "contexts = { a = \"b\" }"),
    ("target", "target = \"small\"", "target = \"large\""),
    ("args", "args = { A = \"2\", B = \"3\" }", "args = { A = \"1\", C = \"1\" }"),
];

/// `app` for `linux/s390x` under QEMU, which links to `base`, which is overridden there. The blocks are of `base`.
fn spec(own: &str, blocks: &str) -> String {
    format!(
        "target \"lib\" {{\n  platforms = [\"linux/amd64\", \"linux/s390x\"]\n}}\n\
         target \"base\" {{\n  platforms = [\"linux/amd64\", \"linux/s390x\"]\n  \
         cache-from = [\"type=registry,ref=ghcr.io/acme/cache:1\"]\n  \
         cache-to = [\"type=registry,ref=ghcr.io/acme/cache:1\"]\n  {own}\n}}\n\
         target \"app\" {{\n  contexts = {{ base = \"target:base\" }}\n  platforms = [\"linux/amd64\", \"linux/s390x\"]\n}}\n\
         image \"app\" {{\n  repositories = [\"ghcr.io/acme/app\"]\n  tags = [\"edge\"]\n}}\n{blocks}"
    )
}

fn base_image(said: &str) -> String {
    format!(
        "image \"base\" {{\n  repositories = [\"ghcr.io/acme/base\"]\n  tags = [\"edge\"]\n  oci_labels = true\n  {said}\n}}\n"
    )
}

/// All targets of the product, as Bake reads them.
fn targets(spec: &str, arguments: &[&str]) -> Value {
    let facts = ["--fact", "commit=0123456789012345678901234567890123456789", "--fact", "title=base"];
    let arguments = ["plan", "--out", "out"].iter().chain(arguments).chain(&facts).copied();
    let test = Test::new().file("images.hcl", spec).args(arguments);
    let output = test.output();
    assert_eq!(output.status.code(), Some(0), "{spec}\n{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(test.folder().join("out/docker-bake.json")).unwrap();
    let product: Value = serde_json::from_str(&text).unwrap();
    let names = product["target"].as_object().unwrap().keys().map(String::as_str);
    let print = ["print", "-f", "docker-bake.json"].into_iter().chain(names);
    let output = Test::new().file("docker-bake.json", &text).args(print).output();
    assert_eq!(output.status.code(), Some(0), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Value>(&output.stdout).unwrap()["target"].take()
}

/// What a leg is made of: all but for whom and where it goes.
fn made(target: &Value) -> Value {
    let mut target = target.clone();
    let members = target.as_object_mut().unwrap();
    for name in ["platforms", "cache-to", "tags", "output"] {
        members.remove(name);
    }
    // Under QEMU a link is to the copy that has both platforms, too.
    if let Some(Value::Object(contexts)) = members.get_mut("contexts") {
        for value in contexts.values_mut() {
            if value.as_str().is_some_and(|value| value.starts_with("target:")) {
                *value = json!("target:…");
            }
        }
    }
    target
}

#[test]
fn a_copy_with_the_runners_platform_is_the_leg_and_one_more() {
    for (attribute, said, own) in OVERRIDES {
        let block = format!("platform \"linux/s390x\" {{\n    {said}\n  }}");
        let targets = targets(&spec(own, &base_image(&block)), &[]);
        let (leg, copy) = (&targets["base-linux-s390x"], &targets["_base-linux-s390x-linux-amd64"]);
        assert_eq!(targets["app-linux-s390x"]["contexts"]["base"], "target:_base-linux-s390x-linux-amd64");
        assert_eq!(made(copy), made(leg), "{said} over {own}");
        assert_eq!(copy["platforms"], json!(["linux/s390x", "linux/amd64"]));
        assert_eq!(
            (&copy["tags"], &copy["output"], &copy["cache-to"]),
            (&Value::Null, &Value::Null, &Value::Null)
        );
        assert!(leg["labels"]["org.opencontainers.image.title"].is_string(), "{leg}");
        // It is what was said, and the other platform is without.
        let plain = &targets["base-linux-amd64"];
        assert_ne!(leg[attribute], plain[attribute], "{said} over {own}");
        assert_eq!(
            leg.get("dockerfile-inline").is_some(),
            attribute != "dockerfile" && own.contains("inline")
        );
    }
}

#[test]
fn what_is_said_of_a_linked_target_holds_when_its_image_is_not_published() {
    for (attribute, said, own) in OVERRIDES {
        let block = format!("platform \"linux\" {{\n    {said}\n  }}");
        let alone = spec(own, &base_image(&block));
        let tagged = spec(
            own,
            &base_image(&format!("tag_prefix = \"base/\"\n  version = \"{{{{ tag }}}}\"\n  {block}")),
        );
        let published = targets(&alone, &[]);
        for (spec, arguments) in [(&alone, &["app"][..]), (&tagged, &["--fact", "ref=refs/tags/app/1.0.0"])] {
            let targets = targets(spec, arguments);
            assert!(targets["base-linux-amd64"]["output"].is_null(), "it is only linked to");
            for leg in ["base-linux-amd64", "_base-linux-s390x-linux-amd64"] {
                assert_eq!(targets[leg][attribute], published[leg][attribute], "{said} over {own}: {leg}");
                assert_eq!(targets[leg]["dockerfile-inline"], published[leg]["dockerfile-inline"]);
            }
        }
    }
}

#[test]
fn a_copy_warns_when_its_second_platform_should_be_otherwise() {
    let warns = |blocks: &str| {
        let test = Test::new().file("images.hcl", spec("", blocks)).args(["plan"]);
        String::from_utf8(test.output().stderr).unwrap().contains("warning[override-on-both]")
    };
    let over = |platforms: &[&str], said: &str| {
        let blocks = platforms.iter().map(|name| format!("platform \"{name}\" {{\n    {said}\n  }}\n  "));
        blocks.collect::<String>()
    };
    for (_, said, _) in OVERRIDES {
        for (platforms, expected) in [
            (&["linux/s390x"][..], true),
            (&["linux/amd64"], true),
            (&["linux"], false),
            (&["linux/amd64", "linux/s390x"], false),
        ] {
            let over = over(platforms, said);
            // Whether or not its image is published in this run.
            assert_eq!(warns(&base_image(&over)), expected, "{over}");
        }
    }
    assert!(!warns(&base_image("platform \"linux/s390x\" {\n    on_missing = \"drop\"\n  }")));
    assert!(!warns(""));
}

#[test]
fn images_of_one_target_must_agree_on_all_that_is_overridden() {
    for (_, said, own) in OVERRIDES {
        let other = |block: &str| {
            format!(
                "image \"other\" {{\n  target = \"base\"\n  repositories = [\"ghcr.io/acme/other\"]\n  tags = [\"edge\"]\n  oci_labels = true\n  {block}\n}}\n"
            )
        };
        let block = format!("platform \"linux/s390x\" {{\n    {said}\n  }}");
        for (second, expected) in [(other(&block), Some(0)), (other(""), Some(1))] {
            let text = spec(own, &(base_image(&block) + &second));
            let output = Test::new().file("images.hcl", &text).args(["plan"]).output();
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), expected, "{text}{told}");
            assert_eq!(told.contains("error[image-disagrees]"), expected == Some(1), "{told}");
        }
    }
}
