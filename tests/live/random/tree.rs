//! Generated text that knows which of its parts can be left out or replaced, so that a finding can be made small.

/// A piece of a definition.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    pieces: Vec<Piece>,
    /// Whether another expression can stand in its place.
    is_expression: bool,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    One(Tree),
    /// Any of the items can be left out.
    Many(&'static str, Vec<Tree>),
    /// The inside of a JSON string.
    Escaped(Tree),
}

impl Tree {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn expression() -> Self {
        Self { pieces: Vec::new(), is_expression: true }
    }

    pub(super) fn leaf(text: impl Into<String>) -> Self {
        Self::expression().text(text)
    }

    pub(super) fn text(mut self, text: impl Into<String>) -> Self {
        self.pieces.push(Piece::Text(text.into()));
        self
    }

    pub(super) fn one(mut self, part: Self) -> Self {
        self.pieces.push(Piece::One(part));
        self
    }

    pub(super) fn many(mut self, separator: &'static str, items: Vec<Self>) -> Self {
        self.pieces.push(Piece::Many(separator, items));
        self
    }

    pub(super) fn escaped(mut self, part: Self) -> Self {
        self.pieces.push(Piece::Escaped(part));
        self
    }

    pub(super) fn render(&self) -> String {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::One(part) => part.render(),
            Piece::Many(separator, items) => {
                items.iter().map(Self::render).collect::<Vec<_>>().join(separator)
            }
            Piece::Escaped(part) => {
                let quoted = serde_json::to_string(&part.render()).expect("a string is JSON");
                quoted[1..quoted.len() - 1].to_owned()
            }
        });
        pieces.collect()
    }

    /// Trees with less in them, those with much less first.
    pub(super) fn smaller(&self) -> Vec<Self> {
        let mut found = self.shorter();
        if self.is_expression {
            found.extend(self.inner());
            let text = self.render();
            found.extend(
                ["1", "\"\"", "null"]
                    .iter()
                    .filter(|leaf| leaf.len() < text.len())
                    .map(|leaf| Self::leaf(*leaf)),
            );
        }
        for (at, piece) in self.pieces.iter().enumerate() {
            let replaced = |new: Piece| {
                let mut tree = self.clone();
                tree.pieces[at] = new;
                tree
            };
            match piece {
                Piece::Text(_) => {}
                Piece::One(part) => {
                    found.extend(part.smaller().into_iter().map(|new| replaced(Piece::One(new))));
                }
                Piece::Escaped(part) => {
                    found.extend(part.smaller().into_iter().map(|new| replaced(Piece::Escaped(new))));
                }
                Piece::Many(separator, items) => {
                    for (index, item) in items.iter().enumerate() {
                        found.extend(item.smaller().into_iter().map(|new| {
                            let mut items = items.clone();
                            items[index] = new;
                            replaced(Piece::Many(separator, items))
                        }));
                    }
                }
            }
        }
        found
    }

    /// Without some of the items of its own: halves, quarters, and so on to single ones.
    fn shorter(&self) -> Vec<Self> {
        let mut found = Vec::new();
        for (at, piece) in self.pieces.iter().enumerate() {
            let Piece::Many(separator, items) = piece else { continue };
            let mut size = items.len();
            while size > 0 {
                for start in (0..items.len()).step_by(size) {
                    let mut kept = items.clone();
                    kept.drain(start..items.len().min(start + size));
                    let mut tree = self.clone();
                    tree.pieces[at] = Piece::Many(separator, kept);
                    found.push(tree);
                }
                size /= 2;
            }
        }
        found
    }

    /// The expressions directly inside.
    fn inner(&self) -> Vec<Self> {
        let parts = self.pieces.iter().flat_map(|piece| match piece {
            Piece::Text(_) => &[],
            Piece::One(part) | Piece::Escaped(part) => std::slice::from_ref(part),
            Piece::Many(_, items) => &items[..],
        });
        parts.flat_map(|part| if part.is_expression { vec![part.clone()] } else { part.inner() }).collect()
    }
}
