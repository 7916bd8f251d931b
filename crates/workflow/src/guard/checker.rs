use std::ops::Range;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use super::syntax::Parsed;
use super::tree::{Choice, Condition, Number, Operation, Relation, Words};
use super::{GuardFault, GuardType, GuardValue, Scope};
use crate::Text;

/// How deep the tree of a guard may be. Checking and evaluating recurse into it.
pub(super) const DEPTH_MAX: usize = 64;

/// Turns a guard whose form is right into a tree whose types are.
pub(super) fn check(parsed: &Parsed<'_>, scope: &Scope<'_>) -> Result<Condition, Vec<GuardFault>> {
    let mut checker = Checker {
        parsed,
        scope,
        faults: Vec::new(),
    };
    let branch = checker.branch(&parsed.expression, 0);
    match branch {
        Some(Branch::Condition(condition)) if checker.faults.is_empty() => return Ok(condition),
        Some(branch) if branch.kind() != GuardType::Bool => {
            let found = branch.kind();
            checker.fault(
                "guard-not-boolean",
                parsed.whole(),
                Text::new(
                    format!(
                        "条件的结果应为{}，实为{}。",
                        GuardType::Bool.zh(),
                        found.zh()
                    ),
                    format!(
                        "A condition is {}; this is {}.",
                        GuardType::Bool.en(),
                        found.en()
                    ),
                ),
                None,
            );
        }
        _ => {}
    }
    checker.faults.sort_by_key(|fault| fault.range.start);
    Err(checker.faults)
}

/// A branch of whichever type it has.
pub(super) enum Branch {
    Condition(Condition),
    Number(Number),
    Words(Words),
}

impl Branch {
    fn kind(&self) -> GuardType {
        match self {
            Self::Condition(_) => GuardType::Bool,
            Self::Number(_) => GuardType::Int,
            Self::Words(_) => GuardType::Text,
        }
    }
}

impl From<GuardValue> for Branch {
    fn from(constant: GuardValue) -> Self {
        match constant {
            GuardValue::Bool(value) => Self::Condition(Condition::Constant(value)),
            GuardValue::Int(value) => Self::Number(Number::Constant(value)),
            GuardValue::Text(value) => Self::Words(Words::Constant(value)),
        }
    }
}

pub(super) struct Checker<'a> {
    pub(super) parsed: &'a Parsed<'a>,
    pub(super) scope: &'a Scope<'a>,
    faults: Vec<GuardFault>,
}

/// A branch that has a fault is `None`: what stands around it is checked, but not against it.
impl Checker<'_> {
    pub(super) fn branch(&mut self, node: &IdedExpr, depth: usize) -> Option<Branch> {
        if depth >= DEPTH_MAX {
            let message = Text::new(
                format!("条件嵌套超过 {DEPTH_MAX} 层。"),
                format!("The condition is nested more than {DEPTH_MAX} deep."),
            );
            // Where one side is too deep the other is too, and once is enough.
            if !self.faults.iter().any(|fault| fault.message == message) {
                let range = self.parsed.anchor(node);
                self.faults.push(GuardFault::too_complex(range, message));
            }
            return None;
        }
        match &node.expr {
            Expr::Literal(literal) => self.literal(node, literal).map(Branch::from),
            Expr::Ident(name) => self.name(node, name),
            Expr::Select(select) => self.selection(node, select),
            Expr::Call(call) => self.call(node, call, depth + 1),
            Expr::Comprehension(_) => {
                self.faults
                    .push(GuardFault::comprehension(self.parsed.method(node)));
                None
            }
            Expr::List(_) => self.foreign(
                node,
                Text::new("列表只能放在 `in` 之后。", "A list stands only after `in`."),
            ),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => self.foreign(
                node,
                Text::new("条件中不能有 `{}`。", "`{}` is no part of a condition."),
            ),
        }
    }

    pub(super) fn fault(
        &mut self,
        code: &'static str,
        range: Range<usize>,
        message: Text,
        help: Option<Text>,
    ) {
        self.faults
            .push(GuardFault::new(code, range, message).with_help(help));
    }

    fn foreign(&mut self, node: &IdedExpr, message: Text) -> Option<Branch> {
        self.faults
            .push(GuardFault::syntax(self.parsed.anchor(node), message));
        None
    }

    pub(super) fn mistyped(&mut self, range: Range<usize>, message: Text, help: Option<Text>) {
        self.fault("guard-type", range, message, help);
    }

    fn literal(&mut self, node: &IdedExpr, literal: &LiteralValue) -> Option<GuardValue> {
        let (message, help) = match literal {
            LiteralValue::Boolean(value) => return Some(GuardValue::Bool(*value.inner())),
            LiteralValue::Int(value) => return Some(GuardValue::Int(*value.inner())),
            LiteralValue::String(value) => return Some(GuardValue::Text(value.inner().to_owned())),
            LiteralValue::Double(_) | LiteralValue::UInt(_) => (
                Text::new(
                    "数字只能是整数；金额以元计。",
                    "Numbers are integers; amounts are whole yuan.",
                ),
                None,
            ),
            LiteralValue::Null => (
                Text::new("没有 `null` 这个值。", "There is no value `null`."),
                Some(Text::new(
                    "请用 `has(data.名称)` 判断是否已填写。",
                    "Ask `has(data.name)` whether a fact is known.",
                )),
            ),
            LiteralValue::Bytes(_) => (
                Text::new("条件中没有字节串。", "A condition has no bytes."),
                Some(Text::new(
                    "请去掉引号前的 `b`。",
                    "Remove the `b` before the quote.",
                )),
            ),
        };
        self.mistyped(self.parsed.anchor(node), message, help);
        None
    }

    fn call(&mut self, node: &IdedExpr, call: &CallExpr, depth: usize) -> Option<Branch> {
        let name = call.func_name.as_str();
        match (name, &call.args[..]) {
            (operators::LOGICAL_AND, [left, right]) => {
                self.logical(node, "&&", [left, right], depth, Condition::Both)
            }
            (operators::LOGICAL_OR, [left, right]) => {
                self.logical(node, "||", [left, right], depth, Condition::Either)
            }
            (operators::LOGICAL_NOT, [inner]) => self.not(node, inner, depth),
            (operators::NEGATE, [inner]) => self.negate(node, inner, depth),
            (operators::CONDITIONAL, [when, then, otherwise]) => {
                self.choose(node, [when, then, otherwise], depth)
            }
            (operators::IN, [item, list]) => self.membership(node, item, list, depth),
            (operators::INDEX, _) => self.foreign(
                node,
                Text::new(
                    "条件中不能用 `[]` 取值；请写 `data.名称`。",
                    "`[]` does not select here; write `data.name`.",
                ),
            ),
            (_, [left, right]) if call.target.is_none() && operation(name).is_some() => {
                let operation = operation(name)?;
                self.arithmetic(node, operation, [left, right], depth)
            }
            (_, [left, right]) if call.target.is_none() && relation(name).is_some() => {
                let (relation, sign) = relation(name)?;
                self.comparison(node, relation, sign, [left, right], depth)
            }
            _ => self.function(node, call, depth),
        }
    }

    fn condition(
        &mut self,
        node: &IdedExpr,
        depth: usize,
        sign: &str,
        at: &IdedExpr,
    ) -> Option<Condition> {
        match self.branch(node, depth)? {
            Branch::Condition(condition) => Some(condition),
            other => {
                self.needs(self.parsed.anchor(at), sign, GuardType::Bool, other.kind());
                None
            }
        }
    }

    fn number(
        &mut self,
        node: &IdedExpr,
        depth: usize,
        sign: &str,
        at: &IdedExpr,
    ) -> Option<Number> {
        match self.branch(node, depth)? {
            Branch::Number(number) => Some(number),
            other => {
                self.needs(self.parsed.anchor(at), sign, GuardType::Int, other.kind());
                None
            }
        }
    }

    pub(super) fn words(
        &mut self,
        node: &IdedExpr,
        depth: usize,
        sign: &str,
        range: Range<usize>,
    ) -> Option<Words> {
        match self.branch(node, depth)? {
            Branch::Words(words) => Some(words),
            other => {
                self.needs(range, sign, GuardType::Text, other.kind());
                None
            }
        }
    }

    fn needs(&mut self, range: Range<usize>, sign: &str, needed: GuardType, found: GuardType) {
        let message = Text::new(
            format!("`{sign}` 需要{}，这里是{}。", needed.zh(), found.zh()),
            format!("`{sign}` takes {}; this is {}.", needed.en(), found.en()),
        );
        // A side of the same operator that is wrong in the same way adds nothing.
        if !self
            .faults
            .iter()
            .any(|fault| fault.range == range && fault.message == message)
        {
            self.mistyped(range, message, None);
        }
    }

    fn logical(
        &mut self,
        node: &IdedExpr,
        sign: &str,
        [left, right]: [&IdedExpr; 2],
        depth: usize,
        join: fn(Box<[Condition; 2]>) -> Condition,
    ) -> Option<Branch> {
        let left = self.condition(left, depth, sign, node);
        let right = self.condition(right, depth, sign, node);
        Some(Branch::Condition(join(Box::new([left?, right?]))))
    }

    fn not(&mut self, node: &IdedExpr, inner: &IdedExpr, depth: usize) -> Option<Branch> {
        let inner = self.condition(inner, depth, "!", node)?;
        Some(Branch::Condition(Condition::Not(Box::new(inner))))
    }

    fn negate(&mut self, node: &IdedExpr, inner: &IdedExpr, depth: usize) -> Option<Branch> {
        let inner = self.number(inner, depth, "-", node)?;
        Some(Branch::Number(Number::Negate(Box::new(inner))))
    }

    fn arithmetic(
        &mut self,
        node: &IdedExpr,
        operation: Operation,
        [left, right]: [&IdedExpr; 2],
        depth: usize,
    ) -> Option<Branch> {
        let left = self.number(left, depth, operation.sign(), node);
        let right = self.number(right, depth, operation.sign(), node);
        Some(Branch::Number(Number::Arithmetic(
            operation,
            Box::new([left?, right?]),
        )))
    }

    fn comparison(
        &mut self,
        node: &IdedExpr,
        relation: Relation,
        sign: &str,
        [left, right]: [&IdedExpr; 2],
        depth: usize,
    ) -> Option<Branch> {
        let nodes = [left, right];
        let left = self.branch(left, depth);
        let right = self.branch(right, depth);
        let compared = match (left?, right?) {
            (Branch::Condition(left), Branch::Condition(right)) => {
                Condition::CompareConditions(relation, Box::new([left, right]))
            }
            (Branch::Number(left), Branch::Number(right)) => {
                Condition::CompareNumbers(relation, Box::new([left, right]))
            }
            (Branch::Words(left), Branch::Words(right)) => {
                self.words_fit(node, relation, sign, nodes);
                Condition::CompareWords(relation, Box::new([left, right]))
            }
            (left, right) => {
                self.differ(self.parsed.anchor(node), sign, left.kind(), right.kind());
                return None;
            }
        };
        Some(Branch::Condition(compared))
    }

    fn differ(&mut self, range: Range<usize>, sign: &str, left: GuardType, right: GuardType) {
        self.mistyped(
            range,
            Text::new(
                format!(
                    "`{sign}` 两边类型不同：左为{}，右为{}。",
                    left.zh(),
                    right.zh()
                ),
                format!(
                    "`{sign}` has {} on its left and {} on its right.",
                    left.en(),
                    right.en()
                ),
            ),
            None,
        );
    }

    fn choose(
        &mut self,
        node: &IdedExpr,
        [when, then, otherwise]: [&IdedExpr; 3],
        depth: usize,
    ) -> Option<Branch> {
        let when = self.condition(when, depth, "?", node);
        let then = self.branch(then, depth);
        let otherwise = self.branch(otherwise, depth);
        let (when, then, otherwise) = (when?, then?, otherwise?);
        Some(match (then, otherwise) {
            (Branch::Condition(then), Branch::Condition(otherwise)) => {
                Branch::Condition(Condition::Choose(Box::new(Choice {
                    when,
                    then,
                    otherwise,
                })))
            }
            (Branch::Number(then), Branch::Number(otherwise)) => {
                Branch::Number(Number::Choose(Box::new(Choice {
                    when,
                    then,
                    otherwise,
                })))
            }
            (Branch::Words(then), Branch::Words(otherwise)) => {
                Branch::Words(Words::Choose(Box::new(Choice {
                    when,
                    then,
                    otherwise,
                })))
            }
            (then, otherwise) => {
                self.differ(
                    self.parsed.anchor(node),
                    "?:",
                    then.kind(),
                    otherwise.kind(),
                );
                return None;
            }
        })
    }

    fn membership(
        &mut self,
        node: &IdedExpr,
        item: &IdedExpr,
        list: &IdedExpr,
        depth: usize,
    ) -> Option<Branch> {
        let asked = item;
        let item = self.branch(item, depth);
        let Expr::List(list) = &list.expr else {
            self.mistyped(
                self.parsed.anchor(node),
                Text::new(
                    "`in` 之后应为常量列表。",
                    "After `in` stands a list of constants.",
                ),
                Some(Text::new(
                    "请写 `in [\"a\", \"b\"]`。",
                    "Write `in [\"a\", \"b\"]`.",
                )),
            );
            return None;
        };
        let constants: Vec<Option<GuardValue>> = list
            .elements
            .iter()
            .map(|element| self.constant(element))
            .collect();
        let item = item?;
        let mut same = true;
        for (constant, element) in constants.iter().zip(&list.elements) {
            if let Some(constant) = constant
                && constant.kind() != item.kind()
            {
                same = false;
                self.differ(
                    self.parsed.anchor(element),
                    "in",
                    item.kind(),
                    constant.kind(),
                );
            }
        }
        let constants = constants
            .into_iter()
            .collect::<Option<Vec<GuardValue>>>()
            .filter(|_| same)?;
        for element in &list.elements {
            self.words_fit(node, Relation::Equal, "in", [asked, element]);
        }
        Some(Branch::Condition(match item {
            Branch::Condition(item) => Condition::AmongConditions(Box::new(item), constants),
            Branch::Number(item) => Condition::AmongNumbers(Box::new(item), constants),
            Branch::Words(item) => Condition::AmongWords(Box::new(item), constants),
        }))
    }

    /// Checks that an element of a list is a constant.
    fn constant(&mut self, element: &IdedExpr) -> Option<GuardValue> {
        if let Expr::Literal(literal) = &element.expr {
            return self.literal(element, literal);
        }
        self.mistyped(
            self.parsed.anchor(element),
            Text::new("列表中只能是常量。", "A list holds constants only."),
            Some(Text::new(
                "其他比较请用 `==` 和 `||`。",
                "Compare with `==` and `||` otherwise.",
            )),
        );
        None
    }
}

fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        operators::ADD => Operation::Add,
        operators::SUBSTRACT => Operation::Subtract,
        operators::MULTIPLY => Operation::Multiply,
        operators::DIVIDE => Operation::Divide,
        operators::MODULO => Operation::Remainder,
        _ => return None,
    })
}

fn relation(name: &str) -> Option<(Relation, &'static str)> {
    Some(match name {
        operators::EQUALS => (Relation::Equal, "=="),
        operators::NOT_EQUALS => (Relation::NotEqual, "!="),
        operators::LESS => (Relation::Less, "<"),
        operators::LESS_EQUALS => (Relation::LessOrEqual, "<="),
        operators::GREATER => (Relation::Greater, ">"),
        operators::GREATER_EQUALS => (Relation::GreaterOrEqual, ">="),
        _ => return None,
    })
}
