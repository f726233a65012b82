//! What members say: texts of 64 bytes, each another, from which the load generator reads who said it and the how many-th
//! it is without parsing. Words rather than digits, for a server may mind numbers.

/// The bytes of a text.
pub(crate) const LENGTH: usize = 64;
/// How many senders can be told apart.
pub(crate) const LANES: usize = 1 << 10;

const SEQUENCE_BITS: u32 = 14;
/// A word for each half byte, told apart by its first letter.
const WORDS: [&[u8; 5]; 16] = [
    b"able ", b"blue ", b"calm ", b"door ", b"east ", b"fine ", b"good ", b"home ", b"iron ", b"july ",
    b"kind ", b"lake ", b"moon ", b"nice ", b"open ", b"path ",
];
const REST: &[u8; 34] = b"see you at the flat in the morning";

/// Which message of which sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp(u32);

impl Stamp {
    /// The stamp of a lane's message; sequences come again after 16,384.
    pub(crate) fn new(lane: usize, sequence: u32) -> Self {
        let lane = u32::try_from(lane % LANES).expect("below 1,024");
        Self(lane << SEQUENCE_BITS | sequence & ((1 << SEQUENCE_BITS) - 1))
    }

    /// Who sent it.
    pub(crate) fn lane(self) -> usize {
        (self.0 >> SEQUENCE_BITS) as usize
    }

    /// A text that says it.
    pub(crate) fn text(self) -> [u8; LENGTH] {
        let mut text = [0; LENGTH];
        let (words, rest) = text.split_at_mut(30);
        for (place, word) in words.chunks_exact_mut(5).enumerate() {
            word.copy_from_slice(WORDS[(self.0 >> (4 * place) & 15) as usize]);
        }
        rest.copy_from_slice(REST);
        text
    }

    /// Reads it from a text, or from something that ends with one.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let text = text.last_chunk::<LENGTH>()?;
        (0..6)
            .try_fold(0, |value, place| {
                let nibble = u32::from(text[5 * place].wrapping_sub(b'a'));
                (nibble < 16).then_some(value | nibble << (4 * place))
            })
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_from_its_text_and_from_what_ends_with_it() {
        for (lane, sequence) in [(0, 0), (1, 1), (999, 16_383), (1_023, 70_000)] {
            let stamp = Stamp::new(lane, sequence);
            assert_eq!(stamp.lane(), lane);
            assert_eq!(Stamp::read(&stamp.text()), Some(stamp));
            assert_eq!(Stamp::read(&[b"more before ", &stamp.text()[..]].concat()), Some(stamp));
        }
    }

    #[test]
    fn what_is_no_text_of_ours_has_no_stamp() {
        assert_eq!(Stamp::read(b"ok"), None);
        assert_eq!(Stamp::read(&[b'z'; LENGTH]), None);
    }

    #[test]
    fn texts_of_a_sender_differ() {
        assert_ne!(Stamp::new(3, 1).text(), Stamp::new(3, 2).text());
    }
}
