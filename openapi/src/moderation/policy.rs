//! `/moderation/policy`: what happens by itself.

use plic_pipeline::moderation::{self, Desk};
use poem_openapi::{Object, OpenApi, types::ParseFromJSON};
use serde_json::{Map, Value};

use super::{actor, answer::Answer, words::HeldThen};
use crate::{
    body::{FromJson, JsonBody, fields::Fields, integer, missing},
    caller::Caller,
    failure::Failure,
    nullable::Nullable,
    number::MAX_SAFE_INTEGER,
    spec::Tag,
};

/// What happens by itself. A request names every key: one left out would be a rule that silently ends.
#[derive(Debug, Object)]
pub(crate) struct Policy {
    /// So many strikes (blocked messages) within `strike_window_seconds` ban the sender, from 1 to 1000; `null` never.
    #[oai(validator(minimum(value = "1"), maximum(value = "1000")))]
    strikes_to_ban: Nullable<u32>,
    /// How long a strike counts, from a second to ten years.
    #[oai(validator(minimum(value = "1"), maximum(value = "315360000")))]
    strike_window_seconds: u64,
    /// How long such a ban lasts; `null` is for good.
    #[oai(validator(minimum(value = "1"), maximum(value = "315360000")))]
    ban_seconds: Nullable<u64>,
    /// What becomes of a held message that nobody decided about in time.
    held_then: HeldThen,
    /// How long a held message waits.
    #[oai(validator(minimum(value = "1"), maximum(value = "315360000")))]
    held_seconds: u64,
    /// How many days the messages of a deleted room are kept, at most 3650; `null` is for good.
    #[oai(validator(minimum(value = "1"), maximum(value = "3650")))]
    deleted_room_days: Nullable<u32>,
    /// How many days decided incidents keep the text, where rules matched, and what was said about it; undecided ones keep
    /// them twice as long. `null` is for good.
    #[oai(validator(minimum(value = "1"), maximum(value = "3650")))]
    incident_days: Nullable<u32>,
    /// How many days messages are kept; `null` is for good.
    #[oai(validator(minimum(value = "1"), maximum(value = "3650")))]
    message_days: Nullable<u32>,
}

const KEYS: &[&str] = &[
    "strikes_to_ban",
    "strike_window_seconds",
    "ban_seconds",
    "held_then",
    "held_seconds",
    "deleted_room_days",
    "incident_days",
    "message_days",
];

impl FromJson for Policy {
    fn from_json(json: &[u8]) -> Result<Self, Failure> {
        let Fields { values, .. } = Fields::read(json, KEYS)?;
        if let Some(absent) = KEYS.iter().find(|key| !values.contains_key(**key)) {
            return Err(missing(absent));
        }
        let held_then = HeldThen::parse_from_json(values.get("held_then").cloned()).map_err(|_| {
            Failure::Invalid("`held_then` must be one of `keep`, `release`, `drop`.".to_owned())
        })?;
        Ok(Self {
            strikes_to_ban: Nullable(small(&values, "strikes_to_ban")?),
            strike_window_seconds: seconds(&values, "strike_window_seconds")?
                .ok_or_else(|| missing("strike_window_seconds"))?,
            ban_seconds: Nullable(seconds(&values, "ban_seconds")?),
            held_then,
            held_seconds: seconds(&values, "held_seconds")?.ok_or_else(|| missing("held_seconds"))?,
            deleted_room_days: Nullable(small(&values, "deleted_room_days")?),
            incident_days: Nullable(small(&values, "incident_days")?),
            message_days: Nullable(small(&values, "message_days")?),
        })
    }
}

/// Narrower bounds are the policy's own to check.
fn seconds(values: &Map<String, Value>, key: &str) -> Result<Option<u64>, Failure> {
    Ok(integer(values, key, 1, MAX_SAFE_INTEGER)?.and_then(|seconds| u64::try_from(seconds).ok()))
}

fn small(values: &Map<String, Value>, key: &str) -> Result<Option<u32>, Failure> {
    Ok(integer(values, key, 1, u32::MAX.into())?.and_then(|number| u32::try_from(number).ok()))
}

/// The handlers.
pub(crate) struct PolicyApi {
    pub(crate) desk: Desk,
}

#[OpenApi(tag = "Tag::Records")]
impl PolicyApi {
    /// Read the policy
    #[oai(path = "/moderation/policy", method = "get", operation_id = "readPolicy")]
    async fn read_policy(&self, _caller: Caller) -> Result<Answer<Policy>, Failure> {
        Ok(Answer::with(self.desk.policy().await?.into()))
    }

    /// Change the policy
    ///
    /// For admins. The body is the whole policy.
    #[oai(path = "/moderation/policy", method = "put", operation_id = "changePolicy")]
    async fn change_policy(&self, caller: Caller, body: JsonBody<Policy>) -> Result<Answer<Policy>, Failure> {
        Ok(Answer::with(self.desk.set_policy(actor(&caller), body.0.into()).await?.into()))
    }
}

impl From<moderation::Policy> for Policy {
    fn from(policy: moderation::Policy) -> Self {
        Self {
            strikes_to_ban: Nullable(policy.strikes_to_ban),
            strike_window_seconds: policy.strike_window_seconds,
            ban_seconds: Nullable(policy.ban_seconds),
            held_then: policy.held_then.into(),
            held_seconds: policy.held_seconds,
            deleted_room_days: Nullable(policy.deleted_room_days),
            incident_days: Nullable(policy.incident_days),
            message_days: Nullable(policy.message_days),
        }
    }
}

impl From<Policy> for moderation::Policy {
    fn from(policy: Policy) -> Self {
        Self {
            strikes_to_ban: policy.strikes_to_ban.0,
            strike_window_seconds: policy.strike_window_seconds,
            ban_seconds: policy.ban_seconds.0,
            held_then: policy.held_then.into(),
            held_seconds: policy.held_seconds,
            deleted_room_days: policy.deleted_room_days.0,
            incident_days: policy.incident_days.0,
            message_days: policy.message_days.0,
        }
    }
}
