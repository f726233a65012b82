//! Messages off a socket: the WebSocket library's state machine, which is there only while something is being read. An
//! idle connection keeps neither its buffers nor what a large message has left behind in them.

use std::{
    future::poll_fn,
    io::{self, Read, Write},
    task::{Context, Poll},
};

use tokio_tungstenite::tungstenite::{
    Error, Message,
    protocol::{Role, WebSocketConfig, WebSocketContext},
};

use super::io::WsIo;

/// The largest frame and message, in bytes (CONTRACT section 2).
const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// Holds most messages whole; a larger one makes it grow while it is read.
const READ_BUFFER_BYTES: usize = 1024;

/// What comes over a connection.
pub(super) struct Messages {
    pub(super) io: WsIo,
    parser: Option<Box<WebSocketContext>>,
}

impl Messages {
    /// The messages that come over `io`; `read` was read off it before.
    pub(super) fn new(io: WsIo, read: &[u8]) -> Self {
        let parser = (!read.is_empty()).then(|| {
            Box::new(WebSocketContext::from_partially_read(read.to_vec(), Role::Server, Some(config())))
        });
        Self { io, parser }
    }

    /// The next message; none once the closing handshake is done. Not to be asked for after an error.
    pub(super) async fn next(&mut self) -> Option<Result<Message, Error>> {
        poll_fn(|context| self.poll_next(context)).await
    }

    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Message, Error>>> {
        let Self { io, parser } = self;
        let open =
            parser.get_or_insert_with(|| Box::new(WebSocketContext::new(Role::Server, Some(config()))));
        match open.read(&mut Wire { io, context }) {
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                // The library asks for more only once it has handed out what it had.
                if open.can_write() && io.is_between_messages() {
                    *parser = None;
                }
                Poll::Pending
            }
            Err(Error::ConnectionClosed | Error::AlreadyClosed) => Poll::Ready(None),
            message => Poll::Ready(Some(message)),
        }
    }
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * MAX_MESSAGE_BYTES)
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES))
}

/// The socket as the library wants it, for as long as it is polled.
struct Wire<'a, 'b> {
    io: &'a mut WsIo,
    context: &'a mut Context<'b>,
}

impl Read for Wire<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.io.poll_read(self.context, buffer) {
            Poll::Ready(read) => read,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

impl Write for Wire<'_, '_> {
    fn write(&mut self, frame: &[u8]) -> io::Result<usize> {
        self.io.write(frame).map(|()| frame.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
