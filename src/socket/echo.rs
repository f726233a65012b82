//! `/echo`, for conformance tests of the very same driver: no token, text and binary back as they came.

use std::sync::Arc;

use futures_util::StreamExt;
use tokio_tungstenite::tungstenite::Message;

use super::{
    connection::{Conversation, Ending, Read, ending, read},
    door::Door,
    flood::FloodGuard,
    handshake::Link,
};
use crate::frame;

const TOO_BIG: (u16, &str) = (1009, "message too big");

impl Door {
    /// Echoes until the peer closes.
    pub async fn echo(self: Arc<Self>, link: Link) {
        let Some((sock, stream)) = self.open(&link, FloodGuard::new(None)).await else { return };
        drop(link);
        let mut conversation = Conversation { door: &self, sock: &sock, stream, is_bloated: false };
        let ending = conversation.repeat().await;
        conversation.finish(ending).await;
    }
}

impl Conversation<'_> {
    async fn repeat(&mut self) -> Ending {
        loop {
            let message = tokio::select! {
                biased;
                code = ending(self.sock) => return Ending::Close(code),
                message = self.stream.next() => message,
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
