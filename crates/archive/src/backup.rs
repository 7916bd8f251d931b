use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::slice;

use groundbreak_store::Record;
use uuid::Uuid;

use crate::frame::{self, BEGINNING, Hash, METADATA_HEADER, hex, sha256};
use crate::{ArchiveError, Fault, Kept, Manifest, Segment, file};

/// The name of the manifest.
pub(crate) const MANIFEST: &str = "manifest.json";

/// Metadata entries: key and value.
pub type Entries = Vec<(String, Vec<u8>)>;

/// A backup that is read.
#[derive(Clone, Debug)]
pub struct Backup {
    path: PathBuf,
    manifest: Manifest,
}

/// What checking a backup found: every file agrees with the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// How many records there are.
    pub records: u64,
    /// How many cases they belong to.
    pub cases: u64,
    /// How many metadata entries there are.
    pub entries: u64,
}

impl Backup {
    /// Reads the manifest of a backup, and nothing else yet.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Missing`], [`ArchiveError::FutureFormat`], [`ArchiveError::Damaged`],
    /// [`ArchiveError::Io`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, ArchiveError> {
        let path = path.into();
        let file = path.join(MANIFEST);
        let bytes = match std::fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Err(ArchiveError::Missing { path });
            }
            Err(error) => return Err(ArchiveError::io(&file, "reading", error)),
        };
        let manifest = Manifest::read(&path, &file, &bytes)?;
        Ok(Self { path, manifest })
    }

    /// Returns what belongs to it.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Checks every byte of every file, and that no record of a case is missing before its last.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Damaged`] with the first place that does not agree; [`ArchiveError::Io`].
    pub fn check(&self) -> Result<Checked, ArchiveError> {
        let mut revisions: HashMap<Uuid, u64> = HashMap::new();
        let mut position = 0;
        let mut records = self.records();
        while let Some(record) = records.next() {
            let record = record?;
            let revision = revisions.entry(record.case).or_default();
            if record.revision != *revision + 1 || record.position.number() <= position {
                return Err(records.damaged(Some(records.frame), Fault::Order));
            }
            *revision = record.revision;
            position = record.position.number();
        }
        let journal = &self.manifest.journal;
        if records.read != journal.count
            || position != journal.last_position
            || hex(&records.chain) != journal.hash
        {
            let file = self.path.join(MANIFEST);
            return Err(ArchiveError::damaged(&file, None, Fault::Count));
        }
        let entries = self.entries()?;
        self.accounts()?;
        Ok(Checked {
            records: records.read,
            cases: count(revisions.len()),
            entries: count(entries.len()),
        })
    }

    /// Returns the records in the order they were committed, each checked as it is read. Ends
    /// after the first that does not agree.
    #[must_use]
    pub fn records(&self) -> Records<'_> {
        Records {
            path: &self.path,
            file: self.path.join(MANIFEST),
            segments: self.manifest.journal.segments.iter(),
            segment: None,
            bytes: Vec::new(),
            at: 0,
            frame: 0,
            chain: BEGINNING,
            read: 0,
            ended: false,
        }
    }

    /// Returns the metadata entries, ascending by key.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Damaged`], [`ArchiveError::Io`].
    pub fn entries(&self) -> Result<Entries, ArchiveError> {
        let kept = &self.manifest.metadata;
        let path = self.path.join(&kept.file);
        let bytes = file::read(&path, kept.bytes)?;
        let mut rest = bytes
            .strip_prefix(METADATA_HEADER.as_bytes())
            .ok_or_else(|| ArchiveError::damaged(&path, None, Fault::Header))?;
        let mut chain = BEGINNING;
        let mut entries: Entries = Vec::new();
        while !rest.is_empty() {
            let damaged =
                |fault| ArchiveError::damaged(&path, Some(count(entries.len()) + 1), fault);
            let body = frame::read(&mut rest, &mut chain).map_err(damaged)?;
            let entry = frame::read_entry(body).ok_or_else(|| damaged(Fault::Body))?;
            entries.push(entry);
        }
        agrees(&path, kept, &bytes)?;
        if count(entries.len()) != kept.count {
            return Err(ArchiveError::damaged(&path, None, Fault::Count));
        }
        Ok(entries)
    }

    /// Returns the file of accounts, or `None` when it was not kept.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Damaged`], [`ArchiveError::Io`].
    pub fn accounts(&self) -> Result<Option<Vec<u8>>, ArchiveError> {
        let Some(kept) = &self.manifest.accounts else {
            return Ok(None);
        };
        let path = self.path.join(&kept.file);
        let bytes = file::read(&path, kept.bytes)?;
        agrees(&path, kept, &bytes)?;
        Ok(Some(bytes))
    }
}

fn agrees(path: &Path, kept: &Kept, bytes: &[u8]) -> Result<(), ArchiveError> {
    if sha256(bytes) == kept.sha256 {
        return Ok(());
    }
    Err(ArchiveError::damaged(path, None, Fault::Hash))
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// The records of a backup. One segment is in memory at a time.
#[derive(Debug)]
pub struct Records<'a> {
    path: &'a Path,
    file: PathBuf,
    segments: slice::Iter<'a, Segment>,
    segment: Option<&'a Segment>,
    bytes: Vec<u8>,
    at: usize,
    /// The number of the frame that was read last, in its file.
    frame: u64,
    chain: Hash,
    read: u64,
    ended: bool,
}

impl<'a> Records<'a> {
    /// Returns the records of one segment, which goes on from a chain hash.
    pub(crate) fn of_segment(path: &'a Path, segment: &'a Segment, before: Hash) -> Self {
        Self {
            path,
            file: path.join(&segment.file),
            segments: slice::from_ref(segment).iter(),
            segment: None,
            bytes: Vec::new(),
            at: 0,
            frame: 0,
            chain: before,
            read: 0,
            ended: false,
        }
    }

    /// The chain hash of the frame that was read last.
    pub(crate) fn ended_at(&self) -> Hash {
        self.chain
    }

    fn damaged(&self, frame: Option<u64>, fault: Fault) -> ArchiveError {
        ArchiveError::damaged(&self.file, frame, fault)
    }

    fn step(&mut self) -> Result<Option<Record>, ArchiveError> {
        while self.at == self.bytes.len() {
            if let Some(done) = self.segment.take()
                && (done.count != self.frame || done.hash != hex(&self.chain))
            {
                return Err(self.damaged(None, Fault::Count));
            }
            let Some(next) = self.segments.next() else {
                return Ok(None);
            };
            self.file = self.path.join(&next.file);
            self.bytes = file::read(&self.file, next.bytes)?;
            let header = frame::journal_header(next.first_position, &self.chain);
            if !self.bytes.starts_with(header.as_bytes()) {
                return Err(self.damaged(None, Fault::Header));
            }
            self.at = header.len();
            self.frame = 0;
            self.segment = Some(next);
        }
        self.frame += 1;
        let mut rest = self.bytes.get(self.at..).unwrap_or_default();
        let read = frame::read(&mut rest, &mut self.chain)
            .and_then(|body| frame::read_record(body).ok_or(Fault::Body));
        let left = rest.len();
        let record = read.map_err(|fault| self.damaged(Some(self.frame), fault))?;
        let first = self.segment.map(|segment| segment.first_position);
        if self.frame == 1 && first != Some(record.position.number()) {
            return Err(self.damaged(Some(1), Fault::Order));
        }
        self.at = self.bytes.len() - left;
        self.read += 1;
        Ok(Some(record))
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Record, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let step = self.step();
        self.ended = !matches!(step, Ok(Some(_)));
        step.transpose()
    }
}
