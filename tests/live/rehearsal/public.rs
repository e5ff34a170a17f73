//! Four kinds of pipelines that public repositories wrote by hand, replaced by the generated one, with definitions in our own
//! words and stand-ins for their Dockerfiles: the tags, platforms and references are those that the repositories mean to publish.
//!
//! - a web application firewall for several servers, bases and releases, under tags that several releases claim
//!   (coreruleset/modsecurity-crs-docker);
//! - families of language runtimes, some for one platform only, with a tag for each commit (open-runtimes/open-runtimes);
//! - images on a base of their own, which jobs built one after the other (shyim/wolfi-php);
//! - two images of one repository whose names begin alike, in two registries (danny-avila/LibreChat).

use std::collections::BTreeMap;

use super::run::{Ended, PUSH};
use super::{generated, rehearse_workflow, set, tags};
use crate::engine::{Project, engine};
use crate::registry::Repository;

const FACTS: [&str; 4] = [
    "--fact=commit=5f3c1e0d9b8a7766554433221100ffeeddccbbaa",
    "--fact=commit_time=2026-09-21T10:20:00Z",
    "--fact=branch=main",
    "--fact=default_branch=main",
];

/// Runs the generated workflow for a push of a commit.
#[track_caller]
fn rehearse(project: &Project) -> Ended {
    let ended = rehearse_workflow(generated(project, &FACTS), project, &PUSH, &|_| {});
    assert!(ended.rows.values().all(|success| *success), "{:?}\n{}", ended.rows, ended.log);
    assert_eq!((ended.merge, ended.verify, ended.gate), (Some(0), Some(0), true), "{}", ended.log);
    ended
}

/// The platforms of each tag.
fn served(repository: &str) -> BTreeMap<String, Vec<String>> {
    let index = |tag: &String| {
        let index = Repository::new(repository).index(tag);
        (tag.clone(), index.platforms().iter().map(ToString::to_string).collect())
    };
    tags(repository).iter().map(index).collect()
}

/// A file for each build, so that all are different.
const STAND_IN: &str = "FROM scratch\nARG NAME\nARG TARGETARCH\nCOPY file /${NAME}-${TARGETARCH}\n";

#[test]
fn releases_that_claim_one_tag_have_one_owner_in_both_registries() {
    let project = Project::new(engine(), "public-firewall");
    let repositories = [project.repository(0, "firewall"), project.repository(1, "firewall")];
    let hosts = repositories.each_ref().map(|repository| repository.split('/').next().unwrap().to_owned());
    let definition = format!(
        r#"
        image {{
          workflow {{
            logins = {{ "{}" = "none", "{}" = "none" }}
          }}
        }}
        target "firewall" {{
          name       = "${{server}}-${{base}}-${{replace(release, ".", "_")}}"
          matrix     = {{ server = ["httpd", "proxy"], base = ["debian", "alpine"], release = ["4.2.0", "4.3.1", "3.9.7"] }}
          args       = {{ NAME = "${{server}}-${{base}}-${{release}}" }}
          dockerfile = "any.Dockerfile"
          platforms  = ["linux/amd64", "linux/arm64", "linux/386"]
        }}
        image "firewall" {{
          repositories    = ["{}", "{}"]
          version         = release
          variant         = [server, base]
          default_variant = "debian"
          variant_tags    = "truncate"
          latest          = true
          tags            = ["{{{{ version }}}}-{{{{ date('%Y%m%d%H%M') }}}}", "{{{{ major }}}}.{{{{ minor }}}}", "latest"]
        }}
        "#,
        hosts[0], hosts[1], repositories[0], repositories[1]
    );
    let project =
        project.file("docker-bake.hcl", &definition).file("any.Dockerfile", STAND_IN).file("file", "x");
    let ended = rehearse(&project);
    assert_eq!(ended.rows.len(), 36, "{:?}", ended.rows.keys());
    let platforms = ["linux/386", "linux/amd64", "linux/arm64"].map(str::to_owned);
    let mut due = Vec::new();
    for variant in ["httpd", "httpd-alpine", "proxy", "proxy-alpine"] {
        // Of the greatest release; there, the merge that ended last had it.
        due.push(variant.to_owned());
        for release in ["4.2", "4.3", "3.9"] {
            due.push(format!("{release}-{variant}"));
        }
        for release in ["4.2.0", "4.3.1", "3.9.7"] {
            due.push(format!("{release}-202609211020-{variant}"));
        }
    }
    for repository in &repositories {
        let served = served(repository);
        for tag in &due {
            let mut of_tag =
                served.get(tag).unwrap_or_else(|| panic!("{tag} is not in {:?}", served.keys())).clone();
            of_tag.sort();
            assert_eq!(of_tag, platforms, "{tag}");
        }
        let digest = |tag: &str| {
            project.buildx(&[
                "imagetools",
                "inspect",
                "--format",
                "{{json .Manifest.Digest}}",
                &format!("{repository}:{tag}"),
            ])
        };
        assert_eq!(digest("httpd-alpine"), digest("4.3.1-202609211020-httpd-alpine"));
        assert_ne!(digest("httpd-alpine"), digest("httpd"));
        assert_eq!(digest("proxy"), digest("4.3-proxy"));
    }
    assert_eq!(served(&repositories[0]).len(), served(&repositories[1]).len());
}

#[test]
fn families_of_runtimes_have_a_tag_that_moves_and_one_of_the_commit() {
    let project = Project::new(engine(), "public-runtimes");
    let (script, typed) = (project.repository(0, "script"), project.repository(0, "typed"));
    let definition = format!(
        r#"
        group "default" {{ targets = ["script", "typed"] }}
        target "_runtime" {{
          dockerfile = "any.Dockerfile"
          contexts   = {{ helpers = "./helpers" }}
        }}
        target "script" {{
          inherits  = ["_runtime"]
          name      = "script-${{replace(release, ".", "_")}}"
          matrix    = {{ release = ["22", "21.0"] }}
          args      = {{ NAME = "script-${{release}}" }}
          platforms = ["linux/amd64", "linux/arm64"]
        }}
        target "typed" {{
          inherits  = ["_runtime"]
          name      = "typed-${{replace(release, ".", "_")}}"
          matrix    = {{ release = ["2.6", "1.40"] }}
          args      = {{ NAME = "typed-${{release}}" }}
          platforms = release == "1.40" ? ["linux/amd64"] : ["linux/amd64", "linux/arm64"]
        }}
        image "script" {{
          repositories = ["{script}"]
          tags         = ["v5-${{release}}", "v5-${{release}}-{{{{ commit[:12] }}}}"]
        }}
        image "typed" {{
          repositories = ["{typed}"]
          tags         = ["v5-${{release}}", "v5-${{release}}-{{{{ commit[:12] }}}}"]
        }}
        "#
    );
    let dockerfile = format!("{STAND_IN}COPY --from=helpers . /helpers/\n");
    let project = project.file("docker-bake.hcl", &definition).file("any.Dockerfile", &dockerfile);
    let project = project.file("file", "x").file("helpers/run", "x");
    rehearse(&project);
    let both = vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()];
    let one = vec!["linux/amd64".to_owned()];
    let due = |tags: &[(&str, &Vec<String>)]| -> BTreeMap<String, Vec<String>> {
        let of_commit =
            tags.iter().map(|(tag, platforms)| (format!("{tag}-5f3c1e0d9b8a"), (*platforms).clone()));
        tags.iter()
            .map(|(tag, platforms)| ((*tag).to_owned(), (*platforms).clone()))
            .chain(of_commit)
            .collect()
    };
    assert_eq!(served(&script), due(&[("v5-22", &both), ("v5-21.0", &both)]));
    assert_eq!(served(&typed), due(&[("v5-2.6", &both), ("v5-1.40", &one)]));
}

#[test]
fn images_on_a_base_of_their_own_are_built_on_the_base_of_this_run() {
    let project = Project::new(engine(), "public-chain");
    let [base, worker, server] = ["base", "worker", "server"].map(|name| project.repository(0, name));
    let definition = format!(
        r#"
        target "base" {{
          dockerfile = "base.Dockerfile"
          platforms  = ["linux/amd64", "linux/arm64"]
        }}
        target "worker" {{
          name       = "worker-${{replace(release, ".", "_")}}"
          matrix     = {{ release = ["8.4", "8.5"] }}
          args       = {{ NAME = "worker-${{release}}" }}
          contexts   = {{ base = "target:base" }}
          dockerfile = "linked.Dockerfile"
          platforms  = ["linux/amd64", "linux/arm64"]
        }}
        target "server" {{
          name       = "server-${{replace(release, ".", "_")}}"
          matrix     = {{ release = ["8.4", "8.5"] }}
          args       = {{ NAME = "server-${{release}}" }}
          contexts   = {{ base = "target:worker-${{replace(release, ".", "_")}}" }}
          dockerfile = "linked.Dockerfile"
          platforms  = ["linux/amd64", "linux/arm64"]
        }}
        image "base" {{
          repositories = ["{base}"]
          tags         = ["latest"]
        }}
        image "worker" {{
          repositories = ["{worker}"]
          tags         = ["${{release}}"]
        }}
        image "server" {{
          repositories = ["{server}"]
          tags         = ["${{release}}"]
        }}
        "#
    );
    let project = project
        .file("docker-bake.hcl", &definition)
        .file("base.Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY file /base-${TARGETARCH}\n");
    let project =
        project.file("linked.Dockerfile", &STAND_IN.replace("FROM scratch", "FROM base")).file("file", "x");
    let ended = rehearse(&project);
    // What is linked shares a job, so that nothing is pulled that another run pushed.
    assert_eq!(ended.rows.len(), 2, "{:?}", ended.rows.keys());
    let both = vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()];
    assert_eq!(served(&base), BTreeMap::from([("latest".to_owned(), both.clone())]));
    for repository in [&worker, &server] {
        let due = ["8.4", "8.5"].map(|tag| (tag.to_owned(), both.clone()));
        assert_eq!(served(repository), BTreeMap::from(due));
    }
    let layers = |reference: &str| {
        let format = "{{range (index .Image \"linux/arm64\").RootFS.DiffIDs}}{{.}} {{end}}";
        project.buildx(&["imagetools", "inspect", "--format", format, reference]).trim().to_owned()
    };
    let (below, middle, top) = (
        layers(&format!("{base}:latest")),
        layers(&format!("{worker}:8.5")),
        layers(&format!("{server}:8.5")),
    );
    assert!(
        middle.starts_with(&below) && top.starts_with(&middle) && top != middle,
        "{below}\n{middle}\n{top}"
    );
}

#[test]
fn images_whose_names_begin_alike_are_not_mixed_up_in_two_registries() {
    let project = Project::new(engine(), "public-alike");
    let [first, second] = [0, 1].map(|at| ["app", "app-api"].map(|name| project.repository(at, name)));
    let hosts = [&first[0], &second[0]].map(|repository| repository.split('/').next().unwrap().to_owned());
    let definition = format!(
        r#"
        image {{
          workflow {{
            logins = {{ "{}" = "none", "{}" = "none" }}
          }}
        }}
        target "app" {{
          dockerfile = "any.Dockerfile"
          args       = {{ NAME = "app" }}
          platforms  = ["linux/amd64", "linux/arm64"]
        }}
        target "app-api" {{
          dockerfile = "many.Dockerfile"
          target     = "api"
          platforms  = ["linux/amd64", "linux/arm64"]
        }}
        image "app" {{
          repositories = ["{}", "{}"]
          tags         = ["{{{{ commit }}}}", "latest"]
        }}
        image "app-api" {{
          repositories = ["{}", "{}"]
          tags         = ["{{{{ commit }}}}", "latest"]
        }}
        "#,
        hosts[0], hosts[1], first[0], second[0], first[1], second[1]
    );
    let stages = "FROM scratch AS api\nCOPY file /api\nFROM scratch\nCOPY file /other\n";
    let project = project.file("docker-bake.hcl", &definition).file("any.Dockerfile", STAND_IN);
    let project = project.file("many.Dockerfile", stages).file("file", "x");
    rehearse(&project);
    let digest = |repository: &str, tag: &str| {
        project.buildx(&[
            "imagetools",
            "inspect",
            "--format",
            "{{json .Manifest.Digest}}",
            &format!("{repository}:{tag}"),
        ])
    };
    let commit = "5f3c1e0d9b8a7766554433221100ffeeddccbbaa";
    for (here, there) in std::iter::zip(&first, &second) {
        assert_eq!(tags(here), set(&[commit, "latest"]));
        assert_eq!(tags(there), set(&[commit, "latest"]));
        assert_eq!(Repository::new(here).index("latest").platforms(), ["linux/amd64", "linux/arm64"]);
        for other in [digest(here, commit), digest(there, "latest"), digest(there, commit)] {
            assert_eq!(digest(here, "latest"), other);
        }
    }
    assert_ne!(digest(&first[0], "latest"), digest(&first[1], "latest"));
}
