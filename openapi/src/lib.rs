//! The REST face of plic-chat (CONTRACT section 1): wire types, handlers and the published document. Sees no
//! socket and no SQL.
//!
//! A request passes, from the outside in: `cors`, `dated`, `metrics`, `envelope` (failures, panics, headers), `turned_away`
//! (connections beyond a limit), `drain` (bodies that nobody reads, the bound on those that are read), the route, `methods` (405, `OPTIONS`), `gate` (address, token, rate, ban), for moderators' routes
//! `moderation::rank`, then its handler in `rooms`, `room` or `moderation`. [`Failure`] is the one table of what can go wrong. `spec` makes the published document.

mod address;
mod address_limit;
pub mod body;
mod caller;
mod cors;
mod dated;
mod docs;
mod drain;
mod envelope;
mod failure;
mod gate;
mod limit;
mod methods;
mod metrics;
mod moderation;
mod moment;
mod nullable;
mod number;
mod page;
mod room;
mod rooms;
mod spec;
mod standing;
mod turned_away;
mod verifier;
mod work;

use std::sync::Arc;

use plic_pipeline::{moderation::Desk, store::Store};
use poem::{EndpointExt, IntoEndpoint, Response, Route, endpoint::BoxEndpoint, http::Method};
use poem_openapi::OpenApiService;
use tokio_util::sync::CancellationToken;

pub use crate::{
    address::{AddressBlock, ClientAddress},
    address_limit::OverLimit,
    caller::Caller,
    failure::Failure,
    gate::{Gate, Gated},
    limit::RestLimit,
    methods::{Only, only},
    metrics::RestMetrics,
    spec::spec,
    standing::Standing,
    turned_away::TurnedAway,
    verifier::{Verifier, VerifyError},
    work::WorkLimit,
};
use crate::{
    body::budget::BodyBudget, cors::Cors, dated::Dated, drain::Drain, envelope::Enveloped, metrics::Measured,
    room::RoomApi, rooms::RoomsApi, turned_away::TurnAway,
};

/// What the routes are made from.
pub struct Parts {
    /// Rooms, messages and bans.
    pub store: Arc<dyn Store>,
    /// Where moderators work.
    pub desk: Desk,
    /// Verifies access tokens, within the limits of addresses.
    pub tokens: Verifier,
    /// The limit on requests; whoever builds it calls [`RestLimit::forget_idle`] now and then.
    pub limit: RestLimit,
    /// The limit on how much work requests may be; call [`WorkLimit::forget_idle`] now and then.
    pub work: WorkLimit,
    /// Exact origins whose pages may read the answers; `None` allows any.
    pub allowed_origins: Option<Vec<String>>,
    /// Where requests are counted and timed.
    pub metrics: RestMetrics,
    /// Cancelled when the server stops: answers that would go on for ever end then.
    pub stopping: CancellationToken,
}

impl Parts {
    /// The gate before the rooms, for routes of the server's own that need a signed-in user.
    pub fn gate(&self) -> Gate {
        Gate { store: Arc::clone(&self.store), tokens: self.tokens.clone(), limit: self.limit.clone() }
    }
}

/// The routes of the REST face alone.
pub fn routes(parts: Parts) -> BoxEndpoint<'static, Response> {
    mount(parts, Route::new())
}

/// The routes of the REST face beside `own` ones, all within the same layers. `own` routes must not name `/rooms`,
/// `/moderation`, `/reports`, `/docs` or `/openapi.json`, and do best to stand behind [`only`]: poem's own 405 has no `Allow`.
pub fn mount(parts: Parts, own: Route) -> BoxEndpoint<'static, Response> {
    let gate = parts.gate();
    let store = Arc::clone(&parts.store);
    let moderation =
        OpenApiService::new(moderation::handlers(&parts.desk, &parts.work, parts.stopping), "", "");
    let handlers = (
        RoomsApi { store: Arc::clone(&parts.store), desk: parts.desk.clone(), work: parts.work.clone() },
        RoomApi { store: parts.store, desk: parts.desk.clone(), work: parts.work.clone() },
    );
    let rooms = OpenApiService::new(handlers, "", "").into_endpoint();
    let rooms = Arc::new(gate.before(moderation::RoleNote { desk: parts.desk.clone(), inner: rooms }));
    // The services match the whole path again: `at`, unlike `nest`, leaves it whole.
    let routes = docs::add_routes(own)
        .at("/rooms", only(&[Method::GET, Method::POST, Method::PUT], Arc::clone(&rooms)))
        .at("/rooms/:id", only(&[Method::GET, Method::DELETE], rooms));
    let routes = moderation::add_routes(routes, &gate, &parts.desk, &parts.work, moderation.into_endpoint());
    let drained = Drain { budget: BodyBudget::new(), inner: routes };
    let enveloped = Enveloped { inner: TurnAway { inner: drained } };
    let measured = Measured { metrics: parts.metrics, inner: enveloped };
    let dated = Dated { store, inner: measured };
    Cors { allowed: parts.allowed_origins, inner: dated }.boxed()
}
