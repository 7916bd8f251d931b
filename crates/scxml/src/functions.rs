//! The functions of the data model.

use cel::common::ast::{CallExpr, operators};

use crate::evaluate::{EvalError, fail};
use crate::value::{Value, text_cells};

/// A function or operator that an expression can call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    /// An operator of CEL, or what a macro of CEL expands to.
    Operator,
    /// `In('state')`: whether the state is active.
    In,
    /// `bound(name)`: whether the variable has a value.
    Bound,
    Size,
    Contains,
    StartsWith,
    EndsWith,
    Int,
    Double,
    String,
    Type,
}

const NAMED: [(&str, Function); 10] = [
    ("In", Function::In),
    ("bound", Function::Bound),
    ("size", Function::Size),
    ("contains", Function::Contains),
    ("startsWith", Function::StartsWith),
    ("endsWith", Function::EndsWith),
    ("int", Function::Int),
    ("double", Function::Double),
    ("string", Function::String),
    ("type", Function::Type),
];

const OPERATORS: [&str; 17] = [
    operators::CONDITIONAL,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::SUBSTRACT,
    operators::ADD,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::GREATER_EQUALS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::LESS,
    operators::NEGATE,
    operators::INDEX,
];

impl Function {
    /// Returns what a call calls, if there is such a function.
    pub(crate) fn of(call: &CallExpr) -> Option<Self> {
        let name = call.func_name.as_str();
        if call.target.is_none()
            && (OPERATORS.contains(&name)
                || name == operators::IN
                || name == operators::NOT_STRICTLY_FALSE)
        {
            return Some(Self::Operator);
        }
        let found = NAMED.iter().find(|(known, _)| *known == name)?;
        Some(found.1)
    }

    /// Returns the names of all functions, and of the macros.
    pub(crate) fn names(separator: &str) -> String {
        let functions = NAMED.iter().map(|(name, _)| *name);
        let macros = ["has", "all", "exists", "exists_one", "map", "filter"];
        functions.chain(macros).collect::<Vec<_>>().join(separator)
    }

    /// Calls a function of plain values. Returns what the work costs as well.
    pub(crate) fn call(self, arguments: &[Value]) -> Result<(Value, usize), EvalError> {
        let value = match (self, arguments) {
            (Self::Size, [Value::Text(text)]) => {
                return Ok((int_of(text.chars().count()), text_cells(text)));
            }
            (Self::Size, [Value::List(list)]) => int_of(list.items().len()),
            (Self::Size, [Value::Map(map)]) => int_of(map.entries().len()),
            (
                Self::Contains | Self::StartsWith | Self::EndsWith,
                [Value::Text(text), Value::Text(part)],
            ) => {
                let holds = match self {
                    Self::Contains => text.contains(&**part),
                    Self::StartsWith => text.starts_with(&**part),
                    _ => text.ends_with(&**part),
                };
                return Ok((Value::Bool(holds), text_cells(text)));
            }
            (Self::Int, [value]) => to_int(value)?,
            (Self::Double, [value]) => to_double(value)?,
            (Self::String, [value]) => {
                let text = value.display();
                let cost = value.cells() + text_cells(&text);
                return Ok((Value::text(text)?, cost));
            }
            (Self::Type, [value]) => Value::text(value.type_name())?,
            _ => return Err(self.mismatch(arguments)),
        };
        Ok((value, 1))
    }

    fn mismatch(self, arguments: &[Value]) -> EvalError {
        let name = NAMED.iter().find(|(_, function)| *function == self);
        let name = name.map_or("", |(name, _)| *name);
        let types: Vec<&str> = arguments.iter().map(Value::type_name).collect();
        let types = types.join(", ");
        fail(
            format!("`{name}` 不接受这样的参数：({types})。"),
            format!("`{name}` does not take ({types})."),
        )
    }
}

fn int_of(count: usize) -> Value {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "what lies out of range is refused before"
)]
fn to_int(value: &Value) -> Result<Value, EvalError> {
    let int = match value {
        Value::Int(int) => Some(*int),
        Value::Double(double) => {
            let whole = double.trunc();
            let fits = whole >= i64::MIN as f64 && whole < -(i64::MIN as f64);
            fits.then_some(whole as i64)
        }
        Value::Text(text) => text.parse().ok(),
        _ => None,
    };
    int.map(Value::Int).ok_or_else(|| no_number(value))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the nearest double is what is asked for"
)]
fn to_double(value: &Value) -> Result<Value, EvalError> {
    let double = match value {
        Value::Int(int) => Some(*int as f64),
        Value::Double(double) => Some(*double),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    };
    double.map(Value::Double).ok_or_else(|| no_number(value))
}

fn no_number(value: &Value) -> EvalError {
    let word = crate::text::shorten(&value.display());
    fail(
        format!("`{word}` 不是这样的数。"),
        format!("`{word}` is no such number."),
    )
}
