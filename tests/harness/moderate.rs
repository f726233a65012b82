//! What moderators do, through the routes: for tests that are about what follows from it.

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Answer, Chat, Door, User};

/// Who moderates every chat of the tests.
static MODERATOR: LazyLock<User> = LazyLock::new(User::moderator);
static ADMIN: LazyLock<User> = LazyLock::new(User::admin);

impl Chat {
    /// A request of a moderator.
    pub(crate) async fn moderate(&self, method: &str, path: &str, body: Value) -> Answer {
        self.rest(&MODERATOR, method, path, body).await
    }

    /// A request of an admin.
    pub(crate) async fn administer(&self, method: &str, path: &str, body: Value) -> Answer {
        self.rest(&ADMIN, method, path, body).await
    }

    /// What a moderator's request answers, which must succeed.
    pub(crate) async fn moderated(&self, method: &str, path: &str, body: Value) -> Value {
        let answer = self.moderate(method, path, body).await;
        assert_eq!(answer.status, 200, "{method} {path}: {answer:?}");
        answer.data()
    }

    /// Bans a user, for good.
    pub(crate) async fn ban(&self, user: Uuid) {
        self.ban_until(user, Value::Null).await;
    }

    /// Bans a user for a time.
    pub(crate) async fn ban_for(&self, user: Uuid, time: Duration) {
        let end = plic_pipeline::timestamp::Timestamp::from(SystemTime::now() + time);
        self.ban_until(user, json!(end.to_string())).await;
    }

    async fn ban_until(&self, user: Uuid, expires_at: Value) {
        let ban = json!({ "user_id": user, "reason": "tests", "expires_at": expires_at });
        self.moderated("POST", "/moderation/bans", ban).await;
    }

    /// Lifts a user's ban.
    pub(crate) async fn lift_ban(&self, user: Uuid) {
        self.moderated("DELETE", &format!("/moderation/bans/{user}"), Value::Null).await;
    }

    /// Disconnects a user.
    pub(crate) async fn disconnect(&self, user: Uuid) {
        let path = format!("/moderation/users/{user}/disconnect");
        self.moderated("POST", &path, json!({ "reason": "tests" })).await;
    }

    /// Puts a rule in force: a text with this word meets the action (`block`, `hold`, ..). Answers the rule's id.
    pub(crate) async fn rule(&self, word: &str, action: &str) -> i64 {
        let rule = json!({
            "name": format!("the word {word}"), "kind": "terms", "category": "other", "action": action, "state": "live",
            "terms": [word], "match": "word",
        });
        self.moderated("POST", "/moderation/rules", rule).await["id"].as_i64().expect("an id")
    }
}
