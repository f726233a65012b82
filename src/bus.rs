//! The ways in which events travel; today within one node.

pub mod local;
