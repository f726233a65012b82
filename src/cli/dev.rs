//! `plic-chat dev`: a server to try out on this machine, with users, tokens and a room ready to use.

use std::{
    fs, io,
    io::Write,
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use plic_pipeline::{
    id::{RoomId, UserId},
    store::Store,
    token::Role,
};
use tokio::sync::watch;
use uuid::{Uuid, uuid};

use super::{misspelt, serve::Signals};
use crate::{
    config::Settings,
    pages::{BrowserCodes, Demo, DemoUser},
    server, token,
};

const ALICE: UserId = UserId(uuid!("a11ce000-0000-4000-8000-000000000001"));
const BOB: UserId = UserId(uuid!("b0b00000-0000-4000-8000-000000000002"));
const USERS: [DemoUser; 4] = [
    DemoUser { name: "alice", id: ALICE, role: Role::User },
    DemoUser { name: "bob", id: BOB, role: Role::User },
    DemoUser {
        name: "moderator",
        id: UserId(uuid!("0de7a700-0000-4000-8000-000000000003")),
        role: Role::Moderator,
    },
    DemoUser { name: "admin", id: UserId(uuid!("ad000000-0000-4000-8000-000000000004")), role: Role::Admin },
];
const TTL: Duration = Duration::from_hours(24 * 7);

/// Serves on loopback; prints links and tokens.
pub async fn run(mut settings: Settings) -> anyhow::Result<()> {
    misspelt::warn();
    settings.require_loopback()?;
    settings.check()?;
    let database = settings.database.database.file("`dev`")?.clone();
    let foreign = settings.supabase_jwt_secret.clone();
    let secret = match foreign.clone() {
        Some(secret) => {
            tracing::warn!("the tokens below are signed with the SUPABASE_JWT_SECRET of the environment");
            secret
        }
        None => secret_beside(&database).context("could not keep a secret beside the database")?,
    };
    settings.supabase_jwt_secret = Some(secret.clone());
    let issuer = settings.issuers()?.first().map(str::to_owned);
    let patience = Duration::from_secs(settings.shutdown_seconds);
    let signals = Signals::listen()?;
    // Another server may take what a secret of the environment signs: no page gets that.
    let (demo, mut codes) = (foreign.is_none())
        .then(|| {
            let (secret, issuer, codes) = (secret.clone(), issuer.clone(), Arc::<BrowserCodes>::default());
            let shown = codes.codes();
            (Demo { secret, issuer, users: &USERS, codes }, shown)
        })
        .unzip();
    let server = server::start(settings, demo).await?;
    let room = demo_room(&**server.store()).await.context("could not make the demo room")?;

    let address = server.address();
    // Behind the `#`, for a browser sends that part to nobody: the page takes it out and sends it in a body.
    let code = codes.as_mut().map(|codes| format!("#code={}", codes.borrow_and_update().as_str()));
    let code = code.unwrap_or_default();
    let signs_in = if codes.is_some() { "?as=moderator" } else { "" };
    println!("listening on http://{address}\n");
    println!("Tokens for 7 days:\n");
    for DemoUser { name, id, role } in &USERS {
        let token = token::mint(&secret, id.0, *role, TTL, issuer.as_deref()).context("could not sign")?;
        println!("{name} ({id})\n  {token}\n");
    }
    // `cargo run` sets it; who was started otherwise has the program itself.
    let program = if std::env::var_os("CARGO").is_some() { "cargo run -q --" } else { "plic-chat" };
    println!("Another token: {program} token --sub UUID");
    println!("Chat room: {room} (alice and bob are in it), over ws://{address}/?token=TOKEN\n");
    println!("  console     http://{address}/console{signs_in}{code}");
    println!("  playground  http://{address}/playground{code}");
    println!("  Swagger UI  http://{address}/docs");
    println!("  spec        http://{address}/openapi.json\n");
    if codes.is_some() {
        println!(
            "A link with a code lets one browser in. When the code is used, the link for another one is shown here."
        );
    }
    println!("Stop with Ctrl-C.\n");
    println!("  start here  http://{address}/{code}");
    if let Some(codes) = codes {
        tokio::spawn(show_codes(codes, address));
    }
    io::stdout().flush().context("could not write to standard output")?;
    signals.serve(server, patience).await
}

/// Prints a link for another browser whenever a code was used.
async fn show_codes(mut codes: watch::Receiver<String>, address: SocketAddr) {
    while codes.changed().await.is_ok() {
        let code = codes.borrow_and_update().clone();
        let mut stdout = io::stdout();
        let shown = writeln!(stdout, "\nfor another browser: http://{address}/#code={code}");
        if let Err(error) = shown.and_then(|()| stdout.flush()) {
            tracing::warn!(%error, "could not show the link for another browser");
        }
    }
}

/// The secret that `dev` has made beside this database.
pub(super) fn kept_secret(database: &Path) -> io::Result<String> {
    let secret = fs::read_to_string(secret_path(database))?.trim().to_owned();
    if secret.is_empty() {
        Err(io::Error::new(io::ErrorKind::InvalidData, "the secret is empty"))
    } else {
        Ok(secret)
    }
}

fn secret_path(database: &Path) -> PathBuf {
    database.with_file_name("dev-secret")
}

/// The secret beside the database, made on the first run.
fn secret_beside(database: &Path) -> io::Result<String> {
    match kept_secret(database) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        kept => return kept,
    }
    let path = secret_path(database);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    // Whole or not at all: half a secret would be one that can be guessed.
    let unfinished = path.with_extension("new");
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    writeln!(file, "{secret}")?;
    file.sync_all()?;
    fs::rename(unfinished, path)?;
    Ok(secret)
}

/// The room that alice and bob share, made on the first run.
async fn demo_room(store: &dyn Store) -> anyhow::Result<RoomId> {
    let first =
        store.rooms_of(ALICE, None, 100).await?.items.into_iter().map(|summary| summary.room.id).min();
    match first {
        Some(room) => Ok(room),
        None => Ok(store.create_room(ALICE, &[BOB], None).await?),
    }
}
