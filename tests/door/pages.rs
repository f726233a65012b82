//! The pages people look at, as a browser gets them; what they do is tested in a browser (`tests/browser`).

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;
use uuid::Uuid;

use crate::harness::{Answer, Chat, Door, Process, User, connect, request, within};

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
    assert_eq!(
        ways_in(&chat, &here, &[]).await,
        json!({"supabase": null, "demo": null, "needs_code": false})
    );

    let project = [("SUPABASE_URL", "https://project.example/"), ("SUPABASE_ANON_KEY", "sb_publishable_abc")];
    let chat = Chat::with(&project).await;
    let project = json!({"url": "https://project.example", "anon_key": "sb_publishable_abc"});
    let ways = json!({"supabase": project, "demo": null, "needs_code": false});
    assert_eq!(ways_in(&chat, &here, &[]).await, ways);
    let answer = chat.call("POST", "/web/sign-in.json", &[], r#"{"code":"0"}"#).await;
    assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD, OPTIONS"));
    let page = chat.call("GET", "/console", &[], "").await;
    let policy = page.header("content-security-policy");
    assert!(policy.ends_with("; connect-src 'self' https://project.example"), "{policy}");
}

#[tokio::test]
async fn dev_lets_one_browser_in_by_each_code_and_shows_the_next_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Process::start(folder.path(), &["dev"], &[("PLIC_LISTEN", "127.0.0.1:0")]).await;
    let here = dev.address.to_string();
    let own = format!("http://{here}");
    let same = [("Origin", &*own), ("Sec-Fetch-Site", "same-origin")];
    let ways = ways_in(&dev, &here, &same).await;
    assert_eq!((&ways["demo"], &ways["needs_code"]), (&Value::Null, &json!(true)), "without a code");

    let code = shown_code(&dev, 0).await;
    let answer = show(&dev, &here, &same, &code).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{answer:?}");
    let cookie = answer.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/web/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let cookie = cookie.split(';').next().expect("a name and a value");
    let with_cookie = [("Sec-Fetch-Site", "same-origin"), ("Cookie", cookie)];
    for ways in [answer.json(), ways_in(&dev, &here, &with_cookie).await] {
        let users = ways["demo"].as_array().expect("users");
        let names: Vec<&Value> = users.iter().map(|user| &user["name"]).collect();
        assert_eq!(names, ["alice", "bob", "moderator", "admin"]);
        let token = users[2]["token"].as_str().expect("a token").to_owned();
        let moderator = User { id: Uuid::nil(), token };
        assert_eq!(dev.get(&moderator, "/moderation/policy").await.status, 200);
    }

    let answer = show(&dev, &here, &same, &code).await;
    answer.fails_with(410);
    assert_eq!(answer.header("set-cookie"), "", "a spent code");
    let next = shown_code(&dev, 1).await;
    assert_ne!(next, code);
    assert_eq!(show(&dev, &here, &same, &next).await.status, 200, "another browser");
    assert!(ways_in(&dev, &here, &with_cookie).await["demo"].is_array(), "the first one is still in");
    for wrong in ["", "0", &"0".repeat(32), &"x".repeat(900)] {
        show(&dev, &here, &same, wrong).await.fails_with(410);
    }
    show(&dev, &here, &same, &"x".repeat(2_000)).await.fails_with(413);
    assert!(!dev.log().contains(&code) && !dev.log().contains(&next), "a code is in the log");
}

#[tokio::test]
async fn dev_hands_nothing_to_a_browser_without_a_code_whatever_a_proxy_adds() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Process::start(folder.path(), &["dev"], &[("PLIC_LISTEN", "127.0.0.1:0")]).await;
    let here = dev.address.to_string();
    let proxies: [&[(&str, &str)]; 7] = [
        &[],
        &[("X-Real-IP", "203.0.113.7")],
        &[("X-Forwarded-Proto", "https")],
        &[("CF-Connecting-IP", "203.0.113.7")],
        &[("X-Forwarded-For", "203.0.113.7")],
        &[("Via", "1.1 tunnel")],
        &[("Cookie", "plic-dev-3030=; plic-dev=0")],
    ];
    for added in proxies {
        let headers: Vec<(&str, &str)> =
            added.iter().copied().chain([("Sec-Fetch-Site", "same-origin")]).collect();
        assert_eq!(ways_in(&dev, &here, &headers).await["demo"], Value::Null, "{headers:?}");
    }
}

#[tokio::test]
async fn dev_takes_codes_from_its_own_pages_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Process::start(folder.path(), &["dev"], &[("PLIC_LISTEN", "127.0.0.1:0")]).await;
    let here = dev.address.to_string();
    let own = format!("http://{here}");
    let code = shown_code(&dev, 0).await;
    for headers in [
        [("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site")],
        [("Origin", &*own), ("Sec-Fetch-Site", "cross-site")],
        [("Origin", "http://127.0.0.1:1"), ("Sec-Fetch-Site", "same-site")],
        [("Origin", "null"), ("Sec-Fetch-Site", "same-origin")],
        [("Origin", &*own), ("Accept", "*/*")],
    ] {
        show(&dev, &here, &headers, &code).await.fails_with(403);
    }
    // A name that somebody points at this machine.
    let same = [("Sec-Fetch-Site", "same-origin")];
    show(&dev, "evil.example", &same, &code).await.fails_with(403);
    let answer = show(&dev, &here, &same, &code).await;
    assert_eq!(answer.status, 200, "none of these spent it: {answer:?}");
    let cookie = answer.header("set-cookie").split(';').next().expect("a name and a value").to_owned();
    let elsewhere = [("Sec-Fetch-Site", "cross-site"), ("Cookie", &*cookie)];
    assert_eq!(ways_in(&dev, &here, &elsewhere).await["demo"], Value::Null);
    let rebound = [("Sec-Fetch-Site", "same-origin"), ("Cookie", &*cookie)];
    assert_eq!(ways_in(&dev, "evil.example", &rebound).await["demo"], Value::Null);
}

#[tokio::test]
async fn dev_hands_out_no_token_that_a_secret_of_the_environment_signs() {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = "a secret of another server, long enough for it";
    let settings = [("PLIC_LISTEN", "127.0.0.1:0"), ("SUPABASE_JWT_SECRET", secret)];
    let dev = Process::start(folder.path(), &["dev"], &settings).await;
    let same = [("Sec-Fetch-Site", "same-origin")];
    let ways = ways_in(&dev, &dev.address.to_string(), &same).await;
    assert_eq!(ways, json!({"supabase": null, "demo": null, "needs_code": false}));
    assert!(!dev.stdout().contains("code="), "there is nothing that a code would open");
}

/// The code that the terminal has shown after so many others.
async fn shown_code(dev: &Process, others: usize) -> String {
    within("the terminal to show a code", async {
        loop {
            let stdout = dev.stdout();
            let after = stdout.split("#code=").skip(1);
            let mut codes: Vec<&str> = after.filter_map(|rest| rest.split_whitespace().next()).collect();
            codes.dedup();
            if let Some(code) = codes.get(others) {
                break (*code).to_owned();
            }
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}

/// What a browser is answered that shows a code.
async fn show(door: &impl Door, host: &str, headers: &[(&str, &str)], code: &str) -> Answer {
    let (mut reader, mut writer) = connect(door.address()).await;
    let body = json!({ "code": code }).to_string();
    let request = request("POST", "/web/sign-in.json", headers, &body).replace("chat.test", host);
    writer.bytes(request.as_bytes()).await;
    reader.answer().await
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
