//! A history of forty commits: after each, the images are built that differ, and real builds say that the others are the same.

use super::world::World;

const DEFINITION: &str = r#"
variable "GREETING" {
  default = "hello"
}
group "default" {
  targets = ["base", "api", "worker", "web", "docs", "tool"]
}
target "_all" {
  platforms = ["linux/amd64"]
}
target "base" {
  inherits = ["_all"]
  context  = "base"
  tags     = ["r.example/live/base:1"]
}
target "api" {
  inherits = ["_all"]
  context  = "services"
  contexts = { base = "target:base" }
  args     = { GREETING = GREETING }
  tags     = ["r.example/live/api:1"]
}
target "worker" {
  inherits   = ["_all"]
  context    = "services"
  dockerfile = "worker.Dockerfile"
  contexts   = { shared = "shared" }
  tags       = ["r.example/live/worker:1"]
}
target "web" {
  inherits = ["_all"]
  context  = "web"
  labels   = { made = timestamp() }
  tags     = ["r.example/live/web:1"]
}
target "docs" {
  inherits   = ["_all"]
  context    = "."
  dockerfile = "docs/Dockerfile"
  tags       = ["r.example/live/docs:1"]
}
target "tool" {
  context   = "tool"
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = ["r.example/live/tool:1"]
}
"#;

const FILES: &[(&str, &str)] = &[
    ("docker-bake.hcl", DEFINITION),
    ("README.md", "# All\n"),
    ("base/Dockerfile", "FROM scratch\nCOPY etc /etc/\n"),
    ("base/etc/passwd", "root\n"),
    ("base/notes.md", "notes\n"),
    ("services/Dockerfile", "FROM base\nARG GREETING\nCOPY api /srv/\nCOPY go.mod /\n"),
    (
        "services/worker.Dockerfile",
        "FROM scratch AS build\nCOPY go.mod /\nCOPY worker /srv/\nFROM scratch\nCOPY --from=build / /\nCOPY --from=shared . /shared/\n",
    ),
    ("services/go.mod", "module x\n"),
    ("services/api/main.go", "api\n"),
    ("services/worker/main.go", "worker\n"),
    ("services/.dockerignore", "**/*_test.go\n"),
    ("shared/lib.txt", "lib\n"),
    ("shared/.dockerignore", "*.md\n"),
    ("web/Dockerfile", "FROM scratch\nCOPY . /\n"),
    ("web/index.html", "<p>\n"),
    ("web/.dockerignore", "Dockerfile\n.dockerignore\n*.log\n"),
    ("docs/Dockerfile", "FROM scratch\nCOPY docs/*.md README.md /\n"),
    ("docs/Dockerfile.dockerignore", "*\n!docs\n!README.md\n"),
    ("docs/one.md", "one\n"),
    ("tool/Dockerfile", "FROM scratch AS bin\nARG TARGETARCH\nCOPY bin/$TARGETARCH /tool\nFROM bin\n"),
    ("tool/bin/amd64", "amd64\n"),
    ("tool/bin/arm64", "arm64\n"),
];

/// What each commit does, and the images that are built then.
const COMMITS: [(&str, &[&str]); 40] = [
    ("echo more >> README.md", &["docs"]),
    ("echo more >> base/notes.md", &[]),
    ("echo user >> base/etc/passwd", &["base", "api"]),
    ("echo more >> services/api/main.go", &["api"]),
    ("echo more >> services/worker/main.go", &["worker"]),
    ("echo 'require y' >> services/go.mod", &["api", "worker"]),
    ("echo test > services/api/main_test.go", &[]),
    ("echo '**/*.tmp' >> services/.dockerignore", &[]),
    ("echo tmp > services/worker/a.tmp", &[]),
    ("echo '!**/a.tmp' >> services/.dockerignore", &["worker"]),
    ("git rm -q services/worker/a.tmp", &["worker"]),
    ("echo more >> shared/lib.txt", &["worker"]),
    ("echo more > shared/notes.md", &[]),
    ("echo '!notes.md' >> shared/.dockerignore", &["worker"]),
    ("mv shared/notes.md web/", &["worker", "web"]),
    ("echo x > web/a.log", &[]),
    ("echo '# more' >> web/.dockerignore", &[]),
    ("echo '<b>' >> web/index.html", &["web"]),
    ("chmod +x web/index.html", &["web"]),
    ("mv web/index.html web/größe.html; ln -s größe.html web/index.html", &["web"]),
    ("mkdir web/logs; echo x > web/logs/a.txt; echo 'logs/*' >> web/.dockerignore", &["web"]),
    ("echo x > web/logs/b.txt", &[]),
    ("echo two > docs/two.md", &["docs"]),
    ("echo x > docs/picture.svg", &[]),
    ("mv docs/one.md docs/three.md", &["docs"]),
    ("mkdir docs/deep; echo x > docs/deep/four.md", &[]),
    ("echo more >> tool/bin/arm64", &["tool"]),
    ("echo notes > tool/README", &[]),
    ("sed -i s/hello/bye/ docker-bake.hcl", &["api"]),
    ("sed -i 's/api:1/api:2/' docker-bake.hcl", &[]),
    ("sed -i 's,\"web\"$,\"web\" # the site,' docker-bake.hcl", &[]),
    ("echo 'LABEL a=b' >> services/worker.Dockerfile", &["worker"]),
    ("echo '# a comment' >> base/Dockerfile", &["base", "api"]),
    ("ln -sf ../README.md docs/readme.md", &["docs"]),
    ("echo more >> README.md", &["docs"]),
    ("git mv services/api/main.go services/api/server.go", &["api"]),
    ("git revert --no-commit HEAD", &["api"]),
    (
        "echo 'README.md text eol=crlf' > .gitattributes; printf '# All\\r\\nmore\\r\\nmore\\r\\n' > README.md",
        EVERYTHING,
    ),
    ("sed -i 's,context  = \"web\",context  = \"./web/../web\",' docker-bake.hcl", &[]),
    (
        "git rm -q -r tool/bin/amd64; echo new > tool/bin/amd64; printf 'line\\nbreak' > 'web/a\nb'",
        &["tool", "web"],
    ),
];

/// What a change of the attributes at the top may reach.
const EVERYTHING: &[&str] = &["base", "api", "worker", "web", "docs", "tool"];

#[test]
fn forty_commits_build_what_differs() {
    let mut world = World::new("history");
    world.fixed.push("web-linux-amd64.labels.made=0".to_owned());
    for (path, text) in FILES {
        world.write(path, text);
    }
    world.commit();
    world.start();
    let (mut wrong, mut built, mut needless, mut all) = (vec![], 0, 0, 0);
    for (script, expected) in COMMITS {
        world.shell(script);
        world.commit();
        let step = world.step();
        wrong.extend(step.wrong.iter().map(|what| format!("{script}: {what}")));
        let expected: Vec<&str> = {
            let mut sorted = expected.to_vec();
            sorted.sort_unstable();
            sorted
        };
        let found: Vec<&str> = step.built.iter().map(String::as_str).collect();
        if found != expected {
            wrong.push(format!("{script}: {found:?} are built instead of {expected:?}"));
        }
        built += step.builds.values().filter(|build| !build.foretold_same).count();
        needless += step.needless();
        all += step.builds.len();
    }
    println!("{all} builds without the comparison, {built} with it, {needless} of them needless");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
