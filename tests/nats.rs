//! Hints over a real NATS: who may connect, what is heard of what, and what an outage leaves.

use std::{sync::Arc, time::Duration};

use plic_chat::{
    bus::nats::{Heard, Hearing, Hint, HintedMessage, Nats, NatsSettings},
    metrics::ClusterMetrics,
};
use plic_pipeline::{
    event::Committed,
    id::{ConnectionId, IncidentId, MessageId, RoomId, UserId},
    moderation::Viewing,
    timestamp::Timestamp,
};
use testbed::{Certificates, Nats as Server, NatsAccess, NatsOptions};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// Made for these tests alone.
const NKEY: &str = "UDFZXHOQYOIRB7HRABGZC7W6O6ARZPB5F2PO3S7TLKHKKQ7QDCWLIF5U";
const NKEY_SEED: &str = "SUACJ3T7YNQ7KELFB67FQ47IIM5UQ3TJAY7QT5R2WHJDMQPJBTUCAJW6PM";
/// Longer than anything here takes; a test that waits so long has failed.
const LONG: Duration = Duration::from_secs(30);
/// What has not come by then does not come.
const SHORT: Duration = Duration::from_millis(300);

fn message(room: i64, text: &str) -> Committed {
    Committed {
        id: MessageId(5),
        room: RoomId(room),
        seq: 3,
        sender: UserId(Uuid::from_u128(9)),
        origin: ConnectionId(2 << 32 | 1),
        text: text.into(),
        participants: Arc::default(),
        people_version: 1,
    }
}

fn to(server: &Server) -> NatsSettings {
    NatsSettings { servers: vec![server.url()], ..NatsSettings::default() }
}

/// A node's two halves, connected.
async fn node(settings: &NatsSettings) -> (Nats, Hearing) {
    let (nats, mut hearing) = Nats::connect(settings, ClusterMetrics::default()).await.expect("fit settings");
    let first = timeout(LONG, hearing.next()).await.expect("it connects");
    assert_eq!(first, Some(Heard::Check), "what was committed before is not heard of");
    assert!(nats.is_connected());
    (nats, hearing)
}

/// Says something until it is heard: when a subscription has reached the server is not known to the client.
async fn heard(from: &Nats, by: &mut Hearing, message: &Committed) -> HintedMessage {
    let hints = timeout(LONG, async {
        loop {
            from.tell(message);
            if let Ok(Some(Heard::Hints(hints))) = timeout(SHORT, by.next()).await {
                return hints;
            }
        }
    });
    let (room, bytes) = hints.await.expect("it is heard").remove(0);
    assert_eq!(room, message.room);
    let hint = Hint::decode(&bytes).expect("it is understood");
    assert_eq!((hint.seq, hint.people_version), (message.seq, message.people_version));
    hint.message.expect("it is whole")
}

async fn hears_each_other(settings: &NatsSettings) {
    let (one, _) = node(settings).await;
    let (other, mut hearing) = node(settings).await;
    other.listen(RoomId(7));
    let told = message(7, "hello");
    let heard = heard(&one, &mut hearing, &told).await;
    assert_eq!((heard.id, heard.origin, heard.sender), (told.id, told.origin, told.sender));
    assert_eq!(heard.text, told.text);
}

async fn is_refused(settings: &NatsSettings) {
    let (nats, mut hearing) = Nats::connect(settings, ClusterMetrics::default()).await.expect("fit settings");
    assert!(timeout(SHORT, hearing.next()).await.is_err());
    assert!(!nats.is_connected());
}

#[tokio::test]
async fn only_rooms_that_are_listened_to_are_heard_of_and_news_always() {
    let server = Server::start(&NatsOptions::default());
    let (one, mut own) = node(&to(&server)).await;
    let (other, mut hearing) = node(&to(&server)).await;
    one.listen(RoomId(7));
    other.listen(RoomId(7));
    heard(&one, &mut hearing, &message(7, "hello")).await;
    one.tell(&message(8, "elsewhere"));
    one.tell_news(41);
    let next = timeout(LONG, async {
        loop {
            match hearing.next().await {
                Some(Heard::Hints(hints)) => assert!(hints.iter().all(|(room, _)| *room == RoomId(7))),
                next => return next,
            }
        }
    });
    assert_eq!(next.await.expect("news come"), Some(Heard::News(41)));
    let user = UserId(Uuid::from_u128(9));
    let viewing = Viewing { incident: IncidentId(6), user, until: Some(Timestamp(1)) };
    one.tell_viewing(&viewing);
    let next = timeout(LONG, hearing.next()).await.expect("it comes");
    assert_eq!(next, Some(Heard::Viewing(viewing)), "whatever rooms are listened to");
    assert!(timeout(SHORT, own.next()).await.is_err(), "nobody hears itself");

    other.unlisten(RoomId(7));
    assert!(timeout(SHORT, hearing.next()).await.is_err());
    one.tell(&message(7, "too late"));
    assert!(timeout(SHORT, hearing.next()).await.is_err());
}

#[tokio::test]
async fn installations_with_prefixes_of_their_own_do_not_hear_each_other() {
    let server = Server::start(&NatsOptions::default());
    let (one, _) = node(&to(&server)).await;
    let (other, mut hearing) = node(&NatsSettings { prefix: "plic.other".into(), ..to(&server) }).await;
    other.listen(RoomId(7));
    assert!(timeout(SHORT, hearing.next()).await.is_err());
    one.tell(&message(7, "hello"));
    one.tell_news(1);
    assert!(timeout(SHORT, hearing.next()).await.is_err());
}

#[tokio::test]
async fn a_user_signs_in_with_a_password_in_the_address_or_beside_it() {
    let access = NatsAccess::Password("me".into(), "hush".into());
    let server = Server::start(&NatsOptions { access, ..NatsOptions::default() });
    hears_each_other(&to(&server)).await;
    let bare = server.url().replace("me:hush@", "");
    let beside = NatsSettings {
        servers: vec![bare.clone()],
        user: Some("me".into()),
        password: Some("hush".into()),
        ..NatsSettings::default()
    };
    hears_each_other(&beside).await;
    is_refused(&NatsSettings { password: Some("wrong".into()), ..beside }).await;
}

#[tokio::test]
async fn a_token_signs_in() {
    let access = NatsAccess::Token("hush".into());
    let server = Server::start(&NatsOptions { access, ..NatsOptions::default() });
    hears_each_other(&to(&server)).await;
    let bare = vec![server.url().replace("hush@", "")];
    let settings = NatsSettings { servers: bare, token: Some("hush".into()), ..NatsSettings::default() };
    hears_each_other(&settings).await;
    is_refused(&NatsSettings { token: None, ..settings }).await;
}

#[tokio::test]
async fn an_nkey_signs_in() {
    let access = NatsAccess::Nkey(NKEY.into());
    let server = Server::start(&NatsOptions { access, ..NatsOptions::default() });
    let folder = tempfile::tempdir().expect("a folder");
    let seed = folder.path().join("seed");
    std::fs::write(&seed, format!("{NKEY_SEED}\n")).expect("a file");
    hears_each_other(&NatsSettings { nkey_file: Some(seed), ..to(&server) }).await;
    is_refused(&to(&server)).await;
}

#[tokio::test]
async fn tls_takes_the_authority_that_is_named_and_a_certificate_where_it_is_asked_for() {
    let certificates = Certificates::new();
    let server = Server::start(&NatsOptions {
        tls: Some(&certificates),
        client_certificates: true,
        ..NatsOptions::default()
    });
    let settings = NatsSettings {
        ca_file: Some(certificates.ca()),
        certificate_file: Some(certificates.client()),
        key_file: Some(certificates.client_key()),
        require_tls: true,
        ..to(&server)
    };
    hears_each_other(&settings).await;
    is_refused(&NatsSettings { certificate_file: None, key_file: None, ..settings.clone() }).await;
    is_refused(&NatsSettings { ca_file: None, ..settings.clone() }).await;
    let half = NatsSettings { key_file: None, ..settings };
    assert!(Nats::connect(&half, ClusterMetrics::default()).await.is_err());
}

#[tokio::test]
async fn a_node_begins_without_nats_and_goes_on_through_an_outage() {
    let mut server = Server::start(&NatsOptions::default());
    server.kill();
    let metrics = ClusterMetrics::default();
    let (nats, mut hearing) = Nats::connect(&to(&server), metrics.clone()).await.expect("fit settings");
    nats.listen(RoomId(7));
    nats.tell(&message(7, "nobody is there"));
    assert_eq!((metrics.sent.get(), metrics.dropped.get(), metrics.connected.get()), (0, 1, 0));

    for _ in 0..2 {
        server.start_again();
        assert_eq!(timeout(LONG, hearing.next()).await.expect("it connects"), Some(Heard::Check));
        let (other, _) = node(&to(&server)).await;
        heard(&other, &mut hearing, &message(7, "hello")).await;
        assert_eq!(metrics.connected.get(), 1);
        server.kill();
        let away = timeout(LONG, async {
            while nats.is_connected() {
                sleep(Duration::from_millis(10)).await;
            }
        });
        away.await.expect("it is noticed");
    }
}

#[tokio::test]
async fn a_server_that_is_frozen_holds_nobody_up_and_is_noticed() {
    let server = Server::start(&NatsOptions::default());
    let (nats, _hearing) = node(&to(&server)).await;
    server.freeze();
    let told = tokio::task::spawn_blocking(move || {
        for _ in 0..20_000 {
            nats.tell(&message(7, &"long ".repeat(100)));
        }
        nats
    });
    let nats = timeout(LONG, told).await.expect("nothing waits").expect("nothing fails");
    let away = timeout(LONG, async {
        while nats.is_connected() {
            sleep(Duration::from_millis(10)).await;
        }
    });
    away.await.expect("it is noticed");
}
