//! One document, from bytes to sentences and items, and the lexicon that cuts words.

pub mod analysis;
pub mod cancel;
pub mod citation;
pub mod date;
pub mod decode;
pub mod document;
pub mod enumerator;
pub mod item;
pub mod lexicon;
pub mod normalize;
pub mod paragraph;
pub mod place;
pub mod sentence;
pub mod span;
pub mod word_map;
pub mod word_numbers;
