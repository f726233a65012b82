//! The contract suite: facts about `plic_pipeline::store::Store` that hold for every engine.

pub(crate) mod append;
pub(crate) mod bans;
pub(crate) mod durability;
pub(crate) mod history;
pub(crate) mod lists;
pub(crate) mod membership;
pub(crate) mod resend;
pub(crate) mod rooms;

use std::time::Duration;

use plic_pipeline::{
    id::{ConnectionId, MessageId, RoomId, UserId},
    room::RoomError,
    store::{NewMessage, SentKey, Store, StoreError},
};
use uuid::Uuid;

pub(crate) const DAY: Duration = Duration::from_hours(24);
pub(crate) const MINUTE: Duration = Duration::from_mins(1);

pub(crate) fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

pub(crate) fn users(numbers: &[u128]) -> Vec<UserId> {
    numbers.iter().copied().map(user).collect()
}

/// A message whose text is also what makes it the same one when sent again.
pub(crate) fn message(sender: UserId, room: RoomId, text: &str) -> NewMessage {
    let mut digest = [0; 32];
    for (place, byte) in text.bytes().enumerate() {
        digest[place % 32] ^= byte;
    }
    let key = SentKey { sender, room, digest, window: DAY };
    NewMessage { key, origin: ConnectionId(7), text: text.into() }
}

pub(crate) async fn say(
    store: &dyn Store,
    sender: u128,
    room: RoomId,
    text: &str,
) -> Result<MessageId, StoreError> {
    store.append(message(user(sender), room, text)).await
}

/// A room of these people; the first one owns it.
pub(crate) async fn room_of(store: &dyn Store, people: &[u128]) -> RoomId {
    store.create_room(user(people[0]), &users(&people[1..]), None).await.expect("creates a room")
}

pub(crate) async fn participants(store: &dyn Store, room: RoomId) -> Vec<UserId> {
    store.room(room).await.expect("answers").expect("there is such a room").participants.clone()
}

/// The texts of the newest messages, oldest first.
pub(crate) async fn texts(store: &dyn Store, room: RoomId) -> Vec<String> {
    let page = store.messages(room, None, 1000).await.expect("answers");
    page.items.into_iter().map(|message| message.text).collect()
}

pub(crate) fn is_not_found(answer: &Result<(), RoomError>) -> bool {
    matches!(answer, Err(RoomError::NotFound))
}

pub(crate) fn is_not_owner(answer: &Result<(), RoomError>) -> bool {
    matches!(answer, Err(RoomError::NotOwner))
}

/// Lists every fact once; a test of its own for each, for each engine.
macro_rules! store_contract {
    ($make:path) => {
        store_contract! { $make:
            append {
                each_room_counts_without_a_gap_under_64_concurrent_senders,
                what_is_published_is_what_is_stored_with_those_who_are_in_the_room,
                a_message_is_published_before_it_is_acknowledged,
                who_may_not_write_is_refused_and_their_neighbours_are_not,
                callers_that_go_away_lose_and_reorder_nothing,
                any_text_comes_back_as_it_was,
            }
            resend {
                the_same_key_is_the_same_message,
                the_same_key_many_times_at_once_is_one_message,
                another_text_sender_or_room_is_another_message,
                after_its_window_a_key_is_a_new_message,
                a_stored_message_is_confirmed_again_to_who_has_left,
                a_refused_message_is_not_remembered,
            }
            rooms {
                the_creator_owns_the_room_and_everybody_is_in_it_once,
                the_apartment_comes_back,
                a_room_holds_a_thousand_and_no_more,
                ids_grow_and_are_not_those_of_other_rooms,
                the_owner_and_moderators_delete_and_nobody_else,
                a_deleted_room_keeps_its_rows_and_takes_no_messages,
            }
            membership {
                the_owner_adds_and_removes,
                who_joins_again_stands_last,
                a_participant_leaves_and_no_more,
                a_stranger_cannot_tell_a_room_from_none,
                a_refused_change_changes_nothing,
                whoever_joined_first_inherits,
                when_the_last_one_leaves_the_room_is_deleted,
                messages_reach_those_who_are_in_the_room_now,
            }
            lists {
                the_newest_activity_is_first_with_its_last_message,
                pages_are_complete_without_repeats,
                deleted_rooms_and_those_one_has_left_are_not_listed,
                a_cursor_is_a_room_of_ones_own,
            }
            history {
                a_page_is_the_newest_messages_oldest_first,
                pages_back_are_complete_without_repeats,
                a_cursor_from_elsewhere_still_divides_by_id,
                a_room_that_is_not_there_has_no_messages,
            }
            bans {
                a_ban_holds_until_it_ends_or_is_lifted,
                a_second_ban_replaces_the_first,
            }
            durability {
                everything_acknowledged_is_there_after_opening_again,
                what_waits_when_the_store_closes_is_still_stored,
            }
        }
    };
    ($make:path: $($module:ident { $($fact:ident,)* })*) => {
        $(mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                crate::suite::$module::$fact($make().await).await;
            })*
        })*
    };
}
