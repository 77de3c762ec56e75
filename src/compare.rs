//! Two documents: what they share, which paragraphs correspond, what changed.

pub mod comparison;
pub mod diff;
pub mod edit;
pub mod options;
pub mod phrase;
