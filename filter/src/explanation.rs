//! Which words of a text the classifier reacted to, and whether these are words that a rule allows.

use std::ops::Range;

use super::{
    classifier::{Classifier, Head, WordWeights},
    disguise::{OwnWords, Repaired},
    language::Language,
    normalize::View,
    text::Text,
    token::Tokens,
    verdict::WeighedWord,
};

/// The classifier reacted to words that are allowed where they have at least this share of what spoke for its head.
const LEAST_ALLOWED: f32 = 0.5;

/// The words of a text that the classifier reacted to, as it is written and as it is repaired.
pub(super) struct Explanation<'a> {
    readings: Vec<(Reading<'a>, WordWeights<'static>)>,
    language: Language,
}

/// A text as the classifier reads it.
#[derive(Clone, Copy)]
struct Reading<'a> {
    view: &'a View,
    tokens: &'a Tokens,
}

impl<'a> Explanation<'a> {
    pub(super) fn of(text: &'a Text<'_>, own: Option<&OwnWords>) -> Self {
        let language = text.language();
        let written = Reading { view: &text.skeleton, tokens: text.tokens() };
        let repaired = text.repaired(own).map(|Repaired { view, tokens, .. }| Reading { view, tokens });
        let readings = [Some(written), repaired].into_iter().flatten();
        let weigh = |reading: Reading<'a>| {
            (reading, Classifier::shipped().weigh(reading.view.text(), reading.tokens, language))
        };
        Self { readings: readings.map(weigh).collect(), language }
    }

    /// The words that weighed most for a head, in the order of the text.
    pub(super) fn words(&self, head: Head) -> Vec<WeighedWord> {
        let weighed = self.readings.iter().filter_map(|(reading, weights)| {
            let (logit, shares) = weights.of(head)?;
            Some((reading, logit, shares))
        });
        let Some((reading, _, shares)) = weighed.max_by(|one, other| one.1.total_cmp(&other.1)) else {
            return Vec::new();
        };
        let mut words: Vec<WeighedWord> = Vec::with_capacity(shares.len());
        for share in shares {
            let span = reading.view.original(reading.tokens.list[share.place].bytes.clone());
            // What was disguised as one word may be read as several.
            match words.last_mut().filter(|last| last.span == span) {
                Some(last) => last.weight += share.share,
                None => words.push(WeighedWord { span, weight: share.share }),
            }
        }
        words
    }

    /// Whether the classifier reacted to what is allowed: most of what spoke for the head stands there, no word beside it
    /// attacks anybody, and without it the linear model's score is lower than the threshold. What the encoder alone found
    /// cannot be told by words.
    pub(super) fn is_of_allowed(&self, head: Head, threshold: f64, allowed: &[Range<usize>]) -> bool {
        let is_allowed =
            |span: &Range<usize>| allowed.iter().any(|all| all.start <= span.start && span.end <= all.end);
        let reaches = |view: &View, tokens: &Tokens| {
            let logits = Classifier::shipped().logits_of(view.text(), tokens, self.language);
            f64::from(logits.scores().of(head)) >= threshold
        };
        let words = self.words(head);
        let share: f32 = words.iter().filter(|word| is_allowed(&word.span)).map(|word| word.weight).sum();
        share >= LEAST_ALLOWED
            && self.readings.iter().any(|(Reading { view, tokens }, _)| reaches(view, tokens))
            && self.readings.iter().all(|(Reading { view, tokens }, _)| {
                let beside =
                    tokens.list.iter().filter(|token| !is_allowed(&view.original(token.bytes.clone())));
                let rest = Tokens { list: beside.cloned().collect(), after: tokens.after };
                !rest.list.iter().any(|token| Classifier::attacks(view.text(), token))
                    && !reaches(view, &rest)
            })
    }
}
