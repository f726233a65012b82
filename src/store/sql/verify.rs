//! Following the audit log from its beginning, past the server that may be writing it.

use plic_pipeline::moderation::audit::{AuditHead, Broken, GENESIS, Verifier};

use super::{
    audit,
    db::{Connection, Readers},
    guards,
    open::OpenError,
};

/// Entries read at a time.
const BATCH: usize = 1000;

/// Why an audit log is not as it was written.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The database cannot be found.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database cannot be read.
    #[error("could not read the audit log")]
    Database(#[from] sqlx::Error),
    /// The chain is broken.
    #[error("the audit log was tampered with")]
    Broken(#[from] Broken),
    /// The log could be changed without being broken: a trigger is not what the migrations made.
    #[error("the audit log is not guarded: the trigger `{0}` is missing, or was changed or added")]
    Unguarded(String),
    /// The log does not contain what it is known to have contained.
    #[error("the audit log is another one: it has no entry {0} with the hash that is expected")]
    Unexpected(i64),
}

/// The number and the hash of an entry.
pub type Head = (i64, [u8; 32]);

/// Checks the entries of an audit log in their order, a batch at a time.
#[derive(Debug)]
pub(super) struct ChainReader {
    verifier: Verifier,
    last: i64,
    expected: Option<Head>,
    is_expected: bool,
}

impl ChainReader {
    /// Starts at the first entry; `expected` is a head that the log must contain.
    pub(super) fn new(expected: Option<Head>) -> Self {
        let is_expected = expected.is_none_or(|head| head == (0, GENESIS));
        Self { verifier: Verifier::default(), last: 0, expected, is_expected }
    }

    /// Checks the next entries; returns the number and the hash of the last one at the end of the log.
    pub(super) async fn read_batch(
        &mut self,
        connection: &mut Connection,
    ) -> Result<Option<Head>, VerifyError> {
        let entries = audit::entries_of_any_release_after(connection, self.last, BATCH).await?;
        for entry in &entries {
            self.verifier.next(entry)?;
            self.last = entry.seq;
            self.is_expected |= self.expected == Some((entry.seq, entry.hash));
        }
        if entries.len() == BATCH {
            return Ok(None);
        }
        let head = audit::head(connection).await?;
        self.verifier.end(head)?;
        match self.expected.filter(|_| !self.is_expected) {
            Some((seq, _)) => Err(VerifyError::Unexpected(seq)),
            None => Ok(Some(head)),
        }
    }
}

/// Returns the last entry as the database keeps it beside the log, without checking that.
pub(super) async fn read_head(readers: &Readers) -> Result<AuditHead, VerifyError> {
    let (seq, hash) = audit::head(&mut *readers.snapshot().await?).await?;
    Ok(AuditHead { seq, hash })
}

/// Checks every entry of the audit log, from the first to the head, and that `expected`, a head that was noted elsewhere
/// before, is among them; answers how many there are and the last one's hash.
pub(super) async fn verify(readers: &Readers, expected: Option<Head>) -> Result<Head, VerifyError> {
    let mut chain = ChainReader::new(expected);
    let head = loop {
        // A transaction a batch, not one for all: an old snapshot would keep what is not needed any more from going.
        if let Some(head) = chain.read_batch(&mut *readers.snapshot().await?).await? {
            break head;
        }
    };
    match guards::changed(&mut *readers.snapshot().await?).await? {
        Some(guard) => Err(VerifyError::Unguarded(guard)),
        None => Ok(head),
    }
}
