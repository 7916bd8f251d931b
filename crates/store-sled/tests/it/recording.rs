//! What a process did to its files, and what a power cut at any moment leaves of it.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::dice::Dice;

/// A recording, made by `tests/power-cut/shim.c`.
pub(crate) struct Recording {
    operations: Vec<Operation>,
    root_inode: u64,
}

#[derive(Debug)]
enum Operation {
    File {
        inode: u64,
        name: String,
    },
    Directory {
        inode: u64,
        name: String,
    },
    Rename {
        from: String,
        to: String,
    },
    Remove {
        name: String,
    },
    Write {
        inode: u64,
        at: usize,
        bytes: Vec<u8>,
    },
    Length {
        inode: u64,
        length: usize,
    },
    SyncBegan {
        number: u64,
    },
    SyncEnded {
        inode: u64,
        number: u64,
    },
    Told(String),
}

/// Which syncs the disk keeps its word on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disk {
    Honest,
    /// Nothing is durable, whatever it says.
    Lying,
}

impl Recording {
    pub(crate) fn read(log: &Path, root: &Path) -> Self {
        let bytes = fs::read(log).unwrap();
        let mut rest = bytes.as_slice();
        let mut operations = Vec::new();
        while !rest.is_empty() {
            let number = |at: usize| u64::from_ne_bytes(rest[at..at + 8].try_into().unwrap());
            let (inode, at, length) = (number(8), number(16), number(24) as usize);
            let name_length = u32::from_ne_bytes(rest[4..8].try_into().unwrap()) as usize;
            let op = rest[0];
            let (name, after) = rest[32..].split_at(name_length);
            let (data, after) = after.split_at(length);
            let name = String::from_utf8(name.to_vec()).unwrap();
            operations.push(match op {
                b'C' => Operation::File { inode, name },
                b'D' => Operation::Directory { inode, name },
                b'R' => {
                    let (from, to) = name.split_once('\0').unwrap();
                    let (from, to) = (from.to_owned(), to.to_owned());
                    Operation::Rename { from, to }
                }
                b'U' => Operation::Remove { name },
                b'W' => Operation::Write {
                    inode,
                    at: at as usize,
                    bytes: data.to_vec(),
                },
                b'T' => Operation::Length {
                    inode,
                    length: at as usize,
                },
                b'B' => Operation::SyncBegan { number: at },
                b'E' => Operation::SyncEnded { inode, number: at },
                b'A' => Operation::Told(String::from_utf8_lossy(data).into_owned()),
                _ => panic!("the recording does not know {name}"),
            });
            rest = after;
        }
        Self {
            operations,
            root_inode: fs::metadata(root).unwrap().ino(),
        }
    }

    /// How many moments there are.
    pub(crate) fn moments(&self) -> usize {
        self.operations.len() + 1
    }

    /// What the process had told by a moment.
    pub(crate) fn told(&self, moment: usize) -> impl Iterator<Item = &str> {
        self.operations[..moment]
            .iter()
            .filter_map(|operation| match operation {
                Operation::Told(text) => Some(text.as_str()),
                _ => None,
            })
    }

    /// Fills an empty directory with what a power cut at a moment leaves of the root.
    pub(crate) fn cut(&self, moment: usize, disk: Disk, dice: &mut Dice, target: &Path) {
        let mut files: Vec<Node> = Vec::new();
        let mut file_of: HashMap<u64, usize> = HashMap::new();
        let mut directories = HashMap::from([(self.root_inode, String::new())]);
        let mut entries: BTreeMap<String, Entries> = BTreeMap::new();
        let mut began = HashMap::new();
        for (now, operation) in self.operations[..moment].iter().enumerate() {
            match operation {
                Operation::File { inode, name } => {
                    file_of.insert(*inode, files.len());
                    let made = Some(Item::File(files.len()));
                    files.push(Node::default());
                    change(&mut entries, now, &[(name, made)]);
                }
                Operation::Directory { inode, name } => {
                    directories.insert(*inode, name.clone());
                    change(&mut entries, now, &[(name, Some(Item::Directory))]);
                }
                Operation::Rename { from, to } => {
                    let item = entries[parent(from)].latest(from);
                    assert_eq!(parent(from), parent(to));
                    change(&mut entries, now, &[(from, None), (to, item)]);
                }
                Operation::Remove { name } => change(&mut entries, now, &[(name, None)]),
                Operation::Write { inode, at, bytes } => {
                    files[file_of[inode]].write(now, *at, bytes);
                }
                Operation::Length { inode, length } => files[file_of[inode]].set(now, *length),
                Operation::SyncBegan { number } => {
                    began.insert(*number, now);
                }
                Operation::SyncEnded { inode, number } => {
                    let before = began[number];
                    if disk == Disk::Lying {
                        continue;
                    }
                    if let Some(name) = directories.get(inode) {
                        entries.entry(name.clone()).or_default().sync(before);
                    } else {
                        files[file_of[inode]].sync(before);
                    }
                }
                Operation::Told(_) => {}
            }
        }
        let mut left = BTreeMap::new();
        for directory in entries.values() {
            directory.left(dice, &mut left);
        }
        // Names sort behind the directory they are in.
        for (name, item) in left {
            let path = target.join(&name);
            match item {
                _ if !path.parent().unwrap().is_dir() => {}
                Item::Directory => fs::create_dir(path).unwrap(),
                Item::File(file) => fs::write(path, files[file].left(dice)).unwrap(),
            }
        }
    }
}

fn parent(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn change(
    entries: &mut BTreeMap<String, Entries>,
    now: usize,
    changes: &[(&String, Option<Item>)],
) {
    let directory = parent(changes[0].0).to_owned();
    let changes = changes
        .iter()
        .map(|(name, item)| ((*name).clone(), *item))
        .collect();
    let directory = entries.entry(directory).or_default();
    directory.pending.push((now, changes));
}

#[derive(Clone, Copy, Debug)]
enum Item {
    File(usize),
    Directory,
}

/// What a name stands for afterwards.
type Changes = Vec<(String, Option<Item>)>;

/// The names in a directory, by their path from the root.
#[derive(Debug, Default)]
struct Entries {
    durable: BTreeMap<String, Item>,
    /// Each change is made whole: renaming takes one name away and puts another.
    pending: Vec<(usize, Changes)>,
}

impl Entries {
    fn latest(&self, name: &str) -> Option<Item> {
        let changes = self.pending.iter().rev().flat_map(|(_, changes)| changes);
        let found = changes.into_iter().find(|(changed, _)| changed == name);
        found.map_or_else(|| self.durable.get(name).copied(), |(_, item)| *item)
    }

    fn sync(&mut self, before: usize) {
        let count = self.pending.partition_point(|(at, _)| *at < before);
        for (_, changes) in self.pending.drain(..count) {
            apply(&mut self.durable, changes);
        }
    }

    /// File systems keep the order of such changes, so the first of them survive.
    fn left(&self, dice: &mut Dice, left: &mut BTreeMap<String, Item>) {
        let mut names = self.durable.clone();
        let count = match dice.below(3) {
            0 => 0,
            1 => self.pending.len(),
            _ => dice.below(self.pending.len() + 1),
        };
        for (_, changes) in &self.pending[..count] {
            apply(&mut names, changes.clone());
        }
        left.append(&mut names);
    }
}

fn apply(names: &mut BTreeMap<String, Item>, changes: Changes) {
    for (name, item) in changes {
        match item {
            Some(item) => names.insert(name, item),
            None => names.remove(&name),
        };
    }
}

/// The bytes of a file.
#[derive(Debug, Default)]
struct Node {
    durable: Vec<u8>,
    length: usize,
    pending: Vec<Write>,
}

#[derive(Debug)]
struct Write {
    now: usize,
    at: usize,
    bytes: Vec<u8>,
    /// The length of the file afterwards.
    length: usize,
}

impl Node {
    fn write(&mut self, now: usize, at: usize, bytes: &[u8]) {
        self.length = self.length.max(at + bytes.len());
        self.pending.push(Write {
            now,
            at,
            bytes: bytes.to_vec(),
            length: self.length,
        });
    }

    /// What is cut off reads as zeros when the file grows again.
    fn set(&mut self, now: usize, length: usize) {
        let cut = self.length.saturating_sub(length);
        self.length = length;
        self.pending.push(Write {
            now,
            at: length,
            bytes: vec![0; cut],
            length,
        });
    }

    fn sync(&mut self, before: usize) {
        let count = self.pending.partition_point(|write| write.now < before);
        for write in self.pending.drain(..count) {
            lay(&mut self.durable, write.at, &write.bytes);
            self.durable.resize(write.length, 0);
        }
    }

    /// The durable bytes, and of what was written later any part.
    fn left(&self, dice: &mut Dice) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        let count = self.pending.len();
        match dice.below(5) {
            0 => bytes,
            1 => {
                for write in &self.pending {
                    lay(&mut bytes, write.at, &write.bytes);
                    bytes.resize(write.length, 0);
                }
                bytes
            }
            // Each whole or not at all, the later perhaps without the earlier.
            2 => {
                for write in &self.pending {
                    if dice.below(2) == 0 {
                        lay(&mut bytes, write.at, &write.bytes);
                    }
                }
                bytes
            }
            // Each page as it was at some moment of its own; the length too.
            by => {
                let page = if by == 3 { 512 } else { 4096 };
                let mut touched: BTreeMap<usize, Vec<&Write>> = BTreeMap::new();
                for write in &self.pending {
                    if !write.bytes.is_empty() {
                        let last = (write.at + write.bytes.len() - 1) / page;
                        for number in write.at / page..=last {
                            touched.entry(number).or_default().push(write);
                        }
                    }
                }
                for (number, writes) in touched {
                    for write in &writes[..dice.below(writes.len() + 1)] {
                        let start = write.at.max(number * page);
                        let end = (write.at + write.bytes.len()).min((number + 1) * page);
                        let part = &write.bytes[start - write.at..end - write.at];
                        lay(&mut bytes, start, part);
                    }
                }
                let length = match dice.below(2 * count + 2) {
                    0 => self.durable.len(),
                    at if at <= count => self.pending[at - 1].length,
                    _ => self.length,
                };
                bytes.resize(length, 0);
                bytes
            }
        }
    }
}

fn lay(bytes: &mut Vec<u8>, at: usize, part: &[u8]) {
    if bytes.len() < at + part.len() {
        bytes.resize(at + part.len(), 0);
    }
    bytes[at..at + part.len()].copy_from_slice(part);
}
