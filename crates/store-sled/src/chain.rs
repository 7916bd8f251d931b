use sha2::{Digest, Sha256};
use sled::Tree;

use crate::failure::Failure;
use crate::pack;
use crate::value::{Hash, Head, Link, RecordHeader};
use crate::{Part, key};

/// What a whole check of a store went through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// The records, each read and compared with its checksum, with the chain and with the journal of its case.
    pub records: u64,
    /// The links of the chain.
    pub links: u64,
    /// The cases, each state read and compared with its checksum and its journal.
    pub cases: u64,
    /// The metadata entries, each read and compared with its checksum.
    pub entries: u64,
}

/// The hash of a group of records, while they are gone through in order.
pub(crate) struct GroupHash(Sha256);

impl GroupHash {
    pub(crate) fn new(previous: &Hash) -> Self {
        Self(Sha256::new_with_prefix(previous))
    }

    pub(crate) fn add(&mut self, key: &[u8], value: &[u8]) {
        // With the lengths, so that no two different groups are the same stream of bytes.
        self.0.update((key.len() as u32).to_be_bytes());
        self.0.update(key);
        self.0.update((value.len() as u32).to_be_bytes());
        self.0.update(value);
    }

    pub(crate) fn finish(self) -> Hash {
        self.0.finalize().into()
    }
}

/// Checks every link and record after one head up to another, and calls `visit` with the position,
/// the header and the bytes of each record. Returns the number of links.
pub(crate) fn check<E: From<Failure>>(
    tree: &Tree,
    from: &Head,
    to: &Head,
    mut visit: impl FnMut(u64, &RecordHeader, &[u8]) -> Result<(), E>,
) -> Result<u64, E> {
    let mut links = 0;
    let mut last = from.record;
    let mut hash = from.hash;
    for item in tree.range(key::link(from.record.saturating_add(1))..=key::link(to.record)) {
        let (link_key, value) = item.map_err(Failure::from)?;
        let first = key::position_in(&link_key)
            .ok_or_else(|| broken(last, "a key that is no position"))?
            .number();
        let link = Link::read(first, &value).ok_or_else(|| broken(first, "the link"))?;
        if link.previous != hash {
            return Err(broken(first, "the hash of the link before").into());
        }
        let mut group = GroupHash::new(&hash);
        let mut records = 0;
        for item in tree.range(key::record(last.saturating_add(1))..=key::record(link.last)) {
            let (pack_key, value) = item.map_err(Failure::from)?;
            group.add(&pack_key, &value);
            for packed in pack::records(pack::position_in(&pack_key)?, value) {
                let packed = packed?;
                let body = packed.body_seen(tree, |key, piece| group.add(key, piece))?;
                visit(packed.position, &packed.header, &body)?;
                records += 1;
            }
        }
        if records != link.records {
            return Err(broken(first, "the number of records").into());
        }
        hash = group.finish();
        if hash != link.hash {
            return Err(broken(first, "the hash of its records").into());
        }
        last = link.last;
        links += 1;
    }
    if (last, hash) != (to.record, to.hash) {
        return Err(broken(to.record, "the end").into());
    }
    Ok(links)
}

fn broken(position: u64, what: &str) -> Failure {
    Failure::damaged(Part::Chain, format!("{what}, position {position}"))
}
