//! The form of a definition: which keys it may have, and what each takes.
//!
//! The JSON Schema that editors are given is what is checked here too, so the two cannot disagree.
//! Every fault is reported, and what is wrong is replaced by something of the right form, so that
//! the rest can still be checked for its meaning.

use std::ops::Range;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::compile::FAULTS_MAX;
use crate::schema::BLANK;
use crate::source::{At, NOWHERE};
use crate::suggest::nearest;
use crate::tree::{Leaf, Tree, TreeReader};
use crate::{Diagnostic, Text};

mod kind;

use kind::{constants, expected, found, is_title, kinds, meant_is, takes};

/// What was read, and everything wrong with its form.
pub(crate) struct Read<T> {
    /// The value. What was missing or wrong stands [`NOWHERE`].
    pub(crate) value: T,
    /// What is wrong, in the order of the text.
    pub(crate) faults: Vec<Diagnostic>,
    /// Whether the outline stands: no section is missing or unreadable. If not, looking for what
    /// the value means would find faults that are none.
    pub(crate) outlined: bool,
}

/// Reads a tree as a value of the form that `schema` describes.
///
/// # Errors
///
/// The faults, when nothing could be made of it.
pub(crate) fn read<T: DeserializeOwned>(
    schema: &Value,
    mut tree: At<Tree>,
) -> Result<Read<T>, Vec<Diagnostic>> {
    let mut form = Form {
        root: schema,
        faults: Vec::new(),
        outlined: true,
    };
    let whole = tree.span.clone();
    form.check(schema, &mut tree, &whole, 0);
    let mut faults = form.faults;
    match T::deserialize(TreeReader(&tree)) {
        Ok(value) => Ok(Read {
            value,
            faults,
            outlined: form.outlined,
        }),
        Err(error) => {
            if faults.is_empty() {
                let said = error.to_string();
                let message = Text::new(format!("内容有误：{said}"), said);
                faults.push(Diagnostic::new("wrong-type", tree.span, message));
            }
            Err(faults)
        }
    }
}

/// A check on its way.
struct Form<'s> {
    root: &'s Value,
    faults: Vec<Diagnostic>,
    outlined: bool,
}

impl<'s> Form<'s> {
    /// Checks a value, and puts something of the right form in its place where it is wrong.
    /// `owner` is what is underlined when something is missing inside: the key the value stands
    /// under.
    fn check(
        &mut self,
        schema: &'s Value,
        node: &mut At<Tree>,
        owner: &Range<usize>,
        depth: usize,
    ) {
        let schema = self.resolved(schema);
        let schema = self.alternative(schema, node);
        let constants = constants(schema);
        if !constants.is_empty() {
            self.check_constant(&constants, node);
        } else if !takes(schema, &node.value) {
            self.wrong_type(schema, node, owner, depth);
        } else {
            match &mut node.value {
                Tree::Map(_) => self.check_map(schema, node, owner, depth),
                Tree::List(_) => self.check_list(schema, node, depth),
                Tree::Leaf(Leaf::Integer(number)) => {
                    let number = *number;
                    self.check_number(schema, node, number);
                }
                Tree::Leaf(_) => {}
            }
        }
    }

    /// Follows references.
    fn resolved(&self, schema: &'s Value) -> &'s Value {
        let mut schema = schema;
        // A schema refers to one that refers to one, and no deeper.
        for _ in 0..4 {
            let Some(target) = schema.get("$ref").and_then(Value::as_str) else {
                break;
            };
            match self.root.pointer(target.trim_start_matches('#')) {
                Some(found) => schema = found,
                None => break,
            }
        }
        schema
    }

    /// Of several forms, the one a value is of. If it is of none, and all but one only say that it
    /// may be empty or a blank, that one.
    fn alternative(&self, schema: &'s Value, node: &At<Tree>) -> &'s Value {
        let mut forms = Vec::new();
        self.forms(schema, 0, &mut forms);
        let fits = |form: &&&Value| takes(form, &node.value) && constants(form).is_empty();
        if let Some(form) = forms.iter().find(fits) {
            return form;
        }
        let empty = |form: &Value| form["type"] == "null" || form["pattern"] == BLANK;
        let mut full = forms.iter().filter(|form| !empty(form));
        match (full.next(), full.next()) {
            (Some(only), None) => only,
            _ => schema,
        }
    }

    /// Lists the forms that a schema leaves open.
    fn forms(&self, schema: &'s Value, depth: usize, forms: &mut Vec<&'s Value>) {
        let schema = self.resolved(schema);
        match schema.get("anyOf").and_then(Value::as_array) {
            Some(open) if depth < 8 => {
                for form in open {
                    self.forms(form, depth + 1, forms);
                }
            }
            _ => forms.push(schema),
        }
    }

    fn check_map(
        &mut self,
        schema: &'s Value,
        node: &mut At<Tree>,
        owner: &Range<usize>,
        depth: usize,
    ) {
        let Tree::Map(pairs) = &mut node.value else {
            return;
        };
        // Braces cannot be underlined with a block mapping; its first key can.
        let owner = match pairs.first() {
            Some((key, _)) if depth == 0 => key.span.clone(),
            _ => owner.clone(),
        };
        let known = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        let taken = std::mem::take(pairs);
        let present: Vec<String> = taken.iter().map(|(key, _)| key.value.clone()).collect();
        for (mut key, mut value) in taken {
            let mut form = known.and_then(|known| known.get(&key.value));
            if form.is_none() {
                form = others.filter(|others| others.is_object());
            }
            if form.is_none()
                && let Some(known) = known
            {
                let names = known.keys().map(String::as_str);
                let meant = nearest(&key.value, names.clone());
                self.unknown_key(&key, meant, names.collect());
                // A slip of the finger is read as what it was meant to be.
                match meant.filter(|meant| !present.iter().any(|name| name == meant)) {
                    Some(meant) => {
                        form = known.get(meant);
                        key.value = meant.to_owned();
                    }
                    None => self.outlined &= depth > 0,
                }
            }
            if pairs.iter().any(|(other, _)| other.value == key.value) {
                self.duplicate_key(&key);
                continue;
            }
            if let Some(form) = form {
                self.check(form, &mut value, &key.span, depth + 1);
                pairs.push((key, value));
            }
        }
        let required = schema.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if pairs.iter().any(|(key, _)| key.value == name) {
                continue;
            }
            self.missing_key(name, &owner);
            self.outlined &= depth > 0;
            if let Some(form) = known.and_then(|known| known.get(name)) {
                let key = At {
                    value: name.to_owned(),
                    span: NOWHERE,
                };
                pairs.push((key, self.placeholder(form)));
            }
        }
        // Read by editors only.
        if depth == 0 {
            pairs.retain(|(key, _)| key.value != "$schema");
        }
        if is_title(schema) {
            self.check_title(pairs, &owner);
        }
    }

    /// A title says something in both languages.
    fn check_title(&mut self, pairs: &[(At<String>, At<Tree>)], owner: &Range<usize>) {
        for (key, value) in pairs {
            let blank = |words: &str| words.chars().all(|c| c.is_whitespace() || c.is_control());
            if value.span != NOWHERE && value.words().is_some_and(blank) {
                let span = if value.span.is_empty() {
                    owner
                } else {
                    &value.span
                };
                self.fault(
                    "empty-text",
                    span,
                    Text::new(
                        format!("`{key}` 是空的。"),
                        format!("`{key}` says nothing."),
                    ),
                    Text::new("中文和英文都要写。", "Write it in Chinese and in English."),
                );
            }
        }
    }

    fn check_list(&mut self, schema: &'s Value, node: &mut At<Tree>, depth: usize) {
        let Tree::List(items) = &mut node.value else {
            return;
        };
        let length = u64::try_from(items.len()).unwrap_or(u64::MAX);
        let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
        let (least, most) = (bound("minItems"), bound("maxItems"));
        if least.is_some_and(|least| length < least) || most.is_some_and(|most| length > most) {
            let wanted = least.or(most).unwrap_or_default();
            self.fault(
                "wrong-type",
                &node.span,
                Text::new(
                    format!("这里应有 {wanted} 项，实有 {length} 项。"),
                    format!("{wanted} items are expected here; there are {length}."),
                ),
                Text::new(
                    "请补齐或去掉多余的。",
                    "Add what is missing, or take some away.",
                ),
            );
        }
        if let Some(form) = schema.get("items") {
            for item in items {
                let owner = match &item.value {
                    Tree::Map(pairs) => pairs.first().map(|(key, _)| key.span.clone()),
                    _ => None,
                };
                let owner = owner.unwrap_or_else(|| item.span.clone());
                self.check(form, item, &owner, depth + 1);
            }
        }
    }

    fn check_number(&mut self, schema: &Value, node: &mut At<Tree>, number: i64) {
        let bound = |name: &str| schema.get(name).and_then(Value::as_i64);
        let least = bound("minimum").unwrap_or(i64::MIN);
        let most = match schema.get("format").and_then(Value::as_str) {
            Some("uint32") => i64::from(u32::MAX),
            _ => i64::MAX,
        };
        let most = bound("maximum").unwrap_or(most);
        if !(least..=most).contains(&number) {
            self.fault(
                "wrong-type",
                &node.span,
                Text::new(
                    format!("`{number}` 超出范围。"),
                    format!("`{number}` is out of range."),
                ),
                Text::new(
                    format!("请写 {least} 到 {most} 之间的整数。"),
                    format!("Write a whole number from {least} to {most}."),
                ),
            );
            *node = self.placeholder(schema);
        }
    }

    fn check_constant(&mut self, constants: &[&str], node: &mut At<Tree>) {
        let words = node.words().map(str::to_owned);
        if words
            .as_deref()
            .is_some_and(|words| constants.contains(&words))
        {
            return;
        }
        let written = words.unwrap_or_else(|| found(&node.value).en);
        let help = match nearest(&written, constants.iter().copied()) {
            Some(meant) => meant_is(meant),
            None => Text::new("请写其中之一。", "Write one of these."),
        };
        self.fault(
            "wrong-type",
            &node.span,
            Text::new(
                format!("`{written}` 不在可选之列：{}。", constants.join("、")),
                format!("`{written}` is none of: {}.", constants.join(", ")),
            ),
            help,
        );
        *node = At {
            value: Tree::text(constants.first().copied().unwrap_or_default()),
            span: NOWHERE,
        };
    }

    fn wrong_type(
        &mut self,
        schema: &'s Value,
        node: &mut At<Tree>,
        owner: &Range<usize>,
        depth: usize,
    ) {
        let kinds = kinds(schema);
        let found = found(&node.value);
        let (expected, help) = expected(kinds.first().copied());
        // Nothing cannot be underlined; the key it stands under can.
        let span = if node.span.is_empty() {
            owner
        } else {
            &node.span
        };
        self.fault(
            "wrong-type",
            span,
            Text::new(
                format!("这里应为{}，却是{}。", expected.zh, found.zh),
                format!("Expected {}, found {}.", expected.en, found.en),
            ),
            help,
        );
        self.outlined &= depth > 1;
        *node = self.placeholder(schema);
    }

    /// The least value of a form.
    fn placeholder(&self, schema: &'s Value) -> At<Tree> {
        let schema = self.resolved(schema);
        let forms = schema.get("anyOf").and_then(Value::as_array);
        if let Some(form) = forms.and_then(|forms| forms.first()) {
            return self.placeholder(form);
        }
        let value = match (constants(schema).first(), kinds(schema).first().copied()) {
            (Some(constant), _) => Tree::text(*constant),
            (None, Some("object")) => {
                let required = schema.get("required").and_then(Value::as_array);
                let names = required.into_iter().flatten().filter_map(Value::as_str);
                Tree::Map(
                    names
                        .filter_map(|name| {
                            let key = At {
                                value: name.to_owned(),
                                span: NOWHERE,
                            };
                            let form = schema.get("properties")?.get(name)?;
                            Some((key, self.placeholder(form)))
                        })
                        .collect(),
                )
            }
            (None, Some("array")) => Tree::List(Vec::new()),
            (None, Some("integer")) => Tree::Leaf(Leaf::Integer(1)),
            (None, Some("boolean")) => Tree::Leaf(Leaf::Boolean(false)),
            _ => Tree::text(""),
        };
        At {
            value,
            span: NOWHERE,
        }
    }

    fn unknown_key(&mut self, key: &At<String>, meant: Option<&str>, known: Vec<&str>) {
        let help = match meant {
            Some(meant) => meant_is(meant),
            None => Text::new(
                format!("这里可用：{}。", known.join("、")),
                format!("Possible here: {}.", known.join(", ")),
            ),
        };
        self.fault(
            "unknown-key",
            &key.span,
            Text::new(
                format!("这里没有 `{key}` 这一项。"),
                format!("There is no key `{key}` here."),
            ),
            help,
        );
    }

    fn duplicate_key(&mut self, key: &At<String>) {
        self.fault(
            "duplicate-key",
            &key.span,
            Text::new(
                format!("`{key}` 出现了两次。"),
                format!("`{key}` stands here twice."),
            ),
            Text::new("请合并或改名。", "Join the two, or rename one."),
        );
    }

    fn missing_key(&mut self, name: &str, owner: &Range<usize>) {
        self.fault(
            "missing-key",
            owner,
            Text::new(format!("缺少 `{name}`。"), format!("`{name}` is missing.")),
            Text::new(
                format!("请在此处加上 `{name}:`。"),
                format!("Add `{name}:` here."),
            ),
        );
    }

    fn fault(&mut self, code: &'static str, span: &Range<usize>, message: Text, help: Text) {
        if self.faults.len() < FAULTS_MAX {
            self.faults
                .push(Diagnostic::new(code, span.clone(), message).with_help(help));
        }
    }
}
