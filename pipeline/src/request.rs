//! A command on its way through the pipeline. Each stage hands on the proof that it let the command pass, so that
//! nothing is checked twice and no stage can be skipped or moved before one that it depends on.

use std::sync::Arc;

use bytes::Bytes;
use plic_filter::Verdict;

use crate::{
    command::{Command, TempId},
    id::UserId,
    rejection::{Refused, Rejection},
    session::Session,
    store::SentKey,
    token::Role,
};

/// What a connection read, before any stage has seen it.
#[derive(Debug, Clone)]
pub struct Inbound {
    /// The connection that it came from.
    pub session: Arc<Session>,
    /// What came.
    pub payload: Payload,
}

/// A message as the socket read it.
#[derive(Debug, Clone)]
pub enum Payload {
    /// A text message; UTF-8, as RFC 6455 demands and the socket has checked.
    Text(Bytes),
    /// A binary message; its bytes are of no interest.
    Binary,
    /// A message over the size limit, of which nothing was kept.
    TooLarge,
}

impl Payload {
    /// How many bytes were kept of it.
    #[expect(clippy::len_without_is_empty, reason = "an empty text is a payload like any other")]
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary | Self::TooLarge => 0,
        }
    }

    /// The `message_temp_id` that a refusal answers, where one can be read.
    pub(crate) fn temp_id(&self) -> Option<TempId> {
        match self {
            Self::Text(text) => Command::find_temp_id(text),
            Self::Binary | Self::TooLarge => None,
        }
    }
}

/// What came over a session whose token still holds.
#[derive(Debug)]
pub struct Authenticated {
    pub(crate) session: Arc<Session>,
    pub(crate) payload: Payload,
}

/// A well-formed command of an authenticated user, with the proof `P` of the last stage that let it pass.
#[derive(Debug)]
pub struct Request<P> {
    pub(crate) session: Arc<Session>,
    pub(crate) command: Command,
    /// What makes it the same command when it is sent again: a digest of all of it, made once.
    pub(crate) key: Arc<SentKey>,
    /// What the filter made of the text, where it is delivered other than as it came, or is not to be forgotten.
    pub(crate) verdict: Option<Box<Verdict>>,
    proof: P,
}

impl<P> Request<P> {
    pub(crate) fn new(session: Arc<Session>, command: Command, proof: P) -> Self {
        let key = Arc::new(command.sent_key(session.identity.user));
        Self { session, command, key, verdict: None, proof }
    }

    /// Who sent it.
    pub fn sender(&self) -> UserId {
        self.session.identity.user
    }

    /// What the sender may do, by their token.
    pub fn role(&self) -> Role {
        self.session.identity.role
    }

    /// The proof of the last stage passed.
    pub fn proof(&self) -> &P {
        &self.proof
    }

    /// The same request with the next stage's proof in place of the last one's.
    pub(crate) fn prove<Q>(self, proof: Q) -> Request<Q> {
        let Self { session, command, key, verdict, .. } = self;
        Request { session, command, key, verdict, proof }
    }

    /// The same request with what the filter made of it.
    #[must_use]
    pub(crate) fn judged(self, verdict: Verdict) -> Self {
        Self { verdict: Some(Box::new(verdict)), ..self }
    }

    /// The refusal that answers this request.
    pub(crate) fn refuse(&self, rejection: impl Into<Rejection>) -> Refused {
        Refused { temp_id: Some(TempId::clone(self.command.temp_id())), rejection: rejection.into() }
    }
}
