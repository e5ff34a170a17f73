//! Codes of what registries and OCI layouts answer.

use super::example::when;
use super::row::codes;

codes! {
    guide: "docs/how-to/troubleshooting.md";

    REGISTRY_NOT_FOUND "registry-not-found" [Error] {
        cause: "The registry does not know the repository, tag or digest. Some registries answer this to those who may not see a private repository, and some do not create a repository on the first push.",
        example: when("The first push to a repository on AWS ECR."),
        cure: "Check the name, log in, and create the repository first where the registry does not do so by itself.",
    }
    REGISTRY_UNAUTHORIZED "registry-unauthorized" [Error] {
        cause: "The registry wants credentials and got none, or does not accept those it got: a wrong password, an expired token, or a login to another name of the registry.",
        example: when("`docker login` was run for `docker.io`, and the image is on `ghcr.io`."),
        cure: "Log in with `docker login REGISTRY` in the same job; bakeplan uses Docker's credentials.",
    }
    REGISTRY_DENIED "registry-denied" [Error] {
        cause: "The registry knows the account and does not allow it to do this, such as to push with a token that may only read.",
        example: when("A GitHub workflow without `permissions: packages: write`: `denied: permission_denied: write_package`."),
        cure: "Grant the right. On GitHub, give the job `packages: write`, and the repository write access in the settings of the package.",
    }
    REGISTRY_UNSUPPORTED "registry-unsupported" [Error] {
        cause: "The registry does not support what it was asked: an operation, a media type or an artifact that is not an image.",
        example: when("A registry that does not take OCI indexes."),
        cure: "Update the registry, or build with `oci-mediatypes=false` and without attestations.",
    }
    REGISTRY_RATE_LIMITED "registry-rate-limited" [Error] {
        cause: "The registry got more requests than it allows in some time (`429 Too Many Requests`, `toomanyrequests`), and waiting did not help.",
        example: when("Docker Hub without a login, from the shared address of a CI runner."),
        cure: "Try again later, or log in: limits are higher with an account.",
    }
    REGISTRY_FAILED "registry-failed" [Error] {
        cause: "The registry, or a proxy before it, failed with a status of 500 or more, several times.",
        example: when("An outage of the registry: `503 Service Unavailable`."),
        cure: "Run the command again later; a merge only writes what is missing.",
    }
    REGISTRY_REJECTED "registry-rejected" [Error] {
        cause: "The registry refused the request for a reason that it gives in the message.",
        example: when("A registry that forbids to overwrite tags: `tag is immutable`."),
        cure: "Follow what the registry says in the message.",
    }
    REGISTRY_TLS "registry-tls" [Error] {
        cause: "No secure connection could be made: the certificate is not trusted here (`x509: certificate signed by unknown authority` elsewhere), is for another name, or has expired, perhaps because a clock is wrong; or the registry speaks plain HTTP.",
        example: when("A registry with a certificate of the company's own authority."),
        cure: "Give the authority of the certificate with `--ca-file FILE` or SSL_CERT_FILE, set the clock, or name a registry that does not use TLS with `--insecure-registry HOST`.",
    }
    REGISTRY_NETWORK "registry-network" [Error] {
        cause: "The registry cannot be reached, or the connection broke off several times: its name does not resolve, a firewall or proxy is in the way, or it takes too long to answer.",
        example: when("`bakeplan verify registry.invalid/acme/app:1`"),
        cure: "Check the name and the network. A proxy is named in HTTPS_PROXY; also let the host through where the registry keeps its content.",
    }
    REGISTRY_TOO_LARGE "registry-too-large" [Error] {
        cause: "An answer of the registry is larger than anything of its kind, such as a manifest of more than 4 MiB.",
        example: when("A web server that answers each request with a large page."),
        cure: "Check the address of the registry.",
    }
    REGISTRY_INVALID "registry-invalid" [Error] {
        cause: "What the registry or the OCI layout answered is not what its specification says.",
        example: when("`index.json` of a layout that was written halfway."),
        cure: "Check the address or the path, and write the layout again.",
    }
    NOT_A_REGISTRY "not-a-registry" [Error] {
        cause: "The answer `404` did not come from a registry, so it does not mean that the tag is absent: the address is that of something else, or a proxy answered.",
        example: when("`bakeplan verify example.com/acme/app:1`, where example.com is a web site."),
        cure: "Check the address of the registry; a proxy may also have answered in its place.",
    }
    DIGEST_MISMATCH "digest-mismatch" [Error] {
        cause: "Content does not have the digest by which it was asked for, so it is not used.",
        example: when("A proxy that rewrites what it passes on, or a damaged blob in a layout."),
        cure: "Try from another network. If it persists, the registry is damaged: build and push again. What is damaged in a layout, `bakeplan promote` replaces from a repository that has all of it.",
    }
    LAYOUT_FILES "layout-files" [Error] {
        cause: "A file of an OCI layout cannot be read or written.",
        example: when("`oci-layout:out`, where `out` belongs to another user."),
        cure: "Correct the path or its permissions.",
    }
    LAYOUT_LOCKED "layout-locked" [Error] {
        cause: "Another process writes to the OCI layout.",
        example: when("Two merges into one layout at the same time."),
        cure: "Wait until the other process is done.",
    }
}
