//! Blocks: parts that several places of a definition, or several definitions, have in common.
//!
//! A definition and the blocks it uses are one text, a YAML stream of several documents, so that
//! a published text stands by itself. Where a state says `use: BLOCK`, the block's state is put,
//! with the arguments given under `with:` in its blanks, `<so>`; what else the block brings is
//! added to the sections of the definition.

use std::ops::Range;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::compile::FAULTS_MAX;
use crate::definition::Named;
use crate::form;
use crate::schema::BLOCK;
use crate::source::{At, NODES_MAX, NOWHERE, documents, parse};
use crate::suggest::nearest;
use crate::tree::{Leaf, Tree};
use crate::{Diagnostic, Text};

mod assemble;
mod blank;
mod fault;
mod fill;
#[cfg(test)]
mod tests;

pub use assemble::{Assembled, assemble};
use blank::blanks;
pub(crate) use blank::is_blank;
use fill::Fill;

/// How deep blocks may use blocks.
const DEPTH_MAX: usize = 8;

/// How much text blocks may become in all, in bytes.
const TEXT_MAX: usize = 4 << 20;

/// The sections of a definition that a block can add to.
pub(crate) const SECTIONS: [&str; 6] = ["data", "roles", "documents", "gates", "events", "clocks"];

/// A block, as far as it is read before it is used.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct BlockDefinition {
    /// Name of the block: lower-case words joined by hyphens.
    pub(crate) block: At<String>,
    /// What it is for, as its readers see it.
    #[allow(dead_code, reason = "for the reader of the file")]
    pub(crate) title: Text,
    /// Its blanks. Each stands in the text as `<name>`, alone or within other words.
    #[serde(default)]
    pub(crate) parameters: Named<ParameterDefinition>,
}

/// A blank of a block.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParameterDefinition {
    /// What is to be put in, as its readers see it.
    #[allow(dead_code, reason = "for the reader of the file")]
    pub(crate) title: Text,
    /// Whether it may be left out. What is nothing but this blank is then left out too, and so is
    /// what says `given: NAME`.
    #[serde(default)]
    pub(crate) optional: bool,
}

/// A block that is ready to be used.
struct Block {
    parameters: IndexMap<String, bool>,
    tree: At<Tree>,
}

/// A definition with its blocks in their places.
pub(crate) struct Expanded {
    /// The definition.
    pub(crate) tree: At<Tree>,
    /// Where its parts come from.
    pub(crate) origins: Origins,
    /// What is wrong with blocks and their uses.
    pub(crate) faults: Vec<Diagnostic>,
}

/// Tells where the places of an expanded definition are in its source.
///
/// Each use of a block has a stretch of places of its own, as long as the source, so that what
/// comes of two uses can be told apart by its place alone.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    stride: usize,
    /// By number of the use, from 1: where it stands.
    uses: Vec<Range<usize>>,
}

impl Origins {
    /// Puts a diagnostic in its place in the source.
    pub(crate) fn settle(&self, fault: &mut Diagnostic) {
        let mut number = fault.span.start / self.stride.max(1);
        fault.span = self.place(&fault.span);
        while let Some(used) = number.checked_sub(1).and_then(|index| self.uses.get(index)) {
            fault.used_at.insert(0, self.place(used));
            number = used.start / self.stride.max(1);
        }
    }

    fn place(&self, span: &Range<usize>) -> Range<usize> {
        let stride = self.stride.max(1);
        let start = span.start % stride;
        start..(start + span.len()).min(stride)
    }
}

/// Reads a definition with the blocks behind it, and puts them in their places.
///
/// # Errors
///
/// What is no YAML.
pub(crate) fn expand(source: &str) -> Result<Expanded, Vec<Diagnostic>> {
    let mut documents = documents(source).into_iter();
    let whole = 0..source.len();
    let mut tree = parse(source, documents.next().unwrap_or(whole))?;
    let mut expander = Expander {
        blocks: IndexMap::new(),
        origins: Origins {
            stride: source.len() + 1,
            uses: Vec::new(),
        },
        faults: Vec::new(),
        brought: Vec::new(),
        stack: Vec::new(),
        nodes: 0,
        bytes: 0,
        used: Vec::new(),
        broken: false,
    };
    for document in documents {
        let tree = parse(source, document)?;
        expander.add(tree);
    }
    expander.broken = !expander.faults.is_empty();
    expander.states(&mut tree, "states");
    expander.bring(&mut tree);
    expander.check_used();
    Ok(Expanded {
        tree,
        origins: expander.origins,
        faults: expander.faults,
    })
}

/// Checks a block that stands by itself.
///
/// # Errors
///
/// Everything wrong with it that shows without a use.
pub(crate) fn check(source: &str) -> Result<String, Vec<Diagnostic>> {
    let documents = documents(source);
    let tree = parse(
        source,
        documents.first().cloned().unwrap_or(0..source.len()),
    )?;
    let (block, faults) = read(&tree)?;
    if faults.is_empty() {
        Ok(block.block.value)
    } else {
        Err(faults)
    }
}

/// Reads a block, and checks its form and its blanks.
fn read(tree: &At<Tree>) -> Result<(BlockDefinition, Vec<Diagnostic>), Vec<Diagnostic>> {
    let read: form::Read<BlockDefinition> = form::read(&BLOCK, tree.clone())?;
    let mut faults = read.faults;
    if faults.is_empty() {
        let block = &read.value;
        let mut unused: Vec<&At<String>> = block.parameters.keys().collect();
        let Tree::Map(pairs) = &tree.value else {
            return Ok((read.value, faults));
        };
        for (key, value) in pairs {
            if key.value == "state" || SECTIONS.contains(&key.value.as_str()) {
                blanks(value, &mut |name, span| {
                    unused.retain(|parameter| parameter.value != name);
                    let known = block.parameters.keys().any(|known| known.value == name);
                    if !known && faults.len() < FAULTS_MAX {
                        let names = block.parameters.keys().map(|known| known.value.as_str());
                        faults.push(fault::unknown_parameter(name, span, names));
                    }
                });
            }
        }
        faults.extend(unused.into_iter().map(fault::unused_parameter));
    }
    Ok((read.value, faults))
}

/// An expansion on its way.
struct Expander {
    blocks: IndexMap<String, Block>,
    origins: Origins,
    faults: Vec<Diagnostic>,
    /// What blocks add to the sections of the definition.
    brought: Vec<(&'static str, At<String>, At<Tree>)>,
    /// The blocks in one another.
    stack: Vec<String>,
    /// How much was made of blocks so far.
    nodes: usize,
    bytes: usize,
    /// The blocks that were used.
    used: Vec<String>,
    /// Whether blocks have faults, so that nothing is made of them.
    broken: bool,
}

impl Expander {
    fn add(&mut self, tree: At<Tree>) {
        let name = match tree.get("block") {
            Some(name) => name.clone(),
            None => return self.fault(fault::not_a_block(&tree)),
        };
        let block = match read(&tree) {
            Ok((block, faults)) => {
                self.faults.extend(faults);
                block
            }
            Err(faults) => return self.faults.extend(faults),
        };
        let parameters = block
            .parameters
            .iter()
            .map(|(name, parameter)| (name.value.clone(), parameter.optional))
            .collect();
        let block = Block { parameters, tree };
        let key = name.words().unwrap_or_default().to_owned();
        if self.blocks.insert(key.clone(), block).is_some() {
            self.fault(fault::clash(&key, &name.span));
        }
    }

    /// Puts blocks in their places among states, and among what is in those.
    fn states(&mut self, around: &mut At<Tree>, key: &str) {
        let Tree::Map(pairs) = &mut around.value else {
            return;
        };
        for (_, states) in pairs.iter_mut().filter(|(name, _)| name.value == key) {
            let Tree::Map(states) = &mut states.value else {
                continue;
            };
            for (_, state) in states {
                self.state(state);
            }
        }
    }

    fn state(&mut self, state: &mut At<Tree>) {
        if state.get("use").is_some() {
            let made = if self.broken { None } else { self.make(state) };
            *state = made.unwrap_or_else(nothing);
            return;
        }
        self.states(state, "states");
        self.states(state, "parallel");
    }

    /// Returns the state that a use stands for.
    fn make(&mut self, state: &At<Tree>) -> Option<At<Tree>> {
        let used = state.get("use")?;
        if let Tree::Map(pairs) = &state.value {
            let others = pairs
                .iter()
                .filter(|(key, _)| key.value != "use" && key.value != "with");
            for (key, _) in others {
                self.fault(fault::beside_use(key));
            }
        }
        let Some(name) = used.words() else {
            self.fault(fault::use_without_name(&used.span));
            return None;
        };
        let Some(block) = self.blocks.get(name) else {
            let known = self.blocks.keys().map(String::as_str);
            let fault = fault::unknown_block(name, &used.span, known);
            self.fault(fault);
            return None;
        };
        self.used.push(name.to_owned());
        if self.stack.len() >= DEPTH_MAX || self.stack.iter().any(|around| around == name) {
            let fault = fault::recursion(name, &used.span, DEPTH_MAX);
            self.fault(fault);
            return None;
        }
        let (name, parameters, tree) = (
            name.to_owned(),
            block.parameters.clone(),
            block.tree.clone(),
        );
        let arguments = self.arguments(&parameters, state.get("with"), &used.span)?;
        self.origins.uses.push(used.span.clone());
        let mut fill = Fill {
            arguments: &arguments,
            shift: self.origins.uses.len().checked_mul(self.origins.stride)?,
            nodes: &mut self.nodes,
            bytes: &mut self.bytes,
            faults: Vec::new(),
        };
        let filled = fill.tree(&tree);
        let faults = std::mem::take(&mut fill.faults);
        self.faults.extend(faults);
        if self.nodes > NODES_MAX || self.bytes > TEXT_MAX {
            // Once is enough.
            if !self
                .faults
                .iter()
                .any(|fault| fault.code == "blocks-too-large")
            {
                self.fault(fault::too_large(&used.span));
            }
            return None;
        }
        let mut made = None;
        let Tree::Map(pairs) = filled?.value else {
            return None;
        };
        for (key, value) in pairs {
            if key.value == "state" {
                made = Some(value);
            } else if let Some(section) = SECTIONS.iter().find(|name| **name == key.value)
                && let Tree::Map(items) = value.value
            {
                self.brought
                    .extend(items.into_iter().map(|(key, item)| (*section, key, item)));
            }
        }
        let mut made = made?;
        self.stack.push(name);
        self.state(&mut made);
        self.stack.pop();
        Some(made)
    }

    /// Checks the arguments of a use against the parameters of the block.
    fn arguments(
        &mut self,
        parameters: &IndexMap<String, bool>,
        with: Option<&At<Tree>>,
        used: &Range<usize>,
    ) -> Option<IndexMap<String, At<Tree>>> {
        let before = self.faults.len();
        let mut arguments = IndexMap::new();
        match with.map(|with| (&with.value, &with.span)) {
            Some((Tree::Map(pairs), _)) => {
                for (key, value) in pairs {
                    if !parameters.contains_key(&key.value) {
                        let known = parameters.keys().map(String::as_str);
                        let fault = fault::unknown_parameter(&key.value, &key.span, known);
                        self.fault(fault);
                    }
                    if arguments.insert(key.value.clone(), value.clone()).is_some() {
                        self.fault(fault::argument_twice(key));
                    }
                }
            }
            Some((_, span)) => self.fault(fault::arguments_by_name(span)),
            None => {}
        }
        for (name, optional) in parameters {
            if !optional && !arguments.contains_key(name) {
                self.fault(fault::missing_argument(name, used));
            }
        }
        (self.faults.len() == before).then_some(arguments)
    }

    /// Adds what blocks bring to the sections of the definition.
    fn bring(&mut self, tree: &mut At<Tree>) {
        for (section, key, item) in std::mem::take(&mut self.brought) {
            let Tree::Map(sections) = &mut tree.value else {
                return;
            };
            let place = sections.iter().position(|(name, _)| name.value == section);
            let place = place.unwrap_or_else(|| {
                let name = At {
                    value: section.to_owned(),
                    span: NOWHERE,
                };
                sections.push((name, nothing()));
                sections.len() - 1
            });
            let Some((_, At { value, .. })) = sections.get_mut(place) else {
                return;
            };
            if matches!(value, Tree::Leaf(Leaf::Nothing)) {
                *value = Tree::Map(Vec::new());
            }
            // A section of another form is reported as such.
            let Tree::Map(items) = value else {
                continue;
            };
            if items.iter().any(|(other, _)| other.value == key.value) {
                self.fault(fault::clash(&key.value, &key.span));
            } else {
                items.push((key, item));
            }
        }
    }

    /// A block that nothing uses is a slip, unless a use of it is misspelt.
    fn check_used(&mut self) {
        if !self.faults.is_empty() {
            return;
        }
        let unused = self
            .blocks
            .iter()
            .filter(|(name, _)| !self.used.contains(name))
            .filter_map(|(name, block)| Some(fault::unused_block(name, block.tree.get("block")?)));
        let unused: Vec<Diagnostic> = unused.collect();
        self.faults.extend(unused);
    }

    fn fault(&mut self, fault: Diagnostic) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(fault);
        }
    }
}

/// What stands where nothing could be made: a state of which nothing more is said.
fn nothing() -> At<Tree> {
    At {
        value: Tree::Map(Vec::new()),
        span: NOWHERE,
    }
}

/// The blocks that states use, with their places.
fn uses(tree: &At<Tree>, found: &mut Vec<String>) {
    match &tree.value {
        Tree::Map(pairs) => {
            for (key, value) in pairs {
                match (key.value.as_str(), value.words()) {
                    ("use", Some(name)) => found.push(name.to_owned()),
                    _ => uses(value, found),
                }
            }
        }
        Tree::List(items) => items.iter().for_each(|item| uses(item, found)),
        Tree::Leaf(_) => {}
    }
}

/// A near name among those that are known, as a suggestion, or all of them.
fn suggestion<'n>(name: &str, known: impl Iterator<Item = &'n str> + Clone) -> Text {
    match nearest(name, known.clone()) {
        Some(meant) => Text::new(
            format!("是否指 `{meant}`？"),
            format!("Did you mean `{meant}`?"),
        ),
        None => {
            let known: Vec<&str> = known.take(12).collect();
            let (zh, en) = (known.join("、"), known.join(", "));
            Text::new(
                format!("现有：{}。", if zh.is_empty() { "无" } else { &zh }),
                format!("There are: {}.", if en.is_empty() { "none" } else { &en }),
            )
        }
    }
}
