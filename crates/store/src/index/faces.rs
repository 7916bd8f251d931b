//! What cases have in common.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::slots::{Names, Slots};
use super::sorted::Sorted;

/// The faces of cases: all the texts of a case that other cases have too, taken together.
///
/// A million cases have few faces: workflow, state and who may act next go together. So a case
/// keeps the number of its face, a text keeps the faces it is part of, and a question is answered
/// by face first.
#[derive(Debug, Default)]
pub(super) struct Faces {
    words: Slots<Word>,
    by_text: HashMap<u32, HashMap<Arc<str>, u32>>,
    faces: Slots<Face>,
    by_words: HashMap<Arc<[u32]>, u32>,
}

/// A name and a text.
#[derive(Debug)]
struct Word {
    name: u32,
    text: Arc<str>,
    faces: BTreeSet<u32>,
}

#[derive(Debug)]
struct Face {
    /// In order, without the same one twice.
    words: Arc<[u32]>,
    cases: Sorted<u32>,
}

impl Faces {
    pub(super) fn word(&self, name: u32, text: &str) -> Option<u32> {
        self.by_text.get(&name)?.get(text).copied()
    }

    /// Adds a word that is not known yet. It takes over the caller's use of the name, and stays as
    /// long as some face has it.
    pub(super) fn add_word(&mut self, name: u32, text: &str) -> u32 {
        let text: Arc<str> = Arc::from(text);
        let word = self.words.put(Word {
            name,
            text: Arc::clone(&text),
            faces: BTreeSet::new(),
        });
        self.by_text.entry(name).or_default().insert(text, word);
        word
    }

    /// Returns the words of a face, in order.
    pub(super) fn words(&self, face: u32) -> &[u32] {
        self.faces.get(face).map_or(&[], |face| &face.words)
    }

    /// Returns the faces that have a word.
    pub(super) fn with_word(&self, word: u32) -> impl Iterator<Item = u32> + '_ {
        let faces = self.words.get(word).map(|word| word.faces.iter().copied());
        faces.into_iter().flatten()
    }

    /// Returns in how many faces a word is.
    pub(super) fn count(&self, word: u32) -> usize {
        self.words.get(word).map_or(0, |word| word.faces.len())
    }

    pub(super) fn cases(&self, face: u32) -> Option<&Sorted<u32>> {
        self.faces.get(face).map(|face| &face.cases)
    }

    /// Gives a case the face with these words, which are in order, and returns the face.
    pub(super) fn enter(&mut self, case: u32, words: &[u32]) -> u32 {
        let number = match self.by_words.get(words) {
            Some(number) => *number,
            None => self.add_face(words),
        };
        if let Some(face) = self.faces.get_mut(number) {
            face.cases.insert(case, |other| other < case);
        }
        number
    }

    fn add_face(&mut self, words: &[u32]) -> u32 {
        let words: Arc<[u32]> = Arc::from(words);
        let number = self.faces.put(Face {
            words: Arc::clone(&words),
            cases: Sorted::default(),
        });
        for word in words.iter() {
            if let Some(word) = self.words.get_mut(*word) {
                word.faces.insert(number);
            }
        }
        self.by_words.insert(words, number);
        number
    }

    /// Takes a case out of a face. What nothing has any more is forgotten.
    pub(super) fn leave(&mut self, case: u32, number: u32, names: &mut Names) {
        let Some(face) = self.faces.get_mut(number) else {
            return;
        };
        face.cases.remove(case, |other| other < case);
        if !face.cases.is_empty() {
            return;
        }
        let Some(face) = self.faces.take(number) else {
            return;
        };
        self.by_words.remove(&face.words);
        for number_of_word in face.words.iter() {
            let Some(word) = self.words.get_mut(*number_of_word) else {
                continue;
            };
            word.faces.remove(&number);
            if word.faces.is_empty()
                && let Some(word) = self.words.take(*number_of_word)
            {
                if let Some(texts) = self.by_text.get_mut(&word.name) {
                    texts.remove(&word.text);
                    if texts.is_empty() {
                        self.by_text.remove(&word.name);
                    }
                }
                names.give_back(word.name);
            }
        }
    }
}
