//! A newer calendar is published, and the cases under way follow it.

use groundbreak_workflow::sla::{BreachCause, CalendarRef, Timestamp, Verdict};
use groundbreak_workflow::{
    Act, Actor, Case, CaseId, ClockFace, Command, CommandId, Commit, Data, DecideError, Entry,
    Library, Refusal, decide, decode_commit, encode_commit,
};
use uuid::Uuid;

use crate::HALL;

const VISIT: &str = "
workflow: visit
version: 1
title: { zh: 勘察, en: Visit }
calendar: hall
roles: { clerk: { title: { zh: 窗口, en: Clerk }, may_record_late: true } }
documents:
  lease:
    title: { zh: 租赁合同, en: Lease }
    class: secondary
    defer: { within: 8 working hours, clock: work, by: [clerk], on_fail: lapse }
events:
  lapse: { title: { zh: 容缺逾期, en: Lease overdue } }
  ask: { title: { zh: 补正, en: Ask }, by: [clerk] }
  answer: { title: { zh: 答复, en: Answer }, by: [clerk] }
  file: { title: { zh: 归档, en: File it }, by: [clerk] }
  reopen: { title: { zh: 重办, en: Reopen it }, by: [clerk] }
  close: { title: { zh: 办结, en: Close it }, by: [clerk] }
clocks:
  work:
    title: { zh: 办理, en: Work }
    effect: promised
    budget: within 8 working hours
    start: entering working
    stop: entering filed
    paused_by: [applicant_correction]
    warn: [50%]
states:
  working:
    title: { zh: 办理中, en: Working }
    on: { file: filed, lapse: lapsed }
    states:
      going: { title: { zh: 办理, en: Going }, on: { ask: asking } }
      asking:
        title: { zh: 补正, en: Asking }
        pauses: applicant_correction
        on: { answer: going }
    after: [{ delay: 3 working days, to: lapsed }]
  filed: { title: { zh: 已归档, en: Filed }, on: { reopen: working, close: closed } }
  closed: { title: { zh: 办结, en: Closed }, final: true }
  lapsed: { title: { zh: 失效, en: Lapsed }, final: true }
";

/// Friday is a holiday.
const FRIDAY_OFF: &str = "'2023-03-24': { kind: holiday }";
/// Thursday is open from 9 to 20 without a break.
const LONG_THURSDAY: &str = "'2023-03-23': { kind: special, hours: [['09:00', '20:00']] }";
/// Thursday is open in the morning only.
const SHORT_THURSDAY: &str = "'2023-03-23': { kind: special, hours: [['09:00', '12:00']] }";

/// A case that began on Thursday, 23 March 2023, at 9. By the calendar of the hall, a warning is
/// given on Thursday at 15:00, and it is due on Friday at 10:00.
struct Visit {
    library: Library,
    case: Option<Case>,
    journal: Vec<Commit>,
    now: Timestamp,
}

fn at(time: &str) -> Timestamp {
    let (day, time) = time.split_once(' ').unwrap();
    let day = match day {
        "thu" => 23,
        "fri" => 24,
        "mon" => 27,
        "tue" => 28,
        "wed" => 29,
        other => panic!("{other}"),
    };
    format!("2023-03-{day}T{time}:00+08:00").parse().unwrap()
}

fn clerk() -> Actor {
    Actor::new("lin", "林", "clerk")
}

fn fire(event: &str) -> Act {
    Act::Fire {
        event: event.into(),
        data: Data::new(),
        note: Some("补登".into()),
    }
}

impl Visit {
    fn begin() -> Self {
        let mut library = Library::new();
        library.add_calendar(HALL).unwrap();
        library.add_workflow(VISIT).unwrap();
        let mut visit = Self {
            library,
            case: None,
            journal: Vec::new(),
            now: at("thu 09:00"),
        };
        let opening = Act::Open {
            workflow: "visit".into(),
            version: None,
            title: "一号".into(),
            data: Data::new(),
        };
        visit.submit(clerk(), opening, None).unwrap();
        visit
    }

    fn submit(
        &mut self,
        actor: Actor,
        act: Act,
        effective_at: Option<Timestamp>,
    ) -> Result<Vec<Entry>, Refusal> {
        let command = Command {
            id: CommandId(Uuid::from_u128(self.journal.len() as u128)),
            case: CaseId(Uuid::from_u128(7)),
            actor,
            seen_revision: None,
            effective_at,
            act,
        };
        let workflow = self.library.workflow("visit", Some(1)).unwrap();
        match decide(workflow, self.case.as_ref(), &command, self.now) {
            Ok(decision) => {
                let written = decode_commit(&encode_commit(&decision.commit)).unwrap();
                assert_eq!(written, decision.commit);
                self.journal.push(written);
                assert_eq!(
                    Case::fold(&self.journal).unwrap().as_ref(),
                    Some(&decision.case)
                );
                self.case = Some(decision.case);
                Ok(decision.commit.entries)
            }
            Err(DecideError::Refused(refusal)) => Err(refusal),
            Err(DecideError::Stuck(stuck)) => panic!("{stuck}"),
        }
    }

    fn fire(&mut self, time: &str, event: &str) -> Vec<Entry> {
        self.tick_until(time);
        self.submit(clerk(), fire(event), None).unwrap()
    }

    /// Lets the timers fire that are due by an instant.
    fn tick_until(&mut self, time: &str) -> Vec<Entry> {
        self.now = at(time);
        let mut entries = Vec::new();
        while let Ok(more) = self.submit(Actor::clock(), Act::Tick, None) {
            entries.extend(more);
        }
        entries
    }

    /// Publishes the next version of the calendar.
    fn amend(&mut self, version: u32, exceptions: &str) {
        let calendar = HALL.replace("version: 1", &format!("version: {version}"));
        let calendar = format!("{calendar}exceptions: {{ {exceptions} }}\n");
        self.library.add_calendar(&calendar).unwrap();
    }

    fn follow(&mut self) -> Result<Vec<Entry>, Refusal> {
        self.submit(Actor::clock(), Act::FollowCalendar, None)
    }

    /// Amends the calendar at an instant, after the timers due by then; the case follows.
    fn amended(&mut self, time: &str, version: u32, exceptions: &str) -> Vec<Entry> {
        self.tick_until(time);
        self.amend(version, exceptions);
        self.follow().unwrap()
    }

    fn clock(&self) -> ClockFace {
        let workflow = self.library.workflow("visit", Some(1)).unwrap();
        let situation = workflow.situation(self.case.as_ref().unwrap(), self.now);
        situation.unwrap().clocks.remove(0)
    }

    fn timer(&self, id: &str) -> Option<Timestamp> {
        let workflow = self.library.workflow("visit", Some(1)).unwrap();
        let timers = workflow.timers(self.case.as_ref().unwrap()).unwrap();
        let timer = timers.into_iter().find(|timer| timer.id == id);
        timer.map(|timer| timer.due_at)
    }
}

/// What a recount says: due before, due now, warnings armed again, whether a breach is withdrawn.
fn recount(
    entries: &[Entry],
) -> (
    Option<Timestamp>,
    Option<Timestamp>,
    Vec<String>,
    bool,
    CalendarRef,
) {
    let mut recounts = entries.iter().filter_map(|entry| match entry {
        Entry::ClockRecounted {
            clock,
            calendar,
            due_before,
            due_at,
            rearmed,
            withdraws_breach,
        } if clock == "work" => Some((
            *due_before,
            *due_at,
            rearmed.clone(),
            *withdraws_breach,
            calendar.clone(),
        )),
        _ => None,
    });
    let recount = recounts.next().unwrap();
    assert_eq!(recounts.next(), None);
    recount
}

fn hall(version: u32) -> CalendarRef {
    CalendarRef::new("hall", version)
}

#[test]
fn a_day_off_that_is_added_moves_what_is_due_later() {
    let mut visit = Visit::begin();
    let entries = visit.amended("thu 16:00", 2, FRIDAY_OFF);
    assert_eq!(
        recount(&entries),
        (
            Some(at("fri 10:00")),
            Some(at("mon 10:00")),
            vec![],
            false,
            hall(2)
        )
    );
    assert_eq!(visit.clock().reading.due, Some(at("mon 10:00")));
    assert_eq!(
        visit.timer("breach/work"),
        Some(at("mon 10:00").saturating_add_millis(1))
    );
    assert_eq!(visit.journal.last().unwrap().effective_at, at("thu 16:00"));
}

#[test]
fn hours_that_are_added_may_make_a_clock_overdue_and_this_is_excused() {
    let mut visit = Visit::begin();
    let entries = visit.amended("thu 17:30", 2, LONG_THURSDAY);
    assert_eq!(recount(&entries).1, Some(at("thu 17:00")));
    assert!(entries.iter().any(|entry| matches!(
        entry,
        Entry::ClockBreached {
            due_at,
            cause: BreachCause::CalendarChange,
            ..
        } if *due_at == at("thu 17:00")
    )));
    let face = visit.clock();
    assert_eq!(face.reading.verdict, Verdict::Missed);
    assert!(face.reading.excused.is_some());
    assert_eq!(visit.timer("breach/work"), None, "it is found once");
}

#[test]
fn what_was_overdue_before_is_not_blamed_on_the_calendar() {
    let mut visit = Visit::begin();
    visit.tick_until("fri 10:01");
    let entries = visit.amended("fri 10:01", 2, LONG_THURSDAY);
    assert_eq!(recount(&entries).1, Some(at("thu 17:00")));
    assert!(
        !entries
            .iter()
            .any(|entry| matches!(entry, Entry::ClockBreached { .. }))
    );
    assert_eq!(visit.clock().reading.excused, None);
}

#[test]
fn what_the_calendar_made_overdue_is_excused_even_when_it_is_found_late() {
    let mut visit = Visit::begin();
    visit.amend(2, LONG_THURSDAY);
    visit.now = at("thu 17:30");
    // The warning of 15:00 was not given yet, so the case follows as of then.
    let entries = visit.follow().unwrap();
    assert_eq!(recount(&entries).1, Some(at("thu 17:00")));
    visit.tick_until("thu 17:30");
    assert!(visit.clock().breached.is_some());
    assert!(visit.clock().reading.excused.is_some());
}

#[test]
fn a_breach_by_the_new_calendar_after_it_was_published_is_of_the_work() {
    let mut visit = Visit::begin();
    visit.amended("thu 16:00", 2, LONG_THURSDAY);
    let entries = visit.tick_until("thu 17:30");
    assert!(entries.iter().any(|entry| matches!(
        entry,
        Entry::ClockBreached { cause: BreachCause::Work, due_at, .. } if *due_at == at("thu 17:00")
    )));
    assert_eq!(visit.clock().reading.excused, None);
}

#[test]
fn a_correction_of_the_past_withdraws_a_breach_that_stays_in_the_journal() {
    let mut visit = Visit::begin();
    visit.tick_until("fri 11:00");
    assert_eq!(visit.clock().breached, Some(at("fri 10:00")));
    let entries = visit.amended("mon 09:30", 2, FRIDAY_OFF);
    let (_, due_at, _, withdrawn, _) = recount(&entries);
    assert_eq!((due_at, withdrawn), (Some(at("mon 10:00")), true));
    assert_eq!(visit.clock().reading.verdict, Verdict::Pending);
    assert_eq!(visit.clock().breached, None);

    // The next breach is found anew, and both stand in the journal.
    visit.tick_until("mon 10:01");
    let found: Vec<Timestamp> = visit
        .journal
        .iter()
        .flat_map(|commit| &commit.entries)
        .filter_map(|entry| match entry {
            Entry::ClockBreached { due_at, .. } => Some(*due_at),
            _ => None,
        })
        .collect();
    assert_eq!(found, [at("fri 10:00"), at("mon 10:00")]);
}

#[test]
fn an_excuse_is_for_one_miss_and_not_for_the_next() {
    let mut visit = Visit::begin();
    visit.amended("thu 17:30", 2, LONG_THURSDAY);
    let entries = visit.amended("thu 17:40", 3, FRIDAY_OFF);
    assert!(recount(&entries).3);
    visit.tick_until("mon 10:01");
    let face = visit.clock();
    assert_eq!(face.reading.verdict, Verdict::Missed);
    assert_eq!(face.reading.excused, None);
}

#[test]
fn a_clock_that_stands_still_is_recounted_and_has_no_due_instant() {
    let mut visit = Visit::begin();
    visit.fire("thu 10:00", "ask");
    let entries = visit.amended("thu 16:00", 2, FRIDAY_OFF);
    let (before, now, ..) = recount(&entries);
    assert_eq!((before, now), (None, None));
    // An hour was used; seven are left, from Thursday at 17:00.
    visit.fire("thu 17:00", "answer");
    assert_eq!(visit.clock().reading.due, Some(at("mon 17:00")));
}

#[test]
fn a_sealed_clock_is_left_alone_and_its_next_cycle_counts_on_the_newest() {
    let mut visit = Visit::begin();
    visit.fire("fri 09:30", "file");
    let sealed = visit.clock().reading;
    visit.amend(2, FRIDAY_OFF);
    assert_eq!(visit.follow(), Err(Refusal::NothingToFollow));
    assert_eq!(visit.clock().reading.due, sealed.due);
    let entries = visit.fire("fri 11:00", "reopen");
    assert!(entries.iter().any(|entry| matches!(
        entry,
        Entry::ClockStarted { calendar: Some(calendar), due_at: Some(due_at), .. }
            if *calendar == hall(2) && *due_at == at("tue 10:00")
    )));
    let reading = visit.clock().reading;
    assert_eq!(reading.due, Some(at("tue 10:00")));
    assert_eq!(reading.closed_cycles[0].calendar, hall(1));
    assert_eq!(reading.closed_cycles[0].due, sealed.due);
    assert_eq!(visit.follow(), Err(Refusal::NothingToFollow));
}

#[test]
fn a_journal_that_names_no_calendar_counts_on_the_one_the_workflow_was_published_against() {
    let mut visit = Visit::begin();
    let written = encode_commit(&visit.journal[0]);
    let names = |word: &[u8]| written.windows(word.len()).any(|part| part == word);
    assert!(names(b"clock_started") && !names(b"calendar"));
    let before = visit.clock().reading;
    visit.amend(2, FRIDAY_OFF);
    assert_eq!(visit.clock().reading, before);
}

#[test]
fn a_warning_is_given_again_only_when_it_lies_ahead_again() {
    for (exceptions, rearmed, warning) in [
        (FRIDAY_OFF, vec![], None),
        (
            SHORT_THURSDAY,
            vec!["50%".to_owned()],
            Some(at("fri 10:00")),
        ),
    ] {
        let mut visit = Visit::begin();
        let entries = visit.amended("thu 15:30", 2, exceptions);
        assert_eq!(recount(&entries).2, rearmed);
        assert_eq!(visit.timer("warn/work/50%"), warning, "{exceptions}");
    }
}

#[test]
fn a_delay_is_armed_anew_from_when_its_state_was_entered() {
    let mut visit = Visit::begin();
    let before = visit.timer("after/working/0").unwrap();
    let entries = visit.amended("thu 16:00", 2, FRIDAY_OFF);
    let after = visit.timer("after/working/0").unwrap();
    assert_eq!(after.millis_since(before), 24 * 3_600_000);
    assert!(entries.contains(&Entry::TimerArmed {
        timer: "after/working/0".into(),
        due_at: after
    }));
    visit.tick_until("wed 17:00");
    assert!(visit.case.as_ref().unwrap().is_in("working"));
}

#[test]
fn a_case_follows_once_and_only_the_clock_makes_it() {
    let mut visit = Visit::begin();
    assert_eq!(visit.follow(), Err(Refusal::NothingToFollow));
    visit.amended("thu 16:00", 2, FRIDAY_OFF);
    assert_eq!(visit.follow(), Err(Refusal::NothingToFollow));
    visit.amend(3, LONG_THURSDAY);
    let by_a_clerk = visit.submit(clerk(), Act::FollowCalendar, None);
    assert_eq!(by_a_clerk, Err(Refusal::OnlyTheClock));
    assert_eq!(recount(&visit.follow().unwrap()).4, hall(3));
}

#[test]
fn an_older_version_that_is_published_later_moves_nothing() {
    let mut visit = Visit::begin();
    visit.amended("thu 16:00", 3, FRIDAY_OFF);
    visit.amend(2, LONG_THURSDAY);
    assert_eq!(visit.follow(), Err(Refusal::NothingToFollow));
    assert_eq!(visit.library.calendars().next().unwrap().version(), 3);
}

#[test]
fn an_end_recorded_late_is_judged_by_the_calendar_known_when_it_is_recorded() {
    let mut visit = Visit::begin();
    visit.amended("fri 11:00", 2, FRIDAY_OFF);
    // It was filed at 10:30, before the amendment and after the old due instant.
    let entries = visit.submit(clerk(), fire("file"), Some(at("fri 10:30")));
    assert!(entries.unwrap().iter().any(|entry| matches!(
        entry,
        Entry::ClockStopped {
            verdict: Verdict::Met,
            ..
        }
    )));
}

#[test]
fn what_fell_due_while_nothing_ran_still_happens_at_its_own_instant() {
    let mut visit = Visit::begin();
    visit.amend(2, FRIDAY_OFF);
    visit.now = at("wed 09:00");
    visit.follow().unwrap();
    let commit = visit.journal.last().unwrap();
    assert_eq!(
        (commit.effective_at, commit.recorded_at),
        (at("thu 15:00"), at("wed 09:00"))
    );
    visit.tick_until("wed 09:00");
    let breach = visit.journal.last().unwrap();
    assert_eq!(
        breach.effective_at,
        at("mon 10:00").saturating_add_millis(1)
    );
}

fn defer_the_lease(visit: &mut Visit) {
    let act = Act::Defer {
        documents: vec!["lease".into()],
        letter: "承诺书1号".into(),
        note: None,
    };
    visit.submit(clerk(), act, None).unwrap();
    assert_eq!(
        visit.timer("defer/lease"),
        Some(at("fri 10:00").saturating_add_millis(1))
    );
}

#[test]
fn a_deferred_paper_has_as_long_as_the_newest_calendar_says() {
    let mut visit = Visit::begin();
    defer_the_lease(&mut visit);
    visit.amended("thu 16:00", 2, FRIDAY_OFF);
    let case = visit.case.as_ref().unwrap();
    assert_eq!(case.deferred_until("lease"), Some(at("mon 10:00")));
    // What follows then comes at its own instant, and ends the case.
    let entries = visit.tick_until("tue 09:00");
    let failed = Entry::DeferralFailed {
        document: "lease".into(),
    };
    assert!(entries.contains(&failed), "{entries:?}");
    let case = visit.case.as_ref().unwrap();
    assert!(case.is_in("lapsed"));
    assert_eq!(case.effective_at, at("mon 10:00").saturating_add_millis(1));
}

#[test]
fn a_time_that_was_extended_to_a_date_stays_there() {
    let mut visit = Visit::begin();
    defer_the_lease(&mut visit);
    let act = Act::ExtendDeferral {
        document: "lease".into(),
        until: at("fri 18:00"),
        reason: "台风".into(),
    };
    visit.submit(clerk(), act, None).unwrap();
    visit.amended("thu 16:00", 2, FRIDAY_OFF);
    let case = visit.case.as_ref().unwrap();
    assert_eq!(case.deferred_until("lease"), Some(at("fri 18:00")));
}
