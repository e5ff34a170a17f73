//! Where older versions of buildx differ from the one that is followed. Definitions for an older one do without.

/// The first version, 36 of 0.36, that does as the followed one does, what it is about, and what older ones do. Without
/// a number it is the libraries of HCL and cty that matter: those of Linux distributions can be older.
const DIFFERENCES: [(Option<u32>, &str, &str); 15] = [
    (None, "short circuit", "`&&` and `||` fail when either operand does"),
    (None, "negative index", "`element` refuses it"),
    (
        None,
        "fields of nothing",
        "`*` over an empty list of objects may take a field that they would not have",
    ),
    (None, "negative subnet", "`cidrsubnet` takes its number without the sign"),
    (None, "strict times", "`timeadd` and `formatdate` take some times that are not RFC 3339"),
    (Some(30), "typed null", "a variable with a type and without a value is an empty string"),
    (Some(31), "--var", "an unknown flag"),
    (Some(31), "--policy", "an unknown flag"),
    (Some(31), "policy", "an unknown attribute, which is ignored; an unknown key of --set"),
    (Some(31), "BUILDX_BAKE_DISABLE_VARS_ENV_LOOKUP", "has no meaning"),
    (Some(31), "semvercmp", "an unknown function"),
    (Some(33), "timestamps", "formattimestamp and unixtimestampparse are unknown functions"),
    (Some(35), "resources", "an unknown attribute, which is ignored; an unknown key of --set"),
    (Some(36), "BUILDX_BAKE_FILE_RELATIVE_PATHS", "has no meaning"),
    (Some(36), "--set secret.ID", "an unknown key"),
];

/// A version of buildx.
#[derive(Clone, Copy)]
pub(super) struct Version {
    /// The 36 of v0.36.0.
    pub(super) minor: u32,
    pub(super) has_old_libraries: bool,
}

impl Version {
    /// What tells old libraries: a definition, and what is not printed for it then.
    pub(super) const PROBE: (&str, &str) =
        ("target \"default\" {\n  args = {\n    A = false && nosuch\n  }\n}\n", "\"A\": \"false\"");

    /// Newer than any in the table, or one that says no version that is known.
    pub(super) const NEWEST: u32 = u32::MAX;

    /// The 36 in a word such as `v0.36.0`, `0.29.1+ds1` or `v0.37.0-rc1-12-gabcdef`; versions since 1 are newer than any.
    pub(super) fn minor_of(word: &str) -> Option<u32> {
        let (major, rest) = word.trim_start_matches('v').split_once('.')?;
        let minor: u32 = rest.split(['.', '-', '+']).next()?.parse().ok()?;
        match major.parse::<u32>().ok()? {
            // What a build without its tags says.
            0 if minor == 0 => None,
            0 => Some(minor),
            _ => Some(Self::NEWEST),
        }
    }

    /// Whether it does this as the followed version does.
    pub(super) fn knows(self, what: &str) -> bool {
        let (since, ..) = DIFFERENCES.iter().find(|(_, name, _)| *name == what).expect("it is in the table");
        self.is_after(*since)
    }

    fn is_after(self, since: Option<u32>) -> bool {
        since.map_or(!self.has_old_libraries, |minor| self.minor >= minor)
    }

    /// What is left out, a line each.
    pub(super) fn left_out(self) -> impl Iterator<Item = String> {
        let unknown = DIFFERENCES.iter().filter(move |(since, ..)| !self.is_after(*since));
        unknown
            .map(move |(_, name, before)| format!("left out with buildx 0.{}: {name} ({before})", self.minor))
    }
}

#[test]
fn any_version_of_buildx_is_read() {
    for (said, minor) in [
        ("github.com/docker/buildx v0.36.0 28c90eadc4c1", Some(36)),
        ("github.com/docker/buildx 0.29.1+ds1 0.29.1+ds1-4", Some(29)),
        ("github.com/docker/buildx v0.37.0-rc1-12-gabcdef abcdef", Some(37)),
        ("github.com/docker/buildx v1.2.0 abcdef", Some(Version::NEWEST)),
        ("github.com/docker/buildx 0.0.0+unknown ", None),
        ("github.com/docker/buildx abcdef.m", None),
    ] {
        assert_eq!(said.split_whitespace().find_map(Version::minor_of), minor, "{said}");
    }
}
