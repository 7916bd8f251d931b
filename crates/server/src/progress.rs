use groundbreak_workflow::{
    Act, AskedField, Command, Data, DecideError, Entry, FieldType, NextAct, Refusal, StateKind,
    Value, decide,
};

use crate::app::{App, OpenCase};

/// How far an act leads. Lower is further: it is what lists and the next step are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Progress {
    /// On the main path, to where the case has not been.
    Forward,
    /// Back to where it has been: a correction, an application made anew.
    Back,
    /// Off the main path: a withdrawal, a refusal.
    Aside,
    /// Nowhere: it only records something.
    Nowhere,
}

/// Tells how far an act leads, by deciding it without writing anything.
///
/// Facts it asks for that are not known are made up for the purpose, so an act whose way depends
/// on them may be judged by one of its ways. That moves a row, and decides nothing.
pub(crate) fn progress(app: &App, open: &OpenCase, act: &NextAct) -> Progress {
    let Some(role) = act.by.first() else {
        return Progress::Nowhere;
    };
    let data: Data = act
        .asks
        .iter()
        .map(|field| {
            (
                field.name.clone(),
                field.known.clone().unwrap_or_else(|| made_up(field)),
            )
        })
        .collect();
    let command = Command {
        id: app.engine.new_command_id(),
        case: open.case.id,
        // Nobody in particular: who may is another question, and separation of duties with it.
        actor: groundbreak_workflow::Actor::new("-", "-", &role.name),
        seen_revision: None,
        effective_at: None,
        act: Act::Fire {
            event: act.event.clone(),
            data,
            note: None,
        },
    };
    let commit = match decide(&open.workflow, Some(&open.case), &command, open.at.now) {
        Ok(decision) => decision.commit,
        // What is closed by a paper or a gate is worth opening.
        Err(DecideError::Refused(
            Refusal::DocumentsMissing { .. } | Refusal::GateClosed { .. },
        )) => return Progress::Forward,
        Err(_) => return Progress::Aside,
    };
    let mut best = Progress::Nowhere;
    for entry in &commit.entries {
        let Entry::Moved { entered, .. } = entry else {
            continue;
        };
        best = best.min(Progress::Aside);
        for name in entered {
            let Some(state) = open.workflow.states.get(name) else {
                continue;
            };
            if state.aside || !matches!(state.kind, StateKind::Atomic | StateKind::Final) {
                continue;
            }
            let new = !open.case.stays.contains_key(name);
            best = best.min(if new {
                Progress::Forward
            } else {
                Progress::Back
            });
        }
    }
    best
}

/// Returns a value that a field takes, to see where an act would lead.
pub(crate) fn made_up(field: &AskedField) -> Value {
    match field.kind {
        FieldType::Text => Value::Text("-".into()),
        FieldType::Integer | FieldType::Money => Value::Integer(1),
        FieldType::Boolean => Value::Boolean(true),
        FieldType::Date => Value::Text("2000-01-01".into()),
        FieldType::Choice => Value::Text(
            field
                .choices
                .first()
                .map(|(value, _)| value.clone())
                .unwrap_or_default(),
        ),
    }
}

/// Returns the acts whose turn it is, furthest first: those that lead forward, or back where
/// nothing leads forward. What only records, or leads off the main path, is nobody's turn.
pub(crate) fn due_acts<'a>(app: &App, open: &'a OpenCase) -> Vec<&'a NextAct> {
    let ranked: Vec<(Progress, &NextAct)> = open
        .situation
        .acts
        .iter()
        .map(|act| (progress(app, open, act), act))
        .collect();
    let best = ranked
        .iter()
        .map(|(progress, _)| *progress)
        .min()
        .unwrap_or(Progress::Nowhere);
    if best > Progress::Back {
        return Vec::new();
    }
    ranked
        .into_iter()
        .filter(|(progress, _)| *progress == best)
        .map(|(_, act)| act)
        .collect()
}
