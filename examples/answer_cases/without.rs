//! Parts of the method that an evaluation leaves out.

use policy_echo::compare::background::{Genre, Title, build};
use policy_echo::compare::engine::EngineSettings;
use policy_echo::compare::options::{Part, Parts};

use crate::Failure;

/// What is left out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Without {
    pub(crate) parts: Parts,
    background: bool,
}

impl Without {
    /// Reads names of parts, separated by commas.
    pub(crate) fn read(names: &str) -> Result<Self, Failure> {
        let mut out = Self::default();
        for name in names.split(',') {
            let part = match name {
                "background" => {
                    out.background = true;
                    continue;
                }
                "localization" => Part::Localization,
                "stock-phrases" => Part::StockPhrases,
                "margin" => Part::Margin,
                "lists" => Part::Lists,
                "neighbours" => Part::Neighbours,
                "formula-pass" => Part::FormulaPass,
                _ => return Err(format!("no part is called {name}").into()),
            };
            out.parts = out.parts.with(part);
        }
        Ok(out)
    }

    /// The settings of the engine. Without background every run is as rare as one that no title holds.
    pub(crate) fn settings(self) -> EngineSettings {
        EngineSettings { background: self.background.then(empty_background) }
    }
}

/// A table of as many titles as the embedded one has, none of which shares anything with another.
fn empty_background() -> Vec<u8> {
    let titles = |genre, count| (0..count).map(move |_| Title { genre, versions: Vec::new() });
    let all: Vec<Title> = titles(Genre::Report, 62).chain(titles(Genre::Regulation, 102)).collect();
    build(&all, "nothing")
}
