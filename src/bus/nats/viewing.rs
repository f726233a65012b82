//! What one node tells the others of who looks at an incident, as bytes: a version, the incident and until when in
//! microseconds, 0 where they have left (big-endian, 8 bytes each), and who (16 bytes).

use bytes::{Buf, BufMut, Bytes, BytesMut};
use plic_pipeline::{
    id::{IncidentId, UserId},
    moderation::Viewing,
    timestamp::Timestamp,
};
use uuid::Uuid;

const VERSION: u8 = 1;
const BYTES: usize = 1 + 8 + 8 + 16;

pub(super) fn encode(viewing: &Viewing) -> Bytes {
    let mut bytes = BytesMut::with_capacity(BYTES);
    bytes.put_u8(VERSION);
    bytes.put_i64(viewing.incident.0);
    bytes.put_i64(viewing.until.map_or(0, |until| until.0));
    bytes.put_slice(viewing.user.0.as_bytes());
    bytes.freeze()
}

/// What these bytes tell, `None` where that is not known.
pub(super) fn decode(mut bytes: &[u8]) -> Option<Viewing> {
    if bytes.len() != BYTES || bytes.get_u8() != VERSION {
        return None;
    }
    let (incident, until) = (bytes.get_i64(), bytes.get_i64());
    let user = UserId(Uuid::from_u128(bytes.get_u128()));
    let is_possible = incident > 0 && until >= 0;
    let until = (until > 0).then_some(Timestamp(until));
    is_possible.then_some(Viewing { incident: IncidentId(incident), user, until })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_what_is_heard_and_nothing_else_is_understood() {
        let user = UserId(Uuid::from_u128(42));
        for until in [None, Some(Timestamp(77))] {
            let viewing = Viewing { incident: IncidentId(5), user, until };
            let bytes = encode(&viewing);
            assert_eq!(decode(&bytes), Some(viewing));
            for length in 0..bytes.len() {
                assert_eq!(decode(&bytes[..length]), None, "{length}");
            }
            let mut longer = bytes.to_vec();
            longer.push(0);
            assert_eq!(decode(&longer), None);
            let mut other = bytes.to_vec();
            other[0] = 2;
            assert_eq!(decode(&other), None);
        }
        let none = Viewing { incident: IncidentId(0), user, until: None };
        assert_eq!(decode(&encode(&none)), None);
    }
}
