//! CORS. Tokens travel in a header that no browser adds by itself, so any origin may ask unless the operator names
//! some. Outermost of all layers: a page must be able to read refusals too.

use poem::{
    Endpoint, IntoResponse, Request, Response, Result,
    http::{
        HeaderMap, Method, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
            ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
            ACCESS_CONTROL_REQUEST_METHOD, ETAG, HeaderName, HeaderValue, ORIGIN, VARY,
        },
    },
};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
/// What is allowed even where a preflight names nothing. The last two are what Supabase's own client adds to every request.
const REQUEST_HEADERS: &str =
    "Authorization, Content-Type, Accept, Accept-Language, If-Match, X-Requested-With, Apikey, X-Client-Info";
/// The most headers of a preflight that are allowed, beside those above; a browser adds a few.
const MAX_ASKED_HEADERS: usize = 100;
/// The longest list of allowed headers, in bytes.
const MAX_ALLOWED_BYTES: usize = 4096;
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
        let is_preflight = request.method() == Method::OPTIONS
            && origin.is_some()
            && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let mut response = if is_preflight {
            let allowed_headers = allowed_headers(request.headers());
            let mut response = StatusCode::NO_CONTENT.into_response();
            response.set_body(());
            let headers = response.headers_mut();
            headers.clear();
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed_headers);
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

/// Returns the headers that a page may send: any that it asks for, since tracing and client libraries add headers of their own
/// and none of them gives a right. What is no name of a header is left out.
fn allowed_headers(preflight: &HeaderMap) -> HeaderValue {
    let asked = preflight
        .get_all(ACCESS_CONTROL_REQUEST_HEADERS)
        .iter()
        .flat_map(|list| list.as_bytes().split(|byte| *byte == b','))
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok());
    let mut allowed = REQUEST_HEADERS.to_owned();
    for name in asked.take(MAX_ASKED_HEADERS) {
        let is_named = REQUEST_HEADERS.split(", ").any(|named| named.eq_ignore_ascii_case(name.as_str()));
        if !is_named && allowed.len() + name.as_str().len() + 2 <= MAX_ALLOWED_BYTES {
            allowed.push_str(", ");
            allowed.push_str(name.as_str());
        }
    }
    HeaderValue::from_str(&allowed).expect("names of headers are visible ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(asked: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for list in asked {
            let list = HeaderValue::from_bytes(list).expect("a header value");
            headers.append(ACCESS_CONTROL_REQUEST_HEADERS, list);
        }
        allowed_headers(&headers).to_str().expect("ASCII").to_owned()
    }

    #[test]
    fn headers_that_are_asked_for_are_allowed_beside_the_usual_ones() {
        assert_eq!(allowed(&[]), REQUEST_HEADERS);
        assert_eq!(allowed(&[b"authorization,content-type, APIKEY"]), REQUEST_HEADERS);
        assert_eq!(
            allowed(&[b"traceparent,Baggage , x-datadog-trace-id", b"sentry-trace"]),
            format!("{REQUEST_HEADERS}, traceparent, baggage, x-datadog-trace-id, sentry-trace")
        );
    }

    #[test]
    fn what_is_no_name_is_left_out_and_the_answer_is_bounded() {
        let odd: &[u8] = b"a b,,\xe9t\xe9, x-ok ,\"q\",:path,a(b";
        assert_eq!(allowed(&[odd]), format!("{REQUEST_HEADERS}, x-ok"));
        let many = (0..5000).map(|n| format!("x{n}")).collect::<Vec<_>>().join(",");
        assert_eq!(allowed(&[many.as_bytes()]).split(", ").count(), 8 + MAX_ASKED_HEADERS);
        let long = (0..10).map(|n| format!("x{n}{}", "y".repeat(3000))).collect::<Vec<_>>().join(",");
        assert!(allowed(&[long.as_bytes()]).len() <= MAX_ALLOWED_BYTES);
    }
}
