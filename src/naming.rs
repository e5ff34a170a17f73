//! What images, targets and jobs may be called, since scripts take their names from the matrix as arguments.

/// Why a name of an image, a target or a job cannot go into a matrix, from where scripts take it as an argument; `None`
/// when it can.
#[must_use]
pub(crate) fn problem(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("it is empty")
    } else if name.starts_with('-') {
        Some("it begins with `-`, as options do")
    } else if name.contains(char::is_control) {
        Some("it has control characters")
    } else if name.contains(char::is_whitespace) {
        Some("it has blanks")
    } else if name.contains([',', '=']) {
        Some("it has `,` or `=`, which separate names")
    } else {
        None
    }
}
