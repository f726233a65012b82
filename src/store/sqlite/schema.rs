//! Whether the schema of a database is what the migrations make: a copy from elsewhere may hold a trigger that acts on
//! every message, or lack one that guards the audit log.

use std::collections::BTreeMap;

use sqlx::{
    ConnectOptions, SqliteConnection,
    migrate::{Migration, Migrator},
    query_as,
    sqlite::SqliteConnectOptions,
};

use super::open::{MIGRATIONS, OpenError};

/// The longest name that a sentence shows, in characters.
const LONGEST_NAME: usize = 128;
/// The statistics of `ANALYZE`, which an operator may have run.
const STATISTICS: [(&str, &str); 2] = [
    ("sqlite_stat1", "CREATE TABLE sqlite_stat1(tbl,idx,stat)"),
    ("sqlite_stat4", "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)"),
];

/// The first difference between a schema and the migrations'.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaDifference {
    /// There is something that no migration makes.
    #[error("the {kind} `{name}` on `{table}` is not plic-chat's")]
    Foreign {
        /// `table`, `index`, `trigger` or `view`.
        kind: String,
        /// Its name.
        name: String,
        /// The table that it belongs to.
        table: String,
    },
    /// Something that a migration makes is not there.
    #[error("the {kind} `{name}` is missing")]
    Missing {
        /// `table`, `index`, `trigger` or `view`.
        kind: String,
        /// Its name.
        name: String,
    },
    /// Something is not as a migration makes it.
    #[error("the {kind} `{name}` is not as plic-chat makes it")]
    Changed {
        /// `table`, `index`, `trigger` or `view`.
        kind: String,
        /// Its name.
        name: String,
    },
    /// A migration is not the one that this program knows by its number.
    #[error("its migration {0} is not plic-chat's")]
    Migration(i64),
}

/// Kind and name of an object to its table and its statement; an index that a key makes has none.
type Schema = BTreeMap<(String, String), (String, Option<String>)>;

/// Compares the schema of a database with what the migrations make that were applied to it; returns the first difference.
///
/// # Errors
/// `Newer` where a migration is of a newer program.
pub(super) async fn difference(
    connection: &mut SqliteConnection,
) -> Result<Option<SchemaDifference>, OpenError> {
    let found = schema(connection).await?;
    let bookkeeping = ("table".to_owned(), MIGRATIONS.table_name.clone().into_owned());
    if !found.contains_key(&bookkeeping) {
        let (kind, name) = bookkeeping;
        return Ok(Some(SchemaDifference::Missing { kind, name }));
    }
    let applied: Vec<(i64, Vec<u8>)> =
        query_as("SELECT version, checksum FROM _sqlx_migrations ORDER BY version")
            .fetch_all(&mut *connection)
            .await?;
    let mut migrations: Vec<Migration> = Vec::with_capacity(applied.len());
    for (version, checksum) in applied {
        match MIGRATIONS.iter().find(|migration| migration.version == version) {
            None => return Err(OpenError::Newer(version)),
            Some(known) if *known.checksum != *checksum => {
                return Ok(Some(SchemaDifference::Migration(version)));
            }
            Some(known) => migrations.push(known.clone()),
        }
    }
    Ok(first_difference(&found, &made_by(migrations).await?))
}

async fn schema(connection: &mut SqliteConnection) -> sqlx::Result<Schema> {
    let rows: Vec<(String, String, String, Option<String>)> =
        query_as("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetch_all(connection).await?;
    // White space is no difference.
    let normal = |sql: String| sql.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(rows.into_iter().map(|(kind, name, table, sql)| ((kind, name), (table, sql.map(normal)))).collect())
}

/// Reads the schema of a database in memory that these migrations make.
async fn made_by(migrations: Vec<Migration>) -> Result<Schema, OpenError> {
    let mut fresh = SqliteConnectOptions::new().in_memory(true).connect().await?;
    // Not `run`: its generic future is not provably `Send`.
    Migrator::with_migrations(migrations)
        .run_direct(None, &mut fresh, false)
        .await
        .map_err(OpenError::Migrate)?;
    Ok(schema(&mut fresh).await?)
}

fn first_difference(found: &Schema, made: &Schema) -> Option<SchemaDifference> {
    // What is there first: something foreign explains more than what it stands in the place of.
    for ((kind, name), object) in found {
        match made.get(&(kind.clone(), name.clone())) {
            Some(original) if original == object => {}
            Some(_) => return Some(SchemaDifference::Changed { kind: shown(kind), name: shown(name) }),
            None if is_statistics(kind, name, object.1.as_deref()) => {}
            None => {
                let (kind, name, table) = (shown(kind), shown(name), shown(&object.0));
                return Some(SchemaDifference::Foreign { kind, name, table });
            }
        }
    }
    let missing = made.keys().find(|key| !found.contains_key(*key))?;
    Some(SchemaDifference::Missing { kind: shown(&missing.0), name: shown(&missing.1) })
}

fn is_statistics(kind: &str, name: &str, sql: Option<&str>) -> bool {
    kind == "table" && STATISTICS.iter().any(|(table, made_by)| *table == name && sql == Some(made_by))
}

/// A name as a sentence shows it: whoever made the file chose it.
fn shown(name: &str) -> String {
    name.escape_debug().take(LONGEST_NAME).collect()
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, raw_sql};

    use super::*;

    /// A database of the first so many migrations, with something more done to it.
    async fn compared(migrations: usize, more: &str) -> Option<String> {
        let mut connection = SqliteConnectOptions::new().in_memory(true).connect().await.expect("connects");
        Migrator::with_migrations(MIGRATIONS.iter().take(migrations).cloned().collect())
            .run_direct(None, &mut connection, false)
            .await
            .expect("migrates");
        // Safe: constants of these tests.
        raw_sql(AssertSqlSafe(more.to_owned())).execute(&mut connection).await.expect(more);
        difference(&mut connection).await.expect("compares").map(|difference| difference.to_string())
    }

    #[tokio::test]
    async fn a_schema_of_any_release_is_what_its_migrations_make() {
        for migrations in 1..=MIGRATIONS.iter().count() {
            assert_eq!(compared(migrations, "").await, None, "{migrations}");
        }
        assert_eq!(compared(2, "ANALYZE").await, None, "statistics may be there");
    }

    #[tokio::test]
    async fn any_other_object_is_named() {
        for (more, sentence) in [
            (
                "CREATE TRIGGER spy AFTER INSERT ON messages BEGIN SELECT 1; END",
                "the trigger `spy` on `messages` is not plic-chat's",
            ),
            ("CREATE TABLE loot (text)", "the table `loot` on `loot` is not plic-chat's"),
            ("CREATE VIEW seen AS SELECT text FROM messages", "the view `seen` on `seen` is not plic-chat's"),
            (
                "CREATE INDEX by_text ON messages (text)",
                "the index `by_text` on `messages` is not plic-chat's",
            ),
            ("DROP TRIGGER audit_is_not_deleted", "the trigger `audit_is_not_deleted` is missing"),
            ("DROP INDEX bans_user", "the index `bans_user` is missing"),
            ("DROP TABLE rule_hits", "the table `rule_hits` is missing"),
            (
                "ALTER TABLE messages ADD COLUMN loot TEXT",
                "the table `messages` is not as plic-chat makes it",
            ),
            (
                "DROP INDEX bans_user; CREATE INDEX bans_user ON bans (reason)",
                "the index `bans_user` is not as plic-chat makes it",
            ),
            (
                "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1",
                "its migration 1 is not plic-chat's",
            ),
            ("DELETE FROM _sqlx_migrations WHERE version = 2", "is not plic-chat's"),
        ] {
            let found = compared(2, more).await;
            assert!(found.as_ref().is_some_and(|found| found.contains(sentence)), "{more}: {found:?}");
        }
    }

    #[tokio::test]
    async fn a_name_that_somebody_chose_is_shown_without_harm() {
        let name = format!("a\x1b[2J{}", "x".repeat(500));
        let sentence = compared(1, &format!("CREATE TABLE \"{name}\" (a)")).await.expect("it is foreign");
        assert!(!sentence.contains('\x1b') && sentence.len() < 400, "{sentence}");
    }
}
