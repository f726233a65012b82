//! The weights, and how the features of a text become probabilities.
//!
//! A model file is [`MAGIC`], the version of the features (`u16`), the bits of a feature (`u8`), the number of heads
//! (`u8`); for each of English and French, and for each head, what an integer of its weights is worth and its bias (`f32`
//! each); how many words the vocabulary has (`u32`), and their keys (`u32` each); then for each feature a weight for each
//! head (`i8`). Numbers are little-endian.

use sha2::{Digest, Sha256};

use super::{
    super::language::Language,
    Head, Scores,
    feature::{BITS, BUCKETS, Sink, VERSION},
    vocabulary::Vocabulary,
};

/// What a model file begins with.
pub const MAGIC: [u8; 8] = *b"plic-mdl";
/// Bytes before the vocabulary.
pub const HEADER: usize = MAGIC.len() + 4 + LANGUAGES * HEADS * 8 + 4;
/// English and French.
pub const LANGUAGES: usize = 2;
pub(super) const HEADS: usize = Head::ALL.len();

/// The byte of a weight of zero.
const ZERO: u8 = 128;
/// The weights of the heads 0, 2, 4 and 6; those of 1, 3 and 5 are beside them.
const EVEN: u64 = 0x00ff_00ff_00ff_00ff;
/// Bytes that hold the weights of a feature: those beyond the heads are zero.
const LANES: usize = 8;
/// So many bytes are summed in 16 bits.
const MOST_AT_ONCE: u32 = 256;

/// Why bytes are no model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// It is another kind of file.
    #[error("not a model file")]
    NotAModel,
    /// The program makes other features than the model knows.
    #[error("the model is for version {0} of the features")]
    OtherFeatures(u16),
    /// Its size does not fit its header.
    #[error("the model has {0} bytes")]
    WrongSize(usize),
    /// A number in the header is infinite or none.
    #[error("the model has a number that is none")]
    NotANumber,
}

/// How a sum of weights becomes a logit.
#[derive(Debug, Clone, Copy, Default)]
struct Line {
    scale: f32,
    bias: f32,
}

/// A model, ready to score.
pub(super) struct Model {
    /// A weight for each head, feature after feature: one look into memory serves all heads. Each is a byte, from
    /// [`ZERO`] up, so that all are summed as two numbers.
    weights: Box<[u64]>,
    lines: [[Line; HEADS]; LANGUAGES],
    pub(super) vocabulary: Vocabulary,
}

impl Model {
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let (header, weights) = bytes.split_at_checked(HEADER).ok_or(ModelError::NotAModel)?;
        let (magic, header) = header.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(ModelError::NotAModel);
        }
        let (shape, numbers) = header.split_at(4);
        let version = u16::from_le_bytes([shape[0], shape[1]]);
        if version != VERSION || u32::from(shape[2]) != BITS || usize::from(shape[3]) != HEADS {
            return Err(ModelError::OtherFeatures(version));
        }
        let (numbers, words) = numbers.split_at(LANGUAGES * HEADS * 8);
        let words = u32::from_le_bytes([words[0], words[1], words[2], words[3]]);
        let (words, weights) = usize::try_from(words)
            .ok()
            .and_then(|words| weights.split_at_checked(words.checked_mul(4)?))
            .filter(|(_, weights)| weights.len() == BUCKETS * HEADS)
            .ok_or(ModelError::WrongSize(bytes.len()))?;
        let keys: Vec<u32> =
            words.chunks_exact(4).map(|key| u32::from_le_bytes([key[0], key[1], key[2], key[3]])).collect();
        let mut lines = [[Line::default(); HEADS]; LANGUAGES];
        for (line, pair) in lines.as_flattened_mut().iter_mut().zip(numbers.chunks_exact(8)) {
            let scale = f32::from_le_bytes([pair[0], pair[1], pair[2], pair[3]]);
            let bias = f32::from_le_bytes([pair[4], pair[5], pair[6], pair[7]]);
            if !(scale.is_finite() && bias.is_finite()) {
                return Err(ModelError::NotANumber);
            }
            *line = Line { scale, bias };
        }
        let shifted = |byte: u8| byte.wrapping_add(ZERO);
        let weights = weights
            .chunks_exact(HEADS)
            .map(|heads| {
                let mut packed = [0; LANES];
                packed.iter_mut().zip(heads).for_each(|(lane, &weight)| *lane = shifted(weight));
                u64::from_le_bytes(packed)
            })
            .collect();
        Ok(Self { weights, lines, vocabulary: Vocabulary::of(&keys) })
    }

    /// What a feature weighs for each head, in integers of the model.
    pub(super) fn weights_of(&self, feature: u32) -> [f32; HEADS] {
        let bytes = self.weights[feature as usize].to_le_bytes();
        std::array::from_fn(|head| f32::from(bytes[head]) - f32::from(ZERO))
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("lines", &self.lines).finish_non_exhaustive()
    }
}

/// The logarithm of the odds of each head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Logits(pub(super) [f32; HEADS]);

impl Logits {
    /// The highest of a text; where it had no words, those of a score of zero.
    pub(super) fn of(highest: Option<[f32; HEADS]>) -> Self {
        Self(highest.unwrap_or([f32::NEG_INFINITY; HEADS]))
    }

    /// The higher of two for each head.
    #[must_use]
    pub(in super::super) fn max(self, other: Self) -> Self {
        Self(std::array::from_fn(|head| self.0[head].max(other.0[head])))
    }

    pub(in super::super) fn scores(self) -> Scores {
        Scores::from_array(self.0.map(logistic))
    }
}

/// The sums of a chunk.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    weights: [i32; HEADS],
    features: u32,
}

/// Sums weights chunk by chunk, and keeps the highest score of two neighbours: what is said in one sentence of a long
/// text counts as much as if it were said alone.
pub(super) struct Windows<'a> {
    model: &'a Model,
    /// For each language, by how much of it the text is judged.
    shares: [f32; LANGUAGES],
    chunk: Sums,
    /// What is not in the chunk's sums yet: the even heads, the odd ones, and of how many features.
    even: u64,
    odd: u64,
    pending: u32,
    last: Option<Sums>,
    highest: Option<[f32; HEADS]>,
}

impl<'a> Windows<'a> {
    /// Begins to score a text in a language; one that may be of either is judged by the mean of both.
    pub(super) fn over(model: &'a Model, language: Language) -> Self {
        Self {
            model,
            shares: language.shares(),
            chunk: Sums::default(),
            even: 0,
            odd: 0,
            pending: 0,
            last: None,
            highest: None,
        }
    }

    /// Brings the chunk's sums up to date.
    fn settle(&mut self) {
        let (even, odd) = (std::mem::take(&mut self.even), std::mem::take(&mut self.odd));
        let pending = std::mem::take(&mut self.pending);
        let zero = i32::from(ZERO).wrapping_mul(i32::try_from(pending).unwrap_or(i32::MAX));
        for (head, total) in self.chunk.weights.iter_mut().enumerate() {
            let lanes = if head % 2 == 0 { even } else { odd };
            let sum = i32::from(u16::try_from(lanes >> (head / 2 * 16) & 0xffff).unwrap_or(u16::MAX));
            *total = total.wrapping_add(sum).wrapping_sub(zero);
        }
        self.chunk.features = self.chunk.features.wrapping_add(pending);
    }

    /// Returns the highest logits, or nothing where there was no chunk.
    pub(super) fn highest(&self) -> Option<[f32; HEADS]> {
        self.highest
    }

    fn score(&self, sums: Sums) -> [f32; HEADS] {
        std::array::from_fn(|head| {
            #[expect(clippy::cast_precision_loss, reason = "a sum beyond 24 bits is certain either way")]
            let sum = sums.weights[head] as f32;
            let sum = normed(sum, sums.features);
            let lines = self.model.lines.iter().zip(self.shares);
            lines.map(|(lines, share)| share * (sum * lines[head].scale + lines[head].bias)).sum()
        })
    }
}

impl Sink for Windows<'_> {
    #[inline]
    fn feature(&mut self, feature: u32) {
        let weights = self.model.weights[feature as usize];
        self.even += weights & EVEN;
        self.odd += weights >> 8 & EVEN;
        self.pending += 1;
        if self.pending == MOST_AT_ONCE {
            self.settle();
        }
    }

    fn end_chunk(&mut self) {
        self.settle();
        let chunk = std::mem::take(&mut self.chunk);
        let window = self.last.map_or(chunk, |last| Sums {
            weights: std::array::from_fn(|head| last.weights[head].saturating_add(chunk.weights[head])),
            features: last.features.saturating_add(chunk.features),
        });
        let scores = self.score(window);
        self.highest = Some(
            self.highest
                .map_or(scores, |highest| std::array::from_fn(|head| highest[head].max(scores[head]))),
        );
        self.last = Some(chunk);
    }
}

/// A sum of so many features' weights, so that long texts are not surer than short ones for their length alone.
pub fn normed(sum: f32, features: u32) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "texts have fewer than 2^24 features that matter")]
    let features = features as f32;
    sum / (features + 30.0).sqrt()
}

/// A logit as a probability.
pub fn logistic(logit: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-logit))
}

/// The first 16 hexadecimal digits of SHA-256.
pub(super) fn hash_of(bytes: &[u8]) -> String {
    let start = Sha256::digest(bytes).iter().take(8).fold(0_u64, |start, &byte| start << 8 | u64::from(byte));
    format!("{start:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Vec<u8> {
        let mut file = MAGIC.to_vec();
        file.extend(VERSION.to_le_bytes());
        file.extend([19, u8::try_from(HEADS).expect("a few heads")]);
        file.extend([0; LANGUAGES * HEADS * 8 + 4]);
        file.resize(HEADER + BUCKETS * HEADS, 0);
        file
    }

    fn refused(bytes: &[u8]) -> ModelError {
        Model::from_bytes(bytes).expect_err("the bytes are no model")
    }

    #[test]
    fn bytes_that_are_no_model_are_refused() {
        assert!(Model::from_bytes(&file()).is_ok());
        assert_eq!(refused(b""), ModelError::NotAModel);
        assert_eq!(refused(&[0; 4096]), ModelError::NotAModel);
        let mut other = file();
        other[8] = 99;
        assert_eq!(refused(&other), ModelError::OtherFeatures(99));
        let mut short = file();
        short.pop();
        assert_eq!(refused(&short), ModelError::WrongSize(short.len()));
        let mut infinite = file();
        infinite[12..16].copy_from_slice(&f32::INFINITY.to_le_bytes());
        assert_eq!(refused(&infinite), ModelError::NotANumber);
    }
}
