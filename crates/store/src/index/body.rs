//! What the index keeps of a case by itself, and where.

/// What a case has that stands nowhere else. Names are numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Body<'a> {
    pub(super) revision: u64,
    pub(super) integers: Vec<(u32, i64)>,
    /// The texts that no other case had when this one got them, such as its number.
    pub(super) own: Vec<(u32, &'a str)>,
    pub(super) timers: Vec<(u32, i64)>,
}

impl<'a> Body<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Self {
        let mut reader = Reader { bytes };
        Self {
            revision: reader.number(),
            integers: reader.integers().collect(),
            own: (0..reader.number())
                .map(|_| (reader.name(), reader.text()))
                .collect(),
            timers: reader.integers().collect(),
        }
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64);
        put_number(&mut bytes, self.revision);
        put_integers(&mut bytes, &self.integers);
        put_number(&mut bytes, self.own.len() as u64);
        for (name, text) in &self.own {
            put_number(&mut bytes, u64::from(*name));
            put_number(&mut bytes, text.len() as u64);
            bytes.extend(text.as_bytes());
        }
        put_integers(&mut bytes, &self.timers);
        bytes
    }
}

pub(super) fn revision(bytes: &[u8]) -> u64 {
    Reader { bytes }.number()
}

/// Returns the integers under a name.
pub(super) fn integers(bytes: &[u8], name: u32) -> impl Iterator<Item = i64> + '_ {
    let mut reader = Reader { bytes };
    reader.number();
    let count = reader.number();
    (0..count).filter_map(move |_| {
        let (own, integer) = reader.integer();
        (own == name).then_some(integer)
    })
}

/// Returns whether this text is one of the case's own.
pub(super) fn owns(bytes: &[u8], name: u32, text: &str) -> bool {
    let mut reader = Reader { bytes };
    reader.number();
    reader.integers().for_each(drop);
    let count = reader.number();
    (0..count).any(|_| (reader.name(), reader.text()) == (name, text))
}

fn put_integers(bytes: &mut Vec<u8>, integers: &[(u32, i64)]) {
    put_number(bytes, integers.len() as u64);
    for (name, integer) in integers {
        put_number(bytes, u64::from(*name));
        // The sign goes to the end, so that small numbers are short whatever their sign.
        put_number(bytes, ((integer << 1) ^ (integer >> 63)) as u64);
    }
}

fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Reads what was written by this process; nothing of it comes from outside.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn number(&mut self) -> u64 {
        let mut number = 0;
        let mut shift = 0;
        while let Some((byte, rest)) = self.bytes.split_first() {
            self.bytes = rest;
            number |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        number
    }

    fn name(&mut self) -> u32 {
        self.number() as u32
    }

    fn text(&mut self) -> &'a str {
        let len = self.number() as usize;
        let (text, rest) = self.bytes.split_at_checked(len).unwrap_or_default();
        self.bytes = rest;
        str::from_utf8(text).unwrap_or_default()
    }

    fn integer(&mut self) -> (u32, i64) {
        let name = self.name();
        let turned = self.number();
        (name, (turned >> 1) as i64 ^ -((turned & 1) as i64))
    }

    fn integers(&mut self) -> impl Iterator<Item = (u32, i64)> + use<'_, 'a> {
        let count = self.number();
        (0..count).map(|_| self.integer())
    }
}

/// The bodies of all cases, by number of the case.
///
/// A few stand together in one stretch of memory, one behind the other: a stretch for each would
/// take half as much again.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    shelves: Vec<Vec<u8>>,
}

/// The bodies of one shelf.
const SHELF: usize = 16;
/// The bytes a shelf that is full grows by.
const GROWTH: usize = 32;

impl Bodies {
    pub(super) fn get(&self, case: u32) -> &[u8] {
        let (shelf, at) = place(case);
        let shelf = self.shelves.get(shelf).map_or(&[][..], Vec::as_slice);
        let mut reader = Reader { bytes: shelf };
        for _ in 0..at {
            reader.skip();
        }
        let len = reader.number() as usize;
        reader.bytes.get(..len).unwrap_or_default()
    }

    /// Puts the body of a case in place of the one it had, or behind all others.
    pub(super) fn put(&mut self, case: u32, body: &[u8]) {
        let (shelf, at) = place(case);
        if self.shelves.len() <= shelf {
            self.shelves.resize_with(shelf + 1, Vec::new);
        }
        let Some(shelf) = self.shelves.get_mut(shelf) else {
            return;
        };
        let mut reader = Reader { bytes: shelf };
        for _ in 0..at {
            reader.skip();
        }
        let start = shelf.len() - reader.bytes.len();
        reader.skip();
        let end = shelf.len() - reader.bytes.len();
        let mut prefixed = Vec::with_capacity(body.len() + 4);
        put_number(&mut prefixed, body.len() as u64);
        prefixed.extend(body);
        let len = shelf.len() - (end - start) + prefixed.len();
        if len > shelf.capacity() {
            shelf.reserve_exact(len + GROWTH - shelf.len());
        }
        shelf.splice(start..end, prefixed);
        if shelf.capacity() - len > 8 * GROWTH {
            shelf.shrink_to(len + GROWTH);
        }
    }
}

impl Reader<'_> {
    fn skip(&mut self) {
        let len = self.number() as usize;
        self.bytes = self.bytes.get(len..).unwrap_or_default();
    }
}

fn place(case: u32) -> (usize, usize) {
    let case = case as usize;
    (case / SHELF, case % SHELF)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_body_is_read_as_it_was_written(
            revision: u64,
            integers: Vec<(u32, i64)>,
            own: Vec<(u32, String)>,
            timers: Vec<(u32, i64)>,
        ) {
            let own: Vec<(u32, &str)> = own.iter().map(|(name, text)| (*name, text.as_str())).collect();
            let body = Body { revision, integers, own, timers };
            let bytes = body.write();
            prop_assert_eq!(&Body::read(&bytes), &body);
            prop_assert_eq!(super::revision(&bytes), revision);
            for (name, integer) in &body.integers {
                prop_assert!(super::integers(&bytes, *name).any(|own| own == *integer));
            }
            for (name, text) in &body.own {
                prop_assert!(owns(&bytes, *name, text));
            }
        }

        #[test]
        fn each_case_has_the_body_it_was_given_last(
            puts in prop::collection::vec((0_u32..40, prop::collection::vec(any::<u8>(), 0..300)), 0..200),
        ) {
            let mut bodies = Bodies::default();
            let mut model: Vec<Vec<u8>> = Vec::new();
            for (case, body) in puts {
                let case = (case as usize).min(model.len());
                bodies.put(case as u32, &body);
                if case == model.len() {
                    model.push(body);
                } else {
                    model[case] = body;
                }
            }
            for (case, body) in model.iter().enumerate() {
                prop_assert_eq!(bodies.get(case as u32), body.as_slice());
            }
        }
    }
}
