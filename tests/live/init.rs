//! What `bakeplan init` writes is a Bake file for real buildx, too.

use serde_json::Value;

use super::engine::{Project, engine};

const WORKFLOW: &str = r#"
on:
  push: { branches: [main], tags: ["v*"] }
env:
  IMAGE: ghcr.io/${{ github.repository }}
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/metadata-action@v5
        id: meta
        with:
          images: ${{ env.IMAGE }}
          tags: |
            type=semver,pattern={{version}}
            type=sha
      - uses: docker/build-push-action@v6
        with:
          context: app
          file: app/release.Dockerfile
          target: final
          platforms: linux/amd64,linux/arm64
          push: true
          tags: ${{ steps.meta.outputs.tags }}
          build-args: |
            NAME=a "quoted" ${NAME} %{if} \ value
            VERSION=${{ github.ref_name }}
          secrets: npm=${{ secrets.NPM_TOKEN }}
          cache-from: type=gha
          cache-to: type=gha,mode=max
      - uses: docker/build-push-action@v6
        with:
          push: true
          tags: docker.io/acme/tools:edge
"#;

const BAKE: &str = "// ours\ngroup \"default\" {\n  targets = [\"old\"]\n}\ntarget \"old\" {\n  tags = [\"acme/old:1\"]\n}\n";

/// Whether there is a Bake file or not, buildx reads what is written as bakeplan does, and a target that was there is unchanged.
#[test]
fn buildx_reads_what_is_written() {
    for (files, options) in [
        (&[][..], &[][..]),
        (&[], &["--separate"]),
        (&[("docker-bake.hcl", BAKE)], &[]),
        (&[("docker-bake.hcl", BAKE)], &["--separate"]),
    ] {
        let project = Project::new(engine(), "init").file(".github/workflows/image.yml", WORKFLOW);
        let project = files.iter().fold(project, |project, (path, text)| project.file(path, text));
        let old = (!files.is_empty()).then(|| project.buildx(&["bake", "--print", "old"]));
        project.bakeplan(&[&["init", "--write", "--yes"], options].concat());
        let labels = project.read("docker-bake.hcl");
        let labels: Vec<&str> =
            labels.lines().filter_map(|line| line.strip_prefix("target \"")?.split('"').next()).collect();
        assert!(labels.len() >= 2, "{labels:?}");
        for label in labels {
            let printed = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            let theirs = project.buildx(&["bake", "--print", label]);
            let ours = project.bakeplan(&["print", label]);
            assert_eq!(printed(&ours), printed(&theirs), "{label}: {}", project.read("docker-bake.hcl"));
        }
        assert_eq!(old, (!files.is_empty()).then(|| project.buildx(&["bake", "--print", "old"])));
    }
}
