use std::ops::Range;

use groundbreak_workflow::{Diagnostic, Text};
use serde::Deserialize;
use serde_json::value::RawValue;

/// One business service, and where the file says so.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: String,
    /// How long a case may take, in milliseconds.
    pub(crate) sla_ms: Option<f64>,
    pub(crate) states: Vec<State>,
    pub(crate) span: Range<usize>,
}

/// A state of a service.
#[derive(Debug)]
pub(crate) struct State {
    /// The state before the first act has no name.
    pub(crate) name: Option<String>,
    /// How long a case may stay, in milliseconds.
    pub(crate) sla_ms: Option<f64>,
    pub(crate) is_start: bool,
    pub(crate) is_end: bool,
    /// Whether papers must be uploaded.
    pub(crate) asks_for_documents: bool,
    pub(crate) actions: Vec<Action>,
    pub(crate) span: Range<usize>,
}

/// What can be done in a state.
#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) name: String,
    pub(crate) to: Option<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) span: Range<usize>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "BusinessServices", borrow)]
    services: Option<Vec<&'a RawValue>>,
    #[serde(rename = "businessService")]
    own_name: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServiceJson<'a> {
    business_service: String,
    business_service_sla: Option<f64>,
    #[serde(borrow, default)]
    states: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StateJson<'a> {
    state: Option<String>,
    sla: Option<f64>,
    is_start_state: Option<bool>,
    is_terminate_state: Option<bool>,
    doc_upload_required: Option<bool>,
    #[serde(borrow, default)]
    actions: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ActionJson {
    action: String,
    next_state: Option<String>,
    #[serde(default)]
    roles: Option<Vec<String>>,
}

/// Reads the business services of a file, and says what stands around them. The JSON may be an
/// argument of a `curl` command in single quotes, as the platform's own examples are.
///
/// # Errors
///
/// What is no JSON, or JSON without a service: line, column and what was expected.
pub(crate) fn read(text: &str) -> Result<(Vec<Service>, Vec<Diagnostic>), Text> {
    let start = start_of_json(text).ok_or_else(nothing)?;
    let reader = Reader { text };
    let json = text.get(start..).unwrap_or_default();
    let mut values = serde_json::Deserializer::from_str(json).into_iter::<&RawValue>();
    let value = match values.next() {
        Some(Ok(value)) => value,
        Some(Err(error)) => return Err(reader.misread(json, &error)),
        None => return Err(nothing()),
    };
    let services = if value.get().starts_with('[') {
        reader.parse::<Vec<&RawValue>>(value)?
    } else {
        let envelope: Envelope<'_> = reader.parse(value)?;
        match (envelope.services, envelope.own_name) {
            (Some(services), _) => services,
            (None, Some(_)) => vec![value],
            (None, None) => return Err(nothing()),
        }
    };
    let services: Vec<Service> = services
        .into_iter()
        .map(|service| reader.service(service))
        .collect::<Result<_, _>>()?;
    if services.is_empty() {
        return Err(nothing());
    }
    let end = start + values.byte_offset();
    Ok((services, around(text, end).into_iter().collect()))
}

fn nothing() -> Text {
    Text::new(
        "没有 `BusinessServices`，也没有带 `businessService` 的对象。",
        "it holds no `BusinessServices`, and no object with `businessService`.",
    )
}

fn start_of_json(text: &str) -> Option<usize> {
    let bare = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if bare.starts_with(['{', '[']) {
        return Some(text.len() - bare.len());
    }
    let quoted = text.find("'{").or_else(|| text.find("'["))?;
    Some(quoted + 1)
}

/// What follows the configuration, beyond the quote that closes an argument.
fn around(text: &str, end: usize) -> Option<Diagnostic> {
    let rest = text.get(end..)?;
    let trimmed = rest.trim_start();
    let blank = rest.len() - trimmed.len();
    let extra = trimmed.trim_end().trim_end_matches('\'').trim_end();
    (!extra.is_empty()).then(|| {
        let start = end + blank;
        Diagnostic::new(
            "digit-text-after",
            start..start + extra.len(),
            Text::new(
                "配置之后还有文字，未读入。",
                "There is text after the configuration; it was not read.",
            ),
        )
        .with_help(Text::new(
            "如是误输入，请删去；平台读到它会拒收整个文件。",
            "Take it away if it slipped in: the platform refuses the whole file because of it.",
        ))
    })
}

/// Reads values and knows where in the text they stand.
struct Reader<'a> {
    text: &'a str,
}

impl<'a> Reader<'a> {
    /// Returns the byte at which a part of the text begins.
    fn offset(&self, part: &str) -> usize {
        (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize)
    }

    /// Returns where the value of a key stands in a part, or all of the part.
    fn span(&self, part: &str, key: &str) -> Range<usize> {
        let start = self.offset(part);
        let found = part.find(&format!("\"{key}\"")).map(|at| {
            let line = part.get(at..).unwrap_or_default();
            let length = line.find([',', '\n', '}']).unwrap_or(line.len());
            start + at..start + at + line.get(..length).unwrap_or_default().trim_end().len()
        });
        found.unwrap_or(start..start + part.len().min(1))
    }

    fn parse<T: Deserialize<'a>>(&self, value: &'a RawValue) -> Result<T, Text> {
        serde_json::from_str(value.get()).map_err(|error| self.misread(value.get(), &error))
    }

    /// Says where JSON is not what it should be. Lines count from the beginning of the file.
    fn misread(&self, part: &str, error: &serde_json::Error) -> Text {
        let before = self.text.get(..self.offset(part)).unwrap_or_default();
        let line = before.matches('\n').count() + error.line();
        let message = error.to_string();
        let what = message.split(" at line ").next().unwrap_or_default();
        Text::new(
            format!("第 {line} 行第 {} 列附近：{what}。", error.column()),
            format!("near line {line}, column {}: {what}.", error.column()),
        )
    }

    fn service(&self, value: &'a RawValue) -> Result<Service, Text> {
        let json: ServiceJson<'a> = self.parse(value)?;
        let states = json.states.unwrap_or_default();
        Ok(Service {
            name: json.business_service,
            sla_ms: json.business_service_sla,
            states: states
                .into_iter()
                .map(|state| self.state(state))
                .collect::<Result<_, _>>()?,
            span: self.span(value.get(), "businessService"),
        })
    }

    fn state(&self, value: &'a RawValue) -> Result<State, Text> {
        let json: StateJson<'a> = self.parse(value)?;
        let actions = json.actions.unwrap_or_default();
        Ok(State {
            name: json.state.filter(|name| !name.trim().is_empty()),
            sla_ms: json.sla,
            is_start: json.is_start_state.unwrap_or(false),
            is_end: json.is_terminate_state.unwrap_or(false),
            asks_for_documents: json.doc_upload_required.unwrap_or(false),
            actions: actions
                .into_iter()
                .map(|action| self.action(action))
                .collect::<Result<_, _>>()?,
            span: self.span(value.get(), "state"),
        })
    }

    fn action(&self, value: &'a RawValue) -> Result<Action, Text> {
        let json: ActionJson = self.parse(value)?;
        Ok(Action {
            name: json.action,
            to: json.next_state,
            roles: json.roles.unwrap_or_default(),
            span: self.span(value.get(), "action"),
        })
    }
}
