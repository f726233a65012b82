//! Opening a `PostgreSQL` database: at once with others, one of another version, one that is not there.

use std::{sync::Arc, time::Duration};

use plic_chat::store::{
    PostgresStore,
    postgres::{self, OpenError, VerifyError},
};
use plic_pipeline::{
    moderation::{Deed, Records},
    store::Store,
};

use crate::{
    engine::{
        Recorder,
        postgres::{Database, settings},
    },
    suite::{room_of, user},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_processes_migrate_at_once() {
    let database = Database::empty();
    let settings = database.settings();
    let migrate = || postgres::migrate(&settings);
    let (one, two, three) = tokio::join!(migrate(), migrate(), migrate());
    let mut applied = [one, two, three].map(|applied| applied.expect("migrates").len());
    applied.sort_unstable();
    assert_eq!(applied[..2], [0, 0], "one of them did it");
    assert!(applied[2] > 0);
    let store = database.open(&Arc::default()).await;
    room_of(&store, &[1]).await;
    assert_eq!(postgres::migrate(&settings).await.expect("migrates"), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_schema_is_refused() {
    let database = Database::migrated().await;
    database.sql(
        "INSERT INTO plic_chat._sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'of the future', TRUE, '', 0)",
    );
    let refused = PostgresStore::open(&database.settings(), Arc::new(Recorder::default())).await;
    assert!(matches!(refused, Err(OpenError::Newer(9999))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_opened_is_said_without_the_password() {
    let database = Database::migrated().await;
    let good = database.settings().url;
    for url in [
        "mysql://chat:s3cret@127.0.0.1/chat".to_owned(),
        "postgres://chat:s3cret@127.0.0.1:port/chat".to_owned(),
        "postgres://chat:s3cret@127.0.0.1/chat?sslmode=perhaps".to_owned(),
        good.replace("for-tests-only", "s3cret"),
        good.replace("for-tests-only", "s3cret").replace("copy_", "nowhere_"),
    ] {
        let settings = settings(url, false);
        assert!(!format!("{settings:?}").contains("s3cret"));
        let opened = PostgresStore::open(&settings, Arc::new(Recorder::default()));
        let error = tokio::time::timeout(Duration::from_secs(5), opened).await.expect("is said at once");
        let error = anyhow::Error::from(error.expect_err("there is no such database"));
        assert!(!format!("{error:#} {error:?}").contains("s3cret"), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_have_numbers_of_their_own_and_one_epoch() {
    let database = Database::migrated().await;
    let (one, two) = (database.open(&Arc::default()).await, database.open(&Arc::default()).await);
    assert_ne!(one.node(), two.node());
    assert_eq!(one.epoch(), two.epoch());
    one.close().await;
    assert!(one.ping().await.is_err());
    let three = database.open(&Arc::default()).await;
    assert!(three.node() > one.node().max(two.node()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_epoch_waits_until_all_nodes_have_closed() {
    let database = Database::migrated().await;
    let settings = database.settings();
    let (one, two) = (database.open(&Arc::default()).await, database.open(&Arc::default()).await);
    let epoch = one.epoch();
    for store in [one, two] {
        assert!(matches!(postgres::new_epoch(&settings).await, Err(OpenError::InUse)));
        store.close().await;
    }
    assert_ne!(postgres::new_epoch(&settings).await.expect("gives one"), epoch);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_log_is_verified_and_so_are_its_guards() {
    let database = Database::migrated().await;
    let store = database.open(&Arc::default()).await;
    for _ in 0..3 {
        store.note_deed(Deed::new(Some(user(9)), "a deed"), None).await.expect("notes");
    }
    let verify = || async { postgres::verify_audit(&database.settings(), None).await };
    assert_eq!(verify().await.expect("is whole"), store.audit_head().await.expect("answers"));

    for sql in [
        "UPDATE plic_chat.audit SET action = 'another' WHERE seq = 2",
        "DELETE FROM plic_chat.audit WHERE seq = 3",
        "TRUNCATE plic_chat.audit",
        "INSERT INTO plic_chat.audit (seq, at, action, detail, hash) VALUES (9, 0, '', '', decode(repeat('00', 32), 'hex'))",
    ] {
        let refused = sqlx::raw_sql(sql).execute(&mut database.stranger().await).await;
        assert!(refused.is_err(), "{sql}");
    }
    database.sql("ALTER TABLE plic_chat.audit DISABLE TRIGGER audit_grows_at_its_end");
    assert!(matches!(verify().await, Err(VerifyError::Unguarded(name)) if name == "audit_grows_at_its_end"));
    database.sql("ALTER TABLE plic_chat.audit ENABLE TRIGGER audit_grows_at_its_end");
    database.sql("DROP TRIGGER audit_is_not_changed ON plic_chat.audit");
    assert!(matches!(verify().await, Err(VerifyError::Unguarded(name)) if name == "audit_is_not_changed"));
    database.sql("UPDATE plic_chat.audit SET action = 'another' WHERE seq = 2");
    assert!(matches!(verify().await, Err(VerifyError::Broken(_))));
}
