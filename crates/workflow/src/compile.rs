//! From a definition to a workflow that can run, or to everything wrong with it.

mod budget;
mod calendar;
mod chart;
mod documents;
mod effects;
mod names;
mod reach;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use groundbreak_sla::{
    Budget, Calendar, CalendarSet, CalendarSpec, ClockPolicy, DayEnd, Extension, Goal, GoalError,
    Party, PauseReason, Trigger, TriggerError, Yellow,
};
use indexmap::IndexMap;
use sha2::{Digest, Sha256};

pub(crate) use calendar::compile_calendar;

use crate::block::{Expanded, Origins, expand};
use crate::data::FieldType;
use crate::definition::{
    ClockDefinition, Definition, FieldDefinition, FirstDay, LastDay, Named, Overtime,
};
use crate::form::{self, Read};
use crate::guard::{FactKind, Guard, Scope};
use crate::schema::DEFINITION;
use crate::source::{At, NOWHERE, check_length};
use crate::suggest::nearest;
use crate::workflow::{Clock, Edge, EventKind, Field, Gate, Role, TaskForce};
use crate::{Diagnostic, LegalEffect, Permission, Text, Workflow};

/// Compiles a definition.
///
/// # Errors
///
/// Every fault at once, in the order of the text. Where keys are missing or wrong, only what does not
/// depend on them is checked further; what is no YAML cannot be read on.
pub(crate) fn compile(
    source: &str,
    calendars: &BTreeMap<String, Arc<Calendar>>,
    specs: &BTreeMap<String, CalendarSpec>,
) -> Result<Workflow, Vec<Diagnostic>> {
    check_length(source)?;
    let Expanded {
        tree,
        origins,
        mut faults,
    } = expand(source)?;
    let read: Read<Definition> = match form::read(&DEFINITION, tree) {
        Ok(read) => read,
        Err(more) => {
            faults.extend(more);
            return Err(settled(faults, &origins));
        }
    };
    if !read.outlined || !faults.is_empty() {
        faults.extend(read.faults);
        return Err(settled(faults, &origins));
    }
    let compiler = Compiler {
        definition: &read.value,
        hourless: specs
            .get(&read.value.calendar.value)
            .is_some_and(|spec| spec.weekly.is_empty()),
        formed: read.faults.is_empty(),
        faults: read.faults,
        guards: Vec::new(),
        states: names::States::default(),
    };
    compiler
        .run(source, calendars)
        .map_err(|faults| settled(faults, &origins))
}

/// Reads the definition of a text once more, for the places that a workflow does not keep.
pub(crate) fn reread(source: &str) -> Option<(Definition, Origins)> {
    let Expanded { tree, origins, .. } = expand(source).ok()?;
    let read: Read<Definition> = form::read(&DEFINITION, tree).ok()?;
    Some((read.value, origins))
}

/// Puts faults in their order and their places.
pub(crate) fn settled(mut faults: Vec<Diagnostic>, origins: &Origins) -> Vec<Diagnostic> {
    // What stands nowhere follows from what was reported.
    faults.retain(|fault| fault.span.start != NOWHERE.start);
    faults.sort_by_key(|fault| (fault.span.start, fault.span.end));
    for fault in &mut faults {
        origins.settle(fault);
    }
    // The same fault of a block is told once, with the first use that shows it.
    let mut told = BTreeSet::new();
    faults.retain(|fault| {
        let message = fault.message.en.clone();
        told.insert((fault.code, fault.span.start, fault.span.end, message))
    });
    faults
}

/// The most faults that are looked for in one definition.
pub(crate) const FAULTS_MAX: usize = 200;

/// A definition on its way.
struct Compiler<'a> {
    definition: &'a Definition,
    /// Whether its calendar has no hours: it is a table of dates, to inherit from.
    hourless: bool,
    /// Whether its form is right, so that what is not used or not reached is meant to be there.
    formed: bool,
    faults: Vec<Diagnostic>,
    guards: Vec<Guard>,
    states: names::States,
}

impl Compiler<'_> {
    fn run(
        mut self,
        source: &str,
        calendars: &BTreeMap<String, Arc<Calendar>>,
    ) -> Result<Workflow, Vec<Diagnostic>> {
        let definition = self.definition;
        self.check_names();
        self.states = self.collect_states();
        let calendar = self.calendar(calendars);
        let fields = self.fields();
        let roles = self.roles();
        let gates = self.gates();
        let events = self.events();
        let chart = self.chart();
        let clocks = self.clocks();
        let documents = self.documents(&clocks);
        let effects = self.effects();
        let task_forces = self.task_forces();
        for fact in &definition.same_by {
            if !definition.data.contains_key(fact) {
                self.unknown(
                    "unknown-field",
                    ("信息项", "fact"),
                    fact,
                    keys(&definition.data),
                );
            }
        }
        let fast_lane = definition.fast_lane.as_ref();
        let fast_lane = fast_lane.and_then(|rule| self.guard(rule));
        if let (Some(chart), true) = (&chart, self.formed) {
            self.check_use(chart);
            self.check_failing(chart);
            self.check_reach(chart);
        }
        let (Some(calendar), Some(chart), true) = (calendar, chart, self.faults.is_empty()) else {
            return Err(self.faults);
        };
        let workflow = Workflow {
            name: definition.workflow.value.clone(),
            version: definition.version.value,
            title: definition.title.clone(),
            digest: hex(&Sha256::digest(source.as_bytes())),
            source: source.to_owned(),
            calendars: CalendarSet::new(Arc::clone(&calendar)),
            newest_calendar: Arc::clone(&calendar),
            calendar,
            needs_handler: definition.needs_handler,
            task_forces,
            fast_lane,
            same_by: values(&definition.same_by),
            fields,
            roles,
            documents,
            gates,
            events,
            clocks,
            states: self.states.faces,
            chart: chart.chart,
            transitions: chart.transitions,
            guards: self.guards,
            delays: chart.delays,
            requests: effects.requests,
            invokes: effects.invokes,
        };
        let infeasible = budget::infeasible(definition, &workflow);
        if infeasible.is_empty() {
            Ok(workflow)
        } else {
            Err(infeasible)
        }
    }

    fn fault(
        &mut self,
        code: &'static str,
        span: &Range<usize>,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) {
        self.faults
            .push(Diagnostic::new(code, span.clone(), Text::new(zh, en)));
    }

    fn fault_with_help(
        &mut self,
        code: &'static str,
        span: &Range<usize>,
        message: Text,
        help: Text,
    ) {
        if self.is_full() {
            return;
        }
        self.faults
            .push(Diagnostic::new(code, span.clone(), message).with_help(help));
    }

    /// Tells whether so much is wrong that more would help nobody.
    fn is_full(&self) -> bool {
        self.faults.len() >= FAULTS_MAX
    }

    /// Reports a name that is not declared, with the one it may have meant.
    fn unknown<'n>(
        &mut self,
        code: &'static str,
        what: (&str, &str),
        name: &At<String>,
        known: impl IntoIterator<Item = &'n str> + Clone,
    ) {
        if self.is_full() {
            return;
        }
        let message = Text::new(
            format!("没有声明{} `{name}`。", what.0),
            format!("There is no {} `{name}`.", what.1),
        );
        let help = match nearest(name, known.clone()) {
            Some(meant) => Text::new(
                format!("是否指 `{meant}`？"),
                format!("Did you mean `{meant}`?"),
            ),
            None => {
                let known: Vec<&str> = known.into_iter().take(12).collect();
                Text::new(
                    format!(
                        "已声明的有：{}。",
                        if known.is_empty() {
                            "无".into()
                        } else {
                            known.join("、")
                        }
                    ),
                    format!(
                        "Declared are: {}.",
                        if known.is_empty() {
                            "none".into()
                        } else {
                            known.join(", ")
                        }
                    ),
                )
            }
        };
        self.fault_with_help(code, &name.span, message, help);
    }

    fn calendar(&mut self, calendars: &BTreeMap<String, Arc<Calendar>>) -> Option<Arc<Calendar>> {
        let name = &self.definition.calendar;
        let calendar = calendars.get(&name.value).cloned();
        if calendar.is_none() {
            self.unknown(
                "unknown-calendar",
                ("日历", "calendar"),
                name,
                calendars.keys().map(String::as_str),
            );
        }
        calendar
    }

    fn fields(&mut self) -> IndexMap<String, Field> {
        let definition = self.definition;
        definition
            .data
            .iter()
            .map(|(name, field)| (name.value.clone(), self.field(name, field)))
            .collect()
    }

    fn field(&mut self, name: &At<String>, field: &FieldDefinition) -> Field {
        match (&field.choices, field.kind) {
            (None, FieldType::Choice) => self.fault_with_help(
                "choice-without-choices",
                &name.span,
                Text::new(
                    format!("`{name}` 是选择项，却没有列出选项。"),
                    format!("`{name}` is a choice of nothing."),
                ),
                Text::new("请加上 `choices:`。", "Add `choices:`."),
            ),
            (Some(choices), FieldType::Choice) if choices.is_empty() => {
                self.fault(
                    "choice-without-choices",
                    &choices.span,
                    "选项不能为空。",
                    "There is nothing to choose from.",
                );
            }
            (Some(choices), kind) if kind != FieldType::Choice => self.fault_with_help(
                "choice-without-choices",
                &choices.span,
                Text::new(
                    "只有 `type: choice` 才有选项。",
                    "Only `type: choice` has choices.",
                ),
                Text::new(
                    "请改类型，或去掉 `choices`。",
                    "Change the type, or take `choices` away.",
                ),
            ),
            _ => {}
        }
        self.check_bounds(field);
        Field {
            title: field.title.clone(),
            kind: field.kind,
            min: field.min.as_ref().map(|min| min.value),
            max: field.max.as_ref().map(|max| max.value),
            choices: field
                .choices
                .as_ref()
                .map(|choices| choices.value.clone())
                .unwrap_or_default(),
            required: field.required,
        }
    }

    /// Only numbers have bounds, and something lies between them.
    fn check_bounds(&mut self, field: &FieldDefinition) {
        let Some(first) = field.min.as_ref().or(field.max.as_ref()) else {
            return;
        };
        if !matches!(field.kind, FieldType::Integer | FieldType::Money) {
            self.fault_with_help(
                "bad-bounds",
                &first.span,
                Text::new(
                    "只有 `type: integer` 和 `type: money` 才有 `min`、`max`。",
                    "Only `type: integer` and `type: money` have `min` and `max`.",
                ),
                Text::new(
                    "请改类型，或去掉 `min`、`max`。",
                    "Change the type, or take `min` and `max` away.",
                ),
            );
        } else if field.kind == FieldType::Money && first.value < 0 {
            self.fault(
                "bad-bounds",
                &first.span,
                "金额不小于零。",
                "Amounts are not negative.",
            );
        } else if let (Some(min), Some(max)) = (&field.min, &field.max)
            && min.value > max.value
        {
            self.fault_with_help(
                "bad-bounds",
                &max.span,
                Text::new(
                    format!(
                        "`max` {} 小于 `min` {}，没有可填的值。",
                        max.value, min.value
                    ),
                    format!(
                        "`max` {} is less than `min` {}: no value is taken.",
                        max.value, min.value
                    ),
                ),
                Text::new("请对调，或改正其一。", "Swap the two, or correct one."),
            );
        }
    }

    fn roles(&mut self) -> IndexMap<String, Role> {
        let definition = self.definition;
        for role in definition.roles.values() {
            for other in &role.not_same_person_as {
                self.check_role(other);
            }
        }
        let may = self.permissions();
        definition
            .roles
            .iter()
            .zip(may)
            .map(|((name, role), may)| {
                let role = Role {
                    title: role.title.clone(),
                    not_same_person_as: role
                        .not_same_person_as
                        .iter()
                        .map(|other| other.value.clone())
                        .collect(),
                    may_record_late: role.may_record_late,
                    may,
                };
                (name.value.clone(), role)
            })
            .collect()
    }

    /// Reads what each role may do on every case.
    fn permissions(&mut self) -> Vec<Vec<Permission>> {
        let mut may = Vec::new();
        for role in self.definition.roles.values() {
            let mut words: Vec<Permission> = Vec::new();
            for word in &role.may {
                match Permission::named(word) {
                    Some(permission) if !words.contains(&permission) => words.push(permission),
                    Some(_) => {}
                    None => self.unknown(
                        "unknown-permission",
                        ("权限", "permission"),
                        word,
                        Permission::ALL.map(Permission::name),
                    ),
                }
            }
            may.push(words);
        }
        may
    }

    fn check_role(&mut self, role: &At<String>) {
        let roles = &self.definition.roles;
        if !roles.contains_key(role) {
            self.unknown("unknown-role", ("角色", "role"), role, keys(roles));
        }
    }

    fn gates(&mut self) -> IndexMap<String, Gate> {
        let definition = self.definition;
        definition
            .gates
            .iter()
            .filter_map(|(name, gate)| {
                let when = self.guard(&gate.when)?;
                Some((
                    name.value.clone(),
                    Gate {
                        title: gate.title.clone(),
                        law: gate.law.clone(),
                        when,
                    },
                ))
            })
            .collect()
    }

    fn events(&mut self) -> IndexMap<String, EventKind> {
        let definition = self.definition;
        for (name, event) in &definition.events {
            // What ends a deferral comes by itself.
            let ends_deferral = definition
                .documents
                .values()
                .filter_map(|document| document.defer.as_ref())
                .any(|defer| defer.on_fail.value == name.value);
            if event.by.is_empty() && !event.by_case && !ends_deferral {
                self.fault_with_help(
                    "nobody-may",
                    &name.span,
                    Text::new(
                        format!("没有人可以“{}”。", event.title.zh),
                        format!("Nobody may \"{}\".", event.title.en),
                    ),
                    Text::new("请在 `by` 中写明角色。", "Name the roles under `by`."),
                );
            }
            for role in &event.by {
                self.check_role(role);
            }
            for field in &event.asks {
                self.check_field(field);
            }
        }
        definition
            .events
            .iter()
            .map(|(name, event)| {
                let event = EventKind {
                    title: event.title.clone(),
                    by: values(&event.by),
                    by_case: event.by_case,
                    asks: values(&event.asks),
                    aside: event.aside,
                    notice: event.notice,
                };
                (name.value.clone(), event)
            })
            .collect()
    }

    fn clocks(&mut self) -> IndexMap<String, Clock> {
        let definition = self.definition;
        definition
            .clocks
            .iter()
            .filter_map(|(name, clock)| Some((name.value.clone(), self.clock(clock)?)))
            .collect()
    }

    fn task_forces(&mut self) -> IndexMap<String, TaskForce> {
        let definition = self.definition;
        let mut forces = IndexMap::new();
        for (name, force) in &definition.task_forces {
            if let Some(fact) = &force.lead_fact
                && !definition.data.contains_key(fact)
            {
                self.unknown(
                    "unknown-field",
                    ("信息项", "fact"),
                    fact,
                    keys(&definition.data),
                );
            }
            let when = force.when.as_ref();
            let force = TaskForce {
                title: force.title.clone(),
                lead: force.lead.clone(),
                lead_fact: force.lead_fact.as_ref().map(|fact| fact.value.clone()),
                members: force.members.clone(),
                when: when.and_then(|when| self.guard(when)),
            };
            forces.insert(name.value.clone(), force);
        }
        forces
    }

    fn clock(&mut self, clock: &ClockDefinition) -> Option<Clock> {
        if let Some(condition) = &clock.only_if
            && clock.effect == LegalEffect::Statutory
        {
            self.fault_with_help(
                "clock-conditional",
                &condition.span,
                Text::new(
                    "法定时限不能附条件：对每个办件都要计。",
                    "A statutory clock has no condition: it starts in every case.",
                ),
                Text::new(
                    "请去掉 `only_if`；对部分办件另有更短的承诺，另写一个 `effect: promised` 的时限。",
                    "Take `only_if` away; for a shorter promise to some cases, add a clock with `effect: promised`.",
                ),
            );
        }
        let only_if = clock.only_if.as_ref();
        let only_if = only_if.and_then(|condition| self.guard(condition));
        let goal = self.goal(&clock.budget);
        let triggers: Vec<Option<Trigger>> =
            clock.warn.iter().map(|warn| self.trigger(warn)).collect();
        let start = self.edge(&clock.start);
        let stop = self.edge(&clock.stop);
        let cancel = clock.cancel.as_ref().map(|edge| self.edge(edge));
        for segment in &clock.segments {
            self.check_state(segment);
        }
        let paused_by = clock
            .paused_by
            .iter()
            .filter_map(|reason| self.reason(reason))
            .map(|reason| reason.party)
            .collect();
        let yellow = match &clock.yellow {
            None => Some(Yellow::Usual),
            Some(written) => {
                let triggers: Vec<_> = written.iter().map(|at| self.trigger(at)).collect();
                let triggers: Option<Vec<_>> = triggers.into_iter().collect();
                triggers.map(|triggers| Yellow::At(distinct(triggers)))
            }
        };
        let goal = goal?;
        let policy = ClockPolicy {
            triggers: distinct(triggers.into_iter().collect::<Option<_>>()?),
            yellow: yellow?,
            day_end: self.day_end(goal, clock.last_day.as_ref()),
            count_overtime: clock.overtime == Overtime::Counted,
            extension: clock
                .extend
                .as_ref()
                .and_then(|written| self.extension(goal, written)),
            day_start: match clock.first_day {
                FirstDay::NotCounted => groundbreak_sla::DayStart::NextDay,
                FirstDay::Counted => groundbreak_sla::DayStart::SameDay,
            },
            ..ClockPolicy::new(goal)
        };
        Some(Clock {
            title: clock.title.clone(),
            effect: clock.effect,
            law: clock.law.clone(),
            policy,
            start: start?,
            only_if,
            stop: stop?,
            cancel: match cancel {
                Some(cancel) => Some(cancel?),
                None => None,
            },
            paused_by,
            segments: values(&clock.segments),
        })
    }

    fn goal(&mut self, budget: &At<String>) -> Option<Goal> {
        let goal: Result<Goal, GoalError> = budget.parse();
        let hours = |goal: &Goal| matches!(goal.budget(), Budget::Working { .. });
        if self.hourless && goal.as_ref().is_ok_and(hours) {
            let calendar = &self.definition.calendar;
            self.fault_with_help(
                "calendar-without-hours",
                &budget.span,
                Text::new(
                    format!("日历 `{calendar}` 只有日期，没有办公时间，不能按工作小时计。"),
                    format!(
                        "The calendar `{calendar}` is a table of dates without hours: working hours cannot be counted on it."
                    ),
                ),
                Text::new(
                    format!("请用继承 `{calendar}`、写有 `weekly` 的日历，或按天计。"),
                    format!(
                        "Use a calendar that inherits `{calendar}` and has `weekly`, or count in days."
                    ),
                ),
            );
        }
        goal.map_err(|error| {
            self.faults.push(
                Diagnostic::new(error.code(), budget.span.clone(), error.text()).with_help(
                    Text::new(
                        "例如：`within 20 working days`。",
                        "For example: `within 20 working days`.",
                    ),
                ),
            )
        })
        .ok()
    }

    /// When the last day of a period is over. Only a period in days has one.
    fn day_end(&mut self, goal: Goal, written: Option<&At<LastDay>>) -> DayEnd {
        let Some(written) = written else {
            return DayEnd::default();
        };
        if !goal.budget().is_days() {
            self.fault_with_help(
                "last-day-of-hours",
                &written.span,
                Text::new(
                    "这段时间不按天计，没有最后一天。",
                    "This time is not counted in days, so it has no last day.",
                ),
                Text::new(
                    "请去掉 `last_day`，或按天计，如 `5 working days`。",
                    "Take `last_day` away, or count in days, as in `5 working days`.",
                ),
            );
        }
        match written.value {
            LastDay::Close => DayEnd::Close,
            LastDay::Midnight => DayEnd::Midnight,
        }
    }

    /// How much may be added to a goal. Days and hours do not add up.
    fn extension(&mut self, goal: Goal, written: &At<String>) -> Option<Extension> {
        let at_most = self.goal(written)?.budget();
        if std::mem::discriminant(&at_most) != std::mem::discriminant(&goal.budget()) {
            self.fault_with_help(
                "extension-other-unit",
                &written.span,
                Text::new(
                    format!("时限为{}，不能用另一种单位延长。", goal.text().zh),
                    format!(
                        "The budget is {}: another unit cannot be added to it.",
                        goal.text().en
                    ),
                ),
                Text::new(
                    "请用 `budget` 的单位，如 `10 working days`。",
                    "Write it in the unit of `budget`, as in `10 working days`.",
                ),
            );
            return None;
        }
        Some(Extension { at_most })
    }

    fn trigger(&mut self, warn: &At<String>) -> Option<Trigger> {
        let trigger: Result<Trigger, TriggerError> = warn.parse();
        trigger
            .map_err(|error| {
                self.faults.push(
                    Diagnostic::new(error.code(), warn.span.clone(), error.text())
                        .with_help(Text::new("例如：`80%`。", "For example: `80%`.")),
                )
            })
            .ok()
    }

    /// Reads why a clock may stand still. Who answers for the time must be known.
    fn reason(&mut self, name: &At<String>) -> Option<PauseReason> {
        let reason = PauseReason::named(name);
        if reason.party != Party::Other && reason.party != Party::Closed {
            return Some(reason);
        }
        let known = [
            "applicant_correction",
            "special_procedure",
            "other_agency",
            "force_majeure",
            "system_outage",
        ];
        self.unknown(
            "unknown-reason",
            ("暂停事由", "reason to pause"),
            name,
            known,
        );
        None
    }

    fn edge(&mut self, edge: &At<String>) -> Option<Edge> {
        let (state, make): (&str, fn(String) -> Edge) =
            if let Some(state) = edge.strip_prefix("entering ") {
                (state.trim(), Edge::Entering)
            } else if let Some(state) = edge.strip_prefix("leaving ") {
                (state.trim(), Edge::Leaving)
            } else {
                self.fault_with_help(
                    "bad-edge",
                    &edge.span,
                    Text::new(
                        format!("`{edge}` 不是起止点。"),
                        format!("`{edge}` neither starts nor stops a clock."),
                    ),
                    Text::new(
                        "可写：`entering 状态` 或 `leaving 状态`。",
                        "Write `entering STATE` or `leaving STATE`.",
                    ),
                );
                return None;
            };
        // The name ends where the text ends, so it can be underlined alone.
        let start = edge
            .span
            .end
            .saturating_sub(state.len())
            .max(edge.span.start);
        let name = At {
            value: state.to_owned(),
            span: start..edge.span.end,
        };
        self.check_state(&name).then(|| make(state.to_owned()))
    }

    fn check_state(&mut self, state: &At<String>) -> bool {
        let known = self.states.faces.contains_key(&state.value);
        if !known {
            let names: Vec<String> = self.states.faces.keys().cloned().collect();
            self.unknown(
                "unknown-state",
                ("状态", "state"),
                state,
                names.iter().map(String::as_str),
            );
        }
        known
    }

    /// Compiles a guard. Its faults are placed in the definition.
    fn guard(&mut self, source: &At<String>) -> Option<Guard> {
        let definition = self.definition;
        let fields = |name: &str| {
            let key = At {
                value: name.to_owned(),
                span: 0..0,
            };
            definition.data.get(&key).map(|field| match field.kind {
                FieldType::Boolean => FactKind::Bool,
                FieldType::Integer | FieldType::Money => FactKind::Int,
                FieldType::Date => FactKind::Date,
                // A choice of nothing is reported where it stands.
                FieldType::Choice => match &field.choices {
                    Some(choices) if !choices.is_empty() => {
                        FactKind::Choice(choices.keys().cloned().collect())
                    }
                    _ => FactKind::Text,
                },
                // Text, and identifiers as they are kept.
                _ => FactKind::Text,
            })
        };
        let scope = Scope {
            fields: &fields,
            field_names: keys(&definition.data).map(str::to_owned).collect(),
            state_names: self.states.faces.keys().cloned().collect(),
            document_names: keys(&definition.documents).map(str::to_owned).collect(),
        };
        match Guard::compile(&source.value, &scope) {
            Ok(guard) => Some(guard),
            Err(faults) => {
                for fault in faults {
                    let span = within(source, &fault.range);
                    self.faults.push(Diagnostic {
                        help: fault.help.or_else(|| guard_help(fault.code)),
                        ..Diagnostic::new(fault.code, span, fault.message)
                    });
                }
                None
            }
        }
    }
}

/// The way out of a fault of a guard that has no particular one.
pub(crate) fn guard_help(code: &str) -> Option<Text> {
    Some(match code {
        "guard-type" => Text::new(
            "两边的类型要一致；各项的类型写在 `data` 下。",
            "Both sides must be of one type; the types stand under `data`.",
        ),
        "guard-not-boolean" => Text::new(
            "请拿它来比较，如 `data.fee > 0`；或问是否已知：`has(data.fee)`。",
            "Compare it, as in `data.fee > 0`, or ask whether it is known: `has(data.fee)`.",
        ),
        "guard-unknown-state" => Text::new(
            "请写 `states` 下声明的状态名。",
            "Name a state that is declared under `states`.",
        ),
        "guard-unknown-document" => Text::new(
            "请写 `documents` 下声明的材料名。",
            "Name a document that is declared under `documents`.",
        ),
        _ => Text::new(
            "条件的写法如：`data.area > 0 && at(\"reviewing\") && document(\"form\")`。",
            "A condition looks like `data.area > 0 && at(\"reviewing\") && document(\"form\")`.",
        ),
    })
}

/// Places a range inside a scalar in the definition. A scalar that is quoted or folded does not
/// stand there letter by letter; then all of it is meant.
pub(crate) fn within(scalar: &At<String>, range: &Range<usize>) -> Range<usize> {
    let written = scalar.span.len();
    let quotes = match written.checked_sub(scalar.value.len()) {
        Some(0) => 0,
        Some(2) => 1,
        _ => return scalar.span.clone(),
    };
    let start = scalar.span.start + quotes;
    (start + range.start.min(scalar.value.len()))..(start + range.end.min(scalar.value.len()))
}

/// A warning that is written twice is given once.
fn distinct(triggers: Vec<Trigger>) -> Vec<Trigger> {
    let mut distinct: Vec<Trigger> = Vec::new();
    for trigger in triggers {
        if !distinct.contains(&trigger) {
            distinct.push(trigger);
        }
    }
    distinct
}

fn keys<T>(named: &Named<T>) -> impl Iterator<Item = &str> + Clone {
    named.keys().map(|name| name.value.as_str())
}

fn values(names: &[At<String>]) -> Vec<String> {
    names.iter().map(|name| name.value.clone()).collect()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
