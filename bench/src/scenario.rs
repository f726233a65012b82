//! What is measured, each scenario through the servers' public doors.

pub(crate) mod accept;
pub(crate) mod contest;
pub(crate) mod fanout;
pub(crate) mod herd;
pub(crate) mod hints;
pub(crate) mod idle;
pub(crate) mod nodes;
pub(crate) mod open;
pub(crate) mod pairs;
pub(crate) mod party;
pub(crate) mod stalled;

use crate::report::{chart::Panel, row::Row};

/// What a scenario tells.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// For the table.
    pub(crate) rows: Vec<Row>,
    /// For the chart.
    pub(crate) panels: Vec<Panel>,
}

impl Outcome {
    /// Appends what another scenario tells.
    pub(crate) fn add(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.panels.extend(other.panels);
    }
}

impl From<Vec<Row>> for Outcome {
    fn from(rows: Vec<Row>) -> Self {
        Self { rows, panels: Vec::new() }
    }
}
