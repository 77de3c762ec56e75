//! A trace as text for a terminal.
//!
//! In: a [`Trace`] and a [`View`]. Out: text with ANSI colours, for `anstream` to print or strip. Always: nothing of a
//! document can steer the terminal, every line fits the columns, and no sign is wider in one terminal than in another:
//! cells of the matrix are ASCII. Resolutions have the numbers of the order of sending, and stand in the order of time:
//! those older than the directive, those that follow, those whose order is not known. Cost: linear in what is shown.

use anstyle::Style;

use super::wrap::{Piece, shortened, width, write};
use super::{BOLD, DIM, LEFT_WORDS, LOCALIZED, PLAIN, RIGHT_WORDS, STRENGTH, View};
use crate::compare::comparison::{Cleaning, Fate, StageEnd};
use crate::report::glyph::words;
use crate::report::label::{self, FATES, Language, percent};
use crate::text::document::Document;
use crate::text::span::{Raw, Span};
use crate::trace::chronology::{Dating, Order};
use crate::trace::finding::{Attribution, ChangeSubject, Finding, NamedSource, Source, SourceCheck, Trend};
use crate::trace::outcome::Trace;
use crate::trace::summary::{MatrixRow, SourceCount, Stretch, TracedResolution};

/// Columns that a row's words get at least.
const MIN_WORDS_COLUMNS: usize = 26;
/// Tables side by side that a matrix is cut into at most; of more resolutions each row shows counts.
const MAX_TABLES: usize = 4;
/// Additions shown of a resolution.
const ADDITIONS: usize = 3;
/// Changes shown of a resolution.
const CHANGES: usize = 6;
/// Pairs of resolutions shown that share wording.
const PAIRS: usize = 12;
/// Stretches shown whose best source is an earlier resolution.
const TAKEN: usize = 12;
/// Phrases shown.
const PHRASES: usize = 15;
/// Rows of the silence list shown.
const SILENT: usize = 40;

/// The sign of a fate in the matrix.
pub(in crate::report) fn sign(fate: Fate) -> char {
    match fate {
        Fate::Kept => '#',
        Fate::Adapted => '*',
        Fate::Merged => '&',
        Fate::Split => '/',
        Fate::Moved => '>',
        Fate::Partial => '+',
        Fate::Silent => '.',
    }
}

/// Renders a trace.
pub fn render_trace(trace: &Trace, view: &View) -> String {
    let cleanings = trace.directive_outline().map_or(&[][..], |outline| &outline.cleanings);
    let mut order: Vec<usize> = (0..trace.summary.resolutions.len()).collect();
    order.sort_by_key(|at| {
        let traced = &trace.summary.resolutions[*at];
        let date = traced.chronology.resolution.date.map(|known| known.date);
        (rank(traced.chronology.order), date.is_none(), date, traced.resolution)
    });
    let mut page = Page { trace, cleanings, order, language: view.language, columns: view.columns, out: String::new() };
    page.head();
    page.resolutions();
    page.matrix();
    page.silence();
    page.changes();
    page.additions();
    page.sources();
    page.taken();
    page.kinship();
    page.phrases();
    page.out
}

/// The order of sections of time.
fn rank(order: Order) -> u8 {
    match order {
        Order::Preceding => 0,
        Order::Following => 1,
        Order::Unknown => 2,
    }
}

struct Page<'a> {
    trace: &'a Trace,
    /// Those of the directive.
    cleanings: &'a [Cleaning],
    /// Positions in the summary's resolutions, in order of time.
    order: Vec<usize>,
    language: Language,
    columns: usize,
    out: String,
}

impl<'a> Page<'a> {
    fn say(&self, chinese: &'static str, english: &'static str) -> &'static str {
        self.language.say(chinese, english)
    }

    fn line(&mut self, pieces: &[Piece], indent: usize) {
        write(&mut self.out, pieces, indent, self.columns);
    }

    fn heading(&mut self, title: &str, count: usize) {
        self.out.push('\n');
        self.line(&[Piece::label(title, BOLD), Piece::label(format!("  {count}"), DIM)], 0);
    }

    fn note(&mut self, text: &str) {
        self.line(&[Piece::label(format!("  {text}"), DIM)], 2);
    }

    fn more(&mut self, count: usize) {
        if count > 0 {
            let text = format!("{} {count}", self.say("另有", "more:"));
            self.note(&text);
        }
    }

    fn resolution(&self, at: usize) -> &'a TracedResolution {
        &self.trace.summary.resolutions[at]
    }

    fn finding(&self, at: usize) -> Option<&'a Finding> {
        self.trace.findings.get(at)
    }

    /// The number of a resolution as it is shown, from 1.
    fn number(&self, at: usize) -> u32 {
        self.resolution(at).resolution + 1
    }

    fn name(&self, index: u32) -> &'a str {
        self.trace.resolutions.get(index as usize).map_or("", name)
    }

    fn directive_words(&self, span: Span<Raw>) -> String {
        words(self.trace.directive.text(), self.cleanings, span)
    }

    fn resolution_words(&self, at: usize, span: Span<Raw>) -> String {
        let Some(document) = self.trace.resolutions.get(self.resolution(at).resolution as usize) else {
            return String::new();
        };
        let cleanings = self.finding(at).map_or(&[][..], |finding| &finding.comparison.outlines.right.cleanings);
        words(document.text(), cleanings, span)
    }

    fn head(&mut self) {
        let date = self.trace.summary.resolutions.first().map(|traced| traced.chronology.directive);
        let date = date.map_or(String::new(), |dating| format!("  {}", self.date(&dating)));
        let rows = self.trace.summary.rows.len();
        let rows = format!("  {rows} {}", self.say("条目和段落", "items and paragraphs"));
        self.line(
            &[
                Piece::label(self.say("上级文件  ", "directive  "), BOLD),
                Piece::quoted(name(&self.trace.directive), PLAIN),
                Piece::label(date + &rows, DIM),
            ],
            4,
        );
        for (index, reference) in self.trace.references.iter().enumerate() {
            let label = format!("{} {}  ", self.say("参考文件", "reference"), index + 1);
            self.line(&[Piece::label(label, BOLD), Piece::quoted(name(reference), PLAIN)], 4);
        }
        let missing = self.trace.resolutions.len() - self.order.len();
        if missing > 0 {
            let text = format!("{missing} {}", self.say("篇未能追踪", "resolutions could not be traced"));
            self.line(&[Piece::label(text, STRENGTH)], 2);
        }
    }

    /// A date as it is shown: one that was read from the text is marked, of one that is not known what bounds it.
    fn date(&self, dating: &Dating) -> String {
        match (dating.date, dating.not_before) {
            (Some(known), _) => {
                format!("{}{}", if known.inferred_from.is_some() { "~" } else { "" }, known.date)
            }
            (None, Some(bound)) => format!("{}{}", self.say("不早于 ", "not before "), bound.date),
            (None, None) => self.say("日期不详", "no date").to_owned(),
        }
    }

    fn resolutions(&mut self) {
        self.heading(self.say("各文（按时间）", "Resolutions, by time"), self.order.len());
        let mut shown = None;
        for at in self.order.clone() {
            let order = self.resolution(at).chronology.order;
            if shown != Some(order) {
                shown = Some(order);
                let title = match order {
                    Order::Preceding => self.say(
                        "早于上级文件：相同之处不算回应，可能是上级文件采自下级",
                        "older than the directive: what they share is no echo; the directive may have taken it up",
                    ),
                    Order::Following => self.say("晚于上级文件", "younger than the directive"),
                    Order::Unknown => self.say("先后不能判定", "order not known"),
                };
                self.note(title);
            }
            self.resolution_line(at);
        }
        self.note(self.say("~ 日期由正文推定", "~ date inferred from the text"));
    }

    fn resolution_line(&mut self, at: usize) {
        let traced = self.resolution(at);
        let chronology = traced.chronology;
        let mut facts = format!("  {}", self.date(&chronology.resolution));
        if let Some(days) = chronology.lag_days {
            facts += &format!("  {days:+} {}", self.say("日", "days"));
        }
        if chronology.amended_after {
            let amended = chronology.resolution.amended.map_or(String::new(), |known| format!(" {}", known.date));
            facts += &format!("  {}{amended}", self.say("后修正", "amended later,"));
        }
        let counts = self.fate_counts(at);
        let share = traced.score.verbatim + traced.score.localized + traced.score.adapted;
        facts += &match traced.reverse {
            Some(reverse) => format!(
                "  {} {} {} {:.0} {}",
                self.say("共有", "shares"),
                reverse.passages,
                self.say("处", "passages,"),
                reverse.weight,
                self.say("比特", "bits")
            ),
            None => format!("  {} {}", self.say("回应占全文", "echo is"), percent(share)),
        };
        let number = format!("{:>4}  ", self.number(at));
        self.line(
            &[
                Piece::label(number, BOLD),
                Piece::quoted(self.name(traced.resolution), PLAIN),
                Piece::label(facts, DIM),
                Piece::label(counts, PLAIN),
            ],
            6,
        );
    }

    /// How many rows have which fate in one resolution.
    fn fate_counts(&self, at: usize) -> String {
        let rows = &self.trace.summary.rows;
        let counts = FATES.map(|fate| {
            let count = rows.iter().filter(|row| row.cells.get(at).is_some_and(|cell| cell.fate == fate)).count();
            if count > 0 { format!("  {} {count}", label::fate(fate, self.language)) } else { String::new() }
        });
        counts.concat()
    }

    fn matrix(&mut self) {
        let rows = &self.trace.summary.rows;
        if rows.is_empty() || self.order.is_empty() {
            return;
        }
        self.heading(self.say("条目去向", "What became of each part"), rows.len());
        let legend = FATES.map(|fate| format!("{} {}", sign(fate), label::fate(fate, self.language))).join("  ");
        self.note(&legend);
        let highest = self.order.iter().map(|at| self.number(*at)).max().unwrap_or(1);
        let cell_columns = highest.to_string().len() + 1;
        let most = (self.columns.saturating_sub(MIN_WORDS_COLUMNS + 4) / cell_columns).max(1);
        if self.order.len().div_ceil(most) > MAX_TABLES {
            return self.counted_matrix(rows);
        }
        for columns in self.order.clone().chunks(most) {
            let room = self.columns - 4 - columns.len() * cell_columns;
            let mut head = vec![Piece::label(" ".repeat(room + 2), PLAIN)];
            for at in columns {
                let style = if self.resolution(*at).chronology.allows_echo() { BOLD } else { DIM };
                head.push(Piece::label(format!("{:>cell_columns$}", self.number(*at)), style));
            }
            self.line(&head, 2);
            for row in rows {
                let mut pieces = self.row_words(row, room);
                for at in columns {
                    let Some(cell) = row.cells.get(*at) else { continue };
                    let style = self.cell_style(*at, cell.fate);
                    pieces.push(Piece::label(format!("{:>cell_columns$}", sign(cell.fate)), style));
                }
                self.line(&pieces, 2);
            }
        }
    }

    fn cell_style(&self, at: usize, fate: Fate) -> Style {
        match fate {
            _ if !self.resolution(at).chronology.allows_echo() => DIM,
            Fate::Silent => DIM,
            Fate::Kept => RIGHT_WORDS,
            Fate::Partial => STRENGTH,
            Fate::Adapted | Fate::Merged | Fate::Split | Fate::Moved => LOCALIZED,
        }
    }

    /// A row's words, cut or filled to `room` columns behind its indentation.
    fn row_words(&self, row: &MatrixRow, room: usize) -> Vec<Piece> {
        let indent = 2 * (row.depth as usize).min(4);
        let words = shortened(&self.directive_words(row.span), room - indent);
        let filler = " ".repeat(room.saturating_sub(indent + width(&words)));
        vec![Piece::label(" ".repeat(2 + indent), PLAIN), Piece::quoted(&words, PLAIN), Piece::label(filler, PLAIN)]
    }

    /// Of very many resolutions: for each row how many have which fate; those older than the directive are not counted.
    fn counted_matrix(&mut self, rows: &[MatrixRow]) {
        self.note(
            self.say("篇数，不含早于上级文件者", "number of resolutions, without those older than the directive"),
        );
        let asked: Vec<usize> =
            self.order.iter().copied().filter(|at| self.resolution(*at).chronology.allows_echo()).collect();
        let cell_columns = asked.len().to_string().len().max(1) + 2;
        let room = self.columns - 4 - FATES.len() * cell_columns;
        let mut head = " ".repeat(room + 2);
        FATES.iter().for_each(|fate| head += &format!("{:>cell_columns$}", sign(*fate)));
        self.line(&[Piece::label(head, BOLD)], 2);
        for row in rows {
            let mut pieces = self.row_words(row, room);
            for fate in FATES {
                let count = asked.iter().filter(|at| row.cells.get(**at).is_some_and(|cell| cell.fate == fate)).count();
                let style = if count == 0 { DIM } else { PLAIN };
                pieces.push(Piece::label(format!("{count:>cell_columns$}"), style));
            }
            self.line(&pieces, 2);
        }
    }

    fn silence(&mut self) {
        let summary = &self.trace.summary;
        self.heading(self.say("无一回应", "Nobody took up"), summary.silence.len());
        if summary.silence.is_empty() {
            self.note(self.say("无", "none"));
        }
        for row in summary.silence.iter().take(SILENT).filter_map(|at| summary.rows.get(*at as usize)) {
            let words = shortened(&self.directive_words(row.span), self.columns - 16);
            let facts = format!("  {:.0} {}", row.weight, self.say("比特", "bits"));
            self.line(&[Piece::label("  ", PLAIN), Piece::quoted(&words, PLAIN), Piece::label(facts, DIM)], 4);
        }
        self.more(summary.silence.len().saturating_sub(SILENT));
    }

    /// A line that names a resolution above what is said of it.
    fn resolution_title(&mut self, at: usize) {
        let number = format!("{:>4}  ", self.number(at));
        let name = self.name(self.resolution(at).resolution);
        self.line(&[Piece::label(number, BOLD), Piece::quoted(name, PLAIN)], 6);
    }

    fn changes(&mut self) {
        let count = self.trace.findings.iter().map(|finding| finding.changes.len()).sum();
        self.heading(self.say("力度与数字的变动", "Changes of strength and figures"), count);
        for at in self.order.clone() {
            let Some(finding) = self.finding(at).filter(|finding| !finding.changes.is_empty()) else { continue };
            self.resolution_title(at);
            for change in finding.changes.iter().take(CHANGES) {
                let passage = &finding.comparison.passages[change.passage as usize];
                let Some(edit) = passage.edits.get(change.edit as usize) else { continue };
                let subject = match change.subject {
                    ChangeSubject::Strength => self.say("力度", "strength"),
                    ChangeSubject::Number => self.say("数字", "figure"),
                };
                let head = format!("      {subject} {}  ", trend(change.trend, self.language));
                let mut pieces = vec![Piece::label(head, STRENGTH)];
                let room = self.columns / 3;
                if !edit.left.is_empty() {
                    let words = shortened(&self.directive_words(edit.left), room);
                    pieces.push(Piece::quoted(&format!("[-{words}-]"), LEFT_WORDS));
                }
                if !edit.right.is_empty() {
                    let words = shortened(&self.resolution_words(at, edit.right), room);
                    pieces.push(Piece::quoted(&format!("{{+{words}+}}"), RIGHT_WORDS));
                }
                let around = self.directive_words(passage.left);
                pieces.push(Piece::quoted(&format!("  {}", shortened(&around, room)), DIM));
                self.line(&pieces, 8);
            }
            self.more(finding.changes.len().saturating_sub(CHANGES));
        }
    }

    fn additions(&mut self) {
        let count = self.trace.findings.iter().map(|finding| finding.additions.len()).sum();
        self.heading(self.say("本地新增（最有分量者）", "Local additions, the most telling"), count);
        for at in self.order.clone() {
            let Some(finding) = self.finding(at).filter(|finding| !finding.additions.is_empty()) else { continue };
            self.resolution_title(at);
            for (index, addition) in finding.additions.iter().take(ADDITIONS).enumerate() {
                let sources = self.settled(at, Stretch::Addition(index as u32), &addition.attribution);
                let from = sources.source().map_or(String::new(), |_| {
                    format!("{}{}", self.say("，见于 ", ", as in "), self.candidates(sources))
                });
                let facts = format!("  {:.0} {}{from}", addition.weight, self.say("比特", "bits"));
                let room = (2 * self.columns).saturating_sub(12 + width(&facts));
                let words = shortened(&self.resolution_words(at, addition.span), room);
                self.line(
                    &[Piece::label("      + ", PLAIN), Piece::quoted(&words, PLAIN), Piece::quoted(&facts, DIM)],
                    8,
                );
            }
            self.more(finding.additions.len().saturating_sub(ADDITIONS));
        }
    }

    /// The attribution of a stretch now that all resolutions are known.
    fn settled<'b>(&self, at: usize, stretch: Stretch, before: &'b Attribution) -> &'b Attribution
    where
        'a: 'b,
    {
        let changed = self.resolution(at).changed.iter().find(|changed| changed.stretch == stretch);
        changed.map_or(before, |changed| &changed.attribution)
    }

    /// The sources of a stretch, best first, each with the share that it explains.
    fn candidates(&self, sources: &Attribution) -> String {
        let list = sources
            .candidates
            .iter()
            .map(|candidate| format!("{} {}", self.source(Some(candidate.source)), percent(candidate.share)));
        list.collect::<Vec<_>>().join(self.say("；其次 ", "; then "))
    }

    fn source(&self, source: Option<Source>) -> String {
        match source {
            Some(Source::Directive) => self.say("上级文件", "directive").to_owned(),
            Some(Source::Reference(index)) => format!("{} {}", self.say("参考文件", "reference"), index + 1),
            Some(Source::EarlierResolution(index)) => {
                format!("{} {}", self.say("先出之文", "resolution"), index + 1)
            }
            Some(Source::Formula) => self.say("套话", "formula").to_owned(),
            Some(Source::Undetermined) => self.say("来源未定", "undetermined").to_owned(),
            None => self.say("本文自有", "own").to_owned(),
        }
    }

    fn sources(&mut self) {
        self.heading(self.say("来源：自称与实际", "Sources: named and echoed"), self.order.len());
        for at in self.order.clone() {
            self.resolution_title(at);
            let counts = source_counts(&self.resolution(at).sources);
            let counts: Vec<String> =
                counts.iter().map(|count| format!("{} {}", self.source(count.source), count.stretches)).collect();
            let head = self.say("      文句：", "      stretches: ");
            self.line(&[Piece::label(head, DIM), Piece::label(counts.join("  "), PLAIN)], 8);
            let Some(finding) = self.finding(at) else { continue };
            for (label, checks) in [
                (self.say("      自称且有回应：", "      named and echoed: "), select(finding, true, Some(true))),
                (self.say("      自称而无回应：", "      named, not echoed: "), select(finding, true, Some(false))),
                (self.say("      有回应而未称：", "      echoed, not named: "), select(finding, false, Some(true))),
                (self.say("      另称引：", "      also named: "), select(finding, true, None)),
            ] {
                if checks.is_empty() {
                    continue;
                }
                let names: Vec<String> = checks.iter().map(|check| self.named(at, finding, check)).collect();
                let names = names.join(self.say("、", ", "));
                self.line(&[Piece::label(label, DIM), Piece::quoted(&names, PLAIN)], 8);
            }
        }
    }

    fn named(&self, at: usize, finding: &Finding, check: &SourceCheck) -> String {
        match check.source {
            NamedSource::Directive => self.say("上级文件", "directive").to_owned(),
            NamedSource::Reference(index) => self.source(Some(Source::Reference(index))),
            NamedSource::Citation(index) => {
                let citation = finding.comparison.outlines.right.citations.get(index as usize);
                let words = citation.map_or(String::new(), |citation| self.resolution_words(at, citation.span));
                shortened(&words, self.columns - 12)
            }
        }
    }

    fn taken(&mut self) {
        let mut taken: Vec<(usize, &crate::trace::summary::ChangedAttribution)> = Vec::new();
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
        let weight = |changed: &crate::trace::summary::ChangedAttribution| {
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

    fn kinship(&mut self) {
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

    fn phrases(&mut self) {
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

/// Counts with the directive first, then by number.
fn source_counts(counts: &[SourceCount]) -> Vec<SourceCount> {
    let mut sorted = counts.to_vec();
    sorted.sort_by_key(|count| {
        (count.source != Some(Source::Directive), std::cmp::Reverse(count.stretches), count.source)
    });
    sorted
}

/// The checks of a finding that are declared or not, and echoed, not echoed or not to be known.
fn select(finding: &Finding, declared: bool, echoed: Option<bool>) -> Vec<&SourceCheck> {
    let wanted = |check: &&SourceCheck| check.declared_by.is_some() == declared && check.echoed == echoed;
    finding.sources.iter().filter(wanted).collect()
}

/// The name of an origin in a trace, where the left document is the directive.
fn origin_name(kind: crate::compare::comparison::OriginKind, language: Language) -> &'static str {
    match kind {
        crate::compare::comparison::OriginKind::Left => language.say("上级文件", "directive"),
        other => label::origin(other, language),
    }
}

/// The name of a trend.
fn trend(trend: Trend, language: Language) -> &'static str {
    match trend {
        Trend::Raised => language.say("提高", "raised"),
        Trend::Lowered => language.say("降低", "lowered"),
        Trend::Dropped => language.say("删去", "dropped"),
        Trend::Added => language.say("增加", "added"),
        Trend::Replaced => language.say("改换", "replaced"),
    }
}

/// A document's title or, without one, the caller's name for it.
fn name(document: &Document) -> &str {
    let metadata = document.metadata();
    if metadata.title.is_empty() { &metadata.id } else { &metadata.title }
}
