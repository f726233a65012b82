//! As much of MQTT 3.1.1 as it takes to drive a broker: packets written out, and packets found in what was read.

/// The bit of CONNECT that asks for a session without a past.
const CLEAN_SESSION: u8 = 2;
/// Without a keep-alive the broker waits for ever.
const KEEP_ALIVE: u16 = 0;
/// A remaining length has at most four bytes of seven bits.
const LENGTH_BYTES: usize = 4;

/// Appends a CONNECT with a clean session and no keep-alive.
pub(crate) fn connect(client: &str, out: &mut Vec<u8>) {
    let [keep, alive] = KEEP_ALIVE.to_be_bytes();
    let head = [0, 4, b'M', b'Q', b'T', b'T', 4, CLEAN_SESSION, keep, alive];
    begin(0x10, head.len() + 2 + client.len(), out);
    out.extend_from_slice(&head);
    string(client, out);
}

/// Appends a SUBSCRIBE to one topic with `QoS` 0.
pub(crate) fn subscribe(id: u16, topic: &str, out: &mut Vec<u8>) {
    begin(0x82, 2 + 2 + topic.len() + 1, out);
    out.extend_from_slice(&id.to_be_bytes());
    string(topic, out);
    out.push(0);
}

/// Appends a PUBLISH with `QoS` 0.
pub(crate) fn publish(topic: &str, payload: &[u8], out: &mut Vec<u8>) {
    begin(0x30, 2 + topic.len() + payload.len(), out);
    string(topic, out);
    out.extend_from_slice(payload);
}

/// What a broker sends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Packet<'a> {
    /// The answer to CONNECT; 0 says yes.
    ConnAck { code: u8 },
    /// The answer to SUBSCRIBE; from 0x80 on the code says no.
    SubAck { id: u16, code: u8 },
    /// A message.
    Publish { topic: &'a [u8], payload: &'a [u8] },
    /// Any other, by its number.
    Other(u8),
}

/// The bytes are not MQTT.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed MQTT packet")]
pub(crate) struct Malformed;

/// The first packet of `bytes` and how many bytes it has; `None` while it is not whole.
pub(crate) fn packet(bytes: &[u8]) -> Result<Option<(Packet<'_>, usize)>, Malformed> {
    let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
    let Some((length, rest)) = remaining_length(rest)? else { return Ok(None) };
    let Some(body) = rest.get(..length) else { return Ok(None) };
    let packet = match (first >> 4, body) {
        (2, &[_, code]) => Packet::ConnAck { code },
        (9, &[high, low, code]) => Packet::SubAck { id: u16::from_be_bytes([high, low]), code },
        (2 | 9, _) => return Err(Malformed),
        (3, body) => publication(first, body).ok_or(Malformed)?,
        (other, _) => Packet::Other(other),
    };
    Ok(Some((packet, bytes.len() - rest.len() + length)))
}

fn publication(first: u8, body: &[u8]) -> Option<Packet<'_>> {
    let (&length, rest) = body.split_first_chunk()?;
    let (topic, rest) = rest.split_at_checked(u16::from_be_bytes(length).into())?;
    // From QoS 1 on, an identifier of two bytes stands between the topic and the payload.
    let at_most_once = first & 0b110 == 0;
    let payload = if at_most_once { rest } else { rest.get(2..)? };
    Some(Packet::Publish { topic, payload })
}

fn remaining_length(bytes: &[u8]) -> Result<Option<(usize, &[u8])>, Malformed> {
    let mut length = 0;
    for (at, &byte) in bytes.iter().take(LENGTH_BYTES).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok(Some((length, &bytes[at + 1..])));
        }
    }
    if bytes.len() < LENGTH_BYTES { Ok(None) } else { Err(Malformed) }
}

fn begin(first: u8, mut length: usize, out: &mut Vec<u8>) {
    assert!(length < 1 << (7 * LENGTH_BYTES), "longer than a packet can be");
    out.push(first);
    loop {
        let low = u8::try_from(length & 0x7f).expect("seven bits");
        length >>= 7;
        if length == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

fn string(text: &str, out: &mut Vec<u8>) {
    let length = u16::try_from(text.len()).expect("names are short");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::{Malformed, Packet, connect, packet, publish, subscribe};

    #[test]
    fn packets_are_written_as_the_standard_says() {
        let mut out = Vec::new();
        connect("ab", &mut out);
        assert_eq!(out, b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x00\x00\x02ab");
        out.clear();
        subscribe(258, "r/1", &mut out);
        assert_eq!(out, b"\x82\x08\x01\x02\x00\x03r/1\x00");
        out.clear();
        publish("r", b"hi", &mut out);
        assert_eq!(out, b"\x30\x05\x00\x01rhi");
    }

    #[test]
    fn packet_is_found_only_when_it_is_whole() {
        let mut bytes = Vec::new();
        let payload = [b'x'; 300];
        publish("room", &payload, &mut bytes);
        let whole = bytes.len();
        bytes.extend_from_slice(&[0x90, 3, 0, 9, 0x80]);
        for end in 0..whole {
            assert_eq!(packet(&bytes[..end]), Ok(None));
        }
        assert_eq!(packet(&bytes), Ok(Some((Packet::Publish { topic: b"room", payload: &payload }, whole))));
        assert_eq!(packet(&bytes[whole..]), Ok(Some((Packet::SubAck { id: 9, code: 0x80 }, 5))));
    }

    #[test]
    fn identifier_of_a_surer_message_is_no_payload() {
        assert_eq!(
            packet(b"\x32\x07\x00\x01r\x00\x05hi"),
            Ok(Some((Packet::Publish { topic: b"r", payload: b"hi" }, 9)))
        );
    }

    #[test]
    fn other_packets_are_passed_by_and_nonsense_is_refused() {
        assert_eq!(packet(&[0xd0, 0]), Ok(Some((Packet::Other(13), 2))));
        assert_eq!(packet(&[0x20, 2, 0, 5]), Ok(Some((Packet::ConnAck { code: 5 }, 4))));
        for nonsense in [&[0x30, 0xff, 0xff, 0xff, 0xff][..], &[0x20, 1, 0], &[0x30, 2, 0, 9], &[0x90, 0]] {
            assert_eq!(packet(nonsense), Err(Malformed));
        }
    }
}
