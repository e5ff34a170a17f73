//! What other programs may use: evaluate a definition, plan it, render the plan, merge what was built.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use crate::bake::compose::{self, Composition, Unreadable};
use crate::bake::module::{Module, ModuleInputs};
use crate::bake::run::{self, Parsed, RunFile};
use crate::bake::target::overrides::Overrides;
use crate::bake::target::{Definition, print, select};
use crate::bake::text::discovery::{self, Format};
use crate::bake::values::{SecretNames, kept};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, Secrets, sorted};
use crate::facts::{KnownVersions, given};
use crate::host::{Present, ambient};
use crate::merge::{self, Options};
use crate::plan::SourceFile;
use crate::published::identity;
use crate::published::metadata::Metadata;
use crate::published::planned::Planned;
use crate::published::progress::Quiet;
use crate::published::sites::Site;
use crate::registry::{Client, Layout, Location, Settings, Store, SystemClock};
use crate::render;
use crate::resolve::{self, Input, Purpose, Spared};
use crate::source::Sources;
use crate::spec;

/// Why something cannot be done: every mistake that was found, each with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes {
    rendered: Vec<String>,
}

impl Mistakes {
    /// The mistakes, each as a person reads it: the message, the source with carets, what helps.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.rendered.iter().map(String::as_str)
    }

    fn of(diagnostics: Vec<Diagnostic>, sources: &Sources, secrets: &Secrets) -> Self {
        Self { rendered: rendered(&sorted(diagnostics), sources, secrets) }
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rendered.concat().trim_end())
    }
}

impl std::error::Error for Mistakes {}

fn rendered(diagnostics: &[Diagnostic], sources: &Sources, secrets: &Secrets) -> Vec<String> {
    let readable = |one: &Diagnostic| one.without(secrets).with_texts(kept::readable);
    diagnostics.iter().map(|one| readable(one).render(sources, false)).collect()
}

/// An evaluated definition: the targets, groups and images of all its files.
///
/// ```
/// let file = r#"
///     variable "VERSION" { default = "3.14.1" }
///     target "app" {
///       args = { RELEASE = "v${VERSION}" }
///     }
/// "#;
/// let evaluated = bakeplan::Evaluated::new(&[("docker-bake.hcl", file)], &[("VERSION", "3.14.2")])?;
/// let printed = evaluated.print(&["app"])?;
/// assert!(printed.contains(r#""RELEASE": "v3.14.2""#));
///
/// let mistakes = evaluated.print(&["ap"]).unwrap_err();
/// assert!(mistakes.to_string().contains("`ap`"));
/// # Ok::<_, bakeplan::Mistakes>(())
/// ```
pub struct Evaluated {
    sources: Sources,
    secrets: Secrets,
    record: Vec<SourceFile>,
    module: Module,
    definition: Definition,
    present: Rc<Present>,
    warnings: Vec<Diagnostic>,
}

impl fmt::Debug for Evaluated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evaluated").finish_non_exhaustive()
    }
}

impl Evaluated {
    /// Evaluates files, given as paths and texts in the order in which they merge, with values for their variables.
    /// The end of a path says what the text is: `.yaml` or `.yml` is a Compose file, `.json` a Bake file in JSON, and
    /// everything else a Bake file in HCL. Nothing is read from disk, and no environment variable is looked up.
    ///
    /// # Errors
    /// All mistakes in the texts.
    pub fn new(files: &[(&str, &str)], variables: &[(&str, &str)]) -> Result<Self, Mistakes> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let vars: BTreeMap<String, String> = variables.iter().map(owned).collect();
        let nothing = BTreeMap::new();
        let mut sources = Sources::default();
        let (mut to_parse, mut record) = (vec![], vec![]);
        for (path, text) in files {
            let id = sources.add(*path, *text);
            record.push(SourceFile::of(sources.get(id)));
            let format = match Format::of(path) {
                Format::Unknown => Format::Hcl,
                known => known,
            };
            to_parse.push(RunFile { id, format, shared: !discovery::is_images(path) });
        }
        let surroundings = compose::ComposeInputs {
            env: &nothing,
            vars: &vars,
            home: None,
            files: &Given(files),
            secrets: &SecretNames::default(),
        };
        let mut mistakes = Diagnostics::default();
        let parsed = run::parse(&mut sources, to_parse, &surroundings, &mut mistakes);
        let mut secrets = Secrets::default();
        let names = spec::secret_names(&parsed.bodies, &mut mistakes);
        secrets.hide(SecretNames::default().values_among(&vars).chain(names.values_among(&vars)));
        let surroundings = compose::ComposeInputs { secrets: &names, ..surroundings };
        let composition = run::compose(&mut sources, &parsed, &surroundings, &mut mistakes);
        if !mistakes.is_empty() {
            return Err(Mistakes::of(mistakes.into_found(), &sources, &secrets));
        }
        let surroundings = ModuleInputs { vars, secrets: names, ..ModuleInputs::default() };
        let Parsed { bodies, compose_files: _ } = parsed;
        let Composition { definition, mut warnings, read: _, ignored } = composition;
        warnings.extend(ignored);
        let present = Rc::new(Present::default());
        let evaluated = run::evaluate(bodies, definition, &sources, surroundings, ambient(None, &present));
        match evaluated {
            Ok(run::Evaluated { module, definition, kept: _, null: _ }) => {
                secrets.hide(definition.secret_texts().into_iter().chain(module.secret_texts()));
                Ok(Self { sources, secrets, record, module, definition, present, warnings })
            }
            Err(mistakes) => Err(Mistakes::of(mistakes, &sources, &secrets)),
        }
    }

    /// The resolved definition of targets and groups as JSON, as `docker buildx bake --print` prints it; without names,
    /// of the group or target `default`.
    ///
    /// # Errors
    /// Names that are not there, and all mistakes in the targets.
    pub fn print(&self, names: &[&str]) -> Result<String, Mistakes> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let resolved =
            select::resolve(&self.definition, &names, &Overrides::default(), &select::Options::default());
        let resolved = resolved.map_err(|found| Mistakes::of(found, &self.sources, &self.secrets))?;
        Ok(print::to_json(&resolved, &[]))
    }

    /// Plans all images for a run of which these facts are known, by the names that `--fact` takes: `branch`, `tag`,
    /// `commit`, `commit_time` and others, written as there.
    ///
    /// ```
    /// let file = r#"
    ///     target "app" {
    ///       platforms = ["linux/amd64", "linux/arm64"]
    ///     }
    ///     image "app" {
    ///       repositories = ["ghcr.io/acme/app"]
    ///       tags         = ["{{ branch }}"]
    ///     }
    /// "#;
    /// let evaluated = bakeplan::Evaluated::new(&[("docker-bake.hcl", file)], &[])?;
    /// let plan = evaluated.plan(&[("branch", "main")])?;
    /// assert_eq!(plan.tags, ["ghcr.io/acme/app:main"]);
    /// assert!(plan.docker_bake_json.contains("push-by-digest"));
    /// assert!(plan.matrix_json.contains("app-linux-arm64"));
    ///
    /// let mistakes = evaluated.plan(&[("brunch", "main")]).unwrap_err();
    /// assert!(mistakes.to_string().contains("there is no fact `brunch`; did you mean `branch`?"));
    /// # Ok::<_, bakeplan::Mistakes>(())
    /// ```
    ///
    /// # Errors
    /// A fact that is none, and every contradiction between the images.
    pub fn plan(&self, facts: &[(&str, &str)]) -> Result<PlanFiles, Mistakes> {
        let mistakes = |found| Mistakes::of(found, &self.sources, &self.secrets);
        let facts = given::of_pairs(facts)
            .map_err(|(_, problem)| mistakes(vec![Diagnostic::error(Code::FACT, problem)]))?;
        let plan = resolve::resolve(&Input {
            module: &self.module,
            definition: &self.definition,
            overrides: &Overrides::default(),
            names: &[],
            platforms: &[],
            publish: true,
            max_jobs: None,
            default_provenance: None,
            purpose: Purpose::Run,
            given: &facts,
            facts: &&facts,
            known_versions: &KnownVersions::default(),
            kept: &[],
            spared: &Spared::default(),
            texts: &self.sources,
            sources: self.record.clone(),
        });
        let mut plan = plan.map_err(mistakes)?;
        plan.moment = self.present.moment();
        let warnings: Vec<Diagnostic> = self.warnings.iter().chain(&plan.warnings).cloned().collect();
        let paths: Vec<&str> = self.record.iter().map(|file| file.path.as_str()).collect();
        let origin = format!("{} from {}; do not edit", discovery::GENERATED, paths.join(", "));
        let [(_, docker_bake_json), (_, matrix_json), (_, plan_json)] = render::files(&plan, &origin);
        Ok(PlanFiles {
            docker_bake_json,
            matrix_json,
            plan_json,
            tags: render::plan_json::render_tags(&plan).lines().map(str::to_owned).collect(),
            markdown: render::markdown::render(&plan),
            warnings: rendered(&warnings, &self.sources, &self.secrets),
        })
    }
}

/// A plan, rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlanFiles {
    /// The Bake file with one target for each image and platform.
    pub docker_bake_json: String,
    /// The rows of a CI matrix, one for each job.
    pub matrix_json: String,
    /// What [`merge()`] reads.
    pub plan_json: String,
    /// Every tag in every repository, such as `ghcr.io/acme/app:1.4.2`.
    pub tags: Vec<String>,
    /// The table of tags, for a README.
    pub markdown: String,
    /// What is worth a look and not an error, as a person reads it.
    pub warnings: Vec<String>,
}

/// How [`merge()`] reaches registries, and what it may do there.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Environment variables, for proxies, credentials and credential helpers. The process's own are not looked at.
    pub environment: BTreeMap<String, String>,
    /// The home directory, for Docker's credentials.
    pub home: Option<PathBuf>,
    /// The folder to which the paths of OCI layouts are relative.
    pub folder: PathBuf,
    /// Write nothing.
    pub dry_run: bool,
}

/// What a merge did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Merged {
    /// The repositories and digests that are published now, such as `ghcr.io/acme/app@sha256:…`.
    pub published: Vec<String>,
    /// Whether every image is published; one that lacks a build is left as it was.
    pub is_complete: bool,
    /// The whole report, as `bakeplan merge --format json` prints it.
    pub report_json: String,
}

/// Gives what was built its tags: joins the text of a `plan.json` with those of metadata files of
/// `docker buildx bake --metadata-file`, given as names and texts, and writes the indexes.
///
/// ```
/// # // A layout as BuildKit leaves it: a manifest without a tag.
/// # let folder = tempfile::tempdir()?;
/// # let blobs = folder.path().join("app/blobs/sha256");
/// # std::fs::create_dir_all(&blobs)?;
/// # std::fs::write(folder.path().join("app/oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)?;
/// # std::fs::write(folder.path().join("app/index.json"), r#"{"schemaVersion":2,"manifests":[]}"#)?;
/// # let config = r#"{"architecture":"amd64","os":"linux","config":{}}"#;
/// # let config_digest = "399620dad28b94721c595ad9bffc05696493dd85988b8463803e823f80cd5359";
/// # std::fs::write(blobs.join(config_digest), config)?;
/// # let manifest = format!(
/// #     r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:{config_digest}","size":49}},"layers":[]}}"#,
/// # );
/// # std::fs::write(blobs.join("770cf70f4068e8e3bfa83958f61944d74a27015cc3d94dafe69a725a5ec7de65"), manifest)?;
/// # let digest = "sha256:770cf70f4068e8e3bfa83958f61944d74a27015cc3d94dafe69a725a5ec7de65";
/// let plan = r#"{
///     "schema": 2, "id": "0123456789abcdef", "definition": "fedcba9876543210",
///     "images": {"app": {
///         "repositories": ["oci-layout:app"],
///         "tags": [{"name": "1.4.2", "floating": false, "class": "version", "form": "{version}"}],
///         "builds": {"app-linux-amd64": {"platform": "linux/amd64", "job": "app-linux-amd64"}}
///     }},
///     "jobs": []
/// }"#;
/// let metadata = format!(r#"{{"app-linux-amd64": {{"containerimage.digest": "{digest}"}}}}"#);
/// let access = bakeplan::Access { folder: folder.path().to_owned(), ..Default::default() };
/// let merged = bakeplan::merge(plan, &[("metadata.json", &metadata)], &access)?;
/// assert!(merged.is_complete);
/// assert!(merged.published[0].starts_with("oci-layout://app@sha256:"));
///
/// // Without the build, the image is left as it is.
/// let merged = bakeplan::merge(plan, &[], &access)?;
/// assert!(!merged.is_complete && merged.published.is_empty());
/// // The name of a file may say which plan it is of.
/// let other = [("app.plan-fedcba9876543210.json", &*metadata)];
/// let mistakes = bakeplan::merge(plan, &other, &access).unwrap_err();
/// assert!(mistakes.to_string().contains("fedcba9876543210"));
/// let mistakes = bakeplan::merge("{}", &[], &access).unwrap_err();
/// assert!(mistakes.to_string().contains("plan.json"));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Everything that is wrong with the texts, with what was built or with a registry. Tags that were written before a
/// registry failed stay.
pub fn merge(plan: &str, metadata: &[(&str, &str)], access: &Access) -> Result<Merged, Mistakes> {
    let sources = Sources::default();
    let mistakes = |found| Mistakes::of(found, &sources, &Secrets::default());
    let planned = Planned::read("plan.json", plan).map_err(|found| mistakes(vec![found]))?;
    let legs = planned.legs();
    let mut pushed = Metadata::default();
    let is_planned = |name: &str| legs.contains(name);
    let found = metadata.iter().filter_map(|(name, text)| pushed.add_text(name, text, &is_planned).err());
    let mut found: Vec<Diagnostic> = found.collect();
    found.extend(identity::check(&mut pushed, &planned.id).err().into_iter().flatten());
    if !found.is_empty() {
        return Err(mistakes(found));
    }
    let sites = sites(planned.locations(), access).map_err(|found| mistakes(vec![found]))?;
    let surroundings = merge::MergeTools {
        sites: &sites,
        clock: &SystemClock::default(),
        progress: &Quiet,
        patience: merge::patience(None),
        docker: &|_| Err("the library starts no programs".to_owned()),
    };
    let options = Options { dry_run: access.dry_run, ..Options::default() };
    let report = merge::merge(&planned, &pushed, options, &surroundings);
    if report.has_failed() {
        return Err(mistakes(report.problems));
    }
    Ok(Merged {
        is_complete: !report.is_incomplete(),
        report_json: report.to_json(),
        published: report.published,
    })
}

fn sites(locations: Vec<Location>, access: &Access) -> Result<Vec<Site>, Diagnostic> {
    let Access { environment, home, folder, dry_run: _ } = access;
    let settings = Settings { environment: environment.clone(), home: home.clone(), ..Settings::default() };
    let client = Client::new(&settings).map_err(|error| error.to_diagnostic())?;
    let site = |location: Location| {
        let store: Arc<dyn Store> = match &location {
            Location::Registry(repository) => Arc::new(client.repository(repository)),
            Location::Layout(path) => {
                Arc::new(Layout::open(folder.join(path)).map_err(|error| error.to_diagnostic())?)
            }
        };
        Ok(Site { location, store })
    };
    locations.into_iter().map(site).collect()
}

/// The files among which Compose files find each other.
struct Given<'a>(&'a [(&'a str, &'a str)]);

impl compose::Files for Given<'_> {
    fn read(&self, path: &str) -> Result<String, Unreadable> {
        let found = self.0.iter().find(|(name, _)| Path::new(name) == Path::new(path));
        found.map(|(_, text)| (*text).to_owned()).ok_or(Unreadable::Missing)
    }
}
