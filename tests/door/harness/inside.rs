//! The server in this process, for the mechanisms that have no route yet: the one place of these tests that knows a
//! name of the server's own.

use std::{net::SocketAddr, time::Duration};

use plic_chat::{
    cli::{self, Command},
    server::{self, Server},
};
use plic_pipeline::{filter::RuleSet, id::UserId, store::Ban, timestamp::Timestamp};
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

use super::settings_in;

/// A running server of this process; it ends with the test's runtime.
pub(crate) struct Inside {
    pub(crate) address: SocketAddr,
    server: Server,
    _folder: TempDir,
}

/// What a rule does with a text that it matches.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Action {
    /// Unconfirmed, and the connection is closed with 4011.
    Block,
    /// Unconfirmed, and the connection stays.
    Reject,
}

impl Inside {
    /// Starts a server on a database of its own, without limits.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // The flags are the variables' names without the prefix; those of other services keep theirs.
        let flags = settings_in(folder.path()).into_iter().flat_map(|(name, value)| {
            let flag = name.strip_prefix("PLIC_").unwrap_or(&name).to_lowercase().replace('_', "-");
            [format!("--{flag}"), value]
        });
        let arguments = ["plic-chat", "serve"].map(str::to_owned).into_iter().chain(flags);
        let Ok(Command::Serve(settings)) = cli::parse(arguments.map(Into::into)) else {
            panic!("the settings of the tests are good");
        };
        let server = server::start(settings).await.expect("the server starts");
        Self { address: server.address(), server, _folder: folder }
    }

    /// Bans a user, for good.
    pub(crate) async fn ban(&self, user: Uuid) {
        self.ban_until(user, None).await;
    }

    /// Bans a user for a time.
    pub(crate) async fn ban_for(&self, user: Uuid, time: Duration) {
        self.ban_until(user, Some(Timestamp::now().after(time))).await;
    }

    async fn ban_until(&self, user: Uuid, expires_at: Option<Timestamp>) {
        let ban = Ban { user: UserId(user), reason: "tests".to_owned(), expires_at };
        self.server.enforcement().ban(ban).await.expect("the user is banned");
    }

    /// Lifts a user's ban.
    pub(crate) async fn lift_ban(&self, user: Uuid) {
        assert!(self.server.store().lift_ban(UserId(user)).await.expect("the ban is lifted"));
    }

    /// Disconnects a user as an administrator does.
    pub(crate) async fn disconnect(&self, user: Uuid) {
        self.server.enforcement().disconnect(UserId(user)).await;
    }

    /// Puts one rule in force, in place of all others: a text with this word meets the action.
    pub(crate) fn rule(&self, word: &str, action: Action) {
        let action = match action {
            Action::Block => "block",
            Action::Reject => "reject",
        };
        let rules = json!([{
            "id": 1, "version": 1, "name": "a word of the tests", "kind": "terms", "category": "other",
            "action": action, "state": "live", "terms": [word], "match": "word",
        }]);
        let rules = RuleSet::from_json(rules.to_string().as_bytes()).expect("the rule compiles");
        self.server.rules().swap(rules);
    }
}
