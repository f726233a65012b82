//! A pipeline over a store with one room, and what to send through it.

use std::{
    num::NonZeroU32,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use plic_filter::{Asks, Meaning, RuleSet, Rules};
use plic_pipeline::{
    Parts, Pipeline,
    bus::Bus,
    command::Reply,
    event::Event,
    id::{BanId, ConnectionId, MessageId, RoomId, UserId},
    meaning::ReadsMeaning,
    memory::Memory,
    metrics::PipelineMetrics,
    moderation::{
        Authority, BanRecord, Policy, Watch,
        incident::{HeldMessage, RefusedMessage},
    },
    opinion::{Opinion, SecondOpinion},
    pipeline,
    rejection::{CloseCode, Reason, Refused},
    request::{Inbound, Payload},
    room::{Room, RoomError},
    said_lately::{SaidElsewhere, SaidLately},
    session::Session,
    stage::rate_limit::RateLimit,
    store::{
        Ban, Before, Held, NewMessage, Page, Reader, Recorded, RoomHistory, RoomSummary, RoomsAfter, SentKey,
        Store, StoreError, StoredMessage,
    },
    timestamp::Timestamp,
    token::{Identity, Role},
};
use prometheus_client::registry::Registry;
use tower::ServiceExt;
use uuid::Uuid;

pub(crate) const ALICE: UserId = UserId(Uuid::from_u128(1));
pub(crate) const SLUR: &str = "sale bougnoule";

/// A store with one room, number 1, of Alice; what it says besides is set by the test.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is something that a test sets alone")]
pub(crate) struct OneRoom {
    pub(crate) banned_until: Option<Timestamp>,
    pub(crate) is_away: bool,
    pub(crate) was_sent: bool,
    /// The sender leaves between the look at the room and the insert.
    pub(crate) loses_the_sender: bool,
    pub(crate) stored: Mutex<Vec<NewMessage>>,
    pub(crate) held: Mutex<Vec<HeldMessage>>,
    pub(crate) recorded: Mutex<Vec<RefusedMessage>>,
    /// No more of the sender's messages are taken for review.
    pub(crate) is_full: bool,
    /// The next strike is the last.
    pub(crate) bans: bool,
    /// What is refused cannot be put on record.
    pub(crate) cannot_record: bool,
    /// What Alice said before, in the room and elsewhere; nothing where that cannot be read.
    pub(crate) said: Option<Vec<StoredMessage>>,
    /// How often it was read.
    pub(crate) reads: AtomicUsize,
}

impl OneRoom {
    fn answer<T>(&self, value: T) -> Result<T, StoreError> {
        if self.is_away { Err(StoreError::Unavailable("gone".into())) } else { Ok(value) }
    }
}

#[async_trait]
impl SaidLately for OneRoom {
    async fn in_room(&self, sender: UserId, room: RoomId) -> Result<Vec<StoredMessage>, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let Some(said) = &self.said else { return Err(StoreError::TimedOut) };
        let is_here = |message: &&StoredMessage| message.room == room && message.sender == sender;
        Ok(said.iter().filter(is_here).cloned().collect())
    }

    async fn over_rooms(&self, sender: UserId) -> Result<Vec<SaidElsewhere>, StoreError> {
        let Some(said) = &self.said else { return Err(StoreError::TimedOut) };
        let theirs = said.iter().filter(|message| message.sender == sender);
        Ok(theirs.map(|message| SaidElsewhere { message: message.clone(), is_first: true }).collect())
    }
}

#[async_trait]
impl Store for OneRoom {
    async fn append(&self, message: NewMessage) -> Result<MessageId, StoreError> {
        if self.loses_the_sender {
            return Err(StoreError::NotParticipant);
        }
        let mut stored = self.stored.lock().expect("no test panics while it holds this");
        stored.push(message);
        self.answer(MessageId(i64::try_from(stored.len()).expect("a few")))
    }

    async fn hold(&self, held: HeldMessage) -> Result<Held, StoreError> {
        if self.is_full {
            return Err(StoreError::QueueFull);
        }
        self.held.lock().expect("no test panics while it holds this").push(held);
        self.answer(Held::Waiting)
    }

    async fn record_refused(&self, refused: RefusedMessage, _: &Policy) -> Result<Recorded, StoreError> {
        if self.cannot_record {
            return Err(StoreError::TimedOut);
        }
        let user = refused.key.sender;
        self.recorded.lock().expect("no test panics while it holds this").push(refused);
        let banned = self.bans.then(|| BanRecord {
            id: BanId(1),
            ban: Ban { user, reason: String::new(), expires_at: None, authority: Authority::Moderator },
            created_at: Timestamp(0),
            created_by: None,
            lifted_at: None,
            lifted_by: None,
        });
        self.answer(Recorded { banned })
    }

    async fn already_sent(&self, _: &SentKey) -> Result<Option<Before>, StoreError> {
        self.answer(self.was_sent.then_some(Before::Sent(MessageId(1))))
    }

    async fn room(&self, room: RoomId) -> Result<Option<Arc<Room>>, StoreError> {
        let participants = vec![ALICE];
        let room = Room {
            id: room,
            owner: ALICE,
            participants,
            apartment: None,
            created_at: Timestamp(0),
            deleted_at: None,
        };
        self.answer((room.id == RoomId(1)).then(|| Arc::new(room)))
    }

    async fn ban_of(&self, user: UserId) -> Result<Option<Ban>, StoreError> {
        self.answer(self.banned_until.map(|end| Ban {
            user,
            reason: String::new(),
            expires_at: Some(end),
            authority: Authority::Moderator,
        }))
    }

    async fn create_room(&self, _: UserId, _: &[UserId], _: Option<i64>) -> Result<RoomId, RoomError> {
        unreachable!("no command creates rooms")
    }

    async fn change_room(&self, _: RoomId, _: UserId, _: &[UserId], _: &[UserId]) -> Result<(), RoomError> {
        unreachable!("no command changes rooms")
    }

    async fn delete_room(&self, _: RoomId, _: UserId, _: bool) -> Result<(), RoomError> {
        unreachable!("no command deletes rooms")
    }

    async fn rooms_of(
        &self,
        _: UserId,
        _: Option<RoomsAfter>,
        _: usize,
    ) -> Result<Page<RoomSummary>, RoomError> {
        unreachable!("no command lists rooms")
    }

    async fn read_room(
        &self,
        _: RoomId,
        _: Reader,
        _: Option<MessageId>,
        _: usize,
    ) -> Result<Option<RoomHistory>, StoreError> {
        unreachable!("no command reads rooms")
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.answer(())
    }
}

/// A bus that remembers what was published.
#[derive(Default)]
pub(crate) struct Remembers(pub(crate) Mutex<Vec<Event>>);

#[async_trait]
impl Bus for Remembers {
    async fn publish(&self, events: Vec<Event>) {
        self.0.lock().expect("no test panics while it holds this").extend(events);
    }
}

/// Somebody who is always of the same opinion.
pub(crate) struct Says(pub(crate) Opinion);

#[async_trait]
impl SecondOpinion for Says {
    async fn ask(&self, _: &str) -> Opinion {
        self.0
    }
}

/// A pipeline and what it is made from.
pub(crate) struct House {
    pub(crate) store: Arc<OneRoom>,
    pub(crate) bus: Arc<Remembers>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) registry: Registry,
    pub(crate) pipeline: Pipeline,
}

/// An encoder that makes the same of every text, or gives no answer.
pub(crate) struct Reads(pub(crate) Option<Meaning>);

#[async_trait]
impl ReadsMeaning for Reads {
    async fn meaning(&self, _: &str, _: Asks) -> Option<Meaning> {
        self.0
    }

    fn model(&self) -> &'static str {
        "model"
    }
}

pub(crate) fn house(store: OneRoom, rules: RuleSet, burst: u32, opinion: Option<Opinion>) -> House {
    house_with_encoder(store, rules, burst, opinion, None)
}

pub(crate) fn house_with_encoder(
    store: OneRoom,
    rules: RuleSet,
    burst: u32,
    opinion: Option<Opinion>,
    encoder: Option<Reads>,
) -> House {
    let store = Arc::new(store);
    let bus = Arc::new(Remembers::default());
    let mut registry = Registry::default();
    let metrics = PipelineMetrics::register(&mut registry);
    let watch = Arc::new(Watch::new(
        Arc::clone(&store) as Arc<dyn Store>,
        Arc::clone(&bus) as Arc<dyn Bus>,
        Policy::default(),
        metrics.clone(),
    ));
    let pipeline = pipeline(Parts {
        store: Arc::clone(&store) as Arc<dyn Store>,
        rules: Arc::new(Rules::new(rules)),
        memory: Memory::new(Arc::clone(&store) as Arc<dyn SaidLately>, None, metrics.clone()),
        watch: Arc::clone(&watch),
        encoder: encoder.map(|encoder| Arc::new(encoder) as Arc<dyn ReadsMeaning>),
        second_opinion: opinion.map(|opinion| Arc::new(Says(opinion)) as Arc<dyn SecondOpinion>),
        rate_limit: RateLimit::new(NonZeroU32::MIN, NonZeroU32::new(burst).expect("at least 1")),
        max_message_chars: 4000,
        metrics,
    });
    House { store, bus, watch, registry, pipeline }
}

/// A house with one rule against slurs.
pub(crate) fn over(store: OneRoom, burst: u32) -> House {
    house(store, rules(&[("bougnoule", "block")]), burst, None)
}

/// A rule a word: the word, and the action that a text with it meets.
pub(crate) fn rules(words: &[(&str, &str)]) -> RuleSet {
    let rules: Vec<_> = (1..)
        .zip(words)
        .map(|(id, (word, action))| {
            serde_json::json!({
                "id": id, "name": word, "kind": "terms", "category": "hate", "action": action, "state": "live",
                "terms": [word],
            })
        })
        .collect();
    let json = serde_json::Value::from(rules).to_string();
    RuleSet::from_json(json.as_bytes()).expect("the rules compile")
}

pub(crate) fn session(holds_for: Duration) -> Arc<Session> {
    let expires_at = Timestamp::now().after(holds_for);
    Arc::new(Session::new(Identity { user: ALICE, role: Role::User, expires_at }, ConnectionId(1)))
}

pub(crate) fn send(room: i64, message: &str) -> Payload {
    let data = serde_json::json!({"room_id": room, "message": message, "message_temp_id": "t"});
    Payload::Text(Bytes::from(serde_json::json!({"type": "SendMessage", "data": data}).to_string()))
}

impl House {
    pub(crate) async fn send(&self, payload: Payload) -> Result<Reply, Refused> {
        self.send_over(ConnectionId(1), payload).await
    }

    pub(crate) async fn send_over(
        &self,
        connection: ConnectionId,
        payload: Payload,
    ) -> Result<Reply, Refused> {
        let expires_at = Timestamp::now().after(Duration::from_mins(1));
        let identity = Identity { user: ALICE, role: Role::User, expires_at };
        let inbound = Inbound { session: Arc::new(Session::new(identity, connection)), payload };
        self.pipeline.clone().oneshot(inbound).await
    }

    /// The texts that were stored, as they are delivered.
    pub(crate) fn stored(&self) -> Vec<String> {
        let stored = self.store.stored.lock().expect("no test panics while it holds this");
        stored.iter().map(|message| message.text.clone()).collect()
    }
}

pub(crate) async fn run(store: OneRoom, payload: Payload) -> (Result<Reply, Refused>, usize) {
    let house = over(store, 100);
    let answer = house.send(payload).await;
    (answer, house.stored().len())
}

/// The refusal's reason, code and temp id, and that nothing was stored.
pub(crate) async fn refused(store: OneRoom, payload: Payload) -> (Reason, Option<CloseCode>, Option<String>) {
    let (answer, stored) = run(store, payload).await;
    let refused = answer.expect_err("refused");
    assert_eq!(stored, 0);
    (refused.rejection.reason(), refused.rejection.close(), refused.temp_id.map(|id| id.to_string()))
}
