//! Names: their form, and the states by theirs.

use std::ops::Range;

use groundbreak_sla::Goal;
use indexmap::IndexMap;

use super::{Compiler, keys, values};
use crate::Text;
use crate::definition::{Named, StateDefinition};
use crate::source::At;
use crate::workflow::{Binds, State, StateKind};

/// The longest name, in bytes.
const NAME_LENGTH_MAX: usize = 64;

/// The states of a definition.
#[derive(Debug, Default)]
pub(super) struct States {
    /// In document order.
    pub(super) faces: IndexMap<String, State>,
    /// Where each is named.
    pub(super) spans: IndexMap<String, Range<usize>>,
}

/// How the words of a name are joined.
#[derive(Clone, Copy)]
pub(super) enum Joint {
    Hyphen,
    Underscore,
}

impl Compiler<'_> {
    pub(super) fn check_names(&mut self) {
        let definition = self.definition;
        self.check_name(&definition.workflow, Joint::Hyphen);
        if definition.version.value == 0 {
            self.fault_with_help(
                "bad-version",
                &definition.version.span,
                Text::new("版本从 1 开始。", "Versions begin with 1."),
                Text::new("请写 `version: 1`。", "Write `version: 1`."),
            );
        }
        for name in definition
            .data
            .keys()
            .chain(definition.roles.keys())
            .chain(definition.documents.keys())
            .chain(definition.gates.keys())
            .chain(definition.events.keys())
            .chain(definition.clocks.keys())
            .chain(definition.task_forces.keys())
        {
            self.check_name(name, Joint::Underscore);
        }
    }

    pub(super) fn check_name(&mut self, name: &At<String>, joint: Joint) {
        let joint = match joint {
            Joint::Hyphen => '-',
            Joint::Underscore => '_',
        };
        let good = name.len() <= NAME_LENGTH_MAX
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == joint);
        if !good {
            self.fault_with_help(
                "bad-name",
                &name.span,
                Text::new(format!("`{name}` 不能作为名称。"), format!("`{name}` cannot be a name.")),
                Text::new(
                    format!("名称用小写字母、数字和 `{joint}`，以字母开头，最多 {NAME_LENGTH_MAX} 个字符；中文写在 title 里。"),
                    format!("Use lower-case letters, digits and `{joint}`, a letter first, at most {NAME_LENGTH_MAX}; other words go into the title."),
                ),
            );
        }
    }

    /// Lists the states in document order, and reports those that are named twice or are of no
    /// kind.
    pub(super) fn collect_states(&mut self) -> States {
        let mut states = States::default();
        self.collect(&self.definition.states, None, &mut states);
        states
    }

    fn collect(
        &mut self,
        named: &Named<StateDefinition>,
        parent: Option<&str>,
        states: &mut States,
    ) {
        for (name, state) in named {
            self.check_name(name, Joint::Underscore);
            let kind = self.kind(name, state);
            if kind != StateKind::History && state.title.is_none() {
                self.fault_with_help(
                    "missing-key",
                    &name.span,
                    Text::new(
                        format!("状态 `{name}` 缺少 `title`。"),
                        format!("State `{name}` has no `title`."),
                    ),
                    Text::new(
                        "请加上 `title: { zh: …, en: … }`。",
                        "Add `title: { zh: …, en: … }`.",
                    ),
                );
            }
            let face = State {
                title: state
                    .title
                    .clone()
                    .unwrap_or_else(|| Text::new(&name.value, &name.value)),
                parent: parent.map(str::to_owned),
                kind,
                pauses: state.pauses.as_ref().and_then(|reason| self.reason(reason)),
                takes: state
                    .takes
                    .as_ref()
                    .and_then(|takes| self.goal(takes))
                    .map(Goal::budget),
                aside: state.aside,
                status: state.status.as_ref().map(|status| status.value),
                binds: self.binds(state),
            };
            if states.faces.insert(name.value.clone(), face).is_some() {
                self.fault_with_help(
                    "duplicate-state",
                    &name.span,
                    Text::new(
                        format!("状态 `{name}` 已在别处声明。"),
                        format!("State `{name}` is declared elsewhere too."),
                    ),
                    Text::new(
                        "状态名在整个流程中不得重复。",
                        "The name of a state is unique in the whole workflow.",
                    ),
                );
            }
            states.spans.insert(name.value.clone(), name.span.clone());
            self.collect(&state.states, Some(&name.value), states);
            self.collect(&state.parallel, Some(&name.value), states);
        }
    }

    fn binds(&mut self, state: &StateDefinition) -> Option<Binds> {
        let definition = self.definition;
        let binds = state.binds.as_ref()?;
        for document in &binds.documents {
            if !definition.documents.contains_key(document) {
                let known = keys(&definition.documents);
                self.unknown("unknown-document", ("材料", "document"), document, known);
            }
        }
        for fact in &binds.facts {
            if !definition.data.contains_key(fact) {
                let known = keys(&definition.data);
                self.unknown("unknown-field", ("信息项", "fact"), fact, known);
            }
        }
        Some(Binds {
            documents: values(&binds.documents),
            facts: values(&binds.facts),
        })
    }

    fn kind(&mut self, name: &At<String>, state: &StateDefinition) -> StateKind {
        let leads_on = !state.on.is_empty()
            || state.done.is_some()
            || state.always.is_some()
            || !state.after.is_empty();
        let mut kinds = Vec::new();
        if !state.states.is_empty() {
            kinds.push(("states", StateKind::Compound));
        }
        if !state.parallel.is_empty() {
            kinds.push(("parallel", StateKind::Parallel));
        }
        if state.is_final {
            kinds.push(("final", StateKind::Final));
        }
        if state.history.is_some() {
            kinds.push(("history", StateKind::History));
        }
        if let [(one, _), (other, _), ..] = kinds[..] {
            self.fault(
                "state-kind",
                &name.span,
                format!("`{name}` 不能同时有 `{one}` 和 `{other}`。"),
                format!("`{name}` cannot have both `{one}` and `{other}`."),
            );
        }
        let kind = kinds.first().map_or(StateKind::Atomic, |(_, kind)| *kind);
        let opens =
            !state.invoke.is_empty() && matches!(kind, StateKind::Final | StateKind::History);
        let tells = !(state.send.is_empty() && state.message.is_empty());
        if opens || tells && kind == StateKind::History {
            self.fault_with_help(
                "state-kind",
                &name.span,
                Text::new(
                    format!("办件不会停在 `{name}` 里等，那里不能有 `invoke`；历史状态也不能有 `send` 和 `message`。"),
                    format!("A case does not stay in `{name}`, so it has no `invoke`; a history state has no `send` and no `message` either."),
                ),
                Text::new(
                    "请移到它之前或之后的状态。",
                    "Put it into the state before or behind it.",
                ),
            );
        }
        if leads_on && matches!(kind, StateKind::Final | StateKind::History) {
            self.fault_with_help(
                "state-kind",
                &name.span,
                Text::new(
                    format!("`{name}` 到此为止，不能再有去向。"),
                    format!("Nothing leads on from `{name}`."),
                ),
                Text::new(
                    "请去掉 `on`、`done`、`always` 和 `after`。",
                    "Take `on`, `done`, `always` and `after` away.",
                ),
            );
        }
        kind
    }
}
