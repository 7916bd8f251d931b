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

/// A fact of a case, as its page shows it.
pub(crate) struct FactLine {
    pub(crate) title: String,
    pub(crate) value: String,
    /// What to look at twice.
    pub(crate) caution: Option<String>,
}

impl FactLine {
    pub(crate) fn of(fact: &Fact, at: &Moment) -> Self {
        let caution = fact.caution.as_ref();
        Self {
            title: at.words.text(&fact.title).to_owned(),
            value: fact_words(fact, at),
            caution: caution.map(|caution| at.words.text(caution).to_owned()),
        }
    }
}

/// Returns a fact as screens show it: dates as days, choices by title.
fn fact_words(fact: &Fact, at: &Moment) -> String {
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
            FieldType::Money => (
                Input::Line,
                Some(
                    [Some(words.t("hint-money")), bounds(field, words)]
                        .into_iter()
                        .flatten()
                        .collect::<Vec<_>>()
                        .join(&words.t("hint-join")),
                ),
            ),
            FieldType::Integer => (Input::Number, bounds(field, words)),
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
            // Words, and identifiers with their form and an example.
            kind => (
                Input::Line,
                kind.identifier().map(|identifier| {
                    let form = identifier.text();
                    let form = ("form", words.text(&form));
                    words.with("hint-identifier", [form, ("example", identifier.example)])
                }),
            ),
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

/// Says between which bounds the number lies that a field takes, if it has any.
fn bounds(field: &AskedField, words: Words) -> Option<String> {
    let shown = |number: i64| match field.kind {
        FieldType::Money => money(number, words),
        _ => grouped(number),
    };
    match (field.min.map(shown), field.max.map(shown)) {
        (Some(min), Some(max)) => Some(words.with("hint-bounds", [("min", &min), ("max", &max)])),
        (Some(min), None) => Some(words.s("hint-min", min)),
        (None, Some(max)) => Some(words.s("hint-max", max)),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use groundbreak_workflow::Language;

    use super::*;

    #[test]
    fn fields_say_what_they_take() {
        let field = |kind, min, max| AskedField {
            name: "fact".into(),
            title: groundbreak_workflow::Text::new("信息", "Fact"),
            kind,
            choices: Vec::new(),
            min,
            max,
            known: None,
        };
        let rows = [
            (field(FieldType::Text, None, None), None),
            (
                field(FieldType::CreditCode, None, None),
                Some("18 位统一社会信用代码（GB 32100），如 91350100M000100Y43"),
            ),
            (
                field(FieldType::Money, Some(10_000_000), None),
                Some("整数元，或带单位：120万元、3亿元；不少于 1,000 万元"),
            ),
            (field(FieldType::Integer, Some(0), Some(5)), Some("0 至 5")),
        ];
        for (field, hint) in rows {
            let view = FieldView::of(&field, None, false, Words::new(Language::Zh));
            assert_eq!(view.hint.as_deref(), hint);
        }
    }

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
