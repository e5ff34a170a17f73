//! What helps where a right is missing, and how the right to write is given where a registry has its own way; each says it in other words,
//! or in none.

/// What helps where tags cannot be listed.
pub(super) const LIST: &str = "without the list of tags, name the versions that are released in `known_versions` and merge with `--allow-backward`, which moves floating tags without looking";

/// What helps those who may not do something.
pub(super) const RIGHT: &str = "give these credentials the right to do this; registries also refuse it when the repository does not exist";

/// The same where something is written: what else may forbid it stands in the registry's own words, if anywhere.
pub(super) const RIGHT_TO_WRITE: &str = "give these credentials the right to do this; registries also refuse it when the repository does not exist, a quota is used up or a policy forbids it, and while they are read-only";

/// The end of a registry's name, and what gives the right to write there.
const CURES: [(&str, &str); 9] = [
    ("ghcr.io", GITHUB),
    (
        ".amazonaws.com",
        "create the repository first, and allow `ecr:PutImage`, `ecr:BatchGetImage`, `ecr:BatchCheckLayerAvailability` and the `ecr:…LayerUpload` actions on it",
    ),
    (
        ".pkg.dev",
        "create the repository first, and give the account the role `roles/artifactregistry.writer` on it",
    ),
    ("gcr.io", "give the account the role `roles/artifactregistry.createOnPushWriter`"),
    (".azurecr.io", "give the identity the role `AcrPush`, or the token the scope map `_repositories_push`"),
    (
        "docker.io",
        "give the access token the permission `Read & Write`; an organization's repository also wants its team to have it",
    ),
    (
        "quay.io",
        "give the robot account the permission *Write* on the repository; it may also have to be created first",
    ),
    (
        "registry.gitlab.com",
        "a job's token may push to its own project alone: allow it in the other project's settings, or use a deploy token with `write_registry`",
    ),
    ("codeberg.org", "give the access token the scope `write:package`"),
];

const GITHUB: &str = "give the job `permissions: packages: write`; a package that exists has to be linked to the repository of this run, with the role `Write` under `Manage Actions access` in its settings";

/// What gives the right to write to a registry that said this; none where there is no special way.
pub(super) fn to_write<'s>(host: &str, mut said: impl Iterator<Item = &'s str>) -> Option<&'static str> {
    // A GitHub server of one's own has any name, and this word for the right.
    if said.any(|message| message.contains("write_package")) {
        return Some(GITHUB);
    }
    let host = host.split(':').next().unwrap_or_default();
    let is_meant = |end: &str| {
        let rest = host.strip_suffix(end);
        rest.is_some_and(|rest| rest.is_empty() || end.starts_with('.') || rest.ends_with('.'))
    };
    CURES.iter().find(|(end, _)| is_meant(end)).map(|(_, cure)| *cure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_have_ways_of_their_own() {
        for (host, expected) in [
            ("ghcr.io", Some("packages: write")),
            ("123.dkr.ecr.eu-west-1.amazonaws.com", Some("ecr:PutImage")),
            ("europe-docker.pkg.dev", Some("artifactregistry.writer")),
            ("eu.gcr.io", Some("createOnPushWriter")),
            ("docker.io", Some("Read & Write")),
            ("acme.azurecr.io", Some("AcrPush")),
            ("notghcr.io", None),
            ("registry.example:5000", None),
            ("127.0.0.1:5000", None),
        ] {
            let found = to_write(host, std::iter::empty());
            assert_eq!(found.is_some(), expected.is_some(), "{host}");
            assert!(found.unwrap_or_default().contains(expected.unwrap_or_default()), "{host}");
        }
        let said = ["permission_denied: write_package"];
        assert_eq!(to_write("packages.example", said.into_iter()), Some(GITHUB));
    }
}
