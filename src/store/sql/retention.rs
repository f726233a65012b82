//! What the policy wants done in time, a bounded part of it a transaction.

use std::time::Duration;

use async_trait::async_trait;
use plic_pipeline::{
    id::{IncidentId, RoomId},
    moderation::{Deed, IncidentStatus, Policy, policy::HeldThen},
    store::StoreError,
    timestamp::Timestamp,
};
use sqlx::{query, query_as, query_scalar};

use super::{
    audit, bans,
    change::{Change, Work},
    db::{Connection, lock_rooms},
    held, incidents,
    redact::REDACTED,
};

/// Rows a transaction: a few milliseconds, so that no message waits noticeably.
const BATCH: i64 = 500;
/// Bytes of text a transaction deletes, but for one text that is longer: pages are overwritten where they are freed, and
/// what is written must fit the reserve of a small volume.
const BATCH_BYTES: i64 = 256 << 10;
/// Held messages a transaction: each takes several statements.
const HELD_BATCH: i64 = 50;
/// How long after it was sent a held message that was decided is kept: a decision that is taken back can still deliver
/// it. It is recognised for 24 hours (CONTRACT section 2).
const DELIVERABLE: Duration = Duration::from_hours(7 * 24);

pub(super) const EXPIRED: &str =
    "SELECT incident, room FROM held WHERE decided = FALSE AND at < $1 ORDER BY at LIMIT $2";
pub(super) const DECIDED: &str =
    "SELECT incident FROM held WHERE decided = TRUE AND at < $1 ORDER BY at LIMIT $2";
pub(super) const DELETED_ROOM: &str =
    "SELECT id FROM rooms WHERE deleted_at < $1 ORDER BY deleted_at LIMIT 1";
pub(super) const UNCLEARED: &str = "SELECT id, CAST(octet_length(text) AS BIGINT) FROM incidents \
                                    WHERE decided_at < $1 AND decided_at IS NOT NULL AND cleared_at IS NULL \
                                    ORDER BY decided_at LIMIT $2";

pub(super) const FORGOTTEN: &str = "SELECT id, CAST(octet_length(text) AS BIGINT) FROM incidents \
                                    WHERE created_at < $1 AND decided_at IS NULL AND cleared_at IS NULL \
                                    AND (reopened_at IS NULL OR reopened_at < $1) ORDER BY created_at LIMIT $2";
const MESSAGES_OF_ROOM: &str = "SELECT id, CAST(octet_length(text) AS BIGINT) FROM messages WHERE room = $1 \
                                ORDER BY seq LIMIT $2";
const OLDEST_MESSAGES: &str = "SELECT id, CAST(octet_length(text) AS BIGINT) FROM messages WHERE created_at < $1 \
                               AND id IN (SELECT id FROM messages ORDER BY id LIMIT $2) ORDER BY id";

/// Does a bounded part of it; answers whether there is more.
pub(super) struct KeepHouse(pub(super) Policy);

/// What was done, for the audit log.
#[derive(Debug, Default)]
struct Done {
    released: u64,
    dropped: u64,
    messages: u64,
    rooms: u64,
    incidents: u64,
    more: bool,
}

#[async_trait]
impl Change for KeepHouse {
    type Done = bool;
    type Refusal = StoreError;

    fn may_use_reserve(&self) -> bool {
        true
    }

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<bool, StoreError>> {
        let policy = &self.0;
        let mut done = Done::default();
        decide_held(work, policy, &mut done).await?;
        forget_held(work, &mut done).await?;
        if let Some(days) = policy.deleted_room_days {
            delete_room(work.connection, ago(work.now, days), &mut done).await?;
        }
        if let Some(days) = policy.message_days {
            delete_messages(work.connection, ago(work.now, days), &mut done).await?;
        }
        if let Some(days) = policy.incident_days {
            clear_incidents(work, UNCLEARED, ago(work.now, days), &mut done).await?;
            clear_incidents(work, FORGOTTEN, ago(work.now, days.saturating_mul(2)), &mut done).await?;
        }
        let counts = [
            ("held_released", done.released),
            ("held_dropped", done.dropped),
            ("messages_deleted", done.messages),
            ("rooms_deleted", done.rooms),
            ("incidents_cleared", done.incidents),
        ];
        if counts.iter().any(|(_, count)| *count > 0) {
            let deed = Deed::new(None, "retention.run");
            let deed = counts.into_iter().fold(deed, |deed, (what, count)| deed.with(what, count));
            audit::add(work.connection, &deed, work.now).await?;
        }
        Ok(Ok(done.more))
    }
}

fn ago(now: Timestamp, days: u32) -> Timestamp {
    now.before(Duration::from_hours(24) * days)
}

/// Delivers or drops what nobody decided about in time. What can not be delivered any more is dismissed,
/// and what somebody sent who is banned now: no release lets them speak.
async fn decide_held(work: &mut Work<'_>, policy: &Policy, done: &mut Done) -> sqlx::Result<()> {
    let release = match policy.held_then {
        HeldThen::Keep => return Ok(()),
        HeldThen::Release => true,
        HeldThen::Drop => false,
    };
    let until = work.now.before(Duration::from_secs(policy.held_seconds));
    let expired: Vec<(i64, i64)> =
        query_as(EXPIRED).bind(until.0).bind(HELD_BATCH).fetch_all(&mut *work.connection).await?;
    done.more |= is_full(expired.len(), HELD_BATCH);
    let mut rooms: Vec<RoomId> = expired.iter().map(|(_, room)| RoomId(*room)).collect();
    rooms.sort_unstable();
    rooms.dedup();
    lock_rooms(work.connection, &rooms).await?;
    for id in expired.into_iter().map(|(incident, _)| IncidentId(incident)) {
        let incident = incidents::load(work.connection, id).await?.ok_or(sqlx::Error::RowNotFound)?;
        let (status, note) = if !release {
            done.dropped += 1;
            (IncidentStatus::Upheld, None)
        } else if bans::silences(work.connection, incident.user, work.now).await? {
            done.dropped += 1;
            (IncidentStatus::Dismissed, Some("Its sender was banned."))
        } else if held::deliver(work, &incident).await?.is_some() {
            done.released += 1;
            (IncidentStatus::Released, None)
        } else {
            done.dropped += 1;
            (IncidentStatus::Dismissed, Some("It could not be delivered any more."))
        };
        incidents::close(work, id, status, None, note).await?;
    }
    Ok(())
}

/// Forgets held messages that were decided long ago.
async fn forget_held(work: &mut Work<'_>, done: &mut Done) -> sqlx::Result<()> {
    let forgotten: Vec<i64> = query_scalar(DECIDED)
        .bind(work.now.before(DELIVERABLE).0)
        .bind(BATCH)
        .fetch_all(&mut *work.connection)
        .await?;
    done.more |= is_full(forgotten.len(), BATCH);
    for incident in forgotten {
        query("DELETE FROM held WHERE incident = $1").bind(incident).execute(&mut *work.connection).await?;
    }
    Ok(())
}

/// Deletes some of what a room leaves that was deleted before `until`, and in the end the room.
async fn delete_room(connection: &mut Connection, until: Timestamp, done: &mut Done) -> sqlx::Result<()> {
    let room: Option<i64> = query_scalar(DELETED_ROOM).bind(until.0).fetch_optional(&mut *connection).await?;
    let Some(room) = room else { return Ok(()) };
    // There may be other rooms after this one.
    done.more = true;
    let messages: Vec<(i64, i64)> =
        query_as(MESSAGES_OF_ROOM).bind(room).bind(BATCH).fetch_all(&mut *connection).await?;
    let some = within_batch(&messages);
    if let Some((last, _)) = some.last() {
        let deleted = query("DELETE FROM messages WHERE room = $1 AND id <= $2")
            .bind(room)
            .bind(last)
            .execute(&mut *connection)
            .await?;
        done.messages += deleted.rows_affected();
    }
    if some.len() < messages.len() || is_full(messages.len(), BATCH) {
        return Ok(());
    }
    let stays = query(
        "DELETE FROM participants WHERE room = $1 AND joined IN \
         (SELECT joined FROM participants WHERE room = $1 ORDER BY joined LIMIT $2)",
    )
    .bind(room)
    .bind(BATCH)
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if stays < BATCH.cast_unsigned() {
        query("DELETE FROM rooms WHERE id = $1").bind(room).execute(connection).await?;
        done.rooms += 1;
    }
    Ok(())
}

/// Deletes the oldest messages from before `until`. Their rooms keep their count and their place in the list.
async fn delete_messages(connection: &mut Connection, until: Timestamp, done: &mut Done) -> sqlx::Result<()> {
    let messages: Vec<(i64, i64)> =
        query_as(OLDEST_MESSAGES).bind(until.0).bind(BATCH).fetch_all(&mut *connection).await?;
    let some = within_batch(&messages);
    let Some((last, _)) = some.last() else { return Ok(()) };
    let deleted = query("DELETE FROM messages WHERE created_at < $1 AND id <= $2")
        .bind(until.0)
        .bind(last)
        .execute(connection)
        .await?;
    done.messages += deleted.rows_affected();
    done.more |= some.len() < messages.len() || is_full(messages.len(), BATCH);
    Ok(())
}

/// Takes what was said, and what was said about it, from incidents that `found` finds before `until`.
async fn clear_incidents(
    work: &mut Work<'_>,
    found: &'static str,
    until: Timestamp,
    done: &mut Done,
) -> sqlx::Result<()> {
    let old: Vec<(i64, i64)> =
        query_as(found).bind(until.0).bind(BATCH).fetch_all(&mut *work.connection).await?;
    let some = within_batch(&old);
    for (incident, _) in some {
        query(
            "UPDATE incidents SET text = $1, matches = '[]', reason = NULL, note = NULL, cleared_at = $2 WHERE id = $3",
        )
        .bind(REDACTED)
        .bind(work.now.0)
        .bind(incident)
        .execute(&mut *work.connection)
        .await?;
        query("DELETE FROM incident_further WHERE incident = $1")
            .bind(incident)
            .execute(&mut *work.connection)
            .await?;
        // Without its text there is nothing to deliver.
        for sql in [
            "DELETE FROM held WHERE incident = $1",
            "UPDATE incident_reports SET reason = NULL WHERE incident = $1",
            "UPDATE incident_history SET note = NULL WHERE incident = $1",
        ] {
            query(sql).bind(incident).execute(&mut *work.connection).await?;
        }
    }
    done.incidents += some.len() as u64;
    done.more |= some.len() < old.len() || is_full(old.len(), BATCH);
    Ok(())
}

/// Returns the first of these ids with the sizes of their texts that one transaction deletes; at least one.
fn within_batch(sized: &[(i64, i64)]) -> &[(i64, i64)] {
    let mut bytes = 0;
    let fits = sized.iter().take_while(|(_, size)| {
        let is_first = bytes == 0;
        bytes += *size;
        is_first || bytes <= BATCH_BYTES
    });
    &sized[..fits.count()]
}

fn is_full(taken: usize, batch: i64) -> bool {
    i64::try_from(taken).is_ok_and(|taken| taken == batch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_deletes_so_many_bytes_of_text_or_one_text() {
        let third = BATCH_BYTES / 3;
        assert_eq!(within_batch(&[(1, third), (2, third), (3, third), (4, third)]).len(), 3);
        assert_eq!(within_batch(&[(1, 2 * BATCH_BYTES), (2, 1)]), [(1, 2 * BATCH_BYTES)]);
        assert!(within_batch(&[]).is_empty());
    }
}
