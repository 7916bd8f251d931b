//! Sets of configurations as binary decision diagrams.
//!
//! A set of millions of configurations is a diagram of a few thousand nodes when the regions of a
//! parallel state have little to do with one another. Written here, and not taken from a library,
//! because a proof must give up after a fixed amount of work, the same on every machine, and
//! without an allocation that nobody counted.
//!
//! # Source
//!
//! R. E. Bryant, "Graph-Based Algorithms for Boolean Function Manipulation", 1986.

use std::collections::{HashMap, HashSet};

/// A diagram: the number of its top node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Set(u32);

impl Set {
    pub(super) const EMPTY: Self = Self(0);
    pub(super) const ALL: Self = Self(1);

    pub(super) fn is_empty(self) -> bool {
        self == Self::EMPTY
    }
}

/// A list of variables to quantify or rename, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Variables(u32);

#[derive(Clone, Copy, PartialEq, Eq)]
struct Node {
    variable: u32,
    low: u32,
    high: u32,
}

/// The variable of the two constants: below all others.
const BOTTOM: u32 = u32::MAX;

const AND: u32 = 1;
const OR: u32 = 2;
const NOT: u32 = 3;
const RAISE: u32 = 4;
const LOWER: u32 = 5;
/// And every list of variables has an operation of its own.
const AND_EXISTS: u32 = 6;

/// The diagrams of one proof, which share their nodes.
pub(super) struct Diagrams {
    nodes: Vec<Node>,
    /// Numbers of nodes by their hash; 0 is free.
    table: Vec<u32>,
    cache: Vec<[u32; 4]>,
    lists: Vec<Vec<bool>>,
    limit: usize,
    exhausted: bool,
}

/// The results that are remembered at first, and at most.
const CACHE_MIN: usize = 1 << 12;
const CACHE_MAX: usize = 1 << 21;

fn hash(a: u32, b: u32, c: u32) -> u64 {
    let mixed = u64::from(a)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .wrapping_add(u64::from(b))
        .wrapping_mul(0xC2B2_AE3D_27D4_EB4F)
        .wrapping_add(u64::from(c))
        .wrapping_mul(0x1656_67B1_9E37_79F9);
    mixed ^ (mixed >> 29)
}

fn slot(hash: u64, mask: usize) -> usize {
    usize::try_from(hash >> 20).unwrap_or(0) & mask
}

impl Diagrams {
    /// Returns room for this many nodes.
    pub(super) fn new(limit: usize) -> Self {
        let constant = |value| Node {
            variable: BOTTOM,
            low: value,
            high: value,
        };
        Self {
            nodes: vec![constant(0), constant(1)],
            table: vec![0; 1 << 12],
            cache: vec![[0; 4]; CACHE_MIN],
            lists: Vec::new(),
            limit: limit.min(1 << 30),
            exhausted: false,
        }
    }

    /// Tells whether there was no room. What was computed since means nothing.
    pub(super) fn exhausted(&self) -> bool {
        self.exhausted
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Registers a list of variables.
    pub(super) fn variables(&mut self, list: impl IntoIterator<Item = u32>) -> Variables {
        let mut members = Vec::new();
        for variable in list {
            let index = usize::try_from(variable).unwrap_or(0);
            if members.len() <= index {
                members.resize(index + 1, false);
            }
            members[index] = true;
        }
        let known = self.lists.iter().position(|list| *list == members);
        let number = known.unwrap_or_else(|| {
            self.lists.push(members);
            self.lists.len() - 1
        });
        Variables(u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// Returns the set in which a variable is true.
    pub(super) fn variable(&mut self, variable: u32) -> Set {
        Set(self.node(variable, 0, 1))
    }

    fn node(&mut self, variable: u32, low: u32, high: u32) -> u32 {
        if low == high || self.exhausted {
            return low;
        }
        let mask = self.table.len() - 1;
        let mut at = slot(hash(variable, low, high), mask);
        let wanted = Node {
            variable,
            low,
            high,
        };
        loop {
            match self.table[at] {
                0 => break,
                found if self.nodes[found as usize] == wanted => return found,
                _ => at = (at + 1) & mask,
            }
        }
        if self.nodes.len() >= self.limit {
            self.exhausted = true;
            return low;
        }
        let number = self.nodes.len() as u32;
        self.nodes.push(wanted);
        self.table[at] = number;
        if self.nodes.len() * 2 > self.table.len() {
            self.rehash(self.table.len() * 2);
        }
        number
    }

    fn rehash(&mut self, size: usize) {
        if self.cache.len() < size.min(CACHE_MAX) {
            self.cache.clear();
            self.cache.resize(size.min(CACHE_MAX), [0; 4]);
        }
        self.table.clear();
        self.table.resize(size, 0);
        let mask = size - 1;
        for (number, node) in self.nodes.iter().enumerate().skip(2) {
            let mut at = slot(hash(node.variable, node.low, node.high), mask);
            while self.table[at] != 0 {
                at = (at + 1) & mask;
            }
            self.table[at] = number as u32;
        }
    }

    fn cached(&self, operation: u32, a: u32, b: u32) -> Option<u32> {
        let at = slot(hash(operation, a, b), self.cache.len() - 1);
        let [found, x, y, result] = self.cache[at];
        (found == operation && x == a && y == b).then_some(result)
    }

    fn remember(&mut self, operation: u32, a: u32, b: u32, result: u32) -> u32 {
        if !self.exhausted {
            let at = slot(hash(operation, a, b), self.cache.len() - 1);
            self.cache[at] = [operation, a, b, result];
        }
        result
    }

    pub(super) fn and(&mut self, a: Set, b: Set) -> Set {
        Set(self.and_(a.0, b.0))
    }

    fn and_(&mut self, a: u32, b: u32) -> u32 {
        self.combine(AND, 0, a, b)
    }

    pub(super) fn or(&mut self, a: Set, b: Set) -> Set {
        Set(self.or_(a.0, b.0))
    }

    fn or_(&mut self, a: u32, b: u32) -> u32 {
        self.combine(OR, 1, a, b)
    }

    /// Combines two sets by an operation in which one constant settles the answer, and the other
    /// changes nothing.
    fn combine(&mut self, operation: u32, settles: u32, a: u32, b: u32) -> u32 {
        if a == settles || b == settles {
            return settles;
        }
        let neutral = 1 - settles;
        if a == neutral || a == b {
            return b;
        }
        if b == neutral {
            return a;
        }
        let (a, b) = (a.min(b), a.max(b));
        if let Some(result) = self.cached(operation, a, b) {
            return result;
        }
        let (variable, [a0, a1], [b0, b1]) = self.split(a, b);
        let low = self.combine(operation, settles, a0, b0);
        let high = self.combine(operation, settles, a1, b1);
        let result = self.node(variable, low, high);
        self.remember(operation, a, b, result)
    }

    pub(super) fn not(&mut self, a: Set) -> Set {
        Set(self.not_(a.0))
    }

    fn not_(&mut self, a: u32) -> u32 {
        if a < 2 {
            return 1 - a;
        }
        if let Some(result) = self.cached(NOT, a, 0) {
            return result;
        }
        let Node {
            variable,
            low,
            high,
        } = self.nodes[a as usize];
        let low = self.not_(low);
        let high = self.not_(high);
        let result = self.node(variable, low, high);
        self.remember(NOT, a, 0, result)
    }

    pub(super) fn minus(&mut self, a: Set, b: Set) -> Set {
        let outside = self.not(b);
        self.and(a, outside)
    }

    pub(super) fn same(&mut self, a: Set, b: Set) -> Set {
        let both = self.and(a, b);
        let either = self.or(a, b);
        let neither = self.not(either);
        self.or(both, neither)
    }

    /// Returns what remains of a set when these variables no longer matter.
    pub(super) fn exists(&mut self, a: Set, list: Variables) -> Set {
        self.and_exists(a, Set::ALL, list)
    }

    /// Returns [`exists`](Self::exists) of [`and`](Self::and), without building the latter.
    pub(super) fn and_exists(&mut self, a: Set, b: Set, list: Variables) -> Set {
        Set(self.and_exists_(a.0, b.0, list))
    }

    fn and_exists_(&mut self, a: u32, b: u32, list: Variables) -> u32 {
        if a == 0 || b == 0 {
            return 0;
        }
        if a == 1 && b == 1 {
            return 1;
        }
        let (a, b) = (a.min(b), a.max(b));
        let operation = AND_EXISTS + list.0;
        if let Some(result) = self.cached(operation, a, b) {
            return result;
        }
        let (variable, [a0, a1], [b0, b1]) = self.split(a, b);
        let low = self.and_exists_(a0, b0, list);
        let result = if self.is_in(list, variable) {
            if low == 1 {
                1
            } else {
                let high = self.and_exists_(a1, b1, list);
                self.or_(low, high)
            }
        } else {
            let high = self.and_exists_(a1, b1, list);
            self.node(variable, low, high)
        };
        self.remember(operation, a, b, result)
    }

    fn is_in(&self, list: Variables, variable: u32) -> bool {
        let list = self.lists.get(list.0 as usize);
        list.and_then(|list| list.get(variable as usize).copied())
            .unwrap_or(false)
    }

    /// Renames these variables, which are even, to the odd ones next to them. None of the latter
    /// may occur.
    pub(super) fn raise(&mut self, a: Set, list: Variables) -> Set {
        let salt = list.0;
        Set(self.rename(a.0, RAISE, salt, &|diagrams, variable| {
            variable + u32::from(diagrams.is_in(list, variable))
        }))
    }

    /// Renames every odd variable to the even one next to it. None of the latter may occur.
    pub(super) fn lower(&mut self, a: Set) -> Set {
        Set(self.rename(a.0, LOWER, 0, &|_, variable| variable & !1))
    }

    fn rename(&mut self, a: u32, operation: u32, salt: u32, to: &dyn Fn(&Self, u32) -> u32) -> u32 {
        if a < 2 {
            return a;
        }
        // A diagram and the constants need no second operand: its place tells the lists apart.
        if let Some(result) = self.cached(operation, a, salt) {
            return result;
        }
        let Node {
            variable,
            low,
            high,
        } = self.nodes[a as usize];
        let low = self.rename(low, operation, salt, to);
        let high = self.rename(high, operation, salt, to);
        let variable = to(self, variable);
        let result = self.node(variable, low, high);
        self.remember(operation, a, salt, result)
    }

    fn split(&self, a: u32, b: u32) -> (u32, [u32; 2], [u32; 2]) {
        let (one, other) = (self.nodes[a as usize], self.nodes[b as usize]);
        let variable = one.variable.min(other.variable);
        let parts = |node: Node, itself: u32| {
            if node.variable == variable {
                [node.low, node.high]
            } else {
                [itself, itself]
            }
        };
        (variable, parts(one, a), parts(other, b))
    }

    /// Returns the variables that a set depends on.
    pub(super) fn support(&self, a: Set) -> Vec<u32> {
        let mut found: Vec<u32> = self
            .reached([a.0])
            .into_iter()
            .map(|number| self.nodes[number as usize].variable)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Returns how many nodes a set takes.
    pub(super) fn size(&self, a: Set) -> usize {
        self.reached([a.0]).len()
    }

    /// Tells whether an assignment lies in a set.
    pub(super) fn contains(&self, a: Set, value: &dyn Fn(u32) -> bool) -> bool {
        let mut number = a.0;
        while number > 1 {
            let node = self.nodes[number as usize];
            number = if value(node.variable) {
                node.high
            } else {
                node.low
            };
        }
        number == 1
    }

    /// Returns the variables that are true in one assignment of a set; `None` for the empty one.
    pub(super) fn pick(&self, a: Set) -> Option<Vec<u32>> {
        let mut number = a.0;
        let mut chosen = Vec::new();
        while number > 1 {
            let node = self.nodes[number as usize];
            number = if node.low == 0 {
                chosen.push(node.variable);
                node.high
            } else {
                node.low
            };
        }
        (number == 1).then_some(chosen)
    }

    /// Returns how many assignments of these variables, given in order, lie in a set that depends
    /// on no other. A number that does not fit is the largest that does.
    pub(super) fn count(&self, a: Set, variables: &[u32]) -> u128 {
        let rank: HashMap<u32, usize> = variables
            .iter()
            .enumerate()
            .map(|(rank, variable)| (*variable, rank))
            .collect();
        let rank_of = |number: u32| {
            let variable = self.nodes[number as usize].variable;
            rank.get(&variable).copied().unwrap_or(variables.len())
        };
        let mut counts: HashMap<u32, u128> = HashMap::from([(0, 0), (1, 1)]);
        // Children have smaller numbers than their parents.
        let mut reached = self.reached([a.0]);
        reached.sort_unstable();
        for number in reached {
            let node = self.nodes[number as usize];
            let below = rank_of(number) + 1;
            let side = |child: u32| {
                let free = rank_of(child).saturating_sub(below);
                let free = u32::try_from(free).unwrap_or(u32::MAX);
                let times = 1_u128.checked_shl(free).unwrap_or(u128::MAX);
                counts
                    .get(&child)
                    .copied()
                    .unwrap_or(0)
                    .saturating_mul(times)
            };
            let count = side(node.low).saturating_add(side(node.high));
            counts.insert(number, count);
        }
        let free = u32::try_from(rank_of(a.0)).unwrap_or(u32::MAX);
        let times = 1_u128.checked_shl(free).unwrap_or(u128::MAX);
        counts.get(&a.0).copied().unwrap_or(0).saturating_mul(times)
    }

    fn reached(&self, from: impl IntoIterator<Item = u32>) -> Vec<u32> {
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        let mut waiting: Vec<u32> = from.into_iter().collect();
        while let Some(number) = waiting.pop() {
            if number < 2 || !seen.insert(number) {
                continue;
            }
            found.push(number);
            let node = self.nodes[number as usize];
            waiting.extend([node.low, node.high]);
        }
        found
    }

    /// Forgets every node that none of these sets needs, and numbers the others anew.
    pub(super) fn keep_only(&mut self, roots: &mut [&mut Set]) {
        let mut kept = self.reached(roots.iter().map(|root| root.0));
        kept.sort_unstable();
        let mut new_number = vec![0; self.nodes.len()];
        new_number[1] = 1;
        let mut nodes = vec![self.nodes[0], self.nodes[1]];
        for number in kept {
            let node = self.nodes[number as usize];
            new_number[number as usize] = nodes.len() as u32;
            nodes.push(Node {
                variable: node.variable,
                low: new_number[node.low as usize],
                high: new_number[node.high as usize],
            });
        }
        for root in roots {
            root.0 = new_number[root.0 as usize];
        }
        self.nodes = nodes;
        let size = (self.nodes.len() * 4).next_power_of_two().max(1 << 12);
        self.rehash(size);
        self.cache.fill([0; 4]);
    }
}
