//! Lists in pages.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::FieldError;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Where the page before this one begins, for lists that can be walked both ways.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page cut from `items`, of which one more than `limit` was read; `position` says where an item stands.
    pub fn cut<P: Serialize>(mut items: Vec<T>, limit: usize, position: impl Fn(&T) -> P) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = if more {
            items
                .last()
                .map(|last| crate::cursor::encode(&position(last)))
        } else {
            None
        };
        Self {
            items,
            next_cursor,
            prev_cursor: None,
        }
    }

    /// The same page with other items.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            next_cursor: self.next_cursor,
            prev_cursor: self.prev_cursor,
        }
    }
}

/// Checks a page size: 1 to `most`, `usual` when none was asked for.
///
/// # Errors
/// A field error for `limit`.
pub fn limit(asked: Option<i64>, usual: i64, most: i64) -> Result<i64, FieldError> {
    match asked {
        None => Ok(usual),
        Some(limit) if (1..=most).contains(&limit) => Ok(limit),
        Some(_) => Err(FieldError::new(
            "limit",
            "out_of_range",
            format!("1 to {most}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_has_no_cursor() {
        assert!(Page::cut(vec![1, 2], 2, |item| *item).next_cursor.is_none());
        let page = Page::cut(vec![1, 2, 3], 2, |item| *item);
        assert_eq!(page.items, [1, 2]);
        assert_eq!(
            crate::cursor::decode::<i32>(&page.next_cursor.unwrap()),
            Ok(2)
        );
    }

    #[test]
    fn limits_hold() {
        assert_eq!(limit(None, 50, 100), Ok(50));
        assert_eq!(limit(Some(100), 50, 100), Ok(100));
        assert!(limit(Some(0), 50, 100).is_err());
        assert!(limit(Some(101), 50, 100).is_err());
    }
}
