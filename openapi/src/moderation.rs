//! The routes of moderators (MODERATION section 3), a file a resource, and `/reports`, which every user has. What they do
//! is the [`Desk`]'s; here it is put on the wire.

mod answer;
mod audit;
mod backtest;
mod bans;
mod calibrate;
mod charged;
mod check;
mod events;
pub(crate) mod if_match;
mod import;
mod incidents;
mod policy;
mod rank;
mod redaction;
mod reports;
mod role_note;
pub(crate) mod rule_json;
mod rules;
mod stats;
mod users;
mod words;

use std::sync::Arc;

use plic_pipeline::moderation::{Desk, desk::Actor};
use poem::{Endpoint, EndpointExt, Response, Route, endpoint::BoxEndpoint, http::Method};
use tokio_util::sync::CancellationToken;

pub(crate) use self::{
    audit::{AuditApi, AuditedAction},
    backtest::BacktestApi,
    bans::BansApi,
    calibrate::CalibrateApi,
    check::CheckApi,
    events::EventsApi,
    incidents::IncidentsApi,
    policy::PolicyApi,
    redaction::RedactionApi,
    reports::ReportsApi,
    role_note::RoleNote,
    rules::RulesApi,
    stats::StatsApi,
    users::{IdPrefix, UsersApi},
    words::CATEGORIES,
};
use self::{charged::Charged, rank::Rank};
use crate::{caller::Caller, gate::Gate, methods::only, work::WorkLimit};

/// The handlers of every moderation route.
pub(crate) type Handlers = (
    RulesApi,
    CheckApi,
    BacktestApi,
    CalibrateApi,
    IncidentsApi,
    BansApi,
    UsersApi,
    RedactionApi,
    PolicyApi,
    AuditApi,
    StatsApi,
    EventsApi,
    ReportsApi,
);

/// The handlers over `desk`.
pub(crate) fn handlers(desk: &Desk, work: &WorkLimit, stopping: CancellationToken) -> Handlers {
    (
        RulesApi { desk: desk.clone() },
        CheckApi { desk: desk.clone() },
        BacktestApi { desk: desk.clone() },
        CalibrateApi { desk: desk.clone() },
        IncidentsApi { desk: desk.clone() },
        BansApi { desk: desk.clone() },
        UsersApi { desk: desk.clone() },
        RedactionApi { desk: desk.clone() },
        PolicyApi { desk: desk.clone() },
        AuditApi { desk: desk.clone() },
        StatsApi { desk: desk.clone() },
        EventsApi::new(desk.clone(), stopping),
        ReportsApi { desk: desk.clone(), work: work.clone() },
    )
}

/// A route: its path, its methods, those of them that are for admins alone, and what its id names.
struct Place {
    path: &'static str,
    methods: &'static [Method],
    admins_only: &'static [Method],
    thing: &'static str,
}

const fn place(path: &'static str, methods: &'static [Method], thing: &'static str) -> Place {
    Place { path, methods, admins_only: &[], thing }
}

const PLACES: [Place; 24] = [
    place("/moderation/rules", &[Method::GET, Method::POST], "rule"),
    place("/moderation/rules/:id", &[Method::GET, Method::PUT, Method::DELETE], "rule"),
    place("/moderation/rules/:id/versions", &[Method::GET], "rule"),
    place("/moderation/rules/:id/restore", &[Method::POST], "rule"),
    place("/moderation/rules/export", &[Method::GET], "rule"),
    Place {
        path: "/moderation/rules/import",
        methods: &[Method::POST],
        admins_only: &[Method::POST],
        thing: "rule",
    },
    place("/moderation/check", &[Method::POST], "rule"),
    place("/moderation/backtest", &[Method::POST], "rule"),
    Place {
        path: "/moderation/calibrate",
        methods: &[Method::POST],
        admins_only: &[Method::POST],
        thing: "rule",
    },
    place("/moderation/incidents", &[Method::GET], "incident"),
    place("/moderation/incidents/:id", &[Method::GET], "incident"),
    place("/moderation/incidents/:id/decision", &[Method::POST], "incident"),
    place("/moderation/incidents/:id/reopen", &[Method::POST], "incident"),
    place("/moderation/incidents/:id/viewing", &[Method::PUT, Method::DELETE], "incident"),
    place("/moderation/bans", &[Method::GET, Method::POST], "ban"),
    place("/moderation/bans/:user_id", &[Method::DELETE], "ban"),
    place("/moderation/users", &[Method::GET], "user"),
    place("/moderation/users/:user_id", &[Method::GET], "user"),
    place("/moderation/users/:user_id/disconnect", &[Method::POST], "user"),
    place("/moderation/messages/:id", &[Method::DELETE], "message"),
    Place {
        path: "/moderation/policy",
        methods: &[Method::GET, Method::PUT],
        admins_only: &[Method::PUT],
        thing: "policy",
    },
    place("/moderation/audit", &[Method::GET], "entry"),
    place("/moderation/stats", &[Method::GET], "rule"),
    place("/moderation/events", &[Method::GET], "event"),
];

/// Adds the routes, each behind `gate` and the question of rank. What moderators read is charged to `work`.
pub(crate) fn add_routes<E>(routes: Route, gate: &Gate, desk: &Desk, work: &WorkLimit, handlers: E) -> Route
where
    E: Endpoint<Output = Response> + 'static,
{
    let handlers: Arc<BoxEndpoint<'static, Response>> = Arc::new(handlers.boxed());
    let reports = RoleNote { desk: desk.clone(), inner: Arc::clone(&handlers) };
    let reports = only(&[Method::POST], gate.before(reports));
    PLACES.iter().fold(routes.at("/reports", reports), |routes, place| {
        let Place { path, methods, admins_only, thing } = *place;
        let charged = Charged { work: work.clone(), inner: Arc::clone(&handlers) };
        let ranked = Rank { admins_only, thing, inner: charged };
        let noted = RoleNote { desk: desk.clone(), inner: ranked };
        routes.at(path, only(methods, gate.before(noted)))
    })
}

/// The route that a path is of: the one with the fewest places for an id, as the router decides.
pub(crate) fn route_of(path: &str) -> Option<&'static str> {
    let is_of = |route: &&str| {
        let fits = |(part, wanted): (&str, &str)| wanted.starts_with(':') || part == wanted;
        path.matches('/').count() == route.matches('/').count()
            && path.split('/').zip(route.split('/')).all(fits)
    };
    let routes = PLACES.iter().map(|place| place.path).filter(is_of);
    routes.min_by_key(|route| route.matches(':').count())
}

/// The moderator who asks, as the desk knows them.
pub(crate) fn actor(caller: &Caller) -> Actor {
    let identity = caller.identity();
    Actor { user: identity.user, role: identity.role }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_of_its_route() {
        for Place { path, .. } in PLACES {
            assert_eq!(route_of(&path.replace(":id", "7").replace(":user_id", "8")), Some(path));
        }
        for other in ["/moderation/", "/moderation/rules/7/nope", "/moderation/rules/7/versions/1"] {
            assert_eq!(route_of(other), None, "{other}");
        }
    }
}
