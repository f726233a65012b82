//! Which methods a path has: 405 with `Allow` for the others (poem leaves `Allow` out), 204 for `OPTIONS`.

use poem::{
    Endpoint, IntoResponse, Request, Response, Result,
    http::{
        Method, StatusCode,
        header::{ALLOW, HeaderValue},
    },
};

use crate::failure::Failure;

/// Lets only these methods through to `inner`; `OPTIONS` is answered here, and `HEAD` has arrived as `GET`.
pub fn only<E: Endpoint>(methods: &'static [Method], inner: E) -> Only<E> {
    Only { methods, inner }
}

/// See [`only`].
#[derive(Debug)]
pub struct Only<E> {
    methods: &'static [Method],
    inner: E,
}

impl<E: Endpoint> Endpoint for Only<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        if self.methods.contains(request.method()) {
            self.inner.call(request).await.map(IntoResponse::into_response)
        } else if request.method() == Method::OPTIONS {
            Ok(Response::builder().status(StatusCode::NO_CONTENT).header(ALLOW, allow(self.methods)).finish())
        } else {
            Err(Failure::MethodNotAllowed(self.methods).into())
        }
    }
}

/// The value of `Allow`: these, `HEAD` where there is `GET`, and `OPTIONS`.
pub(crate) fn allow(methods: &[Method]) -> HeaderValue {
    let mut names: Vec<&str> = Vec::new();
    for method in methods {
        names.push(method.as_str());
        if method == Method::GET {
            names.push("HEAD");
        }
    }
    if !names.is_empty() {
        names.push("OPTIONS");
    }
    HeaderValue::from_str(&names.join(", ")).expect("names of methods are tokens")
}
