//! What the server promises, seen through its public door: the real program on a real port, spoken to in bytes.
//!
//! A file a group of facts, one [`harness`]. Nothing here knows how the server is built; the mechanisms that have no
//! route yet (bans, rules) are reached through `harness::inside` alone.

mod crash;
mod harness;
mod http_upgrade;
mod operations;
mod readme;
mod rest_cors;
mod rest_failures;
mod rest_limits;
mod rest_paging;
mod rest_rooms;
mod settings;
mod tokens;
mod ws_close_codes;
mod ws_delivery;
mod ws_frames;
mod ws_limits;
mod ws_shutdown;
mod ws_structure;
