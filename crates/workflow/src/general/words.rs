//! General acts in words, for journals.

use groundbreak_sla::Timestamp;

use crate::general::{GeneralAct, GeneralDone};
use crate::{Text, Workflow};

impl GeneralDone {
    /// Returns what was done, in both languages: the act, and what it was about. Who did it and
    /// when stands with the commit.
    pub fn text(&self, workflow: &Workflow) -> Text {
        let title = self.act.kind().title();
        let about = self.about(workflow);
        let join = |title: &str, sign: &str, about: &str| {
            if about.is_empty() {
                title.to_owned()
            } else {
                format!("{title}{sign}{about}")
            }
        };
        Text::new(
            join(&title.zh, "：", &about.zh),
            join(&title.en, ": ", &about.en),
        )
    }

    fn about(&self, workflow: &Workflow) -> Text {
        let said = |parts: &[Option<&str>]| {
            let parts: Vec<&str> = parts.iter().flatten().copied().collect();
            Text::new(parts.join("，"), parts.join(", "))
        };
        let instant = |at: &Timestamp| {
            let at = at.in_zone(workflow.calendar.tz());
            at.format("%Y-%m-%d %H:%M").to_string()
        };
        let clock = |name: &str| {
            workflow
                .clocks
                .get(name)
                .map_or_else(|| Text::new(name, name), |clock| clock.title.clone())
        };
        let numbered = |order: u32, text: Option<&str>| {
            let text = text.map(|text| format!(" {text}")).unwrap_or_default();
            Text::new(format!("第 {order} 号{text}"), format!("No. {order}{text}"))
        };
        let team = self.team.as_deref();
        match &self.act {
            GeneralAct::Claim { .. } => said(&[team]),
            GeneralAct::Release { reason } => said(&[Some(reason)]),
            GeneralAct::Assign { to, reason, .. } => {
                said(&[Some(&to.name), team, reason.as_deref()])
            }
            GeneralAct::Transfer { to, reason, .. } => said(&[Some(&to.name), team, Some(reason)]),
            GeneralAct::Delegate { to, until, reason } => {
                let (name, until) = (&to.name, instant(until));
                Text::new(
                    format!("{name}，至 {until}，{reason}"),
                    format!("{name}, until {until}, {reason}"),
                )
            }
            GeneralAct::EndDelegation { to } => said(&[Some(&to.name)]),
            GeneralAct::AskReview { of, question } => said(&[Some(&of.name), Some(question)]),
            GeneralAct::AnswerReview { agrees, text } => {
                let (zh, en) = if *agrees {
                    ("同意", "agreed")
                } else {
                    ("不同意", "not agreed")
                };
                Text::new(format!("{zh}，{text}"), format!("{en}, {text}"))
            }
            GeneralAct::Urge { text } => said(&[Some(text)]),
            GeneralAct::Supervise { to, due_at, text } => {
                let number = numbered(self.order.unwrap_or_default(), None);
                let (name, due) = (&to.name, instant(due_at));
                Text::new(
                    format!("{}，{name}，{due} 前反馈，{text}", number.zh),
                    format!("{}, {name}, to be answered until {due}, {text}", number.en),
                )
            }
            GeneralAct::SignOrder { order } => numbered(*order, None),
            GeneralAct::AnswerOrder { order, text } => numbered(*order, Some(text)),
            GeneralAct::CloseOrder { order, text } => numbered(*order, text.as_deref()),
            GeneralAct::ReviewOrder {
                order,
                accepted,
                text,
            } => {
                let number = numbered(*order, None);
                let (zh, en) = if *accepted {
                    ("通过", "accepted")
                } else {
                    ("退回重新反馈", "to be answered again")
                };
                Text::new(
                    format!("{}{zh}，{text}", number.zh),
                    format!("{} {en}, {text}", number.en),
                )
            }
            GeneralAct::Suspend {
                reason,
                law,
                document,
                approved_by,
            } => {
                let document = document.as_ref();
                let document = document.map(|it| format!("（{it}）")).unwrap_or_default();
                Text::new(
                    format!("{reason}，依据{law}{document}，{approved_by}批准"),
                    format!("{reason}, by {law}{document}, approved by {approved_by}"),
                )
            }
            GeneralAct::Resume { reason, note } => said(&[Some(reason), note.as_deref()]),
            GeneralAct::Extend {
                clock: name,
                by,
                reason,
                approved_by,
            } => {
                let title = clock(name);
                let more: Option<groundbreak_sla::Goal> = by.parse().ok();
                let more = more.map_or_else(|| Text::new(by, by), |goal| goal.budget().text());
                Text::new(
                    format!("{}延长{}，{reason}，{approved_by}批准", title.zh, more.zh),
                    format!(
                        "{} by {}, {reason}, approved by {approved_by}",
                        title.en, more.en
                    ),
                )
            }
            GeneralAct::Excuse {
                clock: name,
                reason,
                document,
            } => {
                let title = clock(name);
                let rest = said(&[Some(reason), document.as_deref()]);
                Text::new(
                    format!("{}，{}", title.zh, rest.zh),
                    format!("{}, {}", title.en, rest.en),
                )
            }
            GeneralAct::Correct {
                field,
                value,
                reason,
            } => {
                let title = workflow
                    .fields
                    .get(field)
                    .map_or_else(|| Text::new(field, field), |field| field.title.clone());
                let before = self.before.as_ref();
                let before = before.map(ToString::to_string).unwrap_or_default();
                Text::new(
                    format!("{}由 {before} 更正为 {value}，{reason}", title.zh),
                    format!("{} from {before} to {value}, {reason}", title.en),
                )
            }
            GeneralAct::Link {
                number,
                relation,
                note,
                ..
            } => {
                let relation = relation.text();
                let note = note.as_ref();
                let note = note.map(|note| format!("，{note}")).unwrap_or_default();
                Text::new(
                    format!("{}，{number}{note}", relation.zh),
                    format!("{}, {number}{note}", relation.en),
                )
            }
        }
    }
}
