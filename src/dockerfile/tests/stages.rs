//! Stages: which are needed, what they start from, `ONBUILD`, named contexts.

use super::given;

#[test]
fn only_the_stages_that_are_needed_count() {
    given().expect(&[
        ("FROM scratch AS s\nCOPY a /\nFROM scratch\nCOPY b /\n", "b"),
        ("FROM x AS s\nCOPY a /\nFROM scratch AS t\nCOPY b /\nFROM t\nCOPY c /\n", "b | c"),
        ("FROM scratch AS base\nCOPY a /\nFROM scratch\nCOPY --from=BASE a /\n", "a"),
        ("FROM scratch AS BASE\nCOPY a /\nFROM base\n", "a"),
        ("FROM scratch\nCOPY a /\nFROM scratch\nCOPY --from=0 a /\n", "a"),
        ("FROM scratch\nCOPY a /\nFROM scratch\nCOPY --from=+00 a /\n", "a"),
        ("FROM scratch AS s\nCOPY a /\nFROM scratch AS s\nCOPY b /\nFROM s\n", "b"),
        ("FROM scratch AS s\nCOPY a /\nFROM s AS s\nCOPY b /\nFROM s\n", "a | b"),
        ("FROM scratch AS s\nCOPY a /\nFROM scratch\nRUN --mount=from=s,target=/m x\n", "a"),
        ("FROM scratch AS s\nCOPY a /\nFROM scratch\nRUN --mount=type=cache,from=s,target=/m x\n", "a"),
        ("FROM scratch AS s\nCOPY a /\nFROM scratch\nADD b /\nCOPY --from=scratch x /\n", "b"),
        ("FROM x AS scratch\nCOPY a /\nFROM scratch\nCOPY b /\n", "a | b | no ONBUILD in x | from x"),
    ]);
    given().target("s").expect(&[
        ("FROM scratch AS s\nCOPY a /\nFROM scratch\nCOPY b /\n", "a"),
        ("FROM scratch AS s\nCOPY a /\nFROM scratch AS s\nCOPY b /\nFROM scratch\n", "b"),
    ]);
    given().target("S").expect(&[("FROM scratch AS s\nCOPY a /\nFROM scratch\nCOPY b /\n", "a")]);
    given().target("").expect(&[("FROM scratch AS s\nCOPY a /\nFROM scratch\nCOPY b /\n", "b")]);
}

#[test]
fn stages_are_chosen_by_platform() {
    let text =
        "FROM scratch AS s-amd64\nCOPY a /\nFROM x AS s-arm64\nCOPY b /\nFROM s-$TARGETARCH\nCOPY c /\n";
    given().expect(&[(text, "a | c")]);
    given().platform("linux/arm64").expect(&[(text, "b | c | no ONBUILD in x | from x")]);
    given().platform("linux/s390x").expect(&[(text, "c | no ONBUILD in s-s390x | from s-s390x")]);
}

#[test]
fn bases_are_named_as_they_expand() {
    given().expect(&[
        ("ARG V=3\nARG N=alpine:$V\nFROM $N\n", "no ONBUILD in alpine:3 | from alpine:3"),
        ("FROM a:${V:-1}\n", "no ONBUILD in a:1 | from a:1"),
        ("ARG A=b:1.2\nFROM ${A%.*}\n", "no ONBUILD in b:1 | from b:1"),
        ("FROM \"a\"\n", "no ONBUILD in a | from a"),
        (
            "FROM a\nFROM b\nCOPY --from=c x /\nRUN --mount=from=d,target=/m y\n",
            "no ONBUILD in b | from b | from c | from d",
        ),
        ("FROM a AS x\nFROM a\nCOPY --from=x / /\n", "no ONBUILD in a | from a | from a"),
        ("FROM scratch\nRUN --mount=from=0,target=/m x\n", "from 0"),
    ]);
    let digest = format!("a@sha256:{}", "0".repeat(64));
    given().expect(&[(
        &format!("FROM {digest}\n"),
        &format!("no ONBUILD in {digest} | from {digest} (digest)"),
    )]);
    given().arg("V", "9").expect(&[
        ("ARG V=3\nFROM a:$V\n", "no ONBUILD in a:9 | from a:9"),
        ("FROM a:${V:-1}\n", "no ONBUILD in a:1 | from a:1"),
    ]);
}

#[test]
fn what_cannot_be_followed_is_unknown() {
    let expect = |given: super::Given, text: &str, bases: &str, reason: &str| {
        given.expect(&[(text, &format!("whole: {reason}{bases} | unknown: {reason}"))]);
    };
    let image = "neither a stage nor an image";
    for (text, bases, reason) in [
        ("FROM $X\nCOPY a /\n", "", "line 1: `$X` is an empty name"),
        ("FROM ${X:?}\nCOPY a /\n", "", "line 1: `${X:?}` does not expand: `X` has no value"),
        (
            "FROM scratch AS base\nFROM BASE\n",
            "",
            &format!("line 2: `BASE` is {image}: repository name must be lowercase: \"BASE\""),
        ),
        (
            "FROM scratch AS a\nCOPY --from=z a /\nFROM scratch AS z\nFROM a\n",
            "",
            "line 2: stage `z` is not built yet",
        ),
        ("FROM scratch AS a\nCOPY --from=a a /\n", "", "line 2: stage `a` is not built yet"),
        (
            "FROM scratch\nRUN --mount=from=z,target=/ x\nFROM scratch AS z\nCOPY --from=0 / /\n",
            "",
            "line 2: stage `z` is not built yet",
        ),
        ("FROM scratch\nCOPY --from=0 a /\n", "", "line 2: there is no stage number 0"),
        ("FROM scratch\nCOPY --from=-1 a /\n", "", "line 2: there is no stage number -1"),
        (
            "FROM b\nCOPY --from=$X a /\n",
            " | from b",
            "line 2: `--from=$X` does not take variables or quotes",
        ),
        ("FROM scratch AS p\nONBUILD COPY --new a /\nFROM p\n", "", "line 2: unknown flag `--new`"),
        ("ARG SOURCE_DATE_EPOCH=context\nFROM scratch\n", "", "SOURCE_DATE_EPOCH `context` is not a number"),
    ] {
        expect(given(), text, bases, reason);
    }
    expect(given().target("x"), "FROM scratch\n", "", "there is no stage `x`");
    expect(given().target("0"), "FROM scratch\nFROM scratch\n", "", "there is no stage `0`");
    expect(given().context("A"), "FROM scratch\n", "", "named context `A` is not the name of an image");
    expect(
        given().builder(None),
        "FROM scratch AS s-amd64\nCOPY a /\nFROM s-$BUILDARCH\n",
        "",
        "line 3: the value of `s-$BUILDARCH` is not known: it depends on the machine that builds",
    );
    expect(
        given().arg("SOURCE_DATE_EPOCH", "stage"),
        "FROM scratch AS stage\n",
        "",
        "SOURCE_DATE_EPOCH `stage` is not a number",
    );
    given().arg("SOURCE_DATE_EPOCH", "0").expect(&[("FROM scratch\nCOPY a /\n", "a")]);
    // What no stage that is needed does, or runs, is in nobody's way.
    given().expect(&[
        ("FROM $X\nCOPY . /\nFROM scratch\nCOPY a /\n", "a"),
        ("FROM scratch\nONBUILD COPY --new . /\nCOPY a /\n", "a"),
    ]);
}

#[test]
fn onbuild_is_run_by_the_stages_that_start_there() {
    given().expect(&[
        ("FROM scratch AS p\nONBUILD COPY a /\nFROM p\nCOPY b /\n", "a | b"),
        ("FROM scratch\nONBUILD COPY a /\nCOPY b /\n", "b"),
        ("FROM scratch AS p\nONBUILD COPY a /\nFROM scratch\nCOPY --from=p b /\n", ""),
        ("FROM scratch AS m\nONBUILD COPY b /\nFROM m AS n\nFROM n\n", "b"),
        ("FROM scratch AS m\nONBUILD ARG X=1\nONBUILD COPY a$X /\nFROM m\n", "a1"),
        ("FROM scratch AS m\nONBUILD ENV X=1\nFROM m\nCOPY a$X /\n", "a1"),
        (
            "FROM scratch AS q\nCOPY a /\nFROM scratch AS p\nONBUILD COPY --from=q a /\nFROM p\nCOPY b /\n",
            "a | b",
        ),
        ("FROM scratch AS p\nONBUILD ADD http://x/y /\nFROM p\n", "download http://x/y"),
        ("FROM scratch AS p\nonbuild run --mount=target=/m,source=a x\nFROM p\n", "a"),
        ("FROM scratch AS p\nONBUILD COPY . /\nFROM p\n", "whole: line 2: source `.` is the whole context"),
        ("FROM scratch AS p\nONBUILD COPY --from=i a /\nFROM p\n", "from i"),
        ("FROM scratch AS p\nCOPY a /\nONBUILD COPY b /\nFROM p AS q\nFROM q AS r\nFROM p\n", "a | b"),
    ]);
    let reason = "line 3: `ONBUILD` with an escape character that means something else where it runs";
    given().expect(&[(
        "# escape=`\nFROM scratch AS p\nONBUILD COPY a`b /\nFROM p\n",
        &format!("whole: {reason} | unknown: {reason}"),
    )]);
}

#[test]
fn named_contexts_take_the_place_of_images() {
    for name in ["alpine:3.20", "docker.io/library/alpine:3.20", "index.docker.io/library/alpine:3.20"] {
        for other in ["alpine:3.20", "docker.io/alpine:3.20", "index.docker.io/library/alpine:3.20"] {
            given().context(name).expect(&[
                (
                    &format!("FROM {other}\nCOPY a /\n"),
                    &format!("a | no ONBUILD in context {name} | with {name}"),
                ),
                (&format!("FROM scratch\nCOPY --from={other} a /\n"), &format!("with {name}")),
                (&format!("FROM scratch\nRUN --mount=from={other},target=/m x\n"), &format!("with {name}")),
            ]);
        }
        for other in ["alpine", "alpine:3", "registry-1.docker.io/library/alpine:3.20", "x/alpine:3.20"] {
            given()
                .context(name)
                .expect(&[(&format!("FROM scratch\nCOPY --from={other} a /\n"), &format!("from {other}"))]);
        }
    }
    given().context("a:latest").context("b").context("unused").expect(&[
        ("FROM a\nCOPY --from=b:latest x /\n", "no ONBUILD in context a:latest | with a:latest | with b"),
        ("FROM --platform=linux/s390x b\n", "no ONBUILD in context b | with b"),
    ]);
    given().context("a").context("scratch").context("context").expect(&[
        ("FROM scratch\nCOPY x /\n", "x"),
        ("FROM context\n", "no ONBUILD in context | from context"),
    ]);
    let digest = format!("a@sha256:{}", "0".repeat(64));
    given().context("a").expect(&[(
        &format!("FROM scratch\nCOPY --from={digest} x /\n"),
        &format!("from {digest} (digest)"),
    )]);
    given()
        .context(&digest)
        .expect(&[(&format!("FROM scratch\nCOPY --from={digest} x /\n"), &format!("with {digest}"))]);
}

#[test]
fn named_contexts_take_the_place_of_stages() {
    for name in ["s", "s:latest", "docker.io/library/s"] {
        given().context(name).expect(&[
            (
                "FROM x AS s\nCOPY a /\nFROM scratch\nCOPY --from=s a /\nCOPY b /\n",
                &format!("b | no ONBUILD in context {name} | with {name}"),
            ),
            (
                "FROM x AS s\nCOPY a /\nFROM s\nCOPY b /\n",
                &format!("b | no ONBUILD in context {name} | with {name}"),
            ),
            ("FROM x AS S\nCOPY . /\n", &format!("no ONBUILD in context {name} | with {name}")),
            ("FROM scratch AS s\nCOPY a /\nFROM scratch\nCOPY b /\n", "b"),
        ]);
    }
    let reason = "line 1: stage `s` has ONBUILD and is replaced by a named context";
    given().context("s").expect(&[(
        "FROM x AS s\nONBUILD COPY a /\nFROM s\n",
        &format!("whole: {reason} | with s | unknown: {reason}"),
    )]);
}
