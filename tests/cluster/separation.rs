//! Chats that share servers do not see each other, and what cannot work together is refused.

use testbed::PgBouncer;

use crate::{
    cluster::{Cluster, PROMPTLY, blocking, nats_url, new_database, postgres, soon},
    harness::{Chat, Door, User, database_in, run},
    load::Crowd,
};

#[tokio::test(flavor = "multi_thread")]
async fn two_chats_on_one_nats_hear_nothing_of_each_other() {
    let (one, other) = (Cluster::of(2).await, Cluster::of(2).await);
    let (alice, bob) = (User::new(), User::new());
    let rooms = (one.nodes[0].room(&alice, &[&bob]).await, other.nodes[0].room(&alice, &[&bob]).await);
    assert_eq!(rooms.0, rooms.1, "only the prefix and the database tell these rooms apart");
    let mut here = one.nodes[1].connect(&bob).await;
    let mut there = other.nodes[1].connect(&bob).await;
    one.nodes[0].connect(&alice).await.say(rooms.0, "for here", "t1").await;
    soon(PROMPTLY, "the message", here.received(rooms.0, alice.id, "for here")).await;
    one.nodes[0].ban(alice.id).await;
    other.nodes[0].connect(&alice).await.say(rooms.1, "for there", "t1").await;
    soon(PROMPTLY, "the message", there.received(rooms.1, alice.id, "for there")).await;
    here.nothing_came().await;
    there.nothing_came().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_talk_through_a_pooler_in_transaction_mode() {
    let postgres = postgres();
    let pooler = blocking(|| PgBouncer::start(postgres));
    let database = new_database(postgres);
    let settings = [("PLIC_DATABASE_POOLER", "transaction")];
    let cluster = Cluster::with(2, &pooler.url(&database), &nats_url(), &database, &settings).await;
    let crowd = Crowd::gather(&cluster.nodes[0], &cluster.addresses(), 5, 4).await;
    crowd.goes_on(200).await;
    crowd.verdict(&cluster.nodes.iter().collect::<Vec<_>>()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_nodes_on_an_sqlite_file_are_refused_in_one_line() {
    let chat = Chat::serve().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = database_in(folder.path());
    let nats = nats_url();
    let mut settings: Vec<_> =
        chat.settings().into_iter().filter(|(name, _)| *name != "DATABASE_URL").collect();
    settings.extend([("DATABASE_URL", &*database), ("NATS_URL", &*nats)]);
    let ended = run(folder.path(), &["serve"], &settings).await;
    assert!(!ended.status.success());
    let said: Vec<_> = ended.stderr.lines().filter(|line| line.contains("NATS_URL")).collect();
    assert!(matches!(said[..], [line] if line.contains("PostgreSQL")), "{ended:?}");
    assert!(!folder.path().join("chat.db").exists(), "nothing is made before the settings are right");
}
