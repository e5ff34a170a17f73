//! One change each: whether the image is built again, and whether that was for anything.

use super::world::{World, shell};

/// What becomes of a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Becomes {
    /// It is not built, and would have become the same.
    Same,
    /// It is built, and becomes another image.
    Another,
    /// It is built, and becomes the same: we know less than BuildKit.
    Needless,
}
use Becomes::{Another, Needless, Same};

/// A change. In all texts, `@` stands for the name of the row, which is that of its folder.
#[derive(Clone, Copy)]
struct Row {
    about: &'static str,
    /// The Dockerfile in the folder; none where it is empty.
    dockerfile: &'static str,
    /// What is in the Bake file.
    bake: &'static str,
    /// What is in it after the change; the same where it is empty.
    bake_after: &'static str,
    /// The script that fills the folder.
    before: &'static str,
    /// The script that is the change, which is committed.
    after: &'static str,
    /// The script that is run then, which is not.
    desk: &'static str,
    /// The builds, and what becomes of them.
    builds: &'static [(&'static str, Becomes)],
}

/// The usual target, and its build.
const TARGET: &str = "target \"@\" {
  context   = \"@\"
  platforms = [\"linux/amd64\"]
  tags      = [\"r.example/live/@:1\"]
}
";
const SAME: &[(&str, Becomes)] = &[("@-linux-amd64", Same)];
const ANOTHER: &[(&str, Becomes)] = &[("@-linux-amd64", Another)];
const NEEDLESS: &[(&str, Becomes)] = &[("@-linux-amd64", Needless)];

const ONE: &str = "FROM scratch\nCOPY x /\n";
const ALL: &str = "FROM scratch\nCOPY . /\n";

/// A row with the usual target.
const fn row(
    about: &'static str,
    dockerfile: &'static str,
    before: &'static str,
    after: &'static str,
    builds: &'static [(&'static str, Becomes)],
) -> Row {
    Row { about, dockerfile, bake: TARGET, bake_after: "", before, after, desk: "", builds }
}

/// A row with a change that is not committed.
const fn desk(
    about: &'static str,
    dockerfile: &'static str,
    before: &'static str,
    change: &'static str,
    builds: &'static [(&'static str, Becomes)],
) -> Row {
    Row { desk: change, ..row(about, dockerfile, before, "", builds) }
}

/// A row with another target.
const fn target(
    about: &'static str,
    bake: &'static str,
    dockerfile: &'static str,
    before: &'static str,
    after: &'static str,
    builds: &'static [(&'static str, Becomes)],
) -> Row {
    Row { bake, ..row(about, dockerfile, before, after, builds) }
}

/// A row whose change is one of the Bake file.
const fn bake(
    about: &'static str,
    bake: &'static str,
    bake_after: &'static str,
    dockerfile: &'static str,
    builds: &'static [(&'static str, Becomes)],
) -> Row {
    Row { bake, bake_after, ..row(about, dockerfile, "echo 1 > x; echo 1 > y", "", builds) }
}

/// Two architectures.
const BOTH: &str = "target \"@\" {
  context   = \"@\"
  platforms = [\"linux/amd64\", \"linux/arm64\"]
  tags      = [\"r.example/live/@:1\"]
}
";
const ARM_ALONE: &[(&str, Becomes)] = &[("@-linux-amd64", Same), ("@-linux-arm64", Another)];

/// Two targets on one context.
const TWO: &str = r#"target "@-a" {
  context           = "@"
  dockerfile-inline = "FROM scratch\nCOPY x /\n"
  platforms         = ["linux/amd64"]
  tags              = ["r.example/live/@-a:1"]
}
target "@-b" {
  context           = "@"
  dockerfile-inline = "FROM scratch\nCOPY y /\n"
  platforms         = ["linux/amd64"]
  tags              = ["r.example/live/@-b:1"]
}
"#;
const FIRST_OF_TWO: &[(&str, Becomes)] = &[("@-a-linux-amd64", Another), ("@-b-linux-amd64", Same)];
const BOTH_OF_TWO: &[(&str, Becomes)] = &[("@-a-linux-amd64", Another), ("@-b-linux-amd64", Another)];

/// Two targets with contexts of their own.
const APART: &str = r#"target "@-a" {
  context           = "@/a"
  dockerfile-inline = "FROM scratch\nCOPY . /\n"
  platforms         = ["linux/amd64"]
  tags              = ["r.example/live/@-a:1"]
}
target "@-b" {
  context           = "@/b"
  dockerfile-inline = "FROM scratch\nCOPY . /\n"
  platforms         = ["linux/amd64"]
  tags              = ["r.example/live/@-b:1"]
}
"#;

/// A Dockerfile beside the context.
const OUTSIDE: &str = r#"target "@" {
  context    = "@/c"
  dockerfile = "../d/Dockerfile"
  platforms  = ["linux/amd64"]
  tags       = ["r.example/live/@:1"]
}
"#;

/// The whole repository is the context.
const TOP: &str = r#"target "@" {
  context    = "."
  dockerfile = "@/Dockerfile"
  platforms  = ["linux/amd64"]
  tags       = ["r.example/live/@:1"]
}
"#;

/// A local named context.
const NAMED: &str = r#"target "@" {
  context   = "@"
  contexts  = { other = "@/c" }
  platforms = ["linux/amd64"]
  tags      = ["r.example/live/@:1"]
}
"#;

/// A link to a target that links to another.
const LINKED: &str = r#"target "@-far" {
  context           = "@/far"
  dockerfile-inline = "FROM scratch\nCOPY x /far\n"
}
target "@-near" {
  context           = "@/near"
  contexts          = { far = "target:@-far" }
  dockerfile-inline = "FROM far\nCOPY x /near\n"
}
target "@" {
  context           = "@/own"
  contexts          = { near = "target:@-near" }
  dockerfile-inline = "FROM near\nCOPY x /own\n"
  platforms         = ["linux/amd64"]
  tags              = ["r.example/live/@:1"]
}
"#;
const LINKED_FILES: &str = "for f in far near own; do mkdir $f; echo 1 > $f/x; echo 1 > $f/y; done";

/// A link to a target that leaves instructions, and a link to the one that has run them.
const LEAVES: &str = r#"target "@-far" {
  context           = "@/far"
  dockerfile-inline = "FROM scratch\nCOPY x /\nONBUILD COPY y /left\n"
}
target "@-near" {
  context           = "@/near"
  contexts          = { far = "target:@-far" }
  dockerfile-inline = "FROM far\nLABEL a=b\n"
}
target "@" {
  context           = "@/own"
  contexts          = { near = "target:@-near" }
  dockerfile-inline = "FROM near\nLABEL a=c\n"
  platforms         = ["linux/amd64"]
  tags              = ["r.example/live/@:1"]
}
"#;

/// A target without platforms.
const NATIVE: &str = "target \"@\" {\n  context = \"@\"\n  tags    = [\"r.example/live/@:1\"]\n}\n";
const NATIVE_SAME: &[(&str, Becomes)] = &[("@-native", Same)];

/// A target with an argument and a label, and the same with others.
macro_rules! with {
    ($attributes:literal) => {
        concat!(
            "target \"@\" {\n  context   = \"@\"\n  platforms = [\"linux/amd64\"]\n",
            "  tags      = [\"r.example/live/@:1\"]\n",
            $attributes,
            "}\n"
        )
    };
}

const ROWS: &[Row] = &[
    // What files are.
    row("a time", ONE, "echo 1 > x", "touch -d 2001-01-01 x", SAME),
    row("the mode of a folder", "FROM scratch\nCOPY d /d/\n", "mkdir d; echo 1 > d/x", "chmod 700 d", SAME),
    row("content", ONE, "echo 1 > x", "echo 2 > x", ANOTHER),
    row("the x bit", ONE, "echo 1 > x", "chmod +x x", ANOTHER),
    row("the x bit goes", ALL, "echo 1 > x; chmod +x x", "chmod -x x", ANOTHER),
    row("a file becomes a link", ALL, "echo 1 > x; echo 1 > y", "ln -sf y x", ANOTHER),
    row("a link becomes a file", ALL, "ln -s y x; echo 1 > y", "rm x; echo 1 > x", ANOTHER),
    row("a link leads elsewhere", ALL, "ln -s y x; echo 1 > y; echo 1 > z", "ln -sf z x", ANOTHER),
    row("a file becomes a folder", ALL, "echo 1 > x", "rm x; mkdir x; echo 1 > x/y", ANOTHER),
    row(
        "a folder becomes a link",
        ALL,
        "mkdir a b; echo 1 > a/x; echo 1 > b/x",
        "rm -r a; ln -s b a",
        ANOTHER,
    ),
    row("a removal", "FROM scratch\nCOPY d /\n", "mkdir d; echo 1 > d/x; echo 1 > d/y", "rm d/y", ANOTHER),
    row("a rename", "FROM scratch\nCOPY d /\n", "mkdir d; echo 1 > d/x", "mv d/x d/y", ANOTHER),
    row("a rename of a folder", ALL, "mkdir d; echo 1 > d/x", "mv d e", ANOTHER),
    row("another case of a name", ALL, "echo 1 > x", "mv x X", ANOTHER),
    row("an empty file", ALL, "echo 1 > x", ": > y", ANOTHER),
    row("no change at all", ALL, "echo 1 > x", "", SAME),
    // What is read.
    row("a file that nothing copies", ONE, "echo 1 > x; echo 1 > y", "echo 2 > y", SAME),
    row("a new file that nothing copies", ONE, "echo 1 > x", "mkdir d; echo 1 > d/x", SAME),
    row(
        "a glob has another match",
        "FROM scratch\nCOPY *.txt /\n",
        "echo 1 > a.txt",
        "echo 1 > b.txt",
        ANOTHER,
    ),
    row("a glob has no other match", "FROM scratch\nCOPY *.txt /\n", "echo 1 > a.txt", "echo 1 > b.md", SAME),
    row(
        "a glob in a folder",
        "FROM scratch\nCOPY d*/x /\n",
        "mkdir d1; echo 1 > d1/x",
        "mkdir d2; echo 2 > d2/x",
        ANOTHER,
    ),
    row(
        "two stars go one folder down",
        "FROM scratch\nCOPY **/x /\n",
        "mkdir -p d/e; echo 1 > d/x; echo 1 > d/e/x",
        "echo 2 > d/x",
        ANOTHER,
    ),
    row(
        "a path from the root",
        "FROM scratch\nCOPY /d/x /\n",
        "mkdir d; echo 1 > d/x",
        "echo 2 > d/x",
        ANOTHER,
    ),
    row("a path out of the context", "FROM scratch\nCOPY ../x /\n", "echo 1 > x", "echo 2 > x", ANOTHER),
    row(
        "a path that goes back",
        "FROM scratch\nCOPY ./d/../x /\n",
        "mkdir d; echo 1 > x; echo 1 > d/x",
        "echo 2 > x",
        ANOTHER,
    ),
    row(
        "the same, the other file",
        "FROM scratch\nCOPY ./d/../x /\n",
        "mkdir d; echo 1 > x; echo 1 > d/x",
        "echo 2 > d/x",
        SAME,
    ),
    row(
        "a source in JSON",
        "FROM scratch\nCOPY [\"a b\", \"/\"]\n",
        "echo 1 > 'a b'; echo 1 > a",
        "echo 2 > 'a b'",
        ANOTHER,
    ),
    row(
        "a source over two lines",
        "FROM scratch\nCOPY x \\\n  y /\n",
        "echo 1 > x; echo 1 > y",
        "echo 2 > y",
        ANOTHER,
    ),
    row(
        "another escape",
        "# escape=`\nFROM scratch\nCOPY x `\n  y /\n",
        "echo 1 > x; echo 1 > y",
        "echo 2 > y",
        ANOTHER,
    ),
    row("`ADD` of a file", "FROM scratch\nADD x /\n", "echo 1 > x", "echo 2 > x", ANOTHER),
    row(
        "`ADD` of an archive",
        "FROM scratch\nADD a.tar /\n",
        "echo 1 > x; tar cf a.tar x; rm x",
        "echo 2 > x; tar cf a.tar x; rm x",
        ANOTHER,
    ),
    row(
        "an excluded file",
        "FROM scratch\nCOPY --exclude=*.md . /\n",
        "echo 1 > x; echo 1 > a.md",
        "echo 2 > a.md",
        NEEDLESS,
    ),
    row(
        "a file beside excluded ones",
        "FROM scratch\nCOPY --exclude=*.md d /\n",
        "mkdir d; echo 1 > d/x; echo 1 > d/a.md",
        "echo 2 > d/x",
        ANOTHER,
    ),
    row(
        "`--parents`",
        "FROM scratch\nCOPY --parents d/e/x /\n",
        "mkdir -p d/e; echo 1 > d/e/x",
        "echo 2 > d/e/x",
        ANOTHER,
    ),
    row(
        "`--parents` with a wildcard",
        "FROM scratch\nCOPY --parents **/x /\n",
        "mkdir -p d/e; echo 1 > d/e/x",
        "mkdir f; echo 2 > f/x",
        ANOTHER,
    ),
    row(
        "a name of other letters",
        "FROM scratch\nCOPY größe.txt /\n",
        "echo 1 > größe.txt",
        "echo 2 > größe.txt",
        ANOTHER,
    ),
    row("other letters in a folder", ALL, "mkdir ключ; echo 1 > ключ/日本", "echo 2 > ключ/日本", ANOTHER),
    row("a newline in a name", ALL, "echo 1 > 'a\nb'", "echo 2 > 'a\nb'", ANOTHER),
    row("a rename to a newline", ALL, "echo 1 > 'a b'", "mv 'a b' 'a\nb'", ANOTHER),
    row(
        "quotes and tabs in names",
        "FROM scratch\nCOPY d /\n",
        "mkdir d; echo 1 > 'd/a\"\t\\b'",
        "echo 2 > 'd/a\"\t\\b'",
        ANOTHER,
    ),
    // Links.
    row("behind a link", "FROM scratch\nCOPY l /\n", "ln -s x l; echo 1 > x", "echo 2 > x", ANOTHER),
    row(
        "behind a chain of links",
        "FROM scratch\nCOPY k /\n",
        "ln -s l k; ln -s x l; echo 1 > x",
        "echo 2 > x",
        ANOTHER,
    ),
    row(
        "behind a linked folder",
        "FROM scratch\nCOPY k/x /\n",
        "mkdir d; ln -s d k; echo 1 > d/x",
        "echo 2 > d/x",
        ANOTHER,
    ),
    row(
        "beside what is behind a link",
        "FROM scratch\nCOPY l /\n",
        "ln -s x l; echo 1 > x; echo 1 > y",
        "echo 2 > y",
        SAME,
    ),
    row(
        "behind a link out of the context",
        "FROM scratch\nCOPY l /\n",
        "ln -s ../../../x l; echo 1 > x",
        "echo 2 > x",
        ANOTHER,
    ),
    row(
        "behind a link from the root",
        "FROM scratch\nCOPY l /\n",
        "ln -s /x l; echo 1 > x",
        "echo 2 > x",
        ANOTHER,
    ),
    row(
        "behind a link that is copied as one",
        "FROM scratch\nCOPY d /\n",
        "mkdir d; ln -s ../x d/l; echo 1 > x",
        "echo 2 > x",
        SAME,
    ),
    row(
        "a link to the same content",
        "FROM scratch\nCOPY l /\n",
        "ln -s x l; echo 1 > x; echo 1 > y",
        "ln -sf y l",
        NEEDLESS,
    ),
    row(
        "a glob that fits a link",
        "FROM scratch\nCOPY l* /\n",
        "ln -s x l1; echo 1 > x",
        "echo 2 > x",
        ANOTHER,
    ),
    // Stages.
    row(
        "what an unreachable stage copies",
        "FROM scratch AS other\nCOPY y /\nFROM scratch\nCOPY x /\n",
        "echo 1 > x; echo 1 > y",
        "echo 2 > y",
        SAME,
    ),
    row(
        "what another stage copies",
        "FROM scratch AS other\nCOPY y /\nFROM scratch\nCOPY --from=other y /\n",
        "echo 1 > y",
        "echo 2 > y",
        ANOTHER,
    ),
    row(
        "a stage by its number",
        "FROM scratch\nCOPY y /\nFROM scratch\nCOPY --from=0 y /\n",
        "echo 1 > y",
        "echo 2 > y",
        ANOTHER,
    ),
    row(
        "a stage in another case",
        "FROM scratch AS other\nCOPY y /\nFROM scratch\nCOPY --from=OTHER y /\n",
        "echo 1 > y",
        "echo 2 > y",
        ANOTHER,
    ),
    row(
        "a stage that another starts from",
        "FROM scratch AS other\nCOPY y /\nFROM other\nCOPY x /\n",
        "echo 1 > x; echo 1 > y",
        "echo 2 > y",
        ANOTHER,
    ),
    row(
        "what a stage leaves to the next",
        "FROM scratch AS other\nONBUILD COPY y /\nFROM other\nCOPY x /\n",
        "echo 1 > x; echo 1 > y",
        "echo 2 > y",
        ANOTHER,
    ),
    row(
        "a source that the environment names",
        "FROM scratch\nENV F=x\nCOPY $F /\n",
        "echo 1 > x; echo 1 > y",
        "echo 2 > x",
        ANOTHER,
    ),
    row(
        "beside a source that the environment names",
        "FROM scratch\nENV F=x\nCOPY ${F} /\n",
        "echo 1 > x; echo 1 > y",
        "echo 2 > y",
        SAME,
    ),
    row(
        "a source that an argument names",
        "FROM scratch\nARG F=x\nCOPY ${F:-z} /\n",
        "echo 1 > x; echo 1 > y",
        "echo 2 > x",
        ANOTHER,
    ),
    target(
        "a source that an argument of the target names",
        with!("  args = { F = \"y\" }\n"),
        "FROM scratch\nARG F=x\nCOPY $F /\n",
        "echo 1 > x; echo 1 > y",
        "echo 2 > y",
        ANOTHER,
    ),
    target(
        "beside it",
        with!("  args = { F = \"y\" }\n"),
        "FROM scratch\nARG F=x\nCOPY $F /\n",
        "echo 1 > x; echo 1 > y",
        "echo 2 > x",
        SAME,
    ),
    target(
        "the file of one architecture",
        BOTH,
        "FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH.txt /\n",
        "echo 1 > amd64.txt; echo 1 > arm64.txt",
        "echo 2 > arm64.txt",
        ARM_ALONE,
    ),
    target(
        "the stage of one architecture",
        BOTH,
        "FROM scratch AS s-amd64\nCOPY a /\nFROM scratch AS s-arm64\nCOPY b /\nFROM s-$TARGETARCH\n",
        "echo 1 > a; echo 1 > b",
        "echo 2 > b",
        ARM_ALONE,
    ),
    // The Dockerfile.
    row("a comment", ONE, "echo 1 > x", "echo '# more' >> Dockerfile", NEEDLESS),
    row("a comment that is copied", ALL, "echo 1 > x", "echo '# more' >> Dockerfile", ANOTHER),
    row(
        "a comment where the Dockerfile is ignored",
        ALL,
        "echo 1 > x; echo Dockerfile > .dockerignore",
        "echo '# more' >> Dockerfile",
        NEEDLESS,
    ),
    row("an instruction", ONE, "echo 1 > x; echo 1 > y", "echo 'COPY y /' >> Dockerfile", ANOTHER),
    row(
        "an unused argument",
        "ARG A=1\nFROM scratch\nCOPY x /\n",
        "echo 1 > x",
        "sed -i s/A=1/A=2/ Dockerfile",
        NEEDLESS,
    ),
    row(
        "a stage that nothing needs",
        "FROM scratch AS other\nCOPY x /y\nFROM scratch\nCOPY x /\n",
        "echo 1 > x",
        "sed -i s,/y,/z, Dockerfile",
        NEEDLESS,
    ),
    row("a document", "FROM scratch\nCOPY <<EOF /x\none\nEOF\n", "", "sed -i s/one/two/ Dockerfile", ANOTHER),
    row("beside a document", "FROM scratch\nCOPY <<EOF /x\none\nEOF\n", "echo 1 > y", "echo 2 > y", SAME),
    row(
        "a document beside a file",
        "FROM scratch\nCOPY <<EOF y /d/\none\nEOF\n",
        "echo 1 > y",
        "echo 2 > y",
        ANOTHER,
    ),
    target(
        "a Dockerfile outside of its context",
        OUTSIDE,
        "",
        "mkdir c d; echo 1 > c/x; printf 'FROM scratch\nCOPY x /\n' > d/Dockerfile",
        "echo 'LABEL a=b' >> d/Dockerfile",
        ANOTHER,
    ),
    target(
        "an ignore file outside of the context",
        OUTSIDE,
        "",
        "mkdir c d; echo 1 > c/x; echo 1 > c/y; printf 'FROM scratch\nCOPY . /\n' > d/Dockerfile; : > d/Dockerfile.dockerignore",
        "echo y > d/Dockerfile.dockerignore",
        ANOTHER,
    ),
    target(
        "beside a Dockerfile outside of its context",
        OUTSIDE,
        "",
        "mkdir c d; echo 1 > c/x; echo 1 > d/x; printf 'FROM scratch\nCOPY . /\n' > d/Dockerfile",
        "echo 2 > d/x",
        SAME,
    ),
    target(
        "what git makes of a Dockerfile outside of its context",
        OUTSIDE,
        "",
        "mkdir c d; printf 'FROM scratch\nCOPY <<\"EOF\" /x\n$Id$\nEOF\n' > d/Dockerfile; echo 1 > c/x",
        "echo 'Dockerfile ident' > d/.gitattributes; git add -A .; rm d/Dockerfile; git checkout -q d/Dockerfile",
        ANOTHER,
    ),
    row(
        "a Dockerfile in small letters",
        "",
        "echo 1 > x; printf 'FROM scratch\nCOPY x /\n' > dockerfile",
        "echo 'LABEL a=b' >> dockerfile",
        ANOTHER,
    ),
    row(
        "another Dockerfile wins",
        "",
        "echo 1 > x; printf 'FROM scratch\nCOPY x /\n' > dockerfile",
        "printf 'FROM scratch\nCOPY x /y\n' > Dockerfile",
        ANOTHER,
    ),
    row(
        "a Dockerfile behind a link",
        "",
        "echo 1 > x; printf 'FROM scratch\nCOPY x /\n' > real; ln -s real Dockerfile",
        "echo 'LABEL a=b' >> real",
        ANOTHER,
    ),
    target(
        "the Dockerfile that does not count beside the inline one",
        "target \"@\" {
  context           = \"@\"
  dockerfile-inline = \"FROM scratch\\nCOPY x /\\n\"
  platforms         = [\"linux/amd64\"]
  tags              = [\"r.example/live/@:1\"]
}
",
        "FROM scratch\nCOPY y /\n",
        "echo 1 > x; echo 1 > y",
        "echo 'COPY x /' >> Dockerfile; echo 2 > y",
        SAME,
    ),
    // Ignore files.
    row("an ignored file", ALL, "echo 1 > x; echo 1 > y; echo y > .dockerignore", "echo 2 > y", SAME),
    row(
        "a comment in an ignore file",
        ONE,
        "echo 1 > x; echo y > .dockerignore",
        "echo '# more' >> .dockerignore",
        SAME,
    ),
    row(
        "a comment in an ignore file that is copied",
        ALL,
        "echo 1 > x; echo y > .dockerignore",
        "echo '# more' >> .dockerignore",
        ANOTHER,
    ),
    row(
        "an ignore file that ignores itself",
        ALL,
        "echo 1 > x; echo .dockerignore > .dockerignore",
        "echo '# more' >> .dockerignore",
        SAME,
    ),
    row(
        "a rule more",
        "FROM scratch\nCOPY d /\n",
        "mkdir d; echo 1 > d/x; echo 1 > d/y",
        "echo d/y > .dockerignore",
        ANOTHER,
    ),
    row("a rule more for what nothing copies", ONE, "echo 1 > x; echo 1 > y", "echo y > .dockerignore", SAME),
    row(
        "an exception",
        ALL,
        "echo 1 > x; echo 1 > y; printf '*\n!x\n' > .dockerignore",
        "echo 2 > x",
        ANOTHER,
    ),
    row(
        "beside an exception",
        ALL,
        "echo 1 > x; echo 1 > y; printf '*\n!x\n' > .dockerignore",
        "echo 2 > y",
        SAME,
    ),
    row(
        "an exception more",
        ALL,
        "echo 1 > x; echo 1 > y; printf '*\n!x\n' > .dockerignore",
        "echo '!y' >> .dockerignore",
        ANOTHER,
    ),
    row(
        "a folder's exception that brings nothing back",
        ALL,
        "mkdir b; echo 1 > b/a; printf 'b/*\n!b\n' > .dockerignore",
        "echo 2 > b/a",
        SAME,
    ),
    row(
        "a folder of ignored files",
        ALL,
        "echo 1 > x; echo '**/*.txt' > .dockerignore",
        "mkdir e; echo 1 > e/a.txt",
        ANOTHER,
    ),
    row(
        "a file more in a folder of ignored files",
        ALL,
        "mkdir e; echo 1 > e/a.txt; echo '**/*.txt' > .dockerignore",
        "echo 1 > e/b.txt",
        SAME,
    ),
    row(
        "an ignore file of its own, which is empty",
        ALL,
        "echo 1 > x; echo 1 > y; echo y > .dockerignore; : > Dockerfile.dockerignore",
        "echo 2 > y",
        ANOTHER,
    ),
    row(
        "an empty ignore file of its own comes",
        ALL,
        "echo 1 > x; echo 1 > y; printf 'y\nDocker*\n' > .dockerignore",
        ": > Dockerfile.dockerignore",
        ANOTHER,
    ),
    row(
        "the ignore file that does not count",
        ONE,
        "echo 1 > x; echo 1 > .dockerignore; : > Dockerfile.dockerignore",
        "echo x > .dockerignore",
        SAME,
    ),
    row(
        "an ignore file behind a link",
        ALL,
        "echo 1 > x; echo 1 > y; echo y > rules; ln -s rules .dockerignore",
        "echo x > rules",
        ANOTHER,
    ),
    // The top of the repository.
    target(
        "`.git` in the context",
        TOP,
        ALL,
        "printf '*\n!@\n!.git\n' > Dockerfile.dockerignore; echo 1 > x",
        "",
        ANOTHER,
    ),
    target(
        "`.git` is ignored, and attributes change in folders that are, too",
        TOP,
        "FROM scratch\nCOPY . /\n",
        "printf '*\n!@\n' > Dockerfile.dockerignore; echo 1 > x",
        "",
        NEEDLESS,
    ),
    target(
        "`.git` is not copied, and attributes change in other folders",
        TOP,
        "FROM scratch\nCOPY @/x /\n",
        "echo 1 > x",
        "echo 2 > y",
        NEEDLESS,
    ),
    // Targets.
    target("one file of two targets", TWO, "", "echo 1 > x; echo 1 > y", "echo 2 > x", FIRST_OF_TWO),
    target(
        "a rename from one context to the other",
        APART,
        "",
        "mkdir a b; echo 1 > a/x; echo 1 > a/z; echo 1 > b/y",
        "mv a/x b/x",
        BOTH_OF_TWO,
    ),
    target(
        "a copy in the other context",
        APART,
        "",
        "mkdir a b; echo 1 > a/x; echo 1 > b/y",
        "cp b/y a/y",
        FIRST_OF_TWO,
    ),
    target(
        "a named context",
        NAMED,
        "FROM scratch\nCOPY --from=other x /\n",
        "mkdir c; echo 1 > c/x",
        "echo 2 > c/x",
        ANOTHER,
    ),
    target(
        "a file of a named context that nothing copies",
        NAMED,
        "FROM scratch\nCOPY --from=other x /\n",
        "mkdir c; echo 1 > c/x; echo 1 > c/y",
        "echo 2 > c/y",
        NEEDLESS,
    ),
    target(
        "what a named context ignores",
        NAMED,
        "FROM scratch\nCOPY --from=other . /\n",
        "mkdir c; echo 1 > c/x; echo 1 > c/y; echo y > c/.dockerignore",
        "echo 2 > c/y",
        SAME,
    ),
    target(
        "what the context ignores counts in the named one",
        NAMED,
        "FROM scratch\nCOPY --from=other . /\n",
        "mkdir c; echo 1 > c/x; echo 1 > c/y; printf 'y\nc/y\n' > .dockerignore",
        "echo 2 > c/y",
        ANOTHER,
    ),
    target("a linked target", LINKED, "", LINKED_FILES, "echo 2 > near/x", ANOTHER),
    target("the target that a linked one links to", LINKED, "", LINKED_FILES, "echo 2 > far/x", ANOTHER),
    target(
        "beside linked targets",
        LINKED,
        "",
        LINKED_FILES,
        "for f in far near own; do echo 2 > $f/y; done",
        SAME,
    ),
    target(
        "what a linked target leaves to the next",
        LEAVES,
        "",
        "for f in far near own; do mkdir $f; echo 1 > $f/x; echo 1 > $f/y; done",
        "echo 2 > near/y",
        ANOTHER,
    ),
    target(
        "what a linked target leaves to the next, which leaves it to nobody",
        LEAVES,
        "",
        "for f in far near own; do mkdir $f; echo 1 > $f/x; echo 1 > $f/y; done",
        "echo 2 > own/y",
        SAME,
    ),
    target(
        "a file that nothing copies, of a target without platforms",
        NATIVE,
        ONE,
        "echo 1 > x; echo 1 > y",
        "echo 2 > y",
        NATIVE_SAME,
    ),
    target(
        "a file of a target without platforms",
        NATIVE,
        ONE,
        "echo 1 > x",
        "echo 2 > x",
        &[("@-native", Another)],
    ),
    target(
        "a file that the platform names, of a target without platforms",
        NATIVE,
        "FROM scratch\nARG TARGETOS\nCOPY $TARGETOS /\n",
        "echo 1 > linux; echo 1 > y",
        "echo 2 > linux",
        &[("@-native", Another)],
    ),
    target(
        "beside a file that the platform names, of a target without platforms",
        NATIVE,
        "FROM scratch\nARG TARGETOS\nCOPY $TARGETOS /\n",
        "echo 1 > linux; echo 1 > y",
        "echo 2 > y",
        &[("@-native", Needless)],
    ),
    // The Bake file.
    bake(
        "one of two targets",
        TWO,
        r#"target "@-a" {
  context           = "@"
  dockerfile-inline = "FROM scratch\nCOPY x /\nLABEL a=b\n"
  platforms         = ["linux/amd64"]
  tags              = ["r.example/live/@-a:1"]
}
target "@-b" {
  context           = "@"
  dockerfile-inline = "FROM scratch\nCOPY y /\n"
  platforms         = ["linux/amd64"]
  tags              = ["r.example/live/@-b:1"]
}
"#,
        "",
        FIRST_OF_TWO,
    ),
    bake("a comment in it", TARGET, with!("  # more\n"), ONE, SAME),
    bake("a description", TARGET, with!("  description = \"more\"\n"), ONE, SAME),
    bake("no cache", TARGET, with!("  no-cache = true\n"), ONE, SAME),
    bake("a pull", TARGET, with!("  pull = true\n"), ONE, SAME),
    bake(
        "a tag",
        TARGET,
        "target \"@\" {\n  context   = \"@\"\n  platforms = [\"linux/amd64\"]\n  tags      = [\"r.example/live/@:2\"]\n}\n",
        ONE,
        SAME,
    ),
    bake("a label", with!("  labels = { a = \"1\" }\n"), with!("  labels = { a = \"2\" }\n"), ONE, ANOTHER),
    bake(
        "an argument of the last stage",
        with!("  args = { A = \"1\" }\n"),
        with!("  args = { A = \"2\" }\n"),
        "FROM scratch\nARG A\nCOPY x /\n",
        ANOTHER,
    ),
    bake(
        "an argument that nothing declares",
        with!("  args = { A = \"1\" }\n"),
        with!("  args = { A = \"2\" }\n"),
        ONE,
        NEEDLESS,
    ),
    bake(
        "an argument that names a source",
        with!("  args = { A = \"x\" }\n"),
        with!("  args = { A = \"y\" }\n"),
        "FROM scratch\nARG A\nCOPY $A /z\n",
        ANOTHER,
    ),
    bake(
        "another stage",
        with!("  target = \"a\"\n"),
        with!("  target = \"b\"\n"),
        "FROM scratch AS a\nCOPY x /\nFROM scratch AS b\nCOPY y /\n",
        ANOTHER,
    ),
    bake(
        "an inline Dockerfile",
        with!("  dockerfile-inline = \"FROM scratch\\nCOPY x /\\n\"\n"),
        with!("  dockerfile-inline = \"FROM scratch\\nCOPY y /\\n\"\n"),
        "",
        ANOTHER,
    ),
    Row {
        bake_after: with!("  dockerfile = \"Other\"\n"),
        ..row(
            "a Dockerfile of another name and the same content",
            ONE,
            "echo 1 > x; cp Dockerfile Other",
            "",
            SAME,
        )
    },
    Row {
        bake_after: "target \"@\" {\n  context   = \"@/d\"\n  platforms = [\"linux/amd64\"]\n  tags      = [\"r.example/live/@:1\"]\n}\n",
        ..row(
            "another context with the same content",
            ONE,
            "echo 1 > x; mkdir d; cp x Dockerfile d",
            "",
            NEEDLESS,
        )
    },
    bake("a time in a label", with!("  labels = { at = timestamp() }\n"), "", ONE, SAME),
    bake(
        "a time in an argument",
        with!("  args = { AT = formatdate(\"YYYY-MM-DD'T'hh:mm:ss\", timestamp()) }\n"),
        "",
        "FROM scratch\nARG AT\nCOPY x /\n",
        SAME,
    ),
    bake("the commit in a label", with!("  labels = { rev = \"at ${REV}\" }\n"), "", ONE, SAME),
    bake(
        "the start of the commit in an argument",
        with!("  args = { REV = substr(REV, 0, 8) }\n"),
        "",
        "FROM scratch\nARG REV\nCOPY x /\n",
        SAME,
    ),
    // What git makes of files.
    row(
        "a pointer of LFS",
        ONE,
        "printf 'version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n' > x; echo 'x filter=lfs' > .gitattributes",
        "sed -i s/sha256:1/sha256:2/ x",
        ANOTHER,
    ),
    row(
        "the ends of lines",
        ONE,
        "echo 1 > x",
        "echo 'x text eol=crlf' > .gitattributes; printf '1\r\n' > x",
        ANOTHER,
    ),
    target(
        "the ends of lines, said above the context",
        "target \"@\" {\n  context   = \"@/c\"\n  platforms = [\"linux/amd64\"]\n  tags      = [\"r.example/live/@:1\"]\n}\n",
        "",
        "mkdir c; echo 1 > c/x; printf 'FROM scratch\nCOPY x /\n' > c/Dockerfile",
        "echo 'c/x text eol=crlf' > .gitattributes; printf '1\r\n' > c/x",
        ANOTHER,
    ),
    row(
        "a submodule",
        "FROM scratch\nCOPY sub/x /\n",
        "git init -q sub; cd sub; echo 1 > x; git add x; git commit -q -m x",
        "cd sub; echo 2 > x; git commit -q -a -m x",
        ANOTHER,
    ),
    row(
        "a submodule that nothing copies",
        ONE,
        "echo 1 > x; git init -q sub; cd sub; echo 1 > x; git add x; git commit -q -m x",
        "cd sub; echo 2 > x; git commit -q -a -m x",
        SAME,
    ),
    // What is not committed.
    desk("a change at the desk", ONE, "echo 1 > x", "echo 2 > x", ANOTHER),
    desk("a change at the desk that nothing copies", ONE, "echo 1 > x; echo 1 > y", "echo 2 > y", SAME),
    desk("a removal at the desk", ALL, "echo 1 > x; echo 1 > y", "rm y", ANOTHER),
    desk("a rename at the desk", ALL, "echo 1 > x", "git mv x y", ANOTHER),
    desk("the x bit at the desk", ALL, "echo 1 > x", "chmod +x x", ANOTHER),
    desk("a link at the desk", ALL, "echo 1 > x; ln -s x l; echo 1 > y", "ln -sf y l", ANOTHER),
    desk(
        "a file in place of a folder at the desk",
        ALL,
        "mkdir x; echo 1 > x/y",
        "rm -r x; echo 1 > x",
        ANOTHER,
    ),
    desk(
        "a folder in place of a file at the desk",
        ALL,
        "echo 1 > x",
        "rm x; mkdir x; echo 1 > x/y",
        ANOTHER,
    ),
    desk("a Dockerfile at the desk", ONE, "echo 1 > x", "echo 'LABEL a=b' >> Dockerfile", ANOTHER),
    desk("an ignore file at the desk", ALL, "echo 1 > x; echo 1 > y", "echo y > .dockerignore", ANOTHER),
    desk("a new file", ALL, "echo 1 > x", "echo 1 > y", ANOTHER),
    desk("a new file that is ignored", ALL, "echo 1 > x; echo y > .dockerignore", "echo 1 > y", SAME),
    desk("a new file that nothing copies", ONE, "echo 1 > x", "echo 1 > y", SAME),
    desk("a new folder", ALL, "echo 1 > x", "mkdir -p d/e; echo 1 > d/e/f", ANOTHER),
    desk("an empty folder", ALL, "echo 1 > x", "mkdir e", ANOTHER),
    desk("an empty folder in a folder", ALL, "mkdir d; echo 1 > d/x", "mkdir -p d/e/f", ANOTHER),
    desk("an empty folder that git ignores", ALL, "echo 1 > x; echo e > .gitignore", "mkdir -p e/f", ANOTHER),
    desk("what git is told to ignore", ALL, "echo 1 > x; echo y > .gitignore", "echo 1 > y", ANOTHER),
    desk(
        "what git is told to take for unchanged",
        ALL,
        "echo 1 > x",
        "git update-index --assume-unchanged x; echo 2 > x",
        ANOTHER,
    ),
    desk(
        "what git is told to leave out",
        ALL,
        "echo 1 > x; echo 1 > y",
        "git update-index --skip-worktree y; rm y",
        ANOTHER,
    ),
    desk("a new file that will be added", ALL, "echo 1 > x", "echo 1 > y; git add -N y", ANOTHER),
];

/// What the clock and the commit say, which is set to the same when it is built.
const FIXED: [(&str, &str); 4] = [
    ("labels = { at =", "labels.at"),
    ("args = { AT =", "args.AT"),
    ("labels = { rev =", "labels.rev"),
    ("args = { REV =", "args.REV"),
];

/// A row's texts with its name.
fn named(text: &str, name: &str) -> String {
    text.replace('@', name)
}

#[test]
fn what_is_not_built_again_would_have_become_the_same() {
    let mut world = World::new("situations");
    world.may_fail = true;
    let rows: Vec<(String, &Row)> =
        ROWS.iter().enumerate().map(|(at, row)| (format!("s{at:03}"), row)).collect();
    let definition = |is_after: bool| -> String {
        let text = |row: &Row| if is_after && !row.bake_after.is_empty() { row.bake_after } else { row.bake };
        let mut all = "variable \"REV\" {\n  default = \"\"\n}\n".to_owned();
        all.extend(rows.iter().map(|(name, row)| named(text(row), name)));
        let targets: Vec<String> = all
            .lines()
            .filter_map(|line| line.strip_prefix("target \"")?.strip_suffix("\" {"))
            .map(|name| format!("\"{name}\""))
            .collect();
        all.extend([format!("group \"default\" {{\n  targets = [{}]\n}}\n", targets.join(", "))]);
        all
    };
    world.write("docker-bake.hcl", &definition(false));
    for (name, row) in &rows {
        let folder = world.root().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        if !row.dockerfile.is_empty() {
            world.write(&format!("{name}/Dockerfile"), &named(row.dockerfile, name));
        }
        shell(&folder, &named(row.before, name));
        for (text, what) in FIXED {
            if row.bake.contains(text) {
                world.fixed.push(format!("{name}-linux-amd64.{what}=0"));
            }
        }
    }
    world.commit_variable = Some("REV");
    world.commit();
    world.start();
    world.write("docker-bake.hcl", &definition(true));
    for (name, row) in &rows {
        shell(&world.root().join(name), &named(row.after, name));
    }
    world.commit();
    for (name, row) in &rows {
        shell(&world.root().join(name), &named(row.desk, name));
    }
    let step = world.step();
    let mut wrong = step.wrong.clone();
    for (name, row) in &rows {
        for (build, becomes) in row.builds {
            let outcome = &step.builds[&named(build, name)];
            // A flag that the engine's frontend does not have yet.
            let may_be_unknown = ["--parents", "--exclude"].iter().any(|flag| row.dockerfile.contains(flag));
            if outcome.fails && may_be_unknown {
                println!("{}: the engine does not build it", row.about);
                continue;
            }
            if outcome.fails {
                wrong.push(format!("{name}, {}: it does not build", row.about));
            }
            let found = match (outcome.foretold_same, outcome.is_same) {
                (true, true) => Some(Same),
                (false, false) => Some(Another),
                (false, true) => Some(Needless),
                (true, false) => None,
            };
            if found != Some(*becomes) {
                wrong.push(format!(
                    "{name}, {}: {found:?} instead of {becomes:?}: {}",
                    row.about, outcome.why
                ));
            }
        }
    }
    let count: usize = rows.iter().map(|(_, row)| row.builds.len()).sum();
    println!("{} situations, {count} builds, {} needless", rows.len(), step.needless());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
