//! Which users are known to be moderators or admins. A role stands in a token, so that it is known of those alone who
//! showed one lately: on a moderation route or at the WebSocket door of any node.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;

use super::records::Records;
use crate::{id::UserId, log_line::LogThrottle, store::StoreError, token::Role};

/// How long a role counts as known after its token was last seen.
pub const ROLE_KNOWN: Duration = Duration::from_hours(24);
/// How often the role of the same user is written down again; well within [`ROLE_KNOWN`].
const WRITE_INTERVAL: Duration = Duration::from_hours(1);
/// Users remembered in memory; more are looked up in the store.
const MAX_REMEMBERED: u64 = 10_000;

/// Remembers the roles of moderators and admins; a clone is another handle to the same memory.
#[derive(Clone)]
pub struct Staff {
    records: Arc<dyn Records>,
    seen: Cache<UserId, Role>,
}

impl Staff {
    /// Remembers roles in `records`, which all nodes share.
    pub fn new(records: Arc<dyn Records>) -> Self {
        let seen = Cache::builder().max_capacity(MAX_REMEMBERED).time_to_live(WRITE_INTERVAL).build();
        Self { records, seen }
    }

    /// Remembers the role that a verified token gives its owner. The write to the store is not waited for; the role of
    /// a user who was never seen as a moderator or admin is not kept.
    pub fn note(&self, user: UserId, role: Role) {
        if self.remember(user, role) {
            let staff = self.clone();
            tokio::spawn(async move { staff.write(user, role).await });
        }
    }

    /// The same, and waits for the role of an admin to be written: the transactions that refuse banned senders ask there
    /// whom a moderator's ban does not bind.
    pub async fn note_before_acting(&self, user: UserId, role: Role) {
        if role < Role::Admin {
            self.note(user, role);
        } else if self.remember(user, role) {
            self.write(user, role).await;
        }
    }

    /// Returns whether the role is news, which it is not from then on.
    fn remember(&self, user: UserId, role: Role) -> bool {
        let known = self.seen.get(&user);
        let is_news = known != Some(role) && (known.is_some() || role >= Role::Moderator);
        if is_news {
            self.seen.insert(user, role);
        }
        is_news
    }

    async fn write(&self, user: UserId, role: Role) {
        static UNWRITTEN: LogThrottle = LogThrottle::new();
        if let Err(error) = self.records.note_role(user, role).await {
            // The next token of this user tries again.
            self.seen.invalidate(&user);
            if let Some(left_out) = UNWRITTEN.admits() {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(user.id = %user, error, left_out, "the role of a moderator could not be written down");
            }
        }
    }

    /// Returns the role of a user, where it is known to be above that of a user.
    ///
    /// # Errors
    /// What keeps the store from answering.
    pub async fn role_of(&self, user: UserId) -> Result<Option<Role>, StoreError> {
        let role = match self.seen.get(&user) {
            Some(role) => Some(role),
            None => self.records.role_of(user).await?,
        };
        Ok(role.filter(|role| *role >= Role::Moderator))
    }
}
