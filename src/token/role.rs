//! The role of moderators and admins, read from where in a token the operator says it stands. Tokens carry much that
//! nobody asks about, and everybody who comes has one: nothing else of it is built in memory.

use std::{borrow::Cow, fmt};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use plic_pipeline::token::Role;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// The role at `path` in a token that was verified; whatever is no role of ours gives no right. `None` where there are
/// no claims.
pub(super) fn at(path: &[String], token: &str) -> Option<Role> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    RoleAt(path).deserialize(&mut serde_json::Deserializer::from_slice(&claims)).ok()
}

/// What remains of the path.
struct RoleAt<'a>(&'a [String]);

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> DeserializeSeed<'de> for RoleAt<'_> {
    type Value = Role;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Role, D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for RoleAt<'_> {
    type Value = Role;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Role, A::Error> {
        let mut role = Role::User;
        while let Some(Name(name)) = map.next_key()? {
            match self.0.split_first() {
                Some((first, rest)) if *first == name => role = map.next_value_seed(RoleAt(rest))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(role)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Role, E> {
        Ok(match text {
            "moderator" if self.0.is_empty() => Role::Moderator,
            "admin" if self.0.is_empty() => Role::Admin,
            _ => Role::User,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Role, A::Error> {
        while values.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Role::User)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Role, E> {
        Ok(Role::User)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Role, E> {
        Ok(Role::User)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Role, E> {
        Ok(Role::User)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Role, E> {
        Ok(Role::User)
    }

    fn visit_unit<E: Error>(self) -> Result<Role, E> {
        Ok(Role::User)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn role(claims: &Value) -> Role {
        let token = format!("head.{}.signature", URL_SAFE_NO_PAD.encode(claims.to_string()));
        at(&["app_metadata".into(), "role".into()], &token).expect("claims")
    }

    #[test]
    fn a_role_is_read_from_its_claim_alone_whatever_else_stands_there() {
        let with =
            |role: &str| json!({"sub": "x", "exp": 1, "app_metadata": {"a": [1], "role": role}, "z": null});
        assert_eq!(role(&with("admin")), Role::Admin);
        assert_eq!(role(&with("moderator")), Role::Moderator);
        let nested = json!({"role": "admin", "nested": {"app_metadata": {"role": "admin"}}});
        let escaped: Value =
            serde_json::from_str(r#"{"app_metadata":{"rol\u0065":"adm\u0069n"}}"#).expect("JSON");
        assert_eq!(role(&escaped), Role::Admin, "however it is written");
        for other in [
            with("Admin"),
            nested,
            json!({}),
            json!({"app_metadata": null}),
            json!({"app_metadata": "admin"}),
            json!({"app_metadata": {"role": ["admin"]}}),
            json!({"app_metadata": {"role": {"role": "admin"}}}),
            json!({"app_metadata": {"role": true}}),
            json!({"app_metadata": [1.5, -1, {"role": "admin"}]}),
            json!({"user_metadata": {"role": "admin"}, "app_metadata": 1}),
        ] {
            assert_eq!(role(&other), Role::User, "{other}");
        }
    }

    #[test]
    fn what_is_no_token_has_no_role() {
        for token in ["", "a", "a.%.c", "a.e30", "a.bm8.c"] {
            assert_eq!(at(&["role".into()], token).is_some(), token == "a.e30", "{token}");
        }
    }
}
