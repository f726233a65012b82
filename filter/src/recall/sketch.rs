//! Recognises a text that was changed a little: a name, a date, a greeting.
//!
//! A sketch keeps, for each of [`LANES`] hash functions, the lowest hash of the text's pairs of neighbouring words. The
//! share of lanes that two sketches have in common estimates the share of pairs that the texts have in common (min-wise
//! hashing, a locality-sensitive hash for the Jaccard similarity).

/// Hash functions of a sketch.
const LANES: usize = 16;
/// Lanes that two similar texts have in common. Where seven of ten pairs of words are the same, 97 in 100 have so many.
const SIMILAR: usize = 8;
/// Shorter texts have no sketch: many people say them alike, and one person to many.
const FEWEST_WORDS: usize = 6;

/// What similar texts have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sketch([u16; LANES]);

impl Sketch {
    /// Makes the sketch of a text by its words; nothing where it has too few.
    pub(crate) fn of<'t>(words: impl Iterator<Item = &'t [u8]>) -> Option<Self> {
        let mut lanes = [u64::MAX; LANES];
        let (mut last, mut count) = (0_u64, 0_usize);
        for word in words {
            let hash = hash(word);
            if count > 0 {
                // Rotation keeps the order of the two: the pair the other way round is another one.
                let pair = last.rotate_left(23) ^ hash;
                for (lane, seed) in lanes.iter_mut().zip(SEEDS) {
                    *lane = (*lane).min((pair ^ seed).wrapping_mul(seed));
                }
            }
            (last, count) = (hash, count + 1);
        }
        (count >= FEWEST_WORDS).then(|| Self(lanes.map(middle)))
    }

    /// Whether two texts say nearly the same.
    pub(super) fn is_similar(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).filter(|&(&one, other)| one == other).count() >= SIMILAR
    }
}

/// Multiplies and rotates, eight bytes at a time: a keyed hash of each word would cost more than the sketch.
fn hash(word: &[u8]) -> u64 {
    word.chunks(8).fold(word.len() as u64, |hash, chunk| {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        (hash.rotate_left(5) ^ u64::from_le_bytes(bytes)).wrapping_mul(SEEDS[0])
    })
}

/// Odd numbers without a pattern (`SplitMix64`): the multiplier of each lane's hash function.
const SEEDS: [u64; LANES] = {
    let mut seeds = [0; LANES];
    let mut at = 0;
    let mut state = 0_u64;
    while at < LANES {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut seed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        seed = (seed ^ (seed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        seeds[at] = (seed ^ (seed >> 31)) | 1;
        at += 1;
    }
    seeds
};

/// What is kept of a lowest hash. Its highest bits are mostly zero.
const fn middle(hash: u64) -> u16 {
    (hash >> 32 & 0xffff) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(text: &str) -> Sketch {
        Sketch::of(text.split(' ').map(str::as_bytes)).expect("is long enough")
    }

    const ENQUIRY: &str = "dear marie we are a family of four from nantes and would love to stay at your place in july \
                           our flat is close to the old town and has a small garden would the dates suit you";

    #[test]
    fn a_text_with_another_name_and_month_is_similar() {
        let other = ENQUIRY.replace("marie", "paul").replace("july", "august");
        assert!(sketch(ENQUIRY).is_similar(&sketch(&other)));
    }

    #[test]
    fn another_text_of_the_same_words_is_not() {
        let mut words: Vec<&str> = ENQUIRY.split(' ').collect();
        words.reverse();
        assert!(!sketch(ENQUIRY).is_similar(&sketch(&words.join(" "))));
        let other =
            "hello could you tell me whether the garage is free and how we get the keys on sunday evening";
        assert!(!sketch(ENQUIRY).is_similar(&sketch(other)));
    }

    #[test]
    fn short_texts_have_none() {
        assert_eq!(Sketch::of("yes of course see you".split(' ').map(str::as_bytes)), None);
        assert_eq!(Sketch::of(std::iter::empty()), None);
    }
}
