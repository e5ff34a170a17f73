//! Lines, directives, here-documents, flags.

use super::{Dockerfile, given};

#[test]
fn lines_are_joined_as_buildkit_joins_them() {
    given().expect(&[
        ("FROM scratch\nCOPY a \\\n b /z/\n", "a | b"),
        ("FROM scratch\nCOPY a \\  \t\n b /z/\n", "a | b"),
        ("FROM scratch\nCOPY a \\\n# b\n\n  c \\\n /z/\n", "a | c"),
        ("FROM scratch\nCOPY a \\\n  # b \\\n c /z/\n", "a | c"),
        ("FROM scratch\r\nCOPY a \\\r\n b /z/\r\n", "a | b"),
        ("FROM scratch\nCOPY a \\\n b /z/", "a | b"),
        ("FROM scratch\n\\\nCOPY a /z/", "a"),
        ("FROM scratch\nCO\\\nPY a /z/", "a"),
        ("FROM scratch\n# COPY b \\\nCOPY a /\n", "a"),
        ("\n\n  # x\n  FROM scratch\n\tCOPY a /\n", "a"),
        ("from scratch as s\ncopy a /\nfrom scratch\nadd b /\n", "b"),
    ]);
}

#[test]
fn two_escapes_at_the_end_do_not_continue_a_line() {
    given().expect(&[
        ("FROM scratch\nLABEL x=c:\\\\\nCOPY a /\n", "a"),
        ("FROM scratch\nWORKDIR C:\\\\\nCOPY a /\n", "a"),
        ("FROM scratch\nRUN x \\\\  \nCOPY a /\n", "a"),
        ("FROM scratch\nRUN x \\\\\\\nCOPY a /\n", "a"),
        ("# escape=`\nFROM scratch\nLABEL x=``\nCOPY a /\n", "a"),
    ]);
}

#[test]
fn the_escape_directive_counts_where_buildkit_looks_for_it() {
    given().expect(&[
        ("# escape=`\nFROM scratch\nCOPY a `\n b /z/\n", "a | b"),
        ("#escape = ` \nFROM scratch\nCOPY a `\n b /z/\n", "a | b"),
        ("  # ESCAPE=`\nFROM scratch\nCOPY a `\n b /z/\n", "a | b"),
        ("\u{feff}# escape=`\nFROM scratch\nCOPY a `\n b /z/\n", "a | b"),
        ("# check=skip=all\n# escape=`\nFROM scratch\nCOPY a `\n b /z/\n", "a | b"),
        ("# escape=`\nFROM scratch\nCOPY a`$X /z/\n", "a$X"),
        ("# escape=`\nFROM scratch\nCOPY a\\b /z/\n", "a\\b (glob)"),
        // A comment, a blank line and an unknown name end the directives.
        ("# hi\n# escape=`\nFROM scratch\nCOPY a ` /z/\n", "a | `"),
        ("\n# escape=`\nFROM scratch\nCOPY a ` /z/\n", "a | `"),
        ("# other=1\n# escape=`\nFROM scratch\nCOPY a ` /z/\n", "a | `"),
    ]);
}

#[test]
fn the_frontend_is_found_where_buildkit_looks_for_it() {
    given().expect(&[
        ("# syntax=docker/dockerfile:1\nFROM scratch\nCOPY a /\n", "frontend docker/dockerfile:1 | a"),
        (
            "#syntax = docker.io/docker/dockerfile:1.7-labs a b\nFROM scratch\n",
            "frontend docker.io/docker/dockerfile:1.7-labs",
        ),
        ("# escape=`\n# SYNTAX=docker/dockerfile\nFROM scratch\n", "frontend docker/dockerfile"),
        ("\u{feff}# syntax=docker/dockerfile\nFROM scratch\n", "frontend docker/dockerfile"),
        ("#!/usr/bin/x\n# syntax=docker/dockerfile\nFROM scratch\n", "frontend docker/dockerfile"),
        ("# syntax=docker/dockerfile\r\nFROM scratch\r\n", "frontend docker/dockerfile"),
        ("# hi\n# syntax=other\nFROM scratch\nCOPY a /\n", "a"),
        ("FROM scratch\n# syntax=other\nCOPY a /\n", "a"),
        (" # syntax=other\nFROM scratch\nCOPY a /\n", "a"),
        ("# syntax=\nFROM scratch\nCOPY a /\n", "a"),
    ]);
    for other in [
        "other/dockerfile:1",
        "docker/dockerfile-upstream:1",
        "registry-1.docker.io/docker/dockerfile",
        "x y",
    ] {
        let first = other.split(' ').next().unwrap();
        let reason = format!("frontend `{first}` is not docker/dockerfile");
        let expected = format!("frontend {first} | whole: {reason} | unknown: {reason}");
        given().expect(&[(&format!("# syntax={other}\nFROM scratch\nCOPY a /\n"), &expected)]);
        given().expect(&[(&format!("// syntax={other}\nkind: nonsense\n"), &expected)]);
        given().expect(&[(&format!("{{\"syntax\": {first:?}, \"x\": [1]}}"), &expected)]);
        given().arg("BUILDKIT_SYNTAX", other).expect(&[("FROM scratch\nCOPY a /\n", &expected)]);
    }
    let reason = "line 1: unknown instruction `//`";
    given().expect(&[(
        "// syntax=docker/dockerfile\nFROM scratch\n",
        &format!("frontend docker/dockerfile | whole: {reason} | unknown: {reason}"),
    )]);
    given()
        .arg("BUILDKIT_SYNTAX", "docker/dockerfile:1")
        .expect(&[("# syntax=other\nFROM scratch\nCOPY a /\n", "frontend docker/dockerfile:1 | a")]);
}

#[test]
fn here_documents_are_no_instructions() {
    given().expect(&[
        ("FROM scratch\nCOPY <<EOF /x\nCOPY b /\nEOF\nCOPY a /\n", "a"),
        ("FROM scratch\nCOPY a <<EOF /x/\nCOPY b /\nEOF\n", "a"),
        ("FROM scratch\nCOPY <<-'EF' /x/y\n\tCOPY b /\n\tEF\nCOPY a /\n", "a"),
        ("FROM scratch\nCOPY <<A <<B a /z/\nCOPY b /\nA\nCOPY b /\nB\n", "a"),
        ("FROM scratch\nADD <<\"E\"F /x\r\nCOPY b /\r\nEF\r\nCOPY a /\n", "a"),
        ("FROM scratch\nRUN <<EOF\nCOPY b /\nEOF\nCOPY a /\n", "a"),
        ("FROM scratch\nRUN cat <<EOF > x && y 3<<Z\nCOPY b /\nEOF\nCOPY c /\nZ\nCOPY a /\n", "a"),
        ("FROM scratch\nRUN x ${X:-a} ${Y/a/b} ${Z#c} << EOF\nCOPY b /\nEOF\nCOPY a /\n", "a"),
        ("FROM scratch\nRUN [ <<EOF\nCOPY b /\nEOF\nCOPY a /\n", "a"),
        ("FROM scratch AS p\nONBUILD COPY <<EOF /x\nCOPY b /\nEOF\nFROM p\nCOPY a /\n", "a"),
        // What does not open one, as a script that does not lex.
        ("FROM scratch\nRUN [\"<<EOF\"]\nCOPY a /\n", "a"),
        ("FROM scratch\nRUN it's <<EOF\nCOPY a /\n", "a"),
        ("FROM scratch\nRUN ${#X} <<EOF\nCOPY a /\n", "a"),
        ("FROM scratch\nRUN x <<<EOF\nCOPY a /\n", "a"),
        ("FROM scratch\nRUN x \"<<EOF\"\nCOPY a /\n", "a"),
        ("FROM scratch\nLABEL x=<<EOF\nCOPY a /\n", "a"),
        ("FROM scratch\nRUN x <<\nCOPY a /\n", "a"),
    ]);
}

#[test]
fn flags_lose_their_quotes() {
    given().expect(&[
        ("FROM scratch AS s\nCOPY b /\nFROM scratch\nCOPY --from=\"s\" a /\n", "b"),
        ("FROM scratch AS s\nCOPY b /\nFROM scratch\nCOPY --'from=s' --link a /\n", "b"),
        ("FROM scratch\nCOPY --chown=a\\ b a /\n", "a"),
        ("FROM scratch\nCOPY -- --from=x /\n", "--from=x"),
        ("FROM scratch\nCOPY a --from=x /\n", "a | --from=x"),
        ("FROM scratch\nRUN --mount=\"type=bind,source=a b,target=/m\" x\n", "a b"),
        ("FROM scratch\nARG --x X=1\nCOPY a$X /\n", "a1"),
        ("FROM scratch\nADD --keep-git-dir --unpack=false --link=TRUE a /\n", "a"),
    ]);
}

#[test]
fn what_buildkit_refuses_is_refused() {
    for (text, line, problem) in [
        ("", 1, "there is no `FROM`"),
        ("# x\n", 1, "there is no `FROM`"),
        ("ARG X\n", 1, "there is no `FROM`"),
        ("\nRUN x\nFROM scratch\n", 2, "an instruction in front of the first `FROM`"),
        ("FROM scratch\n\nEOF\n", 3, "unknown instruction `EOF`"),
        ("FROM a b\n", 1, "`FROM` needs one argument or three"),
        ("FROM a AS 1\n", 1, "`1` is not a valid name of a stage"),
        ("FROM --x=1 a\n", 1, "unknown flag `--x`"),
        ("FROM a\nCOPY --from=a --from=b a /\n", 2, "`--from` is repeated"),
        ("FROM a\nCOPY --from a /\n", 2, "`--from` needs a value"),
        ("FROM a\nCOPY --new=1 a /\n", 2, "unknown flag `--new`"),
        ("FROM a\nADD --from=x a /\n", 2, "unknown flag `--from`"),
        ("FROM a\nCOPY --parents=maybe a /\n", 2, "`--parents` is neither true nor false"),
        ("FROM a\nCOPY --from=ä a /\n", 2, "a flag with other characters than ASCII"),
        ("FROM a\nCOPY a\n", 2, "`COPY` needs two arguments"),
        ("FROM a\nADD [\"a\"]\n", 2, "`ADD` needs two arguments"),
        ("FROM a\nCOPY [\"a\", 1]\n", 2, "a JSON array of other things than strings"),
        ("FROM a\nCOPY [\"\\ud800\", \"/\"]\n", 2, "a JSON string with a surrogate"),
        ("FROM a\nENV A\n", 2, "`ENV` needs a value"),
        ("FROM a\nENV\n", 2, "`ENV` needs an argument"),
        ("FROM a\nENV A=1 B\n", 2, "`B` is not of the form `name=value`"),
        ("FROM a\nARG =1\n", 2, "`ARG` without a name"),
        ("FROM a\nONBUILD FROM b\n", 2, "`ONBUILD FROM` is not possible"),
        ("FROM a\nONBUILD ONBUILD RUN b\n", 2, "`ONBUILD ONBUILD` is not possible"),
        ("FROM a\nRUN --mount=from=$X x\n", 2, "`from` of a mount does not take variables"),
        ("FROM a\nRUN --mount=new=x x\n", 2, "unknown field `new` of a mount"),
        ("FROM a\nRUN <<EOF\n", 2, "here-document `EOF` does not end"),
        ("FROM a\nCOPY <<EOF <<Z /x/\nZ\nEOF\n", 2, "here-document `Z` does not end"),
        ("# escape=x\nFROM a\n", 1, "`x` is not an escape character"),
        ("# escape=`\n# escape=`\nFROM a\n", 2, "directive `escape` is repeated"),
    ] {
        let error = Dockerfile::parse(text).expect_err(text);
        assert_eq!((error.line, error.problem.as_str()), (line, problem), "{text}");
    }
}

#[test]
fn long_files_are_read_in_no_time() {
    let chain = |length: usize| {
        let stage = |number: usize| {
            let earlier = number - 1;
            format!("FROM s{earlier} AS s{number}\nCOPY a$X b$Y /\nCOPY --from=s0 a /\n")
        };
        "FROM scratch AS s0\nENV X=1\n".to_owned() + &(1..length).map(stage).collect::<String>()
    };
    let reads = given().reads(&chain(1000));
    assert_eq!(super::summary(&reads).matches("a1 | b").count(), 999);
    let error = Dockerfile::parse(&chain(1001)).unwrap_err();
    assert_eq!(error.problem, "more than 1000 stages");
    let copies = given().reads(&format!("FROM scratch\n{}", "COPY a \\\n b /z/\n".repeat(20_000)));
    assert_eq!(super::summary(&copies).matches("a | b").count(), 20_000);
    let heredocs = given().reads(&format!("FROM scratch\n{}", "RUN <<A <<B\nA\nB\n".repeat(20_000)));
    assert_eq!(super::summary(&heredocs), "");
}
