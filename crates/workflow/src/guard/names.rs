use std::ops::Range;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SelectExpr};

use super::GuardType;
use super::checker::{Branch, Checker};
use super::function::Function;
use super::tree::{Condition, Number, Words};
use crate::Text;
use crate::suggest::nearest;

/// The only variable of the language.
const DATA: &str = "data";

/// What a guard names: facts, states, documents, functions.
impl Checker<'_> {
    pub(super) fn name(&mut self, node: &IdedExpr, name: &str) -> Option<Branch> {
        let range = self.parsed.anchor(node);
        if name == DATA {
            let (zh, en) = self.fields_listed();
            self.mistyped(
                range,
                Text::new(
                    "`data` 之后要写信息项的名称。",
                    "`data` needs the name of a fact.",
                ),
                listed(&zh, &en),
            );
            return None;
        }
        let written = if (self.scope.fields)(name).is_some() {
            Some(format!("data.{name}"))
        } else if contains(&self.scope.state_names, name) {
            Some(format!("at(\"{name}\")"))
        } else if contains(&self.scope.document_names, name) {
            Some(format!("document(\"{name}\")"))
        } else {
            let fields = self.scope.field_names.iter().map(String::as_str);
            nearest(name, [DATA])
                .map(str::to_owned)
                .or_else(|| nearest(name, fields).map(|field| format!("data.{field}")))
        };
        self.fault(
            "guard-unknown-name",
            range,
            Text::new(
                format!("没有 `{name}` 这个名称。"),
                format!("There is nothing called `{name}`."),
            ),
            written.map(|written| {
                Text::new(format!("请写 `{written}`。"), format!("Write `{written}`."))
            }),
        );
        None
    }

    pub(super) fn selection(&mut self, node: &IdedExpr, select: &SelectExpr) -> Option<Branch> {
        let range = if select.test {
            self.parsed.last_argument(node)
        } else {
            self.parsed.selected(node)
        };
        if !is_data(&select.operand) {
            return self.stray_selection(select, range);
        }
        let name = select.field.clone();
        let Some(kind) = (self.scope.fields)(&name) else {
            self.unknown_field(&name, range);
            return None;
        };
        Some(match kind.kind() {
            _ if select.test => Branch::Condition(Condition::Known(name)),
            GuardType::Bool => Branch::Condition(Condition::Field(name)),
            GuardType::Int => Branch::Number(Number::Field(name)),
            GuardType::Text => Branch::Words(Words::Field(name)),
        })
    }

    /// Explains a selection from something other than `data`.
    fn stray_selection(&mut self, select: &SelectExpr, range: Range<usize>) -> Option<Branch> {
        // `a.b.c` goes wrong where it begins.
        let mut inner = select;
        let mut place = range;
        while let Expr::Select(next) = &inner.operand.expr {
            if is_data(&next.operand) && (self.scope.fields)(&next.field).is_none() {
                return self.selection(&inner.operand, next);
            }
            if is_data(&next.operand) {
                break;
            }
            place = self.parsed.selected(&inner.operand);
            inner = next;
        }
        if let Expr::Ident(name) = &inner.operand.expr {
            return self.name(&inner.operand, name);
        }
        let field = &inner.field;
        self.mistyped(
            place,
            Text::new(
                format!("`.{field}` 之前不是 `data`。"),
                format!("What stands before `.{field}` is not `data`."),
            ),
            Some(Text::new("请写 `data.名称`。", "Write `data.name`.")),
        );
        None
    }

    fn unknown_field(&mut self, name: &str, range: Range<usize>) {
        let help = match nearest(name, self.scope.field_names.iter().map(String::as_str)) {
            Some(near) => Some(meant(near)),
            None => {
                let (zh, en) = self.fields_listed();
                listed(&zh, &en)
            }
        };
        self.fault(
            "guard-unknown-field",
            range,
            Text::new(
                format!("本流程没有信息项 `{name}`。"),
                format!("This workflow has no fact `{name}`."),
            ),
            help,
        );
    }

    fn fields_listed(&self) -> (String, String) {
        (
            self.scope.field_names.join("、"),
            self.scope.field_names.join(", "),
        )
    }

    pub(super) fn function(
        &mut self,
        node: &IdedExpr,
        call: &CallExpr,
        depth: usize,
    ) -> Option<Branch> {
        let name = call.func_name.as_str();
        let target = call.target.as_deref();
        let range = if target.is_some() {
            self.parsed.method(node)
        } else {
            self.parsed.anchor(node)
        };
        match (Function::named(name), target, &call.args[..]) {
            (Some(Function::At), None, [state]) => {
                let known = &self.scope.state_names;
                self.named("at", "guard-unknown-state", ("状态", "state"), state, known)
                    .map(Condition::At)
            }
            (Some(Function::Unchanged), None, [state]) => {
                let known = &self.scope.state_names;
                let state = ("状态", "state", state);
                self.named(
                    "unchanged",
                    "guard-unknown-state",
                    (state.0, state.1),
                    state.2,
                    known,
                )
                .map(Condition::Unchanged)
            }
            (Some(Function::Document), None, [document]) => {
                let known = &self.scope.document_names;
                self.named(
                    "document",
                    "guard-unknown-document",
                    ("材料", "document"),
                    document,
                    known,
                )
                .map(Condition::Document)
            }
            (Some(Function::Size), Some(words), []) | (Some(Function::Size), None, [words]) => {
                let words = self.words(words, depth, name, range)?;
                return Some(Branch::Number(Number::Size(Box::new(words))));
            }
            (Some(Function::StartsWith), Some(whole), [part]) => self
                .pair([whole, part], depth, name, range)
                .map(Condition::StartsWith),
            (Some(Function::EndsWith), Some(whole), [part]) => self
                .pair([whole, part], depth, name, range)
                .map(Condition::EndsWith),
            (Some(Function::Contains), Some(whole), [part]) => self
                .pair([whole, part], depth, name, range)
                .map(Condition::Contains),
            (Some(function), ..) => {
                let usage = function.usage();
                self.mistyped(
                    range,
                    Text::new(
                        format!("`{name}` 的用法不对。"),
                        format!("`{name}` is not called like this."),
                    ),
                    Some(Text::new(
                        format!("请写 `{usage}`。"),
                        format!("Write `{usage}`."),
                    )),
                );
                None
            }
            (None, ..) => {
                self.unknown_function(name, range);
                None
            }
        }
        .map(Branch::Condition)
    }

    fn pair(
        &mut self,
        [whole, part]: [&IdedExpr; 2],
        depth: usize,
        name: &str,
        range: Range<usize>,
    ) -> Option<Box<[Words; 2]>> {
        let whole = self.words(whole, depth, name, range.clone());
        let part = self.words(part, depth, name, range);
        Some(Box::new([whole?, part?]))
    }

    /// Checks a name in quotes against those that exist.
    fn named(
        &mut self,
        function: &str,
        code: &'static str,
        (zh, en): (&str, &str),
        argument: &IdedExpr,
        known: &[String],
    ) -> Option<String> {
        let Expr::Literal(LiteralValue::String(name)) = &argument.expr else {
            self.mistyped(
                self.parsed.anchor(argument),
                Text::new(
                    format!("`{function}` 的括号内应为引号中的名称。"),
                    format!("`{function}` takes a name in quotes."),
                ),
                None,
            );
            return None;
        };
        let name = name.inner();
        if contains(known, name) {
            return Some(name.to_owned());
        }
        self.fault(
            code,
            self.parsed.quoted(argument, name),
            Text::new(
                format!("本流程没有{zh} `{name}`。"),
                format!("This workflow has no {en} `{name}`."),
            ),
            nearest(name, known.iter().map(String::as_str)).map(meant),
        );
        None
    }

    fn unknown_function(&mut self, name: &str, range: Range<usize>) {
        let help = match nearest(name, Function::ALL.map(Function::name)).and_then(Function::named)
        {
            Some(near) => Text::new(
                format!("请写 `{}`。", near.usage()),
                format!("Write `{}`.", near.usage()),
            ),
            None => {
                let names = Function::ALL.map(Function::name);
                Text::new(
                    format!("可用：{}。", names.join("、")),
                    format!("There are: {}.", names.join(", ")),
                )
            }
        };
        self.fault(
            "guard-unknown-function",
            range,
            Text::new(
                format!("没有函数 `{name}`。"),
                format!("There is no function `{name}`."),
            ),
            Some(help),
        );
    }
}

pub(super) fn is_data(node: &IdedExpr) -> bool {
    matches!(&node.expr, Expr::Ident(name) if name == DATA)
}

fn contains(names: &[String], name: &str) -> bool {
    names.iter().any(|known| known == name)
}

pub(super) fn meant(near: &str) -> Text {
    Text::new(
        format!("是否指 `{near}`？"),
        format!("Did you mean `{near}`?"),
    )
}

fn listed(zh: &str, en: &str) -> Option<Text> {
    if en.is_empty() {
        None
    } else {
        Some(Text::new(
            format!("可用：{zh}。"),
            format!("There are: {en}."),
        ))
    }
}
