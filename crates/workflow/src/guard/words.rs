use cel::common::ast::{Expr, IdedExpr, LiteralValue, operators};

use super::FactKind;
use super::checker::Checker;
use super::names::{is_data, meant};
use super::tree::Relation;
use crate::Text;
use crate::data::is_date;
use crate::suggest::nearest;

/// Text of which more is known than that it is text.
enum Kind<'a> {
    /// A constant, and where it stands.
    Constant(&'a str, &'a IdedExpr),
    /// A fact of the case.
    Fact(&'a str, FactKind),
}

/// Texts are compared: what can never be what it is compared with is a slip.
impl Checker<'_> {
    /// Checks the two sides of a comparison of texts against what their facts take.
    pub(super) fn words_fit(
        &mut self,
        node: &IdedExpr,
        relation: Relation,
        sign: &str,
        [left, right]: [&IdedExpr; 2],
    ) {
        let lefts = self.kinds(left);
        let rights = self.kinds(right);
        for left in &lefts {
            for right in &rights {
                match (left, right) {
                    (Kind::Fact(name, kind), Kind::Constant(constant, place))
                    | (Kind::Constant(constant, place), Kind::Fact(name, kind)) => {
                        self.constant_fits(name, kind, constant, place);
                    }
                    (Kind::Fact(one, first), Kind::Fact(other, second)) => {
                        self.facts_fit(node, sign, (one, first), (other, second));
                    }
                    (Kind::Constant(..), Kind::Constant(..)) => {}
                }
            }
        }
        let equal = matches!(relation, Relation::Equal | Relation::NotEqual);
        let choice = lefts.iter().chain(&rights).find_map(|kind| match kind {
            Kind::Fact(name, FactKind::Choice(_)) => Some(*name),
            _ => None,
        });
        if let (false, Some(name)) = (equal, choice) {
            self.mistyped(
                self.parsed.anchor(node),
                Text::new(
                    format!("`data.{name}` 是选择项，没有大小之分。"),
                    format!("`data.{name}` is a choice: its values have no order."),
                ),
                Some(Text::new(
                    "请用 `==`、`!=` 或 `in [...]`。",
                    "Use `==`, `!=` or `in [...]`.",
                )),
            );
        }
    }

    /// Returns what a text can be: the ends of `when ? then : otherwise`, or itself.
    fn kinds<'n>(&self, node: &'n IdedExpr) -> Vec<Kind<'n>> {
        match &node.expr {
            Expr::Literal(LiteralValue::String(text)) => vec![Kind::Constant(text.inner(), node)],
            Expr::Select(select) if is_data(&select.operand) => (self.scope.fields)(&select.field)
                .map(|kind| Kind::Fact(&select.field, kind))
                .into_iter()
                .collect(),
            Expr::Call(call) if call.func_name == operators::CONDITIONAL => call
                .args
                .iter()
                .skip(1)
                .flat_map(|end| self.kinds(end))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn constant_fits(&mut self, name: &str, kind: &FactKind, constant: &str, place: &IdedExpr) {
        match kind {
            FactKind::Choice(choices) if !choices.iter().any(|choice| choice == constant) => {
                let help = match nearest(constant, choices.iter().map(String::as_str)) {
                    Some(near) => meant(near),
                    None => Text::new(
                        format!("可选：{}。", choices.join("、")),
                        format!("There are: {}.", choices.join(", ")),
                    ),
                };
                self.fault(
                    "guard-unknown-choice",
                    self.parsed.quoted(place, constant),
                    Text::new(
                        format!("`{constant}` 不是 `data.{name}` 的选项，比较永远不成立。"),
                        format!("`data.{name}` is never `{constant}`: it is none of its choices."),
                    ),
                    Some(help),
                );
            }
            FactKind::Date if !is_date(constant) => self.fault(
                "guard-not-a-date",
                self.parsed.quoted(place, constant),
                Text::new(
                    format!("`data.{name}` 是日期，`{constant}` 不是。"),
                    format!("`data.{name}` is a date, and `{constant}` is none."),
                ),
                Some(Text::new(
                    "请写成 `2023-03-23` 的样子。",
                    "Write it like `2023-03-23`.",
                )),
            ),
            _ => {}
        }
    }

    fn facts_fit(
        &mut self,
        node: &IdedExpr,
        sign: &str,
        (one, first): (&str, &FactKind),
        (other, second): (&str, &FactKind),
    ) {
        let fits = match (first, second) {
            (FactKind::Date, FactKind::Date) => true,
            (FactKind::Date, _) | (_, FactKind::Date) => false,
            (FactKind::Choice(first), FactKind::Choice(second)) => {
                first.iter().any(|choice| second.contains(choice))
            }
            _ => true,
        };
        if !fits {
            self.mistyped(
                self.parsed.anchor(node),
                Text::new(
                    format!("`{sign}` 的两边永远不会相同：`data.{one}` 与 `data.{other}`。"),
                    format!("`data.{one}` and `data.{other}` have no value in common: `{sign}` compares them in vain."),
                ),
                Some(Text::new(
                    "日期与日期比较，选择项与有相同选项的比较。",
                    "Compare a date with a date, and a choice with one that shares its values.",
                )),
            );
        }
    }
}
