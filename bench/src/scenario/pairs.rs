//! Two in a room, one of whom speaks, in closed loop: how many messages a second are confirmed, which is to say on disk. Beside
//! them what one writer can put on that disk, into `SQLite` and into `PostgreSQL`.

mod writer;

use testbed::Postgres;

use self::writer::Writer;
use super::{
    Outcome,
    contest::{self, Contestant, growth, median, quotient, ratio},
    party::{Shape, Window},
};
use crate::{
    load::traffic::Pace,
    measure::spread::Spread,
    options::Options,
    report::{
        chart::{Bar, Panel},
        number::number,
        row::{Goal, Row},
    },
    server::Kind,
};

const NAME: &str = "256 pairs, durable";
const KINDS: [Kind; 4] = [Kind::Plic, Kind::PlicTwoCores, Kind::PlicPostgres, Kind::Node];
const BATCHES: [usize; 4] = [1, 16, 64, 256];

/// Measures it.
pub(crate) fn run(options: &Options) -> anyhow::Result<Outcome> {
    let shape = Shape { rooms: 256, members: 2, senders: 1, pace: Pace::Closed };
    let mut writers = Vec::new();
    if options.wants_floor() {
        writers.push(Rates::new(Kind::Plic, 0.35, Writer::sqlite(&options.host()?.folder)));
    }
    // Where it is not installed, the server's own row says so.
    if options.wants(Kind::PlicPostgres) && Postgres::is_installed() {
        writers.push(Rates::new(Kind::PlicPostgres, 0.15, Writer::postgres()?));
    }
    let contestants = contest::run(options, NAME, shape, &KINDS, || {
        writers.iter_mut().try_for_each(|rates| rates.add(options))
    })?;
    let mut bars: Vec<Bar> = contestants
        .iter()
        .filter(|contestant| contestant.kind != Kind::PlicTwoCores)
        .filter_map(|contestant| contestant.bar(Window::confirmed))
        .collect();
    let mut rows: Vec<Row> = contestants.iter().map(|one| row(one, &contestants)).collect();
    for writer in &writers {
        let ours = contestants.iter().find(|contestant| contestant.kind == writer.ours);
        for (batch, rates) in BATCHES.iter().zip(&writer.by_batch) {
            let Some(rate) = Spread::of(rates.iter().copied()) else { continue };
            let name = format!("one {} writer, {batch} a commit", writer.writer.name());
            let mut row = Row::new(NAME, &name);
            row.result = format!("{} rows/s", number(rate.median));
            let windows = ours.map(|ours| ours.windows.as_slice()).unwrap_or_default();
            let against =
                Spread::of(windows.iter().zip(rates).map(|(window, rate)| window.confirmed() / rate));
            let goal = (*batch == 256).then_some(Goal::AtLeast(writer.goal));
            rows.push(row.with("confirmed messages/s", against, goal));
            bars.push(Bar { name, value: rate.median, is_ours: false });
        }
    }
    let title = "confirmed messages/s on disk, 256 pairs".to_owned();
    Ok(Outcome { rows, panels: vec![Panel { title, bars }] })
}

/// What one writer reached, for each batch once a round.
struct Rates {
    /// Who is compared with it.
    ours: Kind,
    /// How much of its rate at the largest batch.
    goal: f64,
    writer: Writer,
    by_batch: [Vec<f64>; BATCHES.len()],
}

impl Rates {
    fn new(ours: Kind, goal: f64, writer: Writer) -> Self {
        Self { ours, goal, writer, by_batch: Default::default() }
    }

    fn add(&mut self, options: &Options) -> anyhow::Result<()> {
        for (batch, rates) in BATCHES.iter().zip(&mut self.by_batch) {
            rates.push(self.writer.rows_a_second(*batch, options)?);
        }
        Ok(())
    }
}

fn row(contestant: &Contestant, all: &[Contestant]) -> Row {
    let row = contestant.row(NAME, |windows| {
        let (rate, per_cpu) =
            (median(windows, Window::confirmed), median(windows, Window::confirmed_per_cpu));
        format!("{} confirmed messages/s, {} a CPU second", number(rate), number(per_cpu))
    });
    match contestant.kind {
        Kind::PlicTwoCores => {
            row.with("confirmed messages/s, two cores to one", growth(all, Window::confirmed), None)
        }
        Kind::PlicPostgres => {
            let against = quotient(all, [Kind::PlicPostgres, Kind::Plic], Window::confirmed);
            row.with("confirmed messages/s, PostgreSQL to SQLite", against, None)
        }
        Kind::Node => {
            let against = ratio(all, Kind::Node, Window::confirmed);
            row.with("confirmed messages/s", against, Some(Goal::AtLeast(7.0)))
        }
        _ => row,
    }
}
