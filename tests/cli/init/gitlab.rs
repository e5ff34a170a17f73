//! Pipelines of GitLab CI.

use super::{Files, init, said, test};
use crate::support::Test;

const FROM: &str = "FROM scratch\n";

/// A repository on gitlab.com with this pipeline.
pub(super) fn project(pipeline: &str, more: Files<'_>) -> Test {
    let files = [&[(".gitlab-ci.yml", pipeline), ("Dockerfile", FROM)][..], more].concat();
    let here = test(&files);
    for arguments in [
        &["init", "-q", "-b", "main"][..],
        &["remote", "add", "origin", "https://gitlab.com/acme/team/app.git"],
    ] {
        let status = std::process::Command::new("git").current_dir(here.folder()).args(arguments).status();
        assert!(status.unwrap().success());
    }
    here
}

/// What each run publishes today, and with the proposal, but for branches that nothing names.
#[track_caller]
fn rows(pipeline: &str) -> Vec<String> {
    let mut rows = all_rows(pipeline);
    rows.retain(|row| !row.starts_with("push to another-branch"));
    rows
}

#[track_caller]
fn all_rows(pipeline: &str) -> Vec<String> {
    let said = said(&project(pipeline, &[]).args(["init"]));
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    said.rows()
}

#[test]
fn a_pipeline_is_read_with_its_rules() {
    let pipeline = "\
stages: [build]
variables:
  IMAGE: $CI_REGISTRY_IMAGE
default:
  before_script:
    - docker login -u $CI_REGISTRY_USER -p $CI_REGISTRY_PASSWORD $CI_REGISTRY
.build: &build
  stage: build
  script:
    - docker buildx build --platform linux/amd64,linux/arm64 -t \"$IMAGE:$TAG\" --push .
edge:
  extends: .build
  variables: { TAG: edge }
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
release:
  extends: .build
  variables: { TAG: $CI_COMMIT_TAG }
  rules:
    - if: $CI_COMMIT_TAG =~ /^v\\d/
      when: on_success
    - when: never
";
    let repository = "registry.gitlab.com/acme/team/app";
    assert_eq!(
        rows(pipeline),
        [
            format!("push to main | app | {repository}: edge | the same"),
            format!("git tag v1.2.3 | app | {repository}: v1.2.3 | the same"),
            "pull request 7 | app | nothing | nothing".to_owned(),
        ]
    );
    let here = project(pipeline, &[]).args(["init", "--write", "--yes"]);
    let said = said(&here);
    said.proposes(&["`bakeplan workflow gitlab -o .gitlab/images.yml --install HOW`"]);
    let text = std::fs::read_to_string(here.folder().join("docker-bake.hcl")).unwrap();
    assert!(text.contains("# from .gitlab-ci.yml:10"), "{text}");
}

#[test]
fn builds_of_every_program_are_found() {
    for script in [
        "    - docker build -t $CI_REGISTRY_IMAGE:1 .\n    - docker push $CI_REGISTRY_IMAGE:1\n",
        "    - docker build -t app .\n    - docker tag app $CI_REGISTRY_IMAGE:1\n    - docker push $CI_REGISTRY_IMAGE:1\n",
        "    - |\n      for a in amd64 arm64; do\n        docker build --platform linux/$a -t $CI_REGISTRY_IMAGE:1-$a .\n        docker push $CI_REGISTRY_IMAGE:1-$a\n      done\n      docker manifest create $CI_REGISTRY_IMAGE:1 $CI_REGISTRY_IMAGE:1-amd64 $CI_REGISTRY_IMAGE:1-arm64\n",
        "    - /kaniko/executor --context \"$CI_PROJECT_DIR\" --dockerfile \"${CI_PROJECT_DIR}/Dockerfile\" --destination \"${CI_REGISTRY_IMAGE}:1\"\n",
        "    - buildah bud -t $CI_REGISTRY_IMAGE:1 .\n    - buildah push $CI_REGISTRY_IMAGE:1\n",
    ] {
        let pipeline = format!("ship:\n  stage: build\n  only: [main]\n  script:\n{script}");
        let rows = rows(&pipeline);
        assert_eq!(
            rows[..2],
            [
                "push to main | app | registry.gitlab.com/acme/team/app: 1 | the same",
                "git tag v1.2.3 | app | nothing | nothing"
            ],
            "{script}"
        );
    }
    // A job is no keyword, and a program that pushes nothing publishes nothing.
    for pipeline in [
        "image: docker:28\ntest:\n  script: [docker build .]\n",
        "a:\n  script: [\"/kaniko/executor --no-push --destination $CI_REGISTRY_IMAGE:1\"]\n",
        "a:\n  script: [\"/kaniko/executor --no-push --no-push\"]\n",
        "a:\n  script: [\"/kaniko/executor -d $CI_REGISTRY_IMAGE:1 --no-push=true --no-push\"]\n",
        ".hidden:\n  script: [docker build --push -t $CI_REGISTRY_IMAGE:1 .]\n",
    ] {
        said(&project(pipeline, &[]).args(["init"])).proposes(&["a first guess"]);
    }
}

/// `only` names refs, refs of a project and what starts a pipeline.
#[test]
fn only_lists_refs_and_starts() {
    let published = "registry.gitlab.com/acme/team/app: 1 | the same";
    for (only, branch, tag) in [
        ("[tags@acme/team/app]", false, true),
        ("[branches@acme/team/app, tags@acme/team/app]", true, true),
        ("[main@acme/team/app]", true, false),
        ("[/^v/@acme/team/app]", false, true),
        ("[main]", true, false),
        ("[tags]", false, true),
        ("[main, web, api]", true, false),
    ] {
        let script = "/kaniko/executor -d $CI_REGISTRY_IMAGE:1 --no-push=false";
        let rows = rows(&format!("a:\n  only: {only}\n  script: [\"{script}\"]\n"));
        let ends = |is_published: bool| if is_published { published } else { "app | nothing | nothing" };
        assert!(rows[0].ends_with(ends(branch)) && rows[1].ends_with(ends(tag)), "{only}: {rows:?}");
    }
}

/// What it cannot follow, it names at its line.
#[test]
fn what_is_not_followed_is_told_at_its_line() {
    for (pipeline, told) in [
        (
            "a:\n  script:\n    - docker build --push -t $CI_REGISTRY_IMAGE:$CI_PIPELINE_ID -t $CI_REGISTRY_IMAGE:1 .\n",
            "`$CI_PIPELINE_ID` is not known here\n --> .gitlab-ci.yml:3",
        ),
        (
            "a:\n  script:\n    - !reference [.b, script]\n    - docker build --push -t $CI_REGISTRY_IMAGE:1 .\n",
            "this refers to what is not in the file\n --> .gitlab-ci.yml:3",
        ),
        (
            "include:\n  - local: b.yml\na:\n  script: [docker build --push -t $CI_REGISTRY_IMAGE:1 .]\n",
            " --> .gitlab-ci.yml:2",
        ),
        (
            "a:\n  script:\n    - docker build --push -t $OTHER:1 .\n",
            "the repository is not known, since it has `$OTHER` in it\n --> .gitlab-ci.yml:3",
        ),
    ] {
        said(&project(pipeline, &[]).args(["init"])).tells(&[told]);
    }
    let manual = "a:\n  when: manual\n  script: [docker build --push -t $CI_REGISTRY_IMAGE:1 .]\n";
    said(&project(manual, &[]).args(["init"])).tells(&["none of its tags is known\n --> .gitlab-ci.yml:3"]);
    let changes =
        "a:\n  rules:\n    - changes: [app/*]\n  script: [docker build --push -t $CI_REGISTRY_IMAGE:1 .]\n";
    said(&project(changes, &[]).args(["init"])).tells(&["none of its tags is known\n --> .gitlab-ci.yml:4"]);
    for (path, text) in [
        ("Jenkinsfile", "sh 'docker push acme/app:1'\n"),
        (".circleci/config.yml", "    - run: docker buildx build --push .\n"),
    ] {
        said(&test(&[(path, text)]).args(["init"])).tells(&["this pipeline of", "`init` does not read how"]);
    }
}

/// A job of each row of a matrix.
#[test]
fn a_matrix_has_a_row_for_each_value() {
    let pipeline = "\
a:
  parallel:
    matrix:
      - SVC: [api, web]
  script:
    - docker build --push -t $CI_REGISTRY_IMAGE/$SVC:$CI_COMMIT_SHORT_SHA $SVC
";
    let rows = rows(pipeline);
    assert!(
        rows[0].contains("/api: 01234567 | the same") && rows[1].contains("/web: 01234567 | the same"),
        "{rows:?}"
    );
}

#[test]
fn variables_of_rules_are_those_of_the_rule_that_applies() {
    for (head, job, main, tag) in [
        (
            "",
            "  variables: {T: other}\n  rules:\n    - if: $CI_COMMIT_TAG\n      variables: {T: release}\n    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH\n      variables: {T: edge}\n",
            "edge",
            "release",
        ),
        (
            "variables: {T: other}\nworkflow:\n  rules:\n    - if: $CI_COMMIT_TAG\n      variables: {T: $CI_COMMIT_TAG}\n    - when: always\n",
            "",
            "other",
            "v1.2.3",
        ),
        (
            "workflow:\n  rules:\n    - if: $CI_COMMIT_TAG\n      variables: {T: whole}\n    - when: always\n      variables: {T: part}\n",
            "  rules:\n    - if: $CI_COMMIT_TAG\n      variables: {T: own}\n    - when: on_success\n",
            "part",
            "own",
        ),
        ("variables: {T: other}\n", "", "other", "other"),
    ] {
        let pipeline = format!(
            "{head}build:\n{job}  script:\n    - docker build -t registry.example/acme/api:$T .\n    - docker push registry.example/acme/api:$T\n"
        );
        let rows = rows(&pipeline);
        assert_eq!(
            rows[0],
            format!("push to main | api | registry.example/acme/api: {main} | the same"),
            "{pipeline}"
        );
        assert_eq!(
            rows[1],
            format!("git tag v1.2.3 | api | registry.example/acme/api: {tag} | the same"),
            "{pipeline}"
        );
    }
}

#[test]
fn arguments_take_the_variables_of_the_pipeline() {
    for (value, expected) in [
        ("$CI_COMMIT_REF_NAME", "A = CI_COMMIT_REF_NAME"),
        ("$CI_COMMIT_SHA", "A = CI_COMMIT_SHA"),
        ("$CI_COMMIT_SHORT_SHA", "A = CI_COMMIT_SHORT_SHA"),
        ("$CI_COMMIT_TAG", "A = CI_COMMIT_TAG"),
    ] {
        let pipeline = format!(
            "build:\n  script:\n    - docker build --build-arg A={value} -t registry.example/acme/api:x .\n    - docker push registry.example/acme/api:x\n"
        );
        let said = said(&project(&pipeline, &[]).args(["init"]));
        said.proposes(&[expected, "# GitLab sets this in each run"]);
        said.lacks(&["GITHUB_", "workflow github"]);
    }
    // One that nobody sets.
    let pipeline = "build:\n  script:\n    - docker build --build-arg A=$(make version) -t registry.example/acme/api:x .\n    - docker push registry.example/acme/api:x\n";
    let said = said(&project(pipeline, &[]).args(["init"]));
    said.tells(&["set a variable of this name in the pipeline"]);
    said.lacks(&["workflow github"]);
}

const ONE: &str = "  script: [docker build --push -t $CI_REGISTRY_IMAGE:one .]\n";

/// What a job publishes on its conditions alone has these conditions in the proposal.
#[test]
fn conditions_of_jobs_become_those_of_tags() {
    for (job, expected) in [
        ("rules:\n    - if: $CI_COMMIT_BRANCH == \"develop\"\n", "branch == \\\"develop\\\""),
        ("rules:\n    - if: '\"develop\" == $CI_COMMIT_BRANCH'\n", "branch == \\\"develop\\\""),
        (
            "rules:\n    - if: $CI_COMMIT_BRANCH =~ /^release/\n",
            "branch and branch is startingwith(\\\"release\\\")",
        ),
        ("rules:\n    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH\n", "default_branch"),
        ("rules:\n    - if: $CI_COMMIT_TAG\n      when: never\n    - if: $CI_COMMIT_BRANCH\n", "branch"),
        ("rules:\n    - if: ($CI_COMMIT_TAG)\n", "tag"),
        ("rules:\n    - if: $CI_PIPELINE_SOURCE == \"web\"\n", "event == \\\"web\\\""),
        ("only: [develop]\n", "(tag or branch) == \\\"develop\\\""),
        ("only:\n    refs: [/^release-.*$/]\n", "(tag or branch) is startingwith(\\\"release-\\\")"),
        ("only: [branches]\n", "branch"),
        ("except: [tags]\n", "branch"),
        ("except: [branches]\n", "tag"),
        ("only:\n    variables: [$CI_COMMIT_TAG]\n", "tag"),
    ] {
        // Another job publishes in every run.
        let pipeline =
            format!("a:\n  {job}{ONE}b:\n  script: [docker build --push -t $CI_REGISTRY_IMAGE:other .]\n");
        let said = said(&project(&pipeline, &[]).args(["init"]));
        let line = said.stdout.lines().find(|line| line.contains("pattern = \"one\"")).unwrap_or_default();
        assert!(line.contains(expected), "{job}: {line}\n{}{}", said.stdout, said.stderr);
        said.proposes(&["    \"other\",\n"]);
        for row in said.rows() {
            assert!(row.ends_with("the same") || row.ends_with("nothing"), "{job}: {:?}", said.rows());
        }
    }
}

/// What no plan knows is never without its condition.
#[test]
fn conditions_that_are_not_known_are_told() {
    let other = "b:\n  script: [docker build --push -t $CI_REGISTRY_IMAGE:other .]\n";
    for (job, told) in [
        ("when: manual\n", "a plan cannot express `a push && when: manual`"),
        ("rules:\n    - when: manual\n      allow_failure: true\n", "a plan cannot express `when: manual`"),
        ("rules:\n    - if: $CI_COMMIT_TAG\n      when: manual\n", "&& when: manual`"),
        ("rules:\n    - if: $DEPLOY == \"yes\"\n", "a plan cannot express `$DEPLOY == \"yes\"`"),
        ("rules:\n    - if: $CI_COMMIT_MESSAGE =~ /docker/\n", "a plan cannot express `$CI_COMMIT_MESSAGE"),
        ("rules:\n    - changes: [app/*]\n", "a plan cannot express `changes: app/*`"),
        ("rules:\n    - exists: [Dockerfile]\n", "a plan cannot express `exists: Dockerfile`"),
        ("rules:\n    - if: some(new, form)\n", "a plan cannot express `some(new, form)`"),
        ("rules:\n    - !reference [.c, rules]\n", "a plan cannot express `a rule that is not in this file`"),
        ("only:\n    changes: [app/*]\n", "a plan cannot express `changes`"),
        ("only:\n    variables: [$DEPLOY]\n", "a plan cannot express `$DEPLOY`"),
    ] {
        let pipeline = format!("a:\n  {job}{ONE}{other}");
        let said = said(&project(&pipeline, &[]).args(["init"]));
        said.tells(&["this tag is not in the proposal", told, " --> .gitlab-ci.yml:"]);
        said.proposes(&["    \"other\",\n", "not known: whether .gitlab-ci.yml:"]);
        assert!(!said.stdout.contains("    \"one\",\n"), "{job}\n{}", said.stdout);
    }
    for job in [
        "when: on_success\n",
        "allow_failure: true\n",
        "when: always\n",
        "rules:\n    - when: delayed\n      start_in: 5 minutes\n",
    ] {
        let said = said(&project(&format!("a:\n  {job}{ONE}{other}"), &[]).args(["init"]));
        said.proposes(&["    \"one\",\n"]);
        said.lacks(&["not in the proposal", "a plan cannot express"]);
    }
    let never = format!("a:\n  when: on_failure\n{ONE}{other}");
    said(&project(&never, &[]).args(["init"])).lacks(&["    \"one\"", "acme/one"]);
}

#[test]
fn references_to_other_jobs_are_followed() {
    let built = "docker build --push -t $CI_REGISTRY_IMAGE:one .";
    for (job, rest) in [
        ("script:\n    - !reference [.b, script]\n", format!(".b:\n  script: [{built}]\n")),
        ("script: !reference [.b, script]\n", format!(".b:\n  script:\n    - {built}\n")),
        (
            "script:\n    - echo\n    - !reference [.b, script]\n",
            format!(
                ".b:\n  script:\n    - !reference [.c, before_script]\n.c:\n  before_script: [{built}]\n"
            ),
        ),
        (
            "before_script:\n    - !reference [.b, script]\n  script: [echo]\n",
            format!(".b:\n  extends: .c\n.c:\n  script: [{built}]\n"),
        ),
    ] {
        let pipeline = format!("a:\n  {job}{rest}");
        let rows = rows(&pipeline);
        assert_eq!(
            rows[0], "push to main | app | registry.gitlab.com/acme/team/app: one | the same",
            "{pipeline}"
        );
    }
    let rules =
        format!("a:\n  rules:\n    - !reference [.b, rules]\n{ONE}.b:\n  rules:\n    - if: $CI_COMMIT_TAG\n");
    assert!(rows(&rules)[0].ends_with("app | nothing | nothing"), "{:?}", rows(&rules));
    // In a circle.
    let circle = format!(
        "a:\n  script:\n    - !reference [.b, script]\n    - {built}\n.b:\n  script:\n    - !reference [.b, script]\n"
    );
    said(&project(&circle, &[]).args(["init"])).tells(&["this refers to what is not in the file"]);
}

#[test]
fn names_of_refs_are_those_of_gitlab() {
    for (tag, main, version) in [
        ("$CI_COMMIT_REF_SLUG", "main", "v1-2-3"),
        ("x-$CI_COMMIT_REF_SLUG-y", "x-main-y", "x-v1-2-3-y"),
        ("${CI_COMMIT_REF_SLUG}", "main", "v1-2-3"),
        ("${CI_COMMIT_TAG:-latest}", "latest", "v1.2.3"),
        ("${CI_COMMIT_TAG:-$CI_COMMIT_SHORT_SHA}", "01234567", "v1.2.3"),
        ("${CI_COMMIT_TAG-latest}", "latest", "v1.2.3"),
        ("${CI_COMMIT_BRANCH:-$CI_COMMIT_TAG}", "main", "v1.2.3"),
    ] {
        for script in [
            format!("    - docker build --push -t $CI_REGISTRY_IMAGE:{tag} .\n"),
            format!(
                "    - export T={tag}\n    - docker build -t $CI_REGISTRY_IMAGE:$T .\n    - docker push $CI_REGISTRY_IMAGE:$T\n"
            ),
        ] {
            let rows = rows(&format!("a:\n  script:\n{script}"));
            assert_eq!(
                rows[0],
                format!("push to main | app | registry.gitlab.com/acme/team/app: {main} | the same"),
                "{script}"
            );
            assert_eq!(
                rows[1],
                format!("git tag v1.2.3 | app | registry.gitlab.com/acme/team/app: {version} | the same"),
                "{script}"
            );
        }
    }
    for tag in ["${CI_COMMIT_BRANCH:-latest}", "${CI_COMMIT_TAG:+release}", "${CI_COMMIT_REF_SLUG^^}"] {
        let pipeline = format!(
            "a:\n  script:\n    - docker build --push -t $CI_REGISTRY_IMAGE:{tag} -t $CI_REGISTRY_IMAGE:1 .\n"
        );
        said(&project(&pipeline, &[]).args(["init"])).tells(&["is not known here\n --> .gitlab-ci.yml:3"]);
    }
}

/// Jobs that run for branches which nothing names have a row, and what the proposal does not do there is told.
#[test]
fn jobs_of_any_branch_have_a_row() {
    let build = "docker build --push -t $CI_REGISTRY_IMAGE:$CI_COMMIT_REF_SLUG .";
    for (head, is_of_any) in [
        ("", true),
        ("only: [branches]", true),
        ("except: [tags]", true),
        ("except: [main]", true),
        ("rules: [{ if: $CI_COMMIT_BRANCH }]", true),
        ("rules: [{ if: $CI_COMMIT_BRANCH != $CI_DEFAULT_BRANCH }]", true),
        ("rules: [{ if: $CI_COMMIT_TAG, when: never }, { when: always }]", true),
        ("only: [main]", false),
        ("only: [tags]", false),
        ("only: [main, develop]", false),
        ("rules: [{ if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH }]", false),
        ("rules: [{ if: $CI_COMMIT_TAG }]", false),
        ("rules: [{ if: '$CI_COMMIT_BRANCH =~ /^release/' }, { if: $CI_COMMIT_TAG }]", false),
    ] {
        let said = said(&project(&format!("ship:\n  {head}\n  script: [\"{build}\"]\n"), &[]).args(["init"]));
        let rows = said.rows();
        let row = rows.iter().find(|row| row.starts_with("push to another-branch"));
        assert_eq!(row.is_some(), is_of_any, "{head}: {rows:?}\n{}", said.stderr);
        if is_of_any {
            let row = row.unwrap();
            assert!(
                row.contains("registry.gitlab.com/acme/team/app: another-branch | nothing"),
                "{head}: {row}"
            );
            said.tells(&["a push to any branch publishes today, and only one to `main` does"]);
        }
    }
    // Beside a branch with a name, and for a job that publishes nothing.
    let pipeline = format!(
        "ship:\n  rules: [{{ if: $CI_COMMIT_BRANCH == \"develop\" }}]\n  script: [\"{build}\"]\nany:\n  rules: [{{ if: $CI_COMMIT_BRANCH }}]\n  script: [SCRIPT]\n"
    );
    let with = |script: &str| all_rows(&pipeline.replace("SCRIPT", script));
    let has_any = |rows: &[String]| rows.iter().any(|row| row.starts_with("push to another-branch"));
    assert!(has_any(&with("\"docker build --push -t $CI_REGISTRY_IMAGE/api:x .\"")));
    assert!(!has_any(&with("make test")));
}

/// A job begins behind the stages before its own, or behind what it needs.
#[test]
fn jobs_have_their_turns_by_stage_or_by_need() {
    let job = |name: &str, lines: &str| {
        format!(
            "{name}:\n  {lines}\n  rules: [{{ if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH }}]\n  script:\n    - docker build -t registry.example/acme/{name}:edge {name}\n    - docker push registry.example/acme/{name}:edge\n"
        )
    };
    for (base, app, is_linked) in [
        ("stage: one", "stage: two", true),
        ("stage: one", "stage: one", false),
        ("stage: two", "stage: one", false),
        ("stage: two", "stage: two\n  needs: [base]", true),
        ("stage: one", "stage: two\n  needs: []", false),
        ("stage: one", "stage: two\n  needs: [{ job: base, artifacts: false }]", true),
        ("stage: one", "stage: two\n  needs: [check]", true),
        ("stage: .pre", "stage: one", true),
    ] {
        let check = "check:\n  stage: one\n  needs: [base]\n  script: [echo]\n";
        let text = format!(
            "stages: [one, two]\n{}{}{}",
            job("base", base),
            check.replace("[base]", if app.contains("check") { "[base]" } else { "[]" }),
            job("app", app)
        );
        let said = init(&[
            (".gitlab-ci.yml", text.as_str()),
            ("base/Dockerfile", "FROM scratch\n"),
            ("app/Dockerfile", "FROM registry.example/acme/base:edge\n"),
        ]);
        let link = "\"registry.example/acme/base:edge\" = \"target:base\"";
        assert_eq!(said.stdout.contains(link), is_linked, "{base}, {app}:\n{}{}", said.stdout, said.stderr);
        assert_eq!(said.stderr.contains("this reads"), !is_linked, "{base}, {app}:\n{}", said.stderr);
    }
}

/// A runner of the project's own keeps what a job builds, and others pull it.
#[test]
fn a_job_pushes_what_another_one_has_built() {
    let build = "stages: [build, push]\nbuild:\n  stage: build\n  script:\n    - docker build --target app -t $CI_REGISTRY_IMAGE:$CI_COMMIT_SHORT_SHA .\n";
    let push = "push:\n  stage: push\n  script:\n    - docker push \"$CI_REGISTRY_IMAGE:$CI_COMMIT_SHORT_SHA\"\n  only: [main]\n";
    let again = "release:\n  stage: push\n  only: [tags]\n  script:\n    - docker pull $CI_REGISTRY_IMAGE:$CI_COMMIT_SHORT_SHA\n    - docker tag $CI_REGISTRY_IMAGE:$CI_COMMIT_SHORT_SHA $CI_REGISTRY_IMAGE:$CI_COMMIT_TAG\n    - docker push $CI_REGISTRY_IMAGE:$CI_COMMIT_TAG\n";
    const IMAGE: &str = "registry.gitlab.com/acme/team/app";
    assert_eq!(
        rows(&format!("{build}{push}")),
        [
            format!("push to main | app | {IMAGE}: 01234567 | the same"),
            "git tag v1.2.3 | app | nothing | nothing".to_owned(),
            "pull request 7 | app | nothing | nothing".to_owned(),
        ]
    );
    let both = format!("{build}{push}{again}");
    assert_eq!(
        rows(&both)[..2],
        [
            format!("push to main | app | {IMAGE}: 01234567 | the same"),
            format!("git tag v1.2.3 | app | {IMAGE}: v1.2.3 | the same"),
        ]
    );
    let said_of = |pipeline: &str| said(&project(pipeline, &[]).args(["init"]));
    said_of(&both).proposes(&["target = \"app\""]);
    // What nobody builds here is named.
    let other = push.replace("$CI_REGISTRY_IMAGE:", "$CI_REGISTRY_IMAGE/web:");
    said_of(&format!("{build}{push}{other}").replacen("push:\n", "first:\n", 1))
        .tells(&["the images that it is made of were not found"]);
}

#[test]
fn a_prerelease_that_no_rule_lets_through_is_named() {
    let pipeline = "release:\n  rules:\n    - if: $CI_COMMIT_TAG =~ /^v[0-9.]+$/\n  script:\n    - docker build -t $CI_REGISTRY_IMAGE:$CI_COMMIT_TAG .\n    - docker push $CI_REGISTRY_IMAGE:$CI_COMMIT_TAG\n";
    let said = said(&project(pipeline, &[]).args(["init"]));
    said.tells(&[
        "git tags such as `v1.2.3-rc.1` start nothing today, since the rules of the pipeline keep them out",
    ]);
    let pipeline = pipeline.replace("=~ /^v[0-9.]+$/", "=~ /^v/");
    let said = super::said(&project(&pipeline, &[]).args(["init"]));
    said.lacks(&["start nothing today"]);
}
