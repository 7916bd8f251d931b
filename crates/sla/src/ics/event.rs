use super::content_line::{ContentLine, Property, name_of, property};
use super::fault::{IcsFault, IcsFaultKind as Kind};

/// More events than a century of public holidays has.
const EVENTS_MAX: usize = 5_000;
const DEPTH_MAX: usize = 8;

/// An event as it stands in the file.
#[derive(Debug, Default)]
pub(super) struct Event {
    /// Where it begins.
    pub(super) line: usize,
    properties: Vec<Property>,
}

impl Event {
    /// The first property of that name.
    pub(super) fn get(&self, name: &str) -> Option<&Property> {
        self.properties
            .iter()
            .find(|property| property.name == name)
    }

    /// The value of the first property of that name; empty if there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.get(name)
            .map_or("", |property| property.value.as_str())
    }

    /// Every property of that name: those with dates may stand several times.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Property> {
        self.properties
            .iter()
            .filter(move |property| property.name == name)
    }

    /// A fault of this event.
    pub(super) fn fault(&self, kind: Kind, found: impl AsRef<str>) -> IcsFault {
        IcsFault::new(kind, self.line, found).of(self.text("SUMMARY"))
    }
}

/// What a file holds that a calendar is made of.
#[derive(Debug, Default)]
pub(super) struct IcsFile {
    /// `X-WR-CALNAME`.
    pub(super) title: Option<String>,
    /// `X-WR-TIMEZONE`, and its line.
    pub(super) zone: Option<(String, usize)>,
    /// `METHOD:CANCEL`: it takes its events back.
    pub(super) cancels: bool,
    /// In the order of the file.
    pub(super) events: Vec<Event>,
}

/// The properties of an event that are read; the others are passed over.
const READ: [&str; 18] = [
    "UID",
    "SUMMARY",
    "CATEGORIES",
    "DESCRIPTION",
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "EXRULE",
    "RDATE",
    "EXDATE",
    "RECURRENCE-ID",
    "STATUS",
    "X-APPLE-SPECIAL-DAY",
    "X-MICROSOFT-CDO-ALLDAYEVENT",
    "X-GROUNDBREAK-KIND",
    "X-GROUNDBREAK-NAME",
    "X-GROUNDBREAK-WORKS-AS",
];

impl IcsFile {
    /// Takes a file apart into its events.
    pub(super) fn read(lines: &[ContentLine], faults: &mut Vec<IcsFault>) -> Self {
        let mut file = Self::default();
        let mut open: Vec<(String, usize)> = Vec::new();
        let mut event = Event::default();
        let mut calendars = 0_usize;
        for line in lines {
            let Some(name) = name_of(&line.text) else {
                // What is no line at all tells nothing more when it is repeated.
                if open.is_empty() {
                    faults.push(IcsFault::new(Kind::NotACalendar, line.number, &line.text));
                    return file;
                }
                let bad = IcsFault::new(Kind::BadLine, line.number, &line.text);
                faults.push(bad.of(event.text("SUMMARY")));
                continue;
            };
            let value = line.text.split_once(':').map_or("", |(_, value)| value);
            match name.as_str() {
                "BEGIN" => {
                    let kind = value.trim().to_ascii_uppercase();
                    let within = open.last().map(|(kind, _)| kind.as_str());
                    let fits = match kind.as_str() {
                        "VCALENDAR" => within.is_none(),
                        "VEVENT" => within == Some("VCALENDAR"),
                        _ => within.is_some(),
                    };
                    if !fits || open.len() >= DEPTH_MAX {
                        faults.push(IcsFault::new(Kind::Unbalanced, line.number, &line.text));
                        return file;
                    }
                    calendars += usize::from(kind == "VCALENDAR");
                    if kind == "VEVENT" {
                        event = Event {
                            line: line.number,
                            ..Event::default()
                        };
                    }
                    open.push((kind, line.number));
                }
                "END" => {
                    let kind = value.trim().to_ascii_uppercase();
                    if open.pop().is_none_or(|(begun, _)| begun != kind) {
                        faults.push(IcsFault::new(Kind::Unbalanced, line.number, &line.text));
                        return file;
                    }
                    if kind == "VEVENT" {
                        if file.events.len() == EVENTS_MAX {
                            let found = format!("> {EVENTS_MAX}");
                            faults.push(IcsFault::new(Kind::TooMany, event.line, found));
                            return file;
                        }
                        file.events.push(std::mem::take(&mut event));
                    }
                }
                _ => match open.last().map(|(kind, _)| kind.as_str()) {
                    None => {
                        faults.push(IcsFault::new(Kind::NotACalendar, line.number, &line.text));
                        return file;
                    }
                    Some("VCALENDAR") => file.heading(line, &name),
                    Some("VEVENT") if READ.contains(&name.as_str()) => {
                        match property(line, &name) {
                            Some(property) => event.properties.push(property),
                            None => {
                                let bad = IcsFault::new(Kind::BadLine, line.number, &line.text);
                                faults.push(bad.of(event.text("SUMMARY")));
                            }
                        }
                    }
                    Some(_) => {}
                },
            }
        }
        if let Some((kind, number)) = open.pop() {
            let found = format!("BEGIN:{kind}");
            faults.push(IcsFault::new(Kind::Unbalanced, number, found));
        } else if calendars == 0 {
            faults.push(IcsFault::new(Kind::NotACalendar, 1, ""));
        }
        file
    }

    fn heading(&mut self, line: &ContentLine, name: &str) {
        // A calendar without a usable title or zone is one without: both can be given beside it.
        match (name, property(line, name)) {
            ("X-WR-CALNAME", Some(found)) if !found.value.trim().is_empty() => {
                self.title.get_or_insert(found.value.trim().to_owned());
            }
            ("METHOD", Some(found)) if found.value.trim().eq_ignore_ascii_case("CANCEL") => {
                self.cancels = true;
            }
            ("X-WR-TIMEZONE", Some(found)) => {
                self.zone.get_or_insert((found.value, found.line));
            }
            _ => {}
        }
    }
}
