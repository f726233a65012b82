//! `PostgreSQL` under faults, and under other hands.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures_util::future::join_all;
use plic_chat::{cluster::shared::Shared, store::PostgresStore};
use plic_pipeline::{
    id::MessageId,
    moderation::Records,
    store::{Reader, Store, StoreError},
};
use sqlx::{Connection, Executor, query_as};
use testbed::{Outage, PgBouncer, Postgres, Proxy};
use tokio::time::{Instant, sleep};

use crate::{
    engine::{
        Recorder,
        postgres::{Database, settings},
    },
    suite::{message, participants, room_of, say, texts, user, users},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_of_the_server_loses_and_doubles_nothing() {
    let mut postgres = Postgres::start();
    postgres.create_database("chat");
    let bus = Arc::new(Recorder::default());
    let settings = settings(postgres.url("chat"), false);
    let store = Arc::new(PostgresStore::open(&settings, Arc::clone(&bus) as _).await.expect("opens"));
    let room = room_of(&*store, &[1, 2]).await;

    let until = Instant::now() + Duration::from_secs(6);
    let sender = |sender: u32| {
        let store = Arc::clone(&store);
        async move {
            let mut acknowledged = Vec::new();
            let mut n = 0;
            while Instant::now() < until {
                let text = format!("message {n} of {sender}");
                n += 1;
                // As a client does, which sends it again until it is confirmed.
                loop {
                    if let Ok(id) = store.append(message(user(1), room, &text)).await {
                        acknowledged.push((text, id));
                        break;
                    }
                    sleep(Duration::from_millis(100)).await;
                }
            }
            acknowledged
        }
    };
    let senders: Vec<_> = (0..16).map(|n| tokio::spawn(sender(n))).collect();
    for _ in 0..2 {
        sleep(Duration::from_millis(1500)).await;
        postgres.restart_immediate();
    }
    let acknowledged: Vec<(String, MessageId)> =
        join_all(senders).await.into_iter().flat_map(|texts| texts.expect("no panic")).collect();
    assert!(acknowledged.len() > 100);

    let mut stranger = sqlx::PgConnection::connect(&settings.url).await.expect("connects");
    let rows: Vec<(i64, i64, String)> = query_as("SELECT seq, id, text FROM plic_chat.messages ORDER BY seq")
        .fetch_all(&mut stranger)
        .await
        .expect("answers");
    let stored: HashMap<&str, i64> = rows.iter().map(|(_, id, text)| (text.as_str(), *id)).collect();
    assert_eq!(stored.len(), rows.len(), "nothing is doubled");
    assert!((1..).zip(&rows).all(|(n, (seq, ..))| n == *seq), "there is no gap");
    for (text, id) in &acknowledged {
        assert_eq!(stored.get(text.as_str()), Some(&id.0), "{text}");
    }
    assert_eq!(rows.len(), acknowledged.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_and_changes_go_on_after_a_restart() {
    let mut postgres = Postgres::start();
    postgres.create_database("chat");
    let settings = settings(postgres.url("chat"), false);
    let store = PostgresStore::open(&settings, Arc::new(Recorder::default())).await.expect("opens");
    let room = room_of(&store, &[1]).await;
    say(&store, 1, room, "before").await.expect("stores");
    assert_eq!(texts(&store, room).await, ["before"]);
    postgres.restart_immediate();
    assert_eq!(texts(&store, room).await, ["before"]);
    assert_eq!(participants(&store, room).await, users(&[1]));
    store.change_room(room, user(1), &users(&[2]), &[]).await.expect("changes");
    say(&store, 2, room, "after").await.expect("stores");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_is_answered_in_time_and_comes_back_by_itself() {
    let mut postgres = Postgres::start();
    postgres.create_database("chat");
    let settings = settings(postgres.url("chat"), false);
    let store = PostgresStore::open(&settings, Arc::new(Recorder::default())).await.expect("opens");
    let room = room_of(&store, &[1]).await;
    postgres.stop_immediate();
    let add = users(&[2]);
    let answers = async {
        tokio::join!(
            join_all((0..20).map(|n| store.append(message(user(1), room, &format!("lost {n}"))))),
            store.change_room(room, user(1), &add, &[]),
            store.room(room),
        )
    };
    let (appends, change, read) =
        tokio::time::timeout(Duration::from_secs(8), answers).await.expect("a call has a deadline");
    for answer in appends {
        assert!(matches!(answer, Err(StoreError::Unavailable(_) | StoreError::TimedOut)), "{answer:?}");
    }
    assert!(change.is_err() && read.is_err());
    postgres.start_again();
    say(&store, 1, room, "found").await.expect("stores again");
    assert_eq!(texts(&store, room).await, ["found"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_a_stranger_locks_fails_alone() {
    let database = Database::migrated().await;
    let store = Arc::new(database.open(&Arc::default()).await);
    let (locked, free) = (room_of(&*store, &[1]).await, room_of(&*store, &[1]).await);
    let mut stranger = database.stranger().await;
    stranger.execute("BEGIN").await.expect("begins");
    sqlx::query("SELECT FROM rooms WHERE id = $1 FOR UPDATE")
        .bind(locked.0)
        .execute(&mut stranger)
        .await
        .expect("locks");
    let appends = (0..20).map(|n| {
        let room = if n % 2 == 0 { locked } else { free };
        store.append(message(user(1), room, &format!("message {n}")))
    });
    let answers = tokio::time::timeout(Duration::from_secs(8), join_all(appends)).await;
    for (n, answer) in answers.expect("a call has a deadline").into_iter().enumerate() {
        match answer {
            Ok(_) => assert_eq!(n % 2, 1),
            Err(StoreError::Unavailable(_) | StoreError::TimedOut) => assert_eq!(n % 2, 0),
            Err(other) => panic!("{other:?}"),
        }
    }
    store.room(locked).await.expect("reads go on");
    stranger.execute("ROLLBACK").await.expect("lets go");
    say(&*store, 1, locked, "after").await.expect("stores again");
    assert_eq!(texts(&*store, locked).await, ["after"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_up_late_is_waited_for() {
    let mut postgres = Postgres::start();
    postgres.create_database("chat");
    let settings = settings(postgres.url("chat"), false);
    postgres.stop_immediate();
    let opening =
        tokio::spawn(async move { PostgresStore::open(&settings, Arc::new(Recorder::default())).await });
    sleep(Duration::from_secs(2)).await;
    postgres.start_again();
    opening.await.expect("no panic").expect("opens").close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_and_writes_wait_while_a_proxy_ends_or_resets_their_connections() {
    let postgres = Postgres::start();
    postgres.create_database("chat");
    let proxy = Proxy::start(postgres.port());
    let settings = settings(proxy.url("chat"), false);
    let store = PostgresStore::open(&settings, Arc::new(Recorder::default())).await.expect("opens");
    let room = room_of(&store, &[1]).await;
    let reader = Reader::Participant(user(1));
    let before = message(user(1), room, "before").key;
    for (outage, added) in [(Outage::Ends, 2), (Outage::Resets, 3)] {
        // Connections that stand idle when it begins.
        assert_eq!(participants(&store, room).await.len(), usize::try_from(added - 1).expect("few"));
        proxy.fail(outage);
        let add = users(&[added]);
        let text = format!("{outage:?}");
        let recovery = async {
            sleep(Duration::from_millis(800)).await;
            proxy.recover();
        };
        let answers = async {
            tokio::join!(
                store.room(room),
                store.ban_of(user(1)),
                store.already_sent(&before),
                store.read_room(room, reader, None, 10),
                store.news_head(),
                store.policy(),
                say(&store, 1, room, &text),
                store.change_room(room, user(1), &add, &[]),
            )
        };
        let (answers, ()) = tokio::join!(answers, recovery);
        answers.0.expect("a room is looked up");
        answers.1.expect("a ban is looked up");
        answers.2.expect("a sent message is looked up");
        answers.3.expect("a room is read");
        answers.4.expect("the feed is read");
        answers.5.expect("the policy is read");
        answers.6.expect("a message is stored");
        answers.7.expect("a room is changed");
    }
    assert_eq!(participants(&store, room).await, users(&[1, 2, 3]));
    assert_eq!(texts(&store, room).await, ["Ends", "Resets"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_whose_server_comes_up_late_is_waited_for() {
    let mut postgres = Postgres::start();
    postgres.create_database("chat");
    let pooler = PgBouncer::start(&postgres);
    let settings = settings(pooler.url("chat"), true);
    postgres.stop_immediate();
    let opening =
        tokio::spawn(async move { PostgresStore::open(&settings, Arc::new(Recorder::default())).await });
    sleep(Duration::from_secs(2)).await;
    tokio::task::block_in_place(|| postgres.start_again());
    opening.await.expect("no panic").expect("opens").close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_and_writes_wait_while_a_pooler_has_no_server() {
    let postgres = Postgres::start();
    postgres.create_database("chat");
    let proxy = Proxy::start(postgres.port());
    let pooler = PgBouncer::before(proxy.port());
    let settings = settings(pooler.url("chat"), true);
    let store = PostgresStore::open(&settings, Arc::new(Recorder::default())).await.expect("opens");
    let room = room_of(&store, &[1]).await;
    assert_eq!(participants(&store, room).await, users(&[1]));
    proxy.fail(Outage::Ends);
    let recovery = async {
        sleep(Duration::from_millis(800)).await;
        proxy.recover();
    };
    let reads = join_all((0..8).map(|_| store.room(room)));
    let (read, stored, ()) = tokio::join!(reads, say(&store, 1, room, "meanwhile"), recovery);
    for room in read {
        room.expect("a read waits");
    }
    stored.expect("a message is stored");
    assert_eq!(texts(&store, room).await, ["meanwhile"]);
}
