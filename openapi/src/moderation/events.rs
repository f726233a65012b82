//! `/moderation/events`: what happens, as it happens, as Server-Sent Events.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{Stream, stream};
use plic_pipeline::{
    id::UserId,
    moderation::{
        Desk, Notice, Viewing,
        desk::Actor,
        notice::{Missed, NoticeStream},
        records::Disconnect,
    },
    timestamp::Timestamp,
};
use poem::{
    IntoResponse, Response,
    web::sse::{Event, SSE},
};
use poem_openapi::{
    ApiResponse, OpenApi,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::ToJSON,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{actor, bans::Ban, incidents::Incident};
use crate::{caller::Caller, failure::Failure, spec::Tag};

/// The most streams that one node keeps, and the most that one user has of these.
const MAX_STREAMS: usize = 100;
const MAX_STREAMS_A_USER: usize = 5;
/// A connection over which nothing comes is taken for dead by proxies.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The handlers.
pub(crate) struct EventsApi {
    desk: Desk,
    stopping: CancellationToken,
    streams: Arc<Streams>,
}

impl EventsApi {
    pub(crate) fn new(desk: Desk, stopping: CancellationToken) -> Self {
        Self { desk, stopping, streams: Arc::default() }
    }
}

#[OpenApi(tag = "Tag::Records")]
impl EventsApi {
    /// Listen to what happens
    ///
    /// Server-Sent Events, from the moment of the request on: nothing is sent again, so listen first, then read the
    /// lists. Browsers' `EventSource` cannot send a token: read the stream with `fetch`. It ends when your token does,
    /// when you are banned or disconnected, and when the server stops; reconnect then, but for a ban. At most five streams a user, and a hundred a node (429).
    ///
    /// | event | data |
    /// | --- | --- |
    /// | `incident` | an incident was opened: the incident |
    /// | `decision` | an incident was decided: the incident |
    /// | `reopened` | a decision was taken back, by a moderator or by another report: the incident |
    /// | `report` | an open incident was joined by another report: the incident |
    /// | `ban` | somebody was banned: the ban |
    /// | `ban_lifted` | `{"user_id"}` |
    /// | `disconnect` | a moderator disconnected somebody: `{"user_id"}` |
    /// | `rule` | a rule was written: `{"rule_id", "version", "name", "state", "updated_by"}` |
    /// | `rule_deleted` | `{"rule_id"}` |
    /// | `rules` | many rules changed at once: read them again; `{}` |
    /// | `policy` | the policy was changed: read it again; `{}` |
    /// | `viewing` | a moderator looks at an incident, or does so again, or has left (`until` is `null`): `{"incident_id", "user_id", "until"}` |
    /// | `missed` | you read too slowly and missed some: read the lists again; `{"count"}` |
    ///
    /// A comment (`:`) comes every 15 seconds.
    #[oai(path = "/moderation/events", method = "get", operation_id = "listenToEvents")]
    async fn listen(&self, caller: Caller) -> Result<Events, Failure> {
        let place = Streams::enter(&self.streams, caller.user())?;
        let left = caller.identity().expires_at.since(Timestamp::now());
        let notices = self.desk.notices();
        // Whoever was banned since the gate looked would not hear of it.
        if self.desk.is_kept_out(actor(&caller)).await? {
            return Err(Failure::Banned);
        }
        let listener = Listener {
            notices,
            desk: self.desk.clone(),
            moderator: actor(&caller),
            stopping: self.stopping.clone(),
            // A token may hold for longer than a timer can be set.
            expires: Box::pin(tokio::time::sleep(left.min(Duration::from_hours(24 * 365)))),
            ended: false,
            _place: place,
        };
        Ok(Events(SSE::new(listener.events()).keep_alive(HEARTBEAT)))
    }
}

/// Whoever listens.
struct Listener {
    notices: NoticeStream,
    desk: Desk,
    moderator: Actor,
    stopping: CancellationToken,
    expires: std::pin::Pin<Box<tokio::time::Sleep>>,
    ended: bool,
    _place: StreamPlace,
}

impl Listener {
    fn events(self) -> impl Stream<Item = Event> + Send + 'static {
        stream::unfold(self, |mut listener| async {
            if listener.ended {
                return None;
            }
            let notice = tokio::select! {
                biased;
                () = listener.stopping.cancelled() => return None,
                () = &mut listener.expires => return None,
                notice = listener.notices.next() => notice?,
            };
            // A moderator who is banned or disconnected hears that, and no more; a ban may be among what they missed.
            listener.ended = match &notice {
                Ok(Notice::Banned(record)) => {
                    record.ban.user == listener.moderator.user
                        && record.ban.authority.binds(listener.moderator.role)
                }
                Ok(Notice::Disconnected(Disconnect { user, authority })) => {
                    *user == listener.moderator.user && authority.binds(listener.moderator.role)
                }
                Err(Missed(_)) => !matches!(listener.desk.is_kept_out(listener.moderator).await, Ok(false)),
                Ok(_) => false,
            };
            let (name, data) = describe(notice, listener.moderator.user);
            Some((Event::message(data.to_string()).event_type(name), listener))
        })
    }
}

fn describe(notice: Result<Notice, Missed>, listener: UserId) -> (&'static str, Value) {
    let incident = |incident: &plic_pipeline::moderation::Incident| {
        Incident::seen_by(listener, incident.clone()).to_json()
    };
    let user = |user: UserId| json!({ "user_id": user.to_string() });
    match notice {
        Err(Missed(count)) => ("missed", json!({ "count": count })),
        Ok(Notice::Incident(opened)) => ("incident", incident(&opened).into()),
        Ok(Notice::Decided(decided)) => ("decision", incident(&decided).into()),
        Ok(Notice::Reopened(reopened)) => ("reopened", incident(&reopened).into()),
        Ok(Notice::Reported(reported)) => ("report", incident(&reported).into()),
        Ok(Notice::Banned(record)) => ("ban", Ban::from((*record).clone()).to_json().into()),
        Ok(Notice::BanLifted(of)) => ("ban_lifted", user(of)),
        Ok(Notice::Disconnected(disconnect)) => ("disconnect", user(disconnect.user)),
        Ok(Notice::RuleChanged { rule, version, name, state, by }) => (
            "rule",
            json!({ "rule_id": rule.0, "version": version, "name": name, "state": state, "updated_by": by.to_string() }),
        ),
        Ok(Notice::RuleDeleted(rule)) => ("rule_deleted", json!({ "rule_id": rule.0 })),
        Ok(Notice::RulesReplaced) => ("rules", json!({})),
        Ok(Notice::PolicyChanged) => ("policy", json!({})),
        Ok(Notice::Viewing(Viewing { incident, user, until })) => (
            "viewing",
            json!({
                "incident_id": incident.0,
                "user_id": user.to_string(),
                "until": until.map(|until| until.to_string()),
            }),
        ),
    }
}

/// The stream as an answer.
pub(crate) struct Events(SSE);

impl ApiResponse for Events {
    fn meta() -> MetaResponses {
        let schema = MetaSchema { description: Some("Server-Sent Events."), ..MetaSchema::new("string") };
        let media = MetaMediaType {
            content_type: "text/event-stream",
            schema: MetaSchemaRef::Inline(Box::new(schema)),
        };
        let response = MetaResponse {
            description: "The stream.",
            status: Some(200),
            status_range: None,
            content: vec![media],
            headers: Vec::new(),
        };
        MetaResponses { responses: vec![response] }
    }

    fn register(_registry: &mut Registry) {}
}

impl IntoResponse for Events {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

/// The streams that are open, by user.
#[derive(Debug, Default)]
struct Streams(Mutex<HashMap<UserId, usize>>);

/// A place among the streams, given back when it is dropped.
struct StreamPlace {
    streams: Arc<Streams>,
    user: UserId,
}

impl Streams {
    fn enter(streams: &Arc<Self>, user: UserId) -> Result<StreamPlace, Failure> {
        let mut open = streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.values().sum::<usize>() >= MAX_STREAMS {
            return Err(Failure::Busy("Too many moderators are listening to this server."));
        }
        let own = open.entry(user).or_default();
        if *own >= MAX_STREAMS_A_USER {
            return Err(Failure::Busy("You are listening five times already. Please close another window."));
        }
        *own += 1;
        Ok(StreamPlace { streams: Arc::clone(streams), user })
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let mut open = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = open.get_mut(&self.user) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_user_has_five_streams_a_node_a_hundred_and_places_are_given_back() {
        let streams = Arc::new(Streams::default());
        let enter = |user| Streams::enter(&streams, UserId(Uuid::from_u128(user)));
        let mut places: Vec<StreamPlace> = (0..5).map(|_| enter(1).expect("a place")).collect();
        assert!(matches!(enter(1), Err(Failure::Busy(_))));
        places.pop();
        places.push(enter(1).expect("a place again"));
        places.extend((2..97).map(|user| enter(user).expect("a place")));
        assert!(matches!(enter(200), Err(Failure::Busy(_))));
        drop(places);
        assert!(streams.0.lock().expect("no panic").is_empty());
    }
}
