use std::collections::BTreeMap;

use groundbreak_sla::{CalendarChange, CalendarRef, ClockEvent, ClockEventKind, Goal, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Case, ClockHistory, Stay};

/// What it took to carry a case over to another version of its workflow: all that folding the
/// journal needs, so that neither definition has to be at hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migrated {
    /// Name of the workflow, which stays.
    pub workflow: String,
    /// The version the case was on.
    pub from_version: u32,
    /// The version it is on now.
    pub version: u32,
    /// SHA-256 of the text of that version.
    pub digest: String,
    /// Why, in the words of the operator.
    pub reason: String,
    /// The mapping of the operator: states that have another name now.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub renamed: BTreeMap<String, String>,
    /// States the case was in that nothing of the new version takes the place of, by their old
    /// names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
    /// All that history states remember now.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub remembered: BTreeMap<String, Vec<String>>,
    /// Roles that have another name now. Who acted in the old one has acted in the new one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub roles: BTreeMap<String, String>,
    /// Facts that no longer count. They stay in the journal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forgotten: Vec<String>,
    /// The version of the calendar that clocks count on which were told none, when the new version
    /// of the workflow was published against another: what is over is not counted anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_on: Option<CalendarRef>,
    /// The goals until now of clocks that the new version does not have, or gives another goal:
    /// what is over is not judged anew.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counted_to: BTreeMap<String, Goal>,
    /// Clocks that ever started and that the new version does not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<String>,
}

impl Case {
    /// Folds the entry of a migration.
    pub(crate) fn carry_over(&mut self, at: Timestamp, migrated: &Migrated) {
        self.version = migrated.version;
        self.digest.clone_from(&migrated.digest);
        for state in &migrated.left {
            self.active.retain(|active| active != state);
            if let Some(stay) = self.stays.get_mut(state).and_then(|stays| stays.last_mut()) {
                stay.to = Some(at);
            }
        }
        self.rename_states(&migrated.renamed);
        self.remembered.clone_from(&migrated.remembered);
        self.data
            .retain(|field, _| !migrated.forgotten.contains(field));
        for (old, new) in &migrated.roles {
            let acted = self.acted.get(old).cloned().unwrap_or_default();
            self.acted.entry(new.clone()).or_default().extend(acted);
        }
        let former = std::mem::take(&mut self.former_clocks);
        for clock in &migrated.retired {
            let version = former.get(clock).copied();
            let version = version.unwrap_or(migrated.from_version);
            self.former_clocks.insert(clock.clone(), version);
        }
        for (name, history) in &mut self.clocks {
            if let Some(calendar) = &migrated.counted_on {
                history.keep_calendar(calendar);
            }
            if let Some(goal) = migrated.counted_to.get(name) {
                history.keep_goal(*goal);
            }
        }
    }

    /// Gives states their new names, all at once: two may change places. What was known of a state
    /// is known of the one that takes its place.
    fn rename_states(&mut self, renamed: &BTreeMap<String, String>) {
        let name = |old: String| renamed.get(&old).cloned().unwrap_or(old);
        let mut active: Vec<String> = Vec::new();
        for state in std::mem::take(&mut self.active).into_iter().map(name) {
            // Of two that become one the first is as good as the other.
            if !active.contains(&state) {
                active.push(state);
            }
        }
        self.active = active;
        for (state, stays) in std::mem::take(&mut self.stays) {
            let known = self.stays.entry(name(state)).or_default();
            if known.is_empty() {
                *known = stays;
            } else {
                known.extend(stays);
                merge(known);
            }
        }
    }
}

/// Puts the stays of states that became one in order. The case is there at most once, since it came
/// to the first of them.
fn merge(stays: &mut Vec<Stay>) {
    stays.sort_by_key(|stay| (stay.to.is_none(), stay.from));
    let mut here = false;
    stays.retain(|stay| stay.to.is_some() || !std::mem::replace(&mut here, true));
}

impl ClockHistory {
    /// Counts on with this version of the calendar what has begun and was told no other.
    fn keep_calendar(&mut self, calendar: &CalendarRef) {
        if !self.was_told(|kind| matches!(kind, ClockEventKind::SetCalendar { .. })) {
            self.keep(ClockEventKind::SetCalendar {
                calendar: calendar.clone(),
                mode: CalendarChange::Retro,
            });
        }
    }

    /// Judges by this goal what has begun, whatever the workflow says from now on.
    fn keep_goal(&mut self, goal: Goal) {
        if !self.was_told(|kind| matches!(kind, ClockEventKind::SetGoal { .. })) {
            self.keep(ClockEventKind::SetGoal {
                goal,
                reason: String::new(),
                approved_by: None,
            });
        }
    }

    /// Tells whether something of this kind stands before its first start.
    fn was_told(&self, kind: impl Fn(&ClockEventKind) -> bool) -> bool {
        let before = self.events.iter().map(|event| &event.kind);
        before
            .take_while(|kind| **kind != ClockEventKind::Start)
            .any(kind)
    }

    /// Returns the goal it was last told, when it was told one.
    pub(crate) fn goal(&self) -> Option<Goal> {
        self.events.iter().rev().find_map(|event| match event.kind {
            ClockEventKind::SetGoal { goal, .. } => Some(goal),
            _ => None,
        })
    }

    /// Puts something before all that has happened to the clock.
    fn keep(&mut self, kind: ClockEventKind) {
        let effective_at = self.events.iter().map(|event| event.effective_at).min();
        if let (Some(first), Some(effective_at)) = (self.events.first(), effective_at) {
            let kept = ClockEvent {
                effective_at,
                recorded_at: first.recorded_at,
                kind,
            };
            self.events.insert(0, kept);
        }
    }
}
