//! A row of the table: one server in one scenario.

use crate::{
    measure::{latency::Latency, process::Cpu, spread::Spread},
    reference::Absent,
};

/// One server in one scenario.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    /// What was measured.
    pub(crate) scenario: String,
    /// On whom.
    pub(crate) server: String,
    /// What came out, with its units.
    pub(crate) result: String,
    /// Seconds for 100,000 deliveries.
    pub(crate) cpu: Option<Cpu>,
    /// From sending to the confirmation.
    pub(crate) to_sender: Option<Delays>,
    /// From sending to the last recipient.
    pub(crate) to_last: Option<Delays>,
    /// How plic-chat compares, or what it was to reach by itself.
    pub(crate) figures: Vec<Figure>,
    /// Why nothing or no more was measured.
    pub(crate) failure: Option<Trouble>,
    /// Whether the server is plic-chat, which must not fail.
    pub(crate) is_ours: bool,
}

/// Why a server was not measured, or not to the end.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    /// As it is told.
    pub(crate) text: String,
    /// Whether the server is not installed.
    pub(crate) is_absent: bool,
}

impl From<&anyhow::Error> for Trouble {
    fn from(error: &anyhow::Error) -> Self {
        Self { text: format!("{error:#}"), is_absent: error.is::<Absent>() }
    }
}

/// Milliseconds of the middle, of one in a hundred and of one in a thousand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Delays {
    /// Half are quicker.
    pub(crate) p50: f64,
    /// One in a hundred is slower.
    pub(crate) p99: f64,
    /// One in a thousand is slower.
    pub(crate) p999: f64,
}

impl Delays {
    /// `None` where nothing was recorded.
    pub(crate) fn of(latency: &Latency) -> Option<Self> {
        Some(Self {
            p50: latency.percentile(50.0)?,
            p99: latency.percentile(99.0)?,
            p999: latency.percentile(99.9)?,
        })
    }
}

/// A figure that is compared with a goal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    /// Of what, with its unit.
    pub(crate) name: &'static str,
    /// Over the rounds; `None` where one side was not measured.
    pub(crate) value: Option<Spread>,
    /// What was to be reached.
    pub(crate) goal: Option<Goal>,
}

/// What is to be reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Goal {
    /// More is better.
    AtLeast(f64),
    /// Less is better.
    AtMost(f64),
}

impl Goal {
    /// Whether the middle of all rounds reaches it.
    pub(crate) fn is_reached(self, value: Spread) -> bool {
        match self {
            Self::AtLeast(least) => value.median >= least,
            Self::AtMost(most) => value.median <= most,
        }
    }
}

impl Row {
    /// A row that says nothing yet.
    pub(crate) fn new(scenario: &str, server: &str) -> Self {
        Self { scenario: scenario.to_owned(), server: server.to_owned(), ..Self::default() }
    }

    /// Adds a figure.
    pub(crate) fn with(mut self, name: &'static str, value: Option<Spread>, goal: Option<Goal>) -> Self {
        self.figures.push(Figure { name, value, goal });
        self
    }
}
