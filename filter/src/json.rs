//! How JSON of clients is read where `serde_json` is stricter than JavaScript, and where `serde` is laxer: a number with an
//! integral value is an integer, an array is no object, and an object is no word.

pub mod integer;
mod object;
mod word;

pub use object::Object;
pub use word::Word;
