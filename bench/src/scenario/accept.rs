//! Connections accepted a second, with a token checked where the server checks any.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use super::{
    Outcome,
    party::{AT_ONCE, Guests},
};
use crate::{
    load::entrance::enter,
    measure::{process, spread::Spread},
    options::Options,
    report::{
        number::number,
        row::{Goal, Row, Trouble},
    },
    server::{Kind, Server},
};

const KINDS: [Kind; 4] = [Kind::Plic, Kind::PlicTwoCores, Kind::Floor, Kind::Node];
/// Until a server has forgotten those who left.
const SETTLING: Duration = Duration::from_secs(2);

/// A server and those who come again in each round.
struct Entrance {
    kind: Kind,
    server: Option<Server>,
    guests: Guests,
    /// One a round.
    rounds: Vec<Round>,
    failure: Option<Trouble>,
}

/// What one round showed.
struct Round {
    /// Connections a second. Fast servers wait for the client, which is the limit then.
    rate: f64,
    /// Connections a second of the server's processor time.
    per_cpu: f64,
    /// How much of its core the server used, of a hundred.
    utilisation: f64,
}

/// Measures it.
pub(crate) fn run(options: &Options) -> anyhow::Result<Outcome> {
    let (host, count) = (options.host()?, options.connections());
    let mut entrances = Vec::new();
    for kind in KINDS.into_iter().filter(|kind| options.wants(*kind)) {
        let (server, failure) = match Server::start(kind, &host) {
            Ok(server) => (Some(server), None),
            Err(error) => (None, Some(Trouble::from(&error))),
        };
        let guests = Guests::strangers(kind, count);
        entrances.push(Entrance { kind, server, guests, rounds: Vec::new(), failure });
    }
    for round in 1..=options.rounds() {
        for entrance in &mut entrances {
            entrance.round(round);
        }
    }
    let rows: Vec<Row> = entrances.iter().map(|one| one.row(&entrances, count)).collect();
    Ok(rows.into())
}

impl Entrance {
    fn round(&mut self, round: usize) {
        let Some(server) = &self.server else { return };
        match measure(server, &self.guests) {
            Ok(seen) => {
                let Round { rate, per_cpu, utilisation } = seen;
                let name = self.kind.name();
                eprintln!(
                    "accept, round {round}: {name}: {rate:.0}/s, {per_cpu:.0} a CPU second, {utilisation:.0}% of a core"
                );
                self.rounds.push(seen);
            }
            Err(error) => {
                self.failure = Some(Trouble::from(&error));
                self.server = None;
            }
        }
    }

    fn row(&self, all: &[Self], count: usize) -> Row {
        let mut row = Row::new(&format!("accept, {count} connections, {AT_ONCE} at once"), self.kind.name());
        row.failure.clone_from(&self.failure);
        row.is_ours = matches!(self.kind, Kind::Plic | Kind::PlicTwoCores);
        let median = |figure: fn(&Round) -> f64| Spread::of(self.rounds.iter().map(figure));
        let (rate, per_cpu, utilisation) =
            (median(|one| one.rate), median(|one| one.per_cpu), median(|one| one.utilisation));
        if let (Some(rate), Some(per_cpu), Some(utilisation)) = (rate, per_cpu, utilisation) {
            row.result = format!(
                "{} connections/s, {} a CPU second, {}% of a core",
                number(rate.median),
                number(per_cpu.median),
                number(utilisation.median)
            );
        }
        let ours = all.iter().find(|one| one.kind == Kind::Plic);
        let against = |figure: fn(&Round) -> f64| quotient(ours?, self, figure);
        let (rates, per_cpu) = (against(|one| one.rate), against(|one| one.per_cpu));
        match self.kind {
            Kind::Plic => row,
            Kind::PlicTwoCores => {
                let growth = ours.and_then(|ours| quotient(self, ours, |one| one.rate));
                row.with("connections/s, two cores to one", growth, None)
            }
            kind => {
                let goal = (kind == Kind::Floor).then_some(Goal::AtLeast(0.5));
                row.with("connections a CPU second", per_cpu, goal).with("connections/s", rates, None)
            }
        }
    }
}

fn quotient(above: &Entrance, below: &Entrance, figure: fn(&Round) -> f64) -> Option<Spread> {
    Spread::of(above.rounds.iter().zip(&below.rounds).map(|(above, below)| figure(above) / figure(below)))
}

#[expect(clippy::cast_precision_loss, reason = "connections are thousands")]
fn measure(server: &Server, guests: &Guests) -> anyhow::Result<Round> {
    let count = guests.greetings.len() as f64;
    let mut crowd = server.kind.crowd()?;
    let (before, begun) = (process::cpu(server.pid())?, Instant::now());
    enter(&mut crowd, &server.addresses(), &guests.greetings, AT_ONCE)?;
    let (seconds, used) = (begun.elapsed().as_secs_f64(), process::cpu(server.pid())? - before);
    drop(crowd);
    sleep(SETTLING);
    let used = used.total();
    Ok(Round { rate: count / seconds, per_cpu: count / used, utilisation: used / seconds * 100.0 })
}
