//! `plic-chat token`: an access token for tests.

use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use plic_pipeline::token::Role;
use url::Url;
use uuid::Uuid;

use super::dev;
use crate::{
    config::{DEFAULT_DATABASE_URL, Database, issuer},
    token::{self, Issuers},
};

/// Whose token, and for how long.
#[derive(Debug, Args)]
pub struct Request {
    /// The user's id, a uuid
    #[arg(long, value_parser = user)]
    sub: Uuid,

    /// What the user may do
    #[arg(long, value_enum, default_value_t = RoleName::User)]
    role: RoleName,

    /// Seconds for which the token holds
    #[arg(long, default_value_t = 3600)]
    ttl: u64,

    /// The secret to sign with; the one that `dev` made where it is not set
    #[arg(long, env = "SUPABASE_JWT_SECRET", hide_env_values = true)]
    supabase_jwt_secret: Option<String>,

    /// The Supabase project that the token is to name as its issuer
    #[arg(long, env = "SUPABASE_URL")]
    supabase_url: Option<Url>,

    /// The issuer that the token is to name, in place of the project's; of several the first, and none for `any`
    #[arg(long, env = "PLIC_TOKEN_ISSUER", value_delimiter = ',', value_parser = issuer)]
    token_issuer: Option<Vec<String>>,

    /// The database beside which `dev` keeps its secret
    #[arg(long, env = "DATABASE_URL", default_value = DEFAULT_DATABASE_URL, hide_env_values = true)]
    database_url: Database,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleName {
    User,
    Moderator,
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::User => Self::User,
            RoleName::Moderator => Self::Moderator,
            RoleName::Admin => Self::Admin,
        }
    }
}

fn user(text: &str) -> Result<Uuid, &'static str> {
    Uuid::parse_str(text).map_err(|_| "not a uuid")
}

/// Prints the token.
pub fn run(request: &Request) -> anyhow::Result<()> {
    let secret = if let Some(secret) = &request.supabase_jwt_secret {
        secret.clone()
    } else {
        let Database::Sqlite(database) = &request.database_url else {
            bail!("SUPABASE_JWT_SECRET is not set");
        };
        dev::kept_secret(database).with_context(|| {
            let database = database.display();
            format!(
                "SUPABASE_JWT_SECRET is not set, and `plic-chat dev` has made no secret beside {database}"
            )
        })?
    };
    let ttl = Duration::from_secs(request.ttl);
    let issuers = Issuers::new(request.token_issuer.as_deref(), request.supabase_url.as_ref())
        .context("PLIC_TOKEN_ISSUER")?;
    let token = token::mint(&secret, request.sub, request.role.into(), ttl, issuers.first())
        .context("could not sign")?;
    println!("{token}");
    Ok(())
}
