//! CONTRACT section 2: what a shutdown looks like from outside (DESIGN section 4: `PLIC_SHUTDOWN_SECONDS`).

use std::collections::BTreeSet;

use futures_util::future::join_all;
use uuid::Uuid;

use crate::harness::{
    Chat, Door, Frame, Socket, TEXT, User, connect, frame, golden, request, send_message, within,
};

#[tokio::test]
async fn at_a_shutdown_everybody_gets_4007_and_the_program_ends_well() {
    for signal in ["TERM", "INT"] {
        let mut chat = Chat::with(&[("PLIC_SHUTDOWN_SECONDS", "3")]).await;
        let mut sockets = Vec::new();
        for _ in 0..20 {
            sockets.push(chat.connect(&User::new()).await);
        }
        chat.process.signal(signal).await;
        join_all(sockets.iter_mut().map(|ws| ws.disconnected(4007))).await;
        let status = chat.process.ended().await;
        assert_eq!(status.to_string(), "exit status: 0", "after SIG{signal}");
    }
}

#[tokio::test]
async fn with_nobody_connected_a_shutdown_ends_at_once() {
    let mut chat = Chat::with(&[("PLIC_SHUTDOWN_SECONDS", "3600")]).await;
    chat.process.signal("TERM").await;
    assert_eq!(chat.process.ended().await.to_string(), "exit status: 0");
}

#[tokio::test]
async fn clients_that_do_not_answer_do_not_hold_a_shutdown_up() {
    let mut chat = Chat::with(&[("PLIC_SHUTDOWN_SECONDS", "2")]).await;
    let silent = chat.connect(&User::new()).await;
    let (_half_open, mut writer) = connect(chat.address()).await;
    writer.bytes(b"POST /rooms HTTP/1.1\r\n").await;
    chat.process.signal("TERM").await;
    assert_eq!(chat.process.ended().await.to_string(), "exit status: 0");
    drop(silent);
}

#[tokio::test]
async fn commands_already_read_are_answered_before_4007_and_what_was_stored_was_confirmed() {
    const EACH: usize = 400;
    let mut chat = Chat::with(&[("PLIC_SHUTDOWN_SECONDS", "5")]).await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let ids: Vec<_> = (0..EACH).map(|_| Uuid::new_v4().to_string()).collect();
    let commands: Vec<u8> =
        ids.iter().flat_map(|id| frame(TEXT, send_message(room, id, id).as_bytes())).collect();
    let mut other = chat.connect(&bob).await;
    let Socket { mut reader, mut writer, .. } = chat.connect(&alice).await;
    // The server may stop reading at any of these bytes.
    let writing = tokio::spawn(async move {
        _ = writer.try_bytes(&commands).await;
        writer
    });
    let Frame::Text(first) = reader.frame().await else { panic!("no answer") };
    chat.process.signal("TERM").await;

    let mut confirmed = vec![first];
    let last = loop {
        match reader.frame().await {
            Frame::Text(text) if text.contains("MessageSentConfirmation") => confirmed.push(text),
            other => break other,
        }
    };
    let expected: Vec<_> =
        ids.iter().take(confirmed.len()).map(|id| crate::harness::confirmation("", id)).collect();
    assert_eq!(confirmed, expected, "answered in order, all confirmed");
    assert_eq!(last, Frame::Text(golden("disconnection_4007")));
    assert_eq!(reader.frame().await, Frame::Close(4007, "ServerShutdown".to_owned()));
    drop((reader, writing.await));

    let mut delivered = BTreeSet::new();
    while let Frame::Text(text) = other.next().await {
        delivered.insert(text);
    }
    drop(other);
    assert_eq!(chat.process.ended().await.to_string(), "exit status: 0");
    chat.start_again().await;
    assert_eq!(
        chat.texts(&alice, room).await,
        ids[..confirmed.len()],
        "stored is confirmed, and the other way round"
    );
}

#[tokio::test]
async fn while_draining_the_server_says_that_it_is_not_ready() {
    let mut chat = Chat::with(&[("PLIC_SHUTDOWN_SECONDS", "20")]).await;
    let mut sockets = Vec::new();
    for _ in 0..10 {
        sockets.push(chat.connect(&User::new()).await);
    }
    let (mut reader, mut writer) = connect(chat.address()).await;
    let readyz = request("GET", "/readyz", &[], "");
    writer.bytes(readyz.as_bytes()).await;
    assert_eq!(reader.answer().await.status, 200);
    chat.process.signal("TERM").await;
    // A load balancer asks on a connection that it kept, or on a new one: either must learn of it.
    let answer = within("/readyz to say so", async {
        loop {
            let (mut reader, mut writer) = connect(chat.address()).await;
            writer.bytes(readyz.as_bytes()).await;
            let answer = reader.answer().await;
            if answer.status != 200 {
                break answer;
            }
        }
    })
    .await;
    assert_eq!(answer.status, 503);
    let facts = answer.json();
    assert!(facts["error_message"].is_string() && facts["data"].is_null() && facts["draining"] == true);
    assert!(answer.body.contains("draining") || answer.body.contains("shutting down"), "{answer:?}");
    drop(sockets);
    assert_eq!(chat.process.ended().await.to_string(), "exit status: 0");
}
