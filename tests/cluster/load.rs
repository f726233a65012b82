//! A crowd that talks while things fail: senders who resend until they are confirmed, as a front end does, and listeners who
//! note what they hear; and the verdict on what became of it all.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::Value;
use tokio::{sync::watch, task::JoinHandle, time::timeout};
use uuid::Uuid;

use crate::harness::{Door, Frame, Socket, TEXT, User, eventually, frame, send_message};

/// Commands that a sender has under way.
const WINDOW: usize = 4;
/// Between a sender's messages.
const PAUSE: Duration = Duration::from_millis(40);
/// Silence after which a client takes its connection for dead.
const SILENCE: Duration = Duration::from_secs(3);

/// Room and text of a message.
type Said = (i64, String);

/// What a client heard on one connection, in order.
#[derive(Debug, Default, Clone)]
struct Life {
    heard: Vec<Said>,
    /// Whether the connection has ended.
    over: bool,
}

/// Where a client may connect, and whether it goes on talking.
#[derive(Debug, Clone)]
struct Orders {
    places: Vec<SocketAddr>,
    over: bool,
}

/// Somebody in the crowd.
struct Client {
    user: User,
    lives: Arc<Mutex<Vec<Life>>>,
    confirmed: Arc<Mutex<Vec<Said>>>,
    /// Listeners say nothing.
    sends: bool,
    orders: watch::Sender<Orders>,
    task: JoinHandle<()>,
}

/// Everybody, in all rooms.
pub(crate) struct Crowd {
    rooms: Vec<i64>,
    clients: Vec<Client>,
    confirmations: Arc<AtomicUsize>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn random(below: usize) -> usize {
    usize::from(u16::from_be_bytes([Uuid::new_v4().as_bytes()[0], Uuid::new_v4().as_bytes()[1]])) % below
}

impl Crowd {
    /// Rooms with everybody in them; the senders connect to any of the places, and a listener to each.
    pub(crate) async fn gather(
        door: &impl Door,
        places: &[SocketAddr],
        rooms: usize,
        senders: usize,
    ) -> Self {
        let users: Vec<_> = (0..senders + places.len()).map(|_| User::new()).collect();
        let everybody: Vec<_> = users.iter().collect();
        let owner = User::new();
        let mut ids = Vec::new();
        for _ in 0..rooms {
            ids.push(door.room(&owner, &everybody).await);
        }
        let confirmations = Arc::new(AtomicUsize::new(0));
        let mut clients = Vec::new();
        for (index, user) in users.into_iter().enumerate() {
            let sends = index < senders;
            let places = if sends { places.to_vec() } else { vec![places[index - senders]] };
            clients.push(Client::start(user, sends, &ids, places, Arc::clone(&confirmations)));
        }
        let crowd = Self { rooms: ids, clients, confirmations };
        eventually("everybody to be there", async || {
            crowd.clients.iter().all(|client| !lock(&client.lives).is_empty())
        })
        .await;
        crowd
    }

    /// Sends the senders, and those listeners whose place is gone, to these places from their next connection on.
    pub(crate) fn places(&self, places: &[SocketAddr]) {
        for client in &self.clients {
            client.orders.send_modify(|orders| {
                if client.sends || orders.places.iter().any(|place| !places.contains(place)) {
                    orders.places = places.to_vec();
                }
            });
        }
    }

    /// How many messages were confirmed up to now.
    pub(crate) fn confirmations(&self) -> usize {
        self.confirmations.load(Ordering::Relaxed)
    }

    /// Waits until as many more are confirmed.
    pub(crate) async fn goes_on(&self, more: usize) {
        let before = self.confirmations();
        eventually("the conversation to go on", async || self.confirmations() >= before + more).await;
    }

    /// Waits until every listener has heard everything that is confirmed now; answers how long that took.
    pub(crate) async fn converged(&self) -> Duration {
        let mut all = BTreeSet::new();
        for client in &self.clients {
            all.extend(lock(&client.confirmed).iter().cloned());
        }
        let since = Instant::now();
        let listeners = || self.clients.iter().filter(|client| !client.sends);
        eventually("every listener to have heard what is confirmed", async || {
            listeners().all(|client| {
                let lives = lock(&client.lives);
                // What was said before a connection was made is there for its client to read.
                let first = lives.len() == 1;
                let heard: BTreeSet<_> = lives.iter().flat_map(|life| &life.heard).collect();
                !first || all.iter().all(|said| heard.contains(said))
            })
        })
        .await;
        since.elapsed()
    }

    /// Ends the talk: waits until every message is confirmed and heard, and asserts that none was lost, none was stored
    /// twice, and everybody heard a piece of the one order without a gap. Every door answers the same order.
    pub(crate) async fn verdict(self, doors: &[&impl Door]) -> usize {
        for client in &self.clients {
            client.orders.send_modify(|orders| orders.over = orders.over || client.sends);
        }
        let (senders, listeners): (Vec<_>, Vec<_>) =
            self.clients.into_iter().partition(|client| client.sends);
        let ended = join_all(senders.into_iter().map(async |client| {
            crate::harness::within("a sender's last confirmation", client.task).await.expect("a sender");
            (client.user, client.lives, client.confirmed)
        }))
        .await;

        let reader = &listeners[0].user;
        let mut stored = BTreeMap::new();
        for &room in &self.rooms {
            let log = log(doors[0], reader, room).await;
            for door in &doors[1..] {
                assert_eq!(self::log(*door, reader, room).await, log, "every node answers one order");
            }
            stored.insert(room, log);
        }
        let mut everything: Vec<&Said> = stored.values().flatten().collect();
        everything.sort();
        assert!(everything.is_sorted_by(|a, b| a < b), "none is stored twice");
        let mut confirmed: Vec<_> =
            ended.iter().flat_map(|(_, _, confirmed)| lock(confirmed).clone()).collect();
        confirmed.sort();
        assert_eq!(everything, confirmed.iter().collect::<Vec<_>>(), "none is lost, none came from nowhere");

        for client in listeners {
            let lives = Arc::clone(&client.lives);
            let last = |lives: &[Life]| {
                lives.last().is_some_and(|life| !life.over && at_the_end(life, &stored, None))
            };
            let caught_up = crate::harness::DEADLINE;
            let waited = timeout(caught_up, async {
                while !last(&lock(&lives)) {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            });
            let waited = waited.await;
            let missing = missing(&lock(&lives), &stored);
            assert!(
                waited.is_ok(),
                "a listener who is connected hears everything to the end; missing: {missing}"
            );
            check(&lock(&lives), &stored, None);
            client.task.abort();
        }
        for (user, lives, _) in &ended {
            check(&lock(lives), &stored, Some(user));
        }
        confirmed.len()
    }
}

async fn log(door: &impl Door, reader: &User, room: i64) -> Vec<Said> {
    let messages = door.messages(reader, room).await;
    let ids: Vec<_> = messages.iter().map(|message| message["id"].as_i64().expect("an id")).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "ids grow");
    messages.iter().map(|message| (room, message["message"].as_str().expect("a text").to_owned())).collect()
}

/// What a client is due of a room: nobody hears what they said themselves (it may come to a connection that replaced the
/// one that said it: then it is left out here and there).
fn due<'a>(said: &'a [Said], not_of: Option<&User>) -> Vec<&'a Said> {
    let own = not_of.map(|user| user.id.to_string());
    said.iter().filter(|(_, text)| own.as_ref().is_none_or(|own| !text.starts_with(own))).collect()
}

fn of_room(life: &Life, room: i64) -> Vec<Said> {
    life.heard.iter().filter(|said| said.0 == room).cloned().collect()
}

fn at_the_end(life: &Life, stored: &BTreeMap<i64, Vec<Said>>, not_of: Option<&User>) -> bool {
    stored.iter().all(|(&room, log)| {
        let heard = of_room(life, room);
        // Where nothing was said since the connection was made, nothing is heard.
        heard.is_empty() || due(&heard, not_of).last() == due(log, not_of).last()
    })
}

fn missing(lives: &[Life], stored: &BTreeMap<i64, Vec<Said>>) -> String {
    let heard: BTreeSet<_> = lives.iter().flat_map(|life| &life.heard).collect();
    let missing: Vec<_> = stored.values().flatten().filter(|said| !heard.contains(said)).collect();
    format!("{} over {} connections, {:?}", missing.len(), lives.len(), missing.first())
}

/// Asserts that every life is a piece of the one order, from its beginning where it was the first.
fn check(lives: &[Life], stored: &BTreeMap<i64, Vec<Said>>, not_of: Option<&User>) {
    for (index, life) in lives.iter().enumerate() {
        for (&room, log) in stored {
            let heard = of_room(life, room);
            let (heard, log) = (due(&heard, not_of), due(log, not_of));
            let Some(first) = heard.first() else { continue };
            let from = log.iter().position(|said| said == first).expect("what was heard is stored");
            let piece = log.get(from..from + heard.len()).unwrap_or(&log[from..]);
            let gap = heard.iter().zip(piece).position(|(heard, said)| heard != said);
            assert!(
                gap.is_none() && piece.len() == heard.len(),
                "room {room}, connection {index} of {}: in place of {:?} came {:?}, at {gap:?} of {} from {from} on",
                lives.len(),
                gap.map(|at| piece[at]),
                gap.map(|at| heard[at]),
                heard.len(),
            );
            assert!(
                index > 0 || not_of.is_some() || from == 0,
                "who was there from the beginning heard the beginning"
            );
        }
    }
}

impl Client {
    fn start(
        user: User,
        sends: bool,
        rooms: &[i64],
        places: Vec<SocketAddr>,
        count: Arc<AtomicUsize>,
    ) -> Self {
        let (orders, obeyed) = watch::channel(Orders { places, over: false });
        let (lives, confirmed) = (Arc::<Mutex<Vec<Life>>>::default(), Arc::<Mutex<Vec<Said>>>::default());
        let voice = Voice {
            user: user.clone(),
            rooms: if sends { rooms.to_vec() } else { Vec::new() },
            pending: Vec::new(),
            next: 0,
            confirmed: Arc::clone(&confirmed),
            count,
        };
        let task = tokio::spawn(live(voice, obeyed, Arc::clone(&lives)));
        Self { user, lives, confirmed, sends, orders, task }
    }
}

/// A message that is not confirmed yet.
struct Pending {
    said: Said,
    temp_id: String,
    at: Instant,
}

/// What a client says, and what it still has to say again.
struct Voice {
    user: User,
    rooms: Vec<i64>,
    pending: Vec<Pending>,
    next: usize,
    confirmed: Arc<Mutex<Vec<Said>>>,
    count: Arc<AtomicUsize>,
}

impl Voice {
    async fn write(ws: &mut Socket, pending: &Pending) {
        let text = send_message(pending.said.0, &pending.said.1, &pending.temp_id);
        // A connection that takes nothing more ends soon, and then this is said again.
        _ = ws.writer.try_bytes(&frame(TEXT, text.as_bytes())).await;
    }

    async fn say_more(&mut self, ws: &mut Socket) {
        if self.rooms.is_empty() || self.pending.len() >= WINDOW {
            return;
        }
        let room = self.rooms[random(self.rooms.len())];
        let said = (room, format!("{} {}", self.user.id, self.next));
        self.next += 1;
        let pending = Pending { said, temp_id: Uuid::new_v4().to_string(), at: Instant::now() };
        Self::write(ws, &pending).await;
        self.pending.push(pending);
    }

    /// Takes an answer; only a server's own failure may stand in the way of a message here.
    fn answered(&mut self, answer: &Value) {
        let at = self.pending.iter().position(|pending| answer["message_id"] == *pending.temp_id);
        let Some(at) = at else { panic!("{answer} answers nothing") };
        if answer["confirmed"] == true {
            lock(&self.confirmed).push(self.pending.remove(at).said);
            self.count.fetch_add(1, Ordering::Relaxed);
        } else {
            assert_eq!(answer["reason"], "ServerError");
        }
    }

    /// Whether an answer is overdue.
    fn waits_in_vain(&self) -> bool {
        self.pending.iter().any(|pending| pending.at.elapsed() > SILENCE)
    }
}

/// Connects, talks and listens, again and again, until it is over and nothing is left unconfirmed.
async fn live(mut voice: Voice, orders: watch::Receiver<Orders>, lives: Arc<Mutex<Vec<Life>>>) {
    loop {
        let Orders { places, over } = orders.borrow().clone();
        if over && voice.pending.is_empty() {
            return;
        }
        let pause = Duration::from_millis(50 + random(100) as u64);
        let place = places.get(random(places.len().max(1)));
        let opened = match place {
            Some(place) => {
                timeout(SILENCE, Socket::try_open(*place, &voice.user.target())).await.ok().flatten()
            }
            None => None,
        };
        if let Some(mut ws) = opened {
            lock(&lives).push(Life::default());
            converse(&mut voice, &mut ws, &orders, &lives).await;
            lock(&lives).last_mut().expect("this life").over = true;
        }
        tokio::time::sleep(pause).await;
    }
}

/// One connection, to its end.
async fn converse(
    voice: &mut Voice,
    ws: &mut Socket,
    orders: &watch::Receiver<Orders>,
    lives: &Mutex<Vec<Life>>,
) {
    for pending in &mut voice.pending {
        pending.at = Instant::now();
        Voice::write(ws, pending).await;
    }
    let mut next = Instant::now();
    loop {
        let over = orders.borrow().over;
        if over && voice.pending.is_empty() || voice.waits_in_vain() {
            return;
        }
        if !over && next.elapsed() >= PAUSE {
            next = Instant::now();
            voice.say_more(ws).await;
        }
        // Nothing is lost by giving up on a frame here: what has come of it stays in the reader, unless the connection ends.
        let Ok(frame) = timeout(PAUSE, ws.next()).await else { continue };
        let Frame::Text(text) = frame else { return };
        let frame: Value = serde_json::from_str(&text).expect("JSON");
        let data = &frame["data"];
        match frame["type"].as_str() {
            Some("MessageReceived") => {
                let said = (
                    data["room_id"].as_i64().expect("an id"),
                    data["message"].as_str().expect("a text").to_owned(),
                );
                lock(lives).last_mut().expect("this life").heard.push(said);
            }
            Some("MessageSentConfirmation") => voice.answered(data),
            Some("Disconnection") => return,
            _ => panic!("{text} is of no known type"),
        }
    }
}
