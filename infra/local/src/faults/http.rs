//! Faults around one HTTP call.

use std::future::Future;

use ::http::{Request, Response, header};
use http_body_util::BodyExt;

use super::{Effect, Faults, Target};
use crate::loopback::{Body, Cut, full};

/// Writes the error that a service answers with this status; 200 is the error in a 200.
pub type Failure = fn(status: u16) -> Response<Body>;

/// Carries out `call` with the faults that stand for this operation.
///
/// # Errors
/// [`Cut`] when the caller is to see its connection break.
pub async fn around<F, Fut>(
    faults: &Faults,
    (target, operation): (Target, &str),
    request: Request<Body>,
    failure: Failure,
    call: F,
) -> Result<Response<Body>, Cut>
where
    F: Fn(Request<Body>) -> Fut,
    Fut: Future<Output = Response<Body>>,
{
    if faults.idle() {
        return Ok(call(request).await);
    }
    let request = match faults.check(target, operation).await {
        None | Some(Effect::Delay(_)) => request,
        Some(Effect::Lagging) => return without_last_part(call(request).await).await,
        Some(Effect::Twice) => first_of_two(request, &call).await?,
        Some(effect) => return instead(&effect, failure),
    };
    let response = call(request).await;
    match faults.check_after(target, operation).await {
        None | Some(Effect::Delay(_) | Effect::Twice) => Ok(response),
        Some(effect) => instead(&effect, failure),
    }
}

/// What is seen in place of the answer.
fn instead(effect: &Effect, failure: Failure) -> Result<Response<Body>, Cut> {
    match effect {
        Effect::Status(status) => Ok(failure(*status)),
        Effect::Error200 => Ok(failure(200)),
        _ => Err(Cut),
    }
}

/// The answer as it was before the last part came.
async fn without_last_part(response: Response<Body>) -> Result<Response<Body>, Cut> {
    let (mut head, body) = response.into_parts();
    let bytes = body.collect().await.map_err(|_| Cut)?.to_bytes();
    let mut list = String::from_utf8(bytes.into()).map_err(|_| Cut)?;
    if let (Some(start), Some(end)) = (list.rfind("<Part>"), list.rfind("</Part>")) {
        list.replace_range(start..end + "</Part>".len(), "");
    }
    head.headers.remove(header::CONTENT_LENGTH);
    Ok(Response::from_parts(head, full(list)))
}

/// Carries out the call once with a copy of the request, and answers the request to do it again.
async fn first_of_two<F, Fut>(request: Request<Body>, call: &F) -> Result<Request<Body>, Cut>
where
    F: Fn(Request<Body>) -> Fut,
    Fut: Future<Output = Response<Body>>,
{
    let (head, body) = request.into_parts();
    let bytes = body.collect().await.map_err(|_| Cut)?.to_bytes();
    call(Request::from_parts(head.clone(), full(bytes.clone()))).await;
    Ok(Request::from_parts(head, full(bytes)))
}
