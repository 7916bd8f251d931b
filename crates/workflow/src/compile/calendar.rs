//! Calendars: read, inherited, compiled, with their faults placed in the text.

use std::collections::BTreeMap;

use groundbreak_sla::{Calendar, CalendarSpec};

use crate::form::{self, Read};
use crate::schema::CALENDAR;
use crate::source::{check_length, locate, parse};
use crate::suggest::nearest;
use crate::{Diagnostic, Text};

/// Reads a calendar and compiles it with what it inherits.
///
/// Returns the calendar, and its specification for those that inherit from it.
pub(crate) fn compile_calendar(
    source: &str,
    parents: &BTreeMap<String, CalendarSpec>,
) -> Result<(CalendarSpec, Calendar), Vec<Diagnostic>> {
    check_length(source)?;
    let tree = parse(source, 0..source.len())?;
    let read: Read<CalendarSpec> = form::read(&CALENDAR, tree)?;
    if !read.faults.is_empty() {
        return Err(read.faults);
    }
    let written = read.value;
    let spec = match &written.inherits {
        None => written,
        Some(parent) => match parents.get(parent) {
            Some(parent) => written.inherit(parent).map_err(|error| {
                let text = error.text();
                vec![Diagnostic::new(
                    "bad-calendar",
                    locate(source, "inherits"),
                    text,
                )]
            })?,
            None => {
                let help = match nearest(parent, parents.keys().map(String::as_str)) {
                    Some(meant) => Text::new(
                        format!("是否指 `{meant}`？"),
                        format!("Did you mean `{meant}`?"),
                    ),
                    None => Text::new("请先加载它。", "Load it first."),
                };
                return Err(vec![
                    Diagnostic::new(
                        "unknown-calendar",
                        locate(source, "inherits"),
                        Text::new(
                            format!("没有日历 `{parent}`。"),
                            format!("There is no calendar `{parent}`."),
                        ),
                    )
                    .with_help(help),
                ]);
            }
        },
    };
    match Calendar::compile(&with_hours(&spec)) {
        Ok(calendar) => Ok((spec, calendar)),
        Err(faults) => Err(faults
            .into_iter()
            .map(|fault| {
                Diagnostic::new(fault.code(), locate(source, &fault.place), fault.what())
                    .with_help(fault.remedy())
            })
            .collect()),
    }
}

/// A table of dates without hours, as a nation publishes it, is one to inherit from. Taken by
/// itself it is open on weekdays around the clock, so that days can be counted on it.
fn with_hours(spec: &CalendarSpec) -> CalendarSpec {
    let mut spec = spec.clone();
    if spec.weekly.is_empty() {
        let all_day = || Some(vec![["00:00".to_owned(), "24:00".to_owned()]]);
        let weekly = &mut spec.weekly;
        for day in [
            &mut weekly.mon,
            &mut weekly.tue,
            &mut weekly.wed,
            &mut weekly.thu,
            &mut weekly.fri,
        ] {
            *day = all_day();
        }
    }
    spec
}
