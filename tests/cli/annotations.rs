//! Annotations and their levels: what a leg keeps, what goes through the plan into the index, and what has no place.

use serde_json::{Value, json};

use crate::support::Test;

/// Plans the target, and returns its `docker-bake.json`, its `plan.json` and what is told.
#[track_caller]
fn planned(lines: &str) -> (Value, Value, String) {
    let file = format!("target \"app\" {{\n  tags = [\"r.io/x/app:1\"]\n{lines}\n}}\n");
    let test = Test::new().file("docker-bake.hcl", file).args(["plan", "--out", "out"]);
    let output = test.output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{talk}");
    let read = |name: &str| -> Value {
        let text = std::fs::read_to_string(test.folder().join("out").join(name)).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    (read("docker-bake.json"), read("plan.json"), talk)
}

/// An attribute of a leg: its own, or that of the hidden target that it inherits from.
fn of_leg(bake: &Value, leg: &str, attribute: &str) -> Value {
    let leg = &bake["target"][leg];
    let parent = leg["inherits"][0].as_str().map_or(&Value::Null, |parent| &bake["target"][parent]);
    if leg[attribute].is_null() { parent[attribute].clone() } else { leg[attribute].clone() }
}

const TWO: &str = "platforms = [\"linux/amd64\", \"linux/arm64\"]\n";

#[test]
fn those_of_a_platform_are_its_leg_s() {
    for (annotations, amd64, arm64) in [
        (r#""manifest[linux/amd64]:k=v""#, json!(["manifest:k=v"]), Value::Null),
        (r#""manifest[linux/arm64]:k=v", "b=c""#, json!(["b=c"]), json!(["manifest:k=v", "b=c"])),
        (r#""manifest[linux/aarch64]:k=own", "k=all""#, json!(["k=all"]), json!(["manifest:k=own"])),
        (
            r#""manifest[linux/amd64],manifest[linux/arm64]:k=v""#,
            json!(["manifest:k=v"]),
            json!(["manifest:k=v"]),
        ),
    ] {
        let (bake, plan, talk) = planned(&format!("{TWO}annotations = [{annotations}]"));
        for (leg, expected) in [("app-linux-amd64", amd64), ("app-linux-arm64", arm64)] {
            assert_eq!(of_leg(&bake, leg, "annotations"), expected, "{annotations}");
            let known = &plan["images"]["app"]["builds"][leg]["annotations"];
            let expected = expected.as_array().is_some_and(|all| all.iter().any(|one| one == "manifest:k=v"));
            assert_eq!(known["k"] == "v", expected, "{annotations}: {known}");
        }
        assert_eq!(talk, "", "{annotations}");
        // The whole target stays as it is written.
        let written: Vec<&str> = annotations.trim_matches('"').split("\", \"").collect();
        assert_eq!(bake["target"]["app"]["annotations"], json!(written));
    }
}

#[test]
fn those_of_a_descriptor_go_through_the_plan() {
    for (lines, amd64, arm64) in [
        (r#"annotations = ["manifest-descriptor:k=v"]"#, json!({"k": "v"}), json!({"k": "v"})),
        (r#"annotations = ["manifest-descriptor[linux/arm64]:k=v"]"#, Value::Null, json!({"k": "v"})),
        (
            r#"annotations = ["manifest-descriptor[linux/amd64]:k=own", "manifest-descriptor:k=all"]"#,
            json!({"k": "own"}),
            json!({"k": "all"}),
        ),
        (
            r#"output = ["type=image,annotation-manifest-descriptor.k=v,annotation-manifest-descriptor[linux/amd64].l=w"]"#,
            json!({"k": "v", "l": "w"}),
            json!({"k": "v"}),
        ),
    ] {
        for attest in ["", "attest = [\"type=provenance,disabled=true\"]"] {
            let (bake, plan, talk) = planned(&format!("{TWO}{lines}\n{attest}"));
            for (leg, expected) in [("app-linux-amd64", &amd64), ("app-linux-arm64", &arm64)] {
                let build = &plan["images"]["app"]["builds"][leg];
                assert_eq!(build["descriptor_annotations"], *expected, "{lines}");
                assert!(of_leg(&bake, leg, "annotations").is_null(), "{lines}");
                let output = &of_leg(&bake, leg, "output")[0];
                assert!(!output.to_string().contains("annotation"), "{output}");
                // Docker's own media types hold none.
                assert_eq!(output["oci-mediatypes"] == "true", !expected.is_null(), "{output}");
            }
            assert_eq!(talk, "", "{lines}");
        }
    }
    // A target without platforms has one build, and what is for all platforms is for it.
    let (_, plan, _) = planned(r#"annotations = ["manifest-descriptor:k=v"]"#);
    assert_eq!(plan["images"]["app"]["builds"]["app-native"]["descriptor_annotations"], json!({"k": "v"}));
}

#[test]
fn what_has_no_place_is_told() {
    for (lines, told) in [
        (
            format!("{TWO}annotations = [\"index-descriptor:k=v\"]"),
            "registries store no descriptor for an index",
        ),
        (
            format!("{TWO}output = [\"type=image,annotation-index-descriptor.k=v\"]"),
            "registries store no descriptor for an index",
        ),
        (format!("{TWO}annotations = [\"manifest[linux/arm/v7]:k=v\"]"), "is not built for `linux/arm/v7`"),
        (
            format!("{TWO}annotations = [\"manifest-descriptor[windows/amd64]:k=v\"]"),
            "is not built for `windows/amd64`",
        ),
        ("annotations = [\"manifest[linux/amd64]:k=v\"]".to_owned(), "is not built for `linux/amd64`"),
    ] {
        let (bake, plan, talk) = planned(&lines);
        assert!(talk.contains("warning[lost-annotation]") && talk.contains(told), "{lines}: {talk}");
        let text = plan.to_string() + &of_leg(&bake, "app-linux-amd64", "output").to_string();
        assert!(!text.contains("\"k\"") && !text.contains(".k\""), "{lines}: {text}");
    }
}

/// What the merge writes must be known before the build.
#[test]
fn a_variable_that_is_kept_has_no_place_in_a_descriptor() {
    let file = format!(
        "variable \"RUN\" {{ default = \"1\" }}\ntarget \"app\" {{\n  tags = [\"r.io/x/app:1\"]\n{TWO}\
         annotations = [\"manifest-descriptor:k=${{RUN}}\"]\n}}\n"
    );
    let test = Test::new().file("docker-bake.hcl", file).args(["plan", "--keep-variable", "RUN"]);
    let output = test.output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && talk.starts_with("error[kept"), "{talk}");
}
