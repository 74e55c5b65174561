//! What every REST function shares: extractors, layers, the way problems are rendered.

pub mod body;
mod etag;
mod extract;
mod render;
mod serve;

pub use etag::{IfMatch, Tagged};
pub use extract::{Json, Path, Query};
pub use serve::{Shared, layered, serve};
