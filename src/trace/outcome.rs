//! A whole trace with the documents it was made from, for a face to show.

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
    /// All resolutions in the order of sending, traced or not, as the summary's indexes count them.
    pub resolutions: Vec<Document>,
    /// What was found: one for each of `summary.resolutions`, in the same order.
    pub findings: Vec<Finding>,
    /// What needs all resolutions.
    pub summary: Summary,
}

impl Trace {
    /// How the directive was read, which every finding says alike; `None` when there is no finding.
    pub fn directive_outline(&self) -> Option<&Outline> {
        self.findings.first().map(|finding| &finding.comparison.outlines.left)
    }

    /// The finding of the resolution with this index in the order of sending.
    pub fn finding(&self, resolution: u32) -> Option<&Finding> {
        let at = self.summary.resolutions.iter().position(|traced| traced.resolution == resolution)?;
        self.findings.get(at)
    }
}
