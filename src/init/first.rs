//! A Bake file to begin with, where nothing is published yet.

use super::render::quoted;

/// A Bake file to begin with, for a Dockerfile if there is one.
pub(crate) fn file(dockerfile: Option<&str>) -> String {
    let (folder, name) =
        dockerfile.map_or((".", "Dockerfile"), |path| path.rsplit_once('/').unwrap_or((".", path)));
    let mut target = String::from("  platforms = [\"linux/amd64\", \"linux/arm64\"]\n");
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
         tags         = [\"{{{{ version }}}}\", \"latest\", {{ pattern = \"edge\", when = \"default_branch\" }}]\n}}\n"
    )
}
