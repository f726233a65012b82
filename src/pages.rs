//! The pages people look at: the landing page, the moderators' console and the playground, from `web/static`. They are in
//! the binary; a debug build reads them from the disk at every request, so that a change needs no build.

mod browser_codes;
mod file;
mod sign_in;

use std::sync::Arc;

use http::{HeaderValue, Method, StatusCode, header};
use plic_openapi::{Failure, only};
use poem::{Endpoint, Request, Response, Route, endpoint::make};
use url::Url;

use self::file::File;
pub use self::{
    browser_codes::BrowserCodes,
    sign_in::{Demo, DemoUser, SignIn},
};

/// What a page may do, but for `connect-src`: its own scripts and styles, text into the document as text alone (Trusted
/// Types), no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
     trusted-types lit-html supabase-script";

/// The pages with what they need to know; a clone is another handle.
#[derive(Debug, Clone)]
pub struct Pages {
    policy: HeaderValue,
    sign_in: Arc<SignIn>,
}

impl Pages {
    /// Pages that let people sign in so.
    pub fn new(sign_in: SignIn) -> Self {
        let supabase = sign_in.supabase_url().map(Url::origin).filter(url::Origin::is_tuple);
        let supabase =
            supabase.map(|origin| format!(" {}", origin.ascii_serialization())).unwrap_or_default();
        let policy = HeaderValue::from_str(&format!("{POLICY}; connect-src 'self'{supabase}"))
            .expect("an origin in ASCII is a header's value");
        Self { policy, sign_in: Arc::new(sign_in) }
    }

    /// Adds `/console`, `/playground`, what they load from `/web/`, and how to sign in.
    pub fn add_routes(&self, routes: Route) -> Route {
        routes
            .at("/console", self.page("console/index.html"))
            .at("/playground", self.page("playground/index.html"))
            .at("/web/sign-in.json", self.sign_in())
            .at("/web/*path", self.get(|pages, request| pages.file(request, request.raw_path_param("path")?)))
    }

    /// The landing page.
    pub fn landing(&self, request: &Request) -> Response {
        self.file(request, "landing/index.html").unwrap_or_else(|| StatusCode::NOT_FOUND.into())
    }

    fn page(&self, path: &'static str) -> impl Endpoint<Output = Response> + use<> {
        self.get(move |pages, request| pages.file(request, path))
    }

    /// How to sign in; where there are demo users, also what takes the code of a browser.
    fn sign_in(&self) -> impl Endpoint<Output = Response> + use<> {
        let methods: &[Method] =
            if self.sign_in.demo.is_some() { &[Method::GET, Method::POST] } else { &[Method::GET] };
        let sign_in = Arc::clone(&self.sign_in);
        only(
            methods,
            make(move |mut request| {
                let sign_in = Arc::clone(&sign_in);
                async move {
                    if request.method() == Method::POST {
                        let body = request.take_body();
                        sign_in.let_in(&request, body).await
                    } else {
                        Ok(sign_in.answer(&request))
                    }
                }
            }),
        )
    }

    /// An endpoint for `GET`; `None` is 404.
    fn get<F>(&self, answer: F) -> impl Endpoint<Output = Response> + use<F>
    where
        F: Fn(&Self, &Request) -> Option<Response> + Send + Sync + 'static,
    {
        let pages = self.clone();
        let answer = Arc::new(answer);
        only(
            &[Method::GET],
            make(move |request| {
                let (pages, answer) = (pages.clone(), Arc::clone(&answer));
                async move { answer(&pages, &request).ok_or_else(|| poem::Error::from(Failure::NoSuchPath)) }
            }),
        )
    }

    fn file(&self, request: &Request, path: &str) -> Option<Response> {
        let mut response = File::find(path)?.answer(request);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, self.policy.clone());
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
        Some(response)
    }
}
