//! Rules: read, write, restore, export and import. Every change is compiled, and tried on ordinary chat, before it is
//! written.

use std::collections::{HashMap, HashSet};

use plic_filter::{Rule, RuleSet, check_bounds, normalize::is_blank, rule::State};
use serde::Serialize;

use super::{
    Actor, Desk, DeskError, Turn, candidate,
    evidence::Evidence,
    gate::{self, GateError},
    incidents::bounded,
    off_the_path,
};
use crate::{
    id::RuleId,
    moderation::{
        audit::Deed,
        notice::Notice,
        records::RecordsError,
        rulebook::{RuleWrite, Rulebook, StoredRule},
    },
    store::Page,
    timestamp::Timestamp,
    token::Role,
};

/// What an import did, or would do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Rules that were not there.
    pub created: usize,
    /// Rules that get another version.
    pub updated: usize,
    /// Rules that are as they were.
    pub unchanged: usize,
    /// Rules that are not in the document and go.
    pub deleted: usize,
}

/// A change that is about to be made: what is written, and what the audit log will say.
pub(super) struct Change {
    pub(super) writes: Vec<RuleWrite>,
    pub(super) deeds: Vec<Deed>,
}

/// What was written, and the rules that it put there.
pub(super) struct Written {
    pub(super) rules: Vec<Rule>,
    at: Timestamp,
}

impl Desk {
    /// A page of the rules before the rule `before`, the newest id first.
    pub async fn rules(&self, before: Option<RuleId>, limit: usize) -> Result<Page<StoredRule>, DeskError> {
        Ok(self.0.records.rules_page(before, limit).await?)
    }

    /// A rule in its newest version.
    pub async fn rule(&self, id: RuleId) -> Result<StoredRule, DeskError> {
        self.0.records.rule(id).await?.ok_or(DeskError::NotFound("rule"))
    }

    /// Adds a rule; its id and version are given here. `force` is an admin's reason for a rule that matches ordinary chat.
    pub async fn create_rule(
        &self,
        actor: Actor,
        draft: Rule,
        force: Option<String>,
    ) -> Result<StoredRule, DeskError> {
        self.change_one(actor, Gate::of(force, [&draft]), move |book| {
            let rule = Rule { id: RuleId(book.next_id), version: 1, ..draft };
            Ok(one("rule.create", actor, rule))
        })
        .await
    }

    /// Writes the next version of a rule that is at version `expected`.
    pub async fn update_rule(
        &self,
        actor: Actor,
        id: RuleId,
        expected: u32,
        draft: Rule,
        force: Option<String>,
    ) -> Result<StoredRule, DeskError> {
        self.change_one(actor, Gate::of(force, [&draft]), move |book| {
            let version = version_of(book, id).ok_or(DeskError::NotFound("rule"))?;
            if version != expected {
                return Err(DeskError::Stale(version));
            }
            Ok(one("rule.update", actor, Rule { id, version: version + 1, ..draft }))
        })
        .await
    }

    /// Deletes a rule; its versions stay on record. With `expected`, only while it has this version. `force` is an admin's
    /// reason where the rule allows what another one matches in ordinary chat.
    pub async fn delete_rule(
        &self,
        actor: Actor,
        id: RuleId,
        expected: Option<u32>,
        force: Option<String>,
    ) -> Result<(), DeskError> {
        let (desk, turn) = (self.clone(), self.0.changes.take().await?);
        self.to_the_end(async move {
            let _turn = turn;
            desk.change(actor, Gate::of(force, []), |book| {
                let version = version_of(book, id).ok_or(DeskError::NotFound("rule"))?;
                if expected.is_some_and(|expected| expected != version) {
                    return Err(DeskError::Stale(version));
                }
                let deed = Deed::new(Some(actor.user), "rule.delete").with("rule", id.0);
                Ok(Change { writes: vec![RuleWrite::Delete(id)], deeds: vec![deed] })
            })
            .await?;
            desk.tell(Notice::RuleDeleted(id)).await;
            Ok(())
        })
        .await
    }

    /// A page of a rule's versions before the version `before`, newest first; of deleted rules too.
    pub async fn rule_versions(
        &self,
        id: RuleId,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Page<StoredRule>, DeskError> {
        let page = self.0.records.rule_versions(id, before, limit).await?;
        if !page.items.is_empty() {
            return Ok(page);
        }
        // A rule that comes between two reads is not found: of one that is found, the first page is never empty.
        let is_known = before.is_some() && !self.0.records.rule_versions(id, None, 1).await?.items.is_empty();
        if is_known { Ok(page) } else { Err(DeskError::NotFound("rule")) }
    }

    /// Writes an earlier version again, as the next one; brings back a deleted rule.
    pub async fn restore_rule(
        &self,
        actor: Actor,
        id: RuleId,
        version: u32,
        force: Option<String>,
    ) -> Result<StoredRule, DeskError> {
        let newest = self.rule_versions(id, None, 1).await?.items.into_iter().next();
        let newest = newest.ok_or(DeskError::NotFound("rule"))?.rule.version;
        let earlier = self.0.records.rule_versions(id, version.checked_add(1), 1).await?.items;
        let earlier = earlier.into_iter().find(|stored| stored.rule.version == version);
        let earlier = earlier.ok_or(DeskError::NotFound("version"))?.rule;
        self.change_one(actor, Gate::of(force, [&earlier]), move |book| {
            // Of a deleted rule, no version is in the book, and none can have come since.
            let current = version_of(book, id).unwrap_or(newest);
            let mut change = one("rule.restore", actor, Rule { version: current + 1, ..earlier });
            change.deeds = change.deeds.into_iter().map(|deed| deed.with("restored", version)).collect();
            Ok(change)
        })
        .await
    }

    /// Returns every rule, by id, with a turn to hold until they are written out: all rules may be many megabytes.
    pub async fn export_rules(&self) -> Result<(Vec<StoredRule>, Turn), DeskError> {
        let turn = self.0.exports.take().await?;
        let mut rules = self.0.records.rulebook().await?.rules;
        rules.sort_unstable_by_key(|stored| stored.rule.id);
        Ok((rules, turn))
    }

    /// Makes these the rules: those with the id of a rule that is there become its next version, others are added, rules
    /// that are not among them go. All or nothing; for admins. `dry_run` changes nothing.
    pub async fn import_rules(
        &self,
        actor: Actor,
        rules: Vec<Rule>,
        dry_run: bool,
        force: Option<String>,
    ) -> Result<ImportReport, DeskError> {
        if actor.role < Role::Admin {
            return Err(DeskError::AdminsOnly("Only admins may import rules."));
        }
        let turns = if dry_run { &self.0.trials } else { &self.0.changes };
        let (desk, turn) = (self.clone(), turns.take().await?);
        self.to_the_end(async move {
            let _turn = turn;
            let mut report = ImportReport::default();
            let gate = Gate::of(force, &rules);
            let plan = |book: &Rulebook| {
                let (writes, planned) = import(book, rules)?;
                report = planned;
                let deed = Deed::new(Some(actor.user), "rules.import")
                    .with("created", planned.created)
                    .with("updated", planned.updated)
                    .with("deleted", planned.deleted);
                Ok(Change { writes, deeds: vec![deed] })
            };
            if dry_run {
                desk.rehearse(actor, gate, plan).await?;
            } else {
                desk.change(actor, gate, plan).await?;
                desk.tell(Notice::RulesReplaced).await;
            }
            Ok(report)
        })
        .await
    }

    /// Reads the rules and puts them in force: at the start, and after another node's change.
    pub async fn reload_rules(&self) -> Result<(), DeskError> {
        let _changing = self.0.changing.lock().await;
        let book = self.0.records.rulebook().await?;
        let rules = book.rules.into_iter().map(|stored| stored.rule).collect();
        let set = off_the_path(move || candidate::put_back_in_force(rules)).await??;
        self.0.rules.swap(set);
        Ok(())
    }

    /// Whether the database never had any rules.
    pub async fn has_never_had_rules(&self) -> Result<bool, DeskError> {
        Ok(self.0.records.rulebook().await?.revision == 0)
    }

    /// Brings rules that compile into a database that never had any.
    pub async fn found_rules(&self, rules: Vec<Rule>) -> Result<(), DeskError> {
        let book = self.0.records.rulebook().await?;
        let (writes, _) = import(&book, rules)?;
        compile(&book, &writes, None).await?;
        let deed = Deed::new(None, "rules.import").with("created", writes.len());
        match self.0.records.write_rules(book.revision, writes, vec![deed]).await {
            // Another node was faster, with the same rules.
            Ok(_) | Err(RecordsError::Conflict) => Ok(()),
            Err(error) => Err(DeskError::from_records(error, "rule")),
        }
    }

    async fn change_one(
        &self,
        actor: Actor,
        gate: Gate,
        plan: impl FnOnce(&Rulebook) -> Result<Change, DeskError> + Send + 'static,
    ) -> Result<StoredRule, DeskError> {
        let (desk, turn) = (self.clone(), self.0.changes.take().await?);
        self.to_the_end(async move {
            let _turn = turn;
            let mut written = desk.change(actor, gate, plan).await?;
            let rule = written.rules.pop().expect("one rule was written");
            let stored = StoredRule { rule, updated_by: Some(actor.user), updated_at: written.at };
            let Rule { id, version, ref name, state, .. } = stored.rule;
            let notice = Notice::RuleChanged { rule: id, version, name: name.clone(), state, by: actor.user };
            desk.tell(notice).await;
            Ok(stored)
        })
        .await
    }

    /// Compiles what the rules would be, writes the change and puts it in force.
    pub(super) async fn change(
        &self,
        actor: Actor,
        gate: Gate,
        plan: impl FnOnce(&Rulebook) -> Result<Change, DeskError>,
    ) -> Result<Written, DeskError> {
        let evidence = self.evidence_for(actor, &gate).await?;
        let book = self.0.records.rulebook().await?;
        let mut change = plan(&book)?;
        let (set, rules) = self.judge(actor, &book, &change.writes, evidence).await?;
        if let Some(reason) = gate.override_reason {
            let with_reason = |deed: Deed| deed.with("override_reason", reason.as_str());
            change.deeds = change.deeds.into_iter().map(with_reason).collect();
        }
        // Judging takes long, and other nodes' changes are not kept waiting by it: the write is refused where one has come.
        let _changing = self.0.changing.lock().await;
        match self.0.records.write_rules(book.revision, change.writes, change.deeds).await {
            Ok(at) => {
                self.0.rules.swap(set);
                Ok(Written { rules, at })
            }
            Err(RecordsError::Store(error)) => {
                self.reload_when_sure();
                Err(error.into())
            }
            Err(error) => Err(DeskError::from_records(error, "rule")),
        }
    }

    /// The same, without writing anything.
    pub(super) async fn rehearse(
        &self,
        actor: Actor,
        gate: Gate,
        plan: impl FnOnce(&Rulebook) -> Result<Change, DeskError>,
    ) -> Result<(), DeskError> {
        let evidence = self.evidence_for(actor, &gate).await?;
        let book = self.0.records.rulebook().await?;
        let change = plan(&book)?;
        self.judge(actor, &book, &change.writes, evidence).await?;
        Ok(())
    }

    /// Compiles a change and tries it; a refusal that quotes messages of this site leaves an audit entry.
    async fn judge(
        &self,
        actor: Actor,
        book: &Rulebook,
        writes: &[RuleWrite],
        evidence: Option<Evidence>,
    ) -> Result<(RuleSet, Vec<Rule>), DeskError> {
        let compiled = compile(book, writes, evidence).await;
        if let Err(GateError::Refused(refusal)) = &compiled
            && let Some(deed) = refusal.deed(actor.user)
        {
            self.0.records.note_deed(deed, None).await?;
        }
        Ok(compiled?)
    }

    /// What a change is held to, read before anything waits for the change; `None` where an admin overrides the gate.
    async fn evidence_for(&self, actor: Actor, gate: &Gate) -> Result<Option<Evidence>, DeskError> {
        match gate.override_reason.as_deref() {
            None if gate.puts_in_force => self.evidence().await.map(Some),
            None => Ok(Some(Evidence::default())),
            Some(_) if actor.role < Role::Admin => {
                Err(DeskError::AdminsOnly("Only admins may put a rule in force that matches ordinary chat."))
            }
            Some(reason) if is_blank(reason) => Err(DeskError::Invalid {
                field: "override_reason".to_owned(),
                problem: "is empty".to_owned(),
            }),
            Some(reason) => bounded("override_reason", reason).map(|()| None),
        }
    }
}

/// What a change has to pass before it is written.
pub(super) struct Gate {
    /// An admin's reason for what matches ordinary chat all the same.
    override_reason: Option<String>,
    /// Whether a rule that is written is live: it is then tried on what is stored.
    puts_in_force: bool,
}

impl Gate {
    pub(super) fn of<'r>(override_reason: Option<String>, rules: impl IntoIterator<Item = &'r Rule>) -> Self {
        let puts_in_force = rules.into_iter().any(|rule| rule.state == State::Live);
        Self { override_reason, puts_in_force }
    }
}

/// The set as it would be, compiled and, where there is evidence, tried on it and on ordinary chat; and the rules that
/// are new in it.
async fn compile(
    book: &Rulebook,
    writes: &[RuleWrite],
    evidence: Option<Evidence>,
) -> Result<(RuleSet, Vec<Rule>), GateError> {
    let before: Vec<Rule> = book.rules.iter().map(|stored| stored.rule.clone()).collect();
    let mut rules: HashMap<RuleId, Rule> = before.iter().map(|rule| (rule.id, rule.clone())).collect();
    let mut written = Vec::new();
    for write in writes {
        match write {
            RuleWrite::Put(rule) => {
                check_bounds(rule)?;
                rules.insert(rule.id, rule.clone());
                written.push(rule.clone());
            }
            RuleWrite::Delete(id) => {
                rules.remove(id);
            }
        }
    }
    let mut rules: Vec<Rule> = rules.into_values().collect();
    rules.sort_unstable_by_key(|rule| rule.id);
    let new: HashSet<RuleId> = written.iter().map(|rule| rule.id).collect();
    let set = off_the_path(move || {
        let set = RuleSet::compile(rules)?;
        if let Some(evidence) = evidence {
            gate::hold_to_ordinary_chat(&before, &set, &new, &evidence)?;
        }
        Ok::<_, GateError>(set)
    })
    .await??;
    Ok((set, written))
}

/// What makes `rules` the rules.
fn import(book: &Rulebook, rules: Vec<Rule>) -> Result<(Vec<RuleWrite>, ImportReport), DeskError> {
    let mut report = ImportReport::default();
    let mut writes = Vec::new();
    let mut new_ids = book.next_id..;
    let current: HashMap<RuleId, &Rule> =
        book.rules.iter().map(|stored| (stored.rule.id, &stored.rule)).collect();
    let mut kept = HashSet::new();
    for (place, rule) in rules.into_iter().enumerate() {
        let Some(current) = current.get(&rule.id) else {
            report.created += 1;
            let id = RuleId(new_ids.next().expect("ids do not end"));
            writes.push(RuleWrite::Put(Rule { id, version: 1, ..rule }));
            continue;
        };
        if !kept.insert(current.id) {
            let problem = format!("is {}, which another rule of the document has as well", current.id);
            return Err(DeskError::Invalid { field: format!("rules[{place}].id"), problem });
        }
        let rule = Rule { version: current.version, ..rule };
        if rule == **current {
            report.unchanged += 1;
        } else {
            report.updated += 1;
            writes.push(RuleWrite::Put(Rule { version: current.version + 1, ..rule }));
        }
    }
    for stored in book.rules.iter().filter(|stored| !kept.contains(&stored.rule.id)) {
        report.deleted += 1;
        writes.push(RuleWrite::Delete(stored.rule.id));
    }
    Ok((writes, report))
}

fn one(action: &'static str, actor: Actor, rule: Rule) -> Change {
    let deed = Deed::new(Some(actor.user), action).with("rule", rule.id.0).with("version", rule.version);
    Change { writes: vec![RuleWrite::Put(rule)], deeds: vec![deed] }
}

pub(super) fn version_of(book: &Rulebook, id: RuleId) -> Option<u32> {
    book.rules.iter().find(|stored| stored.rule.id == id).map(|stored| stored.rule.version)
}
