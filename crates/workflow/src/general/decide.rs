//! Decides the general acts.

use std::collections::BTreeSet;

use groundbreak_sla::{
    ClockEvent, ClockEventKind, Goal, Objection, Party, PauseReason, Timestamp, admit,
};

use crate::data::invalid;
use crate::draft::Draft;
use crate::general::{GeneralAct, GeneralDone, GeneralKind, GeneralRefusal, Person, Relation};
use crate::handling::Handling;
use crate::input::{NOTE_LENGTH_MAX, TITLE_LENGTH_MAX, check_line, check_text, effective};
use crate::signing::{sign_as_any, sign_as_permitted, sign_by_name};
use crate::standing::uncomputable;
use crate::supervision::OrderStage;
use crate::workflow::Clock;
use crate::{
    Actor, Case, ClockHistory, Command, Data, DecideError, Decision, Entry, Refusal, Signature,
    Stuck, Text, Value, Workflow,
};

/// Decides a general act on a case.
pub(crate) fn decide_general(
    workflow: &Workflow,
    case: &Case,
    command: &Command,
    act: &GeneralAct,
    now: Timestamp,
) -> Result<Decision, DecideError> {
    let by = sign_general(workflow, case, &command.actor, act)?;
    check_texts(act)?;
    let at = effective(workflow, command, &by, Some(case), act.reason(), now)?;
    // What asks for no permission is not an act in a role, so it does not count for separation of
    // duties.
    let by = match act.kind().permission() {
        Some(_) => by,
        None => Signature { role: None, ..by },
    };
    let done = decided(workflow, case, &command.actor, act, at)?;
    let clock = match act {
        GeneralAct::Extend { .. } | GeneralAct::Excuse { .. } => {
            Some(of_clock(workflow, case, act, at, now)?)
        }
        _ => None,
    };
    let mut draft = Draft::new(workflow, case, by, command.id, at, now);
    draft.record(Entry::General(done.clone()));
    match &done.act {
        GeneralAct::Suspend { .. } | GeneralAct::Resume { .. } => {
            for (name, clock) in &workflow.clocks {
                if draft.runs(name) {
                    draft.pause_or_resume(name, clock);
                }
            }
        }
        GeneralAct::Correct { field, value, .. } => {
            draft.record(Entry::FactsRecorded {
                data: Data::from([(field.clone(), value.clone())]),
            });
            if !workflow.is_closed(case) {
                draft.settle()?;
            }
        }
        _ => {}
    }
    if let Some(entry) = clock {
        draft.record(entry);
    }
    Ok(draft.finish()?)
}

/// Signs for an act: by permission, as the holder, as who was asked, or as anybody with a role.
fn sign_general(
    workflow: &Workflow,
    case: &Case,
    actor: &Actor,
    act: &GeneralAct,
) -> Result<Signature, Refusal> {
    let title = act.kind().title();
    let holds = case.handling.is_held_by(&actor.id);
    match act {
        GeneralAct::Release { .. }
        | GeneralAct::Transfer { .. }
        | GeneralAct::Delegate { .. }
        | GeneralAct::EndDelegation { .. } => {
            if holds {
                Ok(sign_by_name(actor))
            } else {
                Err(not_the_handler(case, title))
            }
        }
        GeneralAct::AskReview { .. } if case.handling.handler.is_some() => {
            if holds {
                Ok(sign_by_name(actor))
            } else {
                Err(not_the_handler(case, title))
            }
        }
        GeneralAct::AnswerReview { .. } => {
            let asked = case.handling.reviews.iter();
            if asked.into_iter().any(|review| review.of.id == actor.id) {
                Ok(sign_by_name(actor))
            } else {
                Err(GeneralRefusal::ReviewNotAsked.into())
            }
        }
        GeneralAct::SignOrder { order } | GeneralAct::AnswerOrder { order, .. } => {
            match case.orders.iter().find(|known| known.number == *order) {
                None => Err(GeneralRefusal::UnknownOrder { order: *order }.into()),
                Some(known) if known.to.id == actor.id => Ok(sign_by_name(actor)),
                Some(known) => Err(GeneralRefusal::NotYourOrder {
                    order: *order,
                    to: known.to.name.clone(),
                }
                .into()),
            }
        }
        GeneralAct::Assign { .. } if holds => Ok(sign_by_name(actor)),
        _ => match act.kind().permission() {
            Some(permission) => sign_as_permitted(workflow, actor, permission, &title),
            None => sign_as_any(workflow, actor, &title),
        },
    }
}

fn not_the_handler(case: &Case, act: Text) -> Refusal {
    let by = case.handling.handler.as_ref();
    GeneralRefusal::NotTheHandler {
        act,
        by: by.map(|handler| handler.person.name.clone()),
    }
    .into()
}

/// Checks every text that comes with an act.
fn check_texts(act: &GeneralAct) -> Result<(), Refusal> {
    let line = |input: &str, text: &str| check_line(input, text, TITLE_LENGTH_MAX);
    let note = |input: &str, text: &str| check_text(input, text, NOTE_LENGTH_MAX);
    let some =
        |input: &str, text: &Option<String>, check: &dyn Fn(&str, &str) -> Result<(), Refusal>| {
            text.as_ref().map_or(Ok(()), |text| check(input, text))
        };
    let person = |input: &str, person: &Person| {
        check_line(input, &person.id, Actor::ID_LENGTH_MAX)?;
        line(input, &person.name)
    };
    match act {
        GeneralAct::Claim { team } => some("team", team, &line),
        GeneralAct::Release { reason } => note("reason", reason),
        GeneralAct::Assign { to, team, reason } => {
            person("to", to)?;
            some("team", team, &line)?;
            some("reason", reason, &note)
        }
        GeneralAct::Transfer { to, team, reason } => {
            person("to", to)?;
            some("team", team, &line)?;
            note("reason", reason)
        }
        GeneralAct::Delegate { to, reason, .. } => {
            person("to", to)?;
            note("reason", reason)
        }
        GeneralAct::EndDelegation { to } => person("to", to),
        GeneralAct::AskReview { of, question } => {
            person("of", of)?;
            note("question", question)
        }
        GeneralAct::AnswerReview { text, .. }
        | GeneralAct::Urge { text }
        | GeneralAct::AnswerOrder { text, .. }
        | GeneralAct::ReviewOrder { text, .. } => note("text", text),
        GeneralAct::Supervise { to, text, .. } => {
            person("to", to)?;
            note("text", text)
        }
        GeneralAct::SignOrder { .. } => Ok(()),
        GeneralAct::CloseOrder { text, .. } => some("text", text, &note),
        GeneralAct::Suspend {
            reason,
            law,
            document,
            approved_by,
        } => {
            line("reason", reason)?;
            // A law that is missing is refused by its own name.
            if !law.trim().is_empty() {
                line("law", law)?;
            }
            some("document", document, &line)?;
            line("approved_by", approved_by)
        }
        GeneralAct::Resume { reason, note: said } => {
            line("reason", reason)?;
            some("note", said, &note)
        }
        GeneralAct::Extend {
            by,
            reason,
            approved_by,
            ..
        } => {
            line("by", by)?;
            note("reason", reason)?;
            line("approved_by", approved_by)
        }
        GeneralAct::Excuse {
            reason, document, ..
        } => {
            note("reason", reason)?;
            some("document", document, &line)
        }
        GeneralAct::Correct { reason, .. } => note("reason", reason),
        GeneralAct::Link {
            number, note: said, ..
        } => {
            line("case", number)?;
            some("note", said, &note)
        }
    }
}

/// Works out what the journal keeps of an act.
fn decided(
    workflow: &Workflow,
    case: &Case,
    actor: &Actor,
    act: &GeneralAct,
    at: Timestamp,
) -> Result<GeneralDone, Refusal> {
    let mut done = GeneralDone::of(act);
    match act {
        GeneralAct::Claim { team } => {
            if let Some(handler) = &case.handling.handler {
                let by = handler.person.name.clone();
                return Err(GeneralRefusal::AlreadyHeld { by }.into());
            }
            done.team = team.clone().or_else(|| actor.department.clone());
            needs_team(workflow, &done)?;
        }
        GeneralAct::Assign { to, team, .. } | GeneralAct::Transfer { to, team, .. } => {
            let handler = case.handling.handler.as_ref();
            if let Some(handler) = handler.filter(|handler| handler.person.id == to.id) {
                let by = handler.person.name.clone();
                return Err(GeneralRefusal::AlreadyHeld { by }.into());
            }
            let before = handler.and_then(|handler| handler.team.clone());
            done.team = team.clone().or(before);
            needs_team(workflow, &done)?;
        }
        GeneralAct::Delegate { to, until, .. } => {
            if to.id == actor.id {
                return Err(wrong(
                    "to",
                    "不能委托给自己。请填他人的账号。",
                    "nobody delegates to themselves; name somebody else.",
                ));
            }
            later("until", *until, at)?;
            let held = actor.roles.iter();
            let held = held.filter(|role| workflow.roles.contains_key(*role));
            done.roles = held.cloned().collect::<BTreeSet<_>>();
        }
        GeneralAct::EndDelegation { to } => {
            let known = |id: &str| case.handling.delegated_to(id, at).next().is_some();
            if !known(&to.id) {
                return Err(wrong(
                    "to",
                    "没有对此人的有效委托。请核对账号。",
                    "nothing is delegated to them now. Check the account.",
                ));
            }
        }
        GeneralAct::AskReview { of, .. } => {
            let asked = case.handling.reviews.iter();
            if let Some(asked) = asked.into_iter().find(|asked| asked.of.id == of.id) {
                let of = asked.of.name.clone();
                return Err(GeneralRefusal::ReviewAlreadyAsked { of }.into());
            }
        }
        GeneralAct::Urge { .. } => {
            if let Some(last) = case.handling.urged.get(&actor.id) {
                let next_at = last.saturating_add_millis(Handling::URGE_EVERY_MS);
                if at < next_at {
                    return Err(GeneralRefusal::UrgedRecently { next_at }.into());
                }
            }
        }
        GeneralAct::Supervise { due_at, .. } => {
            later("due_at", *due_at, at)?;
            let numbers = case.orders.iter().map(|order| order.number);
            done.order = Some(numbers.max().unwrap_or(0).saturating_add(1));
        }
        GeneralAct::Suspend {
            reason,
            law,
            document,
            ..
        } => check_suspension(workflow, case, reason, law, document.as_deref())?,
        GeneralAct::Resume { reason, .. } => {
            let reasons: Vec<String> = case
                .suspensions
                .iter()
                .map(|suspended| suspended.name.clone())
                .collect();
            if !reasons.contains(reason) {
                return Err(GeneralRefusal::NotSuspended { reasons }.into());
            }
        }
        GeneralAct::Correct { field, value, .. } => {
            let typed = Data::from([(field.clone(), value.clone())]);
            let kept = workflow.accept_data(&typed)?;
            let kept = kept.get(field).unwrap_or(value);
            done.before = Some(correctable(case, field, kept)?);
            if let GeneralAct::Correct { value, .. } = &mut done.act {
                value.clone_from(kept);
            }
        }
        GeneralAct::Link {
            case: other,
            number,
            relation,
            ..
        } => check_link(case, *other, number, *relation)?,
        _ => check_order(case, act)?,
    }
    Ok(done)
}

fn wrong(input: &str, zh: &str, en: &str) -> Refusal {
    Refusal::InvalidInput {
        input: input.to_owned(),
        problem: Text::new(zh, en),
    }
}

fn later(input: &str, until: Timestamp, at: Timestamp) -> Result<(), Refusal> {
    if until > at {
        return Ok(());
    }
    Err(wrong(
        input,
        "应晚于现在。请填以后的时间。",
        "it must lie ahead; give a later time.",
    ))
}

/// Where a workflow wants a handler, it wants a team as well.
fn needs_team(workflow: &Workflow, done: &GeneralDone) -> Result<(), Refusal> {
    if !workflow.needs_handler || done.team.is_some() {
        return Ok(());
    }
    Err(wrong(
        "team",
        "本流程每一环节须有专人专班。请填写专班。",
        "every step of this workflow has a person and a team; name the team.",
    ))
}

fn check_suspension(
    workflow: &Workflow,
    case: &Case,
    name: &str,
    law: &str,
    document: Option<&str>,
) -> Result<(), Refusal> {
    let reason = name.to_owned();
    if case.suspensions.iter().any(|held| held.name == name) {
        return Err(GeneralRefusal::AlreadySuspended { reason }.into());
    }
    let party = PauseReason::named(name).party;
    let pauses = |clock: &Clock| clock.paused_by.contains(&party);
    if party == Party::Other || party == Party::Closed || !workflow.clocks.values().any(pauses) {
        return Err(GeneralRefusal::NothingToPause { reason }.into());
    }
    if law.trim().is_empty() {
        return Err(GeneralRefusal::PauseWithoutLaw { reason }.into());
    }
    let named = document.is_some_and(|document| !document.trim().is_empty());
    if party == Party::SpecialProcedure && !named {
        return Err(GeneralRefusal::PauseWithoutDocument { reason }.into());
    }
    Ok(())
}

/// Returns the value that stands before a correction.
fn correctable(case: &Case, field: &str, value: &Value) -> Result<Value, Refusal> {
    match case.data.get(field) {
        None => Err(invalid(
            field,
            Text::new(
                "尚未登记，无从更正。请在相应动作中填写。",
                "it was not recorded, so it cannot be corrected. Give it with the act that asks for it.",
            ),
        )),
        Some(before) if before == value => Err(invalid(
            field,
            Text::new(
                "已经是这个值。请核对。",
                "it has this value already. Check it.",
            ),
        )),
        Some(before) => Ok(before.clone()),
    }
}

fn check_link(
    case: &Case,
    other: crate::CaseId,
    number: &str,
    relation: Relation,
) -> Result<(), Refusal> {
    if other == case.id {
        return Err(wrong(
            "case",
            "不能与自己关联。请填另一办件。",
            "a case is not linked to itself; name another.",
        ));
    }
    let known = |link: &&crate::Link| link.case == other && link.relation == relation;
    if case.links.iter().any(|link| known(&link)) {
        let number = number.to_owned();
        return Err(GeneralRefusal::AlreadyLinked { number }.into());
    }
    Ok(())
}

/// The order an act is about must be there, and as far as the act wants it.
fn check_order(case: &Case, act: &GeneralAct) -> Result<(), Refusal> {
    let Some((order, wanted)) = act.order() else {
        return Ok(());
    };
    let Some(known) = case.orders.iter().find(|known| known.number == order) else {
        return Err(GeneralRefusal::UnknownOrder { order }.into());
    };
    let stage: OrderStage = known.stage;
    if stage == wanted {
        Ok(())
    } else {
        Err(GeneralRefusal::OrderStep { order, stage }.into())
    }
}

/// Works out what an extension or an excuse does to its clock.
fn of_clock(
    workflow: &Workflow,
    case: &Case,
    act: &GeneralAct,
    at: Timestamp,
    now: Timestamp,
) -> Result<Entry, DecideError> {
    let (GeneralAct::Extend { clock: name, .. } | GeneralAct::Excuse { clock: name, .. }) = act
    else {
        return Err(Refusal::NothingDue.into());
    };
    let Some(clock) = workflow.clocks.get(name) else {
        return Err(Refusal::from(GeneralRefusal::UnknownClock {
            clock: name.clone(),
            known: workflow.clocks.keys().cloned().collect(),
        })
        .into());
    };
    let not_started = || {
        Refusal::from(GeneralRefusal::ClockNotStarted {
            clock: clock.title.clone(),
        })
    };
    let history = case.clocks.get(name).ok_or_else(not_started)?;
    match act {
        GeneralAct::Extend {
            by,
            reason,
            approved_by,
            ..
        } => {
            let more: Goal =
                by.parse()
                    .map_err(|error: groundbreak_sla::GoalError| Refusal::InvalidInput {
                        input: "by".into(),
                        problem: error.text(),
                    })?;
            let change = Extension {
                more,
                reason,
                approved_by,
            };
            extend(workflow, case, (name, clock, history), &change, (at, now))
        }
        GeneralAct::Excuse {
            reason, document, ..
        } => {
            let kind = ClockEventKind::Excuse {
                reason: reason.clone(),
                document: document.clone(),
            };
            let event = ClockEvent::at(now, kind).effective(at);
            admitted(workflow, clock, history, &event)?;
            Ok(Entry::ClockExcused {
                clock: name.clone(),
                reason: reason.clone(),
                document: document.clone(),
            })
        }
        _ => Err(not_started().into()),
    }
}

/// How a clock is extended.
struct Extension<'a> {
    more: Goal,
    reason: &'a str,
    approved_by: &'a str,
}

fn extend(
    workflow: &Workflow,
    case: &Case,
    (name, clock, history): (&str, &Clock, &ClockHistory),
    change: &Extension<'_>,
    (at, now): (Timestamp, Timestamp),
) -> Result<Entry, DecideError> {
    let Some(before) = workflow.clock_reading(case, name, at)? else {
        return Err(Refusal::from(GeneralRefusal::ClockNotStarted {
            clock: clock.title.clone(),
        })
        .into());
    };
    let longer = before.goal.extended_by(change.more.budget());
    let Some(goal) = longer else {
        return Err(Refusal::from(GeneralRefusal::GoalOtherUnit { goal: before.goal }).into());
    };
    let kind = ClockEventKind::SetGoal {
        goal,
        reason: change.reason.to_owned(),
        approved_by: Some(change.approved_by.to_owned()),
    };
    let event = ClockEvent::at(now, kind).effective(at);
    admitted(workflow, clock, history, &event)?;
    let mut events = history.events.clone();
    events.push(event);
    let after = workflow.fold_clock(&clock.policy, &events, at)?;
    Ok(Entry::ClockGoalChanged {
        clock: name.to_owned(),
        before: before.goal,
        goal,
        due_before: before.due,
        due_at: after.due,
        rearmed: history.given_and_ahead(&after, at),
    })
}

/// Asks whether an event may be recorded for a clock.
fn admitted(
    workflow: &Workflow,
    clock: &Clock,
    history: &ClockHistory,
    event: &ClockEvent,
) -> Result<(), DecideError> {
    let title = || clock.title.clone();
    let objection = match admit(&clock.policy, workflow.calendars(), &history.events, event) {
        Ok(()) => return Ok(()),
        Err(Objection::Clock(error)) => return Err(Stuck::from_clock(&error).into()),
        Err(objection) => objection,
    };
    let refusal = match objection {
        Objection::OtherUnit { goal } => GeneralRefusal::GoalOtherUnit { goal },
        Objection::NoExtension => GeneralRefusal::ExtensionNotAllowed { clock: title() },
        Objection::TooLong { longest } => GeneralRefusal::ExtensionTooLong {
            clock: title(),
            longest,
        },
        Objection::TooLate => GeneralRefusal::ExtensionTooLate { clock: title() },
        Objection::NothingMissed => GeneralRefusal::NothingToExcuse { clock: title() },
        _ => GeneralRefusal::ClockNotStarted { clock: title() },
    };
    Err(Refusal::from(refusal).into())
}

impl Stuck {
    fn from_clock(error: &groundbreak_sla::ClockError) -> Self {
        uncomputable(error)
    }
}

/// Tells whether somebody may do a kind of general act now, as far as that is known without what
/// the act brings.
pub(crate) fn may_do(
    workflow: &Workflow,
    case: &Case,
    actor: &Actor,
    kind: GeneralKind,
    now: Timestamp,
) -> bool {
    let handling = &case.handling;
    let holds = handling.is_held_by(&actor.id);
    let has_role = actor
        .roles
        .iter()
        .any(|role| workflow.roles.contains_key(role));
    let permitted = kind.permission().is_some_and(|permission| {
        workflow
            .roles
            .iter()
            .any(|(name, role)| actor.roles.contains(name) && role.may.contains(&permission))
    });
    let order = |stage: OrderStage, mine: bool| {
        case.orders
            .iter()
            .any(|order| order.stage == stage && (!mine || order.to.id == actor.id))
    };
    if workflow.is_closed(case) && !kind.outlives_the_case() {
        return false;
    }
    match kind {
        GeneralKind::Claim => has_role && handling.handler.is_none(),
        GeneralKind::Release | GeneralKind::Transfer | GeneralKind::Delegate => holds,
        GeneralKind::Assign => holds || permitted,
        GeneralKind::EndDelegation => holds && handling.delegations.iter().any(|it| now < it.until),
        GeneralKind::AskReview => holds || handling.handler.is_none() && has_role,
        GeneralKind::AnswerReview => handling.reviews.iter().any(|it| it.of.id == actor.id),
        GeneralKind::Urge => {
            let last = handling.urged.get(&actor.id);
            has_role
                && last
                    .is_none_or(|last| now >= last.saturating_add_millis(Handling::URGE_EVERY_MS))
        }
        GeneralKind::Link => has_role,
        GeneralKind::SignOrder => order(OrderStage::Issued, true),
        GeneralKind::AnswerOrder => order(OrderStage::Signed, true),
        GeneralKind::ReviewOrder => permitted && order(OrderStage::Answered, false),
        GeneralKind::CloseOrder => permitted && order(OrderStage::Reviewed, false),
        GeneralKind::Suspend => {
            permitted
                && workflow
                    .clocks
                    .values()
                    .any(|clock| !clock.paused_by.is_empty())
        }
        GeneralKind::Resume => permitted && !case.suspensions.is_empty(),
        GeneralKind::Extend => {
            permitted
                && workflow.clocks.iter().any(|(name, clock)| {
                    clock.policy.extension.is_some()
                        && case.clocks.get(name).is_some_and(|it| !it.ended)
                })
        }
        GeneralKind::Excuse => {
            permitted
                && case
                    .clocks
                    .values()
                    .any(|history| history.breached.is_some())
        }
        GeneralKind::Supervise => permitted,
        GeneralKind::Correct => permitted && !case.data.is_empty(),
    }
}
