//! The triggers of the audit log: what keeps it from being changed where it lies.

use std::collections::BTreeSet;

use sqlx::query_as;

use super::{connection::Connection, migrate::MIGRATIONS, verify::VerifyError};

/// Name, when it fires (`tgtype`), and the function of each.
const ORIGINAL: [(&str, i64, &str); 2] = [
    // Before each statement that deletes, updates or truncates.
    ("audit_is_not_changed", 2 + 8 + 16 + 32, "refuse"),
    // Before each row that is inserted.
    ("audit_grows_at_its_end", 1 + 2 + 4, "refuse_other_ends"),
];

/// A trigger as it is now: name, when it fires, function, and the function's source.
type Trigger = (String, i64, String, String);

/// A trigger that is missing, or was changed or added.
pub(super) async fn changed(connection: &mut Connection) -> Result<Option<String>, VerifyError> {
    // One that is switched off, or has a condition, is as good as none.
    let triggers: Vec<Trigger> = query_as(
        "SELECT t.tgname::TEXT, t.tgtype::BIGINT, \
             CASE WHEN t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL AND p.pronamespace = 'plic_chat'::regnamespace \
             THEN p.proname::TEXT ELSE '' END, p.prosrc \
         FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid \
         WHERE t.tgrelid = 'plic_chat.audit'::regclass AND NOT t.tgisinternal",
    )
    .fetch_all(connection)
    .await?;
    let mut missing: BTreeSet<&str> = ORIGINAL.iter().map(|(name, ..)| *name).collect();
    for (name, fires, function, source) in &triggers {
        let is_original = ORIGINAL.contains(&(name, *fires, function)) && is_migrated(source);
        if !is_original {
            return Ok(Some(name.clone()));
        }
        missing.remove(name.as_str());
    }
    Ok(missing.first().map(|name| (*name).to_owned()))
}

/// Returns a trigger, a rule or a view in the schema whose name no migration makes: it came with a copy from elsewhere. Compares
/// names alone: a changed function, column or index, or a trigger of the same name on another table, passes here; the triggers
/// of the audit log are compared whole, by [`changed`]. To compare everything as SQLite does takes a second schema made from the
/// migrations, which the role of a server mostly may not make.
pub(super) async fn foreign(connection: &mut Connection) -> sqlx::Result<Option<String>> {
    let found: Vec<(String, String)> = query_as(
        "SELECT 'TRIGGER', t.tgname::TEXT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
         WHERE c.relnamespace = 'plic_chat'::regnamespace AND NOT t.tgisinternal \
         UNION ALL SELECT 'RULE', r.rulename::TEXT FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class \
         WHERE c.relnamespace = 'plic_chat'::regnamespace AND r.rulename <> '_RETURN' \
         UNION ALL SELECT 'VIEW', relname::TEXT FROM pg_class \
         WHERE relnamespace = 'plic_chat'::regnamespace AND relkind IN ('v', 'm', 'f')",
    )
    .fetch_all(connection)
    .await?;
    let is_made = |(kind, name): &(String, String)| {
        let statement = format!("CREATE {kind} {name} ");
        MIGRATIONS.iter().any(|migration| migration.sql.as_str().contains(&statement))
    };
    Ok(found.into_iter().find(|object| !is_made(object)).map(|(kind, name)| {
        let name: String = name.escape_debug().take(128).collect();
        format!("{} `{name}`", kind.to_lowercase())
    }))
}

/// Whether the migrations have made a function with this source.
fn is_migrated(source: &str) -> bool {
    let body = format!("$${source}$$");
    MIGRATIONS.iter().any(|migration| migration.sql.as_str().contains(&body))
}
