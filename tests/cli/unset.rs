//! Variables that nothing gives a value to: where they end in what is published, a note names them.

use crate::support::Test;

#[track_caller]
fn told(file: &str, options: &[&str]) -> String {
    let test = Test::new().file("docker-bake.hcl", file).args(["metadata", "--format", "tags"]);
    let output = test.env("SET", "").args(options.iter().copied()).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{file}: {talk}");
    talk
}

fn target(variable: &str, lines: &str) -> String {
    format!(
        "variable \"V\" {{\n{variable}\n}}\ntarget \"app\" {{\n  platforms = [\"linux/amd64\"]\n{lines}\n}}\n"
    )
}

const TAGS: &str = "tags = [\"r.io/x/app:1\"]\n";

#[test]
fn variables_without_a_value_are_named_where_they_end() {
    for (lines, place) in [
        (format!("{TAGS}args = {{ A = V }}"), "`args` of target `app`"),
        (format!("{TAGS}args = {{ A = \"v${{V}}\" }}"), "`args` of target `app`"),
        (format!("{TAGS}labels = {{ \"org.example.v\" = V }}"), "`labels` of target `app`"),
        (format!("{TAGS}annotations = [\"k=${{V}}\"]"), "`annotations` of target `app`"),
        (format!("{TAGS}annotations = [\"manifest:k=${{upper(V)}}\"]"), "`annotations` of target `app`"),
        (format!("{TAGS}annotations = [\"index:k=${{V}}\"]"), "`annotations` of target `app`"),
        (format!("{TAGS}annotations = [\"index,manifest:k=${{V}}\"]"), "`annotations` of target `app`"),
        (
            format!("{TAGS}contexts = {{ c = \"target:c\" }}\n}}\ntarget \"c\" {{\nargs = {{ A = V }}"),
            "`args` of target `c`",
        ),
        (
            format!(
                "{TAGS}contexts = {{ b = \"target:b\" }}\n}}\ntarget \"b\" {{\ncontexts = {{ c = \"target:c\" }}\n}}\ntarget \"c\" {{\nlabels = {{ A = V }}"
            ),
            "`labels` of target `c`",
        ),
        ("tags = [\"r.io/x/app:1${V}\"]".to_owned(), "`tags` of target `app`"),
        ("tags = [\"r.io/x${V}/app:1\"]".to_owned(), "`tags` of target `app`"),
        ("output = [\"type=registry,name=r.io/x/app:1${V}\"]".to_owned(), "`tags` of target `app`"),
        (
            "}\nimage \"app\" {\nrepositories = [\"r.io/x/app${V}\"]\ntags = [\"1\"]".to_owned(),
            "`repositories` of image `app`",
        ),
        (
            "}\nimage \"app\" {\nrepositories = [\"r.io/x/app\"]\ntags = [\"1${V}\"]".to_owned(),
            "`tags` of image `app`",
        ),
        (
            "}\nimage \"app\" {\nrepositories = [\"r.io/x/app\"]\nversion = \"1.2.3${V}\"".to_owned(),
            "`version` of image `app`",
        ),
    ] {
        for variable in ["", "default = \"\""] {
            let talk = told(&target(variable, &lines), &[]);
            let expected =
                format!("note[unset-variable]: the variable `V` has no value, but is used in {place}");
            assert!(talk.contains(&expected) && talk.contains("`--var V=…`"), "{variable} {lines}: {talk}");
        }
    }
    // A variable that is made of another one.
    let file = "variable \"W\" { default = \"v${V}\" }\n".to_owned()
        + &target("", &format!("{TAGS}args = {{ A = W }}"));
    assert!(told(&file, &[]).contains("the variable `V` has no value"));
    // An argument that is null is left out.
    let null = target("type = string", &format!("{TAGS}args = {{ A = V }}"));
    assert!(told(&null, &[]).contains("the variable `V` has no value"));
    let two = "variable \"W\" {}\n".to_owned() + &target("", &format!("{TAGS}args = {{ A = W, B = V }}"));
    assert!(told(&two, &[]).contains("the variables `W`, `V` have no value"), "{}", told(&two, &[]));
}

#[test]
fn variables_with_a_value_or_none_that_matters_are_not() {
    let args = format!("{TAGS}args = {{ A = V }}");
    for (variable, lines, options) in [
        ("default = \"1\"", args.as_str(), &[][..]),
        ("", &args, &["--var", "V=1"]),
        // Somebody said that it is empty.
        ("", &args, &["--var", "V="]),
        ("", &args, &["--keep-variable", "V"]),
        ("default = false", &args, &[]),
        // Whoever asks says what becomes of it.
        ("", &format!("{TAGS}args = {{ A = V != \"\" ? V : \"dev\" }}"), &[]),
        ("", &format!("{TAGS}args = {{ A = \"x%{{ if V != \"\" }}-${{V}}%{{ endif }}\" }}"), &[]),
        // It is nowhere that others see.
        ("", &format!("{TAGS}context = \".${{V}}\""), &[]),
        ("", &format!("{TAGS}cache-from = [\"type=gha,scope=a${{V}}\"]"), &[]),
        ("", &format!("{TAGS}}}\ntarget \"other\" {{\nargs = {{ A = V }}"), &[]),
        (
            "",
            &format!("{TAGS}contexts = {{ c = \"target:c\" }}\n}}\ntarget \"c\" {{\ncontext = \".${{V}}\""),
            &[],
        ),
        ("", TAGS, &[]),
    ] {
        let file = target(variable, lines);
        let talk = told(&file, options);
        assert!(!talk.contains("unset-variable"), "{file}: {talk}");
    }
    let set = "variable \"SET\" {}\n".to_owned() + &target("", &format!("{TAGS}args = {{ A = SET }}"));
    assert_eq!(told(&set, &[]), "");
}

/// `coalesce` passes over what is null: somebody said what becomes of it.
#[test]
fn a_variable_that_is_passed_over_is_not_mentioned() {
    for (expression, is_told) in [
        ("coalesce(V, \"dev\")", false),
        ("coalesce(null, V, \"dev\")", false),
        ("upper(coalesce(V, \"dev\"))", false),
        ("coalesce(\"dev\", V)", false),
        ("coalesce(W, \"dev\")", true),
    ] {
        let file = "variable \"W\" {}\n".to_owned()
            + &target("type = string", &format!("{TAGS}args = {{ A = {expression} }}"));
        assert_eq!(told(&file, &[]).contains("unset-variable"), is_told, "{expression}");
    }
}
