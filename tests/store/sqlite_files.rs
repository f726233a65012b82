//! Opening `SQLite` files.

use std::{error::Error, os::unix::fs::PermissionsExt, sync::Arc};

use plic_chat::store::{OpenError, SqliteStore, sqlite};
use plic_pipeline::{bus::Bus, store::Store};
use sqlx::{Connection, query, query_scalar};

use crate::engine::{
    Recorder,
    sqlite::{stranger, url},
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
