//! Real time: what sockets and their REST twins do.

use std::sync::Arc;

use live::Members;
use store::Store;

/// The bridge by which `live` learns who is in a room when its own index cannot say.
#[must_use]
pub fn members(store: &Store) -> Members {
    let store = store.clone();
    Arc::new(move |company, room| {
        let store = store.clone();
        Box::pin(async move { Ok(store.member_ids(company, room).await?) })
    })
}
