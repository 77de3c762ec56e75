//! A whole trace with the documents it was made from, for a face to show.
//!
//! Always: `resolutions` is in the order of sending, so that the indexes of a [`Summary`] are positions in it.

use super::finding::Finding;
use super::summary::Summary;
use crate::compare::comparison::Outline;
use crate::text::document::Document;

/// A directive, the resolutions it was traced through, and what was found.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The directive.
    pub directive: Document,
    /// The references, as `Source::Reference` counts them.
    pub references: Vec<Document>,
    /// The resolutions, in the order of sending.
    pub resolutions: Vec<TracedDocument>,
    /// What needs all resolutions.
    pub summary: Summary,
}

/// A resolution and what it made of the directive.
#[derive(Clone, Debug)]
pub struct TracedDocument {
    /// The resolution.
    pub document: Document,
    /// What it made of the directive; `None` when it could not be traced, and then the summary does not name it.
    pub finding: Option<Finding>,
}

impl Trace {
    /// How the directive was read, which every finding says alike; `None` when there is no finding.
    pub fn directive_outline(&self) -> Option<&Outline> {
        self.resolutions.iter().find_map(|resolution| Some(&resolution.finding.as_ref()?.comparison.outlines.left))
    }

    /// The finding of the resolution with an index of the summary.
    pub fn finding(&self, resolution: u32) -> Option<&Finding> {
        self.resolutions.get(resolution as usize)?.finding.as_ref()
    }
}
