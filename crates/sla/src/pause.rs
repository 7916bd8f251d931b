use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::Text;

/// Who held the case, or what held it up, during a stretch of time.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The office itself: the clock ran and the office was open.
    Office,
    /// The applicant, asked to correct or complete the papers (补正).
    Applicant,
    /// A special procedure that the limit excludes: hearing, tender, inspection, expert review, publicity.
    SpecialProcedure,
    /// Another authority whose answer is needed.
    OtherAgency,
    /// An event nobody can be held to.
    ForceMajeure,
    /// The machine itself.
    SystemOutage,
    /// A reason outside the list above.
    Other,
    /// Nobody: the clock ran and the office was closed.
    OffHours,
    /// Nobody: the case was closed and the closing was later annulled.
    Closed,
}

impl Party {
    /// Every party, in the order reports show them.
    pub const ALL: [Self; 9] = [
        Self::Office,
        Self::Applicant,
        Self::SpecialProcedure,
        Self::OtherAgency,
        Self::ForceMajeure,
        Self::SystemOutage,
        Self::Other,
        Self::OffHours,
        Self::Closed,
    ];

    /// The stable name, as it is serialized.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Office => "office",
            Self::Applicant => "applicant",
            Self::SpecialProcedure => "special_procedure",
            Self::OtherAgency => "other_agency",
            Self::ForceMajeure => "force_majeure",
            Self::SystemOutage => "system_outage",
            Self::Other => "other",
            Self::OffHours => "off_hours",
            Self::Closed => "closed",
        }
    }

    /// The words on screen.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::Office => Text::new("部门办理", "Office"),
            Self::Applicant => Text::new("申请人补正", "Applicant"),
            Self::SpecialProcedure => Text::new("特别程序", "Special procedure"),
            Self::OtherAgency => Text::new("其他部门", "Other agency"),
            Self::ForceMajeure => Text::new("不可抗力", "Force majeure"),
            Self::SystemOutage => Text::new("系统故障", "System outage"),
            Self::Other => Text::new("其他原因", "Other reason"),
            Self::OffHours => Text::new("非工作时间", "Off-hours"),
            Self::Closed => Text::new("已办结（后被撤销）", "Closed (annulled later)"),
        }
    }
}

/// Why a clock stands still. Two reasons with the same name are the same reason.
///
/// # Source
///
/// 行政许可法 (Administrative Licensing Law), article 45: what does not count in a limit must be
/// told to the applicant in writing. The law and the number of that letter are kept with it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseReason {
    /// What the journal calls it, such as `correction` or `expert review`.
    pub name: String,
    /// Who answers for the time.
    pub party: Party,
    /// The provision that lets the clock stand still, such as `行政许可法 §45`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub law: Option<String>,
    /// The number of the letter by which the applicant was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
}

impl PauseReason {
    /// Makes a reason of your own.
    pub fn new(name: impl Into<String>, party: Party) -> Self {
        Self {
            name: name.into(),
            party,
            law: None,
            document: None,
        }
    }

    /// The same reason, resting on a provision of the law.
    #[must_use]
    pub fn with_law(mut self, law: impl Into<String>) -> Self {
        self.law = Some(law.into());
        self
    }

    /// The same reason, of which a letter tells.
    #[must_use]
    pub fn with_document(mut self, document: impl Into<String>) -> Self {
        self.document = Some(document.into());
        self
    }

    /// Makes the reason called `name`, finding the party from the names in common use.
    /// A name nobody has heard of is charged to [`Party::Other`], never to the applicant.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let key = name.trim().to_lowercase().replace([' ', '-'], "_");
        let party = match key.as_str() {
            "applicant" | "correction" | "applicant_correction" | "补正" => Party::Applicant,
            "special_procedure" | "hearing" | "tender" | "auction" | "inspection" | "testing"
            | "quarantine" | "appraisal" | "expert_review" | "publicity" | "site_survey"
            | "特别程序" => Party::SpecialProcedure,
            "other_agency" | "agency" => Party::OtherAgency,
            "force_majeure" | "不可抗力" => Party::ForceMajeure,
            "system_outage" | "outage" => Party::SystemOutage,
            "closed" => Party::Closed,
            _ => Party::Other,
        };
        Self::new(name, party)
    }
}

impl From<Party> for PauseReason {
    /// The reason that has no other name than its party.
    fn from(party: Party) -> Self {
        Self::new(party.name(), party)
    }
}
