//! A confirmed message survives `kill -9`: senders and a listener live through many kills of one database, at moments
//! nobody chose, and the room is whole afterwards.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{io, sync::watch};
use uuid::Uuid;

use crate::harness::{
    Chat, Door, Frame, Socket, TEXT, User, confirmation, frame, message_received, send_message,
};

const KILLS: usize = 30;
const SENDERS: usize = 4;
/// Commands that a sender has under way before it waits for an answer.
const WINDOW: usize = 8;

/// Where the server is: nowhere while it is down, and at the end the word that no more is to be sent.
#[derive(Clone, Copy, PartialEq)]
enum Server {
    Down,
    At(SocketAddr),
    Last(SocketAddr),
}

/// A message that a front end keeps until it is confirmed.
struct Pending {
    text: String,
    temp_id: String,
}

/// Waits until the server is up; answers where, and whether it is the last one.
async fn up(server: &mut watch::Receiver<Server>) -> (SocketAddr, bool) {
    let up = server.wait_for(|server| *server != Server::Down).await.expect("the test goes on");
    match *up {
        Server::At(address) => (address, false),
        Server::Last(address) => (address, true),
        Server::Down => unreachable!("waited for it to be up"),
    }
}

/// Sends numbered messages and resends what is unconfirmed after every kill, until it is told that this server is the
/// last; answers every text that was confirmed, in order.
async fn send(
    user: User,
    room: i64,
    mut server: watch::Receiver<Server>,
    progress: Arc<AtomicUsize>,
) -> Vec<String> {
    let mut confirmed = Vec::new();
    let mut pending: Vec<Pending> = Vec::new();
    let mut next = 0;
    loop {
        let (address, last) = up(&mut server).await;
        let Some(mut ws) = Socket::try_open(address, &user.target()).await else { continue };
        for command in &pending {
            _ = write(&mut ws, room, command).await;
        }
        loop {
            if last && pending.is_empty() {
                return confirmed;
            }
            if !last && pending.len() < WINDOW {
                let command =
                    Pending { text: format!("{} {next}", user.id), temp_id: Uuid::new_v4().to_string() };
                next += 1;
                _ = write(&mut ws, room, &command).await;
                pending.push(command);
                continue;
            }
            match ws.next().await {
                Frame::Text(text) if text.contains("MessageReceived") => {}
                Frame::Text(text) => {
                    let command = pending.remove(0);
                    assert_eq!(text, confirmation("", &command.temp_id));
                    confirmed.push(command.text);
                    progress.fetch_add(1, Ordering::Relaxed);
                }
                Frame::End => break,
                other => panic!("{other:?} from a server that was killed"),
            }
        }
        // The address changes with every start: this one is gone.
        let gone = if last { Server::Last(address) } else { Server::At(address) };
        server.wait_for(|server| *server != gone).await.expect("the test goes on");
    }
}

async fn write(ws: &mut Socket, room: i64, command: &Pending) -> io::Result<()> {
    let text = send_message(room, &command.text, &command.temp_id);
    ws.writer.try_bytes(&frame(TEXT, text.as_bytes())).await
}

/// Listens through every kill; answers what it heard, a list for each life of the server.
async fn listen(user: User, mut server: watch::Receiver<Server>) -> Vec<Vec<String>> {
    let mut lives = Vec::new();
    loop {
        let (address, last) = up(&mut server).await;
        if last {
            return lives;
        }
        if let Some(mut ws) = Socket::try_open(address, &user.target()).await {
            let mut heard = Vec::new();
            while let Frame::Text(text) = ws.next().await {
                heard.push(text);
            }
            lives.push(heard);
        }
        server.wait_for(|server| *server != Server::At(address)).await.expect("the test goes on");
    }
}

#[tokio::test]
async fn no_confirmed_message_is_lost_and_none_is_stored_twice_over_many_kills() {
    let mut chat = Chat::serve().await;
    let senders: Vec<_> = (0..SENDERS).map(|_| User::new()).collect();
    let listener = User::new();
    let everybody: Vec<_> = senders.iter().chain([&listener]).collect();
    let room = chat.room(&User::new(), &everybody).await;

    let (announce, server) = watch::channel(Server::At(chat.address()));
    let progress = Arc::new(AtomicUsize::new(0));
    let sending: Vec<_> = senders
        .iter()
        .map(|user| tokio::spawn(send(user.clone(), room, server.clone(), Arc::clone(&progress))))
        .collect();
    let listening = tokio::spawn(listen(listener.clone(), server));

    for kill in 1..=KILLS {
        // Each life is long enough for something to be confirmed, and its end is anywhere between two commits.
        let before = progress.load(Ordering::Relaxed);
        crate::harness::eventually("a confirmation", async || progress.load(Ordering::Relaxed) > before)
            .await;
        let random = u64::from(Uuid::new_v4().as_bytes()[0]);
        tokio::time::sleep(Duration::from_millis(random)).await;
        announce.send_replace(Server::Down);
        chat.process.kill().await;
        chat.start_again().await;
        let address = chat.address();
        announce.send_replace(if kill < KILLS { Server::At(address) } else { Server::Last(address) });
    }

    let confirmed: Vec<_> =
        join_all(sending).await.into_iter().map(|sender| sender.expect("a sender")).collect();
    let lives = listening.await.expect("the listener");

    let messages = chat.messages(&listener, room).await;
    let ids: Vec<_> = messages.iter().map(|message| message["id"].as_i64().expect("an id")).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "one order");
    let order: Vec<_> =
        messages.iter().map(|message| message["message"].as_str().expect("a text").to_owned()).collect();
    let distinct: BTreeSet<_> = order.iter().collect();
    assert_eq!(distinct.len(), order.len(), "none is stored twice");
    for (user, confirmed) in senders.iter().zip(&confirmed) {
        let stored: Vec<_> = order.iter().filter(|text| text.starts_with(&user.id.to_string())).collect();
        assert!(
            stored.iter().copied().eq(confirmed),
            "none is lost, none is out of order, none came from nowhere"
        );
    }
    assert!(order.len() > KILLS, "the kills met a server at work");

    // What a participant heard while the server lived is a piece of that order without a gap.
    let frames: Vec<_> = messages
        .iter()
        .zip(&order)
        .map(|(message, text)| {
            let sender = message["sender_id"].as_str().expect("a uuid").parse().expect("a uuid");
            message_received(room, sender, text)
        })
        .collect();
    for heard in lives.into_iter().filter(|heard| !heard.is_empty()) {
        let from = frames.iter().position(|frame| *frame == heard[0]).expect("what was heard is stored");
        assert_eq!(frames.get(from..from + heard.len()), Some(&*heard), "heard in order, without a gap");
    }
}
