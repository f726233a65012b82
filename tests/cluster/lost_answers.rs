//! `ServerError` says that it is not known what became of a message. It may be stored; sent again, it is the same one.

use crate::{
    answer_thief::AnswerThief,
    cluster::{Cluster, blocking, confirmed, nats_url, new_database, postgres},
    harness::{Door, User, eventually},
};

const TEXT: &str = "stored without anybody hearing of it";
const TEMP_ID: &str = "0b1c6d1e-5a52-4d8f-9d52-0c3a3a7f4b7e";

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_stored_after_a_server_error_is_confirmed_and_delivered_once_when_it_is_sent_again()
 {
    let postgres = postgres();
    let database = new_database(postgres);
    let direct = postgres.url(&database);
    let thief = AnswerThief::before(postgres.port(), TEXT).await;
    let through = direct.replacen(&format!(":{}/", postgres.port()), &format!(":{}/", thief.port()), 1);
    assert_ne!(direct, through, "the address names its port");
    let nodes = async |url: &str| Cluster::with(1, url, &nats_url(), &database, &[]).await;
    let (here, elsewhere) = (nodes(&through).await, nodes(&direct).await);
    let (here, elsewhere) = (&here.nodes[0], &elsewhere.nodes[0]);

    let (alice, bob, carol) = (User::new(), User::new(), User::new());
    let room = here.room(&alice, &[&bob, &carol]).await;
    let mut of_bob = elsewhere.connect(&bob).await;
    let mut of_carol = here.connect(&carol).await;
    let mut ws = here.connect(&alice).await;
    ws.say(room, "before", "0123456789abcdef").await;
    of_bob.received(room, alice.id, "before").await;
    of_carol.received(room, alice.id, "before").await;

    ws.send_message(room, TEXT, TEMP_ID).await;
    ws.unconfirmed("ServerError", TEMP_ID).await;
    ws.disconnected(4006).await;
    assert!(thief.has_struck());
    let stored = || {
        let statement = format!("SELECT count(*) FROM plic_chat.messages WHERE text = '{TEXT}'");
        blocking(|| postgres.sql(&database, &statement)).trim().to_owned()
    };
    assert_eq!(stored(), "1", "it is stored, although nobody knows");

    // As the documents say: a new connection, which may lead to another node, and the same id.
    let mut ws = elsewhere.connect(&alice).await;
    for _ in 0..2 {
        ws.send_message(room, TEXT, TEMP_ID).await;
        confirmed(&mut ws, TEMP_ID).await;
    }
    thief.heal();
    ws.send_message(room, "after", "fedcba9876543210").await;
    confirmed(&mut ws, "fedcba9876543210").await;
    for other in [&mut of_bob, &mut of_carol] {
        other.received(room, alice.id, TEXT).await;
        other.received(room, alice.id, "after").await;
        other.nothing_came().await;
    }
    assert_eq!(stored(), "1");
    for node in [here, elsewhere] {
        eventually("the node to answer again", async || {
            node.get(&alice, &format!("/rooms/{room}")).await.status == 200
        })
        .await;
        assert_eq!(node.texts(&alice, room).await, ["before", TEXT, "after"]);
    }
}
