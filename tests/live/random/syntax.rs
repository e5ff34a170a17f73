//! The two syntaxes of Bake files.

use super::tree::Tree;

/// How a file is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    Hcl,
    Json,
}

/// What an attribute is set to.
pub(super) enum Setting {
    /// JSON, which HCL reads too; what is to be put into its strings stands where they have a `@`.
    Data(String, Vec<Tree>),
    /// An expression.
    Expression(Tree),
    /// Text that stands for itself: a type, or a name.
    Bare(String),
    /// A list of names.
    Names(Vec<String>),
}

impl Setting {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Data(text.into(), Vec::new())
    }
}

impl Syntax {
    /// An attribute.
    pub(super) fn attribute(self, name: &str, setting: Setting) -> Tree {
        let value = match (self, setting) {
            (_, Setting::Data(text, holes)) => self.filled(&text, holes),
            (Self::Hcl, Setting::Expression(tree)) => tree,
            (Self::Json, Setting::Expression(tree)) => Tree::new().text("\"${").escaped(tree).text("}\""),
            (Self::Hcl, Setting::Bare(text)) => Tree::new().text(text),
            (Self::Json, Setting::Bare(text)) => Tree::new().text(format!("{text:?}")),
            (Self::Hcl, Setting::Names(names)) => Tree::new().text(format!("[{}]", names.join(", "))),
            (Self::Json, Setting::Names(names)) => Tree::new().text(format!("{names:?}")),
        };
        let name = if self == Self::Json { format!("{name:?}: ") } else { format!("{name} = ") };
        Tree::new().text(name).one(value)
    }

    fn filled(self, text: &str, holes: Vec<Tree>) -> Tree {
        let mut holes = holes.into_iter();
        let mut pieces = text.split('@');
        let first = Tree::expression().text(pieces.next().unwrap_or_default());
        pieces.fold(first, |tree, piece| {
            let Some(hole) = holes.next() else { return tree.text("@").text(piece) };
            let tree = tree.text("${");
            let tree = if self == Self::Json { tree.escaped(hole) } else { tree.one(hole) };
            tree.text("}").text(piece)
        })
    }

    /// A block with one label, or with none.
    pub(super) fn block(self, kind: &str, label: &str, members: Vec<Tree>) -> Tree {
        match (self, label) {
            (Self::Hcl, "") => Tree::new().text(format!("{kind} {{\n")).many("\n", members).text("\n}"),
            (Self::Hcl, _) => {
                Tree::new().text(format!("{kind} \"{label}\" {{\n")).many("\n", members).text("\n}")
            }
            (Self::Json, "") => Tree::new().text(format!("{kind:?}: {{\n")).many(",\n", members).text("}"),
            (Self::Json, _) => {
                let tree = Tree::new().text(format!("{kind:?}: {{{label:?}: {{\n"));
                tree.many(",\n", members).text("}}")
            }
        }
    }

    /// A whole file.
    pub(super) fn file(self, members: Vec<Tree>) -> Tree {
        match self {
            Self::Hcl => Tree::new().many("\n", members).text("\n"),
            Self::Json => Tree::new().text("{\n").many(",\n", members).text("\n}\n"),
        }
    }
}
