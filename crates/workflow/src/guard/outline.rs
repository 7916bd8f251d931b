//! A guard with its facts blanked out: what a proof that knows only the states can ask of it.

use super::Guard;
use super::tree::{Condition, Number, Relation, Words};

/// A guard as a formula over states and over atoms, which stand for what facts and documents say.
#[derive(Clone, Debug)]
pub(crate) enum Outline {
    Constant(bool),
    At(String),
    Atom(Atom),
    Not(Box<Outline>),
    Both(Box<[Outline; 2]>),
    Either(Box<[Outline; 2]>),
    /// `when ? then : otherwise`.
    Choose(Box<[Outline; 3]>),
}

/// A question to the facts and documents of a case. The same question has the same key wherever
/// it is asked.
#[derive(Clone, Debug)]
pub(crate) struct Atom {
    pub(crate) key: String,
    /// The facts without which it has no answer.
    pub(crate) needs: Vec<String>,
    /// Whether it may have no answer even when the facts are known: arithmetic.
    pub(crate) may_overflow: bool,
    /// The document it asks for, if that is all it asks.
    pub(crate) document: Option<String>,
    /// The state whose opinion it asks about: whether that rests on what it was given on.
    pub(crate) unchanged: Option<String>,
    /// The fact and the constant it is compared with, if that is all it asks. A fact cannot equal
    /// two constants.
    pub(crate) equals: Option<(String, String)>,
    /// Whether its answer depends on the states as well, in a place where no formula can say how.
    pub(crate) moves: bool,
}

impl Guard {
    /// Returns the guard as a formula over states and atoms.
    pub(crate) fn outline(&self) -> Outline {
        outline(&self.0.condition)
    }
}

fn outline(condition: &Condition) -> Outline {
    match condition {
        Condition::Constant(value) => Outline::Constant(*value),
        Condition::At(state) => Outline::At(state.clone()),
        Condition::Not(inner) => not(outline(inner)),
        Condition::Both(sides) => Outline::Both(Box::new(sides.each_ref().map(outline))),
        Condition::Either(sides) => Outline::Either(Box::new(sides.each_ref().map(outline))),
        Condition::Choose(choice) => Outline::Choose(Box::new([
            outline(&choice.when),
            outline(&choice.then),
            outline(&choice.otherwise),
        ])),
        Condition::CompareConditions(relation, sides)
            if moves(condition) || matches!(relation, Relation::Equal | Relation::NotEqual) =>
        {
            let [left, right] = sides.each_ref().map(outline);
            compared(*relation, left, right)
        }
        // A comparison and its opposite are one question: else both could be answered with no.
        Condition::CompareNumbers(relation, sides) => one_question(*relation, condition, |asked| {
            format!("CompareNumbers({asked:?}, {sides:?})")
        }),
        Condition::CompareWords(relation @ Relation::NotEqual, sides) => {
            one_question(*relation, condition, |asked| {
                format!("CompareWords({asked:?}, {sides:?})")
            })
        }
        _ => Outline::Atom(atom(condition)),
    }
}

fn not(inner: Outline) -> Outline {
    Outline::Not(Box::new(inner))
}

/// Asks a comparison as itself, or as the opposite of the one that says the contrary.
fn one_question(
    relation: Relation,
    condition: &Condition,
    key: impl Fn(Relation) -> String,
) -> Outline {
    let contrary = match relation {
        Relation::NotEqual => Relation::Equal,
        Relation::LessOrEqual => Relation::Greater,
        Relation::GreaterOrEqual => Relation::Less,
        Relation::Equal | Relation::Less | Relation::Greater => {
            return Outline::Atom(atom(condition));
        }
    };
    let mut asked = atom(condition);
    asked.key = key(contrary);
    asked.equals = equals(contrary, condition);
    not(Outline::Atom(asked))
}

/// No comes before yes, as in the comparison that is evaluated.
fn compared(relation: Relation, left: Outline, right: Outline) -> Outline {
    let both = |left, right| Outline::Both(Box::new([left, right]));
    match relation {
        Relation::Equal => Outline::Choose(Box::new([left, right.clone(), not(right)])),
        Relation::NotEqual => Outline::Choose(Box::new([left, not(right.clone()), right])),
        Relation::Less => both(not(left), right),
        Relation::LessOrEqual => not(both(left, not(right))),
        Relation::Greater => both(left, not(right)),
        Relation::GreaterOrEqual => not(both(not(left), right)),
    }
}

fn atom(condition: &Condition) -> Atom {
    let mut reading = Reading::default();
    reading.condition(condition);
    let document = match condition {
        Condition::Document(name) => Some(name.clone()),
        _ => None,
    };
    let equals = match condition {
        Condition::CompareWords(relation, _) => equals(*relation, condition),
        _ => None,
    };
    Atom {
        key: format!("{condition:?}"),
        needs: reading.needs,
        may_overflow: reading.arithmetic,
        document,
        unchanged: match condition {
            Condition::Unchanged(state) => Some(state.clone()),
            _ => None,
        },
        equals,
        moves: reading.moves,
    }
}

/// Returns the fact and the constant that a comparison of words holds to be equal.
fn equals(relation: Relation, condition: &Condition) -> Option<(String, String)> {
    let Condition::CompareWords(_, sides) = condition else {
        return None;
    };
    match &**sides {
        [Words::Field(field), Words::Constant(constant)]
        | [Words::Constant(constant), Words::Field(field)]
            if relation == Relation::Equal =>
        {
            Some((field.clone(), constant.clone()))
        }
        _ => None,
    }
}

fn moves(condition: &Condition) -> bool {
    let mut reading = Reading::default();
    reading.condition(condition);
    reading.moves
}

/// What a part of a guard reads.
#[derive(Default)]
struct Reading {
    needs: Vec<String>,
    arithmetic: bool,
    moves: bool,
}

impl Reading {
    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::Constant(_)
            | Condition::Known(_)
            | Condition::Document(_)
            | Condition::Unchanged(_) => {}
            Condition::At(_) => self.moves = true,
            Condition::Field(name) => self.needs.push(name.clone()),
            Condition::Not(inner) | Condition::AmongConditions(inner, _) => self.condition(inner),
            Condition::Both(sides)
            | Condition::Either(sides)
            | Condition::CompareConditions(_, sides) => {
                sides.iter().for_each(|side| self.condition(side));
            }
            Condition::Choose(choice) => {
                self.condition(&choice.when);
                self.condition(&choice.then);
                self.condition(&choice.otherwise);
            }
            Condition::CompareNumbers(_, sides) => sides.iter().for_each(|side| self.number(side)),
            Condition::AmongNumbers(inner, _) => self.number(inner),
            Condition::AmongWords(inner, _) => self.words(inner),
            Condition::CompareWords(_, sides)
            | Condition::StartsWith(sides)
            | Condition::EndsWith(sides)
            | Condition::Contains(sides) => sides.iter().for_each(|side| self.words(side)),
        }
    }

    fn number(&mut self, number: &Number) {
        match number {
            Number::Constant(_) => {}
            Number::Field(name) => self.needs.push(name.clone()),
            Number::Size(words) => self.words(words),
            Number::Negate(inner) => {
                self.arithmetic = true;
                self.number(inner);
            }
            Number::Arithmetic(_, sides) => {
                self.arithmetic = true;
                sides.iter().for_each(|side| self.number(side));
            }
            Number::Choose(choice) => {
                self.condition(&choice.when);
                self.number(&choice.then);
                self.number(&choice.otherwise);
            }
        }
    }

    fn words(&mut self, words: &Words) {
        match words {
            Words::Constant(_) => {}
            Words::Field(name) => self.needs.push(name.clone()),
            Words::Choose(choice) => {
                self.condition(&choice.when);
                self.words(&choice.then);
                self.words(&choice.otherwise);
            }
        }
    }
}

impl Atom {
    /// Returns the question whether a document is there.
    pub(crate) fn document(name: &str) -> Self {
        atom(&Condition::Document(name.to_owned()))
    }

    /// Returns the question whether a document may follow later.
    pub(crate) fn deferred(name: &str) -> Self {
        Self {
            key: format!("Deferred({name:?})"),
            document: None,
            ..Self::document(name)
        }
    }
}
