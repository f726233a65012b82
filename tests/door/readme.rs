//! The README's commands, run as they stand there against `plic-chat dev`.

use std::path::Path;

use tokio::process::Command;

use crate::harness::{Process, within};

/// Stands before a block of commands that is executed here.
const EXECUTED: &str = "<!-- executed -->\n```sh\n";

#[tokio::test]
async fn a_newcomer_who_follows_the_readme_chats_with_themselves() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    let readme = readme.expect("there is a README");
    let blocks: Vec<&str> = readme
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
    let output = within("the README's commands", shell.output()).await.expect("bash runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));

    let expected = [
        r#""participants_id":["a11ce000-0000-4000-8000-000000000001","b0b00000-0000-4000-8000-000000000002"]"#,
        r#"{"type":"MessageSentConfirmation","data":{"confirmed":true,"reason":"","message_id":"f47ac10b-58cc-4372"}}"#,
        r#"{"type":"MessageReceived","data":{"room_id":1,"sender_id":"a11ce000-0000-4000-8000-000000000001","message":"Bonjour Bob!"}}"#,
        r#""message":"Bonjour Bob!","sender_id""#,
    ];
    for expected in expected {
        assert!(said.contains(expected), "{expected} is not in:\n{said}");
    }
}
