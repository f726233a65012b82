//! Why a measurement is worth nothing.

use std::io;

use super::crowd::End;

/// Something happened that must not happen under the load of a scenario.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A socket failed.
    #[error("a socket failed")]
    Io(#[from] io::Error),
    /// The server refused a handshake.
    #[error("a handshake was answered with {0:?}")]
    Handshake(String),
    /// A message was not confirmed.
    #[error("a message was answered with {0}")]
    Unconfirmed(String),
    /// A connection ended.
    #[error("member {member} was disconnected: {end:?}")]
    Disconnected {
        /// Whose connection.
        member: usize,
        /// How.
        end: End,
    },
    /// A delivery that belongs to no message on its way: it came twice, or late.
    #[error("member {0} heard something that nobody was saying")]
    Unexpected(usize),
    /// Bytes that are no frame of the protocol.
    #[error("bytes that the protocol does not know")]
    Garbled,
    /// Nothing came for a long time.
    #[error("nothing was heard for {0} seconds")]
    Silence(u64),
    /// A sender was to send again and had not been answered yet.
    #[error("the server is slower than the pace")]
    Overrun,
    /// The server refused to make a room.
    #[error("no room was made: {0:?}")]
    Room(String),
}
