//! A leg contains its own platform's build of what it links to.

use super::engine::{Project, engine};
use super::registry::Repository;

/// A Dockerfile whose image says which platform it is of.
const BASE: &str = "FROM scratch\nARG TARGETARCH\nCOPY files/$TARGETARCH /arch\n";

/// A Dockerfile that takes one file of the build platform's image, and the rest of its own platform's.
const APP: &str = "FROM --platform=$BUILDPLATFORM tools AS tools\n\
                   FROM base\n\
                   COPY --from=tools /arch /tool\n\
                   COPY app.txt /app\n";

fn with_files(project: Project) -> Project {
    ["amd64", "arm64", "s390x"]
        .into_iter()
        .fold(project, |project, name| project.file(&format!("base/files/{name}"), name))
        .file("base/Dockerfile", BASE)
        .file("app/app.txt", "app")
}

fn architecture(platform: &str) -> &str {
    platform.trim_start_matches("linux/")
}

#[test]
fn a_base_of_another_platform_is_refused_which_buildx_takes() {
    let engine = engine();
    let project = Project::new(engine, "wrong-base");
    let (native, [foreign, _]) = project.platforms();
    let spec = |base: &str| {
        format!(
            r#"
            target "base" {{
              context = "base"
              platforms = [{base}]
            }}
            target "app" {{
              context = "app"
              contexts = {{ base = "target:base" }}
              platforms = ["{foreign}"]
              tags = ["registry.test/app:1"]
            }}
            "#
        )
    };
    let project = with_files(project)
        .file("app/Dockerfile", "FROM base\nCOPY app.txt /app\n")
        .file("docker-bake.hcl", &spec(&format!("\"{native}\"")));

    project.buildx(&["bake", "app", "--set", "app.output=type=local,dest=wrong"]);
    assert_eq!(
        project.read("wrong/arch"),
        architecture(&native),
        "buildx puts another platform's files into the image"
    );
    let complaint = project.refused(&["plan", "--out", "out"]);
    let expected =
        format!("error[link-platform]: `app` is built for `{foreign}` and links to `base`, which is not\n");
    assert!(complaint.starts_with(&expected), "{complaint}");

    let project = project.file("docker-bake.hcl", &spec(&format!("\"{native}\", \"{foreign}\"")));
    project.bakeplan(&["plan", "--out", "out"]);
    let leg = format!("app-{}", foreign.replace('/', "-"));
    let output = format!("{leg}.output=type=local,dest=right");
    project.buildx(&["bake", "-f", "out/docker-bake.json", &leg, "--set", &output]);
    assert_eq!(project.read("right/arch"), architecture(foreign));
}

/// Legs on a runner of their own platform and on one that emulates them, against the target as a whole.
#[test]
fn legs_are_what_the_whole_target_is() {
    let engine = engine();
    let project = Project::new(engine, "build-platform");
    let (native, foreign) = project.platforms();
    let platforms = [&native, foreign[0], foreign[1]];
    let repository = project.repository(0, "app");
    let spec = format!(
        r#"
        variable "PLATFORMS" {{
          default = {platforms:?}
        }}
        target "base" {{
          context = "base"
          platforms = PLATFORMS
        }}
        target "tools" {{
          context = "base"
          platforms = PLATFORMS
        }}
        target "app" {{
          context = "app"
          contexts = {{ base = "target:base", tools = "target:tools" }}
          platforms = PLATFORMS
          tags = ["{repository}:1"]
          output = ["type=image,compression=uncompressed,force-compression=true,oci-mediatypes=true"]
        }}
        image "app" {{
          runners = {{ default = {{ runner = "here", platform = "{native}" }} }}
        }}
        "#
    );
    let project = with_files(project).file("app/Dockerfile", APP).file("docker-bake.hcl", &spec);

    let output =
        "app.output=type=image,push=true,compression=uncompressed,force-compression=true,oci-mediatypes=true";
    project.buildx(&["bake", "app", "--set", output]);
    let repository = Repository::new(&repository);
    let whole = repository.index("1");
    assert_eq!(whole.platforms(), platforms);

    project.bakeplan(&["plan", "--out", "out"]);
    let digests = project.run_jobs();
    let plan = project.plan();
    for (leg, build) in &plan.images["app"].builds {
        let platform = build.platform.as_deref().expect("the target names platforms");
        let index = repository.index(&digests[leg]);
        assert_eq!(index.platforms(), [platform]);
        let (own, other) = (index.image(platform), whole.image(platform));
        assert_eq!(own.file("arch"), architecture(platform), "{leg}: the base is of its own platform");
        assert_eq!(own.file("tool"), architecture(&native), "{leg}: the tool is of the build platform");
        assert_eq!(own.digests, other.digests, "{leg}: layers");
        assert_eq!(own.timeless_config(), other.timeless_config(), "{leg}: configuration");
    }

    // Without the copy that also has the runner's platform, the tool would be another.
    let leg = format!("app-{}", foreign[0].replace('/', "-"));
    let link = format!("{leg}.contexts.tools=target:tools-only");
    let one =
        format!("target \"tools-only\" {{\n  context = \"base\"\n  platforms = [\"{}\"]\n}}\n", foreign[0]);
    let project = project.file("one.hcl", &one);
    let output = format!("{leg}.output=type=local,dest=one");
    project.buildx(&[
        "bake",
        "-f",
        "out/docker-bake.json",
        "-f",
        "one.hcl",
        &leg,
        "--set",
        &link,
        "--set",
        &output,
    ]);
    assert_eq!(project.read("one/tool"), architecture(foreign[0]));
}
