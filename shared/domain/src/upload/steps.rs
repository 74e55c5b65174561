//! The steps of a session, each of which consumes it and gives the next one.

use time::OffsetDateTime;

use super::{NoSuchArrow, Step, Upload};
use crate::FileId;

impl Upload {
    /// S3 takes its parts under `s3_upload_id`.
    ///
    /// # Errors
    /// [`NoSuchArrow`]; so for all steps.
    pub fn start(self, s3_upload_id: String) -> Result<Self, NoSuchArrow> {
        let next = self.take(Step::Start)?;
        Ok(Self {
            s3_upload_id: Some(s3_upload_id),
            ..next
        })
    }

    /// S3 is asked to join its parts, which must give `expected`. May be taken again.
    ///
    /// # Errors
    /// [`NoSuchArrow`].
    pub fn join(self, expected: Option<String>) -> Result<Self, NoSuchArrow> {
        let next = self.take(Step::Join)?;
        Ok(Self {
            expected: expected.or_else(|| next.expected.clone()),
            ..next
        })
    }

    /// It became `file`, whose content was there already.
    ///
    /// # Errors
    /// [`NoSuchArrow`].
    pub fn adopt(self, file: FileId, at: OffsetDateTime) -> Result<Self, NoSuchArrow> {
        self.made(Step::Adopt, file, at)
    }

    /// It became `file`.
    ///
    /// # Errors
    /// [`NoSuchArrow`].
    pub fn complete(self, file: FileId, at: OffsetDateTime) -> Result<Self, NoSuchArrow> {
        self.made(Step::Complete, file, at)
    }

    /// It cannot succeed any more, for this reason.
    ///
    /// # Errors
    /// [`NoSuchArrow`].
    pub fn fail(self, why: String, at: OffsetDateTime) -> Result<Self, NoSuchArrow> {
        let next = self.ended(Step::Fail, at)?;
        Ok(Self {
            failure: Some(why),
            ..next
        })
    }

    /// Its uploader gave it up.
    ///
    /// # Errors
    /// [`NoSuchArrow`].
    pub fn cancel(self, at: OffsetDateTime) -> Result<Self, NoSuchArrow> {
        self.ended(Step::Cancel, at)
    }

    /// Its time was over.
    ///
    /// # Errors
    /// [`NoSuchArrow`].
    pub fn expire(self, at: OffsetDateTime) -> Result<Self, NoSuchArrow> {
        self.ended(Step::Expire, at)
    }

    fn made(self, step: Step, file: FileId, at: OffsetDateTime) -> Result<Self, NoSuchArrow> {
        let next = self.ended(step, at)?;
        Ok(Self {
            file: Some(file),
            ..next
        })
    }

    fn ended(self, step: Step, at: OffsetDateTime) -> Result<Self, NoSuchArrow> {
        let next = self.take(step)?;
        Ok(Self {
            ended_at: Some(at),
            ..next
        })
    }

    fn take(self, step: Step) -> Result<Self, NoSuchArrow> {
        let state = self.state.take(step)?;
        Ok(Self { state, ..self })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::upload::{Checksum, State, plan};
    use crate::{BlobId, CompanyId, RoomId, UploadId, UserId};

    const AT: OffsetDateTime = time::macros::datetime!(2026-01-02 03:04:05 UTC);

    fn pending() -> Upload {
        let id = Uuid::nil();
        Upload {
            thread: None,
            company: CompanyId(id),
            id: UploadId(id),
            room: RoomId(id),
            batch: None,
            uploader: UserId(id),
            state: State::Pending,
            name: "a".into(),
            content_type: "text/plain".into(),
            checksum: Checksum::Sha256,
            plan: plan(1).unwrap(),
            blob: BlobId(id),
            key: "a/b".into(),
            s3_upload_id: None,
            expected: None,
            then: None,
            replaces: None,
            file: None,
            failure: None,
            created_at: AT,
            last_activity_at: AT,
            asked_at: None,
            expires_at: AT,
            ended_at: None,
        }
    }

    fn step(upload: Upload, step: Step) -> Result<Upload, NoSuchArrow> {
        let file = FileId(Uuid::nil());
        match step {
            Step::Start => upload.start("s3".into()),
            Step::Adopt => upload.adopt(file, AT),
            Step::Join => upload.join(Some("sum-1".into())),
            Step::Complete => upload.complete(file, AT),
            Step::Fail => upload.fail("why".into(), AT),
            Step::Cancel => upload.cancel(AT),
            Step::Expire => upload.expire(AT),
        }
    }

    proptest! {
        /// The model: what a session holds follows from the steps that it took, and from nothing else.
        #[test]
        fn r_u2_a_session_holds_what_its_steps_gave_it(
            steps in proptest::collection::vec(proptest::sample::select(&Step::ALL[..]), 0..30),
        ) {
            let mut upload = pending();
            let mut taken = Vec::new();
            for wanted in steps {
                match step(upload.clone(), wanted) {
                    Ok(next) => {
                        taken.push(wanted);
                        upload = next;
                    }
                    Err(refused) => prop_assert_eq!((refused.from, refused.step), (upload.state, wanted)),
                }
                let has = |step: Step| taken.contains(&step);
                let made = has(Step::Complete) || has(Step::Adopt);
                let given_up = has(Step::Fail) || has(Step::Cancel) || has(Step::Expire);
                prop_assert!(!(made && given_up));
                prop_assert_eq!(upload.file.is_some(), made);
                prop_assert_eq!(upload.ended_at.is_some(), made || given_up);
                prop_assert_eq!(upload.state.is_open(), !(made || given_up));
                prop_assert_eq!(upload.s3_upload_id.is_some(), has(Step::Start));
                prop_assert_eq!(upload.expected.is_some(), has(Step::Join));
                prop_assert_eq!(upload.failure.is_some(), has(Step::Fail));
                prop_assert!(!has(Step::Complete) || has(Step::Join) && has(Step::Start));
            }
        }
    }
}
