//! Logistic regression, one head against the rest, by adaptive gradients: one pass over a text's features serves all heads.

use plic_filter::{
    Head,
    classifier::{BUCKETS, Sink, Vocabulary, features, logistic, normed},
    normalize::View,
};

use crate::{
    corpus::{Part, Row},
    labels::Labels,
    random::Random,
};

pub(crate) const HEADS: usize = Head::ALL.len();
const PASSES: usize = 6;
const RATE: f32 = 0.5;
const BIAS_RATE: f32 = 0.05;
/// How strongly weights are pulled to zero whenever their feature is seen.
const PULL: f32 = 1e-5;
/// What the sums of squares begin with: the first step is not the whole way.
const FIRST_STEP: f32 = 1e-3;
/// An example with smaller slopes has been learnt.
const SMALLEST: f32 = 1e-3;
/// Windows that a text has at most: what is negative is so in each, and a few tell.
const WINDOWS: usize = 4;

/// A linear model before it is rounded.
pub(crate) struct Weights {
    pub(crate) weights: Vec<[f32; HEADS]>,
    pub(crate) bias: [f32; HEADS],
}

/// Texts as features.
#[derive(Default)]
pub(crate) struct Examples {
    features: Vec<u32>,
    examples: Vec<Example>,
}

struct Example {
    start: usize,
    end: usize,
    labels: Labels,
    known: Labels,
    weight: f32,
    fold: Option<u64>,
}

impl Example {
    /// How the loss changes with each margin.
    fn slopes(&self, margins: [f32; HEADS]) -> [f32; HEADS] {
        Head::ALL.map(|head| {
            if !self.known.has(head) {
                return 0.0;
            }
            let truth = if self.labels.has(head) { 1.0 } else { 0.0 };
            (logistic(margins[head as usize]) - truth) * self.weight
        })
    }
}

/// The chunks of one text.
#[derive(Default)]
struct Chunks {
    features: Vec<u32>,
    ends: Vec<usize>,
}

impl Sink for Chunks {
    fn feature(&mut self, feature: u32) {
        self.features.push(feature);
    }

    fn end_chunk(&mut self) {
        self.ends.push(self.features.len());
    }
}

impl Examples {
    /// The rows that may be trained on.
    pub(crate) fn of(rows: &[Row], vocabulary: &Vocabulary) -> Self {
        let mut examples = Self::default();
        for row in rows.iter().filter(|row| row.part != Part::Unseen) {
            examples.add(row, vocabulary);
        }
        examples
    }

    fn add(&mut self, row: &Row, vocabulary: &Vocabulary) {
        let mut chunks = Chunks::default();
        features(&View::skeleton(&row.text), vocabulary, &mut chunks);
        let starts: Vec<usize> = std::iter::once(0).chain(chunks.ends.iter().copied()).collect();
        // A long text is judged by its worst part, and nobody says which part that is.
        let windows: Vec<(usize, usize)> = if row.labels == Labels::NONE && chunks.ends.len() > 2 {
            (0..chunks.ends.len() - 1).take(WINDOWS).map(|at| (starts[at], chunks.ends[at + 1])).collect()
        } else {
            vec![(0, chunks.features.len())]
        };
        let offset = self.features.len();
        #[expect(clippy::cast_precision_loss, reason = "there are at most four")]
        let weight = row.weight / windows.len() as f32;
        self.features.append(&mut chunks.features);
        self.examples.extend(windows.into_iter().map(|(start, end)| Example {
            start: offset + start,
            end: offset + end,
            labels: row.labels,
            known: row.known,
            weight,
            fold: if let Part::Fold(fold) = row.part { Some(fold) } else { None },
        }));
    }
}

impl Weights {
    fn margins(&self, features: &[u32]) -> [f32; HEADS] {
        let mut sums = [0.0; HEADS];
        for &feature in features {
            for (sum, weight) in sums.iter_mut().zip(self.weights[feature as usize]) {
                *sum += weight;
            }
        }
        let count = count(features);
        std::array::from_fn(|head| normed(sums[head], count) + self.bias[head])
    }

    /// Fits weights to the examples of all folds but one; the seed decides the order of examples and nothing else does.
    pub(crate) fn fit(examples: &Examples, without: Option<u64>, seed: u64) -> Self {
        let mut fitted = Self { weights: vec![[0.0; HEADS]; BUCKETS], bias: [-1.0; HEADS] };
        let mut steps = vec![[FIRST_STEP; HEADS]; BUCKETS];
        let mut bias_steps = [FIRST_STEP; HEADS];
        let mut random = Random::seeded(seed);
        let is_seen = |&at: &usize| without.is_none() || examples.examples[at].fold != without;
        let mut order: Vec<usize> = (0..examples.examples.len()).filter(is_seen).collect();
        for _ in 0..PASSES {
            random.shuffle(&mut order);
            for &at in &order {
                let example = &examples.examples[at];
                let features = &examples.features[example.start..example.end];
                let margins = fitted.margins(features);
                let slopes = example.slopes(margins);
                for head in 0..HEADS {
                    bias_steps[head] += slopes[head] * slopes[head];
                    fitted.bias[head] -= BIAS_RATE * slopes[head] / bias_steps[head].sqrt();
                }
                if slopes.iter().all(|slope| slope.abs() < SMALLEST) {
                    continue;
                }
                let share = normed(1.0, count(features));
                for &feature in features {
                    let weights = &mut fitted.weights[feature as usize];
                    let steps = &mut steps[feature as usize];
                    for head in 0..HEADS {
                        let slope = slopes[head] * share + PULL * weights[head];
                        steps[head] += slope * slope;
                        weights[head] -= RATE * slope / steps[head].sqrt();
                    }
                }
            }
        }
        fitted
    }
}

fn count(features: &[u32]) -> u32 {
    u32::try_from(features.len()).unwrap_or(u32::MAX)
}
