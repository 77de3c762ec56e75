//! The matrix, and what nobody took up.

use anstyle::Style;

use super::super::wrap::{Piece, shortened, width};
use super::super::{BOLD, DIM, LOCALIZED, PLAIN, RIGHT_WORDS, STRENGTH};
use super::{Page, sign};
use crate::compare::comparison::Fate;
use crate::report::label::{self, FATES};
use crate::trace::summary::MatrixRow;

/// Columns that a row's words get at least.
const MIN_WORDS_COLUMNS: usize = 26;
/// Tables side by side that a matrix is cut into at most; of more resolutions each row shows counts.
const MAX_TABLES: usize = 4;
/// Rows of the silence list shown.
const SILENT: usize = 40;

impl Page<'_> {
    pub(super) fn matrix(&mut self) {
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
        let room = self.columns.saturating_sub(4 + FATES.len() * cell_columns).max(12);
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

    /// The labels of the items that a row lies in, outermost first.
    fn labels_above(&self, row: &MatrixRow) -> String {
        let rows = &self.trace.summary.rows;
        let above = rows.iter().filter(|other| other.depth < row.depth && other.span.contains(row.span));
        above.map(|other| shortened(&self.directive_words(other.label), 16) + " ").collect()
    }

    pub(super) fn silence(&mut self) {
        let summary = &self.trace.summary;
        self.heading(self.say("无一回应", "Nobody took up"), summary.silence.len());
        if summary.silence.is_empty() {
            self.note(self.say("无", "none"));
        }
        for row in summary.silence.iter().take(SILENT).filter_map(|at| summary.rows.get(*at as usize)) {
            let above = self.labels_above(row);
            let room = self.columns.saturating_sub(16 + width(&above)).max(MIN_WORDS_COLUMNS);
            let words = shortened(&self.directive_words(row.span), room);
            let facts = format!("  {:.0} {}", row.weight, self.say("比特", "bits"));
            self.line(
                &[
                    Piece::label("  ", PLAIN),
                    Piece::quoted(&above, DIM),
                    Piece::quoted(&words, PLAIN),
                    Piece::label(facts, DIM),
                ],
                4,
            );
        }
        self.more(summary.silence.len().saturating_sub(SILENT));
    }
}
