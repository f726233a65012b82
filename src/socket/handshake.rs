//! The opening handshake (RFC 6455 section 4.2). It is always completed where the request is a WebSocket handshake at
//! all: what is wrong with the token or the origin is said in a frame, for a browser cannot read the status of a
//! handshake that failed (CONTRACT section 2).

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{
    HeaderMap, StatusCode, Uri,
    header::{
        AUTHORIZATION, CONNECTION, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
        SEC_WEBSOCKET_VERSION, UPGRADE,
    },
};
use hyper::upgrade::OnUpgrade;
use plic_openapi::Failure;
use poem::{Request, Response};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::Sock;

/// A subprotocol that carries the token, so that it need not stand in the address.
const BEARER_PROTOCOL: &str = "plic.bearer.";

/// The socket under a request, hyper's promise to let go of it, and where to say what is to happen then.
#[derive(Clone)]
pub struct Link {
    sock: Arc<Sock>,
    upgrade: Arc<Mutex<Option<OnUpgrade>>>,
    // Not a strong one: a conversation holds its link.
    afterwards: Weak<Mutex<Option<Conversation>>>,
}

/// What a connection is used for once hyper has let go of it. The task that served its request goes on with it: with a
/// task of its own, ten thousand who come at once would all wait for it with hyper's buffers in hand.
#[derive(Default)]
pub struct Afterwards(Arc<Mutex<Option<Conversation>>>);

/// All that is done with a connection after its upgrade.
pub type Conversation = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Afterwards {
    /// The conversation to hold, where the connection was upgraded.
    pub fn take(&self) -> Option<Conversation> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Link {
    /// What the accept loop puts into each request.
    pub fn new(sock: Arc<Sock>, upgrade: Option<OnUpgrade>, afterwards: &Afterwards) -> Self {
        let afterwards = Arc::downgrade(&afterwards.0);
        Self { sock, upgrade: Arc::new(Mutex::new(upgrade)), afterwards }
    }

    /// Has a conversation held after the upgrade; a connection that has gone meanwhile has none.
    pub fn hold(&self, conversation: impl Future<Output = ()> + Send + 'static) {
        if let Some(afterwards) = self.afterwards.upgrade() {
            *afterwards.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::pin(conversation));
        }
    }

    pub(super) fn sock(&self) -> &Arc<Sock> {
        &self.sock
    }

    pub(super) fn into_sock(self) -> Arc<Sock> {
        self.sock
    }

    pub(super) fn take_upgrade(&self) -> Option<OnUpgrade> {
        self.upgrade.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What a handshake says about who comes.
pub struct Handshake {
    /// The token, from the `Authorization` header, a subprotocol, or the address, in this order; not empty.
    pub token: Option<String>,
    /// The page that opened the connection; a client without one is no browser.
    pub origin: Option<String>,
}

/// Answers a request with 101, or with what is wrong with it as a handshake. `None` where the request does not ask for
/// a WebSocket at all.
pub fn upgrade(request: &Request) -> Option<Result<(Handshake, Link, Response), poem::Error>> {
    let headers = request.headers();
    if !has_token(headers, UPGRADE, "websocket") {
        return None;
    }
    Some(accept(request))
}

fn accept(request: &Request) -> Result<(Handshake, Link, Response), poem::Error> {
    let headers = request.headers();
    if !has_token(headers, CONNECTION, "upgrade") {
        return Err(refusal(StatusCode::BAD_REQUEST, "The handshake lacks `Connection: Upgrade`."));
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        let sentence = "Only version 13 of the WebSocket protocol is spoken.";
        return Err(refusal(StatusCode::UPGRADE_REQUIRED, sentence));
    }
    let key = headers
        .get(SEC_WEBSOCKET_KEY)
        .filter(|key| STANDARD.decode(key.as_bytes()).is_ok_and(|nonce| nonce.len() == 16))
        .ok_or_else(|| {
            refusal(StatusCode::BAD_REQUEST, "The handshake lacks a valid `Sec-WebSocket-Key`.")
        })?;
    let link = request
        .data::<Link>()
        .cloned()
        .ok_or_else(|| refusal(StatusCode::INTERNAL_SERVER_ERROR, "The connection cannot be upgraded."))?;
    let protocols = protocols(headers);
    let mut response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(UPGRADE, "websocket")
        .header(CONNECTION, "Upgrade")
        .header(SEC_WEBSOCKET_ACCEPT, derive_accept_key(key.as_bytes()));
    if let Some(protocol) = chosen(&protocols) {
        response = response.header(SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    let handshake = Handshake {
        token: token(headers, &protocols, request.uri()),
        origin: headers.get(ORIGIN).map(|origin| String::from_utf8_lossy(origin.as_bytes()).into_owned()),
    };
    Ok((handshake, link, response.finish()))
}

fn refusal(status: StatusCode, sentence: &'static str) -> poem::Error {
    Failure::Refused(status, sentence).into()
}

fn token(headers: &HeaderMap, protocols: &[&str], uri: &Uri) -> Option<String> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let protocol = || protocols.iter().find_map(|protocol| protocol.strip_prefix(BEARER_PROTOCOL));
    let parameter = || {
        let query = uri.query()?;
        // Tokens are long and need no escape: most are taken as they stand.
        if !query.contains(['%', '+']) {
            return query.split('&').find_map(|pair| pair.strip_prefix("token=")).map(str::to_owned);
        }
        url::form_urlencoded::parse(query.as_bytes())
            .find_map(|(name, value)| (name == "token").then(|| value.into_owned()))
    };
    bearer
        .or_else(protocol)
        .map(str::to_owned)
        .filter(|token| !token.is_empty())
        .or_else(parameter)
        .filter(|token| !token.is_empty())
}

fn protocols(headers: &HeaderMap) -> Vec<&str> {
    headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|protocol| !protocol.is_empty())
        .collect()
}

/// One of the offered subprotocols, or browsers fail the connection; not the one with the token where there is another.
fn chosen<'a>(offered: &[&'a str]) -> Option<&'a str> {
    offered.iter().find(|protocol| !protocol.starts_with(BEARER_PROTOCOL)).or(offered.first()).copied()
}

/// Whether a header's comma-separated list holds `token`, in any case.
fn has_token(headers: &HeaderMap, name: http::HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(SEC_WEBSOCKET_PROTOCOL, value.parse().expect("a header value"))])
    }

    #[test]
    fn the_token_is_taken_from_header_subprotocol_or_address() {
        let address: Uri = "/?v=2&token=from%2Daddress".parse().expect("an address");
        let bare: Uri = "/".parse().expect("an address");
        let mut headers = offered("plic.v2.json, plic.bearer.from-protocol");
        assert_eq!(token(&headers, &protocols(&headers), &address).as_deref(), Some("from-protocol"));
        headers.insert(AUTHORIZATION, "bearer from-header".parse().expect("a header value"));
        assert_eq!(token(&headers, &protocols(&headers), &address).as_deref(), Some("from-header"));
        assert_eq!(token(&HeaderMap::new(), &[], &address).as_deref(), Some("from-address"));
        let plain: Uri = "/?token2=x&v=2&token=a.b-c_d&token=y".parse().expect("an address");
        assert_eq!(token(&HeaderMap::new(), &[], &plain).as_deref(), Some("a.b-c_d"));
        assert_eq!(token(&HeaderMap::new(), &[], &bare), None);
        assert_eq!(token(&HeaderMap::new(), &[], &"/?token=".parse().expect("an address")), None);
    }

    #[test]
    fn one_offered_subprotocol_is_chosen_and_not_the_token_where_there_is_another() {
        assert_eq!(chosen(&[]), None);
        assert_eq!(chosen(&["plic.bearer.x"]), Some("plic.bearer.x"));
        assert_eq!(chosen(&["plic.bearer.x", "plic.v2.json"]), Some("plic.v2.json"));
    }
}
