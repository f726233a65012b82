//! Letting members in, so many handshakes at once.

use std::time::{Duration, Instant};

use super::{
    crowd::{Crowd, Listener, Mouths},
    failure::Failure,
    protocol::Heard,
};
use std::net::SocketAddr;

/// Nobody let in for so long is a failure.
const PATIENCE: Duration = Duration::from_secs(20);

/// Counts who has come in.
struct Doorkeeper(usize);

impl Listener for Doorkeeper {
    fn welcomed(&mut self, _: usize, _: Instant) {
        self.0 += 1;
    }

    fn heard(&mut self, _: usize, _: Heard<'_>, _: Instant, _: &mut Mouths<'_>) -> Result<(), Failure> {
        Ok(())
    }
}

/// Lets members in who greet the server with these bytes, the first as member 0, and waits until all are. Where a server has
/// several addresses, members take them in turns.
pub(crate) fn enter(
    crowd: &mut Crowd,
    addresses: &[SocketAddr],
    greetings: &[Vec<u8>],
    at_once: usize,
) -> Result<(), Failure> {
    let mut doorkeeper = Doorkeeper(0);
    let mut waiting = greetings.iter().enumerate();
    let mut come = 0;
    let mut welcomed_at = Instant::now();
    while doorkeeper.0 < greetings.len() {
        let free = at_once - (come - doorkeeper.0);
        for (member, greeting) in waiting.by_ref().take(free) {
            crowd.come(member, addresses[member % addresses.len()], greeting.clone())?;
            come += 1;
        }
        let before = doorkeeper.0;
        crowd.turn(Duration::from_secs(1), &mut doorkeeper)?;
        if doorkeeper.0 > before {
            welcomed_at = Instant::now();
        } else if welcomed_at.elapsed() > PATIENCE {
            return Err(Failure::Silence(PATIENCE.as_secs()));
        }
    }
    Ok(())
}

/// Lets the server talk to its members for so long; nothing of it matters, but that they answer its pings and stay.
pub(crate) fn idle(crowd: &mut Crowd, time: Duration) -> Result<(), Failure> {
    let begun = Instant::now();
    while let Some(left) = time.checked_sub(begun.elapsed()) {
        crowd.turn(left, &mut Doorkeeper(0))?;
    }
    Ok(())
}
