//! Things under numbers that are given out again.

use std::collections::HashMap;
use std::sync::Arc;

/// Things under small numbers. The number of one that was taken out is given out again.
#[derive(Debug)]
pub(super) struct Slots<T> {
    slots: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> Slots<T> {
    pub(super) fn get(&self, number: u32) -> Option<&T> {
        self.slots.get(number as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.slots.get_mut(number as usize)?.as_mut()
    }

    pub(super) fn put(&mut self, thing: T) -> u32 {
        if let Some(number) = self.free.pop()
            && let Some(slot) = self.slots.get_mut(number as usize)
        {
            *slot = Some(thing);
            return number;
        }
        self.slots.push(Some(thing));
        // No machine holds four thousand million of them.
        (self.slots.len() - 1) as u32
    }

    pub(super) fn take(&mut self, number: u32) -> Option<T> {
        let thing = self.slots.get_mut(number as usize)?.take()?;
        self.free.push(number);
        Some(thing)
    }
}

/// Names under small numbers, as long as somebody uses them.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<Arc<str>, u32>,
    names: Slots<Name>,
}

#[derive(Debug)]
struct Name {
    text: Arc<str>,
    uses: u64,
}

impl Names {
    pub(super) fn find(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    pub(super) fn text(&self, number: u32) -> &str {
        self.names.get(number).map_or("", |name| &name.text)
    }

    /// Returns the number of a name, and counts one use of it.
    pub(super) fn take(&mut self, text: &str) -> u32 {
        if let Some(number) = self.find(text)
            && let Some(name) = self.names.get_mut(number)
        {
            name.uses += 1;
            return number;
        }
        let text: Arc<str> = Arc::from(text);
        let number = self.names.put(Name {
            text: Arc::clone(&text),
            uses: 1,
        });
        self.numbers.insert(text, number);
        number
    }

    /// Ends one use of a name.
    pub(super) fn give_back(&mut self, number: u32) {
        let Some(name) = self.names.get_mut(number) else {
            return;
        };
        name.uses -= 1;
        if name.uses == 0
            && let Some(name) = self.names.take(number)
        {
            self.numbers.remove(&name.text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nobody_uses_any_more_leaves_its_number_to_another() {
        let mut names = Names::default();
        let first = names.take("first");
        assert_eq!(names.take("first"), first);
        let second = names.take("second");
        names.give_back(first);
        assert_eq!(names.find("first"), Some(first));
        names.give_back(first);
        assert_eq!(names.find("first"), None);
        assert_eq!(names.take("third"), first);
        assert_eq!((names.text(first), names.text(second)), ("third", "second"));
    }
}
