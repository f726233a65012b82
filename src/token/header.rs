//! What a token's header may not ask for: extensions that change how the token is to be read. None is understood here, so
//! that every one that is critical refuses the token (RFC 7515 section 4.1.11, RFC 7797 section 6).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use plic_pipeline::json::Object;
use serde::{Deserialize, Deserializer, de::IgnoredAny};

/// The members of a header that ask for an extension.
#[derive(Deserialize)]
struct Extensions {
    /// Names extensions that must be understood; with any value, `null` too, the token is no plain one.
    #[serde(default, deserialize_with = "present")]
    crit: bool,
    /// Whether the payload is encoded; absent or `true` in every token that is read here.
    #[serde(default = "encoded", deserialize_with = "is_true")]
    b64: bool,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

fn is_true<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    serde_json::Value::deserialize(deserializer).map(|value| value == true)
}

fn encoded() -> bool {
    true
}

/// Returns what is wrong with the extensions that a token's header asks for.
pub(super) fn refused_extension(token: &str) -> Option<&'static str> {
    let header = token.split('.').next().and_then(|header| URL_SAFE_NO_PAD.decode(header).ok());
    let extensions = header.and_then(|header| serde_json::from_slice(&header).ok());
    match extensions {
        None => Some("the header is not a JSON object"),
        Some(Object(Extensions { crit: true, .. })) => {
            Some("`crit` in the header: no extension is understood")
        }
        Some(Object(Extensions { b64: false, .. })) => {
            Some("`b64` in the header: the payload must be encoded")
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(header: &str) -> Option<&'static str> {
        refused_extension(&format!("{}.e30.x", URL_SAFE_NO_PAD.encode(header)))
    }

    #[test]
    fn a_header_without_extensions_passes() {
        for header in [
            r#"{"alg":"HS256","typ":"JWT"}"#,
            r#"{"alg":"HS256","b64":true}"#,
            r#"{"alg":"HS256","kid":"k","x5t#S256":"a","of the future":{"crit":["b64"]}}"#,
        ] {
            assert_eq!(refused(header), None, "{header}");
        }
    }

    #[test]
    fn every_critical_extension_is_refused_however_it_is_written() {
        for crit in [r#"["b64"]"#, r#"["exp"]"#, "[]", "null", "7", r#""b64""#, "{}", "false"] {
            assert!(refused(&format!(r#"{{"alg":"HS256","crit":{crit}}}"#)).is_some(), "{crit}");
            assert!(
                refused(&format!(r#"{{"alg":"HS256","b64":true,"cr\u0069t":{crit}}}"#)).is_some(),
                "{crit}"
            );
        }
        for b64 in ["false", "null", "0", r#""false""#, "[]"] {
            assert!(refused(&format!(r#"{{"alg":"HS256","b64":{b64}}}"#)).is_some(), "{b64}");
        }
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for token in ["", ".", "a.b.c", "e30", "bnVsbA.e30.x"] {
            assert_eq!(refused_extension(token).is_some(), token != "e30", "{token}");
        }
    }
}
