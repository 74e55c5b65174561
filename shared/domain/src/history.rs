//! Which part of a room's messages to read, and how a page is cut out of what was found.

use crate::{MessageId, message::Message};

/// Page size when none is asked for.
pub const USUAL_PAGE: i64 = 50;
/// Largest page.
pub const LARGEST_PAGE: i64 = 100;

/// A place in a room's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// By number; a message with that number need not exist.
    Seq(i64),
    /// Where this message of the room stands.
    Message(MessageId),
}

/// The part of a room's messages that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The newest ones.
    Latest,
    /// The newest ones older than a place.
    Before(Place),
    /// The oldest ones newer than a place.
    After(Place),
    /// As many on either side of a place, the message that stands there included.
    Around(Place),
}

/// A page of messages, and whether more lie beyond its two ends.
#[derive(Debug, Clone, PartialEq)]
pub struct History<M = Message> {
    /// The messages, newest first.
    pub items: Vec<M>,
    /// Whether there may be older ones.
    pub older: bool,
    /// Whether there may be newer ones.
    pub newer: bool,
}

impl Window {
    /// How many to read of the older and of the newer side for a page of `limit`: one more than can be used
    /// tells whether there are more.
    #[must_use]
    pub fn reads(self, limit: i64) -> (i64, i64) {
        match self {
            Self::Latest | Self::Before(_) => (limit + 1, 0),
            Self::After(_) => (0, limit + 1),
            Self::Around(_) => (limit + 1, limit + 1),
        }
    }

    /// Whether the message that stands at the place belongs to the page.
    #[must_use]
    pub fn includes_place(self) -> bool {
        matches!(self, Self::Around(_))
    }

    /// The place it is measured from; none for the newest end.
    #[must_use]
    pub fn place(self) -> Option<Place> {
        match self {
            Self::Latest => None,
            Self::Before(place) | Self::After(place) | Self::Around(place) => Some(place),
        }
    }

    /// Cuts a page of at most `limit` out of what was found: `older` newest first, `newer` oldest first.
    ///
    /// Around a place, a side that has too few leaves its room to the other one.
    #[must_use]
    pub fn cut<M>(self, limit: usize, mut older: Vec<M>, mut newer: Vec<M>) -> History<M> {
        let keep_newer = match self {
            Self::Latest | Self::Before(_) => 0,
            Self::After(_) => limit,
            Self::Around(_) => (limit / 2).max(limit.saturating_sub(older.len())),
        };
        let more_newer = newer.len() > keep_newer;
        newer.truncate(keep_newer);
        let keep_older = limit - newer.len();
        let more_older = older.len() > keep_older;
        older.truncate(keep_older);
        newer.reverse();
        newer.append(&mut older);
        let found = !newer.is_empty();
        History {
            items: newer,
            older: more_older || (found && matches!(self, Self::After(_))),
            newer: more_newer || (found && matches!(self, Self::Before(_))),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a room with `1..=count` in it answers.
    fn page(window: Window, at: i64, count: i64, limit: i64) -> History<i64> {
        let (read_older, read_newer) = window.reads(limit);
        let below = if window.includes_place() { at } else { at - 1 };
        let older = (1..=count.min(below)).rev();
        let newer = at.max(0).saturating_add(1)..=count;
        window.cut(
            usize::try_from(limit).unwrap(),
            older.take(usize::try_from(read_older).unwrap()).collect(),
            newer.take(usize::try_from(read_newer).unwrap()).collect(),
        )
    }

    #[test]
    fn r_m6_around_holds_the_place_and_fills_up_at_the_ends() {
        let around = |at, count, limit| page(Window::Around(Place::Seq(at)), at, count, limit);
        assert_eq!(around(50, 100, 5).items, [52, 51, 50, 49, 48]);
        assert_eq!(around(50, 100, 1).items, [50]);
        assert_eq!(around(1, 100, 5).items, [5, 4, 3, 2, 1]);
        assert_eq!(around(100, 100, 5).items, [100, 99, 98, 97, 96]);
        assert_eq!(around(2, 3, 5).items, [3, 2, 1]);
        let middle = around(50, 100, 5);
        assert!(middle.older && middle.newer);
        let all = around(2, 3, 5);
        assert!(!all.older && !all.newer);
    }

    proptest! {
        #[test]
        fn r_m6_walking_back_meets_every_message_once(count in 0..250_i64, limit in 1..=100_i64) {
            let (mut at, mut met) = (i64::MAX, Vec::new());
            loop {
                let page = page(Window::Before(Place::Seq(at)), at, count, limit);
                met.extend(page.items.iter().copied());
                match page.items.last() {
                    Some(last) if page.older => at = *last,
                    _ => break,
                }
            }
            prop_assert_eq!(met, (1..=count).rev().collect::<Vec<_>>());
        }

        #[test]
        fn r_m6_a_page_around_is_whole(count in 1..250_i64, at in 1..250_i64, limit in 1..=100_i64) {
            prop_assume!(at <= count);
            let page = page(Window::Around(Place::Seq(at)), at, count, limit);
            prop_assert!(page.items.contains(&at));
            prop_assert_eq!(page.items.len() as i64, limit.min(count));
            prop_assert!(page.items.is_sorted_by(|newer, older| *newer == older + 1));
            prop_assert_eq!(page.newer, page.items[0] < count);
            prop_assert_eq!(page.older, page.items[page.items.len() - 1] > 1);
        }
    }
}
