//! The published document. poem-openapi writes it from the handlers; what it cannot say is added here, and only here:
//! `OpenAPI` 3.1 (where `null` is a type like others), failures with examples, the WebSocket side.

mod examples;
mod failures;
mod polish;

use std::collections::HashMap;

use plic_pipeline::rejection::CloseCode;
use poem::{endpoint::BoxEndpoint, http::Method};
use poem_openapi::{
    LicenseObject, OpenApi, OpenApiService, ServerObject, Tags,
    registry::{MetaApi, Registry},
};
use serde_json::Value;

use crate::{moderation::Handlers, number::MAX_SAFE_INTEGER, room::RoomApi, rooms::RoomsApi};

/// The groups of operations.
#[derive(Tags)]
pub(crate) enum Tag {
    /// Rooms, who is in them, and what was said.
    Rooms,
    /// For every user: tell moderators of a message.
    Reports,
    /// For moderators: what the filter goes by. A rule is tried, put in the shadow, put in force and mended here, and
    /// is in force everywhere within a second.
    Rules,
    /// For moderators: what the filter stopped or flagged and what participants reported, to decide about.
    Incidents,
    /// For moderators: bans, disconnects, and what is known about a user.
    People,
    /// For moderators: the policy, the audit log, numbers, and what happens as it happens.
    Records,
}

/// The `OpenAPI` document as pretty JSON with a newline at its end; the same for the same version.
pub fn spec() -> String {
    let written = OpenApiService::new(Document, "plic-chat", env!("CARGO_PKG_VERSION"))
        .summary("A self-hosted, moderated chat server")
        .description(description())
        .license(LicenseObject::new("MIT OR Apache-2.0").identifier("MIT OR Apache-2.0"))
        .server(ServerObject::new("/").description("The server that you read this on"))
        .spec();
    // poem-openapi writes bounds as floats, and the largest does not survive serde_json's fast way of reading them.
    let written = written.replace(&format!("{MAX_SAFE_INTEGER}.0"), &MAX_SAFE_INTEGER.to_string());
    let mut document: Value = serde_json::from_str(&written).expect("poem-openapi writes JSON");
    polish::polish(&mut document);
    examples::add(&mut document);
    failures::add(&mut document);
    let mut text = serde_json::to_string_pretty(&document).expect("a value renders");
    text.push('\n');
    text
}

type Everything = ((RoomsApi, RoomApi), Handlers);

/// The handlers' descriptions without handlers, which would need a store.
struct Document;

impl OpenApi for Document {
    fn meta() -> Vec<MetaApi> {
        Everything::meta()
    }

    fn register(registry: &mut Registry) {
        Everything::register(registry);
    }

    fn add_routes(self, _routes: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}

/// What a client does once it is closed with `code`.
const fn advice(code: CloseCode) -> &'static str {
    match code {
        CloseCode::NoAuthToken => "signs in",
        CloseCode::InvalidToken => {
            "stays away until it has another token: a refreshed session, or a new sign-in"
        }
        CloseCode::Afk => "reconnects when the user is back",
        CloseCode::AdminAction | CloseCode::Banned => "says so and stays away",
        CloseCode::ServerError | CloseCode::ServerShutdown | CloseCode::ConnectionClosed => {
            "reconnects after a delay"
        }
        CloseCode::NewDevice => "says so; reconnects only when the user asks for it",
        CloseCode::BadMessageStructure => {
            "reconnects without resending the command: it is a defect of the client"
        }
        CloseCode::HatefulSpeech => "says so; reconnects without resending the message",
        CloseCode::UnauthorizedAction => "rereads its rooms; reconnects without resending the command",
    }
}

/// The WebSocket side in words; the codes come from the table that the server closes with.
fn description() -> String {
    use std::fmt::Write as _;

    let mut codes = String::from(
        "| code | close reason | sentence | what your client does |\n| --- | --- | --- | --- |\n",
    );
    for code in CloseCode::ALL {
        let (number, name, sentence) = (code.number(), code.name(), code.sentence());
        writeln!(codes, "| {number} | `{name}` | {sentence} | {} |", advice(code))
            .expect("writing to a string does not fail");
    }
    include_str!("spec/description.md").replace("{codes}\n", &codes)
}
