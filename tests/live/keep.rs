//! A variable that is kept: real buildx makes of the written file what it makes of the source, whatever the value.

use serde_json::{Value, json};

use super::engine::{Project, engine};

const SPEC: &str = r#"
variable "TOKEN" {
  default = ""
}
variable "PORT" {
  default = 8080
}
variable "RATIO" {
  default = 0.1
}
variable "DEBUG" {
  type    = bool
  default = false
}
variable "MIRROR" {
  default = "https://example.com"
  validation {
    condition     = MIRROR != "forbidden" && PORT > 0
    error_message = "no mirror: ${MIRROR}"
  }
}
variable "URL" {
  default = "${MIRROR}/packages"
}
function "query" {
  params = [key, value]
  result = "${key}=${value}"
}
dollar = "$$"
target "app" {
  args = merge({ TOKEN = TOKEN, PORT = PORT, DEBUG = DEBUG, RATIO = RATIO }, {
    QUERY   = query("token", TOKEN)
    LITERAL = "$${TOKEN} ${dollar}${TOKEN} %%{if}"
    PAIR    = "${PORT}${DEBUG}"
  })
  labels            = { for key, value in { url = URL } : key => "<${value}>" }
  annotations       = ["manifest:org.example.mirror=${MIRROR}"]
  context           = "./a/${DEBUG}/../${TOKEN}"
  contexts          = { mirror = "docker-image://alpine:${TOKEN}" }
  dockerfile-inline = "FROM ${MIRROR}\nRUN echo ${TOKEN}"
  tags              = ["registry.test/app:1"]
  platforms         = ["linux/amd64", "linux/arm64"]
  cache-from        = ["type=gha,scope=${TOKEN}", "type=registry,ref=registry.test/cache:${TOKEN}"]
  no-cache-filter   = flatten([[TOKEN], "b"])
  ulimits           = ["nofile=${PORT}"]
  extra-hosts       = { host = TOKEN }
}
"#;

const NAMES: [&str; 5] = ["TOKEN", "PORT", "RATIO", "DEBUG", "MIRROR"];

#[test]
fn buildx_makes_of_it_what_it_makes_of_the_source() {
    let keep: Vec<&str> = NAMES.iter().flat_map(|name| ["--keep-variable", name]).collect();
    let environments: [&[(&str, &str)]; 4] = [
        &[],
        &[("TOKEN", "b"), ("PORT", "1"), ("DEBUG", "true"), ("MIRROR", "docker.io/x"), ("RATIO", "1e3")],
        &[("TOKEN", "${PORT} %{if} q ü {"), ("PORT", "0160"), ("DEBUG", "1"), ("RATIO", "0.30")],
        &[("TOKEN", "../a/./b"), ("MIRROR", "")],
    ];
    for environment in environments {
        let engine = engine();
        let project = Project::new(engine, "keep").file("docker-bake.hcl", SPEC);
        // Nothing of this environment is written.
        let set = |project: Project| {
            environment.iter().fold(project, |project, (name, value)| project.env(name, value))
        };
        let unset = project.bakeplan(&[&["bake", "-o", "out/docker-bake.json"], keep.as_slice()].concat());
        assert_eq!(unset, "");
        let file = project.read("out/docker-bake.json");
        let project = set(project);
        project.bakeplan(&[&["bake", "-o", "out/docker-bake.json", "--check"], keep.as_slice()].concat());
        let printed = project.bakeplan(&[&["print", "app"], keep.as_slice()].concat());
        let project = project.file("out/printed.json", &printed);
        assert_eq!(project.read("out/docker-bake.json"), file);

        let print = |arguments: &[&str]| -> Value {
            let text = project.buildx(&[&["bake", "--print"], arguments].concat());
            serde_json::from_str(&text).expect("buildx prints JSON")
        };
        let source = print(&["app"])["target"]["app"].take();
        for written in ["out/docker-bake.json", "out/printed.json"] {
            let found = print(&["-f", written, "app"])["target"]["app"].take();
            assert_eq!(found, source, "{written} with {environment:?}");
        }
        let mut leg =
            print(&["-f", "out/docker-bake.json", "app-linux-arm64"])["target"]["app-linux-arm64"].take();
        // What a leg changes is compared elsewhere.
        let mut whole = source;
        for one in [&mut leg, &mut whole] {
            for changed in ["tags", "platforms", "output", "cache-from"] {
                one.as_object_mut().expect("a target is an object").remove(changed);
            }
        }
        assert_eq!(leg, whole, "a leg with {environment:?}");
    }
}

#[test]
fn buildx_validates_it() {
    let engine = engine();
    let project =
        Project::new(engine, "keep-validation").file("docker-bake.hcl", SPEC).env("MIRROR", "forbidden");
    project.bakeplan(&["bake", "-o", "out.json", "--keep-variable=MIRROR", "--keep-variable=PORT"]);
    let refused =
        project.try_buildx(&["bake", "--print", "-f", "out.json", "app"]).expect_err("it is forbidden");
    assert!(refused.contains("Validation failed; no mirror: forbidden"), "{refused}");
}

#[test]
fn the_comparison_sees_a_value() {
    let engine = engine();
    let project = Project::new(engine, "keep-value").file("docker-bake.hcl", SPEC).env("TOKEN", "sesame");
    project.bakeplan(&["bake", "-o", "out.json", "--keep-variable=TOKEN"]);
    let text = project.buildx(&["bake", "--print", "-f", "out.json", "app"]);
    let printed: Value = serde_json::from_str(&text).expect("buildx prints JSON");
    assert_eq!(printed["target"]["app"]["args"]["QUERY"], json!("token=sesame"));
    assert!(!project.read("out.json").contains("sesame"));
}
