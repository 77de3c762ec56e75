//! What needs all resolutions: who has wording from whom, and the phrases that came back.

use super::super::wrap::{Piece, shortened};
use super::super::{BOLD, DIM, PLAIN};
use super::Page;
use crate::compare::comparison::{OriginKind, StageEnd};
use crate::report::label::{self, Language, percent};
use crate::trace::finding::Source;
use crate::trace::summary::ChangedAttribution;

/// Pairs of resolutions shown that share wording.
const PAIRS: usize = 12;
/// Stretches shown whose best source is an earlier resolution.
const TAKEN: usize = 12;
/// Phrases shown.
const PHRASES: usize = 15;

impl Page<'_> {
    pub(super) fn taken(&mut self) {
        let mut taken: Vec<(usize, &ChangedAttribution)> = Vec::new();
        for at in &self.order {
            let from_elsewhere = self
                .resolution(*at)
                .changed
                .iter()
                .filter(|changed| matches!(changed.attribution.source(), Some(Source::EarlierResolution(_))));
            taken.extend(from_elsewhere.map(|changed| (*at, changed)));
        }
        if taken.is_empty() {
            return;
        }
        let weight = |changed: &ChangedAttribution| {
            changed.attribution.candidates.first().map_or(0.0, |candidate| candidate.weight)
        };
        taken.sort_by(|a, b| {
            weight(b.1).total_cmp(&weight(a.1)).then(a.0.cmp(&b.0)).then(a.1.stretch.cmp(&b.1.stretch))
        });
        self.heading(self.say("最佳来源是先出之文", "Best source is an earlier resolution"), taken.len());
        for (at, changed) in taken.iter().take(TAKEN) {
            let head = format!("{:>4}  ", self.number(*at));
            let from = format!("  {}", self.candidates(&changed.attribution));
            let words = shortened(&self.resolution_words(*at, changed.span), self.columns);
            self.line(&[Piece::label(head, BOLD), Piece::quoted(&words, PLAIN), Piece::quoted(&from, DIM)], 6);
        }
        self.more(taken.len().saturating_sub(TAKEN));
    }

    pub(super) fn kinship(&mut self) {
        let pairs = &self.trace.summary.shared_beyond;
        self.heading(self.say("上级文件之外的共同文字", "Wording shared beyond the directive"), pairs.len());
        if self.trace.summary.completeness == StageEnd::Budget {
            self.note(
                self.say("篇数过多，只比对了共有最多的各对", "too many pairs; those that share most were looked at"),
            );
        }
        let order: Vec<String> = self.trace.summary.kinship_order.iter().map(|index| (index + 1).to_string()).collect();
        if self.order.len() > 1 {
            let text = format!("{} {}", self.say("相近者相邻：", "those akin side by side:"), order.join(" "));
            self.note(&text);
        }
        for pair in pairs.iter().take(PAIRS) {
            let arrow = if pair.order_known { "→" } else { "–" };
            let head = format!("  {} {arrow} {}  ", pair.earlier + 1, pair.later + 1);
            let facts = format!(
                "{} {}  {} {}  {:.0} {}",
                self.say("占后者自有文字", "share of the later's own wording"),
                percent(pair.share),
                pair.runs,
                self.say("处", "runs"),
                pair.weight,
                self.say("比特", "bits"),
            );
            self.line(&[Piece::label(head, BOLD), Piece::label(facts, DIM)], 4);
            if let Some(example) = pair.examples.first() {
                let at = self.trace.summary.resolutions.iter().position(|traced| traced.resolution == pair.later);
                let words = at.map_or(String::new(), |at| self.resolution_words(at, example.later));
                let words = shortened(&words, self.columns - 8);
                self.line(&[Piece::label("      ", PLAIN), Piece::quoted(&words, PLAIN)], 6);
            }
        }
        self.more(pairs.len().saturating_sub(PAIRS));
    }

    pub(super) fn phrases(&mut self) {
        let phrases = &self.trace.summary.phrases;
        self.heading(self.say("回到各文的短语", "Phrases that came back"), phrases.len());
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for phrase in phrases {
            let name = origin_name(phrase.origin, self.language);
            match counts.iter_mut().find(|(known, _)| *known == name) {
                Some((_, count)) => *count += 1,
                None => counts.push((name, 1)),
            }
        }
        counts.sort_unstable();
        let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
        if !counts.is_empty() {
            let text = format!("{}{}", self.say("按来源：", "by origin: "), counts.join("  "));
            self.note(&text);
        }
        for phrase in phrases.iter().take(PHRASES) {
            let words = shortened(&self.directive_words(phrase.left), self.columns - 40);
            let facts = format!(
                "  {} {}  {:.0} {}  {}",
                phrase.resolutions.len(),
                self.say("篇", "resolutions"),
                phrase.weight,
                self.say("比特", "bits"),
                origin_name(phrase.origin, self.language)
            );
            self.line(&[Piece::label("  ", PLAIN), Piece::quoted(&words, PLAIN), Piece::label(facts, DIM)], 4);
        }
        self.more(phrases.len().saturating_sub(PHRASES));
    }
}

/// The name of an origin in a trace, where the left document is the directive.
fn origin_name(kind: OriginKind, language: Language) -> &'static str {
    match kind {
        OriginKind::Left => language.say("上级文件", "directive"),
        other => label::origin(other, language),
    }
}
