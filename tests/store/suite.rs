//! The contract suite: facts about `plic_pipeline::store::Store` and `plic_pipeline::moderation::Records` that hold for
//! every engine.

pub(crate) mod append;
pub(crate) mod audit;
pub(crate) mod bans;
pub(crate) mod daily;
pub(crate) mod durability;
pub(crate) mod flood;
pub(crate) mod held;
pub(crate) mod history;
pub(crate) mod hits;
pub(crate) mod incidents;
pub(crate) mod lists;
pub(crate) mod membership;
pub(crate) mod policy;
pub(crate) mod redaction;
pub(crate) mod reports;
pub(crate) mod resend;
pub(crate) mod retention;
pub(crate) mod rooms;
pub(crate) mod rules;
pub(crate) mod said;
pub(crate) mod scan;
pub(crate) mod strikes;
pub(crate) mod walks;

use std::time::Duration;

use plic_filter::{Action, Category};
use plic_pipeline::{
    command::TempId,
    id::{ConnectionId, IncidentId, MessageId, RoomId, RuleId, UserId},
    moderation::{
        Finding, FoundMatch, Incident, IncidentFilter, IncidentKind, Policy,
        incident::{HeldMessage, RefusedMessage},
    },
    room::RoomError,
    store::{Held, NewMessage, Page, Reader, Recorded, SentKey, Store, StoreError, StoredMessage},
};
use uuid::Uuid;

use crate::engine::Kept;

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
    NewMessage { key, origin: ConnectionId(7), text: text.into(), flag: None }
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

/// A page of a room's messages, as a moderator reads it.
pub(crate) async fn history(
    store: &dyn Store,
    room: RoomId,
    before: Option<MessageId>,
    limit: usize,
) -> Page<StoredMessage> {
    let found = store.read_room(room, Reader::Moderator, before, limit).await.expect("answers");
    found.expect("there is such a room").messages
}

/// The texts of the newest messages, oldest first.
pub(crate) async fn texts(store: &dyn Store, room: RoomId) -> Vec<String> {
    let page = history(store, room, None, 1000).await;
    page.items.into_iter().map(|message| message.text).collect()
}

/// A verdict of this kind by the live rule 1 and the shadow rule 2, on the first three letters of a text.
pub(crate) fn finding(kind: IncidentKind, text: &str) -> Finding {
    let found = |rule: i64, shadow| FoundMatch {
        rule_id: RuleId(rule),
        rule_version: 3,
        rule: format!("rule {rule}"),
        kind: "terms".into(),
        category: Category::Scam,
        action: Action::Block,
        shadow,
        start: 0,
        end: 3,
        text: text.chars().take(3).collect(),
        score: Some(0.5),
        model: None,
        lowered: None,
        words: Vec::new(),
    };
    Finding { kind, category: Category::Scam, matches: vec![found(1, false), found(2, true)] }
}

/// A message that a rule refuses, with this temp id.
pub(crate) fn refused(
    kind: IncidentKind,
    sender: u128,
    room: RoomId,
    text: &str,
    temp_id: u128,
) -> RefusedMessage {
    let mut key = message(user(sender), room, text).key;
    for (byte, part) in key.digest[16..].iter_mut().zip(temp_id.to_le_bytes()) {
        *byte ^= part;
    }
    RefusedMessage { key, text: text.into(), finding: finding(kind, text) }
}

/// A message refused by a rule, each time with a temp id of its own.
pub(crate) async fn refuse(
    records: &dyn Kept,
    kind: IncidentKind,
    sender: u128,
    room: RoomId,
    text: &str,
) -> Recorded {
    let refused = refused(kind, sender, room, text, Uuid::new_v4().as_u128());
    records.record_refused(refused, &Policy::default()).await.expect("records")
}

/// A message to hold, under the key that [`message`] gives this text.
pub(crate) fn to_hold(sender: u128, room: RoomId, text: &str) -> HeldMessage {
    HeldMessage {
        key: message(user(sender), room, text).key,
        origin: ConnectionId(7),
        temp_id: TempId::from(format!("temp id of {text}").as_str()),
        text: text.into(),
        delivered: text.into(),
        finding: finding(IncidentKind::Hold, text),
    }
}

/// Holds a message; answers its incident.
pub(crate) async fn hold(records: &dyn Kept, sender: u128, room: RoomId, text: &str) -> IncidentId {
    assert_eq!(records.hold(to_hold(sender, room, text)).await.expect("holds"), Held::Waiting);
    all_incidents(records).await[0].id
}

/// The incidents, the newest first.
pub(crate) async fn all_incidents(records: &dyn Kept) -> Vec<Incident> {
    records.incidents(&IncidentFilter::default(), None, 1000).await.expect("answers").items
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
                a_moderators_deletion_is_audited,
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
                a_position_outlives_the_room_that_had_it,
                a_page_of_many_large_rooms_ends_early,
            }
            history {
                a_page_is_the_newest_messages_oldest_first,
                pages_back_are_complete_without_repeats,
                a_cursor_from_elsewhere_still_divides_by_id,
                a_room_that_is_not_there_is_not_read,
                a_room_is_read_by_its_participants_and_by_moderators,
            }
            daily {
                a_user_starts_so_many_rooms_a_day_and_what_becomes_of_them_changes_nothing,
                a_user_brings_so_many_people_into_rooms_a_day,
                many_at_once_are_counted_one_by_one,
                limits_of_a_day_are_for_users_alone,
                more_people_than_a_day_allows_are_never_brought,
            }
            walks {
                rooms_are_walked_without_repeat_or_gap_while_they_move,
                messages_are_walked_without_repeat_or_gap_while_others_come_and_go,
                incidents_are_walked_without_repeat_or_gap_while_others_are_decided,
                bans_are_walked_without_repeat_or_gap_while_others_are_set_and_lifted,
                the_audit_log_is_walked_without_repeat_or_gap_while_it_grows,
                rules_are_walked_without_repeat_or_gap_while_others_come_and_go,
                versions_of_a_rule_are_walked_without_repeat_or_gap_while_it_is_written_and_deleted,
            }
            bans {
                a_ban_holds_until_it_ends_or_is_lifted,
                a_second_ban_replaces_the_first,
                a_banned_sender_has_nothing_held,
                every_ban_stays_on_record,
                an_expired_ban_is_not_lifted_and_not_listed,
                a_ban_binds_and_is_lifted_by_the_rank_that_set_it,
                the_operator_lifts_any_ban_and_is_audited_as_the_command_line,
                a_role_is_known_for_a_day_after_its_token_was_seen,
                an_admin_goes_on_sending_under_a_moderators_ban,
                who_was_an_admin_a_day_ago_is_bound_like_any_user,
            }
            durability {
                everything_acknowledged_is_there_after_opening_again,
                what_waits_when_the_store_closes_is_still_stored,
            }
            rules {
                versions_are_kept_and_the_newest_is_in_force,
                a_stale_revision_changes_nothing,
                a_deleted_rule_is_gone_and_can_be_written_again,
                writes_are_all_or_nothing,
                a_rule_is_read_by_itself_and_rules_in_pages,
                pages_end_early_once_they_hold_much,
            }
            incidents {
                what_was_found_comes_back_as_it_was,
                the_same_text_is_opened_once_while_it_is_open,
                every_filter_finds_its_own_and_pages_are_complete,
                what_was_said_around_is_shown,
                a_flagged_message_is_delivered_and_its_incident_follows,
                a_decision_is_made_once,
                only_what_fits_is_decided,
                nobody_decides_about_what_they_said_themselves,
                who_decided_or_an_admin_takes_a_decision_back,
                only_an_admin_takes_back_what_time_decided,
                what_retention_has_cleared_is_not_reopened,
            }
            flood {
                a_sender_opens_a_hundred_an_hour,
                nobody_hides_behind_the_hundred,
                a_sender_holds_a_hundred_undecided_an_hour,
                a_temp_id_that_is_too_long_is_not_kept,
                beyond_a_hundred_flags_one_incident_stands_for_all_messages,
                a_reporter_reports_fifty_an_hour,
            }
            held {
                a_held_message_waits_once_and_is_not_stored,
                a_released_message_is_delivered_as_the_newest_and_confirmed,
                a_released_message_is_confirmed_with_its_temp_id_exactly,
                a_released_message_survives_opening_again_without_its_connection,
                what_was_not_released_stays_held_within_its_window,
                after_its_window_a_held_message_is_a_new_one,
                a_message_that_was_sent_is_not_held,
                who_is_not_in_the_room_holds_nothing_and_gets_nothing_released,
                a_held_message_does_not_hold_its_neighbours,
                a_release_delivers_what_rules_left_of_it,
                dismissing_a_held_message_releases_it,
                what_was_dropped_by_mistake_is_reopened_and_released_as_rules_left_it,
                what_was_delivered_is_not_delivered_again_by_a_second_decision,
                the_policy_gives_what_is_reopened_its_whole_time_again,
            }
            strikes {
                the_last_strike_bans_and_the_same_strikes_never_ban_again,
                only_blocks_strike_and_old_ones_do_not_count,
                dismissing_takes_the_strike_and_the_ban_back,
                the_same_key_is_one_strike_within_its_window,
                a_ban_stands_while_the_policys_strikes_are_left,
                a_stronger_ban_stands_and_a_moderators_ban_is_not_lifted,
                without_a_number_nobody_is_banned,
                an_admins_ban_is_not_replaced_by_the_policys,
                a_reopened_dismissal_gives_the_strike_back_and_not_the_ban,
                the_dossier_has_it_all,
                users_are_found_by_the_beginning_of_their_ids,
            }
            reports {
                every_report_of_a_message_is_counted_once_in_its_one_incident,
                a_report_joins_the_incident_of_a_flagged_message,
                another_report_reopens_what_was_decided_unless_it_was_removed,
                of_many_reports_the_first_twenty_are_listed_and_all_are_counted,
                pages_end_early_once_their_reports_are_much,
                who_is_not_there_reports_nothing,
                who_was_there_reports_whatever_became_of_them_or_the_room,
            }
            audit {
                every_write_leaves_its_entry_in_a_chain,
                pages_go_back_and_forth,
                every_filter_finds_its_own,
            }
            policy {
                the_default_holds_until_another_is_set,
            }
            redaction {
                a_redacted_text_is_gone_but_from_open_incidents,
                nobody_redacts_the_evidence_against_themselves,
                removing_a_held_message_keeps_its_text_as_evidence,
                a_message_that_is_not_there_is_not_found,
            }
            retention {
                nothing_to_do_leaves_no_entry,
                held_messages_are_released_or_dropped_in_time,
                time_releases_nothing_of_who_is_banned,
                deleted_rooms_go_with_all_they_have,
                old_messages_go_and_the_room_goes_on,
                decided_incidents_lose_their_text_and_what_was_said_about_it,
                undecided_incidents_lose_their_text_later,
            }
            said {
                what_a_sender_said_in_a_room_is_read_without_others_and_redacted_texts,
                the_newest_messages_of_a_room_are_looked_through_and_no_more,
                what_a_sender_said_over_rooms_is_of_the_last_hour_with_first_contacts,
                many_rooms_are_read_up_to_a_bound,
            }
            scan {
                messages_come_in_order_without_redacted_ones,
                it_begins_where_it_is_asked_to,
                messages_that_moderators_mind_are_not_ordinary,
            }
            hits {
                hits_add_up_by_rule_action_and_day,
                judged_messages_add_up_by_day,
                precision_is_learnt_from_decisions,
                decisions_and_bans_are_counted_by_day,
                numbers_go_back_four_hundred_days,
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
