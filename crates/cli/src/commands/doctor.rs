use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;
use clap::Args;
use groundbreak_archive::{ArchiveError, Backup};
use groundbreak_store::{Query, Store};
use groundbreak_store_sled::{Look, OpenError, Part, SledOptions, SledStore};
use groundbreak_workflow::Text;
use serde::{Serialize, Serializer};

use crate::directory;
use crate::screen::{Format, Screen};
use crate::trouble::{Outcome, Trouble};

/// Below so much free space sled may fail in the middle of what it does.
const FREE_BYTES_MIN: u64 = 512 << 20;

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak doctor --data /var/lib/groundbreak --try-open")]
pub(crate) struct Arguments {
    /// Data directory
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Backup of it, which is checked too
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,
    /// Copy it beside itself and open the copy, to see whether the database is whole; the copy is
    /// removed afterwards
    #[arg(long)]
    try_open: bool,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What a finding means for what was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Risk {
    /// Nothing is lost.
    None,
    /// It cannot be told from here.
    Unknown,
    /// Some of it is not in this directory any more.
    Lost,
}

/// One thing that is wrong.
#[derive(Debug, Serialize)]
struct Finding {
    code: &'static str,
    #[serde(serialize_with = "both")]
    text: Text,
    acknowledged_at_risk: Risk,
    /// What to type next, in this order.
    commands: Vec<String>,
}

/// What was seen, wrong or not.
#[derive(Debug, Default, Serialize)]
struct Seen {
    format: Option<u32>,
    in_use: bool,
    bytes: u64,
    database_bytes: Option<u64>,
    free_bytes: Option<u64>,
    /// The number of the last acknowledged write, by the anchor.
    acknowledged: Option<u64>,
    archive: Option<SeenArchive>,
    /// What the copy held when it was opened.
    opened: Option<SeenStore>,
}

#[derive(Debug, Serialize)]
struct SeenArchive {
    records: u64,
    last_position: u64,
    written_at: i64,
}

#[derive(Debug, Serialize)]
struct SeenStore {
    cases: u64,
    last_position: u64,
}

#[derive(Serialize)]
struct Report<'a> {
    data: &'a Path,
    seen: &'a Seen,
    findings: &'a [Finding],
}

fn both<S: Serializer>(text: &Text, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeMap;
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry("zh", &text.zh)?;
    map.serialize_entry("en", &text.en)?;
    map.end()
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let mut seen = Seen::default();
    let mut findings = Vec::new();
    let place = Place::of(arguments);
    if let Some(archive) = &arguments.archive {
        match look_at_archive(archive) {
            Ok(found) => seen.archive = Some(found),
            Err(error) => findings.push(Finding {
                code: error.code(),
                text: Text::new(error.text().zh, error.text().en),
                acknowledged_at_risk: Risk::None,
                commands: vec![format!("ls -l {}", quoted(archive))],
            }),
        }
    }
    if place.store.exists() {
        match Look::at(&place.store) {
            Ok(look) => {
                place.judge(&look, &mut seen, &mut findings);
                // A copy of what cannot be written could not be written either.
                if arguments.try_open && look.format.is_some() && look.unwritable.is_none() {
                    place.try_open(&mut seen, &mut findings).await?;
                }
            }
            Err(error) => findings.push(place.unopened(&error)),
        }
    } else {
        findings.push(place.missing());
    }
    let outcome = if findings.is_empty() {
        Outcome::Good
    } else {
        Outcome::Finding
    };
    if arguments.format == Format::Json {
        screen.json(&Report {
            data: &arguments.data,
            seen: &seen,
            findings: &findings,
        })?;
    } else {
        show(arguments, &seen, &findings, screen)?;
    }
    Ok(outcome)
}

fn show(
    arguments: &Arguments,
    seen: &Seen,
    findings: &[Finding],
    screen: &mut Screen,
) -> Result<()> {
    for finding in findings {
        let code = screen.red(finding.code);
        let text = finding.text.get(screen.language()).to_owned();
        screen.line(format!("{code} {text}"))?;
        let risk = match finding.acknowledged_at_risk {
            Risk::None => screen.word(
                "已确认的操作：没有因此丢失。",
                "Acknowledged commands: none is lost by this.",
            ),
            Risk::Unknown => screen.word(
                "已确认的操作：是否有缺失，从这里看不出来。",
                "Acknowledged commands: whether any is lost cannot be told from here.",
            ),
            Risk::Lost => screen.word(
                "已确认的操作：此目录中已有缺失。",
                "Acknowledged commands: some are not in this directory any more.",
            ),
        };
        screen.line(format!("  {risk}"))?;
        for command in &finding.commands {
            screen.line(format!("  $ {command}"))?;
        }
    }
    if let Some(archive) = &seen.archive {
        let (records, last) = (archive.records, archive.last_position);
        screen.say(&Text::new(
            format!("备份完好：{records} 条流水，到第 {last} 位。"),
            format!("The backup is whole: {records} record(s), up to position {last}."),
        ))?;
    }
    if let Some(opened) = &seen.opened {
        let (cases, last) = (opened.cases, opened.last_position);
        screen.say(&Text::new(
            format!("副本能打开：{cases} 件，到第 {last} 位。"),
            format!("The copy opens: {cases} case(s), up to position {last}."),
        ))?;
    }
    if findings.is_empty() {
        let data = arguments.data.display();
        screen.say(&Text::new(
            format!("{data} 没有发现问题。"),
            format!("Nothing is wrong with {data}."),
        ))?;
        if !arguments.try_open {
            screen.say(&Text::new(
                "数据库内部是否完好，加 --try-open 才能看到。",
                "Whether the database is whole inside is seen with --try-open.",
            ))?;
        }
    }
    Ok(())
}

fn look_at_archive(path: &Path) -> Result<SeenArchive, ArchiveError> {
    let backup = Backup::open(path)?;
    let checked = backup.check()?;
    let manifest = backup.manifest();
    Ok(SeenArchive {
        records: checked.records,
        last_position: manifest.journal.last_position,
        written_at: manifest.written_at,
    })
}

/// The directory that is looked at, and what to type about it.
struct Place<'a> {
    data: &'a Path,
    store: PathBuf,
    archive: Option<&'a Path>,
}

impl<'a> Place<'a> {
    fn of(arguments: &'a Arguments) -> Self {
        Self {
            data: &arguments.data,
            store: directory::store_path(&arguments.data),
            archive: arguments.archive.as_deref(),
        }
    }

    /// The directory under another name beside itself.
    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.data.components().as_path().as_os_str().to_owned();
        name.push(suffix);
        name.into()
    }

    /// Copy it away first; then make a new one from the backup.
    fn copy_and_restore(&self) -> Vec<String> {
        let backup = match self.archive {
            Some(archive) => quoted(archive),
            None => "BACKUP".to_owned(),
        };
        vec![
            self.copy(),
            format!(
                "groundbreak restore --from {backup} --data {}",
                quoted(&self.beside(".restored"))
            ),
        ]
    }

    fn copy(&self) -> String {
        format!(
            "cp -a {} {}",
            quoted(self.data),
            quoted(&self.beside(".damaged"))
        )
    }

    fn doctor(&self) -> String {
        format!("groundbreak doctor --data {} --try-open", quoted(self.data))
    }

    fn missing(&self) -> Finding {
        let error = Trouble::NoData {
            path: self.data.to_owned(),
        };
        let commands = match self.archive {
            Some(archive) => vec![format!(
                "groundbreak restore --from {} --data {}",
                quoted(archive),
                quoted(self.data)
            )],
            None => vec![format!("groundbreak serve --data {}", quoted(self.data))],
        };
        Finding {
            code: error.code(),
            text: error.text(),
            acknowledged_at_risk: Risk::Unknown,
            commands,
        }
    }

    /// What is wrong with a store that does not open.
    fn unopened(&self, error: &OpenError) -> Finding {
        let text = error.text();
        let (risk, commands) = match error {
            OpenError::InUse { .. } => (Risk::None, vec![self.who_has_it()]),
            OpenError::NotAStore { .. } => {
                (Risk::None, vec![format!("ls -la {}", quoted(&self.store))])
            }
            OpenError::FutureFormat { .. } => (Risk::None, vec!["groundbreak version".to_owned()]),
            // The journal is whole beside it as far as anybody knows: a copy shows whether.
            OpenError::Damaged {
                part: Part::Anchor, ..
            } => (
                Risk::Unknown,
                vec![
                    self.copy(),
                    format!(
                        "rm {}",
                        quoted(&self.beside(".damaged").join("store").join("anchor"))
                    ),
                    format!(
                        "groundbreak doctor --data {} --try-open",
                        quoted(&self.beside(".damaged"))
                    ),
                ],
            ),
            OpenError::LostTail { .. } => (Risk::Lost, self.copy_and_restore()),
            OpenError::Damaged { .. } => (Risk::Unknown, self.copy_and_restore()),
            _ => (
                Risk::None,
                vec![
                    format!("ls -la {}", quoted(&self.store)),
                    format!("df -h {}", quoted(self.data)),
                ],
            ),
        };
        Finding {
            code: error.code(),
            text: Text::new(text.zh, text.en),
            acknowledged_at_risk: risk,
            commands,
        }
    }

    fn who_has_it(&self) -> String {
        format!("fuser -v {}", quoted(&self.store.join("lock")))
    }

    fn judge(&self, look: &Look, seen: &mut Seen, findings: &mut Vec<Finding>) {
        seen.format = look.format;
        seen.in_use = look.in_use;
        seen.bytes = look.bytes;
        seen.database_bytes = look.database_bytes;
        seen.acknowledged = look.acknowledged;
        seen.free_bytes = free_bytes(self.data);
        if look.in_use {
            findings.push(self.unopened(&OpenError::InUse {
                path: self.store.clone(),
            }));
        }
        if let (Some(file), false) = (look.unfinished.first(), look.in_use) {
            let file = file.display();
            findings.push(Finding {
                code: "store-torn-snapshot",
                text: Text::new(
                    format!("{file} 是上次启动中断留下的半个快照。打开时会自动删除并重写，不影响数据。"),
                    format!("{file} is half a snapshot, left by a start that was cut short. Opening removes it and writes it anew; nothing depends on it."),
                ),
                acknowledged_at_risk: Risk::None,
                commands: vec![self.doctor()],
            });
        }
        if look.acknowledged.is_none() && look.database_bytes.is_some_and(|bytes| bytes > 0) {
            findings.push(Finding {
                code: "store-anchor-missing",
                text: Text::new(
                    "锚文件（store/anchor）不在：能打开，但结尾若有丢失看不出来。打开后会重写。请与备份核对。",
                    "The anchor (store/anchor) is not there: the directory opens, but a lost end would not be noticed. Opening writes it anew. Compare with a backup.",
                ),
                acknowledged_at_risk: Risk::Unknown,
                commands: vec![self.copy(), self.doctor()],
            });
        }
        if let Some((file, cause)) = &look.unwritable {
            let owner = quoted(self.data);
            let path = file.display();
            findings.push(Finding {
                code: "store-read-only",
                text: Text::new(
                    format!("{path} 不能写入（{cause}）。打开数据目录须能写入：请核对所有者、权限与挂载方式。"),
                    format!("{path} cannot be written to ({cause}). Opening needs that: check owner, permissions, and how the volume is mounted."),
                ),
                acknowledged_at_risk: Risk::None,
                commands: vec![format!("ls -la {owner}"), format!("findmnt --target {owner}")],
            });
        }
        if let Some(free) = seen.free_bytes.filter(|free| *free < FREE_BYTES_MIN) {
            let (free, least) = (free >> 20, FREE_BYTES_MIN >> 20);
            findings.push(Finding {
                code: "disk-nearly-full",
                text: Text::new(
                    format!("磁盘只剩 {free} MiB，低于 {least} MiB；写满后存储会停止。请先腾出空间，再启动。"),
                    format!("Only {free} MiB are free, less than {least} MiB; the store stops when the disk is full. Make room before you start."),
                ),
                acknowledged_at_risk: Risk::None,
                commands: vec![format!("df -h {}", quoted(self.data))],
            });
        }
    }

    /// Opens a copy, which may be changed, and looks at what is in it.
    async fn try_open(&self, seen: &mut Seen, findings: &mut Vec<Finding>) -> Result<()> {
        if seen.in_use {
            // A copy of files that change is damaged by being copied.
            return Ok(());
        }
        let parent = self.data.parent().filter(|it| !it.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        let needed = seen.bytes.saturating_add(FREE_BYTES_MIN);
        if let Some(free) = free_bytes(parent).filter(|free| *free < needed) {
            let (free, needed) = (free >> 20, needed >> 20);
            findings.push(Finding {
                code: "disk-nearly-full",
                text: Text::new(
                    format!("没有试开：复制需要 {needed} MiB，只剩 {free} MiB。请把整个目录复制到别处再试。"),
                    format!("Not tried: the copy takes {needed} MiB, and {free} MiB are free. Copy the whole directory elsewhere, and try there."),
                ),
                acknowledged_at_risk: Risk::None,
                commands: vec![format!("df -h {}", quoted(self.data))],
            });
            return Ok(());
        }
        let unwritable = |source| Trouble::Unwritable {
            path: parent.to_owned(),
            source,
        };
        let folder = tempfile::Builder::new()
            .prefix(".groundbreak-doctor-")
            .tempdir_in(parent)
            .map_err(unwritable)?;
        let copy = folder.path().join("store");
        copy_all(&self.store, &copy).map_err(unwritable)?;
        match SledStore::open(&copy, SledOptions::default()) {
            Ok(store) => {
                let found = store.query(&Query::all(1)).await;
                let head = store.head().await;
                let closed = store.close().await;
                match (found, head) {
                    (Ok(found), Ok(head)) => {
                        seen.opened = Some(SeenStore {
                            cases: found.total,
                            last_position: head.number(),
                        });
                    }
                    (Err(error), _) | (_, Err(error)) => return Err(error.into()),
                }
                closed?;
                self.compare_with_archive(seen, findings);
            }
            // It is about the copy; what is said is said of the directory.
            Err(error) => {
                let mut finding = self.unopened(&error);
                let (of_copy, own) = (copy.display().to_string(), self.store.display().to_string());
                finding.text = Text::new(
                    finding.text.zh.replace(&of_copy, &own),
                    finding.text.en.replace(&of_copy, &own),
                );
                findings.push(finding);
            }
        }
        Ok(())
    }

    fn compare_with_archive(&self, seen: &Seen, findings: &mut Vec<Finding>) {
        let (Some(archive), Some(opened)) = (&seen.archive, &seen.opened) else {
            return;
        };
        if archive.last_position <= opened.last_position {
            return;
        }
        let (has, lacks) = (archive.last_position, opened.last_position);
        findings.push(Finding {
            code: "store-lost-tail",
            text: Text::new(
                format!("备份到第 {has} 位，此目录只到第 {lacks} 位：目录丢失了结尾，或备份属于另一个目录。"),
                format!("The backup goes up to position {has}, and this directory to {lacks}: it lost its end, or the backup is of another directory."),
            ),
            acknowledged_at_risk: Risk::Lost,
            commands: self.copy_and_restore(),
        });
    }
}

/// Returns a path as a shell takes it.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    if !path.is_empty() && path.chars().all(plain) {
        return path;
    }
    format!("'{}'", path.replace('\'', "'\\''"))
}

/// Returns how many bytes are free where a path lies; `None` where nothing says so.
fn free_bytes(path: &Path) -> Option<u64> {
    let output = Command::new("df")
        .arg("-Pk")
        .arg(path)
        .env("LC_ALL", "C")
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let free = text.lines().nth(1)?.split_whitespace().nth(3)?;
    free.parse::<u64>().ok()?.checked_mul(1024)
}

fn copy_all(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_all(&entry.path(), &target)?;
            continue;
        }
        match fs::copy(entry.path(), &target) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_typed_as_it_is_or_in_quotes() {
        let rows = [
            ("/var/lib/ground-break_1.0", "/var/lib/ground-break_1.0"),
            ("数据", "数据"),
            ("my data", "'my data'"),
            ("it's", "'it'\\''s'"),
        ];
        for (path, typed) in rows {
            assert_eq!(quoted(Path::new(path)), typed);
        }
    }
}
