//! Mosquitto: a broker in C that many take for a chat, though it neither checks tokens nor keeps messages here.

use std::{
    fs,
    io::{self, ErrorKind},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{Absent, is_installed, pinned, reap};

/// Debian has it in a folder that is not in every user's path.
const PROGRAMS: [&str; 2] = ["mosquitto", "/usr/sbin/mosquitto"];
const PATIENCE: Duration = Duration::from_secs(10);

/// Starts it with a configuration in `folder`, on these cores. The caller ends it.
pub(crate) fn start(folder: &Path, cores: &str) -> anyhow::Result<(Child, SocketAddr)> {
    let Some(program) = installed()? else { return Err(Absent("not installed".to_owned()).into()) };
    // It cannot say which port it took: one that is free now is free a moment later.
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let file = folder.join("mosquitto.conf");
    fs::write(&file, configuration(address))?;
    let mut child =
        pinned(program, cores).arg("-c").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    match accepts(&mut child, address) {
        Ok(()) => Ok((child, address)),
        Err(error) => {
            reap(child)?;
            Err(error.into())
        }
    }
}

fn installed() -> io::Result<Option<&'static str>> {
    for program in PROGRAMS {
        if is_installed(program)? {
            return Ok(Some(program));
        }
    }
    Ok(None)
}

fn configuration(address: SocketAddr) -> String {
    format!(
        "listener {} {}\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\n\
         max_queued_messages 10000\nlog_dest none\n",
        address.port(),
        address.ip()
    )
}

fn accepts(child: &mut Child, address: SocketAddr) -> io::Result<()> {
    let started = Instant::now();
    loop {
        match TcpStream::connect(address) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused && started.elapsed() < PATIENCE => {}
            connected => return connected.map(drop),
        }
        if let Some(status) = child.try_wait()? {
            return Err(io::Error::other(format!("mosquitto ended with {status}")));
        }
        thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpStream,
        time::Duration,
    };

    use super::{reap, start};
    use crate::mqtt::{self, Packet};

    #[test]
    #[ignore = "needs Mosquitto, which is measured only where it is installed"]
    fn published_message_reaches_a_subscriber() {
        let folder = tempfile::tempdir().expect("a folder");
        let (child, address) = start(folder.path(), "0").expect("Mosquitto is installed");
        let mut tcp = TcpStream::connect(address).expect("a listening broker");
        tcp.set_read_timeout(Some(Duration::from_secs(10))).expect("an open socket");
        let mut out = Vec::new();
        mqtt::connect("someone", &mut out);
        mqtt::subscribe(1, "rooms/7", &mut out);
        mqtt::publish("rooms/7", b"hello", &mut out);
        tcp.write_all(&out).expect("an open socket");
        let mut input = Vec::new();
        let mut seen = Vec::new();
        while seen.len() < 3 {
            let mut bytes = [0; 256];
            let count = tcp.read(&mut bytes).expect("a packet");
            input.extend_from_slice(&bytes[..count]);
            while let Some((packet, length)) = mqtt::packet(&input).expect("well-formed packets") {
                seen.push(format!("{packet:?}"));
                input.drain(..length);
            }
        }
        reap(child).expect("a running broker");
        let expected = [
            Packet::ConnAck { code: 0 },
            Packet::SubAck { id: 1, code: 0 },
            Packet::Publish { topic: b"rooms/7", payload: b"hello" },
        ];
        assert_eq!(seen, expected.map(|packet| format!("{packet:?}")));
    }
}
