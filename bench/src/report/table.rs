//! The rows as one table in Markdown.

use super::{
    number::number,
    row::{Delays, Figure, Goal, Row},
};

const HEAD: &str = "\
| scenario | server | measured | CPU s per 100k deliveries (user + system) | ms to the sender: p50 / p99 / p99.9 \
| ms to the last: p50 / p99 / p99.9 | plic-chat against it: median (least to most) | goal |
| --- | --- | --- | --- | --- | --- | --- | --- |
";

/// The table.
pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut table = vec![HEAD.to_owned()];
    let mut scenario = "";
    for row in rows {
        let name = if row.scenario == scenario { "" } else { &row.scenario };
        scenario = &row.scenario;
        let cpu = row
            .cpu
            .map(|cpu| format!("{} ({} + {})", number(cpu.total()), number(cpu.user), number(cpu.system)));
        let cells = [
            name.to_owned(),
            row.server.clone(),
            measured(row),
            cpu.unwrap_or_default(),
            row.to_sender.map(delays).unwrap_or_default(),
            row.to_last.map(delays).unwrap_or_default(),
            row.figures.iter().map(figure).collect::<Vec<_>>().join("<br>"),
            row.figures.iter().map(goal).collect::<Vec<_>>().join("<br>"),
        ];
        let cells: Vec<String> =
            cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
        table.push(format!("| {} |\n", cells.join(" | ")));
    }
    table.concat()
}

fn measured(row: &Row) -> String {
    match (&row.failure, row.result.is_empty()) {
        (None, _) => row.result.clone(),
        (Some(failure), true) => failure.text.clone(),
        (Some(failure), false) => format!("{}; then: {}", row.result, failure.text),
    }
}

fn delays(Delays { p50, p99, p999 }: Delays) -> String {
    format!("{} / {} / {}", number(p50), number(p99), number(p999))
}

fn figure(figure: &Figure) -> String {
    let value = figure.value.map_or("not measured".to_owned(), |value| {
        if value.min.total_cmp(&value.max).is_eq() {
            number(value.median)
        } else {
            format!("{} ({} to {})", number(value.median), number(value.min), number(value.max))
        }
    });
    format!("{}: {value}", figure.name)
}

fn goal(figure: &Figure) -> String {
    let Some(goal) = figure.goal else { return String::new() };
    let bound = match goal {
        Goal::AtLeast(least) => format!("{} or more", short(least)),
        Goal::AtMost(most) => format!("{} or less", short(most)),
    };
    match figure.value {
        None => bound,
        Some(value) if goal.is_reached(value) => format!("{bound}: reached"),
        Some(_) => format!("{bound}: **missed**"),
    }
}

/// A goal as it was written, without digits that it does not have.
fn short(value: f64) -> String {
    if value >= 1_000.0 { number(value) } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        measure::{process::Cpu, spread::Spread},
        report::row::Trouble,
    };

    #[test]
    fn a_row_says_what_was_measured_and_what_was_to_be_reached() {
        let mut row = Row::new("fan-out", "floor").with(
            "deliveries per CPU s",
            Spread::of([0.95, 0.91, 0.97]),
            Some(Goal::AtLeast(0.9)),
        );
        row.result = "152,000 deliveries/s".to_owned();
        row.cpu = Some(Cpu { user: 0.1, system: 0.5 });
        row.to_last = Some(Delays { p50: 1.0, p99: 2.5, p999: 12.0 });
        let failed = Row {
            failure: Some(Trouble { text: "not installed".to_owned(), is_absent: true }),
            ..Row::new("fan-out", "Node")
        }
        .with("CPU per delivery", None, Some(Goal::AtMost(0.6)));
        let table = markdown(&[row, failed]);
        let lines: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "| fan-out | floor | 152,000 deliveries/s | 0.600 (0.100 + 0.500) |  | 1.00 / 2.50 / 12.0 | \
                 deliveries per CPU s: 0.950 (0.910 to 0.970) | 0.9 or more: reached |",
                "|  | Node | not installed |  |  |  | CPU per delivery: not measured | 0.6 or less |",
            ]
        );
    }

    #[test]
    fn what_is_not_reached_is_said() {
        let missed = Figure { name: "x", value: Spread::of([2.0]), goal: Some(Goal::AtMost(1.5)) };
        assert_eq!(goal(&missed), "1.5 or less: **missed**");
        assert_eq!(figure(&missed), "x: 2.00");
    }
}
