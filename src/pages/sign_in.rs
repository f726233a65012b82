//! `/web/sign-in.json`: how people sign in on the pages. By Supabase, where the project and its public key are set; as a demo
//! user, where `plic-chat dev` serves; by a token of theirs everywhere.

use std::time::Duration;

use http::header::{CACHE_CONTROL, HOST, ORIGIN, REFERRER_POLICY};
use plic_pipeline::{id::UserId, token::Role};
use poem::{IntoResponse, Request, Response, web::Json};
use serde_json::{Value, json};
use url::{Host, Url};

use crate::token;

/// How long a demo user's token holds; the pages fetch another in time.
const TTL: Duration = Duration::from_hours(1);

/// The ways to sign in.
#[derive(Debug, Clone, Default)]
pub struct SignIn {
    /// The Supabase project and its public ("anon" or "publishable") key.
    pub supabase: Option<(Url, String)>,
    /// The users of `plic-chat dev`.
    pub demo: Option<Demo>,
}

/// Users to try things with, whom everybody on this machine may be.
#[derive(Clone)]
pub struct Demo {
    /// Signs their tokens.
    pub secret: String,
    /// Who signs, where that is said.
    pub issuer: Option<Url>,
    /// The users.
    pub users: &'static [DemoUser],
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

    /// `{"supabase": {"url", "anon_key"} | null, "demo": [{"name", "role", "token"}] | null}`.
    pub(super) fn answer(&self, request: &Request) -> Response {
        let supabase = self
            .supabase
            .as_ref()
            .map(|(url, key)| json!({"url": url.as_str().trim_end_matches('/'), "anon_key": key}));
        let demo = self.demo.as_ref().filter(|_| is_own_page(request)).map(Demo::tokens);
        let answer = Json(json!({"supabase": supabase, "demo": demo}));
        let answer =
            answer.with_header(CACHE_CONTROL, "no-store").with_header(REFERRER_POLICY, "no-referrer");
        answer.into_response()
    }
}

impl Demo {
    fn tokens(&self) -> Value {
        let user = |user: &DemoUser| {
            let token = token::mint(&self.secret, user.id.0, user.role, TTL, self.issuer.as_ref());
            token.ok().map(|token| json!({"name": user.name, "role": user.role.name(), "token": token}))
        };
        self.users.iter().filter_map(user).collect()
    }
}

/// What proxies add: the browser is then elsewhere, whatever host they name.
const FORWARDED: [&str; 4] = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host"];

/// Whether the request is from a page of this server, at an address of this machine. Any page may send requests here, and read
/// the answers where all origins are allowed; a name that somebody else points at this machine is theirs.
fn is_own_page(request: &Request) -> bool {
    let Some(host) = request.header(HOST) else { return false };
    let is_here = Url::parse(&format!("http://{host}")).is_ok_and(|url| match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    });
    let is_direct = FORWARDED.iter().all(|name| request.header(name).is_none());
    let is_same_site = request.header("sec-fetch-site") == Some("same-origin");
    let is_same_origin = request.header(ORIGIN).is_none_or(|origin| origin == format!("http://{host}"));
    is_here && is_direct && is_same_site && is_same_origin
}
