//! More than one file: a batch in one call, its previews, a new version, and a link for people without an account.

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::super::Error;
use super::super::document::page;
use super::super::rest::{Rest, number, text};
use super::Stage;

/// Files of the batch that are on their way at once.
const PARALLEL: usize = 4;

impl Stage<'_> {
    /// Sends `count` documents by one call and waits until the other person has seen each, and the picture of the
    /// first; answers the first.
    pub(super) async fn batch(&mut self, count: u32) -> Result<String, Error> {
        let uploads: Vec<_> = (1..=count).map(|n| self.document(n)).collect();
        let body = json!({ "uploads": uploads });
        let begun = self.alice.post("/v1/uploads/batch", &body).await?;
        let results = begun["results"].as_array().cloned().unwrap_or_default();
        let sending = (1..count + 1).zip(&results).map(|(n, result)| {
            let rest = &self.alice;
            async move {
                let upload = text(result, "/started/upload/id")?;
                send(rest, &upload, words(n)).await
            }
        });
        let files: Vec<Value> = stream::iter(sending)
            .buffered(PARALLEL)
            .try_collect()
            .await?;
        let ids: Vec<String> = files
            .iter()
            .map(|file| text(file, "/id"))
            .collect::<Result<_, _>>()?;
        let first = ids.first().cloned();
        let first = first.ok_or_else(|| Error::Unexpected("the batch is empty".to_owned()))?;
        self.see_all(ids, &first).await?;
        let path = format!("/v1/uploads/batches/{}", text(&begun, "/batch_id")?);
        let batch = self.alice.get(&path).await?;
        self.summary.files = number(&batch, "/completed")?;
        let path = format!("/v1/files/{first}/preview/512");
        let picture = fetch(&text(&self.bob.get(&path).await?, "/url")?).await?;
        self.summary.preview_seen =
            picture.1.starts_with(b"\x89PNG") || picture.1.starts_with(b"\xff\xd8");
        Ok(first)
    }

    /// Sends other content for `file`; the other person has both, each under its number.
    pub(super) async fn version(&mut self, file: &str) -> Result<(), Error> {
        let second = page("The second version");
        let mut body = self.document(1);
        body["file_id"] = json!(file);
        body["size"] = json!(second.len());
        let begun = self.alice.post("/v1/uploads", &body).await?;
        let sent = send(&self.alice, &text(&begun, "/upload/id")?, second.clone()).await?;
        let mut kept = number(&sent, "/version")? == 2 && sent["id"] == file;
        for (version, expected) in [(1, words(1)), (2, second)] {
            let path = format!("/v1/files/{file}/download?version={version}");
            let url = text(&self.bob.get(&path).await?, "/url")?;
            kept &= fetch(&url).await?.1 == expected;
        }
        self.summary.versions_kept = kept;
        Ok(())
    }

    /// Makes a link that is good for one download, and uses it twice without an account.
    pub(super) async fn link(&mut self, file: &str) -> Result<(), Error> {
        let path = format!("/v1/files/{file}/links");
        let link = self.alice.post(&path, &json!({"max_downloads": 1})).await?;
        let address = format!("{}{}", self.ready.rest, text(&link, "/path")?);
        let (status, content) = fetch(&address).await?;
        let (again, _) = fetch(&address).await?;
        self.summary.link_held = status.is_success()
            && content == page("The second version")
            && again == StatusCode::NOT_FOUND;
        Ok(())
    }

    fn document(&self, n: u32) -> Value {
        json!({
            "room_id": self.room, "name": format!("문서 {n}.pdf"), "size": words(n).len(),
            "content_type": "application/pdf", "checksum": "none",
        })
    }

    /// Waits until the room has heard of every file in `ids` and of the preview of `pictured`.
    async fn see_all(&mut self, ids: Vec<String>, pictured: &str) -> Result<(), Error> {
        let mut unseen = ids;
        let mut picture = false;
        while !unseen.is_empty() || !picture {
            let (_, event) = self
                .bob_live
                .wait("a file or its preview", |_| true)
                .await?;
            let data = &event["data"];
            let preview = match event["type"].as_str() {
                Some("file.created") => {
                    unseen.retain(|id| data["id"] != id.as_str());
                    data["id"] == pictured
                }
                Some("file.preview") => data["file_id"] == pictured,
                _ => false,
            };
            picture |= preview && data["preview"]["state"] == "ready";
            if preview && data["preview"]["state"] == "unavailable" {
                return Err(Error::Unexpected(format!(
                    "no preview: {}",
                    data["preview"]
                )));
            }
        }
        Ok(())
    }
}

/// What document `n` of the batch holds.
fn words(n: u32) -> Bytes {
    page(&format!("Document {n}"))
}

/// Sends the only part of `upload` and makes it a file.
async fn send(rest: &Rest, upload: &str, content: Bytes) -> Result<Value, Error> {
    let path = format!("/v1/uploads/{upload}/parts/sign");
    let signed = rest.post(&path, &json!({"parts": [{"number": 1}]})).await?;
    let url = text(&signed, "/0/url")?;
    let put = reqwest::Client::new().put(url).body(content).send().await?;
    put.error_for_status()?;
    rest.post(&format!("/v1/uploads/{upload}/complete"), &json!({}))
        .await
}

/// What anyone gets from an address.
async fn fetch(url: &str) -> Result<(StatusCode, Bytes), Error> {
    let answer = reqwest::get(url).await?;
    Ok((answer.status(), answer.bytes().await?))
}
