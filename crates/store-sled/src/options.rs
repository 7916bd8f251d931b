/// How a [`crate::SledStore`] is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SledOptions {
    /// How many bytes of pages sled keeps in memory. sled uses several times as much while it
    /// writes, and much more when this is too small for what is written: with 16 MiB it was
    /// measured at 2.7 GB. Anything below 64 MiB is therefore raised to that.
    pub cache_bytes: u64,
}

/// The least cache that keeps sled's memory bounded.
pub(crate) const CACHE_BYTES_MIN: u64 = 64 * 1024 * 1024;

impl Default for SledOptions {
    /// A cache of 128 MiB.
    fn default() -> Self {
        Self {
            cache_bytes: 128 * 1024 * 1024,
        }
    }
}
