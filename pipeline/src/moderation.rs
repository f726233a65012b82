//! What moderators see and do (MODERATION section 3): rules in versions, incidents and their decisions, bans, reports,
//! the policy and the audit log.
//!
//! The nouns are here, a file each; [`records`] is the port that keeps them, and [`Desk`] is what the routes call: it
//! holds the rules of the house and does no I/O of its own. [`Watch`] is its counterpart on the way of a message.

pub mod audit;
pub mod authority;
pub mod desk;
pub mod drift;
pub mod incident;
pub mod latency;
pub mod notice;
pub mod people;
pub mod policy;
pub mod records;
pub mod rulebook;
pub mod staff;
pub mod stats;
pub mod viewing;
pub mod watch;

pub use self::{
    audit::{ActionFilter, AuditEntry, AuditFilter, Deed},
    authority::Authority,
    desk::{Desk, DeskError},
    incident::{
        Decision, Finding, FoundMatch, FoundWord, Incident, IncidentFilter, IncidentKind, IncidentStatus,
    },
    notice::Notice,
    people::{BanRecord, Dossier},
    policy::Policy,
    records::Records,
    rulebook::{RuleWrite, Rulebook, StoredRule},
    staff::Staff,
    viewing::Viewing,
    watch::Watch,
};
