//! What every REST function shares: extractors, layers, the way problems are rendered.

pub mod body;
mod etag;
mod extract;
mod idempotency;
mod identify;
mod limit;
mod render;
pub mod routes;
mod serve;
mod stands;

pub use etag::{IfMatch, Tagged};
pub use extract::{Json, OptionalJson, Path, Query};
pub use routes::Routes;
pub use serve::{Shared, layered, serve};

/// Largest body that is read, in bytes: no request of ours needs more, files go straight to S3.
const MAX_BODY: usize = 256 * 1024;

/// Largest body of the calls that begin uploads: 10,000 checksums of 47 bytes are 470 KB.
const MAX_UPLOADS_BODY: usize = 1024 * 1024;

/// Largest body of a batch of them; Lambda takes 6 MB.
const MAX_BATCH_BODY: usize = 4 * 1024 * 1024;

/// Largest body of the route that `extensions` were matched to.
fn max_body(extensions: &::http::Extensions) -> usize {
    let route = extensions.get::<axum::extract::MatchedPath>();
    match route.map(axum::extract::MatchedPath::as_str) {
        Some("/v1/uploads") => MAX_UPLOADS_BODY,
        Some("/v1/uploads/batch") => MAX_BATCH_BODY,
        _ => MAX_BODY,
    }
}
