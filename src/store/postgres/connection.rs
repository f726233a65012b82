//! A connection that names its statements, or does not.
//!
//! A pooler lends a connection of the server for a transaction, so that a prepared statement with a name would be there
//! for others, who use the same names. sqlx names all statements unless each query says otherwise: here the connection
//! says it for all of them.

use futures_util::{future::BoxFuture, stream::BoxStream};
use sqlx::{
    Database, Describe, Either, Execute, Executor, PgConnection, Postgres, SqlStr, Transaction,
    error::BoxDynError,
    pool::PoolConnection,
    postgres::{PgArguments, PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};

/// A connection to the database.
#[derive(Debug)]
pub(super) struct Connection {
    holding: Holding,
    names_statements: bool,
}

#[derive(Debug)]
enum Holding {
    /// Of a writer.
    Own(PgConnection),
    /// Of a pool, for a single statement.
    Lent(PoolConnection<Postgres>),
    /// Of a pool, in a transaction that is rolled back when this is dropped.
    Within(Transaction<'static, Postgres>),
}

impl Connection {
    pub(super) fn own(connection: PgConnection, names_statements: bool) -> Self {
        Self { holding: Holding::Own(connection), names_statements }
    }

    pub(super) fn lent(connection: PoolConnection<Postgres>) -> Self {
        Self { holding: Holding::Lent(connection), names_statements: true }
    }

    pub(super) fn within(transaction: Transaction<'static, Postgres>, names_statements: bool) -> Self {
        Self { holding: Holding::Within(transaction), names_statements }
    }

    fn inner(&mut self) -> &mut PgConnection {
        match &mut self.holding {
            Holding::Own(connection) => connection,
            Holding::Lent(connection) => connection,
            Holding::Within(transaction) => transaction,
        }
    }

    /// Runs statements that bind nothing, in one round trip.
    pub(super) async fn run(&mut self, statements: &'static str) -> sqlx::Result<()> {
        self.inner().execute(sqlx::raw_sql(statements)).await?;
        Ok(())
    }

    /// Runs the statements of a migration.
    pub(super) async fn run_script(&mut self, script: SqlStr) -> sqlx::Result<()> {
        self.inner().execute(sqlx::raw_sql(script)).await?;
        Ok(())
    }

    /// Closes it in good order.
    pub(super) async fn close(self) -> sqlx::Result<()> {
        match self.holding {
            Holding::Own(connection) => sqlx::Connection::close(connection).await,
            Holding::Lent(connection) => connection.close().await,
            Holding::Within(transaction) => transaction.rollback().await,
        }
    }
}

/// A query with this connection's word on names.
struct Asked<E> {
    query: E,
    names_statements: bool,
}

impl<'q, E: Execute<'q, Postgres>> Execute<'q, Postgres> for Asked<E> {
    fn sql(self) -> SqlStr {
        self.query.sql()
    }

    fn statement(&self) -> Option<&PgStatement> {
        self.query.statement()
    }

    fn take_arguments(&mut self) -> Result<Option<PgArguments>, BoxDynError> {
        self.query.take_arguments()
    }

    fn persistent(&self) -> bool {
        self.names_statements && self.query.persistent()
    }
}

impl<'c> Executor<'c> for &'c mut Connection {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let names_statements = self.names_statements;
        self.inner().fetch_many(Asked { query, names_statements })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let names_statements = self.names_statements;
        self.inner().fetch_optional(Asked { query, names_statements })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, sqlx::Result<<Postgres as Database>::Statement>>
    where
        'c: 'e,
    {
        self.inner().prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
    where
        'c: 'e,
    {
        self.inner().describe(sql)
    }
}
