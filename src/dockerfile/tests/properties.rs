//! Properties: nothing panics, readings do not depend on what they should not depend on.

use proptest::prelude::*;

use super::super::Dockerfile;
use super::super::word::{self, Lookup};
use super::{given, summary};

/// Pieces of which Dockerfiles are made, and what breaks them.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "FROM ",
        "scratch",
        " AS s",
        "s",
        "COPY ",
        "ADD ",
        "--from=",
        "RUN ",
        "--mount=",
        "type=bind,",
        "source=",
        "from=",
        "ARG ",
        "ENV ",
        "ONBUILD ",
        "X",
        "=",
        "$X",
        "${X",
        ":-",
        ":+",
        ":?",
        "#",
        "##",
        "%",
        "/",
        "//",
        "}",
        "\"",
        "'",
        "\\",
        "`",
        "\n",
        "\r\n",
        "\\\n",
        " ",
        "\t",
        "<<EOF",
        "EOF",
        "\nEOF\n",
        "<<-",
        "[",
        "]",
        ",",
        "*",
        "?",
        "..",
        ".",
        "# escape=`\n",
        "# syntax=docker/dockerfile\n",
        "# x\n",
        "\u{feff}",
        "ä",
        "\u{a0}",
        "0",
        "-1",
        "$",
        "--",
        "http://x/y",
        "git@x:y",
        "a",
        "b",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn lookup(name: &str) -> Lookup {
    match name {
        "X" => Lookup::Set(Ok("a/b.c".to_owned())),
        "E" => Lookup::Set(Ok(String::new())),
        _ => Lookup::Unset,
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        if let Ok(file) = Dockerfile::parse(&text) {
            drop(file);
            summary(&given().context("s").arg("X", "1").reads(&text));
        }
    }

    #[test]
    fn any_pieces_are_read_or_refused(text in pieces()) {
        for text in [format!("FROM scratch\n{text}"), text] {
            if let Ok(file) = Dockerfile::parse(&text) {
                drop(file);
                summary(&given().reads(&text));
                summary(&given().builder(None).context("s").arg("X", "1").reads(&text));
            }
        }
    }

    #[test]
    fn any_word_expands_or_is_refused(word in any::<String>(), pieces in pieces()) {
        for word in [word, pieces] {
            for escape in ['\\', '`'] {
                let _ = word::expand(&word, escape, &lookup, &word::Work::default());
            }
            let _ = word::raw_words(&word);
        }
    }

    #[test]
    fn plain_words_stay(word in "[a-z0-9./_ -]{0,20}") {
        prop_assert_eq!(word::expand(&word, '\\', &lookup, &word::Work::default()), Ok(Ok(word)));
    }

    #[test]
    fn a_stage_that_nobody_needs_changes_nothing(text in pieces()) {
        let needed = "FROM scratch\nARG Q=1\nCOPY a$Q b* /z/\n";
        let whole = format!("FROM scratch AS unneeded\nLABEL {}\n{needed}", text.replace(['\n', '\r', '\\', '`', '<'], ""));
        if Dockerfile::parse(&whole).is_ok() {
            prop_assert_eq!(summary(&given().reads(&whole)), summary(&given().reads(needed)));
        }
    }

    #[test]
    fn line_breaks_do_not_matter(text in pieces()) {
        let text = format!("FROM scratch\n{}", text.replace('\r', ""));
        let windows = text.replace('\n', "\r\n");
        match (Dockerfile::parse(&text), Dockerfile::parse(&windows)) {
            (Ok(_), Ok(_)) => prop_assert_eq!(summary(&given().reads(&text)), summary(&given().reads(&windows))),
            (Err(one), Err(other)) => prop_assert_eq!(one.line, other.line),
            (one, other) => prop_assert!(false, "{:?} {:?}", one, other),
        }
    }
}
