//! What each stage lets pass and refuses, through the whole pipeline and without a socket.

mod memory;
mod moderation;
mod one_room;
mod order;
