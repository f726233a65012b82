//! The stages in their order: who passes, and with what answer everybody else is refused.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use plic_pipeline::{
    command::Reply,
    id::MessageId,
    rejection::{CloseCode, Reason},
    request::{Inbound, Payload},
    timestamp::Timestamp,
};
use tower::{Service, ServiceExt};

use crate::one_room::{OneRoom, SLUR, over, refused, run, send, session};

#[tokio::test]
async fn a_good_command_is_stored_and_answered_with_its_temp_id() {
    let (answer, stored) = run(OneRoom::default(), send(1, "Bonjour")).await;
    assert_eq!(answer.expect("passes"), Reply::Sent { temp_id: "t".into(), message: MessageId(1) });
    assert_eq!(stored, 1);
}

#[tokio::test]
async fn a_token_that_ran_out_closes_with_4002_and_answers_the_temp_id() {
    let inbound = Inbound { session: session(Duration::ZERO), payload: send(1, "Bonjour") };
    let refused = over(OneRoom::default(), 100).pipeline.oneshot(inbound).await.expect_err("refused");
    assert_eq!(refused.rejection.close(), Some(CloseCode::InvalidToken));
    assert_eq!(refused.temp_id, Some("t".into()));
}

#[tokio::test]
async fn what_is_no_command_closes_with_4010() {
    let bad = (Reason::BadMessageStructure, Some(CloseCode::BadMessageStructure), None);
    for payload in [Payload::Binary, Payload::TooLarge, Payload::Text(Bytes::from_static(b"{"))] {
        assert_eq!(refused(OneRoom::default(), payload).await, bad);
    }
}

#[tokio::test]
async fn a_banned_user_is_refused_with_4005_until_the_ban_ends() {
    let until = |end| OneRoom { banned_until: Some(end), ..OneRoom::default() };
    let now = Timestamp::now();
    let banned = refused(until(now.after(Duration::from_mins(1))), send(1, "Bonjour")).await;
    assert_eq!(banned, (Reason::UnauthorizedAction, Some(CloseCode::Banned), Some("t".to_owned())));
    assert_eq!(run(until(now), send(1, "Bonjour")).await.1, 1);
}

#[tokio::test]
async fn a_hateful_text_closes_with_4011_whichever_room_it_is_for() {
    let hateful = (Reason::HatefulSpeech, Some(CloseCode::HatefulSpeech), Some("t".to_owned()));
    assert_eq!(refused(OneRoom::default(), send(1, SLUR)).await, hateful);
    assert_eq!(refused(OneRoom::default(), send(2, SLUR)).await, hateful);
}

#[tokio::test]
async fn a_room_that_the_sender_is_not_in_closes_with_4012() {
    let unauthorized =
        (Reason::UnauthorizedAction, Some(CloseCode::UnauthorizedAction), Some("t".to_owned()));
    assert_eq!(refused(OneRoom::default(), send(2, "Bonjour")).await, unauthorized);
    assert_eq!(refused(OneRoom::default(), send(-1, "Bonjour")).await, unauthorized);
}

#[tokio::test]
async fn a_sender_who_is_removed_at_the_last_moment_gets_4012_and_no_server_error() {
    let store = OneRoom { loses_the_sender: true, ..OneRoom::default() };
    let unauthorized =
        (Reason::UnauthorizedAction, Some(CloseCode::UnauthorizedAction), Some("t".to_owned()));
    assert_eq!(refused(store, send(1, "Bonjour")).await, unauthorized);
}

#[tokio::test]
async fn a_message_that_was_stored_is_confirmed_though_its_text_or_room_is_refused_today() {
    for payload in [send(1, SLUR), send(2, "Bonjour")] {
        let store = OneRoom { was_sent: true, ..OneRoom::default() };
        let (answer, stored) = run(store, payload).await;
        assert_eq!(
            answer.expect("confirmed again"),
            Reply::Sent { temp_id: "t".into(), message: MessageId(1) }
        );
        assert_eq!(stored, 0);
    }
}

#[tokio::test]
async fn a_store_that_is_away_lets_nobody_pass() {
    let away = OneRoom { is_away: true, ..OneRoom::default() };
    assert_eq!(
        refused(away, send(1, "Bonjour")).await,
        (Reason::ServerError, Some(CloseCode::ServerError), Some("t".to_owned()))
    );
}

#[tokio::test]
async fn beyond_the_rate_a_command_is_answered_and_a_hundred_of_them_close_with_4012() {
    let house = over(OneRoom::default(), 3);
    let mut pipeline = house.pipeline.clone();
    let session = session(Duration::from_mins(1));
    let mut codes = Vec::new();
    for _ in 0..103 {
        let inbound = Inbound { session: Arc::clone(&session), payload: send(1, "Bonjour") };
        let answer = pipeline.ready().await.expect("always ready").call(inbound).await;
        codes.push(answer.map_err(|refused| (refused.rejection.reason(), refused.rejection.close())).err());
    }
    assert_eq!(codes[..3], [None; 3]);
    assert!(codes[3..102].iter().all(|code| *code == Some((Reason::RateLimited, None))));
    assert_eq!(codes[102], Some((Reason::UnauthorizedAction, Some(CloseCode::UnauthorizedAction))));
    assert_eq!(house.stored().len(), 3);
}

#[tokio::test]
async fn every_stage_is_counted_and_timed() {
    let house = over(OneRoom::default(), 100);
    house.send(send(1, "Bonjour")).await.expect("passes");
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &house.registry).expect("to a string");
    for stage in ["auth", "structure", "ban", "filter", "authorize", "rate_limit"] {
        let counted = format!(r#"plic_stage_commands_total{{stage="{stage}",outcome="passed"}} 1"#);
        let timed = format!(r#"plic_stage_seconds_count{{stage="{stage}"}} 1"#);
        assert!(text.contains(&counted) && text.contains(&timed), "{stage}: {text}");
    }
}
