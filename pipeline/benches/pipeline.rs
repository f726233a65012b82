//! What a command costs between the socket and the store: stage by stage, and the whole, over a store in memory that
//! answers at once.
//!
//! `cargo bench -p plic-pipeline --bench pipeline`; `-- --quick` is enough for a look. The whole without rules is the
//! pipeline's own cost; with the starter rules it is that and the filter's.

use std::{
    hint::black_box,
    num::NonZeroU32,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use futures_util::FutureExt;
use plic_filter::{RuleSet, Rules, canary};
use plic_pipeline::{
    Parts, Pipeline,
    bus::Bus,
    event::Event,
    id::{ConnectionId, MessageId, RoomId, UserId},
    memory::Memory,
    metrics::PipelineMetrics,
    moderation::{
        Policy, Watch,
        incident::{HeldMessage, RefusedMessage},
    },
    pipeline,
    rejection::Refused,
    request::{Inbound, Payload},
    room::{Room, RoomError},
    said_lately::{SaidElsewhere, SaidLately},
    session::Session,
    stage::{
        Stage, auth::Auth, authorize::Authorize, ban::Ban, filter::Filter, rate_limit::RateLimit,
        structure::Structure,
    },
    store::{
        self, Before, Held, NewMessage, Page, Reader, Recorded, RoomHistory, RoomSummary, RoomsAfter,
        SentKey, Store, StoreError, StoredMessage,
    },
    timestamp::Timestamp,
    token::{Identity, Role},
};
use prometheus_client::registry::Registry;
use tower::Service;
use uuid::Uuid;

const ALICE: UserId = UserId(Uuid::from_u128(1));
const MAX_CHARS: usize = 4_000;
/// So many different messages, one after the other.
const MESSAGES: usize = 1_000;

/// A store with one room, which keeps nothing.
struct InMemory {
    room: Arc<Room>,
    appended: Mutex<i64>,
}

#[async_trait]
impl Store for InMemory {
    async fn append(&self, message: NewMessage) -> Result<MessageId, StoreError> {
        black_box(message);
        let mut appended = self.appended.lock().expect("nobody panics while holding this");
        *appended += 1;
        Ok(MessageId(*appended))
    }

    async fn record_refused(&self, _: RefusedMessage, _: &Policy) -> Result<Recorded, StoreError> {
        Ok(Recorded::default())
    }

    async fn hold(&self, _: HeldMessage) -> Result<Held, StoreError> {
        Ok(Held::Waiting)
    }

    async fn already_sent(&self, _: &SentKey) -> Result<Option<Before>, StoreError> {
        Ok(None)
    }

    async fn room(&self, _: RoomId) -> Result<Option<Arc<Room>>, StoreError> {
        Ok(Some(Arc::clone(&self.room)))
    }

    async fn ban_of(&self, _: UserId) -> Result<Option<store::Ban>, StoreError> {
        Ok(None)
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
        Ok(())
    }
}

/// A bus that nobody listens to, and a sender who has said nothing.
struct Nobody;

#[async_trait]
impl SaidLately for Nobody {
    async fn in_room(&self, _: UserId, _: RoomId) -> Result<Vec<StoredMessage>, StoreError> {
        Ok(Vec::new())
    }

    async fn over_rooms(&self, _: UserId) -> Result<Vec<SaidElsewhere>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Bus for Nobody {
    async fn publish(&self, _: Vec<Event>) {}
}

/// The stages, each by itself and all together.
struct House {
    store: Arc<dyn Store>,
    watch: Arc<Watch>,
    rate_limit: RateLimit,
    metrics: PipelineMetrics,
}

impl House {
    fn new() -> Self {
        let room = Room {
            id: RoomId(1),
            owner: ALICE,
            participants: vec![ALICE],
            apartment: None,
            created_at: Timestamp(0),
            deleted_at: None,
        };
        let store: Arc<dyn Store> = Arc::new(InMemory { room: Arc::new(room), appended: Mutex::default() });
        let metrics = PipelineMetrics::register(&mut Registry::default());
        let watch = Watch::new(Arc::clone(&store), Arc::new(Nobody), Policy::default(), metrics.clone());
        let rate_limit = RateLimit::new(NonZeroU32::MAX, NonZeroU32::MAX);
        Self { store, watch: Arc::new(watch), rate_limit, metrics }
    }

    fn pipeline(&self, rules: RuleSet) -> Pipeline {
        pipeline(Parts {
            store: Arc::clone(&self.store),
            rules: Arc::new(Rules::new(rules)),
            memory: self.memory(),
            watch: Arc::clone(&self.watch),
            encoder: None,
            second_opinion: None,
            rate_limit: self.rate_limit.clone(),
            max_message_chars: MAX_CHARS,
            metrics: self.metrics.clone(),
        })
    }

    fn memory(&self) -> Memory {
        Memory::new(Arc::new(Nobody), None, self.metrics.clone())
    }

    fn filter(&self, rules: RuleSet) -> Arc<Filter> {
        Arc::new(Filter {
            rules: Arc::new(Rules::new(rules)),
            memory: Arc::new(self.memory()),
            watch: Arc::clone(&self.watch),
            encoder: None,
            second_opinion: None,
        })
    }
}

/// Commands of so many characters, each with a temp id of its own, of a session that lasts.
fn commands(length: usize) -> impl FnMut() -> Inbound {
    let expires_at = Timestamp::now().after(Duration::from_hours(24));
    let identity = Identity { user: ALICE, role: Role::User, expires_at };
    let session = Arc::new(Session::new(identity, ConnectionId(1)));
    let texts: Vec<&str> = canary::texts().collect();
    let payload = |at: usize| {
        let text = texts[at..at + 40].join(" ").chars().take(length).collect::<String>();
        let data = serde_json::json!({"room_id": 1, "message": text, "message_temp_id": Uuid::new_v4()});
        Bytes::from(serde_json::json!({"type": "SendMessage", "data": data}).to_string())
    };
    let payloads: Vec<Bytes> = (0..MESSAGES).map(payload).collect();
    let mut next = payloads.into_iter().cycle();
    move || {
        let payload = Payload::Text(next.next().expect("a cycle goes on"));
        Inbound { session: Arc::clone(&session), payload }
    }
}

/// What a stage decides; nothing here waits.
fn decide<S: Stage<In>, In>(stage: &Arc<S>, request: In) -> Result<S::Out, Refused> {
    stage.decide(request).now_or_never().expect("memory answers at once")
}

fn stages(criterion: &mut Criterion) {
    let house = House::new();
    let auth = Arc::new(Auth);
    let structure = Arc::new(Structure { max_message_chars: MAX_CHARS });
    let ban = Arc::new(Ban { store: Arc::clone(&house.store) });
    let filter = house.filter(RuleSet::default());
    let authorize = Arc::new(Authorize { store: Arc::clone(&house.store) });
    let rate_limit = Arc::new(house.rate_limit.clone());

    let mut inbound = commands(64);
    let mut authenticated = {
        let mut inbound = commands(64);
        let auth = Arc::clone(&auth);
        move || decide(&auth, inbound()).expect("the token holds")
    };
    let well_formed = || {
        let mut inbound = commands(64);
        let (auth, structure) = (Arc::clone(&auth), Arc::clone(&structure));
        move || {
            let authenticated = decide(&auth, inbound()).expect("the token holds");
            decide(&structure, authenticated).expect("it is a command")
        }
    };
    let not_banned = || {
        let mut well_formed = well_formed();
        let ban = Arc::clone(&ban);
        move || decide(&ban, well_formed()).expect("nobody is banned")
    };
    let clean = || {
        let mut not_banned = not_banned();
        let filter = Arc::clone(&filter);
        move || decide(&filter, not_banned()).expect("there are no rules")
    };
    let mut authorized = {
        let mut clean = clean();
        let authorize = Arc::clone(&authorize);
        move || decide(&authorize, clean()).expect("it is the sender's room")
    };

    let mut group = criterion.benchmark_group("stage, 64 characters");
    let size = BatchSize::SmallInput;
    group.bench_function("auth", |b| b.iter_batched(&mut inbound, |request| decide(&auth, request), size));
    group.bench_function("structure", |b| {
        b.iter_batched(&mut authenticated, |request| decide(&structure, request), size);
    });
    group.bench_function("ban", |b| b.iter_batched(well_formed(), |request| decide(&ban, request), size));
    group.bench_function("filter without rules", |b| {
        b.iter_batched(not_banned(), |request| decide(&filter, request), size);
    });
    group.bench_function("authorize", |b| {
        b.iter_batched(clean(), |request| decide(&authorize, request), size);
    });
    group.bench_function("rate limit", |b| {
        b.iter_batched(&mut authorized, |request| decide(&rate_limit, request), size);
    });
    group.finish();
}

fn whole(criterion: &mut Criterion) {
    let house = House::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let mut group = criterion.benchmark_group("whole");
    for (name, rules) in [("without rules", RuleSet::default()), ("starter rules", RuleSet::starter())] {
        for length in [64, 200] {
            let pipeline = house.pipeline(rules.clone());
            // The first message of a connection waits for what its sender said before.
            let first = pipeline.clone().call(commands(length)());
            runtime.block_on(first).expect("it is confirmed");
            group.bench_function(format!("{name}, {length} characters"), |b| {
                b.iter_batched(
                    commands(length),
                    // As the socket does: the service of a connection, once more.
                    |inbound| pipeline.clone().call(inbound).now_or_never().expect("memory answers at once"),
                    BatchSize::SmallInput,
                );
            });
        }
    }
    group.finish();
}

criterion_group!(benches, stages, whole);
criterion_main!(benches);
