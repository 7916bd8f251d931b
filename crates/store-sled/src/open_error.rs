use std::fmt;
use std::path::{Path, PathBuf};

use groundbreak_store::Cause;

/// Why a store was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process, or another handle in this one, has it open.
    #[error("the store {} is in use by another process", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The directory holds other things, or the path is not a directory.
    #[error("{} is not a groundbreak store: it holds {found}", path.display())]
    NotAStore {
        /// The directory.
        path: PathBuf,
        /// One thing that is there instead.
        found: String,
    },
    /// A later release wrote it, in a layout this one does not know.
    #[error("the store {} has format {found}, and this release knows up to {supported}", path.display())]
    FutureFormat {
        /// The directory.
        path: PathBuf,
        /// The format of the directory.
        found: u32,
        /// The last format this release knows.
        supported: u32,
    },
    /// Something stored is not what was written.
    #[error("the store {} is damaged: {part} at {place}", path.display())]
    Damaged {
        /// The directory.
        path: PathBuf,
        /// What is damaged.
        part: Part,
        /// Where: a file, or the thing the damaged bytes should have been.
        place: String,
    },
    /// Commits that were acknowledged are not there any more.
    #[error("the store {} lost acknowledged commits: it ends at {found}, and {acknowledged} was acknowledged", path.display())]
    LostTail {
        /// The directory.
        path: PathBuf,
        /// The last write that is known to have been acknowledged.
        acknowledged: u64,
        /// The last write that is there.
        found: u64,
    },
    /// The operating system refused something.
    #[error("the store {} could not be opened: {action} failed", path.display())]
    Io {
        /// The file or directory it was about.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What went wrong below.
        #[source]
        source: Cause,
    },
}

impl OpenError {
    /// Returns the stable code of this error, under which it has a page.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "store-in-use",
            Self::NotAStore { .. } => "store-not-a-store",
            Self::FutureFormat { .. } => "store-future-format",
            Self::Damaged { .. } => "store-damaged",
            Self::LostTail { .. } => "store-lost-tail",
            Self::Io { .. } => "store-io",
        }
    }

    /// Returns the directory or file the error is about.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::InUse { path }
            | Self::NotAStore { path, .. }
            | Self::FutureFormat { path, .. }
            | Self::Damaged { path, .. }
            | Self::LostTail { path, .. }
            | Self::Io { path, .. } => path,
        }
    }

    /// Returns what happened, where, and what to do, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        let path = self.path().display();
        match self {
            Self::InUse { .. } => Text {
                zh: format!("数据目录 {path} 正被另一个进程使用。请先停止该进程，或改用其他目录。"),
                en: format!(
                    "The data directory {path} is in use by another process. Stop that process, \
                     or use another directory."
                ),
            },
            Self::NotAStore { found, .. } => Text {
                zh: format!(
                    "{path} 不是破土的数据目录：其中有“{found}”。请指定一个空目录，或已有的数据目录。"
                ),
                en: format!(
                    "{path} is not a Groundbreak data directory: it holds \"{found}\". Name an \
                     empty directory, or one that Groundbreak made."
                ),
            },
            Self::FutureFormat {
                found, supported, ..
            } => Text {
                zh: format!(
                    "数据目录 {path} 的格式为 {found}，本版本最高支持 {supported}。数据未被改动。请使用写入该数据的版本或更新版本打开。"
                ),
                en: format!(
                    "The data directory {path} has format {found}; this release knows up to \
                     {supported}. Nothing was changed. Open it with the release that wrote it, \
                     or a later one."
                ),
            },
            Self::Damaged { part, place, .. } => Text {
                zh: format!(
                    "数据目录 {path} 已损坏：{}（{place}）。请先复制整个目录留存，再将最近的备份恢复到空目录。",
                    part.text().zh
                ),
                en: format!(
                    "The data directory {path} is damaged: {} ({place}). Copy the whole directory \
                     first, then restore the latest backup into an empty one.",
                    part.text().en
                ),
            },
            Self::LostTail {
                acknowledged,
                found,
                ..
            } => Text {
                zh: format!(
                    "数据目录 {path} 丢失了已确认的写入：已确认至第 {acknowledged} 次，现仅存至第 {found} 次。请先复制整个目录留存，再将最近的备份恢复到空目录。若决定接受这一损失，删除其中的 anchor 文件后再打开。"
                ),
                en: format!(
                    "The data directory {path} lost acknowledged writes: number {acknowledged} \
                     was acknowledged, and it ends at number {found}. Copy the whole directory \
                     first, then restore the latest backup into an empty one. Whoever decides to \
                     accept the loss deletes the file `anchor` in it and opens it again."
                ),
            },
            Self::Io { action, source, .. } => Text {
                zh: format!(
                    "无法打开数据目录：{}{path} 失败（{source}）。请检查权限、磁盘空间与磁盘状况后重试。",
                    action_zh(action)
                ),
                en: format!(
                    "The data directory could not be opened: {action} of {path} failed \
                     ({source}). Check permissions, free space and the disk, and try again."
                ),
            },
        }
    }
}

/// What was tried, in Chinese.
fn action_zh(action: &str) -> &'static str {
    match action {
        "reading" => "读取 ",
        "creating" => "建立 ",
        "opening" => "打开 ",
        "writing" => "写入 ",
        "syncing" => "同步到磁盘 ",
        "locking" => "锁定 ",
        "removing" => "删除 ",
        _ => "为其启动线程：",
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

/// What is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// The file that marks the directory.
    Format,
    /// The file that tells what was acknowledged.
    Anchor,
    /// Pages of sled.
    Pages,
    /// The note of where the journal ends.
    Head,
    /// The chain of hashes over the journal.
    Chain,
    /// A record of the journal.
    Record,
    /// The state of a case.
    State,
    /// The note of what a command did.
    Command,
    /// A metadata entry.
    Metadata,
}

impl Part {
    /// Returns its name in both languages.
    #[must_use]
    pub fn text(self) -> Text {
        let (zh, en) = match self {
            Self::Format => ("格式文件", "the format file"),
            Self::Anchor => ("锚文件", "the anchor file"),
            Self::Pages => ("数据库页", "pages of the database"),
            Self::Head => ("流水末端记录", "the note of where the journal ends"),
            Self::Chain => ("流水哈希链", "the hash chain of the journal"),
            Self::Record => ("流水条目", "a record of the journal"),
            Self::State => ("办件状态", "the state of a case"),
            Self::Command => ("命令记录", "the note of what a command did"),
            Self::Metadata => ("元数据", "a metadata entry"),
        };
        Text {
            zh: zh.to_owned(),
            en: en.to_owned(),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}
