//! How JSON of clients is read where `serde_json` is stricter than JavaScript: numbers with an integral value, texts with
//! half a surrogate pair, and values that are ignored; and where `serde` is laxer: an array is no object. The WebSocket and REST read by the same rules.

pub mod integer;
mod lone_surrogate;
mod object;
mod value_under;

pub use lone_surrogate::replace_lone_surrogates;
pub use object::Object;
pub(crate) use value_under::value_under;
