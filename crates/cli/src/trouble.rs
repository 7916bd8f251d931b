use std::path::PathBuf;
use std::process::ExitCode;

use groundbreak_archive::ArchiveError;
use groundbreak_draw::DrawError;
use groundbreak_engine::{
    AdvanceError, Failure, MigrationError, OpenError as EngineError, PublishError, SubmitError,
};
use groundbreak_scxml::RunError;
use groundbreak_server::AccountsError;
use groundbreak_store_sled::OpenError as StoreError;
use groundbreak_workflow::{Language, LibraryError, Refusal, Text, nearest};

use crate::disagreement::Disagreement;

/// What a command came to, when nothing prevented it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// All is well.
    Good,
    /// The command did its work, and found something: a fault in a definition, a scenario that
    /// does not hold.
    Finding,
    /// What it was given to work on cannot be read.
    Malformed,
}

impl Outcome {
    /// Returns the worse of two.
    pub(crate) fn worse(self, other: Self) -> Self {
        self.max(other)
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Good => Self::SUCCESS,
            Outcome::Finding => Self::from(1),
            Outcome::Malformed => Self::from(2),
        }
    }
}

/// Why a command of this program did not do its work, where no other crate says so.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.text().en)]
pub(crate) enum Trouble {
    /// A file or directory could not be read.
    Unreadable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// A file could not be written.
    Unwritable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// A file is larger than any of its kind.
    FileTooLarge { path: PathBuf, bytes_max: u64 },
    /// What is to be a file is a pipe or a device.
    NotAFile { path: PathBuf },
    /// A file that is to be text is not UTF-8. The line counts from 1, the byte from 0.
    NotUtf8 {
        path: PathBuf,
        line: usize,
        byte: usize,
    },
    /// There is no data where data is to be read.
    NoData { path: PathBuf },
    /// Nobody could sign in.
    NoAccounts { path: PathBuf },
    /// The file of accounts is not one.
    BadAccounts { path: PathBuf, problem: String },
    /// An account of that name exists.
    AccountExists { id: String },
    /// A password is not fit for one.
    BadPassword { problem: Text },
    /// The address cannot be listened on.
    CannotListen {
        address: String,
        #[source]
        source: std::io::Error,
    },
    /// Papers cannot be kept there.
    NoPlaceForPapers {
        place: String,
        #[source]
        source: groundbreak_papers::OpenError,
    },
    /// An argument is not of its form.
    BadArgument { argument: String, problem: Text },
    /// A directory that is to be filled is not empty.
    NotEmpty { path: PathBuf },
    /// A definition in a directory of definitions has faults.
    FaultyDefinition { path: PathBuf },
    /// A calendar of a file has faults.
    FaultyCalendar { path: PathBuf },
    /// There is no calendar of that name.
    UnknownCalendar { id: String, known: Vec<String> },
    /// A file that is to be JSON is not, or holds something else than it should.
    NotJson { path: PathBuf, problem: Text },
    /// How workflows are reported to the national exchange cannot be read.
    BadExchange { path: PathBuf, problem: Text },
    /// There is no picture.
    NotDrawn(DrawError),
    /// What was restored is not what the backup has.
    RestoreIncomplete { path: PathBuf, problem: String },
    /// The key that signs checkpoints can be read by others.
    KeyExposed { path: PathBuf },
    /// The key that signs checkpoints, or what they are checked with, is not as it should be.
    BadKey { path: PathBuf, problem: Text },
    /// What the demonstration is filled with does not play as it should.
    DemoBroken { problem: String },
}

impl Trouble {
    /// Returns the stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "file-unreadable",
            Self::Unwritable { .. } => "file-unwritable",
            Self::FileTooLarge { .. } => "file-too-large",
            Self::NotAFile { .. } => "not-a-file",
            Self::NotUtf8 { .. } => "not-utf8",
            Self::NoData { .. } => "no-data",
            Self::NoAccounts { .. } => "no-accounts",
            Self::BadAccounts { .. } => "bad-accounts",
            Self::AccountExists { .. } => "account-exists",
            Self::BadPassword { .. } => "bad-password",
            Self::CannotListen { .. } => "cannot-listen",
            Self::NoPlaceForPapers { .. } => "no-place-for-papers",
            Self::BadArgument { .. } => "bad-argument",
            Self::NotEmpty { .. } => "directory-not-empty",
            Self::FaultyDefinition { .. } => "definition-faults",
            Self::FaultyCalendar { .. } => "definition-faults",
            Self::UnknownCalendar { .. } => "unknown-calendar",
            Self::NotJson { .. } => "not-json",
            Self::BadExchange { .. } => "bad-exchange",
            Self::NotDrawn(error) => error.code(),
            Self::RestoreIncomplete { .. } => "restore-incomplete",
            Self::KeyExposed { .. } => "key-exposed",
            Self::BadKey { .. } => "bad-key",
            Self::DemoBroken { .. } => "demo-broken",
        }
    }

    /// Returns what went wrong and what to do, in both languages.
    pub(crate) fn text(&self) -> Text {
        match self {
            Self::Unreadable { path, .. } => both(
                path,
                |path| format!("无法读取 {path}。请核对路径与权限。"),
                |path| format!("{path} cannot be read. Check the path and its permissions."),
            ),
            Self::Unwritable { path, .. } => both(
                path,
                |path| format!("无法写入 {path}。请核对权限与磁盘空间。"),
                |path| format!("{path} cannot be written. Check permissions and free space."),
            ),
            Self::FileTooLarge { path, bytes_max } => both(
                path,
                |path| format!("{path} 超过 {bytes_max} 字节，不予读取。"),
                |path| format!("{path} has more than {bytes_max} bytes and is not read."),
            ),
            Self::NotAFile { path } => both(
                path,
                |path| format!("{path} 不是普通文件，不予读取。请先存成文件。"),
                |path| {
                    format!("{path} is no regular file and is not read. Save it as a file first.")
                },
            ),
            Self::NotUtf8 { path, line, byte } => both(
                path,
                |path| {
                    format!(
                        "{path} 不是 UTF-8 文本：第 {line} 行（第 {byte} 字节起）有别的编码的字。请另存为 UTF-8。"
                    )
                },
                |path| {
                    format!(
                        "{path} is not UTF-8: line {line}, from byte {byte}, has another encoding. Save it as UTF-8."
                    )
                },
            ),
            Self::NoData { path } => both(
                path,
                |path| {
                    format!(
                        "{path} 中没有数据。请核对 --data；新目录由 groundbreak serve 或 groundbreak case open 建立。"
                    )
                },
                |path| {
                    format!(
                        "There is no data in {path}. Check --data; a new directory is made by `groundbreak serve` or `groundbreak case open`."
                    )
                },
            ),
            Self::NoAccounts { path } => both(
                path,
                |path| {
                    format!(
                        "{path} 中没有账号，无人能登录。请先建立：groundbreak user add --accounts {path} --id ID --name 姓名 --role 角色"
                    )
                },
                |path| {
                    format!(
                        "There are no accounts in {path}, so nobody could sign in. Make one first: groundbreak user add --accounts {path} --id ID --name NAME --role ROLE"
                    )
                },
            ),
            Self::BadAccounts { path, problem } => both(
                path,
                |path| format!("{path} 不是有效的账号文件：{problem}。"),
                |path| format!("{path} is not a file of accounts: {problem}."),
            ),
            Self::AccountExists { id } => Text::new(
                format!("账号“{id}”已存在。请换一个标识，或先从文件中删除它。"),
                format!(
                    "There is an account \"{id}\" already. Take another id, or remove that one from the file."
                ),
            ),
            Self::BadPassword { problem } => problem.clone(),
            Self::CannotListen { address, .. } => Text::new(
                format!("无法监听 {address}。可能已被占用：请换一个端口，或停止占用它的程序。"),
                format!(
                    "{address} cannot be listened on; it may be taken. Use another port, or stop the program that has it."
                ),
            ),
            Self::NoPlaceForPapers { place, .. } => Text::new(
                format!(
                    "材料不能保存到 {place}。请指定可写的目录，或 s3://存储桶/目录，并在环境变量中设好 AWS_REGION 等。"
                ),
                format!(
                    "Papers cannot be kept at {place}. Name a folder that can be written, or s3://BUCKET/FOLDER with AWS_REGION and the like in the environment."
                ),
            ),
            Self::BadExchange { path, problem } => both(
                path,
                |path| format!("{path} 不是上报对照表：{}", problem.zh),
                |path| format!("{path} is no exchange mapping: {}", problem.en),
            ),
            Self::BadArgument { argument, problem } => Text::new(
                format!("参数 {argument} 有误：{}", problem.zh),
                format!("{argument} is not right: {}", problem.en),
            ),
            Self::NotEmpty { path } => both(
                path,
                |path| format!("{path} 不是空目录。请指定一个空的或尚不存在的目录。"),
                |path| {
                    format!(
                        "{path} is not empty. Name an empty directory, or one that does not exist yet."
                    )
                },
            ),
            Self::FaultyDefinition { path } => both(
                path,
                |path| format!("{path} 有错误，未发布。请用 groundbreak check {path} 查看。"),
                |path| {
                    format!(
                        "{path} has faults and was not published. See them with: groundbreak check {path}"
                    )
                },
            ),
            Self::FaultyCalendar { path } => both(
                path,
                |path| format!("日历 {path} 有错误。请用 groundbreak calendar check 查看。"),
                |path| {
                    format!(
                        "The calendar {path} has faults. See them with: groundbreak calendar check"
                    )
                },
            ),
            Self::UnknownCalendar { id, known } => unknown_calendar(id, known),
            Self::NotJson { path, problem } => {
                let path = path.display();
                Text::new(
                    format!("{path} 读不懂：{}", problem.zh),
                    format!("{path} was not understood: {}", problem.en),
                )
            }
            Self::NotDrawn(error) => error.text(),
            Self::RestoreIncomplete { path, problem } => {
                let path = path.display();
                Text::new(
                    format!(
                        "恢复未完成，{path} 中没有可用的数据：{problem}。备份未被改动，请再恢复一次。"
                    ),
                    format!(
                        "The restore was not finished, and {path} holds no data to use: {problem}. The backup was not changed; restore again."
                    ),
                )
            }
            Self::KeyExposed { path } => both(
                path,
                |path| {
                    format!(
                        "{path} 可被他人读取，不予使用。请先执行 chmod 600 {path}；若已被人看过，请更换密钥。"
                    )
                },
                |path| {
                    format!(
                        "{path} can be read by others and is not used. First: chmod 600 {path}; if somebody may have seen it, take another key."
                    )
                },
            ),
            Self::BadKey { path, problem } => {
                let path = path.display();
                Text::new(
                    format!("{path} 不能用于签名或核对：{}。", problem.zh),
                    format!("{path} cannot be used to sign or to check: {}.", problem.en),
                )
            }
            Self::DemoBroken { problem } => Text::new(
                format!("演示数据未能按预期生成：{problem}"),
                format!("The demonstration did not play as it should: {problem}"),
            ),
        }
    }
}

/// Says that there is no such calendar, which there are, and which was perhaps meant.
pub(crate) fn unknown_calendar(id: &str, known: &[String]) -> Text {
    let (zh, en) = match nearest(id, known.iter().map(String::as_str)) {
        Some(meant) => (
            format!("是否指“{meant}”？"),
            format!("Did you mean \"{meant}\"?"),
        ),
        None => (
            format!(
                "现有：{}。请改用其中之一，或用 --calendars 加上它所在的文件。",
                known.join("、")
            ),
            format!(
                "There are: {}. Name one of them, or add the file it stands in with --calendars.",
                known.join(", ")
            ),
        ),
    };
    Text::new(
        format!("没有日历“{id}”。{zh}"),
        format!("There is no calendar \"{id}\". {en}"),
    )
}

fn both(
    path: &std::path::Path,
    zh: impl Fn(String) -> String,
    en: impl Fn(String) -> String,
) -> Text {
    Text::new(
        zh(path.display().to_string()),
        en(path.display().to_string()),
    )
}

/// An error as it is told to the user.
pub(crate) struct Told {
    /// Stable; has a page in `docs/errors`.
    pub(crate) code: &'static str,
    /// What went wrong and what to do.
    pub(crate) text: Text,
    /// What lies below it, outermost first.
    pub(crate) causes: Vec<String>,
    /// 1 for a refusal by the rules, 2 for everything else.
    pub(crate) status: u8,
}

/// Returns an error as it is told: in the words of the first error of the chain that has some.
pub(crate) fn tell(error: &anyhow::Error) -> Told {
    for (depth, link) in error.chain().enumerate() {
        if let Some((code, text, status)) = words_of(link) {
            // A refusal says all there is to say.
            let causes = if status == 1 {
                Vec::new()
            } else {
                causes(error, depth + 1, &text)
            };
            return Told {
                code,
                text,
                causes,
                status,
            };
        }
    }
    let text = Text::new(
        format!("出错了：{error}"),
        format!("Something went wrong: {error}"),
    );
    Told {
        code: "program-fault",
        causes: causes(error, 1, &text),
        text,
        status: 2,
    }
}

/// The links below, without those that only repeat what was said.
fn causes(error: &anyhow::Error, skip: usize, text: &Text) -> Vec<String> {
    let mut causes: Vec<String> = Vec::new();
    for link in error.chain().skip(skip) {
        let said = link.to_string();
        let cause = match link.downcast_ref::<std::io::Error>().and_then(usual) {
            Some(usual) => format!("{usual} ({said})"),
            None => said,
        };
        if !text.en.contains(&cause) && !causes.contains(&cause) {
            causes.push(cause);
        }
    }
    causes
}

/// What the operating system commonly says, in both languages: its own words are in one.
fn usual(error: &std::io::Error) -> Option<Text> {
    use std::io::ErrorKind;

    Some(match error.kind() {
        ErrorKind::NotFound => Text::new("不存在", "it is not there"),
        ErrorKind::PermissionDenied => Text::new("没有权限", "it is not permitted"),
        ErrorKind::IsADirectory => Text::new("这是一个目录", "it is a directory"),
        ErrorKind::NotADirectory => Text::new("这不是目录", "it is no directory"),
        ErrorKind::StorageFull => Text::new("磁盘已满", "the disk is full"),
        ErrorKind::AddrInUse => Text::new("地址已被占用", "the address is taken"),
        _ => return None,
    })
}

fn words_of(error: &(dyn std::error::Error + 'static)) -> Option<(&'static str, Text, u8)> {
    if let Some(error) = error.downcast_ref::<Trouble>() {
        return Some((error.code(), error.text(), 2));
    }
    if let Some(error) = error.downcast_ref::<Disagreement>() {
        return Some((error.code(), error.text(), 1));
    }
    if let Some(error) = error.downcast_ref::<SubmitError>() {
        let status = if matches!(error, SubmitError::Refused(_)) {
            1
        } else {
            2
        };
        return Some((error.code(), error.text(), status));
    }
    if let Some(error) = error.downcast_ref::<Refusal>() {
        return Some((error.code(), error.text(), 1));
    }
    if let Some(error) = error.downcast_ref::<StoreError>() {
        let text = error.text();
        return Some((error.code(), Text::new(text.zh, text.en), 2));
    }
    if let Some(error) = error.downcast_ref::<ArchiveError>() {
        let text = error.text();
        return Some((error.code(), Text::new(text.zh, text.en), 2));
    }
    if let Some(error) = error.downcast_ref::<PublishError>() {
        return Some((error.code(), error.text(), 2));
    }
    if let Some(error) = error.downcast_ref::<LibraryError>() {
        return Some(("definition-faults", error.text(), 2));
    }
    if let Some(error) = error.downcast_ref::<EngineError>() {
        return Some((error.code(), error.text(), 2));
    }
    if let Some(error) = error.downcast_ref::<AdvanceError>() {
        return Some((error.code(), error.text(), 2));
    }
    if let Some(error) = error.downcast_ref::<MigrationError>() {
        return Some((error.code(), error.text(), 2));
    }
    if let Some(error) = error.downcast_ref::<Failure>() {
        return Some((error.code(), error.text(), 2));
    }
    if let Some(error) = error.downcast_ref::<RunError>() {
        let text = error.text();
        return Some((error.code(), Text::new(text.zh, text.en), 2));
    }
    if let Some(error) = error.downcast_ref::<AccountsError>() {
        let problem = error.to_string();
        return Some((
            "bad-accounts",
            Text::new(
                format!("账号文件有误：{problem}"),
                format!("The accounts are not right: {problem}"),
            ),
            2,
        ));
    }
    None
}

/// Tells whether the reader of our output has gone away, as `head` does. That is no error of ours.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|link| {
        link.downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

/// Writes an error to standard error, once.
pub(crate) fn print(told: &Told, language: Language) {
    let label = match language {
        Language::Zh => "错误",
        Language::En => "error",
    };
    let because = match language {
        Language::Zh => "原因",
        Language::En => "because",
    };
    eprintln!("{label}[{}]: {}", told.code, told.text.get(language));
    for cause in &told.causes {
        eprintln!("  {because}: {cause}");
    }
}
