//! Which users are known to be moderators or admins. A role stands in a token, so that it is known of those alone who
//! showed one lately: on any REST route behind the gate, or at the WebSocket door, of any node. A token that gives no
//! rank any more takes it away.

use std::{collections::HashSet, sync::Arc, time::Duration};

use moka::{future, sync::Cache};

use super::records::Records;
use crate::{id::UserId, log_line::LogThrottle, store::StoreError, token::Role};

/// How long a role counts as known after its token was last seen.
pub const ROLE_KNOWN: Duration = Duration::from_hours(24);
/// How often the role of the same user is written down again; well within [`ROLE_KNOWN`].
const WRITE_INTERVAL: Duration = Duration::from_hours(1);
/// Users remembered in memory; more are looked up in the store.
const MAX_REMEMBERED: u64 = 10_000;
/// How often it is read whom the store knows as moderators or admins, while users without a rank come; and of how many.
const RANKED_REFRESH: Duration = Duration::from_mins(1);
const MAX_RANKED: usize = 10_000;

/// Remembers the roles of moderators and admins; a clone is another handle to the same memory.
#[derive(Clone)]
pub struct Staff {
    records: Arc<dyn Records>,
    seen: Cache<UserId, Role>,
    /// Of these, what the store has.
    written: Cache<UserId, Role>,
    /// Whom the store knows as moderators or admins: read for all users together, so that a reconnect storm does not read
    /// for each.
    ranked: future::Cache<(), Arc<HashSet<UserId>>>,
}

impl Staff {
    /// Remembers roles in `records`, which all nodes share.
    pub fn new(records: Arc<dyn Records>) -> Self {
        let cache = || Cache::builder().max_capacity(MAX_REMEMBERED).time_to_live(WRITE_INTERVAL).build();
        let ranked = future::Cache::builder().max_capacity(1).time_to_live(RANKED_REFRESH).build();
        Self { records, seen: cache(), written: cache(), ranked }
    }

    /// Remembers the role that a verified token gives its owner. The write to the store is not waited for. The role of a
    /// user who was never seen as a moderator or admin is not kept; a demotion that the store learnt of on another node
    /// within the last minute may be noted at the next token.
    pub fn note(&self, user: UserId, role: Role) {
        let staff = self.clone();
        match self.seen.get(&user) {
            Some(known) if known == role => {}
            None if role < Role::Moderator => {
                tokio::spawn(async move { staff.note_demotion(user, role).await });
            }
            _ => {
                self.seen.insert(user, role);
                tokio::spawn(async move { staff.write(user, role).await });
            }
        }
    }

    /// The same, and waits for the role of a moderator or an admin to be written: transactions ask there whom a
    /// moderator's ban does not bind, and whom the limits of a day do not.
    pub async fn note_before_acting(&self, user: UserId, role: Role) {
        if role < Role::Moderator {
            self.note(user, role);
        } else if self.written.get(&user) != Some(role) {
            self.seen.insert(user, role);
            self.write(user, role).await;
        }
    }

    /// Writes down the role of a user whom the store knows by a higher one.
    async fn note_demotion(&self, user: UserId, role: Role) {
        let read = async {
            let ranked = self.records.ranked(MAX_RANKED).await?;
            Ok::<_, StoreError>(Arc::new(ranked.into_iter().collect::<HashSet<UserId>>()))
        };
        match self.ranked.try_get_with((), read).await {
            Ok(ranked) if ranked.contains(&user) => {
                self.seen.insert(user, role);
                self.write(user, role).await;
            }
            Ok(_) => {}
            Err(error) => warn(user, &error),
        }
    }

    async fn write(&self, user: UserId, role: Role) {
        match self.records.note_role(user, role).await {
            Ok(()) => self.written.insert(user, role),
            Err(error) => {
                // The next token of this user tries again.
                self.seen.invalidate(&user);
                warn(user, &error);
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

fn warn(user: UserId, error: &StoreError) {
    static UNWRITTEN: LogThrottle = LogThrottle::new();
    if let Some(left_out) = UNWRITTEN.admits() {
        let error = error as &dyn std::error::Error;
        tracing::warn!(user.id = %user, error, left_out, "the role of a user could not be written down");
    }
}
