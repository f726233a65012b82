//! A PostgreSQL cluster of its own. A commit is on disk there before it is answered, as in production.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Certificates, port, server::Server, tool};

/// The role that owns the databases and whom [`Postgres::url`] names: no superuser, whom no right would ever be missing.
const OWNER: &str = "chat";
const SUPERUSER: &str = "postgres";
const PASSWORD: &str = "for-tests-only";

/// How a cluster is set up.
#[derive(Debug, Default)]
pub struct PostgresOptions<'a> {
    /// Takes connections over TLS alone, with the server certificate of these.
    pub tls: Option<&'a Certificates>,
    /// More lines of `postgresql.conf`: names and values, which are quoted.
    pub settings: &'a [(&'a str, &'a str)],
}

/// A running PostgreSQL.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
    programs: PathBuf,
    port: u16,
}

impl Postgres {
    /// A new cluster of the newest PostgreSQL on this machine.
    pub fn start() -> Self {
        Self::with(&PostgresOptions::default())
    }

    /// A new cluster with these options.
    pub fn with(options: &PostgresOptions<'_>) -> Self {
        let server = Server::new("QUIT");
        let programs = programs().expect("PostgreSQL is not installed");
        let data = server.folder().join("data");
        let password = server.folder().join("password");
        tool::write_private(&password, PASSWORD.as_bytes());
        let mut initdb = tool::unprivileged(&programs.join("initdb"));
        initdb.arg("--no-sync").arg("--pgdata").arg(&data).arg("--pwfile").arg(&password);
        initdb.args(["--username", SUPERUSER, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]);
        tool::run(&mut initdb);
        configure(server.folder(), &data, options);

        let mut postgres = Self { server, programs, port: 0 };
        let started = (0..3).any(|_| {
            postgres.port = port::free();
            postgres.try_start()
        });
        assert!(started, "PostgreSQL does not start: {}", postgres.server.log());
        postgres.sql("postgres", &format!("CREATE ROLE {OWNER} LOGIN PASSWORD '{PASSWORD}'"));
        postgres
    }

    /// Whether it is installed.
    pub fn is_installed() -> bool {
        programs().is_some()
    }

    /// The process whose children serve the connections.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    fn try_start(&mut self) -> bool {
        let mut command = tool::unprivileged(&self.programs.join("postgres"));
        command.arg("-D").arg(self.server.folder().join("data")).args(["-p", &self.port.to_string()]);
        let ready = {
            let (program, port) = (self.programs.join("pg_isready"), self.port.to_string());
            move || {
                let asked = Command::new(&program).args(["-q", "-h", "127.0.0.1", "-p", &port]).status();
                asked.is_ok_and(|status| status.success())
            }
        };
        self.server.start(&command, ready)
    }

    /// The address of a database, with the owner's name and password.
    pub fn url(&self, database: &str) -> String {
        Self::url_at(self.port, database)
    }

    pub(crate) fn url_at(port: u16, database: &str) -> String {
        format!("postgres://{OWNER}:{PASSWORD}@127.0.0.1:{port}/{database}")
    }

    /// Where it listens on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes an empty database.
    pub fn create_database(&self, name: &str) {
        self.create_from_template(name, "template0");
    }

    /// Makes a database with everything that is in another one, to which nobody may be connected.
    pub fn create_from_template(&self, name: &str, template: &str) {
        self.sql("postgres", &format!(r#"CREATE DATABASE "{name}" OWNER {OWNER} TEMPLATE "{template}""#));
    }

    /// Removes a database, whoever is connected to it.
    pub fn drop_database(&self, name: &str) {
        self.sql("postgres", &format!(r#"DROP DATABASE "{name}" WITH (FORCE)"#));
    }

    /// Runs a statement as the superuser; answers its rows, a line each, with `|` between the columns.
    pub fn sql(&self, database: &str, statement: &str) -> String {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", SUPERUSER]);
        psql.args(["-p", &self.port.to_string(), "-d", database, "-c", statement]);
        tool::run(psql.env("PGPASSWORD", PASSWORD))
    }

    /// Ends it as a crash would, and starts it again on the same port: `pg_ctl restart -m immediate`.
    pub fn restart_immediate(&mut self) {
        self.stop_immediate();
        self.start_again();
    }

    /// Ends it as a crash would: `pg_ctl stop -m immediate`.
    pub fn stop_immediate(&mut self) {
        self.server.end("QUIT");
    }

    /// Starts it again on the same port, after it was stopped.
    pub fn start_again(&mut self) {
        assert!(self.try_start(), "PostgreSQL does not start again: {}", self.server.log());
    }

    /// What it logged.
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// Names and passwords, as PgBouncer reads them.
    pub(crate) fn accounts() -> String {
        format!("\"{OWNER}\" \"{PASSWORD}\"\n\"{SUPERUSER}\" \"{PASSWORD}\"\n")
    }
}

fn configure(folder: &Path, data: &Path, options: &PostgresOptions<'_>) {
    let mut lines =
        String::from("listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_connections = 200\n");
    let kind = if let Some(certificates) = options.tls {
        let (certificate, key) = (folder.join("server.crt"), folder.join("server.key"));
        for (from, to) in [(certificates.server(), &certificate), (certificates.server_key(), &key)] {
            tool::write_private(to, &std::fs::read(from).expect("a certificate of ours"));
        }
        _ = writeln!(
            lines,
            "ssl = on\nssl_cert_file = '{}'\nssl_key_file = '{}'",
            certificate.display(),
            key.display()
        );
        "hostssl"
    } else {
        "host"
    };
    for (name, value) in options.settings {
        _ = writeln!(lines, "{name} = '{}'", value.replace('\'', "''"));
    }
    tool::write_private(&data.join("postgresql.conf"), lines.as_bytes());
    tool::write_private(
        &data.join("pg_hba.conf"),
        format!("{kind} all all 127.0.0.1/32 scram-sha-256\n").as_bytes(),
    );
}

/// The folder of the newest PostgreSQL's programs.
fn programs() -> Option<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = installed
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin")))
        })
        .filter(|(_, folder)| folder.join("postgres").is_file())
        .max();
    newest.map(|(_, folder)| folder).or_else(|| Some(tool::installed("postgres")?.parent()?.to_owned()))
}
