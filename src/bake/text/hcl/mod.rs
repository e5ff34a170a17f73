//! HCL's native syntax: text in, syntax tree out.
//!
//! Accepts and refuses what HashiCorp's parser does (hclsyntax of <https://github.com/hashicorp/hcl>, and its
//! [specification](https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md)), but for limits on nesting.
//! Reads each byte once: the parser asks the scanner for the next token, and reads strings itself.

mod body;
mod expression;
mod literal;
mod mistake;
#[cfg(test)]
mod oracle;
mod parser;
mod scanner;
mod template;
#[cfg(test)]
pub(super) mod tests;

pub(super) use literal::name;

use self::parser::{Parser, TextPlace};
use self::scanner::{TokenKind, scan};
use super::syntax::{Body, Expr, ExprKind};
use crate::bake::values::Name;
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Sources, Span};

/// Reads a file in HCL syntax.
///
/// # Errors
/// What is wrong with the file, in source order, as code `syntax`: after an error, reading goes on with the next block
/// or attribute at the start of a line.
pub fn parse_hcl(sources: &Sources, id: SourceId) -> Result<Body, Vec<Diagnostic>> {
    Parser::new(&sources.get(id).text, TextPlace::Source(id)).file()
}

/// Reads the content of a JSON string as an HCL template; every node gets `span`.
///
/// # Errors
/// What is wrong with the template, as code `syntax`.
pub(crate) fn parse_template_text(text: &str, span: Span) -> Result<Expr, Diagnostic> {
    let text = without_mark(text);
    if !text.contains("${") && !text.contains("%{") {
        return Ok(Expr { kind: ExprKind::String(name(text)), span });
    }
    Parser::new(text, TextPlace::Fixed(span)).whole(Parser::bare_template)
}

/// Reads the content of a JSON string as an HCL expression, which is how JSON writes types; every node gets `span`.
///
/// # Errors
/// What is wrong with the expression, as code `syntax`.
pub(crate) fn parse_expression_text(text: &str, span: Span) -> Result<Expr, Diagnostic> {
    Parser::new(without_mark(text).trim(), TextPlace::Fixed(span)).whole(Parser::bare_expression)
}

/// The one name that a text is as an expression, with comments and line ends around it or not.
pub(super) fn parse_keyword(text: &str) -> Option<Name> {
    let text = without_mark(text);
    let word = scan(text, 0, false);
    let is_alone = word.kind == TokenKind::Ident && scan(text, word.end, false).kind == TokenKind::End;
    is_alone.then(|| name(&text[word.range()]))
}

/// The text without a byte order mark, which HCL drops from all that it reads.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
