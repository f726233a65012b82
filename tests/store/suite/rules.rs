//! Rules in versions.

use plic_filter::Rule;
use plic_pipeline::{
    id::RuleId,
    moderation::{Deed, RuleWrite, Rulebook, records::RecordsError},
};
use serde_json::json;

use super::user;
use crate::engine::Engine;

fn rule(id: i64, version: u32, name: &str) -> Rule {
    serde_json::from_value(json!({
        "id": id, "version": version, "name": name, "kind": "terms", "category": "other", "action": "block",
        "state": "live", "terms": ["word"],
    }))
    .expect("is a rule")
}

fn put(id: i64, version: u32, name: &str) -> RuleWrite {
    RuleWrite::Put(rule(id, version, name))
}

fn deeds() -> Vec<Deed> {
    vec![Deed::new(Some(user(9)), "rule.create")]
}

fn names(book: &Rulebook) -> Vec<&str> {
    book.rules.iter().map(|stored| stored.rule.name.as_str()).collect()
}

pub(crate) async fn versions_are_kept_and_the_newest_is_in_force(mut engine: impl Engine) {
    let records = engine.records();
    let empty = records.rulebook().await.expect("answers");
    assert_eq!(empty, Rulebook { revision: 0, next_id: 1, rules: Vec::new() });
    records.write_rules(0, vec![put(1, 1, "a"), put(2, 1, "b")], deeds()).await.expect("writes");
    let at = records.write_rules(1, vec![put(1, 2, "c")], Vec::new()).await.expect("writes");
    engine.reopen().await;

    let records = engine.records();
    let book = records.rulebook().await.expect("answers");
    assert_eq!((book.revision, book.next_id, names(&book)), (2, 3, vec!["c", "b"]));
    assert_eq!((book.rules[0].updated_by, book.rules[1].updated_by), (None, Some(user(9))));
    assert_eq!((&book.rules[0].rule, book.rules[0].updated_at), (&rule(1, 2, "c"), at));
    let versions = records.rule_versions(RuleId(1), None, 10).await.expect("answers");
    assert_eq!(versions.items.iter().map(|stored| stored.rule.version).collect::<Vec<_>>(), [2, 1]);
    let page = records.rule_versions(RuleId(1), Some(2), 10).await.expect("answers");
    assert_eq!((page.items[0].rule.name.as_str(), page.items.len(), page.more), ("a", 1, false));
}

pub(crate) async fn a_stale_revision_changes_nothing(engine: impl Engine) {
    let records = engine.records();
    records.write_rules(0, vec![put(1, 1, "a")], deeds()).await.expect("writes");
    let entries = records.audit_head().await.expect("answers").0;
    for (revision, write) in [(0, put(1, 2, "b")), (1, put(1, 1, "b")), (1, put(1, 3, "b"))] {
        let stale = records.write_rules(revision, vec![write], deeds()).await;
        assert!(matches!(stale, Err(RecordsError::Conflict)), "{stale:?}");
    }
    let book = records.rulebook().await.expect("answers");
    assert_eq!((book.revision, names(&book)), (1, vec!["a"]));
    assert_eq!(records.audit_head().await.expect("answers").0, entries);
}

pub(crate) async fn a_deleted_rule_is_gone_and_can_be_written_again(engine: impl Engine) {
    let records = engine.records();
    records.write_rules(0, vec![put(1, 1, "a"), put(2, 1, "b")], deeds()).await.expect("writes");
    records.write_rules(1, vec![RuleWrite::Delete(RuleId(2))], deeds()).await.expect("deletes");
    let again = records.write_rules(2, vec![RuleWrite::Delete(RuleId(2))], deeds()).await;
    assert!(matches!(again, Err(RecordsError::NotFound)));
    let book = records.rulebook().await.expect("answers");
    assert_eq!((book.next_id, names(&book)), (3, vec!["a"]), "an id is not used again");
    assert_eq!(records.rule_versions(RuleId(2), None, 10).await.expect("answers").items.len(), 1);
    records.write_rules(2, vec![put(2, 2, "b again")], deeds()).await.expect("restores");
    assert_eq!(names(&records.rulebook().await.expect("answers")), ["a", "b again"]);
}

pub(crate) async fn writes_are_all_or_nothing(engine: impl Engine) {
    let records = engine.records();
    let writes = vec![put(1, 1, "a"), RuleWrite::Delete(RuleId(7))];
    assert!(matches!(records.write_rules(0, writes, deeds()).await, Err(RecordsError::NotFound)));
    assert_eq!(
        records.rulebook().await.expect("answers"),
        Rulebook { revision: 0, next_id: 1, rules: vec![] }
    );
    assert_eq!(records.audit_head().await.expect("answers").0, 0);
}

pub(crate) async fn a_rule_is_read_by_itself_and_rules_in_pages(engine: impl Engine) {
    let records = engine.records();
    let five = (1..=5).map(|id| put(id, 1, &format!("rule {id}"))).collect();
    records.write_rules(0, five, deeds()).await.expect("writes");
    let at = records.write_rules(1, vec![put(2, 2, "again")], Vec::new()).await.expect("writes");
    records.write_rules(2, vec![RuleWrite::Delete(RuleId(4))], deeds()).await.expect("deletes");
    let found = records.rule(RuleId(2)).await.expect("answers").expect("there");
    assert_eq!((found.rule, found.updated_by, found.updated_at), (rule(2, 2, "again"), None, at));
    for absent in [0, 4, 6] {
        assert_eq!(records.rule(RuleId(absent)).await.expect("answers"), None);
    }
    let mut book = records.rulebook().await.expect("answers").rules;
    book.reverse();
    for limit in 1..6 {
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = records.rules_page(before, limit).await.expect("answers");
            assert!(page.items.len() <= limit);
            before = page.items.last().map(|stored| stored.rule.id);
            found.extend(page.items);
            if !page.more {
                break;
            }
        }
        assert_eq!(found, book, "pages of {limit}");
    }
}

pub(crate) async fn pages_end_early_once_they_hold_much(engine: impl Engine) {
    let records = engine.records();
    // Three quarters of a MiB of JSON each: three are more than two MiB.
    let terms = |id: i64, version: u32| {
        let mut large = rule(id, version, "large");
        large.note = "x".repeat(768 << 10);
        RuleWrite::Put(large)
    };
    records.write_rules(0, (1..=5).map(|id| terms(id, 1)).collect(), deeds()).await.expect("writes");
    for version in 2..=5 {
        let revision = i64::from(version) - 1;
        records.write_rules(revision, vec![terms(1, version)], Vec::new()).await.expect("writes");
    }
    let rules = records.rules_page(None, 100).await.expect("answers");
    assert_eq!((rules.items.len(), rules.more), (3, true));
    let rest = records.rules_page(Some(RuleId(3)), 100).await.expect("answers");
    assert_eq!((rest.items.len(), rest.more), (2, false));
    let versions = records.rule_versions(RuleId(1), None, 100).await.expect("answers");
    assert_eq!((versions.items.len(), versions.more), (3, true));
    let rest = records.rule_versions(RuleId(1), Some(3), 100).await.expect("answers");
    assert_eq!((rest.items.len(), rest.more), (2, false));
}
