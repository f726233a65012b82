//! Several nodes on one `PostgreSQL` database.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures_util::future::join_all;
use plic_chat::{
    cluster::shared::{Arrival, News, Registered, RoomHead, Shared},
    store::{Cached, PostgresStore, Writers},
};
use plic_pipeline::{
    daily::DailyLimits,
    id::{ConnectionId, MessageId, RoomId, UserId},
    moderation::{Authority, Decision, Records},
    store::{Ban, NewMessage, Reader, Store, StoreError},
    timestamp::Timestamp,
    token::Role,
};
use sqlx::query_as;

use crate::{
    engine::{Recorder, postgres::Database},
    suite::{hold, message, room_of, say, user, users},
};

/// Two nodes, and what each publishes.
struct Nodes {
    stores: [Arc<PostgresStore>; 2],
    buses: [Arc<Recorder>; 2],
    database: Database,
}

async fn nodes() -> Nodes {
    let database = Database::migrated().await;
    let buses = [Arc::default(), Arc::default()];
    let stores = [Arc::new(database.open(&buses[0]).await), Arc::new(database.open(&buses[1]).await)];
    Nodes { stores, buses, database }
}

async fn news(store: &PostgresStore, after: i64) -> Vec<News> {
    let items = store.news_after(after).await.expect("answers").expect("nothing is forgotten");
    items.into_iter().filter_map(|item| item.news).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_two_nodes_to_the_same_rooms_have_one_order() {
    let Nodes { stores, buses, database } = nodes().await;
    let mut rooms = Vec::new();
    for _ in 0..20 {
        rooms.push(room_of(&*stores[0], &[1, 2]).await);
    }
    let append = |n: usize| {
        let (store, room) = (&stores[n % 2], rooms[n * 7 % 20]);
        let text = format!("message {n}");
        async move { store.append(message(user(1), room, &text)).await.expect("stores") }
    };
    let ids: HashSet<MessageId> = join_all((0..2000).map(append)).await.into_iter().collect();
    assert_eq!(ids.len(), 2000);
    let rows: Vec<(i64, i64, i64)> = query_as("SELECT room, seq, id FROM messages ORDER BY room, seq")
        .fetch_all(&mut database.stranger().await)
        .await
        .expect("answers");
    let mut before = (0, 0, 0);
    for (room, seq, id) in rows {
        let expected = if room == before.0 { before.1 + 1 } else { 1 };
        assert_eq!(seq, expected, "room {room} has no gap");
        assert!(room != before.0 || id > before.2, "ids of room {room} grow");
        before = (room, seq, id);
    }
    assert_eq!(buses[0].messages().len() + buses[1].messages().len(), 2000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limits_of_a_day_hold_over_all_nodes() {
    let (database, bus) = (Database::migrated().await, Arc::default());
    let limits = DailyLimits { rooms: 3, people: 100 };
    let stores = [database.open(&bus).await, database.open(&bus).await];
    let stores = stores.map(|store| store.with_daily_limits(limits));
    let created = join_all((0..20).map(|turn: usize| stores[turn % 2].create_room(user(1), &[], None))).await;
    assert_eq!(created.iter().filter(|created| created.is_ok()).count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_message_to_both_nodes_is_stored_once() {
    let Nodes { stores, buses, database: _database } = nodes().await;
    let room = room_of(&*stores[0], &[1]).await;
    for n in 0..50 {
        let text = format!("message {n}");
        let twice = stores.iter().map(|store| store.append(message(user(1), room, &text)));
        let ids: HashSet<MessageId> =
            join_all(twice).await.into_iter().map(|id| id.expect("stores")).collect();
        assert_eq!(ids.len(), 1);
    }
    assert_eq!(buses[0].messages().len() + buses[1].messages().len(), 50);
    assert_eq!(stores[0].heads(&[room]).await.expect("answers")[0].seq, 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_delivers_to_those_whom_another_node_has_added() {
    let Nodes { stores, buses, database: _database } = nodes().await;
    let room = room_of(&*stores[0], &[1]).await;
    say(&*stores[1], 1, room, "alone").await.expect("stores");
    stores[0].change_room(room, user(1), &users(&[2]), &[]).await.expect("adds");
    say(&*stores[1], 2, room, "together").await.expect("stores");
    stores[0].change_room(room, user(1), &[], &users(&[2])).await.expect("removes");
    assert!(matches!(say(&*stores[1], 2, room, "gone").await, Err(StoreError::NotParticipant)));
    let delivered = buses[1].messages();
    assert_eq!(*delivered[0].participants, *users(&[1]));
    assert_eq!(*delivered[1].participants, *users(&[1, 2]));
    assert!(delivered[0].people_version < delivered[1].people_version);
    let people = stores[1].people(&[room, RoomId(404)]).await.expect("answers");
    assert_eq!(people.iter().map(|people| people.users.len()).collect::<Vec<_>>(), [1, 0]);
    assert!(people[0].version > delivered[1].people_version);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_read_again_with_their_origin() {
    let Nodes { stores, database: _database, .. } = nodes().await;
    let room = room_of(&*stores[0], &[1, 2]).await;
    for (n, text) in (1..).zip(["a", "b\0\u{1a}", "c"]) {
        let sent = NewMessage { origin: ConnectionId(n << 32 | 5), ..message(user(1), room, text) };
        stores[0].append(sent).await.expect("stores");
    }
    let incident = hold(&*stores[0], 2, room, "held").await;
    stores[1].decide(incident, Decision::Release, None, user(9)).await.expect("releases");
    let read = stores[1].messages_after(room, 1).await.expect("answers");
    let found: Vec<_> =
        read.iter().map(|m| (m.seq, m.text.as_str(), m.origin.0, m.participants.len())).collect();
    assert_eq!(found, [(2, "b\0\u{1a}", 2 << 32 | 5, 2), (3, "c", 3 << 32 | 5, 2), (4, "held", 7, 2)]);
    assert_eq!(stores[1].messages_after(room, 4).await.expect("answers").len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_numbered_in_the_order_of_commit_and_every_node_reads_them() {
    let Nodes { stores, database: _database, .. } = nodes().await;
    let first = stores[0].news_head().await.expect("answers");
    let room = room_of(&*stores[0], &[1, 2]).await;
    let ban = Ban {
        user: user(2),
        reason: "it is a test".into(),
        expires_at: None,
        authority: Authority::Moderator,
    };
    stores[1].ban(ban, Some(user(9))).await.expect("bans");
    stores[0].lift_ban(user(2), Some(user(9)), Authority::Moderator).await.expect("lifts");
    let told = news(&stores[1], first).await;
    assert!(matches!(told[0], News::Room(RoomHead { room: told, seq: 0, .. }) if told == room), "{told:?}");
    assert_eq!(told[1..], [News::Banned(user(2)), News::BanLifted(user(2))]);

    let change = |n: u128| {
        let store = Arc::clone(&stores[usize::from(n.is_multiple_of(2))]);
        async move { store.change_room(room, user(1), &users(&[100 + n]), &[]).await.expect("adds") }
    };
    join_all((0..40).map(change)).await;
    let items = stores[0].news_after(first).await.expect("answers").expect("nothing is forgotten");
    let numbers: Vec<i64> = items.iter().map(|item| item.number).collect();
    assert_eq!(numbers, (first + 1..=first + 43).collect::<Vec<_>>());
    assert_eq!(stores[1].news_head().await.expect("answers"), first + 43);
    let made_by: HashSet<i64> = items.iter().map(|item| item.node).collect();
    assert_eq!(made_by, HashSet::from([Shared::node(&*stores[0]), Shared::node(&*stores[1])]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_that_are_forgotten_are_known_to_be_missing_and_unknown_ones_are_passed_over() {
    let Nodes { stores, database, .. } = nodes().await;
    let first = stores[0].news_head().await.expect("answers");
    for _ in 0..3 {
        room_of(&*stores[0], &[1]).await;
    }
    database.sql(&format!("DELETE FROM plic_chat.feed WHERE number = {}", first + 1));
    assert_eq!(stores[0].news_after(first).await.expect("answers"), None);
    database.sql(&format!(
        "UPDATE plic_chat.feed SET body = '{{\"kind\":\"of the future\"}}' WHERE number = {}",
        first + 2
    ));
    let rest = stores[0].news_after(first + 1).await.expect("answers").expect("nothing is forgotten");
    let known: Vec<_> = rest.iter().map(|item| (item.number, item.news.is_some())).collect();
    assert_eq!(known, [(first + 2, false), (first + 3, true)]);
    assert_eq!(stores[0].news_after(first + 3).await.expect("answers"), Some(Vec::new()));
    assert_eq!(stores[0].news_after(first + 4).await.expect("answers"), None, "it is of another time");
    database.sql("UPDATE plic_chat.feed SET at = at - 601000000");
    stores[0].alive().await.expect("says so");
    assert_eq!(stores[0].news_after(first + 1).await.expect("answers"), None);
}

fn for_good(n: u128) -> Ban {
    Ban { user: user(n), reason: "it is a test".into(), expires_at: None, authority: Authority::Moderator }
}

fn arrival(user_: u128, connection: u64) -> Arrival {
    Arrival { user: user(user_), connection: ConnectionId(connection) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_connection_replaces_the_oldest_on_whichever_node_it_is() {
    let Nodes { stores, database: _database, .. } = nodes().await;
    let mine = room_of(&*stores[0], &[1, 2]).await;
    let deleted = room_of(&*stores[0], &[1]).await;
    stores[0].delete_room(deleted, user(1), false).await.expect("deletes");
    let first = stores[0].news_head().await.expect("answers");

    let arrivals = vec![arrival(1, 10), arrival(2, 20), arrival(3, 30)];
    let Registered { rooms, banned } = stores[0].arrived(arrivals, vec![], 1).await.expect("arrive");
    assert_eq!(banned, []);
    let found: Vec<(UserId, Vec<RoomId>)> =
        rooms.iter().map(|of| (of.user, of.rooms.iter().map(|head| head.room).collect())).collect();
    assert_eq!(found, [(user(1), vec![mine]), (user(2), vec![mine]), (user(3), vec![])]);
    assert_eq!(stores[0].rooms_after(user(1), mine).await.expect("answers").rooms, []);

    let established = |some: &[u64]| some.iter().map(|one| ConnectionId(*one)).collect::<Vec<_>>();
    stores[1].arrived(vec![arrival(1, 11), arrival(1, 12)], established(&[10, 20]), 1).await.expect("arrive");
    assert_eq!(news(&stores[1], first).await, [], "those whose handshake has not succeeded replace nothing");
    // A newer one that is not established does not replace one that is.
    stores[1].arrived(vec![], established(&[11]), 1).await.expect("arrives");
    assert_eq!(news(&stores[1], first).await, [News::Replaced(arrival(1, 10))]);
    stores[1].arrived(vec![], established(&[12]), 1).await.expect("arrives");
    stores[1].left(vec![ConnectionId(20)]).await.expect("leaves");
    stores[0].arrived(vec![arrival(2, 21)], vec![], 1).await.expect("arrives");
    stores[0].arrived(vec![], established(&[21, 11]), 1).await.expect("arrives");
    let replaced = [News::Replaced(arrival(1, 10)), News::Replaced(arrival(1, 11))];
    assert_eq!(news(&stores[1], first).await, replaced);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_banned_user_is_not_registered_and_replaces_no_connection() {
    let Nodes { stores, database, .. } = nodes().await;
    stores[0].arrived(vec![arrival(1, 10)], vec![], 1).await.expect("arrives");
    let first = stores[0].news_head().await.expect("answers");
    stores[0].ban(for_good(1), Some(user(9))).await.expect("bans");
    let Registered { rooms, banned } =
        stores[1].arrived(vec![arrival(1, 11), arrival(2, 20)], vec![], 1).await.expect("answers");
    assert_eq!(banned, [user(1)]);
    assert_eq!(rooms.iter().map(|of| of.user).collect::<Vec<_>>(), [user(2)]);
    assert_eq!(news(&stores[1], first).await, [News::Banned(user(1))]);
    let registered = database.sql("SELECT connection FROM plic_chat.connections ORDER BY 1");
    assert_eq!(registered.split_whitespace().collect::<Vec<_>>(), ["10", "20"]);
    stores[0].lift_ban(user(1), Some(user(9)), Authority::Moderator).await.expect("lifts");
    assert_eq!(stores[1].arrived(vec![arrival(1, 11)], vec![], 1).await.expect("arrives").banned, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_an_admin_a_day_ago_is_banned_where_messages_are_stored_and_connections_registered() {
    let Nodes { stores, database, .. } = nodes().await;
    let room = room_of(&*stores[0], &[1, 2]).await;
    let ban = Ban { authority: Authority::Moderator, ..for_good(1) };
    stores[0].note_role(user(1), Role::Admin).await.expect("notes");
    stores[0].ban(ban, Some(user(9))).await.expect("bans");
    // The first goes the slow way, the second the fast one.
    for text in ["a", "b"] {
        say(&*stores[1], 1, room, text).await.expect("stores");
    }
    assert_eq!(stores[1].arrived(vec![arrival(1, 10)], vec![], 1).await.expect("arrives").banned, []);
    database.sql("UPDATE plic_chat.staff SET seen_at = seen_at - 86400000000");
    for (by, text) in [(&stores[0], "c"), (&stores[1], "d")] {
        let banned = say(&**by, 1, room, text).await;
        assert!(matches!(banned, Err(StoreError::Banned)), "{banned:?}");
    }
    assert_eq!(stores[1].arrived(vec![arrival(1, 11)], vec![], 1).await.expect("answers").banned, [user(1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_transaction_that_stores_refuses_who_was_banned_on_another_node_and_nobody_else() {
    let Nodes { stores, buses, database: _database } = nodes().await;
    let room = room_of(&*stores[0], &[1, 2]).await;
    for n in 1..=2 {
        // From now on both are known to the node that appends.
        say(&*stores[1], n, room, &format!("{n} before")).await.expect("stores");
    }
    stores[0].ban(for_good(1), Some(user(9))).await.expect("bans");
    let (banned, other) =
        tokio::join!(say(&*stores[1], 1, room, "banned"), say(&*stores[1], 2, room, "meanwhile"));
    assert!(matches!(banned, Err(StoreError::Banned)), "{banned:?}");
    other.expect("stores");
    // What was stored before is confirmed again.
    say(&*stores[1], 1, room, "1 before").await.expect("is the same message");
    let said: Vec<String> = buses[1].messages().iter().map(|message| message.text.clone()).collect();
    assert_eq!(said, ["1 before", "2 before", "meanwhile"]);
    let over = Ban { expires_at: Some(Timestamp::now().before(Duration::from_secs(1))), ..for_good(1) };
    stores[0].ban(over, Some(user(9))).await.expect("bans");
    say(&*stores[1], 1, room, "after").await.expect("the ban is over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cache_of_a_node_hides_no_removal_deletion_or_ban_of_another() {
    let Nodes { stores, buses, database } = nodes().await;
    let elsewhere = &stores[0];
    let here = Cached::new(database.open(&buses[1]).await, Writers::OthersToo);
    let reads = async |n, room| {
        let found = here.read_room(room, Reader::Participant(user(n)), None, 10).await.expect("answers");
        found.is_some()
    };
    let (left, deleted) = (room_of(&**elsewhere, &[1, 2]).await, room_of(&**elsewhere, &[1, 2]).await);
    for room in [left, deleted] {
        // In the cache from now on, as after a message there.
        here.room(room).await.expect("answers").expect("there");
        assert!(reads(2, room).await);
    }
    assert_eq!(here.ban_of(user(2)).await.expect("answers"), None);
    assert_eq!(here.cached_ban_of(user(2)).await.expect("answers"), None);

    elsewhere.change_room(left, user(1), &[], &users(&[2])).await.expect("removes");
    elsewhere.delete_room(deleted, user(1), false).await.expect("deletes");
    elsewhere.ban(for_good(2), Some(user(9))).await.expect("bans");
    assert!(!reads(2, left).await && !reads(2, deleted).await && !reads(1, deleted).await);
    assert_eq!(here.ban_of(user(2)).await.expect("answers"), Some(for_good(2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_closes_takes_its_connections_and_itself_away() {
    let Nodes { stores, database, .. } = nodes().await;
    stores[0].arrived(vec![arrival(1, 10), arrival(2, 20)], vec![], 5).await.expect("arrive");
    stores[1].arrived(vec![arrival(1, 11)], vec![], 5).await.expect("arrives");
    stores[0].close().await;
    assert_eq!(database.sql("SELECT connection FROM plic_chat.connections").trim(), "11");
    let nodes = database.sql("SELECT node FROM plic_chat.nodes");
    assert_eq!(nodes.trim(), Shared::node(&*stores[1]).to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_of_a_node_that_is_silent_for_a_minute_are_forgotten() {
    let Nodes { stores, database, .. } = nodes().await;
    stores[0].arrived(vec![arrival(1, 10)], vec![], 1).await.expect("arrives");
    let count = || database.sql("SELECT count(*) FROM plic_chat.connections");
    database.sql("UPDATE plic_chat.nodes SET seen_at = seen_at - 61000000");
    // The database was away for both of them: the other one has its turn first.
    stores[1].alive().await.expect("says so");
    assert_eq!(count().trim(), "1");
    stores[1].alive().await.expect("says so");
    assert_eq!(count().trim(), "0");
}
