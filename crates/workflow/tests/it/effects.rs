//! What steps ask for beyond the case, and what becomes of it.

use groundbreak_workflow::sla::Timestamp;
use groundbreak_workflow::{
    Act, Actor, Case, CaseId, Command, CommandId, Commit, Data, DecideError, Effect, EffectId,
    EffectKind, EffectOutcome, Entry, Library, LibraryError, Parent, PendingEffect, Refusal, Term,
    TermValue, Value, Workflow, decide, decode_case, decode_commit, encode_case, encode_commit,
};
use std::sync::Arc;
use uuid::Uuid;

const CALENDAR: &str = "{ id: hall, tz: Asia/Shanghai, weekly: { mon: [['08:30', '12:00']] } }";

const PROJECT: &str = "
workflow: project
version: 1
title: { zh: 项目, en: Project }
calendar: hall
data:
  company: { title: { zh: 企业, en: Company }, type: text }
  land: { title: { zh: 土地办件, en: Land case }, type: text }
roles: { clerk: { title: { zh: 窗口, en: Clerk } } }
events:
  begin: { title: { zh: 开始, en: Begin }, by: [clerk] }
  remind: { title: { zh: 提醒, en: Remind }, by: [clerk] }
  registered: { title: { zh: 已登记, en: Registered }, by_case: true }
states:
  preparing:
    title: { zh: 准备, en: Preparing }
    on:
      begin:
        to: registering
        message: [{ name: begun, data: [company, land] }]
        send: [{ event: wake, to: data.land }]
  registering:
    title: { zh: 登记, en: Registering }
    message: [{ name: registering }]
    send: [{ event: hello, to: parent }]
    invoke:
      registration: { workflow: registration, data: { name: company }, done: registered }
    on:
      registered: finished
      remind: { send: [{ event: hurry, to: registration, data: { who: company } }] }
  finished: { title: { zh: 完成, en: Finished }, final: true }
";

fn library() -> Library {
    let mut library = Library::new();
    library.add_calendar(CALENDAR).unwrap();
    library
}

fn workflow() -> Arc<Workflow> {
    library().add_workflow(PROJECT).unwrap()
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_679_536_800_000 + millis)
}

fn clerk() -> Actor {
    Actor::new("lin", "林", "clerk")
}

/// A case, its journal, and what was decided last.
struct Run {
    workflow: Arc<Workflow>,
    case: Option<Case>,
    journal: Vec<Commit>,
    terms: Vec<Term>,
    now: i64,
}

impl Run {
    fn opened(data: &[(&str, &str)]) -> Self {
        let mut run = Self {
            workflow: workflow(),
            case: None,
            journal: Vec::new(),
            terms: Vec::new(),
            now: 0,
        };
        let data = data
            .iter()
            .map(|(field, text)| ((*field).to_owned(), Value::Text((*text).to_owned())));
        let act = Act::Open {
            workflow: "project".into(),
            version: None,
            title: "Precision Motors".into(),
            data: data.collect(),
        };
        run.submit(clerk(), act).unwrap();
        run
    }

    fn submit(&mut self, actor: Actor, act: Act) -> Result<Vec<Entry>, Refusal> {
        self.now += 1;
        let command = Command {
            id: CommandId(Uuid::from_u128(1_000 + self.now as u128)),
            case: CaseId(Uuid::from_u128(1)),
            actor,
            seen_revision: None,
            effective_at: None,
            act,
        };
        match decide(&self.workflow, self.case.as_ref(), &command, at(self.now)) {
            Ok(decision) => {
                // What is read back is what was decided.
                let commit = decode_commit(&encode_commit(&decision.commit)).unwrap();
                assert_eq!(commit, decision.commit);
                let stored = decode_case(&encode_case(&decision.case)).unwrap();
                assert_eq!(stored, decision.case);
                for entry in commit.entries.iter().filter(|entry| is_of_an_effect(entry)) {
                    let text = entry.effect_text().unwrap();
                    assert!(!text.zh.is_empty() && !text.en.is_empty());
                }
                self.journal.push(commit);
                let folded = Case::fold(&self.journal).unwrap().unwrap();
                assert_eq!(folded, decision.case);
                self.case = Some(decision.case);
                self.terms = decision.terms;
                Ok(decision.commit.entries)
            }
            Err(DecideError::Refused(refusal)) => Err(refusal),
            Err(DecideError::Stuck(stuck)) => panic!("{stuck}"),
        }
    }

    fn fire(&mut self, actor: Actor, event: &str) -> Result<Vec<Entry>, Refusal> {
        let act = Act::Fire {
            event: event.into(),
            data: Data::new(),
            note: None,
        };
        self.submit(actor, act)
    }

    fn settle(
        &mut self,
        effect: u64,
        attempt: u32,
        outcome: EffectOutcome,
    ) -> Result<Vec<Entry>, Refusal> {
        let effect = EffectId(effect);
        let act = Act::SettleEffect {
            effect,
            attempt,
            outcome,
        };
        self.submit(Actor::clock(), act)
    }

    fn case(&self) -> &Case {
        self.case.as_ref().unwrap()
    }

    fn pending(&self) -> Vec<&Effect> {
        let effects = self.case().effects.values();
        effects.map(|pending| &pending.what).collect()
    }

    fn term(&self, name: &str) -> Option<&TermValue> {
        let term = self.terms.iter().find(|term| term.name == name)?;
        Some(&term.value)
    }
}

/// Its name says so, as it is stored.
fn is_of_an_effect(entry: &Entry) -> bool {
    let name = format!("{entry:?}");
    name.starts_with("Effect") || name.starts_with("Invoked")
}

fn failed(problem: &str) -> EffectOutcome {
    EffectOutcome::Failed {
        problem: problem.into(),
    }
}

#[test]
fn a_step_asks_for_what_its_transition_and_then_its_states_say_and_opens_children_last() {
    let land = Uuid::from_u128(99);
    let mut run = Run::opened(&[("company", "Motors"), ("land", &land.to_string())]);
    assert_eq!(run.pending(), Vec::<&Effect>::new());
    assert_eq!(run.term("effect_due"), None);
    run.fire(clerk(), "begin").unwrap();
    let facts = |pairs: &[(&str, &str)]| -> Data {
        let text =
            |(field, text): &(&str, &str)| ((*field).to_owned(), Value::Text((*text).to_owned()));
        pairs.iter().map(text).collect()
    };
    let child = run.case().children["registration"];
    assert_eq!(
        run.pending(),
        [
            &Effect::Message {
                name: "begun".into(),
                data: facts(&[("company", "Motors"), ("land", &land.to_string())]),
            },
            &Effect::Send {
                event: "wake".into(),
                to: CaseId(land),
                data: Data::new(),
            },
            // Nobody has opened this case, so there is no parent to say hello to.
            &Effect::Message {
                name: "registering".into(),
                data: Data::new(),
            },
            &Effect::Open {
                name: "registration".into(),
                child,
                workflow: "registration".into(),
                data: facts(&[("name", "Motors")]),
                done: Some("registered".into()),
            },
        ]
    );
    assert_eq!(run.case().effects_asked, 4);
    for term in ["effect_due", "message_due"] {
        let due = at(run.now).as_millis();
        assert_eq!(run.term(term), Some(&TermValue::Integer(due)), "{term}");
    }
    // A transition that goes nowhere asks too, and names the child that was opened.
    run.fire(clerk(), "remind").unwrap();
    assert_eq!(
        run.pending().last(),
        Some(&&Effect::Send {
            event: "hurry".into(),
            to: child,
            data: facts(&[("who", "Motors")]),
        })
    );
}

#[test]
fn what_nobody_has_recorded_is_sent_nowhere() {
    let mut run = Run::opened(&[]);
    run.fire(clerk(), "begin").unwrap();
    let sent = run
        .pending()
        .iter()
        .any(|effect| matches!(effect, Effect::Send { .. }));
    assert!(!sent);
}

#[test]
fn an_attempt_that_fails_is_followed_by_another_until_the_last_and_then_a_person_decides() {
    let mut run = Run::opened(&[]);
    run.fire(clerk(), "begin").unwrap();
    let settled_at = run.case().settled_at;
    for attempt in 1..=PendingEffect::ATTEMPTS_MAX {
        let long = format!("no\nanswer {}", "x".repeat(1_000));
        let entries = run.settle(1, attempt, failed(&long)).unwrap();
        let last = attempt == PendingEffect::ATTEMPTS_MAX;
        match &entries[..] {
            [
                Entry::EffectFailed {
                    next_at, problem, ..
                },
            ] if !last => {
                assert!(*next_at > at(run.now));
                assert_eq!(problem.chars().count(), PendingEffect::PROBLEM_LENGTH_MAX);
                assert!(problem.starts_with("no answer x"));
            }
            [Entry::EffectGivenUp { .. }] if last => {}
            other => panic!("{other:?}"),
        }
    }
    // An attempt says nothing that a person could not have recorded something before.
    assert_eq!(run.case().settled_at, settled_at);
    assert!(run.case().effects[&EffectId(1)].is_given_up());
    assert_eq!(
        run.term("effect"),
        Some(&TermValue::Text("given_up".into()))
    );
    assert!(
        run.case()
            .due_effect(EffectKind::Message, at(1 << 40))
            .unwrap()
            .0
            > EffectId(1)
    );
    let again = |actor| {
        (
            actor,
            Act::ResendEffect {
                effect: EffectId(1),
                note: None,
            },
        )
    };
    let (actor, act) = again(Actor::new("x", "X", "visitor"));
    assert_eq!(
        run.submit(actor, act).unwrap_err().code(),
        "role-not-allowed"
    );
    let (actor, act) = again(clerk());
    run.submit(actor, act).unwrap();
    assert_eq!(run.term("effect"), None);
    let refused = run.settle(1, 1, EffectOutcome::Delivered).unwrap_err();
    assert_eq!(refused.code(), "effect-not-waiting");
    // It has all its attempts anew.
    let entries = run.settle(1, 25, failed("no")).unwrap();
    assert!(matches!(entries[..], [Entry::EffectFailed { .. }]));
    // What is still tried cannot be dropped.
    let drop = Act::DropEffect {
        effect: EffectId(1),
        reason: "told by phone".into(),
    };
    let refused = run.submit(clerk(), drop.clone()).unwrap_err();
    assert_eq!(refused.code(), "effect-not-waiting");
    let rejected = EffectOutcome::Rejected {
        problem: "410".into(),
    };
    run.settle(1, 26, rejected).unwrap();
    run.submit(clerk(), drop).unwrap();
    assert!(!run.case().effects.contains_key(&EffectId(1)));
    // Numbers are not used again.
    assert_eq!(run.case().effects_asked, 2 + 1);
}

#[test]
fn only_the_clock_settles_and_only_cases_send_what_is_theirs() {
    let mut run = Run::opened(&[]);
    run.fire(clerk(), "begin").unwrap();
    let act = Act::SettleEffect {
        effect: EffectId(1),
        attempt: 1,
        outcome: EffectOutcome::Delivered,
    };
    assert_eq!(run.submit(clerk(), act), Err(Refusal::OnlyTheClock));
    assert_eq!(run.fire(clerk(), "registered"), Err(Refusal::OnlyCases));
    let other = Actor::case(CaseId(Uuid::from_u128(5)), "20230323-ABCDEF");
    let refused = run.fire(other.clone(), "remind").unwrap_err();
    assert_eq!(refused.code(), "role-not-allowed");
    run.fire(other, "registered").unwrap();
    assert_eq!(run.journal.last().unwrap().by.name, "20230323-ABCDEF");
    // What a closed case has asked for is still done.
    run.settle(1, 1, EffectOutcome::Delivered).unwrap();
}

#[test]
fn a_child_remembers_who_opened_it_and_tells_of_its_end_once() {
    let mut run = Run::opened(&[]);
    run.case = None;
    run.journal.clear();
    let parent = Parent {
        case: CaseId(Uuid::from_u128(5)),
        name: "project".into(),
        done: Some("built".into()),
    };
    let act = Act::OpenChild {
        workflow: "project".into(),
        title: "Precision Motors".into(),
        data: Data::new(),
        parent: parent.clone(),
    };
    assert_eq!(run.submit(clerk(), act.clone()), Err(Refusal::OnlyCases));
    let other = Actor::case(parent.case, "20230323-ABCDEF");
    run.submit(other.clone(), act).unwrap();
    assert_eq!(run.case().parent, Some(parent.clone()));
    assert_eq!(
        run.term("parent"),
        Some(&TermValue::Text(parent.case.to_string()))
    );
    run.fire(clerk(), "begin").unwrap();
    let hello = Effect::Send {
        event: "hello".into(),
        to: parent.case,
        data: Data::new(),
    };
    assert!(run.pending().contains(&&hello));
    run.fire(other, "registered").unwrap();
    let built = Effect::Send {
        event: "built".into(),
        to: parent.case,
        data: Data::new(),
    };
    let told = |run: &Run| run.pending().iter().filter(|it| ***it == built).count();
    assert_eq!(told(&run), 1);
    run.submit(clerk(), Act::Comment { text: "so".into() })
        .unwrap();
    assert_eq!(told(&run), 1);
}

#[test]
fn a_case_without_effects_is_stored_as_it_was_before_there_were_any() {
    let run = Run::opened(&[("company", "Motors")]);
    let bytes = encode_case(run.case());
    for key in ["parent", "children", "effects", "effects_asked"] {
        let found = bytes.windows(key.len()).any(|part| part == key.as_bytes());
        assert!(!found, "{key}");
    }
}

#[test]
fn what_can_be_known_to_be_wrong_is_found_when_the_definition_is_compiled() {
    let rows = [
        ("done: registered }", "done: begin }", "not-by-case"),
        ("done: registered }", "done: registred }", "unknown-event"),
        ("{ name: company }", "{ name: compny }", "unknown-field"),
        (
            "data: [company, land]",
            "data: [company, lnd]",
            "unknown-field",
        ),
        ("to: data.land", "to: data.lnd", "unknown-field"),
        ("to: registration,", "to: registraton,", "unknown-invoke"),
        ("      registration: { w", "      parent: { w", "bad-name"),
        ("by_case: true", "by_case: false", "nobody-may"),
        (
            "final: true }",
            "final: true, invoke: { a: { workflow: b } } }",
            "state-kind",
        ),
    ];
    for (right, wrong, code) in rows {
        assert!(PROJECT.contains(right), "{right}");
        let text = PROJECT.replacen(right, wrong, 1);
        match library().add_workflow(&text) {
            Err(LibraryError::Faults(faults)) => {
                assert!(faults.iter().any(|fault| fault.code == code), "{faults:?}");
            }
            other => panic!("{wrong}: {other:?}"),
        }
    }
}

#[test]
fn a_state_that_waits_for_a_child_is_no_dead_end() {
    let soundness = workflow().soundness(&groundbreak_workflow::Limits::default());
    assert_eq!(soundness.findings, []);
    assert!(soundness.complete);
}
