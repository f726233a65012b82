//! The REST face through its public door, with a store in memory; through a socket where the promise is one of HTTP.

mod bodies;
mod cors;
mod desk;
mod document;
mod drain;
mod envelope;
mod fake;
mod gate;
mod harness;
mod moderation;
mod records;
mod rooms;
