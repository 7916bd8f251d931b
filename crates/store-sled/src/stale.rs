//! States that are behind their journals: those that were not stored before a crash.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry::{Occupied, Vacant};

use sled::{IVec, Tree};
use uuid::Uuid;

use crate::failure::Failure;
use crate::unsaved::save;
use crate::value::{NewState, Row, StateHeader, Trail, read_index, read_rows};
use crate::writes::Writes;
use crate::{Part, key, pack, reader};

/// How many are stored in one batch.
const STORED_AT_ONCE: usize = 512;

/// The cases whose stored states are behind, and the rows that said so.
#[derive(Debug, Default)]
pub(crate) struct Stale {
    pub(crate) cases: BTreeMap<Uuid, StaleState>,
    rows: Vec<IVec>,
}

/// A case whose stored state is behind.
#[derive(Debug)]
pub(crate) struct StaleState {
    /// Where the case stands by its journal.
    pub(crate) trail: Trail,
    /// Its timers and terms.
    pub(crate) index: Vec<u8>,
    /// Whether there is a stored state at all.
    pub(crate) stored: bool,
}

/// Finds the states that are behind, in a journal that ends here.
pub(crate) fn find(tree: &Tree, last: u64) -> Result<Stale, Failure> {
    let mut rows = Vec::new();
    let mut newest: BTreeMap<Uuid, (u64, u64, Vec<u8>)> = BTreeMap::new();
    for item in tree.scan_prefix(key::ROWS) {
        let (rows_key, value) = item?;
        let number = key::rows_in(&rows_key)
            .ok_or_else(|| Failure::damaged(Part::State, "rows without a number"))?;
        let damaged = || Failure::damaged(Part::State, format!("rows {number}"));
        for row in read_rows(&rows_key, &value).ok_or_else(damaged)? {
            // Of a group that was not finished.
            if row.position > last {
                continue;
            }
            keep(&mut newest, &row);
        }
        rows.push(rows_key);
    }
    let mut cases = BTreeMap::new();
    for (case, (revision, position, index)) in newest {
        let damaged = || Failure::damaged(Part::State, case.to_string());
        let stored = match tree.get(key::state(case))? {
            Some(value) => Some(StateHeader::read(&value).ok_or_else(damaged)?.0.trail),
            None => None,
        };
        let (has, trail) = (stored.is_some(), stored.unwrap_or_default());
        if trail.revision >= revision {
            continue;
        }
        let trail = went_on(tree, case, trail, revision, position)?;
        read_index(&index).ok_or_else(damaged)?;
        let stale = StaleState {
            trail,
            index,
            stored: has,
        };
        cases.insert(case, stale);
    }
    Ok(Stale { cases, rows })
}

fn keep(newest: &mut BTreeMap<Uuid, (u64, u64, Vec<u8>)>, row: &Row<'_>) {
    let found = || (row.revision, row.position, row.index.to_vec());
    match newest.entry(row.case) {
        Vacant(place) => {
            place.insert(found());
        }
        Occupied(mut known) => {
            if known.get().0 < row.revision {
                known.insert(found());
            }
        }
    }
}

/// Goes on with a trail by the journal of the case, up to a revision at a position.
fn went_on(
    tree: &Tree,
    case: Uuid,
    mut trail: Trail,
    revision: u64,
    position: u64,
) -> Result<Trail, Failure> {
    let (mut at, mut before) = (revision, position);
    let mut positions = Vec::new();
    while at > trail.revision {
        let header = pack::at(tree, before)?.header;
        if (header.case, header.revision) != (case, at) {
            return Err(Failure::damaged(Part::State, case.to_string()));
        }
        positions.push(before);
        (at, before) = (at - 1, header.previous);
    }
    if before != trail.last() {
        return Err(Failure::damaged(Part::State, case.to_string()));
    }
    positions.iter().rev().for_each(|at| trail.push(*at));
    Ok(trail)
}

impl Stale {
    /// Stores the states as they are, with where their cases stand and what they are found by. Then nobody
    /// needs the rows, and they are removed in `last`, which is to be written afterwards.
    pub(crate) fn store(&self, tree: &Tree, last: &mut Writes) -> Result<(), Failure> {
        let mut cases = self.cases.iter().peekable();
        while cases.peek().is_some() {
            let mut writes = Writes::default();
            for (case, stale) in cases.by_ref().take(STORED_AT_ONCE) {
                let before = reader::stored(tree, *case)?.unwrap_or_default();
                let new = NewState {
                    case: *case,
                    trail: &stale.trail,
                    behind: stale.trail.revision - before.trail.revision + before.behind,
                    index: &stale.index,
                    state: &before.state,
                };
                save(&new, before.pieces, &mut writes);
            }
            writes.apply(tree)?;
        }
        self.rows
            .iter()
            .for_each(|rows_key| last.remove(rows_key.as_ref()));
        Ok(())
    }
}
