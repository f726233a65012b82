//! So many requests a user and second; where there is no valid token, an address. In memory, one a node.

use std::{
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
    sync::Arc,
};

use governor::{DefaultKeyedRateLimiter, Quota, clock::Clock};
use plic_pipeline::id::UserId;
use poem::Request;

use crate::failure::Failure;

/// The client's address, as the server has it from the connection and the proxies it trusts: to be put into the
/// request's extensions. Without it the connection's own address counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// The limit on requests; a clone is the same limit.
#[derive(Debug, Clone)]
pub struct RestLimit {
    limiter: Arc<DefaultKeyedRateLimiter<Key>>,
}

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    User(UserId),
    V4(Ipv4Addr),
    /// The first 64 bits: a household has them to itself, and 2^64 addresses below them.
    V6([u16; 4]),
    /// Requests whose address nobody knows share one allowance.
    Unknown,
}

impl RestLimit {
    /// A limit of `per_second` requests, and three times as many at once.
    pub fn new(per_second: NonZeroU32) -> Self {
        let burst = per_second.saturating_mul(NonZeroU32::MIN.saturating_add(2));
        let quota = Quota::per_second(per_second).allow_burst(burst);
        Self { limiter: Arc::new(DefaultKeyedRateLimiter::keyed(quota)) }
    }

    /// Forgets whoever has their whole allowance again; to be called now and then, or the table grows for ever.
    pub fn forget_idle(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }

    pub(crate) fn check(&self, key: Key) -> Result<(), Failure> {
        self.limiter
            .check_key(&key)
            .map_err(|refused| Failure::TooManyRequests(refused.wait_time_from(self.limiter.clock().now())))
    }
}

impl Key {
    /// The key of whoever sends without a valid token.
    pub(crate) fn of_stranger(request: &Request) -> Self {
        let known = request.data::<ClientAddress>().map(|address| address.0);
        let address = known.or_else(|| request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip));
        match address.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => Self::V4(address),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                Self::V6([a, b, c, d])
            }
            None => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: &str) -> Key {
        let mut request = Request::default();
        request.set_data(ClientAddress(address.parse().expect("an address")));
        Key::of_stranger(&request)
    }

    #[test]
    fn addresses_of_one_ipv6_network_count_together_and_mapped_ones_as_ipv4() {
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.2"), key("192.0.2.1"));
    }

    #[test]
    fn the_burst_is_three_times_the_rate_and_the_wait_is_told() {
        let limit = RestLimit::new(NonZeroU32::new(2).expect("not zero"));
        for _ in 0..6 {
            assert!(limit.check(Key::Unknown).is_ok());
        }
        assert!(matches!(limit.check(Key::Unknown), Err(Failure::TooManyRequests(wait)) if !wait.is_zero()));
        assert!(limit.check(key("192.0.2.1")).is_ok());
    }
}
