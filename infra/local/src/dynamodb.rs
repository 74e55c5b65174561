//! DynamoDB on this machine: dynoxide, embedded, behind a proxy that injects faults.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use dynoxide::Database;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::faults::{self, Faults, Target};
use crate::loopback::{Body, BoxError, Server, StartError, answer};

/// A running DynamoDB with the one table of the system.
#[derive(Debug)]
pub struct DynamoDb {
    server: Server,
    _engine: DropGuard,
}

/// How often expired items are removed; AWS promises days, tests want to see it happen.
const SWEEP: Duration = Duration::from_secs(60);

type Upstream = Client<HttpConnector, Body>;

impl DynamoDb {
    /// Opens the data file (`None`: in memory), makes the table if it is absent, and listens.
    ///
    /// The table has the string keys `pk` and `sk`, and items die at the second in `expires`.
    ///
    /// # Errors
    /// When the file cannot be opened or `listen` is taken.
    pub async fn start(
        path: Option<PathBuf>,
        listen: SocketAddr,
        table: &str,
        faults: Faults,
    ) -> Result<Self, StartError> {
        let name = table.to_owned();
        let database = tokio::task::spawn_blocking(move || open(path, &name))
            .await
            .map_err(|error| StartError::new("DynamoDB broke while opening", error))??;
        let stop = CancellationToken::new();
        let engine = engine(database.clone(), stop.clone()).await?;
        tokio::spawn(sweep(database, stop.clone()));
        let upstream: Upstream = Client::builder(TokioExecutor::new()).build_http();
        let server = Server::start("DynamoDB", listen, move |request| {
            let (faults, upstream, engine) = (faults.clone(), upstream.clone(), engine.clone());
            async move {
                let operation = operation(&request);
                let call = |request| pass(&upstream, &engine, request);
                faults::around(
                    &faults,
                    (Target::Dynamodb, &operation),
                    request,
                    failure,
                    call,
                )
                .await
            }
        })
        .await?;
        Ok(Self {
            server,
            _engine: stop.drop_guard(),
        })
    }

    /// The endpoint for `AWS_ENDPOINT_URL_DYNAMODB`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Ends it; the data file stays.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

fn open(path: Option<PathBuf>, table: &str) -> Result<Database, StartError> {
    let failed = |error| StartError::new("DynamoDB could not open its data", error);
    let database = match path {
        Some(path) => Database::new(&path.to_string_lossy()).map_err(failed)?,
        None => Database::memory().map_err(failed)?,
    };
    // Nothing here is worth a flush to disk per write: connections, tickets, repeated answers.
    database.enable_bulk_loading().map_err(failed)?;
    let known = database.list_tables(request(json!({}))?).map_err(failed)?;
    if !known.table_names.iter().any(|known| known == table) {
        create(&database, table)?;
    }
    Ok(database)
}

fn create(database: &Database, table: &str) -> Result<(), StartError> {
    let failed = |error| StartError::new(format!("table {table} could not be made"), error);
    let definition = json!({
        "TableName": table,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
    });
    database
        .create_table(request(definition)?)
        .map_err(failed)?;
    let expiry = json!({
        "TableName": table,
        "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": true},
    });
    database
        .update_time_to_live(request(expiry)?)
        .map_err(failed)?;
    Ok(())
}

fn request<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, StartError> {
    serde_json::from_value(value)
        .map_err(|error| StartError::new("DynamoDB does not take its own requests", error))
}

/// Serves the engine on a port of its own, known to the proxy alone.
async fn engine(database: Database, stop: CancellationToken) -> Result<Authority, StartError> {
    let failed = |error| StartError::new("DynamoDB could not start", error);
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    tokio::spawn(async move {
        let ended =
            dynoxide::server::serve_with_shutdown(listener, database, stop.cancelled_owned()).await;
        if let Err(error) = ended {
            tracing::error!(%error, "DynamoDB ended");
        }
    });
    Authority::try_from(address.to_string())
        .map_err(|error| StartError::new("DynamoDB has no address", error))
}

async fn sweep(database: Database, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(SWEEP);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.cancelled() => return,
        }
        let database = database.clone();
        match tokio::task::spawn_blocking(move || database.sweep_ttl()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "expired items were not removed"),
            Err(error) => tracing::warn!(%error, "expired items were not removed"),
        }
    }
}

async fn pass(
    upstream: &Upstream,
    engine: &Authority,
    mut request: Request<Body>,
) -> Response<Body> {
    let path = request.uri().path_and_query().cloned();
    let uri = Uri::builder()
        .scheme(Scheme::HTTP)
        .authority(engine.clone())
        .path_and_query(path.unwrap_or_else(|| PathAndQuery::from_static("/")))
        .build();
    let passed = match uri {
        Ok(uri) => {
            *request.uri_mut() = uri;
            upstream.request(request).await.map_err(BoxError::from)
        }
        Err(error) => Err(error.into()),
    };
    match passed {
        Ok(response) => response.map(|body| body.map_err(Into::into).boxed()),
        Err(error) => {
            tracing::error!(%error, "DynamoDB did not answer its proxy");
            failure(500)
        }
    }
}

/// `GetItem` of `DynamoDB_20120810.GetItem`.
fn operation(request: &Request<Body>) -> String {
    request
        .headers()
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .and_then(|target| target.rsplit('.').next())
        .unwrap_or_default()
        .to_owned()
}

/// DynamoDB's own errors: 400 is throttling, everything else a failure of the service.
fn failure(status: u16) -> Response<Body> {
    let code = match status {
        400 | 429 => "ProvisionedThroughputExceededException",
        503 => "ServiceUnavailable",
        _ => "InternalServerError",
    };
    let body = json!({
        "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"),
        "message": "a fault was asked for",
    });
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer(status, "application/x-amz-json-1.0", body.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn call(url: &str, operation: &str, body: serde_json::Value) -> (u16, serde_json::Value) {
        let response = reqwest::Client::new()
            .post(url)
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-date", "20260101T000000Z")
            .header("authorization", "AWS4-HMAC-SHA256 Credential=a/20260101/r/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0")
            .body(body.to_string())
            .send()
            .await
            .expect("DynamoDB answers");
        let status = response.status().as_u16();
        (status, response.json().await.expect("JSON"))
    }

    fn any_port() -> SocketAddr {
        (Ipv4Addr::LOCALHOST, 0).into()
    }

    #[tokio::test]
    async fn keeps_items_over_a_restart_and_fails_when_told() {
        let folder = std::env::temp_dir().join(format!("maru-dynamodb-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("folder");
        let file = folder.join("table.sqlite");
        let item = json!({"pk": {"S": "a"}, "sk": {"S": "b"}, "n": {"N": "1"}});

        let faults = Faults::default();
        let first = DynamoDb::start(Some(file.clone()), any_port(), "maru", faults.clone())
            .await
            .expect("starts");
        let put = json!({"TableName": "maru", "Item": item});
        assert_eq!(call(&first.url(), "PutItem", put.clone()).await.0, 200);
        faults.add(
            serde_json::from_value(
                json!({"target": "dynamodb", "operation": "PutItem", "effect": {"status": 400}, "count": 1}),
            )
            .expect("rule"),
        );
        let (status, throttled) = call(&first.url(), "PutItem", put.clone()).await;
        assert_eq!(status, 400);
        assert!(
            throttled["__type"]
                .as_str()
                .is_some_and(|code| code.ends_with("#ProvisionedThroughputExceededException"))
        );
        assert_eq!(call(&first.url(), "PutItem", put).await.0, 200);
        first.stop().await;

        let second = DynamoDb::start(Some(file), any_port(), "maru", Faults::default())
            .await
            .expect("starts again");
        let get = json!({"TableName": "maru", "Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}});
        let (_, found) = call(&second.url(), "GetItem", get).await;
        assert_eq!(found["Item"], item);
        second.stop().await;
        std::fs::remove_dir_all(folder).expect("removed");
    }
}
