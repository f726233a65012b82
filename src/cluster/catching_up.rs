//! Reads what is known to be missing, several things at once and no more than a few.

use std::{collections::HashSet, sync::Arc};

use plic_pipeline::{id::RoomId, store::StoreError};
use tokio::{sync::Semaphore, task::JoinSet, time::sleep_until};

use super::{node::Node, rooms::Read};

/// Reads at once: they must leave connections to the database for those who wait for answers.
const READS: usize = 2;

impl Node {
    /// Reads what is due for as long as it is polled.
    pub(super) async fn catch_up(self: Arc<Self>) {
        let permits = Arc::new(Semaphore::new(READS));
        let mut reads = JoinSet::new();
        loop {
            while let Some(done) = reads.try_join_next() {
                if let Err(error) = done {
                    tracing::error!(%error, "a read of what is missing failed");
                    return;
                }
            }
            let permit = Arc::clone(&permits).acquire_owned().await.expect("it is never closed");
            match self.next_read().await {
                Ok(read) => {
                    let node = Arc::clone(&self);
                    reads.spawn(async move {
                        node.read(read).await;
                        drop(permit);
                    });
                }
                Err(next) => {
                    drop(permit);
                    let due = async {
                        match next {
                            Some(due) => sleep_until(due.into()).await,
                            None => std::future::pending().await,
                        }
                    };
                    tokio::select! {
                        () = self.due.notified() => {}
                        () = due => {}
                    }
                }
            }
        }
    }

    async fn read(&self, read: Read) {
        let done = match &read {
            Read::People(rooms) => self.read_people(rooms).await,
            Read::Heads(rooms) => self.read_heads(rooms).await,
            Read::Messages(gap) => {
                self.metrics.reads.inc();
                match self.shared.messages_after(gap.room, gap.after).await {
                    Ok(messages) => {
                        self.with_rooms(|rooms, now, out| rooms.read(*gap, messages, now, out)).await;
                        Ok(())
                    }
                    Err(error) => Err(error),
                }
            }
        };
        if let Err(error) = done {
            plic_pipeline::log_limited!(
                WARN,
                error: &error,
                "what is missing could not be read; it waits"
            );
            self.with_rooms(|rooms, now, _| rooms.failed(read, now)).await;
        }
    }

    async fn read_people(&self, ids: &[RoomId]) -> Result<(), StoreError> {
        let people = self.shared.people(ids).await?;
        self.with_rooms(|rooms, now, out| {
            for people in &people {
                rooms.people(people, now, out);
                self.leave_where_deserted(rooms, people.room);
            }
            let known: HashSet<RoomId> = people.iter().map(|people| people.room).collect();
            for room in ids.iter().filter(|room| !known.contains(room)) {
                self.forget_room(rooms, *room);
            }
        })
        .await;
        Ok(())
    }

    /// Looks at how far rooms are; those that are gone, or in which nobody is connected here any more, are let go.
    pub(super) async fn read_heads(&self, ids: &[RoomId]) -> Result<(), StoreError> {
        let heads = self.shared.heads(ids).await?;
        self.with_rooms(|rooms, now, _| {
            for head in &heads {
                rooms.head(*head, now);
                self.leave_where_deserted(rooms, head.room);
            }
            let known: HashSet<RoomId> = heads.iter().map(|head| head.room).collect();
            for room in ids.iter().filter(|room| !known.contains(room)) {
                self.forget_room(rooms, *room);
            }
        })
        .await;
        Ok(())
    }

    fn leave_where_deserted(&self, rooms: &mut super::rooms::Rooms, room: RoomId) {
        if rooms.is_deserted(room, |people| self.hub.is_any_connected(people)) {
            self.forget_room(rooms, room);
        }
    }
}
