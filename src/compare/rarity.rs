//! How much a shared run tells: rare wording a lot, what everybody says nothing.
//!
//! In: the background's document counts. Out: bits. A run of characters that a share p of the background's documents
//! holds tells −log2 p (inverse document frequency, Spärck Jones 1972), taken in the genre where it is commonest: a
//! formula of one genre stays a formula in a document of the other. A long run is weighed by its windows of
//! [`WINDOW`] characters; each character takes the mean of the windows over it.

use super::background::Background;

/// Characters of a window.
const WINDOW: usize = 4;

/// Bits that a run of at most [`WINDOW`] characters tells.
pub fn gram_bits(background: &Background, gram: &[char]) -> f32 {
    let found = background.frequency(gram);
    let totals = background.titles();
    let bits = |count: u32, total: u32| {
        // Half a document is added, so that what the background does not hold is rare and not impossible.
        -(((count as f32) + 0.5) / (total as f32 + 1.0)).log2()
    };
    {let t=crate::compare::engine::env("PE_TAU",0.0); ((bits(found.reports, totals.reports).min(bits(found.regulations, totals.regulations))-t)*(6.68/(6.68-t))).max(0.0)}
}

/// Bits that each character of a run tells, summed.
pub fn run_bits(background: &Background, run: &[char]) -> f32 {
    if run.len() <= WINDOW {
        return gram_bits(background, run);
    }
    let windows: Vec<f32> = run.windows(WINDOW).map(|window| gram_bits(background, window)).collect();
    let mut sum = 0.0;
    for at in 0..run.len() {
        let first = at.saturating_sub(WINDOW - 1);
        let last = at.min(windows.len() - 1);
        let over = &windows[first..=last];
        sum += over.iter().sum::<f32>() / over.len() as f32;
    }
    sum / WINDOW as f32
}
