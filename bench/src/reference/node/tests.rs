//! The Node chat through real sockets: it must hold the contract's main path, or its figures mean nothing.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::Child,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, WebSocket, client, protocol::CloseFrame};

use super::start;

const SECRET: &str = "a secret for tests, as long as secrets should be";
const ALICE: &str = "00000000-0000-4000-8000-00000000000a";
const BOB: &str = "00000000-0000-4000-8000-00000000000b";
const EVE: &str = "00000000-0000-4000-8000-00000000000e";

#[test]
fn node_chat_holds_the_contract() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path());
    let room = server.create_room(ALICE, &[BOB]);
    two_users_hold_a_conversation(&server, room);
    resent_message_is_confirmed_and_not_delivered_again(&server, room);
    breaches_close_with_their_codes(&server, room);
}

fn two_users_hold_a_conversation(server: &Server, room: u64) {
    let [mut alice, mut bob] = [ALICE, BOB].map(|user| server.connect(&token(user)));
    alice.send(&message(room, "Is the flat free in May?", "a-1"));
    assert_eq!(alice.next(), confirmation("", "a-1"));
    assert_eq!(bob.next(), received(room, ALICE, "Is the flat free in May?"));
    bob.send(&message(room, "It is.", "b-1"));
    assert_eq!(bob.next(), confirmation("", "b-1"));
    assert_eq!(alice.next(), received(room, BOB, "It is."));
}

fn resent_message_is_confirmed_and_not_delivered_again(server: &Server, room: u64) {
    let [mut alice, mut bob] = [ALICE, BOB].map(|user| server.connect(&token(user)));
    for (text, id) in [("once", "a-2"), ("once", "a-2"), ("twice", "a-3")] {
        alice.send(&message(room, text, id));
        assert_eq!(alice.next(), confirmation("", id));
    }
    assert_eq!([bob.next(), bob.next()], [received(room, ALICE, "once"), received(room, ALICE, "twice")]);
}

fn breaches_close_with_their_codes(server: &Server, room: u64) {
    server.connect("").ends_with(4001, "CloseNoAuthToken");
    server.connect("nonsense").ends_with(4002, "CloseInvalidToken");
    let long = "x".repeat(4001);
    let breaches = [
        (ALICE, json!({"type": "SendMessage", "data": {"room_id": room}}), "", 4010, "BadMessageStructure"),
        (ALICE, message(room, " ", "id"), "id", 4010, "BadMessageStructure"),
        (ALICE, message(room, &long, "id"), "id", 4010, "BadMessageStructure"),
        (ALICE, message(room, "You are vermin.", "id"), "id", 4011, "HatefullSpeach"),
        (EVE, message(room, "Let me in.", "id"), "id", 4012, "UnAuthorizedAction"),
        (ALICE, message(room + 1, "Hello?", "id"), "id", 4012, "UnAuthorizedAction"),
    ];
    for (user, command, id, code, reason) in breaches {
        let mut client = server.connect(&token(user));
        client.send(&command);
        assert_eq!(client.next(), confirmation(reason, id));
        client.ends_with(code, reason);
    }
}

fn message(room: u64, text: &str, id: &str) -> Value {
    json!({"type": "SendMessage", "data": {"room_id": room, "message": text, "message_temp_id": id}})
}

fn received(room: u64, sender: &str, text: &str) -> Value {
    json!({"type": "MessageReceived", "data": {"room_id": room, "sender_id": sender, "message": text}})
}

fn confirmation(reason: &str, id: &str) -> Value {
    let data = json!({"confirmed": reason.is_empty(), "reason": reason, "message_id": id});
    json!({"type": "MessageSentConfirmation", "data": data})
}

fn token(user: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs();
    let claims = json!({"sub": user, "aud": "authenticated", "exp": now + 600});
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&Header::default(), &claims, &key).expect("a token")
}

struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let started = start(folder, SECRET, "0");
        let (child, address) = started.expect("machines that run the tests have Node 20 and npm");
        Self { child, address }
    }

    fn create_room(&self, owner: &str, users: &[&str]) -> u64 {
        let body = json!({"users": users, "apartment_id": null}).to_string();
        let mut tcp = TcpStream::connect(self.address).expect("a listening server");
        let head = format!(
            "POST /rooms HTTP/1.1\r\nHost: node\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            token(owner),
            body.len()
        );
        tcp.write_all((head + &body).as_bytes()).expect("an open socket");
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200 "));
        let json = answer.find('{').zip(answer.rfind('}')).map(|(from, to)| &answer[from..=to]);
        let answer: Value = serde_json::from_str(json.expect("a body")).expect("JSON");
        assert_eq!(answer["error_message"], Value::Null);
        answer["data"].as_u64().expect("a room's id")
    }

    fn connect(&self, token: &str) -> Client {
        let tcp = TcpStream::connect(self.address).expect("a listening server");
        tcp.set_read_timeout(Some(Duration::from_secs(10))).expect("an open socket");
        let (socket, _) = client(format!("ws://{}/?token={token}", self.address), tcp).expect("a handshake");
        Client(socket)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().expect("a running server");
        self.child.wait().expect("a killed server");
    }
}

struct Client(WebSocket<TcpStream>);

impl Client {
    fn send(&mut self, command: &Value) {
        self.0.send(Message::text(command.to_string())).expect("an open socket");
    }

    fn next(&mut self) -> Value {
        let message = self.0.read().expect("a frame");
        serde_json::from_str(message.to_text().expect("text")).expect("JSON")
    }

    fn ends_with(mut self, code: u16, name: &str) {
        let goodbye = self.next();
        assert_eq!(goodbye["type"], "Disconnection");
        assert_eq!(goodbye["data"]["code"], code);
        let Message::Close(Some(CloseFrame { code: closed, reason })) = self.0.read().expect("a frame")
        else {
            panic!("the connection is not closed")
        };
        assert_eq!((u16::from(closed), reason.as_str()), (code, name));
    }
}
