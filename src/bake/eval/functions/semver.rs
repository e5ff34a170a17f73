//! `semvercmp`: version constraints as Masterminds/semver v3 reads them
//! (<https://github.com/Masterminds/semver#checking-version-constraints>), which the `semver` crate does not.

use std::cmp::Ordering;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::strings::text;
use super::{Ambient, Family, FunctionError, fixed, param};
use crate::bake::values::{Type, Value};

pub(super) fn family() -> Family {
    let params = vec![param("version", Type::String), param("contraint", Type::String)];
    vec![("semvercmp", fixed(params, compare))]
}

fn compare(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let version = Version::parse(text(args, 0)?)
        .ok_or_else(|| FunctionError::argument(0, "invalid semantic version"))?;
    let constraints = text(args, 1)?;
    let alternatives = parse_constraints(constraints)
        .map_err(|part| FunctionError::argument(1, format!("improper constraint: {part:?}")))?;
    Ok(Value::from(alternatives.iter().any(|all| all_match(all, &version))))
}

/// A version without its build metadata, which no comparison looks at.
#[derive(Debug, PartialEq, Eq)]
struct Version {
    major: u64,
    minor: u64,
    patch: u64,
    /// Empty for a release.
    prerelease: String,
}

impl Version {
    /// Reads `1`, `v1.2` or `01.2.3-rc.1+build`.
    fn parse(text: &str) -> Option<Self> {
        static VERSION: LazyLock<Regex> =
            LazyLock::new(|| compiled(&format!(r"^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?{SUFFIX}$")));
        let found = VERSION.captures(text)?;
        let number = |index| found.get(index).map_or(Some(0), |digits| digits.as_str().parse().ok());
        let prerelease = group(&found, "prerelease");
        let leading_zero = |part: &str| part.len() > 1 && part.starts_with('0') && is_numeric(part);
        if prerelease.split('.').any(leading_zero) {
            return None;
        }
        Some(Self {
            major: number(1)?,
            minor: number(2)?,
            patch: number(3)?,
            prerelease: prerelease.to_owned(),
        })
    }

    fn release(&self) -> (u64, u64, u64) {
        (self.major, self.minor, self.patch)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.release().cmp(&other.release()).then_with(|| {
            match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
                (false, false) => order_prereleases(&self.prerelease, &other.prerelease),
                (self_released, other_released) => self_released.cmp(&other_released),
            }
        })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn is_numeric(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())
}

/// Numbers by value and before words, words by their bytes, the longer of two equal beginnings last.
fn order_prereleases(left: &str, right: &str) -> Ordering {
    let key =
        |part: &str| part.parse::<u64>().map_or((true, 0, part.to_owned()), |n| (false, n, String::new()));
    left.split('.').map(key).cmp(right.split('.').map(key))
}

/// The end of a version in both grammars: prerelease and build metadata.
const SUFFIX: &str =
    r"(?:-(?<prerelease>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?";

/// `1.x`; that a part may hold any mixture of these characters only shows in `a||b - c`, see [`parse_constraints`].
const PARTIAL: &str = r"v?[0-9|xX*]+(?:\.[0-9|xX*]+)?(?:\.[0-9|xX*]+)?(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?";

const OPERATOR: &str = "!=|>=|=>|<=|=<|~>|[=<>~^]|";

/// White space in Go's regular expressions.
const SPACE: &str = r"[\t\n\f\r ]";

fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is constant")
}

fn group<'t>(found: &Captures<'t>, name: &str) -> &'t str {
    found.name(name).map_or("", |part| part.as_str())
}

/// One comparison, such as `>=1.2`.
struct Constraint {
    operator: String,
    version: Version,
    /// The parts that were left out or `x`, and are 0 in `version`.
    open: Open,
}

#[derive(Clone, Copy, PartialEq)]
enum Open {
    Nothing,
    Patch,
    Minor,
    Major,
}

/// Reads constraints: alternatives of which one must match, each a list of which all must.
///
/// # Errors
/// The part that is not a constraint.
fn parse_constraints(text: &str) -> Result<Vec<Vec<Constraint>>, String> {
    static RANGE: LazyLock<Regex> = LazyLock::new(|| {
        compiled(&format!("{SPACE}*(?<low>{PARTIAL}){SPACE}+-{SPACE}+(?<high>{PARTIAL}){SPACE}*"))
    });
    // The order matters as it does in Masterminds/semver: ranges first, so that `1||2 - 3` is `>=1 || 2, <=3`.
    let text = RANGE.replace_all(text, ">= ${low}, <= ${high} ");
    text.split("||").map(|part| parse_all(part).ok_or_else(|| part.trim().to_owned())).collect()
}

/// Reads constraints between which there is a comma or space.
fn parse_all(text: &str) -> Option<Vec<Constraint>> {
    static ONE: LazyLock<Regex> = LazyLock::new(|| {
        compiled(&format!(
            "^{SPACE}*(?<operator>{OPERATOR}){SPACE}*(?<version>{PARTIAL})(?<end>{SPACE}*(?:,{SPACE}*)?)"
        ))
    });
    let mut constraints = Vec::new();
    let mut rest = text;
    loop {
        let found = ONE.captures(rest)?;
        constraints.push(Constraint::new(group(&found, "operator"), group(&found, "version"))?);
        rest = &rest[found.get_match().end()..];
        match group(&found, "end") {
            end if rest.is_empty() => return (!end.contains(',')).then_some(constraints),
            "" => return None,
            _ => {}
        }
    }
}

impl Constraint {
    fn new(operator: &str, text: &str) -> Option<Self> {
        static PARTS: LazyLock<Regex> = LazyLock::new(|| {
            compiled(&format!(
                r"^v?(?<major>[^.+-]+)(?:\.(?<minor>[^.+-]+))?(?:\.(?<patch>[^.+-]+))?{SUFFIX}$"
            ))
        });
        let found = PARTS.captures(text)?;
        let is_open = |part: &str| matches!(part, "" | "x" | "X" | "*");
        let (major, minor, patch) = (group(&found, "major"), group(&found, "minor"), group(&found, "patch"));
        let (open, release) = if is_open(major) {
            (Open::Major, "0.0.0".to_owned())
        } else if is_open(minor) {
            (Open::Minor, format!("{major}.0.0"))
        } else if is_open(patch) {
            (Open::Patch, format!("{major}.{minor}.0"))
        } else {
            (Open::Nothing, format!("{major}.{minor}.{patch}"))
        };
        let prerelease = group(&found, "prerelease");
        let hyphen = if prerelease.is_empty() { "" } else { "-" };
        let version = Version::parse(&format!("{release}{hyphen}{prerelease}"))?;
        Some(Self { operator: operator.to_owned(), version, open })
    }

    /// Whether a version matches, prereleases aside.
    fn matches(&self, version: &Version) -> bool {
        let own = &self.version;
        match self.operator.as_str() {
            "" | "=" if self.open == Open::Nothing => version == own,
            "" | "=" | "~" | "~>" => self.tilde(version),
            "^" => self.caret(version),
            "!=" => self.differs(version),
            ">" => match self.open {
                Open::Minor => version.major > own.major,
                Open::Patch => (version.major, version.minor) > (own.major, own.minor),
                Open::Major if version.major != own.major => true,
                Open::Major | Open::Nothing => version > own,
            },
            "<" => version < own,
            ">=" | "=>" => version >= own,
            _ => match self.open {
                Open::Nothing => version <= own,
                Open::Minor => version.major <= own.major,
                Open::Patch | Open::Major => (version.major, version.minor) <= (own.major, own.minor),
            },
        }
    }

    fn tilde(&self, version: &Version) -> bool {
        let own = &self.version;
        // `~0.0.0` is any version, like `~*`.
        let any = own.release() == (0, 0, 0) && !matches!(self.open, Open::Minor | Open::Patch);
        let same = version.major == own.major && (version.minor == own.minor || self.open == Open::Minor);
        version >= own && (any || same)
    }

    fn caret(&self, version: &Version) -> bool {
        let own = &self.version;
        let same = if own.major > 0 || self.open == Open::Minor {
            version.major == own.major
        } else if own.minor > 0 || self.open == Open::Patch {
            (version.major, version.minor) == (0, own.minor)
        } else {
            version.release() == own.release()
        };
        version >= own && same
    }

    fn differs(&self, version: &Version) -> bool {
        let own = &self.version;
        match self.open {
            Open::Minor => version.major != own.major,
            Open::Patch if (version.major, version.minor) == (own.major, own.minor) => {
                order_prereleases(&version.prerelease, &own.prerelease).is_ne()
            }
            _ => version != own,
        }
    }
}

/// Whether a version matches all constraints; a prerelease does only if one of them names a prerelease.
fn all_match(constraints: &[Constraint], version: &Version) -> bool {
    let prereleases = constraints.iter().any(|c| !c.version.prerelease.is_empty());
    (version.prerelease.is_empty() || prereleases) && constraints.iter().all(|c| c.matches(version))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ambient, check, check_errors};
    use super::*;

    #[test]
    fn versions_give_what_buildx_gives() {
        check(&[
            ("semvercmp", r#"["1.2.3",">=1.0"]"#, "true"),
            ("semvercmp", r#"["1.2.3","~1.2"]"#, "true"),
            ("semvercmp", r#"["1.2.3","^1.1"]"#, "true"),
            ("semvercmp", r#"["1.3.0-rc1",">=1.2"]"#, "false"),
            ("semvercmp", r#"["v1.2",">=1.2.0, <2 || 5.x"]"#, "true"),
            ("semvercmp", r#"["1.2.3","1.2.x"]"#, "true"),
            ("semvercmp", r#"["1.2.3","!=1.2.3"]"#, "false"),
            ("semvercmp", r#"["1.2.3","1.2 - 1.4"]"#, "true"),
            ("semvercmp", r#"["1","=1"]"#, "true"),
        ]);
    }

    #[test]
    fn versions_refuse_what_buildx_refuses() {
        check_errors(&[
            ("semvercmp", r#"["abc",">1"]"#, "invalid semantic version"),
            ("semvercmp", r#"["1.2.3","foo"]"#, r#"improper constraint: "foo""#),
        ]);
    }

    #[test]
    fn constraints() {
        for (constraint, versions, others) in [
            ("1.2", "1.2.0 1.2.9 v1.2", "1.3.0 1.2.0-rc.1"),
            ("=1.2.3", "1.2.3 1.2.3+build 01.02.03", "1.2.4"),
            ("!=1.x", "2.0.0", "1.0.0 1.9.9"),
            ("!=1.2", "1.3.0 2.2.0", "1.2.0 1.2.7"),
            (">1.1", "1.2.0 2.0.0", "1.1.0 1.1.9"),
            (">11", "12.0.0", "11.1.0"),
            ("<1.1", "1.0.9", "1.1.0 1.1.1"),
            ("<=1.1", "1.1.9 0.9.0", "1.2.0 2.0.0"),
            ("=<11", "11.9.9", "12.0.0"),
            ("=>1.1", "1.1.0", "1.0.9"),
            ("*", "0.0.0 9.9.9", "1.0.0-rc.1"),
            ("~1", "1.0.0 1.9.0", "2.0.0"),
            ("~1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0"),
            ("~>2.0", "2.0.5", "2.1.0"),
            ("~0.0.0", "0.0.0 7.0.0", ""),
            ("^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0"),
            ("^0.2.3", "0.2.3 0.2.9", "0.3.0 1.2.3"),
            ("^0.0.3", "0.0.3", "0.0.4"),
            ("^0.0", "0.0.9", "0.1.0"),
            ("^0", "0.9.0", "1.0.0"),
            (
                ">=1.2.3-beta.2",
                "1.2.3-beta.2 1.2.3-beta.11 1.2.3-rc 1.2.3 1.3.0-a",
                "1.2.3-beta.1 1.2.3-beta",
            ),
            ("1.2 - 1.4.5 || >=3, <4", "1.2.0 1.4.5 3.9.9", "1.4.6 2.0.0 4.0.0"),
            (">1 <3", "2.0.0", "1.5.0 3.0.0"),
        ] {
            let matches = |version: &str| {
                compare(&ambient(), &[Value::string(version), Value::string(constraint)])
                    .unwrap_or_else(|e| panic!("{constraint} {version}: {e:?}"))
            };
            for version in versions.split_whitespace() {
                assert_eq!(matches(version), Value::from(true), "{constraint} {version}");
            }
            for version in others.split_whitespace() {
                assert_eq!(matches(version), Value::from(false), "{constraint} {version}");
            }
        }
    }

    #[test]
    fn improper_constraints() {
        for constraint in [
            "",
            "1,",
            "1.2.3.4",
            ">",
            ">>1",
            "1.1x",
            "1 - ",
            ">1 - 2",
            "1 || ",
            "1.0.0-01",
            "99999999999999999999",
        ] {
            assert!(parse_constraints(constraint).is_err(), "{constraint:?}");
        }
        for version in ["", "1.", "1.2.3.4", "1.0.0-01", "1.0.0-", "x", " 1", "99999999999999999999"] {
            assert!(Version::parse(version).is_none(), "{version:?}");
        }
    }
}
