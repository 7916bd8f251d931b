//! An opinion rests on what it was given on: documents by their digests, facts by their values.

use groundbreak_workflow::sla::Timestamp;
use groundbreak_workflow::{
    Act, Actor, Case, CaseId, Command, CommandId, Data, Entry, GeneralAct, Library, Workflow,
    decide,
};

use crate::HALL;

const REVIEW: &str = "
workflow: review
version: 1
title: { zh: 审查, en: Review }
calendar: hall
data:
  area: { title: { zh: 面积, en: Area }, type: integer }
  note: { title: { zh: 备注, en: Note }, type: text }
roles: { clerk: { title: { zh: 窗口, en: Clerk }, may: [correct] } }
documents:
  plan: { title: { zh: 图纸, en: Plan }, class: main }
  photo: { title: { zh: 照片, en: Photo }, class: secondary }
events:
  pass: { title: { zh: 通过, en: Pass }, by: [clerk] }
  issue: { title: { zh: 发证, en: Issue }, by: [clerk] }
states:
  reviewing:
    title: { zh: 审查中, en: Under review }
    on: { pass: { to: passed, requires: [plan] } }
  passed:
    title: { zh: 已通过, en: Passed }
    binds: { documents: [plan], facts: [area] }
    on:
      pass: { to: passed, if: '!unchanged(\"passed\")' }
      issue: { to: issued, if: 'unchanged(\"passed\")' }
  issued: { title: { zh: 已发证, en: Issued }, final: true }
";

struct Desk {
    workflow: std::sync::Arc<Workflow>,
    case: Option<Case>,
    minute: i64,
    newest: Vec<Entry>,
}

impl Desk {
    fn new() -> Self {
        let mut library = Library::new();
        library.add_calendar(HALL).unwrap();
        let mut desk = Self {
            workflow: library.add_workflow(REVIEW).unwrap(),
            case: None,
            minute: 0,
            newest: Vec::new(),
        };
        let data = Data::from([("area".to_owned(), 100.into())]);
        let open = Act::Open {
            workflow: "review".into(),
            version: None,
            title: "示例".into(),
            data,
        };
        assert!(desk.does(open));
        assert!(desk.attaches("plan", "aa"));
        assert!(desk.fires("pass"));
        desk
    }

    /// Gives a command; whether it was carried out.
    fn does(&mut self, act: Act) -> bool {
        self.minute += 1;
        let start: Timestamp = "2023-03-23T10:00:00+08:00".parse().unwrap();
        let now = start.saturating_add_millis(self.minute * 60_000);
        let case: CaseId = "01870000-0000-7000-8000-000000000001".parse().unwrap();
        let command = Command {
            id: CommandId::derived(case.0, &self.minute.to_string()),
            case,
            actor: Actor::new("c", "Clerk", "clerk"),
            seen_revision: None,
            effective_at: None,
            act,
        };
        match decide(&self.workflow, self.case.as_ref(), &command, now) {
            Ok(decision) => {
                self.newest = decision.commit.entries;
                self.case = Some(decision.case);
                true
            }
            Err(_) => false,
        }
    }

    fn fires(&mut self, event: &str) -> bool {
        self.does(Act::Fire {
            event: event.into(),
            data: Data::new(),
            note: None,
        })
    }

    fn attaches(&mut self, document: &str, digest: &str) -> bool {
        self.does(Act::Attach {
            document: document.into(),
            file_name: format!("{document}.pdf"),
            digest: digest.repeat(32),
            note: None,
        })
    }

    fn corrects(&mut self, field: &str, value: groundbreak_workflow::Value) -> bool {
        self.does(Act::General(GeneralAct::Correct {
            field: field.into(),
            value,
            reason: "录错".into(),
        }))
    }
}

#[test]
fn what_an_opinion_rests_on_is_in_the_journal() {
    let desk = Desk::new();
    let bound = desk.newest.iter().find_map(|entry| match entry {
        Entry::Bound {
            state,
            documents,
            data,
        } => Some((state.as_str(), documents.clone(), data.clone())),
        _ => None,
    });
    let (state, documents, data) = bound.unwrap();
    assert_eq!(state, "passed");
    assert_eq!(documents["plan"], "aa".repeat(32));
    assert_eq!(data["area"], 100.into());
}

#[test]
fn another_version_or_fact_closes_the_way_and_a_new_opinion_opens_it() {
    type Change = fn(&mut Desk) -> bool;
    let rows: [(&str, Change, bool); 6] = [
        ("nothing", |_| true, true),
        (
            "the same file again",
            |desk| desk.attaches("plan", "aa"),
            true,
        ),
        ("another version", |desk| desk.attaches("plan", "bb"), false),
        (
            "a paper that it does not rest on",
            |desk| desk.attaches("photo", "cc"),
            true,
        ),
        (
            "another fact",
            |desk| desk.corrects("area", 101.into()),
            false,
        ),
        (
            "another version, and the old one again",
            |desk| desk.attaches("plan", "bb") && desk.attaches("plan", "aa"),
            true,
        ),
    ];
    for (what, change, issued) in rows {
        let mut desk = Desk::new();
        assert!(change(&mut desk), "{what}");
        assert_eq!(
            desk.fires("pass"),
            !issued,
            "{what}: given anew only when it changed"
        );
        if !issued {
            let mut without = Desk::new();
            change(&mut without);
            assert!(!without.fires("issue"), "{what}");
        }
        assert!(desk.fires("issue"), "{what}");
    }
}
