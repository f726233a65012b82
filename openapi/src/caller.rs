//! Who asks: put into the request by the gate, taken out by every handler, documented as the bearer scheme.

use plic_pipeline::{
    id::UserId,
    token::{Identity, Role},
};
use poem::{Request, RequestBody, Result};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use crate::failure::Failure;

const SCHEME: &str = "accessToken";

/// Proof that the gate let the request in: the token holds, and its owner is neither banned nor over the rate.
#[derive(Debug, Clone)]
pub struct Caller(pub(crate) Identity);

impl Caller {
    /// The user.
    pub fn user(&self) -> UserId {
        self.0.user
    }

    /// Whether they may see and delete every room.
    pub fn moderates(&self) -> bool {
        self.0.role >= Role::Moderator
    }

    /// The token's owner.
    pub fn identity(&self) -> &Identity {
        &self.0
    }
}

impl<'a> ApiExtractor<'a> for Caller {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        registry.create_security_scheme(
            SCHEME,
            MetaSecurityScheme {
                ty: "http",
                description: Some("The user's Supabase access token."),
                name: None,
                key_in: None,
                scheme: Some("bearer"),
                bearer_format: Some("JWT"),
                flows: None,
                openid_connect_url: None,
            },
        );
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SCHEME]
    }

    /// A route that was mounted without the gate refuses everybody.
    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        request.data::<Self>().cloned().ok_or_else(|| Failure::NoToken.into())
    }
}
