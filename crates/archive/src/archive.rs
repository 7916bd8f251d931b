use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use groundbreak_store::limits::PAGE_ITEMS_MAX;
use groundbreak_store::{Position, ReadError, Record, Store};

use crate::backup::{MANIFEST, Records};
use crate::frame::{self, BEGINNING, Hash, METADATA_HEADER, hex, sha256};
use crate::{ArchiveError, Backup, Fault, Journal, Kept, Manifest, Segment, file};

/// After so many bytes the next record begins a file of its own.
const SEGMENT_BYTES: u64 = 16 << 20;

/// A backup that is written, the first time or on top of an earlier one. One process at a time
/// has it open.
///
/// After an error it is in an unknown place: open it again, which goes on from what was whole.
#[derive(Debug)]
pub struct Archive {
    path: PathBuf,
    program: String,
    // Held for its lock alone.
    _lock: File,
    manifest: Option<Manifest>,
    segments: Vec<Segment>,
    chain: Hash,
    count: u64,
    last: Option<Record>,
    accounts: Option<Vec<u8>>,
    /// The last segment, when it is open; its end is where the next frame goes.
    open: Option<File>,
    /// Whether the store was compared with what is here.
    joined: bool,
}

/// What was added to a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Followed {
    /// The records that were added.
    pub added: u64,
    /// The records there are.
    pub records: u64,
    /// The metadata entries there are.
    pub entries: u64,
}

impl Archive {
    /// Opens a directory to back up into; makes it when it is not there. `program` is the name
    /// and version that the manifest gives. Of an earlier backup the last file is checked.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::NotABackup`] when other things lie there; [`ArchiveError::InUse`];
    /// [`ArchiveError::Damaged`]; [`ArchiveError::FutureFormat`]; [`ArchiveError::Io`].
    pub fn open(path: impl Into<PathBuf>, program: &str) -> Result<Self, ArchiveError> {
        let path = path.into();
        make(&path)?;
        let backup = match Backup::open(&path) {
            Ok(backup) => Some(backup),
            Err(ArchiveError::Missing { .. }) => {
                is_ours(&path)?;
                file::sync_above(&path)?;
                None
            }
            Err(error) => return Err(error),
        };
        let lock = lock(&path)?;
        let mut archive = Self {
            path,
            program: program.to_owned(),
            _lock: lock,
            manifest: None,
            segments: Vec::new(),
            chain: BEGINNING,
            count: 0,
            last: None,
            accounts: None,
            open: None,
            joined: false,
        };
        if let Some(backup) = backup {
            archive.accounts = backup.accounts()?;
            archive.go_on(backup.manifest().clone())?;
        }
        archive.sweep()?;
        Ok(archive)
    }

    /// Keeps the file of accounts, from the next [`Archive::follow`] on.
    pub fn keep_accounts(&mut self, bytes: Vec<u8>) {
        self.accounts = Some(bytes);
    }

    /// Adds everything the store has by now and this backup does not. The backup is whole and
    /// durable when this returns `Ok`, and as it was before when it does not.
    ///
    /// The store may be written to meanwhile: what is added ends at one position, and the
    /// metadata is read after it, so that every definition a record needs is there. Blocks the
    /// thread while it writes.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::OtherJournal`] when the store does not have the last record that is here;
    /// [`ArchiveError::Store`]; [`ArchiveError::Io`].
    pub async fn follow(&mut self, store: &dyn Store) -> Result<Followed, ArchiveError> {
        self.join(store).await?;
        let before = self.count;
        let until = store.head().await?;
        loop {
            let after = self.last_position();
            if after >= until {
                break;
            }
            let records = store.read_all(after, PAGE_ITEMS_MAX).await?;
            if records.is_empty() {
                break;
            }
            self.add(records)?;
        }
        let (entries, metadata) = metadata(store).await?;
        let metadata = kept("metadata", "gba", entries, &metadata).with(metadata);
        let accounts = self
            .accounts
            .clone()
            .map(|bytes| kept("accounts", "json", 1, &bytes).with(bytes));
        self.finish(metadata, accounts)?;
        Ok(Followed {
            added: self.count - before,
            records: self.count,
            entries,
        })
    }

    fn last_position(&self) -> Position {
        self.last
            .as_ref()
            .map_or(Position::START, |record| record.position)
    }

    /// Checks that the store has, where this backup ends, the record it ends with.
    async fn join(&mut self, store: &dyn Store) -> Result<(), ArchiveError> {
        if self.joined {
            return Ok(());
        }
        if let Some(last) = &self.last {
            let before = Position::new(last.position.number().saturating_sub(1));
            let found = store.read_all(before, 1).await?;
            if found.first() != Some(last) {
                return Err(ArchiveError::OtherJournal {
                    path: self.path.clone(),
                    position: last.position.number(),
                });
            }
        }
        self.joined = true;
        Ok(())
    }

    /// Takes over an earlier backup.
    fn go_on(&mut self, manifest: Manifest) -> Result<(), ArchiveError> {
        let journal = &manifest.journal;
        self.segments.clone_from(&journal.segments);
        self.count = journal.count;
        let before = match self.segments.len().checked_sub(2) {
            Some(before) => self.segments.get(before).map(|segment| &segment.hash),
            None => None,
        };
        let damaged = || {
            let file = self.path.join(MANIFEST);
            ArchiveError::damaged(&file, None, Fault::Manifest)
        };
        let before = match before {
            Some(hash) => unhex(hash).ok_or_else(damaged)?,
            None => BEGINNING,
        };
        if let Some(segment) = self.segments.last() {
            let mut records = Records::of_segment(&self.path, segment, before);
            for record in records.by_ref() {
                self.last = Some(record?);
            }
            self.chain = records.ended_at();
        }
        self.manifest = Some(manifest);
        Ok(())
    }

    /// Removes what a run that was cut short left behind.
    fn sweep(&self) -> Result<(), ArchiveError> {
        let mut belongs: HashSet<&str> = HashSet::from([MANIFEST, "lock"]);
        belongs.extend(self.segments.iter().map(|segment| segment.file.as_str()));
        if let Some(manifest) = &self.manifest {
            belongs.insert(&manifest.metadata.file);
            belongs.extend(manifest.accounts.iter().map(|kept| kept.file.as_str()));
        }
        for name in names(&self.path)? {
            if of_ours(&name) && !belongs.contains(name.as_str()) {
                let path = self.path.join(&name);
                fs::remove_file(&path)
                    .map_err(|source| ArchiveError::io(&path, "removing", source))?;
            }
        }
        Ok(())
    }

    fn add(&mut self, records: Vec<Record>) -> Result<(), ArchiveError> {
        let mut bytes = Vec::new();
        for record in records {
            let full = match self.segments.last() {
                Some(segment) => segment.bytes >= SEGMENT_BYTES,
                None => true,
            };
            if full {
                self.write(&mut bytes)?;
                self.begin(&record, &mut bytes)?;
            }
            let length = bytes.len();
            frame::write(&mut bytes, &mut self.chain, &frame::record_body(&record));
            if let Some(segment) = self.segments.last_mut() {
                segment.last_position = record.position.number();
                segment.count += 1;
                segment.bytes += u64::try_from(bytes.len() - length).unwrap_or(u64::MAX);
                segment.hash = hex(&self.chain);
            }
            self.count += 1;
            self.last = Some(record);
        }
        self.write(&mut bytes)
    }

    /// Begins a segment with this record.
    fn begin(&mut self, record: &Record, bytes: &mut Vec<u8>) -> Result<(), ArchiveError> {
        self.sync_segment()?;
        let first = record.position.number();
        let name = format!("journal-{first:020}.gba");
        let path = self.path.join(&name);
        let opened = file::options()
            .create(true)
            .write(true)
            .truncate(true)
            .open(&path)
            .map_err(|source| ArchiveError::io(&path, "creating", source))?;
        self.open = Some(opened);
        let header = frame::journal_header(first, &self.chain);
        bytes.extend_from_slice(header.as_bytes());
        self.segments.push(Segment {
            file: name,
            first_position: first,
            last_position: first,
            count: 0,
            bytes: u64::try_from(header.len()).unwrap_or(u64::MAX),
            hash: hex(&self.chain),
        });
        Ok(())
    }

    /// Writes frames behind the last segment.
    fn write(&mut self, bytes: &mut Vec<u8>) -> Result<(), ArchiveError> {
        let Some(segment) = self.segments.last().filter(|_| !bytes.is_empty()) else {
            return Ok(());
        };
        let path = self.path.join(&segment.file);
        let failed = |source| ArchiveError::io(&path, "writing", source);
        let file = match &mut self.open {
            Some(file) => file,
            none => {
                let mut file = file::options().write(true).open(&path).map_err(failed)?;
                // What is behind this was never part of the backup.
                let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                let end = segment.bytes.saturating_sub(length);
                file.set_len(end).map_err(failed)?;
                file.seek(SeekFrom::Start(end)).map_err(failed)?;
                none.insert(file)
            }
        };
        file.write_all(bytes).map_err(failed)?;
        bytes.clear();
        Ok(())
    }

    fn sync_segment(&self) -> Result<(), ArchiveError> {
        match &self.open {
            Some(file) => file
                .sync_all()
                .map_err(|source| ArchiveError::io(&self.path, "syncing", source)),
            None => Ok(()),
        }
    }

    /// Makes everything durable, and then says in the manifest that it is there.
    fn finish(&mut self, metadata: Content, accounts: Option<Content>) -> Result<(), ArchiveError> {
        let journal = Journal {
            count: self.count,
            last_position: self.last_position().number(),
            hash: hex(&self.chain),
            segments: self.segments.clone(),
        };
        let manifest = Manifest::new(
            &self.program,
            now(),
            journal,
            metadata.kept.clone(),
            accounts.as_ref().map(|content| content.kept.clone()),
        );
        if self.manifest.as_ref().is_some_and(|before| {
            before.journal == manifest.journal
                && before.metadata == manifest.metadata
                && before.accounts == manifest.accounts
        }) {
            return Ok(());
        }
        self.sync_segment()?;
        for content in [Some(&metadata), accounts.as_ref()].into_iter().flatten() {
            if !self.path.join(&content.kept.file).exists() {
                file::put(&self.path, &content.kept.file, &content.bytes)?;
            }
        }
        file::sync(&self.path)?;
        let text = manifest
            .text()
            .map_err(|error| ArchiveError::io(&self.path, "writing", error.into()))?;
        file::put(&self.path, MANIFEST, text.as_bytes())?;
        file::sync(&self.path)?;
        self.manifest = Some(manifest);
        self.sweep()
    }
}

/// A file that is to be kept, and its bytes.
struct Content {
    kept: Kept,
    bytes: Vec<u8>,
}

impl Kept {
    fn with(self, bytes: Vec<u8>) -> Content {
        Content { kept: self, bytes }
    }
}

/// Names a file after its content: one that is there already need not be written.
fn kept(stem: &str, extension: &str, count: u64, bytes: &[u8]) -> Kept {
    let sha256 = sha256(bytes);
    let short = sha256.get(..16).unwrap_or_default();
    Kept {
        file: format!("{stem}-{short}.{extension}"),
        count,
        bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        sha256,
    }
}

/// Reads every metadata entry; returns how many there are, and the file.
async fn metadata(store: &dyn Store) -> Result<(u64, Vec<u8>), ReadError> {
    let mut bytes = METADATA_HEADER.as_bytes().to_vec();
    let (mut count, mut after, mut chain) = (0, String::new(), BEGINNING);
    loop {
        let keys = store.list_metadata("", &after, PAGE_ITEMS_MAX).await?;
        let Some(last) = keys.last() else {
            return Ok((count, bytes));
        };
        after.clone_from(last);
        for key in keys {
            // One that was removed since is not there.
            if let Some(value) = store.metadata(&key).await? {
                frame::write(&mut bytes, &mut chain, &frame::entry_body(&key, &value));
                count += 1;
            }
        }
    }
}

fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}

fn unhex(text: &str) -> Option<Hash> {
    let mut hash = BEGINNING;
    if text.len() != 64 {
        return None;
    }
    for (number, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * number..2 * number + 2)?, 16).ok()?;
    }
    Some(hash)
}

fn make(path: &Path) -> Result<(), ArchiveError> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(ArchiveError::NotABackup {
            path: path.to_owned(),
            found: "a file".to_owned(),
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            fs::create_dir_all(path).map_err(|source| ArchiveError::io(path, "creating", source))
        }
        Err(error) => Err(ArchiveError::io(path, "reading", error)),
    }
}

fn names(path: &Path) -> Result<Vec<String>, ArchiveError> {
    let failed = |source| ArchiveError::io(path, "reading", source);
    fs::read_dir(path)
        .map_err(failed)?
        .map(|entry| {
            Ok(entry
                .map_err(failed)?
                .file_name()
                .to_string_lossy()
                .into_owned())
        })
        .collect()
}

/// Whether a file has a name that only a backup gives.
fn of_ours(name: &str) -> bool {
    let stem = name.strip_suffix(".new").unwrap_or(name);
    stem == MANIFEST && stem != name
        || (stem.starts_with("journal-") || stem.starts_with("metadata-")) && stem.ends_with(".gba")
        || stem.starts_with("accounts-") && stem.ends_with(".json")
}

/// Checks that a directory without a manifest holds nothing but what a first backup that was cut
/// short leaves behind.
fn is_ours(path: &Path) -> Result<(), ArchiveError> {
    match names(path)?
        .into_iter()
        .find(|name| name != "lock" && !of_ours(name))
    {
        Some(found) => Err(ArchiveError::NotABackup {
            path: path.to_owned(),
            found,
        }),
        None => Ok(()),
    }
}

fn lock(path: &Path) -> Result<File, ArchiveError> {
    let file = path.join("lock");
    let opened = file::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&file)
        .map_err(|source| ArchiveError::io(&file, "opening", source))?;
    match opened.try_lock() {
        Ok(()) => Ok(opened),
        Err(TryLockError::WouldBlock) => Err(ArchiveError::InUse {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(ArchiveError::io(&file, "locking", source)),
    }
}
