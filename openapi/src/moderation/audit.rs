//! `/moderation/audit`: who did what.

use std::fmt::Write as _;

use plic_pipeline::moderation::{self, Desk};
use poem_openapi::{Object, OpenApi, param::Query, types::Any};
use serde_json::{Value, json};
use uuid::Uuid;

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
    /// The newest entry first. Entries are chained by their hashes: `plic-chat audit verify` finds one that was changed
    /// or removed.
    #[oai(path = "/moderation/audit", method = "get", operation_id = "readAudit")]
    async fn read_audit(
        &self,
        _caller: Caller,
        /// The most entries to return.
        #[oai(default = "default_limit")]
        limit: Query<Limit>,
        /// Return entries before this number.
        before: Query<Option<Id>>,
    ) -> Result<Page<AuditEntry>, Failure> {
        let page = self.desk.audit(before.0.map(|seq| seq.0), limit.0.items()).await?;
        let cursor = |entry: &moderation::AuditEntry| entry.seq;
        Ok(Page::of(page, "/moderation/audit", &[], limit.0, cursor, AuditEntry::from))
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
