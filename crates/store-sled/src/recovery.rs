use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::OpenOptions;
use std::hash::{BuildHasher, RandomState};
use std::mem;
use std::path::Path;
use std::sync::mpsc::{self, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use groundbreak_store::Index;
use sled::{Db, IVec, Tree};
use uuid::Uuid;

use crate::anchor::{self, Anchor, Found};
use crate::commands::Commands;
use crate::directory::{Directory, io};
use crate::failure::{Failure, guarded};
use crate::group::Ledger;
use crate::options::CACHE_BYTES_MIN;
use crate::published::{Database, Published};
use crate::stale::{Stale, StaleState};
use crate::value::{EntryHeader, Head, Link, StateHeader, Trail, read_index};
use crate::writes::Writes;
use crate::{OpenError, Part, SledOptions, chain, key, pack, reader, stale};

/// The cases whose states are behind their journals.
type StaleStates = BTreeMap<Uuid, StaleState>;

/// How long sled's own lock may be held by a handle that was just dropped.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// A store that was opened and checked.
pub(crate) struct Opened {
    pub(crate) database: Database,
    pub(crate) published: Published,
    pub(crate) ledger: Ledger,
    pub(crate) file: std::fs::File,
    pub(crate) anchor: Anchor,
}

pub(crate) fn open(path: &Path, options: SledOptions) -> Result<Opened, OpenError> {
    let directory = Directory::open(path)?;
    let anchored =
        anchor::read(&directory.anchor()).map_err(|err| io(&directory.anchor(), "reading", err))?;
    if anchored == Found::Damaged {
        return Err(OpenError::Damaged {
            path: path.to_owned(),
            part: Part::Anchor,
            place: "anchor".to_owned(),
        });
    }
    // What a process wrote that was killed may not be on the disk. sled would read it, and write a snapshot that
    // rests on it, and the snapshot would be on the disk first.
    if directory.sled().is_dir() {
        directory.sync()?;
    }
    let db = open_sled(&directory, options)?;
    let tree: Tree = (*db).clone();
    directory.sync()?;
    let file = OpenOptions::new()
        .write(true)
        .open(directory.sled().join("db"))
        .map_err(|err| io(&directory.sled(), "opening", err))?;

    let Read {
        ledger,
        published,
        stale,
        unfinished,
    } = match read(&tree, &directory, anchored) {
        Ok(read) => read,
        Err(err) => {
            put_aside(db, tree);
            return Err(err);
        }
    };
    // From here on the directory is written to in today's layout.
    if let Err(err) = directory.mark() {
        put_aside(db, tree);
        return Err(err);
    }
    let noted = guarded(|| {
        let mut writes = Writes::default();
        writes.as_a_whole();
        stale.store(&tree, &mut writes)?;
        unfinished
            .iter()
            .for_each(|key| writes.remove(key.as_ref()));
        writes.insert(key::HEAD, ledger.head.write());
        writes.insert(key::CHECKED, ledger.head.write());
        writes.apply(&tree)?;
        db.flush()?;
        file.sync_data()?;
        Ok(())
    });
    if let Err(failure) = noted {
        put_aside(db, tree);
        return Err(open_error(path, failure));
    }
    let next = match anchored {
        Found::At { next, .. } => next,
        Found::Missing | Found::Damaged => 0,
    };
    let anchor = match Anchor::start(&directory.anchor(), &ledger.head, next) {
        Ok(anchor) => anchor,
        Err(err) => {
            put_aside(db, tree);
            return Err(io(&directory.anchor(), "writing", err));
        }
    };
    directory.sync()?;
    Ok(Opened {
        database: Database {
            tree,
            db,
            directory,
        },
        published,
        ledger,
        file,
        anchor,
    })
}

fn open_sled(directory: &Directory, options: SledOptions) -> Result<Db, OpenError> {
    let deadline = Instant::now() + LOCK_PATIENCE;
    loop {
        let config = sled::Config::new()
            .path(directory.sled())
            .cache_capacity(options.cache_bytes.max(CACHE_BYTES_MIN))
            // Every commit is flushed by the writer. The flusher stays on because it alone
            // collects dead segments.
            .flush_every_ms(Some(500));
        match guarded(|| Ok(config.open()?)) {
            Ok(db) => return Ok(db),
            Err(Failure::Engine { source }) if locked(&source) => {
                // Our own lock was free, so whoever holds sled's is about to let go of it.
                if Instant::now() >= deadline {
                    return Err(OpenError::InUse {
                        path: directory.path().to_owned(),
                    });
                }
                thread::sleep(Duration::from_millis(50));
            }
            Err(failure) => return Err(open_error(directory.path(), failure)),
        }
    }
}

fn locked(source: &groundbreak_store::Cause) -> bool {
    // sled reports a lock that is held as an error without a kind of its own.
    source.to_string().contains("could not acquire lock")
}

/// Lets go of a database that is not used. sled waits for its own threads while it is dropped,
/// and one that died on a damaged page is waited for for ever, so nobody must wait for this.
fn put_aside(db: Db, tree: Tree) {
    thread::spawn(move || {
        let _ = guarded(|| {
            drop((tree, db));
            Ok(())
        });
    });
}

fn open_error(path: &Path, failure: Failure) -> OpenError {
    match failure {
        Failure::Damaged { part, place } => OpenError::Damaged {
            path: path.to_owned(),
            part,
            place,
        },
        Failure::Engine { source } => OpenError::Io {
            path: path.to_owned(),
            action: "reading",
            source,
        },
    }
}

/// What was read of a directory.
struct Read {
    ledger: Ledger,
    published: Published,
    stale: Stale,
    /// The keys of a group that was not finished.
    unfinished: Vec<IVec>,
}

fn read(tree: &Tree, directory: &Directory, anchored: Found) -> Result<Read, OpenError> {
    let failed = |failure| open_error(directory.path(), failure);
    let head = guarded(|| head(tree)).map_err(failed)?;
    compare_with_anchor(tree, directory, head, anchored)?;
    guarded(|| {
        let checked = match tree.get(key::CHECKED)? {
            Some(value) => Head::read(&value)
                .ok_or_else(|| Failure::damaged(Part::Head, "where it was checked"))?,
            None => Head::default(),
        };
        if checked.stamp > head.stamp || checked.record > head.record {
            return Err(Failure::damaged(
                Part::Head,
                "it ends before it was checked",
            ));
        }
        let stale = stale::find(tree, head.record)?;
        let (commands, index) = journal_and_states(tree, &checked, &head, &stale.cases)?;
        let mut ledger = Ledger::new(head);
        entries(tree, &mut ledger)?;
        let published = Published {
            index,
            entries: ledger.entries.keys().cloned().collect::<BTreeSet<_>>(),
            commands,
            head,
            ..Published::default()
        };
        let unfinished = unfinished(tree, &head)?;
        Ok(Read {
            ledger,
            published,
            stale,
            unfinished,
        })
    })
    .map_err(failed)
}

/// Returns where the journal ends.
fn head(tree: &Tree) -> Result<Head, Failure> {
    let mut head = match tree.get(key::HEAD)? {
        Some(value) => {
            Head::read(&value).ok_or_else(|| Failure::damaged(Part::Head, "where it ends"))?
        }
        None if tree.is_empty() => Head::default(),
        None => return Err(Failure::damaged(Part::Head, "it is missing")),
    };
    // A link is written behind its records, and the head behind the link.
    let links = key::link(head.stamp.saturating_add(1))..=key::link(u64::MAX);
    for item in tree.range(links) {
        let (link_key, value) = item?;
        let link = key::position_in(&link_key).and_then(|first| Link::read(first.number(), &value));
        let link = link.filter(|link| link.previous == head.hash && link.last > head.record);
        let link = link.ok_or_else(|| Failure::damaged(Part::Chain, "a link behind the end"))?;
        head = Head {
            stamp: link.last,
            record: link.last,
            hash: link.hash,
        };
    }
    Ok(head)
}

/// Returns the keys behind the end: of a group that has no link, because it was not finished.
fn unfinished(tree: &Tree, head: &Head) -> Result<Vec<IVec>, Failure> {
    let behind = key::record(head.record.saturating_add(1))..=key::record(u64::MAX);
    let keys = tree.range(behind).keys();
    Ok(keys.collect::<Result<_, _>>()?)
}

fn compare_with_anchor(
    tree: &Tree,
    directory: &Directory,
    head: Head,
    anchored: Found,
) -> Result<(), OpenError> {
    let Found::At { head: anchored, .. } = anchored else {
        if head.stamp > 0 {
            tracing::warn!(
                path = %directory.path().display(),
                "there is no anchor: whether acknowledged commits are missing cannot be told"
            );
        }
        return Ok(());
    };
    if head.stamp < anchored.stamp {
        return Err(OpenError::LostTail {
            path: directory.path().to_owned(),
            acknowledged: anchored.stamp,
            found: head.stamp,
        });
    }
    // The journal went on from what was anchored, and not from something else.
    let went_on = guarded(|| {
        if anchored.record == 0 {
            return Ok(anchored.hash == Head::default().hash);
        }
        let before = tree.range(key::link(0)..=key::link(anchored.record));
        let Some(item) = before.into_iter().next_back() else {
            return Ok(false);
        };
        let (link_key, value) = item?;
        let link = key::position_in(&link_key).and_then(|first| Link::read(first.number(), &value));
        Ok(link.is_some_and(|link| link.last == anchored.record && link.hash == anchored.hash))
    });
    match went_on {
        Ok(true) => Ok(()),
        Ok(false) => Err(OpenError::Damaged {
            path: directory.path().to_owned(),
            part: Part::Chain,
            place: format!("the anchor, position {}", anchored.record),
        }),
        Err(failure) => Err(open_error(directory.path(), failure)),
    }
}

/// Checks the journal on one thread and reads the states on another, and compares where the cases
/// stand that were written to since the last opening.
fn journal_and_states(
    tree: &Tree,
    checked: &Head,
    head: &Head,
    stale: &StaleStates,
) -> Result<(Commands, Index), Failure> {
    let hasher = RandomState::new();
    let (journal, states) = thread::scope(|scope| {
        let journal = scope.spawn(|| guarded(|| journal(tree, checked, head, Ends::new(&hasher))));
        let states = guarded(|| states(tree, checked, stale, Ends::new(&hasher)));
        let journal = journal.join().unwrap_or_else(|_| {
            Err(Failure::Engine {
                source: "the journal could not be checked".into(),
            })
        });
        (journal, states)
    });
    let (commands, recorded) = journal?;
    let (index, stood) = states?;
    if recorded.sum != stood.sum {
        return Err(misplaced(tree, checked, head, stale)?);
    }
    Ok((commands, index))
}

/// Where each of many cases stands, as one number: a sum of hashes under a key that nobody knows. Two
/// such sets are as good as certain to be the same when their sums are, and a sum takes no memory.
struct Ends<'a> {
    hasher: &'a RandomState,
    sum: u64,
}

impl<'a> Ends<'a> {
    fn new(hasher: &'a RandomState) -> Self {
        Self { hasher, sum: 0 }
    }

    fn add(&mut self, case: Uuid, revision: u64, position: u64) {
        let hash = self.hasher.hash_one((case, revision, position));
        self.sum = self.sum.wrapping_add(hash);
    }

    fn remove(&mut self, case: Uuid, revision: u64, position: u64) {
        let hash = self.hasher.hash_one((case, revision, position));
        self.sum = self.sum.wrapping_sub(hash);
    }
}

/// Checks the chain since the last opening, and finds out which commands are known. What was before
/// it was checked then, and sled reads it from its snapshot and not from its log.
fn journal<'a>(
    tree: &Tree,
    checked: &Head,
    head: &Head,
    mut ends: Ends<'a>,
) -> Result<(Commands, Ends<'a>), Failure> {
    let mut commands = Commands::read(tree)?;
    let written = commands.written();
    chain::check(tree, checked, head, |position, header, _| {
        // The record takes the place of the one before it in its case.
        ends.add(header.case, header.revision, position);
        if header.previous > checked.record {
            let before = header.revision.wrapping_sub(1);
            ends.remove(header.case, before, header.previous);
        }
        if position > written {
            commands.add(header.command, position);
        }
        Ok::<(), Failure>(())
    })?;
    earlier_commands(tree, checked, head, &mut commands)?;
    Ok((commands, ends))
}

/// Names a case that does not stand where its last record is. Some does not.
fn misplaced(
    tree: &Tree,
    checked: &Head,
    head: &Head,
    stale: &StaleStates,
) -> Result<Failure, Failure> {
    let mut ends = HashMap::new();
    chain::check(tree, checked, head, |position, header, _| {
        ends.insert(header.case, (header.revision, position));
        Ok::<(), Failure>(())
    })?;
    // They are where their journals are: that was how they were found.
    for case in stale.keys() {
        ends.remove(case);
    }
    for item in tree.scan_prefix(key::STATES) {
        let (state_key, value) = item?;
        if key::case_in(&state_key).is_some_and(|case| stale.contains_key(&case)) {
            continue;
        }
        let stands = key::case_in(&state_key).zip(StateHeader::read(&value));
        let Some((case, (header, _))) = stands else {
            continue;
        };
        let stands = (header.trail.revision, header.trail.last());
        let agrees = match ends.remove(&case) {
            Some(recorded) => recorded == stands,
            None => stands.1 <= checked.record,
        };
        if !agrees {
            return Ok(Failure::damaged(Part::State, case.to_string()));
        }
    }
    Ok(match ends.keys().next() {
        Some(case) => Failure::damaged(Part::State, format!("{case} is missing")),
        None => Failure::damaged(Part::Record, "one that does not follow the one before it"),
    })
}

/// What the index needs to know of a case: its revision, and the bytes of its timers and terms.
type Indexed = (Uuid, u64, Vec<u8>);

/// How many cases are handed to the index at once, and how many such heaps may wait for it.
const HEAP: usize = 256;
const HEAPS_WAITING: usize = 16;

/// Reads every state: checks it, and rebuilds the indexes from it, on a thread beside.
fn states<'a>(
    tree: &Tree,
    checked: &Head,
    stale: &StaleStates,
    ends: Ends<'a>,
) -> Result<(Index, Ends<'a>), Failure> {
    let (sender, heaps) = mpsc::sync_channel::<Vec<Indexed>>(HEAPS_WAITING);
    thread::scope(|scope| {
        let building = scope.spawn(move || {
            let mut index = Index::new();
            for (case, revision, bytes) in heaps.into_iter().flatten() {
                let (timers, terms) = read_index(&bytes)
                    .ok_or_else(|| Failure::damaged(Part::State, case.to_string()))?;
                index.put(case, revision, timers, terms);
            }
            Ok::<Index, Failure>(index)
        });
        let read = read_states(tree, checked, stale, ends, sender);
        let index = building.join().map_err(|_| Failure::Engine {
            source: "the index could not be built".into(),
        })?;
        Ok((index?, read?))
    })
}

fn read_states<'a>(
    tree: &Tree,
    checked: &Head,
    stale: &StaleStates,
    mut ends: Ends<'a>,
    heaps: SyncSender<Vec<Indexed>>,
) -> Result<Ends<'a>, Failure> {
    // It is there until the last heap came.
    let hand_over = |heap: Vec<Indexed>| drop(heaps.send(heap));
    let mut heap = Vec::with_capacity(HEAP);
    let mut add = |case, trail: &Trail, index: &[u8]| {
        if trail.last() > checked.record {
            ends.add(case, trail.revision, trail.last());
        }
        heap.push((case, trail.revision, index.to_vec()));
        if heap.len() == HEAP {
            hand_over(mem::replace(&mut heap, Vec::with_capacity(HEAP)));
        }
    };
    for (case, stale) in stale.iter().filter(|(_, stale)| !stale.stored) {
        add(*case, &stale.trail, &stale.index);
    }
    for item in tree.scan_prefix(key::STATES) {
        let (state_key, value) = item?;
        let case = key::case_in(&state_key)
            .ok_or_else(|| Failure::damaged(Part::State, "a key that is no case"))?;
        if let Some(stale) = stale.get(&case) {
            add(case, &stale.trail, &stale.index);
            continue;
        }
        let damaged = || Failure::damaged(Part::State, case.to_string());
        let (header, inline) = StateHeader::read(&value).ok_or_else(damaged)?;
        let body = reader::joined(tree, inline, header.index_pieces(), |number| {
            key::state_piece(case, number)
        })?;
        let body = body.ok_or_else(damaged)?;
        let index = header.index(case, &body).ok_or_else(damaged)?;
        if header.trail.revision == 0 {
            return Err(damaged());
        }
        add(case, &header.trail, index);
    }
    hand_over(heap);
    Ok(ends)
}

/// Adds the commands that no run has, of records that were checked at an earlier opening.
fn earlier_commands(
    tree: &Tree,
    checked: &Head,
    head: &Head,
    commands: &mut Commands,
) -> Result<(), Failure> {
    if commands.written() > head.record {
        return Err(Failure::damaged(Part::Command, "behind the end"));
    }
    if commands.written() >= checked.record {
        return Ok(());
    }
    for packed in pack::range(tree, commands.written(), checked.record)? {
        let packed = packed?;
        commands.add(packed.header.command, packed.position);
    }
    Ok(())
}

fn entries(tree: &Tree, ledger: &mut Ledger) -> Result<(), Failure> {
    for item in tree.scan_prefix(key::ENTRIES) {
        let (entry_key, value) = item?;
        let name = key::entry_in(&entry_key)
            .ok_or_else(|| Failure::damaged(Part::Metadata, "a key that is no text"))?;
        let (header, _) = EntryHeader::read(&value)
            .ok_or_else(|| Failure::damaged(Part::Metadata, name.clone()))?;
        if header.stamp > ledger.head.stamp {
            return Err(Failure::damaged(Part::Metadata, name));
        }
        ledger.entries.insert(name, header.pieces());
    }
    Ok(())
}
