//! Margins as probabilities (Platt 1999), by rows that the weights were not fitted to.

use plic_filter::Head;

use crate::{fit::HEADS, labels::Labels};

/// What a margin is multiplied by, and what is added then.
pub(crate) type Line = (f64, f64);

const STEPS: usize = 50;

/// A row that the weights were not fitted to.
pub(crate) struct Point {
    pub(crate) margins: [f32; HEADS],
    pub(crate) labels: Labels,
    pub(crate) known: Labels,
    pub(crate) weight: f32,
}

/// A line for each head.
pub(crate) fn lines(points: &[Point]) -> [Line; HEADS] {
    Head::ALL.map(|head| {
        let known = points.iter().filter(|point| point.known.has(head));
        let of_head: Vec<_> = known
            .map(|point| {
                (f64::from(point.margins[head as usize]), point.labels.has(head), f64::from(point.weight))
            })
            .collect();
        line(&of_head)
    })
}

/// Newton's method; margins as they are where there is too little to go by.
fn line(points: &[(f64, bool, f64)]) -> Line {
    let positives = points.iter().filter(|(_, truth, _)| *truth).count();
    if positives < 10 || positives + 10 > points.len() {
        return (1.0, 0.0);
    }
    let (mut slope, mut offset) = (1.0_f64, 0.0_f64);
    for _ in 0..STEPS {
        // A little of a prior keeps the slope finite where the two kinds lie apart.
        let (mut g, mut h) = ([(slope - 1.0), offset], [1.0, 0.0, 1.0]);
        for &(margin, truth, weight) in points {
            let p = 1.0 / (1.0 + libm::exp(-(slope * margin + offset)));
            let error = weight * (p - if truth { 1.0 } else { 0.0 });
            let curve = weight * p * (1.0 - p);
            g[0] += error * margin;
            g[1] += error;
            h[0] += curve * margin * margin;
            h[1] += curve * margin;
            h[2] += curve;
        }
        let determinant = h[0] * h[2] - h[1] * h[1];
        if determinant.abs() < 1e-12 {
            break;
        }
        let step = |value: f64| value.clamp(-1.0, 1.0);
        slope -= step((h[2] * g[0] - h[1] * g[1]) / determinant);
        offset -= step((h[0] * g[1] - h[1] * g[0]) / determinant);
    }
    if slope > 0.05 { (slope, offset) } else { (1.0, 0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_makes_margins_probabilities() {
        // Of those with margin 4, three in four are positive; of those with -4, one in four.
        let mut points = Vec::new();
        for at in 0..400 {
            points.push((4.0, at % 4 != 0, 1.0));
            points.push((-4.0, at % 4 == 0, 1.0));
        }
        let (slope, offset) = line(&points);
        let p = 1.0 / (1.0 + libm::exp(-(slope * 4.0 + offset)));
        assert!((p - 0.75).abs() < 0.02, "{p}");
        assert_eq!(line(&points[..3]), (1.0, 0.0));
    }
}
