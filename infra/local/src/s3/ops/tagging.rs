//! The tags of objects.

use s3s::dto::*;
use s3s::{S3Result, s3_error};

use super::{Answer, Service, answer, blocking};

/// Most tags of one object.
const MAX: usize = 10;

pub(super) async fn put(
    service: &Service,
    input: PutObjectTaggingInput,
) -> Answer<PutObjectTaggingOutput> {
    let tags = pairs(input.tagging.tag_set)?;
    blocking(service, move |store| {
        store.tag(&input.bucket, &input.key, &tags)
    })
    .await?;
    answer(PutObjectTaggingOutput::default())
}

pub(super) fn get(
    service: &Service,
    input: &GetObjectTaggingInput,
) -> Answer<GetObjectTaggingOutput> {
    let object = service.store.object(&input.bucket, &input.key)?;
    let tags = object.document.tags.iter().map(|(key, value)| Tag {
        key: Some(key.clone()),
        value: Some(value.clone()),
    });
    answer(GetObjectTaggingOutput {
        tag_set: tags.collect(),
        version_id: None,
    })
}

pub(super) async fn delete(
    service: &Service,
    input: DeleteObjectTaggingInput,
) -> Answer<DeleteObjectTaggingOutput> {
    blocking(service, move |store| {
        store.tag(&input.bucket, &input.key, &[])
    })
    .await?;
    answer(DeleteObjectTaggingOutput::default())
}

/// The tags of the header `x-amz-tagging`: `a=b&c=d`, as in a query.
pub(super) fn parse(header: Option<&str>) -> Vec<(String, String)> {
    form_urlencoded::parse(header.unwrap_or_default().as_bytes())
        .into_owned()
        .collect()
}

fn pairs(tags: TagSet) -> S3Result<Vec<(String, String)>> {
    if tags.len() > MAX {
        return Err(s3_error!(
            InvalidTag,
            "Object tags cannot be greater than 10"
        ));
    }
    let pairs = tags.into_iter().map(|tag| Some((tag.key?, tag.value?)));
    pairs
        .collect::<Option<_>>()
        .ok_or_else(|| s3_error!(InvalidTag, "A tag has a key and a value."))
}
