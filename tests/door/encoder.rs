//! The filter's second stage: read where its file is there, and missed by nobody where it is not.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::{
    harness::{Chat, Door, SECRET, User},
    settings::{folder, run_in},
};

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("encoder/plic-encoder.bin")
}

/// A rule that asks for the score of a head that ordinary messages do not reach.
fn classifier(head: &str) -> Value {
    json!({
        "name": head, "kind": "classifier", "category": "scam", "action": "reject", "state": "live",
        "head": head, "threshold": 0.99,
    })
}

async fn with_encoder(file: &Path) -> Chat {
    Chat::with(&[("PLIC_ENCODER", &file.display().to_string())]).await
}

async fn check(chat: &Chat, message: &str) -> Value {
    chat.moderated("POST", "/moderation/check", json!({ "message": message })).await
}

#[tokio::test]
async fn the_encoder_reads_messages_and_texts_that_are_checked() {
    let chat = with_encoder(&shipped()).await;
    assert_eq!(check(&chat, "Bonjour").await["encoder"], Value::Null, "no rule asks a classifier");
    chat.moderated("POST", "/moderation/rules", classifier("scam")).await;
    let ordinary = "Bonjour, le studio est-il libre en mai ?";
    let checked = check(&chat, ordinary).await;
    assert_eq!(checked["action"], "pass");
    assert_eq!(checked["encoder"].as_str().expect("the encoder's hash").len(), 16);

    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    ws.say(room, ordinary, "t-1234567890abcd").await;
    let metrics = chat.call("GET", "/metrics", &[], "").await.body;
    assert!(metrics.contains("plic_encoder_texts_total{outcome=\"read\"} 2"), "{metrics}");
}

#[tokio::test]
async fn without_a_file_that_belongs_to_the_program_the_linear_stage_decides_alone() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let whole = std::fs::read(shipped()).expect("the encoder is in the repository");
    std::fs::write(path("short.bin"), &whole[..whole.len() / 2]).expect("the folder can be written to");
    std::fs::write(path("foreign.bin"), b"GGUF and more").expect("the folder can be written to");
    let mut damaged = whole;
    damaged[1_000_000] ^= 1;
    std::fs::write(path("damaged.bin"), damaged).expect("the folder can be written to");
    for (name, reason) in [
        ("missing.bin", "it cannot be read"),
        ("short.bin", "its SHA-256 is"),
        ("foreign.bin", "it is no model of an encoder"),
        ("damaged.bin", "its SHA-256 is"),
    ] {
        let file = path(name);
        let chat = with_encoder(&file).await;
        let log = chat.process.log();
        assert!(log.contains(reason) && log.contains(name), "{name}: {log}");
        chat.moderated("POST", "/moderation/rules", classifier("hate")).await;
        assert_eq!(check(&chat, "Bonjour, ça va ?").await["encoder"], Value::Null);
        let alice = User::new();
        let room = chat.room(&alice, &[]).await;
        chat.connect(&alice).await.say(room, "Bonjour, ça va ?", "t-1234567890abcd").await;

        let settings = [("SUPABASE_JWT_SECRET", SECRET), ("PLIC_ENCODER", file.to_str().expect("UTF-8"))];
        let ended = run_in(folder.path(), "check-config", &settings).await;
        assert!(!ended.status.success() && ended.stderr.contains(reason), "{name}: {ended:?}");
    }
}

#[tokio::test]
async fn the_encoder_can_be_switched_off() {
    let chat = Chat::with(&[("PLIC_ENCODER", "off")]).await;
    chat.moderated("POST", "/moderation/rules", classifier("hate")).await;
    assert_eq!(check(&chat, "Bonjour, ça va ?").await["encoder"], Value::Null);
    assert!(!chat.process.log().contains("was not loaded"), "{}", chat.process.log());
}
