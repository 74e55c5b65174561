//! What others can do with the file: the colleague has it, the stranger does not.

use futures_util::StreamExt as _;
use reqwest::{Method, StatusCode};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::super::Error;
use super::super::content::Content;
use super::super::rest::{Rest, text};
use super::Stage;

impl Stage<'_> {
    pub(super) async fn download(&mut self, content: Content, file: &str) -> Result<(), Error> {
        let expected = tokio::task::spawn_blocking(move || content.sha256(0, content.size));
        let answer = self.bob.get(&format!("/v1/files/{file}/download")).await?;
        let mut body = reqwest::get(text(&answer, "/url")?)
            .await?
            .error_for_status()?
            .bytes_stream();
        let mut hash = Sha256::new();
        while let Some(block) = body.next().await {
            hash.update(&block?);
        }
        let found: [u8; 32] = hash.finalize().into();
        let expected = expected
            .await
            .map_err(|error| Error::Unexpected(error.to_string()))?;
        self.summary.sha256_match = expected == found;
        Ok(())
    }

    pub(super) async fn stranger(&mut self, upload: &str, file: &str) -> Result<(), Error> {
        let id = uuid::Uuid::now_v7().simple();
        let email = format!("stranger-{id}@example.com");
        let stranger = Rest::register(
            &self.ready.rest,
            &email,
            "Stranger-2026",
            "Stranger",
            "Elsewhere",
        )
        .await?;
        let room = &self.room;
        let sign = json!({"parts": [{"number": 1}]});
        let say = json!({"content": "let me in"});
        let tries = [
            (Method::GET, format!("/v1/chatrooms/{room}"), None),
            (Method::GET, format!("/v1/chatrooms/{room}/messages"), None),
            (Method::GET, format!("/v1/chatrooms/{room}/events"), None),
            (
                Method::POST,
                format!("/v1/chatrooms/{room}/messages"),
                Some(&say),
            ),
            (Method::POST, format!("/v1/chatrooms/{room}/join"), None),
            (Method::GET, format!("/v1/uploads/{upload}"), None),
            (
                Method::POST,
                format!("/v1/uploads/{upload}/parts/sign"),
                Some(&sign),
            ),
            (Method::DELETE, format!("/v1/uploads/{upload}"), None),
            (Method::GET, format!("/v1/files/{file}"), None),
            (Method::GET, format!("/v1/files/{file}/download"), None),
        ];
        let mut refused = true;
        for (method, path, body) in tries {
            refused &= stranger.status(method, &path, body).await? == StatusCode::NOT_FOUND;
        }
        self.summary.stranger_refused = refused;
        self.summary.api_calls += stranger.calls();
        Ok(())
    }
}
