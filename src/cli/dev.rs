//! `plic-chat dev`: a server to try out on this machine, with users, tokens and a room ready to use.

use std::{
    fs, io,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use plic_pipeline::{
    id::{RoomId, UserId},
    store::Store,
    token::Role,
};
use uuid::{Uuid, uuid};

use super::serve::Signals;
use crate::{config::Settings, server, token};

const ALICE: Uuid = uuid!("a11ce000-0000-4000-8000-000000000001");
const BOB: Uuid = uuid!("b0b00000-0000-4000-8000-000000000002");
const MODERATOR: Uuid = uuid!("0de7a700-0000-4000-8000-000000000003");
const ADMIN: Uuid = uuid!("ad000000-0000-4000-8000-000000000004");
const TTL: Duration = Duration::from_hours(24 * 7);

/// Serves on loopback; prints links and tokens.
pub async fn run(mut settings: Settings) -> anyhow::Result<()> {
    settings.require_loopback()?;
    settings.check()?;
    let database = settings.database.database.file("`dev`")?.clone();
    let secret = match settings.supabase_jwt_secret.clone() {
        Some(secret) => {
            tracing::warn!("the tokens below are signed with the SUPABASE_JWT_SECRET of the environment");
            secret
        }
        None => secret_beside(&database).context("could not keep a secret beside the database")?,
    };
    settings.supabase_jwt_secret = Some(secret.clone());
    let issuer = settings.supabase_url.clone();
    let patience = Duration::from_secs(settings.shutdown_seconds);
    let signals = Signals::listen()?;
    let server = server::start(settings).await?;
    let room = demo_room(&**server.store()).await.context("could not make the demo room")?;

    let address = server.address();
    println!("listening on http://{address}\n");
    println!("  Swagger UI  http://{address}/docs");
    println!("  spec        http://{address}/openapi.json");
    println!("  chat room   {room} (alice and bob are in it)\n");
    for (name, user, role) in [
        ("alice", ALICE, Role::User),
        ("bob", BOB, Role::User),
        ("moderator", MODERATOR, Role::Moderator),
        ("admin", ADMIN, Role::Admin),
    ] {
        let token = token::mint(&secret, user, role, TTL, issuer.as_ref()).context("could not sign")?;
        println!("{name} ({user})");
        println!("  token  {token}");
        println!("  link   ws://{address}/?token={token}\n");
    }
    println!("Tokens hold for 7 days; `plic-chat token --sub UUID` makes more. Stop with Ctrl-C.");
    io::stdout().flush().context("could not write to standard output")?;
    signals.serve(server, patience).await
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
    let alice = UserId(ALICE);
    let first =
        store.rooms_of(alice, None, 100).await?.items.into_iter().map(|summary| summary.room.id).min();
    match first {
        Some(room) => Ok(room),
        None => Ok(store.create_room(alice, &[UserId(BOB)], None).await?),
    }
}
