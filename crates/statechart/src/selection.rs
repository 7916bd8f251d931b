//! Which transitions are taken together.

use crate::state_set as set;
use crate::{Chart, Configuration, Event, GuardId, StateId, TransitionId, Trigger};

/// What transitions are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted<'a> {
    Eventless,
    For(Event<'a>),
}

/// A transition that is enabled, and the state below which it exits and enters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Enabled {
    pub(crate) transition: TransitionId,
    pub(crate) domain: Option<StateId>,
}

/// Chooses transitions. Keeps its lists, so that choosing again needs no memory.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// States whose transitions have been asked.
    asked: Vec<u64>,
    enabled: Vec<Enabled>,
    chosen: Vec<Enabled>,
}

impl Selection {
    pub(crate) fn fit(&mut self, chart: &Chart) {
        self.asked.resize(chart.width, 0);
    }

    /// The transitions to take together, in order, none of which preempts another.
    pub(crate) fn chosen(&self) -> &[Enabled] {
        &self.chosen
    }

    /// Chooses the transitions to take. `holds` answers for guards.
    ///
    /// # Source
    ///
    /// W3C SCXML 1.0, appendix D, `selectTransitions` and `selectEventlessTransitions`.
    pub(crate) fn choose<E>(
        &mut self,
        chart: &Chart,
        configuration: &Configuration,
        wanted: Wanted<'_>,
        mut holds: impl FnMut(GuardId, TransitionId) -> Result<bool, E>,
    ) -> Result<(), E> {
        self.enabled.clear();
        self.chosen.clear();
        let sources = match wanted {
            Wanted::Eventless => &chart.eventless,
            Wanted::For(Event::Named(_)) => &chart.eventful,
            Wanted::For(Event::Due(_)) => &chart.waiting,
        };
        let active = configuration.active_words();
        if !set::intersects(active, sources) {
            return Ok(());
        }
        self.asked.fill(0);
        for leaf in configuration.leaves(chart) {
            for state in std::iter::once(leaf).chain(chart.ancestors(leaf)) {
                // Another leaf has come by here. What it found, here or above, is in the list.
                if !set::insert(&mut self.asked, state.index()) {
                    break;
                }
                if !set::contains(sources, state.index()) {
                    continue;
                }
                if let Some(enabled) =
                    first_enabled(chart, configuration, state, wanted, &mut holds)?
                {
                    self.enabled.push(enabled);
                    break;
                }
            }
        }
        self.remove_preempted(chart);
        Ok(())
    }

    /// Moves to `chosen` what no other enabled transition preempts.
    ///
    /// Two transitions conflict when both would exit the same state. Each exits everything below
    /// its domain, and a domain is active and so has something active below it; hence they
    /// conflict just when one domain is the other or lies below it.
    ///
    /// # Source
    ///
    /// W3C SCXML 1.0, appendix D, `removeConflictingTransitions`.
    fn remove_preempted(&mut self, chart: &Chart) {
        let source = |id: TransitionId| chart.transitions[id.index()].source;
        for enabled in &self.enabled {
            let Some(domain) = enabled.domain else {
                self.chosen.push(*enabled);
                continue;
            };
            let conflicts = |chosen: &Enabled| {
                chosen.domain.is_some_and(|other| {
                    domain == other
                        || chart.is_descendant(domain, other)
                        || chart.is_descendant(other, domain)
                })
            };
            let wins = |chosen: &Enabled| {
                chart.is_descendant(source(enabled.transition), source(chosen.transition))
            };
            // Each domain holds the leaf that asked, and leaves ask in document order. Among the
            // chosen, those in conflict are therefore the last ones that have a domain.
            let rivals = self.chosen.iter().rev();
            let mut rivals = rivals
                .filter(|chosen| chosen.domain.is_some())
                .take_while(|chosen| conflicts(chosen))
                .peekable();
            let preempts = rivals.peek().is_some();
            if rivals.all(wins) {
                if preempts {
                    self.chosen.retain(|chosen| !conflicts(chosen));
                }
                self.chosen.push(*enabled);
            }
        }
    }
}

/// Returns the first transition of the state, in document order, that is enabled.
fn first_enabled<E>(
    chart: &Chart,
    configuration: &Configuration,
    state: StateId,
    wanted: Wanted<'_>,
    holds: &mut impl FnMut(GuardId, TransitionId) -> Result<bool, E>,
) -> Result<Option<Enabled>, E> {
    for (id, transition) in chart.transitions_of(state) {
        let triggered = match wanted {
            Wanted::Eventless => transition.trigger == Trigger::Eventless,
            Wanted::For(event) => transition.accepts(event),
        };
        if !triggered {
            continue;
        }
        let enabled = match transition.guard {
            Some(guard) => holds(guard, id)?,
            None => true,
        };
        if enabled {
            let domain = chart.domain(transition, configuration);
            return Ok(Some(Enabled {
                transition: id,
                domain,
            }));
        }
    }
    Ok(None)
}
