//! What is remembered of one message: digests and counts. Only of a text of a few letters are these kept themselves, so that
//! a word is found that is split over several messages.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{Arc, LazyLock},
};

use super::sketch::Sketch;

/// Concepts of one message.
const MAX_CONCEPTS: usize = 32;
/// Bytes of a text that may be a piece of a word.
const MAX_PIECE: usize = 12;

/// Nobody outside can find a text by its digest, not even one of a few letters.
static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// What is remembered of a text.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Trace {
    pub(super) digest: u64,
    pub(super) words: u32,
    pub(super) concepts: Arc<[Touch]>,
    /// Whether the message is to be found from other rooms.
    pub(super) is_over_rooms: bool,
    /// What similar texts are recognised by in other rooms, where the text is long enough.
    pub(super) sketch: Option<Sketch>,
    /// The letters, where there are few and nothing else.
    pub(super) piece: Option<Box<str>>,
}

/// A concept that a text touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Touch {
    /// A hash of its name, the same in every rule set of this process.
    pub(crate) concept: u64,
    /// The place of its last word in the text.
    pub(crate) word: u32,
}

impl Trace {
    /// Makes the trace of a text by its letters, its length in words, and what it touches.
    pub(crate) fn new(letters: &str, words: u32, mut touches: Vec<Touch>) -> Self {
        // The last place of each is the nearest to what comes later.
        touches.sort_unstable_by_key(|touch| (touch.concept, std::cmp::Reverse(touch.word)));
        touches.dedup_by_key(|touch| touch.concept);
        touches.truncate(MAX_CONCEPTS);
        // Not what has digits: it may be the code of a door.
        let may_be_piece =
            (1..=MAX_PIECE).contains(&letters.len()) && letters.chars().all(char::is_alphabetic);
        let piece = may_be_piece.then(|| letters.into());
        Self { digest: KEY.hash_one(letters), words, concepts: touches.into(), piece, ..Self::default() }
    }

    /// The same, to be found from other rooms.
    pub(crate) fn over_rooms(self, sketch: Option<Sketch>) -> Self {
        Self { is_over_rooms: true, sketch, ..self }
    }

    /// Returns the letters of a text that may be a piece of a word.
    pub(crate) fn piece(&self) -> Option<&str> {
        self.piece.as_deref()
    }

    /// Whether nothing is to be remembered: no rule of the set asks for it.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the bytes that the trace takes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        size_of_val(&*self.concepts)
            + 2 * size_of::<usize>()
            + self.piece.as_ref().map_or(0, |piece| piece.len())
    }
}

impl fmt::Debug for Trace {
    /// How much, not what: a verdict may be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("concepts", &self.concepts.len()).finish_non_exhaustive()
    }
}

/// A hash that means the same in all of this process and nothing outside.
pub(crate) fn keyed(text: impl std::hash::Hash) -> u64 {
    KEY.hash_one(text)
}
