//! One connection, from the handshake to the last byte: reads commands, runs them through the pipeline, answers, and
//! ends with the code that is due.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt;
use plic_pipeline::{
    command::Reply,
    rejection::{CloseCode, Closing},
    request::{Inbound, Payload},
    session::Session,
    timestamp::Timestamp,
};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message, error::ProtocolError};
use tower::ServiceExt;

use super::{
    Sock,
    door::Door,
    io::{OverFragmented, shutdown_write},
    messages::Messages,
};
use crate::frame;

/// How long the peer has to answer our close frame once it is written ...
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);
/// ... and to read what stands before it.
const DRAIN_PATIENCE: Duration = Duration::from_mins(1);
/// RFC 6455 section 7.4.1.
const PROTOCOL_ERROR: (u16, &str) = (1002, "protocol error");
const NOT_UTF8: (u16, &str) = (1007, "text is not UTF-8");

/// Why a conversation is over.
pub(super) enum Ending {
    /// The server ends it with a code of the contract.
    Close(Closing),
    /// The peer breached RFC 6455, or on `/echo` its limits.
    Breach((u16, &'static str)),
    /// The peer sent a close frame; the library answers it.
    PeerClosed,
    /// The socket is no more.
    Gone,
}

/// What was read, of what can be read.
pub(super) enum Read {
    Message(Payload),
    /// A ping or a pong.
    Alive,
    Ending(Ending),
}

/// A connection while it is talked over.
pub(super) struct Conversation<'a> {
    pub(super) door: &'a Door,
    pub(super) sock: &'a Arc<Sock>,
    pub(super) messages: Messages,
}

/// What a conversation waits for.
pub(super) enum Next {
    Message(Option<Result<Message, Error>>),
    End(CloseCode),
}

impl Conversation<'_> {
    /// Talks with a user until there is a reason to end.
    pub(super) async fn converse(&mut self, session: Arc<Session>) -> Ending {
        let token_holds = session.identity.expires_at.since(Timestamp::now());
        let pulse = self.door.look_after(self.sock, token_holds);
        loop {
            let message = match self.next().await {
                Next::Message(message) => message,
                // Boxed, as what comes once: the task of an idle connection does not keep room for it.
                Next::End(code) => return Box::pin(self.wind_up(code, &session)).await,
            };
            pulse.alive();
            match read(message) {
                Read::Message(payload) => {
                    pulse.command(self.door.wheel.now());
                    if let Some(closing) = self.execute(payload, &session).await {
                        return Ending::Close(closing);
                    }
                    // Nothing was read meanwhile, an answer to a heartbeat neither.
                    pulse.alive();
                }
                Read::Alive => {}
                Read::Ending(ending) => return ending,
            }
        }
    }

    /// The next message, unless the connection is to end first.
    pub(super) async fn next(&mut self) -> Next {
        poll_fn(|context| {
            if let Poll::Ready(code) = self.sock.poll_ending(context) {
                return Poll::Ready(Next::End(code));
            }
            self.messages.poll_next(context).map(Next::Message)
        })
        .await
    }

    /// Answers what was read before the server began to drain; every other end comes at once.
    async fn wind_up(&mut self, code: CloseCode, session: &Arc<Session>) -> Ending {
        if code == CloseCode::ServerShutdown {
            while let Some(message) = self.messages.next().now_or_never() {
                match read(message) {
                    Read::Message(payload) => {
                        if let Some(closing) = self.execute(payload, session).await {
                            return Ending::Close(closing);
                        }
                    }
                    Read::Alive => {}
                    Read::Ending(ending) => return ending,
                }
            }
        }
        Ending::Close(code.into())
    }

    /// Runs a command through the pipeline and answers it; returns why the connection is to be closed, where it is.
    async fn execute(&self, payload: Payload, session: &Arc<Session>) -> Option<Closing> {
        let inbound = Inbound { session: Arc::clone(session), payload };
        let mut reply = pin!(self.door.pipeline.clone().oneshot(inbound));
        let sock = self.sock;
        // The outbox is drained by this task alone, also while a command is under way; what waits when the reply comes goes
        // out with it.
        let reply = poll_fn(|context| {
            let reply = reply.as_mut().poll(context);
            if reply.is_pending() {
                let _ = sock.poll_drain(context);
            }
            reply
        });
        match reply.await {
            Ok(Reply::Sent { temp_id, .. }) => {
                self.sock.put(&[frame::confirmed(&temp_id)]);
                None
            }
            Err(refused) => {
                self.sock.put(&[frame::unconfirmed(refused.rejection.reason(), refused.temp_id.as_ref())]);
                let closing = refused.rejection.closing();
                if closing.is_some_and(|closing| closing.code == CloseCode::ServerError) {
                    let error = &refused.rejection;
                    plic_pipeline::log_limited!(WARN, error: error, connection = %session.connection, "command failed");
                }
                closing
            }
        }
    }

    /// Says the last words and waits, for a while, for the peer to have read them.
    pub(super) async fn finish(mut self, ending: Ending) {
        match ending {
            Ending::Close(closing) => {
                let last = frame::disconnection(closing, &self.door.settings.site_name);
                self.sock.put_last(&[last, frame::close(closing.code)]);
                self.door.metrics.closed(closing.code);
                self.linger(true).await;
            }
            Ending::Breach((code, reason)) => {
                self.sock.put_last(&[frame::close_with(code, reason)]);
                self.linger(true).await;
            }
            Ending::PeerClosed => {
                self.sock.close_to_others();
                // The library writes its answer when it is polled on, and says when that is done.
                let closed = async { while let Some(Ok(_)) = self.messages.next().await {} };
                let _ = timeout(CLOSE_PATIENCE, closed).await;
                self.linger(false).await;
            }
            Ending::Gone => self.sock.close_to_others(),
        }
    }

    /// Writes what waits; then, where the close was ours, reads and drops until the peer answers it: to close a socket
    /// with something unread takes back what was written to it.
    async fn linger(&mut self, for_answer: bool) {
        let drained = timeout(DRAIN_PATIENCE, poll_fn(|context| self.sock.poll_drain(context)));
        if !matches!(drained.await, Ok(Ok(()))) {
            return;
        }
        if for_answer {
            let io = &mut self.messages.io;
            let _ = timeout(CLOSE_PATIENCE, poll_fn(|context| io.poll_answer(context))).await;
        }
        if let Err(error) = shutdown_write(self.sock) {
            tracing::debug!(%error, "could not end the connection");
        }
    }
}

pub(super) fn read(message: Option<Result<Message, Error>>) -> Read {
    match message {
        Some(Ok(Message::Text(text))) => Read::Message(Payload::Text(Bytes::from(text))),
        Some(Ok(Message::Binary(_))) => Read::Message(Payload::Binary),
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Read::Alive,
        Some(Ok(Message::Close(_))) => Read::Ending(Ending::PeerClosed),
        Some(Err(Error::Capacity(_))) => Read::Message(Payload::TooLarge),
        Some(Err(Error::Io(error)))
            if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<OverFragmented>) =>
        {
            Read::Message(Payload::TooLarge)
        }
        Some(Err(Error::Utf8(_))) => Read::Ending(Ending::Breach(NOT_UTF8)),
        Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) | None => {
            Read::Ending(Ending::Gone)
        }
        Some(Err(Error::Protocol(_))) => Read::Ending(Ending::Breach(PROTOCOL_ERROR)),
        Some(Err(error)) => {
            tracing::debug!(%error, "connection lost");
            Read::Ending(Ending::Gone)
        }
    }
}
