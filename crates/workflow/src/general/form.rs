//! What each general act asks for, as it is typed: one table for forms, calls, commands and
//! scenarios.

use std::collections::BTreeMap;

use groundbreak_sla::Timestamp;
use serde_json::{Map, Value as Json, json};

use crate::general::{GeneralAct, GeneralKind, Person, Relation};
use crate::suggest::nearest;
use crate::{CaseId, FieldType, Refusal, Text, Value, Workflow};

/// Something a general act asks for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ActInput {
    /// Its name.
    pub name: &'static str,
    /// Its title, as forms show it.
    pub title: Text,
    /// What it takes.
    pub kind: InputKind,
    /// Whether the act cannot be done without it.
    pub required: bool,
}

/// What an input takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// One line.
    Line,
    /// A remark.
    Text,
    /// The identifier of an account.
    Person,
    /// Date and time of day where the workflow is at home, or RFC 3339.
    Instant,
    /// Yes or no.
    YesNo,
    /// The number of an order.
    Order,
    /// A clock of the workflow.
    Clock,
    /// A fact of the workflow.
    Field,
    /// A value of that fact.
    FieldValue,
    /// How two cases are linked.
    Relation,
    /// Another case: its id. Where staff type its number, that is looked up before.
    Case,
}

impl GeneralKind {
    /// Returns what the act asks for, in the order of its form.
    pub fn inputs(self) -> Vec<ActInput> {
        use InputKind as Kind;
        let asked = |name, zh: &str, en: &str, kind, required| ActInput {
            name,
            title: Text::new(zh, en),
            kind,
            required,
        };
        let to = || {
            asked(
                "to",
                "交给（账号）",
                "To whom (account)",
                Kind::Person,
                true,
            )
        };
        let team = || asked("team", "专班", "Team", Kind::Line, false);
        let reason = || asked("reason", "理由", "Reason", Kind::Text, true);
        let order = || {
            asked(
                "order",
                "督办单号",
                "Number of the order",
                Kind::Order,
                true,
            )
        };
        let text = || asked("text", "内容", "What", Kind::Text, true);
        let clock = || asked("clock", "时限", "Clock", Kind::Clock, true);
        let pause = || asked("reason", "事由", "Reason", Kind::Line, true);
        let document = || {
            asked(
                "document",
                "文书编号",
                "Number of the letter or decision",
                Kind::Line,
                false,
            )
        };
        let approved_by = || asked("approved_by", "批准人", "Approved by", Kind::Line, true);
        match self {
            Self::Claim => vec![team()],
            Self::Release => vec![reason()],
            Self::Assign => vec![
                to(),
                team(),
                ActInput {
                    required: false,
                    ..reason()
                },
            ],
            Self::Transfer => vec![to(), team(), reason()],
            Self::Delegate => vec![
                to(),
                asked("until", "至何时", "Until", Kind::Instant, true),
                reason(),
            ],
            Self::EndDelegation => vec![to()],
            Self::AskReview => vec![
                asked("of", "请谁（账号）", "Whom (account)", Kind::Person, true),
                asked("question", "事项", "Question", Kind::Text, true),
            ],
            Self::AnswerReview => vec![
                asked("agrees", "是否同意", "Agreed", Kind::YesNo, true),
                asked("text", "意见", "Opinion", Kind::Text, true),
            ],
            Self::Urge => vec![text()],
            Self::Supervise => vec![
                to(),
                asked(
                    "due_at",
                    "反馈期限",
                    "To be answered until",
                    Kind::Instant,
                    true,
                ),
                text(),
            ],
            Self::SignOrder => vec![order()],
            Self::AnswerOrder => vec![order(), text()],
            Self::ReviewOrder => vec![
                order(),
                asked("accepted", "是否通过", "Accepted", Kind::YesNo, true),
                text(),
            ],
            Self::CloseOrder => vec![
                order(),
                ActInput {
                    required: false,
                    ..text()
                },
            ],
            Self::Suspend => vec![
                pause(),
                asked("law", "法律依据", "Legal basis", Kind::Line, true),
                document(),
                approved_by(),
            ],
            Self::Resume => vec![pause(), asked("note", "备注", "Remark", Kind::Text, false)],
            Self::Extend => vec![
                clock(),
                asked(
                    "by",
                    "延长多少，如 10 working days",
                    "How much, such as 10 working days",
                    Kind::Line,
                    true,
                ),
                reason(),
                approved_by(),
            ],
            Self::Excuse => vec![clock(), reason(), document()],
            Self::Correct => vec![
                asked("field", "信息项", "Fact", Kind::Field, true),
                asked("value", "正确的值", "What is right", Kind::FieldValue, true),
                reason(),
            ],
            Self::Link => vec![
                asked(
                    "case",
                    "办件编号",
                    "Number of the other case",
                    Kind::Case,
                    true,
                ),
                asked("relation", "关系", "Relation", Kind::Relation, true),
                asked("note", "备注", "Remark", Kind::Text, false),
            ],
        }
    }

    /// Makes the act of what was typed, by the names of its inputs. What is left empty is left out.
    ///
    /// A person is the identifier of an account, which stands for the name too until
    /// [`GeneralAct::person_mut`] gives it. Another case is its id; `number` may come with it.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidInput`] for the first input that is missing, unknown, or not what it takes;
    /// [`Refusal::InvalidData`] for the value of a fact.
    pub fn fill(
        self,
        workflow: &Workflow,
        typed: &BTreeMap<String, String>,
    ) -> Result<GeneralAct, Refusal> {
        let inputs = self.inputs();
        let known = |name: &str| {
            inputs.iter().any(|input| input.name == name)
                || (self == Self::Link && name == "number")
        };
        if let Some(unknown) = typed.keys().find(|name| !known(name)) {
            let names: Vec<&str> = inputs.iter().map(|input| input.name).collect();
            return Err(wrong(
                unknown,
                Text::new(
                    format!("没有这一项；可填：{}。", names.join("、")),
                    format!("there is no such input; there are: {}.", names.join(", ")),
                ),
            ));
        }
        let mut object = Map::new();
        object.insert("act".into(), json!(self.name()));
        for input in &inputs {
            let Some(text) = typed
                .get(input.name)
                .map(|text| text.trim())
                .filter(|text| !text.is_empty())
            else {
                if input.required {
                    return Err(wrong(
                        input.name,
                        Text::new(
                            format!("请填写“{}”。", input.title.zh),
                            format!("\"{}\" is needed.", input.title.en),
                        ),
                    ));
                }
                continue;
            };
            object.insert(input.name.into(), read(workflow, input, text, typed)?);
        }
        if self == Self::Link {
            let number = typed.get("number").or(typed.get("case"));
            object.insert("number".into(), json!(number));
        }
        serde_json::from_value(Json::Object(object))
            .map_err(|error| wrong("act", Text::new(error.to_string(), error.to_string())))
    }
}

impl GeneralAct {
    /// Returns the person an act is about, to give them their name.
    pub const fn person_mut(&mut self) -> Option<&mut Person> {
        match self {
            Self::Assign { to, .. }
            | Self::Transfer { to, .. }
            | Self::Delegate { to, .. }
            | Self::EndDelegation { to }
            | Self::AskReview { of: to, .. }
            | Self::Supervise { to, .. } => Some(to),
            _ => None,
        }
    }
}

fn wrong(input: &str, problem: Text) -> Refusal {
    Refusal::InvalidInput {
        input: input.to_owned(),
        problem,
    }
}

/// Reads one input as it is kept.
fn read(
    workflow: &Workflow,
    input: &ActInput,
    text: &str,
    typed: &BTreeMap<String, String>,
) -> Result<Json, Refusal> {
    let invalid = |zh: String, en: String| wrong(input.name, Text::new(zh, en));
    Ok(match input.kind {
        InputKind::Line | InputKind::Text => json!(text),
        InputKind::Person => json!({ "id": text, "name": text }),
        InputKind::Instant => {
            let at: Result<Timestamp, _> = text.parse();
            let at = match at {
                Ok(at) => at,
                Err(_) => workflow
                    .calendar
                    .local(text)
                    .map_err(|error| wrong(input.name, error.text()))?,
            };
            json!(at)
        }
        InputKind::YesNo => match FieldType::Boolean.parse(text) {
            Ok(Value::Boolean(yes)) => json!(yes),
            Ok(_) => json!(false),
            Err(problem) => return Err(wrong(input.name, problem)),
        },
        InputKind::Order => {
            let number: Result<u32, _> = text.parse();
            json!(number.map_err(|_| {
                invalid(
                    "应为督办单的编号，如 1。".into(),
                    "a number of an order is needed, such as 1.".into(),
                )
            })?)
        }
        InputKind::Clock => {
            let titled = workflow
                .clocks
                .iter()
                .find(|(_, clock)| clock.title.zh == text || clock.title.en == text);
            json!(titled.map_or(text, |(name, _)| name.as_str()))
        }
        InputKind::Field => json!(field_name(workflow, text)),
        InputKind::FieldValue => {
            let field = typed
                .get("field")
                .map(|field| field_name(workflow, field.trim()));
            let kind = field
                .and_then(|field| workflow.fields.get(field))
                .map_or(FieldType::Text, |field| field.kind);
            let value = kind.parse(text).map_err(|problem| Refusal::InvalidData {
                field: field.unwrap_or(input.name).to_owned(),
                problem,
            })?;
            json!(value)
        }
        InputKind::Relation => {
            let relation = Relation::ALL.into_iter().find(|relation| {
                let title = relation.text();
                relation.name() == text || title.zh == text || title.en == text
            });
            let names = Relation::ALL.map(Relation::name);
            let meant = nearest(text, names).unwrap_or(names[0]);
            json!(relation.ok_or_else(|| {
                invalid(
                    format!("应为 {} 之一；是否指 {meant}？", names.join("、")),
                    format!(
                        "one of {} is needed. Did you mean {meant}?",
                        names.join(", ")
                    ),
                )
            })?)
        }
        InputKind::Case => {
            let case: Result<CaseId, _> = text.parse();
            json!(case.map_err(|_| {
                invalid(
                    "没有这个办件。请核对编号。".into(),
                    "there is no such case. Check the number.".into(),
                )
            })?)
        }
    })
}

fn field_name<'a>(workflow: &'a Workflow, text: &'a str) -> &'a str {
    workflow
        .fields
        .iter()
        .find(|(_, field)| field.title.zh == text || field.title.en == text)
        .map_or(text, |(name, _)| name.as_str())
}
