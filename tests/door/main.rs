//! What the server promises, seen through its public door: the real program on a real port, spoken to in bytes.
//!
//! A file a group of facts, one [`harness`]. Nothing here knows how the server is built.

mod audit_head;
mod backup;
mod connections;
mod conversations;
mod crash;
mod documents;
mod encoder;
mod evaluation;
#[path = "../harness/mod.rs"]
mod harness;
mod http_upgrade;
mod moderation_audit;
mod moderation_bounds;
mod moderation_calibrate;
mod moderation_drift;
mod moderation_gate;
mod moderation_incidents;
mod moderation_numbers;
mod moderation_people;
mod moderation_ranks;
mod moderation_refusals;
mod moderation_rules;
mod moderation_trials;
mod moderation_viewing;
mod operations;
mod pages;
mod rest_cors;
mod rest_failures;
mod rest_limits;
mod rest_paging;
mod rest_rooms;
mod settings;
mod settings_of_nodes;
mod small_volume;
mod tokens;
mod ws_close_codes;
mod ws_delivery;
mod ws_frames;
mod ws_limits;
mod ws_shutdown;
mod ws_structure;
