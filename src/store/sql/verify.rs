//! Following the audit log from its beginning, past the server that may be writing it.

use plic_pipeline::moderation::audit::{AuditHead, Broken, GENESIS, Verifier};

use super::{audit, db::Readers, guards, open::OpenError};

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

/// Returns the last entry as the database keeps it beside the log, without checking that.
pub(super) async fn read_head(readers: &Readers) -> Result<AuditHead, VerifyError> {
    let (seq, hash) = audit::head(&mut *readers.snapshot().await?).await?;
    Ok(AuditHead { seq, hash })
}

/// Checks every entry of the audit log, from the first to the head, and that `expected`, a head that was noted elsewhere
/// before, is among them; answers how many there are and the last one's hash.
pub(super) async fn verify(readers: &Readers, expected: Option<Head>) -> Result<Head, VerifyError> {
    let mut is_expected = expected.is_none_or(|head| head == (0, GENESIS));
    let mut verifier = Verifier::default();
    let mut last = 0;
    let head = loop {
        // A transaction a batch, not one for all: an old snapshot would keep what is not needed any more from going.
        let mut snapshot = readers.snapshot().await?;
        let entries = audit::entries_of_any_release_after(&mut snapshot, last, BATCH).await?;
        for entry in &entries {
            verifier.next(entry)?;
            last = entry.seq;
            is_expected |= expected == Some((entry.seq, entry.hash));
        }
        if entries.len() < BATCH {
            break audit::head(&mut snapshot).await?;
        }
    };
    verifier.end(head)?;
    if let Some((seq, _)) = expected.filter(|_| !is_expected) {
        return Err(VerifyError::Unexpected(seq));
    }
    match guards::changed(&mut *readers.snapshot().await?).await? {
        Some(guard) => Err(VerifyError::Unguarded(guard)),
        None => Ok(head),
    }
}
