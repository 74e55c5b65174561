//! Completing: however often, however interrupted, one upload makes one file.

use bytes::Bytes;
use domain::upload::{Seen, Upload};
use domain::{CompanyId, UploadId};
use files::{Files, composite};
use futures_util::future::join_all;
use serde_json::{Value, json};
use store::uploads::By;
use support::Answer;
use support::sender::{Sender, bucket, bytes};

use super::{Desk, MIB, desk, lasting};

/// An upload whose parts are all there, and everything that a function has to take it on.
pub(super) struct Ready {
    pub(super) desk: Desk,
    pub(super) sender: Sender,
    store: store::Store,
    pub(super) files: Files,
    pub(super) upload: Upload,
}

async fn ready() -> Ready {
    ready_with(bytes(17 * MIB, 1)).await
}

/// The same with a content of its own.
pub(super) async fn ready_with(content: Bytes) -> Ready {
    let desk = desk().await;
    let sender = Sender::begin(&desk.person, &desk.room, "a.bin", content).await;
    sender.send_all(&desk.person).await;
    let store = desk.stack.store();
    let id: UploadId = sender.id.parse().expect("an id");
    let seen = store
        .see_upload(desk.person.company, desk.person.id, id, None)
        .await;
    let Seen { upload, .. } = seen.expect("Postgres answers").expect("the upload");
    Ready {
        files: bucket(&desk.stack),
        desk,
        sender,
        store,
        upload,
    }
}

impl Ready {
    /// The step that a function killed right after it would have taken last: the session says completing.
    pub(super) async fn join(&self) {
        let parts = self.parts().await;
        let caller = app::Client {
            at: app::clock::now(),
            address: String::new(),
            user_agent: String::new(),
            request_id: "test".into(),
        };
        let by = By {
            actor: Some(self.upload.uploader),
            origin: caller.origin(),
            line: app::clock::id(),
        };
        let company: CompanyId = self.upload.company;
        let joined = self
            .store
            .join_upload(company, self.upload.id, composite(&parts).as_deref(), &by)
            .await;
        assert!(joined.expect("Postgres answers").is_some());
    }

    /// The step after that: S3 has the object, no row says so.
    pub(super) async fn assemble(&self) {
        let parts = self.parts().await;
        let s3_id = self.upload.s3_upload_id.as_deref().expect("it was begun");
        let plan = &self.upload.plan;
        self.files
            .complete(&self.upload.key, s3_id, plan, &parts)
            .await
            .expect("S3 joins them");
    }

    async fn parts(&self) -> Vec<files::StoredPart> {
        let s3_id = self.upload.s3_upload_id.as_deref().expect("it was begun");
        self.files
            .list_parts(&self.upload.key, s3_id)
            .await
            .expect("S3 answers")
    }

    async fn only_file(&self) -> Value {
        let path = format!("/v1/files?room_id={}", self.desk.room);
        let listed = self.desk.person.get(&path).await.ok();
        assert_eq!(
            listed["items"].as_array().map(Vec::len),
            Some(1),
            "{listed}"
        );
        assert_eq!(self.desk.storage().await, (self.upload.plan.size, 0));
        let path = format!("/v1/chatrooms/{}/events?after=0", self.desk.room);
        let log = self.desk.person.get(&path).await.ok().to_string();
        assert_eq!(log.matches("file.created").count(), 1, "{log}");
        listed["items"][0].clone()
    }
}

#[tokio::test]
async fn r_u2_many_completions_at_once_make_one_file() {
    let ready = ready().await;
    let person = &ready.desk.person;
    let answers: Vec<Answer> = join_all((0..10).map(|_| ready.sender.complete(person))).await;
    let file = ready.only_file().await;
    for answer in answers {
        assert!([200, 202].contains(&answer.status.as_u16()), "{answer:#?}");
        if answer.status == 200 {
            assert_eq!(answer.body["id"], file["id"]);
        }
    }
    let again = ready.sender.complete(person).await.ok();
    assert_eq!(lasting(&again), lasting(&file));
}

#[tokio::test]
async fn r_u2_a_crash_before_s3_joined_is_made_good_by_the_next_call() {
    let ready = ready().await;
    ready.join().await;
    let file = ready.sender.complete(&ready.desk.person).await.ok();
    assert_eq!(lasting(&ready.only_file().await), lasting(&file));
}

#[tokio::test]
async fn r_u2_a_crash_after_s3_joined_is_made_good_by_the_next_call() {
    let ready = ready().await;
    ready.join().await;
    ready.assemble().await;
    let file = ready.sender.complete(&ready.desk.person).await.ok();
    assert_eq!(lasting(&ready.only_file().await), lasting(&file));
}

#[tokio::test]
async fn r_u2_a_crash_that_no_client_comes_back_from_is_made_good_by_the_reaper() {
    let ready = ready().await;
    ready.join().await;
    ready.assemble().await;
    ready.desk.age(&ready.sender.id, "2 minutes").await;
    ready.desk.reap("minute").await;
    let file = ready.only_file().await;
    assert_eq!(file["upload_id"], ready.sender.id);
}

#[tokio::test]
async fn r_u2_giving_up_while_s3_joins_leaves_nothing_behind() {
    let ready = ready().await;
    ready.join().await;
    let path = format!("/v1/uploads/{}", ready.sender.id);
    assert_eq!(ready.desk.person.delete(&path).await.status, 204);
    let late = ready.sender.complete(&ready.desk.person).await;
    assert_eq!(late.refusal(), (409, "upload_state"));
    assert_eq!(ready.desk.storage().await, (0, 0));
    assert_eq!(
        ready
            .files
            .head(&ready.upload.key)
            .await
            .expect("S3 answers"),
        None
    );
    let s3_id = ready.upload.s3_upload_id.as_deref().expect("it was begun");
    let gone = ready.files.list_parts(&ready.upload.key, s3_id).await;
    assert!(matches!(gone, Err(files::Error::NoSuchUpload)), "{gone:?}");
}

#[tokio::test]
async fn r_u2_a_session_that_s3_never_heard_of_is_begun_by_the_next_call() {
    let desk = desk().await;
    let sender = Sender::begin(&desk.person, &desk.room, "a.bin", bytes(10, 1)).await;
    // As a function leaves it that was killed between its row and S3.
    desk.sql(&format!(
        "update uploads set state = 'pending', s3_upload_id = null where id = '{}'",
        sender.id
    ))
    .await;
    assert_eq!(sender.see(&desk.person).await["state"], "pending");
    let early = sender.complete(&desk.person).await;
    assert_eq!(early.refusal(), (409, "upload_incomplete"));
    sender.send_all(&desk.person).await;
    assert_eq!(sender.complete(&desk.person).await.ok()["size"], 10);
}

#[tokio::test]
async fn r_o3_what_an_ended_upload_left_in_s3_is_swept_later() {
    let ready = ready().await;
    let path = format!("/v1/uploads/{}", ready.sender.id);
    assert_eq!(ready.desk.person.delete(&path).await.status, 204);
    // As if S3 had been away when it was given up.
    ready
        .files
        .create_multipart(&ready.upload.key, "text/plain", ready.upload.checksum)
        .await
        .expect("S3 answers");
    ready
        .desk
        .sql(&format!(
            "update uploads set swept_at = null, ended_at = ended_at - interval '1 hour' where id = '{}'",
            ready.sender.id
        ))
        .await;
    ready.desk.reap("hour").await;
    let unswept = format!(
        "select 1 from uploads where id = '{}' and swept_at is null",
        ready.sender.id
    );
    assert!(ready.desk.sql(&unswept).await.is_empty());
}

impl Desk {
    /// Runs a schedule of the reaper; answers its report.
    pub(super) async fn reap(&self, job: &str) -> Value {
        self.stack.invoke("reap", json!({ "job": job })).await
    }

    /// Makes an upload older than it is.
    pub(super) async fn age(&self, upload: &str, by: &str) {
        self.sql(&format!(
            "update uploads set last_activity_at = last_activity_at - interval '{by}',
             join_asked_at = join_asked_at - interval '{by}',
             expires_at = expires_at - interval '{by}' where id = '{upload}'"
        ))
        .await;
    }

    /// Runs a statement of the test's own.
    pub(super) async fn sql(&self, sql: &str) -> Vec<tokio_postgres::Row> {
        let (client, connection) =
            tokio_postgres::connect(&self.stack.postgres, tokio_postgres::NoTls)
                .await
                .expect("Postgres answers");
        tokio::spawn(connection);
        client
            .query(sql, &[])
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }

    /// The actions that the company's audit log holds.
    pub(super) async fn audited(&self) -> Vec<String> {
        let rows = self
            .sql(&format!(
                "select action from audit_log where company_id = '{}'",
                self.person.company
            ))
            .await;
        rows.iter().map(|row| row.get(0)).collect()
    }
}
