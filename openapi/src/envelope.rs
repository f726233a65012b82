//! The layer that no failure passes without the envelope: refusals, poem's own errors, failures that a route answers
//! in another form, and panics. It adds the headers that every answer has.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use poem::{
    Endpoint, Request, Response, Result,
    http::{
        HeaderName, Method, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY, UPGRADE,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
};

use crate::failure::{Failure, translate};

/// Wraps every route; never answers with an error of poem's.
pub(crate) struct Enveloped<E> {
    pub(crate) inner: E,
}

impl<E: Endpoint<Output = Response>> Endpoint for Enveloped<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        if request.method() == Method::HEAD {
            // HEAD is GET without the body, which hyper leaves out; a handshake it never is.
            request.set_method(Method::GET);
            request.headers_mut().remove(UPGRADE);
        }
        // Nothing outlives the call but what is behind locks and atomics.
        let mut response = match AssertUnwindSafe(self.inner.call(request)).catch_unwind().await {
            Ok(Ok(response)) => in_envelope(response),
            Ok(Err(error)) => refusal(&translate(error)),
            Err(_) => {
                plic_pipeline::log_limited!(ERROR, "a request panicked");
                Failure::Internal.response()
            }
        };
        add_headers(&mut response);
        Ok(response)
    }
}

fn refusal(failure: &Failure) -> Response {
    if let Failure::Unavailable(cause) = failure {
        // A token of a stranger is enough to have one while the keys are away.
        plic_pipeline::log_limited!(WARN, error: &**cause, "a request could not be carried out");
    }
    failure.response()
}

/// A failure that a route answers as text, HTML or nothing keeps its status and headers and gets the envelope.
fn in_envelope(mut response: Response) -> Response {
    let failed = response.status().is_client_error() || response.status().is_server_error();
    if failed && !response.content_type().is_some_and(|content| content.starts_with("application/json")) {
        let enveloped = Failure::Status(response.status()).response();
        let content_type = enveloped.content_type().expect("an envelope is JSON").to_owned();
        response = response.set_content_type(content_type);
        response.set_body(enveloped.into_body());
    }
    response
}

fn add_headers(response: &mut Response) {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return;
    }
    let page = response.content_type().is_some_and(|content| content.starts_with("text/html"));
    let headers = response.headers_mut();
    let mut default = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(REFERRER_POLICY, "no-referrer");
    default(CACHE_CONTROL, "no-store");
    // A page knows best what it needs.
    if !page {
        default(CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_bare_failure_of_a_route_keeps_its_headers_and_gets_the_envelope() {
        let bare = Response::builder().status(StatusCode::SERVICE_UNAVAILABLE).header("retry-after", "7");
        let mut response = in_envelope(bare.body("draining"));
        assert_eq!(response.header("retry-after"), Some("7"));
        assert!(response.content_type().is_some_and(|content| content.starts_with("application/json")));
        let body = response.take_body().into_string().await.expect("a body");
        assert_eq!(body, r#"{"error_message":"The request failed: Service Unavailable.","data":null}"#);
    }
}
