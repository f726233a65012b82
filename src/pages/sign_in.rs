//! `/web/sign-in.json`: how people sign in on the pages. By Supabase, where the project and its public key are set; as a demo
//! user, where `plic-chat dev` serves and the browser has shown a code of the terminal; by a token of theirs everywhere.

use std::{sync::Arc, time::Duration};

use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, COOKIE, HOST, ORIGIN, REFERRER_POLICY, SET_COOKIE},
};
use plic_openapi::Failure;
use plic_pipeline::{id::UserId, json::Object, token::Role};
use poem::{Body, IntoResponse, Request, Response, error::ReadBodyError, web::Json};
use serde::Deserialize;
use serde_json::{Value, json};
use url::{Host, Url};

use super::browser_codes::BrowserCodes;
use crate::token;

/// How long a demo user's token holds; the pages fetch another in time.
const TTL: Duration = Duration::from_hours(1);
/// The most bytes of a body with a code.
const MAX_CODE_BODY: usize = 1_024;

/// The ways to sign in.
#[derive(Debug, Clone, Default)]
pub struct SignIn {
    /// The Supabase project and its public ("anon" or "publishable") key.
    pub supabase: Option<(Url, String)>,
    /// The users of `plic-chat dev`.
    pub demo: Option<Demo>,
}

/// Users to try things with, for browsers that have shown a code.
#[derive(Clone)]
pub struct Demo {
    /// Signs their tokens.
    pub secret: String,
    /// Who signs, where that is said.
    pub issuer: Option<String>,
    /// The users.
    pub users: &'static [DemoUser],
    /// Who may be them.
    pub codes: Arc<BrowserCodes>,
}

/// What a browser sends to be let in.
#[derive(Deserialize)]
struct CodeBody {
    code: String,
}

/// A user to try things with.
#[derive(Debug)]
pub struct DemoUser {
    /// What to call them.
    pub name: &'static str,
    /// Their id.
    pub id: UserId,
    /// What they may do.
    pub role: Role,
}

impl std::fmt::Debug for Demo {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Demo").field("users", &self.users).finish_non_exhaustive()
    }
}

impl SignIn {
    /// The Supabase project that the pages talk to.
    pub(super) fn supabase_url(&self) -> Option<&Url> {
        self.supabase.as_ref().map(|(url, _)| url)
    }

    /// Returns `{"supabase": {"url", "anon_key"} | null, "demo": [{"name", "role", "token"}] | null, "needs_code": bool}`.
    /// `needs_code` says that there are demo users, and that this browser has not shown a code yet.
    pub(super) fn answer(&self, request: &Request) -> Response {
        let is_let_in = |demo: &&Demo| is_own_page(request) && demo.knows(request);
        self.ways_in(self.demo.as_ref().filter(is_let_in))
    }

    /// Lets a browser in that shows a code: it gets a cookie, and the answer of [`Self::answer`].
    pub(super) async fn let_in(&self, request: &Request, body: Body) -> poem::Result<Response> {
        let demo = self.demo.as_ref().ok_or(Failure::NoSuchPath)?;
        if !is_own_page(request) {
            return Err(Failure::Refused(
                StatusCode::FORBIDDEN,
                "Codes are taken from this server's own pages alone, at an address of this machine.",
            )
            .into());
        }
        let body = body.into_bytes_limit(MAX_CODE_BODY).await.map_err(|error| match error {
            ReadBodyError::PayloadTooLarge => Failure::BodyTooLarge(MAX_CODE_BODY),
            _ => Failure::Malformed("The body did not arrive whole.".into()),
        })?;
        let Object(CodeBody { code }) = serde_json::from_slice(&body)
            .map_err(|_| Failure::Malformed("The body must be {\"code\": \"..\"}.".into()))?;
        // Another status than that of a page from elsewhere: the pages say by it what to do.
        let key = demo.codes.spend(&code).ok_or(Failure::Refused(
            StatusCode::GONE,
            "This code was used already, or is not one of this server's.",
        ))?;
        let mut response = self.ways_in(Some(demo));
        let cookie = format!("{}={key}; Path=/web/; HttpOnly; SameSite=Strict", cookie_name(request));
        let cookie = HeaderValue::from_str(&cookie).expect("a name of letters and digits and a key of them");
        response.headers_mut().insert(SET_COOKIE, cookie);
        Ok(response)
    }

    fn ways_in(&self, demo: Option<&Demo>) -> Response {
        let supabase = self
            .supabase
            .as_ref()
            .map(|(url, key)| json!({"url": url.as_str().trim_end_matches('/'), "anon_key": key}));
        let needs_code = self.demo.is_some() && demo.is_none();
        let demo = demo.map(Demo::tokens);
        let answer = Json(json!({"supabase": supabase, "demo": demo, "needs_code": needs_code}));
        let answer =
            answer.with_header(CACHE_CONTROL, "no-store").with_header(REFERRER_POLICY, "no-referrer");
        answer.into_response()
    }
}

impl Demo {
    /// Returns whether the browser was let in.
    fn knows(&self, request: &Request) -> bool {
        let name = cookie_name(request);
        let cookies = request.headers().get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.any(|(known, key)| known == name && self.codes.knows(key))
    }

    fn tokens(&self) -> Value {
        let user = |user: &DemoUser| {
            let token = token::mint(&self.secret, user.id.0, user.role, TTL, self.issuer.as_deref());
            token.ok().map(|token| json!({"name": user.name, "role": user.role.name(), "token": token}))
        };
        self.users.iter().filter_map(user).collect()
    }
}

/// The name of the cookie with a browser's key. Cookies are the same for all ports of a machine, and servers are not.
fn cookie_name(request: &Request) -> String {
    let port = own_url(request).and_then(|url| url.port_or_known_default()).unwrap_or_default();
    format!("plic-dev-{port}")
}

/// The address that the browser has for this server.
fn own_url(request: &Request) -> Option<Url> {
    Url::parse(&format!("http://{}", request.header(HOST)?)).ok()
}

/// Returns whether the request is from a page of this server, at an address of this machine. Any page may send requests here;
/// a name that somebody else points at this machine is theirs.
fn is_own_page(request: &Request) -> bool {
    let Some(url) = own_url(request) else { return false };
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let is_same_site = request.header("sec-fetch-site") == Some("same-origin");
    let is_same_origin =
        request.header(ORIGIN).is_none_or(|origin| origin == url.origin().ascii_serialization());
    is_here && is_same_site && is_same_origin
}
