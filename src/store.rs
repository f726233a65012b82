//! Storage engines behind the port [`plic_pipeline::store::Store`]. Each passes the contract suite of `tests/store`.
//!
//! To add one: its file here, its migrations, one line in `tests/store/main.rs`.

pub mod cached;
mod error_class;
pub mod postgres;
pub mod sqlite;
mod write_health;

pub use cached::{Cached, Writers};
pub use error_class::error_class;
pub use postgres::{PostgresSettings, PostgresStore};
pub use sqlite::{OpenError, SqliteStore};
