//! `/moderation/audit`: who did what.

mod action;

use std::fmt::Write as _;

use plic_pipeline::{
    id::UserId,
    moderation::{self, AuditFilter, Desk},
};
use poem_openapi::{Object, OpenApi, param::Query, types::Any};
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) use self::action::AuditedAction;
use super::answer::Page;
use crate::{
    caller::Caller,
    failure::Failure,
    moment::Moment,
    nullable::Nullable,
    number::Id,
    page::{Limit, default_limit},
    spec::Tag,
};

/// An entry of the audit log.
#[derive(Debug, Object)]
pub(crate) struct AuditEntry {
    /// Its number: 1, 2, 3, with no gap.
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    seq: i64,
    /// When.
    at: Moment,
    /// Who; `null` is the server itself.
    actor: Nullable<Uuid>,
    /// What: `rule.update`, `incident.decide`, `ban.set` and so on.
    action: String,
    /// To what and how.
    detail: Any<Value>,
    /// SHA-256 over the hash before it and this entry, in hexadecimal.
    hash: String,
}

/// The handlers.
pub(crate) struct AuditApi {
    pub(crate) desk: Desk,
}

#[OpenApi(tag = "Tag::Records")]
impl AuditApi {
    /// Read the audit log
    ///
    /// The newest entry first, of those that fit all that you ask. Entries are chained by their hashes: `plic-chat audit verify` finds one that was changed
    /// or removed.
    #[oai(path = "/moderation/audit", method = "get", operation_id = "readAudit")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the query")]
    async fn read_audit(
        &self,
        _caller: Caller,
        /// The most entries to return.
        #[oai(default = "default_limit")]
        limit: Query<Limit>,
        /// Return entries before this number.
        before: Query<Option<Id>>,
        /// Only this action, such as `rule.update`; or, of a word without a dot, all actions that begin with it and a dot:
        /// `rule` is `rule.create`, `rule.update` and so on, and not `rules.import`.
        action: Query<Option<AuditedAction>>,
        /// Only what this user did; what the server did by itself is nobody's.
        actor: Query<Option<Uuid>>,
        /// Only entries of this moment and later, in RFC 3339.
        since: Query<Option<Moment>>,
        /// Only entries from before this moment, in RFC 3339.
        until: Query<Option<Moment>>,
    ) -> Result<Page<AuditEntry>, Failure> {
        let filter = AuditFilter {
            action: action.0.map(|action| action.0),
            actor: actor.0.map(UserId),
            since: since.0.map(|since| since.0),
            until: until.0.map(|until| until.0),
        };
        let page = self.desk.audit(&filter, before.0.map(|seq| seq.0), limit.0.items()).await?;
        let filters = [
            ("action", filter.action.as_ref().map(|action| action.as_str().to_owned())),
            ("actor", filter.actor.map(|actor| actor.to_string())),
            ("since", filter.since.map(|since| since.to_string())),
            ("until", filter.until.map(|until| until.to_string())),
        ];
        let cursor = |entry: &moderation::AuditEntry| entry.seq;
        Ok(Page::of(page, "/moderation/audit", &filters, limit.0, cursor, AuditEntry::from))
    }
}

impl From<moderation::AuditEntry> for AuditEntry {
    fn from(entry: moderation::AuditEntry) -> Self {
        // What somebody wrote there past the server need not be JSON, and is shown for what it is.
        let detail = serde_json::from_str(&entry.detail).ok().filter(Value::is_object);
        Self {
            seq: entry.seq,
            at: Moment(entry.at),
            actor: Nullable(entry.actor.map(|user| user.0)),
            action: entry.action,
            detail: Any(detail.unwrap_or_else(|| json!({ "unreadable": entry.detail }))),
            hash: hex(&entry.hash),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
        text
    })
}
