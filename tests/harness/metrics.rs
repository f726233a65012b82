//! What a server tells on `/metrics`.

use super::Door;

/// The value of a series on `/metrics`.
pub(crate) async fn metric(door: &impl Door, series: &str) -> f64 {
    let answer = door.call("GET", "/metrics", &[], "").await;
    let line = answer.body.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{series} is not in\n{}", answer.body)).parse().expect("a number")
}
