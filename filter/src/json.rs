//! How JSON of clients is read where `serde_json` is stricter than JavaScript, and where `serde` is laxer: a number with an
//! integral value is an integer, and an array is no object.

pub mod integer;
mod object;

pub use object::Object;
