//! Rooms over REST, and the tokens to make them with. Nothing of it is measured.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;
use uuid::Uuid;

use super::failure::Failure;

/// What the tokens of every server are signed with.
pub(crate) const SECRET: &str = "a secret of a benchmark, 32 bytes and more";

/// A server that takes longer has hung.
const PATIENCE: Duration = Duration::from_secs(20);

/// A user's access token, as Supabase makes them.
pub(crate) fn token(user: Uuid) -> String {
    let expires = SystemTime::now() + Duration::from_hours(12);
    let expires = expires.duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let claims = json!({"sub": user, "exp": expires, "aud": "authenticated", "role": "authenticated"});
    encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes()))
        .expect("a text of ours is signed")
}

/// Makes a room of its owner and others; its number.
pub(crate) fn make(address: SocketAddr, owner: &str, others: &[Uuid]) -> Result<u64, Failure> {
    let body = json!({"users": others, "apartment_id": null}).to_string();
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "POST /rooms HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {owner}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    number(&answer).ok_or(Failure::Room(answer))
}

fn number(answer: &str) -> Option<u64> {
    let (_, number) = answer.rsplit_once("\"data\":")?;
    let end = number.find(|letter: char| !letter.is_ascii_digit())?;
    number[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_room_is_read_from_the_answer() {
        assert_eq!(number("HTTP/1.1 200 OK\r\n\r\n{\"error_message\":null,\"data\":17}"), Some(17));
        assert_eq!(number("HTTP/1.1 403 Forbidden\r\n\r\n{\"error_message\":\"no\",\"data\":null}"), None);
    }
}
