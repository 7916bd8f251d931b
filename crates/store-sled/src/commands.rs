//! Which command did what.
//!
//! The newest commands are known by the records themselves, and kept in memory. When there are
//! many, they are written down as a run: sorted by id, cut into values of many commands each. A
//! value of its own for each command was measured to cost a third of an append. A small filter a
//! run tells in memory that a command is new, which nearly every command is.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use sled::Tree;
use uuid::Uuid;

use crate::failure::Failure;
use crate::value::{VALUE_BYTES_MAX, read_commands, write_commands};
use crate::writes::Writes;
use crate::{Part, key};

/// How many commands a run is written for.
const RUN_COMMANDS: usize = 65_536;

/// The commands in one value of a run.
const CHUNK_COMMANDS: usize = (VALUE_BYTES_MAX - 5) / 24;

/// All commands that are durable.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    /// The commands behind the last run, with the positions of their records.
    recent: HashMap<Uuid, u64>,
    runs: Vec<Run>,
}

#[derive(Debug)]
pub(crate) struct Run {
    /// The position of the last record whose command is in it.
    last: u64,
    filter: Filter,
}

impl Commands {
    /// Reads the runs. What is behind [`Commands::written`] is added by the caller.
    pub(crate) fn read(tree: &Tree) -> Result<Self, Failure> {
        let mut runs = Vec::new();
        let mut after = 0;
        while let Some(item) = tree.range(key::runs_after(after)).next() {
            let (key, _) = item?;
            let (last, _) = key::run_in(&key).ok_or_else(|| damaged(after))?;
            let commands = run(tree, last)?;
            let filter = Filter::new(commands.iter().map(|(command, _)| *command), commands.len());
            runs.push(Run { last, filter });
            after = last;
        }
        Ok(Self {
            recent: HashMap::new(),
            runs,
        })
    }

    /// The position of the last record whose command stands in a run.
    pub(crate) fn written(&self) -> u64 {
        self.runs.last().map_or(0, |run| run.last)
    }

    pub(crate) fn add(&mut self, command: Uuid, position: u64) {
        self.recent.insert(command, position);
    }

    /// Returns where a command may be found: its position, or the runs that may hold it.
    pub(crate) fn look_up(&self, command: Uuid) -> Lookup {
        if let Some(position) = self.recent.get(&command) {
            return Lookup::At(*position);
        }
        let runs = self.runs.iter().rev();
        let runs = runs.filter(|run| run.filter.may_hold(command));
        Lookup::In(runs.map(|run| run.last).collect())
    }

    /// Writes a run of what is recent and of these, when it is time.
    pub(crate) fn run_of(
        &self,
        new: &[(Uuid, u64)],
        last: u64,
        writes: &mut Writes,
    ) -> Option<Run> {
        if self.recent.len() + new.len() < RUN_COMMANDS {
            return None;
        }
        let recent = self.recent.iter().map(|(command, at)| (*command, *at));
        let mut commands: Vec<(Uuid, u64)> = recent.chain(new.iter().copied()).collect();
        commands.sort_unstable();
        writes.as_a_whole();
        let filter = Filter::new(commands.iter().map(|(command, _)| *command), commands.len());
        for chunk in commands.chunks(CHUNK_COMMANDS) {
            let Some((first, _)) = chunk.first() else {
                continue;
            };
            let run_key = key::run(last, *first);
            let value = write_commands(&run_key, chunk);
            writes.insert(run_key, value);
        }
        Some(Run { last, filter })
    }

    /// Takes note of a run that is durable.
    pub(crate) fn close(&mut self, run: Run) {
        self.recent.clear();
        self.runs.push(run);
    }

    /// The positions of the last records of all runs, and the commands that are in none.
    pub(crate) fn parts(&self) -> (Vec<u64>, HashMap<Uuid, u64>) {
        let lasts = self.runs.iter().map(|run| run.last).collect();
        (lasts, self.recent.clone())
    }
}

/// Where a command may be found.
#[derive(Debug)]
pub(crate) enum Lookup {
    /// Its record is at this position.
    At(u64),
    /// It is in one of these runs, the newest first, or nowhere.
    In(Vec<u64>),
}

impl Lookup {
    /// Returns the position of the command's record.
    pub(crate) fn position(self, tree: &Tree, command: Uuid) -> Result<Option<u64>, Failure> {
        let runs = match self {
            Self::At(position) => return Ok(Some(position)),
            Self::In(runs) => runs,
        };
        for last in runs {
            if let Some(position) = in_run(tree, last, command)? {
                return Ok(Some(position));
            }
        }
        Ok(None)
    }
}

fn in_run(tree: &Tree, last: u64, command: Uuid) -> Result<Option<u64>, Failure> {
    let up_to = tree.range(key::run(last, Uuid::nil())..=key::run(last, command));
    let Some(item) = up_to.into_iter().next_back() else {
        return Ok(None);
    };
    let (run_key, value) = item?;
    let commands = read_commands(&run_key, &value).ok_or_else(|| damaged(last))?;
    let found = commands.binary_search_by_key(&command, |(id, _)| *id);
    Ok(found
        .ok()
        .and_then(|at| commands.get(at))
        .map(|(_, at)| *at))
}

/// All commands of a run, sorted by id.
pub(crate) fn run(tree: &Tree, last: u64) -> Result<Vec<(Uuid, u64)>, Failure> {
    let keys: RangeInclusive<Vec<u8>> = key::run(last, Uuid::nil())..=key::run(last, Uuid::max());
    let mut commands = Vec::new();
    for item in tree.range(keys) {
        let (run_key, value) = item?;
        commands.extend(read_commands(&run_key, &value).ok_or_else(|| damaged(last))?);
    }
    Ok(commands)
}

fn damaged(last: u64) -> Failure {
    Failure::damaged(Part::Command, format!("the run up to position {last}"))
}

/// A Bloom filter of 16 bits a command: one new command in a thousand passes it.
#[derive(Debug)]
struct Filter(Vec<u64>);

/// How many bits each command sets.
const FILTER_BITS: u64 = 5;

impl Filter {
    fn new(commands: impl Iterator<Item = Uuid>, count: usize) -> Self {
        let words = (count * 16).div_ceil(64).next_power_of_two();
        let mut filter = Self(vec![0; words]);
        for command in commands {
            for bit in filter.bits(command) {
                if let Some(word) = filter.0.get_mut((bit / 64) as usize) {
                    *word |= 1 << (bit % 64);
                }
            }
        }
        filter
    }

    fn may_hold(&self, command: Uuid) -> bool {
        self.bits(command).all(|bit| {
            let word = self.0.get((bit / 64) as usize);
            word.is_some_and(|word| word & (1 << (bit % 64)) != 0)
        })
    }

    /// Two hashes give all the places (Kirsch and Mitzenmacher, "Less hashing, same
    /// performance", 2006).
    fn bits(&self, command: Uuid) -> impl Iterator<Item = u64> + use<> {
        let (high, low) = command.as_u64_pair();
        let one = mixed(high ^ mixed(low));
        let two = mixed(one) | 1;
        let mask = (self.0.len() as u64 * 64) - 1;
        (0..FILTER_BITS).map(move |number| one.wrapping_add(number.wrapping_mul(two)) & mask)
    }
}

/// Spreads the bits of a number (the finalizer of SplitMix64): ids that count up differ in few.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_holds_what_was_put_in_and_little_else() {
        let ids = |from: u128| (from..from + 10_000).map(Uuid::from_u128);
        let filter = Filter::new(ids(0), 10_000);
        assert!(ids(0).all(|id| filter.may_hold(id)));
        let wrong = ids(10_000).filter(|id| filter.may_hold(*id)).count();
        assert!(wrong < 100, "{wrong} of 10000 pass");
    }

    #[test]
    fn a_command_is_found_in_a_run_and_behind_it() {
        let directory = tempfile::tempdir().unwrap();
        let tree: Tree = (*sled::open(directory.path()).unwrap()).clone();
        let id = |number: u64| Uuid::new_v5(&Uuid::NAMESPACE_OID, &number.to_be_bytes());
        let count = RUN_COMMANDS as u64 + 10;
        let mut commands = Commands::default();
        let mut writes = Writes::default();
        let new: Vec<(Uuid, u64)> = (1..=count).map(|number| (id(number), number)).collect();
        let run = commands.run_of(&new, count, &mut writes).unwrap();
        writes.apply(&tree).unwrap();
        commands.close(run);
        commands.add(id(count + 1), count + 1);
        let again = Commands::read(&tree).unwrap();
        assert_eq!(again.written(), count);
        for number in [1, 2, 999, 65_536, count] {
            for known in [&commands, &again] {
                let found = known
                    .look_up(id(number))
                    .position(&tree, id(number))
                    .unwrap();
                assert_eq!(found, Some(number));
            }
        }
        let find = |number| commands.look_up(id(number)).position(&tree, id(number));
        assert_eq!(find(count + 1).unwrap(), Some(count + 1));
        assert_eq!(find(count + 2).unwrap(), None);
    }
}
