use groundbreak_workflow::{Place, Severity, Text, Witness};
use serde::Serialize;

use super::Faulty;
use crate::definitions::DefinitionFile;

/// A fault as programs read it. Lines and columns count from 1; columns are characters, and the
/// end is where the next character stands.
#[derive(Serialize)]
pub(crate) struct FaultRow {
    file: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    code: &'static str,
    severity: Severity,
    message: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    witness: Option<Witness>,
    /// Where the blocks are used that it stands in, outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    used_at: Vec<UseRow>,
}

#[derive(Serialize)]
struct UseRow {
    file: String,
    line: usize,
    column: usize,
}

pub(crate) fn rows((file, faults): &Faulty) -> Vec<FaultRow> {
    faults
        .iter()
        .map(|fault| {
            let Region { path, start, end } = Region::of(file, &fault.span);
            FaultRow {
                file: path,
                line: start.line,
                column: start.column,
                end_line: end.line,
                end_column: end.column,
                code: fault.code,
                severity: fault.severity,
                message: fault.message.clone(),
                help: fault.help.clone(),
                witness: fault.witness.clone(),
                used_at: fault
                    .used_at
                    .iter()
                    .map(|span| Region::of(file, span))
                    .map(|region| UseRow {
                        file: region.path,
                        line: region.start.line,
                        column: region.start.column,
                    })
                    .collect(),
            }
        })
        .collect()
}

/// A place in a file, from its first character to behind its last.
pub(super) struct Region {
    pub(super) path: String,
    pub(super) start: Place,
    pub(super) end: Place,
}

impl Region {
    pub(super) fn of(file: &DefinitionFile, span: &std::ops::Range<usize>) -> Self {
        let written = file.written(span);
        Self {
            path: written.path.display().to_string(),
            start: Place::of(written.span.start, written.text),
            end: Place::of(written.span.end.max(written.span.start), written.text),
        }
    }
}
