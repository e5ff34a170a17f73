//! What a definition is made of: every file and every target that is there is used, or the program says that it is not.

use crate::support::Test;

const COMPOSE: &str = "services:
  ad:
    build: {context: ad, platforms: [\"linux/amd64\", \"linux/arm64\"]}
  cart:
    build: {context: cart, platforms: [\"linux/amd64\"]}
  my.api:
    build: {context: api, platforms: [\"linux/arm64\"]}
";

/// Runs a command on files, and returns what it prints and what it tells.
#[track_caller]
fn run(files: &[(&str, &str)], arguments: &[&str], status: i32) -> (String, String) {
    let test = files.iter().fold(Test::new(), |test, (path, text)| test.file(path, text));
    let output = test.args(arguments.iter().copied()).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{arguments:?} {files:?}: {talk}");
    (String::from_utf8(output.stdout).unwrap(), talk)
}

fn tags(files: &[(&str, &str)]) -> String {
    run(files, &["metadata", "--format", "tags"], 0).0
}

#[test]
fn services_of_compose_files_are_targets() {
    let published = |attributes: &str| format!("repositories = [\"r.io/x/y\"]\ntags = [\"1\"]\n{attributes}");
    for (label, attributes, legs) in [
        ("ad", "", &["ad-linux-amd64", "ad-linux-arm64"][..]),
        ("cart", "", &["cart-linux-amd64"]),
        ("my_api", "", &["my_api-linux-arm64"]),
        ("shop", "target = \"ad\"", &["ad-linux-amd64", "ad-linux-arm64"]),
        ("shop", "targets = [\"cart\", \"my_api\"]", &["cart-linux-amd64", "my_api-linux-arm64"]),
        ("shop", "targets = [\"cart\", \"own\"]", &["cart-linux-amd64", "own-linux-ppc64le"]),
    ] {
        let image = format!("image \"{label}\" {{\n{}\n}}\n", published(attributes));
        let own = "target \"own\" {\n  platforms = [\"linux/ppc64le\"]\n}\n";
        for name in ["images.hcl", "docker-bake.hcl"] {
            let files = [("compose.yaml", COMPOSE), (name, &format!("{own}{image}"))];
            assert_eq!(tags(&files), "r.io/x/y:1\n", "{name}: {image}");
            let (rows, _) = run(&files, &["matrix", "--format", "json"], 0);
            for leg in legs {
                assert!(rows.contains(&format!("\"{leg}\"")), "{leg}: {rows}");
            }
            assert_eq!(rows.matches("\"job\"").count(), legs.len(), "{rows}");
        }
    }
}

#[test]
fn services_of_compose_files_are_targets_for_json_too() {
    for (image, expected) in [
        (r#""ad": {"repositories": ["r.io/x/ad"], "tags": ["1"]}"#, "r.io/x/ad:1\n"),
        (r#""shop": {"target": "cart", "repositories": ["r.io/x/c"], "tags": ["2"]}"#, "r.io/x/c:2\n"),
        (
            r#""shop": {"targets": ["cart", "my_api"], "repositories": ["r.io/x/s"], "tags": ["3"]}"#,
            "r.io/x/s:3\n",
        ),
    ] {
        for name in ["images.json", "docker-bake.json"] {
            let text = format!("{{\"image\": {{{image}}}}}");
            assert_eq!(tags(&[("compose.yaml", COMPOSE), (name, &text)]), expected, "{name}: {image}");
        }
    }
}

/// A Bake file may add to a service, and other blocks may have the defaults.
#[test]
fn services_that_a_bake_file_adds_to_are_targets() {
    let bake = "target \"ad\" {\n  platforms = [\"linux/s390x\"]\n}\n";
    let images = "image {\n  repositories = [\"r.io/x/{{ image }}\"]\n  tags = [\"1\"]\n}\nimage \"ad\" {}\nimage \"cart\" {}\n";
    let files = [("compose.yaml", COMPOSE), ("docker-bake.hcl", bake), ("images.hcl", images)];
    assert_eq!(tags(&files), "r.io/x/ad:1\nr.io/x/cart:1\n");
    let (rows, _) = run(&files, &["matrix", "--format", "json"], 0);
    assert!(rows.contains("ad-linux-s390x") && rows.contains("cart-linux-amd64"), "{rows}");
}

#[test]
fn only_services_become_targets() {
    for (label, near) in [("cert", "`cart`"), ("my.api", "`my_api`"), ("payments", "")] {
        let image = format!("image \"{label}\" {{\n  repositories = [\"r.io/x/y\"]\n}}\n");
        let (_, talk) = run(&[("compose.yaml", COMPOSE), ("images.hcl", &image)], &["plan"], 1);
        assert!(talk.contains("error[unknown-target]") && talk.contains(near), "{talk}");
    }
}

const TARGET: &str = "target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n";
const IMAGE: &str = "image \"app\" {\n  repositories = [\"r.io/x/app\"]\n  tags = [\"1\"]\n}\n";
const JSON: &str = r#"{"image": {"app": {"repositories": ["r.io/x/app"], "tags": ["2"]}}}"#;

/// Runs `metadata` on files, and returns the tags and what is told.
#[track_caller]
fn planned(files: &[(&str, &str)], options: &[&str]) -> (String, String) {
    run(files, &[&["metadata", "--format", "tags"], options].concat(), 0)
}

#[test]
fn the_images_file_beside_named_files_is_read() {
    for (file, images, text, tag) in [
        ("docker-bake.hcl", "images.hcl", IMAGE, "1"),
        ("ci/bake.hcl", "ci/images.hcl", IMAGE, "1"),
        ("./ci/../ci/x.hcl", "ci/images.json", JSON, "2"),
    ] {
        let files = [(file, TARGET), (images, text)];
        let expected = (format!("r.io/x/app:{tag}\n"), String::new());
        assert_eq!(planned(&files, &["-f", file]), expected, "{file}");
        let (tags, talk) = planned(&files, &["-f", file, "--images", images]);
        assert_eq!((tags, talk), expected, "{file}");
        let (tags, talk) = planned(&files, &["-f", file, "--images", "none"]);
        assert!(tags.is_empty() && talk.starts_with("note[no-images]"), "{file}: {tags} {talk}");
        // What Bake reads is what `print` prints.
        let target = format!("target \"app\" {{\n  args = {{ A = \"b\" }}\n}}\n{IMAGE}");
        let files = [(file, TARGET), ("ci/images.hcl", &target)];
        let (printed, talk) = run(&files, &["print", "app", "-f", file], 0);
        assert!(!printed.contains("args") && talk.is_empty(), "{file}: {printed} {talk}");
        for named in ["-f", "--images"] {
            let (printed, _) = run(&files, &["print", "app", "-f", file, named, "ci/images.hcl"], 0);
            assert!(printed.contains("args"), "{file} {named}: {printed}");
        }
    }
}

/// Those of `BUILDX_BAKE_FILE` are named as those of `-f` are.
#[test]
fn the_images_file_beside_files_of_the_environment_is_read() {
    let test = Test::new().file("ci/x.hcl", TARGET).file("ci/images.hcl", IMAGE);
    let test = test.args(["metadata", "--format", "tags"]).env("BUILDX_BAKE_FILE", "ci/x.hcl");
    test.stdout("r.io/x/app:1\n").run();
}

#[test]
fn files_outside_the_project_have_no_images_file_beside_them() {
    let elsewhere = tempfile::tempdir().unwrap();
    let meta = elsewhere.path().join("docker-metadata-action-bake.json");
    std::fs::write(&meta, r#"{"target": {"meta": {"labels": {"a": "b"}}}}"#).unwrap();
    let meta = meta.to_str().unwrap();
    let files = [("ci/bake.hcl", TARGET), ("ci/images.hcl", IMAGE)];
    for order in [["-f", "ci/bake.hcl", "-f", meta], ["-f", meta, "-f", "ci/bake.hcl"]] {
        assert_eq!(planned(&files, &order), ("r.io/x/app:1\n".to_owned(), String::new()));
    }
    let images = elsewhere.path().join("images.hcl");
    std::fs::write(&images, IMAGE.replace('1', "3")).unwrap();
    let images = images.to_str().unwrap();
    let (tags, talk) = planned(&files, &["-f", "ci/bake.hcl", "-f", meta]);
    assert_eq!(tags, "r.io/x/app:1\n");
    assert!(talk.starts_with(&format!("note[unread-file]: `{images}` looks like input")), "{talk}");
    let (tags, _) = planned(&files, &["-f", "ci/bake.hcl", "-f", meta, "--images", images]);
    assert_eq!(tags, "r.io/x/app:3\n");
}

/// The project is the checkout, also seen from a folder in it.
#[test]
fn the_project_is_the_checkout() {
    for (checkout, tag) in [(".git/HEAD", "r.io/x/app:1\n"), ("nothing", "")] {
        let test = Test::new().file(checkout, "").file("bake.hcl", TARGET).file("images.hcl", IMAGE);
        let test = test.cwd("sub").args(["metadata", "--format", "tags", "-f", "../bake.hcl"]);
        let output = test.output();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), tag, "{checkout}");
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!(talk.contains("`../images.hcl` looks like input"), tag.is_empty(), "{talk}");
    }
}

#[test]
fn two_images_files_are_for_the_user_to_decide() {
    let files = [
        ("a/bake.hcl", TARGET),
        ("b/bake.hcl", "target \"b\" {}\n"),
        ("c/bake.hcl", "target \"c\" {}\n"),
        ("a/images.hcl", IMAGE),
        ("b/images.hcl", IMAGE),
        ("c/images.hcl", IMAGE),
        ("c/images.json", JSON),
    ];
    for named in [&["a/bake.hcl", "b/bake.hcl"][..], &["c/bake.hcl"], &["a/bake.hcl", "./c/bake.hcl"]] {
        let options: Vec<&str> = named.iter().flat_map(|file| ["-f", *file]).collect();
        for command in ["plan", "bake", "matrix", "metadata"] {
            let (_, talk) = run(&files, &[&[command], &options[..]].concat(), 1);
            assert!(talk.starts_with("error[images-file]") && talk.contains("`--images none`"), "{talk}");
        }
    }
    let options = ["-f", "a/bake.hcl", "-f", "b/bake.hcl", "--images", "c/images.json"];
    let (tags, talk) = planned(&files, &options);
    assert!(tags == "r.io/x/app:2\n" && talk.starts_with("note[unread-file]: `c/bake.hcl` looks"), "{talk}");
    let options = ["-f", "a/bake.hcl", "-f", "b/bake.hcl", "-f", "c/images.json"];
    assert_eq!(planned(&files, &options).0, "r.io/x/app:2\n");
    let options = ["-f", "a/bake.hcl", "-f", "b/bake.hcl", "--images", "none"];
    assert!(planned(&files, &options).1.starts_with("note[no-images]"));
}

#[test]
fn every_command_that_plans_takes_an_images_file() {
    let table = "<!-- bakeplan:begin -->\n<!-- bakeplan:end -->\n";
    let files = [("docker-bake.hcl", TARGET), ("images.hcl", IMAGE), ("my.hcl", &IMAGE.replace('1', "7"))];
    let files = [&files[..], &[("README.md", table)]].concat();
    for command in [
        &["plan", "--format", "json"][..],
        &["plan", "--format", "markdown"],
        &["metadata"],
        &["readme", "README.md", "--check"],
    ] {
        let status = if command[0] == "readme" { 3 } else { 0 };
        let (product, talk) = run(&files, &[command, &["--images", "my.hcl"]].concat(), status);
        let shown = if command[0] == "readme" { talk } else { product };
        assert!(shown.contains('7') && !shown.contains("no-images"), "{command:?}: {shown}");
    }
    for command in ["plan", "bake", "matrix", "metadata"] {
        assert!(run(&files, &[command, "--images", "my.hcl"], 0).1.is_empty(), "{command}");
        assert!(run(&files, &[command, "--images", "none"], 0).1.starts_with("note[no-images]"), "{command}");
        assert!(run(&files, &[command, "--images", "lost.hcl"], 1).1.contains("lost.hcl"), "{command}");
        run(&files, &[command, "--images", ""], 2);
    }
    // A file of that name has another one, too.
    let files = [("docker-bake.hcl", TARGET), ("none", IMAGE)];
    assert_eq!(planned(&files, &["--images", "./none"]).0, "r.io/x/app:1\n");
    let test = Test::new().file("docker-bake.hcl", TARGET).stdin(IMAGE);
    test.args(["metadata", "--format", "tags", "--images", "-"]).stdout("r.io/x/app:1\n").run();
}

/// The command that makes a file again names the images file as it was given.
#[test]
fn the_command_in_a_product_has_the_images_file() {
    let files = [("docker-bake.hcl", TARGET), ("my images.hcl", IMAGE)];
    let (product, _) = run(&files, &["bake", "--images", "my images.hcl"], 0);
    assert!(product.contains("run `bakeplan bake --images 'my images.hcl'`"), "{product}");
}

#[test]
fn of_two_images_files_one_is_chosen() {
    let files = [("docker-bake.hcl", TARGET), ("images.hcl", IMAGE), ("images.json", JSON)];
    for (bake, are) in [(&[][..], "are there"), (&["-f", "docker-bake.hcl"], "lie beside the named files")] {
        let (_, talk) = run(&files, &[&["plan"][..], bake].concat(), 1);
        let told = format!("error[images-file]: `images.hcl` and `images.json` both {are}");
        assert!(talk.contains(&told) && talk.contains("`--images images.hcl`"), "{talk}");
        for (images, expected) in [("images.hcl", "r.io/x/app:1\n"), ("images.json", "r.io/x/app:2\n")] {
            assert_eq!(planned(&files, &[bake, &["--images", images]].concat()).0, expected, "{images}");
        }
        assert_eq!(planned(&files, &[bake, &["--images", "none"]].concat()).0, "");
    }
    // One of them alone, also beside an empty one.
    assert_eq!(planned(&[files[0], files[1], ("images.json", "")], &[]).0, "r.io/x/app:1\n");
    assert_eq!(planned(&[files[0], files[2]], &[]).0, "r.io/x/app:2\n");
}

#[test]
fn what_looks_like_input_and_is_not_read_is_named() {
    let own = "target \"own\" {\n  tags = [\"r.io/x/own:1\"]\n  platforms = [\"linux/amd64\"]\n}\n";
    for (there, named, expected) in [
        (&["images.hcl"][..], "ci/x.hcl", "`images.hcl` looks like input but is not read"),
        (
            &["docker-bake.hcl", "docker-bake.override.hcl"],
            "ci/x.hcl",
            "`docker-bake.hcl`, `docker-bake.override.hcl` look",
        ),
        (&["compose.yaml"], "ci/x.hcl", "`compose.yaml` looks"),
        (&["ci/docker-bake.json"], "ci/x.hcl", "`ci/docker-bake.json` looks"),
        (&["images.json"], "-", "`images.json` looks"),
    ] {
        let test = there.iter().fold(Test::new(), |test, path| test.file(path, "{}"));
        let test = test.file("ci/x.hcl", own).stdin(own).args(["metadata", "--format", "tags", "-f", named]);
        let output = test.output();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && talk.starts_with("note[unread-file]"), "{talk}");
        assert!(talk.contains(expected), "{talk}");
    }
    let files = [("compose.yaml", COMPOSE), ("images.hcl", IMAGE), ("ci/x.hcl", own)];
    let (_, talk) = planned(&files, &["-f", "ci/x.hcl"]);
    assert!(
        talk.contains("`compose.yaml`, `images.hcl` look")
            && talk.contains("add `-f compose.yaml --images images.hcl`"),
        "{talk}"
    );
    let cure = ["-f", "ci/x.hcl", "-f", "compose.yaml", "--images", "images.hcl"];
    let files =
        [("compose.yaml", COMPOSE), ("images.hcl", &IMAGE.replace("app\"", "ad\"")), ("ci/x.hcl", own)];
    assert!(!planned(&files, &cure).1.contains("unread-file"));
    // Of files with `image` blocks, `--images` takes one.
    let image =
        |name: &str| IMAGE.replace("app\"", &format!("{name}\"")).replace("tags", "target = \"own\"\n  tags");
    let other = r#"{"image": {"b": {"target": "own", "repositories": ["r.io/x/b"], "tags": ["2"]}}}"#;
    let files = [("images.hcl", &*image("a")), ("images.json", other), ("ci/x.hcl", own)];
    let (_, talk) = planned(&files, &["-f", "ci/x.hcl"]);
    assert!(talk.contains("add `-f images.hcl -f images.json`"), "{talk}");
    let cure = ["-f", "ci/x.hcl", "-f", "images.hcl", "-f", "images.json"];
    assert_eq!(planned(&files, &cure), ("r.io/x/a:1\nr.io/x/b:2\n".to_owned(), String::new()));
    let files = [("my ci/x.hcl", own), ("my ci/docker-bake.hcl", TARGET)];
    let (_, talk) = planned(&files, &["-f", "my ci/x.hcl"]);
    assert!(talk.contains("add `-f 'my ci/docker-bake.hcl'`"), "{talk}");
    // Nothing is missed where all is read, nothing is in the file, or we wrote it.
    let included = "include: [compose.yaml]\n";
    for (files, options) in [
        (&[("docker-bake.hcl", own)][..], &[][..]),
        (
            &[("docker-bake.hcl", own), ("images.hcl", IMAGE), ("app.hcl", TARGET)],
            &["-f", "docker-bake.hcl", "-f", "app.hcl"],
        ),
        (
            &[
                ("x.hcl", own),
                ("docker-bake.hcl", ""),
                ("docker-bake.json", "{\"//\": \"generated by bakeplan\"}"),
            ],
            &["-f", "x.hcl"],
        ),
        (
            &[("x.hcl", own), ("compose.yaml", "services: {}\n"), ("c.yaml", included)],
            &["-f", "x.hcl", "-f", "c.yaml"],
        ),
    ] {
        assert_eq!(planned(files, options).1, "", "{files:?}");
    }
}

#[test]
fn a_service_without_a_build_says_so_where_it_is_meant() {
    let services = "services:\n  db: {image: postgres}\n  cache: {image: redis}\n";
    let built = "  web: {image: r.io/x/web:1, build: {context: ., platforms: [linux/amd64]}}\n";
    let both = format!("{services}{built}");
    let (_, talk) = run(&[("compose.yaml", services)], &["plan"], 0);
    assert!(talk.contains("note[no-build]: services `cache`, `db` have no `build`"), "{talk}");
    for (asked, named) in [("db", "service `db` has no `build`"), ("cache", "service `cache` has no `build`")]
    {
        let (_, talk) = run(&[("compose.yaml", &both)], &["plan", asked], 1);
        assert!(talk.contains(named) && talk.contains("add one"), "{talk}");
    }
    for arguments in [&["plan"][..], &["plan", "web"]] {
        assert!(!run(&[("compose.yaml", &both)], arguments, 0).1.contains("no-build"));
    }
    let cured = services.replace("{image: postgres}", "{image: r.io/x/db:1, build: .}");
    assert!(!run(&[("compose.yaml", &cured)], &["plan", "db"], 0).1.contains("no-build"));
}

/// What nobody looks for is named as well, wherever a command reads files.
#[test]
fn what_has_another_name_than_bake_looks_for_is_named() {
    for (there, arguments, expected) in [
        // Nobody names a file.
        (&["docker-bake.hcl", "bake.hcl"][..], &[][..], "`bake.hcl` looks like input but is not read"),
        (
            &["compose.yaml", "compose.override.yml"],
            &[],
            "name all: `-f compose.yaml -f compose.override.yml`",
        ),
        (&["docker-bake.hcl", "docker-compose.override.yaml"], &[], "`docker-compose.override.yaml` looks"),
        (&["docker-bake.hcl", "images.hcl", "bake.json"], &[], "name all: `-f docker-bake.hcl -f bake.json`"),
        (
            &["docker-bake.hcl", "bake.hcl"],
            &["--images", "none"],
            "name all: `-f docker-bake.hcl -f bake.hcl`",
        ),
        // Somebody does.
        (
            &["docker-bake.hcl", "docker-bake.override.hcl"],
            &["-f", "docker-bake.hcl"],
            "`docker-bake.override.hcl` looks",
        ),
        (&["a/x.hcl", "images.json"], &["-f", "a/x.hcl"], "`images.json` looks"),
        (&["a/b/x.hcl", "a/images.json"], &["-f", "a/b/x.hcl"], "`a/images.json` looks"),
        (&["a/b/x.hcl", "a/compose.override.yml"], &["-f", "a/b/x.hcl"], "add `-f a/compose.override.yml`"),
        (&["x.hcl", "bake.hcl"], &["-f", "x.hcl"], "add `-f bake.hcl`"),
        (&["docker-bake.hcl", "images.HCL"], &[], "`images.HCL` looks"),
        (&["docker-bake.hcl", "Images.hcl"], &[], "`Images.hcl` looks"),
        (&["docker-bake.hcl", "docker-bake.prod.hcl"], &[], "`docker-bake.prod.hcl` looks"),
        (
            &["docker-bake.hcl", "docker-bake-ci.hcl", "bakefile.hcl"],
            &[],
            "`bakefile.hcl`, `docker-bake-ci.hcl` look",
        ),
        (&["compose.yaml", "compose.prod.yaml"], &[], "`compose.prod.yaml` looks"),
        (
            &["a/x.hcl", "bake.hcl", "a/docker-bake.override.json"],
            &["-f", "a/x.hcl"],
            "`bake.hcl`, `a/docker-bake.override.json` look",
        ),
    ] {
        let text = |path: &str| match path {
            path if path.ends_with("ml") => "services:\n  s:\n    build: .\n".to_owned(),
            path if path.ends_with("images.json") => JSON.to_owned(),
            path if path.ends_with("json") => "{\"target\": {\"other\": {}}}".to_owned(),
            path if path.ends_with("images.hcl") => IMAGE.to_owned(),
            _ => TARGET.to_owned(),
        };
        let texts: Vec<String> = there.iter().map(|path| text(path)).collect();
        let files: Vec<(&str, &str)> = there.iter().copied().zip(texts.iter().map(String::as_str)).collect();
        let (_, talk) = run(&files, &[&["plan"], arguments].concat(), 0);
        assert!(talk.contains("note[unread-file]") && talk.contains(expected), "{there:?}: {talk}");
        // As Bake, which does not miss it.
        if !arguments.contains(&"--images") {
            let (_, talk) = run(&files, &[&["print", "*"], arguments].concat(), 0);
            assert!(!talk.contains("unread-file"), "{there:?}: {talk}");
        }
    }
    // What is read, empty or generated is none of it.
    let generated = "{\"//\": \"generated by bakeplan from images.hcl\"}";
    for (files, arguments) in [
        (&[("bake.hcl", TARGET)][..], &["-f", "bake.hcl"][..]),
        (&[("docker-bake.hcl", TARGET), ("bake.hcl", "")], &[]),
        (&[("docker-bake.hcl", TARGET), ("bake.json", generated)], &[]),
        (&[("x.hcl", TARGET), ("docker-bake.json", generated)], &["-f", "x.hcl"]),
        // Compose files for people's desks say nothing of a Bake file, and of data nobody knows what it is.
        (&[("docker-bake.hcl", TARGET), ("docker-compose.dev.yml", "services: {}")], &[]),
        (&[("docker-bake.hcl", TARGET), ("images-of-cats.json", "[]")], &[]),
    ] {
        let (_, talk) = run(files, &[&["plan"], arguments].concat(), 0);
        assert!(!talk.contains("unread-file"), "{files:?}: {talk}");
    }
    // Alone, it is what the error names.
    for path in
        ["bake.hcl", "bake.json", "image.hcl", "bakefile.hcl", "docker-bake.ci.hcl", "Docker-Bake.hcl"]
    {
        let (_, talk) = run(&[(path, TARGET)], &["plan"], 1);
        assert!(
            talk.contains("error[no-definition]") && talk.contains(&format!("`-f {path}` reads")),
            "{talk}"
        );
    }
}
