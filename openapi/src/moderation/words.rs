//! Words on the wire, as the document lists them.

use poem_openapi::Enum;

/// Every category, for who names another.
pub(crate) const CATEGORIES: [&str; 10] = [
    "hate",
    "threat",
    "harassment",
    "sexual",
    "self_harm",
    "scam",
    "misinformation",
    "spam",
    "contact",
    "other",
];

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", remote = "plic_filter::Category")]
pub(crate) enum Category {
    Hate,
    Threat,
    Harassment,
    Sexual,
    SelfHarm,
    Scam,
    Misinformation,
    Spam,
    Contact,
    Other,
}

impl Category {
    /// The word on the wire.
    pub(super) fn word(self) -> String {
        CATEGORIES[self as usize].to_owned()
    }
}

/// What happens to a message that a rule matches: `allow` lifts other rules' matches inside its own, `flag` delivers it
/// and queues it for review, `mask` delivers it with `*` for what matched, `hold` keeps it until a moderator decides,
/// `reject` refuses it, `block` refuses it, closes the connection with 4011 and is a strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase", remote = "plic_filter::Action")]
pub(crate) enum Action {
    Allow,
    Flag,
    Mask,
    Hold,
    Reject,
    Block,
}

/// What would happen to a text: as with `Action`, or `pass`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase")]
pub(crate) enum Outcome {
    Pass,
    Allow,
    Flag,
    Mask,
    Hold,
    Reject,
    Block,
}

impl From<Option<plic_filter::Action>> for Outcome {
    fn from(action: Option<plic_filter::Action>) -> Self {
        use plic_filter::Action as Of;
        match action {
            None => Self::Pass,
            Some(Of::Allow) => Self::Allow,
            Some(Of::Flag) => Self::Flag,
            Some(Of::Mask) => Self::Mask,
            Some(Of::Hold) => Self::Hold,
            Some(Of::Reject) => Self::Reject,
            Some(Of::Block) => Self::Block,
        }
    }
}

/// What happened to an incident's message: the action of a rule, or `report`, when a participant reported it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase", remote = "plic_pipeline::moderation::IncidentKind")]
pub(crate) enum IncidentAction {
    Block,
    Reject,
    Hold,
    Flag,
    Report,
}

/// On whose authority a ban was set. `policy` and `moderator` bind users and moderators, and every moderator lifts them;
/// `admin` binds everybody, and only admins lift it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "BanAuthority", rename_all = "lowercase", remote = "plic_pipeline::moderation::Authority")]
pub(crate) enum Authority {
    Policy,
    Moderator,
    Admin,
}

/// Where an incident stands: `open` until it is decided; `upheld` and `removed` say that the rule or the reporter was
/// right, `dismissed` and `released` that they were wrong; a held message of a `released` one was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase", remote = "plic_pipeline::moderation::IncidentStatus")]
pub(crate) enum IncidentStatus {
    Open,
    Upheld,
    Dismissed,
    Released,
    Removed,
}

/// How an incident was decided: as with `IncidentStatus`, which no longer is `open`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase")]
pub(crate) enum DecidedStatus {
    Upheld,
    Dismissed,
    Released,
    Removed,
}

impl DecidedStatus {
    /// `None` while it is open.
    pub(super) fn of(status: plic_pipeline::moderation::IncidentStatus) -> Option<Self> {
        use plic_pipeline::moderation::IncidentStatus as Of;
        match status {
            Of::Open => None,
            Of::Upheld => Some(Self::Upheld),
            Of::Dismissed => Some(Self::Dismissed),
            Of::Released => Some(Self::Released),
            Of::Removed => Some(Self::Removed),
        }
    }
}

/// What a moderator decides: `uphold` (it was right, nothing more happens), `dismiss` (it was wrong: the strike is taken
/// back), `release` (a held message is delivered after all), `remove` (a delivered message is redacted, a held one
/// dropped).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase", remote = "plic_pipeline::moderation::Decision")]
pub(crate) enum Decision {
    Uphold,
    Dismiss,
    Release,
    Remove,
}

/// What becomes of a held message that nobody decided about in time: it waits on, is delivered, or is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase", remote = "plic_pipeline::moderation::policy::HeldThen")]
pub(crate) enum HeldThen {
    Keep,
    Release,
    Drop,
}

#[cfg(test)]
mod tests {
    use poem_openapi::types::ToJSON;

    use super::*;

    #[test]
    fn the_list_of_categories_is_in_their_order() {
        let all = [
            Category::Hate,
            Category::Threat,
            Category::Harassment,
            Category::Sexual,
            Category::SelfHarm,
            Category::Scam,
            Category::Misinformation,
            Category::Spam,
            Category::Contact,
            Category::Other,
        ];
        for category in all {
            assert_eq!(category.to_json(), Some(category.word().into()));
        }
    }
}
