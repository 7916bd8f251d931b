//! Commands in, commits or refusals out.

use std::sync::{Arc, LazyLock};

use groundbreak_workflow::sla::{Timestamp, Verdict};
use groundbreak_workflow::{
    Act, Actor, Case, CaseId, Command, CommandId, Commit, Data, DecideError, Decision, Entry,
    Library, Refusal, Situation, Value, Workflow, decide, decode_case, decode_commit, encode_case,
    encode_commit,
};
use proptest::prelude::*;
use uuid::Uuid;

use crate::{HALL, PERMIT};

/// A case on Thursday, 23 March 2023, and everything that was committed to it.
pub(crate) struct Day {
    pub(crate) workflow: Arc<Workflow>,
    pub(crate) case: Option<Case>,
    pub(crate) journal: Vec<Commit>,
    now: Timestamp,
    commands: u128,
}

pub(crate) fn data<const N: usize>(facts: [(&str, Value); N]) -> Data {
    facts
        .into_iter()
        .map(|(field, value)| (field.to_owned(), value))
        .collect()
}

pub(crate) fn instant(time: &str) -> Timestamp {
    let (day, time) = time.split_once(' ').unwrap_or(("2023-03-23", time));
    format!("{day}T{time}:00+08:00").parse().unwrap()
}

impl Day {
    fn empty() -> Self {
        static PERMITS: LazyLock<Arc<Workflow>> = LazyLock::new(|| {
            let mut library = Library::new();
            library.add_calendar(HALL).unwrap();
            library.add_workflow(PERMIT).unwrap()
        });
        Self {
            workflow: Arc::clone(&PERMITS),
            case: None,
            journal: Vec::new(),
            now: instant("09:00"),
            commands: 0,
        }
    }

    /// A case under another definition that asks for no facts, opened by a clerk at 09:00.
    pub(crate) fn under(source: &str) -> Self {
        let mut library = Library::new();
        library.add_calendar(HALL).unwrap();
        let mut day = Self::empty();
        day.workflow = library.add_workflow(source).unwrap();
        let act = Act::Open {
            workflow: day.workflow.name.clone(),
            version: None,
            title: "申请一号".into(),
            data: data([]),
        };
        day.submit(Actor::new("c1", "Clerk", "clerk"), act).unwrap();
        day
    }

    /// The case is open, at 09:00.
    pub(crate) fn begin() -> Self {
        let mut day = Self::empty();
        day.submit(
            Actor::new("c1", "Clerk", "clerk"),
            Act::Open {
                workflow: "permit".into(),
                version: None,
                title: "许可一号".into(),
                data: data([("applicant", "甲公司".into())]),
            },
        )
        .unwrap();
        day
    }

    /// The form is there, and the case is under review, at 09:00.
    pub(crate) fn submitted() -> Self {
        let mut day = Self::begin();
        day.attach("form").unwrap();
        day.fire("09:00", "c1", "clerk", "submit", data([]))
            .unwrap();
        day
    }

    pub(crate) fn comment(&mut self, text: &str) -> Result<Decision, Refusal> {
        let act = Act::Comment { text: text.into() };
        self.submit(Actor::new("c1", "Clerk", "clerk"), act)
    }

    pub(crate) fn at(&mut self, time: &str) {
        self.now = instant(time);
    }

    fn command(&mut self, actor: Actor, act: Act) -> Command {
        self.commands += 1;
        Command {
            id: CommandId(Uuid::from_u128(self.commands)),
            case: CaseId(Uuid::from_u128(7)),
            actor,
            seen_revision: None,
            effective_at: None,
            act,
        }
    }

    pub(crate) fn submit(&mut self, actor: Actor, act: Act) -> Result<Decision, Refusal> {
        let command = self.command(actor, act);
        self.decide(&command)
    }

    fn decide(&mut self, command: &Command) -> Result<Decision, Refusal> {
        match decide(&self.workflow, self.case.as_ref(), command, self.now) {
            Ok(decision) => {
                self.journal.push(decision.commit.clone());
                self.case = Some(decision.case.clone());
                Ok(decision)
            }
            Err(DecideError::Refused(refusal)) => Err(refusal),
            Err(DecideError::Stuck(stuck)) => panic!("{stuck}"),
        }
    }

    fn attach(&mut self, document: &str) -> Result<Decision, Refusal> {
        let act = Act::Attach {
            document: document.into(),
            file_name: "a.pdf".into(),
            digest: "0a".repeat(32),
            note: None,
        };
        self.submit(Actor::new("c1", "Clerk", "clerk"), act)
    }

    pub(crate) fn fire(
        &mut self,
        time: &str,
        id: &str,
        role: &str,
        event: &str,
        data: Data,
    ) -> Result<Decision, Refusal> {
        self.at(time);
        self.submit(
            Actor::new(id, id, role),
            Act::Fire {
                event: event.into(),
                data,
                note: None,
            },
        )
    }

    pub(crate) fn tick(&mut self, time: &str) -> Result<Decision, Refusal> {
        self.at(time);
        self.submit(Actor::clock(), Act::Tick)
    }

    pub(crate) fn journal(&self) -> &[Commit] {
        &self.journal
    }

    pub(crate) fn situation(&self) -> Situation {
        self.workflow
            .situation(self.case.as_ref().unwrap(), self.now)
            .unwrap()
    }

    pub(crate) fn case(&self) -> &Case {
        self.case.as_ref().unwrap()
    }
}

#[test]
fn a_case_is_the_fold_of_its_journal() {
    let mut day = Day::submitted();
    day.fire("09:10", "r1", "reviewer", "ask", data([]))
        .unwrap();
    day.fire("09:30", "c1", "clerk", "answer", data([]))
        .unwrap();
    let folded = Case::fold(&day.journal).unwrap().unwrap();
    assert_eq!(&folded, day.case());
    let decoded: Vec<Commit> = day
        .journal
        .iter()
        .map(|commit| decode_commit(&encode_commit(commit)).unwrap())
        .collect();
    assert_eq!(decoded, day.journal);
    assert_eq!(&decode_case(&encode_case(&folded)).unwrap(), day.case());
}

#[test]
fn what_is_refused_says_so_in_the_order_of_the_rules() {
    let mut day = Day::begin();
    let refusals = [
        (
            day.fire("09:01", "c1", "clerk", "sumbit", data([]))
                .unwrap_err(),
            "unknown-event",
        ),
        (
            day.fire("09:01", "r1", "reviewer", "submit", data([]))
                .unwrap_err(),
            "role-not-allowed",
        ),
        (
            day.fire("09:01", "r1", "reviewer", "survey", data([]))
                .unwrap_err(),
            "not-allowed-here",
        ),
        (
            day.fire("09:01", "c1", "clerk", "submit", data([("fee", 1.into())]))
                .unwrap_err(),
            "invalid-data",
        ),
        (
            day.fire("09:01", "c1", "clerk", "submit", data([]))
                .unwrap_err(),
            "documents-missing",
        ),
    ];
    for (refusal, code) in refusals {
        assert_eq!(refusal.code(), code, "{refusal}");
        assert!(!refusal.text().zh.is_empty() && !refusal.text().en.is_empty());
    }
    assert_eq!(day.journal.len(), 1, "a refusal writes nothing");
}

#[test]
fn a_condition_that_does_not_hold_is_quoted() {
    let mut day = Day::empty();
    day.submit(
        Actor::new("c1", "Clerk", "clerk"),
        Act::Open {
            workflow: "permit".into(),
            version: None,
            title: "零面积".into(),
            data: data([("applicant", "甲公司".into()), ("area", 0.into())]),
        },
    )
    .unwrap();
    let refusal = day
        .fire("09:01", "c1", "clerk", "submit", data([]))
        .unwrap_err();
    assert_eq!(refusal.code(), "condition-not-met");
    assert!(refusal.text().en.contains("data.area > 0"));
}

#[test]
fn one_person_cannot_review_and_approve_the_same_case() {
    let mut day = Day::submitted();
    day.fire(
        "09:10",
        "r1",
        "reviewer",
        "review",
        data([("fee", 100.into())]),
    )
    .unwrap();
    let refusal = day
        .fire("09:20", "r1", "approver", "decide", data([]))
        .unwrap_err();
    assert_eq!(refusal.code(), "same-person");
    day.fire("09:20", "a1", "approver", "decide", data([]))
        .unwrap();
}

#[test]
fn facts_are_of_their_type_and_those_asked_for_are_needed() {
    let mut day = Day::submitted();
    for (facts, field) in [
        (data([]), "fee"),
        (data([("fee", Value::Integer(-1))]), "fee"),
        (data([("fee", "many".into())]), "fee"),
        (
            data([("fee", 1.into()), ("colour", "red".into())]),
            "colour",
        ),
        (data([("fee", 1.into()), ("kind", "small".into())]), "kind"),
    ] {
        match day
            .fire("09:10", "r1", "reviewer", "review", facts)
            .unwrap_err()
        {
            Refusal::InvalidData { field: found, .. } => assert_eq!(found, field),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn a_stale_revision_is_refused_when_it_was_named() {
    let mut day = Day::submitted();
    let act = Act::Fire {
        event: "survey".into(),
        data: data([]),
        note: None,
    };
    let mut command = day.command(Actor::new("r1", "r1", "reviewer"), act);
    command.seen_revision = Some(1);
    assert_eq!(
        day.decide(&command).unwrap_err(),
        Refusal::StaleRevision { seen: 1, actual: 3 }
    );
    command.seen_revision = Some(3);
    day.decide(&command).unwrap();
}

#[test]
fn what_is_recorded_late_counts_from_when_it_happened_and_needs_a_reason() {
    let mut day = Day::begin();
    day.attach("form").unwrap();
    let late = |day: &mut Day, role: &str, at: &str, note: Option<&str>| {
        day.at("10:00");
        let act = Act::Fire {
            event: "submit".into(),
            data: data([]),
            note: note.map(str::to_owned),
        };
        let mut command = day.command(Actor::new("x", "x", role), act);
        command.effective_at = Some(instant(at));
        day.decide(&command)
    };
    assert_eq!(
        late(&mut day, "clerk", "10:01", Some("忘记"))
            .unwrap_err()
            .code(),
        "in-the-future"
    );
    assert_eq!(
        late(&mut day, "clerk", "08:59", Some("忘记"))
            .unwrap_err()
            .code(),
        "out-of-order"
    );
    assert_eq!(
        late(&mut day, "clerk", "09:30", None).unwrap_err().code(),
        "late-record-needs-reason"
    );
    let decision = late(&mut day, "clerk", "09:30", Some("窗口忙，10:00 补登")).unwrap();
    assert_eq!(
        (decision.commit.effective_at, decision.commit.recorded_at),
        (instant("09:30"), instant("10:00"))
    );
    assert_eq!(
        day.situation().clocks[0].reading.started_at,
        Some(instant("09:30"))
    );
}

#[test]
fn a_clock_that_is_stopped_late_on_record_is_judged_by_when_the_work_was_done() {
    let mut day = Day::submitted();
    day.fire(
        "09:30",
        "r1",
        "reviewer",
        "review",
        data([("fee", 100.into())]),
    )
    .unwrap();
    day.attach("photo").unwrap();
    day.at("11:30");
    while day.submit(Actor::clock(), Act::Tick).is_ok() {}
    assert_eq!(
        day.case().effective_at,
        instant("11:00"),
        "found overdue as of 11:00"
    );
    let mut day = Day::submitted();
    day.fire(
        "09:30",
        "r1",
        "reviewer",
        "review",
        data([("fee", 100.into())]),
    )
    .unwrap();
    day.attach("photo").unwrap();
    day.at("10:58");
    let act = Act::Fire {
        event: "decide".into(),
        data: data([]),
        note: Some("补登".into()),
    };
    let mut command = day.command(Actor::new("a1", "a1", "approver"), act);
    command.effective_at = Some(instant("10:50"));
    let decision = day.decide(&command).unwrap();
    let stopped = decision
        .commit
        .entries
        .iter()
        .find_map(|entry| match entry {
            Entry::ClockStopped {
                clock,
                verdict,
                wall_ms,
                ..
            } if clock == "whole" => Some((*verdict, *wall_ms)),
            _ => None,
        });
    assert_eq!(stopped, Some((Verdict::Met, 110 * 60_000)));
}

#[test]
fn a_warning_or_a_breach_does_not_keep_from_recording_what_happened_before_it() {
    let mut day = Day::submitted();
    day.fire(
        "09:30",
        "r1",
        "reviewer",
        "review",
        data([("fee", 100.into())]),
    )
    .unwrap();
    day.attach("photo").unwrap();
    day.at("11:30");
    while day.submit(Actor::clock(), Act::Tick).is_ok() {}
    let act = Act::Fire {
        event: "decide".into(),
        data: data([]),
        note: Some("补登".into()),
    };
    let mut command = day.command(Actor::new("a1", "a1", "approver"), act);
    command.effective_at = Some(instant("10:50"));
    day.decide(&command).unwrap();
    let situation = day.situation();
    let whole = situation
        .clocks
        .iter()
        .find(|clock| clock.name == "whole")
        .unwrap();
    assert_eq!(
        whole.reading.verdict,
        Verdict::Met,
        "the work was done in time"
    );
    assert_eq!(
        whole.breached,
        Some(instant("11:00")),
        "that it was once thought late stays"
    );
}

#[test]
fn all_roles_of_an_act_that_somebody_holds_count_for_separation_of_duties() {
    let mut day = Day::submitted();
    day.fire(
        "09:10",
        "r1",
        "reviewer",
        "review",
        data([("fee", 100.into())]),
    )
    .unwrap();
    day.attach("photo").unwrap();
    let mut both = Actor::new("x", "x", "approver");
    both.roles.insert("reviewer".into());
    day.at("09:20");
    let act = Act::Fire {
        event: "decide".into(),
        data: data([]),
        note: None,
    };
    let decision = day.submit(both, act).unwrap();
    assert_eq!(decision.commit.by.also, ["reviewer"]);
    assert!(day.case().acted["reviewer"].contains("x"));
}

#[test]
fn waiting_for_the_applicant_stops_the_statutory_clock_and_not_the_promised_one() {
    let mut day = Day::submitted();
    day.fire("09:10", "r1", "reviewer", "ask", data([]))
        .unwrap();
    let timers = day.workflow.timers(day.case()).unwrap();
    assert!(
        timers.iter().all(|timer| !timer.id.contains("handling")),
        "no due instant while it stands still: {timers:?}"
    );
    let decision = day
        .fire("09:40", "c1", "clerk", "answer", data([]))
        .unwrap();
    assert!(
        decision
            .commit
            .entries
            .iter()
            .any(|entry| matches!(entry, Entry::ClockResumed { clock, .. } if clock == "handling"))
    );
}

#[test]
fn a_timer_fires_once_and_says_how_late_it_was() {
    let mut day = Day::submitted();
    assert_eq!(day.tick("09:59").unwrap_err(), Refusal::NothingDue);
    let warned = day.tick("10:00").unwrap();
    assert!(
        matches!(&warned.commit.entries[..], [Entry::TimerFired { late_ms: None, .. }, Entry::ClockWarned { clock, trigger }] if clock == "whole" && trigger == "50%")
    );
    let breached = day.tick("11:30").unwrap();
    assert!(matches!(
        &breached.commit.entries[..],
        [Entry::TimerFired { late_ms: Some(1_800_000), .. }, Entry::ClockBreached { clock, due_at, .. }] if clock == "whole" && *due_at == instant("11:00")
    ));
    assert_eq!(breached.commit.effective_at, instant("11:00"));
    assert_eq!(day.tick("11:30").unwrap_err(), Refusal::NothingDue);
}

#[test]
fn only_the_clock_ticks() {
    let mut day = Day::submitted();
    day.at("11:30");
    assert_eq!(
        day.submit(Actor::new("c1", "Clerk", "clerk"), Act::Tick)
            .unwrap_err(),
        Refusal::OnlyTheClock
    );
}

#[test]
fn under_two_hours_is_missed_at_exactly_two_hours() {
    for (time, verdict) in [("10:59", Verdict::Met), ("11:00", Verdict::Missed)] {
        let mut day = Day::submitted();
        day.fire(
            "09:30",
            "r1",
            "reviewer",
            "review",
            data([("fee", 100.into())]),
        )
        .unwrap();
        day.fire("09:31", "r1", "reviewer", "survey", data([]))
            .unwrap();
        day.fire(time, "a1", "approver", "decide", data([]))
            .unwrap();
        let situation = day.situation();
        let whole = situation
            .clocks
            .iter()
            .find(|clock| clock.name == "whole")
            .unwrap();
        assert_eq!(whole.reading.verdict, verdict, "{time}");
        assert_eq!(
            whole.breached.is_some(),
            verdict == Verdict::Missed,
            "{time}"
        );
    }
}

#[test]
fn a_delay_moves_the_case_by_itself() {
    let mut day = Day::begin();
    let timer = day.workflow.next_timer(day.case()).unwrap().unwrap();
    assert_eq!(timer.id, "after/drafting/0");
    day.now = timer.due_at;
    day.submit(Actor::clock(), Act::Tick).unwrap();
    assert_eq!(day.case().active, ["withdrawn"]);
    assert_eq!(
        day.fire("2023-04-30 09:00", "c1", "clerk", "submit", data([]))
            .unwrap_err()
            .code(),
        "case-closed"
    );
}

#[test]
fn leaving_a_state_disarms_its_delay() {
    let day = Day::submitted();
    assert!(day.case().armed.is_empty(), "{:?}", day.case().armed);
}

#[test]
fn a_document_can_make_a_step_happen_by_itself() {
    let mut day = Day::submitted();
    assert!(day.case().is_in("unvisited"));
    day.attach("photo").unwrap();
    assert!(day.case().is_in("visited"));
}

#[test]
fn withdrawing_cancels_the_clocks_without_a_verdict() {
    let mut day = Day::submitted();
    let decision = day
        .fire("09:30", "c1", "clerk", "withdraw", data([]))
        .unwrap();
    let cancelled: Vec<_> = decision
        .commit
        .entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::ClockCancelled { clock } => Some(clock.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(cancelled, ["handling", "whole"]);
    assert_eq!(decision.timers, []);
}

#[test]
fn input_from_outside_is_bounded() {
    let mut day = Day::begin();
    let clerk = || Actor::new("c1", "Clerk", "clerk");
    let comment = |text: String| Act::Comment { text };
    let nobody = Actor::new("", "Nobody", "clerk");
    assert_eq!(
        day.submit(nobody, comment("到此".into()))
            .unwrap_err()
            .code(),
        "invalid-input"
    );
    assert_eq!(
        day.submit(clerk(), comment("  ".into()))
            .unwrap_err()
            .code(),
        "invalid-input"
    );
    assert_eq!(
        day.submit(clerk(), comment("字".repeat(2_001)))
            .unwrap_err()
            .code(),
        "invalid-input"
    );
    assert_eq!(
        day.submit(clerk(), comment("a\u{0}b".into()))
            .unwrap_err()
            .code(),
        "invalid-input"
    );
    for title in ["\u{200b}", "a\nb", "\u{202e}许可"] {
        let act = Act::Open {
            workflow: "permit".into(),
            version: None,
            title: title.into(),
            data: data([("applicant", "甲公司".into())]),
        };
        let mut other = Day::empty();
        assert_eq!(
            other.submit(clerk(), act).unwrap_err().code(),
            "invalid-input",
            "{title:?}"
        );
    }
    let attach = |digest: &str| Act::Attach {
        document: "form".into(),
        file_name: "f".into(),
        digest: digest.into(),
        note: None,
    };
    assert_eq!(
        day.submit(clerk(), attach("ABC")).unwrap_err().code(),
        "invalid-input"
    );
    assert_eq!(
        day.attach("fotm").unwrap_err(),
        Refusal::UnknownDocument {
            document: "fotm".into(),
            suggestion: Some("form".into())
        }
    );
}

#[test]
fn damaged_bytes_are_an_error_and_never_a_panic() {
    let day = Day::submitted();
    let bytes = encode_case(day.case());
    for cut in 0..bytes.len() {
        assert!(decode_case(&bytes[..cut]).is_err());
    }
    assert!(
        decode_commit(&[9, 0])
            .unwrap_err()
            .to_string()
            .contains("newer version")
    );
}

proptest! {
    /// Whatever is sent in whatever order, the case stays the fold of its journal, and a clock's
    /// parts stay its whole.
    #[test]
    fn any_day_folds(events in prop::collection::vec((0usize..8, 0usize..3, 0i64..90), 1..25)) {
        let mut day = Day::submitted();
        let names = ["submit", "ask", "answer", "review", "decide", "survey", "withdraw", "tick"];
        let actors = [("c1", "clerk"), ("r1", "reviewer"), ("a1", "approver")];
        for (event, actor, minutes) in events {
            day.now = day.now.saturating_add_millis(minutes * 60_000);
            let (id, role) = actors[actor];
            let act = match names[event] {
                "tick" => Act::Tick,
                event => Act::Fire { event: event.into(), data: if event == "review" { data([("fee", 5.into())]) } else { data([]) }, note: None },
            };
            let actor = if act == Act::Tick { Actor::clock() } else { Actor::new(id, id, role) };
            let before = day.journal.len();
            let outcome = day.submit(actor, act);
            prop_assert_eq!(day.journal.len() - before, usize::from(outcome.is_ok()));
            let folded = Case::fold(&day.journal).unwrap();
            prop_assert_eq!(folded.as_ref(), day.case.as_ref());
            // What the desk shows as open can be done, and what it shows as closed cannot.
            for act in day.situation().acts.iter().filter(|act| act.asks.is_empty()) {
                let mut anybody = Actor::new("anybody", "Anybody", "clerk");
                anybody.roles.extend(["reviewer".to_owned(), "approver".to_owned()]);
                let attempt = day.command(anybody, Act::Fire { event: act.event.clone(), data: data([]), note: None });
                let outcome = decide(&day.workflow, day.case.as_ref(), &attempt, day.now);
                prop_assert_eq!(outcome.is_ok(), act.open, "{}: {:?}", act.event, outcome.err());
            }
            for clock in day.situation().clocks {
                let paused: i64 = clock.reading.paused.iter().map(|total| total.wall_ms).sum();
                prop_assert_eq!(clock.reading.wall_ms, clock.reading.office_ms + clock.reading.offhours_ms + paused);
            }
        }
    }
}
