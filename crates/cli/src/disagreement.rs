use std::fmt::Display;

use groundbreak_proof::{BundleError, BundleFault, CheckpointError, KeyError, Place, ReceiptError};
use groundbreak_store::ReadError;
use groundbreak_workflow::{FoldError, Text};

/// The first thing that is not as it was written, or as it was signed.
#[derive(Debug, thiserror::Error)]
#[error("{}: {}", .place.en, .problem.en)]
pub(crate) struct Disagreement {
    /// Where it is.
    pub(crate) place: Text,
    /// What does not agree.
    pub(crate) problem: Text,
}

impl Disagreement {
    pub(crate) fn new(place: Text, problem: Text) -> Self {
        Self { place, problem }
    }

    /// Returns the stable code.
    pub(crate) fn code(&self) -> &'static str {
        "records-disagree"
    }

    /// Returns where and what it is, in both languages.
    pub(crate) fn text(&self) -> Text {
        let Self { place, problem } = self;
        Text::new(
            format!("{}：{}", place.zh, problem.zh),
            format!("{}: {}", place.en, problem.en),
        )
    }

    /// Says what is wrong with a checkpoint that lies at `place`.
    pub(crate) fn of_checkpoint(place: Text, error: &CheckpointError) -> Self {
        Self::new(place, of_checkpoint(error))
    }

    pub(crate) fn of_receipt(error: &ReceiptError) -> Self {
        let problem = match error {
            ReceiptError::Checkpoint(error) => of_checkpoint(error),
            ReceiptError::Inclusion => Text::new(
                "由这条记录推不出检查点的根",
                "the proof does not lead from the record to the root of the checkpoint",
            ),
            other => Text::new("不是本程序能读的回执", other.to_string()),
        };
        Self::new(Text::new("回执", "the receipt"), problem)
    }
}

impl From<BundleError> for Disagreement {
    fn from(error: BundleError) -> Self {
        let place = match error.place {
            Place::Header => "第 1 行（开头）".to_owned(),
            Place::Record(index) => {
                format!("第 {} 行（第 {index} 条记录）", index.saturating_add(2))
            }
            Place::Checkpoint => "最后一行（检查点）".to_owned(),
            Place::End => "文件末尾".to_owned(),
        };
        let problem = match &error.fault {
            BundleFault::Line => Text::new("这一行不是导出时的样子", error.fault.to_string()),
            BundleFault::Verifier(error) => of_key(error),
            BundleFault::OtherKey => {
                Text::new("所写的公钥不是 --key 指定的", error.fault.to_string())
            }
            BundleFault::Index { found } => {
                Text::new(format!("此处是第 {found} 条记录"), error.fault.to_string())
            }
            BundleFault::Leaf => Text::new("记录与旁边的散列值不符", error.fault.to_string()),
            BundleFault::Checkpoint(error) => of_checkpoint(error),
            BundleFault::Size { signed, found } => Text::new(
                format!("签过 {signed} 条记录，文件中有 {found} 条"),
                error.fault.to_string(),
            ),
            BundleFault::Root => Text::new("各条记录的根不是所签的根", error.fault.to_string()),
            BundleFault::CutOff => Text::new("没有检查点就结束了", error.fault.to_string()),
            BundleFault::More => Text::new("检查点之后还有内容", error.fault.to_string()),
            other => Text::new("不符", other.to_string()),
        };
        Self::new(Text::new(place, error.place.to_string()), problem)
    }
}

/// Words what is wrong with a checkpoint.
fn of_checkpoint(error: &CheckpointError) -> Text {
    let zh = match error {
        CheckpointError::Malformed { line, .. } => format!("检查点第 {line} 行不合形式"),
        CheckpointError::NotSigned { name } => format!("没有 {name} 的签名"),
        CheckpointError::WrongSignature { name } => format!("{name} 的签名签的不是这段文字"),
        _ => "检查点不符".to_owned(),
    };
    Text::new(zh, error.to_string())
}

/// Words why a text is not a key.
pub(crate) fn of_key(error: &KeyError) -> Text {
    let zh = match error {
        KeyError::Name => "名称不得为空，不得含空格与加号",
        KeyError::Form => "公钥的形式是 名称+编号+公钥",
        KeyError::Id => "编号与名称、公钥不符",
        _ => "不是 Ed25519 密钥",
    };
    Text::new(zh, error.to_string())
}

/// Words why a record does not go on from those of its case before it.
pub(crate) fn of_fold(error: &FoldError) -> Text {
    let zh = match error {
        FoldError::NotLinked { .. } => {
            "所写的上一次提交的散列值与存储的上一次提交不符：两者之一写入后被改动，或提交被调换、删去、添入"
        }
        _ => "不接续所属办件",
    };
    let en = match error {
        FoldError::NotLinked { .. } => {
            "the commit does not name the one before it as that is stored: one of the two was changed after it was written, or a commit was exchanged, dropped or put in".to_owned()
        }
        other => other.to_string(),
    };
    Text::new(zh, en)
}

/// Takes what a store says of damage as a place; everything else is a failure to read.
pub(crate) fn of_store(error: ReadError) -> anyhow::Error {
    match error {
        ReadError::Damaged { place } => Disagreement::new(
            Text::new(format!("存储中的 {place}"), format!("{place} in the store")),
            Text::new("与写入时不同", "it is not as it was written"),
        )
        .into(),
        other => other.into(),
    }
}

/// Names the place of a record.
pub(crate) fn record_place(position: impl Display, case: impl Display, revision: u64) -> Text {
    Text::new(
        format!("位置 {position}（办件 {case} 第 {revision} 版）的记录"),
        format!("the record at {position}, case {case}, revision {revision}"),
    )
}
