//! What an exploration says about a definition, in words.

use groundbreak_sla::Budget;
use groundbreak_statechart::{Event, StateId, StateKind, TransitionId, Trigger};

use super::Evidence;
use super::model::{Model, Stimulus};
use super::places::Places;
use super::survey::Survey;
use crate::workflow::Edge;
use crate::{Diagnostic, Severity, Text, Witness};

/// Everything that is wrong, in the order of the text.
pub(super) fn findings<'m>(
    model: &'m Model<'m>,
    survey: &Survey,
    evidence: &mut Evidence<'m>,
) -> Vec<Diagnostic> {
    let mut report = Report {
        model,
        survey,
        evidence,
        places: Places::of(model.workflow),
        found: Vec::new(),
    };
    report.unending();
    report.livelock();
    // What goes on for ever hides what would come after it: it is to be mended first.
    if survey.complete && survey.livelock.is_none() {
        report.unreachable();
        report.dead();
        report.clocks();
        report.idle_roles();
    }
    report.late_delays();
    report.lonely_roles();
    report.overlapping_segments();
    report.places.settle(report.found)
}

struct Report<'r, 'm> {
    model: &'r Model<'m>,
    survey: &'r Survey,
    evidence: &'r mut Evidence<'m>,
    places: Places,
    found: Vec<Diagnostic>,
}

impl Report<'_, '_> {
    /// From some place a case can be in, no end can be reached.
    fn unending(&mut self) {
        let Some(target) = self.survey.stuck.clone() else {
            return;
        };
        let Some((witness, silent)) = self.evidence.stuck(&target) else {
            return;
        };
        let states = last_states(&witness);
        let span = states
            .first()
            .map_or_else(|| self.places.workflow(), |state| self.places.state(state));
        let (zh, en) = listed(&states);
        let finding = if silent {
            Diagnostic::new(
                "dead-end",
                span,
                Text::new(
                    format!("办件到了{zh}就无事可办，也没有办结。"),
                    format!("In {en} nothing can be done any more, and the case has not ended."),
                ),
            )
            .with_help(Text::new(
                "请加一个去向；若这里就是终点，请写 `final: true`。",
                "Give it a transition; if the case ends here, write `final: true`.",
            ))
        } else {
            Diagnostic::new(
                "cannot-complete",
                span,
                Text::new(
                    format!("办件到了{zh}就再也办不结：无论怎样办理，都到不了终态。"),
                    format!(
                        "From {en} the case can never end: whatever is done, no final state is reached."
                    ),
                ),
            )
            .with_help(Text::new(
                "请从那里加一条能通到终态的路，或放宽挡住它的条件。",
                "Add a way from there to a final state, or relax the condition that bars it.",
            ))
        };
        self.found.push(with_witness(finding, Some(witness)));
    }

    fn livelock(&mut self) {
        let Some(target) = self.survey.livelock.clone() else {
            return;
        };
        let Some(witness) = self.evidence.livelock(&target) else {
            return;
        };
        let states = last_states(&witness);
        let span = states
            .first()
            .map_or_else(|| self.places.workflow(), |state| self.places.state(state));
        let (zh, en) = listed(&states);
        let finding = Diagnostic::new(
            "livelock",
            span,
            Text::new(
                format!("自动发生的去向没有尽头：办件在{zh}之间转个不停。"),
                format!("What happens by itself goes on for ever, through {en}."),
            ),
        )
        .with_help(Text::new(
            "请给其中一个 `always` 加上不会与其他同时成立的 `if`。",
            "Give one of the `always` an `if` that does not hold together with the others.",
        ));
        self.found.push(with_witness(finding, Some(witness)));
    }

    /// States that nothing leads to. What lies inside one is not reported again.
    fn unreachable(&mut self) {
        let chart = self.model.chart;
        for state in chart.states().skip(1) {
            let history = matches!(chart.kind(state), StateKind::History(_));
            let around = chart.parent(state).unwrap_or(StateId::ROOT);
            let outermost = around == StateId::ROOT || self.survey.entered(around);
            if history || self.survey.entered(state) || !outermost {
                continue;
            }
            let name = chart.name(state);
            let finding = Diagnostic::new(
                "unreachable-state",
                self.places.state(name),
                Text::new(
                    format!("没有办件能到状态 `{name}`：通到它的去向都走不通。"),
                    format!("No case can come to state `{name}`: no way to it can be taken."),
                ),
            )
            .with_help(Text::new(
                "请放宽通到它的去向的条件，或删去它。",
                "Relax the condition on a way to it, or take it away.",
            ));
            self.found.push(finding);
        }
    }

    /// Transitions that are never taken although their state is reached.
    fn dead(&mut self) {
        let chart = self.model.chart;
        for (id, transition) in chart.transitions() {
            let reached = self.survey.entered(transition.source);
            if self.survey.taken(id) || !reached || self.signpost(id) {
                continue;
            }
            let finding = self
                .never_done(id)
                .unwrap_or_else(|| self.preempted(id).unwrap_or_else(|| self.never_taken(id)));
            self.found.push(finding);
        }
    }

    /// Tells whether a transition is there to say what the law wants before an act: it is always
    /// refused for its gates, and the same act is done elsewhere.
    fn signpost(&self, id: TransitionId) -> bool {
        let workflow = self.model.workflow;
        let written = workflow.transition(id);
        let elsewhere = self.model.chart.transitions().any(|(other, _)| {
            self.survey.taken(other) && workflow.transition(other).event == written.event
        });
        written.event.is_some() && !written.gates.is_empty() && elsewhere
    }

    /// What waits for the end of a state that never comes.
    fn never_done(&self, id: TransitionId) -> Option<Diagnostic> {
        let chart = self.model.chart;
        let transition = chart.transition(id)?;
        let state = transition.source;
        if !transition.accepts(Event::Named(chart.done_event(state))) {
            return None;
        }
        let name = chart.name(state);
        let span = self.places.transition(chart, id);
        if chart.kind(state) != StateKind::Parallel {
            if self.can_end(state) {
                return None;
            }
            let finding = Diagnostic::new(
                "never-done",
                span,
                Text::new(
                    format!("`{name}` 永远不会完成：它的终态到不了，`done` 等不来。"),
                    format!(
                        "`{name}` is never done: no final state of it is reached, so `done` never comes."
                    ),
                ),
            );
            return Some(finding.with_help(Text::new(
                "请在它里面加一个能到的 `final: true` 状态，或改用事件。",
                "Put a state with `final: true` inside it that can be reached, or use an event.",
            )));
        }
        let lane = chart
            .children(state)
            .iter()
            .find(|lane| !self.can_end(**lane))?;
        let lane = chart.name(*lane);
        let finding = Diagnostic::new(
            "dead-join",
            span,
            Text::new(
                format!("`{name}` 的各线汇合不了：`{lane}` 这一线永远不会完成。"),
                format!("The lanes of `{name}` never join: lane `{lane}` is never done."),
            ),
        );
        Some(finding.with_help(Text::new(
            format!("请让 `{lane}` 有一个能到的终态。"),
            format!("Give `{lane}` a final state that can be reached."),
        )))
    }

    /// Tells whether a state can be done by itself: a final child is entered, or every region can.
    fn can_end(&self, state: StateId) -> bool {
        let chart = self.model.chart;
        let children = chart.children(state);
        match chart.kind(state) {
            StateKind::Compound => children
                .iter()
                .any(|it| chart.kind(*it) == StateKind::Final && self.survey.entered(*it)),
            StateKind::Parallel => children.iter().all(|it| self.can_end(*it)),
            _ => false,
        }
    }

    /// A transition that could be taken, were another not always taken instead.
    fn preempted(&mut self, id: TransitionId) -> Option<Diagnostic> {
        let chart = self.model.chart;
        let (number, stimulus) = self.survey.possible(id)?;
        let witness = self.evidence.instead(number, stimulus)?;
        let name = chart.name(chart.transition(id)?.source);
        let what = self.what(id);
        let finding = Diagnostic::new(
            "always-preempted",
            self.places.transition(chart, id),
            Text::new(
                format!("`{name}` 里{}的去向永远轮不到：总有别的去向先走。", what.zh),
                format!("The transition of `{name}` {} is never taken: another always goes first.", what.en),
            ),
        )
        .with_help(Text::new(
            "里层状态的去向先于外层，同一状态里写在前面的先走，并行各线里写在前面的先走。请调整顺序，或给先走的加 `if`。",
            "Inner states go before outer ones, and what is written first goes first. Change the order, or give the other an `if`.",
        ));
        Some(with_witness(finding, Some(witness)))
    }

    fn never_taken(&self, id: TransitionId) -> Diagnostic {
        let chart = self.model.chart;
        let source = chart.transition(id).map_or(StateId::ROOT, |it| it.source);
        let name = chart.name(source);
        let what = self.what(id);
        Diagnostic::new(
            "never-taken",
            self.places.transition(chart, id),
            Text::new(
                format!("`{name}` 里{}的去向永远走不了：它的条件在这里从不成立，或者办件在这里停不住。", what.zh),
                format!(
                    "The transition of `{name}` {} can never be taken: its condition never holds there, or the case never rests there.",
                    what.en
                ),
            ),
        )
        .with_help(Text::new(
            "请核对 `if` 与 `gates` 里的 `at(...)`，或删去这个去向。",
            "Check `at(...)` under `if` and `gates`, or take the transition away.",
        ))
    }

    /// Says what sets a transition off.
    fn what(&self, id: TransitionId) -> Text {
        let chart = self.model.chart;
        let Some(transition) = chart.transition(id) else {
            return Text::default();
        };
        match &transition.trigger {
            Trigger::After(_) => Text::new("到期", "after a delay"),
            Trigger::Eventless => Text::new("自动", "by itself"),
            Trigger::Event(names) => match names.first() {
                Some(name) if name.starts_with("done.state.") => Text::new("完成后", "when done"),
                Some(name) => Text::new(format!("响应 `{name}` "), format!("on `{name}`")),
                None => Text::default(),
            },
        }
    }

    /// A delay that another of the same state always ends before it is over.
    fn late_delays(&mut self) {
        let chart = self.model.chart;
        let delays: Vec<(StateId, TransitionId, usize)> = self
            .model
            .stimuli
            .iter()
            .filter_map(|stimulus| match stimulus {
                Stimulus::Delay {
                    state,
                    transition,
                    delay,
                } => Some((*state, *transition, usize::try_from(delay.0).ok()?)),
                _ => None,
            })
            .collect();
        for (state, id, delay) in &delays {
            let earlier = delays.iter().find(|(same, other, first)| {
                same == state && other != id && self.always_first(*other, *first, *delay)
            });
            let Some((_, _, first)) = earlier else {
                continue;
            };
            let Some(first) = self.model.workflow.delays.get(*first) else {
                continue;
            };
            let (name, timer) = (chart.name(*state), first.timer.clone());
            let finding = Diagnostic::new(
                "delay-never-ends",
                self.places.transition(chart, *id),
                Text::new(
                    format!("`{name}` 的这个期限永远等不到：`{timer}` 总是先到，办件已经离开。"),
                    format!("This delay of `{name}` is never over: `{timer}` always comes first, and the case has left."),
                ),
            )
            .with_help(Text::new(
                "请把它改短，给先到的加 `if`，或删去一个。",
                "Make it shorter, give the first one an `if`, or take one away.",
            ));
            self.found.push(finding);
        }
    }

    /// Tells whether one delay, which nothing can keep from leaving the state, always comes before
    /// another. Of two that end together the timer whose name sorts first does.
    fn always_first(&self, id: TransitionId, first: usize, second: usize) -> bool {
        let workflow = self.model.workflow;
        let guarded = self
            .model
            .chart
            .transition(id)
            .is_none_or(|it| it.guard.is_some());
        let (Some(first), Some(second)) = (workflow.delays.get(first), workflow.delays.get(second))
        else {
            return false;
        };
        let (one, two) = (first.policy.goal.budget(), second.policy.goal.budget());
        let ordering = match (one, two) {
            (Budget::Elapsed { ms: one }, Budget::Elapsed { ms: two })
            | (Budget::Working { ms: one }, Budget::Working { ms: two }) => one.cmp(&two),
            (Budget::WorkingDays { days: one }, Budget::WorkingDays { days: two })
            | (Budget::CalendarDays { days: one }, Budget::CalendarDays { days: two }) => {
                one.cmp(&two)
            }
            _ => return false,
        };
        let same_end = first.policy.day_end == second.policy.day_end;
        let before = ordering.is_lt() || ordering.is_eq() && first.timer < second.timer;
        !guarded && same_end && before
    }

    fn clocks(&mut self) {
        for (name, clock) in &self.model.workflow.clocks {
            let crossed = |edge: &Edge| self.crossed(edge);
            let ends = crossed(&clock.stop) || clock.cancel.as_ref().is_some_and(crossed);
            let finding = if !crossed(&clock.start) {
                Diagnostic::new(
                    "clock-never-starts",
                    self.places.clock(name),
                    Text::new(
                        format!("时限 `{name}` 永远不会开始计时。"),
                        format!("Clock `{name}` never starts."),
                    ),
                )
                .with_help(Text::new(
                    "请把 `start` 写成办件会经过的地方。",
                    "Let `start` name a border that a case crosses.",
                ))
            } else if !ends {
                Diagnostic::new(
                    "clock-never-stops",
                    self.places.clock(name),
                    Text::new(
                        format!("时限 `{name}` 一旦开始就不会停止，到办结时才作废。"),
                        format!("Clock `{name}` never stops once it has started: it is void when the case is closed."),
                    ),
                )
                .with_help(Text::new(
                    "请把 `stop` 写成办件会经过的地方。",
                    "Let `stop` name a border that a case crosses.",
                ))
            } else {
                continue;
            };
            self.found.push(finding);
        }
    }

    fn crossed(&self, edge: &Edge) -> bool {
        let chart = self.model.chart;
        match edge {
            Edge::Entering(state) => chart
                .state(state)
                .is_some_and(|state| self.survey.entered(state)),
            Edge::Leaving(state) => chart
                .state(state)
                .is_some_and(|state| self.survey.exited(state)),
        }
    }

    /// Roles of which no act can ever be done. Each act that is dead is reported too.
    fn idle_roles(&mut self) {
        let workflow = self.model.workflow;
        for (name, role) in &workflow.roles {
            let works = !role.may.is_empty()
                || self.model.chart.transitions().any(|(id, _)| {
                    let event = workflow.transition(id).event.as_ref();
                    let event = event.and_then(|event| workflow.events.get(event));
                    self.survey.taken(id) && event.is_some_and(|event| event.by.contains(name))
                });
            if !works {
                let finding = Diagnostic::new(
                    "role-without-work",
                    self.places.role(name),
                    Text::new(
                        format!("角色 `{name}` 在任何办件里都无事可做。"),
                        format!("In no case is there anything for role `{name}` to do."),
                    ),
                );
                self.found.push(warning(finding.with_help(Text::new(
                    "请核对它的动作为何都走不到，或删去它。",
                    "See why none of its acts can be done, or take it away.",
                ))));
            }
        }
    }

    /// Roles that must be another person than themselves.
    fn lonely_roles(&mut self) {
        for (name, role) in &self.model.workflow.roles {
            if role.not_same_person_as.contains(name) {
                let finding = Diagnostic::new(
                    "role-excludes-itself",
                    self.places.role(name),
                    Text::new(
                        format!("角色 `{name}` 与自己互斥：同一办件里每办一步都得换一个人。"),
                        format!(
                            "Role `{name}` excludes itself: every act of it in a case takes another person."
                        ),
                    ),
                );
                self.found.push(warning(finding.with_help(Text::new(
                    "请写出要与它分开的另一个角色。",
                    "Name the other role that it is to be kept apart from.",
                ))));
            }
        }
    }

    /// Parts of a clock that are counted at the same time.
    fn overlapping_segments(&mut self) {
        let chart = self.model.chart;
        for (name, clock) in &self.model.workflow.clocks {
            let states: Vec<StateId> = clock
                .segments
                .iter()
                .filter_map(|segment| chart.state(segment))
                .collect();
            let pairs = states
                .iter()
                .enumerate()
                .flat_map(|(number, one)| states[number + 1..].iter().map(move |two| (*one, *two)));
            for (one, two) in pairs {
                let Some(witness) = self.evidence.together(one, two) else {
                    continue;
                };
                let (one, two) = (chart.name(one), chart.name(two));
                let finding = Diagnostic::new(
                    "segments-overlap",
                    self.places.clock(name),
                    Text::new(
                        format!(
                            "时限 `{name}` 的分段 `{one}` 与 `{two}` 会同时进行，各段相加会超过总数。"
                        ),
                        format!(
                            "Segments `{one}` and `{two}` of clock `{name}` run at the same time: the parts add up to more than the whole."
                        ),
                    ),
                );
                let finding = warning(finding.with_help(Text::new(
                    "请只列一个接一个的状态。",
                    "List states that follow one another.",
                )));
                self.found.push(with_witness(finding, Some(witness)));
                break;
            }
        }
    }
}

fn warning(mut finding: Diagnostic) -> Diagnostic {
    finding.severity = Severity::Warning;
    finding
}

fn with_witness(mut finding: Diagnostic, witness: Option<Witness>) -> Diagnostic {
    finding.witness = witness;
    finding
}

fn last_states(witness: &Witness) -> Vec<String> {
    let last = witness.steps.last().map(|step| &step.leads_to);
    last.unwrap_or(&witness.opened_in).clone()
}

/// The first few states, in both languages.
fn listed(states: &[String]) -> (String, String) {
    let some: Vec<String> = states.iter().take(3).map(|it| format!("`{it}`")).collect();
    let more = states.len() > some.len();
    (
        format!("{}{}", some.join("、"), if more { " 等" } else { "" }),
        format!("{}{}", some.join(", "), if more { ", …" } else { "" }),
    )
}
