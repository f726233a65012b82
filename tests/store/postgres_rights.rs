//! Supabase lets anonymous clients ask the database whatever they have rights to: here they have none.

use plic_chat::store::postgres;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, query_scalar};

use crate::engine::postgres::Database;

const OUTSIDERS: [&str; 2] = ["anon", "authenticated"];

/// A database that gives whatever is made to the roles of Supabase, unless it is taken from them.
async fn generous() -> Database {
    let database = Database::empty();
    for outsider in OUTSIDERS {
        database.sql(&format!(
            "DO $$ BEGIN CREATE ROLE {outsider} LOGIN PASSWORD 'for-tests-only'; \
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        ));
        for made in ["TABLES", "SEQUENCES", "ROUTINES", "SCHEMAS"] {
            database
                .sql(&format!("ALTER DEFAULT PRIVILEGES FOR ROLE chat GRANT ALL ON {made} TO {outsider}"));
        }
    }
    postgres::migrate(&database.settings()).await.expect("migrates");
    database
}

async fn names(connection: &mut PgConnection, sql: &'static str) -> Vec<String> {
    query_scalar(sql).fetch_all(connection).await.expect("answers")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outsiders_have_no_right_to_anything() {
    let database = generous().await;
    let mut owner = database.stranger().await;
    let tables = names(&mut owner, "SELECT oid::regclass::TEXT FROM pg_class WHERE relkind = 'r' AND relnamespace = 'plic_chat'::regnamespace").await;
    let sequences = names(&mut owner, "SELECT oid::regclass::TEXT FROM pg_class WHERE relkind = 'S' AND relnamespace = 'plic_chat'::regnamespace").await;
    let routines = names(
        &mut owner,
        "SELECT oid::regprocedure::TEXT FROM pg_proc WHERE pronamespace = 'plic_chat'::regnamespace",
    )
    .await;
    assert!(tables.len() > 15 && sequences.len() > 5 && routines.len() > 3, "the schema is there");
    let unguarded = names(
        &mut owner,
        "SELECT relname::TEXT FROM pg_class WHERE relkind = 'r' AND NOT relrowsecurity \
         AND relnamespace = 'plic_chat'::regnamespace",
    )
    .await;
    assert_eq!(unguarded, Vec::<String>::new(), "row level security is on");
    for outsider in OUTSIDERS {
        let may: Vec<bool> = query_scalar(
            "SELECT has_schema_privilege($1, 'plic_chat', 'USAGE, CREATE') UNION ALL \
             SELECT has_table_privilege($1, t, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER') \
             FROM unnest($2) t UNION ALL \
             SELECT has_sequence_privilege($1, s, 'USAGE, SELECT, UPDATE') FROM unnest($3) s UNION ALL \
             SELECT has_function_privilege($1, r, 'EXECUTE') FROM unnest($4) r",
        )
        .bind(outsider)
        .bind(&tables)
        .bind(&sequences)
        .bind(&routines)
        .fetch_all(&mut owner)
        .await
        .expect("answers");
        assert_eq!(may.len(), 1 + tables.len() + sequences.len() + routines.len());
        assert!(!may.contains(&true), "{outsider}: {may:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outsiders_who_log_in_get_nothing_out_and_nothing_in() {
    let database = generous().await;
    for outsider in OUTSIDERS {
        let url = database.settings().url.replacen("chat:", &format!("{outsider}:"), 1);
        let mut connection = PgConnection::connect(&url).await.expect("logs in");
        for sql in [
            "SELECT * FROM plic_chat.messages",
            "SELECT count(*) FROM plic_chat._sqlx_migrations",
            "INSERT INTO plic_chat.bans (\"user\", reason, created_at) VALUES (gen_random_uuid(), '', 0)",
            "UPDATE plic_chat.moderation SET policy = NULL",
            "DELETE FROM plic_chat.sent",
            "TRUNCATE plic_chat.feed",
            "SELECT nextval('plic_chat.ids')",
            "SELECT plic_chat.moment()",
            "SELECT plic_chat.begin_change()",
            "SELECT plic_chat.append_messages('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
            "CREATE TABLE plic_chat.mine (id BIGINT)",
        ] {
            let error = connection.execute(AssertSqlSafe(sql)).await.expect_err(sql);
            let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
            assert_eq!(code.as_deref(), Some("42501"), "{sql}: {error}");
        }
    }
}
