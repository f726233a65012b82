//! Every list is served by an index, whatever the filter: nothing walks a table that grows, and nothing is sorted.

use plic_filter::Category;
use plic_pipeline::{
    bus::Bus,
    event::Event,
    id::{RoomId, RuleId, UserId},
    moderation::{ActionFilter, AuditFilter, IncidentFilter, IncidentKind, IncidentStatus},
    timestamp::Timestamp,
};
use sqlx::{AssertSqlSafe, ConnectOptions, Row, SqliteConnection, query};
use uuid::Uuid;

use super::{
    SqliteStore, audit, bans, daily, dossier, flags, hits, incidents, known_users, lately,
    open::reader_options, read, refused, reopen, reports, retention, rules, said, scan, staff,
};

struct Nowhere;

#[async_trait::async_trait]
impl Bus for Nowhere {
    async fn publish(&self, _: Vec<Event>) {}
}

async fn plan(connection: &mut SqliteConnection, sql: &str) -> Vec<String> {
    // Safe: constants of this engine.
    let rows = query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).fetch_all(connection).await;
    rows.expect(sql).iter().map(|row| row.get::<String, _>("detail")).collect()
}

/// All filters there are: each condition asked or not.
fn filters() -> impl Iterator<Item = IncidentFilter> {
    (0..256).map(|bits: u32| {
        let asked = |bit: u32| bits & (1 << bit) != 0;
        IncidentFilter {
            status: asked(0).then_some(if asked(1) { IncidentStatus::Open } else { IncidentStatus::Upheld }),
            kind: asked(2).then_some(if asked(7) { IncidentKind::Report } else { IncidentKind::Block }),
            category: asked(3).then_some(Category::Hate),
            rule: asked(4).then_some(RuleId(1)),
            user: asked(5).then_some(UserId(Uuid::nil())),
            room: asked(6).then_some(RoomId(1)),
        }
    })
}

/// All filters of the audit log, and what serves each.
fn audit_filters() -> impl Iterator<Item = (AuditFilter, &'static str)> {
    (0..32).map(|bits: u32| {
        let asked = |bit: u32| bits & (1 << bit) != 0;
        let action = if asked(1) { "rule.update" } else { "rule" };
        let filter = AuditFilter {
            action: asked(0).then(|| ActionFilter::parse(action).expect("an action")),
            actor: asked(2).then_some(UserId(Uuid::nil())),
            since: asked(3).then_some(Timestamp(1)),
            until: asked(4).then_some(Timestamp(2)),
        };
        let index = match (asked(2), asked(0), asked(1)) {
            (true, ..) => "INDEX audit_actor",
            (_, true, true) => "INDEX audit_action",
            (_, true, false) => "INDEX audit_subject",
            _ => "INTEGER PRIMARY KEY",
        };
        (filter, index)
    })
}

#[tokio::test]
async fn every_list_is_served_by_an_index() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("chat.db");
    let store =
        SqliteStore::open(&path.display().to_string(), std::sync::Arc::new(Nowhere)).await.expect("opens");
    let mut connection = reader_options(&path).connect().await.expect("connects");
    let lists = [
        audit::SPAN,
        audit::AFTER,
        bans::ALL,
        bans::IN_FORCE,
        bans::OF_USER,
        daily::USED,
        dossier::STRIKES,
        dossier::COUNTED,
        dossier::NOTES,
        hits::SINCE,
        hits::JUDGED_DAYS,
        incidents::BEFORE,
        incidents::AFTER,
        flags::SUMMARY,
        incidents::FURTHER,
        lately::FLAGGED,
        lately::UNDECIDED,
        lately::REPORTED,
        read::SENT,
        read::HELD,
        read::BAN,
        refused::LATELY,
        refused::KNOWN,
        reopen::HISTORY,
        reports::REPORTABLE,
        reports::BEFORE,
        retention::EXPIRED,
        retention::DECIDED,
        retention::DELETED_ROOM,
        retention::UNCLEARED,
        retention::FORGOTTEN,
        rules::NEWEST,
        rules::PAGE,
        rules::VERSIONS,
        said::IN_ROOM,
        scan::MESSAGES,
        scan::ORDINARY,
        staff::ROLE,
    ];
    let lists = lists
        .into_iter()
        .map(str::to_owned)
        .chain(filters().map(|filter| incidents::list_sql(&filter)))
        .chain(audit_filters().map(|(filter, _)| audit::list_sql(&filter)));
    for sql in lists {
        let steps = plan(&mut connection, &sql).await;
        // What was found by an index is walked in memory.
        let walks = |step: &String| step.starts_with("SCAN") && !step.starts_with("SCAN (");
        assert!(!steps.iter().any(|step| walks(step) || step.contains("TEMP B-TREE")), "{sql}\n{steps:#?}");
    }
    for (filter, index) in audit_filters() {
        let steps = plan(&mut connection, &audit::list_sql(&filter)).await;
        assert!(steps.len() == 1 && steps[0].contains(index), "{filter:?}\n{steps:#?}");
    }
    let steps = plan(&mut connection, audit::SPAN).await;
    assert!(steps.iter().any(|step| step.contains("COVERING INDEX audit_at")), "{steps:#?}");
    // What is counted by rule and day is sorted, but only what an index finds.
    for sql in [hits::DECISIONS, hits::DECISIONS_BY_DAY, hits::DECIDED_BY_DAY, hits::BANS_BY_DAY] {
        let steps = plan(&mut connection, sql).await;
        assert!(!steps.iter().any(|step| step.starts_with("SCAN")), "{sql}\n{steps:#?}");
    }
    for sql in [hits::DECIDED_BY_DAY, hits::BANS_BY_DAY] {
        let steps = plan(&mut connection, sql).await;
        assert!(steps.iter().any(|step| step.contains("COVERING INDEX")), "{sql}\n{steps:#?}");
    }
    // The sender's rooms are sorted by activity, and what they said in the newest ones by time.
    let steps = plan(&mut connection, said::OVER_ROOMS).await;
    assert!(!steps.iter().any(|step| step.starts_with("SCAN") && !step.contains("recent")), "{steps:#?}");
    // Four ids are walked and sorted, each of them found by an index.
    let steps = plan(&mut connection, known_users::FIRST).await;
    let found = steps.iter().filter(|step| step.starts_with("SEARCH") && step.contains("COVERING INDEX"));
    assert_eq!(found.count(), 4, "{steps:#?}");
    let is_table =
        |step: &str| ["participants", "incidents", "bans", "audit"].iter().any(|name| step.contains(name));
    assert!(!steps.iter().any(|step| step.starts_with("SCAN") && is_table(step)), "{steps:#?}");
    store.close().await;
}
