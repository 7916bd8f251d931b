//! What a transition does by itself, for those who reason about charts without running them.

use crate::entry::EntryPlan;
use crate::selection::Enabled;
use crate::{Chart, Configuration, StateId, TransitionId};

/// What a transition does when it is taken and nothing else is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// Everything active below this state is exited.
    pub domain: StateId,
    /// What is entered, in entry order.
    pub entered: Vec<StateId>,
}

impl Chart {
    /// Returns what a transition does, or `None` for one without targets or of another chart.
    /// The configuration matters only for what histories remember.
    ///
    /// Transitions that are taken together have domains apart from one another, so each has the
    /// effect it has alone.
    #[must_use]
    pub fn effect(&self, id: TransitionId, configuration: &Configuration) -> Option<Effect> {
        let domain = self.domain(self.transition(id)?, configuration)?;
        let mut plan = EntryPlan::default();
        plan.fit(self);
        let taken = Enabled {
            transition: id,
            domain: Some(domain),
        };
        plan.plan(self, configuration, &[taken]);
        Some(Effect {
            domain,
            entered: entered(&plan),
        })
    }

    /// Returns the states that are entered first when the chart starts, in entry order.
    #[must_use]
    pub fn first_entered(&self) -> Vec<StateId> {
        let mut plan = EntryPlan::default();
        plan.fit(self);
        plan.plan_start(self, &Configuration::unstarted(self));
        entered(&plan)
    }
}

fn entered(plan: &EntryPlan) -> Vec<StateId> {
    plan.states()
        // A chart has fewer states than a u16 counts.
        .map(|index| StateId(u16::try_from(index).unwrap_or(u16::MAX)))
        .collect()
}
