//! Names the class of an error of the database, by which the log tells causes apart.

use std::{borrow::Cow, error::Error, sync::Arc};

/// Returns the SQLSTATE of `PostgreSQL`, the result code of `SQLite`, or what the library failed with; `None` for all other
/// errors.
pub fn error_class(error: &(dyn Error + 'static)) -> Option<String> {
    let shared = || error.downcast_ref::<Arc<sqlx::Error>>().map(|error| &**error);
    match error.downcast_ref::<sqlx::Error>().or_else(shared)? {
        sqlx::Error::Database(error) => error.code().map(Cow::into_owned),
        sqlx::Error::Io(error) => Some(format!("{:?}", error.kind())),
        sqlx::Error::PoolTimedOut => Some("pool timed out".to_owned()),
        sqlx::Error::WorkerCrashed => Some("worker crashed".to_owned()),
        sqlx::Error::Protocol(_) => Some("protocol".to_owned()),
        sqlx::Error::Tls(_) => Some("tls".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use sqlx::{Connection, SqliteConnection, query};

    use super::*;

    #[tokio::test]
    async fn errors_of_the_database_are_told_apart_by_their_codes() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.expect("a database");
        let wrong = query("SELECT nothing").execute(&mut connection).await.expect_err("there is no column");
        assert_eq!(error_class(&wrong).as_deref(), Some("1"));
        assert_eq!(error_class(&Arc::new(wrong)).as_deref(), Some("1"));
        let full = sqlx::Error::Io(io::ErrorKind::StorageFull.into());
        assert_eq!(error_class(&full).as_deref(), Some("StorageFull"));
        assert_eq!(error_class(&sqlx::Error::RowNotFound), None);
        assert_eq!(error_class(&io::Error::from(io::ErrorKind::StorageFull)), None);
    }
}
