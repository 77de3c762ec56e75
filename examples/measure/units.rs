//! The word diff and the phrase finder alone, on two times 100 000 units that are hard for them, and on words.

use policy_echo::compare::diff::edit_script;
use policy_echo::compare::engine::Engine;
use policy_echo::compare::options::CompareOptions;
use policy_echo::compare::phrase::shared_runs;
use policy_echo::compare::words::Words;
use policy_echo::text::cancel::{Cancel, StepBudget};
use policy_echo::text::document::Document;
use policy_echo::text::lexicon::CustomWords;
use policy_echo::text::span::{Pair, Side, Span};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::Failure;
use crate::clock::{Microseconds, now};

/// Units of a side.
const UNITS: usize = 100_000;

/// Numbers that are the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(bound)) as u32
    }

    fn units(&mut self, symbols: u32) -> Vec<u32> {
        (0..UNITS).map(|_| self.below(symbols)).collect()
    }
}

/// The hard pairs with their names.
fn cases() -> Vec<(&'static str, Vec<u32>, Vec<u32>)> {
    let mut random = Random(1);
    let ascending: Vec<u32> = (0..UNITS as u32).collect();
    let mut permuted = ascending.clone();
    for at in (1..UNITS).rev() {
        permuted.swap(at, random.below(at as u32 + 1) as usize);
    }
    let alternating = |first: u32| (0..UNITS as u32).map(|at| (at + first) % 2).collect::<Vec<u32>>();
    vec![
        ("abab", alternating(0), alternating(1)),
        ("aaaa", vec![0; UNITS], vec![0; UNITS - 1]),
        ("disjoint", ascending.clone(), (UNITS as u32..2 * UNITS as u32).collect()),
        ("permuted", ascending.clone(), permuted),
        ("reversed", ascending.clone(), ascending.into_iter().rev().collect()),
        ("random of 4", random.units(4), random.units(4)),
        ("random of 1000", random.units(1000), random.units(1000)),
    ]
}

/// One JSON object a pair: processor time of diff and phrases, edits, and whether they are proved to be minimal.
pub(crate) fn units() -> Result<Vec<String>, Failure> {
    let cancel = Cancel::new();
    let mut lines = Vec::new();
    for (name, left, right) in cases() {
        let began = now();
        let script = edit_script(&left, &right, &mut StepBudget::new(400_000_000), &cancel)?;
        let diff = now() - began;
        let per_character = CompareOptions::default().budgets.phrase_steps_per_character;
        let steps = per_character * (left.len() + right.len()) as u64;
        let began = now();
        let runs = shared_runs(Pair::new(left, right), 6, 16, &mut StepBudget::new(steps), &cancel)?;
        let phrases = now() - began;
        lines.push(format!(
            "{{\"case\":\"{name}\",\"diff_us\":{diff},\"edits\":{},\"minimal\":{},\"phrases_us\":{phrases},\"phrases\":{},\"phrases_complete\":{}}}",
            script.edits(),
            script.minimal,
            runs.runs.len(),
            runs.end == policy_echo::compare::comparison::StageEnd::Complete,
        ));
    }
    Ok(lines)
}

/// The word diff of two documents beside that of other engines over the same words: one JSON object.
pub(crate) fn peers(engine: &Engine, documents: &Pair<Document>) -> Result<String, Failure> {
    let cancel = Cancel::new();
    let left = engine.analyze(&documents.left, &cancel)?;
    let right = engine.analyze(&documents.right, &cancel)?;
    let analyses = Pair::new(&left, &right);
    let custom_words = CustomWords::default();
    let all = Words::new(analyses, engine.lexicon(), &custom_words);
    let number = |side: Side| -> Result<Vec<u32>, Failure> {
        let end = analyses.get(side).text.characters().len() as u32;
        let mut numbers = Vec::new();
        all.inside(side, Span::new(0, end), &cancel, |word| numbers.push(word.number))?;
        Ok(numbers)
    };
    let words = Pair::new(number(Side::Left)?, number(Side::Right)?);
    let began = now();
    let script = edit_script(&words.left, &words.right, &mut StepBudget::new(400_000_000), &cancel)?;
    let mut out = format!(
        "{{\"words\":[{},{}],\"policy-echo\":{{\"us\":{},\"edits\":{},\"minimal\":{}}}",
        words.left.len(),
        words.right.len(),
        now() - began,
        script.edits(),
        script.minimal,
    );
    let few = words.left.len().max(words.right.len()) <= 10_000;
    for (name, algorithm, affordable) in [
        ("similar, its default", Algorithm::Myers, true),
        ("similar RawMyers", Algorithm::RawMyers, few),
        ("similar Patience", Algorithm::Patience, true),
        ("similar Histogram", Algorithm::Histogram, true),
        ("similar Hunt", Algorithm::Hunt, true),
        ("similar Lcs", Algorithm::Lcs, few),
    ] {
        if affordable {
            let (time, edits) = peer(algorithm, &words);
            out.push_str(&format!(",\"{name}\":{{\"us\":{time},\"edits\":{edits}}}"));
        }
    }
    out.push('}');
    Ok(out)
}

fn peer(algorithm: Algorithm, words: &Pair<Vec<u32>>) -> (Microseconds, usize) {
    let began = now();
    let ops = capture_diff_slices(algorithm, &words.left, &words.right);
    let time = now() - began;
    let edits = |op: &DiffOp| match *op {
        DiffOp::Equal { .. } => 0,
        DiffOp::Delete { old_len, .. } => old_len,
        DiffOp::Insert { new_len, .. } => new_len,
        DiffOp::Replace { old_len, new_len, .. } => old_len + new_len,
    };
    (time, ops.iter().map(edits).sum())
}
