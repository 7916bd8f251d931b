//! Calendars as other programs write them: iCalendar (RFC 5545), the `.ics` file.
//!
//! [`import_ics`] makes exceptions of events, [`export_ics`] events of exceptions, and importing
//! what was exported gives the same exceptions back. Only the files' events count: time zone
//! definitions, tasks, alarms and properties of other programs are passed over.
//!
//! What an event means is decided in `mark`, what a rule may be in `recurrence`, and every line is
//! checked before the `icalendar` crate sees it: docs/decisions/0005-icalendar.md says why.

mod content_line;
mod event;
mod export;
mod fault;
mod import;
mod mark;
mod moment;
mod recurrence;

pub use export::export_ics;
pub use fault::{IcsFault, IcsFaultKind};
pub use import::{IcsImport, IcsOptions, LeftOut, Unmarked, import_ics};
