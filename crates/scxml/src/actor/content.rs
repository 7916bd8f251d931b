//! Executable content.

use groundbreak_statechart::Configuration;

use crate::actor::sight::Sight;
use crate::actor::{Actor, Effect, Exhausted, Halt};
use crate::document::{Content, Element, Source};
use crate::evaluate::{EvalError, Evaluator, fail};
use crate::expression::{Expression, Location};
use crate::memory::{LogLine, replaced};
use crate::message::{Message, MessageKind};
use crate::reader::inline_value;
use crate::text::shorten;
use crate::value::{Value, text_cells};

/// The longest text of a log line, in bytes.
const LOG_BYTES_MAX: usize = 4_096;

impl Actor<'_> {
    /// Runs a block of executable content. What fails ends the block and raises an error event.
    pub(crate) fn block(
        &mut self,
        block: &[Content],
        active: &Configuration,
    ) -> Result<(), Exhausted> {
        match self.contents(block, active) {
            Err(Halt::Exhausted) => Err(Exhausted),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn contents(&mut self, block: &[Content], active: &Configuration) -> Result<(), Halt> {
        for content in block {
            self.world.work.spend(1)?;
            if let Err(halt) = self.content(&content.element, active) {
                self.complain(halt, content.element.name(), content.place)
                    .map_err(|_| Halt::Exhausted)?;
                return Err(Halt::Told);
            }
        }
        Ok(())
    }

    fn content(&mut self, element: &Element, active: &Configuration) -> Result<(), Halt> {
        match element {
            Element::Raise(event) => self
                .raise(Message::new(event.clone(), MessageKind::Internal))
                .map_err(|_| Halt::Exhausted),
            Element::If(branches) => {
                for (condition, content) in branches {
                    let taken = match condition {
                        Some(condition) => self.holds(condition, active)?,
                        None => true,
                    };
                    if taken {
                        return self.contents(content, active);
                    }
                }
                Ok(())
            }
            Element::Foreach {
                array,
                item,
                index,
                content,
            } => self.foreach(array, item, index.as_deref(), content, active),
            Element::Log { label, expression } => {
                let value = match expression {
                    Some(expression) => self.value(expression, active)?,
                    None => Value::Text("".into()),
                };
                // A line is kept until the step is over.
                self.world
                    .work
                    .spend(16 + value.cells() + text_cells(label))?;
                let mut text = value.display();
                text.truncate(text.floor_char_boundary(LOG_BYTES_MAX));
                self.memory.log.push(LogLine {
                    label: label.clone(),
                    text,
                });
                Ok(())
            }
            Element::Assign { location, value } => {
                let value = self.source(value, active)?.unwrap_or(Value::Null);
                Ok(self.assign(location, value, active)?)
            }
            Element::Script(assignments) => {
                for (name, expression) in assignments {
                    let value = self.value(expression, active)?;
                    self.memory.variables.set(name, value);
                }
                Ok(())
            }
            Element::Send(send) => self.send(send, active),
            Element::Cancel(id) => {
                let id = self.word(id, active)?;
                self.effects.push(Effect::Cancel(id));
                Ok(())
            }
        }
    }

    /// # Source
    ///
    /// W3C SCXML 1.0, section 4.6: the items are those there were when the loop began.
    fn foreach(
        &mut self,
        array: &Expression,
        item: &str,
        index: Option<&str>,
        content: &[Content],
        active: &Configuration,
    ) -> Result<(), Halt> {
        let Value::List(list) = self.value(array, active)? else {
            let text = shorten(array.source());
            return Err(fail(
                format!("`{text}` 不是列表。"),
                format!("`{text}` is no list."),
            )
            .into());
        };
        for name in std::iter::once(item).chain(index) {
            if name.starts_with('_') || !crate::reader::is_variable(name) {
                let name = shorten(name);
                return Err(fail(
                    format!("`{name}` 不能作变量名。"),
                    format!("`{name}` cannot be the name of a variable."),
                )
                .into());
            }
            self.memory.variables.declare(name);
        }
        for (at, value) in list.items().iter().enumerate() {
            self.world.work.spend(1)?;
            self.memory.variables.set(item, value.clone());
            if let Some(index) = index {
                let at = i64::try_from(at).unwrap_or(i64::MAX);
                self.memory.variables.set(index, Value::Int(at));
            }
            self.contents(content, active)?;
        }
        Ok(())
    }

    pub(super) fn assign(
        &mut self,
        location: &Location,
        value: Value,
        active: &Configuration,
    ) -> Result<(), EvalError> {
        let root = &location.root;
        if root.starts_with('_') {
            return Err(fail(
                format!("`{root}` 由系统维护，不能赋值。"),
                format!("`{root}` is kept by the processor and cannot be assigned to."),
            ));
        }
        if !self.memory.variables.is_declared(root) {
            return Err(fail(
                format!("没有声明 `{root}`。"),
                format!("`{root}` is not declared."),
            ));
        }
        let value = if location.path.is_empty() {
            value
        } else {
            let sight = Sight {
                number: self.number,
                machine: self.machine,
                memory: self.memory,
                active,
            };
            let old = self.memory.variables.get(root);
            let mut evaluator = Evaluator::new(&sight, &self.world.work);
            let new = replaced(location, &old, value, &mut evaluator)?;
            self.world.work.spend(new.cells())?;
            new
        };
        self.memory.variables.set(root, value);
        Ok(())
    }

    /// Returns the value of a source, if it has one.
    pub(super) fn source(
        &self,
        source: &Source,
        active: &Configuration,
    ) -> Result<Option<Value>, EvalError> {
        match source {
            Source::None => Ok(None),
            Source::Expression(expression) => self.value(expression, active).map(Some),
            Source::Inline(value) => Ok(Some(value.clone())),
            Source::Address(address) => {
                let text = self
                    .world
                    .documents
                    .get(address)
                    .ok_or_else(|| not_given(address))?;
                self.world.work.spend(text.len() / 16)?;
                Ok(Some(inline_value(text)?))
            }
        }
    }
}

pub(super) fn not_given(address: &str) -> EvalError {
    let address = shorten(address);
    fail(
        format!("没有提供 `{address}`。"),
        format!("`{address}` was not given."),
    )
}
