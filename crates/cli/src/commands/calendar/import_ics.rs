use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Result;
use chrono::NaiveDate;
use chrono_tz::Tz;
use clap::Args;
use groundbreak_workflow::sla::{
    Calendar, CalendarSpec, ExceptionKind, ExceptionSpec, IcsFault, IcsOptions, LeftOut, Unmarked,
    import_ics,
};
use groundbreak_workflow::{Diagnostic, Library, Text};

use super::{bad, years};
use crate::calendar_files;
use crate::commands::check::{self, Faulty, check_calendars};
use crate::definitions::{DefinitionFile, DefinitionKind, read_bytes};
use crate::screen::{Format, Screen};
use crate::trouble::{Outcome, Trouble};
use crate::yaml::scalar;

/// The largest file, in bytes: what the import itself reads.
const BYTES_MAX: u64 = 4 << 20;

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak calendar import-ics 2027.ics --id china-2027 --inherits china --years 2027"
)]
pub(crate) struct Arguments {
    /// The iCalendar file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What the calendar is to be called. Without it, as the file
    #[arg(long)]
    id: Option<String>,
    /// Which version of the calendar it is to be
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    calendar_version: u32,
    /// The calendar it extends
    #[arg(long, value_name = "ID")]
    inherits: Option<String>,
    /// Its time zone, such as Asia/Shanghai. Without it, that of the calendar it extends, else of the file
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,
    /// Which years to take: 2027 or 2026..2027. Without it, those in which its events begin
    #[arg(long)]
    years: Option<String>,
    /// What an all-day event means that says neither off nor worked
    #[arg(long, value_enum, default_value_t)]
    unmarked: UnmarkedName,
    /// Calendars besides the shipped ones: YAML, or JSON with one or a list of them
    #[arg(long, value_name = "FILE", num_args = 1..)]
    calendars: Vec<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What an unmarked event means, as it is written on the command line.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum UnmarkedName {
    /// It is a fault.
    #[default]
    Refuse,
    /// A holiday.
    DayOff,
    /// Nothing.
    LeaveOut,
}

pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let mut library = calendar_files::with_shipped()?;
    let (_, faulty) = check_calendars(&mut library, calendar_files::read(&arguments.calendars)?);
    if let Some((file, _)) = faulty.first() {
        let path = file.path.clone();
        return Err(Trouble::FaultyCalendar { path }.into());
    }
    let parent = parent(arguments, &library)?;
    let options = options(arguments, parent)?;
    let bytes = read_bytes(&arguments.file, BYTES_MAX)?;
    let import = match import_ics(&bytes, &options) {
        Ok(import) => import,
        Err(faults) => {
            let faulty = drawn(&arguments.file, &bytes, &faults);
            return check::show(&[], &[faulty], arguments.format, screen);
        }
    };
    let mut spec = import.spec;
    let published = parent.and_then(Calendar::coverage);
    if let Some(published) = published {
        extend_coverage(&mut spec, published);
    }
    let text = yaml(&spec, &arguments.file);
    let file = DefinitionFile {
        path: PathBuf::from(format!("{}.yaml", spec.id)),
        text,
        kind: DefinitionKind::Calendar,
        blocks: Vec::new(),
    };
    let (_, faulty) = check_calendars(&mut library, vec![file.clone()]);
    if !faulty.is_empty() {
        return check::show(&[], &faulty, arguments.format, screen);
    }
    tell(import.left_out, screen);
    match arguments.format {
        Format::Json => screen.json(&spec)?,
        Format::Human => screen.line(file.text.trim_end())?,
    }
    Ok(Outcome::Good)
}

fn parent<'a>(arguments: &Arguments, library: &'a Library) -> Result<Option<&'a Calendar>> {
    let Some(id) = &arguments.inherits else {
        return Ok(None);
    };
    let found = library.calendars().find(|calendar| calendar.id() == id);
    let Some(parent) = found else {
        let known = library.calendars().map(|known| known.id().to_owned());
        return Err(Trouble::UnknownCalendar {
            id: id.clone(),
            known: known.collect(),
        }
        .into());
    };
    Ok(Some(parent.as_ref()))
}

fn options(arguments: &Arguments, parent: Option<&Calendar>) -> Result<IcsOptions> {
    let stem = arguments.file.file_stem();
    let id = match &arguments.id {
        Some(id) => id.clone(),
        None => stem.map_or_else(String::new, |stem| stem.to_string_lossy().into_owned()),
    };
    if arguments.inherits.as_ref() == Some(&id) {
        return Err(bad(
            "--inherits",
            "日历不能继承自己，请换一个 --id。",
            "a calendar cannot extend itself; give it another --id.",
        ));
    }
    let tz = match &arguments.tz {
        None => parent.map(Calendar::tz),
        Some(name) => Some(Tz::from_str(name).map_err(|_| {
            bad(
                "--tz",
                format!("时区“{name}”不存在，请写 IANA 时区名，例如 Asia/Shanghai。"),
                format!(
                    "there is no time zone \"{name}\"; write an IANA name such as Asia/Shanghai."
                ),
            )
        })?),
    };
    Ok(IcsOptions {
        id,
        version: arguments.calendar_version,
        title: None,
        inherits: arguments.inherits.clone(),
        tz,
        years: arguments.years.as_deref().map(years).transpose()?,
        unmarked: match arguments.unmarked {
            UnmarkedName::Refuse => Unmarked::Refuse,
            UnmarkedName::DayOff => Unmarked::DayOff,
            UnmarkedName::LeaveOut => Unmarked::LeaveOut,
        },
    })
}

/// What was published before stays published, if nothing lies between.
fn extend_coverage(spec: &mut CalendarSpec, (first, last): (NaiveDate, NaiveDate)) {
    let Some([own_first, own_last]) = &mut spec.coverage else {
        return;
    };
    let (Ok(begins), Ok(ends)) = (
        own_first.parse::<NaiveDate>(),
        own_last.parse::<NaiveDate>(),
    ) else {
        return;
    };
    let adjoins = |earlier: NaiveDate, later: NaiveDate| earlier.succ_opt() >= Some(later);
    if adjoins(last, begins) && adjoins(ends, first) {
        *own_first = begins.min(first).to_string();
        *own_last = ends.max(last).to_string();
    }
}

/// Places faults in the file, as the faults of a definition are.
fn drawn(path: &Path, bytes: &[u8], faults: &[IcsFault]) -> Faulty {
    let text = String::from_utf8_lossy(bytes)
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    let lines: Vec<&str> = text.split('\n').collect();
    let mut starts = vec![0];
    for line in &lines {
        starts.push(starts.last().map_or(0, |start| start + line.len() + 1));
    }
    let diagnostics = faults.iter().map(|fault| {
        let index = fault.line.saturating_sub(1);
        let start = starts.get(index).copied().unwrap_or(text.len());
        let length = lines.get(index).map_or(0, |line| line.len());
        Diagnostic::new(fault.code(), start..start + length, fault.what()).with_help(fault.remedy())
    });
    let diagnostics = diagnostics.collect();
    let file = DefinitionFile {
        path: path.to_owned(),
        text,
        kind: DefinitionKind::Calendar,
        blocks: Vec::new(),
    };
    (file, diagnostics)
}

/// Says on standard error what was left out, so that the calendar on standard output stays one.
fn tell(left_out: LeftOut, screen: &Screen) {
    let rows = [
        (left_out.cancelled, "已取消", "cancelled"),
        (left_out.outside, "不在所取年份", "outside the years"),
        (left_out.unmarked, "未标明休或班", "unmarked"),
    ];
    for (number, zh, en) in rows.into_iter().filter(|(number, ..)| *number > 0) {
        let text = Text::new(
            format!("略去的事件（{zh}）：{number}"),
            format!("events left out, {en}: {number}"),
        );
        eprintln!("{}", text.get(screen.language()));
    }
}

/// Writes a calendar as a definition.
fn yaml(spec: &CalendarSpec, from: &Path) -> String {
    let from = from.file_name().unwrap_or_default().to_string_lossy();
    let mut lines = vec![
        format!("# 导入自 Imported from {}", scalar(&from)),
        format!("id: {}", scalar(&spec.id)),
        format!("version: {}", spec.version),
    ];
    if let Some(title) = &spec.title {
        let (zh, en) = (scalar(&title.zh), scalar(&title.en));
        lines.push(format!("title: {{ zh: {zh}, en: {en} }}"));
    }
    if let Some(parent) = &spec.inherits {
        lines.push(format!("inherits: {}", scalar(parent)));
    }
    if let Some(tz) = &spec.tz {
        lines.push(format!("tz: {tz}"));
    }
    if let Some([first, last]) = &spec.coverage {
        lines.push(format!("coverage: [ \"{first}\", \"{last}\" ]"));
    }
    if spec.exceptions.is_empty() {
        lines.push("exceptions: {}".to_owned());
    } else {
        lines.push("exceptions:".to_owned());
    }
    let mut year = "";
    for (date, exception) in &spec.exceptions {
        if let Some(of) = date.get(..4).filter(|of| *of != year) {
            lines.push(format!("  # {of}"));
            year = of;
        }
        lines.push(format!("  \"{date}\": {{ {} }}", entry(exception)));
    }
    lines.join("\n") + "\n"
}

fn entry(exception: &ExceptionSpec) -> String {
    let kind = match exception.kind {
        ExceptionKind::Holiday => "holiday",
        ExceptionKind::Makeup => "makeup",
        ExceptionKind::LocalOff => "local_off",
        ExceptionKind::Special => "special",
    };
    let mut entry = format!("kind: {kind}");
    if let Some(name) = &exception.name {
        entry.push_str(&format!(", name: {}", scalar(name)));
    }
    if let Some(day) = exception.works_as {
        entry.push_str(&format!(", works_as: {}", day.name()));
    }
    if let Some(hours) = &exception.hours {
        let windows = hours
            .iter()
            .map(|[open, close]| format!("[ \"{open}\", \"{close}\" ]"));
        let windows: Vec<String> = windows.collect();
        entry.push_str(&format!(", hours: [ {} ]", windows.join(", ")));
    }
    entry
}
