//! From what poem-openapi writes (`OpenAPI` 3.0.0) to what is published (3.1.0), with examples.

use serde_json::{Map, Value, json};

const USER: &str = "6f1f64b5-27a3-4b8e-a01f-2a1d3c9e4f10";
const OTHER: &str = "b9e1a1a4-7a0e-4a3c-8f5a-9f8f0d3f4c22";
const MOMENT: &str = "2026-01-31T12:00:00.000000Z";

pub(super) fn polish(document: &mut Value) {
    document["openapi"] = "3.1.0".into();
    rewrite(document);
    document["components"]["schemas"]["Done"]["properties"]["data"] = always_null();
    // What can be `null` may be left out of a request, unlike of an answer.
    for (schema, required) in [
        ("NewRoom", json!(["users"])),
        ("NewBan", json!(["user_id", "reason"])),
        ("IncidentDecision", json!(["decision"])),
    ] {
        document["components"]["schemas"][schema]["required"] = required;
    }
    sort_tags(document);
    request_examples(document);
    answer_examples(document);
}

/// The schema of `data` where it is always `null`. A type that is `null` alone breaks openapi-generator (its Python, Kotlin,
/// Dart, Swift and Rust clients), `enum` breaks its TypeScript ones and `const` breaks orval; all of them read this.
pub(super) fn always_null() -> Value {
    json!({ "type": ["object", "null"], "description": "Always `null`." })
}

/// Turns `nullable` into a type, whole floats into integers, and shortens what says nothing.
fn rewrite(value: &mut Value) {
    match value {
        Value::Object(object) => {
            rewrite_object(object);
            object.values_mut().for_each(rewrite);
        }
        Value::Array(items) => items.iter_mut().for_each(rewrite),
        Value::Number(number) => {
            #[expect(clippy::cast_possible_truncation, reason = "whole bounds are at most 2^53")]
            if let Some(whole) = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0) {
                *value = (whole as i64).into();
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn rewrite_object(object: &mut Map<String, Value>) {
    if object.remove("nullable").is_some() {
        let plain = object["type"].take();
        object["type"] = json!([plain, "null"]);
    }
    // Since 3.1 a description may stand beside a reference.
    if let Some([reference, beside]) = object.get("allOf").and_then(Value::as_array).map(Vec::as_slice)
        && let (Some(to), Some(described)) = (reference.get("$ref"), beside.get("description"))
        && beside.as_object().is_some_and(|beside| beside.len() == 1)
    {
        let parts = [("$ref", to), ("description", described)];
        *object = parts.into_iter().map(|(key, value)| (key.to_owned(), value.clone())).collect();
    }
    // Their defaults in `OpenAPI`, which poem-openapi writes out.
    if object.get("deprecated") == Some(&json!(false)) {
        object.shift_remove("deprecated");
    }
    if object.get("explode") == Some(&json!(true)) {
        object.shift_remove("explode");
    }
    for (written, published) in
        [("application/json; charset=utf-8", "application/json"), ("LINK", "Link"), ("ETAG", "ETag")]
    {
        if let Some(content) = object.shift_remove(written) {
            object.insert(published.to_owned(), content);
        }
    }
}

/// First what every user has; poem-openapi sorts by name.
fn sort_tags(document: &mut Value) {
    const ORDER: [&str; 6] = ["Rooms", "Reports", "Rules", "Incidents", "People", "Records"];
    let tags = document["tags"].as_array_mut().expect("there are tags");
    tags.sort_by_key(|tag| ORDER.iter().position(|name| tag["name"] == *name));
}

fn request_examples(document: &mut Value) {
    let paths = &mut document["paths"];
    paths["/rooms"]["post"]["requestBody"]["content"]["application/json"]["examples"] = json!({
        "aboutAnApartment": { "summary": "A room about an apartment", "value": { "users": [OTHER], "apartment_id": 12 } },
        "plain": { "summary": "A room about nothing in particular", "value": { "users": [OTHER], "apartment_id": null } },
    });
    paths["/rooms"]["put"]["requestBody"]["content"]["application/json"]["examples"] = json!({
        "add": { "summary": "Add a user", "value": { "room_id": 7, "users_to_add": [OTHER], "users_to_remove": [] } },
        "leave": { "summary": "Leave a room", "value": { "room_id": 7, "users_to_add": [], "users_to_remove": [USER] } },
    });
}

fn answer_examples(document: &mut Value) {
    let message = json!({ "room_id": 7, "message": "Hello!", "sender_id": OTHER, "created_at": MOMENT });
    let done = json!({ "error_message": null, "data": null });
    let mut example = |path: &str, method: &str, value: Value| {
        document["paths"][path][method]["responses"]["200"]["content"]["application/json"]["example"] = value;
    };
    example("/rooms", "post", json!({ "error_message": null, "data": 7 }));
    example("/rooms", "put", done.clone());
    example("/rooms/{id}", "delete", done);
    example(
        "/rooms",
        "get",
        json!({ "error_message": null, "data": [
            { "room_id": 7, "participants_id": [USER, OTHER], "apartment_id": 12, "is_owner": true,
              "last_message": message },
            { "room_id": 5, "participants_id": [USER], "apartment_id": null, "is_owner": false,
              "last_message": null },
        ]}),
    );
    example(
        "/rooms/{id}",
        "get",
        json!({ "apartment_id": 12, "created_at": MOMENT,
            "messages": [{ "id": 1, "room_id": 7, "message": "Hello!", "sender_id": OTHER, "created_at": MOMENT }],
            "owner_id": USER, "participants_id": [USER, OTHER], "room_id": 7 }),
    );
}
