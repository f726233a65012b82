//! What every storage engine promises, run for each of them, and what is particular to one.
//!
//! A new engine: a file in `engine/`, and one line here.

#[macro_use]
mod suite;
mod audit_verify;
mod cached_race;
mod engine;
mod postgres_faults;
mod postgres_nodes;
mod postgres_open;
mod postgres_rights;
mod postgres_tls;
mod rest;
mod sqlite_faults;
mod sqlite_files;

mod sqlite {
    store_contract!(crate::engine::sqlite::bare);
}

mod cached_sqlite {
    store_contract!(crate::engine::sqlite::cached);
}

mod postgres {
    store_contract!(crate::engine::postgres::bare);
}

mod cached_postgres {
    store_contract!(crate::engine::postgres::cached);
}

mod pooled_postgres {
    store_contract!(crate::engine::postgres::pooled);
}
