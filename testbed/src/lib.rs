//! Starts PostgreSQL, NATS and PgBouncer for tests and benchmarks: each on a free port of 127.0.0.1, in a temporary folder of
//! its own, and gone with its value or with the process that started it, however that one ends.
//!
//! Everything blocks; what goes wrong panics with its cause, for there is no test without its servers.
//!
//! ```no_run
//! let postgres = testbed::Postgres::start();
//! postgres.create_database("chat");
//! let nats = testbed::Nats::start(&testbed::NatsOptions::default());
//! println!("DATABASE_URL={} NATS_URL={}", postgres.url("chat"), nats.url());
//! ```

mod certificates;
mod faketime;
mod nats;
mod pgbouncer;
mod port;
mod postgres;
mod proxy;
mod server;
mod tool;

pub use certificates::Certificates;
pub use faketime::clock_ahead;
pub use nats::{Nats, NatsAccess, NatsOptions};
pub use pgbouncer::PgBouncer;
pub use postgres::{Postgres, PostgresOptions};
pub use proxy::{Outage, Proxy};
