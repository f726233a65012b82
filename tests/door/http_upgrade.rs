//! REST and WebSocket on one port and one connection: what proxies, browsers and slow networks make of a head.

use crate::harness::{
    Chat, Door, Frame, PING, Socket, TEXT, User, confirmation, connect, frame, handshake, request,
    send_message,
};

#[tokio::test]
async fn rest_requests_share_a_connection_and_an_upgrade_may_follow_them() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let (mut reader, mut writer) = connect(chat.address()).await;
    let get = request("GET", "/rooms", &[("authorization", &alice.bearer())], "");
    for _ in 0..3 {
        writer.bytes(get.as_bytes()).await;
        assert_eq!(reader.answer().await.data()[0]["room_id"], room);
    }
    writer.bytes(handshake(&alice.target(), &[]).as_bytes()).await;
    Socket::opened(reader, writer).await.say(room, "on the same connection", "t1").await;
}

#[tokio::test]
async fn a_refused_request_leaves_its_connection_usable() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let (mut reader, mut writer) = connect(chat.address()).await;
    let bearer = alice.bearer();
    for path in ["/rooms/7", "/nowhere"] {
        writer.bytes(request("GET", path, &[("authorization", &bearer)], "").as_bytes()).await;
        reader.answer().await.fails_with(404);
    }
    writer.bytes(handshake(&alice.target(), &[]).as_bytes()).await;
    Socket::opened(reader, writer).await.nothing_came().await;
}

#[tokio::test]
async fn a_request_an_upgrade_and_frames_right_behind_them_are_all_read() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut bytes = request("GET", "/rooms", &[("authorization", &alice.bearer())], "").into_bytes();
    bytes.extend(handshake(&alice.target(), &[]).into_bytes());
    // 18 KiB and more behind the head: more than one read takes.
    let ids: Vec<_> = (0..60).map(|n| format!("t{n}")).collect();
    for id in &ids {
        bytes.extend(frame(TEXT, send_message(room, &"x".repeat(300), id).as_bytes()));
    }
    bytes.extend(frame(PING, b"all read"));
    let (mut reader, mut writer) = connect(chat.address()).await;
    writer.bytes(&bytes).await;
    assert_eq!(reader.answer().await.status, 200);
    let mut ws = Socket::opened(reader, writer).await;
    let (mut answers, mut ponged) = (Vec::new(), false);
    while answers.len() < ids.len() || !ponged {
        match ws.next().await {
            Frame::Text(text) => answers.push(text),
            Frame::Pong(payload) => ponged = payload == b"all read",
            other => panic!("{other:?}"),
        }
    }
    let expected: Vec<_> = ids.iter().map(|id| confirmation("", id)).collect();
    assert_eq!(answers, expected);
}

#[tokio::test]
async fn half_a_frame_behind_the_head_is_completed_later() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let command = frame(TEXT, send_message(room, "in two halves", "t1").as_bytes());
    for cut in [1, 2, 5, command.len() - 1] {
        let (reader, mut writer) = connect(chat.address()).await;
        let head = handshake(&alice.target(), &[]).into_bytes();
        writer.bytes(&[&head, &command[..cut]].concat()).await;
        let mut ws = Socket::opened(reader, writer).await;
        ws.writer.bytes(&command[cut..]).await;
        ws.confirmed("t1").await;
    }
    assert_eq!(chat.texts(&alice, room).await, ["in two halves"]);
}

#[tokio::test]
async fn a_head_and_frames_may_come_a_byte_at_a_time() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let (reader, mut writer) = connect(chat.address()).await;
    for byte in handshake(&alice.target(), &[]).bytes() {
        writer.bytes(&[byte]).await;
        tokio::task::yield_now().await;
    }
    let mut ws = Socket::opened(reader, writer).await;
    for byte in frame(TEXT, send_message(room, "drip", "t1").as_bytes()) {
        ws.writer.bytes(&[byte]).await;
        tokio::task::yield_now().await;
    }
    ws.confirmed("t1").await;
}

#[tokio::test]
async fn header_names_and_their_tokens_may_be_in_any_case() {
    let chat = Chat::serve().await;
    let alice = User::new();
    for (from, to) in [
        ("Upgrade: websocket", "UPGRADE: WebSocket"),
        ("Upgrade: websocket", "upgrade: WEBSOCKET"),
        ("Connection: Upgrade", "connection: keep-alive, upgrade"),
        ("Connection: Upgrade", "CONNECTION: UPGRADE"),
        ("Sec-WebSocket-Key", "sec-websocket-key"),
        ("Sec-WebSocket-Version", "SEC-WEBSOCKET-VERSION"),
    ] {
        let (reader, mut writer) = connect(chat.address()).await;
        writer.bytes(handshake(&alice.target(), &[]).replacen(from, to, 1).as_bytes()).await;
        Socket::opened(reader, writer).await.nothing_came().await;
    }
}

#[tokio::test]
async fn extensions_that_are_offered_are_not_taken() {
    let chat = Chat::serve().await;
    let offered = [("sec-websocket-extensions", "permessage-deflate; client_max_window_bits")];
    let mut ws = chat.open(&User::new().target(), &offered).await;
    assert_eq!(ws.headers.get("sec-websocket-extensions"), None);
    ws.nothing_came().await;
}

#[tokio::test]
async fn a_handshake_that_cannot_succeed_is_refused_and_the_users_connection_stays() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    let good = handshake(&alice.target(), &[]);
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let with = |more: &str| good.replacen("\r\n\r\n", &format!("\r\n{more}\r\n\r\n"), 1);
    let cases = [
        (426, good.replacen("HTTP/1.1", "HTTP/1.0", 1)),
        (426, with("Connection: keep-alive").replacen("HTTP/1.1", "HTTP/1.0", 1)),
        (426, good.replacen("Version: 13", "Version: 8", 1)),
        (400, good.replacen("Connection: Upgrade", "Connection: keep-alive", 1)),
        (400, good.replacen(key, "", 1)),
        (400, good.replacen(key, "Sec-WebSocket-Key: c2hvcnQ=\r\n", 1)),
        (400, good.replacen(key, &key.repeat(2), 1)),
        (400, with("Content-Length: 5") + "hello"),
        (400, with("Content-Length: 5")),
        (400, with("Transfer-Encoding: chunked") + "0\r\n\r\n"),
        (405, good.replacen("GET", "POST", 1)),
    ];
    for (status, bytes) in cases {
        let (mut reader, mut writer) = connect(chat.address()).await;
        writer.bytes(bytes.as_bytes()).await;
        let answer = reader.answer().await;
        assert_eq!(answer.status, status, "{bytes}");
        answer.is_envelope_of_failure();
        if status == 426 {
            assert_eq!(answer.header("upgrade"), "websocket");
        }
        ws.say(room, "still here", "t1").await;
    }
}

#[tokio::test]
async fn a_handshake_that_also_asks_to_close_is_completed() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let (reader, mut writer) = connect(chat.address()).await;
    let head = handshake(&alice.target(), &[("content-length", "0")]);
    let head = head.replacen("Connection: Upgrade", "Connection: close, Upgrade", 1);
    writer.bytes(head.as_bytes()).await;
    Socket::opened(reader, writer).await.nothing_came().await;
}
