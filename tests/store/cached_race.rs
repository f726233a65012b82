//! The cache is not stale after an acknowledged change, however reads and changes interleave.

mod records;

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use plic_chat::store::{Cached, SqliteStore, Writers};
use plic_pipeline::{
    id::{MessageId, RoomId, UserId},
    moderation::{
        Authority, Policy, Records,
        incident::{HeldMessage, RefusedMessage},
    },
    room::{Room, RoomError},
    store::{
        Ban, Before, Held, NewMessage, Page, Reader, Recorded, RoomHistory, RoomSummary, RoomsAfter, SentKey,
        Store, StoreError,
    },
};
use tempfile::TempDir;
use tokio::sync::Semaphore;

use crate::{
    engine::{Recorder, sqlite::url},
    suite::{participants, room_of, user, users},
};

/// An engine whose reads of rooms and bans stop between having read and answering.
struct Pausing {
    store: SqliteStore,
    reads: Arc<AtomicUsize>,
    /// Reads take a permit before they answer.
    answers: Arc<Semaphore>,
    /// Has a permit for each read that stands before its answer.
    paused: Arc<Semaphore>,
}

impl Pausing {
    async fn pause<T>(&self, read: impl Future<Output = T> + Send) -> T
    where
        T: Send,
    {
        let answer = read.await;
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.paused.add_permits(1);
        self.answers.acquire().await.expect("never closed").forget();
        answer
    }
}

#[async_trait]
impl Store for Pausing {
    async fn append(&self, message: NewMessage) -> Result<MessageId, StoreError> {
        self.store.append(message).await
    }

    async fn record_refused(&self, refused: RefusedMessage, policy: &Policy) -> Result<Recorded, StoreError> {
        self.store.record_refused(refused, policy).await
    }

    async fn hold(&self, held: HeldMessage) -> Result<Held, StoreError> {
        self.store.hold(held).await
    }

    async fn already_sent(&self, key: &SentKey) -> Result<Option<Before>, StoreError> {
        self.store.already_sent(key).await
    }

    async fn room(&self, room: RoomId) -> Result<Option<Arc<Room>>, StoreError> {
        self.pause(self.store.room(room)).await
    }

    async fn create_room(
        &self,
        owner: UserId,
        named: &[UserId],
        apartment: Option<i64>,
    ) -> Result<RoomId, RoomError> {
        self.store.create_room(owner, named, apartment).await
    }

    async fn change_room(
        &self,
        room: RoomId,
        actor: UserId,
        add: &[UserId],
        remove: &[UserId],
    ) -> Result<(), RoomError> {
        self.store.change_room(room, actor, add, remove).await
    }

    async fn delete_room(&self, room: RoomId, actor: UserId, moderates: bool) -> Result<(), RoomError> {
        self.store.delete_room(room, actor, moderates).await
    }

    async fn rooms_of(
        &self,
        user: UserId,
        after: Option<RoomsAfter>,
        limit: usize,
    ) -> Result<Page<RoomSummary>, RoomError> {
        self.store.rooms_of(user, after, limit).await
    }

    async fn read_room(
        &self,
        room: RoomId,
        reader: Reader,
        before: Option<MessageId>,
        limit: usize,
    ) -> Result<Option<RoomHistory>, StoreError> {
        self.store.read_room(room, reader, before, limit).await
    }

    async fn ban_of(&self, user: UserId) -> Result<Option<Ban>, StoreError> {
        self.pause(self.store.ban_of(user)).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }
}

/// The cache before an engine that pauses; dropped with its folder.
struct Fixture {
    store: Arc<Cached<Pausing>>,
    answers: Arc<Semaphore>,
    paused: Arc<Semaphore>,
    reads: Arc<AtomicUsize>,
    _folder: TempDir,
}

async fn fixture() -> Fixture {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = SqliteStore::open(&url(&folder), Arc::new(Recorder::default())).await.expect("opens");
    let (reads, answers, paused) = (Arc::default(), Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let pausing = Pausing {
        store,
        reads: Arc::clone(&reads),
        answers: Arc::clone(&answers),
        paused: Arc::clone(&paused),
    };
    Fixture {
        store: Arc::new(Cached::new(pausing, Writers::ThisProcess)),
        answers,
        paused,
        reads,
        _folder: folder,
    }
}

#[tokio::test]
async fn a_room_that_was_read_before_a_change_is_not_remembered_after_it() {
    let Fixture { store, answers, paused, _folder, .. } = fixture().await;
    let room = room_of(&*store, &[1, 2]).await;
    let reader = tokio::spawn({
        let store = Arc::clone(&store);
        async move { participants(&*store, room).await }
    });
    paused.acquire().await.expect("never closed").forget();
    // The old row has been read and not yet remembered: the moment in which a change must not be lost.
    store.change_room(room, user(1), &[], &[user(2)]).await.expect("changes");
    answers.add_permits(100);
    assert_eq!(reader.await.expect("does not panic"), users(&[1, 2]), "it began before the change ended");
    assert_eq!(participants(&*store, room).await, users(&[1]));
}

#[tokio::test]
async fn a_reader_after_the_change_does_not_wait_for_one_that_began_before() {
    let Fixture { store, answers, paused, _folder, .. } = fixture().await;
    assert!(paused.available_permits() == 0);
    let reader = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.ban_of(user(1)).await }
    });
    paused.acquire().await.expect("never closed").forget();
    let ban = Ban { user: user(1), reason: "spam".into(), expires_at: None, authority: Authority::Moderator };
    store.ban(ban.clone(), None).await.expect("bans");
    answers.add_permits(100);
    assert_eq!(store.ban_of(user(1)).await.expect("answers"), Some(ban));
    assert_eq!(reader.await.expect("does not panic").expect("answers"), None);
    assert!(store.lift_ban(user(1), Some(user(9)), Authority::Moderator).await.expect("lifts"));
    assert_eq!(store.ban_of(user(1)).await.expect("answers"), None);
}

#[tokio::test]
async fn a_change_whose_caller_goes_away_is_not_hidden_by_the_cache() {
    let Fixture { store, answers, _folder, .. } = fixture().await;
    answers.add_permits(1000);
    let room = room_of(&*store, &[1, 2]).await;
    assert_eq!(participants(&*store, room).await, users(&[1, 2]));
    {
        let add = [user(3)];
        let mut change = std::pin::pin!(store.change_room(room, user(1), &add, &[]));
        // Begun, and dropped before it answers.
        let begun = futures_util::future::poll_immediate(&mut change).await;
        assert!(begun.is_none());
    }
    tokio::time::timeout(std::time::Duration::from_secs(5), async {
        while participants(&*store, room).await != users(&[1, 2, 3]) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("the change shows, long before the cache would forget by itself");
}

#[tokio::test]
async fn many_readers_of_a_room_are_one_read_and_later_ones_none() {
    let Fixture { store, answers, reads, _folder, .. } = fixture().await;
    answers.add_permits(1000);
    let room = room_of(&*store, &[1, 2]).await;
    let all = (0..50).map(|_| participants(&*store, room));
    futures_util::future::join_all(all).await;
    assert_eq!(participants(&*store, room).await, users(&[1, 2]));
    assert_eq!(reads.load(Ordering::SeqCst), 1);
    for _ in 0..3 {
        assert_eq!(store.room(RoomId(999)).await.expect("answers"), None);
    }
    assert_eq!(reads.load(Ordering::SeqCst), 2, "that there is no such room is remembered too");
}

#[tokio::test]
async fn whoever_is_not_banned_is_known_without_a_read_and_a_new_ban_holds_at_once() {
    let Fixture { store, answers, reads, _folder, .. } = fixture().await;
    answers.add_permits(1_000_000);
    let ban =
        |n| Ban { user: user(n), reason: "spam".into(), expires_at: None, authority: Authority::Moderator };
    store.ban(ban(1), None).await.expect("bans");
    let strangers = tokio::time::timeout(std::time::Duration::from_secs(5), async {
        let mut stranger = 100;
        loop {
            let before = reads.load(Ordering::SeqCst);
            assert_eq!(store.ban_of(user(stranger)).await.expect("answers"), None);
            if reads.load(Ordering::SeqCst) == before {
                break stranger;
            }
            stranger += 1;
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    });
    strangers.await.expect("all bans are read together");
    assert_eq!(store.ban_of(user(1)).await.expect("answers"), Some(ban(1)));
    assert_eq!(store.ban_of(user(2)).await.expect("answers"), None);
    store.ban(ban(2), None).await.expect("bans");
    assert_eq!(store.ban_of(user(2)).await.expect("answers"), Some(ban(2)));
    assert!(store.lift_ban(user(1), Some(user(9)), Authority::Moderator).await.expect("lifts"));
    assert_eq!(store.ban_of(user(1)).await.expect("answers"), None);
}
