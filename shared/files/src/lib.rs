//! S3: multipart uploads, presigned URLs, inspection.

/// S3, as a function sees it. Cheap to clone.
#[derive(Clone)]
pub struct Files;
