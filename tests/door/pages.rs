//! The pages people look at, as a browser gets them; what they do is tested in a browser (`tests/browser`).

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Chat, Door, Process, User, connect, request};

const PAGES: [&str; 3] = ["/", "/console", "/playground"];

#[tokio::test]
async fn pages_and_their_files_carry_a_strict_policy() {
    let chat = Chat::serve().await;
    for path in PAGES.iter().chain(&["/web/console/main.js", "/web/shared/base.css"]) {
        let answer = chat.call("GET", path, &[], "").await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        let policy = answer.header("content-security-policy");
        for part in
            ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "connect-src 'self'"]
        {
            assert!(
                policy.split(';').any(|directive| directive.trim() == part),
                "{path}: {part} is not in {policy}"
            );
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
}

#[tokio::test]
async fn pages_have_no_inline_script_or_style() {
    let chat = Chat::serve().await;
    for path in PAGES {
        let page = chat.call("GET", path, &[], "").await.body;
        assert!(
            !page.contains("<style") && !page.contains(" style=") && !page.contains(" onload="),
            "{page}"
        );
        assert_eq!(
            page.matches("<script").count(),
            page.matches("<script type=\"module\" src=").count(),
            "{page}"
        );
    }
}

#[tokio::test]
async fn a_browser_that_has_a_file_is_told_so_and_one_that_takes_gzip_gets_it() {
    let chat = Chat::serve().await;
    let path = "/web/vendor/lit-html/lit-html.js";
    let plain = chat.call("GET", path, &[], "").await;
    assert_eq!(plain.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(plain.header("content-encoding"), "");
    let known = format!("\"other\", {}", plain.header("etag"));
    let head = async |name, value| {
        let (mut reader, mut writer) = connect(chat.address()).await;
        writer.bytes(request("GET", path, &[(name, value)], "").as_bytes()).await;
        reader.head().await
    };
    assert_eq!(head("If-None-Match", &*known).await.status, 304);
    assert_eq!(head("If-None-Match", "W/\"other\"").await.status, 200);
    assert_eq!(head("Accept-Encoding", "br, gzip;q=0.8").await.headers["content-encoding"], "gzip");
    assert!(!head("Accept-Encoding", "br, gzip;q=0").await.headers.contains_key("content-encoding"));
}

#[tokio::test]
async fn what_is_no_file_of_the_pages_is_404_in_the_envelope() {
    let chat = Chat::serve().await;
    for path in [
        "/web/",
        "/web/nothing.js",
        "/web/../../Cargo.toml",
        "/web/%2e%2e/package.json",
        "/web/console",
        "/console/x",
    ] {
        let answer = chat.call("GET", path, &[], "").await;
        answer.fails_with(404);
    }
    let answer = chat.call("POST", "/console", &[], "").await;
    assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD, OPTIONS"));
}

#[tokio::test]
async fn serve_hands_out_no_tokens_and_names_its_supabase_project() {
    let chat = Chat::serve().await;
    let here = chat.address().to_string();
    assert_eq!(ways_in(&chat, &here, &[]).await, json!({"supabase": null, "demo": null}));

    let project = [("SUPABASE_URL", "https://project.example/"), ("SUPABASE_ANON_KEY", "sb_publishable_abc")];
    let chat = Chat::with(&project).await;
    let project = json!({"url": "https://project.example", "anon_key": "sb_publishable_abc"});
    assert_eq!(ways_in(&chat, &here, &[]).await, json!({"supabase": project, "demo": null}));
    let page = chat.call("GET", "/console", &[], "").await;
    let policy = page.header("content-security-policy");
    assert!(policy.ends_with("; connect-src 'self' https://project.example"), "{policy}");
}

#[tokio::test]
async fn dev_hands_tokens_to_its_own_pages_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Process::start(folder.path(), &["dev"], &[("PLIC_LISTEN", "127.0.0.1:0")]).await;
    let here = dev.address.to_string();
    let own = format!("http://{here}");
    let users =
        ways_in(&dev, &here, &[("Origin", &own), ("Sec-Fetch-Site", "same-origin")]).await["demo"].take();
    let users = users.as_array().expect("users");
    assert_eq!(
        users.iter().map(|user| &user["name"]).collect::<Vec<_>>(),
        ["alice", "bob", "moderator", "admin"]
    );
    let token = users[2]["token"].as_str().expect("a token").to_owned();
    let moderator = User { id: Uuid::nil(), token };
    assert_eq!(dev.get(&moderator, "/moderation/policy").await.status, 200);

    for headers in [
        [("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site")],
        [("Origin", &*own), ("Sec-Fetch-Site", "cross-site")],
        [("Origin", "null"), ("Sec-Fetch-Site", "same-origin")],
        [("X-Forwarded-For", "203.0.113.7"), ("Sec-Fetch-Site", "same-origin")],
        [("Via", "1.1 tunnel"), ("Sec-Fetch-Site", "same-origin")],
        [("Origin", &*own), ("Accept", "*/*")],
    ] {
        assert_eq!(ways_in(&dev, &here, &headers).await["demo"], Value::Null, "{headers:?}");
    }
    // A name that somebody points at this machine.
    let same = [("Sec-Fetch-Site", "same-origin")];
    assert_eq!(ways_in(&dev, "evil.example", &same).await["demo"], Value::Null);
}

#[tokio::test]
async fn dev_hands_out_no_token_that_a_secret_of_the_environment_signs() {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = "a secret of another server, long enough for it";
    let settings = [("PLIC_LISTEN", "127.0.0.1:0"), ("SUPABASE_JWT_SECRET", secret)];
    let dev = Process::start(folder.path(), &["dev"], &settings).await;
    let same = [("Sec-Fetch-Site", "same-origin")];
    assert_eq!(ways_in(&dev, &dev.address.to_string(), &same).await["demo"], Value::Null);
}

/// The ways to sign in that a page gets who reached the server under the name `host`.
async fn ways_in(door: &impl Door, host: &str, headers: &[(&str, &str)]) -> Value {
    let (mut reader, mut writer) = connect(door.address()).await;
    let request = request("GET", "/web/sign-in.json", headers, "").replace("chat.test", host);
    writer.bytes(request.as_bytes()).await;
    let answer = reader.answer().await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{answer:?}");
    answer.json()
}
