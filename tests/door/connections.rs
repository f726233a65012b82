//! How many connections there may be: of an address, and of all that there are files for. Who only waits makes room.

use crate::harness::{
    Answer, Chat, Door, Frame, PING, Reader, Socket, User, Writer, connect, connect_from, connect_narrow,
    eventually, handshake, request, within,
};

/// Files of which a server keeps all but 20 for itself and for those that it turns away.
const FILES_FOR_20_CONNECTIONS: u32 = 128 + 64 + 20;
const HEALTHZ: &str = "GET /healthz HTTP/1.1\r\nHost: chat.test\r\n\r\n";

async fn exchange(connection: (Reader, Writer), bytes: &str) -> (Answer, Reader, Writer) {
    let (mut reader, mut writer) = connection;
    writer.bytes(bytes.as_bytes()).await;
    (reader.answer().await, reader, writer)
}

/// Asserts a refusal that says when to come back.
#[track_caller]
fn refused(answer: &Answer, status: u16) {
    answer.fails_with(status);
    let seconds: u64 = answer.header("retry-after").parse().expect("whole seconds");
    assert!((1..=60).contains(&seconds), "{answer:?}");
}

/// Asserts that a handshake was completed, and closed with the code for a limit.
async fn beyond_limit(mut ws: Socket) {
    let said = ws.next_text().await;
    assert!(said.starts_with(r#"{"type":"Disconnection","data":{"code":4009,"reason":"Too many "#), "{said}");
    ws.closed(4009, "ConnectionClosed").await;
}

#[tokio::test]
async fn idle_strangers_and_half_open_handshakes_do_not_keep_newcomers_out() {
    for bytes in [HEALTHZ, "", "GET /?token=", "GET / HTTP/1.1\r\nHost: chat.test\r\nUpgrade: websocket\r\n"]
    {
        let chat = Chat::with_files(300, &[]).await;
        let mut strangers = Vec::new();
        for n in 0..400 {
            let (mut reader, mut writer) = connect(chat.address()).await;
            // A stranger may have been displaced already by the next one.
            let sent = writer.try_bytes(bytes.as_bytes()).await.is_ok();
            if bytes == HEALTHZ && sent && n % 10 == 0 {
                assert_eq!(reader.answer().await.status, 200);
            }
            strangers.push((reader, writer));
        }
        let (alice, bob) = (User::new(), User::new());
        // Those that were displaced last may still be closing.
        eventually("room for a newcomer", async || chat.get(&alice, "/rooms").await.status == 200).await;
        let room = chat.room(&alice, &[&bob]).await;
        let (mut ws, mut neighbour) = (chat.connect(&alice).await, chat.connect(&bob).await);
        ws.say(room, "there is room", "t1").await;
        neighbour.received(room, alice.id, "there is room").await;
        assert!(!chat.process.log().contains("could not accept"), "{}", chat.process.log());
    }
}

#[tokio::test]
async fn while_every_file_is_in_use_the_server_works_on_and_health_is_answered() {
    let chat = Chat::with_files(FILES_FOR_20_CONNECTIONS, &[("PLIC_CONNECTIONS_PER_ADDRESS", "1000")]).await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut sockets = Vec::new();
    for _ in 0..19 {
        sockets.push(chat.connect(&User::new()).await);
    }
    let mut ws = chat.connect(&alice).await;
    for _ in 0..40 {
        assert_eq!(chat.call("GET", "/healthz", &[], "").await.status, 200);
        assert_eq!(chat.call("GET", "/readyz", &[], "").await.status, 200);
        refused(&chat.get(&alice, "/rooms").await, 503);
        beyond_limit(chat.open(&User::new().target(), &[]).await).await;
    }
    // Those that send nothing do not keep the next one from its answer.
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(connect(chat.address()).await);
    }
    assert_eq!(chat.call("GET", "/healthz", &[], "").await.status, 200);
    ws.say(room, "stored all the same", "t1").await;
    for socket in &mut sockets {
        socket.nothing_came().await;
    }
    drop((sockets, silent));
    eventually("the places to be free again", async || chat.get(&alice, "/rooms").await.status == 200).await;
    assert_eq!(chat.texts(&alice, room).await, ["stored all the same"]);
}

#[tokio::test]
async fn an_address_has_so_many_connections_in_use_and_another_address_its_own() {
    let chat = Chat::with(&[("PLIC_CONNECTIONS_PER_ADDRESS", "3")]).await;
    let alice = User::new();
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(chat.connect(&User::new()).await);
    }
    let get = request("GET", "/rooms", &[("authorization", &alice.bearer())], "");
    for _ in 0..50 {
        refused(&exchange(connect(chat.address()).await, &get).await.0, 429);
        beyond_limit(chat.open(&alice.target(), &[]).await).await;
        assert_eq!(exchange(connect(chat.address()).await, HEALTHZ).await.0.status, 200);
    }
    let elsewhere = connect_from([127, 0, 0, 2], chat.address()).await;
    assert_eq!(exchange(elsewhere, &get).await.0.status, 200);
    let elsewhere = connect_from([127, 0, 0, 2], chat.address()).await;
    Socket::open_on(elsewhere, &alice.target(), &[]).await.nothing_came().await;
    for socket in &mut sockets {
        socket.nothing_came().await;
    }
    let log = chat.process.log();
    let lines = log.lines().filter(|line| line.contains("PLIC_CONNECTIONS_PER_ADDRESS")).count();
    assert_eq!(lines, 1, "{log}");
}

#[tokio::test]
async fn connections_that_only_wait_make_room_within_their_address() {
    let chat = Chat::with(&[("PLIC_CONNECTIONS_PER_ADDRESS", "3")]).await;
    let alice = User::new();
    let get = request("GET", "/rooms", &[("authorization", &alice.bearer())], "");
    let mut waiting = Vec::new();
    for bytes in [HEALTHZ, &get, &get, HEALTHZ, &get, &get, &get] {
        let (answer, reader, writer) = exchange(connect(chat.address()).await, bytes).await;
        assert_eq!(answer.status, 200);
        waiting.push((reader, writer));
    }
    chat.connect(&alice).await.nothing_came().await;
}

/// Opens connections of a user who is known and then only waits, more than their address may have. Connections that are
/// closed count until the server has noticed.
async fn crowd(chat: &Chat, connections: usize) -> Vec<(Reader, Writer)> {
    let get = request("GET", "/rooms", &[("authorization", &User::new().bearer())], "");
    let mut waiting = Vec::new();
    for _ in 0..connections {
        eventually("a place", async || {
            let (answer, reader, writer) = exchange(connect(chat.address()).await, &get).await;
            waiting.push((reader, writer));
            answer.status == 200
        })
        .await;
    }
    waiting
}

#[tokio::test]
async fn an_open_stream_of_events_is_in_use_and_makes_no_room() {
    let chat = Chat::with(&[("PLIC_CONNECTIONS_PER_ADDRESS", "4")]).await;
    let moderator = User::moderator();
    let listen = request("GET", "/moderation/events", &[("authorization", &moderator.bearer())], "");
    let (mut events, mut writer) = connect(chat.address()).await;
    writer.bytes(listen.as_bytes()).await;
    assert_eq!(events.head().await.status, 200);
    let waiting = crowd(&chat, 10).await;
    chat.ban(User::new().id).await;
    let mut told = String::new();
    within("the event", async {
        while !told.contains("event: ban") {
            let some = events.some().await;
            assert!(!some.is_empty(), "the stream was cut: {told}");
            told.push_str(&some);
        }
    })
    .await;
    drop(waiting);
}

#[tokio::test]
async fn a_half_read_answer_is_in_use_and_its_connection_waits_again_once_it_is_read() {
    let chat = Chat::with(&[("PLIC_CONNECTIONS_PER_ADDRESS", "3")]).await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    for n in 0..100 {
        ws.say(room, &"é".repeat(4000), &format!("t{n}")).await;
    }
    drop(ws);
    let history = request("GET", &format!("/rooms/{room}"), &[("authorization", &alice.bearer())], "");
    let mut slow = Vec::new();
    for _ in 0..2 {
        let (mut reader, mut writer) = connect_narrow(chat.address()).await;
        writer.bytes(history.as_bytes()).await;
        let head = reader.head().await;
        assert_eq!(head.status, 200);
        slow.push((head, reader, writer));
    }
    // Of the three connections of this address two are being written to: all others are one after the other.
    drop(crowd(&chat, 10).await);
    let mut read = Vec::new();
    for (head, mut reader, writer) in slow {
        let answer = reader.answer_behind(head).await;
        assert_eq!(answer.json()["messages"].as_array().map(Vec::len), Some(100));
        read.push((reader, writer));
    }
    let mut sockets = Vec::new();
    eventually("places in use for two", async || {
        let mut ws = chat.connect(&User::new()).await;
        ws.writer.frame(PING, b"in?").await;
        if matches!(ws.next().await, Frame::Pong(_)) {
            sockets.push(ws);
        }
        sockets.len() == 2
    })
    .await;
    drop(read);
}

#[tokio::test]
async fn a_trusted_proxy_is_not_one_address_but_each_of_its_clients_is() {
    let settings = [("PLIC_CONNECTIONS_PER_ADDRESS", "2"), ("PLIC_TRUSTED_PROXIES", "127.0.0.0/8")];
    let chat = Chat::with(&settings).await;
    let (mut connections, mut sockets) = (Vec::new(), Vec::new());
    for _ in 0..10 {
        let get = request("GET", "/healthz", &[("x-forwarded-for", "203.0.113.9")], "");
        let (answer, reader, writer) = exchange(connect(chat.address()).await, &get).await;
        assert_eq!(answer.status, 200);
        connections.push((reader, writer));
        sockets.push(chat.connect(&User::new()).await);
    }
    for clients in [["203.0.113.9", "203.0.113.9"], ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9"]] {
        let mut held = Vec::new();
        for client in clients {
            held.push(chat.open(&User::new().target(), &[("x-forwarded-for", client)]).await);
        }
        beyond_limit(chat.open(&User::new().target(), &[("x-forwarded-for", clients[1])]).await).await;
        for socket in &mut held {
            socket.nothing_came().await;
        }
    }
    for socket in &mut sockets {
        socket.nothing_came().await;
    }
}

#[tokio::test]
async fn a_connection_without_a_good_token_is_closed_once_it_is_idle_and_one_with_it_stays() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let get = request("GET", "/rooms", &[("authorization", &alice.bearer())], "");
    let forged = request("GET", "/rooms", &[("authorization", "Bearer nonsense")], "");
    let (_, mut known, mut to_known) = exchange(connect(chat.address()).await, &get).await;
    let (_, mut stranger, _open) = exchange(connect(chat.address()).await, HEALTHZ).await;
    let (_, mut other_stranger, _open_too) = exchange(connect(chat.address()).await, &forged).await;
    assert!(stranger.rest().await.is_empty());
    assert!(other_stranger.rest().await.is_empty());
    to_known.bytes(get.as_bytes()).await;
    assert_eq!(known.answer().await.status, 200);
}

#[tokio::test]
async fn made_up_tokens_are_refused_before_they_are_verified_over_rest_and_in_handshakes() {
    for over_rest in [true, false] {
        let chat = Chat::with(&[("PLIC_ADDRESS_LIMIT_PER_SECOND", "1")]).await;
        let alice = User::new();
        let (mut within, mut beyond) = (0, 0);
        for _ in 0..30 {
            let is_within = if over_rest {
                let answer = chat.call("GET", "/rooms", &[("authorization", "Bearer nonsense")], "").await;
                if answer.status != 401 {
                    refused(&answer, 429);
                }
                answer.status == 401
            } else {
                let mut ws = chat.open("/?token=nonsense", &[]).await;
                let is_within = ws.next_text().await.contains("4002");
                let (code, name) =
                    if is_within { (4002, "CloseInvalidToken") } else { (4009, "ConnectionClosed") };
                ws.closed(code, name).await;
                is_within
            };
            *(if is_within { &mut within } else { &mut beyond }) += 1;
        }
        assert!(within >= 10 && beyond >= 10, "{within} {beyond}");
        // The allowance is one for both doors, and each address has its own.
        let elsewhere = connect_from([127, 0, 0, 2], chat.address()).await;
        Socket::open_on(elsewhere, &User::new().target(), &[]).await.nothing_came().await;
        beyond_limit(chat.open("/?token=nonsense", &[]).await).await;
        eventually("the limit to lift", async || chat.get(&alice, "/rooms").await.status == 200).await;
    }
}

#[tokio::test]
async fn whoever_is_known_goes_on_behind_an_address_that_made_up_tokens_have_used_up() {
    let chat = Chat::with(&[("PLIC_ADDRESS_LIMIT_PER_SECOND", "1")]).await;
    let (alice, bob) = (User::new(), User::new());
    assert_eq!(chat.moderate("GET", "/moderation/bans", serde_json::Value::Null).await.status, 200);
    let get = |user: &User| request("GET", "/rooms", &[("authorization", &user.bearer())], "");
    let (answer, mut reader, mut writer) = exchange(connect(chat.address()).await, &get(&alice)).await;
    assert_eq!(answer.status, 200);
    for _ in 0..5 {
        while chat.call("GET", "/rooms", &[("authorization", "Bearer nonsense")], "").await.status != 429 {}
        // With a token that was verified, on a new connection of either kind.
        assert_eq!(chat.get(&alice, "/rooms").await.status, 200);
        chat.connect(&alice).await.nothing_came().await;
        // Over a connection on which a token has held, with any that holds.
        writer.bytes(get(&bob).as_bytes()).await;
        assert_eq!(reader.answer().await.status, 200);
    }
    chat.ban(alice.id).await;
    assert_eq!(chat.get(&alice, "/rooms").await.status, 403, "a token that is known is no pass");
}

#[tokio::test]
async fn handshakes_that_are_refused_make_room_at_once() {
    let chat = Chat::with_files(300, &[]).await;
    let mut refused = Vec::new();
    for target in ["/", "/?token=nonsense"] {
        for _ in 0..200 {
            // None of them answers the close.
            let (reader, mut writer) = connect(chat.address()).await;
            _ = writer.try_bytes(handshake(target, &[]).as_bytes()).await;
            refused.push((reader, writer));
        }
    }
    chat.connect(&User::new()).await.nothing_came().await;
    assert_eq!(chat.get(&User::new(), "/rooms").await.status, 200);
}

#[tokio::test]
async fn tokens_that_hold_cost_their_address_nothing() {
    let chat = Chat::with(&[("PLIC_ADDRESS_LIMIT_PER_SECOND", "1")]).await;
    let mut sockets = Vec::new();
    for _ in 0..60 {
        let user = User::new();
        assert_eq!(chat.get(&user, "/rooms").await.status, 200);
        sockets.push(chat.connect(&user).await);
    }
    for socket in &mut sockets {
        socket.nothing_came().await;
    }
}
