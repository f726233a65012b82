//! What rules find, and what they make of it, through the rule set as everybody else calls it.

mod arbiter;
mod concepts;
mod contact;
mod disguise_groups;
mod disguises;
mod evasions;
mod explanations;
mod false_alarms;
mod hostile;
mod lexicons;
mod links;
mod own_terms;
mod padding;
mod pattern;
mod repetition;
mod rules;
mod set;
mod starter;
