//! Why a command is not carried out, and the only table of close codes (CONTRACT section 2).

use std::borrow::Cow;

use plic_filter::{Category, Match, Verdict};

use crate::{
    command::{StructureError, TempId},
    id::RoomId,
    store::StoreError,
};

/// Why the server closes a connection; the numbers, names and order are the contract's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseCode {
    /// 4001: no authentication token was provided.
    NoAuthToken,
    /// 4002: the token did not verify, or ran out while connected.
    InvalidToken,
    /// 4003: the user has been away for longer than the operator allows.
    Afk,
    /// 4004: an administrator disconnected the user.
    AdminAction,
    /// 4005: the user is banned.
    Banned,
    /// 4006: the server could not do its work.
    ServerError,
    /// 4007: the server is shutting down.
    ServerShutdown,
    /// 4008: the user connected from a new device.
    NewDevice,
    /// 4009: any other cause, such as no heartbeat or too slow a reader.
    ConnectionClosed,
    /// 4010: a command with a bad structure.
    BadMessageStructure,
    /// 4011: a text that the filter does not let through.
    HatefulSpeech,
    /// 4012: something the user may not do.
    UnauthorizedAction,
}

impl CloseCode {
    /// Every code, in the order of their numbers.
    pub const ALL: [Self; 12] = [
        Self::NoAuthToken,
        Self::InvalidToken,
        Self::Afk,
        Self::AdminAction,
        Self::Banned,
        Self::ServerError,
        Self::ServerShutdown,
        Self::NewDevice,
        Self::ConnectionClosed,
        Self::BadMessageStructure,
        Self::HatefulSpeech,
        Self::UnauthorizedAction,
    ];

    /// The number on the wire, the constant's name in the close frame, and the sentence for a person.
    const fn row(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::NoAuthToken => (4001, "CloseNoAuthToken", "No authentication token was provided."),
            Self::InvalidToken => {
                (4002, "CloseInvalidToken", "Your session is not valid or has run out. Please sign in again.")
            }
            Self::Afk => (4003, "CloseAFK", "You have been away for too long."),
            Self::AdminAction => (4004, "CloseAdminAction", "An administrator disconnected you."),
            Self::Banned => (4005, "CloseBanned", "You are banned from the chat."),
            Self::ServerError => (4006, "ServerError", "A server error occurred. Please try again."),
            Self::ServerShutdown => {
                (4007, "ServerShutdown", "The server is shutting down. Please reconnect in a moment.")
            }
            Self::NewDevice => (4008, "CloseNewDevice", "You connected from a new device."),
            Self::ConnectionClosed => {
                (4009, "ConnectionClosed", "The connection was closed because it did not respond in time.")
            }
            Self::BadMessageStructure => {
                (4010, "BadMessageStructure", "The command could not be understood.")
            }
            Self::HatefulSpeech => {
                (4011, "HatefullSpeach", "Hateful speech or fake information is not permitted on Swappart.")
            }
            Self::UnauthorizedAction => {
                (4012, "UnAuthorizedAction", "You are not allowed to do this in the chat.")
            }
        }
    }

    /// The close frame's status code.
    pub const fn number(self) -> u16 {
        self.row().0
    }

    /// The constant's name, which is the close frame's reason, misspellings included.
    pub const fn name(self) -> &'static str {
        self.row().1
    }

    /// The sentence for a person that `Disconnection` carries, unless [`Closing`] knows a more exact one.
    pub const fn sentence(self) -> &'static str {
        self.row().2
    }
}

/// The site's name in the contract's sentences.
pub const DEFAULT_SITE_NAME: &str = "Swappart";

/// What a blocked message was, as far as its sender is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Offence {
    /// One text again and again.
    Repetition,
    /// What a rule of this category looks for.
    Category(Category),
}

impl Offence {
    /// What a match is told as.
    fn of(hit: &Match) -> Self {
        if hit.kind == "repetition" { Self::Repetition } else { Self::Category(hit.category) }
    }

    /// What is not permitted. Where nothing more exact is known it is what the contract says.
    const fn subject(self) -> &'static str {
        match self {
            Self::Repetition => "Sending the same message again and again is",
            Self::Category(Category::Hate | Category::Misinformation | Category::Other) => {
                "Hateful speech or fake information is"
            }
            Self::Category(Category::Threat) => "Threatening people is",
            Self::Category(Category::Harassment) => "Harassing people is",
            Self::Category(Category::Sexual) => "Sexual content is",
            Self::Category(Category::SelfHarm) => "What may encourage self-harm is",
            Self::Category(Category::Scam) => "Anything that looks like a scam is",
            Self::Category(Category::Spam) => "Spam is",
            Self::Category(Category::Contact) => "Sharing contact details is",
        }
    }
}

/// What more is known of why a connection is closed than its code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// With 4011: what the message was that led to it.
    Offence(Offence),
    /// With 4009: the address or the server has too many connections, or the address sent too many tokens that do not hold.
    OverLimit,
}

/// Why a connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closing {
    /// The code.
    pub code: CloseCode,
    /// The cause, where more is known of it.
    pub cause: Option<Cause>,
}

impl From<CloseCode> for Closing {
    fn from(code: CloseCode) -> Self {
        Self { code, cause: None }
    }
}

impl Closing {
    /// A closing with a code and its cause.
    pub const fn because(code: CloseCode, cause: Cause) -> Self {
        Self { code, cause: Some(cause) }
    }

    /// The sentence for a person that `Disconnection` carries, on a site of this name.
    pub fn sentence(self, site_name: &str) -> Cow<'static, str> {
        match (self.code, self.cause) {
            (_, Some(Cause::OverLimit)) => {
                "Too many connections come from your network or to the server. Please try again soon.".into()
            }
            (_, Some(Cause::Offence(offence))) => {
                format!("{} not permitted on {site_name}.", offence.subject()).into()
            }
            (CloseCode::HatefulSpeech, None) => {
                let subject = Offence::Category(Category::Hate).subject();
                format!("{subject} not permitted on {site_name}.").into()
            }
            (code, None) => code.sentence().into(),
        }
    }
}

/// What an unconfirmed `MessageSentConfirmation` gives as its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The command could not be read.
    BadMessageStructure,
    /// The filter does not let the text through.
    HatefulSpeech,
    /// The user may not do this.
    UnauthorizedAction,
    /// Too many commands in too short a time.
    RateLimited,
    /// A moderator is to look at the message first.
    HeldForReview,
    /// The server could not do its work.
    ServerError,
}

impl Reason {
    /// The word on the wire, misspellings included.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadMessageStructure => "BadMessageStructure",
            Self::HatefulSpeech => "HatefullSpeach",
            Self::UnauthorizedAction => "UnAuthorizedAction",
            Self::RateLimited => "RateLimited",
            Self::HeldForReview => "HeldForReview",
            Self::ServerError => "ServerError",
        }
    }
}

/// Why a command is not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    /// The session's token ran out between two commands.
    #[error("the session's token has run out")]
    TokenExpired,
    /// The command cannot be read.
    #[error("bad structure: {0}")]
    BadStructure(#[from] StructureError),
    /// The sender is banned.
    #[error("the sender is banned")]
    Banned,
    /// A rule refuses the text; whether the connection ends with it is the rule's action.
    #[error("refused by the filter")]
    Filtered(Box<Filtered>),
    /// A rule holds the text for review.
    #[error("held for review")]
    Held,
    /// The sender is not a participant of the room, or there is no such room.
    #[error("the sender is not a participant of the room")]
    NotParticipant,
    /// The sender is over the message rate.
    #[error("over the message rate")]
    RateLimited,
    /// The sender went on sending while over the message rate.
    #[error("flooding while over the message rate")]
    Flooding,
    /// The store could not answer.
    #[error("the store could not answer")]
    Store(#[source] StoreError),
}

/// A text that a rule refuses.
#[derive(Debug)]
pub struct Filtered {
    /// What the rules made of it.
    pub verdict: Verdict,
    /// Where it was to go.
    pub room: RoomId,
    /// The text.
    pub text: String,
}

impl From<StoreError> for Rejection {
    fn from(error: StoreError) -> Self {
        match error {
            // Removed between the look at the room and the insert: that is no fault of the store's.
            StoreError::NotParticipant => Self::NotParticipant,
            // Banned on another node since the look at the bans.
            StoreError::Banned => Self::Banned,
            StoreError::Held => Self::Held,
            StoreError::QueueFull => Self::RateLimited,
            StoreError::Unavailable(_) | StoreError::TimedOut | StoreError::Overloaded => Self::Store(error),
        }
    }
}

impl Rejection {
    /// What the unconfirmed answer gives as its reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::TokenExpired | Self::Banned | Self::NotParticipant | Self::Flooding => {
                Reason::UnauthorizedAction
            }
            Self::BadStructure(_) => Reason::BadMessageStructure,
            Self::Filtered(_) => Reason::HatefulSpeech,
            Self::RateLimited => Reason::RateLimited,
            Self::Held => Reason::HeldForReview,
            Self::Store(_) => Reason::ServerError,
        }
    }

    /// Why to close the connection, or nothing where the connection stays.
    pub fn closing(&self) -> Option<Closing> {
        let offence = match self {
            Self::Filtered(filtered) => filtered.verdict.matches.first().map(Offence::of),
            _ => None,
        };
        self.close().map(|code| Closing { code, cause: offence.map(Cause::Offence) })
    }

    /// The code to close the connection with, or nothing where the connection stays.
    pub fn close(&self) -> Option<CloseCode> {
        match self {
            Self::TokenExpired => Some(CloseCode::InvalidToken),
            Self::BadStructure(_) => Some(CloseCode::BadMessageStructure),
            Self::Banned => Some(CloseCode::Banned),
            Self::Filtered(filtered) => filtered.verdict.closes().then_some(CloseCode::HatefulSpeech),
            Self::NotParticipant | Self::Flooding => Some(CloseCode::UnauthorizedAction),
            Self::RateLimited | Self::Held => None,
            Self::Store(_) => Some(CloseCode::ServerError),
        }
    }
}

/// A command that was not carried out: what to answer, and to which `message_temp_id`.
#[derive(Debug, thiserror::Error)]
#[error("{rejection}")]
pub struct Refused {
    /// The command's `message_temp_id`, where one could be read.
    pub temp_id: Option<TempId>,
    /// Why.
    #[source]
    pub rejection: Rejection,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_sentence_of_4011_is_the_contracts() {
        let contract = CloseCode::HatefulSpeech.sentence();
        let said = |offence: Option<Offence>| {
            Closing { code: CloseCode::HatefulSpeech, cause: offence.map(Cause::Offence) }
                .sentence(DEFAULT_SITE_NAME)
        };
        for category in [Category::Hate, Category::Misinformation, Category::Other] {
            assert_eq!(said(Some(Offence::Category(category))), contract);
        }
        assert_eq!(said(None), contract);
        assert_eq!(
            said(Some(Offence::Repetition)),
            "Sending the same message again and again is not permitted on Swappart."
        );
    }

    #[test]
    fn a_sentence_names_the_site_and_what_the_message_was() {
        let scam =
            Closing::because(CloseCode::HatefulSpeech, Cause::Offence(Offence::Category(Category::Scam)));
        assert_eq!(
            scam.sentence("Home & Co"),
            "Anything that looks like a scam is not permitted on Home & Co."
        );
        let banned = Closing::from(CloseCode::Banned);
        assert_eq!(banned.sentence("Home & Co"), CloseCode::Banned.sentence());
    }

    #[test]
    fn codes_are_4001_to_4012_in_order_with_the_contracts_names() {
        let table: Vec<_> = CloseCode::ALL.iter().map(|code| (code.number(), code.name())).collect();
        assert_eq!(
            table,
            [
                (4001, "CloseNoAuthToken"),
                (4002, "CloseInvalidToken"),
                (4003, "CloseAFK"),
                (4004, "CloseAdminAction"),
                (4005, "CloseBanned"),
                (4006, "ServerError"),
                (4007, "ServerShutdown"),
                (4008, "CloseNewDevice"),
                (4009, "ConnectionClosed"),
                (4010, "BadMessageStructure"),
                (4011, "HatefullSpeach"),
                (4012, "UnAuthorizedAction"),
            ]
        );
    }
}
