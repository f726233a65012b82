//! Client addresses as they are counted: an IPv4 address, or the /64 network of an IPv6 address. A household has a /64 to
//! itself, with 2^64 addresses in it.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use poem::Request;

/// The client's address, as the server has it from the connection and the proxies it trusts: to be put into the
/// request's extensions. Without it the connection's own address counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// The addresses that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressBlock {
    /// One IPv4 address.
    V4([u8; 4]),
    /// The first 64 bits of an IPv6 address.
    V6([u8; 8]),
}

impl AddressBlock {
    /// Stands for every address that is not known.
    pub const UNKNOWN: Self = Self::V4([0; 4]);

    /// Returns the block of the client that sent a request.
    pub fn of(request: &Request) -> Self {
        let known = request.data::<ClientAddress>().map(|address| address.0);
        let address = known.or_else(|| request.remote_addr().as_socket_addr().map(SocketAddr::ip));
        address.map_or(Self::UNKNOWN, Self::from)
    }
}

impl From<IpAddr> for AddressBlock {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.octets()),
            IpAddr::V6(address) => {
                let network = address.to_bits() >> 64;
                Self::V6(u64::try_from(network).expect("64 bits are left").to_be_bytes())
            }
        }
    }
}

impl fmt::Display for AddressBlock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(octets) => Ipv4Addr::from(*octets).fmt(formatter),
            Self::V6(prefix) => {
                let bits = u128::from(u64::from_be_bytes(*prefix)) << 64;
                write!(formatter, "{}/64", Ipv6Addr::from_bits(bits))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(address: &str) -> AddressBlock {
        let mut request = Request::default();
        request.set_data(ClientAddress(address.parse().expect("an address")));
        AddressBlock::of(&request)
    }

    #[test]
    fn addresses_of_one_ipv6_network_count_together_and_mapped_ones_as_ipv4() {
        assert_eq!(block("2001:db8:1:2::1"), block("2001:db8:1:2:ffff::9"));
        assert_ne!(block("2001:db8:1:2::1"), block("2001:db8:1:3::1"));
        assert_eq!(block("::ffff:192.0.2.1"), block("192.0.2.1"));
        assert_ne!(block("192.0.2.2"), block("192.0.2.1"));
        assert_eq!(AddressBlock::of(&Request::default()), AddressBlock::UNKNOWN);
    }

    #[test]
    fn a_block_is_shown_as_operators_write_it() {
        assert_eq!(block("192.0.2.1").to_string(), "192.0.2.1");
        assert_eq!(block("2001:db8:1:2::9").to_string(), "2001:db8:1:2::/64");
    }
}
