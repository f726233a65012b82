//! CORS. Tokens travel in a header that no browser adds by itself, so any origin may ask unless the operator names
//! some. Outermost of all layers: a page must be able to read refusals too.

use poem::{
    Endpoint, IntoResponse, Request, Response, Result,
    http::{
        HeaderMap, Method, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
            ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ETAG,
            HeaderValue, ORIGIN, VARY,
        },
    },
};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
/// The last two are what Supabase's own client adds to every request.
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, Accept, Accept-Language, If-Match, X-Requested-With, Apikey, X-Client-Info",
);
const EXPOSED: HeaderValue = HeaderValue::from_static("Link, Retry-After");
/// Where there is a version to change.
const EXPOSED_WITH_VERSION: HeaderValue = HeaderValue::from_static("Link, Retry-After, ETag");
/// Two hours: the longest that Chrome keeps a preflight.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// Answers preflights and lets allowed origins read the answers of `inner`.
pub(crate) struct Cors<E> {
    /// Exact origins; `None` allows any.
    pub(crate) allowed: Option<Vec<String>>,
    pub(crate) inner: E,
}

impl<E: Endpoint> Endpoint for Cors<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let origin = request.headers().get(ORIGIN).cloned();
        let preflight = request.method() == Method::OPTIONS
            && origin.is_some()
            && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let mut response = if preflight {
            let mut response = StatusCode::NO_CONTENT.into_response();
            response.set_body(());
            let headers = response.headers_mut();
            headers.clear();
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
            headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
            response
        } else {
            self.inner.call(request).await?.into_response()
        };
        self.mark(response.headers_mut(), origin);
        Ok(response)
    }
}

impl<E> Cors<E> {
    fn mark(&self, headers: &mut HeaderMap, origin: Option<HeaderValue>) {
        let exposed = if headers.contains_key(ETAG) { EXPOSED_WITH_VERSION } else { EXPOSED };
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        let Some(allowed) = &self.allowed else {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            return;
        };
        headers.append(VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = origin
            && allowed.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes())
        {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
    }
}
