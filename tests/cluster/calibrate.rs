//! Lines of the classifier's rules, and the share of messages that are stopped, are the same on every node.

use plic_filter::Language;
use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    harness::{Chat, Door, User, eventually, metric, ordinary, run, say_all},
};

/// More than may reach a line of one thousand messages.
const ENOUGH: usize = 6;

/// The texts that a node would hold, until there are enough.
async fn held<'t>(node: &Chat, texts: &[&'t str]) -> Vec<&'t str> {
    let mut held = Vec::new();
    for text in texts {
        if held.len() == ENOUGH {
            break;
        }
        let checked = node.moderated("POST", "/moderation/check", json!({ "message": text })).await;
        if checked["action"] == "hold" {
            held.push(*text);
        }
    }
    held
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_published_on_every_node_and_every_node_counts_what_all_judged() {
    let cluster = Cluster::of(2).await;
    let (a, b) = cluster.pair();
    let alice = User::new();
    let room = a.room(&alice, &[]).await;
    let texts = ordinary(Language::French, 1_050);
    say_all(&mut a.connect(&alice).await, room, &texts).await;
    let rule = json!({
        "name": "eager", "kind": "classifier", "category": "hate", "action": "hold", "state": "live", "head": "hate",
        "threshold": 0.01, "languages": ["fr"],
    });
    let written = a.administer("POST", "/moderation/rules?override_reason=tests", rule).await;
    let id = written.data()["id"].as_i64().expect("an id");

    // Of all messages, the new line lets at most four reach it.
    let caught = held(a, &texts).await;
    assert_eq!(caught.len(), ENOUGH);
    let admin = User::admin();
    let listen = a.address().to_string();
    let settings = [("PLIC_LISTEN", &*listen), ("PLIC_ADMIN_TOKEN", &*admin.token)];
    let ended = run(a.folder(), &["moderation", "calibrate", "--publish"], &settings).await;
    assert!(ended.status.success() && ended.stdout.contains(&format!("rule {id} version 2")), "{ended:?}");
    let line = a.moderated("GET", &format!("/moderation/rules/{id}"), Value::Null).await["threshold"].clone();
    assert!(line.as_f64() > Some(0.01), "{line}");

    eventually("the line on the other node", async || held(b, &caught).await.len() <= 4).await;
    eventually("the counts of both nodes", async || {
        let mut counts = Vec::new();
        for node in [a, b] {
            counts.push(metric(node, "plic_filter_judged_today").await);
        }
        // A test that runs over midnight counts from there.
        counts[0].total_cmp(&counts[1]).is_eq() && counts[0] > 0.0
    })
    .await;
}
