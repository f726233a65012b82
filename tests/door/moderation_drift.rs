//! Whether the filter stops more or fewer messages than it used to, as `/metrics` tells it.

use plic_pipeline::timestamp::Timestamp;

use crate::harness::{Chat, Door, User, eventually, metric};

const ALERTS: &str = include_str!("../../deploy/prometheus/alerts.yaml");

#[tokio::test]
async fn messages_that_were_judged_and_stopped_today_are_counted_and_a_restart_forgets_none() {
    let day = || Timestamp::now().to_string()[..10].to_owned();
    let began = day();
    let mut chat = Chat::serve().await;
    chat.rule("snark", "reject").await;
    chat.rule("boojum", "hold").await;
    chat.rule("jubjub", "flag").await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    for (id, text, reason) in [
        ("t1", "hello", ""),
        ("t2", "a snark", "HatefullSpeach"),
        ("t3", "a boojum", "HeldForReview"),
        ("t4", "a jubjub", ""),
    ] {
        ws.send_message(room, text, id).await;
        if reason.is_empty() { ws.confirmed(id).await } else { ws.unconfirmed(reason, id).await }
    }
    for _ in 0..2 {
        eventually("the counts of the day", async || {
            let judged = metric(&chat, "plic_filter_judged_today").await;
            let stopped = metric(&chat, "plic_filter_stopped_today").await;
            // A test that runs over midnight has nothing to compare.
            (judged, stopped) == (4.0, 2.0) || began != day()
        })
        .await;
        assert!(metric(&chat, "plic_filter_stopped_share_today_high").await <= 1.0);
        assert!(metric(&chat, "plic_filter_stopped_share_usual_low").await.is_nan());
        chat.process.kill().await;
        chat.start_again().await;
    }
}

#[tokio::test]
async fn the_alerts_ask_for_metrics_that_there_are() {
    let chat = Chat::serve().await;
    let asked: Vec<&str> = ALERTS
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| word.starts_with("plic_"))
        .collect();
    assert!(asked.len() >= 6, "{asked:?}");
    for series in asked {
        metric(&chat, series).await;
    }
}
