//! `If-Match`: the version that a change is of. Read before the body, so that a change without it costs nothing.

use poem::{
    Request, RequestBody, Result,
    http::{HeaderMap, header::IF_MATCH},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchema, MetaSchemaRef},
};

use crate::failure::Failure;

/// The version named by `If-Match`: `IfMatch<u32>` where a change must name one, `IfMatch<Option<u32>>` where it may.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IfMatch<V>(pub(crate) V);

/// What is made of the header, or of its absence.
pub(crate) trait NamedVersion: Sized {
    /// Whether a request without the header is refused.
    const IS_REQUIRED: bool;

    /// Takes the version that the header names, if it is there.
    ///
    /// # Errors
    /// `VersionNeeded` where it is not there and must be.
    fn named(version: Option<u32>) -> Result<Self, Failure>;
}

impl NamedVersion for u32 {
    const IS_REQUIRED: bool = true;

    fn named(version: Option<u32>) -> Result<Self, Failure> {
        version.ok_or(Failure::VersionNeeded)
    }
}

impl NamedVersion for Option<u32> {
    const IS_REQUIRED: bool = false;

    fn named(version: Option<u32>) -> Result<Self, Failure> {
        Ok(version)
    }
}

impl<'a, V: NamedVersion> ApiExtractor<'a> for IfMatch<V> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = V::IS_REQUIRED;
    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(MetaSchemaRef::Inline(Box::new(MetaSchema {
            pattern: Some(r#"^((W/)?"[1-9][0-9]{0,8}"|[1-9][0-9]{0,8})$"#.to_owned()),
            ..MetaSchema::new("string")
        })))
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        Ok(Self(V::named(version(request.headers())?)?))
    }
}

/// Returns the failure for an `If-Match` that is no version.
pub(crate) fn malformed_version() -> Failure {
    Failure::Malformed("`If-Match` must be one version of the rule, such as `\"3\"`.".to_owned())
}

fn version(headers: &HeaderMap) -> Result<Option<u32>, Failure> {
    let mut values = headers.get_all(IF_MATCH).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let one = if values.next().is_some() { None } else { value.to_str().ok() };
    one.and_then(parse).map(Some).ok_or_else(malformed_version)
}

/// Reads `"3"`, `W/"3"` or `3`.
fn parse(value: &str) -> Option<u32> {
    let value = value.trim();
    let strong = value.strip_prefix("W/").unwrap_or(value);
    let quoted = strong.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let digits = if strong.len() < value.len() { quoted? } else { quoted.unwrap_or(strong) };
    let is_version =
        digits.len() <= 9 && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_version.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_quoted_weak_and_bare() {
        for good in ["3", r#""3""#, r#"W/"3""#, r#" "3" "#] {
            assert_eq!(parse(good), Some(3), "{good}");
        }
        for bad in [
            "",
            "0",
            "03",
            "*",
            r#"""#,
            r#""""#,
            "W/3",
            r#""3"#,
            r#""3", "4""#,
            "+3",
            "-3",
            "3.0",
            "4294967296",
            "x",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
