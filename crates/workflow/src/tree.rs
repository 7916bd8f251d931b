//! Any YAML value with its places, and the way from it to a typed one.

use std::fmt;
use std::ops::Range;

use serde::de::value::{StrDeserializer, UsizeDeserializer};
use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};
use serde_saphyr::Spanned;

use crate::source::{AT, At, placed};

/// Any YAML value, with its places.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    /// Values by key, in the order they are written. A key may stand there twice.
    Map(Vec<(At<String>, At<Tree>)>),
    /// Values in order.
    List(Vec<At<Tree>>),
    /// A value without parts.
    Leaf(Leaf),
}

/// A value without parts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Leaf {
    /// Nothing, or `null`.
    Nothing,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// Words.
    Text(String),
}

impl Default for Tree {
    fn default() -> Self {
        Self::Leaf(Leaf::Nothing)
    }
}

impl Tree {
    /// Returns words as a value.
    pub(crate) fn text(words: impl Into<String>) -> Self {
        Self::Leaf(Leaf::Text(words.into()))
    }
}

impl At<Tree> {
    /// Returns the value under a key.
    pub(crate) fn get(&self, key: &str) -> Option<&At<Tree>> {
        match &self.value {
            Tree::Map(pairs) => pairs
                .iter()
                .find(|(name, _)| name.value == key)
                .map(|(_, value)| value),
            Tree::List(_) | Tree::Leaf(_) => None,
        }
    }

    /// Returns the words, if it is words.
    pub(crate) fn words(&self) -> Option<&str> {
        match &self.value {
            Tree::Leaf(Leaf::Text(words)) => Some(words),
            _ => None,
        }
    }

    /// Moves all places by the start of the document, and gives what is empty something to
    /// underline: its first word.
    pub(crate) fn settle(&mut self, source: &str, start: usize) {
        settle_span(&mut self.span, source, start);
        match &mut self.value {
            Tree::Map(pairs) => {
                for (key, value) in pairs {
                    settle_span(&mut key.span, source, start);
                    value.settle(source, start);
                }
            }
            Tree::List(items) => {
                for item in items {
                    item.settle(source, start);
                }
            }
            Tree::Leaf(_) => {}
        }
    }
}

fn settle_span(span: &mut Range<usize>, source: &str, start: usize) {
    *span = (span.start + start).min(source.len())..(span.end + start).min(source.len());
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyTree;

        impl<'de> Visitor<'de> for AnyTree {
            type Value = Tree;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let mut pairs = Vec::new();
                while let Some((key, value)) = map.next_entry::<Spanned<String>, Spanned<Tree>>()? {
                    pairs.push((placed(key), placed(value)));
                }
                Ok(Tree::Map(pairs))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element::<Spanned<Tree>>()? {
                    items.push(placed(item));
                }
                Ok(Tree::List(items))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
                Ok(Tree::Leaf(Leaf::Boolean(value)))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
                Ok(Tree::Leaf(Leaf::Integer(value)))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
                Ok(Tree::Leaf(match i64::try_from(value) {
                    Ok(value) => Leaf::Integer(value),
                    Err(_) => Leaf::Number(f64::INFINITY),
                }))
            }

            fn visit_i128<E>(self, _: i128) -> Result<Tree, E> {
                Ok(Tree::Leaf(Leaf::Number(f64::INFINITY)))
            }

            fn visit_u128<E>(self, _: u128) -> Result<Tree, E> {
                Ok(Tree::Leaf(Leaf::Number(f64::INFINITY)))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
                Ok(Tree::Leaf(Leaf::Number(value)))
            }

            fn visit_str<E>(self, words: &str) -> Result<Tree, E> {
                Ok(Tree::text(words))
            }

            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Leaf(Leaf::Nothing))
            }
        }

        deserializer.deserialize_any(AnyTree)
    }
}

/// Why a tree does not become a typed value.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct TreeError(String);

impl de::Error for TreeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Reads a tree as a typed value.
pub(crate) struct TreeReader<'t>(pub(crate) &'t At<Tree>);

impl<'de> Deserializer<'de> for TreeReader<'_> {
    type Error = TreeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TreeError> {
        match &self.0.value {
            Tree::Map(pairs) => visitor.visit_map(Pairs { pairs, value: None }),
            Tree::List(items) => visitor.visit_seq(Items(items)),
            Tree::Leaf(Leaf::Nothing) => visitor.visit_unit(),
            Tree::Leaf(Leaf::Boolean(value)) => visitor.visit_bool(*value),
            Tree::Leaf(Leaf::Integer(value)) => visitor.visit_i64(*value),
            Tree::Leaf(Leaf::Number(value)) => visitor.visit_f64(*value),
            Tree::Leaf(Leaf::Text(words)) => visitor.visit_str(words),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TreeError> {
        match &self.0.value {
            Tree::Leaf(Leaf::Nothing) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, TreeError> {
        if name != AT {
            return visitor.visit_newtype_struct(self);
        }
        visitor.visit_seq(Placed {
            span: self.0.span.clone(),
            given: 0,
            value: Some(self),
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TreeError> {
        match self.0.words() {
            Some(words) => visitor.visit_enum(words.into_deserializer()),
            None => Err(de::Error::custom("a word is expected here")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// A key, which can be asked for its place too.
struct KeyReader<'t>(&'t At<String>);

impl<'de> Deserializer<'de> for KeyReader<'_> {
    type Error = TreeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TreeError> {
        visitor.visit_str(&self.0.value)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, TreeError> {
        let words: StrDeserializer<'_, TreeError> = self.0.value.as_str().into_deserializer();
        if name != AT {
            return visitor.visit_newtype_struct(words);
        }
        visitor.visit_seq(Placed {
            span: self.0.span.clone(),
            given: 0,
            value: Some(words),
        })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum option identifier ignored_any
    }
}

/// Start, end and value of something, as three elements.
struct Placed<D> {
    span: Range<usize>,
    given: usize,
    value: Option<D>,
}

impl<'de, D: Deserializer<'de, Error = TreeError>> SeqAccess<'de> for Placed<D> {
    type Error = TreeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, TreeError> {
        self.given += 1;
        let number = |place: usize| UsizeDeserializer::<TreeError>::new(place);
        match self.given {
            1 => seed.deserialize(number(self.span.start)).map(Some),
            2 => seed.deserialize(number(self.span.end)).map(Some),
            _ => match self.value.take() {
                Some(value) => seed.deserialize(value).map(Some),
                None => Ok(None),
            },
        }
    }
}

struct Pairs<'t> {
    pairs: &'t [(At<String>, At<Tree>)],
    value: Option<&'t At<Tree>>,
}

impl<'de> MapAccess<'de> for Pairs<'_> {
    type Error = TreeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, TreeError> {
        let Some(((key, value), rest)) = self.pairs.split_first() else {
            return Ok(None);
        };
        self.pairs = rest;
        self.value = Some(value);
        seed.deserialize(KeyReader(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, TreeError> {
        match self.value.take() {
            Some(value) => seed.deserialize(TreeReader(value)),
            None => Err(de::Error::custom("a value is asked for before its key")),
        }
    }
}

struct Items<'t>(&'t [At<Tree>]);

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = TreeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, TreeError> {
        let Some((item, rest)) = self.0.split_first() else {
            return Ok(None);
        };
        self.0 = rest;
        seed.deserialize(TreeReader(item)).map(Some)
    }
}
