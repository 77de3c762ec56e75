//! Laws of the background table: what is counted, what is read back, what is refused.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::text::normalize::normalize;

/// A table over made-up documents; an entry of the list is a title with its versions.
fn background(reports: &[&[&str]], regulations: &[&[&str]]) -> Background {
    Background::from_bytes(build(&titles(reports, regulations), "made up")).unwrap()
}

fn titles(reports: &[&[&str]], regulations: &[&[&str]]) -> Vec<Title> {
    let title =
        |genre, versions: &[&str]| Title { genre, versions: versions.iter().map(|text| normalize(text)).collect() };
    let reports = reports.iter().map(|versions| title(Genre::Report, versions));
    reports.chain(regulations.iter().map(|versions| title(Genre::Regulation, versions))).collect()
}

fn characters(text: &str) -> Vec<char> {
    text.chars().collect()
}

/// The slow and obvious count: titles whose versions hold the n-gram inside a paragraph.
fn recount(titles: &[Title], genre: Genre) -> BTreeMap<Vec<char>, u32> {
    let mut counts = BTreeMap::new();
    for title in titles.iter().filter(|title| title.genre == genre) {
        let mut held = BTreeSet::new();
        for text in &title.versions {
            for paragraph in text.paragraphs() {
                for length in NGRAM_CHARACTERS {
                    held.extend(text.slice(*paragraph).windows(length).map(<[char]>::to_vec));
                }
            }
        }
        for ngram in held {
            *counts.entry(ngram).or_insert(0) += 1;
        }
    }
    counts
}

proptest! {
    #[test]
    fn every_count_is_that_of_a_slow_recount(
        reports in prop::collection::vec("[省市县区、。\n]{0,40}", 0..5),
        regulations in prop::collection::vec("[省市县区、。\n]{0,40}", 0..5),
    ) {
        let mut all = Vec::new();
        for (genre, texts) in [(Genre::Report, &reports), (Genre::Regulation, &regulations)] {
            all.extend(texts.iter().map(|text| Title { genre, versions: vec![normalize(text)] }));
        }
        let background = Background::from_bytes(build(&all, "made up")).unwrap();
        let (in_reports, in_regulations) = (recount(&all, Genre::Report), recount(&all, Genre::Regulation));
        let kept = |counts: &BTreeMap<Vec<char>, u32>, ngram: &Vec<char>| counts.get(ngram).copied().filter(|&n| n >= 2).unwrap_or(0);
        for ngram in in_reports.keys().chain(in_regulations.keys()) {
            let expected = Frequency { reports: kept(&in_reports, ngram), regulations: kept(&in_regulations, ngram) };
            prop_assert_eq!(background.frequency(ngram), expected);
        }
        prop_assert_eq!(background.frequency(&characters("从未说过")), Frequency::default());
    }

    #[test]
    fn no_bytes_whatever_make_reading_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Background::from_bytes(bytes.clone()).is_err());
        let mut with_magic = b"pebgrnd1".to_vec();
        with_magic.extend(bytes);
        prop_assert!(Background::from_bytes(with_magic).is_err());
    }
}

#[test]
fn versions_of_one_title_count_once() {
    let background = background(&[], &[&["违反本条例规定", "违反本条例规定的"], &["违反本条例规定"], &["其他文字"]]);
    assert_eq!(background.frequency(&characters("本条例规")), Frequency { reports: 0, regulations: 2 });
    assert_eq!(background.titles(), Frequency { reports: 0, regulations: 3 });
}

#[test]
fn what_stands_in_one_title_is_not_kept() {
    let background = background(&[&["粤港澳大湾区"], &["长江经济带"]], &[]);
    assert_eq!((background.ngrams(), background.documents(&characters("粤港澳大湾区"))), (0, 0));
}

#[test]
fn an_ngram_does_not_cross_a_paragraph_border() {
    let background = background(&[&["第一段说省委。\n省政府说第二段。"], &["第一段说省委。\n省政府说第二段。"]], &[]);
    assert_eq!(background.frequency(&characters("委。省政")), Frequency::default());
    assert_eq!(background.frequency(&characters("说省委。")).reports, 2);
}

#[test]
fn the_order_of_titles_does_not_matter() {
    let mut titles = titles(&[&["全面深化改革"], &["全面深化改革开放"]], &[&["应当依法"], &["应当依法办理"]]);
    let bytes = build(&titles, "made up");
    titles.reverse();
    assert_eq!(build(&titles, "made up"), bytes);
}

#[test]
fn the_hash_is_the_same_on_every_platform() {
    assert_eq!(table::hash(&characters("省委")), 0x1b4a_75fd_9ef1_fc52);
}

#[test]
fn the_most_telling_part_says_how_many_documents_hold_a_run() {
    let common = "以习近平同志为核心的党中央";
    let told = format!("{common}坚强领导");
    let background = background(&[&[common], &[common], &[told.as_str()], &[told.as_str()]], &[]);
    assert_eq!(background.documents(&characters(common)), 4);
    assert_eq!(background.documents(&characters(&told)), 2);
    assert_eq!(background.documents(&characters("省")), 0);
}

#[test]
fn formula_tells_little_and_specifics_tell_much() {
    let background = Background::embedded();
    let each = |text: &str| background.run_bits(&characters(text)) / text.chars().count() as f64;
    for formula in [
        "以习近平新时代中国特色社会主义思想为指导",
        "违反本条例规定",
        "构成犯罪的，依法追究刑事责任",
        "县级以上地方人民政府",
        "团结在以习近平同志为核心的党中央周围",
        "本条例自公布之日起施行",
    ] {
        assert!(each(formula) < 0.6, "{formula} has {:.2} bits a character", each(formula));
    }
    for specific in
        ["每年更新古树名木名录", "支持港澳青年来粤就业", "盲文图书室、盲人有声读物", "景区观光车应当限速行驶"]
    {
        assert!(each(specific) > 1.2, "{specific} has {:.2} bits a character", each(specific));
    }
}

#[test]
fn a_short_specific_clause_outweighs_a_long_formula() {
    let background = Background::embedded();
    let formula = background.run_bits(&characters("坚持以习近平新时代中国特色社会主义思想为指导"));
    let clause = background.run_bits(&characters("共享单车停放秩序"));
    assert!(clause > 2.0 * formula, "clause {clause:.1} bits, formula {formula:.1} bits");
}

#[test]
fn a_character_has_the_bits_of_the_commonest_ngram_over_it() {
    // 应当依法 stands in all four regulations, 依法办理 in two of them; nothing else in two.
    let background = background(&[], &[&["应当依法办理"], &["应当依法办理"], &["应当依法甲"], &["应当依法乙"]]);
    let mut bits = Vec::new();
    background.information_bits(&characters("应当依法办理，丙丁"), &mut bits);
    let quarter = 1.0 / 4.0_f32;
    assert_eq!(bits, [0.0, 0.0, 0.0, 0.0, quarter, quarter, 0.0, UNSEEN_BITS, UNSEEN_BITS]);
}

#[test]
fn a_table_that_was_cut_or_changed_is_refused() {
    let bytes = build(&titles(&[&["全面深化改革"], &["全面深化改革"]], &[]), "made up");
    let error = |bytes: &[u8]| Background::from_bytes(bytes.to_vec()).unwrap_err();
    assert_eq!(error(b"PK\x03\x04"), BackgroundError::Magic);
    assert!(matches!(error(&bytes[..20]), BackgroundError::Length { bytes: 20, expected: 36 }));
    let missing = &bytes[..bytes.len() - 1];
    assert!(matches!(error(missing), BackgroundError::Length { .. }));
    for at in [12, 30, bytes.len() / 2, bytes.len() - 1] {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        assert!(Background::from_bytes(changed).is_err(), "byte {at}");
    }
    let mut changed = bytes.clone();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    assert!(error(&changed).to_string().contains("build it again"));
}

#[test]
fn a_full_table_is_refused_because_a_search_would_not_end() {
    let entry = |hash: u64| (hash, Frequency { reports: 1, regulations: 0 });
    let entries = [entry(1), entry(1 << 62), entry(2 << 62), entry(3 << 62)];
    let mut bytes = table::write(Frequency { reports: 1, regulations: 0 }, &entries, "");
    let slots = u32::from_le_bytes([bytes[16], bytes[17], bytes[18], bytes[19]]);
    bytes[20..24].copy_from_slice(&slots.to_le_bytes());
    let content = bytes.len() - 8;
    let sum = table::checksum(&bytes[..content]);
    bytes[content..].copy_from_slice(&sum.to_le_bytes());
    assert_eq!(
        Background::from_bytes(bytes).unwrap_err(),
        BackgroundError::Content("it is fuller than three quarters")
    );
}

#[test]
fn the_embedded_table_is_whole_and_small() {
    let background = Background::embedded();
    assert!(EMBEDDED.len() < 8 << 20, "{} bytes", EMBEDDED.len());
    assert_eq!(background.titles(), Frequency { reports: 62, regulations: 102 });
    assert!(background.version().starts_with("1-"), "{}", background.version());
    assert!(background.provenance().contains("62 reports"), "{}", background.provenance());
    assert!(background.ngrams() > 300_000, "{}", background.ngrams());
}
