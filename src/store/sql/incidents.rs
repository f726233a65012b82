//! Incidents: opened in the transaction of what they are about, listed by any filter.

use futures_util::TryStreamExt;
use plic_filter::Category;
use plic_pipeline::{
    event::Event,
    id::{IncidentId, MessageId, RoomId, RuleId, UserId},
    moderation::{
        FoundMatch, Incident, IncidentFilter, IncidentKind, IncidentStatus, Notice,
        incident::{IncidentInContext, Reopened, Report},
    },
    store::{Page, StoredMessage},
    timestamp::Timestamp,
};
use sqlx::{AssertSqlSafe, FromRow, query, query_as, query_scalar};
use uuid::Uuid;

use crate::cluster::shared::News;

use super::{
    change::Work,
    db::{Bulk, Connection, HIDDEN, Text, newest_id},
    read::{MAX_TEXT_BYTES, MessageRow, message_of, one_more_than, place_of},
    reopen, reports,
    words::{count, from_json, json, variant, word},
};

const COLUMNS: &str = "i.id, i.status, i.kind, i.category, i.\"user\", i.room, i.message, i.text, i.matches, \
                       i.reporter, i.reason, i.report_count, i.created_at, i.decided_by, i.decided_at, i.note, \
                       i.further, i.reopened_at, i.reopened_by";
const INSERT_RULES: Bulk = Bulk {
    before: "INSERT INTO incident_rules (rule, incident, shadow) SELECT * FROM (VALUES ",
    after: ") AS v WHERE column1 IS NOT NULL ON CONFLICT DO NOTHING",
    columns: 3,
};
/// Messages shown on either side of an incident's, and of those that it stands for besides its own.
const AROUND: i64 = 10;
const MAX_FURTHER: i64 = 100;
/// Incidents whose reports are read at a time: a page ends early once it holds much text.
const INCIDENTS_AT_A_TIME: usize = 16;

pub(super) const BEFORE: &str = "SELECT id, room, sender, text, created_at FROM messages \
                                 WHERE room = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3";
pub(super) const AFTER: &str = "SELECT id, room, sender, text, created_at FROM messages \
                                WHERE room = $1 AND seq >= $2 ORDER BY seq LIMIT $3";
/// The newest of the messages that an incident stands for besides its own.
pub(super) const FURTHER: &str = "SELECT m.id, m.room, m.sender, coalesce(f.text, m.text) AS text, m.created_at \
                                  FROM incident_further f CROSS JOIN messages m \
                                  WHERE m.id = f.message AND f.incident = $1 ORDER BY f.message DESC LIMIT $2";

/// An incident to open.
pub(super) struct NewIncident {
    pub(super) kind: IncidentKind,
    pub(super) category: Category,
    pub(super) user: UserId,
    pub(super) room: RoomId,
    pub(super) message: Option<MessageId>,
    pub(super) text: String,
    pub(super) matches: Vec<FoundMatch>,
    /// Who reported it and why, where a report opens it.
    pub(super) report: Option<(UserId, String)>,
}

#[derive(FromRow)]
struct IncidentRow {
    id: i64,
    status: String,
    kind: String,
    category: String,
    user: Uuid,
    room: i64,
    message: Option<i64>,
    text: Text,
    matches: String,
    reporter: Option<Uuid>,
    reason: Option<Text>,
    report_count: i64,
    created_at: i64,
    decided_by: Option<Uuid>,
    decided_at: Option<i64>,
    note: Option<Text>,
    further: Option<i64>,
    reopened_at: Option<i64>,
    reopened_by: Option<Uuid>,
}

impl TryFrom<IncidentRow> for Incident {
    type Error = sqlx::Error;

    /// Without more reports than the first: [`with_reports`] reads the others.
    fn try_from(row: IncidentRow) -> sqlx::Result<Self> {
        let created_at = Timestamp(row.created_at);
        let first = row.reporter.map(|reporter| Report {
            reporter: UserId(reporter),
            reason: row.reason.map(|reason| reason.0).unwrap_or_default(),
            created_at,
        });
        let reports: Vec<Report> = first.into_iter().collect();
        Ok(Self {
            id: IncidentId(row.id),
            status: variant(&row.status)?,
            kind: variant(&row.kind)?,
            category: variant(&row.category)?,
            user: UserId(row.user),
            room: RoomId(row.room),
            message: row.message.map(MessageId),
            text: row.text.0,
            matches: from_json(&row.matches)?,
            // A node of the release before counts none.
            report_count: u32::try_from(row.report_count)
                .unwrap_or(u32::MAX)
                .max(u32::from(!reports.is_empty())),
            reports,
            created_at,
            decided_by: row.decided_by.map(UserId),
            decided_at: row.decided_at.map(Timestamp),
            note: row.note.map(|note| note.0),
            further: row.further.map_or(0, count),
            reopened: row
                .reopened_at
                .map(|at| Reopened { at: Timestamp(at), by: row.reopened_by.map(UserId) }),
        })
    }
}

/// Opens an incident; the caller announces it.
pub(super) async fn open(
    connection: &mut Connection,
    new: NewIncident,
    now: Timestamp,
) -> sqlx::Result<Incident> {
    let NewIncident { kind, category, user, room, message, text, matches, report } = new;
    let near = match message {
        Some(message) => message.0,
        None => newest_id(connection).await?,
    };
    let id: i64 = query_scalar(
        "INSERT INTO incidents \
         (kind, category, \"user\", room, message, near, text, matches, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
    )
    .bind(kind.as_str())
    .bind(word(&category))
    .bind(user.0)
    .bind(room.0)
    .bind(message.map(|message| message.0))
    .bind(near)
    .bind(Text::from(text.as_str()))
    .bind(json(&matches)?)
    .bind(now.0)
    .fetch_one(&mut *connection)
    .await?;
    let id = IncidentId(id);
    add_rules(connection, id, &matches).await?;
    let mut reports = Vec::new();
    if let (Some((reporter, reason)), Some(message)) = (report, message) {
        let report = Report { reporter, reason, created_at: now };
        reports::add(connection, id, message, &report).await?;
        reports.push(report);
    }
    Ok(Incident {
        id,
        status: IncidentStatus::Open,
        kind,
        category,
        user,
        room,
        message,
        text,
        matches,
        report_count: u32::try_from(reports.len()).unwrap_or(u32::MAX),
        reports,
        created_at: now,
        decided_by: None,
        decided_at: None,
        note: None,
        further: 0,
        reopened: None,
    })
}

/// Lists an incident under the rules that matched.
pub(super) async fn add_rules(
    connection: &mut Connection,
    incident: IncidentId,
    matches: &[FoundMatch],
) -> sqlx::Result<()> {
    let mut rules: Vec<(RuleId, bool)> = matches.iter().map(|found| (found.rule_id, found.shadow)).collect();
    rules.sort_unstable();
    rules.dedup_by_key(|(rule, _)| *rule);
    INSERT_RULES
        .execute(connection, &rules, move |statement, (rule, shadow)| {
            statement.bind(rule.0).bind(incident.0).bind(*shadow)
        })
        .await?;
    Ok(())
}

/// Counts one more message that an incident stands for.
pub(super) async fn count_further(connection: &mut Connection, incident: IncidentId) -> sqlx::Result<()> {
    query("UPDATE incidents SET further = coalesce(further, 0) + 1 WHERE id = $1")
        .bind(incident.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Tells moderators of an incident that this change opened.
pub(super) fn announce(work: &mut Work<'_>, incident: Incident) {
    work.news.push(News::Incident(incident.id));
    work.events.push(opened(incident));
}

/// What tells moderators of an incident.
pub(super) fn opened(incident: Incident) -> Event {
    Event::Notice(Notice::Incident(incident.into()))
}

/// An incident; call it inside a transaction.
pub(super) async fn load(
    connection: &mut Connection,
    incident: IncidentId,
) -> sqlx::Result<Option<Incident>> {
    // Safe: made of constants.
    let sql = AssertSqlSafe(format!("SELECT {COLUMNS} FROM incidents i WHERE i.id = $1"));
    let row: Option<IncidentRow> = query_as(sql).bind(incident.0).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    let mut found = [row.try_into()?];
    reports::load(connection, &mut found).await?;
    let [incident] = found;
    Ok(Some(incident))
}

/// A list of incidents. The first condition, the one that most likely leaves the fewest, is served by its index, newest
/// first; the others are hidden from the planner, which would otherwise be free to sort what another index finds.
pub(super) fn list_sql(filter: &IncidentFilter) -> String {
    let is_open = filter.status == Some(IncidentStatus::Open);
    // Whatever else happened to a reported message, it was reported.
    let of_kind = match filter.kind {
        Some(IncidentKind::Report) => "reporter IS NOT NULL",
        _ => "kind = $7",
    };
    let conditions = [
        (filter.user.is_some(), r#""user" = $2"#),
        (filter.room.is_some(), "room = $3"),
        (filter.rule.is_some(), "rule"),
        (is_open, "status = $5"),
        (filter.category.is_some(), "category = $6"),
        (filter.kind.is_some(), of_kind),
        (filter.status.is_some() && !is_open, "status = $5"),
    ];
    let mut asked = conditions.into_iter().filter_map(|(asked, condition)| asked.then_some(condition));
    let mut sql = match asked.next() {
        None => format!("SELECT {COLUMNS} FROM incidents i WHERE i.id < $1"),
        Some("rule") => format!(
            "SELECT {COLUMNS} FROM incident_rules r CROSS JOIN incidents i \
             WHERE i.id = r.incident AND r.rule = $4 AND r.incident < $1"
        ),
        Some(condition) => format!("SELECT {COLUMNS} FROM incidents i WHERE i.{condition} AND i.id < $1"),
    };
    let by_rule = sql.contains("r.incident");
    for condition in asked {
        if condition == "rule" {
            sql += " AND EXISTS (SELECT 1 FROM incident_rules r WHERE r.rule = $4 AND r.incident = i.id)";
        } else {
            sql += " AND ";
            sql += HIDDEN;
            sql += "i.";
            sql += condition;
        }
    }
    sql += if by_rule { " ORDER BY r.incident DESC LIMIT $8" } else { " ORDER BY i.id DESC LIMIT $8" };
    sql
}

/// A page of incidents; it ends early once it holds much text.
pub(super) async fn list(
    connection: &mut Connection,
    filter: &IncidentFilter,
    before: Option<IncidentId>,
    limit: usize,
) -> sqlx::Result<Page<Incident>> {
    // Safe: made of constants.
    let mut rows = query_as::<_, IncidentRow>(AssertSqlSafe(list_sql(filter)))
        .bind(before.map_or(i64::MAX, |before| before.0))
        .bind(filter.user.map(|user| user.0))
        .bind(filter.room.map(|room| room.0))
        .bind(filter.rule.map(|rule| rule.0))
        .bind(filter.status.map(IncidentStatus::as_str))
        .bind(filter.category.map(|category| word(&category)))
        .bind(filter.kind.map(IncidentKind::as_str))
        .bind(one_more_than(limit))
        .fetch(&mut *connection);
    let mut page: Page<Incident> = Page { items: Vec::new(), more: false };
    let mut bytes = 0;
    while let Some(row) = rows.try_next().await? {
        if page.items.len() == limit || bytes > MAX_TEXT_BYTES {
            page.more = true;
            break;
        }
        bytes += row.text.0.len() + row.matches.len();
        page.items.push(row.try_into()?);
    }
    drop(rows);
    let (mut read, mut bytes) = (0, 0);
    while read < page.items.len() && bytes <= MAX_TEXT_BYTES {
        let end = page.items.len().min(read + INCIDENTS_AT_A_TIME);
        bytes += reports::load(connection, &mut page.items[read..end]).await?;
        read = end;
    }
    page.more |= read < page.items.len();
    page.items.truncate(read);
    Ok(page)
}

/// An incident with what was said around it.
pub(super) async fn in_context(
    connection: &mut Connection,
    incident: IncidentId,
) -> sqlx::Result<Option<IncidentInContext>> {
    let Some(incident) = load(connection, incident).await? else { return Ok(None) };
    let (first, from) = if let Some(message) = incident.message {
        let place = place_of(connection, incident.room, message).await?;
        (place, place_of(connection, incident.room, MessageId(message.0 + 1)).await?)
    } else {
        let near: i64 = query_scalar("SELECT near FROM incidents WHERE id = $1")
            .bind(incident.id.0)
            .fetch_one(&mut *connection)
            .await?;
        let place = place_of(connection, incident.room, MessageId(near + 1)).await?;
        (place, place)
    };
    let mut before = said(connection, BEFORE, incident.room, first).await?;
    before.reverse();
    let after = said(connection, AFTER, incident.room, from).await?;
    let further: Vec<MessageRow> =
        query_as(FURTHER).bind(incident.id.0).bind(MAX_FURTHER).fetch_all(&mut *connection).await?;
    let further = further.into_iter().rev().map(message_of).collect();
    let history = reopen::history(connection, incident.id).await?;
    Ok(Some(IncidentInContext { incident, before, after, further, history }))
}

async fn said(
    connection: &mut Connection,
    sql: &'static str,
    room: RoomId,
    place: i64,
) -> sqlx::Result<Vec<StoredMessage>> {
    let rows: Vec<MessageRow> =
        query_as(sql).bind(room.0).bind(place).bind(AROUND).fetch_all(connection).await?;
    Ok(rows.into_iter().map(message_of).collect())
}

/// Decides an incident that is open; answers it as it is now, and tells moderators.
pub(super) async fn close(
    work: &mut Work<'_>,
    incident: IncidentId,
    status: IncidentStatus,
    by: Option<UserId>,
    note: Option<&str>,
) -> sqlx::Result<Incident> {
    // Not cleared any more, so that retention comes for the note too.
    query(
        "UPDATE incidents SET status = $1, decided_by = $2, decided_at = $3, note = $4, cleared_at = NULL WHERE id = $5",
    )
        .bind(status.as_str())
        .bind(by.map(|by| by.0))
        .bind(work.now.0)
        .bind(note.map(Text::from))
        .bind(incident.0)
        .execute(&mut *work.connection)
        .await?;
    query("UPDATE held SET decided = TRUE WHERE incident = $1")
        .bind(incident.0)
        .execute(&mut *work.connection)
        .await?;
    let incident = load(work.connection, incident).await?.ok_or(sqlx::Error::RowNotFound)?;
    work.events.push(Event::Notice(Notice::Decided(incident.clone().into())));
    work.news.push(News::Decided(incident.id));
    Ok(incident)
}
