//! What every REST function shares: extractors, layers, the way problems are rendered.

pub mod body;
mod etag;
mod extract;
mod idempotency;
mod identify;
mod limit;
mod render;
mod serve;
mod stands;

pub use etag::{IfMatch, Tagged};
pub use extract::{Json, OptionalJson, Path, Query};
pub use serve::{Shared, layered, serve};

/// Largest body that is read, in bytes: no request of ours needs more, files go straight to S3.
const MAX_BODY: usize = 256 * 1024;
