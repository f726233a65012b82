//! `/moderation/bans`: who is kept out.

use plic_pipeline::{
    id::{BanId, UserId},
    moderation::{BanRecord, Desk, desk},
};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use uuid::Uuid;

use super::{
    actor,
    answer::{Answer, Page},
    words::Authority,
};
use crate::{
    body::{FromJson, JsonBody, fields::Fields, moment, text, user},
    caller::Caller,
    failure::Failure,
    moment::Moment,
    nullable::Nullable,
    number::Id,
    page::{Limit, default_limit},
    rooms::Changed,
    spec::Tag,
};

/// A ban to set.
#[derive(Debug, Object)]
pub(crate) struct NewBan {
    /// Who is kept out.
    user_id: Uuid,
    /// Why, for moderators: the user is not told. At most 2,000 characters.
    #[oai(validator(max_length = 2000))]
    reason: String,
    /// Until when; `null` is for good.
    expires_at: Nullable<Moment>,
}

impl FromJson for NewBan {
    fn from_json(json: &[u8]) -> Result<Self, Failure> {
        let Fields { values, .. } = Fields::read(json, &["user_id", "reason", "expires_at"])?;
        Ok(Self {
            user_id: user(&values, "user_id")?,
            reason: text(&values, "reason")?,
            expires_at: Nullable(moment(&values, "expires_at")?.map(Moment)),
        })
    }
}

/// A ban as it stands in the records.
#[derive(Debug, Object)]
pub(crate) struct Ban {
    /// Its id, growing with time.
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    id: i64,
    /// Who is kept out.
    user_id: Uuid,
    /// Why.
    reason: String,
    /// When it was set.
    created_at: Moment,
    /// Who set it; `null` is the policy.
    created_by: Nullable<Uuid>,
    /// On whose authority.
    authority: Authority,
    /// Until when; `null` is for good.
    expires_at: Nullable<Moment>,
    /// When it was lifted or replaced by another, where it was.
    lifted_at: Nullable<Moment>,
    /// Who lifted it; `null` where nobody did, or the policy.
    lifted_by: Nullable<Uuid>,
}

/// The handlers.
pub(crate) struct BansApi {
    pub(crate) desk: Desk,
}

#[OpenApi(tag = "Tag::People")]
impl BansApi {
    /// List bans
    ///
    /// Those in force, the newest first; with `all=true` those that were lifted or are over as well. A ban in force that is
    /// replaced keeps its place in the list, so that nobody who follows the links misses it.
    #[oai(path = "/moderation/bans", method = "get", operation_id = "listBans")]
    async fn list_bans(
        &self,
        _caller: Caller,
        /// Also those that were lifted or are over.
        #[oai(default)]
        all: Query<bool>,
        /// The most bans to return.
        #[oai(default = "default_limit")]
        limit: Query<Limit>,
        /// Return bans before the one with this id.
        before: Query<Option<Id>>,
    ) -> Result<Page<Ban>, Failure> {
        let page = self.desk.bans(all.0, before.0.map(|id| BanId(id.0)), limit.0.items()).await?;
        let filters = [("all", all.0.then(|| "true".to_owned()))];
        let cursor = |record: &BanRecord| record.id.0;
        Ok(Page::of(page, "/moderation/bans", &filters, limit.0, cursor, Ban::from))
    }

    /// Ban a user
    ///
    /// Their connections are closed with 4005 on every node, and every request of theirs answers 403, at once. A ban that
    /// they have already is replaced, unless an admin set it and you are none (403). When `expires_at` is over the ban
    /// lifts itself. A moderator's ban, and the policy's, does not bind admins: a moderator who bans a user that was seen as
    /// an admin within a day is refused (403), and a ban of an admin who was not seen is on record and keeps nobody out.
    /// Nobody bans themselves (422).
    #[oai(path = "/moderation/bans", method = "post", operation_id = "banUser")]
    async fn ban(&self, caller: Caller, body: JsonBody<NewBan>) -> Result<Answer<Ban>, Failure> {
        let NewBan { user_id, reason, expires_at } = body.0;
        let expires_at = expires_at.0.map(|moment| moment.0);
        let ban = desk::NewBan { user: UserId(user_id), reason, expires_at };
        Ok(Answer::with(self.desk.ban(actor(&caller), ban).await?.into()))
    }

    /// Lift a ban
    ///
    /// A ban that an admin set is lifted by admins alone, and nobody lifts their own (403). An operator who is locked out
    /// runs `plic-chat unban` on the server.
    #[oai(path = "/moderation/bans/:user_id", method = "delete", operation_id = "liftBan")]
    async fn lift_ban(
        &self,
        caller: Caller,
        /// Who is let in again.
        user_id: Path<Uuid>,
    ) -> Result<Changed, Failure> {
        self.desk.lift_ban(actor(&caller), UserId(user_id.0)).await?;
        Ok(Changed::done())
    }
}

impl From<BanRecord> for Ban {
    fn from(record: BanRecord) -> Self {
        Self {
            id: record.id.0,
            user_id: record.ban.user.0,
            reason: record.ban.reason,
            created_at: Moment(record.created_at),
            created_by: Nullable(record.created_by.map(|user| user.0)),
            authority: record.ban.authority.into(),
            expires_at: Nullable(record.ban.expires_at.map(Moment)),
            lifted_at: Nullable(record.lifted_at.map(Moment)),
            lifted_by: Nullable(record.lifted_by.map(|user| user.0)),
        }
    }
}
