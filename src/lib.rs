//! plic-chat: a self-hosted, moderated chat server.

pub mod store;
