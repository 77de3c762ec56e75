//! Texts on which work or answers were once quadratic. Each test is named by what made them so; where that comes back, a
//! test here does not end in reasonable time, or an answer holds more than the texts could.

mod engine_support;

use engine_support::compare;
use policy_echo::compare::comparison::StageEnd;

#[test]
fn the_phrases_of_one_character_repeated_hold_no_more_than_some_times_the_text() {
    let text = "的".repeat(100_000);
    let found = compare(&text, &text);
    let characters: usize = found.phrases.iter().map(|phrase| phrase.text.chars().count()).sum();
    assert!((100_000..=800_000).contains(&characters), "{characters} characters of phrases");
    assert_eq!(found.completeness.phrases, StageEnd::Budget);
    assert_eq!(found.phrases[0].text.chars().count(), 100_000, "the longest is there");
}

#[test]
fn figures_are_not_read_again_from_each_of_their_digits() {
    let text = "1".repeat(400_000);
    let found = compare(&text, &text);
    assert_eq!(found.beads.len(), 1);
    assert!(found.beads[0].similarity >= 1.0);
}

#[test]
fn sentences_with_one_subject_are_not_read_again_from_each_of_them() {
    let text = "会议强调。".repeat(80_000);
    assert_eq!(compare(&text, "会议指出，要加强领导。").items, []);
}
