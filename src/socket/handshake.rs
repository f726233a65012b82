//! The opening handshake (RFC 6455 section 4.2). It is always completed where the request is a WebSocket handshake at
//! all: what is wrong with the token or the origin, or that there are too many connections, is said in a frame, for a
//! browser cannot read the status of a handshake that failed (CONTRACT section 2).

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{
    HeaderMap, StatusCode, Uri, Version,
    header::{
        AUTHORIZATION, CONNECTION, CONTENT_LENGTH, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
        SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
    },
};
use hyper::upgrade::OnUpgrade;
use plic_openapi::{AddressBlock, Failure, TurnedAway};
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
    afterwards: Weak<Mutex<Option<Held>>>,
}

/// What a connection is used for once hyper has let go of it. The task that served its request goes on with it: with a
/// task of its own, ten thousand who come at once would all wait for it with hyper's buffers in hand.
#[derive(Default)]
pub struct Afterwards(Arc<Mutex<Option<Held>>>);

/// All that is done with a connection after its upgrade.
pub type Conversation = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A conversation that is to be held after an upgrade.
pub struct Held {
    /// The conversation.
    pub conversation: Conversation,
    /// Whether the user was not let in: all that is left is to say why.
    pub is_refused: bool,
}

impl Afterwards {
    /// The conversation to hold, where the connection was upgraded.
    pub fn take(&self) -> Option<Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Returns whether the conversation only says why the user was not let in.
    pub fn is_refusal(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(|held| held.is_refused)
    }
}

impl Link {
    /// What the accept loop puts into each request.
    pub fn new(sock: Arc<Sock>, upgrade: Option<OnUpgrade>, afterwards: &Afterwards) -> Self {
        let afterwards = Arc::downgrade(&afterwards.0);
        Self { sock, upgrade: Arc::new(Mutex::new(upgrade)), afterwards }
    }

    /// Counts the connection under the address of its client; one that comes without a proxy is counted since it was
    /// accepted.
    ///
    /// # Errors
    /// Where the address has as many connections as it may have.
    pub fn count_under(&self, client: AddressBlock) -> Result<(), TurnedAway> {
        self.sock.place().count_under(client)
    }

    /// Has a conversation held after the upgrade; a connection that has gone meanwhile has none.
    pub fn hold(&self, conversation: impl Future<Output = ()> + Send + 'static, is_refused: bool) {
        if let Some(afterwards) = self.afterwards.upgrade() {
            let held = Held { conversation: Box::pin(conversation), is_refused };
            *afterwards.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
        }
    }

    pub(super) fn sock(&self) -> &Arc<Sock> {
        &self.sock
    }

    pub(super) fn into_sock(self) -> Arc<Sock> {
        self.sock
    }

    /// Whether hyper will let go of the connection once it has answered with 101.
    fn can_upgrade(&self) -> bool {
        self.upgrade.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(super) fn take_upgrade(&self) -> Option<OnUpgrade> {
        self.upgrade.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What a handshake says about who comes.
pub struct Handshake {
    /// The first token that is not empty of the `token` parameter, the `Authorization` header and the subprotocols, in
    /// this order. The others are not tried, whatever becomes of it.
    pub token: Option<String>,
    /// The page that opened the connection; a client without one is no browser.
    pub origin: Option<String>,
}

/// Answers a request with 101, or with what is wrong with it as a handshake. `None` where the request does not ask for
/// a WebSocket at all.
///
/// Refuses every handshake that could not succeed, before the caller is looked at: the user's other connections stay.
pub fn upgrade(request: &Request) -> Option<Result<(Handshake, Link, Response), poem::Error>> {
    let headers = request.headers();
    if !has_token(headers, UPGRADE, "websocket") {
        return None;
    }
    Some(accept(request))
}

fn accept(request: &Request) -> Result<(Handshake, Link, Response), poem::Error> {
    let headers = request.headers();
    if request.version() < Version::HTTP_11 {
        let sentence =
            "A WebSocket needs HTTP/1.1. The proxy in front of this server may be set to HTTP/1.0.";
        return Err(refusal(StatusCode::UPGRADE_REQUIRED, sentence));
    }
    if !has_token(headers, CONNECTION, "upgrade") {
        return Err(refusal(StatusCode::BAD_REQUEST, "The handshake lacks `Connection: Upgrade`."));
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        let sentence = "Only version 13 of the WebSocket protocol is spoken.";
        return Err(refusal(StatusCode::UPGRADE_REQUIRED, sentence));
    }
    if has_body(headers) {
        return Err(refusal(StatusCode::BAD_REQUEST, "A handshake has no body."));
    }
    let key = only_key(headers).ok_or_else(|| {
        refusal(StatusCode::BAD_REQUEST, "The handshake lacks a valid `Sec-WebSocket-Key`.")
    })?;
    let link = request
        .data::<Link>()
        .filter(|link| link.can_upgrade())
        .cloned()
        .ok_or_else(|| refusal(StatusCode::BAD_REQUEST, "The connection cannot be upgraded."))?;
    let protocols = protocols(headers);
    let mut response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(UPGRADE, "websocket")
        .header(CONNECTION, "Upgrade")
        .header(SEC_WEBSOCKET_ACCEPT, derive_accept_key(key));
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

/// The key of the handshake, where there is exactly one and it is 16 bytes long.
fn only_key(headers: &HeaderMap) -> Option<&[u8]> {
    let mut keys = headers.get_all(SEC_WEBSOCKET_KEY).iter();
    let (Some(key), None) = (keys.next(), keys.next()) else { return None };
    let nonce = STANDARD.decode(key.as_bytes()).ok()?;
    (nonce.len() == 16).then(|| key.as_bytes())
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING) || headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0")
}

fn token(headers: &HeaderMap, protocols: &[&str], uri: &Uri) -> Option<String> {
    let named = || bearer_token(headers).or_else(|| protocol_token(protocols)).map(str::to_owned);
    token_parameter(uri).or_else(named)
}

fn token_parameter(uri: &Uri) -> Option<String> {
    let query = uri.query()?;
    // Tokens are long and need no escape: most are taken as they stand.
    if !query.contains(['%', '+']) {
        let mut tokens = query.split('&').filter_map(|pair| pair.strip_prefix("token="));
        return tokens.find(|token| !token.is_empty()).map(str::to_owned);
    }
    url::form_urlencoded::parse(query.as_bytes())
        .find_map(|(name, value)| (name == "token" && !value.is_empty()).then(|| value.into_owned()))
}

fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    headers.get_all(AUTHORIZATION).iter().filter_map(|value| value.to_str().ok()).find_map(|value| {
        let (scheme, token) = value.split_once(' ')?;
        let token = token.trim();
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
    })
}

fn protocol_token<'a>(protocols: &[&'a str]) -> Option<&'a str> {
    let mut tokens = protocols.iter().filter_map(|protocol| protocol.strip_prefix(BEARER_PROTOCOL));
    tokens.find(|token| !token.is_empty())
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
    fn the_parameter_wins_over_the_header_and_the_header_over_the_subprotocol() {
        let read = |headers: &HeaderMap, target: &str| {
            token(headers, &protocols(headers), &target.parse().expect("an address"))
        };
        let none = HeaderMap::new();
        let mut headers = offered("plic.v2.json, plic.bearer., plic.bearer.from-protocol");
        assert_eq!(read(&headers, "/").as_deref(), Some("from-protocol"));
        headers.insert(AUTHORIZATION, "Basic cHJveHk6cHJveHk=".parse().expect("a header value"));
        assert_eq!(read(&headers, "/").as_deref(), Some("from-protocol"));
        headers.append(AUTHORIZATION, "bearer from-header".parse().expect("a header value"));
        assert_eq!(read(&headers, "/?token=").as_deref(), Some("from-header"));
        assert_eq!(read(&headers, "/?token=nonsense").as_deref(), Some("nonsense"));
        assert_eq!(read(&headers, "/?v=2&token=from%2Daddress").as_deref(), Some("from-address"));
        for first_empty in
            ["/?token=&token=a.b-c_d", "/?token&token=&token=a.b-c_d&token=y", "/?x=%20&token=&token=a.b-c_d"]
        {
            assert_eq!(read(&none, first_empty).as_deref(), Some("a.b-c_d"), "{first_empty}");
        }
        assert_eq!(read(&none, "/?token2=x&v=2&token=a.b-c_d&token=y").as_deref(), Some("a.b-c_d"));
        for absent in ["/", "/?token=", "/?token=&token=", "/?token=&x=%20"] {
            assert_eq!(read(&none, absent), None, "{absent}");
        }
    }

    #[test]
    fn a_handshake_has_one_key_and_no_body() {
        let mut headers = HeaderMap::new();
        assert_eq!(only_key(&headers), None);
        headers.append(SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==".parse().expect("a header value"));
        assert!(only_key(&headers).is_some() && !has_body(&headers));
        headers.append(SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==".parse().expect("a header value"));
        assert_eq!(only_key(&headers), None);
        headers.insert(CONTENT_LENGTH, 0.into());
        assert!(!has_body(&headers));
        headers.insert(CONTENT_LENGTH, 5.into());
        assert!(has_body(&headers));
    }

    #[test]
    fn one_offered_subprotocol_is_chosen_and_not_the_token_where_there_is_another() {
        assert_eq!(chosen(&[]), None);
        assert_eq!(chosen(&["plic.bearer.x"]), Some("plic.bearer.x"));
        assert_eq!(chosen(&["plic.bearer.x", "plic.v2.json"]), Some("plic.v2.json"));
    }
}
