//! The cheap guard before the pipeline: counts frames below the level of messages, and slows down, then ends, who sends
//! more than the flood guard allows (CONTRACT section 2, DESIGN section 4). Fragments and control frames count as well,
//! for the WebSocket library takes any number of empty ones.

use std::time::{Duration, Instant};

/// A frame costs one, and one more for each so many bytes of payload.
const BYTES_PER_COST: u64 = 4096;
/// Being slowed down for so long ends the connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most fragments of one message.
const MAX_FRAGMENTS: u32 = 4096;

/// What the guard makes of the frames read so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Read on.
    Within,
    /// Read on at this moment.
    Until(Instant),
    /// Too much for too long.
    Flooding,
}

/// Counts what one connection sends.
#[derive(Debug)]
pub(super) struct FloodGuard {
    header: FrameHeader,
    fragments: u32,
    in_message: bool,
    peer_closed: bool,
    rate: Option<Rate>,
}

/// A bucket of frames that fills at `per_second` and holds one second's worth. Whoever empties it is read at five
/// quarters of the rate: who sends faster than that falls ever deeper into debt, and who is only catching up does not.
#[derive(Debug)]
struct Rate {
    per_second: u32,
    /// When the bucket will be full again.
    full_at: Instant,
    /// When to read on, while the bucket is empty.
    read_at: Instant,
    /// Since when the bucket has been empty.
    empty_since: Option<Instant>,
}

impl FloodGuard {
    /// A guard that allows so many frames a second; `None` is any number.
    pub(super) fn new(per_second: Option<u32>) -> Self {
        let now = Instant::now();
        let rate =
            per_second.map(|per_second| Rate { per_second, full_at: now, read_at: now, empty_since: None });
        Self { header: FrameHeader::default(), fragments: 0, in_message: false, peer_closed: false, rate }
    }

    /// Takes note of bytes that were read.
    pub(super) fn read(&mut self, mut bytes: &[u8], now: Instant) {
        while !bytes.is_empty() {
            let Some(frame) = self.header.take(&mut bytes) else { continue };
            let cost = 1 + frame.payload / BYTES_PER_COST;
            match frame.opcode {
                0x0 => self.fragments = self.fragments.saturating_add(1),
                0x1 | 0x2 => self.fragments = 0,
                0x8 => self.peer_closed = true,
                _ => {}
            }
            if frame.opcode <= 0x2 {
                self.in_message = !frame.is_final;
            }
            if let Some(rate) = &mut self.rate {
                rate.spend(cost, now);
            }
        }
    }

    /// Whether to read on.
    pub(super) fn standing(&mut self, now: Instant) -> Standing {
        self.rate.as_mut().map_or(Standing::Within, |rate| rate.standing(now))
    }

    /// Whether one message has come in more fragments than any client has reason to send.
    pub(super) fn is_over_fragmented(&self) -> bool {
        self.fragments > MAX_FRAGMENTS
    }

    /// Whether what was read ends with a whole message.
    pub(super) fn is_between_messages(&self) -> bool {
        !self.in_message && self.header.have == 0 && self.header.skip == 0
    }

    /// Whether the peer has sent a close frame.
    pub(super) fn peer_closed(&self) -> bool {
        self.peer_closed
    }
}

impl Rate {
    fn spend(&mut self, cost: u64, now: Instant) {
        let cost = u32::try_from(cost).unwrap_or(u32::MAX);
        let worth = (Duration::from_secs(1) / self.per_second).saturating_mul(cost).min(PATIENCE);
        self.full_at = self.full_at.max(now) + worth;
        self.read_at = self.read_at.max(now) + worth * 4 / 5;
    }

    fn standing(&mut self, now: Instant) -> Standing {
        let debt = self.full_at.saturating_duration_since(now).saturating_sub(Duration::from_secs(1));
        if debt.is_zero() {
            self.read_at = now;
            self.empty_since = None;
            return Standing::Within;
        }
        let since = *self.empty_since.get_or_insert(now);
        let patience = PATIENCE.saturating_sub(now.saturating_duration_since(since));
        // What a quarter of the rate comes to in that time.
        if patience.is_zero() && debt >= PATIENCE / 4 {
            return Standing::Flooding;
        }
        let pause = self.read_at.saturating_duration_since(now);
        match if patience.is_zero() { pause } else { pause.min(patience) } {
            Duration::ZERO => Standing::Within,
            pause => Standing::Until(now + pause),
        }
    }
}

/// A frame's kind and size.
struct Frame {
    opcode: u8,
    is_final: bool,
    payload: u64,
}

/// Finds frame headers in a stream of bytes (RFC 6455 section 5.2) that may be cut anywhere.
#[derive(Debug, Default)]
struct FrameHeader {
    bytes: [u8; 10],
    have: u8,
    /// Masking key and payload still to be passed over.
    skip: u64,
}

impl FrameHeader {
    /// Takes bytes up to the end of a header, which it answers, or to the end of what there is.
    fn take(&mut self, bytes: &mut &[u8]) -> Option<Frame> {
        let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
        *bytes = &bytes[skipped..];
        self.skip -= skipped as u64;
        while let Some((first, rest)) = bytes.split_first() {
            *bytes = rest;
            self.bytes[usize::from(self.have)] = *first;
            self.have += 1;
            if self.have >= 2 && self.have == 2 + self.length_bytes() {
                return Some(self.complete());
            }
        }
        None
    }

    fn length_bytes(&self) -> u8 {
        match self.bytes[1] & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        }
    }

    fn complete(&mut self) -> Frame {
        let payload = match self.length_bytes() {
            0 => u64::from(self.bytes[1] & 0x7f),
            length => self.bytes[2..2 + usize::from(length)]
                .iter()
                .fold(0, |value, byte| value << 8 | u64::from(*byte)),
        };
        let mask = if self.bytes[1] & 0x80 == 0 { 0 } else { 4 };
        let (opcode, is_final) = (self.bytes[0] & 0x0f, self.bytes[0] & 0x80 != 0);
        *self = Self { skip: payload.saturating_add(mask), ..Self::default() };
        Frame { opcode, is_final, payload }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(opcode: u8, length: usize) -> Vec<u8> {
        let mut frame = vec![0x80 | opcode];
        match length {
            0..=125 => frame.push(0x80 | u8::try_from(length).expect("small")),
            126..=0xffff => {
                frame.push(0x80 | 0x7e);
                frame.extend(u16::try_from(length).expect("medium").to_be_bytes());
            }
            _ => {
                frame.push(0x80 | 0x7f);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.resize(frame.len() + length, b'x');
        frame
    }

    #[test]
    fn frames_within_the_rate_are_read_at_once() {
        let start = Instant::now();
        let mut guard = FloodGuard::new(Some(50));
        for n in 0..1000 {
            let now = start + Duration::from_millis(n * 20);
            guard.read(&masked(1, 64), now);
            assert_eq!(guard.standing(now), Standing::Within);
        }
    }

    #[test]
    fn a_flood_is_slowed_down_then_ended() {
        let start = Instant::now();
        let mut guard = FloodGuard::new(Some(50));
        let mut now = start;
        let mut frames = 0;
        let ended = loop {
            guard.read(&masked(0, 0), now);
            frames += 1;
            match guard.standing(now) {
                Standing::Within => {}
                Standing::Until(later) => now = later,
                Standing::Flooding => break now,
            }
        };
        assert!(ended.duration_since(start) >= PATIENCE);
        assert!(frames <= 50 * 8, "{frames} frames passed");
    }

    #[test]
    fn a_client_that_stays_just_within_the_rate_after_a_burst_is_never_ended() {
        let start = Instant::now();
        let mut guard = FloodGuard::new(Some(50));
        for n in 0..3000_u64 {
            let mut now = start + Duration::from_micros(n.saturating_sub(60) * 20_100);
            guard.read(&masked(9, 0), now);
            while let Standing::Until(later) = guard.standing(now) {
                now = later;
            }
            assert_ne!(guard.standing(now), Standing::Flooding, "frame {n}");
        }
    }

    #[test]
    fn a_burst_after_which_the_client_rests_is_forgiven() {
        let start = Instant::now();
        let mut guard = FloodGuard::new(Some(50));
        for second in 0..60 {
            let mut now = start + Duration::from_secs(second * 3);
            for _ in 0..60 {
                guard.read(&masked(1, 1), now);
                match guard.standing(now) {
                    Standing::Within => {}
                    Standing::Until(later) => now = later,
                    Standing::Flooding => panic!("ended in second {second}"),
                }
            }
        }
    }

    #[test]
    fn endless_fragments_of_one_message_are_noticed() {
        let mut guard = FloodGuard::new(None);
        let now = Instant::now();
        guard.read(&masked(1, 0), now);
        for _ in 0..MAX_FRAGMENTS {
            guard.read(&masked(0, 0), now);
        }
        assert!(!guard.is_over_fragmented());
        guard.read(&masked(0, 0), now);
        assert!(guard.is_over_fragmented());
    }

    proptest! {
        #[test]
        fn headers_are_found_wherever_the_stream_is_cut(
            lengths in proptest::collection::vec(prop_oneof![0_usize..200, 60_000_usize..70_000], 1..20),
            cut in 1_usize..999,
        ) {
            let stream: Vec<u8> = lengths.iter().flat_map(|length| masked(2, *length)).collect();
            let mut header = FrameHeader::default();
            let mut found = Vec::new();
            for mut piece in stream.chunks(cut) {
                while !piece.is_empty() {
                    if let Some(frame) = header.take(&mut piece) {
                        found.push(usize::try_from(frame.payload).expect("small"));
                    }
                }
            }
            prop_assert_eq!(found, lengths);
        }

        #[test]
        fn any_bytes_are_taken_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..4096)) {
            let mut guard = FloodGuard::new(Some(1));
            guard.read(&bytes, Instant::now());
            let _ = guard.standing(Instant::now());
        }
    }
}
