//! Compose files: what `docker buildx bake` makes of the services that have a `build`.
//!
//! Follows buildx's bake/compose.go, and of compose-go what decides about the result: interpolation, `.env`, merging,
//! `extends`, `include`, `env_file`. Of what Bake does not read, such as `ports`, only that is checked which is an error to
//! buildx, too.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::decoder::Decoder;
use super::dotenv::Environment;
use super::files::{Files, Unreadable};
use super::model::{File, Loader};
use super::node::{Map, Node};
use super::paths::Folders;
use super::template::Substitution;
use super::{dotenv, ignored, service, unknown, yaml};
use crate::bake::target::Definition;
use crate::bake::values::{MarkedStr, Name, SecretNames};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, Secrets};
use crate::source::{SourceId, Sources};

/// The file of variables in the current directory.
pub(crate) const DOTENV: &str = ".env";

const PROJECT: &str = "COMPOSE_PROJECT_NAME";

/// What Compose files see of their surroundings.
pub struct ComposeInputs<'a> {
    /// Environment variables; none when looking them up is switched off. Those of `.env` are added.
    pub env: &'a BTreeMap<String, String>,
    /// `--var NAME=VALUE`, which win over all others.
    pub vars: &'a BTreeMap<String, String>,
    /// What `~` stands for.
    pub home: Option<&'a str>,
    /// The files.
    pub files: &'a dyn Files,
    /// Which variables are secret.
    pub secrets: &'a SecretNames,
}

/// What Compose files say.
#[derive(Debug, Default)]
pub struct Composition {
    /// The targets in order of their names, and the group `default`.
    pub definition: Definition,
    /// The Compose files that `include` and `extends` added to the sources.
    pub read: Vec<SourceId>,
    /// Variables that have no value.
    pub warnings: Vec<Diagnostic>,
    /// Extensions and keys of them that nobody reads, though they look as if they were meant for Bake.
    pub ignored: Vec<Diagnostic>,
}

/// Reads a file alone, as far as that can be done without the files that it is merged with.
///
/// # Errors
/// All that is found wrong with it at the first stage that fails.
pub(crate) fn check(
    sources: &mut Sources,
    file: SourceId,
    surroundings: &ComposeInputs<'_>,
) -> Result<(), Vec<Diagnostic>> {
    project(sources, &[file], surroundings, false).map(drop)
}

/// Merges Compose files, in this order, and makes targets of their services.
///
/// # Errors
/// All that is found wrong at the first stage that fails. Each file must stand alone, too, as [`check`] sees it.
pub fn load(
    sources: &mut Sources,
    files: &[SourceId],
    surroundings: &ComposeInputs<'_>,
) -> Result<Composition, Vec<Diagnostic>> {
    if files.len() > 1 {
        let failed = files.iter().filter_map(|file| check(sources, *file, surroundings).err());
        let failed: Vec<Diagnostic> = failed.flatten().collect();
        if !failed.is_empty() {
            return Err(failed);
        }
    }
    project(sources, files, surroundings, true)
}

/// Reads files together. Messages quote what they are about, and that may be the value of a secret variable, also of one
/// that only these files know: none is in what this returns.
fn project(
    sources: &mut Sources,
    files: &[SourceId],
    surroundings: &ComposeInputs<'_>,
    complete: bool,
) -> Result<Composition, Vec<Diagnostic>> {
    let mut secrets = Secrets::default();
    read(sources, files, surroundings, complete, &mut secrets)
        .map_err(|found| found.iter().map(|one| one.without(&secrets)).collect())
}

fn read(
    sources: &mut Sources,
    files: &[SourceId],
    surroundings: &ComposeInputs<'_>,
    complete: bool,
    secrets: &mut Secrets,
) -> Result<Composition, Vec<Diagnostic>> {
    let files: Vec<File> =
        files.iter().map(|id| File { path: sources.get(*id).path.clone(), source: *id }).collect();
    let mut environment = environment(surroundings).map_err(|diagnostic| vec![diagnostic])?;
    secrets.hide(dotenv::secrets(&environment));
    let name = project_name(sources, &files, &environment).map_err(|diagnostic| vec![diagnostic])?;
    environment.insert(PROJECT.into(), name);
    let mut loader = Loader {
        sources,
        files: surroundings.files,
        home: surroundings.home,
        names: surroundings.secrets,
        read: vec![],
        unset: BTreeMap::new(),
        models: vec![],
        secrets,
        includes: 0,
        extended: 0,
    };
    let model = loader.model(&files, &Folders::default(), &environment, &[])?;
    if is_empty(&model) {
        let names: Vec<_> = files.iter().map(|file| format!("`{}`", file.path)).collect();
        let message = format!("{} has no services", names.join(", "));
        let error = Diagnostic::error(Code::EMPTY_COMPOSE_FILE, message);
        let mut tops = model.iter();
        let service =
            tops.find(|(_, member)| ["build", "image"].iter().any(|key| member.value.get(key).is_some()));
        return Err(vec![match service {
            Some((name, member)) => error
                .at(member.key, "")
                .with_help(format!("`{name}` looks like a service: move it below `services:`")),
            None if ["image", "images"].iter().any(|key| model.contains_key(*key)) => error
                .with_help("`image` blocks are HCL or JSON: write them into `images.hcl` or `images.json`"),
            None => error,
        }]);
    }
    let Loader { read, unset, .. } = loader;
    let diagnostics = Diagnostics::default();
    let decoder = Decoder {
        environment: &environment,
        files: surroundings.files,
        names: surroundings.secrets,
        complete,
        variables: 0,
        diagnostics,
    };
    let mut definition = service::definition(&model, decoder)?;
    let warning = |(name, span): (Name, _)| {
        let message = format!("the variable `{name}` is not set, and counts as empty");
        let help = format!("write `${{{name}:-}}` if it may be empty");
        Diagnostic::warning(Code::UNSET_VARIABLE, message).at(Some(span), "").with_help(help)
    };
    let warnings = unset.into_iter().map(warning).collect();
    let services = model.get("services").and_then(|member| member.value.as_map());
    let unbuilt = services.into_iter().flatten().filter(|(_, member)| member.value.get("build").is_none());
    definition.unbuilt = unbuilt.map(|(name, member)| (Arc::clone(name), member.key)).collect();
    let read = read.into_iter().map(|file| file.source).collect();
    let ignored = ignored::extensions(&model).into_iter().chain(unknown::keys(&model)).collect();
    Ok(Composition { definition, read, warnings, ignored })
}

fn is_empty(model: &Map) -> bool {
    let services = model.get("services").filter(|member| !member.value.is_null());
    services.is_none() && !model.contains_key("secrets")
}

/// The environment, then `.env`, then `--var`; the last one wins, but for `.env`, which only fills gaps.
fn environment(surroundings: &ComposeInputs<'_>) -> Result<Environment, Diagnostic> {
    let named = |(name, value): (&String, &String)| {
        let text = MarkedStr::verbatim(value.as_str());
        (Name::from(name.as_str()), dotenv::named(name, text, surroundings.secrets))
    };
    let process: Environment = surroundings.env.iter().map(named).collect();
    let mut environment = Environment::new();
    match surroundings.files.read_variables(DOTENV) {
        Ok(text) if text.starts_with('\u{feff}') => {
            let message =
                format!("`{DOTENV}` begins with a byte order mark, with which Bake does not read it");
            return Err(Diagnostic::error(Code::ENV_FILE, message).with_help("save it as UTF-8 without one"));
        }
        Ok(text) => {
            let outer = |name: &str| process.get(name).cloned();
            dotenv::read(&text, &mut environment, surroundings.secrets, &outer)
                .map_err(|problem| Diagnostic::error(Code::ENV_FILE, format!("`{DOTENV}`, {problem}")))?;
        }
        Err(Unreadable::Missing | Unreadable::Directory) => {}
        Err(problem) => return Err(Diagnostic::error(Code::ENV_FILE, problem.about(DOTENV))),
    }
    environment.extend(process);
    environment.extend(surroundings.vars.iter().map(named));
    Ok(environment)
}

/// The last `name` of the files, or what the environment says, or `bake`. Only `${COMPOSE_PROJECT_NAME}` shows it.
fn project_name(
    sources: &Sources,
    files: &[File],
    environment: &Environment,
) -> Result<MarkedStr, Diagnostic> {
    let mut name = None;
    for file in files {
        for document in yaml::documents(sources, file.source).unwrap_or_default() {
            let found = document.root.get("name").filter(|node| node.as_text().is_some());
            name = found.filter(|node| node.as_str() != Some("")).cloned().or(name);
        }
    }
    let lookup = |name: &str| environment.get(name).cloned();
    let given = environment.get(PROJECT).filter(|name| !name.as_str().is_empty());
    let fallback = || given.cloned().unwrap_or_else(|| MarkedStr::normalized("bake"));
    match name.as_ref().and_then(Node::as_text) {
        None => Ok(fallback()),
        Some(text) => {
            let applied = Substitution::new(&lookup).apply(text).map_err(|problem| {
                Diagnostic::error(Code::INTERPOLATION, problem.to_string())
                    .at(name.as_ref().map(|n| n.span), "")
            })?;
            Ok(if applied.as_str().is_empty() { fallback() } else { applied })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bake::target::overrides::Overrides;
    use crate::bake::target::print;
    use crate::bake::target::select::{self, Options};
    use crate::bake::values::Mark;

    struct Folder(BTreeMap<&'static str, &'static str>);

    impl Files for Folder {
        fn read(&self, path: &str) -> Result<String, Unreadable> {
            let inside = format!("{path}/");
            match self.0.get(path) {
                Some(text) => Ok((*text).to_owned()),
                None if self.0.keys().any(|key| key.starts_with(&inside)) => Err(Unreadable::Directory),
                None => Err(Unreadable::Missing),
            }
        }
    }

    /// Reads the files whose names begin with `compose`, in order, with `A=a`, `EMPTY=` and `API_TOKEN=s3cret` set.
    fn read(files: &[(&'static str, &'static str)]) -> (Sources, Result<Composition, Vec<Diagnostic>>) {
        let folder = Folder(files.iter().copied().collect());
        let mut sources = Sources::default();
        let named = files.iter().filter(|(path, _)| path.starts_with("compose"));
        let ids: Vec<_> = named.map(|(path, text)| sources.add(*path, *text)).collect();
        let env = [("A", "a"), ("EMPTY", ""), ("API_TOKEN", "s3cret")];
        let env = env.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        let vars = BTreeMap::from([("VAR".to_owned(), "var".to_owned())]);
        let surroundings = ComposeInputs {
            env: &env,
            vars: &vars,
            home: Some("/home/me"),
            files: &folder,
            secrets: &SecretNames::default(),
        };
        let result = load(&mut sources, &ids, &surroundings);
        (sources, result)
    }

    /// The targets of the group `default`, as JSON in one line.
    #[track_caller]
    fn targets(files: &[(&'static str, &'static str)]) -> String {
        let composition = read(files).1.unwrap();
        let names = ["default".to_owned()];
        let resolved =
            select::resolve(&composition.definition, &names, &Overrides::default(), &Options::default());
        let json: serde_json::Value = serde_json::from_str(&print::to_json(&resolved.unwrap(), &[])).unwrap();
        let mut lines = vec![];
        for (name, target) in json["target"].as_object().unwrap() {
            let mut target = target.clone();
            let object = target.as_object_mut().unwrap();
            object.retain(|key, value| (key.as_str(), value.as_str()) != ("dockerfile", Some("Dockerfile")));
            object.retain(|key, value| (key.as_str(), value.as_str()) != ("context", Some(".")));
            lines.push(format!("{name}{target}").replace('"', ""));
        }
        lines.join(" ")
    }

    /// What one service `a` with this `build` becomes.
    #[track_caller]
    fn build(text: &'static str) -> String {
        let file = format!(
            "services: {{a: {{environment: {{E: env}}, build: {text}}}, b.c: {{image: i, build: .}}}}"
        );
        let found = targets(&[("compose.yaml", Box::leak(file.into_boxed_str()))]);
        found.strip_prefix("a{").unwrap().strip_suffix("} b_c{tags:[i]}").unwrap().to_owned()
    }

    #[test]
    fn each_key_of_build_becomes_an_attribute() {
        let cases = [
            ("./x/../y", "context:y"),
            ("{context: ~/x}", "context:/home/me/x"),
            (
                "{dockerfile: D, target: t, network: host}",
                "dockerfile:D,entitlements:[network.host],network:host,target:t",
            ),
            ("{dockerfile_inline: FROM x}", "dockerfile-inline:FROM x"),
            (
                "{args: {N: 1.50, O: 010, T: true, E: , A: , NONE: , V: }}",
                "args:{A:a,E:env,N:1.5,O:8,T:true}",
            ),
            ("{args: [X=1, X=2, E]}", "args:{E:env,X:2}"),
            ("{labels: {k: , l: 1}}", "labels:{k:,l:1}"),
            ("{tags: [t, t]}", "tags:[t]"),
            (
                "{cache_from: ['a,b', type=gha]}",
                "cache-from:[{ref:a,type:registry},{ref:b,type:registry},{type:gha}]",
            ),
            ("{cache_to: [type=inline]}", "cache-to:[{type:inline}]"),
            ("{platforms: [linux/arm64]}", "platforms:[linux/arm64]"),
            ("{no_cache: true, pull: 'yes'}", "no-cache:true,pull:true"),
            ("{no_cache: false, pull: off}", ""),
            ("{shm_size: 128m}", "shm-size:128MiB"),
            ("{ulimits: {nproc: 5, nofile: {soft: 1, hard: 2}}}", "ulimits:[nofile=1:2,nproc=0:0]"),
            ("{extra_hosts: ['h=1.1.1.1', 'h:[::1]']}", "extra-hosts:{h:1.1.1.1,::1}"),
            ("{ssh: [default, k=./k]}", "ssh:[{id:default},{id:k,paths:[k]}]"),
            ("{provenance: mode=max, sbom: true}", "attest:[{type:sbom},{mode:max,type:provenance}]"),
            ("{additional_contexts: [x=./x, 'y=docker-image://y']}", "contexts:{x:x,y:docker-image://y}"),
            ("{isolation: x, privileged: true, entitlements: [a], x-y: 1}", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(build(text), expected, "{text}");
        }
    }

    #[test]
    fn the_extension_adds_to_build() {
        let cases = [
            ("{tags: [t], x-bake: {tags: t u}}", "tags:[t,u]"),
            ("{x-bake: {platforms: linux/amd64 linux/arm64}}", "platforms:[linux/amd64,linux/arm64]"),
            (
                "{cache_from: [a], x-bake: {cache-from: [a, b]}}",
                "cache-from:[{ref:a,type:registry},{ref:b,type:registry}]",
            ),
            ("{x-bake: {output: type=docker, unknown: 1}}", "output:[{type:docker}]"),
            ("{pull: true, x-bake: {pull: false}}", "pull:false"),
            (
                "{x-bake: {no-cache-filter: a, secret: 'id=s,env=S'}}",
                "no-cache-filter:[a],secret:[{env:S,id:s}]",
            ),
            (
                "{additional_contexts: {q: x}, x-bake: {contexts: {q: ./y, s: 'service:b.c'}}}",
                "contexts:{q:x,s:target:b_c}",
            ),
            ("{x-bake: }", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(build(text), expected, "{text}");
        }
    }

    #[test]
    fn files_merge_as_compose_says() {
        let cases: [(&[(&str, &str)], &str); 12] = [
            (
                &[
                    ("compose.a.yaml", "services: {a: {build: {args: [X=1, Y=1], tags: [t], target: x}}}"),
                    ("compose.b.yaml", "services: {a: {build: {args: {X: 2}, tags: [u], target: y}}}"),
                ],
                "a{args:{X:2,Y:1},tags:[t,u],target:y}",
            ),
            (
                &[
                    ("compose.a.yaml", "services: {a: {build: {args: [X=1], tags: [t], target: x}}}"),
                    ("compose.b.yaml", "services: {a: {build: {args: !reset {}, tags: !override [u]}}}"),
                ],
                "a{tags:[u],target:x}",
            ),
            (
                &[(
                    "compose.yaml",
                    "services: {a: {build: {target: x}}}\n---\nservices: {a: {build: ./y}}\n",
                )],
                "a{context:y,target:x}",
            ),
            (
                &[(
                    "compose.yaml",
                    "x-b: &b {target: t, context: z}\nservices: {a: {build: {<<: *b, context: .}}}",
                )],
                "a{target:t}",
            ),
            // As yq writes a merge key, and two more that merge; a quoted one does not.
            (
                &[(
                    "compose.yaml",
                    "x-b: &b {target: t}\nservices: {a: {build: {!!merge <<: *b, context: .}}}",
                )],
                "a{target:t}",
            ),
            (
                &[(
                    "compose.yaml",
                    "x-b: &b {X: '1'}\nservices: {a: {build: {args: {!<tag:yaml.org,2002:merge> '<<': *b, Y: '2'}}}}",
                )],
                "a{args:{X:1,Y:2}}",
            ),
            (
                &[("compose.yaml", "x-b: &b {X: '1'}\nservices: {a: {build: {args: {! <<: *b}}}}")],
                "a{args:{X:1}}",
            ),
            (
                &[(
                    "compose.yaml",
                    "services: {b: {build: {target: t, args: [X=1]}}, a: {extends: b, build: {args: !reset x}}}",
                )],
                "a{target:t} b{args:{X:1},target:t}",
            ),
            (
                &[
                    ("compose.yaml", "services: {a: {extends: {file: d/o.yaml, service: b}}}"),
                    ("d/o.yaml", "services: {b: {extends: c}, c: {build: ./x, env_file: e}}"),
                    ("d/e", "X=1"),
                ],
                "a{context:d/x}",
            ),
            (
                &[
                    ("compose.yaml", "include: [d/o.yaml]\nservices: {a: {build: {args: ['X=${T-none}']}}}"),
                    ("d/o.yaml", "services: {b: {build: {context: ./x, args: ['X=$T', T]}}}"),
                    ("d/.env", "T=inner"),
                ],
                "a{args:{X:none}} b{args:{X:inner},context:d/x}",
            ),
            (
                &[
                    ("compose.yaml", "include: [o.yaml]\nservices: {a: {build: {args: [X=outer]}}}"),
                    ("o.yaml", "services: {a: {build: {args: [X=inner, Y=inner], target: t}}}"),
                ],
                "a{args:{X:outer,Y:inner},target:t}",
            ),
            (
                &[
                    (
                        "compose.yaml",
                        "services: {a: {env_file: e, build: {args: [X, Y, Z, 'V=$VAR $D $A']}, environment: {Y: own}}}",
                    ),
                    ("e", "X=file$Y\nY=file"),
                    (".env", "D=d$A\nA=lost\nZ=z"),
                ],
                "a{args:{V:var da a,X:fileown,Y:own,Z:z}}",
            ),
        ];
        for (files, expected) in cases {
            assert_eq!(targets(files), expected, "{files:?}");
        }
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        let cases: [(&[(&str, &str)], &str); 26] = [
            (
                &[("compose.yaml", "services: {a: {build: .}, a: {build: .}}")],
                "duplicate-key compose.yaml:1:27",
            ),
            (&[("compose.yaml", "services:\n  a: {build: \n")], "yaml-syntax compose.yaml:2:6"),
            (&[("compose.yaml", "a: *a\n")], "yaml-syntax compose.yaml:1:4"),
            (&[("compose.yaml", "services: &s {a: *s}\n")], "yaml-alias compose.yaml:1:18"),
            (&[("compose.yaml", "services: {1: {build: .}}")], "yaml-key compose.yaml:1:12"),
            (&[("compose.yaml", "- a")], "attribute-type compose.yaml:1:1"),
            (&[("compose.yaml", "x-a: 1")], "empty-compose-file -"),
            (
                &[("compose.yaml", "services: {a: {build: {tagz: [x]}}}")],
                "unknown-attribute compose.yaml:1:24",
            ),
            (&[("compose.yaml", "services: {a: {build: {tags: x}}}")], "attribute-type compose.yaml:1:30"),
            (&[("compose.yaml", "services: {a: {build: {target: 5}}}")], "attribute-type compose.yaml:1:32"),
            (
                &[("compose.yaml", "services: {a: {build: {target: \"${X:?set X}\"}}}")],
                "required-variable compose.yaml:1:32",
            ),
            (&[("compose.yaml", "x-y: '${'\nservices: {a: {build: .}}")], "interpolation compose.yaml:1:6"),
            (&[("compose.yaml", "services: {a: {extends: b}}")], "unknown-service compose.yaml:1:25"),
            (
                &[("compose.yaml", "services: {a: {extends: b}, b: {extends: a}}")],
                "extends-cycle compose.yaml:1:25",
            ),
            (
                &[("compose.yaml", "services: {a: {extends: {file: o.yaml, service: b}}}")],
                "no-such-file compose.yaml:1:32",
            ),
            (&[("compose.yaml", "include: ['https://x/y.yaml']")], "remote-file compose.yaml:1:11"),
            (
                &[("compose.yaml", "include: [o.yaml]"), ("o.yaml", "include: [compose.yaml]")],
                "include-cycle o.yaml:1:11",
            ),
            (&[("compose.yaml", "services: {a: {}}")], "compose-service compose.yaml:1:12"),
            (
                &[("compose.yaml", "services: {a: {build: {secrets: [s]}}}")],
                "compose-secret compose.yaml:1:34",
            ),
            (
                &[("compose.yaml", "services: {a: {build: {secrets: [s]}}}\nsecrets: {s: {external: true}}")],
                "compose-secret compose.yaml:1:34",
            ),
            (
                &[("compose.yaml", "services: {a: {build: {additional_contexts: {c: service:d}}}}")],
                "unknown-service compose.yaml:1:49",
            ),
            (
                &[("compose.yaml", "services: {a: {build: ., tty: $EMPTY}}")],
                "attribute-type compose.yaml:1:31",
            ),
            (
                &[("compose.yaml", "services: {a: {build: ., ports: ['$EMPTY:$EMPTY']}}")],
                "attribute-value compose.yaml:1:34",
            ),
            (&[("compose.yaml", "services: {a: {build: ., env_file: e}}")], "env-file compose.yaml:1:36"),
            (&[("compose.yaml", "services: {a: {build: .}}"), (".env", "A='")], "env-file -"),
            (
                &[
                    ("compose.a.yaml", "services: {a: {build: {ssh: [default]}}}"),
                    ("compose.b.yaml", "services: {a: {build: {ssh: [default]}}}"),
                ],
                "compose-merge compose.b.yaml:1:29",
            ),
        ];
        for (files, expected) in cases {
            let (sources, result) = read(files);
            let diagnostic = result.unwrap_err().swap_remove(0);
            let place = diagnostic.labels.first().map_or("-".to_owned(), |label| {
                let source = sources.get(label.span.source);
                format!("{}:{}", source.path, source.position(label.span.start))
            });
            assert_eq!(format!("{} {place}", diagnostic.code), expected, "{files:?}: {}", diagnostic.message);
        }
    }

    #[test]
    fn the_group_holds_what_is_built() {
        for (text, expected) in [
            ("services: {b: {build: .}, a.c: {build: .}, d: {image: x}}", Some(Some("a_c b"))),
            ("services: {d: {image: x}}", Some(None)),
            ("services: {}", None),
        ] {
            let definition = read(&[("compose.yaml", text)]).1.unwrap().definition;
            let members = definition.groups.get("default").map(|group| {
                group
                    .targets
                    .as_ref()
                    .map(|list| list.iter().map(|text| text.as_str()).collect::<Vec<_>>().join(" "))
            });
            assert_eq!(members.as_ref().map(|group| group.as_deref()), expected, "{text}");
        }
    }

    #[test]
    fn values_of_secret_variables_are_marked() {
        let file = "services: {a: {environment: {DB_PASSWORD: x}, build: {args: ['X=${API_TOKEN}', API_TOKEN, 'E=$DOT', DB_PASSWORD, 'N=$A'], tags: ['t:${API_TOKEN:+set}']}}}";
        let composition = read(&[("compose.yaml", file), (".env", "DOT=\"a $API_TOKEN\"")]).1.unwrap();
        let target = &composition.definition.targets["a"];
        let marks =
            |text: &crate::bake::target::Text| -> Vec<Mark> { text.value.marks().iter().cloned().collect() };
        for (name, expected) in [
            ("X", "API_TOKEN"),
            ("API_TOKEN", "API_TOKEN"),
            ("E", "API_TOKEN"),
            ("DB_PASSWORD", "DB_PASSWORD"),
        ] {
            assert_eq!(marks(&target.args[name]), [Mark::Secret(expected.into())], "{name}");
        }
        assert_eq!(marks(&target.args["N"]), []);
        assert_eq!(marks(&target.tags.as_ref().unwrap()[0]), []);
    }

    #[test]
    fn variables_without_value_are_told_once() {
        let file = "services: {a: {image: '$NOPE ${NOPE} ${B:-}', command: $OTHER, build: .}}";
        let warnings = read(&[("compose.yaml", file)]).1.unwrap().warnings;
        let found: Vec<_> = warnings.iter().map(|warning| warning.message.as_str()).collect();
        assert_eq!(
            found,
            [
                "the variable `NOPE` is not set, and counts as empty",
                "the variable `OTHER` is not set, and counts as empty"
            ]
        );
    }

    #[test]
    fn the_project_name_comes_from_the_files() {
        for (text, expected) in [("", "bake"), ("name: n${A}\n", "na"), ("name: ''\n", "bake")] {
            let file = format!("{text}services: {{a: {{build: {{target: $COMPOSE_PROJECT_NAME}}}}}}");
            let found = targets(&[("compose.yaml", Box::leak(file.into_boxed_str()))]);
            assert_eq!(found, format!("a{{target:{expected}}}"));
        }
    }

    #[test]
    fn bombs_are_refused() {
        let mut laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..10 {
            let list = vec![format!("*a{}", level - 1); 10].join(",");
            laughs = format!("{laughs}a{level}: &a{level} [{list}]\n");
        }
        let children: String = (0..1000).map(|n| format!("  s{n}: {{extends: b}}\n")).collect();
        let wide = format!("services:\n  b: {{build: {{tags: [{}]}}}}\n{children}", "x,".repeat(1000));
        let key = "k".repeat(20_000);
        let keys = format!("x: &x {{? {key} : 1}}\ny: [{}]", "*x,".repeat(10_000));
        let pairs = format!(
            "services: {{a: {{build: {{args: {{? {key} : [{}]}}}}}}}}\n---\nservices: {{a: {{build: {{args: []}}}}}}",
            "1,".repeat(1000)
        );
        let cases = [
            (keys, "yaml-too-large"),
            (pairs, "compose-merge"),
            (laughs, "yaml-too-large"),
            (wide, "yaml-too-large"),
            ("---\nservices: {}\n".repeat(1001), "yaml-too-large"),
            ("[".repeat(100_000), "yaml-syntax"),
            ("- ".repeat(100_000), "yaml-syntax"),
            (format!("x: [{}]", "1,".repeat(200_000)), "yaml-too-large"),
            (
                format!("x: {}\nservices: {{}}", "${NOPE:-".repeat(10_000) + &"}".repeat(10_000)),
                "interpolation",
            ),
        ];
        for (text, expected) in cases {
            let text: &'static str = Box::leak(text.into_boxed_str());
            let codes: Vec<_> =
                read(&[("compose.yaml", text)]).1.unwrap_err().iter().map(|d| d.code.name()).collect();
            assert_eq!(codes, [expected], "{}", &text[..40]);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[{}\\[\\]:,?&*!|>'\"%@# \nab$<-]{0,80}") {
            let text: &'static str = Box::leak(text.into_boxed_str());
            drop(read(&[("compose.yaml", text)]));
        }
    }
}
