//! Backup and restore of a file of data, through the program itself: while a server writes, and after it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{Arc, Mutex},
};

use sqlx::{ConnectOptions, Connection, migrate::Migrator, sqlite::SqliteConnectOptions};
use tokio::sync::watch;

use crate::{
    harness::{Chat, Door, Ended, Process, SECRET, User, database_in, eventually, run},
    settings::{folder, refused_naming},
};

const WRITERS: usize = 4;

async fn with_database(folder: &Path, arguments: &[&str], database: &str) -> Ended {
    run(folder, arguments, &[("DATABASE_URL", database)]).await
}

async fn backup(chat: &Chat, file: &Path) -> Ended {
    with_database(chat.folder(), &["backup", path(file)], &database_in(chat.folder())).await
}

/// Restores into the folder `to`.
async fn restore(file: &Path, to: &Path, more: &[&str]) -> Ended {
    let arguments = [&["restore", path(file)], more].concat();
    with_database(to, &arguments, &database_in(to)).await
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

#[track_caller]
fn epoch(ended: &Ended) -> String {
    assert!(ended.status.success(), "{ended:?}");
    let (_, epoch) = ended.stdout.rsplit_once("epoch ").unwrap_or_else(|| panic!("{ended:?}"));
    epoch.trim().to_owned()
}

async fn serve(folder: &Path) -> Process {
    let database = database_in(folder);
    let settings =
        [("PLIC_LISTEN", "127.0.0.1:0"), ("DATABASE_URL", &*database), ("SUPABASE_JWT_SECRET", SECRET)];
    Process::start(folder, &["serve"], &settings).await
}

impl Door for Process {
    fn address(&self) -> std::net::SocketAddr {
        self.address
    }
}

/// What is in a folder, by name.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_backup_made_while_the_server_writes_holds_every_message_confirmed_before_it() {
    let chat = Chat::serve().await;
    let users: Vec<_> = (0..WRITERS).map(|_| User::new()).collect();
    let room = chat.room(&User::new(), &users.iter().collect::<Vec<_>>()).await;
    let confirmed = Arc::new(Mutex::new(Vec::new()));
    let (stop, stopped) = watch::channel(false);
    let mut writers = Vec::new();
    for (writer, user) in users.iter().enumerate() {
        let (mut ws, confirmed, stopped) =
            (chat.connect(user).await, Arc::clone(&confirmed), stopped.clone());
        writers.push(tokio::spawn(async move {
            for number in 0.. {
                if *stopped.borrow() {
                    break;
                }
                let text = format!("{writer} {number}");
                let temp_id = format!("a long enough id {text}");
                ws.send_message(room, &text, &temp_id).await;
                let wanted = crate::harness::confirmation("", &temp_id);
                while ws.next_text().await != wanted {}
                confirmed.lock().expect("no writer panics").push(text);
            }
        }));
    }
    let count = || confirmed.lock().expect("no writer panics").len();
    eventually("messages", async || count() > 200).await;

    let before = confirmed.lock().expect("no writer panics").clone();
    let file = chat.folder().join("copy.db");
    let first = backup(&chat, &file).await;
    let written_since = count();
    eventually("the writers to go on", async || count() > written_since).await;
    stop.send_replace(true);
    for writer in writers {
        writer.await.expect("a writer");
    }
    assert!(first.stdout.contains("messages"), "{first:?}");
    assert_eq!(fs::metadata(&file).expect("the copy").permissions().mode() & 0o777, 0o600);
    let leftover = names(chat.folder()).into_iter().find(|name| name.starts_with("copy.db."));
    assert_eq!(leftover, None);

    let elsewhere = folder();
    let restored = restore(&file, elsewhere.path(), &[]).await;
    assert_ne!(epoch(&first), epoch(&restored));
    let server = serve(elsewhere.path()).await;
    let texts = server.texts(&users[0], room).await;
    let everything = chat.texts(&users[0], room).await;
    assert!(before.iter().all(|text| texts.contains(text)), "confirmed before the backup began");
    assert_eq!(texts, everything[..texts.len()], "what was so at one moment");
    server.connect(&users[0]).await.say(room, "after the restore", "a new message, as ever").await;
}

#[tokio::test]
async fn a_backup_overwrites_nothing_and_needs_a_database() {
    let chat = Chat::serve().await;
    let file = chat.folder().join("copy.db");
    fs::write(&file, "mine").expect("a file");
    refused_naming(&backup(&chat, &file).await, "copy.db");
    assert_eq!(fs::read_to_string(&file).expect("the file"), "mine");
    let nowhere = chat.folder().join("nowhere/copy.db");
    refused_naming(&backup(&chat, &nowhere).await, "nowhere");

    let empty = folder();
    let file = empty.path().join("copy.db");
    let ended =
        with_database(empty.path(), &["backup", path(&file)], &database_in(&empty.path().join("none"))).await;
    refused_naming(&ended, "there is no database at");
    let none = database_in(&empty.path().join("none"));
    for what in ["verify", "head"] {
        let ended = with_database(empty.path(), &["audit", what], &none).await;
        refused_naming(&ended, "there is no database at");
    }
    assert!(names(empty.path()).is_empty(), "nothing is left of it");
}

#[tokio::test]
async fn a_restore_replaces_a_database_only_when_told_to_and_keeps_it() {
    let mut chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    chat.connect(&alice).await.say(room, "in the backup", "a long enough id 1").await;
    let file = chat.folder().join("copy.db");
    let first = epoch(&backup(&chat, &file).await);
    chat.connect(&alice).await.say(room, "after the backup", "a long enough id 2").await;

    refused_naming(&restore(&file, chat.folder(), &["--replace"]).await, "another plic-chat is running");
    chat.process.kill().await;
    refused_naming(&restore(&file, chat.folder(), &[]).await, "add --replace to move it aside and restore");
    let restored = restore(&file, chat.folder(), &["--replace"]).await;
    assert_ne!(epoch(&restored), first);
    let kept = names(chat.folder());
    let kept = kept.iter().find(|name| name.starts_with("chat.db.replaced-") && !name.contains("db-"));
    let kept = chat.folder().join(kept.expect("what was there is kept"));
    assert!(restored.stdout.contains(path(&kept)), "{restored:?}");

    chat.start_again().await;
    assert_eq!(chat.texts(&alice, room).await, ["in the backup"]);
    // What the killed server had only in its log is kept as well: the kept one can be put back.
    chat.process.kill().await;
    let again = folder();
    for suffix in ["", "-wal"] {
        let from = format!("{}{suffix}", path(&kept));
        if Path::new(&from).exists() {
            fs::copy(from, format!("{}{suffix}", path(&again.path().join("chat.db")))).expect("a copy");
        }
    }
    let server = serve(again.path()).await;
    assert_eq!(server.texts(&alice, room).await, ["in the backup", "after the backup"]);
}

#[tokio::test]
async fn a_restore_refuses_what_is_no_whole_backup_and_leaves_nothing_behind() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    chat.connect(&alice).await.say(room, "hello", "a long enough id").await;
    let copies = folder();
    let whole = copies.path().join("whole.db");
    epoch(&backup(&chat, &whole).await);
    let bytes = fs::read(&whole).expect("the backup");
    let write = |name: &str, bytes: &[u8]| {
        let file = copies.path().join(name);
        fs::write(&file, bytes).expect("a file");
        file
    };
    let mut torn = bytes.clone();
    let middle = bytes.len() / 2;
    torn[middle..].fill(0xa5);
    write("live.db-wal", b"a log");
    for file in [
        write("torn.db", &torn),
        write("short.db", &bytes[..middle]),
        write("text.db", b"no database at all"),
        write("empty.db", b""),
        write("live.db", &bytes),
        copies.path().join("missing.db"),
    ] {
        let to = folder();
        let ended = restore(&file, to.path(), &[]).await;
        refused_naming(&ended, path(file.file_stem().map(Path::new).expect("a name")));
        if ["text.db", "empty.db"].iter().any(|name| file.ends_with(name)) {
            refused_naming(&ended, "is no SQLite database");
        }
        let left: Vec<_> = names(to.path()).into_iter().filter(|name| name != "chat.db.lock").collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[tokio::test]
async fn a_restore_never_puts_the_database_beside_the_log_of_one_that_is_gone() {
    let mut chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    chat.connect(&alice).await.say(room, "in the backup", "a long enough id 1").await;
    let copies = folder();
    let file = copies.path().join("copy.db");
    epoch(&backup(&chat, &file).await);
    chat.connect(&alice).await.say(room, "after the backup", "a long enough id 2").await;
    chat.process.kill().await;
    let beside = |suffix: &str| chat.folder().join(format!("chat.db{suffix}"));
    fs::remove_file(beside("")).expect("the database is lost");
    let log = fs::read(beside("-wal")).expect("its log is not");
    assert!(!log.is_empty());

    refused_naming(&restore(&file, chat.folder(), &[]).await, "--replace");
    let database = database_in(chat.folder());
    refused_naming(&with_database(chat.folder(), &["migrate"], &database).await, "a log of its writes");
    assert!(!beside("").exists() && fs::read(beside("-wal")).expect("it is kept") == log);
    epoch(&restore(&file, chat.folder(), &["--replace"]).await);
    assert!(!beside("-wal").exists() && !beside("-shm").exists());
    let kept = names(chat.folder());
    let kept = kept.iter().find(|name| name.starts_with("chat.db.replaced-") && name.ends_with("-wal"));
    assert_eq!(fs::read(chat.folder().join(kept.expect("the log is kept"))).expect("it"), log);
    // A journal would be rolled back into the copy, and the index of a log be taken for another's.
    for (suffix, is_refused) in [("-journal", true), ("-shm", false)] {
        fs::remove_file(beside("")).expect("the database is lost again");
        fs::write(beside(suffix), b"of another").expect("a file");
        let restored = restore(&file, chat.folder(), &[]).await;
        if is_refused {
            refused_naming(&restored, "a log of its writes");
            epoch(&restore(&file, chat.folder(), &["--replace"]).await);
        } else {
            epoch(&restored);
        }
        assert!(!beside(suffix).exists(), "{suffix}");
    }
    chat.start_again().await;
    assert_eq!(chat.texts(&alice, room).await, ["in the backup"]);
}

#[tokio::test]
async fn a_restore_refuses_rows_that_refer_to_nothing_and_an_audit_log_that_was_changed() {
    let chat = Chat::serve().await;
    let alice = User::new();
    chat.room(&alice, &[]).await;
    chat.ban(User::new().id).await;
    let whole = chat.folder().join("whole.db");
    epoch(&backup(&chat, &whole).await);
    let changed = async |sql: &str| {
        let copy = chat.folder().join("changed.db");
        fs::copy(&whole, &copy).expect("a copy");
        tamper(&copy, sql).await;
        copy
    };
    let copy = changed("PRAGMA foreign_keys = off; UPDATE participants SET room = 424242").await;
    let to = folder();
    refused_naming(&restore(&copy, to.path(), &[]).await, "`participants`");
    assert!(!to.path().join("chat.db").exists());
    fs::copy(&copy, to.path().join("chat.db")).expect("a copy");
    refused_naming(
        &with_database(to.path(), &["new-epoch"], &database_in(to.path())).await,
        "`participants`",
    );

    let guard = guard_of_audit(&whole).await;
    let sql =
        format!("DROP TRIGGER audit_is_not_changed; UPDATE audit SET detail = '{{}}' WHERE seq = 1; {guard}");
    let copy = changed(&sql).await;
    let to = folder();
    let refused = restore(&copy, to.path(), &[]).await;
    refused_naming(&refused, "entry 1 was changed");
    assert!(refused.stderr.contains("--accept-broken-audit"), "{refused:?}");
    assert!(!to.path().join("chat.db").exists());
    let accepted = restore(&copy, to.path(), &["--accept-broken-audit"]).await;
    epoch(&accepted);
    assert!(accepted.stderr.contains("entry 1 was changed"), "{accepted:?}");
    let copied = with_database(to.path(), &["backup", "again.db"], &database_in(to.path())).await;
    assert!(copied.status.success() && copied.stderr.contains("entry 1 was changed"), "{copied:?}");
}

/// The trigger that keeps the audit log from being changed, as the migrations make it.
async fn guard_of_audit(database: &Path) -> String {
    let mut connection = SqliteConnectOptions::new().filename(database).connect().await.expect("connects");
    let sql = "SELECT sql FROM sqlite_schema WHERE name = 'audit_is_not_changed'";
    let statement = sqlx::query_scalar(sql).fetch_one(&mut connection).await.expect("reads");
    connection.close().await.expect("closes");
    statement
}

#[tokio::test]
async fn a_new_epoch_is_another_one_and_waits_for_the_server_to_stop() {
    let mut chat = Chat::serve().await;
    let database = database_in(chat.folder());
    let new_epoch = async || with_database(chat.folder(), &["new-epoch"], &database).await;
    refused_naming(&new_epoch().await, "another plic-chat is running");
    chat.process.signal("TERM").await;
    chat.process.ended().await;
    let new_epoch = async || with_database(chat.folder(), &["new-epoch"], &database).await;
    let (one, other) = (epoch(&new_epoch().await), epoch(&new_epoch().await));
    assert_ne!(one, other);
    let file = chat.folder().join("copy.db");
    assert_eq!(epoch(&backup(&chat, &file).await), other);
}

#[tokio::test]
async fn postgres_is_left_to_its_own_tools_and_the_password_to_its_owner() {
    let folder = folder();
    let database = "postgres://chat:hunter2@db.example/chat?sslmode=require";
    for (arguments, tool) in [
        (["backup", "a copy"], "pg_dump --format=custom --schema=plic_chat --file='a copy'"),
        (["restore", "a copy"], "pg_restore"),
    ] {
        let ended = with_database(folder.path(), &arguments, database).await;
        refused_naming(&ended, tool);
        assert!(ended.stderr.contains("'postgres://chat@db.example/chat?sslmode=require'"), "{ended:?}");
        assert!(!format!("{ended:?}").contains("hunter2"), "{ended:?}");
    }
}

/// Runs one of PostgreSQL's own programs.
fn tool(program: &str, arguments: &[&str]) {
    let ended = std::process::Command::new(program).args(arguments).output().expect("the program runs");
    assert!(ended.status.success(), "{program}: {}", String::from_utf8_lossy(&ended.stderr));
}

#[tokio::test]
async fn a_postgres_database_is_put_back_by_its_own_tools_and_gets_a_new_epoch() {
    let postgres = testbed::Postgres::start();
    postgres.create_database("chat");
    let (folder, database) = (folder(), postgres.url("chat"));
    let command = async |name| with_database(folder.path(), &[name], &database).await;
    let migrated = command("migrate").await;
    assert!(migrated.stdout.contains("applied 1"), "{migrated:?}");
    assert!(command("migrate").await.stdout.contains("up to date"));
    let first = epoch(&command("new-epoch").await);

    let dump = folder.path().join("chat.dump");
    let to = format!("--dbname={database}");
    let file = format!("--file={}", path(&dump));
    tool("pg_dump", &["--format=custom", "--schema=plic_chat", &file, &to]);
    let dumped = postgres.sql("chat", "SELECT epoch FROM plic_chat.meta");
    assert_eq!(dumped.trim(), first);
    tool("psql", &["--quiet", "--command=DROP SCHEMA plic_chat CASCADE", &database]);
    let restore = ["--clean", "--if-exists", "--single-transaction", &to, path(&dump)];
    // Where nothing is, and where something is.
    for _ in 0..2 {
        tool("pg_restore", &restore);
    }
    for (make, drop, name) in [
        ("CREATE VIEW plic_chat.spy AS SELECT 1", "DROP VIEW plic_chat.spy", "view `spy`"),
        (
            "CREATE RULE spy AS ON INSERT TO plic_chat.messages DO ALSO NOTHING",
            "DROP RULE spy ON plic_chat.messages",
            "rule `spy`",
        ),
        (
            "CREATE TRIGGER spy BEFORE UPDATE ON plic_chat.meta EXECUTE FUNCTION plic_chat.refuse()",
            "DROP TRIGGER spy ON plic_chat.meta",
            "trigger `spy`",
        ),
    ] {
        postgres.sql("chat", make);
        refused_naming(&command("new-epoch").await, name);
        postgres.sql("chat", drop);
    }
    assert_ne!(epoch(&command("new-epoch").await), first);
    assert!(command("migrate").await.stdout.contains("up to date"));
    let verified = with_database(folder.path(), &["audit", "verify"], &database).await;
    assert!(verified.status.success(), "{verified:?}");
}

/// Does something to a database past the server.
async fn tamper(database: &Path, sql: &str) {
    let mut connection = SqliteConnectOptions::new().filename(database).connect().await.expect("connects");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.expect(sql);
    connection.close().await.expect("closes");
}

#[tokio::test]
async fn a_restore_refuses_what_no_migration_makes_and_names_it() {
    let chat = Chat::serve().await;
    let whole = chat.folder().join("whole.db");
    epoch(&backup(&chat, &whole).await);
    for (sql, name) in [
        ("CREATE TRIGGER spy AFTER INSERT ON messages BEGIN DELETE FROM bans; END", "`spy` on `messages`"),
        ("CREATE TRIGGER spy AFTER UPDATE ON meta BEGIN DELETE FROM bans; END", "`spy` on `meta`"),
        ("CREATE VIEW loot AS SELECT text FROM messages", "the view `loot`"),
        ("CREATE VIRTUAL TABLE loot USING fts5 (text)", "`loot"),
        ("DROP TRIGGER audit_is_not_changed", "the trigger `audit_is_not_changed` is missing"),
        ("ALTER TABLE messages ADD COLUMN loot TEXT", "the table `messages`"),
    ] {
        let copy = chat.folder().join("changed.db");
        fs::copy(&whole, &copy).expect("a copy");
        tamper(&copy, sql).await;
        let to = folder();
        let refused = restore(&copy, to.path(), &[]).await;
        refused_naming(&refused, name);
        assert!(refused.stderr.contains("changed.db"), "{refused:?}");
        assert!(!to.path().join("chat.db").exists());
        // The same is asked of a database that was put back by other means.
        fs::copy(&copy, to.path().join("chat.db")).expect("a copy");
        let renamed = with_database(to.path(), &["new-epoch"], &database_in(to.path())).await;
        refused_naming(&renamed, name);
    }
}

#[tokio::test]
async fn a_backup_of_an_older_release_is_restored_and_brought_up_to_date() {
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let all = Migrator::new(published).await.expect("reads the folder");
    for migrations in 1..all.iter().count() {
        let from = folder();
        let backup = from.path().join("old.db");
        let options = SqliteConnectOptions::new().filename(&backup).create_if_missing(true);
        let mut connection = options.connect().await.expect("connects");
        let older = Migrator::with_migrations(all.iter().take(migrations).cloned().collect());
        older.run_direct(None, &mut connection, false).await.expect("migrates");
        connection.close().await.expect("closes");
        let to = folder();
        epoch(&restore(&backup, to.path(), &[]).await);
        let verified = with_database(to.path(), &["migrate"], &database_in(to.path())).await;
        assert!(verified.status.success(), "{migrations}: {verified:?}");
    }
}

#[tokio::test]
async fn a_database_with_an_index_of_its_operator_is_backed_up_and_told_what_a_restore_refuses() {
    let mut chat = Chat::serve().await;
    chat.process.kill().await;
    tamper(&chat.folder().join("chat.db"), "CREATE INDEX by_text ON messages (text)").await;
    let made = backup(&chat, &chat.folder().join("copy.db")).await;
    epoch(&made);
    assert!(made.stderr.contains("restore") && made.stderr.contains("`by_text`"), "{made:?}");
}
