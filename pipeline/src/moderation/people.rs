//! What is known about a user: their record.

use super::incident::Incident;
use crate::{
    id::{BanId, IncidentId, UserId},
    store::Ban,
    timestamp::Timestamp,
};

/// A ban as it stands in the records, lifted and expired ones too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BanRecord {
    /// Its id, growing with time.
    pub id: BanId,
    /// Who, why, until when, on whose authority.
    pub ban: Ban,
    /// When it was set.
    pub created_at: Timestamp,
    /// Who set it; `None` is the policy.
    pub created_by: Option<UserId>,
    /// When it was lifted or replaced, where it was.
    pub lifted_at: Option<Timestamp>,
    /// Who lifted it; `None` where nobody did, or the policy.
    pub lifted_by: Option<UserId>,
}

/// A strike: a blocked message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strike {
    /// The incident that it came with.
    pub incident: IncidentId,
    /// When.
    pub at: Timestamp,
    /// Whether it was taken back.
    pub taken_back: bool,
}

/// A note that a moderator made when deciding about one of the user's messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The incident.
    pub incident: IncidentId,
    /// Who.
    pub by: Option<UserId>,
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
}

/// A user's record; each list newest first and at most [`Dossier::MAX_ITEMS`] long.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dossier {
    /// Strikes within the policy's window that were not taken back, those that led to a ban too.
    pub strikes_counted: u32,
    /// Their strikes.
    pub strikes: Vec<Strike>,
    /// Their bans.
    pub bans: Vec<BanRecord>,
    /// Their incidents.
    pub incidents: Vec<Incident>,
    /// What was noted.
    pub notes: Vec<Note>,
}

impl Dossier {
    /// The most items that each list of a dossier has.
    pub const MAX_ITEMS: usize = 100;
}
