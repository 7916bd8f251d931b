//! What becomes of the clocks and delays of a case that is carried over.

use std::collections::BTreeMap;

use groundbreak_sla::{
    BreachCause, Budget, CalendarSet, ClockEvent, ClockEventKind, ClockPolicy, Goal, PauseReason,
    Timestamp,
};
use groundbreak_statechart::{Chart, DelayId, StateId, TransitionId, Trigger};

use super::{Migration, Obstacle};
use crate::draft::Draft;
use crate::guard::Guard;
use crate::standing::uncomputable;
use crate::task_force::holds;
use crate::workflow::{Clock, Edge};
use crate::{Case, Entry, Stay, Stuck, Workflow};

impl Migration {
    /// Returns the goals until now of the clocks that have counted and get another one, or none.
    pub(super) fn counted_to(&self, from: &Workflow, case: &Case) -> BTreeMap<String, Goal> {
        case.clocks
            .keys()
            .filter_map(|name| {
                let goal = from.clocks.get(name)?.policy.goal;
                let new = self.to.clocks.get(name).map(|clock| clock.policy.goal);
                (new != Some(goal)).then(|| (name.clone(), goal))
            })
            .collect()
    }

    /// Looks for clocks that cannot go on as the new version has them.
    pub(super) fn clock_obstacles(&self, from: &Workflow, case: &Case) -> Vec<Obstacle> {
        let mut obstacles = Vec::new();
        for (name, history) in &case.clocks {
            let (Some(old), Some(new)) = (from.clocks.get(name), self.to.clocks.get(name)) else {
                continue;
            };
            let (clock, title) = (name.clone(), new.title.clone());
            if !count_alike(&old.policy, &new.policy) {
                obstacles.push(Obstacle::MigrateClockCountsOtherwise { clock, title });
            } else if !history.ended
                && self.would_have_ended(from, case, old, new, history.began_at(case.opened_at))
            {
                obstacles.push(Obstacle::MigrateClockEndedBefore { clock, title });
            }
        }
        obstacles
    }

    /// Tells whether an end that the new version gives a clock lies between its start and now.
    fn would_have_ended(
        &self,
        from: &Workflow,
        case: &Case,
        old: &Clock,
        new: &Clock,
        began_at: Timestamp,
    ) -> bool {
        let ends_of = |clock: &Clock| [Some(clock.stop.clone()), clock.cancel.clone()];
        let old_ends = ends_of(old).map(|edge| edge.map(|edge| self.edge_in_new(from, edge)));
        let crossed = |edge: &Edge| {
            self.crossings(from, case, edge)
                .into_iter()
                .any(|at| at > began_at)
        };
        ends_of(new)
            .into_iter()
            .zip(old_ends)
            .any(|(new, old)| new != old && new.as_ref().is_some_and(crossed))
    }

    fn edge_in_new(&self, from: &Workflow, edge: Edge) -> Edge {
        let name = |state: String| {
            self.counterpart(from, &state)
                .map_or(state.clone(), str::to_owned)
        };
        match edge {
            Edge::Entering(state) => Edge::Entering(name(state)),
            Edge::Leaving(state) => Edge::Leaving(name(state)),
        }
    }

    /// When the border of a state of the new version was crossed, by what is known under the old
    /// names.
    fn crossings(&self, from: &Workflow, case: &Case, edge: &Edge) -> Vec<Timestamp> {
        let (Edge::Entering(state) | Edge::Leaving(state)) = edge;
        let of_state = case
            .stays
            .iter()
            .filter(|(old, _)| self.counterpart(from, old) == Some(state));
        of_state
            .flat_map(|(_, stays)| crossings_of(edge, stays))
            .collect()
    }

    /// Returns where a transition of the old version leads, by the new names.
    fn targets(&self, from: &Workflow, transition: TransitionId) -> Vec<String> {
        target_names(&from.chart, transition)
            .into_iter()
            .map(|name| {
                self.counterpart(from, &name)
                    .map_or(name.clone(), str::to_owned)
            })
            .collect()
    }

    /// Returns the delays that were armed when their states were entered and have fallen due since,
    /// by the names they have in the new version. A delay is the same if its state is, and where it
    /// leads; of several that lead there, the first is the first.
    pub(super) fn fired_delays(&self, from: &Workflow, case: &Case) -> Result<Vec<String>, Stuck> {
        let before = from.configuration(case)?;
        let mut fired = Vec::new();
        for state in before.active() {
            let name = from.chart.name(state);
            let Some(new) = self
                .counterpart(from, name)
                .and_then(|name| self.to.chart.state(name))
            else {
                continue;
            };
            let mut unmatched: Vec<(String, Vec<String>)> = Vec::new();
            for (id, delay) in waits_of(&self.to.chart, new) {
                let timer = self.to.delay(delay)?.timer.clone();
                unmatched.push((timer, target_names(&self.to.chart, id)));
            }
            for (id, delay) in waits_of(&from.chart, state) {
                let targets = self.targets(from, id);
                let Some(place) = unmatched.iter().position(|(_, leads)| *leads == targets) else {
                    continue;
                };
                let (timer, _) = unmatched.remove(place);
                if !case.armed.contains_key(&from.delay(delay)?.timer) {
                    fired.push(timer);
                }
            }
        }
        Ok(fired)
    }
}

/// When a border was crossed during these stays.
fn crossings_of(edge: &Edge, stays: &[Stay]) -> Vec<Timestamp> {
    match edge {
        Edge::Entering(_) => stays.iter().map(|stay| stay.from).collect(),
        Edge::Leaving(_) => stays.iter().filter_map(|stay| stay.to).collect(),
    }
}

fn target_names(chart: &Chart, transition: TransitionId) -> Vec<String> {
    let targets = chart.transition(transition).map(|it| it.targets.as_slice());
    let targets = targets.unwrap_or_default().iter();
    targets.map(|state| chart.name(*state).to_owned()).collect()
}

fn waits_of(chart: &Chart, state: StateId) -> impl Iterator<Item = (TransitionId, DelayId)> + '_ {
    chart
        .transitions_of(state)
        .filter_map(|(id, transition)| match transition.trigger {
            Trigger::After(delay) => Some((id, delay)),
            _ => None,
        })
}

/// Tells whether two policies come to the same result for what is over, their goals aside.
fn count_alike(old: &ClockPolicy, new: &ClockPolicy) -> bool {
    let goals = [old.goal.budget(), new.goal.budget()];
    let in_days = goals.iter().any(|budget| budget.is_days());
    let in_hours = goals
        .iter()
        .any(|budget| matches!(budget, Budget::Working { .. }));
    let days = old.day_start == new.day_start && old.day_end == new.day_end;
    (!in_days || days) && (!in_hours || old.count_overtime == new.count_overtime)
}

impl Draft<'_> {
    /// Brings the clocks in line with the new version, after the case has arrived under it.
    pub(super) fn carry_clocks(
        &mut self,
        from: &Workflow,
        before: &Case,
        left: &[String],
        entered: &[String],
    ) -> Result<(), Stuck> {
        let workflow = self.workflow;
        let names: Vec<String> = self.case.clocks.keys().cloned().collect();
        for name in &names {
            match workflow.clocks.get(name) {
                None if self.runs(name) => self.record(Entry::ClockCancelled {
                    clock: name.clone(),
                }),
                None => {}
                Some(clock) => self.change_goal(name, clock, from, before)?,
            }
        }
        // What was left under a name that the new version has, too.
        let left: Vec<String> = left
            .iter()
            .filter(|state| workflow.states.contains_key(*state) && !self.case.is_in(state))
            .cloned()
            .collect();
        self.cross(&left, entered)?;
        for (name, clock) in &workflow.clocks {
            let started_otherwise = from
                .clocks
                .get(name)
                .is_none_or(|old| old.start != clock.start);
            if !self.case.clocks.contains_key(name) && started_otherwise {
                self.start_as_recorded(name, clock)?;
            }
            if self.runs(name) {
                self.pause_or_resume(name, clock);
            }
        }
        Ok(())
    }

    /// Gives a clock that has counted its new goal, if it is another.
    fn change_goal(
        &mut self,
        name: &str,
        clock: &Clock,
        from: &Workflow,
        before: &Case,
    ) -> Result<(), Stuck> {
        let workflow = self.workflow;
        let Some(history) = self.case.clocks.get(name).cloned() else {
            return Ok(());
        };
        // A clock that an earlier version had, and the last one had not, was told its goal then.
        let old = from.clocks.get(name).map(|old| old.policy.goal);
        let Some(old) = old.or_else(|| history.goal()) else {
            return Ok(());
        };
        let goal = clock.policy.goal;
        if old == goal {
            return Ok(());
        }
        let mut due_before = None;
        let mut due_at = None;
        let mut rearmed = Vec::new();
        let mut found = None;
        if !history.ended {
            let was = from.clock_reading(before, name, self.at)?;
            let mut events = history.events.clone();
            let changed = ClockEventKind::SetGoal {
                goal,
                reason: String::new(),
                approved_by: None,
            };
            events.push(ClockEvent::at(self.now, changed).effective(self.at));
            let now = workflow.fold_clock(&clock.policy, &events, self.at)?;
            due_before = was.as_ref().and_then(|was| was.due);
            due_at = now.due;
            rearmed = history.given_and_ahead(&now, self.at);
            let was_late = was.is_some_and(|was| was.breached_at.is_some());
            found = now
                .breached_at
                .filter(|_| history.breached.is_none() && !was_late);
        }
        self.record(Entry::ClockGoalChanged {
            clock: name.to_owned(),
            before: old,
            goal,
            due_before,
            due_at,
            rearmed,
        });
        if let Some(due_at) = found {
            self.breach(name, due_at, BreachCause::GoalChange);
        }
        Ok(())
    }

    /// Starts a clock that by the new version would count, at the instant the journal says, and
    /// lets it stand still for what the journal says. One that would have ended does not start.
    fn start_as_recorded(&mut self, name: &str, clock: &Clock) -> Result<(), Stuck> {
        let workflow = self.workflow;
        let applies = |condition: &Guard| holds(condition, &self.case);
        if !clock.only_if.as_ref().is_none_or(applies) {
            return Ok(());
        }
        let Some(since) = self.would_count_since(clock) else {
            return Ok(());
        };
        let pauses = self.pauses_since(clock, since);
        let at =
            |effective_at: Timestamp, kind| ClockEvent::at(self.now, kind).effective(effective_at);
        let mut events = vec![at(since, ClockEventKind::Start)];
        for (reason, from, to) in &pauses {
            let reason = reason.clone();
            let name = Some(reason.name.clone());
            events.push(at(*from, ClockEventKind::Pause { reason }));
            events.extend(to.map(|to| at(to, ClockEventKind::Resume { reason: name })));
        }
        let newest = CalendarSet::from(std::sync::Arc::clone(workflow.newest_calendar()));
        let as_of = self.now.max(self.at);
        let reading = groundbreak_sla::fold(&clock.policy, &newest, &events, as_of)
            .map_err(|error| uncomputable(&error))?;
        let calendar = workflow.calendar_to_start_on(None);
        self.record(Entry::ClockStarted {
            clock: name.to_owned(),
            due_at: reading.due,
            since: Some(since).filter(|since| *since < self.at),
            calendar,
        });
        for (reason, from, to) in pauses {
            let clock = || name.to_owned();
            let earlier = |at: Timestamp| Some(at).filter(|at| *at < self.at);
            let since = earlier(from);
            let resumed = to.map(|to| Entry::ClockResumed {
                clock: clock(),
                reason: reason.clone(),
                since: earlier(to),
            });
            self.record(Entry::ClockPaused {
                clock: clock(),
                reason,
                since,
            });
            if let Some(resumed) = resumed {
                self.record(resumed);
            }
        }
        if let Some(due_at) = reading.breached_at {
            self.breach(name, due_at, BreachCause::GoalChange);
        }
        Ok(())
    }

    /// Since when a clock would count: since the first start after its last end.
    fn would_count_since(&self, clock: &Clock) -> Option<Timestamp> {
        let crossings = |edge: &Edge| {
            let (Edge::Entering(state) | Edge::Leaving(state)) = edge;
            let stays = self.case.stays.get(state).map(Vec::as_slice);
            crossings_of(edge, stays.unwrap_or_default())
        };
        let ended = std::iter::once(&clock.stop)
            .chain(&clock.cancel)
            .flat_map(crossings)
            .max();
        crossings(&clock.start)
            .into_iter()
            .filter(|start| ended.is_none_or(|ended| *start > ended))
            .min()
    }

    /// Returns why a clock would have stood still since an instant, each reason with its times, in
    /// that order. A reason that goes on from one state to the next is one.
    fn pauses_since(
        &self,
        clock: &Clock,
        since: Timestamp,
    ) -> Vec<(PauseReason, Timestamp, Option<Timestamp>)> {
        let mut pauses: Vec<(PauseReason, Timestamp, Option<Timestamp>)> = Vec::new();
        for (name, state) in &self.workflow.states {
            let reason = state.pauses.as_ref();
            let Some(reason) = reason.filter(|reason| clock.paused_by.contains(&reason.party))
            else {
                continue;
            };
            for stay in self.case.stays.get(name).into_iter().flatten() {
                let (from, to) = (stay.from.max(since), stay.to);
                if to.is_none_or(|to| to > from) {
                    pauses.push((reason.clone(), from, to));
                }
            }
        }
        pauses.sort_by(|(a, from_a, _), (b, from_b, _)| (&a.name, from_a).cmp(&(&b.name, from_b)));
        pauses.dedup_by(|(reason, from, to), (before, _, until)| {
            let goes_on = reason.name == before.name && until.is_none_or(|until| *from <= until);
            if goes_on {
                *until = until.zip(*to).map(|(until, to)| until.max(to));
            }
            goes_on
        });
        pauses.sort_by_key(|(_, from, _)| *from);
        pauses
    }

    /// Arms and disarms delays as the new version has them: counted from when their states were
    /// entered, those that have fallen due aside.
    pub(super) fn carry_delays(&mut self, fired: &[String]) -> Result<(), Stuck> {
        let workflow = self.workflow;
        let configuration = workflow.configuration(&self.case)?;
        let mut wanted: BTreeMap<String, Timestamp> = BTreeMap::new();
        for (state, _, delay) in workflow.chart.armed(&configuration) {
            let delay = workflow.delay(delay)?;
            let entered_at = self.case.entered_at(workflow.chart.name(state));
            let due_at = workflow.due_after(&delay.policy, entered_at.unwrap_or(self.at))?;
            let over = |due_at: &Timestamp| *due_at <= self.at && fired.contains(&delay.timer);
            if let Some(due_at) = due_at.filter(|due_at| !over(due_at)) {
                wanted.insert(delay.timer.clone(), due_at);
            }
        }
        for timer in self.case.armed.clone().into_keys() {
            // What was promised under one version is owed under the next.
            let deferral = crate::deferral::document_of(&timer).is_some();
            if !wanted.contains_key(&timer) && !deferral {
                self.record(Entry::TimerDisarmed { timer });
            }
        }
        for (timer, due_at) in wanted {
            if self.case.armed.get(&timer) != Some(&due_at) {
                self.record(Entry::TimerArmed { timer, due_at });
            }
        }
        Ok(())
    }
}
