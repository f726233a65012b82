//! DESIGN section 4: settings and commands, as whoever runs the program meets them.

use std::path::Path;

use serde_json::json;
use uuid::Uuid;

use crate::harness::{Chat, Door, Ended, Process, SECRET, User, database_in, run};

pub(crate) const LISTEN: (&str, &str) = ("PLIC_LISTEN", "127.0.0.1:0");
pub(crate) const TOKENS: (&str, &str) = ("SUPABASE_JWT_SECRET", SECRET);

pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

pub(crate) async fn run_in(folder: &Path, command: &str, settings: &[(&str, &str)]) -> Ended {
    run(folder, &[command], settings).await
}

/// Asserts a refusal in one line that names the setting.
#[track_caller]
pub(crate) fn refused_naming(ended: &Ended, setting: &str) {
    assert!(!ended.status.success(), "{ended:?}");
    let lines: Vec<_> = ended.stderr.lines().filter(|line| !line.trim().is_empty()).collect();
    assert_eq!(lines.len(), 1, "{ended:?}");
    assert!(lines[0].contains(setting), "{setting}: {ended:?}");
    assert!(!lines[0].contains("panicked"), "{ended:?}");
}

#[tokio::test]
async fn serve_refuses_to_start_without_token_settings() {
    let folder = folder();
    let ended = run_in(folder.path(), "serve", &[LISTEN]).await;
    refused_naming(&ended, "SUPABASE_JWT_SECRET");
    refused_naming(&ended, "SUPABASE_URL");
    assert!(!folder.path().join("data").exists(), "nothing was made before the settings were checked");
}

/// A project's service key: the payload is `{"role": "service_role"}`.
const SERVICE_KEY: &str = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjogInNlcnZpY2Vfcm9sZSJ9.c2ln";

#[tokio::test]
async fn a_public_key_means_nothing_without_its_project() {
    let folder = folder();
    let settings = [LISTEN, TOKENS, ("SUPABASE_ANON_KEY", "sb_publishable_abc")];
    refused_naming(&run_in(folder.path(), "check-config", &settings).await, "SUPABASE_ANON_KEY");
}

#[tokio::test]
async fn a_wrong_value_is_refused_in_one_line_that_names_the_setting() {
    for (setting, value) in [
        ("PLIC_LISTEN", "everywhere"),
        ("PLIC_LISTEN", "3030"),
        ("DATABASE_URL", "mysql://localhost/chat"),
        ("DATABASE_URL", "chat.db"),
        ("DATABASE_URL", "postgres://chat@localhost"),
        ("DATABASE_URL", "postgres://chat@localhost/chat?sslmod=require"),
        ("PLIC_DATABASE_POOLER", "session"),
        ("PLIC_DATABASE_CONNECTIONS", "4"),
        ("PLIC_DATABASE_CONNECTIONS", "101"),
        ("NATS_URL", "localhost:4222"),
        ("NATS_URL", "http://localhost:4222"),
        ("NATS_URL", "nats://a.example,nats://"),
        ("PLIC_NATS_PREFIX", "plic.*"),
        ("PLIC_NATS_PREFIX", "plic..eu"),
        ("PLIC_NATS_PREFIX", "plic chat"),
        ("SUPABASE_URL", "my project"),
        ("SUPABASE_ANON_KEY", "sb_secret_abc"),
        ("SUPABASE_ANON_KEY", SERVICE_KEY),
        ("PLIC_RATE_LIMIT_PER_SECOND", "0"),
        ("PLIC_RATE_LIMIT_PER_SECOND", "many"),
        ("PLIC_RATE_LIMIT_BURST", "-1"),
        ("PLIC_FRAMES_PER_SECOND", "0"),
        ("PLIC_REST_LIMIT_PER_SECOND", "1.5"),
        ("PLIC_ADDRESS_LIMIT_PER_SECOND", "0"),
        ("PLIC_CONNECTIONS_PER_ADDRESS", "all"),
        ("PLIC_NEW_ROOMS_PER_DAY", "0"),
        ("PLIC_PEOPLE_ADDED_PER_DAY", "many"),
        ("PLIC_MAX_MESSAGE_CHARS", "0"),
        ("PLIC_CONNECTIONS_PER_USER", "0"),
        ("PLIC_AFK_SECONDS", "4h"),
        ("PLIC_PING_SECONDS", "0"),
        ("PLIC_ALLOWED_ORIGINS", "app.example"),
        ("PLIC_ALLOWED_ORIGINS", "https://app.example/path"),
        ("PLIC_ALLOWED_ORIGINS", "null,*"),
        ("PLIC_ALLOWED_ORIGINS", "file:///"),
        ("PLIC_ALLOWED_ORIGINS", "capacitor://localhost/index.html"),
        ("PLIC_TOKEN_ISSUER", "any,https://auth.example/auth/v1"),
        ("PLIC_TOKEN_ISSUER", "https://auth.example/auth/v1,"),
        ("PLIC_ALLOW_PLAIN_HTTP", "yes"),
        ("SUPABASE_URL", "http://kong:8000"),
        ("SUPABASE_URL", "http://10.0.0.7:8000"),
        ("PLIC_SECOND_OPINION_URL", "http://moderation.example/v1/moderations"),
        ("PLIC_TRUSTED_PROXIES", "10.0.0.0/33"),
        ("PLIC_TRUSTED_PROXIES", "proxy"),
        ("PLIC_SHUTDOWN_SECONDS", "soon"),
    ] {
        let folder = folder();
        println!("{setting}={value}");
        for command in ["serve", "check-config"] {
            let settings = [LISTEN, TOKENS, (setting, value)];
            refused_naming(&run_in(folder.path(), command, &settings).await, setting);
        }
    }
}

#[tokio::test]
async fn a_listen_address_that_is_taken_is_refused_by_name() {
    let chat = Chat::serve().await;
    let folder = folder();
    let taken = chat.address().to_string();
    let ended = run_in(folder.path(), "serve", &[("PLIC_LISTEN", &taken), TOKENS]).await;
    assert!(!ended.status.success() && ended.stderr.contains(&taken), "{ended:?}");
    assert!(!ended.stdout.contains("listening"), "{ended:?}");
}

#[tokio::test]
async fn a_second_server_on_the_same_database_is_refused_and_the_first_goes_on() {
    let chat = Chat::serve().await;
    for command in ["serve", "migrate"] {
        refused_naming(&run_in(chat.folder(), command, &chat.settings()).await, "chat.db");
    }
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    chat.connect(&alice).await.say(room, "undisturbed", "t1").await;
}

#[tokio::test]
async fn check_config_prints_what_is_in_force_and_hides_secrets() {
    let folder = folder();
    let settings = [
        LISTEN,
        TOKENS,
        ("DATABASE_URL", "sqlite://somewhere/chat.db"),
        ("PLIC_AFK_SECONDS", "77"),
        ("PLIC_CONNECTIONS_PER_USER", "3"),
    ];
    let ended = run_in(folder.path(), "check-config", &settings).await;
    assert!(ended.status.success(), "{ended:?}");
    for shown in [
        "PLIC_LISTEN",
        "127.0.0.1:0",
        "PLIC_AFK_SECONDS",
        "77",
        "PLIC_CONNECTIONS_PER_USER",
        "PLIC_PING_SECONDS",
        "25",
        "SUPABASE_JWT_SECRET",
        "DATABASE_URL",
        "sqlite://somewhere/chat.db",
    ] {
        assert!(ended.stdout.contains(shown), "{shown}: {ended:?}");
    }
    let everything = format!("{}{}", ended.stdout, ended.stderr);
    assert!(!everything.contains(SECRET), "{everything}");
    assert!(std::fs::read_dir(folder.path()).expect("the folder").next().is_none(), "checking makes nothing");
}

#[tokio::test]
async fn plain_http_passes_to_this_machine_and_where_the_operator_allows_it() {
    let folder = folder();
    let check = async |settings: &[(&str, &str)]| {
        let settings = [&[LISTEN, TOKENS], settings].concat();
        run_in(folder.path(), "check-config", &settings).await
    };
    for here in ["http://localhost:54321", "http://127.0.0.1:54321", "http://[::1]:54321"] {
        let ended = check(&[("SUPABASE_URL", here), ("PLIC_SECOND_OPINION_URL", here)]).await;
        assert!(ended.status.success(), "{here}: {ended:?}");
    }
    let elsewhere = [
        ("SUPABASE_URL", "http://kong:8000"),
        ("PLIC_SECOND_OPINION_URL", "http://moderation:8080/v1"),
        ("PLIC_AUDIT_WEBHOOK", "http://collector.audit.svc.cluster.local:8080/heads?key=x"),
    ];
    for (setting, url) in elsewhere {
        for allowed in ["", "false"] {
            let ended = check(&[(setting, url), ("PLIC_ALLOW_PLAIN_HTTP", allowed)]).await;
            refused_naming(&ended, setting);
            refused_naming(&ended, "PLIC_ALLOW_PLAIN_HTTP");
        }
        let ended = check(&[(setting, url), ("PLIC_ALLOW_PLAIN_HTTP", "true")]).await;
        assert!(ended.status.success(), "{ended:?}");
        assert!(ended.stdout.contains("PLIC_ALLOW_PLAIN_HTTP=true"), "{ended:?}");
    }
}

#[tokio::test]
async fn a_key_in_the_path_of_the_second_opinion_is_shown_nowhere() {
    let mut chat = Chat::with(&[
        ("PLIC_SECOND_OPINION_URL", "http://127.0.0.1:9/key-hunter2/v1"),
        ("PLIC_SECOND_OPINION_KEY", "hunter2"),
        ("RUST_LOG", "trace"),
    ])
    .await;
    let ended = run_in(chat.folder(), "check-config", &chat.settings()).await;
    assert!(ended.stdout.contains("PLIC_SECOND_OPINION_URL=http://127.0.0.1:9\n"), "{ended:?}");
    let mut printed = vec![format!("{ended:?}")];
    for arguments in [&["serve", "--help"][..], &["check-config", "--help"], &["serve", "--afk-seconds", "x"]]
    {
        printed.push(format!("{:?}", run(chat.folder(), arguments, &chat.settings()).await));
    }
    for wrong in
        ["ftp://moderation.example/hunter2", "http://moderation.example/hunter2", "https://hunter2@x/"]
    {
        let settings = [LISTEN, TOKENS, ("PLIC_SECOND_OPINION_URL", wrong)];
        printed.push(format!("{:?}", run_in(chat.folder(), "serve", &settings).await));
    }
    chat.process.kill().await;
    printed.extend([chat.process.stdout(), chat.process.log()]);
    let everything = printed.join("\n");
    assert!(everything.contains("PLIC_SECOND_OPINION_URL"));
    let lines: Vec<_> = everything.lines().filter(|line| line.contains("hunter2")).collect();
    assert!(lines.is_empty(), "{lines:#?}");
}

#[tokio::test]
async fn tokens_that_are_made_here_name_an_issuer_that_is_taken() {
    for (issuer, url) in
        [("https://auth.example/auth/v1,b", ""), ("any", "http://127.0.0.1:9"), ("", "http://127.0.0.1:9")]
    {
        let chat = Chat::with(&[("PLIC_TOKEN_ISSUER", issuer), ("SUPABASE_URL", url)]).await;
        let sub = Uuid::new_v4().to_string();
        let settings = chat.settings();
        let ended = run(chat.folder(), &["token", "--sub", &sub], &settings).await;
        assert!(ended.status.success(), "{ended:?}");
        let user = User { id: sub.parse().expect("a uuid"), token: ended.stdout.trim().to_owned() };
        assert_eq!(chat.get(&user, "/rooms").await.status, 200, "{issuer}");
    }
}

#[tokio::test]
async fn a_new_database_begins_with_the_rules_of_the_file_and_keeps_its_own_from_then_on() {
    let folder = folder();
    let file = folder.path().join("rules.json");
    let write = |word: &str| {
        let rules = json!([{
            "name": "a word of the tests", "kind": "terms", "category": "other", "action": "reject",
            "state": "live", "terms": [word], "match": "word",
        }]);
        std::fs::write(&file, rules.to_string()).expect("the file is written");
    };
    write("snark");
    let mut chat = Chat::with(&[("PLIC_RULES_FILE", &file.display().to_string())]).await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    ws.send_message(room, "a snark", "t1").await;
    ws.unconfirmed("HatefullSpeach", "t1").await;
    chat.rule("jubjub", "reject").await;

    write("boojum");
    chat.process.kill().await;
    chat.start_again().await;
    let mut ws = chat.connect(&alice).await;
    ws.say(room, "a boojum", "t2").await;
    for (text, id) in [("a snark", "t3"), ("a jubjub", "t4")] {
        ws.send_message(room, text, id).await;
        ws.unconfirmed("HatefullSpeach", id).await;
    }
}

#[tokio::test]
async fn without_a_rules_file_the_starter_rules_are_in_force() {
    let chat = Chat::with(&[("PLIC_RULES_FILE", "")]).await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let mut ws = chat.connect(&alice).await;
    ws.say(room, "Bonjour, le studio est-il libre en mai ?", "t1").await;
    ws.send_message(room, "mort aux juifs", "t2").await;
    ws.unconfirmed("HatefullSpeach", "t2").await;
    ws.disconnected(4011).await;
}

#[tokio::test]
async fn a_rules_file_that_is_wrong_or_missing_is_refused() {
    let folder = folder();
    std::fs::write(folder.path().join("rules.json"), r#"[{"id": 1}]"#).expect("the file is written");
    for file in ["rules.json", "missing.json"] {
        for command in ["serve", "check-config"] {
            let ended = run_in(folder.path(), command, &[LISTEN, TOKENS, ("PLIC_RULES_FILE", file)]).await;
            assert!(!ended.status.success(), "{command} {file}: {ended:?}");
            assert!(!ended.stdout.contains("listening"), "{ended:?}");
        }
    }
}

#[tokio::test]
async fn a_variable_that_is_set_to_nothing_is_not_set() {
    let folder = folder();
    let settings = [LISTEN, TOKENS, ("PLIC_AFK_SECONDS", ""), ("SUPABASE_URL", "")];
    let ended = run_in(folder.path(), "check-config", &settings).await;
    assert!(ended.status.success() && ended.stdout.contains("PLIC_AFK_SECONDS=14400"), "{ended:?}");
    let settings = [LISTEN, ("SUPABASE_JWT_SECRET", "")];
    refused_naming(&run_in(folder.path(), "serve", &settings).await, "SUPABASE_JWT_SECRET");
}

#[tokio::test]
async fn the_defaults_are_those_that_deployments_rely_on() {
    let folder = folder();
    let ended = run_in(folder.path(), "check-config", &[TOKENS]).await;
    for line in [
        "PLIC_LISTEN=127.0.0.1:3030",
        "DATABASE_URL=sqlite://data/plic-chat.db",
        "PLIC_DATABASE_POOLER=none",
        "PLIC_DATABASE_CONNECTIONS=10",
        "NATS_URL=not set",
        "PLIC_NATS_PREFIX=plic",
        "PLIC_TOKEN_ISSUER=any",
        "PLIC_ALLOW_PLAIN_HTTP=false",
        "PLIC_RATE_LIMIT_PER_SECOND=5",
        "PLIC_RATE_LIMIT_BURST=20",
        "PLIC_FRAMES_PER_SECOND=50",
        "PLIC_REST_LIMIT_PER_SECOND=20",
        "PLIC_ADDRESS_LIMIT_PER_SECOND=100",
        "PLIC_CONNECTIONS_PER_ADDRESS=20000, or three quarters of those that there are files for",
        "PLIC_MAX_MESSAGE_CHARS=4000",
        "PLIC_CONNECTIONS_PER_USER=1",
        "PLIC_AFK_SECONDS=14400",
        "PLIC_PING_SECONDS=25",
        "PLIC_SHUTDOWN_SECONDS=10",
    ] {
        assert!(ended.stdout.lines().any(|shown| shown == line), "{line}: {ended:?}");
    }
}

#[tokio::test]
async fn check_config_ends_with_a_failure_where_serve_would_not_start() {
    let folder = folder();
    refused_naming(&run_in(folder.path(), "check-config", &[LISTEN]).await, "SUPABASE_JWT_SECRET");
}

#[tokio::test]
async fn a_secret_is_in_no_refusal() {
    let folder = folder();
    let short = ("SUPABASE_JWT_SECRET", "hunter2");
    let database = ("DATABASE_URL", "mysql://chat:hunter2@db.example/chat");
    let postgres = |address| ("DATABASE_URL", address);
    for settings in [
        [LISTEN, short, database],
        [LISTEN, TOKENS, database],
        [LISTEN, TOKENS, postgres("postgres://chat:hunter2@db.example")],
        [LISTEN, TOKENS, postgres("postgres://chat:hunter2#@db.example/chat")],
        [LISTEN, TOKENS, postgres("postgres://db.example/chat?sslmode=none&password=hunter2")],
        [LISTEN, TOKENS, postgres("postgres://db.example/chat?sslpassword=hunter2")],
        [LISTEN, TOKENS, ("NATS_URL", "http://chat:hunter2@nats.example")],
        [LISTEN, TOKENS, ("NATS_URL", "nats://chat:hunter2@nats.example")],
        [LISTEN, TOKENS, ("NATS_TOKEN", "hunter2")],
    ] {
        for command in ["serve", "check-config"] {
            let ended = run_in(folder.path(), command, &settings).await;
            assert!(!ended.status.success());
            assert!(!format!("{ended:?}").contains("hunter2"), "{ended:?}");
        }
    }
}

#[tokio::test]
async fn a_misspelt_variable_is_told_with_the_nearest_setting() {
    let folder = folder();
    let database = database_in(folder.path());
    let settings = [
        LISTEN,
        TOKENS,
        ("DATABASE_URL", &*database),
        ("PLIC_SITE_NAM", "x"),
        ("PLIC_CONNECTION_PER_USER", "3"),
    ];
    let ended = run_in(folder.path(), "check-config", &settings).await;
    refused_naming(
        &ended,
        "PLIC_SITE_NAM is no setting and has no effect; the nearest one is PLIC_SITE_NAME",
    );
    refused_naming(&ended, "PLIC_CONNECTIONS_PER_USER");
    assert!(ended.stdout.contains("PLIC_CONNECTIONS_PER_USER=1"), "{ended:?}");
    for mode in ["serve", "dev"] {
        let process = Process::start(folder.path(), &[mode], &settings).await;
        let log = process.log();
        assert!(log.contains("the nearest one is PLIC_SITE_NAME"), "{mode}: {log}");
    }
    let settings = [LISTEN, TOKENS, ("PLIC_SITE_NAM", ""), ("PLIC_CHAT_PORT", "tcp://10.0.0.1:3030")];
    assert!(run_in(folder.path(), "check-config", &settings).await.status.success());
}

#[tokio::test]
async fn serve_warns_while_the_name_of_the_site_is_not_set() {
    let is_warned = async |mode: &str, more: &[(&str, &str)]| {
        let folder = folder();
        let settings = [&[LISTEN, TOKENS], more].concat();
        let process = Process::start(folder.path(), &[mode], &settings).await;
        process.log().contains("PLIC_SITE_NAME is not set")
    };
    assert!(is_warned("serve", &[]).await);
    assert!(!is_warned("serve", &[("PLIC_SITE_NAME", "Swappart")]).await);
    assert!(!is_warned("dev", &[]).await);
}

#[tokio::test]
async fn help_names_every_setting() {
    let folder = folder();
    let ended = run(folder.path(), &["serve", "--help"], &[]).await;
    assert!(ended.status.success(), "{ended:?}");
    for setting in [
        "PLIC_LISTEN",
        "DATABASE_URL",
        "PLIC_DATABASE_POOLER",
        "PLIC_DATABASE_CONNECTIONS",
        "NATS_URL",
        "PLIC_NATS_PREFIX",
        "NATS_CREDENTIALS_FILE",
        "NATS_NKEY_FILE",
        "NATS_TOKEN",
        "NATS_USER",
        "NATS_PASSWORD",
        "NATS_CA_FILE",
        "NATS_CERTIFICATE_FILE",
        "NATS_KEY_FILE",
        "SUPABASE_JWT_SECRET",
        "SUPABASE_URL",
        "SUPABASE_ANON_KEY",
        "PLIC_TOKEN_ISSUER",
        "PLIC_ALLOW_PLAIN_HTTP",
        "PLIC_RATE_LIMIT_PER_SECOND",
        "PLIC_RATE_LIMIT_BURST",
        "PLIC_FRAMES_PER_SECOND",
        "PLIC_REST_LIMIT_PER_SECOND",
        "PLIC_ADDRESS_LIMIT_PER_SECOND",
        "PLIC_CONNECTIONS_PER_ADDRESS",
        "PLIC_MAX_MESSAGE_CHARS",
        "PLIC_CONNECTIONS_PER_USER",
        "PLIC_AFK_SECONDS",
        "PLIC_PING_SECONDS",
        "PLIC_ALLOWED_ORIGINS",
        "PLIC_TRUSTED_PROXIES",
        "PLIC_SHUTDOWN_SECONDS",
    ] {
        assert!(ended.stdout.contains(setting), "{setting}: {}", ended.stdout);
    }
    let ended = run(folder.path(), &["--help"], &[]).await;
    for command in ["dev", "serve", "token", "check-config", "migrate", "openapi"] {
        assert!(ended.stdout.contains(command), "{command}: {}", ended.stdout);
    }
}

#[tokio::test]
async fn a_database_and_its_folder_are_made_when_absent() {
    let folder = folder();
    let process = Process::start(folder.path(), &["serve"], &[LISTEN, TOKENS]).await;
    assert!(folder.path().join("data/plic-chat.db").exists());
    drop(process);
}

#[tokio::test]
async fn migrate_prepares_a_database_that_serve_then_uses() {
    let folder = folder();
    let database = database_in(folder.path());
    let settings = [LISTEN, TOKENS, ("DATABASE_URL", &*database)];
    for _ in 0..2 {
        let ended = run_in(folder.path(), "migrate", &settings).await;
        assert!(ended.status.success(), "{ended:?}");
    }
    Process::start(folder.path(), &["serve"], &settings).await;
}

#[tokio::test]
async fn dev_refuses_any_address_but_loopback() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:3030"] {
        let folder = folder();
        let ended = run_in(folder.path(), "dev", &[("PLIC_LISTEN", address)]).await;
        refused_naming(&ended, "PLIC_LISTEN");
    }
}

#[tokio::test]
async fn dev_prints_tokens_for_two_users_a_moderator_and_an_admin_and_keeps_its_secret() {
    let folder = folder();
    let tokens = async || {
        let process = Process::start(folder.path(), &["dev"], &[LISTEN]).await;
        // What it prints for a person may come after the line that says where it listens.
        let mut tokens = Vec::new();
        crate::harness::eventually("four tokens", async || {
            let stdout = process.stdout();
            let words = stdout.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
            tokens = words.filter(|word| word.starts_with("eyJ")).map(str::to_owned).collect();
            tokens.sort();
            stdout.contains("start here")
        })
        .await;
        (process, tokens)
    };
    let (mut process, first) = tokens().await;
    assert_eq!(first.len(), 4, "each is printed once");
    process.kill().await;
    let (process, _) = tokens().await;
    // A page that was left open before the restart still holds a good token.
    for token in first {
        let user = User { id: Uuid::nil(), token };
        crate::harness::Socket::open(process.address, &user.target(), &[]).await.nothing_came().await;
    }
}

#[tokio::test]
async fn token_mints_what_serve_accepts() {
    let chat = Chat::serve().await;
    let (alice, moderator) = (Uuid::new_v4(), Uuid::new_v4());
    let mint = async |id: Uuid, more: &[&str]| {
        let sub = id.to_string();
        let arguments = [&["token", "--sub", &sub], more].concat();
        let ended = run(chat.folder(), &arguments, &[TOKENS]).await;
        assert!(ended.status.success(), "{ended:?}");
        User { id, token: ended.stdout.trim().to_owned() }
    };
    let alice = mint(alice, &[]).await;
    let moderator = mint(moderator, &["--role", "moderator", "--ttl", "60"]).await;
    let room = chat.room(&alice, &[]).await;
    chat.connect(&alice).await.say(room, "hello", "t1").await;
    assert_eq!(chat.texts(&moderator, room).await, ["hello"]);
    let other = mint(Uuid::new_v4(), &["--role", "user"]).await;
    chat.get(&other, &format!("/rooms/{room}")).await.fails_with(404);

    let without_secret = run(chat.folder(), &["token", "--sub", &alice.id.to_string()], &[]).await;
    assert!(!without_secret.status.success());
    let nobody = run(chat.folder(), &["token", "--sub", "nobody"], &[TOKENS]).await;
    assert!(!nobody.status.success());
}

#[tokio::test]
async fn openapi_prints_the_published_spec() {
    let folder = folder();
    let ended = run(folder.path(), &["openapi"], &[]).await;
    assert!(ended.status.success(), "{ended:?}");
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json");
    let published = std::fs::read_to_string(published).expect("the spec is in the repository");
    assert_eq!(ended.stdout, published);
}
