//! Records in memory, for the tests and the example server. Keeps what it is given and checks little: what an engine
//! promises is tested with the engines.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use plic_filter::{Action, Category};
use plic_pipeline::{
    id::{BanId, IncidentId, MessageId, RoomId, RuleId, UserId},
    moderation::{
        ActionFilter, AuditEntry, AuditFilter, Authority, BanRecord, Decision, Deed, Dossier, FoundMatch,
        Incident, IncidentFilter, IncidentKind, IncidentStatus, Policy, Records, RuleWrite, Rulebook,
        StoredRule,
        audit::{ChainFormat, GENESIS, chain},
        incident::{IncidentInContext, Reopened, Report},
        records::{Decided, Disconnect, RecordsError},
        stats::{BansOfDay, Decisions, Hits, JudgedDay, Precision, RuleDecisions, Stats},
    },
    store::{Ban, Page, Store, StoreError, StoredMessage},
    timestamp::Timestamp,
    token::Role,
};

use crate::fake::{FakeStore, user};

/// What moderators see and do, in memory.
pub(crate) struct FakeRecords {
    store: Arc<FakeStore>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    revision: i64,
    rules: Vec<StoredRule>,
    versions: Vec<StoredRule>,
    incidents: Vec<Incident>,
    bans: Vec<BanRecord>,
    audit: Vec<AuditEntry>,
    policy: Policy,
    hits: Vec<Hits>,
    judged: Vec<JudgedDay>,
    roles: HashMap<UserId, Role>,
    /// Whether the next read of versions comes before the rule does.
    is_early: bool,
}

impl State {
    fn note(&mut self, deed: Deed) {
        let before = self.audit.last().map_or(GENESIS, |entry| entry.hash);
        let (seq, at) = (number(self.audit.len() + 1), Timestamp::now());
        let detail = serde_json::Value::Object(deed.detail).to_string();
        let format = ChainFormat::CURRENT;
        let hash = chain(format, &before, seq, at, deed.actor, deed.action, &detail);
        let action = deed.action.to_owned();
        self.audit.push(AuditEntry {
            seq,
            at,
            actor: deed.actor,
            action,
            detail,
            hash,
            format: format.number(),
        });
    }
}

impl FakeRecords {
    /// Nothing yet, beside what is said in `store`.
    pub(crate) fn beside(store: &Arc<FakeStore>) -> Self {
        Self { store: Arc::clone(store), state: Mutex::default() }
    }

    /// Opens an incident; answers its id.
    pub(crate) fn open(&self, kind: IncidentKind, sender: u128, room: i64, text: &str) -> i64 {
        let found = FoundMatch {
            rule_id: RuleId(1),
            rule_version: 1,
            rule: "A rule".to_owned(),
            kind: "terms".to_owned(),
            category: Category::Scam,
            action: Action::Block,
            shadow: false,
            start: 0,
            end: text.encode_utf16().count(),
            text: text.to_owned(),
            score: Some(0.97),
            model: None,
            lowered: None,
            words: Vec::new(),
        };
        self.add(Incident {
            id: IncidentId(0),
            status: IncidentStatus::Open,
            kind,
            category: Category::Scam,
            user: user(sender),
            room: RoomId(room),
            message: None,
            text: text.to_owned(),
            matches: vec![found],
            reports: Vec::new(),
            report_count: 0,
            created_at: Timestamp::now(),
            decided_by: None,
            decided_at: None,
            note: None,
            further: 0,
            reopened: None,
        })
        .0
    }

    fn add(&self, incident: Incident) -> IncidentId {
        let mut state = self.state();
        let id = IncidentId(number(state.incidents.len() + 1));
        state.incidents.push(Incident { id, ..incident });
        id
    }

    /// Has the next read of a rule's versions find none, and those after it what is there.
    #[cfg(test)]
    pub(crate) fn read_versions_early(&self) {
        self.state().is_early = true;
    }

    /// Adds to the numbers.
    pub(crate) fn count(&self, hits: Hits) {
        self.state().hits.push(hits);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        self.store.answer()?;
        Ok(self.state())
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).expect("few")
}

/// The newest of `items` that `holds` lets pass.
fn newest<T: Clone>(items: &[T], holds: impl Fn(&T) -> bool, limit: usize) -> Page<T> {
    let mut found = items.iter().rev().filter(|item| holds(item));
    let page = found.by_ref().take(limit).cloned().collect();
    Page { items: page, more: found.next().is_some() }
}

#[async_trait]
impl Records for FakeRecords {
    async fn rulebook(&self) -> Result<Rulebook, StoreError> {
        let state = self.answer()?;
        let ids = state.versions.iter().map(|stored| stored.rule.id.0);
        let next_id = ids.max().unwrap_or(0) + 1;
        Ok(Rulebook { revision: state.revision, next_id, rules: state.rules.clone() })
    }

    async fn rule(&self, rule: RuleId) -> Result<Option<StoredRule>, StoreError> {
        Ok(self.answer()?.rules.iter().find(|stored| stored.rule.id == rule).cloned())
    }

    async fn rules_page(&self, before: Option<RuleId>, limit: usize) -> Result<Page<StoredRule>, StoreError> {
        let mut rules = self.answer()?.rules.clone();
        rules.sort_unstable_by_key(|stored| stored.rule.id);
        Ok(newest(&rules, |stored| before.is_none_or(|before| stored.rule.id < before), limit))
    }

    async fn rule_versions(
        &self,
        rule: RuleId,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Page<StoredRule>, StoreError> {
        let holds = |stored: &StoredRule| {
            stored.rule.id == rule && before.is_none_or(|before| stored.rule.version < before)
        };
        let mut state = self.answer()?;
        if std::mem::take(&mut state.is_early) {
            return Ok(Page { items: Vec::new(), more: false });
        }
        Ok(newest(&state.versions, holds, limit))
    }

    async fn write_rules(
        &self,
        revision: i64,
        writes: Vec<RuleWrite>,
        deeds: Vec<Deed>,
    ) -> Result<Timestamp, RecordsError> {
        let mut state = self.answer()?;
        if state.revision != revision {
            return Err(RecordsError::Conflict);
        }
        state.revision += 1;
        let updated_at = Timestamp::now();
        let updated_by = deeds.first().and_then(|deed| deed.actor);
        for write in writes {
            match write {
                RuleWrite::Put(rule) => {
                    state.rules.retain(|stored| stored.rule.id != rule.id);
                    let stored = StoredRule { rule, updated_by, updated_at };
                    state.rules.push(stored.clone());
                    state.versions.push(stored);
                }
                RuleWrite::Delete(id) => state.rules.retain(|stored| stored.rule.id != id),
            }
        }
        for deed in deeds {
            state.note(deed);
        }
        Ok(updated_at)
    }

    async fn report(
        &self,
        reporter: UserId,
        room: RoomId,
        message: MessageId,
        reason: String,
    ) -> Result<IncidentId, RecordsError> {
        let there = self.store.room(room).await?.is_some_and(|room| room.has_participant(reporter));
        let messages = self.store.all_messages();
        let found = messages.into_iter().find(|found| found.id == message && found.room == room);
        let Some(found) = found.filter(|_| there) else { return Err(RecordsError::NotFound) };
        let report = Report { reporter, reason, created_at: Timestamp::now() };
        let known = self.state().incidents.iter_mut().find_map(|incident| {
            if incident.message != Some(message) {
                return None;
            }
            if incident.reports.iter().all(|known| known.reporter != reporter) {
                incident.reports.push(report.clone());
                incident.report_count += 1;
            }
            Some(incident.id)
        });
        Ok(known.unwrap_or_else(|| {
            self.add(Incident {
                id: IncidentId(0),
                status: IncidentStatus::Open,
                kind: IncidentKind::Report,
                category: Category::Other,
                user: found.sender,
                room,
                message: Some(message),
                text: found.text,
                matches: Vec::new(),
                reports: vec![report],
                report_count: 1,
                created_at: Timestamp::now(),
                decided_by: None,
                decided_at: None,
                note: None,
                further: 0,
                reopened: None,
            })
        }))
    }

    async fn incidents(
        &self,
        filter: &IncidentFilter,
        before: Option<IncidentId>,
        limit: usize,
    ) -> Result<Page<Incident>, StoreError> {
        let holds = |incident: &Incident| {
            before.is_none_or(|before| incident.id < before)
                && filter.status.is_none_or(|status| incident.status == status)
                && filter.kind.is_none_or(|kind| incident.kind == kind)
                && filter.category.is_none_or(|category| incident.category == category)
                && filter.user.is_none_or(|user| incident.user == user)
                && filter.room.is_none_or(|room| incident.room == room)
                && filter.rule.is_none_or(|rule| incident.matches.iter().any(|found| found.rule_id == rule))
        };
        Ok(newest(&self.answer()?.incidents, holds, limit))
    }

    async fn incident(&self, incident: IncidentId) -> Result<Option<IncidentInContext>, StoreError> {
        let found = self.answer()?.incidents.iter().find(|found| found.id == incident).cloned();
        let messages = self.store.all_messages();
        Ok(found.map(|incident| {
            let of_room = messages.into_iter().filter(|message| message.room == incident.room);
            let (before, after) = of_room.partition(|message| Some(message.id) < incident.message);
            IncidentInContext { incident, before, after, further: Vec::new(), history: Vec::new() }
        }))
    }

    async fn decide(
        &self,
        incident: IncidentId,
        decision: Decision,
        note: Option<String>,
        actor: UserId,
    ) -> Result<Decided, RecordsError> {
        let mut state = self.answer()?;
        let found = state.incidents.iter_mut().find(|found| found.id == incident);
        let found = found.ok_or(RecordsError::NotFound)?;
        if found.status != IncidentStatus::Open {
            let at = found.decided_at.unwrap_or(found.created_at);
            return Err(RecordsError::Decided { by: found.decided_by, at, status: found.status });
        }
        if decision == Decision::Release && found.kind != IncidentKind::Hold {
            return Err(RecordsError::DoesNotFit);
        }
        found.status = decision.status();
        found.decided_by = Some(actor);
        found.decided_at = Some(Timestamp::now());
        found.note = note;
        let incident = found.clone();
        state.note(Deed::new(Some(actor), "incident.decide").with("incident", incident.id.0));
        Ok(Decided { incident, lifted: None })
    }

    async fn reopen(
        &self,
        incident: IncidentId,
        note: Option<String>,
        actor: UserId,
        is_admin: bool,
    ) -> Result<Incident, RecordsError> {
        let mut state = self.answer()?;
        let found = state.incidents.iter_mut().find(|found| found.id == incident);
        let found = found.ok_or(RecordsError::NotFound)?;
        if found.status == IncidentStatus::Open {
            return Err(RecordsError::NotDecided);
        }
        if found.decided_by != Some(actor) && !is_admin {
            return Err(RecordsError::NotYours);
        }
        found.status = IncidentStatus::Open;
        found.decided_by = None;
        found.decided_at = None;
        found.note = note;
        found.reopened = Some(Reopened { at: Timestamp::now(), by: Some(actor) });
        let incident = found.clone();
        state.note(Deed::new(Some(actor), "incident.reopen").with("incident", incident.id.0));
        Ok(incident)
    }

    async fn note_role(&self, user: UserId, role: Role) -> Result<(), StoreError> {
        self.answer()?.roles.insert(user, role);
        Ok(())
    }

    async fn role_of(&self, user: UserId) -> Result<Option<Role>, StoreError> {
        Ok(self.answer()?.roles.get(&user).copied())
    }

    async fn ranked(&self, _: usize) -> Result<Vec<UserId>, StoreError> {
        let state = self.answer()?;
        let ranked = state.roles.iter().filter(|(_, role)| **role > Role::User);
        Ok(ranked.map(|(user, _)| *user).collect())
    }

    async fn ban(&self, ban: Ban, actor: Option<UserId>) -> Result<BanRecord, RecordsError> {
        let mut state = self.answer()?;
        let record = BanRecord {
            id: BanId(number(state.bans.len() + 1)),
            ban: ban.clone(),
            created_at: Timestamp::now(),
            created_by: actor,
            lifted_at: None,
            lifted_by: None,
        };
        self.store.ban(ban);
        state.bans.push(record.clone());
        Ok(record)
    }

    async fn lift_ban(
        &self,
        user: UserId,
        actor: Option<UserId>,
        authority: Authority,
    ) -> Result<bool, RecordsError> {
        let mut state = self.answer()?;
        for record in state.bans.iter_mut().filter(|record| record.ban.user == user) {
            if record.ban.authority > authority {
                return Err(RecordsError::Outranked);
            }
            record.lifted_at = Some(Timestamp::now());
            record.lifted_by = actor;
        }
        Ok(self.store.lift_ban(user))
    }

    async fn bans(
        &self,
        all: bool,
        before: Option<BanId>,
        limit: usize,
    ) -> Result<Page<BanRecord>, StoreError> {
        let holds = |record: &BanRecord| {
            before.is_none_or(|before| record.id < before) && (all || record.lifted_at.is_none())
        };
        Ok(newest(&self.answer()?.bans, holds, limit))
    }

    async fn dossier(&self, user: UserId, _policy: &Policy) -> Result<Dossier, StoreError> {
        let state = self.answer()?;
        Ok(Dossier {
            bans: newest(&state.bans, |record| record.ban.user == user, 100).items,
            incidents: newest(&state.incidents, |incident| incident.user == user, 100).items,
            ..Dossier::default()
        })
    }

    async fn users_between(
        &self,
        first: UserId,
        last: UserId,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        let state = self.answer()?;
        let banned = state.bans.iter().map(|record| record.ban.user);
        let users = banned.chain(state.incidents.iter().map(|incident| incident.user));
        let mut users: Vec<UserId> = users.filter(|user| (first.0..=last.0).contains(&user.0)).collect();
        users.sort_by_key(|user| user.0);
        users.dedup();
        users.truncate(limit);
        Ok(users)
    }

    async fn redact(&self, message: MessageId, actor: UserId) -> Result<(), RecordsError> {
        let mut state = self.answer()?;
        if !self.store.redact(message) {
            return Err(RecordsError::NotFound);
        }
        state.note(Deed::new(Some(actor), "message.redact").with("message", message.0));
        Ok(())
    }

    async fn policy(&self) -> Result<Policy, StoreError> {
        Ok(self.answer()?.policy.clone())
    }

    async fn set_policy(&self, policy: &Policy, actor: UserId) -> Result<(), StoreError> {
        let mut state = self.answer()?;
        state.policy = policy.clone();
        state.note(Deed::new(Some(actor), "policy.set"));
        Ok(())
    }

    async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Page<AuditEntry>, StoreError> {
        let holds = |entry: &AuditEntry| {
            let is_asked = match &filter.action {
                None => true,
                Some(ActionFilter::Exactly(action)) => entry.action == *action,
                Some(ActionFilter::About(word)) => entry.action.split('.').next() == Some(word),
            };
            is_asked
                && before.is_none_or(|before| entry.seq < before)
                && filter.actor.is_none_or(|actor| entry.actor == Some(actor))
                && filter.since.is_none_or(|since| entry.at >= since)
                && filter.until.is_none_or(|until| entry.at < until)
        };
        Ok(newest(&self.answer()?.audit, holds, limit))
    }

    async fn audit_after(&self, after: i64, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        let state = self.answer()?;
        Ok(state.audit.iter().filter(|entry| entry.seq > after).take(limit).cloned().collect())
    }

    async fn audit_head(&self) -> Result<(i64, [u8; 32]), StoreError> {
        Ok(self.answer()?.audit.last().map_or((0, GENESIS), |entry| (entry.seq, entry.hash)))
    }

    async fn note_deed(&self, deed: Deed, _: Option<Disconnect>) -> Result<(), StoreError> {
        self.answer()?.note(deed);
        Ok(())
    }

    async fn add_hits(&self, hits: Vec<Hits>, judged: Option<JudgedDay>) -> Result<(), StoreError> {
        let mut state = self.answer()?;
        state.hits.extend(hits);
        state.judged.extend(judged);
        Ok(())
    }

    async fn judged_days(&self, first: i64, last: i64) -> Result<Vec<JudgedDay>, StoreError> {
        let state = self.answer()?;
        Ok(state.judged.iter().filter(|of| (first..=last).contains(&of.day)).copied().collect())
    }

    async fn stats(&self, _since: Timestamp) -> Result<Stats, StoreError> {
        let state = self.answer()?;
        let precision = vec![
            Precision { rule: RuleId(1), right: 2, wrong: 1, open: 3 },
            Precision { rule: RuleId(2), right: 0, wrong: 0, open: 1 },
        ];
        let status = IncidentStatus::Dismissed;
        Ok(Stats {
            hits: state.hits.clone(),
            precision,
            decisions: vec![
                RuleDecisions { rule: None, day: 20_484, status, count: 1 },
                RuleDecisions { rule: Some(RuleId(1)), day: 20_484, status, count: 2 },
            ],
            decided: vec![Decisions { day: 20_484, status, count: 3 }],
            bans: state.bans.len() as u64,
            bans_by_day: vec![BansOfDay { day: 20_483, count: 4 }],
        })
    }

    async fn scan(&self, after: MessageId, limit: usize) -> Result<Vec<StoredMessage>, StoreError> {
        self.store.answer()?;
        let messages = self.store.all_messages().into_iter();
        Ok(messages.filter(|message| message.id > after).take(limit).collect())
    }

    async fn ordinary(&self, after: MessageId, limit: usize) -> Result<Vec<StoredMessage>, StoreError> {
        self.scan(after, limit).await
    }

    async fn scan_from(
        &self,
        since: Option<Timestamp>,
        limit: Option<u64>,
    ) -> Result<(MessageId, u64), StoreError> {
        self.store.answer()?;
        let mut messages = self.store.all_messages();
        messages.retain(|message| since.is_none_or(|since| message.created_at >= since));
        let skipped = limit
            .map_or(0, |limit| messages.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX)));
        let first = messages.get(skipped).map_or(0, |message| message.id.0 - 1);
        Ok((MessageId(first), (messages.len() - skipped) as u64))
    }

    async fn keep_house(&self, _policy: &Policy) -> Result<bool, StoreError> {
        Ok(false)
    }
}
