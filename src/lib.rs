//! plic-chat: a self-hosted, moderated chat server.
//!
//! The way of one message: [`socket`] reads a frame, the pipeline (`plic_pipeline`) decides, the [`store`] commits and
//! hands what it committed to the [`bus`], the [`hub`] renders it once as a [`frame`] and puts it into every
//! recipient's outbox. [`server`] is the only place that names concrete types.

pub mod audit_export;
mod breaker;
pub mod bus;
pub mod cli;
pub mod client_address;
pub mod cluster;
pub mod config;
pub mod encoder;
pub mod frame;
pub mod http_door;
pub mod hub;
pub mod log;
pub mod metrics;
pub mod pages;
pub mod routes;
pub mod second_opinion;
pub mod server;
pub mod socket;
pub mod store;
pub mod token;
