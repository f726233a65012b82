//! Statements over many rows at once.

use sqlx::{
    AssertSqlSafe, Postgres,
    postgres::{PgArguments, PgRow},
    query,
    query::Query,
};

use super::connection::Connection;

/// More rows go into several statements: a statement binds at most 65,535 values.
const MAX_ROWS: usize = 1024;

/// A statement with its rows still to be bound.
pub(super) type Bound = Query<'static, Postgres, PgArguments>;

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
        let sql = format!("{}{}{}", self.before, placeholders(rows.len(), self.columns), self.after);
        // Safe: made of constants and numbered placeholders. Not kept: another number of rows is another statement.
        rows.iter().fold(query(AssertSqlSafe(sql)).persistent(false), bind)
    }

    /// Runs the statement over all rows; `bind` binds [`Bulk::columns`] values a row.
    pub(super) async fn execute<T: Sync>(
        self,
        connection: &mut Connection,
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
        connection: &mut Connection,
        rows: &[T],
        bind: impl Fn(Bound, &T) -> Bound + Copy + Send,
    ) -> sqlx::Result<Vec<PgRow>> {
        let mut found = Vec::new();
        for rows in rows.chunks(MAX_ROWS) {
            found.extend(self.statement(rows, bind).fetch_all(&mut *connection).await?);
        }
        Ok(found)
    }
}

/// `$1,$2` for one column a row; `($1,$2),($3,$4)` for more.
fn placeholders(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let values: Vec<String> =
            (1..=columns).map(|column| format!("${}", row * columns + column)).collect();
        if columns == 1 { values.concat() } else { format!("({})", values.join(",")) }
    };
    (0..rows).map(row).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_count_on_from_row_to_row() {
        assert_eq!(placeholders(3, 1), "$1,$2,$3");
        assert_eq!(placeholders(2, 2), "($1,$2),($3,$4)");
    }
}
