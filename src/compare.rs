//! Two documents: what they share, which paragraphs correspond, what changed.

pub mod background;
pub mod comparison;
pub mod options;
