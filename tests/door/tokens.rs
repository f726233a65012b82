//! DESIGN section 3: which access tokens are good, and the three ways in which they come.

mod project;

use std::{sync::atomic::Ordering, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::join_all;
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde_json::{Value, json};
use uuid::Uuid;

use self::project::{Key, Project};
use crate::harness::{Chat, Door, SECRET, User, claims, now, sign, sign_with};

/// Asserts that a token is refused through both doors.
async fn refused(chat: &Chat, what: &str, token: String) {
    println!("{what}");
    let user = User { id: Uuid::nil(), token };
    chat.get(&user, "/rooms").await.fails_with(401);
    chat.connect(&user).await.disconnected(4002).await;
}

/// Asserts that a token is taken through both doors.
async fn taken(chat: &Chat, user: &User) {
    let room = chat.room(user, &[]).await;
    chat.connect(user).await.say(room, "hello", "t1").await;
}

#[tokio::test]
async fn a_token_comes_as_a_parameter_a_header_or_a_subprotocol() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let (bearer, protocol) = (alice.bearer(), format!("plic.bearer.{}", alice.token));
    let more = format!("/?v=1&token={}&x=", alice.token);
    for (target, headers) in [
        (&*alice.target(), vec![]),
        (&*more, vec![]),
        ("/", vec![("authorization", &*bearer)]),
        ("/", vec![("sec-websocket-protocol", &*protocol)]),
    ] {
        let mut ws = chat.open(target, &headers).await;
        ws.say(room, "hello", "0123456789abcdef").await;
    }
    // Percent-encoded, as some clients write every parameter.
    let encoded = format!("/?token={}", alice.token.replace('.', "%2E"));
    chat.open(&encoded, &[]).await.nothing_came().await;
}

#[tokio::test]
async fn the_first_token_that_is_not_empty_counts_and_no_other_rescues_it() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let (token, bearer, protocol) = (&alice.token, alice.bearer(), format!("plic.bearer.{}", alice.token));
    let good = [
        (format!("/?token=&token={token}"), vec![]),
        (format!("/?token=&token={token}"), vec![("authorization", "Bearer of-a-proxy")]),
        (
            alice.target(),
            vec![("authorization", "Bearer of-a-proxy"), ("sec-websocket-protocol", "plic.bearer.x")],
        ),
        (alice.target(), vec![("authorization", "Basic cHJveHk6cHJveHk=")]),
        (
            "/?token=".to_owned(),
            vec![("authorization", &*bearer), ("sec-websocket-protocol", "plic.bearer.x")],
        ),
        ("/?token=".to_owned(), vec![("authorization", "Bearer "), ("sec-websocket-protocol", &*protocol)]),
        (
            "/".to_owned(),
            vec![("authorization", "Basic cHJveHk6cHJveHk="), ("sec-websocket-protocol", &*protocol)],
        ),
    ];
    for (target, headers) in good {
        chat.open(&target, &headers).await.nothing_came().await;
    }
    let bad = [
        ("/?token=nonsense", vec![("authorization", &*bearer), ("sec-websocket-protocol", &*protocol)]),
        ("/?token=&token=nonsense", vec![("authorization", &*bearer)]),
        ("/", vec![("authorization", "Bearer nonsense"), ("sec-websocket-protocol", &*protocol)]),
    ];
    for (target, headers) in bad {
        chat.open(target, &headers).await.disconnected(4002).await;
    }
    let two = format!("/?token=nonsense&token={token}");
    chat.open(&two, &[]).await.disconnected(4002).await;
    chat.open("/?token=&token=", &[]).await.disconnected(4001).await;
}

#[tokio::test]
async fn a_subprotocol_that_is_offered_is_echoed_whatever_becomes_of_the_connection() {
    let chat = Chat::with(&[("PLIC_ALLOWED_ORIGINS", "https://app.example")]).await;
    let alice = User::new();
    let protocol = format!("plic.bearer.{}", alice.token);
    let offers = [
        (protocol.clone(), None),
        (format!("chat, {protocol}"), None),
        (format!("{protocol},chat"), None),
        (format!("plic.v2.json, {protocol}"), None),
        ("chat, other".to_owned(), Some(4001)),
        ("plic.bearer.".to_owned(), Some(4001)),
        ("plic.bearer.nonsense".to_owned(), Some(4002)),
    ];
    for (offered, code) in offers {
        let mut ws = chat.open("/", &[("sec-websocket-protocol", &offered)]).await;
        let echoed =
            ws.headers.get("sec-websocket-protocol").expect("one is echoed").to_str().expect("ASCII");
        assert!(offered.split(',').any(|one| one.trim() == echoed), "{echoed:?} of {offered:?}");
        match code {
            Some(code) => ws.disconnected(code).await,
            None => ws.nothing_came().await,
        }
    }
    let headers = [("sec-websocket-protocol", &*protocol), ("origin", "https://evil.example")];
    let mut ws = chat.open("/", &headers).await;
    assert_eq!(ws.headers.get("sec-websocket-protocol").expect("echoed"), &*protocol);
    ws.disconnected(4012).await;
    let ws = chat.connect(&alice).await;
    assert_eq!(ws.headers.get("sec-websocket-protocol"), None, "what was not offered is not answered");
}

#[tokio::test]
async fn every_required_claim_is_required() {
    let chat = Chat::serve().await;
    let good = User::new();
    taken(&chat, &good).await;
    for claim in ["sub", "aud", "exp", "role"] {
        let mut claims = claims(good.id);
        claims.as_object_mut().expect("claims").remove(claim);
        refused(&chat, &format!("without {claim}"), sign(&claims)).await;
    }
    for (claim, value) in [
        ("sub", json!("alice")),
        ("sub", json!("")),
        ("sub", json!(7)),
        ("aud", json!("anon")),
        ("aud", json!("")),
        ("aud", json!([])),
        ("role", json!("anon")),
        ("role", json!("service_role")),
        ("role", json!("supabase_admin")),
        ("role", json!("moderator")),
        ("exp", json!(now() - 60)),
        ("exp", json!(0)),
        ("exp", json!("tomorrow")),
        ("nbf", json!(now() + 60)),
    ] {
        let mut claims = claims(good.id);
        claims[claim] = value.clone();
        refused(&chat, &format!("{claim} is {value}"), sign(&claims)).await;
    }
    let mut past = claims(good.id);
    past["nbf"] = json!(now() - 60);
    taken(&chat, &User { id: good.id, token: sign(&past) }).await;
}

#[tokio::test]
async fn moments_of_a_token_may_have_a_fraction() {
    let chat = Chat::serve().await;
    let id = Uuid::new_v4();
    let soon = f64::from(i32::try_from(now()).expect("before 2038")) + 600.5;
    for (claim, value) in [
        ("exp", json!(soon)),
        ("exp", json!(soon.trunc())),
        ("exp", json!(4e9)),
        ("nbf", json!(soon - 1200.0)),
        ("iat", json!(soon - 1200.0)),
        ("iat", json!(0.5)),
    ] {
        println!("{claim} is {value}");
        let mut claims = claims(id);
        claims[claim] = value;
        taken(&chat, &User { id, token: sign(&claims) }).await;
    }
    for (claim, value) in [
        ("exp", json!(soon - 1200.0)),
        ("exp", json!(-1.5)),
        ("exp", json!(soon.to_string())),
        ("exp", json!([soon])),
        ("exp", json!(null)),
        ("nbf", json!(soon)),
        ("nbf", json!(soon.to_string())),
    ] {
        let mut claims = claims(id);
        claims[claim] = value.clone();
        refused(&chat, &format!("{claim} is {value}"), sign(&claims)).await;
    }
}

#[tokio::test]
async fn a_token_that_ends_within_a_second_ends_with_its_fraction_and_the_leeway() {
    let chat = Chat::serve().await;
    let alice = User::with(|claims| {
        let seconds = f64::from(i32::try_from(now()).expect("before 2038"));
        claims["exp"] = json!(seconds - 2.5);
    });
    let mut ws = chat.connect(&alice).await;
    ws.disconnected(4002).await;
}

#[tokio::test]
async fn a_token_whose_header_asks_for_an_extension_is_refused() {
    let (ec, chat) = (Key::es256("k1"), Chat::serve().await);
    let project = Project::with(&[&ec]).await;
    let of_project = project.serve("").await;
    let id = Uuid::new_v4();
    let secret = EncodingKey::from_secret(SECRET.as_bytes());
    for extensions in [
        json!({"crit": ["b64"], "b64": false}),
        json!({"crit": ["b64"], "b64": true}),
        json!({"crit": ["exp"]}),
        json!({"crit": ["https://example.org/policy"], "https://example.org/policy": 1}),
        json!({"crit": []}),
        json!({"crit": null}),
        json!({"crit": "b64"}),
        json!({"b64": false}),
        json!({"b64": "false"}),
    ] {
        let with = |header: Header| {
            let mut header = serde_json::to_value(header).expect("JSON");
            header
                .as_object_mut()
                .expect("an object")
                .extend(extensions.as_object().expect("an object").clone());
            header
        };
        let token = sign_raw(&with(Header::default()), &claims(id), &secret, Algorithm::HS256);
        refused(&chat, &format!("HS256 with {extensions}"), token).await;
        let token = sign_raw(&with(ec.header()), &project.claims(id), &ec.private, Algorithm::ES256);
        refused(&of_project, &format!("ES256 with {extensions}"), token).await;
    }
    // What is not critical is not understood and does not matter.
    for extensions in [json!({"b64": true}), json!({"of the future": {"crit": ["b64"]}})] {
        let mut header = serde_json::to_value(Header::default()).expect("JSON");
        header.as_object_mut().expect("an object").extend(extensions.as_object().expect("an object").clone());
        let token = sign_raw(&header, &claims(id), &secret, Algorithm::HS256);
        taken(&chat, &User { id, token }).await;
    }
}

#[tokio::test]
async fn a_token_whose_parts_are_arrays_is_refused() {
    let chat = Chat::serve().await;
    let secret = EncodingKey::from_secret(SECRET.as_bytes());
    let (id, far) = (Uuid::new_v4(), 4_000_000_000_u64);
    let sign = |header: &Value, claims: &Value| sign_raw(header, claims, &secret, Algorithm::HS256);
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let positional = json!([id, far, "authenticated", null]);
    refused(&chat, "claims in an array", sign(&header, &positional)).await;
    refused(&chat, "a header in an array", sign(&json!(["JWT", "HS256"]), &claims(id))).await;
}

/// Signs a header that the library would not write.
fn sign_raw(header: &Value, claims: &Value, key: &EncodingKey, algorithm: Algorithm) -> String {
    let signed = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), key, algorithm).expect("it signs");
    format!("{signed}.{signature}")
}

#[tokio::test]
async fn a_token_with_half_a_surrogate_pair_in_what_nobody_reads_is_taken() {
    let chat = Chat::serve().await;
    let mut claims = claims(Uuid::new_v4());
    claims["user_metadata"] = json!({"name": "NAME", "KEY": 1});
    let id = Uuid::parse_str(claims["sub"].as_str().expect("an id")).expect("a uuid");
    let payload = claims.to_string().replace("NAME", r"cut \ud83d").replace("KEY", r"\ude00");
    let signed = [r#"{"alg":"HS256"}"#, &payload].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).expect("it signs");
    taken(&chat, &User { id, token: format!("{signed}.{signature}") }).await;
}

#[tokio::test]
async fn the_issuers_that_the_operator_names_are_taken_in_place_of_the_projects() {
    let key = Key::es256("k1");
    let project = Project::with(&[&key]).await;
    let named = "https://auth.example.org/auth/v1, https://old.example.org/auth/v1";
    let chat = project.serve_with(&[("PLIC_TOKEN_ISSUER", named), ("SUPABASE_JWT_SECRET", SECRET)]).await;
    let id = Uuid::new_v4();
    for issuer in ["https://auth.example.org/auth/v1", "https://old.example.org/auth/v1"] {
        let mut claims = claims(id);
        claims["iss"] = json!(issuer);
        taken(&chat, &User { id, token: sign(&claims) }).await;
        let token = sign_with(&key.header(), &claims, &key.private);
        taken(&chat, &User { id, token }).await;
    }
    let long = format!("https://evil.example/\n\u{1b}[31m{}", "x".repeat(5000));
    for issuer in [
        project.claims(id)["iss"].clone(),
        json!("any"),
        json!(["https://auth.example.org/auth/v1"]),
        json!(long),
    ] {
        let mut claims = claims(id);
        claims["iss"] = issuer.clone();
        refused(&chat, &format!("iss {issuer:.60}"), sign(&claims)).await;
    }
    refused(&chat, "no iss", sign(&claims(id))).await;
}

#[tokio::test]
async fn a_refused_issuer_is_logged_in_short_and_escaped_and_not_again_and_again() {
    let named = "https://auth.example.org/auth/v1";
    let chat = Chat::with(&[("PLIC_TOKEN_ISSUER", named), ("RUST_LOG", "info")]).await;
    let id = Uuid::new_v4();
    let with = |issuer: &str| {
        let mut claims = claims(id);
        claims["iss"] = json!(issuer);
        User { id, token: sign(&claims) }
    };
    let issuer = format!("http://kong:8000/auth/v1\nFAKE LINE \u{1b}[31m{}", "x".repeat(5000));
    for _ in 0..20 {
        chat.get(&with(&issuer), "/rooms").await.fails_with(401);
    }
    // Of a stranger's token nothing is written, but that there was one.
    let key = EncodingKey::from_secret(b"a secret of somebody else, and as long as ours");
    let mut forged = claims(id);
    forged["iss"] = json!("forged");
    let token = sign_with(&Header::default(), &forged, &key);
    chat.get(&User { id, token }, "/rooms").await.fails_with(401);

    let log = chat.process.log();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("http://kong:8000/auth/v1")).collect();
    let [line] = lines[..] else { panic!("one line a minute: {log}") };
    assert!(line.contains(named) && line.contains("PLIC_TOKEN_ISSUER") && line.len() < 600, "{line}");
    assert!(!log.contains("forged") && !log.lines().any(|line| line.starts_with("FAKE")), "{log}");
    assert!(!log.contains('\u{1b}'), "{log}");
}

#[tokio::test]
async fn a_refused_token_is_logged_once_for_each_cause_and_nothing_of_it() {
    let chat = Chat::with(&[("PLIC_TOKEN_ISSUER", "any")]).await;
    let id = Uuid::new_v4();
    let mut tokens = Vec::new();
    for (claim, value) in [
        ("aud", None),
        ("role", None),
        ("sub", None),
        ("exp", None),
        ("aud", Some(json!("hunter2"))),
        ("role", Some(json!("hunter2"))),
        ("sub", Some(json!("hunter2"))),
        ("exp", Some(json!("hunter2"))),
        ("exp", Some(json!(now() - 60))),
    ] {
        let mut claims = claims(id);
        let fields = claims.as_object_mut().expect("claims");
        fields.remove(claim);
        fields.extend(value.map(|value| (claim.to_owned(), value)));
        tokens.push(sign(&claims));
    }
    let key = EncodingKey::from_secret(b"a secret of somebody else, and as long as ours");
    tokens.push(sign_with(&Header::default(), &claims(id), &key));
    tokens.push("hunter2".to_owned());
    for token in tokens.iter().chain(&tokens) {
        let user = User { id, token: token.clone() };
        chat.get(&user, "/rooms").await.fails_with(401);
    }
    let log = chat.process.log();
    for cause in [
        "the claim aud is missing",
        "the claim role is missing",
        "the claim sub is missing",
        "the claim exp is missing",
        "the claim aud is not \"authenticated\"",
        "the claim role is not \"authenticated\"",
        "the claim sub is not a uuid",
        "a claim is not of its type",
        "it has expired",
        "the signature is not that of the secret or the key",
        "it is no JSON Web Token",
    ] {
        let line = format!("refused a token: {cause}");
        assert_eq!(log.lines().filter(|shown| shown.contains(&line)).count(), 1, "{line}: {log}");
    }
    assert!(!log.contains("hunter2") && !log.contains("eyJ"), "{log}");
}

#[tokio::test]
async fn any_skips_the_check_of_the_issuer() {
    let key = Key::es256("k1");
    let project = Project::with(&[&key]).await;
    let chat = project.serve_with(&[("PLIC_TOKEN_ISSUER", "any"), ("SUPABASE_JWT_SECRET", SECRET)]).await;
    let id = Uuid::new_v4();
    for issuer in [json!(null), json!("https://elsewhere.example"), json!(["a"]), json!(7)] {
        let mut claims = claims(id);
        claims["iss"] = issuer.clone();
        if issuer.is_null() {
            claims.as_object_mut().expect("claims").remove("iss");
        }
        taken(&chat, &User { id, token: sign_with(&key.header(), &claims, &key.private) }).await;
        taken(&chat, &User { id, token: sign(&claims) }).await;
    }
}

#[tokio::test]
async fn the_shared_secret_serves_hs256_alone() {
    let chat = Chat::serve().await;
    let id = Uuid::new_v4();
    let secret = EncodingKey::from_secret(SECRET.as_bytes());
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let token = sign_with(&Header::new(algorithm), &claims(id), &secret);
        refused(&chat, &format!("{algorithm:?}"), token).await;
    }
    let other = EncodingKey::from_secret(b"another secret, as long as the first one is");
    refused(&chat, "another secret", sign_with(&Header::default(), &claims(id), &other)).await;
    refused(
        &chat,
        "an empty secret",
        sign_with(&Header::default(), &claims(id), &EncodingKey::from_secret(b"")),
    )
    .await;
    let key = Key::es256("k1");
    refused(&chat, "ES256", sign_with(&key.header(), &claims(id), &key.private)).await;

    let good = sign(&claims(id));
    let (signed, signature) = good.rsplit_once('.').expect("three parts");
    let payload = signed.split_once('.').expect("two parts").1;
    // {"alg":"none","typ":"JWT"}, with and without a signature.
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    refused(&chat, "none", format!("{none}.{payload}.")).await;
    refused(&chat, "none with a signature", format!("{none}.{payload}.{signature}")).await;
    refused(&chat, "no signature", format!("{signed}.")).await;
    refused(&chat, "two parts", signed.to_owned()).await;
    refused(&chat, "four parts", format!("{good}.{signature}")).await;
    let forged = sign(&claims(Uuid::new_v4()));
    let forged = forged.rsplit_once('.').expect("three parts").0;
    refused(&chat, "another's signature", format!("{forged}.{signature}")).await;
}

#[tokio::test]
async fn keys_of_each_kind_are_taken_by_their_kid() {
    let keys = [Key::es256("ec"), Key::rs256("rsa"), Key::eddsa("ed")];
    let project = Project::with(&keys.each_ref()).await;
    let chat = project.serve("").await;
    for key in &keys {
        taken(&chat, &key.user(&project)).await;
    }
}

#[tokio::test]
async fn a_key_serves_its_own_algorithm_and_its_own_kid_alone() {
    let (ec, rsa, ed) = (Key::es256("ec"), Key::rs256("rsa"), Key::eddsa("ed"));
    let project = Project::with(&[&ec, &rsa, &ed]).await;
    let chat = project.serve("").await;
    let claims = project.claims(Uuid::new_v4());
    let kid = |kid: &str, algorithm| Header { kid: Some(kid.to_owned()), ..Header::new(algorithm) };

    // The public halves are public: nothing signed with them is a signature.
    for (name, key) in [("rsa", &rsa), ("ec", &ec), ("ed", &ed)] {
        let public = key.jwk();
        for field in ["n", "x"] {
            let Some(text) = public[field].as_str() else { continue };
            for secret in [
                EncodingKey::from_secret(text.as_bytes()),
                EncodingKey::from_secret(&URL_SAFE_NO_PAD.decode(text).expect("base 64")),
            ] {
                let token = sign_with(&kid(name, Algorithm::HS256), &claims, &secret);
                refused(&chat, &format!("HS256 with the public {name}"), token).await;
            }
        }
    }
    refused(&chat, "the kid of another key", sign_with(&kid("ec", Algorithm::RS256), &claims, &rsa.private))
        .await;
    refused(&chat, "RS512 of an RS256 key", sign_with(&kid("rsa", Algorithm::RS512), &claims, &rsa.private))
        .await;
    refused(&chat, "PS256 of an RS256 key", sign_with(&kid("rsa", Algorithm::PS256), &claims, &rsa.private))
        .await;
    refused(&chat, "no kid", sign_with(&Header::new(Algorithm::ES256), &claims, &ec.private)).await;
    let stranger = Key::es256("ec");
    refused(&chat, "a stranger's key", sign_with(&stranger.header(), &claims, &stranger.private)).await;
    let embedded = Header {
        jwk: Some(Jwk::from_encoding_key(&stranger.private, Algorithm::ES256).expect("a key")),
        ..stranger.header()
    };
    refused(&chat, "a key that the token brings along", sign_with(&embedded, &claims, &stranger.private))
        .await;
    refused(&chat, "the shared secret where none is set", sign(&claims)).await;
    refused(
        &chat,
        "an empty shared secret",
        sign_with(&Header::default(), &claims, &EncodingKey::from_secret(b"")),
    )
    .await;
}

#[tokio::test]
async fn where_the_projects_url_is_set_the_issuer_must_be_it() {
    let key = Key::es256("k1");
    let project = Project::with(&[&key]).await;
    let chat = project.serve(SECRET).await;
    let id = Uuid::new_v4();
    taken(&chat, &key.user(&project)).await;
    taken(&chat, &User { id, token: sign(&project.claims(id)) }).await;
    let issuers = [
        json!(null),
        json!("https://evil.example/auth/v1"),
        json!(project.url()),
        json!(format!("{}/auth/v1/", project.url())),
    ];
    for issuer in issuers {
        let mut claims = project.claims(id);
        claims["iss"] = issuer.clone();
        if issuer.is_null() {
            claims.as_object_mut().expect("claims").remove("iss");
        }
        refused(&chat, &format!("ES256 with iss {issuer}"), sign_with(&key.header(), &claims, &key.private))
            .await;
        refused(&chat, &format!("HS256 with iss {issuer}"), sign(&claims)).await;
    }
}

#[tokio::test]
async fn an_unknown_kid_is_fetched_once_for_all_who_wait_and_not_again_and_again() {
    let (old, new, never) = (Key::es256("old"), Key::es256("new"), Key::es256("never"));
    let project = Project::with(&[&old]).await;
    let chat = project.serve("").await;
    taken(&chat, &old.user(&project)).await;
    let before = project.fetches();

    project.publish(&[&old, &new]);
    let users: Vec<_> = (0..20).map(|_| new.user(&project)).collect();
    // A fetch was made a moment ago, and there is one in 30 s at most: until then the new key may be unknown.
    for _ in 0..120 {
        let answers = join_all(users.iter().map(|user| chat.get(user, "/rooms"))).await;
        assert!(answers.iter().all(|answer| [200, 401].contains(&answer.status)), "{answers:?}");
        if answers.iter().all(|answer| answer.status == 200) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    taken(&chat, &new.user(&project)).await;
    assert_eq!(project.fetches(), before + 1, "one fetch for all of them");
    taken(&chat, &old.user(&project)).await;

    for _ in 0..20 {
        let answer = chat.get(&never.user(&project), "/rooms").await;
        assert_eq!(answer.status, 401, "{answer:?}");
    }
    assert!(project.fetches() <= before + 2, "unknown kids do not buy fetches: {}", project.fetches());
}

#[tokio::test]
async fn an_outage_of_the_project_keeps_the_last_good_keys() {
    let (known, unknown) = (Key::es256("known"), Key::es256("unknown"));
    let project = Project::with(&[&known]).await;
    let chat = project.serve("").await;
    taken(&chat, &known.user(&project)).await;
    project.away.store(true, Ordering::SeqCst);
    let answer = chat.get(&unknown.user(&project), "/rooms").await;
    assert!([401, 503].contains(&answer.status), "{answer:?}");
    answer.is_envelope_of_failure();
    taken(&chat, &known.user(&project)).await;
}

#[tokio::test]
async fn a_project_that_is_away_at_the_start_does_not_keep_the_server_from_starting() {
    let key = Key::es256("k1");
    let project = Project::with(&[&key]).await;
    project.away.store(true, Ordering::SeqCst);
    let chat = project.serve(SECRET).await;
    let answer = chat.get(&key.user(&project), "/rooms").await;
    assert!([401, 503].contains(&answer.status), "{answer:?}");
    answer.is_envelope_of_failure();
    let id = Uuid::new_v4();
    taken(&chat, &User { id, token: sign(&project.claims(id)) }).await;
}

#[tokio::test]
async fn moderators_and_admins_are_those_whom_app_metadata_names() {
    let chat = Chat::serve().await;
    let alice = User::new();
    let room = chat.room(&alice, &[]).await;
    let path = format!("/rooms/{room}");
    for role in ["moderator", "admin"] {
        let user = User::with(|claims| claims["app_metadata"]["role"] = json!(role));
        assert_eq!(chat.get(&user, &path).await.status, 200, "{role}");
    }
    for role in [json!("user"), json!("Moderator"), json!(["moderator"]), json!(true), json!(null)] {
        let user = User::with(|claims| claims["app_metadata"]["role"] = role.clone());
        chat.get(&user, &path).await.fails_with(404);
    }
    for change in [
        |claims: &mut Value| claims["user_metadata"] = json!({ "role": "moderator" }),
        |claims: &mut Value| claims["user_metadata"] = json!({ "app_metadata": { "role": "admin" } }),
        |claims: &mut Value| _ = claims.as_object_mut().expect("claims").remove("app_metadata"),
    ] {
        chat.get(&User::with(change), &path).await.fails_with(404);
    }
}
