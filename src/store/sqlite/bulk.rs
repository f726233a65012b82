//! Statements over many rows at once.
//!
//! The number of rows is rounded up to a power of two, so that a handful of prepared statements serve every batch; the
//! rows that are left over are bound to NULL, which joins with nothing and is skipped by every statement here.

use sqlx::{
    AssertSqlSafe, Sqlite, query,
    query::Query,
    sqlite::{SqliteArguments, SqliteConnection, SqliteRow},
};

/// More rows go into several statements: `SQLite` binds at most 32,766 values.
const MAX_ROWS: usize = 1024;

/// `?,?,?` for one room id, user or the like a row; `(?,?),(?,?)` for more columns.
fn placeholders(rows: usize, columns: usize) -> String {
    let row = match columns {
        1 => "?".to_owned(),
        _ => format!("({})", vec!["?"; columns].join(",")),
    };
    vec![row; rows].join(",")
}

/// A statement with its rows still to be bound.
pub(super) type Bound = Query<'static, Sqlite, SqliteArguments>;

/// A statement made of what stands before the rows, and after them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bulk {
    /// SQL up to the rows.
    pub(super) before: &'static str,
    /// SQL after them; binds nothing.
    pub(super) after: &'static str,
    /// How many values a row has.
    pub(super) columns: usize,
}

impl Bulk {
    fn statement<T>(self, rows: &[T], bind: impl Fn(Bound, &T) -> Bound) -> Bound {
        let padded = rows.len().next_power_of_two();
        let sql = format!("{}{}{}", self.before, placeholders(padded, self.columns), self.after);
        // Safe: made of constants and question marks.
        let mut statement = query(AssertSqlSafe(sql));
        for row in rows {
            statement = bind(statement, row);
        }
        for _ in 0..(padded - rows.len()) * self.columns {
            statement = statement.bind(None::<i64>);
        }
        statement
    }

    /// Runs the statement over all rows; `bind` binds [`Bulk::columns`] values a row.
    pub(super) async fn execute<T: Sync>(
        self,
        connection: &mut SqliteConnection,
        rows: &[T],
        bind: impl Fn(Bound, &T) -> Bound + Copy + Send,
    ) -> sqlx::Result<()> {
        for rows in rows.chunks(MAX_ROWS) {
            self.statement(rows, bind).execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// Runs the statement over all rows and answers what it returns.
    pub(super) async fn fetch<T: Sync>(
        self,
        connection: &mut SqliteConnection,
        rows: &[T],
        bind: impl Fn(Bound, &T) -> Bound + Copy + Send,
    ) -> sqlx::Result<Vec<SqliteRow>> {
        let mut found = Vec::new();
        for rows in rows.chunks(MAX_ROWS) {
            found.extend(self.statement(rows, bind).fetch_all(&mut *connection).await?);
        }
        Ok(found)
    }
}
