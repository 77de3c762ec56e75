//! Two documents: what they share, which paragraphs correspond, what changed.

pub mod background;
pub mod comparison;
pub mod diff;
pub mod engine;
pub mod formula;
pub mod matching;
pub mod options;
pub mod passage;
pub mod phrase;
pub mod rarity;
