//! Both documents as two strips, one under the other, with a ribbon for every passage: where the echoes lie.
//!
//! Lengths are shares of the raw text. The drawing repeats for the eye what the tables say, so it is hidden from
//! screen readers and from the tab order; a pointer can follow its ribbons. Cost: linear in the ribbons drawn.

use maud::{Markup, html};

use super::PageOptions;
use super::marked::form_class;
use crate::compare::comparison::{Comparison, Outline, Passage};
use crate::text::document::Document;
use crate::text::span::{Pair, Raw, Span};

const WIDTH: f64 = 1000.0;
const STRIP: f64 = 16.0;
const TOP: f64 = 18.0;
const BOTTOM: f64 = 130.0;
const HEIGHT: f64 = 164.0;

/// The strips and ribbons.
pub(super) fn overview(comparison: &Comparison, documents: &Pair<Document>, options: &PageOptions) -> Markup {
    let language = options.language;
    let lengths = documents.as_ref().map(|document| document.text().len().max(1) as f64);
    let mut passages: Vec<(usize, &Passage)> = comparison.passages.iter().enumerate().collect();
    passages.sort_by(|(_, one), (_, other)| {
        one.is_echo().cmp(&other.is_echo()).reverse().then(other.weight.total_cmp(&one.weight))
    });
    let left_out = passages.len().saturating_sub(options.max_ribbons);
    passages.truncate(options.max_ribbons);
    // The weightiest come last and so lie on top.
    passages.reverse();
    html! {
        figure.overview {
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" aria-hidden="true" focusable="false" {
                (strip(&comparison.outlines.left, lengths.left, TOP))
                (strip(&comparison.outlines.right, lengths.right, BOTTOM))
                @for (index, passage) in passages {
                    a href={ "#" (if passage.is_echo() { "p" } else { "f" }) (index + 1) } tabindex="-1"
                        data-p=(index + 1) {
                        path.(form_class(passage)) d=(ribbon(passage, lengths)) {
                            title { (index + 1) }
                        }
                    }
                }
            }
            figcaption {
                (language.say("上条为左文，下条为右文，自左至右即自首至尾；细线为段界。", "Left text above, right text below, each from its beginning to its end; hairlines are paragraph borders."))
                " "
                span.key {
                    span.swatch.v {} (language.say("逐字", "verbatim")) " "
                    span.swatch.l {} (language.say("地方化", "localized")) " "
                    span.swatch.a {} (language.say("改写", "adapted")) " "
                    span.swatch.f {} (language.say("套话（虚线）", "formula (dashed)"))
                }
                @if left_out > 0 {
                    " " (language.say("未画出的较轻文句：", "Lighter passages not drawn: ")) (left_out)
                }
            }
        }
    }
}

fn strip(outline: &Outline, length: f64, y: f64) -> Markup {
    let borders: String = outline
        .paragraphs
        .iter()
        .map(|paragraph| {
            let x = f64::from(paragraph.span.start()) / length * WIDTH;
            format!("M{x:.1} {y}v{STRIP}")
        })
        .collect();
    html! {
        rect.strip x="0" y=(y) width=(WIDTH) height=(STRIP) {}
        path.border d=(borders) {}
    }
}

fn ribbon(passage: &Passage, lengths: Pair<f64>) -> String {
    let ends = |span: Span<Raw>, length: f64| {
        let start = f64::from(span.start()) / length * WIDTH;
        let end = f64::from(span.end()) / length * WIDTH;
        // A short passage of a long document must still be seen.
        (start, end.max(start + 1.5))
    };
    let (left_start, left_end) = ends(passage.left, lengths.left);
    let (right_start, right_end) = ends(passage.right, lengths.right);
    let (top, bottom) = (TOP + STRIP, BOTTOM);
    let middle = (top + bottom) / 2.0;
    format!(
        "M{left_start:.1} {TOP}H{left_end:.1}V{top}C{left_end:.1} {middle} {right_end:.1} {middle} {right_end:.1} \
         {bottom}V{foot}H{right_start:.1}V{bottom}C{right_start:.1} {middle} {left_start:.1} {middle} {left_start:.1} \
         {top}Z",
        foot = BOTTOM + STRIP
    )
}
