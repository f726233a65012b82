//! Paging: `?limit=` and the `Link` header to the next page.

use std::fmt::Display;

use crate::number::Number;

/// The most items of a page.
pub(crate) const MAX_LIMIT: i64 = 500;

/// How many items a page holds.
pub(crate) type Limit = Number<1, MAX_LIMIT>;

/// The page's size where the client names none.
pub(crate) fn default_limit() -> Limit {
    Number(100)
}

impl Limit {
    /// As the store takes it.
    pub(crate) fn items(self) -> usize {
        usize::try_from(self.0).expect("a limit is from 1 to 500")
    }
}

/// Returns a `Link` header's value, such as `</rooms/7?limit=100&before=123>; rel="prev"`.
pub(crate) fn link(path: &str, limit: Limit, cursor: &str, at: impl Display, relation: &str) -> String {
    format!(r#"<{path}?limit={}&{cursor}={at}>; rel="{relation}""#, limit.0)
}
