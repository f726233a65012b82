//! One client that sends hints and one that gets them, each on a thread of its own with a runtime of its own, so that the
//! processor time of each is known.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow, ensure};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_util::{StreamExt, stream::SelectAll};
use testbed::Nats;
use tokio::{
    runtime,
    sync::{Semaphore, oneshot},
    time::timeout,
};

use crate::measure::process;

/// Rooms that the hints are about.
const ROOMS: u64 = 256;
const SLOTS: u64 = 4096;
/// What a hint carries beside the number of its room: a message with its sender and its place.
const BODY: [u8; 292] = [b'x'; 292];
/// Hints that may be on their way.
const IN_FLIGHT: usize = 8192;
/// So many are given back at once.
const GIVEN_BACK: usize = 256;
/// The sender waits so often until its hints are on their way.
const FLUSHED: usize = 1024;
const PATIENCE: Duration = Duration::from_secs(30);

/// How hints are addressed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way {
    /// Each to its room's subject, in which somebody is interested or nobody.
    Room {
        /// Whether a node has subscribed to the rooms' slots.
        is_heard: bool,
    },
    /// So many joined in one payload to a subject of the node, which looks at the room of each.
    Node {
        /// How many.
        batch: usize,
    },
}

impl Way {
    /// As it is called in the table.
    pub(super) fn name(self) -> String {
        match self {
            Self::Room { is_heard: true } => "each to its room, to a node with listeners there".to_owned(),
            Self::Room { is_heard: false } => "each to its room, where no node has listeners".to_owned(),
            Self::Node { batch: 1 } => "each to the node, listeners or not".to_owned(),
            Self::Node { batch } => format!("{batch} joined to the node, listeners or not"),
        }
    }

    fn is_heard(self) -> bool {
        !matches!(self, Self::Room { is_heard: false })
    }

    fn subjects(self) -> Vec<String> {
        match self {
            Self::Room { is_heard: false } => Vec::new(),
            Self::Room { is_heard: true } => {
                (0..ROOMS).map(|room| format!("hint.room.{}.*", room % SLOTS)).collect()
            }
            Self::Node { .. } => vec!["hint.node.1".to_owned()],
        }
    }
}

/// Microseconds of processor time for each hint.
pub(super) struct Cost {
    pub(super) sender: f64,
    pub(super) server: f64,
    pub(super) receiver: f64,
    pub(super) a_second: f64,
}

/// Sends so many hints.
#[expect(clippy::cast_precision_loss, reason = "hints are far fewer than 2^52")]
pub(super) fn measure(way: Way, hints: usize, nats: &Nats) -> anyhow::Result<Cost> {
    let (url, free) = (nats.url(), Arc::new(Semaphore::new(IN_FLIGHT)));
    let (ready, is_ready) = oneshot::channel();
    let hearing = way.is_heard().then(|| {
        let (url, free) = (url.clone(), Arc::clone(&free));
        thread::spawn(move || run(receive(way, hints, url, free, ready)))
    });
    let before = process::run_time(nats.pid())?;
    let started = Instant::now();
    let sender = thread::spawn(move || {
        run(async move {
            if way.is_heard() {
                timeout(PATIENCE, is_ready).await.context("the receiver does not subscribe")??;
            }
            send(way, hints, url, free).await
        })
    });
    let join = |thread: thread::JoinHandle<anyhow::Result<Duration>>| {
        thread.join().map_err(|_| anyhow!("a client panicked"))?
    };
    let sent = join(sender)?;
    let received = hearing.map(join).transpose()?.unwrap_or_default();
    let (seconds, server) = (started.elapsed().as_secs_f64(), process::run_time(nats.pid())?);
    let each = |time: Duration| time.as_secs_f64() * 1e6 / hints as f64;
    Ok(Cost {
        sender: each(sent),
        server: each(server.saturating_sub(before)),
        receiver: each(received),
        a_second: hints as f64 / seconds,
    })
}

/// Runs a client to its end; what its thread has used.
fn run(client: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<Duration> {
    runtime::Builder::new_current_thread().enable_all().build()?.block_on(client)?;
    Ok(process::own_run_time()?)
}

async fn send(way: Way, hints: usize, url: String, free: Arc<Semaphore>) -> anyhow::Result<()> {
    let client = async_nats::connect(url).await?;
    let batch = if let Way::Node { batch } = way { batch } else { 1 };
    let mut sent = 0;
    while sent < hints {
        if way.is_heard() {
            let permits = u32::try_from(batch)?;
            timeout(PATIENCE, free.acquire_many(permits)).await.context("hints were lost")??.forget();
        }
        let rooms = (sent..sent + batch).map(|number| number as u64 % ROOMS);
        let subject = match way {
            Way::Room { .. } => {
                let room = sent as u64 % ROOMS;
                format!("hint.room.{}.{room}", room % SLOTS)
            }
            Way::Node { .. } => "hint.node.1".to_owned(),
        };
        client.publish(subject, joined(rooms)).await?;
        sent += batch;
        if sent.is_multiple_of(FLUSHED) {
            client.flush().await?;
        }
    }
    heard_by_server(&client).await
}

async fn receive(
    way: Way,
    hints: usize,
    url: String,
    free: Arc<Semaphore>,
    ready: oneshot::Sender<()>,
) -> anyhow::Result<()> {
    let client = async_nats::connect(url).await?;
    let mut all = SelectAll::new();
    for subject in way.subjects() {
        all.push(client.subscribe(subject).await?);
    }
    heard_by_server(&client).await?;
    ensure!(ready.send(()).is_ok(), "the sender has ended");
    let (mut got, mut owed) = (0, 0);
    while got < hints {
        let message = timeout(PATIENCE, all.next()).await.context("hints were lost")?;
        let message = message.context("the subscription has ended")?;
        let count = rooms_in(message.payload);
        got += count;
        owed += count;
        if owed >= GIVEN_BACK {
            free.add_permits(std::mem::take(&mut owed));
        }
    }
    Ok(())
}

/// Waits until the server has seen all that was sent to it before.
pub(super) async fn heard_by_server(client: &async_nats::Client) -> anyhow::Result<()> {
    let inbox = client.new_inbox();
    let mut echo = client.subscribe(inbox.clone()).await?;
    client.publish(inbox, Bytes::new()).await?;
    timeout(PATIENCE, echo.next())
        .await
        .context("NATS does not answer")?
        .context("the subscription has ended")?;
    Ok(())
}

/// Hints about these rooms, one after the other.
fn joined(rooms: impl ExactSizeIterator<Item = u64>) -> Bytes {
    let mut payload = BytesMut::with_capacity(rooms.len() * (8 + BODY.len()));
    for room in rooms {
        payload.put_u64(room);
        payload.put_slice(&BODY);
    }
    payload.freeze()
}

/// How many hints are in it, the room of each of which is looked at.
fn rooms_in(mut payload: Bytes) -> usize {
    let mut count = 0;
    while payload.remaining() >= 8 + BODY.len() {
        if payload.get_u64() < ROOMS {
            count += 1;
        }
        payload.advance(BODY.len());
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_hints_are_counted_one_by_one() {
        assert_eq!(rooms_in(joined([1, 2, 3].into_iter())), 3);
        assert_eq!(rooms_in(Bytes::new()), 0);
    }
}
