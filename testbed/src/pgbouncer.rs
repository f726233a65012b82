//! PgBouncer in transaction mode before a PostgreSQL: many clients over few connections, and no session that lasts.

use std::net::{Ipv4Addr, TcpStream};

use crate::{Postgres, port, server::Server, tool};

/// A running PgBouncer.
#[derive(Debug)]
pub struct PgBouncer {
    server: Server,
    port: u16,
    upstream: u16,
}

impl PgBouncer {
    /// A new one before this PostgreSQL, with five connections to each database.
    pub fn start(postgres: &Postgres) -> Self {
        Self::before(postgres.port())
    }

    /// The same before whatever leads to a PostgreSQL from this port of 127.0.0.1.
    pub fn before(upstream: u16) -> Self {
        let mut pooler = Self { server: Server::new("KILL"), port: 0, upstream };
        let started = (0..3).any(|_| {
            pooler.port = port::free();
            pooler.try_start()
        });
        assert!(started, "PgBouncer does not start: {}", pooler.server.log());
        pooler
    }

    fn try_start(&mut self) -> bool {
        let accounts = self.server.folder().join("accounts");
        tool::write_private(&accounts, Postgres::accounts().as_bytes());
        let file = self.server.folder().join("pgbouncer.ini");
        let lines = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {}\n\
             unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\npool_mode = transaction\n\
             default_pool_size = 5\nmax_client_conn = 500\nserver_login_retry = 1\n",
            self.upstream,
            self.port,
            accounts.display(),
        );
        tool::write_private(&file, lines.as_bytes());
        let mut command = tool::unprivileged(&tool::find("pgbouncer"));
        command.arg(file);
        let port = self.port;
        self.server.start(&command, || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok())
    }

    /// The address of a database through it, with the owner's name and password.
    pub fn url(&self, database: &str) -> String {
        Postgres::url_at(self.port, database)
    }

    /// What it logged.
    pub fn log(&self) -> String {
        self.server.log()
    }
}
