//! Puts a server together: the only place that names concrete types.

mod engine;
mod moderation;

use std::{io, net::SocketAddr, num::NonZeroU32, path::PathBuf, sync::Arc, time::Duration};

use plic_filter::RuleError;
use plic_openapi::{RestLimit, Verifier, WorkLimit};
use plic_pipeline::{
    self as pipeline,
    log_line::classify_errors_by,
    moderation::{Desk, DeskError, notice::Notices},
    rejection::CloseCode,
    stage::rate_limit::RateLimit,
    store::{Store, StoreError},
    token::Tokens,
};
use rlimit::Resource;
use tokio::{
    net::TcpListener,
    task::JoinSet,
    time::{Instant, interval, sleep, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::moderation::first_rules;
use self::{engine::Engine, moderation::Moderation};
use crate::{
    bus::nats::NatsError,
    config::{ConfigError, Database, Settings},
    http_door::{self, ConnectionLimits, Connections, HttpDoor},
    hub::Hub,
    metrics::Metrics,
    pages::{Demo, Pages, SignIn},
    routes,
    socket::{Door, DoorParts, DoorSettings},
    store::{OpenError, error_class, postgres},
    token::SupabaseTokens,
};

/// How often tables of limits are swept.
const SWEEP: Duration = Duration::from_mins(1);
/// At a shutdown, connections are closed this far apart, so that clients do not come back all at once.
const CLOSE_SPACING: Duration = Duration::from_millis(1);
/// Tokens to verify that an address may send at once, for each that it may send a second: a thousand users behind one
/// address whose sessions have run out may come together after a restart.
const ADDRESS_BURST: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
/// The limit of open files where the system does not say it: the usual one.
const ASSUMED_FILES: u64 = 1024;
/// What remains of the shutdown's time for the database.
const STORE_PATIENCE: Duration = Duration::from_secs(1);

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or not ours.
    #[error("could not listen on {address} (PLIC_LISTEN)")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The settings do not fit together.
    #[error(transparent)]
    Settings(#[from] ConfigError),
    /// The database does not open.
    #[error("the database does not open (DATABASE_URL)")]
    Open(#[from] OpenError),
    /// The database that nodes share does not open.
    #[error("the database does not open (DATABASE_URL)")]
    OpenShared(#[from] postgres::OpenError),
    /// The database that nodes share does not answer.
    #[error("the database does not answer (DATABASE_URL)")]
    Database(#[from] StoreError),
    /// NATS cannot be used as it is set up.
    #[error("NATS cannot be used (NATS_URL)")]
    Nats(#[from] NatsError),
    /// The rules of the database, or of the file that a new one begins with, are not put in force.
    #[error("the rules are not put in force")]
    Rules(#[from] DeskError),
    /// The file of rules cannot be read.
    #[error("could not read the rules file {path}")]
    RulesFile {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file of rules is no list of rules.
    #[error("the rules of the rules file cannot be used")]
    RulesInFile(#[from] RuleError),
    /// No HTTP client can be made.
    #[error("nobody can be asked for a second opinion (PLIC_SECOND_OPINION_URL)")]
    SecondOpinion(#[from] reqwest::Error),
    /// No HTTP client can be made.
    #[error("the head of the audit log cannot be sent (PLIC_AUDIT_WEBHOOK)")]
    AuditWebhook(#[source] reqwest::Error),
}

/// A server that runs.
pub struct Server {
    address: SocketAddr,
    door: Arc<Door>,
    hub: Arc<Hub>,
    engine: Engine,
    store: Arc<dyn Store>,
    desk: Desk,
    stopping: CancellationToken,
    sockets: TaskTracker,
    requests: TaskTracker,
    background: JoinSet<()>,
}

/// Starts a server; it accepts connections when this returns. Its pages hand out tokens of the `demo` users.
pub async fn start(settings: Settings, demo: Option<Demo>) -> Result<Server, StartError> {
    classify_errors_by(error_class);
    let files = raise_file_limit();
    let database = settings.database.database.to_string();
    settings.check()?;
    let metrics = Metrics::new();
    let notices = Notices::default();
    let connections_per_user = settings.connections_per_user.get() as usize;
    let hub = Arc::new(Hub::new(connections_here(&settings), notices.clone(), metrics.hub.clone()));
    let mut engine = Engine::open(&settings, &hub, &metrics).await?;
    let store = Arc::clone(&engine.store);
    let Moderation { rules, watch, staff, desk, encoder } =
        Moderation::start(&settings, &engine, &hub, notices, &metrics).await?;
    let mut background = JoinSet::new();
    let attendance = engine.join_cluster(&hub, &desk, connections_per_user, &mut background);
    engine.warm_up().await;
    let (listener, address) = listen(settings.listen)?;

    let tokens = Arc::new(SupabaseTokens::new(
        settings.supabase_jwt_secret.as_deref(),
        settings.supabase_url.as_ref(),
        settings.issuers()?,
        settings.role_claim.clone(),
    ));
    let verifier = verifier(&settings, Arc::clone(&tokens) as Arc<dyn Tokens>);
    let rate_limit = RateLimit::new(settings.rate_limit_per_second, settings.rate_limit_burst);
    let pipeline = pipeline::pipeline(pipeline::Parts {
        store: Arc::clone(&store),
        rules: Arc::clone(&rules),
        memory: engine.memory(connections_per_user, &metrics),
        watch,
        encoder,
        second_opinion: moderation::second_opinion(&settings)?,
        rate_limit: rate_limit.clone(),
        max_message_chars: settings.max_message_chars,
        metrics: metrics.pipeline.clone(),
    });
    let door = Arc::new(Door::new(
        door_settings(&settings),
        DoorParts {
            pipeline,
            tokens: verifier.clone(),
            store: Arc::clone(&store),
            staff,
            hub: Arc::clone(&hub),
            attendance,
            first_connection: engine.first_connection(),
            metrics: metrics.connections.clone(),
        },
    ));

    let (sockets, requests) = (TaskTracker::new(), TaskTracker::new());
    let stopping = CancellationToken::new();
    let rest_limit = RestLimit::new(settings.rest_limit_per_second);
    let connection_limits = connection_limits(&settings, files);
    let work_limit = WorkLimit::new(settings.rest_limit_per_second);
    let supabase = settings.supabase_url.clone().zip(settings.supabase_anon_key.clone());
    let own = routes::routes(&routes::Parts {
        door: Arc::clone(&door),
        sockets: sockets.clone(),
        store: Arc::clone(&store),
        nats: engine.nats.clone(),
        metrics: metrics.clone(),
        pages: Pages::new(SignIn { supabase, demo }),
    });
    let endpoint = plic_openapi::mount(
        plic_openapi::Parts {
            store: Arc::clone(&store),
            desk: desk.clone(),
            stopping: stopping.clone(),
            tokens: verifier,
            allowed_origins: settings.allowed_origins,
            limit: rest_limit.clone(),
            work: work_limit.clone(),
            metrics: metrics.rest.clone(),
        },
        own,
    );
    let http_door = Arc::new(HttpDoor {
        endpoint,
        trusted_proxies: settings.trusted_proxies.unwrap_or_default(),
        stopping: stopping.clone(),
        tasks: requests.clone(),
        connections: Connections::new(connection_limits, metrics.listener.clone()),
        turns: HttpDoor::turns(),
    });
    background.spawn(http_door.accept(listener));
    background.spawn(Arc::clone(&door).keep_time());
    background.spawn(async move { tokens.keep_keys_fresh().await });
    background.spawn(sweep(rate_limit, rest_limit, work_limit));
    background.spawn(moderation::export_audit(settings.audit_webhook, &engine)?);
    background.spawn(moderation::keep_hits(desk.clone()));
    background.spawn(moderation::watch_drift(desk.clone(), metrics.drift.clone()));
    background.spawn(moderation::keep_house(desk.clone()));
    let connections = connection_limits.in_all;
    tracing::info!(%address, database, rules = rules.load().rules().len(), connections, "serving");
    Ok(Server { address, door, hub, engine, store, desk, stopping, sockets, requests, background })
}

fn door_settings(settings: &Settings) -> DoorSettings {
    DoorSettings {
        frames_per_second: settings.frames_per_second.get(),
        afk: settings.afk(),
        ping: Duration::from_secs(settings.ping_seconds),
        allowed_origins: settings.allowed_origins.clone(),
        site_name: settings.site_name().to_owned(),
    }
}

/// Listens at `address`; returns the address that was taken, which differs where the port is 0.
fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener = http_door::listen(address).map_err(failed)?;
    let taken = listener.local_addr().map_err(failed)?;
    Ok((listener, taken))
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it keeps.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Waits until a task that must run for as long as the server has ended: nothing can be relied on then.
    pub async fn broken(&mut self) {
        if let Some(Err(error)) = self.background.join_next().await {
            tracing::error!(%error, "a background task failed");
        }
    }

    /// Stops: nothing more is read, what was read is answered, everybody is told 4007, spread out over at most half of
    /// `patience`; whoever is not gone when it is over is cut.
    pub async fn shutdown(self, patience: Duration) {
        let deadline = Instant::now() + patience;
        tracing::info!("shutting down");
        self.door.stop_reading();
        let connected = self.hub.connected();
        let started = Instant::now();
        let mut due = Duration::ZERO;
        let spacing =
            CLOSE_SPACING.min(patience / 2 / u32::try_from(connected.len().max(1)).unwrap_or(u32::MAX));
        for sock in &connected {
            sock.end(CloseCode::ServerShutdown);
            due += spacing;
            // Timers are as fine as a millisecond: several are told at once where they are many.
            if let Some(ahead) = due.checked_sub(started.elapsed()).filter(|ahead| *ahead > 5 * CLOSE_SPACING)
            {
                sleep(ahead).await;
            }
        }
        // Requests are answered until the last socket is gone, so that whoever balances the load learns of it.
        let cut_at = deadline.checked_sub(STORE_PATIENCE.min(patience / 4)).unwrap_or(deadline);
        self.sockets.close();
        if timeout_at(cut_at, self.sockets.wait()).await.is_err() {
            tracing::warn!(left = self.sockets.len(), "connections were cut: they did not end in time");
        }
        self.stopping.cancel();
        self.requests.close();
        if timeout_at(cut_at, self.requests.wait()).await.is_err() {
            tracing::warn!(left = self.requests.len(), "requests were cut: they did not end in time");
        }
        if let Ok(Err(error)) = timeout_at(deadline, self.desk.write_down_hits()).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the last hits of rules are lost");
        }
        if timeout_at(deadline, self.engine.close()).await.is_err() {
            tracing::warn!("the database was not closed in time; nothing confirmed is lost");
        }
    }
}

/// How many of a user's connections the hub allows: with nodes, it is the database that ends those that are too many.
fn connections_here(settings: &Settings) -> usize {
    match settings.database.database {
        Database::Sqlite(_) => settings.connections_per_user.get() as usize,
        Database::Postgres(_) => usize::MAX,
    }
}

/// Forgets users who are within their limits, again and again.
async fn sweep(rate_limit: RateLimit, rest_limit: RestLimit, work_limit: WorkLimit) {
    let mut ticks = interval(SWEEP);
    loop {
        ticks.tick().await;
        rate_limit.forget_idle();
        rest_limit.forget_idle();
        work_limit.forget_idle();
    }
}

fn verifier(settings: &Settings, tokens: Arc<dyn Tokens>) -> Verifier {
    let per_second = settings.address_limit_per_second;
    Verifier::new(tokens, per_second, per_second.saturating_mul(ADDRESS_BURST))
}

fn connection_limits(settings: &Settings, files: u64) -> ConnectionLimits {
    let per_address = settings.connections_per_address.map(|number| number.get() as usize);
    ConnectionLimits::new(files, settings.database.database_files(), per_address)
}

/// Raises the limit of open files as far as the system lets this process, for a connection is one; returns the limit.
fn raise_file_limit() -> u64 {
    let raised = rlimit::increase_nofile_limit(u64::MAX);
    raised
        .or_else(|error| {
            tracing::warn!(%error, "could not raise the limit of open files");
            Resource::NOFILE.get_soft()
        })
        .unwrap_or_else(|error| {
            tracing::warn!(%error, "could not ask for the limit of open files");
            ASSUMED_FILES
        })
}
