//! The one harness of the tests through the public door: a real server on a port of its own with a database of its own,
//! users with tokens, and a client that sees every byte.
//!
//! ```ignore
//! let chat = Chat::serve().await;
//! let (alice, bob) = (User::new(), User::new());
//! let room = chat.room(&alice, &[&bob]).await;
//! let mut ws = chat.connect(&alice).await;
//! ws.say(room, "hi", "t1").await;
//! ```

mod metrics;
mod moderate;
mod ordinary;
mod people;
mod process;
mod socket;
mod wire;

use std::{collections::BTreeMap, net::SocketAddr, path::Path, time::Duration};

pub(crate) use metrics::metric;
pub(crate) use ordinary::{ordinary, say_all};
pub(crate) use people::{SECRET, User, claims, now, sign, sign_with};
pub(crate) use process::{Ended, Process, run};
use serde_json::{Value, json};
pub(crate) use socket::{CLOSE_CODES, Socket, confirmation, handshake, message_received, send_message};
use tempfile::TempDir;
use wire::header_lines;
pub(crate) use wire::{
    Answer, BINARY, CLOSE, Frame, PING, PONG, Reader, TEXT, Writer, close_payload, connect, connect_from,
    connect_narrow, frame, unmasked_frame,
};

/// How long anything may take: no test asserts speed, and a loaded machine is no failure.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Every route of the contract.
pub(crate) const ROUTES: [(&str, &str); 5] =
    [("POST", "/rooms"), ("GET", "/rooms"), ("PUT", "/rooms"), ("DELETE", "/rooms/7"), ("GET", "/rooms/7")];

/// No limit that a test does not ask for: each of these has its own tests, which set it.
const WIDE: [(&str, &str); 7] = [
    ("PLIC_RATE_LIMIT_PER_SECOND", "100000"),
    ("PLIC_RATE_LIMIT_BURST", "100000"),
    ("PLIC_FRAMES_PER_SECOND", "100000"),
    ("PLIC_REST_LIMIT_PER_SECOND", "100000"),
    ("PLIC_ADDRESS_LIMIT_PER_SECOND", "100000"),
    ("PLIC_NEW_ROOMS_PER_DAY", "1000000"),
    ("PLIC_PEOPLE_ADDED_PER_DAY", "1000000"),
];

/// A server process with its folder; both are gone when it is dropped.
pub(crate) struct Chat {
    pub(crate) process: Process,
    settings: Vec<(String, String)>,
    wrapper: Vec<String>,
    folder: TempDir,
}

/// Waits for what must come, and fails the test by name where it does not.
pub(crate) async fn within<F: Future>(what: &str, future: F) -> F::Output {
    let waited = tokio::time::timeout(DEADLINE, future).await;
    waited.unwrap_or_else(|_| panic!("waited {DEADLINE:?} for {what}"))
}

/// Asks again until the answer is yes.
pub(crate) async fn eventually(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    within(what, async {
        while !ask().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

/// A frame of the contract, from `golden/`, byte for byte.
pub(crate) fn golden(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/door/golden/{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.strip_suffix('\n').unwrap_or(&text).to_owned()
}

/// The database's address in a folder.
pub(crate) fn database_in(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("chat.db").display())
}

/// The settings of a server of the tests in this folder. It has no rules: the starter rules take an unoptimised build
/// most of a second to compile, and say what a text may be, which no other test is about.
fn settings_in(folder: &Path) -> BTreeMap<String, String> {
    let rules = folder.join("rules.json");
    std::fs::write(&rules, "[]").expect("the folder can be written to");
    let (database, rules) = (database_in(folder), rules.display().to_string());
    let own = [
        ("PLIC_LISTEN", "127.0.0.1:0"),
        ("DATABASE_URL", &database),
        ("SUPABASE_JWT_SECRET", SECRET),
        ("PLIC_RULES_FILE", &rules),
    ];
    own.iter().chain(&WIDE).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn borrowed(settings: &[(String, String)]) -> Vec<(&str, &str)> {
    settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

impl Chat {
    /// A server with the settings of the tests.
    pub(crate) async fn serve() -> Self {
        Self::with(&[]).await
    }

    /// A server with these settings over those of the tests; an empty value unsets.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        Self::under(Vec::new(), tempfile::tempdir().expect("a temporary folder"), settings).await
    }

    /// The same in this folder, run by another program, which must become it.
    pub(crate) async fn under(wrapper: Vec<String>, folder: TempDir, settings: &[(&str, &str)]) -> Self {
        let mut all = settings_in(folder.path());
        all.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let settings: Vec<_> = all.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let process = Process::start_under(&wrapper, folder.path(), &["serve"], &borrowed(&settings)).await;
        Self { process, settings, wrapper, folder }
    }

    /// A server that may open so many files.
    pub(crate) async fn with_files(files: u32, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut all = settings_in(folder.path());
        all.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let settings: Vec<_> = all.into_iter().collect();
        let process = Process::start_with_files(files, folder.path(), &["serve"], &borrowed(&settings)).await;
        Self { process, settings, wrapper: Vec::new(), folder }
    }

    /// Starts the server again on the same database, after it was ended.
    pub(crate) async fn start_again(&mut self) {
        let settings = borrowed(&self.settings);
        self.process = Process::start_under(&self.wrapper, self.folder.path(), &["serve"], &settings).await;
    }

    /// The folder that the server runs in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The settings that the server runs with.
    pub(crate) fn settings(&self) -> Vec<(&str, &str)> {
        borrowed(&self.settings)
    }
}

/// A server's door.
pub(crate) trait Door {
    /// Where it listens.
    fn address(&self) -> SocketAddr;

    /// Opens the user's WebSocket.
    async fn connect(&self, user: &User) -> Socket {
        self.open(&user.target(), &[]).await
    }

    /// Opens a WebSocket; asserts that the handshake is completed, and no more.
    async fn open(&self, target: &str, headers: &[(&str, &str)]) -> Socket {
        Socket::open(self.address(), target, headers).await
    }

    /// One REST request on a connection of its own, with these headers and no others.
    async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let (mut reader, mut writer) = connect(self.address()).await;
        writer.bytes(request(method, path, headers, body).as_bytes()).await;
        reader.answer().await
    }

    /// One REST request of a user, with a JSON body or `Value::Null` for none.
    async fn rest(&self, user: &User, method: &str, path: &str, body: Value) -> Answer {
        let token = [("authorization", &*user.bearer()), ("content-type", "application/json")];
        let (headers, body) =
            if body.is_null() { (&token[..1], String::new()) } else { (&token[..], body.to_string()) };
        self.call(method, path, headers, &body).await
    }

    async fn get(&self, user: &User, path: &str) -> Answer {
        self.rest(user, "GET", path, Value::Null).await
    }

    async fn post(&self, user: &User, path: &str, body: Value) -> Answer {
        self.rest(user, "POST", path, body).await
    }

    async fn put(&self, user: &User, path: &str, body: Value) -> Answer {
        self.rest(user, "PUT", path, body).await
    }

    async fn delete(&self, user: &User, path: &str) -> Answer {
        self.rest(user, "DELETE", path, Value::Null).await
    }

    /// Creates a room and answers its id.
    async fn room(&self, owner: &User, others: &[&User]) -> i64 {
        let users: Vec<_> = others.iter().map(|user| user.id).collect();
        let answer = self.post(owner, "/rooms", json!({ "users": users, "apartment_id": null })).await;
        answer.data().as_i64().expect("a room's id")
    }

    /// The owner adds and removes participants.
    async fn change(&self, owner: &User, room: i64, add: &[&User], remove: &[&User]) -> Answer {
        let ids = |users: &[&User]| users.iter().map(|user| user.id.to_string()).collect::<Vec<_>>();
        let body = json!({ "room_id": room, "users_to_add": ids(add), "users_to_remove": ids(remove) });
        self.put(owner, "/rooms", body).await
    }

    /// Every message of a room, oldest first, page by page to its beginning.
    async fn messages(&self, user: &User, room: i64) -> Vec<Value> {
        let mut messages = Vec::new();
        let mut next = Some(format!("/rooms/{room}?limit=500"));
        while let Some(path) = next {
            let page = self.get(user, &path).await;
            assert_eq!(page.status, 200, "{page:?}");
            let mut older = page.json()["messages"].as_array().expect("messages").clone();
            older.append(&mut messages);
            messages = older;
            next = page.link().map(|(path, _)| path);
        }
        messages
    }

    /// The texts of a room, oldest first.
    async fn texts(&self, user: &User, room: i64) -> Vec<String> {
        let messages = self.messages(user, room).await;
        messages.iter().map(|message| message["message"].as_str().expect("a text").to_owned()).collect()
    }
}

impl Door for Chat {
    fn address(&self) -> SocketAddr {
        self.process.address
    }
}

/// A REST request as bytes.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let more = header_lines(headers);
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    format!("{method} {path} HTTP/1.1\r\nHost: chat.test\r\n{more}{length}\r\n{body}")
}
