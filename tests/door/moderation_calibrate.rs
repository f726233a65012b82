//! Setting the lines of the classifier's rules from what was delivered and decided on the site.

use plic_filter::Language;
use serde_json::{Value, json};

use crate::harness::{Chat, Door, Ended, User, ordinary, run, say_all};

/// A threshold that dozens of ordinary messages in a thousand reach.
const EAGER: f64 = 0.001;

/// A rule of the classifier that is far too eager.
async fn eager_rule(chat: &Chat) -> i64 {
    let rule = json!({
        "name": "eager", "kind": "classifier", "category": "hate", "action": "hold", "state": "live", "head": "hate",
        "threshold": EAGER,
    });
    let written = chat.administer("POST", "/moderation/rules?override_reason=tests", rule).await;
    assert_eq!(written.status, 200, "{written:?}");
    written.data()["id"].as_i64().expect("an id")
}

async fn calibrated(chat: &Chat, body: Value) -> Value {
    let answer = chat.administer("POST", "/moderation/calibrate", body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.data()
}

async fn decide(chat: &Chat, place: usize, decision: &str) {
    let open = chat.moderated("GET", "/moderation/incidents?status=open", Value::Null).await;
    let path = format!("/moderation/incidents/{}/decision", open[place]["id"]);
    chat.moderated("POST", &path, json!({ "decision": decision })).await;
}

/// Calibrates by the command line.
async fn command(chat: &Chat, admin: &User, more: &[&str]) -> Ended {
    let listen = format!("0.0.0.0:{}", chat.address().port());
    let arguments: Vec<&str> = ["moderation", "calibrate"].iter().chain(more).copied().collect();
    let settings = [("PLIC_LISTEN", &*listen), ("PLIC_ADMIN_TOKEN", &*admin.token)];
    run(chat.folder(), &arguments, &settings).await
}

fn line_of<'r>(report: &'r Value, language: &str) -> &'r Value {
    let lines = report["lines"].as_array().expect("lines");
    lines.iter().find(|line| line["language"] == language).expect("a line of the language")
}

#[tokio::test]
async fn a_line_is_set_by_what_was_delivered_and_published_as_a_version() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    say_all(&mut ws, room, &ordinary(Language::English, 1_100)).await;
    say_all(&mut ws, room, &ordinary(Language::French, 40)).await;
    chat.rule("snark", "reject").await;
    for id in ["t1", "t2"] {
        ws.send_message(room, &format!("the {id} snark is not in the list of our things"), id).await;
        ws.unconfirmed("HatefullSpeach", id).await;
    }
    decide(&chat, 0, "uphold").await;
    decide(&chat, 0, "dismiss").await;
    let rule = eager_rule(&chat).await;

    let report = calibrated(&chat, json!({})).await;
    let english = line_of(&report, "en");
    // One of them was wrongly stopped, and the other rightly.
    assert_eq!(english["ordinary"]["messages"], 1_101, "{report}");
    assert_eq!(
        (&english["upheld"]["messages"], &english["change"]),
        (&json!(1), &json!("raised")),
        "{report}"
    );
    let reaching = |when: &str| english["ordinary"][when].as_u64().expect("a count");
    assert!(reaching("before") > 4 && reaching("after") <= 4, "{report}");
    let french = line_of(&report, "fr");
    assert_eq!((&french["change"], &french["proposed"]), (&json!("too_few"), &json!(EAGER)), "{report}");
    let effect = &report["effect"];
    assert_eq!(effect["ordinary"]["messages"], 1_141, "{report}");
    assert_eq!(effect["upheld"], json!({ "messages": 1, "before": 1, "after": 1 }));
    assert_eq!(effect["dismissed"], json!({ "messages": 1, "before": 1, "after": 1 }));
    assert!(effect["released"].as_u64() > Some(0) && effect["newly_stopped"] == 0, "{report}");
    // A higher line is no worse for ordinary chat, however bad the gate finds it.
    assert_eq!((&report["refusal"], &report["published"]), (&Value::Null, &json!([])), "{report}");
    let rules = chat.moderated("GET", "/moderation/rules", Value::Null).await;
    assert_eq!((rules.as_array().map(Vec::len), &rules[0]["version"]), (Some(2), &json!(1)));

    let admin = User::admin();
    let dry = command(&chat, &admin, &[]).await;
    assert!(dry.status.success() && dry.stdout.contains("nothing was changed"), "{dry:?}");
    let ended = command(&chat, &admin, &["--publish"]).await;
    let published = format!("published: rule {rule} version 2, rule {} version 1", rule + 1);
    assert!(ended.status.success() && ended.stdout.contains(&published), "{ended:?}");
    let rules = chat.moderated("GET", "/moderation/rules", Value::Null).await;
    let of =
        |id: i64| rules.as_array().expect("rules").iter().find(|rule| rule["id"] == id).expect("it is there");
    assert_eq!((&of(rule)["languages"], &of(rule)["threshold"]), (&json!(["en"]), &english["proposed"]));
    assert_eq!((&of(rule + 1)["languages"], &of(rule + 1)["threshold"]), (&json!(["fr"]), &json!(EAGER)));
    assert_eq!(of(rule)["updated_by"], json!(admin.id));
    let log = chat.moderated("GET", "/moderation/audit?action=rule.calibrate", Value::Null).await;
    assert_eq!((log.as_array().map(Vec::len), &log[0]["actor"]), (Some(2), &json!(admin.id)));

    let again = command(&chat, &admin, &["--publish"]).await;
    assert!(again.status.success() && again.stdout.contains("no line moves"), "{again:?}");
}

#[tokio::test]
async fn who_is_no_admin_and_what_is_out_of_bounds_is_refused_with_a_sentence() {
    let chat = Chat::serve().await;
    chat.moderate("POST", "/moderation/calibrate", json!({})).await.fails_with(403);
    for bad in [
        json!({ "hold_share": 0.0 }),
        json!({ "refuse_share": 0.2 }),
        json!({ "hold_share": "0.1" }),
        json!({ "hold_share": null }),
        json!({ "limit": null }),
        json!({ "publish": null }),
        json!({ "limit": 0 }),
        json!({ "limit": 100_001 }),
        json!({ "publish": "yes" }),
        json!({ "since": "yesterday" }),
        json!([]),
    ] {
        chat.administer("POST", "/moderation/calibrate", bad).await.fails_with(422);
    }
    let refused = command(&chat, &User::moderator(), &["--publish"]).await;
    assert!(!refused.status.success() && refused.stderr.contains("admin"), "{refused:?}");
    let refused = command(&chat, &User::admin(), &["--hold-share", "7"]).await;
    assert!(!refused.status.success() && refused.stderr.contains("hold_share"), "{refused:?}");
    let nobody = [("PLIC_LISTEN", "127.0.0.1:9"), ("PLIC_ADMIN_TOKEN", "x")];
    let refused = run(chat.folder(), &["moderation", "calibrate"], &nobody).await;
    assert!(!refused.status.success() && refused.stderr.contains("does not answer"), "{refused:?}");
    let refused = run(chat.folder(), &["moderation", "calibrate"], &[]).await;
    assert!(!refused.status.success() && refused.stderr.contains("--token"), "{refused:?}");
}

#[tokio::test]
async fn of_a_site_without_messages_no_line_moves() {
    let chat = Chat::serve().await;
    eager_rule(&chat).await;
    for body in [json!({ "publish": true }), json!({ "publish": true, "since": "2999-01-01T00:00:00Z" })] {
        let report = calibrated(&chat, body).await;
        assert_eq!(report["lines"].as_array().map(Vec::len), Some(2), "{report}");
        assert_eq!(line_of(&report, "en")["change"], "too_few");
        assert_eq!((&report["published"], &report["refusal"]), (&json!([]), &Value::Null));
    }
}
