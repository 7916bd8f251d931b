use groundbreak_sla::{BreachCause, Timestamp};
use groundbreak_statechart::{Cause, Event, Microstep};

use crate::data::invalid;
use crate::deferral;
use crate::draft::Draft;
use crate::follow::follow;
use crate::general::decide_general;
use crate::input::{
    NOTE_LENGTH_MAX, TITLE_LENGTH_MAX, check_actor, check_line, check_text, effective,
    longer_number, number,
};
use crate::outbox::{decide_on_dead_letter, settle};
use crate::signing::{sign, sign_as_any, sign_as_case};
use crate::suggest::nearest;
use crate::workflow::{EventKind, Transition};
use crate::{
    Act, Case, ClosedGate, Command, Commit, CommitDigest, Data, Entry, FoldError, GeneralRefusal,
    Parent, Refusal, Signature, Term, TermValue, Text, Timer, Workflow, encode_commit,
};

/// What is to be written for a command: all of it, or nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The next commit of the case.
    pub commit: Commit,
    /// The same as it is to be stored, byte for byte: `case` holds the digest of it.
    pub record: Vec<u8>,
    /// The case after it.
    pub case: Case,
    /// Every timer the case has then, earliest first.
    pub timers: Vec<Timer>,
    /// Everything it can be found by then.
    pub terms: Vec<Term>,
}

impl Decision {
    /// Gives a case that is to be opened a number of one digit more, since another case has its
    /// number.
    ///
    /// # Errors
    ///
    /// [`Refusal::CaseExists`] when there is no digit to add, or the case is open already.
    pub fn lengthen_number(&mut self) -> Result<(), Refusal> {
        let taken = || Refusal::CaseExists {
            number: self.case.number.clone(),
        };
        let longer = longer_number(&self.case.number, self.case.id).ok_or_else(taken)?;
        match self.commit.entries.first_mut() {
            Some(Entry::Opened { number, .. }) => number.clone_from(&longer),
            _ => return Err(taken()),
        }
        for term in self.terms.iter_mut().filter(|term| term.name == "number") {
            term.value = TermValue::Text(longer.clone());
        }
        self.case.number = longer;
        self.record = encode_commit(&self.commit);
        let digest = CommitDigest::of(&self.record);
        self.case.link(&self.commit, digest);
        Ok(())
    }
}

/// Why there is no decision.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DecideError {
    /// The rules do not allow it now.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The case cannot go on. This is a fault of its definition, its journal or this program, and
    /// not of the command.
    #[error(transparent)]
    Stuck(#[from] Stuck),
}

/// Why a case cannot go on. Nothing was written, and nothing is until the cause is mended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Stuck {
    /// The journal does not fold.
    #[error("the journal does not fold: {source}")]
    Journal {
        /// Why.
        source: FoldError,
    },
    /// The states of the case are none of its workflow, or not together.
    #[error("the case is where its workflow cannot be: {problem}")]
    Place {
        /// Which states.
        problem: String,
    },
    /// A step does not come to rest.
    #[error("the step cannot be taken: {problem}")]
    Step {
        /// Why.
        problem: String,
    },
    /// A clock cannot be computed.
    #[error("the clock cannot be computed: {problem}")]
    Clock {
        /// Why.
        problem: String,
    },
}

/// Decides a command on a case: what is to be written, or why not.
///
/// `case` is `None` for [`Act::Open`] and the folded case otherwise. It must have followed the
/// newest calendar of the workflow, and its timers that are due by `now` must have been fired
/// before; the engine sees to that. Refusals come in this order:
/// the case is closed or has moved on, the actor's role and separation of duties, time and input,
/// whether the event leads on from here, its condition, documents, legal gates.
///
/// # Errors
///
/// [`DecideError::Refused`] when the rules do not allow it; [`DecideError::Stuck`] when the case
/// cannot go on.
pub fn decide(
    workflow: &Workflow,
    case: Option<&Case>,
    command: &Command,
    now: Timestamp,
) -> Result<Decision, DecideError> {
    check_actor(&command.actor)?;
    match (&command.act, case) {
        (Act::Open { title, data, .. }, None) => open(workflow, command, title, data, None, now),
        (
            Act::OpenChild {
                title,
                data,
                parent,
                ..
            },
            None,
        ) => open(workflow, command, title, data, Some(parent), now),
        (Act::Open { .. } | Act::OpenChild { .. }, Some(case)) => Err(Refusal::CaseExists {
            number: case.number.clone(),
        }
        .into()),
        (_, None) => Err(Refusal::CaseNotFound {
            case: command.case.to_string(),
        }
        .into()),
        (act, Some(case)) => {
            if let Some(seen) = command.seen_revision.filter(|seen| *seen != case.revision) {
                return Err(Refusal::StaleRevision {
                    seen,
                    actual: case.revision,
                }
                .into());
            }
            if workflow.is_closed(case)
                && !is_allowed_when_closed(act)
                && !deferral::outlives(case, act)
            {
                return Err(Refusal::CaseClosed {
                    number: case.number.clone(),
                }
                .into());
            }
            match act {
                Act::Fire { event, data, note } => {
                    fire(workflow, case, command, event, data, note.as_deref(), now)
                }
                Act::Attach {
                    document,
                    file_name,
                    digest,
                    note,
                } => {
                    let attached = Entry::DocumentAttached {
                        document: document.clone(),
                        file_name: file_name.clone(),
                        digest: digest.clone(),
                        note: note.clone(),
                    };
                    check_attachment(workflow, document, file_name, digest, note.as_deref())?;
                    workflow.check_may_attach(document, &command.actor)?;
                    annotate(workflow, case, command, attached, note.as_deref(), now)
                }
                Act::Defer {
                    documents,
                    letter,
                    note,
                } => deferral::defer(
                    workflow,
                    case,
                    command,
                    (documents, letter, note.as_deref()),
                    now,
                ),
                Act::ExtendDeferral {
                    document,
                    until,
                    reason,
                } => deferral::extend(workflow, case, command, (document, *until, reason), now),
                Act::Comment { text } => {
                    check_text("text", text, NOTE_LENGTH_MAX)?;
                    // A remark is its own reason.
                    annotate(
                        workflow,
                        case,
                        command,
                        Entry::Commented { text: text.clone() },
                        Some(text),
                        now,
                    )
                }
                Act::General(act) => decide_general(workflow, case, command, act, now),
                Act::Tick => tick(workflow, case, command, now),
                Act::FollowCalendar => follow(workflow, case, command, now),
                Act::SettleEffect {
                    effect,
                    attempt,
                    outcome,
                } => settle(workflow, case, command, (*effect, *attempt), outcome, now),
                Act::ResendEffect { effect, note } => {
                    let (effect, note) = (*effect, note.clone());
                    let entry = Entry::EffectResent { effect, note };
                    decide_on_dead_letter(workflow, case, command, entry, now)
                }
                Act::DropEffect { effect, reason } => {
                    let (effect, reason) = (*effect, reason.clone());
                    let entry = Entry::EffectDropped { effect, reason };
                    decide_on_dead_letter(workflow, case, command, entry, now)
                }
                Act::Open { .. } | Act::OpenChild { .. } => Err(Refusal::CaseExists {
                    number: case.number.clone(),
                }
                .into()),
            }
        }
    }
}

/// What is said of a case, and what becomes of its effects, does not end with it.
fn is_allowed_when_closed(act: &Act) -> bool {
    matches!(
        act,
        Act::Comment { .. }
            | Act::SettleEffect { .. }
            | Act::ResendEffect { .. }
            | Act::DropEffect { .. }
    ) || matches!(act, Act::General(act) if act.kind().outlives_the_case())
}

fn open(
    workflow: &Workflow,
    command: &Command,
    title: &str,
    data: &Data,
    parent: Option<&Parent>,
    now: Timestamp,
) -> Result<Decision, DecideError> {
    let act = Text::new("新接件", "Open a case");
    let by = match parent {
        None => sign_as_any(workflow, &command.actor, &act)?,
        Some(_) => sign_as_case(&command.actor)?,
    };
    check_line("title", title, TITLE_LENGTH_MAX)?;
    let data = workflow.accept_data(data)?;
    for (name, field) in workflow.fields.iter().filter(|(_, field)| field.required) {
        if !data.contains_key(name) {
            return Err(missing(name, &field.title).into());
        }
    }
    let at = effective(workflow, command, &by, None, None, now)?;
    // Opening a case is not an act in a role, so it does not count for separation of duties.
    let by = Signature { role: None, ..by };
    let opening = Commit {
        case: command.case,
        revision: 1,
        command: command.id,
        by,
        effective_at: at,
        recorded_at: now,
        entries: vec![Entry::Opened {
            workflow: workflow.name.clone(),
            version: workflow.version,
            digest: workflow.digest.clone(),
            number: number(workflow, command, at),
            title: title.trim().to_owned(),
        }],
        previous: None,
    };
    let mut draft = Draft::open(workflow, &opening)?;
    if !data.is_empty() {
        draft.record(Entry::FactsRecorded { data });
    }
    if let Some(parent) = parent {
        draft.record(Entry::Invoked {
            parent: parent.clone(),
        });
    }
    draft.start()?;
    Ok(draft.finish()?)
}

fn fire(
    workflow: &Workflow,
    case: &Case,
    command: &Command,
    event: &str,
    data: &Data,
    note: Option<&str>,
    now: Timestamp,
) -> Result<Decision, DecideError> {
    let Some(kind) = workflow.events.get(event) else {
        let suggestion =
            nearest(event, workflow.events.keys().map(String::as_str)).map(str::to_owned);
        return Err(Refusal::UnknownEvent {
            event: event.to_owned(),
            suggestion,
        }
        .into());
    };
    let by = sign(workflow, case, &command.actor, kind, now)?;
    if workflow.needs_handler && !command.actor.is_case() && case.handling.handler.is_none() {
        return Err(Refusal::from(GeneralRefusal::NoHandler).into());
    }
    if let Some(note) = note {
        check_text("note", note, NOTE_LENGTH_MAX)?;
    }
    let at = effective(workflow, command, &by, Some(case), note, now)?;
    let data = accept_asked(workflow, case, kind, data)?;
    let mut draft = Draft::new(workflow, case, by, command.id, at, now);
    draft.record(Entry::Fired {
        event: event.to_owned(),
        note: note.map(str::to_owned),
    });
    if !data.is_empty() {
        draft.record(Entry::FactsRecorded { data });
    }
    let outlook = draft.look(Event::Named(event))?;
    let Some(first) = outlook
        .step
        .microsteps
        .first()
        .filter(|microstep| microstep.cause == Cause::External)
    else {
        return Err(no_way_on(workflow, case, event, kind, &outlook.failed)?.into());
    };
    check_documents(workflow, &draft.case, event, kind, first)?;
    check_gates(workflow, &draft.case, kind, first)?;
    draft.take(&outlook)?;
    Ok(draft.finish()?)
}

/// Says why an event does nothing here: no state answers to it, or conditions do not hold.
fn no_way_on(
    workflow: &Workflow,
    case: &Case,
    event: &str,
    kind: &EventKind,
    failed: &[usize],
) -> Result<Refusal, Stuck> {
    let here: Vec<&Transition> = workflow
        .candidates(case)?
        .into_iter()
        .filter(|transition| transition.event.as_deref() == Some(event))
        .collect();
    if here.is_empty() {
        let possible = workflow
            .open_events(case)?
            .into_iter()
            .map(|event| workflow.event_title(event))
            .collect();
        return Ok(Refusal::NotAllowedHere {
            act: kind.title.clone(),
            states: workflow
                .places(case)
                .into_iter()
                .map(|place| place.title)
                .collect(),
            possible,
        });
    }
    let conditions = here
        .iter()
        .filter_map(|transition| transition.guard)
        .filter(|guard| failed.contains(guard))
        .filter_map(|guard| workflow.guards.get(guard))
        .map(|guard| guard.source().to_owned())
        .collect();
    Ok(Refusal::ConditionNotMet {
        act: kind.title.clone(),
        conditions,
    })
}

fn check_documents(
    workflow: &Workflow,
    case: &Case,
    event: &str,
    kind: &EventKind,
    first: &Microstep,
) -> Result<(), Refusal> {
    let taken: Vec<&Transition> = first
        .transitions
        .iter()
        .map(|id| workflow.transition(*id))
        .collect();
    let missing: Vec<Text> = workflow
        .papers_before(case, event, &taken, &[])
        .into_iter()
        .filter(|need| !need.present)
        .map(|need| need.title)
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Refusal::DocumentsMissing {
            act: kind.title.clone(),
            missing,
        })
    }
}

fn check_gates(
    workflow: &Workflow,
    case: &Case,
    kind: &EventKind,
    first: &Microstep,
) -> Result<(), Refusal> {
    let mut closed: Vec<ClosedGate> = Vec::new();
    for name in first
        .transitions
        .iter()
        .flat_map(|id| &workflow.transition(*id).gates)
    {
        let Some(gate) = workflow.gates.get(name) else {
            continue;
        };
        if !workflow.gate_is_open(gate, case) && closed.iter().all(|closed| closed.gate != *name) {
            closed.push(ClosedGate {
                gate: name.clone(),
                title: gate.title.clone(),
                law: gate.law.clone(),
            });
        }
    }
    if closed.is_empty() {
        Ok(())
    } else {
        Err(Refusal::GateClosed {
            act: kind.title.clone(),
            gates: closed,
        })
    }
}

/// Returns the facts that come with an event as they are kept: every fact it asks for is there or
/// known, and no other comes with it.
fn accept_asked(
    workflow: &Workflow,
    case: &Case,
    kind: &EventKind,
    data: &Data,
) -> Result<Data, Refusal> {
    let mut others = data.keys().filter(|name| !kind.asks.contains(name));
    if let Some(name) = others.find(|name| workflow.fields.contains_key(*name)) {
        return Err(invalid(
            name,
            Text::new(
                format!("“{}”不填这一项。", kind.title.zh),
                format!("\"{}\" does not take this field.", kind.title.en),
            ),
        ));
    }
    let data = workflow.accept_data(data)?;
    for name in &kind.asks {
        if !data.contains_key(name) && !case.data.contains_key(name) {
            let title = workflow
                .fields
                .get(name)
                .map_or_else(|| Text::new(name, name), |field| field.title.clone());
            return Err(missing(name, &title));
        }
    }
    Ok(data)
}

fn missing(name: &str, title: &Text) -> Refusal {
    invalid(
        name,
        Text::new(
            format!("请填写{}。", title.zh),
            format!("{} is needed.", title.en),
        ),
    )
}

fn check_attachment(
    workflow: &Workflow,
    document: &str,
    file_name: &str,
    digest: &str,
    note: Option<&str>,
) -> Result<(), Refusal> {
    if !workflow.documents.contains_key(document) {
        let suggestion =
            nearest(document, workflow.documents.keys().map(String::as_str)).map(str::to_owned);
        return Err(Refusal::UnknownDocument {
            document: document.to_owned(),
            suggestion,
        });
    }
    check_line("file_name", file_name, TITLE_LENGTH_MAX)?;
    if digest.len() != 64
        || !digest
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    {
        return Err(Refusal::InvalidInput {
            input: "digest".into(),
            problem: Text::new(
                "应为 SHA-256，64 位小写十六进制。",
                "a SHA-256 digest of 64 lower-case hexadecimal digits is needed.",
            ),
        });
    }
    note.map_or(Ok(()), |note| check_text("note", note, NOTE_LENGTH_MAX))
}

/// Records one entry, and what it makes possible.
fn annotate(
    workflow: &Workflow,
    case: &Case,
    command: &Command,
    entry: Entry,
    note: Option<&str>,
    now: Timestamp,
) -> Result<Decision, DecideError> {
    let act = match &entry {
        Entry::Commented { .. } => Text::new("记一笔", "Comment"),
        _ => Text::new("上传材料", "Attach a document"),
    };
    let by = sign_as_any(workflow, &command.actor, &act)?;
    let at = effective(workflow, command, &by, Some(case), note, now)?;
    // A remark or a paper is not an act in a role, so it does not count for separation of duties.
    let by = Signature { role: None, ..by };
    let mut draft = Draft::new(workflow, case, by, command.id, at, now);
    let attached = match &entry {
        Entry::DocumentAttached { document, .. } => Some(document.clone()),
        _ => None,
    };
    draft.record(entry);
    if let Some(document) = attached {
        draft.clear_deferral(&document);
    }
    if !workflow.is_closed(case) {
        draft.settle()?;
    }
    Ok(draft.finish()?)
}

/// Signs what no person has done.
pub(crate) fn by_the_clock(command: &Command) -> Signature {
    Signature {
        id: command.actor.id.clone(),
        name: command.actor.name.clone(),
        role: None,
        also: Vec::new(),
        department: None,
        on_behalf_of: None,
    }
}

/// Fires the earliest timer that is due.
fn tick(
    workflow: &Workflow,
    case: &Case,
    command: &Command,
    now: Timestamp,
) -> Result<Decision, DecideError> {
    if !command.actor.is_clock() {
        return Err(Refusal::OnlyTheClock.into());
    }
    let Some(timer) = workflow
        .timers(case)?
        .into_iter()
        .next()
        .filter(|timer| timer.due_at <= now)
    else {
        return Err(Refusal::NothingDue.into());
    };
    let by = by_the_clock(command);
    let at = timer.due_at.max(case.effective_at);
    let mut draft = Draft::new(workflow, case, by, command.id, at, now);
    let late_ms = Some(now.millis_since(timer.due_at)).filter(|late| *late > Entry::LATE_MS);
    draft.record(Entry::TimerFired {
        timer: timer.id.clone(),
        due_at: timer.due_at,
        late_ms,
    });
    if let Some((delay, written)) = workflow.delay_by_timer(&timer.id) {
        draft.counts_from = written
            .counts_from
            .as_ref()
            .and_then(|state| case.entered_at(state));
        let outlook = draft.look(Event::Due(delay))?;
        draft.take(&outlook)?;
    } else if let Some((clock, trigger)) = timer
        .id
        .strip_prefix("warn/")
        .and_then(|rest| rest.split_once('/'))
    {
        draft.record(Entry::ClockWarned {
            clock: clock.to_owned(),
            trigger: trigger.to_owned(),
        });
    } else if let Some(document) = deferral::document_of(&timer.id) {
        draft.fail_deferral(document)?;
    } else if let Some(clock) = timer.id.strip_prefix("breach/") {
        let due_at = workflow
            .clock_reading(case, clock, timer.due_at)?
            .and_then(|reading| reading.due)
            .unwrap_or(timer.due_at);
        let cause = match (workflow.clocks.get(clock), case.clocks.get(clock)) {
            (Some(clock), Some(history)) => workflow.breach_cause(clock, &history.events, now)?,
            _ => BreachCause::Work,
        };
        draft.breach(clock, due_at, cause);
    }
    Ok(draft.finish()?)
}
