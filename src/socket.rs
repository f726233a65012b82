//! The WebSocket door: from the upgraded socket to the last frame. Sees no store and no SQL; what a command does is the
//! pipeline's.

mod connection;
mod door;
#[cfg(feature = "conformance")]
mod echo;
mod flood;
mod handshake;
mod io;
mod pulse;
mod sock;

pub use door::{Door, DoorSettings};
pub use handshake::{Handshake, Link, upgrade};
pub use io::HttpIo;
pub use sock::Sock;
