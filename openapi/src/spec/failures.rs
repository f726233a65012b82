//! Which operation fails in which ways; the examples are what the server answers, made by the same code.

mod moderation;

use std::time::Duration;

use plic_pipeline::{room::RoomError, store::StoreError};
use poem::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::{Map, Value, json};

use super::polish::always_null;
use crate::{
    body::MAX_BODY_BYTES,
    failure::{Failure, too_many_users},
};

/// A kind of answer: its name in the document, what it means, and the failures that it stands for, all of one status.
struct Kind {
    name: &'static str,
    description: &'static str,
    failures: Vec<(&'static str, Failure)>,
}

fn kinds() -> Vec<Kind> {
    let kind = |name, description, failures| Kind { name, description, failures };
    let mut kinds = vec![
        kind(
            "Malformed",
            "The body is not JSON, or broke off.",
            vec![("notJson", Failure::Malformed("The body of the request is not JSON.".to_owned()))],
        ),
        kind(
            "Unauthorized",
            "There is no bearer token, or it does not hold.",
            vec![("noToken", Failure::NoToken), ("invalidToken", Failure::InvalidToken)],
        ),
        kind("Banned", "You are banned.", vec![("banned", Failure::Banned)]),
        kind(
            "Forbidden",
            "You are in the room but do not own it, or you are banned.",
            vec![("notOwner", Failure::NotOwner), ("banned", Failure::Banned)],
        ),
        kind(
            "NoSuchRoom",
            "There is no such room, or you are not in it.",
            vec![("noSuchRoom", Failure::NoSuchRoom)],
        ),
        kind(
            "MethodNotAllowed",
            "The address does not support this method; `Allow` lists what it supports.",
            vec![("methodNotAllowed", Failure::MethodNotAllowed(&[]))],
        ),
        kind(
            "BodyTimeout",
            "The body did not arrive in time: within 10 seconds, 30 for one with a rule, 60 for an import.",
            vec![("bodyTimeout", Failure::BodyTimeout)],
        ),
        kind(
            "BodyTooLarge",
            "The body is larger than 64 KiB.",
            vec![("bodyTooLarge", Failure::BodyTooLarge(MAX_BODY_BYTES))],
        ),
        kind(
            "NotJson",
            "The body is declared to be something other than JSON.",
            vec![("contentType", Failure::NotJson)],
        ),
    ];
    kinds.extend(invalid_rooms());
    kinds.extend([
        kind(
            "InvalidPage",
            "`limit` or `before` is no integer or out of bounds, or `after` is neither a cursor of a `Link` header nor the id of a room of yours.",
            vec![
                ("limit", Failure::Invalid("`limit` must be an integer from 1 to 500.".to_owned())),
                ("cursor", RoomError::UnknownCursor.into()),
            ],
        ),
        kind(
            "TooManyRequests",
            "You are asking too often; `Retry-After` says when to ask again.",
            vec![("tooManyRequests", Failure::TooManyRequests(Duration::from_secs(1)))],
        ),
        kind(
            "TooManyRooms",
            "You have started as many rooms, or brought as many people into rooms, within a day as one user may, or you are asking too often; `Retry-After` says when to ask again.",
            vec![
                ("rooms", RoomError::TooManyRoomsToday(Duration::from_hours(1)).into()),
                ("people", RoomError::TooManyPeopleToday(Duration::from_hours(1)).into()),
                ("tooManyRequests", Failure::TooManyRequests(Duration::from_secs(1))),
            ],
        ),
        kind(
            "TooManyPeople",
            "You have brought as many people into rooms within a day as one user may, or you are asking too often; `Retry-After` says when to ask again.",
            vec![
                ("people", RoomError::TooManyPeopleToday(Duration::from_hours(1)).into()),
                ("tooManyRequests", Failure::TooManyRequests(Duration::from_secs(1))),
            ],
        ),
        kind("Internal", "A fault of the server.", vec![("internal", Failure::Internal)]),
        kind(
            "Unavailable",
            "The database or the keys of the tokens are away, or the server is being sent too much at once; `Retry-After` says when to ask again.",
            vec![("unavailable", StoreError::TimedOut.into()), ("overloaded", Failure::Overloaded)],
        ),
    ]);
    kinds
}

/// What is wrong with a body about a room.
fn invalid_rooms() -> [Kind; 2] {
    let kind = |name, failures| Kind {
        name,
        description: "The body is JSON, but a key is missing or has a wrong type or a value out of bounds.",
        failures,
    };
    [
        kind(
            "InvalidRoom",
            vec![
                ("wrongType", Failure::Invalid("`users` must be a list of uuids.".to_owned())),
                ("tooManyUsers", too_many_users()),
                ("tooManyParticipants", RoomError::TooManyParticipants.into()),
                ("tooManyForADay", RoomError::MorePeopleThanADayAllows(500).into()),
            ],
        ),
        kind(
            "InvalidChange",
            vec![
                ("wrongType", Failure::Invalid("`users_to_add` must be a list of uuids.".to_owned())),
                ("tooManyUsers", too_many_users()),
                ("tooManyParticipants", RoomError::TooManyParticipants.into()),
                ("addedAndRemoved", RoomError::AddedAndRemoved.into()),
                ("tooManyForADay", RoomError::MorePeopleThanADayAllows(500).into()),
            ],
        ),
    ]
}

/// An operation by path and method, and what it can fail with beside what all can.
type Operation = (&'static str, &'static str, &'static [&'static str]);

/// The failures of the operations on rooms.
const ROOMS: [Operation; 5] = [
    (
        "/rooms",
        "post",
        &["Malformed", "Banned", "BodyTimeout", "BodyTooLarge", "NotJson", "InvalidRoom", "TooManyRooms"],
    ),
    ("/rooms", "get", &["Banned", "InvalidPage"]),
    (
        "/rooms",
        "put",
        &[
            "Malformed",
            "Forbidden",
            "NoSuchRoom",
            "BodyTimeout",
            "BodyTooLarge",
            "NotJson",
            "InvalidChange",
            "TooManyPeople",
        ],
    ),
    ("/rooms/{id}", "get", &["Banned", "NoSuchRoom", "InvalidPage"]),
    ("/rooms/{id}", "delete", &["Forbidden", "NoSuchRoom"]),
];

/// What every operation can fail with.
const ALWAYS: [&str; 5] = ["Unauthorized", "MethodNotAllowed", "TooManyRequests", "Internal", "Unavailable"];

fn operations() -> impl Iterator<Item = Operation> {
    ROOMS.into_iter().chain(moderation::OPERATIONS)
}

pub(super) fn add(document: &mut Value) {
    let mut kinds = kinds();
    kinds.extend(moderation::kinds());
    let mut components = Map::new();
    for kind in &kinds {
        components.insert(kind.name.to_owned(), component(kind));
    }
    document["components"]["responses"] = Value::Object(components);
    document["components"]["schemas"]["Failure"] = json!({
        "type": "object",
        "title": "Failure",
        "description": "What every failure answers.",
        "required": ["error_message", "data"],
        "properties": {
            "error_message": { "type": "string", "description": "A sentence for a person." },
            "data": always_null(),
        },
    });
    for (path, method, names) in operations() {
        let mut of_operation: Vec<(String, Value)> = kinds
            .iter()
            .filter(|kind| names.contains(&kind.name) || ALWAYS.contains(&kind.name))
            .map(|kind| {
                let status = kind.failures[0].1.status().as_str().to_owned();
                (status, json!({ "$ref": format!("#/components/responses/{}", kind.name) }))
            })
            .collect();
        of_operation.sort_by(|a, b| a.0.cmp(&b.0));
        let responses = &mut document["paths"][path][method]["responses"];
        responses.as_object_mut().expect("every operation has responses").extend(of_operation);
    }
}

fn component(kind: &Kind) -> Value {
    let examples: Map<String, Value> = kind
        .failures
        .iter()
        .map(|(name, failure)| ((*name).to_owned(), json!({ "value": failure.envelope() })))
        .collect();
    let mut component = json!({ "description": kind.description });
    let sent = kind.failures[0].1.response();
    let documented = [
        (
            ALLOW,
            "The methods of this address.",
            json!({ "type": "string" }),
            json!("GET, HEAD, POST, PUT, OPTIONS"),
        ),
        (RETRY_AFTER, "Seconds to wait.", json!({ "type": "integer", "minimum": 1 }), json!(5)),
        (WWW_AUTHENTICATE, "How to authenticate.", json!({ "type": "string" }), json!("Bearer")),
    ];
    for (header, description, schema, example) in documented {
        if sent.headers().contains_key(&header) {
            let name = canonical(header.as_str());
            component["headers"][name] =
                json!({ "description": description, "required": true, "schema": schema, "example": example });
        }
    }
    component["content"]["application/json"] =
        json!({ "schema": { "$ref": "#/components/schemas/Failure" }, "examples": examples });
    component
}

/// `Retry-After` for `retry-after`.
fn canonical(name: &str) -> String {
    let parts: Vec<String> = name
        .split('-')
        .map(|part| if part == "www" { "WWW".to_owned() } else { part[..1].to_uppercase() + &part[1..] })
        .collect();
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_named_by_an_operation_is_a_kind_of_one_status() {
        let kinds: Vec<Kind> = kinds().into_iter().chain(moderation::kinds()).collect();
        for name in operations().flat_map(|(.., names)| names).chain(&ALWAYS) {
            assert!(kinds.iter().any(|kind| kind.name == *name), "{name}");
        }
        for kind in &kinds {
            let status = kind.failures[0].1.status();
            assert!(kind.failures.iter().all(|(_, failure)| failure.status() == status), "{}", kind.name);
            let used = operations().any(|(.., names)| names.contains(&kind.name));
            assert!(used || ALWAYS.contains(&kind.name), "{}", kind.name);
        }
    }
}
