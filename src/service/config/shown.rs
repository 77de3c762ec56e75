//! Settings to read: the effective ones as a file with their origins, and all of them as a table.

use std::fmt::Write as _;

use super::source::{Loaded, Origin};
use super::{Config, setting};

impl Loaded {
    /// The effective settings as a configuration file that gives the same ones, each with its origin. Secrets are masked.
    pub fn shown(&self) -> String {
        let mut config = self.config.clone();
        let mut shown = String::from("# Effective settings. A flag wins over the environment, that over the file.\n");
        let mut section = "";
        config.visit(&mut |declared, entry| {
            if section != declared.section {
                section = declared.section;
                // Writing into a string does not fail.
                write!(shown, "\n[{section}]\n").ok();
            }
            let origin = self.origins.get(&declared.key()).unwrap_or(&Origin::Default);
            let line = match entry.toml() {
                Some(value) => format!("{} = {value}", declared.name),
                None => format!("# {} is not set", declared.name),
            };
            writeln!(shown, "{line:<40} # {}", one_line(&origin.to_string())).ok();
        });
        shown
    }
}

/// The settings of `after` that are not those of `before`, each as `key=value`. Secrets are masked.
pub fn differing(before: &Config, after: &Config) -> Vec<String> {
    let texts = |config: &Config| {
        let mut texts = Vec::new();
        config.clone().visit(&mut |declared, entry| texts.push((declared.key(), entry.text())));
        texts
    };
    let differ = texts(before).into_iter().zip(texts(after)).filter(|(before, after)| before != after);
    differ.map(|(_, (key, text))| format!("{key}={}", text.as_deref().unwrap_or("not set"))).collect()
}

/// A path may hold a line end, which would end the comment.
fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '?' } else { character }).collect()
}

/// All settings as a Markdown table, a section a table.
pub fn table() -> String {
    let mut table = String::new();
    let mut section = "";
    Config::default().visit(&mut |declared: &setting::Declared, entry| {
        if section != declared.section {
            section = declared.section;
            let about = Config::SECTIONS.iter().find(|(name, _)| *name == section).map_or("", |(_, about)| about);
            write!(table, "\n`[{section}]`: {about}\n\n| key | flag | environment | default | meaning |\n").ok();
            table.push_str("|---|---|---|---|---|\n");
        }
        let default = entry.text().map_or_else(|| "not set".to_owned(), |text| format!("`{text}`"));
        let form = declared.form_with_unit();
        // Choices are separated as the columns are.
        let meaning = if form.contains('|') {
            format!("{} (`{}`)", declared.meaning, form.replace('|', "`, `"))
        } else {
            declared.meaning.to_owned()
        };
        writeln!(
            table,
            "| `{}` | `--{}` | `{}` | {default} | {meaning} |",
            declared.name,
            declared.flag(),
            declared.variable()
        )
        .ok();
    });
    table.trim_start().to_owned()
}
