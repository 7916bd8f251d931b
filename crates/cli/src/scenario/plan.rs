//! From a script to a plan: every name found in the workflow, every time an instant.

use std::collections::BTreeMap;
use std::sync::Arc;

use groundbreak_workflow::sla::Timestamp;
use groundbreak_workflow::{Act, Actor, CaseId, Data, Refusal, Text, Value, Workflow, nearest};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::script::{CaseScript, CommandScript, Doing, Expectation, Moment, Placed, Script, Verb};
use super::token::ScenarioFault;

/// A scenario that can be played.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) cases: Vec<PlannedCase>,
}

/// A case of a plan.
#[derive(Debug)]
pub(crate) struct PlannedCase {
    pub(crate) workflow: Arc<Workflow>,
    /// The place of the case that opens it, among those of the plan, and what it is called there.
    pub(crate) child_of: Option<(usize, String)>,
    pub(crate) steps: Vec<PlannedStep>,
}

/// A line of a plan.
#[derive(Debug)]
pub(crate) struct PlannedStep {
    pub(crate) at: Timestamp,
    pub(crate) doing: PlannedDoing,
    pub(crate) expected: Vec<Placed<Expectation>>,
    /// The lines of the file it was read from.
    pub(crate) source: Vec<(usize, String)>,
}

/// What a line of a plan does.
#[derive(Debug)]
pub(crate) enum PlannedDoing {
    Wait,
    Restart,
    Act(PlannedCommand),
}

/// What somebody does. Several documents handed in at once are several acts.
#[derive(Debug)]
pub(crate) struct PlannedCommand {
    pub(crate) actor: Actor,
    /// What was asked for. What cannot be made an act is refused for that.
    ///
    /// Another case that an act is about is named by its place among the cases of the scenario: it
    /// has an id only when it is played.
    pub(crate) acts: Vec<Result<Act, Refusal>>,
    pub(crate) happened: Option<Timestamp>,
    pub(crate) seen: Option<u64>,
}

impl Plan {
    /// Returns the instant of the first line, if there is a line.
    pub(crate) fn begins(&self) -> Option<Timestamp> {
        self.cases
            .iter()
            .flat_map(|case| &case.steps)
            .map(|step| step.at)
            .min()
    }
}

/// Makes a plan of a script. `now` is what `now` in the script stands for.
///
/// # Errors
///
/// Every name that the workflow does not know, every time that is none or goes back.
pub(crate) fn plan(
    script: &Script,
    workflow: impl Fn(&str, Option<u32>) -> Result<Arc<Workflow>, Refusal>,
    now: Timestamp,
) -> Result<Plan, Vec<ScenarioFault>> {
    let mut faults = Vec::new();
    let mut cases = Vec::new();
    for case in &script.cases {
        match workflow(&case.workflow.value, case.version) {
            Ok(workflow) => {
                let mut planner = Planner {
                    case,
                    workflow: &workflow,
                    now,
                    faults: &mut faults,
                    attached: BTreeMap::new(),
                    names: script.cases.iter().map(|case| case.name.as_str()).collect(),
                };
                let steps = planner.steps();
                let child_of = case.child_of.as_ref().and_then(|(parent, called)| {
                    let at = |other: &CaseScript| other.name == parent.value;
                    Some((script.cases.iter().position(at)?, called.clone()))
                });
                cases.push(PlannedCase {
                    workflow,
                    child_of,
                    steps,
                });
            }
            Err(refusal) => faults.push(fault(&case.workflow, refusal.text())),
        }
    }
    if faults.is_empty() {
        return Ok(Plan { cases });
    }
    faults.sort_by_key(|fault| (fault.line, fault.column));
    faults.dedup();
    Err(faults)
}

fn fault<T>(at: &Placed<T>, message: Text) -> ScenarioFault {
    ScenarioFault {
        line: at.line,
        column: at.column,
        message,
    }
}

struct Planner<'a> {
    case: &'a CaseScript,
    workflow: &'a Workflow,
    now: Timestamp,
    faults: &'a mut Vec<ScenarioFault>,
    /// How many versions of each document were handed in so far.
    attached: BTreeMap<String, usize>,
    /// The names of all cases of the scenario.
    names: Vec<&'a str>,
}

impl Planner<'_> {
    fn steps(&mut self) -> Vec<PlannedStep> {
        let case = self.case;
        for role in case.people.iter().flat_map(|(_, roles)| roles) {
            self.role(role);
        }
        let mut steps = Vec::new();
        let mut before: Option<Timestamp> = None;
        for step in &case.steps {
            let Some(at) = self.instant(&step.at) else {
                continue;
            };
            if before.is_some_and(|before| at < before) {
                self.faults.push(fault(
                    &step.at,
                    Text::new("此行的时间早于上一行；每个办件的各行须按时间先后书写。", "This line is earlier than the one above; the lines of a case stand in the order of time."),
                ));
            }
            before = Some(at);
            let doing = match &step.doing {
                Doing::Wait => Some(PlannedDoing::Wait),
                Doing::Restart => Some(PlannedDoing::Restart),
                Doing::Act(command) => self.command(command).map(PlannedDoing::Act),
            };
            let expected = step
                .expected
                .iter()
                .filter_map(|expectation| self.expectation(expectation))
                .collect();
            if let Some(doing) = doing {
                steps.push(PlannedStep {
                    at,
                    doing,
                    expected,
                    source: step.source.clone(),
                });
            }
        }
        steps
    }

    fn instant(&mut self, moment: &Placed<Moment>) -> Option<Timestamp> {
        match &moment.value {
            Moment::Fixed(instant) => Some(*instant),
            Moment::BeforeNow(ms) => Some(self.now.saturating_add_millis(ms.saturating_neg())),
            Moment::Local(text) => match self.workflow.calendar.local(text) {
                Ok(instant) => Some(instant),
                Err(error) => {
                    self.faults.push(fault(moment, error.text()));
                    None
                }
            },
        }
    }

    fn fixed(&mut self, moment: &Placed<Moment>) -> Option<Placed<Moment>> {
        let value = Moment::Fixed(self.instant(moment)?);
        Some(Placed { value, ..*moment })
    }

    fn command(&mut self, command: &CommandScript) -> Option<PlannedCommand> {
        let actor = self.actor(&command.actor);
        let happened = match &command.happened {
            Some(moment) => Some(self.instant(moment)?),
            None => None,
        };
        let acts = self.acts(command);
        Some(PlannedCommand {
            actor: actor?,
            acts,
            happened,
            seen: command.seen,
        })
    }

    fn actor(&mut self, who: &Placed<String>) -> Option<Actor> {
        if let Some((name, roles)) = self.case.people.iter().find(|(name, _)| *name == who.value) {
            let roles = roles.iter().filter_map(|role| self.role(role)).collect();
            return Some(Actor {
                id: name.clone(),
                name: name.clone(),
                roles,
                department: None,
            });
        }
        let role = self.role(who)?;
        let title = self.workflow.role_title(&role).zh;
        Some(Actor::new(role.clone(), title, role))
    }

    fn role(&mut self, role: &Placed<String>) -> Option<String> {
        let known = self
            .workflow
            .roles
            .iter()
            .map(|(name, role)| (name.as_str(), Some(&role.title)));
        let known = known.collect();
        self.find(role, ("角色或人员", "role or person"), known)
    }

    /// Finds what a scenario calls by its name or its title.
    fn find(
        &mut self,
        asked: &Placed<String>,
        what: (&str, &str),
        known: Vec<(&str, Option<&Text>)>,
    ) -> Option<String> {
        if let Some(name) = named(&asked.value, &known) {
            return Some(name);
        }
        let asked_for = &asked.value;
        let (hint_zh, hint_en) = match nearest(asked_for, known.iter().map(|(name, _)| *name)) {
            Some(meant) => (
                format!("是否指 {meant}？"),
                format!("Did you mean {meant}?"),
            ),
            None => {
                let names: Vec<&str> = known.iter().map(|(name, _)| *name).take(12).collect();
                (
                    format!("有：{}。", names.join("、")),
                    format!("There are: {}.", names.join(", ")),
                )
            }
        };
        let workflow = &self.workflow.name;
        self.faults.push(fault(
            asked,
            Text::new(
                format!("流程 {workflow} 没有{}“{asked_for}”。{hint_zh}", what.0),
                format!(
                    "Workflow {workflow} has no {} \"{asked_for}\". {hint_en}",
                    what.1
                ),
            ),
        ));
        None
    }

    fn acts(&mut self, command: &CommandScript) -> Vec<Result<Act, Refusal>> {
        let Verb::General(kind) = command.verb else {
            return self.usual_acts(command).into_iter().map(Ok).collect();
        };
        let mut typed: BTreeMap<String, String> = command.facts.iter().cloned().collect();
        if let Some(note) = &command.note {
            typed.insert("note".into(), note.clone());
        }
        if let Some(name) = typed.get_mut("case")
            && let Some(place) = self.names.iter().position(|known| known == name)
        {
            *name = case_at(place).to_string();
        }
        vec![kind.fill(self.workflow, &typed).map(Act::General)]
    }

    fn usual_acts(&mut self, command: &CommandScript) -> Vec<Act> {
        let workflow = self.workflow;
        match &command.verb {
            Verb::Open => {
                let facts = self.case.facts.iter().chain(&command.facts);
                vec![Act::Open {
                    workflow: workflow.name.clone(),
                    version: Some(workflow.version),
                    title: self.case.title.clone(),
                    data: data(workflow, facts),
                }]
            }
            // What the workflow does not know is for the engine to refuse: a scenario may say so.
            Verb::Fire(event) => {
                let known = workflow
                    .events
                    .iter()
                    .map(|(name, event)| (name.as_str(), Some(&event.title)));
                vec![Act::Fire {
                    event: named(event, &known.collect::<Vec<_>>())
                        .unwrap_or_else(|| event.clone()),
                    data: data(workflow, &command.facts),
                    note: command.note.clone(),
                }]
            }
            Verb::Attach {
                documents,
                file_name,
            } => documents
                .iter()
                .map(|document| {
                    let document = document_named(workflow, document);
                    self.attach(document, file_name.clone(), command.note.clone())
                })
                .collect(),
            Verb::Defer { documents, letter } => {
                let documents = documents.iter();
                vec![Act::Defer {
                    documents: documents
                        .map(|document| document_named(workflow, document))
                        .collect(),
                    letter: letter
                        .clone()
                        .unwrap_or_else(|| "容缺承诺书.pdf".to_owned()),
                    note: command.note.clone(),
                }]
            }
            Verb::Extend { document, until } => {
                let until = self.instant(until);
                let until = until.into_iter();
                until
                    .map(|until| Act::ExtendDeferral {
                        document: document_named(workflow, document),
                        until,
                        reason: command.note.clone().unwrap_or_default(),
                    })
                    .collect()
            }
            Verb::Comment(text) => vec![Act::Comment { text: text.clone() }],
            Verb::General(_) => Vec::new(),
        }
    }

    /// A document of a scenario has no content; its digest is that of its case, name and version,
    /// so that a later version differs from the one before.
    fn attach(&mut self, document: String, file_name: Option<String>, note: Option<String>) -> Act {
        let version = self.attached.entry(document.clone()).or_insert(0);
        *version += 1;
        let digest = Sha256::digest(format!("{}\n{document}\n{version}", self.case.name));
        let file_name = file_name
            .unwrap_or_else(|| format!("{}.pdf", self.workflow.document_title(&document).zh));
        Act::Attach {
            document,
            file_name,
            digest: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            note,
        }
    }

    fn expectation(&mut self, expectation: &Placed<Expectation>) -> Option<Placed<Expectation>> {
        let place = |value: String| Placed {
            line: expectation.line,
            column: expectation.column,
            value,
        };
        let value = match &expectation.value {
            Expectation::In(state) => Expectation::In(self.state(&place(state.clone()))?),
            Expectation::Clock {
                clock,
                amount,
                office,
                standing,
                since,
                due,
            } => {
                let since = since.as_ref().map(|moment| self.fixed(moment));
                let due = due.as_ref().map(|moment| self.fixed(moment));
                Expectation::Clock {
                    clock: self.clock(&place(clock.clone()))?,
                    amount: *amount,
                    office: *office,
                    standing: standing.clone(),
                    since: since.flatten(),
                    due: due.flatten(),
                }
            }
            Expectation::Segments {
                clock,
                parts,
                total,
            } => {
                let clock = self.clock(&place(clock.clone()))?;
                let mut found = Vec::new();
                for (state, amount) in parts {
                    let name = self.state(state)?;
                    if !self
                        .workflow
                        .clocks
                        .get(&clock)
                        .is_some_and(|clock| clock.segments.contains(&name))
                    {
                        self.faults.push(fault(
                            state,
                            Text::new(
                                format!("{name} 不是 {clock} 的分段。"),
                                format!("{name} is no segment of {clock}."),
                            ),
                        ));
                    }
                    found.push((
                        Placed {
                            value: name,
                            ..*state
                        },
                        *amount,
                    ));
                }
                Expectation::Segments {
                    clock,
                    parts: found,
                    total: *total,
                }
            }
            Expectation::Missing { documents } => {
                let found = documents.iter().map(|document| self.document(document));
                Expectation::Missing {
                    documents: found.collect::<Option<_>>()?,
                }
            }
            Expectation::Deferred { document, due } => Expectation::Deferred {
                document: self.document(document)?,
                due: self.fixed(due)?,
            },
            Expectation::Fact(field, typed) => {
                let known = self
                    .workflow
                    .fields
                    .iter()
                    .map(|(name, field)| (name.as_str(), Some(&field.title)));
                let known = known.collect();
                let field = self.find(&place(field.clone()), ("信息项", "fact"), known)?;
                Expectation::Fact(field, typed.clone())
            }
            other @ (Expectation::Refused { .. }
            | Expectation::Late { .. }
            | Expectation::Holder(_)
            | Expectation::Force(_)
            | Expectation::Fast(_)
            | Expectation::Urged(_)
            | Expectation::Order(..)) => other.clone(),
        };
        Some(Placed {
            line: expectation.line,
            column: expectation.column,
            value,
        })
    }

    fn state(&mut self, state: &Placed<String>) -> Option<String> {
        let known = self
            .workflow
            .states
            .iter()
            .map(|(name, state)| (name.as_str(), Some(&state.title)));
        self.find(state, ("状态", "state"), known.collect())
    }

    fn document(&mut self, document: &Placed<String>) -> Option<Placed<String>> {
        let known = self
            .workflow
            .documents
            .iter()
            .map(|(name, document)| (name.as_str(), Some(&document.title)));
        let value = self.find(document, ("材料", "document"), known.collect())?;
        Some(Placed { value, ..*document })
    }

    fn clock(&mut self, clock: &Placed<String>) -> Option<String> {
        let known = self
            .workflow
            .clocks
            .iter()
            .map(|(name, clock)| (name.as_str(), Some(&clock.title)));
        self.find(clock, ("时限", "clock"), known.collect())
    }
}

/// Returns the document that is meant, or what was asked for: what the workflow does not know is for
/// the engine to refuse.
fn document_named(workflow: &Workflow, asked: &str) -> String {
    let known = workflow
        .documents
        .iter()
        .map(|(name, document)| (name.as_str(), Some(&document.title)));
    named(asked, &known.collect::<Vec<_>>()).unwrap_or_else(|| asked.to_owned())
}

/// Returns what stands for the id of the case at this place until the scenario is played.
pub(super) fn case_at(place: usize) -> CaseId {
    CaseId(Uuid::from_u64_pair(0, place as u64))
}

/// Returns the name that is meant: the name itself, or a title that only one of them has.
fn named(asked: &str, known: &[(&str, Option<&Text>)]) -> Option<String> {
    if known.iter().any(|(name, _)| *name == asked) {
        return Some(asked.to_owned());
    }
    let mut titled = known
        .iter()
        .filter(|(_, title)| title.is_some_and(|title| title.zh == asked || title.en == asked));
    match (titled.next(), titled.next()) {
        (Some((name, _)), None) => Some((*name).to_owned()),
        _ => None,
    }
}

/// Reads facts as their fields take them. What cannot be read is passed on as text, for the
/// engine to refuse.
pub(crate) fn data<'a>(
    workflow: &Workflow,
    facts: impl IntoIterator<Item = &'a (String, String)>,
) -> Data {
    facts
        .into_iter()
        .map(|(name, typed)| {
            let known = workflow
                .fields
                .iter()
                .map(|(name, field)| (name.as_str(), Some(&field.title)));
            let name = named(name, &known.collect::<Vec<_>>()).unwrap_or_else(|| name.clone());
            let value = workflow
                .fields
                .get(&name)
                .and_then(|field| field.kind.parse(typed).ok());
            (name, value.unwrap_or_else(|| Value::Text(typed.clone())))
        })
        .collect()
}
