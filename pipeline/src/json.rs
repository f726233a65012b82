//! How JSON of clients is read where `serde_json` is stricter than JavaScript: texts with half a surrogate pair, and values
//! that are ignored, beside what the filter's crate reads for rules. The WebSocket and REST read by the same rules.

mod lone_surrogate;
mod value_under;

pub use lone_surrogate::replace_lone_surrogates;
pub use plic_filter::json::{Object, Word, integer};
pub(crate) use value_under::value_under;
