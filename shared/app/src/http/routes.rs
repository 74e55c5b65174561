//! A function's routes, named once: a router for who serves them, a document for who asks for it.

use axum::Router;
use axum::handler::Handler;
use axum::routing::on;
use utoipa::Path;
use utoipa::openapi::OpenApi;
use utoipa_axum::PathItemExt as _;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

/// What [`routes!`](crate::routes!) is written with.
#[doc(hidden)]
pub use utoipa_axum;

/// What is made of handlers that share the state `S`: a [`Router`], or an [`OpenApi`] that describes them. A function
/// that serves makes the first alone: a document costs more than all else that it does before its first call.
pub trait Routes<S>: Default {
    /// Adds `handler`, at the path and for the methods of `P`; `document` describes it.
    #[must_use]
    fn on<P: Path, H: Handler<T, S>, T: 'static>(
        self,
        handler: H,
        document: impl FnOnce() -> UtoipaMethodRouter<S>,
    ) -> Self;

    /// Adds what `more` adds: another module's routes. Routers that are made apart and then merged learn every path twice.
    #[must_use]
    fn with(self, more: impl FnOnce(Self) -> Self) -> Self {
        more(self)
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> for Router<S> {
    fn on<P: Path, H: Handler<T, S>, T: 'static>(
        self,
        handler: H,
        _: impl FnOnce() -> UtoipaMethodRouter<S>,
    ) -> Self {
        let path = P::path();
        P::methods().iter().fold(self, |router, method| {
            router.route(&path, on(method.to_method_filter(), handler.clone()))
        })
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> for OpenApi {
    fn on<P: Path, H: Handler<T, S>, T: 'static>(
        self,
        _: H,
        document: impl FnOnce() -> UtoipaMethodRouter<S>,
    ) -> Self {
        OpenApiRouter::with_openapi(self)
            .routes(document())
            .into_openapi()
    }
}

/// Adds handlers that have `#[utoipa::path]` to something that is [`Routes`]: `routes!(others, list, send)`. They are
/// named without a path; those of another module are added by a function of its own, see [`Routes::with`].
#[macro_export]
macro_rules! routes {
    ($others:expr, $($handler:ident),+ $(,)?) => {
        $crate::http::routes::utoipa_axum::paste! {
            $others $(.on::<[<__path_ $handler>], _, _>(
                $handler,
                || $crate::http::routes::utoipa_axum::routes!($handler),
            ))+
        }
    };
}

#[cfg(test)]
mod tests {
    use axum::Json;
    use axum::body::Body;
    use axum::extract::State;
    use axum::http::{Request, StatusCode};
    use serde::Serialize;
    use tower::ServiceExt as _;

    use super::*;

    #[derive(Serialize, utoipa::ToSchema)]
    struct Note {
        text: &'static str,
    }

    /// Lists
    #[utoipa::path(get, path = "/notes", tag = "notes", responses((status = 200, body = Note)))]
    async fn list(State(text): State<&'static str>) -> Json<Note> {
        Json(Note { text })
    }

    #[utoipa::path(post, path = "/notes", responses((status = 201)))]
    async fn add() -> StatusCode {
        StatusCode::CREATED
    }

    #[utoipa::path(delete, path = "/notes/{id}", responses((status = 204)))]
    async fn remove() -> StatusCode {
        StatusCode::NO_CONTENT
    }

    /// `remove` apart, as another module's would be.
    fn removing<R: Routes<&'static str>>(others: R) -> R {
        routes!(others, remove)
    }

    fn routes<R: Routes<&'static str>>() -> R {
        routes!(R::default(), list, add).with(removing)
    }

    #[tokio::test]
    async fn what_is_served_is_what_is_documented() {
        let served = [
            ("get", "/notes", StatusCode::OK),
            ("post", "/notes", StatusCode::CREATED),
            ("delete", "/notes/{id}", StatusCode::NO_CONTENT),
            ("put", "/notes", StatusCode::METHOD_NOT_ALLOWED),
            ("get", "/notes/{id}", StatusCode::METHOD_NOT_ALLOWED),
            ("get", "/note", StatusCode::NOT_FOUND),
        ];
        let router = routes::<Router<_>>().with_state("written");
        let document = serde_json::to_value(routes::<OpenApi>()).unwrap();
        for (method, path, status) in served {
            let request = Request::builder()
                .method(method.to_uppercase().as_str())
                .uri(path.replace("{id}", "7"))
                .body(Body::empty())
                .unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), status, "{method} {path}");
            let documented = document["paths"][path].get(method);
            assert_eq!(
                documented.is_some(),
                status.is_success(),
                "{method} {path}: {documented:?}"
            );
        }
    }

    #[test]
    fn a_document_has_what_the_handlers_say() {
        let document = serde_json::to_value(routes::<OpenApi>()).unwrap();
        assert_eq!(document["paths"]["/notes"]["get"]["summary"], "Lists");
        assert_eq!(document["paths"]["/notes"]["get"]["tags"][0], "notes");
        let note = &document["components"]["schemas"]["Note"];
        assert_eq!(note["properties"]["text"]["type"], "string");
    }
}
