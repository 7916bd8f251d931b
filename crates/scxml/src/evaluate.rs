//! The value of an expression.
//!
//! The parser is the `cel` crate's; the evaluation is not, because that one cannot be told to
//! stop. Here each step costs a unit of work, and a document that has used up its work is ended.
//! docs/decisions/0008-cel-data-model.md says more.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, MapExpr, operators,
};

use crate::Text;
use crate::functions::Function;
use crate::value::{CELLS_MAX, TooLarge, Value, compare_numbers, text_cells};

/// Why an expression has no value.
#[derive(Clone, Debug)]
pub(crate) enum EvalError {
    /// It cannot be evaluated as things are: `error.execution`.
    Failed(Text),
    /// The work the document may do is used up.
    Exhausted,
}

pub(crate) fn fail(zh: impl Into<String>, en: impl Into<String>) -> EvalError {
    EvalError::Failed(Text::new(zh, en))
}

impl From<TooLarge> for EvalError {
    fn from(_: TooLarge) -> Self {
        fail("值太大。", "The value is too large.")
    }
}

/// How much work may still be done. Shared by everything that runs for one document.
#[derive(Debug)]
pub(crate) struct Work(Cell<u64>);

impl Work {
    pub(crate) fn new(units: u64) -> Self {
        Self(Cell::new(units))
    }

    /// Takes away so many units.
    pub(crate) fn spend(&self, units: usize) -> Result<(), EvalError> {
        let units = u64::try_from(units).unwrap_or(u64::MAX);
        let left = self.0.get().checked_sub(units);
        self.0.set(left.unwrap_or(0));
        left.map(drop).ok_or(EvalError::Exhausted)
    }
}

/// What an expression can see.
pub(crate) trait Scope {
    /// Returns the variable of this name.
    fn variable(&self, name: &str) -> Variable;
    /// Returns whether the state of this name is active.
    fn is_in(&self, state: &str) -> bool;
}

/// A variable as an expression sees it.
#[derive(Debug)]
pub(crate) enum Variable {
    /// There is none.
    Undeclared,
    /// It is declared and was given no value.
    Unbound,
    /// It has this value.
    Bound(Value),
}

/// Evaluates expressions.
pub(crate) struct Evaluator<'a> {
    scope: &'a dyn Scope,
    work: &'a Work,
    /// The variables of the macros we are in, innermost last.
    locals: Vec<(&'a str, Value)>,
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(scope: &'a dyn Scope, work: &'a Work) -> Self {
        Self {
            scope,
            work,
            locals: Vec::new(),
        }
    }

    /// Returns the value of an expression.
    pub(crate) fn value(&mut self, node: &'a IdedExpr) -> Result<Value, EvalError> {
        self.work.spend(1)?;
        match &node.expr {
            Expr::Literal(literal) => of_literal(literal),
            Expr::Ident(name) => self.variable(name),
            Expr::Select(select) => {
                let operand = self.value(&select.operand)?;
                if select.test {
                    return match operand {
                        Value::Map(map) => Ok(Value::Bool(map.get(&select.field).is_some())),
                        other => Err(no_part(&other, &select.field)),
                    };
                }
                field(&operand, &select.field)
            }
            Expr::Call(call) => self.call(call),
            Expr::List(list) => {
                let items = list.elements.iter().map(|element| self.value(element));
                let items = items.collect::<Result<Vec<_>, _>>()?;
                self.work.spend(items.len())?;
                Ok(Value::list(items)?)
            }
            Expr::Map(map) => self.map(map),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Struct(_) | Expr::Unspecified => {
                Err(fail("表达式不完整。", "The expression is incomplete."))
            }
        }
    }

    /// Returns whether a condition holds.
    pub(crate) fn condition(&mut self, node: &'a IdedExpr) -> Result<bool, EvalError> {
        let value = self.value(node)?;
        as_bool(&value)
    }

    fn variable(&self, name: &str) -> Result<Value, EvalError> {
        let local = self.locals.iter().rev().find(|(local, _)| *local == name);
        if let Some((_, value)) = local {
            return Ok(value.clone());
        }
        match self.scope.variable(name.trim_start_matches('.')) {
            Variable::Bound(value) => Ok(value),
            Variable::Unbound => Err(fail(
                format!("`{name}` 尚无值。"),
                format!("`{name}` has no value yet."),
            )),
            Variable::Undeclared => Err(fail(
                format!("没有声明 `{name}`。"),
                format!("`{name}` is not declared."),
            )),
        }
    }

    fn map(&mut self, map: &'a MapExpr) -> Result<Value, EvalError> {
        let mut entries = BTreeMap::new();
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else {
                continue;
            };
            let Value::Text(name) = self.value(&entry.key)? else {
                return Err(fail("映射的键应为文字。", "The key of a map is a text."));
            };
            let value = self.value(&entry.value)?;
            entries.insert(name, value);
        }
        // A map takes far more memory than what it holds.
        self.work.spend(24 + 2 * entries.len())?;
        Ok(Value::map(entries)?)
    }

    fn call(&mut self, call: &'a CallExpr) -> Result<Value, EvalError> {
        match Function::of(call) {
            Some(Function::Operator) => self.operator(call),
            Some(Function::Bound) => self.bound(call),
            Some(Function::In) => match self.arguments(call)?.as_slice() {
                [Value::Text(state)] => Ok(Value::Bool(self.scope.is_in(state))),
                _ => Err(fail(
                    "`In` 的参数是一个状态的名称。",
                    "`In` takes the name of one state.",
                )),
            },
            Some(function) => {
                let (value, cost) = function.call(&self.arguments(call)?)?;
                self.work.spend(cost)?;
                Ok(value)
            }
            None => Err(fail("没有这个函数。", "There is no such function.")),
        }
    }

    fn bound(&self, call: &CallExpr) -> Result<Value, EvalError> {
        let ([arg], None) = (call.args.as_slice(), &call.target) else {
            return Err(bound_takes_a_name());
        };
        match &arg.expr {
            Expr::Ident(name) => {
                let variable = self.scope.variable(name.trim_start_matches('.'));
                Ok(Value::Bool(matches!(variable, Variable::Bound(_))))
            }
            _ => Err(bound_takes_a_name()),
        }
    }

    fn arguments(&mut self, call: &'a CallExpr) -> Result<Vec<Value>, EvalError> {
        let arguments = call.target.as_deref().into_iter().chain(&call.args);
        arguments.map(|argument| self.value(argument)).collect()
    }

    fn operator(&mut self, call: &'a CallExpr) -> Result<Value, EvalError> {
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::CONDITIONAL, [condition, yes, no]) => {
                let branch = if self.condition(condition)? { yes } else { no };
                self.value(branch)
            }
            (operators::LOGICAL_AND, [left, right]) => self.either(false, left, right),
            (operators::LOGICAL_OR, [left, right]) => self.either(true, left, right),
            (operators::LOGICAL_NOT, [operand]) => Ok(Value::Bool(!self.condition(operand)?)),
            (operators::NOT_STRICTLY_FALSE, [operand]) => match self.condition(operand) {
                Err(EvalError::Failed(_)) => Ok(Value::Bool(true)),
                other => other.map(Value::Bool),
            },
            (operators::NEGATE, [operand]) => match self.value(operand)? {
                Value::Int(int) => int.checked_neg().map(Value::Int).ok_or_else(overflow),
                Value::Double(double) => Ok(Value::Double(-double)),
                other => Err(no_operator("-", &other, &other)),
            },
            (name, [left, right]) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                self.binary(name, &left, &right)
            }
            _ => Err(fail("运算符的用法有误。", "The operator is misused.")),
        }
    }

    /// `&&` with `decides` false, `||` with `decides` true: one side that decides is enough,
    /// whichever it is, even if the other cannot be evaluated.
    fn either(
        &mut self,
        decides: bool,
        left: &'a IdedExpr,
        right: &'a IdedExpr,
    ) -> Result<Value, EvalError> {
        let left = self.condition(left);
        match left {
            Ok(left) if left == decides => return Ok(Value::Bool(decides)),
            Err(EvalError::Exhausted) => return Err(EvalError::Exhausted),
            Ok(_) | Err(EvalError::Failed(_)) => {}
        }
        let right = self.condition(right)?;
        if right == decides {
            return Ok(Value::Bool(decides));
        }
        left.map(|_| Value::Bool(!decides))
    }

    fn binary(&mut self, name: &str, left: &Value, right: &Value) -> Result<Value, EvalError> {
        match name {
            operators::EQUALS | operators::NOT_EQUALS => {
                self.work.spend(left.cells().min(right.cells()))?;
                let equal = left.equals(right);
                Ok(Value::Bool(equal == (name == operators::EQUALS)))
            }
            operators::LESS
            | operators::LESS_EQUALS
            | operators::GREATER
            | operators::GREATER_EQUALS => {
                let ordering = match (left, right) {
                    (Value::Text(one), Value::Text(two)) => {
                        self.work.spend(text_cells(one).min(text_cells(two)))?;
                        Some(one.cmp(two))
                    }
                    (Value::Bool(one), Value::Bool(two)) => Some(one.cmp(two)),
                    (Value::Int(_) | Value::Double(_), Value::Int(_) | Value::Double(_)) => {
                        compare_numbers(left, right)
                    }
                    _ => return Err(no_operator(sign(name), left, right)),
                };
                Ok(Value::Bool(ordering.is_some_and(|it| agrees(name, it))))
            }
            operators::IN => match right {
                Value::List(list) => {
                    self.work.spend(right.cells())?;
                    Ok(Value::Bool(
                        list.items().iter().any(|item| item.equals(left)),
                    ))
                }
                Value::Map(map) => match left {
                    Value::Text(name) => Ok(Value::Bool(map.get(name).is_some())),
                    _ => Ok(Value::Bool(false)),
                },
                _ => Err(no_operator("in", left, right)),
            },
            operators::INDEX => index(left, right),
            operators::ADD => self.sum(left, right),
            _ => arithmetic(sign(name), left, right),
        }
    }

    fn sum(&mut self, left: &Value, right: &Value) -> Result<Value, EvalError> {
        match (left, right) {
            (Value::Text(one), Value::Text(two)) => {
                self.work.spend(text_cells(one) + text_cells(two))?;
                Ok(Value::text([&**one, &**two].concat())?)
            }
            (Value::List(one), Value::List(two)) => {
                self.work.spend(one.items().len() + two.items().len())?;
                Ok(Value::list([one.items(), two.items()].concat())?)
            }
            _ => arithmetic("+", left, right),
        }
    }

    /// What a macro of CEL expands to: a loop over a list, or over the names of a map.
    fn comprehension(&mut self, it: &'a ComprehensionExpr) -> Result<Value, EvalError> {
        let items: Arc<[Value]> = match self.value(&it.iter_range)? {
            Value::List(list) => list.items().into(),
            Value::Map(map) => map.entries().keys().cloned().map(Value::Text).collect(),
            other => {
                return Err(fail(
                    format!("不能遍历 {}。", other.type_name()),
                    format!("A {} has no items to go through.", other.type_name()),
                ));
            }
        };
        self.work.spend(items.len())?;
        if it.iter_var2.is_some() {
            return Err(fail(
                "不支持两个循环变量。",
                "Two loop variables are not supported.",
            ));
        }
        let accumulated = match &it.accu_init.expr {
            // `map` and `filter` append to a list, which is not copied each time.
            Expr::List(empty) if empty.elements.is_empty() => {
                let (mut list, mut cells) = (Vec::new(), 0);
                for item in items.iter() {
                    self.locals.push((&it.iter_var, item.clone()));
                    let appended = self.append(&it.loop_step, &it.accu_var, &mut list);
                    self.locals.pop();
                    appended?;
                    // A list that will be refused is not filled first.
                    cells += list.last().map_or(0, Value::cells);
                    if cells > CELLS_MAX {
                        return Err(TooLarge.into());
                    }
                }
                Value::list(list)?
            }
            _ => self.accumulate(it, &items)?,
        };
        self.locals.push((&it.accu_var, accumulated));
        let result = self.value(&it.result);
        self.locals.pop();
        result
    }

    fn accumulate(
        &mut self,
        it: &'a ComprehensionExpr,
        items: &[Value],
    ) -> Result<Value, EvalError> {
        let mut accumulated = self.value(&it.accu_init)?;
        for item in items {
            self.locals.push((&it.accu_var, accumulated.clone()));
            let goes_on = self.condition(&it.loop_cond);
            self.locals.push((&it.iter_var, item.clone()));
            let next = match goes_on {
                Ok(true) => self.value(&it.loop_step).map(Some),
                Ok(false) => Ok(None),
                Err(error) => Err(error),
            };
            self.locals.truncate(self.locals.len().saturating_sub(2));
            match next? {
                Some(next) => accumulated = next,
                None => break,
            }
        }
        Ok(accumulated)
    }

    /// Carries out `accumulator + [item]`, or `condition ? accumulator + [item] : accumulator`.
    fn append(
        &mut self,
        step: &'a IdedExpr,
        accumulator: &str,
        list: &mut Vec<Value>,
    ) -> Result<(), EvalError> {
        self.work.spend(1)?;
        match &step.expr {
            Expr::Ident(name) if name == accumulator => Ok(()),
            Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
                (operators::CONDITIONAL, [condition, yes, no]) => {
                    let branch = if self.condition(condition)? { yes } else { no };
                    self.append(branch, accumulator, list)
                }
                (operators::ADD, [_, added]) => match &added.expr {
                    Expr::List(added) => {
                        for element in &added.elements {
                            let value = self.value(element)?;
                            list.push(value);
                        }
                        Ok(())
                    }
                    _ => Err(fail("表达式不完整。", "The expression is incomplete.")),
                },
                _ => Err(fail("表达式不完整。", "The expression is incomplete.")),
            },
            _ => Err(fail("表达式不完整。", "The expression is incomplete.")),
        }
    }
}

fn of_literal(literal: &LiteralValue) -> Result<Value, EvalError> {
    Ok(match literal {
        LiteralValue::Null => Value::Null,
        LiteralValue::Boolean(bool) => Value::Bool(*bool.inner()),
        LiteralValue::Int(int) => Value::Int(*int.inner()),
        LiteralValue::Double(double) => Value::Double(*double.inner()),
        LiteralValue::String(text) => Value::text(text.inner())?,
        // One kind of whole number is enough: a value out of JSON cannot say which it means.
        LiteralValue::UInt(uint) => i64::try_from(*uint.inner())
            .map(Value::Int)
            .map_err(|_| overflow())?,
        LiteralValue::Bytes(_) => {
            return Err(fail("数据模型没有字节串。", "The data model has no bytes."));
        }
    })
}

fn as_bool(value: &Value) -> Result<bool, EvalError> {
    match value {
        Value::Bool(bool) => Ok(*bool),
        other => Err(fail(
            format!("应为 true 或 false，而不是 {}。", other.type_name()),
            format!(
                "This is to be true or false, and is a {}.",
                other.type_name()
            ),
        )),
    }
}

/// Returns the part of a value that an index names.
pub(crate) fn index(value: &Value, index: &Value) -> Result<Value, EvalError> {
    match (value, index) {
        (Value::List(list), Value::Int(at)) => usize::try_from(*at)
            .ok()
            .and_then(|at| list.items().get(at).cloned())
            .ok_or_else(|| no_part(value, &at.to_string())),
        (Value::Map(_), Value::Text(name)) => field(value, name),
        _ => Err(no_operator("[]", value, index)),
    }
}

fn field(value: &Value, name: &str) -> Result<Value, EvalError> {
    match value {
        Value::Map(map) => map.get(name).cloned().ok_or_else(|| no_part(value, name)),
        _ => Err(no_part(value, name)),
    }
}

fn arithmetic(sign: &str, left: &Value, right: &Value) -> Result<Value, EvalError> {
    match (left, right) {
        (Value::Int(one), Value::Int(two)) => {
            let result = match sign {
                "+" => one.checked_add(*two),
                "-" => one.checked_sub(*two),
                "*" => one.checked_mul(*two),
                "/" => one.checked_div(*two),
                "%" => one.checked_rem(*two),
                _ => None,
            };
            result.map(Value::Int).ok_or_else(overflow)
        }
        (Value::Double(one), Value::Double(two)) => match sign {
            "+" => Ok(Value::Double(one + two)),
            "-" => Ok(Value::Double(one - two)),
            "*" => Ok(Value::Double(one * two)),
            "/" => Ok(Value::Double(one / two)),
            _ => Err(no_operator(sign, left, right)),
        },
        _ => Err(no_operator(sign, left, right)),
    }
}

fn agrees(name: &str, ordering: Ordering) -> bool {
    match name {
        operators::LESS => ordering.is_lt(),
        operators::LESS_EQUALS => ordering.is_le(),
        operators::GREATER => ordering.is_gt(),
        _ => ordering.is_ge(),
    }
}

/// Returns an operator as it is written.
fn sign(name: &str) -> &str {
    name.trim_matches('_')
}

fn overflow() -> EvalError {
    fail(
        "结果超出 64 位整数，或除数为零。",
        "The result does not fit in 64 bits, or the divisor is zero.",
    )
}

fn no_operator(sign: &str, left: &Value, right: &Value) -> EvalError {
    let (left, right) = (left.type_name(), right.type_name());
    fail(
        format!("`{sign}` 不能用于 {left} 与 {right}。"),
        format!("`{sign}` does not take {left} and {right}."),
    )
}

pub(crate) fn no_part(value: &Value, part: &str) -> EvalError {
    let (kind, part) = (value.type_name(), crate::text::shorten(part));
    fail(
        format!("{kind} 中没有 `{part}`。"),
        format!("There is no `{part}` in the {kind}."),
    )
}

fn bound_takes_a_name() -> EvalError {
    fail(
        "`bound` 的参数是变量名。",
        "`bound` takes the name of a variable.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::Expression;

    struct Facts;

    impl Scope for Facts {
        fn variable(&self, name: &str) -> Variable {
            match name {
                "n" => Variable::Bound(Value::Int(3)),
                "list" => Variable::Bound(
                    Value::list(vec![Value::Int(1), Value::Int(2), Value::Int(3)]).unwrap(),
                ),
                "order" => Variable::Bound(
                    Value::map(BTreeMap::from([("fee".into(), Value::Int(300))])).unwrap(),
                ),
                "later" => Variable::Unbound,
                _ => Variable::Undeclared,
            }
        }

        fn is_in(&self, state: &str) -> bool {
            state == "review"
        }
    }

    fn evaluate(source: &str, units: u64) -> Result<Value, EvalError> {
        let expression = Expression::parse(source).unwrap();
        Evaluator::new(&Facts, &Work::new(units)).value(expression.tree())
    }

    #[track_caller]
    fn check(source: &str, expected: &str) {
        let value = evaluate(source, 10_000).unwrap();
        assert_eq!(value.to_json().to_string(), expected, "{source}");
    }

    #[test]
    fn whole_numbers_are_one_kind() {
        check("order.fee + 1", "301");
        check("order.fee - 400", "-100");
        check("n * 2 % 4 / 2", "1");
        check("-n", "-3");
        check("7u + n", "10");
        check("n == 3.0 && n < 3.5", "true");
    }

    #[test]
    fn one_side_that_decides_is_enough() {
        check("later == 1 || n == 3", "true");
        check("n == 4 && nothing", "false");
        check("nothing && n == 4", "false");
        assert!(evaluate("later == 1 || n == 4", 100).is_err());
    }

    #[test]
    fn texts_lists_and_maps() {
        check("'a' + \"b\"", "\"ab\"");
        check("list + [4]", "[1,2,3,4]");
        check("list[2] + list.map(x, x * 2)[0]", "5");
        check("list.filter(x, x != 2)", "[1,3]");
        check("list.all(x, x > 0) && list.exists(x, x == 2)", "true");
        check("list.exists_one(x, x > 2)", "true");
        check("order.exists(key, key == 'fee')", "true");
        check("{'a': n}.a", "3");
        check("order['fee'] in [1, 300] && 'fee' in order", "true");
        check("has(order.fee) && !has(order.tax)", "true");
        check("size('企业') + size(list) + list.size()", "8");
        check("'land.listed'.startsWith('land')", "true");
        check("string(list) + string(1.5)", "\"[1,2,3]1.5\"");
        check("int('7') + int(2.9)", "9");
        check("n > 2 ? 'many' : 'few'", "\"many\"");
    }

    #[test]
    fn a_variable_can_be_asked_for_before_it_is_used() {
        check("bound(n)", "true");
        check("bound(later) || bound(nothing)", "false");
    }

    #[test]
    fn the_state_can_be_asked_for() {
        check("In('review') && !In('done')", "true");
    }

    #[test]
    fn what_has_no_value_fails() {
        for source in [
            "later",
            "nothing",
            "n.x",
            "list[3]",
            "list[-1]",
            "order.tax",
            "n / 0",
            "n % 0",
            "9223372036854775807 + 1",
            "-(-9223372036854775807 - 1)",
            "n + 1.5",
            "'a' + 1",
            "!n",
            "n ? 1 : 2",
            "n in n",
            "bound(1 + 1)",
            "In(1)",
            "int('x')",
            "has(n.x)",
            "[1].map(x, y)",
            "b'x' == b'x'",
        ] {
            assert!(
                matches!(evaluate(source, 1_000), Err(EvalError::Failed(_))),
                "{source}"
            );
        }
    }

    #[test]
    fn work_runs_out_and_nothing_hides_that() {
        let nested = "list.all(a, list.all(b, list.all(c, list.all(d, a + b + c + d > 0))))";
        check(nested, "true");
        for source in [nested, "later || list.map(a, list.map(b, a)) == []"] {
            assert!(
                matches!(evaluate(source, 20), Err(EvalError::Exhausted)),
                "{source}"
            );
        }
    }

    #[test]
    fn the_deepest_expression_is_evaluated() {
        let chain = vec!["n"; crate::TOKENS_MAX / 2].join(" + ");
        check(&chain, "768");
        let signs = format!("{}n", "-".repeat(90));
        check(&signs, "3");
    }

    #[test]
    fn values_cannot_grow_without_bound() {
        let grown = format!("[{}].map(x, list + list)", ["list"; 200].join(", "));
        assert!(evaluate(&grown, 1_000_000).is_ok());
        let squared = "[1,2,3,4,5,6,7,8,9].map(a, list.map(b, list.map(c, [a, b, c])))";
        assert!(evaluate(squared, 1_000_000).is_ok());
    }
}
