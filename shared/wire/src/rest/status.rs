//! Health, and the keys that check tokens.

use serde::Serialize;
use utoipa::ToSchema;

/// It runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HealthView {
    /// Always `ok`.
    #[schema(example = "ok")]
    pub status: &'static str,
}

/// Whether all that requests need is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReadyView {
    /// Always `ok`; otherwise the answer is a refusal.
    #[schema(example = "ok")]
    pub status: &'static str,
    /// Each that was asked.
    pub dependencies: Vec<DependencyView>,
}

/// One thing that requests need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DependencyView {
    /// `postgres`, `redis`, `dynamodb` or `s3`.
    #[schema(example = "postgres")]
    pub name: &'static str,
    /// `up` or `down`.
    #[schema(example = "up")]
    pub state: &'static str,
    /// How long it took to answer, in milliseconds.
    #[schema(example = 3)]
    pub took_ms: u64,
}

/// A set of public keys (RFC 7517).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct JwksView {
    /// The keys, newest first.
    pub keys: Vec<JwkView>,
}

/// An Ed25519 public key (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct JwkView {
    /// The name that tokens call it by.
    pub kid: String,
    /// Always `OKP`.
    #[schema(example = "OKP")]
    pub kty: &'static str,
    /// Always `Ed25519`.
    #[schema(example = "Ed25519")]
    pub crv: &'static str,
    /// Always `sig`.
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    pub usage: &'static str,
    /// Always `EdDSA`.
    #[schema(example = "EdDSA")]
    pub alg: &'static str,
    /// The key, base64url.
    pub x: String,
}
