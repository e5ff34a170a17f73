//! Words: variables, quotes, escapes, and where variables come from.

use super::given;

#[test]
fn args_are_in_scope_where_they_are_declared() {
    given().expect(&[
        ("FROM scratch\nARG X=1\nCOPY a$X /\n", "a1"),
        ("FROM scratch\nARG X=1 Y=a$X\nCOPY $Y /\n", "a1"),
        ("FROM scratch\nCOPY a$X b /\n", "a | b"),
        ("ARG X=1\nFROM scratch\nCOPY a$X /\n", "a"),
        ("ARG X=1\nFROM scratch\nARG X\nCOPY a$X /\n", "a1"),
        ("ARG X=1\nFROM scratch\nARG X=2\nCOPY a$X /\n", "a2"),
        ("ARG X=1\nARG X=2\nFROM scratch\nARG X\nCOPY a$X /\n", "a2"),
        ("ARG X=1\nARG Y=a$X\nARG X=2\nFROM scratch\nARG Y\nCOPY $Y /\n", "a1"),
        ("ARG X\nFROM scratch\nARG X\nCOPY a$X /\n", "a"),
        ("FROM scratch\nARG X=\"a b\"\nCOPY $X /\n", "a b"),
        ("FROM scratch\nARG X='a b' Y=c\\ d\nCOPY $X $Y /\n", "a b | c d"),
    ]);
    given().arg("X", "2").expect(&[
        ("FROM scratch\nARG X=1\nCOPY a$X /\n", "a2"),
        ("FROM scratch\nARG X\nCOPY a$X /\n", "a2"),
        ("FROM scratch\nCOPY a$X /\n", "a"),
        ("ARG X=1\nFROM scratch\nARG X\nCOPY a$X /\n", "a2"),
        ("ARG X=1\nARG Y=a$X\nFROM scratch\nARG Y\nCOPY $Y /\n", "a2"),
        ("FROM scratch\nENV X=3\nCOPY a$X /\n", "a3"),
    ]);
    given().arg("X", "").expect(&[("FROM scratch\nARG X=1\nCOPY a$X /\n", "a")]);
    given().empty_arg("X").expect(&[("FROM scratch\nARG X=1\nCOPY a$X /\n", "a1")]);
}

#[test]
fn env_and_arg_share_their_names_and_the_later_wins() {
    given().expect(&[
        ("FROM scratch\nENV X=2\nCOPY a$X /\n", "a2"),
        ("FROM scratch\nENV X=2\nARG X=1\nCOPY a$X /\n", "a1"),
        ("FROM scratch\nARG X=1\nENV X=2\nCOPY a$X /\n", "a2"),
        ("FROM scratch\nENV X=2\nARG X\nCOPY a$X /\n", "a2"),
        ("FROM scratch\nENV X=q Y=a$X\nCOPY $Y /\n", "a"),
        ("FROM scratch\nENV X a b\nCOPY $X /\n", "a b"),
        ("FROM scratch\nENV N=X\nENV $N=1\nCOPY a$X /\n", "a1"),
        ("FROM scratch AS p\nENV E=1\nARG G=1\nFROM p\nCOPY e$E g$G /\n", "e1 | g1"),
        ("FROM scratch AS p\nENV E=1\nFROM p AS q\nENV E=2\nFROM p\nCOPY e$E /\n", "e1"),
        ("FROM scratch AS p\nENV E=1\nFROM scratch\nCOPY --from=p / /\nCOPY e$E /\n", "e"),
        // SBOM arguments never reach the environment.
        ("FROM scratch\nARG BUILDKIT_SBOM_SCAN_STAGE=x\nCOPY a$BUILDKIT_SBOM_SCAN_STAGE /\n", "a"),
    ]);
}

#[test]
fn the_environment_of_a_base_is_not_known_unless_the_stage_sets_it() {
    let unknown = |word: &str, base: &str, line: usize| {
        format!(
            "whole: line {line}: the value of `{word}` is not known: the environment of {base:?} may set it"
        )
    };
    given().expect(&[
        ("FROM b\nCOPY a$X /\n", &format!("{} | from b", unknown("a$X", "b", 2))),
        ("FROM b AS p\nFROM p\nCOPY a$X /\n", &format!("{} | from b", unknown("a$X", "b", 3))),
        ("FROM b\nARG X\nCOPY a$X /\n", &format!("{} | from b", unknown("a$X", "b", 3))),
        ("FROM b\nENV X=${Y}1\nCOPY a$X /\n", &format!("{} | from b", unknown("a$X", "b", 3))),
        ("FROM b\nCOPY a${X:-1} /\n", &format!("{} | from b", unknown("a${X:-1}", "b", 2))),
        // It may be an address.
        (
            "FROM b\nADD a$X /\n",
            &format!("{} | from b | unknown: {}", unknown("a$X", "b", 2), &unknown("a$X", "b", 2)["whole: ".len()..]),
        ),
        ("FROM b\nADD d/$X /\n", &format!("{} | from b", unknown("d/$X", "b", 2))),
        ("FROM b\nRUN --mount=source=$X,target=/m x\n", &format!("{} | from b", unknown("$X", "b", 2))),
        ("FROM b\nENV X=1\nCOPY a$X /\n", "a1 | no ONBUILD in b | from b"),
        ("ARG X=1\nFROM b\nARG X\nCOPY a$X /\n", "a1 | no ONBUILD in b | from b"),
        ("FROM b\nENV X=1\nCOPY a${X:-$Y} /\n", "a1 | no ONBUILD in b | from b"),
        ("FROM b\nENV X=1\nCOPY a${X+2} /\n", "a2 | no ONBUILD in b | from b"),
        ("FROM b\nENV X=$Y\nCOPY a${X+2} /\n", "a2 | no ONBUILD in b | from b"),
        ("FROM scratch\nCOPY --from=b x /\nCOPY a$X /\n", "a | from b"),
        ("FROM scratch\nCOPY --from=b $X /\nCOPY a /\n", "a | from b"),
        ("FROM b\nLABEL x=$X\nWORKDIR $X\nCOPY a $X\n", "a | no ONBUILD in b | from b"),
        (
            "FROM b\nENV X=1\nENV $Y=2\nCOPY a$X /\n",
            "whole: line 4: the value of `a$X` is not known: line 3 sets a variable whose name is not known | from b",
        ),
        (
            "FROM scratch\nCOPY a$PATH /\n",
            "whole: line 2: the value of `a$PATH` is not known: the engine sets it",
        ),
    ]);
    given().context("c").expect(&[("FROM c\nCOPY a$X /\n", &format!("{} | with c", unknown("a$X", "c", 2)))]);
}

#[test]
fn the_builder_sets_what_docker_documents() {
    let all = "FROM scratch\nARG TARGETPLATFORM TARGETOS TARGETARCH TARGETVARIANT\n\
               COPY $TARGETPLATFORM $TARGETOS-$TARGETARCH-$TARGETVARIANT /\n";
    given().expect(&[(all, "linux/amd64 | linux-amd64-")]);
    given().platform("linux/arm/v7").expect(&[(all, "linux/arm/v7 | linux-arm-v7")]);
    given().platform("linux/arm64/v8").expect(&[(all, "linux/arm64 | linux-arm64-")]);
    given().expect(&[
        ("FROM scratch\nCOPY x$TARGETARCH /\n", "x"),
        ("FROM scratch\nARG TARGETARCH=x\nCOPY $TARGETARCH /\n", "x"),
        ("ARG TARGETARCH=x\nFROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /\n", "x"),
        ("FROM scratch\nARG TARGETSTAGE\nCOPY $TARGETSTAGE /\n", "default"),
        ("FROM scratch AS z\nARG TARGETSTAGE\nCOPY $TARGETSTAGE /\n", "z"),
        ("FROM scratch\nARG BUILDOS BUILDARCH\nCOPY $BUILDOS/$BUILDARCH /\n", "linux/amd64"),
    ]);
    given()
        .target("s")
        .expect(&[("FROM scratch AS s\nARG TARGETSTAGE\nCOPY $TARGETSTAGE /\nFROM scratch AS t\n", "s")]);
    given().arg("TARGETARCH", "x").expect(&[
        ("FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /\n", "x"),
        ("FROM b-$TARGETARCH\n", "no ONBUILD in b-x | from b-x"),
    ]);
    given().arg("HTTP_PROXY", "p").expect(&[
        ("FROM scratch\nCOPY a$HTTP_PROXY /\n", "a"),
        ("FROM scratch\nARG HTTP_PROXY\nCOPY a$HTTP_PROXY /\n", "ap"),
    ]);
    given().builder(None).expect(&[
        (
            "FROM scratch\nARG BUILDARCH\nCOPY $BUILDARCH /\n",
            "whole: line 3: the value of `$BUILDARCH` is not known: it depends on the machine that builds",
        ),
        (
            "FROM --platform=$BUILDPLATFORM b\nCOPY a /\n",
            "a | no ONBUILD in b | from b for? line 1: the value of `$BUILDPLATFORM` is not known: it depends on the \
             machine that builds",
        ),
    ]);
    given().platform("linux/arm64").expect(&[
        ("FROM --platform=$BUILDPLATFORM b\n", "no ONBUILD in b | from b for linux/amd64"),
        ("FROM --platform=linux/$TARGETARCH b\n", "no ONBUILD in b | from b for linux/arm64"),
    ]);
}

#[test]
fn expressions_expand_as_in_buildkit() {
    let with = |word: &str| {
        format!("FROM scratch\nARG E= X=2 V=a.b.c W=abcbc R=abab P=a/b/c S='a*c' A=ä\nCOPY {word} /\n")
    };
    for (word, expected) in [
        ("a${U:-1}", "a1"),
        ("a${U-1}", "a1"),
        ("a${E:-4}", "a4"),
        ("a${E-4}", "a"),
        ("a${X:-4}", "a2"),
        ("a${X:+3}", "a3"),
        ("a${E:+3}", "a"),
        ("a${E+3}", "a3"),
        ("a${U+3}", "a"),
        ("a${X:?no}", "a2"),
        ("a${U:-${W:-$X}}", "aabcbc"),
        ("a${U:-'$X'}", "a$X"),
        ("a${U:-\"$X\"}", "a2"),
        ("a${U:-\\}}", "a}"),
        ("${V#*.}", "b.c"),
        ("${V##*.}", "c"),
        ("${V%.*}", "a.b"),
        ("${V%%.*}", "a"),
        ("${V%.?}", "a.b"),
        ("${V#x}", "a.b.c"),
        ("${W%c*}", "abcb"),
        ("${W%%bc*}b", "ab"),
        ("${S#*\\*}", "c"),
        ("${R/a/x}", "xbab"),
        ("${R//a/x}", "xbxb"),
        ("${R/b*/x}", "ax"),
        ("${R/a/}", "bab"),
        ("${P/\\/b/}", "a/c"),
        ("${P//\\//-}", "a-b-c"),
        ("${A#?}z", "z"),
        ("a$X.b", "a2.b"),
        ("a$Xb", "a"),
        ("a${X}b", "a2b"),
        ("a\\$X", "a$X (glob)"),
        ("'a$X'", "a$X"),
        ("\"a$X\"", "a2"),
        ("\"a\\$X\"", "a$X"),
        ("\"a\\\"X\"", "a\"X"),
        ("a$", "a$"),
        ("a$$", "a"),
        ("a$1x", "ax"),
        ("a$X²", "a2²"),
        ("$A", "ä"),
    ] {
        // The source is a pattern only where a wildcard is left.
        given().expect(&[(&with(word), expected.trim_end_matches(" (glob)"))]);
    }
    for (word, problem) in [
        ("a${U:?no}", "`U` has no value"),
        ("a${U?no}", "`U` has no value"),
        ("a${}", "bad substitution"),
        ("a${:-x}", "bad substitution"),
        ("a${X", "unsupported modifier ``"),
        ("a${X:", "unsupported modifier `:`"),
        ("a${X:=1}", "unsupported modifier `:=`"),
        ("a${X@Q}", "unsupported modifier `@`"),
        ("a${X:-1", "`${` without a matching `}`"),
        ("a${X/b}", "`${` without a matching `/`"),
        ("a${V#\\.}", "invalid pattern `\\.`"),
        ("a${R//a/'$'}", "invalid pattern `$`"),
        ("'a", "a ' is not closed"),
        ("\"a", "a \" is not closed"),
    ] {
        let expected = format!("whole: line 3: `{word}` does not expand: {problem}");
        given().expect(&[(&with(word), &expected)]);
    }
}

#[test]
fn values_that_grow_without_end_are_not_followed() {
    let mut text = "FROM scratch\nENV X=0123456789\n".to_owned();
    text.push_str(&"ENV X=$X$X\n".repeat(1000));
    text.push_str("COPY a /\n");
    given().expect(&[(&text, "a")]);
    text.push_str("COPY $X /\n");
    let reason = "line 1004: the value of `$X` is not known: its value is longer than 4096 bytes";
    given().expect(&[(&text, &format!("whole: {reason}"))]);
    let deep = format!("FROM scratch\nCOPY {}a{} /\n", "${X:-".repeat(10_000), "}".repeat(10_000));
    assert!(super::summary(&given().reads(&deep)).contains("more than 50 expressions inside each other"));
    assert!(super::Dockerfile::parse(&deep.replace("COPY ", "COPY <<E ")).is_err());
}

/// What a pattern makes is judged while it is made, wherever it stands, and so is what is given or written at length.
#[test]
fn patterns_make_no_long_values() {
    let (many, word) = ("a".repeat(3000), "b".repeat(3000));
    let long = "its value is longer than 4096 bytes";
    for (front, copied) in [
        (format!("FROM scratch\nENV A={many}\nENV B=${{A//a/{word}}}\n"), "$B"),
        (format!("FROM scratch\nARG A={many}\n"), &*format!("${{A//a/{word}}}")),
        (format!("FROM scratch\nARG A={many}\n"), &*format!("\"${{A//?/{word}}}\"")),
        (format!("FROM scratch\nARG A={many}\n"), "${A/a/$A$A}"),
        (format!("FROM scratch\nARG A={many}\n"), "${X:-$A$A}"),
        (format!("FROM scratch\nARG A={many}\n"), "${A:+$A$A}"),
        (format!("FROM scratch\nARG A={many}\n"), "${A#$A$A}"),
        (format!("FROM scratch\nARG A={many}{word}\n"), "$A"),
        (format!("FROM scratch\nARG A='{many}{word}'\n"), "$A"),
        (format!("FROM scratch\nARG A=\"{many}{word}\"\n"), "$A"),
        ("FROM scratch\nARG G\n".to_owned(), "$G"),
        ("ARG G\nFROM scratch\nARG G\n".to_owned(), "$G"),
        (format!("FROM scratch\nARG A={many}\n"), "${A//a/$G}"),
        (format!("FROM scratch\nARG A={many}\nARG G\n"), "${A//a/$G}"),
    ] {
        let is_given = front.contains("ARG G");
        let found =
            super::summary(&given().arg("G", &"g".repeat(5000)).reads(&format!("{front}COPY {copied} /\n")));
        let is_unset = copied.contains("$G") && !is_given;
        assert_eq!(found.contains(long), !is_unset, "{copied}: {found}");
    }
    given().expect(&[
        (&*format!("FROM scratch\nARG A={many}\nCOPY x${{A//a/}} /\n"), "x"),
        (&*format!("FROM scratch\nARG A={many}\nCOPY x${{A##*a}}${{A%%a*}}y /\n"), "xy"),
        ("FROM scratch\nARG A=1.2.3\nCOPY ${A//./--} /\n", "1--2--3"),
        ("FROM scratch\nARG A=1.2.3\nCOPY ${A/./--} /\n", "1--2.3"),
    ]);
}

/// A file may not ask for much work by many small words either.
#[test]
fn patterns_take_little_work() {
    let much = "the variables of this file take more than 4194304 steps";
    let many = "a".repeat(4000);
    for line in ["ENV B=${A//$A/x}", "ENV B=${A%%$P}", "ENV B=${A:+}", "ENV B=${A#?}$A"] {
        let text = format!(
            "FROM scratch\nARG A={many}\nARG P={}\n{}COPY ${{A#a}} /\n",
            "?".repeat(1000),
            format!("{line}\n").repeat(10_000)
        );
        let found = super::summary(&given().reads(&text));
        assert!(found.contains(much), "{line}: {found}");
    }
    let text = format!("FROM scratch\nARG V=1.2.3\n{}COPY $B /\n", "ENV B=${V//./-}\n".repeat(1000));
    given().expect(&[(&text, "1-2-3")]);
}
