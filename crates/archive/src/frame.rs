//! Frames: a length, a checksum, a body, and the hash of everything before and in it.

use groundbreak_store::limits::{
    METADATA_KEY_BYTES_MAX, METADATA_VALUE_BYTES_MAX, RECORD_BYTES_MAX,
};
use groundbreak_store::{Position, Record};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Fault;

pub(crate) type Hash = [u8; 32];

/// What a chain begins with.
pub(crate) const BEGINNING: Hash = [0; 32];

const BODY_BYTES_MAX: usize =
    256 + METADATA_KEY_BYTES_MAX + max(RECORD_BYTES_MAX, METADATA_VALUE_BYTES_MAX);

const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// Writes a hash in hexadecimal digits.
pub(crate) fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the hash of some bytes in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(crate) fn journal_header(first: u64, before: &Hash) -> String {
    format!("groundbreak-archive 1 journal {first} {}\n", hex(before))
}

pub(crate) const METADATA_HEADER: &str = "groundbreak-archive 1 metadata\n";

/// Adds a frame to `out`, and to the chain.
pub(crate) fn write(out: &mut Vec<u8>, chain: &mut Hash, body: &[u8]) {
    // A body is bounded by the limits of the store.
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
    *chain = next(chain, length, body);
    out.extend_from_slice(&length);
    out.extend_from_slice(&checksum(length, body));
    out.extend_from_slice(body);
    out.extend_from_slice(chain);
}

/// Takes a frame off the front of `bytes`, checks it, and gives its body.
pub(crate) fn read<'a>(bytes: &mut &'a [u8], chain: &mut Hash) -> Result<&'a [u8], Fault> {
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or(Fault::Length)?;
    let (sum, rest) = rest.split_first_chunk::<4>().ok_or(Fault::Length)?;
    let body_bytes = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Fault::Length)?;
    if body_bytes > BODY_BYTES_MAX {
        return Err(Fault::Length);
    }
    let (body, rest) = rest.split_at_checked(body_bytes).ok_or(Fault::Length)?;
    let (hash, rest) = rest.split_first_chunk::<32>().ok_or(Fault::Length)?;
    if checksum(*length, body) != *sum {
        return Err(Fault::Checksum);
    }
    let computed = next(chain, *length, body);
    if computed != *hash {
        return Err(Fault::Chain);
    }
    *chain = computed;
    *bytes = rest;
    Ok(body)
}

fn next(chain: &Hash, length: [u8; 4], body: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(chain);
    hasher.update(length);
    hasher.update(body);
    hasher.finalize().into()
}

fn checksum(length: [u8; 4], body: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(body);
    hasher.finalize().to_be_bytes()
}

pub(crate) fn record_body(record: &Record) -> Vec<u8> {
    let mut body = Vec::with_capacity(56 + record.record.len());
    body.extend_from_slice(&record.position.number().to_be_bytes());
    body.extend_from_slice(record.case.as_bytes());
    body.extend_from_slice(&record.revision.to_be_bytes());
    body.extend_from_slice(record.command.as_bytes());
    body.extend_from_slice(&record.recorded_at.to_be_bytes());
    body.extend_from_slice(&record.record);
    body
}

pub(crate) fn read_record(body: &[u8]) -> Option<Record> {
    let (position, body) = body.split_first_chunk::<8>()?;
    let (case, body) = body.split_first_chunk::<16>()?;
    let (revision, body) = body.split_first_chunk::<8>()?;
    let (command, body) = body.split_first_chunk::<16>()?;
    let (recorded_at, record) = body.split_first_chunk::<8>()?;
    Some(Record {
        position: Position::new(u64::from_be_bytes(*position)),
        case: Uuid::from_bytes(*case),
        revision: u64::from_be_bytes(*revision),
        command: Uuid::from_bytes(*command),
        recorded_at: i64::from_be_bytes(*recorded_at),
        record: record.to_vec(),
    })
}

pub(crate) fn entry_body(key: &str, value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(key.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), key.as_bytes(), value].concat()
}

pub(crate) fn read_entry(body: &[u8]) -> Option<(String, Vec<u8>)> {
    let (length, rest) = body.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (key, value) = rest.split_at_checked(length)?;
    Some((String::from_utf8(key.to_vec()).ok()?, value.to_vec()))
}
