//! Ports that stay free while a server is down.

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    net::{Ipv4Addr, TcpListener},
};

/// Below those that the kernel gives to connections going out, one of which could take the port of a server that is to come
/// back to it.
const FIRST: u64 = 20_000;
const PORTS: u64 = 12_000;

/// A port of 127.0.0.1 on which nobody listens.
pub(crate) fn free() -> u16 {
    let drawn = (0..1000).map(|_| RandomState::new().build_hasher().finish() % PORTS + FIRST);
    let mut ports = drawn.map(|port| u16::try_from(port).expect("a port below 32,000"));
    ports.find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).expect("some port is free")
}
