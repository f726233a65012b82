//! `/echo`, for conformance tests of the very same driver: no token, text and binary back as they came.

use std::sync::Arc;

use tokio_tungstenite::tungstenite::Message;

use super::{
    connection::{Conversation, Ending, Next, Read, read},
    door::Door,
    flood::FloodGuard,
    handshake::Link,
};
use crate::frame;

const TOO_BIG: (u16, &str) = (1009, "message too big");

impl Door {
    /// Echoes until the peer closes.
    pub async fn echo(self: Arc<Self>, link: Link) {
        let Some(messages) = self.open(&link, FloodGuard::new(None)).await else { return };
        let sock = link.into_sock();
        let mut conversation = Conversation { door: &self, sock: &sock, messages };
        let ending = conversation.repeat().await;
        conversation.finish(ending).await;
    }
}

impl Conversation<'_> {
    async fn repeat(&mut self) -> Ending {
        loop {
            let message = match self.next().await {
                Next::Message(message) => message,
                Next::End(code) => return Ending::Close(code.into()),
            };
            let frame = match &message {
                Some(Ok(Message::Text(text))) => Some(frame::echo(false, text.as_bytes())),
                Some(Ok(Message::Binary(bytes))) => Some(frame::echo(true, bytes)),
                _ => None,
            };
            match (frame, read(message)) {
                (Some(frame), _) => self.sock.put(&[frame]),
                (None, Read::Message(_)) => return Ending::Breach(TOO_BIG),
                (None, Read::Alive) => {}
                (None, Read::Ending(ending)) => return ending,
            }
        }
    }
}
