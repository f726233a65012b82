//! `SQLite` under faults, under other hands, and with much in it.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use plic_chat::store::SqliteStore;
use plic_pipeline::{
    id::RoomId,
    moderation::{Decision, IncidentKind, Policy, Records, records::RecordsError},
    store::{RoomsAfter, Store, StoreError},
    token::Role,
};
use sqlx::{Connection, SqliteConnection, query, query_scalar};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::{
    engine::{
        Recorder,
        sqlite::{stranger, url},
    },
    suite::{history, hold, message, refused, room_of, say, texts, user, users},
};

async fn fixture() -> (TempDir, Arc<SqliteStore>, Arc<Recorder>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bus = Arc::new(Recorder::default());
    let store = SqliteStore::open(&url(&folder), Arc::clone(&bus) as _).await.expect("opens");
    (folder, Arc::new(store), bus)
}

/// Holds the write lock, as a backup tool that hangs would.
async fn lock(folder: &TempDir) -> SqliteConnection {
    let mut connection = stranger(folder).await;
    query("BEGIN IMMEDIATE").execute(&mut connection).await.expect("locks");
    connection
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_file_is_answered_in_time_and_the_engine_recovers_by_itself() {
    let (folder, store, bus) = fixture().await;
    let room = room_of(&*store, &[1, 2]).await;
    let holder = lock(&folder).await;

    let add = users(&[3]);
    let answers = async {
        tokio::join!(
            join_all((0..20).map(|n| store.append(message(user(1), room, &format!("lost {n}"))))),
            store.change_room(room, user(1), &add, &[]),
        )
    };
    let (appends, change) = timeout(Duration::from_mins(1), answers).await.expect("a call has a deadline");
    for answer in appends {
        assert!(matches!(answer, Err(StoreError::Unavailable(_) | StoreError::TimedOut)), "{answer:?}");
    }
    assert!(change.is_err());
    assert!(store.ping().await.is_err(), "nothing is stored");
    store.room(room).await.expect("reads go on");
    assert_eq!(texts(&*store, room).await, Vec::<String>::new());

    holder.close().await.expect("lets go");
    say(&*store, 1, room, "found").await.expect("stores again");
    assert_eq!(texts(&*store, room).await, ["found"]);
    assert_eq!(bus.messages().iter().map(|message| message.seq).collect::<Vec<_>>(), [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_nobody_waits_for_any_more_is_not_stored_later() {
    let (folder, store, _) = fixture().await;
    let room = room_of(&*store, &[1]).await;
    let holder = lock(&folder).await;
    let first = tokio::spawn({
        let store = Arc::clone(&store);
        async move { say(&*store, 1, room, "holds the writer up").await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let given_up = timeout(Duration::from_millis(200), say(&*store, 1, room, "given up")).await;
    assert!(given_up.is_err());
    holder.close().await.expect("lets go");
    first.await.expect("does not panic").expect("stores");
    say(&*store, 1, room, "after").await.expect("stores");
    assert_eq!(texts(&*store, room).await, ["holds the writer up", "after"]);
}

#[tokio::test]
async fn a_failing_transaction_leaves_nothing_and_the_next_one_works() {
    let (folder, store, bus) = fixture().await;
    let room = room_of(&*store, &[1]).await;
    let mut other = stranger(&folder).await;
    query(
        "CREATE TRIGGER full BEFORE INSERT ON sent WHEN new.at > 0 BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    )
    .execute(&mut other)
    .await
    .expect("creates");
    for answer in join_all((0..5).map(|n| store.append(message(user(1), room, &format!("{n}"))))).await {
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    }
    assert_eq!(bus.messages().len(), 0);
    query("DROP TRIGGER full").execute(&mut other).await.expect("drops");
    say(&*store, 1, room, "works").await.expect("stores");
    assert_eq!(texts(&*store, room).await, ["works"]);
    assert_eq!(bus.messages()[0].seq, 1);
}

#[tokio::test]
async fn a_membership_that_another_process_ends_ends_here_at_once() {
    let (folder, store, bus) = fixture().await;
    let room = room_of(&*store, &[1, 2]).await;
    say(&*store, 2, room, "before").await.expect("stores");
    let mut other = stranger(&folder).await;
    query("UPDATE participants SET left_at = 1 WHERE user = ?")
        .bind(user(2).0)
        .execute(&mut other)
        .await
        .expect("ends it");
    assert!(matches!(say(&*store, 2, room, "after").await, Err(StoreError::NotParticipant)));
    say(&*store, 1, room, "alone").await.expect("stores");
    assert_eq!(*bus.messages().last().expect("published").participants, *users(&[1]));
}

#[tokio::test]
async fn what_was_sent_long_ago_is_purged_and_the_rest_is_kept() {
    let (folder, store, _) = fixture().await;
    let room = room_of(&*store, &[1]).await;
    join_all((0..1200).map(|n| store.append(message(user(1), room, &format!("{n}"))))).await;
    let mut other = stranger(&folder).await;
    let day = i64::try_from(Duration::from_hours(25).as_micros()).expect("fits");
    query("UPDATE sent SET at = at - ? WHERE message <= ?")
        .bind(day)
        .bind(room.0 + 1100)
        .execute(&mut other)
        .await
        .expect("ages");
    store.close().await;
    // Opening purges at once, then a batch at a time.
    let store = SqliteStore::open(&url(&folder), Arc::new(Recorder::default())).await.expect("opens");
    timeout(Duration::from_secs(10), async {
        while count(&mut other).await != 100 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("purges");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(count(&mut other).await, 100);
    assert_eq!(texts(&store, room).await.len(), 1000, "messages are not what is purged");
}

async fn count(connection: &mut SqliteConnection) -> i64 {
    query_scalar("SELECT count(*) FROM sent").fetch_one(connection).await.expect("counts")
}

#[tokio::test]
async fn what_was_refused_long_ago_is_purged_and_the_rest_is_kept() {
    let (folder, store, _) = fixture().await;
    let policy = Policy { strikes_to_ban: None, ..Policy::default() };
    let strikes = (0..600).map(|n| {
        let strike = refused(IncidentKind::Block, 1, RoomId(1), "blocked", n);
        store.record_refused(strike, &policy)
    });
    join_all(strikes).await;
    let mut other = stranger(&folder).await;
    let day = i64::try_from(Duration::from_hours(25).as_micros()).expect("fits");
    let sql = "UPDATE refused SET at = at - ? WHERE number <= 550";
    query(sql).bind(day).execute(&mut other).await.expect("ages");
    store.close().await;
    let _store = SqliteStore::open(&url(&folder), Arc::new(Recorder::default())).await.expect("opens");
    let left = "SELECT count(*) FROM refused";
    timeout(Duration::from_secs(10), async {
        while query_scalar::<_, i64>(left).fetch_one(&mut other).await.expect("counts") != 50 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("purges");
}

#[tokio::test]
async fn a_role_that_was_seen_long_ago_is_purged_and_others_are_kept() {
    let (folder, store, _) = fixture().await;
    for n in 1..=3 {
        store.note_role(user(n), Role::Admin).await.expect("notes");
    }
    let mut other = stranger(&folder).await;
    let day = i64::try_from(Duration::from_hours(25).as_micros()).expect("fits");
    let sql = "UPDATE staff SET seen_at = seen_at - ? WHERE user <> ?";
    query(sql).bind(day).bind(user(3).0).execute(&mut other).await.expect("ages");
    store.close().await;
    let store = SqliteStore::open(&url(&folder), Arc::new(Recorder::default())).await.expect("opens");
    let left = "SELECT count(*) FROM staff";
    timeout(Duration::from_secs(10), async {
        while query_scalar::<_, i64>(left).fetch_one(&mut other).await.expect("counts") != 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("purges");
    assert_eq!(store.role_of(user(3)).await.expect("answers"), Some(Role::Admin));
}

#[tokio::test]
async fn what_was_started_more_than_a_day_ago_is_purged_and_the_rest_is_kept() {
    let (folder, store, _) = fixture().await;
    for owner in 1..=3 {
        room_of(&*store, &[owner]).await;
    }
    let mut other = stranger(&folder).await;
    let sql = "UPDATE daily_use SET hour = hour - ? WHERE user = ?";
    for (owner, hours) in [(1, 24), (2, 25)] {
        query(sql).bind(hours).bind(user(owner).0).execute(&mut other).await.expect("ages");
    }
    store.close().await;
    let _store = SqliteStore::open(&url(&folder), Arc::new(Recorder::default())).await.expect("opens");
    timeout(Duration::from_secs(10), async {
        while query_scalar::<_, i64>("SELECT count(*) FROM daily_use")
            .fetch_one(&mut other)
            .await
            .expect("counts")
            != 2
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("purges");
}

#[tokio::test]
async fn a_hundred_thousand_rooms_of_others_stay_out_of_ones_own_list() {
    let (folder, store, _) = fixture().await;
    let mut other = stranger(&folder).await;
    sqlx::raw_sql(
        "BEGIN;
         WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 100000)
         INSERT INTO rooms (id, owner, created_at, last_seq, activity)
         SELECT id, randomblob(16), 0, 1, id + 100000 FROM n;
         INSERT INTO participants (room, joined, user, joined_at) SELECT id, 1, owner, 0 FROM rooms;
         INSERT INTO messages (id, room, seq, sender, text, created_at)
         SELECT activity, id, 1, owner, 'hello', 0 FROM rooms;
         UPDATE meta SET last_id = 200000;
         COMMIT;",
    )
    .execute(&mut other)
    .await
    .expect("fills");
    let mut own = Vec::new();
    for n in 0..20 {
        let room = room_of(&*store, &[1, 2]).await;
        say(&*store, 1, room, &format!("{n}")).await.expect("stores");
        own.insert(0, room);
    }
    let first = store.rooms_of(user(1), None, 10).await.expect("answers");
    let second = store.rooms_of(user(1), Some(RoomsAfter::Room(own[9])), 10).await.expect("answers");
    let messages = history(&*store, RoomId(50_000), None, 10).await;
    let listed: Vec<RoomId> = first.items.iter().chain(&second.items).map(|item| item.room.id).collect();
    assert_eq!(listed, own);
    assert_eq!(messages.items.len(), 1);
}

#[tokio::test]
async fn a_release_that_fails_at_its_last_statement_delivers_nothing() {
    let (folder, store, bus) = fixture().await;
    let room = room_of(&*store, &[1, 2]).await;
    let incident = hold(&*store, 1, room, "held").await;
    let told = bus.events().len();
    let mut other = stranger(&folder).await;
    query("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        .execute(&mut other)
        .await
        .expect("creates");
    let failed = store.decide(incident, Decision::Release, None, user(9)).await;
    assert!(matches!(failed, Err(RecordsError::Store(StoreError::Unavailable(_)))), "{failed:?}");
    assert_eq!(bus.events().len(), told);
    query("DROP TRIGGER full").execute(&mut other).await.expect("drops");
    say(&*store, 2, room, "meanwhile").await.expect("stores");
    store.decide(incident, Decision::Release, None, user(9)).await.expect("releases");
    say(&*store, 2, room, "after").await.expect("stores");
    assert_eq!(texts(&*store, room).await, ["meanwhile", "held", "after"]);
    assert_eq!(bus.messages().last().expect("published").seq, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_begun_anew_while_messages_keep_coming() {
    const SENDERS: u128 = 16;
    let (folder, store, bus) = fixture().await;
    let people: Vec<u128> = (1..=SENDERS).collect();
    let room = room_of(&*store, &people).await;
    let text = "0123456789abcdef".repeat(8192);
    let senders = people.iter().map(|sender| async {
        for n in 0..100 {
            say(&*store, *sender, room, &format!("{n} {text}")).await.expect("stores");
        }
    });
    join_all(senders).await;
    let log = folder.path().join("chat.db-wal").metadata().expect("there").len();
    assert!(log < 160 << 20, "{log} bytes of the 200 MiB that were written");
    let seqs: Vec<i64> = bus.messages().iter().map(|message| message.seq).collect();
    assert!(seqs.into_iter().eq(1..=1600));
}
