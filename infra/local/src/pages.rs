//! Pages for a browser: chat and upload tried by hand, and the API reference beside them.
//!
//! Plain files, built in; they call the REST API, the socket and S3 exactly as a front end would.

use std::net::SocketAddr;
use std::sync::Arc;

use http::{Method, Request, Response, StatusCode};
use serde_json::json;

use crate::loopback::{self, Body, Server, StartError};
use crate::ready::Ready;

/// The running pages.
#[derive(Debug)]
pub struct Pages {
    server: Server,
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Path, media type, content.
const FILES: [(&str, &str, &str); 8] = [
    ("/", HTML, include_str!("../pages/index.html")),
    ("/reference", HTML, include_str!("../pages/reference.html")),
    (
        "/style.css",
        "text/css; charset=utf-8",
        include_str!("../pages/style.css"),
    ),
    ("/app.js", SCRIPT, include_str!("../pages/app.js")),
    ("/api.js", SCRIPT, include_str!("../pages/api.js")),
    ("/room-log.js", SCRIPT, include_str!("../pages/room-log.js")),
    ("/upload.js", SCRIPT, include_str!("../pages/upload.js")),
    (
        "/reference.js",
        SCRIPT,
        include_str!("../pages/reference.js"),
    ),
];

impl Pages {
    /// Serves the pages of the stack `ready` on `listen`.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(listen: SocketAddr, ready: &Ready) -> Result<Self, StartError> {
        let stack = json!({
            "rest": ready.rest,
            "socket": ready.socket,
            "people": ready.people,
        });
        let stack: Arc<str> = stack.to_string().into();
        let server = Server::start("the try-out page", listen, move |request| {
            let stack = Arc::clone(&stack);
            async move { Ok(answer(&stack, &request)) }
        });
        Ok(Self {
            server: server.await?,
        })
    }

    /// Ends them.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

fn answer(stack: &str, request: &Request<Body>) -> Response<Body> {
    if !loopback::is_addressed_locally(request) {
        return loopback::answer(StatusCode::FORBIDDEN, "text/plain", "for this machine only");
    }
    if request.method() != Method::GET {
        return loopback::answer(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "GET only");
    }
    let path = request.uri().path();
    // The passwords of the two people: only our own pages may read them, no other origin can.
    if path == "/stack.json" {
        return loopback::answer(StatusCode::OK, "application/json", stack.to_owned());
    }
    match FILES.iter().find(|(known, _, _)| *known == path) {
        Some((_, kind, content)) => loopback::answer(StatusCode::OK, kind, *content),
        None => loopback::answer(StatusCode::NOT_FOUND, "text/plain", "no such page"),
    }
}
