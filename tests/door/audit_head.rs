//! The head of the audit log, kept where who can write to the database cannot change it.

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    harness::{Chat, User, eventually, run, within},
    settings::{folder, refused_naming},
};

/// Takes one request, answers with this status line and returns the request's body.
async fn take(listener: &TcpListener, status: &str) -> Value {
    within("a request to the webhook", async {
        let (mut connection, _) = listener.accept().await.expect("a connection");
        let mut request = Vec::new();
        let body = loop {
            connection.read_buf(&mut request).await.expect("a request");
            let text = String::from_utf8(request.clone()).expect("text");
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            assert!(head.starts_with("POST /heads/hush?key=hush HTTP/1.1\r\n"), "{head}");
            if let Ok(json) = serde_json::from_str(body) {
                break json;
            }
        };
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        connection.write_all(answer.as_bytes()).await.expect("answers");
        body
    })
    .await
}

#[tokio::test]
async fn the_head_of_the_audit_log_is_printed_logged_and_sent_until_it_is_taken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let webhook = format!("http://127.0.0.1:{port}/heads/hush?key=hush");
    let mut chat = Chat::with(&[("PLIC_AUDIT_WEBHOOK", &webhook)]).await;
    // A redirect is not followed, and no more taken than a failure.
    let elsewhere = format!("302 Found\r\nLocation: http://127.0.0.1:{port}/elsewhere");
    let first = take(&listener, &elsewhere).await;
    let again = take(&listener, "204 No Content").await;
    assert_eq!((&first["seq"], &first["hash"]), (&again["seq"], &again["hash"]));
    chat.ban(User::new().id).await;

    let head = run(chat.folder(), &["audit", "head"], &chat.settings()).await;
    assert!(head.status.success(), "{head:?}");
    let head = head.stdout.trim().to_owned();
    chat.process.kill().await;
    chat.start_again().await;
    let sent = take(&listener, "200 OK").await;
    assert_eq!(head, format!("{}:{}", sent["seq"], sent["hash"].as_str().expect("a hash")));
    assert!(sent["seq"].as_i64() > first["seq"].as_i64(), "{first} {sent}");
    assert_eq!(sent["epoch"], first["epoch"]);
    assert!(sent["at"].is_string(), "{sent}");
    eventually("the head in the log", async || chat.process.log().contains(&head)).await;
    assert!(!chat.process.log().contains("hush"), "there may be a key in the address");

    let known = ["audit", "verify", "--expect-head", &head];
    let verified = run(chat.folder(), &known, &chat.settings()).await;
    assert!(verified.status.success(), "{verified:?}");
}

#[tokio::test]
async fn the_head_of_the_audit_log_is_logged_whatever_else_is() {
    for level in ["off", "error"] {
        let mut chat = Chat::with(&[("RUST_LOG", level)]).await;
        eventually("the head in the log", async || chat.process.log().contains("head of the audit log"))
            .await;
        chat.process.kill().await;
        let log = chat.process.log();
        assert_eq!(log.lines().count(), 1, "and nothing else: {log}");
    }
}

#[tokio::test]
async fn a_webhook_is_no_place_that_others_can_read_on_the_way_and_its_key_is_not_shown() {
    let folder = folder();
    let check = async |webhook: &str| {
        let settings = [("SUPABASE_JWT_SECRET", crate::harness::SECRET), ("PLIC_AUDIT_WEBHOOK", webhook)];
        run(folder.path(), &["check-config"], &settings).await
    };
    for webhook in ["http://audit.example/hush", "https://hush@audit.example/", "hush"] {
        let refused = check(webhook).await;
        refused_naming(&refused, "PLIC_AUDIT_WEBHOOK");
        assert!(!format!("{refused:?}").contains("hush"), "{refused:?}");
    }
    let shown = check("https://audit.example/heads/hush?key=hush").await;
    assert!(shown.stdout.contains("PLIC_AUDIT_WEBHOOK=https://audit.example\n"), "{shown:?}");
    assert!(!shown.stdout.contains("hush"), "{shown:?}");
    assert!(check("").await.status.success(), "none is needed");
}
