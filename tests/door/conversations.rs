//! A fraud in pieces is stopped with the piece that completes it, whatever lies between the pieces.

use serde_json::json;

use crate::harness::{Chat, Door, User, eventually};

/// A piece of a fraud, and one that completes it.
const PIECES: [(&str, &str); 6] = [
    ("The deposit is 400 euros for the two weeks.", "You can send it by Western Union."),
    ("There is a deposit of 300 for the keys.", "I only take gift cards for that."),
    ("A security deposit is needed to book the dates.", "MoneyGram is the easiest for me."),
    ("La caution est de 400 euros.", "Vous la payez par mandat cash."),
    ("Il y a une caution de 300 euros.", "Envoyez des coupons PCS, c'est plus simple."),
    ("Il faut verser un acompte pour bloquer les dates.", "Par Western Union de préférence."),
];
/// What is said between them.
const HARMLESS: [&str; 3] =
    ["The flat is on the third floor.", "Le marché est le samedi matin.", "Yes, of course!"];

/// A server with the starter rules.
async fn with_starter_rules() -> Chat {
    Chat::with(&[("PLIC_RULES_FILE", "")]).await
}

#[tokio::test]
async fn a_fraud_in_pieces_is_held_with_harmless_messages_and_a_reconnect_between_them() {
    let chat = with_starter_rules().await;
    for (first, second) in PIECES {
        let (swapper, scammer) = (User::new(), User::new());
        let room = chat.room(&scammer, &[&swapper]).await;
        let mut ws = chat.connect(&scammer).await;
        ws.say(room, first, "first-1234567890").await;
        for (at, text) in HARMLESS.iter().enumerate() {
            ws.say(room, text, &format!("between-{at}-1234567890")).await;
        }
        let mut ws = chat.connect(&scammer).await;
        ws.send_message(room, second, "second-1234567890").await;
        ws.unconfirmed("HeldForReview", "second-1234567890").await;
        // The other person may answer with the same words.
        let mut answering = chat.connect(&swapper).await;
        answering.say(room, "Thank you, I will think about it.", "answer-1234567890").await;
    }
}

#[tokio::test]
async fn a_fraud_in_pieces_is_held_though_the_server_started_again_between_them() {
    let mut chat = with_starter_rules().await;
    let (swapper, scammer) = (User::new(), User::new());
    let room = chat.room(&scammer, &[&swapper]).await;
    chat.connect(&scammer).await.say(room, PIECES[0].0, "first-1234567890").await;
    chat.process.kill().await;
    chat.start_again().await;
    let mut ws = chat.connect(&scammer).await;
    ws.send_message(room, PIECES[0].1, "second-1234567890").await;
    ws.unconfirmed("HeldForReview", "second-1234567890").await;
}

#[tokio::test]
async fn one_text_to_many_people_is_found_over_rooms_and_reconnects() {
    let chat = Chat::serve().await;
    let rule = json!({
        "name": "One text to many", "kind": "repetition", "category": "spam", "action": "hold", "state": "live",
        "limit": {"similar_in_rooms": 3, "window_seconds": 3600},
    });
    chat.moderated("POST", "/moderation/rules", rule).await;
    let sender = User::new();
    for host in 1..=4 {
        let room = chat.room(&sender, &[&User::new()]).await;
        let mut ws = chat.connect(&sender).await;
        let text = format!(
            "Dear host {host}, we are a family from Lyon and would love to stay at your flat in July."
        );
        let temp_id = format!("enquiry-{host}-1234567890");
        ws.send_message(room, &text, &temp_id).await;
        if host < 4 {
            ws.confirmed(&temp_id).await;
        } else {
            ws.unconfirmed("HeldForReview", &temp_id).await;
        }
    }
    eventually("the reads of the memory are counted", async || {
        let metrics = chat.call("GET", "/metrics", &[], "").await.body;
        metrics.contains(r#"plic_filter_memory_reads_total{outcome="read"} 4"#)
    })
    .await;
}
