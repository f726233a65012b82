//! The routes of moderators, and reports.

mod access;
mod incidents;
mod people;
mod rules;
mod streams;
mod turns;

use poem::{Request, http::Method};

use crate::harness::{Answer, Rest};

impl Rest {
    /// Sends a request without a body.
    async fn get(&self, token: &str, path: &str) -> Answer {
        self.ask(token, Method::GET, path, "").await
    }

    async fn post(&self, token: &str, path: &str, body: &serde_json::Value) -> Answer {
        self.ask(token, Method::POST, path, &body.to_string()).await
    }

    /// Changes a rule with this `If-Match`.
    async fn put_rule(&self, id: i64, if_match: Option<&str>, body: &str) -> Answer {
        let mut request = Request::builder()
            .method(Method::PUT)
            .uri_str(format!("/moderation/rules/{id}"))
            .header("authorization", "Bearer moderator-9")
            .content_type("application/json");
        if let Some(version) = if_match {
            request = request.header("if-match", version);
        }
        self.send(request.body(body.to_owned())).await
    }

    async fn delete_rule(&self, id: i64, if_match: &str) -> Answer {
        let request = Request::builder()
            .method(Method::DELETE)
            .uri_str(format!("/moderation/rules/{id}"))
            .header("authorization", "Bearer moderator-9")
            .header("if-match", if_match);
        self.send(request.finish()).await
    }
}

/// A rule that catches `phrase`, in force.
fn rule(name: &str, phrase: &str) -> serde_json::Value {
    serde_json::json!({
        "name": name, "kind": "terms", "category": "scam", "action": "block", "state": "live", "terms": [phrase],
    })
}
