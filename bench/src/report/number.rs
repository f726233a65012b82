//! Numbers as people read them.

/// Two or three digits that matter, and commas between thousands: `1,230,000`, `123`, `4.5`, `0.062`.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "?".to_owned();
    }
    let size = value.abs();
    if size >= 1_000.0 {
        // Three digits are as many as a repetition confirms.
        let unit = 10_f64.powf(size.log10().floor() - 2.0);
        return thousands(&format!("{:.0}", (value / unit).round() * unit));
    }
    match size {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

fn thousands(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        let left = digits.len() - place;
        if place > 0 && left.is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_as_many_digits_as_matter() {
        let shown = [1_234_567.0, 2_499.0, 152.4, 15.24, 1.524, 0.062_4, 0.0, f64::NAN].map(number);
        assert_eq!(shown, ["1,230,000", "2,500", "152", "15.2", "1.52", "0.062", "0.000", "?"]);
    }
}
