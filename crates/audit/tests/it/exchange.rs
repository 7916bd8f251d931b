//! The exchange view: rows from a journal, and every check an upload would fail.

use groundbreak_audit::{
    ChangeRow, DepartmentMapping, Exchange, ExchangeCase, ExchangeMapping, MatterMapping,
    MatterRow, ProjectMapping, ProjectRow,
};
use groundbreak_workflow::sla::{Timestamp, parse_local};
use groundbreak_workflow::{
    Act, Actor, Case, CaseId, Command, CommandId, Commit, Data, Library, Value, Workflow, decide,
};
use uuid::Uuid;

const PROJECT: &str = "2303-440703-04-01-100015";
const BUILDER: &str = "91440703MAC000017J";
const DEPARTMENT: &str = "11440703M000000192";

fn workflow() -> std::sync::Arc<Workflow> {
    let mut library = Library::new();
    for calendar in [
        include_str!("../../../../workflows/calendars/china.yaml"),
        include_str!("../../../../workflows/calendars/pengjiang.yaml"),
    ] {
        library.add_calendar(calendar).unwrap();
    }
    let text = include_str!("../../../../workflows/matter.yaml");
    library.add_workflow(text).unwrap()
}

fn mapping() -> ExchangeMapping {
    ExchangeMapping {
        exchange: "hall".into(),
        division: "440703".into(),
        projects: vec![ProjectMapping {
            workflow: "land-to-groundbreaking".into(),
            code: "project_code".into(),
            investment: "investment".into(),
            builder: "enterprise".into(),
            builder_code: "credit_code".into(),
            flow: 6,
        }],
        matters: vec![MatterMapping {
            workflow: "matter".into(),
            within: None,
            project: "project_code".into(),
            code: "9990".into(),
            version: "1".into(),
            limit: 20,
            commitment: false,
            department: DepartmentMapping {
                name: "示例部门".into(),
                code: DEPARTMENT.into(),
            },
        }],
    }
}

/// A case on its way: each line is when, who, and what.
struct Play {
    workflow: std::sync::Arc<Workflow>,
    case: Case,
    journal: Vec<Commit>,
}

fn at(workflow: &Workflow, when: &str) -> Timestamp {
    parse_local(workflow.calendar.tz(), when).unwrap()
}

impl Play {
    fn open(when: &str, data: &[(&str, &str)]) -> Self {
        let workflow = workflow();
        let data: Data = data
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
            .collect();
        let act = Act::Open {
            workflow: "matter".into(),
            version: None,
            title: "示例办件".into(),
            data,
        };
        let command = command(1, "window_clerk", act);
        let decision = decide(&workflow, None, &command, at(&workflow, when)).unwrap();
        Self {
            workflow,
            case: decision.case,
            journal: vec![decision.commit],
        }
    }

    fn act(&mut self, when: &str, role: &str, act: Act) {
        let number = self.journal.len() + 1;
        let command = command(number, role, act);
        let now = at(&self.workflow, when);
        let decision = decide(&self.workflow, Some(&self.case), &command, now);
        let decision = decision.unwrap_or_else(|error| panic!("{when}: {error}"));
        self.case = decision.case;
        self.journal.push(decision.commit);
    }

    fn fire(&mut self, when: &str, role: &str, event: &str, data: &[(&str, &str)]) {
        let data = data
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
            .collect();
        let act = Act::Fire {
            event: event.into(),
            data,
            note: None,
        };
        self.act(when, role, act);
    }

    fn attach(&mut self, when: &str, document: &str) {
        let act = Act::Attach {
            document: document.into(),
            file_name: format!("{document}.pdf"),
            digest: "ab".repeat(32),
            note: None,
        };
        self.act(when, "window_clerk", act);
    }

    fn rows(&self) -> Exchange {
        let journal = self.journal.iter();
        mapping().rows([ExchangeCase {
            case: &self.case,
            journal: journal.map(|commit| (&*self.workflow, commit)).collect(),
        }])
    }
}

fn command(number: usize, role: &str, act: Act) -> Command {
    Command {
        id: CommandId(Uuid::from_u128(u128::try_from(number).unwrap())),
        case: CaseId(Uuid::from_u128(7)),
        actor: Actor::new(role, role, role),
        seen_revision: None,
        effective_at: None,
        act,
    }
}

/// The codes reported of a case, each with its time.
fn codes(exchange: &Exchange) -> Vec<(u8, &str)> {
    let changes = exchange.changes.iter();
    changes.map(|row| (row.blzt, row.blsj.as_str())).collect()
}

/// Received, accepted, reviewed with a special procedure, granted.
fn approved() -> Play {
    let mut play = Play::open(
        "2023-03-23 09:00",
        &[
            ("matter", "施工许可"),
            ("applicant", "示例公司"),
            ("project_code", "23034407030401100015"),
        ],
    );
    play.attach("2023-03-23 09:10", "application");
    play.attach("2023-03-23 09:11", "materials");
    play.fire("2023-03-23 10:00", "window_clerk", "accept", &[]);
    let notice = [("procedure_notice", "示例告〔2023〕1号")];
    play.fire(
        "2023-04-10 10:00",
        "reviewer",
        "begin_expert_review",
        &notice,
    );
    let result = [("procedure_result", "同意")];
    play.fire("2023-04-13 10:00", "reviewer", "end_expert_review", &result);
    let opinion = [("opinion", "符合条件")];
    play.fire("2023-04-18 09:00", "reviewer", "finish_review", &opinion);
    play.fire("2023-04-18 17:00", "approver", "grant", &[]);
    play
}

/// The rows of that case, with the project it belongs to.
fn good() -> Exchange {
    let mut exchange = approved().rows();
    exchange.projects.push(ProjectRow {
        lsh: 1,
        dfsjzj: "20230301-AAAAAA".into(),
        xzqhdm: "440703".into(),
        xmdm: PROJECT.into(),
        splclx: 6,
        ztze: "120000".into(),
        jsdw: "示例公司".into(),
        jsdwdm: BUILDER.into(),
        xmsfwqbj: 0,
        xmwqbjsj: String::new(),
        sjyxbs: 1,
        sjwxyy: String::new(),
        sjsczt: 0,
        sbyy: String::new(),
    });
    exchange
}

#[test]
fn a_case_is_reported_by_its_status_changes_in_order_of_time() {
    let exchange = good();
    assert_eq!(
        codes(&exchange),
        [
            (1, "2023-03-23 09:00:00"),
            (3, "2023-03-23 10:00:00"),
            (8, "2023-03-23 10:00:00"),
            (9, "2023-04-10 10:00:00"),
            (10, "2023-04-13 10:00:00"),
            (11, "2023-04-18 17:00:00"),
        ]
    );
    assert_eq!(exchange.findings(), []);
    let matter = &exchange.matters[0];
    assert_eq!(matter.xmdm, PROJECT);
    assert_eq!(matter.spbmbm, DEPARTMENT);
    assert_eq!(exchange.changes[3].blr, "reviewer");
}

#[test]
fn the_end_of_a_correction_is_a_change_of_its_own() {
    let project = [
        ("matter", "施工许可"),
        ("applicant", "示例公司"),
        ("project_code", PROJECT),
    ];
    let mut play = Play::open("2023-03-23 09:00", &project);
    let items = [("notice_items", "申请书")];
    play.fire("2023-03-23 10:00", "window_clerk", "give_notice", &items);
    play.attach("2023-03-24 09:00", "application");
    play.attach("2023-03-24 09:01", "materials");
    play.fire("2023-03-24 10:00", "window_clerk", "take_corrections", &[]);
    let exchange = play.rows();
    let codes: Vec<u8> = codes(&exchange).iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, [1, 6, 7, 3, 8]);
}

#[test]
fn a_case_of_no_project_is_left_out_and_told() {
    let data = [("matter", "食品经营许可"), ("applicant", "示例公司")];
    let play = Play::open("2023-03-23 09:00", &data);
    let exchange = play.rows();
    assert_eq!(exchange.matters, []);
    assert_eq!(exchange.changes, []);
    assert_eq!(
        exchange.without_project,
        std::slice::from_ref(&play.case.number)
    );
}

#[test]
fn every_check_of_an_upload_finds_its_fault_and_says_what_to_do() {
    type Spoil = fn(&mut Exchange);
    fn again<T: Clone>(rows: &mut Vec<T>) {
        let first = rows[0].clone();
        rows.push(first);
    }
    let rows: &[(&str, &str, Spoil)] = &[
        ("exchange-identifier", ProjectRow::TABLE, |it| {
            it.projects[0].jsdwdm = "91440703MAC000018J".into()
        }),
        ("exchange-identifier", ProjectRow::TABLE, |it| {
            it.projects[0].jsdwdm.clear()
        }),
        ("exchange-identifier", ProjectRow::TABLE, |it| {
            it.projects[0].xzqhdm = "440706".into()
        }),
        ("exchange-project-twice", ProjectRow::TABLE, |it| {
            again(&mut it.projects)
        }),
        ("exchange-project-missing", MatterRow::TABLE, |it| {
            it.projects.clear()
        }),
        ("exchange-project-missing", MatterRow::TABLE, |it| {
            it.projects[0].sjyxbs = 0
        }),
        ("exchange-project-missing", MatterRow::TABLE, |it| {
            it.matters[0].xmdm.clear();
            it.changes.iter_mut().for_each(|row| row.xmdm.clear());
        }),
        ("exchange-case-twice", MatterRow::TABLE, |it| {
            again(&mut it.matters)
        }),
        ("exchange-matter-code", MatterRow::TABLE, |it| {
            it.matters[0].spsxbm.clear()
        }),
        ("exchange-department", MatterRow::TABLE, |it| {
            it.matters[0].spbmmc.clear()
        }),
        ("exchange-department", MatterRow::TABLE, |it| {
            it.matters[0].spbmbm = "440703".into()
        }),
        ("exchange-department", ChangeRow::TABLE, |it| {
            it.changes[0].dwtyshxydm.clear()
        }),
        ("exchange-case-missing", ChangeRow::TABLE, |it| {
            it.matters.clear()
        }),
        ("exchange-case-missing", ChangeRow::TABLE, |it| {
            it.matters[0].sjyxbs = 0
        }),
        ("exchange-case-missing", ChangeRow::TABLE, |it| {
            it.changes[2].xmdm = "2303-440703-04-01-200024".into()
        }),
        ("exchange-status-unknown", ChangeRow::TABLE, |it| {
            it.changes[1].blzt = 16
        }),
        ("exchange-status-unknown", ChangeRow::TABLE, |it| {
            it.changes[1].blzt = 0
        }),
        ("exchange-time-order", ChangeRow::TABLE, |it| {
            it.changes[2].blsj = "2023-03-23 09:59:59".into()
        }),
        ("exchange-time-order", ChangeRow::TABLE, |it| {
            it.changes[2].blsj = "2023-03-23".into()
        }),
        ("exchange-after-end", ChangeRow::TABLE, |it| {
            it.changes[3].blzt = 13
        }),
    ];
    for (number, (code, table, spoil)) in rows.iter().enumerate() {
        let mut exchange = good();
        spoil(&mut exchange);
        let findings = exchange.findings();
        assert!(!findings.is_empty(), "row {number}, {code}");
        for finding in findings {
            assert_eq!(
                (finding.code, finding.table),
                (*code, *table),
                "row {number}"
            );
            assert!(finding.message.zh.contains("请"), "{}", finding.message);
        }
    }
}

#[test]
fn a_recall_or_revocation_may_follow_the_end() {
    for (status, findings) in [(14, 0), (15, 0), (8, 1), (12, 1)] {
        let mut exchange = good();
        let mut after = exchange.changes[5].clone();
        after.blzt = status;
        exchange.changes.push(after);
        assert_eq!(exchange.findings().len(), findings, "{status}");
    }
}

#[test]
fn a_mapping_names_what_its_workflow_has() {
    let workflow = workflow();
    let published = |name: &str| (name == "matter").then_some(&*workflow);
    assert_eq!(mapping().findings(published), []);
    let mut wrong = mapping();
    wrong.matters[0].project = "project".into();
    wrong.matters[0].within = Some("nowhere".into());
    let findings = wrong.findings(published);
    let fields: Vec<&str> = findings.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(fields, ["project", "nowhere"]);
}
