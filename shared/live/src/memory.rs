//! What an instance remembers of the index, so that a busy room's thousand sockets are not read at each pass.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::index::{Index, Topic};

/// Topics remembered at most.
const MOST: usize = 64;

/// Indexes and the generation that each is of; the server says when one is out of date.
#[derive(Default)]
pub(crate) struct Memory {
    topics: Mutex<HashMap<Topic, (String, Arc<Index>)>>,
}

impl Memory {
    /// The generation remembered; empty when there is none.
    pub(crate) fn generation(&self, topic: Topic) -> String {
        self.lock()
            .get(&topic)
            .map(|(generation, _)| generation.clone())
            .unwrap_or_default()
    }

    /// Takes what was read, or finds what is remembered.
    pub(crate) fn refresh(
        &self,
        topic: Topic,
        generation: &str,
        read: Option<Index>,
    ) -> Arc<Index> {
        let mut topics = self.lock();
        if let Some(index) = read {
            let index = Arc::new(index);
            if topics.len() >= MOST && !topics.contains_key(&topic) {
                topics.clear();
            }
            topics.insert(topic, (generation.to_owned(), Arc::clone(&index)));
            return index;
        }
        topics
            .get(&topic)
            .filter(|(known, _)| known == generation)
            .map(|(_, index)| Arc::clone(index))
            .unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Topic, (String, Arc<Index>)>> {
        match self.topics.lock() {
            Ok(topics) => topics,
            Err(poisoned) => poisoned.into_inner(),
        }
    }
}
