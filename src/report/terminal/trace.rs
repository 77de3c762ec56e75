//! A trace as text for a terminal.
//!
//! In: a [`Trace`] and a [`View`]. Out: text with ANSI colours, for `anstream` to print or strip. Always: nothing of a
//! document can steer the terminal, every line fits the columns, and no sign is wider in one terminal than in another:
//! cells of the matrix are ASCII. Resolutions have the numbers of the order of sending, and stand in the order of time:
//! those older than the directive, those that follow, those whose order is not known. Cost: linear in what is shown.

mod matrix;
mod shared;

use super::wrap::{Piece, shortened, width, write};
use super::{BOLD, DIM, LEFT_WORDS, PLAIN, RIGHT_WORDS, STRENGTH, View};
use crate::compare::comparison::{Cleaning, Fate};
use crate::report::glyph::words;
use crate::report::label::{Language, percent};
use crate::text::document::Document;
use crate::text::span::{Raw, Span};
use crate::trace::chronology::{Dating, Order};
use crate::trace::finding::{Attribution, ChangeSubject, Finding, NamedSource, Source, SourceCheck, Trend};
use crate::trace::outcome::Trace;
use crate::trace::summary::{SourceCount, Stretch, TracedResolution};

/// Columns of the table of resolutions: number, date, days, parts taken up, in part, not at all, share of echo.
const RESOLUTION_COLUMNS: [usize; 7] = [4, 13, 9, 7, 6, 8, 8];
/// Resolutions of which changes, additions and sources are shown.
const DETAILED: usize = 40;
/// Additions shown of a resolution.
const ADDITIONS: usize = 3;
/// Changes shown of a resolution.
const CHANGES: usize = 6;

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
    let order = trace.summary.by_time();
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
        self.trace.resolutions.get(index as usize).map_or("", Document::name)
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
                Piece::quoted(self.trace.directive.name(), PLAIN),
                Piece::label(date + &rows, DIM),
            ],
            4,
        );
        for (index, reference) in self.trace.references.iter().enumerate() {
            let label = format!("{} {}  ", self.say("参考文件", "reference"), index + 1);
            self.line(&[Piece::label(label, BOLD), Piece::quoted(reference.name(), PLAIN)], 4);
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
        self.resolution_head();
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

    /// What heads the table of resolutions.
    fn resolution_head(&mut self) {
        let names = [
            self.say("号", "no"),
            self.say("日期", "date"),
            self.say("相距日数", "days"),
            self.say("回应", "taken"),
            self.say("部分", "part"),
            self.say("落空", "silent"),
            self.say("占全文", "echo"),
        ];
        let cells = names.iter().zip(RESOLUTION_COLUMNS).map(|(name, columns)| right_aligned(name, columns));
        let line = format!("{}  {}", cells.collect::<String>(), self.say("文件", "resolution"));
        self.line(&[Piece::label(line, DIM)], 6);
    }

    fn resolution_line(&mut self, at: usize) {
        let traced = self.resolution(at);
        let chronology = traced.chronology;
        let [taken, partial, silent] = self.fate_counts(at).map(|count| count.to_string());
        let share = traced.score.verbatim + traced.score.localized + traced.score.adapted;
        let echo = if chronology.allows_echo() { percent(share) } else { "-".to_owned() };
        let lag = chronology.lag_days.map_or("-".to_owned(), |days| format!("{days:+}"));
        let number = right_aligned(&self.number(at).to_string(), RESOLUTION_COLUMNS[0]);
        let cells = [self.date(&chronology.resolution), lag, taken, partial, silent, echo];
        let cells = cells.iter().zip(&RESOLUTION_COLUMNS[1..]).map(|(cell, columns)| right_aligned(cell, *columns));
        let mut facts = String::new();
        if chronology.amended_after {
            let amended = chronology.resolution.amended.map_or(String::new(), |known| format!(" {}", known.date));
            facts += &format!("  {}{amended}", self.say("后修正", "amended later,"));
        }
        if let Some(reverse) = traced.reverse {
            facts += &format!(
                "  {} {} {} {:.0} {}",
                self.say("共有", "shares"),
                reverse.passages,
                self.say("处，", "passages,"),
                reverse.weight,
                self.say("比特", "bits")
            );
        }
        self.line(
            &[
                Piece::label(number, BOLD),
                Piece::label(cells.collect::<String>() + "  ", PLAIN),
                Piece::quoted(self.name(traced.resolution), PLAIN),
                Piece::label(facts, DIM),
            ],
            6,
        );
    }

    /// How many rows came back in one resolution, how many in part, how many not at all.
    fn fate_counts(&self, at: usize) -> [usize; 3] {
        let fates = self.trace.summary.rows.iter().filter_map(|row| Some(row.cells.get(at)?.fate));
        fates.fold([0; 3], |mut counts, fate| {
            counts[match fate {
                Fate::Silent => 2,
                Fate::Partial => 1,
                Fate::Kept | Fate::Adapted | Fate::Merged | Fate::Split | Fate::Moved => 0,
            }] += 1;
            counts
        })
    }

    /// The resolutions that are told in detail, in order of time.
    fn detailed(&self) -> Vec<usize> {
        self.order.iter().copied().take(DETAILED).collect()
    }

    /// Says how many resolutions are left out of [`Page::detailed`], if any.
    fn say_what_is_left_out(&mut self) {
        let left_out = self.order.len().saturating_sub(DETAILED);
        if left_out > 0 {
            self.note(&match self.language {
                Language::Chinese => format!("其余 {left_out} 件不在此详列；--format json 或 html 有全部"),
                Language::English => {
                    format!("{left_out} more resolutions are not told in detail here; --format json or html has all")
                }
            });
        }
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
        for at in self.detailed() {
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
        self.say_what_is_left_out();
    }

    fn additions(&mut self) {
        let count = self.trace.findings.iter().map(|finding| finding.additions.len()).sum();
        self.heading(self.say("本地新增（最有分量者）", "Local additions, the most telling"), count);
        for at in self.detailed() {
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
        self.say_what_is_left_out();
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
        for at in self.detailed() {
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
        self.say_what_is_left_out();
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

/// The text behind so many blanks that it takes `columns`.
fn right_aligned(text: &str, columns: usize) -> String {
    format!("{}{text}", " ".repeat(columns.saturating_sub(width(text)).max(1)))
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
