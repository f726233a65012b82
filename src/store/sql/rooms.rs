//! Changes of rooms. The rules are those of `plic_pipeline::room`; here they meet the rows.

use async_trait::async_trait;
use plic_pipeline::{
    daily::{DailyLimits, Usage},
    id::{RoomId, UserId},
    moderation::Deed,
    room::{MembershipChange, RoomError, founding_members},
    timestamp::Timestamp,
};
use sqlx::{query, query_as, query_scalar};

use crate::cluster::shared::{News, RoomHead};

use super::{
    audit,
    change::{Change, Work},
    daily,
    db::{Bulk, Connection, next_id},
    read::load_room,
};

const JOIN: Bulk = Bulk {
    before: "INSERT INTO participants (room, joined, \"user\", joined_at) SELECT * FROM (VALUES ",
    after: ") AS v WHERE column1 IS NOT NULL",
    columns: 4,
};
const LEAVE: Bulk = Bulk {
    before: "UPDATE participants SET left_at = v.column1 FROM (VALUES ",
    after: ") AS v WHERE left_at IS NULL AND room = v.column2 AND \"user\" = v.column3",
    columns: 3,
};

/// Creates a room.
pub(super) struct CreateRoom {
    pub(super) owner: UserId,
    pub(super) named: Vec<UserId>,
    pub(super) apartment: Option<i64>,
    pub(super) limits: DailyLimits,
}

#[async_trait]
impl Change for CreateRoom {
    type Done = RoomId;
    type Refusal = RoomError;

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<RoomId, RoomError>> {
        let members = match founding_members(self.owner, &self.named) {
            Ok(members) => members,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let usage = Usage { rooms: 1, people: (members.len() - 1) as u64 };
        if let Err(refusal) = daily::spend(work, self.owner, usage, self.limits).await? {
            return Ok(Err(refusal));
        }
        let Work { connection, now, .. } = &mut *work;
        let id = next_id(connection).await?;
        query("INSERT INTO rooms (id, owner, apartment, created_at, activity) VALUES ($1, $2, $3, $4, $1)")
            .bind(id)
            .bind(self.owner.0)
            .bind(self.apartment)
            .bind(now.0)
            .execute(&mut **connection)
            .await?;
        join(connection, RoomId(id), &members, *now).await?;
        changed(work, RoomId(id)).await?;
        Ok(Ok(RoomId(id)))
    }
}

/// Adds and removes participants.
pub(super) struct ChangeRoom {
    pub(super) room: RoomId,
    pub(super) actor: UserId,
    pub(super) add: Vec<UserId>,
    pub(super) remove: Vec<UserId>,
    pub(super) limits: DailyLimits,
}

#[async_trait]
impl Change for ChangeRoom {
    type Done = ();
    type Refusal = RoomError;

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<(), RoomError>> {
        let Some(room) = load_room(work.connection, self.room).await? else {
            return Ok(Err(RoomError::NotFound));
        };
        let MembershipChange { join: joins, leave: leaves, new_owner, empties_room } =
            match room.change(self.actor, &self.add, &self.remove) {
                Ok(change) => change,
                Err(refusal) => return Ok(Err(refusal)),
            };
        if joins.is_empty() && leaves.is_empty() {
            return Ok(Ok(()));
        }
        let usage = Usage { rooms: 0, people: joins.len() as u64 };
        if let Err(refusal) = daily::spend(work, self.actor, usage, self.limits).await? {
            return Ok(Err(refusal));
        }
        let Work { connection, people, now, .. } = &mut *work;
        people.forget(self.room);
        leave(connection, self.room, &leaves, *now).await?;
        join(connection, self.room, &joins, *now).await?;
        if let Some(owner) = new_owner {
            query("UPDATE rooms SET owner = $1 WHERE id = $2")
                .bind(owner.0)
                .bind(self.room.0)
                .execute(&mut **connection)
                .await?;
        }
        if empties_room {
            delete(connection, self.room, *now).await?;
        }
        changed(work, self.room).await?;
        Ok(Ok(()))
    }
}

/// Deletes a room; audited where a moderator deletes another's. Its participants keep their rows: they are those who were
/// in it at the end.
pub(super) struct DeleteRoom {
    pub(super) room: RoomId,
    pub(super) actor: UserId,
    pub(super) moderates: bool,
}

#[async_trait]
impl Change for DeleteRoom {
    type Done = ();
    type Refusal = RoomError;

    fn may_use_reserve(&self) -> bool {
        true
    }

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<(), RoomError>> {
        let Work { connection, people, now, .. } = &mut *work;
        let Some(room) = load_room(connection, self.room).await? else {
            return Ok(Err(RoomError::NotFound));
        };
        if let Err(refusal) = room.may_delete(self.actor, self.moderates) {
            return Ok(Err(refusal));
        }
        people.forget(self.room);
        delete(connection, self.room, *now).await?;
        if room.owner != self.actor {
            let deed = Deed::new(Some(self.actor), "room.delete")
                .with("room_id", self.room.0)
                .with("owner", room.owner.to_string());
            audit::add(connection, &deed, *now).await?;
        }
        changed(work, self.room).await?;
        Ok(Ok(()))
    }
}

/// Counts that other people are in the room now, or nobody, and has the other nodes told.
async fn changed(work: &mut Work<'_>, room: RoomId) -> sqlx::Result<()> {
    let (seq, people_version) = query_as(
        "UPDATE rooms SET people_version = people_version + 1 WHERE id = $1 RETURNING last_seq, people_version",
    )
    .bind(room.0)
    .fetch_one(&mut *work.connection)
    .await?;
    work.news.push(News::Room(RoomHead { room, seq, people_version }));
    Ok(())
}

async fn join(
    connection: &mut Connection,
    room: RoomId,
    users: &[UserId],
    now: Timestamp,
) -> sqlx::Result<()> {
    if users.is_empty() {
        return Ok(());
    }
    let last: i64 = query_scalar("SELECT coalesce(max(joined), 0) FROM participants WHERE room = $1")
        .bind(room.0)
        .fetch_one(&mut *connection)
        .await?;
    let stays: Vec<(i64, UserId)> = (last + 1..).zip(users.iter().copied()).collect();
    JOIN.execute(connection, &stays, move |statement, (joined, user)| {
        statement.bind(room.0).bind(*joined).bind(user.0).bind(now.0)
    })
    .await
}

async fn leave(
    connection: &mut Connection,
    room: RoomId,
    users: &[UserId],
    now: Timestamp,
) -> sqlx::Result<()> {
    LEAVE
        .execute(connection, users, move |statement, user| statement.bind(now.0).bind(room.0).bind(user.0))
        .await
}

async fn delete(connection: &mut Connection, room: RoomId, now: Timestamp) -> sqlx::Result<()> {
    query("UPDATE rooms SET deleted_at = $1 WHERE id = $2")
        .bind(now.0)
        .bind(room.0)
        .execute(connection)
        .await?;
    Ok(())
}
