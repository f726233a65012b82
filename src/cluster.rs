//! Several nodes over one database.

pub mod shared;
