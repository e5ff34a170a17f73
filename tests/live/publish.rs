//! The whole way: jobs push by digest and without tags, and one command for each image and repository gives all tags.

use std::collections::{BTreeMap, BTreeSet};

use super::engine::{Image, Plan, Project, engine};
use super::registry::Repository;

/// Merges as a shell user would: the arguments that `bakeplan metadata` prints, then the digests in order.
#[track_caller]
fn merge(project: &Project, plan: &Plan, digests: &BTreeMap<String, String>) {
    let printed = project.bakeplan(&["metadata", "--format", "args"]);
    let mut lines = printed.lines();
    for image in plan.images.values() {
        for repository in &image.repositories {
            let line = lines.next().expect("a line for each image and repository");
            let mut arguments = vec!["imagetools".to_owned(), "create".to_owned()];
            arguments.extend(line.split(' ').map(str::to_owned));
            for (key, value) in &image.annotations {
                arguments.extend(["--annotation".to_owned(), format!("index:{key}={value}")]);
            }
            arguments.extend(image.builds.keys().map(|leg| format!("{repository}@{}", digests[leg])));
            project.buildx(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
    assert_eq!(lines.next(), None, "a line for each image and repository");
}

/// What buildx pushes under the names in an output is what is planned and published.
#[test]
fn names_in_outputs_are_published_as_buildx_pushes_them() {
    let engine = engine();
    let project = Project::new(engine, "names");
    let [one, two] = [project.repository(0, "acme/names"), project.repository(1, "other/names")];
    let (_, platforms) = project.platforms();
    for (name, output, tags) in [
        ("registry", format!("type=registry,name={one}:1"), &[(&one, "1")][..]),
        (
            "several",
            format!("type=image,push=true,\\\"name={one}:2,{two}:2,{two}\\\""),
            &[(&one, "2"), (&two, "2"), (&two, "latest")],
        ),
    ] {
        let spec = format!(
            "target \"{name}\" {{\n  dockerfile-inline = \"FROM scratch\\nCOPY docker-bake.hcl /\\n\"\n  platforms = {platforms:?}\n  output = [\"{output}\"]\n}}\n"
        );
        let project = Project::new(self::engine(), name).file("docker-bake.hcl", &spec);
        project.buildx(&["bake", name]);
        for (repository, tag) in tags {
            assert!(Repository::new(repository).tags().contains(*tag), "{repository}:{tag}");
        }
        let planned = project.bakeplan(&["metadata", "--format", "tags"]);
        let mut planned: Vec<&str> = planned.lines().collect();
        planned.sort_unstable();
        let mut expected: Vec<String> =
            tags.iter().map(|(repository, tag)| format!("{repository}:{tag}")).collect();
        expected.sort_unstable();
        assert_eq!(planned, expected);
        project.bakeplan(&["plan", "--out", "out"]);
        project.run_jobs();
        project.bakeplan(&["merge", "--plan", "out/plan.json", "--metadata", "metadata"]);
        for (repository, tag) in tags {
            assert_eq!(Repository::new(repository).index(tag).platforms(), platforms, "{repository}:{tag}");
        }
    }
    // By digest, there is no tag; and a tag cannot be pushed by digest.
    let by_digest = |name: &str| {
        format!(
            "target \"d\" {{\n  dockerfile-inline = \"FROM scratch\\nCOPY docker-bake.hcl /\\n\"\n  output = [\"type=image,push=true,push-by-digest=true,name={name}\"]\n}}\n"
        )
    };
    let digest = project.repository(0, "acme/digest");
    let project = project.file("docker-bake.hcl", &by_digest(&digest));
    project.buildx(&["bake", "d"]);
    assert_eq!(Repository::new(&digest).tags(), BTreeSet::new());
    assert!(project.refused(&["plan"]).contains("pushes by digest alone"));
    let project = project.file("docker-bake.hcl", &by_digest(&format!("{digest}:1")));
    assert!(project.try_buildx(&["bake", "d"]).unwrap_err().contains("by digest"));
}

/// Before the merge, every repository has every build of its images and no tag.
#[track_caller]
fn check_unpublished(plan: &Plan, digests: &BTreeMap<String, String>) {
    let legs: BTreeSet<&String> = plan.images.values().flat_map(|image| image.builds.keys()).collect();
    assert_eq!(digests.keys().collect::<BTreeSet<_>>(), legs, "what the metadata names");
    for image in plan.images.values() {
        for name in &image.repositories {
            let repository = Repository::new(name);
            assert_eq!(repository.tags(), BTreeSet::new(), "tags of {name} before the merge");
            for leg in image.builds.keys() {
                assert_eq!(repository.index(&digests[leg]).images.len(), 1, "{leg} in {name}");
            }
        }
    }
}

/// Every tag of an image has, in every repository, the same index: of the planned platforms in the planned order. Each
/// image of it is whole and is given to `check` with its platform.
#[track_caller]
fn check_published(image: &Image, tags: &[&str], check: impl Fn(&super::registry::Image, &str)) {
    let planned: Vec<&str> = image.builds.values().map(|build| build.platform.as_deref().unwrap()).collect();
    let names: Vec<&str> = image.tags.iter().map(|tag| tag.name.as_str()).collect();
    assert_eq!(names, tags, "planned tags");
    let mut digests = BTreeSet::new();
    for name in &image.repositories {
        let repository = Repository::new(name);
        for tag in tags {
            let answer = repository.find(tag);
            assert_eq!(answer.status, 200, "{name}:{tag}");
            digests.insert(answer.header("docker-content-digest").to_owned());
        }
        let index = repository.index(tags[0]);
        assert_eq!(index.platforms(), planned, "platforms of {name}");
        assert_eq!(index.annotations, image.annotations, "annotations of {name}");
        assert!(digests.contains(&index.digest));
        for built in &index.images {
            assert_eq!(built.configured_platform(), built.platform, "configuration in {name}");
            check(built, &built.platform);
        }
    }
    assert_eq!(digests.len(), 1, "digests of {tags:?} in {:?}", image.repositories);
}

#[track_caller]
fn check_tags(repository: &str, expected: &[&str]) {
    let expected: BTreeSet<String> = expected.iter().map(|tag| (*tag).to_owned()).collect();
    assert_eq!(Repository::new(repository).tags(), expected, "all tags of {repository}");
}

/// The file for a platform's `$TARGETARCH$TARGETVARIANT`.
fn architecture(platform: &str) -> String {
    platform.split('/').skip(1).collect()
}

#[test]
fn versions_reach_both_registries_under_all_their_tags() {
    let engine = engine();
    let project = Project::new(engine, "python");
    let repositories = [project.repository(0, "acme/python"), project.repository(1, "mirror/python")];
    let spec = format!(
        r#"
        target "python" {{
          matrix = {{ version = ["3.13.11", "3.14.2", "3.15.0rc1"] }}
          name = "python-${{replace(version, ".", "-")}}"
          args = {{ PYTHON_VERSION = version }}
          platforms = ["linux/amd64", "linux/arm64", "linux/arm/v7"]
          annotations = ["index:org.opencontainers.image.title=Python ${{version}}", "manifest:org.example.kind=build"]
          output = ["type=image,compression=uncompressed,force-compression=true"]
        }}
        image "python" {{
          repositories = {repositories:?}
          version = version
        }}
        "#
    );
    let dockerfile = "FROM scratch\nARG PYTHON_VERSION TARGETARCH TARGETVARIANT\n\
                      LABEL version=$PYTHON_VERSION\nCOPY files/$TARGETARCH$TARGETVARIANT /arch\n";
    let mut project = project.file("docker-bake.hcl", &spec).file("Dockerfile", dockerfile);
    for name in ["amd64", "arm64", "armv7"] {
        project = project.file(&format!("files/{name}"), name);
    }
    project.bakeplan(&["plan", "--out", "out"]);
    let plan = project.plan();
    let digests = project.run_jobs();
    check_unpublished(&plan, &digests);

    merge(&project, &plan, &digests);
    for (key, version, tags) in [
        ("python-3-13-11", "3.13.11", &["3.13.11", "3.13"][..]),
        ("python-3-14-2", "3.14.2", &["3.14.2", "3.14", "3", "latest"]),
        ("python-3-15-0rc1", "3.15.0rc1", &["3.15.0rc1"]),
    ] {
        let image = &plan.images[key];
        assert_eq!(image.repositories, repositories);
        assert_eq!(image.annotations["org.opencontainers.image.title"], format!("Python {version}"));
        assert_eq!(image.builds.len(), 3);
        check_published(image, tags, |built, platform| {
            assert_eq!(built.label("version"), Some(version), "{key} {platform}");
            assert_eq!(built.file("arch"), architecture(platform), "{key} {platform}");
        });
    }
    for repository in &repositories {
        check_tags(repository, &["3.13", "3.13.11", "3.14", "3.14.2", "3", "latest", "3.15.0rc1"]);
    }
}

/// Two applications on one published base, one of them with a tool that runs where the build runs.
struct Monorepo {
    project: Project,
    native: String,
    foreign: &'static str,
    base: String,
    applications: [String; 2],
}

impl Monorepo {
    /// Without `store=false`, a builder with an image store fails at times when two targets of a job have a repository
    /// in common: `image "…": already exists` (<https://github.com/docker/buildx/issues/3576>).
    fn new(name: &str) -> Self {
        let project = Project::new(engine(), name);
        let (native, [foreign, _]) = project.platforms();
        let base = project.repository(0, "acme/base");
        let applications = [project.repository(0, "acme/app"), project.repository(1, "mirror/app")];
        let spec = format!(
            r#"
            group "default" {{
              targets = ["base", "api", "web"]
            }}
            target "_common" {{
              platforms = ["{native}", "{foreign}"]
              output = ["type=image,compression=uncompressed,force-compression=true,store=false"]
            }}
            target "base" {{
              inherits = ["_common"]
              context = "base"
              tags = ["{base}:1", "{base}:latest"]
            }}
            target "tool" {{
              context = "base"
            }}
            target "api" {{
              inherits = ["_common"]
              context = "api"
              contexts = {{ base = "target:base", tool = "target:tool" }}
              tags = ["{0}:api", "{1}:api"]
            }}
            target "web" {{
              inherits = ["_common"]
              context = "web"
              contexts = {{ base = "target:base", api = "target:api" }}
              tags = ["{0}:web", "{1}:web", "{1}:latest"]
            }}
            image {{
              runners = {{ "{foreign}" = {{ runner = "emulating", platform = "{native}" }}, default = "here" }}
            }}
            image "base" {{}}
            image "api" {{}}
            image "web" {{}}
            "#,
            applications[0], applications[1]
        );
        let project = ["amd64", "arm64", "s390x"]
            .into_iter()
            .fold(project, |project, name| project.file(&format!("base/files/{name}"), name))
            .file("docker-bake.hcl", &spec)
            .file("base/Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY files/$TARGETARCH /arch\n")
            .file("api/Dockerfile", "FROM base\nCOPY --from=tool /arch /tool\nCOPY name /name\n")
            .file("api/name", "api")
            .file("web/Dockerfile", "FROM base\nCOPY --from=api /arch /api\nCOPY name /name\n")
            .file("web/name", "web");
        Self { project, native, foreign, base, applications }
    }
}

#[test]
fn linked_images_are_built_together_and_published() {
    let Monorepo { project, native, foreign, base, applications } = Monorepo::new("monorepo");
    project.bakeplan(&["plan", "--out", "out"]);
    let jobs: Vec<serde_json::Value> = project.json("out/matrix.json");
    let jobs: Vec<(String, bool)> =
        jobs.iter().map(|row| (row["targets"].as_str().unwrap().to_owned(), row["qemu"] == true)).collect();
    let slug = |platform: &str| platform.replace('/', "-");
    let together =
        |platform: &str| ["base", "api", "web"].map(|name| format!("{name}-{}", slug(platform))).join(",");
    assert_eq!(jobs, [(together(&native), false), (together(foreign), true)]);

    let plan = project.plan();
    let digests = project.run_jobs();
    check_unpublished(&plan, &digests);
    merge(&project, &plan, &digests);

    check_published(&plan.images["base"], &["1", "latest"], |built, platform| {
        assert_eq!(built.file("arch"), architecture(platform));
    });
    check_published(&plan.images["api"], &["api"], |built, platform| {
        let files = ["arch", "tool", "name"].map(|path| built.file(path));
        assert_eq!(files, [architecture(platform), architecture(&native), "api".to_owned()]);
    });
    // `latest` is of the second repository alone.
    let web = &plan.images["web"];
    check_published(
        &Image { tags: web.tags.iter().take(1).cloned().collect(), ..web.clone() },
        &["web"],
        |built, platform| {
            let files = ["arch", "api", "name"].map(|path| built.file(path));
            assert_eq!(files, [architecture(platform), architecture(platform), "web".to_owned()]);
        },
    );
    check_tags(&base, &["1", "latest"]);
    check_tags(&applications[0], &["api", "web"]);
    check_tags(&applications[1], &["api", "web", "latest"]);
    let mirror = Repository::new(&applications[1]);
    assert_eq!(mirror.index("latest").digest, mirror.index("web").digest);
}

#[test]
fn a_pull_request_builds_everything_and_pushes_nothing() {
    let Monorepo { project, base, applications, .. } = Monorepo::new("pull-request");
    project.bakeplan(&["plan", "--out", "out", "--publish=false"]);
    let rows: Vec<serde_json::Value> = project.json("out/matrix.json");
    assert_eq!(rows.len(), 2);
    assert_eq!(project.run_jobs(), BTreeMap::new(), "nothing has a digest");
    for repository in [&base, &applications[0], &applications[1]] {
        check_tags(repository, &[]);
    }
}

/// Whatever a build reads outside the working directory, the row of its job allows: Bake asks for all of it.
#[test]
fn a_row_allows_what_its_builds_read_outside() {
    let project = Project::new(engine(), "outside");
    let (_, platforms) = project.platforms();
    let dockerfile = project.scratch("Dockerfile", "FROM scratch\nCOPY f /\n");
    project.scratch("f", "content");
    let folder = project.scratch_folder().to_str().expect("temporary folders have plain names").to_owned();
    let copied = "dockerfile-inline = \"FROM scratch\\nCOPY --from=x f /\\n\"";
    for (name, reads) in [
        ("absolute", format!("dockerfile = \"{dockerfile}\"")),
        ("above", "context = \"inner\"\n  dockerfile = \"../../outside.Dockerfile\"".to_owned()),
        ("here", "dockerfile = \"cwd://../outside.Dockerfile\"".to_owned()),
        ("folder", format!("context = \"{folder}\"")),
        ("named", format!("{copied}\n  contexts = {{ x = \"{folder}\" }}")),
        ("named-here", format!("{copied}\n  contexts = {{ x = \"cwd://..\" }}")),
    ] {
        let repository = project.repository(0, &format!("acme/{name}"));
        let spec = format!(
            "target \"{name}\" {{\n  platforms = {platforms:?}\n  tags = [\"{repository}:1\"]\n  {reads}\n}}\n"
        );
        let outer = project.scratch_folder().join(name);
        let project = Project::at(engine(), &outer.join("work"), name)
            .file("docker-bake.hcl", &spec)
            .file("f", "content")
            .file("inner/f", "content")
            .file("../outside.Dockerfile", "FROM scratch\nCOPY f /\n")
            .file("../f", "content");
        let asked = project.try_buildx(&["bake", name]).unwrap_err();
        assert!(asked.contains("Read access to path"), "{name}: {asked}");
        project.bakeplan(&["plan", "--out", "out"]);
        project.run_jobs();
    }
}
