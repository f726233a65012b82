//! The servers start, come back on their ports, and leave nothing behind.

use std::{
    io::Read as _,
    net::{Ipv4Addr, TcpStream},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use testbed::{Certificates, Nats, NatsAccess, NatsOptions, PgBouncer, Postgres, PostgresOptions};

fn psql(url: &str, tls: &str, statement: &str) -> String {
    let mut psql = Command::new("psql");
    let output =
        psql.args(["-X", "-A", "-t", "-c", statement, url]).env("PGSSLMODE", tls).output().expect("psql");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn postgres_keeps_what_was_committed_through_a_crash() {
    let mut postgres = Postgres::start();
    postgres.create_database("chat");
    psql(&postgres.url("chat"), "disable", "CREATE TABLE kept AS SELECT 7 AS number");
    postgres.restart_immediate();
    assert_eq!(psql(&postgres.url("chat"), "disable", "SELECT number FROM kept"), "7");
    postgres.create_from_template("copy", "chat");
    assert_eq!(postgres.sql("copy", "SELECT number FROM kept"), "7");
    assert_eq!(postgres.sql("copy", "SHOW fsync"), "on");
    postgres.drop_database("copy");

    let pooler = PgBouncer::start(&postgres);
    assert_eq!(psql(&pooler.url("chat"), "disable", "SELECT number FROM kept"), "7");
}

#[test]
fn postgres_takes_tls_and_settings() {
    let certificates = Certificates::new();
    let options = PostgresOptions { tls: Some(&certificates), settings: &[("lock_timeout", "7s")] };
    let postgres = Postgres::with(&options);
    postgres.create_database("chat");
    let ca = certificates.ca();
    let url = format!("{}?sslrootcert={}", postgres.url("chat"), ca.display());
    assert_eq!(psql(&url, "verify-full", "SHOW lock_timeout"), "7s");
}

#[test]
fn nats_comes_back_on_its_port() {
    let certificates = Certificates::new();
    let access = [
        NatsAccess::Open,
        NatsAccess::Token("token".into()),
        NatsAccess::Password("name".into(), "word".into()),
    ];
    for access in access {
        let mut nats = Nats::start(&NatsOptions { access, ..NatsOptions::default() });
        let url = nats.url();
        nats.kill();
        nats.start_again();
        assert_eq!(nats.url(), url);
    }
    let options =
        NatsOptions { tls: Some(&certificates), client_certificates: true, ..NatsOptions::default() };
    assert!(Nats::start(&options).url().starts_with("tls://127.0.0.1:"));
}

/// Run by the test below, in a process of its own.
#[test]
#[ignore = "waits to be killed"]
fn waits_to_be_killed() {
    let nats = Nats::start(&NatsOptions::default());
    println!("started {}", nats.url());
    std::thread::sleep(Duration::from_mins(10));
}

#[test]
fn a_server_ends_with_the_process_that_started_it_even_if_killed() {
    let program = std::env::current_exe().expect("this program");
    let mut child = Command::new(program)
        .args(["--ignored", "--nocapture", "--exact", "waits_to_be_killed"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program runs");
    let mut output = child.stdout.take().expect("stdout is piped");
    let (mut said, mut byte) = (String::new(), [0]);
    while !said.contains("started nats") || !said.ends_with('\n') {
        output.read_exact(&mut byte).expect("it says where");
        said.push(char::from(byte[0]));
    }
    let port: u16 = said.trim().rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let listens = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
    assert!(listens());
    child.kill().expect("a child of ours");
    child.wait().expect("a child of ours");
    let killed = Instant::now();
    while listens() {
        assert!(killed.elapsed() < Duration::from_secs(30), "it is left behind");
        std::thread::sleep(Duration::from_millis(20));
    }
}
