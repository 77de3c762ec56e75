//! What must hold of any answer, and a digest by which two runs are compared.

use std::fmt::Write;
use std::ops::Range;

use policy_echo::compare::comparison::{Comparison, Edit};
use policy_echo::text::span::{Raw, Span};

/// A digest of everything an answer says.
pub(crate) fn digest(answer: &Comparison) -> u64 {
    let mut sink = Fnv(0xcbf2_9ce4_8422_2325);
    // Writing into a sink that only mixes bytes cannot fail.
    let _ = write!(sink, "{answer:?}");
    sink.0
}

/// FNV-1a over what is written.
struct Fnv(u64);

impl Write for Fnv {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
        Ok(())
    }
}

/// Whether the edits of every bead cover its paragraphs on both sides without gap or overlap.
pub(crate) fn rebuilds(answer: &Comparison) -> bool {
    answer.beads.iter().all(|bead| {
        let stretches =
            |paragraphs: &Range<u32>, outline: &policy_echo::compare::comparison::Outline| -> Vec<Span<Raw>> {
                paragraphs.clone().map(|at| outline.paragraphs[at as usize].span).collect()
            };
        covers(&bead.edits, &stretches(&bead.left, &answer.outlines.left), |edit| edit.left)
            && covers(&bead.edits, &stretches(&bead.right, &answer.outlines.right), |edit| edit.right)
    })
}

fn covers(edits: &[Edit], stretches: &[Span<Raw>], side: impl Fn(&Edit) -> Span<Raw>) -> bool {
    let mut stretches = stretches.iter();
    let mut rest: Span<Raw> = Span::new(0, 0);
    for span in edits.iter().map(side).filter(|span| !span.is_empty()) {
        if rest.is_empty() {
            match stretches.next() {
                Some(next) => rest = *next,
                None => return false,
            }
        }
        if span.start() != rest.start() || span.end() > rest.end() {
            return false;
        }
        rest = Span::new(span.end(), rest.end());
    }
    rest.is_empty() && stretches.next().is_none()
}
