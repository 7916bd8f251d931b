//! Budgets that no case can keep.

use std::collections::BTreeMap;

use groundbreak_sla::Comparator;

use crate::definition::Definition;
use crate::{CriticalPath, Diagnostic, Text, Workflow};

/// Reports the clocks whose quickest way is longer than their budget.
pub(super) fn infeasible(definition: &Definition, workflow: &Workflow) -> Vec<Diagnostic> {
    let paths = workflow.critical_paths(&BTreeMap::new());
    paths
        .iter()
        .filter_map(|path| {
            let clock = definition
                .clocks
                .iter()
                .find(|(name, _)| name.value == path.clock);
            let (_, clock) = clock?;
            let goal = workflow.clocks.get(&path.clock)?.policy.goal;
            let kept = match goal.comparator() {
                Comparator::Within => path.at_least <= goal.budget().amount(),
                Comparator::Under => path.at_least < goal.budget().amount(),
            };
            (!kept).then(|| {
                let help = Text::new(
                    format!(
                        "最快的路径：{}。请放宽 `budget`，或核对 `takes` 与 `delay`。",
                        way(workflow, path).zh
                    ),
                    format!(
                        "The quickest way: {}. Raise `budget`, or check `takes` and `delay`.",
                        way(workflow, path).en
                    ),
                );
                let needed = goal.budget().with_amount(path.at_least).text();
                Diagnostic::new(
                    "budget-infeasible",
                    clock.budget.span.clone(),
                    Text::new(
                        format!(
                            "时限为{}，最快也要 {}，没有办件能按时办结。",
                            goal.text().zh,
                            needed.zh
                        ),
                        format!(
                            "The budget is {}, and the quickest case takes {}: none can keep it.",
                            goal.text().en,
                            needed.en
                        ),
                    ),
                )
                .with_help(help)
            })
        })
        .collect()
}

/// Writes the states on the way that take time.
fn way(workflow: &Workflow, path: &CriticalPath) -> Text {
    let Some(clock) = workflow.clocks.get(&path.clock) else {
        return Text::default();
    };
    let unit = clock.policy.goal.budget();
    let steps = path.steps.iter().map(|step| {
        let title = workflow.state_title(&step.state);
        let takes = unit.with_amount(step.takes).text();
        (
            format!("{}（{}）", title.zh, takes.zh),
            format!("{} ({})", title.en, takes.en),
        )
    });
    let (zh, en): (Vec<String>, Vec<String>) = steps.unzip();
    Text::new(zh.join(" → "), en.join(" → "))
}
