use std::fmt;
use std::path::{Path, PathBuf};

use groundbreak_store::ReadError;

/// Why a backup was not written or not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// There is no manifest: nothing was ever backed up here.
    #[error("there is no backup in {}", path.display())]
    Missing {
        /// The directory.
        path: PathBuf,
    },
    /// The directory holds something else. Nothing was written.
    #[error("{} is not a backup: it holds {found}", path.display())]
    NotABackup {
        /// The directory.
        path: PathBuf,
        /// One thing that is there instead.
        found: String,
    },
    /// A later release wrote it, in a layout this one does not know.
    #[error("the backup {} has format {found}, and this release knows up to {supported}", path.display())]
    FutureFormat {
        /// The directory.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The last format this release knows.
        supported: u32,
    },
    /// Another process writes to it.
    #[error("the backup {} is in use by another process", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// What is there is not what was written. This is the first place that does not agree.
    #[error("the backup is damaged: {}, {}", file.display(), place(*frame, *fault))]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The frame, from 1; `None` where it is about the file.
        frame: Option<u64>,
        /// What does not agree.
        fault: Fault,
    },
    /// The backup is of another store, or of one that went on otherwise. Nothing was written.
    #[error("the backup {} is of another journal", path.display())]
    OtherJournal {
        /// The directory.
        path: PathBuf,
        /// The last position that is in the backup.
        position: u64,
    },
    /// The store does not give what is to be backed up.
    #[error("the store could not be read")]
    Store {
        /// What went wrong below.
        #[from]
        source: ReadError,
    },
    /// The operating system refused something.
    #[error("{action} of {} failed", path.display())]
    Io {
        /// The file or directory it was about.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What went wrong below.
        #[source]
        source: std::io::Error,
    },
}

/// What does not agree in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The file is not there.
    Missing,
    /// The file is shorter than the manifest says.
    Short,
    /// The first line is not what it should be.
    Header,
    /// A frame is longer than what is left of the file.
    Length,
    /// The checksum of a frame.
    Checksum,
    /// The chain of hashes.
    Chain,
    /// The bytes of a frame are no record or entry.
    Body,
    /// A record stands before one it comes after, or a revision is missing.
    Order,
    /// There are more or fewer frames than the manifest says.
    Count,
    /// The hash of the whole file.
    Hash,
    /// The manifest is not what was written.
    Manifest,
}

impl Fault {
    /// Returns its name in both languages.
    #[must_use]
    pub fn text(self) -> Text {
        let (zh, en) = match self {
            Self::Missing => ("文件不存在", "the file is missing"),
            Self::Short => ("文件不完整", "the file ends too early"),
            Self::Header => ("首行不符", "its first line does not agree"),
            Self::Length => ("长度不符", "its length does not agree"),
            Self::Checksum => ("校验和不符", "its checksum does not agree"),
            Self::Chain => ("哈希链不符", "its chain hash does not agree"),
            Self::Body => ("内容不成条目", "its bytes are no record"),
            Self::Order => ("次序不符", "it is out of order"),
            Self::Count => ("条数不符", "the number of frames does not agree"),
            Self::Hash => ("文件哈希不符", "the hash of the file does not agree"),
            Self::Manifest => ("清单不符", "the manifest does not agree with itself"),
        };
        Text {
            zh: zh.to_owned(),
            en: en.to_owned(),
        }
    }
}

fn place(frame: Option<u64>, fault: Fault) -> String {
    match frame {
        Some(frame) => format!("frame {frame}: {fault}"),
        None => fault.to_string(),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl ArchiveError {
    pub(crate) fn io(path: &Path, action: &'static str, source: std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            action,
            source,
        }
    }

    pub(crate) fn damaged(file: &Path, frame: Option<u64>, fault: Fault) -> Self {
        Self::Damaged {
            file: file.to_owned(),
            frame,
            fault,
        }
    }

    /// Returns the stable code of this error, under which it has a page.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "backup-missing",
            Self::NotABackup { .. } => "backup-not-a-backup",
            Self::FutureFormat { .. } => "backup-future-format",
            Self::InUse { .. } => "backup-in-use",
            Self::Damaged { .. } => "backup-damaged",
            Self::OtherJournal { .. } => "backup-other-journal",
            Self::Store { .. } => "backup-store-unreadable",
            Self::Io { .. } => "backup-io",
        }
    }

    /// Returns what happened, where, and what to do, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        let (zh, en) = match self {
            Self::Missing { path } => {
                let path = path.display();
                (
                    format!("{path} 中没有备份（缺少 manifest.json）。请核对路径。"),
                    format!("There is no backup in {path}: it has no manifest.json. Check the path."),
                )
            }
            Self::NotABackup { path, found } => {
                let path = path.display();
                (
                    format!("{path} 不是备份目录：其中有“{found}”，未写入任何内容。请指定空目录或已有的备份。"),
                    format!("{path} is not a backup: it holds \"{found}\". Nothing was written. Name an empty directory, or an earlier backup."),
                )
            }
            Self::FutureFormat {
                path,
                found,
                supported,
            } => {
                let path = path.display();
                (
                    format!("备份 {path} 的格式为 {found}，本版本最高支持 {supported}。请使用写入它的版本或更新版本。"),
                    format!("The backup {path} has format {found}; this release knows up to {supported}. Use the release that wrote it, or a later one."),
                )
            }
            Self::InUse { path } => {
                let path = path.display();
                (
                    format!("备份 {path} 正由另一个进程写入。请等它结束，或改用其他目录。"),
                    format!("Another process writes to the backup {path}. Wait for it, or use another directory."),
                )
            }
            Self::Damaged { file, frame, fault } => {
                let file = file.display();
                let text = fault.text();
                let (zh, en) = match frame {
                    Some(frame) => (format!("第 {frame} 帧，"), format!("frame {frame}: ")),
                    None => (String::new(), String::new()),
                };
                (
                    format!("备份已损坏，最先不符的是 {file}：{zh}{}。请改用另一份备份；本份请保留备查。", text.zh),
                    format!("The backup is damaged. The first thing that does not agree is {file}, {en}{}. Use another backup, and keep this one to be looked into.", text.en),
                )
            }
            Self::OtherJournal { path, position } => {
                let path = path.display();
                (
                    format!("备份 {path} 记录的是另一个数据目录，或数据目录缺了备份中已有的第 {position} 条。未写入任何内容。请备份到新的空目录；若数据目录有缺失，先从此备份恢复。"),
                    format!("The backup {path} is of another data directory, or the data directory lacks position {position}, which the backup has. Nothing was written. Back up into a new directory; if the data lost something, restore from this backup first."),
                )
            }
            Self::Store { .. } => (
                "数据未能读出，备份未完成；此前的备份仍然有效。请查看原因后重试。".to_owned(),
                "The data could not be read, and the backup was not finished; what was backed up before stands. See the cause, and try again.".to_owned(),
            ),
            Self::Io { path, action, source } => {
                let path = path.display();
                (
                    format!("备份未完成：对 {path} 执行“{action}”失败（{source}）；此前的备份仍然有效。请检查权限与磁盘空间后重试。"),
                    format!("The backup was not finished: {action} of {path} failed ({source}). What was backed up before stands. Check permissions and free space, and try again."),
                )
            }
        };
        Text { zh, en }
    }
}

/// One text in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}
