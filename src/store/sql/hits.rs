//! What rules did, in numbers.

use std::{cmp::Reverse, collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use plic_pipeline::{
    id::RuleId,
    moderation::{
        IncidentStatus,
        stats::{BansOfDay, Decisions, Hits, JudgedDay, Precision, RuleDecisions, Stats, day_of},
    },
    store::StoreError,
    timestamp::Timestamp,
};
use sqlx::{query, query_as};

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
/// From the incidents decided since a moment to the rules that acted in them, if any did.
pub(super) const DECISIONS_BY_DAY: &str = "SELECT r.rule, i.decided_at / 86400000000, i.status, count(*) \
                                           FROM incidents i LEFT JOIN incident_rules r \
                                           ON r.incident = i.id AND r.shadow = FALSE \
                                           WHERE i.decided_at >= $1 AND i.decided_at IS NOT NULL \
                                           GROUP BY 1, 2, 3 ORDER BY 2 DESC LIMIT $2";
pub(super) const DECIDED_BY_DAY: &str = "SELECT decided_at / 86400000000, status, count(*) FROM incidents \
                                         WHERE decided_at >= $1 AND decided_at IS NOT NULL \
                                         GROUP BY 1, 2 ORDER BY 1 DESC";
pub(super) const BANS_BY_DAY: &str = "SELECT created_at / 86400000000, count(*) FROM bans WHERE created_at >= $1 \
                                      GROUP BY 1 ORDER BY 1 DESC";
/// Rows by rule and day that one answer holds of each kind, the newest days: a year of hundreds of rules.
const MAX_ROWS: i64 = 100_000;

/// How far back numbers go, so that no question makes them read everything.
const KEPT: Duration = Duration::from_hours(400 * 24);

pub(super) const JUDGED_DAYS: &str =
    "SELECT day, judged, stopped FROM judged_days WHERE day >= $1 AND day <= $2 ORDER BY day";

/// Adds hits, and messages that were judged on a day, to the numbers.
pub(super) struct AddHits {
    pub(super) hits: Vec<Hits>,
    pub(super) judged: Option<JudgedDay>,
}

#[async_trait]
impl Change for AddHits {
    type Done = ();
    type Refusal = StoreError;

    async fn apply(&self, work: &mut Work<'_>) -> sqlx::Result<Result<(), StoreError>> {
        if let Some(JudgedDay { day, judged, stopped }) = self.judged {
            query(
                "INSERT INTO judged_days (day, judged, stopped) VALUES ($1, $2, $3) \
                 ON CONFLICT (day) DO UPDATE SET judged = judged_days.judged + excluded.judged, \
                 stopped = judged_days.stopped + excluded.stopped",
            )
            .bind(day)
            .bind(i64::try_from(judged).unwrap_or(i64::MAX))
            .bind(i64::try_from(stopped).unwrap_or(i64::MAX))
            .execute(&mut *work.connection)
            .await?;
        }
        ADD.execute(work.connection, &self.hits, |statement, hits| {
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

/// How many messages were judged on each of these days, the oldest first.
pub(super) async fn judged_days(
    connection: &mut Connection,
    first: i64,
    last: i64,
) -> sqlx::Result<Vec<JudgedDay>> {
    let rows: Vec<(i64, i64, i64)> =
        query_as(JUDGED_DAYS).bind(first).bind(last).fetch_all(connection).await?;
    let day = |(day, judged, stopped)| JudgedDay { day, judged: count(judged), stopped: count(stopped) };
    Ok(rows.into_iter().map(day).collect())
}

pub(super) async fn since(
    connection: &mut Connection,
    since: Timestamp,
    now: Timestamp,
) -> sqlx::Result<Stats> {
    let since = since.max(now.before(KEPT));
    let rows: Vec<(i64, String, bool, i64, i64)> =
        query_as(SINCE).bind(day_of(since)).bind(MAX_ROWS).fetch_all(&mut *connection).await?;
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
    let bans_by_day = bans_by_day(connection, since).await?;
    Ok(Stats {
        hits,
        precision: precision.into_values().collect(),
        decisions: decisions_by_rule(connection, since).await?,
        decided: decided(connection, since).await?,
        bans: bans_by_day.iter().map(|bans| bans.count).sum(),
        bans_by_day,
    })
}

async fn decisions_by_rule(
    connection: &mut Connection,
    since: Timestamp,
) -> sqlx::Result<Vec<RuleDecisions>> {
    let rows: Vec<(Option<i64>, i64, String, i64)> =
        query_as(DECISIONS_BY_DAY).bind(since.0).bind(MAX_ROWS).fetch_all(connection).await?;
    let mut decisions = Vec::with_capacity(rows.len());
    for (rule, day, status, number) in rows {
        let rule = rule.map(RuleId);
        decisions.push(RuleDecisions { rule, day, status: variant(&status)?, count: count(number) });
    }
    // The engines do not agree where no rule stands among them.
    decisions.sort_unstable_by_key(|of| (Reverse(of.day), of.rule, of.status.as_str()));
    Ok(decisions)
}

async fn decided(connection: &mut Connection, since: Timestamp) -> sqlx::Result<Vec<Decisions>> {
    let rows: Vec<(i64, String, i64)> = query_as(DECIDED_BY_DAY).bind(since.0).fetch_all(connection).await?;
    let mut decided = Vec::with_capacity(rows.len());
    for (day, status, number) in rows {
        decided.push(Decisions { day, status: variant(&status)?, count: count(number) });
    }
    decided.sort_unstable_by_key(|of| (Reverse(of.day), of.status.as_str()));
    Ok(decided)
}

async fn bans_by_day(connection: &mut Connection, since: Timestamp) -> sqlx::Result<Vec<BansOfDay>> {
    let rows: Vec<(i64, i64)> = query_as(BANS_BY_DAY).bind(since.0).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(day, number)| BansOfDay { day, count: count(number) }).collect())
}
