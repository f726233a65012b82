//! A cache that is never stale after [`Memory::forget`].
//!
//! A cache from which a change merely removes the value can be stale for good: a reader loads the old row, the change
//! commits and removes, the reader puts the old row in. Here every key carries a generation. A change raises it after its
//! commit and before it is acknowledged; a load is kept under the generation that was read before the load began. So
//! whoever asks after the acknowledgement asks under a generation under which nothing was loaded before the commit. No
//! lock is held anywhere, and concurrent loads of one key are one load.

use std::{
    hash::{BuildHasher, Hash, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use moka::future::Cache;
use plic_pipeline::store::StoreError;

const STRIPES: usize = 1024;

/// Values by key and generation; cheap to clone.
pub(super) struct Memory<K, V> {
    values: Cache<(K, u64), V>,
    generations: Arc<Generations>,
}

impl<K, V> Clone for Memory<K, V> {
    fn clone(&self) -> Self {
        Self { values: self.values.clone(), generations: Arc::clone(&self.generations) }
    }
}

impl<K, V> Memory<K, V>
where
    K: Hash + Eq + Copy + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(super) fn new(values: Cache<(K, u64), V>) -> Self {
        Self { values, generations: Arc::default() }
    }

    /// The value, by `load` where it is not known. `load` begins when it is polled.
    pub(super) async fn get(
        &self,
        key: K,
        load: impl Future<Output = Result<V, StoreError>>,
    ) -> Result<V, StoreError> {
        let generation = self.generations.of(&key).load(Ordering::SeqCst);
        self.values.try_get_with((key, generation), load).await.map_err(shared)
    }

    /// Lets nobody see again what was loaded so far; old values are never asked for and age out.
    pub(super) fn forget(&self, key: K) {
        self.generations.of(&key).fetch_add(1, Ordering::SeqCst);
    }

    /// Lets nobody see again what was loaded of any key so far.
    pub(super) fn forget_all(&self) {
        for stripe in &self.generations.stripes {
            stripe.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// The generations of all keys: what is read from now on may be kept under them.
    pub(super) fn generations(&self) -> Box<[u64]> {
        self.generations.stripes.iter().map(|stripe| stripe.load(Ordering::SeqCst)).collect()
    }

    /// Whether a key was not forgotten since `generations` were taken.
    pub(super) fn is_at(&self, key: &K, generations: &[u64]) -> bool {
        let stripe = self.generations.stripe(key);
        self.generations.stripes[stripe].load(Ordering::SeqCst) == generations[stripe]
    }
}

/// How often keys were forgotten. Keys that share a stripe are loaded again together, which costs a read and breaks
/// nothing.
struct Generations {
    hasher: RandomState,
    stripes: Box<[AtomicU64]>,
}

impl Default for Generations {
    fn default() -> Self {
        Self { hasher: RandomState::new(), stripes: (0..STRIPES).map(|_| AtomicU64::new(0)).collect() }
    }
}

impl Generations {
    fn of(&self, key: &impl Hash) -> &AtomicU64 {
        &self.stripes[self.stripe(key)]
    }

    fn stripe(&self, key: &impl Hash) -> usize {
        let hash = self.hasher.hash_one(key);
        usize::try_from(hash % STRIPES as u64).expect("a remainder of a small number")
    }
}

/// The error of a load, for each of those who waited for it.
fn shared(error: Arc<StoreError>) -> StoreError {
    match *error {
        StoreError::NotParticipant => StoreError::NotParticipant,
        StoreError::Banned => StoreError::Banned,
        StoreError::Held => StoreError::Held,
        StoreError::QueueFull => StoreError::QueueFull,
        StoreError::TimedOut => StoreError::TimedOut,
        StoreError::Overloaded => StoreError::Overloaded,
        StoreError::Unavailable(_) => StoreError::Unavailable(Box::new(error)),
    }
}
