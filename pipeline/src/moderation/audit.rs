//! Who did what, in a chain of hashes: an entry that was changed, removed or put in later breaks it.

use std::fmt;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::{id::UserId, timestamp::Timestamp};

/// The hash before the first entry.
pub const GENESIS: [u8; 32] = [0; 32];

/// What an entry of the audit log says was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// Who did it; `None` is the server itself (an automatic ban, the retention job).
    pub actor: Option<UserId>,
    /// What: `rule.create`, `rule.update`, `rule.delete`, `rule.restore`, `rule.backtest`, `rule.try`, `rule.calibrate`,
    /// `rules.import`, `incident.decide`, `incident.reopen`, `ban.set`, `ban.lift`, `user.disconnect`, `message.redact`,
    /// `room.read`, `room.delete`, `policy.set`, `retention.run`.
    pub action: &'static str,
    /// To what and how, without the text of any message.
    pub detail: Map<String, Value>,
}

impl Deed {
    /// A deed without details.
    pub fn new(actor: Option<UserId>, action: &'static str) -> Self {
        Self { actor, action, detail: Map::new() }
    }

    /// The same with one more detail.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(key.to_owned(), value.into());
        self
    }
}

/// Which actions are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionFilter {
    /// This one: `rule.update`.
    Exactly(String),
    /// All that begin with this word and a dot: of `rule`, `rule.update` and `rule.delete`, and not `rules.import`.
    About(String),
}

impl ActionFilter {
    /// Reads an action, which has a dot, or the word before the dot; `None` where it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
        if text.len() > 64 || text.split('.').count() > 2 || !text.split('.').all(is_word) {
            return None;
        }
        Some(if text.contains('.') { Self::Exactly(text.to_owned()) } else { Self::About(text.to_owned()) })
    }

    /// As it was read.
    pub fn as_str(&self) -> &str {
        let (Self::Exactly(text) | Self::About(text)) = self;
        text
    }
}

/// Which entries are looked for: those that fit all that is asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// What was done.
    pub action: Option<ActionFilter>,
    /// Who did it.
    pub actor: Option<UserId>,
    /// Not before this moment.
    pub since: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number: 1, 2, 3, with no gap.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who; `None` is the server itself.
    pub actor: Option<UserId>,
    /// What.
    pub action: String,
    /// To what and how: a JSON object, byte for byte as it was hashed.
    pub detail: String,
    /// The hash of this entry over the one before it.
    pub hash: [u8; 32],
    /// The number of the [`ChainFormat`] in which it was hashed.
    pub format: i64,
}

/// The last entry of an audit log, to be kept where the log cannot be changed from. Shown as `SEQ:HASH`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditHead {
    /// Its number; 0 where the log is empty.
    pub seq: i64,
    /// Its hash.
    pub hash: [u8; 32],
}

impl AuditHead {
    /// Returns the hash in hexadecimal.
    pub fn digits(&self) -> String {
        let digits = self.hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
    }
}

impl fmt::Display for AuditHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.digits())
    }
}

/// How an entry is hashed. Every entry keeps its format, so that a chain goes on in a newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainFormat {
    /// An absent actor is hashed like the nil uuid. Of entries from before there were formats.
    First,
    /// An absent actor is told from every uuid.
    Second,
}

impl ChainFormat {
    /// The format of new entries.
    pub const CURRENT: Self = Self::Second;

    /// Begins what is hashed in the second format: nothing hashed in the first one, which begins with a hash, reads so.
    const SECOND: &[u8; 32] = b"plic-chat audit entry, format 2\n";

    /// Returns the number that is stored with an entry.
    pub fn number(self) -> i64 {
        match self {
            Self::First => 1,
            Self::Second => 2,
        }
    }

    /// Returns the format of this number.
    pub fn from_number(number: i64) -> Option<Self> {
        [Self::First, Self::Second].into_iter().find(|format| format.number() == number)
    }
}

/// Returns the hash of an entry: SHA-256 over the hash before it and the entry's fields, each of fixed length or with its
/// length before it.
pub fn chain(
    format: ChainFormat,
    before: &[u8; 32],
    seq: i64,
    at: Timestamp,
    actor: Option<UserId>,
    action: &str,
    detail: &str,
) -> [u8; 32] {
    let mut digest = Sha256::new();
    if format == ChainFormat::Second {
        digest.update(ChainFormat::SECOND);
        digest.update([u8::from(actor.is_some())]);
    }
    digest.update(before);
    digest.update(seq.to_le_bytes());
    digest.update(at.0.to_le_bytes());
    digest.update(actor.map_or([0; 16], |actor| actor.0.into_bytes()));
    for text in [action, detail] {
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text);
    }
    digest.finalize().into()
}

/// Follows a chain from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verifier {
    seq: i64,
    hash: [u8; 32],
}

impl Default for Verifier {
    fn default() -> Self {
        Self { seq: 0, hash: GENESIS }
    }
}

/// Where a chain is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// An entry is missing, or stands twice.
    #[error("entry {expected} is missing: entry {found} stands in its place")]
    Gap {
        /// The number that should come.
        expected: i64,
        /// The number that came.
        found: i64,
    },
    /// An entry is not what was written.
    #[error("entry {0} was changed, or one before it")]
    Changed(i64),
    /// An entry is of a format that this program does not know.
    #[error("entry {seq} is of the format {format}, which this plic-chat does not know: run the newer one")]
    Format {
        /// The entry.
        seq: i64,
        /// Its format.
        format: i64,
    },
    /// The log ends before the entry that the database last wrote.
    #[error("the log ends with entry {found}, and entry {expected} was written")]
    CutOff {
        /// The last number written.
        expected: i64,
        /// The last number there.
        found: i64,
    },
}

impl Verifier {
    /// Takes the next entry.
    ///
    /// # Errors
    /// Where it does not continue the chain.
    pub fn next(&mut self, entry: &AuditEntry) -> Result<(), Broken> {
        let expected = self.seq + 1;
        if entry.seq != expected {
            return Err(Broken::Gap { expected, found: entry.seq });
        }
        let Some(format) = ChainFormat::from_number(entry.format) else {
            return Err(Broken::Format { seq: entry.seq, format: entry.format });
        };
        let hash = chain(format, &self.hash, entry.seq, entry.at, entry.actor, &entry.action, &entry.detail);
        if hash != entry.hash {
            return Err(Broken::Changed(entry.seq));
        }
        *self = Self { seq: entry.seq, hash };
        Ok(())
    }

    /// Ends where the head of the log is: its last number and hash as the database keeps them beside it.
    ///
    /// # Errors
    /// Where the log ends elsewhere.
    pub fn end(self, head: (i64, [u8; 32])) -> Result<(), Broken> {
        if self.seq != head.0 {
            return Err(Broken::CutOff { expected: head.0, found: self.seq });
        }
        if self.hash == head.1 { Ok(()) } else { Err(Broken::Changed(self.seq)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(details: &[&str]) -> Vec<AuditEntry> {
        let mut before = GENESIS;
        (1..)
            .zip(details)
            .map(|(seq, detail)| {
                // A log that was begun in the first format.
                let format = if seq == 1 { ChainFormat::First } else { ChainFormat::Second };
                before = chain(format, &before, seq, Timestamp(seq), None, "ban.set", detail);
                AuditEntry {
                    seq,
                    at: Timestamp(seq),
                    actor: None,
                    action: "ban.set".into(),
                    detail: (*detail).into(),
                    hash: before,
                    format: format.number(),
                }
            })
            .collect()
    }

    fn verify(entries: &[AuditEntry], head: (i64, [u8; 32])) -> Result<(), Broken> {
        let mut verifier = Verifier::default();
        for entry in entries {
            verifier.next(entry)?;
        }
        verifier.end(head)
    }

    #[test]
    fn an_action_has_a_dot_and_its_subject_has_none() {
        assert_eq!(ActionFilter::parse("rule.update"), Some(ActionFilter::Exactly("rule.update".into())));
        assert_eq!(ActionFilter::parse("rule"), Some(ActionFilter::About("rule".into())));
        for bad in ["", ".", "rule.", ".update", "rule.update.x", "Rule", "rule.*", "rule update", "é"] {
            assert_eq!(ActionFilter::parse(bad), None, "{bad}");
        }
        assert_eq!(ActionFilter::parse(&"a".repeat(65)), None);
    }

    #[test]
    fn an_absent_actor_is_told_from_the_nil_uuid_and_an_older_entry_keeps_its_hash() {
        let nil = Some(UserId(uuid::Uuid::nil()));
        let hash = |format, actor| chain(format, &GENESIS, 1, Timestamp(2), actor, "ban.set", "{}");
        assert_eq!(hash(ChainFormat::First, None), hash(ChainFormat::First, nil));
        assert_ne!(hash(ChainFormat::Second, None), hash(ChainFormat::Second, nil));
        assert_ne!(hash(ChainFormat::First, nil), hash(ChainFormat::Second, nil));
        let head = |format| AuditHead { seq: 1, hash: hash(format, None) }.to_string();
        // Worked out beside this program, by what docs/moderation.md says.
        assert_eq!(
            head(ChainFormat::First),
            "1:605f47f720cb6dc9b943ed70f1bcb86c64f565d686e667ac0ce560adad4dcce5"
        );
        assert_eq!(
            head(ChainFormat::Second),
            "1:b5f59e37c5b7d62ee4f489300a02eca5c04d759cd4d1ade5f935aad883487053"
        );
    }

    #[test]
    fn an_untouched_chain_holds_and_any_change_breaks_it() {
        let whole = entries(&["a", "b", "c"]);
        let head = (3, whole[2].hash);
        assert_eq!(verify(&whole, head), Ok(()));
        assert_eq!(verify(&[], (0, GENESIS)), Ok(()));

        let mut changed = whole.clone();
        changed[1].detail = "x".into();
        assert_eq!(verify(&changed, head), Err(Broken::Changed(2)));
        let mut actor = whole.clone();
        actor[0].actor = Some(UserId(uuid::Uuid::from_u128(1)));
        assert_eq!(verify(&actor, head), Err(Broken::Changed(1)));
        let mut reformatted = whole.clone();
        reformatted[1].format = 1;
        assert_eq!(verify(&reformatted, head), Err(Broken::Changed(2)));
        reformatted[1].format = 3;
        assert_eq!(verify(&reformatted, head), Err(Broken::Format { seq: 2, format: 3 }));
        let missing = [whole[0].clone(), whole[2].clone()];
        assert_eq!(verify(&missing, head), Err(Broken::Gap { expected: 2, found: 3 }));
        assert_eq!(verify(&whole[..2], head), Err(Broken::CutOff { expected: 3, found: 2 }));
        assert_eq!(verify(&entries(&["a", "b", "x"]), head), Err(Broken::Changed(3)));
    }
}
