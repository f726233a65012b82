//! A WebSocket client that says in the contract's words what it expects.

use std::net::SocketAddr;

use http::HeaderMap;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use uuid::Uuid;

use super::{
    golden,
    wire::{self, CLOSE, Frame, Head, PING, PONG, Reader, TEXT, Writer, header_lines},
    within,
};

/// The handshake's key; any 16 bytes in base 64 will do.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// The numbers and names of the close codes (CONTRACT section 2).
pub(crate) const CLOSE_CODES: [(u16, &str); 12] = [
    (4001, "CloseNoAuthToken"),
    (4002, "CloseInvalidToken"),
    (4003, "CloseAFK"),
    (4004, "CloseAdminAction"),
    (4005, "CloseBanned"),
    (4006, "ServerError"),
    (4007, "ServerShutdown"),
    (4008, "CloseNewDevice"),
    (4009, "ConnectionClosed"),
    (4010, "BadMessageStructure"),
    (4011, "HatefullSpeach"),
    (4012, "UnAuthorizedAction"),
];

/// An open WebSocket.
pub(crate) struct Socket {
    pub(crate) reader: Reader,
    pub(crate) writer: Writer,
    /// The headers of the 101.
    pub(crate) headers: HeaderMap,
}

/// The head of a WebSocket handshake.
pub(crate) fn handshake(target: &str, headers: &[(&str, &str)]) -> String {
    let more = header_lines(headers);
    format!(
        "GET {target} HTTP/1.1\r\nHost: chat.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{more}\r\n"
    )
}

/// A `SendMessage` command as the front end writes it.
pub(crate) fn send_message(room: i64, message: &str, temp_id: &str) -> String {
    let data = json!({ "room_id": room, "message": message, "message_temp_id": temp_id });
    json!({ "type": "SendMessage", "data": data }).to_string()
}

/// A `MessageReceived` frame, byte for byte.
pub(crate) fn message_received(room: i64, sender: Uuid, message: &str) -> String {
    let message = Value::String(message.to_owned());
    format!(
        r#"{{"type":"MessageReceived","data":{{"room_id":{room},"sender_id":"{sender}","message":{message}}}}}"#
    )
}

/// A `MessageSentConfirmation` frame, byte for byte; a reason makes it an unconfirmed one.
pub(crate) fn confirmation(reason: &str, temp_id: &str) -> String {
    let confirmed = reason.is_empty();
    let temp_id = Value::String(temp_id.to_owned());
    format!(
        r#"{{"type":"MessageSentConfirmation","data":{{"confirmed":{confirmed},"reason":"{reason}","message_id":{temp_id}}}}}"#
    )
}

impl Socket {
    /// Opens a connection and a WebSocket on it.
    pub(crate) async fn open(address: SocketAddr, target: &str, headers: &[(&str, &str)]) -> Self {
        Self::open_on(wire::connect(address).await, target, headers).await
    }

    /// Opens a WebSocket on a connection, and asserts that the handshake is completed.
    pub(crate) async fn open_on(
        (reader, mut writer): (Reader, Writer),
        target: &str,
        headers: &[(&str, &str)],
    ) -> Self {
        writer.bytes(handshake(target, headers).as_bytes()).await;
        Self::opened(reader, writer).await
    }

    /// Opens a WebSocket of a server that may be killed meanwhile.
    pub(crate) async fn try_open(address: SocketAddr, target: &str) -> Option<Self> {
        let (mut reader, mut writer) = wire::try_connect(address).await.ok()?;
        writer.try_bytes(handshake(target, &[]).as_bytes()).await.ok()?;
        let head = reader.try_head().await?;
        Some(Self::completed(reader, writer, head))
    }

    /// Reads the server's half of a handshake, and asserts that it is completed.
    pub(crate) async fn opened(mut reader: Reader, writer: Writer) -> Self {
        let head = reader.head().await;
        Self::completed(reader, writer, head)
    }

    fn completed(reader: Reader, writer: Writer, head: Head) -> Self {
        assert_eq!(head.status, 101, "{head:?}");
        let accept = head.headers.get("sec-websocket-accept").expect("a completed handshake");
        assert_eq!(accept, derive_accept_key(KEY.as_bytes()).as_str());
        Self { reader, writer, headers: head.headers }
    }

    /// Sends a text frame.
    pub(crate) async fn send(&mut self, text: &str) {
        self.writer.frame(TEXT, text.as_bytes()).await;
    }

    /// Sends a `SendMessage`.
    pub(crate) async fn send_message(&mut self, room: i64, message: &str, temp_id: &str) {
        self.send(&send_message(room, message, temp_id)).await;
    }

    /// The next frame that is not a ping; pings are answered.
    pub(crate) async fn next(&mut self) -> Frame {
        // The heartbeat would keep a wait for what never comes alive: the deadline is one for all frames.
        within("a frame from the server", async {
            loop {
                match self.reader.frame().await {
                    Frame::Ping(payload) => _ = self.writer.try_bytes(&wire::frame(PONG, &payload)).await,
                    frame => break frame,
                }
            }
        })
        .await
    }

    /// The next frame's text.
    pub(crate) async fn next_text(&mut self) -> String {
        match self.next().await {
            Frame::Text(text) => text,
            other => panic!("{other:?} in place of a text"),
        }
    }

    /// The next frame confirms this command.
    pub(crate) async fn confirmed(&mut self, temp_id: &str) {
        assert_eq!(self.next_text().await, confirmation("", temp_id));
    }

    /// Sends a message and waits for its confirmation.
    pub(crate) async fn say(&mut self, room: i64, message: &str, temp_id: &str) {
        self.send_message(room, message, temp_id).await;
        self.confirmed(temp_id).await;
    }

    /// The next frame refuses this command.
    pub(crate) async fn unconfirmed(&mut self, reason: &str, temp_id: &str) {
        assert_eq!(self.next_text().await, confirmation(reason, temp_id));
    }

    /// The next frame brings this message.
    pub(crate) async fn received(&mut self, room: i64, sender: Uuid, message: &str) {
        assert_eq!(self.next_text().await, message_received(room, sender, message));
    }

    /// The next frames are the end with this code: `Disconnection`, right behind it the close frame, and after the
    /// client's answer the end of the connection.
    pub(crate) async fn disconnected(&mut self, code: u16) {
        assert_eq!(self.next_text().await, golden(&format!("disconnection_{code}")));
        let (_, name) =
            CLOSE_CODES.iter().find(|(number, _)| *number == code).expect("a code of the contract");
        self.closed(code, name).await;
    }

    /// The next frame closes with this code and reason, and the connection ends once the client has answered.
    pub(crate) async fn closed(&mut self, code: u16, reason: &str) {
        assert_eq!(self.next().await, Frame::Close(code, reason.to_owned()));
        self.answer_close(code).await;
    }

    /// The next frame closes with this code, whatever its reason, and no `Disconnection` came before it.
    pub(crate) async fn closed_for_breach(&mut self, code: u16) {
        match self.next().await {
            Frame::Close(closed, _) => assert_eq!(closed, code),
            other => panic!("{other:?} in place of a close frame with {code}"),
        }
        self.answer_close(code).await;
    }

    async fn answer_close(&mut self, code: u16) {
        // The server may have gone already: then the answer has nobody to reach.
        _ = self.writer.try_bytes(&wire::frame(CLOSE, &wire::close_payload(code, b""))).await;
        assert_eq!(self.reader.frame().await, Frame::End);
    }

    /// Nothing is under way to this client, as far as the server has come: its own ping is answered next.
    pub(crate) async fn nothing_came(&mut self) {
        self.writer.frame(PING, b"anything?").await;
        assert_eq!(self.next().await, Frame::Pong(b"anything?".to_vec()));
    }
}
