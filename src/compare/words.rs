//! The words of two documents, cut where they are asked for.
//!
//! In: both analyses, the lexicon, custom words. Out: the words of any span of either document with a number each: equal
//! words have equal numbers, in whichever document they stand. Always: words cover their sentence without gap and
//! cross none of its borders, so that a custom word that holds the end of a sentence is not found; they depend on nothing
//! but the sentence, the lexicon and the custom words. Numbers count up in the order of asking, so that only their
//! equality means something.
//! Cost: that of cutting a sentence, once, when a span first touches it. Cutting all would be a fifth of a comparison of
//! short documents, and most sentences of two documents lie in no passage and in no linked paragraph, or are the same on
//! both sides, so that nobody asks for their words.

use std::cell::RefCell;

use crate::text::analysis::Analysis;
use crate::text::cancel::{Cancel, Cancelled};
use crate::text::lexicon::{CustomWords, Lexicon};
use crate::text::span::{Normalized, Pair, Side, Span};
use crate::text::word_numbers::WordNumbers;

/// A word where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its characters.
    pub span: Span<Normalized>,
    /// Its number: equal words, equal numbers.
    pub number: u32,
}

/// Distinct words that there is room for from the start.
const FIRST_WORDS: usize = 512;

/// Characters of a sentence that holds much of its document, so that no room is left for further ones.
const LONG_SENTENCE: u32 = 1 << 18;

/// The words of two documents.
#[derive(Debug)]
pub struct Words<'a> {
    analyses: Pair<&'a Analysis>,
    lexicon: &'a Lexicon,
    custom: &'a CustomWords,
    cut: Pair<RefCell<Cut>>,
    numbers: RefCell<WordNumbers<&'a [char]>>,
}

/// What has been cut of one document.
#[derive(Debug)]
struct Cut {
    /// First character and number of each word; it ends where the next one or its sentence does.
    words: Vec<(u32, u32)>,
    /// For each sentence its words, as indexes; an empty range of one that has not been cut, since none has no word.
    sentences: Vec<(u32, u32)>,
}

impl<'a> Words<'a> {
    /// Nothing is cut yet.
    pub fn new(analyses: Pair<&'a Analysis>, lexicon: &'a Lexicon, custom: &'a CustomWords) -> Self {
        let uncut = |analysis: &Analysis| {
            RefCell::new(Cut { words: Vec::new(), sentences: vec![(0, 0); analysis.sentences.len()] })
        };
        let numbers = WordNumbers::with_room_for(FIRST_WORDS);
        Self { analyses, lexicon, custom, cut: analyses.map(uncut), numbers: RefCell::new(numbers) }
    }

    /// Both analyses.
    pub fn analyses(&self) -> Pair<&'a Analysis> {
        self.analyses
    }

    /// The number of a word, whether it stands in either document or not.
    pub fn number(&self, word: &'a [char]) -> u32 {
        self.numbers.borrow_mut().number(word)
    }

    /// How many words lie at least partly inside a span of one side. Fails only when cancelled.
    pub fn count(&self, side: Side, span: Span<Normalized>, cancel: &Cancel) -> Result<usize, Cancelled> {
        let mut count = 0;
        self.inside(side, span, cancel, |_| count += 1)?;
        Ok(count)
    }

    /// Calls `each` with the words that lie at least partly inside a span of one side, in order. Fails only when cancelled.
    pub fn inside(
        &self,
        side: Side,
        span: Span<Normalized>,
        cancel: &Cancel,
        mut each: impl FnMut(Word),
    ) -> Result<(), Cancelled> {
        let analysis: &'a Analysis = self.analyses.get(side);
        let first = analysis.sentences.partition_point(|sentence| sentence.span.end() <= span.start());
        for (index, sentence) in analysis.sentences.iter().enumerate().skip(first) {
            if sentence.span.start() >= span.end() {
                break;
            }
            self.cut(side, index, cancel)?;
            let cut = self.cut.get(side).borrow();
            let (first, last) = cut.sentences[index];
            let words = &cut.words[first as usize..last as usize];
            // The last word that begins no later than the span, for it reaches into it.
            let from = words.partition_point(|(start, _)| *start <= span.start()).saturating_sub(1);
            let inside = words[from..].iter().take_while(|(start, _)| *start < span.end());
            let ends = words[from + 1..].iter().map(|(start, _)| *start).chain([sentence.span.end()]);
            inside.zip(ends).for_each(|(&(start, number), end)| each(Word { span: Span::new(start, end), number }));
        }
        Ok(())
    }

    /// Cuts a sentence unless that has been done.
    fn cut(&self, side: Side, sentence: usize, cancel: &Cancel) -> Result<(), Cancelled> {
        let cut = &mut *self.cut.get(side).borrow_mut();
        if cut.sentences[sentence] != (0, 0) {
            return Ok(());
        }
        let analysis: &'a Analysis = self.analyses.get(side);
        let span = analysis.sentences[sentence].span;
        let first = cut.words.len() as u32;
        let mut at = span.start();
        self.lexicon.cut(analysis.text.slice(span), self.custom, cancel, |length| {
            let span = Span::new(at, at + length as u32);
            cut.words.push((at, self.number(analysis.text.slice(span))));
            at = span.end();
        })?;
        if span.len() >= LONG_SENTENCE {
            cut.words.shrink_to_fit();
        }
        cut.sentences[sentence] = (first, cut.words.len() as u32);
        Ok(())
    }
}
