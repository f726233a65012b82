//! How likely a text is hate, a threat, a scam, harassment, sexual or a sign of self-harm: a linear model over hashed words, letters and classes of
//! words.
//!
//! The model comes with the program; `trainer` makes it from data and grammars in the repository, and `MODEL_CARD.md`
//! says what it was made of and how good it is. A score depends on the text alone and is the same on every machine.
//! `class` says what words do, `feature` makes features of both, `model` holds the weights, and `weights` tells which words a score comes from.

mod class;
mod feature;
mod meaning;
mod model;
mod naming;
mod vocabulary;
mod weights;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use self::model::{Model, Windows};
pub(super) use self::{
    class::{disguised_words, has_class, is_class_word},
    model::Logits,
    naming::only_names,
    weights::WordWeights,
};
pub use self::{
    feature::{BUCKETS, Sink, VERSION, keys},
    meaning::Meaning,
    model::{HEADER, LANGUAGES, MAGIC, ModelError, logistic, normed},
    vocabulary::Vocabulary,
};
use super::{
    disguise::repair,
    language::Language,
    normalize::View,
    shipped::SHIPPED,
    token::{Token, Tokens, tokens},
    verdict::Asks,
};

/// The score from which a message is held: of ordinary messages of writers whom the model has not read, at most four in a
/// thousand reach it, for each head and language.
pub const HOLD: f32 = 0.5;
/// The score from which a message is refused: at most five ordinary ones in ten thousand reach it.
pub const BLOCK: f32 = 0.9;
/// The score from which the encoder reads a text though others wait for it: about one ordinary message in twenty reaches
/// it with one head or another.
const ASK: f32 = 0.2;

/// What a text is scored for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// Against people for what they are.
    Hate,
    /// Violence announced or wished.
    Threat,
    /// Attempts at fraud.
    Scam,
    /// Against one person.
    Harassment,
    /// Sexual advances, remarks and offers.
    Sexual,
    /// Signs that the sender may harm themselves.
    SelfHarm,
}

impl Head {
    /// Every head, in the order of a model's weights.
    pub const ALL: [Self; 6] =
        [Self::Hate, Self::Threat, Self::Scam, Self::Harassment, Self::Sexual, Self::SelfHarm];

    /// The word for it in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hate => "hate",
            Self::Threat => "threat",
            Self::Scam => "scam",
            Self::Harassment => "harassment",
            Self::Sexual => "sexual",
            Self::SelfHarm => "self_harm",
        }
    }
}

/// A score for each head, from 0 to 1, that says how rare an ordinary message with such a score is: [`HOLD`] and [`BLOCK`]
/// are the lines of the model's card, the same in every model, language and head.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Scores {
    /// For [`Head::Hate`].
    pub hate: f32,
    /// For [`Head::Threat`].
    pub threat: f32,
    /// For [`Head::Scam`].
    pub scam: f32,
    /// For [`Head::Harassment`].
    pub harassment: f32,
    /// For [`Head::Sexual`].
    pub sexual: f32,
    /// For [`Head::SelfHarm`].
    pub self_harm: f32,
}

impl Scores {
    fn from_array([hate, threat, scam, harassment, sexual, self_harm]: [f32; Head::ALL.len()]) -> Self {
        Self { hate, threat, scam, harassment, sexual, self_harm }
    }

    /// Sets the score of a head.
    pub const fn set(&mut self, head: Head, score: f32) {
        *match head {
            Head::Hate => &mut self.hate,
            Head::Threat => &mut self.threat,
            Head::Scam => &mut self.scam,
            Head::Harassment => &mut self.harassment,
            Head::Sexual => &mut self.sexual,
            Head::SelfHarm => &mut self.self_harm,
        } = score;
    }

    /// Whether the encoder is to read a text with these scores.
    pub(super) fn ask(self) -> Asks {
        if Head::ALL.into_iter().any(|head| self.of(head) >= ASK) { Asks::Unsure } else { Asks::WhenIdle }
    }

    /// The score of a head.
    pub const fn of(self, head: Head) -> f32 {
        match head {
            Head::Hate => self.hate,
            Head::Threat => self.threat,
            Head::Scam => self.scam,
            Head::Harassment => self.harassment,
            Head::Sexual => self.sexual,
            Head::SelfHarm => self.self_harm,
        }
    }
}

/// A trained model.
#[derive(Debug)]
pub struct Classifier {
    model: Model,
    hash: String,
}

impl Classifier {
    /// The model that ships with the program.
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Classifier> = LazyLock::new(|| {
            Classifier::from_bytes(include_bytes!("classifier/model.bin")).expect("a test reads the model")
        });
        &SHIPPED
    }

    /// Reads a model.
    ///
    /// # Errors
    /// What keeps the bytes from being a model of this program.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        Ok(Self { model: Model::from_bytes(bytes)?, hash: model::hash_of(bytes) })
    }

    /// The first 16 hexadecimal digits of the model's SHA-256: which model gave a score.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Scores a text by its skeleton, as it is written and with disguised words read as what they stand for.
    pub fn scores(&self, skeleton: &View, language: Language) -> Scores {
        self.logits(skeleton, language).scores()
    }

    /// The same together with what the encoder makes of the text.
    pub fn joined_scores(&self, skeleton: &View, language: Language, meaning: Meaning) -> Scores {
        meaning.joined(self.logits(skeleton, language)).scores()
    }

    fn logits(&self, skeleton: &View, language: Language) -> Logits {
        let written = tokens(skeleton.text());
        let logits = self.logits_of(skeleton.text(), &written, language);
        let lexis = SHIPPED.lexis(&self.model.vocabulary, None);
        match repair(&lexis, skeleton, "", &written.list) {
            Some(repaired) => logits.max(self.logits_of(repaired.view.text(), &repaired.tokens, language)),
            None => logits,
        }
    }

    /// Scores tokens as they are: for a caller that has them already, and takes the highest.
    pub(super) fn logits_of(&self, text: &str, tokens: &Tokens, language: Language) -> Logits {
        let mut windows = Windows::over(&self.model, language);
        feature::of_tokens(text, tokens, &mut windows);
        Logits::of(windows.highest())
    }

    /// Scores tokens, and says which words weighed most for each head.
    pub(super) fn weigh(&self, text: &str, tokens: &Tokens, language: Language) -> WordWeights<'_> {
        let mut weights = WordWeights::over(&self.model, language);
        feature::of_tokens(text, tokens, &mut weights);
        weights
    }

    /// Whether a word attacks somebody, whatever stands around it.
    pub(super) fn attacks(text: &str, token: &Token) -> bool {
        class::classes_of(text, token).meets(*feature::ATTACK_CLASSES)
    }

    /// Ordinary words.
    pub(super) fn vocabulary(&self) -> &Vocabulary {
        &self.model.vocabulary
    }
}

/// Makes the features of a text by its skeleton, disguised words read as what they stand for.
pub fn features(skeleton: &View, vocabulary: &Vocabulary, sink: &mut impl Sink) {
    let written = tokens(skeleton.text());
    match repair(&SHIPPED.lexis(vocabulary, None), skeleton, "", &written.list) {
        Some(repaired) => feature::of_tokens(repaired.view.text(), &repaired.tokens, sink),
        None => feature::of_tokens(skeleton.text(), &written, sink),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_shipped_model_tells_what_it_was_made_for() {
        let scores =
            |text: &str| Classifier::shipped().scores(&View::skeleton(text), Language::of_text(text));
        let pleasant = scores("Hello, is the flat still free for the second week of July?");
        for head in Head::ALL {
            assert!(pleasant.of(head) < 0.5, "{head:?} {pleasant:?}");
        }
        assert!(scores("All immigrants are vermin and should be exterminated").hate > 0.5);
        assert_eq!(Classifier::shipped().hash().len(), 16);
    }

    proptest! {
        #[test]
        fn any_text_has_scores_from_0_to_1(text in ".{0,400}") {
            let scores = Classifier::shipped().scores(&View::skeleton(&text), Language::Unsure);
            for head in Head::ALL {
                prop_assert!((0.0..=1.0).contains(&scores.of(head)));
            }
        }
    }
}
