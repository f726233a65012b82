//! One connection, from the handshake to the last byte: reads commands, runs them through the pipeline, answers, and
//! ends with the code that is due.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use plic_pipeline::{
    command::Reply,
    rejection::CloseCode,
    request::{Inbound, Payload},
    session::Session,
};
use tokio::time::{Instant, Sleep, timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::ProtocolError,
        protocol::{Role, WebSocketConfig},
    },
};
use tower::ServiceExt;

use super::{
    Sock,
    door::Door,
    io::{OverFragmented, WsIo, shutdown_write},
    pulse::{Due, Pulse},
};
use crate::frame;

/// The largest frame and message, in bytes (CONTRACT section 2).
const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// Small, for most connections are idle; a larger message makes it grow while it is read.
const READ_BUFFER_BYTES: usize = 1024;
/// After a message of so many bytes the buffer that it left behind is given back.
const LARGE_MESSAGE_BYTES: usize = 4 * 1024;
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
    Close(CloseCode),
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
    pub(super) stream: WebSocketStream<WsIo>,
    /// A large message has left a large buffer behind in the stream.
    pub(super) is_bloated: bool,
}

impl Conversation<'_> {
    /// The next message. Gives back the buffer of a large one as soon as nothing more stands in it.
    async fn next(&mut self) -> Option<Result<Message, Error>> {
        if self.is_bloated {
            let stream = &mut self.stream;
            let next = poll_fn(|context| match stream.poll_next_unpin(context) {
                Poll::Ready(message) => Poll::Ready(Some(message)),
                // The library asks for more only once it has handed out what it had.
                Poll::Pending if stream.get_ref().is_between_messages() => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            });
            if let Some(message) = next.await {
                return message;
            }
            let io = self.stream.get_mut().hand_over();
            self.stream = WebSocketStream::from_raw_socket(io, Role::Server, Some(websocket_config())).await;
            self.is_bloated = false;
        }
        self.stream.next().await
    }

    /// Talks with a user until there is a reason to end.
    pub(super) async fn converse(&mut self, session: Arc<Session>) -> Ending {
        let settings = &self.door.settings;
        let mut pulse = Pulse::new(settings, session.identity.expires_at);
        let mut alarm = pin!(tokio::time::sleep_until(pulse.next()));
        loop {
            let read = tokio::select! {
                biased;
                code = ending(self.sock) => return self.wind_up(code, &session).await,
                () = alarm.as_mut() => {
                    if let Some(code) = self.on_alarm(&mut pulse, alarm.as_mut()) {
                        return Ending::Close(code);
                    }
                    continue;
                }
                message = self.next() => read(message),
            };
            pulse.alive();
            match read {
                Read::Message(payload) => {
                    self.is_bloated |= payload.len() > LARGE_MESSAGE_BYTES;
                    pulse.command();
                    if let Some(code) = self.execute(payload, &session).await {
                        return Ending::Close(code);
                    }
                }
                Read::Alive => {}
                Read::Ending(ending) => return ending,
            }
        }
    }

    /// Answers what was read before the server began to drain; every other end comes at once.
    async fn wind_up(&mut self, code: CloseCode, session: &Arc<Session>) -> Ending {
        if code == CloseCode::ServerShutdown {
            while let Some(message) = self.stream.next().now_or_never() {
                match read(message) {
                    Read::Message(payload) => {
                        if let Some(code) = self.execute(payload, session).await {
                            return Ending::Close(code);
                        }
                    }
                    Read::Alive => {}
                    Read::Ending(ending) => return ending,
                }
            }
        }
        Ending::Close(code)
    }

    /// Runs a command through the pipeline and answers it; answers the code to close with, where there is one.
    async fn execute(&self, payload: Payload, session: &Arc<Session>) -> Option<CloseCode> {
        let inbound = Inbound { session: Arc::clone(session), payload };
        let mut reply = pin!(self.door.pipeline.clone().oneshot(inbound));
        let sock = self.sock;
        // The outbox is drained by this task alone, also while a command is under way.
        let reply = poll_fn(|context| {
            let _ = sock.poll_drain(context);
            reply.as_mut().poll(context)
        });
        match reply.await {
            Ok(Reply::Sent { temp_id, .. }) => {
                self.sock.put(&[frame::confirmed(temp_id.as_str())]);
                None
            }
            Err(refused) => {
                let temp_id = refused.temp_id.as_ref().map_or("", |id| id.as_str());
                self.sock.put(&[frame::unconfirmed(refused.rejection.reason(), temp_id)]);
                let code = refused.rejection.close();
                if code == Some(CloseCode::ServerError) {
                    let error = &refused.rejection as &dyn std::error::Error;
                    tracing::warn!(error, connection = %session.connection, "command failed");
                }
                code
            }
        }
    }

    /// Sends a ping, or answers the code that is due.
    fn on_alarm(&self, pulse: &mut Pulse, alarm: Pin<&mut Sleep>) -> Option<CloseCode> {
        match pulse.due(Instant::now()) {
            Due::Close(code) => return Some(code),
            Due::Ping => self.sock.put(&[frame::ping()]),
            Due::Nothing => {}
        }
        alarm.reset(pulse.next());
        None
    }

    /// Says the last words and waits, for a while, for the peer to have read them.
    pub(super) async fn finish(mut self, ending: Ending) {
        match ending {
            Ending::Close(code) => {
                self.sock.put_last(&[frame::disconnection(code), frame::close(code)]);
                self.door.metrics.closed(code);
                self.linger(true).await;
            }
            Ending::Breach((code, reason)) => {
                self.sock.put_last(&[frame::close_with(code, reason)]);
                self.linger(true).await;
            }
            Ending::PeerClosed => {
                self.sock.close_to_others();
                // The library writes its answer when it is polled on, and says when that is done.
                let closed = async { while let Some(Ok(_)) = self.stream.next().await {} };
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
            let io = self.stream.get_mut();
            let _ = timeout(CLOSE_PATIENCE, poll_fn(|context| io.poll_answer(context))).await;
        }
        if let Err(error) = shutdown_write(self.sock) {
            tracing::debug!(%error, "could not end the connection");
        }
    }
}

pub(super) fn websocket_config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * MAX_MESSAGE_BYTES)
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES))
}

/// Waits until somebody tells the connection to end.
pub(super) async fn ending(sock: &Sock) -> CloseCode {
    poll_fn(|context| sock.poll_ending(context)).await
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
