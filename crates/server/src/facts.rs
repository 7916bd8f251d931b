use groundbreak_workflow::{AskedField, Fact, FieldType, Value};

use crate::moment::Moment;
use crate::words::Words;

/// Returns a value as screens show it.
pub(crate) fn value_words(kind: FieldType, value: &Value, words: Words) -> String {
    match (kind, value) {
        (FieldType::Money, Value::Integer(yuan)) => money(*yuan, words),
        (_, Value::Integer(number)) => grouped(*number),
        (_, Value::Boolean(true)) => words.t("yes"),
        (_, Value::Boolean(false)) => words.t("no"),
        (_, Value::Text(text)) => text.clone(),
    }
}

/// Returns an amount in 万元 where it comes out even, else in 元.
pub(crate) fn money(yuan: i64, words: Words) -> String {
    const WAN: i64 = 10_000;
    if yuan != 0 && yuan % WAN == 0 {
        words.with(
            "money-wan",
            [("wan", &grouped(yuan / WAN)), ("yuan", &grouped(yuan))],
        )
    } else {
        words.s("money-yuan", grouped(yuan))
    }
}

/// Returns a number with its thousands apart.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        grouped.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Returns a fact as screens show it: dates as days, choices by title.
pub(crate) fn fact_words(fact: &Fact, at: &Moment) -> String {
    match (&fact.label, fact.kind, &fact.value) {
        (Some(label), _, _) => at.words.text(label).to_owned(),
        (None, FieldType::Date, Value::Text(text)) => text
            .parse()
            .map_or_else(|_| text.clone(), |date| at.day(date)),
        (None, kind, value) => value_words(kind, value, at.words),
    }
}

/// A field of a form, with what was typed into it and what is wrong with that.
#[derive(Clone, Debug)]
pub(crate) struct FieldView {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) hint: Option<String>,
    pub(crate) input: Input,
    pub(crate) value: String,
    pub(crate) optional: bool,
    pub(crate) error: Option<String>,
}

/// How a field is filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Line,
    Number,
    Date,
    Choice(Vec<(String, String)>),
}

impl FieldView {
    /// Returns the field for a fact. `typed` is what came with the form, if it came.
    pub(crate) fn of(
        field: &AskedField,
        typed: Option<&str>,
        optional: bool,
        words: Words,
    ) -> Self {
        let known = field.known.as_ref().map(Value::to_string);
        let (input, hint) = match field.kind {
            FieldType::Text => (Input::Line, None),
            FieldType::Money => (Input::Line, Some(words.t("hint-money"))),
            FieldType::Integer => (Input::Number, None),
            FieldType::Date => (Input::Date, None),
            FieldType::Boolean => (
                Input::Choice(vec![
                    ("true".into(), words.t("yes")),
                    ("false".into(), words.t("no")),
                ]),
                None,
            ),
            FieldType::Choice => {
                let choices = field
                    .choices
                    .iter()
                    .map(|(value, title)| (value.clone(), words.text(title).to_owned()))
                    .collect();
                (Input::Choice(choices), None)
            }
        };
        Self {
            name: field.name.clone(),
            title: words.text(&field.title).to_owned(),
            hint,
            input,
            value: typed.map_or_else(|| known.unwrap_or_default(), str::to_owned),
            optional,
            error: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use groundbreak_workflow::Language;

    use super::*;

    #[test]
    fn money_is_said_in_ten_thousands_only_where_it_comes_out_even() {
        let rows = [
            (1_200_000_000, "120,000 万元", "CNY 1,200,000,000"),
            (12_345, "12,345 元", "CNY 12,345"),
            (0, "0 元", "CNY 0"),
        ];
        for (yuan, zh, en) in rows {
            assert_eq!(money(yuan, Words::new(Language::Zh)), zh);
            assert_eq!(money(yuan, Words::new(Language::En)), en);
        }
    }
}
