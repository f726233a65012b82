//! Statements over many rows at once.
//!
//! The number of rows is rounded up, so that a handful of prepared statements serve every batch; the rows that are left
//! over are bound to NULL, which joins with nothing and is skipped by every statement here.
//!
//! A [`Program`] is several statements in one round trip to the connection's thread, which costs more than most of them.

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
        1 => "?,".to_owned(),
        _ => format!("({}),", vec!["?"; columns].join(",")),
    };
    let mut list = row.repeat(rows);
    list.pop();
    list
}

/// So many rows, or a few more: a power of two, or one and a half times one.
fn padded(rows: usize) -> usize {
    let rows = rows.max(1);
    let power = rows.next_power_of_two();
    let between = power / 4 * 3;
    if rows <= between { between } else { power }
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
    fn write(self, sql: &mut String, rows: usize) {
        sql.push_str(self.before);
        sql.push_str(&placeholders(rows, self.columns));
        sql.push_str(self.after);
    }

    fn statement<T>(self, rows: &[T], bind: impl Fn(Bound, &T) -> Bound) -> Bound {
        let padded = padded(rows.len());
        let mut sql = String::new();
        self.write(&mut sql, padded);
        // Safe: made of constants and question marks.
        self.bind(query(AssertSqlSafe(sql)), rows, padded, bind)
    }

    fn bind<T>(
        self,
        mut statement: Bound,
        rows: &[T],
        padded: usize,
        bind: impl Fn(Bound, &T) -> Bound,
    ) -> Bound {
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

/// Statements that run one after another in one round trip, until one fails. All that take rows take them in the same
/// number, so that how many rows there are decides which program it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Program(pub(super) &'static [Step]);

/// A statement of a [`Program`].
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// Takes what is bound after the rows of the steps before it.
    Plain(&'static str),
    /// Takes rows.
    Rows(Bulk),
}

impl Program {
    /// The program for at most `rows` rows, of which there are no more than a thousand, with nothing bound yet.
    pub(super) fn for_rows(self, rows: usize) -> Filling {
        debug_assert!(rows <= MAX_ROWS, "a program is not divided");
        let padded = padded(rows);
        let mut sql = String::new();
        for step in self.0 {
            match step {
                Step::Plain(statement) => sql.push_str(statement),
                Step::Rows(bulk) => bulk.write(&mut sql, padded),
            }
            sql.push(';');
        }
        // Safe: made of constants and question marks.
        Filling { statement: query(AssertSqlSafe(sql)), padded }
    }
}

/// A [`Program`] that is being filled, step by step in its order.
pub(super) struct Filling {
    statement: Bound,
    padded: usize,
}

impl Filling {
    /// Fills a step that takes rows.
    pub(super) fn rows<T>(mut self, bulk: Bulk, rows: &[T], bind: impl Fn(Bound, &T) -> Bound) -> Self {
        self.statement = bulk.bind(self.statement, rows, self.padded, bind);
        self
    }

    /// Fills a parameter of a plain step.
    pub(super) fn value(mut self, value: i64) -> Self {
        self.statement = self.statement.bind(value);
        self
    }

    /// Runs it and answers the rows of all its steps.
    pub(super) async fn fetch(self, connection: &mut SqliteConnection) -> sqlx::Result<Vec<SqliteRow>> {
        self.statement.fetch_all(connection).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_rounded_up_by_half_at_most() {
        let sizes: Vec<usize> = (1..=16).map(padded).collect();
        assert_eq!(sizes, [1, 2, 3, 4, 6, 6, 8, 8, 12, 12, 12, 12, 16, 16, 16, 16]);
        assert_eq!([padded(0), padded(129), padded(193), padded(1024)], [1, 192, 256, 1024]);
    }

    #[test]
    fn a_list_ends_without_a_comma() {
        assert_eq!(placeholders(3, 1), "?,?,?");
        assert_eq!(placeholders(2, 2), "(?,?),(?,?)");
    }
}
