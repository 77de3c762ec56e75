//! Pages: a comparison or a trace as one file that a person reads in a browser.
//!
//! In: the values and the documents they were made from. Out: one HTML file with its style and its script inside; it
//! asks for nothing from anywhere, and its policy (CSP) forbids it to. Always: words of a document become text and
//! nothing else, with controls shown by their code point; every span that is marked is a span of the values; all is
//! readable without the script, which only sorts tables and lights up the counterpart of a passage. Colour is never
//! the only sign. Cost: linear in the texts and in what was found, but for passages that overlap.

mod comparison;
mod evidence;
mod marked;
mod overview;
mod tables;
mod trace;

use std::sync::LazyLock;

use base64::Engine as _;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

pub use self::comparison::comparison_page;
pub use self::trace::trace_page;
use super::label::Language;

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// What the page may load and run: its own style and script, known by their digests, and nothing else.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let digest = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        digest(STYLE),
        digest(SCRIPT)
    )
});

/// How a page is made.
#[derive(Clone, Copy, Debug)]
pub struct PageOptions {
    /// Language of labels.
    pub language: Language,
    /// Most rows of the phrase table; the rest is counted.
    pub max_phrases: usize,
    /// Most ribbons of the overview; the heaviest are drawn.
    pub max_ribbons: usize,
}

impl Default for PageOptions {
    fn default() -> Self {
        Self { language: Language::Chinese, max_phrases: 500, max_ribbons: 400 }
    }
}

/// The page around its content. `title` is shown as it is given and must have passed `glyph::visible`.
fn page(language: Language, title: &str, sections: &[(&str, &str)], content: Markup) -> String {
    html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY.as_str());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="generator" content=(concat!("policy-echo ", env!("CARGO_PKG_VERSION")));
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#content" { (language.say("跳到正文", "Skip to content")) }
                nav aria-label=(language.say("本页内容", "On this page")) {
                    ul { @for (id, name) in sections { li { a href={ "#" (id) } { (name) } } } }
                }
                main #content { (content) }
                footer {
                    p {
                        "policy-echo " (env!("CARGO_PKG_VERSION")) " · "
                        (language.say("本页自成一体，不向任何地方取用资源。", "This page stands alone and loads nothing from anywhere."))
                    }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

/// A section's heading with how many things follow. `name` tells measurements what is counted.
fn heading(id: &str, title: &str, name: &str, count: usize) -> Markup {
    html! { h2 id=(id) { (title) " " span.count data-count=(name) { (count) } } }
}

/// A bar from 0 to 1 that repeats for the eye what a number beside it says.
fn bar(share: f64) -> Markup {
    let width = (share.clamp(0.0, 1.0) * 100.0).round();
    html! {
        svg.bar viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            rect.track width="100" height="8" {}
            rect.fill width=(width) height="8" {}
        }
    }
}

#[cfg(test)]
mod tests;
