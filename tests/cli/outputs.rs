//! Pushes that an output names: what buildx would push is published, and what it would not is told.

use crate::support::Test;

fn run(arguments: &[&str], file: &str, status: i32) -> (String, String) {
    let output = Test::new().file("docker-bake.hcl", file).args(arguments.iter().copied()).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{file}: {talk}");
    (String::from_utf8(output.stdout).unwrap(), talk)
}

fn target(lines: &str) -> String {
    format!("target \"app\" {{\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n{lines}\n}}\n")
}

#[track_caller]
fn tags(file: &str) -> (String, String) {
    run(&["metadata", "--format", "tags"], file, 0)
}

#[test]
fn names_in_an_output_are_tags() {
    for (output, expected) in [
        (r#"["type=registry,name=r.io/x/app:1"]"#, "r.io/x/app:1\n"),
        (r#"["type=image,push=true,name=r.io/x/app:2"]"#, "r.io/x/app:2\n"),
        (r#"["type=image,name=r.io/x/app"]"#, "r.io/x/app:latest\n"),
        (
            r#"["type=registry,\"name=r.io/x/app:1,r.io/x/app:1.2,q.io/y:3\""]"#,
            "r.io/x/app:1\nr.io/x/app:1.2\nq.io/y:3\n",
        ),
        (r#"[{type = "image", push = true, name = "r.io/x/a:1,q.io/b:1"}]"#, "r.io/x/a:1\nq.io/b:1\n"),
        (r#"["type=registry,oci-mediatypes=true,compression=zstd,name=r.io/x/app:3"]"#, "r.io/x/app:3\n"),
    ] {
        let file = target(&format!("output = {output}"));
        assert_eq!(tags(&file), (expected.to_owned(), String::new()), "{output}");
        // A leg has one output, without a tag.
        let (product, _) = run(&["bake"], &file, 0);
        assert!(product.contains("\"push-by-digest\": \"true\""), "{product}");
        let product: serde_json::Value = serde_json::from_str(&product).unwrap();
        let leg = &product["target"]["app-linux-amd64"];
        assert!(leg["output"].is_null() || leg["output"][0]["name"].is_null(), "{leg}");
    }
    let set = ["metadata", "--format", "tags", "--set", "app.output=type=registry,name=r.io/x/set:1"];
    assert_eq!(run(&set, &target(""), 0).0, "r.io/x/set:1\n");
}

#[test]
fn tags_count_more_than_names_as_in_buildx() {
    let output = "output = [\"type=registry,name=r.io/x/app:1\"]";
    let (list, talk) = tags(&target(&format!("tags = [\"r.io/x/app:2\"]\n{output}")));
    assert_eq!(list, "r.io/x/app:2\n");
    assert!(talk.starts_with("warning[output-name]: nothing is pushed to `r.io/x/app:1`"), "{talk}");
    let (list, talk) = tags(&target(&format!("tags = [\"r.io/x/app:1\", \"r.io/x/app:2\"]\n{output}")));
    assert_eq!((list.as_str(), talk.as_str()), ("r.io/x/app:1\nr.io/x/app:2\n", ""));
    // No tags are none.
    assert_eq!(tags(&target(&format!("tags = []\n{output}"))).0, "r.io/x/app:1\n");
}

#[test]
fn names_pushed_by_digest_are_repositories() {
    let by_digest = |name: &str| {
        format!(
            "output = [\"type=image,push=true,push-by-digest=true,name-canonical=true,\\\"name={name}\\\"\"]"
        )
    };
    let image = |lines: &str| format!("image \"app\" {{\n{lines}\n}}\n");
    for (names, lines, expected) in [
        ("r.io/x/app", "tags = [\"1\"]", "r.io/x/app:1\n"),
        (
            "r.io/x/app,q.io/y",
            "version = \"1.2.3\"\ntags = [\"{{ version }}\"]",
            "r.io/x/app:1.2.3\nq.io/y:1.2.3\n",
        ),
        ("r.io/x/app", "repositories = [\"s.io/z\"]\ntags = [\"2\"]", "s.io/z:2\n"),
    ] {
        let file = target(&by_digest(names)) + &image(lines);
        assert_eq!(tags(&file), (expected.to_owned(), String::new()), "{file}");
    }
    // Without a tag from anywhere there is nothing that a merge could publish, and `latest` was never meant.
    let base_name = "tags = [\"r.io/x/app\"]\noutput = [\"type=image,push=true,push-by-digest=true\"]";
    for lines in [by_digest("r.io/x/app"), by_digest("r.io/x/app,q.io/y"), base_name.to_owned()] {
        let (_, talk) = run(&["plan"], &target(&lines), 1);
        assert!(talk.contains("error[no-tag]") && talk.contains("pushes by digest alone"), "{talk}");
    }
    assert_eq!(
        tags(&target("tags = [\"r.io/x/app\"]\noutput = [\"type=registry\"]")).0,
        "r.io/x/app:latest\n"
    );
}

#[test]
fn a_tag_that_buildkit_cannot_push_by_digest_is_published_with_a_warning() {
    let by_digest = "type=image,push=true,push-by-digest=true";
    for (lines, reference) in [
        (format!("tags = [\"r.io/x/app:1\"]\noutput = [\"{by_digest}\"]"), "r.io/x/app:1"),
        (format!("tags = [\"r.io/x/app\", \"q.io/y:2\"]\noutput = [\"{by_digest}\"]"), "q.io/y:2"),
        (format!("output = [\"{by_digest},name=r.io/x/app:3\"]"), "r.io/x/app:3"),
    ] {
        let (list, talk) = tags(&target(&lines));
        assert!(list.contains(reference), "{list}");
        assert!(talk.starts_with(&format!("warning[tag-by-digest]: `{reference}` has a tag")), "{talk}");
    }
    for lines in [
        "tags = [\"r.io/x/app:1\"]\noutput = [\"type=image,push=true,push-by-digest=false\"]",
        "tags = [\"r.io/x/app:1\"]\noutput = [\"type=registry\"]",
    ] {
        assert_eq!(tags(&target(lines)), ("r.io/x/app:1\n".to_owned(), String::new()), "{lines}");
    }
}

#[test]
fn targets_for_one_platform_each_are_one_image_by_the_names_of_their_outputs() {
    let target = |name: &str, platform: &str| {
        let output = "output = [\"type=registry,name=r.io/x/app:1\"]";
        format!("target \"{name}\" {{\n  platforms = [\"{platform}\"]\n  {output}\n}}\n")
    };
    let (list, talk) = tags(&(target("a", "linux/amd64") + &target("b", "linux/arm64")));
    assert_eq!(list, "r.io/x/app:1\n");
    assert!(talk.starts_with("note[merged-targets]"), "{talk}");
    let (_, talk) = run(&["plan"], &(target("a", "linux/amd64") + &target("b", "linux/amd64")), 1);
    assert!(talk.starts_with("error[tag-collision]"), "{talk}");
    let both = target("a", "linux/amd64") + &target("b", "linux/amd64");
    let (_, talk) = run(&["print", "--strict", "a", "b"], &both, 1);
    assert!(talk.starts_with("error[tag-collision]"), "{talk}");
}

#[test]
fn what_is_not_pushed_is_local() {
    for lines in [
        "output = [\"type=docker,name=r.io/x/app:1\"]",
        "output = [\"type=oci,dest=x.tar,name=r.io/x/app:1\"]",
        "output = [\"type=image,name=app:1\"]",
        "output = [\"type=local,dest=out\"]",
        "output = [\"type=image,push=false,name=r.io/x/app:1\"]",
    ] {
        let (list, talk) = tags(&target(lines));
        assert!(list.is_empty() && talk.starts_with("note[no-images]"), "{lines}: {list} {talk}");
    }
    // Where a tag is there, the reason is named.
    for kind in ["local", "tar", "oci", "docker", "cacheonly"] {
        let output = format!("output = [\"type={kind},dest=out\"]");
        let (_, talk) = tags(&target(&format!("tags = [\"r.io/x/app:1\"]\n{output}")));
        let reason = format!(
            "note[no-images]: nothing is published: the output of target `app` has the type `{kind}`"
        );
        assert!(talk.starts_with(&reason) && talk.contains("docker-bake.hcl:4:"), "{kind}: {talk}");
    }
    // A push that goes nowhere, or to Docker's own images, is never silent.
    for (lines, told) in [
        ("output = [\"type=registry\"]", "neither `tags` nor its output say where"),
        ("output = [\"type=image,push=true\"]", "neither `tags` nor its output say where"),
        ("output = [\"type=registry,name=app:1\"]", "pushes `app:1`, which is local"),
        ("tags = [\"app:2\"]\noutput = [\"type=image,push=true\"]", "pushes `app:2`, which is local"),
    ] {
        let (list, talk) = tags(&target(lines));
        assert!(
            list.is_empty() && talk.contains("warning[local-push]") && talk.contains(told),
            "{lines}: {talk}"
        );
    }
}

#[test]
fn what_says_that_it_is_not_pushed_is_not_published() {
    for lines in [
        "tags = [\"r.io/x/app:1\"]\noutput = [\"type=image,push=false\"]",
        "tags = [\"r.io/x/app:1\"]\noutput = [\"type=image,push=0\"]",
        "tags = [\"r.io/x/app:1\"]\noutput = [{ type = \"image\", push = \"false\" }]",
        "output = [\"type=image,name=r.io/x/app:1,push=false\"]",
    ] {
        let (list, talk) = tags(&target(lines));
        assert_eq!(list, "", "{lines}");
        assert_eq!(talk.contains("note[not-pushed]"), lines.starts_with("tags"), "{lines}: {talk}");
        let image = "image \"app\" {\n  tags = [\"2\"]\n  repositories = [\"r.io/x/app\"]\n}\n";
        let (_, talk) = run(&["plan"], &(target(lines) + image), 1);
        assert!(talk.contains("`app` is published, but its output has `push=false`"), "{lines}: {talk}");
    }
    for lines in [
        "tags = [\"r.io/x/app:1\"]\noutput = [\"type=image,push=true\"]",
        "tags = [\"r.io/x/app:1\"]\noutput = [\"type=image\"]",
        "tags = [\"r.io/x/app:1\"]\noutput = [\"type=image,push=\"]",
        // Buildx pushes this in any case.
        "tags = [\"r.io/x/app:1\"]\noutput = [\"type=registry,push=false\"]",
        "output = [\"type=registry,push=0,name=r.io/x/app:1\"]",
    ] {
        assert_eq!(tags(&target(lines)), ("r.io/x/app:1\n".to_owned(), String::new()), "{lines}");
    }
}

#[test]
fn values_that_buildkit_refuses_are_refused() {
    let tagged = |lines: &str| target(&format!("tags = [\"r.io/x/app:1\"]\n{lines}"));
    for (lines, right) in [
        ("output = [\"type=image,push=yes\"]", "push=true"),
        ("output = [\"type=registry,oci-mediatypes=no\"]", "oci-mediatypes=false"),
        ("output = [{ type = \"image\", compression = \"GZIP\" }]", "compression=gzip"),
        ("cache-to = [\"type=registry,ref=r.io/x/c:1,image-manifest=on\"]", "image-manifest=true"),
        ("attest = [\"type=provenance,mode=MAX\"]", "mode=max"),
    ] {
        let (_, talk) = run(&["plan"], &tagged(lines), 1);
        let cure = format!("help: write `{right}`");
        assert!(talk.contains("error[refused-value]: BuildKit refuses `"), "{lines}: {talk}");
        assert!(talk.contains("docker-bake.hcl:4:") && talk.contains(&cure), "{lines}: {talk}");
        // Bake shows it as it is.
        run(&["print", "app"], &tagged(lines), 0);
        assert!(run(&["print", "--strict", "app"], &tagged(lines), 1).1.contains("error[refused-value]"));
        let cured = lines.replace("push=yes", right).replace("oci-mediatypes=no", right);
        let cured = cured.replace("compression = \"GZIP\"", "compression = \"gzip\"");
        let cured = cured.replace("image-manifest=on", right).replace("mode=MAX", right);
        let (_, talk) = run(&["plan"], &tagged(&cured), 0);
        // What a Docker list cannot say is all that there is to be said.
        let is_list = cured.contains("oci-mediatypes");
        assert_eq!(talk.starts_with("note[unguarded-tag]"), is_list, "{cured}: {talk}");
        assert!(is_list || talk.is_empty(), "{cured}: {talk}");
    }
    // Nothing is proposed that may not be meant.
    let (_, talk) = run(&["plan"], &tagged("output = [\"type=image,compression-level=best\"]"), 1);
    assert!(talk.contains("expected a whole number"), "{talk}");
    // What only people build is a warning, and so it is beside an image.
    let local =
        tagged("") + "target \"files\" {\n  output = [\"type=local,dest=out,platform-split=yes\"]\n}\n";
    let (_, talk) = run(&["plan", "app"], &local, 0);
    assert!(talk.contains("warning[refused-value]") && talk.contains("platform-split=yes"), "{talk}");
    let (_, talk) = run(&["plan"], &tagged("output = [\"type=image,push=${upper(\"yes\")}\"]"), 1);
    assert!(talk.contains("`push=YES`"), "{talk}");
    let set = ["plan", "--set", "app.output=type=image,unpack=yes"];
    assert!(run(&set, &tagged(""), 1).1.contains("refuses `unpack=yes`"));
}

#[test]
fn names_that_are_no_references_are_refused() {
    for name in ["r.io/x/APP:1", "r.io/x/app:1, r.io/x/app:2", "r.io/x/app:1,r.io/x/"] {
        let file = target(&format!("output = [\"type=registry,\\\"name={name}\\\"\"]"));
        let (_, talk) = run(&["plan"], &file, 1);
        assert!(talk.starts_with("error[reference]"), "{name}: {talk}");
    }
    let two = target("output = [\"type=docker\", \"type=registry,name=r.io/x/app:1\"]");
    assert!(run(&["plan"], &two, 1).1.contains("several outputs"));
}

/// An output decides which images there are, so that the clock in it is seen by the table of tags.
#[test]
fn the_clock_in_a_name_is_seen() {
    let file = target("output = [\"type=registry,name=r.io/x/app:${formatdate(\"YYYY\", timestamp())}\"]");
    let test = Test::new()
        .file("docker-bake.hcl", file)
        .file("R.md", "<!-- bakeplan:begin -->\n<!-- bakeplan:end -->\n");
    let output = test.args(["readme", "R.md"]).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && talk.contains("error[volatile]"), "{talk}");
}
