//! The file of a model: [`MAGIC`], how many pieces of words there are (`u32`), each piece (how many bytes it has as `u8`, its
//! UTF-8, its score as `f32`), and the graph in ONNX format. Numbers are little-endian.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// What a file begins with.
const MAGIC: [u8; 8] = *b"plic-enc";
/// The file that this program was made for, as `sha256sum` prints it.
const HASH: &str = include_str!("../model.sha256");
/// No file is longer.
pub(crate) const MAX_BYTES: u64 = 64 << 20;

/// Why there is no encoder.
#[derive(Debug, thiserror::Error)]
pub enum EncoderError {
    /// The file cannot be read.
    #[error("it cannot be read")]
    Io(#[from] std::io::Error),
    /// It is another kind of file.
    #[error("it is no model of an encoder")]
    NotAModel,
    /// It was cut short, damaged, or made for another release.
    #[error("its SHA-256 is {found}, and this program was made for {expected}")]
    OtherHash {
        /// Of the file.
        found: String,
        /// Of the one that belongs to this program.
        expected: String,
    },
    /// The graph cannot be loaded or run.
    #[error("its graph cannot be run")]
    Graph(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The graph gives something else than a logit for each head.
    #[error("its graph gives no logit for each head")]
    OtherShape,
    /// The graph gives a logit that is no number.
    #[error("its graph gives a logit that is no number")]
    NotANumber,
}

/// What a file holds.
pub(crate) struct Parts<'a> {
    /// Pieces of words with their scores, by their numbers.
    pub(crate) pieces: Vec<(&'a str, f32)>,
    pub(crate) graph: &'a [u8],
    pub(crate) hash: String,
}

impl<'a> Parts<'a> {
    /// Takes apart the file that this program was made for.
    pub(crate) fn of(bytes: &'a [u8]) -> Result<Self, EncoderError> {
        Self::with_hash(bytes, HASH.split_whitespace().next().unwrap_or_default())
    }

    fn with_hash(bytes: &'a [u8], expected: &str) -> Result<Self, EncoderError> {
        let content = bytes.strip_prefix(&MAGIC).ok_or(EncoderError::NotAModel)?;
        let found = hash_of(bytes);
        if found != expected {
            return Err(EncoderError::OtherHash { found, expected: expected.to_owned() });
        }
        let (count, mut rest) = content.split_first_chunk::<4>().ok_or(EncoderError::NotAModel)?;
        let mut pieces = Vec::new();
        for _ in 0..u32::from_le_bytes(*count) {
            let (piece, after) = piece(rest).ok_or(EncoderError::NotAModel)?;
            pieces.push(piece);
            rest = after;
        }
        let hash = expected.chars().take(16).collect();
        Ok(Self { pieces, graph: rest, hash })
    }
}

/// SHA-256 in hexadecimal digits.
fn hash_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("writing to a string does not fail");
        digits
    })
}

/// The first piece, and what follows it.
fn piece(bytes: &[u8]) -> Option<((&str, f32), &[u8])> {
    let (&length, rest) = bytes.split_first()?;
    let (text, rest) = rest.split_at_checked(length.into())?;
    let (score, rest) = rest.split_first_chunk::<4>()?;
    let score = f32::from_le_bytes(*score);
    Some(((std::str::from_utf8(text).ok()?, score), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_taken_apart_and_what_is_none_is_refused() {
        let mut file = MAGIC.to_vec();
        file.extend(1_u32.to_le_bytes());
        file.extend([3, 0xe2, 0x96, 0x81]);
        file.extend((-2.5_f32).to_le_bytes());
        file.extend(b"graph");
        let parts = Parts::with_hash(&file, &hash_of(&file)).expect("a file");
        assert_eq!((parts.pieces, parts.graph), (vec![("\u{2581}", -2.5)], &b"graph"[..]));
        assert!(matches!(Parts::of(&file), Err(EncoderError::OtherHash { .. })), "another file");
        assert!(matches!(Parts::of(b""), Err(EncoderError::NotAModel)));
        assert!(matches!(Parts::of(b"ONNX"), Err(EncoderError::NotAModel)));
        for end in MAGIC.len()..file.len() - b"graph".len() {
            let short = &file[..end];
            assert!(matches!(Parts::with_hash(short, &hash_of(short)), Err(EncoderError::NotAModel)));
            assert!(matches!(Parts::with_hash(short, &hash_of(&file)), Err(EncoderError::OtherHash { .. })));
        }
    }
}
