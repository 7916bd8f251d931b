//! The exchange view (工程建设项目审批管理系统数据共享交换标准): rows for projects, matters and status
//! changes, made from the journals of cases.
//!
//! Field names are those of the standard as deployed systems use them; the text of the standard was
//! not at hand. What a workflow cannot know stands in an [`ExchangeMapping`]: which of its cases are
//! projects, and which matter of which department a case, or a part of one, handles.

use std::collections::BTreeMap;

use groundbreak_workflow::sla::Timestamp;
use groundbreak_workflow::{Case, Commit, Entry, Text, Value, Workflow};
use serde::Deserialize;

mod preflight;
mod row;

pub use preflight::{ExchangeCheck, ExchangeFinding};
pub use row::{ChangeRow, MatterRow, ProjectRow};

/// How the workflows of a place are reported. Read from YAML.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangeMapping {
    /// Its name.
    pub exchange: String,
    /// The division that reports (行政区划代码).
    pub division: String,
    /// The workflows whose cases are projects.
    pub projects: Vec<ProjectMapping>,
    /// The workflows whose cases, or parts of them, are matters.
    pub matters: Vec<MatterMapping>,
}

/// How the cases of a workflow are reported as projects.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectMapping {
    /// Name of the workflow.
    pub workflow: String,
    /// The field with the project code. A case without one is no project yet.
    pub code: String,
    /// The field with the total investment.
    pub investment: String,
    /// The field with the name of the builder.
    pub builder: String,
    /// The field with its credit code.
    pub builder_code: String,
    /// The flow type (审批流程类型), 1 to 10.
    pub flow: u8,
}

/// How the cases of a workflow, or parts of them, are reported as handlings of a matter.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatterMapping {
    /// Name of the workflow.
    pub workflow: String,
    /// The state in which the matter is handled. Without it, the whole case is.
    #[serde(default)]
    pub within: Option<String>,
    /// The field with the code of the project it belongs to.
    pub project: String,
    /// The code of the matter; 9990 for one the standard has none for.
    pub code: String,
    /// The version of the matter.
    pub version: String,
    /// The limit, in working days.
    pub limit: u32,
    /// Whether it is handled on commitment (告知承诺制).
    #[serde(default)]
    pub commitment: bool,
    /// The department that handles it.
    pub department: DepartmentMapping,
}

/// A department, as it is reported.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepartmentMapping {
    /// Its name.
    pub name: String,
    /// Its unified social credit code.
    pub code: String,
}

/// A case to be reported.
#[derive(Clone, Debug)]
pub struct ExchangeCase<'a> {
    /// The case.
    pub case: &'a Case,
    /// Its whole journal, each commit with the version of the workflow that was in force.
    pub journal: Vec<(&'a Workflow, &'a Commit)>,
}

/// The rows of three tables, in the order they are to be uploaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// SPGL_XMJBXXB.
    pub projects: Vec<ProjectRow>,
    /// SPGL_XMSPSXBLXXB.
    pub matters: Vec<MatterRow>,
    /// SPGL_XMSPSXBLXXXXB: one row a status change.
    pub changes: Vec<ChangeRow>,
    /// The numbers of cases of a mapped workflow that belong to no project and are not reported.
    pub without_project: Vec<String>,
}

impl ExchangeMapping {
    /// Makes the rows of these cases.
    ///
    /// A status change is the entry into a state with a status code; that correction (6) and special
    /// procedure (9) have ended (7, 10) is the leaving of such a state. What goes on after those with
    /// the status it had before, and what has the status already, is no change. A case of its own
    /// that names no project is left out; part of a project's case is not.
    pub fn rows<'a>(&self, cases: impl IntoIterator<Item = ExchangeCase<'a>>) -> Exchange {
        let mut exchange = Exchange::default();
        for case in cases {
            for mapping in self
                .projects
                .iter()
                .filter(|it| it.workflow == case.case.workflow)
            {
                self.add_project(&mut exchange, mapping, &case);
            }
            for mapping in self
                .matters
                .iter()
                .filter(|it| it.workflow == case.case.workflow)
            {
                self.add_matter(&mut exchange, mapping, &case);
            }
        }
        exchange
    }

    fn add_project(
        &self,
        exchange: &mut Exchange,
        mapping: &ProjectMapping,
        of: &ExchangeCase<'_>,
    ) {
        let Some(code) = text(of.case, &mapping.code) else {
            return;
        };
        let concluded = of.journal.last().filter(|(workflow, _)| {
            let active = of
                .case
                .active
                .iter()
                .filter_map(|name| workflow.states.get(name));
            let mut codes = active.filter_map(|state| state.status);
            workflow.is_closed(of.case) && codes.any(|code| matches!(code, 11 | 12))
        });
        exchange.projects.push(ProjectRow {
            lsh: next(&exchange.projects),
            dfsjzj: of.case.number.clone(),
            xzqhdm: self.division.clone(),
            xmdm: code,
            splclx: mapping.flow,
            ztze: match of.case.data.get(&mapping.investment) {
                Some(Value::Integer(yuan)) => in_wan(*yuan),
                _ => String::new(),
            },
            jsdw: text(of.case, &mapping.builder).unwrap_or_default(),
            jsdwdm: text(of.case, &mapping.builder_code).unwrap_or_default(),
            xmsfwqbj: u8::from(concluded.is_some()),
            xmwqbjsj: concluded
                .map(|(workflow, _)| local(workflow, of.case.settled_at))
                .unwrap_or_default(),
            sjyxbs: 1,
            sjwxyy: String::new(),
            sjsczt: 0,
            sbyy: String::new(),
        });
    }

    fn add_matter(&self, exchange: &mut Exchange, mapping: &MatterMapping, of: &ExchangeCase<'_>) {
        let changes = changes(mapping.within.as_deref(), of);
        if changes.is_empty() {
            return;
        }
        let project = text(of.case, &mapping.project);
        if project.is_none() && mapping.within.is_none() {
            exchange.without_project.push(of.case.number.clone());
            return;
        }
        let project = project.unwrap_or_default();
        let number = match &mapping.within {
            Some(within) => format!("{}-{within}", of.case.number),
            None => of.case.number.clone(),
        };
        exchange.matters.push(MatterRow {
            lsh: next(&exchange.matters),
            dfsjzj: number.clone(),
            xzqhdm: self.division.clone(),
            xmdm: project.clone(),
            spsxslbm: number.clone(),
            spsxbm: mapping.code.clone(),
            spsxbbh: mapping.version.clone(),
            spbmbm: mapping.department.code.clone(),
            spbmmc: mapping.department.name.clone(),
            sxblsx: mapping.limit,
            sxgcnzspqk: u8::from(mapping.commitment),
            sjyxbs: 1,
            sjwxyy: String::new(),
            sjsczt: 0,
            sbyy: String::new(),
        });
        for (index, change) in changes.iter().enumerate() {
            let (workflow, commit) = (change.workflow, change.commit);
            exchange.changes.push(ChangeRow {
                lsh: next(&exchange.changes),
                dfsjzj: format!("{number}-{}", index + 1),
                xzqhdm: self.division.clone(),
                xmdm: project.clone(),
                spsxslbm: number.clone(),
                blcs: mapping.department.name.clone(),
                blr: commit.by.name.clone(),
                blzt: change.status,
                blyj: note(commit).unwrap_or_default(),
                blsj: local(workflow, commit.effective_at),
                dwmc: mapping.department.name.clone(),
                dwtyshxydm: mapping.department.code.clone(),
                sjyxbs: 1,
                sjwxyy: String::new(),
                sjsczt: 0,
                sbyy: String::new(),
            });
        }
    }

    /// Finds what is wrong with the mapping itself, by the newest versions of the workflows. One that
    /// is not published here has no cases, and nothing wrong.
    pub fn findings<'a>(
        &self,
        workflow: impl Fn(&str) -> Option<&'a Workflow>,
    ) -> Vec<ExchangeFinding> {
        let mut findings = Vec::new();
        let mut check = |name: &str, fields: &[&String], state: Option<&String>| {
            let Some(workflow) = workflow(name) else {
                return;
            };
            let fields = fields
                .iter()
                .filter(|it| !workflow.fields.contains_key(**it));
            let state = state.filter(|it| !workflow.states.contains_key(*it));
            for missing in fields.copied().chain(state) {
                findings.push(ExchangeFinding::new(
                    ExchangeCheck::Mapping,
                    "",
                    name,
                    missing,
                    Text::new(
                        format!("对照表写的“{missing}”，流程 {name} 没有。请改正对照表。"),
                        format!(
                            "The mapping names \"{missing}\", which workflow {name} has not. Correct the mapping."
                        ),
                    ),
                ));
            }
        };
        for it in &self.projects {
            let fields = [&it.code, &it.investment, &it.builder, &it.builder_code];
            check(&it.workflow, &fields, None);
        }
        for it in &self.matters {
            check(&it.workflow, &[&it.project], it.within.as_ref());
        }
        findings
    }
}

/// A status that a matter came to.
struct Change<'a> {
    status: u8,
    workflow: &'a Workflow,
    commit: &'a Commit,
}

/// Reads the status changes of a case, or of the part of it within a state, from its journal.
fn changes<'a>(within: Option<&str>, of: &ExchangeCase<'a>) -> Vec<Change<'a>> {
    let mut changes: Vec<Change<'a>> = Vec::new();
    // The status before the correction or special procedure.
    let mut before = None;
    for (workflow, commit) in &of.journal {
        let mut add = |status| {
            changes.push(Change {
                status,
                workflow,
                commit,
            });
        };
        for entry in &commit.entries {
            let Entry::Moved {
                exited, entered, ..
            } = entry
            else {
                continue;
            };
            for code in statuses(workflow, within, exited) {
                if let Some(ended) = ended(code) {
                    add(ended);
                }
            }
            for code in statuses(workflow, within, entered) {
                add(code);
            }
        }
    }
    // What is the same as before is no change, and neither is what goes on as it was.
    let mut kept: Vec<Change<'a>> = Vec::new();
    for change in changes {
        let newest = kept.last().map(|change| change.status);
        let goes_on = matches!(newest, Some(7 | 10)) && before == Some(change.status);
        if newest == Some(change.status) || goes_on {
            continue;
        }
        if !matches!(change.status, 6 | 7 | 9 | 10) {
            before = Some(change.status);
        }
        kept.push(change);
    }
    kept
}

/// The status codes of those of these states that lie within one.
fn statuses(workflow: &Workflow, within: Option<&str>, states: &[String]) -> Vec<u8> {
    let lies_within = |name: &str| {
        let Some(within) = within else { return true };
        let mut at = Some(name);
        while let Some(name) = at {
            if name == within {
                return true;
            }
            at = workflow
                .states
                .get(name)
                .and_then(|state| state.parent.as_deref());
        }
        false
    };
    states
        .iter()
        .filter(|name| lies_within(name))
        .filter_map(|name| workflow.states.get(name)?.status)
        .collect()
}

/// The code that says that a status has ended, for those that have one.
fn ended(status: u8) -> Option<u8> {
    match status {
        6 => Some(7),
        9 => Some(10),
        _ => None,
    }
}

/// The remark of who acted.
fn note(commit: &Commit) -> Option<String> {
    commit.entries.iter().find_map(|entry| match entry {
        Entry::Fired { note, .. } => note.clone(),
        _ => None,
    })
}

fn text(case: &Case, field: &str) -> Option<String> {
    match case.data.get(field) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

/// Returns an amount in 万元, exactly.
fn in_wan(yuan: i64) -> String {
    let (whole, rest) = (yuan / 10_000, (yuan % 10_000).abs());
    let written = format!("{whole}.{rest:04}");
    written
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

/// Returns an instant where the workflow is at home: `2023-03-23 10:00:00`.
fn local(workflow: &Workflow, at: Timestamp) -> String {
    at.in_zone(workflow.calendar.tz())
        .format("%Y-%m-%d %H:%M:%S")
        .to_string()
}

fn next<T>(rows: &[T]) -> u64 {
    u64::try_from(rows.len())
        .unwrap_or(u64::MAX)
        .saturating_add(1)
}

/// Counts rows by a key.
fn counted<'a>(keys: impl Iterator<Item = &'a String>) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key.as_str()).or_insert(0) += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_reported_in_ten_thousands_and_exactly() {
        let rows = [
            (1_200_000_000, "120000"),
            (12_345, "1.2345"),
            (10_500, "1.05"),
            (1, "0.0001"),
            (0, "0"),
        ];
        for (yuan, wan) in rows {
            assert_eq!(in_wan(yuan), wan);
        }
    }
}
