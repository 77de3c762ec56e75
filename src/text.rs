//! One document, from bytes to tokens.

pub mod cancel;
pub mod citation;
pub mod date;
pub mod document;
pub mod normalize;
pub mod paragraph;
pub mod span;
