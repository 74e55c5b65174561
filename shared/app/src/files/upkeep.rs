//! What happens to files later, by the reaper's hand: removed for good, indexed, moved to another storage class. Every
//! job may be run again at any time; what it leaves, the next run finds.

use domain::file::RESTORABLE;
use domain::search::index;
use store::{Store, ToTier};
use time::OffsetDateTime;

use crate::uploads::Swept;
use crate::{Files, Problem, clock};

/// Most contents of one room that one run tags.
const CONTENTS: i64 = 500;

/// Removes deleted files for good whose 30 days are over: at most `batches` times `limit`.
///
/// # Errors
/// When they cannot be listed.
pub async fn purge(
    store: &Store,
    now: OffsetDateTime,
    limit: i64,
    batches: u32,
) -> Result<Swept, Problem> {
    let mut swept = Swept::default();
    let before = now - RESTORABLE;
    for _ in 0..batches {
        let over = store.expired_files(before, limit).await?;
        let full = i64::try_from(over.len()).is_ok_and(|count| count >= limit);
        for expired in over {
            match store.purge_file(expired, before, (clock::id(), now)).await {
                Ok(gone) => swept.done += u32::from(gone),
                Err(error) => {
                    swept.failed += 1;
                    tracing::warn!(file = %expired.file, error = ?error, "left to the next run");
                }
            }
        }
        // What failed would come first again.
        if !full || swept.failed > 0 {
            break;
        }
    }
    Ok(swept)
}

/// Tells the search the names of at most `limit` files that it does not know.
///
/// # Errors
/// When Postgres does not answer.
pub async fn index_names(store: &Store, limit: i64) -> Result<Swept, Problem> {
    let names = store.unindexed_files(limit).await?;
    let indexed: Vec<_> = names
        .into_iter()
        .map(|(id, name)| {
            let of = index(&name);
            (id, name, of)
        })
        .collect();
    if !indexed.is_empty() {
        store.index_files(&indexed).await?;
    }
    Ok(Swept {
        done: u32::try_from(indexed.len()).unwrap_or(u32::MAX),
        failed: 0,
    })
}

/// Tags the contents of at most `limit` rooms for the storage class that their state wants: the cheaper one while every
/// room that shows them is archived.
///
/// # Errors
/// When the rooms cannot be listed.
pub async fn tier(store: &Store, files: &Files, limit: i64) -> Result<Swept, Problem> {
    let mut swept = Swept::default();
    for (room, archived) in store.rooms_to_tier(limit).await? {
        let contents = store.contents_to_tier(room, CONTENTS).await?;
        let failed = swept.failed;
        for content in &contents {
            match tag(store, files, content).await {
                Ok(()) => swept.done += 1,
                Err(problem) => {
                    swept.failed += 1;
                    tracing::warn!(blob = %content.blob, error = ?problem.source, "left to the next run");
                }
            }
        }
        let all = i64::try_from(contents.len()).is_ok_and(|count| count < CONTENTS);
        if all && swept.failed == failed {
            store.room_tiered(room, archived).await?;
        }
    }
    Ok(swept)
}

/// S3 first: a tag that is set twice is set.
async fn tag(store: &Store, files: &Files, content: &ToTier) -> Result<(), Problem> {
    files.tag_tier(&content.key, content.archive).await?;
    store.content_tiered(content).await?;
    Ok(())
}
