//! Paragraphs: which echoes which ([`link`]), and one group for each ([`bead`]).
//!
//! In: both documents with their matched pieces and passages. Out: links, many to many, which say what echoes what;
//! and beads, which put every paragraph in exactly one group in readable order, crossing allowed and marked.
//! Always: a bead's pair is linked or identical; links are symmetric in the sides. Cost: sparse, in the pairs of
//! paragraphs that share anything, never in all pairs.

pub mod bead;
pub mod identical;
pub mod link;
pub mod order;

/// A pair of paragraphs with what speaks for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Index of the left paragraph.
    pub left: u32,
    /// Index of the right paragraph.
    pub right: u32,
    /// Strength, 0 to 1.
    pub similarity: f32,
    /// Weighted share of the left paragraph that the right one holds.
    pub left_coverage: f32,
    /// Weighted share of the right paragraph that the left one holds.
    pub right_coverage: f32,
}
