//! The gate before every room: address, token, rate and ban, in this order, before a byte of the body is read.
//!
//! Fails closed: where keys or bans cannot be had, the answer is 503.

use std::sync::Arc;

use plic_pipeline::store::Store;
use poem::{
    Endpoint, Request, Result,
    http::{HeaderMap, header::AUTHORIZATION},
};

use crate::{
    address::AddressBlock, caller::Caller, failure::Failure, limit::RestLimit, standing::Standing,
    verifier::Verifier,
};

/// Lets requests of users in good standing through, as [`Caller`] in their data.
#[derive(Clone)]
pub struct Gate {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) tokens: Verifier,
    pub(crate) limit: RestLimit,
}

/// An endpoint behind a [`Gate`].
pub struct Gated<E> {
    gate: Gate,
    inner: E,
}

impl Gate {
    /// Puts `inner` behind the gate.
    pub fn before<E: Endpoint>(&self, inner: E) -> Gated<E> {
        Gated { gate: self.clone(), inner }
    }

    async fn admit(&self, request: &Request) -> Result<Caller, Failure> {
        let address = AddressBlock::of(request);
        let Some(token) = bearer(request.headers()) else {
            self.tokens.charge(address)?;
            return Err(Failure::NoToken);
        };
        let identity = self.tokens.verify(token, address, request.data::<Standing>()).await?;
        self.limit.check_user(identity.user)?;
        let ban = self.store.ban_of(identity.user).await?;
        if ban.is_some_and(|ban| ban.keeps_out(identity.role, self.store.now())) {
            return Err(Failure::Banned);
        }
        Ok(Caller(identity))
    }
}

impl<E: Endpoint> Endpoint for Gated<E> {
    type Output = E::Output;

    async fn call(&self, mut request: Request) -> Result<E::Output> {
        let caller = self.gate.admit(&request).await?;
        request.set_data(caller);
        self.inner.call(request).await
    }
}

/// The token of the one `Authorization: Bearer <token>` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    let well_formed = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && !token.contains(' ');
    well_formed.then_some(token)
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    #[test]
    fn only_one_well_formed_bearer_header_holds_a_token() {
        let read = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, HeaderValue::from_static(value));
            }
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(read(&["Bearer abc"]).as_deref(), Some("abc"));
        assert_eq!(read(&["bearer  abc "]).as_deref(), Some("abc"));
        for bad in
            [&[][..], &["Bearer"], &["Bearer "], &["Basic abc"], &["Bearer a b"], &["Bearer a", "Bearer b"]]
        {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }
}
