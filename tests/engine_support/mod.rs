//! The engine in process, and the comparison of two texts with it.

use std::sync::LazyLock;

use policy_echo::compare::comparison::Comparison;
use policy_echo::compare::engine::{Engine, EngineSettings};
use policy_echo::compare::options::CompareOptions;
use policy_echo::text::cancel::Cancel;
use policy_echo::text::document::{Document, DocumentLimits, Metadata};
use policy_echo::text::span::Pair;

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::load(EngineSettings::default()).expect("the embedded tables are sound"));

/// Compares two texts about which nothing else is known.
pub(crate) fn compare(left: &str, right: &str) -> Comparison {
    let documents = Pair::new(left, right).map(|text| {
        Document::new(text.to_owned(), Metadata::default(), DocumentLimits::default()).expect("a document")
    });
    ENGINE.compare(&documents, &[], &CompareOptions::default(), &Cancel::new()).expect("nobody cancels")
}
