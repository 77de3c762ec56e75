//! Two documents: what they share, which paragraphs correspond, what changed.

pub mod comparison;
pub mod options;
