//! The routes that are not REST resources: the WebSocket and the landing page on `/`, health, metrics and the pages.

use std::{sync::Arc, time::Duration};

use http::{
    HeaderValue, Method, StatusCode,
    header::{ACCEPT, RETRY_AFTER},
};
use plic_openapi::{AddressBlock, Failure, Standing, TurnedAway, only};
use plic_pipeline::store::Store;
use poem::{Endpoint, IntoResponse, Request, Response, Route, endpoint::make, web::Json};
use serde_json::json;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use crate::{
    bus::nats::Nats,
    http_door::WebSocketClient,
    metrics::Metrics,
    pages::Pages,
    socket::{Door, HandshakePeer, upgrade},
};

/// How long `/readyz` waits for the database.
const DATABASE_PATIENCE: Duration = Duration::from_secs(2);

/// What these routes are made from.
#[derive(Clone)]
pub struct Parts {
    /// Where WebSockets go.
    pub door: Arc<Door>,
    /// Every WebSocket.
    pub sockets: TaskTracker,
    /// Asked by `/readyz`.
    pub store: Arc<dyn Store>,
    /// The way to other nodes, where there are any.
    pub nats: Option<Arc<Nats>>,
    /// Shown by `/metrics`.
    pub metrics: Metrics,
    /// The pages people look at.
    pub pages: Pages,
}

/// The routes, for [`plic_openapi::mount`] to put its own beside.
pub fn routes(parts: &Parts) -> Route {
    let route = Route::new()
        .at("/", get(parts, |parts, request| async move { root(&parts, &request).await }))
        .at("/healthz", get(parts, |_, _| async { Ok(Json(json!({"status": "ok"})).into_response()) }))
        .at("/readyz", get(parts, |parts, _| async move { ready(&parts).await }))
        .at("/metrics", get(parts, |parts, request| async move { Ok(metrics(&parts, &request)) }));
    #[cfg(feature = "conformance")]
    let route = route.at("/echo", get(parts, |parts, request| async move { echo(&parts, &request) }));
    parts.pages.add_routes(route)
}

/// An endpoint for `GET` that is given the parts.
fn get<F, A>(parts: &Parts, answer: F) -> impl Endpoint<Output = Response> + use<F, A>
where
    F: Fn(Parts, Request) -> A + Send + Sync + 'static,
    A: Future<Output = poem::Result<Response>> + Send + 'static,
{
    let parts = parts.clone();
    only(&[Method::GET], make(move |request| answer(parts.clone(), request)))
}

/// A WebSocket for who asks for one, a page for everybody else.
async fn root(parts: &Parts, request: &Request) -> poem::Result<Response> {
    let turned_away = request.data::<TurnedAway>().copied();
    let Some(upgraded) = upgrade(request) else {
        return match turned_away {
            Some(reason) => Err(Failure::from(reason).into()),
            None => Ok(parts.pages.landing(request)),
        };
    };
    let (handshake, link, response) = upgraded?;
    let beyond_limit = || link.count_under(request.data::<WebSocketClient>()?.0).err();
    let peer = HandshakePeer {
        address: AddressBlock::of(request),
        standing: request.data::<Standing>().cloned(),
        turned_away: turned_away.or_else(beyond_limit),
    };
    let received = Arc::clone(&parts.door).receive(handshake, link.clone(), peer).await;
    link.hold(parts.sockets.track_future(received.conversation), received.is_refused);
    Ok(response)
}

#[cfg(feature = "conformance")]
fn echo(parts: &Parts, request: &Request) -> poem::Result<Response> {
    let upgraded = upgrade(request).unwrap_or_else(|| {
        Err(Failure::Refused(StatusCode::UPGRADE_REQUIRED, "This is a WebSocket.").into())
    });
    let (_, link, response) = upgraded?;
    let conversation = Arc::clone(&parts.door).echo(link.clone());
    link.hold(parts.sockets.track_future(conversation), false);
    Ok(response)
}

/// Whether this process can serve. Without NATS it can: it reads what other nodes wrote a little later.
async fn ready(parts: &Parts) -> poem::Result<Response> {
    let is_draining = parts.door.is_draining();
    let is_database_away = match timeout(DATABASE_PATIENCE, parts.store.ping()).await {
        Ok(Ok(())) => false,
        Ok(Err(error)) => {
            // Anybody may ask, as often as they like.
            plic_pipeline::log_limited!(WARN, error: &error, "not ready");
            true
        }
        Err(_) => {
            plic_pipeline::log_limited!(WARN, "not ready: the database does not answer in time");
            true
        }
    };
    let database = if is_database_away { "away" } else { "ok" };
    let bus = match &parts.nats {
        None => "none",
        Some(nats) if nats.is_connected() => "ok",
        Some(_) => "away",
    };
    let refusal = match (is_draining, is_database_away) {
        (true, _) => "The server is shutting down.",
        (false, true) => "The database does not answer, or stores nothing.",
        (false, false) => {
            let status = if bus == "away" { "degraded" } else { "ready" };
            let facts = json!({"status": status, "database": database, "bus": bus, "draining": false});
            return Ok(Json(facts).into_response());
        }
    };
    let envelope = json!({
        "error_message": refusal, "data": null, "database": database, "bus": bus, "draining": is_draining,
    });
    let mut response = Json(envelope).into_response();
    response.set_status(StatusCode::SERVICE_UNAVAILABLE);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    Ok(response)
}

/// Browsers show plain text and save whatever else they do not know.
fn metrics(parts: &Parts, request: &Request) -> Response {
    let is_browser = request.header(ACCEPT).is_some_and(|accept| accept.contains("text/html"));
    let content_type = if is_browser {
        "text/plain; charset=utf-8"
    } else {
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    };
    Response::builder().content_type(content_type).body(parts.metrics.render())
}
