//! Who is banned, answered from memory: a door through which thousands come at once must not read the database for
//! each. All bans in force are read together, by one statement, and whoever is not among them is not banned.
//!
//! The list is as exact as [`Memory`]: it carries the generations of all keys as they stood before it was read, and is not
//! asked about a user who was banned, or whose ban was lifted, since then. It is refreshed while anybody asks, never
//! used for longer than anything is remembered, and given up where more are banned than it may hold; whom it does not
//! answer for is looked up alone, so that nobody who may be banned passes.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use plic_pipeline::{
    id::UserId,
    moderation::Records,
    store::{Ban, Store, StoreError},
};

use super::{KEPT, memory::Memory};

/// The most bans that are kept together.
const MOST: usize = 10_000;
/// A list of this age is read anew, for the next one to be there before it is too old.
const REFRESH: Duration = Duration::from_secs(6);
/// When the list could not be read, or is too long, it is left alone for so long.
const GIVEN_UP: Duration = Duration::from_mins(1);

/// Every user's ban, or lack of one; cheap to clone.
pub(super) struct Bans<S>(Arc<Shared<S>>);

struct Shared<S> {
    store: Arc<S>,
    alone: Memory<UserId, Option<Ban>>,
    together: RwLock<Option<List>>,
    is_reading: AtomicBool,
}

/// All bans in force at a moment.
struct List {
    began: Instant,
    generations: Box<[u64]>,
    /// `None` where they could not be had.
    bans: Option<HashMap<UserId, Ban>>,
}

/// The list cannot tell: the user is to be looked up alone.
struct NotListed;

impl<S> Clone for Bans<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> Bans<S> {
    /// What `store` knows; `alone` remembers what it is asked about one user.
    pub(super) fn new(store: Arc<S>, alone: Memory<UserId, Option<Ban>>) -> Self {
        let (together, is_reading) = (RwLock::default(), AtomicBool::default());
        Self(Arc::new(Shared { store, alone, together, is_reading }))
    }

    /// Lets nobody see again what was known about a user so far.
    pub(super) fn forget(&self, user: UserId) {
        self.0.alone.forget(user);
    }
}

impl<S> Bans<S> {
    /// Lets nobody see again what was known about anybody so far.
    pub(super) fn forget_all(&self) {
        self.0.alone.forget_all();
    }
}

impl<S: Store + Records + 'static> Bans<S> {
    /// A user's ban, in force or not.
    pub(super) async fn of(&self, user: UserId) -> Result<Option<Ban>, StoreError> {
        match self.known(user) {
            Ok(ban) => Ok(ban),
            Err(NotListed) => self.0.alone.get(user, self.0.store.ban_of(user)).await,
        }
    }

    /// What the list says; has it read where that is due.
    fn known(&self, user: UserId) -> Result<Option<Ban>, NotListed> {
        let now = Instant::now();
        let (known, is_due) = {
            let together = self.0.together.read().unwrap_or_else(PoisonError::into_inner);
            together.as_ref().map_or((Err(NotListed), true), |list| {
                let age = now.saturating_duration_since(list.began);
                let due = if list.bans.is_some() { REFRESH } else { GIVEN_UP };
                let bans = list.bans.as_ref().filter(|_| age < KEPT);
                let bans = bans.filter(|_| self.0.alone.is_at(&user, &list.generations));
                (bans.map(|bans| bans.get(&user).cloned()).ok_or(NotListed), age >= due)
            })
        };
        if is_due && !self.0.is_reading.swap(true, Ordering::AcqRel) {
            let this = self.clone();
            tokio::spawn(async move {
                this.read().await;
                this.0.is_reading.store(false, Ordering::Release);
            });
        }
        known
    }

    /// Reads the list.
    pub(super) async fn read(&self) {
        let (generations, began) = (self.0.alone.generations(), Instant::now());
        // One page is one statement, and so one moment: over two, a ban that is replaced meanwhile would be missed.
        let bans = match self.0.store.bans(false, None, MOST).await {
            Ok(page) if !page.more => {
                Some(page.items.into_iter().map(|ban| (ban.ban.user, ban.ban)).collect())
            }
            Ok(_too_many) => None,
            Err(error) => {
                plic_pipeline::log_limited!(
                    WARN,
                    error: &error,
                    "could not read who is banned; asking one by one"
                );
                None
            }
        };
        let list = List { began, generations, bans };
        *self.0.together.write().unwrap_or_else(PoisonError::into_inner) = Some(list);
    }
}
