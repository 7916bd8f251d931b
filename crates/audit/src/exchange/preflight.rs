use std::collections::BTreeMap;

use groundbreak_workflow::{FieldType, Text};
use serde::Serialize;

use super::{ChangeRow, Exchange, MatterRow, ProjectRow, counted};

/// What is checked before rows are uploaded: what makes the receiver refuse them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExchangeCheck {
    /// The mapping names what its workflow has not.
    Mapping,
    /// A project, a division or a builder has a code that is none.
    Identifier,
    /// Two cases report the same project.
    ProjectTwice,
    /// A case belongs to no project that is reported and valid.
    ProjectMissing,
    /// Two cases have the same number.
    CaseTwice,
    /// A status change belongs to no case that is reported and valid.
    CaseMissing,
    /// A matter has no code or version.
    MatterCode,
    /// A department lacks its name or its credit code.
    Department,
    /// A status code is none of the standard's.
    StatusUnknown,
    /// A status change is earlier than the one before it, or has no time.
    TimeOrder,
    /// Something other than a recall or a revocation follows the end of a case.
    AfterEnd,
}

impl ExchangeCheck {
    /// Returns the stable code. It has a page in `docs/errors`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Mapping => "exchange-mapping",
            Self::Identifier => "exchange-identifier",
            Self::ProjectTwice => "exchange-project-twice",
            Self::ProjectMissing => "exchange-project-missing",
            Self::CaseTwice => "exchange-case-twice",
            Self::CaseMissing => "exchange-case-missing",
            Self::MatterCode => "exchange-matter-code",
            Self::Department => "exchange-department",
            Self::StatusUnknown => "exchange-status-unknown",
            Self::TimeOrder => "exchange-time-order",
            Self::AfterEnd => "exchange-after-end",
        }
    }
}

/// One thing for which the receiver would refuse a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExchangeFinding {
    /// The stable code of the check.
    pub code: &'static str,
    /// The table.
    pub table: &'static str,
    /// The row, by its local key.
    pub row: String,
    /// The field.
    pub field: String,
    /// What is wrong, and what to do.
    pub message: Text,
}

impl ExchangeFinding {
    pub(super) fn new(
        check: ExchangeCheck,
        table: &'static str,
        row: &str,
        field: &str,
        message: Text,
    ) -> Self {
        Self {
            code: check.code(),
            table,
            row: row.to_owned(),
            field: field.to_owned(),
            message,
        }
    }
}

impl Exchange {
    /// Checks the rows as the receiver does: projects, then matters, then status changes. Finds all
    /// that is wrong, and nothing in rows that are good.
    pub fn findings(&self) -> Vec<ExchangeFinding> {
        let mut findings = Vec::new();
        self.check_projects(&mut findings);
        self.check_matters(&mut findings);
        self.check_changes(&mut findings);
        findings
    }

    fn check_projects(&self, findings: &mut Vec<ExchangeFinding>) {
        let counts = counted(self.projects.iter().map(|row| &row.xmdm));
        for row in &self.projects {
            let mut found = |check, field: &str, message| {
                let table = ProjectRow::TABLE;
                findings.push(ExchangeFinding::new(
                    check,
                    table,
                    &row.dfsjzj,
                    field,
                    message,
                ));
            };
            let identifiers = [
                ("xmdm", FieldType::ProjectCode, &row.xmdm),
                ("xzqhdm", FieldType::Division, &row.xzqhdm),
                ("jsdwdm", FieldType::CreditCode, &row.jsdwdm),
            ];
            for (field, kind, value) in identifiers {
                if let Err(problem) = kind.parse(value) {
                    found(
                        ExchangeCheck::Identifier,
                        field,
                        about(field, value, &problem),
                    );
                }
            }
            if counts
                .get(row.xmdm.as_str())
                .is_some_and(|count| *count > 1)
            {
                found(
                    ExchangeCheck::ProjectTwice,
                    "xmdm",
                    Text::new(
                        format!(
                            "项目代码 {} 有多个办件填报。一个项目只用一个代码：请更正其中的错填。",
                            row.xmdm
                        ),
                        format!(
                            "Several cases report project {}. A project has one code: correct the case that has it wrongly.",
                            row.xmdm
                        ),
                    ),
                );
            }
        }
    }

    fn check_matters(&self, findings: &mut Vec<ExchangeFinding>) {
        let counts = counted(self.matters.iter().map(|row| &row.spsxslbm));
        let valid = self.projects.iter().filter(|project| project.sjyxbs == 1);
        let projects = counted(valid.map(|project| &project.xmdm));
        for row in &self.matters {
            let mut found = |check, field: &str, message| {
                let table = MatterRow::TABLE;
                findings.push(ExchangeFinding::new(
                    check,
                    table,
                    &row.dfsjzj,
                    field,
                    message,
                ));
            };
            if row.xmdm.is_empty() {
                found(
                    ExchangeCheck::ProjectMissing,
                    "xmdm",
                    Text::new(
                        "事项已开始办理，而项目没有代码。请先办理项目备案，填写项目代码。",
                        "The matter is being handled, and its project has no code. File the project and give its code first.",
                    ),
                );
            } else if !projects.contains_key(row.xmdm.as_str()) {
                found(
                    ExchangeCheck::ProjectMissing,
                    "xmdm",
                    Text::new(
                        format!(
                            "项目 {} 不在上报的项目中，或已无效。请核对代码，或先上报项目。",
                            row.xmdm
                        ),
                        format!(
                            "Project {} is not among those reported, or is not valid. Check the code, or report the project first.",
                            row.xmdm
                        ),
                    ),
                );
            }
            if counts
                .get(row.spsxslbm.as_str())
                .is_some_and(|count| *count > 1)
            {
                found(
                    ExchangeCheck::CaseTwice,
                    "spsxslbm",
                    Text::new(
                        format!(
                            "办件编号 {} 重复。请核对对照表，同一环节不要写两次。",
                            row.spsxslbm
                        ),
                        format!(
                            "Case number {} occurs twice. Check that the mapping does not name the same part twice.",
                            row.spsxslbm
                        ),
                    ),
                );
            }
            for (field, value) in [("spsxbm", &row.spsxbm), ("spsxbbh", &row.spsxbbh)] {
                if value.trim().is_empty() {
                    found(
                        ExchangeCheck::MatterCode,
                        field,
                        Text::new(
                            "事项缺编码或版本号。请在对照表中补上；标准没有的事项用 9990。",
                            "The matter has no code or version. Add it to the mapping; 9990 stands for one the standard has none for.",
                        ),
                    );
                }
            }
            for (field, problem) in department(("spbmmc", &row.spbmmc), ("spbmbm", &row.spbmbm)) {
                found(ExchangeCheck::Department, field, problem);
            }
        }
    }

    fn check_changes(&self, findings: &mut Vec<ExchangeFinding>) {
        let valid = self.matters.iter().filter(|matter| matter.sjyxbs == 1);
        let matters: BTreeMap<&str, &str> = valid
            .map(|matter| (matter.spsxslbm.as_str(), matter.xmdm.as_str()))
            .collect();
        let mut newest: BTreeMap<&str, &ChangeRow> = BTreeMap::new();
        for row in &self.changes {
            let mut found = |check, field: &str, message| {
                let table = ChangeRow::TABLE;
                findings.push(ExchangeFinding::new(
                    check,
                    table,
                    &row.dfsjzj,
                    field,
                    message,
                ));
            };
            if matters.get(row.spsxslbm.as_str()) != Some(&row.xmdm.as_str()) {
                found(
                    ExchangeCheck::CaseMissing,
                    "spsxslbm",
                    Text::new(
                        format!(
                            "办件 {} 没有上报，已无效，或属于别的项目。请先上报办件。",
                            row.spsxslbm
                        ),
                        format!(
                            "Case {} is not reported, is not valid, or is of another project. Report the case first.",
                            row.spsxslbm
                        ),
                    ),
                );
            }
            for (field, problem) in department(("dwmc", &row.dwmc), ("dwtyshxydm", &row.dwtyshxydm))
            {
                found(ExchangeCheck::Department, field, problem);
            }
            if !(1..=15).contains(&row.blzt) {
                found(
                    ExchangeCheck::StatusUnknown,
                    "blzt",
                    Text::new(
                        format!(
                            "办理状态 {} 不在 1 至 15 之内。请在流程中改正 `status`。",
                            row.blzt
                        ),
                        format!(
                            "Status {} is not one of 1 to 15. Correct `status` in the workflow.",
                            row.blzt
                        ),
                    ),
                );
            }
            let before = newest.insert(&row.spsxslbm, row);
            if !is_time(&row.blsj) || before.is_some_and(|before| row.blsj < before.blsj) {
                found(
                    ExchangeCheck::TimeOrder,
                    "blsj",
                    Text::new(
                        format!(
                            "办理时间“{}”早于上一状态，或不是时间。请核对补登的时间。",
                            row.blsj
                        ),
                        format!(
                            "Time \"{}\" lies before that of the status before it, or is none. Check what was recorded late.",
                            row.blsj
                        ),
                    ),
                );
            }
            let ended = before.filter(|before| matches!(before.blzt, 11..=13));
            if let Some(before) = ended.filter(|_| !matches!(row.blzt, 14 | 15)) {
                found(
                    ExchangeCheck::AfterEnd,
                    "blzt",
                    Text::new(
                        format!(
                            "办结（{}）之后只能是撤回（14）或撤销（15），不能是 {}。请核对流程中各状态的 `status`。",
                            before.blzt, row.blzt
                        ),
                        format!(
                            "After the end ({}) only recall (14) or revocation (15) may follow, and not {}. Check `status` of the states of the workflow.",
                            before.blzt, row.blzt
                        ),
                    ),
                );
            }
        }
    }
}

fn about(field: &str, value: &str, problem: &Text) -> Text {
    if value.is_empty() {
        return Text::new(
            format!("{field} 没有填写。请在办件中补上。"),
            format!("{field} is empty. Add it to the case."),
        );
    }
    Text::new(
        format!("{field}“{value}”有误：{}", problem.zh),
        format!("{field} \"{value}\" is not right: {}", problem.en),
    )
}

/// Finds what a department lacks, by field.
fn department<'a>(name: (&'a str, &str), code: (&'a str, &str)) -> Vec<(&'a str, Text)> {
    let mut lacks = Vec::new();
    if name.1.trim().is_empty() {
        let text = Text::new(
            "部门没有名称。请在对照表中补上。",
            "The department has no name. Add it to the mapping.",
        );
        lacks.push((name.0, text));
    }
    if let Err(problem) = FieldType::CreditCode.parse(code.1) {
        let text = Text::new(
            format!("部门的 18 位代码有误：{}请在对照表中改正。", problem.zh),
            format!(
                "The 18-character code of the department is not right: {} Correct it in the mapping.",
                problem.en
            ),
        );
        lacks.push((code.0, text));
    }
    lacks
}

/// Tells whether this is written as `2023-03-23 10:00:00`.
fn is_time(text: &str) -> bool {
    let digit_or = |(c, form): (char, char)| {
        if form == '0' {
            c.is_ascii_digit()
        } else {
            c == form
        }
    };
    let form = "0000-00-00 00:00:00";
    text.len() == form.len() && text.chars().zip(form.chars()).all(digit_or)
}
