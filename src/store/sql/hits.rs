//! What rules did, in numbers.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use plic_pipeline::{
    id::RuleId,
    moderation::{
        IncidentStatus,
        stats::{Hits, Precision, Stats, day_of},
    },
    store::StoreError,
    timestamp::Timestamp,
};
use sqlx::{query_as, query_scalar};

use super::{
    change::{Change, Work},
    db::{Bulk, Connection},
    words::{count, variant, word},
};

const ADD: Bulk = Bulk {
    before: "INSERT INTO rule_hits (day, rule, action, shadow, count) \
             SELECT column1, column2, column3, column4, CAST(sum(column5) AS BIGINT) FROM (VALUES ",
    after: ") AS v WHERE column1 IS NOT NULL GROUP BY column1, column2, column3, column4 \
            ON CONFLICT (day, rule, action, shadow) DO UPDATE SET count = rule_hits.count + excluded.count",
    columns: 5,
};
pub(super) const SINCE: &str = "SELECT rule, action, shadow, day, count FROM rule_hits WHERE day >= $1 \
                                ORDER BY day DESC, rule DESC LIMIT $2";
/// From the incidents since a moment to their rules, by the index of either.
pub(super) const DECISIONS: &str = "SELECT r.rule, i.status, count(*) FROM incidents i CROSS JOIN incident_rules r \
                                    WHERE r.incident = i.id AND i.created_at >= $1 AND r.shadow = FALSE \
                                    GROUP BY r.rule, i.status";
pub(super) const BANS: &str = "SELECT count(*) FROM bans WHERE created_at >= $1";
/// Rows of hits that one answer holds, the newest days: a year of hundreds of rules.
const MAX_HITS: i64 = 100_000;

/// How far back numbers go, so that no question makes them read everything.
const KEPT: Duration = Duration::from_hours(400 * 24);

/// Adds hits to the numbers.
pub(super) struct AddHits(pub(super) Vec<Hits>);

#[async_trait]
impl Change for AddHits {
    type Done = ();
    type Refusal = StoreError;

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<(), StoreError>> {
        ADD.execute(work.connection, &self.0, |statement, hits| {
            statement
                .bind(hits.day)
                .bind(hits.rule.0)
                .bind(word(&hits.action))
                .bind(hits.shadow)
                .bind(i64::try_from(hits.count).unwrap_or(i64::MAX))
        })
        .await
        .map(Ok)
    }
}

pub(super) async fn since(connection: &mut Connection, since: Timestamp) -> sqlx::Result<Stats> {
    let since = since.max(Timestamp::now().before(KEPT));
    let rows: Vec<(i64, String, bool, i64, i64)> =
        query_as(SINCE).bind(day_of(since)).bind(MAX_HITS).fetch_all(&mut *connection).await?;
    let mut hits = Vec::with_capacity(rows.len());
    for (rule, action, shadow, day, number) in rows {
        hits.push(Hits { rule: RuleId(rule), action: variant(&action)?, shadow, day, count: count(number) });
    }
    let decisions: Vec<(i64, String, i64)> =
        query_as(DECISIONS).bind(since.0).fetch_all(&mut *connection).await?;
    let mut precision: BTreeMap<i64, Precision> = BTreeMap::new();
    for (rule, status, number) in decisions {
        let of_rule =
            precision.entry(rule).or_insert(Precision { rule: RuleId(rule), right: 0, wrong: 0, open: 0 });
        match variant(&status)? {
            IncidentStatus::Open => of_rule.open += count(number),
            IncidentStatus::Upheld | IncidentStatus::Removed => of_rule.right += count(number),
            IncidentStatus::Dismissed | IncidentStatus::Released => of_rule.wrong += count(number),
        }
    }
    let bans: i64 = query_scalar(BANS).bind(since.0).fetch_one(&mut *connection).await?;
    Ok(Stats { hits, precision: precision.into_values().collect(), bans: count(bans) })
}
