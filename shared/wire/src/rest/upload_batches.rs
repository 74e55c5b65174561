//! Batches: many uploads begun in one call, seen as one, given up as one.

use domain::BatchId;
use domain::upload::Draft;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::upload_views::{ProgressView, StartedView, UploadView};
use super::uploads::StartUpload;
use crate::problem::{FieldError, ProblemBody};

/// Most uploads that one call begins.
pub const MAX_BATCH: usize = 50;

/// Files to upload, each for itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartBatch {
    /// 1 to 50 of them; they are begun in this order.
    #[schema(min_items = 1, max_items = 50)]
    pub uploads: Vec<StartUpload>,
}

/// A file of a batch, or what is wrong with it.
pub type BatchItem = Result<Draft, Vec<FieldError>>;

impl StartBatch {
    /// Checks the list; each file is checked for itself and may be wrong for itself.
    ///
    /// # Errors
    /// When there are too few or too many.
    pub fn parse(self) -> Result<Vec<BatchItem>, Vec<FieldError>> {
        if !(1..=MAX_BATCH).contains(&self.uploads.len()) {
            let why = format!("1 to {MAX_BATCH} files a call");
            return Err(vec![FieldError::new("uploads", "out_of_range", why)]);
        }
        Ok(self.uploads.into_iter().map(StartUpload::parse).collect())
    }
}

/// What came of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StartedBatchView {
    /// Names the batch; there is one even when every file was refused.
    #[schema(value_type = uuid::Uuid)]
    pub batch_id: BatchId,
    /// One result for each file, in the order of the request.
    pub results: Vec<BatchResultView>,
}

/// What came of one file of a batch: one of the two.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BatchResultView {
    /// As `POST /v1/uploads` answers. An upload that is `pending` waits until one of those that send is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<StartedView>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemBody>,
}

/// A batch with one progress over all.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BatchView {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: BatchId,
    /// When it was begun.
    #[serde(with = "super::timestamp")]
    pub created_at: OffsetDateTime,
    /// Over all files that are there or may still come; those that failed or were given up do not count.
    pub progress: ProgressView,
    /// How many wait for a place.
    pub waiting: u32,
    /// How many are on their way.
    pub sending: u32,
    /// How many are files.
    pub completed: u32,
    /// How many failed, expired or were given up.
    pub ended: u32,
    /// All of them, in the order of the request; those that were refused are not among them.
    pub uploads: Vec<UploadView>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn r_u3_fifty_a_call_each_for_itself() {
        let batch = |count: usize| {
            let room = uuid::Uuid::nil();
            let files: Vec<_> = (0..count)
                .map(|n| json!({"room_id": room, "name": if n == 1 { "a/b" } else { "a" }, "size": 1, "checksum": "none"}))
                .collect();
            let read: StartBatch = serde_json::from_value(json!({ "uploads": files })).unwrap();
            read.parse()
        };
        assert!(batch(0).is_err() && batch(51).is_err());
        let read = batch(50).unwrap();
        let wrong: Vec<_> = (0..50).filter(|n| read[*n].is_err()).collect();
        assert_eq!((read.len(), wrong), (50, vec![1]));
    }
}
