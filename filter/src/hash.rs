//! The few lines of integer hashing that features, words and classes share. A model fits one version of them only.

use std::hash::{BuildHasherDefault, Hasher};

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
const FINISH: u64 = 0xd6e8_feb8_6659_fd93;

/// What a word's hash begins with.
pub(super) const START: u64 = 0xcbf2_9ce4_8422_2325;

/// One more byte of a word.
#[inline]
pub(super) const fn push(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(0x0000_0100_0000_01b3)
}

/// Two hashes as one; the order counts.
#[inline]
pub(super) const fn pair(first: u64, second: u64) -> u64 {
    (first.rotate_left(23) ^ second).wrapping_mul(MULTIPLIER)
}

/// Spreads a hash over all bits.
#[inline]
pub(super) const fn spread(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 32)).wrapping_mul(FINISH);
    hash ^ (hash >> 29)
}

/// For tables whose keys are hashes already.
pub(super) type Hashed = BuildHasherDefault<Spread>;

/// Spreads one number.
#[derive(Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, &byte| push(hash, byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = spread(hash);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
