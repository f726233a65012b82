//! Rooms and who may change them (CONTRACT section 1). Pure rules: every storage engine loads the room in its
//! transaction, asks here, and writes what comes back.

use std::{collections::HashSet, time::Duration};

use crate::{
    id::{RoomId, UserId},
    store::StoreError,
    timestamp::Timestamp,
};

/// The most users that one request may name.
pub const MAX_USERS_PER_REQUEST: usize = 1000;
/// The most participants that a room may have.
pub const MAX_PARTICIPANTS: usize = 1000;
/// The largest `apartment_id`: 2^53 - 1, the largest integer that JavaScript holds exactly.
pub const MAX_APARTMENT_ID: i64 = (1 << 53) - 1;

/// A room and its people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Its id.
    pub id: RoomId,
    /// Who owns it: its creator, or whoever joined first once the owner has left.
    pub owner: UserId,
    /// Everybody in it, in the order in which they joined.
    pub participants: Vec<UserId>,
    /// The apartment that it is about.
    pub apartment: Option<i64>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was deleted; its rows stay for moderation.
    pub deleted_at: Option<Timestamp>,
}

/// What a change of participants comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MembershipChange {
    /// Who joins, in this order; none of them is in the room.
    pub join: Vec<UserId>,
    /// Who leaves; all of them are in the room.
    pub leave: Vec<UserId>,
    /// The new owner, where the old one leaves and somebody stays.
    pub new_owner: Option<UserId>,
    /// Nobody is left: the room is deleted.
    pub empties_room: bool,
}

/// Why a room is not created, changed, deleted or shown.
#[derive(Debug, thiserror::Error)]
pub enum RoomError {
    /// There is no such room for this user.
    #[error("there is no such room")]
    NotFound,
    /// A participant asks for what is the owner's.
    #[error("only the owner of the room may do this")]
    NotOwner,
    /// The room would have more participants than a room may.
    #[error("a room has at most {MAX_PARTICIPANTS} participants")]
    TooManyParticipants,
    /// Somebody is both to be added and to be removed.
    #[error("a user cannot be added and removed at once")]
    AddedAndRemoved,
    /// The cursor is no room of the caller's.
    #[error("`after` is not the id of a room of yours")]
    UnknownCursor,
    /// The user has started as many rooms within a day as they may; for how long.
    #[error("the user has started as many rooms within a day as they may")]
    TooManyRoomsToday(Duration),
    /// The user has brought as many people into rooms within a day as they may; for how long.
    #[error("the user has brought as many people into rooms within a day as they may")]
    TooManyPeopleToday(Duration),
    /// The request brings more people into rooms than a user may within a day: this many.
    #[error("a user may bring at most {0} people into rooms within a day")]
    MorePeopleThanADayAllows(u32),
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Everybody who is in a new room: the creator first, then those named, each once.
///
/// # Errors
/// `TooManyParticipants`.
pub fn founding_members(creator: UserId, named: &[UserId]) -> Result<Vec<UserId>, RoomError> {
    let mut seen = HashSet::from([creator]);
    let mut members = vec![creator];
    members.extend(named.iter().copied().filter(|user| seen.insert(*user)));
    if members.len() > MAX_PARTICIPANTS {
        return Err(RoomError::TooManyParticipants);
    }
    Ok(members)
}

impl Room {
    /// Whether `user` is in the room and the room is not deleted.
    pub fn has_participant(&self, user: UserId) -> bool {
        self.deleted_at.is_none() && self.participants.contains(&user)
    }

    /// What it comes to when `actor` adds and removes these users: all of it or an error. Adding who is in the room
    /// and removing who is not changes nothing.
    ///
    /// # Errors
    /// `NotFound` where the actor is not in the room, `NotOwner` where a participant asks for more than to leave,
    /// `AddedAndRemoved`, `TooManyParticipants`.
    pub fn change(
        &self,
        actor: UserId,
        add: &[UserId],
        remove: &[UserId],
    ) -> Result<MembershipChange, RoomError> {
        if !self.has_participant(actor) {
            return Err(RoomError::NotFound);
        }
        let leaves = add.is_empty() && !remove.is_empty() && remove.iter().all(|user| *user == actor);
        if self.owner != actor && !leaves {
            return Err(RoomError::NotOwner);
        }
        let removed: HashSet<UserId> = remove.iter().copied().collect();
        if add.iter().any(|user| removed.contains(user)) {
            return Err(RoomError::AddedAndRemoved);
        }
        let mut known: HashSet<UserId> = self.participants.iter().copied().collect();
        let join: Vec<UserId> = add.iter().copied().filter(|user| known.insert(*user)).collect();
        let (leave, mut stay): (Vec<UserId>, Vec<UserId>) =
            self.participants.iter().partition(|user| removed.contains(user));
        stay.extend(&join);
        if stay.len() > MAX_PARTICIPANTS {
            return Err(RoomError::TooManyParticipants);
        }
        let new_owner = if removed.contains(&self.owner) { stay.first().copied() } else { None };
        Ok(MembershipChange { join, leave, new_owner, empties_room: stay.is_empty() })
    }

    /// Whether `actor` may delete the room; `moderates` is the actor's right as a moderator.
    ///
    /// # Errors
    /// `NotFound` where there is no such room for the actor, `NotOwner` where a participant is not the owner.
    pub fn may_delete(&self, actor: UserId, moderates: bool) -> Result<(), RoomError> {
        if self.deleted_at.is_some() || !(moderates || self.has_participant(actor)) {
            return Err(RoomError::NotFound);
        }
        if self.owner != actor && !moderates {
            return Err(RoomError::NotOwner);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    fn room(members: &[u128]) -> Room {
        Room {
            id: RoomId(1),
            owner: user(members[0]),
            participants: members.iter().map(|n| user(*n)).collect(),
            apartment: None,
            created_at: Timestamp(0),
            deleted_at: None,
        }
    }

    #[test]
    fn the_creator_is_in_the_room_once_whether_named_or_not() {
        let members = founding_members(user(1), &[user(2), user(1), user(2)]).expect("small");
        assert_eq!(members, [user(1), user(2)]);
    }

    #[test]
    fn a_room_of_more_than_a_thousand_is_refused() {
        let named: Vec<UserId> = (2..=1001).map(user).collect();
        assert!(matches!(founding_members(user(1), &named), Err(RoomError::TooManyParticipants)));
        assert!(founding_members(user(1), &named[1..]).is_ok());
    }

    #[test]
    fn a_participant_may_leave_and_no_more() {
        let change = room(&[1, 2, 3]).change(user(2), &[], &[user(2)]).expect("leaves");
        assert_eq!(change.leave, [user(2)]);
        assert_eq!(change.new_owner, None);
        assert!(matches!(
            room(&[1, 2, 3]).change(user(2), &[], &[user(2), user(3)]),
            Err(RoomError::NotOwner)
        ));
        assert!(matches!(room(&[1, 2, 3]).change(user(2), &[user(4)], &[]), Err(RoomError::NotOwner)));
        assert!(matches!(room(&[1, 2, 3]).change(user(2), &[], &[]), Err(RoomError::NotOwner)));
        assert!(matches!(room(&[1, 2, 3]).change(user(9), &[], &[user(9)]), Err(RoomError::NotFound)));
    }

    #[test]
    fn when_the_owner_leaves_whoever_joined_first_owns_and_the_last_one_empties_the_room() {
        assert_eq!(
            room(&[1, 2, 3]).change(user(1), &[], &[user(1)]).expect("leaves").new_owner,
            Some(user(2))
        );
        let handover = room(&[1]).change(user(1), &[user(5)], &[user(1)]).expect("hands over");
        assert_eq!((handover.new_owner, handover.empties_room), (Some(user(5)), false));
        let last = room(&[1]).change(user(1), &[], &[user(1)]).expect("leaves");
        assert_eq!((last.new_owner, last.empties_room), (None, true));
    }

    #[test]
    fn adding_and_removing_the_same_user_is_refused() {
        assert!(matches!(
            room(&[1, 2]).change(user(1), &[user(2)], &[user(2)]),
            Err(RoomError::AddedAndRemoved)
        ));
    }

    #[test]
    fn repeats_and_changes_that_change_nothing_count_once_or_not_at_all() {
        let change = room(&[1, 2]).change(user(1), &[user(2), user(3), user(3)], &[user(8)]).expect("owner");
        assert_eq!(change.join, [user(3)]);
        assert_eq!(change.leave, []);
    }

    #[test]
    fn deleting_is_the_owners_and_the_moderators() {
        assert!(room(&[1, 2]).may_delete(user(1), false).is_ok());
        assert!(room(&[1, 2]).may_delete(user(9), true).is_ok());
        assert!(matches!(room(&[1, 2]).may_delete(user(2), false), Err(RoomError::NotOwner)));
        assert!(matches!(room(&[1, 2]).may_delete(user(9), false), Err(RoomError::NotFound)));
        let deleted = Room { deleted_at: Some(Timestamp(1)), ..room(&[1, 2]) };
        assert!(matches!(deleted.may_delete(user(1), false), Err(RoomError::NotFound)));
        assert!(matches!(deleted.may_delete(user(9), true), Err(RoomError::NotFound)));
    }
}
