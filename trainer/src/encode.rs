//! Weights as the bytes of a model: eight bits a weight.

use plic_filter::classifier::{BUCKETS, HEADER, LANGUAGES, MAGIC, VERSION};

use crate::{
    calibrate::Line,
    fit::{HEADS, Weights},
};

/// Of a million weights, so many are larger than eight bits can say and become the largest that they can.
const CLIPPED: usize = 20;

/// A model file.
pub(crate) fn encode(weights: &Weights, lines: &[[Line; HEADS]; LANGUAGES], keys: &[u32]) -> Vec<u8> {
    let mut file = Vec::with_capacity(HEADER + BUCKETS * HEADS);
    file.extend(MAGIC);
    file.extend(VERSION.to_le_bytes());
    file.push(u8::try_from(BUCKETS.trailing_zeros()).expect("a number of bits"));
    file.push(u8::try_from(HEADS).expect("a few heads"));
    let steps: [f32; HEADS] = std::array::from_fn(|head| step(weights, head));
    let numbered = lines.iter().flat_map(|lines| lines.iter().enumerate());
    for (head, &(slope, offset)) in numbered {
        #[expect(clippy::cast_possible_truncation, reason = "a model has numbers of 32 bits")]
        let (scale, bias) = (
            (slope * f64::from(steps[head])) as f32,
            (slope * f64::from(weights.bias[head]) + offset) as f32,
        );
        file.extend(scale.to_le_bytes());
        file.extend(bias.to_le_bytes());
    }
    file.extend(u32::try_from(keys.len()).expect("thousands of words").to_le_bytes());
    file.extend(keys.iter().flat_map(|key| key.to_le_bytes()));
    for weights in &weights.weights {
        for (weight, step) in weights.iter().zip(steps) {
            #[expect(clippy::cast_possible_truncation, reason = "the range is that of eight bits")]
            let rounded = libm::roundf(weight / step).clamp(-127.0, 127.0) as i8;
            file.extend(rounded.to_le_bytes());
        }
    }
    file
}

/// What one of 127 steps is worth.
fn step(weights: &Weights, head: usize) -> f32 {
    let mut sizes: Vec<f32> = weights.weights.iter().map(|weights| weights[head].abs()).collect();
    sizes.sort_by(f32::total_cmp);
    let largest = sizes[sizes.len() - 1 - sizes.len() * CLIPPED / 1_000_000];
    (largest / 127.0).max(f32::MIN_POSITIVE)
}
