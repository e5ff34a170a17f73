//! Tests of `overrides`.

use super::*;
use crate::bake::target::print::{Form, target as print_target};
use crate::json::ObjectWriter;

fn owned(sets: &[&str]) -> Vec<String> {
    sets.iter().map(|set| (*set).to_owned()).collect()
}

fn texts(list: &[&str]) -> Vec<Text> {
    list.iter().map(|text| Text::verbatim(text)).collect()
}

fn sample() -> Target {
    let mut target = Target::new("app");
    target.tags = Some(texts(&["t"]));
    target.args = [("A".into(), "1".into())].into();
    target.cache_from = vec![Entry::of_type("gha")].into();
    target.secret = vec![flags::secret(&"id=s,src=f".into()).unwrap()].into();
    target.network = Some("host".into()).into();
    target.no_cache_filter = texts(&["f"]).into();
    target.ulimits = texts(&["nofile=1"]).into();
    target
}

/// What sets make of the sample target, on one line, or the message.
fn run(sets: &[&str]) -> String {
    let home = |name: &str| (name == "HOME").then(|| MarkedStr::normalized("/root"));
    let overrides = match Overrides::parse(&owned(sets), Some(&home)) {
        Ok(overrides) => overrides,
        Err(diagnostics) => return diagnostics[0].message.clone(),
    };
    apply_to(&overrides, sample())
}

fn apply_to(overrides: &Overrides, mut target: Target) -> String {
    let mut definition = Definition::default();
    definition.add_target(target.clone());
    definition.add_target(Target::new("other"));
    let by_target = match overrides.by_target(&definition) {
        Ok(by_target) => by_target,
        Err(diagnostics) => return diagnostics[0].message.clone(),
    };
    if let Some(said) = by_target.get("app")
        && let Err(diagnostic) = apply(said, &mut target)
    {
        return [Some(diagnostic.message), diagnostic.help]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("; ");
    }
    target.normalize();
    ObjectWriter::text(|body| print_target(&target, Form::Print, body)).split_whitespace().collect()
}

#[test]
fn keys_change_their_attributes() {
    const REST: &str = r#""cache-from":[{"type":"gha"}],"secret":[{"id":"s","src":"f"}],"network":"host","no-cache-filter":["f"],"ulimits":["nofile=1"],"entitlements":["network.host"]"#;
    let whole = |start: &str| format!("{{{start}{REST}}}");
    let same = r#""args":{"A":"1"},"tags":["t"],"#;
    let cases: &[(&[&str], String)] = &[
        (&["app.tags=x"], whole(r#""args":{"A":"1"},"tags":["x"],"#)),
        (&["app.tags=x", "app.tags+=y"], whole(r#""args":{"A":"1"},"tags":["t","x","y"],"#)),
        (&["app.tags+=x", "app.tags=y,z"], whole(r#""args":{"A":"1"},"tags":["x","y,z"],"#)),
        (&["app.tags="], whole(r#""args":{"A":"1"},"#)),
        (&["a*.args.A=2", "*.args.B=x=y"], whole(r#""args":{"A":"2","B":"x=y"},"tags":["t"],"#)),
        (&["app.args.HOME", "app.args.NOPE"], whole(r#""args":{"A":"1","HOME":"/root"},"tags":["t"],"#)),
        (&["app.labels.org.x=1"], whole(r#""args":{"A":"1"},"labels":{"org.x":"1"},"tags":["t"],"#)),
        (&["app.context=c", "app.contexts.n="], whole(&format!(r#""context":"c",{same}"#))),
        (&["other.bogus=1"], whole(same)),
        (
            &["app.platform=linux/arm64"],
            whole(same).replace(r#""network""#, r#""platforms":["linux/arm64"],"network""#),
        ),
        (
            &["app.cache-from+=a,b"],
            whole(same).replace(
                r#"{"type":"gha"}"#,
                r#"{"type":"gha"},{"ref":"a","type":"registry"},{"ref":"b","type":"registry"}"#,
            ),
        ),
        (&["app.cache-from=type=inline"], whole(same).replace("gha", "inline")),
        (
            &["app.network=none"],
            whole(same)
                .replace(r#""network":"host""#, r#""network":"""#)
                .replace(r#","entitlements":["network.host"]"#, ""),
        ),
        (&["app.no-cache-filter=x"], whole(same).replace(r#""no-cache-filter":["f"],"#, "")),
        (&["app.ulimits+=core=1"], whole(same).replace(r#""ulimits":["nofile=1"],"#, "")),
        (&["app.secret.s=env=E"], whole(same).replace(r#""src":"f""#, r#""env":"E""#)),
        (&["app.secrets+=id=s,env=E"], whole(same).replace(r#""src":"f""#, r#""env":"E""#)),
        (
            &["app.secrets=id=n", "app.secret.n=src=g"],
            whole(same).replace(r#"{"id":"s","src":"f"}"#, r#"{"id":"n","src":"g"}"#),
        ),
        (
            &["app.resources.cpu-shares=+5"],
            whole(same).replace(r#","entitlements""#, r#","resources":{"cpu-shares":5},"entitlements""#),
        ),
        (&["app.entitlements=x"], whole(same).replace(r#"["network.host"]"#, r#"["x","network.host"]"#)),
    ];
    for (sets, expected) in cases {
        assert_eq!(run(sets), *expected, "{sets:?}");
    }
}

#[test]
fn what_cannot_be_applied_is_said() {
    let cases: &[(&str, &str)] = &[
        ("app", "no value"),
        ("app=1", "no key"),
        ("app.tags", "no value"),
        ("app.no-cache", "no value"),
        ("app.args=1", "needs a name"),
        ("app.contexts=1", "needs a name"),
        ("app.labels=1", "needs a name"),
        ("app.secret=1", "needs a name"),
        ("app.resources.memory+=1", "appended"),
        ("z*.tags=1", "could not find any target matching `z*`"),
        ("[.tags=1", "not a valid pattern"),
        ("app.platforms=x", "unknown key `platforms`; did you mean `platform`?"),
        ("app.tags =x", "unknown key `tags `"),
        ("app.pull=maybe", "\"maybe\" is neither true nor false"),
        ("app.secret.nope=env=E", "no secret \"nope\""),
        ("app.secret.s=id=t,env=E", "does not match secret"),
        ("app.resources.gpu=1", "no \"gpu\""),
        ("app.resources.cpu-quota=x", "whole number"),
        ("app.output=push=true,name=x", "type"),
    ];
    for (set, part) in cases {
        let found = if *set == "app" { run(&["app.x"]) } else { run(&[set]) };
        assert!(found.contains(part), "{set}: {found} has no {part}");
    }
    assert!(!run(&["app.args=hunter2"]).contains("hunter2"));
}

#[test]
fn outputs_are_pushed_and_loaded() {
    let cases: &[(&str, &[&str], &str)] = &[
        ("", &["push=true"], "image+"),
        ("docker", &["push=true"], "docker image+"),
        ("local", &["push=true"], "local"),
        ("image registry", &["push=true"], "image+ registry"),
        ("registry docker image", &["push=false"], "image- docker"),
        ("registry", &["push=false"], "none"),
        ("", &["load=true"], "docker"),
        ("docker", &["load=true"], "docker"),
        ("image oci", &["load=true"], "image oci docker"),
        ("local", &["load=true"], "local"),
        ("cacheonly", &["load=1"], "cacheonly"),
        ("", &["load=false"], "none"),
        ("", &["push=true", "load=true"], "docker image+"),
        ("", &["push=true", "output=type=image,name=x"], "image+"),
    ];
    for (before, sets, expected) in cases {
        let mut target = Target::new("app");
        target.output = Some(before.split_whitespace().map(Entry::of_type).collect());
        let sets: Vec<_> = sets.iter().map(|set| format!("*.{set}")).collect();
        let overrides = Overrides::parse(&sets, None).unwrap();
        let mut definition = Definition::default();
        definition.add_target(target.clone());
        apply(&overrides.by_target(&definition).unwrap()["app"], &mut target).unwrap();
        target.normalize();
        let show = |output: &Entry| {
            let push = match output.get("push") {
                Some("true") => "+",
                Some("false") => "-",
                _ => "",
            };
            format!("{}{push}", output.kind())
        };
        let found = target
            .output
            .map_or("none".to_owned(), |list| list.iter().map(show).collect::<Vec<_>>().join(" "));
        assert_eq!(found, *expected, "{before} {sets:?}");
    }
}

#[test]
fn flags_are_short_for_overrides() {
    let flags = Flags {
        push: true,
        call: Some("check".into()),
        no_cache: Some(true),
        pull: Some(false),
        sbom: Some("true".into()),
        provenance: Some("mode=max".into()),
        policy: vec!["strict=true".into()],
        ..Flags::default()
    };
    let overrides = Overrides::default().with_flags(&flags).unwrap();
    assert_eq!(
        apply_to(&overrides, Target::new("app")),
        r#"{"attest":[{"type":"sbom"},{"mode":"max","type":"provenance"}],"output":[{"push":"true","type":"image"}],"pull":false,"no-cache":true,"call":"lint","policy":[{"Files":null,"Reset":false,"Disabled":false,"Strict":true,"LogLevel":null}]}"#
    );
    let policy = |values: &[&str]| {
        Overrides::default().with_flags(&Flags { policy: owned(values), ..Flags::default() })
    };
    assert!(policy(&["disabled=true"]).unwrap().policy_is_disabled());
    for bad in
        [&["filename=x"][..], &["reset=true"], &["disabled=true", "strict=true"], &["disabled=1,strict=1"]]
    {
        assert!(policy(bad).is_err(), "{bad:?}");
    }
    let call = Flags { call: Some("a,b".into()), ..Flags::default() };
    assert!(Overrides::default().with_flags(&call).is_err());
}

#[test]
fn without_lookup_an_argument_without_value_is_empty() {
    let overrides = Overrides::parse(&owned(&["app.args.HOME"]), None).unwrap();
    assert!(apply_to(&overrides, Target::new("app")).contains(r#""HOME":"""#));
}
