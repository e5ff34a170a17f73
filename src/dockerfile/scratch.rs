//! Not for the project: what was lexed, to be compared with the crate `parse-dockerfile`.

use super::{Content, Instruction};

/// What was lexed, to be compared with the crate `parse-dockerfile`.
pub fn lexed(text: &str) -> Result<Vec<String>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let content = Content::parse(text).map_err(|e| format!("line {}: {e}", e.line))?;
    let mut out = vec![];
    for stage in &content.stages {
        out.push(format!("FROM {} AS {:?} {:?}", stage.from.base, stage.from.name, stage.from.platform));
        for one in &stage.instructions {
            let of = |i: &Instruction| match i {
                Instruction::Copy(copy) => Some(format!("COPY {:?} {:?}", copy.from, copy.sources)),
                _ => None,
            };
            match &one.instruction {
                Instruction::Onbuild(Ok(inner)) => out.extend(of(inner).map(|t| format!("ONBUILD {t}"))),
                other => out.extend(of(other)),
            }
        }
    }
    Ok(out)
}
