//! One server's REST face, asked directly or through a socket.

use std::{net::SocketAddr, num::NonZeroU32, sync::Arc};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use plic_openapi::{Parts, RestLimit, RestMetrics, Verifier, WorkLimit, mount};
use plic_pipeline::moderation::notice::Notices;
use poem::{
    Body, Endpoint, Request, Response, Route,
    endpoint::BoxEndpoint,
    http::{HeaderMap, Method, StatusCode, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use prometheus_client::registry::Registry;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    desk,
    fake::{FakeStore, FakeTokens},
    records::FakeRecords,
};

/// Tokens to verify that an address may send at once, for each that it may send a second.
pub(crate) const ADDRESS_BURST: NonZeroU32 = NonZeroU32::new(10).expect("not zero");

/// The REST face over a store in memory.
pub(crate) struct Rest {
    pub(crate) registry: Registry,
    pub(crate) store: Arc<FakeStore>,
    pub(crate) tokens: Arc<FakeTokens>,
    pub(crate) records: Arc<FakeRecords>,
    pub(crate) notices: Notices,
    pub(crate) stopping: CancellationToken,
    endpoint: Arc<BoxEndpoint<'static, Response>>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Rest {
    pub(crate) fn new() -> Self {
        Self::with(Route::new(), None, 1000)
    }

    pub(crate) fn with(own: Route, allowed_origins: Option<Vec<String>>, per_second: u32) -> Self {
        let store = Arc::new(FakeStore::default());
        let rate = NonZeroU32::new(per_second).expect("a rate");
        let limit = RestLimit::new(rate);
        let mut registry = Registry::default();
        let tokens = Arc::new(FakeTokens::default());
        let (desk, records, notices) = desk::desk(&store);
        let stopping = CancellationToken::new();
        let parts = Parts {
            store: Arc::clone(&store) as _,
            desk,
            tokens: Verifier::new(Arc::clone(&tokens) as _, rate, rate.saturating_mul(ADDRESS_BURST)),
            limit,
            work: WorkLimit::new(rate),
            allowed_origins,
            metrics: RestMetrics::register(&mut registry),
            stopping: stopping.clone(),
        };
        let endpoint = Arc::new(mount(parts, own));
        Self { registry, store, tokens, records, notices, stopping, endpoint }
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request) -> Answer {
        let response = self.endpoint.call(request).await.expect("no error leaves the layers");
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.into_body().into_string().await.expect("a text");
        Answer { status, headers, body }
    }

    /// Sends a request and leaves its body unread.
    pub(crate) async fn open(&self, request: Request) -> Response {
        self.endpoint.call(request).await.expect("no error leaves the layers")
    }

    /// Sends a request of `token`'s owner, with a JSON body where there is one.
    pub(crate) async fn ask(&self, token: &str, method: Method, path: &str, body: &str) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri_str(path)
            .header("authorization", format!("Bearer {token}"))
            .content_type("application/json");
        self.send(request.body(body.to_owned())).await
    }

    /// Creates a room of user 1 with users 2 and 3.
    pub(crate) async fn room(&self) -> i64 {
        let users = [2, 3].map(|number| crate::fake::user(number).0);
        let body = serde_json::json!({ "users": users, "apartment_id": 12 }).to_string();
        let answer = self.ask("user-1", Method::POST, "/rooms", &body).await;
        answer.json()["data"].as_i64().expect("a room's id")
    }

    /// Serves on a port of its own, through hyper as the server does.
    pub(crate) async fn listen(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let endpoint = Arc::clone(&self.endpoint);
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                let endpoint = Arc::clone(&endpoint);
                let service = service_fn(move |request| {
                    let (local, peer) = (LocalAddr(address.into()), RemoteAddr(peer.into()));
                    let request = Request::from((request, local, peer, Scheme::HTTP));
                    let endpoint = Arc::clone(&endpoint);
                    async move { endpoint.call(request).await.map(hyper::Response::from) }
                });
                let mut http = http1::Builder::new();
                http.timer(TokioTimer::new());
                tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
            }
        });
        address
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a text"))
    }

    /// Asserts that this is a failure in the envelope, with a sentence for a person.
    #[track_caller]
    pub(crate) fn assert_failure(&self, status: u16) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        let json = self.json();
        let sentence = json["error_message"].as_str().expect("a sentence");
        assert!(sentence.ends_with('.') && sentence.len() > 10, "{sentence}");
        assert_eq!(self.body, format!(r#"{{"error_message":{},"data":null}}"#, json["error_message"]));
        assert!(self.header("content-type").is_some_and(|content| content.starts_with("application/json")));
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert!(self.header("access-control-expose-headers").is_some());
    }
}

/// A body that sends `chunk` again and again, for ever.
pub(crate) fn endless(chunk: &'static [u8]) -> Body {
    Body::from_bytes_stream(futures_util::stream::repeat_with(move || Ok::<_, std::io::Error>(chunk)))
}
