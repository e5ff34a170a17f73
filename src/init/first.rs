//! A Bake file to begin with, where nothing is published yet.

use super::render::quoted;

/// A Bake file to begin with, for this Dockerfile.
pub(crate) fn file(dockerfile: &str) -> String {
    let (folder, name) = dockerfile.rsplit_once('/').unwrap_or((".", dockerfile));
    let mut target = String::from("  platforms  = [\"linux/amd64\", \"linux/arm64\"]\n");
    for (attribute, value, usual) in [("context   ", folder, "."), ("dockerfile", name, "Dockerfile")] {
        if value != usual {
            target.extend(["  ", attribute, " = ", &quoted(value), "\n"]);
        }
    }
    format!(
        "write `docker-bake.hcl`, with your repository in the place of this one:\n\n\
         target \"app\" {{\n{target}}}\n\n\
         image \"app\" {{\n  repositories = [\"ghcr.io/acme/app\"]\n  \
         version      = {{ pattern = \"{{{{ tag }}}}\", when = \"tag\" }}\n  \
         tags         = [\"{{{{ version }}}}\", \"latest\", {{ pattern = \"edge\", when = \"branch == 'main'\" }}]\n}}\n"
    )
}
