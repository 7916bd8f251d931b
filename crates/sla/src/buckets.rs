/// Where to look in a list that is sorted by a number.
///
/// The numbers are cut into buckets of equal width, about as many as there are entries, and each
/// bucket knows how many entries lie before it. So a search looks at the few of one bucket.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buckets {
    origin: i64,
    /// The width of a bucket is two to the power of this: a shift is faster than a division.
    width_log2: u32,
    before: Vec<u32>,
}

impl Buckets {
    /// Lays out buckets for these keys, which never decrease.
    pub(crate) fn new(keys: impl ExactSizeIterator<Item = i64> + Clone) -> Self {
        let count = u64::try_from(keys.len()).unwrap_or(u64::MAX);
        let (Some(first), Some(last)) = (keys.clone().next(), keys.clone().last()) else {
            return Self::default();
        };
        let width = last.abs_diff(first) / count.max(1) + 1;
        let mut buckets = Self {
            origin: first,
            width_log2: width.next_power_of_two().trailing_zeros(),
            before: Vec::new(),
        };
        let mut entries = 0;
        for key in keys {
            let bucket = buckets.of(key);
            while buckets.before.len() <= bucket {
                buckets.before.push(entries);
            }
            entries += 1;
        }
        buckets.before.push(entries);
        buckets.before.shrink_to_fit();
        buckets
    }

    fn of(&self, key: i64) -> usize {
        usize::try_from(key.abs_diff(self.origin) >> self.width_log2).unwrap_or(usize::MAX)
    }

    /// Returns how many of `entries` have a key smaller than `bound`. They are the entries the
    /// buckets were laid out for.
    pub(crate) fn count_below<T>(
        &self,
        entries: &[T],
        key: impl Fn(&T) -> i64,
        bound: i64,
    ) -> usize {
        if bound <= self.origin {
            return 0;
        }
        let bucket = self.of(bound);
        let (Some(first), Some(end)) = (
            self.before.get(bucket),
            self.before.get(bucket.saturating_add(1)),
        ) else {
            return entries.len();
        };
        let (first, end) = (*first as usize, *end as usize);
        let inside = entries.get(first..end).unwrap_or_default();
        first + inside.partition_point(|entry| key(entry) < bound)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Keys close together, far apart, equal, and at the ends of the type.
    fn keys() -> impl Strategy<Value = Vec<i64>> {
        let key = prop_oneof![
            4 => -50_i64..50,
            4 => 1_000_000_000_i64..1_000_100_000,
            1 => any::<i64>(),
            1 => Just(i64::MIN),
            1 => Just(i64::MAX),
        ];
        prop::collection::vec(key, 0..60).prop_map(|mut keys| {
            keys.sort_unstable();
            keys
        })
    }

    proptest! {
        #[test]
        fn a_bucket_finds_what_a_binary_search_finds(keys in keys(), other in any::<i64>()) {
            let buckets = Buckets::new(keys.iter().copied());
            let near = keys.iter().flat_map(|key| [key.saturating_sub(1), *key, key.saturating_add(1)]);
            for bound in near.chain([other, 0, i64::MIN, i64::MAX]) {
                prop_assert_eq!(
                    buckets.count_below(&keys, |key| *key, bound),
                    keys.partition_point(|key| *key < bound),
                    "below {}", bound
                );
            }
        }
    }
}
