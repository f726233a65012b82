//! CONTRACT section 2: rates, floods, slowness and silence. Only the order of things is asserted, and that what must
//! come comes: how fast is no fact.

use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::harness::{
    CLOSE_CODES, Chat, Door, Frame, PONG, Reader, Socket, TEXT, User, confirmation, connect, connect_narrow,
    eventually, frame, golden, message_received, send_message, within,
};

/// Reads until the end; asserts that it came by `Disconnection` and the close frame, and answers the code.
async fn end_of(reader: &mut Reader) -> u16 {
    let mut last = String::new();
    loop {
        match reader.frame().await {
            Frame::Text(text) => last = text,
            Frame::Close(code, reason) => {
                assert_eq!(last, golden(&format!("disconnection_{code}")));
                assert!(CLOSE_CODES.contains(&(code, &*reason)), "{code} {reason}");
                return code;
            }
            Frame::Ping(_) | Frame::Pong(_) => {}
            Frame::End => panic!("the connection ended without a close frame, after {last:?}"),
        }
    }
}

#[tokio::test]
async fn a_rate_limited_command_is_only_answered_and_the_connection_stays() {
    let chat = Chat::with(&[("PLIC_RATE_LIMIT_PER_SECOND", "1"), ("PLIC_RATE_LIMIT_BURST", "3")]).await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    let mut confirmed = Vec::new();
    for n in 0..30 {
        let id = format!("t{n}");
        ws.send_message(room, &id, &id).await;
        let answer = ws.next_text().await;
        if answer == confirmation("", &id) {
            confirmed.push(id);
        } else {
            assert_eq!(answer, confirmation("RateLimited", &id));
        }
    }
    assert!(confirmed.len() >= 3 && confirmed.len() < 30, "{confirmed:?}");
    within("the limit to lift", async {
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            ws.send_message(room, "patient", "patient").await;
            if ws.next_text().await == confirmation("", "patient") {
                break;
            }
        }
    })
    .await;
    confirmed.push("patient".to_owned());
    assert_eq!(chat.texts(&alice, room).await, confirmed, "what was not confirmed was not stored");
}

#[tokio::test]
async fn the_message_rate_is_the_users_over_all_devices() {
    let settings = [
        ("PLIC_RATE_LIMIT_PER_SECOND", "1"),
        ("PLIC_RATE_LIMIT_BURST", "2"),
        ("PLIC_CONNECTIONS_PER_USER", "2"),
    ];
    let chat = Chat::with(&settings).await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let mut devices = [chat.connect(&alice).await, chat.connect(&alice).await];
    let mut limited = 0;
    for n in 0..20 {
        let ws = &mut devices[n % 2];
        ws.send_message(room, "hello", &format!("{n}")).await;
        loop {
            let text = ws.next_text().await;
            if text == confirmation("RateLimited", &format!("{n}")) {
                limited += 1;
            }
            if text.contains("Confirmation") {
                break;
            }
        }
    }
    assert!(limited > 0);
    chat.connect(&bob).await.say(room, "unhurried", "t1").await;
}

#[tokio::test]
async fn a_hundred_rate_limited_commands_in_ten_seconds_are_a_flood_and_get_4012() {
    let chat = Chat::with(&[("PLIC_RATE_LIMIT_PER_SECOND", "1"), ("PLIC_RATE_LIMIT_BURST", "1")]).await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    let ids: Vec<_> = (0..300).map(|n| format!("t{n}")).collect();
    let frames: Vec<u8> =
        ids.iter().flat_map(|id| frame(TEXT, send_message(room, id, id).as_bytes())).collect();
    ws.writer.bytes(&frames).await;
    let (mut confirmed, mut limited) = (Vec::new(), 0);
    for id in &ids {
        let answer = ws.next_text().await;
        if answer == confirmation("", id) {
            confirmed.push(id.clone());
        } else if answer == confirmation("RateLimited", id) {
            limited += 1;
        } else {
            // The hundredth is the flood: unconfirmed, `Disconnection`, close.
            assert_eq!(answer, confirmation("UnAuthorizedAction", id));
            break;
        }
    }
    ws.disconnected(4012).await;
    assert_eq!(limited, 99);
    assert_eq!(chat.texts(&alice, room).await, confirmed);
}

#[tokio::test]
async fn frames_over_the_flood_guard_are_read_more_slowly_and_all_answered() {
    let chat = Chat::with(&[("PLIC_FRAMES_PER_SECOND", "20")]).await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    let ids: Vec<_> = (0..60).map(|n| format!("t{n}")).collect();
    for id in &ids {
        ws.send_message(room, id, id).await;
    }
    for id in &ids {
        ws.confirmed(id).await;
    }
    assert_eq!(chat.texts(&alice, room).await, ids);
    ws.say(room, "still here", "t").await;
}

#[tokio::test]
async fn who_goes_on_over_the_flood_guard_gets_4012() {
    let chat = Chat::with(&[("PLIC_FRAMES_PER_SECOND", "20")]).await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let mut neighbour = chat.connect(&bob).await;
    let Socket { mut reader, mut writer, .. } = chat.connect(&alice).await;
    let began = Instant::now();
    let flood = tokio::spawn(async move {
        let command = frame(TEXT, send_message(room, "flood", "t1").as_bytes());
        while writer.try_bytes(&command).await.is_ok() {}
    });
    assert_eq!(end_of(&mut reader).await, 4012);
    assert!(began.elapsed() > Duration::from_secs(3), "slowed before it was cut: {:?}", began.elapsed());
    drop(reader);
    flood.abort();
    neighbour.received(room, alice.id, "flood").await;
    neighbour.say(room, "are you done?", "t2").await;
}

#[tokio::test]
async fn pings_count_as_frames_and_a_flood_of_them_gets_4012() {
    let chat = Chat::with(&[("PLIC_FRAMES_PER_SECOND", "20")]).await;
    let Socket { mut reader, mut writer, .. } = chat.connect(&User::new()).await;
    let flood = tokio::spawn(async move {
        let ping = frame(crate::harness::PING, b"flood");
        while writer.try_bytes(&ping).await.is_ok() {}
    });
    assert_eq!(end_of(&mut reader).await, 4012);
    drop(reader);
    flood.abort();
}

#[tokio::test]
async fn endless_empty_continuation_fragments_are_cut_off() {
    for frames_per_second in ["50", "100000"] {
        let chat = Chat::with(&[("PLIC_FRAMES_PER_SECOND", frames_per_second)]).await;
        let Socket { mut reader, mut writer, .. } = chat.connect(&User::new()).await;
        let flood = tokio::spawn(async move {
            writer.frame(0x01, b"{").await;
            let empty = frame(0x00, b"").repeat(100);
            while writer.try_bytes(&empty).await.is_ok() {}
        });
        let code = end_of(&mut reader).await;
        assert!([4010, 4012].contains(&code), "{code}");
        drop(reader);
        flood.abort();
        chat.connect(&User::new()).await.nothing_came().await;
    }
}

#[tokio::test]
async fn a_half_open_handshake_is_cut_off() {
    let chat = Chat::serve().await;
    let halves = ["", "GET /?token=", "GET / HTTP/1.1\r\nHost: chat.test\r\nUpgrade: websocket\r\n"];
    let mut open = Vec::new();
    for half in halves {
        let (reader, mut writer) = connect(chat.address()).await;
        writer.bytes(half.as_bytes()).await;
        open.push((reader, writer));
    }
    for (mut reader, _writer) in open {
        reader.rest().await;
    }
}

#[tokio::test]
async fn a_handshake_that_drips_is_cut_off() {
    let chat = Chat::serve().await;
    let (mut reader, mut writer) = connect(chat.address()).await;
    writer.bytes(b"GET / HTTP/1.1\r\nHost: chat.test\r\nX-Drip: ").await;
    let drip = tokio::spawn(async move {
        while writer.try_bytes(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    });
    reader.rest().await;
    drip.abort();
}

#[tokio::test]
async fn a_slow_reader_gets_4009_while_its_neighbours_get_everything() {
    let chat = Chat::serve().await;
    let (alice, bob, carol) = (User::new(), User::new(), User::new());
    let room = chat.room(&alice, &[&bob, &carol]).await;
    let mut slow = Socket::open_on(connect_narrow(chat.address()).await, &carol.target(), &[]).await;
    let (mut ws, mut neighbour) = (chat.connect(&alice).await, chat.connect(&bob).await);
    // 16 KB each: 16 MB, more than the kernel takes for a connection and an outbox may hold.
    let text = |n: usize| format!("{n:06}{}", "😀".repeat(3_990));
    let sending = async {
        for n in 0..1_000 {
            ws.send_message(room, &text(n), &format!("t{n}")).await;
            ws.confirmed(&format!("t{n}")).await;
        }
    };
    let receiving = async {
        for n in 0..1_000 {
            neighbour.received(room, alice.id, &text(n)).await;
        }
    };
    // It reads again once it was cut, before the server loses patience with it. What it got is the beginning, whole
    // and in order.
    let reading_late = async {
        eventually("the slow reader to be cut", async || {
            chat.call("GET", "/metrics", &[], "").await.body.contains("plic_closes_total{code=\"4009\"} 1")
        })
        .await;
        let mut n = 0;
        loop {
            match slow.reader.frame().await {
                Frame::Text(received) if received == message_received(room, alice.id, &text(n)) => n += 1,
                Frame::Ping(_) => {}
                other => break (n, other),
            }
        }
    };
    let ((), (), (n, end)) = tokio::join!(sending, receiving, reading_late);
    assert!(n < 1_000, "a reader that did not read was kept");
    assert_eq!(end, Frame::Text(golden("disconnection_4009")), "after {n} messages");
    assert_eq!(slow.reader.frame().await, Frame::Close(4009, "ConnectionClosed".to_owned()));
    neighbour.nothing_came().await;
    // And it comes back to a server that has forgotten the trouble.
    let mut back = chat.connect(&carol).await;
    ws.say(room, "welcome back", "back").await;
    back.received(room, alice.id, "welcome back").await;
}

#[tokio::test]
async fn who_is_behind_within_the_bound_is_still_listened_to() {
    let chat = Chat::serve().await;
    let (alice, bob, carol) = (User::new(), User::new(), User::new());
    let room = chat.room(&alice, &[&bob, &carol]).await;
    let mut slow = Socket::open_on(connect_narrow(chat.address()).await, &carol.target(), &[]).await;
    let (mut ws, mut neighbour) = (chat.connect(&alice).await, chat.connect(&bob).await);
    // 16 KB each: together more than the kernel takes for a connection, and less than that and an outbox.
    let text = |n: usize| format!("{n:06}{}", "😀".repeat(3_990));
    for n in 0..14 {
        ws.say(room, &text(n), &format!("t{n}")).await;
        neighbour.received(room, alice.id, &text(n)).await;
    }
    slow.send_message(room, "I am reading, slowly", "slow").await;
    neighbour.received(room, carol.id, "I am reading, slowly").await;
    for n in 0..14 {
        slow.received(room, alice.id, &text(n)).await;
    }
    slow.confirmed("slow").await;
}

#[tokio::test]
async fn two_unanswered_heartbeats_get_4009() {
    let chat = Chat::with(&[("PLIC_PING_SECONDS", "1")]).await;
    let mut ws = chat.connect(&User::new()).await;
    let mut pings = 0;
    let last = loop {
        match ws.reader.frame().await {
            Frame::Ping(_) => pings += 1,
            other => break other,
        }
    };
    assert!(pings >= 2, "{pings}");
    assert_eq!(last, Frame::Text(golden("disconnection_4009")));
    ws.closed(4009, "ConnectionClosed").await;
}

#[tokio::test]
async fn who_answers_the_heartbeat_stays() {
    let chat = Chat::with(&[("PLIC_PING_SECONDS", "1")]).await;
    let mut ws = chat.connect(&User::new()).await;
    for _ in 0..5 {
        let Frame::Ping(payload) = ws.reader.frame().await else { panic!("no ping") };
        ws.writer.frame(PONG, &payload).await;
    }
    ws.nothing_came().await;
}

#[tokio::test]
async fn who_sends_no_command_for_too_long_gets_4003() {
    let chat = Chat::with(&[("PLIC_AFK_SECONDS", "1"), ("PLIC_PING_SECONDS", "1")]).await;
    let mut ws = chat.connect(&User::new()).await;
    // `next` answers pings: a browser does so by itself, and it makes nobody present.
    ws.disconnected(4003).await;
}

#[tokio::test]
async fn commands_keep_a_user_present_and_an_afk_limit_of_0_is_none() {
    let present = Chat::with(&[("PLIC_AFK_SECONDS", "4")]).await;
    let never = Chat::with(&[("PLIC_AFK_SECONDS", "0")]).await;
    let alice = User::new();
    let room = present.room(&alice, &[]).await;
    let (mut ws, mut idle) = (present.connect(&alice).await, never.connect(&alice).await);
    for n in 0..12 {
        ws.say(room, "here", &format!("{n}")).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    ws.disconnected(4003).await;
    idle.nothing_came().await;
}

#[tokio::test]
async fn a_conversation_within_the_default_limits_meets_none() {
    let unset = [
        "PLIC_RATE_LIMIT_PER_SECOND",
        "PLIC_RATE_LIMIT_BURST",
        "PLIC_FRAMES_PER_SECOND",
        "PLIC_REST_LIMIT_PER_SECOND",
    ];
    let chat = Chat::with(&unset.map(|name| (name, ""))).await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    for _ in 0..20 {
        ws.say(room, "hello", &Uuid::new_v4().to_string()).await;
    }
    assert_eq!(chat.texts(&alice, room).await.len(), 20);
}
