//! Small contexts and what a build sees of them: the unit tests judge them by our walk, a live test by a real build.
//!
//! The ignore file stands beside the Dockerfile (`Dockerfile.dockerignore`), so the context holds the files alone.

/// A context.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation {
    /// What it is about.
    pub name: &'static str,
    /// The ignore file.
    pub ignore: &'static str,
    /// The sources of `COPY`; none for `COPY . /`.
    pub sources: &'static [&'static str],
    /// What lies in the context.
    pub files: &'static [Thing],
    /// What the build sees; folders end in `/`. With `COPY . /` it is what the image holds.
    pub sees: &'static [&'static str],
}

/// Something in a context.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Thing {
    /// A file that holds its own path.
    File(&'static str),
    /// The same with the x bit.
    Executable(&'static str),
    /// A path, and where the link there leads.
    Link(&'static str, &'static str),
    /// An empty folder.
    Folder(&'static str),
}

use self::Thing::{Executable, File, Folder, Link};

/// `COPY . /`.
const fn whole(
    name: &'static str,
    ignore: &'static str,
    files: &'static [Thing],
    sees: &'static [&'static str],
) -> Situation {
    Situation { name, ignore, sources: &[], files, sees }
}

/// `COPY` of sources.
const fn narrow(
    name: &'static str,
    sources: &'static [&'static str],
    ignore: &'static str,
    files: &'static [Thing],
    sees: &'static [&'static str],
) -> Situation {
    Situation { name, ignore, sources, files, sees }
}

/// Some files at the top and in folders.
const SHOP: &[Thing] = &[
    File("readme.md"),
    File("src/main.go"),
    File("src/main_test.go"),
    File("src/web/index.html"),
    File("src/web/readme.md"),
    File("tmp/log.txt"),
];

/// All of [`SHOP`].
const ALL_OF_SHOP: &[&str] = &[
    "readme.md",
    "src/",
    "src/main.go",
    "src/main_test.go",
    "src/web/",
    "src/web/index.html",
    "src/web/readme.md",
    "tmp/",
    "tmp/log.txt",
];

/// [`SHOP`] without `tmp`.
const WITHOUT_TMP: &[&str] = &[
    "readme.md",
    "src/",
    "src/main.go",
    "src/main_test.go",
    "src/web/",
    "src/web/index.html",
    "src/web/readme.md",
];

/// [`SHOP`] without what is at the top.
const WITHOUT_README: &[&str] = &[
    "src/",
    "src/main.go",
    "src/main_test.go",
    "src/web/",
    "src/web/index.html",
    "src/web/readme.md",
    "tmp/",
    "tmp/log.txt",
];

/// Links of all kinds.
const LINKS: &[Thing] = &[
    File("a.txt"),
    File("data/b.txt"),
    File("data/deep/c.txt"),
    File("other.txt"),
    Link("to-a", "a.txt"),
    Link("chain", "to-a"),
    Link("to-data", "data"),
    Link("rooted", "/data/b.txt"),
    Link("nowhere", "missing/x.txt"),
    Link("data/up", "../a.txt"),
    Link("data/out", "../../../../a.txt"),
    Link("data/deep/top", "../../to-data/deep/c.txt"),
    Link("round", "round"),
];

/// All situations. Each name is its own.
pub(crate) const SITUATIONS: &[Situation] = &[
    whole("nothing is ignored", "", SHOP, ALL_OF_SHOP),
    whole("blank lines alone", "\n  \n\t\n", SHOP, ALL_OF_SHOP),
    whole("a comment", "# tmp\n", SHOP, ALL_OF_SHOP),
    whole("a comment that is not in column 1 is a pattern", " #x\n", &[File("#x"), File("y")], &["y"]),
    whole("a folder", "tmp\n", SHOP, WITHOUT_TMP),
    whole("a folder with a slash behind it", "tmp/\n", SHOP, WITHOUT_TMP),
    whole("a folder with a slash before it", "/tmp\n", SHOP, WITHOUT_TMP),
    whole("blanks at both ends", "  tmp \t\r\n", SHOP, WITHOUT_TMP),
    whole("a byte order mark", "\u{feff}tmp\n", SHOP, WITHOUT_TMP),
    whole("a dot before it", "./tmp\n", SHOP, WITHOUT_TMP),
    whole("a path that goes back", "src/../tmp//\n", SHOP, WITHOUT_TMP),
    whole("a path out of the context", "../tmp\n", SHOP, ALL_OF_SHOP),
    whole("the root itself", "/\n", SHOP, ALL_OF_SHOP),
    whole("a dot", ".\n", SHOP, ALL_OF_SHOP),
    whole("another case", "TMP\nReadme.md\n", SHOP, ALL_OF_SHOP),
    whole("a file is meant at the top alone", "readme.md\n", SHOP, WITHOUT_README),
    whole("a star does not cross a slash", "*.md\n", SHOP, WITHOUT_README),
    whole(
        "two stars cross slashes",
        "**/*.md\n",
        SHOP,
        &["src/", "src/main.go", "src/main_test.go", "src/web/", "src/web/index.html", "tmp/", "tmp/log.txt"],
    ),
    whole("a star takes all", "*\n", SHOP, &[]),
    whole("two stars take all", "**\n", SHOP, &[]),
    whole("all but a file", "*\n!readme.md\n", SHOP, &["readme.md"]),
    whole("all but a file further down", "*\n!src/main.go\n", SHOP, &["src/", "src/main.go"]),
    whole(
        "all but a folder",
        "**\n!src/web\n",
        SHOP,
        &["src/", "src/web/", "src/web/index.html", "src/web/readme.md"],
    ),
    whole(
        "all but a folder, but a file",
        "**\n!src/web\nsrc/web/readme.md\n",
        SHOP,
        &["src/", "src/web/", "src/web/index.html"],
    ),
    whole(
        "an exception with a wildcard",
        "*\n!**/*.html\n",
        SHOP,
        &["src/", "src/web/", "src/web/index.html"],
    ),
    whole("an exception before the rule", "!readme.md\n*.md\n", SHOP, WITHOUT_README),
    whole(
        "blanks and a slash behind the exclamation mark",
        "*\n! /src/main.go\n",
        SHOP,
        &["src/", "src/main.go"],
    ),
    whole("what a folder does not bring back", "b/*\n!b\n", &[File("b/a"), File("c")], &["b/", "c"]),
    whole(
        "what a star in it brings back",
        "b/*\n!b/*\n",
        &[File("b/a"), File("b/c/d")],
        &["b/", "b/a", "b/c/", "b/c/d"],
    ),
    whole(
        "an exception for all below",
        "b\n!b/**\n",
        &[File("b/a"), File("b/c/d")],
        &["b/", "b/a", "b/c/", "b/c/d"],
    ),
    whole("an exception for what is not there", "b\n!b/x\n", &[File("b/a"), File("c")], &["c"]),
    whole(
        "a folder whose files are all ignored",
        "**/*.txt\n",
        &[File("a/x.txt"), File("b/y.md")],
        &["a/", "b/", "b/y.md"],
    ),
    whole("an empty folder", "x\n", &[Folder("e"), File("a")], &["a", "e/"]),
    whole("all in a folder but not the folder", "a/**\n", &[File("a/x"), File("a/b/y")], &["a/"]),
    whole("one name in a folder", "a/*\n", &[File("a/x"), File("a/b/y"), File("b/x")], &["a/", "b/", "b/x"]),
    whole(
        "a name at any depth",
        "**/x\n",
        &[File("x"), File("a/x"), File("a/yx"), File("b/x/z")],
        &["a/", "a/yx", "b/"],
    ),
    whole(
        "the end of any name",
        "**x\n",
        &[File("x"), File("a/x"), File("a/yx"), File("a/xy")],
        &["a/", "a/xy"],
    ),
    whole("the start of any name", "x**\n", &[File("x"), File("xy/z"), File("a/x")], &["a/", "a/x"]),
    whole(
        "any depth within",
        "a/**/z\n",
        &[File("a/z"), File("a/b/c/z"), File("a/bz"), File("z")],
        &["a/", "a/b/", "a/b/c/", "a/bz", "z"],
    ),
    whole(
        "a question mark",
        "?.c\n",
        &[File("a.c"), File("é.c"), File("ab.c"), File("d/a.c")],
        &["ab.c", "d/", "d/a.c"],
    ),
    whole("a class", "[a-c].md\n", &[File("a.md"), File("d.md")], &["d.md"]),
    whole("a class of others", "[^a].md\n", &[File("a.md"), File("d.md")], &["a.md"]),
    whole(
        "an exclamation mark in a class",
        "[!a].md\n",
        &[File("a.md"), File("d.md"), File("!.md")],
        &["d.md"],
    ),
    whole("a class that fits a slash", "a[^x]b\n", &[File("a/b"), File("axb"), File("ayb")], &["a/", "axb"]),
    whole("a range that fits a slash", "a[+-9]b\n", &[File("a/b"), File("a5b"), File("ayb")], &["a/", "ayb"]),
    whole("a hidden star", "a\\*\n", &[File("a*"), File("ab")], &["ab"]),
    whole(
        "characters of regular expressions",
        "a.(b)+{1}$|\n",
        &[File("a.(b)+{1}$|"), File("axb")],
        &["axb"],
    ),
    whole("a pattern of an exclamation mark", "*\n!!a\n", &[File("!a"), File("a")], &["!a"]),
    whole("a caret without a wildcard", "a^b\n", &[File("a^b"), File("c")], &["c"]),
    whole(
        "a name of other letters",
        "größe/*.txt\n",
        &[File("größe/ü.txt"), File("größe/ü.md")],
        &["größe/", "größe/ü.md"],
    ),
    whole("a newline in a name", "**/*.txt\n", &[File("a\nb.txt"), File("a\nb.md")], &["a\nb.md"]),
    whole(
        "a newline in a folder's name",
        "x/**/b\n",
        &[File("x/a\nb/b"), File("x/a/b")],
        &["x/", "x/a/", "x/a\nb/", "x/a\nb/b"],
    ),
    whole(
        "links stay links",
        "a.txt\n",
        LINKS,
        &[
            "chain",
            "data/",
            "data/b.txt",
            "data/deep/",
            "data/deep/c.txt",
            "data/deep/top",
            "data/out",
            "data/up",
            "nowhere",
            "other.txt",
            "rooted",
            "round",
            "to-a",
            "to-data",
        ],
    ),
    whole(
        "a link is not a folder",
        "to-data/b.txt\nto-data/\n",
        &[File("data/b.txt"), Link("to-data", "data")],
        &["data/", "data/b.txt"],
    ),
    whole("the x bit", "b\n", &[Executable("a"), Executable("b")], &["a"]),
    whole(
        "an ignore file in the context is a file",
        "x\n",
        &[File(".dockerignore"), File("x")],
        &[".dockerignore"],
    ),
    whole(
        "an ignored folder that is named twice",
        "d*\n!d/f\nd\n",
        &[File("d/f"), File("d/g")],
        &["d/", "d/f"],
    ),
    whole(
        "exceptions at two depths",
        "a\n!a/b\na/b/c\n!a/b/c/d\n",
        &[File("a/x"), File("a/b/y"), File("a/b/c/z"), File("a/b/c/d")],
        &["a/", "a/b/", "a/b/y", "a/b/c/", "a/b/c/d"],
    ),
    whole(
        "an exception by its start",
        "a\n!a/b*\n",
        &[File("a/x"), File("a/bc"), File("a/b/y")],
        &["a/", "a/bc", "a/b/", "a/b/y"],
    ),
    whole("git's folder", ".git\n", &[File(".git/HEAD"), File(".gitignore")], &[".gitignore"]),
    whole(
        "git's folder at any depth",
        "**/.git\n",
        &[File(".git/HEAD"), File("a/.git/HEAD"), File("a/b")],
        &["a/", "a/b"],
    ),
    narrow("a file", &["readme.md"], "", SHOP, &["readme.md"]),
    narrow(
        "a folder",
        &["src"],
        "",
        SHOP,
        &["src/", "src/main.go", "src/main_test.go", "src/web/", "src/web/index.html", "src/web/readme.md"],
    ),
    narrow("a path that is cleaned", &["./src/../tmp/"], "", SHOP, &["tmp/", "tmp/log.txt"]),
    narrow("a path from the root", &["/tmp/log.txt"], "", SHOP, &["tmp/", "tmp/log.txt"]),
    narrow("a path out of the context", &["../../tmp"], "", SHOP, &["tmp/", "tmp/log.txt"]),
    narrow(
        "two sources",
        &["tmp/log.txt", "src/main.go"],
        "",
        SHOP,
        &["src/", "src/main.go", "tmp/", "tmp/log.txt"],
    ),
    narrow("the whole beside a file", &["readme.md", "."], "", SHOP, ALL_OF_SHOP),
    narrow("a wildcard", &["src/*.go"], "", SHOP, &["src/", "src/main.go", "src/main_test.go"]),
    narrow(
        "a wildcard for folders",
        &["*/readme.md", "src/w*"],
        "",
        SHOP,
        &["src/", "src/web/", "src/web/index.html", "src/web/readme.md"],
    ),
    narrow(
        "a source and an ignored part of it",
        &["src"],
        "**/*_test.go\nsrc/web\n",
        SHOP,
        &["src/", "src/main.go"],
    ),
    narrow(
        "a source in an ignored folder",
        &["src/main.go"],
        "src\n!src/main.go\n",
        SHOP,
        &["src/", "src/main.go"],
    ),
    narrow("a folder whose files are all ignored, by name", &["tmp"], "tmp/*\n", SHOP, &["tmp/"]),
    narrow("a link", &["to-a"], "", LINKS, &["a.txt", "to-a"]),
    narrow("a chain of links", &["chain"], "", LINKS, &["a.txt", "chain", "to-a"]),
    narrow("a link from the root", &["rooted"], "", LINKS, &["data/", "data/b.txt", "rooted"]),
    narrow(
        "through a link to a folder",
        &["to-data/deep/c.txt"],
        "",
        LINKS,
        &["data/", "data/deep/", "data/deep/c.txt", "to-data"],
    ),
    narrow(
        "a link to a folder",
        &["to-data"],
        "",
        LINKS,
        &[
            "data/",
            "data/b.txt",
            "data/deep/",
            "data/deep/c.txt",
            "data/deep/top",
            "data/out",
            "data/up",
            "to-data",
        ],
    ),
    narrow("a link up", &["data/up"], "", LINKS, &["a.txt", "data/", "data/up"]),
    narrow("a link out of the context", &["data/out"], "", LINKS, &["a.txt", "data/", "data/out"]),
    narrow(
        "a link through a link",
        &["data/deep/top"],
        "",
        LINKS,
        &["data/", "data/deep/", "data/deep/c.txt", "data/deep/top", "to-data"],
    ),
    narrow(
        "a wildcard that fits links",
        &["to-*"],
        "",
        LINKS,
        &[
            "a.txt",
            "data/",
            "data/b.txt",
            "data/deep/",
            "data/deep/c.txt",
            "data/deep/top",
            "data/out",
            "data/up",
            "to-a",
            "to-data",
        ],
    ),
    narrow(
        "a link to an ignored file beside a file",
        &["to-a*", "other.txt"],
        "other.*\n!other.txt\n",
        LINKS,
        &["a.txt", "other.txt", "to-a"],
    ),
    narrow(
        "links in a folder are copied as they are",
        &["data"],
        "",
        LINKS,
        &["data/", "data/b.txt", "data/deep/", "data/deep/c.txt", "data/deep/top", "data/out", "data/up"],
    ),
    narrow("a class", &["[ab].txt"], "", &[File("a.txt"), File("b.txt"), File("c.txt")], &["a.txt", "b.txt"]),
    narrow(
        "a bracket that is a bracket",
        &["a[1].txt"],
        "",
        &[File("a[1].txt"), File("a1.txt")],
        &["a1.txt", "a[1].txt"],
    ),
];
