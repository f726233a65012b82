//! What moderators' routes are asked and answer, by example, and the schemas of rules: written for people, as JSON.

use serde_json::{Map, Value, json};

/// What rules have: all of them, each kind, and a rule as it is asked for (`draft`) and answered (`written`).
const RULE: &str = include_str!("rule.json");
/// By operation: `requests`, the `data` of an answer, and answers that are no JSON, by their media type.
const EXAMPLES: &str = include_str!("examples.json");

pub(super) fn add(document: &mut Value) {
    add_rules(document);
    let mut examples = read(EXAMPLES);
    let paths = document["paths"].as_object_mut().expect("there are paths");
    for operation in paths.values_mut().flat_map(|path| path.as_object_mut().expect("methods").values_mut()) {
        let of_it = operation["operationId"].as_str().and_then(|id| examples.remove(id));
        if let Some(mut of_it) = of_it {
            put(operation, &mut of_it);
        }
    }
    assert!(examples.is_empty(), "examples of no operation: {examples:?}");
}

/// A schema for each kind of rule, whole, so that generated types tell them apart by `kind`; and one for any of them.
fn add_rules(document: &mut Value) {
    let parts = read(RULE);
    let schemas = &mut document["components"]["schemas"];
    for (any, side) in [("Rule", &parts["written"]), ("RuleDraft", &parts["draft"])] {
        let mut names = Map::new();
        for (kind, of_kind) in parts["kinds"].as_object().expect("kinds") {
            let name = format!("{kind}{any}");
            let word = of_kind["properties"]["kind"]["enum"][0].as_str().expect("a kind has a word");
            names.insert(word.to_owned(), format!("#/components/schemas/{name}").into());
            let mut whole = json!({ "type": "object", "title": name, "description": of_kind["description"] });
            let (mut required, mut properties) = (Vec::new(), Map::new());
            for part in [&parts["base"], of_kind, side] {
                required.extend(part["required"].as_array().expect("a list").iter().cloned());
                properties.extend(part["properties"].as_object().expect("properties").clone());
            }
            whole["required"] = required.into();
            whole["properties"] = properties.into();
            schemas[name] = whole;
        }
        let one_of: Vec<Value> = names.values().map(|name| json!({ "$ref": name })).collect();
        schemas[any] = json!({
            "title": any,
            "description": side["description"],
            "oneOf": one_of,
            "discriminator": { "propertyName": "kind", "mapping": names },
        });
    }
}

fn put(operation: &mut Value, examples: &mut Value) {
    if let Some(requests) = examples.get_mut("requests") {
        operation["requestBody"]["content"]["application/json"]["examples"] = requests.take();
    }
    let content = &mut operation["responses"]["200"]["content"];
    if let Some(data) = examples.get_mut("answer") {
        content["application/json"]["example"] = json!({ "error_message": null, "data": data.take() });
    }
    for (media_type, text) in examples.get("text").and_then(Value::as_object).into_iter().flatten() {
        content[media_type]["example"] = text.clone();
    }
}

fn read(json: &str) -> Map<String, Value> {
    serde_json::from_str(json).expect("what ships with the program is JSON")
}
