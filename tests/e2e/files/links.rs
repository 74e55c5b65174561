//! R-F2: links that share a file with anyone who has them.

use futures_util::future::join_all;
use serde_json::{Value, json};
use support::{Person, Rest};

use super::Shelf;

impl Shelf {
    async fn link(&self, limits: Value) -> Value {
        self.owner.post(&self.path("/links"), limits).await.ok()
    }

    /// Status of following a link, from an address of its own; a success is followed to the content.
    async fn follow(&self, link: &Value) -> u16 {
        let followed = Rest::anonymous(self.stack).get(path(link)).await;
        followed.status.as_u16()
    }

    /// What a path that leads nowhere answers, without what differs from call to call.
    async fn refusal(&self, path: &str) -> (u16, Value) {
        let answer = Rest::anonymous(self.stack).get(path).await;
        let mut body = answer.body.clone();
        let fields = body.as_object_mut().expect("a problem");
        fields.remove("request_id");
        (answer.status.as_u16(), body)
    }

    /// What a link that never was answers.
    async fn guessed(&self) -> (u16, Value) {
        let never = "/d/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        self.refusal(never).await
    }
}

fn path(link: &Value) -> &str {
    link["path"].as_str().expect("a path")
}

fn id(link: &Value) -> &str {
    link["id"].as_str().expect("an id")
}

#[tokio::test]
async fn r_f2_a_link_leads_anyone_to_the_content_for_a_minute() {
    let shelf = Shelf::with("공유.pdf").await;
    let link = shelf.link(json!({})).await;
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a plain client");
    let url = format!("{}{}", shelf.stack.rest, path(&link));
    let answer = client.get(&url).send().await.expect("the API answers");
    assert_eq!(answer.status(), 302);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let place = answer.headers()["location"]
        .to_str()
        .expect("ASCII")
        .to_owned();
    assert!(place.contains("X-Amz-Expires=60&"), "{place}");
    let content = client.get(&place).send().await.expect("S3 answers");
    assert!(
        content.headers()["content-disposition"]
            .to_str()
            .expect("ASCII")
            .starts_with("attachment")
    );
    assert_eq!(content.bytes().await.expect("a body").len(), 1_000);

    let listed = shelf.owner.get(&shelf.path("/links")).await.ok();
    assert_eq!(listed["items"][0]["download_count"], 1);
    assert!(
        listed["items"][0].get("path").is_none(),
        "the secret is told once"
    );
    assert_eq!(shelf.see(&shelf.owner).await.ok()["download_count"], 1);
    let sql = format!(
        "select address from audit_log where company_id = '{}' and action = 'link.used' and actor_id is null",
        shelf.owner.company
    );
    let used = shelf.stack.query(&sql).await;
    assert_eq!(used.len(), 1);
    assert!(used[0].get::<_, String>(0).starts_with("127."));
}

#[tokio::test]
async fn r_f2_a_link_that_is_over_says_no_more_than_a_guessed_one() {
    let shelf = Shelf::with("a.pdf").await;
    let guessed = shelf.guessed().await;
    assert_eq!((guessed.0, &guessed.1["code"]), (404, &json!("not_found")));

    let ended = shelf.link(json!({"expires_in_s": 60})).await;
    let ended_id: uuid::Uuid = id(&ended).parse().expect("a UUID");
    let sql = "update file_links set expires_at = expires_at - interval '1 hour' where id = $1";
    assert_eq!(
        shelf.stack.execute(sql, &[&ended_id]).await.expect("done"),
        1
    );
    assert_eq!(shelf.refusal(path(&ended)).await, guessed);

    let used_up = shelf.link(json!({"max_downloads": 1})).await;
    assert_eq!(shelf.follow(&used_up).await, 200);
    assert_eq!(shelf.refusal(path(&used_up)).await, guessed);

    let revoked = shelf.link(json!({})).await;
    let own = shelf.path(&format!("/links/{}", id(&revoked)));
    assert_eq!(shelf.owner.delete(&own).await.status, 204);
    assert_eq!(
        shelf.owner.delete(&own).await.status,
        204,
        "once more is fine"
    );
    assert_eq!(shelf.refusal(path(&revoked)).await, guessed);
}

#[tokio::test]
async fn r_f2_a_link_to_a_file_that_cannot_be_had_says_no_more_either() {
    let shelf = Shelf::with("a.pdf").await;
    let guessed = shelf.guessed().await;
    let link = shelf.link(json!({})).await;
    let set = async |status: &str| {
        let sql = "update files set status = $2 where id = $1";
        let id: uuid::Uuid = shelf.file.parse().expect("an id");
        let done = shelf.stack.execute(sql, &[&id, &status]).await;
        assert_eq!(done.expect("done"), 1);
    };
    set("quarantined").await;
    assert_eq!(shelf.refusal(path(&link)).await, guessed);
    set("available").await;
    assert_eq!(shelf.owner.delete(&shelf.path("")).await.status, 204);
    assert_eq!(shelf.refusal(path(&link)).await, guessed);
    let restore = shelf.path("/restore");
    drop(shelf.owner.post(&restore, json!({})).await.ok());
    assert_eq!(shelf.follow(&link).await, 200);
}

#[tokio::test]
async fn r_f2_of_a_hundred_at_once_for_the_last_download_one_gets_it() {
    let shelf = Shelf::with("a.pdf").await;
    let link = shelf.link(json!({"max_downloads": 3})).await;
    assert_eq!(shelf.follow(&link).await, 200);
    assert_eq!(shelf.follow(&link).await, 200);
    let got = join_all((0..100).map(|_| shelf.follow(&link))).await;
    assert_eq!(got.iter().filter(|status| **status == 200).count(), 1);
    assert_eq!(got.iter().filter(|status| **status == 404).count(), 99);
    let listed = shelf.owner.get(&shelf.path("/links")).await.ok();
    assert_eq!(listed["items"][0]["download_count"], 3);
}

#[tokio::test]
async fn r_f2_who_makes_and_takes_back_links() {
    let shelf = Shelf::with("a.pdf").await;
    let (writer, reader) = (
        shelf.colleague("full").await,
        shelf.colleague("read_only").await,
    );
    let other = shelf.colleague("full").await;
    let stranger = Person::register(shelf.stack).await;
    let create = async |who: &Person| who.post(&shelf.path("/links"), json!({})).await;
    assert_eq!(create(&reader).await.refusal(), (403, "read_only"));
    assert_eq!(create(&stranger).await.status, 404);
    let link = create(&writer).await.ok();
    let own = shelf.path(&format!("/links/{}", id(&link)));
    assert_eq!(reader.get(&shelf.path("/links")).await.status, 403);
    assert_eq!(
        other.get(&shelf.path("/links")).await.ok()["items"][0]["id"],
        link["id"]
    );
    assert_eq!(other.delete(&own).await.status, 403);
    assert_eq!(stranger.delete(&own).await.status, 404);
    assert_eq!(writer.delete(&own).await.status, 204);
    let unknown = shelf.path(&format!("/links/{}", uuid::Uuid::nil()));
    assert_eq!(shelf.owner.delete(&unknown).await.status, 404);
    let wrong = shelf
        .owner
        .post(
            &shelf.path("/links"),
            json!({"expires_in_s": 59, "max_downloads": 0}),
        )
        .await;
    let fields: Vec<_> = wrong.fields().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["expires_in_s", "max_downloads"]);
}
