//! Opening `SQLite` files.

use std::{error::Error, os::unix::fs::PermissionsExt, sync::Arc};

use plic_chat::store::{OpenError, SqliteStore, sqlite};
use plic_pipeline::{
    bus::Bus,
    moderation::{Decision, Records},
    store::Store,
};
use sqlx::{Connection, query, query_scalar};

use crate::{
    engine::{
        Recorder,
        sqlite::{stranger, url},
    },
    suite::{history, room_of, say, user},
};

fn bus() -> Arc<dyn Bus> {
    Arc::new(Recorder::default())
}

#[tokio::test]
async fn folder_and_file_are_made_for_their_owner_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("data/deep/chat.db");
    let store = SqliteStore::open(&format!("sqlite://{}", path.display()), bus()).await.expect("opens");
    store.ping().await.expect("answers");
    let mode = |path: &std::path::Path| path.metadata().expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().expect("has one")), 0o700);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&path.with_extension("db-wal")), 0o600);
}

#[tokio::test]
async fn a_second_server_on_the_same_file_is_refused_until_the_first_stops() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let first = SqliteStore::open(&url(&folder), bus()).await.expect("opens");
    let refusal = SqliteStore::open(&url(&folder), bus()).await.expect_err("is refused");
    assert!(matches!(refusal, OpenError::InUse(_)));
    assert!(refusal.to_string().starts_with("another plic-chat is running on"), "{refusal}");
    assert!(matches!(sqlite::migrate(&url(&folder)).await, Err(OpenError::InUse(_))));
    first.close().await;
    SqliteStore::open(&url(&folder), bus()).await.expect("opens");
}

#[tokio::test]
async fn a_closed_database_is_one_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = SqliteStore::open(&url(&folder), bus()).await.expect("opens");
    let room = room_of(&store, &[1, 2]).await;
    say(&store, 1, room, "kept").await.expect("stores");
    history(&store, room, None, 10).await;
    store.close().await;
    assert!(!folder.path().join("chat.db-wal").exists());
}

#[tokio::test]
async fn a_closed_store_answers_that_it_is_closed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = SqliteStore::open(&url(&folder), bus()).await.expect("opens");
    store.close().await;
    store.close().await;
    assert!(store.ping().await.is_err());
}

#[tokio::test]
async fn migrating_tells_what_it_did_and_then_that_there_is_nothing_to_do() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let applied = sqlite::migrate(&url(&folder)).await.expect("migrates");
    assert_eq!(applied.first().map(|migration| migration.version), Some(1));
    assert_eq!(sqlite::migrate(&url(&folder)).await.expect("migrates"), []);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    sqlite::migrate(&url(&folder)).await.expect("migrates");
    let mut connection = stranger(&folder).await;
    query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'of the future', TRUE, x'00', 0)",
    )
    .execute(&mut connection)
    .await
    .expect("inserts");
    let refusal = SqliteStore::open(&url(&folder), bus()).await.expect_err("is refused");
    assert!(matches!(refusal, OpenError::Newer(9999)), "{refusal:?}");
    assert!(matches!(sqlite::migrate(&url(&folder)).await, Err(OpenError::Newer(9999))));
}

#[tokio::test]
async fn what_is_no_database_is_refused_with_its_cause() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("chat.db"), "not a database, but quite long for a text\n".repeat(100))
        .expect("writes");
    let refusal = SqliteStore::open(&url(&folder), bus()).await.expect_err("is refused");
    assert!(refusal.source().is_some(), "{refusal:?}");
}

#[tokio::test]
async fn the_epoch_stays_and_is_another_one_for_another_database() {
    let (folder, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let store = SqliteStore::open(&url(&folder), bus()).await.expect("opens");
    let epoch = store.epoch();
    store.close().await;
    assert_eq!(SqliteStore::open(&url(&folder), bus()).await.expect("opens").epoch(), epoch);
    assert_ne!(SqliteStore::open(&url(&other), bus()).await.expect("opens").epoch(), epoch);
}

#[tokio::test]
async fn the_database_is_in_wal_mode() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let _store = SqliteStore::open(&url(&folder), bus()).await.expect("opens");
    let mut connection = stranger(&folder).await;
    let mode: String = query_scalar("PRAGMA journal_mode").fetch_one(&mut connection).await.expect("answers");
    assert_eq!(mode, "wal");
    connection.close().await.expect("closes");
}

#[tokio::test]
async fn a_link_to_a_database_in_use_is_refused_too() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let _store = SqliteStore::open(&url(&folder), bus()).await.expect("opens");
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(folder.path().join("chat.db"), &link).expect("links");
    let refusal = SqliteStore::open(&link.display().to_string(), bus()).await.expect_err("is refused");
    assert!(matches!(refusal, OpenError::InUse(_)));
}

#[tokio::test]
async fn bans_of_the_first_schema_are_carried_over() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let old = folder.path().join("migrations");
    std::fs::create_dir(&old).expect("makes a folder");
    let first = "0001_rooms_messages_bans.sql";
    let published = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    std::fs::copy(published.join(first), old.join(first)).expect("copies");
    std::fs::write(folder.path().join("chat.db"), "").expect("makes a file");
    let mut connection = stranger(&folder).await;
    let migrator = sqlx::migrate::Migrator::new(old).await.expect("reads the folder");
    migrator.run_direct(None, &mut connection, false).await.expect("migrates");
    query("INSERT INTO bans (user, reason, expires_at, created_at) VALUES (?, 'older', 5, 1), (?, 'newer', NULL, 2)")
        .bind(user(2).0)
        .bind(user(1).0)
        .execute(&mut connection)
        .await
        .expect("inserts");
    connection.close().await.expect("closes");

    let store = SqliteStore::open(&url(&folder), bus()).await.expect("opens");
    let bans = store.bans(true, None, 10).await.expect("answers").items;
    assert_eq!(bans.iter().map(|record| record.ban.reason.as_str()).collect::<Vec<_>>(), ["newer", "older"]);
    assert_eq!(store.ban_of(user(1)).await.expect("answers").as_ref(), Some(&bans[0].ban));
    assert!(bans.iter().all(|record| record.created_by.is_none() && record.lifted_at.is_none()));
}

#[tokio::test]
async fn a_removed_text_is_not_left_in_the_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = SqliteStore::open(&url(&folder), bus()).await.expect("opens");
    let room = room_of(&store, &[1, 2]).await;
    let secret = "nobody reads this again ".repeat(20);
    let said = say(&store, 1, room, &secret).await.expect("stores");
    say(&store, 1, room, "something that stays").await.expect("stores");
    let report = store.report(user(2), room, said, "why".into()).await.expect("reports");
    store.decide(report, Decision::Uphold, None, user(9)).await.expect("decides");
    store.redact(said, user(9)).await.expect("redacts");
    // The last connection that closes puts everything into the file.
    store.close().await;
    let file = std::fs::read(folder.path().join("chat.db")).expect("reads");
    let holds = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("something that stays") && !holds("nobody reads this again"));
}
