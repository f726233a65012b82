//! What each sender said lately in each room: enough to see one text sent again and again, and what is said in pieces.
//!
//! Nothing of a text is kept but a keyed digest and which concepts it touched. The memory is this process's and bounded
//! in senders, rooms, messages and time; what falls out of it is forgotten, which lets more pass and never less. While no
//! rule in force looks back, nothing is added to it.

use std::{
    collections::VecDeque,
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use moka::{policy::EvictionPolicy, sync::Cache};

use crate::id::{RoomId, UserId};

/// Pairs of a sender and a room.
const MAX_PAIRS: u64 = 100_000;
/// Messages of one pair.
const MAX_MESSAGES: usize = 16;
/// Concepts of one message.
const MAX_CONCEPTS: usize = 32;
/// How long anything is remembered.
const KEPT: Duration = Duration::from_hours(24);

/// Nobody outside can find a text by its digest, not even one of a few letters.
static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// What is remembered of a text.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Trace {
    digest: u64,
    words: u32,
    concepts: Arc<[Touch]>,
}

/// A concept that a text touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Touch {
    /// A hash of its name, the same in every rule set of this process.
    pub(super) concept: u64,
    /// The place of its last word in the text.
    pub(super) word: u32,
}

impl Trace {
    /// Of a text's letters, its length in words, and what it touches.
    pub(super) fn new(letters: &[u8], words: u32, mut touches: Vec<Touch>) -> Self {
        // The last place of each is the nearest to what comes later.
        touches.sort_unstable_by_key(|touch| (touch.concept, std::cmp::Reverse(touch.word)));
        touches.dedup_by_key(|touch| touch.concept);
        touches.truncate(MAX_CONCEPTS);
        Self { digest: KEY.hash_one(letters), words, concepts: touches.into() }
    }
}

impl Trace {
    /// Whether nothing is to be remembered: no rule of the set asks for it.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Debug for Trace {
    /// How much, not what: a verdict may be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("concepts", &self.concepts.len()).finish_non_exhaustive()
    }
}

/// A hash that means the same in all of this process and nothing outside.
pub(super) fn keyed(text: &str) -> u64 {
    KEY.hash_one(text)
}

/// A message that is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    /// Of the command: the same one sent again was said once.
    key: u64,
    at: SystemTime,
    trace: Trace,
}

/// What a sender said in a room before now.
#[derive(Debug, Clone, Default)]
pub struct Earlier {
    now: Option<SystemTime>,
    /// The latest last.
    said: Arc<VecDeque<Said>>,
}

impl Earlier {
    /// How often the same text was said in the time before now.
    pub(super) fn same(&self, trace: &Trace, window: Duration) -> usize {
        let Some(now) = self.now else { return 0 };
        let since = before(now, window);
        self.said.iter().filter(|said| said.trace.digest == trace.digest && said.at > since).count()
    }

    /// The concepts that were touched, each with how many words ago.
    pub(super) fn concepts(&self) -> impl Iterator<Item = (u64, u32)> {
        let since = before(self.now.unwrap_or(UNIX_EPOCH), KEPT);
        let mut behind = 0_u32;
        self.said.iter().rev().filter(move |said| said.at > since).flat_map(move |said| {
            let words = said.trace.words;
            behind = behind.saturating_add(words);
            let end = behind;
            said.trace.concepts.iter().map(move |touch| (touch.concept, end.saturating_sub(touch.word)))
        })
    }
}

/// What one sender said lately in one room. Whoever judges a text holds what was said as it was then.
type Lately = Mutex<Arc<VecDeque<Said>>>;

/// The memory of this process.
#[derive(Debug, Clone)]
pub struct Recall {
    said: Cache<(UserId, RoomId), Arc<Lately>>,
}

impl Recall {
    /// Remembers nothing yet.
    pub fn new() -> Self {
        let said = Cache::builder()
            .max_capacity(MAX_PAIRS)
            .time_to_idle(KEPT)
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Self { said }
    }

    /// What a sender said in a room, for judging what they say now.
    pub fn earlier(&self, sender: UserId, room: RoomId, now: SystemTime) -> Earlier {
        let lately = self.said.get(&(sender, room));
        let said = lately.map(|lately| Arc::clone(&lately.lock().unwrap_or_else(PoisonError::into_inner)));
        Earlier { now: Some(now), said: said.unwrap_or_default() }
    }

    /// Remembers a message that was accepted. `key` is a digest of the command: the same command again is no repetition.
    pub fn remember(&self, sender: UserId, room: RoomId, key: &[u8; 32], trace: Trace, now: SystemTime) {
        let message = Said { key: KEY.hash_one(key), at: now, trace };
        let lately = self.said.get_with((sender, room), Arc::default);
        let mut said = lately.lock().unwrap_or_else(PoisonError::into_inner);
        if said.iter().all(|said| said.key != message.key) {
            let said = Arc::make_mut(&mut said);
            if said.len() >= MAX_MESSAGES {
                said.pop_front();
            }
            said.push_back(message);
        }
    }
}

fn before(now: SystemTime, window: Duration) -> SystemTime {
    now.checked_sub(window).unwrap_or(UNIX_EPOCH)
}

impl Default for Recall {
    fn default() -> Self {
        Self::new()
    }
}
