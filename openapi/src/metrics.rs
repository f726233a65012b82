//! What the REST face counts: requests by route, method and status, and how long the answer took.

use std::time::Instant;

use poem::{Endpoint, Request, Response, Result, http::Method};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

use crate::moderation;

/// From a quarter of a millisecond, each bucket four times the last: to 16 seconds, past the deadline of a body.
const BUCKETS: [f64; 9] = [2.5e-4, 1e-3, 4e-3, 1.6e-2, 6.4e-2, 0.25, 1.0, 4.0, 16.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    route: &'static str,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: &'static str,
    method: &'static str,
}

/// The REST face's metrics, registered once a server; cheap to clone.
#[derive(Debug, Clone)]
pub struct RestMetrics {
    requests: Family<Labels, Counter>,
    seconds: Family<RouteLabels, Histogram>,
}

impl RestMetrics {
    /// Registers the metrics with `registry`.
    pub fn register(registry: &mut Registry) -> Self {
        let requests = Family::default();
        let seconds: Family<RouteLabels, Histogram> =
            Family::new_with_constructor(|| Histogram::new(BUCKETS));
        registry.register("plic_rest_requests", "Requests by route, method and status", requests.clone());
        registry.register("plic_rest_seconds", "Time until the answer to a request", seconds.clone());
        Self { requests, seconds }
    }
}

/// Counts what `inner` answers.
pub(crate) struct Measured<E> {
    pub(crate) metrics: RestMetrics,
    pub(crate) inner: E,
}

impl<E: Endpoint<Output = Response>> Endpoint for Measured<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let (route, method) = (route(request.uri().path()), method(request.method()));
        let start = Instant::now();
        let response = self.inner.call(request).await?;
        let status = response.status().as_u16();
        self.metrics.requests.get_or_create(&Labels { route, method, status }).inc();
        self.metrics
            .seconds
            .get_or_create(&RouteLabels { route, method })
            .observe(start.elapsed().as_secs_f64());
        Ok(response)
    }
}

/// A label for the path: as many as there are routes, whatever clients ask for.
fn route(path: &str) -> &'static str {
    match path {
        "/" => "/",
        "/rooms" => "/rooms",
        "/openapi.json" => "/openapi.json",
        "/reports" => "/reports",
        _ if path.starts_with("/rooms/") => "/rooms/:id",
        _ if path.starts_with("/moderation/") => moderation::route_of(path).unwrap_or("other"),
        _ if path.starts_with("/docs") => "/docs",
        _ => "other",
    }
}

fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
