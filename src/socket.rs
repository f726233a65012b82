//! The WebSocket door: from the upgraded socket to the last frame. Sees no store and no SQL; what a command does is the
//! pipeline's.

mod connection;
mod door;
#[cfg(feature = "conformance")]
mod echo;
mod flood;
mod handshake;
mod io;
mod messages;
mod pulse;
mod sock;
mod wheel;

pub use door::{Door, DoorParts, DoorSettings, HandshakePeer, Received};
pub use handshake::{Afterwards, Conversation, Handshake, Held, Link, upgrade};
pub use io::{HttpIo, WriteObserver};
pub use sock::Sock;
