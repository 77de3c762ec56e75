//! A comparison for a person to read.

pub mod terminal;
