//! Logins without a stored password: registries that trust the identity that GitHub gives a job (OpenID Connect).

use std::fmt;

use super::is_name;
use crate::reference::Registry;

/// How such a login begins.
pub(super) const START: &str = "oidc:";

/// What a key begins with whose value is for jobs that only pull.
const PULL: &str = "pull_";

/// A kind of registry that trusts the identity of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Amazon's Elastic Container Registry, private and public
    /// (<https://github.com/aws-actions/configure-aws-credentials#oidc>).
    Aws,
    /// Google's Artifact Registry
    /// (<https://github.com/google-github-actions/auth#workload-identity-federation-through-a-service-account>).
    Google,
    /// Azure's Container Registry (<https://github.com/Azure/login#login-with-openid-connect-oidc-recommended>).
    Azure,
    /// Docker Hub (<https://github.com/docker/login-action#docker-hub>).
    DockerHub,
}

/// What a provider must be told.
struct Key {
    name: &'static str,
    is_required: bool,
    is_valid: fn(&str) -> bool,
    /// What a value is, for messages.
    form: &'static str,
}

const AWS: &[Key] = &[Key {
    name: "role",
    is_required: true,
    is_valid: |text| text.starts_with("arn:aws") && text.contains(":iam::") && text.contains(":role/"),
    form: "the ARN of a role, such as `arn:aws:iam::123456789012:role/images`",
}];

const GOOGLE: &[Key] = &[
    Key {
        name: "provider",
        is_required: true,
        is_valid: |text| {
            text.starts_with("projects/")
                && text.contains("/workloadIdentityPools/")
                && text.contains("/providers/")
        },
        form: "a workload identity provider, such as `projects/1234/locations/global/workloadIdentityPools/github/providers/images`",
    },
    Key {
        name: "service_account",
        is_required: false,
        is_valid: |text| text.contains('@'),
        form: "the address of a service account, such as `images@acme.iam.gserviceaccount.com`",
    },
];

const AZURE: &[Key] = &[
    Key {
        name: "client",
        is_required: true,
        is_valid: is_uuid,
        form: "the id of an application, such as `00000000-0000-0000-0000-000000000000`",
    },
    Key {
        name: "tenant",
        is_required: true,
        is_valid: is_uuid,
        form: "the id of a tenant, such as `00000000-0000-0000-0000-000000000000`",
    },
];

const DOCKER_HUB: &[Key] = &[
    Key {
        name: "organization",
        is_required: true,
        is_valid: |text| text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()),
        form: "the name of an organization, such as `acme`",
    },
    Key {
        name: "connection",
        is_required: true,
        is_valid: is_uuid,
        form: "the id of a connection, such as `00000000-0000-0000-0000-000000000000`",
    },
];

impl Provider {
    /// All of them.
    const ALL: [Self; 4] = [Self::Aws, Self::Google, Self::Azure, Self::DockerHub];

    fn of(registry: &Registry) -> Option<Self> {
        let host = registry.as_str();
        let is_hub = ["docker.io", "dhi.io"].contains(&host);
        match () {
            () if aws_region(host).is_some() => Some(Self::Aws),
            () if is_google(host) => Some(Self::Google),
            () if azure_registry(host).is_some() => Some(Self::Azure),
            () if is_hub => Some(Self::DockerHub),
            () => None,
        }
    }

    /// What logs in to a registry of this kind, for messages.
    #[must_use]
    pub fn hint(registry: &Registry) -> Option<String> {
        let required = Self::of(registry)?.keys().iter().filter(|key| key.is_required);
        let ids: Vec<String> = required.map(|key| format!("{}=vars.NAME", key.name)).collect();
        Some(format!("{registry}={START}{}", ids.join(",")))
    }

    fn keys(self) -> &'static [Key] {
        match self {
            Self::Aws => AWS,
            Self::Google => GOOGLE,
            Self::Azure => AZURE,
            Self::DockerHub => DOCKER_HUB,
        }
    }

    /// What it is called, and what its hosts look like.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Aws => ("Amazon ECR", "`ACCOUNT.dkr.ecr.REGION.amazonaws.com` and `public.ecr.aws`"),
            Self::Google => ("Google Artifact Registry", "`LOCATION-docker.pkg.dev` and `gcr.io`"),
            Self::Azure => ("Azure Container Registry", "`NAME.azurecr.io`"),
            Self::DockerHub => ("Docker Hub", "`docker.io` and `dhi.io`"),
        }
    }
}

/// The region of a registry of Amazon, as Docker's login action finds it.
#[must_use]
pub(crate) fn aws_region(host: &str) -> Option<&str> {
    // The public one is in this region alone (https://docs.aws.amazon.com/AmazonECR/latest/public/public-registry-auth.html).
    if host == "public.ecr.aws" {
        return Some("us-east-1");
    }
    let (account, rest) = host.split_once('.')?;
    let rest = rest.strip_prefix("dkr.ecr.").or_else(|| rest.strip_prefix("dkr-ecr."))?;
    let ends = [".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".on.aws"];
    let region = ends.iter().find_map(|end| rest.strip_suffix(end))?;
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let is_region = !region.is_empty() && region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    (is_account && is_region).then_some(region)
}

fn is_google(host: &str) -> bool {
    host.ends_with("-docker.pkg.dev") || host == "gcr.io" || host.ends_with(".gcr.io")
}

/// The name of a registry of Azure, and the cloud that it is in.
#[must_use]
pub(crate) fn azure_registry(host: &str) -> Option<(&str, &'static str)> {
    let clouds = [
        (".azurecr.io", "azurecloud"),
        (".azurecr.cn", "azurechinacloud"),
        (".azurecr.us", "azureusgovernment"),
    ];
    let (name, cloud) = clouds.iter().find_map(|(end, cloud)| Some((host.strip_suffix(end)?, *cloud)))?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    is_name.then_some((name, cloud))
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// An id that a job logs in with. None is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Id {
    /// As it is.
    Literal(String),
    /// The value of this variable of the repository.
    Variable(String),
}

impl Id {
    fn parse(text: &str, host: &Registry, key: &Key) -> Result<Self, String> {
        if let Some(name) = text.strip_prefix("vars.").filter(|name| is_name(name)) {
            return Ok(Self::Variable(name.to_owned()));
        }
        let name = key.name;
        if text.starts_with("secrets.") {
            return Err(format!(
                "`{name}` of `{host}` is not a secret, and GitHub would mask it everywhere if it were one: keep it in a variable, `{name}=vars.NAME`"
            ));
        }
        let is_of = |c: char| c.is_ascii_alphanumeric() || "-_./:@+".contains(c);
        if !text.is_empty() && text.chars().all(is_of) && (key.is_valid)(text) {
            return Ok(Self::Literal(text.to_owned()));
        }
        Err(format!("`{text}` is not what `{name}` of `{host}` takes: {}, or `vars.NAME`", key.form))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => f.write_str(text),
            Self::Variable(name) => write!(f, "vars.{name}"),
        }
    }
}

/// How a job logs in with its identity: `oidc:role=vars.AWS_ROLE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Federated {
    /// The kind of registry.
    pub provider: Provider,
    /// Its settings, by key.
    ids: Vec<(&'static str, Id)>,
    /// Its settings for jobs that only pull, where they differ.
    pull_ids: Vec<(&'static str, Id)>,
}

impl Federated {
    /// Reads what stands behind `oidc`.
    ///
    /// # Errors
    /// When the registry is not known to trust such an identity, or when keys are missing, unknown or not valid.
    pub(super) fn parse(registry: &Registry, text: &str) -> Result<Self, String> {
        let Some(provider) = Provider::of(registry) else {
            let known = Provider::ALL.map(|one| format!("{} ({})", one.names().0, one.names().1));
            return Err(format!(
                "`{registry}` is not a registry that trusts the identity of a job; those that do are {}",
                known.join(", ")
            ));
        };
        let (mut ids, mut pull_ids) = (Vec::new(), Vec::new());
        for pair in text.split(',').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (bare, of) = match name.strip_prefix(PULL) {
                Some(bare) => (bare, &mut pull_ids),
                None => (name, &mut ids),
            };
            let Some(key) = provider.keys().iter().find(|key| key.name == bare) else {
                return Err(format!(
                    "`{name}` is not a setting of {}; expected {}",
                    provider.names().0,
                    forms(provider)
                ));
            };
            if of.iter().any(|(known, _)| *known == key.name) {
                return Err(format!("`{name}` is given twice for `{registry}`"));
            }
            of.push((key.name, Id::parse(value, registry, key)?));
        }
        let lacks = |key: &&Key| key.is_required && !ids.iter().any(|(name, _)| *name == key.name);
        let lacking: Vec<String> =
            provider.keys().iter().filter(lacks).map(|key| format!("`{}`", key.name)).collect();
        if !lacking.is_empty() {
            return Err(format!(
                "the login to `{registry}` lacks {}; {} takes {}",
                lacking.join(" and "),
                provider.names().0,
                forms(provider)
            ));
        }
        Ok(Self { provider, ids, pull_ids })
    }

    /// Whether jobs that only pull log in with something of their own.
    #[must_use]
    pub fn pulls(&self) -> bool {
        !self.pull_ids.is_empty()
    }

    /// Its settings for jobs that push, or for those that only pull.
    #[must_use]
    pub fn ids(&self, publishes: bool) -> Vec<(&'static str, &Id)> {
        let own = |name: &str| self.pull_ids.iter().find(|(known, _)| *known == name && !publishes);
        let mut ids: Vec<(&'static str, &Id)> =
            self.ids.iter().map(|(name, id)| (*name, own(name).map_or(id, |(_, id)| id))).collect();
        let is_new = |name: &str| !publishes && !self.ids.iter().any(|(known, _)| *known == name);
        ids.extend(self.pull_ids.iter().filter(|(name, _)| is_new(name)).map(|(name, id)| (*name, id)));
        ids
    }
}

/// The settings of a provider, for messages.
fn forms(provider: Provider) -> String {
    let one = |key: &Key| {
        let optional = if key.is_required { "" } else { ", if there is one" };
        format!("`{}=vars.NAME`, {}{optional}", key.name, key.form)
    };
    provider.keys().iter().map(one).collect::<Vec<_>>().join("; ")
}

impl fmt::Display for Federated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = self.ids.iter().map(|(name, id)| format!("{name}={id}"));
        let pull = self.pull_ids.iter().map(|(name, id)| format!("{PULL}{name}={id}"));
        write!(f, "{START}{}", own.chain(pull).collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Login;
    use super::*;

    const UUID: &str = "01234567-89ab-cdef-0123-456789abcdef";
    const POOL: &str = "projects/12/locations/global/workloadIdentityPools/github/providers/images";

    #[test]
    fn each_provider_is_told_by_its_host_and_written_back() {
        for (host, ids) in [
            ("123456789012.dkr.ecr.eu-central-1.amazonaws.com", "role=vars.AWS_ROLE".to_owned()),
            (
                "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
                "role=arn:aws-cn:iam::123456789012:role/x".into(),
            ),
            ("public.ecr.aws", "role=arn:aws:iam::123456789012:role/ci/images,pull_role=vars.READ".into()),
            ("europe-west1-docker.pkg.dev", format!("provider={POOL}")),
            ("eu.gcr.io", "provider=vars.POOL,service_account=a@b.iam.gserviceaccount.com".into()),
            ("acme.azurecr.io", format!("client={UUID},tenant=vars.TENANT")),
            ("docker.io", format!("organization=acme,connection={UUID}")),
        ] {
            let text = format!("{host}=oidc:{ids}");
            assert_eq!(text.parse::<Login>().map(|login| login.to_string()), Ok(text));
        }
    }

    #[test]
    fn what_is_missing_or_of_another_registry_is_named() {
        let ecr = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
        for (text, told) in [
            (format!("{ecr}=oidc"), "lacks `role`; Amazon ECR takes `role=vars.NAME`"),
            (format!("{ecr}=oidc:"), "lacks `role`"),
            (format!("{ecr}=oidc:pull_role=vars.A"), "lacks `role`"),
            (format!("{ecr}=oidc:role="), "is not what `role`"),
            (format!("{ecr}=oidc:role=images"), "the ARN of a role"),
            (format!("{ecr}=oidc:role=secrets.AWS_ROLE"), "`role=vars.NAME`"),
            (format!("{ecr}=oidc:role=${{{{ vars.A }}}}"), "is not what `role`"),
            (format!("{ecr}=oidc:role=vars.A,role=vars.B"), "is given twice"),
            (format!("{ecr}=oidc:role=vars.A,provider=vars.B"), "`provider` is not a setting of Amazon ECR"),
            ("europe-docker.pkg.dev=oidc:service_account=a@b".into(), "lacks `provider`"),
            ("gcr.io=oidc:provider=projects/1".into(), "a workload identity provider"),
            ("acme.azurecr.io=oidc".into(), "lacks `client` and `tenant`"),
            (format!("acme.azurecr.io=oidc:client={UUID}"), "lacks `tenant`"),
            ("acme.azurecr.io=oidc:client=acme,tenant=vars.T".into(), "the id of an application"),
            ("docker.io=oidc:connection=vars.C".into(), "lacks `organization`"),
            ("docker.io=oidc:organization=Acme Inc,connection=vars.C".into(), "the name of an organization"),
            ("ghcr.io=oidc:role=vars.A".into(), "is not a registry that trusts"),
            ("registry.example=oidc".into(), "is not a registry that trusts"),
            (
                "12345.dkr.ecr.eu-central-1.amazonaws.com=oidc:role=vars.A".into(),
                "is not a registry that trusts",
            ),
            ("azurecr.io=oidc:client=vars.A,tenant=vars.B".into(), "is not a registry that trusts"),
        ] {
            let error = text.parse::<Login>().expect_err(&text);
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn jobs_that_only_pull_have_ids_of_their_own() {
        let parse = |host: &str, text: &str| {
            Federated::parse(&host.parse().expect("a registry"), text).expect("a login")
        };
        let shown = |login: &Federated, publishes| {
            login.ids(publishes).iter().map(|(name, id)| format!("{name}={id}")).collect::<Vec<_>>().join(",")
        };
        let one = parse("public.ecr.aws", "role=vars.A,pull_role=vars.B");
        assert_eq!(
            (one.pulls(), shown(&one, true), shown(&one, false)),
            (true, "role=vars.A".into(), "role=vars.B".into())
        );
        let one = parse("gcr.io", "provider=vars.A,pull_service_account=vars.B");
        assert_eq!(
            (shown(&one, true), shown(&one, false)),
            ("provider=vars.A".into(), "provider=vars.A,service_account=vars.B".into())
        );
        assert!(!parse("public.ecr.aws", "role=vars.A").pulls());
    }
}
