//! Taking steps.

use crate::entry::EntryPlan;
use crate::host::InternalEvent;
use crate::selection::{Enabled, Selection, Wanted};
use crate::state_set as set;
use crate::step::waits;
use crate::{
    ActionId, Cause, Chart, Configuration, CurrentEvent, DelayId, Event, GuardId, Host, Microstep,
    PayloadId, Raised, StateId, StateKind, Step, TransitionId, View,
};

/// How many microsteps and raised events one step may take.
pub const MICROSTEPS_MAX: usize = 10_000;
/// How many exits and entries one step may make.
pub const CHANGES_MAX: usize = 1_000_000;
/// How many microsteps a stepper keeps for their lists.
const SPARE_MAX: usize = 64;

/// Why a step was not taken. The configuration is as it was before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StepError<E> {
    /// The host could not answer for a guard.
    #[error("a guard of `{state}` could not be answered")]
    Guard {
        /// The guard.
        guard: GuardId,
        /// The transition that has it.
        transition: TransitionId,
        /// The transition's source.
        state: String,
        /// The host's reason.
        source: E,
    },
    /// The host could not carry out an action.
    #[error("an action could not be carried out")]
    Action {
        /// The action.
        action: ActionId,
        /// The host's reason.
        source: E,
    },
    /// The host could not say what the event carries that a final state raises.
    #[error("the data of `{state}` could not be worked out")]
    DoneData {
        /// The final state.
        state: String,
        /// The host's reason.
        source: E,
    },
    /// The step did not come to rest within [`MICROSTEPS_MAX`] microsteps and raised events, or
    /// within [`CHANGES_MAX`] exits and entries.
    #[error("the step does not come to rest; it was last in {}", states.join(", "))]
    Livelock {
        /// The names of the leaves that were active when it was given up.
        states: Vec<String>,
    },
    /// The configuration belongs to another chart.
    #[error("the configuration belongs to another chart")]
    OtherChart,
}

impl Chart {
    /// Starts the chart: enters its initial states and comes to rest.
    ///
    /// # Errors
    ///
    /// [`StepError::Guard`], [`StepError::Action`] and [`StepError::Livelock`].
    pub fn start<H: Host>(
        &self,
        host: &mut H,
    ) -> Result<(Configuration, Step), StepError<H::Error>> {
        let mut configuration = Configuration::unstarted(self);
        let mut stepper = Stepper::default();
        stepper.start(self, &mut configuration, host)?;
        Ok((configuration, stepper.step))
    }

    /// Takes one event and comes to rest: one macrostep. The step is empty if nothing was enabled,
    /// and always is once the chart [is done](Configuration::is_done).
    ///
    /// A [`Stepper`] does the same without asking for memory each time.
    ///
    /// # Errors
    ///
    /// [`StepError::Guard`], [`StepError::Action`], [`StepError::Livelock`], and
    /// [`StepError::OtherChart`] when the configuration belongs to another chart.
    pub fn step<H: Host>(
        &self,
        configuration: &Configuration,
        event: Event<'_>,
        host: &mut H,
    ) -> Result<(Configuration, Step), StepError<H::Error>> {
        let mut next = configuration.clone();
        let mut stepper = Stepper::default();
        stepper.step(self, &mut next, event, host)?;
        Ok((next, stepper.step))
    }
}

/// Takes steps and keeps its lists from one to the next, so that steps after the first few need
/// no memory. Holds nothing else: one stepper serves any number of charts and cases.
#[derive(Debug, Default)]
pub struct Stepper {
    step: Step,
    /// Microsteps of earlier steps, kept for their lists.
    spare: Vec<Microstep>,
    selection: Selection,
    entries: EntryPlan,
    exiting: Vec<u64>,
    raised: Raised,
    /// The configuration before the step.
    before: Vec<u64>,
    /// States that were active before the step and that it exited.
    ended: Vec<u64>,
    /// States that the step entered and did not exit again.
    begun: Vec<u64>,
}

impl Stepper {
    /// Starts the chart in `configuration`, whatever that was before.
    ///
    /// # Errors
    ///
    /// Those of [`Chart::start`]; the configuration is then [unstarted](Configuration::unstarted).
    pub fn start<H: Host>(
        &mut self,
        chart: &Chart,
        configuration: &mut Configuration,
        host: &mut H,
    ) -> Result<&Step, StepError<H::Error>> {
        configuration.reset(chart);
        self.run(chart, configuration, None, host)
    }

    /// Takes one event in place: one macrostep.
    ///
    /// # Errors
    ///
    /// Those of [`Chart::step`]; the configuration is then as it was.
    pub fn step<H: Host>(
        &mut self,
        chart: &Chart,
        configuration: &mut Configuration,
        event: Event<'_>,
        host: &mut H,
    ) -> Result<&Step, StepError<H::Error>> {
        if !configuration.belongs_to(chart) {
            return Err(StepError::OtherChart);
        }
        self.run(chart, configuration, Some(event), host)
    }

    /// Returns the waits that ran before the last step and that it ended, as
    /// [`Step::disarmed`] does; none after a step that failed.
    pub fn disarmed<'a>(&'a self, chart: &'a Chart) -> impl Iterator<Item = DelayId> + 'a {
        waits(chart, &self.ended)
    }

    /// Returns the waits that run after the last step and that it began, as [`Step::armed`] does;
    /// none after a step that failed.
    pub fn armed<'a>(&'a self, chart: &'a Chart) -> impl Iterator<Item = DelayId> + 'a {
        waits(chart, &self.begun)
    }

    /// Ends the chart from outside: exits everything that is active, innermost first, and runs
    /// what that has to run. What it raises is dropped. Does nothing to a chart that
    /// [is done](Configuration::is_done), which has left everything already.
    ///
    /// # Errors
    ///
    /// [`StepError::Action`] and [`StepError::OtherChart`]; the configuration is then as it was.
    ///
    /// # Source
    ///
    /// W3C SCXML 1.0, appendix D, `exitInterpreter`.
    pub fn stop<H: Host>(
        &mut self,
        chart: &Chart,
        configuration: &mut Configuration,
        host: &mut H,
    ) -> Result<(), StepError<H::Error>> {
        if !configuration.belongs_to(chart) {
            return Err(StepError::OtherChart);
        }
        self.prepare(chart, configuration);
        if configuration.is_done(chart) {
            return Ok(());
        }
        let mut leaving: Vec<StateId> = configuration.active().collect();
        leaving.reverse();
        let mut stage = Stage {
            chart,
            configuration,
            host,
            current: Current::None,
        };
        for state in leaving.into_iter().chain([StateId::ROOT]) {
            if let Err(err) = stage.run(chart.on_exit(state), &mut self.raised) {
                stage.configuration.restore(&self.before);
                return Err(err);
            }
            if state != StateId::ROOT {
                set::remove(stage.configuration.active_words_mut(), state.index());
            }
        }
        Ok(())
    }

    fn run<H: Host>(
        &mut self,
        chart: &Chart,
        configuration: &mut Configuration,
        event: Option<Event<'_>>,
        host: &mut H,
    ) -> Result<&Step, StepError<H::Error>> {
        self.prepare(chart, configuration);
        if configuration.is_done(chart) {
            return Ok(&self.step);
        }
        let current = event.map_or(Current::None, Current::External);
        let mut stage = Stage {
            chart,
            configuration,
            host,
            current,
        };
        match self.macrostep(&mut stage, event) {
            Ok(()) => Ok(&self.step),
            Err(err) => {
                stage.configuration.restore(&self.before);
                self.ended.fill(0);
                self.begun.fill(0);
                Err(err)
            }
        }
    }

    fn prepare(&mut self, chart: &Chart, configuration: &Configuration) {
        while let Some(microstep) = self.step.microsteps.pop() {
            // One step that went on for long must not hold its memory for ever.
            if self.spare.len() < SPARE_MAX {
                self.spare.push(microstep);
            }
        }
        self.selection.fit(chart);
        self.entries.fit(chart);
        for words in [&mut self.exiting, &mut self.ended, &mut self.begun] {
            words.clear();
            words.resize(chart.width, 0);
        }
        self.raised.clear();
        self.before.clear();
        self.before.extend_from_slice(configuration.words());
    }

    /// Takes the event, or starts, and goes on until nothing is enabled by itself.
    ///
    /// # Source
    ///
    /// W3C SCXML 1.0, appendix D, `mainEventLoop`.
    fn macrostep<H: Host>(
        &mut self,
        stage: &mut Stage<'_, H>,
        event: Option<Event<'_>>,
    ) -> Result<(), StepError<H::Error>> {
        match event {
            Some(event) => {
                self.choose(stage, Wanted::For(event))?;
                self.take_chosen(stage, Cause::External)?;
            }
            None => self.take_start(stage)?,
        }
        let mut rounds = 0;
        let mut changes = 0;
        while !stage.configuration.is_done(stage.chart) {
            let taken = self.step.microsteps.len();
            self.choose(stage, Wanted::Eventless)?;
            if self.selection.chosen().is_empty() {
                let Some(internal) = self.raised.pop() else {
                    return Ok(());
                };
                let cause = match &internal {
                    InternalEvent::Named { name, .. } => Cause::Raised(name.clone()),
                    InternalEvent::Done { state, .. } => Cause::Done(*state),
                };
                stage.current = Current::Internal(internal);
                let name = match &cause {
                    Cause::Raised(name) => name,
                    Cause::Done(state) => stage.chart.done_event(*state),
                    Cause::Start | Cause::External | Cause::Eventless => "",
                };
                self.choose(stage, Wanted::For(Event::Named(name)))?;
                self.take_chosen(stage, cause)?;
            } else {
                self.take_chosen(stage, Cause::Eventless)?;
            }
            rounds += 1;
            changes += self.step.microsteps[taken..]
                .iter()
                .map(|microstep| microstep.exited.len() + microstep.entered.len())
                .sum::<usize>();
            if rounds > MICROSTEPS_MAX || changes > CHANGES_MAX {
                return Err(StepError::Livelock {
                    states: stage.leaf_names(),
                });
            }
        }
        self.leave_for_good(stage)
    }

    /// Runs what the end and the root have to run when they are left, which is now: nothing else
    /// will happen. They stay active, so that one can see how the chart ended.
    ///
    /// # Source
    ///
    /// W3C SCXML 1.0, appendix D, `exitInterpreter`.
    fn leave_for_good<H: Host>(
        &mut self,
        stage: &mut Stage<'_, H>,
    ) -> Result<(), StepError<H::Error>> {
        let chart = stage.chart;
        if let Some(end) = stage.configuration.end(chart) {
            stage.run(chart.on_exit(end), &mut self.raised)?;
        }
        stage.run(chart.on_exit(StateId::ROOT), &mut self.raised)
    }

    fn choose<H: Host>(
        &mut self,
        stage: &mut Stage<'_, H>,
        wanted: Wanted<'_>,
    ) -> Result<(), StepError<H::Error>> {
        let chart = stage.chart;
        let view = View {
            chart,
            configuration: stage.configuration,
            event: stage.current.event(),
            payload: stage.current.payload(),
        };
        let (host, raised) = (&mut *stage.host, &mut self.raised);
        self.selection
            .choose(chart, view.configuration, wanted, |guard, transition| {
                host.guard(guard, &view, raised).map_err(|source| {
                    let state = chart.transition(transition).map(|it| chart.name(it.source));
                    let state = state.unwrap_or_default().to_owned();
                    StepError::Guard {
                        guard,
                        transition,
                        state,
                        source,
                    }
                })
            })
    }

    /// Returns an empty microstep, with the lists of an earlier one if there is one.
    fn new_microstep(&mut self, cause: Cause) -> Microstep {
        match self.spare.pop() {
            Some(mut microstep) => {
                microstep.cause = cause;
                microstep.transitions.clear();
                microstep.exited.clear();
                microstep.entered.clear();
                microstep
            }
            None => Microstep {
                cause,
                transitions: Vec::new(),
                exited: Vec::new(),
                entered: Vec::new(),
            },
        }
    }

    fn take_start<H: Host>(&mut self, stage: &mut Stage<'_, H>) -> Result<(), StepError<H::Error>> {
        let chart = stage.chart;
        let mut microstep = self.new_microstep(Cause::Start);
        self.entries.plan_start(chart, stage.configuration);
        stage.run(chart.on_entry(StateId::ROOT), &mut self.raised)?;
        stage.run(chart.initial_actions(StateId::ROOT), &mut self.raised)?;
        self.enter(stage, &mut microstep)?;
        self.step.microsteps.push(microstep);
        Ok(())
    }

    /// Takes the chosen transitions together, if there are any.
    ///
    /// # Source
    ///
    /// W3C SCXML 1.0, appendix D, `microstep`.
    fn take_chosen<H: Host>(
        &mut self,
        stage: &mut Stage<'_, H>,
        cause: Cause,
    ) -> Result<(), StepError<H::Error>> {
        if self.selection.chosen().is_empty() {
            return Ok(());
        }
        let chart = stage.chart;
        let mut microstep = self.new_microstep(cause);
        self.exit(stage, &mut microstep)?;
        for Enabled { transition, .. } in self.selection.chosen() {
            microstep.transitions.push(*transition);
            stage.run(
                &chart.transitions[transition.index()].actions,
                &mut self.raised,
            )?;
        }
        self.entries
            .plan(chart, stage.configuration, self.selection.chosen());
        self.enter(stage, &mut microstep)?;
        self.step.microsteps.push(microstep);
        Ok(())
    }

    /// Exits everything below the domains of the chosen transitions.
    fn exit<H: Host>(
        &mut self,
        stage: &mut Stage<'_, H>,
        microstep: &mut Microstep,
    ) -> Result<(), StepError<H::Error>> {
        let chart = stage.chart;
        self.exiting.fill(0);
        for domain in self
            .selection
            .chosen()
            .iter()
            .filter_map(|enabled| enabled.domain)
        {
            let below = chart.below(domain);
            for index in set::word_range(&below) {
                self.exiting[index] |=
                    stage.configuration.active_words()[index] & set::mask(&below, index);
            }
        }
        for (index, exiting) in self.exiting.iter().enumerate() {
            self.ended[index] |= exiting & self.before[index];
            self.begun[index] &= !exiting;
        }
        microstep.exited.extend(set::iter(&self.exiting).map(to_id));
        microstep.exited.reverse();
        stage.configuration.remember_exits(chart, &microstep.exited);
        for state in &microstep.exited {
            stage.run(chart.on_exit(*state), &mut self.raised)?;
            set::remove(stage.configuration.active_words_mut(), state.index());
        }
        Ok(())
    }

    /// Enters what is planned.
    fn enter<H: Host>(
        &mut self,
        stage: &mut Stage<'_, H>,
        microstep: &mut Microstep,
    ) -> Result<(), StepError<H::Error>> {
        let chart = stage.chart;
        for state in self.entries.states().map(to_id) {
            set::insert(stage.configuration.active_words_mut(), state.index());
            set::insert(&mut self.begun, state.index());
            microstep.entered.push(state);
            stage.run(chart.on_entry(state), &mut self.raised)?;
            if self.entries.is_by_default(state) {
                stage.run(chart.initial_actions(state), &mut self.raised)?;
            }
            if let Some(history) = self.entries.forgetful_history_of(chart, state) {
                stage.run(chart.initial_actions(history), &mut self.raised)?;
            }
            if chart.kind(state) == StateKind::Final {
                stage.raise_done(state, &mut self.raised)?;
            }
        }
        Ok(())
    }
}

fn to_id(index: usize) -> StateId {
    // A chart has fewer states than a u16 counts.
    StateId(u16::try_from(index).unwrap_or(u16::MAX))
}

/// What one step works on.
struct Stage<'a, H> {
    chart: &'a Chart,
    configuration: &'a mut Configuration,
    host: &'a mut H,
    current: Current<'a>,
}

/// The event being taken, owned if the step raised it itself.
enum Current<'a> {
    None,
    External(Event<'a>),
    Internal(InternalEvent),
}

impl Current<'_> {
    fn event(&self) -> Option<CurrentEvent<'_>> {
        match self {
            Self::None => None,
            Self::External(event) => Some(CurrentEvent::External(*event)),
            Self::Internal(InternalEvent::Named { name, payload }) => Some(CurrentEvent::Raised {
                name,
                payload: *payload,
            }),
            Self::Internal(InternalEvent::Done { state, .. }) => Some(CurrentEvent::Done(*state)),
        }
    }

    fn payload(&self) -> Option<PayloadId> {
        match self {
            Self::None | Self::External(_) => None,
            Self::Internal(
                InternalEvent::Named { payload, .. } | InternalEvent::Done { payload, .. },
            ) => *payload,
        }
    }
}

impl<H: Host> Stage<'_, H> {
    fn run(
        &mut self,
        actions: &[ActionId],
        raised: &mut Raised,
    ) -> Result<(), StepError<H::Error>> {
        for action in actions {
            let view = View {
                chart: self.chart,
                configuration: self.configuration,
                event: self.current.event(),
                payload: self.current.payload(),
            };
            self.host
                .run(*action, &view, raised)
                .map_err(|source| StepError::Action {
                    action: *action,
                    source,
                })?;
        }
        Ok(())
    }

    /// Raises what a final state's entry completes: its parent, and the parallel states around
    /// that of which every region is now done.
    ///
    /// # Source
    ///
    /// W3C SCXML 1.0, section 3.4: a parallel state is done when all its children are. Appendix D
    /// looks no further than the grandparent, and so would miss a parallel state that is done
    /// because a parallel child of it is; here the way goes on up.
    fn raise_done(&mut self, end: StateId, raised: &mut Raised) -> Result<(), StepError<H::Error>> {
        let chart = self.chart;
        let parent = chart.node(end).parent;
        if parent == StateId::ROOT {
            return Ok(());
        }
        let view = View {
            chart,
            configuration: self.configuration,
            event: self.current.event(),
            payload: self.current.payload(),
        };
        let payload =
            self.host
                .done_data(end, &view, raised)
                .map_err(|source| StepError::DoneData {
                    state: chart.name(end).to_owned(),
                    source,
                })?;
        raised.push_done(parent, payload);
        for ancestor in chart.ancestors(parent) {
            let done = chart.kind(ancestor) == StateKind::Parallel
                && chart.is_done(ancestor, self.configuration.active_words());
            if !done {
                break;
            }
            raised.push_done(ancestor, None);
        }
        Ok(())
    }

    fn leaf_names(&self) -> Vec<String> {
        let leaves = self.configuration.leaves(self.chart);
        leaves
            .map(|state| self.chart.name(state).to_owned())
            .collect()
    }
}
