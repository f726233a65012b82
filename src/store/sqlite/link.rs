//! The writer's connection: opened when it is needed, again after an error, and kept from a full volume.

use sqlx::{
    ConnectOptions, Connection, SqliteConnection, query_as, query_scalar,
    sqlite::{SqliteConnectOptions, SqliteError},
};

use super::{checkpoint::Checkpoints, space::Space};

/// Result codes of a volume without room: `SQLITE_FULL`, and `SQLITE_IOERR_SHMSIZE`, for the index of the log.
const NO_ROOM: [&str; 2] = ["13", "4874"];

/// The only connection that may write, with what keeps its files small enough.
#[derive(Debug)]
pub(super) struct Link {
    /// `None` after an error: what state it left the connection in is not worth finding out.
    connection: Option<SqliteConnection>,
    options: SqliteConnectOptions,
    space: Space,
    pub(super) checkpoints: Checkpoints,
}

impl Link {
    /// Begins with an open connection; call it inside a runtime.
    pub(super) async fn open(
        connection: SqliteConnection,
        options: SqliteConnectOptions,
        space: Space,
    ) -> Self {
        let checkpoints = Checkpoints::start(options.clone());
        let mut link = Self { connection: Some(connection), options, space, checkpoints };
        link.adapt().await;
        link
    }

    /// Returns the connection, opened again where an error closed it.
    pub(super) async fn connection(&mut self) -> sqlx::Result<&mut SqliteConnection> {
        if self.connection.is_none() {
            self.connection = Some(self.options.connect().await?);
        }
        Ok(self.connection.as_mut().expect("it was opened just now"))
    }

    /// Closes the connection, which rolls back what is open.
    pub(super) async fn lose(&mut self) {
        if let Some(connection) = self.connection.take() {
            // The error that led here has been answered; this one would not add to it.
            let _ = connection.close_hard().await;
        }
    }

    /// Waits until checkpoints have ended, and closes the connection in good order.
    pub(super) async fn close(self) -> sqlx::Result<()> {
        self.checkpoints.stop().await;
        match self.connection {
            Some(connection) => connection.close().await,
            None => Ok(()),
        }
    }

    /// Refuses a write while the volume is full, unless it may use the reserve.
    pub(super) async fn admit(&mut self, may_use_reserve: bool) -> sqlx::Result<()> {
        if may_use_reserve || !self.space.is_full() {
            return Ok(());
        }
        if self.space.begins_look() {
            let free = free_bytes(self.connection().await?).await?;
            self.space.look(free);
        }
        if self.space.is_full() { Err(full()) } else { Ok(()) }
    }

    /// Makes room after a write failed for want of it, its attempt numbered from 0; returns whether another is worthwhile.
    /// At first the log is copied back and emptied; then the reserve is freed, for a write that may use it.
    pub(super) async fn make_room(&mut self, attempt: u32, may_use_reserve: bool) -> bool {
        self.lose().await;
        match attempt {
            0 => {
                self.copy_log_back().await;
                true
            }
            1 if may_use_reserve => self.space.spend_reserve(),
            _ => {
                self.space.filled_up();
                false
            }
        }
    }

    /// Copies the rest of the log, where it is time to.
    pub(super) async fn finish_checkpoint(&mut self) {
        let Some(connection) = &mut self.connection else { return };
        match self.checkpoints.finish(connection).await {
            Ok(false) => {}
            Ok(true) => {
                self.space.refill_in_passing();
                self.adapt().await;
            }
            Err(error) => {
                plic_pipeline::log_limited!(WARN, error: &error, "could not finish a checkpoint");
                self.lose().await;
                if is_full(&error) {
                    self.copy_log_back().await;
                }
            }
        }
    }

    /// Copies the whole log into the database and empties it. Where the database cannot grow for it, it grows into the
    /// reserve, of which most is there again afterwards: in the place of the log.
    async fn copy_log_back(&mut self) {
        let was_full = self.space.is_full();
        let mut copied = self.empty_log().await;
        if copied.as_ref().is_err_and(is_full) && self.space.spend_reserve() {
            self.lose().await;
            copied = self.empty_log().await;
            if copied.is_ok() {
                self.space.refill_after_copy(was_full);
            }
        }
        if let Err(error) = copied {
            plic_pipeline::log_limited!(WARN, error: &error, "could not copy the log into the database");
            self.lose().await;
        }
        self.adapt().await;
    }

    async fn empty_log(&mut self) -> sqlx::Result<()> {
        if empty_log(self.connection().await?).await? {
            self.checkpoints.began_anew();
        }
        Ok(())
    }

    /// Bounds the log by what is left of the volume.
    async fn adapt(&mut self) {
        let Some(limit) = self.checkpoints.limit(self.space.log_limit()) else { return };
        self.options = self.options.clone().pragma("journal_size_limit", limit.to_string());
        // Of one that is opened later it is an option.
        if let Some(connection) = &mut self.connection {
            // Safe: a number.
            let sql = sqlx::AssertSqlSafe(format!("PRAGMA journal_size_limit = {limit}"));
            if let Err(error) = query_scalar::<_, i64>(sql).fetch_one(connection).await {
                plic_pipeline::log_limited!(WARN, error: &error, "could not bound the log");
                self.lose().await;
            }
        }
    }
}

/// Copies the log into the database and empties it; returns whether no reader was in the way.
pub(super) async fn empty_log(connection: &mut SqliteConnection) -> sqlx::Result<bool> {
    let (is_busy, _, _): (i64, i64, i64) =
        query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(connection).await?;
    Ok(is_busy == 0)
}

/// Returns the bytes of the pages of the database that hold nothing.
pub(super) async fn free_bytes(connection: &mut SqliteConnection) -> sqlx::Result<u64> {
    let (pages, bytes): (i64, i64) =
        query_as("SELECT freelist_count, page_size FROM pragma_freelist_count, pragma_page_size")
            .fetch_one(connection)
            .await?;
    Ok(pages.saturating_mul(bytes).cast_unsigned())
}

/// The error of a write that is not tried, because the volume is full.
fn full() -> sqlx::Error {
    std::io::Error::new(std::io::ErrorKind::StorageFull, "the volume of the database is full").into()
}

/// Returns whether a write failed because the volume has no room.
pub(super) fn is_full(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::StorageFull,
        sqlx::Error::Database(error) => {
            error.try_downcast_ref::<SqliteError>().is_some()
                && error.code().is_some_and(|code| NO_ROOM.contains(&&*code))
        }
        _ => false,
    }
}
