//! The REST face over an engine, without sockets: for facts about what the server links to.

use std::{num::NonZeroU32, sync::Arc};

use async_trait::async_trait;
use http::{Method, StatusCode};
use plic_filter::{RuleSet, Rules};
use plic_openapi::{Parts, RestLimit, RestMetrics, Verifier, WorkLimit, mount};
use plic_pipeline::{
    bus::Bus,
    event::Event,
    id::UserId,
    metrics::PipelineMetrics,
    moderation::{Desk, Policy, Records, Staff, Watch, desk, notice::Notices},
    timestamp::Timestamp,
    token::{Identity, Role, TokenError, Tokens},
};
use poem::{Endpoint, Request, Response, Route, endpoint::BoxEndpoint};
use prometheus_client::registry::Registry;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;

/// Requests a second: no limit.
const MANY: NonZeroU32 = NonZeroU32::new(1_000_000).expect("not zero");

/// The routes over an engine's store.
pub(crate) struct Rest(BoxEndpoint<'static, Response>);

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) json: Value,
    /// The path that the `Link` header names.
    pub(crate) next: Option<String>,
}

impl Rest {
    pub(crate) fn over(engine: &impl Engine) -> Self {
        let (store, bus) = (engine.store(), Arc::new(Nowhere) as Arc<dyn Bus>);
        let metrics = PipelineMetrics::register(&mut Registry::default());
        let watch = Watch::new(Arc::clone(&store), Arc::clone(&bus), Policy::default(), metrics);
        let records = engine.records();
        let desk = Desk::new(desk::Parts {
            staff: Staff::new(Arc::clone(&records) as Arc<dyn Records>),
            records,
            bus,
            rules: Arc::new(Rules::new(RuleSet::default())),
            watch: Arc::new(watch),
            notices: Notices::default(),
            encoder: None,
            is_connected: Box::new(|_| false),
        });
        let parts = Parts {
            store,
            desk,
            tokens: Verifier::new(Arc::new(Admins), MANY, MANY),
            limit: RestLimit::new(MANY),
            work: WorkLimit::new(MANY),
            allowed_origins: None,
            metrics: RestMetrics::register(&mut Registry::default()),
            stopping: CancellationToken::new(),
        };
        Self(mount(parts, Route::new()))
    }

    /// Asks as `user`, who is an admin, with a JSON body or `Value::Null` for none.
    pub(crate) async fn ask(&self, user: UserId, method: Method, path: &str, body: Value) -> Answer {
        self.ask_with(user, method, path, body, None).await
    }

    /// Asks with an `If-Match` header.
    pub(crate) async fn ask_with(
        &self,
        user: UserId,
        method: Method,
        path: &str,
        body: Value,
        version: Option<i64>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri_str(path)
            .header("authorization", format!("Bearer {user}"))
            .content_type("application/json");
        if let Some(version) = version {
            request = request.header("if-match", version.to_string());
        }
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let response = self.0.call(request.body(body)).await.expect("no error leaves the layers");
        let next = response.header("link").map(|link| {
            let path = link.strip_prefix('<').and_then(|link| link.split_once('>'));
            path.expect("an address in angle brackets").0.to_owned()
        });
        let status = response.status();
        let body = response.into_body().into_string().await.expect("a text");
        Answer { status, json: serde_json::from_str(&body).expect("is JSON"), next }
    }
}

struct Nowhere;

#[async_trait]
impl Bus for Nowhere {
    async fn publish(&self, _: Vec<Event>) {}
}

/// Tokens are the uuids of admins.
struct Admins;

#[async_trait]
impl Tokens for Admins {
    async fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        let user = token.parse().map_err(|_| TokenError::Invalid("no uuid".to_owned()))?;
        Ok(Identity { user: UserId(user), role: Role::Admin, expires_at: Timestamp(i64::MAX) })
    }
}
