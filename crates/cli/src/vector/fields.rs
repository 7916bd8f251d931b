use groundbreak_workflow::sla::Timestamp;
use groundbreak_workflow::{Text, nearest};
use serde_json::{Map, Value};

use super::Problem;

/// Where numbers that come from outside end.
const LIST_MAX: usize = 100;

/// An object of a vector, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    path: &'a str,
}

impl<'a> Fields<'a> {
    /// Takes a value for an object. `path` is empty for the vector itself.
    pub(super) fn of(value: &'a Value, path: &'a str) -> Result<Self, Problem> {
        match value.as_object() {
            Some(object) => Ok(Self { object, path }),
            None => Err(Problem::new(
                path,
                format!("应为对象，而不是 {}。", shown(value)),
                format!("an object is needed, not {}.", shown(value)),
            )),
        }
    }

    /// Returns the full name of a key.
    pub(super) fn key(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// Returns the keys there are.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.object.keys().map(String::as_str)
    }

    /// Returns what a key has; what is null is not there.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// Returns what a key has, and says `remedy` when it has nothing.
    pub(super) fn needed(&self, name: &str, remedy: (&str, &str)) -> Result<&'a Value, Problem> {
        self.get(name).ok_or_else(|| {
            Problem::new(
                &self.key(name),
                format!("缺少这一项。{}", remedy.0),
                format!("it is missing. {}", remedy.1),
            )
        })
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, Problem> {
        self.get(name)
            .map(|value| {
                value
                    .as_str()
                    .ok_or_else(|| self.wrong(name, value, ("文字", "a text")))
            })
            .transpose()
    }

    pub(super) fn truth(&self, name: &str) -> Result<bool, Problem> {
        self.get(name).map_or(Ok(false), |value| {
            value
                .as_bool()
                .ok_or_else(|| self.wrong(name, value, ("true 或 false", "true or false")))
        })
    }

    /// Returns one of some words.
    pub(super) fn word<T: Copy>(
        &self,
        name: &str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, Problem> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let found = words.iter().find(|(word, _)| value.as_str() == Some(word));
        match found {
            Some((_, meaning)) => Ok(Some(*meaning)),
            None => {
                let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                Err(Problem::new(
                    &self.key(name),
                    format!(
                        "{} 不是可用的值。请写 {} 之一。",
                        shown(value),
                        known.join("、")
                    ),
                    format!(
                        "{} is not one of its values. Write one of {}.",
                        shown(value),
                        known.join(", ")
                    ),
                ))
            }
        }
    }

    pub(super) fn whole(&self, name: &str) -> Result<Option<i64>, Problem> {
        self.get(name)
            .map(|value| self.number(name, value))
            .transpose()
    }

    pub(super) fn wholes(&self, name: &str) -> Result<Vec<i64>, Problem> {
        let Some(value) = self.get(name) else {
            return Ok(Vec::new());
        };
        match value.as_array().filter(|list| list.len() <= LIST_MAX) {
            Some(list) => list.iter().map(|value| self.number(name, value)).collect(),
            None => Err(self.wrong(
                name,
                value,
                (
                    "至多 100 个整数的列表",
                    "a list of at most 100 whole numbers",
                ),
            )),
        }
    }

    fn number(&self, name: &str, value: &Value) -> Result<i64, Problem> {
        value
            .as_i64()
            .ok_or_else(|| self.wrong(name, value, ("整数", "a whole number")))
    }

    pub(super) fn instant(&self, name: &str) -> Result<Option<Timestamp>, Problem> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        text.parse::<Timestamp>().map(Some).map_err(|error| {
            let text = error.text();
            Problem::new(
                &self.key(name),
                format!("{}。", text.zh),
                format!("{}.", text.en),
            )
        })
    }

    pub(super) fn needed_instant(&self, name: &str) -> Result<Timestamp, Problem> {
        let remedy = (
            "请写时刻，如 2023-03-23T10:00:00+08:00。",
            "Write an instant, such as 2023-03-23T10:00:00+08:00.",
        );
        self.needed(name, remedy)?;
        self.instant(name)?
            .ok_or_else(|| Problem::new(&self.key(name), remedy.0.to_owned(), remedy.1.to_owned()))
    }

    /// Finds keys that are not read: one that was misspelt is an error, another is told of.
    pub(super) fn only(&self, known: &[&str], notes: &mut Vec<Problem>) -> Result<(), Problem> {
        for name in self
            .object
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
        {
            let key = self.key(name);
            if let Some(meant) = nearest(name, known.iter().copied()) {
                return Err(Problem::new(
                    &key,
                    format!("没有这一项。是否指 {meant}？"),
                    format!("there is no such key. Did you mean {meant}?"),
                ));
            }
            notes.push(Problem::new(
                &key,
                "没有这一项，未计入。".to_owned(),
                "there is no such key; it was not read.".to_owned(),
            ));
        }
        Ok(())
    }

    fn wrong(&self, name: &str, value: &Value, needed: (&str, &str)) -> Problem {
        Problem::new(
            &self.key(name),
            format!("应为{}，而不是 {}。", needed.0, shown(value)),
            format!("{} is needed, not {}.", needed.1, shown(value)),
        )
    }
}

/// Returns a value as an error shows it.
pub(super) fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 40 {
        text
    } else {
        text.chars().take(40).chain(['…']).collect()
    }
}

impl Problem {
    /// Something wrong with what a key has.
    pub(super) fn new(key: &str, zh: String, en: String) -> Self {
        Self {
            code: "bad-vector",
            key: key.to_owned(),
            text: Text::new(zh, en),
        }
    }
}
