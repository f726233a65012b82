//! Whose tokens are taken: what a token's `iss` must be. A Supabase that one runs oneself is often reached by an internal
//! address while its tokens name the external one, or name nobody.

use std::{borrow::Cow, fmt};

use plic_pipeline::log_line::Untrusted;
use serde_json::Value;
use url::Url;

use super::refusal::TokenRefusal;

/// The word of `PLIC_TOKEN_ISSUER` for tokens of any issuer, and of none.
const ANY: &str = "any";

/// The issuers whose tokens are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issuers {
    /// Tokens need not name one.
    Any,
    /// A token must name one of these.
    Only(Vec<String>),
}

/// Why names of issuers do not fit together.
#[derive(Debug, thiserror::Error)]
#[error("`any` skips the check of the issuer and stands alone")]
pub struct AnyBesideOthers;

impl Issuers {
    /// Returns the issuers that an operator names, or where none is named that of the Supabase project.
    ///
    /// # Errors
    /// Where `any` stands beside others.
    pub fn new(named: Option<&[String]>, project: Option<&Url>) -> Result<Self, AnyBesideOthers> {
        match named {
            Some([only]) if only == ANY => Ok(Self::Any),
            Some(named) if named.iter().any(|name| name == ANY) => Err(AnyBesideOthers),
            Some(named) => Ok(Self::Only(named.to_vec())),
            None => Ok(project.map_or(Self::Any, |project| Self::Only(vec![of_project(project)]))),
        }
    }

    /// Returns the issuer that a token made here names.
    pub fn first(&self) -> Option<&str> {
        match self {
            Self::Any => None,
            Self::Only(issuers) => issuers.first().map(String::as_str),
        }
    }

    fn accepts(&self, issuer: Option<&Value>) -> bool {
        match self {
            Self::Any => true,
            Self::Only(issuers) => {
                issuer.and_then(Value::as_str).is_some_and(|issuer| issuers.iter().any(|one| one == issuer))
            }
        }
    }

    /// Checks the issuer of a token whose signature and other claims are good. Only such a token is worth a line at the
    /// level `warn`: its sender is no stranger, and most likely a setting is wrong.
    ///
    /// # Errors
    /// A reason that says which issuer came.
    pub(super) fn check(&self, issuer: Option<&Value>) -> Result<(), TokenRefusal> {
        if self.accepts(issuer) {
            return Ok(());
        }
        let came = shown(issuer);
        plic_pipeline::log_limited!(
            WARN,
            issuer = %came,
            taken = %self,
            "refused a token with a good signature for its issuer; PLIC_TOKEN_ISSUER names those that are taken"
        );
        Err(TokenRefusal::OtherIssuer(came))
    }
}

impl fmt::Display for Issuers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str(ANY),
            Self::Only(issuers) => f.write_str(&issuers.join(",")),
        }
    }
}

/// Returns what the tokens of a Supabase project name as their issuer.
fn of_project(project: &Url) -> String {
    format!("{}/auth/v1", project.as_str().trim_end_matches('/'))
}

/// Returns a token's issuer as it is logged: the beginning, escaped and between quotation marks.
fn shown(issuer: Option<&Value>) -> String {
    let text = match issuer {
        None => return "none".to_owned(),
        Some(Value::String(text)) => Cow::Borrowed(text.as_str()),
        Some(other) => Cow::Owned(other.to_string()),
    };
    Untrusted(text).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn project() -> Url {
        "https://project.supabase.co/".parse().expect("an address")
    }

    #[test]
    fn the_issuers_that_are_named_take_the_place_of_the_projects() {
        let two = ["https://a.example/auth/v1".to_owned(), "b".to_owned()];
        let named = Issuers::new(Some(&two), Some(&project())).expect("they fit");
        assert_eq!(named.first(), Some("https://a.example/auth/v1"));
        assert!(named.accepts(Some(&json!("b"))));
        assert!(!named.accepts(Some(&json!("https://project.supabase.co/auth/v1"))));
        let of_project = Issuers::new(None, Some(&project())).expect("it fits");
        assert_eq!(of_project.to_string(), "https://project.supabase.co/auth/v1");
        for issuer in [None, Some(json!(null)), Some(json!(["b"])), Some(json!("B")), Some(json!("b/"))] {
            assert!(!named.accepts(issuer.as_ref()), "{issuer:?}");
        }
    }

    #[test]
    fn any_skips_the_check_and_stands_alone() {
        let any = Issuers::new(Some(&["any".to_owned()]), Some(&project())).expect("it fits");
        assert!(any.accepts(None) && any.accepts(Some(&json!("x"))) && any.accepts(Some(&json!(7))));
        assert_eq!(any.first(), None);
        assert!(Issuers::new(Some(&["any".to_owned(), "b".to_owned()]), None).is_err());
        assert_eq!(Issuers::new(None, None).expect("it fits"), Issuers::Any);
    }

    #[test]
    fn a_refusal_says_which_issuer_came_escaped_and_in_short() {
        assert_eq!(shown(None), "none");
        assert_eq!(shown(Some(&json!("a\nb\u{1b}[31m\"c\""))), r#""a\nb\u{1b}[31m\"c\"""#);
        assert!(shown(Some(&json!("x".repeat(5000)))).len() < 140);
        assert_eq!(shown(Some(&json!(["x", 7]))), r#""[\"x\",7]""#);
    }
}
