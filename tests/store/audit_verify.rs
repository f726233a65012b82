//! `plic-chat audit verify`: tampering is found, beside a server that runs and without one.

use std::{path::Path, process::Output, sync::Arc};

use futures_util::{StreamExt, stream};
use plic_chat::store::SqliteStore;
use plic_pipeline::{
    moderation::{
        Deed, Records,
        audit::{ChainFormat, GENESIS, chain},
    },
    timestamp::Timestamp,
};
use sqlx::{AssertSqlSafe, Connection, migrate::Migrator, query};
use tempfile::TempDir;
use tokio::process::Command;

use crate::{
    engine::{
        Recorder,
        sqlite::{stranger, url},
    },
    suite::user,
};

async fn verify(folder: &Path) -> Output {
    verify_with(folder, &[]).await
}

async fn verify_with(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plic-chat"));
    command
        .args(["audit", "verify"])
        .args(arguments)
        .env("DATABASE_URL", format!("sqlite://{}", folder.join("chat.db").display()));
    command.output().await.expect("runs")
}

async fn complaint(folder: &Path) -> String {
    let output = verify(folder).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).expect("is text")
}

/// A database with so many entries, and the store that wrote them.
async fn logged(count: usize) -> (TempDir, SqliteStore) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = SqliteStore::open(&url(&folder), Arc::new(Recorder::default())).await.expect("opens");
    // The fourth is the server's own.
    let actor = |n| Some(user(9)).filter(|_| n != 3);
    let deeds = (0..count).map(|n| store.note_deed(Deed::new(actor(n), "ban.set").with("n", n), None));
    // A few at a time: a call has a deadline, which its place in a queue counts towards.
    let noted = stream::iter(deeds).buffered(32);
    noted.for_each(async |noted| noted.expect("notes")).await;
    (folder, store)
}

#[tokio::test]
async fn a_whole_log_is_counted_while_a_server_runs_and_when_none_does() {
    let (folder, store) = logged(2500).await;
    let (_, hash) = store.audit_head().await.expect("answers");
    let head = hash.map(|byte| format!("{byte:02x}")).concat();
    for _ in 0..2 {
        let output = verify(folder.path()).await;
        let said = String::from_utf8(output.stdout).expect("is text");
        assert!(output.status.success(), "{:?}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(said, format!("the audit log is whole: 2500 entries, head {head}\n"));
        store.close().await;
    }
}

#[tokio::test]
async fn an_empty_log_is_whole_and_a_database_that_is_not_there_is_an_error() {
    let (folder, _store) = logged(0).await;
    assert!(verify(folder.path()).await.status.success());
    complaint(&folder.path().join("elsewhere")).await;
    assert!(!folder.path().join("elsewhere").exists());
}

#[tokio::test]
async fn the_database_itself_refuses_to_change_the_log() {
    let (folder, store) = logged(3).await;
    let mut other = stranger(&folder).await;
    for sql in [
        "UPDATE audit SET detail = '{}' WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 3",
        "INSERT OR REPLACE INTO audit SELECT seq, at, actor, 'x', detail, hash, format FROM audit WHERE seq = 2",
        "INSERT INTO audit SELECT 9, at, actor, 'x', detail, hash, format FROM audit WHERE seq = 2",
    ] {
        let refused = query(sql).execute(&mut other).await.expect_err(sql);
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
    assert_eq!(store.audit_after(0, 10).await.expect("answers").len(), 3);
    assert!(verify(folder.path()).await.status.success());
}

#[tokio::test]
async fn tampering_past_the_guards_is_found_with_its_place() {
    let unguard = "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_deleted; \
                   DROP TRIGGER audit_grows_at_its_end; ";
    for (sql, found) in [
        ("UPDATE audit SET detail = '{\"n\":7}' WHERE seq = 3", "entry 3 was changed"),
        ("UPDATE audit SET actor = NULL WHERE seq = 5", "entry 5 was changed"),
        ("UPDATE audit SET hash = zeroblob(32) WHERE seq = 1", "entry 1 was changed"),
        ("UPDATE audit SET actor = zeroblob(16) WHERE seq = 4", "entry 4 was changed"),
        ("UPDATE audit SET format = 1 WHERE seq = 3", "entry 3 was changed"),
        ("UPDATE audit SET format = 3 WHERE seq = 3", "does not know"),
        ("DELETE FROM audit WHERE seq = 2", "entry 2 is missing"),
        ("DELETE FROM audit WHERE seq = 5", "the log ends with entry 4, and entry 5 was written"),
        ("DELETE FROM audit", "the log ends with entry 0, and entry 5 was written"),
        (
            "INSERT INTO audit SELECT 6, at, actor, action, detail, hash, format FROM audit WHERE seq = 5",
            "entry 6",
        ),
        ("UPDATE moderation SET audit_hash = zeroblob(32)", "entry 5 was changed"),
        ("SELECT 1", "the trigger `audit_grows_at_its_end` is missing"),
    ] {
        let (folder, _store) = logged(5).await;
        let mut other = stranger(&folder).await;
        sqlx::raw_sql(AssertSqlSafe(format!("{unguard}{sql}"))).execute(&mut other).await.expect(sql);
        other.close().await.expect("closes");
        let complaint = complaint(folder.path()).await;
        assert!(complaint.contains(found), "{sql}: {complaint}");
    }
}

#[tokio::test]
async fn a_guard_that_does_something_else_is_found() {
    for (sql, found) in [
        (
            "DROP TRIGGER audit_is_not_changed; CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit \
             WHEN new.seq > 100 BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
            "`audit_is_not_changed`",
        ),
        (
            "CREATE TRIGGER audit_is_kept_tidy AFTER INSERT ON audit BEGIN SELECT RAISE(IGNORE); END",
            "`audit_is_kept_tidy`",
        ),
    ] {
        let (folder, _store) = logged(2).await;
        let mut other = stranger(&folder).await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut other).await.expect(sql);
        other.close().await.expect("closes");
        let complaint = complaint(folder.path()).await;
        assert!(complaint.contains(found), "{sql}: {complaint}");
    }
    // The same in other white space is the same.
    let (folder, _store) = logged(2).await;
    let mut other = stranger(&folder).await;
    let sql = "DROP TRIGGER audit_is_not_deleted; CREATE TRIGGER audit_is_not_deleted   BEFORE DELETE ON audit \
               BEGIN SELECT\n RAISE(ABORT, 'the audit log is append-only'); END";
    sqlx::raw_sql(sql).execute(&mut other).await.expect("replaces");
    other.close().await.expect("closes");
    assert!(verify(folder.path()).await.status.success());
}

#[tokio::test]
async fn a_log_that_was_written_anew_is_not_the_one_whose_head_was_noted() {
    let (folder, store) = logged(5).await;
    let entries = store.audit_after(0, 10).await.expect("answers");
    let noted = |seq: usize| {
        let hash = entries[seq - 1].hash.map(|byte| format!("{byte:02x}")).concat();
        format!("{seq}:{hash}")
    };
    let nothing = format!("0:{}", "0".repeat(64));
    for head in [noted(1), noted(3), noted(5), nothing] {
        let output = verify_with(folder.path(), &["--expect-head", &head]).await;
        assert!(output.status.success(), "{head}: {output:?}");
    }
    let (other, _store) = logged(5).await;
    let of_another = format!("2:{}", noted(3).split_once(':').expect("has one").1);
    for (folder, head) in
        [(&folder, of_another), (&other, noted(3)), (&folder, format!("6:{}", "0".repeat(64)))]
    {
        let output = verify_with(folder.path(), &["--expect-head", &head]).await;
        assert_eq!(output.status.code(), Some(1), "{head}");
        let said = String::from_utf8(output.stderr).expect("is text");
        assert!(said.contains(&format!("no entry {}", &head[..1])), "{said}");
    }
    assert_eq!(verify_with(folder.path(), &["--expect-head", "5"]).await.status.code(), Some(2));
}

#[tokio::test]
async fn a_log_of_an_older_release_is_whole_before_and_after_it_goes_on_in_the_new_format() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let all = Migrator::new(published).await.expect("reads the folder");
    let older = all.iter().filter(|migration| migration.description != "audit format").cloned().collect();
    std::fs::write(folder.path().join("chat.db"), "").expect("makes a file");
    let mut connection = stranger(&folder).await;
    Migrator::with_migrations(older).run_direct(None, &mut connection, false).await.expect("migrates");
    let mut head = GENESIS;
    for (seq, actor) in [(1, Some(user(9))), (2, None)] {
        let first = ChainFormat::First;
        head = chain(first, &head, seq, Timestamp(seq), actor, "ban.set", "{}");
        query(
            "INSERT INTO audit (seq, at, actor, action, detail, hash) VALUES (?, ?, ?, 'ban.set', '{}', ?)",
        )
        .bind(seq)
        .bind(seq)
        .bind(actor.map(|actor| actor.0))
        .bind(head.to_vec())
        .execute(&mut connection)
        .await
        .expect("inserts");
        query("UPDATE moderation SET audit_seq = ?, audit_hash = ?")
            .bind(seq)
            .bind(head.to_vec())
            .execute(&mut connection)
            .await
            .expect("updates");
    }
    connection.close().await.expect("closes");
    assert!(verify(folder.path()).await.status.success(), "before it is migrated");

    let store = SqliteStore::open(&url(&folder), Arc::new(Recorder::default())).await.expect("opens");
    store.note_deed(Deed::new(None, "retention.run"), None).await.expect("notes");
    let entries = store.audit_after(0, 10).await.expect("answers");
    assert_eq!(entries.iter().map(|entry| entry.format).collect::<Vec<_>>(), [1, 1, 2]);
    let output = verify(folder.path()).await;
    assert!(output.status.success(), "{output:?}");
}
