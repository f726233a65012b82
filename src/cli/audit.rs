//! `plic-chat audit`: the audit log, past the server that may be running.

use clap::{Args, Subcommand};
use plic_pipeline::moderation::audit::AuditHead;

use super::require_database;
use crate::{
    config::{Database, DatabaseSettings},
    store::{
        postgres,
        sqlite::{self, Head},
    },
};

/// What to do with the audit log.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Check that no entry was changed, removed or put in later; fails where one was
    Verify(Verification),
    /// Print the last entry's number and hash, to be noted elsewhere for `verify --expect-head`
    Head(HeadRequest),
}

/// Which log.
#[derive(Debug, Args)]
pub struct HeadRequest {
    /// The database
    #[command(flatten)]
    database: DatabaseSettings,
}

/// Which log, and what is known of it.
#[derive(Debug, Args)]
pub struct Verification {
    /// The database
    #[command(flatten)]
    database: DatabaseSettings,
    /// An entry that was its last one before, and its hash, as noted outside of the database; fails where the log does
    /// not contain it
    #[arg(long, value_name = "SEQ:HASH", value_parser = head)]
    expect_head: Option<Head>,
}

/// Carries out a task.
pub async fn run(task: &Task) -> anyhow::Result<()> {
    match task {
        Task::Verify(verification) => verify(verification).await,
        Task::Head(request) => print_head(&request.database).await,
    }
}

async fn print_head(database: &DatabaseSettings) -> anyhow::Result<()> {
    database.check()?;
    let head = match &database.database {
        Database::Sqlite(path) => {
            require_database(path)?;
            sqlite::audit_head(&database.database.to_string()).await?
        }
        Database::Postgres(url) => postgres::audit_head(&database.reach(url)).await?,
    };
    println!("{head}");
    Ok(())
}

/// Says how many entries there are and what the last one's hash is, or where the log is broken.
async fn verify(Verification { database, expect_head }: &Verification) -> anyhow::Result<()> {
    database.check()?;
    let (count, hash) = match &database.database {
        Database::Sqlite(path) => {
            require_database(path)?;
            sqlite::verify_audit(&database.database.to_string(), *expect_head).await?
        }
        Database::Postgres(url) => postgres::verify_audit(&database.reach(url), *expect_head).await?,
    };
    let entries = if count == 1 { "entry" } else { "entries" };
    let hash = AuditHead { seq: count, hash }.digits();
    println!("the audit log is whole: {count} {entries}, head {hash}");
    Ok(())
}

/// Reads `3:` and the 64 hexadecimal digits of a hash.
fn head(text: &str) -> Result<Head, &'static str> {
    const EXPECTED: &str = "not a number, a colon and a hash of 64 hexadecimal digits";
    let (seq, digits) = text.split_once(':').ok_or(EXPECTED)?;
    let seq = seq.parse().ok().filter(|seq| *seq >= 0).ok_or(EXPECTED)?;
    let digits: Vec<u8> = digits
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok()))
        .collect::<Option<_>>()
        .ok_or(EXPECTED)?;
    let bytes: Vec<u8> =
        digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
    match bytes.try_into() {
        Ok(hash) if digits.len() == 64 => Ok((seq, hash)),
        _ => Err(EXPECTED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_a_number_and_a_hash() {
        let hash = "0f".repeat(32);
        assert_eq!(head(&format!("7:{hash}")), Ok((7, [15; 32])));
        assert_eq!(head(&format!("7:{}", hash.to_uppercase())), Ok((7, [15; 32])));
        for wrong in ["", "7", "7:", ":0f", "-1:0f", "x:0f", "7:0f"] {
            assert!(head(wrong).is_err(), "{wrong}");
        }
        let long = format!("{hash}0");
        for digits in [&hash[1..], &long, &format!("{}g", &hash[1..])] {
            assert!(head(&format!("7:{digits}")).is_err(), "{digits}");
        }
        assert!(head(&format!("-1:{hash}")).is_err());
    }
}
