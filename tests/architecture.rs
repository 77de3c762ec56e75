//! The rules of the house, read from the source files themselves.
//!
//! Data flows text → compare → trace → faces (`report`, `service`, `cli`) and never back; a few crates are named in one
//! place only. A rule that is broken is reported with file and line, all at once.

// A test that cannot read the sources has nothing to say.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// Most lines of one source file.
const MAX_LINES: usize = 600;

/// Parts of the library, and the parts that each may not name.
const LAYERS: &[(&str, &[&str])] = &[
    ("text", &["compare", "trace", "report", "service", "cli"]),
    ("compare", &["trace", "report", "service", "cli"]),
    ("trace", &["report", "service", "cli"]),
    ("report", &["service", "cli"]),
    ("service", &["cli"]),
];

/// Crates, and the paths under `src/` that alone may name them.
const CRATES: &[(&[&str], &[&str])] = &[
    (&["tonic", "prost", "tokio"], &["service.rs", "service/", "cli.rs", "cli/", "main.rs"]),
    (&["jieba_rs"], &["text/lexicon.rs"]),
    (&["similar"], &["compare/diff.rs", "compare/diff/"]),
    (&["tikv_jemalloc_ctl"], &["allocator.rs"]),
];

/// File names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common"];

/// One source file: its path from the package, with `/`, and its text.
struct SourceFile {
    path: String,
    text: String,
}

/// Every Rust file under `folder`, in the order of their paths.
fn source_files(folder: &str) -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    collect(&root.join(folder), &mut paths);
    paths.sort();
    let relative = |path: &PathBuf| path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
    paths.iter().map(|path| SourceFile { path: relative(path), text: fs::read_to_string(path).unwrap() }).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

/// The code of a line, without its comment.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap()
}

/// Whether `line` names `word` at the head of a path (`word::`), in a list of imports, or alone in a `use`.
fn heads_a_path(line: &str, word: &str) -> bool {
    let line = code(line);
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + word.len()..];
        let alone = !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '"' || c == '.');
        let inside_another_path = line[..at].ends_with("::") && !line[..at].ends_with(" ::");
        let import = line.trim_start().starts_with("use ") || line.trim_start().starts_with("extern crate ");
        let ends_import = after.starts_with(';') || after.starts_with(" as ");
        alone && !inside_another_path && (after.starts_with("::") || (import && ends_import))
    })
}

/// Whether `line` names the part `part` of this library as `crate::part`, also in `use crate::{part::…}` or as
/// `super::part` from the root.
fn names_part(line: &str, part: &str) -> bool {
    let line = code(line);
    let named = |prefix: &str| {
        line.match_indices(prefix).any(|(at, _)| {
            let rest = &line[at + prefix.len()..];
            rest.strip_prefix(part).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        })
    };
    if named("crate::") || named("policy_echo::") {
        return true;
    }
    // A braced list at the root: `use crate::{compare::engine::Engine, text::span};`
    let Some((_, list)) = line.split_once("crate::{") else { return false };
    list.split([',', '{', '}', ' ']).any(|item| item == part || item.starts_with(&format!("{part}::")))
}

/// What breaks the layers or the homes of crates in one file under `src/`, each as `path:line: what`.
fn broken_imports(file: &SourceFile) -> Vec<String> {
    let Some(inside) = file.path.strip_prefix("src/") else { return Vec::new() };
    let part = inside.split(['/', '.']).next().unwrap();
    let mut broken = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let place = format!("{}:{}", file.path, number + 1);
        for (_, forbidden) in LAYERS.iter().filter(|(layer, _)| *layer == part) {
            for other in forbidden.iter().filter(|other| names_part(line, other)) {
                broken.push(format!("{place}: {part} names {other}; data flows the other way"));
            }
        }
        for (crates, homes) in CRATES {
            let at_home = homes.iter().any(|home| inside == *home || home.ends_with('/') && inside.starts_with(home));
            for name in crates.iter().filter(|_| !at_home) {
                let names_crate =
                    heads_a_path(line, name) || crate_family(name).iter().any(|relative| heads_a_path(line, relative));
                if names_crate {
                    broken.push(format!("{place}: {name} is named only in {}", homes.join(", ")));
                }
            }
        }
    }
    broken
}

/// Crates that come with `name` and stay where it stays.
fn crate_family(name: &str) -> &'static [&'static str] {
    match name {
        "tonic" => &["tonic_prost", "tonic_health", "tonic_reflection", "tonic_types"],
        "prost" => &["prost_types"],
        "tokio" => &["tokio_stream"],
        _ => &[],
    }
}

fn none(broken: &[String]) {
    assert!(broken.is_empty(), "{} broken rules:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn data_flows_one_way_and_crates_stay_at_home() {
    let files = source_files("src");
    assert!(files.len() > 50, "only {} files found", files.len());
    none(&files.iter().flat_map(broken_imports).collect::<Vec<_>>());
}

#[test]
fn no_file_is_long_or_named_after_nothing() {
    let mut broken = Vec::new();
    for file in ["src", "tests", "examples"].iter().flat_map(|folder| source_files(folder)) {
        let lines = file.text.lines().count();
        if lines > MAX_LINES {
            broken.push(format!("{}: {lines} lines, over {MAX_LINES}", file.path));
        }
        if Path::new(&file.path).file_stem().is_some_and(|stem| EMPTY_NAMES.iter().any(|name| stem == *name)) {
            broken.push(format!("{}: the name does not say what is inside", file.path));
        }
    }
    none(&broken);
}

#[test]
fn every_file_opens_with_what_it_is() {
    // The tests of `foo.rs` in `foo/tests.rs` are introduced by `foo.rs` itself.
    let silent = |file: &SourceFile| !file.path.ends_with("/tests.rs") && !file.text.starts_with("//!");
    let files = ["src", "tests", "examples"].iter().flat_map(|folder| source_files(folder));
    none(&files.filter(silent).map(|file| format!("{}: no `//!` on top", file.path)).collect::<Vec<_>>());
}

#[test]
fn planted_imports_are_found() {
    let planted = |path: &str, text: &str| {
        let file = SourceFile { path: path.to_owned(), text: text.to_owned() };
        broken_imports(&file).len()
    };
    for (path, text) in [
        ("src/text/span.rs", "use crate::compare::engine::Engine;"),
        ("src/text/span.rs", "use crate::{compare::engine::Engine, text::date};"),
        ("src/compare/pipeline.rs", "    let status = tonic::Status::internal(\"\");"),
        ("src/compare/pipeline.rs", "use tokio_stream::StreamExt;"),
        ("src/compare/pipeline.rs", "pub use crate::report::terminal;"),
        ("src/text/token.rs", "use jieba_rs::Jieba;"),
        ("src/compare/edit.rs", "use similar as reference;"),
        ("src/report/terminal.rs", "use crate::service::proto;"),
        ("src/service/call.rs", "use crate::cli;"),
    ] {
        assert_eq!(planted(path, text), 1, "{path}: {text}");
    }
    for (path, text) in [
        ("src/compare/pipeline.rs", "// tonic::Status is not named here."),
        ("src/compare/pipeline.rs", "let similar = 1;"),
        ("src/compare/pipeline.rs", "use crate::text::span;"),
        ("src/service/call.rs", "use crate::compare::engine::Engine;"),
        ("src/text/lexicon.rs", "use jieba_rs::Jieba;"),
        ("src/compare/diff.rs", "use similar::TextDiff;"),
    ] {
        assert_eq!(planted(path, text), 0, "{path}: {text}");
    }
}
