//! Counts a folder of background documents and writes the table that the crate embeds.
//!
//! `build_background DIR OUT`: DIR holds `central/`, `provincial/` (reports) and `regulations/`, each with UTF-8
//! `*.txt`. A regulation's file name is its title and the date of one version in brackets; all versions of a title
//! count once. Every report counts by itself, because each year's is another document. See `data/README.md`.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

use policy_echo::compare::background::{Background, Genre, Title, build};
use policy_echo::text::normalize::{NormalizedText, normalize};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let [folder, out] = arguments.as_slice() else {
        return Err("usage: build_background DIR OUT".into());
    };
    let folder = Path::new(folder);
    let mut titles = Vec::new();
    for (name, genre) in [("central", Genre::Report), ("provincial", Genre::Report), ("regulations", Genre::Regulation)]
    {
        let versions = by_title(&folder.join(name), genre)?;
        titles.extend(versions.into_values().map(|versions| Title { genre, versions }));
    }
    let count = |genre| titles.iter().filter(|title| title.genre == genre).count();
    let (reports, regulations) = (count(Genre::Report), count(Genre::Regulation));
    let provenance = format!(
        "{reports} reports and party documents (central 2012-2025, provincial 2025) and {regulations} laws and \
         regulations (national, Beijing, Shanghai, Chongqing)"
    );
    let bytes = build(&titles, &provenance);
    fs::write(out, &bytes)?;
    let background = Background::from_bytes(bytes)?;
    eprintln!("version {}: {provenance}; {} n-grams", background.version(), background.ngrams());
    Ok(())
}

/// The texts of a folder by title.
fn by_title(folder: &Path, genre: Genre) -> Result<BTreeMap<String, Vec<NormalizedText>>, Failure> {
    let mut titles: BTreeMap<String, Vec<NormalizedText>> = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let title = match genre {
            Genre::Regulation => name.split(['(', '（']).next().unwrap_or_default().to_owned(),
            Genre::Report => name,
        };
        titles.entry(title).or_default().push(normalize(&fs::read_to_string(&path)?));
    }
    Ok(titles)
}
