//! Constants with numbers beside a version that is written out: a variant's, a month's, or nobody knows whose.

use crate::versions::tags;

fn target(names: &str) -> String {
    let tags: Vec<String> = names.split_whitespace().map(|name| format!("\"r.io/x/a:{name}\"")).collect();
    format!("target \"a\" {{\n  platforms = [\"linux/amd64\"]\n  tags = [{}]\n}}\n", tags.join(", "))
}

/// What a variant is called floats, whatever it is called.
#[test]
fn the_numbers_of_a_variant_float() {
    for (names, expected) in [
        ("1.2.4-24.04 24.04", "1.2.4-24.04 24.04=versions"),
        ("v1.2.4-24.04 24.04 latest", "v1.2.4-24.04 24.04=versions latest=versions"),
        ("1.2.4-3.20 1.2-3.20 1-3.20 3.20", "1.2.4-3.20 1.2-3.20=versions 1-3.20=versions 3.20=versions"),
        ("1.2.4 1.2.4-12.4 12.4", "1.2.4 1.2.4-12.4 12.4=versions"),
        (
            "1.2.4-24.04-slim 24.04-slim 1.2.4-24.04 24.04",
            "1.2.4-24.04-slim 24.04-slim=versions 1.2.4-24.04 24.04=versions",
        ),
        ("1.2.4-alpine alpine", "1.2.4-alpine alpine=versions"),
        ("3.13-1.2.4 3.13", "3.13-1.2.4 3.13=versions"),
    ] {
        assert_eq!(tags(&target(names), &[]).0, expected, "{names}");
    }
}

#[test]
fn months_and_years_move_with_the_days() {
    for (names, expected) in [
        ("2026-01-16 2026-01 latest", "2026-01-16 2026-01=versions latest=versions"),
        ("2026-01-16 2026-01 2026", "2026-01-16 2026-01=versions 2026=versions"),
        ("2026_01_16 2026_01", "2026_01_16 2026_01=versions"),
        (
            "2026-01-16-alpine 2026-01-alpine alpine",
            "2026-01-16-alpine 2026-01-alpine=versions alpine=versions",
        ),
        ("2026.01.16 2026.01", "2026.01.16 2026.01=versions"),
        // A day alone is one, and another month is not a part of it.
        ("2026-01-16 latest", "2026-01-16 latest=versions"),
        ("1.2.3 2026-01-16 latest", "1.2.3 2026-01-16 latest=versions"),
    ] {
        assert_eq!(tags(&target(names), &[]).0, expected, "{names}");
    }
}

/// What counts as a version of its own is said to.
#[test]
fn other_numbers_beside_a_version_are_named() {
    for (names, apart) in [
        ("1.2.3 8 latest", "`8`"),
        ("1.2.3 1.2 22 latest", "`22`"),
        ("1.2.3 8-jdk latest", "`8-jdk`"),
        ("1.2.3 2026-01", "`2026-01`"),
        ("1.2.3 8 9", "`8`, `9`"),
        // Which one is the version is open.
        ("1.2.3 3.20 latest", "`3.20`"),
        ("1.2.3-3.20.1 3.20.1", "`3.20.1`"),
        // Parts of the version, words, days, builds and commits.
        ("1.2.3 1.2 1 latest", ""),
        ("1.2.3 v1 edge", ""),
        ("1.2.3 2026-01-16", ""),
        ("1.2.3 20260116", ""),
        ("1.2.3 14171", ""),
        ("1.2.3 jdk8", ""),
        ("1.2.4-24.04 24.04", ""),
    ] {
        let (found, talk) = tags(&target(names), &[]);
        let is_named = talk.contains("unguarded-tag") && talk.contains("as a version of its own")
            || talk.contains("as versions of their own");
        assert_eq!(is_named, !apart.is_empty(), "{names}: {found}: {talk}");
        assert!(talk.contains(apart), "{names}: {talk}");
    }
}

/// What the note recommends.
#[test]
fn a_declared_version_lets_numbers_float() {
    let block = "target \"a\" {\n  platforms = [\"linux/amd64\"]\n}\nimage \"a\" {\n  repositories = [\"r.io/x/a\"]\n  version = \"1.2.3\"\n  tags = [TAGS]\n}\n";
    for (names, expected) in [
        ("\"{{ version }}\", \"8\", \"latest\"", "1.2.3 8=versions latest=versions"),
        ("\"{{ version }}\", \"2026-01\"", "1.2.3 2026-01=versions"),
        ("\"{{ version }}\", \"for-8\"", "1.2.3 for-8=versions"),
    ] {
        assert_eq!(tags(&block.replace("TAGS", names), &[]).0, expected, "{names}");
    }
    assert_eq!(tags(&target("1.2.3 for-8"), &[]).0, "1.2.3 for-8=versions");
}
