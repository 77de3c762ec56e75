//! Two documents: what they share, which paragraphs correspond, what changed.

pub mod align;
pub mod background;
pub mod bigram;
pub mod comparison;
pub mod counting;
pub mod diff;
pub mod edit;
pub mod engine;
pub mod fate;
pub mod formula;
pub mod matching;
pub mod options;
pub mod origin;
pub mod passage;
pub mod phrase;
pub mod pipeline;
pub mod rarity;
pub mod shared_phrase;
pub mod words;
