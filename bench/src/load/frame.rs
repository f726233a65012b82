//! WebSocket frames as a client sees them: the server's are split by their headers alone, its own are masked.

use super::failure::Failure;

/// What a client needs of a frame of the server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    /// The four bits that say what it is.
    pub(crate) opcode: u8,
    /// What it carries.
    pub(crate) payload: &'a [u8],
    /// How many bytes it takes, header and all.
    pub(crate) length: usize,
}

/// Text.
pub(crate) const TEXT: u8 = 0x1;
/// The end of the connection.
pub(crate) const CLOSE: u8 = 0x8;
/// A question whether somebody is there.
pub(crate) const PING: u8 = 0x9;
/// The answer to it.
pub(crate) const PONG: u8 = 0xa;

const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;
/// In place of a length: two bytes of length follow.
const LONG: u8 = 0x7e;
const MASK: [u8; 4] = [0x5a, 0x31, 0xc7, 0x0e];

/// The frame at the beginning of `bytes`; `None` where it has not come whole.
pub(crate) fn first(bytes: &[u8]) -> Result<Option<Frame<'_>>, Failure> {
    let &[head, short, ..] = bytes else { return Ok(None) };
    if head & FINAL == 0 || short & MASKED != 0 {
        return Err(Failure::Garbled);
    }
    let (start, size) = match short {
        LONG => match bytes.get(2..4) {
            Some(size) => (4, usize::from(u16::from_be_bytes([size[0], size[1]]))),
            None => return Ok(None),
        },
        127 => return Err(Failure::Garbled),
        short => (2, usize::from(short)),
    };
    let length = start + size;
    Ok(bytes.get(start..length).map(|payload| Frame { opcode: head & 0xf, payload, length }))
}

/// A frame of a client; `payload` has at most 65,535 bytes.
pub(crate) fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(payload.len() + 8);
    frame.push(FINAL | opcode);
    match u16::try_from(payload.len()).expect("at most 65,535 bytes") {
        short @ 0..=125 => frame.push(MASKED | u8::try_from(short).expect("at most 125")),
        long => {
            frame.push(MASKED | LONG);
            frame.extend_from_slice(&long.to_be_bytes());
        }
    }
    frame.extend_from_slice(&MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_split_off_once_it_is_whole() {
        let long = [&[0x81, 126, 1, 0][..], &[b'x'; 256], &[0x89, 0]].concat();
        for part in 0..260 {
            assert_eq!(first(&long[..part]).expect("as the test says"), None, "{part}");
        }
        let frame = first(&long).expect("as the test says").expect("it is what the test says");
        assert_eq!((frame.opcode, frame.payload.len(), frame.length), (TEXT, 256, 260));
        let ping = first(&long[frame.length..]).expect("as the test says").expect("as the test says");
        assert_eq!(ping, Frame { opcode: PING, payload: b"", length: 2 });
    }

    #[test]
    fn what_no_server_of_ours_sends_is_garbled() {
        for bytes in [&[0x01, 0][..], &[0x81, 0x80], &[0x81, 127]] {
            assert!(matches!(first(bytes), Err(Failure::Garbled)));
        }
    }

    #[test]
    fn a_clients_frame_unmasks_to_its_payload() {
        let frame = masked(TEXT, b"hello you");
        assert_eq!(frame[..2], [0x81, 0x89]);
        let plain: Vec<u8> =
            frame[6..].iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        assert_eq!(plain, b"hello you");
        assert_eq!(masked(TEXT, &[0; 300])[..4], [0x81, 0xfe, 1, 44]);
    }
}
