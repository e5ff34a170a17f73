//! Sources: paths, patterns, mounts, downloads, and which files of a context they take.

use super::given;

#[test]
fn paths_are_cleaned() {
    given().expect(&[
        ("FROM scratch\nCOPY /a ../b ./d/../e f/ g//h /z/\n", "a | b | e | f | g/h"),
        ("FROM scratch\nCOPY [\"a b\", \"../../c\", \"/z/\"]\n", "a b | c"),
        ("FROM scratch\nCOPY [\"a\", b /z/\n", "[a, (glob) | b"),
        ("FROM scratch\nARG X=1\nCOPY [\"a$X\", \"/z/\"]\n", "a1"),
        ("FROM scratch\nCOPY \"a\" 'b' /z/\n", "a | b"),
        ("FROM scratch\nCOPY a\u{a0}b /z/\n", "a\u{a0}b"),
        ("FROM scratch\nCOPY a a /z/\nCOPY a /y\n", "a | a"),
        ("FROM scratch\nCOPY github.com/a/b.git /z/\n", "github.com/a/b.git"),
    ]);
}

#[test]
fn the_root_is_the_whole_context() {
    for source in [".", "./", "/", "..", "a/..", "./../.", "*", "**", "./*", "\"\"", "$X"] {
        let text = source.trim_matches('"');
        let text = if text == "$X" { "" } else { text };
        for verb in ["COPY", "ADD"] {
            given().expect(&[(
                &format!("FROM scratch\nCOPY a /\n{verb} b {source} /z/\n"),
                &format!("whole: line 3: source `{text}` is the whole context"),
            )]);
        }
    }
    given().expect(&[
        ("FROM scratch\nCOPY c:/x /z/\n", "whole: line 2: source `c:/x` may be a path of Windows"),
        ("FROM scratch\nCOPY --from=x . /z/\n", "from x"),
    ]);
}

#[test]
fn mounts_read_the_context_unless_they_say_otherwise() {
    let whole = "whole: line 2: a bind mount without a source is the whole context";
    given().expect(&[
        ("FROM scratch\nRUN --mount=type=bind,source=a,target=/m x\n", "a"),
        ("FROM scratch\nRUN --mount=target=/m,src=a/b/ --mount=SOURCE=c,dst=/n x\n", "a/b | c"),
        ("FROM scratch\nRUN --mount=source=a,source=b,target=/m x\n", "b"),
        ("FROM scratch\nARG X=b\nRUN --mount=source=$X,target=/m x\n", "b"),
        ("FROM scratch\nARG T=cache\nRUN --mount=type=$T,target=/m x\n", ""),
        ("FROM scratch\nRUN --mount=source=a*,target=/m x\n", "a*"),
        ("FROM scratch\nRUN --mount=type=cache,target=/m --mount=type=tmpfs,target=/t x\n", ""),
        ("FROM scratch\nRUN --mount=type=secret,id=a,source=b --mount=type=ssh x\n", ""),
        ("FROM scratch\nRUN --network=none [\"x\"]\n", ""),
        ("FROM scratch\nRUN --mount=target=/m x\n", whole),
        ("FROM scratch\nRUN --mount=type=BIND,target=/m x\n", whole),
        ("FROM scratch\nRUN --mount=from=,target=/m x\n", whole),
        (
            "FROM scratch\nRUN --mount=source=.,target=/m x\n",
            "whole: line 2: source `.` is the whole context",
        ),
        (
            "FROM scratch\nRUN --mount=source=/,target=/m x\n",
            "whole: line 2: source `/` is the whole context",
        ),
        (
            "FROM b\nRUN --mount=type=$T,target=/m,source=a x\n",
            "whole: line 2: the value of `$T` is not known: the environment of \"b\" may set it | from b",
        ),
    ]);
}

#[test]
fn exclusions_and_parents_are_passed_on() {
    given().expect(&[
        ("FROM scratch\nCOPY --exclude=*.md --exclude=x d /z/\n", "d -*.md -x"),
        ("FROM scratch\nCOPY --parents d/e/a /z/\n", "d/e/a (parents)"),
        ("FROM scratch\nCOPY --parents d/./e/a /z/\n", "d/e/a (parents)"),
        ("FROM scratch\nCOPY --parents d/**/a e/f*/x /z/\n", "d (parents) | e (parents)"),
        ("FROM scratch\nCOPY --parents=false d/*/a /z/\n", "d/*/a (glob)"),
        ("FROM scratch\nCOPY --parents **/a /z/\n", "whole: line 2: source `**/a` is the whole context"),
    ]);
}

#[test]
fn what_add_downloads_is_not_of_the_context() {
    given().expect(&[
        ("FROM scratch\nADD https://x/y.tgz /\n", "download https://x/y.tgz"),
        ("FROM scratch\nADD --checksum=sha256:1 http://x/y /\n", "download http://x/y = sha256:1"),
        (
            "FROM scratch\nARG V=1 C=sha256:2\nADD --checksum=$C https://x/$V a /\n",
            "a | download https://x/1 = sha256:2",
        ),
        ("FROM b\nADD https://x/$V /\n", "no ONBUILD in b | from b | download https://x/$V"),
        ("FROM b\nADD --checksum=$C https://x/y /\n", "no ONBUILD in b | from b | download https://x/y"),
        ("FROM scratch\nADD https://x/y.git /\n", "clone https://x/y.git at its head"),
        ("FROM scratch\nADD https://x/y.git#v1:sub /\n", "clone https://x/y.git#v1:sub at v1"),
        (
            "FROM scratch\nADD https://x/y.git?branch=b&commit=abc /\n",
            "clone https://x/y.git?branch=b&commit=abc = abc at b",
        ),
        ("FROM scratch\nADD git@x:y#main /\n", "clone git@x:y#main at main"),
        (
            "FROM scratch\nADD ssh://git@x/y git://x/z /\n",
            "clone ssh://git@x/y at its head | clone git://x/z at its head",
        ),
        ("FROM scratch\nADD ftp://x/y ./git@x:y /\n", "ftp:/x/y | git@x:y"),
        ("FROM scratch\nADD a@b /\n", "a@b"),
        ("FROM scratch\nCOPY https://x/y /\n", "whole: line 2: `COPY` cannot download `https://x/y`"),
        ("FROM scratch\nCOPY git@x:y /\n", "whole: line 2: `COPY` cannot download `git@x:y`"),
    ]);
}
