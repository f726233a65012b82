//! `/moderation/rules`: what the filter goes by, in versions.

use plic_pipeline::{
    id::RuleId,
    moderation::{Desk, StoredRule},
};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};

use super::{
    actor,
    answer::{Answer, OneRule, Page},
    if_match::IfMatch,
    import::{ImportReport, RuleDocument, RuleImport},
    rule_json::{RuleDraft, RuleJson},
};
use crate::{
    body::{FromJson, JsonBody, fields::Fields, integer, missing},
    caller::Caller,
    failure::Failure,
    number::{Id, Number},
    page::{Limit, default_limit},
    rooms::Changed,
    spec::Tag,
};

/// A version of a rule in a query or a body.
type Version = Number<1, { u32::MAX as i64 }>;

/// Which version of a rule to write again.
#[derive(Debug, Object)]
pub(crate) struct Restore {
    /// The version.
    #[oai(validator(minimum(value = "1"), maximum(value = "4294967295")))]
    version: u32,
}

impl FromJson for Restore {
    fn from_json(json: &[u8]) -> Result<Self, Failure> {
        let fields = Fields::read(json, &["version"])?;
        let version = integer(&fields.values, "version", 1, u32::MAX.into())?;
        let version = version.and_then(|version| u32::try_from(version).ok());
        Ok(Self { version: version.ok_or_else(|| missing("version"))? })
    }
}

/// The handlers.
pub(crate) struct RulesApi {
    pub(crate) desk: Desk,
}

#[OpenApi(tag = "Tag::Rules")]
impl RulesApi {
    /// List the rules
    ///
    /// Each in its newest version, the newest rule first.
    #[oai(path = "/moderation/rules", method = "get", operation_id = "listRules")]
    async fn list_rules(
        &self,
        _caller: Caller,
        /// The most rules to return.
        #[oai(default = "default_limit")]
        limit: Query<Limit>,
        /// Return rules before the one with this id.
        before: Query<Option<Id>>,
    ) -> Result<Page<RuleJson>, Failure> {
        let page = self.desk.rules(before.0.map(|id| RuleId(id.0)), limit.0.items()).await?;
        let cursor = |stored: &StoredRule| stored.rule.id.0;
        Ok(Page::of(page, "/moderation/rules", &[], limit.0, cursor, RuleJson))
    }

    /// Create a rule
    ///
    /// A rule that is `live` is in force on this node when you have the answer, and within a second on every other; one
    /// that is `shadow` is counted and changes nothing; a `draft` is only kept. A live or shadow rule is refused while
    /// one of its own `must_match` or `must_not_match` fails: try it first with `/moderation/check` and
    /// `/moderation/backtest`.
    ///
    /// Before a rule goes live it is tried on ordinary chat, however it comes into force (created, changed, restored or
    /// imported). It is refused (422, with examples) while it matches an everyday word, more than one in a thousand
    /// messages of the ordinary chat that ships with the program (judged as conversations, repeats included), or more
    /// than one in a thousand, and more than three, of a sample of at most 5,000 messages that were delivered on this
    /// site. A rule that allows is refused while it would lift nearly anything. An admin overrides this with a reason. A
    /// rule of the classifier that reaches no more messages than one in force is not tried.
    #[oai(path = "/moderation/rules", method = "post", operation_id = "createRule")]
    async fn create_rule(
        &self,
        caller: Caller,
        /// Admins only: why the rule is put in force although it matches ordinary chat. Kept in the audit log.
        override_reason: Query<Option<String>>,
        body: JsonBody<RuleDraft>,
    ) -> Result<OneRule, Failure> {
        Ok(OneRule::with(self.desk.create_rule(actor(&caller), body.0.0, override_reason.0).await?))
    }

    /// Read a rule
    #[oai(path = "/moderation/rules/:id", method = "get", operation_id = "readRule")]
    async fn read_rule(
        &self,
        _caller: Caller,
        /// The rule's id.
        id: Path<Id>,
    ) -> Result<OneRule, Failure> {
        Ok(OneRule::with(self.desk.rule(RuleId(id.0.0)).await?))
    }

    /// Change a rule
    ///
    /// The body is the whole rule as it is to be; it becomes the next version, and the old one stays on record. Name the
    /// version that you read in `If-Match`: when somebody was faster the answer is 409, and nothing of theirs is lost.
    /// To take a rule out of force and keep it, write it with `"state": "retired"`.
    #[oai(path = "/moderation/rules/:id", method = "put", operation_id = "updateRule")]
    async fn update_rule(
        &self,
        caller: Caller,
        /// The rule's id.
        id: Path<Id>,
        /// The version that you read, as `ETag` had it: `"3"`.
        #[oai(name = "If-Match")]
        if_match: IfMatch<u32>,
        /// Admins only: why the rule is put in force although it matches ordinary chat. Kept in the audit log.
        override_reason: Query<Option<String>>,
        body: JsonBody<RuleDraft>,
    ) -> Result<OneRule, Failure> {
        let (id, IfMatch(version)) = (RuleId(id.0.0), if_match);
        let updated = self.desk.update_rule(actor(&caller), id, version, body.0.0, override_reason.0).await?;
        Ok(OneRule::with(updated))
    }

    /// Delete a rule
    ///
    /// It is out of force at once; its versions stay on record, and restoring one brings it back. With `If-Match` the
    /// rule is deleted only while it has this version. A rule that allows is not deleted while another one matches
    /// ordinary chat without it.
    #[oai(path = "/moderation/rules/:id", method = "delete", operation_id = "deleteRule")]
    async fn delete_rule(
        &self,
        caller: Caller,
        /// The rule's id.
        id: Path<Id>,
        /// The version that you read, as `ETag` had it: `"3"`.
        #[oai(name = "If-Match")]
        if_match: IfMatch<Option<u32>>,
        /// Admins only: why the rule goes although another one then matches ordinary chat. Kept in the audit log.
        override_reason: Query<Option<String>>,
    ) -> Result<Changed, Failure> {
        let id = RuleId(id.0.0);
        self.desk.delete_rule(actor(&caller), id, if_match.0, override_reason.0).await?;
        Ok(Changed::done())
    }

    /// List a rule's versions
    ///
    /// The newest first, each with who wrote it and when; of a deleted rule too.
    #[oai(path = "/moderation/rules/:id/versions", method = "get", operation_id = "listRuleVersions")]
    async fn list_versions(
        &self,
        _caller: Caller,
        /// The rule's id.
        id: Path<Id>,
        /// The most versions to return.
        #[oai(default = "default_limit")]
        limit: Query<Limit>,
        /// Return versions before this one.
        before: Query<Option<Version>>,
    ) -> Result<Page<RuleJson>, Failure> {
        let id = RuleId(id.0.0);
        let before = before.0.map(|version| u32::try_from(version.0).expect("a version is at most u32::MAX"));
        let page = self.desk.rule_versions(id, before, limit.0.items()).await?;
        let cursor = |stored: &StoredRule| stored.rule.version.into();
        Ok(Page::of(page, &format!("/moderation/rules/{id}/versions"), &[], limit.0, cursor, RuleJson))
    }

    /// Restore a version of a rule
    ///
    /// Writes the version again, as the next one; brings back a deleted rule.
    #[oai(path = "/moderation/rules/:id/restore", method = "post", operation_id = "restoreRule")]
    async fn restore_rule(
        &self,
        caller: Caller,
        /// The rule's id.
        id: Path<Id>,
        /// Admins only: why the rule is put in force although it matches ordinary chat. Kept in the audit log.
        override_reason: Query<Option<String>>,
        body: JsonBody<Restore>,
    ) -> Result<OneRule, Failure> {
        let (id, version) = (RuleId(id.0.0), body.0.version);
        Ok(OneRule::with(self.desk.restore_rule(actor(&caller), id, version, override_reason.0).await?))
    }

    /// Export all rules
    ///
    /// As one document, by id: to keep, to compare, or to import elsewhere. Few are made at once, and few may wait (429).
    #[oai(path = "/moderation/rules/export", method = "get", operation_id = "exportRules")]
    async fn export_rules(&self, _caller: Caller) -> Result<Answer<RuleDocument>, Failure> {
        let (rules, turn) = self.desk.export_rules().await?;
        let rules = rules.into_iter().map(RuleJson).collect();
        Ok(Answer::with(RuleDocument { rules, _turn: turn }))
    }

    /// Import all rules
    ///
    /// For admins. The document says what the rules are to be: a rule with the id of one that is there becomes its next
    /// version, others are added under new ids, and **rules that are not in the document go**. All or nothing: what is
    /// wrong with one rule is said, and nothing is changed. With `dry_run=true` everything is checked and counted and
    /// nothing changed. The body is the `data` of an export, `{"rules": [..]}`: at most 10,000 rules and 16 MiB.
    #[oai(path = "/moderation/rules/import", method = "post", operation_id = "importRules")]
    async fn import_rules(
        &self,
        caller: Caller,
        /// Only say what would be done.
        #[oai(default)]
        dry_run: Query<bool>,
        /// Why rules are put in force although they match ordinary chat. Kept in the audit log.
        override_reason: Query<Option<String>>,
        body: JsonBody<RuleImport>,
    ) -> Result<Answer<ImportReport>, Failure> {
        let dry_run = dry_run.0;
        let done = self.desk.import_rules(actor(&caller), body.0.0, dry_run, override_reason.0).await?;
        Ok(Answer::with(ImportReport {
            created: done.created as u64,
            updated: done.updated as u64,
            unchanged: done.unchanged as u64,
            deleted: done.deleted as u64,
            dry_run,
        }))
    }
}
