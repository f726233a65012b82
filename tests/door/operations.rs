//! DESIGN section 4: what operators and their machines ask of the server, and what its log must not hold.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use crate::harness::{Chat, Door, User, run, sign};

#[tokio::test]
async fn healthz_and_readyz_answer_without_a_token() {
    let chat = Chat::serve().await;
    for path in ["/healthz", "/readyz"] {
        let answer = chat.call("GET", path, &[], "").await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert!(!answer.body.is_empty());
    }
}

#[tokio::test]
async fn healthcheck_fails_where_no_server_answers() {
    let mut chat = Chat::serve().await;
    let port = chat.address().port();
    for listen in [format!("127.0.0.1:{port}"), format!("0.0.0.0:{port}")] {
        let settings = [("PLIC_LISTEN", &*listen), ("http_proxy", "http://127.0.0.1:9")];
        let ended = run(chat.folder(), &["healthcheck"], &settings).await;
        assert!(ended.status.success(), "{ended:?}");
    }
    chat.process.kill().await;
    let ended = run(chat.folder(), &["healthcheck"], &[("PLIC_LISTEN", &format!("127.0.0.1:{port}"))]).await;
    assert!(!ended.status.success(), "{ended:?}");
}

#[tokio::test]
async fn every_stage_has_a_counter_and_a_histogram() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    chat.connect(&alice).await.say(room, "counted", "t1").await;
    let mut ws = chat.connect(&alice).await;
    ws.send("not a command").await;
    ws.unconfirmed("BadMessageStructure", "").await;
    ws.disconnected(4010).await;

    let answer = chat.call("GET", "/metrics", &[], "").await;
    assert_eq!(answer.status, 200);
    let value = |series: &str| -> f64 {
        let line = answer.body.lines().find_map(|line| line.strip_prefix(series));
        line.unwrap_or_else(|| panic!("{series} is not in\n{}", answer.body))
            .trim()
            .parse()
            .expect("a number")
    };
    for stage in ["auth", "structure", "ban", "filter", "authorize", "rate_limit"] {
        let passed = value(&format!(r#"plic_stage_commands_total{{stage="{stage}",outcome="passed"}}"#));
        let timed = value(&format!(r#"plic_stage_seconds_count{{stage="{stage}"}}"#));
        assert!(passed >= 1.0 && timed >= passed, "{stage}: {passed} passed, {timed} timed");
        value(&format!(r#"plic_stage_seconds_bucket{{le="+Inf",stage="{stage}"}}"#));
    }
    assert!(value(r#"plic_stage_commands_total{stage="structure",outcome="refused"}"#) >= 1.0);
}

#[tokio::test]
async fn a_browser_on_the_root_path_gets_a_page() {
    let chat = Chat::serve().await;
    let answer =
        chat.call("GET", "/", &[("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")], "").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.header("content-type").starts_with("text/html"), "{answer:?}");
}

#[tokio::test]
async fn the_spec_and_its_page_are_served() {
    let chat = Chat::serve().await;
    let spec = chat.call("GET", "/openapi.json", &[], "").await;
    assert_eq!(spec.status, 200);
    let spec = spec.json();
    for path in ["/rooms", "/rooms/{id}"] {
        assert!(spec["paths"][path].is_object(), "{path}");
    }
    let page = chat.call("GET", "/docs", &[], "").await;
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
}

#[tokio::test]
async fn no_token_and_no_text_is_in_the_log_however_much_is_logged() {
    for level in ["trace", "trace,tungstenite=trace,hyper=trace,sqlx=trace,poem=trace"] {
        let mut chat = Chat::with(&[("RUST_LOG", level)]).await;
        let (alice, bob) = (User::new(), User::with_token_of(6 * 1024));
        let expired = User::with(|claims| claims["exp"] = json!(1_700_000_000));
        let room = chat.room(&alice, &[&bob]).await;
        let mut other = chat.connect(&bob).await;

        // By each of the three ways, good and bad; texts that pass, that are refused, and that cannot be read.
        let mut ws = chat.connect(&alice).await;
        ws.say(room, "quicksilver one", "tempid-one").await;
        other.received(room, alice.id, "quicksilver one").await;
        ws.send_message(room + 1, "quicksilver two", "tempid-two").await;
        ws.unconfirmed("UnAuthorizedAction", "tempid-two").await;
        ws.disconnected(4012).await;
        let mut ws = chat.open("/", &[("authorization", &alice.bearer())]).await;
        ws.send(r#"{"type":"SendMessage","data":"quicksilver three"}"#).await;
        ws.unconfirmed("BadMessageStructure", "").await;
        ws.disconnected(4010).await;
        let protocol = format!("plic.bearer.{}", alice.token);
        chat.open("/", &[("sec-websocket-protocol", &protocol)]).await.nothing_came().await;
        chat.connect(&expired).await.disconnected(4002).await;
        chat.get(&expired, "/rooms").await.fails_with(401);
        chat.get(&alice, &format!("/rooms?token={}", alice.token)).await;
        chat.get(&bob, &format!("/nowhere?token={}", bob.token)).await;
        let body = json!({ "users": ["quicksilver four"], "apartment_id": "quicksilver five" });
        chat.post(&alice, "/rooms", body).await.is_envelope_of_failure();
        assert_eq!(chat.texts(&bob, room).await, ["quicksilver one"]);
        chat.process.signal("TERM").await;
        chat.process.ended().await;

        let log = format!("{}{}", chat.process.log(), chat.process.stdout());
        assert!(log.contains("DEBUG"), "the log was on: {log}");
        let lines = |word: &str| log.lines().filter(|line| line.contains(word)).collect::<Vec<_>>();
        assert!(lines("quicksilver").is_empty(), "{:#?}", lines("quicksilver"));
        for user in [&alice, &bob, &expired] {
            // The signature is what makes a token one; the head alone is the same in all of them.
            let signature = user.token.rsplit('.').next().expect("a signature");
            assert!(lines(signature).is_empty(), "{:#?}", lines(signature));
            let payload = &user.token.split('.').nth(1).expect("a payload")[..60];
            assert!(lines(payload).is_empty(), "{:#?}", lines(payload));
        }
    }
}

#[tokio::test]
async fn refused_origins_of_30_kib_leave_one_short_line_in_the_log() {
    let chat = Chat::with(&[("PLIC_ALLOWED_ORIGINS", "https://app.example")]).await;
    let origin = format!("https://{}.example", "x".repeat(28 * 1024));
    for _ in 0..30 {
        chat.open("/", &[("origin", &origin)]).await.disconnected(4012).await;
    }
    let log = chat.process.log();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("PLIC_ALLOWED_ORIGINS")).collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert!(lines[0].contains(&"x".repeat(100)) && !lines[0].contains(&"x".repeat(129)), "{}", lines[0]);
    let metrics = chat.call("GET", "/metrics", &[], "").await.body;
    assert!(metrics.contains("plic_refused_origins_total 30"), "{metrics}");
}

#[tokio::test]
async fn no_text_of_a_stranger_makes_a_long_line_or_a_second_one() {
    let chat = Chat::with(&[("RUST_LOG", "debug"), ("PLIC_ALLOWED_ORIGINS", "https://app.example")]).await;
    let long = "Z".repeat(4 * 1024);
    let base64 = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let claims = base64(&format!(r#"{{"sub":"{long}","exp":"{long}"}}"#));
    let tokens = [
        long.clone(),
        format!("{}.{claims}.x", base64(&format!(r#"{{"alg":"{long}"}}"#))),
        format!("{}.{claims}.x", base64(&format!(r#"{{"alg":"HS256","kid":"{long}","typ":7}}"#))),
        sign(&json!({ "sub": long, "exp": long, "aud": long, "role": long })),
    ];
    for token in &tokens {
        chat.open(&format!("/?token={token}"), &[]).await.disconnected(4002).await;
        let bearer = format!("Bearer {token}");
        chat.call("GET", "/rooms", &[("authorization", &bearer)], "").await.fails_with(401);
        let headers = [("origin", &*long), ("user-agent", &*long)];
        chat.call("GET", "/nowhere", &headers, "").await.fails_with(404);
    }
    for line in chat.process.log().lines() {
        assert!(line.len() < 4200 && !line.contains(&"Z".repeat(129)), "{} bytes: {line:.300}", line.len());
        assert!(line.starts_with("20"), "not the beginning of an event: {line:.300}");
    }
}
