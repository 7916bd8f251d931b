//! Calendars from files: YAML definitions, or JSON that holds one calendar or a list of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use groundbreak_workflow::sla::{Calendar, CalendarSet};
use groundbreak_workflow::{Library, Text};
use serde_json::Value;

use crate::commands::check::check_calendars;
use crate::definitions::{DefinitionFile, DefinitionKind, read_text};
use crate::shipped;
use crate::trouble::Trouble;

/// The largest file of calendars or vectors, in bytes.
pub(crate) const BYTES_MAX: u64 = 16 << 20;
/// The most calendars of one run: each is laid out over 130 years.
const COUNT_MAX: usize = 200;

/// The calendars that can be named: those that come with this program, and those of the files.
pub(crate) struct Calendars(BTreeMap<String, Arc<Calendar>>);

impl Calendars {
    /// Loads the calendars of some files. One that has the name of a shipped calendar takes its
    /// place.
    pub(crate) fn load(paths: &[PathBuf]) -> Result<Self> {
        let mut library = with_shipped()?;
        let (added, faulty) = check_calendars(&mut library, read(paths)?);
        if let Some((file, _)) = faulty.first() {
            return Err(Trouble::FaultyCalendar {
                path: file.path.clone(),
            }
            .into());
        }
        let mut names: Vec<&str> = added.iter().map(|calendar| calendar.id()).collect();
        names.sort_unstable();
        if let Some([name, _]) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(bad(
                format!("日历“{name}”出现两次。请改名或去掉一个。"),
                format!("there are two calendars \"{name}\". Rename or remove one."),
            ));
        }
        let all = library
            .calendars()
            .map(|calendar| (calendar.id().to_owned(), Arc::clone(calendar)));
        Ok(Self(all.collect()))
    }

    /// Returns the calendar of that name.
    pub(crate) fn get(&self, id: &str) -> Option<&Arc<Calendar>> {
        self.0.get(id)
    }

    /// Returns the calendar of that name, or says which there are.
    pub(crate) fn find(&self, id: &str) -> Result<&Arc<Calendar>, Trouble> {
        self.get(id).ok_or_else(|| Trouble::UnknownCalendar {
            id: id.to_owned(),
            known: self.names(),
        })
    }

    /// Returns the names of all.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// Returns all of them for a clock that starts with `initial`.
    pub(crate) fn beginning_with(&self, initial: &Arc<Calendar>) -> CalendarSet {
        self.0
            .values()
            .fold(CalendarSet::new(Arc::clone(initial)), |set, calendar| {
                set.with(Arc::clone(calendar))
            })
    }
}

/// Returns a library of the calendars that come with this program.
pub(crate) fn with_shipped() -> Result<Library> {
    let mut library = Library::new();
    for file in &shipped::CALENDARS {
        library.add_calendar(file.text)?;
    }
    Ok(library)
}

/// Reads the calendars of some files, each as a definition of its own. One of a list is named
/// after its place in it: `calendars.json[3]`.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<DefinitionFile>> {
    let mut files = Vec::new();
    for path in paths {
        let text = read_text(path, BYTES_MAX)?;
        if !is_json(path, &text) {
            files.push(calendar(path.clone(), text));
            continue;
        }
        match parse(path, &text)? {
            Value::Array(list) => {
                for (index, item) in list.iter().enumerate() {
                    let place = PathBuf::from(format!("{}[{index}]", path.display()));
                    files.push(calendar(place, serde_json::to_string_pretty(item)?));
                }
            }
            _ => files.push(calendar(path.clone(), text)),
        }
    }
    if files.len() > COUNT_MAX {
        return Err(bad(
            format!(
                "日历共 {} 个，最多 {COUNT_MAX} 个。请分次处理。",
                files.len()
            ),
            format!(
                "there are {} calendars, and at most {COUNT_MAX} are taken at once. Give fewer.",
                files.len()
            ),
        ));
    }
    Ok(files)
}

/// Reads JSON, and says where it breaks off.
pub(crate) fn parse(path: &Path, text: &str) -> Result<Value, Trouble> {
    // A mark that some editors put before the text is no part of it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::from_str(text).map_err(|error| Trouble::NotJson {
        path: path.to_owned(),
        problem: Text::new(
            format!("不是合法的 JSON：{error}。请在该处改正。"),
            format!("it is not JSON: {error}. Correct it there."),
        ),
    })
}

fn calendar(path: PathBuf, text: String) -> DefinitionFile {
    DefinitionFile {
        path,
        text,
        kind: DefinitionKind::Calendar,
        blocks: Vec::new(),
    }
}

fn is_json(path: &Path, text: &str) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "json")
        || text.trim_start().starts_with('[')
}

fn bad(zh: String, en: String) -> anyhow::Error {
    Trouble::BadArgument {
        argument: "--calendars".to_owned(),
        problem: Text::new(zh, en),
    }
    .into()
}
