//! S3: multipart uploads, presigned URLs, inspection.
