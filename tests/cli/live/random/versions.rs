//! Where older versions of buildx differ from the one that is followed. Definitions for an older one do without.

/// The first version, 36 of 0.36, that does as the followed one does, what it is about, and what older ones do.
const DIFFERENCES: [(u32, &str, &str); 16] = [
    (30, "typed null", "a variable with a type and without a value is an empty string"),
    // The packages of Debian have the older libraries of cty and HCL.
    (30, "short circuit", "`&&` and `||` fail when either operand does"),
    (30, "failed arms", "what fails in the arm of a conditional that is not taken has other types"),
    (30, "negative index", "`element` refuses it"),
    (30, "strict times", "`timeadd` takes some times that are not RFC 3339"),
    (31, "--var", "an unknown flag"),
    (31, "--policy", "an unknown flag"),
    (31, "policy", "an unknown attribute, which is ignored"),
    (31, "BUILDX_BAKE_DISABLE_VARS_ENV_LOOKUP", "has no meaning"),
    (31, "semvercmp", "an unknown function"),
    (33, "formattimestamp", "an unknown function"),
    (33, "unixtimestampparse", "an unknown function"),
    (35, "resources", "an unknown attribute, which is ignored; an unknown key of --set"),
    (35, "empty caches of Compose", "are left out"),
    (36, "BUILDX_BAKE_FILE_RELATIVE_PATHS", "has no meaning"),
    (36, "--set secret.ID", "an unknown key"),
];

/// A version of buildx: the 36 of v0.36.0.
#[derive(Clone, Copy)]
pub(super) struct Version(pub(super) u32);

impl Version {
    /// Whether it does this as the followed version does.
    pub(super) fn knows(self, what: &str) -> bool {
        let (since, ..) = DIFFERENCES.iter().find(|(_, name, _)| *name == what).expect("it is in the table");
        self.0 >= *since
    }

    /// What is left out, a line each.
    pub(super) fn left_out(self) -> Vec<String> {
        let unknown = DIFFERENCES.iter().filter(|(_, name, _)| !self.knows(name));
        unknown
            .map(|(since, name, before)| format!("left out before buildx 0.{since}: {name} ({before})"))
            .collect()
    }
}
