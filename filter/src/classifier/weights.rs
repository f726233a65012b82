//! Which words of a text weighed most in a score.
//!
//! The model is linear: each feature's weight is shared by the words that the feature is about, and what a word is left with
//! is its part of the score. Only the two chunks that decided are told of. It costs as much as scoring the text once
//! more, and is asked for a text that a rule matches, never for one that passes.

use super::{
    Head,
    class::Classes,
    feature::{FRAME_CLASSES, Kind, Observer, Sink},
    model::{HEADS, Model, Windows},
};
use crate::language::Language;

/// The most words that are told of.
const MAX_WORDS: usize = 6;
/// A word that weighed less than this share of the heaviest one is not told of.
const LEAST_OF_HEAVIEST: f32 = 0.2;

/// A word, by its place in the text, and its share of all that spoke for a head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct WordShare {
    pub(crate) place: usize,
    pub(crate) share: f32,
}

/// Sums weights as [`Windows`] does, and by word.
pub(crate) struct WordWeights<'a> {
    model: &'a Model,
    windows: Windows<'a>,
    /// The words of the last chunk and of this one, in order.
    words: Vec<Weighed>,
    /// Where this chunk begins among them.
    chunk: usize,
    /// The places of the last words, and of the last that have a class, the nearest first; none for the end of a sentence.
    before: [Option<usize>; 4],
    classed: [Option<usize>; 3],
    /// For each head, what the words of the deciding window weighed.
    deciding: [Vec<(usize, f32)>; HEADS],
}

struct Weighed {
    place: usize,
    classes: Classes,
    sums: [f32; HEADS],
}

impl<'a> WordWeights<'a> {
    pub(super) fn over(model: &'a Model, language: Language) -> Self {
        Self {
            model,
            windows: Windows::over(model, language),
            words: Vec::new(),
            chunk: 0,
            before: [None; 4],
            classed: [None; 3],
            deciding: Default::default(),
        }
    }

    /// The score of a head, as a logit, and the words that weighed most in it, in the order of the text.
    pub(crate) fn of(&self, head: Head) -> Option<(f32, Vec<WordShare>)> {
        let at = Head::ALL.iter().position(|&other| other == head)?;
        let logit = self.windows.highest()?[at];
        let mut words: Vec<WordShare> =
            self.deciding[at].iter().map(|&(place, share)| WordShare { place, share }).collect();
        let all: f32 = words.iter().map(|word| word.share).sum();
        words.sort_by(|one, other| other.share.total_cmp(&one.share));
        let least = words.first().map_or(0.0, |heaviest| heaviest.share * LEAST_OF_HEAVIEST);
        words.retain(|word| word.share >= least);
        words.truncate(MAX_WORDS);
        for word in &mut words {
            word.share /= all;
        }
        words.sort_unstable_by_key(|word| word.place);
        Some((logit, words))
    }

    /// Shares a feature among the words that are there of these.
    fn share(&mut self, feature: u32, among: &[Option<usize>]) {
        let places = || among.iter().flatten();
        let weights = self.model.weights_of(feature);
        #[expect(clippy::cast_precision_loss, reason = "four words at most")]
        let parts = places().count() as f32;
        for &place in places() {
            let Some(word) = self.words.iter_mut().rev().find(|word| word.place == place) else { continue };
            word.sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight / parts);
        }
    }

    /// Shares a feature among the words of the chunk that have one of these classes.
    fn share_by_class(&mut self, feature: u32, classes: Classes) {
        let weights = self.model.weights_of(feature);
        let having = |word: &&mut Weighed| word.classes.meets(classes);
        let words = &mut self.words[self.chunk..];
        #[expect(clippy::cast_precision_loss, reason = "a few dozen words")]
        let parts = words.iter_mut().filter(having).count() as f32;
        for word in words.iter_mut().filter(having) {
            word.sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight / parts);
        }
    }
}

impl Observer for WordWeights<'_> {
    fn word(&mut self, place: usize, classes: Classes) {
        self.words.push(Weighed { place, classes, sums: [0.0; HEADS] });
        let [last, second, third, _] = self.before;
        self.before = [Some(place), last, second, third];
        if classes != Classes::default() {
            let [last, second, _] = self.classed;
            self.classed = [Some(place), last, second];
        }
    }

    fn stop(&mut self) {
        let [last, second, third, _] = self.before;
        self.before = [None, last, second, third];
        if self.classed[0].is_some() {
            let [last, second, _] = self.classed;
            self.classed = [None, last, second];
        }
    }

    fn feature(&mut self, kind: Kind, hashed: u64, feature: u32) {
        Sink::feature(&mut self.windows, feature);
        let class = |class: u64| Classes(1_u64.checked_shl(u32::try_from(class).unwrap_or(64)).unwrap_or(0));
        let [word, last, second, third] = self.before;
        let [classed, last_classed, second_classed] = self.classed;
        match kind {
            Kind::Word | Kind::Letters => self.share(feature, &[word]),
            Kind::Class | Kind::Negated | Kind::Quoted => self.share(feature, &[classed]),
            Kind::WordPair | Kind::MixedPair => self.share(feature, &[word, last]),
            Kind::WordSkip | Kind::MixedSkip => self.share(feature, &[word, second]),
            Kind::MixedTriple => self.share(feature, &[word, last, second]),
            Kind::MixedFour => self.share(feature, &[word, last, second, third]),
            Kind::ClassPair | Kind::ClassNear => self.share(feature, &[classed, last_classed]),
            Kind::ClassSkip => self.share(feature, &[classed, second_classed]),
            Kind::ClassTriple => self.share(feature, &[classed, last_classed, second_classed]),
            Kind::Asked => self.share_by_class(feature, class(hashed)),
            Kind::Together => {
                let both = Classes(class(hashed >> 8).0 | class(hashed & 0xff).0);
                self.share_by_class(feature, both);
            }
            Kind::Frame => self.share_by_class(feature, *FRAME_CLASSES),
        }
    }

    fn end_chunk(&mut self) {
        let before = self.windows.highest();
        Sink::end_chunk(&mut self.windows);
        let after = self.windows.highest().unwrap_or_default();
        for (head, deciding) in self.deciding.iter_mut().enumerate() {
            if before.is_none_or(|before| after[head] > before[head]) {
                deciding.clear();
                let words = self.words.iter().map(|word| (word.place, word.sums[head]));
                deciding.extend(words.filter(|&(_, sum)| sum > 0.0));
            }
        }
        self.words.drain(..self.chunk);
        self.chunk = self.words.len();
    }
}
