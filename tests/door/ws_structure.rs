//! CONTRACT section 2, its last bullet: what is 4010, what is a breach of RFC 6455 itself, and where the limits lie.

use serde_json::json;

use crate::harness::{
    BINARY, CLOSE, Chat, Door, PING, Socket, TEXT, User, confirmation, frame, message_received, send_message,
    unmasked_frame,
};

const TEXT_BEGINS: u8 = 0x01;
const CONTINUES: u8 = 0x00;
const CONTINUES_AND_ENDS: u8 = 0x80;
const KIB_64: usize = 64 * 1024;

/// A user in a room of theirs, connected.
async fn ready(chat: &Chat) -> (User, i64, Socket) {
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let ws = chat.connect(&alice).await;
    (alice, room, ws)
}

/// Each of these texts is answered unconfirmed with this id, then closed with 4010.
async fn refused(chat: &Chat, temp_id: &str, texts: &[String]) {
    let (alice, room, _) = ready(chat).await;
    for text in texts {
        let text = text.replace("ROOM", &room.to_string());
        let mut ws = chat.connect(&alice).await;
        ws.send(&text).await;
        assert_eq!(ws.next_text().await, confirmation("BadMessageStructure", temp_id), "{text:.200}");
        ws.disconnected(4010).await;
    }
    assert!(chat.texts(&alice, room).await.is_empty());
}

/// A well-formed command of exactly this many bytes, padded by a key that is ignored.
fn command_of(bytes: usize, room: i64, temp_id: &str) -> String {
    let mut command: serde_json::Value =
        serde_json::from_str(&send_message(room, "hello", temp_id)).expect("JSON");
    command["padding"] = json!("");
    let pad = "x".repeat(bytes - command.to_string().len());
    command["padding"] = json!(pad);
    command.to_string()
}

#[tokio::test]
async fn what_is_not_json_or_no_envelope_is_4010() {
    let chat = Chat::serve().await;
    let texts = [
        "",
        " ",
        "hello",
        "{",
        "[]",
        "null",
        "7",
        "\"SendMessage\"",
        "{}",
        r#"{"type":"SendMessage"}"#,
        r#"{"data":{}}"#,
        r#"{"type":"SendMessage","data":null}"#,
        r#"{"type":"SendMessage","data":[]}"#,
        r#"{"type":"SendMessage","data":"{}"}"#,
        "{'type':'SendMessage'}",
        "\u{feff}{}",
    ];
    refused(&chat, "", &texts.map(str::to_owned)).await;
    refused(&chat, "", &["[".repeat(60_000), r#"{"a":"#.repeat(12_000)]).await;
    let good = send_message(7, "hello", "t1").replace('7', "ROOM");
    let broken = [
        format!("{good} {{}}"),
        format!("{good},"),
        good.replace("hello", r"\ud80"),
        good.replace("hello", "a\nb"),
    ];
    refused(&chat, "", &broken).await;
}

#[tokio::test]
async fn an_array_of_the_values_in_order_is_no_object() {
    let chat = Chat::serve().await;
    let texts = [
        r#"["SendMessage",{"room_id":ROOM,"message":"hello","message_temp_id":"t1"}]"#,
        r#"["SendMessage",[ROOM,"hello","t1"]]"#,
        r#"{"type":"SendMessage","data":[ROOM,"hello","t1"]}"#,
        r#"{"data":[ROOM,"hello","t1"],"type":"SendMessage"}"#,
        r#"{"\ud83d":1,"data":[ROOM,"hello","t1"],"type":"SendMessage"}"#,
        r#"{"type":{"SendMessage":null},"data":[ROOM,"hello","t1"]}"#,
    ];
    refused(&chat, "", &texts.map(str::to_owned)).await;
}

#[tokio::test]
async fn an_unknown_type_is_4010_and_its_temp_id_is_echoed() {
    let chat = Chat::serve().await;
    let good = send_message(7, "hello", "t1").replace('7', "ROOM");
    let types = ["sendMessage", "SendMessage ", "MessageReceived", "Disconnection", ""];
    let texts = types.map(|name| good.replace("SendMessage", name));
    refused(&chat, "t1", &texts).await;
    refused(&chat, "t1", &[good.replace("\"SendMessage\"", "7"), good.replace("\"SendMessage\"", "null")])
        .await;
}

#[tokio::test]
async fn a_missing_key_is_4010_and_the_temp_id_is_echoed_where_it_can_be_read() {
    let chat = Chat::serve().await;
    let data =
        [r#"{"message":"hello","message_temp_id":"t1"}"#, r#"{"room_id":ROOM,"message_temp_id":"t1"}"#];
    let texts = data.map(|data| format!(r#"{{"type":"SendMessage","data":{data}}}"#));
    refused(&chat, "t1", &texts).await;
    refused(&chat, "t1", &[r#"{"data":{"room_id":ROOM,"message":"x","message_temp_id":"t1"}}"#.to_owned()])
        .await;
    let without = r#"{"type":"SendMessage","data":{"room_id":ROOM,"message":"hello"}}"#;
    refused(&chat, "", &[without.to_owned()]).await;
}

#[tokio::test]
async fn a_mistyped_key_is_4010_and_the_temp_id_is_echoed_where_it_can_be_read() {
    let chat = Chat::serve().await;
    let of = |room: &str, message: &str, temp_id: &str| {
        format!(
            r#"{{"type":"SendMessage","data":{{"room_id":{room},"message":{message},"message_temp_id":{temp_id}}}}}"#
        )
    };
    let rooms = ["\"ROOM\"", "null", "true", "1.5", "[ROOM]", "9223372036854775808"];
    refused(&chat, "t1", &rooms.map(|room| of(room, "\"hello\"", "\"t1\""))).await;
    let mistyped = ["null", "7", "true", "[\"x\"]", "{}"];
    refused(&chat, "t1", &mistyped.map(|text| of("ROOM", text, "\"t1\""))).await;
    refused(&chat, "", &mistyped.map(|id| of("ROOM", "\"hello\"", id))).await;
}

#[tokio::test]
async fn half_a_surrogate_pair_becomes_u_fffd_in_the_text_and_is_ignored_in_unknown_keys() {
    let chat = Chat::serve().await;
    let (alice, bob) = (User::new(), User::new());
    let room = chat.room(&alice, &[&bob]).await;
    let (mut ws, mut other) = (chat.connect(&alice).await, chat.connect(&bob).await);
    let data = |message: &str, id: &str| {
        format!(r#""data":{{"room_id":{room},"message":"{message}","message_temp_id":"{id}"}}"#)
    };
    let frames = [
        (format!(r#"{{"type":"SendMessage",{}}}"#, data(r"cut \ud83d", "t1")), "cut \u{fffd}"),
        (format!(r#"{{{},"type":"SendMessage"}}"#, data(r"\uDE00 cut", "t2")), "\u{fffd} cut"),
        (format!(r#"{{"\ud83d":"\ud83d",{},"type":"SendMessage"}}"#, data(r"\ud83d\ude00", "t3")), "😀"),
        (format!(r#"{{{},"type":"SendMessage"}}"#, data(r"a\\ud83d", "t4")), r"a\ud83d"),
    ];
    for ((frame, text), id) in frames.iter().zip(["t1", "t2", "t3", "t4"]) {
        ws.send(frame).await;
        ws.confirmed(id).await;
        other.received(room, alice.id, text).await;
    }
    assert_eq!(chat.texts(&alice, room).await, frames.map(|(_, text)| text));
}

#[tokio::test]
async fn a_temp_id_comes_back_as_it_was_written_and_is_read_beside_half_a_surrogate_pair() {
    let chat = Chat::serve().await;
    let (alice, room, mut ws) = ready(&chat).await;
    let unusual = r"0123456789abcdef\ud83d";
    for again in 0..2 {
        ws.send(&send_message(room, "hello", "ID").replace("ID", unusual)).await;
        let expected = confirmation("", "ID").replace("ID", unusual);
        assert_eq!(ws.next_text().await, expected, "{again}");
    }
    ws.send(&send_message(room, "hello", "ID").replace("ID", r"0123456789abcdef\ude00")).await;
    assert!(ws.next_text().await.contains(r#""confirmed":true"#));
    assert_eq!(chat.texts(&alice, room).await.len(), 2, "another id is another message");

    let good = send_message(7, "hello", "t1").replace('7', "ROOM");
    let texts = [
        good.replace("SendMessage", r"Send\ud83d"),
        good.replace("ROOM", "1e999"),
        good.replace("ROOM", r#""\ud83d""#),
        good.replace("hello", "").replace('{', r#"{"\ud83d":1,"#),
        good.replace("\"room_id\"", r#""\ud83d""#),
        good.replace("\"hello\"", r#"["\ud83d"]"#),
    ];
    refused(&chat, "t1", &texts).await;
}

#[tokio::test]
async fn a_number_with_an_integral_value_is_an_integer_here_as_over_rest() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    let headers = [("authorization", &*alice.bearer()), ("content-type", "application/json")];
    let forms = [
        format!("{room}"),
        format!("{room}.0"),
        format!("{room}e0"),
        format!("{room}0E-1"),
        format!("{room}.00e+0"),
    ];
    for (n, form) in forms.iter().enumerate() {
        let id = format!("t{n}");
        ws.send(&send_message(room, "hello", &id).replace(&format!(":{room},"), &format!(":{form},"))).await;
        ws.confirmed(&id).await;
        let change = format!(r#"{{"room_id":{form},"users_to_add":[],"users_to_remove":[]}}"#);
        let answer = chat.call("PUT", "/rooms", &headers, &change).await;
        assert_eq!(answer.status, 200, "{form}: {answer:?}");
        let create = format!(r#"{{"users":[],"apartment_id":{form}}}"#);
        let answer = chat.call("POST", "/rooms", &headers, &create).await;
        assert_eq!(answer.status, 200, "{form}: {answer:?}");
    }
    assert_eq!(chat.texts(&alice, room).await.len(), forms.len());

    // Integers that name no room, and numbers that are no integers.
    for (form, reason, code) in [
        ("-0", "UnAuthorizedAction", 4012),
        ("9007199254740992", "UnAuthorizedAction", 4012),
        ("9007199254740992.0", "UnAuthorizedAction", 4012),
        ("1.5", "BadMessageStructure", 4010),
        ("1e-1", "BadMessageStructure", 4010),
        ("1e300", "BadMessageStructure", 4010),
        ("1e-400", "BadMessageStructure", 4010),
        (&format!("{room}.00000000000000000001"), "BadMessageStructure", 4010),
    ] {
        let mut ws = chat.connect(&alice).await;
        ws.send(&send_message(room, "hello", "t").replace(&format!(":{room},"), &format!(":{form},"))).await;
        ws.unconfirmed(reason, "t").await;
        ws.disconnected(code).await;
        let change = format!(r#"{{"room_id":{form},"users_to_add":[],"users_to_remove":[]}}"#);
        chat.call("PUT", "/rooms", &headers, &change).await.fails_with(422);
    }
}

#[tokio::test]
async fn a_type_is_a_string_and_no_known_key_is_there_twice() {
    let chat = Chat::serve().await;
    let data = r#"{"room_id":ROOM,"message":"hello","message_temp_id":"t1"}"#;
    let frames = [
        format!(r#"{{"type":{{"SendMessage":null}},"data":{data}}}"#),
        format!(r#"{{"data":{data},"type":{{"SendMessage":null}}}}"#),
        format!(r#"{{"type":"SendMessage","type":"SendMessage","data":{data}}}"#),
        format!(r#"{{"data":{data},"type":"SendMessage","data":{data}}}"#),
        format!(r#"{{"type":"SendMessage","data":{}}}"#, data.replace('}', r#","message":"again"}"#)),
    ];
    refused(&chat, "t1", &frames).await;
}

#[tokio::test]
async fn an_empty_or_blank_message_is_4010() {
    let chat = Chat::serve().await;
    let blanks = ["", " ", "\t\r\n", "\u{a0}", "\u{3000}", "\u{200b}", "\u{feff}", "\u{2060} \u{200d}"];
    let texts = blanks.map(|blank| send_message(7, blank, "t1").replace('7', "ROOM"));
    refused(&chat, "t1", &texts).await;
}

#[tokio::test]
async fn a_message_has_at_most_4000_unicode_scalar_values() {
    let chat = Chat::serve().await;
    let (alice, room, mut ws) = ready(&chat).await;
    let fits = ["x".repeat(4000), "é".repeat(4000), "😀".repeat(4000), "e\u{301}".repeat(2000)];
    for (n, text) in fits.iter().enumerate() {
        ws.say(room, text, &format!("t{n}")).await;
    }
    assert_eq!(chat.texts(&alice, room).await, fits);
    for text in ["x".repeat(4001), "😀".repeat(4001), "e\u{301}".repeat(2000) + "x"] {
        let mut ws = chat.connect(&alice).await;
        ws.send_message(room, &text, "t").await;
        ws.unconfirmed("BadMessageStructure", "t").await;
        ws.disconnected(4010).await;
    }
    assert_eq!(chat.texts(&alice, room).await.len(), fits.len());
}

#[tokio::test]
async fn the_longest_message_can_be_configured() {
    let chat = Chat::with(&[("PLIC_MAX_MESSAGE_CHARS", "5")]).await;
    let (_, room, mut ws) = ready(&chat).await;
    ws.say(room, "élève", "t1").await;
    ws.send_message(room, "élèves", "t2").await;
    ws.unconfirmed("BadMessageStructure", "t2").await;
    ws.disconnected(4010).await;
}

#[tokio::test]
async fn a_binary_frame_is_4010() {
    let chat = Chat::serve().await;
    for payload in [&b""[..], b"\0\xFF", send_message(7, "hello", "t1").as_bytes()] {
        let mut ws = chat.connect(&User::new()).await;
        ws.writer.frame(BINARY, payload).await;
        ws.unconfirmed("BadMessageStructure", "").await;
        ws.disconnected(4010).await;
    }
}

#[tokio::test]
async fn a_frame_of_64_kib_is_read_and_one_byte_more_is_4010() {
    let chat = Chat::serve().await;
    let (alice, room, mut ws) = ready(&chat).await;
    ws.send(&command_of(KIB_64, room, "t1")).await;
    ws.confirmed("t1").await;
    ws.send(&command_of(KIB_64 + 1, room, "t2")).await;
    ws.unconfirmed("BadMessageStructure", "").await;
    ws.disconnected(4010).await;
    assert_eq!(chat.texts(&alice, room).await, ["hello"]);
}

#[tokio::test]
async fn a_frame_that_only_announces_too_much_is_4010() {
    let chat = Chat::serve().await;
    for length in [KIB_64 as u64 + 1, 1 << 40] {
        let (_, _, mut ws) = ready(&chat).await;
        let mut head = vec![TEXT, 0xFF];
        head.extend(length.to_be_bytes());
        head.extend([0; 4]);
        ws.writer.bytes(&head).await;
        ws.unconfirmed("BadMessageStructure", "").await;
        ws.disconnected(4010).await;
    }
}

#[tokio::test]
async fn a_message_in_fragments_is_read_and_over_64_kib_is_4010() {
    let chat = Chat::serve().await;
    let (alice, room, mut ws) = ready(&chat).await;
    // Fragments are cut anywhere, within a character too, and control frames may come between them.
    let command = send_message(room, "hé😀", "t1");
    let bytes = command.as_bytes();
    let cut = command.find('é').expect("in the text") + 1;
    ws.writer.frame(TEXT_BEGINS, &bytes[..cut]).await;
    ws.nothing_came().await;
    ws.writer.frame(CONTINUES, b"").await;
    ws.writer.frame(CONTINUES, &bytes[cut..cut + 3]).await;
    ws.nothing_came().await;
    ws.writer.frame(CONTINUES_AND_ENDS, &bytes[cut + 3..]).await;
    ws.confirmed("t1").await;
    assert_eq!(chat.texts(&alice, room).await, ["hé😀"]);

    let whole = command_of(KIB_64, room, "t2");
    ws.writer.frame(TEXT_BEGINS, &whole.as_bytes()[..KIB_64 / 2]).await;
    ws.writer.frame(CONTINUES_AND_ENDS, &whole.as_bytes()[KIB_64 / 2..]).await;
    ws.confirmed("t2").await;

    let over = command_of(KIB_64 + 1, room, "t3");
    ws.writer.frame(TEXT_BEGINS, &over.as_bytes()[..KIB_64 / 2]).await;
    ws.writer.frame(CONTINUES_AND_ENDS, &over.as_bytes()[KIB_64 / 2..]).await;
    ws.unconfirmed("BadMessageStructure", "").await;
    ws.disconnected(4010).await;
    assert_eq!(chat.texts(&alice, room).await.len(), 2);
}

#[tokio::test]
async fn unknown_extra_keys_are_ignored_and_keys_come_in_any_order() {
    let chat = Chat::serve().await;
    let (alice, room, mut ws) = ready(&chat).await;
    ws.send(&format!(
        r#" {{"extra":{{"type":1}},"data":{{"message_temp_id":"t1","x":[null],"message":"h\u00e9","room_id":{room}}},"type":"SendMessage"}} "#
    ))
    .await;
    ws.confirmed("t1").await;
    let mut texts = vec!["hé".to_owned()];
    // Whatever stands under them, and also before it is known which command it is.
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    for (n, ignored) in ["1e999", r#""\ud83d""#, &deep].into_iter().enumerate() {
        let (text, id) = (format!("hello {n}"), format!("t1{n}"));
        ws.send(&format!(
            r#"{{"data":{{"x":{ignored},"room_id":{room},"message":"{text}","message_temp_id":"{id}"}},"x":{ignored},"type":"SendMessage"}}"#
        ))
        .await;
        ws.confirmed(&id).await;
        texts.push(text);
    }
    assert_eq!(chat.texts(&alice, room).await, texts);
}

#[tokio::test]
async fn a_breach_of_rfc_6455_is_closed_with_1002_without_disconnection() {
    let chat = Chat::serve().await;
    let breaches: [(&str, Vec<u8>); 12] = [
        ("an unmasked frame", unmasked_frame(TEXT, b"{}")),
        ("a reserved opcode", frame(0x83, b"")),
        ("a reserved control opcode", frame(0x8B, b"")),
        ("RSV1 without an extension", frame(0xC1, b"{}")),
        ("RSV2", frame(0xA1, b"{}")),
        ("RSV3 on a ping", frame(0x99, b"")),
        ("a fragmented ping", frame(0x09, b"")),
        ("a ping of 126 bytes", frame(PING, &[0; 126])),
        ("a continuation of nothing", frame(CONTINUES_AND_ENDS, b"{}")),
        ("a text within a text", [frame(TEXT_BEGINS, b"{"), frame(TEXT, b"{}")].concat()),
        ("a close frame of one byte", frame(CLOSE, &[3])),
        ("a close code that no endpoint may send", frame(CLOSE, &1005u16.to_be_bytes())),
    ];
    for (name, bytes) in breaches {
        println!("{name}");
        let mut ws = chat.connect(&User::new()).await;
        ws.writer.bytes(&bytes).await;
        ws.closed_for_breach(1002).await;
    }
}

#[tokio::test]
async fn text_that_is_not_utf_8_is_closed_with_1007_without_disconnection() {
    let chat = Chat::serve().await;
    let invalid: [Vec<u8>; 5] = [
        frame(TEXT, b"\xFF"),
        frame(TEXT, b"{\"type\":\"\xC3\x28\"}"),
        frame(TEXT, b"\xED\xA0\x80"),
        frame(TEXT, b"h\xC3"),
        [frame(TEXT_BEGINS, b"h\xC3"), frame(CONTINUES_AND_ENDS, b"\x28")].concat(),
    ];
    for bytes in invalid {
        println!("{bytes:x?}");
        let mut ws = chat.connect(&User::new()).await;
        ws.writer.bytes(&bytes).await;
        ws.closed_for_breach(1007).await;
    }
}

/// The same numbers on every run, and no two of them alike.
fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1), |x| {
        let x = x ^ (x << 13);
        let x = x ^ (x >> 7);
        Some(x ^ (x << 17))
    })
}

#[tokio::test]
async fn no_bytes_of_a_client_harm_the_server_or_anybody_else() {
    let chat = Chat::serve().await;
    let (mallory, alice, bob) = (User::new(), User::new(), User::new());
    let (room, side) = (chat.room(&mallory, &[&bob]).await, chat.room(&alice, &[&bob]).await);
    let mut neighbour = chat.connect(&bob).await;
    let good = send_message(room, "hello", "t1");
    for seed in 0..150 {
        let mut numbers = numbers(seed);
        let mut next = |below: u64| numbers.next().expect("endless") % below;
        let mut bytes = Vec::new();
        for _ in 0..next(8) {
            let length = usize::try_from([0, 1, 125, 126, 300][usize::try_from(next(5)).expect("small")]);
            let mut payload = match next(3) {
                0 => good.clone().into_bytes(),
                _ => (0..length.expect("small")).map(|_| next(256).to_le_bytes()[0]).collect(),
            };
            if let Some(at) = payload.len().checked_sub(1).filter(|_| next(4) == 0) {
                payload[usize::try_from(next(at as u64 + 1)).expect("small")] ^= 1 << next(8);
            }
            match next(10) {
                0 => bytes.extend(payload),
                1 => bytes.extend(unmasked_frame(next(256).to_le_bytes()[0], &payload)),
                2..5 => bytes.extend(frame(next(256).to_le_bytes()[0], &payload)),
                _ => bytes.extend(frame(TEXT, &payload)),
            }
        }
        let Socket { mut reader, mut writer, .. } = chat.connect(&mallory).await;
        // The server may close before it has read everything. If it does not, it reads it all and then the end.
        _ = writer.try_bytes(&bytes).await;
        drop(writer);
        reader.rest().await;
    }
    let mut ws = chat.connect(&alice).await;
    ws.say(side, "still standing", "0123456789abcdef").await;
    while neighbour.next_text().await != message_received(side, alice.id, "still standing") {}
}
