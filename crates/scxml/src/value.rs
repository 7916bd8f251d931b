//! The values of the data model.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Number;

/// The most bytes of one text.
pub const TEXT_BYTES_MAX: usize = 65_536;
/// The most cells of one value: each value in it, down to the innermost, is one, and every 16
/// bytes of a text are another.
pub const CELLS_MAX: usize = 65_536;
/// How deep lists and maps are nested at most.
pub const DEPTH_MAX: usize = 32;

/// A value: what JSON has, with whole numbers apart from others. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Nothing: `null`.
    #[default]
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Double(f64),
    /// A text.
    Text(Arc<str>),
    /// Several values in order.
    List(List),
    /// Values by name.
    Map(Map),
}

/// Several values in order, no larger than a value may be.
#[derive(Clone, Debug)]
pub struct List {
    items: Arc<[Value]>,
    size: Size,
}

/// Values by name, no larger than a value may be.
#[derive(Clone, Debug)]
pub struct Map {
    entries: Arc<BTreeMap<Arc<str>, Value>>,
    size: Size,
}

#[derive(Clone, Copy, Debug)]
struct Size {
    cells: usize,
    depth: usize,
}

/// A value would be larger than [`CELLS_MAX`], [`TEXT_BYTES_MAX`] or [`DEPTH_MAX`] allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value is too large")]
pub struct TooLarge;

impl List {
    /// Returns the values.
    #[must_use]
    pub fn items(&self) -> &[Value] {
        &self.items
    }
}

impl Map {
    /// Returns the value of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.entries.get(name)
    }

    /// Returns the values by name.
    #[must_use]
    pub fn entries(&self) -> &BTreeMap<Arc<str>, Value> {
        &self.entries
    }
}

impl Value {
    /// Returns a text.
    ///
    /// # Errors
    ///
    /// [`TooLarge`].
    pub fn text(text: impl Into<Arc<str>>) -> Result<Self, TooLarge> {
        let text = text.into();
        if text.len() > TEXT_BYTES_MAX {
            return Err(TooLarge);
        }
        Ok(Self::Text(text))
    }

    /// Returns a list.
    ///
    /// # Errors
    ///
    /// [`TooLarge`].
    pub fn list(items: impl Into<Arc<[Self]>>) -> Result<Self, TooLarge> {
        let items = items.into();
        let size = size_of(items.iter(), 0)?;
        Ok(Self::List(List { items, size }))
    }

    /// Returns a map.
    ///
    /// # Errors
    ///
    /// [`TooLarge`].
    pub fn map(entries: BTreeMap<Arc<str>, Self>) -> Result<Self, TooLarge> {
        let names = entries.keys().map(|name| text_cells(name)).sum();
        let size = size_of(entries.values(), names)?;
        let entries = Arc::new(entries);
        Ok(Self::Map(Map { entries, size }))
    }

    /// Returns how many cells the value has.
    pub(crate) fn cells(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Double(_) => 1,
            Self::Text(text) => text_cells(text),
            Self::List(list) => list.size.cells,
            Self::Map(map) => map.size.cells,
        }
    }

    fn depth(&self) -> usize {
        match self {
            Self::List(list) => list.size.depth,
            Self::Map(map) => map.size.depth,
            _ => 0,
        }
    }

    /// Returns whether two values are equal. Whole numbers equal others of the same amount; no
    /// other values of different types are equal.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(two)) => one == two,
            (Self::Text(one), Self::Text(two)) => one == two,
            (Self::List(one), Self::List(two)) => {
                let pairs = one.items.iter().zip(two.items.iter());
                one.items.len() == two.items.len() && pairs.into_iter().all(|(a, b)| a.equals(b))
            }
            (Self::Map(one), Self::Map(two)) => {
                let pairs = one.entries.iter().zip(two.entries.iter());
                one.entries.len() == two.entries.len()
                    && pairs
                        .into_iter()
                        .all(|(a, b)| a.0 == b.0 && a.1.equals(b.1))
            }
            _ => compare_numbers(self, other) == Some(std::cmp::Ordering::Equal),
        }
    }

    /// Returns the value that JSON stands for. A whole number that 64 bits with a sign cannot
    /// hold becomes one with a fraction.
    ///
    /// # Errors
    ///
    /// [`TooLarge`].
    pub fn from_json(json: &serde_json::Value) -> Result<Self, TooLarge> {
        Self::from_json_at(json, 0)
    }

    fn from_json_at(json: &serde_json::Value, depth: usize) -> Result<Self, TooLarge> {
        if depth > DEPTH_MAX {
            return Err(TooLarge);
        }
        match json {
            serde_json::Value::Null => Ok(Self::Null),
            serde_json::Value::Bool(bool) => Ok(Self::Bool(*bool)),
            serde_json::Value::Number(number) => Ok(match number.as_i64() {
                Some(int) => Self::Int(int),
                None => Self::Double(number.as_f64().unwrap_or(f64::NAN)),
            }),
            serde_json::Value::String(text) => Self::text(text.as_str()),
            serde_json::Value::Array(items) => {
                let items = items.iter().map(|item| Self::from_json_at(item, depth + 1));
                Self::list(items.collect::<Result<Vec<_>, _>>()?)
            }
            serde_json::Value::Object(entries) => {
                let entries = entries.iter().map(|(name, value)| {
                    Ok((
                        Arc::from(name.as_str()),
                        Self::from_json_at(value, depth + 1)?,
                    ))
                });
                Self::map(entries.collect::<Result<_, _>>()?)
            }
        }
    }

    /// Returns the value as JSON. A number that is none, or infinite, becomes `null`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(bool) => (*bool).into(),
            Self::Int(int) => (*int).into(),
            Self::Double(double) => {
                Number::from_f64(*double).map_or(serde_json::Value::Null, Into::into)
            }
            Self::Text(text) => (&**text).into(),
            Self::List(list) => list.items.iter().map(Self::to_json).collect(),
            Self::Map(map) => {
                let entries = map.entries.iter();
                let entries = entries.map(|(name, value)| (name.to_string(), value.to_json()));
                serde_json::Value::Object(entries.collect())
            }
        }
    }

    /// Returns the value as a person reads it: a text as it is, everything else as JSON.
    pub(crate) fn display(&self) -> String {
        match self {
            Self::Text(text) => text.to_string(),
            other => other.to_json().to_string(),
        }
    }

    /// Returns the name of the value's type.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Double(_) => "double",
            Self::Text(_) => "string",
            Self::List(_) => "list",
            Self::Map(_) => "map",
        }
    }
}

/// Compares two numbers, of whatever kind each is. `None` for what is no number.
pub(crate) fn compare_numbers(one: &Value, two: &Value) -> Option<std::cmp::Ordering> {
    match (one, two) {
        (Value::Int(one), Value::Int(two)) => Some(one.cmp(two)),
        (Value::Double(one), Value::Double(two)) => one.partial_cmp(two),
        (Value::Int(one), Value::Double(two)) => compare_mixed(*one, *two),
        (Value::Double(one), Value::Int(two)) => {
            compare_mixed(*two, *one).map(std::cmp::Ordering::reverse)
        }
        _ => None,
    }
}

/// Compares exactly: not every whole number of 64 bits has a double of its own.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "the doubles at the ends of the range are exact, and those between are whole once floored"
)]
fn compare_mixed(int: i64, double: f64) -> Option<std::cmp::Ordering> {
    use std::cmp::Ordering;
    if double.is_nan() {
        return None;
    }
    if double >= -(i64::MIN as f64) {
        return Some(Ordering::Less);
    }
    if double < i64::MIN as f64 {
        return Some(Ordering::Greater);
    }
    let floor = double.floor();
    Some(int.cmp(&(floor as i64)).then(if floor < double {
        Ordering::Less
    } else {
        Ordering::Equal
    }))
}

pub(crate) fn text_cells(text: &str) -> usize {
    1 + text.len() / 16
}

fn size_of<'a>(parts: impl Iterator<Item = &'a Value>, names: usize) -> Result<Size, TooLarge> {
    let mut size = Size {
        cells: 1 + names,
        depth: 0,
    };
    for part in parts {
        size.cells += part.cells();
        size.depth = size.depth.max(part.depth() + 1);
    }
    if size.cells > CELLS_MAX || size.depth > DEPTH_MAX {
        return Err(TooLarge);
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Value {
        Value::from_json(&serde_json::from_str(text).unwrap()).unwrap()
    }

    #[test]
    fn whole_numbers_of_json_are_whole() {
        assert!(matches!(json("3"), Value::Int(3)));
        assert!(matches!(json("-3"), Value::Int(-3)));
        assert!(matches!(json("3.0"), Value::Double(_)));
        assert!(matches!(json("18446744073709551615"), Value::Double(_)));
    }

    #[test]
    fn numbers_of_different_kinds_are_compared_exactly() {
        assert!(json("3").equals(&json("3.0")));
        assert!(!json("9007199254740993").equals(&json("9007199254740992.0")));
        assert!(!json("1").equals(&json("true")));
        assert!(json("9223372036854775807").equals(&json("9223372036854775807")));
        assert!(!json("9223372036854775807").equals(&json("9223372036854775808.0")));
    }

    #[test]
    fn a_value_that_doubles_reaches_its_bound() {
        let mut value = json("[1]");
        let mut doublings = 0;
        while let Ok(twice) = Value::list(vec![value.clone(), value.clone()]) {
            value = twice;
            doublings += 1;
        }
        assert!(doublings < 20);
        assert!(Value::text("x".repeat(TEXT_BYTES_MAX + 1)).is_err());
    }
}
