//! What each stage lets pass and refuses, through the whole pipeline and without a socket.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use plic_pipeline::{
    Parts, Pipeline,
    command::Reply,
    filter::{RuleSet, Rules},
    id::{ConnectionId, MessageId, RoomId, UserId},
    metrics::PipelineMetrics,
    pipeline,
    rejection::{CloseCode, Reason, Refused},
    request::{Inbound, Payload},
    room::{Room, RoomError},
    session::Session,
    stage::rate_limit::RateLimit,
    store::{Ban, NewMessage, Page, RoomSummary, SentKey, Store, StoreError, StoredMessage},
    timestamp::Timestamp,
    token::{Identity, Role},
};
use prometheus_client::registry::Registry;
use tower::{Service, ServiceExt};
use uuid::Uuid;

const ALICE: UserId = UserId(Uuid::from_u128(1));
const SLUR: &str = "sale bougnoule";

/// A store with one room, number 1, of Alice; what it says besides is set by the test.
#[derive(Default)]
struct OneRoom {
    banned_until: Option<Timestamp>,
    is_away: bool,
    was_sent: AtomicBool,
    /// The sender leaves between the look at the room and the insert.
    loses_the_sender: bool,
    stored: AtomicUsize,
}

impl OneRoom {
    fn answer<T>(&self, value: T) -> Result<T, StoreError> {
        if self.is_away { Err(StoreError::Unavailable("gone".into())) } else { Ok(value) }
    }
}

#[async_trait]
impl Store for OneRoom {
    async fn append(&self, _: NewMessage) -> Result<MessageId, StoreError> {
        if self.loses_the_sender {
            return Err(StoreError::NotParticipant);
        }
        self.stored.fetch_add(1, Ordering::Relaxed);
        self.answer(MessageId(1))
    }

    async fn already_sent(&self, _: &SentKey) -> Result<Option<MessageId>, StoreError> {
        self.answer(self.was_sent.load(Ordering::Relaxed).then_some(MessageId(1)))
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
        self.answer(self.banned_until.map(|end| Ban { user, reason: String::new(), expires_at: Some(end) }))
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

    async fn rooms_of(&self, _: UserId, _: Option<RoomId>, _: usize) -> Result<Page<RoomSummary>, RoomError> {
        unreachable!("no command lists rooms")
    }

    async fn messages(
        &self,
        _: RoomId,
        _: Option<MessageId>,
        _: usize,
    ) -> Result<Page<StoredMessage>, StoreError> {
        unreachable!("no command lists messages")
    }

    async fn ban(&self, _: Ban) -> Result<(), StoreError> {
        unreachable!("no command bans")
    }

    async fn lift_ban(&self, _: UserId) -> Result<bool, StoreError> {
        unreachable!("no command lifts bans")
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.answer(())
    }
}

fn over(store: &Arc<OneRoom>, burst: u32) -> (Pipeline, Registry) {
    let mut registry = Registry::default();
    let pipeline = pipeline(Parts {
        store: Arc::clone(store) as Arc<dyn Store>,
        rules: Arc::new(Rules::new(RuleSet::starter())),
        rate_limit: RateLimit::new(NonZeroU32::MIN, NonZeroU32::new(burst).expect("at least 1")),
        max_message_chars: 4000,
        metrics: PipelineMetrics::register(&mut registry),
    });
    (pipeline, registry)
}

fn session(holds_for: Duration) -> Arc<Session> {
    let expires_at = Timestamp::now().after(holds_for);
    Arc::new(Session::new(Identity { user: ALICE, role: Role::User, expires_at }, ConnectionId(1)))
}

fn send(room: i64, message: &str) -> Payload {
    let data = serde_json::json!({"room_id": room, "message": message, "message_temp_id": "t"});
    Payload::Text(Bytes::from(serde_json::json!({"type": "SendMessage", "data": data}).to_string()))
}

async fn run(store: OneRoom, payload: Payload) -> (Result<Reply, Refused>, usize) {
    let store = Arc::new(store);
    let inbound = Inbound { session: session(Duration::from_mins(1)), payload };
    let answer = over(&store, 100).0.oneshot(inbound).await;
    (answer, store.stored.load(Ordering::Relaxed))
}

/// The refusal's reason, code and temp id, and that nothing was stored.
async fn refused(store: OneRoom, payload: Payload) -> (Reason, Option<CloseCode>, Option<String>) {
    let (answer, stored) = run(store, payload).await;
    let refused = answer.expect_err("refused");
    assert_eq!(stored, 0);
    (refused.rejection.reason(), refused.rejection.close(), refused.temp_id.map(|id| id.to_string()))
}

#[tokio::test]
async fn a_good_command_is_stored_and_answered_with_its_temp_id() {
    let (answer, stored) = run(OneRoom::default(), send(1, "Bonjour")).await;
    assert_eq!(answer.expect("passes"), Reply::Sent { temp_id: "t".into(), message: MessageId(1) });
    assert_eq!(stored, 1);
}

#[tokio::test]
async fn a_token_that_ran_out_closes_with_4002_and_answers_the_temp_id() {
    let store = Arc::new(OneRoom::default());
    let inbound = Inbound { session: session(Duration::ZERO), payload: send(1, "Bonjour") };
    let refused = over(&store, 100).0.oneshot(inbound).await.expect_err("refused");
    assert_eq!(refused.rejection.close(), Some(CloseCode::InvalidToken));
    assert_eq!(refused.temp_id, Some("t".into()));
}

#[tokio::test]
async fn what_is_no_command_closes_with_4010() {
    let bad = (Reason::BadMessageStructure, Some(CloseCode::BadMessageStructure), None);
    for payload in [Payload::Binary, Payload::TooLarge, Payload::Text(Bytes::from_static(b"{"))] {
        assert_eq!(refused(OneRoom::default(), payload).await, bad);
    }
}

#[tokio::test]
async fn a_banned_user_is_refused_with_4005_until_the_ban_ends() {
    let until = |end| OneRoom { banned_until: Some(end), ..OneRoom::default() };
    let now = Timestamp::now();
    let banned = refused(until(now.after(Duration::from_mins(1))), send(1, "Bonjour")).await;
    assert_eq!(banned, (Reason::UnauthorizedAction, Some(CloseCode::Banned), Some("t".to_owned())));
    assert_eq!(run(until(now), send(1, "Bonjour")).await.1, 1);
}

#[tokio::test]
async fn a_hateful_text_closes_with_4011_whichever_room_it_is_for() {
    let hateful = (Reason::HatefulSpeech, Some(CloseCode::HatefulSpeech), Some("t".to_owned()));
    assert_eq!(refused(OneRoom::default(), send(1, SLUR)).await, hateful);
    assert_eq!(refused(OneRoom::default(), send(2, SLUR)).await, hateful);
}

#[tokio::test]
async fn a_room_that_the_sender_is_not_in_closes_with_4012() {
    let unauthorized =
        (Reason::UnauthorizedAction, Some(CloseCode::UnauthorizedAction), Some("t".to_owned()));
    assert_eq!(refused(OneRoom::default(), send(2, "Bonjour")).await, unauthorized);
    assert_eq!(refused(OneRoom::default(), send(-1, "Bonjour")).await, unauthorized);
}

#[tokio::test]
async fn a_sender_who_is_removed_at_the_last_moment_gets_4012_and_no_server_error() {
    let store = OneRoom { loses_the_sender: true, ..OneRoom::default() };
    let unauthorized =
        (Reason::UnauthorizedAction, Some(CloseCode::UnauthorizedAction), Some("t".to_owned()));
    assert_eq!(refused(store, send(1, "Bonjour")).await, unauthorized);
}

#[tokio::test]
async fn a_message_that_was_stored_is_confirmed_though_its_text_or_room_is_refused_today() {
    for payload in [send(1, SLUR), send(2, "Bonjour")] {
        let store = OneRoom { was_sent: AtomicBool::new(true), ..OneRoom::default() };
        let (answer, stored) = run(store, payload).await;
        assert_eq!(
            answer.expect("confirmed again"),
            Reply::Sent { temp_id: "t".into(), message: MessageId(1) }
        );
        assert_eq!(stored, 0);
    }
}

#[tokio::test]
async fn a_store_that_is_away_lets_nobody_pass() {
    let away = OneRoom { is_away: true, ..OneRoom::default() };
    assert_eq!(
        refused(away, send(1, "Bonjour")).await,
        (Reason::ServerError, Some(CloseCode::ServerError), Some("t".to_owned()))
    );
}

#[tokio::test]
async fn beyond_the_rate_a_command_is_answered_and_a_hundred_of_them_close_with_4012() {
    let store = Arc::new(OneRoom::default());
    let (mut pipeline, _registry) = over(&store, 3);
    let session = session(Duration::from_mins(1));
    let mut codes = Vec::new();
    for _ in 0..103 {
        let inbound = Inbound { session: Arc::clone(&session), payload: send(1, "Bonjour") };
        let answer = pipeline.ready().await.expect("always ready").call(inbound).await;
        codes.push(answer.map_err(|refused| (refused.rejection.reason(), refused.rejection.close())).err());
    }
    assert_eq!(codes[..3], [None; 3]);
    assert!(codes[3..102].iter().all(|code| *code == Some((Reason::RateLimited, None))));
    assert_eq!(codes[102], Some((Reason::UnauthorizedAction, Some(CloseCode::UnauthorizedAction))));
    assert_eq!(store.stored.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn every_stage_is_counted_and_timed() {
    let store = Arc::new(OneRoom::default());
    let (pipeline, registry) = over(&store, 100);
    let inbound = Inbound { session: session(Duration::from_mins(1)), payload: send(1, "Bonjour") };
    pipeline.oneshot(inbound).await.expect("passes");
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).expect("to a string");
    for stage in ["auth", "structure", "ban", "filter", "authorize", "rate_limit"] {
        let counted = format!(r#"plic_stage_commands_total{{stage="{stage}",outcome="passed"}} 1"#);
        let timed = format!(r#"plic_stage_seconds_count{{stage="{stage}"}} 1"#);
        assert!(text.contains(&counted) && text.contains(&timed), "{stage}: {text}");
    }
}
