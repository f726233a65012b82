//! Several servers under the same load, one after the other in every round, so that what disturbs one disturbs all.

use super::party::{Party, Shape, Window};
use crate::{
    measure::{process::Cpu, spread::Spread},
    options::Options,
    report::{
        chart::Bar,
        number::number,
        row::{Delays, Row, Trouble},
    },
    server::Kind,
};

/// How one server did.
pub(crate) struct Contestant {
    /// Which.
    pub(crate) kind: Kind,
    /// What was measured, one a round.
    pub(crate) windows: Vec<Window>,
    /// Why nothing or no more was measured.
    pub(crate) failure: Option<Trouble>,
}

/// Measures each of those servers that are asked for and installed.
pub(crate) fn run(
    options: &Options,
    name: &str,
    shape: Shape,
    kinds: &[Kind],
    mut between: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<Vec<Contestant>> {
    let host = options.host()?;
    let mut parties = Vec::new();
    let mut contestants = Vec::new();
    for &kind in kinds.iter().filter(|kind| options.wants(**kind)) {
        let (party, failure) = match Party::start(kind, &host, shape) {
            Ok(party) => {
                eprintln!("{name}: {} is process {}", kind.name(), party.server.pid());
                (Some(party), None)
            }
            Err(error) => (None, Some(Trouble::from(&error))),
        };
        parties.push(party);
        contestants.push(Contestant { kind, windows: Vec::new(), failure });
    }
    for round in 1..=options.rounds() {
        for (party, contestant) in parties.iter_mut().zip(&mut contestants) {
            let Some(running) = party else { continue };
            match running.window(options.warm_up(), options.window()) {
                Ok(window) => {
                    eprintln!("{name}, round {round}: {}: {}", contestant.kind.name(), glance(&window));
                    contestant.windows.push(window);
                }
                Err(error) => {
                    contestant.failure = Some(Trouble::from(&error));
                    *party = None;
                }
            }
        }
        between()?;
    }
    Ok(contestants)
}

/// The figure of plic-chat over that of another, round by round.
pub(crate) fn ratio(all: &[Contestant], other: Kind, figure: impl Fn(&Window) -> f64) -> Option<Spread> {
    quotient(all, [Kind::Plic, other], figure)
}

/// The figure of plic-chat on two cores over that on one, round by round.
pub(crate) fn growth(all: &[Contestant], figure: impl Fn(&Window) -> f64) -> Option<Spread> {
    quotient(all, [Kind::PlicTwoCores, Kind::Plic], figure)
}

/// A figure of one server over that of another, round by round.
pub(crate) fn quotient(
    all: &[Contestant],
    kinds: [Kind; 2],
    figure: impl Fn(&Window) -> f64,
) -> Option<Spread> {
    let windows = |kind| all.iter().find(|one| one.kind == kind).map(|one| &one.windows);
    let [above, below] = kinds.map(windows);
    Spread::of(above?.iter().zip(below?).map(|(above, below)| figure(above) / figure(below)))
}

/// The middle of a figure over all rounds.
pub(crate) fn median(windows: &[Window], figure: impl Fn(&Window) -> f64) -> f64 {
    Spread::of(windows.iter().map(figure)).map_or(f64::NAN, |spread| spread.median)
}

impl Contestant {
    /// A row of the table, without what is compared.
    pub(crate) fn row(&self, scenario: &str, result: impl Fn(&[Window]) -> String) -> Row {
        let mut row = Row::new(scenario, self.kind.name());
        row.failure.clone_from(&self.failure);
        row.is_ours = self.kind.is_ours();
        if self.windows.is_empty() {
            return row;
        }
        let utilisation = number(median(&self.windows, Window::utilisation));
        row.result = format!("{}, {utilisation}% of a core", result(&self.windows));
        let (mut cpu, mut deliveries) = (Cpu::default(), 0);
        let (mut to_sender, mut to_last) =
            (self.windows[0].count.to_sender.clone(), self.windows[0].count.to_last.clone());
        for window in &self.windows {
            cpu.user += window.cpu.user;
            cpu.system += window.cpu.system;
            deliveries += window.count.deliveries;
        }
        for window in &self.windows[1..] {
            to_sender.add(&window.count.to_sender);
            to_last.add(&window.count.to_last);
        }
        #[expect(clippy::cast_precision_loss, reason = "deliveries of minutes are far below 2^52")]
        let hundred_thousands = deliveries as f64 / 1e5;
        row.cpu = Some(Cpu { user: cpu.user / hundred_thousands, system: cpu.system / hundred_thousands });
        row.to_sender = Delays::of(&to_sender);
        row.to_last = Delays::of(&to_last);
        row
    }

    /// A bar of a chart, where something was measured.
    pub(crate) fn bar(&self, figure: impl Fn(&Window) -> f64) -> Option<Bar> {
        (!self.windows.is_empty()).then(|| Bar {
            name: self.kind.name().to_owned(),
            value: median(&self.windows, figure),
            is_ours: self.kind.is_ours(),
        })
    }
}

fn glance(window: &Window) -> String {
    format!(
        "{:.0} deliveries/s, {:.0} confirmed/s, {:.2} + {:.2} s of CPU, {:.0} deliveries per CPU s, p99 to the last {:.1} ms",
        window.deliveries(),
        window.confirmed(),
        window.cpu.user,
        window.cpu.system,
        window.deliveries_per_cpu(),
        window.count.to_last.percentile(99.0).unwrap_or(f64::NAN),
    )
}
