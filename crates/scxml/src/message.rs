//! Events with what they carry.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::value::{TooLarge, Value};

/// How the SCXML Event I/O Processor is called.
pub(crate) const PROCESSOR: &str = "http://www.w3.org/TR/scxml/#SCXMLEventProcessor";

/// An event with what it carries: `_event`.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) name: Arc<str>,
    pub(crate) kind: MessageKind,
    pub(crate) send_id: Option<Arc<str>>,
    pub(crate) origin: Option<Arc<str>>,
    pub(crate) invoke_id: Option<Arc<str>>,
    pub(crate) data: Value,
    /// The pairs as they were sent, when a name was given twice and `data` has the last only.
    pub(crate) raw: Option<Value>,
}

/// Where an event comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageKind {
    /// The processor itself.
    Platform,
    /// The session itself.
    Internal,
    /// Somebody else, or the session by way of its own door.
    External,
}

impl Message {
    pub(crate) fn new(name: impl Into<Arc<str>>, kind: MessageKind) -> Self {
        Self {
            name: name.into(),
            kind,
            send_id: None,
            origin: None,
            invoke_id: None,
            data: Value::Null,
            raw: None,
        }
    }

    /// Returns `_event`. What the event does not have is `null`.
    ///
    /// # Source
    ///
    /// W3C SCXML 1.0, section 5.10.1.
    pub(crate) fn to_value(&self) -> Result<Value, TooLarge> {
        let kind = match self.kind {
            MessageKind::Platform => "platform",
            MessageKind::Internal => "internal",
            MessageKind::External => "external",
        };
        let text = |text: &Option<Arc<str>>| match text {
            Some(text) => Value::text(text.clone()),
            None => Ok(Value::Null),
        };
        let origin_type = match &self.origin {
            Some(_) => Value::text(PROCESSOR)?,
            None => Value::Null,
        };
        let mut fields = BTreeMap::from([
            ("name".into(), Value::text(self.name.clone())?),
            ("type".into(), Value::text(kind)?),
            ("sendid".into(), text(&self.send_id)?),
            ("origin".into(), text(&self.origin)?),
            ("origintype".into(), origin_type),
            ("invokeid".into(), text(&self.invoke_id)?),
            ("data".into(), self.data.clone()),
        ]);
        if let Some(raw) = &self.raw {
            fields.insert("raw".into(), raw.clone());
        }
        Value::map(fields)
    }
}
