//! What is told: one table, the machine, and a chart.

pub(crate) mod chart;
pub(crate) mod machine;
pub(crate) mod number;
pub(crate) mod row;
pub(crate) mod table;
