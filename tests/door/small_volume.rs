//! A database on a volume of 32 MiB that fills up, and one that takes no writes for another reason.
//!
//! The volume is a tmpfs in a mount namespace of its own, which needs no rights where user namespaces are allowed. Where
//! neither those nor mounts are, the tests of full volumes say so and end: the decisions are unit-tested in
//! `src/store/sqlite/volume.rs` and `space.rs`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use futures_util::future::join_all;
use serde_json::json;
use sqlx::{ConnectOptions, Connection, query, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::harness::{Chat, Door, User, confirmation, eventually};

const MIB: usize = 1 << 20;

/// A mount namespace with a volume of 32 MiB in a folder; gone when it is dropped.
struct SmallVolume {
    _holder: Child,
    /// What enters the namespace before the program that follows.
    enter: Vec<String>,
    /// The volume, as it is seen from outside.
    path: PathBuf,
}

impl SmallVolume {
    /// Mounts the volume on `folder/volume`, where that is allowed.
    async fn mount(folder: &Path) -> Option<Self> {
        let place = folder.join("volume");
        fs::create_dir(&place).expect("a folder");
        for (unshare, enter) in [(&["-r", "-m"][..], &["-U", "--preserve-credentials"][..]), (&["-m"], &[])] {
            let mut command = Command::new("unshare");
            command.args(unshare).args([
                "sh",
                "-c",
                "mount -t tmpfs -o size=32m none \"$1\" && echo ready && exec cat",
            ]);
            command.arg("sh").arg(&place).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
            let Ok(mut holder) = command.spawn() else { continue };
            let mut lines = BufReader::new(holder.stdout.take().expect("it is piped")).lines();
            if lines.next_line().await.expect("text").as_deref() != Some("ready") {
                continue;
            }
            let id = holder.id().expect("it runs").to_string();
            let mut wrapper = ["nsenter", "-t", &id, "-m"].map(str::to_owned).to_vec();
            wrapper.extend(enter.iter().map(|word| (*word).to_owned()));
            let root = PathBuf::from(format!("/proc/{id}/root"));
            let path = root.join(place.strip_prefix("/").expect("an absolute path"));
            return Some(Self { _holder: holder, enter: wrapper, path });
        }
        eprintln!("not tried: this machine allows neither user namespaces nor mounts");
        None
    }

    fn fill(&self, bytes: usize) {
        fs::write(self.path.join("filler"), vec![7; bytes]).expect("there is room for it");
    }

    /// Leaves so many bytes, or less, by another file.
    fn leave(&self, bytes: usize) {
        let volume = rustix::fs::statvfs(&self.path).expect("a volume");
        let available = usize::try_from(volume.f_bavail * volume.f_frsize).expect("it is small");
        fs::write(self.path.join("more filler"), vec![7; available.saturating_sub(bytes)])
            .expect("there is room");
    }

    fn free(&self) {
        // Of more than one, where more was needed.
        drop(fs::remove_file(self.path.join("more filler")));
        fs::remove_file(self.path.join("filler")).expect("it is there");
    }
}

/// A server whose database is on a small volume.
async fn serve_on_a_small_volume() -> Option<(SmallVolume, Chat)> {
    let folder: TempDir = tempfile::tempdir().expect("a temporary folder");
    let volume = SmallVolume::mount(folder.path()).await?;
    let database = format!("sqlite://{}", folder.path().join("volume/chat.db").display());
    let chat = Chat::under(volume.enter.clone(), folder, &[("DATABASE_URL", &database)]).await;
    Some((volume, chat))
}

/// The text of a message of 15 KiB.
fn text(number: usize) -> String {
    format!("{number} {}", "\u{1d51e}".repeat(3900))
}

/// Sends messages until one is not confirmed, which ends the connection; returns how many were.
async fn say_until_full(chat: &Chat, user: &User, room: i64, first: usize) -> usize {
    let mut ws = chat.connect(user).await;
    for number in first.. {
        let temp_id = format!("a long enough id {number}");
        ws.send_message(room, &text(number), &temp_id).await;
        let answer = ws.next_text().await;
        if answer != confirmation("", &temp_id) {
            assert_eq!(answer, confirmation("ServerError", &temp_id));
            ws.disconnected(4006).await;
            return number;
        }
        assert!(number < 4000, "the volume cannot hold that many");
    }
    unreachable!("numbers do not end")
}

async fn is_ready(chat: &Chat) -> bool {
    let answer = chat.call("GET", "/readyz", &[], "").await;
    assert!([200, 503].contains(&answer.status), "{answer:?}");
    if answer.status == 503 {
        assert_eq!(answer.json()["data"], json!(null), "{answer:?}");
    }
    answer.status == 200
}

fn count(log: &str, line: &str) -> usize {
    log.matches(line).count()
}

#[tokio::test]
async fn a_full_volume_loses_nothing_says_so_and_goes_on_once_there_is_room() {
    let Some((volume, mut chat)) = serve_on_a_small_volume().await else { return };
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let other = chat.room(&alice, &[]).await;
    let of_bob = chat.room(&bob, &[&alice]).await;
    chat.connect(&bob).await.say(of_bob, "a word", "a long enough id of bob").await;
    let message = chat.messages(&alice, of_bob).await[0]["id"].clone();
    let report = json!({ "room_id": of_bob, "message_id": message, "reason": "a scam" });
    let incident = chat.post(&alice, "/reports", report).await.data();
    volume.fill(16 * MIB);
    let kept = say_until_full(&chat, &alice, room, 0).await;
    // Of 14 MiB beside the filler and the reserve most is messages: no log that was never copied back.
    assert!(kept > 550, "{kept} messages of 15 KiB");
    assert!(!is_ready(&chat).await, "nothing can be stored");
    for _ in 0..20 {
        assert_eq!(say_until_full(&chat, &alice, room, kept).await, kept, "it is full");
    }
    let log = chat.process.log();
    assert!(count(&log, "could not store messages") <= 2 && count(&log, "command failed") <= 2, "{log}");
    assert!(count(&log, "not ready") <= 2, "{log}");

    // Reads go on, and so does what deletes, and what moderators must be able to do.
    assert_eq!(chat.messages(&bob, room).await.len(), kept);
    assert_eq!(chat.delete(&alice, &format!("/rooms/{other}")).await.status, 200);
    chat.ban(bob.id).await;
    chat.moderated("DELETE", &format!("/moderation/bans/{}", bob.id), json!(null)).await;
    let incident = format!("/moderation/incidents/{incident}");
    chat.moderated("POST", &format!("{incident}/decision"), json!({ "decision": "dismiss" })).await;
    let reopened = chat.administer("POST", &format!("{incident}/reopen"), json!({})).await;
    assert_eq!(reopened.status, 200, "{reopened:?}");
    let rule = json!({ "name": "a", "kind": "terms", "category": "spam", "action": "flag", "state": "draft", "terms": ["snark"] });
    chat.moderate("POST", "/moderation/rules", rule).await.fails_with(503);

    // A restart finds everything, and the volume as full.
    chat.process.kill().await;
    chat.start_again().await;
    // What the log of the killed server took can hold a few more.
    let before = kept;
    let kept = say_until_full(&chat, &alice, room, before).await;
    assert!(kept < before + 100, "it is still full: {before} and {kept}");
    eventually("the server to say so", async || !is_ready(&chat).await).await;

    // So does one that finds no reserve, and too little room to make a whole one.
    chat.process.kill().await;
    let reserve = volume.path.join("chat.db-reserve");
    if reserve.exists() {
        fs::remove_file(&reserve).expect("it is there");
    }
    volume.leave(3 * MIB / 2);
    chat.start_again().await;
    assert!(!is_ready(&chat).await, "from the start");
    assert_eq!(say_until_full(&chat, &alice, room, kept).await, kept, "messages wait");
    for _ in 0..20 {
        chat.ban(bob.id).await;
        chat.moderated("DELETE", &format!("/moderation/bans/{}", bob.id), json!(null)).await;
    }

    volume.free();
    eventually("the server to be ready again", async || is_ready(&chat).await).await;
    let mut ws = chat.connect(&alice).await;
    for number in kept..kept + 100 {
        ws.say(room, &text(number), &format!("a long enough id {number}")).await;
    }
    let stored = chat.texts(&bob, room).await;
    assert!(stored.into_iter().eq((0..kept + 100).map(text)), "all that was confirmed, in order, and once");
    assert!(volume.path.join("chat.db-reserve").exists(), "for the next time");
}

#[tokio::test]
async fn a_volume_full_of_messages_has_room_again_once_retention_has_deleted_old_ones() {
    let Some((volume, mut chat)) = serve_on_a_small_volume().await else { return };
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    volume.fill(16 * MIB);
    let kept = say_until_full(&chat, &alice, room, 0).await;
    // The policy of today keeps messages; another one is set on the full volume.
    let mut policy = chat.moderated("GET", "/moderation/policy", json!(null)).await;
    policy["message_days"] = json!(30);
    let set = chat.administer("PUT", "/moderation/policy", policy).await;
    assert_eq!(set.status, 200, "{set:?}");
    chat.process.signal("TERM").await;
    chat.process.ended().await;

    let aged = chat.folder().join("aged.db");
    let database = volume.path.join("chat.db");
    fs::copy(&database, &aged).expect("a copy");
    // On a full volume the server cannot always copy its log into the database before it ends.
    let log = volume.path.join("chat.db-wal");
    if log.exists() {
        fs::copy(&log, chat.folder().join("aged.db-wal")).expect("a copy");
        fs::remove_file(&log).expect("it is there");
    }
    let mut connection = SqliteConnectOptions::new().filename(&aged).connect().await.expect("connects");
    let older = "UPDATE messages SET created_at = created_at - 3456000000000";
    query(older).execute(&mut connection).await.expect("forty days older");
    connection.close().await.expect("closes");
    fs::copy(&aged, &database).expect("the same size fits");

    chat.start_again().await;
    eventually("old messages to be deleted", async || chat.texts(&alice, room).await.is_empty()).await;
    eventually("the server to be ready", async || is_ready(&chat).await).await;
    let mut ws = chat.connect(&alice).await;
    for number in kept..kept + 200 {
        ws.say(room, &text(number), &format!("a long enough id {number}")).await;
    }
    assert_eq!(chat.texts(&alice, room).await.len(), 200);
}

#[tokio::test]
async fn readyz_is_503_while_no_write_is_stored_and_one_cause_is_logged_once() {
    let chat = Chat::serve().await;
    let users: Vec<User> = (0..10).map(|_| User::new()).collect();
    let room = chat.room(&users[0], &users[1..].iter().collect::<Vec<_>>()).await;
    assert!(is_ready(&chat).await);
    let file = SqliteConnectOptions::new().filename(chat.folder().join("chat.db"));
    let mut holder = file.connect().await.expect("connects");
    query("BEGIN IMMEDIATE").execute(&mut holder).await.expect("keeps the server from writing");

    join_all(users.iter().map(async |user| {
        let mut ws = chat.connect(user).await;
        ws.send_message(room, "not stored", "a long enough id").await;
        ws.unconfirmed("ServerError", "a long enough id").await;
        ws.disconnected(4006).await;
    }))
    .await;
    for _ in 0..5 {
        assert!(!is_ready(&chat).await);
    }
    let log = chat.process.log();
    for line in ["could not store messages", "command failed", "not ready"] {
        assert!(count(&log, line) <= 2, "{line}: {log}");
    }

    holder.close().await.expect("lets go");
    eventually("the server to be ready by itself", async || is_ready(&chat).await).await;
    chat.connect(&users[0]).await.say(room, "stored", "another long enough id").await;
}

#[tokio::test]
async fn readyz_finds_out_that_no_write_is_stored_where_nobody_writes() {
    let chat = Chat::serve().await;
    let file = SqliteConnectOptions::new().filename(chat.folder().join("chat.db"));
    let mut holder = file.connect().await.expect("connects");
    query("BEGIN IMMEDIATE").execute(&mut holder).await.expect("keeps the server from writing");
    eventually("the server to find out", async || !is_ready(&chat).await).await;
    holder.close().await.expect("lets go");
    eventually("the server to be ready by itself", async || is_ready(&chat).await).await;
}
