//! The commands of the documents, run as they stand there against `plic-chat dev`.

use std::{path::Path, time::Duration};

use tokio::process::Command;

use crate::harness::Process;

/// An unoptimised build takes seconds to compile the starter rules each time that one is published.
const PATIENCE: Duration = Duration::from_mins(5);
/// Stands before a block of commands that is executed here.
const EXECUTED: &str = "<!-- executed -->\n```sh\n";

/// Runs a document's commands in one shell; answers what they print.
async fn follow(document: &str) -> String {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(document));
    let text = text.unwrap_or_else(|error| panic!("{document}: {error}"));
    let blocks: Vec<&str> = text
        .split(EXECUTED)
        .skip(1)
        .filter_map(|rest| rest.split_once("```"))
        .map(|(block, _)| block)
        .collect();
    assert!(!blocks.is_empty());

    let folder = tempfile::tempdir().expect("a folder");
    let server = Process::start(folder.path(), &["dev"], &[("PLIC_LISTEN", "127.0.0.1:0")]).await;
    let script = blocks
        .concat()
        .replace("cargo run -q --", env!("CARGO_BIN_EXE_plic-chat"))
        .replace("127.0.0.1:3030", &server.address.to_string());
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", &script]).current_dir(folder.path()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, shell.output()).await.expect("the document's commands end");
    let output = output.expect("bash runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// Asserts that these stand in what was said, in this order.
fn says_in_order(said: &str, expected: &[&str]) {
    let mut rest = said;
    for expected in expected {
        let at = rest.find(expected);
        rest = &rest
            [at.unwrap_or_else(|| panic!("{expected} does not come next in:\n{rest}")) + expected.len()..];
    }
}

#[tokio::test]
async fn a_newcomer_who_follows_the_readme_chats_with_themselves() {
    says_in_order(
        &follow("README.md").await,
        &[
            r#""participants_id":["a11ce000-0000-4000-8000-000000000001","b0b00000-0000-4000-8000-000000000002"]"#,
            r#"{"type":"MessageSentConfirmation","data":{"confirmed":true,"reason":"","message_id":"f47ac10b-58cc-4372"}}"#,
            r#"{"type":"MessageReceived","data":{"room_id":1,"sender_id":"a11ce000-0000-4000-8000-000000000001","message":"Bonjour Bob!"}}"#,
            r#""message":"Bonjour Bob!","sender_id""#,
        ],
    );
}

#[tokio::test]
async fn a_moderator_who_follows_the_guide_stops_the_scam() {
    let said = follow("docs/moderation.md").await;
    says_in_order(
        &said,
        &[
            // The scam is missed, and reported.
            r#"{"type":"MessageSentConfirmation","data":{"confirmed":true,"reason":"","message_id":"0b1e7a52-7d3c-4c0e"}}"#,
            r#""action":"report""#,
            r#""reason":"They wanted money for keys that never came.""#,
            r#""action":"pass""#,
            // The draft finds it, also in disguise and in what was said before.
            r#""action":"block","code":4011,"category":"scam""#,
            r#""newly_caught":1"#,
            r#""newly_caught":1"#,
            // Published, it stops the next one.
            r#""version":2"#,
            r#""state":"live""#,
            r#"{"type":"MessageSentConfirmation","data":{"confirmed":false,"reason":"HatefullSpeach","message_id":"5d1f3c0a-91b2-4e6f"}}"#,
            r#"{"type":"Disconnection","data":{"code":4011"#,
            r#""status":"upheld""#,
            r#""status":"removed""#,
            r#""strikes_counted":1"#,
            r#""reason":"Key scams""#,
            r#"{"version":2,"state":"live","#,
            r#"{"version":1,"state":"shadow","#,
            r#""version":3"#,
            r#""unchanged":"#,
            r#""strikes_to_ban":3"#,
            r#""action":"policy.set""#,
        ],
    );
}
