//! What stands before s3s: CORS, the signature rules that it lacks, and names for faults.

use form_urlencoded::parse;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

use crate::loopback::{Body, answer};

/// What pages may do.
const METHODS: &str = "GET, PUT, HEAD";

/// What pages may read of an answer.
const EXPOSED: &str = "ETag, x-amz-checksum-sha256, x-amz-checksum-crc64nvme, \
    x-amz-checksum-type, x-amz-request-id, Content-Disposition, Content-Range, Accept-Ranges";

/// What AWS's own signers leave out of presigned URLs, and S3 therefore lets pass.
const FREE: [&str; 2] = ["x-amz-user-agent", "x-amz-checksum-mode"];

/// The longest life of a presigned URL, in seconds.
const WEEK: u64 = 604_800;

/// The bucket's CORS rule and the region that signatures must name.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    pub(super) origins: Vec<String>,
    pub(super) region: String,
}

/// What is read from the signature of a request, wherever it is.
#[derive(Debug, Default, PartialEq)]
struct Signature {
    signed_headers: Vec<String>,
    credential: String,
    /// Of a presigned URL.
    expires: Option<String>,
}

impl Gate {
    /// The answer to a request that s3s is not to see: a preflight or a refusal.
    pub(super) fn stops(&self, request: &Request<Body>) -> Option<Response<Body>> {
        if request.method() == Method::OPTIONS {
            return Some(self.preflight(request.headers()));
        }
        let signature = signature(request)?;
        let unsigned = unsigned(request.headers(), &signature);
        if !unsigned.is_empty() {
            let details = format!(
                "<HeadersNotSigned>{}</HeadersNotSigned>",
                unsigned.join(", ")
            );
            let message = "There were headers present in the request which were not signed";
            return Some(error(
                StatusCode::FORBIDDEN,
                "AccessDenied",
                message,
                &details,
            ));
        }
        let presigned = signature.expires.is_some();
        let code = if presigned {
            "AuthorizationQueryParametersError"
        } else {
            "AuthorizationHeaderMalformed"
        };
        let life = signature.expires.and_then(|expires| expires.parse().ok());
        if life.is_some_and(|life: u64| life > WEEK) {
            let message = "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds";
            return Some(error(StatusCode::BAD_REQUEST, code, message, ""));
        }
        let region = signature.credential.split('/').nth(2).unwrap_or_default();
        if region != self.region {
            let message = format!(
                "the region '{region}' is wrong; expecting '{}'",
                self.region
            );
            return Some(error(StatusCode::BAD_REQUEST, code, &message, ""));
        }
        None
    }

    /// Lets the page of `origin` read the answer, if it may.
    pub(super) fn open(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        if let Some(allowed) = origin.and_then(|origin| self.allowed(origin)) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
            headers.insert(
                ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static(EXPOSED),
            );
            headers.insert(VARY, HeaderValue::from_static("Origin"));
        }
    }

    fn preflight(&self, headers: &HeaderMap) -> Response<Body> {
        let origin = headers.get(ORIGIN);
        let asked = headers
            .get(ACCESS_CONTROL_REQUEST_METHOD)
            .and_then(|method| method.to_str().ok())
            .is_some_and(|method| METHODS.split(", ").any(|allowed| allowed == method));
        if !asked || origin.and_then(|origin| self.allowed(origin)).is_none() {
            let message = "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.";
            return error(StatusCode::FORBIDDEN, "AccessForbidden", message, "");
        }
        let mut response = answer(StatusCode::OK, "application/xml", "");
        let answered = response.headers_mut();
        self.open(origin, answered);
        answered.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static(METHODS),
        );
        answered.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3000"));
        if let Some(wanted) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            answered.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
        }
        response
    }

    fn allowed(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        let any = self.origins.iter().any(|allowed| allowed == "*");
        let known = self
            .origins
            .iter()
            .any(|allowed| origin == allowed.as_str());
        match (any, known) {
            (true, _) => Some(HeaderValue::from_static("*")),
            (_, true) => Some(origin.clone()),
            _ => None,
        }
    }
}

/// The S3 operation that a request asks for, as fault rules name it.
pub(super) fn operation(request: &Request<Body>) -> &'static str {
    let query = request.uri().query().unwrap_or_default();
    let has = |wanted: &str| parse(query.as_bytes()).any(|(name, _)| name == wanted);
    let path = request.uri().path().trim_start_matches('/');
    let object = path.split_once('/').is_some_and(|(_, key)| !key.is_empty());
    match (request.method(), object) {
        (&Method::PUT, true) if has("uploadId") => "UploadPart",
        (&Method::PUT, true) if has("tagging") => "PutObjectTagging",
        (&Method::PUT, true) => "PutObject",
        (&Method::PUT, false) => "CreateBucket",
        (&Method::GET, true) if has("uploadId") => "ListParts",
        (&Method::GET, true) if has("tagging") => "GetObjectTagging",
        (&Method::GET, true) => "GetObject",
        (&Method::GET, false) if has("uploads") => "ListMultipartUploads",
        (&Method::GET, false) => "ListObjectsV2",
        (&Method::HEAD, true) => "HeadObject",
        (&Method::HEAD, false) => "HeadBucket",
        (&Method::POST, true) if has("uploads") => "CreateMultipartUpload",
        (&Method::POST, true) => "CompleteMultipartUpload",
        (&Method::POST, false) => "DeleteObjects",
        (&Method::DELETE, true) if has("uploadId") => "AbortMultipartUpload",
        (&Method::DELETE, true) if has("tagging") => "DeleteObjectTagging",
        (&Method::DELETE, true) => "DeleteObject",
        _ => "",
    }
}

/// The error that S3 answers with this status; 200 is a failure in a successful answer.
pub(super) fn failure(status: u16) -> Response<Body> {
    let code = match status {
        403 => "AccessDenied",
        404 => "NoSuchUpload",
        503 => "SlowDown",
        _ => "InternalError",
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    error(status, code, "A fault was asked for.", "")
}

fn error(status: StatusCode, code: &str, message: &str, details: &str) -> Response<Body> {
    let escaped = message.replace('&', "&amp;").replace('<', "&lt;");
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{escaped}</Message>{details}</Error>"
    );
    answer(status, "application/xml", body)
}

/// The headers that S3 wants signed and that are not.
fn unsigned(headers: &HeaderMap, signature: &Signature) -> Vec<String> {
    let free: &[&str] = if signature.expires.is_some() {
        &FREE
    } else {
        &[]
    };
    let signed = |name: &str| signature.signed_headers.iter().any(|signed| signed == name);
    headers
        .keys()
        .map(http::HeaderName::as_str)
        .filter(|name| name.starts_with("x-amz-") && !free.contains(name) && !signed(name))
        .map(ToOwned::to_owned)
        .collect()
}

fn signature(request: &Request<Body>) -> Option<Signature> {
    let query = request.uri().query().unwrap_or_default();
    let mut signature = Signature::default();
    let mut presigned = false;
    for (name, value) in parse(query.as_bytes()) {
        match name.as_ref() {
            "X-Amz-SignedHeaders" => signature.signed_headers = split(&value),
            "X-Amz-Credential" => signature.credential = value.into_owned(),
            "X-Amz-Expires" => signature.expires = Some(value.into_owned()),
            "X-Amz-Signature" => presigned = true,
            _ => {}
        }
    }
    if presigned {
        return Some(signature);
    }
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    for field in header.strip_prefix("AWS4-HMAC-SHA256")?.split(',') {
        match field.trim().split_once('=') {
            Some(("SignedHeaders", value)) => signature.signed_headers = split(value),
            Some(("Credential", value)) => value.clone_into(&mut signature.credential),
            _ => {}
        }
    }
    signature.expires = None;
    Some(signature)
}

fn split(names: &str) -> Vec<String> {
    names.split(';').map(str::to_lowercase).collect()
}
