//! The load: thousands of members on one thread, who say little about what they hear and count it.

pub(crate) mod crowd;
pub(crate) mod entrance;
pub(crate) mod failure;
pub(crate) mod frame;
pub(crate) mod protocol;
pub(crate) mod rooms;
pub(crate) mod stamp;
pub(crate) mod traffic;
